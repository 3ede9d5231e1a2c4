// SPDX-License-Identifier: GPL-2.0-only
/*
 * query.c - from targets, images and checkpoints to the structs of cov_ioctl.h.
 * Owns nothing; changes nothing but cells, in which implied outcomes are
 * noted before they are read (implied.h).
 */
#include <linux/mm.h>

#include "alloc_array.h"
#include "arena.h"
#include "patched.h"
#include "query.h"
#include "refusals.h"
#include "target.h"
#include "tracking.h"

/* Everything that a table's entries are made from. */
struct query {
	const struct cov_target *target;
	u64 *hits;		/* by cell; NULL if a table has none */
	struct flow_coverage coverage;
};

static u64 query_hits(const struct query *query, const struct cov_site *site, u32 outcome)
{
	return site ? query->hits[site->cell + outcome] : 0;
}

static u8 small_error(const struct cov_site *site)
{
	return site ? min_t(u32, site->error, U8_MAX) : 0;
}

static void fill_function(const struct query *query, u32 i, void *entry)
{
	const struct cov_target *target = query->target;
	const struct flow_function *function = &target->image.in.functions[i];
	const struct image_label *label = &target->image.labels[i];
	const struct cov_site *site = target->cps.entry[i];

	if (target_is_manual(target) && i == target->function)
		site = target_checkpoint_site(target);
	*(struct cov_function *)entry = (struct cov_function){
		.address = function->address,
		.size = function->size,
		.name = label->name,
		.parent = label->parent == i ? COV_NONE : label->parent,
		.flags = (function->cold ? COV_FUNCTION_COLD : 0) |
			 (function->error ? COV_FUNCTION_OPAQUE : 0) |
			 (site && site_is_off(site) ? COV_FUNCTION_DISABLED : 0) |
			 (site && !site_vouches(site) ? COV_FUNCTION_LAPSED : 0),
		.first_block = function->first_block,
		.blocks = function->blocks,
		.first_branch = function->first_branch,
		.branches = function->branches,
		.state = site_state(site),
		.error = site ? site->error : function->error,
		.hits = query_hits(query, site, 0),
		.first_sample = site_first_sample(&target->cps, site),
		.levels = target->levels,
	};
}

static void fill_block(const struct query *query, u32 i, void *entry)
{
	const struct flow_block *block = &query->target->image.flow.blocks[i];
	const struct cov_site *leader = query->target->cps.leader[i];
	/* A witness is not one of the target's sites. */
	const struct cov_site *site = leader && !leader->witness ? leader : NULL;
	bool impossible = checkpoints_impossible(&query->target->cps, i);

	*(struct cov_block *)entry = (struct cov_block){
		.function = block->function,
		.offset = block->offset,
		.size = block->size,
		.covered = query->coverage.block[i],
		.state = impossible ? COV_SITE_REFUSED : site_state(site),
		.error = impossible ? EINVAL : small_error(site),
	};
}

static void fill_branch(const struct query *query, u32 i, void *entry)
{
	const struct flow *flow = &query->target->image.flow;
	const struct flow_branch *branch = &flow->branches[i];
	const struct cov_site *site = query->target->cps.branch[i];

	*(struct cov_branch *)entry = (struct cov_branch){
		.target = branch->target,
		.function = flow->blocks[branch->block].function,
		.block = branch->block,
		.offset = branch->offset,
		.size = branch->length,
		.condition = branch->condition,
		.taken = query->coverage.taken[i],
		.not_taken = query->coverage.not_taken[i],
		.state = site_state(site),
		.error = site ? site->error : 0,
		.taken_hits = query_hits(query, site, OUTCOME_TAKEN),
		.not_taken_hits = query_hits(query, site, OUTCOME_NOT_TAKEN),
		.first_sample = site_first_sample(&query->target->cps, site),
	};
}

static void fill_section(const struct query *query, u32 i, void *entry)
{
	*(struct cov_section *)entry = query->target->sections[i];
}

