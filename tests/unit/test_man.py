#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The manual pages render without a warning and say what the headers and covstat say.

Run from anywhere, once covstat and libcov are built. What is added to libcov.h,
cov_ioctl.h, the module's parameters or covstat's options is named here until its
page has it, and what a page has and they have not as well.
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

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIBCOV_H = os.path.join(ROOT, "libcov/libcov.h")
COV_IOCTL_H = os.path.join(ROOT, "include/cov_ioctl.h")
COVSTAT = os.path.join(ROOT, "build/covstat")
PAGES = ("covstat.1", "libcov.3", "livecov.4")
WIDE = 400      # so that nothing is folded but by the page itself


def path_of(page):
    return os.path.join(ROOT, "man", page)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def render(page, width):
    """(text without bold and italics, what was complained about)"""
    done = subprocess.run(
        ["man", "--warnings=w", "-E", "UTF-8", "-l", "-Tutf8", path_of(page)],
        capture_output=True, text=True, check=False,
        env=dict(os.environ, MANWIDTH=str(width), MANPAGER="cat", LC_ALL="C.UTF-8"))
    text = re.sub(r".\x08|\x1b\[[\d;]*m", "", done.stdout)
    complaint = done.stderr + (f"exit status {done.returncode}" if done.returncode else "")
    return text, complaint


def sections(text, indent):
    """By title, what is below each line that begins at that column."""
    found, title = {}, None
    for line in text.splitlines():
        if re.match(rf" {{{indent}}}\S", line):
            title = line.strip()
            found[title] = []
        elif title:
            found[title].append(line)
    return {title: "\n".join(lines) for title, lines in found.items()}


class Page:
    def __init__(self, page):
        self.text, _ = render(page, WIDE)
        # The first and the last line of a page begin at the left as well.
        self.sections = sections(self.text, 0)

    def statements(self):
        """The C declarations of the synopsis, each on one line."""
        lines = [line for line in self.sections["SYNOPSIS"].splitlines()
                 if not re.match(r"\s*(#|modprobe)", line) and "max_" not in line]
        return [headers.one_line(s) + ";" for s in "\n".join(lines).split(";") if s.strip()]


class Case(unittest.TestCase):
    maxDiff = None

    def same(self, page, theirs):
        """Two sets; a failure names the difference."""
        missing, stale = sorted(set(theirs) - set(page)), sorted(set(page) - set(theirs))
        if missing or stale:
            self.fail(f"missing in the page: {missing}; stale: {stale}")


class Form(Case):
    def test_pages_render_without_a_warning(self):
        for page in PAGES:
            text, complaint = render(page, 80)
            self.assertEqual(complaint, "", page)
            self.assertGreater(len(text.splitlines()), 100, page)

    def test_pages_fit_a_terminal(self):
        for page in PAGES:
            text, _ = render(page, 80)
            # covstat's usage lines are as long as covstat has them.
            below = text[text.index("DESCRIPTION"):] if page == "covstat.1" else text
            self.assertEqual([line for line in below.splitlines() if len(line) > 80], [], page)

    def test_pages_have_a_name_that_whatis_understands(self):
        for page in PAGES:
            done = subprocess.run(["lexgrog", path_of(page)], stdout=subprocess.PIPE, text=True,
                                  check=False)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn(f'"{page.split(".")[0]} - ', done.stdout)

    def test_pages_are_of_this_version(self):
        version = re.search(r'LIBCOV_VERSION "(.*)"', read(LIBCOV_H)).group(1)
        for page in PAGES:
            self.assertIn(f'"livecov {version}"', read(path_of(page)), page)

    def test_there_are_no_other_pages(self):
        self.assertEqual(sorted(os.listdir(os.path.join(ROOT, "man"))), sorted(PAGES))

    def test_constants_in_pages_exist(self):
        known = set(re.findall(r"\bCOV_\w+", read(LIBCOV_H) + read(COV_IOCTL_H)))
        for page in PAGES:
            words = set(re.findall(r"\bCOV_[A-Z_]*[A-Z]\b(?!_?\*)", render(page, WIDE)[0]))
            self.assertEqual(words - known, set(), page)


