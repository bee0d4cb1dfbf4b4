#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a command on a terminal of its own and looks at what stands on the screen.

terminal.py CHECK COMMAND...: ends with 0 when the check holds. The command's exit status and the
last screen are printed.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

BAR = re.compile(r"^\S+ +\[[=> ]{20}\]")
COUNTS = re.compile(r"^\d+ (running|pending|executed|reused)(, |$)")


class Screen:
    """As much of a terminal as is written to: carriage return, line feed, ESC [ J, K, A."""

    def __init__(self):
        self.lines, self.row, self.column, self.rest = [""], 0, 0, b""

    def feed(self, data):
        data = self.rest + data
        cut = re.search(rb"\x1b(\[[0-9]*)?$", data)
        self.rest = data[cut.start():] if cut else b""
        text = (data[:cut.start()] if cut else data).decode(errors="replace")
        for part in re.finditer(r"\x1b\[(\d*)([JKA])|\r|\n|[^\r\n\x1b]+|\x1b", text):
            self.take(part)

    def take(self, part):
        text = part.group(0)
        if text == "\r":
            self.column = 0
        elif text == "\n":
            self.row += 1
            self.lines += [""] * (self.row + 1 - len(self.lines))
        elif part.group(2) == "A":
            self.row = max(0, self.row - int(part.group(1)))
        elif part.group(2):
            self.lines[self.row] = self.lines[self.row][:self.column]
            if part.group(2) == "J":
                del self.lines[self.row + 1:]
        else:
            assert text != "\x1b", "an escape sequence that is none of ours"
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[:self.column] + text + line[self.column + len(text):]
            self.column += len(text)

    def bars(self):
        return [line for line in self.lines if BAR.match(line)]

    def text(self):
        return "\n".join(line.rstrip() for line in self.lines).rstrip("\n")


class Terminal:
    def __init__(self, command, columns=120):
        self.screen, self.raw, self.status, self.seen = Screen(), b"", None, []
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)
        self.resize(columns)

    def resize(self, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def read(self):
        """False when nobody has the terminal open any more."""
        if not select.select([self.fd], [], [], 0.05)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        self.raw += data
        self.screen.feed(data)
        self.seen += [self.screen.text()]
        return data != b""

    def until(self, condition, what):
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end, f"not within a minute: {what}"
            assert self.read(), f"it ended before this: {what}"

    def until_bars(self):
        self.until(self.screen.bars, "bars")

    def end(self):
        while self.read():
            pass
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        print(f"status {self.status}\n{self.screen.text()}")

    def lines(self):
        return self.screen.text().split("\n")


def drawer():
    """The process that draws for the run in this folder."""
    for name in os.listdir("/proc"):
        try:
            words = open(f"/proc/{name}/cmdline", "rb").read().split(b"\0")
            state = open(f"/proc/{name}/stat").read().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if words[0] == b"bars" and words[1].startswith(os.getcwd().encode()) and state != "Z":
            return int(name)
    return None


def nothing_left(terminal):
    """What was drawn is gone, and the verdict is the last line, whole."""
    assert not terminal.screen.bars(), "bars are left on the screen"
    assert not [line for line in terminal.lines() if COUNTS.match(line)], "counts are left"
    verdicts = [line for line in terminal.lines() if re.match(r"^(done|failed|interrupted) after ", line)]
    assert len(verdicts) == 1 and re.search(r"\(exit \d+\)$", verdicts[0]), verdicts
    assert drawer() is None, "the drawer is still there"


def draws(command):
    terminal = Terminal(command)
    terminal.until_bars()
    terminal.end()
    nothing_left(terminal)
    assert re.search(r"\d+ %.* left", terminal.raw.decode()), "no time that is left"
    assert re.search(r"mem \[[=> ]{8}\] \S+ \S+ of \S+ \S+", terminal.raw.decode()), "no memory"
    assert re.search(r"[\d.]+ rows/s", terminal.raw.decode()), "no rate"
    return terminal


def whole_lines(command):
    """No line that a stage or the run prints is ever cut by the bars."""
    terminal = draws(command)
    odd = {line for screen in terminal.seen for line in screen.split("\n")[:-3]
           if line.startswith("[0") and not re.match(r"^\[\d\d:\d\d\.\d\] \w+: \S", line)}
    assert not odd, odd
    assert len(terminal.seen) > 10


def plain(command):
    terminal = Terminal(command)
    terminal.end()
    assert b"\x1b" not in terminal.raw, "an escape sequence"
    nothing_left(terminal)


def drawer_killed(command):
    terminal = Terminal(command)
    terminal.until_bars()
    os.kill(drawer(), signal.SIGKILL)
    terminal.end()
    nothing_left(terminal)


def drawer_hangs(command):
    terminal = Terminal(command)
    terminal.until_bars()
    pid = drawer()
    os.kill(pid, signal.SIGSTOP)
    terminal.end_seen = terminal.until(lambda: b"(exit " in terminal.raw, "the verdict")
    os.kill(pid, signal.SIGKILL)
    terminal.end()
    nothing_left(terminal)


def run_killed(command):
    terminal = Terminal(command)
    terminal.until_bars()
    os.kill(terminal.pid, signal.SIGKILL)
    terminal.end()
    assert not terminal.screen.bars() and drawer() is None


def interrupted(command):
    terminal = Terminal(command)
    terminal.until_bars()
    os.write(terminal.fd, b"\x03")
    terminal.end()
    nothing_left(terminal)


def resized(command):
    terminal = Terminal(command)
    terminal.until_bars()
    terminal.resize(50)
    terminal.until(lambda: terminal.screen.bars() and all(len(line) < 50 for line in terminal.screen.bars()),
                   "bars of the new width")
    terminal.end()
    nothing_left(terminal)


def put_aside(command):
    """Ctrl-Z, as the shell of a terminal sees it, then fg."""
    terminal = Terminal([sys.executable, __file__, "--shell", *command])
    terminal.until_bars()
    os.write(terminal.fd, b"\x1a")
    terminal.until(lambda: "put aside" in terminal.screen.text(), "it was put aside")
    terminal.until(lambda: not terminal.screen.bars(), "no bars while it is aside")
    os.write(terminal.fd, b"fg\n")
    terminal.until_bars()
    terminal.end()
    nothing_left(terminal)


def shell(command):
    """Runs one job with job control."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(command[0], command)
    while True:
        status = os.waitpid(pid, os.WUNTRACED)[1]
        os.tcsetpgrp(0, os.getpgrp())
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        print("put aside", flush=True)
        sys.stdin.readline()
        os.tcsetpgrp(0, pid)
        os.killpg(pid, signal.SIGCONT)


def watched(command):
    """status --watch: bars while it runs, the whole table at the end."""
    terminal = Terminal(command)
    terminal.until_bars()
    terminal.end()
    assert not terminal.screen.bars()
    assert re.search(r": done \(", terminal.lines()[0]) and re.search(r"^  nap +executed", terminal.screen.text(), re.M)


def watched_and_left(command):
    terminal = Terminal(command)
    terminal.until_bars()
    os.write(terminal.fd, b"\x03")
    terminal.end()
    assert terminal.status == -signal.SIGINT and not terminal.screen.bars()


if __name__ == "__main__":
    if sys.argv[1] == "--shell":
        sys.exit(shell(sys.argv[2:]))
    globals()[sys.argv[1]](sys.argv[2:])
