/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * settle.h - what is known need not be watched: sites go on with less, or without
 * their patch, by and by, while their target runs.
 */
#ifndef LIVECOV_SETTLE_H
#define LIVECOV_SETTLE_H

struct cov_target;

/* settle_note_implied - write implied outcomes down: what implies them is about to go */
void settle_note_implied(struct cov_target *target);

/* settle_start - something is armed anew, or anything else that gives work. Any time. */
void settle_start(void);

/* settle_soon - something was passed for the first time: others may follow. A worker's. */
void settle_soon(void);

/* settle_stop - no more of it; livecov goes */
void settle_stop(void);

#endif /* LIVECOV_SETTLE_H */
