// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_task_registry.c - the registry, seen from one thread. The races are in
 * test_tables_interleave.c and test_tables_threads.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "task_registry.h"

#define MAX_TASKS	4096
#define TASK_STRUCT	0x26c0UL	/* task_struct's size on 6.1, in the direct map */

static struct task_registry reg;

/* Task numbers as the kernel makes them. */
static unsigned long task(unsigned long n)
{
	return 0xffff888004a40000UL + n * TASK_STRUCT;
}

static int setup(void **state)
{
	(void)state;
	/* What it held before does not matter. */
	memset(&reg, 0xa5, sizeof(reg));
	return task_registry_init(&reg, MAX_TASKS);
}

static int teardown(void **state)
{
	(void)state;
	task_registry_destroy(&reg);
	return 0;
}

static long count(void)
{
	return atomic_long_read(&reg.count);
}

static bool tracked(unsigned long t)
{
	struct thread_ref ref;

	return task_registry_find(&reg, t, &ref);
}

static void assert_tracked(unsigned long t, u64 sample, u64 owner)
{
	struct thread_ref ref;

	assert_true(task_registry_find(&reg, t, &ref));
	assert_int_equal(ref.sample, sample);
	assert_int_equal(ref.owner, owner);
}

static void init_refuses_bad_sizes(void **state)
{
	struct task_registry r;

	(void)state;
	memset(&r, 0xa5, sizeof(r));
	assert_int_equal(task_registry_init(&r, 0), -EINVAL);
	assert_int_equal(task_registry_init(&r, TASKS_LIMIT + 1), -EINVAL);
	task_registry_destroy(&r);
}

static void smallest_registry_works(void **state)
{
	struct task_registry r;
	struct thread_ref ref;

	(void)state;
	assert_int_equal(task_registry_init(&r, 1), 0);
	assert_true(task_registry_add(&r, task(1), 1, 1) >= 0);
	assert_true(task_registry_find(&r, task(1), &ref));
	task_registry_destroy(&r);
}

static void added_task_is_found(void **state)
{
	struct thread_ref ref;
	int slot = task_registry_add(&reg, task(1), 42, 7);

	(void)state;
	assert_true(slot >= 0);
	assert_true(task_registry_find(&reg, task(1), &ref));
	assert_int_equal(ref.slot, slot);
	assert_tracked(task(1), 42, 7);
	assert_false(tracked(task(2)));
	assert_int_equal(count(), 1);
}

static void numbers_that_are_no_tasks_are_not_found(void **state)
{
	(void)state;
	task_registry_add(&reg, task(1), 1, 1);
	assert_false(tracked(0));
	assert_false(tracked(1));
	assert_int_equal(task_registry_del(&reg, 0), -ESRCH);
	assert_int_equal(task_registry_del(&reg, 1), -ESRCH);
}

static void bad_arguments_are_einval(void **state)
{
	(void)state;
	assert_int_equal(task_registry_add(&reg, 0, 1, 1), -EINVAL);
	assert_int_equal(task_registry_add(&reg, 1, 1, 1), -EINVAL);
	assert_int_equal(task_registry_add(&reg, task(1), 1, 0), -EINVAL);
	assert_int_equal(count(), 0);
}

static void second_add_is_eexist_and_changes_nothing(void **state)
{
	(void)state;
	task_registry_add(&reg, task(1), 1, 1);
	assert_int_equal(task_registry_add(&reg, task(1), 2, 2), -EEXIST);
	assert_tracked(task(1), 1, 1);
	assert_int_equal(count(), 1);
}

static void task_that_has_room_is_not_tracked_before_it_is_filled(void **state)
{
	struct task_registry r;
	int slot;

	(void)state;
	assert_int_equal(task_registry_init(&r, 1), 0);
	slot = task_registry_reserve(&r, task(1));
	assert_true(slot >= 0);
	assert_int_equal(atomic_long_read(&r.count), 0);
	/* An owner that closes has no task there, and leaves the room alone. */
	assert_int_equal(task_registry_del_owner(&r, 1, NULL), 0);
	task_registry_unreserve(&r, slot);
	assert_int_equal(task_registry_reserve(&r, task(1)), slot);
	task_registry_fill(&r, slot, task(1), 7, 1);
	assert_int_equal(task_registry_reserve(&r, task(1)), -EEXIST);
	assert_int_equal(task_registry_reserve(&r, task(2)), -ENOSPC);
	assert_int_equal(atomic_long_read(&r.lost), 1);
	assert_int_equal(task_registry_del_owner(&r, 1, NULL), 1);
	task_registry_destroy(&r);
}

