/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * returns.h - what functions return, for traces. The targets' lock is held for every call, and
 * they sleep.
 */
#ifndef LIVECOV_RETURNS_H
#define LIVECOV_RETURNS_H

#include "checkpoint.h"

/**
 * returns_arm - register kretprobes on a target's functions
 * @target: open; its sites are armed
 * @max: how many to try at most
 *
 * On functions with an armed entry at an fentry site; one that is refused, or finds no memory, is
 * left out. Some 20 ms each. Return: how many were tried; returns_left() tells whether that was
 * all.
 */
u32 returns_arm(struct cov_target *target, u32 max);

/* returns_left - how many functions have not been looked at; 0 if no returns are wanted */
u32 returns_left(const struct cov_target *target);

/**
 * returns_release - unregister the kretprobes of some functions
 * @target: whose
 * @filter: true for the entry sites of these
 *
 * When it returns, no handler of theirs runs. One that the kernel does not take back stays
 * registered, knows of no site, and keeps livecov loaded. No failure.
 */
void returns_release(struct cov_target *target, site_filter filter);

/* returns_forget - all have been released: free the table; returns_arm() begins anew */
void returns_forget(struct cov_target *target);

#endif /* LIVECOV_RETURNS_H */
