// SPDX-License-Identifier: GPL-2.0-only
/*
 * task_windows.c - see task_windows.h.
 *
 *	(none) --> code written --> stubs that call it are made, one user each
 *	the last user goes, after text_quiesce_stubs() --> its arena memory is freed
 *
 * A task that is in a window came from a stub and returns there. Both are in the arena, and
 * that is where quiesce.c finds it: the return address needs no search of its own, because a
 * window calls nothing. That is also why it returns with a plain ret, and not through the
 * kernel's return thunk, in whose text the task would not be found; and why CPUs that must use
 * that thunk (retbleed, SRSO, ITS) have the code in each stub instead.
 */
#include <linux/slab.h>
#include <linux/xarray.h>

#include "arena.h"
#include "compat.h"
#include "targets_lock.h"
#include "task_maps.h"
#include "task_windows.h"
#include "text_patch.h"

/**
 * struct task_window - a piece of code that stubs call
 * @at: its address, in the arena
 * @size: how many bytes
 * @users: how many stubs call it
 */
struct task_window {
	unsigned long at;
	u32 size;
	u32 users;
};

/* Indexed by window number. */
static DEFINE_XARRAY(windows);

static bool are_used(void)
{
	return !compat_returns_by_thunk();
}

static int write_window(struct task_window *window, u32 offset)
{
	struct stub_task task = { .middle = stub_middle(offset) };
	u8 code[STUB_MAX_LEN];
	int len = task_maps_stub(&task);

	window->at = arena_room(sizeof(code));
	if (!window->at)
		return -ENOSPC;
	len = len ?: stub_write_window(&task, window->at, code);
	if (len < 0)
		return len;
	text_write(window->at, code, len);
	arena_take(window->at, len);
	window->size = len;
	return 0;
}

static int make_window(u32 offset)
{
	struct task_window *window = kzalloc(sizeof(*window), GFP_KERNEL);
	int err;

	if (!window)
		return -ENOMEM;
	err = xa_reserve(&windows, stub_window(offset), GFP_KERNEL) ?:
		write_window(window, offset);
	if (err) {
		xa_release(&windows, stub_window(offset));
		kfree(window);
		return err;
	}
	window->users = 1;
	xa_store(&windows, stub_window(offset), window, GFP_KERNEL);
	return 0;
}

int task_window_take(u32 offset)
{
	struct task_window *window;

	lockdep_assert_held(&cov_targets_lock);
	if (!are_used())
		return 0;
	window = xa_load(&windows, stub_window(offset));
	if (!window)
		return make_window(offset);
	window->users++;
	return 0;
}

void task_window_give(u32 offset)
{
	struct task_window *window;

	lockdep_assert_held(&cov_targets_lock);
	if (!are_used())
		return;
	window = xa_load(&windows, stub_window(offset));
	if (--window->users)
		return;
	xa_erase(&windows, stub_window(offset));
	arena_give(window->at, window->size);
	kfree(window);
}

void task_window_find(u32 offset, struct stub_task *task)
{
	const struct task_window *window = are_used() ?
		xa_load(&windows, stub_window(offset)) : NULL;

	task->window = window ? window->at : 0;
	task->middle = stub_middle(offset);
}
