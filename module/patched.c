// SPDX-License-Identifier: GPL-2.0-only
/*
 * patched.c - see patched.h. Owns nothing.
 */
#include <linux/mm.h>

#include "alloc_array.h"
#include "engine.h"
#include "foreign.h"
#include "held.h"
#include "patched.h"
#include "site_patch.h"
#include "target_list.h"

static void undo_part(const struct cov_site *site, u32 part, unsigned long base, u8 *bytes,
		      u32 size)
{
	u8 original[ENGINE_MAX_BYTES];
	unsigned long address;
	u32 n = engine_of(site)->original(site, part, &address, original);

	patched_overlay(base, bytes, size, address, original, n);
}

void text_restore(unsigned long base, u8 *bytes, u32 size)
{
	struct cov_target *target;
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i, part;

	lockdep_assert_held(&cov_targets_lock);
	held_undo(base, bytes, size);
	list_for_each_entry(target, &cov_targets, link)
		for_each_site(site, chunk, i, &target->cps)
			for (part = 0; site->engine && part < site_parts(site); part++)
				undo_part(site, part, base, bytes, size);
}

static int read_span(struct compat_span span, bool unprobed, struct flow_text *text)
{
	u8 *bytes;
	int err;

	lockdep_assert_held(&cov_targets_lock);
	bytes = kvmalloc(span.size ?: 1, GFP_LARGE);
	if (!bytes)
		return -ENOMEM;
	err = foreign_read_text(span.base, bytes, span.size);
	if (err) {
		kvfree(bytes);
		return err;
	}
	text_restore(span.base, bytes, span.size);
	if (unprobed)
		foreign_restore(span.base, bytes, span.size);
	*text = (struct flow_text){ span.base, bytes, span.size };
	return 0;
}

int text_read(struct compat_span span, struct flow_text *text)
{
	return read_span(span, false, text);
}

int text_read_unprobed(struct compat_span span, struct flow_text *text)
{
	return read_span(span, true, text);
}
