/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * returns.h - what functions return, for traces. Targets' lock held; sleeps.
 */
#ifndef LIVECOV_RETURNS_H
#define LIVECOV_RETURNS_H

#include "checkpoint.h"

/**
 * returns_arm - see the returns of a target's functions, as far as that can be had
 * @target: its sites are armed
 * @max: how many to try at most
 *
 * For functions with an armed entry that ftrace has. Some 20 ms each. Return: how many
 * were tried; returns_left() tells whether that was all.
 */
u32 returns_arm(struct cov_target *target, u32 max);

/* returns_left - how many have not been tried */
u32 returns_left(const struct cov_target *target);

/* returns_release - no handler of those that a filter takes runs any more. No failure. */
void returns_release(struct cov_target *target, site_filter filter);

/* returns_forget - all have been released: from the beginning, if there is a next time */
void returns_forget(struct cov_target *target);

#endif /* LIVECOV_RETURNS_H */
