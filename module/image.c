// SPDX-License-Identifier: GPL-2.0-only
/*
 * image.c - reads a target: symbols, tables and text out of struct module, then
 * has flow.c decode them. Owns struct cov_image. May call flow.c, and patched.h
 * for the bytes under livecov's own probes.
 */
#include <linux/bug.h>
#include <linux/extable.h>
#include <linux/glob.h>
#include <linux/jump_label.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/sort.h>
#include <linux/static_call_types.h>
#include <linux/uaccess.h>

#include "image.h"
#include "patched.h"

/* A function symbol on its way from the module's table to the image. */
struct symbol {
	u64 address;
	u32 size;
	u32 name;	/* offset in struct symbols.names */
	u32 parent;	/* index, or COV_NONE */
	bool selected;
	bool cold;
};

struct symbols {
	struct symbol *table;
	u32 count;
	char *names;
	u32 names_len;
};

static const char *symbol_name(const struct symbols *symbols, u32 index)
{
	return symbols->names + symbols->table[index].name;
}

static void symbols_free(struct symbols *symbols)
{
	kvfree(symbols->table);
	kvfree(symbols->names);
}

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
	/* Padding before a function that got a symbol for objtool's sake. */
	return name[0] && !strstarts(name, "__pfx_");
}

/* Room for the functions seen on the first pass over the symbol table. */
static int symbols_alloc(struct symbols *symbols, u32 count, u32 names_len)
{
	symbols->table = kvcalloc(count, sizeof(*symbols->table), GFP_KERNEL);
	symbols->names = kvmalloc(names_len, GFP_KERNEL);
	return symbols->table && symbols->names ? 0 : -ENOMEM;
}

/*
 * Copy the function symbols. The table changes once in a module's life, when
 * its init text is dropped (do_init_module() exchanges mod->kallsyms and frees
 * the old one after a grace period): so count, allocate, and copy what is there
 * then, at most as much as was allocated. The shorter table is a subset.
 */
static int symbols_read(struct module *mod, const struct cov_image *image,
			struct symbols *symbols)
{
	u32 room = 0, room_names = 0;
	bool counting = true;
	int err;

again:
	preempt_disable();
	{
		const struct mod_kallsyms *ks = rcu_dereference_raw(mod->kallsyms);
		u32 i, n = 0, len = 0;

		for (i = 0; i < ks->num_symtab; i++) {
			const Elf_Sym *sym = &ks->symtab[i];
			const char *name = ks->strtab + sym->st_name;
			u32 name_len = strlen(name) + 1;

			if (!is_function(sym, name, image))
				continue;
			if (!counting) {
				if (n == room || name_len > room_names - len)
					break;
				symbols->table[n] = (struct symbol){
					.address = sym->st_value,
					.size = min_t(u64, sym->st_size, U32_MAX),
					.name = len,
					.parent = COV_NONE,
				};
				memcpy(symbols->names + len, name, name_len);
			}
			n++;
			len += name_len;
		}
		symbols->count = n;
		symbols->names_len = len;
	}
	preempt_enable();

	if (!counting || !symbols->count)
		return 0;
	room = symbols->count;
	room_names = symbols->names_len;
	err = symbols_alloc(symbols, room, room_names);
	if (err)
		return err;
	counting = false;
	goto again;
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
 * One symbol for one place, none reaching into the next. Hand-written assembler
 * has aliases, symbols inside others, and symbols without a size.
 */
static void symbols_tidy(const struct cov_image *image, struct symbols *symbols)
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
		if (glob_match(glob, name))
			return true;
	return false;
}

/* The functions that a cold part named "NAME.cold" may belong to: those named NAME. */
static u32 next_parent(const struct symbols *symbols, u32 cold, u32 from)
{
	const char *name = symbol_name(symbols, cold);
	size_t len = cold_suffix(name) - name;

	for (; from < symbols->count; from++) {
		const char *candidate = symbol_name(symbols, from);

		if (!strncmp(candidate, name, len) && !candidate[len])
			return from;
	}
	return COV_NONE;
}

/*
 * Selecting a function selects its cold part. Cold parts are few and parents
 * hashed by nothing: this is a search in at most a few thousand names for each.
 */
static u32 symbols_select(const struct image_choice *choice, struct symbols *symbols)
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
	}
	return n;
}

/* The tables of struct module that tell of ways which the text does not show. */
struct tables {
	struct flow_text texts[2];
	struct flow_pair *fixups;
	struct flow_pair *jump_labels;
	struct flow_bug *bugs;
	u64 *fentries;
	u64 *static_calls;
};

