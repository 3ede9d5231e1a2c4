/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text_patch.h - changing live text, safely, and giving it back. Owns the window
 * through which text is written. Knows no sites: engines say what bytes they want.
 */
#ifndef LIVECOV_TEXT_PATCH_H
#define LIVECOV_TEXT_PATCH_H

#include "region.h"

/**
 * struct text_patch - a change of some bytes of text
 * @address: of the first
 * @length: how many, 1..REGION_MAX_LEN
 * @inside: instructions begin behind the first byte, in @from
 * @from: what must be there
 * @to: what shall be
 */
struct text_patch {
	unsigned long address;
	u8 length;
	bool inside;
	u8 from[REGION_MAX_LEN];
	u8 to[REGION_MAX_LEN];
};

/**
 * struct text_job - many changes, carried out together
 * @count: how many
 * @describe: fill in patch @i; false to leave it out. Called once for each step, and
 *	      must always give the same. Must not sleep
 * @refused: patch @i was not carried out: its bytes were not @from or a kprobe sits on them
 *	     (-EBUSY), or its text cannot be reached (-EFAULT). From then on @describe gives
 *	     false for it. Must not sleep
 * @context: for the two
 *
 * While a patch of more than one byte is under way its first byte is int3, and who
 * arrives there must be sent on by breakpoint.c: to where @to, if it is a jump, leads.
 */
struct text_job {
	u32 count;
	bool (*describe)(void *context, u32 i, struct text_patch *patch);
	void (*refused)(void *context, u32 i, int err);
	void *context;
};

/**
 * text_patch - change text that runs
 * @job: the changes
 *
 * Sleeps, allocates nothing. When it returns no CPU runs
 * or has fetched what was there before, and if it had instructions inside no task
 * stands at one of them.
 */
void text_patch(const struct text_job *job);

/* text_write - put bytes where nobody runs yet, in the arena. Sleeps. */
void text_write(unsigned long address, const u8 *bytes, u32 length);

/**
 * text_patch_init - make the window and try everything out on a function of our own
 *
 * Return: 0; -EPERM: the kernel is locked down; -EOPNOTSUPP: this kernel cannot tell
 * when tasks have left a stretch of text; -EIO: a try failed. text_patch_unusable()
 * has the reason in words.
 */
int text_patch_init(void);
void text_patch_exit(void);

/* text_patch_forbid - there is a reason not to patch text */
void text_patch_forbid(const char *reason);

/* text_patch_unusable - why text cannot be patched, or NULL if it can */
const char *text_patch_unusable(void);

#endif /* LIVECOV_TEXT_PATCH_H */
