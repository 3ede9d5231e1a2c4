// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tables_interleave.c - the lock-free tables under every schedule.
 *
 * Two actors run on stacks of their own in one thread. Each access to shared
 * memory is a point at which the other may take over; all schedules with up to
 * `switches` such points are run, one after the other, and what must hold is
 * checked after each. So a race that exists at this bound is found every time,
 * and the schedule that shows it is printed.
 *
 * Execution is sequentially consistent: what goes wrong by reordering alone is
 * not found here, but by test_tables_threads.c under ThreadSanitizer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ucontext.h>

#include "portable.h"

static void switch_point(void);

static unsigned long rests;

#undef pure_rest
#undef READ_ONCE
#undef WRITE_ONCE
#undef smp_load_acquire
#undef smp_store_release
#undef smp_store_mb
#undef cmpxchg
#undef atomic_long_add
#undef atomic_long_inc
#undef atomic_long_dec
#undef atomic_long_inc_return
#undef atomic_long_xchg

#define pure_rest()		((void)rests++)
#define READ_ONCE(x)		({ switch_point(); (x); })
#define WRITE_ONCE(x, v)	({ switch_point(); (void)((x) = (v)); })
#define smp_load_acquire(p)	({ switch_point(); *(p); })
#define smp_store_release(p, v)	({ switch_point(); (void)(*(p) = (v)); })
#define smp_store_mb(x, v)	({ switch_point(); (void)((x) = (v)); })
#define cmpxchg(p, old, new)			\
({						\
	switch_point();					\
	__typeof__(*(p)) found_ = *(p);		\
	if (found_ == (old))			\
		*(p) = (new);			\
	found_;					\
})
#define atomic_long_add(i, v)		({ switch_point(); (void)((v)->counter += (i)); })
#define atomic_long_inc(v)		({ switch_point(); (void)(v)->counter++; })
#define atomic_long_dec(v)		({ switch_point(); (void)(v)->counter--; })
#define atomic_long_inc_return(v)	({ switch_point(); ++(v)->counter; })
#define atomic_long_xchg(v, i)				\
({							\
	switch_point();						\
	long found_ = (v)->counter;			\
	(v)->counter = (i);				\
	found_;						\
})

#include "../../module/caller_table.c"
#include "../../module/thread_buffer.c"
#include "../../module/task_registry.c"
#include "../../module/trace_area.c"

/* ---- the scheduler ---- */

#define MAX_SWITCHES	3
#define STACK_SIZE	(64 << 10)

static struct actor {
	ucontext_t context;
	void (*run)(void);
	bool done;
	char stack[STACK_SIZE] __attribute__((aligned(16)));
} actors[2];

static ucontext_t main_context;
static int running = -1;		/* index of the actor, -1 outside a schedule */
static unsigned int steps;		/* accesses so far in this schedule */
static unsigned int switch_at[MAX_SWITCHES + 1];	/* ascending, ended by 0 */
static unsigned int next_switch;

/* The other actor goes on, if it is not through. */
static void switch_actor(void)
{
	int me = running;

	if (actors[!me].done)
		return;
	running = !me;
	swapcontext(&actors[me].context, &actors[!me].context);
}

static void switch_point(void)
{
	if (running < 0)
		return;
	if (++steps != switch_at[next_switch])
		return;
	next_switch++;
	switch_actor();
}

static void actor_main(void)
{
	int me = running;

	actors[me].run();
	actors[me].done = true;
	switch_actor();
	/* Both are through: this context's link leads back to run_schedule(). */
}

static void wind_up(struct actor *a)
{
	a->done = false;
	getcontext(&a->context);
	a->context.uc_stack.ss_sp = a->stack;
	a->context.uc_stack.ss_size = sizeof(a->stack);
	a->context.uc_link = &main_context;
	makecontext(&a->context, actor_main, 0);
}

