// SPDX-License-Identifier: GPL-2.0-only
/*
 * oops.c - an oops in code that was moved names the driver's function and the offset of the
 * instruction there, not only livecov. The task dies of it: this program has a machine of its own,
 * whose kernel log may show oopses.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "coexist.h"

#define FUNCTION	"covt_oops"
/* How far before its jump the instruction is that faults (tests/target/beside_asm.S). */
#define BEFORE_JUMP	2
#define SAMPLE		5
#define LOG		"/dev/kmsg"

/* The log from here on. */
static int log_open(void)
{
	int fd = MUST(open(LOG, O_RDONLY | O_NONBLOCK | O_CLOEXEC));

	MUST(lseek(fd, 0, SEEK_END));
	return fd;
}

/* Is there a record that contains one text, and then another? Those before it are gone then. */
static bool log_has(int fd, const char *text, const char *then)
{
	char record[8192];
	const char *found;
	ssize_t n;

	while ((n = read(fd, record, sizeof(record) - 1)) > 0) {
		record[n] = '\0';
		found = strstr(record, text);
		if (found && strstr(found + strlen(text), then))
			return true;
	}
	return false;
}

/* Three ways to die of it. */

static void die_untracked(void *target)
{
	(void)target;
	covt(covt_open(), COVT_FN_oops, COVT_OOPS, 0, 0);
}

static void die_tracked(void *target)
{
	track_as(control_open(), SAMPLE);
	die_untracked(target);
}

/* Not before its jump leads to a shortcut, which takes text of its own. */
static void die_in_a_shortcut(void *target)
{
	int fd = control_open(), device = covt_open();
	struct cov_engines engines = { .target = *(const uint32_t *)target }, now = engines;

	MUST(ioctl(fd, COV_IOC_ENGINES, &engines));
	track_as(fd, SAMPLE);
	covt(device, COVT_FN_oops, 0, 0, 0);
	do {
		usleep(10000);
		MUST(ioctl(fd, COV_IOC_ENGINES, &now));
	} while (now.stub_bytes == engines.stub_bytes);
	/* It is written before it is used. */
	sleep(1);
	die_untracked(target);
}

/* The branch, which is under a detour. */
static struct cov_branch branch_of(int fd, uint32_t target)
{
	struct cov_function function = function_of(fd, target, FUNCTION);
	struct cov_branch branch;

	EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, target, function.first_branch, 1, &branch), 1);
	EXPECT_EQ(branch.state, COV_SITE_ARMED);
	return branch;
}

static void oops_names_the_function(unsigned int scope, void (*die)(void *target))
{
	int fd = control_open(), log, status;
	uint32_t target;
	char line[128];

	need_engine(fd, COV_ENGINE_DETOUR);
	close(covt_open());
	target = attach_by(fd, COEXIST_TARGET, FUNCTION, COV_ENGINE_DETOUR, COV_MODE_EDGES, scope);
	snprintf(line, sizeof(line), "livecov: RIP is in code that was moved here from %s+%#x/",
		 FUNCTION, branch_of(fd, target).offset - BEFORE_JUMP);
	log = log_open();
	write_file("/proc/sys/kernel/panic_on_oops", "0");
	MUST(waitpid(start(die, &target), &status, 0));
	EXPECT(WIFSIGNALED(status));
	EXPECT(log_has(log, "RIP: ", "[livecov]"));
	if (!log_has(log, line, "[" COEXIST_TARGET "]"))
		FAIL("the log has no '%s'", line);
	with_id(fd, COV_IOC_DETACH, target);
}

static void oops_under_a_detour_names_the_drivers_instruction(void)
{
	oops_names_the_function(COV_SCOPE_ALL, die_untracked);
}

static void oops_under_a_detour_of_scope_tracked_does_so_too(void)
{
	oops_names_the_function(COV_SCOPE_TRACKED, die_tracked);
}

static void oops_in_a_shortcut_names_the_drivers_instruction(void)
{
	oops_names_the_function(COV_SCOPE_TRACKED, die_in_a_shortcut);
}

static const struct test tests[] = {
	TEST(oops_under_a_detour_names_the_drivers_instruction),
	TEST(oops_under_a_detour_of_scope_tracked_does_so_too),
	TEST(oops_in_a_shortcut_names_the_drivers_instruction),
};

int main(int argc, char **argv)
{
	const struct test_group groups[] = { TEST_GROUP(tests) };

	return suite_main(groups, ARRAY_SIZE(groups), argc, argv);
}
