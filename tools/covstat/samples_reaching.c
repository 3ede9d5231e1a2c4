// SPDX-License-Identifier: GPL-2.0-only
/*
 * samples_reaching.c - which samples reach a function, a place in it, or an outcome of
 * a branch.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#include "covstat.h"

static bool find_block(const struct cov_snapshot *snapshot, const struct cov_function_desc *f,
		       uint64_t offset, struct cov_place *place)
{
	struct cov_block_desc block = COV_INIT(block);
	uint32_t i;

	place->kind = COV_PLACE_BLOCK;
	for (i = 0; i < f->blocks; i++) {
		place->index = f->first_block + i;
		cov_snapshot_block(snapshot, place->target_index, place->index, &block);
		if (offset >= block.offset && offset - block.offset < block.length)
			return true;
	}
	fail("no block of %s contains +0x%" PRIx64 "; `covstat list --json` lists them all",
	     f->name, offset);
	return false;
}

static bool find_branch(const struct cov_snapshot *snapshot, const struct cov_function_desc *f,
			uint64_t offset, struct cov_place *place)
{
	struct cov_branch_desc branch = COV_INIT(branch);
	uint32_t i;

	place->kind = COV_PLACE_OUTCOME;
	for (i = 0; i < f->branches; i++) {
		place->index = f->first_branch + i;
		cov_snapshot_branch(snapshot, place->target_index, place->index, &branch);
		if (branch.offset == offset)
			return true;
	}
	fail("no conditional jump begins at %s+0x%" PRIx64 "; `covstat list --json` lists them all",
	     f->name, offset);
	return false;
}

static bool find_place(const struct cov_snapshot *snapshot, const struct place_name *name,
		       const char *outcome, struct cov_place *place)
{
	struct cov_function_desc function = COV_INIT(function);

	if (!find_function(snapshot, name, "attached with scope tracked", &place->target_index,
			   &place->function))
		return false;
	cov_snapshot_function(snapshot, place->target_index, place->function, &function);
	if (outcome) {
		place->taken = !strcmp(outcome, outcome_name(1));
		return find_branch(snapshot, &function, name->offset, place);
	}
	if (name->has_offset)
		return find_block(snapshot, &function, name->offset, place);
	place->kind = COV_PLACE_FUNCTION;
	place->index = place->function;
	return true;
}

/* @twin: what tells the function from others of that name, or "" */
static void print_summary(const struct place_name *name, const char *twin, const char *outcome,
			  unsigned int yes, unsigned int of)
{
	printf("%u of %u samples reach %s", yes, of, name->function);
	if (name->has_offset)
		printf("+0x%" PRIx64, name->offset);
	fputs(twin, stdout);
	if (outcome)
		printf(", %s", outcome);
	putchar('\n');
}

static void add_sample(struct json_object *array, struct table *table, uint64_t id, bool certain)
{
	struct json_object *object;

	if (array) {
		object = json_append_object(array);
		json_add_number(object, "sample", id);
		json_add_bool(object, "certain", certain);
		return;
	}
	table_cell(table, COLOR_NONE, "%" PRIu64, id);
	table_cell(table, certain ? COLOR_GOOD : COLOR_MIDDLING, "%s",
		   certain ? "yes" : "cannot be known");
}

/*
 * Has a sample covered any block of @f? A cold part has no entry of its own: it may be entered at
 * any of its blocks.
 */
static unsigned int covers_any_block(const struct cov_sample_table *table, unsigned int sample,
				     const struct cov_place *function,
				     const struct cov_function_desc *f)
{
	struct cov_place block = *function;
	unsigned int known, any = COV_NO;
	uint32_t i;

	block.kind = COV_PLACE_BLOCK;
	for (i = 0; i < f->blocks && any != COV_YES; i++) {
		block.index = f->first_block + i;
		if (!cov_sample_covers(table, sample, &block, &known) && known != COV_NO)
			any = known;
	}
	return f->blocks ? any : COV_UNKNOWN;
}

static unsigned int covers(const struct cov_sample_table *table, unsigned int sample,
			   const struct cov_place *place)
{
	struct cov_function_desc f = COV_INIT(f);
	unsigned int known;

	cov_snapshot_function(cov_sample_table_snapshot(table), place->target_index,
			      place->function, &f);
	if (place->kind == COV_PLACE_FUNCTION && f.parent != COV_NONE)
		return covers_any_block(table, sample, place, &f);
	return cov_sample_covers(table, sample, place, &known) ? COV_NO : known;
}

/* List the samples that reach the place, or may do so; returns how many certainly do. */
static unsigned int add_samples(const struct cov_sample_table *table,
				const struct cov_place *place, struct json_object *array,
				struct table *shown)
{
	struct cov_sample_desc sample = COV_INIT(sample);
	unsigned int i, known, yes = 0;

	for (i = 0; !cov_sample_table_get(table, i, &sample); i++) {
		known = covers(table, i, place);
		if (known == COV_NO)
			continue;
		add_sample(array, shown, sample.id, known == COV_YES);
		yes += known == COV_YES;
	}
	return yes;
}

int samples_reaching(const struct cov_sample_table *table, const struct place_name *name,
		     const char *outcome)
{
	const struct cov_snapshot *snapshot = cov_sample_table_snapshot(table);
	struct cov_place place = COV_INIT(place);
	struct json_object *document;
	char twin[PLACE_LEN];
	struct names *names;
	struct table *shown;
	unsigned int yes;

	if (!find_place(snapshot, name, outcome, &place))
		return EXIT_ERROR;
	if (settings.json) {
		document = json_document();
		json_add_place(json_add_object(document, "place"), snapshot, &place);
		add_samples(table, &place, json_add_array(document, "samples"), NULL);
		return json_print(document);
	}
	shown = table_new();
	table_column(shown, "SAMPLE", COLUMN_RIGHT);
	table_column(shown, "REACHES IT", 0);
	yes = add_samples(table, &place, NULL, shown);
	if (table_is_empty(shown))
		table_free(shown);
	else
		table_print(shown);
	names = names_new(snapshot);
	print_summary(name, twin_text(names, place.target_index, place.function, name->offset, twin),
		      outcome, yes, cov_sample_table_count(table));
	names_free(names);
	return EXIT_OK;
}
