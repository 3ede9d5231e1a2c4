/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * beside_asm.S - what stands beside short conditional jumps, byte by byte: the
 * instructions that have to go along when five bytes are taken in a jump's place,
 * and those that must not. An instruction that is carried out elsewhere can lose
 * its operands, the flags, its fix-up, or somebody who jumps to it: so each function
 * returns a number that depends on all of them, which expected.py has by hand.
 *
 * All are s64 covt_NAME(u64 a, u64 b, u64 c). "Alone" is a jump that has nothing
 * before it in its block, so that only what is behind it can go along.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/asm.h>
#include <asm/nospec-branch.h>

#include "covtarget.h"
#include "target_asm.h"

	.section .rodata
	.balign	8
.Lword:
	.quad	0x1122334455667788

	.data
	.balign	8
.Lcounter:
	.quad	0

	.text

/*
 * What kCFI puts before a function, with a symbol as if it were one: the hash of its type in an
 * instruction that nobody executes, and that callers compare.
 */
SYM_FUNC_START(__cfi_covt_rip_before)
	mov	$0x12345678, %eax
	.nops	11
SYM_FUNC_END(__cfi_covt_rip_before)

/*
 * Operands relative to rip right before a jump: last in the instruction, with an
 * immediate behind them, and one that is written. Returns 0 if @a is .Lword, else 1.
 */
COVT_FUNC_START(covt_rip_before)
	xor	%eax, %eax
	cmp	.Lword(%rip), %rdi
	covt_jump equal, je, 1f
	or	$1, %eax
1:	cmpl	$0x55667788, .Lword(%rip)
	covt_jump itself, je, 2f
	covt_mark wrong_operand
	or	$2, %eax
2:	mov	.Lcounter(%rip), %rdx
	lock incq .Lcounter(%rip)
	covt_jump counted, jnz, 3f
	covt_mark wrong_flags
	or	$4, %eax
3:	cmp	%rdx, .Lcounter(%rip)
	covt_jump grew, jne, 4f
	covt_mark wrong_place
	or	$8, %eax
4:	RET
SYM_FUNC_END(covt_rip_before)

/*
 * The same behind jumps that are alone. Returns -1 if @a is below @b, .Lword + 1 if
 * they are equal, else .Lword.
 */
COVT_FUNC_START(covt_rip_after)
	mov	$-1, %rax
	cmp	%rsi, %rdi
	covt_jump below, jb, 2f
	covt_jump equal, je, 1f
	mov	.Lword(%rip), %rax
	covt_jump above, ja, 2f
	covt_mark wrong_flags
	xor	%eax, %eax
	RET
1:	cmpl	$0x55667788, .Lword(%rip)
	covt_jump differs, jne, 3f
	covt_jump greater, ja, 3f
	lea	.Lword(%rip), %rax
	mov	(%rax), %rax
	inc	%rax
2:	RET
3:	covt_mark wrong_operand
	RET
SYM_FUNC_END(covt_rip_after)

/* Relative to rip and to the CPU's own segment. Returns 2 if @a is 0, else 1. */
COVT_FUNC_START(covt_rip_percpu)
	xor	%eax, %eax
	cmpl	$5, %gs:covt_percpu_five(%rip)
	covt_jump five, je, 1f
	covt_mark wrong_operand
	RET
1:	inc	%eax
	test	%rdi, %rdi
	covt_jump zero, jz, 2f
	RET
2:	add	%eax, %eax
	RET
SYM_FUNC_END(covt_rip_percpu)

/*
 * One compare of @a and @b for many jumps; between them setcc, cmov and lea, which
 * leave the flags. Returns, from bit 8 on, all six flags (mask 0x8d5) as they are at
 * the end; below them what setcc and cmov made of them on the way.
 */
COVT_FUNC_START(covt_flags)
	xor	%eax, %eax
	mov	$3, %ecx
	cmp	%rsi, %rdi
	covt_jump below, jb, 1f
	covt_jump less, jl, 2f
	setg	%al
	covt_jump equal, je, 3f
	cmovnz	%ecx, %eax
	jmp	3f
