# SPDX-License-Identifier: GPL-2.0-only
"""What QEMU's log says was executed: the witness.

The log is that of `-d exec,nochain,in_asm,int -dfilter MODULES`, with one guest
instruction in each translation block (`-singlestep`, in QEMU 8.1 and later
one-insn-per-tb) between the marks "start" and "stop".  There

    Trace 0: 0x7f09d481d700 [0000000000000000/ffffffffc020270b/18c0c2b0/ff000201]

says: CPU 0 is about to execute the one instruction at ffffffffc020270b.  The
last field is the block's compile flags, whose lowest 9 bits are the number of
instructions in it: 1, or the log is refused.  Before and after, where it is enough
to know that nothing of the target runs, blocks may be longer.

Traps on the way, and what becomes of them here:

 - Several instructions in a block: "it was entered" would prove its first
   instruction only, as the others may not run after a fault in their middle, and
   a block of coverage may begin in the middle.  One instruction in each block
   does away with all of that; it costs three times the time.
 - "Stopped execution of TB chain before PTR [PC]": the Trace line before it was
   premature, QEMU had to look after something else first.  So a line counts once
   the next one of the same CPU has come.  "Stopped" does not name its CPU; the
   block's PTR and PC do, unless two CPUs are at the same place, which is counted
   as ambiguous.  Now and then QEMU logs a block twice before it is stopped: then
   the first line was premature as well.
 - QEMU logs the blocks that it finds by hash, not the jumps that it has wired
   between blocks: nochain forbids the wiring.  Blocks wired before the log was
   switched on were made under other flags, and are left at the next return.
 - A block is printed (in_asm) when it is translated, not when it runs; it may be
   translated again.  Only its bytes are used: what was executed at an address
   was one of the byte strings printed for it.
 - A breakpoint on an instruction: its own address is executed, as int3, then a
   handler, then the instruction somewhere else (in the kernel's C code, or in an
   instruction slot, which lies in module space but in no target).  Arriving at
   the address is what counts, so nothing changes for blocks; a jump's outcome is
   seen from where the target's code is executed next.
 - Between a jump and what comes next on the same CPU an interrupt may run other
   code of the target, even the very same code, and then another task.  But every
   interrupt and exception is logged (int), with the address where it will go on:

       0: v=ec e=0000 i=0 cpl=0 IP=0010:ffffffffc023ffda pc=ffffffffc023ffda SP=..

   If that is a successor of the open jump, it is its outcome, whatever runs
   next; and if not, the jump is where a breakpoint is (v=03), whose handler runs
   with interrupts off.  So the next of the target's instructions is a successor
   as well.  Anything else is "strange" and fails the test: the log has lost
   lines, or this reasoning is wrong.
 - Such a record does not name its CPU: with several CPUs a jump that may have
   been interrupted so is ambiguous.
 - A jump out of the target's text, if there is one, goes where nothing is logged:
   ambiguous.
 - A jump whose target is the instruction behind it goes the same way in both
   cases: no outcome can be seen, ambiguous.
 - A breakpoint that was removed while a CPU was in its handler is executed again,
   now as the instruction; one that is about to become a detour is followed by the
   instruction's copy.  A page fault makes an instruction begin again, and
   each iteration of `rep movs` is a line.  So the same address twice, with
   nothing between, is one passage.
 - A detour: a jump to livecov's text, where copies of the target's instructions
   run.  Such a line is read as one of the instruction that it is a copy of
   (elsewhere.py), and the target's own line, that of the jump, is none.
 - A jump-optimised kprobe (e9 on an ordinary instruction, to anywhere else) would
   hide the four bytes behind it: the judge complains about it.
 - CPUs' lines interleave; each line is whole.
"""

import collections
import re

from elsewhere import Elsewhere
from target_text import CALL, JCC, JMP, LEAVE, Error

ONE_INSTRUCTION = 1
COUNT_MASK = 0x1ff      # CF_COUNT_MASK
MARKS = ("quiet", "start", "stop", "end")
# What the log says between two marks.  Index of the mark passed last, plus one.
BEFORE, RESETTING, RUNNING, LISTING, AFTER = range(5)


class Jump:
    """A conditional jump of the target, and what became of it while RUNNING."""

    __slots__ = ("address", "taken_to", "fallthrough_to", "visible",
                 "outcomes", "ambiguous")

    def __init__(self, instruction, text):
        self.address = instruction.address
        self.taken_to = instruction.target
        self.fallthrough_to = instruction.end
        self.visible = self.taken_to in text.instructions and \
            self.taken_to != self.fallthrough_to
        self.outcomes = {self.taken_to: 0, self.fallthrough_to: 0}
        self.ambiguous = 0

    @property
    def taken(self):
        return self.outcomes[self.taken_to]

    @property
    def fallthrough(self):
        return self.outcomes[self.fallthrough_to]


