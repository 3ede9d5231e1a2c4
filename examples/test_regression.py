# SPDX-License-Identifier: GPL-2.0-only
"""A pytest test that fails when a branch of a driver that used to be covered no longer is.

Copy it next to your tests and make workload() run them, or leave that to a command:

    sudo LIVECOV_MODULE=brd LIVECOV_WORKLOAD='./my-test-suite --quick' \\
            python3 -m pytest examples/test_regression.py

The first run writes baseline.json (LIVECOV_BASELINE names another file): every
outcome of a branch that the workload covers. Commit it. Later runs fail if one of
them is no longer covered, and say which. To accept a new state, or when the driver
was rebuilt, remove the file and run again.

livecov.ko and the driver have to be loaded.
"""

import json
import os
import pathlib
import shlex
import subprocess

import livecov
import pytest

MODULE = os.environ.get("LIVECOV_MODULE", "brd")
BASELINE = pathlib.Path(os.environ.get("LIVECOV_BASELINE", "baseline.json"))
SAMPLE = 1


def workload():
    """What is to cover the driver: replace this with your own."""
    subprocess.run(shlex.split(os.environ.get("LIVECOV_WORKLOAD", "true")), check=True)


def covered_outcomes(coverage):
    """Each as 'FUNCTION+OFFSET SIDE (SECTION+OFFSET)': the same in every run of a build.

    Several functions may have the same name, hence the second place.
    """
    outcomes = set()
    for function in coverage.functions:
        for branch in function.branches:
            place = f"({function.section}+{function.offset + branch.offset:#x})"
            outcomes |= {f"{function.name}+{branch.offset:#x} {side} {place}"
                         for side in ("taken", "fallthrough") if getattr(branch, side)}
    return outcomes


@pytest.fixture(name="coverage")
def measured_coverage():
    with livecov.attach(MODULE, scope="tracked") as target:
        with livecov.sample(SAMPLE):
            workload()
        return target.coverage(sample=SAMPLE)


def test_no_branch_is_lost(coverage):
    now = covered_outcomes(coverage)
    if not BASELINE.exists():
        BASELINE.write_text(json.dumps(
            {"module": coverage.module, "build_id": coverage.build_id,
             "outcomes": sorted(now)}, indent=1) + "\n", encoding="utf-8")
    baseline = json.loads(BASELINE.read_text(encoding="utf-8"))
    assert baseline["build_id"] == coverage.build_id, (
        f"{BASELINE} is of another build of {coverage.module}: remove it to make it anew")
    lost = sorted(set(baseline["outcomes"]) - now)
    assert not lost, "covered before, and not any more:\n" + "\n".join(lost)
