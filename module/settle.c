// SPDX-License-Identifier: GPL-2.0-only
/*
 * settle.c - in modes edges and blocks, a site that has been hit has little left to tell. A worker
 * periodically looks for cells that were hit for the first time (cell_news.h), and removes patches
 * that have become useless (settle_state.c); coverage stays exact. Owns the worker, and struct
 * settling.
 *
 * In scope tracked "seen" means: by every sample for which a task is tracked. The sites are then
 * of no use to anyone, until a task begins to run for another sample:
 *
 *	a pass (worker)				a task registers (settle_undo.c)
 *	under the targets' lock:		under the targets' lock:
 *	  samples that run, from the		  arm all sites again that could tell
 *	  task registry: all there are		  its sample something
 *	  seen by all of them? settle		  track the task
 *
 * So at any time each sample that runs is served: a site that is settled could tell it nothing.
 * Tasks that fork add no sample to those that run. How the registry is read while they do:
 * task_registry.c. What has been seen is never unseen, but by a reset, which arms everything.
 *
 * A branch with another user's kprobe on its patch stays as it is until that has gone.
 *
 * Nothing settles in modes count and trace and with engine kprobe, which count or record every hit,
 * nor where paths are recorded; nor, in scope tracked, while more than CELL_SETS_MAX samples run.
 *
 * The worker runs again soon after a pass that has found something, or when a one-shot site was
 * hit, and ever more rarely while there is nothing; but it never works more than one part in
 * SETTLE_SHARE of the time. What arming again takes when a task registers counts as such work.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "alloc_array.h"
#include "cell_news.h"
#include "detour.h"
#include "engine.h"
#include "entry.h"
#include "foreign.h"
#include "implied.h"
#include "samples.h"
#include "settle.h"
#include "settle_state.h"
#include "target_parts.h"
#include "tracking.h"

/*
 * Most of what a run hits it hits at its beginning, and each change of text interrupts all CPUs.
 * So the pauses between passes grow from SETTLE_SOONEST on: up to SETTLE_BUSY while there is
 * something to do, else up to SETTLE_LATEST. Entries are settled when the pause has grown to
 * SETTLE_CALM, or, where it never does, after SETTLE_ENTRIES_LATEST. All in jiffies.
 */
#define SETTLE_SOONEST		(HZ / 50 ?: 1)
#define SETTLE_BUSY		(HZ / 10)
#define SETTLE_CALM		HZ
#define SETTLE_ENTRIES_LATEST	(10 * HZ)
#define SETTLE_LATEST		(2 * HZ)
/*
 * After a pass the worker rests for so many times as long as the pass took, which may be seconds
 * where the machine is slow, such as an emulated one that logs.
 */
#define SETTLE_SHARE	10

static void settle_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(settle_later, settle_work);
/* Between two passes, in jiffies. No lock: settle_start() and the worker write it. */
static unsigned long settle_pause = SETTLE_SOONEST;
/* In jiffies: the next pass is not to begin earlier. Written under the targets' lock. */
static unsigned long rest_until;

/* How long to wait for the next pass, if the worker need not rest longer than @wanted. */
static unsigned long delay_of(unsigned long wanted)
{
	long rest = READ_ONCE(rest_until) - jiffies;

	return max_t(long, wanted, rest);
}

bool target_settles(const struct cov_target *target)
{
	lockdep_assert_held(&cov_targets_lock);
	/* Cells that are wide count: every hit is news. */
	return target->state == COV_TARGET_LIVE && !target->cps.cells.wide &&
	       !target_is_manual(target) && !(target->flags & COV_ATTACH_PATHS);
}

static bool is_settleable(const struct cov_site *site)
{
	return (site->engine == COV_ENGINE_DETOUR || site->engine == COV_ENGINE_BREAKPOINT) &&
	       !site->one_shot && site->watched && site->state == COV_SITE_ARMED;
}

/* Cells of a target that one pass handles: the worker must not hold the lock for long. */
#define SETTLE_PASS	4096

/**
 * struct pass - what the worker has found, and is going to do
 * @running: scope tracked: the samples for which tasks are tracked
 * @nr_running: how many; or -errno, if that cannot be told
 * @ended: a sample that ran has no tasks any more
 * @sets: the cells in which something has to be seen to be known
 * @cells: seen since the last pass
 * @nr_cells: how many
 * @detours: sites under detours: to settle
 * @to: enum site_settled: the new state of each of @detours
 * @nr_detours: how many
 * @entries: sites of engine entry: to remove from ftrace's filter
 * @ips: as many, for entry_settle() to overwrite
 * @nr_entries: how many
 * @breakpoints: sites under breakpoints: to disarm
 * @nr_breakpoints: how many
 * @blocks: to get a witness
 * @wanting: for each of @blocks the branch whose outcome its witness would imply
 * @witnesses: for each of @blocks room for its witness
 * @nr_witnesses: how many
 *
 * @sets and what follows it are of one target at a time. Some 230 kB: allocated for each pass, and
 * not for good.
 */
