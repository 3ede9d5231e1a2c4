/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * engines.h - what the tests of the engines that change text themselves share. May
 * call control.h and coexist.h.
 */
#ifndef SUITE_ENGINES_H
#define SUITE_ENGINES_H

#include "coexist.h"

/* Every engine, for loops; those that change text themselves come first. */
extern const unsigned int engines_all[];
#define NR_ENGINES_ALL		5
#define NR_ENGINES_FAST		4

/* engine_name - for messages */
const char *engine_name(unsigned int engine);

/* attach_with - attach_by(), where this kernel has the engine; else the test is skipped */
uint32_t attach_with(int fd, const char *module, const char *glob, unsigned int engine,
		     unsigned int mode, unsigned int scope);

struct cov_engines engines_of(int fd, uint32_t target);

/* show - what COV_IOC_VIEW shows on this file from now on */
void show(int fd, uint64_t sample);

/**
 * struct work_counts - what has been seen of covlife_work(), which has two conditional jumps:
 *			the first is never taken, the second if its argument is even
 * @work: entries
 * @odd: entries of covlife_odd()
 * @even: entries of covlife_even(), which is also in the way of covlife_forbidden()
 * @branch: outcomes of the first and the second: not taken, taken
 */
struct work_counts {
	uint64_t work, odd, even;
	uint64_t branch[2][2];
};

struct work_counts work_counts(int fd, uint32_t target);

/* expect_work - every number of them is what so many calls give */
void expect_work(const struct work_counts *counts, uint64_t odd, uint64_t even);

/* fresh_livecov - unload and load it: no sample is known */
void fresh_livecov(void);

extern const struct test_group engines_abi, engines_counts, engines_inside, engines_islands,
				engines_settle;

#endif /* SUITE_ENGINES_H */
