/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * patcher.h - what the two engines that patch text have in common: a site has a stub
 * in the arena, with the original bytes before it, and is known to handlers as long
 * as its bytes may be changed. May call text_patch.c, arena.c, site_index.c.
 */
#ifndef LIVECOV_PATCHER_H
#define LIVECOV_PATCHER_H

#include "engine.h"
#include "site_index.h"
#include "text_patch.h"

/* patcher_make_stub - put a site's @original bytes and @len of code at @at; take the room */
void patcher_make_stub(struct cov_site *site, unsigned long at, const u8 *bytes,
		       u32 original, u32 len);

/* patcher_original_bytes - what the site's patch has replaced; they lie in front of its stub */
static inline const u8 *patcher_original_bytes(const struct cov_site *site)
{
	return (const u8 *)site_stub(site) - site->patched;
}

/* patcher_may_patch - may an engine of ours patch text in the site's function at all? */
bool patcher_may_patch(const struct cov_site *site);

/* patcher_describe - a patch of the site's bytes, with what is there by rights as @from */
void patcher_describe(const struct cov_site *site, struct text_patch *patch);

/**
 * patcher_arm - arm the sites of @n that an engine can have
 * @prepare: make the site's stub; 0 or -errno
 * @describe: for text_patch(); sites that are not the engine's must give false
 */
void patcher_arm(const struct cov_engine *engine, struct cov_site **sites, u32 n,
		 int (*prepare)(struct cov_site *site),
		 bool (*describe)(void *context, u32 i, struct text_patch *patch));

/**
 * patcher_release - struct cov_engine's
 * @describe: a patch from what is there by rights to the original; false if that is there
 */
void patcher_release(const struct cov_engine *engine, struct cov_target *target,
		     site_filter filter,
		     bool (*describe)(const struct cov_site *site, struct text_patch *patch));

/* patcher_original - struct cov_engine's */
u32 patcher_original(const struct cov_site *site, unsigned long *address, u8 *bytes);

#endif /* LIVECOV_PATCHER_H */
