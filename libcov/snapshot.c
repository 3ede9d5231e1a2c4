// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * snapshot.c - reads a target's tables in bulk; snapshot_get.c gives access to them. May
 * call cov.c, attach.c, module_file.c, sections.c and section_list.c.
 *
 * The tables are read by several calls, and the target may be rebuilt between them (when
 * its module is loaded again). The generation shows this: if a call sees another one than
 * COV_IOC_TARGET did, all of that target is read again.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Entries requested in one call; a bound on the kernel's buffer, not on ours. */
#define READ_GROUP	(1U << 16)

static void free_tables(struct snapshot_target *target)
{
	free(target->functions);
	free(target->blocks);
	free(target->branches);
	free(target->edges);
	free(target->outcomes);
	free(target->names);
	free(target->section_of);
	cov_sections_free(&target->sections);
	memset(target, 0, sizeof(*target));
}

COV_PUBLIC void cov_snapshot_free(struct cov_snapshot *snapshot)
{
	unsigned int i;

	if (!snapshot)
		return;
	for (i = 0; i < snapshot->count; i++)
		free_tables(&snapshot->targets[i]);
	free(snapshot->targets);
	cov_module_files_free(snapshot->files);
	free(snapshot);
}

/* ---- tables ------------------------------------------------------------ */

/* Reads @count entries of @entry bytes each. */
typedef int table_reader(struct cov *cov, const struct cov_target_info *info,
			 unsigned long command, uint32_t count, size_t entry, void **table);

/* Into the table that is there, which is large enough. */
static int fill_table(struct cov *cov, const struct cov_target_info *info,
		      unsigned long command, uint32_t count, size_t entry, void **table)
{
	uint32_t have = 0;

	while (have < count) {
		struct cov_range range = {
			.target = info->target,
			.first = have,
			.buffer = cov_ptr((char *)*table + have * entry),
			.count = count - have < READ_GROUP ? count - have : READ_GROUP,
		};
		int ret = cov_call(cov, command, &range, "read a table");

		if (ret)
			return ret;
		if (range.generation != info->generation || !range.count ||
		    range.count > count - have)
			return COV_CHANGED;
		have += range.count;
	}
	return 0;
}

/* Into a newly allocated one, with one zeroed entry more than @count. */
static int read_table(struct cov *cov, const struct cov_target_info *info,
		      unsigned long command, uint32_t count, size_t entry, void **table)
{
	*table = calloc((size_t)count + 1, entry);
	if (!*table)
		return cov_fail(cov, ENOMEM, "no memory for a table of %u entries", count);
	return fill_table(cov, info, command, count, entry, table);
}

static bool fits(uint32_t first, uint32_t count, uint32_t whole)
{
	return first <= whole && count <= whole - first;
}

static bool leads_somewhere(uint32_t block, const struct cov_target_info *info)
{
	return block == COV_NONE || block < info->blocks;
}

/* What the getters and the ranking rely on; a faulty kernel must not crash the program. */
static bool consistent(const struct snapshot_target *target)
{
	const struct cov_target_info *info = &target->info;
	uint32_t i;

	for (i = 0; i < info->functions; i++) {
		const struct cov_function *f = &target->functions[i];

		if (f->name >= info->names_len ||
		    !fits(f->first_block, f->blocks, info->blocks) ||
		    !fits(f->first_branch, f->branches, info->branches) ||
		    (f->parent != COV_NONE && f->parent >= info->functions))
			return false;
	}
	for (i = 0; i < info->blocks; i++)
		if (target->blocks[i].function >= info->functions)
			return false;
	for (i = 0; i < info->branches; i++)
		if (target->branches[i].function >= info->functions ||
		    target->branches[i].block >= info->blocks)
			return false;
	for (i = 0; target->edges && i < info->blocks; i++)
		if (!leads_somewhere(target->edges[i].next, info) ||
		    !leads_somewhere(target->edges[i].jump, info))
			return false;
	return true;
}

