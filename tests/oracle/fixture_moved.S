/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fixture_moved.S - text and detours for test_elsewhere.py: what a region's jump may
 * be put over, and behind each stub_NAME what may stand in its place, right or wrong.
 * Nothing here is ever run.
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
	/* an operand relative to rip in front of a jump */
	function before
before_region:
	cmpl	$5, word(%rip)
before_jump:
	je	before_end
	inc	%eax
before_end:
	ret
	done	before

	/* the same behind a jump; both ways go on with what a stub adds itself */
	function after
	test	%edi, %edi
	je	after_end
after_region:
after_jump:
	js	after_end
	lea	word(%rip), %rax
after_behind:
	push	%rcx
	pop	%rcx
after_end:
	push	%rcx
	pop	%rcx
	ret
	done	after

	/* the whole body of a loop */
	function body
body_region:
	lea	(%rax,%rcx), %rax
	dec	%ecx
body_jump:
	jne	body_region
	ret
	done	body

	/* one that has only a short form, and takes what is behind it */
	function counted
counted_region:
counted_jump:
	jecxz	counted_end
	mov	%eax, %ecx
counted_end:
	ret
	done	counted

	/* a long one: one side of it may go on without a detour */
	function near
near_region:
near_jump:
	.byte	0x0f, 0x84
	.long	near_end - . - 4
	inc	%eax
near_end:
	ret
	done	near

	/* an entry: its detour takes five bytes and no jump */
	function passage
passage_region:
	mov	$5, %eax
	push	%rcx
	pop	%rcx
	test	%edi, %edi
	je	passage_end
	inc	%eax
passage_end:
	ret
	done	passage

	/* a short jump, to the second of two jumps over other instructions: in the middle of one */
	function islands
islands_island:
	lea	word(%rip), %rdx
islands_second = islands_island + 5
	mov	%edi, %eax
	inc	%ecx
islands_call:
	call	leaf
islands_jump:
	je	islands_end
	inc	%eax
islands_end:
	ret
	done	islands

	/* a short jump from the outset: its first byte stays when it becomes one to an island */
	function skips
skips_island:
	lea	word(%rip), %rdx
skips_second = skips_island + 5
	mov	%edi, %eax
	inc	%ecx
skips_jump:
	jmp	skips_end
	inc	%eax
skips_end:
	ret
	done	skips

	/* regions that end with a call, a jump, a return */
	function calls
calls_region:
calls_jump:
	je	calls_end
calls_call:
	call	leaf
calls_end:
	ret
	done	calls
	function jumps
jumps_region:
	lea	(%rax,%rcx), %rax
jumps_jump:
	jmp	jumps_end
	int3
jumps_end:
	ret
	done	jumps
	function returns
	test	%edi, %edi
	je	returns_end
returns_region:
	lea	(%rax,%rcx), %rax
	pop	%rcx
returns_return:
	ret
returns_end:
	ret
	done	returns
	function leaf
	ret
	done	leaf
word:
	ret

	.section .stubs, "ax", @progbits
cell:
	.quad	0
stub_before:
	cmpl	$5, word(%rip)
stub_before_jump:
	je	1f
	movb	$1, cell(%rip)
	jmp	before_jump + 2
1:	movb	$1, cell(%rip)
	jmp	before_end

stub_islands:
	je	1f
	movb	$1, cell(%rip)
	jmp	islands_jump + 2
1:	movb	$1, cell(%rip)
	jmp	islands_end
stub_islands_copy:
	lea	word(%rip), %rdx
	mov	%edi, %eax
	inc	%ecx
	jmp	islands_call
stub_islands_wrong:
	lea	word(%rip), %rdx
	mov	%edi, %eax
	jmp	islands_call

stub_skips:
	movb	$1, cell(%rip)
	jmp	skips_end
stub_skips_copy:
	lea	word(%rip), %rdx
	mov	%edi, %eax
	inc	%ecx
	jmp	skips_jump

	/* it has taught one side: straight to it */
