/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * symbols.h - the function symbols of a module, on their way from its symbol
 * table to an image. Used by the image files alone.
 */
#ifndef LIVECOV_SYMBOLS_H
#define LIVECOV_SYMBOLS_H

#include "image.h"

/**
 * struct symbol - a function
 * @address: of its first byte
 * @size: bytes
 * @name: offset in struct symbols.names
 * @name_len: without the NUL
 * @parent: index of a cold part's function, or COV_NONE
 * @selected: the caller wants it
 * @cold: a part that is entered by jumps alone
 */
struct symbol {
	u64 address;
	u32 size;
	u32 name;
	u32 name_len;
	u32 parent;
	bool selected;
	bool cold;
};

/**
 * struct symbols - function symbols and their names
 * @table: the symbols; symbols_free() frees them and @names
 * @count: how many
 * @names: NUL-terminated names, one after the other
 * @names_len: bytes of them
 */
struct symbols {
	struct symbol *table;
	u32 count;
	char *names;
	u32 names_len;
};

/* symbol_name - name of the symbol with index @index; valid as long as @symbols */
static inline const char *symbol_name(const struct symbols *symbols, u32 index)
{
	return symbols->names + symbols->table[index].name;
}

/**
 * symbols_alloc - make room for symbols
 * @symbols: zeroed; its @table and @names are set, its numbers are the caller's to set
 * @count: of symbols
 * @names_len: of names, bytes
 *
 * Sleeps. Return: 0 or -ENOMEM; symbols_free() is called in either case.
 */
int symbols_alloc(struct symbols *symbols, u32 count, u32 names_len);

/* symbols_free - free what symbols_alloc() or symbols_read() allocated; a zeroed struct is fine */
void symbols_free(struct symbols *symbols);

/**
 * symbols_read - copy a module's function symbols
 * @mod: COMING or LIVE: the LIVE notifier waits for the targets' lock, so the table is not
 *	 exchanged meanwhile
 * @image: its @core and @init say where text is
 * @symbols: zeroed; out: the symbols, in the order of the table
 *
 * The targets' lock is held; sleeps. Return: 0 or -ENOMEM; symbols_free() is called in either
 * case.
 */
int symbols_read(struct module *mod, const struct cov_image *image, struct symbols *symbols);

/**
 * symbols_tidy - sort by address, with one symbol for each address, none reaching into the next
 * @image: its @core and @init say where text ends
 * @symbols: in and out; their @parent is not set yet
 *
 * Sleeps.
 */
void symbols_tidy(const struct cov_image *image, struct symbols *symbols);

/**
 * symbols_select - mark what the caller wants, and find cold parts
 * @choice: what is wanted
 * @symbols: tidied; out: @selected, @cold and @parent of each
 *
 * Sleeps. Return: how many were selected; -EINTR after a signal.
 */
int symbols_select(const struct image_choice *choice, struct symbols *symbols);

/**
 * symbols_settle_parents - correct the parents of cold parts
 * @in: as given to flow_build(); its functions are @symbols, in the same order
 * @flow: its answer
 * @symbols: out: @parent
 *
 * Two files of one module may both have a static function NAME, so that NAME.cold has two
 * candidates: the one that jumps into it is the parent. Does not sleep.
 */
void symbols_settle_parents(const struct flow_input *in, const struct flow *flow,
			    struct symbols *symbols);

#endif /* LIVECOV_SYMBOLS_H */
