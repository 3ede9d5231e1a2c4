/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * site_patch.h - what a site that is patched consists of: which bytes of text, and which code in
 * the arena. Owns nothing.
 */
#ifndef LIVECOV_SITE_PATCH_H
#define LIVECOV_SITE_PATCH_H

#include "arena.h"
#include "site.h"

/* site_patch - address at which a site's patch begins. Any context. */
static __always_inline unsigned long site_patch(const struct cov_site *site)
{
	return site_address(site) + site->patch_offset;
}

/* site_room - address of a site's room in the arena, with the original bytes. Any context. */
static __always_inline unsigned long site_room(const struct cov_site *site)
{
	static_assert(ARENA_SIZE / ARENA_UNIT <= 1 << 20);
	return (unsigned long)livecov_stubs + site->room * ARENA_UNIT;
}

/* site_stub - address in the arena at which a site's code begins. Any context. */
static __always_inline unsigned long site_stub(const struct cov_site *site)
{
	return site_room(site) + site->patch_length;
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

#endif /* LIVECOV_SITE_PATCH_H */
