// SPDX-License-Identifier: GPL-2.0-only
/*
 * map_records.c - pictures of caller records: functions and their callers, or every pair
 * of checkpoints.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "map.h"

/* A record names only the first and the last sample that made it. */
static bool is_of(const struct cov_record *record, uint64_t sample)
{
	return !sample || record->first_sample == sample || record->last_sample == sample;
}

/* ---- functions --------------------------------------------------------- */

static uint64_t function_key(unsigned int t, unsigned int function)
{
	return (uint64_t)t << 32 | function;
}

static char *function_label(const struct map *map, unsigned int t, unsigned int function,
			    const struct cov_function_desc *f)
{
	const struct cov_snapshot *snapshot = names_snapshot(map->names);
	struct cov_block_desc block = COV_INIT(block);
	unsigned int i, hit = 0;
	char name[PLACE_LEN];

	for (i = 0; i < f->blocks; i++)
		if (!cov_snapshot_block(snapshot, t, f->first_block + i, &block))
			hit += block.covered == COV_YES;
	place_text(map->names, t, function, 0, name);
	if (!f->blocks)
		return map_text("%s", name);
	return map_text("%s\n%u of %u blocks", name, hit, f->blocks);
}

static void add_function(struct map *map, uint64_t key, unsigned int t, unsigned int function,
			 const struct cov_function_desc *f)
{
	map_add_node(map, &(struct map_node){
		.key = key,
		.label = function_label(map, t, function, f),
		.t = t,
		.function = function,
		.whole = true,
		.state = COV_YES,
		.kind = "function",
		.address = f->address,
	});
}

static bool is_drawn(const struct map *map, uint64_t address)
{
	size_t i;

	for (i = 0; i < map->nr_nodes; i++)
		if (map->nodes[i].address == address)
			return true;
	return false;
}

/*
 * A manual checkpoint's function is drawn once, although it may belong to an attached module or to
 * another checkpoint as well. Its key is its address, by which callers find it.
 */
static void add_functions(struct map *map, const struct cov_snapshot *snapshot, bool checkpoints)
{
	struct cov_target_desc target = COV_INIT(target);
	struct cov_function_desc f = COV_INIT(f);
	unsigned int t, i;

	for (t = 0; !cov_snapshot_target(snapshot, t, &target); t++) {
		if (is_checkpoint(&target) != checkpoints)
			continue;
		for (i = 0; !cov_snapshot_function(snapshot, t, i, &f); i++)
			if (f.parent == COV_NONE && f.entered == COV_YES &&
			    !(checkpoints && is_drawn(map, f.address)))
				add_function(map, checkpoints ? f.address : function_key(t, i), t,
					     i, &f);
	}
}

static char *copied(const char *text)
{
	return text ? map_text("%s", text) : NULL;
}

/* Where the function of a caller begins; a cold part belongs to its function. */
static struct cov_end start_of(const struct map *map, const struct cov_end *from)
{
	const struct cov_snapshot *snapshot = names_snapshot(map->names);
	struct cov_function_desc f = COV_INIT(f);
	struct cov_end start = *from;

	start.address -= start.offset;
	start.offset = 0;
	if (from->t == COV_NONE || cov_snapshot_function(snapshot, from->t, from->function, &f) ||
	    f.parent == COV_NONE)
		return start;
	start.function = f.parent;
	cov_snapshot_function(snapshot, from->t, start.function, &f);
	start.address = f.address;
	start.symbol = f.name;
	return start;
}

/* A caller: a function that is drawn, or code outside, one node for each of its functions. */
static size_t caller_node(struct map *map, const struct cov_end *from)
{
	struct cov_end start = start_of(map, from);
	char buffer[END_LEN];
	size_t node;

	if (start.t != COV_NONE) {
		node = map_find(map, function_key(start.t, start.function));
		if (node != MAP_NO_NODE)
			return node;
	}
	/* Keyed by the function's start: kernel addresses are above all other keys. */
	node = map_find(map, start.address);
	if (node != MAP_NO_NODE)
		return node;
	return map_add_node(map, &(struct map_node){
		.key = start.address,
		.label = copied(end_text(map->names, &start, buffer)),
		.function = COV_NONE,
		.state = MAP_OUTSIDE,
		.kind = start.symbol ? "function" : end_kind(&start),
		.symbol = copied(start.symbol),
		.module = copied(start.module),
		.address = start.address,
	});
}

/* The function that was called, if it is drawn for the target that the record is of. */
static size_t called_node(const struct map *map, const struct cov_end *to)
{
	size_t node = map_find(map, function_key(to->t, to->function));

	if (node == MAP_NO_NODE)
		node = map_find(map, to->address - to->offset);
	if (node == MAP_NO_NODE || !map->nodes[node].whole || map->nodes[node].t != to->t)
		return MAP_NO_NODE;
	return node;
}

