// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sections.c - sections of code by name. The kernel drops the names after loading; sysfs
 * keeps them with their base addresses, and the module's file has which ones are code and
 * their sizes. May call file.c and module_file.c.
 */
#include <dirent.h>
#include <elf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

int cov_sections_add(struct section_list *list, const char *name, uint64_t base,
		     uint64_t size)
{
	struct section *entries;
	unsigned int i;
	char *copy;

	entries = realloc(list->entries, (list->count + 1) * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	list->entries = entries;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	for (i = list->count; i > 0 && entries[i - 1].base > base; i--)
		entries[i] = entries[i - 1];
	entries[i] = (struct section){ .name = copy, .base = base, .size = size };
	list->count++;
	return 0;
}

void cov_sections_free(struct section_list *list)
{
	unsigned int i;

	for (i = 0; i < list->count; i++)
		free(list->entries[i].name);
	free(list->entries);
	memset(list, 0, sizeof(*list));
}

unsigned int cov_sections_find(const struct section_list *list, uint64_t address)
{
	unsigned int found = COV_NONE;
	unsigned int i;

	/*
	 * The memory of freed init text may have been reused by now, so a section whose
	 * end is known does not extend beyond it.
	 */
	for (i = 0; i < list->count && list->entries[i].base <= address; i++)
		if (!list->entries[i].size ||
		    address - list->entries[i].base < list->entries[i].size)
			found = i;
	return found;
}

/* Read a build-id from the ELF note that sysfs keeps for a module. */
static void loaded_build_id(const char *module, struct cov_build_id *id)
{
	char path[PATH_MAX];
	unsigned char note[256];
	Elf64_Nhdr header;
	long got;

	id->length = 0;
	snprintf(path, sizeof(path), "/sys/module/%s/notes/.note.gnu.build-id", module);
	got = cov_read_file(path, note, sizeof(note));
	if (got < (long)sizeof(header))
		return;
	memcpy(&header, note, sizeof(header));
	if (header.n_type != NT_GNU_BUILD_ID || header.n_namesz != sizeof("GNU") ||
	    header.n_descsz > BUILD_ID_MAX ||
	    sizeof(header) + header.n_namesz + header.n_descsz > (size_t)got)
		return;
	memcpy(id->bytes, note + sizeof(header) + header.n_namesz, header.n_descsz);
	id->length = header.n_descsz;
}

/*
 * Sysfs does not distinguish code from data. Without the file, rely on the kernel's
 * naming: every code section has "text" in its name, and no data section has.
 */
static bool looks_executable(const char *name)
{
	return strstr(name, "text") || !strcmp(name, ".altinstr_replacement");
}

static int add_loaded(struct section_list *list, const struct cov_module_file *file,
		      const char *directory, const char *name)
{
	bool executable = looks_executable(name);
	char path[PATH_MAX];
	uint64_t size = 0;
	char text[64];
	uint64_t base;

	if (file)
		cov_module_file_section(file, name, &size, &executable);
	if (!executable)
		return 0;
	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= PATH_MAX)
		return 0;
	if (cov_read_file(path, text, sizeof(text)) <= 0)
		return 0;
	base = strtoull(text, NULL, 16);
	return base ? cov_sections_add(list, name, base, size) : 0;
}

int cov_sections_loaded(struct cov *cov, const char *module,
			const struct cov_build_id *id, struct section_list *list)
{
	struct cov_module_file *file;
	struct cov_build_id own;
	char directory[PATH_MAX];
	struct dirent *entry;
	int ret = 0;
	DIR *dir;

	memset(list, 0, sizeof(*list));
	snprintf(directory, sizeof(directory), "/sys/module/%s/sections", module);
	dir = opendir(directory);
	if (!dir)
		return 0;
	if (!id) {
		loaded_build_id(module, &own);
		id = &own;
	}
	file = cov_module_file_open(cov, module, id);
	while (!ret && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			ret = add_loaded(list, file, directory, entry->d_name);
	closedir(dir);
	cov_module_file_close(file);
	if (ret)
		cov_sections_free(list);
	return ret;
}

/* The core kernel has one section for our purposes; only kallsyms knows where. */
static int core_sections(struct section_list *list)
{
	uint64_t start = 0, end = 0;
	char *line = NULL;
	size_t size = 0;
	FILE *file;
	int ret = 0;

	file = fopen("/proc/kallsyms", "re");
	if (!file)
		return 0;
	while (!(start && end) && getline(&line, &size, file) > 0) {
		unsigned long long address;
		char name[16];

		if (sscanf(line, "%llx %*c %15s", &address, name) != 2)
			continue;
		if (!strcmp(name, "_stext"))
			start = address;
		else if (!strcmp(name, "_etext"))
			end = address;
	}
	if (start && end > start)
		ret = cov_sections_add(list, ".text", start, end - start);
	free(line);
	fclose(file);
	if (ret)
		cov_sections_free(list);
	return ret;
}

int cov_sections_of(struct cov *cov, const char *module, struct section_list *list)
{
	if (!strcmp(module, COV_CORE_KERNEL))
		return core_sections(list);
	return cov_sections_loaded(cov, module, NULL, list);
}