static void tables_free(struct tables *tables)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(tables->texts); i++)
		kvfree(tables->texts[i].bytes);
	kvfree(tables->fixups);
	kvfree(tables->jump_labels);
	kvfree(tables->bugs);
	kvfree(tables->fentries);
	kvfree(tables->static_calls);
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

	tables->fixups = kvcalloc(n ?: 1, sizeof(*tables->fixups), GFP_KERNEL);
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
#ifdef CONFIG_JUMP_LABEL
	u32 i, n = mod->num_jump_entries;

	tables->jump_labels = kvcalloc(n ?: 1, sizeof(*tables->jump_labels), GFP_KERNEL);
	if (!tables->jump_labels)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		tables->jump_labels[i].from = jump_entry_code(&mod->jump_entries[i]);
		tables->jump_labels[i].to = jump_entry_target(&mod->jump_entries[i]);
	}
	in->jump_labels = tables->jump_labels;
	in->nr_jump_labels = n;
#endif
	return 0;
}

static int read_bugs(const struct module *mod, struct tables *tables,
		     struct flow_input *in)
{
#ifdef CONFIG_GENERIC_BUG
	u32 i, n = mod->num_bugs;

	tables->bugs = kvcalloc(n ?: 1, sizeof(*tables->bugs), GFP_KERNEL);
	if (!tables->bugs)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		const struct bug_entry *bug = &mod->bug_table[i];

#ifdef CONFIG_GENERIC_BUG_RELATIVE_POINTERS
		tables->bugs[i].address =
			(unsigned long)&bug->bug_addr_disp + bug->bug_addr_disp;
#else
		tables->bugs[i].address = bug->bug_addr;
#endif
		tables->bugs[i].warn = bug->flags & BUGFLAG_WARNING;
	}
	in->bugs = tables->bugs;
	in->nr_bugs = n;
#endif
	return 0;
}

static int read_fentries(const struct module *mod, struct tables *tables,
			 struct flow_input *in)
{
#ifdef CONFIG_FTRACE_MCOUNT_RECORD
	u32 i, n = mod->num_ftrace_callsites;

	tables->fentries = kvcalloc(n ?: 1, sizeof(*tables->fentries), GFP_KERNEL);
	if (!tables->fentries)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		tables->fentries[i] = mod->ftrace_callsites[i];
	sort(tables->fentries, n, sizeof(*tables->fentries), u64_cmp, NULL);
	in->fentries = tables->fentries;
	in->nr_fentries = n;
#endif
	return 0;
}

static int read_static_calls(const struct module *mod, struct tables *tables,
			     struct flow_input *in)
{
#ifdef CONFIG_HAVE_STATIC_CALL_INLINE
	u32 i, n = mod->num_static_call_sites;

	tables->static_calls = kvcalloc(n ?: 1, sizeof(*tables->static_calls), GFP_KERNEL);
	if (!tables->static_calls)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		const struct static_call_site *site = &mod->static_call_sites[i];

		tables->static_calls[i] = (long)site->addr + (long)&site->addr;
	}
	sort(tables->static_calls, n, sizeof(*tables->static_calls), u64_cmp, NULL);
	in->static_calls = tables->static_calls;
	in->nr_static_calls = n;
#endif
	return 0;
}

