/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hit_context.h - what was it that passed a site: a task, or an interrupt on top of one?
 */
#ifndef LIVECOV_HIT_CONTEXT_H
#define LIVECOV_HIT_CONTEXT_H

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

#endif /* LIVECOV_HIT_CONTEXT_H */
