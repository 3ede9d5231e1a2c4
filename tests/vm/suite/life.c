// SPDX-License-Identifier: GPL-2.0-only
/*
 * life.c - targets that are unloaded and loaded again, clients that are
 * interrupted or killed, livecov itself unloaded: results outlive what they
 * belong to, and every byte is restored.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <unistd.h>

#include "life.h"
#include "module/covlife.h"

#define KPROBES_LIST	"/sys/kernel/debug/kprobes/list"

static void load_target(void)
{
	load(module_file(TARGET), "");
}

/* Attached, with both ways through covlife_work() taken. */
static uint32_t attach_with_hits(int fd)
{
	uint32_t target = attach_armed(fd, TARGET, "covlife_[woe][odv]*", COV_MODE_EDGES,
				       COV_SCOPE_ALL);

	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_TASK, 3);
	poke(COVLIFE_TASK, 2);
	return target;
}

/* --- unloaded and loaded again -------------------------------------------------- */

static void unloaded_target_keeps_its_results(void)
{
	struct cov_target_info before, after;
	struct cov_function function;
	int fd = control_open();
	uint32_t target = attach_with_hits(fd);

	before = target_info(fd, target);
	EXPECT_EQ(before.functions_hit, 3);
	unload(TARGET);
	after = target_info(fd, target);
	EXPECT_EQ(after.state, COV_TARGET_GONE);
	EXPECT_EQ(after.functions, before.functions);
	EXPECT_EQ(after.blocks, before.blocks);
	EXPECT_EQ(after.branches, before.branches);
	EXPECT_EQ(after.sites, before.sites);
	EXPECT_EQ(after.functions_hit, before.functions_hit);
	EXPECT_EQ(after.blocks_hit, before.blocks_hit);
	EXPECT_EQ(after.outcomes_hit, before.outcomes_hit);
	EXPECT_EQ(after.blocks_unknown, before.blocks_unknown);
	EXPECT_EQ(after.gone, before.armed);
	EXPECT_EQ(after.armed + after.disarmed + after.pending, 0);
	EXPECT_EQ(after.build_id_len, COV_BUILD_ID_LEN);
	EXPECT(!memcmp(after.build_id, before.build_id, sizeof(after.build_id)));
	/* The exit function has called covlife_work(2). */
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 2);
	EXPECT_EQ(function_hits(fd, target, "covlife_even"), 2);
	find_function(fd, target, "covlife_work", &function);
	EXPECT_EQ(function.hits, 4);
	EXPECT_EQ(function.state, COV_SITE_GONE);
}

static void unloaded_target_cannot_be_armed_or_read(void)
{
	struct cov_attach request = attach_request(TARGET);
	struct cov_text text = { .length = 1 };
	struct cov_arm arm = { .max = 1 };
	int fd = control_open();

	attach(fd, &request);
	unload(TARGET);
	arm.target = text.target = request.target;
	text.address = target_info(fd, request.target).text_base;
	text.buffer = (uintptr_t)&arm;
	FAILS(fd, COV_IOC_ARM, &arm, ENODEV);
	FAILS(fd, COV_IOC_TEXT, &text, ENODEV);
	/* Its results are still held. */
	FAILS(fd, COV_IOC_ATTACH, &request, EEXIST);
	with_id(fd, COV_IOC_RESET, request.target);
	with_id(fd, COV_IOC_DETACH, request.target);
	FAILS(fd, COV_IOC_ATTACH, &request, ENOENT);
}

static void target_loaded_again_is_armed_and_counts_go_on(void)
{
	struct cov_target_info before, after;
	struct cov_function function;
	int fd = control_open();
	uint32_t target = attach_with_hits(fd);
	static struct text text;

	before = target_info(fd, target);
	unload(TARGET);
	load_target();
	after = target_info(fd, target);
	EXPECT_EQ(after.state, COV_TARGET_LIVE);
	EXPECT(after.generation != before.generation);
	EXPECT_EQ(after.armed, before.armed);
	EXPECT_EQ(after.refused, before.refused);
	EXPECT_EQ(after.pending + after.gone, 0);
	read_module_text(&text, TARGET);
	EXPECT_EQ(after.text_base, text.address);
	/* Exit has called covlife_work(2), init covlife_work(1). */
	EXPECT_EQ(function_hits(fd, target, "covlife_even"), 2);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 3);
	poke(COVLIFE_TASK, 2);
	EXPECT_EQ(function_hits(fd, target, "covlife_even"), 3);
	find_function(fd, target, "covlife_work", &function);
	EXPECT(function.address - text.address < text.size);
}