/* A copy of live text in which livecov's own probes do not show. */
static int text_read(struct compat_span span, struct flow_text *text)
{
	u8 *bytes = kvmalloc(span.size ?: 1, GFP_KERNEL);
	int err;

	if (!bytes)
		return -ENOMEM;
	err = copy_from_kernel_nofault(bytes, (void *)span.base, span.size);
	if (err) {
		kvfree(bytes);
		return err;
	}
	cov_patched_undo(span.base, bytes, span.size);
	*text = (struct flow_text){ span.base, bytes, span.size };
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

static int tables_read(const struct module *mod, const struct cov_image *image,
		       struct tables *tables, struct flow_input *in)
{
	return texts_read(image, tables, in) ?:
	       read_fixups(mod, tables, in) ?:
	       read_jump_labels(mod, tables, in) ?:
	       read_bugs(mod, tables, in) ?:
	       read_fentries(mod, tables, in) ?:
	       read_static_calls(mod, tables, in);
}

static int functions_from_symbols(struct flow_input *in, const struct symbols *symbols)
{
	u32 i;

	in->functions = kvcalloc(symbols->count ?: 1, sizeof(*in->functions), GFP_KERNEL);
	if (!in->functions)
		return -ENOMEM;
	in->nr_functions = symbols->count;
	for (i = 0; i < symbols->count; i++) {
		in->functions[i].address = symbols->table[i].address;
		in->functions[i].size = symbols->table[i].size;
		in->functions[i].selected = symbols->table[i].selected;
		in->functions[i].cold = symbols->table[i].cold;
	}
	return 0;
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

/*
 * Two files of one module may both have a static function NAME, so that NAME.cold
 * has two candidates. The one that jumps into it is the parent.
 */
static void settle_parents(const struct flow_input *in, const struct flow *flow,
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

/*
 * Drop what was not selected: the flow's blocks all lie in selected functions,
 * only their indices have to follow.
 */
static int image_compact(struct cov_image *image, const struct symbols *symbols)
{
	struct flow_input *in = &image->in;
	u32 *renumbered, i, n = 0, len = 0;

	renumbered = kvcalloc(in->nr_functions, sizeof(*renumbered), GFP_KERNEL);
	image->labels = kvcalloc(in->nr_functions, sizeof(*image->labels), GFP_KERNEL);
	image->names = kvmalloc(symbols->names_len, GFP_KERNEL);
	if (!renumbered || !image->labels || !image->names) {
		kvfree(renumbered);
		return -ENOMEM;
	}
	for (i = 0; i < in->nr_functions; i++)
		renumbered[i] = in->functions[i].selected ? n++ : COV_NONE;

	for (i = 0; i < in->nr_functions; i++) {
		const char *name = symbol_name(symbols, i);
		u32 parent = symbols->table[i].parent, to = renumbered[i];

		if (to == COV_NONE)
			continue;
		in->functions[to] = in->functions[i];
		image->labels[to].name = len;
		image->labels[to].parent = parent == COV_NONE ? COV_NONE : renumbered[parent];
		strcpy(image->names + len, name);
		len += strlen(name) + 1;
	}
	image->names_len = len;
	in->nr_functions = n;
	for (i = 0; i < image->flow.nr_blocks; i++)
		image->flow.blocks[i].function = renumbered[image->flow.blocks[i].function];
	kvfree(renumbered);
	return 0;
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

/* From symbols and tables to the finished image. */
static int image_build(struct cov_image *image, const struct image_choice *choice,
		       struct symbols *symbols)
{
	int err = functions_from_symbols(&image->in, symbols);

	if (!err && !choice->entries_only) {
		err = flow_build(&image->in, &image->flow);
		if (!err)
			settle_parents(&image->in, &image->flow, symbols);
	}
	return err ?: image_compact(image, symbols);
}

int cov_image_of_module(struct module *mod, const struct image_choice *choice,
			struct cov_image *image, struct cov_error *error)
{
	struct symbols symbols = { };
	struct tables tables = { };
	int err;

	*image = (struct cov_image){ .core = compat_core_text(mod) };
	/* Until the module is live its init text is there as well. */
	if (mod->state == MODULE_STATE_COMING)
		image->init = compat_init_text(mod);
	image->build_id_len = cov_image_build_id(mod, image->build_id);

	err = symbols_read(mod, image, &symbols);
	if (err)
		goto out;
	symbols_tidy(image, &symbols);
	if (!symbols_select(choice, &symbols)) {
		err = symbols.count ?
			cov_fail(error, -ENOENT, "no function of %s matches; its names are in /proc/kallsyms",
				 mod->name) :
			cov_fail(error, -ENOENT, "%s has no functions in its symbol table", mod->name);
		goto out;
	}
	if (!choice->entries_only)
		err = tables_read(mod, image, &tables, &image->in);
	err = err ?: image_build(image, choice, &symbols);
out:
	if (err == -ENOMEM)
		cov_fail(error, err, "not enough memory to analyse %s", mod->name);
	forget_tables(&image->in);
	tables_free(&tables);
	symbols_free(&symbols);
	if (err)
		cov_image_free(image);
	return err;
}

/* A function as kallsyms knows it. */
struct ksym {
	unsigned long address;
	unsigned long size;
	char module[COV_MODULE_LEN];	/* empty for the kernel itself */
};

/*
 * kallsyms_lookup_name() is not exported, but a kprobe finds its address by
 * name; it is registered disabled, so that nothing is patched. The text of %pS,
 * "NAME+OFFSET/SIZE [MODULE]", is the only exported source of the rest.
 */
static int ksym_find(const char *name, struct ksym *ksym, struct cov_error *error)
{
	struct kprobe probe = { .symbol_name = name, .flags = KPROBE_FLAG_DISABLED };
	char text[KSYM_SYMBOL_LEN], *plus;
	unsigned long offset;
	int err = register_kprobe(&probe);

	if (err == -ENOENT)
		return cov_fail(error, err, "no loaded module and not the kernel has a function %.100s; see /proc/kallsyms", name);
	if (err == -EADDRNOTAVAIL)
		return cov_fail(error, -ENOTUNIQ, "the kernel has several functions %.100s: none can be chosen by name", name);
	if (err)
		return cov_fail(error, err, "the kernel forbids probes in %.100s (errno %d); see /sys/kernel/debug/kprobes/blacklist",
				name, -err);
	sprint_symbol(text, (unsigned long)probe.addr);
	ksym->address = (unsigned long)probe.addr;
	unregister_kprobe(&probe);
	plus = strrchr(text, '+');
	ksym->module[0] = '\0';
	if (!plus || sscanf(plus, "+%lx/%lx [%63[^] ]", &offset, &ksym->size, ksym->module) < 2)
		return cov_fail(error, -ENOENT, "the kernel does not tell the size of %.100s", name);
	ksym->address -= offset;
	return 0;
}

int cov_image_owner(const char *function, char module[COV_MODULE_LEN],
		    struct cov_error *error)
{
	struct ksym ksym;
	int err = ksym_find(function, &ksym, error);

	if (!err)
		strscpy(module, ksym.module[0] ? ksym.module : COV_CORE_KERNEL, COV_MODULE_LEN);
	return err;
}

static int core_symbol_find(const char *name, struct symbol *symbol, struct cov_error *error)
{
	struct ksym ksym;
	int err = ksym_find(name, &ksym, error);

	if (err)
		return err;
	if (ksym.module[0])
		return cov_fail(error, -ENOENT, "%.100s belongs to module %s, not to the kernel itself",
				name, ksym.module);
	symbol->address = ksym.address;
	symbol->size = ksym.size;
	symbol->parent = COV_NONE;
	symbol->selected = true;
	return 0;
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
		return err;
	memcpy(symbols->names, choice->globs, choice->globs_len);
	symbols->names_len = choice->globs_len;
	for (name = choice->globs; name < end; name += strlen(name) + 1) {
		struct symbol *symbol = &symbols->table[symbols->count];

		err = core_symbol_find(name, symbol, error);
		if (err)
			return err;
		symbol->name = name - choice->globs;
		symbols->count++;
	}
	return 0;
}

static void core_texts_free(struct flow_text *texts, u32 n)
{
	while (texts && n--)
		kvfree(texts[n].bytes);
	kvfree(texts);
}

/* Each function is a text of its own: there is no end to the kernel's. */
static struct flow_text *core_texts_read(const struct symbols *symbols)
{
	struct flow_text *texts = kvcalloc(symbols->count, sizeof(*texts), GFP_KERNEL);
	u32 i;

	for (i = 0; texts && i < symbols->count; i++) {
		struct compat_span span = { symbols->table[i].address, symbols->table[i].size };

		if (text_read(span, &texts[i])) {
			core_texts_free(texts, i);
			return NULL;
		}
	}
	return texts;
}

int cov_image_of_core(const struct image_choice *choice, struct cov_image *image,
		      struct cov_error *error)
{
	struct symbols symbols = { };
	struct flow_text *texts = NULL;
	int err;

	*image = (struct cov_image){ .in.incomplete = true };
	if (!choice->globs_len)
		return cov_fail(error, -EINVAL, "the kernel itself is measured by single functions: name them");
	err = core_symbols_read(choice, &symbols, error);
	if (err)
		goto out;
	sort_r(symbols.table, symbols.count, sizeof(*symbols.table), symbol_cmp, NULL, &symbols);
	image->core.base = symbols.table[0].address;
	image->core.size = symbols.table[symbols.count - 1].address +
		symbols.table[symbols.count - 1].size - image->core.base;
	symbols_tidy(image, &symbols);
	if (!choice->entries_only) {
		texts = core_texts_read(&symbols);
		err = texts ? 0 : -ENOMEM;
		image->in.texts = texts;
		image->in.nr_texts = symbols.count;
	}
	err = err ?: image_build(image, choice, &symbols);
	if (err == -ENOMEM)
		cov_fail(error, err, "not enough memory to analyse the kernel's functions");
out:
	core_texts_free(texts, symbols.count);
	forget_tables(&image->in);
	symbols_free(&symbols);
	if (err)
		cov_image_free(image);
	return err;
}

void cov_image_free(struct cov_image *image)
{
	flow_free(&image->flow);
	kvfree(image->in.functions);
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
