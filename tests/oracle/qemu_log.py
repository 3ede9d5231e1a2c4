# SPDX-License-Identifier: GPL-2.0-only
"""The log that QEMU would write, for the oracle's own tests: what exec_log.py reads.

May call nothing but fixture.py, for the marks' addresses.
"""

from fixture import MARK_AT


class Log:
    """Written line by line, by simulators of what QEMU executes."""

    def __init__(self):
        self.log = []

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

    def bytes(self):
        return "".join(self.log).encode()
