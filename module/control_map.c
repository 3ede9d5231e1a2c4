// SPDX-License-Identifier: GPL-2.0-only
/*
 * control_map.c - see control_map.h. An mmap() offset names a page: the bits from CELLS_SHIFT up
 * are the sample's index, or 0 for scope all; those below are the offset of the page in its map.
 * 32-bit programs have 44 bits (mmap2() takes pages): enough for 262,143 samples.
 * mmap() maps all pages at once, read-only, and each mapping holds references to them, so it
 * outlives the target. Only truncating the file (debugfs permits that, so even "> control" does
 * it) removes the pages from all mappings: then a page fault maps them again.
 */
#include <linux/fs.h>
#include <linux/mm.h>

#include "cells.h"
#include "control_map.h"
#include "samples.h"
#include "targets_lock.h"

int control_map_describe(const struct cov_target *target, struct cov_map *map,
			 struct cov_error *error)
{
	const struct cells *cells = &target->cps.cells;
	struct cell_layout layout = cov_image_layout(&target->image);
	u64 sample;

	lockdep_assert_held(&cov_targets_lock);
	if (!cells->base != !!map->sample)
		return cov_fail(error, -EINVAL, cells->base ?
				"%s is attached with scope all: it has one map, that of sample 0" :
				"%s is attached with scope tracked: a map belongs to a sample",
				target->name);
	sample = map->sample ? sample_index(map->sample) : 0;
	if (map->sample && !sample)
		return cov_fail(error, -ENOENT, "there is no sample %llu", map->sample);
	map->offset = sample << CELLS_SHIFT | cells->offset;
	map->length = PAGE_ALIGN(cells_bytes(cells));
	map->cell_size = cells->wide ? 8 : 1;
	map->functions = cell_of(&layout, SITE_ENTRY, 0, 0);
	map->branches = cell_of(&layout, SITE_BRANCH, 0, 0);
	map->blocks = cell_of(&layout, SITE_LEADER, 0, 0);
	/* All but that of a manual checkpoint. */
	map->cells = cell_of(&layout, SITE_LEADER, layout.blocks, 0);
	return 0;
}

/* Return: the page, with a reference; NULL if there is none. */
static struct page *page_at(unsigned long pgoff)
{
	unsigned long sample = pgoff >> (CELLS_SHIFT - PAGE_SHIFT);
	unsigned long index = pgoff & ((1UL << (CELLS_SHIFT - PAGE_SHIFT)) - 1);
	struct page *page;

	if (sample)
		return sample_page(sample, index);
	page = cells_page(index);
	if (page)
		get_page(page);
	return page;
}

static vm_fault_t map_again(struct vm_fault *fault)
{
	fault->page = page_at(fault->pgoff);
	return fault->page ? 0 : VM_FAULT_SIGBUS;
}

static const struct vm_operations_struct map_ops = { .fault = map_again };

int control_map_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long i, pages = vma_pages(vma);
	int err = 0;

	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EACCES;
	compat_vma_only_read(vma);
	vma->vm_ops = &map_ops;
	for (i = 0; !err && i < pages; i++) {
		struct page *page = page_at(vma->vm_pgoff + i);

		if (!page)
			return -ENXIO;
		err = vm_insert_page(vma, vma->vm_start + i * PAGE_SIZE, page);
		put_page(page);
	}
	return err;
}
