// SPDX-License-Identifier: GPL-2.0-only
/*
 * image_core.c - images of single functions of the kernel itself, found by name. None of the
 * kernel's tables can be reached, so nothing is inferred: each block gets a site of its own. Owns
 * nothing.
 */
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <asm/text-patching.h>

#include "alloc_array.h"
#include "fentry_nop.h"
#include "image_build.h"
#include "insn_branch.h"
#include "ksym.h"
#include "patched.h"
#include "tables.h"
#include "targets_lock.h"

#define THE_KERNEL	"the kernel's functions"	/* in messages */

int cov_image_owner(const char *function, unsigned long address, char module[COV_MODULE_LEN],
		    struct cov_error *error)
{
	int err = ksym_owner(function, address, module, error);

	if (!err && !module[0])
		strscpy(module, COV_CORE_KERNEL, COV_MODULE_LEN);
	return err;
}

/* An address tells which of several functions of one name is meant: then that is the only name. */
static int find_all(const struct image_choice *choice, u32 n, struct ksym *ksyms,
		    struct cov_error *error)
{
	if (choice->address)
		return ksym_at(choice->address, choice->globs, ksyms, error);
	return ksym_find_all(choice->globs, n, ksyms, error);
}

static int core_symbol_add(struct symbols *symbols, const char *name, const struct ksym *ksym,
			   struct cov_error *error)
{
	struct symbol *symbol = &symbols->table[symbols->count];

	if (ksym->module[0])
		return cov_fail(error, -ENOENT, "%.100s belongs to module %s, not to the kernel itself",
				name, ksym->module);
	symbol->address = ksym->address;
	symbol->size = ksym->size;
	symbol->name = name - symbols->names;
	symbol->name_len = strlen(name);
	symbol->parent = COV_NONE;
	symbol->selected = true;
	symbols->count++;
	return 0;
}

static int core_symbols_add(const struct image_choice *choice, u32 n, struct symbols *symbols,
			    struct cov_error *error)
{
	struct ksym *ksyms = kvcalloc(n, sizeof(*ksyms), GFP_LARGE);
	const char *name = symbols->names;
	int err;
	u32 i;

	if (!ksyms)
		return image_failed(THE_KERNEL, -ENOMEM, error);
	err = find_all(choice, n, ksyms, error);
	for (i = 0; !err && i < n; i++, name += strlen(name) + 1)
		err = core_symbol_add(symbols, name, &ksyms[i], error);
	kvfree(ksyms);
	return err;
}

static int core_symbols_read(const struct image_choice *choice, struct symbols *symbols,
			     struct cov_error *error)
{
	const char *name, *end = choice->globs + choice->globs_len;
	u32 n = 0;
	int err;

	for (name = choice->globs; name < end; name += strlen(name) + 1)
		n++;
	err = symbols_alloc(symbols, n, choice->globs_len);
	if (err)
		return image_failed(THE_KERNEL, err, error);
	memcpy(symbols->names, choice->globs, choice->globs_len);
	symbols->names_len = choice->globs_len;
	return core_symbols_add(choice, n, symbols, error);
}

static void core_texts_free(struct flow_text *texts, u32 n)
{
	while (texts && n--)
		kvfree(texts[n].bytes);
	kvfree(texts);
}

/* Each function is a text of its own: the kernel's text is not read as a whole. */
static int core_texts_read(const struct symbols *symbols, struct flow_text **texts)
{
	int err = 0;
	u32 i;

	*texts = kvcalloc(symbols->count, sizeof(**texts), GFP_LARGE);
	if (!*texts)
		return -ENOMEM;
	for (i = 0; !err && i < symbols->count; i++) {
		struct compat_span span = { symbols->table[i].address, symbols->table[i].size };

		err = text_read(span, &(*texts)[i]);
	}
	return err;
}

/* From the first of the functions to the last: what lies in between is not the target's. */
static struct compat_span core_extent(const struct symbols *symbols)
{
	u64 first = U64_MAX, end = 0;
	u32 i;

	for (i = 0; i < symbols->count; i++) {
		first = min(first, symbols->table[i].address);
		end = max(end, symbols->table[i].address + symbols->table[i].size);
	}
	return (struct compat_span){ first, end - first };
}

