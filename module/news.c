// SPDX-License-Identifier: GPL-2.0-only
/*
 * news.c - see news.h.
 *
 *	handler (NMI-like)		irq_work (interrupt)	reader
 *	a number grows [E]					poll_wait()
 *	is a reader waiting?					full barrier [E]
 *	irq_work_queue()  ----------->	wake_up()  ---------->	has a number grown?
 *
 * A handler cannot wake a reader: that takes a lock which the interrupted code may hold. No
 * wake-up is lost: if a handler and a reader race, either the handler sees the reader waiting
 * or the reader sees the number [E].
 */
#include <linux/irq_work.h>
#include <linux/kprobes.h>
#include <linux/rcupdate.h>
#include <linux/wait.h>

#include "hit_context.h"
#include "news.h"
#include "tracking.h"

static atomic_long_t places;
static DECLARE_WAIT_QUEUE_HEAD(waiting);

static void wake_waiting(struct irq_work *work)
{
	wake_up_interruptible_poll(&waiting, EPOLLIN | EPOLLRDNORM);
}

static DEFINE_IRQ_WORK(wake_work, wake_waiting);

/* The caller has made a number grow by a fully ordered increment: [E]. */
static __always_inline void wake_readers(void)
{
	u32 before;

	if (!waitqueue_active(&waiting))
		return;
	before = hit_begin();
	irq_work_queue(&wake_work);
	hit_end(before);
}

void notrace cov_news_pair(void)
{
	wake_readers();
}
NOKPROBE_SYMBOL(cov_news_pair);

void notrace cov_news_place(void)
{
	/* [E] fully ordered: pairs with smp_mb() in news_poll(). */
	atomic_long_inc_return(&places);
	wake_readers();
}
NOKPROBE_SYMBOL(cov_news_place);

void news_begin(struct news_seen *seen)
{
	WRITE_ONCE(seen->pairs, atomic_long_read(&cov_callers.serial));
	WRITE_ONCE(seen->places, atomic_long_read(&places));
}

__poll_t news_poll(struct file *file, poll_table *wait, const struct news_seen *seen)
{
	poll_wait(file, &waiting, wait);
	/* [E] pairs with the increments of both numbers. */
	smp_mb();
	if (READ_ONCE(seen->pairs) == atomic_long_read(&cov_callers.serial) &&
	    READ_ONCE(seen->places) == atomic_long_read(&places))
		return 0;
	return EPOLLIN | EPOLLRDNORM;
}

void news_take(struct news_seen *seen, struct cov_news *news)
{
	*news = (struct cov_news){ .pairs_since = seen->pairs, .places_since = seen->places };
	news_begin(seen);
	news->pairs = seen->pairs;
	news->places = seen->places;
	/* A handler draws a serial before its record shows it; preemption is off in handlers. */
	synchronize_rcu();
}

void news_give_back(struct news_seen *seen, const struct cov_news *news)
{
	WRITE_ONCE(seen->pairs, news->pairs_since);
	WRITE_ONCE(seen->places, news->places_since);
	/*
	 * Its lock orders the stores before: a reader that is not on the queue yet finds them in
	 * news_poll().
	 */
	wake_up_interruptible_poll(&waiting, EPOLLIN | EPOLLRDNORM);
}

void news_exit(void)
{
	irq_work_sync(&wake_work);
}
