// SPDX-License-Identifier: GPL-2.0-only
/*
 * arena.c - see arena.h. Each bit of a bitmap stands for ARENA_UNIT bytes; a hint makes
 * consecutive allocations cheap.
 */
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/log2.h>

#include "arena.h"
#include "targets_lock.h"

#define UNIT_SHIFT	ilog2(ARENA_UNIT)
#define UNITS		(ARENA_SIZE >> UNIT_SHIFT)

static DECLARE_BITMAP(taken, UNITS);
static u32 hint;
static u32 used;

static u32 units(u32 bytes)
{
	return (bytes + (1U << UNIT_SHIFT) - 1) >> UNIT_SHIFT;
}

unsigned long arena_room(u32 bytes)
{
	u32 at = bitmap_find_next_zero_area(taken, UNITS, hint, units(bytes), 0);

	if (at >= UNITS)
		at = bitmap_find_next_zero_area(taken, UNITS, 0, units(bytes), 0);
	return at >= UNITS ? 0 : (unsigned long)livecov_stubs + ((unsigned long)at << UNIT_SHIFT);
}

void arena_take(unsigned long address, u32 bytes)
{
	lockdep_assert_held(&cov_targets_lock);
	bitmap_set(taken, arena_unit(address), units(bytes));
	hint = arena_unit(address) + units(bytes);
	used += units(bytes) << UNIT_SHIFT;
}

void arena_give(unsigned long address, u32 bytes)
{
	lockdep_assert_held(&cov_targets_lock);
	bitmap_clear(taken, arena_unit(address), units(bytes));
	hint = min(hint, arena_unit(address));
	used -= units(bytes) << UNIT_SHIFT;
}

u32 arena_used(void)
{
	lockdep_assert_held(&cov_targets_lock);
	return used;
}

bool notrace arena_has(unsigned long address)
{
	return address - (unsigned long)livecov_stubs < ARENA_SIZE;
}
NOKPROBE_SYMBOL(arena_has);
