// SPDX-License-Identifier: GPL-2.0-only
/*
 * text_map.c - see text_map.h.
 */
#include "text_map.h"

#define MAX_TEXT	(256U << 20)

static int span_cmp(const void *a, const void *b)
{
	const struct text_span *x = a, *y = b;

	return x->base < y->base ? -1 : x->base > y->base;
}

int text_map_init(struct text_map *map, const struct flow_text *texts, u32 nr_texts)
{
	u32 i;

	*map = (struct text_map){ .nr_spans = nr_texts };
	map->spans = pure_alloc((size_t)nr_texts + 1, sizeof(*map->spans));
	if (!map->spans)
		return -ENOMEM;
	for (i = 0; i < nr_texts; i++)
		map->spans[i] = (struct text_span){
			.base = texts[i].base,
			.bytes = texts[i].bytes,
			.size = texts[i].size,
		};
	sort(map->spans, nr_texts, sizeof(*map->spans), span_cmp, NULL);
	for (i = 0; i < nr_texts; i++) {
		if (map->spans[i].size > MAX_TEXT - map->nr_bytes)
			return -E2BIG;
		map->spans[i].first = map->nr_bytes;
		map->nr_bytes += map->spans[i].size;
	}
	return 0;
}

void text_map_free(struct text_map *map)
{
	pure_free(map->spans);
}
