// SPDX-License-Identifier: GPL-2.0-only
/*
 * lines.c - a target's source lines, where they can be had.
 */
#include <string.h>

#include "covstat.h"

/* Missing lines are no error, but whoever gives --module-dir expects them and is told once. */
static void warn_once(const struct cov *cov, const struct cov_snapshot *snapshot, unsigned int t)
{
	struct cov_target_desc target = COV_INIT(target);
	static bool warned;

	/* No such directory has a file of the kernel itself. */
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