static void fill_name(const struct query *query, u32 i, void *entry)
{
	*(char *)entry = query->target->image.names[i];
}

static void fill_edges(const struct query *query, u32 i, void *entry)
{
	const struct flow *flow = &query->target->image.flow;
	const struct flow_block *block = &flow->blocks[i];

	BUILD_BUG_ON(FLOW_NONE != COV_NONE);
	*(struct cov_block_edges *)entry = (struct cov_block_edges){
		.next = block->next[0],
		.jump = block->next[1],
		.flags = block->branch != FLOW_NONE && flow->branches[block->branch].canary ?
			 COV_EDGES_CANARY : 0,
	};
}

static u8 outcome_switched(const struct cov_site *site, u32 outcome)
{
	if (!site || !(site->off & SITE_OFF(outcome)))
		return COV_OUTCOME_ON;
	return site->off & SITE_DELETED(outcome) ? COV_OUTCOME_DELETED : COV_OUTCOME_OFF;
}

static void fill_outcomes(const struct query *query, u32 i, void *entry)
{
	const struct cov_site *site = query->target->cps.branch[i];

	*(struct cov_outcomes *)entry = (struct cov_outcomes){
		.not_taken = outcome_switched(site, OUTCOME_NOT_TAKEN),
		.taken = outcome_switched(site, OUTCOME_TAKEN),
	};
}

/* How a table is read; by enum query_table. */
static const struct reader {
	size_t size;
	void (*fill)(const struct query *query, u32 i, void *entry);
	bool needs_open;
	bool needs_hits;
	bool needs_coverage;
} readers[] = {
	[QUERY_FUNCTIONS] = {
		.size = sizeof(struct cov_function),
		.fill = fill_function,
		.needs_open = true, .needs_hits = true,
	},
	[QUERY_BLOCKS] = {
		.size = sizeof(struct cov_block),
		.fill = fill_block,
		.needs_open = true, .needs_hits = true, .needs_coverage = true,
	},
	[QUERY_BRANCHES] = {
		.size = sizeof(struct cov_branch),
		.fill = fill_branch,
		.needs_open = true, .needs_hits = true, .needs_coverage = true,
	},
	[QUERY_SECTIONS] = {
		.size = sizeof(struct cov_section),
		.fill = fill_section,
	},
	[QUERY_NAMES] = {
		.size = 1,
		.fill = fill_name,
	},
	[QUERY_EDGES] = {
		.size = sizeof(struct cov_block_edges),
		.fill = fill_edges,
		.needs_open = true,
	},
	[QUERY_OUTCOMES] = {
		.size = sizeof(struct cov_outcomes),
		.fill = fill_outcomes,
		.needs_open = true,
	},
};

static u32 table_length(const struct cov_target *target, enum query_table table)
{
	switch (table) {
	case QUERY_FUNCTIONS:
		return target->image.in.nr_functions;
	case QUERY_BLOCKS:
	case QUERY_EDGES:
		return target->image.flow.nr_blocks;
	case QUERY_BRANCHES:
	case QUERY_OUTCOMES:
		return target->image.flow.nr_branches;
	case QUERY_SECTIONS:
		return target->nr_sections;
	case QUERY_NAMES:
		return target->image.names_len;
	}
	return 0;
}

static int make_entries(const struct query *query, const struct reader *reader,
			const struct cov_range *range, struct query_answer *answer)
{
	u32 i;

	answer->bytes = kvcalloc(range->count, reader->size, GFP_LARGE);
	if (!answer->bytes)
		return -ENOMEM;
	answer->size = (size_t)range->count * reader->size;
	for (i = 0; i < range->count; i++)
		reader->fill(query, range->first + i, answer->bytes + i * reader->size);
	return 0;
}

static void query_free(struct query *query)
{
	checkpoints_coverage_free(&query->coverage);
	kvfree(query->hits);
}

