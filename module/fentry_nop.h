/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fentry_nop.h - what fentry sites hold while they are not traced.
 */
#ifndef LIVECOV_FENTRY_NOP_H
#define LIVECOV_FENTRY_NOP_H

#include <linux/types.h>

#define FENTRY_NOP_LEN	5

/* FENTRY_NOP_LEN bytes; constant after fentry_nop_init(). */
extern const u8 *cov_fentry_nop;

/**
 * fentry_nop_init - find out which nop ftrace uses on this processor
 *
 * Called once, when livecov is loaded, before anything that reads text. Sleeps. No failure:
 * without an answer it is the usual one.
 */
void fentry_nop_init(void);

#endif /* LIVECOV_FENTRY_NOP_H */
