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

struct symbols {
	struct symbol *table;
	u32 count;
	char *names;
	u32 names_len;
};

static inline const char *symbol_name(const struct symbols *symbols, u32 index)
{
	return symbols->names + symbols->table[index].name;
}

/* symbols_alloc - room for @count symbols and @names_len bytes of names; 0 or -ENOMEM */
int symbols_alloc(struct symbols *symbols, u32 count, u32 names_len);
void symbols_free(struct symbols *symbols);

/*
 * symbols_read - copy a module's function symbols; 0, -ENOMEM. The targets' lock is
 * held and the module is COMING or LIVE: the LIVE notifier waits for the lock, so
 * the table is not exchanged meanwhile.
 */
int symbols_read(struct module *mod, const struct cov_image *image, struct symbols *symbols);

/* symbols_tidy - sort by address: one symbol for one place, none reaching into the next */
void symbols_tidy(const struct cov_image *image, struct symbols *symbols);

/*
 * symbols_select - mark what the caller wants, and the cold parts; how many were
 * chosen, or -EINTR
 */
int symbols_select(const struct image_choice *choice, struct symbols *symbols);

/*
 * symbols_settle_parents - two files of one module may both have a static function
 * NAME, so that NAME.cold has two candidates: the one that jumps into it is the parent
 */
void symbols_settle_parents(const struct flow_input *in, const struct flow *flow,
			    struct symbols *symbols);

#endif /* LIVECOV_SYMBOLS_H */
