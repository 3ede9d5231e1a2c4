/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rearm.h - sites are armed again by the engines that they have, many at once.
 */
#ifndef LIVECOV_REARM_H
#define LIVECOV_REARM_H

#include "engine.h"
#include "site.h"

#define RENEWED_MAX	64

/**
 * struct renewed - sites that one call arms again, and that something had watched before
 * @sites: the first of them that their engine could not arm
 * @n: how many, RENEWED_MAX at most
 */
struct renewed {
	struct cov_site *sites[RENEWED_MAX];
	u32 n;
};

/* renewed_add - note one of them; what does not fit is not asked for later */
static inline void renewed_add(struct renewed *renewed, struct cov_site *site)
{
	if (renewed->n < RENEWED_MAX)
		renewed->sites[renewed->n++] = site;
}

/* site_failed_rearm - could its engine, which it still has, not arm it again the last time? */
static inline bool site_failed_rearm(const struct cov_site *site)
{
	return site->state == COV_SITE_REFUSED && site->engine;
}

/* site_wants_rearm - is a site disarmed, or could its engine not arm it the last time? */
static inline bool site_wants_rearm(const struct cov_site *site)
{
	return site->state == COV_SITE_DISARMED || site_failed_rearm(site);
}

/**
 * site_renew - a DISARMED or REFUSED site is to be armed again
 * @site: ARMED afterwards, or PENDING if it has no engine: its module was loaded again meanwhile
 *
 * Return: true if it is for its engine's rearm() to do so.
 */
bool site_renew(struct cov_site *site);

/**
 * struct rearming - a batch of sites to arm again; begins as all zero
 * @sites: of one engine, not armed yet
 * @n: how many
 * @failed: those of this and earlier batches that their engine could not arm
 */
struct rearming {
	struct cov_site *sites[REARM_BATCH];
	u32 n;
	struct renewed failed;
};

/**
 * rearm_later - arm a site with a batch; one that is full, or another engine's, is armed first
 * @some: the batch
 * @site: site_renew() has returned true for it
 *
 * The targets' lock is held; sleeps.
 */
void rearm_later(struct rearming *some, struct cov_site *site);

/**
 * rearm_now - arm the batch
 * @some: empty afterwards, but for @failed
 *
 * A site that its engine cannot arm is REFUSED, and vouches for nothing; target_change_engines()
 * has the others try it. The targets' lock is held; sleeps.
 */
void rearm_now(struct rearming *some);

#endif /* LIVECOV_REARM_H */
