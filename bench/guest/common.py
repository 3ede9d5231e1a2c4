# SPDX-License-Identifier: GPL-2.0-only
"""What every measurement in the guest needs: commands, time, rows of results.

A row is a dict that table.py prints: "section", "who" (what was measured), "what"
(on which work), and "value" with its "unit" or "error" with the reason why there is
none; "runs" has the single values where the value is their median.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
RTC = "/sys/class/rtc/rtc0/since_epoch"


class Unavailable(Exception):
    """Something cannot be measured here; the message says why."""


class Stopped(Exception):
    """Something took longer than it may."""


class Settings:
    """What bench/run has chosen, from the file that it left."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.__dict__.update(json.load(file))


class Rows:
    """Results; on disk at once, so that a guest that dies leaves what it had. A row
    replaces an earlier one on the same: there are more runs of it now."""

    def __init__(self, section, path):
        self._section = section
        self._path = path
        self._rows = []

    def add(self, who, what, unit, value=None, error=None, **more):
        row = {"section": self._section, "who": who, "what": what, "unit": unit}
        if error is None:
            row["value"] = value
        else:
            row["error"] = str(error)
        row.update(more)
        same = next((place for place, old in enumerate(self._rows)
                     if (old["who"], old["what"]) == (who, what)), len(self._rows))
        self._rows[same:same + 1] = [row]
        with open(self._path + ".new", "w", encoding="utf-8") as file:
            json.dump(self._rows, file, indent=1)
        os.rename(self._path + ".new", self._path)
        shown = f"{value:.4g} {unit}" if error is None else f"not available: {error}"
        print(f"{self._section}: {who}: {what}: {shown}", flush=True)

    def median(self, who, what, unit, values, **more):
        self.add(who, what, unit, statistics.median(values), runs=values, **more)


def say(*words):
    print("bench:", *words, file=sys.stderr, flush=True)


def complaint(words):
    """The line of a program's messages that says what is wrong, as far as one can tell."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line.lower()), lines[0] if lines else "")


def now():
    """Whole seconds, by the machine outside: a clock that counts instructions leaps when
    the guest is idle and crawls when it is not."""
    with open(RTC, encoding="ascii") as file:
        return int(file.read())


class Deadline:
    """LIMIT seconds from now; None: none."""

    def __init__(self, limit):
        self.limit = limit
        self._end = limit and now() + limit

    def left(self):
        return self._end and max(self._end - now(), 1)

    def passed(self):
        return bool(self._end) and now() > self._end

    def check(self, done, wanted):
        if self.passed():
            raise Stopped(f"stopped after {self.limit:.0f} s, {done} of {wanted} places")


def finished(child, limit):
    """What CHILD has said, (stdout, stderr), or None after LIMIT seconds."""
    deadline = Deadline(limit)
    while True:
        try:
            return child.communicate(timeout=limit and 0.5)
        except subprocess.TimeoutExpired:
            if deadline.passed():
                return None


def run(*command, limit=None, env=None):
    """Run COMMAND; its standard output. Unavailable with its last words if it fails,
    Stopped if it takes more than LIMIT seconds: it then got SIGINT, and SIGKILL
    where that did not help within a minute."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             stdin=subprocess.DEVNULL, text=True, errors="replace",
                             env=env)
    said = finished(child, limit)
    if said is None:
        child.send_signal(signal.SIGINT)
        said = finished(child, 60)
        if said is None:
            child.kill()
            said = child.communicate()
        raise Stopped("; ".join([f"stopped after {limit:.0f} s"]
                                + said[1].strip().splitlines()[:1]))
    out, err = said
    if child.returncode:
        name = os.path.basename(command[0])
        word = complaint(err or out) or f"status {child.returncode}"
        raise Unavailable(word if word.startswith(name) else f"{name}: {word}")
    return out


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def write(path, text):
    """One write(2), whose error becomes Unavailable."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)
    except OSError as error:
        raise Unavailable(f"{path}: {text.splitlines()[0][:60]}: {error.strerror}") from error


class Timer:
    """with Timer() as timer: ...; timer.seconds"""

    def __enter__(self):
        self._begin = time.monotonic()
        self.seconds = None
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self._begin


class BusyTimer(Timer):
    """The time that tasks have run, without what processors had nothing to do."""

    @staticmethod
    def _busy():
        """Seconds, by the seventh number of each processor; exact to a task switch."""
        try:
            return sum(int(line.split()[7]) for line in read("/proc/schedstat").splitlines()
                       if line.startswith("cpu")) / 1e9
        except FileNotFoundError as error:
            raise Unavailable("this kernel has no /proc/schedstat") from error

    def __enter__(self):
        self._busy_before = self._busy()
        return super().__enter__()

    def __exit__(self, *_):
        super().__exit__()
        self.seconds = self._busy() - self._busy_before


def memory():
    """Bytes: of kernel memory in use, by /proc/meminfo."""
    fields = {line.split(":")[0]: int(line.split()[1]) * 1024
              for line in read("/proc/meminfo").splitlines()}
    return {name: fields[name]
            for name in ("MemAvailable", "Slab", "VmallocUsed", "Percpu")}
