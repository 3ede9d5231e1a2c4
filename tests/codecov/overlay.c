// SPDX-License-Identifier: GPL-2.0-only
/*
 * overlay.c - a program as they were written for codecov, on overlayfs as it is: it adds its
 * checkpoints, registers, makes files and asks what that has reached. guest.py mounts
 * merged/ and says in the arguments which branches ovl_create_object() has, as
 * FUNCTION#OFFSET: first where its first jump goes to if it is taken, and what lies behind
 * that jump, then the others. The jump asks whether the file system may be written to. With
 * REGISTERED and a command it registers and executes that.
 *
 * Steps follow each other and count on those before them. Prints 'ok STEP' or 'not ok STEP -
 * WHY' and ends at the first that fails.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "codecov.h"

#define PROCESSES	100	/* more than the 64 that there used to be */
#define LEVEL(n)	(1UL << ((n) - 1))
#define REGISTERED	"--registered"

static char **branches;
static unsigned long nr_branches;
static const char *step;

static void not_ok(const char *what, int line, long long found, long long wanted)
{
	printf("not ok %s - line %d: %s is %lld, not %lld (errno: %s)\n", step, line, what, found,
	       wanted, strerror(errno));
	exit(1);
}

#define EXPECT_EQ(found, wanted) do {					\
	long long found_ = (found), wanted_ = (wanted);			\
									\
	if (found_ != wanted_)						\
		not_ok(#found, __LINE__, found_, wanted_);		\
} while (0)

#define EXPECT_FAILS(call, error) do {					\
	errno = 0;							\
	EXPECT_EQ(call, -1);						\
	EXPECT_EQ(errno, error);					\
} while (0)

/* ---- what codecov answers --------------------------------------------------------------- */

static unsigned long status_of(char *name, enum status_opt option)
{
	unsigned long value = ~0UL;

	EXPECT_EQ(get_cp_status(name, option, &value), 0);
	return value;
}

static unsigned long hits(char *name)
{
	return status_of(name, STATUS_HIT);
}

static unsigned long number(int (*ask)(unsigned long *))
{
	unsigned long value = ~0UL;

	EXPECT_EQ(ask(&value), 0);
	return value;
}

static void expect_unhit_func(size_t skip, unsigned long level, const char *name)
{
	char buf[256] = "";

	EXPECT_EQ(get_next_unhit_func(buf, sizeof(buf), skip, level), 0);
	EXPECT_EQ(strcmp(buf, name), 0);
}

static unsigned int branch_index(const char *name)
{
	unsigned int i = 0;

	while (i < nr_branches && strcmp(branches[i], name))
		i++;
	return i;
}

/* Which branches were not passed; each of them is one that the function has, and is once. */
static unsigned long unhit_branches(void)
{
	unsigned long found = 0;
	char buf[256], seen[4096] = { 0 };
	size_t skip;

	for (skip = 0; !get_next_unhit_cp(buf, sizeof(buf), skip, 1); skip++) {
		if (!strchr(buf, '#'))
			continue;
		EXPECT_EQ(branch_index(buf) < nr_branches, 1);
		EXPECT_EQ(seen[branch_index(buf)]++, 0);
		EXPECT_EQ(hits(buf), 0);
		found++;
	}
	EXPECT_EQ(errno, ENOENT);
	return found;
}

static unsigned int lines_with(const char *text, const char *word)
{
	unsigned int found = 0;

	for (text = strstr(text, word); text; text = strstr(text + 1, word))
		found++;
	return found;
}

/* Each call of ovl_create_object() has gone the way of success. */
static void expect_made(unsigned long calls)
{
	EXPECT_EQ(hits("make"), calls);
	EXPECT_EQ(hits(branches[0]), calls);
	EXPECT_EQ(hits(branches[1]), 0);
}

/* ---- what overlayfs does ---------------------------------------------------------------- */

static void make_directory(const char *format, int n)
{
	char path[64];

	snprintf(path, sizeof(path), format, n);
	EXPECT_EQ(mkdir(path, 0755), 0);
}

static void make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);

	EXPECT_EQ(fd >= 0, 1);
	close(fd);
}

/* ---- the steps --------------------------------------------------------------------------- */

static void nothing_is_there_at_first(void)
{
	char buf[256];
	double percent = -1;

	EXPECT_EQ(cov_check(), 0);
	EXPECT_EQ(number(get_numtotal), 0);
	EXPECT_EQ(number(get_numhit), 0);
	EXPECT_EQ(get_coverage(&percent), 0);
	EXPECT_EQ(percent == 0, 1);
	EXPECT_FAILS(get_next_unhit_func(buf, sizeof(buf), 0, 1), ENOENT);
}

