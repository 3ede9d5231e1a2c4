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

/* renewed_add - note one of them; those that do not fit are not looked at by renewed_check() */
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
 * site_renew - a site is to be armed again, or watch all that it can once more
 * @site: ARMED afterwards; PENDING if it has no engine, as after its module was loaded again
 *
 * Return: true if it is for its engine's rearm() to do so.
 */
bool site_renew(struct cov_site *site);

/**
 * struct rearming - which of a target's sites to arm again
 * @wants: asked once for each site; where it says true, site_renew() follows
 * @failed: told of each that its engine could not arm; may be NULL
 * @context: for @wants
 * @failures: out: those sites; empty at the beginning
 */
struct rearming {
	bool (*wants)(struct cov_site *site, void *context);
	void (*failed)(struct cov_site *site);
	void *context;
	struct renewed failures;
};

/**
 * rearm_sites - have each engine arm its sites again, many at once
 * @target: whose
 * @rearming: which
 *
 * A site that its engine cannot arm vouches for nothing. It is PENDING if the engine has let go of
 * it, else REFUSED, and target_change_engines() has the others try it. The targets' lock is held;
 * sleeps.
 */
void rearm_sites(struct cov_target *target, struct rearming *rearming);

#endif /* LIVECOV_REARM_H */