static int check_tables(struct cov *cov, const struct snapshot_target *target)
{
	if (consistent(target))
		return 0;
	return cov_fail(cov, EPROTO, "livecov gave tables that contradict each other; please report this");
}

/* The tables that change as code runs; @read: read_table() at first, fill_table() to reread. */
static int read_counts(struct cov *cov, struct snapshot_target *target, table_reader *read)
{
	const struct cov_target_info *info = &target->info;
	int ret;

	ret = read(cov, info, COV_IOC_FUNCTIONS, info->functions, sizeof(*target->functions),
		   (void **)&target->functions);
	if (!ret)
		ret = read(cov, info, COV_IOC_BLOCKS, info->blocks, sizeof(*target->blocks),
			   (void **)&target->blocks);
	if (!ret)
		ret = read(cov, info, COV_IOC_BRANCHES, info->branches, sizeof(*target->branches),
			   (void **)&target->branches);
	return ret;
}

int cov_snapshot_reread(struct cov *cov, struct snapshot_target *target)
{
	int ret = read_counts(cov, target, fill_table);

	return ret ? ret : check_tables(cov, target);
}

static int fail_sections(struct cov *cov)
{
	return cov_fail(cov, ENOMEM, "no memory for section names");
}

/* The sections that were passed to livecov at attach, for a target that is not loaded. */
static int kept_sections(struct cov *cov, struct snapshot_target *target)
{
	struct cov_section *table = NULL;
	uint32_t i;
	int ret;

	ret = read_table(cov, &target->info, COV_IOC_SECTIONS, target->info.sections,
			 sizeof(*table), (void **)&table);
	for (i = 0; !ret && i < target->info.sections; i++) {
		table[i].name[sizeof(table[i].name) - 1] = '\0';
		ret = cov_sections_add(&target->sections, table[i].name, table[i].base,
				       table[i].size);
	}
	free(table);
	return ret == -ENOMEM ? fail_sections(cov) : ret;
}

static int read_sections(struct cov *cov, struct snapshot_target *target)
{
	const struct cov_target_info *info = &target->info;
	struct cov_build_id id = { .length = info->build_id_len };

	if (id.length > sizeof(info->build_id))
		id.length = sizeof(info->build_id);
	memcpy(id.bytes, info->build_id, id.length);
	if (info->state == COV_TARGET_LIVE &&
	    cov_sections_loaded(cov, info->module, &id, &target->sections))
		return fail_sections(cov);
	return target->sections.count ? 0 : kept_sections(cov, target);
}

/* Manual checkpoints are added without sections; the core kernel's never move. */
static int core_sections(struct cov *cov, struct snapshot_target *target)
{
	if (target->sections.count || strcmp(target->info.module, COV_CORE_KERNEL))
		return 0;
	return cov_sections_of(cov, COV_CORE_KERNEL, &target->sections) ? fail_sections(cov) : 0;
}

static bool all_have_sections(const struct snapshot_target *target)
{
	uint32_t i;

	for (i = 0; i < target->info.functions; i++)
		if (cov_sections_find(&target->sections, target->functions[i].address) == COV_NONE)
			return false;
	return target->sections.count;
}

static int find_sections(struct snapshot_target *target)
{
	uint32_t i;

	target->section_of = calloc((size_t)target->info.functions + 1,
				    sizeof(*target->section_of));
	if (!target->section_of)
		return -ENOMEM;
	for (i = 0; i < target->info.functions; i++) {
		unsigned int s = cov_sections_find(&target->sections,
						   target->functions[i].address);

		target->section_of[i] = s == COV_NONE ? 0 : s;
	}
	return 0;
}

