// SPDX-License-Identifier: GPL-2.0-only
/*
 * map_build.c - pictures of blocks and branches: one function, or the frontier.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"

/* ---- nodes and edges --------------------------------------------------- */

static const char what[] = "a map";

char *map_text(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = formatted(what, format, args);
	va_end(args);
	return text;
}

/* Where a key is, or would be. */
static size_t *slot_of(const struct map *map, uint64_t key)
{
	size_t at = key * 0x9e3779b97f4a7c15 >> 32;

	for (;; at++) {
		size_t *slot = &map->index[at & (map->room_index - 1)];

		if (*slot == MAP_NO_NODE || map->nodes[*slot].key == key)
			return slot;
	}
}

/* Half of it stays empty, so that probing ends. */
static void make_index(struct map *map)
{
	size_t i;

	if (2 * (map->nr_nodes + 1) <= map->room_index)
		return;
	map->room_index = map->room_index ? 2 * map->room_index : 256;
	map->index = sure(realloc(map->index, map->room_index * sizeof(*map->index)), what);
	for (i = 0; i < map->room_index; i++)
		map->index[i] = MAP_NO_NODE;
	for (i = 0; i < map->nr_nodes; i++)
		*slot_of(map, map->nodes[i].key) = i;
}

size_t map_find(const struct map *map, uint64_t key)
{
	return map->index ? *slot_of(map, key) : MAP_NO_NODE;
}

size_t map_add_node(struct map *map, const struct map_node *node)
{
	map->nodes = grown(map->nodes, map->nr_nodes, &map->room_nodes, sizeof(*map->nodes),
			   what);
	make_index(map);
	map->nodes[map->nr_nodes] = *node;
	*slot_of(map, node->key) = map->nr_nodes;
	return map->nr_nodes++;
}

struct map_edge *map_add_edge(struct map *map, size_t from, size_t to, const char *label,
			      uint64_t count, unsigned int state)
{
	struct map_edge *edge;

	map->edges = grown(map->edges, map->nr_edges, &map->room_edges, sizeof(*map->edges),
			   what);
	edge = &map->edges[map->nr_edges++];
	*edge = (struct map_edge){ .from = from, .to = to, .count = count, .state = state,
				   .taken = COV_UNKNOWN };
	snprintf(edge->label, sizeof(edge->label), "%s", label);
	return edge;
}

/* The name of the function that a node lies in, which the snapshot owns; "" for none. */
static const char *function_name(const struct map *map, const struct map_node *node)
{
	struct cov_function_desc f = COV_INIT(f);

	return map_box(node) == COV_NONE ||
	       cov_snapshot_function(names_snapshot(map->names), node->t, node->function, &f) ?
	       "" : f.name;
}

static int compare_numbers(uint64_t x, uint64_t y)
{
	return x < y ? -1 : x > y;
}

/* By the names of their functions; nodes of one function stay in the order of adding. */
static int compare_groups(const void *a, const void *b, void *data)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	const struct map *map = data;
	const struct map_node *m = &map->nodes[x], *n = &map->nodes[y];
	int order = strcmp(function_name(map, m), function_name(map, n));

	if (map_box(m) == COV_NONE && map_box(n) == COV_NONE)
		return compare_numbers(x, y);
	if (!order)
		order = compare_numbers(m->t, n->t);
	if (!order)
		order = compare_numbers(m->function, n->function);
	return order ? order : compare_numbers(x, y);
}

/* Each node's edges one after the other, as they were added: a counting sort. */
static void sort_edges(struct map *map)
{
	struct map_edge *sorted = sure(calloc(map->nr_edges + 1, sizeof(*sorted)), what);
	size_t *next = sure(calloc(map->nr_nodes + 2, sizeof(*next)), what);
	size_t i;

	for (i = 0; i < map->nr_edges; i++)
		next[map->edges[i].from + 1]++;
	for (i = 0; i < map->nr_nodes; i++)
		next[i + 1] += next[i];
	map->first_edge = sure(calloc(map->nr_nodes + 1, sizeof(*map->first_edge)), what);
	memcpy(map->first_edge, next, (map->nr_nodes + 1) * sizeof(*next));
	for (i = 0; i < map->nr_edges; i++)
		sorted[next[map->edges[i].from]++] = map->edges[i];
	free(map->edges);
	free(next);
	map->edges = sorted;
}

void map_finish(struct map *map)
{
	size_t i;

	sort_edges(map);
	map->order = sure(calloc(map->nr_nodes + 1, sizeof(*map->order)), what);
	for (i = 0; i < map->nr_nodes; i++)
		map->order[i] = i;
	if (map->nr_nodes)
		qsort_r(map->order, map->nr_nodes, sizeof(*map->order), compare_groups,
			map);
}

void map_free(struct map *map)
{
	size_t i;

	for (i = 0; i < map->nr_nodes; i++) {
		free(map->nodes[i].label);
		free(map->nodes[i].symbol);
		free(map->nodes[i].module);
	}
	free(map->nodes);
	free(map->edges);
	free(map->order);
	free(map->first_edge);
	free(map->index);
}

