// SPDX-License-Identifier: GPL-2.0-only
/*
 * target_reset.c - a target starts over: no hits, every site armed, while handlers
 * go on hitting them. Owns nothing. May call checkpoints, engines, disarm.
 */
#include "disarm.h"
#include "engine.h"
#include "settle.h"
#include "target_parts.h"

static void forget_hits(struct cov_site *site)
{
	atomic_long_set(&site->hits[0], 0);
	atomic_long_set(&site->hits[1], 0);
	WRITE_ONCE(site->first_sample, 0);
}

/*
 * A one-shot site must end up either ARMED with no hits, or on its way to
 * DISARMED with one. A handler makes it DISARMING before it counts, with
 * cmpxchg(), a full barrier: so if the site is still ARMED after the hits were
 * cleared, any count comes later than the clearing. If it is not, the worker
 * will have it, and then it starts again.
 *
 * Return: true if its engine has to arm it again.
 */
static bool reset_site(struct cov_site *site)
{
	for (;;) {
		u32 state = READ_ONCE(site->state);

		if (state == SITE_DISARMING) {
			cov_disarm_flush();
			cond_resched();
			continue;
		}
		forget_hits(site);
		site->watched = site->engine && !site->disabled;
		if (site->disabled)
			return false;
		if (state == COV_SITE_DISARMED || site->settled) {
			site->error = 0;
			/* Disarmed before its module was loaded again: it has no engine since. */
			WRITE_ONCE(site->state, site->engine ? COV_SITE_ARMED : COV_SITE_PENDING);
			return true;
		}
		smp_mb();	/* the clearing before the look; pairs with hit_claim()'s cmpxchg() */
		if (READ_ONCE(site->state) == state)
			return false;
	}
}

/* Sites to arm again, of one engine, until there are enough of them. */
struct rearming {
	struct cov_site *sites[REARM_BATCH];
	u32 n;
	u32 failed;
	int err;
};

static void rearm(struct rearming *some)
{
	u32 i;

	if (!some->n)
		return;
	some->sites[0]->engine->rearm(some->sites, some->n);
	for (i = 0; i < some->n; i++)
		if (some->sites[i]->error) {
			some->err = -(int)some->sites[i]->error;
			some->failed++;
			checkpoints_refuse(some->sites[i], some->err);
		}
	some->n = 0;
}

static void rearm_later(struct rearming *some, struct cov_site *site)
{
	if (some->n == ARRAY_SIZE(some->sites) ||
	    (some->n && some->sites[0]->engine != site->engine))
		rearm(some);
	some->sites[some->n++] = site;
}

int target_reset(struct cov_target *target, struct cov_error *error)
{
	static struct rearming some;	/* under cov_targets_lock */
	struct cov_error ignored;
	struct site_batch *batch;
	struct cov_site *site;
	u32 i;

	some = (struct rearming){ };
	cells_clear(&target->cps.cells);
	settle_forget(target);
	for_each_site(site, batch, i, &target->cps)
		if (reset_site(site)) {
			if (site->engine)
				rearm_later(&some, site);
			else
				llist_add(&site->node, &target->cps.pending);
		}
	rearm(&some);
	settle_start();
	if (target_pending(target) && !target_is_going(target))
		target_arm_some(target, U32_MAX, false, &ignored);
	target_forget_callers(target);
	if (some.err && !target_is_going(target))
		return cov_fail(error, some.err, "%u sites of %s could not be armed again",
				some.failed, target->name);
	return 0;
}
