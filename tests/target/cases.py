#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What expected.py says, for a program: `cases.py KO` prints one fact a line.

    mark FUNCTION NAME SECTION OFFSET       where a mark is; copies have a line each
    jump FUNCTION NAME SECTION OFFSET       where a jump is
    case FUNCTION A B C RESULT              a call, followed by what runs in it:
    ran FUNCTION ENTRIES [WORD]...          a function, and expected.py's words

Only calls of functions that work on their arguments alone, so that any number of tasks
can make them at once, and ifs_100, whose places are told, and whose words follow from its
argument (generated.c).
"""

import sys

sys.dont_write_bytecode = True      # the project may be read-only, or somebody else's
# pylint: disable=wrong-import-position
import expected
from marks import Marks

FUNCTIONS = (
    "if_else", "nested", "errors", "compare_tree", "cold", "conditions", "jump_sizes", "rcxz",
    "for_loop", "while_loop", "do_loop", "leave_loop", "loop_insns", "delay", "recurse", "leaf",
    "chain", "tail", "tail_jcc", "indirect", "indirect_tail", "inline_one", "inline_two",
    "rip_after", "flags", "carry", "into_before", "into_after", "body", "spin", "rcx_beside",
    "give_way", "deep", "from_cold", "after_call", "island",
    # What only a site of its own tells: fix-ups, static branches, warnings.
    "fixup", "fault_before", "fault_after", "static_key", "warn", "warn_never", "warn_beside",
    "key_beside", "key_first",
)
BY_ARGUMENT = "covt_ifs_100"


def numbers(args):
    """Three of them, as unsigned."""
    given = [int(word, 0) % 2**64 for word in args.split()]
    return given + [0] * (3 - len(given))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: cases.py MODULE.ko")
    marks = Marks(sys.argv[1])
    lines, used = [], {BY_ARGUMENT}
    for function in FUNCTIONS:
        for inp in expected.FUNCTIONS[function]:
            if inp.before:      # it would be before everybody's
                continue
            lines.append(f"case {function} {' '.join(map(str, numbers(inp.args)))} {inp.result}")
            own = expected.Ran(inp.entries, inp.own)
            for name, ran in {f"covt_{function}": own, **inp.also}.items():
                lines.append(f"ran {name} {ran.entries} {ran.words}".rstrip())
                used.add(name)
    for kind, table in (("mark", marks.marks), ("jump", marks.jumps)):
        for function in sorted(used & set(table)):
            for name, places in table[function].items():
                for place in places:
                    print(kind, function, name, place.section, place.offset)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
