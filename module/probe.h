/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * probe.h - what probe.c does beyond struct cov_engine.
 */
#ifndef LIVECOV_PROBE_H
#define LIVECOV_PROBE_H

#include "site.h"

/**
 * probe_place - where a kprobe on a site is, or would be: kprobes moves it behind an endbr64
 * @site: the site
 *
 * The targets' lock is held; does not sleep. Return: the instruction's address.
 */
unsigned long probe_place(const struct cov_site *site);

/**
 * probe_may_stay_stepping - might a kprobe on a site not notice that its instruction has faulted?
 * @site: the site; it may have a kprobe
 *
 * Then no breakpoint of livecov's may be in any text (target_yield.c). The targets' lock is held;
 * does not sleep. Return: true also if another user hides the instruction, and one nearby has a
 * fixup.
 */
bool probe_may_stay_stepping(const struct cov_site *site);

/**
 * probe_refuses - is a kprobe out of the question, whatever other patches give way to it?
 * @site: the site; it has no kprobe
 *
 * The targets' lock is held; does not sleep. Return: 0, or the errno with which arming will fail.
 */
int probe_refuses(const struct cov_site *site);

#endif /* LIVECOV_PROBE_H */
