// SPDX-License-Identifier: GPL-2.0-only
/*
 * engines_counts.c - what is counted, and for whom: nothing is lost and nothing is
 * added, on both CPUs, for samples side by side, and under resets.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engines.h"
#include "module/covlife.h"

/* The engines that arm branches. */
static const unsigned int counting[] = {
	COV_ENGINE_AUTO, COV_ENGINE_DETOUR, COV_ENGINE_BREAKPOINT, COV_ENGINE_KPROBE,
};

/* --- exact ---------------------------------------------------------------------------- */

#define THREADS		2	/* on each CPU */
#define PASS		500	/* calls in one ioctl */

static void *make_calls(void *unused)
{
	int device = MUST(open("/dev/covlife", O_RDWR | O_CLOEXEC));
	unsigned int i, n = rounds(40);

	for (i = 0; i < n; i++)
		MUST(ioctl(device, COVLIFE_LOOP, PASS));
	close(device);
	return unused;
}

static void make_calls_in_threads(void *cpu)
{
	pthread_t threads[THREADS];
	int i;

	pin(*(int *)cpu);
	for (i = 0; i < THREADS; i++)
		EXPECT_EQ(pthread_create(&threads[i], NULL, make_calls, NULL), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void count_exactly(unsigned int engine, unsigned int scope)
{
	const uint64_t calls = 2ULL * THREADS * rounds(40) * PASS;
	int fd = control_open(), cpu;
	struct work_counts counts;
	uint32_t target;
	pid_t pids[2];

	test_case("engine %s, scope %u", engine_name(engine), scope);
	target = attach_with(fd, TARGET, "covlife_[wloe]*", engine, COV_MODE_COUNT, scope);
	track_as(fd, 71);
	for (cpu = 0; cpu < 2; cpu++)
		pids[cpu] = start(make_calls_in_threads, &cpu);
	for (cpu = 0; cpu < 2; cpu++)
		finish(pids[cpu]);
	counts = work_counts(fd, target);
	expect_work(&counts, calls / 2, calls / 2);
	EXPECT_EQ(target_info(fd, target).missed, 0);
	close(fd);
}

static void mode_count_is_exact_on_both_cpus(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counting); i++) {
		count_exactly(counting[i], COV_SCOPE_ALL);
		count_exactly(counting[i], COV_SCOPE_TRACKED);
	}
}

/* Each mode, each engine: what was passed was seen, and nothing else. */
static void every_mode_sees_what_was_passed(void)
{
	static const unsigned int modes[] = { COV_MODE_BLOCKS, COV_MODE_EDGES, COV_MODE_COUNT };
	int fd = control_open(), scope;
	size_t i, m;

	track_as(fd, 72);
	for (i = 0; i < ARRAY_SIZE(counting); i++)
		for (m = 0; m < ARRAY_SIZE(modes); m++)
			for (scope = COV_SCOPE_TRACKED; scope <= COV_SCOPE_ALL; scope++) {
				uint32_t target;

				test_case("engine %s, mode %u, scope %d",
					  engine_name(counting[i]), modes[m], scope);
				target = attach_with(fd, TARGET, "covlife_[wloe]*", counting[i],
						     modes[m], scope);
				EXPECT_EQ(target_info(fd, target).blocks_hit, 0);
				poke(COVLIFE_TASK, 1);
				poke(COVLIFE_TASK, 1);
				EXPECT_EQ(target_info(fd, target).functions_hit, 2);
				EXPECT_EQ(function_hits(fd, target, "covlife_even"), 0);
				EXPECT(function_hits(fd, target, "covlife_odd") >= 1);
				if (modes[m] != COV_MODE_BLOCKS)
					EXPECT_EQ(target_info(fd, target).outcomes_hit, 2);
				with_id(fd, COV_IOC_DETACH, target);
			}
}

/* --- settled ------------------------------------------------------------------------------- */

static bool all_settled(int fd, uint32_t target)
{
	struct cov_function work = function_of(fd, target, "covlife_work");
	struct cov_branch branches[2];

	read_table(fd, COV_IOC_BRANCHES, target, work.first_branch, 2, branches);
	return branches[0].state == COV_SITE_DISARMED && branches[1].state == COV_SITE_DISARMED;
}

