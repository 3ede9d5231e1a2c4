// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracepoints.c - see tracepoints.h.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "tracepoints.h"

struct search {
	struct followed *followed;
	u32 n;
};

static void find_tracepoint(struct tracepoint *tp, void *data)
{
	struct search *search = data;
	u32 i;

	for (i = 0; i < search->n; i++)
		if (!strcmp(tp->name, search->followed[i].name))
			search->followed[i].tp = tp;
}

void tracepoints_unfollow(struct followed *followed, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		if (followed[i].registered)
			tracepoint_probe_unregister(followed[i].tp, followed[i].probe, NULL);
		followed[i].registered = false;
	}
	tracepoint_synchronize_unregister();
}

static int follow_one(struct followed *one)
{
	int err;

	if (!one->tp) {
		pr_err("this kernel has no tracepoint %s\n", one->name);
		return -ENOENT;
	}
	err = tracepoint_probe_register_prio(one->tp, one->probe, NULL,
					     one->last ? INT_MIN : TRACEPOINT_DEFAULT_PRIO);
	one->registered = !err;
	return err;
}

int tracepoints_follow(struct followed *followed, u32 n)
{
	struct search search = { followed, n };
	int err = 0;
	u32 i;

	for_each_kernel_tracepoint(find_tracepoint, &search);
	for (i = 0; !err && i < n; i++)
		err = follow_one(&followed[i]);
	if (err)
		tracepoints_unfollow(followed, n);
	return err;
}