static void checkpoints_are_added(void)
{
	int err;

	err = checkpoint_add("ovl_mkdir", "ovl_mkdir", 0, 1, 1);
	EXPECT_EQ(err, 0);
	EXPECT_EQ(checkpoint_add("ovl_create", "ovl_create", 0, LEVEL(2), 0), 0);
	EXPECT_EQ(checkpoint_add("make", "ovl_create_object", 0, 1, 1), 0);
	EXPECT_EQ(checkpoint_add("drop", "ovl_do_remove", 0, LEVEL(1) | LEVEL(64), 0), 0);
	EXPECT_EQ(number(get_numtotal), 4 + nr_branches);
	EXPECT_EQ(unhit_branches(), nr_branches);
	EXPECT_EQ(status_of("ovl_mkdir", STATUS_LEVEL), LEVEL(1));
	EXPECT_EQ(status_of("ovl_create", STATUS_LEVEL), LEVEL(2));
	EXPECT_EQ(status_of("drop", STATUS_LEVEL), LEVEL(1) | LEVEL(64));
	EXPECT_EQ(status_of("make", STATUS_ENABLED), 1);
}

static void what_cannot_be_added_says_why(void)
{
	EXPECT_FAILS(checkpoint_add("ovl_mkdir", "ovl_rmdir", 0, 1, 0), EEXIST);
	EXPECT_FAILS(checkpoint_add("none", "ovl_no_such_function", 0, 1, 0), ENOENT);
	EXPECT_FAILS(checkpoint_add("inside", "ovl_do_remove", 1, 1, 0), EILSEQ);
	EXPECT_FAILS(checkpoint_add("behind", "ovl_do_remove", 1 << 20, 1, 0), ERANGE);
	EXPECT_EQ(number(get_numtotal), 4 + nr_branches);
}

static void unhit_functions_come_by_level_in_their_order(void)
{
	char buf[256];

	expect_unhit_func(0, 1, "ovl_mkdir");
	expect_unhit_func(1, 1, "make");
	expect_unhit_func(2, 1, "drop");
	EXPECT_FAILS(get_next_unhit_func(buf, sizeof(buf), 3, 1), ENOENT);
	expect_unhit_func(0, 2, "ovl_create");
	expect_unhit_func(0, 64, "drop");
	EXPECT_FAILS(get_next_unhit_func(buf, sizeof(buf), 0, 3), ENOENT);
	EXPECT_FAILS(get_next_unhit_func(buf, 4, 0, 1), EINVAL);
}

static void who_is_not_registered_counts_nothing(void)
{
	char buf[THREAD_BUFFER_SIZE];

	make_directory("merged/before", 0);
	EXPECT_EQ(number(get_numhit), 0);
	EXPECT_EQ(number(cov_path_count), 0);
	EXPECT_EQ(cov_thread_effective(), 0);
	EXPECT_FAILS(cov_get_buffer(buf, sizeof(buf)), ESRCH);
}

static void registered_task_covers_what_it_does(void)
{
	double percent;
	unsigned long hit;

	EXPECT_EQ(cov_register(7, 1), 0);
	EXPECT_FAILS(cov_register(8, 1), EEXIST);
	EXPECT_EQ(cov_thread_effective(), 0);
	make_directory("merged/first", 0);
	EXPECT_EQ(hits("ovl_mkdir"), 1);
	expect_made(1);
	EXPECT_EQ(hits("ovl_create"), 0);
	EXPECT_EQ(hits("drop"), 0);
	hit = 2 + nr_branches - unhit_branches();
	EXPECT_EQ(number(get_numhit), hit);
	EXPECT_EQ(hit > 2 && hit < 2 + nr_branches, 1);
	EXPECT_EQ(get_coverage(&percent), 0);
	EXPECT_EQ(percent == (double)hit / (4 + nr_branches), 1);
	EXPECT_EQ(cov_thread_effective(), 1);
}

static void other_functions_follow(void)
{
	char buf[256];

	make_file("merged/file");
	EXPECT_EQ(hits("ovl_create"), 1);
	expect_made(2);
	expect_unhit_func(0, 1, "drop");
	EXPECT_EQ(rmdir("merged/first"), 0);
	EXPECT_EQ(hits("drop"), 1);
	EXPECT_FAILS(get_next_unhit_func(buf, sizeof(buf), 0, 1), ENOENT);
}

