// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_trace_area.c - a trace's memory: its layout, its limits, and writers and a reader at
 * once, under ThreadSanitizer and ASan. test_tables_interleave.c has the schedules.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "trace_area.h"

static struct trace_area area;
static void *memory;
static size_t memory_size;

static void make_area(u64 size, u32 tasks)
{
	memory_size = trace_area_length(size, tasks);
	memory = calloc(1, memory_size);
	assert_non_null(memory);
	memset(&area, 0xa5, sizeof(area));
	assert_int_equal(trace_area_init(&area, memory, size, tasks, COV_TRACE_TIME), 0);
}

static void drop_area(void)
{
	trace_area_destroy(&area);
	free(memory);
}

/* A record of @words words that all say who wrote it, and which it is. */
static bool put(u32 task, u32 kind, u32 number, u32 words)
{
	u64 record[TRACE_MAX_WORDS];
	u32 i;

	if (!trace_area_begin(&area, task, kind))
		return false;
	for (i = 0; i < words; i++)
		record[i] = (u64)number << 32 | task << 8;
	record[0] = (u64)number << 32 | words << 16 | kind;
	return trace_area_end(&area, task, kind, record, words);
}

/* The task's last chunk so far: by [B] of trace_area.c, those before it can be seen, whole. */
static u32 last_chunk(u32 task)
{
	u32 chunk = area.nr_chunks;

	while (chunk &&
	       smp_load_acquire(&area.chunks[(chunk - 1) * TRACE_CHUNK_WORDS]) != task + 1ULL)
		chunk--;
	return chunk;
}

/* How many records of a task are there; -1 if one is not whole, or not after the former. */
static int count_records(u32 task)
{
	u32 chunk, at, words, i, end = last_chunk(task);
	int n = 0;

	for (chunk = 0; chunk < end; chunk++) {
		const u64 *from = &area.chunks[chunk * TRACE_CHUNK_WORDS];

		if (smp_load_acquire(&from[0]) != task + 1ULL)
			continue;
		for (at = 1; at < TRACE_CHUNK_WORDS; at += words, n++) {
			u64 first = smp_load_acquire(&from[at]);

			if (!first)
				break;
			words = first >> 16 & 0xff;
			if (words < 2 || words > TRACE_MAX_WORDS || first >> 32 != (u32)n)
				return -1;
			for (i = 1; i < words; i++)
				if (READ_ONCE(from[at + i]) != ((u64)n << 32 | task << 8))
					return -1;
		}
	}
	return n;
}

/* ---- the layout ---- */