static void run_schedule(int first)
{
	wind_up(&actors[0]);
	wind_up(&actors[1]);
	steps = 0;
	next_switch = 0;
	running = first;
	swapcontext(&main_context, &actors[first].context);
	running = -1;
}

struct scenario {
	void (*prepare)(void);
	void (*actor[2])(void);
	bool (*holds)(void);	/* after both are through */
	unsigned int switches;	/* at most MAX_SWITCHES */
};

static unsigned long schedules;

static void run_once(const struct scenario *s, int first)
{
	s->prepare();
	run_schedule(first);
	schedules++;
	if (!s->holds())
		fail_msg("actor %d first, switches before accesses %u %u %u", first,
			 switch_at[0], switch_at[1], switch_at[2]);
}

/*
 * All ways to switch behind the first @depth switches, none included. Up to the
 * next switch a schedule runs as it does without it, so the length of the one
 * without bounds where that can be.
 */
static void explore(const struct scenario *s, int first, unsigned int depth)
{
	unsigned int at = depth ? switch_at[depth - 1] : 0;
	unsigned int length;

	switch_at[depth] = 0;
	run_once(s, first);
	if (depth == s->switches)
		return;
	length = steps;
	while (++at <= length) {
		switch_at[depth] = at;
		explore(s, first, depth + 1);
	}
	switch_at[depth] = 0;
}

static void run_scenario(const struct scenario *s)
{
	int i;

	schedules = 0;
	for (i = 0; i < 2; i++)
		actors[i].run = s->actor[i];
	for (i = 0; i < 2; i++)
		explore(s, i, 0);
	print_message("[          ] %lu schedules\n", schedules);
}

/* ---- the registry ---- */

static struct task_registry reg;
static struct caller_table table, small_table;	/* 16 cells, 2 cells */
static int results[2];

/* A registry of two buckets, 16 keys: each task may be in any of them. */
static void empty_registry(void)
{
	memset(reg.keys, 0, reg.buffer.nr_slots * sizeof(*reg.keys));
	memset(reg.buffer.slots, 0, reg.buffer.nr_slots * sizeof(*reg.buffer.slots));
	atomic_long_set(&reg.count, 0);
	atomic_long_set(&reg.added, 0);
	atomic_long_set(&reg.lost, 0);
	reg.closing = 0;
}

/* The n-th number whose first choice is a given bucket. */
static unsigned long task_of(u32 bucket, unsigned int n)
{
	unsigned long task = 0xffff888000000000UL;

	do {
		task += 0x40;
	} while (task_buckets(&reg, task).first[0] != bucket * TASK_BUCKET_KEYS || n--);
	return task;
}

static unsigned long parent, child, grandchild, stranger, other;

static bool tracked(unsigned long task)
{
	struct thread_ref ref;

	return task_registry_find(&reg, task, &ref);
}

static bool tracked_as(unsigned long task, u64 sample, u64 owner)
{
	struct thread_ref ref;

	return task_registry_find(&reg, task, &ref) && ref.sample == sample && ref.owner == owner;
}

static unsigned int keys_in_use(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < reg.buffer.nr_slots; i++)
		n += reg.keys[i] != KEY_FREE;
	return n;
}

static void family(void)
{
	empty_registry();
	task_registry_add(&reg, parent, 1, 7);
	task_registry_add(&reg, stranger, 2, 8);
}

static void fork_child(void)
{
	results[0] = task_registry_inherit(&reg, parent, child);
}

static void fork_child_that_forks(void)
{
	fork_child();
	task_registry_inherit(&reg, child, grandchild);
}

static void close_owner(void)
{
	results[1] = task_registry_del_owner(&reg, 7, NULL);
}

static bool only_the_stranger_is_left(void)
{
	return tracked_as(stranger, 2, 8) && atomic_long_read(&reg.count) == 1 &&
	       keys_in_use() == 1 && reg.closing == 0;
}

