/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * branches_asm.S - the shapes whose very bytes matter. Each begins as compiled
 * functions do, because some tracers probe only what ftrace knows, and then has room for
 * a detour: what is measured of jumps must not depend on who watches the entry.
 */
#include <linux/linkage.h>

#include "shapes.h"

.macro SHAPE_START name
SYM_FUNC_START(\name)
.Lfentry_\name:
	call	__fentry__
	.pushsection __mcount_loc, "a", @progbits
	.balign	8
	.quad	.Lfentry_\name
	.popsection
	nopl	0(%rax,%rax)
.endm

SHAPE_START bench_none
	testl	%edi, %edi
	RET
SYM_FUNC_END(bench_none)

SHAPE_START bench_near
	testl	%edi, %edi
	.rept BENCH_JUMPS
	.byte	0x0f, 0x85		/* jne, 32-bit displacement */
	.long	1f - . - 4
	nop
1:
	.endr
	RET
SYM_FUNC_END(bench_near)

SHAPE_START bench_short
	testl	%edi, %edi
	.rept BENCH_JUMPS
	movq	%rsi, %rax
	.byte	0x75, 1f - . - 2	/* jne, 8-bit displacement */
	nop
1:
	.endr
	RET
SYM_FUNC_END(bench_short)

SHAPE_START bench_tight
	testl	%edi, %edi
	jmp	1f
1:
	.rept BENCH_JUMPS
	.byte	0x75, 1f - . - 2
	nop
1:
	.endr
	RET
SYM_FUNC_END(bench_tight)

SHAPE_START bench_spin
	.rept BENCH_SPIN
	nop
	.endr
	RET
SYM_FUNC_END(bench_spin)
