// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_memory_budget.c - no more than half of all memory, however many take at once.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "memory_budget.h"

#define THREADS	4
#define ROUNDS	20000

static unsigned long total;

unsigned long totalram_pages(void)
{
	return total;
}

static void half_of_all_memory_can_be_taken(void **state)
{
	(void)state;
	total = 201;
	assert_false(memory_budget_take(101));
	assert_true(memory_budget_take(100));
	assert_true(memory_budget_take(0));
	assert_false(memory_budget_take(1));
	memory_budget_give(100);
}

/* Whoever has taken them: there is one count. */
static void what_one_has_taken_another_cannot(void **state)
{
	(void)state;
	total = 200;
	assert_true(memory_budget_take(60));
	assert_false(memory_budget_take(41));
	assert_true(memory_budget_take(40));
	memory_budget_give(60);
	assert_true(memory_budget_take(60));
	memory_budget_give(40);
	memory_budget_give(60);
}

static void a_refusal_takes_nothing(void **state)
{
	(void)state;
	total = 200;
	assert_false(memory_budget_take(101));
	assert_false(memory_budget_take(~0UL));
	assert_false(memory_budget_take(~0UL / 2));
	assert_true(memory_budget_take(100));
	assert_false(memory_budget_take(~0UL));
	memory_budget_give(100);
}

/* A balloon takes memory out of a guest. */
static void memory_that_has_shrunk_refuses_until_it_is_given_back(void **state)
{
	(void)state;
	total = 200;
	assert_true(memory_budget_take(100));
	total = 100;
	assert_false(memory_budget_take(0));
	assert_false(memory_budget_take(1));
	memory_budget_give(50);
	assert_true(memory_budget_take(0));
	assert_false(memory_budget_take(1));
	memory_budget_give(1);
	assert_true(memory_budget_take(1));
	memory_budget_give(50);
}

static long in_use;

/* Each fits as long as no two others have theirs; one of three pages never fits. */
static void *take_and_give(void *unused)
{
	long most = 0, now;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (memory_budget_take(3))
			return (void *)-1L;
		if (!memory_budget_take(1))
			continue;
		now = __atomic_add_fetch(&in_use, 1, __ATOMIC_SEQ_CST);
		most = now > most ? now : most;
		__atomic_sub_fetch(&in_use, 1, __ATOMIC_SEQ_CST);
		memory_budget_give(1);
	}
	(void)unused;
	return (void *)most;
}

static void threads_never_take_more_than_there_is(void **state)
{
	pthread_t threads[THREADS];
	long all = 0;
	void *most;
	int i;

	(void)state;
	total = 4;
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, NULL), 0);
	for (i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &most), 0);
		/* One that never got a page has seen none. */
		assert_in_range((long)most, 0, 2);
		all |= (long)most;
	}
	assert_int_not_equal(all, 0);
	assert_true(memory_budget_take(2));
	memory_budget_give(2);
}

/* As many threads as there are pages: none is ever refused, whatever others are refused. */
static void *always_get_one(void *unused)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (!memory_budget_take(1))
			return (void *)-1L;
		memory_budget_take(THREADS + 1);
		memory_budget_give(1);
	}
	return unused;
}

static void a_refusal_hinders_no_other_thread(void **state)
{
	pthread_t threads[THREADS];
	void *result;
	int i;

	(void)state;
	total = 2 * THREADS;
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, always_get_one, NULL), 0);
	for (i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_null(result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_of_all_memory_can_be_taken),
		cmocka_unit_test(what_one_has_taken_another_cannot),
		cmocka_unit_test(a_refusal_takes_nothing),
		cmocka_unit_test(memory_that_has_shrunk_refuses_until_it_is_given_back),
		cmocka_unit_test(threads_never_take_more_than_there_is),
		cmocka_unit_test(a_refusal_hinders_no_other_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
