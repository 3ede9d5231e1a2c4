/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_region_asm.S - conditional jumps in every neighbourhood, and the region that
 * region.c has to find for each: records of known_code.h, and
 *
 * region FROM JCC TO	the region of the jump at label JCC is from FROM to before TO
 * no_region JCC WHY
 * entry_region NAME FROM TO	that of the entry of the function
 * no_entry_region NAME
 * block_region FROM TO	that of the block whose site is at FROM
 * no_block_region FROM
 * island OF FROM TO	the island of such a region: OF is its JCC, or its first argument if it has
 *	none; a region of which none is told must have none
 */
#include "known_code.h"

#define UNSURE		1
#define SHORT		2
#define RESERVED	3

/* Records, as in test_region.c */
#define R_REGION	KNOWN_OWN
#define R_ENTRY		(KNOWN_OWN + 1)
#define R_BLOCK		(KNOWN_OWN + 2)
#define R_ISLAND	(KNOWN_OWN + 3)

	.macro	region from, jcc, to
	record	R_REGION, \jcc, \from, \to, 0
	.endm

	.macro	no_region jcc, why
	record	R_REGION, \jcc, 0, 0, \why
	.endm

	.macro	entry_region name, from, to
	record	R_ENTRY, \name, \from, \to, 0
	.endm

	.macro	no_entry_region name
	record	R_ENTRY, \name, 0, 0, SHORT
	.endm

	.macro	block_region from, to
	record	R_BLOCK, \from, \from, \to, 0
	.endm

	.macro	no_block_region from
	record	R_BLOCK, \from, 0, 0, SHORT
	.endm

	.macro	island of, from, to
	record	R_ISLAND, \of, \from, \to
	.endm

	/* What may be moved, five bytes of it; and what may not, as many as there has to be. */
	.macro	five
	lea	8(%rdi, %rsi), %rax
	.endm

	/* Enough for an island, and no instruction begins after the first five bytes of it. */
	.macro	three
	lea	(%rdi), %rax
	.endm

	.macro	seven
	lea	0x12345678(%rdi), %rax
	.endm

	.macro	fixed_bytes count
	.rept	\count
	sti
	.endr
	.endm

	/* Data: nobody runs it, and one operand is relocated. */
	.section .data.region, "aw"
	.globl	region_text_start
region_text_start:

	case	"a near jump needs nobody"
	function near
	region	near_jcc, near_jcc, near_next
	nop
near_jcc: {disp32} je near_next
near_next: ret
	end_function near

	/* The first instruction of a function is the entry site's. */
	case	"a short jump takes as few instructions before it as will do"
	function before
	region	before_from, before_jcc, before_next
	push	%rbx
	push	%rbp
	mov	%rdi, %rbx
before_from: mov %rsi, %rbp
before_jcc: je	before_out
before_next: inc %eax
before_out: ret
	end_function before

	case	"three instructions before it"
	function before3
	region	before3_from, before3_jcc, before3_next
	push	%rbx
before3_from: push %rbp
	push	%rax
	pop	%rax
before3_jcc: je	before3_out
before3_next: inc %eax
before3_out: ret
	end_function before3

	case	"a jump with a prefix needs fewer"
	function prefixed
	region	prefixed_from, prefixed_jcc, prefixed_next
	push	%rbx
	push	%rbp
prefixed_from: mov %edi, %ebx
prefixed_jcc: addr32 jrcxz prefixed_next
prefixed_next: ret
	end_function prefixed

	case	"the entry's own instruction stays"
	function entry
	no_region entry_jcc, SHORT
	mov	%rdi, %rax
entry_jcc: je	entry_out
	sti
	ret
entry_out: ret
	end_function entry

	case	"so does a jump that is the entry's own instruction"
	function first
	no_region first_jcc, RESERVED
first_jcc: {disp32} je first_out
	ret
first_out: ret
	end_function first

	case	"a cold part has no entry site, but is entered at its first byte"
	function warm
	region	warm_jcc, warm_jcc, warm_next
	nop
warm_jcc: {disp32} jne cool
warm_next: ret
	end_function warm
	function cool, cold=1
	region	cool, cool_jcc, cool_next
	mov	%rdi, %rax
