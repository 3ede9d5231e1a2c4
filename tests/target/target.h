/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * target.h - what covtarget's files share: the marks, and the functions.
 *
 * Expected coverage is written by hand in expected.py, in terms of this source;
 * the compiler, however, chooses blocks and jumps, and another one chooses others.
 * So the source names places of the machine code itself:
 *
 * covt_mark("NAME") is one nop with a name. It is volatile, so the compiler must
 * run it exactly when the source says so: it can be moved across no branch, its
 * branch can become no cmov, and a block with it is never empty. Expected is
 * which marks ran; tested is whether the block around each is covered. If the
 * compiler makes copies of a mark, it ran if any of them did. A block is covered
 * when its first instruction ran, so behind a call that does not come back or an
 * access that faults the next mark has to be behind a branch or a loop's head.
 *
 * COVT_JUMP("NAME") goes before a conditional jump in inline assembler, whose
 * shape and sense thus do not depend on the compiler. Expected are its outcomes,
 * exactly.
 *
 * Names are unique within a function. They are written, with the address, to a
 * section that is not loaded: symbols in .text would be in the kernel's symbol
 * table, where kprobes takes them for the beginnings of functions. It is called
 * .debug_* because modpost knows that references from there do not matter.
 */
#ifndef COVT_TARGET_H
#define COVT_TARGET_H

#define COVT_RECORD(label, kind, name)						\
	".pushsection .debug_covt_marks, \"\", @progbits\n\t"			\
	".quad " label "b\n\t"							\
	".asciz \"" kind name "\"\n\t"						\
	".popsection\n\t"

/* Numeric labels may be defined again and again; nothing else here uses 77x. */
#define COVT_JUMP(name)		"771:\n\t" COVT_RECORD("771", "J", name)

#define covt_mark(name)		asm volatile("772: nop\n\t" COVT_RECORD("772", "M", name))

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/types.h>

#include "covtarget.h"

/* One function in the source is one function in the module, under its own name. */
#define covt_fn		noinline __noclone

#define COVT_DECLARE(name)	s64 covt_##name(u64 a, u64 b, u64 c);
COVT_FUNCTIONS(COVT_DECLARE)

/* Called by some of them across files. */
s64 covt_tail_target(u64 a, u64 b, u64 c);
s64 covt_crossed(u64 a, u64 b, u64 c);
s64 covt_sleep(s64 value);
void covt_reschedule(void);

void covt_context_exit(void);

#endif /* COVT_TARGET_H */
