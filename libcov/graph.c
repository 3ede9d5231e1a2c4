// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * graph.c - control flow between blocks, as livecov knows it. May call cov.c.
 */
#include <stdlib.h>

#include "internal.h"

/**
 * struct cov_flow - see libcov.h
 * @target: whose
 * @function: index: it and its cold parts; COV_NONE for all
 */
struct cov_flow {
	const struct snapshot_target *target;
	uint32_t function;
};

int cov_graph_check(struct cov *cov, const struct snapshot_target *target)
{
	if (target->edges)
		return 0;
	return cov_fail_older(cov, "does not tell where blocks lead");
}

COV_PUBLIC int cov_flow_open(struct cov *cov, const struct cov_snapshot *snapshot,
			     unsigned int t, unsigned int function, struct cov_flow **out)
{
	struct cov_flow *flow;
	int ret;

	cov_begin(cov);
	*out = NULL;
	if (t >= snapshot->count ||
	    (function != COV_NONE && function >= snapshot->targets[t].info.functions))
		return cov_fail(cov, ERANGE, "there is no such function in the snapshot");
	ret = cov_graph_check(cov, &snapshot->targets[t]);
	if (ret)
		return ret;
	flow = malloc(sizeof(*flow));
	if (!flow)
		return cov_fail(cov, ENOMEM, "no memory for the control flow");
	*flow = (struct cov_flow){ &snapshot->targets[t], function };
	*out = flow;
	return 0;
}

COV_PUBLIC void cov_flow_close(struct cov_flow *flow)
{
	free(flow);
}

static bool is_wanted(const struct cov_flow *flow, uint32_t function)
{
	const struct cov_function *f = &flow->target->functions[function];

	return flow->function == COV_NONE || flow->function == function ||
	       (f->flags & COV_FUNCTION_COLD && f->parent == flow->function);
}

COV_PUBLIC int cov_flow_next(const struct cov_flow *flow, unsigned int block,
			     unsigned int *behind, unsigned int *jump)
{
	const struct snapshot_target *target = flow->target;
	bool wanted;

	if (block >= target->info.blocks)
		return cov_set_errno(ERANGE);
	wanted = is_wanted(flow, target->blocks[block].function);
	*behind = wanted ? target->edges[block].next : COV_NONE;
	*jump = wanted ? target->edges[block].jump : COV_NONE;
	return 0;
}
