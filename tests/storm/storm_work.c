// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm_work.c - see storm.h.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "storm.h"
#include "../vm/suite/module/covlife.h"

#define SAFE_S		20	/* without LIVECOV_STORM_SECONDS */
#define TRACER		TRACEFS "current_tracer"
#define EVENTS		TRACEFS "kprobe_events"
#define GROUP		"covstorm"
#define ENABLE		TRACEFS "events/" GROUP "/enable"

/* --- time and chance ------------------------------------------------------------------------ */

/* Of each thread: what it draws depends on nobody else. */
static __thread uint64_t state = 1;
static time_t over;
static struct text clean;
static int log_fd = -1;

static unsigned long environment(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 0) : otherwise;
}

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* xorshift64; Marsaglia, "Xorshift RNGs", 2003 */
unsigned int any(unsigned int n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n ? (state >> 32) % n : 0;
}

void reseed(unsigned int number)
{
	int i;

	state ^= (number + 1ULL) * 0x9e3779b97f4a7c15ULL;
	for (i = 0; i < 10; i++)
		any(1);
}

bool storm_goes_on(void)
{
	return now() < over;
}

/* --- before and after ---------------------------------------------------------------------------- */

static const char *const faults[] = {
	"WARNING:", "BUG:", "kernel BUG at", "KASAN", "KFENCE", "UBSAN", "Oops", "Call Trace",
	"general protection", "possible recursive locking", "possible circular locking",
	"INFO: possible", "inconsistent lock state", "suspicious RCU usage", "INFO: rcu",
	"INFO: task", "rcu_sched detected", "detected stalls", "soft lockup",
	"scheduling while atomic", "sleeping function called", "refcount_t:", "ODEBUG:",
	"list_add corruption", "list_del corruption",
};

/* What livecov says of what must not happen here; tests/unit/test_storm.py compares. */
static const char *const complaints[] = {
	"livecov: the kernel did not take back its probe",
	"livecov: the kernel did not take back its return probe",
	"livecov: no memory to keep track of it", "livecov: this kernel has no tracepoint",
	"livecov: no control file in debugfs", "livecov: engines detour and breakpoint are not",
	"was loaded again from another build", "was loaded again, and not all of it is measured",
	"livecov: max_tasks may be", "livecov: kprobes are not optimised while",
	"livecov: debug.kprobes-optimization is not watched",
};

/* And what it says where others have kprobes, which sit on a jump of its own by chance. */
static const char *const others_complaints[] = {
	"livecov: another user's kprobe is on our jump", "livecov: waiting for",
	"livecov: the kprobe on our jump",
};

static bool others_had_kprobes;

static void expect_none_of(const char *line, const char *const *texts, size_t n)
{
	while (n--)
		if (strstr(line, texts[n]))
			FAIL("the kernel said: %.200s", line);
}

