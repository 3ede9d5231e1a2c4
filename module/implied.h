/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * implied.h - the outcomes of branches that are not watched any more because a site where they lead
 * will tell (struct cov_site.implied_by): set their cells once that site was hit. In scope tracked
 * each sample has cells of its own, so that what one sample's hit implies is that sample's alone.
 */
#ifndef LIVECOV_IMPLIED_H
#define LIVECOV_IMPLIED_H

#include "cell_news.h"
#include "site.h"

/**
 * implied_hit - was the site hit whose first cell is @cell?
 * @target: the site's; its cells are bytes
 * @set: address of cell 0 in a set of cells
 * @cell: the first of the site's
 *
 * Any context.
 */
bool implied_hit(const struct cov_target *target, const u8 *set, u32 cell);

/**
 * implied_note_by - a site was hit: set the cell of the outcome that this implies, if any
 * @by: a block's, or that of the branch at its end
 * @block: which block
 * @sets: each set of cells tells for itself
 *
 * The targets' lock is held, and the target is open; does not sleep.
 */
void implied_note_by(const struct cov_site *by, u32 block, const struct cell_sets *sets);

/**
 * implied_note_all - do so for all sites of a target
 * @target: whose
 * @sample: in the set of this sample alone, or 0 for all sets in which there may be something to
 *	    note (struct cov_sample.ran)
 *
 * Before cells are read, and before sites are released or have their @implied_by changed. The
 * targets' lock is held; takes samples' lock in scope tracked; sleeps. No failure: of
 * a sample that does not exist nothing is noted.
 */
void implied_note_all(const struct cov_target *target, u64 sample);

#endif /* LIVECOV_IMPLIED_H */
