/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arena.h - the stretch of livecov's own text in which stubs are made: within a
 * jump's reach of every module, and text for the kernel (kernel_text_address()),
 * as nothing else is that a module may get. Owns its memory. Under the targets'
 * lock, but where it says otherwise.
 */
#ifndef LIVECOV_ARENA_H
#define LIVECOV_ARENA_H

#include <linux/types.h>

#include "arena_size.h"

#define ARENA_UNIT	4U	/* what is taken begins and ends at a multiple of it */

/* Its first byte. */
extern u8 livecov_stubs[];

/**
 * arena_room - where the next stub will lie
 * @bytes: how many it could take
 *
 * Return: the address, or 0 if there is no room.
 */
unsigned long arena_room(u32 bytes);

/* arena_take - take @bytes at what arena_room() gave */
void arena_take(unsigned long address, u32 bytes);

/* arena_give - give back; no task runs there any more */
void arena_give(unsigned long address, u32 bytes);

/* arena_used - bytes taken */
u32 arena_used(void);

/* arena_has - is it an address in the arena? Any context. */
bool arena_has(unsigned long address);

#endif /* LIVECOV_ARENA_H */
