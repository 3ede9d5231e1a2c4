// SPDX-License-Identifier: GPL-2.0-only
/*
 * load.c - text is patched while both CPUs run it: sites that disarm themselves
 * are reset, targets are attached and detached, unloaded and loaded, others ask
 * at the same time. Afterwards every byte is as it was.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "load.h"
#include "module/covlife.h"

#define WORKED	"covlife_[woe][odv]*"	/* covlife_work, _odd, _even: what the hammer runs */

/* Both CPUs hit the sites while they are reset: every reset must see them hit once. */
static void reset_loses_no_later_hit(void)
{
	static const char *const names[] = { "covlife_work", "covlife_odd", "covlife_even" };
	int fd = control_open();
	struct hammer hammer;
	unsigned int i, k;
	uint32_t target;

	target = attach_armed(fd, TARGET, WORKED, COV_MODE_BLOCKS, COV_SCOPE_ALL);
	hammer_start(&hammer);
	for (i = 0; i < rounds(80); i++) {
		with_id(fd, COV_IOC_RESET, target);
		hammer_pass(&hammer);
		for (k = 0; k < ARRAY_SIZE(names); k++) {
			EXPECT_EQ(function_of(fd, target, names[k]).hits, 1);
			EXPECT_EQ(function_of(fd, target, names[k]).state, COV_SITE_DISARMED);
		}
		EXPECT_EQ(target_info(fd, target).functions_hit, 3);
	}
	hammer_stop(&hammer);
}

static void reset_in_a_row_under_load_loses_no_later_hit(void)
{
	int fd = control_open();
	struct hammer hammer;
	unsigned int i, k;
	uint32_t target;

	target = attach_armed(fd, TARGET, WORKED, COV_MODE_BLOCKS, COV_SCOPE_ALL);
	hammer_start(&hammer);
	for (i = 0; i < rounds(12); i++) {
		for (k = 0; k < 4; k++)
			with_id(fd, COV_IOC_RESET, target);
		hammer_pass(&hammer);
		EXPECT_EQ(function_of(fd, target, "covlife_odd").hits, 1);
		EXPECT_EQ(function_of(fd, target, "covlife_even").hits, 1);
	}
	hammer_stop(&hammer);
}

/* --- attached and detached ----------------------------------------------------------- */

static void attach_storm(uint32_t mode, unsigned int n)
{
	int fd = control_open();
	struct hammer hammer;
	unsigned int i;

	hammer_start(&hammer);
	for (i = 0; i < n; i++) {
		uint32_t target = attach_armed(fd, TARGET, WORKED, mode, COV_SCOPE_ALL);

		hammer_pass(&hammer);
		EXPECT_EQ(target_info(fd, target).functions_hit, 3);
		EXPECT_EQ(target_info(fd, target).missed, 0);
		with_id(fd, COV_IOC_DETACH, target);
		expect_clean_text();
	}
	hammer_stop(&hammer);
}

static void text_is_armed_and_restored_while_it_runs(void)
{
	attach_storm(COV_MODE_EDGES, rounds(25));
}

static void text_is_disarmed_and_restored_while_it_runs(void)
{
	attach_storm(COV_MODE_BLOCKS, rounds(25));
}

/* Detached before the sites that have just been hit could be disarmed. */
static void detach_does_not_wait_for_the_hits_to_settle(void)
{
	int fd = control_open();
	struct hammer hammer;
	unsigned int i;

	hammer_start(&hammer);
	for (i = 0; i < rounds(25); i++) {
		uint32_t target = attach_armed(fd, TARGET, WORKED, COV_MODE_BLOCKS, COV_SCOPE_ALL);

		with_id(fd, COV_IOC_DETACH, target);
		expect_clean_text();
	}
	hammer_stop(&hammer);
}

/*
 * The last site of engine entry goes beside tasks that loop in a system call: ftrace's
 * unregistering would wait for them, and the kernel tell of a blocked task.
 */
static void entries_leave_beside_tasks_that_keep_their_cpu(void)
{
	int fd = control_open();
	struct hammer hammer;
	unsigned int i;

	need_engine(fd, COV_ENGINE_ENTRY);
	hammer_start(&hammer);
	for (i = 0; i < rounds(12); i++) {
		uint32_t target = attach_by(fd, TARGET, WORKED, COV_ENGINE_ENTRY, COV_MODE_COUNT,
					    COV_SCOPE_ALL);

		hammer_pass(&hammer);
		EXPECT_EQ(target_info(fd, target).functions_hit, 3);
		with_id(fd, COV_IOC_DETACH, target);
		expect_clean_text();
	}
	hammer_stop(&hammer);
}

static void livecov_is_unloaded_while_its_sites_are_hit(void)
{
	struct hammer hammer;
	unsigned int i;

	hammer_start(&hammer);
	for (i = 0; i < rounds(10); i++) {
		int fd = control_open();
		uint32_t target = attach_armed(fd, TARGET, WORKED, i % 2 ? COV_MODE_BLOCKS :
					       COV_MODE_EDGES, COV_SCOPE_ALL);

		with_id(fd, COV_IOC_KEEP, target);
		close(fd);
		unload("livecov");
		expect_clean_text();
		load(LIVECOV_FILE, "");
	}
	hammer_stop(&hammer);
}

/* --- together ------------------------------------------------------------------------------- */

