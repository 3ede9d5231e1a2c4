// SPDX-License-Identifier: GPL-2.0-only
/*
 * checkpoint.c - covstat checkpoint: single places to watch.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

/* What the options and operands say; @given: bits of the options that were there. */
struct request {
	struct cov_checkpoint_options options;
	struct place_name place;
	unsigned int given;
};

static int print_done(const char *done, const char *name)
{
	struct json_object *document;

	if (!settings.json) {
		printf("%s: %s\n", name, done);
		return EXIT_OK;
	}
	document = json_document();
	json_add_string(document, done, name);
	return json_print(document);
}

static bool set_place(const char *text, struct request *request)
{
	if (!parse_place(text, &request->place))
		return false;
	request->options.module = request->place.module[0] ? request->place.module : NULL;
	request->options.function = request->place.function;
	request->options.offset = request->place.offset;
	request->options.section = request->place.section[0] ? request->place.section : NULL;
	request->options.section_offset = request->place.section_offset;
	return true;
}

static int add(struct cov *cov, const struct request *request)
{
	if (cov_checkpoint_add(cov, &request->options, NULL))
		return fail_cov(cov);
	return print_done("added", request->options.name);
}

static int del(struct cov *cov, const char *name)
{
	if (checkpoint_del(cov, name))
		return fail_cov(cov);
	return print_done("deleted", name);
}

static int restart(struct cov *cov, const char *name)
{
	if (checkpoint_restart(cov, name))
		return fail_cov(cov);
	return print_done("restarted", name);
}

static int toggle(struct cov *cov, const char *pattern, bool on, bool branches)
{
	if (cov_checkpoint_switch(cov, pattern, on, branches))
		return fail_cov(cov);
	return print_done(on ? "enabled" : "disabled", pattern);
}

/* ---- list -------------------------------------------------------------- */

static void add_json(struct json_object *array, const struct cov_checkpoint_desc *c)
{
	struct json_object *object = json_append_object(array);

	json_add_string(object, "checkpoint", c->name);
	json_add_string(object, "module", c->module);
	json_add_string(object, "function", c->function);
	json_add_number(object, "function_offset", c->offset);
	json_add_string(object, "state", target_state_name(c->target_state));
	json_add_bool(object, "enabled", c->enabled);
	json_add_bool(object, "hit", c->hit);
	json_add_number(object, "hits", c->hits);
	json_add_number(object, "first_sample", c->first_sample);
	json_add_number(object, "levels", c->levels);
	json_add_number(object, "branches", c->branches);
	if (c->state == COV_SITE_REFUSED)
		json_add_string(object, "refused", refusal_words(c->error));
	else
		json_add_null(object, "refused");
}

static void add_row(struct table *table, const struct cov_checkpoint_desc *c)
{
	char levels[LEVELS_LEN];

	table_cell(table, c->hit ? COLOR_GOOD : COLOR_BAD, "%s", c->name);
	table_cell(table, COLOR_NONE, "%" PRIu64, c->hits);
	if (c->state == COV_SITE_REFUSED)
		table_cell(table, COLOR_BAD, "refused: %s", refusal_words(c->error));
	else
		table_cell(table, COLOR_NONE, "%s",
			   c->enabled ? target_state_name(c->target_state) : "disabled");
	table_cell(table, COLOR_NONE, "%s", levels_text(levels, c->levels));
	table_cell(table, COLOR_NONE, "%s:%s+0x%" PRIx64, c->module, c->function, c->offset);
}

/* Printed instead of a table without rows. */
static void print_none(void)
{
	char levels[LEVELS_LEN];

	if (settings.levels)
		printf("no checkpoint has level %s; `covstat checkpoint list` lists those of all levels\n",
		       levels_text(levels, settings.levels));
	else
		puts("there are no checkpoints; `covstat checkpoint add NAME [MODULE:]FUNCTION` adds one");
}

static void print_list(struct table *table)
{
	if (table_is_empty(table)) {
		table_free(table);
		print_none();
	} else {
		table_print(table);
	}
}

static int list(struct cov *cov)
{
	struct cov_checkpoint_desc checkpoint = COV_INIT(checkpoint);
	struct json_object *document = NULL;
	struct json_object *array = NULL;
	struct cov_snapshot *snapshot;
	struct table *table = NULL;
	unsigned int t;

	if (cov_snapshot_take(cov, NULL, &snapshot))
		return fail_cov(cov);
	if (settings.json) {
		document = json_document();
		array = json_add_array(document, "checkpoints");
	} else {
		table = table_new();
		table_column(table, "CHECKPOINT", 0);
		table_column(table, "HITS", COLUMN_RIGHT);
		table_column(table, "STATE", 0);
		table_column(table, "LEVELS", 0);
		table_column(table, "PLACE", 0);
	}
	for (t = 0; t < cov_snapshot_targets(snapshot); t++) {
		if (cov_snapshot_checkpoint(snapshot, t, &checkpoint))
			continue;
		if (document)
			add_json(array, &checkpoint);
		else
			add_row(table, &checkpoint);
	}
	if (document)
		json_print(document);
	else
		print_list(table);
	cov_snapshot_free(snapshot);
	return EXIT_OK;
}

/* ---- the command line -------------------------------------------------- */

enum { OPT_LEVEL = OPT_OWN, OPT_SCOPE, OPT_AUTO };

static const struct option longs[] = {
	{ "level", required_argument, NULL, OPT_LEVEL },
	{ "scope", required_argument, NULL, OPT_SCOPE },
	{ "auto", no_argument, NULL, OPT_AUTO },
	COMMON_OPTIONS
};

