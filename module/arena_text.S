/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arena_text.S - the arena's bytes. Text that a module gets comes from its file, so
 * the file has them all: nops, as long as they may be, because objtool decodes every
 * one. Nobody runs them.
 */
#include "arena_size.h"
#include "compat.h"

	.text
	.balign	64
	.globl	livecov_stubs
livecov_stubs:
	COMPAT_NOENDBR
	.rept	ARENA_SIZE / 16
	.byte	0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84
	.long	0
	.byte	0, 0xcc
	.endr
	.size	livecov_stubs, . - livecov_stubs
	.section .note.GNU-stack, "", @progbits
