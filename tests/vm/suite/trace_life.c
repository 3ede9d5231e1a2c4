// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_life.c - a trace's life against that of everything else: readers, tasks, files,
 * targets and modules that end at any moment.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "module/covlife.h"
#include "trace.h"

#define GLOB	"covlife_[wloe]*"
#define ROOM	(1 << 16)
#define STAY_MIB	400		/* a second and more */

static struct seen seen[ROOM];

static void poke_once(void *unused)
{
	(void)unused;
	poke(COVLIFE_TASK, 1);
}

static void records_outlive_the_task_and_the_control_file(void)
{
	int fd = control_open(), other = control_open();
	struct opened trace;
	pid_t pid;

	attach_traced(other, TARGET, GLOB, 0);
	trace = trace_start(fd, CHUNK, 4, 0);
	track_as(fd, 1);
	pid = start(poke_once, NULL);
	finish(pid);
	close(fd);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(trace_tasks(&trace), 1);
	EXPECT_EQ(trace_read(&trace, task_of(&trace, pid), seen, ROOM), 4);
}

static void mapping_keeps_the_trace_when_its_descriptor_is_closed(void)
{
	int fd = control_open();
	struct cov_trace again = trace_request(CHUNK, 4, 0);
	struct opened trace;

	attach_traced(fd, TARGET, GLOB, 0);
	trace = trace_start(fd, CHUNK, 4, 0);
	track_as(fd, 1);
	close(trace.fd);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(trace_read(&trace, 0, seen, ROOM), 4);
	FAILS(fd, COV_IOC_TRACE, &again, EEXIST);
	MUST(munmap((void *)trace.head, trace.length));
	CALL(fd, COV_IOC_TRACE, &again);
	close(again.fd);
}

/* The next trace of the same tasks begins from nothing. */
static void next_trace_takes_over_tasks_that_run_on(void)
{
	int fd = control_open(), i;

	attach_traced(fd, TARGET, GLOB, 0);
	track_as(fd, 1);
	for (i = 0; i < 5; i++) {
		struct opened trace = trace_start(fd, CHUNK, 4, 0);

		poke(COVLIFE_TASK, 1);
		EXPECT_EQ(trace_read(&trace, task_of(&trace, getpid()), seen, ROOM), 4);
		trace_stop(&trace);
		poke(COVLIFE_TASK, 1);
	}
}

/* Each trace counts by itself, although the tasks are the same. */
static void each_trace_counts_the_tasks_that_it_has_no_room_for(void)
{
	struct hammer hammer;
	int fd = control_open(), i;

	attach_traced(fd, TARGET, GLOB, 0);
	track_as(fd, 1);
	hammer_start(&hammer);
	for (i = 0; i < 3; i++) {
		struct opened trace = trace_start(fd, CHUNK, 1, 0);

		/* Both, and we ourselves are there by then; one of them is in. */
		poke(COVLIFE_TASK, 1);
		hammer_pass(&hammer);
		EXPECT_EQ(trace_tasks(&trace), 1);
		EXPECT_EQ(trace.head->tasks_lost, 2);
		trace_stop(&trace);
	}
	hammer_stop(&hammer);
}

/* --- at any moment ---------------------------------------------------------------------------- */

/* Tasks that pass covlife for ever, registered through @fd. */
static void hammer_as(int fd, struct hammer *hammer)
{
	track_as(fd, 1);
	hammer_start(hammer);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
}

static void trace_is_closed_under_tasks_that_write(void)
{
	static const uint64_t sizes[] = { 1, 16 * CHUNK, 8 << 20 };
	struct hammer hammer;
	unsigned int i;
	int fd = control_open();

	attach_traced(fd, TARGET, GLOB, COV_ATTACH_RETURNS);
	hammer_as(fd, &hammer);
	for (i = 0; i < rounds(30); i++) {
		struct opened trace = trace_start(fd, sizes[i % ARRAY_SIZE(sizes)], 1 + i % 3,
						  i % 2 ? COV_TRACE_SYSCALLS | COV_TRACE_TIME : 0);

		if (i % 5)
			hammer_pass(&hammer);
		trace_stop(&trace);
	}
	hammer_stop(&hammer);
}

#define EVENT	"covtrace/first"

/*
 * ftrace calls last whoever came first: here kprobes, and so kretprobes, then a tracer that takes
 * its time, and livecov's entries before them. A trace that is opened in between has no such entry,
 * and awaits no return of it.
 */
