// SPDX-License-Identifier: GPL-2.0-only
/*
 * region.c - see region.h. Owns nothing.
 *
 * Jumping into the middle of a region crashes the kernel: what may be a region's is decided by
 * the marks on each byte (region_marks.c), the blocks only say what belongs together. With the
 * marks everything is linear, except for looking up texts.
 */
#include "region.h"
#include "text_map.h"

struct region_finder {
	const struct flow_input *in;
	const struct text_map *texts;
	u8 *marks;
	const struct flow *flow;
	struct region_table *regions;
};

/* --- choosing ------------------------------------------------------------------------------ */

/* A conditional jump or a passage whose region is sought; offsets are the text's. */
struct choice {
	u8 *marks;		/* of its text */
	u32 start;		/* of its function */
	u32 least;		/* bytes that the region must have */
	u32 from;		/* where the relocatable part of its block begins */
	u32 at;			/* of the jump */
	u32 next;		/* of the instruction after it */
	u32 behind;		/* end of the relocatable part after it */
	bool may_end;		/* with a call, jump or return */
};

static u64 function_address(const struct region_finder *f, const struct flow_block *block)
{
	return f->in->functions[block->function].address;
}

/*
 * Where the bytes of a block begin that may be in a region: in an entry block not
 * before its site, as the instruction of the entry site comes first.
 */
static u32 movable_from(const struct flow_block *block)
{
	if (!(block->flags & FLOW_BLOCK_ENTRY))
		return block->offset;
	return block->site != FLOW_NONE ? block->site : block->offset + block->size;
}

/* Where the instructions after a jump end that are only entered through the jump. */
static u32 movable_behind(const struct region_finder *f, const struct flow_block *block)
{
	const struct flow *flow = f->flow;
	u32 next = block->next[0];

	if (next == FLOW_NONE || !flow_only_edge(flow, next) ||
	    flow_enters_unseen(&flow->blocks[next]) ||
	    flow->blocks[next].offset != block->offset + block->size)
		return block->offset + block->size;
	return flow->blocks[next].offset + flow->blocks[next].size;
}

static void choice_init(const struct region_finder *f, u32 branch, struct choice *choice)
{
	const struct flow_branch *jcc = &f->flow->branches[branch];
	const struct flow_block *block = &f->flow->blocks[jcc->block];
	const struct text_span *text = text_map_find(f->texts, function_address(f, block));
	u32 start = function_address(f, block) - text->base;

	*choice = (struct choice){
		.marks = f->marks + text->first,
		.start = start,
		.least = REGION_JUMP_LEN,
		.from = start + movable_from(block),
		.at = start + jcc->offset,
		.next = start + jcc->offset + jcc->length,
		.behind = start + movable_behind(f, block),
	};
}

/* Are these bytes neither another user's nor another region's? */
static bool are_free(const struct choice *choice, u32 from, u32 to)
{
	u32 i;

	for (i = from; i < to; i++)
		if (choice->marks[i] & (REGION_MARK_HELD | REGION_MARK_TAKEN))
			return false;
	return true;
}

static bool is_entered_inside(const struct choice *choice, u32 from, u32 to)
{
	u32 i;

	for (i = from + 1; i < to; i++)
		if (choice->marks[i] & REGION_MARK_ENTERED)
			return true;
	return false;
}

static bool may_have(const struct choice *choice, u32 from, u32 to)
{
	return are_free(choice, from, to) && !is_entered_inside(choice, from, to);
}

/* Does an instruction begin here that can be relocated, with others after it? */
static bool is_plain(const struct choice *choice, u32 at)
{
	return choice->marks[at] & REGION_MARK_START && choice->marks[at] & REGION_MARK_PLAIN;
}

/* Does an instruction begin here that can be relocated as the last one? */
static bool may_be_last(const struct choice *choice, u32 at)
{
	return choice->marks[at] & REGION_MARK_START && choice->marks[at] & REGION_MARK_LAST;
}

/* Where the instruction before @at begins; @at if there is none in the block. */
static u32 step_back(const struct choice *choice, u32 at)
{
	u32 before = at;

	while (before > choice->from)
		if (choice->marks[--before] & REGION_MARK_START)
			return before;
	return at;
}

/* Extend by one instruction before. Return: where it begins; @from if it cannot be taken. */
static u32 grow_front(const struct choice *choice, u32 from, u32 to)
{
	u32 before = step_back(choice, from);

	return is_plain(choice, before) && may_have(choice, before, to) ? before : from;
}

