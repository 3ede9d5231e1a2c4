/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * quiesce.h - waits until no task or CPU executes in text that is about to change or to be freed.
 * Owns a timer for each CPU.
 */
#ifndef LIVECOV_QUIESCE_H
#define LIVECOV_QUIESCE_H

#include <linux/types.h>

/**
 * text_quiesce - wait until no task is in a stub, nor in a region after its first byte
 *
 * The caller has closed the ways in where it matters. Handlers are not waited for. Takes the CPUs'
 * lock for reading and the look lock; sleeps: milliseconds as a rule, and on kernels that preempt
 * tasks in the kernel a grace period of RCU tasks.
 */
void text_quiesce(void);

/* text_quiesce_cpus_locked - text_quiesce() under cpus_read_lock() */
void text_quiesce_cpus_locked(void);

#endif /* LIVECOV_QUIESCE_H */
