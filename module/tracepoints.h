/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracepoints.h - following tracepoints of the kernel's own, which are found by name:
 * their addresses are not exported. Owns nothing.
 */
#ifndef LIVECOV_TRACEPOINTS_H
#define LIVECOV_TRACEPOINTS_H

#include <linux/tracepoint.h>

/**
 * struct followed - a tracepoint and what it calls
 * @name: its name
 * @probe: called with NULL as the data
 * @tp: it, once found
 * @registered: it calls @probe
 */
struct followed {
	const char *name;
	void *probe;
	struct tracepoint *tp;
	bool registered;
};

/* tracepoints_follow - all or none; -ENOENT if the kernel has not got one. Sleeps. */
int tracepoints_follow(struct followed *followed, u32 n);

/* tracepoints_unfollow - when it returns, no probe of them runs any more */
void tracepoints_unfollow(struct followed *followed, u32 n);

#endif /* LIVECOV_TRACEPOINTS_H */
