// SPDX-License-Identifier: GPL-2.0-only
/* cell_ids.c - see cell_ids.h. */
#include "caller_table.h"
#include "cell_ids.h"
#include "targets_lock.h"

LIST_HEAD(cov_cell_ids);

int cell_ids_take(struct cell_ids *ids, u32 count)
{
	struct cell_ids *next;
	u32 first = 1;

	lockdep_assert_held(&cov_targets_lock);
	list_for_each_entry(next, &cov_cell_ids, link) {
		if (next->first - first >= count)
			break;
		first = next->first + next->count;
	}
	if (count > CALLER_NONE - first)
		return -ENOSPC;
	ids->first = first;
	ids->count = count;
	/* Before the one that ended the search: the head, if none did. */
	list_add_tail(&ids->link, &next->link);
	return 0;
}

void cell_ids_give(struct cell_ids *ids)
{
	lockdep_assert_held(&cov_targets_lock);
	if (!ids->first)
		return;
	list_del(&ids->link);
	ids->first = 0;
}
