# SPDX-License-Identifier: GPL-2.0-only
"""btrfs on a RAM disk."""

from workload import Work, measure_work


def measure(settings, rows):
    measure_work(settings, rows, Work("btrfs", "btrfs"))
