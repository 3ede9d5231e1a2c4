// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * module_file.c - finds a module's ELF file (or its separate debug file) and reads
 * section sizes and source lines from it. A file is used only if its build-id is that of
 * the loaded module: another build's lines would be wrong. Files with lines are kept with the
 * snapshot whose lines they are: there may be hundreds of manual checkpoints in one module.
 *
 * Elfutils reads it, as it supports compressed modules: .gz and .xz everywhere, .zst only
 * where it was built with libzstd (not on Debian 12). For lines that is libdwfl, which
 * applies the relocations without which the DWARF of a .ko is meaningless; they take
 * longer than everything else that an attach does in user space, so where only sections
 * are needed nothing is relocated. The addresses that libdwfl invents for the sections of
 * a relocatable file stay inside this file; callers use (section name, offset).
 *
 * May call unit_list.c and cov.c.
 */
#include <dirent.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "internal.h"

#define DEBUG_ROOT	"/usr/lib/debug"

struct cov_module_file {
	pthread_mutex_t lock;	/* of @dwfl, which several cov_lines may share */
	Dwfl *dwfl;		/* of a file with lines; it then owns @elf and @fd */
	Dwfl_Module *module;
	struct unit_list *units;	/* NULL until a line needs it */
	Elf *elf;
	int fd;
	GElf_Addr bias;
	size_t names;
};

/* Why no file was found, or none could be used; the higher the value, the more it explains. */
enum reason {
	NOT_SEARCHED,
	NO_FILE,
	NO_DIRECTORY,
	NO_ACCESS,
	NO_REGULAR,
	NO_ELF,
	NO_BUILD_ID,
	OTHER_BUILD,
	NO_LINES,
	NOTHING_TO_COMPARE,	/* the loaded module has no build-id */
};

struct miss {
	enum reason reason;
	char path[PATH_MAX];
	int error;	/* for NO_DIRECTORY and NO_ACCESS */
};

/* What is being looked for; @miss: why it was not found, NULL if nobody asks. */
struct wanted {
	const char *module;
	const struct cov_build_id *id;
	bool lines;
	struct miss *miss;
};

/* Always returns NULL. */
static struct cov_module_file *missed(const struct wanted *want, enum reason reason,
				      const char *path)
{
	struct miss *miss = want->miss;
	int error = errno;

	if (miss && reason > miss->reason) {
		miss->reason = reason;
		miss->error = error;
		snprintf(miss->path, sizeof(miss->path), "%s", path);
	}
	return NULL;
}

/*
 * Separate debug files are candidates of their own here. libdwfl's search would also
 * query debuginfod servers, and a library should not access the network unasked.
 */
static int no_separate_debuginfo(Dwfl_Module *module, void **userdata, const char *name,
				 Dwarf_Addr base, const char *file, const char *link,
				 GElf_Word crc, char **path)
{
	(void)module, (void)userdata, (void)name, (void)base;
	(void)file, (void)link, (void)crc, (void)path;
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_debuginfo = no_separate_debuginfo,
	.section_address = dwfl_offline_section_address,
};

static Elf_Scn *find_section(const struct cov_module_file *file, const char *name,
			     GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(file->elf, section))) {
		const char *found;

		if (!gelf_getshdr(section, header))
			continue;
		found = elf_strptr(file->elf, file->names, header->sh_name);
		if (found && !strcmp(found, name))
			return section;
	}
	return NULL;
}

static enum reason check_build_id(const struct cov_module_file *file,
				  const struct cov_build_id *id)
{
	const void *bits = NULL;
	ssize_t length = dwelf_elf_gnu_build_id(file->elf, &bits);

	if (length <= 0)
		return NO_BUILD_ID;
	if (length < (ssize_t)id->length || memcmp(bits, id->bytes, id->length))
		return OTHER_BUILD;
	return NOT_SEARCHED;
}

void cov_module_file_close(struct cov_module_file *file)
{
	if (!file)
		return;
	cov_units_free(file->units);
	if (file->dwfl) {
		dwfl_end(file->dwfl);
	} else {
		elf_end(file->elf);
		close(file->fd);
	}
	free(file);
}

static bool open_sections(struct cov_module_file *file)
{
	elf_version(EV_CURRENT);
	file->elf = dwelf_elf_begin(file->fd);
	return file->elf;
}