cool_jcc: je	cool_out
cool_next: ret
cool_out: jmp	warm_next
	end_function cool

	case	"ftrace's five bytes stay, whatever they are"
	function traced
	fentry_at traced_fentry
	region	traced_from, traced_jcc, traced_next
	no_region traced2_jcc, SHORT
	endbr64
traced_fentry: .byte 0x0f, 0x1f, 0x44, 0, 0
traced_from: mov %rdi, %rax
traced_jcc: je	traced_out
traced_next: ret
traced_out: ret
	end_function traced
	function traced2
	fentry_at traced2
	.byte	0xe8, 0, 0, 0, 0
	test	%edi, %edi
traced2_jcc: je	traced2_out
	sti
	ret
traced2_out: ret
	end_function traced2

	case	"an entry's region begins behind ftrace's place"
	function entered
	fentry_at entered
	entry_region entered, entered_from, entered_to
	.byte	0x0f, 0x1f, 0x44, 0, 0
entered_from: mov %rdi, %rax
	mov	%rsi, %rdx
entered_to: mov	%rdx, %rcx
	ret
	end_function entered

	case	"which may be behind an endbr64"
	function endbr
	fentry_at endbr_fentry
	entry_region endbr, endbr_from, endbr_to
	endbr64
endbr_fentry: .byte 0x0f, 0x1f, 0x44, 0, 0
endbr_from: mov	%rdi, %rax
	push	%rbx
	push	%rbp
endbr_to: sti
	ret
	end_function endbr

	case	"or one that the kernel has sealed, or anything that all who enter run"
	function sealed
	fentry_at sealed_fentry
	entry_region sealed, sealed_from, sealed_to
	.byte	0x66, 0x0f, 0x1f, 0
sealed_fentry: .byte 0x0f, 0x1f, 0x44, 0, 0
sealed_from: lea 8(%rdi, %rsi), %rax
sealed_to: sti
	ret
	end_function sealed
	function pushed
	fentry_at pushed_fentry
	entry_region pushed, pushed_from, pushed_to
	push	%rbp
pushed_fentry: .byte 0x0f, 0x1f, 0x44, 0, 0
pushed_from: lea 8(%rdi, %rsi), %rax
pushed_to: sti
	ret
	end_function pushed

	case	"but not behind a jump that goes by it"
	function gone_by
	fentry_at gone_by_fentry
	no_entry_region gone_by
	no_region gone_by_jcc, RESERVED
	endbr64
gone_by_jcc: {disp32} je gone_by_out
gone_by_fentry: .byte 0x0f, 0x1f, 0x44, 0, 0
	lea	8(%rdi, %rsi), %rax
	sti
gone_by_out: ret
	end_function gone_by

	case	"nor where somebody comes behind ftrace's place"
	function again
	fentry_at again_fentry
	no_entry_region again
	no_region again_jcc, SHORT
	endbr64
again_fentry: .byte 0x0f, 0x1f, 0x44, 0, 0
again_from: lea	8(%rdi, %rsi), %rax
	sti
again_jcc: jne	again_from
	sti
	ret
	end_function again

	case	"a block's first instruction may be a region's first"
	function leader
	region	leader_from, leader_jcc, leader_next
	nop
	jmp	leader_from
	ret
leader_from: mov %rdi, %rax
leader_jcc: jne	leader_from
leader_next: ret
	end_function leader

	case	"nobody jumps into a region"
	function inner
	no_region inner_jcc, SHORT
	nop
	mov	%rdi, %rax
inner_target: inc %eax
inner_jcc: jne	inner_target
	sti
	ret
	end_function inner

	case	"nor from a function that is not selected"
	function other, unselected=1
	nop
	jne	others_target
	ret
	end_function other
	function others
	no_region others_jcc, SHORT
	nop
	mov	%rdi, %rax
others_target: inc %eax
others_jcc: je	others_out
	sti
	ret
others_out: ret
	end_function others

	case	"a call is moved as the last one, and returns to a region's first byte"
	function called
	region	called_from, called_jcc, called_next
	region	called2_jcc, called2_jcc, called_out
	nop
	call	near
called_from: mov %rax, %rbx
called_jcc: je	called_out
called_next: call near
	inc	%eax
called2_jcc: je	called_out
	call	near
