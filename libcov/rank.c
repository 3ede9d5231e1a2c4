// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * rank.c - orders what was not reached by how much would be won. May call
 * cov.c and snapshot.c.
 *
 * The kernel's tables say where conditional jumps go and which blocks lie next
 * to each other, but not how a block without a conditional jump ends. Its last
 * bytes are looked at instead, without decoding: good enough to order places by,
 * and nothing else depends on it.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct cov_ranking {
	struct cov_unhit *places;
	size_t count;
	size_t room;
};

/*
 * struct graph - one target's flow
 * @next: two successors for each block, COV_NONE where there is none: [0] the
 *	  block behind it, [1] where its jump goes
 * @jcc: does it end in a conditional jump?
 * @canary: is that the check of the stack protector?
 * @by_address: all block indices, ordered by address
 * @seen: for each block the number of the walk that saw it last
 * @stack: room for a walk
 */
struct graph {
	const struct snapshot_target *target;
	uint32_t (*next)[2];
	bool *jcc;
	bool *canary;
	uint32_t *by_address;
	uint32_t *seen;
	uint32_t *stack;
	uint32_t walk;
};

static uint64_t block_address(const struct snapshot_target *target, uint32_t block)
{
	const struct cov_block *b = &target->blocks[block];

	return target->functions[b->function].address + b->offset;
}

/* A cold part belongs to its function. */
static uint32_t whole_function(const struct snapshot_target *target, uint32_t function)
{
	const struct cov_function *f = &target->functions[function];

	return f->flags & COV_FUNCTION_COLD && f->parent != COV_NONE ? f->parent : function;
}

/* ---- the graph --------------------------------------------------------- */

static int compare_address(const void *a, const void *b, void *target)
{
	uint64_t x = block_address(target, *(const uint32_t *)a);
	uint64_t y = block_address(target, *(const uint32_t *)b);

	return x < y ? -1 : x > y;
}

/* The block that begins at @address, or COV_NONE. */
static uint32_t block_at(const struct graph *graph, uint64_t address)
{
	uint32_t low = 0, high = graph->target->info.blocks;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint64_t found = block_address(graph->target, graph->by_address[middle]);

		if (found == address)
			return graph->by_address[middle];
		if (found < address)
			low = middle + 1;
		else
			high = middle;
	}
	return COV_NONE;
}

/*
 * How does a block that ends before @end end? @tail has its last @length bytes.
 * Return: true if control does not go on behind it; @to: where it goes instead,
 * COV_NONE if away.
 */
static bool ends_in_jump(const struct graph *graph, const uint8_t *tail, size_t length,
			 uint64_t end, uint32_t *to)
{
	const uint8_t *stop = tail + length;
	int32_t far;

	*to = COV_NONE;
	if (length >= 5 && stop[-5] == 0xe9) {		/* jmp rel32 */
		memcpy(&far, stop - 4, sizeof(far));
		*to = block_at(graph, end + (int64_t)far);
		return true;
	}
	if (length >= 2 && stop[-2] == 0xeb) {		/* jmp rel8 */
		*to = block_at(graph, end + (int8_t)stop[-1]);
		if (*to != COV_NONE)
			return true;
	}
	if (length >= 2 && stop[-2] == 0xff && (stop[-1] & 0xf8) == 0xe0)
		return true;				/* jmp *reg */
	if (length >= 2 && stop[-2] == 0x0f && stop[-1] == 0x0b)
		return true;				/* ud2 */
	return length >= 1 && (stop[-1] == 0xc3 || stop[-1] == 0xcc);
}

/*
 * The stack protector compares its canary, sub %gs:40,%reg or sub
 * %gs:__stack_chk_guard(%rip),%reg, and jumps to a call that never returns: no test
 * gets there, and what lies next to that call is not behind it. @jump has @before
 * bytes of the same block in front of it.
 */
static bool checks_canary(const uint8_t *jump, size_t before)
{
	static const uint8_t disp32[] = { 0x25, 40, 0, 0, 0 };

	if (before >= 9 && jump[-9] == 0x65 && (jump[-8] & 0xf8) == 0x48 &&
	    jump[-7] == 0x2b && (jump[-6] & 0xc7) == 0x04 &&
	    !memcmp(jump - 5, disp32, sizeof(disp32)))
		return true;
	return before >= 8 && jump[-8] == 0x65 && (jump[-7] & 0xf8) == 0x48 &&
	       jump[-6] == 0x2b && (jump[-5] & 0xc7) == 0x05;
}

