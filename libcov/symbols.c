// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * symbols.c - the kernel's functions by address, from /proc/kallsyms. May call file.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Names are offsets, because the buffer moves while it grows. */
struct symbol {
	uint64_t address;
	size_t name;
	size_t module;		/* 0: the kernel itself */
};

struct symbols {
	struct symbol *entries;
	size_t count, room;
	char *text;
	size_t length, text_room;
	uint64_t core_start, core_end;	/* of the kernel's own code; 0 if not known */
	unsigned int users;		/* atomic: a handle and its records may be in two threads */
};

static bool grow(void **array, size_t *room, size_t wanted, size_t size)
{
	size_t larger = *room ? *room : 1024;
	void *grown;

	if (wanted <= *room)
		return true;
	while (larger < wanted)
		larger *= 2;
	grown = realloc(*array, larger * size);
	if (!grown)
		return false;
	*array = grown;
	*room = larger;
	return true;
}

/* Returns its offset; out of memory: 0, the offset of COV_CORE_KERNEL. */
static size_t add_text(struct symbols *symbols, const char *text, size_t length)
{
	size_t at = symbols->length;

	if (!grow((void **)&symbols->text, &symbols->text_room, at + length + 1, 1))
		return 0;
	memcpy(symbols->text + at, text, length);
	symbols->text[at + length] = '\0';
	symbols->length += length + 1;
	return at;
}

/* Symbols of one module are consecutive: its name is stored once. */
static size_t add_module(struct symbols *symbols, const char *name, size_t length)
{
	size_t last = symbols->count ? symbols->entries[symbols->count - 1].module : 0;

	if (last && !strncmp(symbols->text + last, name, length) &&
	    !symbols->text[last + length])
		return last;
	return add_text(symbols, name, length);
}

/* Does @line, which begins with a symbol's name, begin with @name? */
static bool is_called(const char *line, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(line, name, length) && strchr("\t\n", line[length]);
}

/* "ffffffffc0a00000 t toy_main\t[toy]"; false if out of memory */
static bool add_line(struct symbols *symbols, const char *line)
{
	const char *name, *bracket;
	struct symbol symbol = { 0 };
	char *end;

	symbol.address = strtoull(line, &end, 16);
	/* Without permission to see them, all addresses are 0. */
	if (!symbol.address || end[0] != ' ' || !end[1] || end[2] != ' ')
		return true;
	name = end + 3;
	if (is_called(name, "_stext"))
		symbols->core_start = symbol.address;
	else if (is_called(name, "_etext"))
		symbols->core_end = symbol.address;
	if (!strchr("tTwW", end[1]))
		return true;
	bracket = strchr(name, '[');
	if (bracket) {
		symbol.module = add_module(symbols, bracket + 1, strcspn(bracket + 1, "]\n"));
		if (!symbol.module)
			return false;
	}
	symbol.name = add_text(symbols, name, strcspn(name, "\t\n"));
	if (!symbol.name ||
	    !grow((void **)&symbols->entries, &symbols->room, symbols->count + 1,
		  sizeof(*symbols->entries)))
		return false;
	symbols->entries[symbols->count++] = symbol;
	return true;
}

static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static bool read_lines(struct symbols *symbols)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char *line = NULL;
	size_t size = 0;
	bool ok = true;

	if (!file)
		return true;
	while (ok && getline(&line, &size, file) > 0)
		ok = add_line(symbols, line);
	free(line);
	fclose(file);
	if (symbols->count)
		qsort(symbols->entries, symbols->count, sizeof(*symbols->entries),
		      compare_symbols);
	return ok;
}

static struct symbols *load(void)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	symbols->users = 1;
	add_text(symbols, COV_CORE_KERNEL, strlen(COV_CORE_KERNEL));
	if (symbols->text && read_lines(symbols))
		return symbols;
	cov_symbols_free(symbols);
	return NULL;
}

/*
 * Of a line "covtarget 90112 0 - Live 0xffffffffc0a00000": what tells that the symbols may have
 * changed. The use count does not, and another build may get the same size and address.
 */
static void write_module(FILE *out, const char *line)
{
	char name[COV_MODULE_LEN], state[16], address[24];

	if (sscanf(line, "%63s %*s %*s %*s %15s %23s", name, state, address) == 3)
		fprintf(out, "%s %s %s %" PRIu64 "\n", name, state, address,
			cov_module_instance(name));
}

/* Which modules are loaded, as a string, or NULL if that is not known; free() it. */
static char *list_modules(void)
{
	FILE *file = fopen("/proc/modules", "re");
	char *line = NULL, *text = NULL;
	size_t size = 0, length;
	FILE *out;

	if (!file)
		return NULL;
	out = open_memstream(&text, &length);
	while (out && getline(&line, &size, file) > 0)
		write_module(out, line);
	free(line);
	fclose(file);
	if (!out || !fclose(out))
		return text;
	free(text);
	return NULL;
}

static bool are_current(const struct cov *cov, const char *modules)
{
	return cov->symbols && modules && cov->modules && !strcmp(modules, cov->modules);
}

struct symbols *cov_symbols_get(struct cov *cov)
{
	char *modules = list_modules();

	if (are_current(cov, modules)) {
		free(modules);
	} else {
		cov_symbols_free(cov->symbols);
		cov->symbols = load();
		free(cov->modules);
		cov->modules = modules;
	}
	if (cov->symbols)
		__atomic_fetch_add(&cov->symbols->users, 1, __ATOMIC_RELAXED);
	return cov->symbols;
}

void cov_symbols_free(struct symbols *symbols)
{
	/* ACQ_REL: all other users are done with the symbols before the last one frees them. */
	if (!symbols || __atomic_sub_fetch(&symbols->users, 1, __ATOMIC_ACQ_REL))
		return;
	free(symbols->entries);
	free(symbols->text);
	free(symbols);
}

/* How many begin at or below @address. */
static size_t count_up_to(const struct symbols *symbols, uint64_t address)
{
	size_t low = 0, high = symbols->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->entries[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const char *cov_symbols_find(const struct symbols *symbols, uint64_t address,
			     const char **module, uint64_t *offset)
{
	size_t count = count_up_to(symbols, address);
	const struct symbol *symbol;

	if (!count)
		return NULL;
	symbol = &symbols->entries[count - 1];
	*module = symbols->text + symbol->module;
	*offset = address - symbol->address;
	return symbols->text + symbol->name;
}

uint64_t cov_symbols_next(const struct symbols *symbols, const char *module, const char *name,
			  uint64_t after)
{
	size_t i;

	for (i = count_up_to(symbols, after); i < symbols->count; i++)
		if (!strcmp(symbols->text + symbols->entries[i].name, name) &&
		    (!module || !strcmp(symbols->text + symbols->entries[i].module, module)))
			return symbols->entries[i].address;
	return 0;
}

bool cov_symbols_core(const struct symbols *symbols, uint64_t *start, uint64_t *end)
{
	*start = symbols->core_start;
	*end = symbols->core_end;
	return *start && *end > *start;
}
