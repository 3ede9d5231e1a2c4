# SPDX-License-Identifier: GPL-2.0-only
"""The same as ext4 where the clock counts instructions: ratios of guest instructions,
which do not depend on what else the machine does. What emulating a trap costs
besides is not in them."""

from common import BusyTimer
from workload import Work, measure_copies, measure_work


def measure(settings, rows):
    for name in ("ext4", "ext4-calls"):
        work = Work(name, "ext4", timer=BusyTimer)
        work.prepare()
        if settings.peers:
            measure_copies(settings, rows, work, settings.copies["ext4"])
        measure_work(settings, rows, work)
    # They take turns: it is the sum of both that is compared.
    measure_work(settings, rows, Work("ext4", "ext4", at_once=2, timer=BusyTimer))
