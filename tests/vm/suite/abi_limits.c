// SPDX-License-Identifier: GPL-2.0-only
/*
 * abi_limits.c - full tables: ENOSPC, and what was lost is counted. Loads livecov
 * with small ones.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi.h"
#include "module/covlife.h"

static void load_livecov(const char *parameters)
{
	unload("livecov");
	load(LIVECOV_FILE, parameters);
}

static void tables_without_room_are_refused(void)
{
	static const char *const parameters[] = {
		"max_tasks=0", "max_callers=0", "max_tasks=4294967295", "max_callers=4294967295",
	};
	size_t i;

	unload("livecov");
	for (i = 0; i < ARRAY_SIZE(parameters); i++)
		EXPECT_EQ(try_load(LIVECOV_FILE, parameters[i]), EINVAL);
}

static void full_checkpoint_table_is_enospc(void)
{
	struct cov_attach small = attach_request(TARGET), large = attach_request(TARGET);
	struct cov_attach core = attach_request(COV_CORE_KERNEL);
	struct cov_status status;
	int fd;

	load_livecov("max_checkpoints=2");
	fd = control_open();
	EXPECT_EQ(livecov_status(fd).checkpoints_max, 2);
	FAILS(fd, COV_IOC_ATTACH, &large, ENOSPC);
	small.flags = COV_ATTACH_FUNCTIONS_ONLY;
	choose(&small, "covlife_[oe][dv]*");
	attach(fd, &small);
	EXPECT_EQ(small.sites, 2);
	/* Full to the last place. */
	core.flags = COV_ATTACH_FUNCTIONS_ONLY;
	choose(&core, "sched_setaffinity");
	FAILS(fd, COV_IOC_ATTACH, &core, ENOSPC);
	with_id(fd, COV_IOC_DETACH, small.target);
	attach(fd, &core);
	status = livecov_status(fd);
	EXPECT_EQ(status.checkpoints, 1);
	close(fd);
	unload("livecov");
}

static void checkpoint_in_a_full_table_is_enospc(void)
{
	struct cov_checkpoint_add add = {
		.name = "a", .module = TARGET, .function = "covlife_work",
		.levels = 1, .scope = COV_SCOPE_ALL,
	};
	struct cov_checkpoint_del del = { .name = "a" };
	struct cov_attach request = attach_request(TARGET);
	struct cov_branch branch;
	int fd = control_open();

	choose(&request, "covlife_work");
	attach(fd, &request);
	EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, request.target, 0, 1, &branch), 1);
	close(fd);

	load_livecov("max_checkpoints=1");
	fd = control_open();
	CALL(fd, COV_IOC_CHECKPOINT_ADD, &add);
	strcpy(add.name, "b");
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &add, ENOSPC);
	CALL(fd, COV_IOC_CHECKPOINT_DEL, &del);
	/* Not at the entry; however many places that takes, the table has no more. */
	add.offset = branch.offset;
	if (ioctl(fd, COV_IOC_CHECKPOINT_ADD, &add))
		EXPECT_EQ(errno, ENOSPC);
	EXPECT(livecov_status(fd).checkpoints <= 1);
	close(fd);
	unload("livecov");
}

/* --- tasks ---------------------------------------------------------------------------- */

static void sleep_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static void expect_one_more_task(void *fd)
{
	EXPECT_EQ(livecov_status(*(int *)fd).tasks, 2);
}

static void expect_register_enospc(void *unused)
{
	struct cov_register reg = { .sample = 2 };
	int fd = control_open();

	(void)unused;
	FAILS(fd, COV_IOC_REGISTER, &reg, ENOSPC);
}

static void full_task_table_is_counted_as_tasks_lost(void)
{
	struct cov_register reg = { .sample = 1 };
	enum { CHILDREN = 200 };
	struct cov_status status;
	pid_t pids[CHILDREN];
	int fd, i;

	load_livecov("max_tasks=16");
	fd = control_open();
	EXPECT_EQ(livecov_status(fd).tasks_max, 16);
	CALL(fd, COV_IOC_REGISTER, &reg);
	/* A child that cannot be tracked must run all the same. */
	for (i = 0; i < CHILDREN; i++)
		pids[i] = start(sleep_for_ever, NULL);
	status = livecov_status(fd);
	EXPECT(status.tasks_lost > 0);
	EXPECT_EQ(status.tasks + status.tasks_lost, CHILDREN + 1);
	EXPECT(status.tasks <= status.tasks_max);
	EXPECT(status.tasks >= status.tasks_max / 2);
	for (i = 0; i < CHILDREN; i++)
		end(pids[i]);
	/* They have left room again. */
	EVENTUALLY(livecov_status(fd).tasks == 1);
	finish(start(expect_one_more_task, &fd));
	close(fd);
	unload("livecov");
}

