/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * site_index.h - from an address in live text to the site that patched it, for
 * handlers. Owns the indices. May call nothing.
 */
#ifndef LIVECOV_SITE_INDEX_H
#define LIVECOV_SITE_INDEX_H

#include "arena.h"
#include "checkpoint.h"

/* Where a site's patch begins. */
static __always_inline unsigned long site_patch(const struct cov_site *site)
{
	return site_address(site) + site->patch_offset;
}

/* Where its code in the arena begins. */
static __always_inline unsigned long site_stub(const struct cov_site *site)
{
	return (unsigned long)livecov_stubs + site->stub;
}

/**
 * site_index_find - whose patch begins at an address?
 * @address: any
 *
 * Safe in any context; the answer is good while the handler runs. Its cost does not
 * grow with sites. Return: NULL if nobody's.
 */
struct cov_site *site_index_find(unsigned long address);

/* site_index_covering - the site whose patched bytes hold @address, or NULL; any context */
struct cov_site *site_index_covering(unsigned long address);

/* site_index_inside - is it behind the first byte of such a patch? Any context. */
bool site_index_inside(unsigned long address);

/* site_index_overlaps - is one of @length bytes at @address such a patch's? Not in handlers. */
bool site_index_overlaps(unsigned long address, u32 length);

static inline bool site_index_covers(unsigned long address)
{
	return site_index_overlaps(address, 1);
}

/* site_index_find_stub - the site whose stub holds @address, which is the arena's; slow */
struct cov_site *site_index_find_stub(unsigned long address);

/**
 * site_index_build - make the sites of a target known to handlers
 * @target: all its sites that an engine of ours has prepared; they are @indexed afterwards
 *
 * Replaces the target's earlier index; sleeps until no handler uses that. The
 * targets' lock is held. Return: 0 or -ENOMEM; then the earlier one stays.
 */
int site_index_build(struct cov_target *target);

/* site_index_drop - forget a target; when it returns no handler uses its sites. No failure. */
void site_index_drop(struct cov_target *target);

#endif /* LIVECOV_SITE_INDEX_H */
