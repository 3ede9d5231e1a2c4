// SPDX-License-Identifier: GPL-2.0-only
/*
 * checkpoint.c - the table of a target's sites, made from flow_plan.c's plan, and the way back
 * from hits to coverage. For process context.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "alloc_array.h"
#include "checkpoint.h"
#include "implied.h"
#include "insn_branch.h"
#include "target_list.h"

u32 checkpoints_ids(const struct cov_image *image)
{
	struct cell_layout layout = cov_image_layout(image);

	return cells_of_layout(&layout);
}

/* Engine kprobe and paths count in every mode: they are asked for where a hit may cost more. */
static bool counts_always(const struct cov_target *target)
{
	return target->engine == COV_ENGINE_KPROBE || target->flags & COV_ATTACH_PATHS;
}

static int alloc_firsts(struct cov_target *target)
{
	struct checkpoints *cps = &target->cps;
	bool tracked = target->scope == COV_SCOPE_TRACKED;

	cps->first_samples = pure_alloc_lasting(cps->cells.count * sizeof(u64));
	cps->passed = tracked ? pure_alloc_lasting(cps->cells.count) : NULL;
	return cps->first_samples && (cps->passed || !tracked) ? 0 : -ENOMEM;
}

int checkpoints_init(struct cov_target *target, u32 mode)
{
	struct checkpoints *cps = &target->cps;
	int err;

	lockdep_assert_held(&cov_targets_lock);
	cps->mode = mode;
	cps->edges = mode != COV_MODE_BLOCKS;
	cps->cells.count = checkpoints_ids(&target->image);
	cps->cells.wide = mode == COV_MODE_COUNT || mode == COV_MODE_TRACE ||
			  counts_always(target);
	err = cells_take(&cps->cells, target->scope == COV_SCOPE_TRACKED);
	if (!err && counts_always(target))
		err = alloc_firsts(target);
	if (err)
		checkpoints_free(cps);
	return err;
}

/*
 * If held stubs (held.c) still write to the cells, the last of them frees them. If a stub will
 * write to them for ever, they are abandoned: held.c is given none to free.
 */
static void free_cells(struct checkpoints *cps)
{
	struct held_cells *held = cps->held_cells;

	if (held && held->users) {
		if (!cps->abandoned)
			held->cells = cps->cells;
		held->orphaned = true;
		return;
	}
	kfree(held);
	if (!cps->abandoned)
		cells_give(&cps->cells);
}

void checkpoints_free(struct checkpoints *cps)
{
	lockdep_assert_held(&cov_targets_lock);
	free_cells(cps);
	site_list_free(&cps->sites);
	kvfree(cps->impossible);
	kvfree(cps->first_samples);
	kvfree(cps->passed);
	cell_ids_give(&cps->ids);
	*cps = (struct checkpoints){ };
	site_list_init(&cps->sites);
}

bool cell_is_branch(const struct cov_image *image, u32 cell)
{
	struct cell_layout layout = cov_image_layout(image);

	return cell_decode(&layout, cell).kind == SITE_BRANCH;
}

u32 checkpoints_index(const struct cov_site *site)
{
	struct cell_layout layout = cov_image_layout(&site_target(site)->image);
	u32 i = cell_index(&layout, site->kind, site->cell);

	return site->kind == SITE_LEADER && i == layout.blocks ? COV_NONE : i;
}

static unsigned long block_address(const struct cov_image *image, u32 block, u32 offset)
{
	return image->in.functions[image->flow.blocks[block].function].address + offset;
}

/* The function that the site of @kind and @index lies in; COV_NONE for a manual checkpoint. */
static u32 function_of(const struct cov_image *image, enum site_kind kind, u32 index)
{
	const struct flow *flow = &image->flow;

	if (kind == SITE_ENTRY)
		return index;
	if (kind == SITE_BRANCH)
		index = flow->branches[index].block;
	return index < flow->nr_blocks ? flow->blocks[index].function : COV_NONE;
}

