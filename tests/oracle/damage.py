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


def _kinds(target, mode, certain):
    """(name, [what to call to do it]) for all that can be spoilt."""
    functions = target["functions"]
    blocks = [(f, b) for f in functions for b in f["blocks"]]
    branches = [(f, b) for f in functions for b in f["branches"]]
    for value in (True, False):
        words = str(value).lower()
        yield f"a block's covered={words} flipped", [
            (_flip, b, "covered") for _, b in blocks if b["covered"] is value]
        for side in ("taken", "fallthrough"):
            yield f"a branch's {side}={words} flipped", [
                (_flip, b, side) for f, b in branches
                if b[side] is value and certain(f["section"], b["offset"])]
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
        if mode == "edges" and b["taken"] and
        certain(f["section"], b["offset"])]
    yield "a function missing", [(functions.remove, f) for f in functions]
    yield "a function too many", [
        (functions.append, {**f, "offset": f["offset"] + 1})
        for f in functions]
    watched = [f["entry"] for f in functions
               if f["entry"]["state"] in ("armed", "disarmed") and
               not f.get("cold")]
    yield "an entry's hits lost", [(e.update, {"hits": 0}) for e in watched
                                   if e["hits"]]
    yield "an entry's hit invented", [(e.update, {"hits": 1}) for e in watched
                                      if not e["hits"]]


def damaged(document, module, mode, certain):
    """Copies of DOCUMENT, each spoilt in one place: (how, copy).

    CERTAIN(section, offset) tells whether the witness knows what became of the
    branch there; another one's outcomes are left alone.
    """
    chance = random.Random(SEED)

    def kinds(document):
        target = next(t for t in document["targets"] if t["module"] == module)
        return list(_kinds(target, mode, certain))

    for number in range(len(kinds(document))):
        for _ in range(EACH):
            spoilt = copy.deepcopy(document)
            name, actions = kinds(spoilt)[number]
            if actions:
                do, *arguments = chance.choice(actions)
                do(*arguments)
                yield name, spoilt