/*
 * Each of covlife_work()'s branches has gone one way: neither costs a trap any more. When
 * the other way is gone that is seen, and a reset forgets it.
 */
static void known_outcomes_run_free_until_the_others_come(void)
{
	struct cov_target_info info;
	int fd = control_open(), i;
	uint32_t target = attach_with(fd, TARGET, "covlife_[wloe]*", COV_ENGINE_BREAKPOINT,
				      COV_MODE_EDGES, COV_SCOPE_ALL);

	info = target_info(fd, target);
	for (i = 0; i < 3; i++) {
		poke(COVLIFE_TASK, 1);
		EXPECT_EQ(target_info(fd, target).outcomes_hit, 2);
		EVENTUALLY(all_settled(fd, target));
		EXPECT_EQ(target_info(fd, target).outcomes_hit, 2);
		EXPECT_EQ(target_info(fd, target).sites, info.sites);
		poke(COVLIFE_TASK, 2);
		EXPECT_EQ(target_info(fd, target).outcomes_hit, 3);
		poke(COVLIFE_TASK, COVLIFE_RARE);
		EXPECT_EQ(target_info(fd, target).outcomes_hit, 4);
		with_id(fd, COV_IOC_RESET, target);
		EXPECT_EQ(target_info(fd, target).outcomes_hit, 0);
		EXPECT(!all_settled(fd, target));
	}
	with_id(fd, COV_IOC_DETACH, target);
	expect_clean_text();
}

/* --- samples -------------------------------------------------------------------------------- */

struct sampler {
	int cpu;
	uint64_t sample;
	unsigned long value;	/* of covlife_work() */
};

#define SAMPLED_CALLS	rounds(3000)

static void make_calls_as_a_sample(void *data)
{
	const struct sampler *self = data;
	int fd = control_open(), device = MUST(open("/dev/covlife", O_RDWR | O_CLOEXEC));
	unsigned int i, n = SAMPLED_CALLS;

	pin(self->cpu);
	track_as(fd, self->sample);
	for (i = 0; i < n; i++) {
		MUST(ioctl(device, COVLIFE_TASK, self->value));
		if (i % 16 == 0)
			sched_yield();
	}
	/* What follows is nobody's. */
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	for (i = 0; i < 100; i++)
		MUST(ioctl(device, COVLIFE_TASK, self->value));
}

static void expect_samples(int fd, uint32_t target)
{
	struct work_counts counts;

	show(fd, 81);
	counts = work_counts(fd, target);
	expect_work(&counts, SAMPLED_CALLS, 0);
	show(fd, 82);
	counts = work_counts(fd, target);
	expect_work(&counts, 0, SAMPLED_CALLS);
	show(fd, 0);
	counts = work_counts(fd, target);
	expect_work(&counts, SAMPLED_CALLS, SAMPLED_CALLS);
}

static void run_samples_side_by_side(unsigned int engine, int cpu_of_other)
{
	struct sampler samplers[2] = { { 0, 81, 1 }, { cpu_of_other, 82, 2 } };
	int fd = control_open();
	uint32_t target;
	pid_t pids[2];
	int i;

	test_case("engine %s, CPUs 0 and %d", engine_name(engine), cpu_of_other);
	target = attach_with(fd, TARGET, "covlife_[wloe]*", engine, COV_MODE_COUNT,
			     COV_SCOPE_TRACKED);
	for (i = 0; i < 2; i++)
		pids[i] = start(make_calls_as_a_sample, &samplers[i]);
	for (i = 0; i < 2; i++)
		finish(pids[i]);
	expect_samples(fd, target);
	close(fd);
}

static void samples_side_by_side_get_their_own(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counting); i++) {
		run_samples_side_by_side(counting[i], 1);
		run_samples_side_by_side(counting[i], 0);
	}
}

