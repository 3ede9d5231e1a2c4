/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * held.h - patches that had to stay in the text when their sites went, because a kprobe
 * of somebody else's sits on them. Owns them and their stubs until they can be taken out.
 * May call text_patch.c, arena.c, cells.c, foreign.c.
 */
#ifndef LIVECOV_HELD_H
#define LIVECOV_HELD_H

#include "checkpoint.h"
#include "text_patch.h"

/**
 * held_take - a site goes, its patch stays
 * @site: whose stub is taken over
 * @patch: from what is there by rights to the original
 *
 * The targets' lock is held, as for the others. livecov stays loaded as long as there is
 * one. Return: false without memory: then nothing was taken over, and the stub must stay
 * for good.
 */
bool held_take(struct cov_site *site, const struct text_patch *patch);

/* held_stub - where who came to such a patch at @address goes on; 0 if none. Any context */
unsigned long held_stub(unsigned long address);

/* held_undo - as cov_patched_undo() */
void held_undo(unsigned long base, u8 *bytes, u32 size);

/* held_covers - is one of @length bytes at @address part of such a patch? */
bool held_covers(unsigned long address, u32 length);

/* held_forget - the text from @base on is about to go, and with it what is held in it */
void held_forget(unsigned long base, u32 size);

/* held_exit - no more waiting; there is none left, or livecov would not go */
void held_exit(void);

#endif /* LIVECOV_HELD_H */
