# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's and Debian's own tracers as something to measure: each arms a list of
places, (function, offset) in one module, and counts hits."""

import contextlib
import os
import signal
import subprocess
import time

from common import Deadline, Stopped, Unavailable, complaint, read, run, write

TRACING = "/sys/kernel/tracing"
# How many lines one write to kprobe_events takes; a page holds more.
BATCH = 20


class Peer:
    """A tracer. JUMPS says how many places inside a function the hit section takes."""

    name = ""
    jumps = 8

    def __init__(self, module, path=None):
        self.module = module
        self.path = path or module	# of one that modprobe does not know

    def __str__(self):
        return self.name

    def arm(self, places, limit=None):
        """Arm PLACES in addition to what is armed; all or Stopped or Unavailable."""
        raise NotImplementedError

    def disarm(self):
        """Everything, also after a failure."""
        raise NotImplementedError

    def verify(self):
        """Unavailable if it is not armed after all."""

    @contextlib.contextmanager
    def armed(self, places):
        try:
            self.arm(places)
            self.verify()
            yield
        finally:
            self.disarm()


class FunctionTracer(Peer):
    """ftrace's function filter with the tracer function: entries only, each recorded."""

    name = "ftrace function tracer"
    jumps = 0

    def arm(self, places, limit=None):
        if any(offset for _, offset in places):
            raise Unavailable("function entries only")
        self._filter("".join(f"{name}\n" for name, _ in places))

    def arm_all(self, limit=None):
        self._filter(f":mod:{self.module}\n")

    def _filter(self, text):
        # The file takes what it was given when it is closed.
        with open(f"{TRACING}/set_ftrace_filter", "w", encoding="utf-8") as file:
            file.write(text)
        write(f"{TRACING}/current_tracer", "function")

    def disarm(self):
        write(f"{TRACING}/current_tracer", "nop")
        with open(f"{TRACING}/set_ftrace_filter", "w", encoding="utf-8"):
            pass


class Profiler(FunctionTracer):
    """The same filter with ftrace's profiler, which counts."""

    name = "ftrace function profiler"
    switch = f"{TRACING}/function_profile_enabled"

    def _filter(self, text):
        if not os.path.exists(self.switch):
            raise Unavailable("this kernel has no function_profile_enabled "
                              "(CONFIG_FUNCTION_PROFILER)")
        with open(f"{TRACING}/set_ftrace_filter", "w", encoding="utf-8") as file:
            file.write(text)
        write(self.switch, "1")

    def disarm(self):
        if os.path.exists(self.switch):
            write(self.switch, "0")
        with open(f"{TRACING}/set_ftrace_filter", "w", encoding="utf-8"):
            pass


class KprobeEvents(Peer):
    """tracefs: kprobe_events, each place an event of its own, all enabled."""

    name = "kprobe_events"

    def __init__(self, module, path=None):
        super().__init__(module, path)
        self._groups = 0

    def arm(self, places, limit=None):
        deadline = Deadline(limit)
        group = f"bench{self._groups}"
        self._groups += 1
        for first in range(0, len(places), BATCH):
            lines = "".join(
                f"p:{group}/e{first + i} {self.module}:{name}+{offset}\n"
                for i, (name, offset) in enumerate(places[first:first + BATCH]))
            write(f"{TRACING}/kprobe_events", lines)
            deadline.check(first, len(places))
        # Enabling cannot be stopped halfway; it takes about as long as the rest.
        write(f"{TRACING}/events/{group}/enable", "1")

    def disarm(self):
        for name in os.listdir(f"{TRACING}/events"):
            if name.startswith("bench"):
                write(f"{TRACING}/events/{name}/enable", "0")
        with open(f"{TRACING}/kprobe_events", "w", encoding="utf-8"):
            pass


class PerfProbe(Peer):
    """perf probe defines the places, perf stat counts them, system-wide."""

    name = "perf probe"

    def __init__(self, module, path=None):
        super().__init__(module, path)
        self._stat = None

    def arm(self, places, limit=None):
        deadline = Deadline(limit)
        for first in range(0, len(places), BATCH):
            definitions = []
            for i, (name, offset) in enumerate(places[first:first + BATCH]):
                definitions += ["--add", f"bench:e{first + i}={name}+{offset}"]
            try:
                run("perf", "probe", "-f", "-m", self.path, *definitions,
                    limit=deadline.left())
            except Stopped:
                pass
            deadline.check(first, len(places))
        self._stat = subprocess.Popen(
            ["perf", "stat", "-a", "-e", "bench:*", "sleep", "100000"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        # perf opens all events before it starts the command, on each processor.
        wait_for_child(self._stat, deadline, len(places), "sleep")

    def verify(self):
        verify_process(self._stat)

    def disarm(self):
        stop(self._stat)
        self._stat = None
        with contextlib.suppress(Unavailable):	# none defined
            run("perf", "probe", "-q", "--del", "bench:*")


class Bpftrace(Peer):
    """bpftrace with one kprobe a place and one counter for all."""

    name = "bpftrace"

    def __init__(self, module, path=None):
        super().__init__(module, path)
        self._process = None

    def _start(self, probes, limit, places):
        env = dict(os.environ, BPFTRACE_MAX_PROBES="1000000", BPFTRACE_NO_CPP_DEMANGLE="1")
        self._process = subprocess.Popen(
            ["bpftrace", "--unsafe", "-c", "/bin/sleep 100000", "-e", probes],
            env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        # The command is released when everything is attached.
        wait_for_child(self._process, Deadline(limit), places, "sleep")

    def verify(self):
        verify_process(self._process)

    def arm(self, places, limit=None):
        probes = ", ".join(f"kprobe:{name}+{offset}" if offset else f"kprobe:{name}"
                           for name, offset in places)
        self._start(probes + " { @ = count(); }", limit, len(places))

    def arm_all(self, limit=None):
        # kprobe:MODULE:* came after Debian 12's bpftrace; a driver's functions mostly
        # begin with its name.
        self._start(f"kprobe:{self.module}_* {{ @ = count(); }}", limit, "all")

    def disarm(self):
        stop(self._process)
        self._process = None


def children_of(pid):
    return [int(word) for word in read(f"/proc/{pid}/task/{pid}/children").split()]


def check_process(process):
    if process.poll() is not None:
        words = complaint(process.stderr.read())
        raise Unavailable(f"{process.args[0]}: {words or 'has ended'}")


def verify_process(process):
    """A tracer that could not attach ends soon, and its child ran all the same."""
    time.sleep(1)
    check_process(process)


def wait_for_child(process, deadline, places, name):
    """Until PROCESS' child has become the program NAME: its exec() comes last."""
    while True:
        check_process(process)
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for pid in children_of(process.pid):
                if read(f"/proc/{pid}/comm").strip() == name:
                    return
        deadline.check("?", places)
        time.sleep(0.01)


def stop(process):
    """End it and its child; the kernel then gives back what it had armed."""
    if process is None:
        return
    for pid in children_of(process.pid) if process.poll() is None else []:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if process.poll() is None:
        process.kill()
    process.wait()
    process.stderr.close()


def peers(module, path=None):
    return [peer(module, path) for peer in
            (Profiler, FunctionTracer, KprobeEvents, PerfProbe, Bpftrace)]