static int query_fail(int err, u64 sample, struct cov_error *error)
{
	if (err == -ENOENT)
		return cov_fail(error, err, "there is no sample %llu", sample);
	if (err == -EOPNOTSUPP)
		return cov_fail(error, err, "what one sample has covered is known in scope tracked alone; this target is attached with scope all");
	return cov_fail(error, err, "not enough memory to work out the coverage");
}

int query_range(struct cov_target *target, enum query_table table,
		struct cov_range *range, u64 sample, struct query_answer *answer,
		struct cov_error *error)
{
	const struct reader *reader = &readers[table];
	u32 length = table_length(target, table);
	struct query query = { .target = target };
	int err = 0;

	lockdep_assert_held(&cov_targets_lock);
	range->generation = target->generation;
	range->count = range->first < length ? min(range->count, length - range->first) : 0;
	if (!range->count)
		return 0;
	err = reader->needs_open ? target_open(target) : 0;
	if (err)
		return query_fail(err, sample, error);
	if (reader->needs_hits)
		err = checkpoints_hits(target, sample, &query.hits);
	if (!err && reader->needs_coverage)
		err = checkpoints_coverage(target, query.hits, &query.coverage);
	err = err ?: make_entries(&query, reader, range, answer);
	query_free(&query);
	if (reader->needs_open)
		target_close(target);
	return err ? query_fail(err, sample, error) : 0;
}

struct site_counts query_sites(const struct cov_target *target)
{
	u32 impossible = target->cps.nr_impossible;
	struct site_counts n = { .total = impossible, .refused = impossible };
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	for_each_site(site, chunk, i, &target->cps) {
		/* Witnesses come and go with the settling: no user asked for them. */
		if (site->witness)
			continue;
		n.total++;
		switch (site_state(site)) {
		case COV_SITE_PENDING:
			n.pending++;
			break;
		case COV_SITE_ARMED:
			n.armed++;
			break;
		case COV_SITE_DISARMED:
			n.disarmed++;
			break;
		case COV_SITE_REFUSED:
			n.refused++;
			break;
		case COV_SITE_GONE:
			n.gone++;
			break;
		}
	}
	return n;
}

static void count_coverage(const struct query *query, struct cov_target_info *info)
{
	const struct cov_target *target = query->target;
	const struct flow_coverage *coverage = &query->coverage;
	const struct flow *flow = &target->image.flow;
	u32 i;

	for (i = 0; i < target->image.in.nr_functions; i++)
		info->functions_hit += !!query_hits(query, target->cps.entry[i], 0);
	for (i = 0; i < flow->nr_blocks; i++) {
		info->blocks_hit += coverage->block[i] == FLOW_YES;
		info->blocks_unknown += coverage->block[i] == FLOW_UNKNOWN;
	}
	for (i = 0; i < flow->nr_branches; i++) {
		info->outcomes_hit += (coverage->taken[i] == FLOW_YES) +
				      (coverage->not_taken[i] == FLOW_YES);
		info->outcomes_unknown += (coverage->taken[i] == FLOW_UNKNOWN) +
					  (coverage->not_taken[i] == FLOW_UNKNOWN);
	}
}

static void describe_target(const struct cov_target *target, struct cov_target_info *info)
{
	const struct cov_image *image = &target->image;
	struct site_counts sites = query_sites(target);

	*info = (struct cov_target_info){
		.target = target->id,
		.build_id_len = image->build_id_len,
		.state = target->state,
		.mode = target->cps.mode,
		.scope = target->scope,
		.engine = target->engine,
		.attach_flags = target->flags,
		.kept = !target->owner,
		.levels = target->levels,
		.text_base = image->core.base,
		.text_size = image->core.size,
		.generation = target->generation,
		.functions = image->in.nr_functions,
		.blocks = image->flow.nr_blocks,
		.branches = image->flow.nr_branches,
		.sections = target->nr_sections,
		.names_len = image->names_len,
		.sites = sites.total,
		.pending = sites.pending,
		.armed = sites.armed,
		.disarmed = sites.disarmed,
		.refused = sites.refused,
		.gone = sites.gone,
		.missed = target_missed(target),
		.checkpoint_offset = target->offset,
	};
	strscpy(info->module, target->name, sizeof(info->module));
	strscpy(info->checkpoint, target->checkpoint, sizeof(info->checkpoint));
	memcpy(info->build_id, image->build_id, sizeof(info->build_id));
}

