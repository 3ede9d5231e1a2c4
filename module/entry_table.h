/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * entry_table.h - from the address that ftrace calls back for to the sites of engine entry there.
 * There may be several: a manual checkpoint, or more, on a function of an attached target.
 */
#ifndef LIVECOV_ENTRY_TABLE_H
#define LIVECOV_ENTRY_TABLE_H

#include <linux/hash.h>
#include <linux/rculist.h>

#include "site.h"

#define ENTRY_TABLE_BITS	14

/**
 * struct entry_node - a site in the table
 * @link: in its bucket
 * @ip: of the fentry site
 * @site: the site
 */
struct entry_node {
	struct hlist_node link;
	unsigned long ip;
	struct cov_site *site;
};

extern struct hlist_head entry_table[1 << ENTRY_TABLE_BITS];

/* entry_bucket - where the sites at @ip are, among others. Any context. */
static __always_inline struct hlist_head *entry_bucket(unsigned long ip)
{
	return &entry_table[hash_long(ip, ENTRY_TABLE_BITS)];
}

/**
 * for_each_entry_at - walk the sites at one address
 * @node: struct entry_node *: the current one
 * @address: of an fentry site
 *
 * Any context, with preemption off or under the targets' lock; a node is valid as long as that.
 */
#define for_each_entry_at(node, address)						\
	hlist_for_each_entry_rcu_notrace(node, entry_bucket(address), link)		\
		if ((node)->ip == (address))

/**
 * entry_table_add - have handlers find a site
 * @site: in no table yet
 * @ip: of its fentry site
 *
 * The targets' lock is held; sleeps. Undone by entry_table_remove(), then entry_table_free().
 * Return: 0 or -ENOMEM.
 */
int entry_table_add(struct cov_site *site, unsigned long ip);

/* entry_table_remove - no handler finds @site any more; the targets' lock is held, no failure */
void entry_table_remove(struct cov_site *site);

/**
 * entry_table_free - free the node of a site that was removed
 * @site: a grace period (RCU) has gone by since
 *
 * The targets' lock is held. No failure.
 */
void entry_table_free(struct cov_site *site);

#endif /* LIVECOV_ENTRY_TABLE_H */
