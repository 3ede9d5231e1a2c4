/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * settle.h - what is known need not be watched: sites go on with less, or without
 * their patch, by and by, while their target runs.
 */
#ifndef LIVECOV_SETTLE_H
#define LIVECOV_SETTLE_H

#include <linux/types.h>

struct cov_target;

/**
 * struct settling - how far it has come with a target; under the targets' lock
 * @looked: a bit for each cell: it was passed, and looked at; NULL before the first look
 * @entries: some that ftrace has have been seen, and are still in its filter
 */
struct settling {
	u8 *looked;
	bool entries;
};

/* settle_note_implied - write implied outcomes down: what implies them is about to go */
void settle_note_implied(struct cov_target *target);

/* settle_forget - the target starts over, or its sites go: nothing was looked at; no failure */
void settle_forget(struct cov_target *target);

/* settle_start - something is armed anew, or anything else that gives work. Any time. */
void settle_start(void);

/* settle_soon - something was passed for the first time: others may follow. A worker's. */
void settle_soon(void);

/* settle_stop - no more of it; livecov goes */
void settle_stop(void);

#endif /* LIVECOV_SETTLE_H */
