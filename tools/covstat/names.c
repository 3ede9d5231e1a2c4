// SPDX-License-Identifier: GPL-2.0-only
/*
 * names.c - what functions are called in output, so that no two look the same: with the
 * module's name if the snapshot has several modules, with the place in its section if the module
 * has several functions of that name, with the checkpoint's name if a manual checkpoint is there.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

/**
 * struct names - what is needed besides a function's name
 * @snapshot: whose functions
 * @modules: the snapshot has several modules
 * @twins: by target and function: has the module another one of that name?
 */
struct names {
	const struct cov_snapshot *snapshot;
	bool modules;
	bool **twins;
};

/* A function of a target; manual checkpoints of one module are targets of their own. */
struct named {
	const char *module, *name;
	uint64_t address;
	bool *twin;
};

static const char what[] = "functions' names";

static int compare_names(const struct named *x, const struct named *y)
{
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->module, y->module);
}

static int compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = compare_names(x, y);

	if (order)
		return order;
	return x->address < y->address ? -1 : x->address > y->address;
}

/* How many functions the targets have together. */
static size_t count_functions(const struct cov_snapshot *snapshot)
{
	struct cov_target_desc target = COV_INIT(target);
	size_t count = 0;
	unsigned int t;

	for (t = 0; !cov_snapshot_target(snapshot, t, &target); t++)
		count += target.functions;
	return count;
}

/* All functions, in the order of names and then of addresses. */
static size_t sort_functions(struct names *names, struct named *all)
{
	struct cov_target_desc target = COV_INIT(target);
	struct cov_function_desc f = COV_INIT(f);
	size_t count = 0;
	unsigned int t, i;

	for (t = 0; !cov_snapshot_target(names->snapshot, t, &target); t++) {
		names->twins[t] = sure(calloc(target.functions + 1, sizeof(*names->twins[t])),
				       what);
		for (i = 0; !cov_snapshot_function(names->snapshot, t, i, &f); i++)
			all[count++] = (struct named){ target.module, f.name, f.address,
						       &names->twins[t][i] };
	}
	qsort(all, count, sizeof(*all), compare_named);
	return count;
}

static void find_twins(struct names *names)
{
	struct named *all = sure(calloc(count_functions(names->snapshot) + 1, sizeof(*all)), what);
	size_t i, first, end, count = sort_functions(names, all);

	for (first = 0; first < count; first = end) {
		for (end = first + 1; end < count && !compare_names(&all[first], &all[end]); end++)
			;
		for (i = first; i < end; i++)
			*all[i].twin = all[first].address != all[end - 1].address;
	}
	free(all);
}

struct names *names_new(const struct cov_snapshot *snapshot)
{
	unsigned int t, targets = cov_snapshot_targets(snapshot);
	struct cov_target_desc first = COV_INIT(first), target = COV_INIT(target);
	struct names *names = sure(calloc(1, sizeof(*names)), what);

	names->snapshot = snapshot;
	names->twins = sure(calloc(targets + 1, sizeof(*names->twins)), what);
	cov_snapshot_target(snapshot, 0, &first);
	for (t = 0; t < targets; t++) {
		cov_snapshot_target(snapshot, t, &target);
		names->modules |= strcmp(target.module, first.module);
	}
	find_twins(names);
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
	if (is_checkpoint(&target))
		append(buffer, " (checkpoint %s)", target.checkpoint);
	return make_printable(buffer);
}
