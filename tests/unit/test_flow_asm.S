/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_flow_asm.S - small functions of every shape, and beside each piece of code what
 * flow.c has to make of it: records of known_code.h, and
 *
 * block NAME END NEXT0 NEXT1	up to end_block NAME; its leader's label is NAME;
 *	flags=, site= if not at the leader; leader=EDGES|BLOCKS: modes that need its site
 * jcc NAME CONDITION TARGET	the conditional jump that follows; chosen=1 if mode blocks
 *	needs its site, canary=1 if it checks the stack protector's
 */
#include "known_code.h"

/* struct flow_block.end and .flags, as in flow.h */
#define FALL	0
#define JCC	1
#define JMP	2
#define STATIC	3
#define AWAY	4
#define ENTRY	1
#define STOPS	2
#define HIDDEN	4
#define UNSURE	8
/* for leader= */
#define EDGES	1
#define BLOCKS	2
#define BOTH	3
#define REFUSED	4	/* in both; there is no place for it */
#define NONE	0
/* errno */
#define EBUSY	16

/* Records, as in test_flow.c */
#define R_BLOCK		KNOWN_OWN
#define R_JCC		(KNOWN_OWN + 1)

	.macro	block name, end, next0=0, next1=0, flags=0, site=-1, leader=0
\name:
	.ifc	\site,-1
	record	R_BLOCK, \name, \name\()_end, \end, \next0, \next1, \flags, \name, \leader
	.else
	record	R_BLOCK, \name, \name\()_end, \end, \next0, \next1, \flags, \site, \leader
	.endif
	.endm
	.macro	end_block name
\name\()_end:
	.endm

	.macro	jcc name, condition, target, chosen=0, narrow=0, canary=0
\name:
	record	R_JCC, \name, \condition, \target, \chosen, \narrow, \canary
	.endm

	.macro	nop2
	.byte	0x66, 0x90
	.endm
	/* Call something that is not in the texts. */
	.macro	call_out
	.byte	0xe8
	.long	flow_elsewhere - . - 4
	.endm

	.text
flow_elsewhere:
	ret

	.section .text.flow, "ax"
	.globl	flow_text_start
	.hidden	flow_text_start
flow_text_start:
	.section .text.flow_cold, "ax"
	.globl	flow_cold_start
	.hidden	flow_cold_start
flow_cold_start:
	.section .text.flow, "ax"

/* --- shapes of C --------------------------------------------------------------------------- */

	case	if_else
	function if_else
	block	ie0, JCC, ie1, ie2, flags=ENTRY, site=ie0_body
	fentry
ie0_body:
	test	%edi, %edi
	jcc	ie0_jcc, 0x4, ie2
	je	ie2
	end_block ie0
	block	ie1, JMP, NONE, ie3, leader=BLOCKS
	mov	$1, %eax
	jmp	ie3
	end_block ie1
	block	ie2, FALL, ie3, leader=BLOCKS
	mov	$2, %eax
	end_block ie2
	block	ie3, AWAY
	add	%esi, %eax
	ret
	end_block ie3
	end_function if_else

	/* A call keeps the block's end from telling of its beginning; the branches do. */
	case	shared_error_exit
	function shared_exit
	block	se0, JCC, se1, se3, flags=ENTRY, site=se0_body
	fentry
se0_body:
	test	%rdi, %rdi
	jcc	se0_jcc, 0x4, se3
	je	se3
	end_block se0
	block	se1, JCC, se2, se3, flags=STOPS, leader=BLOCKS
	call_out
	test	%eax, %eax
	jcc	se1_jcc, 0x8, se3
	js	se3
	end_block se1
	block	se2, AWAY, leader=BLOCKS
	xor	%eax, %eax
	ret
	end_block se2
	block	se3, AWAY, leader=BLOCKS
	mov	$-22, %eax
	ret
	end_block se3
	end_function shared_exit

	/* It may come from the call or not: only a site of its own can tell. */
	case	call_before_a_join
	function call_join
	block	cj0, JCC, cj1, cj2, flags=ENTRY, site=cj0_body
	fentry
cj0_body:
	test	%edi, %edi
	jcc	cj0_jcc, 0x5, cj2
	jne	cj2
	end_block cj0
	block	cj1, FALL, cj2, flags=STOPS, leader=BLOCKS
	mov	%esi, %edi
	call	*%rdx
	end_block cj1
	block	cj2, AWAY, leader=BOTH
	ret
	end_block cj2
	end_function call_join

	case	loop
	function a_loop
	block	lo0, FALL, lo1, flags=ENTRY, site=lo0_body
	fentry
lo0_body:
	xor	%eax, %eax
	.nops	3
	end_block lo0
	block	lo1, JCC, lo2, lo1, leader=BLOCKS
	add	%edi, %eax
	dec	%edi
	jcc	lo1_jcc, 0x5, lo1
	jne	lo1
	end_block lo1
	block	lo2, AWAY, leader=BLOCKS
	ret
	end_block lo2
	end_function a_loop

	/* Each block of it could be justified by the other: time settles it. */
	case	endless_loop
	function endless
	block	el0, JCC, el1, el3, flags=ENTRY, site=el0_body
	fentry