1:	setl	%al
	covt_jump negative, js, 3f
	lea	0x10(%rax), %eax
	jmp	3f
2:	cmovno	%ecx, %eax
	covt_jump overflow, jo, 3f
	lea	0x20(%rax), %eax
3:	pushf
	pop	%rcx
	and	$0x8d5, %ecx
	shl	$8, %ecx
	or	%ecx, %eax
	RET
SYM_FUNC_END(covt_flags)

/*
 * @a + @b, and then the carry that a jump has left: + @c + 1 if there was one, and
 * @c if not; - @c if the sum is 0 without a carry; a carry of that again is rotated in.
 */
COVT_FUNC_START(covt_carry)
	mov	%rdi, %rax
	add	%rsi, %rax
	covt_jump carry, jc, 1f
	covt_jump zero, jz, 2f
	adc	%rdx, %rax
	RET
1:	adc	%rdx, %rax
	covt_jump again, jc, 3f
	RET
2:	sbb	%rdx, %rax
	RET
3:	rcl	%rax
	RET
SYM_FUNC_END(covt_carry)

/*
 * A jump from behind to a jump, behind what would have to go along with it. Returns
 * @a * @b, but no more than @c. @a: at least 1; @c: not 0.
 */
COVT_FUNC_START(covt_into_before)
	mov	%rdi, %rcx
	xor	%eax, %eax
1:	add	%rsi, %rax
	cmp	%rdx, %rax
2:	covt_jump over, ja, 3f
	dec	%rcx
	covt_jump more, jnz, 1b
	RET
3:	covt_mark clamped
	mov	%rdx, %rax
	cmp	%rdx, %rax
	jmp	2b
SYM_FUNC_END(covt_into_before)

/*
 * Jumps to what stands behind a jump that is alone: to the second instruction
 * there, and to the first byte behind enough of them. Returns 1 for @a < 0 or 10
 * for @a == 0, else 5, + @b if @a's low byte has odd parity, twice that if @b is not 0.
 */
COVT_FUNC_START(covt_into_after)
	mov	$1, %eax
	test	%rdi, %rdi
	covt_jump zero, jz, 1f
	covt_jump negative, js, 3f
	add	%al, %al
1:	lea	3(%rax), %eax
	test	%rdi, %rdi
	covt_jump still_zero, jz, 4f
	covt_jump parity, jp, 2f
	lea	(%rax,%rsi), %rax
2:	test	%rsi, %rsi
	covt_jump done, jz, 3f
	add	%rax, %rax
3:	RET
4:	mov	$10, %eax
	jmp	3b
SYM_FUNC_END(covt_into_after)

/*
 * Loops whose whole body, of 5, 6 and 7 bytes, has to go along. @a rounds each, at
 * least 1. Returns 3 * @a + @b * @a.
 */
COVT_FUNC_START(covt_body)
	mov	%rdi, %rcx
	mov	%rdi, %rax
1:	dec	%rcx
	covt_jump five, jnz, 1b
	mov	%rdi, %rcx
2:	sub	$1, %rcx
	covt_jump six, jnz, 2b
	lea	(%rax,%rdi,2), %rax
	mov	%edi, %ecx
3:	add	%rsi, %rax
	dec	%ecx
	covt_jump seven, jnz, 3b
	RET
SYM_FUNC_END(covt_body)

/* Nothing but such a loop, for whoever wants to be interrupted in it. Returns @b. */
COVT_FUNC_START(covt_spin)
	mov	%rsi, %rax
1:	dec	%rdi
	covt_jump round, jnz, 1b
	RET
SYM_FUNC_END(covt_spin)

/*
 * For covt_interrupted(): a task and an interrupt part in it. @b rounds, at least
 * 1. Returns 2 * @b if @a is not 0, else @b.
 */
COVT_FUNC_START(covt_crossed)
	xor	%eax, %eax
1:	inc	%rax
	cmp	%rsi, %rax
	covt_jump round, jne, 1b
	test	%rdi, %rdi
	covt_jump interrupt, jz, 2f
	covt_mark task
	add	%rax, %rax
