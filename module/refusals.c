// SPDX-License-Identifier: GPL-2.0-only
/*
 * refusals.c - see refusals.h.
 *
 * More errnos than entries are not expected, but they are counted all the same: the last entry
 * then loses its errno, and from then on counts whatever has no entry before it.
 */
#include "refusals.h"

#define LAST	(COV_REFUSALS_MAX - 1)

/* The entry that counts the errno; a new one, if it has none and there is room. */
static u32 find_entry(struct cov_refusals *refusals, u32 error)
{
	struct cov_refusal *of = refusals->of;
	u32 i;

	for (i = 0; i < refusals->count; i++)
		if (of[i].error == error)
			return i;
	if (i < COV_REFUSALS_MAX) {
		of[i].error = error;
		refusals->count++;
		return i;
	}
	of[LAST].error = 0;
	return LAST;
}

void refusals_add(struct cov_refusals *refusals, u32 error, u32 sites)
{
	struct cov_refusal *of = refusals->of;
	u32 i;

	if (!sites)
		return;
	i = find_entry(refusals, error);
	of[i].sites += sites;
	/* The entry for all others stays where it is. */
	for (; i && of[i].error && of[i - 1].sites < of[i].sites; i--) {
		struct cov_refusal before = of[i - 1];

		of[i - 1] = of[i];
		of[i] = before;
	}
}
