# SPDX-License-Identifier: GPL-2.0-only
"""Tests of elsewhere.py, part of test_oracle.py.

A text with detours (fixture_moved.S) is executed by a simulator that writes the log
QEMU would have written; so is the text without them. The witness has to tell the same
of both.
"""

import collections
import dataclasses
import unittest
import unittest.mock

import fixture
import target_text
from elsewhere import decode, pushed
from exec_log import Witness
from fixture import BASES, ENGINE
from qemu_log import Log
from target_text import CALL, JCC, JMP, LEAVE, OTHER

SNAPSHOT, AT = fixture.build("fixture_moved.S")
STUBS = bytes.fromhex(SNAPSHOT["text"].pop(".stubs")["bytes"])
TEXT = target_text.Text(SNAPSHOT)


def jump(source, target, opcode=b"\xe9"):
    """A near jump's bytes."""
    behind = AT[source] + len(opcode) + 4
    return opcode + (AT[target] - behind).to_bytes(4, "little", signed=True)


def detour(region, stub):
    """The patch that sends REGION to STUB: the jump, and int3s up to the region's end."""
    at, has_jump = AT[region], False
    while at < AT[region] + 5 or not has_jump:
        instruction = TEXT.instructions[at]
        has_jump |= instruction.kind in (JCC, JMP, LEAVE)
        at = instruction.end
    return {region: jump(region, stub).ljust(at - AT[region], b"\xcc")}


class Machine(Log):
    """Executes the fixture with PATCHES, {label: bytes}, and writes QEMU's log."""

    def __init__(self, patches=()):
        super().__init__()
        self.content = bytearray(TEXT.bytes[".text"])
        for label, patch in dict(patches).items():
            start = AT[label] - BASES[".text"]
            self.content[start:start + len(patch)] = patch
        self._instructions = {
            i.address: i for base, content in
            ((BASES[".text"], bytes(self.content)), (BASES[".stubs"], STUBS))
            for i in target_text.disassemble(base, content)}
        # objdump goes astray in what is left of instructions behind a patch.
        self._instructions.update(
            (a, i) for a, i in TEXT.instructions.items() if a not in self._instructions)
        self._printed = set()
        self.mark("quiet")
        self.mark("start")

    def step(self, address):
        if address not in self._printed:
            self._printed.add(address)
            self.translated(address, self._instructions[address].bytes)
        self.trace(address)

    def path(self, address, ways):
        """The addresses that are executed from ADDRESS to the return; WAYS are the
        outcomes of the conditional jumps, those of stubs included."""
        ways = list(ways)
        stack = [None]
        while address is not None:
            instruction = self._instructions[address]
            yield address
            address = instruction.end
            if pushed(instruction.bytes):
                stack.append(pushed(instruction.bytes))
            elif instruction.kind == CALL:
                stack.append(address)
                address = instruction.target
            elif instruction.kind == LEAVE:
                address = stack.pop()
            elif instruction.kind == JMP or (instruction.kind == JCC and ways.pop(0)):
                address = instruction.target
        assert not ways

    def run(self, label, *ways):
        for address in self.path(AT[label], ways):
            self.step(address)
        return self

    def hear(self, learn=False):
        """What the witness says of it."""
        self.mark("stop")
        self.mark("end")
        witness = Witness(TEXT, ENGINE)
        if learn:
            witness.elsewhere.learn(".text", bytes(self.content))
        witness.read(iter(self.bytes().splitlines(keepends=True)))
        return witness


def story(witness):
    """All that it tells of what ran."""
    return (+collections.Counter(witness.ran),
            {a: (j.taken, j.fallthrough, j.ambiguous)
             for a, j in witness.jumps.items() if any(j.outcomes.values()) or j.ambiguous})


