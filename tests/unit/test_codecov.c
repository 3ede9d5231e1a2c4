// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_codecov.c - a program that makes codecov's calls as its own programs do, against
 * the fake kernel. It knows nothing of libcov.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "codecov.h"

#include <cmocka.h>

#include "fake_kernel.h"

static char root[] = "/tmp/test_codecov.XXXXXX";
static char main_name[] = "toy_main";

static int each_setup(void **state)
{
	(void)state;
	fake_kernel();
	fake_reset();
	return 0;
}

static int each_teardown(void **state)
{
	(void)state;
	cov_unregister();
	return 0;
}

#define assert_fails(call, error) do {		\
	errno = 0;				\
	assert_int_equal((call), -1);		\
	assert_int_equal(errno, (error));	\
} while (0)

/* Every later ioctl of that number fails; 0 ends it. */
static void failing(unsigned int nr, int error)
{
	fake_kernel()->settings.fail_nr = nr;
	fake_kernel()->settings.fail_errno = error;
}

static void add_main(void)
{
	assert_int_equal(checkpoint_add(main_name, main_name, 0, 1, 1), 0);
}

/* What a call prints on stderr. */
static char *printed_by(int (*call)(void))
{
	static char text[4096];
	FILE *file = tmpfile();
	int saved = dup(2);
	size_t n;

	assert_non_null(file);
	fflush(stderr);
	dup2(fileno(file), 2);
	assert_int_equal(call(), 0);
	fflush(stderr);
	dup2(saved, 2);
	close(saved);
	rewind(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	return text;
}

/* First, because the handle stays open once it is. */
static void without_livecov_every_call_fails(void **state)
{
	unsigned long n;
	double percent;
	char buf[64];
	size_t len = sizeof(buf);

	(void)state;
	fake_kernel()->settings.open_errno = ENOENT;
	assert_fails(cov_register(0, 1), ENOENT);
	assert_fails(cov_check(), ENOENT);
	assert_fails(checkpoint_add(main_name, main_name, 0, 1, 1), ENOENT);
	assert_fails(checkpoint_del(main_name), ENOENT);
	assert_fails(checkpoint_restart(), ENOENT);
	assert_fails(checkpoint_xstate(main_name, 8, 1, 1), ENOENT);
	assert_fails(checkpoint_xstate_all(1), ENOENT);
	assert_fails(get_numhit(&n), ENOENT);
	assert_fails(get_numtotal(&n), ENOENT);
	assert_fails(get_coverage(&percent), ENOENT);
	assert_fails(cov_path_count(&n), ENOENT);
	assert_fails(get_cp_status(main_name, STATUS_HIT, &n), ENOENT);
	assert_fails(get_next_unhit_func(buf, len, 0, 1), ENOENT);
	assert_fails(get_next_unhit_cp(buf, len, 0, 1), ENOENT);
	assert_fails(get_path_map(buf, &len), ENOENT);
	assert_fails(cov_get_buffer(buf, sizeof(buf)), ESRCH);
	assert_int_equal(cov_unregister(), 0);
	fake_kernel()->settings.open_errno = 0;
	assert_int_equal(cov_check(), 0);
}

static void a_task_registers_its_sample(void **state)
{
	(void)state;
	assert_int_equal(cov_register(7, 1), 0);
	assert_int_equal(fake_kernel()->sample, 7);
	assert_int_equal(fake_kernel()->tracked, gettid());
	assert_fails(cov_register(8, 1), EEXIST);
	assert_int_equal(fake_kernel()->sample, 7);
	assert_int_equal(cov_unregister(), 0);
	assert_int_equal(fake_kernel()->tracked, 0);
	failing(_IOC_NR(COV_IOC_REGISTER), ENOSPC);
	assert_fails(cov_register(9, 1), ENOSPC);
	failing(0, 0);
	assert_int_equal(cov_register(9, 1), 0);
}

static void a_task_that_is_no_test_case_is_not_tracked(void **state)
{
	char buf[64] = "old";

	(void)state;
	fake_kernel()->tracked = gettid();	/* by inheritance */
	fake_kernel()->settings.new_pairs = 9;
	assert_int_equal(cov_register(4, 0), 0);
	assert_int_equal(fake_kernel()->registers, 0);
	assert_int_equal(fake_kernel()->tracked, 0);
	add_main();
	assert_int_equal(cov_get_buffer(buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	assert_int_equal(cov_thread_effective(), 0);
}

static void a_sample_that_was_inherited_is_replaced(void **state)
{
	(void)state;
	fake_kernel()->tracked = gettid();
	failing(_IOC_NR(COV_IOC_REGISTER), EEXIST);
	assert_fails(cov_register(5, 1), EEXIST);
	assert_int_equal(fake_kernel()->tracked, 0);	/* it has tried */
}

/* Its file was closed after the kernel had said EEXIST. */
static void a_sample_that_ended_meanwhile_is_replaced_as_well(void **state)
{
	(void)state;
	fake_kernel()->tracked = 0;
	failing(_IOC_NR(COV_IOC_REGISTER), EEXIST);
	assert_fails(cov_register(5, 1), EEXIST);	/* the second try's, not ESRCH */
}

static void a_child_registers_for_itself(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(cov_register(1, 1), 0);
	pid = fork();
	if (!pid)
		_exit(cov_register(2, 1) || fake_kernel()->sample != 2 || cov_unregister());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Register with id 0 in a child that lives on until @go is closed; writes its sample to @to. */
static pid_t start_nameless_child(int to, const int go[2])
{
	uint64_t sample;
	pid_t pid = fork();
	char byte;

	assert_true(pid >= 0);
	if (pid)
		return pid;
	close(go[1]);
	if (cov_register(0, 1))
		_exit(1);
	sample = fake_kernel()->sample;
	_exit(write(to, &sample, sizeof(sample)) != sizeof(sample) || read(go[0], &byte, 1));
}

/* What one of them is the first to do is no news of the other. */
static void tasks_without_an_id_have_samples_of_their_own(void **state)
{
	int there[2], go[2], status, i;
	uint64_t samples[3];
	pid_t pids[2];

	(void)state;
	assert_int_equal(pipe(there) + pipe(go), 0);
	assert_int_equal(cov_register(0, 1), 0);
	samples[2] = fake_kernel()->sample;
	for (i = 0; i < 2; i++) {
		pids[i] = start_nameless_child(there[1], go);
		assert_int_equal(read(there[0], &samples[i], sizeof(samples[i])),
				 sizeof(samples[i]));
	}
	close(go[1]);
	for (i = 0; i < 2; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
		/* The numbers are 64, by the id. */
		assert_true(samples[i] != samples[2] || (pids[i] - getpid()) % 64 == 0);
	}
	assert_true(samples[0] != samples[1]);
	close(there[0]);
	close(there[1]);
	close(go[0]);
	for (i = 0; i < 3; i++)
		assert_true(samples[i] > UINT64_MAX - 64);
	cov_unregister();
	assert_int_equal(cov_register(0, 1), 0);
	assert_true(fake_kernel()->sample == samples[2]);
}

/* The fake's control file is /dev/null: how many are open, and how many would exec close? */
static int control_files(int *closed_by_exec)
{
	char path[32], target[16];
	int fd, found = 0;
	ssize_t length;

	*closed_by_exec = 0;
	for (fd = 3; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		length = readlink(path, target, sizeof(target));
		if (length != 9 || memcmp(target, "/dev/null", 9))
			continue;
		found++;
		*closed_by_exec += fcntl(fd, F_GETFD) & FD_CLOEXEC;
	}
	return found;
}

static void a_registration_outlasts_exec(void **state)
{
	int closed_by_exec;

	(void)state;
	assert_int_equal(cov_register(7, 1), 0);
	assert_true(control_files(&closed_by_exec) >= 1);
	assert_int_equal(closed_by_exec, 0);
}

static void *register_and_ask(void *failed)
{
	unsigned long total = 0;
	int i;

	if (cov_register(3, 1))
		*(int *)failed = 1;
	for (i = 0; i < 50; i++)
		if (get_numtotal(&total) || total < 2)
			*(int *)failed = 1;
	cov_unregister();
	return NULL;
}

static void threads_may_ask_at_once(void **state)
{
	pthread_t threads[4];
	int failed[4] = { 0 };
	int i;

	(void)state;
	add_main();
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, register_and_ask,
						&failed[i]), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(failed[i], 0);
	}
}

static void checkpoints_are_added_as_they_were(void **state)
{
	const struct cov_checkpoint_add *last = &fake_kernel()->checkpoint;

	(void)state;
	assert_int_equal(checkpoint_add("cp", main_name, 0, 5, 1), 0);
	assert_string_equal(last->name, "cp");
	assert_string_equal(last->function, "toy_main");
	assert_int_equal(last->levels, 5);
	assert_int_equal(last->scope, COV_SCOPE_TRACKED);
	assert_int_equal(last->flags, COV_CHECKPOINT_AUTO);
	/* Branches come with a function's first byte alone. */
	assert_int_equal(checkpoint_add("cp7", main_name, 7, 1, 1), 0);
	assert_int_equal(last->offset, 7);
	assert_int_equal(last->flags, 0);
	assert_fails(checkpoint_add("cp", "no_such", 0, 1, 1), ENOENT);
	failing(_IOC_NR(COV_IOC_CHECKPOINT_ADD), EEXIST);
	assert_fails(checkpoint_add("cp", main_name, 0, 1, 1), EEXIST);
}

static void checkpoints_are_deleted(void **state)
{
	unsigned long n = 1;

	(void)state;
	add_main();
	assert_int_equal(checkpoint_add("other", main_name, 3, 1, 0), 0);
	assert_int_equal(checkpoint_del("none"), 0);
	assert_int_equal(checkpoint_del("other"), 0);
	assert_string_equal(fake_kernel()->deleted.name, "other");
	assert_int_equal(checkpoint_add("other", main_name, 3, 1, 0), 0);
	failing(_IOC_NR(COV_IOC_CHECKPOINT_DEL), EIO);
	assert_fails(checkpoint_del("other"), EIO);
	assert_fails(checkpoint_restart(), EIO);
	failing(0, 0);
	assert_int_equal(checkpoint_restart(), 0);
	assert_int_equal(get_numtotal(&n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(checkpoint_restart(), 0);
}

static void checkpoints_are_switched_by_their_very_names(void **state)
{
	const struct cov_checkpoint_switch *last = &fake_kernel()->switched;
	unsigned long on = 2;
	char long_name[300];

	(void)state;
	memset(long_name, 'x', sizeof(long_name));
	assert_int_equal(checkpoint_add("a*[b]", main_name, 0, 1, 1), 0);
	/* No more of the name than is said. */
	assert_int_equal(checkpoint_xstate("a*[b]behind", 5, 0, 1), 0);
	assert_string_equal(last->glob, "a\\*\\[b\\]");
	assert_int_equal(last->on, 0);
	assert_int_equal(last->flags, COV_CHECKPOINT_AUTO);
	assert_int_equal(get_cp_status("a*[b]", STATUS_ENABLED, &on), 0);
	assert_int_equal(on, 0);
	assert_int_equal(checkpoint_xstate("a*[b]", 5, 1, 0), 0);
	assert_int_equal(last->flags, 0);
	assert_int_equal(get_cp_status("a*[b]", STATUS_ENABLED, &on), 0);
	assert_int_equal(on, 1);
	assert_int_equal(checkpoint_xstate_all(0), 0);
	assert_string_equal(last->glob, "*");
	assert_int_equal(last->flags, COV_CHECKPOINT_AUTO);
	assert_int_equal(checkpoint_xstate(NULL, 0, 1, 0), 0);
	assert_string_equal(last->glob, "*");
	assert_int_equal(checkpoint_xstate("none", 4, 1, 1), 0);
	assert_fails(checkpoint_xstate(long_name, sizeof(long_name), 1, 1), EINVAL);
	assert_fails(checkpoint_xstate("a", 0, 1, 1), EINVAL);
	failing(_IOC_NR(COV_IOC_CHECKPOINT_SWITCH), EIO);
	assert_fails(checkpoint_xstate_all(1), EIO);
}

/* toy_main and its branches' first checkpoint that was not passed. */
static void add_branch(char branch[64])
{
	add_main();
	assert_int_equal(get_next_unhit_cp(branch, 64, 0, 1), 0);
	assert_non_null(strchr(branch, '#'));
}

static unsigned long status(char *name, enum status_opt option)
{
	unsigned long value = 4711;

	assert_int_equal(get_cp_status(name, option, &value), 0);
	return value;
}

static unsigned long total(void)
{
	unsigned long n;

	assert_int_equal(get_numtotal(&n), 0);
	return n;
}

static void a_branchs_checkpoint_is_switched_on_its_own(void **state)
{
	unsigned long before;
	char branch[64];

	(void)state;
	add_branch(branch);
	before = total();
	assert_int_equal(checkpoint_xstate(branch, strlen(branch), 0, 0), 0);
	assert_int_equal(status(branch, STATUS_ENABLED), 0);
	/* No other, and it is still one of them. */
	assert_int_equal(status(main_name, STATUS_ENABLED), 1);
	assert_int_equal(status("toy_main#4", STATUS_ENABLED), 1);
	assert_int_equal(total(), before);
	assert_int_equal(checkpoint_xstate(branch, strlen(branch), 1, 0), 0);
	assert_int_equal(status(branch, STATUS_ENABLED), 1);
	/* Its function is off alone, then with all branches, which are on again with all. */
	assert_int_equal(checkpoint_xstate(main_name, 8, 0, 0), 0);
	assert_int_equal(status(main_name, STATUS_ENABLED), 0);
	assert_int_equal(status(branch, STATUS_ENABLED), 1);
	assert_int_equal(checkpoint_xstate(main_name, 8, 0, 1), 0);
	assert_int_equal(status(branch, STATUS_ENABLED), 0);
	assert_int_equal(checkpoint_xstate_all(1), 0);
	assert_int_equal(status(branch, STATUS_ENABLED), 1);
	failing(_IOC_NR(COV_IOC_OUTCOME_SWITCH), EIO);
	assert_fails(checkpoint_xstate(branch, strlen(branch), 0, 0), EIO);
	failing(0, 0);
	assert_int_equal(checkpoint_xstate("toy_main#none", 13, 0, 0), 0);
}

static void a_branchs_checkpoint_is_deleted_on_its_own(void **state)
{
	unsigned long before, paths, fewer, n;
	char branch[64], next[64];

	(void)state;
	add_branch(branch);
	before = total();
	assert_int_equal(checkpoint_del("toy_main#none"), 0);
	assert_int_equal(total(), before);
	assert_int_equal(checkpoint_del(branch), 0);
	assert_int_equal(total(), before - 1);
	assert_fails(get_cp_status(branch, STATUS_HIT, &n), ENOENT);
	assert_int_equal(get_next_unhit_cp(next, sizeof(next), 0, 1), 0);
	assert_string_not_equal(next, branch);
	/* Nothing switches it on, and its name is free. */
	assert_int_equal(checkpoint_xstate_all(1), 0);
	assert_int_equal(checkpoint_xstate(branch, strlen(branch), 1, 1), 0);
	assert_int_equal(total(), before - 1);
	assert_int_equal(checkpoint_add(branch, main_name, 3, 1, 0), 0);
	assert_int_equal(checkpoint_del(branch), 0);
	/* Those who came to it are gone with it. */
	assert_int_equal(cov_path_count(&paths), 0);
	assert_int_equal(checkpoint_del("toy_main#4"), 0);
	assert_int_equal(cov_path_count(&fewer), 0);
	assert_true(fewer < paths);
	/* It comes back with its function's. */
	assert_int_equal(checkpoint_del(main_name), 0);
	add_main();
	assert_int_equal(total(), before);
}

static void an_older_livecov_switches_no_branch_alone(void **state)
{
	char branch[64];

	(void)state;
	add_branch(branch);
	failing(_IOC_NR(COV_IOC_OUTCOME_SWITCH), ENOTTY);
	assert_fails(checkpoint_xstate(branch, strlen(branch), 0, 0), ENOTTY);
	assert_fails(checkpoint_del(branch), ENOTTY);
	assert_int_equal(status(branch, STATUS_ENABLED), 1);
}

static void a_branchs_name_is_in_use(void **state)
{
	unsigned long before, after;
	char branch[64];

	(void)state;
	add_main();
	assert_int_equal(get_next_unhit_cp(branch, sizeof(branch), 0, 1), 0);
	assert_int_equal(get_numtotal(&before), 0);
	assert_fails(checkpoint_add(branch, main_name, 3, 1, 0), EEXIST);
	assert_int_equal(get_numtotal(&after), 0);
	assert_int_equal(after, before);
	failing(_IOC_NR(COV_IOC_TARGET), EIO);
	assert_fails(checkpoint_add(branch, main_name, 3, 1, 0), EIO);
	failing(0, 0);
	/* With its function goes the name. */
	assert_int_equal(checkpoint_del(main_name), 0);
	assert_int_equal(checkpoint_add(branch, main_name, 3, 1, 0), 0);
}

static void pointers_that_are_null_are_refused(void **state)
{
	unsigned long n = 4711;
	char buf[64] = "old";
	size_t len = 4096;

	(void)state;
	add_main();
	assert_int_equal(cov_register(3, 1), 0);
	assert_fails(checkpoint_add(NULL, main_name, 0, 1, 1), EFAULT);
	assert_fails(checkpoint_add("other", NULL, 0, 1, 1), EFAULT);
	assert_fails(checkpoint_del(NULL), EFAULT);
	assert_fails(get_numhit(NULL), EFAULT);
	assert_fails(get_numtotal(NULL), EFAULT);
	assert_fails(get_coverage(NULL), EFAULT);
	assert_fails(cov_path_count(NULL), EFAULT);
	assert_fails(get_cp_status(NULL, STATUS_HIT, &n), EFAULT);
	assert_fails(get_cp_status(main_name, STATUS_HIT, NULL), EFAULT);
	assert_fails(get_next_unhit_func(NULL, 100, 0, 1), EFAULT);
	assert_fails(get_next_unhit_cp(NULL, 100, 0, 1), EFAULT);
	assert_fails(get_path_map(buf, NULL), EFAULT);
	assert_fails(get_path_map(NULL, &len), EFAULT);
	assert_fails(cov_get_buffer(NULL, 100), EFAULT);
	assert_int_equal(cov_get_buffer(NULL, 0), 0);
	output_path_map(NULL, 100);
	assert_int_equal(n, 4711);
	assert_string_equal(buf, "old");
}

/* codecov's own programs ask after each checkpoint that they add. */
static void asking_again_opens_no_file(void **state)
{
	unsigned long n;

	(void)state;
	add_main();
	assert_int_equal(get_numtotal(&n), 0);
	assert_int_equal(cov_path_count(&n), 0);
	assert_int_equal(checkpoint_add("other", main_name, 3, 1, 0), 0);
	fake_kernel()->opens = 0;
	assert_int_equal(get_numtotal(&n), 0);
	assert_int_equal(get_next_unhit_func((char[64]){ 0 }, 64, 0, 1), -1);
	assert_int_equal(fake_kernel()->opens, 0);
}

/* Each name is there once; what is passed and what is next are the two parts of all. */
static void numbers_and_names_agree(void **state)
{
	unsigned long hit, total, n, unhit = 0;
	double percent;
	char buf[64], last[64] = "";

	(void)state;
	assert_int_equal(get_coverage(&percent), 0);
	assert_true(percent == 0);
	add_main();
	assert_int_equal(get_numhit(&hit), 0);
	assert_int_equal(get_numtotal(&total), 0);
	assert_int_equal(get_coverage(&percent), 0);
	assert_true(hit > 1 && hit < total);
	assert_true(percent == (double)hit / total);
	while (!get_next_unhit_cp(buf, sizeof(buf), unhit, 1)) {
		assert_string_not_equal(buf, last);
		strcpy(last, buf);
		assert_int_equal(get_cp_status(buf, STATUS_HIT, &n), 0);
		assert_int_equal(n, 0);
		assert_int_equal(get_cp_status(buf, STATUS_LEVEL, &n), 0);
		assert_int_equal(n, 1);
		unhit++;
	}
	assert_int_equal(errno, ENOENT);
	assert_int_equal(hit + unhit, total);
	assert_int_equal(get_cp_status(main_name, STATUS_HIT, &n), 0);
	assert_int_equal(n, 7);
	assert_fails(get_cp_status("none", STATUS_HIT, &n), ENOENT);
	assert_fails(get_cp_status(main_name, (enum status_opt)3, &n), EINVAL);
	failing(_IOC_NR(COV_IOC_TARGET), EIO);
	assert_fails(get_numhit(&hit), EIO);
	assert_fails(get_coverage(&percent), EIO);
}

static void next_unhit_looks_at_levels_and_room(void **state)
{
	char buf[64];
	size_t length;

	(void)state;
	assert_int_equal(checkpoint_add("cp", main_name, 0, 1 << 4, 1), 0);
	/* The one function was entered, only branches are left. */
	assert_fails(get_next_unhit_func(buf, sizeof(buf), 0, 5), ENOENT);
	assert_int_equal(get_next_unhit_cp(buf, sizeof(buf), 0, 5), 0);
	length = strlen(buf);
	assert_fails(get_next_unhit_cp(buf, length, 0, 5), EINVAL);
	assert_int_equal(get_next_unhit_cp(buf, length + 1, 0, 5), 0);
	assert_fails(get_next_unhit_cp(buf, sizeof(buf), 0, 4), ENOENT);
	assert_fails(get_next_unhit_cp(buf, sizeof(buf), 0, 0), ENOENT);
	assert_fails(get_next_unhit_cp(buf, sizeof(buf), 0, 65), ENOENT);
	assert_fails(get_next_unhit_cp(buf, sizeof(buf), 1000, 5), ENOENT);
}

#define CALLERS "toy_main+do_dentry_open(0xffffffff81200042)+after_it(0xffffffff81201042):"

static size_t map_len;
static char *map;

static int print_map(void)
{
	output_path_map(map, map_len);
	return 0;
}

static void the_path_map_tells_who_came(void **state)
{
	unsigned long paths, pluses = 0;
	char *text, unhit[64];
	size_t len = 0;

	(void)state;
	add_main();
	assert_int_equal(cov_path_count(&paths), 0);
	assert_fails(get_path_map(NULL, &len), EAGAIN);
	map = malloc(len);
	map_len = len--;
	assert_fails(get_path_map(map, &len), EAGAIN);
	assert_int_equal(len, map_len);
	assert_int_equal(get_path_map(map, &len), 0);
	assert_int_equal(strlen(map) + 1, len);
	/* Two callers from outside; branches come after the entry and after each other. */
	assert_int_equal(strncmp(map, CALLERS, strlen(CALLERS)), 0);
	assert_non_null(strstr(map, "+toy_main(0xffffffffc0a"));
	for (text = map; *text; text++)
		pluses += *text == '+';
	assert_int_equal(pluses, paths);
	text = printed_by(print_map);
	assert_int_equal(strncmp(text, "toy_main\n----do_dentry_open(0x", 30), 0);
	/* Nobody has come to this one, which is in the map nevertheless. */
	assert_int_equal(get_next_unhit_cp(unhit, sizeof(unhit), 0, 1), 0);
	assert_null(strstr(text, unhit));
	free(map);
	failing(_IOC_NR(COV_IOC_CALLERS), EIO);
	assert_fails(cov_path_count(&paths), EIO);
	assert_fails(get_path_map(NULL, &len), EIO);
}

/* All of the fake's pairs are new to it, the first caller too. */
static void register_before_all(unsigned long sample)
{
	fake_kernel()->settings.new_pairs = 10;
	assert_int_equal(cov_register(sample, 1), 0);
	fake_kernel()->settings.new_pairs = 0;
	add_main();
}

static void the_buffer_has_what_the_sample_was_first_to_show(void **state)
{
	char buf[THREAD_BUFFER_SIZE];
	char first[128];
	size_t length;

	(void)state;
	assert_int_equal(cov_thread_effective(), 0);
	fake_kernel()->settings.new_pairs = 9;	/* all but the caller */
	assert_int_equal(cov_register(3, 1), 0);
	add_main();
	assert_int_equal(cov_get_buffer(buf, sizeof(buf)), 0);
	assert_int_equal(strncmp(buf, "NEW PATH: toy_main#", 19), 0);
	assert_null(strstr(buf, "CALLER_ADDR"));
	assert_int_equal(cov_thread_effective(), 1);
	/* Given once. */
	assert_int_equal(cov_get_buffer(buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	cov_unregister();
	/* As whole lines, and the rest at the next call. */
	fake_reset();
	register_before_all(3);
	snprintf(first, sizeof(first), "NEW PATH: toy_main. CALLER_ADDR: 0x%016llx\n",
		 (unsigned long long)FAKE_OUTSIDE);
	length = strlen(first);
	assert_int_equal(cov_get_buffer(buf, length + 3), 0);
	assert_string_equal(buf, first);
	assert_int_equal(cov_get_buffer(buf, sizeof(buf)), 0);
	assert_int_equal(strncmp(buf, "NEW PATH: toy_main#", 19), 0);
	cov_unregister();
	assert_fails(cov_get_buffer(buf, sizeof(buf)), ESRCH);
	/* Somebody else's. */
	fake_reset();
	register_before_all(6);
	assert_int_equal(cov_get_buffer(buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	assert_int_equal(cov_thread_effective(), 0);
	failing(_IOC_NR(COV_IOC_NEWS), EIO);
	assert_fails(cov_get_buffer(buf, sizeof(buf)), EIO);
	assert_fails(cov_thread_effective(), EIO);
}

static void the_buffer_is_printed_and_cleared(void **state)
{
	static int (*const calls[])(void) = {
		cov_buffer_print, cov_buffer_print_pretty, cov_buffer_clear,
	};
	static const char *const begin[] = {
		"NEW PATH: toy_main. CALLER_ADDR: 0xffffffff81200042\nNEW PATH: toy_main#",
		"do_dentry_open\n----toy_main\n", "",
	};
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		fake_reset();
		assert_fails(calls[i](), ESRCH);
		register_before_all(3);
		text = printed_by(calls[i]);
		assert_int_equal(strncmp(text, begin[i], strlen(begin[i])), 0);
		assert_string_equal(printed_by(cov_buffer_print), "");
		failing(_IOC_NR(COV_IOC_NEWS), EIO);
		assert_fails(calls[i](), EIO);
		cov_unregister();
	}
}

static int make_tree(void **state)
{
	char command[512];

	(void)state;
	if (!mkdtemp(root) || setenv("FAKE_ROOT", root, 1))
		return -1;
	snprintf(command, sizeof(command),
		 "cd %s && mkdir -p proc sys/module/toy/sections &&"
		 "echo live > sys/module/toy/initstate &&"
		 "echo 0xffffffffc0a00000 > sys/module/toy/sections/.text &&"
		 "printf '%%s T %%s\\n' ffffffff81200000 do_dentry_open ffffffff81200100 after_it"
		 " > proc/kallsyms", root);
	return system(command);
}

static int remove_tree(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, each_setup, each_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(without_livecov_every_call_fails),
		TEST(a_task_registers_its_sample),
		TEST(a_task_that_is_no_test_case_is_not_tracked),
		TEST(a_sample_that_was_inherited_is_replaced),
		TEST(a_sample_that_ended_meanwhile_is_replaced_as_well),
		TEST(a_child_registers_for_itself),
		TEST(tasks_without_an_id_have_samples_of_their_own),
		TEST(a_registration_outlasts_exec),
		TEST(threads_may_ask_at_once),
		TEST(checkpoints_are_added_as_they_were),
		TEST(checkpoints_are_deleted),
		TEST(checkpoints_are_switched_by_their_very_names),
		TEST(a_branchs_checkpoint_is_switched_on_its_own),
		TEST(a_branchs_checkpoint_is_deleted_on_its_own),
		TEST(an_older_livecov_switches_no_branch_alone),
		TEST(a_branchs_name_is_in_use),
		TEST(pointers_that_are_null_are_refused),
		TEST(asking_again_opens_no_file),
		TEST(numbers_and_names_agree),
		TEST(next_unhit_looks_at_levels_and_room),
		TEST(the_path_map_tells_who_came),
		TEST(the_buffer_has_what_the_sample_was_first_to_show),
		TEST(the_buffer_is_printed_and_cleared),
	};

	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
