# SPDX-License-Identifier: GPL-2.0-only
"""Expected coverage of covtarget.ko, written by hand from its source.

FUNCTIONS has, for each function that user space can call, inputs; for each
input, what must come back and what must have run, no more and no less. The words:

    name    the mark of that name ran (covt_mark() in the function's source)
    name+   the jump of that name was taken (COVT_JUMP() there), never not
    name-   it was not taken, never taken
    name+-  both

What is not named did not run. A function that is not named at all was not
entered. See target.h for why this holds with any compiler.
"""

import dataclasses


@dataclasses.dataclass
class Ran:
    """One function in one round: how often entered, and the words above."""
    entries: int
    words: str


@dataclasses.dataclass
class Input:
    args: str
    result: int
    own: str                    # words of the function itself
    entries: int = 1            # of the function itself
    also: dict = dataclasses.field(default_factory=dict)    # others, in this task
    aside: dict = dataclasses.field(default_factory=dict)   # others, elsewhere:
    # interrupts and other tasks, which only scope "all" counts
    before: str = ""            # a call that prepares
    after: str = ""             # a call that cleans up


def once(words):
    return Ran(1, words)


def ifs(count):
    """generated.c: jump and mark 1000 + n are taken if bit n % 64 is set."""
    def run(mask):
        is_set = [mask >> n % 64 & 1 for n in range(count)]
        words = "end"
        for n, bit in enumerate(is_set):
            words += f" {1000 + n}+ {1000 + n}" if bit else f" {1000 + n}-"
        return Input(f"{mask:#x}", sum(is_set), words)
    return [run(0), run(2**64 - 1), run(0x8000000000000005), run(0xaaaaaaaaaaaaaaaa)]


def elsewhere(name):
    return [Input("0", 2, "start end", aside={name: once("zero")}),
            Input("1", 1, "start end", aside={name: once("nonzero")})]


EPERM, ENOMEM, EACCES, EFAULT, EBUSY = 1, 12, 13, 14, 16

