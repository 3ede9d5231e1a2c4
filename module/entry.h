/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * entry.h - engine entry's life.
 */
#ifndef LIVECOV_ENTRY_H
#define LIVECOV_ENTRY_H

/* entry_exit - livecov goes, and no site is left */
void entry_exit(void);

#endif /* LIVECOV_ENTRY_H */
