// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory_budget.c - see memory_budget.h.
 */
#include "memory_budget.h"

static atomic_long_t taken;	/* pages */

/* A compare-and-swap: callers that are refused must not hinder others, not even for a moment. */
bool memory_budget_take(unsigned long pages)
{
	unsigned long limit = totalram_pages() / 2, now, before = atomic_long_read(&taken);

	do {
		now = before;
		/* The total may have shrunk, to less than what is taken. */
		if (now > limit || pages > limit - now)
			return false;
		before = atomic_long_cmpxchg(&taken, now, now + pages);
	} while (before != now);
	return true;
}

void memory_budget_give(unsigned long pages)
{
	atomic_long_sub(pages, &taken);
}
