// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - covstat's table of subcommands.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "covstat.h"

static const struct command *const commands[] = {
	&cmd_attach, &cmd_run, &cmd_list, &cmd_next, &cmd_status, &cmd_reset,
	&cmd_detach, &cmd_checkpoint, &cmd_samples, &cmd_callers, &cmd_map, &cmd_watch,
	&cmd_trace, &cmd_doctor,
};

static int help(void)
{
	size_t i;

	puts("Usage: covstat COMMAND [OPTION]...\n"
	     "Coverage of a loaded kernel module, nothing recompiled.\n\n"
	     "Commands:");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-12s %s\n", commands[i]->name, commands[i]->purpose);
	puts("\n  -V, --version   print the version\n"
	     "  -h, --help      print this; for more see 'covstat COMMAND --help'\n\n"
	     "Exit status: 0 ok, 1 an error, 2 wrong usage, 3 below --fail-under or, for\n"
	     "'covstat watch', nothing new; 'covstat run' and 'covstat trace' pass on their\n"
	     "command's status.");
	return EXIT_OK;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	char name[64];

	/* getopt begins its messages with argv[0]. */
	snprintf(name, sizeof(name), "covstat %s", command->name);
	argv[0] = name;
	return command->run(argc, argv);
}

/* NULL, after a message, if there is none of that name. */
static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(name, commands[i]->name))
			return commands[i];
	usage_error(NULL, "'%s' is not a command", name);
	return NULL;
}

/* "help list" is "list --help". */
static int help_on(const char *name)
{
	const struct command *command = find_command(name);
	char option[] = "--help";
	char *argv[] = { NULL, option, NULL };

	return command ? run_command(command, 2, argv) : EXIT_USAGE;
}

static int run(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2)
		return usage_error(NULL, "no command given");
	if (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version")) {
		puts("covstat " LIBCOV_VERSION);
		return EXIT_OK;
	}
	if (!strcmp(argv[1], "help") && argc > 2)
		return help_on(argv[2]);
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
		return help();
	command = find_command(argv[1]);
	return command ? run_command(command, argc - 1, argv + 1) : EXIT_USAGE;
}

/* A full disk must not look like success. */
static int close_stdout(int status)
{
	if (flush_stdout() == EXIT_OK) {
		if (!fclose(stdout))
			return status;
		fail("cannot write the output: %s", strerror(errno));
	}
	return status == EXIT_OK || status == EXIT_BELOW ? EXIT_ERROR : status;
}

/*
 * A file that is opened must not become a standard stream that was closed: messages would
 * go into it. What is used in its place is opened the wrong way round: reading and writing
 * still fail. Commands that are run find the stream closed.
 */
static void occupy_closed_streams(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

int main(int argc, char **argv)
{
	int status;

	occupy_closed_streams();
	/*
	 * Ignored signals are inherited, and an ignored SIGCHLD leaves no status to wait for.
	 * The commands that are run get the default as well, as from timeout(1).
	 */
	signal(SIGCHLD, SIG_DFL);
	status = run(argc, argv);
	free(settings.module_dirs);
	return close_stdout(status);
}
