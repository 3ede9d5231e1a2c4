// SPDX-License-Identifier: GPL-2.0-only
/*
 * target_switch.c - manual checkpoints, and single outcomes of their branches, are switched off and
 * on again. Owns @off.
 *
 * No site of such a target is one-shot (COV_ATTACH_PATHS), so no handler changes its
 * state, and the disarm worker never has it:
 *
 *	ARMED --- all of it off: @off, engine's disarm() ---> DISARMED
 *	DISARMED --- some of it on: engine's rearm() ---> ARMED; without an engine, or if that
 *		fails, PENDING, then armed
 *	REFUSED, for a reason that may be gone --- the same: PENDING, then armed
 *	any other state: @off alone, which takes effect when the module is loaded again
 */
#include <linux/glob.h>

#include "engine.h"
#include "target_parts.h"

/* @outcomes: mask of SITE_OFF() */
static void switch_off(struct cov_site *site, u8 outcomes)
{
	/* Also if the engine cannot disarm it, or other outcomes are on: hit.h checks this. */
	WRITE_ONCE(site->off, site->off | outcomes);
	site->lapsed = true;
	if (site->state != COV_SITE_ARMED || !site_is_off(site))
		return;
	engine_of(site)->disarm(&site, 1);
	WRITE_ONCE(site->state, COV_SITE_DISARMED);
}

static void delete(struct cov_site *site, u8 outcomes)
{
	switch_off(site, outcomes);
	WRITE_ONCE(site->off, site->off | outcomes << SITE_DELETED_SHIFT);
}

/* The last attempt may have been in vain, and nothing else would try again before a reset. */
static bool is_worth_trying(const struct cov_site *site)
{
	return site_was_hindered(site) && !target_is_going(site_target(site));
}

static void switch_on(struct cov_site *site, u8 outcomes, struct renewed *renewed)
{
	u8 deleted = site->off >> SITE_DELETED_SHIFT;

	WRITE_ONCE(site->off, site->off & ~(outcomes & ~deleted));
	if (site_is_off(site) || !(site_wants_rearm(site) || is_worth_trying(site)))
		return;
	/* It may have been REFUSED, and passed, without ever having been off. */
	site->lapsed = true;
	if (site_renew(site)) {
		engine_of(site)->rearm(&site, 1);
		if (!site->error)
			return;
		if (!site->engine)
			WRITE_ONCE(site->state, COV_SITE_PENDING);
		else if (!target_change_engine(site))
			checkpoints_refuse(site, -(int)site->error);
	}
	renewed_add(renewed, site);
}

static void switch_site(struct cov_site *site, u8 outcomes, u32 to, struct renewed *renewed)
{
	switch (to) {
	case COV_OUTCOME_ON:
		switch_on(site, outcomes, renewed);
		break;
	case COV_OUTCOME_OFF:
		switch_off(site, outcomes);
		break;
	default:
		delete(site, outcomes);
	}
}

/* Sites were switched on; @renewed: those of them that are not armed yet. */
static int finish(struct cov_target *target, const struct renewed *renewed,
		  struct cov_error *error)
{
	int err = 0;

	if (target_pending(target) && !target_is_going(target)) {
		/* Discard the plan, in which some are REFUSED; target_open() rebuilds it. */
		target_shut(target);
		err = target_arm_some(target, U32_MAX, false, error);
	}
	return target_is_going(target) ? 0 : err ?: renewed_check(renewed, error);
}

static int switch_target(struct cov_target *target, u32 to, bool branches,
			 struct cov_error *error)
{
	const struct cov_site *place = target_checkpoint_site(target);
	struct renewed renewed = { .n = 0 };
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	for_each_site(site, chunk, i, &target->cps)
		if (site == place || branches)
			switch_site(site, SITE_OFF_ALL, to, &renewed);
	return to == COV_OUTCOME_ON ? finish(target, &renewed, error) : 0;
}

int targets_switch(const char *glob, bool on, bool branches, struct cov_error *error)
{
	u32 to = on ? COV_OUTCOME_ON : COV_OUTCOME_OFF;
	struct cov_target *target;
	bool any = false;
	int err = 0;

	lockdep_assert_held(&cov_targets_lock);
	list_for_each_entry(target, &cov_targets, link)
		if (target_is_manual(target) && glob_match(glob, target->checkpoint)) {
			err = switch_target(target, to, branches, error) ?: err;
			any = true;
		}
	if (!any)
		return cov_fail(error, -ENOENT, "there is no checkpoint %.100s; `covstat checkpoint list` shows which there are",
				glob);
	return err;
}

/* Which outcomes of a site lead to an address: mask of SITE_OFF() */
static u8 outcomes_to(const struct cov_site *site, u64 address)
{
	u64 behind = site_address(site) + site->length;

	if (site->kind != SITE_BRANCH)
		return 0;
	return (behind == address ? SITE_OFF(OUTCOME_NOT_TAKEN) : 0) |
	       (behind + site->displacement == address ? SITE_OFF(OUTCOME_TAKEN) : 0);
}

int target_switch_outcomes(struct cov_target *target, u64 address, u32 to,
			   struct cov_error *error)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	struct renewed renewed = { .n = 0 };
	bool any = false;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	if (!target_is_manual(target))
		return cov_fail(error, -EINVAL, "target %u is no manual checkpoint", target->id);
	for_each_site(site, chunk, i, &target->cps) {
		u8 outcomes = outcomes_to(site, address);

		if (!outcomes)
			continue;
		switch_site(site, outcomes, to, &renewed);
		any = true;
	}
	if (!any)
		return cov_fail(error, -ENOENT, "no branch of checkpoint %.100s leads to %#llx",
				target->checkpoint, address);
	return to == COV_OUTCOME_ON ? finish(target, &renewed, error) : 0;
}
