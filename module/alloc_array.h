/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * alloc_array.h - memory for arrays that may be empty. Owns nothing.
 */
#ifndef LIVECOV_ALLOC_ARRAY_H
#define LIVECOV_ALLOC_ARRAY_H

#include <linux/mm.h>
#include <linux/slab.h>

/**
 * alloc_array - zeroed memory for an array
 * @n: elements; there may be none
 * @size: bytes of one
 *
 * Sleeps. Return: for kvfree(); NULL says that there is no memory, never that there is
 * nothing to hold.
 */
static inline void *alloc_array(u32 n, size_t size)
{
	return kvcalloc(n ?: 1, size, GFP_KERNEL);
}

#endif /* LIVECOV_ALLOC_ARRAY_H */
