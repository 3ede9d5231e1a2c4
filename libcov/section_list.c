// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * section_list.c - lists of sections, and those that a handle keeps. Calls nothing else of
 * libcov.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* What a handle knows of a module; valid until the module is loaded again. */
struct known_sections {
	struct known_sections *next;
	char module[COV_MODULE_LEN];
	uint64_t instance;
	struct cov_build_id id;
	struct section_list list;
};

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

int cov_sections_copy(struct section_list *to, const struct section_list *from)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < from->count; i++)
		ret = cov_sections_add(to, from->entries[i].name, from->entries[i].base,
				       from->entries[i].size);
	if (ret)
		cov_sections_free(to);
	return ret;
}

/* ---- what a handle keeps ------------------------------------------------- */

static void free_known(struct known_sections *known)
{
	cov_sections_free(&known->list);
	free(known);
}

void cov_sections_forget(struct known_sections **all)
{
	struct known_sections *known;

	while ((known = *all)) {
		*all = known->next;
		free_known(known);
	}
}

int cov_sections_keep(struct known_sections **all, const char *module, uint64_t instance,
		      const struct cov_build_id *id, const struct section_list *list)
{
	struct known_sections *known = calloc(1, sizeof(*known));

	if (!known)
		return -ENOMEM;
	if (cov_sections_copy(&known->list, list)) {
		free_known(known);
		return -ENOMEM;
	}
	snprintf(known->module, sizeof(known->module), "%s", module);
	known->instance = instance;
	known->id = *id;
	known->next = *all;
	*all = known;
	return 0;
}

static bool is_valid(const struct known_sections *known, uint64_t instance,
		     const struct cov_build_id *id)
{
	return known->instance == instance && known->id.length == id->length &&
	       !memcmp(known->id.bytes, id->bytes, id->length);
}

const struct section_list *cov_sections_recall(struct known_sections **all, const char *module,
					       uint64_t instance, const struct cov_build_id *id)
{
	struct known_sections **link = all, *known;

	while ((known = *link) && strcmp(known->module, module))
		link = &known->next;
	if (!known)
		return NULL;
	if (is_valid(known, instance, id))
		return &known->list;
	*link = known->next;
	free_known(known);
	return NULL;
}
