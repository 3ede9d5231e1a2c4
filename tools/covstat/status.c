// SPDX-License-Identifier: GPL-2.0-only
/*
 * status.c - covstat status: what is attached, how full the tables are, what
 * was lost.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>

#include "covstat.h"

static const struct option longs[] = { LEVEL_OPTION, COMMON_OPTIONS };

static void add_names(struct json_object *to, const char *key, uint32_t mask,
		      const char *(*name)(unsigned int), unsigned int last)
{
	struct json_object *array = json_add_array(to, key);
	unsigned int i;

	for (i = 0; i <= last; i++)
		if (mask & (1U << i))
			json_append_string(array, name(i));
}

static void add_summary(struct json_object *document, const struct cov_summary *summary)
{
	struct json_object *abi = json_add_object(document, "abi");

	json_add_number(abi, "major", summary->abi_major);
	json_add_number(abi, "minor", summary->abi_minor);
	json_add_string(document, "release", summary->release);
	add_names(document, "modes", summary->modes, mode_name, COV_MODE_TRACE);
	add_names(document, "scopes", summary->scopes, scope_name, COV_SCOPE_ALL);
	add_names(document, "engines", summary->engines, engine_name, COV_ENGINE_ENTRY);
	json_add_number(document, "checkpoints", summary->checkpoints);
	json_add_number(document, "checkpoints_max", summary->checkpoints_max);
	json_add_number(document, "tasks", summary->tasks);
	json_add_number(document, "tasks_max", summary->tasks_max);
	json_add_number(document, "tasks_lost", summary->tasks_lost);
	json_add_number(document, "callers", summary->callers);
	json_add_number(document, "callers_max", summary->callers_max);
	json_add_number(document, "callers_lost", summary->callers_lost);
	json_add_number(document, "missed", summary->missed);
	json_add_number(document, "refused", summary->refused);
}

static int print_json(struct cov *cov, const struct cov_summary *summary,
		      const struct cov_snapshot *snapshot)
{
	struct cov_target_desc target = COV_INIT(target);
	struct json_object *document = json_document();
	struct json_object *array;
	unsigned int t;

	add_summary(document, summary);
	array = json_add_array(document, "targets");
	for (t = 0; !cov_snapshot_target(snapshot, t, &target); t++) {
		struct cov_totals totals = COV_INIT(totals);
		struct json_object *object = json_append_object(array);
		struct target_engines engines;

		cov_snapshot_totals(snapshot, t, &totals);
		json_add_string(object, "module", target.module);
		if (is_checkpoint(&target))
			json_add_string(object, "checkpoint", target.checkpoint);
		json_add_string(object, "state", target_state_name(target.state));
		json_add_string(object, "mode", mode_name(target.mode));
		json_add_string(object, "scope", scope_name(target.scope));
		json_add_string(object, "engine", engine_name(target.engine));
		engines_of(cov, target.target, &engines);
		engines_json(object, &engines);
		json_add_bool(object, "kept", target.kept);
		json_add_number(object, "levels", target.levels);
		json_add_totals(object, &totals);
	}
	return json_print(document);
}

static void add_row(struct table *table, const struct cov_target_desc *target,
		    const struct cov_totals *n)
{
	char buffer[PERCENT_LEN];

	if (is_checkpoint(target))
		table_cell(table, COLOR_NONE, "%s (checkpoint in %s)", target->checkpoint,
			   target->module);
	else
		table_cell(table, COLOR_NONE, "%s", target->module);
	table_cell(table, target->state == COV_TARGET_LIVE ? COLOR_GOOD : COLOR_MIDDLING, "%s",
		   target_state_name(target->state));
	table_cell(table, COLOR_NONE, "%s", mode_name(target->mode));
	table_cell(table, COLOR_NONE, "%s", scope_name(target->scope));
	table_cell(table, COLOR_NONE, "%s", engine_name(target->engine));
	table_cell(table, COLOR_NONE, "%" PRIu64 " of %" PRIu64, n->outcomes_hit, n->outcomes);
	table_cell(table, color_of(n->outcomes_hit, n->outcomes), "%s",
		   percent(buffer, n->outcomes_hit, n->outcomes));
	table_cell(table, COLOR_NONE, "%" PRIu64 " of %" PRIu64, n->armed + n->disarmed,
		   n->sites);
	table_cell(table, n->refused ? COLOR_MIDDLING : COLOR_NONE, "%" PRIu64, n->refused);
	table_cell(table, n->missed ? COLOR_MIDDLING : COLOR_NONE, "%" PRIu64, n->missed);
}

static void print_targets(const struct cov_snapshot *snapshot)
{
	struct cov_target_desc target = COV_INIT(target);
	struct cov_totals totals = COV_INIT(totals);
	struct table *table = table_new();
	unsigned int t;

	table_column(table, "TARGET", 0);
	table_column(table, "STATE", 0);
	table_column(table, "MODE", 0);
	table_column(table, "SCOPE", 0);
	table_column(table, "ENGINE", 0);
	table_column(table, "OUTCOMES", COLUMN_RIGHT);
	table_column(table, "", COLUMN_RIGHT);
	table_column(table, "SITES", COLUMN_RIGHT);
	table_column(table, "REFUSED", COLUMN_RIGHT);
	table_column(table, "MISSED", COLUMN_RIGHT);
	for (t = 0; !cov_snapshot_target(snapshot, t, &target); t++) {
		cov_snapshot_totals(snapshot, t, &totals);
		add_row(table, &target, &totals);
	}
	table_print(table);
}

/* Not columns of the table, which is wide enough. */
static void print_engines(struct cov *cov, const struct cov_snapshot *snapshot)
{
	struct cov_target_desc target = COV_INIT(target);
	struct target_engines engines;
	unsigned int t;

	for (t = 0; !cov_snapshot_target(snapshot, t, &target); t++) {
		if (is_checkpoint(&target) || !engines_of(cov, target.target, &engines))
			continue;
		printf("%s: ", target.module);
		engines_print(&engines);
		putchar('\n');
		/* Paths and traces use no detours. */
		if (!(target.flags & COV_ATTACH_PATHS) && target.mode != COV_MODE_TRACE)
			engines_print_no_detour(target.module, target.engine, &engines);
	}
}

