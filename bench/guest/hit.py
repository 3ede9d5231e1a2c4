# SPDX-License-Identifier: GPL-2.0-only
"""Guest instructions per hit, with benchmod's shapes; for a guest whose clock counts
instructions (-icount).

What a probe adds is the difference of the shortest rounds with it and without it, by
the hits in a round. Shapes with jumps are called through a function whose own entry
may be probed as well: the shape none is the same without jumps, and what probes
add to it is taken off.
"""

import time

import livecov
import tracing
from common import Stopped, Unavailable, read, run, write

RUN = "/sys/module/benchmod/parameters/run"
JUMPS = 64
SPIN = 1000
CALLS = {"entry": 100, "none": 100, "near": 10, "short": 10, "tight": 10, "c": 10, "spin": 10}
JUMP_SHAPES = ("near", "short", "tight", "c")
# Not the many places of growth: each kprobe makes the others' look-up longer.
FUNCTIONS = [f"bench_{shape}" for shape in ("entry", "none") + JUMP_SHAPES]
FLIPS = {"c": ("0x5555555555555555", "-1")}	# every other jump, and then the others
# Before the first measured round: whoever disarms sites does that in a worker.
SETTLE_S = 1.0


class Bench:
    """benchmod, loaded, and what its shapes take unprobed."""

    def __init__(self, path, rounds):
        self.rounds = rounds
        self._path = path

    def __enter__(self):
        run("insmod", self._path)
        spin = self.ticks("spin") - self.ticks("none")
        self.per_tick = SPIN / spin
        self.bare = {shape: self.instructions(shape) for shape in CALLS}
        return self

    def __exit__(self, *_):
        run("rmmod", "benchmod")

    def _line(self, shape, argument, flip, rounds):
        return f"{shape} {CALLS[shape]} {rounds} {argument} {flip}"

    def ticks(self, shape, argument="0", flip="0", through=None):
        """The shortest round, of one call. THROUGH runs a command in which writes count."""
        line = self._line(shape, argument, flip, self.rounds)
        if through:
            through("sh", "-c", f"echo '{line}' >{RUN}")
        else:
            write(RUN, line)
        return int(read(RUN)) / CALLS[shape]

    def instructions(self, shape, argument="0", flip="0", through=None):
        return self.ticks(shape, argument, flip, through) * self.per_tick

    def warm(self, shape, through=None):
        """Let both outcomes of every jump happen, and what follows from that."""
        line = self._line(shape, *FLIPS.get(shape, ("0", "1")), 1)
        if through:
            through("sh", "-c", f"echo '{line}' >{RUN}")
        else:
            write(RUN, line)
        time.sleep(SETTLE_S)


def one_entry(bench, through=None):
    return bench.instructions("entry", through=through) - bench.bare["entry"]


def one_jump(bench, shape, jumps=JUMPS, through=None):
    added = bench.instructions(shape, through=through) - bench.bare[shape]
    if shape != "c":		# c's entry is one in 65 sites
        added -= bench.instructions("none", through=through) - bench.bare["none"]
    return added / jumps


def measure_shape(bench, rows, who, shape, through):
    """A shape with jumps: while one side of each was seen, and when both were."""
    bench.ticks(shape, through=through)
    time.sleep(SETTLE_S)
    one_side = one_jump(bench, shape, through=through)
    bench.warm(shape, through)
    both = one_jump(bench, shape, through=through)
    jumps, refused, seen = livecov.jumps_of("benchmod", f"bench_{shape}")
    if refused == jumps:
        rows.add(who, f"{shape} jump", "instructions", error=f"all {jumps} sites refused")
        return
    rows.add(who, f"{shape} jump", "instructions", one_side, refused=refused)
    rows.add(who, f"{shape}, both seen", "instructions", both, seen=seen)


