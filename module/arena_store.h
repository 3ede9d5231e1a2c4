/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arena_store.h - writing code into the arena. What was made in succession is adjacent: it is
 * collected, and written together. Owns the buffer.
 */
#ifndef LIVECOV_ARENA_STORE_H
#define LIVECOV_ARENA_STORE_H

#include <linux/types.h>

/**
 * arena_store - take room in the arena, for some bytes
 * @at: arena_room()'s answer
 * @bytes: what is to lie there
 * @length: how many, at most a page
 *
 * No CPU may execute them before arena_store_flush(). The targets' lock is held; sleeps. No
 * failure.
 */
void arena_store(unsigned long at, const u8 *bytes, u32 length);

/**
 * arena_store_flush - write what was collected
 *
 * The targets' lock is held; sleeps. No failure.
 */
void arena_store_flush(void);

#endif /* LIVECOV_ARENA_STORE_H */
