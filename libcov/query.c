// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * query.c - answers in one call: a target, numbers, status, text, the next unhit place.
 * May call cov.c, snapshot.c, snapshot_get.c and rank.c.
 */
#include <string.h>

#include "internal.h"

COV_PUBLIC int cov_next_target(struct cov *cov, uint32_t after, struct cov_target_desc *out)
{
	int ret;

	cov_begin(cov);
	ret = cov_target_next(cov, after, &cov->shown);
	if (ret)
		return ret;
	ret = cov_target_give(&cov->shown, cov->shown.sections, out);
	return ret ? cov_fail(cov, -ret, "struct cov_target_desc: set its size") : 0;
}

COV_PUBLIC int cov_counts(struct cov *cov, uint32_t target, struct cov_totals *totals)
{
	struct cov_snapshot *snapshot;
	int ret;

	cov_begin(cov);
	ret = cov_snapshot_id(cov, target, &snapshot);
	if (ret)
		return ret;
	ret = cov_snapshot_totals(snapshot, target ? 0 : COV_NONE, totals);
	cov_snapshot_free(snapshot);
	return ret ? cov_fail(cov, -ret, "struct cov_totals: set its size") : 0;
}

COV_PUBLIC int cov_status(struct cov *cov, struct cov_summary *out)
{
	struct cov_version version;
	struct cov_status status;
	struct cov_summary ours;
	int ret;

	cov_begin(cov);
	memset(&version, 0, sizeof(version));
	memset(&status, 0, sizeof(status));
	ret = cov_call(cov, COV_IOC_VERSION, &version, "read livecov's version");
	if (!ret)
		ret = cov_call(cov, COV_IOC_STATUS, &status, "read livecov's status");
	if (ret)
		return ret;
	ours = (struct cov_summary){
		.abi_major = version.abi_major,
		.abi_minor = version.abi_minor,
		.modes = version.modes,
		.scopes = version.scopes,
		.engines = version.engines,
		.targets = status.targets,
		.checkpoints = status.checkpoints,
		.checkpoints_max = status.checkpoints_max,
		.tasks = status.tasks,
		.tasks_max = status.tasks_max,
		.callers = status.callers,
		.callers_max = status.callers_max,
		.tasks_lost = status.tasks_lost,
		.callers_lost = status.callers_lost,
		.missed = status.missed,
		.refused = status.refused,
	};
	memcpy(ours.release, version.release, sizeof(ours.release));
	ours.release[sizeof(ours.release) - 1] = '\0';
	ret = cov_give(out, &ours, sizeof(ours));
	return ret ? cov_fail(cov, -ret, "struct cov_summary: set its size") : 0;
}

COV_PUBLIC int cov_text(struct cov *cov, uint32_t target, uint64_t address, void *buffer,
			size_t length)
{
	size_t done = 0;

	cov_begin(cov);
	if (!length)
		return cov_fail(cov, EINVAL, "no bytes of text wanted");
	while (done < length) {
		struct cov_text request = {
			.target = target,
			.length = length - done < COV_TEXT_MAX ? length - done : COV_TEXT_MAX,
			.address = address + done,
			.buffer = cov_ptr((char *)buffer + done),
		};
		int ret = cov_call(cov, COV_IOC_TEXT, &request, "read text");

		if (ret)
			return ret;
		done += request.length;
	}
	return 0;
}

static bool has_level(const struct cov_snapshot *snapshot, uint64_t levels)
{
	uint32_t t, i;

	for (t = 0; t < snapshot->count; t++)
		for (i = 0; i < snapshot->targets[t].info.functions; i++)
			if (snapshot->targets[t].functions[i].levels & levels)
				return true;
	return false;
}

/* Why is there no further place? Everything was reached only if there is something. */
static int fail_no_more(struct cov *cov, const struct cov_snapshot *snapshot, uint64_t levels)
{
	if (snapshot->left_out && !snapshot->count)
		return cov_fail_levels(cov, "nothing");
	if (!snapshot->count)
		return cov_fail(cov, ENOENT, "nothing is attached; run `covstat attach MODULE`");
	if (levels && !has_level(snapshot, levels))
		return cov_fail_levels(cov, "no function");
	return cov_fail(cov, ENOENT, "nothing more that was not reached");
}

static int next_unhit(struct cov *cov, unsigned int skip, uint64_t levels,
		      unsigned int flags, struct cov_unhit *out)
{
	struct cov_snapshot *snapshot;
	struct cov_ranking *ranking;
	int ret;

	ret = cov_snapshot_take(cov, NULL, &snapshot);
	if (ret)
		return ret;
	ret = cov_rank(cov, snapshot, levels, flags, &ranking);
	if (!ret) {
		ret = cov_ranking_get(ranking, skip, out);
		cov_ranking_free(ranking);
		if (ret == -ERANGE)
			ret = fail_no_more(cov, snapshot, levels);
		else if (ret)
			ret = cov_fail(cov, -ret, "struct cov_unhit: set its size");
	}
	cov_snapshot_free(snapshot);
	return ret;
}

COV_PUBLIC int cov_next_unhit_function(struct cov *cov, unsigned int skip, uint64_t level,
				       struct cov_unhit *out)
{
	return next_unhit(cov, skip, level, COV_RANK_FUNCTIONS_ONLY, out);
}

COV_PUBLIC int cov_next_unhit_checkpoint(struct cov *cov, unsigned int skip, uint64_t level,
					 struct cov_unhit *out)
{
	return next_unhit(cov, skip, level, 0, out);
}
