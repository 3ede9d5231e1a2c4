#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of the oracle itself: does it see what it has to see, and only that?

A little text (fixture.S) is linked to fixed addresses, executed by a simulator
that writes the log QEMU would have written, and claims about it, right and
wrong, are put before the judge.
"""

import collections
import contextlib
import copy
import io
import json
import lzma
import os
import struct
import sys
import tempfile
import unittest
import unittest.mock

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)

import damage                                               # noqa: E402
import fixture                                              # noqa: E402
import oracle                                               # noqa: E402
import target_text                                          # noqa: E402
import test_elsewhere                                       # noqa: E402
import test_resume                                          # noqa: E402
from exec_log import Witness                                # noqa: E402
from fixture import BASES, ENGINE, MARK_AT                  # noqa: E402
from judge import Claim, Judge                              # noqa: E402
from target_text import CALL, JCC, JMP, LEAVE, OTHER, TRAP  # noqa: E402

SNAPSHOT, AT = fixture.build("fixture.S")
TEXT = target_text.Text(SNAPSHOT)


class Machine:
    """Executes the fixture, writes QEMU's log, and remembers the truth."""

    def __init__(self):
        self.log = []
        self.ran = collections.Counter()
        self.outcomes = collections.Counter()

    def trace(self, address, cpu=0, flags="ff000201"):
        self.log.append(f"Trace {cpu}: 0x7f{address & 0xffffff:06x} "
                        f"[0000000000000000/{address:016x}/18c0c2b0/{flags}] \n")

    def stopped(self, address):
        self.log.append("Stopped execution of TB chain before "
                        f"0x7f{address & 0xffffff:06x} [{address:016x}] \n")

    def translated(self, address, content):
        self.log.append("----------------\nIN: \n")
        for i in range(0, len(content), 8):
            text = "insn" if i == 0 else ""
            self.log.append(f"0x{address + i:016x}:  "
                            f"{content[i:i + 8].hex(' '):23}  {text}\n")
        self.log.append("\n")

    def interrupt(self, address, vector="ec"):
        """ADDRESS: where the interrupted code will go on."""
        if vector != "03":
            self.log.append(f"Servicing hardware INT=0x{vector}\n")
        self.log.append(f"     0: v={vector} e=0000 i=0 cpl=0 IP=0010:{address:016x}"
                        f" pc={address:016x} SP=0018:ffa0000000637b90"
                        " env->regs[R_EAX]=ffa0000000637ce8\n"
                        "RAX=ffa0000000637ce8 RBX=ffa0000000637bc0\n")

    def mark(self, name):
        self.trace(MARK_AT[name])

    def step(self, address, cpu=0):
        """One instruction of the target."""
        instruction = TEXT.instructions[address]
        if not self.ran[address]:
            self.translated(address, instruction.bytes)
        self.ran[address] += 1
        self.trace(address, cpu)
        return instruction

    def path(self, function, *ways):
        """The addresses that FUNCTION runs through, WAYS being the conditional
        jumps' outcomes; what it calls in the fixture goes along."""
        ways, returns, address = list(ways), [], AT[function]
        while address is not None:
            instruction = TEXT.instructions[address]
            yield address
            address = instruction.end
            if instruction.kind == JCC:
                taken = ways.pop(0)
                self.outcomes[instruction.address, taken] += 1
                address = instruction.target if taken else address
            elif instruction.kind == CALL:
                returns.append(address)
                address = instruction.target
            elif instruction.kind == JMP:
                address = instruction.target
            elif instruction.kind == LEAVE:
                address = returns.pop() if returns else None
            if address not in TEXT.instructions:
                address = None
        assert not ways

    def run(self, function, *ways, cpu=0):
        for address in self.path(function, *ways):
            self.step(address, cpu)

    def run_until(self, path, address, cpu=0):
        """Execute PATH up to and with ADDRESS."""
        for place in path:
            self.step(place, cpu)
            if place == address:
                return

    def begin(self):
        self.mark("quiet")
        self.mark("start")
        return self

    def finish(self):
        self.mark("stop")
        self.mark("end")
        return self

    def bytes(self):
        return "".join(self.log).encode()


def witness_of(log):
    witness = Witness(TEXT, ENGINE)
    witness.read(iter(log.splitlines(keepends=True)))
    return witness


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


def usual_run():
    """Most functions, most ways, some twice."""
    machine = Machine().begin()
    machine.run("two_ways", True, False)
    machine.run("two_ways", False, True)
    machine.run("two_ways", False, False)
    machine.run("caller", True, True, False, False)
    machine.run("warns", False)
    machine.run("around", True)
    return machine.finish()


