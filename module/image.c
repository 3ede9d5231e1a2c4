// SPDX-License-Identifier: GPL-2.0-only
/*
 * image.c - makes an image: gathers symbols, tables and text of a module, has flow.c decode them,
 * and keeps what was selected. Owns struct cov_image.
 */
#include <linux/async.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "alloc_array.h"
#include "foreign.h"
#include "image_build.h"
#include "insn_branch.h"
#include "patched.h"
#include "tables.h"
#include "targets_lock.h"

static int functions_from_symbols(struct flow_input *in, const struct symbols *symbols)
{
	u32 i;

	in->functions = alloc_array(symbols->count, sizeof(*in->functions));
	if (!in->functions)
		return -ENOMEM;
	in->nr_functions = symbols->count;
	for (i = 0; i < symbols->count; i++) {
		in->functions[i].address = symbols->table[i].address;
		in->functions[i].size = symbols->table[i].size;
		in->functions[i].selected = symbols->table[i].selected;
		in->functions[i].cold = symbols->table[i].cold;
		in->functions[i].entry = FLOW_ENTRY_UNKNOWN;
	}
	return 0;
}

/* The function of a cold part; itself for one that has none, or one that was not selected. */
static u32 parent_of(const struct symbols *symbols, const u32 *renumbered, u32 function)
{
	u32 parent = symbols->table[function].parent;

	if (parent == COV_NONE || renumbered[parent] == COV_NONE)
		parent = function;
	return renumbered[parent];
}

/* New numbers for the functions that were selected. @names: out: room for their names, bytes. */
static u32 number_selected(const struct flow_input *in, const struct symbols *symbols,
			   u32 *renumbered, size_t *names)
{
	u32 i, n = 0;

	*names = 0;
	for (i = 0; i < in->nr_functions; i++) {
		renumbered[i] = in->functions[i].selected ? n++ : COV_NONE;
		if (in->functions[i].selected)
			*names += strlen(symbol_name(symbols, i)) + 1;
	}
	return n;
}

/* Move the functions that were selected, with what belongs to them, to where their numbers say. */
static void move_functions(struct cov_image *image, const struct symbols *symbols,
			   const u32 *renumbered)
{
	struct flow_input *in = &image->in;
	u32 i, len = 0;

	for (i = 0; i < in->nr_functions; i++) {
		const char *name = symbol_name(symbols, i);
		u32 to = renumbered[i], size = strlen(name) + 1;

		if (to == COV_NONE)
			continue;
		in->functions[to] = in->functions[i];
		if (image->regions.entries)
			image->regions.entries[to] = image->regions.entries[i];
		image->labels[to].name = len;
		image->labels[to].parent = parent_of(symbols, renumbered, i);
		image->labels[to].in_init = compat_span_has(&image->init, in->functions[i].address);
		memcpy(image->names + len, name, size);
		len += size;
	}
	image->names_len = len;
}

static void renumber_blocks(struct flow *flow, const u32 *renumbered)
{
	u32 i;

	for (i = 0; i < flow->nr_blocks; i++)
		flow->blocks[i].function = renumbered[flow->blocks[i].function];
}

/*
 * Drop what was not selected from everything that is indexed by function. All blocks and
 * branches lie in selected functions.
 */
static int image_compact(struct cov_image *image, const struct symbols *symbols)
{
	struct flow_input *in = &image->in;
	u32 *renumbered, n;
	size_t names;

	renumbered = kvcalloc(in->nr_functions, sizeof(*renumbered), GFP_LARGE);
	if (!renumbered)
		return -ENOMEM;
	n = number_selected(in, symbols, renumbered, &names);
	image->labels = pure_alloc_lasting(((size_t)n + 1) * sizeof(*image->labels));
	image->names = pure_alloc_lasting(names + 1);
	if (!image->labels || !image->names) {
		kvfree(renumbered);
		return -ENOMEM;
	}
	move_functions(image, symbols, renumbered);
	in->nr_functions = n;
	renumber_blocks(&image->flow, renumbered);
	kvfree(renumbered);
	return 0;
}

