/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * news.h - has anything been seen that was never seen before? Owns the wait queue.
 * Two numbers that only grow say how much there was: pairs in the caller table
 * (caller_table.h, @serial), and places: outcomes, blocks and entries, where their engine
 * notices the first time.
 */
#ifndef LIVECOV_NEWS_H
#define LIVECOV_NEWS_H

#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/types.h>

#include "../include/cov_ioctl.h"

/**
 * struct news_seen - what an open file knows of
 * @pairs: serial of the last pair
 * @places: number of places
 */
struct news_seen {
	u64 pairs;
	u64 places;
};

/*
 * cov_news_pair - the caller table has a new pair: wake pollers
 *
 * Any context, with preemption off; no lock.
 */
void cov_news_pair(void);

/* cov_news_place - a place was passed for the first time since a reset. As cov_news_pair() */
void cov_news_place(void);

/**
 * news_begin - what there is now counts as seen
 * @seen: out: an open file's numbers; callers exclude each other
 *
 * Takes no lock, does not sleep.
 */
void news_begin(struct news_seen *seen);

/**
 * news_poll - an open file's poll()
 * @file: the file
 * @wait: as given to struct file_operations' poll()
 * @seen: what the file knows of; may be changed meanwhile
 *
 * Return: EPOLLIN | EPOLLRDNORM if there is anything that @seen does not have, else 0.
 */
__poll_t news_poll(struct file *file, poll_table *wait, const struct news_seen *seen);

/**
 * news_take - what there is counts as seen from now on
 * @seen: the file's; callers exclude each other
 * @news: out: both numbers as they were in @seen, and as they are now
 *
 * When it returns, readers of the tables find all of that. Sleeps: one RCU grace period.
 */
void news_take(struct news_seen *seen, struct cov_news *news);

/**
 * news_give_back - what news_take() gave has reached nobody: it is news again
 * @seen: the file's; callers exclude each other
 * @news: what news_take() gave
 *
 * Wakes those who have begun to wait since. Does not sleep.
 */
void news_give_back(struct news_seen *seen, const struct cov_news *news);

/* news_exit - wait for the last wake-up; no file is open and no handler runs. Sleeps. */
void news_exit(void);

#endif /* LIVECOV_NEWS_H */