/*
 * Extend by one instruction after. Return: where it ends; @to if it cannot be taken.
 * Nothing follows one that may only be the last: a call is long enough, and a jump or a
 * return ends its block.
 */
static u32 grow_behind(const struct choice *choice, u32 from, u32 to)
{
	u32 end = to;

	if (to >= choice->behind ||
	    !(is_plain(choice, to) || (choice->may_end && may_be_last(choice, to))))
		return to;
	do {
		end++;
	} while (end < choice->behind && !(choice->marks[end] & REGION_MARK_START));
	return may_have(choice, from, end) ? end : to;
}

/*
 * Where a jump to a return thunk was compiled, the kernel writes a short return and int3s after
 * it. Return: where a region ends that is too short without them.
 */
static u32 with_fill(const struct choice *choice, u32 from, u32 to)
{
	u32 end = to;

	while (end - from < choice->least && choice->marks[end] & REGION_MARK_FILL)
		end++;
	return may_have(choice, from, end) ? end : to;
}

static void mark_taken(const struct choice *choice, u32 from, u32 to)
{
	u32 i;

	for (i = from; i < to; i++)
		choice->marks[i] |= REGION_MARK_TAKEN;
}

static void take(const struct choice *choice, u32 from, u32 to, struct region *region)
{
	mark_taken(choice, from, to);
	*region = (struct region){
		.before = choice->at - from,
		.length = to - from,
		.inside = from != choice->at || to != choice->next,
		.why = REGION_OK,
	};
}

/* A jump that cannot be relocated, or is not free, has no region. */
static bool may_have_jump(const struct choice *choice)
{
	return choice->from <= choice->at && may_have(choice, choice->at, choice->next);
}

/* The jump, and before it no more than is needed. */
static void choose_before(const struct choice *choice, struct region *region)
{
	u32 from = choice->at;

	while (choice->next - from < choice->least) {
		u32 before = grow_front(choice, from, choice->next);

		if (before == from) {
			if (!are_free(choice, step_back(choice, from), from))
				region->why = REGION_RESERVED;
			return;
		}
		from = before;
	}
	take(choice, from, choice->next, region);
}

/* From @from on, and after the jump no further than needed. Return: is it long enough? */
static bool choose_both(const struct choice *choice, u32 from, struct region *region)
{
	u32 to = choice->next;

	while (to - from < choice->least) {
		u32 end = grow_behind(choice, from, to);

		if (end == to && choice->may_end)
			end = with_fill(choice, from, to);
		if (end == to)
			return false;
		to = end;
	}
	take(choice, from, to, region);
	return true;
}

/* The jump and what follows it; only if that is too little, what precedes it as well. */
static void choose_behind(const struct choice *choice, struct region *region)
{
	u32 from = choice->at, before = from;

	do {
		from = before;
		if (choose_both(choice, from, region))
			return;
		before = grow_front(choice, from, choice->next);
	} while (before != from);
}

/* Where an instruction ends that begins at @at, in a block that ends at @end. */
static u32 step_over(const struct choice *choice, u32 at, u32 end)
{
	do {
		at++;
	} while (at < end && !(choice->marks[at] & REGION_MARK_START));
	return at;
}

/* Instructions from @choice->at on, as few as will do, in a block that ends at @end. */
static void choose_passage(const struct choice *choice, u32 end, struct region *region)
{
	u32 from = choice->at, to = from;

	while (to - from < choice->least && to < end) {
		if (!(is_plain(choice, to) || may_be_last(choice, to)))
			return;
		to = step_over(choice, to, end);
	}
	to = with_fill(choice, from, to);
	if (to - from < choice->least || !may_have(choice, from, to))
		return;
	take(choice, from, to, region);
	region->before = region->length;
	region->inside = step_over(choice, from, end) < to;
}

/* --- islands --- see struct region --------------------------------------------------------- */

/* Where an island may begin, from the first byte of the short jump to its second jump. */
#define ISLAND_BACK	128U
#define ISLAND_AHEAD	(REGION_SHORT_LEN + 127U - REGION_JUMP_LEN)

static void give_back(const struct choice *choice, u32 from, u32 to)
{
	u32 i;

	for (i = from; i < to; i++)
		choice->marks[i] &= ~REGION_MARK_TAKEN;
}

