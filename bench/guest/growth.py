# SPDX-License-Identifier: GPL-2.0-only
"""What a hit costs as tracked tasks, samples and sites grow in number; for a guest whose clock
counts instructions."""

import os

import livecov
from common import HERE, Stopped, Unavailable, run
from hit import CALLS, JUMPS, RUN, Bench

TASKS = os.path.join(os.path.dirname(HERE), "build", "bench", "tasks")
OTHERS = ("ext4", "btrfs")	# modules that bring the sites
SHAPE = "near"
MAX_SAMPLES = 1000	# each has cells of its own for all those sites, until livecov goes


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


def measure_config(settings, bench, rows, config):
    try:
        sites = config.attach("benchmod", [f"bench_{SHAPE}"])["armed"]
    except Unavailable as error:
        rows.add(str(config), "growth", "instructions", error=error)
        return
    try:
        bench.ticks(SHAPE, through=livecov.tracked)	# one side of each jump is seen
        over_tasks(bench, rows, config, settings.tasks, "tasks")
        over_tasks(bench, rows, config, [n for n in settings.tasks if n <= MAX_SAMPLES],
                   "samples")
        over_sites(settings, bench, rows, config, sites)
    finally:
        livecov.detach("benchmod")


# That clock leaps whenever the guest is idle.
ATTACH_LIMIT_S = 600


def measure(settings, rows):
    settings.limit = ATTACH_LIMIT_S
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
        livecov.unload()