class TextTest(unittest.TestCase):
    """target_text.py"""

    def test_instruction_kinds(self):
        for content, kind, target in (
                ("74 10", JCC, 0x1012), ("0f 8f 00 01 00 00", JCC, 0x1106),
                ("2e 74 fe", JCC, 0x1001), ("3e 0f 85 f9 ff ff ff", JCC, 0x1000),
                ("e3 02", JCC, 0x1004), ("67 e3 02", JCC, 0x1005),
                ("e2 fe", JCC, 0x1000), ("e0 fe", JCC, 0x1000),
                ("e1 fe", JCC, 0x1000), ("eb fe", JMP, 0x1000),
                ("e9 fb 00 00 00", JMP, 0x1100), ("f2 e9 fa 00 00 00", JMP, 0x1100),
                ("ff e0", LEAVE, None), ("3e ff e0", LEAVE, None),
                ("ff 24 c5 00 00 00 00", LEAVE, None), ("c3", LEAVE, None),
                ("f3 c3", LEAVE, None), ("cb", LEAVE, None),
                ("48 cf", LEAVE, None), ("e8 fb 00 00 00", CALL, 0x1100),
                ("ff d0", CALL, None), ("0f 0b", TRAP, None),
                ("90", OTHER, None), ("0f 94 c0", OTHER, None),
                ("f3 a4", OTHER, None), ("cc", OTHER, None)):
            with self.subTest(content):
                found = list(target_text.disassemble(
                    0x1000, bytes.fromhex(content)))
                self.assertEqual([(i.kind, i.target) for i in found],
                                 [(kind, target)])
                self.assertEqual(found[0].bytes, bytes.fromhex(content))

    def test_functions_of_the_symbol_table(self):
        names = {"/".join(sorted(f.names)) for f in TEXT.functions}
        self.assertEqual(names, {"two_ways", "loop_body", "no_way", "caller",
                                 "warns", "alias/named", "around",
                                 "fixes", "idle_tail", "two_ways.cold"})

    def test_function_that_ends_inside_an_instruction(self):
        snapshot = copy.deepcopy(SNAPSHOT)
        snapshot["functions"][0]["sizes"] = [1]
        with self.assertRaises(target_text.Error):
            target_text.Text(snapshot)

    def test_selected_functions(self):
        text = target_text.Text(SNAPSHOT, ["t?o_ways", "al?as"])
        self.assertEqual([sorted(f.names) for f in text.functions],
                         [["two_ways"], ["alias", "named"], ["two_ways.cold"]])

    def test_not_elf(self):
        with self.assertRaises(target_text.Error):
            target_text.ElfFile(b"\x7fELF\x01\x01" + bytes(64))

    def test_compressed_module(self):
        with tempfile.NamedTemporaryFile(suffix=".ko.xz") as file:
            file.write(lzma.compress(b"module"))
            file.flush()
            self.assertEqual(target_text.read_module_file(file.name), b"module")

    def test_kcore(self):
        header = bytearray(0x40)
        struct.pack_into("<Q", header, 0x20, 0x40)
        struct.pack_into("<HH", header, 0x36, 56, 2)
        entries = struct.pack("<IIQQQQQQ", 4, 0, 0, 0x1000, 0, 99, 99, 0) + \
            struct.pack("<IIQQQQQQ", 1, 0, 0x100, 0x1000, 0, 8, 8, 0)
        core = bytes(header) + entries
        core += bytes(0x100 - len(core)) + b"01234567 and more"
        with tempfile.NamedTemporaryFile() as file:
            file.write(core)
            file.flush()
            self.assertEqual(target_text.read_kcore(0x1002, 3, file.name), b"234")
            for start, size in ((0xfff, 1), (0x1006, 3), (0x2000, 1)):
                with self.assertRaises(target_text.Error):
                    target_text.read_kcore(start, size, file.name)


