/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * samples.h - test cases: each has an id, and a map of cells that its tasks write while they run in
 * targets of scope tracked. Owns struct cov_sample and its memory.
 */
#ifndef LIVECOV_SAMPLES_H
#define LIVECOV_SAMPLES_H

#include <linux/list.h>
#include <linux/types.h>

#include "cells.h"
#include "thread_buffer.h"

/**
 * struct cov_sample - a test case
 * @id: given to COV_IOC_REGISTER; not 0
 * @index: 1, 2, ... in the order of their first registration
 * @map: the cells of all tracked targets, one after the other; NULL while there are none
 * @pages: the pages that @map maps
 * @nr_pages: how many
 * @ran: tasks have run for it, and what they hit may imply what its cells do not say yet
 *	 (implied.h); under the targets' lock
 * @left: number of the last drop in which a task of it was dropped; 0 for none (tracking.c)
 * @link: in the list of all samples, in the order of @index
 *
 * A sample is freed only when livecov is unloaded: a pointer to one stays valid for a handler, or
 * for a CPU that switches tasks. @map changes; the memory of an earlier @map stays until every task
 * has left the stubs that may have read it.
 */
struct cov_sample {
	u64 id;
	u32 index;
	u8 *map;
	struct page **pages;
	u32 nr_pages;
	bool ran;
	unsigned long left;
	struct list_head link;
};

/* sample_of_number - a sample travels through the task registry as a number. Any context. */
static __always_inline struct cov_sample *sample_of_number(u64 number)
{
	return (struct cov_sample *)(unsigned long)number;
}

/* thread_sample - a task's sample. Any context. */
static __always_inline struct cov_sample *thread_sample(const struct thread_ref *thread)
{
	return sample_of_number(thread->sample);
}

/* sample_cells - a tracked target's cell 0 in a sample's map. The targets' lock is held. */
static inline u8 *sample_cells(const struct cov_sample *sample, const struct cells *cells)
{
	return sample->map + cells->offset;
}

/* Module parameter: how many samples there may be. */
extern unsigned int cov_max_samples;

/**
 * sample_get_or_make - the sample of an id, made if there is none
 * @id: not 0
 *
 * Takes samples' lock; sleeps. Return: the sample, valid until samples_exit(); -ENOMEM, or
 * -ENOSPC with cov_max_samples of them, as ERR_PTR().
 */
struct cov_sample *sample_get_or_make(u64 id);

/**
 * samples_resize - set the length of every sample's map
 * @nr_pages: in pages; 0: no tracked target is left. Maps only ever grow, or go altogether
 *
 * Cells that stay keep their contents and go on being written. When it returns, no task writes
 * through an earlier mapping. The targets' lock is held; takes samples' lock; sleeps. Return: 0 or
 * -ENOMEM (never for 0): then every map is as it was. Maps and traces share one half of all memory
 * (memory_budget.h).
 */
int __must_check samples_resize(u32 nr_pages);

/**
 * samples_each - call a function for one sample, or for all in order of registration
 * @id: of the sample, or 0 for all
 * @fn: the function; may sleep, must not take samples' lock
 * @context: for @fn
 *
 * Takes samples' lock; sleeps. Return: 0 or -ENOENT.
 */
int samples_each(u64 id, void (*fn)(struct cov_sample *sample, void *context), void *context);

/**
 * samples_list - ids of samples, in order of registration
 * @first: how many to skip
 * @count: how many at most
 * @ids: out: the ids; room for @count
 *
 * Takes samples' lock; sleeps. Return: how many.
 */
u32 samples_list(u32 first, u32 count, u64 *ids);

/* sample_index - the index of the sample @id, 0 if there is none. Takes samples' lock; sleeps. */
u32 sample_index(u64 id);

/**
 * sample_page - a page of a sample's map, for mmap()
 * @index: of the sample; any
 * @nr: which page of the map
 *
 * Under mmap_lock; does not sleep. Return: the page, with a reference for the caller to put; NULL
 * if there is none.
 */
struct page *sample_page(unsigned long index, unsigned long nr);

/* samples_exit - free all samples: no target and no tracked task is left, and no lock is taken */
void samples_exit(void);

#endif /* LIVECOV_SAMPLES_H */
