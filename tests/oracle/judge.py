# SPDX-License-Identifier: GPL-2.0-only
"""Compares what livecov claims with what the witness saw.

The claim is the document of `covstat list --json`.  It is right when

 - its functions are those of the symbol table, its branches the conditional
   jumps that objdump sees in them, and its blocks cut the functions' code so
   that control enters a block at its first instruction only and leaves it at its
   last only (more cuts than needed are no error);
 - a block is covered if and only if its first instruction was executed;
 - a branch outcome is true if and only if that jump went that way;
 - a function's entry was hit if and only if its first instruction was executed
   (a cold part has no entry: it is jumped to);
 - where they are counted, outcomes and entries were counted as often as they
   happened (list.json tells where: "counted").

That holds of scope all.  In scope tracked only registered tasks count, in task
context; but the log does not tell tasks apart.  So:

 - after a workload in which nobody else ran the target (ALONE: the workload's word
   for it), what the tracked tasks ran and what was executed are the same, and all
   of the above holds, "if" and "only if";
 - else only one half can be judged: whatever is claimed was executed, and counted
   no more often than that.  What is not claimed may have been somebody else's.

null, for "cannot be known", is an outcome's right in mode blocks; elsewhere it is
counted, tolerated only if sites were refused, and then only up to a limit, unless
the engine is one of those that cannot do everything alone.
What the witness cannot tell (exec_log.py) is counted as ambiguous.

May call target_text.py and use a Witness of exec_log.py.
"""

import collections
import dataclasses

from target_text import CALL, JCC, JMP, LEAVE, Error

# Of blocks or outcomes that may be null where sites were refused, percent.
MAX_UNKNOWN = 5


@dataclasses.dataclass(frozen=True)
class Difference:
    check: str
    address: int
    claim: str
    evidence: str


@dataclasses.dataclass
class Block:
    start: int
    end: int
    covered: bool | None


@dataclasses.dataclass
class Branch:
    address: int
    size: int
    target: int
    taken: bool | None
    fallthrough: bool | None
    has_site: bool
    taken_count: int
    fallthrough_count: int


@dataclasses.dataclass
class Function:
    name: str
    section: str
    address: int
    size: int
    cold: bool
    has_entry_site: bool
    hits: int
    entered: bool | None
    blocks: list
    branches: list


class Claim:
    """One module's part of `covstat list --json`, with addresses."""

    def __init__(self, document, module):
        try:
            self._read(document, module)
        except (KeyError, TypeError) as error:
            raise Error(f"list.json is not as documented: {error!r}") from error

    def _read(self, document, module):
        targets = [t for t in document["targets"] if t["module"] == module]
        if document["format_version"] != 1 or len(targets) != 1:
            raise Error(f"list.json is not format 1 with one target {module}")
        self.missed = document["missed"]
        self.refused = document["refused"]
        self.lost = document["lost"]
        self.is_counted = targets[0]["counted"]
        self.is_whole = targets[0]["engine"] in ("auto", "kprobe")
        self.bases = {s["name"]: s["base"] for s in targets[0]["sections"]}
        self.functions = sorted(
            (self._function(f) for f in targets[0]["functions"]),
            key=lambda f: f.address)

    def _function(self, function):
        base = self.bases[function["section"]]
        cold = function.get("cold", False)
        return Function(
            function["name"], function["section"], base + function["offset"],
            function["size"], cold,
            not cold and function["entry"]["state"] in ("armed", "disarmed"),
            function["entry"]["hits"], function["entry"].get("covered"),
            [Block(base + b["offset"], base + b["offset"] + b["size"],
                   b["covered"]) for b in function["blocks"]],
            [Branch(base + b["offset"], b["size"], base + b["target"],
                    b["taken"], b["fallthrough"], b["state"] == "armed",
                    b["taken_count"], b["fallthrough_count"]) for b in function["branches"]])

    def blocks(self):
        return [b for f in self.functions for b in f.blocks]

    def branches(self):
        return [b for f in self.functions for b in f.branches]


