/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * disarm.h - from a handler, which may do nothing, to a worker, which may sleep:
 * sites that have done their work are handed over to be disarmed.
 */
#ifndef LIVECOV_DISARM_H
#define LIVECOV_DISARM_H

struct cov_site;

/* cov_disarm_later - queue an ARMED one-shot site; any context, once for each arming */
void cov_disarm_later(struct cov_site *site);

/*
 * cov_disarm_flush - wait until every site queued so far is DISARMED. Sleeps. After
 * it, and if no handler can run on a site any more, nothing refers to the site.
 */
void cov_disarm_flush(void);

#endif /* LIVECOV_DISARM_H */