/* Reads whatever there is, again and again; resets it, too, if told to. */
static void ask_for_ever(bool reset)
{
	static char buffer[1 << 16];
	int fd = control_open();

	for (;;) {
		struct cov_target_info info = { .flags = COV_INFO_NEXT };
		struct cov_range range = { .buffer = (uintptr_t)buffer };
		struct cov_target_id id = { };

		livecov_status(fd);
		if (ioctl(fd, COV_IOC_TARGET, &info))
			continue;
		/* The target may have gone in between, but that is all that may happen. */
		id.target = range.target = info.target;
		range.count = 64;
		if (ioctl(fd, COV_IOC_FUNCTIONS, &range))
			EXPECT_EQ(errno, ENOENT);
		range.count = 64;
		if (ioctl(fd, COV_IOC_BRANCHES, &range))
			EXPECT_EQ(errno, ENOENT);
		range.count = 64;
		if (ioctl(fd, COV_IOC_BLOCKS, &range))
			EXPECT_EQ(errno, ENOENT);
		if (reset && ioctl(fd, COV_IOC_RESET, &id))
			EXPECT_EQ(errno, ENOENT);
	}
}

static void ask(void *unused)
{
	(void)unused;
	ask_for_ever(false);
}

static void ask_and_reset(void *unused)
{
	(void)unused;
	ask_for_ever(true);
}

static void others_ask_and_reset_during_a_storm(void)
{
	pid_t asking = start(ask, NULL), resetting = start(ask_and_reset, NULL);

	{
		int fd = control_open();
		struct hammer hammer;
		unsigned int i;

		hammer_start(&hammer);
		for (i = 0; i < rounds(20); i++) {
			uint32_t target = attach_armed(fd, TARGET, WORKED, i % 2 ? COV_MODE_BLOCKS :
						       COV_MODE_EDGES, COV_SCOPE_ALL);

			with_id(fd, COV_IOC_RESET, target);
			with_id(fd, COV_IOC_DETACH, target);
		}
		hammer_stop(&hammer);
	}
	end(asking);
	end(resetting);
	expect_clean_text();
}

/* --- loaded and unloaded ----------------------------------------------------------------------- */

static void reload_for_ever(void *count)
{
	unsigned long *done = count;

	for (;;) {
		/* Busy while somebody registers a probe in it. */
		if (try_unload(TARGET))
			continue;
		load(module_file(TARGET), "");
		__atomic_fetch_add(done, 1, __ATOMIC_SEQ_CST);
	}
}

/* Whatever the module's state, a call succeeds or says which state that is. */
static void attach_whatever_there_is(int fd)
{
	struct cov_attach request = attach_request(TARGET);
	struct cov_arm arm = { .max = UINT32_MAX };

	choose(&request, WORKED);
	if (ioctl(fd, COV_IOC_ATTACH, &request)) {
		/* EAGAIN: its init function is just returning. */
		if (errno != ENOENT && errno != ENODEV && errno != EAGAIN)
			FAIL("attaching: errno %d", errno);
		return;
	}
	arm.target = request.target;
	if (ioctl(fd, COV_IOC_ARM, &arm))
		EXPECT_EQ(errno, ENODEV);
	with_id(fd, COV_IOC_RESET, request.target);
	target_info(fd, request.target);
	with_id(fd, COV_IOC_DETACH, request.target);
}

static void module_is_reloaded_while_it_is_attached_to(void)
{
	unsigned long *reloads = shared_memory(sizeof(*reloads));
	pid_t reloading = start(reload_for_ever, reloads);
	int fd = control_open();
	unsigned int i;

	for (i = 0; i < rounds(60); i++)
		attach_whatever_there_is(fd);
	EVENTUALLY(__atomic_load_n(reloads, __ATOMIC_SEQ_CST) >= rounds(10));
	end(reloading);
	EXPECT_EQ(livecov_status(fd).targets, 0);
	if (!is_loaded(TARGET))
		load(module_file(TARGET), "");
}

static void attached_module_is_reloaded_while_others_ask_and_reset(void)
{
	pid_t asking = start(ask, NULL), resetting = start(ask_and_reset, NULL);
	int fd = control_open();
	uint32_t target;
	unsigned int i;

	target = attach_armed(fd, TARGET, WORKED, COV_MODE_BLOCKS, COV_SCOPE_ALL);
	for (i = 0; i < rounds(15); i++) {
		poke(COVLIFE_LOOP, 4);
		EVENTUALLY(try_unload(TARGET) == 0);
		EXPECT_EQ(target_info(fd, target).state, COV_TARGET_GONE);
		load(module_file(TARGET), "");
		EXPECT_EQ(target_info(fd, target).state, COV_TARGET_LIVE);
	}
	end(asking);
	end(resetting);
	with_id(fd, COV_IOC_RESET, target);
	poke(COVLIFE_LOOP, 4);
	EXPECT_EQ(target_info(fd, target).functions_hit, 3);
}

static const struct test tests[] = {
	TEST(reset_loses_no_later_hit),
	TEST(reset_in_a_row_under_load_loses_no_later_hit),
	TEST(text_is_armed_and_restored_while_it_runs),
	TEST(text_is_disarmed_and_restored_while_it_runs),
	TEST(detach_does_not_wait_for_the_hits_to_settle),
	TEST(entries_leave_beside_tasks_that_keep_their_cpu),
	TEST(livecov_is_unloaded_while_its_sites_are_hit),
	TEST(others_ask_and_reset_during_a_storm),
	TEST(module_is_reloaded_while_it_is_attached_to),
	TEST(attached_module_is_reloaded_while_others_ask_and_reset),
};

int main(int argc, char **argv)
{
	const struct test_group groups[] = { load_oneshot, TEST_GROUP(tests) };

	return suite_main(groups, ARRAY_SIZE(groups), argc, argv);
}
