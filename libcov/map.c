// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * map.c - a target's cells in the caller's memory. May call cov.c.
 */
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

/* The struct in its first version; less would not tell the caller what to unmap. */
#define MAPPING_LEAST	(offsetof(struct cov_mapping, blocks) + sizeof(uint32_t))

/* Readers rely on these numbers without further checks. */
static bool plausible(const struct cov_map *map)
{
	return (map->cell_size == 1 || map->cell_size == 8) &&
	       map->length && map->length <= SIZE_MAX &&
	       (uint64_t)map->cells * map->cell_size <= map->length &&
	       map->functions <= map->cells && map->branches <= map->cells &&
	       map->blocks <= map->cells;
}

COV_PUBLIC int cov_map(struct cov *cov, uint32_t target, uint64_t sample,
		       struct cov_mapping *mapping)
{
	struct cov_map map = { .target = target, .sample = sample };
	struct cov_mapping ours = COV_INIT(ours);
	void *base;
	int ret;

	cov_begin(cov);
	if (!mapping || mapping->size < MAPPING_LEAST)
		return cov_fail(cov, EINVAL, "struct cov_mapping: set its size");
	ret = cov_call_since(cov, 1, COV_IOC_MAP, &map, "map a target's cells");
	if (ret)
		return ret;
	if (!plausible(&map))
		return cov_fail(cov, EPROTO, "livecov gave a map that contradicts itself; please report this");
	base = mmap(NULL, map.length, PROT_READ, MAP_SHARED, cov->fd, map.offset);
	if (base == MAP_FAILED)
		return cov_fail(cov, errno, "cannot map a target's cells: %s", strerror(errno));
	ours.base = base;
	ours.length = map.length;
	ours.cell_size = map.cell_size;
	ours.cells = map.cells;
	ours.functions = map.functions;
	ours.branches = map.branches;
	ours.blocks = map.blocks;
	return cov_give(mapping, &ours, sizeof(ours));
}

COV_PUBLIC void cov_unmap(struct cov_mapping *mapping)
{
	if (!mapping || !mapping->base)
		return;
	munmap((void *)mapping->base, mapping->length);
	mapping->base = NULL;
	mapping->length = 0;
}