static void trace_opened_inside_a_call_awaits_no_return_of_it(void)
{
	struct hammer hammer;
	unsigned int i;
	int fd;

	unload("livecov");
	EXPECT_EQ(kprobe_event("p:" EVENT " covlife:covlife_ioctl\n"), 0);
	write_file(TRACEFS "events/" EVENT "/enable", "1");
	write_file(TRACEFS "set_ftrace_filter", GLOB);
	write_file(TRACEFS "current_tracer", "function");
	write_file(TRACEFS "options/func_stack_trace", "1");
	load(LIVECOV_FILE, "");
	fd = control_open();
	attach_traced(fd, TARGET, GLOB, COV_ATTACH_RETURNS);
	for (i = 0; i < rounds(60); i++) {
		struct opened trace;

		test_case("trace %u", i);
		hammer_as(fd, &hammer);
		trace = trace_start(fd, 8 << 20, 8, 0);
		hammer_pass(&hammer);
		hammer_stop(&hammer);
		EXPECT_EQ(trace_recorded(&trace, COV_TRACE_RETURN) +
			  trace_lost(&trace, COV_TRACE_RETURN),
			  trace_recorded(&trace, COV_TRACE_ENTRY) +
			  trace_lost(&trace, COV_TRACE_ENTRY));
		EXPECT(trace_recorded(&trace, COV_TRACE_RETURN) > 0);
		trace_stop(&trace);
	}
	write_file(TRACEFS "options/func_stack_trace", "0");
	write_file(TRACEFS "current_tracer", "nop");
	write_file(TRACEFS "set_ftrace_filter", "");
	write_file(TRACEFS "events/" EVENT "/enable", "0");
	EXPECT_EQ(kprobe_event("-:" EVENT "\n"), 0);
}

static void target_is_detached_under_tasks_that_write(void)
{
	struct opened trace;
	struct hammer hammer;
	unsigned int i;
	int fd = control_open();

	trace = trace_start(fd, 1 << 20, 8, COV_TRACE_TIME);
	hammer_as(fd, &hammer);
	for (i = 0; i < rounds(10); i++) {
		/* Under load a kretprobe takes seconds. */
		uint32_t target = attach_traced(fd, TARGET, GLOB, i == 1 ? COV_ATTACH_RETURNS : 0);

		if (i % 3)
			hammer_pass(&hammer);
		with_id(fd, COV_IOC_DETACH, target);
	}
	hammer_stop(&hammer);
	expect_counts(&trace);
	EXPECT(trace_recorded(&trace, COV_TRACE_ENTRY) > 0);
}

static void control_file_is_closed_under_tasks_that_write(void)
{
	int other = control_open();
	struct hammer hammer;
	unsigned int i;

	attach_traced(other, TARGET, GLOB, 0);
	for (i = 0; i < rounds(10); i++) {
		int fd = control_open();
		struct opened trace = trace_start(fd, 16 * CHUNK, 8, 0);
		uint64_t was;

		hammer_as(fd, &hammer);
		close(fd);
		/* The hammers have copies of the file, which end with them. */
		hammer_stop(&hammer);
		was = trace_recorded(&trace, COV_TRACE_ENTRY);
		EXPECT(was > 0);
		poke(COVLIFE_TASK, 1);
		EXPECT_EQ(trace_recorded(&trace, COV_TRACE_ENTRY), was);
		expect_counts(&trace);
		trace_stop(&trace);
	}
}

static void stay_tracked(void *fd)
{
	track_as(*(int *)fd, 1);
	close(*(int *)fd);
	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_STAY, STAY_MIB);
}

/* It has called a function once, and is in it when its trace goes on without it. */
static void return_of_a_task_that_is_tracked_no_more_is_lost(void)
{
	int other = control_open(), fd = control_open();
	struct opened trace;
	pid_t stayer;

	attach_traced(other, TARGET, "covlife_ioctl", COV_ATTACH_RETURNS);
	trace = trace_start(fd, CHUNK, 4, 0);
	stayer = start(stay_tracked, &fd);
	EVENTUALLY(covlife_stays());
	/* It waits for the task's CPU, but no longer tracks the task by then. */
	close(fd);
	finish(stayer);
	EXPECT_EQ(trace_recorded(&trace, COV_TRACE_ENTRY), 2);
	EXPECT_EQ(trace_recorded(&trace, COV_TRACE_RETURN), 1);
	EXPECT_EQ(trace_lost(&trace, COV_TRACE_RETURN), 1);
	trace_stop(&trace);
}

/* What it has read at any time stays a true beginning of the whole. */
static void reader_beside_the_writers_sees_nothing_torn(void)
{
	static struct seen before[ROOM];
	struct opened trace;
	struct hammer hammer;
	uint32_t i, task, n, was = 0;
	int fd = control_open();

	attach_traced(fd, TARGET, GLOB, 0);
	trace = trace_start(fd, 2 << 20, 4, COV_TRACE_TIME | COV_TRACE_ARGS);
	hammer_as(fd, &hammer);
	task = task_of(&trace, hammer.pids[0]);
	/* Until its part of the memory is full. */
	do {
		n = trace_read(&trace, task, seen, ROOM);
		EXPECT(n >= was);
		for (i = 0; i < was; i++)
			EXPECT(!memcmp(&seen[i], &before[i], sizeof(seen[i])));
		memcpy(before, seen, n * sizeof(seen[0]));
		was = n;
	} while (!trace_task(&trace, task)->lost[COV_TRACE_BRANCH]);
	hammer_stop(&hammer);
	EXPECT(was > 1000);
	expect_counts(&trace);
}

