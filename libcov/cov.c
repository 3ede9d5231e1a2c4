// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * cov.c - the handle: opening and closing, the version handshake, the text of
 * the last error, and the one place that calls ioctl(). May call section_list.c and
 * symbols.c.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cov_release.h"
#include "internal.h"

/* libcov.h does not include the kernel's headers, so it spells the version again. */
_Static_assert(!__builtin_strcmp(LIBCOV_VERSION, COV_RELEASE), "one release, one version");

#define DEBUGFS_PATH	"/sys/kernel/debug"
#define LOADED_PATH	"/sys/module/livecov"

/* For cov_open() alone: when it fails there is no handle to keep the text. */
static __thread char open_error[sizeof(((struct cov *)0)->error)];

int cov_fail(struct cov *cov, int error, const char *format, ...)
{
	char *text = cov ? cov->error : open_error;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(open_error), format, args);
	va_end(args);
	errno = error;
	return -error;
}

int cov_fail_older(struct cov *cov, const char *lacks)
{
	return cov_fail(cov, EOPNOTSUPP,
			"the livecov.ko that is loaded speaks version %u.%u and %s; " COV_LOAD_OURS,
			COV_ABI_MAJOR, cov->minor, lacks);
}

void cov_begin(struct cov *cov)
{
	cov->error[0] = '\0';
}

COV_PUBLIC const char *cov_last_error(const struct cov *cov)
{
	return cov ? cov->error : open_error;
}

/* What to do about an error for which the kernel gave no sentence. */
static const char *advice(int error)
{
	switch (error) {
	case ENOTTY:
		return "this livecov does not know the call; " COV_LOAD_OURS;
	case EPERM:
	case EACCES:
		return "run as root; if you are, see whether the kernel is locked down";
	case ENOENT:
		return "there is nothing by that name or number; `covstat status` lists the targets";
	case EINTR:
		return "interrupted by a signal; try again";
	case ENOMEM:
		return "no memory; free some, or attach fewer functions";
	case ENOSPC:
		return "a table of livecov is full; load it with a larger one (modinfo livecov.ko lists the parameters)";
	default:
		return strerror(error);
	}
}

int cov_call(struct cov *cov, unsigned long command, void *argument, const char *what)
{
	struct cov_error text;
	int error;

	if (!ioctl(cov->fd, command, argument))
		return 0;
	error = errno;

	memset(&text, 0, sizeof(text));
	if (!ioctl(cov->fd, COV_IOC_LAST_ERROR, &text) && text.text[0]) {
		text.text[sizeof(text.text) - 1] = '\0';
		return cov_fail(cov, error, "%s", text.text);
	}
	return cov_fail(cov, error, "%s: %s", what, advice(error));
}

int cov_call_since(struct cov *cov, unsigned int minor, unsigned long command,
		   void *argument, const char *what)
{
	int ret = cov_call(cov, command, argument, what);

	if (ret != -ENOTTY)
		return ret;
	return cov_fail(cov, ENOTTY,
			"%s: the livecov.ko that is loaded speaks version %u.%u and this needs %u.%u; " COV_LOAD_OURS,
			what, COV_ABI_MAJOR, cov->minor, COV_ABI_MAJOR, minor);
}

int cov_give(void *theirs, void *ours, size_t ours_size)
{
	size_t size = theirs ? *(const size_t *)theirs : 0;

	if (size <= sizeof(size_t)) {
		errno = EINVAL;
		return -EINVAL;
	}
	if (size > ours_size) {
		memset((char *)theirs + ours_size, 0, size - ours_size);
		*(size_t *)ours = size;
		memcpy(theirs, ours, ours_size);
		return 0;
	}
	*(size_t *)ours = size;
	memcpy(theirs, ours, size);
	return 0;
}

int cov_take(void *ours, size_t ours_size, const void *theirs)
{
	size_t size = theirs ? *(const size_t *)theirs : 0;
	size_t i;

	memset(ours, 0, ours_size);
	if (size <= sizeof(size_t))
		return -EINVAL;
	for (i = ours_size; i < size; i++)
		if (((const unsigned char *)theirs)[i])
			return -E2BIG;
	memcpy(ours, theirs, size < ours_size ? size : ours_size);
	return 0;
}

int cov_take_options(struct cov *cov, void *ours, size_t ours_size, const void *theirs,
		     const char *what)
{
	int ret = cov_take(ours, ours_size, theirs);

	return ret ? cov_fail(cov, -ret, "%s: wrong size, or members that this libcov does not know",
			      what) : 0;
}