static void layout_is_the_heads(void **state)
{
	static const struct { u64 size; u32 tasks, chunks; } cases[] = {
		{ 1, 1, 1 }, { 4096, 1, 1 }, { 4097, 1, 2 }, { 1 << 20, 4096, 256 },
		{ 3 * 4096, COV_TRACE_TASKS_MAX, 3 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cov_trace_head *head;

		make_area(cases[i].size, cases[i].tasks);
		head = memory;
		assert_int_equal(head->flags, COV_TRACE_TIME);
		assert_int_equal(head->tasks, cases[i].tasks);
		assert_int_equal(head->chunks, cases[i].chunks);
		assert_ptr_equal(area.tasks, memory + head->tasks_at);
		assert_ptr_equal(area.chunks, memory + head->chunks_at);
		assert_true(head->tasks_at >= sizeof(*head));
		assert_true(head->tasks_at + cases[i].tasks * sizeof(struct cov_trace_task) <=
			    head->chunks_at);
		assert_int_equal(head->chunks_at + (u64)cases[i].chunks * COV_TRACE_CHUNK,
				 memory_size);
		drop_area();
	}
}

static void largest_trace_does_not_overflow(void **state)
{
	(void)state;
	assert_true(trace_area_length(COV_TRACE_SIZE_MAX, COV_TRACE_TASKS_MAX) > COV_TRACE_SIZE_MAX);
	assert_true(trace_area_length(COV_TRACE_SIZE_MAX, COV_TRACE_TASKS_MAX) <
		    COV_TRACE_SIZE_MAX + (16 << 20));
}

/* ---- limits ---- */

static void entries_are_given_out_once(void **state)
{
	(void)state;
	make_area(4096, 3);
	assert_int_equal(trace_area_add_task(&area, 5, 4, "task"), 0);
	assert_int_equal(trace_area_add_task(&area, 6, 4, "task"), 1);
	assert_int_equal(trace_area_add_task(&area, 7, 4, "task"), 2);
	assert_int_equal(trace_area_add_task(&area, 8, 4, "task"), -ENOSPC);
	assert_int_equal(trace_area_add_task(&area, 8, 4, "task"), -ENOSPC);
	assert_int_equal(area.tasks[2].pid, 7);
	assert_int_equal(area.tasks[2].tgid, 4);
	drop_area();
}

static void names_are_cut_and_ended(void **state)
{
	(void)state;
	make_area(4096, 1);
	trace_area_add_task(&area, 6, 5, "a name that is much too long");
	assert_string_equal(area.tasks[0].comm, "a name that is ");
	trace_area_rename(&area, 0, 5, "dd");
	assert_string_equal(area.tasks[0].comm, "dd");
	assert_int_equal(area.tasks[0].comm[14], 0);
	assert_int_equal(area.tasks[0].pid, 5);
	drop_area();
}

static void records_of_every_length_fill_a_chunk_and_go_on_in_the_next(void **state)
{
	u32 words, n;

	(void)state;
	for (words = 2; words <= TRACE_MAX_WORDS; words++) {
		u32 in_chunk = (TRACE_CHUNK_WORDS - 1) / words;

		make_area(2 * 4096, 1);
		trace_area_add_task(&area, 5, 5, "task");
		for (n = 0; n < 2 * in_chunk; n++)
			assert_true(put(0, COV_TRACE_BRANCH, n, words));
		assert_int_equal(count_records(0), 2 * in_chunk);
		assert_false(put(0, COV_TRACE_BRANCH, n, words));
		assert_int_equal(area.tasks[0].recorded[COV_TRACE_BRANCH], 2 * in_chunk);
		assert_int_equal(area.tasks[0].lost[COV_TRACE_BRANCH], 1);
		drop_area();
	}
}

static void nothing_follows_the_first_loss(void **state)
{
	u32 n = 0;

	(void)state;
	make_area(4096, 1);
	trace_area_add_task(&area, 5, 5, "task");
	while (put(0, COV_TRACE_ENTRY, n, 9))
		n++;
	/* There are words left. */
	assert_true(n * 9 + 1 + 2 <= TRACE_CHUNK_WORDS);
	assert_false(put(0, COV_TRACE_BRANCH, n, 2));
	assert_int_equal(count_records(0), n);
	assert_int_equal(area.tasks[0].lost[COV_TRACE_ENTRY], 1);
	assert_int_equal(area.tasks[0].lost[COV_TRACE_BRANCH], 1);
	drop_area();
}

static void record_inside_a_record_is_lost_and_leaves_the_outer_one_whole(void **state)
{
	static const u64 outer[] = { COV_TRACE_ENTRY | 2 << 16, 0 };

	(void)state;
	make_area(4096, 1);
	trace_area_add_task(&area, 5, 5, "task");
	assert_true(trace_area_begin(&area, 0, COV_TRACE_ENTRY));
	assert_false(trace_area_begin(&area, 0, COV_TRACE_BRANCH));
	assert_false(trace_area_begin(&area, 0, COV_TRACE_ENTRY));
	assert_true(trace_area_end(&area, 0, COV_TRACE_ENTRY, outer, 2));
	assert_true(put(0, COV_TRACE_ENTRY, 1, 3));
	assert_int_equal(count_records(0), 2);
	assert_int_equal(area.tasks[0].lost[COV_TRACE_ENTRY], 1);
	assert_int_equal(area.tasks[0].lost[COV_TRACE_BRANCH], 1);
	drop_area();
}

static void losses_can_be_taken_back(void **state)
{
	(void)state;
	make_area(4096, 1);
	trace_area_add_task(&area, 5, 5, "task");
	/* In either order. */
	trace_area_lose(&area, 0, COV_TRACE_RETURN, -1);
	trace_area_lose(&area, 0, COV_TRACE_RETURN, 1);
	assert_int_equal(area.tasks[0].lost[COV_TRACE_RETURN], 0);
	trace_area_lose_hit(&area, COV_TRACE_RETURN);
	trace_area_lose_task(&area);
	assert_int_equal(area.head->lost[COV_TRACE_RETURN], 1);
	assert_int_equal(area.head->tasks_lost, 1);
	drop_area();
}

/* ---- at once ---- */

#define WRITERS		4
#define HITS		20000

static void *write_all(void *arg)
{
	int task = trace_area_add_task(&area, (unsigned long)arg + 1, 1, "writer");
	u32 n = 0, i;

	for (i = 0; i < HITS; i++)
		n += put(task, COV_TRACE_ENTRY, n, 2 + i % 8);
	return NULL;
}

/* Errors are counted in the thread and asserted on after it has ended. */
static unsigned int torn;

static void *read_on(void *stop)
{
	int before[WRITERS] = { 0 };

	while (!smp_load_acquire((u32 *)stop)) {
		u32 task;

		for (task = 0; task < WRITERS; task++) {
			int n = count_records(task);

			torn += n < before[task];
			before[task] = n;
		}
	}
	return NULL;
}

static void write_from_threads(u64 size)
{
	pthread_t writers[WRITERS], reader;
	unsigned long i;
	u32 stop = 0;

	torn = 0;
	make_area(size, WRITERS);
	assert_int_equal(pthread_create(&reader, NULL, read_on, &stop), 0);
	for (i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&writers[i], NULL, write_all, (void *)i), 0);
	for (i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	smp_store_release(&stop, 1);
	pthread_join(reader, NULL);
	assert_int_equal(torn, 0);
	for (i = 0; i < WRITERS; i++) {
		const struct cov_trace_task *task = &area.tasks[i];

		assert_int_equal(count_records(i), task->recorded[COV_TRACE_ENTRY]);
		assert_int_equal(task->recorded[COV_TRACE_ENTRY] + task->lost[COV_TRACE_ENTRY],
				 HITS);
	}
	drop_area();
}

static void recorded_and_lost_are_all_hits_of_each_thread(void **state)
{
	(void)state;
	write_from_threads(8 << 20);
	write_from_threads(20 * 4096);
	write_from_threads(1);
}

/* ---- [C]: a task's entry ---- */

#define ENTRIES		20000

static void *add_all(void *arg)
{
	u32 i;

	(void)arg;
	for (i = 0; i < ENTRIES; i++) {
		trace_area_add_task(&area, i + 1, 7, "first");
		trace_area_rename(&area, i, ENTRIES + i + 1, "second");
	}
	return NULL;
}

/* The names may be mixed, but not in an entry with its last pid. */
static bool is_whole(const struct cov_trace_task *task, u32 i)
{
	u32 pid;

	while (!(pid = smp_load_acquire(&task->pid)))
		;
	if (READ_ONCE(task->tgid) != 7 || !READ_ONCE(task->comm[0]))
		return false;
	return pid == i + 1 || (pid == ENTRIES + i + 1 && READ_ONCE(task->comm[0]) == 's');
}

static void entry_that_has_its_pid_has_its_name(void **state)
{
	pthread_t writer;
	u32 i, wrong = 0;

	(void)state;
	make_area(1, ENTRIES);
	assert_int_equal(pthread_create(&writer, NULL, add_all, NULL), 0);
	for (i = 0; i < ENTRIES; i++)
		wrong += !is_whole(&area.tasks[i], i);
	pthread_join(writer, NULL);
	assert_int_equal(wrong, 0);
	drop_area();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_is_the_heads),
		cmocka_unit_test(largest_trace_does_not_overflow),
		cmocka_unit_test(entries_are_given_out_once),
		cmocka_unit_test(names_are_cut_and_ended),
		cmocka_unit_test(records_of_every_length_fill_a_chunk_and_go_on_in_the_next),
		cmocka_unit_test(nothing_follows_the_first_loss),
		cmocka_unit_test(record_inside_a_record_is_lost_and_leaves_the_outer_one_whole),
		cmocka_unit_test(losses_can_be_taken_back),
		cmocka_unit_test(recorded_and_lost_are_all_hits_of_each_thread),
		cmocka_unit_test(entry_that_has_its_pid_has_its_name),
	};

	return cmocka_run_group_tests_name("trace_area", tests, NULL, NULL);
}
