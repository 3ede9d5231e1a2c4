// SPDX-License-Identifier: GPL-2.0-only
/*
 * settle.c - in modes edges and blocks, scope all, a site that has been seen has
 * little left to teach. A worker looks now and then, and takes out what costs for
 * nothing; coverage stays exact. Owns the worker. May call detour.c, entry.c, flow.h.
 *
 * - A function's entry that was seen leaves ftrace's filter.
 * - A branch of which both outcomes were seen gets its bytes back.
 * - A branch of which one was seen gets its bytes back as well, if the other one leads
 *   to a block that nobody else leads to, and that has a site of its own which has not been
 *   passed yet: passing that will imply the outcome (implied_by). For a branch that
 *   costs a trap each time, such a block gets a site if it has none: a witness, which
 *   costs nothing as long as nobody comes.
 * - A near jump that was seen to fall through goes on as a jump that leads into its
 *   stub only if it is taken.
 *
 * In scope tracked each sample is to learn everything for itself, and modes count and
 * trace want every hit: nothing settles there, nor where paths are recorded.
 *
 * The worker looks soon after it has found something, or a one-shot site was passed for
 * the first time, and ever more rarely while there is nothing.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/workqueue.h>

#include "detour.h"
#include "engine.h"
#include "entry.h"
#include "foreign.h"
#include "settle.h"
#include "target_parts.h"

/*
 * Most of what a run teaches it teaches at its beginning; each look costs as much as the
 * sites that it looks at. So the pauses grow, while there is something to do up to BUSY.
 */
#define SOONEST	(HZ / 50 ?: 1)
#define BUSY	(HZ / 10)
#define LATEST	(2 * HZ)

static void settle_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(settle_later, settle_work);
static unsigned long pause = SOONEST;

static bool settles(const struct cov_target *target)
{
	return target->state == COV_TARGET_LIVE && target->scope == COV_SCOPE_ALL &&
	       !target->cps.cells.wide && !target->checkpoint[0] &&
	       !(target->flags & COV_ATTACH_PATHS);
}

static bool was_passed(const struct cov_site *site)
{
	return site_saw(site, 0) || (site_outcomes(site) > 1 && site_saw(site, 1));
}

/* Does it still tell that it was passed, without having been? */
static bool watches(const struct cov_site *site)
{
	return site && site->watched && READ_ONCE(site->state) == COV_SITE_ARMED &&
	       !was_passed(site);
}

/* The block that the branch's @outcome leads to, if nothing else does; or FLOW_NONE. */
static u32 block_behind(const struct cov_site *site, u32 outcome)
{
	const struct flow *flow = &site->target->image.flow;
	u32 next = flow->blocks[flow->branches[checkpoints_index(site)].block].next[outcome];

	if (next == FLOW_NONE || flow->first_way[next + 1] - flow->first_way[next] != 1)
		return FLOW_NONE;
	if (flow->blocks[next].flags & (FLOW_BLOCK_ENTRY | FLOW_BLOCK_HIDDEN | FLOW_BLOCK_UNSURE))
		return FLOW_NONE;
	return next;
}

/*
 * The site that will be passed when the branch's @outcome is: a block's own, or the
 * jump at its end if nothing in the block can keep from it.
 */
static const struct cov_site *implying(const struct cov_site *site, u32 outcome)
{
	const struct checkpoints *cps = &site->target->cps;
	u32 next = block_behind(site, outcome);
	const struct flow_block *block;

	if (next == FLOW_NONE)
		return NULL;
	block = &site->target->image.flow.blocks[next];
	if (watches(cps->leader[next]))
		return cps->leader[next];
	if (block->branch != FLOW_NONE && !(block->flags & FLOW_BLOCK_STOPS) &&
	    watches(cps->branch[block->branch]))
		return cps->branch[block->branch];
	return NULL;
}

/* What it shall be from now on. */
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
	return fell && site->engine == &cov_engine_detour && detour_can_half(site) ?
		SITE_SETTLED_HALF : SITE_SETTLED_NOT;
}

static bool is_settleable(const struct cov_site *site)
{
	return (site->engine == &cov_engine_detour || site->engine == &cov_engine_breakpoint) &&
	       site->kind == SITE_BRANCH && site->watched && !site->visited &&
	       site->state == COV_SITE_ARMED;
}

void settle_note_implied(struct cov_target *target)
{
	const struct cells *cells = &target->cps.cells;
	struct site_batch *batch;
	struct cov_site *site;
	u32 i;

	for_each_site(site, batch, i, &target->cps) {
		const struct cov_site *by = site->implied_by;

		if (!by || !was_passed(by))
			continue;
		cell_hit(cells, cells->base, site->cell);
		cell_hit(cells, cells->base, site->cell + 1);
		site->implied_by = NULL;
	}
}

