// SPDX-License-Identifier: GPL-2.0-only
/*
 * held.c - see held.h. Once a second a worker checks whether the kprobes are gone, and then
 * does what the release could not: it restores the original bytes, waits until no task is in
 * the stub, frees stub and cells, and drops the reference to livecov. What is taken over while
 * livecov is being unloaded, when a reference does not keep it, its exit function waits for
 * (held_wait()).
 */
#include <linux/list.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "arena.h"
#include "foreign.h"
#include "held.h"
#include "patched.h"
#include "quiesce.h"
#include "shortcut.h"
#include "site_patch.h"
#include "site_stub.h"
#include "target_list.h"
#include "task_windows.h"
#include "unloading.h"

/**
 * struct held_room - some room in the arena
 * @at: its address
 * @size: bytes; 0 for none
 */
struct held_room {
	unsigned long at;
	u32 size;
};

/**
 * struct held - the patch of a site that was released, and its stub
 * @link: in the list of all of them
 * @patches: a part of the patch each: from what livecov has put there to the original bytes
 * @code: of each part, where in the stub a task continues that hits its first byte
 * @nr_patches: how many parts
 * @rooms: in the arena: the stub's, and that of the shortcut, if there is one
 * @shares: the stub calls a window (task_windows.h)
 * @window: if it @shares: what task_window_give() takes
 * @cells: what the stub writes to
 * @stays: a kprobe is still on one of the parts
 * @rcu: frees this struct
 */
struct held {
	struct list_head link;
	struct text_patch patches[SITE_PARTS];
	unsigned long code[SITE_PARTS];
	u32 nr_patches;
	struct held_room rooms[2];
	bool shares;
	u32 window;
	struct held_cells *cells;
	bool stays;
	struct rcu_head rcu;
};

/* Changed under the targets' lock; read by the handler of int3s under RCU. */
static LIST_HEAD(all_held);

static void held_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(held_later, held_work);

/* While livecov is being unloaded nothing can be left without an owner. */
static void *held_alloc(size_t size)
{
	return kzalloc(size, GFP_KERNEL | (livecov_is_unloading() ? __GFP_NOFAIL : 0));
}

static struct held_cells *cells_of(struct checkpoints *cps)
{
	if (!cps->held_cells)
		cps->held_cells = held_alloc(sizeof(*cps->held_cells));
	if (cps->held_cells)
		cps->held_cells->users++;
	return cps->held_cells;
}

/* Until the target is gone @cells is empty, and it is the target that frees its cells. */
static void put_cells(struct held_cells *held)
{
	if (--held->users)
		return;
	cells_give(&held->cells);
	if (held->orphaned)
		kfree(held);
}

bool held_take(struct cov_site *site, const struct text_patch *patches, u32 n)
{
	struct held *held;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	held = held_alloc(sizeof(*held));
	if (!held)
		return false;
	held->cells = cells_of(&site_target(site)->cps);
	if (!held->cells) {
		kfree(held);
		return false;
	}
	for (i = 0; i < n; i++) {
		held->patches[i] = patches[i];
		held->code[i] = site_part_code(site, patches[i].part);
	}
	held->nr_patches = n;
	held->rooms[0] = (struct held_room){ site_room(site),
					     site->patch_length + site->stub_len };
	held->rooms[1].size = shortcut_room(site, &held->rooms[1].at);
	held->shares = site->by_stub && site_stub_shares(site, &held->window);
	held->stays = true;
	list_add_rcu(&held->link, &all_held);
	__module_get(THIS_MODULE);
	queue_delayed_work(system_long_wq, &held_later, HZ);
	return true;
}

unsigned long notrace held_stub(unsigned long address)
{
	const struct held *held;
	u32 i;

	list_for_each_entry_rcu(held, &all_held, link)
		for (i = 0; i < held->nr_patches; i++)
			if (held->patches[i].address == address)
				return held->code[i];
	return 0;
}
NOKPROBE_SYMBOL(held_stub);

