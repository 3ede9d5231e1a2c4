// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm_calls.c - hostile callers: processes of many threads share descriptors that are
 * closed and opened under them, and make every call with arguments that are nearly right,
 * at the limits or nonsense, with pointers to anywhere; they map, poll, fork, and are killed
 * at any moment. Whatever they do is theirs: the kernel goes on, and so do others.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storm.h"

#define PROCESSES	2
#define THREADS		6

/* --- numbers, names, addresses ----------------------------------------------------------- */

static uint64_t any64(void)
{
	return (uint64_t)any(~0U) << 32 | any(~0U);
}

static uint64_t limit(void)
{
	static const uint64_t limits[] = {
		0, 1, 2, 63, 64, 65, 255, 256, 1 << 12, (1 << 16) + 1, 1 << 20, (1 << 20) + 1,
		0x7fffffff, 0x80000000, 0xffffffff, 1ULL << 32, 1ULL << 39, 1ULL << 63,
		~0ULL - 1, ~0ULL,
	};

	return any(4) ? limits[any(ARRAY_SIZE(limits))] : any64();
}

/* What makes sense, as a rule. */
static uint64_t mostly(uint64_t value)
{
	return any(10) ? value : limit();
}

static void name_in(char *to, size_t size, const char *name)
{
	if (any(12) == 0)
		memset(to, 'x', size);		/* never ends */
	else
		snprintf(to, size, "%s", any(12) ? name : "");
}

#define ANY_OF(array)	((array)[any(ARRAY_SIZE(array))])

static const char *any_module(void)
{
	static const char *const modules[] = {
		COEXIST_TARGET, COEXIST_TARGET, TARGET, TARGET, COV_CORE_KERNEL, "livecov",
		"covpeek", "none", "*", "../covlife",
	};

	return ANY_OF(modules);
}

/* Of the modules and of the kernel; what must not be probed as well. */
static const char *any_function(void)
{
	static const char *const functions[] = {
		"covlife_work", "covlife_odd", "covlife_forbidden", "covt_flags", "covt_if_else",
		"covt_while_loop", "clear_page_rep", "vfs_read", "schedule", "exc_int3",
		"kprobe_int3_handler", "memcpy", "covlife_*", "*", "none",
	};

	return ANY_OF(functions);
}

/* Nobody else's memory lies around what may be written to. */
#define ROOM	(16UL << 20)
#define GUARD	(1UL << 20)

static char *room, *read_only;
static const char *room_end;	/* of mapped memory */

