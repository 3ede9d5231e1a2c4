/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * call_asm.S - a conditional tail call, which few compilers make: a Jcc whose
 * target is another function. Nor does ftrace know this function.
 */
#include <linux/linkage.h>
#include <asm/nospec-branch.h>

.macro covt_record label:req, text:req
	.pushsection .debug_covt_marks, "", @progbits
	.quad	\label
	.asciz	"\text"
	.popsection
.endm

/* s64 covt_tail_jcc(u64 a, u64 b, u64 c): as covt_tail_target() if @b is 0, else -1 */
SYM_FUNC_START(covt_tail_jcc)
	test	%rsi, %rsi
.Ljump:
	covt_record .Ljump, "Jtail"
	jz	covt_tail_target
.Lstay:
	nop
	covt_record .Lstay, "Mstay"
	mov	$-1, %rax
	RET
SYM_FUNC_END(covt_tail_jcc)
