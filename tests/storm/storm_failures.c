// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm_failures.c - memory that is not there: in every call, each allocation in turn
 * (/proc/thread-self/fail-nth), then any of them (probability, for this task alone). Needs
 * a kernel with fault injection. A call that fails has changed nothing, and what undoes
 * something does not fail.
 *
 * Of kprobes at function entries, and of kretprobes, the kernel itself warns when there is no
 * memory to change ftrace's filter: so memory does not fail while these come and go.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "storm.h"
#include "../vm/suite/module/covlife.h"

#define DEBUGFS	"/sys/kernel/debug/"

static const char *const injectors[] = { "failslab", "fail_page_alloc" };

static void set_injector(const char *injector, const char *attribute, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", injector, attribute);
	if (!access(path, W_OK))
		write_file(path, value);
}

static void set_injectors(const char *probability, const char *times)
{
	size_t i;

	/* By fail-nth alone; without a word in the log. */
	set_injector("fail_usercopy", "verbose", "0");
	for (i = 0; i < ARRAY_SIZE(injectors); i++) {
		set_injector(injectors[i], "ignore-gfp-wait", "N");
		set_injector(injectors[i], "ignore-gfp-highmem", "N");
		set_injector(injectors[i], "cache-filter", "N");
		set_injector(injectors[i], "min-order", "0");
		set_injector(injectors[i], "verbose", "0");
		set_injector(injectors[i], "task-filter", "Y");
		set_injector(injectors[i], "interval", "1");
		set_injector(injectors[i], "times", times);
		set_injector(injectors[i], "probability", probability);
	}
}

static void need_failing_allocations(void)
{
	if (access(DEBUGFS "failslab/probability", W_OK) ||
	    access("/proc/thread-self/fail-nth", W_OK))
		skip_test("this kernel has no fault injection");
}

/* --- calls --------------------------------------------------------------------------------- */

/* Fails to allocate in it if it is told to; 0 or a positive errno. */
typedef int (*failing_call)(int fd, unsigned int cmd, void *arg);

static int fail_nth_fd, make_it_fail_fd;
static unsigned int nth;
static bool injected;

/**
 * struct trial - a call in which memory fails
 * @cmd: its number
 * @name: and name
 * @made: how often it was called like that
 * @failed: how often it has failed then
 */
struct trial {
	unsigned int cmd;
	const char *name;
	unsigned long made;
	unsigned long failed;
};

#define TRIAL(cmd)	{ cmd, #cmd, 0, 0 }

/* Every call of cov_ioctl.h: tests/unit/test_storm.py knows if one is missing. */
static struct trial trials[] = {
	TRIAL(COV_IOC_VERSION),
	TRIAL(COV_IOC_LAST_ERROR),
	TRIAL(COV_IOC_STATUS),
	TRIAL(COV_IOC_TARGET),
	TRIAL(COV_IOC_ATTACH),
	TRIAL(COV_IOC_ARM),
	TRIAL(COV_IOC_KEEP),
	TRIAL(COV_IOC_DETACH),
	TRIAL(COV_IOC_RESET),
	TRIAL(COV_IOC_FUNCTIONS),
	TRIAL(COV_IOC_BLOCKS),
	TRIAL(COV_IOC_BRANCHES),
	TRIAL(COV_IOC_SECTIONS),
	TRIAL(COV_IOC_NAMES),
	TRIAL(COV_IOC_TEXT),
	TRIAL(COV_IOC_ENGINES),
	TRIAL(COV_IOC_VIEW),
	TRIAL(COV_IOC_SAMPLES),
	TRIAL(COV_IOC_MAP),
	TRIAL(COV_IOC_TRACE),
	TRIAL(COV_IOC_REFUSALS),
	TRIAL(COV_IOC_EDGES),
	TRIAL(COV_IOC_OUTCOMES),
	TRIAL(COV_IOC_REGISTER),
	TRIAL(COV_IOC_UNREGISTER),
	TRIAL(COV_IOC_CHECKPOINT_ADD),
	TRIAL(COV_IOC_CHECKPOINT_DEL),
	TRIAL(COV_IOC_CHECKPOINT_SWITCH),
	TRIAL(COV_IOC_OUTCOME_SWITCH),
	TRIAL(COV_IOC_CALLERS),
	TRIAL(COV_IOC_NEWS),
};

static void note_trial(unsigned int cmd, int err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(trials); i++)
		if (trials[i].cmd == cmd) {
			trials[i].made++;
			trials[i].failed += err != 0;
		}
}

static void expect_each_was_tried(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(trials); i++)
		if (!trials[i].made)
			FAIL("%s was never tried", trials[i].name);
}

