# SPDX-License-Identifier: GPL-2.0-only
"""How much slower a driver's work gets: each run by the mean of the unprobed runs
before and after it, all in one guest."""

import os
import subprocess

import livecov
import tracing
from common import HERE, Deadline, Stopped, Timer, Unavailable, now, run, say, write

WORK = os.path.join(HERE, "guest", "work.sh")
# The first run after attaching, and then the state that stays.
RUNS = ("first run", "second run", "third run")


class Work:
    """A workload of one driver."""

    def __init__(self, name, module, at_once=1, timer=Timer):
        self.name, self.module, self.at_once, self._timer = name, module, at_once, timer

    def __str__(self):
        return self.name if self.at_once == 1 else f"{self.name}, {self.at_once} at once"

    def prepare(self):
        run(WORK, "prepare", self.name)

    def seconds(self, tracked=False):
        """Run it; how long that takes."""
        commands = [[WORK, "run", self.name, str(number)] for number in range(self.at_once)]
        if tracked:
            commands = [["covstat", "run", "--sample", str(number + 1), "--"] + command
                        for number, command in enumerate(commands)]
        with self._timer() as timer:
            children = [subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.PIPE, text=True)
                        for command in commands]
            ends = [(child.communicate()[1], child.returncode) for child in children]
        for words, status in ends:
            if status:
                raise Unavailable(f"{self}: status {status}: {words.strip()[-200:]}")
        return timer.seconds


class Compared:
    """Ratios to unprobed runs, collected over repetitions, and rows of them at once."""

    def __init__(self, rows, work):
        self._rows, self._work = rows, work
        self._ratios = {}	# (who, which run): values
        self.bases = []

    def base(self):
        self.bases.append(self._work.seconds())
        self._rows.median("nothing", f"{self._work}: unprobed run", "s", self.bases)

    def add(self, who, tracked=False, runs=RUNS, **more):
        """Run it as often as RUNS has names, and once without afterwards: the caller
        has taken a base before. Returns a function to call when WHO is disarmed."""
        times = [self._work.seconds(tracked) for _ in runs]

        def finish():
            self.base()
            mean = (self.bases[-1] + self.bases[-2]) / 2
            for name, seconds in zip(runs, times):
                values = self._ratios.setdefault((who, name), [])
                values.append(seconds / mean)
                self._rows.median(who, f"{self._work}: {name}", "ratio", values, **more)
        return finish


def livecov_runs(settings, rows, work, compared, config, failed):
    """One repetition with one config; one that has failed is not tried again."""
    key = str(config)
    if key in failed:
        return
    try:
        with Timer() as attaching:
            answer = config.attach(work.module, limit=settings.limit)
    except (Unavailable, Stopped) as error:
        failed.add(key)
        rows.add(key, f"{work}: attach", "s", error=error)
        return
    try:
        finish = compared.add(key, config.scope == "tracked", sites=answer["sites"],
                              refused=answer["refused"], engines=answer.get("engines"),
                              no_detour=answer.get("no_detour"),
                              attach_s=attaching.seconds)
    finally:
        livecov.detach(work.module)
    finish()


def peer_name(peer):
    return f"{peer}, all functions"


def peer_runs(settings, rows, work, compared, peer, failed):
    """One repetition with a tracer on all functions of the module."""
    key = peer_name(peer)
    if key in failed:
        return
    try:
        try:
            with Timer() as attaching:
                peer.arm_all(limit=settings.limit)
            peer.verify()
            finish = compared.add(key, runs=RUNS[:1], attach_s=attaching.seconds)
        finally:
            peer.disarm()
    except (Unavailable, Stopped) as error:
        failed.add(key)
        rows.add(key, f"{work}: attach", "s", error=error)
        return
    finish()


def repetitions(settings):
    """At most so many as asked for: one that would not end in time is not begun."""
    begin = now()
    for done in range(settings.repeat):
        spent = now() - begin
        if done and spent + spent / done > settings.budget:
            say(f"{done} of {settings.repeat} repetitions have taken {spent} s: no more")
            return
        yield done


def contenders(settings, work):
    """(name, what measures it, what that is given), those first that are missed most where
    time is short."""
    scopes = ("tracked",) if work.at_once > 1 else ("all", "tracked")
    configs = [(str(config), livecov_runs, config)
               for config in livecov.configs(settings.engines, settings.modes, scopes)]
    peers = [(peer_name(peer), peer_runs, peer)
             for peer in (tracing.Profiler(work.module), tracing.FunctionTracer(work.module),
                          tracing.Bpftrace(work.module))
             if settings.peers and work.at_once == 1]
    auto = [one for one in configs if one[2].engine == "auto"]
    return auto + peers + [one for one in configs if one not in auto]


def measure_work(settings, rows, work):
    compared = Compared(rows, work)
    failed = set()
    work.prepare()
    work.seconds()		# fills caches
    livecov.load()
    budget = Deadline(settings.budget)
    for repetition in repetitions(settings):
        say(f"{work}: repetition {repetition + 1} of {settings.repeat}")
        compared.base()
        for name, measure, contender in contenders(settings, work):
            if not budget.passed():
                measure(settings, rows, work, compared, contender, failed)
            elif not repetition:
                rows.add(name, f"{work}: attach", "s",
                         error=f"not tried: {settings.budget} s had passed")
    livecov.unload()


def measure_copies(settings, rows, work, copies):
    """Copies of the driver with compiled-in coverage in place of the stock one, each
    beside its own compiler's copy without."""
    usable = {}
    for variant, path in copies.items():
        if path.startswith("!"):
            rows.add(f"compiled in, {variant}", f"{work}: build", "s", error=path[1:])
        else:
            usable[variant] = path
    # Without its own plain copy a compiler has nothing to be compared with.
    compilers = [variant for variant in usable if "-" not in variant]
    run("rmmod", work.module)
    for compiler in compilers:
        measure_compiler(settings, rows, work, compiler, usable)
    run("modprobe", work.module)


class Loaded:
    """with Loaded(module, path): a copy in the stock driver's place"""

    def __init__(self, module, path):
        self._module, self._path = module, path

    def __enter__(self):
        run("insmod", self._path)

    def __exit__(self, *_):
        run("rmmod", self._module)


def measure_compiler(settings, rows, work, compiler, usable):
    times = {}
    seen = {}
    with Loaded(work.module, usable[compiler]):
        work.seconds()		# fills caches
    parameters = f"/sys/module/{work.module}/parameters"
    for _ in repetitions(settings):
        for variant, path in usable.items():
            if variant.partition("-")[0] != compiler:
                continue
            modes = ("",)
            if variant.endswith("trace-pc"):
                modes = ("0", "1")
            for mode in modes:
                with Loaded(work.module, path):
                    if mode:
                        write(f"{parameters}/bench_on", mode)
                    label = variant + {"": "", "0": ", not recording", "1": ", recording"}[mode]
                    times.setdefault(label, []).extend(work.seconds() for _ in range(2))
                    if variant != compiler:
                        with open(f"{parameters}/bench_seen", encoding="ascii") as file:
                            seen[label] = file.read().strip()
        base = times[compiler]
        rows.median(f"copy without coverage, {compiler}", f"{work}: unprobed run", "s", base)
        for label in seen:
            # Runs of one repetition stand beside each other.
            ratios = [value / plain for value, plain in zip(times[label], base)]
            rows.median(f"compiled in, {label}", f"{work}: any run", "ratio", ratios,
                        seen=seen[label])