/* One pass has as many as this: a worker does not hold the lock for long. */
#define PASS	4096

struct pass {
	struct cov_site *branches[PASS];
	u8 to[PASS];
	u32 nr_branches;
	struct cov_site *entries[PASS];
	unsigned long ips[PASS];
	u32 nr_entries;
	struct cov_site *breakpoints[PASS];
	u32 nr_breakpoints;
	u32 blocks[PASS];		/* that want a witness */
	struct cov_site *witnesses[PASS];
	u32 nr_witnesses;
};

/* A branch of which one outcome was seen goes on costing a trap: would a witness help? */
static void choose_witness(const struct cov_site *site, struct pass *pass)
{
	const struct cov_target *target = site->target;
	bool fell = site_saw(site, 0);
	u32 block;

	if (site->engine != &cov_engine_breakpoint || fell == site_saw(site, 1) ||
	    pass->nr_witnesses == PASS)
		return;
	block = block_behind(site, fell);
	if (block == FLOW_NONE || target->cps.leader[block] ||
	    target->cps.plan.leader[block] != FLOW_SITE_UNUSED ||
	    target->image.flow.blocks[block].site == FLOW_NONE)
		return;
	pass->blocks[pass->nr_witnesses++] = block;
}

static void choose(struct cov_target *target, struct pass *pass)
{
	struct site_batch *batch;
	struct cov_site *site;
	u32 i;
	u8 to;

	for_each_site(site, batch, i, &target->cps) {
		if (site->engine == &cov_engine_entry && site->state == COV_SITE_ARMED &&
		    site->watched && was_passed(site) && pass->nr_entries < PASS)
			pass->entries[pass->nr_entries++] = site;
		if (!is_settleable(site) || pass->nr_branches == PASS ||
		    pass->nr_breakpoints == PASS)
			continue;
		to = settle_branch(site);
		if (to == site->settled) {
			choose_witness(site, pass);
			continue;
		}
		if (site->engine == &cov_engine_breakpoint) {
			pass->breakpoints[pass->nr_breakpoints++] = site;
			continue;
		}
		pass->branches[pass->nr_branches] = site;
		pass->to[pass->nr_branches++] = to;
	}
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
			site->implied_by = NULL;
	}
}

/* The next pass finds them. Without memory or room there are none. */
static void call_witnesses(struct cov_target *target, struct pass *pass)
{
	u32 i, n = pass->nr_witnesses;

	pass->nr_witnesses = 0;
	if (!n || n > targets_room() || target_pending(target) || foreign_refresh() ||
	    checkpoints_add_witnesses(target, pass->blocks, n, pass->witnesses))
		return;
	cov_engine_breakpoint.arm(pass->witnesses, n);
	for (i = 0; i < n; i++)
		if (READ_ONCE(pass->witnesses[i]->state) == COV_SITE_PENDING)
			checkpoints_refuse(pass->witnesses[i], -(int)pass->witnesses[i]->error);
	pass->nr_witnesses = n;
}

static u32 settle_target(struct cov_target *target, struct pass *pass)
{
	pass->nr_branches = pass->nr_entries = pass->nr_breakpoints = pass->nr_witnesses = 0;
	if (target_open(target))
		return 0;
	foreign_mark();
	settle_note_implied(target);
	choose(target, pass);
	carry_out(pass);
	call_witnesses(target, pass);
	target_close(target);
	return pass->nr_branches + pass->nr_entries + pass->nr_breakpoints + pass->nr_witnesses;
}

static void settle_work(struct work_struct *work)
{
	struct pass *pass = kvmalloc(sizeof(*pass), GFP_KERNEL);
	struct cov_target *target;
	bool any = false;
	u32 done = 0;

	/* Without memory, later. */
	mutex_lock(&cov_targets_lock);
	list_for_each_entry(target, &cov_targets, link)
		if (settles(target)) {
			any = true;
			done += pass ? settle_target(target, pass) : 0;
		}
	mutex_unlock(&cov_targets_lock);
	kvfree(pass);
	WRITE_ONCE(pause, min_t(unsigned long, 2 * pause, done ? BUSY : LATEST));
	if (any)
		queue_delayed_work(system_long_wq, &settle_later, pause);
}

void settle_start(void)
{
	WRITE_ONCE(pause, SOONEST);
	mod_delayed_work(system_long_wq, &settle_later, SOONEST);
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