/* The first thing that can fail of one with an argument is to copy it, or the room for it. */
static void expect_each_has_failed(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(trials); i++)
		if (_IOC_SIZE(trials[i].cmd) && !trials[i].failed)
			FAIL("%s has never failed", trials[i].name);
}

/* Its @nth allocation, if it comes to that. */
static int with_nth_failing(int fd, unsigned int cmd, void *arg)
{
	char text[16];
	int err, len = snprintf(text, sizeof(text), "%u", nth);

	MUST(pwrite(fail_nth_fd, text, len, 0));
	err = try_call(fd, cmd, arg);
	memset(text, 0, sizeof(text));
	/* If it has not come to that, it may be these that fail. */
	while (pread(fail_nth_fd, text, sizeof(text) - 1, 0) < 0)
		;
	while (pwrite(fail_nth_fd, "0", 1, 0) < 0)
		;
	injected |= atoi(text) == 0;
	note_trial(cmd, err);
	return err;
}

static int with_any_failing(int fd, unsigned int cmd, void *arg)
{
	int err;

	MUST(pwrite(make_it_fail_fd, "1", 1, 0));
	err = try_call(fd, cmd, arg);
	MUST(pwrite(make_it_fail_fd, "0", 1, 0));
	note_trial(cmd, err);
	return err;
}

static void expect_memory_error(int err, const char *name)
{
	/* User copies are made to fail as well. */
	if (err && err != ENOMEM && err != EFAULT)
		FAIL("%s failed with %s: expected ENOMEM", name, strerror(err));
}

#define TRY(call, fd, cmd, arg)						\
({									\
	int try_ = call(fd, cmd, arg);					\
									\
	expect_memory_error(try_, #cmd);				\
	try_;								\
})

/* What comes next wants it done. */
#define TRY_DO(call, fd, cmd, arg)					\
do {									\
	if (TRY(call, fd, cmd, arg))					\
		CALL(fd, cmd, arg);					\
} while (0)

static void read_tables(failing_call call, int fd, uint32_t target)
{
	static const unsigned int cmds[] = {
		COV_IOC_FUNCTIONS, COV_IOC_BLOCKS, COV_IOC_BRANCHES, COV_IOC_SECTIONS,
		COV_IOC_NAMES, COV_IOC_EDGES, COV_IOC_OUTCOMES,
	};
	static unsigned char room[64 << 10];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		struct cov_range range = {
			.target = target, .count = 100, .buffer = (uintptr_t)room,
		};

		TRY(call, fd, cmds[i], &range);
	}
}

/* Callers, what is new, and the text as it was. */
static void read_records(failing_call call, int fd, uint32_t target)
{
	static unsigned char room[64 << 10];
	struct cov_target_info info = { .target = target };
	struct cov_callers callers = {
		.target = target, .count = 100, .buffer = (uintptr_t)room,
	};
	struct cov_text text = { .target = target, .length = 64, .buffer = (uintptr_t)room };
	struct cov_news news;

	TRY(call, fd, COV_IOC_CALLERS, &callers);
	TRY(call, fd, COV_IOC_NEWS, &news);
	CALL(fd, COV_IOC_TARGET, &info);
	text.address = info.text_base;
	TRY(call, fd, COV_IOC_TEXT, &text);
}

/* Another sample's view, and back. */
static void look_through(failing_call call, int fd, uint64_t sample)
{
	struct cov_view view = { .sample = sample };
	int err = call(fd, COV_IOC_VIEW, &view);

	/* To register it may have failed. */
	if (err != ENOENT)
		expect_memory_error(err, "COV_IOC_VIEW");
	view.sample = 0;
	CALL(fd, COV_IOC_VIEW, &view);
}

static void trace_a_little(failing_call call, int fd)
{
	struct cov_trace trace = { .size = 1 << 16, .tasks = 4 };

	TRY_DO(call, fd, COV_IOC_TRACE, &trace);
	track_as(fd, 1);
	poke(COVLIFE_LOOP, 4);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	close(trace.fd);
}

static void ask(failing_call call, int fd, uint32_t target, uint64_t sample)
{
	struct cov_target_info info = { .target = target };
	struct cov_engines engines = { .target = target };
	struct cov_refusals refusals = { .target = target };
	struct cov_map map = { .target = target, .sample = sample };
	struct cov_version version;
	struct cov_status status;
	struct cov_error error;
	uint64_t ids[16];
	struct cov_samples samples = { .count = 16, .buffer = (uintptr_t)ids };
	void *cells;

	TRY(call, fd, COV_IOC_VERSION, &version);
	TRY(call, fd, COV_IOC_LAST_ERROR, &error);
	TRY(call, fd, COV_IOC_STATUS, &status);
	TRY(call, fd, COV_IOC_TARGET, &info);
	TRY(call, fd, COV_IOC_ENGINES, &engines);
	TRY(call, fd, COV_IOC_REFUSALS, &refusals);
	TRY(call, fd, COV_IOC_SAMPLES, &samples);
	read_tables(call, fd, target);
	read_records(call, fd, target);
	look_through(call, fd, sample);
	trace_a_little(call, fd);
	if (call(fd, COV_IOC_MAP, &map) || !map.length)
		return;
	cells = mmap(NULL, map.length, PROT_READ, MAP_SHARED, fd, map.offset);
	if (cells != MAP_FAILED)
		munmap(cells, map.length);
}

