/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * samples.h - test cases: each has an id, and a map of cells that its tasks write
 * while they run in targets of scope tracked. Owns struct cov_sample and its memory.
 */
#ifndef LIVECOV_SAMPLES_H
#define LIVECOV_SAMPLES_H

#include <linux/list.h>
#include <linux/types.h>

/**
 * struct cov_sample - a test case
 * @id: given to COV_IOC_REGISTER; not 0
 * @index: 1, 2, ... in the order of their first registration
 * @map: the cells of all tracked targets, one after the other; NULL while there are none
 * @pages: its memory
 * @nr_pages: how much of it
 * @link: in that order
 *
 * A sample stays until livecov goes, so that whoever has found a pointer to one,
 * a handler or a switching CPU, may use it. @map changes; the memory behind an
 * earlier @map stays until every task has left the stubs that may have read it.
 */
struct cov_sample {
	u64 id;
	u32 index;
	u8 *map;
	struct page **pages;
	u32 nr_pages;
	struct list_head link;
};

extern unsigned int cov_max_samples;

/* sample_of - the sample of an id, made if need be; -ENOMEM, -ENOSPC as ERR_PTR. Sleeps. */
struct cov_sample *sample_of(u64 id);

/**
 * samples_resize - make every sample's map @nr_pages long
 *
 * Cells that stay keep their contents and go on being written. When it returns, no
 * task writes behind the end. The targets' lock is held. Return: 0 or -ENOMEM
 * (never when it gets shorter).
 */
int samples_resize(u32 nr_pages);

/**
 * samples_each - call @fn for the sample with id @id, or for all
 *
 * Return: 0 or -ENOENT.
 */
int samples_each(u64 id, void (*fn)(struct cov_sample *sample, void *context), void *context);

/* samples_list - ids from the @first-th on, in order of registration; how many, at most @count */
u32 samples_list(u32 first, u32 count, u64 *ids);

/* sample_index - the index of an id, 0 if there is no such sample */
u32 sample_index(u64 id);

/* sample_page - page @page of the @index-th sample's map, with a reference; NULL: there is none */
struct page *sample_page(u32 index, unsigned long page);

void samples_exit(void);

#endif /* LIVECOV_SAMPLES_H */