el0_body:
	test	%edi, %edi
	jcc	el0_jcc, 0x4, el3
	je	el3
	end_block el0
	block	el1, FALL, el2, leader=BLOCKS
	inc	%eax
	end_block el1
	block	el2, JMP, NONE, el2
	pause
	jmp	el2
	end_block el2
	block	el3, AWAY, leader=BLOCKS
	ret
	end_block el3
	end_function endless

	case	near_and_short_jumps
	function near
	block	ns0, JCC, ns1, ns3, flags=ENTRY, site=ns0_jcc
	fentry
	jcc	ns0_jcc, 0x7, ns3
	.byte	0x0f, 0x87
	.long	ns3 - . - 4
	end_block ns0
	block	ns1, JCC, ns2, ns4, leader=BLOCKS
	jcc	ns1_jcc, 0xc, ns4
	jl	ns4
	end_block ns1
	block	ns2, JMP, NONE, ns4, leader=BLOCKS
	.byte	0xe9
	.long	ns4 - . - 4
	end_block ns2
	block	ns3, JMP, NONE, ns4, leader=BLOCKS
	jmp	ns4
	end_block ns3
	block	ns4, AWAY, leader=BLOCKS
	ret
	end_block ns4
	end_function near

	case	rcx_jumps
	function rcx
	block	rc0, JCC, rc1, rc5, flags=ENTRY, site=rc0_jcc
	fentry
	jcc	rc0_jcc, 0x13, rc5
	jrcxz	rc5
	end_block rc0
	block	rc1, JCC, rc2, rc5, leader=BLOCKS
	jcc	rc1_jcc, 0x13, rc5, narrow=1
	jecxz	rc5
	end_block rc1
	block	rc2, JCC, rc3, rc2, leader=BLOCKS
	jcc	rc2_jcc, 0x12, rc2
	loop	rc2
	end_block rc2
	block	rc3, JCC, rc4, rc3, leader=BLOCKS
	jcc	rc3_jcc, 0x11, rc3
	loope	rc3
	end_block rc3
	block	rc4, JCC, rc5, rc4, leader=BLOCKS
	jcc	rc4_jcc, 0x10, rc4
	loopne	rc4
	end_block rc4
	block	rc5, AWAY, leader=BLOCKS
	ret
	end_block rc5
	end_function rcx

	/* sw1 needs no site: it leads to sw2 or sw5, and nothing else does. */
	case	switch_as_compare_tree
	function compare_tree
	block	sw0, JCC, sw1, sw3, flags=ENTRY, site=sw0_body
	fentry
sw0_body:
	cmp	$5, %edi
	jcc	sw0_jcc, 0x7, sw3
	ja	sw3
	end_block sw0
	block	sw1, JCC, sw2, sw5
	cmp	$2, %edi
	jcc	sw1_jcc, 0x4, sw5
	je	sw5
	end_block sw1
	block	sw2, AWAY, leader=BLOCKS
	mov	$3, %eax
	ret
	end_block sw2
	block	sw3, JCC, sw4, sw6
	cmp	$9, %edi
	jcc	sw3_jcc, 0x4, sw6
	je	sw6
	end_block sw3
	block	sw4, AWAY, leader=BLOCKS
	xor	%eax, %eax
	ret
	end_block sw4
	block	sw5, AWAY, leader=BLOCKS
	mov	$1, %eax
	ret
	end_block sw5
	block	sw6, AWAY, leader=BLOCKS
	mov	$2, %eax
	ret
	end_block sw6
	end_function compare_tree

	/* There may be nothing but a call at the end: it does not return. */
	case	noreturn_call_at_the_end
	function noreturn_end
	block	ne0, JCC, ne1, ne2, flags=ENTRY, site=ne0_jcc
	fentry
	jcc	ne0_jcc, 0x2, ne2
	jb	ne2
	end_block ne0
	block	ne1, AWAY, leader=BLOCKS
	ret
	end_block ne1
	block	ne2, AWAY, flags=STOPS, leader=BLOCKS
	mov	%edi, %esi
	call_out
	end_block ne2
	end_function noreturn_end

	case	both_ways_to_one_place
	function both_ways
	block	bw0, JCC, bw1, bw1, flags=ENTRY, site=bw0_jcc
	fentry
	jcc	bw0_jcc, 0x0, bw1
	.byte	0x70, 0x00
	end_block bw0
	block	bw1, AWAY, leader=BLOCKS
	ret
	end_block bw1
	end_function both_ways

/* --- from function to function ------------------------------------------------------------- */

	case	tail_calls
	function tail_call
	block	tc0, JMP, NONE, tf0, flags=ENTRY, site=tc0_body
	fentry
tc0_body:
	mov	%esi, %edi
	jmp	tf0
	end_block tc0
	end_function tail_call
	function tail_call_out
	block	to0, AWAY, flags=ENTRY, site=to0_body
	fentry
to0_body:
	.byte	0xe9
	.long	flow_elsewhere - . - 4
	end_block to0
	end_function tail_call_out
	function tail_call_indirect
	block	ti0, AWAY, flags=ENTRY, site=ti0_body
	fentry