/* @index: of the function, branch or block (struct cell_meaning). */
static void site_init(struct cov_site *site, struct cov_target *target,
		      enum site_kind kind, unsigned long address, u32 index)
{
	struct cell_layout layout = cov_image_layout(&target->image);
	u32 function = function_of(&target->image, kind, index);

	site->kind = kind;
	site->offset = address - target->image.core.base;
	site->cell = cell_of(&layout, kind, index, 0);
	site->state = COV_SITE_PENDING;
	site->forbidden = function == COV_NONE || target->image.labels[function].forbidden;
	site->traced = target->cps.mode == COV_MODE_TRACE;
	site->in_init = function != COV_NONE && target->image.labels[function].in_init;
	site->at_fentry = cov_image_is_fentry(&target->image, address) ||
		(kind == SITE_ENTRY && cov_image_is_fentry(&target->image, address + ENDBR_LEN));
	if (site->in_init && target->image.init_gone)
		site->state = COV_SITE_GONE;
}

/*
 * May blocks' sites be one-shot? Not in scope tracked, where each sample has hits of its own, nor
 * for paths and in mode trace, which record each hit.
 */
static bool blocks_once(const struct cov_target *target)
{
	return target->scope == COV_SCOPE_ALL && target->cps.mode != COV_MODE_TRACE &&
	       !(target->flags & COV_ATTACH_PATHS);
}

/*
 * The core kernel's functions have no regions, others only those that detours may need; sites
 * that are added later, such as for refused ones, find them freed.
 */
static struct region region_of(const struct region *regions, u32 index)
{
	return regions ? regions[index] : (struct region){ .why = REGION_UNSURE };
}

/* Does the plan want a site that is not there yet? */
static bool lacks(u8 state, const struct cov_site *site)
{
	return state == FLOW_SITE_WANTED && !site;
}

static u32 count_new(const struct cov_image *image, const struct checkpoints *cps)
{
	u32 i, n = 0;

	for (i = 0; i < image->in.nr_functions; i++)
		n += lacks(cps->plan.entry[i], cps->entry[i]);
	for (i = 0; i < image->flow.nr_blocks; i++)
		n += lacks(cps->plan.leader[i], cps->leader[i]);
	for (i = 0; i < image->flow.nr_branches; i++)
		n += lacks(cps->plan.branch[i], cps->branch[i]);
	return n;
}

/* In mode edges engine kprobe, if asked for, counts entries; engine entry keeps watching them. */
static bool entries_once(const struct cov_target *target)
{
	if (target->cps.mode == COV_MODE_BLOCKS)
		return blocks_once(target);
	return target->cps.mode == COV_MODE_EDGES && blocks_once(target) &&
	       target->engine != COV_ENGINE_KPROBE && target->engine != COV_ENGINE_ENTRY;
}

static void add_entry(struct cov_target *target, u32 function)
{
	struct cov_site *site = site_list_add(&target->cps.sites);

	site_init(site, target, SITE_ENTRY, target->image.in.functions[function].address, function);
	site->one_shot = entries_once(target);
	site->region = region_of(target->image.regions.entries, function);
	target->cps.entry[function] = site;
}

static void add_branch(struct cov_target *target, u32 index)
{
	const struct flow_branch *branch = &target->image.flow.branches[index];
	struct cov_site *site = site_list_add(&target->cps.sites);

	site_init(site, target, SITE_BRANCH,
		  block_address(&target->image, branch->block, branch->offset), index);
	site->condition = branch->condition;
	site->narrow = branch->narrow;
	site->forbidden |= branch->reserved;
	site->length = branch->length;
	site->displacement = branch->target - site_address(site) - branch->length;
	site->region = region_of(target->image.regions.branches, index);
	target->cps.branch[index] = site;
}

static struct cov_site *add_leader(struct cov_target *target, u32 block)
{
	struct cov_site *site = site_list_add(&target->cps.sites);

	site_init(site, target, SITE_LEADER,
		  block_address(&target->image, block, target->image.flow.blocks[block].site),
		  block);
	site->one_shot = blocks_once(target);
	site->region = region_of(target->image.regions.blocks, block);
	target->cps.leader[block] = site;
	return site;
}