/* All so far was new, and this task's. */
static void new_paths_are_told_once(void)
{
	char buf[THREAD_BUFFER_SIZE];

	EXPECT_EQ(cov_get_buffer(buf, sizeof(buf)), 0);
	EXPECT_EQ(lines_with(buf, "NEW PATH: "), number(cov_path_count));
	EXPECT_EQ(lines_with(buf, "NEW PATH: ovl_mkdir. CALLER_ADDR: 0x"), 1);
	EXPECT_EQ(lines_with(buf, "NEW PATH: ovl_create. CALLER_ADDR: 0x"), 1);
	EXPECT_EQ(lines_with(buf, "NEW PATH: drop. CALLER_ADDR: 0x"), 1);
	EXPECT_EQ(lines_with(buf, "NEW PATH: ovl_create_object#") > 0, 1);
	EXPECT_EQ(cov_get_buffer(buf, sizeof(buf)), 0);
	EXPECT_EQ(buf[0], '\0');
}

static void sample_that_does_the_same_is_not_effective(void)
{
	char buf[THREAD_BUFFER_SIZE];
	unsigned long paths = number(cov_path_count);

	EXPECT_EQ(cov_unregister(), 0);
	EXPECT_EQ(cov_register(8, 1), 0);
	make_directory("merged/second", 0);
	EXPECT_EQ(hits("ovl_mkdir"), 2);
	EXPECT_EQ(number(cov_path_count), paths);
	EXPECT_EQ(cov_thread_effective(), 0);
	EXPECT_EQ(cov_get_buffer(buf, sizeof(buf)), 0);
	EXPECT_EQ(buf[0], '\0');
	/* That one exists is another way through the kernel, and none through these. */
	EXPECT_EQ(mkdir("merged/second", 0755), -1);
	EXPECT_EQ(hits("ovl_mkdir"), 2);
}

static void map_names_who_called(void)
{
	size_t len = 1;
	char *buf, byte;

	EXPECT_FAILS(get_path_map(&byte, &len), EAGAIN);
	buf = malloc(len);
	EXPECT_EQ(get_path_map(buf, &len), 0);
	EXPECT_EQ(len, strlen(buf) + 1);
	EXPECT_EQ(lines_with(buf, ":"), 4 + nr_branches);
	EXPECT_EQ(lines_with(buf, "+"), number(cov_path_count));
	EXPECT_EQ(strncmp(buf, "ovl_mkdir+vfs_mkdir(0xffffffff", 30), 0);
	EXPECT_EQ(lines_with(buf, "drop+"), 1);
	free(buf);
}

static void checkpoints_are_switched_singly_and_all_at_once(void)
{
	EXPECT_EQ(checkpoint_xstate("ovl_mkdir", sizeof("ovl_mkdir"), 0, 1), 0);
	EXPECT_EQ(status_of("ovl_mkdir", STATUS_ENABLED), 0);
	make_directory("merged/third", 0);
	EXPECT_EQ(hits("ovl_mkdir"), 2);
	expect_made(4);
	EXPECT_EQ(checkpoint_xstate_all(0), 0);
	make_directory("merged/fourth", 0);
	expect_made(4);
	EXPECT_EQ(checkpoint_xstate_all(1), 0);
	make_directory("merged/fifth", 0);
	EXPECT_EQ(hits("ovl_mkdir"), 3);
	expect_made(5);
	EXPECT_EQ(checkpoint_xstate(branches[0], strlen(branches[0]), 0, 0), 0);
	EXPECT_EQ(status_of(branches[0], STATUS_ENABLED), 0);
	EXPECT_EQ(checkpoint_xstate(branches[0], strlen(branches[0]), 1, 0), 0);
	EXPECT_EQ(status_of(branches[0], STATUS_ENABLED), 1);
}

/* Says that it is there, and begins when all are. */
static void be_a_process(int n, int there, int go)
{
	char byte = 0;

	EXPECT_EQ(cov_register(100 + n, 1), 0);
	EXPECT_EQ(write(there, &byte, 1), 1);
	EXPECT_EQ(read(go, &byte, 1), 0);
	make_directory("merged/process%d", n);
	/* All symbols are read for that: not a hundred times. */
	if (n % 20 == 0)
		EXPECT_EQ(cov_thread_effective(), 0);
	EXPECT_EQ(number(get_numtotal), 4 + nr_branches);
	exit(0);
}

/* Each a sample of its own, asking while the others work. */
static void hundred_processes_are_registered_at_once(void)
{
	int there[2], go[2], i, status;
	char byte;

	EXPECT_EQ(pipe(there) + pipe(go), 0);
	fflush(stdout);
	for (i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		EXPECT_EQ(pid >= 0, 1);
		if (!pid) {
			close(go[1]);
			be_a_process(i, there[1], go[0]);
		}
	}
	for (i = 0; i < PROCESSES; i++)
		EXPECT_EQ(read(there[0], &byte, 1), 1);
	close(go[1]);
	for (i = 0; i < PROCESSES; i++) {
		EXPECT_EQ(wait(&status) > 0, 1);
		EXPECT_EQ(status, 0);
	}
	EXPECT_EQ(hits("ovl_mkdir"), 3 + PROCESSES);
	expect_made(5 + PROCESSES);
}