ti0_body:
	jmp	*%rax
	end_block ti0
	end_function tail_call_indirect
	function tail_called
	block	tf0, AWAY, flags=ENTRY, site=tf0_body
	fentry
tf0_body:
	ret
	end_block tf0
	end_function tail_called

	case	conditional_tail_calls
	function conditional_tail
	block	ct0, JCC, ct1, NONE, flags=ENTRY, site=ct0_jcc
	fentry
	jcc	ct0_jcc, 0x5, flow_elsewhere
	.byte	0x0f, 0x85
	.long	flow_elsewhere - . - 4
	end_block ct0
	block	ct1, JCC, ct2, cf0, leader=BLOCKS
	jcc	ct1_jcc, 0x4, cf0
	je	cf0
	end_block ct1
	block	ct2, AWAY, leader=BLOCKS
	ret
	end_block ct2
	end_function conditional_tail
	function conditionally_called
	block	cf0, AWAY, flags=ENTRY, site=cf0_body
	fentry
cf0_body:
	ret
	end_block cf0
	end_function conditionally_called

	/* The part comes back into the function's middle, behind a call. */
	case	cold_part
	function hot
	block	ho0, JCC, ho1, co0, flags=ENTRY, site=ho0_body
	fentry
ho0_body:
	test	%edi, %edi
	jcc	ho0_jcc, 0x4, co0
	.byte	0x0f, 0x84
	.long	co0 - . - 4
	end_block ho0
	block	ho1, FALL, ho2, leader=BLOCKS
	inc	%eax
	end_block ho1
	block	ho2, AWAY, leader=BOTH
	ret
	end_block ho2
	end_function hot
	.pushsection .text.flow_cold
	function hot_cold, cold=1
	block	co0, JMP, NONE, ho2, flags=STOPS, leader=BLOCKS
	call_out
	.byte	0xe9
	.long	ho2 - . - 4
	end_block co0
	end_function hot_cold
	.popsection

	/* Nobody is seen to go there; then it is not known who may go anywhere in it. */
	case	cold_part_that_nobody_enters
	.pushsection .text.flow_cold
	function lonely_cold, cold=1
	block	ln0, JCC, ln1, ln2, flags=HIDDEN|UNSURE|STOPS, leader=BOTH
	test	%edi, %edi
	jcc	ln0_jcc, 0x4, ln2
	je	ln2
	end_block ln0
	block	ln1, FALL, ln2, flags=HIDDEN|STOPS, leader=BOTH
	inc	%eax
	end_block ln1
	block	ln2, AWAY, flags=HIDDEN, leader=BOTH
	ret
	end_block ln2
	end_function lonely_cold
	.popsection

	/* Its jump is no block's end; that to the first byte passes the entry site. */
	case	jump_from_an_unselected_function
	function unselected, unselected=1
	fentry
	test	%edi, %edi
	je	us1
	jmp	us0
	end_function unselected
	function jumped_into
	block	us0, FALL, us1, flags=ENTRY, site=us0_body
	fentry
us0_body:
	inc	%eax
	end_block us0
	block	us1, AWAY, flags=HIDDEN, leader=BOTH
	ret
	end_block us1
	end_function jumped_into

	case	call_into_the_middle
	function mid_caller
	block	mc0, AWAY, flags=ENTRY|STOPS, site=mc0_body
	fentry
mc0_body:
	call	mc2
	call	mc1
	ret
	end_block mc0
	end_function mid_caller
	function mid_called
	block	mc1, FALL, mc2, flags=ENTRY, site=mc1_body
	fentry
mc1_body:
	inc	%eax
	end_block mc1
	block	mc2, AWAY, flags=HIDDEN, leader=BOTH
	ret
	end_block mc2
	end_function mid_called

	/* As assembler does it. A call there would not have come back. */
	case	falls_into_its_neighbour
	function falls
	block	fa0, JCC, fa1, fa2, flags=ENTRY, site=fa0_jcc
	fentry
	jcc	fa0_jcc, 0x4, fa2
	je	fa2
	end_block fa0
	block	fa1, AWAY, leader=BLOCKS
	inc	%eax
	end_block fa1
	end_function falls
	function fallen_into, cold=1
	block	fa2, AWAY, flags=HIDDEN, leader=BOTH
	inc	%eax
	ret
	end_block fa2
	end_function fallen_into

/* --- entries ------------------------------------------------------------------------------- */

	/* While somebody traces it, the fentry place is a call, but one that comes back. */
	case	fentry_in_use
	function traced
	block	tr0, AWAY, flags=ENTRY, site=tr0_body
	fentry_at tr0
	call_out
tr0_body:
	inc	%eax
	ret
	end_block tr0
	end_function traced

	/* The entry site sits on the fentry place: who jumps there has entered. */
	case	endbr_and_fentry
	function endbr_fentry
	block	ef0, JCC, ef1, ef0, flags=ENTRY, site=ef0_body
	endbr64
ef0_fentry:
	fentry