called_out: ret
	end_function called

	case	"never one in front"
	function calls
	no_region calls_jcc, SHORT
	nop
	call	near
calls_jcc: je	calls_out
	sti
calls_out: ret
	end_function calls

	case	"nor one that somebody comes to"
	function calls_met
	no_region calls_met_jcc, SHORT
	nop
	sti
calls_met_jcc: je calls_met_out
calls_met_call: call near
calls_met_out: jmp calls_met_call
	end_function calls_met

	case	"a jump or a return ends a region"
	function ends
	region	ends_jcc, ends_jcc, ends2_jcc
	region	ends2_jcc, ends2_jcc, ends_far
	nop
	sti
ends_jcc: je	ends2_jcc
	pop	%rbx
	pop	%rbp
	jmp	ends_far
ends2_jcc: je	ends_far
	pop	%rbx
	pop	%rbp
	ret
ends_far: ret
	end_function ends

	case	"int3s behind a return, which may be a region's, and those behind a jump"
	function fill
	region	fill_jcc, fill_jcc, fill_more
	region	fill2_jcc, fill2_jcc, fill2_next
	nop
	sti
fill_jcc: je	fill2_jcc
	ret
	.byte	0xcc, 0xcc
fill_more: .byte 0xcc
fill2_jcc: je	fill2_next
	jmp	fill_jcc
	.byte	0xcc
fill2_next: ret
	end_function fill

	case	"not one that somebody comes to, nor behind a call, nor other bytes"
	function unfilled
	no_region unfilled_jcc, SHORT
	no_region unfilled2_jcc, SHORT
	nop
	sti
unfilled_jcc: je unfilled2_jcc
	ret
	.byte	0xcc
unfilled_in: nop
unfilled2_jcc: je unfilled_in
	ret
	nop
	nop
	end_function unfilled

	case	"which is not wanted where others will do"
	function others_do
	region	others_do_from, others_do_jcc, others_do_to
	nop
	sti
others_do_from: test %eax, %eax
others_do_jcc: je others_do_out
	pop	%rbx
others_do_to: call near
others_do_out: ret
	end_function others_do

	case	"what may fault is not moved"
	function faults
	fixup	faults_load, faults_out
	no_region faults_jcc, RESERVED
	nop
faults_load: mov (%rdi), %rax
faults_jcc: je	faults_far
	sti
	jmp	faults_far
faults_out: ret
faults_far: ret
	end_function faults

	case	"a fix-up is entered"
	function fixed
	fixup	fixed_load, fixed_up
	no_region fixed_jcc, SHORT
	nop
fixed_load: mov (%rdi), %rax
	jmp	fixed_do
fixed_do: inc	%edx
fixed_up: inc	%eax
fixed_jcc: je	fixed_out
	sti
	jmp	fixed_out
fixed_out: ret
	end_function fixed

	case	"a static branch stays, and enters its target"
	function label
	static_branch_at label_site, label_target
	no_region label_jcc, SHORT
	no_region label2_jcc, SHORT
	nop
	mov	%rdi, %rax
label_site: .byte 0x66, 0x90
label_jcc: je	label_out
	sti
	jmp	label_out
label_out: inc	%edx
label_target: inc %eax
label2_jcc: je	label_exit
	sti
	jmp	label_exit
label_exit: ret
	end_function label

	case	"a static call stays, even while it is none"
	function static
	static_call_at static_site
	no_region static_jcc, RESERVED
	nop
	jmp	static_in
static_in: inc	%eax
static_site: .byte 0x0f, 0x1f, 0x44, 0, 0
static_jcc: je	static_out
	sti
	jmp	static_out
static_out: ret
	end_function static

	case	"so does one that is a conditional jump"
	function static_jump
	static_call_at static_jump_jcc
	no_region static_jump_jcc, RESERVED
	nop
	jmp	static_jump_in
static_jump_in: inc %eax
static_jump_jcc: {disp32} je near
	ret
	end_function static_jump

	case	"what is behind a WARN is a region's first byte at most"
	function warned
	warn_at warned_trap
	region	warned_from, warned_jcc, warned_next
	no_region warned2_jcc, RESERVED
	warn_at warned2_trap
	nop
