// SPDX-License-Identifier: GPL-2.0-only
/*
 * next.c - covstat next: where a test would gain most. The order is libcov's
 * (cov_rank()); this adds the condition in assembly and the source line.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

/* What the options say. */
struct request {
	uint64_t count, skip, levels, sample;
	unsigned int flags;
};

struct query {
	struct cov *cov;
	const struct cov_snapshot *snapshot;
	struct names *names;
	struct cov_lines **lines;	/* of each target; NULL where there are none */
};

/* What is shown for a place. */
struct shown {
	struct cov_unhit unhit;
	char place[PLACE_LEN];
	char condition[160];
	const char *file;	/* NULL if not known */
	unsigned int line;
};

static void open_all_lines(struct query *query)
{
	unsigned int count = cov_snapshot_targets(query->snapshot);
	unsigned int t;

	query->lines = sure(calloc(count + 1, sizeof(*query->lines)), "source lines");
	for (t = 0; t < count; t++)
		query->lines[t] = open_lines(query->cov, query->snapshot, t);
}

static void close_lines(struct query *query)
{
	unsigned int t;

	for (t = 0; t < cov_snapshot_targets(query->snapshot); t++)
		cov_lines_close(query->lines[t]);
	free(query->lines);
}

static void look(const struct query *query, struct shown *shown)
{
	const struct cov_unhit *unhit = &shown->unhit;
	struct cov_lines *lines = query->lines[unhit->target_index];

	shown->file = NULL;
	shown->condition[0] = '\0';
	place_text(query->names, unhit->target_index, unhit->function, unhit->offset, shown->place);
	if (lines && cov_lines_find(lines, unhit->function, unhit->offset, &shown->file,
				    &shown->line))
		shown->file = NULL;
	if (unhit->kind == COV_UNHIT_OUTCOME)
		condition_text(query->cov, query->snapshot, unhit->target_index, unhit->branch,
			       shown->condition, sizeof(shown->condition));
}

/* ---- JSON -------------------------------------------------------------- */

static void add_json(struct json_object *array, uint64_t rank, const struct shown *shown)
{
	struct json_object *object = json_append_object(array);
	const struct cov_unhit *unhit = &shown->unhit;
	bool outcome = unhit->kind == COV_UNHIT_OUTCOME;

	json_add_number(object, "rank", rank);
	json_add_string(object, "kind", outcome ? "outcome" : "function");
	json_add_string(object, "module", unhit->module);
	json_add_string(object, "function", unhit->function_name);
	json_add_number(object, "function_offset", unhit->offset);
	json_add_address(object, "address", unhit->address);
	json_add_number(object, "blocks_behind", unhit->behind);
	json_add_number(object, "levels", unhit->levels);
	if (outcome) {
		json_add_string(object, "missing", outcome_json(unhit->taken));
		json_add_string(object, "condition", shown->condition);
		if (unhit->other_hits)
			json_add_number(object, "other_count", unhit->other_hits);
		else
			json_add_null(object, "other_count");
	}
	if (shown->file) {
		json_add_string(object, "file", shown->file);
		json_add_number(object, "line", shown->line);
	} else {
		json_add_null(object, "file");
		json_add_null(object, "line");
	}
}

/* ---- table ------------------------------------------------------------- */

static void add_row(struct table *table, uint64_t rank, const struct shown *shown)
{
	const struct cov_unhit *unhit = &shown->unhit;

	table_cell(table, COLOR_DIM, "%" PRIu64, rank);
	table_cell(table, COLOR_NONE, "%s", shown->place);
	if (unhit->kind == COV_UNHIT_OUTCOME) {
		table_cell(table, COLOR_BAD, "%s", outcome_name(unhit->taken));
		table_cell(table, COLOR_NONE, "%u", unhit->behind);
		if (unhit->other_hits)
			table_cell(table, COLOR_NONE, "%" PRIu64, unhit->other_hits);
		else
			table_cell(table, COLOR_DIM, "-");
		table_cell(table, COLOR_NONE, "%s", shown->condition);
	} else {
		table_cell(table, COLOR_BAD, "%s", unhit->offset ? "checkpoint" : "entry");
		table_cell(table, COLOR_NONE, "%u", unhit->behind);
		table_cell(table, COLOR_DIM, "-");
		table_cell(table, COLOR_DIM, "never reached");
	}
	if (shown->file)
		table_cell(table, COLOR_DIM, "%s:%u", shown->file, shown->line);
	else
		table_cell(table, COLOR_NONE, "%s", "");
}

static struct table *new_table(void)
{
	struct table *table = table_new();

	table_column(table, "#", COLUMN_RIGHT);
	table_column(table, "PLACE", 0);
	table_column(table, "MISSING", 0);
	table_column(table, "BEHIND", COLUMN_RIGHT);
	table_column(table, "OTHER SIDE", COLUMN_RIGHT);
	table_column(table, "CONDITION", 0);
	table_column(table, "LINE", COLUMN_LAST);
	return table;
}

/* ---- the command ------------------------------------------------------- */