ef0_body:
	test	%edi, %edi
	jcc	ef0_jcc, 0x5, ef0_fentry
	jne	ef0_fentry
	end_block ef0
	block	ef1, AWAY, leader=BLOCKS
	ret
	end_block ef1
	end_function endbr_fentry

	/* Without one it sits behind the endbr64, on what may be the head of a loop. */
	case	endbr_without_fentry
	function endbr_alone
	block	ea0, JCC, ea1, ea0, flags=ENTRY, site=ea0_jcc
	endbr64
ea0_dec:
	dec	%edi
	jcc	ea0_jcc, 0x5, ea0_dec
	jne	ea0_dec
	end_block ea0
	block	ea1, AWAY, leader=BLOCKS
	ret
	end_block ea1
	end_function endbr_alone

	/* If the entry is refused, nothing behind the call can stand in for it. */
	case	entry_is_a_call
	function call_first
	block	cf2, AWAY, flags=ENTRY|STOPS, site=NONE
	call_out
	ret
	end_block cf2
	end_function call_first

	case	jump_between_endbr_and_fentry
	function endbr_nop_fentry, error=EILSEQ
	endbr64
en_nop:
	nop
	fentry
	test	%edi, %edi
	jne	en_nop
	ret
	end_function endbr_nop_fentry

/* --- what the tables tell ------------------------------------------------------------------ */

	/* Goes on behind the ud2; no probe can sit on that. */
	case	warn
	function a_warn
	block	wa0, JCC, wa1, wa2, flags=ENTRY, site=wa0_jcc
	fentry
	jcc	wa0_jcc, 0x4, wa2
	je	wa2
	end_block wa0
	block	wa1, FALL, wa2, site=wa1_site, leader=BLOCKS
	warn
	ud2
wa1_site:
	mov	$1, %eax
	end_block wa1
	block	wa2, AWAY, leader=BLOCKS
	ret
	end_block wa2
	end_function a_warn

	/* Only the branch can tell of bu1; then it tells of bu2, too. */
	case	bug
	function a_bug
	block	bu0, JCC, bu1, bu2, flags=ENTRY, site=bu0_jcc
	fentry
	jcc	bu0_jcc, 0x4, bu2, chosen=1
	je	bu2
	end_block bu0
	block	bu1, AWAY, site=NONE
	bug
	ud2
	end_block bu1
	block	bu2, AWAY
	ret
	end_block bu2
	end_function a_bug

	/* A branch alone cannot tell of sb2: a static branch leads there as well. */
	case	bug_behind_a_static_branch
	function static_bug
	block	sb0, JCC, sb1, sb2, flags=ENTRY, site=sb0_jcc
	fentry
	jcc	sb0_jcc, 0x4, sb2
	je	sb2
	end_block sb0
	block	sb1, STATIC, sb2, sb3, leader=BLOCKS
	inc	%eax
	static_branch sb3
	nop5
	end_block sb1
	block	sb2, AWAY, site=NONE, leader=REFUSED
	bug
	ud2
	end_block sb2
	block	sb3, AWAY, leader=BOTH
	ret
	end_block sb3
	end_function static_bug

	case	ud2_of_no_table
	function a_trap
	block	ud0, JCC, ud1, ud2, flags=ENTRY, site=ud0_jcc
	fentry
	jcc	ud0_jcc, 0x4, ud2
	je	ud2
	end_block ud0
	block	ud1, AWAY, leader=BLOCKS
	ud2
	end_block ud1
	block	ud2, AWAY, leader=BLOCKS
	ret
	end_block ud2
	end_function a_trap

	case	static_branch_that_is_a_nop
	function static_nop
	block	sn0, STATIC, sn1, sn2, flags=ENTRY, site=sn0_body
	fentry
sn0_body:
	inc	%eax
	static_branch sn2
	nop5
	end_block sn0
	block	sn1, FALL, sn2, leader=BOTH
	inc	%eax
	end_block sn1
	block	sn2, STATIC, sn3, sn1, leader=BOTH
	inc	%eax
	static_branch sn1
	nop2
	end_block sn2
	block	sn3, AWAY, leader=BOTH
	ret
	end_block sn3
	end_function static_nop

	case	static_branch_that_is_a_jump
	function static_jmp
	block	sj0, STATIC, sj1, sj2, flags=ENTRY, site=sj0_body
	fentry
