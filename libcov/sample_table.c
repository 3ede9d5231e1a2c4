// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sample_table.c - what each sample has covered, and which was first. Owns struct
 * cov_sample_table. May call cov.c, attach.c, samples.c, snapshot.c, snapshot_get.c, records.c and
 * known_sets.c.
 *
 * The targets' tables are read into the same memory for each sample, and converted to a
 * row of bits. Each kind of place begins at a word boundary, so that they can be counted
 * separately.
 *
 * livecov records which sample was first only where engine kprobe was asked for, or with
 * COV_ATTACH_PATHS. Elsewhere a hit writes the running sample's cell and nothing else;
 * recording the order would make every hit more expensive. So the order of registration is
 * used instead. A path's record always has its first sample.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define WORD_BITS	64

COV_PUBLIC void cov_sample_table_free(struct cov_sample_table *table)
{
	if (!table)
		return;
	cov_snapshot_free(table->snapshot);
	known_sets_free(&table->sets);
	free(table->first_bit);
	free(table->samples);
	free(table->ids);
	free(table);
}

/* ---- reading ----------------------------------------------------------- */

static uint32_t kind_count(const struct cov_target_info *info, unsigned int kind)
{
	switch (kind) {
	case KIND_FUNCTION:
		return info->functions;
	case KIND_BLOCK:
		return info->blocks;
	default:
		return 2 * info->branches;
	}
}

/* Give each place a bit. */
static int lay_out(struct cov_sample_table *table)
{
	const struct cov_snapshot *snapshot = table->snapshot;
	unsigned int kind, t;
	uint32_t bit = 0;

	table->first_bit = calloc((size_t)snapshot->count + 1, sizeof(*table->first_bit));
	if (!table->first_bit)
		return -ENOMEM;
	for (kind = 0; kind < NR_KINDS; kind++) {
		bit = (bit + WORD_BITS - 1) / WORD_BITS * WORD_BITS;
		table->first_word[kind] = bit / WORD_BITS;
		for (t = 0; t < snapshot->count; t++) {
			table->first_bit[t][kind] = bit;
			bit += kind_count(&snapshot->targets[t].info, kind);
		}
	}
	table->first_word[NR_KINDS] = (bit + WORD_BITS - 1) / WORD_BITS;
	return known_sets_init(&table->sets, table->count, table->first_word[NR_KINDS]);
}

static void put_target(struct cov_sample_table *table, uint32_t sample, unsigned int t)
{
	const struct snapshot_target *target = &table->snapshot->targets[t];
	const uint32_t *first_bit = table->first_bit[t];
	uint32_t i, bit;

	for (i = 0; i < target->info.functions; i++)
		if (!(target->functions[i].flags & COV_FUNCTION_COLD))
			known_sets_put(&table->sets, sample, first_bit[KIND_FUNCTION] + i,
				       cov_function_entered(target, &target->functions[i]));
	for (i = 0; i < target->info.blocks; i++)
		known_sets_put(&table->sets, sample, first_bit[KIND_BLOCK] + i,
			       target->blocks[i].covered);
	for (i = 0; i < target->info.branches; i++) {
		bit = first_bit[KIND_OUTCOME] + 2 * i;
		known_sets_put(&table->sets, sample, bit, target->branches[i].not_taken);
		known_sets_put(&table->sets, sample, bit + 1, target->branches[i].taken);
	}
}

/* All targets, in the current view. */
static int reread(struct cov *cov, struct cov_sample_table *table)
{
	unsigned int t;
	int ret = 0;

	for (t = 0; !ret && t < table->snapshot->count; t++)
		ret = cov_snapshot_reread(cov, &table->snapshot->targets[t]);
	return ret;
}

/* Changes the view; afterwards the tables are again those of all samples together. */
static int read_samples(struct cov *cov, struct cov_sample_table *table)
{
	uint32_t sample;
	unsigned int t;
	int ret;

	for (sample = 0; sample < table->count; sample++) {
		ret = cov_set_view(cov, table->ids[sample]);
		if (!ret)
			ret = reread(cov, table);
		if (ret)
			return ret;
		for (t = 0; t < table->snapshot->count; t++)
			put_target(table, sample, t);
	}
	ret = cov_set_view(cov, 0);
	return ret ? ret : reread(cov, table);
}

/* ---- which sample was first --------------------------------------------- */

