/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * site_insn.h - the instruction that an engine comes to: its bytes as they are in text now,
 * and whether it may fault. Sleeps nowhere, takes no lock.
 */
#ifndef LIVECOV_SITE_INSN_H
#define LIVECOV_SITE_INSN_H

#include "insn_branch.h"
#include "site.h"

/**
 * site_insn_read - live text from an address on, as much as an instruction may have
 * @address: where
 * @text: INSN_MAX_LEN bytes of room
 *
 * For insn_branch_decode(). Return: how many bytes, fewer than INSN_MAX_LEN where text ends with
 * its page; 0 if there are none.
 */
u32 site_insn_read(unsigned long address, u8 *text);

/* site_insn_may_fault - does the exception table name one of @length bytes of @site's text? */
bool site_insn_may_fault(const struct cov_site *site, unsigned long address, u32 length);

#endif /* LIVECOV_SITE_INSN_H */