static int show(struct query *query, const struct cov_ranking *ranking,
		const struct request *request)
{
	struct json_object *document = settings.json ? json_document() : NULL;
	struct json_object *array = document ? json_add_array(document, "next") : NULL;
	struct table *table = document ? NULL : new_table();
	struct shown shown = { .unhit = COV_INIT(shown.unhit) };
	size_t all = cov_ranking_count(ranking);
	uint64_t i;

	open_all_lines(query);
	query->names = names_new(query->snapshot);
	for (i = request->skip; i < all && i - request->skip < request->count; i++) {
		if (cov_ranking_get(ranking, i, &shown.unhit))
			break;
		look(query, &shown);
		if (document)
			add_json(array, i + 1, &shown);
		else
			add_row(table, i + 1, &shown);
	}
	names_free(query->names);
	close_lines(query);
	if (document) {
		json_add_number(document, "unhit", all);
		json_add_sample(document, request->sample);
		return json_print(document);
	}
	if (request->skip < all) {
		table_print(table);
	} else {
		table_free(table);
		printf("nothing more: %zu places in total were not reached\n", all);
	}
	return EXIT_OK;
}

static bool has_level(const struct cov_snapshot *snapshot, uint64_t levels)
{
	struct cov_function_desc f = COV_INIT(f);
	unsigned int t, i;

	for (t = 0; t < cov_snapshot_targets(snapshot); t++)
		for (i = 0; !cov_snapshot_function(snapshot, t, i, &f); i++)
			if (f.levels & levels)
				return true;
	return false;
}

static int next(struct cov *cov, const struct request *request)
{
	struct cov_snapshot *snapshot;
	struct cov_ranking *ranking;
	struct query query = { .cov = cov };
	char empty[EMPTY_LEN];
	int status = EXIT_ERROR;

	if ((request->sample && cov_view(cov, request->sample)) ||
	    cov_snapshot_take(cov, NULL, &snapshot))
		return fail_cov(cov);
	query.snapshot = snapshot;
	if (!cov_snapshot_targets(snapshot)) {
		fail("%s", empty_text(snapshot, empty));
	} else if (request->levels && !has_level(snapshot, request->levels)) {
		fail("%s", no_level_text(empty, request->levels));
	} else if (cov_rank(cov, snapshot, request->levels, request->flags, &ranking)) {
		fail_cov(cov);
	} else {
		status = show(&query, ranking, request);
		cov_ranking_free(ranking);
	}
	cov_snapshot_free(snapshot);
	return status;
}

enum { OPT_SKIP = OPT_OWN, OPT_LEVEL, OPT_FUNCTIONS, OPT_SAMPLE };

static const struct option longs[] = {
	{ "count", required_argument, NULL, 'n' },
	{ "skip", required_argument, NULL, OPT_SKIP },
	{ "level", required_argument, NULL, OPT_LEVEL },
	{ "functions", no_argument, NULL, OPT_FUNCTIONS },
	{ "sample", required_argument, NULL, OPT_SAMPLE },
	COMMON_OPTIONS
};

static int set_option(int c, void *data)
{
	struct request *request = data;

	switch (c) {
	case OPT_FUNCTIONS:
		request->flags |= COV_RANK_FUNCTIONS_ONLY;
		return EXIT_OK;
	case OPT_SAMPLE:
		return parse_sample(&cmd_next, optarg, &request->sample);
	case 'n':
		if (parse_number(optarg, &request->count) && request->count)
			return EXIT_OK;
		return usage_error(&cmd_next, "-n takes a number above 0, not '%s'", optarg);
	case OPT_SKIP:
		if (parse_number(optarg, &request->skip))
			return EXIT_OK;
		return usage_error(&cmd_next, "--skip takes a number, not '%s'", optarg);
	default:
		return parse_level(&cmd_next, optarg, &request->levels);
	}
}

static int run_next(int argc, char **argv)
{
	struct request request = { .count = 10 };
	struct cov *cov;
	int status;

	if (!take_options(&cmd_next, argc, argv, &request, &status))
		return status;
	status = no_operands(&cmd_next, argc, argv);
	if (status != EXIT_OK)
		return status;
	cov = open_cov();
	if (!cov)
		return EXIT_ERROR;
	status = next(cov, &request);
	cov_close(cov);
	return status;
}

const struct command cmd_next = {
	.name = "next",
	.purpose = "Print what to reach next: the most rewarding unhit places first.",
	.usage = "[OPTION]...",
	.options =
	"  -n, --count N          how many (default: 10)\n"
	"      --skip N           skip the first N\n"
	"      --level N          only functions of level N, 1 to 64; repeatable\n"
	"      --functions        only functions that were never entered\n"
	"      --sample ID        what that sample did not reach, with scope tracked\n",
	.notes =
	"First come sides never taken of branches that were reached, ordered by the\n"
	"number of blocks after them that did not run (BEHIND), then by how often the\n"
	"other side ran, where that is counted (attach with --mode count, --paths or\n"
	"--engine kprobe); then the functions that were never entered, ordered by the\n"
	"number of their blocks.\n",
	.example = "covstat next -n 20",
	.shorts = "hn:",
	.longs = longs,
	.set_option = set_option,
	.run = run_next,
};