stub_before_known:
	cmpl	$5, word(%rip)
	.byte	0x0f, 0x84
	.long	before_end - . - 4
	movb	$1, cell(%rip)
	jmp	before_jump + 2

	/* they leave what they do not know to the stub */
stub_before_known_fallen:
	cmpl	$5, word(%rip)
	.byte	0x0f, 0x84
	.long	stub_before_jump - . - 4
	jmp	before_jump + 2
stub_before_known_taken:
	cmpl	$5, word(%rip)
	.byte	0x0f, 0x85
	.long	stub_before_jump - . - 4
	jmp	before_end
	/* ... and what it knows as well */
stub_before_exchanged:
	cmpl	$5, word(%rip)
	.byte	0x0f, 0x85
	.long	stub_before_jump - . - 4
	jmp	before_jump + 2

stub_before_counts:
	cmpl	$5, word(%rip)
	je	1f
	push	%rax
	lahf
	seto	%al
	lock incq cell(%rip)
	add	$127, %al
	sahf
	pop	%rax
	jmp	before_jump + 2
1:	jmp	before_end

stub_before_wrong_operand:
	cmpl	$5, word + 1(%rip)
	je	1f
	jmp	before_jump + 2
1:	jmp	before_end

	/* copied as it was: the displacement counts from elsewhere now */
stub_before_not_adjusted:
	.byte	0x83, 0x3d
	.long	word - before_jump
	.byte	5
	je	1f
	jmp	before_jump + 2
1:	jmp	before_end

stub_before_wrong_condition:
	cmpl	$5, word(%rip)
	jne	1f
	jmp	before_jump + 2
1:	jmp	before_end

stub_before_left_out:
	je	1f
	jmp	before_jump + 2
1:	jmp	before_end

stub_before_wrong_way:
	cmpl	$5, word(%rip)
	je	1f
	jmp	before_end
1:	jmp	before_end

stub_before_too_early:
	cmpl	$5, word(%rip)
	je	1f
	jmp	before_jump
1:	jmp	before_end

stub_passage:
	mov	$5, %eax
	push	%rcx
	movb	$1, cell(%rip)
	pop	%rcx
	jmp	passage_region + 5

stub_after:
	js	2f
	push	%rcx
	movzwl	%gs:0x100, %ecx
	jrcxz	1f
	movb	$1, 4(%rcx)
1:	pop	%rcx
	lea	word(%rip), %rax
	jmp	after_behind
2:	push	%rcx
	movzwl	%gs:0x100, %ecx
	jrcxz	3f
	movb	$1, 4(%rcx)
3:	pop	%rcx
	jmp	after_end

stub_body:
	lea	(%rax,%rcx), %rax
	dec	%ecx
	jne	1f
	movb	$1, cell(%rip)
	jmp	body_jump + 2
1:	movb	$1, cell(%rip)
	jmp	body_region

stub_counted:
	jecxz	1f
	movb	$1, cell(%rip)
	mov	%eax, %ecx
	jmp	counted_end
1:	movb	$1, cell(%rip)
	jmp	counted_end

stub_near_taken:
	movb	$1, cell(%rip)
	jmp	near_end

stub_calls:
	je	1f
	movb	$1, cell(%rip)
	push	$calls_end
	jmp	leaf
1:	movb	$1, cell(%rip)
	jmp	calls_end

	/* it would come back to the wrong place */
stub_calls_wrong_return:
	je	1f
	push	$calls_end - 1
	jmp	leaf
1:	jmp	calls_end

	/* ... or not at all */
stub_calls_left_out:
	je	1f
	jmp	leaf
1:	jmp	calls_end

stub_jumps:
	lea	(%rax,%rcx), %rax
	movb	$1, cell(%rip)
	jmp	jumps_end

stub_returns:
	lea	(%rax,%rcx), %rax
	pop	%rcx
	movb	$1, cell(%rip)
	ret
