// SPDX-License-Identifier: GPL-2.0-only
/*
 * tasks.c - tasks [--samples] FILE TEXT COUNT...: have that many sleeping threads, write
 * TEXT to FILE and print what the file then says; for each COUNT in turn, a larger one
 * each time. With --samples each thread is a sample of its own.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cov_ioctl.h>

#define STACK	(64 << 10)

static int control = -1;
static pthread_barrier_t there;

/* A thread is of its creator's sample at first. */
static void *sleep_on(void *number)
{
	struct cov_register reg = { .sample = 1000000 + (unsigned long)number };

	if (control >= 0 && (ioctl(control, COV_IOC_UNREGISTER) ||
			     ioctl(control, COV_IOC_REGISTER, &reg)))
		err(1, "sample %llu", reg.sample);
	pthread_barrier_wait(&there);
	for (;;)
		pause();
	return number;
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

	if (argc > 1 && !strcmp(argv[1], "--samples")) {
		control = open(COV_CONTROL_PATH, O_RDWR);
		if (control < 0)
			err(1, "%s", COV_CONTROL_PATH);
		argv++;
		argc--;
	}
	if (argc < 4)
		errx(2, "usage: tasks [--samples] FILE TEXT COUNT...");
	pthread_barrier_init(&there, NULL, 2);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	for (i = 3; i < argc; i++) {
		want = strtoul(argv[i], NULL, 10);
		for (; have < want; have++) {
			if (pthread_create(&thread, &attributes, sleep_on, (void *)have))
				errx(1, "only %lu threads", have);
			pthread_barrier_wait(&there);
		}
		ask(argv[1], argv[2], have);
	}
	_exit(0);
}
