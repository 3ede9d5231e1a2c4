// SPDX-License-Identifier: GPL-2.0-only
/*
 * symbols.c - reads a module's symbol table: which functions there are, which are wanted, which are
 * cold parts of others. Owns nothing.
 */
#include <linux/glob.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "symbols.h"
#include "alloc_array.h"
#include "targets_lock.h"

/* GCC calls the unlikely part of FUNC "FUNC.cold", some versions "FUNC.cold.N". */
static const char *cold_suffix(const char *name)
{
	const char *dot = strstr(name, ".cold");

	return dot && dot != name && (dot[5] == '\0' || dot[5] == '.') ? dot : NULL;
}

static bool is_function(const Elf_Sym *sym, const char *name,
			const struct cov_image *image)
{
	if (ELF_ST_TYPE(sym->st_info) != STT_FUNC)
		return false;
	if (!compat_span_has(&image->core, sym->st_value) &&
	    !compat_span_has(&image->init, sym->st_value))
		return false;
	/*
	 * Padding before a function, which has a symbol for objtool's sake; the hash of its type,
	 * which callers compare (kCFI); and a static call's trampoline, which the kernel itself
	 * patches.
	 */
	return name[0] && !strstarts(name, "__pfx_") && !strstarts(name, "__cfi_") &&
	       !strstarts(name, "__SCT__");
}

int symbols_alloc(struct symbols *symbols, u32 count, u32 names_len)
{
	symbols->table = kvcalloc(count, sizeof(*symbols->table), GFP_LARGE);
	symbols->names = kvmalloc(names_len, GFP_LARGE);
	return symbols->table && symbols->names ? 0 : -ENOMEM;
}

void symbols_free(struct symbols *symbols)
{
	kvfree(symbols->table);
	kvfree(symbols->names);
}

/* Call @take, if there is one, for each function symbol, and count them. */
static void for_each_function(const struct mod_kallsyms *ks, const struct cov_image *image,
			      struct symbols *symbols,
			      void (*take)(struct symbols *symbols, const Elf_Sym *sym,
					   const char *name, u32 name_len))
{
	u32 i;

	symbols->count = 0;
	symbols->names_len = 0;
	for (i = 0; i < ks->num_symtab; i++) {
		const Elf_Sym *sym = &ks->symtab[i];
		const char *name = ks->strtab + sym->st_name;
		u32 name_len = strlen(name) + 1;

		if (is_function(sym, name, image)) {
			if (take)
				take(symbols, sym, name, name_len);
			symbols->count++;
			symbols->names_len += name_len;
		}
		cond_resched();
	}
}

static void take_symbol(struct symbols *symbols, const Elf_Sym *sym, const char *name,
			u32 name_len)
{
	symbols->table[symbols->count] = (struct symbol){
		.address = sym->st_value,
		.size = min_t(u64, sym->st_size, U32_MAX),
		.name = symbols->names_len,
		.name_len = name_len - 1,
		.parent = COV_NONE,
	};
	memcpy(symbols->names + symbols->names_len, name, name_len);
}

/*
 * While a module is COMING its full table is in init memory; do_init_module() replaces it by
 * the core's later, after the LIVE notifier, which waits for the lock that our caller holds.
 */
int symbols_read(struct module *mod, const struct cov_image *image, struct symbols *symbols)
{
	const struct mod_kallsyms *ks = mod->state == MODULE_STATE_COMING ?
		rcu_dereference_raw(mod->kallsyms) : &mod->core_kallsyms;
	int err;

	lockdep_assert_held(&cov_targets_lock);
	for_each_function(ks, image, symbols, NULL);
	err = symbols_alloc(symbols, symbols->count ?: 1, symbols->names_len ?: 1);
	if (!err)
		for_each_function(ks, image, symbols, take_symbol);
	return err;
}

/* Of several names for one place, the one its author wrote comes first. */
static int symbol_rank(const char *name)
{
	return !strcmp(name, "init_module") || !strcmp(name, "cleanup_module");
}

static int symbol_cmp(const void *a, const void *b, const void *priv)
{
	const struct symbol *x = a, *y = b;
	const struct symbols *symbols = priv;
	const char *nx = symbols->names + x->name, *ny = symbols->names + y->name;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (symbol_rank(nx) != symbol_rank(ny))
		return symbol_rank(nx) - symbol_rank(ny);
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return strcmp(nx, ny);
}

