/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stub.h - the code that a detour leads to: it executes the region's instructions out of line, and
 * records which way the conditional jump went or, where there is none, that the region was passed.
 * Pure: it makes bytes, and knows neither their site nor where they are stored.
 */
#ifndef LIVECOV_STUB_H
#define LIVECOV_STUB_H

#include "insn_branch.h"
#include "region.h"

/*
 * How a stub records an outcome. None of these changes a flag or a register.
 *
 * BYTE:  movb $1, CELL(%rip)
 * COUNT: the cell is 64 bits wide and is incremented with lock inc, the flags kept in
 *	  rax (lahf, seto); exact with concurrent increments.
 * TASK:  the cell lies at an offset in a map that belongs to the running task's
 *	  sample. Its base is in a per-CPU array; which of the array's two
 *	  entries depends on what the CPU does: preempt_count's bytes 1 and 2
 *	  (softirq, and hardirq with NMI) index a table of 65536 bytes that
 *	  holds 0 for a task and 1 for an interrupt. With a base of 0 nothing is recorded:
 *
 *		push %rcx
 *		movzwl %gs:PREEMPT_COUNT+1, %ecx
 *		movzbl CONTEXTS(%rcx), %ecx
 *		mov %gs:BASES(,%rcx,8), %rcx
 *		jrcxz 1f
 *		movb $1, CELL(%rcx)
 *	1:	pop %rcx
 *
 * TASK through a window: what does not depend on the cell is shared by the stubs whose
 * cells are adjacent. A base of 0 becomes memory that is never read. Bases are multiples
 * of 256, and a middle is one more than a multiple: cl is 1.
 *
 *		push %rcx			WINDOW:	movzwl, movzbl, mov as above
 *		call WINDOW				jrcxz 1f
 *		mov %cl, CELL-MIDDLE(%rcx)		lea MIDDLE(%rcx), %rcx
 *		pop %rcx				ret
 *						1:	mov %gs:NOWHERE, %rcx
 *							ret
 */
#define STUB_BYTE	0
#define STUB_COUNT	1
#define STUB_TASK_BYTE	2
#define STUB_TASK_COUNT	3

/**
 * struct stub_task - for STUB_TASK_*: where things are; each sign-extends from 32 bits
 * @preempt_count: of preempt_count: offset from gs' base
 * @bases: of the two bases: offset from gs' base
 * @nowhere: offset from gs' base; there is the address of byte STUB_NOWHERE of
 *	  STUB_NOWHERE_SIZE bytes for hits that do not count, which begin at a multiple of 8
 * @contexts: address of the table of contexts
 * @window: address of what stub_write_window() has made; 0 for none
 * @middle: stub_middle() of the cells' window
 */
struct stub_task {
	u64 preempt_count;
	u64 bases;
	u64 nowhere;
	u64 contexts;
	u64 window;
	u64 middle;
};

/*
 * So many bytes of a map share a window. All but the last two or so are near enough to its
 * middle for a displacement of one byte.
 */
#define STUB_WINDOW	256
#define STUB_WINDOW_REACH	144	/* with a second cell after the last, 8 bytes wide */

/*
 * One more than a multiple of 8, as stub_middle() is: the cells of STUB_TASK_COUNT are aligned
 * there too. A locked instruction across two cache lines stops the whole machine's memory, or,
 * with split-lock detection, the kernel (SDM vol. 3, "Features to Disable Bus Locks";
 * arch/x86/kernel/cpu/bus_lock.c).
 */
#define STUB_NOWHERE		(STUB_WINDOW_REACH + 1)
#define STUB_NOWHERE_SIZE	(2 * STUB_WINDOW_REACH + 8)

/* stub_window - the number of the window that serves an offset in a map */
static inline u32 stub_window(u32 offset)
{
	return (offset + STUB_WINDOW / 2 - 1) / STUB_WINDOW;
}

/* stub_middle - offset in a map of the middle of the window that serves an offset */
static inline u32 stub_middle(u32 offset)
{
	return stub_window(offset) * STUB_WINDOW + 1;
}

/**
 * struct stub - what to make
 * @text: the region's original bytes
 * @address: where they lie
 * @region: the region
 * @at: where the stub will lie: less than 2 GiB from @address and its targets
 * @how: STUB_*
 * @task: for STUB_TASK_*
 * @cell: of the outcomes, [0] fell through or passed, [1] jumped: address, or for
 *	  STUB_TASK_* offset; STUB_NO_CELL for an outcome that need not be noted
 */
struct stub {
	const u8 *text;
	u64 address;
	struct region region;
	u64 at;
	u8 how;
	const struct stub_task *task;
	u64 cell[2];
};

#define STUB_NO_CELL	(~0ULL)
#define STUB_MAX_LEN	192	/* longer than any that stub_write() makes */