struct reader {
	int control;
	int ready;
};

static void read_until_killed(void *data)
{
	struct reader *reader = data;
	struct opened trace = trace_start(reader->control, 1 << 20, 8, COV_TRACE_SYSCALLS);

	MUST(write(reader->ready, "", 1));
	for (;;)
		trace_read(&trace, 0, seen, ROOM);
}

static void reader_that_is_killed_leaves_its_tasks_running(void)
{
	struct cov_trace request = trace_request(CHUNK, 4, 0);
	struct reader reader;
	struct hammer hammer;
	unsigned int i;
	int ready[2];
	char byte;

	MUST(pipe(ready));
	reader = (struct reader){ control_open(), ready[1] };
	attach_traced(reader.control, TARGET, GLOB, COV_ATTACH_RETURNS);
	hammer_as(reader.control, &hammer);
	for (i = 0; i < rounds(10); i++) {
		pid_t pid = start(read_until_killed, &reader);

		MUST(read(ready[0], &byte, 1));
		if (i % 2)
			hammer_pass(&hammer);
		end(pid);
		/* It is gone: there can be another one. */
		CALL(reader.control, COV_IOC_TRACE, &request);
		close(request.fd);
		hammer_pass(&hammer);
	}
	hammer_stop(&hammer);
}

static void die_at_once(void *unused)
{
	int device = MUST(open("/dev/covlife", O_RDWR | O_CLOEXEC));

	(void)unused;
	for (;;)
		MUST(ioctl(device, COVLIFE_LOOP, 1000));
}

static void tasks_are_killed_while_they_write(void)
{
	int fd = control_open();
	struct opened trace;
	unsigned int i;

	attach_traced(fd, TARGET, GLOB, COV_ATTACH_RETURNS);
	trace = trace_start(fd, 1 << 20, 100, COV_TRACE_SYSCALLS);
	track_as(fd, 1);
	for (i = 0; i < rounds(60); i++) {
		pid_t pid = start(die_at_once, NULL);

		if (i % 3)
			EVENTUALLY(trace_recorded(&trace, COV_TRACE_ENTRY) +
				   trace_lost(&trace, COV_TRACE_ENTRY) > 100 * i);
		end(pid);
	}
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	expect_counts(&trace);
}

/* --- modules -------------------------------------------------------------------------------------- */

static void reload(void *unused)
{
	(void)unused;
	unload(TARGET);
	load(module_file(TARGET), "");
}

static void module_that_is_loaded_again_is_traced_again(void)
{
	int fd = control_open();
	struct opened trace;
	uint32_t target = attach_traced(fd, TARGET, GLOB, COV_ATTACH_RETURNS);

	trace = trace_start(fd, CHUNK, 4, 0);
	track_as(fd, 1);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(trace_read(&trace, 0, seen, ROOM), 6);
	/* Its exit and init functions pass places as well: in a task of their own. */
	finish(start(reload, NULL));
	EXPECT_EQ(target_info(fd, target).state, COV_TARGET_LIVE);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(trace_read(&trace, task_of(&trace, getpid()), seen, ROOM), 12);
	EXPECT_EQ(seen[6].record.target, target);
	EXPECT_EQ(seen[6].record.index, seen[0].record.index);
}

static void livecov_stays_while_a_trace_is_open(void)
{
	int fd = control_open();
	struct opened trace = trace_start(fd, CHUNK, 4, COV_TRACE_SYSCALLS);

	close(fd);
	close(trace.fd);
	EXPECT_EQ(try_unload("livecov"), EWOULDBLOCK);
	MUST(munmap((void *)trace.head, trace.length));
	EXPECT_EQ(try_unload("livecov"), 0);
}

static const struct test tests[] = {
	TEST(records_outlive_the_task_and_the_control_file),
	TEST(mapping_keeps_the_trace_when_its_descriptor_is_closed),
	TEST(next_trace_takes_over_tasks_that_run_on),
	TEST(each_trace_counts_the_tasks_that_it_has_no_room_for),
	TEST(trace_is_closed_under_tasks_that_write),
	TEST(trace_opened_inside_a_call_awaits_no_return_of_it),
	TEST(target_is_detached_under_tasks_that_write),
	TEST(control_file_is_closed_under_tasks_that_write),
	TEST(return_of_a_task_that_is_tracked_no_more_is_lost),
	TEST(reader_beside_the_writers_sees_nothing_torn),
	TEST(reader_that_is_killed_leaves_its_tasks_running),
	TEST(tasks_are_killed_while_they_write),
	TEST(module_that_is_loaded_again_is_traced_again),
	TEST(livecov_stays_while_a_trace_is_open),
};

const struct test_group trace_life = TEST_GROUP(tests);
