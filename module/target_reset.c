// SPDX-License-Identifier: GPL-2.0-only
/*
 * target_reset.c - a target, or each, starts over: no hits, every site armed, while handlers go on
 * hitting them. Owns nothing.
 */
#include <linux/sched/signal.h>

#include "disarm.h"
#include "settle.h"
#include "target_parts.h"
#include "tracking.h"

static void forget_hits(struct checkpoints *cps)
{
	u32 i;

	cells_clear(&cps->cells);
	for (i = 0; cps->first_samples && i < cps->cells.count; i++)
		WRITE_ONCE(cps->first_samples[i], 0);
	for (i = 0; cps->passed && i < cps->cells.count; i++)
		WRITE_ONCE(cps->passed[i], 0);
	smp_mb();	/* clear before looking at states; pairs with hit_claim()'s cmpxchg() */
}

/*
 * A one-shot site must end up either ARMED, or on its way to DISARMED with a hit. A handler
 * makes it DISARMING before it writes the cell, with cmpxchg(), a full barrier: so if the site
 * is still ARMED after the cells were cleared, any hit comes later than the clearing. If it is
 * not, the worker disarms it, and then it is armed again.
 *
 * Return: true if it has to be armed again.
 */
static bool reset_site(struct cov_site *site, void *context)
{
	u32 state;

	while ((state = READ_ONCE(site->state)) == SITE_DISARMING) {
		cov_disarm_flush();
		cond_resched();
	}
	site->watched = site->engine && !site_is_off(site);
	site->lapsed = site->off;
	site->implied_by = 0;
	if (site_is_off(site))
		return false;
	return site_wants_rearm(site) || site->settled || site_was_hindered(site);
}

/* All of target_reset() but the caller records. */
static int start_over(struct cov_target *target, struct cov_error *error)
{
	bool being_armed = target_is_being_armed(target);
	struct rearming rearming = { .wants = reset_site };
	int err = 0;

	forget_hits(&target->cps);
	target->cps.all_tried = false;
	settle_forget(target);
	target_shut(target);
	rearm_sites(target, &rearming);
	if (rearming.failures.n)
		target_change_engines(target);
	settle_start();
	if (target_pending(target) && !being_armed && !target_is_going(target))
		err = target_arm_some(target, U32_MAX, false, error);
	if (target_is_going(target))
		return 0;
	target->settling.unarmed = !being_armed && target_pending(target);
	/* What is left is passed unseen from now on, unless its owner is still arming it. */
	if (being_armed)
		target_note_all_tried(target);
	else
		target_end_arming(target);
	return err ?: renewed_check(&rearming.failures, error);
}

int target_reset(struct cov_target *target, struct cov_error *error)
{
	int err;

	lockdep_assert_held(&cov_targets_lock);
	err = start_over(target, error);
	target_forget_callers(target);
	return err;
}

static int start_all_over(struct cov_error *error)
{
	struct cov_target *target;
	int err = 0;

	list_for_each_entry(target, &cov_targets, link) {
		if (fatal_signal_pending(current))
			return cov_fail(error, -EINTR, "killed before all targets were reset");
		err = start_over(target, error) ?: err;
		cond_resched();
	}
	return err;
}

/* The records at once, whosever they are: a grace period for each target would add up. */
int targets_reset(struct cov_error *error)
{
	int err;

	lockdep_assert_held(&cov_targets_lock);
	err = start_all_over(error);
	tracking_forget_callers(0, CALLER_NONE - 1);
	return err;
}