/* One that comes when sites are armed already, and one that has gone before. */
static void samples_may_come_and_go_while_armed(void)
{
	int fd = control_open(), other = control_open();
	struct work_counts counts;
	uint32_t target;

	track_as(fd, 91);
	target = attach_with(other, TARGET, "covlife_[wloe]*", COV_ENGINE_AUTO, COV_MODE_COUNT,
			     COV_SCOPE_TRACKED);
	poke(COVLIFE_TASK, 1);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	poke(COVLIFE_TASK, 1);
	track_as(fd, 92);
	poke(COVLIFE_TASK, 2);
	close(fd);
	poke(COVLIFE_TASK, 2);
	show(other, 91);
	counts = work_counts(other, target);
	expect_work(&counts, 1, 0);
	show(other, 92);
	counts = work_counts(other, target);
	expect_work(&counts, 0, 1);
}

static void stay_on_the_cpu_as_another_sample(void *data)
{
	int fd = control_open();

	pin(0);
	CALL(fd, COV_IOC_UNREGISTER, NULL);	/* its parent's sample */
	track_as(fd, 84);
	MUST(write(*(int *)data, "", 1));
	for (;;)
		sched_yield();
}

/*
 * A preempt notifier runs when the scheduler has told of the switch already, on behalf of the task
 * that goes (kvm's does a good deal there).
 */
static void what_runs_after_the_tracepoint_of_a_switch_is_the_old_tasks(void)
{
	int fd = control_open(), device = MUST(open("/dev/covlife", O_RDWR | O_CLOEXEC));
	size_t i;

	pin(0);
	track_as(fd, 83);
	for (i = 0; i < ARRAY_SIZE(counting); i++) {
		struct work_counts counts;
		int ready[2], goes;
		uint32_t target;
		pid_t other;
		char byte;

		test_case("engine %s", engine_name(counting[i]));
		target = attach_with(fd, TARGET, "covlife_[wloe]*", counting[i], COV_MODE_COUNT,
				     COV_SCOPE_TRACKED);
		MUST(pipe(ready));
		other = start(stay_on_the_cpu_as_another_sample, &ready[1]);
		MUST(read(ready[0], &byte, 1));
		goes = ioctl(device, COVLIFE_SLEEP, 50);
		MUST(kill(other, SIGKILL));
		MUST(waitpid(other, NULL, 0));
		if (goes < 0 && errno == EOPNOTSUPP)
			skip_test("this kernel has no preempt notifiers");
		EXPECT(goes >= 50);
		show(fd, 83);
		counts = work_counts(fd, target);
		expect_work(&counts, goes, 0);
		show(fd, 84);
		counts = work_counts(fd, target);
		expect_work(&counts, 0, 0);
		show(fd, 0);
		with_id(fd, COV_IOC_DETACH, target);
	}
}

/* --- contexts ------------------------------------------------------------------------------------ */

static void interrupts_are_not_the_tracked_tasks(void)
{
	static const unsigned int elsewhere[] = {
		COVLIFE_IRQ, COVLIFE_SOFTIRQ, COVLIFE_KTHREAD,
	};
	int fd = control_open(), round;
	size_t i, how;

	track_as(fd, 101);
	for (i = 0; i < ARRAY_SIZE(counting); i++) {
		struct work_counts counts;
		uint32_t target;

		test_case("engine %s", engine_name(counting[i]));
		target = attach_with(fd, TARGET, "covlife_[wloe]*", counting[i], COV_MODE_COUNT,
				     COV_SCOPE_TRACKED);
		for (how = 0; how < ARRAY_SIZE(elsewhere); how++)
			for (round = 0; round < 20; round++)
				poke(elsewhere[how], round);
		counts = work_counts(fd, target);
		expect_work(&counts, 0, 0);
		poke(COVLIFE_TASK, 1);
		counts = work_counts(fd, target);
		expect_work(&counts, 1, 0);
		with_id(fd, COV_IOC_DETACH, target);
	}
}

