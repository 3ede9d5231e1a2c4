/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * site_index.h - from an address in live text to the site that patched it, for handlers. Owns the
 * indices.
 */
#ifndef LIVECOV_SITE_INDEX_H
#define LIVECOV_SITE_INDEX_H

#include "site.h"

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
 * site_index_find_stub - the site whose stub or shortcut holds an address
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
 * Replaces the index of all targets in its module; sleeps until no handler uses the earlier one.
 * The targets' lock is held. Return: 0 or -ENOMEM; then the earlier one stays.
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
