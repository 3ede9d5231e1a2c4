/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * targets_lock.h - the lock that protects targets, their sites, and what engines know of them.
 *
 * A function whose comment says that the targets' lock is held asserts it before anything else, or
 * begins by calling one that does; kernels with lockdep check that. Those that are called for each
 * site of a target, site filters among them, do not.
 */
#ifndef LIVECOV_TARGETS_LOCK_H
#define LIVECOV_TARGETS_LOCK_H

#include <linux/lockdep.h>
#include <linux/mutex.h>

extern struct mutex cov_targets_lock;

#endif /* LIVECOV_TARGETS_LOCK_H */
