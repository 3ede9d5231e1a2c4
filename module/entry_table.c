// SPDX-License-Identifier: GPL-2.0-only
/*
 * entry_table.c - see entry_table.h. A hash table of addresses, of a fixed size: a big driver has
 * some thousand functions, the biggest 30,000, which are two in a bucket.
 *
 *	absent --add--> found by handlers --remove--> found by those that were there already
 *	       --RCU grace period--> free
 *
 * Writers hold the targets' lock; a reader is a handler with preemption off. hlist_add_head_rcu()
 * publishes a node with a release, which pairs with the dependency of a reader's walk: who sees a
 * node sees its site. hlist_del_rcu() leaves the node's own link as it was, so a reader that is at
 * the node still finds the rest of the bucket.
 */
#include <linux/slab.h>

#include "entry_table.h"
#include "targets_lock.h"

struct hlist_head entry_table[1 << ENTRY_TABLE_BITS];

int entry_table_add(struct cov_site *site, unsigned long ip)
{
	struct entry_node *node;

	lockdep_assert_held(&cov_targets_lock);
	node = kmalloc(sizeof(*node), GFP_KERNEL);
	if (!node)
		return -ENOMEM;
	node->ip = ip;
	node->site = site;
	site->entry = node;
	hlist_add_head_rcu(&node->link, entry_bucket(ip));
	return 0;
}

void entry_table_remove(struct cov_site *site)
{
	lockdep_assert_held(&cov_targets_lock);
	hlist_del_rcu(&site->entry->link);
}

void entry_table_free(struct cov_site *site)
{
	lockdep_assert_held(&cov_targets_lock);
	kfree(site->entry);
	site->entry = NULL;
}
