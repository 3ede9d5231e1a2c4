/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * checkpoint.h - which sites a target has, and what follows from their hits. Engines arm the
 * sites.
 */
#ifndef LIVECOV_CHECKPOINT_H
#define LIVECOV_CHECKPOINT_H

#include "cell_ids.h"
#include "cells.h"
#include "image.h"
#include "site.h"

/**
 * struct held_cells - cells that may outlive their target
 * @cells: empty while the target still owns them, and if they are never freed
 * @users: how many held stubs write to them
 * @orphaned: the target is gone
 */
struct held_cells {
	struct cells cells;
	u32 users;
	bool orphaned;
};

/**
 * struct checkpoints - all sites of a target
 * @openings: how many target_open() have not been closed
 * @idle_since: jiffies at the last target_close()
 * @plan: while the target is open, and until target_shut(): which of the possible sites are used
 * @entry: for the same time: site of each function, NULL if it has none
 * @leader: for the same time: site of each block, or NULL
 * @branch: for the same time: site of each branch, or NULL
 * @impossible: indices of the blocks that need a site, but have no instruction that can take one
 * @nr_impossible: how many
 * @manual: the site of a manual checkpoint that is not a function's entry, or NULL
 * @sites: all sites, and their memory
 * @ids: of the cells: in caller records ids.first + cell names what was seen
 * @cells: where hits are recorded
 * @first_samples: with engine kprobe or COV_ATTACH_PATHS: for each site, by its cell, the sample
 *		   that hit it first, 0 if none; else NULL
 * @passed: likewise, but in scope tracked alone: for each cell, has any sample hit it? Else NULL
 * @mode: COV_MODE_*
 * @edges: @mode is not COV_MODE_BLOCKS: outcomes are wanted
 * @refusals: a site was refused since the plan was made
 * @all_tried: all sites were tried since the hits were last forgotten: those that are added later
 *	       have missed something
 * @was_all_tried: that has been so once: its owner is not arming it any more
 * @abandoned: a stub that writes to @cells could not be removed: they are never freed
 * @held_cells: stubs that write to @cells are held, and removed later (held.c); the last one
 *		frees @cells if the target is gone by then; or NULL
 */
struct checkpoints {
	u32 openings;
	unsigned long idle_since;
	struct flow_plan plan;
	struct cov_site **entry;
	struct cov_site **leader;
	struct cov_site **branch;
	u32 *impossible;
	u32 nr_impossible;
	struct cov_site *manual;
	struct site_list sites;
	struct cells cells;
	u64 *first_samples;
	u8 *passed;
	struct cell_ids ids;
	u32 mode;
	bool edges;
	bool refusals;
	bool all_tried;
	bool was_all_tried;
	bool abandoned;
	struct held_cells *held_cells;
};

/* checkpoints_ids - how many ids a target needs: one for each of its cells */
u32 checkpoints_ids(const struct cov_image *image);

/**
 * checkpoints_init - allocate a target's cells, and what else records its hits
 * @target: has its @image, @scope, @engine and @flags; its @cps is empty
 * @mode: COV_MODE_*
 *
 * The targets' lock is held; sleeps. Undone by checkpoints_free(). Return: 0; -ENOMEM;
 * -ENOSPC: no room for the cells. After an error nothing is left allocated.
 */
int checkpoints_init(struct cov_target *target, u32 mode);

/**
 * checkpoints_free - free sites, cells and all else, and leave @cps empty
 * @cps: its target is closed and shut (target_shut()); its engines have released the sites, and
 *	 no handler uses them
 *
 * The targets' lock is held; sleeps. Cells that a held stub still writes to (held.h) are freed
 * with the last such stub. No failure.
 */
void checkpoints_free(struct checkpoints *cps);

/**
 * checkpoints_plan_alloc - memory for a plan
 * @image: what it is for
 * @plan: out: its arrays, all FLOW_SITE_UNUSED; checkpoints_plan_free() it, also after an error
 *
 * Sleeps. Return: 0 or -ENOMEM.
 */
int checkpoints_plan_alloc(const struct cov_image *image, struct flow_plan *plan);

/* checkpoints_plan_free - free the arrays and zero the struct; a zeroed one is fine */
void checkpoints_plan_free(struct flow_plan *plan);

/**
 * checkpoints_plan - choose sites, at first or again after refusals
 * @target: its image and checkpoints; open
 * @room: how many more sites cov_max_checkpoints allows
 *
 * New sites are PENDING. The targets' lock is held; sleeps. Return: 0; -ENOMEM; -ENOSPC: more
 * than @room are needed. After an error no site was added, no witness has become a site of the
 * plan, and @refusals is as it was.
 */
int checkpoints_plan(struct cov_target *target, u32 room);

