// SPDX-License-Identifier: GPL-2.0-only
/*
 * settle_undo.c - a task is about to run for a sample: what is settled, in scope tracked, is armed
 * again unless it could tell that sample nothing. Owns nothing; settle.c has the states.
 *
 * A sample that runs once more knows most of what it knew before, so little has to be armed for
 * it. For a new one it is everything that is settled; the next one that is new, if it comes before
 * the worker's next pass, finds nothing left to do.
 */
#include <linux/jiffies.h>

#include "cell_news.h"
#include "rearm.h"
#include "samples.h"
#include "settle.h"
#include "target_parts.h"

static bool is_settled(const struct cov_site *site)
{
	return site->state == COV_SITE_DISARMED || site->settled == SITE_SETTLED_HALF ||
	       site->settled == SITE_SETTLED_SHORTCUT;
}

/* Does the sample know already whatever the site cannot tell in its present state? */
static bool is_served(const struct cov_site *site, const u8 *set)
{
	if (!is_settled(site))
		return true;
	if (site->kind != SITE_BRANCH || site->settled == SITE_SETTLED_HALF)
		return READ_ONCE(set[site->cell]);
	if (site->settled == SITE_SETTLED_SHORTCUT)
		return READ_ONCE(set[site->cell + site->shortcut_knows]);
	if (site->implied_by)
		return READ_ONCE(set[site->cell + !site->implied_outcome]);
	return READ_ONCE(set[site->cell + OUTCOME_NOT_TAKEN]) &&
	       READ_ONCE(set[site->cell + OUTCOME_TAKEN]);
}

/*
 * Would the site tell the sample something new, if it were armed? Its @implied_by stays: a task may
 * just have passed the branch, and be on its way to the site whose hit will imply the outcome.
 */
static bool is_missed(struct cov_site *site, void *set)
{
	if (is_served(site, set))
		return false;
	settle_look_again(site);
	return true;
}

/* Memory may be short, or the caller be killed: then the next sample's turn goes on with it. */
static void arm_rest(struct cov_target *target)
{
	bool left = target_pending(target) && !target_is_being_armed(target);
	struct cov_error error;

	if (left)
		target_arm_some(target, U32_MAX, false, &error);
	target->settling.unarmed = left && target_pending(target);
}

/*
 * Some sites could not be armed; other engines will try. Meanwhile a running sample may pass them
 * unseen, and outcomes that their hit would have implied are lost too. All of that is unknown from
 * now on (site_lapse()).
 */
static void arm_failed(struct cov_target *target)
{
	/* Discard the plan, in which they are REFUSED; it is rebuilt by the next target_open(). */
	target_shut(target);
	target_change_engines(target);
	arm_rest(target);
}

static bool any_settled(const struct cov_target *target)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	for_each_site(site, chunk, i, &target->cps)
		if (is_settled(site))
			return true;
	return false;
}

static bool any_missed(const struct cov_target *target, const u8 *set)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	for_each_site(site, chunk, i, &target->cps)
		if (!is_served(site, set))
			return true;
	return false;
}

/* Return: was any site armed? */
static bool undo_target(struct cov_target *target, u8 *set)
{
	struct rearming rearming = {
		.wants = is_missed, .failed = site_lapse, .context = set,
	};

	if (!any_missed(target, set))
		return false;
	rearm_sites(target, &rearming);
	if (rearming.failures.n)
		arm_failed(target);
	target->settling.any = any_settled(target);
	return true;
}

void settle_undo_for(const struct cov_sample *sample)
{
	unsigned long begun = jiffies;
	struct cov_target *target;
	bool done = false;

	lockdep_assert_held(&cov_targets_lock);
	list_for_each_entry(target, &cov_targets, link) {
		struct cells *cells = &target->cps.cells;
		u8 *set;

		if (target->scope != COV_SCOPE_TRACKED || !target_settles(target))
			continue;
		set = sample_cells(sample, cells);
		if (target->settling.looked)
			cell_news_join(set, cells->count, target->settling.looked);
		if (target->settling.unarmed) {
			arm_rest(target);
			done = true;
		}
		if (target->settling.any)
			done |= undo_target(target, set);
	}
	/* Less than a tick counts as one. */
	if (done)
		settle_rest(begun - 1);
	settle_soon();
}