/* @text: the function's bytes, or NULL if they cannot be had */
static void link_function(struct graph *graph, const struct cov_function *f,
			  const uint8_t *text)
{
	const struct snapshot_target *target = graph->target;
	uint32_t last = f->first_block + f->blocks;
	uint32_t i;

	for (i = f->first_branch; i < f->first_branch + f->branches; i++) {
		const struct cov_branch *b = &target->branches[i];
		uint32_t begin = target->blocks[b->block].offset;

		graph->jcc[b->block] = true;
		graph->next[b->block][1] = block_at(graph, b->target);
		if (text && b->offset >= begin && b->offset <= f->size)
			graph->canary[b->block] = checks_canary(text + b->offset,
								b->offset - begin);
	}
	for (i = f->first_block; i < last; i++) {
		const struct cov_block *b = &target->blocks[i];
		uint64_t end = (uint64_t)b->offset + b->size;

		if (i + 1 < last && b[1].offset == end)
			graph->next[i][0] = i + 1;
		if (!text || graph->jcc[i] || end > f->size)
			continue;
		if (ends_in_jump(graph, text + b->offset, b->size, f->address + end,
				 &graph->next[i][1]))
			graph->next[i][0] = COV_NONE;
	}
}

/* Text is only worth reading where there is something to reach. */
static bool has_unhit(const struct snapshot_target *target, const struct cov_function *f)
{
	uint32_t i;

	for (i = 0; i < f->blocks; i++)
		if (target->blocks[f->first_block + i].covered == COV_NO)
			return true;
	return false;
}

static void link_all(struct cov *cov, struct graph *graph)
{
	const struct snapshot_target *target = graph->target;
	const struct cov_target_info *info = &target->info;
	uint32_t i;

	for (i = 0; i < info->functions; i++) {
		const struct cov_function *f = &target->functions[i];
		uint8_t *text = NULL;

		if (!has_unhit(target, f))
			continue;
		if (info->state == COV_TARGET_LIVE)
			text = malloc(f->size);
		/* It may have been unloaded since: then do without. */
		if (text && cov_text(cov, info->target, f->address, text, f->size)) {
			free(text);
			text = NULL;
		}
		link_function(graph, f, text);
		free(text);
	}
	cov_begin(cov);
}

static void graph_free(struct graph *graph)
{
	free(graph->next);
	free(graph->jcc);
	free(graph->canary);
	free(graph->by_address);
	free(graph->seen);
	free(graph->stack);
}

/* Functions without a block that did not run are not linked: nothing asks. */
static int graph_build(struct cov *cov, struct graph *graph,
		       const struct snapshot_target *target)
{
	size_t blocks = (size_t)target->info.blocks + 1;
	uint32_t i;

	memset(graph, 0, sizeof(*graph));
	graph->target = target;
	graph->next = malloc(blocks * sizeof(*graph->next));
	graph->jcc = calloc(blocks, sizeof(*graph->jcc));
	graph->canary = calloc(blocks, sizeof(*graph->canary));
	graph->by_address = malloc(blocks * sizeof(*graph->by_address));
	graph->seen = calloc(blocks, sizeof(*graph->seen));
	graph->stack = malloc(blocks * sizeof(*graph->stack));
	if (!graph->next || !graph->jcc || !graph->canary || !graph->by_address ||
	    !graph->seen || !graph->stack) {
		graph_free(graph);
		return cov_fail(cov, ENOMEM, "no memory for the control flow");
	}
	for (i = 0; i < target->info.blocks; i++) {
		graph->by_address[i] = i;
		graph->next[i][0] = graph->next[i][1] = COV_NONE;
	}
	qsort_r(graph->by_address, target->info.blocks, sizeof(*graph->by_address),
		compare_address, (void *)target);
	link_all(cov, graph);
	return 0;
}