/*
 * Witnesses that the plan wants by now become its sites. Return: does the plan have to do without
 * one of them?
 */
static bool adopt_witnesses(struct cov_target *target)
{
	struct checkpoints *cps = &target->cps;
	bool refused = false;
	u32 i;

	for (i = 0; i < target->image.flow.nr_blocks; i++) {
		struct cov_site *site = cps->leader[i];

		if (cps->plan.leader[i] != FLOW_SITE_WANTED || !site || !site->witness)
			continue;
		site->witness = false;
		if (site->state == COV_SITE_REFUSED) {
			cps->plan.leader[i] = FLOW_SITE_REFUSED;
			refused = true;
		}
	}
	return refused;
}

static void add_new(struct cov_target *target)
{
	struct checkpoints *cps = &target->cps;
	u32 i;

	for (i = 0; i < target->image.in.nr_functions; i++)
		if (lacks(cps->plan.entry[i], cps->entry[i]))
			add_entry(target, i);
	for (i = 0; i < target->image.flow.nr_branches; i++)
		if (lacks(cps->plan.branch[i], cps->branch[i]))
			add_branch(target, i);
	for (i = 0; i < target->image.flow.nr_blocks; i++)
		if (lacks(cps->plan.leader[i], cps->leader[i]))
			add_leader(target, i);
}

/* Memory for sites that are about to be added. */
static int checkpoints_reserve(struct cov_target *target, u32 n)
{
	return site_list_reserve(&target->cps.sites, target, target->image.core.base, n);
}

/* The only part of the plan that the sites do not tell: it is kept while the target is shut. */
static int note_impossible(struct checkpoints *cps, u32 nr_blocks)
{
	u32 i, n = 0, *blocks;

	for (i = 0; i < nr_blocks; i++)
		n += checkpoints_impossible(cps, i);
	blocks = pure_alloc_lasting(n * sizeof(*blocks));
	if (!blocks)
		return -ENOMEM;
	for (i = n = 0; i < nr_blocks; i++)
		if (checkpoints_impossible(cps, i))
			blocks[n++] = i;
	kvfree(cps->impossible);
	cps->impossible = blocks;
	cps->nr_impossible = n;
	return 0;
}

int checkpoints_plan_alloc(const struct cov_image *image, struct flow_plan *plan)
{
	plan->entry = alloc_array(image->in.nr_functions, sizeof(*plan->entry));
	plan->leader = alloc_array(image->flow.nr_blocks, sizeof(*plan->leader));
	plan->branch = alloc_array(image->flow.nr_branches, sizeof(*plan->branch));
	return plan->entry && plan->leader && plan->branch ? 0 : -ENOMEM;
}

void checkpoints_plan_free(struct flow_plan *plan)
{
	kvfree(plan->entry);
	kvfree(plan->leader);
	kvfree(plan->branch);
	*plan = (struct flow_plan){ };
}

int checkpoints_plan(struct cov_target *target, u32 room)
{
	struct checkpoints *cps = &target->cps;
	int err;
	u32 n;

	lockdep_assert_held(&cov_targets_lock);
	err = flow_plan(&target->image.in, &target->image.flow, cps->edges, &cps->plan);
	if (err >= 0)
		err = note_impossible(cps, target->image.flow.nr_blocks);
	if (err)
		return err;
	n = count_new(&target->image, cps);
	if (n > room)
		return -ENOSPC;
	err = checkpoints_reserve(target, n);
	if (err)
		return err;
	/* Only now: after a failure the next call has to plan again. */
	cps->refusals = adopt_witnesses(target);
	add_new(target);
	return 0;
}

/* Where a site of the plan looks at its instruction. */
static unsigned long place_of(const struct cov_target *target, const struct cov_site *site)
{
	return site_address(site) + (site->kind == SITE_ENTRY ?
		target->image.in.functions[checkpoints_index(site)].entry : 0);
}

