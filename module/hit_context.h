/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hit_context.h - what was it that passed a site: a task, an interrupt on top of one, or livecov
 * itself?
 */
#ifndef LIVECOV_HIT_CONTEXT_H
#define LIVECOV_HIT_CONTEXT_H

#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>

/* How the engine was called: it decides what preempt_count() says of the code hit. */
enum hit_context {
	HIT_IN_TRAP,		/* int3: entered like an NMI */
	HIT_IN_CALLBACK,	/* called in the hit code's own context */
};

/**
 * hit_preempt_count - preempt_count of the code that was hit
 * @context: how the engine was called
 *
 * int3 is itself entered through irqentry_nmi_enter(), which adds NMI_OFFSET and HARDIRQ_OFFSET
 * (__nmi_enter(), include/linux/hardirq.h).
 */
static __always_inline u32 hit_preempt_count(enum hit_context context)
{
	return preempt_count() - (context == HIT_IN_TRAP ? NMI_OFFSET + HARDIRQ_OFFSET : 0);
}

/* hit_in_task - was it a task that was hit, and not an interrupt on top of one? */
static __always_inline bool hit_in_task(enum hit_context context)
{
	u32 count = hit_preempt_count(context);

	return !(count & (NMI_MASK | HARDIRQ_MASK)) && !in_serving_softirq();
}

/* A bit for each context of this CPU that is recording a hit. */
DECLARE_PER_CPU(u8, hit_recording);

/**
 * hit_enter - begin with what may call functions of the kernel
 * @context: how the engine was called
 *
 * Such a function may be watched itself. That livecov calls it is no hit, and without end where the
 * hit would call it again. The contexts are a task's, softirq, interrupt and NMI: each may interrupt
 * those before it while they record. (An interrupt's first instructions, which still look like what
 * they have interrupted, cannot be probed or traced on x86.)
 *
 * With preemption off. Return: for hit_leave(); 0 if this context is in between already.
 */
static __always_inline u8 hit_enter(enum hit_context context)
{
	u32 count = hit_preempt_count(context);
	u8 bit = 1 << (!!(count & NMI_MASK) + !!(count & (NMI_MASK | HARDIRQ_MASK)) +
		       !!(count & (NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET)));

	if (this_cpu_read(hit_recording) & bit)
		return 0;
	this_cpu_or(hit_recording, bit);
	return bit;
}

/* hit_leave - end what hit_enter() began; @bit is what it returned, not 0 */
static __always_inline void hit_leave(u8 bit)
{
	this_cpu_and(hit_recording, ~bit);
}

#endif /* LIVECOV_HIT_CONTEXT_H */
