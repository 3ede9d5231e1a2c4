# SPDX-License-Identifier: GPL-2.0-only
"""vivid under v4l2-compliance."""

from workload import Work, measure_work


def measure(settings, rows):
    measure_work(settings, rows, Work("vivid", "vivid"))