class LogTest(unittest.TestCase):
    """exec_log.py"""

    def outcomes(self, machine, label):
        """(taken, fallthrough, ambiguous) of a jump."""
        self.witness = witness_of(machine.bytes())
        jump = self.witness.jumps[AT[label]]
        return jump.taken, jump.fallthrough, jump.ambiguous

    def test_counts_what_the_machine_ran(self):
        machine = usual_run()
        witness = witness_of(machine.bytes())
        self.assertEqual(witness.ran, machine.ran)
        self.assertEqual(witness.strange, [])
        for (address, taken), times in machine.outcomes.items():
            jump = witness.jumps[address]
            self.assertEqual(jump.taken if taken else jump.fallthrough, times)

    def test_stopped_block_did_not_run(self):
        machine = Machine().begin()
        machine.trace(AT["two_ways"])
        machine.stopped(AT["two_ways"])
        witness = witness_of(machine.finish().bytes())
        self.assertFalse(+witness.ran)
        self.assertEqual(witness.stopped, 1)

    def test_stopped_block_is_tried_again(self):
        machine = Machine().begin()
        for address in machine.path("two_ways", True, False):
            machine.trace(address)
            machine.stopped(address)
            machine.step(address)
        self.assertEqual(self.outcomes(machine.finish(), "two_ways_if"), (1, 0, 0))
        self.assertEqual(self.witness.ran, machine.ran)

    def test_stop_of_another_cpu(self):
        machine = Machine().begin()
        machine.trace(AT["two_ways"], cpu=0)
        machine.trace(AT["loop_body"], cpu=1)
        machine.stopped(AT["two_ways"])
        witness = witness_of(machine.finish().bytes())
        self.assertEqual(+witness.ran, {AT["loop_body"]: 1})
        self.assertEqual(witness.ambiguous_stops, 0)

    def test_stop_of_two_cpus_at_one_place(self):
        machine = Machine().begin()
        machine.trace(AT["two_ways"], cpu=0)
        machine.trace(AT["two_ways"], cpu=1)
        machine.stopped(AT["two_ways"])
        witness = witness_of(machine.finish().bytes())
        self.assertEqual(+witness.ran, {AT["two_ways"]: 1})
        self.assertEqual(witness.ambiguous_stops, 1)

    def test_stop_without_begin_is_strange(self):
        machine = Machine().begin()
        machine.stopped(AT["two_ways"])
        self.assertTrue(witness_of(machine.finish().bytes()).strange)

    def test_interrupt_between_a_jump_and_its_target(self):
        """... that runs the very same function, the other way, and sleeps: its
        record tells where the jump went."""
        machine = Machine().begin()
        one = machine.path("two_ways", True, False)
        two = machine.path("two_ways", False, False)
        machine.run_until(one, AT["two_ways_if"])
        machine.interrupt(AT["two_ways_else"])
        machine.run_until(two, AT["two_ways_rare"])
        machine.interrupt(AT["two_ways_back"])
        machine.run_until(one, None)
        machine.run_until(two, None)
        self.assertEqual(self.outcomes(machine.finish(), "two_ways_if"), (1, 1, 0))
        self.assertEqual(self.outcomes(machine, "two_ways_rare"), (0, 2, 0))
        self.assertEqual(self.witness.strange, [])
        self.assertEqual(self.witness.interrupted, 2)

    def test_jump_is_logged_twice_and_stopped(self):
        """It has not gone either way yet, and what interrupts it runs the same function."""
        machine = Machine().begin()
        path = machine.path("two_ways", True, False)
        machine.run_until(path, AT["two_ways"] + 5)
        machine.trace(AT["two_ways_if"])
        machine.trace(AT["two_ways_if"])
        machine.stopped(AT["two_ways_if"])
        machine.interrupt(AT["two_ways_if"])
        machine.run("two_ways", False, True)
        machine.run_until(path, None)
        self.assertEqual(self.outcomes(machine.finish(), "two_ways_if"), (1, 1, 0))
        self.assertEqual(self.witness.ran, machine.ran)
        self.assertEqual(self.witness.strange, [])

    def test_interrupt_after_the_target_was_begun(self):
        machine = Machine().begin()
        path = machine.path("two_ways", True, False)
        machine.run_until(path, AT["two_ways_if"])
        machine.trace(AT["two_ways_else"])
        machine.stopped(AT["two_ways_else"])
        machine.interrupt(AT["two_ways_else"])
        machine.run("two_ways", False, True)
        machine.run_until(path, None)
        self.assertEqual(self.outcomes(machine.finish(), "two_ways_if"), (1, 1, 0))
        self.assertEqual(self.witness.ran, machine.ran)

    def test_breakpoint_on_a_jump(self):
        """The record of the breakpoint itself is no outcome, even where a
        breakpoint's address is one."""
        for label in ("two_ways_if", "two_ways_else"):
            machine = Machine().begin()
            path = machine.path("two_ways", True, False)
            machine.run_until(path, AT["two_ways_if"])
            machine.interrupt(AT[label], vector="03")
            machine.trace(0xffffffffc0300000)
            machine.run_until(path, None)
            self.assertEqual(self.outcomes(machine.finish(), "two_ways_if"),
                             (1, 0, 0))
            self.assertEqual(self.witness.interrupted, 0)
            self.assertEqual(self.witness.strange, [])

    def test_interrupt_elsewhere(self):
        machine = Machine().begin()
        path = machine.path("two_ways", True, False)
        machine.run_until(path, AT["two_ways_else"])
        machine.interrupt(AT["two_ways_end"])
        machine.interrupt(0xffffffff81000000)
        machine.run_until(path, None)
        self.assertEqual(self.outcomes(machine.finish(), "two_ways_if"), (1, 0, 0))
        self.assertEqual(self.witness.interrupted, 0)

    def test_interrupt_of_one_of_several_cpus_is_ambiguous(self):
        machine = Machine().begin()
        machine.step(AT["loop_body"], cpu=1)
        path = machine.path("two_ways", True, False)
        machine.run_until(path, AT["two_ways_if"])
        machine.interrupt(AT["two_ways_else"])
        machine.run("loop_body", False)
        machine.run_until(path, None)
        self.assertEqual(self.outcomes(machine.finish(), "two_ways_if"), (0, 0, 1))
        self.assertEqual(self.outcomes(machine, "two_ways_rare"), (0, 1, 0))
        self.assertEqual(self.witness.strange, [])

    def test_jump_to_another_function(self):
        machine = Machine().begin()
        machine.run("caller", False, True, True, False)
        self.assertEqual(self.outcomes(machine.finish(), "caller_jump"), (1, 0, 0))

    def test_jump_to_the_next_instruction_is_ambiguous(self):
        machine = Machine().begin()
        machine.run("no_way", True)
        self.assertEqual(self.outcomes(machine.finish(), "no_way_jump"), (0, 0, 1))

    def test_jump_out_of_the_text_is_ambiguous(self):
        machine = Machine().begin()
        machine.run("named", True)
        machine.run("loop_body", False)
        self.assertEqual(self.outcomes(machine.finish(), "named_jump"), (0, 0, 1))
        self.assertEqual(self.witness.strange, [])

    def test_jump_that_is_executed_again(self):
        """A breakpoint that was removed while its handler ran."""
        machine = Machine().begin()
        path = machine.path("two_ways", True, False)
        machine.run_until(path, AT["two_ways_if"])
        machine.trace(AT["two_ways_if"])
        machine.run_until(path, None)
        self.assertEqual(self.outcomes(machine.finish(), "two_ways_if"), (1, 0, 0))
        self.assertEqual(self.witness.repeated, 1)
        self.assertEqual(self.witness.strange, [])

    def test_jump_still_open_at_the_end_is_ambiguous(self):
        machine = Machine().begin()
        machine.run_until(machine.path("two_ways", True, False),
                          AT["two_ways_if"])
        self.assertEqual(self.outcomes(machine.finish(), "two_ways_if"), (0, 0, 1))

    def test_repeated_instruction_is_one_passage(self):
        """`rep movs`, or an instruction that faulted; a return is another one."""
        machine = Machine().begin()
        for address in machine.path("fixes"):
            for _ in range(3):
                machine.trace(address)
        witness = witness_of(machine.finish().bytes())
        self.assertEqual(witness.ran[AT["fixes_rep"]], 1)
        self.assertEqual(witness.ran[AT["fixes_rep"] + 2], 3)

    def test_jump_before_the_start_does_not_count(self):
        machine = Machine()
        machine.run("two_ways", True, True)
        machine.begin().finish()
        self.assertEqual(self.outcomes(machine, "two_ways_if"), (0, 0, 0))
        self.assertFalse(+self.witness.ran)

    def test_continuation_elsewhere_is_strange(self):
        machine = Machine().begin()
        machine.run_until(machine.path("two_ways", True, False),
                          AT["two_ways_if"])
        machine.step(AT["loop_head"])
        witness = witness_of(machine.finish().bytes())
        self.assertEqual([a for a, _ in witness.strange], [AT["loop_head"]])

    def test_execution_inside_an_instruction_is_strange(self):
        machine = Machine().begin()
        machine.trace(AT["two_ways"] + 1)
        witness = witness_of(machine.finish().bytes())
        self.assertEqual([a for a, _ in witness.strange], [AT["two_ways"] + 1])

    def test_cpus_side_by_side(self):
        machine = Machine().begin()
        one = machine.path("two_ways", True, False)
        two = machine.path("two_ways", False, True)
        for first, second in zip(one, two):
            machine.step(first, cpu=0)
            machine.step(second, cpu=11)
        for rest in (one, two):
            machine.run_until(rest, None, cpu=11 if rest is two else 0)
        self.assertEqual(self.outcomes(machine.finish(), "two_ways_if"), (1, 1, 0))
        self.assertEqual(self.outcomes(machine, "two_ways_rare"), (1, 1, 0))
        self.assertEqual(self.witness.strange, [])

    def test_block_of_several_instructions(self):
        """Is refused between start and stop; at other times it is enough to
        know that something ran."""
        machine = Machine()
        machine.translated(AT["two_ways"], bytes(20))
        machine.trace(AT["two_ways"], flags="ff000200")
        machine.begin().finish()
        witness = witness_of(machine.bytes())
        self.assertFalse(+witness.ran or witness.dumps)
        machine = Machine().begin()
        machine.trace(AT["two_ways"], flags="ff000200")
        with self.assertRaisesRegex(target_text.Error, "single-stepping"):
            witness_of(machine.finish().bytes())

    def test_other_modules_do_not_matter(self):
        machine = Machine().begin()
        machine.trace(0xffffffffc0300000, flags="ff000200")
        machine.stopped(0xffffffffc0300000)
        witness = witness_of(machine.finish().bytes())
        self.assertFalse(+witness.ran or witness.strange)

    def test_missing_and_misplaced_marks(self):
        machine = Machine().begin()
        with self.assertRaisesRegex(target_text.Error, "last mark is start"):
            witness_of(machine.bytes())
        machine.mark("end")
        with self.assertRaisesRegex(target_text.Error, "out of order"):
            witness_of(machine.bytes())
        with self.assertRaisesRegex(target_text.Error, "last mark is none"):
            witness_of(b"")

    def test_bytes_of_a_long_instruction(self):
        machine = Machine().begin()
        content = bytes(range(0x10, 0x1f))
        machine.translated(AT["two_ways"], content)
        machine.step(AT["two_ways"])
        witness = witness_of(machine.finish().bytes())
        self.assertEqual(bytes(witness.dumps[AT["two_ways"]][0]), content)


