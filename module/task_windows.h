/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task_windows.h - code that stubs of scope tracked call instead of having it themselves: stub.h,
 * "TASK through a window". One piece serves all stubs whose cells lie together, whichever target
 * they are of. Owns those pieces, which lie in the arena. The targets' lock is held unless it says
 * otherwise.
 */
#ifndef LIVECOV_TASK_WINDOWS_H
#define LIVECOV_TASK_WINDOWS_H

#include "stub.h"

/**
 * task_window_take - take a reference to the code that a stub will call, which is made if needed
 * @offset: of the stub's first cell in samples' maps, bytes
 *
 * Sleeps. Undone by task_window_give(). Return: 0; -ENOMEM; -ENOSPC: the arena is full; -ERANGE,
 * -EOPNOTSUPP: as task_maps_stub() and stub_write_window().
 */
int __must_check task_window_take(u32 offset);

/**
 * task_window_give - put the reference; the last one frees the code
 * @offset: as given to task_window_take(); that stub is gone, and no task is in it
 */
void task_window_give(u32 offset);

/**
 * task_window_find - what a stub has to know of the code that it calls
 * @offset: as given to task_window_take()
 * @task: out: @window, 0 where this CPU does without, and @middle
 *
 * Any context, without the lock if the reference is held.
 */
void task_window_find(u32 offset, struct stub_task *task);

#endif /* LIVECOV_TASK_WINDOWS_H */