/*
 * Plain instructions from @at on, enough for an island. None begins where the second jump does:
 * there another user's kprobe would be accepted, and would copy that jump. Return: where they end,
 * or 0.
 */
static u32 island_end(const struct choice *choice, u32 at, u32 end)
{
	u32 to = at;

	while (to - at < REGION_ISLAND_LEN) {
		if (to >= end || !is_plain(choice, to))
			return 0;
		to = step_over(choice, to, end);
	}
	if (choice->marks[at + REGION_JUMP_LEN] & REGION_MARK_START)
		return 0;
	return may_have(choice, at, to) ? to : 0;
}

/*
 * Where an island may begin in a block at the earliest: after the instruction of the block's site,
 * which may get a breakpoint or a passage. In an entry block that is after the entry's site.
 */
static u32 island_from(const struct choice *choice, const struct flow_block *block, u32 end)
{
	u32 at = choice->start + (block->site != FLOW_NONE ? block->site : block->offset);

	return at < end ? step_over(choice, at, end) : end;
}

/* For a region at @from, in one block. Return: is there one? */
static bool find_island_in(const struct choice *choice, const struct flow_block *block, u32 from,
			   struct region *region)
{
	u32 end = choice->start + block->offset + block->size, to;
	u32 at = island_from(choice, block, end);

	for (; at < end && at <= from + ISLAND_AHEAD; at = step_over(choice, at, end)) {
		if (at + ISLAND_BACK < from)
			continue;
		to = island_end(choice, at, end);
		if (!to)
			continue;
		mark_taken(choice, at, to);
		region->island = (s32)(at - from);
		region->island_length = to - at;
		return true;
	}
	return false;
}

/* In the blocks around one. */
static bool find_island(const struct region_finder *f, const struct choice *choice, u32 block,
			u32 from, struct region *region)
{
	const struct flow_block *blocks = f->flow->blocks;
	const struct flow_function *function = &f->in->functions[blocks[block].function];
	u32 first = function->first_block, end = first + function->blocks, i;

	for (i = block + 1; i-- > first &&
	     choice->start + blocks[i].offset + blocks[i].size + ISLAND_BACK > from;)
		if (find_island_in(choice, &blocks[i], from, region))
			return true;
	for (i = block + 1; i < end && choice->start + blocks[i].offset <= from + ISLAND_AHEAD; i++)
		if (find_island_in(choice, &blocks[i], from, region))
			return true;
	return false;
}

/* A region at @from is too short for a near jump: without an island there is none. */
static void choose_island(const struct region_finder *f, const struct choice *choice, u32 block,
			  u32 from, struct region *region)
{
	if (!region->length || region->length >= REGION_JUMP_LEN ||
	    find_island(f, choice, block, from, region))
		return;
	give_back(choice, from, from + region->length);
	*region = (struct region){ .why = REGION_SHORT };
}

/* --- passages ------------------------------------------------------------------------------ */

/* From @offset in its function on. Return: where the block ends in its text. */
static u32 passage_init(const struct region_finder *f, const struct flow_block *block, u32 offset,
			u32 least, struct choice *choice)
{
	const struct text_span *text = text_map_find(f->texts, function_address(f, block));
	u32 start = function_address(f, block) - text->base;

	*choice = (struct choice){
		.marks = f->marks + text->first,
		.start = start,
		.least = least,
		.at = start + offset,
	};
	return start + block->offset + block->size;
}

/*
 * The region of a function's entry, if that has an fentry site. Entering the function executes
 * what precedes the site, usually an endbr64, as long as all of that is in the first block.
 */
static void find_entry_region(struct region_finder *f, u32 index, u32 least,
			      struct region *region)
{
	const struct flow_function *function = &f->in->functions[index];
	const struct flow_block *block = &f->flow->blocks[function->first_block];
	struct choice choice;
	u32 end;

	*region = (struct region){ .why = REGION_SHORT };
	if (!function->blocks || function->entry == FLOW_ENTRY_UNKNOWN ||
	    !(block->flags & FLOW_BLOCK_ENTRY))
		return;
	end = passage_init(f, block, function->entry, least, &choice);
	if (!(choice.marks[choice.at] & REGION_MARK_FENTRY))
		return;
	choice.at += FLOW_PATCHED_LEN;
	/* A branch to there would be counted as an entry. */
	if (choice.at >= end || choice.marks[choice.at] & REGION_MARK_ENTERED)
		return;
	choose_passage(&choice, end, region);
	choose_island(f, &choice, function->first_block, choice.at, region);
}