static void register_with_a_full_task_table_is_enospc(void)
{
	struct cov_register reg = { .sample = 1 };
	pid_t stranger, pids[200];
	uint64_t lost;
	int go[2];
	char byte;
	size_t i;
	int fd;

	load_livecov("max_tasks=16");
	MUST(pipe(go));
	stranger = MUST(fork());
	if (!stranger) {
		MUST(read(go[0], &byte, 1));
		expect_register_enospc(NULL);
		_exit(0);
	}
	fd = control_open();
	CALL(fd, COV_IOC_REGISTER, &reg);
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start(sleep_for_ever, NULL);
	lost = livecov_status(fd).tasks_lost;
	MUST(write(go[1], "", 1));
	finish(stranger);
	EXPECT_EQ(livecov_status(fd).tasks_lost, lost + 1);
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		end(pids[i]);
	close(fd);
	unload("livecov");
}

static void expect_both_enospc(void *fd)
{
	struct cov_register old = { .sample = 1 }, new = { .sample = 3 };

	FAILS(*(int *)fd, COV_IOC_REGISTER, &old, ENOSPC);
	FAILS(*(int *)fd, COV_IOC_REGISTER, &new, ENOSPC);
}

/* Neither is one made, nor does one that is empty go to the end. */
static void register_that_is_refused_leaves_samples_as_they_are(void)
{
	struct cov_register first = { .sample = 1 }, second = { .sample = 2 };
	uint64_t ids[4];
	struct cov_samples samples = { .count = ARRAY_SIZE(ids), .buffer = (uintptr_t)ids };
	int fd;

	load_livecov("max_tasks=1");
	fd = control_open();
	CALL(fd, COV_IOC_REGISTER, &first);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	CALL(fd, COV_IOC_REGISTER, &second);
	finish(start(expect_both_enospc, &fd));
	CALL(fd, COV_IOC_SAMPLES, &samples);
	EXPECT_EQ(samples.count, 2);
	EXPECT_EQ(ids[0], 1);
	EXPECT_EQ(ids[1], 2);
	close(fd);
	unload("livecov");
}

/* --- caller records ------------------------------------------------------------------------- */

static void full_caller_table_is_counted_as_callers_lost(void)
{
	struct cov_register reg = { .sample = 1 };
	struct cov_status status;
	uint32_t target;
	uint64_t lost;
	int fd, how;

	load_livecov("max_callers=1");
	fd = control_open();
	target = attach_armed(fd, TARGET, NULL, COV_MODE_EDGES, COV_SCOPE_ALL);
	CALL(fd, COV_IOC_REGISTER, &reg);
	for (how = 0; how < 5; how++)
		poke(COVLIFE_TASK, how);
	poke(COVLIFE_IRQ, 1);
	poke(COVLIFE_KTHREAD, 1);
	poke(COVLIFE_LOOP, 4);
	status = livecov_status(fd);
	EXPECT_EQ(status.callers_max, 2);
	EXPECT(status.callers >= 1 && status.callers <= status.callers_max);
	EXPECT(status.callers_lost > 0);
	lost = status.callers_lost;
	poke(COVLIFE_LOOP, 4);
	EXPECT(livecov_status(fd).callers_lost > lost);
	/* What could not be recorded is counted all the same. */
	EXPECT(function_hits(fd, target, "covlife_odd") >= 6);
	close(fd);
	unload("livecov");
}

static const struct test tests[] = {
	TEST(tables_without_room_are_refused),
	TEST(full_checkpoint_table_is_enospc),
	TEST(checkpoint_in_a_full_table_is_enospc),
	TEST(full_task_table_is_counted_as_tasks_lost),
	TEST(register_with_a_full_task_table_is_enospc),
	TEST(register_that_is_refused_leaves_samples_as_they_are),
	TEST(full_caller_table_is_counted_as_callers_lost),
};

const struct test_group abi_limits = TEST_GROUP(tests);
