// SPDX-License-Identifier: GPL-2.0-only
/*
 * shortcut.c - see shortcut.h. A site has no bits left for its length: to find out, it is made once
 * more.
 */
#include "arena_store.h"
#include "patcher.h"
#include "shortcut.h"
#include "site_stub.h"
#include "target_list.h"

/* So much of the arena is left to stubs, without which a site costs traps. */
#define LEFT_TO_STUBS	(ARENA_SIZE / 4)

/* Make it, as if it lay at @at. Return: how many bytes, or -errno. */
static int shortcut_write(const struct cov_site *site, unsigned long at, u32 known, u8 *code)
{
	struct stub_task task;
	struct stub stub;
	int err;

	err = site_stub_describe(site, &site->region, patcher_original_bytes(site, 0), at, &stub,
				 &task);
	return err ?: stub_shortcut(&stub, site_stub(site), known, code);
}

bool shortcut_make(struct cov_site *site, u32 known)
{
	u8 code[STUB_MAX_LEN];
	unsigned long at;
	int len;

	lockdep_assert_held(&cov_targets_lock);
	if (site->shortcut)
		return site->shortcut_knows == known;
	/* In scope all a note is one instruction. */
	if (site_target(site)->cps.cells.base || arena_used() > ARENA_SIZE - LEFT_TO_STUBS)
		return false;
	at = arena_room(sizeof(code));
	if (!at)
		return false;
	len = shortcut_write(site, at, known, code);
	if (len < 0)
		return false;
	arena_store(at, code, len);
	site->shortcut = arena_unit(at) + 1;
	site->shortcut_knows = known;
	return true;
}

u32 shortcut_room(const struct cov_site *site, unsigned long *at)
{
	u8 code[STUB_MAX_LEN];

	if (!site->shortcut)
		return 0;
	*at = shortcut_address(site);
	/* It succeeded once, with the same bytes. */
	return max(shortcut_write(site, *at, site->shortcut_knows, code), 0);
}

unsigned long shortcut_origin(const struct cov_site *site, unsigned long address)
{
	struct stub_task task;
	struct stub stub;
	unsigned long at;

	if (!site->shortcut || address - shortcut_address(site) >= STUB_MAX_LEN ||
	    address - shortcut_address(site) >= shortcut_room(site, &at) ||
	    site_stub_describe(site, &site->region, patcher_original_bytes(site, 0), at, &stub,
			       &task))
		return 0;
	return stub.address + stub_shortcut_origin(&stub, site->shortcut_knows, address - at);
}
