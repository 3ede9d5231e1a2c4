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
        """What the function returned."""
        request = cls(cls.IF_ELSE, 0, a, b, 0, 0)
        with open("/dev/covtarget", "r+b", buffering=0) as device:
            fcntl.ioctl(device, cls.IOC_CALL, request)
        return request.result


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


class CallersAndPaths:
    """Of a target with paths=True in scope tracked, which each test begins anew."""

    def __init__(self, target):
        self._target = target

    def _of_if_else(self, pairs):
        return [pair for pair in pairs if pair.to.function == "covt_if_else"]

    def caller_is_named_with_its_count_and_samples(self):
        self._target.reset()
        for number in (21, 22):
            with livecov.sample(number):
                Direct.if_else(number, 22)
        Direct.if_else(1, 2)
        pair, = self._of_if_else(self._target.callers())
        assert (pair.to.kind, pair.is_call) == ("function", True), pair
        assert (pair.source.module, pair.source.function) == (MODULE, "covt_ioctl"), pair
        assert (pair.count, pair.first_sample, pair.last_sample) == (2, 21, 22), pair

    def caller_outside_the_module_has_a_name(self):
        self._target.reset()
        with livecov.sample(23):
            Direct.if_else(1, 2)
        pair, = [p for p in self._target.callers() if p.to.function == "covt_ioctl"]
        assert re.search("sys_ioctl|vfs_ioctl", pair.source.function), pair

    def paths_lead_from_the_entry_to_the_side_that_ran(self):
        self._target.reset()
        with livecov.sample(24):
            Direct.if_else(2, 1)
        pairs = [p for p in self._target.paths() if p.source.function == "covt_if_else"]
        entry, = [p for p in pairs if p.source.kind == "function"]
        branch, = [b for b in self._target.branches(sample=24) if b.function == "covt_if_else"]
        assert (entry.to.kind, entry.to.offset) == ("outcome", branch.offset), entry
        assert entry.to.taken == branch.taken, (entry, branch)

    def new_path_ends_the_waiting_and_is_told_once(self):
        with livecov.sample(25):
            Direct.if_else(2, 1)
        with livecov.watch() as watch:
            with livecov.sample(26):
                Direct.if_else(2, 1)
            assert not watch.wait(timeout=0), watch.new()
            other = threading.Timer(0.2, call, ("if_else", "1", "2"))
            with livecov.sample(27):
                other.start()
                assert watch.wait(timeout=60)
                other.join()
            new = watch.new()
            pair, = [p for p in self._of_if_else(new.pairs) if p.to.kind == "outcome"]
            assert (pair.first_sample, pair.source.kind) == (27, "function"), pair
            assert new.places > 0, new
            assert not watch.wait(timeout=0), watch.new()


class Traces:
    """One target in mode trace, covt_if_else and what calls it."""

    def _text(self, task):
        """Without what differs from compiler to compiler."""
        return [re.sub(r"\+0x[0-9a-f]+", "", str(e)) for e in task.events()
                if e.kind != "branch" or e.function == "covt_if_else"]

    def calling_thread_is_traced_in_order(self):
        results = []
        with livecov.trace(sample=31) as trace:
            results += [Direct.if_else(2, 1), Direct.if_else(1, 2)]
        Direct.if_else(2, 1)        # outside: not recorded
        task, = trace.tasks
        assert task.pid == threading.get_native_id(), task
        assert trace.tasks_lost == 0 and not any(trace.lost.values()), trace.lost
        events = list(task.events())
        entries = [e for e in events if e.kind == "entry" and e.function == "covt_if_else"]
        returns = [e for e in events if e.kind == "return" and e.function == "covt_if_else"]
        branches = [e for e in events if e.kind == "branch" and e.function == "covt_if_else"]
        assert [len(entries), len(branches)] == [2, 2], events
        assert [e.value for e in returns] == results == [1, 2], events
        assert branches[0].offset == branches[1].offset, branches
        assert branches[0].taken != branches[1].taken, branches
        assert [e.stack for e in entries] == [e.stack for e in returns], events

    def branch_of_an_event_is_the_coverage_s(self):
        with livecov.trace(sample=32) as trace:
            Direct.if_else(2, 1)
        known = {(b.function, b.offset): b for b in livecov.branches(MODULE, sample=32)}
        event, = [e for e in trace.tasks[0].events()
                  if e.kind == "branch" and e.function == "covt_if_else"]
        branch = known[event.function, event.offset]
        assert (branch.taken, branch.fallthrough) == (event.taken, not event.taken), branch

    def command_is_traced_without_its_caller(self):
        trace = livecov.run_traced([CALL, "if_else", "2", "1", ",", "if_else", "1", "2"],
                                   stdout=subprocess.DEVNULL, time=True, args=True)
        assert trace.process.returncode == 0, trace.process
        task, = [t for t in trace.tasks if t.recorded["entry"]]
        assert (task.comm, task.tgid) == ("covtarget-call", task.pid), task
        inside = [e for e in task.events() if e.function == "covt_if_else" and e.kind == "entry"]
        assert [e.args[:2] for e in inside] == [(2, 1), (1, 2)], inside
        times = [e.ns for e in task.events()]
        assert times == sorted(times) and times[0] > 0, times
        assert os.getpid() not in [t.pid for t in trace.tasks], trace.tasks
        # The system call around the first entry.
        text = self._text(task)
        at = text.index(f"entry {MODULE}:covt_ioctl")
        assert text[at - 1] == "syscall 16", text[at - 2:at + 3]

    def error_of_a_system_call_has_its_number(self):
        with livecov.trace(sample=33, syscalls=True) as trace:
            with open("/dev/covtarget", "r+b", buffering=0) as device:
                try:
                    fcntl.ioctl(device, 0x6363)
                except OSError as error:
                    assert error.errno == errno.ENOTTY, error
        event, = [e for e in trace.tasks[0].events() if e.function == "covt_ioctl"
                  and e.kind == "return"]
        assert event.error == errno.ENOTTY, event
        end, = [e for e in trace.tasks[0].events() if e.kind == "sysret" and e.number == 16
                and e.error]
        assert end.error == errno.ENOTTY, end

    def what_finds_no_room_is_counted(self):
        calls = 3000
        with livecov.trace(sample=34, size=4096) as trace:
            with open("/dev/covtarget", "r+b", buffering=0) as device:
                for _ in range(calls):
                    fcntl.ioctl(device, Direct.IOC_CALL, Direct(Direct.IF_ELSE, 0, 2, 1, 0, 0))
        task, = trace.tasks
        read = [e.kind for e in task.events()]
        assert {k: read.count(k) for k in task.recorded} == task.recorded, task.recorded
        # covt_ioctl and covt_if_else, each time, and covt_release; they came back, too.
        entries = 2 * calls + 1
        assert task.recorded["entry"] + trace.lost["entry"] == entries, (task, trace.lost)
        assert task.recorded["return"] + trace.lost["return"] == entries, (task, trace.lost)
        assert trace.lost["entry"] > 0, trace.lost


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
    with livecov.attach(MODULE, scope="tracked", paths=True) as target:
        failed += run(CallersAndPaths(target))
    with livecov.attach(MODULE, scope="tracked", mode="trace", returns=True,
                        functions=["covt_if_else", "covt_ioctl", "covt_release"]):
        failed += run(Traces())
    return 1 if failed + run(Regression()) else 0


if __name__ == "__main__":
    sys.exit(main())
