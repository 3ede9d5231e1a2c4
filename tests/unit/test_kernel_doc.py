#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Comments of module/*.h: each function and each struct has one, with the right names in it.

A function is documented by the comment directly above it, or by one of its header that begins
with its name: "NAME - what it does", or "NAME, NAME - what they do" for a group. Knows as much
of C as these headers use. The comments of libcov.h name only functions that it declares.
"""

import glob
import os
import re
import sys
import unittest
from typing import List, NamedTuple, Optional

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import headers
import tap

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEADERS = sorted(glob.glob(os.path.join(ROOT, "module/*.h")))
LIBCOV_H = os.path.join(ROOT, "libcov/libcov.h")
COMMENT = re.compile(r"/\*.*?\*/", flags=re.S)
DIRECTIVE = re.compile(r"#(?:\\\n|/\*.*?\*/|[^\n])*", flags=re.S)


class Declaration(NamedTuple):
    """A function, macro or struct: its parameters or members, and the comment above it."""
    kind: str
    name: str
    parts: List[str]
    comment: Optional[str]


def split(text, separator):
    """At those separators that are in no brackets."""
    depth, parts = 0, [""]
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == separator and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts if part.strip()]


def declared_name(declarator):
    """What 'int x', 'u8 x[4]', 'u32 x : 6' and 'int (*x)(int)' declare."""
    pointer = re.search(r"\(\*(\w+)\)", declarator)
    plain = re.search(r"(\w+)\s*(?:\[[^\]]*\]\s*)*(?::\s*\w+)?(?:\.\.\.)?$", declarator)
    return (pointer or plain).group(1)


def parameters(text):
    return [declared_name(part) for part in split(text, ",") if part not in ("void", "...")]


def members(body):
    """With those of structs and unions in it that have no name."""
    while re.search(r"\b(?:struct|union)\s*\{", body):
        body = re.sub(r"\b(?:struct|union)\s*\{([^{}]*)\}\s*;", r"\1", body)
    return [declared_name(part) for declaration in split(body, ";")
            for part in split(declaration, ",")]


def understand(code, comment):
    """A declaration of the outermost level, without comments; None if it is of no interest."""
    macro = re.match(r"#\s*define (\w+)\(([^)]*)\)", code)
    if macro:
        return Declaration("macro", macro.group(1), parameters(macro.group(2)), comment)
    struct = re.match(r"struct (\w+)\s*\{(.*)\}", code, flags=re.S)
    if struct:
        return Declaration("struct", struct.group(1), members(struct.group(2)), comment)
    head = split(code, "{")[0].rstrip("; ") if code else ""
    function = re.match(r"[^(=]*?\b([a-z_]\w*)\s*\((.*?)\)\s*(?:\{.*)?$", head, flags=re.S)
    if not function or re.match(r"#|typedef|static_assert|struct \w+\s*;", code):
        return None
    return Declaration("function", function.group(1), parameters(function.group(2)), comment)


def code_end(text, start):
    """Where a declaration ends: at a semicolon, or at the brace that closes a function."""
    depth, at = 0, start
    while at < len(text):
        comment = COMMENT.match(text, at)
        if comment:
            at = comment.end()
            continue
        depth += (text[at] in "({") - (text[at] in ")}")
        at += 1
        if depth:
            continue
        if text[at - 1] == ";" or (text[at - 1] == "}" and not re.match(r"[ \t]*[;\w]", text[at:])):
            break
    return at


def parse(path):
    """All declarations of a header, and all its comments."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    found, comments, above, at = [], [], None, 0
    while at < len(text):
        blank = re.match(r"\s*", text[at:]).group()
        if blank:
            above = above if blank.count("\n") < 2 else None
            at += len(blank)
            continue
        comment = COMMENT.match(text, at)
        if comment:
            above, at = comment.group(), comment.end()
            comments.append(above)
            continue
        directive = DIRECTIVE.match(text, at)
        end = directive.end() if directive else code_end(text, at)
        code = COMMENT.sub(" ", text[at:end]).strip()
        declaration = understand(code, above)
        if declaration:
            found.append(declaration)
        above, at = None, end
    return found, comments


def title(comment):
    """The names that a comment begins with."""
    match = re.match(r"/\*\*?[\s*]*((?:struct )?\w+(?:,[\s*]+\w+)*) - ", comment)
    return re.split(r",[\s*]+", match.group(1)) if match else []


def described(comment):
    return re.findall(r"^\s*\*\s*@(\w+):", comment, flags=re.M)


def undocumented(path):
    found, comments = parse(path)
    titles = {name for comment in comments for name in title(comment)}
    return [declaration.name for declaration in found
            if declaration.kind == "function" and not declaration.comment and
            declaration.name not in titles]


def undescribed_structs(path):
    return [declaration.name for declaration in parse(path)[0] if declaration.kind == "struct" and
            not (declaration.comment or "").startswith("/**")]


def wrong_names(path):
    """Of each kernel-doc comment what it has too much, and what it lacks."""
    found, comments = parse(path)
    by_title = {("struct " if declaration.kind == "struct" else "") + declaration.name: declaration
                for declaration in found}
    wrong = []
    for comment in comments:
        if not comment.startswith("/**"):
            continue
        names, about = described(comment), title(comment)
        if len(about) != 1 or about[0] not in by_title:
            wrong.append(f"{about or comment.splitlines()[1]}: not declared here")
            continue
        parts = by_title[about[0]].parts
        wrong += [f"{about[0]}: no @{name}" for name in parts if name not in names]
        wrong += [f"{about[0]}: @{name}?" for name in names if name not in parts]
    return wrong


def misplaced(path):
    """What is below a comment that begins with other names than its own."""
    found = []
    for declaration in parse(path)[0]:
        names = [name.replace("struct ", "") for name in title(declaration.comment or "")]
        if names and declaration.name not in names:
            found.append(declaration.name)
    return found


class KernelDoc(unittest.TestCase):
    maxDiff = None

    def check_all(self, problems):
        for path in HEADERS:
            with self.subTest(header=os.path.basename(path)):
                self.assertEqual("", ", ".join(problems(path)), os.path.basename(path))

    def test_the_headers_are_understood(self):
        found = {declaration.name: declaration.parts
                 for path in HEADERS for declaration in parse(path)[0]}
        for name, parts in (("site_next", ["cursor"]), ("samples_each", ["id", "fn", "context"]),
                            ("cov_fail", ["error", "err", "fmt"]), ("trace_exit", []),
                            ("region_marks_free", ["m"]),
                            ("site_list", ["chunks", "filling", "nr_chunks", "count", "room"]),
                            ("engine_of", ["site"]),
                            ("for_each_site", ["site", "chunk", "i", "cps"])):
            self.assertEqual(parts, found.get(name), name)

    def test_functions_have_a_comment(self):
        self.check_all(undocumented)

    def test_structs_have_kernel_doc(self):
        self.check_all(undescribed_structs)

    def test_kernel_doc_names_every_parameter_and_member_and_no_other(self):
        self.check_all(wrong_names)

    def test_functions_that_libcov_names_exist(self):
        with open(LIBCOV_H, encoding="utf-8") as file:
            comments = " ".join(COMMENT.findall(file.read()))
        named = set(re.findall(r"\b((?:cov|checkpoint)_\w+)\(\)", comments))
        self.assertIn("cov_last_error", named)
        self.assertEqual(set(), named - set(headers.prototypes(LIBCOV_H)))

    def test_comments_are_above_what_they_name(self):
        self.check_all(misplaced)


if __name__ == "__main__":
    tap.main()
