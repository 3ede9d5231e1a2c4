// SPDX-License-Identifier: GPL-2.0-only
/*
 * target_open.c - a target is open while an operation needs its control flow, or which
 * site stands for what of it. Between two operations neither is kept: the flow is packed
 * (flow_pack.c), and the rest follows from the sites. Owns the open form's arrays. May
 * call image.c.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "target.h"

/* An array may be empty, but a NULL is an error. */
static void *alloc_array(u32 n, size_t size)
{
	return kvcalloc(n ?: 1, size, GFP_KERNEL);
}

static int alloc_maps(struct checkpoints *cps, const struct cov_image *image)
{
	u32 functions = image->in.nr_functions;
	u32 blocks = image->flow.nr_blocks;
	u32 branches = image->flow.nr_branches;

	cps->plan.entry = alloc_array(functions, sizeof(u8));
	cps->plan.leader = alloc_array(blocks, sizeof(u8));
	cps->plan.branch = alloc_array(branches, sizeof(u8));
	cps->entry = alloc_array(functions, sizeof(*cps->entry));
	cps->leader = alloc_array(blocks, sizeof(*cps->leader));
	cps->branch = alloc_array(branches, sizeof(*cps->branch));
	return cps->plan.entry && cps->plan.leader && cps->plan.branch &&
	       cps->entry && cps->leader && cps->branch ? 0 : -ENOMEM;
}

static void free_maps(struct checkpoints *cps)
{
	kvfree(cps->plan.entry);
	kvfree(cps->plan.leader);
	kvfree(cps->plan.branch);
	kvfree(cps->entry);
	kvfree(cps->leader);
	kvfree(cps->branch);
	cps->plan = (struct flow_plan){ };
	cps->entry = cps->leader = cps->branch = NULL;
}

static void fill_maps(struct checkpoints *cps)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	for_each_site(site, chunk, i, cps) {
		struct cov_site **slot = checkpoints_slot(site);
		u8 *plan = checkpoints_plan_of(site);

		if (slot)
			*slot = site;
		if (plan)
			*plan = site->state == COV_SITE_REFUSED ? FLOW_SITE_REFUSED :
								  FLOW_SITE_WANTED;
		cond_resched();
	}
	for (i = 0; i < cps->nr_impossible; i++)
		cps->plan.leader[cps->impossible[i]] = FLOW_SITE_REFUSED;
}

int target_open(struct cov_target *target)
{
	struct checkpoints *cps = &target->cps;
	int err;

	if (cps->openings++)
		return 0;
	err = cov_image_open(&target->image);
	if (!err) {
		err = alloc_maps(cps, &target->image);
		if (err)
			cov_image_close(&target->image);
	}
	if (err) {
		free_maps(cps);
		cps->openings = 0;
		return err;
	}
	fill_maps(cps);
	return 0;
}

void target_close(struct cov_target *target)
{
	if (--target->cps.openings)
		return;
	free_maps(&target->cps);
	cov_image_close(&target->image);
}
