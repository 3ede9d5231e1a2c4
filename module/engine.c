// SPDX-License-Identifier: GPL-2.0-only
/*
 * engine.c - chooses an engine for each site. Owns the order in which they are tried.
 */
#include <linux/kernel.h>

#include "breakpoint.h"
#include "engine.h"
#include "entry.h"
#include "foreign.h"
#include "held.h"
#include "stepping.h"
#include "target_list.h"
#include "text_patch.h"
#include "text_selftest.h"

#define CHAIN_MAX	3

/*
 * Two more choices, for manual checkpoints: with breakpoints, and without, because a kprobe may
 * leave a CPU stepping (target_yield.c).
 */
#define MANUAL		COV_ENGINES
#define MANUAL_STEPS	(COV_ENGINES + 1)

/* Each takes what those before it have left. kprobes comes after all of them, and is slow. */
static const struct chain {
	const struct cov_engine *fast[CHAIN_MAX];
	bool slow;
} chains[] = {
	[COV_ENGINE_AUTO] = {
		{ &cov_engine_detour, &cov_engine_breakpoint, &cov_engine_entry }, true,
	},
	[COV_ENGINE_KPROBE] = { { }, true },
	[COV_ENGINE_BREAKPOINT] = { { &cov_engine_breakpoint, &cov_engine_entry }, true },
	[COV_ENGINE_DETOUR] = { { &cov_engine_detour, &cov_engine_entry }, false },
	[COV_ENGINE_ENTRY] = { { &cov_engine_entry }, false },
	[MANUAL] = { { &cov_engine_breakpoint, &cov_engine_entry }, true },
	[MANUAL_STEPS] = { { &cov_engine_entry }, true },
};

const struct cov_engine *const cov_engines[COV_ENGINES] = {
	[COV_ENGINE_KPROBE] = &cov_engine_kprobe,
	[COV_ENGINE_BREAKPOINT] = &cov_engine_breakpoint,
	[COV_ENGINE_DETOUR] = &cov_engine_detour,
	[COV_ENGINE_ENTRY] = &cov_engine_entry,
};

/* All engines, in the order in which they release their sites. */
static const struct cov_engine *const release_order[] = {
	&cov_engine_kprobe, &cov_engine_entry, &cov_engine_breakpoint, &cov_engine_detour,
};

bool engine_known(u32 choice)
{
	return choice < COV_ENGINES;
}

/* May there be a kprobe of livecov's that does not go with breakpoints (target_yield.c)? */
static bool any_steps(void)
{
	const struct cov_target *target;

	list_for_each_entry(target, &cov_targets, link)
		if (target->steps)
			return true;
	return false;
}

u32 engine_choice(const struct cov_target *target)
{
	lockdep_assert_held(&cov_targets_lock);
	if (target_is_manual(target))
		return any_steps() ? MANUAL_STEPS : MANUAL;
	/* A stub writes cells: it knows neither an order nor what was passed before. */
	if (target->engine == COV_ENGINE_AUTO &&
	    (target->cps.mode == COV_MODE_TRACE || target->flags & COV_ATTACH_PATHS))
		return COV_ENGINE_BREAKPOINT;
	return target->engine;
}

static bool usable(const struct cov_engine *engine)
{
	return !engine->why_unusable || !engine->why_unusable();
}

u32 engines_usable(void)
{
	u32 i, mask = 1U << COV_ENGINE_AUTO;

	for (i = 0; i < ARRAY_SIZE(release_order); i++)
		if (usable(release_order[i]))
			mask |= 1U << release_order[i]->id;
	return mask;
}

static bool is_pending(const struct cov_site *site)
{
	return READ_ONCE(site->state) == COV_SITE_PENDING;
}

static bool patches_text(const struct chain *chain)
{
	return chain->fast[0] && engine_patches(chain->fast[0]) && usable(chain->fast[0]);
}

