// SPDX-License-Identifier: GPL-2.0-only
/*
 * reset.c - covstat reset: forget what was hit, continue measuring.
 */
#include <json-c/json.h>
#include <stdlib.h>

#include "covstat.h"

static const struct option longs[] = { COMMON_OPTIONS };

static int reset(struct cov *cov, const char *module)
{
	struct json_object *document;
	uint32_t target = 0;

	if (module && cov_find(cov, module, &target))
		return fail_cov(cov);
	if (cov_reset(cov, target))
		return fail_cov(cov);
	if (!settings.json) {
		printf("%s: results forgotten, measuring continues\n", module ? module : "all targets");
		return EXIT_OK;
	}
	document = json_document();
	if (module)
		json_add_string(document, "reset", module);
	else
		json_add_null(document, "reset");
	return json_print(document);
}

static int run_reset(int argc, char **argv)
{
	struct cov *cov;
	int status;

	if (!take_options(&cmd_reset, argc, argv, NULL, &status))
		return status;
	if (argc - optind > 1)
		return usage_error(&cmd_reset, "give the name of one module, or none");
	cov = open_cov();
	if (!cov)
		return EXIT_ERROR;
	status = reset(cov, optind < argc ? argv[optind] : NULL);
	cov_close(cov);
	return status;
}

const struct command cmd_reset = {
	.name = "reset",
	.purpose = "Forget what was hit and continue measuring.",
	.usage = "[MODULE] [OPTION]...",
	.options = "",
	.notes = "Without MODULE, in everything that is attached.\n",
	.example = "covstat reset vivid",
	.shorts = "h",
	.longs = longs,
	.run = run_reset,
};
