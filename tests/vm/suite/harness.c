// SPDX-License-Identifier: GPL-2.0-only
/*
 * harness.c - see harness.h.
 *
 * "# NAME" goes out before a test runs: when the kernel dies in it, whoever reads
 * knows its name, and can have the rest run by --after NAME.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

enum verdict { PASSED, FAILED, SKIPPED };

/* Shared by all processes of a test. */
static struct verdict_text {
	int verdict;	/* of the first process that had one */
	char text[512];
} *result;

/* --- from inside a test --------------------------------------------------------- */

static void end_test(enum verdict verdict, const char *text)
{
	int nobody_yet = PASSED;

	if (__atomic_compare_exchange_n(&result->verdict, &nobody_yet, verdict, false,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		snprintf(result->text, sizeof(result->text), "%s", text);
	_exit(1);
}

static char at_case[128];

void test_case(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(at_case, sizeof(at_case) - 2, format, args);
	va_end(args);
	if (at_case[0])
		strcat(at_case, ": ");
}

void fail_test(const char *file, int line, const char *format, ...)
{
	char text[sizeof(result->text)];
	const char *slash = strrchr(file, '/');
	int len = snprintf(text, sizeof(text), "%s:%d: %s", slash ? slash + 1 : file, line,
			   at_case);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, sizeof(text) - len, format, args);
	va_end(args);
	end_test(FAILED, text);
	__builtin_unreachable();
}

void skip_test(const char *format, ...)
{
	char text[sizeof(result->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	end_test(SKIPPED, text);
	__builtin_unreachable();
}

/*
 * Some 200 s, in short pauses; the first rounds give the CPU away and no more.
 * There is nothing to wait for when another process of the test has failed.
 */
bool patience(unsigned int round)
{
	const struct timespec pause = { .tv_nsec = 2 * 1000 * 1000 };

	if (__atomic_load_n(&result->verdict, __ATOMIC_SEQ_CST) != PASSED)
		_exit(1);
	if (round < 100)
		usleep(0);
	else
		nanosleep(&pause, NULL);
	return round < 100 * 1000;
}

/* --- from outside ------------------------------------------------------------------ */

/*
 * In a process of its own, the leader of a group that is killed as a whole. Orphans
 * are ours (see harness_main()): when the last has been reaped, nothing runs any more
 * and every file that they had is closed.
 */
static void run_apart(void (*before)(void), void (*run)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		if (before)
			before();
		run();
		_exit(0);
	}
	if (pid < 0) {
		result->verdict = FAILED;
		snprintf(result->text, sizeof(result->text), "fork: %s", strerror(errno));
		return;
	}
	setpgid(pid, pid);
	waitpid(pid, &status, 0);
	kill(-pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	if (status && result->verdict == PASSED) {
		result->verdict = FAILED;
		snprintf(result->text, sizeof(result->text), "its process ended with status %#x",
			 status);
	}
}

/* Whoever reads the kernel's log shall see in which test a line came. */
static void note_in_kernel_log(const char *name)
{
	int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (log >= 0) {
		dprintf(log, "livecov-test: %s\n", name);
		close(log);
	}
}

static bool run_test(const struct harness *harness, const struct test *test)
{
	static const char *const words[] = { "ok", "not ok", "skip" };
	bool failed;

	printf("# %s\n", test->name);
	note_in_kernel_log(test->name);
	*result = (struct verdict_text){ .verdict = PASSED };
	run_apart(harness->before, test->run);
	if (result->verdict == PASSED && harness->after)
		run_apart(NULL, harness->after);
	failed = result->verdict == FAILED;
	if (result->verdict == PASSED)
		printf("ok %s\n", test->name);
	else
		printf("%s %s - %s\n", words[result->verdict], test->name, result->text);
	fflush(stdout);
	if (failed && harness->repair)
		harness->repair();
	return !failed;
}

/* What the command line asks for. */
struct selection {
	const char *after;	/* not yet reached, or NULL */
	char **names;
	int nr_names;
};

static bool selected(struct selection *selection, const char *name)
{
	int i;

	if (selection->after) {
		if (!strcmp(selection->after, name))
			selection->after = NULL;
		return false;
	}
	for (i = 0; i < selection->nr_names; i++)
		if (!strcmp(selection->names[i], name))
			return true;
	return !selection->nr_names;
}

int harness_main(const struct harness *harness, int argc, char **argv)
{
	struct selection selection = { .names = argv + 1, .nr_names = argc - 1 };
	int run = 0, failed = 0;
	size_t g, t;

	if (argc == 3 && !strcmp(argv[1], "--after"))
		selection = (struct selection){ .after = argv[2] };
	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (result == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1)) {
		perror(argv[0]);
		return 1;
	}
	for (g = 0; g < harness->nr_groups; g++)
		for (t = 0; t < harness->groups[g].count; t++)
			if (selected(&selection, harness->groups[g].tests[t].name)) {
				run++;
				failed += !run_test(harness, &harness->groups[g].tests[t]);
			}
	if (selection.after || run < selection.nr_names) {
		fprintf(stderr, "%s: no such test\n", argv[0]);
		return 2;
	}
	return failed ? 1 : 0;
}