class ElsewhereTest(unittest.TestCase):
    """elsewhere.py, by way of exec_log.py"""

    def same(self, machine, *runs, learn=False):
        """MACHINE has done what the text without detours does in RUNS."""
        plain = Machine()
        for function, *ways in runs:
            plain.run(function, *ways)
        self.witness = machine.hear(learn)
        self.assertEqual(self.witness.strange, [])
        self.assertEqual(story(self.witness), story(plain.hear()))

    def test_direct_jumps(self):
        for content, kind, condition, target in (
                ("eb fe", JMP, None, 0x1000), ("e9 fb 00 00 00", JMP, None, 0x1100),
                ("74 fe", JCC, 4, 0x1000), ("2e 75 00", JCC, 5, 0x1003),
                ("0f 8f fa 00 00 00", JCC, 15, 0x1100),
                ("e3 02", JCC, (0xe3, False), 0x1004),
                ("67 e3 02", JCC, (0xe3, True), 0x1005),
                ("e2 fe", JCC, (0xe2, False), 0x1000),
                ("0f 94 c0", OTHER, None, None), ("cc", OTHER, None, None),
                ("ff e0", OTHER, None, None), ("", OTHER, None, None)):
            with self.subTest(content):
                self.assertEqual(decode(bytes.fromhex(content), 0x1000),
                                 (kind, condition, target))

    def test_instructions_in_front_go_along(self):
        for stub in ("stub_before", "stub_before_known", "stub_before_counts"):
            with self.subTest(stub):
                machine = Machine(detour("before_region", stub))
                machine.run("before", True).run("before", False).run("before", True)
                self.same(machine, ("before", True), ("before", False), ("before", True))
                self.assertEqual(self.witness.elsewhere.moved,
                                 {AT["before_region"], AT["before_jump"]})

    def test_what_is_known_is_left_out(self):
        """The conditional jump of a stub may be carried out twice, or by its opposite."""
        for stub, taken, fallen in (("known_fallen", (True, True), (False,)),
                                    ("known_taken", (False,), (True, False))):
            with self.subTest(stub):
                machine = Machine(detour("before_region", f"stub_before_{stub}"))
                machine.run("before", *taken).run("before", *fallen).run("before", *taken)
                self.same(machine, ("before", True), ("before", False), ("before", True))
                self.assertEqual(self.witness.elsewhere.moved,
                                 {AT["before_region"], AT["before_jump"]})

    def test_passage_without_a_jump(self):
        """What the stub adds looks like what follows in the text, and that is seen
        to be as it was."""
        patch = {"passage_region": jump("passage_region", "stub_passage")}
        machine = Machine(patch).run("passage", True).run("passage", False)
        self.same(machine, ("passage", True), ("passage", False), learn=True)
        self.assertEqual(self.witness.elsewhere.moved, {AT["passage_region"]})

    def island(self, copy, function="islands"):
        """A machine whose short jump goes to FUNCTION's stub, and the island to COPY."""
        island, second, short = (f"{function}_{what}" for what in ("island", "second", "jump"))
        both = jump(island, copy) + jump(second, f"stub_{function}")
        return Machine({island: both.ljust(11, b"\xcc"),
                        short: bytes([0xeb, AT[second] - (AT[short] + 2) & 0xff])})

    def test_a_short_jump_by_way_of_an_island(self):
        machine = self.island("stub_islands_copy")
        machine.run("islands", True).run("islands", False).run("islands", False)
        self.same(machine, ("islands", True), ("islands", False), ("islands", False), learn=True)
        start = AT["islands_island"]
        self.assertEqual(self.witness.elsewhere.moved,
                         {start, start + 7, start + 9, AT["islands_jump"]})

    def test_a_short_jump_in_place_of_another(self):
        """Both begin with the same byte. The island is entered before the jump."""
        machine = self.island("stub_skips_copy", "skips").run("skips")
        self.same(machine, ("skips",), learn=True)
        self.assertIn(AT["skips_jump"], self.witness.elsewhere.moved)

    def test_an_island_that_has_lost_an_instruction(self):
        machine = self.island("stub_islands_wrong").run("islands", True)
        self.assertTrue(machine.hear(learn=True).strange)

    def test_a_short_jump_to_anywhere_else(self):
        machine = Machine({"islands_jump": b"\xeb\x00"})
        machine.step(AT["islands_jump"])
        witness = machine.hear(learn=True)
        self.assertFalse(witness.elsewhere.is_short(AT["islands_jump"], b"\xeb\x00"))

    def test_the_beginning_of_a_near_jump_is_no_short_one(self):
        witness = self.island("stub_islands_copy").run("islands", True).hear(learn=True)
        short = AT["islands_second"] - (AT["islands_jump"] + 2) & 0xff
        for opcode, expected in ((0xeb, True), (0xe9, False)):
            self.assertEqual(witness.elsewhere.is_short(
                AT["islands_jump"], bytes([opcode, short])), expected)

    def test_a_static_branch_that_leads_to_a_detour_is_none(self):
        witness = self.island("stub_islands_copy").run("islands", True).hear(learn=True)
        own = TEXT.instructions[AT["islands_jump"]]
        jump = bytes([0xeb, AT["islands_second"] - own.end & 0xff])
        self.assertTrue(witness.elsewhere.is_short(own.address, jump))
        nop = dataclasses.replace(own, bytes=b"\x66\x90")
        with unittest.mock.patch.dict(TEXT.instructions, {own.address: nop}):
            self.assertFalse(witness.elsewhere.is_short(own.address, jump))

    def test_instructions_behind_go_along(self):
        """... and what the stub adds looks like what follows in the text."""
        machine = Machine(detour("after_region", "stub_after"))
        # test, je; js; the stub's own jrcxz
        machine.run("after", True).run("after", False, True, True)
        machine.run("after", False, False, False).run("after", False, True, False)
        self.same(machine, ("after", True), ("after", False, True),
                  ("after", False, False), ("after", False, True))
        self.assertEqual(self.witness.elsewhere.added, 3 * 3 + 3 + 3 * 1 + 2)

    def test_a_loop_that_is_the_region(self):
        machine = Machine(detour("body_region", "stub_body"))
        machine.run("body", True, True, False).run("body", False)
        self.same(machine, ("body", True, True, False), ("body", False))

    def test_a_counting_jump(self):
        """Both ways lead to the region's end; what ran tells them apart."""
        machine = Machine(detour("counted_region", "stub_counted"))
        machine.run("counted", True).run("counted", False).run("counted", False)
        self.same(machine, ("counted", True), ("counted", False), ("counted", False))

    def test_a_jump_with_one_side_diverted(self):
        machine = Machine({"near_region": jump("near_region", "stub_near_taken",
                                               b"\x0f\x84")})
        machine.run("near", True).run("near", False)
        self.same(machine, ("near", True), ("near", False))
        self.assertTrue(self.witness.elsewhere.is_diverted(
            AT["near_region"], jump("near_region", "stub_near_taken", b"\x0f\x84")))

    def test_a_call_at_the_end(self):
        machine = Machine(detour("calls_region", "stub_calls"))
        machine.run("calls", True).run("calls", False).run("calls", False)
        self.same(machine, ("calls", True), ("calls", False), ("calls", False))
        self.assertEqual(self.witness.elsewhere.moved, {AT["calls_jump"], AT["calls_call"]})

    def test_a_jump_at_the_end(self):
        machine = Machine(detour("jumps_region", "stub_jumps")).run("jumps")
        self.same(machine, ("jumps",))
        self.assertEqual(self.witness.elsewhere.moved,
                         {AT["jumps_region"], AT["jumps_jump"]})

    def test_a_return_at_the_end(self):
        machine = Machine(detour("returns_region", "stub_returns"))
        machine.run("returns", False).run("returns", True)
        self.same(machine, ("returns", False), ("returns", True))
        self.assertIn(AT["returns_return"], self.witness.elsewhere.moved)

    def test_wrong_calls(self):
        for stub in ("wrong_return", "left_out"):
            with self.subTest(stub):
                machine = Machine(detour("calls_region", f"stub_calls_{stub}"))
                for address in list(machine.path(AT["calls"], [False]))[:4]:
                    machine.step(address)
                self.assertTrue(machine.hear().strange)

    def test_wrong_stubs(self):
        for stub in ("wrong_operand", "not_adjusted", "wrong_condition", "left_out",
                     "wrong_way", "too_early", "exchanged"):
            with self.subTest(stub):
                machine = Machine(detour("before_region", f"stub_before_{stub}"))
                machine.run("before", False)
                self.assertTrue(machine.hear().strange)

    def test_interrupted_everywhere(self):
        """... by the same code, which goes the other way."""
        patches = detour("before_region", "stub_before")
        length = len(list(Machine(patches).path(AT["before"], [True])))
        for place in range(length):
            with self.subTest(place):
                machine = Machine(patches)
                path = list(machine.path(AT["before"], [True]))
                for address in path[:place]:
                    machine.step(address)
                machine.interrupt(path[place])
                machine.run("before", False)
                for address in path[place:]:
                    machine.step(address)
                self.same(machine, ("before", True), ("before", False))

    def test_stopped_everywhere(self):
        machine = Machine(detour("after_region", "stub_after"))
        for address in machine.path(AT["after"], [False, False, False]):
            machine.step(address)
            machine.stopped(address)
            machine.step(address)
        self.same(machine, ("after", False, False))

    def test_int3_while_the_detour_is_being_made(self):
        """It leads to the stub, though no jump there has been seen yet."""
        machine = Machine(detour("before_region", "stub_before"))
        machine.translated(AT["before_region"], b"\xcc")
        machine.trace(AT["before_region"])
        machine.interrupt(AT["before_region"], vector="03")
        for address in list(machine.path(AT["before"], [True]))[1:]:
            machine.step(address)
        self.same(machine, ("before", True), learn=True)

    def test_interrupted_behind_an_int3(self):
        """The code that decides the jump is no detour's, and the interrupt's own code is
        not where the jump has gone."""
        machine = Machine()
        path = list(machine.path(AT["before"], [True]))
        for address in path[:2]:
            machine.step(address)
        machine.interrupt(path[1], vector="03")
        machine.trace(ENGINE[0] + ENGINE[1] - 16)
        machine.interrupt(ENGINE[0] + ENGINE[1] - 16)
        machine.run("near", False)
        for address in path[2:]:
            machine.step(address)
        witness = machine.hear()
        self.assertEqual(witness.strange, [])
        self.assertEqual(witness.jumps[AT["before_jump"]].ambiguous, 1)
        self.assertEqual(witness.jumps[AT["near_jump"]].fallthrough, 1)

    def test_given_back(self):
        """The text's own bytes are translated again."""
        machine = Machine(detour("before_region", "stub_before")).run("before", True)
        for address in Machine().path(AT["before"], [False]):
            machine.translated(address, TEXT.instructions[address].bytes)
            machine.trace(address)
        self.same(machine, ("before", True), ("before", False))

    def test_jump_to_somewhere_else(self):
        """Is no detour: kprobes makes such jumps too."""
        witness = Witness(TEXT, (ENGINE[0] + ENGINE[1], 16))
        self.assertFalse(witness.elsewhere.is_detour(
            AT["before_region"], jump("before_region", "stub_before")))
        self.assertFalse(Witness(TEXT).elsewhere.is_detour(
            AT["before_region"], jump("before_region", "stub_before")))
