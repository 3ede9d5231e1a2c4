# SPDX-License-Identifier: GPL-2.0-only
"""What forking takes in a tracked task and without livecov; for a guest whose clock counts
instructions, so that one run of each is enough."""

import os

import livecov
from common import HERE, run

FORK_STORM = os.path.join(os.path.dirname(HERE), "build", "bench", "fork-storm")
TARGET = "ext4"


def instructions(settings, through=run):
    """Of one fork with its child's exit."""
    return int(through(FORK_STORM, str(settings.forks)).strip()) / settings.forks


def measure(settings, rows):
    run("modprobe", TARGET)
    what = f"one of {settings.forks} forks"
    bare = instructions(settings)
    rows.add("nothing", what, "instructions", bare)
    livecov.load()
    config = livecov.Config("auto", scope="tracked")
    config.attach(TARGET)
    for who, through in ((str(config), livecov.tracked), (f"{config}, other task", run)):
        value = instructions(settings, through)
        rows.add(who, what, "instructions", value)
        rows.add(who, f"{what}, of nothing's", "ratio", value / bare)
    livecov.detach(TARGET)
    livecov.unload()
