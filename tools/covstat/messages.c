// SPDX-License-Identifier: GPL-2.0-only
/*
 * messages.c - what covstat says on stderr, and its exit codes.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "covstat.h"

static void message(const char *format, va_list args)
{
	fflush(stdout);
	fputs("covstat: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

int fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(format, args);
	va_end(args);
	return EXIT_ERROR;
}

void warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(format, args);
	va_end(args);
}

int fail_cov(const struct cov *cov)
{
	int error = errno;
	const char *text = cov_last_error(cov);

	return fail("%s", text[0] ? text : strerror(error));
}

int usage_error(const struct command *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(format, args);
	va_end(args);
	if (command)
		fprintf(stderr, "usage: covstat %s %s\nTry 'covstat %s --help'.\n",
			command->name, command->usage, command->name);
	else
		fputs("usage: covstat COMMAND [OPTION]...\nTry 'covstat --help'.\n", stderr);
	return EXIT_USAGE;
}

int flush_stdout(void)
{
	static bool told;

	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_OK;
	if (!told)
		fail("cannot write the output: %s", errno ? strerror(errno) : "write error");
	told = true;
	return EXIT_ERROR;
}
