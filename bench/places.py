# SPDX-License-Identifier: GPL-2.0-only
"""Where a module's conditional jumps are, by objdump: for tracers that have to be told."""

import collections
import re
import subprocess

JUMP = re.compile(r"\s+([0-9a-f]+):\t(?:bnd )?(j\w+|loop\w*)\s")
FUNCTION = re.compile(r"([0-9a-f]+) <(.+)>:$")
NOT_CONDITIONAL = {"jmp", "jmpq", "jmpw"}


ANY = re.compile(r"\s+([0-9a-f]+):\t(\w+)")


def places_of(path):
    """[(function, [offset of each conditional jump], does ftrace know it), ...] for the
    text that stays. A function whose name another one has too is left out: tracers
    cannot be told which of them."""
    listing = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", path],
        check=True, capture_output=True, text=True).stdout
    functions = collections.OrderedDict()
    traced = set()
    twice = set()
    current = None
    for line in listing.splitlines():
        if line.startswith("Disassembly of section "):
            section = line.split()[-1].rstrip(":")
            counts = section.startswith(".text") or section == ".noinstr.text"
        elif function := FUNCTION.match(line):
            start, name = int(function[1], 16), function[2]
            current = None
            if counts:
                if name in functions:
                    twice.add(name)
                current = functions[name] = []
        elif current is not None and (instruction := ANY.match(line)):
            offset = int(instruction[1], 16) - start
            if offset == 0 and instruction[2] == "call":
                traced.add(name)
            if (jump := JUMP.match(line)) and jump[2] not in NOT_CONDITIONAL:
                current.append(offset)
    return [(name, offsets, name in traced)
            for name, offsets in functions.items() if name not in twice]
