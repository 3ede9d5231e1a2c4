# SPDX-License-Identifier: GPL-2.0-only
"""Tests of target_text.py, part of test_oracle.py."""

import copy
import lzma
import struct
import tempfile
import unittest

import target_text
from fixture_machine import SNAPSHOT, TEXT
from target_text import CALL, JCC, JMP, LEAVE, OTHER, TRAP


class TextTest(unittest.TestCase):
    def test_instruction_kinds(self):
        for content, kind, target in (
                ("74 10", JCC, 0x1012), ("0f 8f 00 01 00 00", JCC, 0x1106),
                ("2e 74 fe", JCC, 0x1001), ("3e 0f 85 f9 ff ff ff", JCC, 0x1000),
                ("e3 02", JCC, 0x1004), ("67 e3 02", JCC, 0x1005),
                ("e2 fe", JCC, 0x1000), ("e0 fe", JCC, 0x1000),
                ("e1 fe", JCC, 0x1000), ("eb fe", JMP, 0x1000),
                ("e9 fb 00 00 00", JMP, 0x1100), ("f2 e9 fa 00 00 00", JMP, 0x1100),
                ("ff e0", LEAVE, None), ("3e ff e0", LEAVE, None),
                ("ff 24 c5 00 00 00 00", LEAVE, None), ("c3", LEAVE, None),
                ("f3 c3", LEAVE, None), ("cb", LEAVE, None),
                ("48 cf", LEAVE, None), ("e8 fb 00 00 00", CALL, 0x1100),
                ("ff d0", CALL, None), ("0f 0b", TRAP, None),
                ("90", OTHER, None), ("0f 94 c0", OTHER, None),
                ("f3 a4", OTHER, None), ("cc", OTHER, None)):
            with self.subTest(content):
                found = list(target_text.disassemble(
                    0x1000, bytes.fromhex(content)))
                self.assertEqual([(i.kind, i.target) for i in found],
                                 [(kind, target)])
                self.assertEqual(found[0].bytes, bytes.fromhex(content))

    def test_functions_of_the_symbol_table(self):
        names = {"/".join(sorted(f.names)) for f in TEXT.functions}
        self.assertEqual(names, {"two_ways", "loop_body", "no_way", "caller",
                                 "warns", "alias/named", "around",
                                 "fixes", "idle_tail", "two_ways.cold"})

    def test_function_that_ends_inside_an_instruction(self):
        snapshot = copy.deepcopy(SNAPSHOT)
        snapshot["functions"][0]["sizes"] = [1]
        with self.assertRaises(target_text.Error):
            target_text.Text(snapshot)

    def test_selected_functions(self):
        text = target_text.Text(SNAPSHOT, ["t?o_ways", "al?as"])
        self.assertEqual([sorted(f.names) for f in text.functions],
                         [["two_ways"], ["alias", "named"], ["two_ways.cold"]])

    def test_not_elf(self):
        with self.assertRaises(target_text.Error):
            target_text.ElfFile(b"\x7fELF\x01\x01" + bytes(64))

    def test_compressed_module(self):
        with tempfile.NamedTemporaryFile(suffix=".ko.xz") as file:
            file.write(lzma.compress(b"module"))
            file.flush()
            self.assertEqual(target_text.read_module_file(file.name), b"module")

    def test_kcore(self):
        header = bytearray(0x40)
        struct.pack_into("<Q", header, 0x20, 0x40)
        struct.pack_into("<HH", header, 0x36, 56, 2)
        entries = struct.pack("<IIQQQQQQ", 4, 0, 0, 0x1000, 0, 99, 99, 0) + \
            struct.pack("<IIQQQQQQ", 1, 0, 0x100, 0x1000, 0, 8, 8, 0)
        core = bytes(header) + entries
        core += bytes(0x100 - len(core)) + b"01234567 and more"
        with tempfile.NamedTemporaryFile() as file:
            file.write(core)
            file.flush()
            self.assertEqual(target_text.read_kcore(0x1002, 3, file.name), b"234")
            for start, size in ((0xfff, 1), (0x1006, 3), (0x2000, 1)):
                with self.assertRaises(target_text.Error):
                    target_text.read_kcore(start, size, file.name)