2:	RET
SYM_FUNC_END(covt_crossed)

/*
 * The jumps that look at rcx. Returns 1 if @a is not 1, + 2 if its lower half is not
 * 0, + 4 for each round of loop, + 0x100 of loopne, + 0x10000 of loope: loop makes
 * @b rounds (at least 1), loopne ends when as many as @a are left, loope goes
 * on while @c is 0.
 */
COVT_FUNC_START(covt_rcx_beside)
	xor	%eax, %eax
	lea	-1(%rdi), %rcx
	covt_jump rcxz, jrcxz, 1f
	or	$1, %eax
1:	mov	%edi, %ecx
	covt_jump ecxz, jecxz, 2f
	or	$2, %eax
2:	mov	%rsi, %rcx
3:	add	$4, %rax
	covt_jump loop, loop, 3b
	mov	%rsi, %rcx
4:	add	$0x100, %rax
	cmp	%rdi, %rcx
	covt_jump loopne, loopne, 4b
	mov	%rsi, %rcx
5:	add	$0x10000, %rax
	test	%rdx, %rdx
	covt_jump loope, loope, 5b
	RET
SYM_FUNC_END(covt_rcx_beside)

/*
 * An access with a fix-up right before a jump; and one whose fix-up leads to the
 * instruction that belongs to the jump. @a: 0 for a good address, else a bad one.
 * Returns .Lword's lower half, or -14 * 2.
 */
COVT_FUNC_START(covt_fault_before)
	lea	.Lword(%rip), %rcx
	mov	$-4096, %rdx
	test	%rdi, %rdi
	cmovnz	%rdx, %rcx
	mov	$-14, %rax
	xor	%esi, %esi
.Lload_before:
	mov	(%rcx), %esi
	_ASM_EXTABLE(.Lload_before, .Lfix_before)
	test	%esi, %esi
	covt_jump zero, jz, 1f
	mov	%rsi, %rax
.Lload_into:
	cmpq	$0, (%rcx)
	_ASM_EXTABLE(.Lload_into, .Lfix_into)
.Lfix_into:
	test	%rax, %rax
	covt_jump negative, js, 1f
	RET
.Lfix_before:
	covt_mark fault
	add	%eax, %eax
	movslq	%eax, %rax
	jmp	.Lload_into
1:	covt_mark failed
	RET
SYM_FUNC_END(covt_fault_before)

/*
 * An access with a fix-up behind a jump that is alone. @a: below, as, above @b;
 * @c: 0 for a good address, else a bad one. Returns 1, .Lword or -14, 3.
 */
COVT_FUNC_START(covt_fault_after)
	lea	.Lword(%rip), %rcx
	mov	$-4096, %rax
	test	%rdx, %rdx
	cmovnz	%rax, %rcx
	mov	$1, %eax
	cmp	%rsi, %rdi
	covt_jump below, jb, 2f
	covt_jump above, ja, 1f
.Lload_after:
	mov	(%rcx), %rax
	_ASM_EXTABLE(.Lload_after, .Lfix_after)
	RET
1:	mov	$3, %eax
2:	RET
.Lfix_after:
	covt_mark fault
	mov	$-14, %rax
	RET
SYM_FUNC_END(covt_fault_after)

/*
 * Sleeps with its return address on the instructions that belong to a jump. Returns
 * @b if @a is 0, else @a + @b.
 */
COVT_FUNC_START(covt_wait_test)
	push	%rbx
	mov	%rsi, %rbx
	call	covt_sleep
	test	%rax, %rax
	covt_jump zero, jz, 1f
	add	%rbx, %rax
	pop	%rbx
	RET
1:	mov	%rbx, %rax
	pop	%rbx
	RET
SYM_FUNC_END(covt_wait_test)

/* Gives way @a times, at least once, in the same place. Returns @a * @b. */
COVT_FUNC_START(covt_give_way)
	push	%rbx
	push	%rbp
	push	%r12
	mov	%rdi, %rbx
	mov	%rsi, %rbp
	xor	%r12d, %r12d