/* A section of unknown size extends to the end of its last function. */
static int find_ends(struct snapshot_target *target)
{
	struct section_list *list = &target->sections;
	uint64_t *ends = calloc(list->count, sizeof(*ends));
	uint32_t i;

	if (!ends)
		return -ENOMEM;
	for (i = 0; i < target->info.functions; i++) {
		const struct cov_function *f = &target->functions[i];
		uint64_t *end = &ends[target->section_of[i]];

		if (f->address + f->size > *end)
			*end = f->address + f->size;
	}
	for (i = 0; i < list->count; i++)
		if (!list->entries[i].size && ends[i] > list->entries[i].base)
			list->entries[i].size = ends[i] - list->entries[i].base;
	free(ends);
	return 0;
}

/*
 * A function in no section, because no names were known, is put in a ".text" that begins
 * where the target's text does.
 */
static int place_functions(struct cov *cov, struct snapshot_target *target)
{
	const struct cov_target_info *info = &target->info;
	int ret = 0;

	if (!all_have_sections(target))
		ret = cov_sections_add(&target->sections, ".text", info->text_base,
				       info->text_size);
	if (!ret)
		ret = find_sections(target);
	if (!ret)
		ret = find_ends(target);
	return ret ? cov_fail(cov, ENOMEM, "no memory for a section") : 0;
}

static int read_once(struct cov *cov, uint32_t id, struct snapshot_target *target)
{
	struct cov_target_info *info = &target->info;
	int ret;

	ret = cov_target_info(cov, id, info);
	if (!ret)
		ret = read_counts(cov, target, read_table);
	if (!ret)
		ret = read_table(cov, info, COV_IOC_NAMES, info->names_len, 1,
				 (void **)&target->names);
	if (!ret && cov->minor >= 5)
		ret = read_table(cov, info, COV_IOC_EDGES, info->blocks,
				 sizeof(*target->edges), (void **)&target->edges);
	/* Only the outcomes of a manual checkpoint's branches can be switched off. */
	if (!ret && cov->minor >= 6 && cov_is_checkpoint(info))
		ret = read_table(cov, info, COV_IOC_OUTCOMES, info->branches,
				 sizeof(*target->outcomes), (void **)&target->outcomes);
	if (!ret)
		ret = read_sections(cov, target);
	if (!ret)
		ret = core_sections(cov, target);
	if (ret)
		return ret;
	ret = check_tables(cov, target);
	return ret ? ret : place_functions(cov, target);
}

int cov_fail_changing(struct cov *cov)
{
	return cov_fail(cov, EAGAIN, "the target keeps changing while it is read; wait until its module stays loaded");
}

static int read_target(struct cov *cov, uint32_t id, struct snapshot_target *target)
{
	int tries;
	int ret;

	for (tries = 0; tries < COV_READ_TRIES; tries++) {
		ret = read_once(cov, id, target);
		if (!ret)
			return 0;
		free_tables(target);
		if (ret != COV_CHANGED)
			return ret;
	}
	return cov_fail_changing(cov);
}

static int append_target(struct cov *cov, struct cov_snapshot *snapshot, uint32_t id)
{
	struct snapshot_target *targets;
	int ret;

	targets = realloc(snapshot->targets, (snapshot->count + 1) * sizeof(*targets));
	if (!targets)
		return cov_fail(cov, ENOMEM, "no memory for a snapshot");
	snapshot->targets = targets;
	memset(&targets[snapshot->count], 0, sizeof(*targets));
	ret = read_target(cov, id, &targets[snapshot->count]);
	if (!ret)
		snapshot->count++;
	return ret;
}

static int fail_scope(struct cov *cov)
{
	return cov_fail(cov, EOPNOTSUPP,
			"nothing is attached with scope tracked, and in scope all samples are not kept apart; `covstat detach MODULE`, then `covstat attach MODULE --scope tracked`");
}

/* Is the target included in "all"? With @by_sample, manual checkpoints are not. */
static bool is_wanted(const struct cov *cov, const struct cov_target_info *info, bool by_sample)
{
	if (by_sample)
		return info->scope == COV_SCOPE_TRACKED && !cov_is_checkpoint(info);
	return !cov->view || info->scope == COV_SCOPE_TRACKED;
}