/* The scan goes upwards: the child on either side of its parent. */
static void run_family(const struct scenario *s)
{
	u32 bucket;

	for (bucket = 0; bucket < 2; bucket++) {
		parent = task_of(bucket, 0);
		child = task_of(!bucket, 0);
		grandchild = task_of(bucket, 1);
		stranger = task_of(!bucket, 1);
		run_scenario(s);
	}
}

static void closing_owner_leaves_no_child(void **state)
{
	const struct scenario s = {
		family, { fork_child, close_owner }, only_the_stranger_is_left, 2,
	};

	(void)state;
	run_family(&s);
}

static void closing_owner_leaves_no_grandchild(void **state)
{
	const struct scenario s = {
		family, { fork_child_that_forks, close_owner }, only_the_stranger_is_left, 2,
	};

	(void)state;
	run_family(&s);
}

static void parent_dies(void)
{
	results[1] = task_registry_del(&reg, parent);
}

static bool child_is_whole_or_not_there(void)
{
	bool there = results[0] == 1;

	return results[1] == 0 && !tracked(parent) && tracked(child) == there &&
	       (!there || tracked_as(child, 1, 7)) &&
	       atomic_long_read(&reg.count) == 1 + there && keys_in_use() == 1U + there;
}

static void child_of_a_deleted_parent_is_whole_or_not_there(void **state)
{
	const struct scenario s = {
		family, { fork_child, parent_dies }, child_is_whole_or_not_there, 2,
	};

	(void)state;
	run_family(&s);
}

/* --- which samples run --- */

static u64 running_samples[2];
static bool kin_ran;	/* some task of the family did all the time */

/* A parent that forks and ends, and a child that does: some task of sample 1 runs all the time. */
static void generations_pass(void)
{
	results[0] = task_registry_inherit(&reg, parent, child);
	task_registry_del(&reg, parent);
	kin_ran = results[0] == 1 && task_registry_inherit(&reg, child, grandchild) == 1;
	if (kin_ran)
		task_registry_del(&reg, child);
}

static void look_who_runs(void)
{
	results[1] = task_registry_samples(&reg, running_samples, 2);
}

static bool sample_of_the_family_was_seen(void)
{
	return kin_ran && tracked_as(grandchild, 1, 7) &&
	       (results[1] == -EAGAIN ||
		(results[1] == 2 && running_samples[0] + running_samples[1] == 1 + 2));
}

static void sample_is_seen_while_its_tasks_replace_each_other(void **state)
{
	const struct scenario s = {
		family, { generations_pass, look_who_runs }, sample_of_the_family_was_seen, 2,
	};

	(void)state;
	run_family(&s);
}

/* One task, and another that takes its slot when it is free. */
static void one_task(void)
{
	empty_registry();
	task_registry_add(&reg, parent, 1, 7);
}

static struct thread_ref stale;
static u32 stale_from, other_from[2], other_last;

static void handler_of_a_task(void)
{
	results[0] = task_registry_find(&reg, parent, &stale);
	if (results[0])
		thread_buffer_enter(&reg.buffer, &stale, 100, &stale_from);
}

static void slot_changes_hands(void)
{
	struct thread_ref ref;

	task_registry_del(&reg, parent);
	task_registry_add(&reg, other, 2, 8);
	results[1] = task_registry_find(&reg, other, &ref);
	thread_buffer_enter(&reg.buffer, &ref, 200, &other_from[0]);
	thread_buffer_enter(&reg.buffer, &ref, 201, &other_from[1]);
	thread_buffer_enter(&reg.buffer, &ref, 202, &other_last);
}

static bool both_saw_their_own(void)
{
	if (results[0] && (stale.sample != 1 || stale.owner != 7))
		return false;
	return results[1] && other_from[0] == CALLER_NONE && other_from[1] == 200 &&
	       other_last == 201 && tracked_as(other, 2, 8) && keys_in_use() == 1;
}

