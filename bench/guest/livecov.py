# SPDX-License-Identifier: GPL-2.0-only
"""livecov as something to measure: its engines, modes and scopes, and covstat."""

import contextlib
import json
import subprocess
import time

from common import Stopped, Unavailable, run


# (engine, module, functions) that took too long, and in which config.
too_slow = {}


class Config:
    """One way to attach."""

    def __init__(self, engine, mode="edges", scope="all", paths=False):
        self.engine, self.mode, self.scope, self.paths = engine, mode, scope, paths

    def __str__(self):
        words = [f"livecov {self.engine}", self.mode, self.scope]
        return ", ".join(words + ["paths"] * self.paths)

    def contexts(self):
        """Who passes the sites: a label, and what runs a command so (None: anybody)."""
        if self.mode == "trace":
            return [("", traced), (", tracked without a trace", tracked)]
        if self.scope == "tracked":
            return [("", tracked), (", other task", None)]
        return [("", None)]

    def kept_armed(self):
        """In scope tracked every site stays armed for a sample that knows nothing: what a hit
        costs while it is of use, not how soon it costs nothing."""
        return idle_sample() if self.scope == "tracked" else contextlib.nullcontext()

    def attach(self, module, functions=(), limit=None):
        """Attach; what covstat says, as a dict. LIMIT is for kprobes: with the others
        it is the machine that is slow. What was too slow in one mode is not tried in the
        next: the sites are much the same."""
        if self.engine != "kprobe":
            limit = None
        asked = (self.engine, module, *functions)
        if limit and asked in too_slow:
            raise Stopped(f"not tried, after {too_slow[asked]}")
        arguments = ["--engine", self.engine, "--mode", self.mode, "--scope", self.scope]
        if self.paths:
            arguments.append("--paths")
        for name in functions:
            arguments += ["--functions", name]
        try:
            return json.loads(run("covstat", "attach", module, *arguments, "--json",
                                  limit=limit))
        except Stopped as error:
            too_slow[asked] = f"{self}: {error}"
            with contextlib.suppress(Unavailable):	# it may have been too late to stop
                detach(module)
            raise


def configs(engines, modes=("edges",), scopes=("all",)):
    return [Config(engine, mode, scope)
            for engine in engines for mode in modes for scope in scopes]


def detach(module):
    run("covstat", "detach", module)


def jumps_of(module, function):
    """Of one function's conditional jumps: how many were refused, what was seen of all."""
    document = json.loads(run("covstat", "list", module, "--json"))
    branches = next(each["branches"] for each in document["targets"][0]["functions"]
                    if each["name"] == function)
    refused = sum(branch["state"] == "refused" for branch in branches)
    seen = sum(branch[side] is True for branch in branches for side in ("taken", "fallthrough"))
    return len(branches), refused, f"{seen} of {2 * len(branches)} outcomes"


def tracked(*command, limit=None):
    """Run COMMAND as a tracked task."""
    return run("covstat", "run", "--", *command, limit=limit)


@contextlib.contextmanager
def idle_sample():
    """A sample runs that has hit nothing."""
    with subprocess.Popen(["covstat", "run", "--sample", "4242", "--", "sleep", "infinity"]) as idle:
        try:
            while not tracked_tasks():
                time.sleep(0.1)
            yield
        finally:
            idle.terminate()


def traced(*command, limit=None):
    """Run COMMAND with a trace that has room for all it does, and throw that away."""
    return run("covstat", "trace", "--output", "/dev/null", "--", *command, limit=limit)


def tracked_tasks():
    """How many there are."""
    return json.loads(run("covstat", "status", "--json"))["tasks"]


def callers():
    """How many caller records there are."""
    return json.loads(run("covstat", "status", "--json"))["callers"]


def load():
    """Load livecov; with it comes an answer to what it can do."""
    try:
        run("modprobe", "livecov")
    except Unavailable as error:
        raise Unavailable(f"livecov does not load: {error}") from error


def unload():
    run("rmmod", "livecov")
