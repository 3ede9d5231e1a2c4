/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracepoints.h - probes on the kernel's own tracepoints, which are found by name:
 * their addresses are not exported. Owns nothing.
 */
#ifndef LIVECOV_TRACEPOINTS_H
#define LIVECOV_TRACEPOINTS_H

#include <linux/tracepoint.h>

/**
 * struct followed - a tracepoint and what it calls
 * @name: of the tracepoint
 * @probe: called with NULL as the data, then the tracepoint's arguments
 * @last: call it after all others' probes
 * @tp: the tracepoint, once found
 * @registered: it calls @probe
 */
struct followed {
	const char *name;
	void *probe;
	bool last;
	struct tracepoint *tp;
	bool registered;
};

/**
 * tracepoints_follow - find tracepoints and register their probes, all or none
 * @followed: the tracepoints; in use until tracepoints_unfollow()
 * @n: how many
 *
 * Sleeps; takes tracepoints' own lock. Return: 0; -ENOENT if the kernel lacks one; errors of
 * tracepoint_probe_register_prio().
 */
int tracepoints_follow(struct followed *followed, u32 n);

/**
 * tracepoints_unfollow - unregister the probes
 * @followed: as given to tracepoints_follow(), also after an error of it
 * @n: how many
 *
 * Sleeps; takes tracepoints' own lock. When it returns, no probe of them runs any more.
 */
void tracepoints_unfollow(struct followed *followed, u32 n);

#endif /* LIVECOV_TRACEPOINTS_H */
