/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * samples_expected.h - what calls of covtarget's functions imply, place by place, from
 * tests/target/cases.py, and what livecov's tables say of the same places. May call
 * control.h.
 */
#ifndef SUITE_SAMPLES_EXPECTED_H
#define SUITE_SAMPLES_EXPECTED_H

#include "control.h"
#include "../../target/covtarget.h"

#define MAX_ITEMS	512	/* marks and jumps */
#define MAX_FUNCTIONS	96
#define MAX_CASES	256

/* Of an item: what has been seen, or must have been. */
#define SEEN		1	/* the mark ran; the jump was taken */
#define SEEN_NOT	2	/* the jump was not taken */

/**
 * struct coverage - of one sample, or implied for one
 * @entries: of each function
 * @items: SEEN* of each item
 * @unknown: SEEN* of which livecov says that it cannot be known
 */
struct coverage {
	uint64_t entries[MAX_FUNCTIONS];
	uint8_t items[MAX_ITEMS];
	uint8_t unknown[MAX_ITEMS];
};

/* A call, and what it returns. */
struct call {
	enum covt_function function;
	uint64_t a, b, c;
	long long result;
};

/* expected_load - have cases.py run, once for this program; read what it says */
void expected_load(void);

/* How many calls it told of, and how many places. */
unsigned int expected_calls(void);
unsigned int expected_items(void);

/* expected_call - one of them; what it implies is added to @coverage, @times over */
struct call expected_call(unsigned int i, struct coverage *coverage, unsigned int times);

/* expected_call_of - the same, of those of one function, the @i-th, again and again */
struct call expected_call_of(enum covt_function function, unsigned int i,
			     struct coverage *coverage, unsigned int times);

/* expected_ifs - the same for ifs_100(mask) */
struct call expected_ifs(uint64_t mask, struct coverage *coverage, unsigned int times);

/* expected_attach - attach to the functions of all these calls, scope tracked; armed */
uint32_t expected_attach(int fd, unsigned int mode);

/* coverage_read - what livecov says in the file's view */
void coverage_read(int fd, uint32_t target, struct coverage *coverage);

/*
 * expect_coverage - it says what is implied. In mode count entries are counts; in mode
 * blocks an outcome may be unknown.
 */
void expect_coverage(const struct coverage *said, const struct coverage *implied,
		     unsigned int mode);

#endif /* SUITE_SAMPLES_EXPECTED_H */
