// SPDX-License-Identifier: GPL-2.0-only
/*
 * coexist.c - others patch the text that livecov has patched, while both CPUs run
 * it: ftrace, perf, BPF, static keys and calls, module loading. Every result stays
 * right, and afterwards every byte is as it was. coexist_probes.c has the kprobes.
 */
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "coexist.h"

/* kprobes would take minutes to arm it all, again and again. */
static const unsigned int engines[] = { COV_ENGINE_DETOUR, COV_ENGINE_BREAKPOINT };

/*
 * Do @disturb again and again, with workers, and attach and detach meanwhile, with
 * each engine in turn.
 */
static void disturb_while_armed(void (*disturb)(unsigned int round), unsigned int n)
{
	static struct text clean, now;
	struct workers workers;
	int fd = control_open();
	unsigned int i;

	need_engine(fd, COV_ENGINE_DETOUR);
	workers_start(&workers);
	covtarget_text(&clean);
	for (i = 0; i < n; i++) {
		uint32_t target = attach_covtarget(fd, engines[i % ARRAY_SIZE(engines)]);

		test_case("round %u", i);
		disturb(2 * i);
		workers_pass(&workers);
		EXPECT(target_info(fd, target).outcomes_hit > 0);
		disturb(2 * i + 1);
		with_id(fd, COV_IOC_DETACH, target);
	}
	workers_stop(&workers);
	covtarget_text(&now);
	expect_same_text(&clean, &now);
}

/* --- ftrace ------------------------------------------------------------------------- */

/* Without a line feed it is the name of a function that there is not, and all of them are traced. */
static void switch_function_tracer(unsigned int round)
{
	write_file(TRACEFS "set_ftrace_filter", "*:mod:" COEXIST_TARGET "\n");
	write_file(TRACEFS "current_tracer", round % 2 ? "nop" : "function");
}

static void function_tracer_is_switched_while_armed(void)
{
	disturb_while_armed(switch_function_tracer, rounds(4));
	write_file(TRACEFS "current_tracer", "nop");
}

/* --- static keys and calls ------------------------------------------------------------ */

static void switch_key_and_call(unsigned int round)
{
	int device = covt_open();
	bool on = round % 2 == 0;

	covt(device, COVT_FN_static_key_set, on, 0, 0);
	covt(device, COVT_FN_key_beside_set, on, 0, 0);
	covt(device, COVT_FN_call_beside_set, on, 0, 0);
	EXPECT_EQ(covt(device, COVT_FN_static_key, 0, 0, 0), on ? 1 : 2);
	EXPECT_EQ(covt(device, COVT_FN_key_beside, 1, 1, 0), on ? 5 : 6);
	EXPECT_EQ(covt(device, COVT_FN_key_beside, 1, 0, 0), on ? 1 : 2);
	EXPECT_EQ(covt(device, COVT_FN_key_beside, 0, 1, 0), 4);
	EXPECT_EQ(covt(device, COVT_FN_key_first, 0, 0, 0), on ? 1 : 2);
	EXPECT_EQ(covt(device, COVT_FN_call_beside, 3, 1, 0), on ? -2 : 7);
	EXPECT_EQ(covt(device, COVT_FN_call_beside, 3, 0, 0), on ? -3 : 6);
	close(device);
}

static void static_keys_and_calls_are_switched_while_armed(void)
{
	disturb_while_armed(switch_key_and_call, rounds(6));
}

/* Until it is ended. */
static void keep_switching(void *unused)
{
	unsigned int round;

	(void)unused;
	for (round = 0;; round++)
		switch_key_and_call(round);
}

/* While the kernel switches one, there is an int3 in its place. */
static void attach_while_keys_are_switched_finds_as_many_blocks(void)
{
	struct cov_target_info info, first;
	int fd = control_open();
	unsigned int i;
	uint32_t target;
	pid_t child;

	close(covt_open());
	target = attach_covtarget(fd, COV_ENGINE_AUTO);
	first = target_info(fd, target);
	with_id(fd, COV_IOC_DETACH, target);
	child = start(keep_switching, NULL);
	for (i = 0; i < rounds(40); i++) {
		test_case("round %u", i);
		target = attach_covtarget(fd, COV_ENGINE_AUTO);
		info = target_info(fd, target);
		with_id(fd, COV_IOC_DETACH, target);
		EXPECT_EQ(info.blocks, first.blocks);
		EXPECT_EQ(info.branches, first.branches);
	}
	end(child);
}

