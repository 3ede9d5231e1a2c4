/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unloading.h - while livecov is being unloaded, what the kernel does not give back at once has to
 * be waited for: a reference to livecov keeps it no longer.
 */
#ifndef LIVECOV_UNLOADING_H
#define LIVECOV_UNLOADING_H

#include <linux/module.h>

/* livecov_is_unloading - does its exit function run, or is it about to? */
static inline bool livecov_is_unloading(void)
{
	return THIS_MODULE->state == MODULE_STATE_GOING;
}

/* Between two attempts to have the kernel take something back. */
#define UNLOADING_RETRY_MS	100

#endif /* LIVECOV_UNLOADING_H */