/**
 * stub_write - make a stub
 * @stub: what to make
 * @code: out: its bytes; at most STUB_MAX_LEN
 *
 * Entered with the registers and flags that the region would have been entered
 * with; leaves to where the region would have, with those that it would have
 * left. Uses two words of stack below rsp at most (the kernel has no red zone).
 *
 * Return: how many bytes; -ERANGE if a target or an operand is out of reach; -EOPNOTSUPP
 * if an instruction cannot be moved; -EILSEQ if these are no instructions.
 */
int stub_write(const struct stub *stub, u8 *code);

/**
 * stub_write_window - make what stubs of STUB_TASK_* call
 * @task: of its cells; @task->window is not looked at
 * @at: where it will lie
 * @code: out: its bytes; at most STUB_MAX_LEN
 *
 * It returns with a plain ret: not for CPUs that must not execute one in the kernel.
 *
 * Return: how many bytes; -ERANGE if something is out of reach.
 */
int stub_write_window(const struct stub_task *task, u64 at, u8 *code);

/**
 * stub_jump - make the bytes that replace a region: a jump to its stub
 * @address: where the region begins
 * @length: of it, bytes
 * @stub: where the stub begins, to which stub_write() has found that it reaches
 * @bytes: out: @length of them: the jump, then int3s
 */
void stub_jump(u64 address, u32 length, u64 stub, u8 *bytes);

/**
 * stub_short_jump - make the bytes that replace a region that has an island
 * @region: the region
 * @bytes: out: @region->length of them: a short jump to the island's second jump, then int3s
 */
void stub_short_jump(const struct region *region, u8 *bytes);

/**
 * stub_island - make the bytes that replace an island
 * @address: where it begins
 * @length: of it, bytes
 * @copy: the copy of its own instructions
 * @stub: the stub of the region that it serves; both near enough, as stub_write() has found
 * @bytes: out: @length of them: a jump to each, then int3s
 */
void stub_island(u64 address, u32 length, u64 copy, u64 stub, u8 *bytes);

/**
 * stub_taken - where could the jump itself lead in the stub, if it is taken?
 * @stub: what stub_write() was given
 *
 * Return: the offset from the stub's first byte, of STUB_TASK_* always 0; -EOPNOTSUPP if the
 * region is not the jump alone, a near one without prefixes.
 */
int stub_taken(const struct stub *stub);

/**
 * stub_half - have the jump itself lead into the stub, which then records only that it was taken
 * @address: where it lies
 * @into: where it is to lead: stub_taken(), not negative, from the stub's first byte
 * @bytes: the jump
 *
 * Falling through costs nothing then.
 */
void stub_half(u64 address, u64 into, u8 *bytes);

/**
 * stub_shortcut - make the code that does for a stub of which one outcome is known
 * @stub: what stub_write() was given, but that @at is where the shortcut will lie
 * @whole: where the stub lies
 * @known: the outcome that need not be noted: index of @stub->cell
 * @code: out: its bytes; at most STUB_MAX_LEN
 *
 * For STUB_TASK_*, where a note costs many times what the jump does. Entered as the stub is;
 * with the other outcome it goes on in the stub, which notes it.
 *
 * Return: how many bytes; -EOPNOTSUPP if the region has no conditional jump, or one that tests
 * rcx, and for other @stub->how; -ERANGE, -EILSEQ as stub_write().
 */
int stub_shortcut(const struct stub *stub, u64 whole, u32 known, u8 *code);

/* stub_shortcut_origin - stub_origin() for what stub_shortcut() has made, in the same terms */
u32 stub_shortcut_origin(const struct stub *stub, u32 known, u32 offset);

/**
 * stub_step - make a copy of one instruction, and a jump back to the one after it
 * @text: the instruction's bytes
 * @insn: what insn_branch_decode() makes of them at @address
 * @address: where it lies
 * @at: where the copy will lie
 * @code: out: the copy; at most STUB_MAX_LEN bytes
 *
 * A breakpoint on the instruction goes on there. Jumps of any kind go where they go; calls
 * cannot be moved: their return address would be the copy's.
 *
 * Return: how many bytes; -ERANGE, -EOPNOTSUPP as stub_write().
 */
int stub_step(const u8 *text, const struct insn_branch *insn, u64 address, u64 at, u8 *code);

/**
 * stub_origin - which original instruction is it, when execution is in a stub?
 * @stub: what stub_write() was given
 * @offset: from the stub's first byte
 *
 * For messages. Return: the offset from the region's first byte. For what the stub has
 * added, that of the conditional jump, or where there is none, of what comes next.
 */
u32 stub_origin(const struct stub *stub, u32 offset);

#endif /* LIVECOV_STUB_H */