/*
 * May a manual checkpoint have a breakpoint, or only a kprobe? Not a breakpoint where the kernel
 * may change the bytes, or where the plan has a site: engine breakpoint can have only one.
 */
static bool may_break(const struct cov_target *target, const struct cov_site *manual)
{
	const struct cov_image *image = &target->image;
	unsigned long address = site_address(manual);
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	if (!target->mod || image->labels[target->function].forbidden || manual->at_fentry ||
	    cov_image_is_reserved(image, address))
		return false;
	for_each_site(site, chunk, i, &target->cps)
		if (site != manual && place_of(target, site) == address)
			return false;
	return true;
}

int checkpoints_add_manual(struct cov_target *target, unsigned long address, u32 room)
{
	struct checkpoints *cps = &target->cps;
	int err;

	lockdep_assert_held(&cov_targets_lock);
	err = room ? checkpoints_reserve(target, 1) : -ENOSPC;
	if (err)
		return err;
	cps->manual = site_list_add(&cps->sites);
	site_init(cps->manual, target, SITE_LEADER, address, target->image.flow.nr_blocks);
	cps->manual->in_init = target->image.labels[target->function].in_init;
	cps->manual->forbidden = !may_break(target, cps->manual);
	return 0;
}

int checkpoints_add_witnesses(struct cov_target *target, const u32 *blocks, u32 n,
			      struct cov_site **sites)
{
	int err;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	err = checkpoints_reserve(target, n);
	if (err)
		return err;
	for (i = 0; i < n; i++) {
		sites[i] = add_leader(target, blocks[i]);
		sites[i]->witness = true;
	}
	return 0;
}

/* Of three arrays the one for a kind of sites. */
static void *array_of(enum site_kind kind, void *entry, void *leader, void *branch)
{
	switch (kind) {
	case SITE_ENTRY:
		return entry;
	case SITE_BRANCH:
		return branch;
	default:
		return leader;
	}
}

struct cov_site **checkpoints_slot(const struct cov_site *site)
{
	const struct checkpoints *cps = &site_target(site)->cps;
	struct cov_site **slots = array_of(site->kind, cps->entry, cps->leader, cps->branch);
	u32 i = checkpoints_index(site);

	return i == COV_NONE ? NULL : &slots[i];
}

static bool is_planned(const struct cov_site *site)
{
	return !site->witness && checkpoints_index(site) != COV_NONE;
}

u8 *checkpoints_plan_of(const struct cov_site *site)
{
	const struct flow_plan *plan = &site_target(site)->cps.plan;
	u8 *states = array_of(site->kind, plan->entry, plan->leader, plan->branch);

	return is_planned(site) ? &states[checkpoints_index(site)] : NULL;
}

void checkpoints_refuse(struct cov_site *site, int err)
{
	struct checkpoints *cps = &site_target(site)->cps;

	lockdep_assert_held(&cov_targets_lock);
	WRITE_ONCE(site->state, COV_SITE_REFUSED);
	site->error = -err;
	if (!is_planned(site))
		return;
	cps->refusals = true;
	if (cps->plan.entry)
		*checkpoints_plan_of(site) = FLOW_SITE_REFUSED;
}

/* The arrays of a struct flow_hits. */
struct hit_bytes {
	u8 *entry, *leader, *taken, *not_taken;
};

static void hit_bytes_free(struct hit_bytes *hits)
{
	kvfree(hits->entry);
	kvfree(hits->leader);
	kvfree(hits->taken);
	kvfree(hits->not_taken);
}

static int hit_bytes_read(const struct cov_target *target, const u64 *counts,
			  struct hit_bytes *hits)
{
	const struct cell_layout layout = cov_image_layout(&target->image);
	u32 i;

