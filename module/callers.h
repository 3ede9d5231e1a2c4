/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * callers.h - the caller table in the ABI's form.
 */
#ifndef LIVECOV_CALLERS_H
#define LIVECOV_CALLERS_H

#include "query.h"

/**
 * callers_read - read some records
 * @arg: what is wanted; out: @cursor, @count and @lost
 * @answer: out: an array of struct cov_caller; kvfree() its @bytes, also after an error
 * @error: out: a sentence for the caller, after an error
 *
 * cov_targets_lock is held. Sleeps. Return: 0; -EINVAL: no such cursor; -ENOENT: no such
 * target; -ENOMEM.
 */
int callers_read(struct cov_callers *arg, struct query_answer *answer, struct cov_error *error);

#endif /* LIVECOV_CALLERS_H */
