// SPDX-License-Identifier: GPL-2.0-only
/*
 * life_init.c - targets in their init and exit functions: attached while those
 * run, attached to again, and modules that fail to load.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "life.h"
#include "module/covlife.h"

#define INIT_FUNCTION	"covlife_after_gate"

/* --- covlife stands still in its init or exit function -------------------------- */

/* What its loader asks for and gets. */
struct loading {
	const char *parameters;
	int err;
};

static void load_in_child(void *data)
{
	struct loading *loading = data;

	loading->err = try_load(module_file(TARGET), loading->parameters);
}

static void unload_in_child(void *unused)
{
	(void)unused;
	unload(TARGET);
}

static bool target_waits(void)
{
	char buffer[16];

	return read_file("/sys/module/" TARGET "/parameters/waiting", buffer,
			 sizeof(buffer)) > 0 && buffer[0] == 'Y';
}

static pid_t stop_in_init(struct loading *loading)
{
	pid_t pid = start(load_in_child, loading);

	EVENTUALLY(target_waits());
	return pid;
}

/* Of a module that was loaded with stop_in_exit. */
static pid_t stop_in_exit(void)
{
	pid_t pid = start(unload_in_child, NULL);

	EVENTUALLY(target_waits());
	return pid;
}

static void go_on(pid_t pid)
{
	write_file("/sys/module/" TARGET "/parameters/go", "1");
	finish(pid);
}

static struct loading *loading(const char *parameters)
{
	struct loading *shared = shared_memory(sizeof(*shared));

	*shared = (struct loading){ parameters, -1 };
	return shared;
}

/* --- attached in init ---------------------------------------------------------------- */

/* Outcomes of a function's first branches of which it is known that they did not come about. */
static uint32_t outcomes_not_passed(int fd, uint32_t target, const struct cov_function *function)
{
	struct cov_branch branches[8];
	uint32_t i, n, count = 0;

	n = function->branches < ARRAY_SIZE(branches) ? function->branches : ARRAY_SIZE(branches);
	EXPECT(n > 0);
	EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, target, function->first_branch, n, branches), n);
	for (i = 0; i < n; i++)
		count += (branches[i].taken == COV_NO) + (branches[i].not_taken == COV_NO);
	return count;
}

static void init_function_is_measured_and_then_gone(void)
{
	struct loading *load = loading("stop_in_init=1");
	struct cov_function function;
	struct cov_target_info info;
	int fd = control_open();
	uint32_t target;
	pid_t pid;

	unload(TARGET);
	pid = stop_in_init(load);
	target = attach_armed(fd, TARGET, "covlife_*", COV_MODE_EDGES, COV_SCOPE_ALL);
	find_function(fd, target, INIT_FUNCTION, &function);
	EXPECT_EQ(function.state, COV_SITE_ARMED);
	go_on(pid);
	EXPECT_EQ(load->err, 0);

	find_function(fd, target, INIT_FUNCTION, &function);
	EXPECT_EQ(function.state, COV_SITE_GONE);
	EXPECT_EQ(function.hits, 1);
	EXPECT(outcomes_not_passed(fd, target, &function) > 0);
	info = target_info(fd, target);
	EXPECT_EQ(info.state, COV_TARGET_LIVE);
	EXPECT(info.gone > 0);
	EXPECT_EQ(info.pending, 0);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 1);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 2);
	/* Once more, without init text to come back to. */
	unload(TARGET);
	load->err = try_load(module_file(TARGET), "");
	EXPECT_EQ(load->err, 0);
	find_function(fd, target, INIT_FUNCTION, &function);
	EXPECT_EQ(function.state, COV_SITE_GONE);
	EXPECT_EQ(function.hits, 1);
	/* It ran, and nobody watched. */
	EXPECT_EQ(outcomes_not_passed(fd, target, &function), 0);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 3);
}

