/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * settle.h - what is known need not be watched: little by little sites get a cheaper patch, or
 * lose it, while their target runs.
 */
#ifndef LIVECOV_SETTLE_H
#define LIVECOV_SETTLE_H

#include <linux/types.h>

struct cov_target;

/**
 * struct settling - how far settling has come with a target; under the targets' lock
 * @looked: a bit for each cell: it was passed, and looked at; NULL before the first look
 * @entries: some entries of engine entry have been seen, and are still in ftrace's filter
 */
struct settling {
	u8 *looked;
	bool entries;
};

/**
 * settle_note_implied - write the cells of outcomes that a passed site implies
 * @target: its sites that imply them are about to be released
 *
 * The targets' lock is held; sleeps. No failure.
 */
void settle_note_implied(struct cov_target *target);

/**
 * settle_forget - forget which cells were looked at
 * @target: starts over, or its sites go
 *
 * The targets' lock is held; sleeps. No failure.
 */
void settle_forget(struct cov_target *target);

/* settle_start - look soon: something was armed or reset. Any context but handlers, any lock. */
void settle_start(void);

/* settle_soon - look soon if the worker is resting: a place was passed. Called by a worker. */
void settle_soon(void);

/* settle_stop - stop the worker, when livecov goes. Without the targets' lock; sleeps. */
void settle_stop(void);

#endif /* LIVECOV_SETTLE_H */
