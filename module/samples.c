// SPDX-License-Identifier: GPL-2.0-only
/*
 * samples.c - see samples.h.
 *
 * A map grows by a new, longer mapping of the same pages: a write through the shorter mapping
 * still goes to the same cells. A stub reads a map's address from a per-CPU variable and then
 * writes one cell, and may be preempted in between; so does a handler. The shorter mapping is
 * removed after
 *
 *	1. sample->map is the new one		(samples_resize, under the lock)
 *	2. every CPU has looked it up again	(task_maps_refresh)
 *	3. every handler has ended		(synchronize_rcu)
 *	4. every task has left the stubs	(text_quiesce_stubs())
 *
 * Between 1 and 2 a CPU that switches tasks finds the new one by itself. Removing maps works
 * the same way, with the pages freed after 4; so does going back to the shorter ones, if there is
 * not enough memory for all samples' longer ones.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

#include "alloc_array.h"
#include "memory_budget.h"
#include "quiesce.h"
#include "samples.h"
#include "targets_lock.h"
#include "task_maps.h"

unsigned int cov_max_samples = 65536;

static DEFINE_MUTEX(samples_lock);	/* after the targets' lock */
/*
 * Around changes of the list and of pages, for page faults: these hold mmap_lock, which comes after
 * the CPUs' lock (cpuset_attach() in the kernel), which is taken under @samples_lock.
 */
static DEFINE_SPINLOCK(pages_lock);
static DEFINE_XARRAY(samples);		/* by id */
static LIST_HEAD(samples_in_order);
static u32 nr_samples;
static u32 map_pages;

/* What a resize leaves behind: a mapping, and the pages @from to before @to of @pages. */
struct leftover {
	u8 *map;
	struct page **pages;
	u32 from, to;
};

static void free_pages_of(struct page **pages, u32 from, u32 to)
{
	u32 i;

	for (i = from; i < to; i++)
		__free_page(pages[i]);
}

static void set_pages(struct cov_sample *sample, struct page **pages, u32 nr)
{
	spin_lock(&pages_lock);
	sample->pages = pages;
	sample->nr_pages = nr;
	spin_unlock(&pages_lock);
}

/* A page that a process has mapped stays until it unmaps that, and is in no count any more. */
static void leftover_free(struct leftover *left)
{
	vunmap(left->map);
	free_pages_of(left->pages, left->from, left->to);
	memory_budget_give(left->to - left->from);
	kvfree(left->pages);
}

/* Longer: new pages after the old ones, which are counted already. On failure nothing changes. */
static int grow_counted(struct cov_sample *sample, u32 nr, struct leftover *left)
{
	u32 i = sample->nr_pages;
	struct page **pages;
	u8 *map = NULL;

	pages = kvcalloc(nr, sizeof(*pages), GFP_LARGE);
	if (!pages)
		return -ENOMEM;
	if (i)
		memcpy(pages, sample->pages, i * sizeof(*pages));
	for (; i < nr; i++) {
		/* A map may be refused: no process is to be OOM-killed for it. */
		pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO | __GFP_RETRY_MAYFAIL |
				      __GFP_NOWARN);
		if (!pages[i])
			break;
	}
	if (i == nr)
		map = vmap(pages, nr, VM_MAP, PAGE_KERNEL);
	if (!map) {
		free_pages_of(pages, sample->nr_pages, i);
		kvfree(pages);
		return -ENOMEM;
	}
	/* None of its pages: the new mapping has them as well. */
	*left = (struct leftover){ sample->map, sample->pages, sample->nr_pages, sample->nr_pages };
	set_pages(sample, pages, nr);
	/* Pairs with the READ_ONCE() of task_maps.c and hit.h: mapped before it is seen. */
	smp_store_release(&sample->map, map);
	return 0;
}

/* On failure nothing has changed. */
static int sample_grow(struct cov_sample *sample, u32 nr, struct leftover *left)
{
	u32 more = nr - sample->nr_pages;
	int err;

	if (!memory_budget_take(more))
		return -ENOMEM;
	err = grow_counted(sample, nr, left);
	if (err)
		memory_budget_give(more);
	return err;
}

/* No tracked target is left: no map at all. */
static void sample_empty(struct cov_sample *sample, struct leftover *left)
{
	*left = (struct leftover){ sample->map, sample->pages, 0, sample->nr_pages };
	WRITE_ONCE(sample->map, NULL);
	set_pages(sample, NULL, 0);
}

/* Undo sample_grow(): what it made is left behind instead. Nothing has used the new pages yet. */
static void sample_shrink(struct cov_sample *sample, struct leftover *left)
{
	struct leftover grown = { sample->map, sample->pages, left->to, sample->nr_pages };

	WRITE_ONCE(sample->map, left->map);
	set_pages(sample, left->pages, left->to);
	*left = grown;
}

static void empty_all(struct leftover *left)
{
	struct cov_sample *sample;

	list_for_each_entry(sample, &samples_in_order, link)
		sample_empty(sample, left++);
}

/* All or none: memory that a failed attach kept would be missed by others. */
static int grow_all(u32 nr, struct leftover *left)
{
	struct cov_sample *sample;
	int err = 0;
	u32 n = 0;

	list_for_each_entry(sample, &samples_in_order, link) {
		err = sample_grow(sample, nr, &left[n]);
		if (err)
			break;
		n++;
	}
	if (!err)
		return 0;
	list_for_each_entry(sample, &samples_in_order, link) {
		if (!n--)
			break;
		sample_shrink(sample, left++);
	}
	return err;
}

