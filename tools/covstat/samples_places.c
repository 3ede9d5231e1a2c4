// SPDX-License-Identifier: GPL-2.0-only
/*
 * samples_places.c - the places that a sample alone has covered, or covered first, or that it has
 * covered and another one has not: by function in a table, place by place in JSON.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

/* The number of a sample, or false after a message. */
static bool find_sample(const struct cov_sample_table *table, uint64_t id, unsigned int *sample)
{
	if (!cov_sample_table_find(table, id, sample))
		return true;
	fail("there is no sample %" PRIu64 "; `covstat samples` lists them", id);
	return false;
}

/* ---- JSON ---------------------------------------------------------------- */

static const char *kind_name(unsigned int kind)
{
	switch (kind) {
	case COV_PLACE_FUNCTION:
		return "function";
	case COV_PLACE_BLOCK:
		return "block";
	default:
		return "outcome";
	}
}

void json_add_place(struct json_object *to, const struct cov_snapshot *snapshot,
		    const struct cov_place *place)
{
	struct cov_function_desc function = COV_INIT(function);
	struct cov_target_desc target = COV_INIT(target);
	struct cov_branch_desc branch = COV_INIT(branch);
	struct cov_block_desc block = COV_INIT(block);

	cov_snapshot_target(snapshot, place->target_index, &target);
	cov_snapshot_function(snapshot, place->target_index, place->function, &function);
	json_add_string(to, "kind", kind_name(place->kind));
	json_add_string(to, "module", target.module);
	json_add_string(to, "function", function.name);
	json_add_address(to, "function_address", function.address);
	switch (place->kind) {
	case COV_PLACE_FUNCTION:
		json_add_number(to, "function_offset", 0);
		break;
	case COV_PLACE_BLOCK:
		cov_snapshot_block(snapshot, place->target_index, place->index, &block);
		json_add_number(to, "function_offset", block.offset);
		json_add_number(to, "size", block.length);
		break;
	default:
		cov_snapshot_branch(snapshot, place->target_index, place->index, &branch);
		json_add_number(to, "function_offset", branch.offset);
		json_add_string(to, "outcome", outcome_json(place->taken));
	}
}

static void places_json(const struct cov_snapshot *snapshot, const struct cov_places *places,
			const struct places_request *request)
{
	struct json_object *document = json_document();
	struct cov_place place = COV_INIT(place);
	struct json_object *array, *object;
	size_t i;

	json_add_number(document, "sample", request->sample);
	if (!request->which)
		json_add_number(document, "without", request->without);
	array = json_add_array(document, "places");
	for (i = 0; !cov_places_get(places, i, &place); i++) {
		object = json_append_object(array);
		json_add_place(object, snapshot, &place);
		json_add_bool(object, "certain", place.known == COV_YES);
	}
	json_print(document);
}

/* ---- a table ---------------------------------------------------------------- */

/* One function's places. */
struct row {
	bool used;
	bool entered;
	unsigned int target, function;
	unsigned int blocks, outcomes;
	struct ranges code;
	char *code_text, *branches_text;
	size_t code_length, branches_length;
	FILE *branches;
};

static void row_begin(struct row *row, const struct cov_place *place)
{
	*row = (struct row){
		.used = true,
		.target = place->target_index,
		.function = place->function,
		.code.base = 16,
	};
	row->code.out = sure(open_memstream(&row->code_text, &row->code_length), "a table");
	row->branches = sure(open_memstream(&row->branches_text, &row->branches_length), "a table");
}

static void row_add(struct row *row, const struct cov_snapshot *snapshot,
		    const struct cov_place *place)
{
	struct cov_branch_desc branch = COV_INIT(branch);
	struct cov_block_desc block = COV_INIT(block);

	switch (place->kind) {
	case COV_PLACE_FUNCTION:
		row->entered = true;
		break;
	case COV_PLACE_BLOCK:
		cov_snapshot_block(snapshot, row->target, place->index, &block);
		row->blocks++;
		if (block.length)
			ranges_add(&row->code, block.offset,
				   (uint64_t)block.offset + block.length - 1);
		break;
	default:
		cov_snapshot_branch(snapshot, row->target, place->index, &branch);
		fprintf(row->branches, "%s0x%" PRIx32 " %s", row->outcomes ? ", " : "",
			branch.offset, outcome_name(place->taken));
		row->outcomes++;
	}
}

