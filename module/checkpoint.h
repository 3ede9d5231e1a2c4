/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * checkpoint.h - the sites of a target: what each watches, its state, its
 * counts, and what follows from them. May call flow.c; is called by targets,
 * engines and queries. Arming is an engine's work.
 */
#ifndef LIVECOV_CHECKPOINT_H
#define LIVECOV_CHECKPOINT_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/llist.h>

#include "cells.h"
#include "image.h"
#include "region.h"

/* What a site watches. */
enum site_kind {
	SITE_ENTRY,	/* a function's first instruction */
	SITE_LEADER,	/* a block */
	SITE_BRANCH,	/* both outcomes of a conditional jump */
};

/*
 * A site's life. The ABI's COV_SITE_* and one more, in between:
 *
 *	           arm             first hit that counts        worker
 *	PENDING ----------> ARMED -----------------------> DISARMING ------> DISARMED
 *	   |                ^  |      (one-shot only)          |                |
 *	   | refused        |  |                               |                |
 *	   v                |  |        text unloaded          v                |
 *	REFUSED             |  +-----------------------------> GONE <-----------+
 *	                    +-- reset ----------------------------------- from DISARMED
 *
 * Under the targets' lock: every change but ARMED -> DISARMING, which a handler
 * makes with cmpxchg() (so that one hit alone hands the site to the worker), and
 * DISARMING -> DISARMED, which only the worker makes. Whoever needs to know that
 * no site is DISARMING calls cov_disarm_flush() first (disarm.h).
 */
#define SITE_DISARMING	0x80

/*
 * How much of a detour is still needed (settle.c). Back to NOT by reset, or with the
 * engine's release.
 */
enum site_settled {
	SITE_SETTLED_NOT,	/* both outcomes are noted */
	SITE_SETTLED_HALF,	/* falling through is known, and runs free */
	SITE_SETTLED_FREE,	/* the original bytes are back; the site is DISARMED */
};

struct cov_engine;
struct cov_target;

/**
 * struct cov_site - an instruction that is watched
 * @hits: how often it was passed; for SITE_BRANCH [0] fell through, [1] jumped
 * @first_sample: the sample that hit it first, 0 if none
 * @address: of the instruction
 * @target: that it belongs to
 * @engine: what has armed it, or NULL
 * @engine_data: the engine's, from arming to release
 * @node: in the list of sites to arm, later in the list of sites to disarm
 * @id: the target's first id, and which of its functions, branches and blocks it is
 * @state: COV_SITE_* or SITE_DISARMING
 * @error: errno (positive) why it was refused
 * @kind: enum site_kind
 * @one_shot: the first hit that counts says all
 * @condition: SITE_BRANCH: struct insn_branch's
 * @narrow: SITE_BRANCH: struct insn_branch's
 * @at_fentry: ftrace owns the instruction
 * @watched: was armed, at least for a time, since the hits were last forgotten
 * @length: SITE_BRANCH: of the jump, bytes
 * @displacement: SITE_BRANCH: from behind the jump to where it goes
 * @witness: none of the plan's: it is there so that an outcome can be implied (settle.c)
 * @in_init: lies in text that goes when the module's init function has returned
 * @cell: what it sees: the first of its cells (cells.h)
 * @region: what a detour may take
 * @patch_offset: where its patch begins, from @address: a detour's region in front of
 *		  its jump or behind ftrace's place, or that behind an endbr64
 * @patched: how many bytes an engine of ours changes there; 0 if it is ftrace that does
 * @stub_len: bytes of the stub at @engine_data; the original bytes lie in front of it
 * @taken_at: engine detour's: where a jump that is taken goes in its stub (stub_taken())
 * @calls: SITE_LEADER, SITE_ENTRY: the instruction is a call, to @displacement from
 *	    behind it; engine breakpoint's
 * @forbidden: no engine of ours may patch its function
 * @visited: there is a kprobe of somebody else's on its patched bytes: they stay
 * @settled: enum site_settled
 * @implied_by: SITE_SETTLED_FREE: once this one is hit, the outcome that was not known
 *		has been passed; NULL if both are known
 * @indexed: handlers find it by its address (site_index.h)
 * @disabled: switched off by hand (target_switch.c): it is not armed again before it is
 *	      switched on
 * @traced: mode trace: hits are recorded in order as well
 */
struct cov_site {
	atomic_long_t hits[2];
	u64 first_sample;
	unsigned long address;
	struct cov_target *target;
	const struct cov_engine *engine;
	const struct cov_site *implied_by;
	void *engine_data;
	struct llist_node node;
	u32 id;
	u32 state;
	u32 error;
	u8 kind;
	bool one_shot;
	s32 displacement;
	u8 condition;
	bool narrow;
	u8 length;
	bool witness;
	bool in_init;
	bool at_fentry;
	bool watched;
	bool indexed;
	bool disabled;
	bool traced;
	bool calls;
	bool forbidden;
	bool visited;
	u8 settled;
	s8 patch_offset;
	u8 patched;
	u8 taken_at;
	u16 stub_len;
	u32 cell;
	struct region region;
};

/* How many of @hits, and how many cells, it has. */
static inline u32 site_outcomes(const struct cov_site *site)
{
	return site->kind == SITE_BRANCH ? 2 : 1;
}

/**
 * struct held_cells - cells that outlive their target
 * @cells: empty as long as the target has them
 * @users: stubs that write to them
 * @orphaned: the target has gone
 */
struct held_cells {
	struct cells cells;
	u32 users;
	bool orphaned;
};

