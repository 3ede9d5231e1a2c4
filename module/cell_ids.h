/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cell_ids.h - ranges of ids, by which caller records name the cells of targets. Owns the list of
 * those in use.
 */
#ifndef LIVECOV_CELL_IDS_H
#define LIVECOV_CELL_IDS_H

#include <linux/list.h>
#include <linux/types.h>

/**
 * struct cell_ids - a range in use
 * @link: in the list, which is in ascending order
 * @first: id of the owner's cell 0; 0: no range was taken
 * @count: one for each cell
 */
struct cell_ids {
	struct list_head link;
	u32 first;
	u32 count;
};

/* All of them, for callers.c. */
extern struct list_head cov_cell_ids;

/**
 * cell_ids_take - take the lowest range that is free
 * @ids: out: @count of them
 * @count: how many
 *
 * The lowest, because a caller record's pair keeps its place in the table for ever
 * (caller_table.c): with ids that only grow, attaching and detaching would fill the table with
 * pairs that nothing can record again; a module that is attached again gets its own, as a rule.
 * No record may name them any more: caller_table.c has the steps. The targets' lock is held; does
 * not sleep. Return: 0; -ENOSPC.
 */
int cell_ids_take(struct cell_ids *ids, u32 count);

/* cell_ids_give - give them back, if any were taken. The targets' lock is held. */
void cell_ids_give(struct cell_ids *ids);

#endif /* LIVECOV_CELL_IDS_H */