1:	call	covt_reschedule
	dec	%rbx
	covt_jump more, jnz, 2f
	lea	(%r12,%rbp), %rax
	pop	%r12
	pop	%rbp
	pop	%rbx
	RET
2:	add	%rbp, %r12
	jmp	1b
SYM_FUNC_END(covt_give_way)

/* Recursion, through a jump at the function's first byte. Returns the sum of 0..@a. */
COVT_FUNC_START(covt_deep)
	test	%rdi, %rdi
	covt_jump bottom, jz, 1f
	push	%rdi
	dec	%rdi
	call	covt_deep
	pop	%rdi
	add	%rdi, %rax
	RET
1:	xor	%eax, %eax
	RET
SYM_FUNC_END(covt_deep)

/*
 * A cold part that comes back to the first instruction that belongs to a jump, or
 * behind it. Returns @b + 1; if @a is 1, @b; if it is more, 2 * @b. If the sum
 * has a carry, 7.
 */
COVT_FUNC_START(covt_from_cold)
	mov	%rsi, %rax
	test	%rdi, %rdi
	covt_jump cold, jnz, covt_from_cold.cold
	mov	$1, %edi
.Lwarm:
	add	%rdi, %rax
.Lwarmer:
	covt_jump carry, jc, 1f
	RET
1:	mov	$7, %eax
	RET
SYM_FUNC_END(covt_from_cold)

	.pushsection .text.unlikely, "ax"
	.type	covt_from_cold.cold, @function
covt_from_cold.cold:
	cmp	$1, %rdi
	covt_jump one, je, 1f
	covt_mark more
	mov	%rax, %rdi
	jmp	.Lwarm
1:	clc
	jmp	.Lwarmer
	.size	covt_from_cold.cold, . - covt_from_cold.cold
	.popsection

/*
 * A short jump between a call and a place that others come to: the four bytes of it and its test
 * are all that can be moved there. Returns @a; for each @b, counted down until its low byte is
 * 0, @b + 10 more.
 */
COVT_FUNC_START(covt_after_call)
	push	%rbx
	push	%rbp
	mov	%rdi, %rbx
	mov	%rsi, %rbp
1:	mov	%rbp, %rdi
	xor	%esi, %esi
	xor	%edx, %edx
	call	covt_leaf
	test	%al, %al
	covt_jump low, jne, 3f
2:	mov	%rbx, %rax
	pop	%rbp
	pop	%rbx
	RET
3:	add	%rbp, %rbx
	lea	5(%rbx), %rbx
	lea	5(%rbx), %rbx
	dec	%rbp
	mov	%rbp, %rcx
	covt_jump more, jnz, 1b
	jmp	2b
SYM_FUNC_END(covt_after_call)

/*
 * A read without a fix-up, in the middle of what has to go along with a jump: five bytes are
 * the jump, the read before it and what is before that. @a: COVT_OOPS for a bad address, which
 * is an oops. Returns 1 if @b's lower half is .Lword's, else 0.
 */
COVT_FUNC_START(covt_oops)
	lea	.Lword(%rip), %rcx
	mov	$-4096, %rdx
	cmp	$COVT_OOPS, %rdi
	cmove	%rdx, %rcx
	xor	%eax, %eax
	cmp	(%rcx), %esi
	covt_jump same, je, 1f
	RET
1:	inc	%eax
	RET
SYM_FUNC_END(covt_oops)

/*
 * An address in the middle, as an operand of the text, to which there is no other way.
 * Returns @b if @a is 0, else 2 * @b.
 */
COVT_FUNC_START(covt_goto_text)
	lea	.Lone(%rip), %rax
	lea	.Ltwo(%rip), %rcx
	test	%rdi, %rdi
	cmovnz	%rcx, %rax
	JMP_NOSPEC rax
.Ltwo:
	covt_mark two
	add	%rsi, %rsi
.Lone:
	covt_mark one
	test	%rsi, %rsi
	covt_jump negative, js, 1f
	mov	%rsi, %rax
	RET
1:	mov	$-1, %rax
	RET
SYM_FUNC_END(covt_goto_text)
STACK_FRAME_NON_STANDARD covt_goto_text