/* libdwfl owns the descriptor once it has accepted the module. */
static bool open_lines(struct cov_module_file *file, const char *path)
{
	Dwfl *dwfl = dwfl_begin(&callbacks);

	if (!dwfl)
		return false;
	dwfl_report_begin(dwfl);
	file->module = dwfl_report_offline(dwfl, "", path, file->fd);
	if (!file->module) {
		dwfl_end(dwfl);
		return false;
	}
	file->dwfl = dwfl;
	dwfl_report_end(dwfl, NULL, NULL);
	file->elf = dwfl_module_getelf(file->module, &file->bias);
	return file->elf;
}

/* What is wrong with a file; NOT_SEARCHED: nothing. */
static enum reason check_file(const struct wanted *want, struct cov_module_file *file,
			      const char *path)
{
	enum reason reason;
	GElf_Shdr header;

	if (!(want->lines ? open_lines(file, path) : open_sections(file)) ||
	    elf_getshdrstrndx(file->elf, &file->names))
		return NO_ELF;
	reason = check_build_id(file, want->id);
	if (reason)
		return reason;
	if (want->lines && !find_section(file, ".debug_line", &header))
		return NO_LINES;
	return NOT_SEARCHED;
}

/* Nobody may ever write to a FIFO of that name: neither open() nor read() waits for it. */
static bool is_regular(int fd)
{
	struct stat status;

	return !fstat(fd, &status) && S_ISREG(status.st_mode);
}

static struct cov_module_file *try_file(const struct wanted *want, const char *path)
{
	struct cov_module_file *file;
	enum reason reason;

	file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	pthread_mutex_init(&file->lock, NULL);
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file->fd < 0) {
		free(file);
		return missed(want, NO_ACCESS, path);
	}
	if (!is_regular(file->fd)) {
		close(file->fd);
		free(file);
		return missed(want, NO_REGULAR, path);
	}
	reason = check_file(want, file, path);
	if (!reason)
		return file;
	cov_module_file_close(file);
	return missed(want, reason, path);
}

/* Is @path the file of @module? In file names '-' and '_' are the same. */
static bool names_module(const char *path, const char *module)
{
	const char *base = strrchr(path, '/');

	for (base = base ? base + 1 : path; *module; base++, module++)
		if ((*base == '-' ? '_' : *base) != *module)
			return false;
	return !strncmp(base, ".ko", 3) && (base[3] == '\0' || base[3] == '.');
}

static struct cov_module_file *search_directory(const struct wanted *want, const char *directory)
{
	struct cov_module_file *file = NULL;
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	dir = opendir(directory);
	if (!dir)
		return missed(want, NO_DIRECTORY, directory);
	while (!file && (entry = readdir(dir))) {
		if (!names_module(entry->d_name, want->module))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) < PATH_MAX)
			file = try_file(want, path);
	}
	closedir(dir);
	return file ? file : missed(want, NO_FILE, directory);
}

static struct cov_module_file *search_build_id(const struct wanted *want)
{
	char path[sizeof(DEBUG_ROOT "/.build-id/xx/.debug") + 2 * BUILD_ID_MAX];
	int at = sprintf(path, DEBUG_ROOT "/.build-id/%02x/", want->id->bytes[0]);
	uint32_t i;

	for (i = 1; i < want->id->length; i++)
		at += sprintf(path + at, "%02x", want->id->bytes[i]);
	strcpy(path + at, ".debug");
	return try_file(want, path);
}

/* A debug package mirrors the tree of the modules, uncompressed. */
static struct cov_module_file *search_debug_tree(const struct wanted *want, const char *release,
						 const char *relative)
{
	static const char *const trees[] = { "", "/usr" };
	static const char *const suffixes[] = { "", ".debug" };
	int length = strstr(relative, ".ko") + 3 - relative;
	struct cov_module_file *file = NULL;
	char path[PATH_MAX];
	size_t i;

	for (i = 0; !file && i < ARRAY_SIZE(trees) * ARRAY_SIZE(suffixes); i++)
		if (snprintf(path, sizeof(path), DEBUG_ROOT "%s/lib/modules/%s/%.*s%s",
			     trees[i / ARRAY_SIZE(suffixes)], release, length, relative,
			     suffixes[i % ARRAY_SIZE(suffixes)]) < PATH_MAX)
			file = try_file(want, path);
	return file;
}

