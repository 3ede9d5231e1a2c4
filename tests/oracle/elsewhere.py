# SPDX-License-Identifier: GPL-2.0-only
"""Instructions of the target that are carried out elsewhere: detours in the log.

Where a jump of five bytes has been put over instructions of the target, the log
shows that jump, then copies of the instructions in livecov's own text, with
others between them, and then the target's text again.  What ran of the target is
found here from bytes alone: those that QEMU printed when it translated an
address, and the target's own as they were before livecov was loaded.  Nothing
that livecov says of its regions and stubs is used.

For each address outside, as execution gets there, it is known which instruction
of the target would be next, had nothing been moved:

 - behind the target's jump to an address outside it is the instruction that the
   jump was put over;
 - an instruction outside that is the same as that one was moved: the target's
   instruction ran, and the one behind it is next; behind a conditional jump, for
   each of its two ways, the one that it leads to.  The same means: the same bytes,
   or with an operand relative to rip, the same place in memory; for a conditional
   jump, the same condition, or the opposite one: then it is taken where the target's
   would fall through, and the other way round;
 - any other one was added, and nothing has changed when it has run;
 - a jump back into the target's text has to lead to the instruction that is next.
   If one was left out, changed or displaced wrongly, it does not;
 - where the one that is next is itself a jump or a return, that may have been moved: then
   it ran. So did a call, if its return address was pushed and then jumped to where it leads.

Where there is no room for five bytes the jump is one of two, to such a jump to livecov's text
that stands where other instructions were: an island.  These have been moved as well, and there
are two jumps in their place, the first to their copies.  The second is one of the lines between.

Only instructions that cannot have stayed can have been moved: those that the five
bytes, two or ten, touch, and those in front of the conditional jump.  Where a function is
entered there may be no conditional jump: then the text behind those that the five
bytes touch is as it was, which is seen by whoever has read it.  An added
instruction behind them that looks like the target's next one is none.  Behind a call, a jump or a
return nothing was moved.

An address has one such instruction, whoever comes there: so interrupts, and
other tasks that run the same code meanwhile, make no difference. (Where stubs are
entered behind their first instructions it is the one of who came last: who comes so
knows already which way the jump went.)

May call target_text.py.
"""

from target_text import CALL, JCC, JMP, LEAVE, OTHER

DETOUR_SIZE = 5
SHORT_SIZE = 2
SHORT_JUMP = 0xeb
SHORT_NOP = b"\x66\x90"
INT3 = 0xcc     # what stands behind the jump, where instructions were
PUSH = 0x68     # of four bytes, sign-extended
ADDRESS_MASK = 2**64 - 1
PREFIXES = b"\x2e\x3e\x66\xf2"
ADDRESS_SIZE_PREFIX = 0x67


def decode(content, address):
    """(kind, condition, target) of the one instruction CONTENT at ADDRESS, as far as
    it is a direct jump."""
    start = 0
    while start < len(content) and \
            content[start] in PREFIXES + bytes([ADDRESS_SIZE_PREFIX]):
        start += 1
    narrow = ADDRESS_SIZE_PREFIX in content[:start]
    opcode = content[start:]

    def target(size):
        offset = int.from_bytes(opcode[-size:], "little", signed=True)
        return address + len(content) + offset & ADDRESS_MASK

    if not opcode:
        return OTHER, None, None
    if opcode[0] in (0xe9, 0xeb):
        return JMP, None, target(4 if opcode[0] == 0xe9 else 1)
    if opcode[0] & 0xf0 == 0x70:
        return JCC, opcode[0] & 15, target(1)
    if opcode[0] == 0x0f and len(opcode) == 6 and opcode[1] & 0xf0 == 0x80:
        return JCC, opcode[1] & 15, target(4)
    if 0xe0 <= opcode[0] <= 0xe3:
        return JCC, (opcode[0], narrow), target(1)
    return OTHER, None, None


