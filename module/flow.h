/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flow.h - control flow in a target's text: basic blocks, the edges between them, which
 * sites are needed so that every block and outcome is known exactly, and what follows from the
 * sites that were hit. Pure. flow.c builds the blocks; flow_plan.c chooses sites and draws
 * conclusions.
 */
#ifndef LIVECOV_FLOW_H
#define LIVECOV_FLOW_H

#include "portable.h"

#define FLOW_NONE	0xffffffffU	/* no such block, function or offset */
#define FLOW_ENTRY_UNKNOWN	0xff

/**
 * struct flow_text - a contiguous range of text
 * @base: address of bytes[0]
 * @bytes: a copy of it
 * @size: of it, bytes
 */
struct flow_text {
	u64 base;
	const u8 *bytes;
	u32 size;
};

/**
 * struct flow_function - a function, or a cold part of one
 * @address: of its first byte
 * @size: bytes
 * @selected: in: blocks and sites are wanted for it; others are only searched
 *	      for jumps into selected ones
 * @cold: in: a part that is entered by jumps alone and has no entry site
 * @error: out: 0, or errno (positive) why it could not be decoded; it then has
 *	   no blocks. EILSEQ: its bytes are not valid instructions, or a jump or a table entry
 *	   leads into the middle of one. EBUSY: another user's breakpoint or jump hides an
 *	   instruction. EFAULT: it lies outside the texts.
 * @entry: out: offset of the entry site's instruction: the fentry site or, where there is none,
 *	   the first instruction, but after an endbr64. FLOW_ENTRY_UNKNOWN before flow_build(),
 *	   and afterwards for cold parts
 * @unsure: out: not every way into its code is known; read by region_find() alone
 * @reserved: out: that instruction or, if that is the fentry site, the one after it is a
 *	   static branch, a static call or in the bug table
 * @first_block: out: index of its first block; its blocks are contiguous, ordered by address
 * @blocks: out: how many blocks
 * @first_branch: out: index of its first branch; likewise
 * @branches: out: how many branches
 */
struct flow_function {
	u64 address;
	u32 size;
	bool selected;
	bool cold;
	bool unsure;
	bool reserved;
	u8 entry;
	u32 error;
	u32 first_block;
	u32 blocks;
	u32 first_branch;
	u32 branches;
};

/**
 * struct flow_pair - an entry of the exception table, or a static branch
 * @from: instruction that may fault; nop or jump of a static branch
 * @to: its fixup; the static branch's target while it is a jump
 */
struct flow_pair {
	u64 from;
	u64 to;
};

/**
 * struct flow_bug - a ud2 of the bug table
 * @address: of it
 * @warn: it is a WARN: execution continues after it
 */
struct flow_bug {
	u64 address;
	bool warn;
};

#define FLOW_PATCHED_LEN	5U	/* of an fentry site or a static call */

/**
 * struct flow_input - what is known of a target
 * @texts: ranges of text, disjoint, any order
 * @nr_texts: how many
 * @functions: sorted by address, disjoint; filled in by flow_build()
 * @nr_functions: how many
 * @fixups: exception table, any order
 * @nr_fixups: how many
 * @jump_labels: static branches, any order
 * @nr_jump_labels: how many
 * @bugs: bug table, any order
 * @nr_bugs: how many
 * @fentries: addresses of the fentry sites, 5 bytes that ftrace owns, any order
 * @nr_fentries: how many
 * @static_calls: addresses of static calls, 5 bytes each, any order
 * @nr_static_calls: how many
 * @pointers: addresses in the texts that read-only data names, any order: tables of
 *	      computed jumps, but much else as well
 * @nr_pointers: how many
 * @is_code: does a jump out of the texts to this address lead to kernel or module code? If
 *	     not, another user has placed the jump (kprobes does, when it optimises a probe),
 *	     and its function gets EBUSY. NULL: all do
 * @incomplete: the tables above are not known (core kernel): blocks may be entered from
 *		anywhere, so nothing may be inferred from their edges in
 *
 * flow_plan() and flow_propagate() read only @functions and @nr_functions; unselected functions
 * may have been removed from them by then, if struct flow_block.function was changed
 * accordingly.
 */
struct flow_input {
	const struct flow_text *texts;
	u32 nr_texts;
	struct flow_function *functions;
	u32 nr_functions;
	const struct flow_pair *fixups;
	u32 nr_fixups;
	const struct flow_pair *jump_labels;
	u32 nr_jump_labels;
	const struct flow_bug *bugs;
	u32 nr_bugs;
	const u64 *fentries;
	u32 nr_fentries;
	const u64 *static_calls;
	u32 nr_static_calls;
	const u64 *pointers;
	u32 nr_pointers;
	bool (*is_code)(u64 address);
	bool incomplete;
};

