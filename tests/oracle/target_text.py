# SPDX-License-Identifier: GPL-2.0-only
"""What a loaded module's text is, told by others than livecov.

Functions come from the symbol table of the .ko file, addresses from sysfs,
bytes from /proc/kcore, instructions from binutils' objdump.  The bytes are
those in memory: between the file and what runs lie relocations, alternatives,
return thunks, static keys and ftrace's places, and a comparison that had to
forgive those would forgive other things too.

take_snapshot() runs in the guest, Text on the host.  May call nothing of livecov.
"""

import bisect
import dataclasses
import fnmatch
import json
import lzma
import os
import re
import struct
import subprocess
import tempfile

# What an instruction does to control flow.
OTHER, JCC, JMP, CALL = "other", "jcc", "jmp", "call"
LEAVE = "leave"         # and does not come back: return, indirect jump
TRAP = "trap"           # into a handler, which may come back behind it: ud2


class Error(Exception):
    """The witness cannot be heard; nothing is known of livecov."""


# ---- the .ko file and the guest's memory ------------------------------------

SHF_ALLOC, SHF_EXECINSTR = 0x2, 0x4
SHT_SYMTAB = 2
STT_FUNC = 2
PT_LOAD = 1


@dataclasses.dataclass
class Section:
    name: str
    flags: int
    size: int


@dataclasses.dataclass
class Symbol:
    """A function; aliases of one place are one symbol with several names."""
    section: str
    offset: int
    sizes: set
    names: set


def _string(table, offset):
    return table[offset:table.index(b"\0", offset)].decode()


class ElfFile:
    """As much of an x86-64 relocatable file as is needed here."""

    def __init__(self, image):
        if image[:6] != b"\x7fELF\x02\x01":
            raise Error("not a little-endian 64-bit ELF file")
        self._image = image
        start, = struct.unpack_from("<Q", image, 0x28)
        size, count, names = struct.unpack_from("<HHH", image, 0x3a)
        # name, type, flags, addr, offset, size, link, info, align, entsize
        headers = [struct.unpack_from("<IIQQQQIIQQ", image, start + i * size)
                   for i in range(count)]
        self._headers = headers
        strings = self._content(headers[names])
        self.sections = [Section(_string(strings, h[0]), h[2], h[5])
                         for h in headers]

    def _content(self, header):
        return self._image[header[4]:header[4] + header[5]]

    def functions(self):
        """The functions that have a size, each place once."""
        found = {}
        for header in self._headers:
            if header[1] != SHT_SYMTAB:
                continue
            strings = self._content(self._headers[header[6]])
            for name, info, _, index, value, size in struct.iter_unpack(
                    "<IBBHQQ", self._content(header)):
                if info & 0xf != STT_FUNC or not size or \
                        not 0 < index < len(self.sections):
                    continue
                section = self.sections[index].name
                symbol = found.setdefault(
                    (index, value), Symbol(section, value, set(), set()))
                symbol.sizes.add(size)
                symbol.names.add(_string(strings, name))
        return list(found.values())

    def text_sections(self):
        """The executable sections that stay in memory after loading."""
        wanted = SHF_ALLOC | SHF_EXECINSTR
        return [s for s in self.sections
                if s.flags & wanted == wanted and s.size and
                not s.name.startswith((".init", ".altinstr_"))]


def read_module_file(path):
    """A .ko file's bytes, uncompressed."""
    with open(path, "rb") as file:
        image = file.read()
    return lzma.decompress(image) if path.endswith(".xz") else image


def read_kcore(start, size, path="/proc/kcore"):
    """Bytes of the running kernel's memory."""
    with open(path, "rb") as core:
        header = core.read(0x40)
        table, = struct.unpack_from("<Q", header, 0x20)
        entry_size, count = struct.unpack_from("<HH", header, 0x36)
        core.seek(table)
        entries = core.read(entry_size * count)
        for i in range(count):
            kind, _, offset, address, _, length = struct.unpack_from(
                "<IIQQQQ", entries, i * entry_size)
            if kind == PT_LOAD and address <= start and \
                    start + size <= address + length:
                core.seek(offset + start - address)
                content = core.read(size)
                if len(content) == size:
                    return content
    raise Error(f"{path} has no {size} bytes at {start:#x}")


