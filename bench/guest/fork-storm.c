// SPDX-License-Identifier: GPL-2.0-only
/*
 * fork-storm.c - fork-storm COUNT: fork so many children, one after the other, that exit at once. Prints
 * how many nanoseconds all of it took.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static unsigned long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

int main(int argc, char **argv)
{
	unsigned long count = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned long long begin = now();

	if (!count)
		errx(2, "usage: fork-storm COUNT");
	while (count--) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			err(1, "fork");
	}
	printf("%llu\n", now() - begin);
	return 0;
}
