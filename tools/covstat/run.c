// SPDX-License-Identifier: GPL-2.0-only
/*
 * run.c - covstat run: a command as one sample. The child registers itself
 * between fork and exec; livecov follows its descendants. The registration lives
 * as long as the handle, so the parent keeps that open until the command ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "covstat.h"

#define EXIT_NO_EXEC	126	/* found, but cannot be executed: as shells do */
#define EXIT_NOT_FOUND	127

/* What the child reports if it cannot execute the command. */
struct complaint {
	int status;
	char text[512];
};

static volatile sig_atomic_t child;	/* 0 before the fork and after the end */

/* What ends a process that does not handle it, and is meant for the command. */
static const int forwarded[] = {
	SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM,
};

/*
 * Signals from a terminal (Ctrl-C, hangup) reach the command directly, as it is in the same process
 * group; an alarm does not, which was set before this process became covstat. Of what another
 * process sends it is not known whether it was for the group or for this process alone: rather twice
 * than never.
 */
static void forward(int number, siginfo_t *info, void *context)
{
	int error = errno;

	(void)context;
	if (child && (info->si_code != SI_KERNEL || number == SIGALRM))
		kill(child, number);
	errno = error;
}

/* How these signals were handled before the command was started. */
struct handling {
	struct sigaction actions[ARRAY_SIZE(forwarded)];
};

static void block_signals(sigset_t *before)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(forwarded); i++)
		sigaddset(&set, forwarded[i]);
	sigprocmask(SIG_BLOCK, &set, before);
}

static void catch_signals(struct handling *before)
{
	struct sigaction action = { .sa_sigaction = forward, .sa_flags = SA_SIGINFO };
	size_t i;

	sigfillset(&action.sa_mask);
	for (i = 0; i < ARRAY_SIZE(forwarded); i++) {
		sigaction(forwarded[i], NULL, &before->actions[i]);
		if (before->actions[i].sa_handler != SIG_IGN)
			sigaction(forwarded[i], &action, NULL);
	}
}

static void restore_signals(const struct handling *before)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forwarded); i++)
		sigaction(forwarded[i], &before->actions[i], NULL);
}

/* ---- the child --------------------------------------------------------- */

__attribute__((noreturn))
static void complain(int out, int status, const char *what, const char *why)
{
	struct complaint complaint = { .status = status };
	ssize_t put;

	/* However long a command's name is: the reason matters more. */
	snprintf(complaint.text, sizeof(complaint.text), "%.400s: %s", what, why);
	put = write(out, &complaint, sizeof(complaint));
	_exit(put < 0 ? EXIT_ERROR : status);
}

/* In a shell that was started by `covstat run`, the command already has the shell's sample. */
static bool track(struct cov *cov, uint64_t sample)
{
	if (!cov_register(cov, sample))
		return true;
	return errno == EEXIST && !cov_unregister(cov) && !cov_register(cov, sample);
}

/* The same places in which execvp() looks, which does not tell where it found something. */
static bool is_in_path(const char *name)
{
	const char *dir = getenv("PATH");
	char path[PATH_MAX];
	int length;

	for (dir = dir ? dir : "/bin:/usr/bin"; ; dir += length + 1) {
		length = strcspn(dir, ":");
		snprintf(path, sizeof(path), "%.*s%s%s", length, dir, length ? "/" : "", name);
		if (!access(path, X_OK))
			return true;
		if (!dir[length])
			return false;
	}
}

/* ENOENT is also what is told of a file that is there, but not what its first line names. */
__attribute__((noreturn))
static void complain_of_exec(int out, const char *name)
{
	int error = errno;

	if (error != ENOENT)
		complain(out, EXIT_NO_EXEC, name, strerror(error));
	if (strchr(name, '/') ? !access(name, X_OK) : name[0] && is_in_path(name))
		complain(out, EXIT_NO_EXEC, name, "its interpreter does not exist");
	complain(out, EXIT_NOT_FOUND, name, strerror(error));
}

/* exec resets handlers; between fork and exec the signals stay blocked. */
__attribute__((noreturn))
static void run_child(struct cov *cov, uint64_t sample, char **command,
		      const sigset_t *mask, int out)
{
	if (!track(cov, sample))
		complain(out, EXIT_ERROR, "cannot track the command", cov_last_error(cov));
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(command[0], command);
	complain_of_exec(out, command[0]);
}

/* ---- the parent -------------------------------------------------------- */

