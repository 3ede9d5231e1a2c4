// SPDX-License-Identifier: GPL-2.0-only
/*
 * functions.c - a function by the name that was given on the command line.
 */
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

/* A single checkpoint's function may be an attached target's as well. */
static bool may_be_in(const struct cov_target_desc *target, const struct place_name *name)
{
	return !target->checkpoint[0] &&
	       (!name->module[0] || !strcmp(name->module, target->module));
}

static bool may_be(const struct cov_snapshot *snapshot, unsigned int t, unsigned int function,
		   const struct place_name *name)
{
	struct cov_section_desc section = COV_INIT(section);
	struct cov_function_desc f = COV_INIT(f);

	if (cov_snapshot_function(snapshot, t, function, &f) || strcmp(f.name, name->function))
		return false;
	if (!name->section[0])
		return true;
	return !cov_snapshot_section(snapshot, t, f.section, &section) &&
	       !strcmp(section.name, name->section) &&
	       f.offset + name->offset == name->section_offset;
}

/* The first function that may be meant, from this one on; false if there is none. */
static bool next_that_may_be(const struct cov_snapshot *snapshot, const struct place_name *name,
			     unsigned int *t, unsigned int *function)
{
	struct cov_target_desc target = COV_INIT(target);

	for (; !cov_snapshot_target(snapshot, *t, &target); ++*t, *function = 0)
		for (; may_be_in(&target, name) && *function < target.functions; ++*function)
			if (may_be(snapshot, *t, *function, name))
				return true;
	return false;
}

/* "'toy:f' or 'toy_two:f'": what to give instead of the name; free() it. */
static char *forms(const struct cov_snapshot *snapshot, const struct place_name *name,
		   unsigned int *count)
{
	struct names *names = names_new(snapshot);
	unsigned int t = 0, function = 0;
	char place[PLACE_LEN];
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		exit(fail("no memory for functions' names"));
	*count = 0;
	for (; next_that_may_be(snapshot, name, &t, &function); function++)
		fprintf(out, "%s'%s'", (*count)++ ? " or " : "",
			place_text(names, t, function, name->offset, place));
	if (fclose(out))
		exit(fail("no memory for functions' names"));
	names_free(names);
	return text;
}

static bool fail_several(const struct cov_snapshot *snapshot, const struct place_name *name)
{
	unsigned int count;
	char *text = forms(snapshot, name, &count);

	fail("%u functions are called %s; give %s", count, name->function, text);
	free(text);
	return false;
}

static bool fail_none(const struct place_name *name, const char *attached)
{
	char given[PLACE_LEN];

	fail("no function %s is %s; `covstat list` lists their names",
	     place_name_text(name, given), attached);
	return false;
}

bool find_function(const struct cov_snapshot *snapshot, const struct place_name *name,
		   const char *attached, unsigned int *t, unsigned int *function)
{
	unsigned int other_t, other;

	*t = *function = 0;
	if (!next_that_may_be(snapshot, name, t, function))
		return fail_none(name, attached);
	other_t = *t;
	other = *function + 1;
	if (next_that_may_be(snapshot, name, &other_t, &other))
		return fail_several(snapshot, name);
	return true;
}
