/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arena.h - the range of livecov's own text in which stubs are made: within a
 * jump's reach of every module, and text for the kernel (kernel_text_address()),
 * as no other memory is that a module can get. Owns its memory. The targets' lock is
 * held for every call unless it says otherwise; none sleeps.
 */
#ifndef LIVECOV_ARENA_H
#define LIVECOV_ARENA_H

#include <linux/types.h>

#include "arena_size.h"

#define ARENA_UNIT	4U	/* allocations begin and end at a multiple of it */

/* Its first byte; ARENA_SIZE of them. */
extern u8 livecov_stubs[];

/**
 * arena_room - find room for a stub
 * @bytes: how many it takes at most
 *
 * Nothing is taken: the next call gives the same room unless arena_take() was called. Without the
 * targets' lock while livecov is being loaded (text_selftest.c).
 *
 * Return: the address, a multiple of ARENA_UNIT, or 0 if there is no room.
 */
unsigned long arena_room(u32 bytes);

/**
 * arena_take - allocate room in the arena
 * @address: what arena_room() returned
 * @bytes: how many, not more than it was asked for
 *
 * No failure.
 */
void arena_take(unsigned long address, u32 bytes);

/**
 * arena_give - free room in the arena; no task runs or stands there any more
 * @address: as given to arena_take()
 * @bytes: as given to arena_take()
 */
void arena_give(unsigned long address, u32 bytes);

/* arena_unit - the number of the unit that @address in the arena lies in. Any context, no lock. */
static inline u32 arena_unit(unsigned long address)
{
	return (address - (unsigned long)livecov_stubs) / ARENA_UNIT;
}

/* arena_used - bytes allocated, rounded up to ARENA_UNIT for each stub */
u32 arena_used(void);

/* arena_has - does @address lie in the arena? Any context, no lock. */
bool arena_has(unsigned long address);

#endif /* LIVECOV_ARENA_H */
