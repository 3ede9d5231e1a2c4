/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * detour.h - what a detour can do beyond struct cov_engine: be taken out in part.
 */
#ifndef LIVECOV_DETOUR_H
#define LIVECOV_DETOUR_H

#include "checkpoint.h"

/**
 * struct detour_settling - sites of engine detour, and what becomes of them
 * @sites: @count of them
 * @to: enum site_settled each; after detour_settle() what it came to
 * @count: how many
 */
struct detour_settling {
	struct cov_site **sites;
	u8 *to;
	u32 count;
};

/* detour_settle - change them together. Targets' lock; sleeps, allocates nothing. */
void detour_settle(struct detour_settling *settling);

/* detour_can_half - could it go to SITE_SETTLED_HALF? */
bool detour_can_half(struct cov_site *site);

/* detour_origin - what is at @offset of its stub: an offset from its region; any context */
u32 detour_origin(const struct cov_site *site, u32 offset);

#endif /* LIVECOV_DETOUR_H */