static void expect_quiet_log(void)
{
	char line[8192];
	ssize_t n;

	while ((n = read(log_fd, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		line[n > 0 ? n : 0] = '\0';
		expect_none_of(line, faults, ARRAY_SIZE(faults));
		expect_none_of(line, complaints, ARRAY_SIZE(complaints));
		if (!others_had_kprobes)
			expect_none_of(line, others_complaints, ARRAY_SIZE(others_complaints));
		errno = 0;
	}
}

void storm_begin(const char *name)
{
	unsigned long seed = environment("LIVECOV_STORM_SEED", 1);
	unsigned long seconds = environment("LIVECOV_STORM_SECONDS", SAFE_S);

	printf("# %s: seed %lu, %lu s.\n", name, seed, seconds);
	fflush(stdout);
	state = seed;
	for (; *name; name++)
		reseed(*name);
	close(covt_open());
	covtarget_text(&clean);
	log_fd = MUST(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	MUST(lseek(log_fd, 0, SEEK_END));
	over = now() + seconds;
}

static void expect_text_of_covtarget(void)
{
	static struct text text;

	covtarget_text(&text);
	expect_same_text(&clean, &text);
}

static bool nothing_left(void)
{
	int fd = control_open();
	struct cov_status status = livecov_status(fd);

	close(fd);
	return !status.targets && !status.checkpoints && !status.tasks;
}

/* A patch under a kprobe that has just gone is taken away within a second. */
static bool nothing_held(void)
{
	char references[16];

	return read_file("/sys/module/livecov/refcnt", references, sizeof(references)) > 0 &&
	       !strtoul(references, NULL, 10);
}

void storm_end(void)
{
	int device;

	test_case("afterwards");
	EVENTUALLY(nothing_left());
	EVENTUALLY(nothing_held());
	expect_text_of_covtarget();
	expect_clean_text();
	EVENTUALLY(try_unload("livecov") == 0);
	EVENTUALLY(try_unload(COEXIST_TARGET) == 0);
	device = covt_open();
	expect_text_of_covtarget();
	exercise(device);
	close(device);
	expect_quiet_log();
}

/* --- livecov ------------------------------------------------------------------------------------------ */

/* Kprobes and kretprobes on all of covtarget would take a minute. */
static void choose_few(struct cov_attach *request)
{
	choose(request, strcmp(request->module, TARGET) ? "covt_if_else" : "covlife_[woe][odv]*");
}

static unsigned int any_flags(const struct cov_attach *request)
{
	unsigned int flags = any(6) ? 0 : COV_ATTACH_FUNCTIONS_ONLY;

	if (request->engine != COV_ENGINE_DETOUR && any(4) == 0)
		flags |= COV_ATTACH_PATHS;
	if (request->mode == COV_MODE_TRACE && any(2))
		flags |= COV_ATTACH_RETURNS;
	return flags;
}

struct cov_attach any_attach(const char *module)
{
	static const unsigned int engines[] = {
		COV_ENGINE_AUTO, COV_ENGINE_AUTO, COV_ENGINE_DETOUR, COV_ENGINE_BREAKPOINT,
		COV_ENGINE_ENTRY, COV_ENGINE_KPROBE,
	};
	struct cov_attach request = attach_request(module);

	request.engine = engines[any(ARRAY_SIZE(engines))];
	/* Detours record no order. */
	request.mode = COV_MODE_BLOCKS + any(request.engine == COV_ENGINE_DETOUR ? 3 : 4);
	request.scope = any(2) ? COV_SCOPE_ALL : COV_SCOPE_TRACKED;
	request.flags = any_flags(&request);
	if (request.engine == COV_ENGINE_KPROBE || request.flags & COV_ATTACH_RETURNS)
		choose_few(&request);
	return request;
}

int try_call(int fd, unsigned int cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? errno : 0;
}

int try_arm(int fd, uint32_t target)
{
	struct cov_arm request;
	int err;

	do {
		request = (struct cov_arm){ .target = target, .max = 1 + any(500) };
		err = try_call(fd, COV_IOC_ARM, &request);
	} while (!err && request.pending && any(10));
	return err;
}

/* Asked at any moment, all of it can be told. */
void ask_everything(int fd, uint32_t target)
{
	static struct cov_branch branches[2048];
	struct cov_engines engines = { .target = target };
	struct cov_refusals refusals = { .target = target };
	struct cov_target_info info = target_info(fd, target);

	EXPECT(info.outcomes_hit + info.outcomes_unknown <= 2 * info.branches);
	EXPECT(info.blocks_hit + info.blocks_unknown <= info.blocks);
	read_table(fd, COV_IOC_BRANCHES, target, any(info.branches), ARRAY_SIZE(branches),
		   branches);
	CALL(fd, COV_IOC_ENGINES, &engines);
	CALL(fd, COV_IOC_REFUSALS, &refusals);
}

void reset_beside_others(int fd, uint32_t target)
{
	struct cov_target_id id = { .target = target };
	int err = try_call(fd, COV_IOC_RESET, &id);

	EXPECT(!err || (err == EBUSY && others_had_kprobes));
}

void attach_for_a_moment(const char *module)
{
	struct cov_attach request = any_attach(module);
	struct cov_arm some = { .max = 1 + any(300) };
	int fd = control_open();

	some.target = attach(fd, &request);
	if (any(4))
		arm(fd, some.target);
	else
		CALL(fd, COV_IOC_ARM, &some);
	if (any(2))
		ask_everything(fd, some.target);
	if (any(3) == 0)
		usleep(any(300) * 1000);
	if (any(3) == 0)
		reset_beside_others(fd, some.target);
	if (any(2))
		ask_everything(fd, some.target);
	if (any(2))
		with_id(fd, COV_IOC_DETACH, some.target);
	close(fd);
}

void attach_again_and_again(void *module)
{
	reseed(*(const char *)module);
	while (storm_goes_on())
		attach_for_a_moment(module);
}

void detach_all(int fd)
{
	struct cov_target_info info = { .flags = COV_INFO_NEXT };

	while (!try_call(fd, COV_IOC_TARGET, &info)) {
		struct cov_target_id id = { .target = info.target };
		int err = try_call(fd, COV_IOC_DETACH, &id);

		/* A hostile process may have been faster. */
		EXPECT(!err || err == ENOENT);
		info.flags = COV_INFO_NEXT;
	}
}

/* --- covlife at work -------------------------------------------------------------------- */

struct counted {
	int cpu;
	unsigned long *calls;
	unsigned int *stop;
};

static void pin_to(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	/* One that is switched off just now takes nobody. */
	if (sched_setaffinity(0, sizeof(cpus), &cpus) && errno != EINVAL)
		FAIL("sched_setaffinity: %s", strerror(errno));
}

/* Whoever changes text waits for every task to be seen to rest: both kinds do. */
static void call_and_count(void *data)
{
	const struct counted *self = data;
	int device = MUST(open("/dev/covlife", O_RDWR | O_CLOEXEC));

	pin_to(self->cpu);
	while (!__atomic_load_n(self->stop, __ATOMIC_SEQ_CST)) {
		MUST(ioctl(device, COVLIFE_LOOP, 64));
		*self->calls += 64;
		usleep(any(500));
	}
}

static void exercise_and_count(void *data)
{
	const struct counted *self = data;
	int device = covt_open();

	pin_to(self->cpu);
	while (!__atomic_load_n(self->stop, __ATOMIC_SEQ_CST)) {
		exercise(device);
		++*self->calls;
		usleep(any(2000));
	}
}

static void start_pair(struct callers *pair, void (*run)(void *data))
{
	int i;

	pair->calls = shared_memory(2 * sizeof(*pair->calls));
	pair->stop = shared_memory(sizeof(*pair->stop));
	for (i = 0; i < 2; i++) {
		struct counted self = { i, &pair->calls[i], pair->stop };

		pair->pids[i] = start(run, &self);
	}
}

static unsigned long finish_pair(const struct callers *pair)
{
	int i;

	__atomic_store_n(pair->stop, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < 2; i++)
		finish(pair->pids[i]);
	return pair->calls[0] + pair->calls[1];
}

void callers_start(struct callers *callers)
{
	start_pair(callers, call_and_count);
}

unsigned long callers_finish(const struct callers *callers)
{
	return finish_pair(callers);
}

void testers_start(struct callers *testers)
{
	start_pair(testers, exercise_and_count);
}

unsigned long testers_finish(const struct callers *testers)
{
	return finish_pair(testers);
}

/* --- others who patch ------------------------------------------------------------------------------------ */

static const char *const functions[] = {
	COEXIST_TARGET ":covt_flags", COEXIST_TARGET ":covt_body", COEXIST_TARGET ":covt_if_else",
	COEXIST_TARGET ":covt_while_loop", COEXIST_TARGET ":covt_into_before",
	TARGET ":covlife_work", TARGET ":covlife_odd",
};

static void switch_ftrace(void)
{
	/* What has no line of its own is a name as it stands, and is looked for when it is too late. */
	static const char *const filters[] = {
		"*:mod:" COEXIST_TARGET "\n", "*:mod:" TARGET "\n", "covt_flags\n", "",
	};
	const char *filter = filters[any(ARRAY_SIZE(filters))];
	int fd;

	/*
	 * Without a filter it would be every function of the kernel: patching those takes so long
	 * on a busy machine that the watchdog complains. What is truncated here is in force once
	 * the file is closed.
	 */
	if (!*filter)
		write_file(TRACER, "nop");
	fd = open(TRACEFS "set_ftrace_filter", O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd >= 0) {
		/* A function that is not loaded just now is refused. */
		if (*filter && write(fd, filter, strlen(filter)) < 0) {
			write_file(TRACER, "nop");
			filter = "";
		}
		close(fd);
	}
	write_file(TRACER, *filter && any(2) ? "function" : "nop");
}

/* One where an instruction begins, if it is one: where not the kernel refuses. */
static void set_probe(void)
{
	static unsigned int number;
	char line[128];
	int fd = open(EVENTS, O_WRONLY | O_APPEND | O_CLOEXEC);
	int n = snprintf(line, sizeof(line), "p:" GROUP "/p%u_%u %s+%u\n", getpid(), number++,
			 functions[any(ARRAY_SIZE(functions))], any(24));

	if (fd < 0)
		return;
	if (write(fd, line, n) == n) {
		others_had_kprobes = true;
		if (!access(ENABLE, W_OK))
			write_file(ENABLE, "1");
	}
	close(fd);
}

static void remove_probe(char *line)
{
	char *space = strchr(line, ' '), command[160];
	int fd;

	if (!space || !strstr(line, ":" GROUP "/"))
		return;
	*space = '\0';
	snprintf(command, sizeof(command), "-%s\n", line + 1);
	fd = MUST(open(EVENTS, O_WRONLY | O_APPEND | O_CLOEXEC));
	MUST(write(fd, command, strlen(command)));
	close(fd);
}

void remove_probes(void)
{
	static char all[1 << 16];
	char *line, *rest = all;

	if (!access(ENABLE, W_OK))
		write_file(ENABLE, "0");
	if (read_file(EVENTS, all, sizeof(all)) <= 0)
		return;
	while ((line = strsep(&rest, "\n")))
		remove_probe(line);
}

static void switch_key_and_call(int device)
{
	covt(device, COVT_FN_static_key_set, any(2), 0, 0);
	covt(device, COVT_FN_key_beside_set, any(2), 0, 0);
	covt(device, COVT_FN_call_beside_set, any(2), 0, 0);
	EXPECT_EQ(covt(device, COVT_FN_key_beside, 0, 1, 0), 4);
	EXPECT_EQ(covt(device, COVT_FN_call_beside, 0, 1, 0), 0);
}

void patch_something(int device)
{
	switch (any(6)) {
	case 0:
		switch_ftrace();
		break;
	case 1:
	case 2:
		set_probe();
		break;
	case 3:
		remove_probes();
		break;
	default:
		switch_key_and_call(device);
	}
}

void patch_no_more(int device)
{
	remove_probes();
	write_file(TRACER, "nop");
	close(MUST(open(TRACEFS "set_ftrace_filter", O_WRONLY | O_TRUNC | O_CLOEXEC)));
	covt(device, COVT_FN_static_key_set, 0, 0, 0);
	covt(device, COVT_FN_key_beside_set, 0, 0, 0);
	covt(device, COVT_FN_call_beside_set, 0, 0, 0);
}

/* --- counting ------------------------------------------------------------------------------ */

static void expect_calls(int fd, uint32_t target, unsigned long calls)
{
	struct cov_function work = function_of(fd, target, "covlife_work");
	struct cov_branch branches[2];
	int i;

	EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, target, work.first_branch, 2, branches), 2);
	EXPECT_EQ(work.hits, calls);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), calls / 2);
	EXPECT_EQ(function_hits(fd, target, "covlife_even"), calls / 2);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(branches[i].not_taken_hits + branches[i].taken_hits, calls);
	EXPECT_EQ(branches[1].taken_hits, calls / 2);
}