struct pass {
	struct cov_sample *running[CELL_SETS_MAX];
	int nr_running;
	bool ended;
	struct cell_sets sets;
	u32 cells[SETTLE_PASS];
	u32 nr_cells;
	struct cov_site *detours[SETTLE_PASS];
	u8 to[SETTLE_PASS];
	u32 nr_detours;
	struct cov_site *entries[SETTLE_PASS];
	unsigned long ips[SETTLE_PASS];
	u32 nr_entries;
	struct cov_site *breakpoints[SETTLE_PASS];
	u32 nr_breakpoints;
	u32 blocks[SETTLE_PASS];
	struct cov_site *wanting[SETTLE_PASS];
	struct cov_site *witnesses[SETTLE_PASS];
	u32 nr_witnesses;
};

static void choose_witness(struct cov_site *site, struct pass *pass)
{
	u32 block = settle_witness(site, &pass->sets);

	if (block == FLOW_NONE)
		return;
	pass->wanting[pass->nr_witnesses] = site;
	pass->blocks[pass->nr_witnesses++] = block;
}

/* Was it chosen for its other outcome, whose cell is the one before? */
static bool is_chosen(const struct cov_site *site, const struct pass *pass)
{
	return (pass->nr_detours && pass->detours[pass->nr_detours - 1] == site) ||
	       (pass->nr_breakpoints && pass->breakpoints[pass->nr_breakpoints - 1] == site);
}

static void look_at_site(struct cov_site *site, struct pass *pass)
{
	u8 to;

	if (!is_settleable(site) || is_chosen(site, pass))
		return;
	if (site->kprobed) {
		site_target(site)->settling.held_off = true;
		return;
	}
	to = settle_state(site, &pass->sets);
	if (to == site->settled) {
		choose_witness(site, pass);
		return;
	}
	if (site->engine == COV_ENGINE_BREAKPOINT) {
		pass->breakpoints[pass->nr_breakpoints++] = site;
		return;
	}
	pass->detours[pass->nr_detours] = site;
	pass->to[pass->nr_detours++] = to;
}

static void note_entry(struct settling *settling)
{
	if (settling->entries)
		return;
	settling->entries = true;
	settling->entries_since = jiffies;
}

/* @cell (cell_layout.h) was hit for the first time. */
static void look_at(struct cov_target *target, u32 cell, struct pass *pass)
{
	const struct checkpoints *cps = &target->cps;
	struct cell_layout layout = cov_image_layout(&target->image);
	struct cell_meaning meaning = cell_decode(&layout, cell);
	u32 i = meaning.index;

	switch (meaning.kind) {
	case SITE_ENTRY:
		if (!cps->entry[i])
			break;
		if (cps->entry[i]->engine == COV_ENGINE_ENTRY)
			note_entry(&target->settling);
		look_at_site(cps->entry[i], pass);
		break;
	case SITE_BRANCH:
		if (!cps->branch[i])
			break;
		implied_note_by(cps->branch[i], target->image.flow.branches[i].block, &pass->sets);
		look_at_site(cps->branch[i], pass);
		break;
	case SITE_LEADER:
		if (i >= layout.blocks || !cps->leader[i])
			break;
		implied_note_by(cps->leader[i], i, &pass->sets);
		look_at_site(cps->leader[i], pass);
		break;
	}
}

static bool is_armed_entry(const struct cov_site *site)
{
	return site->state == COV_SITE_ARMED && site->watched;
}

/*
 * To change its filter ftrace looks at every function that it can trace: 2.5 million
 * instructions (6.1), as much as 18,000 hits. So entries wait for each other, or until little else
 * is hit.
 */
static bool entries_are_due(const struct settling *settling)
{
	return settling->entries &&
	       (READ_ONCE(settle_pause) >= SETTLE_CALM ||
		time_after(jiffies, settling->entries_since + SETTLE_ENTRIES_LATEST));
}

static void choose_entries(struct cov_target *target, struct pass *pass)
{
	struct site_cursor cursor = { target, COV_ENGINE_ENTRY, is_armed_entry };
	struct cov_site *site;

	while (pass->nr_entries < SETTLE_PASS && (site = site_next(&cursor)))
		if (cell_in_all(&pass->sets, site->cell))
			pass->entries[pass->nr_entries++] = site;
	/* Any others in the next pass. */
	target->settling.entries = pass->nr_entries == SETTLE_PASS;
}

