#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A program written for codecov, in a guest: overlay.c on the kernel's own overlayfs.

    make codecov-overlay && tests/vm/run [--kernel 6.12] --load -- tests/codecov/guest.py

Which branches the program's function has is told by objdump, of the module's file.
"""

import lzma
import os
import re
import subprocess
import sys

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
FUNCTION = "ovl_create_object"
JUMP = re.compile(r"^\s*([0-9a-f]+):\s+j(?!mp)\w+\s+([0-9a-f]+) ", re.M)
ADDRESS = re.compile(r"^\s*([0-9a-f]+):\t\S", re.M)


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def module_file():
    """overlay.ko, unpacked if it has to be."""
    path = output("modinfo", "-n", "overlay").strip()
    if not path.endswith(".xz"):
        return path
    with lzma.open(path) as packed, open("/tmp/overlay.ko", "wb") as file:
        file.write(packed.read())
    return "/tmp/overlay.ko"


def branches():
    """Where the conditional jumps lead to and what lies behind them, as codecov names it; at
    the front where the first one goes to, and what lies behind that."""
    text = output("objdump", "-d", "--no-show-raw-insn", f"--disassemble={FUNCTION}",
                  module_file())
    addresses = [int(address, 16) for address in ADDRESS.findall(text)]
    behind = dict(zip(addresses, addresses[1:]))
    places = [place for jump, target in JUMP.findall(text)
              for place in (int(target, 16), behind[int(jump, 16)])]
    return [f"{FUNCTION}#{place - addresses[0]}" for place in dict.fromkeys(places)]


def main():
    subprocess.run(["sh", "-ec", """
        modprobe overlay
        mkdir -p /tmp/codecov
        mount -t tmpfs none /tmp/codecov
        cd /tmp/codecov
        mkdir lower upper work merged
        mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged"""],
                   check=True)
    build = os.path.join(PROJECT, "build")
    done = subprocess.run([os.path.join(build, "codecov-overlay"), *branches()], check=False,
                          cwd="/tmp/codecov", env=dict(os.environ, LD_LIBRARY_PATH=build))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
