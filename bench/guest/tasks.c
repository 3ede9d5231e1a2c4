// SPDX-License-Identifier: GPL-2.0-only
/*
 * tasks.c - tasks FILE TEXT COUNT...: have that many sleeping threads, write TEXT to
 * FILE and print what the file then says; for each COUNT in turn, a larger one each time.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STACK	(64 << 10)

static void *sleep_on(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void ask(const char *path, const char *text, unsigned long tasks)
{
	char answer[64];
	ssize_t length;
	int fd = open(path, O_RDWR);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	length = pread(fd, answer, sizeof(answer) - 1, 0);
	if (length < 0)
		err(1, "%s", path);
	close(fd);
	answer[length] = '\0';
	printf("%lu %s", tasks, answer);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	unsigned long have = 1, want;
	pthread_attr_t attributes;
	pthread_t thread;
	int i;

	if (argc < 4)
		errx(2, "usage: tasks FILE TEXT COUNT...");
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	for (i = 3; i < argc; i++) {
		want = strtoul(argv[i], NULL, 10);
		for (; have < want; have++)
			if (pthread_create(&thread, &attributes, sleep_on, NULL))
				errx(1, "only %lu threads", have);
		ask(argv[1], argv[2], have);
	}
	_exit(0);
}
