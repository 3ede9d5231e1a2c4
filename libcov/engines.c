// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * engines.c - what armed a target's sites, and why some could not be. May call cov.c.
 */
#include <string.h>

#include "internal.h"

COV_PUBLIC int cov_engines(struct cov *cov, uint32_t target, struct cov_engine_counts *counts)
{
	struct cov_engines request = { .target = target };
	struct cov_engine_counts ours = COV_INIT(ours);
	int ret;

	cov_begin(cov);
	ret = cov_call_since(cov, 1, COV_IOC_ENGINES, &request, "ask for a target's engines");
	if (ret)
		return ret;
	memcpy(ours.sites, request.sites, sizeof(ours.sites));
	memcpy(ours.why, request.why, sizeof(ours.why));
	ours.stub_bytes = request.stub_bytes;
	ours.stub_room = request.stub_room;
	ret = cov_give(counts, &ours, sizeof(ours));
	return ret ? cov_fail(cov, -ret, "struct cov_engine_counts: set its size") : 0;
}

COV_PUBLIC int cov_refusals(struct cov *cov, uint32_t target, struct cov_refusal_counts *counts)
{
	struct cov_refusals request = { .target = target };
	struct cov_refusal_counts ours = COV_INIT(ours);
	uint32_t i;
	int ret;

	cov_begin(cov);
	ret = cov_call_since(cov, 3, COV_IOC_REFUSALS, &request, "ask for a target's refusals");
	if (ret)
		return ret;
	if (request.count > COV_REFUSALS_MAX)
		return cov_fail(cov, EPROTO, "livecov gave more refusals than there may be; please report this");
	ours.count = request.count;
	for (i = 0; i < request.count; i++) {
		ours.errors[i] = request.of[i].error;
		ours.sites[i] = request.of[i].sites;
	}
	ret = cov_give(counts, &ours, sizeof(ours));
	return ret ? cov_fail(cov, -ret, "struct cov_refusal_counts: set its size") : 0;
}
