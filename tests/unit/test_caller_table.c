// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_caller_table.c - caller records, seen from one thread. The races are in
 * test_tables_interleave.c and test_tables_threads.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "caller_table.h"

#define MAX_RECORDS	1024
#define TEXT		0xffffffffc0123456ULL

static struct caller_table table;

static int setup(void **state)
{
	(void)state;
	/* What it held before does not matter. */
	memset(&table, 0xa5, sizeof(table));
	return caller_table_init(&table, MAX_RECORDS);
}

static int teardown(void **state)
{
	(void)state;
	caller_table_destroy(&table);
	return 0;
}

/* Find the record of a pair, see that there is but one; its count or 0. */
static u64 count_of(u32 from, u32 to, u64 *sample)
{
	struct caller_record record;
	u32 cursor = 0, seen = 0;
	u64 count = 0;

	while (caller_table_next(&table, &cursor, &record)) {
		if (record.from != from || record.to != to)
			continue;
		seen++;
		count = record.count;
		if (sample)
			*sample = record.first_sample;
	}
	assert_in_range(seen, 0, 1);
	return count;
}

static u32 records(void)
{
	struct caller_record record;
	u32 cursor = 0, n = 0;

	while (caller_table_next(&table, &cursor, &record))
		n++;
	assert_int_equal(n, atomic_long_read(&table.records));
	return n;
}

static void init_refuses_bad_sizes(void **state)
{
	struct caller_table t;

	(void)state;
	memset(&t, 0xa5, sizeof(t));
	assert_int_equal(caller_table_init(&t, 0), -EINVAL);
	assert_int_equal(caller_table_init(&t, CALLERS_LIMIT + 1), -EINVAL);
	caller_table_destroy(&t);
}

static void from_holds_ids_and_text_addresses(void **state)
{
	(void)state;
	assert_true(caller_is_address(caller_from_address(TEXT)));
	assert_true(caller_address(caller_from_address(TEXT)) == TEXT);
	assert_true(caller_address(caller_from_address(0xffffffff80000000)) == 0xffffffff80000000);
	assert_true(caller_address(caller_from_address(~0ULL)) == ~0ULL);
	assert_int_equal(caller_from_address(0xffffffff7fffffff), CALLER_NONE);
	assert_int_equal(caller_from_address(0xffff888012345678), CALLER_NONE);
	assert_int_equal(caller_from_address(0x7fff12345678), CALLER_NONE);
	assert_int_equal(caller_from_address(0), CALLER_NONE);
	assert_false(caller_is_address(CALLER_NONE));
	assert_false(caller_is_address(0));
}

static void empty_table_has_no_records(void **state)
{
	(void)state;
	assert_int_equal(records(), 0);
}

static void counts_each_pair_apart(void **state)
{
	(void)state;
	assert_true(caller_table_record(&table, 1, 2, 7));
	assert_true(caller_table_record(&table, 2, 1, 7));
	assert_true(caller_table_record(&table, 1, 2, 7));
	assert_true(caller_table_record(&table, CALLER_NONE, 2, 7));
	assert_true(caller_table_record(&table, caller_from_address(TEXT), 2, 7));
	assert_int_equal(records(), 4);
	assert_int_equal(count_of(1, 2, NULL), 2);
	assert_int_equal(count_of(2, 1, NULL), 1);
	assert_int_equal(count_of(CALLER_NONE, 2, NULL), 1);
	assert_int_equal(count_of(caller_from_address(TEXT), 2, NULL), 1);
	assert_int_equal(count_of(1, 1, NULL), 0);
}

static void smallest_and_largest_ids_are_pairs(void **state)
{
	(void)state;
	assert_true(caller_table_record(&table, 0, 0, 0));
	assert_true(caller_table_record(&table, ~0U, CALLER_NONE - 1, 0));
	assert_int_equal(records(), 2);
	assert_int_equal(count_of(0, 0, NULL), 1);
	assert_int_equal(count_of(~0U, CALLER_NONE - 1, NULL), 1);
}

static void first_sample_stays(void **state)
{
	u64 sample;

	(void)state;
	caller_table_record(&table, 1, 2, 0);
	assert_int_equal(count_of(1, 2, &sample), 1);
	assert_int_equal(sample, 0);
	caller_table_record(&table, 1, 2, 9);
	caller_table_record(&table, 1, 2, 8);
	assert_int_equal(count_of(1, 2, &sample), 3);
	assert_int_equal(sample, 9);
}

static struct caller_record record_of(u32 from, u32 to)
{
	struct caller_record record;
	u32 cursor = 0;

	while (caller_table_next(&table, &cursor, &record))
		if (record.from == from && record.to == to)
			return record;
	fail_msg("no record of %u -> %u", from, to);
	return record;
}

static void last_sample_moves_on(void **state)
{
	(void)state;
	caller_table_record(&table, 1, 2, 9);
	caller_table_record(&table, 1, 2, 8);
	assert_int_equal(record_of(1, 2).last_sample, 8);
	/* One that nobody tracks takes nothing away. */
	caller_table_record(&table, 1, 2, 0);
	assert_int_equal(record_of(1, 2).last_sample, 8);
	caller_table_record(&table, 1, 2, 9);
	assert_int_equal(record_of(1, 2).last_sample, 9);
	assert_int_equal(record_of(1, 2).first_sample, 9);
}

