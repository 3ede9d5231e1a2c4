#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The storms know all of livecov: what it says in the kernel's log, and every call; so does
the suite that calls livecov in every wrong way."""

import glob
import os
import re
import sys
import unittest

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import headers
import tap

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STORM = os.path.join(ROOT, "tests/storm")
PREFIX = "livecov: "
# Not a complaint, but what an oops says; the kernel's own lines are looked for there.
OF_AN_OOPS = "RIP is in code that was moved here from"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def array(name):
    """The strings of an array of storm_work.c."""
    body = re.search(rf"\b{name}\[\] = \{{(.*?)\}};", read(os.path.join(STORM, "storm_work.c")),
                     flags=re.S).group(1)
    return re.findall(r'"(.*?)"', body)


def messages():
    """What module/ may write into the log, as far as that does not depend on values."""
    found = []
    for path in glob.glob(os.path.join(ROOT, "module", "*.c")):
        found += re.findall(r'\bpr_(?:emerg|err|warn|notice)\("(.*?)(?:\\n)?"', read(path))
    return [PREFIX + message for message in found]


def occurs(pattern, message):
    """As strstr() finds it, whatever values are."""
    return any(pattern in part for part in re.split(r"%\w+", message))


class Log(unittest.TestCase):
    def test_each_pattern_is_of_a_message(self):
        for pattern in array("complaints") + array("others_complaints"):
            with self.subTest(pattern=pattern):
                self.assertTrue(any(occurs(pattern, message) for message in messages()))

    def test_each_message_has_a_pattern(self):
        patterns = array("complaints") + array("others_complaints") + [OF_AN_OOPS]
        self.assertTrue(messages())
        for message in messages():
            with self.subTest(message=message):
                self.assertTrue(any(occurs(pattern, message) for pattern in patterns))


class Calls(unittest.TestCase):
    def test_each_call_is_in_each_table(self):
        calls = sorted(headers.ioctls(os.path.join(ROOT, "include/cov_ioctl.h")))
        self.assertTrue(calls)
        for source, entry in (
                ("tests/storm/storm_failures.c", r"TRIAL\((COV_IOC_\w+)\)"),
                ("tests/storm/storm_calls.c", r"\{ (COV_IOC_\w+), fill_\w+ \}"),
                ("tests/vm/suite/abi.c", r"NAMED\((COV_IOC_\w+)\)")):
            with self.subTest(source=source):
                text = read(os.path.join(ROOT, source))
                self.assertEqual(sorted(set(re.findall(entry, text))), calls)


if __name__ == "__main__":
    tap.main()