/* Returns the wait status, or -1 with errno. */
static int wait_for(pid_t pid)
{
	siginfo_t info;
	int status = -1;

	while (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		if (errno != EINTR)
			return -1;
	/* Its pid may be reused once it is reaped: stop forwarding. */
	block_signals(NULL);
	child = 0;
	return waitpid(pid, &status, 0) < 0 ? -1 : status;
}

/* Wait for exec (the pipe closes) or for an error. */
static bool heard_complaint(int in, struct complaint *complaint)
{
	ssize_t got;

	do {
		got = read(in, complaint, sizeof(*complaint));
	} while (got < 0 && errno == EINTR);
	return got == sizeof(*complaint);
}

static int print_json(uint64_t sample, int status)
{
	struct json_object *document = json_document();

	json_add_number(document, "sample", sample);
	if (WIFSIGNALED(status)) {
		json_add_null(document, "exit_status");
		json_add_number(document, "signal", WTERMSIG(status));
	} else {
		json_add_number(document, "exit_status", WEXITSTATUS(status));
		json_add_null(document, "signal");
	}
	return json_print(document);
}

static int finish(pid_t pid, int in, int *wait_status)
{
	struct complaint complaint;
	bool failed = heard_complaint(in, &complaint);
	int status = wait_for(pid);

	if (failed) {
		fail("%s", complaint.text);
		return complaint.status;
	}
	if (status < 0)
		return fail("cannot wait for the command: %s", strerror(errno));
	*wait_status = status;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* @mask: signals that were blocked before the fork */
static int attend(pid_t pid, int in, const sigset_t *mask, int *wait_status)
{
	struct handling before;
	int status;

	child = pid;
	catch_signals(&before);
	sigprocmask(SIG_SETMASK, mask, NULL);
	status = finish(pid, in, wait_status);
	/* From now on signals end this process again, which may have a long trace to print. */
	restore_signals(&before);
	return status;
}

int run_tracked(struct cov *cov, uint64_t sample, char **command, int *wait_status)
{
	int pipes[2];
	sigset_t mask;
	int status;
	pid_t pid;

	*wait_status = -1;
	if (pipe2(pipes, O_CLOEXEC))
		return fail("cannot create a pipe: %s", strerror(errno));
	block_signals(&mask);
	fflush(stdout);
	pid = fork();
	if (!pid)
		run_child(cov, sample, command, &mask, pipes[1]);
	close(pipes[1]);
	if (pid < 0)
		status = fail("cannot fork: %s", strerror(errno));
	else
		status = attend(pid, pipes[0], &mask, wait_status);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	close(pipes[0]);
	return status;
}

void warn_if_idle(struct cov *cov, const char *what)
{
	struct cov_summary summary = COV_INIT(summary);

	if (!cov_status(cov, &summary) && !summary.targets)
		warn("nothing is attached, so nothing will be %s; run `covstat attach MODULE` first",
		     what);
}

enum { OPT_SAMPLE = OPT_OWN };

static const struct option longs[] = {
	{ "sample", required_argument, NULL, OPT_SAMPLE },
	COMMON_OPTIONS
};

/* There is only --sample. */
static int set_option(int c, void *sample)
{
	(void)c;
	return parse_sample(&cmd_run, optarg, sample);
}

static int run_run(int argc, char **argv)
{
	uint64_t sample = 1;
	int status, ended;
	struct cov *cov;

	if (!take_options(&cmd_run, argc, argv, &sample, &status))
		return status;
	if (optind == argc)
		return usage_error(&cmd_run, "no command to run");
	cov = open_cov();
	if (!cov)
		return EXIT_ERROR;
	warn_if_idle(cov, "recorded");
	status = run_tracked(cov, sample, argv + optind, &ended);
	if (settings.json && ended >= 0)
		print_json(sample, ended);
	cov_close(cov);
	return status;
}

const struct command cmd_run = {
	.name = "run",
	.purpose = "Run a command as one sample: it and its descendants are tracked.",
	.usage = "[OPTION]... [--] COMMAND [ARGUMENT]...",
	.options =
	"      --sample ID        the number of the sample, above 0 (default: 1); with\n"
	"                         scope tracked, list and next can show it separately\n",
	.notes =
	"The exit status is the command's; 128 + N if signal N killed it; 126 if it\n"
	"cannot be executed, 127 if it is not found. What it leaves running in the\n"
	"background is no longer tracked when it has ended. --json prints one more line\n"
	"after the command's own output, if that could be run.\n",
	.example = "covstat run --sample 7 -- v4l2-compliance -d /dev/video0",
	/* '+': options after the command's name belong to the command. */
	.shorts = "+h",
	.longs = longs,
	.set_option = set_option,
	.run = run_run,
};
