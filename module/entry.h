/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * entry.h - engine entry's life.
 */
#ifndef LIVECOV_ENTRY_H
#define LIVECOV_ENTRY_H

#include "checkpoint.h"

/**
 * entry_settle - ARMED sites of engine entry have been seen: take them out, DISARMED
 * @sites: @n of them
 * @ips: room for as many
 */
void entry_settle(struct cov_site **sites, unsigned long *ips, u32 n);

/* entry_exit - livecov goes, and no site is left */
void entry_exit(void);

#endif /* LIVECOV_ENTRY_H */