sj0_body:
	inc	%eax
	static_branch sj2
	jmp	sj2
	end_block sj0
	block	sj1, FALL, sj2, leader=BOTH
	inc	%eax
	end_block sj1
	block	sj2, STATIC, sj3, sj1, leader=BOTH
	inc	%eax
	static_branch sj1
	.byte	0xe9
	.long	sj1 - . - 4
	end_block sj2
	block	sj3, AWAY, leader=BOTH
	ret
	end_block sj3
	end_function static_jmp

	/* Alone in its block it gives no site a place; one and its two successors tell. */
	case	lone_static_branch
	function lone_static
	block	ls0, JCC, ls1, ls2, flags=ENTRY, site=ls0_jcc
	fentry
	jcc	ls0_jcc, 0x4, ls2
	je	ls2
	end_block ls0
	block	ls1, AWAY, leader=BLOCKS
	ret
	end_block ls1
	block	ls2, STATIC, ls3, ls4, site=NONE
	static_branch ls4
	nop5
	end_block ls2
	block	ls3, AWAY, leader=BOTH
	mov	$1, %eax
	ret
	end_block ls3
	block	ls4, AWAY, leader=BOTH
	mov	$2, %eax
	ret
	end_block ls4
	end_function lone_static

	/* lt1 ends in lt3 only if its call returns: what follows the call is cut off. */
	case	lone_static_branch_behind_a_call
	function lone_behind
	block	lt0, JCC, lt1, lt3, flags=ENTRY, site=lt0_jcc
	fentry
	jcc	lt0_jcc, 0x4, lt3, chosen=1
	je	lt3
	end_block lt0
	block	lt1, FALL, lt2, flags=STOPS
	inc	%eax
	call_out
	end_block lt1
	block	lt2, FALL, lt3, leader=BOTH
	inc	%eax
	end_block lt2
	block	lt3, STATIC, lt4, lt5, site=NONE
	static_branch lt5
	nop5
	end_block lt3
	block	lt4, FALL, lt5, leader=BOTH
	inc	%eax
	end_block lt4
	block	lt5, AWAY, leader=BOTH
	ret
	end_block lt5
	end_function lone_behind

	case	fixup
	function with_fixup
	block	fx0, JCC, fx1, fx2, flags=ENTRY|STOPS, site=fx0_body
	fentry
fx0_body:
	inc	%eax
fx0_load:
	mov	(%rdi), %ecx
	fixup	fx0_load, fx2
	test	%ecx, %ecx
	jcc	fx0_jcc, 0x4, fx2
	je	fx2
	end_block fx0
	block	fx1, AWAY, leader=BLOCKS
	ret
	end_block fx1
	block	fx2, AWAY, flags=HIDDEN, leader=BOTH
	mov	$-14, %eax
	ret
	end_block fx2
	end_function with_fixup

	/* A probe on what may fault is hit before it does; one behind it is not. */
	case	fault_before_a_leader
	function fault_end
	block	fe0, JCC, fe1, fe2, flags=ENTRY, site=fe0_jcc
	fentry
	jcc	fe0_jcc, 0x4, fe2
	je	fe2
	end_block fe0
	block	fe1, FALL, fe2, flags=STOPS, leader=BLOCKS
	mov	%edx, (%rsi)
	fixup	fe1, fe3
	end_block fe1
	block	fe2, AWAY, leader=BOTH
	ret
	end_block fe2
	block	fe3, AWAY, flags=HIDDEN, leader=BOTH
	ret
	end_block fe3
	end_function fault_end

	/* The .fixup section before 5.16: code of no function, that comes back. */
	case	fixup_outside_functions
	function fixed_up
	block	fo0, JCC, fo1, fo2, flags=ENTRY|STOPS, site=fo0_load
	fentry
fo0_load:
	mov	(%rdi), %ecx
	fixup	fo0_load, fo_fixup
	jcc	fo0_jcc, 0x4, fo2
	je	fo2
	end_block fo0
	block	fo1, FALL, fo2, leader=BLOCKS
	inc	%eax
	end_block fo1
	block	fo2, FALL, fo3, leader=BLOCKS
	inc	%eax
	end_block fo2
	block	fo3, AWAY, flags=HIDDEN, leader=BOTH
	ret
	end_block fo3
	end_function fixed_up
	.byte	0, 0, 0
fo_fixup:
	mov	$-14, %ecx
	test	%ecx, %ecx
	je	fo_more
fo_more:
	jmp	fo3
	.byte	0x06

	case	static_calls
	function static_called
	block	sc0, JCC, sc1, sc2, flags=ENTRY|STOPS, site=NONE
	fentry
	static_call
	call_out
	jcc	sc0_jcc, 0x4, sc2, chosen=1
	je	sc2
	end_block sc0
	block	sc1, AWAY, flags=STOPS, site=NONE
	static_call
	nop5
	ret
	end_block sc1
	block	sc2, JCC, sc3, sc4, flags=STOPS, leader=NONE
	inc	%eax
	static_call
	.byte	0x2e, 0x2e, 0x2e, 0x31, 0xc0
	jcc	sc2_jcc, 0x4, sc4, chosen=1
	je	sc4
	end_block sc2
	block	sc3, AWAY, site=NONE
	static_call
	.byte	0xe9
	.long	ie0 - . - 4
	end_block sc3
	block	sc4, AWAY, leader=NONE, site=sc4
	inc	%eax
	static_call
	ret
	int3
	int3
	int3
	int3
	end_block sc4
	end_function static_called

	/* Where it would jump may change: it has a branch but no known target. */
	case	conditional_static_call
	function static_jcc
	block	sk0, JCC, sk1, NONE, flags=ENTRY, site=sk0_body
	fentry
sk0_body:
	inc	%eax
	static_call
	jcc	sk0_jcc, 0x5, sk2
	.byte	0x0f, 0x85
	.long	sk2 - . - 4
	end_block sk0
	block	sk1, AWAY, leader=BLOCKS
	ret
	end_block sk1
	end_function static_jcc
	function static_jcc_today
	block	sk2, AWAY, flags=ENTRY, site=sk2_body
	fentry