static void stale_handler_spares_the_next_task(void **state)
{
	const struct scenario s = {
		one_task, { handler_of_a_task, slot_changes_hands }, both_saw_their_own, 2,
	};

	(void)state;
	parent = task_of(0, 0);
	other = task_of(0, 1);
	run_scenario(&s);
}

static void slot_changes_hands_and_comes_back(void)
{
	task_registry_del(&reg, parent);
	task_registry_add(&reg, other, 2, 8);
	task_registry_del(&reg, other);
	task_registry_add(&reg, parent, 3, 9);
}

static bool found_one_of_its_own_lives(void)
{
	if (!results[0])
		return true;
	return (stale.sample == 1 && stale.owner == 7) || (stale.sample == 3 && stale.owner == 9);
}

static void look_up_never_gives_a_foreign_sample(void **state)
{
	const struct scenario s = {
		one_task, { handler_of_a_task, slot_changes_hands_and_comes_back },
		found_one_of_its_own_lives, 3,
	};

	(void)state;
	parent = task_of(0, 0);
	other = task_of(0, 1);
	run_scenario(&s);
}

static void moves_to_another_owner(void)
{
	task_registry_del(&reg, parent);
	results[0] = task_registry_add(&reg, parent, 3, 9);
}

static bool belongs_to_the_new_owner(void)
{
	return results[0] >= 0 && tracked_as(parent, 3, 9) &&
	       atomic_long_read(&reg.count) == 1 && keys_in_use() == 1;
}

static void closing_the_former_owner_spares_a_task_that_moved(void **state)
{
	const struct scenario s = {
		one_task, { moves_to_another_owner, close_owner }, belongs_to_the_new_owner, 3,
	};

	(void)state;
	parent = task_of(0, 0);
	run_scenario(&s);
}

static void delete_a(void)
{
	results[0] = task_registry_del(&reg, parent);
}

static void delete_b(void)
{
	results[1] = task_registry_del(&reg, parent);
}

static bool one_deleted_it(void)
{
	return (results[0] == 0) + (results[1] == 0) == 1 &&
	       results[0] + results[1] == -ESRCH &&
	       atomic_long_read(&reg.count) == 0 && keys_in_use() == 0;
}

static void one_of_two_deletions_wins(void **state)
{
	const struct scenario s = { one_task, { delete_a, delete_b }, one_deleted_it, 3 };

	(void)state;
	parent = task_of(0, 0);
	run_scenario(&s);
}

static void add_a(void)
{
	results[0] = task_registry_add(&reg, parent, 1, 7);
}

static void add_b(void)
{
	results[1] = task_registry_add(&reg, other, 2, 8);
}

static bool both_are_there(void)
{
	return results[0] >= 0 && results[1] >= 0 && results[0] != results[1] &&
	       tracked_as(parent, 1, 7) && tracked_as(other, 2, 8) &&
	       atomic_long_read(&reg.count) == 2 && keys_in_use() == 2;
}

static void two_adders_get_two_keys(void **state)
{
	const struct scenario s = { empty_registry, { add_a, add_b }, both_are_there, 2 };

	(void)state;
	parent = task_of(0, 0);
	other = task_of(0, 1);
	run_scenario(&s);
}

/* ---- the slot ---- */

static struct thread_ref life;
static u32 from_of[2];

static void one_life(void)
{
	u32 from;

	one_task();
	task_registry_find(&reg, parent, &life);
	thread_buffer_enter(&reg.buffer, &life, 10, &from);
}

static void enter_a(void)
{
	results[0] = thread_buffer_enter(&reg.buffer, &life, 1, &from_of[0]);
}

static void enter_b(void)
{
	results[1] = thread_buffer_enter(&reg.buffer, &life, 2, &from_of[1]);
}

static bool the_path_has_no_gap(void)
{
	u32 last = (u32)reg.buffer.slots[life.slot].last;

	if (results[0] || results[1])
		return false;
	return (from_of[0] == 10 && from_of[1] == 1 && last == 2) ||
	       (from_of[1] == 10 && from_of[0] == 2 && last == 1);
}

