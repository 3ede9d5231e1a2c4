// SPDX-License-Identifier: GPL-2.0-only
/*
 * cells.c - see cells.h. Both kinds are allocated in pages, so that they can be mapped one
 * target at a time: scope all from a pool in livecov itself, because a stub reaches no
 * further than 2 GiB; scope tracked from a range of offsets that all samples share.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "cells.h"
#include "samples.h"
#include "targets_lock.h"

/* Mode edges, scope all: btrfs takes 23 pages; mode count eight times as many. */
#define CELL_POOL_PAGES	512
#define TRACKED_PAGES	(1U << (CELLS_SHIFT - PAGE_SHIFT))

static u8 cell_pool[CELL_POOL_PAGES * PAGE_SIZE] __aligned(PAGE_SIZE);
static DECLARE_BITMAP(cell_pool_taken, CELL_POOL_PAGES);
static DECLARE_BITMAP(tracked_taken, TRACKED_PAGES);

static u32 pages_of(const struct cells *cells)
{
	return DIV_ROUND_UP(cells_bytes(cells), PAGE_SIZE);
}

/* How far the samples' maps have to reach. */
static int fit_samples(void)
{
	unsigned long last = find_last_bit(tracked_taken, TRACKED_PAGES);

	return samples_resize(last < TRACKED_PAGES ? last + 1 : 0);
}

int cells_take(struct cells *cells, bool tracked)
{
	unsigned long *taken = tracked ? tracked_taken : cell_pool_taken;
	u32 room = tracked ? TRACKED_PAGES : CELL_POOL_PAGES, n = pages_of(cells);
	int err = 0;
	u32 at;

	lockdep_assert_held(&cov_targets_lock);
	BUILD_BUG_ON(CELL_POOL_PAGES > TRACKED_PAGES);
	at = bitmap_find_next_zero_area(taken, room, 0, n, 0);
	if (at >= room) {
		cells->count = 0;
		return -ENOSPC;
	}
	bitmap_set(taken, at, n);
	cells->offset = at * PAGE_SIZE;
	cells->base = tracked ? NULL : cell_pool + cells->offset;
	if (tracked)
		err = fit_samples();
	if (err) {
		bitmap_clear(taken, at, n);
		cells->count = 0;
		return err;
	}
	cells_clear(cells);
	return 0;
}

void cells_give(struct cells *cells)
{
	lockdep_assert_held(&cov_targets_lock);
	if (!cells->count)
		return;
	/* A sample that has hit nothing else has hit nothing from now on (samples.c). */
	if (!cells->base)
		cells_clear(cells);
	bitmap_clear(cells->base ? cell_pool_taken : tracked_taken, cells->offset / PAGE_SIZE,
		     pages_of(cells));
	/* The maps stay as they are, or all go, which does not fail. */
	if (!cells->base)
		fit_samples();
	*cells = (struct cells){ };
}

struct visit {
	const struct cells *cells;
	void (*fn)(const struct cells *cells, u8 *base, void *context);
	void *context;
};

static void visit_sample(struct cov_sample *sample, void *context)
{
	struct visit *visit = context;

	if (sample->map)
		visit->fn(visit->cells, sample_cells(sample, visit->cells), visit->context);
	cond_resched();
}

/* For the set of one sample, or with 0 for all that there are. Return: as cells_read(). */
static int each_set(const struct cells *cells, u64 sample,
		    void (*fn)(const struct cells *cells, u8 *base, void *context), void *context)
{
	struct visit visit = { cells, fn, context };

	if (!cells->count)
		return 0;
	if (!cells->base)
		return samples_each(sample, visit_sample, &visit);
	if (sample)
		return -EOPNOTSUPP;
	fn(cells, cells->base, context);
	return 0;
}

static void add(const struct cells *cells, u8 *base, void *context)
{
	u64 *hits = context;
	u32 i;

	for (i = 0; i < cells->count; i++)
		hits[i] += cell_read(cells, base, i);
}

int cells_read(const struct cells *cells, u64 sample, u64 *hits)
{
	lockdep_assert_held(&cov_targets_lock);
	return each_set(cells, sample, add, hits);
}

static void clear(const struct cells *cells, u8 *base, void *context)
{
	memset(base, 0, cells_bytes(cells));
}

void cells_clear(const struct cells *cells)
{
	lockdep_assert_held(&cov_targets_lock);
	each_set(cells, 0, clear, NULL);
}

struct page *cells_page(unsigned long index)
{
	return index < CELL_POOL_PAGES ? vmalloc_to_page(cell_pool + index * PAGE_SIZE) : NULL;
}
