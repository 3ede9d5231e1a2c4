// SPDX-License-Identifier: GPL-2.0-only
/*
 * checkpoint.c - covstat checkpoint: single places to watch.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

/* What the options and operands say. */
struct request {
	struct cov_checkpoint_options options;
	struct place_name place;
};

static int print_done(const char *key, const char *name, const char *words)
{
	struct json_object *document;

	if (!settings.json) {
		printf("%s: %s\n", name, words);
		return EXIT_OK;
	}
	document = json_document();
	json_add_string(document, key, name);
	return json_print(document);
}

/* [MODULE:]FUNCTION[+OFFSET] */
static bool set_place(const char *text, struct request *request)
{
	if (!parse_place(text, &request->place))
		return false;
	request->options.module = request->place.module[0] ? request->place.module : NULL;
	request->options.function = request->place.function;
	request->options.offset = request->place.offset;
	return true;
}

static int add(struct cov *cov, const struct request *request)
{
	if (cov_checkpoint_add(cov, &request->options, NULL))
		return fail_cov(cov);
	return print_done("added", request->options.name, "watched");
}

static int del(struct cov *cov, const char *name)
{
	if (checkpoint_del(cov, name))
		return fail_cov(cov);
	return print_done("deleted", name, "forgotten");
}

/* ---- list -------------------------------------------------------------- */

/* A single checkpoint's function: the one that is no cold part. */
static bool find_function(const struct cov_snapshot *snapshot, unsigned int t,
			  struct cov_function_desc *f)
{
	unsigned int i;

	for (i = 0; !cov_snapshot_function(snapshot, t, i, f); i++)
		if (f->parent == COV_NONE)
			return true;
	return false;
}

static void add_json(struct json_object *array, const struct cov_target_desc *target,
		     const struct cov_function_desc *f)
{
	struct json_object *object = json_append_object(array);

	json_add_string(object, "checkpoint", target->checkpoint);
	json_add_string(object, "module", target->module);
	json_add_string(object, "function", f->name);
	json_add_number(object, "function_offset", target->checkpoint_offset);
	json_add_string(object, "state", target_state_name(target->state));
	json_add_number(object, "hits", f->hits);
	json_add_number(object, "first_sample", f->first_sample);
	json_add_number(object, "levels", f->levels);
}

static void add_row(struct table *table, const struct cov_target_desc *target,
		    const struct cov_function_desc *f)
{
	table_cell(table, f->hits ? COLOR_GOOD : COLOR_BAD, "%s", target->checkpoint);
	table_cell(table, COLOR_NONE, "%" PRIu64, f->hits);
	table_cell(table, COLOR_NONE, "%s", target_state_name(target->state));
	table_cell(table, COLOR_NONE, "%s:%s+0x%" PRIx64, target->module, f->name,
		   target->checkpoint_offset);
}

static int list(struct cov *cov)
{
	struct cov_function_desc function = COV_INIT(function);
	struct cov_target_desc target = COV_INIT(target);
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
		table_column(table, "PLACE", 0);
	}
	for (t = 0; !cov_snapshot_target(snapshot, t, &target); t++) {
		if (!target.checkpoint[0] || !find_function(snapshot, t, &function))
			continue;
		if (document)
			add_json(array, &target, &function);
		else
			add_row(table, &target, &function);
	}
	if (document)
		json_print(document);
	else
		table_print(table);
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

static int set_option(int c, struct cov_checkpoint_options *options)
{
	switch (c) {
	case OPT_LEVEL:
		if (parse_level(optarg, &options->levels))
			return EXIT_OK;
		return usage_error(&cmd_checkpoint, "--level takes 1 to 64, not '%s'", optarg);
	case OPT_SCOPE:
		return parse_choice(&cmd_checkpoint, "scope", optarg, scope_choices,
				    &options->scope);
	default:
		options->automatic = 1;
		return EXIT_OK;
	}
}

/* One of add, del and list, with its operands; checked before livecov is asked. */
static int check_operands(int count, char **operands, struct request *request)
{
	const char *verb = count ? operands[0] : "";

	if (!strcmp(verb, "add") && count == 3) {
		request->options.name = operands[1];
		if (set_place(operands[2], request))
			return EXIT_OK;
		return usage_error(&cmd_checkpoint, "'%s' is not [MODULE:]FUNCTION[+OFFSET]",
				   operands[2]);
	}
	if ((!strcmp(verb, "del") && count == 2) || (!strcmp(verb, "list") && count == 1))
		return EXIT_OK;
	return usage_error(&cmd_checkpoint, "give add NAME PLACE, del NAME, or list");
}

static int run_checkpoint(int argc, char **argv)
{
	struct request request = { .options = COV_INIT(request.options) };
	int status = EXIT_OK;
	struct cov *cov;
	int c;

	while ((c = next_option(&cmd_checkpoint, argc, argv, "h", longs)) >= 0) {
		status = set_option(c, &request.options);
		if (status != EXIT_OK)
			return status;
	}
	if (c != OPTIONS_END)
		return options_exit(c);
	status = check_operands(argc - optind, argv + optind, &request);
	if (status != EXIT_OK)
		return status;
	cov = open_cov();
	if (!cov)
		return EXIT_ERROR;
	switch (argv[optind][0]) {
	case 'a':
		status = add(cov, &request);
		break;
	case 'd':
		status = del(cov, argv[optind + 1]);
		break;
	default:
		status = list(cov);
	}
	cov_close(cov);
	return status;
}

const struct command cmd_checkpoint = {
	.name = "checkpoint",
	.purpose = "Watch single places by name, in modules or in the kernel itself.",
	.usage = "add NAME [MODULE:]FUNCTION[+OFFSET] | del NAME | list",
	.options =
	"      --auto             add: the function's branches as well\n"
	"      --scope SCOPE      add: all or tracked (default: all)\n"
	"      --level N          add: level 1 to 64; repeatable (default: 1)\n",
	.notes = "MODULE is vmlinux for the kernel itself; without it, modules are searched.\n",
	.example = "covstat checkpoint add opened vivid:vivid_fop_open",
	.run = run_checkpoint,
};