def measure_livecov(bench, rows, config):
    """One config: who counts, who does not, and what is left when nobody asks any more."""
    try:
        config.attach("benchmod", FUNCTIONS)
    except Unavailable as error:
        rows.add(str(config), "entry", "instructions", error=error)
        return
    try:
        with config.kept_armed():
            for label, through in config.contexts():
                rows.add(str(config) + label, "entry", "instructions", one_entry(bench, through))
                bench.ticks("none", through=through)	# what only its first hits cost
                for shape in JUMP_SHAPES:
                    measure_shape(bench, rows, str(config) + label, shape, through)
    finally:
        livecov.detach("benchmod")
    rows.add(str(config), "near, detached", "instructions", one_jump(bench, "near"))


# What records more than that a place was passed: each hit is a trap.
RECORDING = (livecov.Config("auto", scope="tracked", paths=True),
             livecov.Config("auto", scope="all", paths=True),
             livecov.Config("auto", mode="trace", scope="tracked"))


def measure_peer(bench, rows, peer, places):
    """A tracer on the entry, and on some of the jumps of near."""
    try:
        with peer.armed([("bench_entry", 0)]):
            rows.add(str(peer), "entry", "instructions", one_entry(bench))
    except (Unavailable, Stopped) as error:
        rows.add(str(peer), "entry", "instructions", error=error)
    offsets = places["bench_near"][:peer.jumps]
    if not offsets:
        return
    try:
        with peer.armed([("bench_near", offset) for offset in offsets]):
            rows.add(str(peer), "near jump", "instructions",
                     one_jump(bench, "near", len(offsets)))
    except (Unavailable, Stopped) as error:
        rows.add(str(peer), "near jump", "instructions", error=error)


def measure_copies(settings, rows):
    """Compiled-in coverage: what it adds to the compiled shape, of its own compiler."""
    bare = {}
    for variant, path in settings.copies["benchmod"].items():
        compiler, _, coverage = variant.partition("-")
        if path.startswith("!"):
            rows.add(f"compiled in, {variant}", "c jump", "instructions", error=path[1:])
            continue
        with Bench(path, settings.rounds) as bench:
            if not coverage:
                bare[compiler] = bench.bare
                continue
            modes = ("0", "1") if coverage == "trace-pc" else ("",)
            for mode in modes:
                if mode:
                    write("/sys/module/benchmod/parameters/bench_on", mode)
                bench.warm("c")
                label = {"": "", "0": ", not recording", "1": ", recording"}[mode]
                for shape, hits in (("c", JUMPS), ("entry", 1)):
                    added = bench.instructions(shape) - bare[compiler][shape]
                    rows.add(f"compiled in, {variant}{label}",
                             "c jump" if shape == "c" else shape, "instructions", added / hits,
                             seen=read("/sys/module/benchmod/parameters/bench_seen").strip())


def measure(settings, rows):
    places = {name: offsets for name, offsets, _ in settings.places["benchmod"]}
    if settings.copies["benchmod"]["gcc"].startswith("!"):
        raise Unavailable(settings.copies["benchmod"]["gcc"][1:])
    with Bench(settings.copies["benchmod"]["gcc"], settings.rounds) as bench:
        for shape in ("entry",) + JUMP_SHAPES:
            rows.add("nothing, one call", f"{shape} jump" if shape in JUMP_SHAPES else shape,
                     "instructions", bench.bare[shape])
        livecov.load()
        rows.add("livecov loaded", "near jump", "instructions", one_jump(bench, "near"))
        for config in livecov.configs(settings.engines, settings.modes, ("all", "tracked")):
            measure_livecov(bench, rows, config)
        for config in RECORDING if "auto" in settings.engines else ():
            measure_livecov(bench, rows, config)
        livecov.unload()
        for peer in tracing.peers("benchmod", settings.copies["benchmod"]["gcc"]) \
                if settings.peers else []:
            measure_peer(bench, rows, peer, places)
    if settings.peers:
        measure_copies(settings, rows)
