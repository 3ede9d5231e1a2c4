/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * known_sets.h - rows of three-valued bits, and queries about them: what one row has that
 * others have not, which small set of rows has everything. Pure: depends on nothing of
 * livecov but COV_NO, COV_YES and COV_UNKNOWN. A row is a sample, a bit is a place.
 *
 * Every query except known_cover() takes one pass over the rows; known_cover() takes rows
 * x bits steps at worst.
 */
#ifndef LIBCOV_KNOWN_SETS_H
#define LIBCOV_KNOWN_SETS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct known_set - a three-valued set
 * @yes: bits that are in it
 * @maybe: those, and bits for which it is not known
 */
struct known_set {
	uint64_t *yes;
	uint64_t *maybe;
};

/**
 * struct known_sets - many of them, over the same bits
 * @rows: how many
 * @words: of 64 bits, each
 * @cells: of all rows: @words of yes and @words of maybe
 * @once: bits that some row has; known_sets_seal() makes it and the next
 * @twice: bits that two rows have
 * @told: bits for which known_sets_tell_first() has named the first row
 * @teller: that row, by bit
 */
struct known_sets {
	uint32_t rows;
	uint32_t words;
	uint64_t *cells;
	struct known_set once;
	struct known_set twice;
	uint64_t *told;
	uint32_t *teller;
};

/* known_set_init - an empty set; 0 or -ENOMEM */
int known_set_init(struct known_set *set, uint32_t words);
void known_set_free(struct known_set *set);

/* known_set_get - of one bit: COV_NO, COV_YES or COV_UNKNOWN */
unsigned int known_set_get(const struct known_set *set, uint32_t bit);

/* known_set_add - all that @other has, as well */
void known_set_add(struct known_set *set, const struct known_set *other, uint32_t words);

/* known_set_minus - what @a has and @b has not; @out may be either */
void known_set_minus(struct known_set *out, const struct known_set *a,
		     const struct known_set *b, uint32_t words);

/* known_count - bits that are set in the words from @first up to @end */
uint32_t known_count(const uint64_t *words, uint32_t first, uint32_t end);

/* known_sets_init - empty rows; 0 or -ENOMEM */
int known_sets_init(struct known_sets *sets, uint32_t rows, uint32_t words);
void known_sets_free(struct known_sets *sets);

/* known_sets_row - row @row; it stays owned by @sets */
struct known_set known_sets_row(const struct known_sets *sets, uint32_t row);

/* known_sets_put - set a bit that is COV_NO so far */
void known_sets_put(struct known_sets *sets, uint32_t row, uint32_t bit, unsigned int known);

/* known_sets_tell_first - @row, which has the bit, had it before all others */
void known_sets_tell_first(struct known_sets *sets, uint32_t bit, uint32_t row);

/* known_sets_seal - to be called when all rows are filled, before the queries below */
void known_sets_seal(struct known_sets *sets);

/* known_sets_alone - what a row has and no other row has; @out is overwritten */
void known_sets_alone(const struct known_sets *sets, uint32_t row, struct known_set *out);

/*
 * known_sets_first - what a row was first to have: as named, else in the order of rows
 * @earlier: all rows before it, added up
 */
void known_sets_first(const struct known_sets *sets, uint32_t row,
		      const struct known_set *earlier, struct known_set *out);

/**
 * struct known_cover - rows that together certainly have all that any row certainly has
 * @rows: which; room for all
 * @count: how many
 * @essential: of them, at the front: each has a bit that no other row has
 * @at_least: no cover has fewer
 */
struct known_cover {
	uint32_t *rows;
	uint32_t count;
	uint32_t essential;
	uint32_t at_least;
};

/*
 * known_cover - a small cover: the essential rows, in their order, then always the row
 * that adds most, the first of several; none that the others make superfluous
 *
 * With n the largest number of bits in a row, at most 1 + 1/2 + ... + 1/n times the
 * minimum number of rows. Return: 0 or -ENOMEM.
 */
int known_cover(const struct known_sets *sets, struct known_cover *cover);

#endif /* LIBCOV_KNOWN_SETS_H */
