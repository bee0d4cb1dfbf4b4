#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""engine.py BUILD [--folder DIR] [--reps N] [--jobs N] [--only ROW]: what the engine itself costs, beside make and ninja.

Every stage writes one line, as the others' `touch` does. All tools take turns in one run, in one folder (in memory where
there is /dev/shm: the engine is measured, not the disk); shown are medians, the ratio to make, and the targets of
docs/benchmarks.md. Fails where something cannot run, or where a ratio is more than twice what was reached when
REACHED was written down: times differ between machines and hours, ratios less.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time

# Ratio to make in the same run (host cost per step: to two readings of the clock).
REACHED = {
    "one stage": 3.8,
    "one stage, nothing to do": 4.1,
    "chain of 100, isolated": 1.5,
    "chain of 100, in process": 0.9,
    "host cost per step, timed": 0.2,
    "plan 10000 jobs": 1.8,
    "plan 10000 jobs, memory": 1.3,
    "re-run 10000 jobs, nothing to do": 18,
}

CHAIN = 100
STEPS = 5_000_000


class Failed(Exception):
    pass


def timed(argv, folder, env=None):
    """Milliseconds and peak MB of a command, which must succeed."""
    quiet = os.open(os.path.join(folder, "log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    actions = [(os.POSIX_SPAWN_DUP2, quiet, 1), (os.POSIX_SPAWN_DUP2, quiet, 2)]
    os.chdir(folder)
    start = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, env or os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    elapsed = (time.perf_counter() - start) * 1e3
    os.close(quiet)
    if status != 0:
        with open(os.path.join(folder, "log"), errors="replace") as log:
            raise Failed(f"{' '.join(argv)}: status {status}: {log.read()[-2000:]}")
    return elapsed, usage.ru_maxrss / 1024


def write(path, text):
    with open(path, "w") as out:
        out.write(text)


def names(count):
    return [f"s{i:05d}" for i in range(count)]


def chain_of(count, before):
    """Each stage and what it reads: the one before it, or nothing."""
    all_names = names(count)
    return [(name, all_names[i - 1] if before and i else None) for i, name in enumerate(all_names)]


class Fwrun:
    name = "fwrun"

    def __init__(self, build, isolate="process", steps=1):
        self.program = os.path.join(build, "fwrun")
        self.plugins = os.path.join(build, "tests", "bench")
        self.isolate, self.steps = isolate, steps

    def prepare(self, folder, stages):
        lines = [f'name = "bench"; run_root = "runs"; stages = (']
        for i, (name, needs) in enumerate(stages):
            source = f' in = {{ in = "@{needs}.out"; }};' if needs else ""
            isolate = ' isolate = "none";' if self.isolate == "none" else ""
            params = f" params = {{ steps = {self.steps}; }};" if self.steps > 1 else ""
            comma = "," if i + 1 < len(stages) else ""
            lines.append(f'  {{ name = "{name}"; use = "bench_noop";{source}{isolate}{params} }}{comma}')
        write(os.path.join(folder, "bench.cfg"), "\n".join(lines) + "\n);\n")

    def clean(self, folder):
        shutil.rmtree(os.path.join(folder, "runs", "bench"), ignore_errors=True)

    def run(self):
        return [self.program, "--plugin-dir", self.plugins, "--quiet", "bench.cfg"]

    def plan(self):
        return [self.program, "plan", "bench.cfg", "--plugin-dir", self.plugins]


class Make:
    name = "make"

    def prepare(self, folder, stages):
        lines = ["all: " + " ".join(f"out/{name}" for name, _ in stages)]
        lines += [f"out/{name}:{' out/' + needs if needs else ''}\n\ttouch $@" for name, needs in stages]
        write(os.path.join(folder, "Makefile"), "\n".join(lines) + "\n")
        os.makedirs(os.path.join(folder, "out"), exist_ok=True)

    def clean(self, folder):
        shutil.rmtree(os.path.join(folder, "out"))
        os.makedirs(os.path.join(folder, "out"))

    def run(self):
        return ["make", "-r", "-s"]

    def plan(self):
        return ["make", "-r", "-n"]


class Ninja:
    name = "ninja"

    def prepare(self, folder, stages):
        lines = ["rule touch", "  command = touch $out"]
        lines += [f"build out/{name}: touch{' out/' + needs if needs else ''}" for name, needs in stages]
        write(os.path.join(folder, "build.ninja"), "\n".join(lines) + "\n")
        os.makedirs(os.path.join(folder, "out"), exist_ok=True)

    def clean(self, folder):
        shutil.rmtree(os.path.join(folder, "out"))
        for log in (".ninja_log", ".ninja_deps"):
            if os.path.exists(os.path.join(folder, log)):
                os.unlink(os.path.join(folder, log))

    def run(self):
        return ["ninja", "--quiet"]

    def plan(self):
        return ["ninja", "-n"]


class Snakemake:
    name = "snakemake"

    def prepare(self, folder, stages):
        lines = [f'rule all:\n    input: "out/{stages[-1][0]}"']
        for name, needs in stages:
            source = f'    input: "out/{needs}"\n' if needs else ""
            lines.append(f'rule {name}:\n{source}    output: "out/{name}"\n    shell: "touch {{output}}"')
        write(os.path.join(folder, "Snakefile"), "\n".join(lines) + "\n")

    def clean(self, folder):
        shutil.rmtree(os.path.join(folder, "out"), ignore_errors=True)

    def run(self):
        return ["snakemake", "-j1", "--quiet", "all"]


DASK = """
import time
import dask
graph = {"s0": (int, 0)}
graph.update({f"s{i}": (int, f"s{i - 1}") for i in range(1, 100)})
dask.get(graph, "s99")
start = time.perf_counter()
dask.get(graph, "s99")
print((time.perf_counter() - start) * 1e3)
"""


class Bench:
    def __init__(self, options, folder):
        self.folder, self.reps, self.jobs = folder, options.reps, options.jobs
        self.build = os.path.abspath(options.build)
        self.rows, self.failed = [], []

    def place(self, tool, row):
        place = os.path.join(self.folder, row.replace(" ", "_"), tool.name)
        os.makedirs(place, exist_ok=True)
        return place

    def compare(self, row, tools, stages, command, clean):
        """Medians of (ms, MB) by tool; they take turns, so that the machine's moods hit all of them."""
        places = {}
        for tool in tools:
            places[tool] = self.place(tool, row)
            tool.prepare(places[tool], stages)
            if not clean:
                timed(tool.run(), places[tool])
                timed(tool.run(), places[tool])  # what is remembered of it settles
        figures = {tool: [] for tool in tools}
        for _ in range(self.reps):
            for tool in tools:
                if clean:
                    tool.clean(places[tool])
                figures[tool].append(timed(getattr(tool, command)(), places[tool]))
        return {
            tool.name: tuple(statistics.median(figure[i] for figure in figures[tool]) for i in (0, 1))
            for tool in tools
        }

    def show(self, row, ours, target, unit, base, others):
        """One line of the table; `base` is what the ratio is taken to."""
        ratio = ours / base
        reached = REACHED.get(row)
        if reached and ratio > 2 * reached:
            self.failed.append(f"{row}: {ratio:.2f} times its measure, {reached:.2f} were reached")
        met = "met" if ours <= target else "NOT MET"
        beside = ", ".join(f"{name} {value:.3g}" for name, value in others.items())
        print(f"{row:<34} {ours:9.2f} {unit:<3} target {target:g} {unit}: {met:<8} ratio {ratio:5.2f}   {beside}")
        sys.stdout.flush()

    def peers(self):
        return [Make(), Ninja()]

    def with_peers(self, row, tool, stages, command, clean, target, extra=()):
        figures = self.compare(row, [tool, *self.peers(), *extra], stages, command, clean)
        times = {name: figure[0] for name, figure in figures.items()}
        ours = times.pop("fwrun")
        self.show(row, ours, target, "ms", times["make"], times)
        return figures

    def one_stage(self):
        self.with_peers("one stage", Fwrun(self.build), chain_of(1, False), "run", True, 10)
        self.with_peers("one stage, nothing to do", Fwrun(self.build), chain_of(1, False), "run", False, 10)

    def chain(self):
        stages = chain_of(CHAIN, True)
        extra = [Snakemake()] if shutil.which("snakemake") else []
        figures = self.with_peers("chain of 100, isolated", Fwrun(self.build), stages, "run", True, 200, extra)
        make = {"make": figures["make"][0], **self.dask()}
        tool = Fwrun(self.build, isolate="none")
        ours = self.compare("chain of 100, in process", [tool], stages, "run", True)["fwrun"][0]
        start = self.compare("no stage's own cost", [tool], stages[:1], "run", True)["fwrun"][0]
        self.show("chain of 100, in process", ours, 10, "ms", make["make"], make)
        print(f"{'':<34} of these {start:.2f} ms for one stage: {(ours - start) / (CHAIN - 1) * 1e3:.0f} us a stage")

    def dask(self):
        place = self.place(Make(), "dask")
        write(os.path.join(place, "chain.py"), DASK)
        try:
            timed(["/usr/bin/python3", "chain.py"], place)
        except Failed:
            return {}
        with open(os.path.join(place, "log")) as log:
            return {"dask (no files)": float(log.read())}

    def jobs_row(self):
        stages = chain_of(self.jobs, False)
        tool = Fwrun(self.build, isolate="none")
        figures = self.with_peers(f"plan {self.jobs} jobs", tool, stages, "plan", True, 50)
        megabytes = {name: figure[1] for name, figure in figures.items()}
        ours = megabytes.pop("fwrun")
        self.show(f"plan {self.jobs} jobs, memory", ours, 30, "MB", megabytes["make"], megabytes)
        self.with_peers(f"re-run {self.jobs} jobs, nothing to do", tool, stages, "run", False, 40)

    def step(self):
        def best(steps):
            tool = Fwrun(self.build, isolate="none", steps=steps)
            place = self.place(tool, "steps")
            tool.prepare(place, chain_of(1, False))
            times = []
            for _ in range(self.reps):
                tool.clean(place)
                times.append(timed(tool.run(), place)[0])
            return min(times)

        cost = (best(STEPS) - best(1)) / STEPS * 1e6
        start = time.perf_counter()
        for _ in range(200_000):
            time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        clock = (time.perf_counter() - start) / 200_000 * 1e9
        self.show("host cost per step, timed", cost, 100, "ns", 2 * clock, {"two clock readings in Python": 2 * clock})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--folder", default="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    parser.add_argument("--reps", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--only", choices=["one", "chain", "step", "jobs"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fwrun-engine-", dir=options.folder) as folder:
        bench = Bench(options, folder)
        print(f"in {folder}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, medians of {options.reps}")
        rows = {"one": bench.one_stage, "chain": bench.chain, "step": bench.step, "jobs": bench.jobs_row}
        try:
            for name, row in rows.items():
                if options.only in (None, name):
                    row()
        except Failed as failure:
            print(f"engine: {failure}", file=sys.stderr)
            return 1
        finally:
            os.chdir("/")
        for line in bench.failed:
            print(f"engine: {line}", file=sys.stderr)
        return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