int cov_module_name(struct cov *cov, char name[COV_MODULE_LEN], const char *module)
{
	size_t length = module ? strlen(module) : 0;
	char *p;

	memset(name, 0, COV_MODULE_LEN);
	if (!length)
		return cov_fail(cov, EINVAL, "no module named; give the name of a loaded one (see lsmod)");
	if (length >= COV_MODULE_LEN)
		return cov_fail(cov, ENAMETOOLONG, "module names have at most %d characters",
				COV_MODULE_LEN - 1);
	memcpy(name, module, length);
	for (p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	return 0;
}

static int target_info(struct cov *cov, uint32_t target, uint32_t flags,
		       struct cov_target_info *info)
{
	int ret;

	memset(info, 0, sizeof(*info));
	info->target = target;
	info->flags = flags;
	ret = cov_call(cov, COV_IOC_TARGET, info, "read a target's numbers");
	info->module[sizeof(info->module) - 1] = '\0';
	info->checkpoint[sizeof(info->checkpoint) - 1] = '\0';
	return ret;
}

int cov_target_info(struct cov *cov, uint32_t target, struct cov_target_info *info)
{
	return target_info(cov, target, 0, info);
}

int cov_set_view(struct cov *cov, uint64_t sample)
{
	struct cov_view view = { .sample = sample };

	return cov_call_since(cov, 1, COV_IOC_VIEW, &view, "look at one sample");
}

int cov_target_next(struct cov *cov, uint32_t target, struct cov_target_info *info)
{
	int back, ret = 0;

	/* With a view of one sample, COV_IOC_TARGET fails for targets with scope all. */
	if (cov->view)
		ret = cov_set_view(cov, 0);
	if (!ret)
		ret = target_info(cov, target, COV_INFO_NEXT, info);
	back = cov->view ? cov_set_view(cov, cov->view) : 0;
	return ret ? ret : back;
}

static bool debugfs_mounted(void)
{
	struct statfs fs;

	return !statfs(DEBUGFS_PATH, &fs) && fs.f_type == DEBUGFS_MAGIC;
}

static int open_failed(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		if (!debugfs_mounted())
			return cov_fail(NULL, error, "debugfs is not mounted; run `mount -t debugfs none "
					DEBUGFS_PATH "`");
		if (access(LOADED_PATH, F_OK))
			return cov_fail(NULL, error, "livecov is not loaded; run `insmod livecov.ko` (after `make`: another kernel's is refused, \"Invalid module format\")");
		return cov_fail(NULL, error, "livecov is loaded but has no " COV_CONTROL_PATH
				"; see `dmesg | grep livecov`");
	case EACCES:
		return cov_fail(NULL, error, "no access to " COV_CONTROL_PATH "; run as root (sudo covstat ...)");
	case EPERM:
		if (geteuid() == 0)
			return cov_fail(NULL, error, "the kernel is locked down and keeps debugfs shut; see /sys/kernel/security/lockdown, and switch secure boot off");
		return cov_fail(NULL, error, "no access to " COV_CONTROL_PATH "; run as root (sudo covstat ...)");
	default:
		return cov_fail(NULL, error, "cannot open " COV_CONTROL_PATH ": %s", strerror(error));
	}
}

static int check_version(struct cov *cov)
{
	struct cov_version version;

	memset(&version, 0, sizeof(version));
	if (ioctl(cov->fd, COV_IOC_VERSION, &version))
		return cov_fail(NULL, errno == ENOTTY ? EPROTONOSUPPORT : errno,
				COV_CONTROL_PATH " does not tell its version: %s; " COV_LOAD_OURS,
				strerror(errno));
	if (version.abi_major != COV_ABI_MAJOR)
		return cov_fail(NULL, EPROTONOSUPPORT,
				"livecov.ko speaks version %u.%u and this libcov %u.%u; " COV_LOAD_OURS,
				version.abi_major, version.abi_minor,
				COV_ABI_MAJOR, COV_ABI_MINOR);
	cov->minor = version.abi_minor;
	return 0;
}

COV_PUBLIC int cov_open(struct cov **out)
{
	struct cov *cov;
	int ret;

	*out = NULL;
	open_error[0] = '\0';
	cov = calloc(1, sizeof(*cov));
	if (!cov)
		return cov_fail(NULL, ENOMEM, "no memory for a handle");
	cov->fd = open(COV_CONTROL_PATH, O_RDWR | O_CLOEXEC);
	if (cov->fd < 0) {
		ret = open_failed(errno);
		goto err_free;
	}
	ret = check_version(cov);
	if (ret)
		goto err_close;
	*out = cov;
	return 0;

err_close:
	close(cov->fd);
err_free:
	free(cov);
	errno = -ret;
	return ret;
}

COV_PUBLIC void cov_close(struct cov *cov)
{
	if (!cov)
		return;
	close(cov->fd);
	free(cov->module_dirs);
	cov_symbols_free(cov->symbols);
	free(cov->modules);
	cov_sections_forget(&cov->known);
	free(cov);
}

COV_PUBLIC int cov_fd(const struct cov *cov)
{
	return cov->fd;
}

COV_PUBLIC void cov_levels(struct cov *cov, uint64_t levels)
{
	cov->levels = levels;
}

COV_PUBLIC int cov_add_module_dir(struct cov *cov, const char *directory)
{
	/* An empty one would end the list. */
	size_t length = directory && directory[0] ? strlen(directory) + 1 : 0;
	size_t old = cov->module_dirs_len ? cov->module_dirs_len - 1 : 0;
	char *dirs;

	cov_begin(cov);
	if (!length)
		return cov_fail(cov, EINVAL, "no directory named; give the one that the module's file is in");
	dirs = realloc(cov->module_dirs, old + length + 1);
	if (!dirs)
		return cov_fail(cov, ENOMEM, "no memory for a directory's name");
	memcpy(dirs + old, directory, length);
	dirs[old + length] = '\0';
	cov->module_dirs = dirs;
	cov->module_dirs_len = old + length + 1;
	/* A file that was not found before may be in it. */
	cov_sections_forget(&cov->known);
	return 0;
}
