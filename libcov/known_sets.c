// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * known_sets.c - see known_sets.h. Calls nothing of libcov's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "known_sets.h"
#include "libcov.h"

#define WORD_BITS	64

static uint64_t bit_in_word(uint32_t bit)
{
	return UINT64_C(1) << bit % WORD_BITS;
}

static bool test_bit(const uint64_t *words, uint32_t bit)
{
	return words[bit / WORD_BITS] & bit_in_word(bit);
}

/* ---- one set ----------------------------------------------------------- */

int known_set_init(struct known_set *set, uint32_t words)
{
	set->yes = calloc(2 * (size_t)words + 1, sizeof(*set->yes));
	set->maybe = set->yes ? set->yes + words : NULL;
	return set->yes ? 0 : -ENOMEM;
}

void known_set_free(struct known_set *set)
{
	free(set->yes);
	set->yes = set->maybe = NULL;
}

unsigned int known_set_get(const struct known_set *set, uint32_t bit)
{
	if (test_bit(set->yes, bit))
		return COV_YES;
	return test_bit(set->maybe, bit) ? COV_UNKNOWN : COV_NO;
}

void known_set_add(struct known_set *set, const struct known_set *other, uint32_t words)
{
	uint32_t w;

	for (w = 0; w < words; w++) {
		set->yes[w] |= other->yes[w];
		set->maybe[w] |= other->maybe[w];
	}
}

void known_set_minus(struct known_set *out, const struct known_set *a,
		     const struct known_set *b, uint32_t words)
{
	uint32_t w;

	for (w = 0; w < words; w++) {
		uint64_t yes = a->yes[w] & ~b->maybe[w];
		uint64_t maybe = a->maybe[w] & ~b->yes[w];

		out->yes[w] = yes;
		out->maybe[w] = maybe;
	}
}

uint32_t known_count(const uint64_t *words, uint32_t first, uint32_t end)
{
	uint32_t n = 0;

	for (; first < end; first++)
		n += __builtin_popcountll(words[first]);
	return n;
}

/* ---- rows -------------------------------------------------------------- */

int known_sets_init(struct known_sets *sets, uint32_t rows, uint32_t words)
{
	*sets = (struct known_sets){ .rows = rows, .words = words };
	sets->cells = calloc(2 * (size_t)rows * words + 1, sizeof(*sets->cells));
	sets->told = calloc((size_t)words + 1, sizeof(*sets->told));
	sets->teller = calloc((size_t)words * WORD_BITS + 1, sizeof(*sets->teller));
	if (sets->cells && sets->told && sets->teller &&
	    !known_set_init(&sets->once, words) && !known_set_init(&sets->twice, words))
		return 0;
	known_sets_free(sets);
	return -ENOMEM;
}

void known_sets_free(struct known_sets *sets)
{
	free(sets->cells);
	free(sets->told);
	free(sets->teller);
	known_set_free(&sets->once);
	known_set_free(&sets->twice);
	memset(sets, 0, sizeof(*sets));
}

struct known_set known_sets_row(const struct known_sets *sets, uint32_t row)
{
	uint64_t *yes = sets->cells + 2 * (size_t)row * sets->words;

	return (struct known_set){ .yes = yes, .maybe = yes + sets->words };
}

void known_sets_put(struct known_sets *sets, uint32_t row, uint32_t bit, unsigned int known)
{
	struct known_set set = known_sets_row(sets, row);

	if (known == COV_YES)
		set.yes[bit / WORD_BITS] |= bit_in_word(bit);
	if (known != COV_NO)
		set.maybe[bit / WORD_BITS] |= bit_in_word(bit);
}

void known_sets_tell_first(struct known_sets *sets, uint32_t bit, uint32_t row)
{
	sets->told[bit / WORD_BITS] |= bit_in_word(bit);
	sets->teller[bit] = row;
}

void known_sets_seal(struct known_sets *sets)
{
	uint32_t row, w;

	for (row = 0; row < sets->rows; row++) {
		struct known_set set = known_sets_row(sets, row);

		for (w = 0; w < sets->words; w++) {
			sets->twice.yes[w] |= sets->once.yes[w] & set.yes[w];
			sets->twice.maybe[w] |= sets->once.maybe[w] & set.maybe[w];
		}
		known_set_add(&sets->once, &set, sets->words);
	}
}

/* Another row has a bit if two rows have it, or if only one has it and that is not this row. */
void known_sets_alone(const struct known_sets *sets, uint32_t row, struct known_set *out)
{
	struct known_set set = known_sets_row(sets, row);
	uint32_t w;

	for (w = 0; w < sets->words; w++) {
		out->yes[w] = sets->twice.yes[w] | (sets->once.yes[w] & ~set.yes[w]);
		out->maybe[w] = sets->twice.maybe[w] | (sets->once.maybe[w] & ~set.maybe[w]);
	}
	known_set_minus(out, &set, out, sets->words);
}

