/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * alloc_array.h - memory that may be much: the flags to ask with, and arrays that may be empty.
 * Owns nothing.
 */
#ifndef LIVECOV_ALLOC_ARRAY_H
#define LIVECOV_ALLOC_ARRAY_H

#include <linux/mm.h>
#include <linux/slab.h>

/*
 * For kvmalloc() and its like. That there was no memory is for the caller to say, with -ENOMEM:
 * without __GFP_NOWARN vmalloc() logs a call trace as well (warn_alloc()), and kvmalloc() one of
 * a size above INT_MAX.
 */
#define GFP_LARGE	(GFP_KERNEL | __GFP_NOWARN)

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
	return kvcalloc(n ?: 1, size, GFP_LARGE);
}

#endif /* LIVECOV_ALLOC_ARRAY_H */