static void deleted_task_is_gone(void **state)
{
	(void)state;
	task_registry_add(&reg, task(1), 1, 1);
	assert_int_equal(task_registry_del(&reg, task(1)), 0);
	assert_false(tracked(task(1)));
	assert_int_equal(task_registry_del(&reg, task(1)), -ESRCH);
	assert_int_equal(count(), 0);
}

static void new_life_of_a_task_is_told_from_the_old(void **state)
{
	struct thread_ref old, new;
	u32 from;

	(void)state;
	task_registry_add(&reg, task(1), 1, 1);
	task_registry_find(&reg, task(1), &old);
	task_registry_del(&reg, task(1));
	task_registry_add(&reg, task(1), 2, 2);
	assert_true(task_registry_find(&reg, task(1), &new));
	assert_int_equal(new.slot, old.slot);
	assert_int_equal(thread_buffer_enter(&reg.buffer, &old, 5, &from), -ESTALE);
	assert_int_equal(thread_buffer_enter(&reg.buffer, &new, 5, &from), 0);
}

static void holds_what_it_promises(void **state)
{
	unsigned long n;

	(void)state;
	for (n = 0; n < MAX_TASKS; n++)
		assert_true(task_registry_add(&reg, task(n), n, 1) >= 0);
	for (n = 0; n < MAX_TASKS; n++)
		assert_tracked(task(n), n, 1);
	assert_int_equal(count(), MAX_TASKS);
	assert_int_equal(atomic_long_read(&reg.lost), 0);
}

static void full_registry_counts_what_it_loses(void **state)
{
	unsigned long n, kept = 0;

	(void)state;
	for (n = 0; n < 4 * MAX_TASKS; n++) {
		int slot = task_registry_add(&reg, task(n), n, 1);

		assert_true(slot >= 0 || slot == -ENOSPC);
		kept += slot >= 0;
	}
	assert_int_equal(kept + atomic_long_read(&reg.lost), 4 * MAX_TASKS);
	assert_int_equal(count(), kept);
	for (n = 0; n < 4 * MAX_TASKS; n++) {
		if (tracked(task(n)))
			assert_tracked(task(n), n, 1);
	}
	assert_int_equal(task_registry_del_owner(&reg, 1, NULL), kept);
}

/* Nothing is left behind by a task that has gone, however many have. */
static void long_use_leaves_no_trace(void **state)
{
	unsigned long n;

	(void)state;
	for (n = 0; n < MAX_TASKS; n++)
		task_registry_add(&reg, task(n), n, 1);
	for (; n < 100 * MAX_TASKS; n++) {
		assert_int_equal(task_registry_del(&reg, task(n - MAX_TASKS)), 0);
		assert_true(task_registry_add(&reg, task(n), n, 1) >= 0);
	}
	assert_int_equal(count(), MAX_TASKS);
	assert_int_equal(task_registry_del_owner(&reg, 1, NULL), MAX_TASKS);
	for (n = 0; n < reg.buffer.nr_slots; n++)
		assert_int_equal(reg.keys[n], 0);
}

static void child_inherits_sample_and_owner(void **state)
{
	(void)state;
	task_registry_add(&reg, task(1), 42, 7);
	assert_int_equal(task_registry_inherit(&reg, task(1), task(2)), 1);
	assert_int_equal(task_registry_inherit(&reg, task(2), task(3)), 1);
	task_registry_del(&reg, task(1));
	assert_tracked(task(2), 42, 7);
	assert_tracked(task(3), 42, 7);
	assert_int_equal(count(), 2);
}

static void child_starts_without_a_checkpoint(void **state)
{
	struct thread_ref ref;
	u32 from;

	(void)state;
	task_registry_add(&reg, task(1), 1, 1);
	task_registry_find(&reg, task(1), &ref);
	thread_buffer_enter(&reg.buffer, &ref, 5, &from);
	task_registry_inherit(&reg, task(1), task(2));
	task_registry_find(&reg, task(2), &ref);
	thread_buffer_enter(&reg.buffer, &ref, 6, &from);
	assert_int_equal(from, CALLER_NONE);
}

