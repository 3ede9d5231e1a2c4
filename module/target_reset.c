// SPDX-License-Identifier: GPL-2.0-only
/*
 * target_reset.c - a target starts over: no hits, every site armed, while handlers
 * go on hitting them. Owns nothing. May call checkpoints, engines, disarm.
 */
#include "disarm.h"
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
 */
static int reset_site(struct cov_target *target, struct cov_site *site)
{
	for (;;) {
		u32 state = READ_ONCE(site->state);

		if (state == SITE_DISARMING) {
			cov_disarm_flush();
			cond_resched();
			continue;
		}
		forget_hits(site);
		site->watched = site->engine_data;
		if (state == COV_SITE_DISARMED) {
			WRITE_ONCE(site->state, COV_SITE_ARMED);
			return target->engine->rearm(site);
		}
		smp_mb();	/* the clearing before the look; pairs with hit_claim()'s cmpxchg() */
		if (READ_ONCE(site->state) == state)
			return 0;
	}
}

int target_reset(struct cov_target *target, struct cov_error *error)
{
	struct site_batch *batch;
	struct cov_site *site;
	u32 i, failed = 0;
	int err = 0;

	for_each_site(site, batch, i, &target->cps) {
		int ret = reset_site(target, site);

		if (ret) {
			checkpoints_refuse(site, ret);
			err = ret;
			failed++;
		}
	}
	target_forget_callers(target);
	if (err && !target_is_going(target))
		return cov_fail(error, err, "%u sites of %s could not be armed again", failed,
				target->name);
	return 0;
}
