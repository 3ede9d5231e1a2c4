/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * places_asm.S - many functions of which any can be called behind any other, and a table of
 * them.
 */
#include <linux/linkage.h>

#include "shapes.h"

	.altmacro

.macro PLACE number
SYM_FUNC_START(bench_place_\number)
	testl	%edi, %edi
	RET
SYM_FUNC_END(bench_place_\number)
.endm

.macro ROW number
	.quad	bench_place_\number
.endm

	.text
	.set	number, 0
	.rept	BENCH_PLACES
	PLACE	%number
	.set	number, number + 1
	.endr

	.section .rodata
SYM_DATA_START(bench_places)
	.set	number, 0
	.rept	BENCH_PLACES
	ROW	%number
	.set	number, number + 1
	.endr
SYM_DATA_END(bench_places)
