// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_cell_news.c - cells that were passed are found once, all of them, and no others; of several
 * sets, those that were passed in each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cell_news.h"
#include "chance.h"

#define MAX	300

/* Of exactly the size that is promised, for AddressSanitizer. */
struct fixture {
	u8 *cells, *looked;
	u32 count, found[MAX];
};

static void begin(struct fixture *f, u32 count)
{
	f->count = count;
	f->cells = calloc(count ? count : 1, 1);
	f->looked = calloc(cell_news_size(count) ? cell_news_size(count) : 1, 1);
	assert_true(f->cells && f->looked);
}

static void end(struct fixture *f)
{
	free(f->cells);
	free(f->looked);
}

static u32 find(struct fixture *f, u32 max)
{
	const struct cell_sets one = { { f->cells }, 1 };

	return cell_news_find(&one, f->count, f->looked, f->found, max);
}

static void each_cell_is_found_once_in_arrays_of_any_length(void **state)
{
	struct fixture f;
	u32 count, cell;

	(void)state;
	for (count = 0; count < 40; count++) {
		begin(&f, count);
		assert_int_equal(find(&f, MAX), 0);
		for (cell = 0; cell < count; cell++) {
			f.cells[cell] = 1;
			assert_int_equal(find(&f, MAX), 1);
			assert_int_equal(f.found[0], cell);
			assert_int_equal(find(&f, MAX), 0);
		}
		end(&f);
	}
}

static void every_combination_of_eight_is_told_apart(void **state)
{
	struct fixture f;
	u32 combination, i, n;

	(void)state;
	for (combination = 0; combination < 256; combination++) {
		begin(&f, 8);
		for (i = 0; i < 8; i++)
			f.cells[i] = combination >> i & 1;
		n = find(&f, MAX);
		assert_int_equal(n, __builtin_popcount(combination));
		for (i = 0; i < n; i++)
			assert_true(combination >> f.found[i] & 1);
		assert_int_equal(f.looked[0], combination);
		end(&f);
	}
}

static void what_finds_no_room_is_found_later(void **state)
{
	struct fixture f;
	u32 i, n;

	(void)state;
	begin(&f, 100);
	memset(f.cells, 1, 100);
	for (i = 0; i < 100; i += n) {
		n = find(&f, 7);
		assert_int_equal(n, i < 98 ? 7 : 2);
		assert_int_equal(f.found[0], i);
		assert_int_equal(f.found[n - 1], i + n - 1);
	}
	assert_int_equal(find(&f, 7), 0);
	end(&f);
}

static void a_cell_is_found_again_if_that_is_asked_for(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 20);
	f.cells[3] = f.cells[4] = f.cells[17] = 1;
	assert_int_equal(find(&f, MAX), 3);
	cell_news_again(f.looked, 4);
	cell_news_again(f.looked, 5);	/* was not passed */
	assert_int_equal(find(&f, MAX), 1);
	assert_int_equal(f.found[0], 4);
	end(&f);
}

static void random_cells_are_found_as_one_by_one(void **state)
{
	struct fixture f;
	u32 round, i, n, expected;
	u8 known[MAX];

	(void)state;
	for (round = 0; round < 200; round++) {
		chance_seed(round);
		begin(&f, below(MAX));
		memset(known, 0, sizeof(known));
		while (one_in(2) + one_in(3)) {
			for (i = 0; i < f.count; i++)
				f.cells[i] |= one_in(5);
			n = find(&f, MAX);
			for (i = expected = 0; i < f.count; i++) {
				if (!f.cells[i] || known[i])
					continue;
				known[i] = 1;
				assert_true(expected < n && f.found[expected] == i);
				expected++;
			}
			assert_int_equal(n, expected);
		}
		end(&f);
	}
}

/* --- several sets ----------------------------------------------------------------- */

#define CELLS	(MAX / 3)

static bool in_each(u8 cells[][CELLS], u32 sets, u32 cell)
{
	u32 i;

	for (i = 0; i < sets; i++)
		if (!cells[i][cell])
			return false;
	return true;
}

/* Sets join and leave, and cells are passed in each of them: compared with a simple model. */
static void what_all_sets_have_is_found_whoever_joins_and_leaves(void **state)
{
	static u8 cells[CELL_SETS_MAX][CELLS], known[CELLS], looked[(CELLS + 7) / 8];
	u32 round, sets = 1, i, j, n, found[CELLS], finds = 0;

	(void)state;
	for (round = 0; round < 3000; round++) {
		struct cell_sets some = { .count = sets };
		u32 expected = 0;

		chance_seed(round);
		for (i = 0; i < sets; i++)
			some.sets[i] = cells[i];
		for (i = 0; i < 8; i++)
			cells[below(sets)][below(CELLS)] = 1;
		n = cell_news_find(&some, CELLS, looked, found, CELLS);
		for (j = 0; j < CELLS; j++) {
			assert_int_equal(cell_in_all(&some, j), in_each(cells, sets, j));
			if (!in_each(cells, sets, j) || known[j])
				continue;
			known[j] = 1;
			assert_true(expected < n && found[expected] == j);
			expected++;
		}
		assert_int_equal(n, expected);
		finds += n;
		if (one_in(3) && sets < CELL_SETS_MAX) {
			/* One that was there before may come back with what it had. */
			if (one_in(2))
				memset(cells[sets], 0, CELLS);
			cell_news_join(cells[sets], CELLS, looked);
			for (j = 0; j < CELLS; j++)
				known[j] &= cells[sets][j];
			sets++;
		} else if (one_in(2) && sets > 1) {
			sets--;
		}
	}
	assert_true(finds > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cell_is_found_once_in_arrays_of_any_length),
		cmocka_unit_test(every_combination_of_eight_is_told_apart),
		cmocka_unit_test(what_finds_no_room_is_found_later),
		cmocka_unit_test(a_cell_is_found_again_if_that_is_asked_for),
		cmocka_unit_test(random_cells_are_found_as_one_by_one),
		cmocka_unit_test(what_all_sets_have_is_found_whoever_joins_and_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
