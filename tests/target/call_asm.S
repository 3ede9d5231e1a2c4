/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * call_asm.S - a conditional tail call, which few compilers make: a Jcc whose
 * target is another function. Nor does ftrace know this function.
 */
#include <linux/linkage.h>
#include <asm/nospec-branch.h>

#include "target_asm.h"

/* s64 covt_tail_jcc(u64 a, u64 b, u64 c): as covt_tail_target() if @b is 0, else -1 */
COVT_FUNC_START(covt_tail_jcc)
	test	%rsi, %rsi
	covt_jump tail, jz, covt_tail_target
	covt_mark stay
	nop
	mov	$-1, %rax
	RET
SYM_FUNC_END(covt_tail_jcc)
