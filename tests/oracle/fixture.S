/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fixture.S - text for the oracle's own tests (test_oracle.py), which link it to
 * fixed addresses and pretend to execute it. What each function is for is said
 * where it stands; nothing here is ever run.
 */
	.macro function name
	.type	\name, @function
\name:
	.endm
	.macro done name
	.size	\name, . - \name
	.p2align 4, 0xcc
	.endm

	.text
	/* if/else with a shared end; the nop is ftrace's; a cold part */
	function two_ways
	.byte	0x0f, 0x1f, 0x44, 0x00, 0x00
	test	%edi, %edi
two_ways_if:
	je	two_ways_else
	mov	$1, %eax
	jmp	two_ways_end
two_ways_else:
	mov	$2, %eax
two_ways_end:
	cmp	$3, %esi
two_ways_rare:
	jg	two_ways.cold
two_ways_back:
	ret
	done	two_ways

	/* a loop, entered from above and from its own end */
	function loop_body
	mov	$3, %ecx
loop_head:
	add	%ecx, %eax
	dec	%ecx
loop_jump:
	jne	loop_head
	ret
	done	loop_body

	/* a jump whose target is the next instruction */
	function no_way
	test	%edi, %edi
no_way_jump:
	je	no_way_end
no_way_end:
	ret
	done	no_way

	/* a call, and a conditional jump to another function's entry */
	function caller
	call	loop_body
	test	%eax, %eax
caller_jump:
	je	two_ways
	ret
	done	caller

	/* a warning in the middle; leaves the text by a thunk far away */
	function warns
	test	%edi, %edi
warns_jump:
	je	1f
	ud2
1:	jmp	. + 0x1000000
	done	warns

	/* two names for one place; a jump to far away */
	.type	alias, @function
alias:
	function named
	test	%edi, %edi
named_jump:
	.byte	0x0f, 0x84, 0x00, 0x00, 0x00, 0x01
	ret
	.size	alias, . - alias
	done	named

	/* behind a call stands the target of a jump around it */
	function around
	test	%edi, %edi
around_jump:
	je	around_end
	call	loop_body
around_end:
	ret
	done	around

	/* code that is repeated, and code that no jump leads to: a fix-up */
	function fixes
	mov	$8, %ecx
fixes_rep:
	rep movsb
	ret
fixes_up:
	mov	$5, %eax
	jmp	fixes_up_end
fixes_up_end:
	ret
	done	fixes

	/* a static call instead of a return, which calls nobody now */
	function idle_tail
	inc	%eax
	ret
	int3
	int3
	int3
	int3
	done	idle_tail

	/* what 6.12 puts in front of functions */
	function __pfx_two_ways
	nop
	done	__pfx_two_ways

	.section .text.unlikely, "ax", @progbits
	function two_ways.cold
	mov	$4, %eax
	jmp	two_ways_back
	done	two_ways.cold

	/* goes with the module's initialisation */
	.section .init.text, "ax", @progbits
	function starts
	ret
	done	starts
