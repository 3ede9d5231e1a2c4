/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * held.h - patches that had to stay in text when their sites were released, because another user's
 * kprobe is placed on them. Owns them and their stubs until they can be removed.
 */
#ifndef LIVECOV_HELD_H
#define LIVECOV_HELD_H

#include <linux/module.h>

#include "checkpoint.h"
#include "text_patch.h"

/**
 * held_take - a site goes, its patch stays
 * @site: whose stub, and share in its target's cells, is taken over
 * @patches: from what livecov has put there to the original bytes, a part each; copied
 * @n: how many, 1 .. SITE_PARTS
 *
 * livecov stays loaded as long as there is one; while it is being unloaded see held_wait(). The
 * targets' lock is held; sleeps. Return: false without memory: then nothing was taken over, and the
 * stub must never be freed. While livecov is being unloaded it waits for memory.
 */
bool __must_check held_take(struct cov_site *site, const struct text_patch *patches, u32 n);

/**
 * held_stub - where execution continues after hitting such a patch
 * @address: of the patch's first byte
 *
 * Any context, with preemption off. Return: address of the stub's code; 0 if there is no such
 * patch.
 */
unsigned long held_stub(unsigned long address);

/* held_inside - is @address after the first byte of such a patch? As held_stub() */
bool held_inside(unsigned long address);

/**
 * held_undo - put the original bytes of such patches into a copy of live text
 * @base: address that the copy was read from
 * @bytes: the copy
 * @size: its length in bytes
 *
 * The targets' lock is held; does not sleep.
 */
void held_undo(unsigned long base, u8 *bytes, u32 size);

/**
 * held_covers - is one of some bytes part of such a patch?
 * @address: of the first
 * @length: how many
 *
 * The targets' lock is held; does not sleep.
 */
bool held_covers(unsigned long address, u32 length);

/**
 * held_forget - free what is held in a text that is about to be unmapped
 * @base: of the text
 * @size: of it, bytes
 *
 * No task executes the text any more. The targets' lock is held; sleeps. No failure.
 */
void held_forget(unsigned long base, u32 size);

/**
 * held_wait - wait until nothing is held
 *
 * livecov is being unloaded, and no target is left; the module notifiers go on calling
 * held_forget(). Without the targets' lock, which it takes again and again; sleeps.
 */
void held_wait(void);

/**
 * held_exit - stop the worker
 *
 * Nothing is held any more (held_wait()). Without the targets' lock, which the worker takes;
 * sleeps.
 */
void held_exit(void);

#endif /* LIVECOV_HELD_H */