/* How many branches' outcomes are certain not to have been passed. */
static unsigned int count_certain(int fd, uint32_t target)
{
	struct cov_branch branches[64];
	uint32_t i, count = read_table(fd, COV_IOC_BRANCHES, target, 0, 64, branches);
	unsigned int n = 0;

	EXPECT(count > 0);
	for (i = 0; i < count; i++)
		n += (branches[i].taken == COV_NO) + (branches[i].not_taken == COV_NO);
	return n;
}

/* Arming had not come to it yet when it ran. */
static void what_was_not_watched_in_an_earlier_load_stays_unknown(void)
{
	struct cov_attach request = attach_request(TARGET);
	struct cov_arm arm = { .max = 1 };
	int fd = control_open();

	request.engine = COV_ENGINE_KPROBE;
	choose(&request, "covlife_work");
	arm.target = attach(fd, &request);
	CALL(fd, COV_IOC_ARM, &arm);
	EXPECT(arm.pending > 0);
	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_TASK, 2);
	EXPECT_EQ(count_certain(fd, arm.target), 0);
	unload(TARGET);
	load_target();
	EXPECT_EQ(target_info(fd, arm.target).pending, 0);
	EXPECT_EQ(count_certain(fd, arm.target), 0);
	/* A reset between the loads is a new beginning: of what runs from then on nothing is missed. */
	unload(TARGET);
	with_id(fd, COV_IOC_RESET, arm.target);
	load_target();
	EXPECT(count_certain(fd, arm.target) > 0);
}

static void kept_target_is_measured_again_without_a_client(void)
{
	int fd = control_open(), i;
	uint32_t target = attach_with_hits(fd);

	with_id(fd, COV_IOC_KEEP, target);
	close(fd);
	for (i = 0; i < 3; i++) {
		unload(TARGET);
		load_target();
	}
	fd = control_open();
	EXPECT_EQ(target_info(fd, target).state, COV_TARGET_LIVE);
	EXPECT_EQ(function_hits(fd, target, "covlife_even"), 1 + 3);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 2 + 3);
	with_id(fd, COV_IOC_DETACH, target);
}

static void checkpoint_is_watched_again(void)
{
	struct cov_checkpoint_add add = {
		.name = "again", .module = TARGET, .function = "covlife_odd",
		.levels = 1, .scope = COV_SCOPE_ALL,
	};
	struct cov_checkpoint_del del = { .name = "again" };
	int fd = control_open();

	CALL(fd, COV_IOC_CHECKPOINT_ADD, &add);
	unload(TARGET);
	load_target();
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(function_hits(fd, add.target, "covlife_odd"), 2);
	CALL(fd, COV_IOC_CHECKPOINT_DEL, &del);
}

/* --- another build of the same name -------------------------------------------------- */

static bool kernel_log_has(const char *one, const char *two)
{
	static char log[1 << 20];
	char *line;
	int n = MUST(klogctl(3 /* SYSLOG_ACTION_READ_ALL */, log, sizeof(log) - 1));

	log[n] = '\0';
	for (line = strtok(log, "\n"); line; line = strtok(NULL, "\n"))
		if (strstr(line, one) && strstr(line, two))
			return true;
	return false;
}

