// SPDX-License-Identifier: GPL-2.0-only
/*
 * flow_plan.c - chooses sites, and concludes from hits what ran. Pure. Owns nothing beyond a
 * call; calls nothing of the project.
 *
 * Both halves rest on one question, answered by find_doubt(): for which blocks is it undecided
 * whether they ran? The planner asks it before there are hits (which blocks may stay undecided,
 * whatever the hits will be) and adds sites until there are none; propagation asks it with the
 * hits.
 *
 * Why the conclusions hold
 * ------------------------
 * A block runs when its leader does. Control got there through a function's entry, through one
 * of the block's edges in, or unseen (HIDDEN); there is nothing else. A block without STOPS that
 * ran also reached its end, and passed one of its edges out. So each of these rules is sound:
 *
 *   own site   A block ran if and only if its leader's site was hit; likewise an ENTRY block and
 *              its function's entry site, which every jump to its first byte passes as well;
 *              likewise a block without STOPS and its own Jcc's site.
 *   forward    The edge out of a block that ran and does not stop leads to one that ran; of two
 *              edges, the other one if one was certainly not passed. A block that did not run
 *              passed no edge out. (Unless it is UNSURE.)
 *   arrival    A block that ran, and can have been entered from one place only, was entered from
 *              there.
 *   no edge in A block that cannot be entered unseen, and none of whose edges in was passed, did
 *              not run.
 *   no edge out
 *              A block without STOPS none of whose successors ran did not run.
 *
 * YES is derived from hits and from what is YES already, so it is well-founded. NO is delicate:
 * around a loop, "no edge in" would justify each block by the next. find_doubt() therefore
 * derives doubt, not NO: doubt starts where a block may have been entered unnoticed and spreads
 * along the edges on which control would continue unnoticed. Blocks that it does not reach, and
 * that are not YES, did not run. Suppose some did, and take the one that ran first. It has no
 * site of its own (that would have been hit); it was entered neither unseen, nor by an edge whose
 * passing would have been noticed, nor from a block in doubt (doubt would have spread), nor from
 * one that is YES (it would be YES, or in doubt); so it was entered from another one of them,
 * which ran earlier: a contradiction. This covers loops, because it argues in the order of time.
 *
 * "No edge out" argues against the order of time, and must not be mixed into that: a block could
 * be justified by its successor, and that by the block. It is applied afterwards, block by
 * block, each justified by blocks that are out of doubt already. Nothing has to spread forward
 * again then, because all successors of such a block are out of doubt before it is.
 *
 * The planner assumes that each edge that may be passed is passed, and for "no edge out" it needs
 * the converse as well: successors that can have been entered from that block alone, so that one
 * of them being YES makes the block YES. Knowing more only reduces doubt: every block out of
 * doubt in the plan is YES or NO with any hits.
 *
 * Branch outcomes: the site on the Jcc tells. Without one they follow from the rules above, or
 * are UNKNOWN.
 */
#include "flow.h"

/**
 * struct inquiry - state of flow_plan() or flow_propagate()
 * @in: the target
 * @flow: its blocks
 * @plan: its sites
 * @hits: in propagation, else NULL
 * @ran: in propagation, one for each block: 1 if it certainly ran; else NULL
 * @passed: in propagation, one for each branch, [slot]: 1 if certainly passed
 * @doubt: one for each block: 1 while it is undecided whether it ran
 * @stack: blocks still to be processed
 * @depth: how many
 * @choosing: in planning: a block found to be in doubt gets a leader's site
 * @chosen: how many sites have become WANTED
 */
struct inquiry {
	const struct flow_input *in;
	const struct flow *flow;
	const struct flow_plan *plan;
	const struct flow_hits *hits;
	u8 *ran;
	u8 *passed[2];
	u8 *doubt;
	u32 *stack;
	u32 depth;
	bool choosing;
	int chosen;
};

static int inquiry_init(struct inquiry *q)
{
	q->doubt = pure_alloc((size_t)q->flow->nr_blocks + 1, sizeof(*q->doubt));
	q->stack = pure_alloc((size_t)q->flow->nr_blocks + 1, sizeof(*q->stack));
	return q->doubt && q->stack ? 0 : -ENOMEM;
}

static void inquiry_free(struct inquiry *q)
{
	pure_free(q->doubt);
	pure_free(q->stack);
}

