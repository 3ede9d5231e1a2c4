// SPDX-License-Identifier: GPL-2.0-only
/*
 * file-load.c - nothing but file system calls: file-load DIRECTORY FILES. Makes,
 * writes, reads, renames, lists and removes that many small files.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTES	6000	/* one block and a piece */

static char data[BYTES];

static void make(unsigned int number)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "file%u", number);
	fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		err(1, "%s", name);
	if (write(fd, data, BYTES) != BYTES || pread(fd, data, BYTES, 0) != BYTES ||
	    ftruncate(fd, BYTES / 2))
		err(1, "%s", name);
	close(fd);
}

static void move(unsigned int number)
{
	char from[32], to[32];
	struct stat status;

	snprintf(from, sizeof(from), "file%u", number);
	snprintf(to, sizeof(to), "moved%u", number);
	if (stat(from, &status) || chmod(from, 0644) || rename(from, to))
		err(1, "%s", from);
}

static void list_and_remove(void)
{
	struct dirent *entry;
	DIR *directory = opendir(".");

	if (!directory)
		err(1, "opendir");
	while ((entry = readdir(directory)))
		if (entry->d_name[0] == 'm' && unlink(entry->d_name))
			err(1, "%s", entry->d_name);
	closedir(directory);
}

int main(int argc, char **argv)
{
	unsigned int i, files;

	if (argc != 3)
		errx(2, "usage: file-load DIRECTORY FILES");
	if (chdir(argv[1]))
		err(1, "%s", argv[1]);
	files = strtoul(argv[2], NULL, 10);
	for (i = 0; i < files; i++)
		make(i);
	for (i = 0; i < files; i++)
		move(i);
	list_and_remove();
	sync();
	return 0;
}