warned_trap: ud2
warned_from: mov %rdi, %rax
warned_jcc: je	warned_out
warned_next: inc %eax
warned2_trap: ud2
warned2_jcc: je	warned_out
	jmp	warned_out
warned_out: ret
	end_function warned

	case	"an indirect jump lands on an endbr64"
	function landing
	no_region landing_first, SHORT
	no_region landing_jcc, SHORT
	sti
landing_first: je landing_out
	sti
	endbr64
landing_jcc: je	landing_out
	sti
	jmp	landing_out
landing_out: ret
	end_function landing

	case	"data names an instruction"
	function data
	pointer	data_named
	no_region data_jcc, SHORT
	nop
	mov	%rdi, %rax
data_named: inc %eax
data_jcc: je	data_out
	sti
	jmp	data_out
data_out: ret
	end_function data

	case	"data names an instruction behind a single byte"
	function data2
	pointer	data2_named
	no_region data2_jcc, SHORT
	nop
	push	%rax
data2_named: test %eax, %eax
data2_jcc: je	data2_out
	sti
	jmp	data2_out
data2_out: ret
	end_function data2

	case	"data names the middle of a near jump"
	function half
	pointer	half_jcc + 2
	no_region half_jcc, RESERVED
	nop
half_jcc: {disp32} je half_out
half_out: ret
	end_function half

	case	"operands name instructions"
	function operand
	no_region operand_jcc, SHORT
	no_region operand2_jcc, SHORT
	nop
	mov	%rdi, %rax
operand_named: inc %eax
operand_jcc: je	operand_out
	sti
	jmp	operand_out
operand_out: mov %rdi, %rax
operand2_named: inc %eax
operand2_jcc: je operand_exit
	sti
	jmp	operand_exit
operand_exit: ret
	end_function operand
	function names, unselected=1
	lea	operand_named(%rip), %rax
	.byte	0x48, 0xb8		/* movabs */
	.quad	operand2_named
	ret
	end_function names

	/* Between functions nobody needs a symbol. */
	case	"code of no function enters and names"
	function loner
	no_region loner_jcc, SHORT
	no_region loner2_jcc, SHORT
	nop
	mov	%rdi, %rax
loner_named: inc %eax
loner_jcc: je	loner_out
	sti
	jmp	loner_out
loner_out: mov	%rdi, %rax
loner2_named: inc %eax
loner2_jcc: je	loner_exit
	sti
	jmp	loner_exit
loner_exit: ret
	end_function loner
	lea	loner_named(%rip), %rax
	jmp	loner2_named

	case	"a computed jump goes anywhere in its function"
	function computed
	no_region computed_jcc, UNSURE
	lea	computed_table(%rip), %rax
	lea	(%rax, %rdi, 8), %rax
	jmp	*%rax
computed_table: inc %eax
	inc	%eax
computed_jcc: {disp32} je computed_out
computed_out: ret
	end_function computed
	/* Its thunk is somewhere else. */
	function thunk
	no_region thunk_jcc, UNSURE
	lea	thunk_table(%rip), %rax
	jmp	region_text_start - 0x1000
thunk_table: inc %eax
thunk_jcc: {disp32} je thunk_out
thunk_out: ret
	end_function thunk

	case	"an indirect tail call, and _THIS_IP_, are no computed jump"
	function tail
	region	tail_jcc, tail_jcc, tail_next
	lea	0(%rip), %rax
	nop
tail_jcc: {disp32} je tail_next
tail_next: jmp *%rax
	end_function tail

	case	"instructions that cannot be moved"
	function fixed_place
	no_region sti_jcc, SHORT
	no_region ss_jcc, SHORT
	no_region gs_jcc, SHORT
	no_region lock_jcc, SHORT
	region	plain_from, plain_jcc, plain_next
	nop
	nop
	mov	%rdi, %rax
	sti
sti_jcc: je	sti_far
	sti
	jmp	sti_far
sti_far: mov	%eax, %ss
ss_jcc: je	ss_far
	sti
	jmp	ss_far
ss_far:	swapgs
gs_jcc: je	gs_far
	sti
	jmp	gs_far
gs_far:	.byte 0x3e
	incl	(%rax)
lock_jcc: je	lock_far
	sti
	jmp	lock_far
