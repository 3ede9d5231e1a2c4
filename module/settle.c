// SPDX-License-Identifier: GPL-2.0-only
/*
 * settle.c - in modes edges and blocks, scope all, a site that has been hit has little left to
 * tell. A worker periodically looks for cells that were hit for the first time (cell_news.h), and
 * removes patches that have become useless; coverage stays exact. Owns the worker, and struct
 * settling.
 *
 * - A function's entry that was hit is removed from ftrace's filter.
 * - A branch of which both outcomes were seen gets its original bytes back.
 * - So does a branch of which one was seen, if the other one leads to a block that has no other
 *   edge in, and that has a site of its own which has not been hit yet: its hit will imply the
 *   outcome (implied_by). For a branch that costs a trap each time, such a block gets a site if
 *   it has none: a witness, which costs nothing until it is hit.
 * - A near conditional jump (6 bytes) under a detour that was seen to fall through is changed to
 *   one that leads into its stub only if it is taken.
 *
 * A branch with another user's kprobe on its patch stays as it is until that has gone.
 *
 * Nothing settles in scope tracked, where each sample has hits of its own, in modes count and
 * trace and with engine kprobe, which count or record every hit, nor where paths are recorded.
 *
 * The worker runs again soon after a pass that has found something, or when a one-shot site was
 * hit, and ever more rarely while there is nothing; but it never works more than one part in
 * SHARE of the time.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "cell_news.h"
#include "detour.h"
#include "engine.h"
#include "entry.h"
#include "foreign.h"
#include "settle.h"
#include "target_parts.h"

/*
 * Most of what a run hits it hits at its beginning, and each change of text interrupts all CPUs.
 * So the pauses grow from SOONEST on: up to BUSY while there is something to do, else up to
 * LATEST; from CALM on entries are settled as well.
 */
#define SOONEST	(HZ / 50 ?: 1)
#define BUSY	(HZ / 10)
#define CALM	HZ
#define LATEST	(2 * HZ)
/* A pass takes seconds where the machine is slow, such as an emulated one that logs. */
#define SHARE	10

static void settle_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(settle_later, settle_work);
static unsigned long pause = SOONEST;
static unsigned long rested;	/* in jiffies: the next pass is not to begin earlier */

/* How long to wait for the next pass, if the worker need not rest longer than @wanted. */
static unsigned long delay_of(unsigned long wanted)
{
	long rest = READ_ONCE(rested) - jiffies;

	return max_t(long, wanted, rest);
}

static bool settles(const struct cov_target *target)
{
	return target->state == COV_TARGET_LIVE && target->scope == COV_SCOPE_ALL &&
	       !target->cps.cells.wide && !target->checkpoint[0] &&
	       !(target->flags & COV_ATTACH_PATHS);
}

/* Was the site hit whose first cell is @cell? */
static bool cell_was_hit(const struct cov_target *target, u32 cell)
{
	const struct cells *cells = &target->cps.cells;

	return cell_read(cells, cells->base, cell) ||
	       (cell_is_branch(&target->image, cell) && cell_read(cells, cells->base, cell + 1));
}

static bool site_was_hit(const struct cov_site *site)
{
	return cell_was_hit(site_target(site), site->cell);
}

/* Is it armed, and was it not hit yet? */
static bool watches(const struct cov_site *site)
{
	return site && site_vouches(site) && READ_ONCE(site->state) == COV_SITE_ARMED &&
	       !site_was_hit(site);
}

/* The block that the branch's @outcome leads to, if it has no other edge in; or FLOW_NONE. */
static u32 block_behind(const struct cov_site *site, u32 outcome)
{
	const struct flow *flow = &site_target(site)->image.flow;
	u32 next = flow->blocks[flow->branches[checkpoints_index(site)].block].next[outcome];

	if (next == FLOW_NONE || !flow_only_edge(flow, next) ||
	    flow_enters_unseen(&flow->blocks[next]))
		return FLOW_NONE;
	return next;
}

/*
 * The first cell of the site that will be hit when the branch's @outcome is passed: the site of
 * the block that it leads to, or the branch at that block's end if the block always reaches it.
 * 0 if there is none.
 */
