// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sections.c - sections of code by name. The kernel drops the names after loading; sysfs
 * keeps them with their base addresses, and the module's file has which ones are code and
 * their sizes. May call file.c, section_list.c, symbols.c and module_file.c.
 */
#include <dirent.h>
#include <elf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

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

static int read_loaded(struct cov *cov, const char *module, const struct cov_build_id *id,
		       struct section_list *list)
{
	struct cov_module_file *file;
	char directory[PATH_MAX];
	struct dirent *entry;
	int ret = 0;
	DIR *dir;

	snprintf(directory, sizeof(directory), "/sys/module/%s/sections", module);
	dir = opendir(directory);
	if (!dir)
		return 0;
	file = cov_module_file_open(cov, module, id);
	while (!ret && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			ret = add_loaded(list, file, directory, entry->d_name);
	closedir(dir);
	cov_module_file_close(file);
	return ret;
}

/* Until its init function has returned, sysfs may not have everything yet. */
static bool is_live(const char *module)
{
	char path[PATH_MAX], state[16];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", module);
	return cov_read_file(path, state, sizeof(state)) > 0 && !strcmp(state, "live\n");
}

/* If the module is loaded again meanwhile, the next call sees another instance and looks again. */
static int learn(struct cov *cov, const char *module, uint64_t instance,
		 const struct cov_build_id *id, struct section_list *list)
{
	bool live = is_live(module);
	int ret = read_loaded(cov, module, id, list);

	if (!ret && live)
		ret = cov_sections_keep(&cov->known, module, instance, id, list);
	if (ret)
		cov_sections_free(list);
	return ret;
}

int cov_sections_loaded(struct cov *cov, const char *module,
			const struct cov_build_id *id, struct section_list *list)
{
	uint64_t instance = cov_module_instance(module);
	const struct section_list *known;
	struct cov_build_id own;

	memset(list, 0, sizeof(*list));
	if (!instance)
		return 0;
	if (!id) {
		loaded_build_id(module, &own);
		id = &own;
	}
	known = cov_sections_recall(&cov->known, module, instance, id);
	return known ? cov_sections_copy(list, known) : learn(cov, module, instance, id, list);
}

/* The core kernel has one section for our purposes; only kallsyms knows where. */
static int core_sections(struct cov *cov, struct section_list *list)
{
	struct symbols *symbols = cov_symbols_get(cov);
	uint64_t start, end;
	int ret = 0;

	if (!symbols)
		return -ENOMEM;
	if (cov_symbols_core(symbols, &start, &end))
		ret = cov_sections_add(list, ".text", start, end - start);
	cov_symbols_free(symbols);
	if (ret)
		cov_sections_free(list);
	return ret;
}

int cov_sections_of(struct cov *cov, const char *module, struct section_list *list)
{
	if (!strcmp(module, COV_CORE_KERNEL))
		return core_sections(cov, list);
	return cov_sections_loaded(cov, module, NULL, list);
}
