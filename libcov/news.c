// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * news.c - is there anything new? May call cov.c.
 */
#include <string.h>

#include "internal.h"

COV_PUBLIC int cov_news(struct cov *cov, struct cov_news_counts *counts)
{
	struct cov_news_counts ours = COV_INIT(ours);
	struct cov_news news;
	int ret;

	cov_begin(cov);
	memset(&news, 0, sizeof(news));
	ret = cov_call_since(cov, 2, COV_IOC_NEWS, &news, "ask for news");
	if (ret)
		return ret;
	ours.pairs_since = news.pairs_since;
	ours.pairs = news.pairs;
	ours.places_since = news.places_since;
	ours.places = news.places;
	ret = cov_give(counts, &ours, sizeof(ours));
	return ret ? cov_fail(cov, -ret, "struct cov_news_counts: set its size") : 0;
}
