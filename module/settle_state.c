// SPDX-License-Identifier: GPL-2.0-only
/*
 * settle_state.c - see settle_state.h. Owns nothing.
 *
 * - A function's entry that was hit is removed from ftrace's filter.
 * - A branch of which both outcomes were seen gets its original bytes back. In scope tracked,
 *   so does an entry or a block that was seen (in scope all these are one-shot).
 * - So does a branch of which one was seen, if the other one leads to a block that has no other
 *   edge in, and that has a site of its own which has not been hit yet: its hit will imply the
 *   outcome (implied.h). If it has none, it gets one for a branch that costs something each time:
 *   a witness, a breakpoint that costs nothing until it is hit. In scope all it is one-shot. In
 *   scope tracked it traps until every sample has hit it. There, only branches that trap get a
 *   witness: it never traps more often than the branch would.
 * - A near conditional jump (6 bytes) under a detour that was seen to fall through is changed to
 *   one that leads into its stub only if it is taken.
 * - In scope tracked, other detours of which one outcome was seen get a shortcut (shortcut.h).
 *
 * What "seen" means in scope tracked: settle.c.
 */
#include <linux/compiler.h>

#include "checkpoint.h"
#include "detour.h"
#include "engine.h"
#include "implied.h"
#include "settle_state.h"
#include "target.h"
#include "targets_lock.h"

/* kprobes may pass over a hit: what a site told exactly must not depend on that. */
static bool watches(const struct cov_site *site)
{
	return site && site_vouches(site) && READ_ONCE(site->state) == COV_SITE_ARMED &&
	       engine_patches(engine_of(site));
}

/*
 * To put a region back in which a task may be inside takes seconds and more on kernels that preempt
 * (quiesce.h): that must not be done each time that a sample begins. Such a site is never free; a
 * shortcut, which leaves a jump there, is undone as quickly as elsewhere.
 */
static bool is_slow_to_undo(const struct cov_site *site)
{
	return compat_preempts() && site->region.inside &&
	       site->engine == COV_ENGINE_DETOUR && site_target(site)->scope == COV_SCOPE_TRACKED;
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
 * Would a hit of the site whose first cell is @by say that @outcome of @site was passed? Not if a
 * set has such a hit already, but not the outcome.
 */
static bool would_imply(const struct cov_site *site, u32 outcome, u32 by,
			const struct cell_sets *sets)
{
	u32 i;

	for (i = 0; i < sets->count; i++)
		if (!READ_ONCE(sets->sets[i][site->cell + outcome]) &&
		    implied_hit(site_target(site), sets->sets[i], by))
			return false;
	return true;
}

/*
 * The first cell of the site that will be hit when the branch's @outcome is passed: the site of
 * the block that it leads to, or the branch at that block's end if the block always reaches it.
 * 0 if there is none.
 */
static u32 implying(const struct cov_site *site, u32 outcome, const struct cell_sets *sets)
{
	const struct checkpoints *cps = &site_target(site)->cps;
	u32 next = block_behind(site, outcome);
	const struct cov_site *leader, *branch = NULL;
	const struct flow_block *block;

	if (next == FLOW_NONE)
		return 0;
	block = &site_target(site)->image.flow.blocks[next];
	leader = cps->leader[next];
	if (block->branch != FLOW_NONE && !(block->flags & FLOW_BLOCK_STOPS))
		branch = cps->branch[block->branch];
	/* The same as before, if there was one. */
	if (site->implied_by && site->implied_outcome == outcome && watches(branch) &&
	    branch->cell == site->implied_by && would_imply(site, outcome, branch->cell, sets))
		return branch->cell;
	if (watches(leader) && would_imply(site, outcome, leader->cell, sets))
		return leader->cell;
	if (watches(branch) && would_imply(site, outcome, branch->cell, sets))
		return branch->cell;
	return 0;
}

static u8 settle_in_part(struct cov_site *site, u32 known)
{
	return site->engine == COV_ENGINE_DETOUR ? detour_in_part(site, known) : SITE_SETTLED_NOT;
}

/*
 * The settled state that the branch should have. Sets @implied_by. Nothing is lost with its former
 * value: for samples that have ended, what it implied has been noted; those that run know the
 * outcome, or the same site still implies it: a task may be on its way there (settle_undo.c).
 */
static u8 settle_branch(struct cov_site *site, const struct cell_sets *sets)
{
	bool fell = cell_in_all(sets, site->cell + OUTCOME_NOT_TAKEN);
	bool jumped = cell_in_all(sets, site->cell + OUTCOME_TAKEN);
	u32 other = fell ? OUTCOME_TAKEN : OUTCOME_NOT_TAKEN, by;

	if (!fell && !jumped)
		return SITE_SETTLED_NOT;
	if (is_slow_to_undo(site)) {
		/* When both are known, it may have a shortcut for either. */
		if (fell && jumped && site->settled != SITE_SETTLED_NOT)
			return site->settled;
		return settle_in_part(site, !other);
	}
	by = fell && jumped ? 0 : implying(site, other, sets);
	if (by || (fell && jumped)) {
		site->implied_outcome = other;
		site->implied_by = by;
		site_target(site)->settling.implied |= by != 0;
		return SITE_SETTLED_FREE;
	}
	return settle_in_part(site, !other);
}

u8 settle_state(struct cov_site *site, const struct cell_sets *sets)
{
	lockdep_assert_held(&cov_targets_lock);
	if (site->kind == SITE_BRANCH)
		return settle_branch(site, sets);
	return cell_in_all(sets, site->cell) && !is_slow_to_undo(site) ? SITE_SETTLED_FREE :
		SITE_SETTLED_NOT;
}

/*
 * Is a witness cheaper than the branch's own patch? Who chose detours alone gets no breakpoints
 * that nobody can account for.
 */
static bool is_worth_a_witness(const struct cov_site *site)
{
	const struct cov_target *target = site_target(site);

	if (site->kind != SITE_BRANCH || site->settled != SITE_SETTLED_NOT)
		return false;
	return site->engine == COV_ENGINE_BREAKPOINT ||
	       (target->scope == COV_SCOPE_ALL && target->engine != COV_ENGINE_DETOUR);
}

/* Is there an instruction in the block that a witness could be on, other than its branch's own? */
static bool has_place(const struct cov_target *target, u32 index)
{
	const struct flow *flow = &target->image.flow;
	const struct flow_block *block = &flow->blocks[index];

	return block->site != FLOW_NONE && (block->branch == FLOW_NONE ||
					    block->site != flow->branches[block->branch].offset);
}

u32 settle_witness(const struct cov_site *site, const struct cell_sets *sets)
{
	const struct cov_target *target = site_target(site);
	bool fell = cell_in_all(sets, site->cell + OUTCOME_NOT_TAKEN);
	u32 block;

	lockdep_assert_held(&cov_targets_lock);
	if (!is_worth_a_witness(site) || fell == cell_in_all(sets, site->cell + OUTCOME_TAKEN))
		return FLOW_NONE;
	block = block_behind(site, fell ? OUTCOME_TAKEN : OUTCOME_NOT_TAKEN);
	if (block == FLOW_NONE || target->cps.leader[block] ||
	    target->cps.plan.leader[block] != FLOW_SITE_UNUSED ||
	    !has_place(target, block))
		return FLOW_NONE;
	return block;
}