/* The region of a block: to reach its site's first byte is to pass the block. */
static void find_block_region(struct region_finder *f, u32 index, u32 least,
			      struct region *region)
{
	const struct flow_block *block = &f->flow->blocks[index];
	struct choice choice;
	u32 end;

	pure_rest();
	*region = (struct region){ .why = REGION_SHORT };
	if (block->site == FLOW_NONE)
		return;
	end = passage_init(f, block, block->site, least, &choice);
	choose_passage(&choice, end, region);
	choose_island(f, &choice, index, choice.at, region);
}

/* --- all of them --------------------------------------------------------------------------- */

static bool is_unsure(const struct region_finder *f, u32 block)
{
	return f->in->functions[f->flow->blocks[block].function].unsure;
}

static void choose_front(struct region_finder *f, u32 branch)
{
	struct region *region = &f->regions->branches[branch];
	struct choice choice;

	pure_rest();
	*region = (struct region){ .why = REGION_SHORT };
	choice_init(f, branch, &choice);
	if (is_unsure(f, f->flow->branches[branch].block))
		region->why = REGION_UNSURE;
	else if (!may_have_jump(&choice))
		region->why = REGION_RESERVED;
	else
		choose_before(&choice, region);
}

static void choose_back(struct region_finder *f, u32 branch, bool may_end)
{
	struct region *region = &f->regions->branches[branch];
	struct choice choice;

	if (region->length || region->why == REGION_UNSURE)
		return;
	choice_init(f, branch, &choice);
	choice.may_end = may_end;
	if (may_have_jump(&choice))
		choose_behind(&choice, region);
}

/* The jump alone, with an island. */
static void choose_with_island(struct region_finder *f, u32 branch)
{
	struct region *region = &f->regions->branches[branch];
	const struct region none = *region;
	struct choice choice;

	if (region->length || region->why == REGION_UNSURE)
		return;
	choice_init(f, branch, &choice);
	if (!may_have_jump(&choice))
		return;
	take(&choice, choice.at, choice.next, region);
	choose_island(f, &choice, f->flow->branches[branch].block, choice.at, region);
	if (!region->length)
		*region = none;
}

/*
 * All regions that extend before jumps are chosen first: they do not compete with each other, and
 * need no other block. Then come those that extend after a jump; then those that end with a call
 * or the like, because the CPU mispredicts the return of a call that a push and a jump emulate;
 * and last those with an island, where executing the island's own code costs two jumps more.
 */
static void choose_branches(struct region_finder *f)
{
	u32 i;

	for (i = 0; i < f->flow->nr_branches; i++)
		choose_front(f, i);
	for (i = 0; i < f->flow->nr_branches; i++)
		choose_back(f, i, false);
	for (i = 0; i < f->flow->nr_branches; i++)
		choose_back(f, i, true);
	for (i = 0; i < f->flow->nr_branches; i++)
		choose_with_island(f, i);
}

static void choose_passages(struct region_finder *f, u32 least)
{
	struct region_table *regions = f->regions;
	u32 i;

	for (i = 0; i < f->in->nr_functions; i++)
		if (!regions->entries[i].length && !f->in->functions[i].unsure)
			find_entry_region(f, i, least, &regions->entries[i]);
	for (i = 0; i < f->flow->nr_blocks; i++)
		if (!regions->blocks[i].length && !is_unsure(f, i))
			find_block_region(f, i, least, &regions->blocks[i]);
}

/*
 * Passages come after all jumps: ftrace has entries as well, and few blocks need a site. Those
 * with an island come last.
 */
static void find_passages(struct region_finder *f)
{
	const struct region unsure = { .why = REGION_UNSURE };
	u32 i;

	for (i = 0; i < f->in->nr_functions; i++)
		f->regions->entries[i] = unsure;
	for (i = 0; i < f->flow->nr_blocks; i++)
		f->regions->blocks[i] = unsure;
	choose_passages(f, REGION_JUMP_LEN);
	choose_passages(f, REGION_SHORT_LEN);
}

void region_find(struct region_marks *marks, const struct flow *flow,
		 struct region_table *regions)
{
	struct region_finder f = { marks->in, &marks->texts, marks->marks, flow, regions };

	choose_branches(&f);
	if (regions->entries)
		find_passages(&f);
}