sk2_body:
	ret
	end_block sk2
	end_function static_jcc_today

/* --- padding, orphans, what cannot be read ------------------------------------------------- */

	case	padding
	function padded
	block	pa0, JCC, pa1, pa2, flags=ENTRY, site=pa0_jcc
	fentry
	jcc	pa0_jcc, 0x4, pa2
	je	pa2
	end_block pa0
	block	pa1, AWAY, leader=BLOCKS
	ret
	end_block pa1
	int3
	nopw	0(%rax,%rax,1)
	int3
	nop
	block	pa2, JMP, NONE, pa3, leader=BLOCKS
	nop				/* is jumped to */
	jmp	pa3
	end_block pa2
	int3
	block	pa3, AWAY
	jmp	*%rax
	end_block pa3
	nopl	0(%rax)
	int3
	end_function padded

	/* Nobody is seen to come there; so anything of it may be where somebody comes. */
	case	orphan
	function with_orphan
	block	or0, AWAY, flags=ENTRY, site=or0_body
	fentry
or0_body:
	jmp	*%rax
	end_block or0
	nop
	block	or1, JCC, or2, or1, flags=HIDDEN, leader=BLOCKS
	inc	%eax
	nop
	jcc	or1_jcc, 0x5, or1
	jne	or1
	end_block or1
	block	or2, AWAY, flags=HIDDEN, leader=BOTH
	ret
	end_block or2
	end_function with_orphan

	/* mj has jumps in common with what cannot be read: only its own sites are trusted. */
	case	jump_into_an_instruction
	function mid_jumper
	block	mj0, AWAY, flags=ENTRY|STOPS|UNSURE, site=NONE
	fentry
	test	%edi, %edi
	.byte	0xe9
	.long	mi_mov + 1 - . - 4
	end_block mj0
	end_function mid_jumper
	function misread, error=EILSEQ
	fentry
mi_mov:
	mov	$0x90909090, %eax
	ret
	end_function misread
	function unrelated
	block	ur0, AWAY, flags=ENTRY|STOPS, site=ur0_body
	fentry
ur0_body:
	call	misread
	end_block ur0
	end_function unrelated

	case	undecodable_bytes
	function undecodable, error=EILSEQ
	fentry
	.byte	0x06
	ret
	end_function undecodable

	case	instruction_behind_the_end
	function truncated, error=EILSEQ
	fentry
	.byte	0xb8, 1
	end_function truncated
	.byte	0, 0, 0

	case	static_branch_in_an_instruction
	function misplaced, error=EILSEQ
	fentry
ms_mov:
	mov	$0x00441f0f, %eax
	static_branch_at ms_mov + 1, ms_ret
ms_ret:
	ret
	end_function misplaced

	case	foreign_breakpoint
	function broken, error=EBUSY
	fentry
	test	%edi, %edi
	int3
	ret
	end_function broken

	/* What is left of the instruction under it says nothing. */
	case	foreign_breakpoint_and_a_rest
	function broken_rest, error=EBUSY
	fentry
	int3
	.byte	0x06
	ret
	end_function broken_rest

	case	foreign_breakpoint_behind_a_return
	function broken_target, error=EBUSY
	fentry
	test	%edi, %edi
	je	br_target
	ret
br_target:
	int3
	ret
	end_function broken_target

	case	foreign_breakpoint_on_a_static_branch
	function broken_static, error=EBUSY
	fentry
	static_branch bs_ret
	.byte	0xcc, 0x1f, 0x44, 0x00, 0x00
bs_ret:
	ret
	end_function broken_static

	/* The part cannot be read, and may go anywhere in the function. */
	case	unreadable_cold_part
	function of_unreadable
	block	un0, JCC, un1, NONE, flags=ENTRY|STOPS|UNSURE, site=NONE
	fentry
	test	%edi, %edi
	jcc	un0_jcc, 0x4, uc0
	.byte	0x0f, 0x84
	.long	uc0 - . - 4
	end_block un0
	block	un1, AWAY, flags=HIDDEN|STOPS|UNSURE, leader=BOTH
	inc	%eax
	inc	%eax
	ret
	end_block un1
	end_function of_unreadable
	.pushsection .text.flow_cold
	function unreadable_cold, error=EILSEQ, cold=1
uc0:
	.byte	0x06
	.byte	0xe9
	.long	un1 + 2 - . - 4
	end_function unreadable_cold
	.popsection

	/* Of the function it is not known where in its part it jumps to. */
	case	unreadable_function_with_a_cold_part
	function unreadable_hot, error=EILSEQ
	fentry
	.byte	0x0f, 0x84
	.long	uh0 - . - 4
	.byte	0x06
	.byte	0x0f, 0x85
	.long	uh0 + 2 - . - 4
	static_branch uh1
	nop5
	ret
	end_function unreadable_hot
	.pushsection .text.flow_cold
	function cold_of_unreadable, cold=1
	block	uh0, FALL, uh1, flags=HIDDEN|STOPS|UNSURE, leader=BOTH
	inc	%eax
	inc	%ecx
	end_block uh0
	block	uh1, AWAY, flags=HIDDEN, leader=BOTH
	jmp	*%rax
	end_block uh1
	end_function cold_of_unreadable
	.popsection

	/* The same where only a table tells that one belongs to the other. */
	case	unreadable_part_known_by_a_fixup
	function by_fixup
	block	bf0, AWAY, flags=ENTRY|STOPS|UNSURE, site=NONE
	fentry