static u32 implying(const struct cov_site *site, u32 outcome)
{
	const struct checkpoints *cps = &site_target(site)->cps;
	u32 next = block_behind(site, outcome);
	const struct flow_block *block;

	if (next == FLOW_NONE)
		return 0;
	block = &site_target(site)->image.flow.blocks[next];
	if (watches(cps->leader[next]))
		return cps->leader[next]->cell;
	if (block->branch != FLOW_NONE && !(block->flags & FLOW_BLOCK_STOPS) &&
	    watches(cps->branch[block->branch]))
		return cps->branch[block->branch]->cell;
	return 0;
}

/* The settled state that the site should have; sets @implied_by. */
static u8 settle_branch(struct cov_site *site)
{
	bool fell = site_saw(site, 0), jumped = site_saw(site, 1);

	if (fell && jumped)
		return SITE_SETTLED_FREE;
	if (!fell && !jumped)
		return SITE_SETTLED_NOT;
	site->implied_by = implying(site, fell);
	if (site->implied_by)
		return SITE_SETTLED_FREE;
	return fell && site->engine == COV_ENGINE_DETOUR && detour_can_half(site) ?
		SITE_SETTLED_HALF : SITE_SETTLED_NOT;
}

static bool is_settleable(const struct cov_site *site)
{
	return (site->engine == COV_ENGINE_DETOUR || site->engine == COV_ENGINE_BREAKPOINT) &&
	       site->kind == SITE_BRANCH && site->watched && site->state == COV_SITE_ARMED;
}

static void note_implied(struct cov_site *site)
{
	const struct cells *cells = &site_target(site)->cps.cells;

	cell_hit(cells, cells->base, site->cell);
	cell_hit(cells, cells->base, site->cell + 1);
	site->implied_by = 0;
}

void settle_note_implied(struct cov_target *target)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	for_each_site(site, chunk, i, &target->cps) {
		cond_resched();
		if (site->implied_by && cell_was_hit(target, site->implied_by))
			note_implied(site);
	}
}

/* Cells of a target that one pass handles: the worker must not hold the lock for long. */
#define PASS	4096

struct pass {
	u32 cells[PASS];		/* hit since the last pass */
	u32 nr_cells;
	struct cov_site *branches[PASS];	/* under detours: to settle */
	u8 to[PASS];			/* enum site_settled: their new states */
	u32 nr_branches;
	struct cov_site *entries[PASS];	/* to remove from ftrace's filter */
	unsigned long ips[PASS];	/* for entry_settle() */
	u32 nr_entries;
	struct cov_site *breakpoints[PASS];	/* branches under breakpoints: to disarm */
	u32 nr_breakpoints;
	u32 blocks[PASS];		/* to get a witness */
	struct cov_site *wanting[PASS];	/* branches whose outcome it would imply */
	struct cov_site *witnesses[PASS];
	u32 nr_witnesses;
};

/* @by, a block's site or the branch at its end, was hit: does that imply an outcome? */
static void note_implied_by(struct cov_target *target, const struct cov_site *by, u32 block)
{
	const struct flow *flow = &target->image.flow;
	const struct flow_edge *edge = flow_only_edge(flow, block);
	u32 branch = edge ? flow->blocks[edge->block].branch : FLOW_NONE;
	struct cov_site *site = branch == FLOW_NONE ? NULL : target->cps.branch[branch];

	if (site && site->implied_by == by->cell)
		note_implied(site);
}

/* A branch of which one outcome was seen still costs a trap each time: would a witness help? */
static void choose_witness(struct cov_site *site, struct pass *pass)
{
	const struct cov_target *target = site_target(site);
	bool fell = site_saw(site, 0);
	u32 block;

	if (site->engine != COV_ENGINE_BREAKPOINT || fell == site_saw(site, 1))
		return;
	block = block_behind(site, fell);
	if (block == FLOW_NONE || target->cps.leader[block] ||
	    target->cps.plan.leader[block] != FLOW_SITE_UNUSED ||
	    target->image.flow.blocks[block].site == FLOW_NONE)
		return;
	pass->wanting[pass->nr_witnesses] = site;
	pass->blocks[pass->nr_witnesses++] = block;
}

