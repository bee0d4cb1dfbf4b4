#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""power_cut.py LOG FOLDER: leaves of each file below FOLDER what was last synced, as tests/support/power_cut.c wrote it
to LOG, and of files that were never synced nothing. Their names stay: that is the worse case, since a file whose name is
lost is not believed in anyway. Prints how many files lost something."""
import os
import sys

log, folder = sys.argv[1:]
synced = {}
if os.path.exists(log):
    with open(log) as lines:
        for line in lines:
            device, inode, size = map(int, line.split())
            synced[device, inode] = size
cut = 0
for root, _, names in os.walk(folder):
    for name in names:
        path = os.path.join(root, name)
        st = os.lstat(path)
        keep = synced.get((st.st_dev, st.st_ino), 0)
        if os.path.isfile(path) and not os.path.islink(path) and keep < st.st_size:
            os.truncate(path, keep)
            os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))
            cut += 1
print(cut)