bf0_load:
	mov	(%rdi), %eax
	fixup	bf0_load, bf_cold
	ret
	end_block bf0
	end_function by_fixup
	.pushsection .text.flow_cold
	function by_fixup_cold, error=EILSEQ, cold=1
bf_cold:
	.byte	0x06
	end_function by_fixup_cold
	.popsection

	case	unreadable_part_known_by_a_static_branch
	function by_label
	block	bl0, STATIC, bl1, NONE, flags=ENTRY|STOPS|UNSURE, site=NONE
	fentry
	static_branch bl_cold
	nop5
	end_block bl0
	block	bl1, AWAY, flags=HIDDEN, leader=BOTH
	ret
	end_block bl1
	end_function by_label
	.pushsection .text.flow_cold
	function by_label_cold, error=EILSEQ, cold=1
bl_cold:
	.byte	0x06
	end_function by_label_cold
	.popsection

	/* The jump can still be made out, but perhaps not every one. */
	case	jump_behind_what_cannot_be_read
	function half_read, error=EILSEQ
	fentry
	.byte	0x06
	.byte	0xe9
	.long	hr0_middle - . - 4
	end_function half_read
	function of_half_read
	block	hr0, AWAY, flags=ENTRY|STOPS|UNSURE, site=NONE
	fentry
	inc	%eax
hr0_middle:
	ret
	end_block hr0
	end_function of_half_read

	/* Read from the wrong byte on it would be part of a mov, but the table knows. */
	case	static_branch_behind_what_cannot_be_read
	function half_read_static, error=EILSEQ
	fentry
	.byte	0x06
	.byte	0xb8
	static_branch hs1
	nop5
	.byte	0xc3
	end_function half_read_static
	function of_half_read_static
	block	hs0, FALL, hs1, flags=ENTRY|STOPS|UNSURE, site=NONE
	fentry
	inc	%eax
	end_block hs0
	block	hs1, AWAY, flags=HIDDEN, leader=BOTH
	ret
	end_block hs1
	end_function of_half_read_static

	/* Nobody is seen to go to that branch, but there it is. */
	case	static_branch_outside_functions
	function branched_into
	block	bi0, FALL, bi1, flags=ENTRY, site=bi0_body
	fentry
bi0_body:
	inc	%eax
	end_block bi0
	block	bi1, AWAY, flags=HIDDEN, leader=BOTH
	ret
	end_block bi1
	end_function branched_into
	static_branch bi1
	nop5

	/* It may come to any instruction of the function. */
	case	computed_jump
	function computed
	block	cm0, AWAY, flags=ENTRY|STOPS|UNSURE, site=NONE
	nop5
	lea	cm_middle(%rip), %rax
	jmp	*%rax
	end_block cm0
	block	cm1, AWAY, flags=HIDDEN|STOPS|UNSURE, leader=BOTH
	inc	%eax
cm_middle: inc	%eax
	ret
	end_block cm1
	end_function computed

	/*
	 * With a table it comes to what that names. What is no instruction's beginning is in the
	 * data by chance, and the function's own address is what others call it by.
	 */
	case	jump_by_table
	function by_table
	block	jt0, AWAY, flags=ENTRY, site=jt0_body
	fentry
jt0_body:
	jmp	*(%rsi,%rdi,8)
	end_block jt0
	block	jt1, FALL, jt2, flags=HIDDEN, site=jt1_body, leader=BOTH
	endbr64
jt1_body:
	lea	2(%rax), %eax
	end_block jt1
	block	jt2, AWAY, flags=HIDDEN, leader=BOTH
	inc	%eax
	ret
	end_block jt2
	end_function by_table
	pointer	by_table
	pointer	jt1
	pointer	jt1 + 1
	pointer	jt2

	/* gcc puts unlikely cases into the cold part: there the jump of the function comes to. */
	case	table_names_the_cold_part
	function tabled
	block	tn0, JCC, tn1, tk1, flags=ENTRY, site=tn0_body
	fentry
tn0_body:
	test	%edi, %edi
	jcc	tn0_jcc, 0x8, tk1
	.byte	0x0f, 0x88
	.long	tk1 - . - 4
	end_block tn0
	block	tn1, AWAY, leader=BLOCKS
	jmp	*(%rsi,%rdi,8)
	end_block tn1
	end_function tabled
	.pushsection .text.flow_cold
	function tabled_cold, cold=1
	block	tk0, FALL, tk1, flags=HIDDEN, leader=BOTH
	inc	%eax
	end_block tk0
	block	tk1, AWAY, flags=HIDDEN, leader=BOTH
	inc	%eax
	ret
	end_block tk1
	end_function tabled_cold
	.popsection
	pointer	tk0
	pointer	tk1

	/* And the cold part's own jump to the function. */
	case	table_of_the_cold_part_names_the_function
	function named_by_cold
	block	nb0, JCC, nb1, nk0, flags=ENTRY, site=nb0_body
	fentry
