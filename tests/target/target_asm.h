/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * target_asm.h - the marks of target.h for assembler files. There a mark needs no
 * instruction of its own: it is the block that it stands in.
 */
#ifndef COVT_TARGET_ASM_H
#define COVT_TARGET_ASM_H

#include <linux/linkage.h>

/*
 * What is called through a table begins with an ENDBR where the kernel wants one.
 * x86/cfi: "Clean up linkage", 6.15, took it out of SYM_FUNC_START.
 */
#if __has_include(<linux/cfi_types.h>)
#include <linux/cfi_types.h>
#define COVT_FUNC_START(name)	SYM_TYPED_FUNC_START(name)
#else
#define COVT_FUNC_START(name)	SYM_FUNC_START(name)
#endif

.macro covt_record label:req, text:req
	.pushsection .debug_covt_marks, "", @progbits
	.quad	\label
	.asciz	"\text"
	.popsection
.endm

.macro covt_mark name:req
.Lcovt_mark\@:
	covt_record .Lcovt_mark\@, "M\name"
.endm

/* A conditional jump; two bytes long if its target is near and in this section. */
.macro covt_jump name:req, insn:req, to:req
.Lcovt_jump\@:
	covt_record .Lcovt_jump\@, "J\name"
	\insn	\to
.endm

#endif /* COVT_TARGET_ASM_H */
