// SPDX-License-Identifier: GPL-2.0-only
/*
 * lines.c - a target's source lines, where they can be had.
 */
#include <string.h>

#include "covstat.h"

/* Without lines the output is complete; but with --module-dir somebody expects them. */
static void warn_once(const struct cov *cov, const struct cov_snapshot *snapshot, unsigned int t)
{
	struct cov_target_desc target = COV_INIT(target);
	static bool warned;

	/* The kernel itself is in no directory of modules. */
	if (warned || !settings.nr_module_dirs || cov_snapshot_target(snapshot, t, &target) ||
	    !strcmp(target.module, COV_CORE_KERNEL))
		return;
	fail_cov(cov);
	warned = true;
}

struct cov_lines *open_lines(struct cov *cov, const struct cov_snapshot *snapshot,
			     unsigned int t)
{
	struct cov_lines *lines;

	if (cov_lines_open(cov, snapshot, t, &lines)) {
		warn_once(cov, snapshot, t);
		return NULL;
	}
	return lines;
}
