#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""embed.py ROOT FILE...: the files as C source, for templates.h; names are relative to ROOT."""
import os
import sys

root, paths = sys.argv[1], sys.argv[2:]
print("/* SPDX-License-Identifier: MIT */")
print('#include "new-plugin/templates.h"')
names = []
for number, path in enumerate(paths):
    names.append(os.path.relpath(path, root))
    data = open(path, "rb").read() + b"\0"
    print(f"static const char text_{number}[] = {{")
    for at in range(0, len(data), 16):
        print("    " + ", ".join(str(byte) if byte < 128 else f"(char){byte}" for byte in data[at : at + 16]) + ",")
    print("};")
print("const struct new_plugin_template new_plugin_templates[] = {")
for number, name in enumerate(names):
    print(f'    {{"{name}", text_{number}}},')
print("};")
print("const size_t new_plugin_n_templates = sizeof new_plugin_templates / sizeof *new_plugin_templates;")
