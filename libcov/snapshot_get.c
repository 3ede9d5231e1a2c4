// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * snapshot_get.c - access to what snapshot.c has read, entry by entry and summed up. May
 * call cov.c.
 */
#include <string.h>

#include "internal.h"

/* ---- entries ----------------------------------------------------------- */

static int out_of_range(void)
{
	return cov_set_errno(ERANGE);
}

bool cov_is_counted(const struct cov_target_info *info)
{
	return info->mode == COV_MODE_COUNT || info->mode == COV_MODE_TRACE ||
	       info->attach_flags & COV_ATTACH_PATHS ||
	       (info->mode == COV_MODE_EDGES && info->engine == COV_ENGINE_KPROBE);
}

unsigned int cov_function_entered(const struct snapshot_target *target,
				  const struct cov_function *function)
{
	const struct cov_block *blocks = &target->blocks[function->first_block];
	unsigned int entered = COV_NO;
	uint32_t i;

	if (function->hits)
		return COV_YES;
	if (!(function->flags & COV_FUNCTION_COLD)) {
		if (function->blocks)
			return blocks[0].covered;
		/* Nobody saw whether it was entered meanwhile. (DISABLED: before minor 7.) */
		if (function->flags & (COV_FUNCTION_LAPSED | COV_FUNCTION_DISABLED))
			return COV_UNKNOWN;
		return function->state == COV_SITE_ARMED ||
		       function->state == COV_SITE_DISARMED ||
		       function->state == COV_SITE_GONE ? COV_NO : COV_UNKNOWN;
	}
	/* A cold part may be entered at any of its blocks. */
	for (i = 0; i < function->blocks; i++) {
		if (blocks[i].covered == COV_YES)
			return COV_YES;
		if (blocks[i].covered == COV_UNKNOWN)
			entered = COV_UNKNOWN;
	}
	return function->blocks ? entered : COV_UNKNOWN;
}

COV_PUBLIC unsigned int cov_snapshot_targets(const struct cov_snapshot *snapshot)
{
	return snapshot->count;
}

COV_PUBLIC unsigned int cov_snapshot_left_out(const struct cov_snapshot *snapshot)
{
	return snapshot->left_out;
}

int cov_target_give(const struct cov_target_info *info, uint32_t sections,
		    struct cov_target_desc *out)
{
	struct cov_target_desc desc = {
		.target = info->target,
		.state = info->state,
		.module = info->module,
		.checkpoint = info->checkpoint,
		.checkpoint_offset = info->checkpoint_offset,
		.build_id = info->build_id,
		.build_id_len = info->build_id_len,
		.mode = info->mode,
		.scope = info->scope,
		.engine = info->engine,
		.flags = info->attach_flags,
		.kept = info->kept,
		.levels = info->levels,
		.text_base = info->text_base,
		.text_size = info->text_size,
		.sections = sections,
		.functions = info->functions,
		.blocks = info->blocks,
		.branches = info->branches,
		.counted = cov_is_counted(info),
	};

	return cov_give(out, &desc, sizeof(desc));
}

COV_PUBLIC int cov_snapshot_target(const struct cov_snapshot *snapshot, unsigned int t,
				   struct cov_target_desc *out)
{
	const struct snapshot_target *target;

	if (t >= snapshot->count)
		return out_of_range();
	target = &snapshot->targets[t];
	return cov_target_give(&target->info, target->sections.count, out);
}

uint32_t cov_checkpoint_place(const struct snapshot_target *target)
{
	uint32_t i;

	for (i = 0; i < target->info.functions; i++)
		if (!(target->functions[i].flags & COV_FUNCTION_COLD))
			return i;
	return COV_NONE;
}

COV_PUBLIC int cov_snapshot_checkpoint(const struct cov_snapshot *snapshot, unsigned int t,
				       struct cov_checkpoint_desc *out)
{
	const struct snapshot_target *target;
	const struct cov_function *place;
	struct cov_checkpoint_desc desc;
	uint32_t function;

	if (t >= snapshot->count)
		return out_of_range();
	target = &snapshot->targets[t];
	function = cov_checkpoint_place(target);
	if (!cov_is_checkpoint(&target->info) || function == COV_NONE)
		return cov_set_errno(ENOENT);
	place = &target->functions[function];
	desc = (struct cov_checkpoint_desc){
		.target = target->info.target,
		.name = target->info.checkpoint,
		.module = target->info.module,
		.function = target->names + place->name,
		.offset = target->info.checkpoint_offset,
		.address = place->address + target->info.checkpoint_offset,
		.levels = target->info.levels,
		.enabled = !(place->flags & COV_FUNCTION_DISABLED),
		.hit = !!place->hits,
		.hits = place->hits,
		.first_sample = place->first_sample,
		.state = place->state,
		.error = place->error,
		.target_state = target->info.state,
		.branches = target->info.branches,
	};
	return cov_give(out, &desc, sizeof(desc));
}

COV_PUBLIC int cov_snapshot_section(const struct cov_snapshot *snapshot, unsigned int t,
				    unsigned int i, struct cov_section_desc *out)
{
	struct cov_section_desc desc;
	const struct section *section;

	if (t >= snapshot->count || i >= snapshot->targets[t].sections.count)
		return out_of_range();
	section = &snapshot->targets[t].sections.entries[i];
	desc = (struct cov_section_desc){
		.name = section->name,
		.base = section->base,
		.length = section->size,
	};
	return cov_give(out, &desc, sizeof(desc));
}