#define GIVEN(option)	(1U << ((option) - OPT_OWN))

/* Which verbs an option is for. */
static const struct {
	int option;
	const char *name, *verbs;
} uses[] = {
	{ OPT_LEVEL, "level", "add and list" },
	{ OPT_SCOPE, "scope", "add" },
	{ OPT_AUTO, "auto", "add, enable and disable" },
};

static int set_option(int c, void *data)
{
	struct request *request = data;
	struct cov_checkpoint_options *options = &request->options;

	request->given |= GIVEN(c);
	switch (c) {
	case OPT_LEVEL:
		return parse_level(&cmd_checkpoint, optarg, &options->levels);
	case OPT_SCOPE:
		return parse_choice(&cmd_checkpoint, "scope", optarg, scope_choices,
				    &options->scope);
	default:
		options->automatic = 1;
		return EXIT_OK;
	}
}

static int run_add(struct cov *cov, char **operands, struct request *request)
{
	(void)operands;
	return add(cov, request);
}

static int run_del(struct cov *cov, char **operands, struct request *request)
{
	(void)request;
	return del(cov, operands[1]);
}

static int run_restart(struct cov *cov, char **operands, struct request *request)
{
	(void)request;
	return restart(cov, operands[1]);
}

static int run_enable(struct cov *cov, char **operands, struct request *request)
{
	return toggle(cov, operands[1], true, request->options.automatic);
}

static int run_disable(struct cov *cov, char **operands, struct request *request)
{
	return toggle(cov, operands[1], false, request->options.automatic);
}

/* --level selects what list shows; for add it is the level of the new checkpoint. */
static int run_list(struct cov *cov, char **operands, struct request *request)
{
	(void)operands;
	settings.levels = request->options.levels;
	cov_levels(cov, settings.levels);
	return list(cov);
}

static const struct verb {
	const char *name;
	int operands;	/* including its name */
	unsigned int options;	/* that it takes */
	int (*run)(struct cov *cov, char **operands, struct request *request);
} verbs[] = {
	{ "add", 3, GIVEN(OPT_LEVEL) | GIVEN(OPT_SCOPE) | GIVEN(OPT_AUTO), run_add },
	{ "del", 2, 0, run_del },
	{ "restart", 2, 0, run_restart },
	{ "enable", 2, GIVEN(OPT_AUTO), run_enable },
	{ "disable", 2, GIVEN(OPT_AUTO), run_disable },
	{ "list", 1, GIVEN(OPT_LEVEL), run_list },
};

static const struct verb *find_verb(int count, char **operands)
{
	size_t i;

	for (i = 0; count && i < ARRAY_SIZE(verbs); i++)
		if (count == verbs[i].operands && !strcmp(operands[0], verbs[i].name))
			return &verbs[i];
	return NULL;
}

/* No option is ignored: `disable '*' --level 3` must not disable all. */
static int check_options(const struct verb *verb, const struct request *request)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(uses); i++)
		if (request->given & ~verb->options & GIVEN(uses[i].option))
			return usage_error(&cmd_checkpoint, "--%s is for %s, not for %s",
					   uses[i].name, uses[i].verbs, verb->name);
	return EXIT_OK;
}

/* Everything is checked before livecov is called. */
static int check_operands(const struct verb *verb, char **operands, struct request *request)
{
	if (!verb)
		return usage_error(&cmd_checkpoint,
				   "use add NAME PLACE, del NAME, restart NAME, enable PATTERN, disable PATTERN, or list");
	if (check_options(verb, request) != EXIT_OK)
		return EXIT_USAGE;
	if (verb->run != run_add)
		return EXIT_OK;
	request->options.name = operands[1];
	if (set_place(operands[2], request))
		return EXIT_OK;
	return usage_error(&cmd_checkpoint, "'%s' is not [MODULE:]FUNCTION[+OFFSET]", operands[2]);
}

static int run_checkpoint(int argc, char **argv)
{
	struct request request = { .options = COV_INIT(request.options) };
	const struct verb *verb;
	struct cov *cov;
	int status;

	if (!take_options(&cmd_checkpoint, argc, argv, &request, &status))
		return status;
	verb = find_verb(argc - optind, argv + optind);
	status = check_operands(verb, argv + optind, &request);
	if (status != EXIT_OK)
		return status;
	cov = open_cov();
	if (!cov)
		return EXIT_ERROR;
	status = verb->run(cov, argv + optind, &request);
	cov_close(cov);
	return status;
}

const struct command cmd_checkpoint = {
	.name = "checkpoint",
	.purpose = "Watch single places by name, in modules or in the kernel itself.",
	.usage = "add NAME [MODULE:]FUNCTION[+OFFSET] | del NAME | restart NAME | enable PATTERN | disable PATTERN | list",
	.options =
	"      --auto             add, enable, disable: the function's branches as well\n"
	"      --scope SCOPE      add: all or tracked (default: all)\n"
	"      --level N          add: a level, 1 to 64; repeatable (default: 1);\n"
	"                         list: only those that have it\n",
	.notes =
	"MODULE is vmlinux for the kernel itself; without a module, all are searched.\n"
	"add arms the place until del; restart forgets what a checkpoint has counted;\n"
	"disable stops counting for those whose names match a shell pattern ('*' for\n"
	"all), until enable.\n"
	TWIN_HELP,
	.example = "covstat checkpoint add released vivid:vivid_fop_release",
	.shorts = "h",
	.longs = longs,
	.set_option = set_option,
	.run = run_checkpoint,
};
