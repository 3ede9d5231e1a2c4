// SPDX-License-Identifier: GPL-2.0-only
/*
 * disarm.c - owns the queue of chunks with sites to disarm.
 *
 *	handler (NMI-like)        irq_work (hard interrupt)      worker (task)
 *	ARMED -> DISARMING
 *	chunk queued, if not yet
 *	llist_add()   ----------> queue_work()   --------------> llist_del_all()
 *	irq_work_queue()                                         chunk not queued any more
 *	                                                         engine->disarm()
 *	                                                         DISARMING -> DISARMED
 *
 * A handler cannot call queue_work(): it takes a lock that the interrupted code may hold.
 * llist_add() and irq_work_queue() are NMI-safe.
 *
 * What is queued is the chunk that the site lies in; the worker looks for the sites in it that
 * are DISARMING. Nothing is lost: a handler changes the state, and then sets @queued with
 * xchg(); the worker clears @queued with xchg(), and then looks. Both are full barriers, so if
 * a handler finds the chunk queued, the worker will still see its site. The worker may find a
 * site whose handler has not queued the chunk yet: then that handler queues it for nothing.
 *
 * llist_add() is a full barrier (cmpxchg) before the irq_work is queued, and the worker
 * takes the whole list after it was queued. A chunk added while the worker runs finds the
 * work not pending and queues it again.
 */
#include <linux/irq_work.h>
#include <linux/kprobes.h>
#include <linux/llist.h>
#include <linux/workqueue.h>

#include "checkpoint.h"
#include "disarm.h"
#include "engine.h"
#include "hit_context.h"
#include "settle.h"
#include "target_list.h"

static LLIST_HEAD(disarm_list);

#define DISARM_BATCH	256

/* Sites of one engine, passed to it as a batch: it may be able to disarm them together. */
struct disarming {
	struct cov_site *sites[DISARM_BATCH];
	u32 n;
};

static void disarm_batch(struct disarming *batch)
{
	u32 i;

	if (!batch->n)
		return;
	engine_of(batch->sites[0])->disarm(batch->sites, batch->n);
	/* Pairs with the READ_ONCE() in site_state(); the flush orders the rest. */
	for (i = 0; i < batch->n; i++)
		WRITE_ONCE(batch->sites[i]->state, COV_SITE_DISARMED);
	batch->n = 0;
	cond_resched();
}

static void take_from(struct site_chunk *chunk, struct disarming *batch)
{
	u32 i;

	xchg(&chunk->queued, 0);	/* pairs with that of cov_disarm_later() */
	for (i = 0; i < READ_ONCE(chunk->count); i++) {
		struct cov_site *site = &chunk->sites[i];

		/* Without an engine it was abandoned (patcher.c), and is about to be GONE. */
		if (READ_ONCE(site->state) != SITE_DISARMING || !site->engine)
			continue;
		if (batch->n == ARRAY_SIZE(batch->sites) ||
		    (batch->n && batch->sites[0]->engine != site->engine))
			disarm_batch(batch);
		batch->sites[batch->n++] = site;
	}
}

static void disarm_worker(struct work_struct *work)
{
	static struct disarming batch;	/* the work runs alone */
	struct llist_node *list = llist_del_all(&disarm_list);
	struct site_chunk *chunk, *next;

	llist_for_each_entry_safe(chunk, next, list, node)
		take_from(chunk, &batch);
	disarm_batch(&batch);
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
	struct site_chunk *chunk = site_chunk(site);
	u32 before;

	/* Pairs with that of take_from(). */
	if (xchg(&chunk->queued, 1))
		return;
	before = hit_begin();
	if (llist_add(&chunk->node, &disarm_list))
		irq_work_queue(&disarm_irq_work);
	hit_end(before);
}
NOKPROBE_SYMBOL(cov_disarm_later);

void cov_disarm_flush(void)
{
	irq_work_sync(&disarm_irq_work);
	flush_work(&disarm_work);
}
