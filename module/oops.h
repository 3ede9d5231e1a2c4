/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oops.h - a crash in relocated code is explained.
 */
#ifndef LIVECOV_OOPS_H
#define LIVECOV_OOPS_H

int oops_init(void);
void oops_exit(void);

#endif /* LIVECOV_OOPS_H */