static struct flow_moving moving(const struct cov_image *image)
{
	return (struct flow_moving){ image->core.base, image->core.size };
}

/* A plan keeps clear of these places by itself; a manual checkpoint may be on one. */
static int keep_reserved(struct cov_image *image, u64 base)
{
	const struct flow_input *in = &image->in;
	u64 *all = alloc_array((size_t)in->nr_jump_labels + in->nr_static_calls + in->nr_bugs,
			       sizeof(*all));
	u32 i, n = 0;
	int err;

	if (!all)
		return -ENOMEM;
	for (i = 0; i < in->nr_jump_labels; i++)
		all[n++] = in->jump_labels[i].from;
	for (i = 0; i < in->nr_static_calls; i++)
		all[n++] = in->static_calls[i];
	for (i = 0; i < in->nr_bugs; i++)
		all[n++] = in->bugs[i].address;
	err = address_set_make(&image->reserved, base, all, sizeof(*all), n);
	kvfree(all);
	return err;
}

/* What is kept when the image is closed. */
static int keep(struct cov_image *image, bool one_place)
{
	const struct flow_input *in = &image->in;
	struct flow_moving stretch = moving(image);
	int err = one_place ? keep_reserved(image, stretch.base) : 0;

	return err ?:
	       address_set_make(&image->fentries, stretch.base, in->fentries,
				sizeof(*in->fentries), in->nr_fentries) ?:
	       address_set_make(&image->faults, stretch.base, &in->fixups->from,
				sizeof(*in->fixups), in->nr_fixups) ?:
	       flow_pack(in, &image->flow, &stretch, &image->packed);
}

/* The tables served flow_build() and are about to be freed. */
static void forget_tables(struct flow_input *in)
{
	*in = (struct flow_input){
		.functions = in->functions,
		.nr_functions = in->nr_functions,
		.incomplete = in->incomplete,
	};
}

static int build_regions(struct cov_image *image, bool passages, struct region_marks *marks)
{
	struct region_table *regions = &image->regions;

	regions->branches = alloc_array(image->flow.nr_branches, sizeof(struct region));
	if (passages) {
		regions->entries = alloc_array(image->in.nr_functions, sizeof(struct region));
		regions->blocks = alloc_array(image->flow.nr_blocks, sizeof(struct region));
	}
	if (!regions->branches || (passages && (!regions->entries || !regions->blocks)))
		return -ENOMEM;
	region_find(marks, &image->flow, regions);
	return 0;
}

/* What region_marks_read() is called with, and its answer. */
struct reading {
	const struct flow_input *in;
	const struct tables *tables;
	struct region_marks *marks;
};

static void read_regions(void *data, async_cookie_t cookie)
{
	struct reading *reading = data;

	reading->marks = region_marks_read(reading->in, reading->tables->pointers,
				      reading->tables->nr_pointers);
}

/* Both halves decode the whole text: an idle CPU can take one of them. */
static int build_flow(struct cov_image *image, const struct image_choice *choice,
		      struct symbols *symbols, const struct tables *tables)
{
	struct reading reading = { .in = &image->in, .tables = tables };
	ASYNC_DOMAIN_EXCLUSIVE(beside);
	int err;

	async_schedule_domain(read_regions, &reading, &beside);
	err = flow_build(&image->in, &image->flow);
	async_synchronize_full_domain(&beside);
	if (!err)
		err = reading.marks ?
			build_regions(image, choice->passages, reading.marks) : -ENOMEM;
	region_marks_free(reading.marks);
	if (!err)
		symbols_settle_parents(&image->in, &image->flow, symbols);
	return err;
}

