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

#include "image.h"

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

struct cov_target;

/**
 * struct cov_site - an instruction that is watched
 * @hits: how often it was passed; for SITE_BRANCH [0] fell through, [1] jumped
 * @first_sample: the sample that hit it first, 0 if none
 * @address: of the instruction
 * @target: that it belongs to
 * @engine_data: the engine's, from arming to release
 * @node: in the list of sites to arm, later in the list of sites to disarm
 * @id: in caller records, unique among all targets
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
 * @in_init: lies in text that goes when the module's init function has returned
 */
struct cov_site {
	atomic_long_t hits[2];
	u64 first_sample;
	unsigned long address;
	struct cov_target *target;
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
	bool in_init;
	bool at_fentry;
	bool watched;
};

/**
 * struct checkpoints - all sites of a target
 * @plan: which of the possible sites are used
 * @entry: site of each function, NULL if it has none
 * @leader: site of each block
 * @branch: site of each branch
 * @manual: the site of a checkpoint that was added by hand and is not a
 *	    function's entry
 * @batches: the memory of the sites: it grows, but no site ever moves
 * @pending: sites to arm
 * @count: sites in all
 * @first_id: of the range of ids that is set aside for every possible site
 * @edges: mode edges: outcomes and counts; else mode blocks
 * @refusals: a site was refused since the plan was made
 */
struct checkpoints {
	struct flow_plan plan;
	struct cov_site **entry;
	struct cov_site **leader;
	struct cov_site **branch;
	struct cov_site *manual;
	struct list_head batches;
	struct llist_head pending;
	u32 count;
	u32 first_id;
	bool edges;
	bool refusals;
};

/* How many ids a target needs: one for each site that it could have, and one by hand. */
u32 checkpoints_ids(const struct cov_image *image);

/* checkpoints_init - make room for the plan; -ENOMEM; undone by checkpoints_free() */
int checkpoints_init(struct checkpoints *cps, const struct cov_image *image, bool edges,
		     u32 first_id);
void checkpoints_free(struct checkpoints *cps);

/**
 * checkpoints_plan - choose sites, at first or anew after refusals
 * @target: its image and checkpoints
 * @room: how many more sites the table takes
 *
 * New sites are PENDING and in @pending. Return: 0, -ENOMEM, -ENOSPC.
 */
int checkpoints_plan(struct cov_target *target, u32 room);

/* checkpoints_add_manual - one site more, at any instruction; -ENOSPC if @room is 0, -ENOMEM */
int checkpoints_add_manual(struct cov_target *target, unsigned long address, u32 room);

/* checkpoints_refuse - note that an engine could not arm @site */
void checkpoints_refuse(struct cov_site *site, int err);

/* checkpoints_forgive - a refused site may be tried again */
void checkpoints_forgive(struct cov_site *site);

/* Walk all sites of a target: for_each_site(site, batch, i, cps). */
struct site_batch {
	struct list_head link;
	u32 count;
	struct cov_site sites[];
};

#define for_each_site(site, batch, i, cps)				\
	list_for_each_entry(batch, &(cps)->batches, link)		\
		for (i = 0; i < (batch)->count && ((site) = &(batch)->sites[i], true); i++)

static inline bool site_was_hit(const struct cov_site *site)
{
	return site && (atomic_long_read(&site->hits[0]) || atomic_long_read(&site->hits[1]));
}

/* The state that user space sees: the worker will get to it. */
static inline u8 site_state(const struct cov_site *site)
{
	u32 state = site ? READ_ONCE(site->state) : COV_SITE_NONE;

	return state == SITE_DISARMING ? COV_SITE_DISARMED : state;
}

/**
 * checkpoints_coverage - what follows from the hits so far
 * @target: its image and checkpoints
 * @coverage: the answer; free it with checkpoints_coverage_free()
 *
 * Return: 0 or -ENOMEM.
 */
int checkpoints_coverage(const struct cov_target *target, struct flow_coverage *coverage);
void checkpoints_coverage_free(struct flow_coverage *coverage);

#endif /* LIVECOV_CHECKPOINT_H */
