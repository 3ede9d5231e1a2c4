/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * quiesce.h - waits until nobody stands in text that is about to change or to be
 * given back. Owns a timer for each CPU. May call arena.c, site_index.c.
 */
#ifndef LIVECOV_QUIESCE_H
#define LIVECOV_QUIESCE_H

#include <linux/types.h>

/**
 * text_quiesce - wait until whoever stands in a stub, or in a region behind its first
 *		  byte, has left it
 *
 * The caller has seen to it that nobody comes in any more where it matters. Handlers
 * are not waited for. Sleeps; milliseconds as a rule.
 */
void text_quiesce(void);

/* text_quiesce_cpus_locked - the same under cpus_read_lock() */
void text_quiesce_cpus_locked(void);

#endif /* LIVECOV_QUIESCE_H */
