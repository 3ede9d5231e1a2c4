#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""doc/design.md's table of the module's files: it has each of them, and says whom each calls. So do
the heads of libcov's files, which call in the order that internal.h tells.

Who calls whom is read from the sources: a name that a header of module/ declares, and
another file uses. What is declared in NAME.h belongs to NAME, whatever file defines it; of
libcov, which has one such header, a function belongs to the file that defines it.
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
LIBCOV = os.path.join(ROOT, "libcov")
# Not named in the table's last column.
FOR_ALL = {"compat", "errtext", "portable", "targets_lock"}


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


def used(*paths):
    """The names in files that may be another's: no members, no tags."""
    text = "".join(map(code, paths))
    return set(re.findall(r"(?<!\.)(?<!->)(?<!struct )(?<!enum )\b[A-Za-z_]\w*", text))


def stem_of(path):
    return os.path.splitext(os.path.basename(path))[0]


STEMS = sorted({stem_of(path) for path in glob.glob(os.path.join(MODULE, "*.[chS]"))
                if not path.endswith(".mod.c")})
DECLARED = {stem_of(path): declared(path) for path in glob.glob(os.path.join(MODULE, "*.h"))}


def calls(stems):
    names = used(*(path for stem in stems
                   for path in glob.glob(os.path.join(MODULE, stem + ".[chS]"))))
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


def defined(path):
    """The functions of a source that others may call."""
    found = set()
    for definition in outermost(re.sub(r"^#.*$", "", code(path), flags=re.M)).split(";"):
        function = re.search(r"(\w+)\s*\(", definition)
        if function and not re.match(r"\s*(static|typedef)\b", definition):
            found.add(function.group(1))
    return found


def libcov_calls():
    """By file of libcov, the files that it calls."""
    paths = {os.path.basename(path): path for path in glob.glob(os.path.join(LIBCOV, "*.c"))}
    theirs = {file: defined(path) for file, path in paths.items()}
    return {file: {other for other, names in theirs.items() if other != file and names & used(path)}
            for file, path in paths.items()}


def told_calls(file):
    """Whom the head of a file of libcov names: 'May call A.c and B.c.' or 'Calls nothing ...'"""
    head = re.search(r"/\*.*?\*/", read(os.path.join(LIBCOV, file)), flags=re.S).group()
    told = re.search(r"\bMay call ((?:\w+\.c[, and]*)+)\.|\bCalls nothing\b",
                     re.sub(r"\s*\n \*\s*", " ", head))
    return told and set(re.findall(r"\w+\.c", told.group(1) or ""))


def layers():
    """internal.h's list of files, as lists of those that have a line together."""
    lines = re.findall(r"^ \*\t((?:\w+\.c ?)+)\t", read(os.path.join(LIBCOV, "internal.h")),
                       flags=re.M)
    return [line.split() for line in lines]


class Design(unittest.TestCase):
    maxDiff = None

    def test_every_file_has_one_row(self):
        self.assertEqual(sorted(stem for stems, _ in rows() for stem in stems), STEMS)

    def test_rows_name_whom_their_files_call(self):
        for stems, may_call in rows():
            with self.subTest(row=stems[0]):
                self.assertEqual(", ".join(sorted(may_call)), ", ".join(sorted(calls(stems))))


class Libcov(unittest.TestCase):
    maxDiff = None

    def test_heads_name_whom_their_files_call(self):
        for file, called in libcov_calls().items():
            with self.subTest(file=file):
                self.assertEqual(told_calls(file), called)

    def test_every_file_has_a_layer(self):
        self.assertEqual(sorted(file for layer in layers() for file in layer),
                         sorted(libcov_calls()))

    def test_files_call_those_of_layers_above_theirs(self):
        calls_of, above = libcov_calls(), set()
        for layer in layers():
            for file in layer:
                self.assertEqual(calls_of[file] - above, set(), file)
            above |= set(layer)


if __name__ == "__main__":
    tap.main()
