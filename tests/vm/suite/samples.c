// SPDX-License-Identifier: GPL-2.0-only
/*
 * samples.c - a thousand samples at the same time, in processes and in threads of one:
 * what livecov says of each is what its own calls imply, and nothing of the others'.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "samples_expected.h"

#define PROCESSES	1000
#define THREADS		64
#define CALLS		4

/* Ids that have nothing to do with the order. */
static uint64_t id_of(unsigned int sample)
{
	return 0x100000000ULL + sample * 7919ULL % 104729;
}

/* No two samples have the same. */
static uint64_t mask_of(unsigned int sample)
{
	uint64_t mask = (sample + 1) * 0x9e3779b97f4a7c15ULL;

	return mask ^ mask >> 31;
}

/*
 * What a sample calls, each @times: two of all calls, one that gives the CPU away
 * in its middle, and one with jumps of the sample's own.
 */
static void choose_calls(unsigned int sample, struct call list[CALLS],
			 struct coverage *implied, unsigned int times)
{
	memset(implied, 0, sizeof(*implied));
	list[0] = expected_call(sample, implied, times);
	list[1] = expected_call_of(COVT_FN_give_way, sample / 3, implied, times);
	list[2] = expected_ifs(mask_of(sample), implied, times);
	list[3] = expected_call(sample / expected_calls() + 5 * sample + 3, implied, times);
}

static unsigned int how_often(void)
{
	return rounds(3);
}

static void work(int device, unsigned int sample)
{
	struct coverage implied;
	struct call list[CALLS];
	unsigned int round, i;

	choose_calls(sample, list, &implied, 0);
	for (round = 0; round < how_often(); round++)
		for (i = 0; i < CALLS; i++) {
			struct covt_call call = {
				.func = list[i].function,
				.a = list[i].a,
				.b = list[i].b,
				.c = list[i].c,
			};

			MUST(ioctl(device, COVT_IOC_CALL, &call));
			EXPECT_EQ(call.result, list[i].result);
			sched_yield();
		}
}

/* Each sample by itself, and in mode count the sum of all. */
static void expect_samples(int fd, uint32_t target, unsigned int count, unsigned int mode)
{
	static struct coverage said, implied, sum;
	struct call list[CALLS];
	struct cov_view view;
	unsigned int i, k;

	for (i = 0; i < count; i++) {
		test_case("sample %u", i);
		choose_calls(i, list, &implied, how_often());
		view.sample = id_of(i);
		CALL(fd, COV_IOC_VIEW, &view);
		coverage_read(fd, target, &said);
		expect_coverage(&said, &implied, mode);
		for (k = 0; k < MAX_FUNCTIONS; k++)
			sum.entries[k] += implied.entries[k];
		for (k = 0; k < MAX_ITEMS; k++)
			sum.items[k] |= implied.items[k];
	}
	test_case("all samples");
	view.sample = 0;
	CALL(fd, COV_IOC_VIEW, &view);
	coverage_read(fd, target, &said);
	expect_coverage(&said, &sum, mode);
}

/* --- processes -------------------------------------------------------------------------- */

/* Samples that are all there before the first begins. */
struct crowd {
	int fd;
	int device;
	unsigned int sample;	/* of the process that is started next */
	int ready[2];		/* a pipe: a byte from each */
	int go[2];		/* a pipe: its end is the sign */
};

static void register_sample(int fd, unsigned int sample)
{
	struct cov_register reg = { .sample = id_of(sample) };

	CALL(fd, COV_IOC_REGISTER, &reg);
}

static void be_a_process(void *data)
{
	const struct crowd *crowd = data;
	char byte;

	close(crowd->go[1]);
	register_sample(crowd->fd, crowd->sample);
	MUST(write(crowd->ready[1], "", 1));
	EXPECT_EQ(read(crowd->go[0], &byte, 1), 0);
	work(crowd->device, crowd->sample);
}

static void run_processes(int fd, int device)
{
	struct crowd crowd = { .fd = fd, .device = device };
	static pid_t pids[PROCESSES];
	unsigned int i;
	char byte;

	MUST(pipe(crowd.ready));
	MUST(pipe(crowd.go));
	for (i = 0; i < PROCESSES; i++) {
		crowd.sample = i;
		pids[i] = start(be_a_process, &crowd);
	}
	for (i = 0; i < PROCESSES; i++)
		MUST(read(crowd.ready[0], &byte, 1));
	EXPECT_EQ(livecov_status(fd).tasks, PROCESSES);
	close(crowd.go[1]);
	for (i = 0; i < PROCESSES; i++)
		finish(pids[i]);
	EXPECT_EQ(livecov_status(fd).tasks_lost, 0);
}

