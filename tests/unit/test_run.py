#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""tests/run counts what passed, failed and was skipped, and never takes silence for success.

Each test is a list of suites that tests/run is given instead of its own.
"""

import os
import signal
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import tap

RUN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "run")


class Case(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.dir = directory.name

    def start(self, *suites, words=()):
        path = os.path.join(self.dir, "suites")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(suite + "\n" for suite in suites)
        return subprocess.Popen([RUN, "--suites", path, *words], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def run_suites(self, *suites, words=()):
        """(exit status, lines that it has printed)"""
        with self.start(*suites, words=words) as process:
            output, _ = process.communicate()
        return process.returncode, output.splitlines()

    def expect(self, suite, last, *told, words=()):
        """What one suite comes to, and the lines that are told again before that."""
        status, lines = self.run_suites("one: " + suite, words=words)
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
        self.expect("sleep 1000", "0 passed, 1 failed, 0 skipped",
                    "not ok one - it wrote nothing for 0.5 s", words=["--silence", "0.5"])

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
        _, lines = self.run_suites("+a: " + wait.format("a", "b", self.dir),
                                   "+b: " + wait.format("b", "a", self.dir),
                                   words=["--silence", "60"])
        told = [line for line in lines if line.startswith("ok")]
        self.assertIn(told, (["ok a1", "ok a2", "ok b1", "ok b2"],
                             ["ok b1", "ok b2", "ok a1", "ok a2"]))

    def test_a_name_that_no_suite_has_is_refused(self):
        self.assertEqual(self.run_suites("a: echo ok a", words=["b"]), (2, []))

    def test_one_that_is_stopped_takes_what_runs_with_it(self):
        fifo = os.path.join(self.dir, "fifo")
        os.mkfifo(fifo)
        with self.start(f"a: exec 9>{fifo}; sleep 60; echo late >&9") as process, \
                open(fifo, encoding="utf-8") as suite:
            process.terminate()
            self.assertEqual(process.wait(), 128 + signal.SIGTERM)
            self.assertEqual(suite.read(), "")


if __name__ == "__main__":
    tap.main()