lock_far: inc	%eax
plain_from: lock incl (%rax)
plain_jcc: je	plain_far
plain_next: jmp plain_far
plain_far: ret
	end_function fixed_place

	case	"behind it, if nobody else goes there"
	function behind
	region	behind_jcc, behind_jcc, behind_to
	no_region behind2_jcc, SHORT
	nop
	call	near
behind_jcc: je	behind_out
	mov	%rdi, %rax
behind_to: call near
behind2_jcc: je	behind_out
	nop
	sti
behind_out: ret
	end_function behind

	case	"not if there is another way in"
	function crowded
	no_region crowded_jcc, SHORT
	nop
	call	near
crowded_jcc: je	crowded_out
crowded_next: mov %rdi, %rax
	call	near
crowded_out: jmp crowded_next
	end_function crowded

	case	"not the target's own bytes"
	function skip
	no_region skip_jcc, SHORT
	nop
	call	near
skip_jcc: je	skip_out
	inc	%eax
skip_out: inc	%eax
	ret
	end_function skip

	case	"up to where it jumps"
	function over
	region	over_jcc, over_jcc, over_out
	nop
	call	near
over_jcc: je	over_out
	mov	%rdi, %rax
over_out: ret
	end_function over

	case	"what is in front of a jump is rather its own than another's"
	function rivals
	no_region rivals_jcc, SHORT
	region	rivals_next, rivals2_jcc, rivals2_next
	nop
	call	near
rivals_jcc: je	rivals_out
rivals_next: test %eax, %eax
	inc	%edx
rivals2_jcc: je	rivals_out
rivals2_next: call near
rivals_out: ret
	end_function rivals

	case	"but it may have what is left"
	function share
	region	share_jcc, share_jcc, share_to
	region	share_to, share2_jcc, share2_next
	nop
	call	near
share_jcc: je	share_out
	mov	%rdi, %rax
share_to: mov	%rsi, %rax
share2_jcc: je	share_out
share2_next: call near
share_out: ret
	end_function share

	case	"some in front and some behind"
	function both
	region	both_from, both_jcc, both_to
	nop
	call	near
both_from: test	%eax, %eax
both_jcc: je	both_out
	pop	%rbx
both_to: call	near
both_out: ret
	end_function both

	case	"loops and jrcxz"
	function counting
	region	counting_from, counting_jcc, counting2_from
	region	counting2_from, counting2_jcc, counting_next
	nop
counting_from: mov (%rdi), %rax
counting_jcc: loop counting_from
counting2_from: mov %rax, %rcx
counting2_jcc: jrcxz counting_next
counting_next: ret
	end_function counting

	case	"nothing is known of the core kernel", 1
	function core
	no_region core_jcc, UNSURE
	nop
core_jcc: {disp32} je core_out
core_out: ret
	end_function core
	function core2
	no_region core2_jcc, UNSURE
core2_jcc: {disp32} je core2_out
core2_out: ret
	end_function core2

	case	"nor of a function that one which cannot be decoded jumps into"
	function broken, error=EILSEQ
	nop
	je	beside_target
	.byte	0x06
	ret
	end_function broken
	function beside
	no_region beside_jcc, UNSURE
	nop
	mov	%rdi, %rax
beside_target: mov %rdi, %rax
beside_jcc: je	beside_out
	ret
beside_out: ret
	end_function beside

	/*
	 * A jump between two instructions that cannot be moved. Its island takes no more than it
	 * needs, and not the first instruction of a block.
	 */
	case	"an island in front of a jump"
	function ahead
	region	ahead_jcc, ahead_jcc, ahead_next
	island	ahead_jcc, ahead_from, ahead_to
	nop
	jmp	ahead_first
ahead_first: nop
ahead_from: three
	seven
ahead_to: five
	sti
ahead_jcc: je	ahead_out
ahead_next: sti
ahead_out: ret
	end_function ahead

	case	"an island behind a jump, of instructions of any length"
	function astern
	region	astern_jcc, astern_jcc, astern_next
	island	astern_jcc, astern_from, astern_to
	nop
	sti
astern_jcc: je	astern_out
astern_next: sti
astern_from: inc %eax
	movabs	$0x1122334455667788, %rcx
