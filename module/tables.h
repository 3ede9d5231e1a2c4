/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tables.h - what a module knows of its own text: the text, and the tables that
 * tell of ways which the text does not show. Used by the image files alone.
 */
#ifndef LIVECOV_TABLES_H
#define LIVECOV_TABLES_H

#include "image.h"

/* The memory behind a struct flow_input of a module. */
struct tables {
	struct flow_text texts[2];
	struct flow_pair *fixups;
	struct flow_pair *jump_labels;
	struct flow_bug *bugs;
	u64 *static_calls;
	u64 *fentries;
	u64 *pointers;		/* addresses in the texts that data names */
	u32 nr_pointers;
};

/**
 * text_read - copy live text, in which livecov's own probes do not show
 * @span: where
 * @text: the copy; kvfree() its @bytes
 *
 * Return: 0, -ENOMEM, -EFAULT.
 */
int text_read(struct compat_span span, struct flow_text *text);

/**
 * tables_read - copy what else flow_build() wants of a module, but functions
 * @mod: with a reference held
 * @image: its @core and @init say where text is
 * @tables: the memory; tables_free() it whatever is returned
 * @in: points into @tables afterwards
 *
 * Return: 0, -ENOMEM, -EFAULT.
 */
int tables_read(const struct module *mod, const struct cov_image *image,
		struct tables *tables, struct flow_input *in);
void tables_free(struct tables *tables);

#endif /* LIVECOV_TABLES_H */