static void row_end(struct row *row, const struct names *names, struct table *table)
{
	char function[PLACE_LEN];

	if (!row->used)
		return;
	ranges_flush(&row->code);
	fclose(row->code.out);
	fclose(row->branches);
	table_cell(table, COLOR_NONE, "%s",
		   place_text(names, row->target, row->function, 0, function));
	table_cell(table, COLOR_NONE, row->entered ? "entered" : "-");
	table_cell(table, COLOR_NONE, "%u", row->blocks);
	table_cell(table, COLOR_NONE, "%u", row->outcomes);
	table_cell(table, COLOR_NONE, "%s%s%s", row->code_text,
		   row->code_length && row->branches_length ? "; " : "", row->branches_text);
	free(row->code_text);
	free(row->branches_text);
	row->used = false;
}

static void count_place(struct cov_place_counts *n, const struct cov_place *place)
{
	if (place->known == COV_UNKNOWN)
		n->unknown++;
	else if (place->kind == COV_PLACE_FUNCTION)
		n->functions++;
	else if (place->kind == COV_PLACE_BLOCK)
		n->blocks++;
	else
		n->outcomes++;
}

static void print_summary(const struct places_request *request,
			  const struct cov_place_counts *n)
{
	printf("covered by sample %" PRIu64, request->sample);
	if (!request->which)
		printf(" and not by sample %" PRIu64, request->without);
	else
		fputs(request->which == COV_SAMPLE_ALONE ? " alone" : " first", stdout);
	printf(": functions %" PRIu64 ", blocks %" PRIu64 ", branch outcomes %" PRIu64 "\n",
	       n->functions, n->blocks, n->outcomes);
	if (n->unknown)
		printf("unknown for %" PRIu64 " more places\n", n->unknown);
}

/* The places of a function are consecutive. */
static void places_human(const struct cov_snapshot *snapshot, const struct cov_places *places,
			 const struct places_request *request)
{
	struct cov_place place = COV_INIT(place);
	struct cov_place_counts n = { 0 };
	struct names *names = names_new(snapshot);
	struct table *table = table_new();
	struct row row = { 0 };
	size_t i;

	table_column(table, "FUNCTION", 0);
	table_column(table, "ENTRY", 0);
	table_column(table, "BLOCKS", COLUMN_RIGHT);
	table_column(table, "OUTCOMES", COLUMN_RIGHT);
	table_column(table, "CODE; OUTCOMES", COLUMN_LAST);
	for (i = 0; !cov_places_get(places, i, &place); i++) {
		count_place(&n, &place);
		if (place.known != COV_YES)
			continue;
		if (row.used && (place.target_index != row.target ||
				 place.function != row.function))
			row_end(&row, names, table);
		if (!row.used)
			row_begin(&row, &place);
		row_add(&row, snapshot, &place);
	}
	row_end(&row, names, table);
	if (n.functions || n.blocks || n.outcomes)
		table_print(table);
	else
		table_free(table);
	print_summary(request, &n);
	names_free(names);
}

int samples_places(const struct cov_sample_table *table, const struct places_request *request)
{
	const struct cov_snapshot *snapshot = cov_sample_table_snapshot(table);
	struct cov_places *places;
	unsigned int sample, without;
	int ret;

	if (!find_sample(table, request->sample, &sample) ||
	    (!request->which && !find_sample(table, request->without, &without)))
		return EXIT_ERROR;
	if (request->which)
		ret = cov_sample_places(table, sample, request->which, &places);
	else
		ret = cov_sample_difference(table, sample, without, &places);
	if (ret)
		return fail("%s", strerror(-ret));
	if (settings.json)
		places_json(snapshot, places, request);
	else
		places_human(snapshot, places, request);
	cov_places_free(places);
	return EXIT_OK;
}