static void another_build_is_stale_and_not_measured(void)
{
	struct cov_attach request = attach_request(TARGET);
	struct cov_arm arm = { .max = 1 };
	static struct text clean, text;
	struct cov_target_info info;
	int fd = control_open();
	uint32_t target;

	read_module_text(&clean, TARGET);
	target = attach_with_hits(fd);
	unload(TARGET);
	load(module_file("other/" TARGET), "");
	info = target_info(fd, target);
	EXPECT_EQ(info.state, COV_TARGET_STALE);
	EXPECT_EQ(info.armed + info.pending, 0);
	read_module_text(&text, TARGET);
	expect_same_text(&clean, &text);
	EXPECT(kernel_log_has("livecov: " TARGET, "another build"));

	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 2);
	EXPECT_EQ(target_info(fd, target).functions_hit, 3);
	arm.target = target;
	FAILS(fd, COV_IOC_ARM, &arm, ENODEV);
	FAILS(fd, COV_IOC_ATTACH, &request, EEXIST);
	/* The old results given up, the new build can be measured. */
	with_id(fd, COV_IOC_DETACH, target);
	target = attach_armed(fd, TARGET, "covlife_odd", COV_MODE_EDGES, COV_SCOPE_ALL);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 1);
	close(fd);
	unload(TARGET);
}

static void the_build_that_comes_back_is_measured_again(void)
{
	int fd = control_open();
	uint32_t target = attach_with_hits(fd);

	unload(TARGET);
	load(module_file("other/" TARGET), "");
	unload(TARGET);
	load_target();
	EXPECT_EQ(target_info(fd, target).state, COV_TARGET_LIVE);
	/* Twice in exit and init of its own build; the other's do not count. */
	EXPECT_EQ(function_hits(fd, target, "covlife_even"), 1 + 1);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 2 + 1);
}

/* --- livecov itself -------------------------------------------------------------------- */

static void livecov_with_an_open_file_stays_loaded(void)
{
	int fd = control_open();

	EXPECT_EQ(try_unload("livecov"), EWOULDBLOCK);
	livecov_status(fd);
	close(fd);
	unload("livecov");
}

static void unloaded_livecov_restores_every_byte(void)
{
	struct cov_checkpoint_add add = {
		.name = "left", .module = COV_CORE_KERNEL, .function = "sched_getaffinity",
		.levels = 1, .scope = COV_SCOPE_ALL, .flags = COV_CHECKPOINT_AUTO,
	};
	static struct text armed, clean, core;
	struct cov_target_info info;
	int fd = control_open();
	uint32_t target;

	read_module_text(&clean, TARGET);
	target = attach_armed(fd, TARGET, NULL, COV_MODE_EDGES, COV_SCOPE_ALL);
	with_id(fd, COV_IOC_KEEP, target);
	CALL(fd, COV_IOC_CHECKPOINT_ADD, &add);
	info = target_info(fd, add.target);
	EXPECT_EQ(try_read_text(&core, info.text_base, info.text_size), 0);
	close(fd);
	poke(COVLIFE_LOOP, 100);
	read_module_text(&armed, TARGET);
	EXPECT(memcmp(armed.bytes, clean.bytes, clean.size));
	unload("livecov");
	expect_text(&clean);
	EXPECT_EQ(count_lines(KPROBES_LIST, TARGET), 0);
	EXPECT_EQ(count_lines(KPROBES_LIST, "sched_getaffinity"), 0);
	poke(COVLIFE_LOOP, 100);
	/* The kernel's own text too: what was patched is no longer. */
	EXPECT_EQ(try_read_text(&armed, info.text_base, info.text_size), 0);
	EXPECT(memcmp(armed.bytes, core.bytes, core.size));
}

/* --- clients that are interrupted ----------------------------------------------------------- */

/* A module of the kernel's with enough sites for arming to take a while. */
#define LARGE	"loop"

struct arming {
	struct cov_arm first;	/* what the call that was interrupted said */
	int done;
};

static void interrupted(int signal)
{
	(void)signal;
}

