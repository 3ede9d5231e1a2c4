// SPDX-License-Identifier: GPL-2.0-only
/*
 * callers.c - see callers.h. Owns nothing.
 */
#include <linux/bsearch.h>
#include <linux/mm.h>

#include "callers.h"
#include "alloc_array.h"
#include "targets_lock.h"
#include "tracking.h"

/* The ids of a target: one for each of its cells. */
struct id_range {
	u32 first;
	u32 count;
	u32 target;
};

/* In ascending order of ids. */
struct id_map {
	struct id_range *ranges;
	u32 count;
};

static int id_map_make(struct id_map *map)
{
	const struct cov_target *target;
	u32 n = 0;

	list_for_each_entry(target, &cov_cell_ids, cps.ids.link)
		n++;
	map->count = 0;
	map->ranges = kvmalloc_array(n ?: 1, sizeof(*map->ranges), GFP_LARGE);
	if (!map->ranges)
		return -ENOMEM;
	list_for_each_entry(target, &cov_cell_ids, cps.ids.link)
		map->ranges[map->count++] = (struct id_range){
			.first = target->cps.ids.first,
			.count = target->cps.ids.count,
			.target = target->id,
		};
	return 0;
}

static int compare_id(const void *key, const void *range)
{
	u32 id = *(const u32 *)key;
	const struct id_range *r = range;

	if (id < r->first)
		return -1;
	return id - r->first >= r->count;
}

static bool callers_find_place(const struct id_map *map, u32 id, u32 *target, u32 *cell)
{
	const struct id_range *range = bsearch(&id, map->ranges, map->count,
					       sizeof(*map->ranges), compare_id);

	if (!range)
		return false;
	*target = range->target;
	*cell = id - range->first;
	return true;
}

/* Return: false for a record that was not asked for, or that no longer names a target. */
static bool callers_fill(const struct caller_record *record, const struct id_map *map,
			 const struct cov_callers *wanted, struct cov_caller *out)
{
	if (record->serial <= wanted->since || (wanted->upto && record->serial > wanted->upto))
		return false;
	*out = (struct cov_caller){
		.count = record->count,
		.first_sample = record->first_sample,
		.last_sample = record->last_sample,
		.serial = record->serial,
	};
	if (!callers_find_place(map, record->to, &out->to_target, &out->to_cell) ||
	    (wanted->target && wanted->target != out->to_target))
		return false;
	if (caller_is_address(record->from))
		out->from_address = caller_address(record->from);
	else if (record->from != CALLER_NONE)
		return callers_find_place(map, record->from, &out->from_target, &out->from_cell);
	return true;
}

static u32 read_records(struct cov_callers *arg, const struct id_map *map, u32 room,
			struct cov_caller *out)
{
	struct caller_record record;
	u32 cursor = arg->cursor;
	u32 n = 0;

	while (n < room && caller_table_next(&cov_callers, &cursor, &record)) {
		n += callers_fill(&record, map, arg, &out[n]);
		cond_resched();
	}
	arg->cursor = cursor;
	return n;
}

int callers_read(struct cov_callers *arg, struct query_answer *answer, struct cov_error *error)
{
	u32 room = min(arg->count, cov_callers.mask + 1);
	struct id_map map;
	int err;

	lockdep_assert_held(&cov_targets_lock);
	if (arg->cursor > U32_MAX)
		return cov_fail(error, -EINVAL, "cursor %#llx was not returned by an earlier call",
				arg->cursor);
	if (arg->target && !target_find(arg->target))
		return cov_fail(error, -ENOENT, "there is no target %u", arg->target);
	answer->bytes = kvcalloc(room, sizeof(struct cov_caller), GFP_LARGE);
	err = answer->bytes ? id_map_make(&map) : -ENOMEM;
	if (err)
		return cov_fail(error, err, "not enough memory for %u records", room);
	arg->count = read_records(arg, &map, room, answer->bytes);
	arg->lost = atomic_long_read(&cov_callers.lost);
	answer->size = arg->count * sizeof(struct cov_caller);
	kvfree(map.ranges);
	return 0;
}