def is_displaced(own, content, address):
    """Does CONTENT at ADDRESS name the same memory, relative to rip, as OWN?"""
    if len(content) != len(own.bytes):
        return False
    distance = address - own.address
    for i in range(len(content) - 3):
        before = int.from_bytes(own.bytes[i:i + 4], "little", signed=True)
        after = int.from_bytes(content[i:i + 4], "little", signed=True)
        if before - after == distance and own.bytes[:i] == content[:i] and \
                own.bytes[i + 4:] == content[i + 4:]:
            return True
    return False


def opposite(condition):
    """The condition that holds where CONDITION does not; None if there is no such jump."""
    return condition ^ 1 if isinstance(condition, int) else None


def is_moved(own, content, address):
    """Is CONTENT at ADDRESS the target's instruction OWN, carried out there?"""
    if own.kind == JCC:
        kind, condition, _ = decode(content, address)
        before = decode(own.bytes, own.address)[1]
        return kind == JCC and condition in (before, opposite(before))
    if own.kind != OTHER:
        return False
    if "(%rip)" in own.text:
        return is_displaced(own, content, address)
    return content == own.bytes


def pushed(content):
    """What CONTENT pushes, if it is a push of an address."""
    if len(content) == 5 and content[0] == PUSH:
        return int.from_bytes(content[1:], "little", signed=True) & ADDRESS_MASK
    return None