static void interrupted_enter_keeps_the_path_whole(void **state)
{
	const struct scenario s = { one_life, { enter_a, enter_b }, the_path_has_no_gap, 3 };

	(void)state;
	parent = task_of(0, 0);
	run_scenario(&s);
}

static void end_life(void)
{
	results[1] = thread_buffer_close(&reg.buffer, &life);
}

static bool life_is_over(void)
{
	u32 from;

	return results[1] && (results[0] == 0 || results[0] == -ESTALE) &&
	       !thread_buffer_alive(&reg.buffer, &life) &&
	       thread_buffer_enter(&reg.buffer, &life, 3, &from) == -ESTALE;
}

static void close_wins_over_enter(void **state)
{
	const struct scenario s = { one_life, { enter_a, end_life }, life_is_over, 3 };

	(void)state;
	parent = task_of(0, 0);
	run_scenario(&s);
}

static void forget_ids(void)
{
	thread_buffer_forget(&reg.buffer, 10, 20);
}

static bool forgotten_or_replaced(void)
{
	return results[0] == 0 && (from_of[0] == 10 || from_of[0] == CALLER_NONE) &&
	       (u32)reg.buffer.slots[life.slot].last == 1;
}

static void forget_keeps_a_newer_checkpoint(void **state)
{
	const struct scenario s = { one_life, { enter_a, forget_ids }, forgotten_or_replaced, 2 };

	(void)state;
	parent = task_of(0, 0);
	run_scenario(&s);
}

/* ---- caller records ---- */

/* How many cells show the pair, and their counts' sum. */
static unsigned int cells_of(u32 from, u32 to, u64 *count, u64 *sample)
{
	struct caller_record record;
	unsigned int cells = 0;
	u32 cursor = 0;

	*count = 0;
	while (caller_table_next(&table, &cursor, &record)) {
		if (record.from != from || record.to != to)
			continue;
		cells++;
		*count += record.count;
		*sample = record.first_sample;
	}
	return cells;
}

static void empty_table(void)
{
	caller_table_reset(&table);
}

static void record_a(void)
{
	caller_table_record(&table, 1, 2, 5);
	caller_table_record(&table, 3, 4, 5);
}

static void record_b(void)
{
	caller_table_record(&table, 3, 4, 6);
	caller_table_record(&table, 1, 2, 6);
}

static bool two_pairs_twice_each(void)
{
	u64 count, sample;

	if (cells_of(1, 2, &count, &sample) != 1 || count != 2 || (sample != 5 && sample != 6))
		return false;
	if (cells_of(3, 4, &count, &sample) != 1 || count != 2 || (sample != 5 && sample != 6))
		return false;
	return atomic_long_read(&table.records) == 2 && atomic_long_read(&table.claimed) == 2 &&
	       atomic_long_read(&table.lost) == 0;
}

static void a_pair_has_one_cell(void **state)
{
	const struct scenario crossed = {
		empty_table, { record_a, record_b }, two_pairs_twice_each, 3,
	};
	const struct scenario together = {
		empty_table, { record_a, record_a }, two_pairs_twice_each, 3,
	};

	(void)state;
	run_scenario(&crossed);
	run_scenario(&together);
}

/* Two cells, and three pairs that want one. */
static void empty_small_table(void)
{
	caller_table_reset(&small_table);
}

static void crowd_a(void)
{
	caller_table_record(&small_table, 1, 2, 5);
	caller_table_record(&small_table, 3, 4, 5);
}

static void crowd_b(void)
{
	caller_table_record(&small_table, 5, 6, 6);
	caller_table_record(&small_table, 1, 2, 6);
}

static bool kept_and_lost_make_four(void)
{
	struct caller_record record;
	u32 cursor = 0;
	u64 sum = atomic_long_read(&small_table.lost);

	while (caller_table_next(&small_table, &cursor, &record))
		sum += record.count;
	return sum == 4 && atomic_long_read(&small_table.records) == 2;
}