void known_sets_first(const struct known_sets *sets, uint32_t row,
		      const struct known_set *earlier, struct known_set *out)
{
	struct known_set set = known_sets_row(sets, row);
	uint32_t w;

	known_set_minus(out, &set, earlier, sets->words);
	for (w = 0; w < sets->words; w++) {
		uint64_t left = sets->told[w];

		out->yes[w] &= ~left;
		out->maybe[w] &= ~left;
		for (; left; left &= left - 1) {
			uint32_t bit = w * WORD_BITS + __builtin_ctzll(left);

			if (sets->teller[bit] != row)
				continue;
			out->yes[w] |= bit_in_word(bit);
			out->maybe[w] |= bit_in_word(bit);
		}
	}
}

/* ---- covers ------------------------------------------------------------ */

/**
 * struct chooser - a cover under construction
 * @sets: of which
 * @cover: chosen so far
 * @covered: what they have
 * @gain: how many bits each row would add
 */
struct chooser {
	const struct known_sets *sets;
	struct known_cover *cover;
	uint64_t *covered;
	uint32_t *gain;
};

/*
 * What a row adds, no other row can add any more. A word is scanned for all rows only
 * when one of its bits is new, so all choices together take rows x bits steps at worst.
 */
static void choose(struct chooser *chooser, uint32_t row)
{
	const struct known_sets *sets = chooser->sets;
	const uint64_t *yes = known_sets_row(sets, row).yes;
	uint32_t w, other;

	chooser->cover->rows[chooser->cover->count++] = row;
	for (w = 0; w < sets->words; w++) {
		uint64_t fresh = yes[w] & ~chooser->covered[w];

		if (!fresh)
			continue;
		chooser->covered[w] |= fresh;
		for (other = 0; other < sets->rows; other++)
			chooser->gain[other] -=
				__builtin_popcountll(known_sets_row(sets, other).yes[w] & fresh);
	}
}

static bool is_essential(const struct known_sets *sets, uint32_t row)
{
	const uint64_t *yes = known_sets_row(sets, row).yes;
	uint32_t w;

	for (w = 0; w < sets->words; w++)
		if (yes[w] & ~sets->twice.yes[w])
			return true;
	return false;
}

static uint32_t best(const struct chooser *chooser)
{
	uint32_t row, found = 0;

	for (row = 1; row < chooser->sets->rows; row++)
		if (chooser->gain[row] > chooser->gain[found])
			found = row;
	return found;
}

/* A lower bound: no row can add more of what the essential rows lack than the best one. */
static uint32_t least(const struct chooser *chooser)
{
	const struct known_sets *sets = chooser->sets;
	uint32_t left = known_count(sets->once.yes, 0, sets->words) -
			known_count(chooser->covered, 0, sets->words);
	uint32_t most = chooser->gain[best(chooser)];

	return chooser->cover->count + (left ? (left + most - 1) / most : 0);
}

static void choose_all(struct chooser *chooser)
{
	const struct known_sets *sets = chooser->sets;
	uint32_t row;

	for (row = 0; row < sets->rows; row++)
		chooser->gain[row] = known_count(known_sets_row(sets, row).yes, 0, sets->words);
	for (row = 0; row < sets->rows; row++)
		if (is_essential(sets, row))
			choose(chooser, row);
	chooser->cover->essential = chooser->cover->count;
	chooser->cover->at_least = least(chooser);
	while (chooser->gain[row = best(chooser)])
		choose(chooser, row);
}

/* Add @by to the count of each of a row's bits; returns the least count before. */
static uint32_t count_bits(const struct known_sets *sets, uint32_t row, int by, uint32_t *times)
{
	const uint64_t *yes = known_sets_row(sets, row).yes;
	uint32_t fewest = UINT32_MAX;
	uint32_t w;

	for (w = 0; w < sets->words; w++) {
		uint64_t left;

		for (left = yes[w]; left; left &= left - 1) {
			uint32_t *n = &times[w * WORD_BITS + __builtin_ctzll(left)];

			if (*n < fewest)
				fewest = *n;
			*n += by;
		}
	}
	return fewest;
}

/* Later choices may have made an early one superfluous. @times is zeroed. */
static void drop_superfluous(const struct known_sets *sets, struct known_cover *cover,
			     uint32_t *times)
{
	uint32_t i, kept = 0;

	for (i = 0; i < cover->count; i++)
		count_bits(sets, cover->rows[i], 1, times);
	for (i = 0; i < cover->count; i++)
		if (count_bits(sets, cover->rows[i], 0, times) > 1)
			count_bits(sets, cover->rows[i], -1, times);
		else
			cover->rows[kept++] = cover->rows[i];
	cover->count = kept;
}

int known_cover(const struct known_sets *sets, struct known_cover *cover)
{
	struct chooser chooser = { .sets = sets, .cover = cover };
	uint32_t *times = calloc((size_t)sets->words * WORD_BITS + 1, sizeof(*times));
	int ret = -ENOMEM;

	cover->count = cover->essential = cover->at_least = 0;
	chooser.covered = calloc((size_t)sets->words + 1, sizeof(*chooser.covered));
	chooser.gain = calloc((size_t)sets->rows + 1, sizeof(*chooser.gain));
	if (chooser.covered && chooser.gain && times) {
		choose_all(&chooser);
		drop_superfluous(sets, cover, times);
		ret = 0;
	}
	free(chooser.covered);
	free(chooser.gain);
	free(times);
	return ret;
}
