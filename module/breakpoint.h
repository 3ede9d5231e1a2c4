/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * breakpoint.h - what breakpoint.c does for others than its engine's sites.
 */
#ifndef LIVECOV_BREAKPOINT_H
#define LIVECOV_BREAKPOINT_H

/* breakpoint_init - have int3s of ours sent to us; 0 or -errno */
int breakpoint_init(void);
void breakpoint_exit(void);

#endif /* LIVECOV_BREAKPOINT_H */