/* An edge that is a record. */
static void add_record(struct map *map, size_t from, size_t to, const struct cov_record *record)
{
	struct map_edge *edge = map_add_edge(map, from, to, "", record->count, COV_YES);

	edge->recorded = true;
	edge->first_sample = record->first_sample;
}

/* Calls from several places of a function are one edge; records come oldest first. */
static void add_call(struct map *map, const struct cov_record *record)
{
	size_t to = called_node(map, &record->to);
	size_t from, i;

	if (to == MAP_NO_NODE)
		return;
	from = caller_node(map, &record->from);
	for (i = 0; i < map->nr_edges; i++)
		if (map->edges[i].from == from && map->edges[i].to == to) {
			map->edges[i].count += record->count;
			if (!map->edges[i].first_sample)
				map->edges[i].first_sample = record->first_sample;
			return;
		}
	add_record(map, from, to, record);
}

int map_calls(struct map *map, struct cov *cov, const struct cov_snapshot *snapshot,
	      uint64_t sample)
{
	struct cov_record record = COV_INIT(record);
	struct cov_records *records;
	size_t i;

	if (cov_callers(cov, snapshot, &records))
		return fail_cov(cov);
	add_functions(map, snapshot, false);
	add_functions(map, snapshot, true);
	for (i = 0; !cov_records_get(records, i, &record); i++)
		if (record.to.kind == COV_END_FUNCTION && is_of(&record, sample))
			add_call(map, &record);
	map->lost = cov_records_lost(records);
	cov_records_free(records);
	return EXIT_OK;
}

/* ---- pairs ------------------------------------------------------------- */

/* Kernel addresses are so high that the start, whose address is 0, gets a key of its own. */
static uint64_t end_key(const struct cov_end *end)
{
	return end->address ^ (uint64_t)end->kind << 56 ^ (uint64_t)end->taken << 60;
}

static size_t end_node(struct map *map, const struct cov_end *end)
{
	size_t node = map_find(map, end_key(end));
	char buffer[END_LEN];

	if (node != MAP_NO_NODE)
		return node;
	return map_add_node(map, &(struct map_node){
		.key = end_key(end),
		.label = map_text("%s", end_text(map->names, end, buffer)),
		.t = end->t,
		.function = end->function,
		.named = end->kind != COV_END_CHECKPOINT,
		.state = end->t == COV_NONE ? MAP_OUTSIDE : COV_YES,
		.kind = end_kind(end),
		.offset = end->offset,
		.outcome = end->kind == COV_END_OUTCOME ? outcome_json(end->taken) : NULL,
	});
}

/* Does a module's own target that records pairs have the function at @address? */
static bool is_recorded(const struct cov_snapshot *snapshot, uint64_t address)
{
	struct cov_target_desc target = COV_INIT(target);
	struct cov_function_desc f = COV_INIT(f);
	unsigned int t, i;

	for (t = 0; !cov_snapshot_target(snapshot, t, &target); t++) {
		if (is_checkpoint(&target) || !(target.flags & COV_ATTACH_PATHS))
			continue;
		for (i = 0; !cov_snapshot_function(snapshot, t, i, &f); i++)
			if (f.address == address)
				return true;
	}
	return false;
}

/*
 * By target: a manual checkpoint in a function of such a target has recorded the same pairs as
 * that, and they would be drawn twice.
 */
static bool *find_repeated(const struct cov_snapshot *snapshot)
{
	struct cov_checkpoint_desc checkpoint = COV_INIT(checkpoint);
	unsigned int t, n = cov_snapshot_targets(snapshot);
	bool *repeated = sure(calloc(n + 1, sizeof(*repeated)), "a map");

	for (t = 0; t < n; t++)
		repeated[t] = !cov_snapshot_checkpoint(snapshot, t, &checkpoint) &&
			      is_recorded(snapshot, checkpoint.address - checkpoint.offset);
	return repeated;
}

int map_paths(struct map *map, struct cov *cov, const struct cov_snapshot *snapshot,
	      uint64_t sample)
{
	struct cov_record record = COV_INIT(record);
	struct cov_records *records;
	size_t i, from, to;
	bool *repeated;

	if (cov_paths(cov, snapshot, &records))
		return fail_cov(cov);
	repeated = find_repeated(snapshot);
	for (i = 0; !cov_records_get(records, i, &record); i++) {
		if (!is_of(&record, sample) || repeated[record.to.t])
			continue;
		from = end_node(map, &record.from);
		to = end_node(map, &record.to);
		add_record(map, from, to, &record);
	}
	free(repeated);
	map->paths = true;
	map->lost = cov_records_lost(records);
	cov_records_free(records);
	return EXIT_OK;
}