/* --- threads ------------------------------------------------------------------------------ */

struct thread {
	int fd;
	int device;
	unsigned int sample;
	pthread_barrier_t *barrier;
};

static void *be_a_thread(void *data)
{
	const struct thread *thread = data;

	register_sample(thread->fd, thread->sample);
	pthread_barrier_wait(thread->barrier);
	/* All are there, and counted: none may go before that. */
	pthread_barrier_wait(thread->barrier);
	work(thread->device, thread->sample);
	return NULL;
}

/* Their process makes calls as well, and is no sample. */
static void run_threads(int fd, int device)
{
	static struct thread threads[THREADS];
	pthread_barrier_t barrier;
	pthread_t ids[THREADS];
	unsigned int i;

	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (i = 0; i < THREADS; i++) {
		threads[i] = (struct thread){ fd, device, i, &barrier };
		EXPECT_EQ(pthread_create(&ids[i], NULL, be_a_thread, &threads[i]), 0);
	}
	pthread_barrier_wait(&barrier);
	EXPECT_EQ(livecov_status(fd).tasks, THREADS);
	pthread_barrier_wait(&barrier);
	work(device, PROCESSES);
	for (i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
}

/* --- traces ------------------------------------------------------------------------------- */

/* Not enough for all that they do: what does not fit is lost to the trace, not to the samples. */
static void trace_them(int fd)
{
	struct cov_trace trace = { .size = 1 << 20, .tasks = PROCESSES };

	CALL(fd, COV_IOC_TRACE, &trace);
}

/* --- the tests ------------------------------------------------------------------------------- */

static void each_has_its_own(unsigned int mode, unsigned int count,
			     void (*run)(int fd, int device))
{
	int fd = control_open(), device;
	uint32_t target;

	if (!is_loaded("covtarget"))
		modprobe("covtarget");
	device = MUST(open(COVT_PATH, O_RDWR | O_CLOEXEC));
	expected_load();
	EXPECT(expected_calls() > 100);
	EXPECT(expected_items() > 300);
	target = expected_attach(fd, mode);
	if (mode == COV_MODE_TRACE)
		trace_them(fd);
	run(fd, device);
	expect_samples(fd, target, count, mode);
}

static void thousand_processes_cover_what_each_calls_in_mode_edges(void)
{
	each_has_its_own(COV_MODE_EDGES, PROCESSES, run_processes);
}

static void thousand_processes_cover_what_each_calls_in_mode_blocks(void)
{
	each_has_its_own(COV_MODE_BLOCKS, PROCESSES, run_processes);
}

static void thousand_processes_cover_what_each_calls_in_mode_count(void)
{
	each_has_its_own(COV_MODE_COUNT, PROCESSES, run_processes);
}

static void thousand_processes_cover_what_each_calls_in_mode_trace(void)
{
	each_has_its_own(COV_MODE_TRACE, PROCESSES, run_processes);
}

static void threads_of_one_process_cover_what_each_calls_in_mode_edges(void)
{
	each_has_its_own(COV_MODE_EDGES, THREADS, run_threads);
}

static void threads_of_one_process_cover_what_each_calls_in_mode_blocks(void)
{
	each_has_its_own(COV_MODE_BLOCKS, THREADS, run_threads);
}

static void threads_of_one_process_cover_what_each_calls_in_mode_count(void)
{
	each_has_its_own(COV_MODE_COUNT, THREADS, run_threads);
}

static void threads_of_one_process_cover_what_each_calls_in_mode_trace(void)
{
	each_has_its_own(COV_MODE_TRACE, THREADS, run_threads);
}

static const struct test tests[] = {
	TEST(threads_of_one_process_cover_what_each_calls_in_mode_edges),
	TEST(threads_of_one_process_cover_what_each_calls_in_mode_blocks),
	TEST(threads_of_one_process_cover_what_each_calls_in_mode_count),
	TEST(threads_of_one_process_cover_what_each_calls_in_mode_trace),
	TEST(thousand_processes_cover_what_each_calls_in_mode_edges),
	TEST(thousand_processes_cover_what_each_calls_in_mode_blocks),
	TEST(thousand_processes_cover_what_each_calls_in_mode_count),
	TEST(thousand_processes_cover_what_each_calls_in_mode_trace),
};

int main(int argc, char **argv)
{
	const struct test_group groups[] = { TEST_GROUP(tests) };

	return suite_main(groups, ARRAY_SIZE(groups), argc, argv);
}