/* --- interrupts ---------------------------------------------------------------------------- */

static void interrupt_and_nmi(unsigned int round)
{
	int device = covt_open();

	EXPECT_EQ(covt(device, COVT_FN_interrupted, round % 2, 3, 0), 0);
	/* An NMI for every other CPU, wherever it is just then. */
	write_file("/proc/sysrq-trigger", "l");
	close(device);
}

static void interrupts_and_nmis_come_while_armed(void)
{
	write_file("/proc/sys/kernel/sysrq", "1");
	disturb_while_armed(interrupt_and_nmi, rounds(4));
}

/* --- other programs ----------------------------------------------------------------------------- */

static void need_program(const char *path)
{
	if (access(path, X_OK))
		skip_test("there is no %s", path);
}

#define SAMPLE_PAGES	64

/* What perf record -a -g does on one CPU, without reading its files through the runner's 9p. */
static int perf_open(int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.freq = 1,
		.sample_freq = 500,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN,
	};

	return MUST(syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC));
}

static void sample_with_perf(unsigned int round)
{
	size_t size = (1 + SAMPLE_PAGES) * getpagesize();
	struct perf_event_mmap_page *buffers[2];
	int i, events[2];

	(void)round;
	for (i = 0; i < 2; i++) {
		events[i] = perf_open(i);
		buffers[i] = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, events[i], 0);
		EXPECT(buffers[i] != MAP_FAILED);
	}
	for (i = 0; i < 2; i++) {
		EVENTUALLY(*(volatile __u64 *)&buffers[i]->data_head > 0);
		munmap(buffers[i], size);
		close(events[i]);
	}
}

static void perf_samples_while_armed(void)
{
	disturb_while_armed(sample_with_perf, rounds(4));
}

static void run_bpftrace(unsigned int round)
{
	static const char *const argv[] = {
		"/usr/bin/timeout", "60", "/usr/bin/bpftrace", "-q", "-e",
		"kprobe:covt_if_else, kretprobe:covt_while_loop { @ = count(); }"
		" interval:s:1 { exit(); }", NULL,
	};

	if (round % 2 == 0)
		EXPECT_EQ(run_program(argv), 0);
}

static void bpftrace_probes_while_armed(void)
{
	need_program("/usr/bin/bpftrace");
	disturb_while_armed(run_bpftrace, rounds(2));
}

/* --- load and unload -------------------------------------------------------------------------------- */

static void expect_text_of_a_clean_load(const struct text *clean)
{
	static struct text now;

	covtarget_text(&now);
	expect_same_text(clean, &now);
}

static void target_is_reloaded_while_attached(void)
{
	int fd = control_open(), device = covt_open();
	static struct text clean;
	unsigned int i;

	need_engine(fd, COV_ENGINE_DETOUR);
	covtarget_text(&clean);
	for (i = 0; i < rounds(6); i++) {
		uint32_t target = attach_covtarget(fd, engines[i % ARRAY_SIZE(engines)]);

		exercise(device);
		close(device);
		EVENTUALLY(try_unload(COEXIST_TARGET) == 0);
		EXPECT_EQ(target_info(fd, target).state, COV_TARGET_GONE);
		device = covt_open();
		EXPECT_EQ(target_info(fd, target).state, COV_TARGET_LIVE);
		exercise(device);
		with_id(fd, COV_IOC_DETACH, target);
		expect_text_of_a_clean_load(&clean);
		exercise(device);
	}
	/* Loaded as livecov has never seen it: the same bytes. */
	close(device);
	EVENTUALLY(try_unload(COEXIST_TARGET) == 0);
	device = covt_open();
	expect_text_of_a_clean_load(&clean);
}

static const struct test tests[] = {
	TEST(function_tracer_is_switched_while_armed),
	TEST(static_keys_and_calls_are_switched_while_armed),
	TEST(attach_while_keys_are_switched_finds_as_many_blocks),
	TEST(interrupts_and_nmis_come_while_armed),
	TEST(target_is_reloaded_while_attached),
};

static const struct test programs[] = {
	TEST(perf_samples_while_armed),
	TEST(bpftrace_probes_while_armed),
};

int main(int argc, char **argv)
{
	const struct test_group groups[] = {
		TEST_GROUP(tests), coexist_probes, TEST_GROUP(programs),
	};

	return suite_main(groups, ARRAY_SIZE(groups), argc, argv);
}
