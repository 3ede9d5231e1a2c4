// SPDX-License-Identifier: GPL-2.0-only
/*
 * control.c - see control.h.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "control.h"
#include "module/covlife.h"

int control_open(void)
{
	return MUST(open(COV_CONTROL_PATH, O_RDWR | O_CLOEXEC));
}

/* --- calls ------------------------------------------------------------------------ */

const char *last_error(int fd)
{
	static struct cov_error error;

	memset(&error, 0x55, sizeof(error));
	if (ioctl(fd, COV_IOC_LAST_ERROR, &error))
		FAIL("COV_IOC_LAST_ERROR: %s", strerror(errno));
	EXPECT(memchr(error.text, '\0', sizeof(error.text)));
	return error.text;
}

void call_must(const char *file, int line, int fd, unsigned int cmd, const char *name,
	       void *arg)
{
	int err;

	if (!ioctl(fd, cmd, arg))
		return;
	err = errno;
	fail_test(file, line, "%s: %s: %s", name, strerror(err), last_error(fd));
}

/* All that a failed call could have changed. */
struct world {
	struct cov_status status;
	struct cov_target_info targets[8];
	unsigned int nr_targets;
};

static void look_at_world(struct world *world)
{
	struct cov_target_info info = { .flags = COV_INFO_NEXT };
	int fd = control_open();

	memset(world, 0, sizeof(*world));
	CALL(fd, COV_IOC_STATUS, &world->status);
	/* That a table was full is counted, and changes nothing else. */
	world->status.tasks_lost = 0;
	while (!ioctl(fd, COV_IOC_TARGET, &info)) {
		EXPECT(world->nr_targets < ARRAY_SIZE(world->targets));
		world->targets[world->nr_targets++] = info;
		info.flags = COV_INFO_NEXT;
	}
	EXPECT_EQ(errno, ENOENT);
	close(fd);
}

static void expect_same_world(const char *file, int line, const char *name,
			      const struct world *before)
{
	static struct world after;
	unsigned int i;

	look_at_world(&after);
	if (memcmp(&before->status, &after.status, sizeof(after.status)))
		fail_test(file, line,
			  "%s failed, but has changed the status: %u targets, %u checkpoints, %u tasks were %u, %u, %u",
			  name, after.status.targets, after.status.checkpoints, after.status.tasks,
			  before->status.targets, before->status.checkpoints,
			  before->status.tasks);
	for (i = 0; i < after.nr_targets; i++)
		if (memcmp(&before->targets[i], &after.targets[i], sizeof(after.targets[i])))
			fail_test(file, line, "%s failed, but has changed target %u", name,
				  after.targets[i].target);
}

/* The text on the file is now one that no other call leaves. */
static void leave_marker(int fd, char marker[COV_ERROR_LEN])
{
	EXPECT_EQ(ioctl(fd, _IO(COV_IOC_MAGIC, 0xfe)), -1);
	EXPECT_EQ(errno, ENOTTY);
	strcpy(marker, last_error(fd));
	EXPECT(marker[0]);
}

/* A sentence: words that were written for this case. */
static void expect_sentence(const char *file, int line, const char *name, const char *text,
			    const char *marker)
{
	if (!strcmp(text, marker))
		fail_test(file, line, "%s failed without a text of its own", name);
	if (strlen(text) < 10 || !strchr(text, ' '))
		fail_test(file, line, "%s failed with the text '%s', which is no sentence", name,
			  text);
}

void call_fails(const char *file, int line, int fd, unsigned int cmd, const char *name,
		void *arg, int err)
{
	static struct world before;
	static struct text text;
	char marker[COV_ERROR_LEN];
	bool loaded = is_loaded(TARGET);
	int found;

	if (loaded)
		read_module_text(&text, TARGET);
	leave_marker(fd, marker);
	look_at_world(&before);
	if (!ioctl(fd, cmd, arg))
		fail_test(file, line, "%s succeeded, expected %s", name, strerror(err));
	found = errno;
	if (found != err)
		fail_test(file, line, "%s failed with %s, expected %s: %s", name,
			  strerrorname_np(found), strerrorname_np(err), last_error(fd));
	expect_sentence(file, line, name, last_error(fd), marker);
	expect_same_world(file, line, name, &before);
	if (loaded)
		expect_text(&text);
}

/* --- attaching ------------------------------------------------------------------- */

