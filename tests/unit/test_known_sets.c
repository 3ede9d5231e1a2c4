// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of known_sets.c: each answer, on random rows, against the plainest way to find
 * it, bit by bit and, for covers, over all subsets.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chance.h"
#include "known_sets.h"
#include "libcov.h"

#define MAX_ROWS	12
#define MAX_WORDS	3
#define MAX_BITS	(64 * MAX_WORDS)
#define NOBODY		UINT32_MAX

/* The same rows twice: as the library has them, and as plain arrays. */
struct trial {
	uint32_t rows, bits, words;
	struct known_sets sets;
	struct known_set out;
	uint8_t known[MAX_ROWS][MAX_BITS];
	uint32_t first[MAX_BITS];	/* row that was told, or NOBODY */
};

/* @yes and @unknown in a hundred bits, of the rest none. */
static void make(struct trial *trial, uint32_t yes, uint32_t unknown)
{
	uint32_t row, bit;

	memset(trial, 0, sizeof(*trial));
	trial->rows = 1 + below(MAX_ROWS);
	trial->bits = 1 + below(MAX_BITS);
	trial->words = (trial->bits + 63) / 64;
	assert_int_equal(known_sets_init(&trial->sets, trial->rows, trial->words), 0);
	assert_int_equal(known_set_init(&trial->out, trial->words), 0);
	for (bit = 0; bit < trial->bits; bit++) {
		trial->first[bit] = NOBODY;
		for (row = 0; row < trial->rows; row++) {
			uint32_t draw = below(100);

			trial->known[row][bit] = draw < yes ? COV_YES :
						 draw < yes + unknown ? COV_UNKNOWN : COV_NO;
			known_sets_put(&trial->sets, row, bit, trial->known[row][bit]);
		}
		row = below(trial->rows);
		if (trial->known[row][bit] == COV_YES && one_in(3)) {
			trial->first[bit] = row;
			known_sets_tell_first(&trial->sets, bit, row);
		}
	}
	known_sets_seal(&trial->sets);
}

static void unmake(struct trial *trial)
{
	known_sets_free(&trial->sets);
	known_set_free(&trial->out);
}

static void each_trial(void (*check)(struct trial *trial))
{
	static const struct {
		uint32_t yes, unknown;
	} shapes[] = {
		{ 0, 0 }, { 2, 0 }, { 10, 0 }, { 30, 0 }, { 60, 0 }, { 100, 0 }, { 20, 10 },
		{ 5, 60 }, { 0, 100 }, { 90, 10 },
	};
	struct trial trial;
	size_t shape;
	int round;

	for (shape = 0; shape < sizeof(shapes) / sizeof(shapes[0]); shape++)
		for (round = 0; round < 60; round++) {
			make(&trial, shapes[shape].yes, shapes[shape].unknown);
			check(&trial);
			unmake(&trial);
		}
}

/* In three-valued logic. */
static unsigned int and_not(unsigned int a, unsigned int b)
{
	if (a == COV_NO || b == COV_YES)
		return COV_NO;
	return a == COV_YES && b == COV_NO ? COV_YES : COV_UNKNOWN;
}

static unsigned int either(unsigned int a, unsigned int b)
{
	if (a == COV_YES || b == COV_YES)
		return COV_YES;
	return a == COV_NO && b == COV_NO ? COV_NO : COV_UNKNOWN;
}

/* Any of the rows from @from up to @to has it, but @not. */
static unsigned int any(const struct trial *trial, uint32_t bit, uint32_t to, uint32_t not)
{
	unsigned int known = COV_NO;
	uint32_t row;

	for (row = 0; row < to; row++)
		if (row != not)
			known = either(known, trial->known[row][bit]);
	return known;
}

static void check_rows(struct trial *trial)
{
	uint32_t row, bit, n;

	for (row = 0; row < trial->rows; row++) {
		struct known_set set = known_sets_row(&trial->sets, row);

		for (bit = n = 0; bit < trial->bits; bit++) {
			assert_int_equal(known_set_get(&set, bit), trial->known[row][bit]);
			n += trial->known[row][bit] == COV_YES;
		}
		assert_int_equal(known_count(set.yes, 0, trial->words), n);
	}
}

static void rows_have_what_was_put_into_them(void **state)
{
	(void)state;
	each_trial(check_rows);
}

