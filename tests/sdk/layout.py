#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The layout of everything that crosses the plugin boundary, as text.

Takes the members of every struct and the constants of every enum from the SDK headers
themselves, so that none is forgotten, and asks the compiler for sizes and offsets.

  layout.py INCLUDE-DIR CC...              prints it
  layout.py --check FILE INCLUDE-DIR CC... compares it with FILE: 0 equal, 1 different
"""
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

MEMBER = re.compile(r"\(\s*\*\s*(?:const\s+)?(\w+)\s*\)\s*\(|(\w+)\s*(?:\[[^]]*\])?\s*$")


def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def members(body):
    """Names and declarations; function pointers have their name in the first parentheses."""
    for declaration in body.split(";"):
        declaration = " ".join(declaration.split())
        if declaration:
            function, plain = MEMBER.search(declaration).groups()
            yield function or plain, declaration


def program(include):
    headers = sorted(include.rglob("*.h"), key=lambda path: path.relative_to(include).as_posix())
    lines = []
    for header in headers:
        text = without_comments(header.read_text())
        for name, body in re.findall(r"^struct (\w+) \{\n(.*?)^\};", text, flags=re.S | re.M):
            lines.append(f'printf("struct {name} %zu\\n", sizeof(struct {name}));')
            for member, declaration in members(body):
                lines.append(
                    f'printf("%4zu %3zu  {declaration}\\n", offsetof(struct {name}, {member}),'
                    f" sizeof(((struct {name} *)0)->{member}));"
                )
        for name, alias in re.findall(r"^typedef (\w+) (fw_\w+);", text, flags=re.M):
            lines.append(f'printf("typedef {name} {alias}\\n");')
        for body in re.findall(r"^enum \{\n(.*?)^\};", text, flags=re.S | re.M):
            for name in re.findall(r"^\s*(FW_\w+)\s*=", body, flags=re.M):
                lines.append(f'printf("{name} %lld\\n", (long long){name});')
        for name in re.findall(r"^#define (FW_\w+_ID) ", text, flags=re.M):
            lines.append(f'printf("{name} %s\\n", {name});')
    includes = [f'#include "{h.relative_to(include).as_posix()}"' for h in headers]
    abi = [f'printf("FW_ABI_{part} %d\\n", FW_ABI_{part});' for part in ("MAJOR", "MINOR", "DRAFT")]
    return "\n".join(["#include <stdio.h>", *includes, "int main(void) {", *abi, *lines, "}"])


def layout(include, compiler):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "layout.c")
        source.write_text(program(include))
        binary = pathlib.Path(folder, "layout")
        subprocess.run([*compiler, "-std=c11", f"-I{include}", "-o", binary, source], check=True)
        return subprocess.run([binary], check=True, capture_output=True, text=True).stdout


def main(args):
    golden = None
    if args[:1] == ["--check"]:
        golden, args = pathlib.Path(args[1]), args[2:]
    if len(args) < 2:
        sys.exit(__doc__)
    text = layout(pathlib.Path(args[0]), args[1:])
    if golden is None:
        sys.stdout.write(text)
        return 0
    difference = list(difflib.unified_diff(golden.read_text().splitlines(), text.splitlines(),
                                           golden.name, "the headers", lineterm="", n=1))
    if difference:
        print("\n".join(difference))
        print(f"\nThe plugin ABI has changed. If that is meant: bump FW_ABI_DRAFT (or, once frozen,"
              f" FW_ABI_MINOR, for additions at the end), note it in sdk/ABI.md, and\n"
              f"  tests/sdk/layout.py sdk/include cc >tests/sdk/{golden.name}")
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
