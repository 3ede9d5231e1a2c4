// SPDX-License-Identifier: GPL-2.0-only
/*
 * rearm.c - see rearm.h. Owns nothing.
 */
#include "checkpoint.h"
#include "rearm.h"

bool site_renew(struct cov_site *site)
{
	site->error = 0;
	site->slow = false;
	WRITE_ONCE(site->state, site->engine ? COV_SITE_ARMED : COV_SITE_PENDING);
	return site->engine;
}

void rearm_now(struct rearming *some)
{
	u32 i;

	if (!some->n)
		return;
	engine_of(some->sites[0])->rearm(some->sites, some->n);
	for (i = 0; i < some->n; i++)
		if (some->sites[i]->error) {
			renewed_add(&some->failed, some->sites[i]);
			some->sites[i]->watched = false;
			checkpoints_refuse(some->sites[i], -(int)some->sites[i]->error);
		}
	some->n = 0;
}

void rearm_later(struct rearming *some, struct cov_site *site)
{
	if (some->n == ARRAY_SIZE(some->sites) ||
	    (some->n && some->sites[0]->engine != site->engine))
		rearm_now(some);
	some->sites[some->n++] = site;
}