static void settle_carry_out(struct cov_target *target, struct pass *pass)
{
	struct detour_settling settling = { pass->detours, pass->to, pass->nr_detours };
	u32 i;

	target->settling.any |= pass->nr_entries || pass->nr_breakpoints || pass->nr_detours;

	if (pass->nr_entries)
		entry_settle(pass->entries, pass->ips, pass->nr_entries);
	if (pass->nr_breakpoints)
		cov_engine_breakpoint.disarm(pass->breakpoints, pass->nr_breakpoints);
	for (i = 0; i < pass->nr_breakpoints; i++)
		WRITE_ONCE(pass->breakpoints[i]->state, COV_SITE_DISARMED);
	if (!pass->nr_detours)
		return;
	detour_settle(&settling);
	for (i = 0; i < settling.count; i++) {
		struct cov_site *site = settling.sites[i];

		if (site->settled == SITE_SETTLED_FREE)
			WRITE_ONCE(site->state, COV_SITE_DISARMED);
		/* A kprobe came after foreign_mark(). */
		if (site->error) {
			site->error = 0;
			site->kprobed = true;
			target->settling.held_off = true;
		}
	}
}

void settle_look_again(const struct cov_site *site)
{
	u8 *looked = site_target(site)->settling.looked;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	for (i = 0; looked && i < site_outcomes(site); i++)
		cell_news_again(looked, site->cell + i);
}

/*
 * Arm witnesses. The next pass looks at the branches that need them once more. Without memory or
 * room there are none.
 */
static void arm_witnesses(struct cov_target *target, struct pass *pass)
{
	u32 i, n = pass->nr_witnesses;

	if (!n || n > targets_room() || target_pending(target) || foreign_refresh() ||
	    checkpoints_add_witnesses(target, pass->blocks, n, pass->witnesses))
		return;
	cov_engine_breakpoint.arm(pass->witnesses, n);
	for (i = 0; i < n; i++) {
		const struct cov_site *site = pass->wanting[i];

		/* Until now the branch alone could have told that its block was passed. */
		pass->witnesses[i]->lapsed = !site_vouches(site);
		if (READ_ONCE(pass->witnesses[i]->state) == COV_SITE_PENDING)
			checkpoints_refuse(pass->witnesses[i], -(int)pass->witnesses[i]->error);
		settle_look_again(site);
	}
}

void settle_forget(struct cov_target *target)
{
	lockdep_assert_held(&cov_targets_lock);
	kvfree(target->settling.looked);
	target->settling = (struct settling){ .any = target->settling.any,
					   .implied = target->settling.implied,
					   .unarmed = target->settling.unarmed };
}

/* Return: false if there are none, or too many. */
static bool find_sets(const struct cov_target *target, struct pass *pass)
{
	const struct cells *cells = &target->cps.cells;
	int i;

	if (cells->base) {
		pass->sets = (struct cell_sets){ { cells->base }, 1 };
		return true;
	}
	for (i = 0; i < pass->nr_running; i++)
		pass->sets.sets[i] = sample_cells(pass->running[i], cells);
	pass->sets.count = max(pass->nr_running, 0);
	return pass->sets.count;
}

static u32 find_news(struct cov_target *target, struct pass *pass)
{
	u32 count = target->cps.cells.count;
	struct settling *settling = &target->settling;

	if (!settling->looked)
		settling->looked = pure_alloc_lasting(cell_news_size(count));
	pass->nr_cells = settling->looked ?
		cell_news_find(&pass->sets, count, settling->looked, pass->cells, SETTLE_PASS) : 0;
	return pass->nr_cells;
}

static void look_at_news(struct cov_target *target, struct pass *pass)
{
	u32 i;

	for (i = 0; i < pass->nr_cells; i++) {
		cond_resched();
		look_at(target, pass->cells[i], pass);
	}
}

/* The target could not be opened for lack of memory: have the next pass find the cells again. */
static void put_back_news(struct cov_target *target, const struct pass *pass)
{
	u32 i;

	for (i = 0; i < pass->nr_cells; i++)
		cell_news_again(target->settling.looked, pass->cells[i]);
}

/* Clear @kprobed of a target's sites. Return: of how many; they are @pass's detours. */
static u32 unmark_kprobed(struct cov_target *target, struct pass *pass)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i, n = 0;

	for_each_site(site, chunk, i, &target->cps)
		if (site->kprobed && !site->one_shot && n < SETTLE_PASS) {
			site->kprobed = false;
			pass->detours[n++] = site;
		}
	return n;
}

/*
 * Have the next pass look at the sites that kprobes have left. While they stay this is a look at
 * the sites and at the kprobes: the target need not be opened. Return: true if some have gone.
 */
