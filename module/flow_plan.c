// SPDX-License-Identifier: GPL-2.0-only
/*
 * flow_plan.c - chooses sites, and concludes from hits what ran. Pure. Owns
 * nothing beyond a call; calls nothing of the project.
 *
 * Both halves rest on one question, answered by find_doubt(): of which blocks can
 * it not be said whether they ran? The planner asks it before there are hits
 * (what could not be said, whatever the hits will be) and adds sites until the
 * answer is "of none"; propagation asks it with the hits.
 *
 * Why the conclusions hold
 * ------------------------
 * A block runs when its leader does. It came to that through a function's entry,
 * through one of its ways, or by something unseen (HIDDEN); there is nothing else.
 * A block without STOPS that ran also reached its end, and passed one of its ways
 * out. So these rules are sound, each for itself:
 *
 *   own site   A block ran if and only if its leader's site was hit; likewise an
 *              ENTRY block and its function's entry site, through which every jump
 *              to its first byte passes as well; likewise a block without STOPS and
 *              its own Jcc's site.
 *   forward    The way out of a block that ran and does not stop leads to one that
 *              ran; of two ways, the other one if one was certainly not passed. A
 *              block that did not run passed no way out. (Unless it is UNSURE.)
 *   arrival    A block that ran, and can have come from one place only, came from it.
 *   no way in  A block with nothing unseen, of whose ways none was passed, did not run.
 *   no way out A block without STOPS none of whose successors ran did not run.
 *
 * YES is concluded from hits onwards, so it is well-founded by itself. NO is the
 * delicate one: around a loop, "no way in" would justify each block by the next.
 * find_doubt() therefore derives doubt, not NO: doubt starts where a block may have
 * been entered unnoticed and spreads along the ways on which this would go on
 * unnoticed. Blocks that it does not reach, and that are not YES, did not run: take
 * the one of them that ran first. It has no own site (that would have been hit) and
 * came neither unseen nor by a way that could have been noticed and was not, nor from
 * a block in doubt (doubt would have spread), nor from one that is YES and would have
 * made it YES; so it came from another one of them, which ran earlier. No such block
 * is the first. This covers loops, because it argues in the order of time.
 *
 * "No way out" argues against time, and may not be mixed into that: a block could
 * lean on its successor, and that on it. It is applied afterwards, one block after
 * the other, each leaning on blocks out of doubt already. Nothing has to spread
 * forward again then, as all successors of such a block are out of doubt before it is.
 *
 * For the planner a way that might be passed is passed, and "no way out" needs the
 * converse, too: successors that can have come from that block alone, so that one of
 * them being YES makes the block YES. With more known, doubt only gets less: every
 * block out of doubt in the plan is YES or NO with any hits.
 *
 * Branch outcomes: the site on the Jcc tells. Without one, what can be had from the
 * rules above is given, and else UNKNOWN.
 */
#include "flow.h"

/**
 * struct inquiry - flow_plan() or flow_propagate() at work
 * @in: the target
 * @flow: its blocks
 * @plan: its sites
 * @hits: in propagation, else NULL
 * @ran: in propagation, one for each block: 1 if it certainly ran; else NULL
 * @passed: in propagation, one for each branch, [slot]: 1 if certainly passed
 * @doubt: one for each block: 1 while it may have run, and nobody knows
 * @stack: blocks still to be looked at
 * @depth: how many
 * @choosing: blocks found to be in doubt are given a leader's site
 * @chosen: sites that have become WANTED
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

/* --- what blocks and ways are like --------------------------------------------------------- */

static bool enters_unseen(const struct flow_block *block)
{
	return block->flags & (FLOW_BLOCK_ENTRY | FLOW_BLOCK_HIDDEN);
}

static bool may_stop(const struct flow_block *block)
{
	return block->flags & FLOW_BLOCK_STOPS;
}

/* Is there more than one way out? */
static bool forks(const struct flow_block *block)
{
	return block->end == FLOW_END_JCC || block->end == FLOW_END_STATIC;
}

/* Does a site on the way out of @block tell which one it was? */
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

/* Is @from the only place from where @index can have been entered? */
static bool comes_only_from(const struct inquiry *q, u32 index, u32 from)
{
	const struct flow *flow = q->flow;
	u32 i;

	if (enters_unseen(&flow->blocks[index]))
		return false;
	for (i = flow->first_way[index]; i < flow->first_way[index + 1]; i++)
		if (flow->ways[i].block != from)
			return false;
	return true;
}

/* --- doubt --------------------------------------------------------------------------------- */

static bool choose_leader(struct inquiry *q, u32 index);

/* The block may have been entered, and no site would have seen that. */
static void raise_doubt(struct inquiry *q, u32 index)
{
	if (q->doubt[index] || has_own_site(q, index) || (q->ran && q->ran[index]))
		return;
	if (q->choosing && choose_leader(q, index))
		return;
	q->doubt[index] = 1;
	q->stack[q->depth++] = index;
}

/* May the end of the block have been reached? Before there are hits, of course. */
static bool may_end(const struct inquiry *q, u32 index)
{
	return !q->ran || q->ran[index] || q->doubt[index] ||
	       q->flow->blocks[index].flags & FLOW_BLOCK_UNSURE;
}