static void map_places(void)
{
	room = mmap(NULL, ROOM + 2 * GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	room = (char *)MUST((long)room) + GUARD;
	MUST(mprotect(room, ROOM, PROT_READ | PROT_WRITE));
	read_only = mmap(NULL, ROOM, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST((long)read_only);
	room_end = room + ROOM;
}

static uint64_t any_address(void)
{
	const uint64_t wrong[] = {
		0, 1, (uintptr_t)read_only, (uintptr_t)room - 8, (uintptr_t)room_end - 1 - any(64),
		(uintptr_t)room_end, KERNEL_ADDRESS, 0xffffffffff600000ULL, 1ULL << 47, 1ULL << 63,
		~0ULL, any64(),
	};
	uint64_t address = ANY_OF(wrong);

	if (any(3))
		return (uintptr_t)room + any(64);
	/* A number that happens to be an address of ours would be written to. */
	return address >> 47 || address < 4096 || address >= (uintptr_t)read_only ? address : 0;
}

/* --- arguments --------------------------------------------------------------------------- */

union argument {
	struct cov_target_info info;
	struct cov_attach attach;
	struct cov_arm arm;
	struct cov_target_id id;
	struct cov_range range;
	struct cov_text text;
	struct cov_register reg;
	struct cov_checkpoint_add add;
	struct cov_checkpoint_del del;
	struct cov_checkpoint_switch toggle;
	struct cov_outcome_switch outcome;
	struct cov_engines engines;
	struct cov_refusals refusals;
	struct cov_view view;
	struct cov_samples samples;
	struct cov_map map;
	struct cov_callers callers;
	struct cov_trace trace;
	char bytes[1024];
};

/* Ids that are or were there. */
static unsigned int newest = 1;

static uint32_t any_target(void)
{
	return mostly(newest - any(4));
}

static uint64_t any_sample(void)
{
	return mostly(1 + any(8));
}

static void fill_nothing(union argument *arg)
{
	arg->bytes[0] = any(2);
}

static void fill_info(union argument *arg)
{
	arg->info.target = any_target();
	arg->info.flags = mostly(any(2));
}

/* Kprobes on all of covtarget would take a minute. */
static void choose_functions(struct cov_attach *attach)
{
	char *patterns = room + 4096 + 64 * any(100);

	attach->globs = any(12) ? (uintptr_t)patterns : any_address();
	snprintf(patterns, 64, "%s",
		 attach->engine == COV_ENGINE_KPROBE ? "covlife_*" : any_function());
	attach->globs_len = mostly(strnlen(patterns, 63) + 1);
}

static void fill_attach(union argument *arg)
{
	struct cov_attach *attach = &arg->attach;

	name_in(attach->module, sizeof(attach->module), any_module());
	attach->mode = mostly(1 + any(COV_MODE_TRACE));
	attach->scope = mostly(1 + any(2));
	attach->engine = mostly(any(COV_ENGINE_ENTRY + 1));
	attach->flags = mostly(any(3) ? 0 : any(8));
	attach->levels = mostly(1);
	attach->pad = any(20) == 0;
	if (any(2) || attach->engine == COV_ENGINE_KPROBE)
		choose_functions(attach);
	if (any(4) == 0) {
		attach->sections = any_address();
		attach->nr_sections = mostly(any(65));
	}
}

static void fill_arm(union argument *arg)
{
	arg->arm.target = any_target();
	arg->arm.max = mostly(1 + any(1000));
}

static void fill_id(union argument *arg)
{
	arg->id.target = any_target();
	arg->id.pad = any(20) == 0;
}

static void fill_range(union argument *arg)
{
	arg->range.target = any_target();
	arg->range.first = mostly(any(100));
	arg->range.buffer = any_address();
	arg->range.count = mostly(1 + any(5000));
	arg->range.pad = any(20) == 0;
}

static void fill_text(union argument *arg)
{
	arg->text.target = any_target();
	arg->text.length = mostly(1 + any(5000));
	arg->text.address = any(2) ? 0xffffffffc0000000ULL + any(1U << 30) : limit();
	arg->text.buffer = any_address();
}

static void fill_engines(union argument *arg)
{
	arg->engines.target = any_target();
	arg->engines.pad = any(20) == 0;
}

static void fill_refusals(union argument *arg)
{
	arg->refusals.target = any_target();
	arg->refusals.count = any(20) == 0;
}

static void fill_view(union argument *arg)
{
	arg->view.sample = any(2) ? 0 : any_sample();
}

static void fill_samples(union argument *arg)
{
	arg->samples.first = mostly(any(8));
	arg->samples.count = mostly(1 + any(100));
	arg->samples.buffer = any_address();
}

static void fill_map(union argument *arg)
{
	arg->map.target = any_target();
	arg->map.sample = any(2) ? 0 : any_sample();
	arg->map.pad = any(20) == 0;
}

static void fill_callers(union argument *arg)
{
	arg->callers.cursor = any(2) ? 0 : limit();
	arg->callers.since = any(2) ? 0 : limit();
	arg->callers.upto = any(2) ? 0 : limit();
	arg->callers.buffer = any_address();
	arg->callers.target = any(2) ? 0 : any_target();
	arg->callers.count = mostly(1 + any(5000));
}

/* 1 GiB that is had would be all of the machine. */
static void fill_trace(union argument *arg)
{
	arg->trace.size = any(10) ? 1 + any(1U << 20) : COV_TRACE_SIZE_MAX + any(2);
	arg->trace.tasks = mostly(1 + any(64));
	arg->trace.flags = mostly(any(8));
	arg->trace.pad = any(20) == 0;
}

static void fill_register(union argument *arg)
{
	arg->reg.sample = any_sample();
	arg->reg.flags = any(20) == 0;
}

static void fill_add(union argument *arg)
{
	char name[16];

	snprintf(name, sizeof(name), "hostile%u", any(6));
	name_in(arg->add.name, sizeof(arg->add.name), name);
	name_in(arg->add.module, sizeof(arg->add.module), any_module());
	name_in(arg->add.function, sizeof(arg->add.function), any_function());
	arg->add.offset = any(2) ? 0 : mostly(any(40));
	arg->add.levels = mostly(1);
	arg->add.scope = mostly(1 + any(2));
	arg->add.flags = mostly(any(2));
}

static void fill_del(union argument *arg)
{
	char name[16];

	snprintf(name, sizeof(name), "hostile%u", any(6));
	name_in(arg->del.name, sizeof(arg->del.name), name);
}

static void fill_switch(union argument *arg)
{
	name_in(arg->toggle.glob, sizeof(arg->toggle.glob), any(2) ? "*" : "hostile[0-3]");
	arg->toggle.on = mostly(any(2));
	arg->toggle.flags = mostly(any(2));
}

/* Nothing leads to most addresses. */
static void fill_outcome(union argument *arg)
{
	arg->outcome.target = any_target();
	arg->outcome.to = mostly(any(COV_OUTCOME_DELETED + 1));
	arg->outcome.address = any_address();
}

static const struct {
	unsigned int cmd;
	void (*fill)(union argument *arg);
} calls[] = {
	{ COV_IOC_VERSION, fill_nothing },
	{ COV_IOC_LAST_ERROR, fill_nothing },
	{ COV_IOC_STATUS, fill_nothing },
	{ COV_IOC_TARGET, fill_info },
	{ COV_IOC_ATTACH, fill_attach },
	{ COV_IOC_ATTACH, fill_attach },
	{ COV_IOC_ARM, fill_arm },
	{ COV_IOC_ARM, fill_arm },
	{ COV_IOC_KEEP, fill_id },
	{ COV_IOC_DETACH, fill_id },
	{ COV_IOC_RESET, fill_id },
	{ COV_IOC_FUNCTIONS, fill_range },
	{ COV_IOC_BLOCKS, fill_range },
	{ COV_IOC_BRANCHES, fill_range },
	{ COV_IOC_SECTIONS, fill_range },
	{ COV_IOC_NAMES, fill_range },
	{ COV_IOC_EDGES, fill_range },
	{ COV_IOC_OUTCOMES, fill_range },
	{ COV_IOC_TEXT, fill_text },
	{ COV_IOC_ENGINES, fill_engines },
	{ COV_IOC_REFUSALS, fill_refusals },
	{ COV_IOC_VIEW, fill_view },
	{ COV_IOC_SAMPLES, fill_samples },
	{ COV_IOC_MAP, fill_map },
	{ COV_IOC_TRACE, fill_trace },
	{ COV_IOC_REGISTER, fill_register },
	{ COV_IOC_UNREGISTER, fill_nothing },
	{ COV_IOC_CHECKPOINT_ADD, fill_add },
	{ COV_IOC_CHECKPOINT_DEL, fill_del },
	{ COV_IOC_CHECKPOINT_SWITCH, fill_switch },
	{ COV_IOC_OUTCOME_SWITCH, fill_outcome },
	{ COV_IOC_CALLERS, fill_callers },
	{ COV_IOC_NEWS, fill_nothing },
};

/* --- descriptors ------------------------------------------------------------------------ */

/* These numbers are always open: for one file now, for another then. */
#define FIRST_FD	200
#define FDS		6

static int any_fd(void)
{
	return FIRST_FD + any(FDS);
}

static void open_at(int number)
{
	int fd = open(COV_CONTROL_PATH, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	dup3(fd, number, O_CLOEXEC);
	close(fd);
}

static void change_descriptors(void)
{
	if (any(2))
		open_at(any_fd());
	else
		dup3(any_fd(), any_fd(), O_CLOEXEC);
}

/* --- what they do ------------------------------------------------------------------------- */

/* Those of cov_ioctl.h, and of whoever is asked for descriptors and memory. */
static bool is_documented(int err)
{
	static const int errs[] = {
		ENOTTY, EINVAL, EFAULT, ENOENT, EEXIST, ENODEV, EAGAIN, EINTR, EPERM, ENOSPC,
		EOPNOTSUPP, E2BIG, ENOMEM, ENOTUNIQ, EILSEQ, ERANGE, EMFILE, EBUSY, ESRCH,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errs); i++)
		if (errs[i] == err)
			return true;
	return false;
}

static int try_hostile(unsigned int cmd, void *arg)
{
	int err = try_call(any_fd(), cmd, arg);

	if (err && !is_documented(err))
		FAIL("call %#x failed with %s", cmd, strerror(err));
	return err;
}

/* Reads what is mapped; nobody may make it writable. */
static void map_somewhere(int fd, size_t length, int protection, int flags, off_t offset)
{
	volatile char *map = mmap(NULL, length, protection, flags, fd, offset);

	if (map == MAP_FAILED)
		return;
	EXPECT(!(protection & (PROT_WRITE | PROT_EXEC)));
	if (protection & PROT_READ) {
		(void)map[0];
		(void)map[length - 1];
	}
	EXPECT(mprotect((void *)map, length, PROT_READ | PROT_WRITE) != 0);
	munmap((void *)map, length);
}

static void map_something(void)
{
	union argument arg = { };
	size_t length = (1 + any(8)) << 12;
	off_t offset = (off_t)mostly(any(600)) << 12;

	fill_map(&arg);
	if (any(2) && !try_hostile(COV_IOC_MAP, &arg)) {
		length = arg.map.length + (any(4) ? 0 : (size_t)any(3) << 12);
		offset = arg.map.offset + (any(4) ? 0 : (off_t)any(3) << 12);
	}
	if (any(10) == 0)
		length = 1UL << 30;
	map_somewhere(any_fd(), length, any(3) ? PROT_READ : (int)any(8),
		      any(4) ? MAP_SHARED : MAP_PRIVATE, offset);
}

static void use_trace(const struct cov_trace *trace)
{
	map_somewhere(trace->fd, trace->length, PROT_READ, MAP_SHARED, 0);
	map_somewhere(trace->fd, (1 + any(64)) << 12, PROT_READ, MAP_SHARED,
		      (off_t)any(300) << 12);
	ioctl(trace->fd, COV_IOC_VERSION, room);
	usleep(any(2000));
	close(trace->fd);
}

static void call_properly(void)
{
	union argument arg = { };
	unsigned int i = any(ARRAY_SIZE(calls));

	calls[i].fill(&arg);
	if (try_hostile(calls[i].cmd, &arg))
		return;
	if (calls[i].cmd == COV_IOC_ATTACH)
		newest = arg.attach.target;
	else if (calls[i].cmd == COV_IOC_CHECKPOINT_ADD)
		newest = arg.add.target;
	else if (calls[i].cmd == COV_IOC_TRACE)
		use_trace(&arg.trace);
}

/* A trace that nobody knows of would stay; all else can be found again. */
static void call_with_pointer_to_anywhere(void)
{
	unsigned int i = any(ARRAY_SIZE(calls));
	uint64_t address = any_address();
	union argument arg = { };

	if (calls[i].cmd == COV_IOC_TRACE || address == (uintptr_t)read_only)
		return;
	calls[i].fill(&arg);
	/* Right up to its end, and not a byte further; or one too far. */
	if (any(2) && _IOC_SIZE(calls[i].cmd)) {
		address = (uintptr_t)room_end - _IOC_SIZE(calls[i].cmd) + any(2);
		memcpy((void *)(uintptr_t)address, &arg, (uintptr_t)room_end - address);
	}
	try_hostile(calls[i].cmd, (void *)(uintptr_t)address);
}

static void call_what_is_not_there(void)
{
	unsigned int i, cmd = _IOC(any(4), any(4) ? COV_IOC_MAGIC : any(256), any(256), any(1 << 14));

	if (any(3) == 0)
		cmd = calls[any(ARRAY_SIZE(calls))].cmd ^ 1U << (16 + any(14));
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].cmd == cmd)
			return;
	/* Some belong to all files: FIONBIO and the like. */
	if (_IOC_TYPE(cmd) == COV_IOC_MAGIC)
		EXPECT_EQ(try_call(any_fd(), cmd, room), ENOTTY);
}

