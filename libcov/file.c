// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * file.c - small files of sysfs and procfs. Calls nothing else of libcov.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

long cov_read_file(const char *path, void *buffer, size_t size)
{
	size_t have = 0;
	ssize_t got = 0;
	int error;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (have < size - 1) {
		got = read(fd, (char *)buffer + have, size - 1 - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		have += got;
	}
	error = got < 0 ? errno : 0;
	close(fd);
	((char *)buffer)[have] = '\0';
	return error ? -error : (long)have;
}

uint64_t cov_module_instance(const char *module)
{
	char path[PATH_MAX];
	struct stat status;

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	return stat(path, &status) ? 0 : status.st_ino;
}