/* --- properties of blocks and edges -------------------------------------------------------- */

static bool may_stop(const struct flow_block *block)
{
	return block->flags & FLOW_BLOCK_STOPS;
}

/* Is there more than one edge out? */
static bool forks(const struct flow_block *block)
{
	return block->end == FLOW_END_JCC || block->end == FLOW_END_STATIC;
}

/* Does a site on the edge out of @block tell which one it was? */
static bool tells_outcome(const struct inquiry *q, const struct flow_block *block)
{
	return block->end == FLOW_END_JCC && q->plan->branch[block->branch] == FLOW_SITE_WANTED;
}

static bool has_own_site(const struct inquiry *q, u32 index)
{
	const struct flow_block *block = &q->flow->blocks[index];

	if (q->plan->leader[index] == FLOW_SITE_WANTED)
		return true;
	if (block->flags & FLOW_BLOCK_ENTRY &&
	    q->plan->entry[block->function] == FLOW_SITE_WANTED)
		return true;
	return !may_stop(block) && tells_outcome(q, block);
}

/* Is @from the only block from which @index can have been entered? */
static bool comes_only_from(const struct inquiry *q, u32 index, u32 from)
{
	const struct flow *flow = q->flow;
	u32 i;

	if (flow_enters_unseen(&flow->blocks[index]))
		return false;
	for (i = flow->first_edge[index]; i < flow->first_edge[index + 1]; i++)
		if (flow->edges[i].block != from)
			return false;
	return true;
}

/* --- doubt --------------------------------------------------------------------------------- */

static bool choose_leader(struct inquiry *q, u32 index);

/* The block may have been entered by an edge that no site watches: is it in doubt? */
static void raise_doubt(struct inquiry *q, u32 index)
{
	if (q->doubt[index] || has_own_site(q, index) || (q->ran && q->ran[index]))
		return;
	if (q->choosing && choose_leader(q, index))
		return;
	q->doubt[index] = 1;
	q->stack[q->depth++] = index;
}

/* May the end of the block have been reached? In planning always. */
static bool may_end(const struct inquiry *q, u32 index)
{
	return !q->ran || q->ran[index] || q->doubt[index] ||
	       q->flow->blocks[index].flags & FLOW_BLOCK_UNSURE;
}

/* Raise doubt in the blocks that the end of @index leads to unnoticed. */
static void spread_doubt(struct inquiry *q, u32 index)
{
	const struct flow_block *block = &q->flow->blocks[index];
	u32 slot;

	if (tells_outcome(q, block) || !may_end(q, index))
		return;
	/* It is decided whether it ran, and so whether its one edge out was passed. */
	if (!forks(block) && !may_stop(block) && !q->doubt[index])
		return;
	for (slot = 0; slot < 2; slot++)
		if (block->next[slot] != FLOW_NONE)
			raise_doubt(q, block->next[slot]);
}

/* Does @index always lead to a successor, are all of these known, and does @is hold for each? */
static __always_inline bool every_follower(const struct inquiry *q, u32 index,
					   bool (*is)(const struct inquiry *q, u32 next, u32 index))
{
	const struct flow_block *block = &q->flow->blocks[index];
	u32 slots = flow_slots_out(block), slot;

	if (may_stop(block) || !slots)
		return false;
	for (slot = 0; slot < 2; slot++)
		if (slots & 1U << slot && (block->next[slot] == FLOW_NONE ||
					   !is(q, block->next[slot], index)))
			return false;
	return true;
}

/* Does @index always lead to a successor, and can each of these be entered from it alone? */
static bool has_followers_of_its_own(const struct inquiry *q, u32 index)
{
	return every_follower(q, index, comes_only_from);
}

static bool is_not_known_to_run(const struct inquiry *q, u32 next, u32 index)
{
	(void)index;
	return !q->ran[next];
}

/* Must one of the successors run after @index, and has none of them run? */
static bool nothing_followed(const struct inquiry *q, u32 index)
{
	return every_follower(q, index, is_not_known_to_run);
}

/* Are all successors out of doubt, and do they decide whether the block ran ("no edge out")? */
static bool told_from_behind(const struct inquiry *q, u32 index)
{
	const struct flow_block *block = &q->flow->blocks[index];
	u32 slot;

	for (slot = 0; slot < 2; slot++)
		if (block->next[slot] != FLOW_NONE && q->doubt[block->next[slot]])
			return false;
	return q->ran ? nothing_followed(q, index) : has_followers_of_its_own(q, index);
}