static bool look_for_left(struct cov_target *target, struct pass *pass)
{
	u32 i, stay = 0, n = unmark_kprobed(target, pass);

	foreign_mark();
	for (i = 0; i < n; i++) {
		const struct cov_site *site = pass->detours[i];

		stay += site->kprobed;
		if (site->kprobed)
			continue;
		settle_look_again(site);
	}
	target->settling.held_off = stay;
	return stay < n;
}

/* Nothing was hit for the first time: what else there is to do when little happens. */
static bool settle_calmly(struct cov_target *target, struct pass *pass)
{
	bool left = READ_ONCE(settle_pause) >= SETTLE_LATEST && target->settling.held_off &&
		    target->settling.looked && look_for_left(target, pass);

	settle_carry_out(target, pass);
	return left;
}

/* Return: true if there may soon be more to do. */
static bool settle_target(struct cov_target *target, struct pass *pass)
{
	pass->nr_detours = pass->nr_entries = pass->nr_breakpoints = pass->nr_witnesses = 0;
	if (!find_sets(target, pass))
		return false;
	if (entries_are_due(&target->settling))
		choose_entries(target, pass);
	if (!find_news(target, pass))
		return settle_calmly(target, pass);
	if (target_open(target)) {
		put_back_news(target, pass);
		return true;
	}
	foreign_mark();
	look_at_news(target, pass);
	settle_carry_out(target, pass);
	arm_witnesses(target, pass);
	target_close(target);
	return true;
}

void settle_rest(unsigned long begun)
{
	unsigned long until = jiffies + SETTLE_SHARE * (jiffies - begun);

	lockdep_assert_held(&cov_targets_lock);
	if (time_after(until, rest_until))
		WRITE_ONCE(rest_until, until);
}

static bool is_running(const struct cov_sample *sample, const struct pass *pass)
{
	int i;

	for (i = 0; i < pass->nr_running; i++)
		if (pass->running[i] == sample)
			return true;
	return false;
}

static void look_for_ended(struct cov_sample *sample, void *context)
{
	struct pass *pass = context;

	pass->ended |= sample->ran && !is_running(sample, pass);
}

static void note_ended(struct cov_sample *sample, void *context)
{
	sample->ran = is_running(sample, context);
}

/* Samples whose last task has gone: note what it has implied once and for all. */
static void settle_ended(struct pass *pass)
{
	struct cov_target *target;

	pass->ended = false;
	samples_each(0, look_for_ended, pass);
	if (!pass->ended)
		return;
	list_for_each_entry(target, &cov_targets, link)
		implied_note_all(target, 0);
	samples_each(0, note_ended, pass);
}

/* One look at all targets. @busy: out: is there soon more to do? Return: may any site settle? */
static bool settle_pass(struct pass *pass, bool *busy)
{
	struct cov_target *target;
	unsigned long begun;
	bool any = false;

	mutex_lock(&cov_targets_lock);
	begun = jiffies;
	pass->nr_running = tracking_samples(pass->running, CELL_SETS_MAX);
	if (pass->nr_running >= 0)
		settle_ended(pass);
	/* Tasks fork, or samples are left, too fast: soon they may not. */
	*busy = pass->nr_running == -EAGAIN;
	list_for_each_entry(target, &cov_targets, link)
		if (target_settles(target)) {
			any = true;
			*busy |= settle_target(target, pass);
		}
	settle_rest(begun);
	mutex_unlock(&cov_targets_lock);
	return any;
}

static void settle_all(void)
{
	struct pass *pass = kvmalloc(sizeof(*pass), GFP_LARGE);
	bool any, busy = false;

	/* Without memory nothing is done until the next time. */
	any = pass ? settle_pass(pass, &busy) : true;
	kvfree(pass);
	WRITE_ONCE(settle_pause, min_t(unsigned long, 2 * READ_ONCE(settle_pause),
				       busy ? SETTLE_BUSY : SETTLE_LATEST));
	if (any)
		queue_delayed_work(system_long_wq, &settle_later,
				   delay_of(READ_ONCE(settle_pause)));
}

/* What was put back for a sample since this was queued may have made the rest longer. */
static void settle_work(struct work_struct *work)
{
	if (time_after(READ_ONCE(rest_until), jiffies))
		queue_delayed_work(system_long_wq, &settle_later, delay_of(0));
	else
		settle_all();
}

void settle_start(void)
{
	WRITE_ONCE(settle_pause, SETTLE_SOONEST);
	mod_delayed_work(system_long_wq, &settle_later, delay_of(SETTLE_SOONEST));
}

void settle_soon(void)
{
	if (READ_ONCE(settle_pause) > SETTLE_BUSY)
		settle_start();
}

void settle_stop(void)
{
	cancel_delayed_work_sync(&settle_later);
}
