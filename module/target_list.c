// SPDX-License-Identifier: GPL-2.0-only
/*
 * target_list.c - the targets that there are: looking them up, and how many sites they have
 * together. Owns the list and its lock.
 */
#include <linux/string.h>

#include "target_list.h"

DEFINE_MUTEX(cov_targets_lock);
LIST_HEAD(cov_targets);

unsigned int cov_max_checkpoints = 1U << 20;

struct cov_target *target_next(u32 id)
{
	struct cov_target *target;

	lockdep_assert_held(&cov_targets_lock);
	list_for_each_entry(target, &cov_targets, link)
		if (target->id > id)
			return target;
	return NULL;
}

struct cov_target *target_find(u32 id)
{
	struct cov_target *target;

	lockdep_assert_held(&cov_targets_lock);
	target = id ? target_next(id - 1) : NULL;
	return target && target->id == id ? target : NULL;
}

struct cov_target *target_find_checkpoint(const char *name)
{
	struct cov_target *target;

	lockdep_assert_held(&cov_targets_lock);
	list_for_each_entry(target, &cov_targets, link)
		if (target_is_manual(target) && !strcmp(target->checkpoint, name))
			return target;
	return NULL;
}

u32 targets_sites(void)
{
	struct cov_target *target;
	u32 n = 0;

	lockdep_assert_held(&cov_targets_lock);
	list_for_each_entry(target, &cov_targets, link)
		n += target->cps.sites.count;
	return n;
}

u32 targets_room(void)
{
	u32 used = targets_sites();

	return used < cov_max_checkpoints ? cov_max_checkpoints - used : 0;
}
