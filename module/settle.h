/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * settle.h - what is known need not be watched any longer: while their target runs, sites get a
 * cheaper patch, or lose it, one by one.
 */
#ifndef LIVECOV_SETTLE_H
#define LIVECOV_SETTLE_H

#include <linux/types.h>

struct cov_target;

/**
 * struct settling - a target's state of settling; under the targets' lock
 * @looked: a bit for each cell: its hit has been processed; NULL before the first pass
 * @entries: some entries of engine entry have been hit, and are still in ftrace's filter
 * @held_off: another user's kprobe has kept some branches from being settled
 */
struct settling {
	u8 *looked;
	bool entries;
	bool held_off;
};

/**
 * settle_note_implied - set the cells of outcomes that the hit of another site implies
 * @target: its sites that imply them are about to be released
 *
 * The targets' lock is held; sleeps. No failure.
 */
void settle_note_implied(struct cov_target *target);

/**
 * settle_forget - forget which cells have been processed
 * @target: is being reset, or its sites are being released
 *
 * The targets' lock is held; sleeps. No failure.
 */
void settle_forget(struct cov_target *target);

/* settle_start - run the worker soon: sites were armed or reset. Not from handlers; any lock. */
void settle_start(void);

/* settle_soon - run the worker soon if its pauses have grown: a site was hit. Not from handlers. */
void settle_soon(void);

/* settle_stop - stop the worker, when livecov is unloaded. Without the targets' lock; sleeps. */
void settle_stop(void);

#endif /* LIVECOV_SETTLE_H */