/* Where the text that @address lies in ends. */
static u64 text_end(const struct cov_image *image, u64 address)
{
	const struct compat_span *span =
		compat_span_has(&image->core, address) ? &image->core : &image->init;

	return (u64)span->base + span->size;
}

/*
 * One symbol for each address, none overlapping the next. Hand-written assembler code has
 * aliases, symbols inside others, and symbols without a size.
 */
void symbols_tidy(const struct cov_image *image, struct symbols *symbols)
{
	struct symbol *table = symbols->table;
	u32 i, n = 0;

	sort_r(table, symbols->count, sizeof(*table), symbol_cmp, NULL, symbols);
	for (i = 0; i < symbols->count; i++)
		if (!n || table[i].address != table[n - 1].address)
			table[n++] = table[i];
	symbols->count = n;

	for (i = 0; i < n; i++) {
		u64 room = text_end(image, table[i].address) - table[i].address;

		if (i + 1 < n)
			room = min(room, table[i + 1].address - table[i].address);
		if (!table[i].size || table[i].size > room)
			table[i].size = room;
	}
}

static bool chosen(const struct image_choice *choice, const char *name)
{
	const char *glob = choice->globs, *end = glob + choice->globs_len;

	if (!choice->globs_len)
		return true;
	for (; glob < end; glob += strlen(glob) + 1)
		if (choice->exact ? !strcmp(glob, name) : glob_match(glob, name))
			return true;
	return false;
}

/* The functions that a cold part named "NAME.cold" may belong to: those named NAME. */
static u32 next_parent(const struct symbols *symbols, u32 cold, u32 from)
{
	const char *name = symbol_name(symbols, cold);
	size_t len = cold_suffix(name) - name;

	for (; from < symbols->count; from++)
		if (symbols->table[from].name_len == len &&
		    !memcmp(symbol_name(symbols, from), name, len))
			return from;
	return COV_NONE;
}

/*
 * Selecting a function selects its cold part. Cold parts are few and parents are not hashed:
 * each is searched for in at most a few thousand names.
 */
int symbols_select(const struct image_choice *choice, struct symbols *symbols)
{
	u32 i, n = 0;

	for (i = 0; i < symbols->count; i++) {
		struct symbol *symbol = &symbols->table[i];
		const char *name = symbol_name(symbols, i);

		if (cold_suffix(name)) {
			symbol->parent = next_parent(symbols, i, 0);
			symbol->cold = symbol->parent != COV_NONE;
		}
		symbol->selected = chosen(choice, name) ||
			(symbol->cold && chosen(choice, symbol_name(symbols, symbol->parent)));
		n += symbol->selected;
		cond_resched();
		if (signal_pending(current))
			return -EINTR;
	}
	return n;
}

static bool inside(const struct flow_function *function, u64 address)
{
	return address - function->address < function->size;
}

/* Does a block of @from lead into @to? */
static bool leads_into(const struct flow *flow, const struct flow_function *from,
		       const struct flow_function *to, const struct flow_function *all)
{
	u32 i, k;

	for (i = 0; i < from->branches; i++)
		if (inside(to, flow->branches[from->first_branch + i].target))
			return true;
	for (i = 0; i < from->blocks; i++) {
		const struct flow_block *block = &flow->blocks[from->first_block + i];

		for (k = 0; k < 2; k++)
			if (block->next[k] != FLOW_NONE &&
			    &all[flow->blocks[block->next[k]].function] == to)
				return true;
	}
	return false;
}

void symbols_settle_parents(const struct flow_input *in, const struct flow *flow,
			    struct symbols *symbols)
{
	u32 i, parent;

	for (i = 0; i < symbols->count; i++) {
		if (!symbols->table[i].cold)
			continue;
		parent = symbols->table[i].parent;
		while (parent != COV_NONE &&
		       !leads_into(flow, &in->functions[parent], &in->functions[i],
				   in->functions))
			parent = next_parent(symbols, i, parent + 1);
		if (parent != COV_NONE)
			symbols->table[i].parent = parent;
	}
}