/* The module's path below /lib/modules/@release, from modules.dep, or NULL; free it. */
static char *installed_path(const char *module, const char *release)
{
	char path[PATH_MAX];
	char *found = NULL;
	char *line = NULL;
	size_t size = 0;
	FILE *dep;
	int fd;

	if (snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", release) >= PATH_MAX)
		return NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	dep = fdopen(fd, "r");
	if (!dep) {
		close(fd);
		return NULL;
	}
	while (!found && getline(&line, &size, dep) > 0) {
		line[strcspn(line, ":\n")] = '\0';
		if (names_module(line, module))
			found = strdup(line);
	}
	free(line);
	fclose(dep);
	return found;
}

static struct cov_module_file *search_installed(const struct wanted *want)
{
	struct cov_module_file *file = NULL;
	struct utsname system;
	char path[PATH_MAX];
	char *relative;

	if (uname(&system))
		return NULL;
	relative = installed_path(want->module, system.release);
	if (!relative)
		return NULL;
	if (want->lines)
		file = search_debug_tree(want, system.release, relative);
	if (!file && snprintf(path, sizeof(path), "%s%s/%s",
			      relative[0] == '/' ? "" : "/lib/modules/",
			      relative[0] == '/' ? "" : system.release, relative) < PATH_MAX)
		file = try_file(want, path);
	free(relative);
	return file;
}

static struct cov_module_file *search(struct cov *cov, struct wanted *want)
{
	struct cov_module_file *file = NULL;
	const char *dir;

	if (!want->id->length)
		return missed(want, NOTHING_TO_COMPARE, "");
	for (dir = cov->module_dirs; !file && dir && *dir; dir += strlen(dir) + 1)
		file = search_directory(want, dir);
	/* Only a search of directories that the user has named needs to say why it failed. */
	want->miss = NULL;
	if (!file && want->lines)
		file = search_build_id(want);
	if (!file)
		file = search_installed(want);
	return file;
}

struct cov_module_file *cov_module_file_open(struct cov *cov, const char *module,
					     const struct cov_build_id *id)
{
	struct wanted want = { .module = module, .id = id };

	return search(cov, &want);
}

static int fail_missed(struct cov *cov, const char *module, const struct miss *miss)
{
	const char *path = miss->path;

	switch (miss->reason) {
	case NO_DIRECTORY:
		return cov_fail(cov, ENOENT, "no source lines for %s: cannot open %s: %s; give the directory of the module's file",
				module, path, strerror(miss->error));
	case NO_FILE:
		return cov_fail(cov, ENOENT, "no source lines for %s: %s has no %s.ko; give the directory of the module's file",
				module, path, module);
	case NO_ACCESS:
		return cov_fail(cov, ENOENT, "no source lines for %s: cannot open %s: %s", module,
				path, strerror(miss->error));
	case NO_REGULAR:
		return cov_fail(cov, ENOENT, "no source lines for %s: %s is not a regular file; give the module's",
				module, path);
	case NO_ELF:
		return cov_fail(cov, ENOENT, "no source lines for %s: elfutils cannot read %s; if it is compressed (.zst), decompress it",
				module, path);
	case NO_BUILD_ID:
		return cov_fail(cov, ENOENT, "no source lines for %s: %s has no build-id: it is damaged, or it was linked without; copy or build it again",
				module, path);
	case OTHER_BUILD:
		return cov_fail(cov, ENOENT, "no source lines for %s: %s is not the build that is loaded; give the file that was, or load this one",
				module, path);
	case NO_LINES:
		return cov_fail(cov, ENOENT, "no source lines for %s: %s has no debug information; give the file as it was before strip, or build it with CONFIG_DEBUG_INFO",
				module, path);
	case NOTHING_TO_COMPARE:
		return cov_fail(cov, ENOENT, "no source lines for %s: it was linked without a build-id, by which its file would be known; build it with ld's option --build-id, and load that",
				module);
	default:
		return cov_fail(cov, ENOENT, "no debug information for %s; install its -dbg package, or build it with CONFIG_DEBUG_INFO",
				module);
	}
}

/* ---- what a snapshot keeps ------------------------------------------------- */

/* What was found for a module; @file is NULL if nothing was. */
struct known_file {
	struct known_file *next;
	char module[COV_MODULE_LEN];
	struct cov_build_id id;
	char *module_dirs;		/* of the handle that looked; with others, it may be found */
	size_t module_dirs_len;
	struct cov_module_file *file;
	struct miss miss;
};

struct module_files {
	pthread_mutex_t lock;
	struct known_file *first;
};

struct module_files *cov_module_files_new(void)
{
	struct module_files *files = calloc(1, sizeof(*files));

	if (files)
		pthread_mutex_init(&files->lock, NULL);
	return files;
}

void cov_module_files_free(struct module_files *files)
{
	struct known_file *known;

	while (files && (known = files->first)) {
		files->first = known->next;
		cov_module_file_close(known->file);
		free(known->module_dirs);
		free(known);
	}
	free(files);
}

static bool same_dirs(const struct known_file *known, const struct cov *cov)
{
	return known->module_dirs_len == cov->module_dirs_len &&
	       (!cov->module_dirs_len ||
		!memcmp(known->module_dirs, cov->module_dirs, cov->module_dirs_len));
}

static struct known_file *recall(const struct module_files *files, const struct cov *cov,
				 const char *module, const struct cov_build_id *id)
{
	struct known_file *known = files->first;

	while (known && (strcmp(known->module, module) || known->id.length != id->length ||
			 memcmp(known->id.bytes, id->bytes, id->length) ||
			 !same_dirs(known, cov)))
		known = known->next;
	return known;
}

static struct known_file *learn(struct module_files *files, struct cov *cov, const char *module,
				const struct cov_build_id *id)
{
	struct known_file *known = calloc(1, sizeof(*known));
	struct wanted want = { .module = module, .id = id, .lines = true };

	if (!known)
		return NULL;
	known->module_dirs = malloc(cov->module_dirs_len + 1);
	if (!known->module_dirs) {
		free(known);
		return NULL;
	}
	if (cov->module_dirs_len)
		memcpy(known->module_dirs, cov->module_dirs, cov->module_dirs_len);
	want.miss = &known->miss;
	snprintf(known->module, sizeof(known->module), "%s", module);
	known->id = *id;
	known->module_dirs_len = cov->module_dirs_len;
	known->file = search(cov, &want);
	known->next = files->first;
	files->first = known;
	return known;
}

int cov_module_files_lines(struct module_files *files, struct cov *cov, const char *module,
			   const struct cov_build_id *id, struct cov_module_file **file)
{
	struct known_file *known;

	pthread_mutex_lock(&files->lock);
	known = recall(files, cov, module, id);
	if (!known)
		known = learn(files, cov, module, id);
	pthread_mutex_unlock(&files->lock);
	*file = known ? known->file : NULL;
	if (!known)
		return cov_fail(cov, ENOMEM, "no memory for source lines");
	return *file ? 0 : fail_missed(cov, module, &known->miss);
}

bool cov_module_file_section(const struct cov_module_file *file, const char *name,
			     uint64_t *size, bool *executable)
{
	GElf_Shdr header;

	if (!find_section(file, name, &header))
		return false;
	if (size)
		*size = header.sh_size;
	if (executable)
		*executable = header.sh_flags & SHF_EXECINSTR;
	return true;
}

/* @address: libdwfl's */
static bool line_at(struct cov_module_file *file, GElf_Addr address, const char **source,
		    int *number)
{
	Dwfl_Line *found = dwfl_module_getsrc(file->module, address);

	if (found) {
		*source = dwfl_lineinfo(found, NULL, number, NULL, NULL, NULL);
		return true;
	}
	if (!file->units)
		file->units = cov_units_new(file->module);
	return file->units && cov_units_line(file->units, address, source, number);
}

static bool find_line(struct cov_module_file *file, const char *name, uint64_t offset,
		      const char **source, unsigned int *line)
{
	GElf_Shdr header;
	int number = 0;

	if (!find_section(file, name, &header) || offset >= header.sh_size ||
	    !line_at(file, header.sh_addr + file->bias + offset, source, &number))
		return false;
	if (!*source || number <= 0)
		return false;
	*line = number;
	return true;
}

bool cov_module_file_line(struct cov_module_file *file, const char *name, uint64_t offset,
			  const char **source, unsigned int *line)
{
	bool found;

	pthread_mutex_lock(&file->lock);
	found = find_line(file, name, offset, source, line);
	pthread_mutex_unlock(&file->lock);
	return found;
}