class Judge:
    """Runs the checks; `differences` and `numbers` are the verdict.  With not COMPLETE
    what was executed need not be claimed."""

    def __init__(self, text, witness, claim, mode, complete=True):
        self._text = text
        self._witness = witness
        self._claim = claim
        self._mode = mode
        self._complete = complete
        self.differences = []
        self.numbers = collections.Counter({
            f"{check}: {number}": 0
            for check in ("blocks", "outcomes", "entries")
            for number in ("reported", "ran", "false positives",
                           "false negatives", "unknown")})
        self.numbers["outcomes: ambiguous"] = 0
        for check in CHECKS.values():
            check(self)

    def _differ(self, check, address, claim, evidence):
        self.differences.append(Difference(check, address, claim, evidence))

    # -- structure --

    def _functions(self):
        """Every function of the symbol table, and no other."""
        claimed = {}
        for function in self._claim.functions:
            if function.address in claimed:
                self._differ("functions", function.address,
                             f"{function.name} listed twice", "")
            claimed[function.address] = function
        for function in self._text.functions:
            claim = claimed.pop(function.address, None)
            words = f"{'/'.join(sorted(function.names))}, " \
                f"{function.section}, size {sorted(function.sizes)}"
            if claim is None:
                self._differ("functions", function.address, "not listed", words)
            elif claim.name not in function.names or \
                    claim.size not in function.sizes or \
                    claim.section != function.section:
                self._differ("functions", function.address,
                             f"{claim.name}, {claim.section}, "
                             f"size [{claim.size}]", words)
        for function in claimed.values():
            self._differ("functions", function.address,
                         f"{function.name} listed", "no such symbol")
        self.numbers["functions"] = len(self._claim.functions)

    def _branches(self):
        """Every conditional jump, its size and its target."""
        claimed = {b.address: b for b in self._claim.branches()}
        self.numbers["branches"] = len(claimed)
        if len(claimed) != len(self._claim.branches()):
            self._differ("branches", 0, "a branch is listed twice", "")
        for function in self._claim.functions:
            for instruction in self._text.between(
                    function.address, function.address + function.size):
                if instruction.kind == JCC:
                    self._branch(instruction,
                                 claimed.pop(instruction.address, None))
        for branch in claimed.values():
            self._differ("branches", branch.address, "a conditional jump",
                         "objdump sees none in the function")

    def _branch(self, instruction, claim):
        if claim is None:
            self._differ("branches", instruction.address, "not listed",
                         instruction.text)
        elif (claim.size, claim.target) != (len(instruction.bytes),
                                            instruction.target):
            self._differ("branches", instruction.address,
                         f"{claim.size} bytes, to {claim.target:#x}",
                         instruction.text)

    def _leaders(self):
        """Where a block has to begin, as far as the code itself tells."""
        leaders = {}
        for function in self._claim.functions:
            leaders[function.address] = "the function's first instruction"
            for instruction in self._text.between(
                    function.address, function.address + function.size):
                if instruction.kind in (JCC, JMP):
                    leaders[instruction.target] = f"target of {instruction.text}"
                if instruction.kind == JCC and \
                        instruction.end < function.address + function.size:
                    leaders[instruction.end] = f"behind {instruction.text}"
        return leaders

    def _blocks(self):
        """Blocks cut the code at leaders and behind what leaves."""
        leaders = self._leaders()
        starts = {b.start for b in self._claim.blocks()}
        self.numbers["blocks"] = len(self._claim.blocks())
        for function in self._claim.functions:
            for leader in range(function.address,
                                function.address + function.size):
                if leader in leaders and leader not in starts:
                    self._differ("structure", leader, "no block begins here",
                                 leaders[leader])
            self._cuts(function)

    def _cuts(self, function):
        place = function.address
        for block in sorted(function.blocks, key=lambda b: b.start):
            if block.start < place or block.end <= block.start or \
                    block.end > function.address + function.size:
                self._differ("structure", block.start,
                             f"a block of {block.end - block.start} bytes",
                             "overlaps another one or leaves the function")
                return
            self._gap(place, block.start)
            self._straight(block)
            place = block.end
        self._gap(place, function.address + function.size)

    def _gap(self, start, end):
        """Between blocks: padding, or code that nothing leads to."""
        for instruction in self._text.between(start, end):
            if self._witness.ran[instruction.address]:
                self._differ("structure", instruction.address, "in no block",
                             f"{instruction.text} was executed "
                             f"{self._witness.ran[instruction.address]} times")
            elif not instruction.is_padding:
                self.numbers["instructions in no block"] += 1

    def _straight(self, block):
        """Nothing but the last instruction leaves the block, nothing enters it
        behind the first."""
        inside = self._text.between(block.start, block.end)
        if not inside or inside[0].address != block.start or \
                inside[-1].end != block.end:
            self._differ("structure", block.start,
                         f"a block of {block.end - block.start} bytes",
                         "does not fit objdump's instructions")
            return
        if _is_idle_tail_call(inside[-5:]):
            del inside[-4:]
        for before, after in zip(inside, inside[1:]):
            if before.kind in (JCC, JMP, LEAVE):
                self._differ("structure", before.address,
                             "in the middle of a block", before.text)
            came = self._witness.ran[before.address]
            if self._witness.ran[after.address] > came and before.kind != CALL:
                self._differ("structure", after.address,
                             "not a block's first instruction",
                             f"executed {self._witness.ran[after.address]} "
                             f"times, the one before it {came} times: entered "
                             "in the middle, or the log has lost lines")

    # -- coverage --

    def _compare(self, check, address, what, claim, ran, evidence):
        """One yes-or-no claim; EVIDENCE is what the witness saw."""
        self.numbers[f"{check}: ran"] += ran
        if claim is None:
            self.numbers[f"{check}: unknown"] += 1
            return
        self.numbers[f"{check}: reported"] += claim
        if claim and not ran:
            self.numbers[f"{check}: false positives"] += 1
        elif ran and not claim and self._complete:
            self.numbers[f"{check}: false negatives"] += 1
        if claim != ran and (claim or self._complete):
            self._differ(check, address, f"{what} {str(claim).lower()}",
                         evidence)

    def _covered(self):
        for block in self._claim.blocks():
            ran = self._witness.ran[block.start]
            self._compare("blocks", block.start, "covered", block.covered,
                          ran > 0, f"executed {ran} times")
        self._limit_unknown("blocks", len(self._claim.blocks()))
        if not self.numbers["blocks: ran"]:
            self._differ("blocks", 0, "", "no block ran: an empty test")

    def _outcomes(self):
        for branch in self._claim.branches():
            jump = self._witness.jumps.get(branch.address)
            if jump is None:
                continue        # _branches() has complained
            evidence = f"executed {self._witness.ran[branch.address]} times, " \
                f"taken {jump.taken}, fallen through {jump.fallthrough}, " \
                f"ambiguous {jump.ambiguous}"
            if jump.ambiguous:
                self._ambiguous(branch, jump, evidence)
                continue
            for side in ("taken", "fallthrough"):
                self._compare("outcomes", branch.address, side,
                              getattr(branch, side), getattr(jump, side) > 0,
                              evidence)
        if self._mode != "blocks":
            self._limit_unknown("outcomes", 2 * len(self._claim.branches()))

    def _ambiguous(self, branch, jump, evidence):
        """The witness does not know which way; but what it knows must be there,
        and one way at least."""
        self.numbers["outcomes: ambiguous"] += 2
        sides = (branch.taken, branch.fallthrough)
        if self._complete and (
                (jump.taken and branch.taken is False) or
                (jump.fallthrough and branch.fallthrough is False) or
                sides == (False, False)):
            self._differ("outcomes", branch.address,
                         f"taken {branch.taken}, "
                         f"fallthrough {branch.fallthrough}", evidence)

    def _limit_unknown(self, check, total):
        unknown = self.numbers[f"{check}: unknown"]
        if not unknown:
            return
        if not self._claim.refused:
            self._differ(check, 0, f"{unknown} null", "no site was refused")
        elif self._claim.is_whole and 100 * unknown > MAX_UNKNOWN * total:
            self._differ(check, 0, f"{unknown} of {total} null",
                         f"more than {MAX_UNKNOWN} %")

    def _counts(self):
        """Every passage, and no other; of jumps that follow from others no count is
        known."""
        if not self._claim.is_counted or self._mode == "blocks":
            return
        for branch in self._claim.branches():
            jump = self._witness.jumps.get(branch.address)
            if jump is None or jump.ambiguous or not branch.has_site:
                continue
            for side in ("taken", "fallthrough"):
                claim = getattr(branch, side + "_count")
                if getattr(branch, side) is not None and \
                        self._is_miscounted(claim, getattr(jump, side)):
                    self._differ("counts", branch.address, f"{side} {claim} "
                                 "times", f"{getattr(jump, side)} times")
        for function in self._claim.functions:
            ran = self._witness.ran[function.address]
            if function.has_entry_site and self._is_miscounted(function.hits, ran):
                self._differ("counts", function.address,
                             f"entered {function.hits} times", f"{ran} times")

    def _is_miscounted(self, claim, times):
        return claim > times or (self._complete and claim < times)

    def _entries(self):
        for function in self._claim.functions:
            ran = self._witness.ran[function.address]
            self._entered(function, ran)
            if not function.has_entry_site:
                self.numbers["entries: not watched"] += 1
                continue
            self._compare("entries", function.address, "hit",
                          function.hits > 0, ran > 0, f"executed {ran} times, "
                          f"{function.hits} hits reported")

    def _entered(self, function, ran):
        """A cold part is entered by jumps, anywhere."""
        if function.cold:
            ran = sum(self._witness.ran[i.address] for i in self._text.between(
                function.address, function.address + function.size))
        entered = function.entered
        if entered is not None and entered != (ran > 0) and \
                (entered or self._complete):
            self._differ("entries", function.address,
                         f"entered {str(function.entered).lower()}",
                         f"executed {ran} times")

    # -- the witness himself --

    def _log(self):
        """Is the log complete, and the target at rest before and after?"""
        for address, what in self._witness.strange:
            self._differ("log", address, "", what)
        for phase, name in ((1, "before the start"), (3, "after the stop")):
            for address, times in self._witness.passages[phase].items():
                if self._text.is_measured(address):
                    self._differ("log", address, "",
                                 f"executed {times} times {name}: not at rest")
        self.numbers["log lines"] = self._witness.lines
        self.numbers["executed instructions"] = sum(self._witness.ran.values())
        self.numbers["ambiguous stops"] = self._witness.ambiguous_stops
        self.numbers["interrupted jumps"] = self._witness.interrupted
        self.numbers["repeated jumps"] = self._witness.repeated

    def _executed_bytes(self):
        """What was executed at an address: the target's own instruction, a
        breakpoint, what ftrace and static keys put there, or a detour; nothing at
        all if it ran elsewhere."""
        elsewhere = self._witness.elsewhere
        self.numbers["executed elsewhere"] = len(elsewhere.moved)
        self.numbers["added instructions executed"] = elsewhere.added
        for address in self._witness.ran:
            own = self._text.instructions[address].bytes
            unknown = [] if address in elsewhere.moved else [b""]
            for dump in self._witness.dumps.get(address, unknown):
                kind = _changed(own, bytes(dump))
                if elsewhere.is_detour(address, dump) or elsewhere.is_short(address, dump):
                    kind = "detour"
                elif elsewhere.is_diverted(address, dump):
                    kind = "diverted jump"
                if kind == "foreign":
                    self._differ("text", address, "", f"{own.hex(' ')} was "
                                 f"executed as {dump.hex(' ') or 'unknown'}")
                self.numbers[f"executed as {kind}"] += 1


