/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task_windows.h - code that stubs of scope tracked call instead of having it
 * themselves: stub.h, "TASK through a window". One piece serves all stubs whose cells lie
 * together, whichever target they are of. Owns those pieces, which lie in the arena.
 * Under the targets' lock. May call arena.c, stub.c, task_maps.c, text_patch.c.
 */
#ifndef LIVECOV_TASK_WINDOWS_H
#define LIVECOV_TASK_WINDOWS_H

#include "stub.h"

/*
 * task_window_take - a stub is to be made whose first cell is at @offset in samples' maps;
 * 0 or -errno
 */
int task_window_take(u32 offset);

/* task_window_give - that stub is no more, and nobody stands in it */
void task_window_give(u32 offset);

/*
 * task_window_find - @task->window and @task->middle for a stub that has taken @offset; the
 * window is 0 where this CPU does without
 */
void task_window_find(u32 offset, struct stub_task *task);

#endif /* LIVECOV_TASK_WINDOWS_H */