static void full_table_loses_nothing_uncounted(void **state)
{
	const struct scenario s = {
		empty_small_table, { crowd_a, crowd_b }, kept_and_lost_make_four, 2,
	};

	(void)state;
	run_scenario(&s);
}

static void table_with_an_old_pair(void)
{
	empty_table();
	caller_table_record(&table, 3, 30, 4);
}

static void record_beside_it(void)
{
	caller_table_record(&table, 1, 2, 5);
}

static void forget_old_pair(void)
{
	results[1] = caller_table_forget(&table, 30, 39);
}

static bool only_the_new_pair_is_left(void)
{
	u64 count, sample;

	return results[1] == 1 && cells_of(3, 30, &count, &sample) == 0 &&
	       cells_of(1, 2, &count, &sample) == 1 && count == 1 && sample == 5 &&
	       atomic_long_read(&table.records) == 1;
}

static void forget_leaves_other_pairs_alone(void **state)
{
	const struct scenario s = {
		table_with_an_old_pair, { record_beside_it, forget_old_pair },
		only_the_new_pair_is_left, 3,
	};

	(void)state;
	run_scenario(&s);
}

static void forget_same_pair(void)
{
	results[1] = caller_table_forget(&table, 0, CALLER_NONE);
}

/* A reset while handlers record: the passage counts before or after it, once. */
static void record_again(void)
{
	caller_table_record(&table, 3, 30, 5);
}

static bool records_agree_with_cells(void)
{
	u64 count, sample;
	unsigned int cells = cells_of(3, 30, &count, &sample);

	return results[1] == 1 && count <= 1 && cells == count &&
	       atomic_long_read(&table.records) == cells;
}

static void forget_of_a_busy_pair_keeps_the_number_of_records(void **state)
{
	const struct scenario s = {
		table_with_an_old_pair, { record_again, forget_same_pair },
		records_agree_with_cells, 3,
	};

	(void)state;
	run_scenario(&s);
}

/* ---- long loops ---- */

#define LARGE	(1 << 16)

static void expect_rests(unsigned long at_least)
{
	assert_true(rests >= at_least);
	rests = 0;
}

/* Whatever the size of the tables: others run in between. */
static void loops_over_whole_tables_rest(void **state)
{
	struct task_registry large_registry;
	struct caller_table large;
	struct caller_record record;
	u32 cursor = 0;

	(void)state;
	assert_int_equal(caller_table_init(&large, LARGE / 2), 0);
	assert_int_equal(task_registry_init(&large_registry, LARGE / 2), 0);
	rests = 0;
	caller_table_forget(&large, 1, 2);
	expect_rests(LARGE / 4096);
	assert_false(caller_table_next(&large, &cursor, &record));
	expect_rests(LARGE / 4096);
	caller_table_record(&large, 1, 2, 3);
	rests = 0;
	caller_table_reset(&large);
	expect_rests(LARGE / 4096);
	thread_buffer_forget(&large_registry.buffer, 1, 2);
	expect_rests(LARGE / 4096);
	task_registry_del_owner(&large_registry, 1, NULL);
	expect_rests(LARGE / 4096);
	task_registry_destroy(&large_registry);
	caller_table_destroy(&large);
}

/* ---- traces ---- */

#define AREA_CHUNKS	2
#define AREA_TASKS	2

static struct trace_area area;
static u64 area_memory[(4 + AREA_CHUNKS) * TRACE_CHUNK_WORDS];
static u32 read_at[2];		/* records that the reader saw, at each of two looks */

static bool put(u32 task, u32 index, u32 words)
{
	u64 record[TRACE_MAX_WORDS];
	u32 i;

	if (!trace_area_begin(&area, task, COV_TRACE_ENTRY))
		return false;
	for (i = 0; i < words; i++)
		record[i] = (u64)index << 32 | i;
	record[0] |= COV_TRACE_ENTRY | words << 16;
	return trace_area_end(&area, task, COV_TRACE_ENTRY, record, words);
}