static void check_minus(struct trial *trial)
{
	uint32_t a, b, bit;

	for (a = 0; a < trial->rows; a++)
		for (b = 0; b < trial->rows; b++) {
			struct known_set x = known_sets_row(&trial->sets, a);
			struct known_set y = known_sets_row(&trial->sets, b);

			known_set_minus(&trial->out, &x, &y, trial->words);
			for (bit = 0; bit < trial->bits; bit++)
				assert_int_equal(known_set_get(&trial->out, bit),
						 and_not(trial->known[a][bit],
							 trial->known[b][bit]));
		}
}

static void a_row_without_another_is_as_bit_by_bit(void **state)
{
	(void)state;
	each_trial(check_minus);
}

static void check_alone(struct trial *trial)
{
	uint32_t row, bit;

	for (row = 0; row < trial->rows; row++) {
		known_sets_alone(&trial->sets, row, &trial->out);
		for (bit = 0; bit < trial->bits; bit++)
			assert_int_equal(known_set_get(&trial->out, bit),
					 and_not(trial->known[row][bit],
						 any(trial, bit, trial->rows, row)));
	}
}

static void what_a_row_alone_has_is_as_bit_by_bit(void **state)
{
	(void)state;
	each_trial(check_alone);
}

static unsigned int is_first(const struct trial *trial, uint32_t row, uint32_t bit)
{
	if (trial->first[bit] != NOBODY)
		return trial->first[bit] == row ? COV_YES : COV_NO;
	return and_not(trial->known[row][bit], any(trial, bit, row, NOBODY));
}

static void check_first(struct trial *trial)
{
	struct known_set earlier;
	uint32_t row, bit;

	assert_int_equal(known_set_init(&earlier, trial->words), 0);
	for (row = 0; row < trial->rows; row++) {
		struct known_set set = known_sets_row(&trial->sets, row);

		known_sets_first(&trial->sets, row, &earlier, &trial->out);
		for (bit = 0; bit < trial->bits; bit++)
			assert_int_equal(known_set_get(&trial->out, bit),
					 is_first(trial, row, bit));
		known_set_add(&earlier, &set, trial->words);
	}
	known_set_free(&earlier);
}

static void what_a_row_was_first_to_have_is_as_told_or_in_order(void **state)
{
	(void)state;
	each_trial(check_first);
}

/* ---- covers ---------------------------------------------------------------- */

static bool covers(const struct trial *trial, uint32_t subset)
{
	uint32_t row, bit;

	for (bit = 0; bit < trial->bits; bit++) {
		bool wanted = false, had = false;

		for (row = 0; row < trial->rows; row++) {
			bool yes = trial->known[row][bit] == COV_YES;

			wanted |= yes;
			had |= yes && subset >> row & 1;
		}
		if (wanted && !had)
			return false;
	}
	return true;
}

static uint32_t fewest(const struct trial *trial)
{
	uint32_t subset, least = trial->rows;

	for (subset = 0; subset < 1U << trial->rows; subset++)
		if ((uint32_t)__builtin_popcount(subset) < least && covers(trial, subset))
			least = __builtin_popcount(subset);
	return least;
}

static bool has_one_alone(const struct trial *trial, uint32_t row)
{
	uint32_t bit, other, others;

	for (bit = 0; bit < trial->bits; bit++) {
		for (other = others = 0; other < trial->rows; other++)
			others += other != row && trial->known[other][bit] == COV_YES;
		if (trial->known[row][bit] == COV_YES && !others)
			return true;
	}
	return false;
}

static double promised(const struct trial *trial, uint32_t least)
{
	uint32_t row, bit, n, most = 0;
	double sum = 0;

	for (row = 0; row < trial->rows; row++) {
		for (bit = n = 0; bit < trial->bits; bit++)
			n += trial->known[row][bit] == COV_YES;
		if (n > most)
			most = n;
	}
	for (n = 1; n <= most; n++)
		sum += 1.0 / n;
	return least * sum + 1e-9;
}

