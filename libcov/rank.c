// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * rank.c - orders what was not reached by how much would be gained. May call cov.c,
 * snapshot_get.c and graph.c.
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
 * struct walker - walks over one target's flow
 * @target: whose
 * @seen: for each block the number of the walk that saw it last
 * @stack: room for a walk
 * @walk: its number
 */
struct walker {
	const struct snapshot_target *target;
	uint32_t *seen;
	uint32_t *stack;
	uint32_t walk;
};

/* A cold part belongs to its function. */
static uint32_t whole_function(const struct snapshot_target *target, uint32_t function)
{
	const struct cov_function *f = &target->functions[function];

	return f->flags & COV_FUNCTION_COLD && f->parent != COV_NONE ? f->parent : function;
}

/* ---- walks -------------------------------------------------------------- */

static int walker_begin(struct cov *cov, struct walker *walker,
			const struct snapshot_target *target)
{
	size_t blocks = (size_t)target->info.blocks + 1;
	int ret;

	*walker = (struct walker){ .target = target };
	ret = cov_graph_check(cov, target);
	if (ret)
		return ret;
	walker->seen = calloc(blocks, sizeof(*walker->seen));
	walker->stack = malloc(blocks * sizeof(*walker->stack));
	return walker->seen && walker->stack ? 0 :
		cov_fail(cov, ENOMEM, "no memory for a ranking");
}

static void walker_end(struct walker *walker)
{
	free(walker->seen);
	free(walker->stack);
}

/* Put @block on the stack, unless it ends the walk. */
static void visit(struct walker *walker, uint32_t block, uint32_t whole, uint32_t *depth)
{
	const struct snapshot_target *target = walker->target;

	if (block == COV_NONE || walker->seen[block] == walker->walk ||
	    target->blocks[block].covered == COV_YES ||
	    whole_function(target, target->blocks[block].function) != whole)
		return;
	walker->seen[block] = walker->walk;
	walker->stack[(*depth)++] = block;
}

/*
 * Blocks that did not run, reachable from @block without passing one that did,
 * inside its function and the cold parts of that.
 */
static uint32_t count_behind(struct walker *walker, uint32_t block, uint32_t whole)
{
	const struct snapshot_target *target = walker->target;
	uint32_t depth = 0;
	uint32_t count = 0;

	walker->walk++;
	visit(walker, block, whole, &depth);
	while (depth) {
		uint32_t at = walker->stack[--depth];

		count += target->blocks[at].covered == COV_NO;
		visit(walker, target->edges[at].next, whole, &depth);
		visit(walker, target->edges[at].jump, whole, &depth);
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

static int add_side(struct cov *cov, struct cov_ranking *ranking, struct walker *walker,
		    unsigned int t, uint32_t branch, bool taken)
{
	const struct snapshot_target *target = walker->target;
	const struct cov_branch *b = &target->branches[branch];
	const struct cov_block_edges *edges = &target->edges[b->block];
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
	if (!(edges->flags & COV_EDGES_CANARY))
		place->behind = count_behind(walker, taken ? edges->jump : edges->next,
					     whole_function(target, b->function));
	return 0;
}

/* The frontier: branches that ran, but never took one of their sides. */
static int add_sides(struct cov *cov, struct cov_ranking *ranking, struct walker *walker,
		     unsigned int t, uint64_t levels)
{
	const struct snapshot_target *target = walker->target;
	int ret = 0;
	uint32_t i;

	for (i = 0; !ret && i < target->info.branches; i++) {
		const struct cov_branch *b = &target->branches[i];

		if (target->blocks[b->block].covered != COV_YES ||
		    !(target->functions[b->function].levels & levels))
			continue;
		/* If neither side was seen, a call before the branch did not return. */
		if (b->taken == COV_NO && b->not_taken != COV_NO)
			ret = add_side(cov, ranking, walker, t, i, true);
		else if (b->not_taken == COV_NO && b->taken != COV_NO)
			ret = add_side(cov, ranking, walker, t, i, false);
	}
	return ret;
}

/* Blocks that did not run, by function; those of a cold part count for its function. */
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
	struct walker walker;
	int ret;

	if (!(flags & COV_RANK_FUNCTIONS_ONLY)) {
		ret = walker_begin(cov, &walker, target);
		if (!ret)
			ret = add_sides(cov, ranking, &walker, t, levels);
		walker_end(&walker);
		if (ret)
			return ret;
	}
	return add_functions(cov, ranking, target, t, levels);
}

/* Places at one address are the same, unless modules were loaded there in turn. */
static int compare_identity(const void *a, const void *b)
{
	const struct cov_unhit *x = a, *y = b;
	int order = compare_numbers(x->address, y->address);

	if (!order)
		order = compare_numbers(x->kind, y->kind);
	return order ? order : compare_numbers(x->taken, y->taken);
}

/* Is @x a manual checkpoint's, while a module's own target has one of the @n @same places? */
static bool is_repeated(const struct cov_snapshot *snapshot, const struct cov_unhit *x,
			const struct cov_unhit *same, size_t n)
{
	const struct cov_target_info *info = &snapshot->targets[x->target_index].info;

	for (; cov_is_checkpoint(info) && n; n--, same++) {
		const struct cov_target_info *other = &snapshot->targets[same->target_index].info;

		if (!cov_is_checkpoint(other) && other->state == info->state &&
		    !strcmp(other->module, info->module))
			return true;
	}
	return false;
}

/*
 * A manual checkpoint's function may belong to a module that is attached as well. The two may
 * disagree about a place: one was armed later, or counts other tasks. If it is unhit in both, it
 * is listed once.
 */
static void drop_repeated(struct cov_ranking *ranking, const struct cov_snapshot *snapshot)
{
	struct cov_unhit *places = ranking->places;
	size_t from, to, i, left = 0;

	qsort(places, ranking->count, sizeof(*places), compare_identity);
	for (from = 0; from < ranking->count; from = to) {
		for (to = from; to < ranking->count; to++)
			if (compare_identity(&places[from], &places[to]))
				break;
		for (i = from; i < to; i++)
			if (!is_repeated(snapshot, &places[i], &places[from], to - from))
				places[left++] = places[i];
	}
	ranking->count = left;
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
	if (!levels)
		levels = COV_LEVELS_ALL;
	for (t = 0; !ret && t < snapshot->count; t++)
		ret = rank_target(cov, ranking, &snapshot->targets[t], t, levels, flags);
	if (ret) {
		cov_ranking_free(ranking);
		errno = -ret;
		return ret;
	}
	if (ranking->count) {
		drop_repeated(ranking, snapshot);
		qsort(ranking->places, ranking->count, sizeof(*ranking->places),
		      compare_places);
	}
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

	if (i >= ranking->count)
		return cov_set_errno(ERANGE);
	place = ranking->places[i];
	return cov_give(out, &place, sizeof(place));
}