/*
 * A checkpoint on a function of the kernel keeps ftrace's filter in use all the time (hold()), so
 * what ftrace had no memory to take out leaves it a little later.
 */
static void expect_text_will_be_clean(void)
{
	EVENTUALLY(!count_lines("/sys/kernel/tracing/enabled_functions", "[" TARGET "]"));
	expect_clean_text();
}

/* Written in assembly, they have no place of ftrace's: a kprobe on them is an int3. */
#define NO_PLACES_OF_FTRACES	"covlife_stay*"

/* May ftrace have to arm or disarm a probe of the kernel's? */
static bool has_probes_of_ftraces(int fd, const struct cov_attach *request)
{
	struct cov_engines engines = { .target = request->target };

	CALL(fd, COV_IOC_ENGINES, &engines);
	return request->flags & COV_ATTACH_RETURNS ||
	       (engines.sites[COV_ENGINE_KPROBE] && request->engine != COV_ENGINE_KPROBE);
}

static void arm_in_the_end(failing_call call, int fd, const struct cov_attach *request)
{
	struct cov_arm arming = { .target = request->target, .max = ~0U };

	if (!(request->flags & COV_ATTACH_RETURNS))
		TRY(call, fd, COV_IOC_ARM, &arming);
	else
		arm(fd, request->target);
}

/* Sites that were not armed for want of memory may stay so. */
static void reset(failing_call call, int fd, const struct cov_attach *request)
{
	struct cov_target_id id = { .target = request->target };

	if (has_probes_of_ftraces(fd, request))
		with_id(fd, COV_IOC_RESET, request->target);
	else
		TRY(call, fd, COV_IOC_RESET, &id);
}

/* A detach that was turned away for its argument could not be had has changed nothing. */
static void detach_in_the_end(failing_call call, int fd, const struct cov_attach *request)
{
	struct cov_target_id id = { .target = request->target };

	if (has_probes_of_ftraces(fd, request))
		with_id(fd, COV_IOC_DETACH, request->target);
	else
		TRY_DO(call, fd, COV_IOC_DETACH, &id);
	expect_text_will_be_clean();
}

static void register_and_unregister(failing_call call, int fd, uint64_t sample)
{
	struct cov_register reg = { .sample = sample };

	TRY_DO(call, fd, COV_IOC_REGISTER, &reg);
	poke(COVLIFE_LOOP, 4);
	poke(COVLIFE_STAY, 1);
	TRY_DO(call, fd, COV_IOC_UNREGISTER, NULL);
}

/* In assembly: ftrace has no place there. And no CPU of ours runs it. The other one is ftrace's. */
#define NOT_FTRACES	"clear_page_rep"
#define FTRACES		"sched_getaffinity"

static struct cov_checkpoint_add on_function(const char *name, const char *function)
{
	struct cov_checkpoint_add add = {
		.module = COV_CORE_KERNEL, .levels = 1, .scope = COV_SCOPE_ALL,
	};

	snprintf(add.name, sizeof(add.name), "%s", name);
	snprintf(add.function, sizeof(add.function), "%s", function);
	return add;
}

/* The function has no branches: nothing leads there. */
static void switch_outcome(failing_call call, int fd, uint32_t target)
{
	struct cov_outcome_switch request = { .target = target, .to = COV_OUTCOME_OFF };
	int err = call(fd, COV_IOC_OUTCOME_SWITCH, &request);

	if (err != ENOENT)
		expect_memory_error(err ?: EDOM, "COV_IOC_OUTCOME_SWITCH");
}

static void checkpoint(failing_call call, int fd)
{
	struct cov_checkpoint_add add = on_function("storm", any(2) ? FTRACES : NOT_FTRACES);
	struct cov_checkpoint_switch toggle = { .glob = "storm" };
	struct cov_checkpoint_del del = { .name = "storm" };

	TRY_DO(call, fd, COV_IOC_CHECKPOINT_ADD, &add);
	poke(COVLIFE_LOOP, 4);
	for (toggle.on = 0; toggle.on < 2; toggle.on++)
		TRY(call, fd, COV_IOC_CHECKPOINT_SWITCH, &toggle);
	switch_outcome(call, fd, add.target);
	TRY_DO(call, fd, COV_IOC_CHECKPOINT_DEL, &del);
}

