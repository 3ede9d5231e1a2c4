/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * engine.h - what an engine is: a way to have cov_hit() called when execution
 * passes a site. probe.c has the one on kprobes. Every call sleeps, and is made
 * under the targets' lock unless it says otherwise.
 */
#ifndef LIVECOV_ENGINE_H
#define LIVECOV_ENGINE_H

#include "checkpoint.h"

#define ENGINE_MAX_BYTES	5	/* a near jump or call */

/**
 * struct cov_engine - a way to arm sites
 * @id: COV_ENGINE_*
 * @arm: arm @n PENDING sites; each is ARMED afterwards or has been given to
 *	 checkpoints_refuse()
 * @disarm: stop hits at an ARMED or DISARMING site, but keep what arming cost;
 *	    called by the disarm worker without the targets' lock
 * @rearm: arm a DISARMED site again; 0 or -errno
 * @release: give back everything of @n sites, and add what they had missed to
 *	     their target; when it returns no handler runs on them any more and
 *	     the text is as it was. Sites without engine_data are passed over. Their
 *	     states are the caller's business.
 * @missed: hits at a site that the kernel says it skipped
 * @original: which bytes the engine has changed, and what they were before; how
 *	      many, at most ENGINE_MAX_BYTES
 */
struct cov_engine {
	u32 id;
	void (*arm)(struct cov_site **sites, u32 n);
	void (*disarm)(struct cov_site *site);
	int (*rearm)(struct cov_site *site);
	void (*release)(struct cov_site **sites, u32 n);
	u64 (*missed)(const struct cov_site *site);
	u32 (*original)(const struct cov_site *site, unsigned long *address, u8 *bytes);
};

extern const struct cov_engine cov_engine_kprobe;

#endif /* LIVECOV_ENGINE_H */
