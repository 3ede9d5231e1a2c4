// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_cell_layout.c - every cell is of one thing, and everything has its cells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cell_layout.h"

static const struct cell_layout example = { .functions = 3, .branches = 2, .blocks = 5 };

static void assert_decoded(u32 cell, enum site_kind kind, u32 index, u32 outcome)
{
	struct cell_meaning meaning = cell_decode(&example, cell);

	assert_int_equal(meaning.kind, kind);
	assert_int_equal(meaning.index, index);
	assert_int_equal(meaning.outcome, outcome);
	assert_int_equal(cell_index(&example, kind, cell), index);
	assert_int_equal(cell_of(&example, kind, index, outcome), cell);
}

static void entries_come_first(void **state)
{
	(void)state;
	assert_decoded(0, SITE_ENTRY, 0, 0);
	assert_decoded(2, SITE_ENTRY, 2, 0);
}

static void branches_have_a_cell_for_each_outcome(void **state)
{
	(void)state;
	assert_decoded(3, SITE_BRANCH, 0, 0);
	assert_decoded(4, SITE_BRANCH, 0, 1);
	assert_decoded(5, SITE_BRANCH, 1, 0);
	assert_decoded(6, SITE_BRANCH, 1, 1);
}

static void blocks_come_behind_branches(void **state)
{
	(void)state;
	assert_decoded(7, SITE_LEADER, 0, 0);
	assert_decoded(11, SITE_LEADER, 4, 0);
}

static void the_last_cell_is_of_a_checkpoint_by_hand(void **state)
{
	(void)state;
	assert_decoded(12, SITE_LEADER, example.blocks, 0);
	assert_int_equal(cells_of_layout(&example), 13);
}

/* Also where there is nothing of a kind. */
static void every_cell_goes_there_and_back(void **state)
{
	struct cell_layout layout;
	u32 i, cell;

	(void)state;
	for (i = 0; i < 64; i++) {
		layout = (struct cell_layout){ i % 4, i / 4 % 4, i / 16 };
		assert_int_equal(cells_of_layout(&layout),
				 layout.functions + 2 * layout.branches + layout.blocks + 1);
		for (cell = 0; cell < cells_of_layout(&layout); cell++) {
			struct cell_meaning meaning = cell_decode(&layout, cell);

			assert_int_equal(cell_of(&layout, meaning.kind, meaning.index,
						 meaning.outcome), cell);
			assert_true(meaning.outcome <= (meaning.kind == SITE_BRANCH));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_come_first),
		cmocka_unit_test(branches_have_a_cell_for_each_outcome),
		cmocka_unit_test(blocks_come_behind_branches),
		cmocka_unit_test(the_last_cell_is_of_a_checkpoint_by_hand),
		cmocka_unit_test(every_cell_goes_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