	hits->entry = alloc_array(layout.functions, 1);
	hits->leader = alloc_array(layout.blocks, 1);
	hits->taken = alloc_array(layout.branches, 1);
	hits->not_taken = alloc_array(layout.branches, 1);
	if (!hits->entry || !hits->leader || !hits->taken || !hits->not_taken)
		return -ENOMEM;
	for (i = 0; i < layout.functions; i++)
		hits->entry[i] = !!counts[cell_of(&layout, SITE_ENTRY, i, 0)];
	for (i = 0; i < layout.blocks; i++)
		hits->leader[i] = !!counts[cell_of(&layout, SITE_LEADER, i, 0)];
	for (i = 0; i < layout.branches; i++) {
		hits->not_taken[i] = !!counts[cell_of(&layout, SITE_BRANCH, i, OUTCOME_NOT_TAKEN)];
		hits->taken[i] = !!counts[cell_of(&layout, SITE_BRANCH, i, OUTCOME_TAKEN)];
	}
	return 0;
}

bool site_saw(const struct cov_site *site, u32 outcome)
{
	const struct cells *cells = &site_target(site)->cps.cells;

	return cells->base && cell_read(cells, cells->base, site->cell + outcome);
}

int checkpoints_hits(const struct cov_target *target, u64 sample, u64 **hits)
{
	const struct cells *cells = &target->cps.cells;
	int err;

	lockdep_assert_held(&cov_targets_lock);
	*hits = alloc_array(cells->count, sizeof(**hits));
	if (!*hits)
		return -ENOMEM;
	implied_note_all(target, sample);
	err = cells_read(cells, sample, *hits);
	if (err) {
		kvfree(*hits);
		*hits = NULL;
	}
	return err;
}

/*
 * Reduce the plan to what was carried out: nothing follows from a site that was never armed, or
 * not all the time since the hits were last cleared.
 */
static void mark_unwatched(u8 *plan, struct cov_site *const *sites, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (plan[i] == FLOW_SITE_WANTED && !(sites[i] && site_vouches(sites[i])))
			plan[i] = FLOW_SITE_REFUSED;
}

static int watched_plan(const struct cov_target *target, struct flow_plan *plan)
{
	const struct checkpoints *cps = &target->cps;
	const struct flow *flow = &target->image.flow;
	u32 functions = target->image.in.nr_functions;
	int err = checkpoints_plan_alloc(&target->image, plan);

	if (err)
		return err;
	memcpy(plan->entry, cps->plan.entry, functions);
	memcpy(plan->leader, cps->plan.leader, flow->nr_blocks);
	memcpy(plan->branch, cps->plan.branch, flow->nr_branches);
	mark_unwatched(plan->entry, cps->entry, functions);
	mark_unwatched(plan->leader, cps->leader, flow->nr_blocks);
	mark_unwatched(plan->branch, cps->branch, flow->nr_branches);
	return 0;
}

void checkpoints_coverage_free(struct flow_coverage *coverage)
{
	kvfree(coverage->block);
	kvfree(coverage->taken);
	kvfree(coverage->not_taken);
	*coverage = (struct flow_coverage){ };
}

int checkpoints_coverage(const struct cov_target *target, const u64 *hits,
			 struct flow_coverage *coverage)
{
	const struct flow *flow = &target->image.flow;
	struct hit_bytes bytes = { };
	struct flow_plan plan = { };
	struct flow_hits known;
	int err;

	lockdep_assert_held(&cov_targets_lock);
	coverage->block = alloc_array(flow->nr_blocks, 1);
	coverage->taken = alloc_array(flow->nr_branches, 1);
	coverage->not_taken = alloc_array(flow->nr_branches, 1);
	err = coverage->block && coverage->taken && coverage->not_taken ? 0 : -ENOMEM;
	err = err ?: hit_bytes_read(target, hits, &bytes) ?: watched_plan(target, &plan);
	if (!err) {
		known = (struct flow_hits){
			bytes.entry, bytes.leader, bytes.taken, bytes.not_taken,
		};
		err = flow_propagate(&target->image.in, flow, &plan, &known, coverage);
	}
	checkpoints_plan_free(&plan);
	hit_bytes_free(&bytes);
	if (err)
		checkpoints_coverage_free(coverage);
	return err;
}
