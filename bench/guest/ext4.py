# SPDX-License-Identifier: GPL-2.0-only
"""ext4 on a RAM disk, beside copies of it with compiled-in coverage."""

from workload import Work, measure_copies, measure_work


def measure(settings, rows):
    for name in ("ext4", "ext4-calls"):
        work = Work(name, "ext4")
        work.prepare()
        if settings.peers:
            measure_copies(settings, rows, work, settings.copies["ext4"])
        measure_work(settings, rows, work)
    measure_work(settings, rows, Work("ext4", "ext4", at_once=2))
