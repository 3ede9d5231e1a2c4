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


AT_LEAST_ONCE = None        # an entry count that depends on the time of day


@dataclasses.dataclass
class Ran:
    """One function in one round: how often entered, and the words above."""
    entries: int | None
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


def flags(args, bits, low, words):
    """beside_asm.S, covt_flags: OF 0x800, SF 0x80, ZF 0x40, AF 0x10, PF 4, CF 1."""
    return Input(args, bits << 8 | low, words)


def interrupted(kind, times):
    """beside.c: one function in the task and, on top of it, in an interrupt."""
    return Input(f"{kind} {times}", 0, "crosses", also={
        "covt_crossed": Ran(AT_LEAST_ONCE, "round+- interrupt- task")}, aside={
            "covt_on_timer": Ran(times, "fired"),
            "covt_crossed": Ran(AT_LEAST_ONCE, "round+- interrupt+")})


EPERM, ENOMEM, EACCES, EFAULT, EBUSY = 1, 12, 13, 14, 16
WORD = 0x1122334455667788   # beside_asm.S, .Lword

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
    # beside_asm.S
    "rip_before": [
        Input(f"{WORD:#x}", 0, "equal+ itself+ counted+ grew+"),
        Input("5", 1, "equal- itself+ counted+ grew+"),
    ],
    "rip_after": [
        Input("1 2", -1, "below+"),
        Input("5 5", WORD + 1, "below- equal+ differs- greater-"),
        Input("3 2", WORD, "below- equal- above+"),
    ],
    "rip_percpu": [
        Input("0", 2, "five+ zero+"),
        Input("1", 1, "five+ zero-"),
    ],
    "flags": [
        # 1 - 2 = ...ff: carry, parity, half-carry, sign
        flags("1 2", 0x95, 1, "below+ negative+"),
        # 0 - -1 = 1: carry, half-carry
        flags("0 -1", 0x11, 0x10, "below+ negative-"),
        # 2 - 1 = 1: no flag
        flags("2 1", 0, 3, "below- less- equal-"),
        # 0: zero, parity
        flags("5 5", 0x44, 0, "below- less- equal+"),
        # 7f...ff: overflow, half-carry, parity
        flags("0x8000000000000000 1", 0x814, 0, "below- less+ overflow+"),
        # -2 = ...fe: sign
        flags("-1 1", 0x80, 0x23, "below- less+ overflow-"),
    ],
    "carry": [
        Input("1 2 4", 7, "carry- zero-"),
        Input("-1 2 4", 6, "carry+ again-"),
        Input("0 0 4", -4, "carry- zero+"),
        Input("-1 1 -1", 1, "carry+ again+"),
    ],
    "into_before": [
        Input("3 10 1000", 30, "over- more+-"),
        Input("3 10 15", 15, "over+- clamped more+-"),
        Input("1 5 9", 5, "over- more-"),
    ],
    "into_after": [
        Input("-1 0", 1, "zero- negative+"),
        Input("0 0", 10, "zero+ still_zero+"),
        # 1 has one bit set, 3 has two
        Input("1 0", 5, "zero- negative- still_zero- parity- done+"),
        Input("1 2", 14, "zero- negative- still_zero- parity- done-"),
        Input("3 2", 10, "zero- negative- still_zero- parity+ done-"),
    ],
    "body": [
        Input("1 7", 10, "five- six- seven-"),
        Input("4 7", 40, "five+- six+- seven+-"),
    ],
    "spin": [
        Input("1 9", 9, "round-"),
        Input("5 9", 9, "round+-"),
    ],
    "rcx_beside": [
        Input("1 1 0", 0x10106, "rcxz+ ecxz- loop- loopne- loope-"),
        Input("0x100000001 3 0", 0x3030f, "rcxz- ecxz- loop+- loopne+- loope+-"),
        Input("0x100000000 2 1", 0x10209, "rcxz- ecxz+ loop+- loopne+- loope-"),
        # loopne stops with rounds left
        Input("2 3 0", 0x3020f, "rcxz- ecxz- loop+- loopne+- loope+-"),
    ],
    "fault_before": [
        Input("0", WORD & 0xffffffff, "zero- negative-"),
        Input("1", -2 * EFAULT, "fault negative+ failed"),
    ],
    "fault_after": [
        Input("1 2 0", 1, "below+"),
        Input("2 1 0", 3, "below- above+"),
        Input("2 2 0", WORD, "below- above-"),
        Input("2 2 1", -EFAULT, "below- above- fault"),
    ],
    "give_way": [
        Input("1 5", 5, "more-", also={"covt_reschedule": Ran(1, "")}),
        Input("4 5", 20, "more+-", also={"covt_reschedule": Ran(4, "")}),
    ],
    "deep": [
        Input("0", 0, "bottom+"),
        Input("4", 10, "bottom+-", entries=5),
    ],
    "from_cold": [
        Input("0 5", 6, "cold- carry-"),
        Input("1 5", 5, "cold+ one+ carry-"),
        Input("2 5", 10, "cold+ one- more carry-"),
        Input("0 -1", 7, "cold- carry+"),
    ],
    "goto_text": [
        Input("0 5", 5, "one negative-"),
        Input("1 5", 10, "two one negative-"),
        Input("0 -3", -1, "one negative+"),
    ],
    "after_call": [
        Input("7 0", 7, "low-", also={"covt_leaf": Ran(1, "leaf")}),
        Input("7 3", 43, "low+ more+-", also={"covt_leaf": Ran(3, "leaf")}),
        Input("7 0x101", 274, "low+- more+", also={"covt_leaf": Ran(2, "leaf")}),
    ],
    # With COVT_OOPS it does not return: tests/vm/suite/oops.c.
    "oops": [
        Input("0 0", 0, "same-"),
        Input("0 0x55667788", 1, "same+"),
    ],
    # beside.c
    "goto_data": [
        Input("1 5", 6, "plus_one negative-"),
        Input("0 5", 51, "times_ten plus_one negative-"),
        Input("2 5", -1, "minus_one negative-"),
        Input("1 -5", -8, "plus_one negative+"),
    ],
    "key_beside": [
        Input("0 0", 0, "before+ behind+"),
        Input("1 0", 2, "before- off behind+"),
        Input("1 1", 5, "before- on behind-", before="key_beside_set 1",
              after="key_beside_set 0", also={"covt_key_beside_set": Ran(2, "")}),
        Input("1 1", 6, "before- off behind-"),
    ],
    "key_first": [
        Input("", 2, "off"),
        Input("", 1, "on", before="key_beside_set 1", after="key_beside_set 0",
              also={"covt_key_beside_set": Ran(2, "")}),
    ],
    "call_beside": [
        Input("0 0", 0, "before+"),
        Input("3 0", 6, "before- behind+", also={"covt_call_double": once("double")}),
        Input("3 1", -2, "before- behind-", before="call_beside_set 1",
              after="call_beside_set 0", also={
                  "covt_call_beside_set": Ran(2, ""),
                  "covt_call_negate": once("negate")}),
        Input("3 1", 7, "before- behind-", also={"covt_call_double": once("double")}),
    ],
    "warn_beside": [
        Input("0 5", 6, "quiet+ zero-"),
        Input("1 0", 0, "quiet- zero+"),
        Input("1 5", 6, "quiet- zero-"),
    ],
    "interrupted": [interrupted("0", 3), interrupted("1", 3)],
    "island": [
        Input("0 5 7", 26, "more- odd+-"),
        Input("4 5 7", 66, "more+- odd+-"),
    ],
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
    "wait_test": ("3 5", 8, "", "zero-"),
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
    "covt_rip_before": dict.fromkeys(("equal", "itself", "counted", "grew"), 2),
    "covt_rip_after": dict.fromkeys(("below", "equal", "above", "differs", "greater"), 2),
    "covt_flags": dict.fromkeys(("below", "less", "equal", "negative", "overflow"), 2),
    "covt_carry": dict.fromkeys(("carry", "zero", "again"), 2),
    "covt_into_before": dict.fromkeys(("over", "more"), 2),
    "covt_into_after": dict.fromkeys(("negative", "parity"), 2),
    "covt_body": dict.fromkeys(("five", "six", "seven"), 2),
    "covt_rcx_beside": {"rcxz": 2, "ecxz": 3, "loop": 2, "loopne": 2, "loope": 2},
    "covt_fault_before": dict.fromkeys(("zero", "negative"), 2),
    "covt_fault_after": dict.fromkeys(("below", "above"), 2),
    "covt_wait_test": {"zero": 2},
    "covt_deep": {"bottom": 2},
    "covt_from_cold": {"cold": 6, "carry": 2},
    "covt_goto_text": {"negative": 2},
    "covt_after_call": {"low": 2, "more": 2},
    "covt_island": {"more": 2, "odd": 2},
}

# Functions that must have a part in .text.unlikely; else that shape is not tested.
HAS_COLD_PART = {"covt_cold", "covt_from_cold"}

# Entered in the middle, at addresses that no jump names. Which blocks there are is
# not known there: of these the marks are not compared, but everything else is, above
# all what they return.
BLOCKS_UNSURE = {"covt_goto_data", "covt_goto_text"}

# Sections whose functions must be listed. .init.text is gone once it has run.
LISTED_SECTIONS = {".text", ".text.unlikely", ".exit.text"}
