// SPDX-License-Identifier: GPL-2.0-only
/*
 * lockdown.c - the kernel is locked down while livecov is loaded and a control file is open: what
 * was armed before stays, and nothing more is armed. There is no way back: this program is the last
 * one of its machine.
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

static void expect_no_attaching(int fd)
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
	EXPECT_EQ(livecov_status(fd).targets, 1);
}

static void open_file_attaches_nothing_once_the_kernel_is_locked_down(void)
{
	int fd = control_open();
	uint32_t target;

	need_lockdown();
	target = attach_by(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_COUNT, COV_SCOPE_ALL);
	write_file(LOCKDOWN, "integrity");
	expect_no_attaching(fd);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(function_hits(fd, target, "covlife_work"), 1);
	with_id(fd, COV_IOC_DETACH, target);
	expect_clean_text();
	close(fd);
	unload("livecov");
}

static const struct test tests[] = {
	TEST(open_file_attaches_nothing_once_the_kernel_is_locked_down),
};

int main(int argc, char **argv)
{
	const struct test_group groups[] = { TEST_GROUP(tests) };

	return suite_main(groups, ARRAY_SIZE(groups), argc, argv);
}