struct cov_attach attach_request(const char *module)
{
	struct cov_attach request = {
		.levels = 1,
		.mode = COV_MODE_EDGES,
		.scope = COV_SCOPE_ALL,
		.engine = COV_ENGINE_KPROBE,
	};

	EXPECT(strlen(module) < sizeof(request.module));
	strcpy(request.module, module);
	return request;
}

void choose(struct cov_attach *request, const char *glob)
{
	request->globs = (uintptr_t)glob;
	request->globs_len = strlen(glob) + 1;
}

uint32_t attach(int fd, struct cov_attach *request)
{
	CALL(fd, COV_IOC_ATTACH, request);
	EXPECT(request->target != 0);
	return request->target;
}

struct cov_arm arm(int fd, uint32_t target)
{
	struct cov_arm request;

	do {
		request = (struct cov_arm){ .target = target, .max = UINT32_MAX };
		CALL(fd, COV_IOC_ARM, &request);
	} while (request.pending);
	return request;
}

/* Is it the one that tests/vm/run calls so? */
static bool kernel_is(const char *name)
{
	const char *kernel = getenv("LIVECOV_SUITE_KERNEL");

	return kernel && !strcmp(kernel, name);
}

void need_engine(int fd, unsigned int engine)
{
	struct cov_version version;

	CALL(fd, COV_IOC_VERSION, &version);
	if (version.engines & (1U << engine))
		return;
	/* Before 5.18 livecov has none that change text; elsewhere a missing one is broken. */
	if (kernel_is("5.10"))
		skip_test("livecov has no engine %u here", engine);
	FAIL("livecov has no engine %u", engine);
}

uint32_t attach_by(int fd, const char *module, const char *glob, uint32_t engine,
		   uint32_t mode, uint32_t scope)
{
	struct cov_attach request = attach_request(module);

	request.engine = engine;
	request.mode = mode;
	request.scope = scope;
	if (glob)
		choose(&request, glob);
	attach(fd, &request);
	arm(fd, request.target);
	return request.target;
}

uint32_t attach_armed(int fd, const char *module, const char *glob, uint32_t mode,
		      uint32_t scope)
{
	return attach_by(fd, module, glob, COV_ENGINE_KPROBE, mode, scope);
}

void track_as(int fd, uint64_t sample)
{
	struct cov_register reg = { .sample = sample };

	CALL(fd, COV_IOC_REGISTER, &reg);
}

void del_checkpoint(int fd, const char *name)
{
	struct cov_checkpoint_del request = { };

	snprintf(request.name, sizeof(request.name), "%s", name);
	CALL(fd, COV_IOC_CHECKPOINT_DEL, &request);
}

/* --- asking --------------------------------------------------------------------------- */

struct cov_target_info target_info(int fd, uint32_t target)
{
	struct cov_target_info info = { .target = target };

	CALL(fd, COV_IOC_TARGET, &info);
	return info;
}

struct cov_status livecov_status(int fd)
{
	struct cov_status status;

	memset(&status, 0x55, sizeof(status));
	CALL(fd, COV_IOC_STATUS, &status);
	return status;
}

uint32_t read_table(int fd, unsigned int cmd, uint32_t target, uint32_t first,
		    uint32_t count, void *entries)
{
	struct cov_range range = {
		.target = target,
		.first = first,
		.count = count,
		.buffer = (uintptr_t)entries,
	};

	CALL(fd, cmd, &range);
	EXPECT(range.count <= count);
	return range.count;
}

uint32_t find_function(int fd, uint32_t target, const char *name,
		       struct cov_function *function)
{
	static char names[1 << 16];
	struct cov_target_info info = target_info(fd, target);
	uint32_t i;

	EXPECT(info.names_len <= sizeof(names));
	read_table(fd, COV_IOC_NAMES, target, 0, sizeof(names), names);
	for (i = 0; i < info.functions; i++) {
		EXPECT_EQ(read_table(fd, COV_IOC_FUNCTIONS, target, i, 1, function), 1);
		EXPECT(function->name < info.names_len);
		if (!(function->flags & COV_FUNCTION_COLD) && !strcmp(names + function->name, name))
			return i;
	}
	FAIL("target %u has no function %s", target, name);
}

struct cov_function function_of(int fd, uint32_t target, const char *name)
{
	struct cov_function function;

	find_function(fd, target, name, &function);
	return function;
}

