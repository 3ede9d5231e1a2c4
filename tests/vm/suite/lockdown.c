// SPDX-License-Identifier: GPL-2.0-only
/*
 * lockdown.c - the kernel is locked down while livecov is loaded and a control file is open: what
 * was armed before stays, and nothing more is armed, not even of what was attached. There is no way
 * back: this program is the last one of its machine.
 */
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "control.h"
#include "module/covlife.h"

#define SECURITYFS	"/sys/kernel/security"
#define LOCKDOWN	SECURITYFS "/lockdown"

static void need_lockdown(void)
{
	if (access(LOCKDOWN, F_OK))
		mount("securityfs", SECURITYFS, "securityfs", 0, NULL);
	if (access(LOCKDOWN, F_OK))
		skip_test("this kernel has no lockdown");
}

/* Not FAILS: no other control file can be opened any more. */
static void expect_locked(int fd, unsigned int cmd, void *request)
{
	EXPECT_EQ(ioctl(fd, cmd, request), -1);
	EXPECT_EQ(errno, EPERM);
	EXPECT(strstr(last_error(fd), "locked down"));
}

static void expect_no_attaching(int fd, uint32_t targets)
{
	struct cov_attach request = attach_request("covpeek");
	struct cov_checkpoint_add add = {
		.name = "late", .module = TARGET, .function = "covlife_odd",
		.levels = 1, .scope = COV_SCOPE_ALL,
	};
	uint32_t engine;

	for (engine = COV_ENGINE_AUTO; engine <= COV_ENGINE_ENTRY; engine++) {
		request.engine = engine;
		expect_locked(fd, COV_IOC_ATTACH, &request);
	}
	expect_locked(fd, COV_IOC_CHECKPOINT_ADD, &add);
	EXPECT_EQ(livecov_status(fd).targets, targets);
}

static void expect_no_arming(int fd, uint32_t target)
{
	struct cov_arm request = { .target = target, .max = 1 };
	struct cov_target_id id = { .target = target };
	struct cov_target_id all = { .target = 0 };

	expect_locked(fd, COV_IOC_ARM, &request);
	expect_locked(fd, COV_IOC_RESET, &id);
	expect_locked(fd, COV_IOC_RESET, &all);
	EXPECT_EQ(target_info(fd, target).armed, 0);
}

/* What is on can be switched off, for good. */
static void expect_no_switching_on(int fd, uint32_t place, uint64_t address)
{
	struct cov_checkpoint_switch request = { .glob = "work", .flags = COV_CHECKPOINT_AUTO };
	struct cov_outcome_switch outcome = {
		.target = place, .to = COV_OUTCOME_OFF, .address = address,
	};

	CALL(fd, COV_IOC_OUTCOME_SWITCH, &outcome);
	outcome.to = COV_OUTCOME_ON;
	expect_locked(fd, COV_IOC_OUTCOME_SWITCH, &outcome);
	outcome.to = COV_OUTCOME_DELETED;
	CALL(fd, COV_IOC_OUTCOME_SWITCH, &outcome);
	CALL(fd, COV_IOC_CHECKPOINT_SWITCH, &request);
	request.on = 1;
	expect_locked(fd, COV_IOC_CHECKPOINT_SWITCH, &request);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(place_of(fd, place).hits, 0);
}

/* Where its last branch leads to. */
static uint64_t any_way(int fd, uint32_t place)
{
	struct cov_branch branch;

	EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, place, target_info(fd, place).branches - 1, 1,
			     &branch), 1);
	return branch.target;
}

static void open_file_arms_nothing_once_the_kernel_is_locked_down(void)
{
	struct cov_attach peek = attach_request("covpeek");
	struct cov_checkpoint_add add = {
		.name = "work", .module = TARGET, .function = "covlife_work",
		.levels = 1, .scope = COV_SCOPE_ALL, .flags = COV_CHECKPOINT_AUTO,
	};
	int fd = control_open();
	uint32_t target;
	uint64_t way;

	need_lockdown();
	target = attach_by(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_COUNT, COV_SCOPE_ALL);
	attach(fd, &peek);
	CALL(fd, COV_IOC_CHECKPOINT_ADD, &add);
	way = any_way(fd, add.target);
	write_file(LOCKDOWN, "integrity");
	expect_no_attaching(fd, 3);
	expect_no_arming(fd, peek.target);
	expect_no_switching_on(fd, add.target, way);
	EXPECT_EQ(function_hits(fd, target, "covlife_work"), 1);
	del_checkpoint(fd, "work");
	with_id(fd, COV_IOC_DETACH, peek.target);
	with_id(fd, COV_IOC_DETACH, target);
	expect_clean_text();
	close(fd);
	unload("livecov");
}

static const struct test tests[] = {
	TEST(open_file_arms_nothing_once_the_kernel_is_locked_down),
};

int main(int argc, char **argv)
{
	const struct test_group groups[] = { TEST_GROUP(tests) };

	return suite_main(groups, ARRAY_SIZE(groups), argc, argv);
}
