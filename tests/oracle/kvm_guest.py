#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A virtual machine of sixteen bits that makes KVM emulate instructions: the operand
of each is in memory that nobody has given it.  For workloads of the oracle.
"""

import fcntl
import mmap
import struct
import sys

CREATE_VM, VCPU_MMAP_SIZE, CREATE_VCPU, RUN = 0xae01, 0xae04, 0xae41, 0xae80
SET_MEMORY, SET_REGS = 0x4020ae46, 0x4090ae82
GET_SREGS, SET_SREGS = 0x8138ae83, 0x4138ae84
EXIT_IO, EXIT_HLT, EXIT_MMIO = 2, 5, 6

MEMORY, CODE, STACK, NOWHERE = 0x10000, 0x1000, 0x3000, 0xa000
SEGMENT = 0x1000        # NOWHERE is at SEGMENT:NOWHERE

# With BX pointing to the operand.
EMULATED = """
    00 07           add %al,(%bx)
    09 07           or %ax,(%bx)
    66 11 07        adc %eax,(%bx)
    18 07           sbb %al,(%bx)
    21 07           and %ax,(%bx)
    66 29 07        sub %eax,(%bx)
    30 07           xor %al,(%bx)
    39 07           cmp %ax,(%bx)
    84 07           test %al,(%bx)
    fe 07           incb (%bx)
    ff 0f           decw (%bx)
    f6 17           notb (%bx)
    66 f7 1f        negl (%bx)
    f6 27           mulb (%bx)
    f7 2f           imulw (%bx)
    0f af 07        imul (%bx),%ax
    f6 37           divb (%bx)
    66 f7 3f        idivl (%bx)
    d0 07           rolb (%bx)
    d3 0f           rorw %cl,(%bx)
    66 c1 17 03     rcll $3,(%bx)
    d0 1f           rcrb (%bx)
    d3 27           shlw %cl,(%bx)
    66 d1 2f        shrl (%bx)
    d2 3f           sarb %cl,(%bx)
    0f a4 07 03     shld $3,%ax,(%bx)
    66 0f ad 07     shrd %cl,%eax,(%bx)
    0f a3 0f        bt %cx,(%bx)
    0f ba 2f 03     btsw $3,(%bx)
    0f ba 37 03     btrw $3,(%bx)
    0f ba 3f 03     btcw $3,(%bx)
    0f bc 07        bsf (%bx),%ax
    0f bd 07        bsr (%bx),%ax
    0f c0 07        xadd %al,(%bx)
    0f b1 0f        cmpxchg %cx,(%bx)
    86 07           xchg %al,(%bx)
    0f 94 07        sete (%bx)
    0f 9f 07        setg (%bx)
    0f 44 07        cmove (%bx),%ax
    0f 42 07        cmovb (%bx),%ax
    0f b6 07        movzbw (%bx),%ax
    89 07           mov %ax,(%bx)
    8b 07           mov (%bx),%ax
    ff 37           push (%bx)
    8f 07           pop (%bx)
    f3 aa           rep stos %al,%es:(%di)
    a4              movsb
    e6 10           out %al,$0x10
    e4 10           in $0x10,%al
    f4              hlt
"""


def code():
    return b"".join(bytes.fromhex(line[:20]) for line in EMULATED.splitlines())


class Machine:
    def __init__(self):
        kvm = open("/dev/kvm", "r+b", buffering=0)
        vm = fcntl.ioctl(kvm, CREATE_VM, 0)
        self._memory = mmap.mmap(-1, MEMORY)
        self._memory[CODE:CODE + len(code())] = code()
        address = self._address(self._memory)
        fcntl.ioctl(vm, SET_MEMORY, struct.pack("<IIQQQ", 0, 0, 0, MEMORY, address))
        self._cpu = fcntl.ioctl(vm, CREATE_VCPU, 0)
        self._run = mmap.mmap(self._cpu, fcntl.ioctl(kvm, VCPU_MMAP_SIZE, 0))
        self._set_registers()

    @staticmethod
    def _address(memory):
        import ctypes
        return ctypes.addressof(ctypes.c_char.from_buffer(memory))

    def _set_registers(self):
        special = bytearray(fcntl.ioctl(self._cpu, GET_SREGS, bytes(0x138)))
        # Base and selector of cs, ds, es, fs, gs, ss, each 24 bytes.
        for index, segment in enumerate((0, SEGMENT, SEGMENT, 0, 0, 0)):
            struct.pack_into("<QIH", special, 24 * index, segment * 16, 0xffff, segment)
        fcntl.ioctl(self._cpu, SET_SREGS, bytes(special))
        # ax, bx, cx, dx, si, di, sp, bp, r8 to r15, ip, flags
        fcntl.ioctl(self._cpu, SET_REGS, struct.pack(
            "<18Q", 0x1234, NOWHERE, 3, 0, NOWHERE, NOWHERE, STACK, 0, *[0] * 8, CODE, 2))

    def run(self):
        """Until it halts; every read gives sevens."""
        exits = 0
        while True:
            fcntl.ioctl(self._cpu, RUN, 0)
            exits += 1
            reason, = struct.unpack_from("<I", self._run, 8)
            if reason == EXIT_HLT:
                return exits
            if reason == EXIT_MMIO and not self._run[52]:
                self._run[40:48] = b"\x77\0\0\0\0\0\0\0"
            elif reason not in (EXIT_MMIO, EXIT_IO):
                raise SystemExit(f"exit {reason} after {exits}")


if __name__ == "__main__":
    print(f"{Machine().run()} exits", file=sys.stderr)