class Cpu:
    """The line that is not certain yet, and the jump whose outcome is open."""

    __slots__ = ("block", "pc", "address", "phase", "open", "open_phase", "doubtful",
                 "previous")

    def __init__(self):
        self.block = None       # of the line that is not certain, its code's PTR
        self.pc = None          # and its PC
        self.address = None     # and the instruction, None if there is no such line
        self.phase = BEFORE     # and when it was logged
        self.open = None        # the Jump executed last, until it is settled
        self.open_phase = BEFORE    # and when that was
        self.doubtful = False   # it may have been interrupted
        self.previous = None    # the instruction executed last


class Witness:
    """Reads a log; afterwards its members say what happened.  ENGINE: see Elsewhere."""

    def __init__(self, text, engine=None):
        self._text = text
        self.elsewhere = Elsewhere(text, engine)
        self._content = {}      # what was translated last, by PC
        self._keys = {b"%016x" % a: a for a in text.instructions}
        self._pages = {key[:13] for key in self._keys}
        self._marks = {b"%016x" % text.marks[m]: i + 1
                       for i, m in enumerate(MARKS)}
        self._cpus = collections.defaultdict(Cpu)
        self._dump = None
        self.phase = BEFORE
        self.jumps = {i.address: Jump(i, text)
                      for i in text.instructions.values() if i.kind == JCC}
        # For each phase, how often each address was passed through.
        self.passages = [collections.Counter() for _ in range(AFTER + 1)]
        # The byte strings that were translated for an address.
        self.dumps = collections.defaultdict(list)
        self.strange = self.elsewhere.strange   # (address, what)
        self.lines = self.interrupted = self.repeated = 0
        self.stopped = self.ambiguous_stops = 0

    @property
    def ran(self):
        """How often each address was passed through between start and stop."""
        return self.passages[RUNNING]

    def read(self, log):
        """LOG gives lines, as bytes.  Ends at the mark `end`."""
        for line in log:
            if line.startswith(b"Trace "):
                self._trace(line)
                if self.phase == AFTER:
                    break
            elif line.startswith(b"0x"):
                self._translated(line)
            elif line.startswith(b"IN:"):
                self._dump = None
            elif line.startswith(b" ") and b": v=" in line:
                self._interrupt(line)
            elif line.startswith(b"Stopped "):
                self._stop(line)
        if self.phase != AFTER:
            passed = MARKS[self.phase - 1] if self.phase else "none"
            raise Error(f"the log ends too early; the last mark is {passed}")
        for cpu in self._cpus.values():
            self._confirm(cpu)
            self._settle(cpu, None)

    def _trace(self, line):
        self.lines += 1
        head, pc, _, flags = line.split(b"/", 3)
        colon = head.index(b":")
        cpu = self._cpus[head[6:colon]]
        if cpu.address is not None:
            self._confirm(cpu)
        cpu.pc = None
        address = self._keys.get(pc)
        if address is not None or self._is_elsewhere(pc):
            if self.phase == RUNNING and \
                    int(flags[:8], 16) & COUNT_MASK != ONE_INSTRUCTION:
                raise Error("a block of several instructions at "
                            f"0x{pc.decode()}: QEMU was not single-stepping")
            cpu.block = head[colon + 2:head.index(b" [")]
            cpu.pc = pc
            cpu.address = self._instruction(pc, address)
            cpu.phase = self.phase
            if cpu.address is None:
                cpu.previous = None     # this is something between
        elif pc in self._marks:
            self._pass_mark(self._marks[pc])
        elif pc[:13] in self._pages and self._text.contains(int(pc, 16)):
            self.strange.append((int(pc, 16), "is inside an instruction"))

    def _is_elsewhere(self, pc):
        return self.phase == RUNNING and pc in self._content and \
            self.elsewhere.next_at(int(pc, 16)) is not None

    def _instruction(self, pc, address):
        """The target's instruction that a line at PC stands for, or None.  ADDRESS is
        PC if that is in the target."""
        content = self._content.get(pc)
        if address is None:
            return self.elsewhere.step(int(pc, 16), bytes(content))
        if content is None or content == self._text.instructions[address].bytes:
            return address
        return self.elsewhere.leave(address, bytes(content))

    def _pass_mark(self, phase):
        """A mark's function has several instructions but one first one; that may
        be logged again after `Stopped`."""
        if phase not in (self.phase, self.phase + 1):
            raise Error(f"mark {MARKS[phase - 1]} is out of order")
        self.phase = phase

    def _stop(self, line):
        block, pc = re.match(rb"Stopped .* before (\S+) \[(\w+)\]",
                             line).groups()
        if pc not in self._keys and not self._is_elsewhere(pc):
            return
        self.stopped += 1
        cpus = [c for c in self._cpus.values() if c.pc == pc and c.block == block]
        if not cpus:
            self.strange.append((int(pc, 16), "was stopped, but had not begun"))
            return
        self.ambiguous_stops += len(cpus) > 1
        self._take_back(cpus[0])
        cpus[0].pc = cpus[0].address = None

    def _take_back(self, cpu):
        """CPU's line was premature.  If that before it was the same instruction's, that
        has not gone on either: it will be logged once more, whatever comes first."""
        jump = self.jumps.get(cpu.address)
        if not is_repeated(cpu.previous, cpu.address) or \
                (jump and cpu.address in jump.outcomes):
            return
        self.passages[cpu.phase][cpu.address] -= 1
        cpu.previous = None
        if cpu.open is jump:
            cpu.open = None

    def _translated(self, line):
        """0xffffffffc020e010:  c7 05 66 23 00 00 02 00  movl $2, 0x2366(%rip)
        0xffffffffc020e018:  00 00"""
        if self._dump is None:
            self._dump = bytearray()
            if self.phase == RUNNING:
                pc = line[2:18]
                self._content[pc] = self._dump
                if pc in self._keys:
                    self.dumps[self._keys[pc]].append(self._dump)
        self._dump += bytes.fromhex(line[21:45].decode())

    def _interrupt(self, line):
        """An interrupt or exception: where will the interrupted code go on?"""
        vector, pc = re.match(rb" *\w+: v=(\w+) .* pc=(\w+)", line).groups()
        address = self._keys.get(pc) or self.elsewhere.next_at(int(pc, 16))
        if vector == b"03":
            return
        if address is None:
            self._interrupt_elsewhere(int(pc, 16))
            return
        for cpu in self._cpus.values():
            # The line of a jump is certain now if it is this CPU's record.
            jump = self.jumps.get(cpu.address, cpu.open)
            if jump is None or address not in jump.outcomes:
                continue
            self.interrupted += 1
            if len(self._cpus) == 1:
                self._confirm(cpu)
                self._settle(cpu, address)
            else:
                cpu.doubtful = True

    def _interrupt_elsewhere(self, pc):
        """An int3 has sent the task to code that decides its jump: which way, nobody
        will say, because what comes next is the interrupt's."""
        if not self.elsewhere.is_engine(pc):
            return
        for cpu in self._cpus.values():
            self._confirm(cpu)
            self._settle(cpu, None)

    def _confirm(self, cpu):
        """The instruction that CPU was about to execute did execute."""
        address = cpu.address
        if address is None:
            return
        cpu.address = None
        if not is_repeated(cpu.previous, address):
            self.passages[cpu.phase][address] += 1
        if cpu.open is not None:
            self._continue(cpu, address)
            cpu.doubtful = False
        jump = self.jumps.get(address)
        if jump is not None:
            cpu.open, cpu.open_phase = jump, cpu.phase
            if not jump.visible:
                self._settle(cpu, None)
        cpu.previous = self._text.instructions[address]

    def _continue(self, cpu, address):
        """The next instruction after an open jump."""
        if cpu.doubtful:
            self._settle(cpu, None)
        elif address in cpu.open.outcomes:
            self._settle(cpu, address)
        elif address == cpu.open.address:
            self.repeated += 1
        else:
            self.strange.append(
                (address, f"came after the jump at {cpu.open.address:#x}"))
            self._settle(cpu, None)

    @staticmethod
    def _settle(cpu, address):
        """The open jump went to ADDRESS; None if that is not known."""
        if cpu.open is not None and cpu.open_phase == RUNNING:
            if address is None:
                cpu.open.ambiguous += 1
            else:
                cpu.open.outcomes[address] += 1
        cpu.open = None


def is_repeated(previous, address):
    """Is ADDRESS the same passage through the same instruction once more?"""
    return previous is not None and previous.address == address and \
        previous.kind not in (CALL, JMP, LEAVE)
