# SPDX-License-Identifier: GPL-2.0-only
"""What QEMU's log says was executed: the witness.

The log is that of `-d exec,nochain,in_asm -dfilter MODULES` with one guest
instruction in each translation block (`-singlestep`, in QEMU 8.1 and later
one-insn-per-tb), so that

    Trace 0: 0x7f09d481d700 [0000000000000000/ffffffffc020270b/18c0c2b0/ff000201]

says: CPU 0 is about to execute the one instruction at ffffffffc020270b.  The
last field is the block's compile flags, whose lowest 9 bits are the number of
instructions in it: 1, or the log is refused.

Traps on the way, and what becomes of them here:

 - Several instructions in a block: "it was entered" would prove its first
   instruction only, as the others may not run after a fault in their middle, and
   a block of coverage may begin in the middle.  One instruction in each block
   does away with all of that; it costs three times the time.
 - "Stopped execution of TB chain before PTR [PC]": the Trace line before it was
   premature, QEMU had to look after something else first.  So a line counts once
   the next one of the same CPU has come.  "Stopped" does not name its CPU; the
   block's PTR and PC do, unless two CPUs are at the same place, which is counted
   as ambiguous.
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
   code of the target, or the very same code.  Interrupts nest, so the jumps whose
   outcome is still open form a stack for each CPU, and the topmost is settled
   first.  The guest must not preempt kernel code (preempt=voluntary), else a task
   that was switched to could come between.  What comes between has to begin at a
   function's entry; anything else is "strange" and fails the test: the log has
   lost lines or this reasoning is wrong.
 - What comes between may reach the open jump's successors by other ways.  An
   address to which the instruction before it leads belongs to that instruction.
   One behind a call may be a return in what came between: ambiguous.
 - An interruption that begins at the entry of a function to which the open jump
   goes cannot be told from the jump: ambiguous.
 - A jump out of the target's text, if there is one, goes where nothing is logged:
   ambiguous.
 - A jump whose target is the instruction behind it goes the same way in both
   cases: no outcome can be seen, ambiguous.
 - A breakpoint that was removed while a CPU was in its handler is executed again,
   now as the instruction.  A page fault makes an instruction begin again, and
   each iteration of `rep movs` is a line.  So the same address twice, with
   nothing between, is one passage.
 - A jump-optimised kprobe (e9 on an ordinary instruction) would hide the four
   bytes behind it: the judge complains about it.
 - CPUs' lines interleave; each line is whole.
"""

import collections
import re

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
        self.visible = self.taken_to in text.instructions
        self.outcomes = {self.taken_to: 0, self.fallthrough_to: 0}
        self.ambiguous = 0

    @property
    def taken(self):
        return self.outcomes[self.taken_to]

    @property
    def fallthrough(self):
        return self.outcomes[self.fallthrough_to]


class Cpu:
    """The line that is not certain yet, and the jumps whose outcome is open."""

    __slots__ = ("block", "address", "phase", "open", "previous")

    def __init__(self):
        self.block = None       # of the line that is not certain, its code's PTR
        self.address = None     # and its PC, None if there is no such line
        self.phase = BEFORE     # and when it was logged
        self.open = []          # (Jump, phase), in the order of execution
        self.previous = None    # the instruction executed last


