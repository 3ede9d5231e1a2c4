// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_thread_buffer.c - a slot's life, seen from one thread. The races are in
 * test_tables_interleave.c and test_tables_threads.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "thread_buffer.h"

#define SLOTS	8
#define SLOT	3

static struct thread_buffer buffer;

static int setup(void **state)
{
	(void)state;
	/* What it held before does not matter. */
	memset(&buffer, 0xa5, sizeof(buffer));
	return thread_buffer_init(&buffer, SLOTS);
}

static int teardown(void **state)
{
	(void)state;
	thread_buffer_destroy(&buffer);
	return 0;
}

static struct thread_ref open_slot(u32 slot, u64 sample, u64 owner)
{
	struct thread_ref ref;

	thread_buffer_open(&buffer, slot, sample, owner);
	assert_true(thread_buffer_read(&buffer, slot, &ref));
	return ref;
}

static u32 enter(const struct thread_ref *ref, u32 checkpoint)
{
	u32 from;

	assert_int_equal(thread_buffer_enter(&buffer, ref, checkpoint, &from), 0);
	return from;
}

static void init_refuses_bad_sizes(void **state)
{
	struct thread_buffer b;

	(void)state;
	memset(&b, 0xa5, sizeof(b));
	assert_int_equal(thread_buffer_init(&b, 0), -EINVAL);
	assert_int_equal(thread_buffer_init(&b, 12), -EINVAL);
	thread_buffer_destroy(&b);
}

static void slots_are_cache_lines(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct thread_slot), 64);
	assert_int_equal((uintptr_t)buffer.slots % 64, 0);
}

static void new_slots_are_closed(void **state)
{
	struct thread_ref ref;
	u32 slot;

	(void)state;
	for (slot = 0; slot < SLOTS; slot++)
		assert_false(thread_buffer_read(&buffer, slot, &ref));
}

static void open_slot_gives_what_it_was_given(void **state)
{
	struct thread_ref ref = open_slot(SLOT, 77, 5);

	(void)state;
	assert_int_equal(ref.sample, 77);
	assert_int_equal(ref.owner, 5);
	assert_int_equal(ref.slot, SLOT);
	assert_true(thread_buffer_alive(&buffer, &ref));
	assert_int_equal(enter(&ref, 1), CALLER_NONE);
}

static void enter_gives_the_checkpoint_before(void **state)
{
	struct thread_ref ref = open_slot(SLOT, 1, 1);

	(void)state;
	assert_int_equal(enter(&ref, 10), CALLER_NONE);
	assert_int_equal(enter(&ref, 0), 10);
	assert_int_equal(enter(&ref, CALLER_NONE - 1), 0);
	assert_int_equal(enter(&ref, 10), CALLER_NONE - 1);
}

static void neighbours_do_not_mix(void **state)
{
	struct thread_ref a = open_slot(0, 1, 1), b = open_slot(1, 2, 2);

	(void)state;
	enter(&a, 10);
	assert_int_equal(enter(&b, 20), CALLER_NONE);
	assert_int_equal(enter(&a, 11), 10);
	assert_true(thread_buffer_close(&buffer, &a));
	assert_int_equal(enter(&b, 21), 20);
}

static void second_close_fails(void **state)
{
	struct thread_ref ref = open_slot(SLOT, 1, 1);

	(void)state;
	assert_true(thread_buffer_close(&buffer, &ref));
	assert_false(thread_buffer_close(&buffer, &ref));
	assert_false(thread_buffer_alive(&buffer, &ref));
}

static void stale_reference_changes_nothing(void **state)
{
	struct thread_ref old = open_slot(SLOT, 1, 1), new;
	u32 from = 0;

	(void)state;
	enter(&old, 10);
	thread_buffer_close(&buffer, &old);
	assert_int_equal(thread_buffer_enter(&buffer, &old, 11, &from), -ESTALE);

	new = open_slot(SLOT, 2, 2);
	assert_int_not_equal(new.generation, old.generation);
	assert_int_equal(thread_buffer_enter(&buffer, &old, 12, &from), -ESTALE);
	assert_false(thread_buffer_close(&buffer, &old));

	assert_int_equal(enter(&new, 20), CALLER_NONE);
	assert_int_equal(thread_buffer_enter(&buffer, &old, 13, &from), -ESTALE);
	assert_int_equal(enter(&new, 21), 20);
}

static void forget_clears_its_range_alone(void **state)
{
	struct thread_ref in = open_slot(0, 1, 1), below = open_slot(1, 1, 1);
	struct thread_ref above = open_slot(2, 1, 1), none = open_slot(3, 1, 1);

	(void)state;
	enter(&in, 10);
	enter(&below, 9);
	enter(&above, 21);
	thread_buffer_forget(&buffer, 10, 20);
	assert_int_equal(enter(&in, 30), CALLER_NONE);
	assert_int_equal(enter(&below, 30), 9);
	assert_int_equal(enter(&above, 30), 21);
	assert_int_equal(enter(&none, 30), CALLER_NONE);
	assert_int_equal(enter(&in, 31), 30);
}

static void generation_wraps_without_reopening(void **state)
{
	struct thread_ref ref;

	(void)state;
	buffer.slots[SLOT].last = 0xfffffffeULL << 32;
	ref = open_slot(SLOT, 1, 1);
	assert_int_equal(ref.generation, 0xffffffff);
	assert_int_equal(enter(&ref, 1), CALLER_NONE);
	assert_true(thread_buffer_close(&buffer, &ref));
	assert_false(thread_buffer_read(&buffer, SLOT, &ref));
	ref = open_slot(SLOT, 2, 1);
	assert_int_equal(ref.generation, 1);
}

#define in_buffer(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_refuses_bad_sizes),
		in_buffer(slots_are_cache_lines),
		in_buffer(new_slots_are_closed),
		in_buffer(open_slot_gives_what_it_was_given),
		in_buffer(enter_gives_the_checkpoint_before),
		in_buffer(neighbours_do_not_mix),
		in_buffer(second_close_fails),
		in_buffer(stale_reference_changes_nothing),
		in_buffer(forget_clears_its_range_alone),
		in_buffer(generation_wraps_without_reopening),
	};

	return cmocka_run_group_tests_name("thread_buffer", tests, NULL, NULL);
}