/* Put @block on the stack, unless it ends the walk. */
static void visit(struct graph *graph, uint32_t block, uint32_t whole, uint32_t *depth)
{
	const struct snapshot_target *target = graph->target;

	if (block == COV_NONE || graph->seen[block] == graph->walk ||
	    target->blocks[block].covered == COV_YES ||
	    whole_function(target, target->blocks[block].function) != whole)
		return;
	graph->seen[block] = graph->walk;
	graph->stack[(*depth)++] = block;
}

/*
 * Blocks that did not run, reachable from @block without passing one that did,
 * inside its function and the cold parts of that.
 */
static uint32_t count_behind(struct graph *graph, uint32_t block, uint32_t whole)
{
	uint32_t depth = 0;
	uint32_t count = 0;

	graph->walk++;
	visit(graph, block, whole, &depth);
	while (depth) {
		uint32_t at = graph->stack[--depth];

		count += graph->target->blocks[at].covered == COV_NO;
		visit(graph, graph->next[at][0], whole, &depth);
		visit(graph, graph->next[at][1], whole, &depth);
	}
	return count;
}

/* ---- the places -------------------------------------------------------- */

static void copy_text(char *to, size_t size, const char *from)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

static struct cov_unhit *add_place(struct cov *cov, struct cov_ranking *ranking,
				   const struct snapshot_target *target, unsigned int t,
				   uint32_t function)
{
	const struct cov_function *f = &target->functions[function];
	struct cov_unhit *place;

	if (ranking->count == ranking->room) {
		size_t room = ranking->room ? 2 * ranking->room : 64;

		place = realloc(ranking->places, room * sizeof(*place));
		if (!place) {
			cov_fail(cov, ENOMEM, "no memory for a ranking");
			return NULL;
		}
		ranking->places = place;
		ranking->room = room;
	}
	place = &ranking->places[ranking->count++];
	memset(place, 0, sizeof(*place));
	place->target = target->info.target;
	place->target_index = t;
	place->function = function;
	place->branch = COV_NONE;
	place->address = f->address;
	place->levels = f->levels;
	copy_text(place->module, sizeof(place->module), target->info.module);
	copy_text(place->function_name, sizeof(place->function_name),
		  target->names + f->name);
	return place;
}

static int add_side(struct cov *cov, struct cov_ranking *ranking, struct graph *graph,
		    unsigned int t, uint32_t branch, bool taken)
{
	const struct snapshot_target *target = graph->target;
	const struct cov_branch *b = &target->branches[branch];
	struct cov_unhit *place;

	place = add_place(cov, ranking, target, t, b->function);
	if (!place)
		return -ENOMEM;
	place->kind = COV_UNHIT_OUTCOME;
	place->branch = branch;
	place->taken = taken;
	place->condition = b->condition;
	place->address += b->offset;
	place->offset = b->offset;
	if (cov_is_counted(&target->info))
		place->other_hits = taken ? b->not_taken_hits : b->taken_hits;
	if (!graph->canary[b->block])
		place->behind = count_behind(graph, graph->next[b->block][taken],
					     whole_function(target, b->function));
	return 0;
}

/* The frontier: branches that ran, but never to one of their sides. */
static int add_sides(struct cov *cov, struct cov_ranking *ranking, struct graph *graph,
		     unsigned int t, uint64_t levels)
{
	const struct snapshot_target *target = graph->target;
	int ret = 0;
	uint32_t i;

	for (i = 0; !ret && i < target->info.branches; i++) {
		const struct cov_branch *b = &target->branches[i];

		if (target->blocks[b->block].covered != COV_YES ||
		    !(target->functions[b->function].levels & levels))
			continue;
		/* Both sides unhit: a call before it did not come back. */
		if (b->taken == COV_NO && b->not_taken != COV_NO)
			ret = add_side(cov, ranking, graph, t, i, true);
		else if (b->not_taken == COV_NO && b->taken != COV_NO)
			ret = add_side(cov, ranking, graph, t, i, false);
	}
	return ret;
}

/* Blocks that did not run, by function; cold parts count for theirs. */
static uint32_t *count_unhit(struct cov *cov, const struct snapshot_target *target)
{
	uint32_t *unhit = calloc((size_t)target->info.functions + 1, sizeof(*unhit));
	uint32_t i;

	if (!unhit) {
		cov_fail(cov, ENOMEM, "no memory for a ranking");
		return NULL;
	}
	for (i = 0; i < target->info.blocks; i++)
		if (target->blocks[i].covered == COV_NO)
			unhit[whole_function(target, target->blocks[i].function)]++;
	return unhit;
}