astern_to: sti
astern_out: ret
	end_function astern

	case	"nine bytes are no island"
	function nine
	no_region nine_jcc, SHORT
	nop
	sti
nine_jcc: je	nine_out
	sti
	seven
	inc	%eax
	sti
nine_out: ret
	end_function nine

	case	"none where an instruction begins at its second jump: others may put a kprobe there"
	function island_probe
	no_region island_probe_jcc, SHORT
	nop
	sti
island_probe_jcc: je island_probe_out
	sti
	five
	five
	sti
island_probe_out: ret
	end_function island_probe

	case	"an island as far ahead as a short jump reaches"
	function reach_back
	region	reach_back_jcc, reach_back_jcc, reach_back_next
	island	reach_back_jcc, reach_back_jcc-128, reach_back_jcc-118
	nop
	sti
	three
	seven
	fixed_bytes 118
reach_back_jcc: je reach_back_out
reach_back_next: sti
reach_back_out: ret
	end_function reach_back

	case	"but no further"
	function far_back
	no_region far_back_jcc, SHORT
	nop
	sti
	three
	seven
	fixed_bytes 119
far_back_jcc: je far_back_out
	sti
far_back_out: ret
	end_function far_back

	case	"an island as far behind as a short jump reaches"
	function reach_ahead
	region	reach_ahead_jcc, reach_ahead_jcc, reach_ahead_next
	island	reach_ahead_jcc, reach_ahead_jcc+124, reach_ahead_jcc+134
	nop
	jmp	reach_ahead_in
reach_ahead_out: ret
reach_ahead_in: sti
reach_ahead_jcc: je reach_ahead_out
reach_ahead_next: fixed_bytes 122
	three
	seven
	ret
	end_function reach_ahead

	case	"but not further either"
	function far_ahead
	no_region far_ahead_jcc, SHORT
	nop
	jmp	far_ahead_in
far_ahead_out: ret
far_ahead_in: sti
far_ahead_jcc: je far_ahead_out
	fixed_bytes 123
	three
	seven
	ret
	end_function far_ahead

	case	"in a block that begins out of reach"
	function far_block
	region	far_block_jcc, far_block_jcc, far_block_next
	island	far_block_jcc, far_block_jcc-128, far_block_jcc-118
	nop
	fixed_bytes 40
	five
	three
	seven
	fixed_bytes 116
	jmp	far_block_jcc
far_block_jcc: je far_block_out
far_block_next: sti
far_block_out: ret
	end_function far_block

	case	"an island is not looked for in another function"
	function alone
	no_region alone_jcc, SHORT
	nop
	sti
alone_jcc: je	alone_out
	sti
alone_out: ret
	end_function alone
	function rich
	nop
	three
	seven
	five
	ret
	end_function rich

	case	"nobody jumps into an island, not even from a function that is not selected"
	function island_entered
	no_region island_entered_jcc, SHORT
	nop
	sti
island_entered_jcc: je island_entered_out
	sti
	three
island_entered_target: seven
	sti
island_entered_out: ret
	end_function island_entered
	function island_enters, unselected=1
	nop
	jmp	island_entered_target
	end_function island_enters

	case	"nor does data name an instruction in it"
	function island_named
	pointer	island_named_at
	no_region island_named_jcc, SHORT
	nop
	sti
island_named_jcc: je island_named_out
	sti
	three
island_named_at: seven
	sti
island_named_out: ret
	end_function island_named

	case	"nor half of one, but perhaps its first byte"
	function island_half
	pointer	island_half_from
	pointer	island_half_to + 9
	region	island_half_jcc, island_half_jcc, island_half_next
	island	island_half_jcc, island_half_from, island_half_to
	no_region island_half2_jcc, SHORT
	nop
	sti
island_half_jcc: je island_half_out
island_half_next: sti
island_half_from: three
	seven
island_half_to: sti
island_half2_jcc: je island_half_out
	sti
	three
	seven
	sti
island_half_out: ret
	end_function island_half

	case	"an operand names an instruction in what would be an island"
	function island_operand
	no_region island_operand_jcc, SHORT
	nop
	sti
island_operand_jcc: je island_operand_out
	sti
	three
island_operand_at: seven
	sti
	lea	island_operand_at(%rip), %rax
