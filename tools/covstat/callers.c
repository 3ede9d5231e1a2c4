// SPDX-License-Identifier: GPL-2.0-only
/*
 * callers.c - covstat callers: who called each function.
 */
#include <fnmatch.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

/*
 * Records of the functions that match @glob, or of all if NULL; @kernels: the same with the module
 * as the kernel has it; @others: some do not match.
 */
struct rows {
	struct names *names;
	const char *glob;
	char *kernels;
	bool others;
	struct cov_record *records;
	size_t count;
	uint64_t lost;
};

/* Functions by name, and those of the same name by place. */
static int compare_places(const struct cov_end *x, const struct cov_end *y)
{
	int order = strcmp(x->symbol, y->symbol);

	if (order)
		return order;
	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return x->address < y->address ? -1 : x->address > y->address;
}

/* By function, those with most calls first. */
static int compare_rows(const void *a, const void *b)
{
	const struct cov_record *x = a, *y = b;
	int order = compare_places(&x->to, &y->to);

	if (order)
		return order;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->serial < y->serial ? -1 : 1;
}

/* Does the pattern match a name, or that with its module? */
static bool matches(const char *glob, const char *module, const char *name)
{
	char text[2 * PLACE_LEN];

	if (!fnmatch(glob, name, 0))
		return true;
	snprintf(text, sizeof(text), "%s:%s", module ? module : "", name);
	return !fnmatch(glob, text, 0);
}

/* A function may be given by its own name, as it is printed, or always as MODULE:FUNCTION. */
static bool is_called(const struct rows *rows, const struct cov_end *to, const char *glob)
{
	char text[PLACE_LEN];

	if (matches(glob, to->module, to->symbol))
		return true;
	place_in_target(rows->names, to->t, to->function, to->offset, text);
	if (matches(glob, to->module, text))
		return true;
	return !fnmatch(glob, place_text(rows->names, to->t, to->function, to->offset, text), 0);
}

/* As it was given, too: a checkpoint's name may have dashes and colons. */
static bool is_wanted(const struct rows *rows, const struct cov_record *record)
{
	const struct cov_end *to = &record->to;

	return to->symbol && (!rows->glob || is_called(rows, to, rows->glob) ||
			      is_called(rows, to, rows->kernels));
}

static void choose_rows(struct rows *rows, const struct cov_records *records)
{
	size_t i, n = cov_records_count(records);

	rows->lost = cov_records_lost(records);
	rows->records = sure(calloc(n + 1, sizeof(*rows->records)), "callers");
	for (i = 0; i < n; i++) {
		struct cov_record *record = &rows->records[rows->count];

		record->size = sizeof(*record);
		if (!cov_records_get(records, i, record) && is_wanted(rows, record))
			rows->count++;
	}
	rows->others = rows->glob && rows->count < n;
	qsort(rows->records, rows->count, sizeof(*rows->records), compare_rows);
}

static int print_json(const struct rows *rows)
{
	struct json_object *document = json_document();
	struct json_object *array = json_add_array(document, "callers");
	size_t i;

	for (i = 0; i < rows->count; i++)
		json_add_record(json_append_object(array), rows->names, &rows->records[i]);
	json_add_number(document, "lost", rows->lost);
	return json_print(document);
}

static void sample_cell(struct table *table, uint64_t sample)
{
	if (sample)
		table_cell(table, COLOR_NONE, "%" PRIu64, sample);
	else
		table_cell(table, COLOR_DIM, "-");
}

/* Printed instead of a table without rows. */
static void print_none(const struct rows *rows)
{
	if (rows->others)
		printf("no callers of %s were recorded, only of other functions; `covstat callers` lists those\n",
		       rows->glob);
	else
		puts("no callers were recorded; they are recorded after `covstat attach MODULE --paths`");
}

static int print_table(const struct rows *rows)
{
	struct table *table = table_new();
	size_t i;

	table_column(table, "FUNCTION", 0);
	table_column(table, "CALLS", COLUMN_RIGHT);
	table_column(table, "FIRST", COLUMN_RIGHT);
	table_column(table, "LAST", COLUMN_RIGHT);
	table_column(table, "CALLER", 0);
	for (i = 0; i < rows->count; i++) {
		const struct cov_record *record = &rows->records[i];
		bool again = i && !compare_places(&record->to, &record[-1].to);
		char caller[END_LEN], function[PLACE_LEN];

		table_cell(table, COLOR_NONE, "%s",
			   again ? "" : place_text(rows->names, record->to.t,
						   record->to.function, record->to.offset,
						   function));
		table_cell(table, COLOR_NONE, "%" PRIu64, record->count);
		sample_cell(table, record->first_sample);
		sample_cell(table, record->last_sample);
		table_cell(table, COLOR_NONE, "%s",
			   end_text(rows->names, &record->from, caller));
	}
	if (rows->count) {
		table_print(table);
	} else {
		table_free(table);
		print_none(rows);
	}
	return EXIT_OK;
}

/* @snapshot: has targets */
static int show_of(struct cov *cov, const struct cov_snapshot *snapshot, const char *glob)
{
	struct rows rows = { .glob = glob, .kernels = glob ? parse_pattern(glob) : NULL };
	struct cov_records *records;
	int status;

	if (cov_callers(cov, snapshot, &records)) {
		free(rows.kernels);
		return fail_cov(cov);
	}
	rows.names = names_new(snapshot);
	choose_rows(&rows, records);
	status = settings.json ? print_json(&rows) : print_table(&rows);
	warn_of_lost_records(rows.lost);
	free(rows.records);
	free(rows.kernels);
	names_free(rows.names);
	cov_records_free(records);
	return status;
}

static int show(struct cov *cov, const char *glob)
{
	struct cov_snapshot *snapshot;
	char empty[EMPTY_LEN];
	int status;

	if (cov_snapshot_take(cov, NULL, &snapshot))
		return fail_cov(cov);
	if (cov_snapshot_targets(snapshot))
		status = show_of(cov, snapshot, glob);
	else
		status = fail("%s", empty_text(snapshot, empty));
	cov_snapshot_free(snapshot);
	return status;
}

static const struct option longs[] = { LEVEL_OPTION, COMMON_OPTIONS };

static int run_callers(int argc, char **argv)
{
	struct cov *cov;
	int status;

	if (!take_options(&cmd_callers, argc, argv, NULL, &status))
		return status;
	if (argc - optind > 1)
		return usage_error(&cmd_callers, "give at most one function or pattern");
	cov = open_cov();
	if (!cov)
		return EXIT_ERROR;
	status = show(cov, argv[optind]);
	cov_close(cov);
	return status;
}

const struct command cmd_callers = {
	.name = "callers",
	.purpose = "Print each function's callers, also from outside the module.",
	.usage = "[FUNCTION] [OPTION]...",
	.options = LEVEL_HELP,
	.notes =
	"FUNCTION may be a shell pattern, a name as it is printed, or MODULE:FUNCTION;\n"
	"CALLER is where the call returns to. FIRST and LAST are the first and the last\n"
	"sample that showed the pair, - where no tracked task made the call. Recorded\n"
	"after `covstat attach MODULE --paths`.\n",
	.example = "covstat callers 'vivid_fop_*'",
	.shorts = "h",
	.longs = longs,
	.run = run_callers,
};
