/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * quiesce.h - waits until no task or CPU executes in text that is about to change or to be freed.
 * Owns a timer for each CPU.
 */
#ifndef LIVECOV_QUIESCE_H
#define LIVECOV_QUIESCE_H

struct pt_regs;

/**
 * text_quiesce_stubs - wait until no task is in a stub that it can have entered before the call
 *
 * The caller has closed the ways in where it matters. Handlers are not waited for. Takes the CPUs'
 * lock for reading and the look lock; sleeps: milliseconds as a rule, and on kernels that preempt
 * tasks in the kernel a grace period of RCU tasks.
 */
void text_quiesce_stubs(void);

/**
 * text_quiesce_regions - wait until no task is in a region, or an island, after its first byte
 *
 * The first bytes of those that matter are int3, and no CPU has executed an older one since. Under
 * cpus_read_lock(); otherwise as text_quiesce_stubs().
 */
void text_quiesce_regions(void);

/**
 * quiesce_look - look at the CPU for whoever waits
 * @regs: what it was doing when it was interrupted, by an int3 for instance
 *
 * With interrupts off; costs next to nothing if nobody waits. Safe from kprobes' recursion.
 */
void quiesce_look(const struct pt_regs *regs);

#endif /* LIVECOV_QUIESCE_H */