/* Note which sample is known to have been first, if it is in the table and has the bit. */
static void tell_first(struct cov_sample_table *table, uint32_t bit, uint64_t id)
{
	struct known_set row;
	unsigned int sample;

	if (!id || cov_sample_table_find(table, id, &sample))
		return;
	row = known_sets_row(&table->sets, sample);
	if (known_set_get(&row, bit) == COV_YES)
		known_sets_tell_first(&table->sets, bit, sample);
}

/*
 * The sample that reached a branch first saw one outcome of it before any other sample.
 * If it has seen only one outcome in total, that is the one.
 */
static void tell_first_outcome(struct cov_sample_table *table, uint32_t bit, uint64_t id)
{
	unsigned int sample, other;
	struct known_set row;

	if (!id || cov_sample_table_find(table, id, &sample))
		return;
	row = known_sets_row(&table->sets, sample);
	for (other = 0; other < 2; other++)
		if (known_set_get(&row, bit + other) == COV_NO)
			tell_first(table, bit + !other, id);
}

static void tell_firsts(struct cov_sample_table *table)
{
	unsigned int t;
	uint32_t i;

	for (t = 0; t < table->snapshot->count; t++) {
		const struct snapshot_target *target = &table->snapshot->targets[t];
		const uint32_t *first_bit = table->first_bit[t];

		for (i = 0; i < target->info.functions; i++)
			tell_first(table, first_bit[KIND_FUNCTION] + i,
				   target->functions[i].first_sample);
		for (i = 0; i < target->info.branches; i++)
			tell_first_outcome(table, first_bit[KIND_OUTCOME] + 2 * i,
					   target->branches[i].first_sample);
	}
}

int cov_sample_earlier(const struct cov_sample_table *table, uint32_t sample,
		       struct known_set *earlier)
{
	uint32_t i;

	if (known_set_init(earlier, table->sets.words))
		return -ENOMEM;
	for (i = 0; i < sample; i++) {
		struct known_set row = known_sets_row(&table->sets, i);

		known_set_add(earlier, &row, table->sets.words);
	}
	return 0;
}

/* ---- paths -------------------------------------------------------------- */

static bool records_paths(const struct cov_snapshot *snapshot, unsigned int t)
{
	return snapshot->targets[t].info.attach_flags & COV_ATTACH_PATHS;
}

static bool any_records_paths(const struct cov_snapshot *snapshot)
{
	unsigned int t;

	for (t = 0; t < snapshot->count; t++)
		if (records_paths(snapshot, t))
			return true;
	return false;
}

/* They come in the order of their first occurrence: mostly from the same sample as the last. */
static void count_first_paths(struct cov_sample_table *table, const struct cov_records *records)
{
	struct cov_record record = COV_INIT(record);
	unsigned int sample = 0;
	size_t i;

	for (i = 0; !cov_records_get(records, i, &record); i++) {
		if (!record.first_sample || !records_paths(table->snapshot, record.to.t))
			continue;
		if (table->ids[sample] != record.first_sample &&
		    cov_sample_table_find(table, record.first_sample, &sample))
			continue;
		table->samples[sample].first_paths++;
	}
}

static int read_paths(struct cov *cov, struct cov_sample_table *table)
{
	struct cov_records *records;
	uint32_t i;
	int ret;

	if (!table->count || !any_records_paths(table->snapshot))
		return 0;
	ret = cov_paths(cov, table->snapshot, &records);
	if (ret)
		return ret;
	for (i = 0; i < table->count; i++)
		table->samples[i].paths_recorded = 1;
	count_first_paths(table, records);
	cov_records_free(records);
	return 0;
}

/* ---- numbers ------------------------------------------------------------ */

static struct cov_place_counts count_places(const struct cov_sample_table *table,
					    const struct known_set *set)
{
	const uint32_t *word = table->first_word;
	uint32_t end = word[NR_KINDS];

	return (struct cov_place_counts){
		.functions = known_count(set->yes, word[KIND_FUNCTION], word[KIND_BLOCK]),
		.blocks = known_count(set->yes, word[KIND_BLOCK], word[KIND_OUTCOME]),
		.outcomes = known_count(set->yes, word[KIND_OUTCOME], end),
		.unknown = known_count(set->maybe, 0, end) - known_count(set->yes, 0, end),
	};
}