class Witness:
    """Reads a log; afterwards its members say what happened."""

    def __init__(self, text):
        self._text = text
        self._keys = {b"%016x" % a: a for a in text.instructions}
        self._pages = {key[:13] for key in self._keys}
        self._marks = {b"%016x" % text.marks[m]: i + 1
                       for i, m in enumerate(MARKS)}
        self._return_points = {i.end for i in text.instructions.values()
                               if i.kind == CALL}
        self._cpus = collections.defaultdict(Cpu)
        self._dump = None
        self.phase = BEFORE
        self.jumps = {i.address: Jump(i, text)
                      for i in text.instructions.values() if i.kind == JCC}
        # For each phase, how often each address was passed through.
        self.passages = [collections.Counter() for _ in range(AFTER + 1)]
        # The byte strings that were translated for an address.
        self.dumps = collections.defaultdict(list)
        self.strange = []       # (address, what)
        self.lines = self.stopped = self.repeated = self.ambiguous_stops = 0

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
            elif line.startswith(b"Stopped "):
                self._stop(line)
        if self.phase != AFTER:
            passed = MARKS[self.phase - 1] if self.phase else "none"
            raise Error(f"the log ends too early; the last mark is {passed}")
        for cpu in self._cpus.values():
            self._confirm(cpu)
            for jump, phase in cpu.open:
                jump.ambiguous += phase == RUNNING

    def _trace(self, line):
        self.lines += 1
        head, pc, _, flags = line.split(b"/", 3)
        colon = head.index(b":")
        cpu = self._cpus[head[6:colon]]
        if cpu.address is not None:
            self._confirm(cpu)
        address = self._keys.get(pc)
        if address is not None:
            if int(flags[:8], 16) & COUNT_MASK != ONE_INSTRUCTION:
                raise Error("a block of several instructions at "
                            f"{address:#x}: QEMU was not single-stepping")
            cpu.block = head[colon + 2:head.index(b" [")]
            cpu.address = address
            cpu.phase = self.phase
        elif pc in self._marks:
            self._pass_mark(self._marks[pc])
        elif pc[:13] in self._pages and self._text.contains(int(pc, 16)):
            self.strange.append((int(pc, 16), "is inside an instruction"))

    def _pass_mark(self, phase):
        """A mark's function has several instructions but one first one; that may
        be logged again after `Stopped`."""
        if phase not in (self.phase, self.phase + 1):
            raise Error(f"mark {MARKS[phase - 1]} is out of order")
        self.phase = phase

    def _stop(self, line):
        block, pc = re.match(rb"Stopped .* before (\S+) \[(\w+)\]",
                             line).groups()
        address = self._keys.get(pc)
        if address is None:
            return
        self.stopped += 1
        cpus = [c for c in self._cpus.values()
                if c.address == address and c.block == block]
        if not cpus:
            self.strange.append((address, "was stopped, but had not begun"))
            return
        self.ambiguous_stops += len(cpus) > 1
        cpus[0].address = None

    def _translated(self, line):
        """0xffffffffc020e010:  c7 05 66 23 00 00 02 00  movl $2, 0x2366(%rip)
        0xffffffffc020e018:  00 00"""
        if self._dump is None:
            self._dump = bytearray()
            address = self._keys.get(line[2:18])
            if address is not None:
                self.dumps[address].append(self._dump)
        self._dump += bytes.fromhex(line[21:45].decode())

    def _confirm(self, cpu):
        """The instruction that CPU was about to execute did execute."""
        address = cpu.address
        if address is None:
            return
        cpu.address = None
        if not is_repeated(cpu.previous, address):
            self.passages[cpu.phase][address] += 1
        if cpu.open:
            self._settle(cpu, address)
        jump = self.jumps.get(address)
        if jump is not None:
            if jump.visible:
                cpu.open.append((jump, cpu.phase))
            else:
                jump.ambiguous += cpu.phase == RUNNING
        cpu.previous = self._text.instructions[address]

    def _settle(self, cpu, address):
        """Is ADDRESS where the topmost open jump went?"""
        jump, phase = cpu.open[-1]
        at_once = cpu.previous.address == jump.address
        if address in jump.outcomes:
            if not at_once and leads_to(cpu.previous, address):
                return
            cpu.open.pop()
            if phase != RUNNING:
                return
            if jump.taken_to == jump.fallthrough_to or \
                    address in self._text.entries or \
                    (not at_once and address in self._return_points):
                jump.ambiguous += 1
            else:
                jump.outcomes[address] += 1
        elif at_once and address == jump.address:
            cpu.open.pop()
            self.repeated += 1
        elif at_once and address not in self._text.entries:
            self.strange.append(
                (address, f"came after the jump at {jump.address:#x}"))


def is_repeated(previous, address):
    """Is ADDRESS the same passage through the same instruction once more?"""
    return previous is not None and previous.address == address and \
        previous.kind not in (CALL, JMP, LEAVE)


def leads_to(instruction, address):
    """Can control go from INSTRUCTION to ADDRESS by itself?"""
    if instruction.kind == JMP:
        return instruction.target == address
    if instruction.kind == LEAVE:
        return False
    return address in (instruction.end, instruction.address)
