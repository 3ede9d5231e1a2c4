// SPDX-License-Identifier: GPL-2.0-only
/*
 * tasks.c - which tasks are tracked: followed over every kind of fork, dropped at
 * their end, thousands at once; and that scope tracked counts them and nothing
 * else. Sites are armed before anything runs and stay armed.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "module/covlife.h"

#define SAMPLE	0x123456789abcULL

static void track(int fd)
{
	struct cov_register reg = { .sample = SAMPLE };

	CALL(fd, COV_IOC_REGISTER, &reg);
}

static void untrack(int fd)
{
	CALL(fd, COV_IOC_UNREGISTER, NULL);
}

static uint32_t tasks(int fd)
{
	return livecov_status(fd).tasks;
}

/* covlife_odd alone, which COVLIFE_* of 1 passes once. */
static uint32_t watch_odd(int fd, uint32_t scope)
{
	return attach_armed(fd, TARGET, "covlife_odd", COV_MODE_EDGES, scope);
}

#define EXPECT_ODD(fd, target, n) EXPECT_EQ(function_hits(fd, target, "covlife_odd"), n)

static void poke_once(void *unused)
{
	(void)unused;
	poke(COVLIFE_TASK, 1);
}

/* --- who counts ---------------------------------------------------------------------- */

static void tracked_task_counts_and_no_other(void)
{
	int fd = control_open();
	uint32_t target = watch_odd(fd, COV_SCOPE_TRACKED);
	pid_t stranger;
	int go[2];
	char byte;

	MUST(pipe(go));
	stranger = MUST(fork());
	if (!stranger) {
		MUST(read(go[0], &byte, 1));
		poke(COVLIFE_TASK, 1);
		_exit(0);
	}
	poke(COVLIFE_TASK, 1);
	EXPECT_ODD(fd, target, 0);
	track(fd);
	poke(COVLIFE_TASK, 1);
	EXPECT_ODD(fd, target, 1);
	EXPECT_EQ(function_of(fd, target, "covlife_odd").first_sample, SAMPLE);
	MUST(write(go[1], "", 1));
	finish(stranger);
	EXPECT_ODD(fd, target, 1);
	untrack(fd);
	poke(COVLIFE_TASK, 1);
	EXPECT_ODD(fd, target, 1);
}

static void scope_tracked_counts_task_context_alone(void)
{
	static const unsigned int elsewhere[] = {
		COVLIFE_IRQ, COVLIFE_SOFTIRQ, COVLIFE_KTHREAD,
	};
	int fd = control_open(), i;
	uint32_t target = watch_odd(fd, COV_SCOPE_TRACKED);
	size_t how;

	track(fd);
	for (how = 0; how < ARRAY_SIZE(elsewhere); how++)
		for (i = 0; i < 10; i++)
			poke(elsewhere[how], 1);
	EXPECT_ODD(fd, target, 0);
	poke(COVLIFE_TASK, 1);
	EXPECT_ODD(fd, target, 1);
}

static void scope_all_counts_every_context(void)
{
	static const unsigned int everywhere[] = {
		COVLIFE_TASK, COVLIFE_IRQ, COVLIFE_SOFTIRQ, COVLIFE_KTHREAD,
	};
	int fd = control_open(), i;
	uint32_t target = watch_odd(fd, COV_SCOPE_ALL);
	size_t how;

	for (how = 0; how < ARRAY_SIZE(everywhere); how++)
		for (i = 0; i < 10; i++)
			poke(everywhere[how], 1);
	EXPECT_ODD(fd, target, 40);
	/* Hits of tasks that nobody tracks have no sample. */
	EXPECT_EQ(function_of(fd, target, "covlife_odd").first_sample, 0);
	track(fd);
	poke(COVLIFE_IRQ, 1);
	EXPECT_EQ(function_of(fd, target, "covlife_odd").first_sample, 0);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(function_of(fd, target, "covlife_odd").first_sample, SAMPLE);
}