FUNCTIONS = {
    # branch.c
    "if_else": [
        Input("2 1", 1, "greater end"),
        Input("1 2", 2, "not_greater end"),
    ],
    "nested": [
        Input("0 0 0", 3, "none end"),
        Input("1 0 0", 0, "end"),
        Input("1 1 0", 1, "a_and_one end"),
        Input("1 1 1", 2, "a_and_one all end"),
        Input("0 1 0", 0, "end"),
        Input("1 0 1", 1, "a_and_one end"),
    ],
    "errors": [
        Input("0", 0, "start first second third"),
        Input("1", -EPERM, "start out"),
        Input("2", -ENOMEM, "start first undo_first out"),
        Input("3", -EBUSY, "start first second undo_second undo_first out"),
    ],
    "compare_tree": [
        Input("0", 0, "case_0 end"),
        Input("1", 30, "case_1 case_2 end"),
        Input("2", 20, "case_2 end"),
        Input("4", 30, "case_3_to_5 end"),
        Input("6", -1, "case_6"),
        Input("100", 100, "case_100 end"),
        Input("5000", 5000, "case_5000 end"),
        Input("7", -2, "default end"),
    ],
    "cold": [
        Input("0 0 0", 0, "start middle"),
        Input("4 0 0", 5, "start cold middle",
              also={"covt_cold_callee": once("callee")}),
        Input("4 1 0", -5, "start cold cold_return",
              also={"covt_cold_callee": once("callee")}),
        Input("0 0 1", 100, "start middle c"),
        Input("4 0 1", 105, "start cold middle c",
              also={"covt_cold_callee": once("callee")}),
    ],
    "warn": [
        Input("0", 0, "start end"),
    ],
    "warn_never": [
        Input("0", 0, "start middle end"),
    ],
    "conditions": [
        # 1 - 2: carry, sign, parity (0xff has eight bits set)
        Input("1 2", 0, "o- no+ b+ ae- e- ne+ be+ a- s+ ns- p+ np- l+ ge- le+ g-"),
        # 2 - 1: no flag
        Input("2 1", 0, "o- no+ b- ae+ e- ne+ be- a+ s- ns+ p- np+ l- ge+ le- g+"),
        # 5 - 5: zero, parity
        Input("5 5", 0, "o- no+ b- ae+ e+ ne- be+ a- s- ns+ p+ np- l- ge+ le+ g-"),
        # most negative - 1: overflow, parity
        Input("0x8000000000000000 1", 0,
              "o+ no- b- ae+ e- ne+ be- a+ s- ns+ p+ np- l+ ge- le+ g-"),
    ],
    "jump_sizes": [
        Input("0 1", 0, "short+ near+ short_back- near_back- end"),
        Input("1 3", 0, "short- near- short_back+- near_back+- end"),
    ],
    "rcxz": [
        Input("0", 3, "rcxz+ rcx_is_zero ecxz+ ecx_is_zero end"),
        Input("1", 0, "rcxz- ecxz- end"),
        Input("0x100000000", 2, "rcxz- ecxz+ ecx_is_zero end"),
    ],
    "static_key": [
        Input("", 2, "start off end"),
        Input("", 1, "start on end", before="static_key_set 1",
              after="static_key_set 0", also={"covt_static_key_set": Ran(2, "")}),
        Input("", 2, "start off end"),
    ],
    # loop.c
    "for_loop": [
        Input("0", 0, "end"),
        Input("1", 0, "body end"),
        Input("5", 10, "body end"),
    ],
    "while_loop": [
        Input("1", 0, "end"),
        Input("2", 1, "even end"),
        Input("3", 7, "odd even end"),      # 3 10 5 16 8 4 2 1
    ],
    "do_loop": [
        Input("0", 1, "body end"),
        Input("3", 3, "body end"),
    ],
    "leave_loop": [
        Input("0 9", 0, "end"),
        Input("1 9", 1, "even end"),
        Input("4 9", 2, "even continue end"),
        Input("4 2", 1, "even continue break end"),
        Input("1 0", 0, "break end"),
    ],
    "loop_insns": [
        Input("1 0", 3, "loop- loope- loopne- end"),
        Input("3 0", 7, "loop+- loope+- loopne- end"),
        Input("3 1", 7, "loop+- loope- loopne+- end"),
    ],
    "delay": [
        Input("1", 0, "delay- end"),
        Input("3", 0, "delay+- end"),
    ],
    "recurse": [
        Input("1", 1, "bottom"),
        Input("4", 10, "down bottom up", entries=4),
    ],
    # call.c
    "leaf": [
        Input("1 2 3", 6, "leaf"),
    ],
    "chain": [
        Input("0", 0, "start no_call"),
        Input("1", 11, "start", also={
            "covt_chain_link": once("start one end"), "covt_chain_end": once("odd")}),
        Input("2", 3, "start", also={
            "covt_chain_link": once("start end"), "covt_chain_end": once("even")}),
    ],
    "tail": [
        Input("0 1", -1, "start return"),
        Input("3 0", 3, "start", also={"covt_tail_target": once("small")}),
        Input("30 0", 1000, "start", also={"covt_tail_target": once("big")}),
    ],
    "tail_jcc": [
        Input("3 0", 3, "tail+", also={"covt_tail_target": once("small")}),
        Input("3 1", -1, "tail- stay"),
    ],
    "indirect": [
        Input("0 5", 106, "before after", also={"covt_op_add": once("add")}),
        Input("1 5", 110, "before after", also={"covt_op_double": once("double")}),
    ],
    "indirect_tail": [
        Input("1 5", 10, "start", also={"covt_op_double": once("double")}),
        Input("0 5", 6, "start", also={"covt_op_add": once("add")}),
    ],
    "inline_one": [
        Input("9", 1, "start helper_big"),
        Input("1", 2, "start helper_small"),
    ],
    "inline_two": [
        Input("1", -2, "helper_small end"),
        Input("9", -1, "helper_big end"),
    ],
    # fault.c
    "fixup": [
        Input("0", 0, "start differs- same"),
        Input("1", -EFAULT, "start fault"),
    ],
    "unsafe_get": [
        Input("good", 42, "even"),
        Input("bad", -EFAULT, "fault"),
        Input("0xffff888000000000", -EACCES, "not_user"),
    ],
    "get": [
        Input("good", 42, "read"),
        Input("bad", -EFAULT, "fault"),
    ],
    "copy": [
        Input("good", 85, "read"),
        Input("bad", -EFAULT, "fault"),
    ],
    # context.c
    "hardirq": elsewhere("covt_in_hardirq"),
    "softirq": elsewhere("covt_in_softirq"),
    "work": elsewhere("covt_in_work"),
    # generated.c
    "ifs_1": ifs(1),
    "ifs_10": ifs(10),
    "ifs_100": ifs(100),
    "ifs_1000": ifs(1000),
}

# Only where a warning may be written to the kernel log.
WARNING = Input("0xdead", 1, "start warned")

# A call that sleeps: what has run when it does, and when it has been woken. What
# comes behind the call, in the same block or the next, has not run yet.
SLEEPERS = {
    "wait": ("3", 3, "before", "before loop end"),
    "wait_jump": ("1", 1, "sleeps", "sleeps join"),
}

# The same in a thread of the kernel's, which only scope "all" counts.
THREAD = ("covt_thread", "before", "before loop end")

# What any call passes through, as often as there are calls.
PLUMBING = {"covt_ioctl"}

# The shapes that are forced: bytes of the jump.
JUMP_SIZES = {
    "covt_jump_sizes": {"short": 2, "near": 6, "short_back": 2, "near_back": 6},
    "covt_rcxz": {"rcxz": 2, "ecxz": 3},
    "covt_loop_insns": {"loop": 2, "loope": 2, "loopne": 2},
    "covt_delay": {"delay": 2},
    "covt_tail_jcc": {"tail": 6},
}

# Functions that must have a part in .text.unlikely; else that shape is not tested.
HAS_COLD_PART = {"covt_cold"}

# Sections whose functions must be listed. .init.text is gone once it has run.
LISTED_SECTIONS = {".text", ".text.unlikely", ".exit.text"}
