/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hit_context.h - what was it that passed a site: a task, an interrupt on top of one, or livecov
 * itself?
 */
#ifndef LIVECOV_HIT_CONTEXT_H
#define LIVECOV_HIT_CONTEXT_H

#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
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

/**
 * hit_is_watched - may a handler look at what RCU protects?
 * @context: how the engine was called
 *
 * Sites are freed after a grace period. An int3 makes RCU watch. ftrace does not, and an idle task
 * may be in a function without it (before 6.3): that is not seen.
 */
static __always_inline bool hit_is_watched(enum hit_context context)
{
	return context == HIT_IN_TRAP || likely(!is_idle_task(current)) || rcu_is_watching();
}

/*
 * Recording a hit may call functions of the kernel (irq_work_queue(), a clock) that are watched
 * themselves. Such a call of livecov's is not a hit, and would recurse without end if it were
 * treated as one.
 *
 * While a handler calls such a function this holds its preempt_count, and 1 so that it is not 0.
 * What it calls is hit with the same count, through ftrace or int3; what interrupts it has a higher
 * one, restores this when it is done, and counts. Not counted is only what an interrupt runs just
 * then without its own count: before irq_enter_rcu() has added it, and after irq_exit_rcu() has
 * taken it away.
 */
DECLARE_PER_CPU(u32, hit_recording);

#define HIT_LEVELS	(NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET)

/* hit_is_own - did a handler of livecov's call the code that was hit? With preemption off. */
static __always_inline bool hit_is_own(enum hit_context context)
{
	return this_cpu_read(hit_recording) == ((hit_preempt_count(context) & HIT_LEVELS) | 1);
}

/* hit_begin - before functions of the kernel are called; give what it returns to hit_end() */
static __always_inline u32 hit_begin(void)
{
	u32 before = this_cpu_read(hit_recording);

	this_cpu_write(hit_recording, (preempt_count() & HIT_LEVELS) | 1);
	return before;
}

/* hit_end - after such calls. Both with preemption off. */
static __always_inline void hit_end(u32 before)
{
	this_cpu_write(hit_recording, before);
}

/*
 * hit_abandon - the kernel has oopsed on this CPU: if that was in between, hit_end() never comes,
 * and every later hit of that level would be taken for livecov's own. What oopses without a panic
 * is a task: below it nothing is being recorded. With interrupts off.
 */
static __always_inline void hit_abandon(void)
{
	this_cpu_write(hit_recording, 0);
}

#endif /* LIVECOV_HIT_CONTEXT_H */