/* Does one of the patches have a byte of those from @address on? */
static __always_inline bool overlaps(const struct held *held, unsigned long address, u32 length)
{
	u32 i;

	for (i = 0; i < held->nr_patches; i++)
		if (address < held->patches[i].address + held->patches[i].length &&
		    held->patches[i].address < address + length)
			return true;
	return false;
}

bool notrace held_inside(unsigned long address)
{
	const struct held *held;

	list_for_each_entry_rcu(held, &all_held, link)
		if (overlaps(held, address, 1) && !held_stub(address))
			return true;
	return false;
}
NOKPROBE_SYMBOL(held_inside);

void held_undo(unsigned long base, u8 *bytes, u32 size)
{
	const struct text_patch *patch;
	const struct held *held;

	lockdep_assert_held(&cov_targets_lock);
	list_for_each_entry(held, &all_held, link)
		for (patch = held->patches; patch < held->patches + held->nr_patches; patch++)
			patched_overlay(base, bytes, size, patch->address, patch->to,
					patch->length);
}

bool held_covers(unsigned long address, u32 length)
{
	const struct held *held;

	lockdep_assert_held(&cov_targets_lock);
	list_for_each_entry(held, &all_held, link)
		if (overlaps(held, address, length))
			return true;
	return false;
}

/* Nothing leads to the stub any more, and no task is in it. */
static void held_drop(struct held *held)
{
	u32 i;

	list_del_rcu(&held->link);
	for (i = 0; i < ARRAY_SIZE(held->rooms); i++)
		if (held->rooms[i].size)
			arena_give(held->rooms[i].at, held->rooms[i].size);
	if (held->shares)
		task_window_give(held->window);
	put_cells(held->cells);
	kfree_rcu(held, rcu);
	module_put(THIS_MODULE);
}

void held_forget(unsigned long base, u32 size)
{
	struct held *held, *next;

	lockdep_assert_held(&cov_targets_lock);
	list_for_each_entry_safe(held, next, &all_held, link)
		if (held->patches[0].address - base < size)
			held_drop(held);
}

/* Are the original bytes back, no matter who restored them? */
static bool is_restored(const struct text_patch *patch)
{
	u8 now[REGION_MAX_LEN];

	return !copy_from_kernel_nofault(now, (void *)patch->address, patch->length) &&
	       !memcmp(now, patch->to, patch->length);
}

static bool held_describe(void *context, u32 i, struct text_patch *patch)
{
	const struct held *held = context;

	if (held->stays || patch->part >= held->nr_patches)
		return false;
	*patch = held->patches[patch->part];
	return !is_restored(patch);
}

static void held_refused(void *context, u32 i, int err)
{
	((struct held *)context)->stays = true;
}

static bool held_restore(struct held *held)
{
	struct text_job job = { 1, held_describe, held_refused, held, SITE_PARTS };
	u32 i;

	held->stays = false;
	for (i = 0; i < held->nr_patches; i++)
		held->stays |= foreign_probe_on(held->patches[i].address, held->patches[i].length);
	if (!held->stays)
		text_patch(&job);
	return !held->stays;
}

/* Return: how many kprobes are still there. */
static u32 restore_all(void)
{
	struct held *held, *next;
	bool any = false;
	u32 left = 0;

	mutex_lock(&cov_targets_lock);
	list_for_each_entry(held, &all_held, link)
		any |= held_restore(held);
	if (any)
		text_quiesce_stubs();
	list_for_each_entry_safe(held, next, &all_held, link) {
		left += held->stays;
		if (held->stays)
			continue;
		pr_notice("the kprobe on our jump at %pS has gone, and so has the jump\n",
			  (void *)held->patches[0].address);
		held_drop(held);
	}
	mutex_unlock(&cov_targets_lock);
	return left;
}

static void held_work(struct work_struct *work)
{
	if (restore_all())
		queue_delayed_work(system_long_wq, &held_later, HZ);
}

void held_wait(void)
{
	u32 waited = 0, left;

	while ((left = restore_all()))
		foreign_wait(&waited, left);
}

void held_exit(void)
{
	cancel_delayed_work_sync(&held_later);
}
