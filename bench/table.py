#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Print what bench/run has left: bench/table.py [FILE] (build/bench/bench.json)."""

import json
import os
import sys


def number(row):
    if "error" in row:
        return "not available"
    value = row["value"]
    if row["unit"] in ("instructions", "bytes a site"):
        return f"{value:.1f}".replace("-0.0", "0.0")
    if row["unit"] in ("s", "ratio"):
        return f"{value:.3f}"
    return f"{value:.4g}"


def shown(value):
    if isinstance(value, dict):
        return ", ".join(f"{key} {count}" for key, count in value.items() if count)
    return f"{value:.3g}" if isinstance(value, float) else value


def notes(row):
    if "error" in row:
        return row["error"]
    words = []
    if runs := row.get("runs"):
        words.append(f"{len(runs)} runs, {min(runs):.4g} to {max(runs):.4g}")
    words += [f"{name} {shown(row[name])}" for name in
              ("sites", "refused", "engines", "no_detour", "seen", "armed_in_s", "ms_a_site", "attach_s", "detach_s")
              if row.get(name) is not None]
    return "; ".join(words)


def aligned(lines, left=1):
    """LINES of cells as text; the first LEFT columns and the last are flush left."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        yield "  ".join(
            cell.ljust(width) if place < left or place == len(line) - 1 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths))).rstrip()


def list_of(rows):
    """A line a row."""
    return aligned([(row["who"], row["what"], number(row), row["unit"], notes(row))
                    for row in rows], left=2)


def grid_of(rows):
    """A line for each that was measured, a column for each work; for values that need
    no note. What is not available is told below."""
    columns = list(dict.fromkeys(row["what"] for row in rows))
    lines = {}
    for row in rows:
        lines.setdefault(row["who"], {})[row["what"]] = "n/a" if "error" in row else number(row)
    yield from aligned([["", *columns, ""]] +
                       [[who, *(cells.get(column, "") for column in columns), ""]
                        for who, cells in lines.items()])
    for error in dict.fromkeys(row["error"] for row in rows if "error" in row):
        who = dict.fromkeys(row["who"] for row in rows if row.get("error") == error)
        yield f"n/a: {'; '.join(who)}: {error}"


# Sections in which each has been measured on the same works, in guest instructions.
GRIDS = {"hit": "guest instructions that one hit adds",
         "growth": "guest instructions that a hit on a near jump adds, with 1/64 of its function's entry"}


def text_of(document):
    machine = document["machine"]
    lines = [
        f"{document['date']}, Linux {document['kernel']} in QEMU ({machine['acceleration']}) "
        f"on {machine['processors']} x {machine['processor']}; livecov {machine['livecov']}",
        f"{machine['qemu']}; {machine['gcc']}; {machine['clang']}; "
        f"bpftrace: {machine['bpftrace']}; {machine['perf']}",
    ]
    sections = dict.fromkeys(row["section"] for row in document["rows"])
    for section in sections:
        rows = [row for row in document["rows"] if row["section"] == section]
        grid = section in GRIDS
        words = [GRIDS[section]] if section in GRIDS else []
        if seconds := document.get("seconds", {}).get(section):
            words.append(f"measured in {seconds} s")
        lines += ["", f"[{section}] {'; '.join(words)}".rstrip()]
        lines += grid_of(rows) if grid else list_of(rows)
    return "\n".join(lines)


def main():
    default = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))),
                           "build", "bench", "bench.json")
    with open(sys.argv[1] if len(sys.argv) > 1 else default, encoding="utf-8") as file:
        print(text_of(json.load(file)))


if __name__ == "__main__":
    main()
