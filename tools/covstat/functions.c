// SPDX-License-Identifier: GPL-2.0-only
/*
 * functions.c - a function by the name that was given on the command line.
 */
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

/*
 * What is looked for. Attached modules are searched first, manual checkpoints (@checkpoints) only
 * then: their functions may be an attached module's as well.
 */
struct search {
	const struct cov_snapshot *snapshot;
	const struct place_name *name;
	bool checkpoints;
};

static bool may_be_in(const struct search *search, const struct cov_target_desc *target)
{
	const char *module = search->name->module;

	return is_checkpoint(target) == search->checkpoints &&
	       (!module[0] || !strcmp(module, target->module));
}

/* Has an earlier checkpoint the same function, with its blocks? Both are one answer. */
static bool is_repeated(const struct search *search, unsigned int t, uint64_t address)
{
	struct cov_target_desc target = COV_INIT(target);
	struct cov_function_desc f = COV_INIT(f);
	unsigned int earlier, i;

	for (earlier = 0; earlier < t; earlier++) {
		cov_snapshot_target(search->snapshot, earlier, &target);
		for (i = 0; is_checkpoint(&target) &&
		     !cov_snapshot_function(search->snapshot, earlier, i, &f); i++)
			if (f.address == address && f.blocks)
				return true;
	}
	return false;
}

static bool may_be(const struct search *search, unsigned int t, unsigned int function)
{
	const struct place_name *name = search->name;
	struct cov_section_desc section = COV_INIT(section);
	struct cov_function_desc f = COV_INIT(f);

	if (cov_snapshot_function(search->snapshot, t, function, &f) ||
	    strcmp(f.name, name->function) ||
	    (search->checkpoints && (!f.blocks || is_repeated(search, t, f.address))))
		return false;
	if (!name->section[0])
		return true;
	return !cov_snapshot_section(search->snapshot, t, f.section, &section) &&
	       !strcmp(section.name, name->section) &&
	       f.offset + name->offset == name->section_offset;
}

/* From this function on, the first one that may be meant; false if there is none. */
static bool next_that_may_be(const struct search *search, unsigned int *t, unsigned int *function)
{
	struct cov_target_desc target = COV_INIT(target);

	for (; !cov_snapshot_target(search->snapshot, *t, &target); ++*t, *function = 0)
		for (; may_be_in(search, &target) && *function < target.functions; ++*function)
			if (may_be(search, *t, *function))
				return true;
	return false;
}

/* "'toy:f' or 'toy_two:f'": what to give instead of the name; free() it. */
static char *forms(const struct search *search, unsigned int *count)
{
	struct names *names = names_new(search->snapshot);
	unsigned int t = 0, function = 0;
	char place[PLACE_LEN];
	char *text = NULL;
	size_t length;
	FILE *out = sure(open_memstream(&text, &length), "functions' names");

	*count = 0;
	for (; next_that_may_be(search, &t, &function); function++)
		fprintf(out, "%s'%s'", (*count)++ ? " or " : "",
			place_as_given(names, t, function, search->name->offset, place));
	if (fclose(out))
		exit(fail("no memory for functions' names"));
	names_free(names);
	return text;
}

static bool fail_several(const struct search *search)
{
	unsigned int count;
	char *text = forms(search, &count);

	fail("%u functions are called %s; give %s", count, search->name->function, text);
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
	struct search search = { .snapshot = snapshot, .name = name };
	unsigned int other_t, other;

	*t = *function = 0;
	if (!next_that_may_be(&search, t, function)) {
		search.checkpoints = true;
		*t = *function = 0;
		if (!next_that_may_be(&search, t, function))
			return fail_none(name, attached);
	}
	other_t = *t;
	other = *function + 1;
	if (next_that_may_be(&search, &other_t, &other))
		return fail_several(&search);
	return true;
}
