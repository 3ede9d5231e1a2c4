/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * site_stub.h - what the stub of a site has to note, and where, for the engines that make stubs.
 * Owns nothing.
 */
#ifndef LIVECOV_SITE_STUB_H
#define LIVECOV_SITE_STUB_H

#include "checkpoint.h"
#include "stub.h"

/**
 * site_stub_take - take a reference to what a site's stub will share with others
 * @site: has no stub with a note yet
 *
 * The targets' lock is held; sleeps. Undone by site_stub_give(). Return: 0, errors of
 * task_window_take().
 */
int __must_check site_stub_take(const struct cov_site *site);

/**
 * site_stub_give - put the reference of site_stub_take()
 * @site: has no such stub any more, and no task is in that stub
 *
 * The targets' lock is held; does not sleep.
 */
void site_stub_give(const struct cov_site *site);

/**
 * site_stub_shares - does a site's stub share code with others?
 * @site: the site
 * @offset: out: for task_window_take() and task_window_give()
 *
 * Takes no lock. Return: true in scope tracked.
 */
bool site_stub_shares(const struct cov_site *site, u32 *offset);

/**
 * site_stub_describe - a site's stub, as it was or will be written
 * @site: with its @patch_offset
 * @region: the bytes that it stands for, from site_patch() on
 * @text: the original bytes there
 * @at: address of the stub
 * @stub: out: valid as long as @text and @task
 * @task: out: what @stub refers to in scope tracked
 *
 * site_stub_take() was called for the site. Any context. Return: 0; -EOPNOTSUPP: this CPU or
 * kernel cannot run such a stub; -ERANGE: something is out of a stub's reach.
 */
int site_stub_describe(const struct cov_site *site, const struct region *region,
		       const u8 *text, unsigned long at, struct stub *stub,
		       struct stub_task *task);

#endif /* LIVECOV_SITE_STUB_H */
