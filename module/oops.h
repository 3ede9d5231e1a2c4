/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oops.h - a crash in relocated code is explained, and what it interrupts is over.
 */
#ifndef LIVECOV_OOPS_H
#define LIVECOV_OOPS_H

/**
 * oops_init - from now on an oops in a stub says in the log where its code comes from, and one in
 *	       the middle of recording a hit ends that
 *
 * Called once, when livecov is loaded. Return: 0 or -errno.
 */
int oops_init(void);

/* oops_exit - undo oops_init(). Sleeps. */
void oops_exit(void);

#endif /* LIVECOV_OOPS_H */