static void init_text_that_went_is_not_armed(void)
{
	struct cov_attach request = attach_request(TARGET);
	struct loading *load = loading("stop_in_init=1");
	struct cov_function function;
	int fd = control_open();
	struct cov_arm armed;
	pid_t pid;

	unload(TARGET);
	pid = stop_in_init(load);
	choose(&request, "covlife_*");
	attach(fd, &request);
	go_on(pid);
	EXPECT_EQ(load->err, 0);
	/* Whatever lies there now is none of the target's. */
	find_function(fd, request.target, INIT_FUNCTION, &function);
	EXPECT_EQ(function.state, COV_SITE_GONE);
	armed = arm(fd, request.target);
	EXPECT_EQ(armed.pending, 0);
	find_function(fd, request.target, INIT_FUNCTION, &function);
	EXPECT_EQ(function.state, COV_SITE_GONE);
	EXPECT_EQ(function.error, 0);
}

#define SITTING		"covlifeinit/at_"

/* Wherever the kernel takes one in the init function; a detour's second byte is no such place. */
static void probe_init_function(uint32_t size, bool set)
{
	char line[128];
	uint32_t i;

	for (i = 0; i < size; i++) {
		snprintf(line, sizeof(line), set ? "p:" SITTING "%u " TARGET ":" INIT_FUNCTION "+%u\n" :
			 "-:" SITTING "%u\n", i, i);
		kprobe_event(line);
	}
}

/* livecov stays for a jump under another user's kprobe, but not when the text has gone. */
static void jump_that_stays_in_init_text_goes_with_it(void)
{
	struct cov_attach request = attach_request(TARGET);
	struct loading *loaded = loading("stop_in_init=1");
	struct cov_function function;
	int fd = control_open();
	pid_t pid;

	unload(TARGET);
	pid = stop_in_init(loaded);
	request.engine = COV_ENGINE_DETOUR;
	request.mode = COV_MODE_COUNT;
	choose(&request, INIT_FUNCTION);
	attach(fd, &request);
	arm(fd, request.target);
	find_function(fd, request.target, INIT_FUNCTION, &function);
	probe_init_function(function.size, true);
	with_id(fd, COV_IOC_DETACH, request.target);
	close(fd);
	EXPECT_EQ(try_unload("livecov"), EWOULDBLOCK);
	go_on(pid);
	EXPECT_EQ(loaded->err, 0);
	unload("livecov");
	load(LIVECOV_FILE, "");
	probe_init_function(function.size, false);
}

/* --- init that fails -------------------------------------------------------------------- */

static void module_that_fails_to_load_does_not_matter(void)
{
	int fd = control_open();

	unload(TARGET);
	EXPECT_EQ(try_load(module_file(TARGET), "fail=-12"), ENOMEM);
	EXPECT_EQ(livecov_status(fd).targets, 0);
	load(module_file(TARGET), "");
}

static void target_whose_init_fails_is_gone_with_its_results(void)
{
	struct loading *load = loading("stop_in_init=1 fail=-12");
	struct cov_target_info info;
	int fd = control_open();
	uint32_t target;
	pid_t pid;

	unload(TARGET);
	pid = stop_in_init(load);
	target = attach_armed(fd, TARGET, "covlife_*", COV_MODE_EDGES, COV_SCOPE_ALL);
	go_on(pid);
	EXPECT_EQ(load->err, ENOMEM);
	info = target_info(fd, target);
	EXPECT_EQ(info.state, COV_TARGET_GONE);
	EXPECT_EQ(info.armed + info.pending, 0);
	EXPECT_EQ(function_hits(fd, target, INIT_FUNCTION), 1);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 1);
}

static void target_that_fails_to_load_again_stays_gone(void)
{
	int fd = control_open(), i;
	uint32_t target;

	target = attach_armed(fd, TARGET, "covlife_odd", COV_MODE_EDGES, COV_SCOPE_ALL);
	unload(TARGET);
	for (i = 1; i <= 3; i++) {
		EXPECT_EQ(try_load(module_file(TARGET), "fail=-12"), ENOMEM);
		EXPECT_EQ(target_info(fd, target).state, COV_TARGET_GONE);
		/* Its init function has run up to where it failed. */
		EXPECT_EQ(function_hits(fd, target, "covlife_odd"), i);
	}
	load(module_file(TARGET), "");
	EXPECT_EQ(target_info(fd, target).state, COV_TARGET_LIVE);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 4);
}

