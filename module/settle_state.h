/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * settle_state.h - how much of its patch a site still needs, after what has been seen.
 */
#ifndef LIVECOV_SETTLE_STATE_H
#define LIVECOV_SETTLE_STATE_H

#include "cell_news.h"
#include "site.h"

/**
 * settle_state - the settled state that a site should have
 * @site: ARMED, by engine detour or breakpoint; a branch's @implied_by is set, if another site's
 *	  hit is to tell its other outcome
 * @sets: the cells in which something has to be seen to be known
 *
 * The targets' lock is held, and the target is open; does not sleep. Return: enum site_settled.
 */
u8 settle_state(struct cov_site *site, const struct cell_sets *sets);

/**
 * settle_witness - a block that would tell a branch's other outcome, if it had a site
 * @site: its state stays as it is
 * @sets: as above
 *
 * Only for a branch that costs something each time: under a breakpoint or, in scope all, a detour.
 * Locking as settle_state(). Return: the block's index, or
 * FLOW_NONE.
 */
u32 settle_witness(const struct cov_site *site, const struct cell_sets *sets);

#endif /* LIVECOV_SETTLE_STATE_H */
