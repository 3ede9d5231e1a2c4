// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * samples.c - the list of samples, and which sample's coverage a handle shows. May call
 * cov.c.
 */
#include <stdlib.h>

#include "internal.h"

/* Ids requested in one call. */
#define GROUP	4096

static int list_samples(struct cov *cov, uint32_t first, uint64_t *ids, uint32_t *count)
{
	uint32_t room = *count < COV_RANGE_MAX ? *count : COV_RANGE_MAX;
	struct cov_samples request = {
		.first = first,
		.count = room,
		.buffer = cov_ptr(ids),
	};
	int ret = cov_call_since(cov, 1, COV_IOC_SAMPLES, &request, "list the samples");

	*count = 0;
	if (ret)
		return ret;
	if (request.count > room)
		return cov_fail(cov, EPROTO, "livecov gave more samples than were wanted; please report this");
	*count = request.count;
	return 0;
}

COV_PUBLIC int cov_samples(struct cov *cov, uint32_t first, uint64_t *ids, uint32_t *count)
{
	cov_begin(cov);
	if (!ids || !count || !*count)
		return cov_fail(cov, EINVAL, "there is no room for samples' ids");
	return list_samples(cov, first, ids, count);
}

int cov_samples_all(struct cov *cov, uint64_t **ids, uint32_t *count)
{
	uint32_t more;

	*ids = NULL;
	*count = 0;
	do {
		uint64_t *grown = realloc(*ids, ((size_t)*count + GROUP) * sizeof(**ids));
		int ret;

		if (!grown)
			return cov_fail(cov, ENOMEM, "no memory for samples' ids");
		*ids = grown;
		more = GROUP;
		ret = list_samples(cov, *count, *ids + *count, &more);
		if (ret)
			return ret;
		*count += more;
	} while (more);
	return 0;
}

/* 1 if there is such a sample, 0 if not, or -errno; @ids has GROUP entries. */
static int search(struct cov *cov, uint64_t sample, uint64_t *ids)
{
	uint32_t first = 0;
	uint32_t count, i;

	do {
		int ret;

		count = GROUP;
		ret = list_samples(cov, first, ids, &count);
		if (ret)
			return ret;
		for (i = 0; i < count; i++)
			if (ids[i] == sample)
				return 1;
		first += count;
	} while (count);
	return 0;
}

/*
 * Checked here, because it is the last place where "no such sample" can be distinguished
 * from "no such target". Once a sample exists, it stays.
 */
static int check_sample(struct cov *cov, uint64_t sample)
{
	uint64_t *ids = malloc(GROUP * sizeof(*ids));
	int found;

	if (!ids)
		return cov_fail(cov, ENOMEM, "no memory for samples' ids");
	found = search(cov, sample, ids);
	free(ids);
	if (found)
		return found < 0 ? found : 0;
	return cov_fail(cov, ENOENT, "there is no sample %llu; `covstat samples` lists them",
			(unsigned long long)sample);
}

COV_PUBLIC int cov_view(struct cov *cov, uint64_t sample)
{
	int ret = 0;

	cov_begin(cov);
	if (!sample && cov->minor < 1)	/* has only that view */
		return 0;
	if (sample)
		ret = check_sample(cov, sample);
	if (!ret)
		ret = cov_set_view(cov, sample);
	if (!ret)
		cov->view = sample;
	return ret;
}
