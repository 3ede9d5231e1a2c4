// SPDX-License-Identifier: GPL-2.0-only
/*
 * address_set.c - see address_set.h.
 */
#include "address_set.h"

static int u32_cmp(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

int address_set_make(struct address_set *set, u64 base, const u64 *addresses, size_t stride,
		     u32 n)
{
	const u8 *at = (const u8 *)addresses;
	u32 i;

	set->offsets = pure_alloc_lasting(((size_t)n + 1) * sizeof(*set->offsets));
	if (!set->offsets)
		return -ENOMEM;
	for (i = 0; i < n; i++, at += stride)
		set->offsets[i] = *(const u64 *)at - base;
	sort(set->offsets, n, sizeof(*set->offsets), u32_cmp, NULL);
	set->count = n;
	return 0;
}

void address_set_free(struct address_set *set)
{
	pure_free(set->offsets);
	*set = (struct address_set){ 0 };
}

bool address_set_has(const struct address_set *set, u64 base, u64 address)
{
	u32 low = 0, high = set->count, offset = address - base;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (set->offsets[middle] < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < set->count && set->offsets[low] == offset;
}
