/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stepping.h - the kernel's state of a CPU after an instruction has faulted under a kprobe
 * (target_yield.c), in which it does not survive an int3 of ours.
 */
#ifndef LIVECOV_STEPPING_H
#define LIVECOV_STEPPING_H

#include <linux/types.h>

/* stepping_note - a kprobe that may leave CPUs in it is about to be armed. Targets' lock. */
void stepping_note(void);

/**
 * stepping_end - have no CPU be in that state
 *
 * No kprobe of livecov's is armed that may lead to it, and breakpoints are about to be placed. The
 * targets' lock is held; sleeps. Return: false if kprobes are switched off, or without memory: then
 * there must be no breakpoint.
 */
bool stepping_end(void);

#endif /* LIVECOV_STEPPING_H */