/* How a block ends. */
#define FLOW_END_FALL	0	/* next[0]: into the block after it */
#define FLOW_END_JCC	1	/* next[0] fall-through, next[1] taken */
#define FLOW_END_JMP	2	/* next[1] */
#define FLOW_END_STATIC	3	/* a static branch: next[0] or next[1], no site can tell which */
#define FLOW_END_AWAY	4	/* return, indirect or outside jump, BUG, end of function */

/*
 * A block's flags.
 *
 * ENTRY: it begins its function: execution that enters it passes the entry site.
 * STOPS: control may enter it and not reach its end: it has a call, or an
 *	instruction that may fault and has a fixup.
 * HIDDEN: it has entries that are not the end of a block: a fixup, a call, a jump
 *	from code without blocks; or it is not reachable from any entry by known edges.
 * UNSURE: it may be entered after its first instruction, because a table, or the
 *	code related to it, is not known. What is known of its first instruction says
 *	nothing about its end, nor vice versa. It is STOPS, and ENTRY or HIDDEN.
 */
#define FLOW_BLOCK_ENTRY  (1U << 0)
#define FLOW_BLOCK_STOPS  (1U << 1)
#define FLOW_BLOCK_HIDDEN (1U << 2)
#define FLOW_BLOCK_UNSURE (1U << 3)

/**
 * struct flow_block - straight-line code from a leader to its terminator
 * @function: index of its function
 * @offset: from its function's first byte
 * @size: bytes, terminator included
 * @site: offset from its function's first byte of the instruction at which a site sees every
 *	  passage through the block: the first one that the kernel does not reserve and that
 *	  always runs if the block does; FLOW_NONE if there is none. In an ENTRY block it lies
 *	  after the entry site's instruction. It may be the block's own branch.
 * @next: successors; FLOW_NONE where there is none, or none that is known
 * @branch: index of its conditional jump, or FLOW_NONE
 * @end: FLOW_END_*
 * @flags: FLOW_BLOCK_*
 *
 * What follows a call belongs to the call's block, except where a separate block is the only
 * means to learn that the call returned.
 */
struct flow_block {
	u32 function;
	u32 offset;
	u32 size;
	u32 site;
	u32 next[2];
	u32 branch;
	u8 end;
	u8 flags;
};

/* Mask of the next[] that the end of a block may take, including those that are FLOW_NONE. */
static inline u32 flow_slots_out(const struct flow_block *block)
{
	switch (block->end) {
	case FLOW_END_FALL:
		return 1U << 0;
	case FLOW_END_JMP:
		return 1U << 1;
	case FLOW_END_AWAY:
		return 0;
	default:
		return 1U << 0 | 1U << 1;
	}
}

/**
 * struct flow_branch - a conditional jump
 * @target: address
 * @block: index of the block that it ends
 * @offset: of the jump from its function's first byte
 * @length: bytes
 * @condition: struct insn_branch's
 * @narrow: struct insn_branch's
 * @reserved: a static call: the kernel may change its bytes at any time
 * @canary: it is taken if the stack protector's canary is damaged: to a call that never returns
 */
struct flow_branch {
	u64 target;
	u32 block;
	u32 offset;
	u8 length;
	u8 condition;
	bool narrow;
	bool reserved;
	bool canary;
};

/**
 * struct flow_edge - an edge into a block: @block's next[@slot]
 * @block: index of the block that it comes from
 * @slot: 0 or 1
 */
struct flow_edge {
	u32 block;
	u32 slot;
};

/**
 * struct flow - blocks, branches, and the edges between blocks
 * @blocks: ordered by function, and by address in it
 * @nr_blocks: how many
 * @branches: ordered likewise
 * @nr_branches: how many
 * @first_edge: one for each block and one more: block i's edges in are @edges from
 *	       first_edge[i] to before first_edge[i + 1]
 * @edges: every next[] of every block that is not FLOW_NONE, sorted by the block it leads to
 */
struct flow {
	struct flow_block *blocks;
	u32 nr_blocks;
	struct flow_branch *branches;
	u32 nr_branches;
	u32 *first_edge;
	struct flow_edge *edges;
};

/**
 * flow_only_edge - the edge into a block that has no other
 * @flow: with @first_edge and @edges
 * @block: index of the block
 *
 * What FLOW_BLOCK_ENTRY and FLOW_BLOCK_HIDDEN stand for is not among @edges. Return: the edge; NULL
 * if there is none, or more than one.
 */
static inline const struct flow_edge *flow_only_edge(const struct flow *flow, u32 block)
{
	u32 first = flow->first_edge[block];

	return flow->first_edge[block + 1] - first == 1 ? &flow->edges[first] : NULL;
}

