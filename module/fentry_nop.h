/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fentry_nop.h - what ftrace's places hold while nobody traces.
 */
#ifndef LIVECOV_FENTRY_NOP_H
#define LIVECOV_FENTRY_NOP_H

#include <linux/types.h>

#define FENTRY_NOP_LEN	5

/* FENTRY_NOP_LEN bytes; does not change once livecov is loaded. */
extern const u8 *cov_fentry_nop;

/* Sleeps; comes before whatever reads text. */
void fentry_nop_init(void);

#endif /* LIVECOV_FENTRY_NOP_H */