/* Wait until nothing writes through a mapping that no sample has any more. */
static void forget_maps(void)
{
	task_maps_refresh();
	synchronize_rcu();
	text_quiesce_stubs();
}

/*
 * Removing maps must not fail: without memory for the list of leftovers, each sample is emptied
 * and waited for in turn.
 */
static void empty_one_by_one(void)
{
	struct cov_sample *sample;

	list_for_each_entry(sample, &samples_in_order, link) {
		struct leftover left = { };

		sample_empty(sample, &left);
		forget_maps();
		leftover_free(&left);
	}
}

static int resize_locked(u32 nr)
{
	struct leftover *left;
	int err = 0;
	u32 i;

	/* Maps are never shortened, only removed when none is needed. */
	if (nr && nr <= map_pages)
		return 0;
	left = kvcalloc(nr_samples ?: 1, sizeof(*left), GFP_LARGE);
	if (!left && nr)
		return -ENOMEM;
	if (!nr)
		map_pages = 0;
	if (!left) {
		empty_one_by_one();
		return 0;
	}
	if (nr)
		err = grow_all(nr, left);
	else
		empty_all(left);
	if (nr_samples)
		forget_maps();
	for (i = 0; i < nr_samples; i++)
		leftover_free(&left[i]);
	kvfree(left);
	if (!err)
		map_pages = nr;
	return err;
}

int samples_resize(u32 nr_pages)
{
	int err;

	lockdep_assert_held(&cov_targets_lock);
	mutex_lock(&samples_lock);
	err = resize_locked(nr_pages);
	mutex_unlock(&samples_lock);
	return err;
}

static struct cov_sample *sample_make(u64 id)
{
	struct cov_sample *sample;
	struct leftover none;
	int err = -ENOMEM;

	if (nr_samples >= cov_max_samples)
		return ERR_PTR(-ENOSPC);
	sample = kzalloc(sizeof(*sample), GFP_KERNEL);
	if (!sample)
		return ERR_PTR(err);
	sample->id = id;
	err = map_pages ? sample_grow(sample, map_pages, &none) : 0;
	if (!err)
		err = xa_err(xa_store(&samples, id, sample, GFP_KERNEL));
	if (err) {
		struct leftover all;

		sample_empty(sample, &all);
		leftover_free(&all);
		kfree(sample);
		return ERR_PTR(err);
	}
	sample->index = ++nr_samples;
	spin_lock(&pages_lock);
	list_add_tail(&sample->link, &samples_in_order);
	spin_unlock(&pages_lock);
	return sample;
}

/*
 * A sample that has hit nothing so far, or nothing since the last reset or detach, begins now:
 * samples that have hit something were before it.
 */
static void renew_if_empty(struct cov_sample *sample)
{
	if (sample->map && memchr_inv(sample->map, 0, (size_t)sample->nr_pages * PAGE_SIZE))
		return;
	spin_lock(&pages_lock);
	list_move_tail(&sample->link, &samples_in_order);
	spin_unlock(&pages_lock);
}

struct cov_sample *sample_get_or_make(u64 id)
{
	struct cov_sample *sample;

	mutex_lock(&samples_lock);
	sample = xa_load(&samples, id);
	if (sample)
		renew_if_empty(sample);
	else
		sample = sample_make(id);
	mutex_unlock(&samples_lock);
	return sample;
}

int samples_each(u64 id, void (*fn)(struct cov_sample *sample, void *context), void *context)
{
	struct cov_sample *sample;
	int err = 0;

	mutex_lock(&samples_lock);
	if (id) {
		sample = xa_load(&samples, id);
		if (sample)
			fn(sample, context);
		else
			err = -ENOENT;
	} else {
		list_for_each_entry(sample, &samples_in_order, link)
			fn(sample, context);
	}
	mutex_unlock(&samples_lock);
	return err;
}

u32 samples_list(u32 first, u32 count, u64 *ids)
{
	struct cov_sample *sample;
	u32 at = 0, n = 0;

	mutex_lock(&samples_lock);
	list_for_each_entry(sample, &samples_in_order, link)
		if (at++ >= first && n < count)
			ids[n++] = sample->id;
	mutex_unlock(&samples_lock);
	return n;
}

u32 sample_index(u64 id)
{
	struct cov_sample *sample;
	u32 index;

	mutex_lock(&samples_lock);
	sample = xa_load(&samples, id);
	index = sample ? sample->index : 0;
	mutex_unlock(&samples_lock);
	return index;
}

struct page *sample_page(unsigned long index, unsigned long nr)
{
	struct cov_sample *sample;
	struct page *page = NULL;

	spin_lock(&pages_lock);
	list_for_each_entry(sample, &samples_in_order, link)
		if (sample->index == index && nr < sample->nr_pages) {
			page = sample->pages[nr];
			get_page(page);
		}
	spin_unlock(&pages_lock);
	return page;
}

/* No target, no task: nothing has a pointer to a sample. */
void samples_exit(void)
{
	struct cov_sample *sample, *next;

	list_for_each_entry_safe(sample, next, &samples_in_order, link) {
		struct leftover left;

		sample_empty(sample, &left);
		leftover_free(&left);
		kfree(sample);
	}
	xa_destroy(&samples);
}
