// SPDX-License-Identifier: GPL-2.0-only
/*
 * next.c - covstat next: where a test would win most. The order is libcov's
 * (cov_rank()); this adds the condition in assembler and the source line.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

struct query {
	struct cov *cov;
	const struct cov_snapshot *snapshot;
	struct cov_lines **lines;	/* of each target; NULL where there are none */
};

/* What is shown of a place. */
struct shown {
	struct cov_unhit unhit;
	char condition[160];
	const char *file;	/* NULL if not known */
	unsigned int line;
};

static void open_lines(struct query *query)
{
	unsigned int count = cov_snapshot_targets(query->snapshot);
	unsigned int t;

	query->lines = calloc(count + 1, sizeof(*query->lines));
	if (!query->lines)
		exit(fail("no memory for source lines"));
	for (t = 0; t < count; t++)
		cov_lines_open(query->cov, query->snapshot, t, &query->lines[t]);
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
	json_add_number(object, "address", unhit->address);
	json_add_number(object, "blocks_behind", unhit->behind);
	json_add_number(object, "levels", unhit->levels);
	if (outcome) {
		json_add_string(object, "missing", unhit->taken ? "taken" : "fallthrough");
		json_add_string(object, "condition", shown->condition);
		json_add_number(object, "other_count", unhit->other_hits);
	}
	if (shown->file) {
		json_add_string(object, "file", shown->file);
		json_add_number(object, "line", shown->line);
	} else {
		json_add_null(object, "file");
		json_add_null(object, "line");
	}
}

/* ---- people ------------------------------------------------------------ */

static void add_row(struct table *table, uint64_t rank, const struct shown *shown)
{
	const struct cov_unhit *unhit = &shown->unhit;

	table_cell(table, COLOR_DIM, "%" PRIu64, rank);
	if (unhit->kind == COV_UNHIT_OUTCOME) {
		table_cell(table, COLOR_NONE, "%s+%#" PRIx64, unhit->function_name,
			   unhit->offset);
		table_cell(table, COLOR_BAD, "%s", unhit->taken ? "taken" : "fall-through");
		table_cell(table, COLOR_NONE, "%u", unhit->behind);
		if (unhit->other_hits)
			table_cell(table, COLOR_NONE, "%" PRIu64, unhit->other_hits);
		else
			table_cell(table, COLOR_DIM, "-");
		table_cell(table, COLOR_NONE, "%s", shown->condition);
	} else {
		if (unhit->offset)
			table_cell(table, COLOR_NONE, "%s+%#" PRIx64, unhit->function_name,
				   unhit->offset);
		else
			table_cell(table, COLOR_NONE, "%s", unhit->function_name);
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

static int show(struct query *query, const struct cov_ranking *ranking, uint64_t skip,
		uint64_t count)
{
	struct json_object *document = settings.json ? json_document() : NULL;
	struct json_object *array = document ? json_add_array(document, "next") : NULL;
	struct table *table = document ? NULL : new_table();
	struct shown shown = { .unhit = COV_INIT(shown.unhit) };
	size_t all = cov_ranking_count(ranking);
	uint64_t i;

	open_lines(query);
	for (i = skip; i < all && i - skip < count; i++) {
		if (cov_ranking_get(ranking, i, &shown.unhit))
			break;
		look(query, &shown);
		if (document)
			add_json(array, i + 1, &shown);
		else
			add_row(table, i + 1, &shown);
	}
	close_lines(query);
	if (document) {
		json_add_number(document, "unhit", all);
		return json_print(document);
	}
	table_print(table);
	if (skip >= all)
		printf("nothing more: %zu places in all were not reached\n", all);
	return EXIT_OK;
}

static int next(struct cov *cov, uint64_t skip, uint64_t count, uint64_t levels,
		unsigned int flags)
{
	struct cov_snapshot *snapshot;
	struct cov_ranking *ranking;
	struct query query = { .cov = cov };
	int status = EXIT_ERROR;

	if (cov_snapshot_take(cov, NULL, &snapshot))
		return fail_cov(cov);
	query.snapshot = snapshot;
	if (!cov_snapshot_targets(snapshot)) {
		fail("nothing is attached; run `covstat attach MODULE`");
	} else if (cov_rank(cov, snapshot, levels, flags, &ranking)) {
		fail_cov(cov);
	} else {
		status = show(&query, ranking, skip, count);
		cov_ranking_free(ranking);
	}
	cov_snapshot_free(snapshot);
	return status;
}

enum { OPT_SKIP = OPT_OWN, OPT_LEVEL, OPT_FUNCTIONS };

static const struct option longs[] = {
	{ "count", required_argument, NULL, 'n' },
	{ "skip", required_argument, NULL, OPT_SKIP },
	{ "level", required_argument, NULL, OPT_LEVEL },
	{ "functions", no_argument, NULL, OPT_FUNCTIONS },
	COMMON_OPTIONS
};

static int run_next(int argc, char **argv)
{
	uint64_t count = 10, skip = 0, levels = 0;
	unsigned int flags = 0;
	struct cov *cov;
	int status;
	int c;

	while ((c = next_option(&cmd_next, argc, argv, "hn:", longs)) >= 0) {
		if (c == OPT_FUNCTIONS)
			flags |= COV_RANK_FUNCTIONS_ONLY;
		else if (c == 'n' && !parse_number(optarg, &count))
			return usage_error(&cmd_next, "-n takes a number, not '%s'", optarg);
		else if (c == OPT_SKIP && !parse_number(optarg, &skip))
			return usage_error(&cmd_next, "--skip takes a number, not '%s'", optarg);
		else if (c == OPT_LEVEL && !parse_level(optarg, &levels))
			return usage_error(&cmd_next, "--level takes 1 to 64, not '%s'", optarg);
	}
	if (c != OPTIONS_END)
		return options_exit(c);
	status = no_operands(&cmd_next, argc, argv);
	if (status != EXIT_OK)
		return status;
	cov = open_cov();
	if (!cov)
		return EXIT_ERROR;
	status = next(cov, skip, count, levels, flags);
	cov_close(cov);
	return status;
}

const struct command cmd_next = {
	.name = "next",
	.purpose = "What to reach next: unhit places, the most rewarding first.",
	.usage = "[OPTION]...",
	.options =
	"  -n, --count N          how many (default: 10)\n"
	"      --skip N           pass over the first N\n"
	"      --level N          only functions of level N, 1 to 64; repeatable\n"
	"      --functions        only functions that were never entered\n",
	.notes =
	"First sides never taken of branches that were reached, by how many blocks that\n"
	"did not run lie behind them (BEHIND), then by how often the other side ran;\n"
	"then functions that were never entered, by their blocks.\n",
	.example = "covstat next -n 20",
	.run = run_next,
};
