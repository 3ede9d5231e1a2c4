/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_budget.h - how much memory traces and samples' maps may take together: half of all. So
 * what grows at a caller's request is refused before the machine runs out. Owns the count; other
 * memory is in no count, nor are pages of a map that livecov has given back and a process still
 * maps (samples.c): it is that process which keeps them. Pure and lock-free. Calls nothing.
 */
#ifndef LIVECOV_MEMORY_BUDGET_H
#define LIVECOV_MEMORY_BUDGET_H

#include "portable.h"

/**
 * memory_budget_take - may so many more pages be allocated?
 * @pages: how many
 *
 * Any context, no lock. Return: true: they are counted, until memory_budget_give(); false: with
 * them it would be more than half of all memory, and nothing was counted.
 */
bool memory_budget_take(unsigned long pages);

/* memory_budget_give - @pages that were counted are free again. Any context, no lock. */
void memory_budget_give(unsigned long pages);

#endif /* LIVECOV_MEMORY_BUDGET_H */
