#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""tests/run counts what passed, failed and was skipped, and never takes silence for success.

Each test is a list of suites that tests/run is given instead of its own.
"""

import contextlib
import importlib.machinery
import importlib.util
import io
import os
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import tap

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def load_run():
    loader = importlib.machinery.SourceFileLoader("run", os.path.join(TESTS, "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("run", loader))
    loader.exec_module(module)
    return module


run = load_run()


class Case(unittest.TestCase):
    def run_suites(self, *suites, words=()):
        """(exit status, lines that it has printed)"""
        output = io.StringIO()
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, "suites"), "w", encoding="utf-8") as file:
                file.write("".join(suite + "\n" for suite in suites))
            with mock.patch.object(run, "TESTS", directory), \
                    mock.patch.object(sys, "argv", ["run", *words]), \
                    mock.patch.object(run.signal, "signal"), \
                    contextlib.redirect_stdout(output):
                status = run.main()
        return status, output.getvalue().splitlines()

    def expect(self, suite, last, *told):
        """What one suite comes to, and the lines that are told again before that."""
        status, lines = self.run_suites("one: " + suite)
        self.assertEqual(lines[-1 - len(told):], [*("one: " + line for line in told), last])
        self.assertEqual(status, 0 if "1 passed, 0 failed" in last else 1)


class Verdicts(Case):
    def test_each_form_of_a_line_is_counted(self):
        self.expect("echo ok a; echo ok 7 - b; echo skip c - why; echo not ok d - why >&2",
                    "2 passed, 1 failed, 1 skipped", "skip c - why", "not ok d - why")

    def test_other_lines_are_not(self):
        self.expect("echo ok a; echo okay; echo ' ok b'; echo '# not ok c'; echo skipped d",
                    "1 passed, 0 failed, 0 skipped")

    def test_a_skip_of_cmockas_is_told_with_its_reason(self):
        for word in ("ok", "not ok"):
            with self.subTest(word=word):
                self.expect(f"echo 1..2; echo ok 1 - a; echo '# no b'; echo '{word} 2 # SKIP c'",
                            "1 passed, 0 failed, 1 skipped", "skip c - no b")

    def test_a_failure_that_names_a_skip_is_a_failure(self):
        self.expect("echo 'not ok 1 - a # skip'", "0 passed, 1 failed, 0 skipped",
                    "not ok 1 - a # skip")


class Silence(Case):
    def test_a_suite_without_a_test_fails(self):
        self.expect("true", "0 passed, 1 failed, 0 skipped", "not ok one - reported no test")

    def test_an_exit_status_fails(self):
        self.expect("echo ok a; exit 3", "1 passed, 1 failed, 0 skipped",
                    "not ok one - exit status 3")

    def test_a_part_of_a_pipe_fails(self):
        self.expect("{ echo ok a; exit 3; } | cat", "1 passed, 1 failed, 0 skipped",
                    "not ok one - exit status 3")

    def test_a_signal_fails(self):
        self.expect("echo ok a; kill -SEGV $$", "1 passed, 1 failed, 0 skipped",
                    "not ok one - exit status -11")

    def test_a_status_that_a_failure_explains_is_counted_once(self):
        self.expect("echo not ok a; exit 1", "0 passed, 1 failed, 0 skipped", "not ok a")

    def test_a_program_that_ends_before_its_last_test_fails(self):
        lost = "not ok one - 2 of 3 tests of a program were not reported"
        self.expect("echo 1..3; echo ok 1 - a", "1 passed, 1 failed, 0 skipped", lost)
        # Whatever others do, before it and behind it.
        self.expect("echo 1..1; echo not ok 1 - a; echo 1..3; echo ok 1 - b; echo 1..1; "
                    "echo ok 1 - c; exit 1", "2 passed, 2 failed, 0 skipped", "not ok 1 - a",
                    lost)

    def test_a_suite_that_hangs_fails(self):
        with mock.patch.object(run, "SILENCE_S", 0.5):
            self.expect("sleep 1000", "0 passed, 1 failed, 0 skipped",
                        "not ok one - it wrote nothing for 0.5 s")

    def test_a_last_line_needs_no_end(self):
        self.expect("echo ok a; printf 'not ok b'", "1 passed, 1 failed, 0 skipped", "not ok b")

    def test_skips_alone_are_no_success(self):
        self.expect("echo skip a - why", "0 passed, 0 failed, 1 skipped", "skip a - why")

    def test_no_suites_are_no_success(self):
        self.assertEqual(self.run_suites(), (1, ["0 passed, 0 failed, 0 skipped"]))


class Suites(Case):
    def test_one_that_fails_keeps_no_other_from_running(self):
        status, lines = self.run_suites("a: exit 1", "+b: exit 1", "+c: echo ok c", "d: echo ok d")
        self.assertEqual(status, 1)
        self.assertEqual(lines[-3:], ["a: not ok a - exit status 1", "b: not ok b - exit status 1",
                                      "2 passed, 2 failed, 0 skipped"])

    def test_those_that_are_named_run_alone(self):
        status, lines = self.run_suites("a: exit 1", "+b: echo ok b", words=["b"])
        self.assertEqual((status, lines[-1]), (0, "1 passed, 0 failed, 0 skipped"))

    def test_two_run_at_once_and_the_output_of_each_stays_together(self):
        wait = "echo ok {0}1; : >{2}/{0}; until [ -e {2}/{1} ]; do sleep 0.01; done; echo ok {0}2"
        with tempfile.TemporaryDirectory() as met, mock.patch.object(run, "SILENCE_S", 60):
            _, lines = self.run_suites("+a: " + wait.format("a", "b", met),
                                       "+b: " + wait.format("b", "a", met))
        told = [line for line in lines if line.startswith("ok")]
        self.assertIn(told, (["ok a1", "ok a2", "ok b1", "ok b2"],
                             ["ok b1", "ok b2", "ok a1", "ok a2"]))

    def test_a_name_that_no_suite_has_is_refused(self):
        with self.assertRaises(SystemExit) as error, contextlib.redirect_stderr(io.StringIO()):
            self.run_suites("a: echo ok a", words=["b"])
        self.assertEqual(error.exception.code, 2)


if __name__ == "__main__":
    tap.main()
