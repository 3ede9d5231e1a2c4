# SPDX-License-Identifier: GPL-2.0-only
"""Spoils a right claim in every way that the judge has to notice.

A test that has never failed proves nothing; so each run of the oracle ends with
these, on its own real data.  May call nothing.
"""

import copy
import random

SEED = 1
EACH = 3        # how many places each kind of damage is tried at


def _flip(entry, key):
    entry[key] = not entry[key]


def _add(entry, key, number):
    entry[key] += number


def _join(function, index):
    """Make two blocks that lie side by side one."""
    blocks = function["blocks"]
    blocks[index]["size"] += blocks[index + 1]["size"]
    del blocks[index + 1]


def _joints(function):
    """Blocks that a jump leads to, as an index of the block before them."""
    targets = {b["offset"] + b["size"] for b in function["branches"]}
    blocks = function["blocks"]
    for i in range(len(blocks) - 1):
        after = blocks[i]["offset"] + blocks[i]["size"]
        if after == blocks[i + 1]["offset"] and after in targets:
            yield i


def _kinds(target, sight):
    """(name, [what to call to do it]) for all that can be spoilt."""
    functions = target["functions"]
    blocks = [(f, b) for f in functions for b in f["blocks"]]
    branches = [(f, b) for f in functions for b in f["branches"]]
    for value in (True, False):
        words = str(value).lower()
        yield f"a block's covered={words} flipped", [
            (_flip, b, "covered") for f, b in blocks
            if b["covered"] is value and sight.sees(f, b, "covered")]
        for side in ("taken", "fallthrough"):
            yield f"a branch's {side}={words} flipped", [
                (_flip, b, side) for f, b in branches
                if b[side] is value and sight.sees(f, b, side)]
    yield "a block missing", [(f["blocks"].remove, b) for f, b in blocks
                              if b["covered"]]
    yield "a block shifted", [(_add, b, "offset", 1) for _, b in blocks]
    yield "a block longer", [(_add, b, "size", 1) for _, b in blocks]
    yield "two blocks joined", [(_join, f, i) for f in functions
                                for i in _joints(f)]
    yield "a branch missing", [(f["branches"].remove, b) for f, b in branches]
    yield "a branch shifted", [(_add, b, "offset", 1) for _, b in branches]
    yield "a branch of another size", [(_add, b, "size", 1)
                                       for _, b in branches]
    yield "another target", [(_add, b, "target", 1) for _, b in branches]
    yield "an outcome counted twice", [
        (_add, b, "taken_count", 1) for f, b in branches
        if b["taken"] and sight.sees(f, b, "taken_count")]
    yield "a function missing", [(functions.remove, f) for f in functions]
    yield "a function too many", [
        (functions.append, {**f, "offset": f["offset"] + 1})
        for f in functions]
    watched = [f for f in functions
               if f["entry"]["state"] in ("armed", "disarmed") and
               not f.get("cold") and sight.sees(f, f, "hits")]
    yield "an entry's hits lost", [(f["entry"].update, {"hits": 0}) for f in watched
                                   if f["entry"]["hits"]]
    yield "an entry's hit invented", [(f["entry"].update, {"hits": 1}) for f in watched
                                      if not f["entry"]["hits"]]


def damaged(document, module, sight):
    """Copies of DOCUMENT, each spoilt in one place: (how, copy).

    SIGHT.sees(function, entry, key) tells whether the judge can know better than
    what KEY of one of FUNCTION's entries says; what he cannot is left alone.
    """
    chance = random.Random(SEED)

    def kinds(document):
        target = next(t for t in document["targets"] if t["module"] == module)
        return list(_kinds(target, sight))

    for number in range(len(kinds(document))):
        for _ in range(EACH):
            spoilt = copy.deepcopy(document)
            name, actions = kinds(spoilt)[number]
            if actions:
                do, *arguments = chance.choice(actions)
                do(*arguments)
                yield name, spoilt
