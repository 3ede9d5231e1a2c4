// SPDX-License-Identifier: GPL-2.0-only
/*
 * covtarget-call.c - calls functions of covtarget.ko from the command line.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "covtarget.h"

#define EXIT_USAGE	2
#define BAD_ADDRESS	0x10	/* below mmap_min_addr: never mapped */

static const char usage[] =
"Usage: covtarget-call [OPTION]... FUNCTION [A [B [C]]] [, FUNCTION [A [B [C]]]]...\n"
"       covtarget-call --list\n"
"\n"
"Call functions of covtarget.ko one after the other. An argument is a number,\n"
"\"good\" for the address of two 64-bit words in this program, 42 and 43, or\n"
"\"bad\" for an address where nothing is. Each result is printed as\n"
"FUNCTION = RESULT unless there are several callers.\n"
"\n"
"  -r N    do it all N times (1)\n"
"  -f N    in N processes at once, children of this one, which does nothing itself\n"
"  -t N    in N threads at once, in each process\n"
"  --list  print the functions' names\n"
"\n"
"The device is left for the exit to close. Exit status: 0; 1 if a call could not\n"
"be made; 2 on a wrong command line.\n";

#define COVT_FN_NAME(name)	#name,

static const char *const names[] = { COVT_FUNCTIONS(COVT_FN_NAME) };
static const uint64_t good[2] = { 42, 43 };

static struct covt_call *calls;
static size_t nr_calls;
static unsigned long repeat = 1, processes, threads;
static bool quiet;
static int device;

static void complain(const char *what, const char *why)
{
	fprintf(stderr, "covtarget-call: %s: %s\n", what, why);
}

static bool parse_number(const char *text, __u64 *number)
{
	char *end;

	if (!strcmp(text, "good")) {
		*number = (uintptr_t)good;
		return true;
	}
	if (!strcmp(text, "bad")) {
		*number = BAD_ADDRESS;
		return true;
	}
	errno = 0;
	*number = strtoull(text, &end, 0);
	return !errno && end != text && !*end && (isdigit(*text) || *text == '-');
}

static bool parse_function(const char *name, uint32_t *func)
{
	uint32_t i;

	for (i = 0; i < COVT_FN_COUNT; i++) {
		if (!strcmp(name, names[i])) {
			*func = i;
			return true;
		}
	}
	return false;
}

/* One call, up to a comma or the end. Return: words used, 0 if it is wrong. */
static int parse_call(char **words, struct covt_call *call)
{
	__u64 *args[] = { &call->a, &call->b, &call->c };
	int used;

	if (!words[0] || !parse_function(words[0], &call->func)) {
		complain(words[0] ?: "FUNCTION", "no such function; see --list");
		return 0;
	}
	for (used = 1; words[used] && strcmp(words[used], ","); used++) {
		if (used > 3 || !parse_number(words[used], args[used - 1])) {
			complain(words[used], "no number, or one too many");
			return 0;
		}
	}
	return used;
}

static bool parse_calls(char **words, int count)
{
	calls = calloc(count + 1, sizeof(*calls));
	if (!calls) {
		complain("calls", strerror(errno));
		return false;
	}
	do {
		int used = parse_call(words, &calls[nr_calls]);

		if (!used)
			return false;
		nr_calls++;
		words += used;
	} while (*words && words++);
	return true;
}

static bool make_call(const struct covt_call *wanted)
{
	struct covt_call call = *wanted;

	if (ioctl(device, COVT_IOC_CALL, &call)) {
		complain(names[call.func], strerror(errno));
		return false;
	}
	if (!quiet)
		printf("%s = %lld\n", names[call.func], (long long)call.result);
	return true;
}

static bool make_calls(void)
{
	unsigned long round;
	bool ok = true;
	size_t i;

	for (round = 0; round < repeat; round++) {
		for (i = 0; i < nr_calls; i++)
			ok &= make_call(&calls[i]);
	}
	return ok;
}

static void *thread_main(void *ok)
{
	*(bool *)ok = make_calls();
	return NULL;
}

static bool run_threads(void)
{
	pthread_t ids[threads + 1];
	bool oks[threads + 1];
	unsigned long i, started;
	bool ok;

	for (started = 0; started < threads; started++) {
		int err = pthread_create(&ids[started], NULL, thread_main, &oks[started]);

		if (err) {
			complain("thread", strerror(err));
			break;
		}
	}
	ok = started == threads;
	if (!threads)
		ok = make_calls();
	for (i = 0; i < started; i++) {
		pthread_join(ids[i], NULL);
		ok &= oks[i];
	}
	return ok;
}

static bool run_processes(void)
{
	unsigned long i;
	bool ok = true;
	int status;

	for (i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(run_threads() ? EXIT_SUCCESS : EXIT_FAILURE);
		if (pid < 0) {
			complain("fork", strerror(errno));
			ok = false;
			break;
		}
	}
	while (wait(&status) > 0)
		ok &= WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
	return ok;
}

static bool parse_count(const char *text, unsigned long *count)
{
	__u64 number;

	if (!parse_number(text, &number) || !number || number > 1000000) {
		complain(text, "must be 1 to 1000000");
		return false;
	}
	*count = number;
	return true;
}

static int list_names(void)
{
	size_t i;

	for (i = 0; i < COVT_FN_COUNT; i++)
		puts(names[i]);
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	bool ok = true;
	int option;

	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list_names();
	/* "+": the first function ends the options, so that arguments can be negative. */
	while (ok && (option = getopt(argc, argv, "+r:f:t:")) != -1) {
		switch (option) {
		case 'r':
			ok = parse_count(optarg, &repeat);
			break;
		case 'f':
			ok = parse_count(optarg, &processes);
			break;
		case 't':
			ok = parse_count(optarg, &threads);
			break;
		default:
			ok = false;
		}
	}
	if (!ok || optind == argc || !parse_calls(argv + optind, argc - optind)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	quiet = processes || threads;
	device = open(COVT_PATH, O_RDWR | O_CLOEXEC);
	if (device < 0) {
		complain(COVT_PATH, strerror(errno));
		return EXIT_FAILURE;
	}
	ok = processes ? run_processes() : run_threads();
	return ok && !fflush(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