COV_PUBLIC int cov_snapshot_function(const struct cov_snapshot *snapshot, unsigned int t,
				     unsigned int i, struct cov_function_desc *out)
{
	const struct snapshot_target *target;
	struct cov_function_desc desc;
	const struct cov_function *f;

	if (t >= snapshot->count || i >= snapshot->targets[t].info.functions)
		return out_of_range();
	target = &snapshot->targets[t];
	f = &target->functions[i];
	desc = (struct cov_function_desc){
		.name = target->names + f->name,
		.address = f->address,
		.offset = f->address - target->sections.entries[target->section_of[i]].base,
		.length = f->size,
		.section = target->section_of[i],
		.parent = f->flags & COV_FUNCTION_COLD ? f->parent : COV_NONE,
		.opaque = !!(f->flags & COV_FUNCTION_OPAQUE),
		.first_block = f->first_block,
		.blocks = f->blocks,
		.first_branch = f->first_branch,
		.branches = f->branches,
		.state = f->state,
		.error = f->error,
		.entered = cov_function_entered(target, f),
		.hits = f->hits,
		.first_sample = f->first_sample,
		.levels = f->levels,
	};
	return cov_give(out, &desc, sizeof(desc));
}

COV_PUBLIC int cov_snapshot_block(const struct cov_snapshot *snapshot, unsigned int t,
				  unsigned int i, struct cov_block_desc *out)
{
	struct cov_block_desc desc;
	const struct cov_block *b;

	if (t >= snapshot->count || i >= snapshot->targets[t].info.blocks)
		return out_of_range();
	b = &snapshot->targets[t].blocks[i];
	desc = (struct cov_block_desc){
		.function = b->function,
		.offset = b->offset,
		.length = b->size,
		.covered = b->covered,
		.state = b->state,
		.error = b->error,
	};
	return cov_give(out, &desc, sizeof(desc));
}

COV_PUBLIC int cov_snapshot_branch(const struct cov_snapshot *snapshot, unsigned int t,
				   unsigned int i, struct cov_branch_desc *out)
{
	struct cov_branch_desc desc;
	struct cov_outcomes outcomes = { COV_OUTCOME_ON, COV_OUTCOME_ON };
	const struct cov_branch *b;

	if (t >= snapshot->count || i >= snapshot->targets[t].info.branches)
		return out_of_range();
	b = &snapshot->targets[t].branches[i];
	if (snapshot->targets[t].outcomes)
		outcomes = snapshot->targets[t].outcomes[i];
	desc = (struct cov_branch_desc){
		.target = b->target,
		.function = b->function,
		.block = b->block,
		.offset = b->offset,
		.length = b->size,
		.condition = b->condition,
		.taken = b->taken,
		.fallthrough = b->not_taken,
		.state = b->state,
		.error = b->error,
		.taken_hits = b->taken_hits,
		.fallthrough_hits = b->not_taken_hits,
		.first_sample = b->first_sample,
		.taken_switch = outcomes.taken,
		.fallthrough_switch = outcomes.not_taken,
	};
	return cov_give(out, &desc, sizeof(desc));
}

/* ---- sums -------------------------------------------------------------- */

static void count_one(unsigned int known, uint64_t *all, uint64_t *hit, uint64_t *unknown)
{
	(*all)++;
	*hit += known == COV_YES;
	*unknown += known == COV_UNKNOWN;
}

static void add_coverage(const struct snapshot_target *target, struct cov_totals *sum)
{
	const struct cov_target_info *info = &target->info;
	uint32_t i;

	for (i = 0; i < info->functions; i++) {
		const struct cov_function *f = &target->functions[i];

		if (!(f->flags & COV_FUNCTION_COLD))
			count_one(cov_function_entered(target, f), &sum->functions,
				  &sum->functions_hit, &sum->functions_unknown);
	}
	for (i = 0; i < info->blocks; i++)
		count_one(target->blocks[i].covered, &sum->blocks, &sum->blocks_hit,
			  &sum->blocks_unknown);
	for (i = 0; i < info->branches; i++) {
		const struct cov_branch *b = &target->branches[i];

		count_one(b->taken, &sum->outcomes, &sum->outcomes_hit,
			  &sum->outcomes_unknown);
		count_one(b->not_taken, &sum->outcomes, &sum->outcomes_hit,
			  &sum->outcomes_unknown);
	}
}

static void add_sites(const struct cov_target_info *info, struct cov_totals *sum)
{
	sum->sites += info->sites;
	sum->pending += info->pending;
	sum->armed += info->armed;
	sum->disarmed += info->disarmed;
	sum->refused += info->refused;
	sum->gone += info->gone;
	sum->missed += info->missed;
}

COV_PUBLIC int cov_snapshot_totals(const struct cov_snapshot *snapshot, unsigned int t,
				   struct cov_totals *totals)
{
	struct cov_totals sum;
	unsigned int i;

	if (t != COV_NONE && t >= snapshot->count)
		return out_of_range();
	memset(&sum, 0, sizeof(sum));
	for (i = 0; i < snapshot->count; i++) {
		const struct snapshot_target *target = &snapshot->targets[i];

		if (t != COV_NONE && t != i)
			continue;
		if (t == i || !cov_is_checkpoint(&target->info))
			add_coverage(target, &sum);
		add_sites(&target->info, &sum);
	}
	sum.lost = snapshot->lost;
	return cov_give(totals, &sum, sizeof(sum));
}
