// SPDX-License-Identifier: GPL-2.0-only
/*
 * arena_store.c - see arena_store.h. Opening the mapping through which text is written takes much
 * longer than writing a stub.
 */
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/text-patching.h>

#include "arena.h"
#include "arena_store.h"
#include "targets_lock.h"
#include "text_patch.h"

static u8 unwritten[PAGE_SIZE];
static unsigned long unwritten_at;
static u32 unwritten_len;

void arena_store_flush(void)
{
	lockdep_assert_held(&cov_targets_lock);
	if (unwritten_len)
		text_write(unwritten_at, unwritten, unwritten_len);
	unwritten_len = 0;
}

void arena_store(unsigned long at, const u8 *bytes, u32 length)
{
	u32 gap = at - (unwritten_at + unwritten_len);

	lockdep_assert_held(&cov_targets_lock);
	if (!unwritten_len || at < unwritten_at || gap >= ARENA_UNIT ||
	    unwritten_len + gap + length > sizeof(unwritten)) {
		arena_store_flush();
		unwritten_at = at;
		gap = 0;
	}
	memset(unwritten + unwritten_len, INT3_INSN_OPCODE, gap);
	memcpy(unwritten + unwritten_len + gap, bytes, length);
	unwritten_len += gap + length;
	arena_take(at, length);
}