class JudgeTest(unittest.TestCase):
    """judge.py"""

    def failing(self, verdict):
        return sorted({d.check for d in verdict.differences})

    def test_right_claim(self):
        for mode in ("blocks", "edges"):
            verdict = judged(usual_run(), mode=mode)
            self.assertEqual(verdict.differences, [])
        self.assertEqual(verdict.numbers["functions"], 10)
        self.assertEqual(verdict.numbers["branches"], 8)
        self.assertEqual(verdict.numbers["blocks: false positives"], 0)
        self.assertEqual(verdict.numbers["blocks: ran"],
                         verdict.numbers["blocks: reported"])

    def test_every_damage_is_noticed(self):
        machine = usual_run()
        witness = witness_of(machine.bytes())
        for mode in ("blocks", "edges", "count"):
            document = claim_of(machine)
            sight = oracle.Sight(TEXT, witness, mode != "blocks", True)
            self.assertEqual(
                list(oracle.unnoticed(document, TEXT, witness, mode)), [])
            self.assertGreater(len(list(damage.damaged(
                document, "fixture", sight))), 50)

    def test_every_lost_address_is_noticed(self):
        """All lines of an address gone: of each block's first instruction, and
        of each jump's successors, which are first instructions."""
        machine = usual_run()
        document = claim_of(machine)
        for block in Claim(document, "fixture").blocks():
            if not block.covered:
                continue
            spoilt = Machine()
            spoilt.log = [line for line in machine.log
                          if not (line.startswith("Trace") and
                                  f"/{block.start:016x}/" in line)]
            with self.subTest(hex(block.start)):
                self.assertTrue(judged(spoilt, document).differences)

    def test_wrong_bits(self):
        for label, what, key, value, number in (
                ("two_ways", "blocks", "covered", False, "false negatives"),
                ("no_way", "blocks", "covered", True, "false positives"),
                ("two_ways_if", "branches", "taken", False, "false negatives"),
                ("loop_jump", "branches", "fallthrough", False,
                 "false negatives"),
                ("warns_jump", "branches", "taken", True, "false positives")):
            with self.subTest(f"{label} {key}"):
                machine = usual_run()
                document = claim_of(machine)
                find(document, label, what)[key] = value
                verdict = judged(machine, document)
                check = "blocks" if what == "blocks" else "outcomes"
                self.assertEqual(self.failing(verdict), [check])
                self.assertEqual(verdict.numbers[f"{check}: {number}"], 1)
                self.assertEqual(len(verdict.differences), 1)
                words = oracle.in_words(TEXT, verdict.differences[0])
                self.assertIn(f"{AT[label]:#x}", words)
                self.assertIn("executed", words)

    def test_finer_blocks_are_right(self):
        machine = usual_run()
        document = claim_of(machine)
        function = document["targets"][0]["functions"][0]
        first = function["blocks"][0]
        function["blocks"].insert(1, {
            "offset": first["offset"] + 5, "size": first["size"] - 5,
            "covered": True})
        first["size"] = 5
        self.assertEqual(judged(machine, document).differences, [])

    def test_block_entered_in_the_middle(self):
        """By a way that no jump tells of, such as a fix-up."""
        machine = Machine().begin()
        machine.run("two_ways", True, False)
        middle = next(i for i in TEXT.functions[1].instructions[1:])
        machine.step(middle.end)
        verdict = judged(machine.finish())
        self.assertEqual(self.failing(verdict), ["structure"])

    def test_return_into_a_block(self):
        """A task that slept in a call when the measurement began."""
        machine = Machine().begin()
        machine.run("two_ways", True, False)
        path = machine.path("caller", False, False)
        for address in list(path)[-3:]:
            machine.step(address)
        machine.outcomes[AT["loop_jump"], False] = 0
        self.assertEqual(judged(machine.finish()).differences, [])

    def blocks_of(self, document, name):
        return next(f["blocks"] for f in document["targets"][0]["functions"]
                    if f["name"] == name)

    def structure_fails(self, machine, document, how):
        self.assertIn(("structure", how), {
            (d.check, d.claim) for d in judged(machine, document).differences})

    def test_code_in_no_block(self):
        """It may be left out, for nothing leads there; unless it runs."""
        machine = Machine().begin()
        machine.run("fixes")
        document = claim_of(machine)
        del self.blocks_of(document, "fixes")[1]
        verdict = judged(machine.finish(), document)
        self.assertEqual(verdict.differences, [])
        self.assertEqual(verdict.numbers["instructions in no block"], 2)
        machine = Machine().begin()
        machine.run("fixes")
        machine.step(AT["fixes_up"])
        self.structure_fails(machine.finish(), document, "in no block")

    def test_block_goes_on_behind_a_return(self):
        machine = usual_run()
        document = claim_of(machine)
        blocks = self.blocks_of(document, "fixes")
        blocks[0]["size"] += blocks.pop(1)["size"]
        self.structure_fails(machine, document, "in the middle of a block")

    def test_static_call_that_calls_nobody(self):
        """It is one instruction of five bytes, whatever it is now."""
        machine = Machine().begin()
        machine.run("idle_tail")
        document = claim_of(machine.finish())
        blocks = self.blocks_of(document, "idle_tail")
        blocks[0]["size"] += blocks.pop(1)["size"]
        self.assertEqual(judged(machine, document).differences, [])

    def test_no_block_at_a_jump_target(self):
        """... into which the block before it falls; none of it ran."""
        machine = Machine().begin()
        machine.run("loop_body", False)
        document = claim_of(machine)
        blocks = self.blocks_of(document, "two_ways")
        self.assertEqual(blocks[3]["offset"],
                         AT["two_ways_end"] - BASES[".text"])
        blocks[2]["size"] += blocks.pop(3)["size"]
        self.structure_fails(machine.finish(), document, "no block begins here")

    def test_overlapping_blocks(self):
        machine = usual_run()
        document = claim_of(machine)
        blocks = self.blocks_of(document, "two_ways")
        blocks.append(blocks[0])
        self.structure_fails(machine, document, "a block of 9 bytes")

    def test_block_begins_inside_an_instruction(self):
        machine = usual_run()
        document = claim_of(machine)
        blocks = self.blocks_of(document, "two_ways")
        blocks.insert(1, {**blocks[0], "offset": 6, "size": 3})
        blocks[0]["size"] = 5
        self.structure_fails(machine, document, "a block of 3 bytes")

    def test_unknown_outcomes(self):
        """null: legal in mode blocks; in mode edges only if sites were refused,
        and then not too many."""
        machine = usual_run()
        document = claim_of(machine)
        find(document, "two_ways_if", "branches")["taken"] = None
        self.assertEqual(judged(machine, document, "blocks").differences, [])
        self.assertEqual(self.failing(judged(machine, document)), ["outcomes"])
        document["refused"] = 1
        # One of sixteen is more than 5 %.
        self.assertEqual(self.failing(judged(machine, document)), ["outcomes"])
        document["targets"][0]["engine"] = "detour"
        self.assertEqual(judged(machine, document).differences, [])

    def test_unknown_blocks(self):
        machine = usual_run()
        document = claim_of(machine)
        find(document, "two_ways_else", "blocks")["covered"] = None
        for mode in ("blocks", "edges"):
            verdict = judged(machine, document, mode)
            self.assertEqual(self.failing(verdict), ["blocks"])
            self.assertEqual(verdict.numbers["blocks: unknown"], 1)
        document["refused"] = 1
        self.assertEqual(judged(machine, document).differences, [])

    def test_ambiguous_outcomes(self):
        machine = Machine().begin()
        machine.run("no_way", True)
        machine.finish()
        for taken, fallthrough, right in (
                (True, False, True), (False, True, True), (True, True, True),
                (True, None, True), (False, False, False)):
            document = claim_of(machine)
            branch = find(document, "no_way_jump", "branches")
            branch.update(taken=taken, fallthrough=fallthrough)
            document["refused"] = 1
            verdict = judged(machine, document, "blocks")
            self.assertEqual(self.failing(verdict),
                             [] if right else ["outcomes"])
            self.assertEqual(verdict.numbers["outcomes: ambiguous"], 2)

    def test_counts(self):
        """Exact in mode edges, of no meaning in mode blocks."""
        for spoil in (
                lambda d: find(d, "loop_jump", "branches").update(taken_count=1),
                lambda d: d["targets"][0]["functions"][0]["entry"].update(hits=9)):
            machine = usual_run()
            document = claim_of(machine)
            spoil(document)
            self.assertEqual(self.failing(judged(machine, document)), ["counts"])
            self.assertEqual(judged(machine, document, "blocks").differences, [])

    def test_counts_are_compared_where_they_are_kept(self):
        for counted, state, kept in ((True, "armed", True), (False, "armed", False),
                                     (True, "refused", False)):
            with self.subTest(f"{counted} {state}"):
                machine = usual_run()
                document = claim_of(machine)
                document["targets"][0]["counted"] = counted
                jump = find(document, "loop_jump", "branches")
                jump.update(taken_count=jump["taken_count"] + 1, state=state)
                self.assertEqual(self.failing(judged(machine, document, "count")),
                                 ["counts"] if kept else [])

    def test_scope_tracked_beside_others(self):
        """What is not claimed may have been somebody else's; the rest must be right."""
        def change(how):
            machine = usual_run()
            document = claim_of(machine)
            how(document)
            verdict = judged(machine, document, complete=False)
            return self.failing(verdict)

        self.assertEqual(change(lambda d: find(d, "two_ways", "blocks").update(
            covered=False)), [])
        self.assertEqual(change(lambda d: find(d, "two_ways_if", "branches").update(
            taken=False, taken_count=0)), [])
        self.assertEqual(change(lambda d: find(d, "two_ways_if", "branches").update(
            taken_count=0)), [])
        self.assertEqual(change(lambda d: find(d, "no_way", "blocks").update(
            covered=True)), ["blocks"])
        self.assertEqual(change(lambda d: find(d, "warns_jump", "branches").update(
            taken=True)), ["outcomes"])
        self.assertEqual(change(lambda d: find(d, "two_ways_if", "branches").update(
            taken_count=9)), ["counts"])
        machine = usual_run()
        witness = witness_of(machine.bytes())
        self.assertEqual(list(oracle.unnoticed(claim_of(machine), TEXT, witness,
                                               "edges", complete=False)), [])

    def test_ambiguous_now_and_certain_then(self):
        machine = Machine().begin()
        machine.step(AT["loop_body"], cpu=1)
        machine.run("two_ways", True, False)
        path = machine.path("two_ways", True, False)
        machine.run_until(path, AT["two_ways_if"])
        machine.interrupt(AT["two_ways_else"])
        machine.run_until(path, None)
        machine.finish()
        document = claim_of(machine)
        self.assertEqual(judged(machine, document).differences, [])
        find(document, "two_ways_if", "branches").update(
            taken=False, fallthrough=True)
        self.assertEqual(self.failing(judged(machine, document)), ["outcomes"])

    def test_refused_entry(self):
        machine = usual_run()
        document = claim_of(machine)
        entry = document["targets"][0]["functions"][0]["entry"]
        entry["hits"] = 0
        self.assertEqual(self.failing(judged(machine, document)),
                         ["counts", "entries"])
        entry["state"] = "refused"
        verdict = judged(machine, document)
        self.assertEqual(verdict.differences, [])
        self.assertEqual(verdict.numbers["entries: not watched"], 2)

    def test_cold_part_entered_at_its_second_instruction(self):
        machine = Machine().begin()
        machine.run("loop_body", False)
        cold = TEXT.functions[-1]
        machine.step(cold.instructions[1].address)
        document = claim_of(machine)
        entry = document["targets"][0]["functions"][-1]
        entry["blocks"].insert(0, {"offset": 0, "size": 5, "covered": False})
        entry["blocks"][1].update({"offset": 5, "size": 5, "covered": True})
        machine.finish()
        self.assertEqual(judged(machine, document).differences, [])
        entry["entry"]["covered"] = False
        self.assertEqual(self.failing(judged(machine, document)), ["entries"])

    def test_nothing_ran(self):
        self.assertEqual(self.failing(judged(Machine().begin().finish())),
                         ["blocks"])

    def test_target_not_at_rest(self):
        for early in (True, False):
            machine = Machine()
            machine.mark("quiet")
            if early:
                machine.trace(AT["two_ways_back"])
            machine.mark("start")
            machine.run("loop_body", False)
            machine.mark("stop")
            if not early:
                machine.trace(AT["two_ways_back"])
            machine.mark("end")
            self.assertEqual(self.failing(judged(machine)), ["log"])

    def test_others_need_not_be_at_rest(self):
        text = target_text.Text(SNAPSHOT, ["loop_body"])
        for place, failing in (("caller", []), ("loop_head", ["log"])):
            machine = Machine()
            machine.mark("quiet")
            machine.trace(AT[place])
            machine.mark("start")
            machine.run("loop_body", False)
            machine.mark("stop")
            machine.mark("end")
            witness = Witness(text, ENGINE)
            witness.read(iter(machine.bytes().splitlines(keepends=True)))
            document = right_claim(text, machine.ran, machine.outcomes)
            verdict = Judge(text, witness, Claim(document, "fixture"), "edges")
            self.assertEqual(self.failing(verdict), failing)

    def test_strange_log(self):
        machine = Machine().begin()
        machine.run("loop_body", False)
        machine.stopped(AT["two_ways"])
        self.assertEqual(self.failing(judged(machine.finish())), ["log"])

    def test_executed_bytes(self):
        for label, content, kind in (
                ("two_ways_if", "cc", "breakpoint"),
                ("two_ways", "cc", "breakpoint"),
                ("two_ways", "e8 01 02 03 04", "patched nop"),
                ("loop_body", "e9 01 02 03 04", "foreign"),
                ("caller", "e9 01 02 03 04", "foreign"),
                ("two_ways_end", "90 90 90", "foreign")):
            with self.subTest(f"{label} as {content}"):
                machine = usual_run()
                marks = machine.log[-2:]
                del machine.log[-2:]
                machine.translated(AT[label], bytes.fromhex(content))
                machine.log += marks
                verdict = judged(machine)
                self.assertEqual(verdict.numbers[f"executed as {kind}"], 1)
                self.assertEqual(self.failing(verdict),
                                 ["text"] if kind == "foreign" else [])

    def test_bytes_never_printed(self):
        machine = usual_run()
        machine.log = [line for line in machine.log
                       if not line.startswith("0x")]
        self.assertEqual(self.failing(judged(machine)), ["text"])


