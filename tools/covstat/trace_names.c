// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_names.c - places of a trace by name, from a snapshot of the targets.
 */
#include <stdlib.h>

#include "trace.h"

/* A target's place in the snapshot; the module's name is the snapshot's. */
struct known_target {
	const char *module;
	uint32_t target;
	unsigned int t;
	bool returns;
};

struct trace_tables {
	struct cov_snapshot *snapshot;
	struct names *names;
	struct known_target *targets;
	unsigned int count;
};

static const struct known_target *find_target(const struct trace_tables *tables, uint32_t target)
{
	unsigned int i;

	for (i = 0; i < tables->count; i++)
		if (tables->targets[i].target == target)
			return &tables->targets[i];
	return NULL;
}

/* A cold part belongs to its function. */
static bool place_in_function(const struct trace_tables *tables, const struct known_target *target,
			      uint32_t function, struct trace_place *place)
{
	struct cov_function_desc desc = COV_INIT(desc);

	if (cov_snapshot_function(tables->snapshot, target->t, function, &desc))
		return false;
	place->cold = desc.parent != COV_NONE;
	place->part = desc.address;
	if (place->cold) {
		function = desc.parent;
		if (cov_snapshot_function(tables->snapshot, target->t, function, &desc))
			return false;
	}
	place->module = target->module;
	place->function = desc.name;
	place->address = desc.address;
	place->id = (uint64_t)target->target << 32 | function;
	return true;
}

static bool find_place(void *data, const struct cov_trace_event *event, struct trace_place *place)
{
	const struct trace_tables *tables = data;
	const struct known_target *target = find_target(tables, event->target);
	struct cov_branch_desc branch = COV_INIT(branch);

	if (!target)
		return false;
	if (event->kind != COV_TRACE_BRANCH)
		return place_in_function(tables, target, event->index, place);
	if (cov_snapshot_branch(tables->snapshot, target->t, event->index, &branch))
		return false;
	place->offset = branch.offset;
	return place_in_function(tables, target, branch.function, place);
}

static const char *text_of(void *data, const struct trace_place *place, char buffer[PLACE_LEN])
{
	const struct trace_tables *tables = data;
	const struct known_target *target = find_target(tables, place->id >> 32);

	return place_text(tables->names, target->t, (uint32_t)place->id, 0, buffer);
}

static bool has_returns(void *data, uint32_t target)
{
	const struct known_target *known = find_target(data, target);

	return known && known->returns;
}

static void add_target(struct trace_tables *tables, unsigned int t)
{
	struct cov_target_desc desc = COV_INIT(desc);

	if (!cov_snapshot_target(tables->snapshot, t, &desc) && desc.mode == COV_MODE_TRACE)
		tables->targets[tables->count++] = (struct known_target){
			desc.module, desc.target, t, desc.flags & COV_ATTACH_RETURNS,
		};
}

struct trace_tables *trace_tables_take(struct cov *cov, struct trace_names *names)
{
	struct trace_tables *tables = sure(calloc(1, sizeof(*tables)), "a trace");
	unsigned int t;

	if (cov_snapshot_take(cov, NULL, &tables->snapshot)) {
		fail_cov(cov);
		free(tables);
		return NULL;
	}
	tables->targets = sure(calloc(cov_snapshot_targets(tables->snapshot) + 1,
				      sizeof(*tables->targets)), "a trace");
	for (t = 0; t < cov_snapshot_targets(tables->snapshot); t++)
		add_target(tables, t);
	tables->names = names_new(tables->snapshot);
	*names = (struct trace_names){ find_place, text_of, has_returns, tables };
	return tables;
}

unsigned int trace_tables_count(const struct trace_tables *tables, unsigned int *with_returns)
{
	unsigned int i;

	*with_returns = 0;
	for (i = 0; i < tables->count; i++)
		*with_returns += tables->targets[i].returns;
	return tables->count;
}

void trace_tables_free(struct trace_tables *tables)
{
	names_free(tables->names);
	cov_snapshot_free(tables->snapshot);
	free(tables->targets);
	free(tables);
}