/* A timer's interrupt wherever in the same code the task is just then. */
static void timers_are_not_the_tracked_tasks(void)
{
	const unsigned int fires = 20;
	int fd = control_open(), device = covt_open(), soft;
	size_t i;

	track_as(fd, 102);
	for (i = 0; i < ARRAY_SIZE(counting); i++)
		for (soft = 0; soft < 2; soft++) {
			uint32_t all, tracked;

			test_case("engine %s, %s", engine_name(counting[i]),
				  soft ? "softirq" : "hard interrupt");
			tracked = attach_with(fd, COEXIST_TARGET, "covt_on_timer", counting[i],
					      COV_MODE_COUNT, COV_SCOPE_TRACKED);
			EXPECT_EQ(covt(device, COVT_FN_interrupted, soft, fires, 0), 0);
			EXPECT_EQ(function_hits(fd, tracked, "covt_on_timer"), 0);
			EXPECT_EQ(target_info(fd, tracked).outcomes_hit, 0);
			with_id(fd, COV_IOC_DETACH, tracked);
			all = attach_with(fd, COEXIST_TARGET, "covt_on_timer", counting[i],
					  COV_MODE_COUNT, COV_SCOPE_ALL);
			EXPECT_EQ(covt(device, COVT_FN_interrupted, soft, fires, 0), 0);
			EXPECT_EQ(function_hits(fd, all, "covt_on_timer"), fires);
			with_id(fd, COV_IOC_DETACH, all);
		}
}

/* --- the end of tracking, and resets ---------------------------------------------------------------- */

struct runner {
	int fd;			/* that it is tracked through; not its own */
	unsigned long *calls;
};

/* It rests: whoever changes text waits for every task to be seen to do so. */
static void call_for_ever(void *data)
{
	const struct runner *self = data;
	int device = MUST(open("/dev/covlife", O_RDWR | O_CLOEXEC));

	close(self->fd);
	for (;;) {
		MUST(ioctl(device, COVLIFE_LOOP, 64));
		__atomic_fetch_add(self->calls, 1, __ATOMIC_SEQ_CST);
		usleep(1);
	}
}

static void wait_for_calls(const unsigned long *calls)
{
	unsigned long begun = __atomic_load_n(calls, __ATOMIC_SEQ_CST);

	EVENTUALLY(__atomic_load_n(calls, __ATOMIC_SEQ_CST) >= begun + 3);
}

/* A child that runs all the time was tracked through a file, and then it is not. */
static void close_ends_counting_at_once(void)
{
	int other = control_open();
	unsigned long *calls = shared_memory(sizeof(*calls));
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counting); i++) {
		struct runner runner = { control_open(), calls };
		struct work_counts before, after;
		uint32_t target;
		pid_t pid;

		test_case("engine %s", engine_name(counting[i]));
		target = attach_with(other, TARGET, "covlife_[wloe]*", counting[i], COV_MODE_COUNT,
				     COV_SCOPE_TRACKED);
		track_as(runner.fd, 111);
		pid = start(call_for_ever, &runner);
		wait_for_calls(calls);
		EXPECT(work_counts(other, target).work > 0);
		close(runner.fd);
		EXPECT_EQ(livecov_status(other).tasks, 0);
		/* A call may have been under way. */
		wait_for_calls(calls);
		before = work_counts(other, target);
		wait_for_calls(calls);
		after = work_counts(other, target);
		EXPECT(!memcmp(&before, &after, sizeof(after)));
		end(pid);
		with_id(other, COV_IOC_DETACH, target);
	}
}

static void detach_and_unregister_while_it_runs(void)
{
	int other = control_open();
	unsigned long *calls = shared_memory(sizeof(*calls));
	unsigned int i, n = rounds(6);
	struct runner runner = { control_open(), calls };
	uint32_t target;
	pid_t pid;

	track_as(runner.fd, 112);
	pid = start(call_for_ever, &runner);
	CALL(runner.fd, COV_IOC_UNREGISTER, NULL);
	for (i = 0; i < n; i++) {
		test_case("round %u", i);
		target = attach_with(other, TARGET, NULL, counting[i % 3],
				     1 + i % 3, COV_SCOPE_TRACKED);
		wait_for_calls(calls);
		show(other, 112);
		EXPECT(target_info(other, target).blocks_hit > 0);
		with_id(other, COV_IOC_DETACH, target);
	}
	end(pid);
}