island_operand_out: ret
	end_function island_operand

	case	"what may fault is in no island, but what is behind it may be"
	function island_fault
	fixup	island_fault_load, island_fault_out
	region	island_fault_jcc, island_fault_jcc, island_fault_next
	island	island_fault_jcc, island_fault_from, island_fault_to
	nop
	sti
island_fault_jcc: je island_fault_out
island_fault_next: sti
	five
island_fault_load: mov (%rdi), %rax
island_fault_from: three
	seven
island_fault_to: sti
island_fault_out: ret
	end_function island_fault

	case	"nor is a fix-up in the middle of one"
	function island_fixed
	fixup	island_fixed_load, island_fixed_at
	no_region island_fixed_jcc, SHORT
	nop
	sti
island_fixed_load: mov (%rdi), %rax
	sti
island_fixed_jcc: je island_fixed_out
	sti
	three
island_fixed_at: seven
	sti
island_fixed_out: ret
	end_function island_fixed

	case	"nor a static branch, nor what it goes to"
	function island_label
	static_branch_at island_label_site, island_label_target
	no_region island_label_jcc, SHORT
	nop
	sti
island_label_jcc: je island_label_out
	sti
	five
island_label_site: .byte 0x0f, 0x1f, 0x44, 0, 0
	sti
	inc	%ecx
	three
island_label_target: seven
	sti
island_label_out: ret
	end_function island_label

	case	"nor a static call, even while it is none"
	function island_static
	static_call_at island_static_call
	no_region island_static_jcc, SHORT
	nop
	sti
island_static_jcc: je island_static_out
	sti
	five
island_static_call: .byte 0x0f, 0x1f, 0x44, 0, 0
	five
	sti
island_static_out: ret
	end_function island_static

	case	"nor a call or a return, which may end a region"
	function island_call
	no_region island_call_jcc, SHORT
	nop
	sti
island_call_jcc: je island_call_out
	sti
	five
	call	near
	sti
	five
	inc	%eax
	inc	%ecx
	ret
	.byte	0xcc, 0xcc
island_call_out: ret
	end_function island_call

	case	"nor a warning"
	function island_warn
	warn_at island_warn_trap
	no_region island_warn_jcc, SHORT
	nop
	sti
island_warn_jcc: je island_warn_out
	sti
	five
island_warn_trap: ud2
	five
	sti
island_warn_out: ret
	end_function island_warn

	case	"nor ftrace's place, nor the instruction behind it"
	function island_fentry
	fentry_at island_fentry
	no_region island_fentry_jcc, SHORT
	entry_region island_fentry, island_fentry_site, island_fentry_to
	.byte	0x0f, 0x1f, 0x44, 0, 0
island_fentry_site: seven
island_fentry_to: three
	sti
island_fentry_jcc: je island_fentry_out
	sti
island_fentry_out: ret
	end_function island_fentry

	case	"but those behind that"
	function island_entry
	fentry_at island_entry_fentry
	region	island_entry_jcc, island_entry_jcc, island_entry_next
	island	island_entry_jcc, island_entry_from, island_entry_to
	entry_region island_entry, island_entry_site, island_entry_from
	endbr64
island_entry_fentry: .byte 0x0f, 0x1f, 0x44, 0, 0
island_entry_site: five
island_entry_from: three
	seven
island_entry_to: sti
island_entry_jcc: je island_entry_out
island_entry_next: sti
island_entry_out: ret
	end_function island_entry

	case	"nor the first instruction of a block, where a site may be"
	function island_leader
	no_region island_leader_jcc, SHORT
	nop
	sti
island_leader_jcc: je island_leader_in
	sti
	jmp	island_leader_out
island_leader_in: three
	seven
	sti
island_leader_out: ret
	end_function island_leader

	case	"nor that behind an entry's own instruction"
	function island_untraced
	no_region island_untraced_jcc, SHORT
	push	%rbx
	three
	seven
	sti
island_untraced_jcc: je island_untraced_out
	sti
island_untraced_out: ret
	end_function island_untraced

	case	"nor what is another jump's"
	function island_others
	region	island_others_from, island_others_jcc, island_others_next
	no_region island_others2_jcc, SHORT
	nop
	sti
	three
