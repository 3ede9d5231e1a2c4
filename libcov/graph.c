// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * graph.c - control flow between blocks. May call cov.c and snapshot.c.
 *
 * The kernel's tables say where conditional jumps go and which blocks are adjacent, but
 * not how a block without a conditional jump ends. Its last bytes are examined instead,
 * without decoding: good enough for ordering places and drawing them, and nothing else
 * depends on it.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct cov_flow {
	struct graph graph;
};

static uint64_t block_address(const struct snapshot_target *target, uint32_t block)
{
	const struct cov_block *b = &target->blocks[block];

	return target->functions[b->function].address + b->offset;
}

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
 * How does a block that ends before @end end? @tail has its last @length bytes. Return:
 * true if control does not fall through; @to: where it goes instead, COV_NONE if it
 * leaves the blocks.
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
 * %gs:__stack_chk_guard(%rip),%reg, and jumps to a call that never returns: no test gets
 * there, and the code next to that call does not follow it. @jump is preceded by @before
 * bytes of the same block.
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

/* @text: the function's bytes, or NULL if they are not available */
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

static bool has_unhit(const struct snapshot_target *target, const struct cov_function *f)
{
	uint32_t i;

	for (i = 0; i < f->blocks; i++)
		if (target->blocks[f->first_block + i].covered == COV_NO)
			return true;
	return false;
}

/* Text is read only where it is needed. */
static bool is_wanted(const struct snapshot_target *target, uint32_t function, uint32_t which)
{
	const struct cov_function *f = &target->functions[function];

	if (which == GRAPH_UNHIT)
		return has_unhit(target, f);
	return which == GRAPH_ALL || function == which ||
	       (f->flags & COV_FUNCTION_COLD && f->parent == which);
}

static void link_all(struct cov *cov, struct graph *graph, uint32_t which)
{
	const struct snapshot_target *target = graph->target;
	const struct cov_target_info *info = &target->info;
	uint32_t i;

	for (i = 0; i < info->functions; i++) {
		const struct cov_function *f = &target->functions[i];
		uint8_t *text = NULL;

		if (!is_wanted(target, i, which))
			continue;
		if (info->state == COV_TARGET_LIVE)
			text = malloc(f->size);
		/* It may have been unloaded since: then continue without. */
		if (text && cov_text(cov, info->target, f->address, text, f->size)) {
			free(text);
			text = NULL;
		}
		link_function(graph, f, text);
		free(text);
	}
	cov_begin(cov);
}

void cov_graph_free(struct graph *graph)
{
	free(graph->next);
	free(graph->jcc);
	free(graph->canary);
	free(graph->by_address);
	memset(graph, 0, sizeof(*graph));
}

int cov_graph_build(struct cov *cov, struct graph *graph,
		    const struct snapshot_target *target, uint32_t which)
{
	size_t blocks = (size_t)target->info.blocks + 1;
	uint32_t i;

	memset(graph, 0, sizeof(*graph));
	graph->target = target;
	graph->next = malloc(blocks * sizeof(*graph->next));
	graph->jcc = calloc(blocks, sizeof(*graph->jcc));
	graph->canary = calloc(blocks, sizeof(*graph->canary));
	graph->by_address = malloc(blocks * sizeof(*graph->by_address));
	if (!graph->next || !graph->jcc || !graph->canary || !graph->by_address) {
		cov_graph_free(graph);
		return cov_fail(cov, ENOMEM, "no memory for the control flow");
	}
	for (i = 0; i < target->info.blocks; i++) {
		graph->by_address[i] = i;
		graph->next[i][0] = graph->next[i][1] = COV_NONE;
	}
	qsort_r(graph->by_address, target->info.blocks, sizeof(*graph->by_address),
		compare_address, (void *)target);
	link_all(cov, graph, which);
	return 0;
}

/* ---- access ------------------------------------------------------------ */

COV_PUBLIC int cov_flow_open(struct cov *cov, const struct cov_snapshot *snapshot,
			     unsigned int t, unsigned int function, struct cov_flow **out)
{
	struct cov_flow *flow;
	int ret;

	cov_begin(cov);
	*out = NULL;
	if (t >= snapshot->count ||
	    (function != COV_NONE && function >= snapshot->targets[t].info.functions))
		return cov_fail(cov, ERANGE, "there is no such function in the snapshot");
	flow = calloc(1, sizeof(*flow));
	if (!flow)
		return cov_fail(cov, ENOMEM, "no memory for the control flow");
	ret = cov_graph_build(cov, &flow->graph, &snapshot->targets[t],
			      function == COV_NONE ? GRAPH_ALL : function);
	if (ret) {
		free(flow);
		return ret;
	}
	*out = flow;
	return 0;
}

COV_PUBLIC void cov_flow_close(struct cov_flow *flow)
{
	if (!flow)
		return;
	cov_graph_free(&flow->graph);
	free(flow);
}

COV_PUBLIC int cov_flow_next(const struct cov_flow *flow, unsigned int block,
			     unsigned int *behind, unsigned int *jump)
{
	if (block >= flow->graph.target->info.blocks)
		return cov_errno(ERANGE);
	*behind = flow->graph.next[block][0];
	*jump = flow->graph.next[block][1];
	return 0;
}
