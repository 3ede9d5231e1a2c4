/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * toy.S - the fake kernel's module "toy". Twice of use: linked into the fake,
 * which answers with its bytes, and as toy.ko with debug information, in which
 * libcov looks up sections and lines. Labels toy_b* begin blocks, toy_j* are the
 * conditional jumps; fake_kernel.c says which of them "ran".
 */
	.macro	function name
	.type	\name, @function
\name:
	.endm
	.macro	label name
	.globl	\name
	.hidden	\name
\name:
	.endm

	.text
label toy_text

function toy_main
label toy_b0
	test	%edi, %edi
label toy_j0
	je	toy_b2
label toy_b1
	cmpl	$5, (%rsi)
label toy_j1
	ja	toy_c0			/* its taken side is missing: 1 block behind it */
label toy_b2
	mov	$1, %eax
	test	%esi, %esi
label toy_j2
	jne	toy_b4			/* its taken side is missing: 3 blocks behind it */
label toy_b3
	ret
label toy_b4
	dec	%esi
label toy_j3
	js	toy_b7
label toy_b5
	jmp	toy_b1			/* into what ran: nothing behind that counts */
label toy_b6				/* next to toy_b5, but behind its jump */
	nop
	ret
label toy_b7
	xor	%eax, %eax
	ret
label toy_b8				/* next to toy_b7, but behind its return */
	nop
	ret
label toy_main_end
	.size	toy_main, . - toy_main

function toy_unused
label toy_b9
	xor	%eax, %eax
	ret
label toy_unused_end
	.size	toy_unused, . - toy_unused

function toy_refused
label toy_b10
	jrcxz	toy_b12
label toy_b11
	nop
label toy_b12
	ret
label toy_refused_end
	.size	toy_refused, . - toy_refused

function toy_large
label toy_b13
	cmp	%rdi, %rsi
label toy_j5
	jl	toy_b15
label toy_b14
	nop
	ret
label toy_b15
	ret
label toy_large_end
	.size	toy_large, . - toy_large

function toy_stops			/* entered, but the call never came back */
label toy_b16
	call	*%rax
	test	%eax, %eax
label toy_j6
	je	toy_b18
label toy_b17
	nop
label toy_b18
	ret
label toy_stops_end
	.size	toy_stops, . - toy_stops

function toy_checks
label toy_b19
	sub	%gs:40, %rdx
label toy_j7
	jne	toy_b25			/* the stack protector's: nothing is behind it */
label toy_b20
	cmp	%esi, %edi
label toy_j8
	jl	toy_b23
label toy_b21
label toy_j9
	je	toy_b24			/* on the flags of the block before */
label toy_b22
	ret
label toy_b23
	ret
label toy_b24
	ret
label toy_b25
	call	toy_main		/* never comes back, but who knows? */
label toy_b26
	nop
	ret
label toy_checks_end
	.size	toy_checks, . - toy_checks
label toy_text_end

	.section .text.unlikely, "ax", @progbits
label toy_cold
function toy_main.cold
label toy_c0
	mov	$-22, %eax
	/* As from an earlier line, then from another file. */
#line 5
	nop
#line 7 "other.h"
	jmp	toy_b3
label toy_cold_end
	.size	toy_main.cold, . - toy_main.cold

	.section .note.GNU-stack, "", @progbits