/* ---- one target -------------------------------------------------------- */

/* What blocks are drawn from. */
struct source {
	const struct cov_snapshot *snapshot;
	unsigned int t;
	bool counted;
	struct cov_flow *flow;
	struct cov_lines *lines;	/* or NULL */
};

static int source_open(struct source *source, struct cov *cov,
		       const struct cov_snapshot *snapshot, unsigned int t,
		       unsigned int function)
{
	struct cov_target_desc target = COV_INIT(target);

	*source = (struct source){ .snapshot = snapshot, .t = t };
	if (cov_flow_open(cov, snapshot, t, function, &source->flow))
		return fail_cov(cov);
	cov_snapshot_target(snapshot, t, &target);
	source->counted = target.counted;
	/* Without debug information the map has only offsets. */
	source->lines = open_lines(cov, snapshot, t);
	return EXIT_OK;
}

static void source_close(struct source *source)
{
	cov_lines_close(source->lines);
	cov_flow_close(source->flow);
}

/* Nodes of different targets have different keys. */
static uint64_t block_key(const struct source *source, unsigned int block)
{
	return (uint64_t)source->t << 32 | block;
}

static char *line_text(const struct source *source, const struct cov_block_desc *block)
{
	const char *file, *slash;
	unsigned int line;

	if (!source->lines || cov_lines_find(source->lines, block->function, block->offset,
					     &file, &line))
		return map_text("%s", "");
	slash = strrchr(file, '/');
	return map_text("\n%s:%u", slash ? slash + 1 : file, line);
}

static size_t block_node(struct map *map, const struct source *source, unsigned int block)
{
	struct cov_block_desc b = COV_INIT(b);
	size_t node = map_find(map, block_key(source, block));
	char *line;

	if (node != MAP_NO_NODE ||
	    cov_snapshot_block(source->snapshot, source->t, block, &b))
		return node;
	line = line_text(source, &b);
	node = map_add_node(map, &(struct map_node){
		.key = block_key(source, block),
		.label = map_text("0x%x-0x%x%s", b.offset, b.offset + b.length - 1, line),
		.t = source->t,
		.function = b.function,
		.state = b.covered,
		.kind = "block",
		.offset = b.offset,
	});
	free(line);
	return node;
}

/* The node to which all jumps lead that leave the target's blocks. */
static size_t elsewhere_node(struct map *map, const struct source *source)
{
	uint64_t key = block_key(source, COV_NONE);
	size_t node = map_find(map, key);

	if (node != MAP_NO_NODE)
		return node;
	return map_add_node(map, &(struct map_node){
		.key = key,
		.label = map_text("elsewhere"),
		.function = COV_NONE,
		.state = MAP_OUTSIDE,
		.kind = "elsewhere",
	});
}

static void add_side(struct map *map, const struct source *source,
		     const struct cov_branch_desc *branch, bool taken, unsigned int to)
{
	unsigned int known = taken ? branch->taken : branch->fallthrough;
	uint64_t hits = taken ? branch->taken_hits : branch->fallthrough_hits;
	size_t from = block_node(map, source, branch->block);
	size_t end = to == COV_NONE ? elsewhere_node(map, source) :
				      block_node(map, source, to);
	struct map_edge *edge;
	char label[48];

	snprintf(label, sizeof(label), "%s%s", known == COV_NO ? "never " : "",
		 taken ? "taken" : known == COV_NO ? "fell through" : "falls through");
	edge = map_add_edge(map, from, end, label, source->counted ? hits : 0, known);
	edge->taken = taken ? COV_YES : COV_NO;
}

static void add_branch(struct map *map, const struct source *source,
		       const struct cov_branch_desc *branch)
{
	unsigned int behind, jump;

	if (cov_flow_next(source->flow, branch->block, &behind, &jump))
		return;
	add_side(map, source, branch, false, behind);
	add_side(map, source, branch, true, jump);
}

/* ---- one function ------------------------------------------------------ */

/* An unconditional edge is as certain as both its ends. */
static unsigned int edge_state(const struct map *map, size_t from, size_t to)
{
	unsigned int a = map->nodes[from].state, b = map->nodes[to].state;

	if (a == COV_NO || b == COV_NO)
		return COV_NO;
	return a == COV_YES && b == COV_YES ? COV_YES : COV_UNKNOWN;
}

static void add_edge_to(struct map *map, const struct source *source, unsigned int block,
			unsigned int to)
{
	size_t from = block_node(map, source, block);
	size_t end;

	if (to == COV_NONE)
		return;
	end = block_node(map, source, to);
	map_add_edge(map, from, end, "", 0, edge_state(map, from, end));
}

static bool ends_in_branch(const struct source *source, const struct cov_function_desc *f,
			   unsigned int block)
{
	struct cov_branch_desc branch = COV_INIT(branch);
	unsigned int i;

	for (i = 0; i < f->branches; i++)
		if (!cov_snapshot_branch(source->snapshot, source->t, f->first_branch + i,
					 &branch) && branch.block == block)
			return true;
	return false;
}

