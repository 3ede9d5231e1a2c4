# SPDX-License-Identifier: GPL-2.0-only
"""What a hit costs as tracked tasks, samples, sites, checkpoints by hand and caller records grow
in number; for a guest whose clock counts instructions."""

import os

import livecov
from common import HERE, Stopped, Unavailable, run
from hit import CALLS, JUMPS, RUN, Bench

TOOLS = os.path.join(os.path.dirname(HERE), "build", "bench")
TASKS = os.path.join(TOOLS, "tasks")
CHECKPOINTS = os.path.join(TOOLS, "checkpoints")
OTHERS = ("ext4", "btrfs")	# modules that bring the sites
SHAPE = "near"


def over_tasks(bench, rows, config, counts, kind):
    """Hits in one tracked task while there are others, asleep: all of its sample, or each of
    one of its own."""
    text = f"{SHAPE} {CALLS[SHAPE]} {bench.rounds} 0 0"
    options = ["--samples"] if kind == "samples" else []
    out = livecov.tracked(TASKS, *options, RUN, text, *map(str, counts))
    for line in out.splitlines():
        tasks, ticks = map(int, line.split())
        added = ticks / CALLS[SHAPE] * bench.per_tick - bench.bare[SHAPE]
        rows.add(str(config), f"{tasks} {kind}", "instructions",
                 added / JUMPS)


def over_sites(settings, bench, rows, config, sites):
    """Hits in a tracked task while more and more modules are attached."""
    attached = []
    try:
        for module in (None,) + OTHERS:
            if module:
                sites += config.attach(module, limit=settings.limit)["armed"]
                attached.append(module)
            added = bench.instructions(SHAPE, through=livecov.tracked) - bench.bare[SHAPE]
            rows.add(str(config), f"{sites} sites", "instructions", added / JUMPS)
    except (Unavailable, Stopped) as error:
        rows.add(str(config), f"with {module}", "instructions",
                 error=error)
    finally:
        for module in attached:
            livecov.detach(module)


def over_records(bench, rows, full):
    """Hits that record callers and paths, in an empty table or behind many others: who comes
    first has the best place."""
    config = livecov.Config("auto", scope="tracked", paths=True)
    config.attach("benchmod", [f"bench_{SHAPE}", "bench_place_*"])
    try:
        if full:
            livecov.tracked("sh", "-c", f"echo pairs 1 1 0 0 >{RUN}")
        added = bench.instructions(SHAPE, through=livecov.tracked) - bench.bare[SHAPE]
        rows.add(str(config), f"{livecov.callers()} caller records", "instructions",
                 added / JUMPS)
    finally:
        livecov.detach("benchmod")


PLACES = {
    "on an entry": "benchmod:bench_entry",
    "behind an entry": "benchmod:bench_entry+0x5",	# 5: of the fentry site
}


def over_checkpoints(settings, bench, rows, where):
    """Calls of one function that is watched by hand, while others are."""
    # Each sample has a page for each of them: the thousand of before would take 4 GB.
    livecov.unload()
    livecov.load()
    run("covstat", "checkpoint", "add", "place", PLACES[where])
    have = 1
    for want in settings.checkpoints:
        if want > have:
            run(CHECKPOINTS, "benchmod", "bench_place_", str(have), str(want))
            have = want
        added = bench.instructions("entry", through=livecov.tracked) - bench.bare["entry"]
        rows.add(f"livecov, checkpoint by hand {where}", f"{have} checkpoints",
                 "instructions", added)


def measure_config(settings, bench, rows, config):
    try:
        sites = config.attach("benchmod", [f"bench_{SHAPE}"])["armed"]
    except Unavailable as error:
        rows.add(str(config), "growth", "instructions", error=error)
        return
    try:
        with config.kept_armed():
            bench.ticks(SHAPE, through=livecov.tracked)	# one side of each jump is seen
            over_tasks(bench, rows, config, settings.tasks, "tasks")
            over_tasks(bench, rows, config, settings.samples, "samples")
            over_sites(settings, bench, rows, config, sites)
    finally:
        livecov.detach("benchmod")


def measure(settings, rows):
    path = settings.copies["benchmod"]["gcc"]
    if path.startswith("!"):
        raise Unavailable(path[1:])
    for module in OTHERS:
        run("modprobe", module)
    with Bench(path, settings.rounds) as bench:
        livecov.load()
        modes = [mode for mode in settings.modes if mode != "blocks"]
        for config in livecov.configs(settings.engines, modes, ("tracked",)):
            measure_config(settings, bench, rows, config)
        if "auto" in settings.engines:
            for full in (False, True):
                over_records(bench, rows, full)
            for where in PLACES:
                over_checkpoints(settings, bench, rows, where)
        livecov.unload()
