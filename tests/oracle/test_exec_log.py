# SPDX-License-Identifier: GPL-2.0-only
"""Tests of exec_log.py, part of test_oracle.py."""

import unittest

import target_text
from fixture_machine import AT, Machine, usual_run, witness_of


class LogTest(unittest.TestCase):
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
