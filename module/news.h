/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * news.h - has anything been seen that was never seen before? Owns who waits for it.
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

/* cov_news_pair - the caller table has a new pair; any context */
void cov_news_pair(void);

/* cov_news_place - a site was passed for the first time since a reset; any context */
void cov_news_place(void);

/* news_begin - from now on */
void news_begin(struct news_seen *seen);

/* news_poll - the file's poll(): readable if there is anything behind @seen */
__poll_t news_poll(struct file *file, poll_table *wait, const struct news_seen *seen);

/**
 * news_take - what is there is seen from now on
 * @seen: the file's; callers exclude each other
 * @news: out: from what to what it has gone
 *
 * When it returns, readers of the tables find all of that. Sleeps.
 */
void news_take(struct news_seen *seen, struct cov_news *news);

/* news_exit - no file is open and no handler runs */
void news_exit(void);

#endif /* LIVECOV_NEWS_H */