/* Every record of a task, whole and in order; how many, or -1 if one is not. */
static int count_records(u32 task)
{
	u32 chunk, at, words, i;
	int n = 0;

	for (chunk = 0; chunk < AREA_CHUNKS; chunk++) {
		const u64 *from = &area.chunks[chunk * TRACE_CHUNK_WORDS];

		if (smp_load_acquire(&from[0]) != task + 1ULL)
			continue;
		for (at = 1; at < TRACE_CHUNK_WORDS; at += words, n++) {
			u64 first = smp_load_acquire(&from[at]);

			if (!first)
				break;
			words = first >> 16 & 0xff;
			for (i = 1; i < words; i++)
				if (READ_ONCE(from[at + i]) != (first >> 32 << 32 | i))
					return -1;
		}
	}
	return n;
}

static void empty_area(void)
{
	trace_area_destroy(&area);
	memset(area_memory, 0, sizeof(area_memory));
	trace_area_init(&area, area_memory, AREA_CHUNKS * COV_TRACE_CHUNK, AREA_TASKS, 0);
	trace_area_add_task(&area, 10, 10, "task");
	trace_area_add_task(&area, 11, 11, "task");
}

/* The next record is the last one that fits. */
static void area_with_a_chunk_that_is_nearly_full(void)
{
	u32 i;

	empty_area();
	for (i = 0; i < (TRACE_CHUNK_WORDS - 1) / 3 - 1; i++)
		put(0, i, 3);
}

static void put_two(void)
{
	results[0] = put(0, 100, 3);
	results[0] += put(0, 101, 3);
}

static void put_two_as_well(void)
{
	results[1] = put(0, 200, 4);
	results[1] += put(0, 201, 4);
}

static bool recorded_and_lost_make(u32 task, u64 hits)
{
	const struct cov_trace_task *t = &area.tasks[task];

	return t->recorded[COV_TRACE_ENTRY] + t->lost[COV_TRACE_ENTRY] == hits &&
	       count_records(task) == (int)t->recorded[COV_TRACE_ENTRY];
}

static bool four_more_are_recorded_or_lost(void)
{
	return recorded_and_lost_make(0, (TRACE_CHUNK_WORDS - 1) / 3 - 1 + 4) &&
	       results[0] + results[1] >= 2 && !area.writers[0].busy;
}

/* One switch there, and back when it is through: an interrupt. */
static void interrupted_record_is_whole_and_everything_is_counted(void **state)
{
	const struct scenario s = {
		area_with_a_chunk_that_is_nearly_full, { put_two, put_two_as_well },
		four_more_are_recorded_or_lost, 1,
	};

	(void)state;
	run_scenario(&s);
}

static void put_as_task_0(void)
{
	results[0] = put(0, 1, 3);
	results[0] += put(0, 2, 3);
}

static void put_as_task_1(void)
{
	results[1] = put(1, 1, 3);
	results[1] += put(1, 2, 3);
}

/* One chunk is left, and both want it. */
static void area_with_one_chunk(void)
{
	empty_area();
	atomic_long_inc(&area.next_chunk);
}

static bool one_has_it_and_the_other_has_lost_all(void)
{
	return results[0] + results[1] == 2 && (!results[0] || !results[1]) &&
	       recorded_and_lost_make(0, 2) && recorded_and_lost_make(1, 2);
}

static void last_chunk_has_one_owner(void **state)
{
	const struct scenario s = {
		area_with_one_chunk, { put_as_task_0, put_as_task_1 },
		one_has_it_and_the_other_has_lost_all, 3,
	};

	(void)state;
	run_scenario(&s);
}

static void read_twice(void)
{
	read_at[0] = count_records(0);
	read_at[1] = count_records(0);
}

static bool saw_whole_records_and_ever_more(void)
{
	return read_at[0] <= 2 && read_at[1] <= 2 && read_at[0] <= read_at[1] &&
	       results[0] == 2;
}

