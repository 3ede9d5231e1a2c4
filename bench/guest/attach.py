# SPDX-License-Identifier: GPL-2.0-only
"""Seconds to attach, by number of sites; what it takes in memory; seconds to detach."""

import re
import statistics
import time

import livecov
import tracing
from common import Stopped, Timer, Unavailable, memory, run

MODULE = "btrfs"
# Repeating what takes longer than this teaches nothing new.
REPEAT_BELOW_S = 5
# With fewer sites, memory that others take and give back hides what livecov takes.
MEMORY_FROM = 10000
# livecov keeps what an operation needs for a quarter of a second.
CLOSED_S = 1
PLAIN = re.compile(r"\w+$")


def functions_for(places, size):
    """Functions with at most SIZE entries and jumps, and nearly that many. The largest
    that fit: covstat takes a thousand names."""
    chosen = []
    for sites, name in sorted(((1 + len(offsets), name) for name, offsets, _ in places),
                              reverse=True):
        if sites <= size:
            chosen.append(name)
            size -= sites
    return chosen


def places_for(places, size):
    """SIZE places, entries and jumps, for a tracer; None: all. Only functions that
    every tracer accepts."""
    everything = [(name, offset) for name, offsets, traced in places
                  if traced and PLAIN.match(name) for offset in [0] + offsets]
    return everything[:size]


def label(size):
    return "all sites" if size is None else f"{size} sites"


def weighed(size):
    return size is None or size >= MEMORY_FROM


def attach_once(settings, config, functions, size):
    """seconds, seconds to detach, what covstat said, memory it took"""
    before = memory()
    with Timer() as attaching:
        answer = config.attach(MODULE, functions, limit=settings.limit)
    if weighed(size):
        time.sleep(CLOSED_S)
    after = memory()
    with Timer() as detaching:
        livecov.detach(MODULE)
    taken = {name: after[name] - before[name] for name in before}
    taken["MemAvailable"] = -taken["MemAvailable"]
    return attaching.seconds, detaching.seconds, answer, taken


def measure_livecov(settings, rows, config, sizes, places):
    for size in sizes:
        functions = [] if size is None else functions_for(places, size)
        what = f"{MODULE}, {label(size)}"
        try:
            rounds = [attach_once(settings, config, functions, size)]
            while len(rounds) < settings.repeat and rounds[0][0] < REPEAT_BELOW_S:
                rounds.append(attach_once(settings, config, functions, size))
        except (Unavailable, Stopped) as error:
            rows.add(str(config), f"{what}: attach", "s", error=error)
            if isinstance(error, Stopped) or size == sizes[0]:
                return		# it will not get better
            continue
        answer = rounds[-1][2]
        sites = answer["sites"]
        seconds = [one[0] for one in rounds]
        # Without what starting covstat takes, as it times itself.
        inside = statistics.median(one[2]["milliseconds"] for one in rounds) / 1e3
        rows.median(str(config), f"{what}: attach", "s", seconds, sites=sites,
                    refused=answer["refused"], engines=answer.get("engines"),
                    no_detour=answer.get("no_detour"),
                    armed_in_s=inside,
                    ms_a_site=statistics.median(seconds) * 1e3 / sites,
                    detach_s=statistics.median(one[1] for one in rounds))
        if weighed(size):
            for name in rounds[0][3]:
                rows.median(str(config), f"{what}: {name}", "bytes a site",
                            [one[3][name] / sites for one in rounds])


def measure_peer(settings, rows, peer, sizes, places):
    for size in sizes:
        chosen = places_for(places, size)
        what = f"{MODULE}, {label(size)}: attach"
        try:
            try:
                with Timer() as attaching:
                    peer.arm(chosen, limit=settings.limit)
                peer.verify()
            finally:
                with Timer() as detaching:
                    peer.disarm()
            rows.add(str(peer), what, "s", attaching.seconds, sites=len(chosen),
                     ms_a_site=attaching.seconds * 1e3 / len(chosen),
                     detach_s=detaching.seconds)
        except (Unavailable, Stopped) as error:
            rows.add(str(peer), what, "s", error=error)
            return


def measure_all_functions(settings, rows, peer):
    what = f"{MODULE}, all functions: attach"
    try:
        try:
            with Timer() as attaching:
                peer.arm_all(limit=settings.limit)
            peer.verify()
        finally:
            peer.disarm()
        rows.add(str(peer), what, "s", attaching.seconds)
    except (Unavailable, Stopped) as error:
        rows.add(str(peer), what, "s", error=error)


def measure(settings, rows):
    run("modprobe", MODULE)
    places = settings.places[MODULE]
    sizes = settings.sizes + [None]
    livecov.load()
    for config in livecov.configs(settings.engines, settings.modes):
        measure_livecov(settings, rows, config, sizes, places)
    livecov.unload()
    if not settings.peers:
        return
    for peer in (tracing.Profiler(MODULE), tracing.FunctionTracer(MODULE), tracing.Bpftrace(MODULE)):
        measure_all_functions(settings, rows, peer)
    file = run("modinfo", "-n", MODULE).strip()	# perf alone takes long to find it
    for peer in (tracing.KprobeEvents(MODULE), tracing.PerfProbe(MODULE, file),
                 tracing.Bpftrace(MODULE)):
        measure_peer(settings, rows, peer, sizes, places)