/* Return: how many are left; they are at the front. */
static u32 arm_in_turn(const struct chain *chain, struct cov_site **sites, u32 n)
{
	bool may_patch = patches_text(chain) && stepping_end();
	u32 i;

	for (i = 0; n && i < CHAIN_MAX && chain->fast[i]; i++)
		if (usable(chain->fast[i]) && (may_patch || !engine_patches(chain->fast[i]))) {
			chain->fast[i]->arm(sites, n);
			n = sites_to_front(sites, n, is_pending);
		}
	return n;
}

static bool is_no_branch(const struct cov_site *site)
{
	return site->kind != SITE_BRANCH;
}

static void refuse_all(struct cov_site **sites, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		checkpoints_refuse(sites[i], -(int)(sites[i]->error ?: EOPNOTSUPP));
}

/*
 * Not if ftrace had no memory for the site's function. Then it may have none to take back a kprobe
 * from there either, which would keep livecov loaded (probe_abandon()).
 */
static bool is_for_kprobes(const struct cov_site *site)
{
	return site->kind != SITE_ENTRY || !site->at_fentry || site->error != ENOMEM ||
	       !usable(&cov_engine_entry);
}

bool engine_breaks(const struct cov_target *target)
{
	lockdep_assert_held(&cov_targets_lock);
	return patches_text(&chains[engine_choice(target)]);
}

bool engine_breaks_anywhere(void)
{
	const struct cov_target *target;

	lockdep_assert_held(&cov_targets_lock);
	list_for_each_entry(target, &cov_targets, link)
		if (engine_breaks(target))
			return true;
	return false;
}

bool engine_attached_breaks(void)
{
	const struct cov_target *target;

	lockdep_assert_held(&cov_targets_lock);
	list_for_each_entry(target, &cov_targets, link)
		if (!target_is_manual(target) && engine_breaks(target))
			return true;
	return false;
}

/*
 * Branches last: a detour that finds a breakpoint in its region gives way; in the other order a
 * block's site would find no instruction.
 */
int engine_arm_fast(u32 choice, struct cov_site **sites, u32 n)
{
	const struct chain *chain = &chains[choice];
	u32 others, left, slow, i;
	int err;

	lockdep_assert_held(&cov_targets_lock);
	err = patches_text(chain) ? foreign_refresh() : 0;
	if (err)
		return err;
	others = sites_to_front(sites, n, is_no_branch);
	left = arm_in_turn(chain, sites, others);
	n = arm_in_turn(chain, sites + others, n - others);
	for (i = 0; i < n; i++)
		sites[left + i] = sites[others + i];
	left += n;
	slow = chain->slow ? sites_to_front(sites, left, is_for_kprobes) : 0;
	refuse_all(sites + slow, left - slow);
	return slow;
}

void engine_arm_slow(struct cov_site **sites, u32 n)
{
	lockdep_assert_held(&cov_targets_lock);
	cov_engine_kprobe.arm(sites, n);
	refuse_all(sites, sites_to_front(sites, n, is_pending));
}

void engine_release(struct cov_target *target, site_filter filter)
{
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	for (i = 0; i < ARRAY_SIZE(release_order); i++)
		release_order[i]->release(target, filter);
}

void engines_init(void)
{
	/* Whatever else works: kprobes' optimiser gets in the way of engine kprobe as well. */
	int err = foreign_init();
	const char *failure;

	if (!text_patch_init()) {
		failure = text_selftest();
		if (failure)
			text_patch_forbid(failure);
		if (breakpoint_init())
			text_patch_forbid("its handler of breakpoints could not be registered");
		if (err)
			text_patch_forbid("this kernel does not tell where kprobes are (CONFIG_KALLSYMS_ALL)");
	}
	if (text_patch_unusable())
		pr_notice("engines detour and breakpoint are not available: %s\n",
			  text_patch_unusable());
}

void engines_exit(void)
{
	held_exit();
	entry_exit();
	foreign_exit();
	breakpoint_exit();
	text_patch_exit();
}