def _sysfs_sections(module):
    directory = f"/sys/module/{module}/sections"
    bases = {}
    for name in os.listdir(directory):
        with open(os.path.join(directory, name), encoding="ascii") as file:
            bases[name] = int(file.read(), 16)
    return bases


def _mark_addresses():
    marks = {}
    with open("/proc/kallsyms", encoding="ascii") as symbols:
        for line in symbols:
            words = line.split()
            if len(words) == 4 and words[3] == "[covmark]" and \
                    words[2].startswith("covmark_"):
                marks[words[2][len("covmark_"):]] = int(words[0], 16)
    return marks


def _module_path(module):
    return subprocess.run(["modinfo", "-n", module], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()


def _memory(elf, bases):
    """The text sections of a module's file as they are in memory."""
    return {s.name: read_kcore(bases[s.name], s.size) for s in elf.text_sections()}


def take_armed(module, path):
    """In the guest: write down what MODULE's text is while livecov measures it, and
    where livecov's own is, as an address and a size."""
    def elf_and_bases(name):
        return ElfFile(read_module_file(_module_path(name))), _sysfs_sections(name)

    engine, bases = elf_and_bases("livecov")
    start = min(bases[s.name] for s in engine.text_sections())
    end = max(bases[s.name] + s.size for s in engine.text_sections())
    text = _memory(*elf_and_bases(module))
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"engine": [start, end - start],
                   "text": {name: content.hex() for name, content in text.items()}},
                  file)


def take_snapshot(module, path):
    """In the guest: write down where MODULE's text is and what it is."""
    file = _module_path(module)
    elf = ElfFile(read_module_file(file))
    bases = _sysfs_sections(module)
    text = {name: {"base": bases[name], "bytes": content.hex()}
            for name, content in _memory(elf, bases).items()}
    functions = [{"section": f.section, "offset": f.offset,
                  "sizes": sorted(f.sizes), "names": sorted(f.names)}
                 for f in elf.functions() if f.section in text]
    with open(path, "w", encoding="utf-8") as snapshot:
        json.dump({"module": module, "kernel": os.uname().release,
                   "file": file, "marks": _mark_addresses(), "text": text,
                   "functions": functions}, snapshot)


# ---- instructions -----------------------------------------------------------

PREFIXES = {"lock", "rep", "repz", "repnz", "bnd", "notrack", "data16",
            "addr32", "cs", "ds", "es", "fs", "gs", "ss", "xacquire",
            "xrelease"}
LEAVING = {"ret", "retq", "lret", "lretq", "iret", "iretq", "sysret",
           "sysretl", "sysretq", "sysexit", "ljmp"}
TRAPPING = {"ud0", "ud1", "ud2"}


@dataclasses.dataclass
class Instruction:
    address: int
    bytes: bytes
    kind: str
    target: int | None      # of a direct jump or call
    text: str

    @property
    def end(self):
        return self.address + len(self.bytes)

    @property
    def is_padding(self):
        """What stands between functions and in front of loops."""
        return self.bytes[0] == 0xcc or "nop" in self.text or \
            self.text.startswith("xchg   %ax,%ax")


def _classify(text):
    words = text.split()
    while words and (words[0] in PREFIXES or words[0].startswith("rex")):
        words.pop(0)
    if not words:
        return OTHER, None
    name = words[0]
    operand = words[1] if len(words) > 1 else ""
    direct = re.fullmatch(r"0x([0-9a-f]+)", operand)
    target = int(direct[1], 16) if direct else None
    if name in ("jmp", "jmpq"):
        return (JMP, target) if direct else (LEAVE, None)
    if name.startswith(("j", "loop")):
        return JCC, target
    if name in ("call", "callq"):
        return CALL, target
    if name in LEAVING:
        return LEAVE, None
    return (TRAP if name in TRAPPING else OTHER), None


