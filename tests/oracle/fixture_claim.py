# SPDX-License-Identifier: GPL-2.0-only
"""What livecov would report of fixture.S, for the oracle's own tests to spoil, and the judge's
verdict on it.

May call fixture.py, fixture_machine.py, judge.py and target_text.py.
"""

from fixture import BASES
from fixture_machine import AT, TEXT, witness_of
from judge import Claim, Judge
from target_text import JCC, JMP, LEAVE


def leaders_of(function, jumps):
    leaders = {function.address}
    leaders.update(i.target for i in jumps if i.target is not None)
    leaders.update(i.end for i in jumps)
    return leaders


def claim_function(text, function, leaders, ran, outcomes):
    """What a right report says of FUNCTION."""
    base = text.bases[function.section]
    cold = any(name.endswith(".cold") for name in function.names)
    blocks, branches, start = [], [], None
    for instruction in function.instructions:
        start = instruction.address if start is None else start
        last = instruction is function.instructions[-1]
        if last or instruction.end in leaders or \
                instruction.kind in (JCC, JMP, LEAVE):
            blocks.append({"offset": start - base,
                           "size": instruction.end - start,
                           "covered": ran[start] > 0})
            start = None
        if instruction.kind == JCC:
            branches.append({
                "offset": instruction.address - base,
                "size": len(instruction.bytes),
                "target": instruction.target - base,
                "state": "armed",
                "taken": outcomes[instruction.address, True] > 0,
                "fallthrough": outcomes[instruction.address, False] > 0,
                "taken_count": outcomes[instruction.address, True],
                "fallthrough_count": outcomes[instruction.address, False]})
    return {"name": min(function.names), "section": function.section,
            "offset": function.address - base, "size": function.size,
            "cold": cold,
            "entry": {"state": "armed", "errno": 0,
                      "hits": 0 if cold else ran[function.address],
                      "covered": any(
                          ran[i.address] for i in
                          function.instructions[:None if cold else 1])},
            "blocks": blocks, "branches": branches}


def right_claim(text, ran, outcomes):
    """The list.json that is right when RAN and OUTCOMES are."""
    jumps = [i for f in text.functions for i in f.instructions
             if i.kind in (JCC, JMP)]
    leaders = set().union(*(leaders_of(f, jumps) for f in text.functions))
    return {
        "format_version": 1, "missed": 0, "refused": 0, "lost": 0,
        "targets": [{
            "module": text.module, "build_id": "", "engine": "kprobe",
            "counted": True,
            "text_base": text.bases[".text"],
            "sections": [{"name": n, "base": b, "size": len(text.bytes[n])}
                         for n, b in text.bases.items()],
            "functions": [claim_function(text, f, leaders, ran, outcomes)
                          for f in text.functions]}]}


def claim_of(machine):
    return right_claim(TEXT, machine.ran, machine.outcomes)


def judged(machine, document=None, mode="edges", complete=True):
    if document is None:
        document = claim_of(machine)
    return Judge(TEXT, witness_of(machine.bytes()),
                 Claim(document, "fixture"), mode, complete)


def find(document, label, what):
    """The entry at LABEL in the functions' lists named WHAT."""
    for function in document["targets"][0]["functions"]:
        base = BASES[function["section"]]
        for entry in function[what]:
            if base + entry["offset"] == AT[label]:
                return entry
    raise KeyError(label)
