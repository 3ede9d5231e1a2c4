/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * foreign.h - others who patch text: what of theirs lies where we want to patch, or has
 * come to where we have. May call kprobes, ksym.c, site_index.c.
 */
#ifndef LIVECOV_FOREIGN_H
#define LIVECOV_FOREIGN_H

#include <linux/types.h>

struct cov_target;

/* foreign_is_code - is it an address in the kernel's text or a module's? Sleeps. */
bool foreign_is_code(u64 address);

/**
 * foreign_is_near - may kprobes change one of these bytes, or what lies before them?
 * @address: of the first
 * @length: how many
 *
 * Registered probes count, switched on or not. Sleeps.
 */
bool foreign_is_near(unsigned long address, u32 length);

/* foreign_probe_on - is there a kprobe on one of these bytes now? */
bool foreign_probe_on(unsigned long address, u32 length);

/**
 * foreign_lock - from here to foreign_unlock() no kprobe comes, goes or changes text
 *
 * Sleeps. Taken behind the targets' lock, and before the CPUs' and the text's: the kernel
 * takes it in that order as well.
 */
void foreign_lock(void);
void foreign_unlock(void);

/* foreign_locked_probe_on - as foreign_probe_on(), under foreign_lock(), and fast */
bool foreign_locked_probe_on(unsigned long address, u32 length);

/* foreign_refresh - look which kprobes there are; foreign_is_near() goes by it; -ENOMEM */
int foreign_refresh(void);

/* foreign_mark - mark the sites (@visited) on whose bytes there is a kprobe. No failure. */
void foreign_mark(void);

/*
 * foreign_init - from now on no kprobe is optimised; 0, or -ENOENT if this kernel does not
 * let its kprobes be listed
 */
int foreign_init(void);
void foreign_exit(void);

#endif /* LIVECOV_FOREIGN_H */
