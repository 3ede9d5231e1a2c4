/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tables.h - what a module knows of its own text: the text, and the tables of
 * ways through it that its instructions do not show. Used by the image files alone.
 */
#ifndef LIVECOV_TABLES_H
#define LIVECOV_TABLES_H

#include "image.h"

/**
 * struct tables - the memory that a struct flow_input of a module points to
 * @texts: copies of core and init text; the second one has no bytes if there is no init text
 * @fixups: exception table
 * @jump_labels: static branches
 * @bugs: bug table
 * @static_calls: addresses of static calls
 * @fentries: addresses of fentry sites
 * @pointers: addresses in the texts that data names; in no struct flow_input
 * @nr_pointers: how many
 * @constants: those that read-only data names
 */
struct tables {
	struct flow_text texts[2];
	struct flow_pair *fixups;
	struct flow_pair *jump_labels;
	struct flow_bug *bugs;
	u64 *static_calls;
	u64 *fentries;
	u64 *pointers;
	u32 nr_pointers;
	u64 *constants;
};

/**
 * tables_read - copy a module's text, and what else but functions flow_build() wants of it
 * @mod: the module, with a reference held
 * @image: its @core and @init say where text is
 * @tables: zeroed; out: the memory; tables_free() it whatever is returned
 * @in: out: points into @tables; its @functions are not touched
 *
 * The targets' lock is held; sleeps. Return: 0, -ENOMEM, -EFAULT.
 */
int tables_read(const struct module *mod, const struct cov_image *image,
		struct tables *tables, struct flow_input *in);

/* tables_free - free what tables_read() allocated; a zeroed struct is fine */
void tables_free(struct tables *tables);

#endif /* LIVECOV_TABLES_H */