static void reset_forgets_and_loses_no_later_hit(void)
{
	int fd = control_open();
	struct work_counts counts;
	struct hammer hammer;
	unsigned int round;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counting); i++) {
		uint32_t target;

		target = attach_with(fd, TARGET, "covlife_[wloe]*", counting[i], COV_MODE_COUNT,
				     COV_SCOPE_ALL);
		hammer_start(&hammer);
		for (round = 0; round < rounds(10); round++) {
			test_case("engine %s, round %u", engine_name(counting[i]), round);
			with_id(fd, COV_IOC_RESET, target);
			hammer_pass(&hammer);
			counts = work_counts(fd, target);
			EXPECT(counts.odd >= 64 && counts.even >= 64);
		}
		hammer_stop(&hammer);
		with_id(fd, COV_IOC_RESET, target);
		poke(COVLIFE_LOOP, 1000);
		counts = work_counts(fd, target);
		expect_work(&counts, 500, 500);
		with_id(fd, COV_IOC_DETACH, target);
	}
}

/* @calls: how many calls of the target a process that runs beside this has made, or NULL. */
static void reset_again_and_again(int fd, uint32_t target, const unsigned long *calls)
{
	struct cov_target_info info;
	unsigned int round;

	for (round = 0; round < rounds(4); round++) {
		with_id(fd, COV_IOC_RESET, target);
		if (calls)
			wait_for_calls(calls);
		/* At last long enough for somebody to take them out. */
		if (round + 1 == rounds(4))
			usleep(200 * 1000);
		poke(COVLIFE_LOOP, 4);
		info = target_info(fd, target);
		EXPECT_EQ(info.functions_hit, 4);
		if (info.mode == COV_MODE_EDGES)
			EXPECT(info.outcomes_hit >= 3);
	}
}

/* In the modes in which sites that have been seen are taken out. */
static void reset_under_load_sees_everything_again(void)
{
	unsigned long *calls = shared_memory(sizeof(*calls));
	int fd = control_open(), scope;
	struct runner runner = { control_open(), calls };
	size_t i, m;
	pid_t pid;

	pid = start(call_for_ever, &runner);
	track_as(fd, 121);
	for (i = 0; i < ARRAY_SIZE(counting); i++)
		for (m = COV_MODE_BLOCKS; m <= COV_MODE_EDGES; m++)
			for (scope = COV_SCOPE_TRACKED; scope <= COV_SCOPE_ALL; scope++) {
				uint32_t target = attach_with(fd, TARGET, "covlife_[wloe]*",
							      counting[i], m, scope);

				test_case("engine %s, mode %zu, scope %d",
					  engine_name(counting[i]), m, scope);
				reset_again_and_again(fd, target,
						      scope == COV_SCOPE_ALL ? calls : NULL);
				with_id(fd, COV_IOC_DETACH, target);
			}
	end(pid);
}

/* --- nothing but what the original does --------------------------------------------------- */

static void call_at_an_entry_is_made_once(void)
{
	int fd = control_open(), device = MUST(open("/dev/covlife", O_RDWR | O_CLOEXEC));
	unsigned int mode, i, round;

	for (i = 0; i < ARRAY_SIZE(counting); i++)
		for (mode = COV_MODE_BLOCKS; mode <= COV_MODE_COUNT; mode++) {
			uint32_t target = attach_with(fd, TARGET, "call_first", counting[i], mode,
						      COV_SCOPE_ALL);

			test_case("engine %s, mode %u", engine_name(counting[i]), mode);
			for (round = 0; round < 3; round++)
				EXPECT_EQ(ioctl(device, COVLIFE_CALL_FIRST), 2);
			EXPECT(function_hits(fd, target, "call_first") > 0);
			with_id(fd, COV_IOC_DETACH, target);
		}
	close(device);
}

static const struct test tests[] = {
	TEST(mode_count_is_exact_on_both_cpus),
	TEST(call_at_an_entry_is_made_once),
	TEST(every_mode_sees_what_was_passed),
	TEST(known_outcomes_run_free_until_the_others_come),
	TEST(samples_side_by_side_get_their_own),
	TEST(samples_may_come_and_go_while_armed),
	TEST(what_runs_after_the_tracepoint_of_a_switch_is_the_old_tasks),
	TEST(interrupts_are_not_the_tracked_tasks),
	TEST(timers_are_not_the_tracked_tasks),
	TEST(close_ends_counting_at_once),
	TEST(detach_and_unregister_while_it_runs),
	TEST(reset_forgets_and_loses_no_later_hit),
	TEST(reset_under_load_sees_everything_again),
};

const struct test_group engines_counts = TEST_GROUP(tests);
