// SPDX-License-Identifier: GPL-2.0-only
/*
 * target_open.c - a target is open while an operation needs its control flow, or the site of each
 * function, block and branch. Neither is kept for long: the flow is packed (flow_pack.c), and the
 * arrays of sites can be made again from the list of sites. Owns the open form's arrays, and the
 * worker that frees them.
 *
 *	SHUT ---- target_open() ----> OPEN ---- last target_close() ----> IDLE
 *	  ^                            ^                                   |  |
 *	  |                            +---------- target_open() ----------+  |
 *	  +------- after a while, or what it was made from changes -----------+
 *
 * IDLE saves work, because operations come in series: attach, arm, query; a table read in
 * pieces; the settle worker's passes. Opening a target costs more than most of them.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "alloc_array.h"
#include "target_list.h"
#include "target_parts.h"

#define IDLE	(HZ / 4)

static void shut_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(shut_later, shut_work);

static int alloc_maps(struct checkpoints *cps, const struct cov_image *image)
{
	cps->entry = alloc_array(image->in.nr_functions, sizeof(*cps->entry));
	cps->leader = alloc_array(image->flow.nr_blocks, sizeof(*cps->leader));
	cps->branch = alloc_array(image->flow.nr_branches, sizeof(*cps->branch));
	if (!cps->entry || !cps->leader || !cps->branch)
		return -ENOMEM;
	return checkpoints_plan_alloc(image, &cps->plan);
}

static void free_maps(struct checkpoints *cps)
{
	checkpoints_plan_free(&cps->plan);
	kvfree(cps->entry);
	kvfree(cps->leader);
	kvfree(cps->branch);
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

static bool is_shut(const struct checkpoints *cps)
{
	return !cps->entry;
}

int target_open(struct cov_target *target)
{
	struct checkpoints *cps = &target->cps;
	int err;

	lockdep_assert_held(&cov_targets_lock);
	if (cps->openings++ || !is_shut(cps))
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
	lockdep_assert_held(&cov_targets_lock);
	if (--target->cps.openings)
		return;
	target->cps.idle_since = jiffies;
	queue_delayed_work(system_long_wq, &shut_later, IDLE);
}

void target_shut(struct cov_target *target)
{
	lockdep_assert_held(&cov_targets_lock);
	if (target->cps.openings || is_shut(&target->cps))
		return;
	free_maps(&target->cps);
	cov_image_close(&target->image);
}

static void shut_work(struct work_struct *work)
{
	struct cov_target *target;
	bool again = false;

	mutex_lock(&cov_targets_lock);
	list_for_each_entry(target, &cov_targets, link) {
		if (is_shut(&target->cps))
			continue;
		if (time_before(jiffies, target->cps.idle_since + IDLE))
			again = true;
		else
			target_shut(target);
	}
	mutex_unlock(&cov_targets_lock);
	if (again)
		queue_delayed_work(system_long_wq, &shut_later, IDLE);
}

void target_open_exit(void)
{
	cancel_delayed_work_sync(&shut_later);
}
