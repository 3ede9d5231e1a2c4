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

struct cov_sample;

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
 * struct registration - the calling task is about to be tracked
 * @sample: what it will run for
 * @slot: its room in the task registry
 */
struct registration {
	struct cov_sample *sample;
	u32 slot;
};

/**
 * tracking_prepare - have all that it takes to track the calling task
 * @id: of its sample; not 0
 * @registration: out: for tracking_register(), which must follow
 * @error: out: a sentence for the caller, after an error
 *
 * Takes samples' lock; sleeps. The sample is made if there is none, and stays. Return: 0; -EEXIST:
 * tracked already; -ENOSPC: too many samples or tasks; -ENOMEM. After an error nothing has changed.
 */
int tracking_prepare(u64 id, struct registration *registration, struct cov_error *error);

/**
 * tracking_register - track the calling task
 * @registration: prepared by it
 * @owner: id of the file that registers it; not 0
 *
 * The targets' lock is held, since before every site was made to watch for its sample
 * (settle_undo_for()). No failure.
 */
void tracking_register(const struct registration *registration, u64 owner);

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
 * Sleeps; takes the drop lock. When it returns none of them is tracked; one that is being forked
 * is forgotten before it runs. What they are doing in a target at that moment may still be written
 * down.
 */
void tracking_drop_owner(u64 owner);

/**
 * tracking_samples - the samples for which tasks are tracked, or were until just now
 * @samples: out: in no order; room for @max
 * @max: how many at most
 *
 * The targets' lock is held: until it is released no task begins to run for any other sample.
 * Sleeps. Return: how many; -E2BIG: more than @max; -EAGAIN: tasks fork too fast
 * to tell, or too many samples have just been left.
 */
int tracking_samples(struct cov_sample **samples, u32 max);

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