class Libcov(Case):
    @classmethod
    def setUpClass(cls):
        cls.page = Page("libcov.3")

    def test_synopsis_has_every_prototype_of_the_header(self):
        self.same(self.page.statements(), headers.prototypes(LIBCOV_H).values())

    def test_every_function_is_described(self):
        self.same(set(re.findall(r"\b((?:cov|checkpoint)_\w+)\(\)",
                                 self.page.sections["DESCRIPTION"])),
                  headers.prototypes(LIBCOV_H))

    def test_structs_are_those_of_the_header(self):
        bodies = re.findall(r"struct (\w+) \{\n(.*?)\n *\};", self.page.sections["DESCRIPTION"],
                            flags=re.S)
        self.same([f"{name}: {headers.one_line(body)}" for name, body in bodies],
                  [f"{name}: {headers.one_line(body)}"
                   for name, body in headers.structs(LIBCOV_H).items()])

    def test_the_example_compiles(self):
        example = self.page.sections["EXAMPLES"]
        example = example[example.index("#include"):]
        with tempfile.TemporaryDirectory() as directory:
            done = subprocess.run(
                ["cc", "-Wall", "-Wextra", "-Werror", "-I", os.path.join(ROOT, "libcov"), "-x",
                 "c", "-", "-o", os.path.join(directory, "example"), "-L",
                 os.path.join(ROOT, "build"), "-lcov"], input=example, text=True,
                stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


class Livecov(Case):
    @classmethod
    def setUpClass(cls):
        cls.page = Page("livecov.4")

    def test_synopsis_has_every_ioctl_with_its_struct(self):
        written = [re.sub(r"\w+\);$", ");", statement) if "struct" in statement else statement
                   for statement in self.page.statements()]
        theirs = []
        for name, (direction, _, struct) in headers.ioctls(COV_IOCTL_H).items():
            const = "const " if direction == "IOW" else ""
            argument = f", {const}struct {struct} *" if struct else ""
            theirs.append(f"int ioctl(int fd, {name}{argument});")
        self.same(written, theirs)

    def test_every_ioctl_is_described(self):
        tags = re.findall(r"^ {7}(COV_IOC_\w+(?:, COV_IOC_\w+)*)$",
                          self.page.sections["DESCRIPTION"], flags=re.M)
        names = [name for tag in tags for name in tag.split(", ")]
        self.assertEqual(len(names), len(set(names)))
        self.same(names, headers.ioctls(COV_IOCTL_H))

    def test_parameters_are_the_modules(self):
        source = read(os.path.join(ROOT, "module/main.c"))
        theirs = {f"{name}: {default}" for name, default in
                  re.findall(r'MODULE_PARM_DESC\((\w+), ".*?(?:\(default (\w+)\))?"', source)}
        self.assertEqual(len(theirs), len(re.findall(r"module_param", source)))
        written = re.findall(r"^ {7}(\w+)\n {14}.*?default is (\w+)\.",
                             self.page.sections["MODULE PARAMETERS"], flags=re.M)
        self.same([f"{name}: {default}" for name, default in written], theirs)
        self.same(re.findall(r"\[(\w+)=\w+\]", self.page.sections["SYNOPSIS"]),
                  [line.split(":")[0] for line in theirs])


def covstat_help(*command):
    return subprocess.run([COVSTAT, *command, "--help"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout


def commands():
    listed = covstat_help().split("Commands:\n")[1].split("\n\n")[0]
    return re.findall(r"^  (\w+) ", listed, flags=re.M)


def options_of_help(command):
    """As ['-n, --count N', '--compare A B']."""
    found = re.findall(r"^ {2}(-\w, | {4})(--[\w-]+(?: \S+)*)(?: {2,}.*)?$",
                       covstat_help(command), flags=re.M)
    return [short.strip(" ") + (" " if short.strip() else "") + name for short, name in found]


def options_of_page(text, known):
    """What begins where the tags of options do. The text of a short one begins beside it."""
    tags = [line.strip() for line in text.splitlines() if re.match(r" {7}-\S", line)]
    return [next((option for option in known
                  if tag == option or re.match(re.escape(option) + " +[A-Z][a-z]", tag)), tag)
            for tag in tags]


class Covstat(Case):
    @classmethod
    def setUpClass(cls):
        cls.page = Page("covstat.1")
        cls.described = sections(cls.page.sections["COMMANDS"], 3)
        cls.commands = commands()

    def test_help_was_understood(self):
        self.assertGreaterEqual(len(self.commands), 10)
        for command in self.commands:
            # Every line that looks like an option was taken.
            lines = re.findall(r"^ {2,6}-.*", covstat_help(command), flags=re.M)
            self.assertEqual(len(options_of_help(command)), len(lines), command)

    def test_synopsis_has_every_command_as_its_help_has_it(self):
        usages = [covstat_help(command).splitlines()[0].removeprefix("Usage: ")
                  for command in self.commands]
        lines = [line.strip() for line in self.page.sections["SYNOPSIS"].splitlines()]
        self.same([line for line in lines if line and line != "covstat --help | --version"],
                  usages)

    def test_every_command_is_described(self):
        self.same(self.described, self.commands)

    def test_options_are_those_of_help(self):
        for command in self.commands:
            with self.subTest(command=command):
                text = f'{self.described.get(command, "")}\n{self.page.sections["OPTIONS"]}'
                known = options_of_help(command)
                self.same(options_of_page(text, known), known)

    def test_every_mode_scope_and_engine_is_told(self):
        options = sections(self.described["attach"], 7)
        for option in ("mode", "scope", "engine"):
            prefix = f"COV_{option.upper()}_"
            for name in headers.constants(LIBCOV_H):
                if name.startswith(prefix):
                    self.assertRegex(options[f"--{option} {option.upper()}"],
                                     rf"\b{name.removeprefix(prefix).lower()}\b")

    def test_the_order_of_engine_auto_is_the_modules(self):
        source = read(os.path.join(ROOT, "module/engine.c"))
        chain = re.search(r"\[COV_ENGINE_AUTO\] = \{(.*?), true,", source, flags=re.S).group(1)
        order = ", ".join(re.findall(r"cov_engine_(\w+)", chain) + ["kprobe"])
        for text in (covstat_help("attach"), self.described["attach"]):
            self.assertRegex(headers.one_line(text), rf"of these that can: {order}\)?\.")

    def test_every_exit_status_of_a_command_is_in_the_lists(self):
        page = set(re.findall(r"\d+", self.page.sections["EXIT STATUS"]))
        summary = covstat_help().split("Exit status: ")[1]
        for command in self.commands:
            told = re.findall(r"status (?:is )?(\d+)|\b(\d+) if it",
                              headers.one_line(covstat_help(command)))
            told = {number for numbers in told for number in numbers if number}
            self.assertLessEqual(told, page, command)
            # The command, or its option, has a meaning of its own for it.
            names = [f"'covstat {command}'", *(option.split()[0]
                                               for option in options_of_help(command))]
            if told & {"3", "126", "127"}:
                self.assertTrue(any(name in summary for name in names), command)

    def test_every_command_has_the_example_of_its_help(self):
        for command in self.commands:
            example = covstat_help(command).split("Example:\n")[1].strip().removeprefix("sudo ")
            lines = [re.sub(r"^ +[#$] (sudo )?", "", line)
                     for line in self.described.get(command, "").splitlines()]
            self.assertIn(example, lines)


if __name__ == "__main__":
    tap.main()
