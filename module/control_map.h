/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * control_map.h - mmap() of the control file: cells, as they are written.
 */
#ifndef LIVECOV_CONTROL_MAP_H
#define LIVECOV_CONTROL_MAP_H

#include <linux/mm_types.h>

#include "target.h"

/* control_map_describe - where a target's cells are; 0, -ENOENT, -EINVAL. Targets' lock held. */
int control_map_describe(const struct cov_target *target, struct cov_map *map,
			 struct cov_error *error);

/* control_map_mmap - struct file_operations' */
int control_map_mmap(struct file *file, struct vm_area_struct *vma);

#endif /* LIVECOV_CONTROL_MAP_H */
