// SPDX-License-Identifier: GPL-2.0-only
/*
 * branches.c - the shapes that a compiler makes; the part of this module that is
 * compiled with coverage in the copies that have it.
 */
#include <linux/compiler.h>

#include "shapes.h"

static unsigned long counts[BENCH_JUMPS];

noinline void bench_entry(unsigned long argument)
{
	barrier();
}

/* A store in between keeps each if a jump of its own. */
#define ONE(n)								\
	do {								\
		if (argument & (1UL << (n)))				\
			WRITE_ONCE(counts[n], argument);		\
		barrier();						\
	} while (0);
#define EIGHT(n) ONE(n) ONE(n + 1) ONE(n + 2) ONE(n + 3) ONE(n + 4) ONE(n + 5) ONE(n + 6) ONE(n + 7)

noinline void bench_c(unsigned long argument)
{
	EIGHT(0) EIGHT(8) EIGHT(16) EIGHT(24) EIGHT(32) EIGHT(40) EIGHT(48) EIGHT(56)
}
