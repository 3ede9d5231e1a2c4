#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""doc/design.md's table of the module's files: it has each of them, and says whom each calls.

Who calls whom is read from the sources: a name that a header of module/ declares, and
another file uses. What is declared in NAME.h belongs to NAME, whatever file defines it.
"""

import glob
import os
import re
import sys
import unittest

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import tap

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DESIGN = os.path.join(ROOT, "doc/design.md")
MODULE = os.path.join(ROOT, "module")
FOR_ALL = {"compat", "errtext", "portable"}     # not named in the table's last column


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def code(path):
    """A source without comments and strings, each macro on one line."""
    text = re.sub(r"\\\n", " ", read(path))
    text = re.sub(r"/\*.*?\*/|//.*?$", "", text, flags=re.S | re.M)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)


def outermost(text):
    """What is outside all braces."""
    depth, kept = 0, []
    for part in re.split(r"([{}])", text):
        depth += (part == "{") - (part == "}")
        if part == "}" and not depth:
            kept.append(";")
        elif part not in "{}" and not depth:
            kept.append(part)
    return "".join(kept)


def declared(header):
    """Functions, macros with arguments, and variables."""
    text = code(header)
    names = set(re.findall(r"^#define (\w+)\(", text, flags=re.M))
    for declaration in outermost(re.sub(r"^#.*$", "", text, flags=re.M)).split(";"):
        declaration = re.sub(r"__printf\(.*?\)", "", declaration.strip())
        if re.match(r"typedef|DECLARE_", declaration):
            continue
        function = re.search(r"(\w+)\s*\(", declaration)
        variable = re.match(r"extern\b[^(]*?(\w+)(?:\[\w*\])?$", declaration)
        names |= {match.group(1) for match in (function, variable) if match}
    return names - {"_Static_assert", "static_assert"}


def used(stem):
    """The names in a file and in its header that may be another's: no members, no tags."""
    text = "".join(code(path) for path in glob.glob(os.path.join(MODULE, stem + ".[chS]")))
    return set(re.findall(r"(?<!\.)(?<!->)(?<!struct )(?<!enum )\b[A-Za-z_]\w*", text))


def stem_of(path):
    return os.path.splitext(os.path.basename(path))[0]


STEMS = sorted({stem_of(path) for path in glob.glob(os.path.join(MODULE, "*.[chS]"))
                if not path.endswith(".mod.c")})
DECLARED = {stem_of(path): declared(path) for path in glob.glob(os.path.join(MODULE, "*.h"))}


def calls(stems):
    names = set().union(*map(used, stems))
    return {stem for stem, theirs in DECLARED.items() if names & theirs} - set(stems) - FOR_ALL


def rows():
    """(stems, stems that they may call) of each row that is about files of module/."""
    found = []
    for line in read(DESIGN).splitlines():
        match = re.match(r"\| (`module/.*?) \|.*\| ?(.*?) ?\|$", line)
        if match:
            files = re.findall(r"`(?:module/)?([\w.]+)`", match.group(1))
            found.append(([stem_of(file) for file in files],
                          set(filter(None, re.split(r",\s*", match.group(2))))))
    return found


class Design(unittest.TestCase):
    maxDiff = None

    def test_every_file_has_one_row(self):
        self.assertEqual(sorted(stem for stems, _ in rows() for stem in stems), STEMS)

    def test_rows_name_whom_their_files_call(self):
        for stems, may_call in rows():
            with self.subTest(row=stems[0]):
                self.assertEqual(", ".join(sorted(may_call)), ", ".join(sorted(calls(stems))))


if __name__ == "__main__":
    tap.main()