/* In int3 context as at a function's entry, where ftrace calls. */
static void branches_count_task_context_alone(void)
{
	int fd = control_open(), i;
	struct cov_target_info info;
	uint32_t target;

	target = attach_armed(fd, TARGET, "covlife_work", COV_MODE_EDGES, COV_SCOPE_TRACKED);
	track(fd);
	for (i = 0; i < 4; i++) {
		poke(COVLIFE_IRQ, i);
		poke(COVLIFE_SOFTIRQ, i);
		poke(COVLIFE_KTHREAD, i);
	}
	info = target_info(fd, target);
	EXPECT_EQ(info.outcomes_hit, 0);
	EXPECT_EQ(info.blocks_hit, 0);
	poke(COVLIFE_TASK, 0);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(target_info(fd, target).outcomes_hit, 3);
}

/* --- who is followed ----------------------------------------------------------------------- */

static unsigned long new_pid_namespace(void)
{
	return access("/proc/self/ns/pid", F_OK) ? 0 : CLONE_NEWPID;
}

static void children_of_every_kind_are_followed(void)
{
	int fd = control_open(), device = MUST(open("/dev/covlife", O_RDWR));
	uint32_t target = watch_odd(fd, COV_SCOPE_TRACKED);
	pid_t pid;
	int i;

	track(fd);
	finish(start(poke_once, NULL));
	EXPECT_ODD(fd, target, 1);
	pid = vfork();
	if (!pid) {
		ioctl(device, COVLIFE_TASK, 1);
		_exit(0);
	}
	finish(pid);
	EXPECT_ODD(fd, target, 2);
	/* The child's child's child. */
	pid = MUST(fork());
	if (!pid) {
		for (i = 0; i < 2; i++)
			if (fork()) {
				wait(NULL);
				_exit(0);
			}
		poke(COVLIFE_TASK, 1);
		_exit(0);
	}
	finish(pid);
	EXPECT_ODD(fd, target, 3);
	/* Its parent's sibling, in a new namespace where the kernel has them. */
	pid = MUST(syscall(SYS_clone, new_pid_namespace() | CLONE_PARENT | SIGCHLD, 0, 0, 0, 0));
	if (!pid) {
		ioctl(device, COVLIFE_TASK, 1);
		_exit(0);
	}
	EVENTUALLY(function_hits(fd, target, "covlife_odd") == 4);
}

static void *poke_in_thread(void *device)
{
	return (void *)(long)ioctl(*(int *)device, COVLIFE_TASK, 1);
}

static void threads_are_followed(void)
{
	int fd = control_open(), device = MUST(open("/dev/covlife", O_RDWR));
	uint32_t target = watch_odd(fd, COV_SCOPE_TRACKED);
	pthread_t threads[20];
	size_t i;

	track(fd);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		EXPECT_EQ(pthread_create(&threads[i], NULL, poke_in_thread, &device), 0);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	EXPECT_ODD(fd, target, ARRAY_SIZE(threads));
	EVENTUALLY(tasks(fd) == 1);
}

struct registrar {
	int fd;
	int device;
};

static void *register_and_poke(void *data)
{
	const struct registrar *registrar = data;

	track(registrar->fd);
	ioctl(registrar->device, COVLIFE_TASK, 1);
	return NULL;
}

static void thread_that_registers_is_tracked_alone(void)
{
	struct registrar registrar = { control_open(), MUST(open("/dev/covlife", O_RDWR)) };
	uint32_t target = watch_odd(registrar.fd, COV_SCOPE_TRACKED);
	pthread_t thread;

	EXPECT_EQ(pthread_create(&thread, NULL, register_and_poke, &registrar), 0);
	pthread_join(thread, NULL);
	EXPECT_ODD(registrar.fd, target, 1);
	poke(COVLIFE_TASK, 1);
	EXPECT_ODD(registrar.fd, target, 1);
	EVENTUALLY(tasks(registrar.fd) == 0);
}

static void program_is_followed_over_exec(void)
{
	/* This program again: it runs poke_and_exit() instead of tests. */
	const char *const argv[] = { "/proc/self/exe", "--poke", NULL };
	int fd = control_open();
	uint32_t target = watch_odd(fd, COV_SCOPE_TRACKED);

	track(fd);
	EXPECT_EQ(run_program(argv), 0);
	EXPECT_ODD(fd, target, 1);
}

static void *exec_in_thread(void *argv)
{
	execv("/proc/self/exe", argv);
	return NULL;
}

