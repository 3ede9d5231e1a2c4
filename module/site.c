// SPDX-License-Identifier: GPL-2.0-only
/*
 * site.c - see site.h. Owns the chunks. For sleepable context; handlers touch sites through
 * hit.h alone.
 */
#include <linux/slab.h>

#include "target_list.h"

void site_list_free(struct site_list *list)
{
	struct site_chunk *chunk, *next;

	list_for_each_entry_safe(chunk, next, &list->chunks, link)
		kfree(chunk);
	site_list_init(list);
}

int site_list_reserve(struct site_list *list, struct cov_target *target, unsigned long base,
		      u32 n)
{
	lockdep_assert_held(&cov_targets_lock);
	while (list->room < n) {
		/* kmalloc() aligns memory to its size, if that is a power of two. */
		struct site_chunk *chunk = kzalloc(PAGE_SIZE, GFP_KERNEL);

		if (!chunk)
			return -ENOMEM;
		chunk->target = target;
		chunk->base = base;
		list->nr_chunks++;
		list_add_tail(&chunk->link, &list->chunks);
		list->room += SITES_IN_CHUNK;
		if (!list->filling)
			list->filling = chunk;
	}
	return 0;
}

struct cov_site *site_list_add(struct site_list *list)
{
	struct site_chunk *chunk;

	lockdep_assert_held(&cov_targets_lock);
	if (list->filling->count == SITES_IN_CHUNK)
		list->filling = list_next_entry(list->filling, link);
	chunk = list->filling;
	list->room--;
	list->count++;
	/* The disarm worker reads it without the lock (take_from()). */
	WRITE_ONCE(chunk->count, chunk->count + 1);
	return &chunk->sites[chunk->count - 1];
}

void site_list_move(struct site_list *list, unsigned long base)
{
	struct site_chunk *chunk;

	lockdep_assert_held(&cov_targets_lock);
	list_for_each_entry(chunk, &list->chunks, link)
		chunk->base = base;
}

u32 sites_to_front(struct cov_site **sites, u32 n, site_filter filter)
{
	u32 i, front = 0;

	lockdep_assert_held(&cov_targets_lock);
	for (i = 0; i < n; i++)
		if (filter(sites[i])) {
			swap(sites[front], sites[i]);
			front++;
		}
	return front;
}

struct cov_site *site_next(struct site_cursor *cursor)
{
	struct list_head *chunks = &cursor->target->cps.sites.chunks;
	struct site_chunk *chunk = cursor->chunk;
	u32 i = cursor->index;

	lockdep_assert_held(&cov_targets_lock);
	if (!chunk) {
		chunk = list_first_entry(chunks, struct site_chunk, link);
		i = 0;
	}
	for (; &chunk->link != chunks; chunk = list_next_entry(chunk, link), i = 0)
		for (; i < chunk->count; i++) {
			struct cov_site *site = &chunk->sites[i];

			if (site->engine != cursor->engine || !cursor->filter(site))
				continue;
			cursor->chunk = chunk;
			cursor->index = i + 1;
			return site;
		}
	cursor->chunk = NULL;
	return NULL;
}