def _is_idle_tail_call(instructions):
    """A static call in front of a return, while it calls nobody: five bytes, of which
    the kernel makes a jump when there is somebody."""
    return [i.bytes for i in instructions] == [b"\xc3"] + 4 * [b"\xcc"]


# The second of five bytes is that of CPUs which kernels before 5.13 knew as K8 (a89dfde3dc3c,
# "x86: Remove dynamic NOP selection"): QEMU's.
NOPS = ((bytes.fromhex("0f 1f 44 00 00"), b"\xe8\xe9"),
        (bytes.fromhex("66 66 66 66 90"), b"\xe8\xe9"),
        (bytes.fromhex("66 90"), b"\xeb"))


def _changed(own, executed):
    if executed == own:
        return "itself"
    if executed == b"\xcc":
        return "breakpoint"
    if len(own) == len(executed) == 5 and own[0] == executed[0] == 0xe8:
        return "static call"
    # ftrace and static keys: a nop, or a call or jump of the same length.
    for nop, opcodes in NOPS:
        for one, other in ((own, executed), (executed, own)):
            if one == nop and len(other) == len(nop) and other[0] in opcodes:
                return "patched nop"
    return "foreign"


CHECKS = {
    "functions": Judge._functions,
    "branches": Judge._branches,
    "structure": Judge._blocks,
    "blocks": Judge._covered,
    "outcomes": Judge._outcomes,
    "entries": Judge._entries,
    "counts": Judge._counts,
    "log": Judge._log,
    "text": Judge._executed_bytes,
}
