/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * patched.h - reading text as it was before livecov patched it.
 */
#ifndef LIVECOV_PATCHED_H
#define LIVECOV_PATCHED_H

#include "image.h"

/**
 * patched_overlay - put original bytes into a copy of text, as far as they lie in it
 * @base: address that the copy was read from
 * @bytes: the copy
 * @size: its length in bytes
 * @address: where the original bytes begin
 * @original: they themselves
 * @n: how many
 */
static inline void patched_overlay(unsigned long base, u8 *bytes, u32 size,
				   unsigned long address, const u8 *original, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (address + i - base < size)
			bytes[address + i - base] = original[i];
}

/**
 * text_restore - put the original bytes of all sites into a copy of live text
 * @base: address that the copy was read from
 * @bytes: the copy
 * @size: its length in bytes
 *
 * Looks at every site. The targets' lock is held; does not sleep.
 */
void text_restore(unsigned long base, u8 *bytes, u32 size);

/**
 * text_read - copy live text, in which neither livecov's patches show nor half a change of others'
 * @span: which
 * @text: out: the copy; kvfree() its @bytes. Unchanged after an error
 *
 * The targets' lock is held; sleeps. Return: 0; -ENOMEM; -EFAULT: it cannot be read.
 */
int text_read(struct compat_span span, struct flow_text *text);

/* text_read_unprobed - text_read(), but the int3s of others' kprobes do not show either */
int text_read_unprobed(struct compat_span span, struct flow_text *text);

#endif /* LIVECOV_PATCHED_H */
