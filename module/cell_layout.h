/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cell_layout.h - which of a target's cells is of what; cells.h has the cells themselves. Pure.
 *
 *	cell 0 .. F-1			functions' entries
 *	cell F + 2 * i + outcome	branch i: OUTCOME_NOT_TAKEN, OUTCOME_TAKEN
 *	cell F + 2 * B + i		block i
 *	the last cell			the place of a manual checkpoint
 *
 * User space has the same layout from COV_IOC_MAP.
 */
#ifndef LIVECOV_CELL_LAYOUT_H
#define LIVECOV_CELL_LAYOUT_H

#include "portable.h"

/* What a site watches, and a cell is of. */
enum site_kind {
	SITE_ENTRY,	/* a function's first instruction */
	SITE_LEADER,	/* a block */
	SITE_BRANCH,	/* both outcomes of a conditional jump */
};

/* The outcomes of a conditional jump, in the order of their cells. */
enum {
	OUTCOME_NOT_TAKEN,	/* it falls through */
	OUTCOME_TAKEN,		/* it jumps */
};

/**
 * struct cell_layout - how many there are of what has cells
 * @functions: F, a cell each
 * @branches: B, two each
 * @blocks: a cell each; the place of a manual checkpoint counts as one more of them
 */
struct cell_layout {
	u32 functions;
	u32 branches;
	u32 blocks;
};

/**
 * struct cell_meaning - what a cell is of
 * @kind: of what
 * @index: of the function, branch or block; struct cell_layout.blocks for a manual checkpoint
 * @outcome: SITE_BRANCH: OUTCOME_*; else 0
 */
struct cell_meaning {
	enum site_kind kind;
	u32 index;
	u32 outcome;
};

/* Any context: handlers call these as well. */

/**
 * cell_of - the cell of something
 * @layout: the target's
 * @kind: struct cell_meaning's
 * @index: struct cell_meaning's
 * @outcome: struct cell_meaning's
 *
 * The inverse of cell_decode(). Return: the cell.
 */
static __always_inline u32 cell_of(const struct cell_layout *layout, enum site_kind kind,
				   u32 index, u32 outcome)
{
	switch (kind) {
	case SITE_ENTRY:
		return index;
	case SITE_BRANCH:
		return layout->functions + 2 * index + outcome;
	default:
		return layout->functions + 2 * layout->branches + index;
	}
}

/* cells_of_layout - how many cells there are */
static __always_inline u32 cells_of_layout(const struct cell_layout *layout)
{
	return cell_of(layout, SITE_LEADER, layout->blocks, 0) + 1;
}

/* cell_index - struct cell_meaning's @index of a cell whose kind is known */
static __always_inline u32 cell_index(const struct cell_layout *layout, enum site_kind kind,
				      u32 cell)
{
	cell -= cell_of(layout, kind, 0, 0);
	return kind == SITE_BRANCH ? cell / 2 : cell;
}

/**
 * cell_decode - what is a cell of?
 * @layout: the target's
 * @cell: below cells_of_layout()
 *
 * Return: its meaning.
 */
static __always_inline struct cell_meaning cell_decode(const struct cell_layout *layout, u32 cell)
{
	struct cell_meaning meaning = { .kind = SITE_LEADER };

	if (cell < cell_of(layout, SITE_BRANCH, 0, 0))
		meaning.kind = SITE_ENTRY;
	else if (cell < cell_of(layout, SITE_LEADER, 0, 0))
		meaning.kind = SITE_BRANCH;
	meaning.index = cell_index(layout, meaning.kind, cell);
	meaning.outcome = cell - cell_of(layout, meaning.kind, meaning.index, 0);
	return meaning;
}

#endif /* LIVECOV_CELL_LAYOUT_H */
