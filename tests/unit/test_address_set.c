// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_address_set.c - sets of addresses that move with a text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "address_set.h"
#include "flow.h"

#define BASE	0xffffffffc0400000ULL
#define MOVED	0xffffffffa1234000ULL

static void every_address_is_found_and_no_other(void **state)
{
	static const u64 addresses[] = { BASE + 0x30, BASE, BASE + 0x10, BASE + 0x31 };
	struct address_set set;
	u64 at;
	u32 i;

	(void)state;
	assert_int_equal(address_set_make(&set, BASE, addresses, sizeof(u64), 4), 0);
	for (at = BASE - 0x40; at < BASE + 0x80; at++) {
		bool there = false;

		for (i = 0; i < 4; i++)
			there |= addresses[i] == at;
		assert_int_equal(address_set_has(&set, BASE, at), there);
	}
	address_set_free(&set);
}

static void they_move_with_the_base(void **state)
{
	static const u64 addresses[] = { BASE + 0x30, BASE + 0x10 };
	struct address_set set;

	(void)state;
	assert_int_equal(address_set_make(&set, BASE, addresses, sizeof(u64), 2), 0);
	assert_true(address_set_has(&set, MOVED, MOVED + 0x10));
	assert_true(address_set_has(&set, MOVED, MOVED + 0x30));
	assert_false(address_set_has(&set, MOVED, BASE + 0x10));
	address_set_free(&set);
}

/* A module's init text may lie in front of the text that stays. */
static void an_address_in_front_of_the_base_is_found(void **state)
{
	static const u64 addresses[] = { BASE + 0x10, BASE - 0x5000, BASE - 0x10 };
	struct address_set set;

	(void)state;
	assert_int_equal(address_set_make(&set, BASE, addresses, sizeof(u64), 3), 0);
	assert_true(address_set_has(&set, BASE, BASE - 0x5000));
	assert_true(address_set_has(&set, BASE, BASE - 0x10));
	assert_true(address_set_has(&set, BASE, BASE + 0x10));
	assert_false(address_set_has(&set, BASE, BASE + 0x5000));
	address_set_free(&set);
}

static void they_are_taken_out_of_structs(void **state)
{
	static const struct flow_pair pairs[] = { { BASE + 1, BASE + 7 }, { BASE + 2, BASE + 8 } };
	struct address_set set;

	(void)state;
	assert_int_equal(address_set_make(&set, BASE, &pairs->from, sizeof(*pairs), 2), 0);
	assert_true(address_set_has(&set, BASE, BASE + 1));
	assert_true(address_set_has(&set, BASE, BASE + 2));
	assert_false(address_set_has(&set, BASE, BASE + 7));
	address_set_free(&set);
}

static void an_empty_set_has_nothing(void **state)
{
	struct address_set set;

	(void)state;
	assert_int_equal(address_set_make(&set, BASE, NULL, sizeof(u64), 0), 0);
	assert_false(address_set_has(&set, BASE, BASE));
	address_set_free(&set);
	address_set_free(&set);
	assert_false(address_set_has(&set, BASE, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_address_is_found_and_no_other),
		cmocka_unit_test(they_move_with_the_base),
		cmocka_unit_test(an_address_in_front_of_the_base_is_found),
		cmocka_unit_test(they_are_taken_out_of_structs),
		cmocka_unit_test(an_empty_set_has_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
