/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_region_asm.S - conditional jumps in every neighbourhood, and the region that
 * region.c has to find for each. The expectations are records made of labels, so that
 * the assembler says where things are; test_region.c reads them in order.
 *
 * case NAME [incomplete]
 * function NAME [unselected] ... end_function NAME
 * region FROM JCC TO	the region of the jump at label JCC is from FROM to before TO
 * no_region JCC WHY
 * entry_region NAME FROM TO	that of the entry of the function
 * no_entry_region NAME
 * fixup, static_branch, bug, warn, fentry, static_call	entries of the tables
 * pointer ADDRESS	data names it
 */

#define UNSURE		1
#define SHORT		2
#define RESERVED	3

/* Records, as in test_region.c */
#define R_CASE		1
#define R_FUNCTION	2
#define R_REGION	3
#define R_FIXUP		4
#define R_LABEL		5
#define R_BUG		6
#define R_FENTRY	7
#define R_STATIC_CALL	8
#define R_POINTER	9
#define R_ENTRY		10

	.macro	record kind, a=0, b=0, c=0, d=0
	.pushsection .data.rel.region, "aw"
	.quad	\kind, \a, \b, \c, \d
	.popsection
	.endm

	.macro	case name, incomplete=0
	.pushsection .rodata.region, "a"
.Lname\@: .asciz "\name"
	.popsection
	record	R_CASE, .Lname\@, \incomplete
	.p2align 4, 0xcc
	.endm

	.macro	function name, unselected=0
	record	R_FUNCTION, \name, \name\()_end, \unselected
\name:
	.endm

	.macro	end_function name
\name\()_end:
	.endm

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

	.macro	fixup from, to
	record	R_FIXUP, \from, \to
	.endm

	.macro	static_branch from, to
	record	R_LABEL, \from, \to
	.endm

	.macro	bug address
	record	R_BUG, \address, 0
	.endm

	.macro	warn address
	record	R_BUG, \address, 1
	.endm

	.macro	fentry address
	record	R_FENTRY, \address
	.endm

	.macro	static_call address
	record	R_STATIC_CALL, \address
	.endm

	.macro	pointer address
	record	R_POINTER, \address
	.endm

	.section .data.rel.region, "aw"
	.p2align 3
	.globl	region_records
region_records:

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
	function cool, 2
	region	cool, cool_jcc, cool_next
	mov	%rdi, %rax
cool_jcc: je	cool_out
cool_next: ret
cool_out: jmp	warm_next
	end_function cool

	case	"ftrace's five bytes stay, whatever they are"
	function traced
	fentry	traced_fentry
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
	fentry	traced2
	.byte	0xe8, 0, 0, 0, 0
	test	%edi, %edi
traced2_jcc: je	traced2_out
	sti
	ret
traced2_out: ret
	end_function traced2

	case	"an entry's region begins behind ftrace's place"
	function entered
	fentry	entered
	entry_region entered, entered_from, entered_to
	.byte	0x0f, 0x1f, 0x44, 0, 0
entered_from: mov %rdi, %rax
	mov	%rsi, %rdx
entered_to: mov	%rdx, %rcx
	ret
	end_function entered

	case	"which may be behind an endbr64"
	function endbr
	fentry	endbr_fentry
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
	fentry	sealed_fentry
	entry_region sealed, sealed_from, sealed_to
	.byte	0x66, 0x0f, 0x1f, 0
sealed_fentry: .byte 0x0f, 0x1f, 0x44, 0, 0
sealed_from: lea 8(%rdi, %rsi), %rax
sealed_to: sti
	ret
	end_function sealed
	function pushed
	fentry	pushed_fentry
	entry_region pushed, pushed_from, pushed_to
	push	%rbp
pushed_fentry: .byte 0x0f, 0x1f, 0x44, 0, 0
pushed_from: lea 8(%rdi, %rsi), %rax
pushed_to: sti
	ret
	end_function pushed

	case	"but not behind a jump that goes by it"
	function gone_by
	fentry	gone_by_fentry
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
	fentry	again_fentry
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
	function other, 1
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
	static_branch label_site, label_target
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
	static_call static_site
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
	static_call static_jump_jcc
	no_region static_jump_jcc, RESERVED
	nop
	jmp	static_jump_in
static_jump_in: inc %eax
static_jump_jcc: {disp32} je near
	ret
	end_function static_jump

	case	"what is behind a WARN is a region's first byte at most"
	function warned
	warn	warned_trap
	region	warned_from, warned_jcc, warned_next
	no_region warned2_jcc, RESERVED
	warn	warned2_trap
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
	function names, 1
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
	function broken, 3
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

	.globl	region_text_end
region_text_end:
	.skip	16, 0xcc

	record	0
	.section .note.GNU-stack, "", @progbits
