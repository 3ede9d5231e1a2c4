#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of the oracle itself: does it see what it has to see, and only that?

A little text (fixture.S) is linked to fixed addresses, executed by a simulator that
writes the log QEMU would have written (fixture_machine.py), and claims about it, right
and wrong, are put before the judge (fixture_claim.py). Here are the tests of oracle.py,
which puts all of it together; those of its parts are run with them.
"""

import contextlib
import copy
import io
import json
import os
import sys
import tempfile
import unittest
import unittest.mock

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path += [HERE, os.path.join(os.path.dirname(HERE), "unit")]

import oracle                                               # noqa: E402
import tap                                                  # noqa: E402
import test_elsewhere                                       # noqa: E402
import test_exec_log                                        # noqa: E402
import test_judge                                           # noqa: E402
import test_resume                                          # noqa: E402
import test_target_text                                     # noqa: E402
from fixture import ENGINE                                  # noqa: E402
from fixture_claim import claim_of, find                    # noqa: E402
from fixture_machine import SNAPSHOT, usual_run             # noqa: E402


class ReportTest(unittest.TestCase):
    def judge(self, spoil=lambda files: None):
        """Lines and exit status for a run whose files SPOIL has been at."""
        machine = usual_run()
        files = {"snapshot.json": copy.deepcopy(SNAPSHOT),
                 "snapshot-after.json": copy.deepcopy(SNAPSHOT),
                 "list.json": claim_of(machine),
                 "armed.json": {"engine": ENGINE, "text": {}},
                 "guest.json": {"globs": [], "times": {"seconds": 1},
                                "complete": True}}
        spoil(files)
        with tempfile.TemporaryDirectory() as directory:
            for name, content in files.items():
                with open(os.path.join(directory, name), "w",
                          encoding="utf-8") as file:
                    json.dump(content, file)
            with open(os.path.join(directory, "exec.log"), "wb") as file:
                file.write(machine.bytes())
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                status = oracle.main([directory, "fixture", "run", "edges"])
            report = os.path.join(directory, "report.json")
            if os.path.exists(report):
                with open(report, encoding="utf-8") as file:
                    self.report = json.load(file)
        return status, output.getvalue().splitlines()

    def test_ok(self):
        status, lines = self.judge()
        self.assertEqual(status, 0)
        self.assertEqual([line for line in lines if line[0] != "#"],
                         [f"ok run/{check}" for check in (
                             "functions", "branches", "structure", "blocks",
                             "outcomes", "entries", "counts", "log", "text", "restored",
                             "can-fail")])
        self.assertFalse(self.report["failed"])
        self.assertEqual(self.report["numbers"]["branches"], 8)

    def test_difference(self):
        def spoil(files):
            find(files["list.json"], "two_ways_if", "branches")["taken"] = False

        status, lines = self.judge(spoil)
        self.assertEqual(status, 1)
        bad = [line for line in lines if line.startswith("not ok")]
        self.assertEqual(len(bad), 1)
        self.assertRegex(bad[0], r"^not ok run/outcomes - two_ways\+0x7 "
                         r"\(\.text\+0x7\) at 0xf+c0200007; livecov: taken "
                         r"false; witness: executed 3 times, taken 1, ")
        self.assertTrue(self.report["failed"])
        self.assertEqual(len(self.report["differences"]), 1)

    def test_blind_judge(self):
        """What is not damaged is not noticed, and that is reported."""
        def nothing_damaged(document, *_):
            yield "nothing", document

        with unittest.mock.patch("damage.damaged", nothing_damaged):
            status, lines = self.judge()
        self.assertEqual(status, 1)
        self.assertIn("not ok run/can-fail - nothing: not noticed", lines)

    def test_text_not_restored(self):
        def spoil(files):
            text = files["snapshot-after.json"]["text"][".text"]
            text["bytes"] = text["bytes"][:14] + "cc" + text["bytes"][16:]

        status, lines = self.judge(spoil)
        self.assertEqual(status, 1)
        self.assertIn("not ok run/restored - 1 bytes of .text differ, the first "
                      "at .text+0x7: 74 became cc", lines)

    def test_nothing_to_compare(self):
        for spoil in (lambda f: f.update({"list.json": {}}),
                      lambda f: f["list.json"]["targets"].clear(),
                      lambda f: f["list.json"].update(format_version=2),
                      lambda f: f.pop("list.json")):
            status, lines = self.judge(spoil)
            self.assertEqual(status, 2)
            self.assertTrue(lines[0].startswith("not ok run - "))


def load_tests(loader, tests, _):
    for module in (test_target_text, test_exec_log, test_judge, test_elsewhere, test_resume):
        tests.addTests(loader.loadTestsFromModule(module))
    return tests


if __name__ == "__main__":
    tap.main()
