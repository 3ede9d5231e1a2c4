/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * entry.h - what engine entry can do beyond struct cov_engine.
 */
#ifndef LIVECOV_ENTRY_H
#define LIVECOV_ENTRY_H

#include "checkpoint.h"

/**
 * entry_settle - stop watching entries that have been seen
 * @sites: ARMED sites of engine entry; DISARMED afterwards
 * @ips: room for as many addresses, which it overwrites
 * @n: how many, at least 1
 *
 * The targets' lock is held; sleeps, allocates what ftrace needs. No failure.
 */
void entry_settle(struct cov_site **sites, unsigned long *ips, u32 n);

/**
 * entry_exit - unregister the ftrace_ops, when livecov goes
 *
 * No site of engine entry is left. Sleeps; when it returns the callback does not run any more.
 */
void entry_exit(void);

#endif /* LIVECOV_ENTRY_H */