static void end_doubt(struct inquiry *q, u32 index)
{
	q->doubt[index] = 0;
	q->stack[q->depth++] = index;
}

/* For the blocks on the stack doubt has ended: does it end for their predecessors as well? */
static void lift_doubt(struct inquiry *q)
{
	const struct flow *flow = q->flow;

	while (q->depth) {
		u32 index = q->stack[--q->depth], i;

		pure_rest();
		for (i = flow->first_edge[index]; i < flow->first_edge[index + 1]; i++) {
			u32 from = flow->edges[i].block;

			if (q->doubt[from] && told_from_behind(q, from))
				end_doubt(q, from);
		}
	}
}

static void find_doubt(struct inquiry *q)
{
	u32 i, nr_blocks = q->flow->nr_blocks;

	memset(q->doubt, 0, nr_blocks);
	for (i = 0; i < nr_blocks; i++)
		if (flow_enters_unseen(&q->flow->blocks[i]))
			raise_doubt(q, i);
	for (i = 0; i < nr_blocks; i++)
		spread_doubt(q, i);
	while (q->depth)
		spread_doubt(q, q->stack[--q->depth]);

	for (i = 0; i < nr_blocks; i++)
		if (q->doubt[i] && told_from_behind(q, i))
			end_doubt(q, i);
	lift_doubt(q);
}

/* --- choosing sites ------------------------------------------------------------------------ */

static bool want(struct inquiry *q, u8 *site)
{
	if (*site == FLOW_SITE_UNUSED) {
		*site = FLOW_SITE_WANTED;
		q->chosen++;
	}
	return *site == FLOW_SITE_WANTED;
}

/* Are the block's leader site and its branch one instruction? Then a refusal holds for both. */
static bool site_is_branch(const struct inquiry *q, const struct flow_block *block)
{
	return block->branch != FLOW_NONE &&
	       block->site == q->flow->branches[block->branch].offset;
}

static bool can_have_leader(const struct inquiry *q, u32 index)
{
	const struct flow_block *block = &q->flow->blocks[index];

	if (q->plan->leader[index] == FLOW_SITE_REFUSED || block->site == FLOW_NONE)
		return false;
	return !site_is_branch(q, block) ||
	       q->plan->branch[block->branch] != FLOW_SITE_REFUSED;
}

static bool can_have_branch(const struct inquiry *q, u32 index)
{
	const struct flow_block *block = &q->flow->blocks[index];

	if (block->branch == FLOW_NONE || q->plan->branch[block->branch] == FLOW_SITE_REFUSED)
		return false;
	return !site_is_branch(q, block) || q->plan->leader[index] != FLOW_SITE_REFUSED;
}

/*
 * Has the block two edges out, each to a block that can be entered from it alone? Those need
 * sites anyway, which will decide this one as well.
 */
static bool can_wait(const struct inquiry *q, u32 index)
{
	return forks(&q->flow->blocks[index]) && has_followers_of_its_own(q, index);
}

static bool choose_leader(struct inquiry *q, u32 index)
{
	if (!can_have_leader(q, index) || can_wait(q, index))
		return false;
	return want(q, &q->plan->leader[index]);
}

/*
 * Blocks that can_wait() has put off in vain: two of them may wait for each other, or for one
 * that no site can decide. In descending order, because a block usually waits for later ones.
 */
static void choose_late_leaders(struct inquiry *q)
{
	u32 i = q->flow->nr_blocks;

	while (i--)
		if (q->doubt[i] && can_have_leader(q, i)) {
			want(q, &q->plan->leader[i]);
			end_doubt(q, i);
			lift_doubt(q);
		}
}

/* Would sites on the branches that lead into a block decide it? Then choose them. */
static bool choose_branches_before(struct inquiry *q, u32 index)
{
	const struct flow *flow = q->flow;
	int before = q->chosen;
	u32 i;

	if (flow_enters_unseen(&flow->blocks[index]))
		return false;
	for (i = flow->first_edge[index]; i < flow->first_edge[index + 1]; i++) {
		u32 from = flow->edges[i].block;
		const struct flow_block *block = &flow->blocks[from];

		if (block->end == FLOW_END_STATIC)
			return false;
		if (block->end == FLOW_END_JCC ? !can_have_branch(q, from) :
						 may_stop(block) || q->doubt[from])
			return false;
	}
	for (i = flow->first_edge[index]; i < flow->first_edge[index + 1]; i++) {
		const struct flow_block *block = &flow->blocks[flow->edges[i].block];

		if (block->end == FLOW_END_JCC)
			want(q, &q->plan->branch[block->branch]);
	}
	return q->chosen > before;
}