static int add_functions(struct cov *cov, struct cov_ranking *ranking,
			 const struct snapshot_target *target, unsigned int t,
			 uint64_t levels)
{
	uint32_t *unhit = count_unhit(cov, target);
	uint32_t i;

	if (!unhit)
		return -ENOMEM;
	for (i = 0; i < target->info.functions; i++) {
		const struct cov_function *f = &target->functions[i];
		struct cov_unhit *place;

		if (f->flags & COV_FUNCTION_COLD || !(f->levels & levels) ||
		    cov_function_entered(target, f) != COV_NO)
			continue;
		place = add_place(cov, ranking, target, t, i);
		if (!place) {
			free(unhit);
			return -ENOMEM;
		}
		place->kind = COV_UNHIT_FUNCTION;
		place->behind = unhit[i];
		place->offset = target->info.checkpoint_offset;
		place->address += place->offset;
	}
	free(unhit);
	return 0;
}

static int compare_numbers(uint64_t x, uint64_t y)
{
	return x < y ? -1 : x > y;
}

static int compare_places(const void *a, const void *b)
{
	const struct cov_unhit *x = a, *y = b;
	int order;

	order = compare_numbers(y->kind, x->kind);	/* outcomes before functions */
	if (!order)
		order = compare_numbers(y->behind, x->behind);
	if (!order)
		order = compare_numbers(y->other_hits, x->other_hits);
	if (!order)
		order = compare_numbers(x->target_index, y->target_index);
	if (!order)
		order = compare_numbers(x->address, y->address);
	return order ? order : compare_numbers(x->taken, y->taken);
}

static int rank_target(struct cov *cov, struct cov_ranking *ranking,
		       const struct snapshot_target *target, unsigned int t,
		       uint64_t levels, unsigned int flags)
{
	struct graph graph;
	int ret;

	if (!(flags & COV_RANK_FUNCTIONS_ONLY)) {
		ret = graph_build(cov, &graph, target);
		if (ret)
			return ret;
		ret = add_sides(cov, ranking, &graph, t, levels);
		graph_free(&graph);
		if (ret)
			return ret;
	}
	return add_functions(cov, ranking, target, t, levels);
}

COV_PUBLIC int cov_rank(struct cov *cov, const struct cov_snapshot *snapshot,
			uint64_t levels, unsigned int flags, struct cov_ranking **out)
{
	struct cov_ranking *ranking;
	unsigned int t;
	int ret = 0;

	cov_begin(cov);
	*out = NULL;
	if (flags & ~COV_RANK_FUNCTIONS_ONLY)
		return cov_fail(cov, EINVAL, "a flag of cov_rank() that this libcov does not know");
	ranking = calloc(1, sizeof(*ranking));
	if (!ranking)
		return cov_fail(cov, ENOMEM, "no memory for a ranking");
	for (t = 0; !ret && t < snapshot->count; t++)
		ret = rank_target(cov, ranking, &snapshot->targets[t], t,
				  levels ? levels : COV_LEVELS_ALL, flags);
	if (ret) {
		cov_ranking_free(ranking);
		errno = -ret;
		return ret;
	}
	if (ranking->count)
		qsort(ranking->places, ranking->count, sizeof(*ranking->places),
		      compare_places);
	*out = ranking;
	return 0;
}

COV_PUBLIC void cov_ranking_free(struct cov_ranking *ranking)
{
	if (!ranking)
		return;
	free(ranking->places);
	free(ranking);
}

COV_PUBLIC size_t cov_ranking_count(const struct cov_ranking *ranking)
{
	return ranking->count;
}

COV_PUBLIC int cov_ranking_get(const struct cov_ranking *ranking, size_t i,
			       struct cov_unhit *out)
{
	struct cov_unhit place;

	if (i >= ranking->count) {
		errno = ERANGE;
		return -ERANGE;
	}
	place = ranking->places[i];
	return cov_give(out, &place, sizeof(place));
}