/*
 * The kernel's list of fentry sites cannot be reached: look for a nop of five bytes, or
 * ftrace's call or jump while tracing is on, at the function's start or after an endbr64, which the
 * kernel may have sealed.
 */
static u64 core_fentry(u64 function)
{
	u8 text[ENDBR_LEN + FENTRY_NOP_LEN];
	u32 at = 0;

	if (copy_from_kernel_nofault(text, (void *)(unsigned long)function, sizeof(text)))
		return 0;
	if (insn_was_endbr(text))
		at = ENDBR_LEN;
	if (!memcmp(text + at, cov_fentry_nop, FENTRY_NOP_LEN) || text[at] == CALL_INSN_OPCODE ||
	    text[at] == JMP32_INSN_OPCODE)
		return function + at;
	return 0;
}

static int core_fentries(struct cov_image *image, const struct symbols *symbols,
			 struct tables *tables)
{
	u32 i;

	tables->fentries = kvcalloc(symbols->count, sizeof(*tables->fentries), GFP_LARGE);
	if (!tables->fentries)
		return -ENOMEM;
	image->in.fentries = tables->fentries;
	for (i = 0; i < symbols->count; i++) {
		u64 address = core_fentry(symbols->table[i].address);

		if (address)
			tables->fentries[image->in.nr_fentries++] = address;
	}
	return 0;
}

static bool has_function(const struct symbols *symbols, u64 address)
{
	u32 i;

	for (i = 0; i < symbols->count; i++)
		if (address - symbols->table[i].address < symbols->table[i].size)
			return true;
	return false;
}

/* The kernel's exception table; empty where it is not to be found. */
static const struct exception_table_entry *extable, *extable_end;

void cov_image_core_init(void)
{
	extable = ksym_address("__start___ex_table");
	extable_end = ksym_address("__stop___ex_table");
	if (!extable)
		extable_end = NULL;
}

/* Which entries of the exception table are about these functions. Return: how many. */
static u32 find_fixups(const struct symbols *symbols, struct flow_pair *found)
{
	const struct exception_table_entry *x;
	u32 n = 0;

	for (x = extable; x < extable_end; x++) {
		u64 from = (unsigned long)&x->insn + x->insn;

		if (!has_function(symbols, from))
			continue;
		if (found)
			found[n] = (struct flow_pair){ from, (unsigned long)&x->fixup + x->fixup };
		n++;
	}
	return n;
}

static int core_fixups(struct flow_input *in, const struct symbols *symbols,
		       struct tables *tables)
{
	tables->fixups = alloc_array(find_fixups(symbols, NULL), sizeof(*tables->fixups));
	if (!tables->fixups)
		return -ENOMEM;
	in->fixups = tables->fixups;
	in->nr_fixups = find_fixups(symbols, tables->fixups);
	return 0;
}

int cov_image_of_core(const struct image_choice *choice, struct cov_image *image,
		      struct cov_error *error)
{
	struct symbols symbols = { };
	struct tables tables = { };
	struct flow_text *texts = NULL;
	int err;

	lockdep_assert_held(&cov_targets_lock);
	*image = (struct cov_image){ .in.incomplete = true };
	if (!choice->globs_len)
		return cov_fail(error, -EINVAL, "the kernel itself is measured by single functions: name them");
	err = core_symbols_read(choice, &symbols, error);
	if (err)
		goto out;
	image->core = core_extent(&symbols);
	symbols_tidy(image, &symbols);
	err = core_fentries(image, &symbols, &tables) ?: core_fixups(&image->in, &symbols, &tables);
	if (!err && !choice->entries_only) {
		err = core_texts_read(&symbols, &texts);
		image->in.texts = texts;
		image->in.nr_texts = symbols.count;
	}
	err = err ?: image_build(image, choice, &symbols, &tables);
	if (err)
		image_failed(THE_KERNEL, err, error);
out:
	tables_free(&tables);
	core_texts_free(texts, symbols.count);
	symbols_free(&symbols);
	if (err)
		cov_image_free(image);
	return err;
}