static int print_human(struct cov *cov, const struct cov_summary *s,
		       const struct cov_snapshot *snapshot)
{
	char empty[EMPTY_LEN];

	printf("livecov %s, interface %u.%u\n", s->release, s->abi_major, s->abi_minor);
	printf("sites %u of %u, tracked tasks %u of %u, caller records %u of %u\n",
	       s->checkpoints, s->checkpoints_max, s->tasks, s->tasks_max, s->callers,
	       s->callers_max);
	if (s->tasks_lost)
		printf("%" PRIu64 " tasks were not tracked: load livecov with a larger max_tasks\n",
		       s->tasks_lost);
	if (s->callers_lost)
		printf("%" PRIu64 " caller records were lost: load livecov with a larger max_callers\n",
		       s->callers_lost);
	if (s->missed)
		printf("%" PRIu64 " hits were missed by the kernel's kprobes: numbers may be too low\n",
		       s->missed);
	if (!cov_snapshot_targets(snapshot)) {
		puts(empty_text(snapshot, empty));
		return EXIT_OK;
	}
	print_targets(snapshot);
	print_engines(cov, snapshot);
	return EXIT_OK;
}

static int status(struct cov *cov)
{
	struct cov_summary summary = COV_INIT(summary);
	struct cov_snapshot *snapshot;
	int ret;

	if (cov_status(cov, &summary) || cov_snapshot_take(cov, NULL, &snapshot))
		return fail_cov(cov);
	ret = settings.json ? print_json(cov, &summary, snapshot) :
			      print_human(cov, &summary, snapshot);
	cov_snapshot_free(snapshot);
	return ret;
}

static int run_status(int argc, char **argv)
{
	struct cov *cov;
	int ret;

	if (!take_options(&cmd_status, argc, argv, NULL, &ret))
		return ret;
	ret = no_operands(&cmd_status, argc, argv);
	if (ret != EXIT_OK)
		return ret;
	cov = open_cov();
	if (!cov)
		return EXIT_ERROR;
	ret = status(cov);
	cov_close(cov);
	return ret;
}

const struct command cmd_status = {
	.name = "status",
	.purpose = "Print what is attached, how full tables are and what was lost.",
	.usage = "[OPTION]...",
	.options = LEVEL_HELP,
	.notes =
	"ENGINE is what was requested; the engines in use by each module's sites are\n"
	"printed below the table.\n",
	.example = "covstat status",
	.shorts = "h",
	.longs = longs,
	.run = run_status,
};
