/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shortcut.h - in scope tracked a stub takes many instructions to note an outcome. Where one is
 * known to all samples that run, but not the other, the site's jump leads to a shortcut: code that
 * notes nothing, and goes on in the stub with the other outcome alone. Owns its room in the arena.
 *
 * A site keeps its shortcut until it is released, whatever its jump leads to meanwhile, and keeps
 * it for the same outcome: for the other one it gets none.
 */
#ifndef LIVECOV_SHORTCUT_H
#define LIVECOV_SHORTCUT_H

#include "site_patch.h"

/**
 * shortcut_make - see to it that a site has a shortcut
 * @site: a branch's, with a stub of engine detour's in place of its region, and no island
 * @known: OUTCOME_*: the outcome that need not be noted
 *
 * The code may be used after arena_store_flush(). The targets' lock is held; sleeps. Return: false
 * if it has none: it can have none, has one for the other outcome, or room must be left for stubs.
 */
bool shortcut_make(struct cov_site *site, u32 known);

/* shortcut_address - where a site's shortcut begins, in the arena; it has one. Any context. */
static __always_inline unsigned long shortcut_address(const struct cov_site *site)
{
	return (unsigned long)livecov_stubs + (site->shortcut - 1) * ARENA_UNIT;
}

/**
 * shortcut_room - the room that a site's shortcut takes
 * @site: has a stub
 * @at: out: where it begins, for arena_give()
 *
 * Any context. Return: bytes; 0 if it has none.
 */
u32 shortcut_room(const struct cov_site *site, unsigned long *at);

/**
 * shortcut_origin - which instruction does a shortcut carry out?
 * @site: has a stub
 * @address: in the arena
 *
 * Any context. Return: the instruction's original address; 0 if @address is not in the site's
 * shortcut.
 */
unsigned long shortcut_origin(const struct cov_site *site, unsigned long address);

#endif /* LIVECOV_SHORTCUT_H */
