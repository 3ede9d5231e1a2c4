# SPDX-License-Identifier: GPL-2.0-only
"""What libcov.h and cov_ioctl.h declare, for tests that compare something with them.

Knows as much of C as these two headers use.
"""

import re
from typing import List, NamedTuple


class Prototype(NamedTuple):
    result: str
    name: str
    arguments: List[str]        # types, without the parameters' names


def one_line(text):
    """C on one line, with blanks in one way only, for comparing."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r" ?\* ?", " *", text)
    text = re.sub(r"\( ", "(", text)
    return re.sub(r"\* (?=\*)", "*", text).replace("* *", "**").replace("( *", "(*")


def _code(path):
    """A header without comments and preprocessor lines."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"\\\n", " ", text)
    return re.sub(r"^\s*#.*$", "", text, flags=re.M).replace('extern "C" {', "")


def structs(path):
    """By name, the text between the braces of each struct, comments removed."""
    return dict(re.findall(r"^struct (\w+) \{\n(.*?)^\};", _code(path), flags=re.S | re.M))


def members(body):
    """Names of a struct's members, from the text between its braces."""
    names = []
    for declaration in filter(str.strip, body.split(";")):
        pointer = re.search(r"\(\*(\w+)\)", declaration)
        if pointer:
            names.append(pointer.group(1))
        else:
            names += [re.search(r"(\w+)(?:\[\w+\])?\s*$", part).group(1)
                      for part in declaration.split(",")]
    return names


def prototypes(path):
    """By name, each function's declaration on one line."""
    code = re.sub(r"\{[^{}]*\}", "", _code(path))
    found = {}
    for declaration in code.split(";"):
        match = re.search(r"(\w+)\s*\(.*\)\s*$", declaration, flags=re.S)
        if match:
            found[match.group(1)] = one_line(declaration) + ";"
    return found


def parse_prototype(declaration):
    """The types of a declaration as prototypes() has it."""
    match = re.fullmatch(r"(.*?)(\w+)\((.*)\);", declaration)
    arguments = [re.sub(r"\w+$", "", one_line(argument)).strip()
                 for argument in match.group(3).split(",")]
    return Prototype(match.group(1).strip(), match.group(2), arguments)


def constants(path):
    """The macros of a header that are numbers."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    found = {}
    for line in lines:
        match = re.match(r"#define\s+(\w+)\s+(0x[0-9a-f]+|\d+|\(\d+U << \d+\))U?\s*(/\*.*)?$", line)
        if match:
            value = match.group(2).strip("()").replace("U", "")
            left, _, right = value.partition(" << ")
            found[match.group(1)] = int(left, 0) << int(right or "0", 0)
    return found


def abi_minor(root):
    """COV_ABI_MINOR, which grows with every addition to the interface."""
    return constants(f"{root}/include/cov_ioctl.h")["COV_ABI_MINOR"]


def ioctls(path):
    """By name, each ioctl's (direction, number, struct): ('IOWR', 3, 'cov_target_info')."""
    with open(path, encoding="utf-8") as file:
        found = re.findall(r"^#define\s+(COV_IOC_\w+)\s+_(IO[WR]*)\(COV_IOC_MAGIC, (0x\w+)"
                           r"(?:, struct (\w+))?\)", file.read(), flags=re.M)
    return {name: (direction, int(number, 0), struct)
            for name, direction, number, struct in found}
