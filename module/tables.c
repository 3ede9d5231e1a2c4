// SPDX-License-Identifier: GPL-2.0-only
/*
 * tables.c - copies a module's text and its tables: exception fixups, static branches, the bug
 * table, fentry sites, static calls, addresses in data. Owns nothing.
 */
#include <linux/extable.h>
#include <linux/mm.h>
#include <linux/sort.h>

#include "alloc_array.h"
#include "patched.h"
#include "tables.h"
#include "targets_lock.h"

void tables_free(struct tables *tables)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(tables->texts); i++)
		kvfree(tables->texts[i].bytes);
	kvfree(tables->fixups);
	kvfree(tables->jump_labels);
	kvfree(tables->bugs);
	kvfree(tables->static_calls);
	kvfree(tables->fentries);
	kvfree(tables->pointers);
	kvfree(tables->constants);
}

static int u64_cmp(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static int read_fixups(const struct module *mod, struct tables *tables,
		       struct flow_input *in)
{
	u32 i, n = mod->num_exentries;

	tables->fixups = alloc_array(n, sizeof(*tables->fixups));
	if (!tables->fixups)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		const struct exception_table_entry *x = &mod->extable[i];

		tables->fixups[i].from = (unsigned long)&x->insn + x->insn;
		tables->fixups[i].to = (unsigned long)&x->fixup + x->fixup;
	}
	in->fixups = tables->fixups;
	in->nr_fixups = n;
	return 0;
}

static int read_jump_labels(const struct module *mod, struct tables *tables,
			    struct flow_input *in)
{
	u32 i, n = compat_nr_jump_labels(mod);

	tables->jump_labels = alloc_array(n, sizeof(*tables->jump_labels));
	if (!tables->jump_labels)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		tables->jump_labels[i].from = compat_jump_label(mod, i);
		tables->jump_labels[i].to = compat_jump_label_target(mod, i);
	}
	in->jump_labels = tables->jump_labels;
	in->nr_jump_labels = n;
	return 0;
}

static int read_bugs(const struct module *mod, struct tables *tables,
		     struct flow_input *in)
{
	u32 i, n = compat_nr_bugs(mod);

	tables->bugs = alloc_array(n, sizeof(*tables->bugs));
	if (!tables->bugs)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		tables->bugs[i].address = compat_bug(mod, i);
		tables->bugs[i].warn = compat_bug_warns(mod, i);
	}
	in->bugs = tables->bugs;
	in->nr_bugs = n;
	return 0;
}

static int read_fentries(const struct module *mod, struct tables *tables,
			 struct flow_input *in)
{
	u32 i, n;
	const unsigned long *fentries = compat_fentries(mod, &n);

	tables->fentries = alloc_array(n, sizeof(*tables->fentries));
	if (!tables->fentries)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		tables->fentries[i] = fentries[i];
	in->fentries = tables->fentries;
	in->nr_fentries = n;
	return 0;
}

static int read_static_calls(const struct module *mod, struct tables *tables,
			     struct flow_input *in)
{
	u32 i, n = compat_nr_static_calls(mod);

	tables->static_calls = alloc_array(n, sizeof(*tables->static_calls));
	if (!tables->static_calls)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		tables->static_calls[i] = compat_static_call(mod, i);
	sort(tables->static_calls, n, sizeof(*tables->static_calls), u64_cmp, NULL);
	in->static_calls = tables->static_calls;
	in->nr_static_calls = n;
	return 0;
}

static bool names_text(const struct cov_image *image, unsigned long word)
{
	return compat_span_has(&image->core, word) || compat_span_has(&image->init, word);
}

/*
 * Text addresses in data: any aligned word that could be one. That is too many, never too few,
 * and costs a few detours. Data changes while it is read, so the number of words noted is
 * bounded; an address that appears meanwhile is no new way into text.
 */
static u32 find_pointers(const struct cov_image *image, struct compat_span data,
			 u64 *found, u32 max)
{
	const unsigned long *word = (const unsigned long *)round_up(data.base, sizeof(*word));
	const unsigned long *end = (const unsigned long *)(data.base + data.size);
	u32 n = 0;

	for (; word + 1 <= end && n < max; word++) {
		/* Between two variables there may be a redzone: KASAN would object. */
		unsigned long value = READ_ONCE_NOCHECK(*word);

		if (!names_text(image, value))
			continue;
		if (found)
			found[n] = value;
		n++;
	}
	return n;
}

static int read_pointers(const struct module *mod, const struct cov_image *image,
			 struct tables *tables)
{
	struct compat_span data;
	u32 i, max = 0, n = 0;

	for (i = 0; compat_data(mod, i, &data); i++)
		max += find_pointers(image, data, NULL, U32_MAX);
	tables->pointers = alloc_array(max, sizeof(*tables->pointers));
	if (!tables->pointers)
		return -ENOMEM;
	for (i = 0; compat_data(mod, i, &data); i++)
		n += find_pointers(image, data, tables->pointers + n, max - n);
	tables->nr_pointers = n;
	return 0;
}

static int read_constants(const struct module *mod, const struct cov_image *image,
			  struct tables *tables, struct flow_input *in)
{
	struct compat_span data = compat_core_rodata(mod);
	u32 n = find_pointers(image, data, NULL, U32_MAX);

	tables->constants = alloc_array(n, sizeof(*tables->constants));
	if (!tables->constants)
		return -ENOMEM;
	in->pointers = tables->constants;
	in->nr_pointers = find_pointers(image, data, tables->constants, n);
	return 0;
}

static int texts_read(const struct cov_image *image, struct tables *tables,
		      struct flow_input *in)
{
	int err = text_read(image->core, &tables->texts[0]);

	in->texts = tables->texts;
	in->nr_texts = 1;
	if (err || !image->init.size)
		return err;
	in->nr_texts = 2;
	return text_read(image->init, &tables->texts[1]);
}

int tables_read(const struct module *mod, const struct cov_image *image,
		       struct tables *tables, struct flow_input *in)
{
	lockdep_assert_held(&cov_targets_lock);
	return texts_read(image, tables, in) ?:
	       read_fixups(mod, tables, in) ?:
	       read_jump_labels(mod, tables, in) ?:
	       read_bugs(mod, tables, in) ?:
	       read_fentries(mod, tables, in) ?:
	       read_static_calls(mod, tables, in) ?:
	       read_pointers(mod, image, tables) ?:
	       read_constants(mod, image, tables, in);
}
