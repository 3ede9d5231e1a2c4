/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * patched.h - reading text as it was before livecov patched it.
 */
#ifndef LIVECOV_PATCHED_H
#define LIVECOV_PATCHED_H

#include <linux/types.h>

/**
 * cov_patched_undo - put the original bytes into a copy of live text
 * @base: address that the copy was read from
 * @bytes: the copy
 * @size: its length in bytes
 *
 * The targets' lock is held, since before the copy was made. Looks at all sites; does not sleep.
 */
void cov_patched_undo(unsigned long base, u8 *bytes, unsigned int size);

#endif /* LIVECOV_PATCHED_H */