static void killed_loader_leaves_a_target_that_is_gone(void)
{
	struct loading *load = loading("stop_in_init=1");
	struct cov_target_info info;
	int fd = control_open();
	uint32_t target;
	pid_t pid;

	unload(TARGET);
	pid = stop_in_init(load);
	target = attach_armed(fd, TARGET, "covlife_*", COV_MODE_EDGES, COV_SCOPE_ALL);
	end(pid);
	info = target_info(fd, target);
	EXPECT_EQ(info.state, COV_TARGET_GONE);
	EXPECT_EQ(info.armed + info.pending, 0);
}

/* --- exit ----------------------------------------------------------------------------------- */

static void unloading_module_is_enodev(void)
{
	struct cov_attach request = attach_request(TARGET);
	struct cov_checkpoint_add add = {
		.name = "late", .module = TARGET, .function = "covlife_odd",
		.levels = 1, .scope = COV_SCOPE_ALL,
	};
	int fd = control_open();
	pid_t pid;

	unload(TARGET);
	load(module_file(TARGET), "stop_in_exit=1");
	pid = stop_in_exit();
	FAILS(fd, COV_IOC_ATTACH, &request, ENODEV);
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &add, ENODEV);
	go_on(pid);
	FAILS(fd, COV_IOC_ATTACH, &request, ENOENT);
}

static void exit_function_is_measured(void)
{
	struct cov_arm arm = { .max = 1 };
	int fd = control_open();
	uint32_t target;
	pid_t pid;

	unload(TARGET);
	load(module_file(TARGET), "stop_in_exit=1");
	target = attach_armed(fd, TARGET, "covlife_*", COV_MODE_EDGES, COV_SCOPE_ALL);
	pid = stop_in_exit();
	EXPECT_EQ(function_hits(fd, target, "covlife_exit"), 1);
	arm.target = target;
	FAILS(fd, COV_IOC_ARM, &arm, ENODEV);
	EXPECT_EQ(function_hits(fd, target, "covlife_even"), 0);
	/* It may be reset, even detached, while it goes. */
	with_id(fd, COV_IOC_RESET, target);
	go_on(pid);
	EXPECT_EQ(target_info(fd, target).state, COV_TARGET_GONE);
	EXPECT_EQ(function_hits(fd, target, "covlife_exit"), 0);
	EXPECT_EQ(function_hits(fd, target, "covlife_even"), 1);
}

static void target_is_detached_in_its_exit_function(void)
{
	int fd = control_open();
	uint32_t target;
	pid_t pid;

	unload(TARGET);
	load(module_file(TARGET), "stop_in_exit=1");
	target = attach_armed(fd, TARGET, "covlife_*", COV_MODE_EDGES, COV_SCOPE_ALL);
	pid = stop_in_exit();
	EXPECT_EQ(function_hits(fd, target, "covlife_exit"), 1);
	with_id(fd, COV_IOC_DETACH, target);
	go_on(pid);
	EXPECT_EQ(livecov_status(fd).targets, 0);
}

static const struct test tests[] = {
	TEST(init_function_is_measured_and_then_gone),
	TEST(init_text_that_went_is_not_armed),
	TEST(jump_that_stays_in_init_text_goes_with_it),
	TEST(module_that_fails_to_load_does_not_matter),
	TEST(target_whose_init_fails_is_gone_with_its_results),
	TEST(target_that_fails_to_load_again_stays_gone),
	TEST(killed_loader_leaves_a_target_that_is_gone),
	TEST(unloading_module_is_enodev),
	TEST(exit_function_is_measured),
	TEST(target_is_detached_in_its_exit_function),
};

const struct test_group life_init = TEST_GROUP(tests);
