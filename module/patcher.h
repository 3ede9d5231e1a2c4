/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * patcher.h - what the two engines that patch text have in common: a site has a stub in the arena,
 * with the original bytes before it, and is known to handlers as long as its bytes may be changed.
 */
#ifndef LIVECOV_PATCHER_H
#define LIVECOV_PATCHER_H

#include "engine.h"
#include "site_patch.h"
#include "text_patch.h"

/**
 * patcher_make_stub - make a site's stub, with the bytes that it stands for before it
 * @site: gets its @room, @stub_len and @patch_length, and has no @shortcut
 * @at: where it lies: arena_room()'s answer; the room is taken
 * @bytes: the original bytes, then the code
 * @original: how many original bytes
 * @len: how many bytes of code; may be 0
 *
 * For @prepare of patcher_arm(), which sees to it that all stubs are written before their sites
 * can be hit. The targets' lock is held; sleeps. No failure.
 */
void patcher_make_stub(struct cov_site *site, unsigned long at, const u8 *bytes,
		       u32 original, u32 len);

/**
 * patcher_original_bytes - the bytes that a part of a site's patch replaces
 * @site: has a stub
 * @part: one that the site has (site_part())
 *
 * Any context. Return: where they are kept: before the stub, or, of the island, at its end.
 */
static inline const u8 *patcher_original_bytes(const struct cov_site *site, u32 part)
{
	return part ? (const u8 *)site_stub(site) + site->stub_len - site->region.island_length :
		(const u8 *)site_room(site);
}

/* patcher_may_patch - may an engine of ours patch text in the site's function at all? */
bool patcher_may_patch(const struct cov_site *site);

/**
 * patcher_describe - a patch of a part of a site that changes nothing
 * @site: has a stub
 * @patch: @part in; out: @from and @to both have the original bytes: the caller changes what
 *	   differs
 *
 * Does not sleep. Return: false if the site has no such part.
 */
bool patcher_describe(const struct cov_site *site, struct text_patch *patch);

/**
 * patcher_arm - struct cov_engine's @arm: arm the sites that an engine can
 * @engine: the engine
 * @sites: PENDING, of one target; each is ARMED afterwards and has @engine, or has an @error
 * @n: how many, at least 1
 * @prepare: make the site's stub; may sleep; 0 or -errno
 * @describe: for text_patch(), @context is @sites; must give false for sites that are not the
 *	      engine's
 *
 * The targets' lock is held; sleeps. No failure but those of sites.
 */
void patcher_arm(const struct cov_engine *engine, struct cov_site **sites, u32 n,
		 int (*prepare)(struct cov_site *site),
		 bool (*describe)(void *context, u32 i, struct text_patch *patch));

/**
 * patcher_release - struct cov_engine's @release
 * @engine: the engine
 * @target: whose sites
 * @filter: true for the sites to release
 *
 * A patch with another user's kprobe on it is waited for two seconds, unless livecov is being
 * unloaded, and is then left to held.c. The targets' lock is held; sleeps. No failure.
 */
void patcher_release(const struct cov_engine *engine, struct cov_target *target,
		     site_filter filter);

/**
 * patcher_original - struct cov_engine's @original
 * @site: has a stub
 * @part: 0 .. SITE_PARTS - 1
 * @address: out: of the first byte that the patch replaces
 * @bytes: out: what was there; room for ENGINE_MAX_BYTES
 *
 * The targets' lock is held; does not sleep. Return: how many bytes.
 */
u32 patcher_original(const struct cov_site *site, u32 part, unsigned long *address, u8 *bytes);

#endif /* LIVECOV_PATCHER_H */
