/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracking.h - which tasks are tracked, and the caller records: the two tables
 * that handlers use, and what keeps the first up to date over fork and exit.
 */
#ifndef LIVECOV_TRACKING_H
#define LIVECOV_TRACKING_H

#include "caller_table.h"
#include "errtext.h"
#include "task_registry.h"

/* Both made by tracking_init(); used by handlers without a lock. */
extern struct task_registry cov_tasks;
extern struct caller_table cov_callers;

/* Module parameters: how many tasks and caller records there may be. */
extern unsigned int cov_max_tasks;
extern unsigned int cov_max_callers;

/**
 * tracking_init - make the tables and follow fork, exit and context switches
 *
 * Called once, when livecov is loaded. Sleeps. Return: 0; -EINVAL: a module parameter is too
 * large, or 0; -ENOMEM; errors of tracepoints_follow(). After an error nothing is left.
 */
int tracking_init(void);

/**
 * tracking_exit - stop following, and free the tables and all samples
 *
 * No site is armed any more, and no file is open. Sleeps; when it returns no handler of ours runs.
 */
void tracking_exit(void);

/**
 * tracking_register - track the calling task
 * @sample: what it runs for; not 0
 * @owner: id of the file that registers it; not 0
 * @error: out: a sentence for the caller, after an error
 *
 * Takes samples' lock; sleeps. The sample is made if there is none, and stays. Return: 0; -EEXIST:
 * tracked already; -ENOSPC: too many samples or tasks; -ENOMEM. After an error nothing has changed.
 */
int tracking_register(u64 sample, u64 owner, struct cov_error *error);

/**
 * tracking_unregister - stop tracking the calling task
 * @error: out: a sentence for the caller, after an error
 *
 * Return: 0; -ESRCH: it was not tracked.
 */
int tracking_unregister(struct cov_error *error);

/**
 * tracking_drop_owner - a file was closed: forget every task that it registered, and their children
 * @owner: id of the file
 *
 * Sleeps; takes a lock of its own. When it returns none of them is tracked.
 */
void tracking_drop_owner(u64 owner);

/**
 * tracking_forget_callers - drop the caller records of checkpoints that are gone, or start over
 * @first: lowest id
 * @last: highest id
 *
 * The targets' lock is held; sleeps. No failure.
 */
void tracking_forget_callers(u32 first, u32 last);

/**
 * tracking_reset_callers - empty the caller table, because ids start over
 *
 * The targets' lock is held, and there is no target; sleeps. No failure.
 */
void tracking_reset_callers(void);

#endif /* LIVECOV_TRACKING_H */
