// SPDX-License-Identifier: GPL-2.0-only
/*
 * cell_news.c - see cell_news.h.
 *
 * Cells are only ever set, and each is a byte of its own: a word that is read while others
 * write has each cell as it was at some moment, and what was missed is found the next time.
 */
#include "cell_news.h"

/*
 * Gather bit 0 of each of eight bytes into one byte: the product adds byte i shifted by
 * 56 - 7 * i, which moves its bit to bit 56 + i. No two of the 64 terms overlap, so nothing is
 * carried.
 */
static u8 bits_of(u64 cells)
{
	return (cells & 0x0101010101010101ULL) * 0x0102040810204080ULL >> 56;
}

/* Which of the eight cells from @first on were passed; at the end there may be fewer. */
static u8 passed_from(const u8 *cells, u32 count, u32 first)
{
	u64 eight = 0;

	if (likely(count - first >= 8))
		memcpy(&eight, cells + first, 8);
	else
		memcpy(&eight, cells + first, count - first);
	return eight ? bits_of(eight) : 0;
}

static u8 passed_in_all(const struct cell_sets *sets, u32 count, u32 first)
{
	u8 passed = 0xff;
	u32 i;

	for (i = 0; passed && i < sets->count; i++)
		passed &= passed_from(sets->sets[i], count, first);
	return passed;
}

u32 cell_news_find(const struct cell_sets *sets, u32 count, u8 *looked, u32 *found, u32 max)
{
	u32 first, n = 0;

	for (first = 0; first < count; first += 8) {
		u8 *known = &looked[first / 8];
		u8 news = passed_in_all(sets, count, first) & ~*known;

		for (; news; news &= news - 1) {
			if (n == max)
				return n;
			found[n++] = first + __builtin_ctz(news);
			*known |= news & -news;
		}
	}
	return n;
}

void cell_news_join(const u8 *set, u32 count, u8 *looked)
{
	u32 first;

	for (first = 0; first < count; first += 8)
		looked[first / 8] &= passed_from(set, count, first);
}