/**
 * struct checkpoints - all sites of a target
 * @openings: how many target_open() have not been closed
 * @plan: while the target is open: which of the possible sites are used
 * @entry: while it is open: site of each function, NULL if it has none
 * @leader: while it is open: site of each block
 * @branch: while it is open: site of each branch
 * @impossible: blocks that want a site, and have no instruction that takes one
 * @nr_impossible: how many
 * @manual: the site of a checkpoint that was added by hand and is not a
 *	    function's entry
 * @batches: the memory of the sites: it grows, but no site ever moves
 * @pending: sites to arm
 * @slow: sites to arm that only kprobes can
 * @count: sites in all
 * @first_id: of the range of ids that is set aside for the cells: first_id + cell names
 *	      what was seen in caller records
 * @cells: where hits are written down that no engine counts at the site
 * @mode: COV_MODE_*
 * @edges: it is not blocks: outcomes are wanted
 * @refusals: a site was refused since the plan was made
 * @abandoned: a stub that writes to @cells could not be taken out: they stay for good
 * @held_cells: such stubs can be taken out later (held.c), which then frees @cells; or NULL
 */
struct checkpoints {
	u32 openings;
	struct flow_plan plan;
	struct cov_site **entry;
	struct cov_site **leader;
	struct cov_site **branch;
	u32 *impossible;
	u32 nr_impossible;
	struct cov_site *manual;
	struct list_head batches;
	struct llist_head pending;
	struct llist_head slow;
	struct cells cells;
	u32 count;
	u32 first_id;
	u32 mode;
	bool edges;
	bool refusals;
	bool abandoned;
	struct held_cells *held_cells;
};

/* How many ids a target needs: one for each of its cells; a site's own is below them all. */
u32 checkpoints_ids(const struct cov_image *image);

/* checkpoints_init - make the cells; -ENOMEM, -ENOSPC; undone by checkpoints_free() */
int checkpoints_init(struct checkpoints *cps, const struct cov_image *image, u32 mode,
		     u32 scope, u32 first_id);
void checkpoints_free(struct checkpoints *cps);

/**
 * checkpoints_plan - choose sites, at first or anew after refusals
 * @target: its image and checkpoints; open
 * @room: how many more sites the table takes
 *
 * New sites are PENDING and in @pending. Return: 0, -ENOMEM, -ENOSPC.
 */
int checkpoints_plan(struct cov_target *target, u32 room);

/**
 * checkpoints_add_witnesses - a one-shot site for each of some blocks that have none
 * @target: its image and checkpoints; open
 * @blocks: indices; each has a struct flow_block.site
 * @n: how many
 * @sites: out: the sites; they are PENDING, and in no list
 *
 * They belong to no plan: what they have not seen says nothing. Return: 0, -ENOMEM.
 */
int checkpoints_add_witnesses(struct cov_target *target, const u32 *blocks, u32 n,
			      struct cov_site **sites);

/* checkpoints_add_manual - one site more, at any instruction; -ENOSPC if @room is 0, -ENOMEM */
int checkpoints_add_manual(struct cov_target *target, unsigned long address, u32 room);

/*
 * checkpoints_index - of the site's function, branch or block, as its kind says; COV_NONE
 * by hand
 */
u32 checkpoints_index(const struct cov_site *site);

/* checkpoints_slot - where an open target has the site, by what it stands for; NULL by hand */
struct cov_site **checkpoints_slot(const struct cov_site *site);

/* checkpoints_plan_of - its place in an open target's plan; NULL if it is none of the plan's */
u8 *checkpoints_plan_of(const struct cov_site *site);

/* checkpoints_refuse - note that an engine could not arm @site */
void checkpoints_refuse(struct cov_site *site, int err);

/* Walk all sites of a target: for_each_site(site, batch, i, cps). */
struct site_batch {
	struct list_head link;
	u32 count;
	struct cov_site sites[];
};

#define for_each_site(site, batch, i, cps)				\
	list_for_each_entry(batch, &(cps)->batches, link)		\
		for (i = 0; i < (batch)->count && ((site) = &(batch)->sites[i], true); i++)

typedef bool (*site_filter)(const struct cov_site *site);

/**
 * struct site_cursor - a way through those sites of a target that an engine has
 * @target: whose
 * @engine: only its
 * @filter: and of those
 * @batch: where it is, NULL before the first
 * @index: in @batch
 */
struct site_cursor {
	struct cov_target *target;
	const struct cov_engine *engine;
	site_filter filter;
	struct site_batch *batch;
	u32 index;
};

/* site_next - the next one, NULL at the end, after which it starts again */
struct cov_site *site_next(struct site_cursor *cursor);

/* site_saw - was the outcome passed? Not what samples' own cells say. */
bool site_saw(const struct cov_site *site, u32 outcome);

/**
 * checkpoints_hits - how often everything was hit
 * @target: its image and checkpoints
 * @sample: by this sample alone, or 0 for all
 * @hits: out: one for each cell (cells.h); kvfree() it
 *
 * What an engine counts at the site is a count; what it writes to a cell is one only
 * in mode count, and else 1. Return: 0, -ENOMEM, errors of cells_read().
 */
int checkpoints_hits(const struct cov_target *target, u64 sample, u64 **hits);

/* The state that user space sees: the worker will get to it. */
static inline u8 site_state(const struct cov_site *site)
{
	u32 state = site ? READ_ONCE(site->state) : COV_SITE_NONE;

	return state == SITE_DISARMING ? COV_SITE_DISARMED : state;
}

/**
 * checkpoints_coverage - what follows from the hits so far
 * @target: its image and checkpoints; open
 * @hits: checkpoints_hits()
 * @coverage: the answer; free it with checkpoints_coverage_free()
 *
 * Return: 0 or -ENOMEM.
 */
int checkpoints_coverage(const struct cov_target *target, const u64 *hits,
			 struct flow_coverage *coverage);
void checkpoints_coverage_free(struct flow_coverage *coverage);

#endif /* LIVECOV_CHECKPOINT_H */