/* The same four checkpoints in another order are another path. */
static void crossed_pairs_are_new_and_known_ones_are_not(void **state)
{
	enum { A = 10, B, C, D };

	(void)state;
	assert_int_equal(caller_table_record(&table, A, B, 1), CALLER_NEW);
	assert_int_equal(caller_table_record(&table, C, D, 1), CALLER_NEW);
	assert_int_equal(caller_table_record(&table, A, B, 2), CALLER_KNOWN);
	assert_int_equal(caller_table_record(&table, A, C, 2), CALLER_NEW);
	assert_int_equal(caller_table_record(&table, B, D, 2), CALLER_NEW);
	assert_int_equal(record_of(A, B).serial, 1);
	assert_int_equal(record_of(C, D).serial, 2);
	assert_int_equal(record_of(A, C).serial, 3);
	assert_int_equal(record_of(B, D).serial, 4);
	assert_int_equal(atomic_long_read(&table.serial), 4);
}

/* The pairs that targets make: from a function's branches to the next ones. */
static void holds_what_it_promises(void **state)
{
	u32 i;

	(void)state;
	for (i = 0; i < MAX_RECORDS; i++)
		assert_true(caller_table_record(&table, i / 3, i, 1));
	assert_int_equal(records(), MAX_RECORDS);
	assert_int_equal(atomic_long_read(&table.lost), 0);
}

static void full_table_counts_what_it_loses(void **state)
{
	u64 issued = 0, kept = 0;
	struct caller_record record;
	u32 i, cursor = 0;

	(void)state;
	for (i = 0; i < 4 * MAX_RECORDS; i++, issued++)
		kept += caller_table_record(&table, i, i + 1, 1) != CALLER_LOST;
	assert_true(kept < issued);
	assert_int_equal(kept + atomic_long_read(&table.lost), issued);
	/* There is room for more than it has to hold: what is in use is told of its size. */
	assert_in_range(records(), MAX_RECORDS + 1, caller_table_size(&table));
	/* A pair that found room goes on being counted. */
	assert_true(caller_table_next(&table, &cursor, &record));
	assert_true(caller_table_record(&table, record.from, record.to, 1));
	assert_int_equal(count_of(record.from, record.to, NULL), record.count + 1);
}

static void forget_drops_both_ends_of_its_range(void **state)
{
	(void)state;
	caller_table_record(&table, 9, 9, 1);
	caller_table_record(&table, 9, 10, 1);
	caller_table_record(&table, 20, 21, 1);
	caller_table_record(&table, 15, 15, 1);
	caller_table_record(&table, 21, 21, 1);
	caller_table_record(&table, caller_from_address(TEXT), 20, 1);
	caller_table_record(&table, caller_from_address(TEXT), 21, 1);
	caller_table_record(&table, CALLER_NONE, 10, 1);
	caller_table_record(&table, CALLER_NONE, 9, 1);
	assert_int_equal(caller_table_forget(&table, 10, 20), 5);
	assert_int_equal(records(), 4);
	assert_int_equal(count_of(9, 9, NULL), 1);
	assert_int_equal(count_of(21, 21, NULL), 1);
	assert_int_equal(count_of(caller_from_address(TEXT), 21, NULL), 1);
	assert_int_equal(count_of(CALLER_NONE, 9, NULL), 1);
	assert_int_equal(caller_table_forget(&table, 10, 20), 0);
}

static void forget_everything_drops_everything(void **state)
{
	(void)state;
	caller_table_record(&table, 0, 0, 1);
	caller_table_record(&table, CALLER_NONE, 5, 1);
	caller_table_record(&table, caller_from_address(TEXT), CALLER_NONE - 1, 1);
	assert_int_equal(caller_table_forget(&table, 0, CALLER_NONE), 3);
	assert_int_equal(records(), 0);
}

static void forgotten_pair_starts_anew(void **state)
{
	u64 sample;

	(void)state;
	caller_table_record(&table, 1, 2, 7);
	caller_table_record(&table, 1, 2, 7);
	caller_table_forget(&table, 2, 2);
	caller_table_record(&table, 1, 2, 8);
	assert_int_equal(count_of(1, 2, &sample), 1);
	assert_int_equal(sample, 8);
	assert_int_equal(record_of(1, 2).last_sample, 8);
	assert_int_equal(record_of(1, 2).serial, 2);
	assert_int_equal(atomic_long_read(&table.claimed), 1);
}

static void reset_gives_the_cells_back(void **state)
{
	long serial;
	u32 i;

	(void)state;
	for (i = 0; i < 4 * MAX_RECORDS; i++)
		caller_table_record(&table, i, i, 1);
	serial = atomic_long_read(&table.serial);
	caller_table_reset(&table);
	assert_int_equal(records(), 0);
	assert_int_equal(atomic_long_read(&table.claimed), 0);
	assert_int_equal(atomic_long_read(&table.lost), 0);
	/* Readers remember serials: they must not come again. */
	assert_int_equal(atomic_long_read(&table.serial), serial);
	holds_what_it_promises(state);
}

#define in_table(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_refuses_bad_sizes),
		cmocka_unit_test(from_holds_ids_and_text_addresses),
		in_table(empty_table_has_no_records),
		in_table(counts_each_pair_apart),
		in_table(smallest_and_largest_ids_are_pairs),
		in_table(first_sample_stays),
		in_table(last_sample_moves_on),
		in_table(crossed_pairs_are_new_and_known_ones_are_not),
		in_table(holds_what_it_promises),
		in_table(full_table_counts_what_it_loses),
		in_table(forget_drops_both_ends_of_its_range),
		in_table(forget_everything_drops_everything),
		in_table(forgotten_pair_starts_anew),
		in_table(reset_gives_the_cells_back),
	};

	return cmocka_run_group_tests_name("caller_table", tests, NULL, NULL);
}
