/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cell_news.h - which cells were passed that nobody has looked at yet? Pure. Calls
 * nothing.
 */
#ifndef LIVECOV_CELL_NEWS_H
#define LIVECOV_CELL_NEWS_H

#include "portable.h"

/* cell_news_size - bytes that @looked has to have for @count cells */
static inline u32 cell_news_size(u32 count)
{
	return (count + 7) / 8;
}

/**
 * cell_news_find - cells that were passed, and that are looked at now
 * @cells: a byte each, 0 or 1; others may write to them
 * @count: how many
 * @looked: a bit for each, from the lowest bit of the first byte on; those found are set
 * @found: out: their indices, rising
 * @max: how many of them there may be; what is left is found next time
 *
 * Eight cells cost as much as one. Return: how many.
 */
u32 cell_news_find(const u8 *cells, u32 count, u8 *looked, u32 *found, u32 max);

/* cell_news_again - let a cell be found once more */
static inline void cell_news_again(u8 *looked, u32 cell)
{
	looked[cell / 8] &= ~(1U << cell % 8);
}

#endif /* LIVECOV_CELL_NEWS_H */
