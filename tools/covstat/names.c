// SPDX-License-Identifier: GPL-2.0-only
/*
 * names.c - what functions are called in output, so that no two look the same: with the
 * module if the snapshot is of several, with the place in its section if the module has
 * several functions of that name, with the checkpoint if it is of a single one.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

/**
 * struct names - what is needed besides a function's name
 * @snapshot: whose functions
 * @modules: it is of several
 * @twins: by target and function: has the target another one of that name?
 */
struct names {
	const struct cov_snapshot *snapshot;
	bool modules;
	bool **twins;
};

struct named {
	const char *name;
	unsigned int function;
};

static int compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void *sure(void *memory)
{
	if (!memory)
		exit(fail("no memory for functions' names"));
	return memory;
}

static bool *find_twins(const struct cov_snapshot *snapshot, unsigned int t, unsigned int count)
{
	struct named *all = sure(calloc(count + 1, sizeof(*all)));
	bool *twins = sure(calloc(count + 1, sizeof(*twins)));
	struct cov_function_desc f = COV_INIT(f);
	unsigned int i;

	for (i = 0; i < count && !cov_snapshot_function(snapshot, t, i, &f); i++)
		all[i] = (struct named){ f.name, i };
	count = i;
	qsort(all, count, sizeof(*all), compare_named);
	for (i = 1; i < count; i++)
		if (!strcmp(all[i].name, all[i - 1].name))
			twins[all[i].function] = twins[all[i - 1].function] = true;
	free(all);
	return twins;
}

struct names *names_new(const struct cov_snapshot *snapshot)
{
	unsigned int t, targets = cov_snapshot_targets(snapshot);
	struct cov_target_desc first = COV_INIT(first), target = COV_INIT(target);
	struct names *names = sure(calloc(1, sizeof(*names)));

	names->snapshot = snapshot;
	names->twins = sure(calloc(targets + 1, sizeof(*names->twins)));
	cov_snapshot_target(snapshot, 0, &first);
	for (t = 0; t < targets; t++) {
		cov_snapshot_target(snapshot, t, &target);
		names->modules |= strcmp(target.module, first.module);
		names->twins[t] = find_twins(snapshot, t, target.functions);
	}
	return names;
}

void names_free(struct names *names)
{
	unsigned int t;

	for (t = 0; t < cov_snapshot_targets(names->snapshot); t++)
		free(names->twins[t]);
	free(names->twins);
	free(names);
}

const struct cov_snapshot *names_snapshot(const struct names *names)
{
	return names->snapshot;
}

bool names_of_modules(const struct names *names)
{
	return names->modules;
}

__attribute__((format(printf, 2, 3)))
static void append(char text[PLACE_LEN], const char *format, ...)
{
	size_t length = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + length, PLACE_LEN - length, format, args);
	va_end(args);
}

static void append_section(char text[PLACE_LEN], const char *section, uint64_t offset)
{
	append(text, " (%s+0x%" PRIx64 ")", section, offset);
}

const char *place_name_text(const struct place_name *name, char buffer[PLACE_LEN])
{
	buffer[0] = '\0';
	if (name->module[0])
		append(buffer, "%s:", name->module);
	append(buffer, "%s", name->function);
	if (name->has_offset)
		append(buffer, "+0x%" PRIx64, name->offset);
	if (name->section[0])
		append_section(buffer, name->section, name->section_offset);
	return buffer;
}

static void append_twin(char text[PLACE_LEN], const struct names *names, unsigned int t,
			unsigned int function, uint64_t offset)
{
	struct cov_section_desc section = COV_INIT(section);
	struct cov_function_desc f = COV_INIT(f);

	if (!names->twins[t][function])
		return;
	cov_snapshot_function(names->snapshot, t, function, &f);
	cov_snapshot_section(names->snapshot, t, f.section, &section);
	append_section(text, section.name, f.offset + offset);
}

const char *twin_text(const struct names *names, unsigned int t, unsigned int function,
		      uint64_t offset, char buffer[PLACE_LEN])
{
	buffer[0] = '\0';
	append_twin(buffer, names, t, function, offset);
	return buffer;
}

static void append_place(char text[PLACE_LEN], const struct names *names, unsigned int t,
			 unsigned int function, uint64_t offset)
{
	struct cov_function_desc f = COV_INIT(f);

	cov_snapshot_function(names->snapshot, t, function, &f);
	append(text, "%s", f.name);
	if (offset)
		append(text, "+0x%" PRIx64, offset);
	append_twin(text, names, t, function, offset);
}

const char *place_in_target(const struct names *names, unsigned int t, unsigned int function,
			    uint64_t offset, char buffer[PLACE_LEN])
{
	buffer[0] = '\0';
	append_place(buffer, names, t, function, offset);
	return buffer;
}

const char *place_as_given(const struct names *names, unsigned int t, unsigned int function,
			   uint64_t offset, char buffer[PLACE_LEN])
{
	struct cov_target_desc target = COV_INIT(target);

	buffer[0] = '\0';
	cov_snapshot_target(names->snapshot, t, &target);
	if (names->modules)
		append(buffer, "%s:", target.module);
	append_place(buffer, names, t, function, offset);
	return buffer;
}

const char *place_text(const struct names *names, unsigned int t, unsigned int function,
		       uint64_t offset, char buffer[PLACE_LEN])
{
	struct cov_target_desc target = COV_INIT(target);

	place_as_given(names, t, function, offset, buffer);
	cov_snapshot_target(names->snapshot, t, &target);
	if (target.checkpoint[0])
		append(buffer, " (checkpoint %s)", target.checkpoint);
	return make_printable(buffer);
}
