/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * patched.h - reading text as it was before livecov patched it.
 */
#ifndef LIVECOV_PATCHED_H
#define LIVECOV_PATCHED_H

#include <linux/types.h>

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
 * cov_patched_undo - put the original bytes into a copy of live text
 * @base: address that the copy was read from
 * @bytes: the copy
 * @size: its length in bytes
 *
 * The targets' lock is held, since before the copy was made. Looks at all sites; does not sleep.
 */
void cov_patched_undo(unsigned long base, u8 *bytes, u32 size);

#endif /* LIVECOV_PATCHED_H */
