/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text_map.h - a target's texts by address, and a number for each of their bytes, the index into
 * arrays that keep something about each byte. Pure.
 */
#ifndef LIVECOV_TEXT_MAP_H
#define LIVECOV_TEXT_MAP_H

#include "flow.h"

/**
 * struct text_span - a text
 * @base: address of its first byte
 * @bytes: a copy of it
 * @size: bytes
 * @first: number of its first byte; the others follow
 */
struct text_span {
	u64 base;
	const u8 *bytes;
	u32 size;
	u32 first;
};

/**
 * struct text_map - texts by address
 * @spans: sorted by base
 * @nr_spans: how many
 * @nr_bytes: of all of them: numbers are below
 */
struct text_map {
	struct text_span *spans;
	u32 nr_spans;
	u32 nr_bytes;
};

/**
 * text_map_init - sort texts, and number their bytes
 * @map: the answer, also after an error for text_map_free()
 * @texts: disjoint, any order; their bytes are in use as long as the map is
 * @nr_texts: how many
 *
 * Sleeps. Return: 0; -ENOMEM; -E2BIG for more than 256 MiB of text.
 */
int text_map_init(struct text_map *map, const struct flow_text *texts, u32 nr_texts);

/* text_map_free - a zeroed struct is fine */
void text_map_free(struct text_map *map);

/**
 * text_map_find - look an address up
 * @map: texts
 * @address: any
 *
 * Inline, because it is asked for every target of a branch and every operand that may be an
 * address. Return: the text that holds @address, or NULL.
 */
static inline const struct text_span *text_map_find(const struct text_map *map, u64 address)
{
	u32 low = 0, high = map->nr_spans;

	while (low < high) {
		u32 middle = low + (high - low) / 2;
		const struct text_span *span = &map->spans[middle];

		if (address - span->base < span->size)
			return span;
		if (address < span->base)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

#endif /* LIVECOV_TEXT_MAP_H */
