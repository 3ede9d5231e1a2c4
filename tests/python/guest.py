#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""python/livecov.py in a guest, with the real module, on covtarget.

    tests/vm/run --load -- tests/python/guest.py

What each sample covered is compared with tests/target/expected.py, of every function,
mark and jump; build/covtarget-call has to be built. Prints 'ok NAME' or 'not ok
NAME - WHY'; the exit status is 0 if all are ok.
"""

import ctypes
import errno
import fcntl
import os
import re
import subprocess
import sys
import threading
import traceback

sys.dont_write_bytecode = True      # the project is read-only
PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path[:0] = [os.path.join(PROJECT, path) for path in ("python", "tests/target")]
# pylint: disable=wrong-import-position
import check
import expected
import livecov
from marks import Marks

CALL = os.path.join(PROJECT, "build/covtarget-call")
MODULE = check.MODULE


def call(*words):
    """covtarget-call, in a process of its own."""
    subprocess.run([CALL, *words], stdout=subprocess.DEVNULL, check=True)


class Direct(ctypes.Structure):
    """struct covt_call of covtarget.h: a call from this very thread."""
    _fields_ = [("func", ctypes.c_uint32), ("pad", ctypes.c_uint32), ("a", ctypes.c_uint64),
                ("b", ctypes.c_uint64), ("c", ctypes.c_uint64), ("result", ctypes.c_int64)]
    IOC_CALL = 0xc028c601
    IF_ELSE = 0

    @classmethod
    def if_else(cls, a, b):
        with open("/dev/covtarget", "r+b", buffering=0) as device:
            fcntl.ioctl(device, cls.IOC_CALL, cls(cls.IF_ELSE, 0, a, b, 0, 0))


def document(coverage):
    """A Coverage in the form of `covstat list --json`, for check.Listing."""
    return {
        "format_version": 1, "missed": coverage.totals.missed, "lost": coverage.totals.lost,
        "targets": [{
            "module": coverage.module, "build_id": coverage.build_id, "mode": coverage.mode,
            "counted": coverage.counted,
            "functions": [{
                "name": f.name, "section": f.section, "offset": f.offset, "size": f.length,
                "entry": {"state": f.state, "errno": f.error, "hits": f.hits},
                "blocks": [{"offset": f.offset + b.offset, "size": b.length,
                            "covered": b.covered} for b in f.blocks],
                "branches": [{"offset": f.offset + b.offset, "size": b.length,
                              "taken": b.taken, "fallthrough": b.fallthrough}
                             for b in f.branches],
            } for f in coverage.functions]}]}


class Tests:
    """One target in scope tracked; each test has samples of its own."""

    def __init__(self, target):
        self._target = target
        self._judge = check.Judge(Marks(check.find_module()), "edges")

    def _expect(self, sample, *calls, closed):
        """The sample covered what these calls imply, and nothing else."""
        want = check.Expectation("tracked", check.Selection([]))
        for name, number in calls:
            want.add(name, expected.FUNCTIONS[name][number])
        want.add_ran("covt_release", expected.Ran(closed, "release"))
        listing = check.Listing(document(self._target.coverage(sample=sample)))
        problems = self._judge.others(listing, want)
        for name in want.entries:
            problems += [f"{name}: {p}" for p in self._judge.function(name, listing, want)]
        assert not problems, "; ".join(problems[:4])

    def sample_of_a_command_is_what_its_inputs_imply(self):
        with livecov.sample(7):
            call("if_else", "2", "1", ",", "errors", "2")
        call("if_else", "1", "2")       # outside: counts for nobody
        self._expect(7, ("if_else", 0), ("errors", 2), closed=1)

    def calling_thread_is_a_sample_itself(self):
        with livecov.sample(8):
            Direct.if_else(1, 2)
        Direct.if_else(2, 1)
        self._expect(8, ("if_else", 1), closed=1)

    def threads_have_samples_of_their_own_at_the_same_time(self):
        both = threading.Barrier(2, timeout=60)

        def case(number, a, b):
            with livecov.sample(number):
                both.wait()
                Direct.if_else(a, b)
                both.wait()
        other = threading.Thread(target=case, args=(11, 2, 1))
        other.start()
        case(12, 1, 2)
        other.join()
        self._expect(11, ("if_else", 0), closed=1)
        self._expect(12, ("if_else", 1), closed=1)

    def exception_ends_the_sample(self):
        try:
            with livecov.sample(13):
                Direct.if_else(2, 1)
                raise KeyError
        except KeyError:
            Direct.if_else(1, 2)
        self._expect(13, ("if_else", 0), closed=1)

    def what_a_command_leaves_running_is_tracked_no_more(self):
        with livecov.sample(14):
            shell = subprocess.Popen(["sh", "-c", f"read go; exec {CALL} if_else 1 2"],
                                     stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            Direct.if_else(2, 1)
        shell.communicate(b"go\n")
        self._expect(14, ("if_else", 0), closed=1)

    def sample_inside_a_sample_is_refused(self):
        with livecov.sample(15):
            try:
                with livecov.sample(16):
                    raise AssertionError("it was let in")
            except livecov.Error as error:
                assert error.errno == errno.EEXIST, error
            Direct.if_else(2, 1)
        self._expect(15, ("if_else", 0), closed=1)

    def next_unhit_names_the_side_that_is_missing(self):
        with livecov.sample(17):
            Direct.if_else(2, 1)
        place, = [p for p in self._target.unhit(sample=17) if p.function == "covt_if_else"]
        branch, = [b for b in self._target.branches(sample=17)
                   if b.function == "covt_if_else" and b.taken != b.fallthrough]
        assert (place.kind, place.offset) == ("outcome", branch.offset), place
        assert place.missing == ("fallthrough" if branch.taken else "taken"), place
        first = livecov.next_unhit(sample=17)
        assert first == self._target.unhit(sample=17)[0], first

    def samples_are_listed(self):
        assert livecov.samples()[:2] == [7, 8], livecov.samples()


class Regression:
    """examples/test_regression.py; it attaches to the module itself."""

    BASELINE = "/tmp/baseline.json"

    def _pytest(self, workload):
        env = dict(os.environ, LIVECOV_MODULE=MODULE, LIVECOV_BASELINE=self.BASELINE,
                   LIVECOV_WORKLOAD=f"{CALL} {workload}",
                   PYTHONPATH=os.path.join(PROJECT, "python"))
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q",
             os.path.join(PROJECT, "examples/test_regression.py")], env=env, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def branch_that_is_covered_no_more_fails_the_regression_test_by_name(self):
        for step in ("make the baseline", "agree with it"):
            done = self._pytest("if_else 2 1 , if_else 1 2")
            assert done.returncode == 0, f"{step}: {done.stdout}"
        done = self._pytest("if_else 2 1")
        assert done.returncode == 1, done.stdout
        lost = re.findall(r"^E +covt_(\w+)\+0x[0-9a-f]+ (taken|fallthrough) \(", done.stdout,
                          flags=re.M)
        assert [name for name, _ in lost] == ["if_else"], done.stdout
        print("\n".join(f"# {line}" for line in done.stdout.splitlines()))

    def nothing_stays_attached(self):
        assert livecov.status().targets == 0


def run(tests):
    """Each public method is a test; returns how many failed."""
    failed = 0
    for name, test in vars(type(tests)).items():
        if name.startswith("_") or not callable(test):
            continue
        try:
            test(tests)
            print(f"ok {name}", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            traceback.print_exc()
            print(f"not ok {name} - {type(error).__name__}: {str(error)[:400]!r}", flush=True)
            failed += 1
    return failed


def main():
    check.run("modprobe", MODULE)
    with livecov.attach(MODULE, scope="tracked") as target:
        failed = run(Tests(target))
    return 1 if failed + run(Regression()) else 0


if __name__ == "__main__":
    sys.exit(main())
