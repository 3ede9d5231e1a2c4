/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * checkpoint.h - which sites a target has, and what follows from their hits. May call
 * flow.c; is called by targets, engines and queries. Arming is an engine's work.
 */
#ifndef LIVECOV_CHECKPOINT_H
#define LIVECOV_CHECKPOINT_H

#include "cells.h"
#include "image.h"
#include "site.h"

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
 * @idle_since: jiffies when the last one was
 * @plan: while the target is open, and until target_shut(): which of the possible sites are used
 * @entry: as long: site of each function, NULL if it has none
 * @leader: as long: site of each block
 * @branch: as long: site of each branch
 * @impossible: blocks that want a site, and have no instruction that takes one
 * @nr_impossible: how many
 * @manual: the site of a checkpoint that was added by hand and is not a
 *	    function's entry
 * @sites: their memory
 * @first_id: of the range of ids that is set aside for the cells: first_id + cell names
 *	      what was seen in caller records
 * @cells: where hits are written down
 * @first_samples: where hits are counted: for each site, by its cell, the sample that hit it
 *		   first, 0 if none; else NULL
 * @passed: where hits are counted, in scope tracked: for each cell, has any sample hit it?
 *	    Else NULL
 * @mode: COV_MODE_*
 * @edges: it is not blocks: outcomes are wanted
 * @refusals: a site was refused since the plan was made
 * @abandoned: a stub that writes to @cells could not be taken out: they stay for good
 * @held_cells: such stubs can be taken out later (held.c), which then frees @cells; or NULL
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
int checkpoints_init(struct cov_target *target, u32 mode);
void checkpoints_free(struct checkpoints *cps);

/**
 * checkpoints_plan - choose sites, at first or anew after refusals
 * @target: its image and checkpoints; open
 * @room: how many more sites the table takes
 *
 * New sites are PENDING. Return: 0, -ENOMEM, -ENOSPC.
 */
int checkpoints_plan(struct cov_target *target, u32 room);

/**
 * checkpoints_add_witnesses - a one-shot site for each of some blocks that have none
 * @target: its image and checkpoints; open
 * @blocks: indices; each has a struct flow_block.site
 * @n: how many
 * @sites: out: the sites; they are PENDING
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

/* cell_is_branch - is it one of a branch's two? */
bool cell_is_branch(const struct cov_image *image, u32 cell);

/* checkpoints_slot - where an open target has the site, by what it stands for; NULL by hand */
struct cov_site **checkpoints_slot(const struct cov_site *site);

/* checkpoints_plan_of - its place in an open target's plan; NULL if it is none of the plan's */
u8 *checkpoints_plan_of(const struct cov_site *site);

/* checkpoints_refuse - note that an engine could not arm @site */
void checkpoints_refuse(struct cov_site *site, int err);

/* site_saw - was the outcome passed? Not what samples' own cells say: false in scope tracked. */
bool site_saw(const struct cov_site *site, u32 outcome);

/**
 * checkpoints_hits - how often everything was hit
 * @target: its image and checkpoints
 * @sample: by this sample alone, or 0 for all
 * @hits: out: one for each cell (cells.h); kvfree() it
 *
 * Where nothing is counted (struct cells.wide) it is the number of samples that did, in
 * scope all 1. Return: 0, -ENOMEM, errors of cells_read().
 */
int checkpoints_hits(const struct cov_target *target, u64 sample, u64 **hits);

/* The sample that hit it first, where that is noted; 0 if none. */
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
 * Return: 0 or -ENOMEM.
 */
int checkpoints_coverage(const struct cov_target *target, const u64 *hits,
			 struct flow_coverage *coverage);
void checkpoints_coverage_free(struct flow_coverage *coverage);

#endif /* LIVECOV_CHECKPOINT_H */