static void arm_large(void *data)
{
	struct cov_attach request = attach_request(LARGE);
	struct sigaction action = { .sa_handler = interrupted };
	struct arming *arming = data;
	struct cov_arm arm = { .max = UINT32_MAX };
	int fd = control_open();

	sigaction(SIGINT, &action, NULL);
	arm.target = attach(fd, &request);
	CALL(fd, COV_IOC_ARM, &arm);
	arming->first = arm;
	/* The rest can follow. */
	arm.max = 1;
	CALL(fd, COV_IOC_ARM, &arm);
	EXPECT_EQ(arm.pending, arming->first.pending - 1);
	__atomic_store_n(&arming->done, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
}

/* Of a module that is larger than a page. */
static void read_large_text(struct text *text)
{
	struct cov_attach request = attach_request(LARGE);
	struct cov_target_info info;
	int fd = control_open();

	request.flags = COV_ATTACH_FUNCTIONS_ONLY;
	attach(fd, &request);
	info = target_info(fd, request.target);
	close(fd);
	EXPECT(info.text_size <= TEXT_MAX);
	EXPECT_EQ(try_read_text(text, info.text_base, info.text_size), 0);
}

static void arm_until_unloaded(void *unused)
{
	struct cov_attach request = attach_request(LARGE);
	struct cov_arm arm = { .max = UINT32_MAX };
	int fd = control_open();

	(void)unused;
	arm.target = attach(fd, &request);
	do
		if (ioctl(fd, COV_IOC_ARM, &arm))
			EXPECT_EQ(errno, ENODEV);
	while (target_info(fd, arm.target).state == COV_TARGET_LIVE);
	for (;;)
		pause();
}

static pid_t start_arming(void (*run)(void *), struct arming *arming)
{
	pid_t pid = start(run, arming);

	EVENTUALLY(count_lines(KPROBES_LIST, LARGE) > 0);
	return pid;
}

static void signal_ends_arming_early(void)
{
	struct arming *arming = shared_memory(sizeof(*arming));
	pid_t pid;

	modprobe(LARGE);
	pid = start_arming(arm_large, arming);
	kill(pid, SIGINT);
	EVENTUALLY(__atomic_load_n(&arming->done, __ATOMIC_SEQ_CST));
	EXPECT(arming->first.armed > 0);
	/* It came with the first sites; the call alone would have done many more. */
	EXPECT(arming->first.pending > arming->first.total / 2);
	end(pid);
	EXPECT_EQ(count_lines(KPROBES_LIST, LARGE), 0);
}

static void killed_client_leaves_nothing(void)
{
	struct arming *arming = shared_memory(sizeof(*arming));
	static struct text clean;
	pid_t pid;
	int fd;

	modprobe(LARGE);
	read_large_text(&clean);
	pid = start_arming(arm_large, arming);
	end(pid);
	fd = control_open();
	EXPECT_EQ(livecov_status(fd).targets, 0);
	EXPECT_EQ(livecov_status(fd).checkpoints, 0);
	EXPECT_EQ(count_lines(KPROBES_LIST, LARGE), 0);
	expect_text(&clean);
}

static void target_is_unloaded_while_it_is_armed(void)
{
	struct cov_target_info info = { .flags = COV_INFO_NEXT };
	int fd = control_open();
	pid_t pid;

	modprobe(LARGE);
	pid = start_arming(arm_until_unloaded, NULL);
	/* Whenever no probe is just being registered in it. */
	EVENTUALLY(try_unload(LARGE) == 0);
	CALL(fd, COV_IOC_TARGET, &info);
	EXPECT_EQ(info.state, COV_TARGET_GONE);
	EXPECT_EQ(info.armed + info.pending, 0);
	EXPECT_EQ(count_lines(KPROBES_LIST, LARGE), 0);
	end(pid);
	EXPECT_EQ(livecov_status(fd).targets, 0);
}

static const struct test tests[] = {
	TEST(unloaded_target_keeps_its_results),
	TEST(unloaded_target_cannot_be_armed_or_read),
	TEST(target_loaded_again_is_armed_and_counts_go_on),
	TEST(what_was_not_watched_in_an_earlier_load_stays_unknown),
	TEST(kept_target_is_measured_again_without_a_client),
	TEST(checkpoint_is_watched_again),
	TEST(another_build_is_stale_and_not_measured),
	TEST(the_build_that_comes_back_is_measured_again),
	TEST(livecov_with_an_open_file_stays_loaded),
	TEST(unloaded_livecov_restores_every_byte),
	TEST(signal_ends_arming_early),
	TEST(killed_client_leaves_nothing),
	TEST(target_is_unloaded_while_it_is_armed),
};

int main(int argc, char **argv)
{
	const struct test_group groups[] = { TEST_GROUP(tests), life_init };

	return suite_main(groups, ARRAY_SIZE(groups), argc, argv);
}
