// SPDX-License-Identifier: GPL-2.0-only
/*
 * samples_smallest.c - a small set of samples with the coverage of all.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>

#include "covstat.h"

static void smallest_json(const struct cov_sample_table *table, const unsigned int *samples,
			  const struct cov_smallest *smallest)
{
	struct cov_sample_desc sample = COV_INIT(sample);
	struct json_object *document = json_document();
	struct json_object *array = json_add_array(document, "samples");
	struct json_object *object;
	unsigned int i;

	for (i = 0; i < smallest->count; i++) {
		cov_sample_table_get(table, samples[i], &sample);
		object = json_append_object(array);
		json_add_number(object, "sample", sample.id);
		json_add_bool(object, "essential", i < smallest->essential);
	}
	json_add_number(document, "of", cov_sample_table_count(table));
	json_add_number(document, "at_least", smallest->at_least);
	json_print(document);
}

static void smallest_human(const struct cov_sample_table *table, const unsigned int *samples,
			   const struct cov_smallest *smallest)
{
	struct cov_sample_desc sample = COV_INIT(sample);
	struct table *shown = table_new();
	unsigned int i;

	table_column(shown, "SAMPLE", COLUMN_RIGHT);
	table_column(shown, "WHY", 0);
	for (i = 0; i < smallest->count; i++) {
		cov_sample_table_get(table, samples[i], &sample);
		table_cell(shown, COLOR_NONE, "%" PRIu64, sample.id);
		table_cell(shown, COLOR_NONE, i < smallest->essential ?
			   "covers what no other does" : "adds most");
	}
	table_print(shown);
	printf("%u of %u samples cover what all cover; ", smallest->count,
	       cov_sample_table_count(table));
	if (smallest->count == smallest->at_least)
		puts("no smaller set does");
	else
		printf("a smaller set may exist, of at least %u\n", smallest->at_least);
}

int samples_smallest(const struct cov_sample_table *table)
{
	struct cov_smallest smallest = COV_INIT(smallest);
	unsigned int *samples;

	samples = calloc((size_t)cov_sample_table_count(table) + 1, sizeof(*samples));
	if (!samples || cov_sample_smallest(table, samples, &smallest)) {
		free(samples);
		return fail("no memory for the samples");
	}
	if (settings.json)
		smallest_json(table, samples, &smallest);
	else
		smallest_human(table, samples, &smallest);
	free(samples);
	return EXIT_OK;
}
