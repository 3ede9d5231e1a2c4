# SPDX-License-Identifier: GPL-2.0-only
"""Text for the oracle's own tests: assembled, linked to fixed addresses, never run.

May call target_text.py.
"""

import os
import subprocess
import tempfile

import target_text
from exec_log import MARKS

HERE = os.path.dirname(os.path.realpath(__file__))
ENGINE = (0xffffffffc0280000, 0x10000)      # livecov's text
BASES = {".text": 0xffffffffc0200000, ".text.unlikely": 0xffffffffc0203000,
         ".init.text": 0xffffffffc0205000, ".stubs": ENGINE[0]}
MARK_AT = {name: 0xffffffffc0100000 + 16 * i for i, name in enumerate(MARKS)}


def _link(source, path):
    subprocess.run(["gcc", "-c", "-o", path + ".o", os.path.join(HERE, source)],
                   check=True)
    with open(path + ".lds", "w", encoding="ascii") as script:
        script.writelines(f"SECTIONS {{ {name} {base:#x} : {{ *({name}) }} }}\n"
                          for name, base in BASES.items())
    subprocess.run(["ld", "-T", path + ".lds", "-e", "0", "-o", path, path + ".o"],
                   check=True)


def _section(path, name):
    content = path + ".content"
    subprocess.run(["objcopy", "-O", "binary", "-j", name, path, content], check=True)
    with open(content, "rb") as file:
        return {"base": BASES[name], "bytes": file.read().hex()}


def build(source):
    """SOURCE as a snapshot of target_text.py, and its labels' addresses."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "fixture")
        _link(source, path)
        symbols = subprocess.run(["nm", path], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout
        elf = target_text.ElfFile(target_text.read_module_file(path))
        text = {section.name: _section(path, section.name)
                for section in elf.text_sections()}
    snapshot = {
        "module": "fixture", "kernel": "none", "marks": MARK_AT, "text": text,
        # ld made addresses of a module's offsets.
        "functions": [{"section": f.section,
                       "offset": f.offset - BASES[f.section],
                       "sizes": sorted(f.sizes), "names": sorted(f.names)}
                      for f in elf.functions() if f.section in text]}
    labels = {words[2]: int(words[0], 16)
              for words in map(str.split, symbols.splitlines())}
    return snapshot, labels