static void only_asking_counts_nothing(void)
{
	EXPECT_EQ(cov_unregister(), 0);
	EXPECT_EQ(cov_register(9, 0), 0);
	make_directory("merged/asking", 0);
	EXPECT_EQ(hits("ovl_mkdir"), 3 + PROCESSES);
	EXPECT_EQ(cov_thread_effective(), 0);
	EXPECT_EQ(cov_unregister(), 0);
}

static void wait_for(pid_t pid)
{
	int status = -1;

	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
}

/* Executed first of all, so that it has opened livecov itself, and nobody else holds that file. */
static void program_that_a_registered_task_executes_counts(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	EXPECT_EQ(pid >= 0, 1);
	if (!pid) {
		execl("/proc/self/exe", "overlay", REGISTERED, "mkdir", "merged/executed", NULL);
		_exit(1);
	}
	wait_for(pid);
	EXPECT_EQ(hits("ovl_mkdir"), 4 + PROCESSES);
	expect_made(6 + PROCESSES);
}

/*
 * A child that registers without an id, tells @there and waits for a byte from @go. Of all that is
 * done here, only to remove a file is a path that is new.
 */
static pid_t start_nameless(bool removes, int there, int go)
{
	char byte = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	EXPECT_EQ(pid >= 0, 1);
	if (pid)
		return pid;
	EXPECT_EQ(cov_register(0, 1), 0);
	EXPECT_EQ(write(there, &byte, 1), 1);
	EXPECT_EQ(read(go, &byte, 1), 1);
	if (removes)
		EXPECT_EQ(unlink("merged/file"), 0);
	EXPECT_EQ(cov_thread_effective(), removes);
	exit(0);
}

static void of_two_without_an_id_the_one_with_a_new_path_is_effective(void)
{
	int there[2], first[2], second[2];
	pid_t removing, idle;
	char byte;

	EXPECT_EQ(pipe(there) + pipe(first) + pipe(second), 0);
	removing = start_nameless(true, there[1], first[0]);
	idle = start_nameless(false, there[1], second[0]);
	EXPECT_EQ(read(there[0], &byte, 1), 1);
	EXPECT_EQ(read(there[0], &byte, 1), 1);
	EXPECT_EQ(write(first[1], &byte, 1), 1);
	wait_for(removing);
	EXPECT_EQ(write(second[1], &byte, 1), 1);
	wait_for(idle);
	EXPECT_EQ(hits("drop"), 2);
}

static void checkpoints_go(void)
{
	unsigned long value;

	EXPECT_EQ(checkpoint_del("drop"), 0);
	EXPECT_EQ(checkpoint_del("drop"), 0);
	EXPECT_FAILS(get_cp_status("drop", STATUS_HIT, &value), ENOENT);
	EXPECT_EQ(number(get_numtotal), 3 + nr_branches);
	EXPECT_EQ(checkpoint_del("make"), 0);
	EXPECT_EQ(number(get_numtotal), 2);
	EXPECT_EQ(checkpoint_restart(), 0);
	EXPECT_EQ(number(get_numtotal), 0);
}

#define STEP(function) { #function, function }

static const struct {
	const char *name;
	void (*take)(void);
} steps[] = {
	STEP(nothing_is_there_at_first),
	STEP(checkpoints_are_added),
	STEP(what_cannot_be_added_says_why),
	STEP(unhit_functions_come_by_level_in_their_order),
	STEP(who_is_not_registered_counts_nothing),
	STEP(registered_task_covers_what_it_does),
	STEP(other_functions_follow),
	STEP(new_paths_are_told_once),
	STEP(sample_that_does_the_same_is_not_effective),
	STEP(map_names_who_called),
	STEP(checkpoints_are_switched_singly_and_all_at_once),
	STEP(hundred_processes_are_registered_at_once),
	STEP(only_asking_counts_nothing),
	STEP(program_that_a_registered_task_executes_counts),
	STEP(of_two_without_an_id_the_one_with_a_new_path_is_effective),
	STEP(checkpoints_go),
};

int main(int argc, char **argv)
{
	size_t i;

	if (argc > 2 && !strcmp(argv[1], REGISTERED)) {
		step = REGISTERED;
		EXPECT_EQ(cov_register(200, 1), 0);
		execvp(argv[2], argv + 2);
		return 1;
	}
	branches = argv + 1;
	nr_branches = argc - 1;
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		step = steps[i].name;
		steps[i].take();
		printf("ok %s\n", step);
		fflush(stdout);
	}
	return 0;
}