/* One that failed has attached nothing; then without a failure, for all that comes next. */
static void attach_in_the_end(failing_call call, int fd, struct cov_attach *request)
{
	if (!TRY(call, fd, COV_IOC_ATTACH, request))
		return;
	EXPECT_EQ(livecov_status(fd).targets, 1);
	attach(fd, request);
}

/* Every call in its turn; @call makes some of them fail. */
static void live_a_life(failing_call call, const struct cov_attach *like)
{
	struct cov_attach request = *like;
	struct cov_target_id id = { 0 };
	int fd = control_open();
	uint64_t sample = 1 + any(4);

	register_and_unregister(call, fd, sample);
	checkpoint(call, fd);
	expect_text_will_be_clean();
	attach_in_the_end(call, fd, &request);
	arm_in_the_end(call, fd, &request);
	poke(COVLIFE_LOOP, 4);
	register_and_unregister(call, fd, sample);
	ask(call, fd, request.target, request.scope == COV_SCOPE_TRACKED ? sample : 0);
	id.target = request.target;
	TRY(call, fd, COV_IOC_KEEP, &id);
	reset(call, fd, &request);
	poke(COVLIFE_LOOP, 4);
	detach_in_the_end(call, fd, &request);
	close(fd);
}

/* Kprobes alone where they are not ftrace's. */
static struct cov_attach any_failing_attach(void)
{
	struct cov_attach request = any_attach(TARGET);

	if (request.engine == COV_ENGINE_KPROBE) {
		request.flags &= ~COV_ATTACH_RETURNS;
		choose(&request, NO_PLACES_OF_FTRACES);
	}
	return request;
}

/* The first: it leaves nothing to probes of the kernel's, for which a call would have peace. */
static struct cov_attach every_call_attach(void)
{
	struct cov_attach request = attach_request(TARGET);

	request.engine = COV_ENGINE_DETOUR;
	return request;
}

/* Where one failure follows another, those two may leave places of ftrace's to kprobes. */
static struct cov_attach any_often_failing_attach(void)
{
	struct cov_attach request;

	do
		request = any_failing_attach();
	while (request.engine == COV_ENGINE_AUTO || request.engine == COV_ENGINE_BREAKPOINT);
	return request;
}

static void name_case(const struct cov_attach *request)
{
	test_case("engine %u, mode %u, scope %u, flags %#x, allocation %u", request->engine,
		  request->mode, request->scope, request->flags, nth);
}

static void hold(void)
{
	struct cov_checkpoint_add add = on_function("held", "sched_setaffinity");
	int fd = control_open();

	CALL(fd, COV_IOC_CHECKPOINT_ADD, &add);
	close(fd);
}

static void release(void)
{
	struct cov_checkpoint_del del = { .name = "held" };
	int fd = control_open();

	CALL(fd, COV_IOC_CHECKPOINT_DEL, &del);
	close(fd);
}

/* --- storms -------------------------------------------------------------------------------------- */

static void prepare(const char *name, const char *probability)
{
	need_failing_allocations();
	fail_nth_fd = MUST(open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC));
	make_it_fail_fd = MUST(open("/proc/self/make-it-fail", O_RDWR | O_CLOEXEC));
	storm_begin(name);
	hold();
	set_injectors(probability, "-1");
}

static void stop_failing(void)
{
	set_injectors("0", "-1");
	release();
	close(fail_nth_fd);
	close(make_it_fail_fd);
}

static void each_allocation_of_each_call_fails(void)
{
	struct cov_attach request;
	unsigned int reached = 0;

	prepare(__func__, "0");
	for (request = every_call_attach(); storm_goes_on(); request = any_failing_attach()) {
		for (nth = 1, injected = true; injected && storm_goes_on(); nth++) {
			name_case(&request);
			injected = false;
			live_a_life(with_nth_failing, &request);
			reached += injected;
		}
	}
	stop_failing();
	EXPECT(reached > 0);
	expect_each_was_tried();
	expect_each_has_failed();
	storm_end();
}

static void any_allocation_of_any_call_fails(void)
{
	static const char *const probabilities[] = { "1", "3", "10", "30" };
	struct cov_attach request;
	struct callers callers;

	prepare(__func__, "1");
	callers_start(&callers);
	request = every_call_attach();
	for (; storm_goes_on(); request = any_often_failing_attach()) {
		set_injectors(probabilities[any(ARRAY_SIZE(probabilities))], "-1");
		name_case(&request);
		live_a_life(with_any_failing, &request);
	}
	callers_finish(&callers);
	stop_failing();
	expect_each_was_tried();
	storm_end();
}

static const struct test storms[] = {
	TEST(each_allocation_of_each_call_fails),
	TEST(any_allocation_of_any_call_fails),
};

const struct test_group storms_of_failures = TEST_GROUP(storms);
