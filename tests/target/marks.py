# SPDX-License-Identifier: GPL-2.0-only
"""Reads from covtarget.ko where its marks and jumps are (see target.h).

May call nothing. Knows as much of ELF as a relocatable x86-64 file needs.
"""

import collections
import dataclasses
import struct

SHT_SYMTAB = 2
SHT_RELA = 4
STT_FUNC = 2
R_X86_64_64 = 1

MARKS_SECTION = ".debug_covt_marks"


@dataclasses.dataclass(frozen=True)
class Place:
    section: str
    offset: int


@dataclasses.dataclass(frozen=True)
class Symbol:
    name: str
    section: str
    offset: int
    size: int
    kind: int


Section = collections.namedtuple("Section", "name type offset size link info")


class Elf:
    """The sections, symbols and relocations of a relocatable file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self._bytes = file.read()
        if self._bytes[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path}: no little-endian ELF64 file")
        self.sections = self._read_sections()
        self.symbols = self._read_symbols()

    def _read_sections(self):
        start, = struct.unpack_from("<Q", self._bytes, 0x28)
        size, count, names = struct.unpack_from("<HHH", self._bytes, 0x3a)
        raw = [struct.unpack_from("<IIQQQQII", self._bytes, start + i * size)
               for i in range(count)]
        names_at = raw[names][4]
        return [Section(self.text(names_at + r[0]), r[1], r[4], r[5], r[6], r[7])
                for r in raw]

    def _read_symbols(self):
        table = next(s for s in self.sections if s.type == SHT_SYMTAB)
        strings = self.sections[table.link].offset
        symbols = []
        for at in range(table.offset, table.offset + table.size, 24):
            name, info, _, index, value, size = struct.unpack_from(
                "<IBBHQQ", self._bytes, at)
            section = self.sections[index].name if index < len(self.sections) else ""
            symbols.append(Symbol(self.text(strings + name), section, value, size,
                                  info & 15))
        return symbols

    def text(self, at):
        return self._bytes[at:self._bytes.index(b"\0", at)].decode()

    def build_id(self):
        """In hexadecimal; empty if there is none."""
        for section in self.sections:
            if section.name == ".note.gnu.build-id":
                name, size = struct.unpack_from("<II", self._bytes, section.offset)
                start = section.offset + 12 + (name + 3) // 4 * 4
                return self._bytes[start:start + size].hex()
        return ""

    def find(self, name):
        return next(s for s in self.sections if s.name == name)

    def relocations(self, name):
        """(offset in the section, what goes there) of its 64-bit addresses."""
        table = next(s for s in self.sections
                     if s.type == SHT_RELA and self.sections[s.info].name == name)
        for at in range(table.offset, table.offset + table.size, 24):
            offset, info, addend = struct.unpack_from("<QQq", self._bytes, at)
            symbol = self.symbols[info >> 32]
            if info & 0xffffffff != R_X86_64_64:
                raise ValueError(f"{name}: relocation type {info & 0xffffffff}")
            yield offset, Place(symbol.section, symbol.offset + addend)


class Marks:
    """functions[NAME] has two dicts: mark or jump NAME to a list of Places.

    A .cold part's marks are its function's.
    """

    def __init__(self, path):
        elf = Elf(path)
        self.build_id = elf.build_id()
        self.symbols = [s for s in elf.symbols if s.kind == STT_FUNC]
        self.marks = collections.defaultdict(lambda: collections.defaultdict(list))
        self.jumps = collections.defaultdict(lambda: collections.defaultdict(list))
        base = elf.find(MARKS_SECTION).offset
        for offset, place in elf.relocations(MARKS_SECTION):
            record = elf.text(base + offset + 8)
            tables = {"M": self.marks, "J": self.jumps}
            tables[record[0]][self._function_at(place)][record[1:]].append(place)

    def _function_at(self, place):
        names = {s.name.removesuffix(".cold") for s in self.symbols
                 if s.section == place.section
                 and s.offset <= place.offset < s.offset + s.size}
        # init_module and cleanup_module are second names.
        names = {n for n in names if n.startswith("covt_")}
        if len(names) != 1:
            raise ValueError(f"{place} is in {sorted(names) or 'no function'}")
        return names.pop()