static void reader_sees_whole_records_at_any_moment(void **state)
{
	const struct scenario s = {
		empty_area, { put_as_task_0, read_twice }, saw_whole_records_and_ever_more, 3,
	};

	(void)state;
	run_scenario(&s);
}

static void add_task_a(void)
{
	results[0] = trace_area_add_task(&area, 20, 20, "task");
}

static void add_task_b(void)
{
	results[1] = trace_area_add_task(&area, 21, 21, "task");
}

static void area_with_one_entry(void)
{
	empty_area();
	atomic_long_set(&area.next_task, 1);
	area.tasks[1].pid = 0;
}

static bool one_has_the_entry(void)
{
	int winner = results[0] == 1 ? 0 : 1;

	return results[winner] == 1 && results[!winner] == -ENOSPC &&
	       area.tasks[1].pid == 20U + winner;
}

static void last_entry_has_one_owner(void **state)
{
	const struct scenario s = {
		area_with_one_entry, { add_task_a, add_task_b }, one_has_the_entry, 3,
	};

	(void)state;
	run_scenario(&s);
}

static bool named;		/* in each entry that has a pid the reader saw a name */

static void look_for_names(void)
{
	const struct cov_trace_task *task = &area.tasks[1];

	named = !smp_load_acquire(&task->pid) || (READ_ONCE(task->comm[0]) && task->tgid);
}

static void area_with_an_empty_entry(void)
{
	area_with_one_entry();
	area.tasks[1] = (struct cov_trace_task){ };
}

static bool reader_saw_a_name(void)
{
	return named;
}

static void entry_that_has_its_pid_has_its_name(void **state)
{
	const struct scenario s = {
		area_with_an_empty_entry, { add_task_a, look_for_names }, reader_saw_a_name, 3,
	};

	(void)state;
	run_scenario(&s);
}

static int setup(void **state)
{
	(void)state;
	return task_registry_init(&reg, 8) || caller_table_init(&table, 8) ||
	       caller_table_init(&small_table, 1);
}

static int teardown(void **state)
{
	(void)state;
	task_registry_destroy(&reg);
	caller_table_destroy(&table);
	caller_table_destroy(&small_table);
	trace_area_destroy(&area);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closing_owner_leaves_no_child),
		cmocka_unit_test(closing_owner_leaves_no_grandchild),
		cmocka_unit_test(sample_is_seen_while_its_tasks_replace_each_other),
		cmocka_unit_test(child_of_a_deleted_parent_is_whole_or_not_there),
		cmocka_unit_test(stale_handler_spares_the_next_task),
		cmocka_unit_test(look_up_never_gives_a_foreign_sample),
		cmocka_unit_test(closing_the_former_owner_spares_a_task_that_moved),
		cmocka_unit_test(one_of_two_deletions_wins),
		cmocka_unit_test(two_adders_get_two_keys),
		cmocka_unit_test(interrupted_enter_keeps_the_path_whole),
		cmocka_unit_test(close_wins_over_enter),
		cmocka_unit_test(forget_keeps_a_newer_checkpoint),
		cmocka_unit_test(a_pair_has_one_cell),
		cmocka_unit_test(full_table_loses_nothing_uncounted),
		cmocka_unit_test(forget_leaves_other_pairs_alone),
		cmocka_unit_test(forget_of_a_busy_pair_keeps_the_number_of_records),
		cmocka_unit_test(loops_over_whole_tables_rest),
		cmocka_unit_test(interrupted_record_is_whole_and_everything_is_counted),
		cmocka_unit_test(last_chunk_has_one_owner),
		cmocka_unit_test(reader_sees_whole_records_at_any_moment),
		cmocka_unit_test(last_entry_has_one_owner),
		cmocka_unit_test(entry_that_has_its_pid_has_its_name),
	};

	return cmocka_run_group_tests_name("tables_interleave", tests, setup, teardown);
}