/* Was it chosen for its other outcome, whose cell is the one before? */
static bool is_chosen(const struct cov_site *site, const struct pass *pass)
{
	return (pass->nr_branches && pass->branches[pass->nr_branches - 1] == site) ||
	       (pass->nr_breakpoints && pass->breakpoints[pass->nr_breakpoints - 1] == site);
}

static void look_at_branch(struct cov_site *site, struct pass *pass)
{
	u8 to;

	if (!is_settleable(site) || is_chosen(site, pass))
		return;
	if (site->visited) {
		site_target(site)->settling.held_off = true;
		return;
	}
	to = settle_branch(site);
	if (to == site->settled) {
		choose_witness(site, pass);
		return;
	}
	if (site->engine == COV_ENGINE_BREAKPOINT) {
		pass->breakpoints[pass->nr_breakpoints++] = site;
		return;
	}
	pass->branches[pass->nr_branches] = site;
	pass->to[pass->nr_branches++] = to;
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
		target->settling.entries |= cps->entry[i] &&
					    cps->entry[i]->engine == COV_ENGINE_ENTRY;
		break;
	case SITE_BRANCH:
		if (!cps->branch[i])
			break;
		note_implied_by(target, cps->branch[i], target->image.flow.branches[i].block);
		look_at_branch(cps->branch[i], pass);
		break;
	case SITE_LEADER:
		if (i < layout.blocks && cps->leader[i])
			note_implied_by(target, cps->leader[i], i);
		break;
	}
}

static bool is_seen_entry(const struct cov_site *site)
{
	return site->state == COV_SITE_ARMED && site->watched && site_was_hit(site);
}

/*
 * To change its filter ftrace looks at every function that it can trace: 2.5 million
 * instructions (6.1), as much as 18,000 hits. So entries wait until little else is hit.
 */
static void choose_entries(struct cov_target *target, struct pass *pass)
{
	struct site_cursor cursor = { target, COV_ENGINE_ENTRY, is_seen_entry };
	struct cov_site *site;

	while (pass->nr_entries < PASS && (site = site_next(&cursor)))
		pass->entries[pass->nr_entries++] = site;
	/* Any others in the next pass. */
	target->settling.entries = pass->nr_entries == PASS;
}

static void carry_out(struct pass *pass)
{
	struct detour_settling settling = { pass->branches, pass->to, pass->nr_branches };
	u32 i;

	if (pass->nr_entries)
		entry_settle(pass->entries, pass->ips, pass->nr_entries);
	if (pass->nr_breakpoints)
		cov_engine_breakpoint.disarm(pass->breakpoints, pass->nr_breakpoints);
	for (i = 0; i < pass->nr_breakpoints; i++)
		WRITE_ONCE(pass->breakpoints[i]->state, COV_SITE_DISARMED);
	if (!pass->nr_branches)
		return;
	detour_settle(&settling);
	for (i = 0; i < settling.count; i++) {
		struct cov_site *site = settling.sites[i];

		if (site->settled == SITE_SETTLED_FREE)
			WRITE_ONCE(site->state, COV_SITE_DISARMED);
		else
			site->implied_by = 0;
		/* A kprobe came after foreign_mark(). */
		if (site->error) {
			site->error = 0;
			site->visited = true;
			site_target(site)->settling.held_off = true;
		}
	}
}

/*
 * Arm witnesses. The next pass looks at the branches that need them once more. Without memory or
 * room there are none.
 */
static void call_witnesses(struct cov_target *target, struct pass *pass)
{
	u32 i, n = pass->nr_witnesses;

	if (!n || n > targets_room() || target_pending(target) || foreign_refresh() ||
	    checkpoints_add_witnesses(target, pass->blocks, n, pass->witnesses))
		return;
	cov_engine_breakpoint.arm(pass->witnesses, n);
	for (i = 0; i < n; i++) {
		const struct cov_site *site = pass->wanting[i];

		if (READ_ONCE(pass->witnesses[i]->state) == COV_SITE_PENDING)
			checkpoints_refuse(pass->witnesses[i], -(int)pass->witnesses[i]->error);
		cell_news_again(target->settling.looked, site->cell + site_saw(site, 1));
	}
}

