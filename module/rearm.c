// SPDX-License-Identifier: GPL-2.0-only
/*
 * rearm.c - see rearm.h. Owns nothing.
 */
#include "checkpoint.h"
#include "rearm.h"
#include "target.h"
#include "targets_lock.h"

bool site_renew(struct cov_site *site)
{
	site->error = 0;
	site->slow = false;
	WRITE_ONCE(site->state, site->engine ? COV_SITE_ARMED : COV_SITE_PENDING);
	return site->engine;
}

/* One engine's sites that are to be armed next. */
struct batch {
	struct cov_site *sites[REARM_BATCH];
	u32 n;
};

static void note_failed(struct cov_site *site, struct rearming *rearming)
{
	renewed_add(&rearming->failures, site);
	site->watched = false;
	if (site->engine)
		checkpoints_refuse(site, -(int)site->error);
	else
		WRITE_ONCE(site->state, COV_SITE_PENDING);
	if (rearming->failed)
		rearming->failed(site);
}

static void rearm_batch(struct batch *batch, struct rearming *rearming)
{
	u32 i;

	if (!batch->n)
		return;
	engine_of(batch->sites[0])->rearm(batch->sites, batch->n);
	for (i = 0; i < batch->n; i++)
		if (batch->sites[i]->error)
			note_failed(batch->sites[i], rearming);
	batch->n = 0;
}

static void rearm_of_engine(struct cov_target *target, u8 engine, struct rearming *rearming)
{
	static struct batch batch;	/* under the targets' lock */
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	for_each_site(site, chunk, i, &target->cps) {
		if (site->engine != engine || !rearming->wants(site, rearming->context) ||
		    !site_renew(site))
			continue;
		if (batch.n == ARRAY_SIZE(batch.sites))
			rearm_batch(&batch, rearming);
		batch.sites[batch.n++] = site;
	}
	rearm_batch(&batch, rearming);
}

/*
 * The sites of an engine together: each call changes text in steps that interrupt all CPUs, or
 * ftrace's filter. Those without an engine come first: an engine that fails may leave more.
 */
void rearm_sites(struct cov_target *target, struct rearming *rearming)
{
	u8 engine;

	lockdep_assert_held(&cov_targets_lock);
	BUILD_BUG_ON(SITE_NO_ENGINE);
	for (engine = SITE_NO_ENGINE; engine < COV_ENGINES; engine++)
		rearm_of_engine(target, engine, rearming);
}
