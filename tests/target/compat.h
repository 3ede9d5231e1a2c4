/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - what covtarget needs and kernel versions have differently. Nothing else
 * here asks for a version.
 */
#ifndef COVT_COMPAT_H
#define COVT_COMPAT_H

#include <linux/bug.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/version.h>

/* hrtimers: "Introduce hrtimer_setup() to replace hrtimer_init()", 6.13 */
static inline void covt_hrtimer_setup(struct hrtimer *timer,
				      enum hrtimer_restart (*function)(struct hrtimer *timer),
				      enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, function, CLOCK_MONOTONIC, mode);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, mode);
	timer->function = function;
#endif
}

/* irq_work: "Cleanup", 5.11, added it */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#define IRQ_WORK_INIT_HARD(function) \
	{ .flags = ATOMIC_INIT(IRQ_WORK_HARD_IRQ), .func = (function) }
#endif

/* bugs/core: "Extend __WARN_FLAGS() with the 'cond_str' parameter", 6.19 */
#ifdef WARN_CONDITION_STR
#define covt_warn_flags(flags)	__WARN_FLAGS("", flags)
#else
#define covt_warn_flags(flags)	__WARN_FLAGS(flags)
#endif

#endif /* COVT_COMPAT_H */
