// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_refusals.c - refused sites by errno: none is lost, whatever their order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "chance.h"
#include "refusals.h"

#define LAST	(COV_REFUSALS_MAX - 1)

static void expect_entry(const struct cov_refusals *refusals, u32 i, u32 error, u32 sites)
{
	assert_int_equal(refusals->of[i].error, error);
	assert_int_equal(refusals->of[i].sites, sites);
}

static u32 sum(const struct cov_refusals *refusals)
{
	u32 i, sites = 0;

	for (i = 0; i < refusals->count; i++)
		sites += refusals->of[i].sites;
	return sites;
}

static void the_most_sites_come_first(void **state)
{
	struct cov_refusals refusals = { .target = 3 };

	(void)state;
	refusals_add(&refusals, EINVAL, 0);
	assert_int_equal(refusals.count, 0);
	refusals_add(&refusals, EINVAL, 1);
	refusals_add(&refusals, EBUSY, 1);
	refusals_add(&refusals, EILSEQ, 1);
	expect_entry(&refusals, 0, EINVAL, 1);
	refusals_add(&refusals, EILSEQ, 1);
	expect_entry(&refusals, 0, EILSEQ, 2);
	refusals_add(&refusals, EBUSY, 4);
	assert_int_equal(refusals.target, 3);
	assert_int_equal(refusals.count, 3);
	expect_entry(&refusals, 0, EBUSY, 5);
	expect_entry(&refusals, 1, EILSEQ, 2);
	expect_entry(&refusals, 2, EINVAL, 1);
	expect_entry(&refusals, 3, 0, 0);
}

static void as_many_errnos_as_entries_have_one_each(void **state)
{
	struct cov_refusals refusals = { 0 };
	u32 i;

	(void)state;
	for (i = 0; i < COV_REFUSALS_MAX; i++)
		refusals_add(&refusals, 1 + i, 1);
	assert_int_equal(refusals.count, COV_REFUSALS_MAX);
	for (i = 0; i < COV_REFUSALS_MAX; i++)
		expect_entry(&refusals, i, 1 + i, 1);
}

static void more_errnos_share_the_last_entry(void **state)
{
	struct cov_refusals refusals = { 0 };
	u32 i;

	(void)state;
	for (i = 0; i <= COV_REFUSALS_MAX; i++)
		refusals_add(&refusals, 1 + i, 1);
	assert_int_equal(refusals.count, COV_REFUSALS_MAX);
	expect_entry(&refusals, LAST, 0, 2);
	/* One that had an entry, one that never had, and one that has. */
	refusals_add(&refusals, COV_REFUSALS_MAX, 10);
	refusals_add(&refusals, 100, 1);
	refusals_add(&refusals, LAST, 5);
	expect_entry(&refusals, 0, LAST, 6);
	expect_entry(&refusals, LAST, 0, 13);
	assert_int_equal(sum(&refusals), COV_REFUSALS_MAX + 1 + 16);
}

static void nothing_is_lost_in_any_order(void **state)
{
	u32 round, i, n;

	(void)state;
	for (round = 0; round < 500; round++) {
		struct cov_refusals refusals = { 0 };
		u32 expected[20] = { 0 }, errnos;

		chance_seed(round);
		errnos = 1 + below(19);
		for (n = 0; n < 100; n++) {
			u32 error = 1 + below(errnos), sites = below(4);

			refusals_add(&refusals, error, sites);
			expected[0] += sites;
			expected[error] += sites;
		}
		assert_int_equal(sum(&refusals), expected[0]);
		for (i = 0; i < refusals.count && refusals.of[i].error; i++) {
			assert_int_equal(refusals.of[i].sites, expected[refusals.of[i].error]);
			assert_true(!i || refusals.of[i - 1].sites >= refusals.of[i].sites);
		}
		assert_true(i >= refusals.count - (errnos > COV_REFUSALS_MAX));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_sites_come_first),
		cmocka_unit_test(as_many_errnos_as_entries_have_one_each),
		cmocka_unit_test(more_errnos_share_the_last_entry),
		cmocka_unit_test(nothing_is_lost_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
