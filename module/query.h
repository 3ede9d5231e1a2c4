/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * query.h - a target's tables and numbers in the ABI's form. Reads targets;
 * changes nothing. cov_targets_lock is held for every call, and they sleep.
 */
#ifndef LIVECOV_QUERY_H
#define LIVECOV_QUERY_H

#include "target.h"

/* The tables of a target. */
enum query_table {
	QUERY_FUNCTIONS,
	QUERY_BLOCKS,
	QUERY_BRANCHES,
	QUERY_SECTIONS,
	QUERY_NAMES,
};

/* An array for user space: copied there when the lock has been given back. */
struct query_answer {
	void *bytes;	/* kvfree() */
	size_t size;
};

/**
 * query_range - make entries of a table
 * @target: whose
 * @table: which
 * @range: first entry, room; @count and @generation are filled in
 * @sample: what this sample has covered, or 0 for everything
 * @answer: the entries
 * @error: a sentence for the caller
 *
 * Return: 0, -ENOMEM, -ENOENT no such sample, -EOPNOTSUPP not in this scope.
 */
int query_range(struct cov_target *target, enum query_table table,
		struct cov_range *range, u64 sample, struct query_answer *answer,
		struct cov_error *error);

/* query_target - a target's numbers; errors as above */
int query_target(struct cov_target *target, struct cov_target_info *info,
		 u64 sample, struct cov_error *error);

/* query_engines - which engines have a target's sites, and why not others */
void query_engines(const struct cov_target *target, struct cov_engines *engines);

/* query_refusals - why sites were refused; together what query_sites() has as refused */
void query_refusals(const struct cov_target *target, struct cov_refusals *refusals);

/* query_sites - of a target's numbers those of its sites alone */
void query_sites(const struct cov_target *target, struct cov_target_info *info);

/* query_text - copy pristine text; 0, -ENODEV, -EINVAL, -ENOMEM, -EFAULT */
int query_text(const struct cov_target *target, const struct cov_text *text,
	       struct query_answer *answer, struct cov_error *error);

/* query_status - livecov as a whole */
void query_status(struct cov_status *status);

#endif /* LIVECOV_QUERY_H */
