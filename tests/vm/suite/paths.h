/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * paths.h - what the tests of caller records share. May call engines.h.
 */
#ifndef SUITE_PATHS_H
#define SUITE_PATHS_H

#include "engines.h"

#define RECORDS_MAX	512

/* What COV_IOC_CALLERS gives, all of it. */
struct records {
	struct cov_caller all[RECORDS_MAX];
	uint32_t count;
	uint64_t lost;
};

/* read_records - those that @request asks for, a few at a time */
void read_records(int fd, struct records *records, struct cov_callers request);

/* pairs_of - those that lead to a target */
void pairs_of(int fd, struct records *records, uint32_t target);

/* attach_paths - covlife_work(), covlife_odd() and covlife_even(), with COV_ATTACH_PATHS */
uint32_t attach_paths(int fd, unsigned int engine, unsigned int mode, unsigned int scope);

/**
 * struct way - the cells that covlife_work() passes, by its argument
 * @work: its entry
 * @common: the outcome of its first branch
 * @turn: of its second: even, odd
 * @callee: entries of covlife_even() and covlife_odd()
 */
struct way {
	uint32_t work, common, turn[2], callee[2];
};

/* way_of - found by passing it twice; the target's hits and records are forgotten after that */
struct way way_of(int fd, uint32_t target);

/* turn_of_work - the second branch of covlife_work(), which tells odd from even */
struct cov_branch turn_of_work(int fd, uint32_t target);

/* offset_of_turn - where it is in the function; found by attaching for a moment */
uint64_t offset_of_turn(int fd);

#define START	COV_NONE	/* as a cell: no checkpoint came before */

/* came - how often cell @to was passed right after @from */
uint64_t came(const struct records *records, uint32_t from, uint32_t to);

/* called - how often a function was called, whoever did */
uint64_t called(const struct records *records, uint32_t to);

/* nr_paths - records that are not a caller's */
uint32_t nr_paths(const struct records *records);

#define SAMPLE	71

/*
 * poke_as_sample - for start(): one after the other the values up to 0, by a task that is
 * not known yet, so that nothing came before
 */
void poke_as_sample(void *values);

/* start_waiter - a task that sleeps in poll() until there is news; finish() it then */
pid_t start_waiter(void);

extern const struct test_group paths_news;	/* poll(), COV_IOC_NEWS */
extern const struct test_group paths_by_hand;	/* checkpoints beside others */
extern const struct test_group paths_yield;	/* several at one place */

#endif /* SUITE_PATHS_H */