uint64_t function_hits(int fd, uint32_t target, const char *name)
{
	return function_of(fd, target, name).hits;
}

struct cov_function place_of(int fd, uint32_t target)
{
	struct cov_function place;

	EXPECT_EQ(read_table(fd, COV_IOC_FUNCTIONS, target, 0, 1, &place), 1);
	return place;
}

void pin(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	MUST(sched_setaffinity(0, sizeof(cpus), &cpus));
}

/* --- the module that is measured --------------------------------------------------------- */

void poke(unsigned int how, unsigned long value)
{
	int fd = MUST(open("/dev/covlife", O_RDWR | O_CLOEXEC));

	MUST(ioctl(fd, how, value));
	close(fd);
}

#define HAMMER_PASS	64

/* What one of the two works with. */
struct hammerer {
	int cpu;
	unsigned long *passes;
};

static void hammer(void *data)
{
	const struct hammerer *self = data;
	int fd = MUST(open("/dev/" TARGET, O_RDWR | O_CLOEXEC));
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(self->cpu, &cpus);
	MUST(sched_setaffinity(0, sizeof(cpus), &cpus));
	for (;;) {
		MUST(ioctl(fd, COVLIFE_LOOP, HAMMER_PASS));
		/* ftrace waits until each task has left its CPU of its own will. */
		sched_yield();
		__atomic_fetch_add(self->passes, 1, __ATOMIC_SEQ_CST);
	}
}

void hammer_start(struct hammer *h)
{
	unsigned int i;

	h->shared = shared_memory(ARRAY_SIZE(h->pids) * sizeof(*h->shared));
	for (i = 0; i < ARRAY_SIZE(h->pids); i++) {
		struct hammerer self = { i, &h->shared[i] };

		h->pids[i] = start(hammer, &self);
	}
	hammer_pass(h);
}

void hammer_stop(struct hammer *h)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(h->pids); i++)
		end(h->pids[i]);
}

void hammer_pass(const struct hammer *h)
{
	unsigned long begun[ARRAY_SIZE(h->pids)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(h->pids); i++)
		begun[i] = __atomic_load_n(&h->shared[i], __ATOMIC_SEQ_CST);
	/* The first to end may have begun before. */
	for (i = 0; i < ARRAY_SIZE(h->pids); i++)
		EVENTUALLY(__atomic_load_n(&h->shared[i], __ATOMIC_SEQ_CST) >= begun[i] + 2);
}

unsigned int rounds(unsigned int n)
{
	return kernel_is("debug") ? n / 8 + 1 : n;
}

/* --- around every test ------------------------------------------------------------------------ */

/* Shared: set in a test's process, looked at in the main one. */
static struct text *clean_text;

static void setup_modules(void)
{
	if (!is_loaded("covpeek"))
		load(module_file("covpeek"), "");
	if (!is_loaded(TARGET))
		load(module_file(TARGET), "");
	if (!is_loaded("livecov"))
		load(LIVECOV_FILE, "");
	read_module_text(clean_text, TARGET);
}

static void expect_nothing_left(void)
{
	struct cov_status status;
	unsigned int round = 0;
	int fd;

	/* What a test has not waited for may still be closing its files. */
	while (is_loaded("livecov")) {
		fd = control_open();
		status = livecov_status(fd);
		close(fd);
		if (!status.targets && !status.checkpoints && !status.tasks)
			break;
		if (!patience(round++))
			FAIL("left behind: %u targets, %u checkpoints, %u tasks", status.targets,
			     status.checkpoints, status.tasks);
	}
	if (is_loaded(TARGET))
		expect_clean_text();
}

void expect_clean_text(void)
{
	static struct text now;

	read_module_text(&now, TARGET);
	expect_same_text(clean_text, &now);
}

/* A module that hangs in its init or exit function is told to go on. */
static void start_over(void)
{
	FILE *go = fopen("/sys/module/" TARGET "/parameters/go", "w");

	if (go) {
		fputs("1", go);
		fclose(go);
	}
	try_unload(TARGET);
	try_unload("livecov");
}

int suite_main(const struct test_group *groups, size_t nr_groups, int argc, char **argv)
{
	const struct harness harness = {
		.groups = groups,
		.nr_groups = nr_groups,
		.before = setup_modules,
		.after = expect_nothing_left,
		.repair = start_over,
	};

	clean_text = shared_memory(sizeof(*clean_text));
	return harness_main(&harness, argc, argv);
}