/*
 * Blocks that only the branches before them can decide; most are the ud2 of a BUG(). Done first,
 * because these branches decide other blocks as well.
 */
static void choose_for_dead_ends(struct inquiry *q)
{
	u32 i;

	for (i = 0; i < q->flow->nr_blocks; i++) {
		bool has_branch = !may_stop(&q->flow->blocks[i]) && can_have_branch(q, i);

		if (!can_have_leader(q, i) && !has_branch && !has_own_site(q, i) &&
		    !has_followers_of_its_own(q, i))
			choose_branches_before(q, i);
	}
}

/* Blocks still in doubt cannot have a leader's site: try branches. Return: is there a new site? */
static bool choose_branches(struct inquiry *q)
{
	int before = q->chosen;
	u32 i;

	for (i = 0; i < q->flow->nr_blocks; i++) {
		const struct flow_block *block = &q->flow->blocks[i];

		if (!q->doubt[i])
			continue;
		if (!may_stop(block) && can_have_branch(q, i))
			want(q, &q->plan->branch[block->branch]);
		else
			choose_branches_before(q, i);
	}
	return q->chosen > before;
}

/* Sites that are needed in any case. */
static void choose_base(struct inquiry *q, bool edges)
{
	const struct flow_function *functions = q->in->functions;
	u32 i;

	for (i = 0; i < q->in->nr_functions; i++)
		if (functions[i].selected && !functions[i].cold)
			want(q, &q->plan->entry[i]);
	if (!edges)
		return;
	for (i = 0; i < q->flow->nr_branches; i++)
		want(q, &q->plan->branch[i]);
}

int flow_plan(const struct flow_input *in, const struct flow *flow, bool edges,
	      struct flow_plan *plan)
{
	struct inquiry q = { .in = in, .flow = flow, .plan = plan, .choosing = true };
	int err = inquiry_init(&q);
	u32 i;

	if (err)
		goto out;
	choose_base(&q, edges);
	choose_for_dead_ends(&q);
	do {
		find_doubt(&q);
		choose_late_leaders(&q);
	} while (choose_branches(&q));

	for (i = 0; i < flow->nr_blocks; i++)
		if (q.doubt[i] && plan->leader[i] == FLOW_SITE_UNUSED)
			plan->leader[i] = FLOW_SITE_REFUSED;
out:
	inquiry_free(&q);
	return err ? err : q.chosen;
}

/* --- concluding from hits ------------------------------------------------------------------ */

static bool was_hit(const u8 *hits, u32 index)
{
	return hits && hits[index];
}

static bool outcome_was_hit(const struct inquiry *q, u32 branch, u32 slot)
{
	return was_hit(slot ? q->hits->taken : q->hits->not_taken, branch);
}

static bool did_not_run(const struct inquiry *q, u32 index)
{
	return !q->ran[index] && !q->doubt[index];
}

static bool was_not_passed(const struct inquiry *q, u32 index, u32 slot)
{
	const struct flow_block *block = &q->flow->blocks[index];
	u32 next = block->next[slot];

	if (tells_outcome(q, block))
		return !outcome_was_hit(q, block->branch, slot);
	return !may_end(q, index) || (next != FLOW_NONE && did_not_run(q, next));
}

static void conclude_ran(struct inquiry *q, u32 index)
{
	if (q->ran[index])
		return;
	q->ran[index] = 1;
	q->stack[q->depth++] = index;
}

static void conclude_passed(struct inquiry *q, u32 index, u32 slot)
{
	const struct flow_block *block = &q->flow->blocks[index];

	if (block->end == FLOW_END_JCC)
		q->passed[slot][block->branch] = 1;
	if (!(block->flags & FLOW_BLOCK_UNSURE))
		conclude_ran(q, index);
	if (block->next[slot] != FLOW_NONE)
		conclude_ran(q, block->next[slot]);
}