static void check_cover(struct trial *trial)
{
	uint32_t rows[MAX_ROWS], subset = 0, least, i, essential = 0;
	struct known_cover cover = { .rows = rows };

	assert_int_equal(known_cover(&trial->sets, &cover), 0);
	assert_true(cover.count <= trial->rows);
	for (i = 0; i < cover.count; i++)
		subset |= 1U << rows[i];
	assert_int_equal(__builtin_popcount(subset), cover.count);
	assert_true(covers(trial, subset));
	for (i = 0; i < cover.count; i++)
		assert_false(covers(trial, subset & ~(1U << rows[i])));
	for (i = 0; i < trial->rows; i++)
		if (has_one_alone(trial, i))
			assert_int_equal(rows[essential++], i);
	assert_int_equal(cover.essential, essential);
	least = fewest(trial);
	assert_true(cover.at_least <= least);
	assert_true(cover.at_least >= essential);
	assert_true(cover.count <= promised(trial, least));
}

static void a_cover_is_whole_lean_and_as_small_as_promised(void **state)
{
	struct trial trial;
	int round;

	(void)state;
	each_trial(check_cover);
	/* Few bits, so that rows stand in for each other and choices matter. */
	for (round = 0; round < 300; round++) {
		make(&trial, 4 + below(20), 0);
		check_cover(&trial);
		unmake(&trial);
	}
}

/* All bits are in two rows; the first row is chosen first, and two others make up for it. */
static void a_choice_that_later_ones_make_superfluous_is_dropped(void **state)
{
	static const uint64_t given[] = { 0x3c, 0x0f, 0xf0, 0x03, 0xc0 };
	uint32_t rows[5];
	struct known_cover cover = { .rows = rows };
	struct known_sets sets;
	uint32_t row, bit;

	(void)state;
	assert_int_equal(known_sets_init(&sets, 5, 1), 0);
	for (row = 0; row < 5; row++)
		for (bit = 0; bit < 8; bit++)
			known_sets_put(&sets, row, bit, given[row] >> bit & 1 ? COV_YES : COV_NO);
	known_sets_seal(&sets);
	assert_int_equal(known_cover(&sets, &cover), 0);
	assert_int_equal(cover.count, 2);
	assert_int_equal(rows[0], 1);
	assert_int_equal(rows[1], 2);
	assert_int_equal(cover.essential, 0);
	assert_int_equal(cover.at_least, 2);
	known_sets_free(&sets);
}

/* As many as livecov is to bear. */
static void a_thousand_rows_of_forty_thousand_bits_are_covered(void **state)
{
	const uint32_t rows = 1000, words = 40000 / 64;
	struct known_sets sets;
	struct known_cover cover;
	uint64_t *left;
	uint32_t i, w;

	(void)state;
	assert_int_equal(known_sets_init(&sets, rows, words), 0);
	for (i = 0; i < rows; i++)
		for (w = 0; w < words; w++)
			if (one_in(8))
				known_sets_put(&sets, i, 64 * w + below(64), COV_YES);
	known_sets_seal(&sets);
	cover.rows = calloc(rows, sizeof(*cover.rows));
	left = calloc(words, sizeof(*left));
	assert_int_equal(known_cover(&sets, &cover), 0);
	memcpy(left, sets.once.yes, words * sizeof(*left));
	for (i = 0; i < cover.count; i++)
		for (w = 0; w < words; w++)
			left[w] &= ~known_sets_row(&sets, cover.rows[i]).yes[w];
	assert_int_equal(known_count(left, 0, words), 0);
	assert_true(cover.at_least <= cover.count && cover.count <= rows);
	free(left);
	free(cover.rows);
	known_sets_free(&sets);
}

static void no_rows_are_covered_by_none(void **state)
{
	struct known_cover cover = { 0 };
	struct known_sets sets;

	(void)state;
	assert_int_equal(known_sets_init(&sets, 0, 0), 0);
	known_sets_seal(&sets);
	assert_int_equal(known_cover(&sets, &cover), 0);
	assert_int_equal(cover.count, 0);
	known_sets_free(&sets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_have_what_was_put_into_them),
		cmocka_unit_test(a_row_without_another_is_as_bit_by_bit),
		cmocka_unit_test(what_a_row_alone_has_is_as_bit_by_bit),
		cmocka_unit_test(what_a_row_was_first_to_have_is_as_told_or_in_order),
		cmocka_unit_test(a_cover_is_whole_lean_and_as_small_as_promised),
		cmocka_unit_test(a_choice_that_later_ones_make_superfluous_is_dropped),
		cmocka_unit_test(a_thousand_rows_of_forty_thousand_bits_are_covered),
		cmocka_unit_test(no_rows_are_covered_by_none),
	};

	chance_seed(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