static void add_function(struct map *map, const struct source *source,
			 const struct cov_function_desc *f)
{
	struct cov_branch_desc branch = COV_INIT(branch);
	unsigned int behind, jump;
	unsigned int i;

	/* First all blocks, so that they are in order. */
	for (i = 0; i < f->blocks; i++)
		block_node(map, source, f->first_block + i);
	for (i = 0; i < f->branches; i++)
		if (!cov_snapshot_branch(source->snapshot, source->t, f->first_branch + i,
					 &branch))
			add_branch(map, source, &branch);
	for (i = f->first_block; i < f->first_block + f->blocks; i++) {
		if (ends_in_branch(source, f, i) ||
		    cov_flow_next(source->flow, i, &behind, &jump))
			continue;
		add_edge_to(map, source, i, behind);
		add_edge_to(map, source, i, jump);
	}
}

/* The function to draw; false after a message. */
static bool find_drawn(const struct map *map, const struct place_name *name, unsigned int *t,
		       unsigned int *function)
{
	const struct cov_snapshot *snapshot = names_snapshot(map->names);
	struct cov_function_desc f = COV_INIT(f);
	char whole[PLACE_LEN];

	if (!find_function(snapshot, name, "attached, or watched with --auto", t, function))
		return false;
	cov_snapshot_function(snapshot, *t, *function, &f);
	if (f.parent == COV_NONE)
		return true;
	place_text(map->names, *t, f.parent, 0, whole);
	fail("%s is not a function of its own but a part of %s; use --function '%s'", f.name,
	     whole, whole);
	return false;
}

/* Is function @i that with index @whole, or a cold part of it? */
static bool is_part_of(const struct cov_snapshot *snapshot, unsigned int t, unsigned int i,
		       unsigned int whole)
{
	struct cov_function_desc f = COV_INIT(f);

	return i == whole ||
	       (!cov_snapshot_function(snapshot, t, i, &f) && f.parent == whole);
}

int map_function(struct map *map, struct cov *cov, const struct cov_snapshot *snapshot,
		 const struct place_name *function)
{
	struct cov_function_desc f = COV_INIT(f);
	struct source source;
	unsigned int t, index, i;

	if (!find_drawn(map, function, &t, &index))
		return EXIT_ERROR;
	if (source_open(&source, cov, snapshot, t, index))
		return EXIT_ERROR;
	for (i = 0; !cov_snapshot_function(snapshot, t, i, &f); i++)
		if (is_part_of(snapshot, t, i, index))
			add_function(map, &source, &f);
	source_close(&source);
	return EXIT_OK;
}

/* ---- the frontier ------------------------------------------------------ */

static void add_place(struct map *map, const struct source *source,
		      const struct cov_unhit *place)
{
	struct cov_branch_desc branch = COV_INIT(branch);
	struct map_edge *edge;

	if (cov_snapshot_branch(source->snapshot, source->t, place->branch, &branch))
		return;
	add_branch(map, source, &branch);
	if (place->behind < 2)
		return;
	/* The sides have just been added: not taken, taken. */
	edge = &map->edges[map->nr_edges - 2 + place->taken];
	snprintf(edge->label, sizeof(edge->label), "never %s, %u blocks",
		 place->taken ? "taken" : "fell through", place->behind);
}

/* @function: index, or COV_NONE for all */
static int add_places(struct map *map, struct cov *cov, const struct cov_snapshot *snapshot,
		      unsigned int t, const struct cov_ranking *ranking, unsigned int function)
{
	struct cov_unhit place = COV_INIT(place);
	struct source source;
	size_t i;

	if (source_open(&source, cov, snapshot, t, COV_NONE))
		return EXIT_ERROR;
	for (i = 0; !cov_ranking_get(ranking, i, &place); i++)
		if (place.kind == COV_UNHIT_OUTCOME && place.target_index == t &&
		    (function == COV_NONE ||
		     is_part_of(snapshot, t, place.function, function)))
			add_place(map, &source, &place);
	source_close(&source);
	return EXIT_OK;
}

int map_frontier(struct map *map, struct cov *cov, const struct cov_snapshot *snapshot,
		 const struct place_name *function)
{
	unsigned int t, only = COV_NONE, index = COV_NONE;
	struct cov_target_desc target = COV_INIT(target);
	struct cov_ranking *ranking;
	int status = EXIT_OK;

	if (function->function[0] && !find_drawn(map, function, &only, &index))
		return EXIT_ERROR;
	if (cov_rank(cov, snapshot, 0, 0, &ranking))
		return fail_cov(cov);
	for (t = 0; status == EXIT_OK && !cov_snapshot_target(snapshot, t, &target); t++)
		if (target.branches && (only == COV_NONE || only == t))
			status = add_places(map, cov, snapshot, t, ranking, index);
	cov_ranking_free(ranking);
	return status;
}