/* The block ran: which edge out did it take? If none is left, control has not got that far yet. */
static void conclude_forward(struct inquiry *q, u32 index)
{
	const struct flow_block *block = &q->flow->blocks[index];
	u32 slots = flow_slots_out(block), slot;

	if (may_stop(block))
		return;
	for (slot = 0; slot < 2; slot++)
		if (was_not_passed(q, index, slot))
			slots &= ~(1U << slot);
	for (slot = 0; slot < 2; slot++)
		if (slots == 1U << slot)
			conclude_passed(q, index, slot);
}

/* The block ran: from where was it entered? */
static void conclude_arrival(struct inquiry *q, u32 index)
{
	const struct flow *flow = q->flow;
	struct flow_edge found = { 0 };
	u32 i, open = 0;

	if (flow_enters_unseen(&flow->blocks[index]))
		return;
	for (i = flow->first_edge[index]; i < flow->first_edge[index + 1]; i++) {
		struct flow_edge edge = flow->edges[i];

		if (was_not_passed(q, edge.block, edge.slot))
			continue;
		if (open++ && edge.block != found.block)
			return;
		found = edge;
	}
	if (open == 1)
		conclude_passed(q, found.block, found.slot);
	else if (open && !(flow->blocks[found.block].flags & FLOW_BLOCK_UNSURE))
		conclude_ran(q, found.block);
}

/* Draw all conclusions from the blocks that ran and those that, by @doubt, did not. */
static void conclude(struct inquiry *q)
{
	u32 i;

	for (i = 0; i < q->flow->nr_blocks; i++)
		if (q->ran[i])
			q->stack[q->depth++] = i;
	while (q->depth) {
		i = q->stack[--q->depth];
		pure_rest();
		conclude_forward(q, i);
		conclude_arrival(q, i);
	}
}

static void take_hits(struct inquiry *q)
{
	const struct flow *flow = q->flow;
	u32 i, slot;

	for (i = 0; i < flow->nr_blocks; i++) {
		const struct flow_block *block = &flow->blocks[i];

		q->ran[i] = was_hit(q->hits->leader, i) ||
			    (block->flags & FLOW_BLOCK_ENTRY &&
			     was_hit(q->hits->entry, block->function));
	}
	for (i = 0; i < flow->nr_branches; i++)
		for (slot = 0; slot < 2; slot++) {
			q->passed[slot][i] = 0;
			if (outcome_was_hit(q, i, slot))
				conclude_passed(q, flow->branches[i].block, slot);
		}
	q->depth = 0;	/* conclude() begins with all blocks that ran */
}

static u8 outcome(const struct inquiry *q, u32 branch, u32 slot)
{
	const struct flow_branch *jump = &q->flow->branches[branch];

	if (tells_outcome(q, &q->flow->blocks[jump->block]))
		return outcome_was_hit(q, branch, slot) ? FLOW_YES : FLOW_NO;
	if (q->passed[slot][branch])
		return FLOW_YES;
	return was_not_passed(q, jump->block, slot) ? FLOW_NO : FLOW_UNKNOWN;
}

int flow_propagate(const struct flow_input *in, const struct flow *flow,
		   const struct flow_plan *plan, const struct flow_hits *hits,
		   struct flow_coverage *coverage)
{
	struct inquiry q = {
		.in = in,
		.flow = flow,
		.plan = plan,
		.hits = hits,
		.ran = coverage->block,
		.passed = { coverage->not_taken, coverage->taken },
	};
	int err = inquiry_init(&q);
	u32 i, slot;

	if (err)
		goto out;
	take_hits(&q);
	/* At first any block may have run; find_doubt() needs what ran to tell what did not. */
	memset(q.doubt, 1, flow->nr_blocks);
	conclude(&q);
	find_doubt(&q);
	conclude(&q);

	/* Outcomes first: they are derived from @ran, in which blocks still are 0 or 1. */
	for (i = 0; i < flow->nr_branches; i++)
		for (slot = 0; slot < 2; slot++)
			q.passed[slot][i] = outcome(&q, i, slot);
	for (i = 0; i < flow->nr_blocks; i++)
		if (!q.ran[i] && q.doubt[i])
			coverage->block[i] = FLOW_UNKNOWN;
out:
	inquiry_free(&q);
	return err;
}
