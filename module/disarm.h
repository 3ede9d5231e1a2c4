/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * disarm.h - from a handler, which may neither lock nor sleep, to a worker, which may:
 * sites that have done their work are handed over to be disarmed.
 */
#ifndef LIVECOV_DISARM_H
#define LIVECOV_DISARM_H

struct cov_site;

/**
 * cov_disarm_later - queue a one-shot site for the disarm worker
 * @site: the caller has turned it from ARMED to DISARMING: once for each arming
 *
 * Any context, NMI included, with preemption off; takes no lock. The worker disarms it and makes
 * it DISARMED.
 */
void cov_disarm_later(struct cov_site *site);

/**
 * cov_disarm_flush - wait until every site queued so far is DISARMED
 *
 * Sleeps. The targets' lock may be held, which the worker does not take; locks under which text
 * is changed must not. After it, and if no handler can run on a site any more, nothing refers to
 * the site.
 */
void cov_disarm_flush(void);

#endif /* LIVECOV_DISARM_H */
