// SPDX-License-Identifier: GPL-2.0-only
/*
 * target_switch.c - manual checkpoints are switched off and on again. Owns @disabled.
 *
 * No site of such a target is one-shot (COV_ATTACH_PATHS), so no handler changes its
 * state, and the disarm worker never has it:
 *
 *	ARMED --- off: @disabled, engine's disarm() ---> DISARMED
 *	DISARMED --- on: engine's rearm() ---> ARMED; without an engine PENDING, then armed
 *	any other state: @disabled alone, which takes effect when the module is loaded again
 */
#include <linux/glob.h>

#include "engine.h"
#include "target_parts.h"

static void switch_off(struct cov_site *site)
{
	/* Also if the engine cannot disarm it: hit.h checks this. */
	WRITE_ONCE(site->disabled, true);
	site->lapsed = true;
	if (site->state != COV_SITE_ARMED)
		return;
	engine_of(site)->disarm(&site, 1);
	WRITE_ONCE(site->state, COV_SITE_DISARMED);
}

static int switch_on(struct cov_site *site)
{
	WRITE_ONCE(site->disabled, false);
	if (site->state != COV_SITE_DISARMED || !site_renew(site))
		return 0;
	engine_of(site)->rearm(&site, 1);
	if (site->error)
		checkpoints_refuse(site, -(int)site->error);
	return -(int)site->error;
}

static int switch_target(struct cov_target *target, bool on, bool branches,
			 struct cov_error *error)
{
	const struct cov_site *place = target_place(target);
	struct site_chunk *chunk;
	struct cov_site *site;
	int err = 0;
	u32 i;

	for_each_site(site, chunk, i, &target->cps) {
		if (site != place && !branches)
			continue;
		if (on)
			err = switch_on(site) ?: err;
		else
			switch_off(site);
	}
	if (err)
		cov_fail(error, err, "checkpoint %.100s could not be armed again; delete it and add it again",
			 target->checkpoint);
	if (on && target_pending(target) && !target_is_going(target)) {
		/* Others had its bytes, if its module came while it was off. */
		target_make_way(target);
		err = target_arm_some(target, U32_MAX, false, error) ?: err;
	}
	return target_is_going(target) ? 0 : err;
}

int targets_switch(const char *glob, bool on, bool branches, struct cov_error *error)
{
	struct cov_target *target;
	bool any = false;
	int err = 0;

	list_for_each_entry(target, &cov_targets, link)
		if (target->checkpoint[0] && glob_match(glob, target->checkpoint)) {
			err = switch_target(target, on, branches, error) ?: err;
			any = true;
		}
	if (!any)
		return cov_fail(error, -ENOENT, "there is no checkpoint %.100s", glob);
	return err;
}