uint32_t attach_counting(int fd, unsigned int engine, unsigned int scope)
{
	struct cov_attach request = attach_request(TARGET);

	request.engine = engine;
	request.mode = COV_MODE_COUNT;
	request.scope = scope;
	choose(&request, "covlife_[woe][odv]*");
	attach(fd, &request);
	arm(fd, request.target);
	return request.target;
}

/* The callers' own processes are tracked as well as everybody else. */
void count_for_a_while(unsigned long (*disturb)(void *context), void *context)
{
	static const unsigned int engines[] = {
		COV_ENGINE_AUTO, COV_ENGINE_DETOUR, COV_ENGINE_BREAKPOINT,
	};
	unsigned int engine = engines[any(ARRAY_SIZE(engines))];
	unsigned int scope = any(2) ? COV_SCOPE_ALL : COV_SCOPE_TRACKED;
	int fd = control_open();
	uint32_t target = attach_counting(fd, engine, scope);
	struct cov_register reg = { .sample = 1 };
	struct callers callers;
	unsigned long others = 0;
	unsigned int i, n = 4 + any(8);

	test_case("engine %u, scope %u", engine, scope);
	CALL(fd, COV_IOC_REGISTER, &reg);
	callers_start(&callers);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	for (i = 0; i < n; i++) {
		others += disturb(context);
		usleep(any(100) * 1000);
	}
	/* What interrupts a tracked task is not the task's. */
	if (scope == COV_SCOPE_TRACKED)
		others = 0;
	expect_calls(fd, target, callers_finish(&callers) + others);
	close(fd);
}