/* Without blocks: where each function's entry is, and whether its bytes are reserved. */
static int find_entries(struct flow_input *in, const struct symbols *symbols)
{
	struct flow none = { };
	u32 i;
	int err;

	for (i = 0; i < in->nr_functions; i++)
		in->functions[i].selected = false;
	err = flow_build(in, &none);
	flow_free(&none);
	for (i = 0; i < in->nr_functions; i++) {
		in->functions[i].selected = symbols->table[i].selected;
		in->functions[i].error = 0;
	}
	return err;
}

int image_build(struct cov_image *image, const struct image_choice *choice,
		struct symbols *symbols, const struct tables *tables)
{
	int err = functions_from_symbols(&image->in, symbols);

	if (!err && choice->entries_only)
		err = find_entries(&image->in, symbols);
	else if (!err)
		err = build_flow(image, choice, symbols, tables);
	err = err ?: image_compact(image, symbols) ?: keep(image, choice->one_place);
	forget_tables(&image->in);
	image->openings = 1;
	return err;
}

int image_failed(const char *what, int err, struct cov_error *error)
{
	switch (err) {
	case -ENOMEM:
		return cov_fail(error, err, "not enough memory to analyse %s; try again when some is free",
				what);
	case -EFAULT:
		return cov_fail(error, err, "the text of %s cannot be read; is it being loaded or unloaded? Try again",
				what);
	case -E2BIG:
		return cov_fail(error, err, "%s has more text than livecov can decode: it cannot be measured",
				what);
	default:
		return cov_fail(error, err, "livecov cannot keep the control flow of %s (errno %d): this is a bug, please report it",
				what, -err);
	}
}

/*
 * Where does decoding end if it starts at a text's last function? In the middle of an
 * instruction if the mapping's zero padding has an odd number of bytes left.
 */
static int find_tail(const struct compat_span *span, const struct symbols *symbols,
		     struct compat_span *tail)
{
	struct compat_span last = { };
	struct insn_branch insn;
	struct flow_text text;
	u32 i, at = 0;
	int err;

	for (i = 0; i < symbols->count; i++)
		if (compat_span_has(span, symbols->table[i].address))
			last.base = symbols->table[i].address;
	if (!COMPAT_TEXT_ENDS_MAPPING || !last.base)
		return 0;
	last.size = span->base + span->size - last.base;
	err = text_read(last, &text);
	if (err)
		return err;
	do
		err = insn_branch_decode(text.bytes + at, text.size - at, text.base + at, &insn);
	while (!err && (at += insn.length) < text.size);
	if (err == -ENODATA)
		*tail = last;
	kvfree(text.bytes);
	return 0;
}

static int read_module(struct module *mod, struct cov_image *image, struct symbols *symbols,
		       struct tables *tables)
{
	int err = find_tail(&image->core, symbols, &image->tails[0]) ?:
		  find_tail(&image->init, symbols, &image->tails[1]);

	image->in.is_code = foreign_is_code;
	return err ?: tables_read(mod, image, tables, &image->in);
}

/*
 * Text that must run without exceptions, and text that kprobes itself runs in: engine kprobe
 * need not know, because kprobes refuses it; the other engines look here.
 */
static void find_forbidden(const struct module *mod, struct cov_image *image)
{
	u32 i;

	for (i = 0; i < image->in.nr_functions; i++)
		image->labels[i].forbidden =
			compat_is_forbidden(mod, image->in.functions[i].address,
					    image->in.functions[i].size);
}

static int select_functions(const struct module *mod, const struct image_choice *choice,
			    struct symbols *symbols, struct cov_error *error)
{
	int n;

	if (!symbols->count)
		return cov_fail(error, -ENOENT, "%s has no functions in its symbol table", mod->name);
	n = symbols_select(choice, symbols);
	if (n < 0)
		return cov_fail(error, n, "interrupted");
	if (!n)
		return cov_fail(error, -ENOENT, "no function of %s matches; its names are in /proc/kallsyms",
				mod->name);
	return 0;
}

int cov_image_of_module(struct module *mod, const struct image_choice *choice,
			struct cov_image *image, struct cov_error *error)
{
	struct symbols symbols = { };
	struct tables tables = { };
	int err;

