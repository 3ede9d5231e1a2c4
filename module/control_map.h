/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * control_map.h - mmap() of the control file: cells, as they are written.
 */
#ifndef LIVECOV_CONTROL_MAP_H
#define LIVECOV_CONTROL_MAP_H

#include <linux/mm_types.h>

#include "target_list.h"

/**
 * control_map_describe - where a target's cells can be mapped
 * @target: whose
 * @map: in: @sample, 0 for scope all; out: the offset for mmap(), the length in bytes, and where
 *	 each kind of cell begins
 * @error: out: a sentence for the caller, after an error
 *
 * The targets' lock is held; takes samples' lock; sleeps. Return: 0; -EINVAL: a sample in scope
 * all, or none in scope tracked; -ENOENT: no such sample.
 */
int control_map_describe(const struct cov_target *target, struct cov_map *map,
			 struct cov_error *error);

/**
 * control_map_mmap - struct file_operations' mmap(), for cells
 * @file: the control file
 * @vma: its offset is control_map_describe()'s; mapped read-only
 *
 * The process's mmap_lock is held, under which samples' lock, a mutex, must not be taken: takes a
 * spinlock of theirs alone. Sleeps, to allocate page tables. Return: 0; -EACCES: for writing or
 * executing; -ENXIO: there are no cells; -ENOMEM, and what vm_insert_page() returns.
 */
int control_map_mmap(struct file *file, struct vm_area_struct *vma);

#endif /* LIVECOV_CONTROL_MAP_H */
