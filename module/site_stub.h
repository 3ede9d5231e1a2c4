/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * site_stub.h - what the stub of a site has to note, and where, for the engines that have
 * stubs. Owns nothing. May call task_maps.c, task_windows.c.
 */
#ifndef LIVECOV_SITE_STUB_H
#define LIVECOV_SITE_STUB_H

#include "checkpoint.h"
#include "stub.h"

/*
 * site_stub_take - before a site gets a stub with a note: what it will share with others;
 * 0 or -errno
 */
int site_stub_take(const struct cov_site *site);

/* site_stub_give - it has none any more, and nobody stands in it */
void site_stub_give(const struct cov_site *site);

/* site_stub_shares - does it share anything? @offset: task_window_give()'s, for it */
bool site_stub_shares(const struct cov_site *site, u32 *offset);

/**
 * site_stub_describe - a site's stub, as it was or will be written
 * @site: with its @patch_offset
 * @region: the bytes that it stands for, from site_patch() on
 * @text: the originals of those
 * @at: where it lies
 * @stub: out
 * @task: out: what @stub refers to in scope tracked
 *
 * The site has called site_stub_take(). Any context. Return: 0, -EOPNOTSUPP if this CPU or
 * kernel has not what it takes, -ERANGE if something is out of a stub's reach.
 */
int site_stub_describe(const struct cov_site *site, const struct region *region,
		       const u8 *text, unsigned long at, struct stub *stub,
		       struct stub_task *task);

#endif /* LIVECOV_SITE_STUB_H */
