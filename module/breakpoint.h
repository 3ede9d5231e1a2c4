/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * breakpoint.h - what breakpoint.c does beyond struct cov_engine.
 */
#ifndef LIVECOV_BREAKPOINT_H
#define LIVECOV_BREAKPOINT_H

/**
 * breakpoint_init - register the handler of int3s that livecov has put into text
 *
 * Called once, when livecov is loaded, before the first int3.
 *
 * Return: 0 or -errno.
 */
int breakpoint_init(void);

/**
 * breakpoint_exit - unregister the handler
 *
 * No int3 of livecov's is in text any more. Sleeps; when it returns, the handler does not run.
 * Harmless if breakpoint_init() failed or was never called.
 */
void breakpoint_exit(void);

#endif /* LIVECOV_BREAKPOINT_H */
