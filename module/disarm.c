// SPDX-License-Identifier: GPL-2.0-only
/*
 * disarm.c - owns the queue of sites to disarm. May call engines.
 *
 *	handler (NMI-like)        irq_work (hard interrupt)      worker (task)
 *	ARMED -> DISARMING
 *	llist_add()   ----------> queue_work()   --------------> llist_del_all()
 *	irq_work_queue()                                         engine->disarm()
 *	                                                         DISARMING -> DISARMED
 *
 * A handler cannot call queue_work(): it takes a lock that the interrupted code
 * may hold. llist_add() and irq_work_queue() are made for NMIs.
 *
 * Nothing is lost: llist_add() is a full barrier (cmpxchg) before the irq_work
 * is queued, and the worker takes the whole list after it was queued. A site
 * added while the worker runs finds the work not pending and queues it again.
 */
#include <linux/irq_work.h>
#include <linux/kprobes.h>
#include <linux/llist.h>
#include <linux/workqueue.h>

#include "checkpoint.h"
#include "disarm.h"
#include "engine.h"
#include "settle.h"
#include "target.h"

static LLIST_HEAD(disarm_list);

/* Handed to an engine at once: it may be able to do them together. */
#define DISARM_BATCH	256

static void disarm_batch(struct cov_site **sites, u32 n)
{
	u32 i;

	sites[0]->engine->disarm(sites, n);
	/* Pairs with the READ_ONCE() in site_state(); the flush orders the rest. */
	for (i = 0; i < n; i++)
		WRITE_ONCE(sites[i]->state, COV_SITE_DISARMED);
	cond_resched();
}

static void disarm_worker(struct work_struct *work)
{
	static struct cov_site *batch[DISARM_BATCH];	/* the work runs alone */
	struct llist_node *list = llist_del_all(&disarm_list);
	struct cov_site *site, *next;
	u32 n = 0;

	llist_for_each_entry_safe(site, next, list, node) {
		if (n && (n == DISARM_BATCH || batch[0]->engine != site->engine)) {
			disarm_batch(batch, n);
			n = 0;
		}
		batch[n++] = site;
	}
	if (n)
		disarm_batch(batch, n);
	settle_soon();
}

static DECLARE_WORK(disarm_work, disarm_worker);

static void disarm_kick(struct irq_work *work)
{
	queue_work(system_long_wq, &disarm_work);
}

static DEFINE_IRQ_WORK(disarm_irq_work, disarm_kick);

void notrace cov_disarm_later(struct cov_site *site)
{
	if (llist_add(&site->node, &disarm_list))
		irq_work_queue(&disarm_irq_work);
}
NOKPROBE_SYMBOL(cov_disarm_later);

void cov_disarm_flush(void)
{
	irq_work_sync(&disarm_irq_work);
	flush_work(&disarm_work);
}
