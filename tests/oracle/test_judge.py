# SPDX-License-Identifier: GPL-2.0-only
"""Tests of judge.py and damage.py, part of test_oracle.py."""

import unittest

import damage
import oracle
import target_text
from exec_log import Witness
from fixture import BASES, ENGINE
from fixture_claim import claim_of, find, judged, right_claim
from fixture_machine import AT, SNAPSHOT, TEXT, Machine, usual_run, witness_of
from judge import Claim, Judge


class JudgeTest(unittest.TestCase):
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