class ReportTest(unittest.TestCase):
    """oracle.py"""

    def judge(self, spoil=lambda files: None):
        """Lines and exit status for a run whose files SPOIL has been at."""
        machine = usual_run()
        files = {"snapshot.json": copy.deepcopy(SNAPSHOT),
                 "snapshot-after.json": copy.deepcopy(SNAPSHOT),
                 "list.json": claim_of(machine),
                 "armed.json": {"engine": ENGINE, "text": {}},
                 "guest.json": {"globs": [], "times": {"seconds": 1},
                                "complete": True}}
        spoil(files)
        with tempfile.TemporaryDirectory() as directory:
            for name, content in files.items():
                with open(os.path.join(directory, name), "w",
                          encoding="utf-8") as file:
                    json.dump(content, file)
            with open(os.path.join(directory, "exec.log"), "wb") as file:
                file.write(machine.bytes())
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                status = oracle.main([directory, "fixture", "run", "edges"])
            report = os.path.join(directory, "report.json")
            if os.path.exists(report):
                with open(report, encoding="utf-8") as file:
                    self.report = json.load(file)
        return status, output.getvalue().splitlines()

    def test_ok(self):
        status, lines = self.judge()
        self.assertEqual(status, 0)
        self.assertEqual([line for line in lines if line[0] != "#"],
                         [f"ok run/{check}" for check in (
                             "functions", "branches", "structure", "blocks",
                             "outcomes", "entries", "counts", "log", "text", "restored",
                             "can-fail")])
        self.assertFalse(self.report["failed"])
        self.assertEqual(self.report["numbers"]["branches"], 8)

    def test_difference(self):
        def spoil(files):
            find(files["list.json"], "two_ways_if", "branches")["taken"] = False

        status, lines = self.judge(spoil)
        self.assertEqual(status, 1)
        bad = [line for line in lines if line.startswith("not ok")]
        self.assertEqual(len(bad), 1)
        self.assertRegex(bad[0], r"^not ok run/outcomes - two_ways\+0x7 "
                         r"\(\.text\+0x7\) at 0xf+c0200007; livecov: taken "
                         r"false; witness: executed 3 times, taken 1, ")
        self.assertTrue(self.report["failed"])
        self.assertEqual(len(self.report["differences"]), 1)

    def test_blind_judge(self):
        """What is not damaged is not noticed, and that is reported."""
        def nothing_damaged(document, *_):
            yield "nothing", document

        with unittest.mock.patch("damage.damaged", nothing_damaged):
            status, lines = self.judge()
        self.assertEqual(status, 1)
        self.assertIn("not ok run/can-fail - nothing: not noticed", lines)

    def test_text_not_restored(self):
        def spoil(files):
            text = files["snapshot-after.json"]["text"][".text"]
            text["bytes"] = text["bytes"][:14] + "cc" + text["bytes"][16:]

        status, lines = self.judge(spoil)
        self.assertEqual(status, 1)
        self.assertIn("not ok run/restored - 1 bytes of .text differ, the first "
                      "at .text+0x7: 74 became cc", lines)

    def test_nothing_to_compare(self):
        for spoil in (lambda f: f.update({"list.json": {}}),
                      lambda f: f["list.json"]["targets"].clear(),
                      lambda f: f["list.json"].update(format_version=2),
                      lambda f: f.pop("list.json")):
            status, lines = self.judge(spoil)
            self.assertEqual(status, 2)
            self.assertTrue(lines[0].startswith("not ok run - "))


class Lines(unittest.TestResult):
    """One line for each test, as tests/run counts them."""

    def addSuccess(self, test):
        print(f"ok {test.id().removeprefix('__main__.')}")

    def fail(self, test, error):
        print(f"not ok {test.id().removeprefix('__main__.')} - {error[1]}")
        for line in self._exc_info_to_string(error, test).splitlines():
            print(f"#   {line}")

    def addError(self, test, err):
        super().addError(test, err)
        self.fail(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.fail(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.fail(subtest, err)


def main():
    result = Lines()
    for module in (sys.modules[__name__], test_elsewhere, test_resume):
        unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
