/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text_patch.h - changing live text, safely, and restoring it. Owns the poke mapping: the writable
 * mapping through which text is written. Knows no sites: engines say what bytes they want.
 */
#ifndef LIVECOV_TEXT_PATCH_H
#define LIVECOV_TEXT_PATCH_H

#include "region.h"

/**
 * struct text_patch - a change of some bytes of text
 * @part: in: which part of a change is asked for (struct text_job)
 * @address: of the first
 * @length: how many, 1..REGION_MAX_LEN
 * @inside: instructions begin after the first byte, in @from
 * @from: what must be there
 * @to: what is to be there
 */
struct text_patch {
	unsigned long address;
	u8 part;
	u8 length;
	bool inside;
	u8 from[REGION_MAX_LEN];
	u8 to[REGION_MAX_LEN];
};

/**
 * struct text_job - many changes, carried out together
 * @count: how many
 * @describe: fill in a part of change @i; false to leave that out. Called once for each part in
 *	      each step, and must always give the same. Must not sleep
 * @refused: change @i is not carried out: the bytes of a part were not @from or a kprobe sits on
 *	     them (-EBUSY), or its text cannot be reached (-EFAULT). From then on @describe gives
 *	     false for all its parts. Called before any text is changed. Must not sleep
 * @context: for the two
 * @parts: how many patches a change consists of; they are carried out all or none. 0 is 1
 *
 * While a patch of more than one byte is in progress its first byte is int3, and breakpoint.c
 * must redirect a task that hits it: to where @to, if it is a jump, leads, or to code that does
 * the same and notes more.
 */
struct text_job {
	u32 count;
	bool (*describe)(void *context, u32 i, struct text_patch *patch);
	void (*refused)(void *context, u32 i, int err);
	void *context;
	u32 parts;
};

/**
 * text_patch - change text that runs
 * @job: the changes
 *
 * Takes kprobes' mutex, the CPUs' lock, the text lock and perhaps the look lock; the targets' lock
 * may be held. Sleeps, allocates nothing. When it returns no CPU runs or has fetched what was
 * there before, and if it had instructions inside no task stands at one of them. No failure but
 * what @job->refused is told.
 */
void text_patch(const struct text_job *job);

/**
 * text_write - write bytes that no CPU executes yet
 * @address: in the arena
 * @bytes: the bytes
 * @length: how many
 *
 * Takes the text lock; sleeps. No failure.
 */
void text_write(unsigned long address, const u8 *bytes, u32 length);

/**
 * text_patch_init - make the poke mapping
 *
 * Called once, when livecov is loaded. Sleeps. Return: 0; -EPERM: the kernel is locked down;
 * -EOPNOTSUPP: this kernel cannot tell when tasks have left a range of text; -ENOMEM; -EIO: the
 * mapping cannot be made. After an error text_patch_unusable() has the reason in
 * words, and text_patch() must not be called.
 */
int text_patch_init(void);

/* text_patch_exit - free the mapping; no patch is left in text. May be called twice. Sleeps. */
void text_patch_exit(void);

/**
 * text_patch_forbid - there is a reason not to patch text
 * @reason: the reason in words; a string literal
 *
 * While livecov is being loaded; later calls replace the reason.
 */
void text_patch_forbid(const char *reason);

/* text_patch_unusable - why text cannot be patched, or NULL if it can. No lock. */
const char *text_patch_unusable(void);

#endif /* LIVECOV_TEXT_PATCH_H */
