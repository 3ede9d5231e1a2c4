/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * foreign.h - others who patch text, mainly kprobes: what of theirs lies where we want to patch, or
 * has been placed where we have patched.
 */
#ifndef LIVECOV_FOREIGN_H
#define LIVECOV_FOREIGN_H

#include <linux/types.h>

/**
 * foreign_is_code - does an address lie in the kernel's text or a module's?
 * @address: any
 *
 * False for code that has no symbol, as an optimised kprobe's; a kernel's thunk counts as code.
 * Takes no lock, does not sleep.
 */
bool foreign_is_code(u64 address);

/**
 * foreign_is_near - may kprobes change one of some bytes, or an instruction that reaches into them?
 * @address: of the first
 * @length: how many
 *
 * Registered probes count, enabled or not, as foreign_refresh() has found them. The targets' lock
 * is held; does not sleep.
 */
bool foreign_is_near(unsigned long address, u32 length);

/**
 * foreign_probe_on - is there a kprobe on one of some bytes now?
 * @address: of the first
 * @length: how many
 *
 * Takes no lock, does not sleep; looks at every kprobe of the machine. False where kprobes cannot
 * be listed (foreign_init()).
 */
bool foreign_probe_on(unsigned long address, u32 length);

/**
 * foreign_lock - from here to foreign_unlock() no kprobe comes, goes, changes text or is optimised
 *
 * Takes kprobes' mutex; sleeps. Taken after the targets' lock, and before the CPUs' and the
 * text's: the kernel takes it in that order as well.
 */
void foreign_lock(void);

/* foreign_unlock - the end of foreign_lock() */
void foreign_unlock(void);

/**
 * foreign_locked_probe_on - foreign_probe_on(), but fast
 * @address: of the first byte
 * @length: how many
 *
 * Under foreign_lock(); does not sleep.
 */
bool foreign_locked_probe_on(unsigned long address, u32 length);

/**
 * foreign_read_text - copy text that the kernel is not just changing
 * @base: address of the first byte
 * @bytes: room for the copy
 * @size: how many bytes
 *
 * While the kernel switches a static key or a static call, or ftrace a function, there is an int3
 * in its place for some time; that of a kprobe stays. Takes the kernel's text_mutex; sleeps.
 * Return: 0; -EFAULT: it cannot be read.
 */
int foreign_read_text(unsigned long base, u8 *bytes, u32 size);

/**
 * foreign_restore - put the bytes that kprobes have replaced by int3 back into a copy of text
 * @base: address that the copy was read from
 * @bytes: the copy
 * @size: its length in bytes
 *
 * Takes no lock, does not sleep; looks at every kprobe of the machine. A kprobe that has gone since
 * the copy was made leaves its int3 there.
 */
void foreign_restore(unsigned long base, u8 *bytes, u32 size);

/**
 * foreign_refresh - list the kprobes that there are, for foreign_is_near()
 *
 * The targets' lock is held; sleeps. Return: 0; -ENOMEM: the earlier list stays.
 */
int foreign_refresh(void);

/**
 * foreign_wait - wait a little for kprobes to go, and after a few seconds say so in the log
 * @waited: in and out: 0 at first, then how long it was, in milliseconds
 * @n: how many kprobes
 *
 * Sleeps. No lock is needed.
 */
void foreign_wait(u32 *waited, u32 n);

/**
 * foreign_mark - set @kprobed of all sites on whose patched bytes there is a kprobe
 *
 * The other sites stay as they are. The targets' lock is held; does not sleep. No failure.
 */
void foreign_mark(void);

/**
 * foreign_init - find kprobes' table and the text's mutex, and keep kprobes from optimising
 *
 * Called once, when livecov is loaded. Sleeps. Return: 0; -ENOENT: this kernel does not let its
 * kprobes be listed: then text must not be patched.
 */
int foreign_init(void);

/* foreign_exit - kprobes optimise again, if the administrator wants it; no site is left. Sleeps. */
void foreign_exit(void);

#endif /* LIVECOV_FOREIGN_H */
