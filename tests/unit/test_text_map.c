// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_text_map.c - every address of a text is found there, and no other one; every byte has a
 * number of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "text_map.h"

/* Unsorted; two of them touch, and nothing lies in the empty one. */
static const struct flow_text texts[] = {
	{ .base = 0x5000, .size = 0x20 },
	{ .base = 0x1000, .size = 0x10 },
	{ .base = 0xffffffffffffff00, .size = 0x100 },
	{ .base = 0x5020, .size = 0x8 },
	{ .base = 0x3000, .size = 0 },
};

static const struct flow_text *holder(u64 address)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (address - texts[i].base < texts[i].size)
			return &texts[i];
	return NULL;
}

static void assert_found(const struct text_map *map, u64 address)
{
	const struct text_span *span = text_map_find(map, address);
	const struct flow_text *text = holder(address);

	assert_int_equal(!span, !text);
	if (span) {
		assert_int_equal(span->base, text->base);
		assert_int_equal(span->size, text->size);
	}
}

static void addresses_are_found_at_the_edges_of_texts(void **state)
{
	struct text_map map;
	u32 i;

	(void)state;
	assert_int_equal(text_map_init(&map, texts, ARRAY_SIZE(texts)), 0);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_found(&map, texts[i].base - 1);
		assert_found(&map, texts[i].base);
		assert_found(&map, texts[i].base + texts[i].size / 2);
		assert_found(&map, texts[i].base + texts[i].size - 1);
		assert_found(&map, texts[i].base + texts[i].size);
	}
	text_map_free(&map);
}

static void bytes_are_numbered_by_address(void **state)
{
	struct text_map map;
	u32 i, next = 0;

	(void)state;
	assert_int_equal(text_map_init(&map, texts, ARRAY_SIZE(texts)), 0);
	assert_int_equal(map.nr_spans, ARRAY_SIZE(texts));
	for (i = 0; i < map.nr_spans; i++) {
		if (i)
			assert_true(map.spans[i - 1].base < map.spans[i].base);
		assert_int_equal(map.spans[i].first, next);
		next += map.spans[i].size;
	}
	assert_int_equal(map.nr_bytes, next);
	text_map_free(&map);
}

static void nothing_is_found_without_texts(void **state)
{
	struct text_map map;

	(void)state;
	assert_int_equal(text_map_init(&map, NULL, 0), 0);
	assert_null(text_map_find(&map, 0x1000));
	assert_int_equal(map.nr_bytes, 0);
	text_map_free(&map);
}

static void more_than_256_MiB_are_refused(void **state)
{
	struct flow_text big[] = {
		{ .base = 0x10000000, .size = 128U << 20 },
		{ .base = 0x40000000, .size = 128U << 20 },
		{ .base = 0x80000000, .size = 1 },
	};
	struct text_map map;

	(void)state;
	assert_int_equal(text_map_init(&map, big, 2), 0);
	text_map_free(&map);
	assert_int_equal(text_map_init(&map, big, 3), -E2BIG);
	text_map_free(&map);
	big[0].size = UINT32_MAX;
	assert_int_equal(text_map_init(&map, big, 3), -E2BIG);
	text_map_free(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_found_at_the_edges_of_texts),
		cmocka_unit_test(bytes_are_numbered_by_address),
		cmocka_unit_test(nothing_is_found_without_texts),
		cmocka_unit_test(more_than_256_MiB_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