island_others_from: seven
island_others_jcc: je island_others_out
island_others_next: sti
island_others2_jcc: je island_others_out
	sti
island_others_out: ret
	end_function island_others

	case	"one island serves one jump"
	function rival_islands
	region	rival_islands_jcc, rival_islands_jcc, rival_islands_next
	island	rival_islands_jcc, rival_islands_from, rival_islands_to
	no_region rival_islands2_jcc, SHORT
	nop
	sti
rival_islands_jcc: je rival_islands_out
rival_islands_next: sti
rival_islands2_jcc: je rival_islands_out
	sti
rival_islands_from: three
	seven
rival_islands_to: five
	sti
rival_islands_out: ret
	end_function rival_islands

	case	"two need two, one behind the other"
	function two_islands
	region	two_islands_jcc, two_islands_jcc, two_islands_next
	island	two_islands_jcc, two_islands_from, two_islands_to
	region	two_islands2_jcc, two_islands2_jcc, two_islands2_next
	island	two_islands2_jcc, two_islands_to, two_islands2_to
	nop
	sti
two_islands_jcc: je two_islands_out
two_islands_next: sti
two_islands2_jcc: je two_islands_out
two_islands2_next: sti
two_islands_from: three
	seven
two_islands_to: three
	seven
two_islands2_to: sti
two_islands_out: ret
	end_function two_islands

	case	"a jump that somebody else wants gets none"
	function island_reserved
	pointer	island_reserved_jcc + 1
	fixup	island_reserved2_jcc, island_reserved_out
	no_region island_reserved_jcc, RESERVED
	no_region island_reserved2_jcc, RESERVED
	nop
	sti
island_reserved_jcc: je island_reserved_out
	sti
island_reserved2_jcc: je island_reserved_out
	sti
	three
	seven
	three
	seven
	sti
island_reserved_out: ret
	end_function island_reserved

	case	"nor does one in a function that is entered anywhere"
	function island_unsure
	no_region island_unsure_jcc, UNSURE
	lea	island_unsure_table(%rip), %rax
	lea	(%rax, %rdi, 8), %rax
	jmp	*%rax
island_unsure_table: sti
island_unsure_jcc: je island_unsure_out
	sti
	three
	seven
	sti
island_unsure_out: ret
	end_function island_unsure

	case	"loops and jumps with a prefix have islands as well"
	function island_loop
	region	island_loop_jcc, island_loop_jcc, island_loop_next
	island	island_loop_jcc, island_loop_from, island_loop_to
	region	island_ecx_jcc, island_ecx_jcc, island_ecx_next
	island	island_ecx_jcc, island_loop_to, island_ecx_to
	nop
	sti
island_loop_jcc: loop island_loop_jcc
island_loop_next: sti
island_ecx_jcc: addr32 jrcxz island_loop_out
island_ecx_next: sti
island_loop_from: three
	seven
island_loop_to: three
	seven
island_ecx_to: sti
island_loop_out: ret
	end_function island_loop

	case	"an entry or a block of two bytes needs an island, which jumps choose first"
	function short_passages
	fentry_at short_passages
	entry_region short_passages, short_passages_from, short_passages_to
	island	short_passages, short_passages_entrys, short_passages_blocks
	block_region short_passages_block, short_passages_block_to
	island	short_passages_block, short_passages_blocks, short_passages_last
	region	short_passages_jcc, short_passages_jcc, short_passages_next
	island	short_passages_jcc, short_passages_jumps, short_passages_entrys
	no_block_region short_passages_out
	.byte	0x0f, 0x1f, 0x44, 0, 0
short_passages_from: push %rbx
	push	%rbp
short_passages_to: sti
short_passages_jcc: je short_passages_block
short_passages_next: sti
short_passages_jumps: three
	seven
short_passages_entrys: three
	seven
short_passages_blocks: three
	seven
short_passages_last: sti
	jmp	short_passages_out
short_passages_block: test %eax, %eax
short_passages_block_to: sti
	jmp	short_passages_out
short_passages_out: ret
	end_function short_passages

	.globl	region_text_end
region_text_end:
	.skip	16, 0xcc

	record	KNOWN_END
	.section .note.GNU-stack, "", @progbits