/* The thread takes the place of its leader, which is dropped. */
static void exec_of_a_thread_is_followed(void)
{
	static const char *const argv[] = { "/proc/self/exe", "--poke", NULL };
	int fd = control_open();
	uint32_t target = watch_odd(fd, COV_SCOPE_TRACKED);
	pthread_t thread;
	pid_t pid;

	track(fd);
	pid = MUST(fork());
	if (!pid) {
		pthread_create(&thread, NULL, exec_in_thread, (void *)argv);
		for (;;)
			pause();
	}
	finish(pid);
	EXPECT_ODD(fd, target, 1);
	EVENTUALLY(tasks(fd) == 1);
}

static void untracked_parent_leaves_its_children_tracked(void)
{
	int fd = control_open(), go[2];
	uint32_t target = watch_odd(fd, COV_SCOPE_TRACKED);
	char byte;
	pid_t pid;

	MUST(pipe(go));
	track(fd);
	pid = MUST(fork());
	if (!pid) {
		MUST(read(go[0], &byte, 1));
		poke(COVLIFE_TASK, 1);
		finish(start(poke_once, NULL));
		_exit(0);
	}
	untrack(fd);
	EXPECT_EQ(tasks(fd), 1);
	MUST(write(go[1], "", 1));
	finish(pid);
	EXPECT_ODD(fd, target, 2);
	finish(start(poke_once, NULL));
	EXPECT_ODD(fd, target, 2);
}

static void close_untracks_children_that_run_on(void)
{
	int fd = control_open(), other = control_open(), go[2];
	uint32_t target = watch_odd(other, COV_SCOPE_TRACKED);
	char byte;
	pid_t pid;

	MUST(pipe(go));
	track(fd);
	pid = MUST(fork());
	if (!pid) {
		/* Not its own copy of the descriptor keeps the file open. */
		close(fd);
		MUST(read(go[0], &byte, 1));
		poke(COVLIFE_TASK, 1);
		_exit(0);
	}
	EXPECT_EQ(tasks(other), 2);
	EVENTUALLY(({ char path[64], link[8];
		      snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		      readlink(path, link, sizeof(link)) < 0; }));
	close(fd);
	EXPECT_EQ(tasks(other), 0);
	MUST(write(go[1], "", 1));
	finish(pid);
	EXPECT_ODD(other, target, 0);
}

/* --- their end ----------------------------------------------------------------------------------- */

static void open_device_and_die(void *unused)
{
	(void)unused;
	MUST(open("/dev/covlife", O_RDWR));
	kill(getpid(), SIGKILL);
}

/* What the driver does when a test's process ends is part of the test. */
static void files_closed_at_exit_count(void)
{
	int fd = control_open();
	uint32_t target;

	target = attach_armed(fd, TARGET, "covlife_release", COV_MODE_EDGES, COV_SCOPE_TRACKED);
	track(fd);
	MUST(waitpid(start(open_device_and_die, NULL), NULL, 0));
	EXPECT_EQ(function_hits(fd, target, "covlife_release"), 1);
	EVENTUALLY(tasks(fd) == 1);
}

static void wait_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

static void thousands_are_tracked_at_once(void)
{
	const unsigned int many = rounds(2000);
	pid_t *pids = calloc(many, sizeof(*pids));
	int fd = control_open();
	uint32_t target = watch_odd(fd, COV_SCOPE_TRACKED);
	unsigned int i;

	track(fd);
	for (i = 0; i < many; i++)
		pids[i] = start(wait_for_ever, NULL);
	EXPECT_EQ(tasks(fd), many + 1);
	EXPECT_EQ(livecov_status(fd).tasks_lost, 0);
	poke(COVLIFE_TASK, 1);
	finish(start(poke_once, NULL));
	EXPECT_ODD(fd, target, 2);
	for (i = 0; i < many; i++)
		end(pids[i]);
	EVENTUALLY(tasks(fd) == 1);
	untrack(fd);
	EXPECT_EQ(tasks(fd), 0);
}

