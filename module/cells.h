/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cells.h - where a target's hits are recorded: one cell for each thing that can
 * be seen, a byte (seen or not) or, where they are counted, 64 bits. In scope all a target has
 * one set of cells, in text's reach; in scope tracked each sample has one (samples.h).
 * Owns the memory of the first; cell_layout.h has which cell is of what.
 *
 * No access waits for another: a byte is only ever set to 1, a count is incremented with a locked
 * instruction, and a reader takes what is there.
 */
#ifndef LIVECOV_CELLS_H
#define LIVECOV_CELLS_H

#include <linux/atomic.h>
#include <linux/types.h>

/* Offsets of cells, in the pool of cells and in a sample's map, are below 1 << CELLS_SHIFT. */
#define CELLS_SHIFT	26

/**
 * struct cells - a target's cells
 * @base: scope all: address of cell 0; NULL in scope tracked
 * @offset: of cell 0 in the pool of cells, or in every sample's map; bytes
 * @count: how many; 0: none are allocated
 * @wide: they are of 64 bits, and count; else of a byte
 */
struct cells {
	u8 *base;
	u32 offset;
	u32 count;
	bool wide;
};

/* cells_bytes - size of all the cells together */
static inline u32 cells_bytes(const struct cells *cells)
{
	return cells->count << (cells->wide ? 3 : 0);
}

/* cell_at - offset of @cell from cell 0, in bytes */
static __always_inline u32 cell_at(const struct cells *cells, u32 cell)
{
	return cell << (cells->wide ? 3 : 0);
}

/**
 * cell_hit - write a hit down
 * @cells: the target's
 * @base: address of cell 0 in the set that is written
 * @cell: which
 *
 * Any context, no lock.
 */
static __always_inline void cell_hit(const struct cells *cells, u8 *base, u32 cell)
{
	u8 *at = base + cell_at(cells, cell);

	if (cells->wide)
		atomic64_inc((atomic64_t *)at);
	else if (!READ_ONCE(*at))
		WRITE_ONCE(*at, 1);
}

/**
 * cell_hit_first - cell_hit(), and was it the first hit of that cell?
 * @cells: the target's
 * @base: address of cell 0 in the set that is written
 * @cell: which
 *
 * Any context, no lock. Return: true for the first one; of bytes, two that come at the same
 * time may both be told so.
 */
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

/**
 * cell_read - a cell's value
 * @cells: the target's
 * @base: address of cell 0 in the set that is read
 * @cell: which
 *
 * Any context. Return: how many hits, or for a byte 0 or 1.
 */
static inline u64 cell_read(const struct cells *cells, const u8 *base, u32 cell)
{
	const u8 *at = base + cell_at(cells, cell);

	return cells->wide ? READ_ONCE(*(const u64 *)at) : READ_ONCE(*at);
}

/**
 * cells_take - allocate cells, all zero
 * @cells: in: @count and @wide; out: @base and @offset
 * @tracked: for scope tracked: room for them in every sample's map
 *
 * The targets' lock is held; takes samples' lock; sleeps. Return: 0; -ENOMEM; -ENOSPC: the
 * pool of cells, or the maps' greatest length, has no room. After an error @count is 0, so
 * that cells_give() has nothing to do.
 */
int __must_check cells_take(struct cells *cells, bool tracked);

/**
 * cells_give - free them
 * @cells: no stub or handler writes them any more; zeroed afterwards. A zeroed struct is fine.
 *
 * The targets' lock is held; takes samples' lock in scope tracked; sleeps. No failure.
 */
void cells_give(struct cells *cells);

/**
 * cells_read - read all cells
 * @cells: whose
 * @sample: the hits of this sample alone, or 0 for all
 * @hits: in and out: a number for each cell, to which its value is added
 *
 * The targets' lock is held; takes samples' lock in scope tracked; sleeps. Cells may be written
 * meanwhile. Return: 0; -ENOENT: no such sample; -EOPNOTSUPP: a sample was asked for in scope
 * all.
 */
int cells_read(const struct cells *cells, u64 sample, u64 *hits);

/**
 * cells_clear - set all cells to zero, in every sample's map too
 * @cells: whose
 *
 * The targets' lock is held; takes samples' lock in scope tracked; sleeps. Cells may be written
 * meanwhile: such a hit is kept or lost.
 */
void cells_clear(const struct cells *cells);

/**
 * cells_page - a page of the pool of cells, for mmap()
 * @index: of the page
 *
 * No lock. Return: the page, without a reference of the caller's: it stays as long as livecov;
 * NULL past the pool's end.
 */
struct page *cells_page(unsigned long index);

#endif /* LIVECOV_CELLS_H */
