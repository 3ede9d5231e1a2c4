// SPDX-License-Identifier: GPL-2.0-only
/*
 * target_yield.c - several targets watch one place: a module's, and manual checkpoints. ftrace and
 * kprobes allow several users at one address, livecov's own patches do not. So a site that has
 * patched the bytes yields to one that needs a kprobe there, and is armed by kprobes as well. Owns
 * the worker that tries again where that failed.
 *
 * Breakpoints cannot coexist with a kprobe on an instruction that may fault. When such an
 * instruction faults and is fixed up, kprobe_fault_handler() (arch/x86/kernel/kprobes/core.c, 6.1)
 * clears the current kprobe, but not the single-stepping state; the next int3 on that CPU that is
 * not a kprobe's then makes kprobe_int3_handler() follow a NULL pointer, even if the kprobe has
 * gone by then (stepping.c). So:
 *
 * - While an attached target may have breakpoints, kprobes are refused there (probe.c). When one is
 *   attached, such kprobes are given up.
 * - While there is no such target, manual checkpoints have breakpoints, until one of these, or a
 *   target of engine kprobe, needs such a kprobe: then all are armed by kprobes (engine_choice()).
 */
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

#include "engine.h"
#include "probe.h"
#include "site_index.h"
#include "target_parts.h"

/* For release_one() alone: a site_filter has no context. Under cov_targets_lock. */
static const struct cov_site *released;

static bool is_released(const struct cov_site *site)
{
	return site == released;
}

static void release_one(struct cov_site *site)
{
	released = site;
	target_release_sites(site_target(site), is_released);
	released = NULL;
}

void site_lapse(struct cov_site *site)
{
	struct site_chunk *chunk;
	struct cov_site *other;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	site->lapsed = true;
	for_each_site(other, chunk, i, &site_target(site)->cps)
		if (other->implied_by && other->implied_by == site->cell)
			other->lapsed = true;
}

static void displaced_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(displaced_later, displaced_work);

/* Is the site left unwatched? If only memory was short, the worker tries again soon. */
static void note_displaced(struct cov_site *site)
{
	site->displaced = !site->engine;
	if (site->displaced && site->error == ENOMEM)
		queue_delayed_work(system_long_wq, &displaced_later, HZ);
}

/* Its engine has released the site: have a kprobe watch it from now on. Its hits stay. */
static void watch_by_kprobe(struct cov_site *site)
{
	if (!target_is_coming(site_target(site)))
		site_lapse(site);
	if (site_is_off(site)) {
		WRITE_ONCE(site->state, COV_SITE_DISARMED);
		return;
	}
	WRITE_ONCE(site->state, COV_SITE_PENDING);
	engine_arm_slow(&site, 1);
	note_displaced(site);
}

/* @site needs a kprobe at @address. The plan's sites of one target never yield to each other. */
static bool make_way_at(const struct cov_site *site, unsigned long address)
{
	struct cov_site *other = site_index_covering(address);
	const struct cov_target *target = site_target(site);

	if (!other || (site_target(other) == target && site != target->cps.manual))
		return false;
	release_one(other);
	watch_by_kprobe(other);
	return true;
}

bool target_make_way(const struct cov_site *site)
{
	bool any;

	lockdep_assert_held(&cov_targets_lock);
	if (site->at_fentry)
		return false;
	any = make_way_at(site, site_address(site));
	return make_way_at(site, probe_place(site)) || any;
}

bool target_change_engine(struct cov_site *site)
{
	lockdep_assert_held(&cov_targets_lock);
	if (site->engine != COV_ENGINE_BREAKPOINT &&
	    (site->engine != COV_ENGINE_DETOUR || site->settled != SITE_SETTLED_FREE))
		return false;
	/* Our patch is not in text: whatever is there is another user's. */
	WRITE_ONCE(site->state, COV_SITE_DISARMED);
	release_one(site);
	site->error = 0;
	site->slow = false;
	WRITE_ONCE(site->state, COV_SITE_PENDING);
	return true;
}

void target_change_engines(struct cov_target *target)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	for_each_site(site, chunk, i, &target->cps)
		if (site_failed_rearm(site))
			target_change_engine(site);
}

