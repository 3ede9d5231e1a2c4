# SPDX-License-Identifier: GPL-2.0-only
"""fixture.S as the oracle's own tests use it: executed, and heard of by a witness.

May call exec_log.py, fixture.py, qemu_log.py and target_text.py.
"""

import collections

import fixture
import target_text
from exec_log import Witness
from fixture import ENGINE
from qemu_log import Log
from target_text import CALL, JCC, JMP, LEAVE

SNAPSHOT, AT = fixture.build("fixture.S")
TEXT = target_text.Text(SNAPSHOT)


class Machine(Log):
    """Executes fixture.S, writes QEMU's log, and remembers the truth."""

    def __init__(self):
        super().__init__()
        self.ran = collections.Counter()
        self.outcomes = collections.Counter()

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


def witness_of(log):
    witness = Witness(TEXT, ENGINE)
    witness.read(iter(log.splitlines(keepends=True)))
    return witness


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
