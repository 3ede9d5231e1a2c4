// SPDX-License-Identifier: GPL-2.0-only
/*
 * detach.c - covstat detach: restore a module's text and forget its results. It reads no tables:
 * what is wrong with a target, or with the memory for its tables, is no reason to keep it.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>

#include "covstat.h"

enum { OPT_ALL = OPT_OWN };

static const struct option longs[] = {
	{ "all", no_argument, NULL, OPT_ALL },
	COMMON_OPTIONS
};

struct answer {
	struct json_object *document;
	struct json_object *detached;
};

static void tell(const char *module, struct answer *answer)
{
	if (answer->document)
		json_append_string(answer->detached, module);
	else
		printf("%s: detached\n", module);
}

static int detach_named(struct cov *cov, const char *module, struct answer *answer)
{
	uint32_t target;

	if (cov_find(cov, module, &target) || cov_detach(cov, target))
		return fail_cov(cov);
	tell(module, answer);
	return EXIT_OK;
}

/* Manual checkpoints stay: `covstat checkpoint del` is for them. */
static int detach_all(struct cov *cov, struct answer *answer)
{
	struct cov_target_desc target = COV_INIT(target);
	int status = EXIT_OK;
	bool any = false;
	int ret;

	while (!(ret = cov_next_target(cov, target.target, &target))) {
		if (is_checkpoint(&target))
			continue;
		ret = cov_detach(cov, target.target);
		/* Somebody else has just detached it. */
		if (ret == -ENOENT)
			continue;
		any = true;
		if (ret)
			status = fail_cov(cov);
		else
			tell(target.module, answer);
	}
	if (ret != -ENOENT)
		return fail_cov(cov);
	if (!any && !answer->document)
		puts("nothing is attached");
	return status;
}

static int detach(bool all, const char *module)
{
	struct answer answer = { 0 };
	struct cov *cov = open_cov();
	int status;

	if (!cov)
		return EXIT_ERROR;
	if (settings.json) {
		answer.document = json_document();
		answer.detached = json_add_array(answer.document, "detached");
	}
	status = all ? detach_all(cov, &answer) : detach_named(cov, module, &answer);
	cov_close(cov);
	if (answer.document)
		json_print(answer.document);
	return status;
}

/* There is only --all. */
static int set_option(int c, void *all)
{
	(void)c;
	*(bool *)all = true;
	return EXIT_OK;
}

static int run_detach(int argc, char **argv)
{
	bool all = false;
	int status;

	if (!take_options(&cmd_detach, argc, argv, &all, &status))
		return status;
	if (argc - optind != !all)
		return usage_error(&cmd_detach, "give the name of one module, or --all");
	return detach(all, argv[optind]);
}

const struct command cmd_detach = {
	.name = "detach",
	.purpose = "Stop measuring a module and forget its results.",
	.usage = "MODULE | --all",
	.options = "  -a, --all              all modules\n",
	.notes = "",
	.example = "covstat detach vivid",
	.shorts = "ah",
	.longs = longs,
	.set_option = set_option,
	.run = run_detach,
};
