/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * site_index.h - from an address in live text to the site that patched it, for handlers. Owns the
 * indices.
 */
#ifndef LIVECOV_SITE_INDEX_H
#define LIVECOV_SITE_INDEX_H

#include "arena.h"
#include "checkpoint.h"

/* site_patch - address at which a site's patch begins. Any context. */
static __always_inline unsigned long site_patch(const struct cov_site *site)
{
	return site_address(site) + site->patch_offset;
}

/* site_stub - address in the arena at which a site's code begins. Any context. */
static __always_inline unsigned long site_stub(const struct cov_site *site)
{
	return (unsigned long)livecov_stubs + site->stub;
}

/*
 * What may be patched at a site: the bytes from site_patch() on, and the island of their region
 * (region.h), which only engine detour has.
 */
#define SITE_PARTS	2

/* site_parts - how many of them a site may have; the first may still be empty. Any context. */
static __always_inline u32 site_parts(const struct cov_site *site)
{
	return site->island ? SITE_PARTS : 1;
}

/* site_island - address at which the island of a site's region begins. Any context. */
static __always_inline unsigned long site_island(const struct cov_site *site)
{
	return site_patch(site) + site->region.island;
}

/**
 * site_part - a part of a site's patch
 * @site: has a stub
 * @part: 0 or 1
 * @address: out: of its first byte
 *
 * Any context. Return: how many bytes; 0 if the site has no such part.
 */
static __always_inline u32 site_part(const struct cov_site *site, u32 part, unsigned long *address)
{
	if (!part) {
		*address = site_patch(site);
		return site->patch_length;
	}
	*address = site_island(site);
	return site->island ? site->region.island_length : 0;
}

/* site_part_code - where a task continues that hits a part's first byte while it is changed */
static __always_inline unsigned long site_part_code(const struct cov_site *site, u32 part)
{
	return site_stub(site) + (part ? site->taken_at : 0);
}

/*
 * site_part_at - which part of a site's patch begins at @address? One does. Any context. Most
 * regions have no island: that is quicker to see than where the first part begins.
 */
static __always_inline u32 site_part_at(const struct cov_site *site, unsigned long address)
{
	return site->region.island_length && address != site_patch(site);
}

/**
 * site_index_find - a part of whose patch begins at an address?
 * @address: any
 *
 * Safe in any context with preemption off; the answer is valid as long as that. Its cost does not
 * grow with sites. Return: the site, or NULL if there is none.
 */
struct cov_site *site_index_find(unsigned long address);

/* site_index_covering - site whose patched bytes hold @address, or NULL; as site_index_find() */
struct cov_site *site_index_covering(unsigned long address);

/* site_index_inside - is @address after the first byte of such a patch? As site_index_find() */
bool site_index_inside(unsigned long address);

/**
 * site_index_overlaps - is one of some bytes part of a site's patch?
 * @address: of the first
 * @length: how many
 *
 * The targets' lock is held; does not sleep. Not for handlers.
 */
bool site_index_overlaps(unsigned long address, u32 length);

/* site_index_covers - site_index_overlaps(), of one byte */
static inline bool site_index_covers(unsigned long address)
{
	return site_index_overlaps(address, 1);
}

/**
 * site_index_find_stub - the site whose stub holds an address
 * @address: in the arena
 *
 * Looks at all sites, with no lock, for messages of an oops: any context. Return: NULL if there
 * is none.
 */
struct cov_site *site_index_find_stub(unsigned long address);

/**
 * site_index_build - make the sites of a target known to handlers
 * @target: the target. Its sites that engine detour or breakpoint has prepared are in the index,
 *	    and are @indexed afterwards
 *
 * Replaces the index of all targets in its module; sleeps until no handler uses the earlier one. The
 * targets' lock is held. Return: 0 or -ENOMEM; then the earlier one stays.
 */
int __must_check site_index_build(struct cov_target *target);

/**
 * site_index_drop - take a target out of its module's index, which is freed with the last one
 * @target: the target; it may not be in any
 *
 * The targets' lock is held; sleeps: when it returns, no handler uses the target's sites. No
 * failure.
 */
void site_index_drop(struct cov_target *target);

#endif /* LIVECOV_SITE_INDEX_H */