/* Raise doubt where the ends of @index lead without anybody seeing it. */
static void spread_doubt(struct inquiry *q, u32 index)
{
	const struct flow_block *block = &q->flow->blocks[index];
	u32 slot;

	if (tells_outcome(q, block) || !may_end(q, index))
		return;
	/* It is known that it ran, if it did; so it is of what must come next. */
	if (!forks(block) && !may_stop(block) && !q->doubt[index])
		return;
	for (slot = 0; slot < 2; slot++)
		if (block->next[slot] != FLOW_NONE)
			raise_doubt(q, block->next[slot]);
}

/* Does whatever @index leads to, at its end, come from there alone? */
static bool has_followers_of_its_own(const struct inquiry *q, u32 index)
{
	const struct flow_block *block = &q->flow->blocks[index];
	u32 slots = flow_slots_out(block), slot;

	if (may_stop(block) || !slots)
		return false;
	for (slot = 0; slot < 2; slot++)
		if (slots & 1U << slot && (block->next[slot] == FLOW_NONE ||
					   !comes_only_from(q, block->next[slot], index)))
			return false;
	return true;
}

/* Have none of the blocks run that one of must run next? */
static bool nothing_followed(const struct inquiry *q, u32 index)
{
	const struct flow_block *block = &q->flow->blocks[index];
	u32 slots = flow_slots_out(block), slot;

	if (may_stop(block) || !slots)
		return false;
	for (slot = 0; slot < 2; slot++)
		if (slots & 1U << slot && (block->next[slot] == FLOW_NONE ||
					   q->ran[block->next[slot]]))
			return false;
	return true;
}

/* Do the successors, if they are all out of doubt, give away whether the block ran? */
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

/* Of the blocks on the stack doubt has ended: does it also where they come from? */
static void lift_doubt(struct inquiry *q)
{
	const struct flow *flow = q->flow;

	while (q->depth) {
		u32 index = q->stack[--q->depth], i;

		pure_rest();
		for (i = flow->first_way[index]; i < flow->first_way[index + 1]; i++) {
			u32 from = flow->ways[i].block;

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
		if (enters_unseen(&q->flow->blocks[i]))
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

/* Are the block's leader and its branch one place? Then what is refused to one is to both. */
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
 * Is there a choice of ways behind the block, each to a block that nothing else leads to?
 * Those need sites anyhow, which will tell of this one as well.
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
 * The blocks that were to wait, and in vain: two of them may wait for each other, or for
 * one that no site can tell. The last come first, as they are waited for.
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

/* Would sites on the branches that lead into it tell all of a block? Then have them. */
static bool choose_branches_before(struct inquiry *q, u32 index)
{
	const struct flow *flow = q->flow;
	int before = q->chosen;
	u32 i;

	if (enters_unseen(&flow->blocks[index]))
		return false;
	for (i = flow->first_way[index]; i < flow->first_way[index + 1]; i++) {
		u32 from = flow->ways[i].block;
		const struct flow_block *block = &flow->blocks[from];

		if (block->end == FLOW_END_STATIC)
			return false;
		if (block->end == FLOW_END_JCC ? !can_have_branch(q, from) :
						 may_stop(block) || q->doubt[from])
			return false;
	}
	for (i = flow->first_way[index]; i < flow->first_way[index + 1]; i++) {
		const struct flow_block *block = &flow->blocks[flow->ways[i].block];

		if (block->end == FLOW_END_JCC)
			want(q, &q->plan->branch[block->branch]);
	}
	return q->chosen > before;
}

/*
 * Blocks of which nothing but the branches before them can tell, most of them the ud2 of a
 * BUG(). Done first, because these branches tell of other blocks as well.
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

/* Blocks that are still in doubt have no leader's site: try branches. Any new site? */
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

/* What is wanted in any case. */
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

/* The block ran: which way did it go on? If none, it has not come so far yet. */
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

/* The block ran: where did it come from? */
static void conclude_arrival(struct inquiry *q, u32 index)
{
	const struct flow *flow = q->flow;
	struct flow_way found = { 0 };
	u32 i, open = 0;

	if (enters_unseen(&flow->blocks[index]))
		return;
	for (i = flow->first_way[index]; i < flow->first_way[index + 1]; i++) {
		struct flow_way way = flow->ways[i];

		if (was_not_passed(q, way.block, way.slot))
			continue;
		if (open++ && way.block != found.block)
			return;
		found = way;
	}
	if (open == 1)
		conclude_passed(q, found.block, found.slot);
	else if (open && !(flow->blocks[found.block].flags & FLOW_BLOCK_UNSURE))
		conclude_ran(q, found.block);
}

/* Everything that follows from the blocks that ran and, given by @doubt, those that did not. */
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
	q->depth = 0;	/* conclude() begins with all of them */
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
	/* At first anything may have run: only then can it be seen what has not. */
	memset(q.doubt, 1, flow->nr_blocks);
	conclude(&q);
	find_doubt(&q);
	conclude(&q);

	/* Outcomes first: they are concluded from blocks, which still are 0 or 1. */
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
