/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * detour.h - what a detour can do beyond struct cov_engine: be removed in part.
 */
#ifndef LIVECOV_DETOUR_H
#define LIVECOV_DETOUR_H

#include "checkpoint.h"

/**
 * struct detour_settling - sites of engine detour, and what is to become of them
 * @sites: @count of them
 * @to: for each an enum site_settled; after detour_settle() the one that it has
 * @count: how many
 */
struct detour_settling {
	struct cov_site **sites;
	u8 *to;
	u32 count;
};

/**
 * detour_settle - change several detours at once
 * @settling: the sites; they have this engine, and their @settled is set afterwards. Where text
 *	      could not be changed @to becomes what the site has, and the site has its @error
 *
 * The targets' lock is held; sleeps, allocates nothing. The states of sites are the caller's
 * business. No failure.
 */
void detour_settle(struct detour_settling *settling);

/**
 * detour_in_part - how much of a detour is needed when one outcome is known?
 * @site: a branch's, of this engine; remembers the answer (@taken_at, @shortcut)
 * @known: OUTCOME_*: that outcome
 *
 * The targets' lock is held; sleeps. The first call takes as long as making the stub. Return:
 * SITE_SETTLED_HALF, SITE_SETTLED_SHORTCUT, or SITE_SETTLED_NOT: all of it.
 */
u8 detour_in_part(struct cov_site *site, u32 known);

/**
 * detour_origin - which instruction does a stub carry out at an offset?
 * @site: of this engine
 * @offset: from the stub's first byte
 *
 * Any context. Return: the instruction's original address; the region's if unknown.
 */
unsigned long detour_origin(const struct cov_site *site, u32 offset);

#endif /* LIVECOV_DETOUR_H */