/**
 * checkpoints_add_witnesses - a site for each of some blocks that have none
 * @target: its image and checkpoints; open
 * @blocks: indices; each has a struct flow_block.site
 * @n: how many
 * @sites: out: the sites, @n of them; they are PENDING
 *
 * They belong to no plan: nothing is concluded from their not being hit. The targets' lock is
 * held; sleeps. Return: 0 or -ENOMEM; then none was added.
 */
int checkpoints_add_witnesses(struct cov_target *target, const u32 *blocks, u32 n,
			      struct cov_site **sites);

/**
 * checkpoints_add_manual - add the site of a manual checkpoint: @cps.manual
 * @target: its image, open, and checkpoints
 * @address: of any instruction of its @function
 * @room: how many more sites cov_max_checkpoints allows
 *
 * The site is PENDING. The targets' lock is held; sleeps. Return: 0; -ENOSPC if @room is 0;
 * -ENOMEM.
 */
int checkpoints_add_manual(struct cov_target *target, unsigned long address, u32 room);

/**
 * checkpoints_index - index of the function, branch or block that a site watches
 * @site: the site
 *
 * The targets' lock is held; the target need not be open. Return: the index, of what the site's
 * kind says; COV_NONE for @cps.manual.
 */
u32 checkpoints_index(const struct cov_site *site);

/* cell_is_branch - is @cell of a target with this @image one of a branch's two cells? */
bool cell_is_branch(const struct cov_image *image, u32 cell);

/**
 * checkpoints_slot - where an open target keeps a site: by checkpoints_index()
 * @site: a site of the target
 *
 * The targets' lock is held. Return: an element of the target's @cps.entry, @leader or @branch,
 * valid until target_close(); NULL for @cps.manual.
 */
struct cov_site **checkpoints_slot(const struct cov_site *site);

/**
 * checkpoints_plan_of - a site's place in an open target's plan
 * @site: a site of the target
 *
 * The targets' lock is held. Return: its FLOW_SITE_*, valid until target_close(); NULL if the
 * plan has no such site: a witness, or @cps.manual.
 */
u8 *checkpoints_plan_of(const struct cov_site *site);

/**
 * checkpoints_refuse - note that no engine could arm a site
 * @site: REFUSED afterwards, with its @error
 * @err: negative errno
 *
 * The targets' lock is held; does not sleep. If the site belongs to the plan, @cps.refusals is
 * set: checkpoints_plan() has to look for others.
 */
void checkpoints_refuse(struct cov_site *site, int err);

/**
 * checkpoints_impossible - does a block need a site, but none of its instructions can take one?
 * @cps: of its target; open
 * @block: index of the block
 */
static inline bool checkpoints_impossible(const struct checkpoints *cps, u32 block)
{
	return cps->plan.leader[block] == FLOW_SITE_REFUSED && !cps->leader[block];
}

/**
 * site_saw - was an outcome of a site passed?
 * @site: the site
 * @outcome: less than site_outcomes()
 *
 * The targets' lock is held. Return: false in scope tracked, where each sample has its own cells.
 */
bool site_saw(const struct cov_site *site, u32 outcome);

/**
 * checkpoints_hits - read how often each cell was hit
 * @target: its image and checkpoints
 * @sample: by this sample alone, or 0 for all
 * @hits: out: one for each cell (cell_layout.h); kvfree() it. NULL after an error
 *
 * If the cells do not count (struct cells.wide is false), a number is that of the samples that
 * hit the cell, and in scope all 0 or 1. The targets' lock is held; sleeps. Return: 0, -ENOMEM,
 * errors of cells_read().
 */
int checkpoints_hits(const struct cov_target *target, u64 sample, u64 **hits);

/**
 * site_first_sample - which sample hit a site first
 * @cps: of its target
 * @site: the site, or NULL
 *
 * Return: the sample's id; 0 if none did, or that is not recorded.
 */
static inline u64 site_first_sample(const struct checkpoints *cps, const struct cov_site *site)
{
	return site && cps->first_samples ? READ_ONCE(cps->first_samples[site->cell]) : 0;
}

/**
 * checkpoints_coverage - what follows from the hits so far
 * @target: its image and checkpoints; open
 * @hits: checkpoints_hits()
 * @coverage: the answer; free it with checkpoints_coverage_free()
 *
 * The targets' lock is held; sleeps. Return: 0 or -ENOMEM; then @coverage is zeroed.
 */
int checkpoints_coverage(const struct cov_target *target, const u64 *hits,
			 struct flow_coverage *coverage);

/* checkpoints_coverage_free - free the arrays and zero the struct; a zeroed one is fine */
void checkpoints_coverage_free(struct flow_coverage *coverage);

#endif /* LIVECOV_CHECKPOINT_H */
