/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * settle.h - what is known need not be watched any longer: while their target runs, sites get a
 * cheaper patch, or lose it, one by one.
 */
#ifndef LIVECOV_SETTLE_H
#define LIVECOV_SETTLE_H

#include <linux/types.h>

struct cov_sample;
struct cov_site;
struct cov_target;

/**
 * struct settling - a target's state of settling; under the targets' lock
 * @looked: a bit for each cell: its hit has been processed; NULL before the first pass
 * @any: some sites may be settled
 * @implied: some may have an @implied_by
 * @entries: some entries of engine entry have been hit, and are still in ftrace's filter
 * @entries_since: jiffies, when the first of them was found
 * @unarmed: arming some again for a sample ended early: the next sample's turn goes on with it
 * @held_off: another user's kprobe has kept some branches from being settled
 */
struct settling {
	u8 *looked;
	bool any;
	bool implied;
	bool entries;
	unsigned long entries_since;
	bool unarmed;
	bool held_off;
};

/* target_settles - do a target's sites settle at all? The targets' lock is held. */
bool target_settles(const struct cov_target *target);

/**
 * settle_undo_for - have every site watch that could tell a sample something
 * @sample: a task is about to run for it
 *
 * What is settled is known to the samples that run, but perhaps not to this one. A site that its
 * engine cannot arm again, because another user's probe is there or memory is short, is tried by
 * the others; what it has not seen is unknown until a reset, armed or not. The targets' lock is
 * held until the task is tracked; sleeps. No failure.
 */
void settle_undo_for(const struct cov_sample *sample);

/**
 * settle_forget - forget which cells have been processed
 * @target: is being reset, or its sites are being released
 *
 * The targets' lock is held; sleeps. No failure.
 */
void settle_forget(struct cov_target *target);

/* settle_look_again - have the next pass look at a site once more. The targets' lock is held. */
void settle_look_again(const struct cov_site *site);

/* settle_rest - the time since @begun was spent: no pass for a multiple of it. Targets' lock. */
void settle_rest(unsigned long begun);

/* settle_start - run the worker soon: sites were armed or reset. Not from handlers; any lock. */
void settle_start(void);

/* settle_soon - run the worker soon if its pauses have grown: a site was hit. Not from handlers. */
void settle_soon(void);

/* settle_stop - stop the worker, when livecov is unloaded. Without the targets' lock; sleeps. */
void settle_stop(void);

#endif /* LIVECOV_SETTLE_H */