/* Those that can be queried in the handle's view, or in that of each sample. */
static int append_all(struct cov *cov, struct cov_snapshot *snapshot, bool by_sample)
{
	struct cov_target_info info = { 0 };
	bool other_scope = false;
	int ret;

	while (!(ret = cov_target_next(cov, info.target, &info))) {
		if (!is_wanted(cov, &info, by_sample)) {
			other_scope |= info.scope != COV_SCOPE_TRACKED;
			continue;
		}
		if (cov->levels && !(info.levels & cov->levels)) {
			snapshot->left_out++;
			continue;
		}
		ret = append_target(cov, snapshot, info.target);
		/* A target that has just been detached is no longer part of "all". */
		if (ret && ret != -ENOENT)
			return ret;
	}
	if (ret != -ENOENT)
		return ret;
	if (other_scope && !snapshot->count && !snapshot->left_out)
		return fail_scope(cov);
	cov_begin(cov);
	return 0;
}

int cov_fail_levels(struct cov *cov, const char *which)
{
	return cov_fail(cov, ENOENT,
			"%s that is attached has a level that was asked for; `covstat attach MODULE --level N` gives one, and without levels everything is shown",
			which);
}

/* Make sure that there are targets, and that they distinguish samples. */
static int check_by_sample(struct cov *cov, const struct cov_snapshot *snapshot)
{
	if (!snapshot->count && snapshot->left_out)
		return cov_fail_levels(cov, "nothing with scope tracked");
	if (!snapshot->count)
		return cov_fail(cov, ENOENT, "nothing is attached; run `covstat attach MODULE --scope tracked`");
	if (snapshot->targets[0].info.scope != COV_SCOPE_TRACKED)
		return fail_scope(cov);
	return 0;
}

static int read_lost(struct cov *cov, struct cov_snapshot *snapshot)
{
	struct cov_status status;
	int ret;

	memset(&status, 0, sizeof(status));
	ret = cov_call(cov, COV_IOC_STATUS, &status, "read livecov's status");
	snapshot->lost = status.tasks_lost + status.callers_lost;
	return ret;
}

/* @target: id, or 0 for all */
static int take(struct cov *cov, uint32_t target, bool by_sample, struct cov_snapshot **out)
{
	struct cov_snapshot *snapshot;
	int ret;

	*out = NULL;
	snapshot = calloc(1, sizeof(*snapshot));
	if (snapshot)
		snapshot->files = cov_module_files_new();
	if (!snapshot || !snapshot->files) {
		free(snapshot);
		return cov_fail(cov, ENOMEM, "no memory for a snapshot");
	}
	if (!target)
		ret = append_all(cov, snapshot, by_sample);
	else
		ret = append_target(cov, snapshot, target);
	if (!ret && by_sample)
		ret = check_by_sample(cov, snapshot);
	if (!ret)
		ret = read_lost(cov, snapshot);
	if (ret) {
		cov_snapshot_free(snapshot);
		errno = -ret;
		return ret;
	}
	*out = snapshot;
	return 0;
}

int cov_snapshot_id(struct cov *cov, uint32_t target, struct cov_snapshot **snapshot)
{
	return take(cov, target, false, snapshot);
}

int cov_snapshot_by_sample(struct cov *cov, uint32_t target, struct cov_snapshot **snapshot)
{
	return take(cov, target, true, snapshot);
}

COV_PUBLIC int cov_snapshot_take(struct cov *cov, const char *module,
				 struct cov_snapshot **snapshot)
{
	uint32_t target = 0;
	int ret = 0;

	cov_begin(cov);
	*snapshot = NULL;
	if (module)
		ret = cov_find(cov, module, &target);
	return ret ? ret : take(cov, target, false, snapshot);
}
