// SPDX-License-Identifier: GPL-2.0-only
/*
 * functions.c - a function by the name that was given on the command line.
 */
#include <string.h>

#include "covstat.h"

/* How many functions of a target have that name; the last one's index. */
static unsigned int count_in(const struct cov_snapshot *snapshot, unsigned int t,
			     const char *name, unsigned int *function)
{
	struct cov_function_desc f = COV_INIT(f);
	unsigned int i, n = 0;

	for (i = 0; !cov_snapshot_function(snapshot, t, i, &f); i++)
		if (!strcmp(f.name, name)) {
			*function = i;
			n++;
		}
	return n;
}

static bool fail_several(const struct place_name *name, unsigned int n)
{
	if (name->module[0])
		fail("%u functions of %s are called %s; the name does not identify one, see `covstat list --json` for their addresses",
		     n, name->module, name->function);
	else
		fail("%u functions are called %s; give the module as well, as MODULE:%s", n,
		     name->function, name->function);
	return false;
}

bool find_function(const struct cov_snapshot *snapshot, const struct place_name *name,
		   const char *attached, unsigned int *t, unsigned int *function)
{
	struct cov_target_desc target = COV_INIT(target);
	unsigned int i, n = 0;

	for (i = 0; !cov_snapshot_target(snapshot, i, &target); i++) {
		unsigned int here = 0;

		/* A single checkpoint's function may be an attached target's as well. */
		if (!target.checkpoint[0] &&
		    (!name->module[0] || !strcmp(name->module, target.module)))
			here = count_in(snapshot, i, name->function, function);
		if (here)
			*t = i;
		n += here;
	}
	if (n > 1)
		return fail_several(name, n);
	if (!n)
		fail("no function %s%s%s is %s; `covstat list` lists their names", name->module,
		     name->module[0] ? ":" : "", name->function, attached);
	return n == 1;
}
