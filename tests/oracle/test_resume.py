# SPDX-License-Identifier: GPL-2.0-only
"""Tests of run-oracle --resume, in a repository of its own, with a guest that only counts."""

import os
import shutil
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
GUEST = '#!/bin/sh\necho run >>"$COUNT"\nexit "$GUEST_STATUS"\n'
JUDGE = '#!/bin/sh\necho "ok $3/checked"\ntouch "$1/exec.log"\n'


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o755)


class Resume(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.project = os.path.join(directory.name, "project")
        self.out = os.path.join(directory.name, "out")
        self.count = os.path.join(directory.name, "count")
        oracle = os.path.join(self.project, "tests/oracle")
        write(os.path.join(self.project, "tests/vm/run"), GUEST)
        write(os.path.join(oracle, "oracle.py"), JUDGE)
        write(os.path.join(oracle, "workload-toy.sh"), "")
        shutil.copy(os.path.join(HERE, "run-oracle"), oracle)
        self.git("init", "-q")
        self.commit()

    def git(self, *arguments):
        subprocess.run(["git", "-c", "user.name=test", "-c", "user.email=test@localhost",
                        *arguments], cwd=self.project, check=True)

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-qm", "state", "--allow-empty")

    def oracle(self, *options, status=0):
        done = subprocess.run(
            ["tests/oracle/run-oracle", "--out", self.out, *options, "toy/6.1/edges"],
            cwd=self.project, stdout=subprocess.PIPE, text=True, check=False,
            env=dict(os.environ, COUNT=self.count, GUEST_STATUS=str(status)))
        return done.returncode, done.stdout

    def runs(self):
        with open(self.count, encoding="utf-8") as file:
            return len(file.readlines())

    def test_what_was_ok_is_told_again(self):
        for _ in range(2):
            self.assertEqual(self.oracle("--resume"), (0, "ok oracle/toy/6.1/edges/checked\n"))
        self.assertEqual(self.runs(), 1)

    def test_what_was_skipped_is_told_again(self):
        for _ in range(2):
            self.assertEqual(self.oracle("--resume", status=77),
                             (0, "skip oracle/toy/6.1/edges - \n"))
        self.assertEqual(self.runs(), 1)

    def test_what_failed_is_repeated(self):
        self.assertEqual(self.oracle("--resume", status=1)[0], 1)
        self.assertEqual(self.oracle("--resume")[0], 0)
        self.assertEqual(self.runs(), 2)

    def test_another_scope_or_engine_is_another_run(self):
        for options in ((), ("--scope", "tracked"), ("--engine", "kprobe")):
            self.oracle("--resume", *options)
        self.assertEqual(self.runs(), 3)

    def test_without_resume_it_is_repeated(self):
        for _ in range(2):
            self.oracle()
        self.assertEqual(self.runs(), 2)

    def test_another_commit_is_tested_again(self):
        self.oracle("--resume")
        self.commit()
        self.oracle("--resume")
        self.assertEqual(self.runs(), 2)

    def test_what_is_not_committed_is_tested_again(self):
        write(os.path.join(self.project, "new"), "")
        for _ in range(2):
            self.oracle("--resume")
        self.assertEqual(self.runs(), 2)
