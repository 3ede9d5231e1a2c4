/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracking.h - which tasks are tracked, and the caller records: the two tables
 * that handlers use, and what keeps the first true over fork and exit.
 */
#ifndef LIVECOV_TRACKING_H
#define LIVECOV_TRACKING_H

#include "caller_table.h"
#include "errtext.h"
#include "task_registry.h"

extern struct task_registry cov_tasks;
extern struct caller_table cov_callers;
extern unsigned int cov_max_tasks;
extern unsigned int cov_max_callers;

/* tracking_init - make the tables and follow fork and exit; 0 or -errno */
int tracking_init(void);

/* tracking_exit - no probe is armed any more; afterwards no handler of ours runs */
void tracking_exit(void);

/* tracking_register - track the calling task; -EEXIST, -ENOSPC */
int tracking_register(u64 sample, u64 owner, struct cov_error *error);

/* tracking_unregister - -ESRCH if it was not tracked */
int tracking_unregister(struct cov_error *error);

/* tracking_drop_owner - a file was closed: forget every task that it brought */
void tracking_drop_owner(u64 owner);

/* tracking_forget_callers - checkpoints @first..@last are no more, or start over */
void tracking_forget_callers(u32 first, u32 last);

/* tracking_reset_callers - no target is attached: ids start over */
void tracking_reset_callers(void);

#endif /* LIVECOV_TRACKING_H */
