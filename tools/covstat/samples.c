// SPDX-License-Identifier: GPL-2.0-only
/*
 * samples.c - covstat samples: which samples there are; and the view of one, for
 * the commands that have --sample.
 */
#include <inttypes.h>
#include <json-c/json.h>

#include "covstat.h"

#define GROUP	256

int parse_sample(const struct command *command, const char *given, uint64_t *sample)
{
	if (parse_number(given, sample) && *sample)
		return EXIT_OK;
	return usage_error(command, "--sample takes a number above 0, not '%s'", given);
}

void json_add_sample(struct json_object *to, uint64_t sample)
{
	if (sample)
		json_add_number(to, "sample", sample);
	else
		json_add_null(to, "sample");
}

static void show(uint64_t id, struct json_object *array, struct table *table)
{
	if (array)
		json_add_number(json_append_object(array), "sample", id);
	else
		table_cell(table, COLOR_NONE, "%" PRIu64, id);
}

/* How many, or -1 if livecov cannot tell. */
static int64_t show_all(struct cov *cov, struct json_object *array, struct table *table)
{
	uint64_t ids[GROUP];
	uint32_t shown = 0;
	uint32_t count, i;

	do {
		count = GROUP;
		if (cov_samples(cov, shown, ids, &count))
			return -1;
		for (i = 0; i < count; i++)
			show(ids[i], array, table);
		shown += count;
	} while (count);
	return shown;
}

static int samples_json(struct cov *cov)
{
	struct json_object *document = json_document();
	int64_t shown = show_all(cov, json_add_array(document, "samples"), NULL);

	if (shown >= 0)
		return json_print(document);
	json_object_put(document);
	return fail_cov(cov);
}

static int samples_human(struct cov *cov)
{
	struct table *table = table_new();
	int64_t shown;

	table_column(table, "SAMPLE", COLUMN_RIGHT);
	shown = show_all(cov, NULL, table);
	if (shown > 0) {
		table_print(table);
		return EXIT_OK;
	}
	table_free(table);
	if (shown < 0)
		return fail_cov(cov);
	puts("there are no samples; run `covstat run --sample ID -- COMMAND`");
	return EXIT_OK;
}

static const struct option longs[] = { COMMON_OPTIONS };

static int run_samples(int argc, char **argv)
{
	struct cov *cov;
	int status;
	int c;

	c = next_option(&cmd_samples, argc, argv, "h", longs);
	if (c != OPTIONS_END)
		return options_exit(c);
	status = no_operands(&cmd_samples, argc, argv);
	if (status != EXIT_OK)
		return status;
	cov = open_cov();
	if (!cov)
		return EXIT_ERROR;
	status = settings.json ? samples_json(cov) : samples_human(cov);
	cov_close(cov);
	return status;
}

const struct command cmd_samples = {
	.name = "samples",
	.purpose = "Which samples (test cases) have been registered.",
	.usage = "[OPTION]...",
	.options = "",
	.notes = "In the order of their first registration, by `covstat run` or cov_register().\n",
	.example = "covstat samples",
	.run = run_samples,
};
