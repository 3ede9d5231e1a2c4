/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cells.h - where a target's hits are written down: one cell for each thing that can
 * be seen, a byte (seen or not) or, where they are counted, 64 bits. In scope all a target has
 * one set of cells, in text's reach; in scope tracked each sample has one (samples.h).
 * Owns the memory of the first and the layout of both.
 *
 *	cell 0 .. F-1			functions' entries
 *	cell F + 2 * i + outcome	branch i: [0] fell through, [1] jumped
 *	cell F + 2 * B + i		block i
 *	the last cell			the place of a checkpoint by hand
 *
 * Nobody waits for a cell: a byte is only ever set to 1, a count is added to with a
 * locked instruction, and a reader takes what is there.
 */
#ifndef LIVECOV_CELLS_H
#define LIVECOV_CELLS_H

#include <linux/atomic.h>
#include <linux/types.h>

struct cov_image;

/**
 * struct cells - a target's cells
 * @base: scope all: cell 0; NULL in scope tracked
 * @offset: of cell 0 in the arena of cells, or in every sample's map; bytes
 * @count: cells
 * @wide: 64 bits each
 */
struct cells {
	u8 *base;
	u32 offset;
	u32 count;
	bool wide;
};

static inline u32 cells_bytes(const struct cells *cells)
{
	return cells->count << (cells->wide ? 3 : 0);
}

/* Offset of a cell from cell 0, in bytes. */
static __always_inline u32 cell_at(const struct cells *cells, u32 cell)
{
	return cell << (cells->wide ? 3 : 0);
}

/* Write a hit down. Any context. */
static __always_inline void cell_hit(const struct cells *cells, u8 *base, u32 cell)
{
	u8 *at = base + cell_at(cells, cell);

	if (cells->wide)
		atomic64_inc((atomic64_t *)at);
	else if (!READ_ONCE(*at))
		WRITE_ONCE(*at, 1);
}

/* The same; was it the first? Two that come at the same time may both be told so. */
static __always_inline bool cell_hit_first(const struct cells *cells, u8 *base, u32 cell)
{
	u8 *at = base + cell_at(cells, cell);

	if (cells->wide)
		return atomic64_inc_return((atomic64_t *)at) == 1;
	if (READ_ONCE(*at))
		return false;
	WRITE_ONCE(*at, 1);
	return true;
}

static inline u64 cell_read(const struct cells *cells, const u8 *base, u32 cell)
{
	const u8 *at = base + cell_at(cells, cell);

	return cells->wide ? READ_ONCE(*(const u64 *)at) : READ_ONCE(*at);
}

/**
 * cells_take - get cells, all zero
 * @cells: @count and @wide say how many
 * @tracked: for scope tracked
 *
 * The targets' lock is held; sleeps. Return: 0, -ENOMEM, -ENOSPC.
 */
int cells_take(struct cells *cells, bool tracked);

/* cells_give - give them back; no stub writes them any more. A zeroed struct is fine. */
void cells_give(struct cells *cells);

/**
 * cells_read - what has been seen
 * @cells: whose
 * @sample: of this sample alone, or 0 for everything
 * @hits: out: one for each cell; added to what is there
 *
 * Return: 0, -ENOENT no such sample, -EOPNOTSUPP one sample of scope all.
 */
int cells_read(const struct cells *cells, u64 sample, u64 *hits);

/* cells_clear - forget everything, while it is being written */
void cells_clear(const struct cells *cells);

/* cells_page - page @index of the arena of cells, for mmap; NULL behind its end */
struct page *cells_page(unsigned long index);

#endif /* LIVECOV_CELLS_H */