/* @earlier: the samples before; @room for one set */
static void describe(const struct cov_sample_table *table, uint32_t sample,
		     const struct known_set *earlier, struct known_set *room)
{
	struct known_set row = known_sets_row(&table->sets, sample);
	struct cov_sample_desc *desc = &table->samples[sample];

	desc->id = table->ids[sample];
	desc->covered = count_places(table, &row);
	known_sets_alone(&table->sets, sample, room);
	desc->alone = count_places(table, room);
	known_sets_first(&table->sets, sample, earlier, room);
	desc->first = count_places(table, room);
	desc->effective = desc->first.functions || desc->first.blocks || desc->first.outcomes ||
			  desc->first_paths;
}

static int describe_all(struct cov_sample_table *table)
{
	struct known_set earlier = { 0 }, room = { 0 };
	int ret = -ENOMEM;
	uint32_t i;

	if (known_set_init(&earlier, table->sets.words) ||
	    known_set_init(&room, table->sets.words))
		goto out;
	for (i = 0; i < table->count; i++) {
		struct known_set row = known_sets_row(&table->sets, i);

		describe(table, i, &earlier, &room);
		known_set_add(&earlier, &row, table->sets.words);
	}
	ret = 0;
out:
	known_set_free(&earlier);
	known_set_free(&room);
	return ret;
}

/* ---- taking ------------------------------------------------------------- */

static int fail_memory(struct cov *cov, uint32_t samples)
{
	return cov_fail(cov, ENOMEM, "no memory for the coverage of %u samples", samples);
}

/* The handle must have view 0. */
static int fill(struct cov *cov, uint32_t target, struct cov_sample_table *table)
{
	int ret;

	ret = cov_samples_all(cov, &table->ids, &table->count);
	if (!ret)
		ret = cov_snapshot_by_sample(cov, target, &table->snapshot);
	if (ret)
		return ret;
	table->samples = calloc((size_t)table->count + 1, sizeof(*table->samples));
	if (!table->samples || lay_out(table))
		return fail_memory(cov, table->count);
	ret = read_samples(cov, table);
	if (!ret)
		ret = read_paths(cov, table);
	if (ret)
		return ret;
	tell_firsts(table);
	known_sets_seal(&table->sets);
	if (describe_all(table))
		return fail_memory(cov, table->count);
	return 0;
}

/* While this is in progress, the handle has view 0. */
static int take_once(struct cov *cov, uint32_t target, struct cov_sample_table **out)
{
	struct cov_sample_table *table = calloc(1, sizeof(*table));
	uint64_t view = cov->view;
	int ret, back;

	if (!table)
		return cov_fail(cov, ENOMEM, "no memory for a table of samples");
	cov->view = 0;
	ret = cov_set_view(cov, 0);
	if (!ret)
		ret = fill(cov, target, table);
	cov->view = view;
	back = cov_set_view(cov, view);
	ret = ret ? ret : back;
	if (!ret) {
		*out = table;
		return 0;
	}
	cov_sample_table_free(table);
	errno = -ret;
	return ret;
}

COV_PUBLIC int cov_sample_table_take(struct cov *cov, const char *module,
				     struct cov_sample_table **table)
{
	uint32_t target = 0;
	int tries, ret = 0;

	cov_begin(cov);
	*table = NULL;
	if (module)
		ret = cov_find(cov, module, &target);
	if (ret)
		return ret;
	for (tries = 0; tries < COV_READ_TRIES; tries++) {
		ret = take_once(cov, target, table);
		if (ret != COV_CHANGED)
			return ret;
	}
	return cov_fail_changing(cov);
}

/* ---- access --------------------------------------------------------------- */

COV_PUBLIC const struct cov_snapshot *
cov_sample_table_snapshot(const struct cov_sample_table *table)
{
	return table->snapshot;
}

COV_PUBLIC unsigned int cov_sample_table_count(const struct cov_sample_table *table)
{
	return table->count;
}

COV_PUBLIC int cov_sample_table_find(const struct cov_sample_table *table, uint64_t id,
				     unsigned int *sample)
{
	uint32_t i;

	for (i = 0; i < table->count; i++)
		if (table->ids[i] == id) {
			*sample = i;
			return 0;
		}
	return cov_set_errno(ENOENT);
}

COV_PUBLIC int cov_sample_table_get(const struct cov_sample_table *table, unsigned int sample,
				    struct cov_sample_desc *out)
{
	struct cov_sample_desc desc;

	if (sample >= table->count)
		return cov_set_errno(ERANGE);
	desc = table->samples[sample];
	return cov_give(out, &desc, sizeof(desc));
}