static void use_as_a_file(void)
{
	struct pollfd polled = { .fd = any_fd(), .events = any(1 << 10) };
	int fd = any_fd();

	poll(&polled, 1, any(3));
	if (read(fd, room, 4096) > 0 || write(fd, room, 4096) > 0)
		FAIL("a control file was read or written");
	lseek(fd, any64(), any(5));
	ftruncate(fd, any(100));
	fsync(fd);
}

/* A child of a registered task is one itself; so is one of a thread that ends. */
static void fork_and_register(void)
{
	pid_t pid = fork();

	if (pid < 0)
		return;
	if (!pid) {
		union argument arg = { };
		int i;

		alarm(10);
		fill_register(&arg);
		ioctl(any_fd(), COV_IOC_REGISTER, &arg);
		for (i = 0; i < 3; i++) {
			fill_range(&arg);
			arg.range.buffer = (uintptr_t)room;
			ioctl(any_fd(), COV_IOC_BRANCHES, &arg);
		}
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void do_something_hostile(void)
{
	switch (any(16)) {
	case 0:
		change_descriptors();
		break;
	case 1:
		map_something();
		break;
	case 2:
		call_with_pointer_to_anywhere();
		break;
	case 3:
		call_what_is_not_there();
		break;
	case 4:
		use_as_a_file();
		break;
	case 5:
		if (any(4) == 0)
			fork_and_register();
		break;
	default:
		call_properly();
	}
}

static void *be_hostile(void *number)
{
	reseed((uintptr_t)number);
	for (;;)
		do_something_hostile();
	return NULL;
}

static void interrupted(int signal)
{
	(void)signal;
}

/* Threads that are interrupted in whatever they do, until all are killed. */
static void be_many(void *number)
{
	struct sigaction action = { .sa_handler = interrupted };
	pthread_t threads[THREADS];
	int i;

	reseed(*(int *)number);
	map_places();
	for (i = 0; i < FDS; i++)
		open_at(FIRST_FD + i);
	MUST(sigaction(SIGUSR1, &action, NULL));
	for (i = 0; i < THREADS; i++)
		EXPECT_EQ(pthread_create(&threads[i], NULL, be_hostile, (void *)(uintptr_t)any(~0U)), 0);
	for (;;) {
		usleep(any(50) * 1000);
		pthread_kill(threads[any(THREADS)], SIGUSR1);
	}
}

static void hostile_calls_harm_nobody(void)
{
	struct callers callers, testers;
	pid_t pids[PROCESSES];
	int fd, i, number, status;

	storm_begin(__func__);
	fd = control_open();
	callers_start(&callers);
	testers_start(&testers);
	for (number = 0; number < PROCESSES; number++)
		pids[number] = start(be_many, &number);
	while (storm_goes_on()) {
		usleep(any(4000) * 1000);
		i = any(PROCESSES);
		/* One that has failed is not there any more. */
		if (waitpid(pids[i], &status, WNOHANG))
			FAIL("hostile process %d ended with status %#x", number, status);
		end(pids[i]);
		detach_all(fd);
		pids[i] = start(be_many, &number);
		number++;
	}
	for (i = 0; i < PROCESSES; i++)
		end(pids[i]);
	detach_all(fd);
	close(fd);
	callers_finish(&callers);
	EXPECT(testers_finish(&testers) > 0);
	storm_end();
}

static const struct test storms[] = {
	TEST(hostile_calls_harm_nobody),
};

const struct test_group storms_of_calls = TEST_GROUP(storms);
