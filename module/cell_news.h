/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cell_news.h - which cells were passed that have not been looked at yet? Of several sets of cells:
 * which were passed in each of them. Pure. Calls nothing.
 */
#ifndef LIVECOV_CELL_NEWS_H
#define LIVECOV_CELL_NEWS_H

#include "portable.h"

#define CELL_SETS_MAX	16

/**
 * struct cell_sets - sets of cells that are looked at together
 * @sets: of each the first cell: a byte each, 0 or 1; others may write to them
 * @count: how many sets, at least 1
 */
struct cell_sets {
	u8 *sets[CELL_SETS_MAX];
	u32 count;
};

/* cell_in_all - was @cell passed in every set? */
static inline bool cell_in_all(const struct cell_sets *sets, u32 cell)
{
	u32 i;

	for (i = 0; i < sets->count; i++)
		if (!READ_ONCE(sets->sets[i][cell]))
			return false;
	return true;
}

/* cell_news_size - bytes that @looked of cell_news_find() has for @count cells */
static inline u32 cell_news_size(u32 count)
{
	return (count + 7) / 8;
}

/**
 * cell_news_find - find the cells that were passed, in every set, since they were last looked at
 * @sets: of cells
 * @count: how many cells each of them has
 * @looked: a bit for each, from the lowest bit of the first byte on, cell_news_size()
 *	    bytes; the bits of those found are set
 * @found: out: their indices, in rising order; room for @max
 * @max: how many are returned at most; what is left is found next time
 *
 * Takes no lock. Callers exclude each other. Eight cells of a set cost as much as one. Return:
 * how many were found.
 */
u32 cell_news_find(const struct cell_sets *sets, u32 count, u8 *looked, u32 *found, u32 max);

/**
 * cell_news_join - one more set will be looked at from now on
 * @set: its cells
 * @count: how many
 * @looked: the cells that the set does not have are cleared: they are news once it has them, too
 */
void cell_news_join(const u8 *set, u32 count, u8 *looked);

/* cell_news_again - let @cell be found once more: clear its bit in @looked */
static inline void cell_news_again(u8 *looked, u32 cell)
{
	looked[cell / 8] &= ~(1U << cell % 8);
}

#endif /* LIVECOV_CELL_NEWS_H */