int query_target(struct cov_target *target, struct cov_target_info *info,
		 u64 sample, struct cov_error *error)
{
	struct query query = { .target = target };
	int err = target_open(target);

	if (err)
		return query_fail(err, sample, error);
	err = checkpoints_hits(target, sample, &query.hits) ?:
	      checkpoints_coverage(target, query.hits, &query.coverage);
	if (!err) {
		describe_target(target, info);
		count_coverage(&query, info);
	}
	query_free(&query);
	target_close(target);
	return err ? query_fail(err, sample, error) : 0;
}

/* Why a branch has no detour. */
static u32 why_no_detour(const struct cov_site *site)
{
	if (site->region.why != REGION_OK)
		return site->region.why;
	return COV_WHY_OTHER;
}

void query_engines(const struct cov_target *target, struct cov_engines *engines)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	*engines = (struct cov_engines){ .target = target->id };
	for_each_site(site, chunk, i, &target->cps) {
		if (site->engine && !site->witness)
			engines->sites[site->engine]++;
		if (site->kind == SITE_BRANCH && site->engine != COV_ENGINE_DETOUR)
			engines->why[why_no_detour(site)]++;
	}
	engines->stub_bytes = arena_used();
	engines->stub_room = ARENA_SIZE;
}

void query_refusals(const struct cov_target *target, struct cov_refusals *refusals)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	*refusals = (struct cov_refusals){ .target = target->id };
	for_each_site(site, chunk, i, &target->cps)
		if (!site->witness && site_state(site) == COV_SITE_REFUSED)
			refusals_add(refusals, site->error, 1);
	/* As in fill_block(). */
	refusals_add(refusals, EINVAL, target->cps.nr_impossible);
}

int query_text(const struct cov_target *target, const struct cov_text *text,
	       struct query_answer *answer, struct cov_error *error)
{
	const struct compat_span *core = &target->image.core;
	struct compat_span wanted = { text->address, text->length };
	struct flow_text copy;
	int err;

	lockdep_assert_held(&cov_targets_lock);
	if (target->state != COV_TARGET_LIVE)
		return cov_fail(error, -ENODEV, "%s is unloaded: its text is not there", target->name);
	if (text->address < core->base || text->length > core->size ||
	    text->address - core->base > core->size - text->length)
		return cov_fail(error, -EINVAL, "%u bytes at %#llx are not all text of %s",
				text->length, text->address, target->name);
	err = text_read(wanted, &copy);
	if (err)
		return cov_fail(error, err, "the text at %#llx cannot be read", text->address);
	answer->bytes = (void *)copy.bytes;
	answer->size = copy.size;
	return 0;
}

void query_status(struct cov_status *status)
{
	const struct cov_target *target;

	lockdep_assert_held(&cov_targets_lock);
	*status = (struct cov_status){
		.checkpoints = targets_sites(),
		.checkpoints_max = cov_max_checkpoints,
		.tasks = atomic_long_read(&cov_tasks.count),
		.tasks_max = cov_max_tasks,
		.callers = atomic_long_read(&cov_callers.records),
		.callers_max = caller_table_size(&cov_callers),
		.tasks_lost = atomic_long_read(&cov_tasks.lost),
		.callers_lost = atomic_long_read(&cov_callers.lost),
	};
	list_for_each_entry(target, &cov_targets, link) {
		status->targets++;
		status->missed += target_missed(target);
		status->refused += query_sites(target).refused;
	}
}
