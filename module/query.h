/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * query.h - a target's tables and numbers in the ABI's form. Reads targets; changes nothing of them
 * but that it opens and closes them, and notes implied outcomes in cells (implied.h).
 * cov_targets_lock is held for every call, and they sleep.
 */
#ifndef LIVECOV_QUERY_H
#define LIVECOV_QUERY_H

#include "target_list.h"

/* The tables of a target. */
enum query_table {
	QUERY_FUNCTIONS,
	QUERY_BLOCKS,
	QUERY_BRANCHES,
	QUERY_SECTIONS,
	QUERY_NAMES,
	QUERY_EDGES,
	QUERY_OUTCOMES,
};

/**
 * struct query_answer - an array for user space: copied there when the lock has been released
 * @bytes: the array; the caller zeroes it before a query, and kvfree()s it, also after an error
 * @size: of it, bytes
 */
struct query_answer {
	void *bytes;
	size_t size;
};

/**
 * query_range - make entries of a table
 * @target: whose
 * @table: which
 * @range: in: first entry, room; out: @count and @generation
 * @sample: what this sample has covered, or 0 for everything
 * @answer: out: the entries, @range->count of the table's struct in cov_ioctl.h
 * @error: out: a sentence for the caller, after an error
 *
 * Return: 0; -ENOMEM; -ENOENT: no such sample; -EOPNOTSUPP: a sample, in scope all.
 */
int query_range(struct cov_target *target, enum query_table table,
		struct cov_range *range, u64 sample, struct query_answer *answer,
		struct cov_error *error);

/**
 * query_target - a target's numbers
 * @target: whose
 * @info: out: all members; unchanged after an error
 * @sample: what this sample has covered, or 0 for everything
 * @error: out: a sentence for the caller, after an error
 *
 * Return: 0; -ENOMEM; -ENOENT: no such sample; -EOPNOTSUPP: a sample, in scope all.
 */
int query_target(struct cov_target *target, struct cov_target_info *info,
		 u64 sample, struct cov_error *error);

/* query_engines - how many of a target's sites each engine has, and why branches have no detour */
void query_engines(const struct cov_target *target, struct cov_engines *engines);

/* query_refusals - how many sites were refused, by errno; together struct site_counts' @refused */
void query_refusals(const struct cov_target *target, struct cov_refusals *refusals);

/**
 * struct site_counts - a target's sites, by their state; the members of struct cov_target_info
 * @total: all but witnesses, and those of blocks of which no instruction can take one
 * @pending: not armed yet
 * @armed: now
 * @disarmed: have shown everything they can
 * @refused: could not be armed
 * @gone: their text was unloaded
 */
struct site_counts {
	u32 total;
	u32 pending;
	u32 armed;
	u32 disarmed;
	u32 refused;
	u32 gone;
};

/* query_sites - count a target's sites */
struct site_counts query_sites(const struct cov_target *target);

/**
 * query_text - copy a target's text as it was before livecov patched it
 * @target: whose
 * @text: in: address and length, in bytes
 * @answer: out: the bytes
 * @error: out: a sentence for the caller, after an error
 *
 * Return: 0; -ENODEV: the module is unloaded; -EINVAL: not all of it is the target's text;
 * -ENOMEM; -EFAULT: it cannot be read.
 */
int query_text(const struct cov_target *target, const struct cov_text *text,
	       struct query_answer *answer, struct cov_error *error);

/* query_status - livecov as a whole: sums over all targets, sizes and use of the tables */
void query_status(struct cov_status *status);

#endif /* LIVECOV_QUERY_H */
