/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * region.h - which bytes a near jump can replace: at a conditional jump, after the fentry site of a
 * function, or in a block. Pure.
 */
#ifndef LIVECOV_REGION_H
#define LIVECOV_REGION_H

#include "region_marks.h"

#define REGION_JUMP_LEN		5	/* of jmp rel32 */
#define REGION_SHORT_LEN	2	/* of jmp rel8 */
#define REGION_MAX_LEN		32	/* longer than any that region_find() gives */
#define REGION_ISLAND_LEN	(2 * REGION_JUMP_LEN)	/* the least that an island takes */

/* Why a jump has no region; the values of COV_WHY_*. */
#define REGION_OK		0
#define REGION_UNSURE		1	/* not every way into its function is known */
#define REGION_SHORT		2	/* too few movable instructions lie beside it */
#define REGION_RESERVED		3	/* its bytes, or those beside it, belong to another user */

/**
 * struct region - a range of text that can only be entered at its first byte: no jump, return
 * or fixup leads anywhere else in it
 * @before: bytes of the instructions before the conditional jump; all of them for a passage (an
 *	    entry or a block), which has none
 * @length: bytes of all, REGION_SHORT_LEN..REGION_MAX_LEN; 0 if @why is not REGION_OK
 * @inside: an instruction begins after its first byte: when the bytes change, no task may be
 *	    about to execute it
 * @why: REGION_*
 * @island: if @length is less than REGION_JUMP_LEN: where its island begins, from its own first
 *	    byte
 * @island_length: bytes of the island; 0: it needs none
 *
 * Where there is no room for a near jump, there is for a short one. It needs an island within
 * its reach: another range of the same kind, of plain instructions, with room for two near
 * jumps, where no instruction begins at the second. The first leads to a copy of these
 * instructions, for all that reach them; the second, which nothing else can reach, is where the
 * short jump goes, and leads to the region's stub.
 */
struct region {
	u16 before : 6;
	u16 length : 6;
	bool inside : 1;
	u16 why : 2;
	s8 island;
	u8 island_length;
};

/**
 * struct region_table - everything that may have a region, and which
 * @branches: one for each conditional jump
 * @entries: one for each function, after its fentry site; NULL: none is wanted
 * @blocks: one for each block, at its site; NULL with @entries
 */
struct region_table {
	struct region *branches;
	struct region *entries;
	struct region *blocks;
};

/**
 * region_find - a region for each conditional jump, entry and block, disjoint
 * @marks: from region_marks_read(), for this call alone: it writes to them
 * @flow: flow_build()'s answer for the same input
 * @regions: in: arrays, the caller's; out: their elements
 *
 * A region takes the jump alone where that is long enough; else the instructions before it in the
 * same block, as few as will do; else those after it, if its fall-through block has no other way
 * in, or some of both; else the jump alone with an island in the same function. A call, a jump or
 * a return may be its last instruction, with int3s after a jump or a return. It never contains an
 * instruction that the exception table names, one that cannot be carried out elsewhere (stub.h),
 * bytes of fentry sites, static branches, static calls or the bug table, nor, except as its first
 * byte, an address that anything goes to, returns to, or that data or an operand in the texts
 * names. An entry's begins after the fentry site, through which alone its first byte is reached.
 * Sleeps.
 */
void region_find(struct region_marks *marks, const struct flow *flow,
		 struct region_table *regions);

#endif /* LIVECOV_REGION_H */