def disassemble(base, content):
    """The instructions of CONTENT, as objdump sees them one after another."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        listing = subprocess.run(
            ["objdump", "-D", "-z", "-w", "-b", "binary", "-m", "i386:x86-64",
             f"--adjust-vma={base:#x}", file.name],
            check=True, text=True, stdout=subprocess.PIPE).stdout
    for line in listing.splitlines():
        fields = line.split("\t")
        if len(fields) < 2 or not fields[0].endswith(":"):
            continue
        text = fields[2].strip() if len(fields) > 2 else "(bad)"
        kind, target = _classify(text)
        yield Instruction(int(fields[0][:-1], 16), bytes.fromhex(fields[1]),
                          kind, target, text)


# ---- text as a whole --------------------------------------------------------

def is_wanted(names, globs):
    """Is a function measured, whose aliases are NAMES?  Not what stands in front of
    functions, nor the trampolines of static calls, which the kernel rewrites."""
    if any(name.startswith(("__pfx_", "__cfi_", "__SCT__")) for name in names):
        return False
    return not globs or any(fnmatch.fnmatchcase(name.removesuffix(".cold"), glob)
                            for name in names for glob in globs)


@dataclasses.dataclass
class Function:
    names: set
    section: str
    address: int
    sizes: set
    instructions: list

    @property
    def size(self):
        return max(self.sizes)


class Text:
    """A target's functions and instructions, by address.

    GLOBS: take only functions that match one of these; a cold part goes where
    its function goes.
    """

    def __init__(self, snapshot, globs=()):
        self.module = snapshot["module"]
        self.marks = snapshot["marks"]
        self.bases = {}
        self.bytes = {}
        self.instructions = {}
        for name, section in snapshot["text"].items():
            self.bases[name] = section["base"]
            self.bytes[name] = bytes.fromhex(section["bytes"])
            for instruction in disassemble(section["base"], self.bytes[name]):
                self.instructions[instruction.address] = instruction
        self._addresses = sorted(self.instructions)
        self.functions = [self._function(f) for f in snapshot["functions"]
                          if is_wanted(f["names"], globs)]
        self.functions.sort(key=lambda f: f.address)
        self._globs = globs
        self._starts = [f.address for f in self.functions]

    def _function(self, symbol):
        address = self.bases[symbol["section"]] + symbol["offset"]
        end = address + max(symbol["sizes"])
        inside = self.between(address, end)
        name = "/".join(symbol["names"])
        if not inside or inside[0].address != address or inside[-1].end != end:
            raise Error(f"objdump's instructions do not fit {name}")
        if any("(bad)" in i.text for i in inside):
            raise Error(f"objdump cannot decode all of {name}")
        return Function(set(symbol["names"]), symbol["section"], address,
                        set(symbol["sizes"]), inside)

    def is_measured(self, address):
        """Is it in a wanted function?  Without a choice all of the text is wanted."""
        if not self._globs:
            return True
        at = bisect.bisect_right(self._starts, address) - 1
        return at >= 0 and address < self.functions[at].address + self.functions[at].size

    def contains(self, address):
        return any(base <= address < base + len(self.bytes[name])
                   for name, base in self.bases.items())

    def between(self, start, end):
        """The instructions that begin at START or later, before END."""
        first = bisect.bisect_left(self._addresses, start)
        last = bisect.bisect_left(self._addresses, end)
        return [self.instructions[a] for a in self._addresses[first:last]]

    def place(self, address):
        """An address in words."""
        for name, base in self.bases.items():
            if base <= address < base + len(self.bytes[name]):
                where = f"{name}+{address - base:#x}"
                break
        else:
            return f"{address:#x}, not in the target's text"
        for function in self.functions:
            if function.address <= address < function.address + function.size:
                where = f"{min(function.names)}+" \
                    f"{address - function.address:#x} ({where})"
        return f"{where} at {address:#x}"