/* --- sites that yielded, and were then refused --------------------------------------- */

/*
 * Try every engine, as what the site gave way to may be gone. A kprobe is the last resort, even
 * if the target's engine was chosen so that it leaves nothing to kprobes.
 */
static void arm_again(struct cov_site *site)
{
	struct cov_target *target = site_target(site);

	site_renew(site);
	/* Discard the plan, in which it is REFUSED; it is rebuilt by the next target_open(). */
	target_shut(target);
	if (!target_open(target)) {
		/* Whatever it leaves, the kprobe below is for. */
		engine_arm_fast(engine_choice(target), &site, 1);
		target_close(target);
	}
	if (!site->engine) {
		WRITE_ONCE(site->state, COV_SITE_PENDING);
		engine_arm_slow(&site, 1);
	}
	note_displaced(site);
	/* A reset since it yielded may have cleared @lapsed, yet it has missed hits. */
	site_lapse(site);
}

void targets_arm_displaced(void)
{
	struct cov_target *target;
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	list_for_each_entry(target, &cov_targets, link) {
		if (target_is_going(target))
			continue;
		for_each_site(site, chunk, i, &target->cps) {
			if (!site->displaced || site->state != COV_SITE_REFUSED || site->engine ||
			    site_text_is_gone(site))
				continue;
			arm_again(site);
			/* Probes are switched off as a whole: no other site can be armed either. */
			if (site->error == ESHUTDOWN || fatal_signal_pending(current))
				return;
		}
	}
}

static void displaced_work(struct work_struct *work)
{
	mutex_lock(&cov_targets_lock);
	targets_arm_displaced();
	mutex_unlock(&cov_targets_lock);
}

void target_yield_exit(void)
{
	cancel_delayed_work_sync(&displaced_later);
}

/* --- breakpoints, and kprobes that may stay stepping ---------------------------------- */

static bool is_displaced(const struct cov_site *site)
{
	return site->displaced;
}

/* Mark those of a target's sites that @which takes. Return: is there any? */
static bool displace(struct cov_target *target, site_filter which)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	bool any = false;
	u32 i;

	for_each_site(site, chunk, i, &target->cps) {
		/* A site that was displaced earlier stays marked, unless it was armed since. */
		site->displaced &= !site->engine;
		if (which(site))
			site->displaced = any = true;
	}
	return any;
}

/* Release those sites, and do with each what @then does. */
static void release_displaced(struct cov_target *target, void (*then)(struct cov_site *site))
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	target_release_sites(target, is_displaced);
	for_each_site(site, chunk, i, &target->cps)
		if (site->displaced && site->state == COV_SITE_GONE) {
			site->displaced = false;
			then(site);
		}
}

static bool has_breakpoint(const struct cov_site *site)
{
	return site->engine == COV_ENGINE_BREAKPOINT;
}

void manual_yield_to_kprobes(void)
{
	struct cov_target *target;

	lockdep_assert_held(&cov_targets_lock);
	list_for_each_entry(target, &cov_targets, link)
		if (target_is_manual(target) && displace(target, has_breakpoint))
			release_displaced(target, watch_by_kprobe);
}

void manual_choose_steps(struct cov_target *target)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	if (!target_is_manual(target) || target->steps || engine_attached_breaks())
		return;
	for_each_site(site, chunk, i, &target->cps)
		target->steps |= site->state == COV_SITE_PENDING && probe_may_stay_stepping(site);
	if (target->steps)
		manual_yield_to_kprobes();
}

static bool may_stay_stepping(const struct cov_site *site)
{
	return site->engine == COV_ENGINE_KPROBE && probe_may_stay_stepping(site);
}

static void give_up(struct cov_site *site)
{
	site_lapse(site);
	checkpoints_refuse(site, -EOPNOTSUPP);
}

void targets_yield_to_breakpoints(void)
{
	struct cov_target *target;

	lockdep_assert_held(&cov_targets_lock);
	list_for_each_entry(target, &cov_targets, link) {
		if (target_is_manual(target))
			target->steps = false;
		if (displace(target, may_stay_stepping))
			release_displaced(target, give_up);
	}
}
