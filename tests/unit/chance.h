/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * chance.h - random numbers that a seed repeats, for tests that print theirs.
 */
#ifndef UNIT_CHANCE_H
#define UNIT_CHANCE_H

#include "portable.h"

static u64 chance_state;

static inline void chance_seed(u64 seed)
{
	chance_state = (seed + 1) * 0x9e3779b97f4a7c15ULL;
}

/* xorshift64, Marsaglia 2003; its low bits are the weak ones */
static inline u64 chance(void)
{
	chance_state ^= chance_state << 13;
	chance_state ^= chance_state >> 7;
	chance_state ^= chance_state << 17;
	return chance_state * 0x2545f4914f6cdd1dULL >> 16;
}

static inline u32 below(u32 n)
{
	return chance() % n;
}

static inline bool one_in(u32 n)
{
	return !below(n);
}

#endif /* UNIT_CHANCE_H */