nb0_body:
	test	%edi, %edi
	jcc	nb0_jcc, 0x8, nk0
	.byte	0x0f, 0x88
	.long	nk0 - . - 4
	end_block nb0
	block	nb1, FALL, nb2, leader=BLOCKS
	inc	%eax
	end_block nb1
	block	nb2, AWAY, flags=HIDDEN, leader=BOTH
	inc	%eax
	ret
	end_block nb2
	end_function named_by_cold
	.pushsection .text.flow_cold
	function naming_cold, cold=1
	block	nk0, AWAY, leader=BLOCKS
	jmp	*(%rsi,%rdi,8)
	end_block nk0
	end_function naming_cold
	.popsection
	pointer	nb2

	/* The same through a thunk, in assembler. */
	case	jump_by_table_and_thunk
	function by_thunk
	block	jh0, AWAY, flags=ENTRY, site=jh0_body
	nop5
jh0_body:
	mov	(%rsi,%rdi,8), %rax
	.byte	0xe9
	.long	flow_elsewhere - . - 4
	end_block jh0
	block	jh1, FALL, jh2, flags=HIDDEN, leader=BOTH
	inc	%eax
	end_block jh1
	block	jh2, AWAY, flags=HIDDEN, leader=BOTH
	ret
	end_block jh2
	end_function by_thunk
	pointer	jh1
	pointer	jh2

	/* What gcc makes that looks like this is a tail call: data names its code for another reason. */
	case	pointer_into_a_function
	function pointed_into
	block	pi0, AWAY, flags=ENTRY, site=pi0_body
	fentry
pi0_body:
	inc	%eax
pi0_named:
	inc	%eax
	.byte	0xe9
	.long	flow_elsewhere - . - 4
	end_block pi0
	end_function pointed_into
	pointer	pi0_named

	/* Nor is a tail call one, and what it is told may be where it was called. */
	case	tail_call_by_register
	function tail_by_register
	block	tj0, AWAY, flags=ENTRY, site=tj0_body
	nop5
tj0_body: lea	0(%rip), %rdi
	jmp	*%rax
	end_block tj0
	end_function tail_by_register

	/* Any nop may be a static branch, any ud2 a WARN, any load may fault. */
	case	unknown_tables, incomplete=1
	function incomplete
	block	in0, JCC, in1, in2, flags=ENTRY|STOPS|UNSURE, site=NONE
	nop5
	test	%edi, %edi
	jcc	in0_jcc, 0x4, in2
	je	in2
	end_block in0
	block	in1, FALL, in2, flags=HIDDEN|STOPS|UNSURE, leader=BOTH
	nop5
	ud2
	end_block in1
	block	in2, JCC, in3, in1, flags=HIDDEN, leader=BLOCKS
	jcc	in2_jcc, 0x5, in1
	jne	in1
	end_block in2
	block	in3, JMP, NONE, in2, flags=HIDDEN|STOPS, leader=BOTH
	jmp	in2
	end_block in3
	end_function incomplete
	function incomplete_tail
	block	in4, AWAY, flags=ENTRY|STOPS, site=NONE
	jmp	in0
	end_block in4
	end_function incomplete_tail

/* --- the stack protector --------------------------------------------------------------------- */

	case	canary
	function canary
	block	ca0, JCC, ca1, ca4, flags=ENTRY, site=ca0_jcc
	sub	%gs:40, %rdx
	jcc	ca0_jcc, 0x5, ca4, canary=1
	jne	ca4
	end_block ca0
	block	ca1, JCC, ca2, ca4, leader=BLOCKS
	.byte	0x65, 0x4c, 0x2b, 0x05	/* sub %gs:flow_elsewhere(%rip), %r8 */
	.long	flow_elsewhere - . - 4
	jcc	ca1_jcc, 0x5, ca4, canary=1
	jne	ca4
	end_block ca1
	/* Not its offset; and one whose block does not have it. */
	block	ca2, JCC, ca3, ca4, leader=BLOCKS
	sub	%gs:48, %rdx
	jcc	ca2_jcc, 0x5, ca4
	jne	ca4
	end_block ca2
	block	ca3, FALL, ca3_jcc, leader=BLOCKS
	sub	%gs:40, %rdx
	end_block ca3
	block	ca3_jcc, JCC, ca5, ca4
	jcc	ca3_jcc_at, 0x5, ca4
	jne	ca4
	end_block ca3_jcc
	block	ca5, JMP, NONE, ca3_jcc, leader=BLOCKS
	jmp	ca3_jcc
	end_block ca5
	block	ca4, AWAY, flags=STOPS, leader=BLOCKS
	call_out
	end_block ca4
	end_function canary

	.globl	flow_text_end
	.hidden	flow_text_end
flow_text_end:
	.section .text.flow_cold, "ax"
	.globl	flow_cold_end
	.hidden	flow_cold_end
flow_cold_end:
	.byte	0xcc		/* the section is not empty */

	record	KNOWN_END
	.section .note.GNU-stack, "", @progbits