static void child_of_an_untracked_task_is_not_tracked(void **state)
{
	(void)state;
	assert_int_equal(task_registry_inherit(&reg, task(1), task(2)), 0);
	assert_false(tracked(task(2)));
	assert_int_equal(count(), 0);
}

static void child_that_is_there_already_is_eexist(void **state)
{
	(void)state;
	task_registry_add(&reg, task(1), 1, 1);
	task_registry_add(&reg, task(2), 2, 2);
	assert_int_equal(task_registry_inherit(&reg, task(1), task(2)), -EEXIST);
	assert_tracked(task(2), 2, 2);
}

static void child_is_dropped_while_its_owner_closes(void **state)
{
	(void)state;
	task_registry_add(&reg, task(1), 1, 7);
	task_registry_add(&reg, task(2), 1, 8);
	reg.closing = 7;
	assert_int_equal(task_registry_inherit(&reg, task(1), task(3)), 0);
	assert_int_equal(task_registry_inherit(&reg, task(2), task(4)), 1);
	assert_false(tracked(task(3)));
	assert_tracked(task(4), 1, 8);
	assert_int_equal(count(), 3);
}

static void samples_are_told_once_each(void **state)
{
	u64 samples[4];
	unsigned long n;

	(void)state;
	assert_int_equal(task_registry_samples(&reg, samples, 4), 0);
	for (n = 0; n < 300; n++)
		task_registry_add(&reg, task(n), 10 + n % 3, 1);
	assert_int_equal(task_registry_samples(&reg, samples, 3), 3);
	assert_int_equal(1 << (samples[0] - 10) | 1 << (samples[1] - 10) | 1 << (samples[2] - 10),
			 7);
	assert_int_equal(task_registry_samples(&reg, samples, 2), -E2BIG);
	for (n = 0; n < 300; n += 3)
		task_registry_del(&reg, task(n));
	assert_int_equal(task_registry_samples(&reg, samples, 2), 2);
	assert_int_equal(samples[0] + samples[1], 11 + 12);
	/* Room for a task that is not tracked yet is no task. */
	assert_true(task_registry_reserve(&reg, task(1000)) >= 0);
	assert_int_equal(task_registry_samples(&reg, samples, 4), 2);
}

static void closing_an_owner_drops_its_tasks_alone(void **state)
{
	unsigned long n;

	(void)state;
	for (n = 0; n < 1000; n++)
		task_registry_add(&reg, task(n), n, 1 + n % 2);
	assert_int_equal(task_registry_del_owner(&reg, 1, NULL), 500);
	assert_int_equal(task_registry_del_owner(&reg, 1, NULL), 0);
	assert_int_equal(task_registry_del_owner(&reg, 99, NULL), 0);
	for (n = 0; n < 1000; n++)
		assert_int_equal(tracked(task(n)), n % 2);
	assert_int_equal(count(), 500);
	assert_int_equal(task_registry_inherit(&reg, task(1), task(0)), 1);
}

#define in_registry(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_refuses_bad_sizes),
		cmocka_unit_test(smallest_registry_works),
		in_registry(added_task_is_found),
		in_registry(numbers_that_are_no_tasks_are_not_found),
		in_registry(bad_arguments_are_einval),
		in_registry(second_add_is_eexist_and_changes_nothing),
		cmocka_unit_test(task_that_has_room_is_not_tracked_before_it_is_filled),
		in_registry(deleted_task_is_gone),
		in_registry(new_life_of_a_task_is_told_from_the_old),
		in_registry(holds_what_it_promises),
		in_registry(full_registry_counts_what_it_loses),
		in_registry(long_use_leaves_no_trace),
		in_registry(child_inherits_sample_and_owner),
		in_registry(child_starts_without_a_checkpoint),
		in_registry(child_of_an_untracked_task_is_not_tracked),
		in_registry(child_that_is_there_already_is_eexist),
		in_registry(child_is_dropped_while_its_owner_closes),
		in_registry(samples_are_told_once_each),
		in_registry(closing_an_owner_drops_its_tasks_alone),
	};

	return cmocka_run_group_tests_name("task_registry", tests, NULL, NULL);
}
