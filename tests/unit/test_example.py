#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""examples/test_regression.py under Debian's pytest, with the fake kernel preloaded.

Run from anywhere, once `make libcov-test` has built what it needs.
"""

import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import tap
from test_livecov import BUILT, ROOT, Case

PYTHON = "/usr/bin/python3"         # the one that python3-pytest is for


class Example(Case):
    def setUp(self):
        super().setUp()
        self.baseline = os.path.join(self.dir, "baseline.json")

    def pytest(self):
        env = dict(self.environment(), LIVECOV_MODULE="toy", LIVECOV_BASELINE=self.baseline,
                   LD_LIBRARY_PATH=BUILT)
        return subprocess.run(
            [PYTHON, "-m", "pytest", "-p", "no:cacheprovider", "-q",
             os.path.join(ROOT, "examples/test_regression.py")], env=env, cwd=self.dir,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    def change(self, change):
        with open(self.baseline, encoding="utf-8") as file:
            document = json.load(file)
        change(document)
        with open(self.baseline, "w", encoding="utf-8") as file:
            json.dump(document, file)
        return document

    def passes(self):
        done = self.pytest()
        self.assertEqual(done.returncode, 0, done.stdout)

    def fails(self, words):
        done = self.pytest()
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(words, done.stdout)

    def test_the_first_run_makes_a_baseline_and_the_next_agrees(self):
        self.passes()
        with open(self.baseline, encoding="utf-8") as file:
            document = json.load(file)
        # A sample of the fake has run toy_main alone: 4 outcomes.
        self.assertEqual(len(document["outcomes"]), 4)
        self.assertIn("toy_main+0x2 taken (.text+0x2)", document["outcomes"])
        self.passes()

    def test_a_branch_that_is_covered_no_more_is_named(self):
        self.passes()
        self.change(lambda document: document["outcomes"].append("toy_main+0xc taken (.text+0xc)"))
        self.fails("toy_main+0xc taken (.text+0xc)")

    def test_what_is_covered_in_addition_is_welcome(self):
        self.passes()
        self.change(lambda document: document["outcomes"].pop())
        self.passes()

    def test_a_baseline_of_another_build_is_told(self):
        self.passes()
        self.change(lambda document: document.update(build_id="00"))
        self.fails("another build of toy")


if __name__ == "__main__":
    tap.main()
