// SPDX-License-Identifier: GPL-2.0-only
/*
 * implied.c - see implied.h. Tasks write to the same cells meanwhile: both only ever set them.
 */
#include <linux/sched.h>

#include "cells.h"
#include "checkpoint.h"
#include "implied.h"
#include "samples.h"
#include "target.h"
#include "targets_lock.h"

bool implied_hit(const struct cov_target *target, const u8 *set, u32 cell)
{
	/* Of a branch, either outcome. */
	return READ_ONCE(set[cell]) ||
	       (cell_is_branch(&target->image, cell) && READ_ONCE(set[cell + OUTCOME_TAKEN]));
}

/* Set the cell of a branch's outcome in @set, if that set of cells implies it. */
static void note_implied(const struct cov_site *site, u8 *set)
{
	const struct cov_target *target = site_target(site);

	if (site->implied_by && implied_hit(target, set, site->implied_by))
		cell_hit(&target->cps.cells, set, site->cell + site->implied_outcome);
}

void implied_note_by(const struct cov_site *by, u32 block, const struct cell_sets *sets)
{
	const struct cov_target *target = site_target(by);
	const struct flow *flow = &target->image.flow;
	const struct flow_edge *edge = flow_only_edge(flow, block);
	u32 branch = edge ? flow->blocks[edge->block].branch : FLOW_NONE;
	struct cov_site *site = branch == FLOW_NONE ? NULL : target->cps.branch[branch];
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	for (i = 0; site && site->implied_by == by->cell && i < sets->count; i++)
		note_implied(site, sets->sets[i]);
}

static void note_set(const struct cov_target *target, u8 *set)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	for_each_site(site, chunk, i, &target->cps) {
		if (!i)
			cond_resched();
		note_implied(site, set);
	}
}

static void implied_note_sample(struct cov_sample *sample, void *context)
{
	const struct cov_target *target = context;

	if (sample->ran && sample->map)
		note_set(target, sample_cells(sample, &target->cps.cells));
}

void implied_note_all(const struct cov_target *target, u64 sample)
{
	const struct cells *cells = &target->cps.cells;

	lockdep_assert_held(&cov_targets_lock);
	if (!target->settling.implied)
		return;
	if (cells->base)
		note_set(target, cells->base);
	else
		samples_each(sample, implied_note_sample, (void *)target);
}
