/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cell_news.h - which cells were passed that have not been looked at yet? Pure. Calls nothing.
 */
#ifndef LIVECOV_CELL_NEWS_H
#define LIVECOV_CELL_NEWS_H

#include "portable.h"

/* cell_news_size - bytes that @looked of cell_news_find() has for @count cells */
static inline u32 cell_news_size(u32 count)
{
	return (count + 7) / 8;
}

/**
 * cell_news_find - find the cells that were passed since they were last looked at
 * @cells: a byte each, 0 or 1; others may write to them
 * @count: how many
 * @looked: a bit for each, from the lowest bit of the first byte on, cell_news_size()
 *	    bytes; the bits of those found are set
 * @found: out: their indices, in rising order; room for @max
 * @max: how many are returned at most; what is left is found next time
 *
 * Takes no lock. Callers exclude each other. Eight cells cost as much as one. Return: how many
 * were found.
 */
u32 cell_news_find(const u8 *cells, u32 count, u8 *looked, u32 *found, u32 max);

/* cell_news_again - let @cell be found once more: clear its bit in @looked */
static inline void cell_news_again(u8 *looked, u32 cell)
{
	looked[cell / 8] &= ~(1U << cell % 8);
}

#endif /* LIVECOV_CELL_NEWS_H */
