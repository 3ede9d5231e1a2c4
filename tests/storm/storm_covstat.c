// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm_covstat.c - covstat is killed at any moment of what it does; nothing of it
 * stays, and what was attached before can still be asked and detached.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "storm.h"

#define COVSTAT	"build/covstat"

static pid_t start_covstat(const char *const *argv)
{
	pid_t pid = MUST(fork());
	int null;

	if (pid)
		return pid;
	null = open("/dev/null", O_RDWR);
	dup2(null, 1);
	dup2(null, 2);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

static unsigned int milliseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* How long one takes that is let be. */
static unsigned int time_of(const char *const *argv)
{
	unsigned int begun = milliseconds();
	int status;

	MUST(waitpid(start_covstat(argv), &status, 0));
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		FAIL("%s %s: status %#x", argv[0], argv[1], status);
	return milliseconds() - begun;
}

static void kill_at_some_moment(const char *const *argv, unsigned int takes)
{
	pid_t pid = start_covstat(argv);

	usleep(any(takes * 5 / 4 + 1) * 1000);
	kill(pid, SIGKILL);
	MUST(waitpid(pid, NULL, 0));
}

static const char *const attach_argv[][8] = {
	{ COVSTAT, "attach", COEXIST_TARGET, NULL },
	{ COVSTAT, "attach", COEXIST_TARGET, "--mode", "count", "--scope", "tracked", NULL },
	{ COVSTAT, "attach", COEXIST_TARGET, "--mode", "blocks", NULL },
	{ COVSTAT, "attach", COEXIST_TARGET, "--engine", "breakpoint", NULL },
	{ COVSTAT, "attach", COEXIST_TARGET, "--engine", "kprobe", "--functions-only", NULL },
};

static const char *const other_argv[][8] = {
	{ COVSTAT, "detach", COEXIST_TARGET, NULL },
	{ COVSTAT, "list", COEXIST_TARGET, NULL },
	{ COVSTAT, "list", COEXIST_TARGET, "--json", NULL },
	{ COVSTAT, "reset", NULL },
	{ COVSTAT, "status", NULL },
	{ COVSTAT, "run", "--", "/bin/true", NULL },
};

/* What a killed one has not kept is undone; what it has is attached as a whole. */
static void expect_all_or_nothing(int fd)
{
	struct cov_target_info info = { .flags = COV_INFO_NEXT };

	if (try_call(fd, COV_IOC_TARGET, &info))
		return;
	EXPECT_EQ(info.kept, 1);
	EXPECT_EQ(info.pending, 0);
}

static void covstat_is_killed_at_any_moment(void)
{
	struct callers testers;
	unsigned int takes;
	int fd;

	storm_begin(__func__);
	fd = control_open();
	testers_start(&testers);
	takes = time_of(attach_argv[0]);
	time_of(other_argv[0]);
	while (storm_goes_on()) {
		kill_at_some_moment(attach_argv[any(ARRAY_SIZE(attach_argv))], takes);
		expect_all_or_nothing(fd);
		kill_at_some_moment(other_argv[any(ARRAY_SIZE(other_argv))], takes);
		expect_all_or_nothing(fd);
		if (any(4) == 0)
			detach_all(fd);
	}
	detach_all(fd);
	close(fd);
	EXPECT(testers_finish(&testers) > 0);
	storm_end();
}

static const struct test storms[] = {
	TEST(covstat_is_killed_at_any_moment),
};

const struct test_group storms_of_covstat = TEST_GROUP(storms);
