#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The structs of cov_ioctl.h lie in memory as they always did, and comments tell of each
member of theirs and libcov.h's, and of no other.

A struct's layout is contract: what is added here is a new struct, with a new number, and
lines that are there stay as they are.
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import headers
import tap

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LIBCOV_H = os.path.join(ROOT, "libcov/libcov.h")
COV_IOCTL_H = os.path.join(ROOT, "include/cov_ioctl.h")
OFFSETS = os.path.join(HERE, "contract.txt")

# What a caller may ask for at most: never less.
LIMITS = {
    "COV_ATTACH_GLOBS_MAX": 64 << 10,
    "COV_ATTACH_PATTERNS_MAX": 1024,
    "COV_ATTACH_SECTIONS_MAX": 64,
    "COV_ENGINES_MAX": 8,
    "COV_RANGE_MAX": 1 << 20,
    "COV_REFUSALS_MAX": 8,
    "COV_TEXT_MAX": 1 << 16,
    "COV_TRACE_SIZE_MAX": 1 << 30,
    "COV_TRACE_TASKS_MAX": 65536,
    "COV_WHYS_MAX": 8,
}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def layout():
    """A line for each struct, with its size, and for each member, with its offset."""
    program = ["#include <stddef.h>", "#include <stdio.h>", '#include "cov_ioctl.h"',
               "int main(void) {"]
    for struct, body in headers.structs(COV_IOCTL_H).items():
        program.append(f'printf("{struct} %zu\\n", sizeof(struct {struct}));')
        program += [f'printf("\\t{member} %zu\\n", offsetof(struct {struct}, {member}));'
                    for member in headers.members(body)]
    program.append("return 0; }")
    with tempfile.TemporaryDirectory() as directory:
        binary = os.path.join(directory, "layout")
        subprocess.run(["cc", "-I", os.path.dirname(COV_IOCTL_H), "-x", "c", "-", "-o", binary],
                       input="\n".join(program), text=True, check=True)
        return subprocess.run([binary], stdout=subprocess.PIPE, text=True,
                              check=True).stdout.splitlines()


def limits():
    """The values of all COV_*_MAX."""
    names = re.findall(r"^#define (COV_\w+_MAX)\b", read(COV_IOCTL_H), flags=re.M)
    program = "".join([f'#include "{COV_IOCTL_H}"\n', *(f"{name}_ {name}\n" for name in names)])
    expanded = subprocess.run(["cc", "-E", "-P", "-x", "c", "-"], input=program, text=True,
                              check=True, stdout=subprocess.PIPE).stdout
    values = dict(re.findall(r"^(COV_\w+_MAX)_ (.*)$", expanded, flags=re.M))
    return {name: eval(re.sub(r"U?L*\b", "", value))   # pylint: disable=eval-used
            for name, value in values.items()}


def assertions():
    """The layout as C, for a compiler whose programs do not run here."""
    struct = None
    for line in read(OFFSETS).splitlines():
        if line.startswith("#"):
            continue
        name, number = line.split()
        if line.startswith("\t"):
            yield f"_Static_assert(offsetof(struct {struct}, {name}) == {number}, {name!r});"
        else:
            struct = name
            yield f"_Static_assert(sizeof(struct {struct}) == {number}, {struct!r});"


def described(path):
    """By struct, the members that its comment names."""
    comments = re.findall(r"^/\*\*\n \* struct (\w+) - (.*?)\*/", read(path), flags=re.S | re.M)
    return {name: re.findall(r"^ \* @(\w+):", text, flags=re.M) for name, text in comments}


class Contract(unittest.TestCase):
    maxDiff = None

    def test_members_lie_where_they_always_did(self):
        known = [line for line in read(OFFSETS).splitlines() if not line.startswith("#")]
        self.assertEqual(layout(), known)

    def test_32_bit_programs_see_the_same_layout(self):
        program = "\n".join(["#include <stddef.h>", '#include "cov_ioctl.h"',
                             *assertions()]).replace("'", '"')
        # The kernel's headers are those of the 64-bit compiler: there need be no others.
        compiled = subprocess.run(
            ["cc", "-m32", "-ffreestanding", "-fsyntax-only", "-idirafter",
             "/usr/include/x86_64-linux-gnu", "-I", os.path.dirname(COV_IOCTL_H), "-x", "c", "-"],
            input=program, text=True, check=False, stderr=subprocess.PIPE)
        self.assertEqual((compiled.returncode, compiled.stderr), (0, ""))

    def test_limits_are_what_they_always_were(self):
        self.assertEqual(limits(), LIMITS)

    def test_comments_name_each_member_and_no_other(self):
        for path in (COV_IOCTL_H, LIBCOV_H):
            comments = described(path)
            for struct, body in headers.structs(path).items():
                with self.subTest(struct=struct):
                    self.assertEqual(sorted(comments[struct]), sorted(headers.members(body)))


if __name__ == "__main__":
    tap.main()
