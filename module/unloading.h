/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unloading.h - while livecov is being unloaded, what the kernel does not give back at once has to
 * be waited for: a reference to livecov keeps it no longer.
 */
#ifndef LIVECOV_UNLOADING_H
#define LIVECOV_UNLOADING_H

#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/module.h>

/* livecov_is_unloading - does its exit function run, or is it about to? */
static inline bool livecov_is_unloading(void)
{
	return THIS_MODULE->state == MODULE_STATE_GOING;
}

/*
 * unloading_disable - disable_kprobe(), again and again until ftrace has the memory that it needs
 * to let go of a function. Also for a kretprobe's. Sleeps. Return: 0, or why it cannot be disabled.
 */
static inline int unloading_disable(struct kprobe *kp)
{
	int err;

	while ((err = disable_kprobe(kp)) == -ENOMEM)
		msleep(100);
	return err;
}

#endif /* LIVECOV_UNLOADING_H */