class Elsewhere:
    """Which of the target's instructions is next, at addresses outside of it.

    ENGINE: (first address, size) of livecov's text; None if it is not to be there.
    """

    def __init__(self, text, engine=None):
        self._text = text
        self._engine = range(engine[0], engine[0] + engine[1]) if engine else range(0)
        # address: (the instruction that is next, where those end that were moved)
        self._next = {}
        self._patched = {}      # section name: its bytes while it was patched
        self._seconds = set()   # addresses of the second jumps of islands
        self._pushed = {}       # address: what the instruction before it has pushed
        self.strange = []       # (address, what)
        self.moved = set()      # addresses of instructions that ran outside
        self.added = 0          # times that others ran there

    def learn(self, name, content):
        """CONTENT is what section NAME was while it was patched: where do detours
        lead?  An int3 may send somebody there whose jump is never seen."""
        self._patched[name] = content
        begun = list(self._begun(self._changed(name)))
        # Short ones first: they say which jumps are the second ones of islands.
        for address, now in sorted(begun, key=lambda jump: len(jump[1])):
            if address not in self._seconds:
                self.leave(address, now)

    def _changed(self, name):
        """Addresses of the instructions that are not what they were. The first byte of one
        may be: a jump in place of a jump."""
        base = self._text.bases[name]
        before, after = self._text.bytes[name], self._patched[name]
        for instruction in self._text.between(base, base + len(before)):
            bytes_of_it = slice(instruction.address - base, instruction.end - base)
            if before[bytes_of_it] != after[bytes_of_it]:
                yield instruction.address

    def _begun(self, changed):
        """(address, bytes) of what begins at the CHANGED addresses, and is not part of a
        jump that began before."""
        end = 0
        for address in changed:
            if address < end:
                continue
            short = self._now(address, SHORT_SIZE)
            if self.is_short(address, short):
                end = address + SHORT_SIZE
                yield address, short
                continue
            end = address
            while self.is_detour(end, self._now(end, DETOUR_SIZE)):
                end += DETOUR_SIZE
            yield address, self._now(address, DETOUR_SIZE)

    def is_engine(self, address):
        """Is ADDRESS in livecov's text?"""
        return address in self._engine

    def _now(self, address, size):
        """SIZE bytes at ADDRESS in the target's text while it was patched, if known."""
        for name, content in self._patched.items():
            start = address - self._text.bases[name]
            if 0 <= start < len(content):
                return content[start:start + size]
        return b""

    def is_detour(self, address, content):
        """Is CONTENT, in the target's text, a jump to livecov's text?"""
        kind, _, target = decode(content, address)
        return kind == JMP and len(content) == DETOUR_SIZE and target in self._engine

    def is_short(self, address, content):
        """... or a short one to such a jump? One in place of a nop is a static branch's, and
        may lead there as well."""
        if len(content) != SHORT_SIZE or content[0] != SHORT_JUMP or \
                self._text.instructions[address].bytes == SHORT_NOP:
            return False
        target = decode(content, address)[2]
        return self.is_detour(target, self._now(target, DETOUR_SIZE))

    def is_diverted(self, address, content):
        """... or the target's own conditional jump, whose target is there now?"""
        own = self._text.instructions[address]
        kind, condition, target = decode(content, address)
        return kind == own.kind == JCC and len(own.bytes) == len(content) and \
            condition == decode(own.bytes, own.address)[1] and target in self._engine

    def leave(self, address, content):
        """The target's text was executed as CONTENT, which is not its own.  Return:
        ADDRESS if its instruction ran nevertheless, None if it will elsewhere."""
        _, _, target = decode(content, address)
        if address in self._seconds:
            return self.step(address, content)
        if self.is_short(address, content):
            end = self._end_of_moved(address, SHORT_SIZE)
            stub = decode(self._now(target, DETOUR_SIZE), target)[2]
            self._seconds.add(target)
            # An int3 may send somebody to the stub at once.
            self._next[target] = self._next[stub] = address, end
            return None
        if self.is_detour(address, content):
            size = DETOUR_SIZE
            if address + size in self._seconds:
                size += DETOUR_SIZE
            self._next[target] = address, self._end_of_moved(address, size)
            return None
        if self.is_diverted(address, content):
            own = self._text.instructions[address]
            self._next[target] = own.target, own.target
        return address

    def _is_gone(self, instruction):
        """Has it been overwritten, as far as is known?"""
        now = self._now(instruction.address, len(instruction.bytes))
        return now == bytes([INT3]) * len(now)

    def _end_of_moved(self, start, size):
        """Where those instructions end that a jump, or two, of SIZE bytes have replaced."""
        at, has_jump = start, False
        while at < start + size or not has_jump:
            instruction = self._text.instructions.get(at)
            if instruction is None:
                break
            if at >= start + size and not self._is_gone(instruction):
                break
            has_jump |= instruction.kind == JCC
            at = instruction.end
            if instruction.kind in (CALL, JMP, LEAVE):
                break
        return at

    def _is_end(self, own, content, address):
        """Is CONTENT at ADDRESS the target's jump, return or call OWN, carried out?"""
        kind, _, target = decode(content, address)
        if own.kind == LEAVE:
            return content == own.bytes
        if own.kind == CALL and self._pushed.get(address) != own.end:
            return False
        return own.kind in (CALL, JMP) and kind == JMP and target == own.target

    def next_at(self, address):
        """Which of the target's instructions is next at ADDRESS outside; or None."""
        return self._next.get(address, (None, None))[0]

    def step(self, address, content):
        """CONTENT is executed at ADDRESS outside.  Return: the address of the
        target's instruction that runs there, or None."""
        place, end = self._next[address]
        own = self._text.instructions.get(place)
        behind = address + len(content)
        kind, condition, target = decode(content, address)
        if not content:
            self.strange.append((address, "ran, but its bytes were never printed"))
        elif own and place < end and is_moved(own, content, address):
            self.moved.add(place)
            ways = [(own.target, own.target), (own.end, end)]
            if kind == JCC:
                if condition != decode(own.bytes, own.address)[1]:
                    ways.reverse()
                self._goes_on(target, *ways[0])
            self._goes_on(behind, *ways[1])
            return place
        elif own and place < end and self._is_end(own, content, address):
            self.moved.add(place)
            return place
        elif kind == JMP:
            self._goes_on(target, place, end)
        else:
            if kind == JCC:
                self._goes_on(target, place, end)
            self._pushed[behind] = pushed(content)
            self._goes_on(behind, place, end)
        self.added += 1
        return None

    def _goes_on(self, address, place, end):
        if address == place:
            return
        if self._text.contains(address):
            self.strange.append(
                (address, f"is where livecov went on, instead of at {place:#x}"))
        else:
            self._next[address] = place, end