/**
 * flow_enters_unseen - may a block be entered otherwise than by struct flow.edges?
 * @block: the block
 *
 * True for all that are FLOW_BLOCK_UNSURE: those are entries or hidden.
 */
static inline bool flow_enters_unseen(const struct flow_block *block)
{
	return block->flags & (FLOW_BLOCK_ENTRY | FLOW_BLOCK_HIDDEN);
}

/**
 * flow_build - find the blocks and branches of the selected functions
 * @in: the target; in->functions is filled in
 * @flow: the answer; free it with flow_free()
 *
 * A function that cannot be decoded, or in which something jumps into the middle of an
 * instruction, gets an @error and no blocks. Functions that jump into it past its entry, or that
 * it is seen to jump into, are @unsure, as is a cold part into which no jump is seen; the others
 * are not affected. Sleeps. Return: 0, -ENOMEM, -E2BIG for more than 256 MiB of text.
 */
int flow_build(struct flow_input *in, struct flow *flow);

/**
 * flow_collect_edges - make @first_edge and @edges from the blocks
 * @flow: in: its blocks; out: @first_edge and @edges, which flow_free() frees
 *
 * Sleeps. Return: 0 or -ENOMEM.
 */
int flow_collect_edges(struct flow *flow);

/* flow_free - free what flow_build() or flow_unpack() allocated; a zeroed struct is fine */
void flow_free(struct flow *flow);

/* The state of a possible site in a plan. */
#define FLOW_SITE_UNUSED  0
#define FLOW_SITE_WANTED  1
#define FLOW_SITE_REFUSED 2	/* not possible: the plan does without it */

/**
 * struct flow_plan - which sites are used; FLOW_SITE_* each
 * @entry: one for each function
 * @leader: one for each block, at struct flow_block.site
 * @branch: one for each branch
 */
struct flow_plan {
	u8 *entry;
	u8 *leader;
	u8 *branch;
};

/**
 * flow_plan - choose the sites that make every block and outcome known
 * @in: as given to flow_build()
 * @flow: its answer
 * @edges: true for mode edges: every outcome; false for mode blocks
 * @plan: in: all zero, or an earlier plan in which sites were turned to
 *	  FLOW_SITE_REFUSED; out: UNUSED turns to WANTED where needed. A leader
 *	  turns from UNUSED to REFUSED if its block may stay unknown (that depends on
 *	  the hits) and no site of its own is possible: struct flow_block.site is FLOW_NONE,
 *	  or is a branch that was refused. WANTED and REFUSED are never changed.
 *
 * Every selected function that is not cold gets its entry site, even one with an @error. Call it
 * again after refusals: other sites may give the same answer. Sleeps. Return: how many sites
 * have become WANTED, or -ENOMEM.
 */
int flow_plan(const struct flow_input *in, const struct flow *flow, bool edges,
	      struct flow_plan *plan);

/* What can be known; the values of COV_NO, COV_YES, COV_UNKNOWN. */
#define FLOW_NO		0
#define FLOW_YES	1
#define FLOW_UNKNOWN	2

/**
 * struct flow_hits - which sites were hit (0 or 1)
 * @entry: one for each function
 * @leader: one for each block
 * @taken: one for each branch
 * @not_taken: one for each branch (the kernel has a macro "fallthrough")
 *
 * Any may be NULL: none of that kind was hit.
 */
struct flow_hits {
	const u8 *entry;
	const u8 *leader;
	const u8 *taken;
	const u8 *not_taken;
};

/**
 * struct flow_coverage - what follows from the hits; FLOW_NO, _YES, _UNKNOWN each
 * @block: one for each block
 * @taken: one for each branch
 * @not_taken: one for each branch (the kernel has a macro "fallthrough")
 */
struct flow_coverage {
	u8 *block;
	u8 *taken;
	u8 *not_taken;
};

/**
 * flow_propagate - from hits to blocks and outcomes
 * @in: as given to flow_build()
 * @flow: its answer
 * @plan: which sites were armed (WANTED)
 * @hits: which of them were hit
 * @coverage: in: the caller's arrays for all blocks and branches; out: YES if it ran, NO if it
 *	      certainly did not, else UNKNOWN
 *
 * If flow_plan() left no leader REFUSED, no block is UNKNOWN. The answer is exact for complete
 * passages: a task that was inside a block when the sites were armed, or is inside one now, has
 * passed only some of its sites. Sleeps. Return: 0 or -ENOMEM.
 */
int flow_propagate(const struct flow_input *in, const struct flow *flow,
		   const struct flow_plan *plan, const struct flow_hits *hits,
		   struct flow_coverage *coverage);

#endif /* LIVECOV_FLOW_H */