static void close_untracks_thousands(void)
{
	const unsigned int many = rounds(1000);
	pid_t *pids = calloc(many, sizeof(*pids));
	int fd = control_open(), other = control_open();
	pid_t parent;
	unsigned int i;

	parent = MUST(fork());
	if (!parent) {
		close(other);
		track(fd);
		for (i = 0; i < many; i++)
			pids[i] = start(wait_for_ever, NULL);
		pause();
	}
	close(fd);
	EVENTUALLY(tasks(other) == many + 1);
	/* They have copies of the descriptor: it ends with the last of them. */
	end(parent);
	EVENTUALLY(tasks(other) == 0);
}

/* --- many forks --------------------------------------------------------------------------------------- */

#define STORM_PROCESSES	4

static void fork_many(void *poke_too)
{
	int device = MUST(open("/dev/covlife", O_RDWR));
	unsigned int i, n = rounds(5000);

	for (i = 0; i < n; i++) {
		pid_t pid = MUST(vfork());

		if (!pid) {
			if (poke_too)
				ioctl(device, COVLIFE_TASK, 1);
			_exit(0);
		}
		MUST(waitpid(pid, NULL, 0));
	}
}

static void storm_of_forks_counts_every_child(void)
{
	int fd = control_open(), i;
	uint32_t target = watch_odd(fd, COV_SCOPE_TRACKED);
	pid_t pids[STORM_PROCESSES];

	track(fd);
	for (i = 0; i < STORM_PROCESSES; i++)
		pids[i] = start(fork_many, &fd);
	for (i = 0; i < STORM_PROCESSES; i++)
		finish(pids[i]);
	EXPECT_ODD(fd, target, STORM_PROCESSES * rounds(5000));
	EXPECT_EQ(livecov_status(fd).tasks_lost, 0);
	EVENTUALLY(tasks(fd) == 1);
}

/* What a fork storm is told, and tells. */
struct storm {
	int fd;		/* that its processes are not to keep open */
	int ready[2];	/* a pipe: a byte from each */
};

static void fork_for_ever(void *data)
{
	const struct storm *storm = data;

	close(storm->fd);
	MUST(write(storm->ready[1], "", 1));
	for (;;) {
		pid_t pid = vfork();

		if (!pid)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

/* Whatever is being forked in the moment of the close is untracked as well. */
static void close_in_a_storm_of_forks_untracks_all(void)
{
	int other = control_open(), i;
	pid_t pids[STORM_PROCESSES];
	struct storm storm;
	unsigned int round;
	char byte;

	for (round = 0; round < rounds(50); round++) {
		storm.fd = control_open();
		MUST(pipe(storm.ready));
		track(storm.fd);
		for (i = 0; i < STORM_PROCESSES; i++)
			pids[i] = start(fork_for_ever, &storm);
		for (i = 0; i < STORM_PROCESSES; i++)
			MUST(read(storm.ready[0], &byte, 1));
		EXPECT(tasks(other) > STORM_PROCESSES);
		close(storm.fd);
		EXPECT_EQ(tasks(other), 0);
		for (i = 0; i < STORM_PROCESSES; i++)
			end(pids[i]);
		EXPECT_EQ(tasks(other), 0);
		close(storm.ready[0]);
		close(storm.ready[1]);
	}
}

static const struct test tests[] = {
	TEST(tracked_task_counts_and_no_other),
	TEST(scope_tracked_counts_task_context_alone),
	TEST(scope_all_counts_every_context),
	TEST(branches_count_task_context_alone),
	TEST(children_of_every_kind_are_followed),
	TEST(threads_are_followed),
	TEST(thread_that_registers_is_tracked_alone),
	TEST(program_is_followed_over_exec),
	TEST(exec_of_a_thread_is_followed),
	TEST(untracked_parent_leaves_its_children_tracked),
	TEST(close_untracks_children_that_run_on),
	TEST(files_closed_at_exit_count),
	TEST(thousands_are_tracked_at_once),
	TEST(close_untracks_thousands),
	TEST(storm_of_forks_counts_every_child),
	TEST(close_in_a_storm_of_forks_untracks_all),
};

int main(int argc, char **argv)
{
	const struct test_group groups[] = { TEST_GROUP(tests) };

	if (argc == 2 && !strcmp(argv[1], "--poke")) {
		int fd = open("/dev/covlife", O_RDWR);

		return fd < 0 || ioctl(fd, COVLIFE_TASK, 1);
	}
	return suite_main(groups, ARRAY_SIZE(groups), argc, argv);
}
