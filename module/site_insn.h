/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * site_insn.h - the instruction that an engine patches: its bytes as they are in text now,
 * and whether it may fault. No function sleeps or takes a lock.
 */
#ifndef LIVECOV_SITE_INSN_H
#define LIVECOV_SITE_INSN_H

#include "insn_branch.h"
#include "site.h"

/**
 * site_insn_read - live text from an address on, as much as an instruction may have
 * @address: where
 * @text: out: the bytes; room for INSN_MAX_LEN
 *
 * For insn_branch_decode(). Return: how many bytes, fewer than INSN_MAX_LEN where text ends with
 * its page; 0 if there are none.
 */
u32 site_insn_read(unsigned long address, u8 *text);

/**
 * site_insn_may_fault - does the exception table name an instruction that begins in some bytes?
 * @site: in whose target's text they lie
 * @address: of the first
 * @length: how many
 */
bool site_insn_may_fault(const struct cov_site *site, unsigned long address, u32 length);

#endif /* LIVECOV_SITE_INSN_H */