void settle_forget(struct cov_target *target)
{
	kvfree(target->settling.looked);
	target->settling = (struct settling){ };
}

static u32 find_news(struct cov_target *target, struct pass *pass)
{
	const struct cells *cells = &target->cps.cells;
	struct settling *settling = &target->settling;

	if (!settling->looked)
		settling->looked = kvzalloc(cell_news_size(cells->count), GFP_KERNEL);
	pass->nr_cells = settling->looked ?
		cell_news_find(cells->base, cells->count, settling->looked, pass->cells, PASS) : 0;
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
static void look_again(struct cov_target *target, const struct pass *pass)
{
	u32 i;

	for (i = 0; i < pass->nr_cells; i++)
		cell_news_again(target->settling.looked, pass->cells[i]);
}

/* Forget which of them kprobes were on. Return: how many; they are in @pass. */
static u32 unmark_branches(struct cov_target *target, struct pass *pass)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i, n = 0;

	for_each_site(site, chunk, i, &target->cps)
		if (site->visited && site->kind == SITE_BRANCH && n < PASS) {
			site->visited = false;
			pass->branches[n++] = site;
		}
	return n;
}

/*
 * Have the next pass look at the branches that kprobes have left. While they stay this is a look at
 * the sites and at the kprobes: the target need not be opened. Return: true if some have gone.
 */
static bool look_for_left(struct cov_target *target, struct pass *pass)
{
	u32 i, stay = 0, n = unmark_branches(target, pass);

	foreign_mark();
	for (i = 0; i < n; i++) {
		const struct cov_site *site = pass->branches[i];

		stay += site->visited;
		if (site->visited)
			continue;
		cell_news_again(target->settling.looked, site->cell);
		cell_news_again(target->settling.looked, site->cell + 1);
	}
	target->settling.held_off = stay;
	return stay < n;
}

/* Nothing was hit for the first time: what else there is to do when little happens. */
static bool settle_calmly(struct cov_target *target, struct pass *pass)
{
	bool left = pause >= LATEST && target->settling.held_off && target->settling.looked &&
		    look_for_left(target, pass);

	if (pause >= CALM && target->settling.entries)
		choose_entries(target, pass);
	carry_out(pass);
	return left;
}

/* Return: true if there may soon be more to do. */
static bool settle_target(struct cov_target *target, struct pass *pass)
{
	pass->nr_branches = pass->nr_entries = pass->nr_breakpoints = pass->nr_witnesses = 0;
	if (!find_news(target, pass))
		return settle_calmly(target, pass);
	if (target_open(target)) {
		look_again(target, pass);
		return true;
	}
	foreign_mark();
	look_at_news(target, pass);
	carry_out(pass);
	call_witnesses(target, pass);
	target_close(target);
	return true;
}

static void settle_work(struct work_struct *work)
{
	struct pass *pass = kvmalloc(sizeof(*pass), GFP_KERNEL);
	bool any = false, done = false;
	unsigned long begun = jiffies;
	struct cov_target *target;

	/* Without memory for @pass nothing is done until the next time. */
	mutex_lock(&cov_targets_lock);
	list_for_each_entry(target, &cov_targets, link)
		if (settles(target)) {
			any = true;
			done |= pass && settle_target(target, pass);
		}
	mutex_unlock(&cov_targets_lock);
	kvfree(pass);
	WRITE_ONCE(rested, jiffies + SHARE * (jiffies - begun));
	WRITE_ONCE(pause, min_t(unsigned long, 2 * pause, done ? BUSY : LATEST));
	if (any)
		queue_delayed_work(system_long_wq, &settle_later, delay_of(pause));
}

void settle_start(void)
{
	WRITE_ONCE(pause, SOONEST);
	mod_delayed_work(system_long_wq, &settle_later, delay_of(SOONEST));
}

void settle_soon(void)
{
	if (READ_ONCE(pause) > BUSY)
		settle_start();
}

void settle_stop(void)
{
	cancel_delayed_work_sync(&settle_later);
}