	lockdep_assert_held(&cov_targets_lock);
	*image = (struct cov_image){ .core = compat_core_text(mod) };
	/* Until the module is live its init text is there as well. */
	if (mod->state == MODULE_STATE_COMING)
		image->init = compat_init_text(mod);
	else if (compat_has_init(mod))
		return cov_fail(error, -EAGAIN, "the init function of %s is just returning; try again",
				mod->name);
	image->build_id_len = cov_image_build_id(mod, image->build_id);

	err = symbols_read(mod, image, &symbols);
	if (err) {
		image_failed(mod->name, err, error);
		goto out;
	}
	symbols_tidy(image, &symbols);
	err = select_functions(mod, choice, &symbols, error);
	if (err)
		goto out;
	err = read_module(mod, image, &symbols, &tables) ?:
	      image_build(image, choice, &symbols, &tables);
	if (err)
		image_failed(mod->name, err, error);
	else
		find_forbidden(mod, image);
out:
	tables_free(&tables);
	symbols_free(&symbols);
	if (err)
		cov_image_free(image);
	return err;
}

void cov_image_forget_regions(struct cov_image *image)
{
	lockdep_assert_held(&cov_targets_lock);
	kvfree(image->regions.branches);
	kvfree(image->regions.entries);
	kvfree(image->regions.blocks);
	image->regions = (struct region_table){ };
}

/* Free what exists only while the image is open, but keep the numbers of blocks and branches. */
static void free_open(struct cov_image *image)
{
	flow_free(&image->flow);
	kvfree(image->in.functions);
	cov_image_forget_regions(image);
	image->in.functions = NULL;
	image->flow.nr_blocks = image->packed.nr_blocks;
	image->flow.nr_branches = image->packed.nr_branches;
}

int cov_image_open(struct cov_image *image)
{
	struct flow_moving stretch = moving(image);
	int err;

	lockdep_assert_held(&cov_targets_lock);
	if (image->openings++)
		return 0;
	err = flow_unpack(&image->packed, &stretch, &image->in, &image->flow);
	if (!err)
		return 0;
	/* Only livecov has written it. */
	WARN_ON_ONCE(err != -ENOMEM);
	image->openings = 0;
	free_open(image);
	return err;
}

void cov_image_close(struct cov_image *image)
{
	lockdep_assert_held(&cov_targets_lock);
	if (!--image->openings)
		free_open(image);
}

void cov_image_free(struct cov_image *image)
{
	lockdep_assert_held(&cov_targets_lock);
	free_open(image);
	flow_packed_free(&image->packed);
	address_set_free(&image->fentries);
	address_set_free(&image->faults);
	address_set_free(&image->reserved);
	kvfree(image->labels);
	kvfree(image->names);
	*image = (struct cov_image){ };
}

/*
 * struct module has the build-id only under CONFIG_STACKTRACE_BUILD_ID, which
 * Debian leaves off. Its note, though, is an allocated read-only section: look
 * for the header that ld writes (gABI "Note Section": sizes, NT_GNU_BUILD_ID = 3,
 * "GNU"), which nothing else in there looks like.
 */
u32 cov_image_build_id(const struct module *mod, u8 id[COV_BUILD_ID_LEN])
{
	static const u32 header[] = { 4, COV_BUILD_ID_LEN, 3, 0x00554e47 /* "GNU\0" */ };
	struct compat_span ro = compat_core_rodata(mod);
	unsigned int offset;

	for (offset = 0; offset + sizeof(header) + COV_BUILD_ID_LEN <= ro.size; offset += 4) {
		const void *note = (const void *)(ro.base + offset);

		if (!memcmp(note, header, sizeof(header))) {
			memcpy(id, note + sizeof(header), COV_BUILD_ID_LEN);
			return COV_BUILD_ID_LEN;
		}
	}
	return 0;
}
