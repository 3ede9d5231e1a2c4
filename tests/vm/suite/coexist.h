/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * coexist.h - covtarget at work on both CPUs while its text is patched, for the
 * tests of who else patches there. May call control.h.
 */
#ifndef SUITE_COEXIST_H
#define SUITE_COEXIST_H

#include "control.h"
#include "../../target/covtarget.h"

#define COEXIST_TARGET	"covtarget"

/* covt - call covt_NAME(); what it returned */
long long covt(int device, enum covt_function function, uint64_t a, uint64_t b, uint64_t c);

/* covt_open - covtarget's device; covtarget is loaded first if need be */
int covt_open(void);

/*
 * exercise - call every function whose result a wrongly moved instruction would
 * spoil, and expect the right one
 */
void exercise(int device);

/**
 * struct workers - two processes, one on each CPU, that exercise for ever
 * @passes: how often each has
 * @pids: the processes
 */
struct workers {
	unsigned long *passes;
	pid_t pids[2];
};

void workers_start(struct workers *workers);
/* workers_pass - each has made a pass that began after this call */
void workers_pass(const struct workers *workers);
/* workers_stop - and every result was right */
void workers_stop(struct workers *workers);

/* attach_covtarget - all of it, mode edges, scope all, armed; the target's id */
uint32_t attach_covtarget(int fd, unsigned int engine);

/* covtarget_text - a copy of all its text, without asking livecov */
void covtarget_text(struct text *text);

/* is_text_of_covtarget - is it what such a copy has? */
bool is_text_of_covtarget(const struct text *text);

/**
 * struct island - where a short jump of covtarget's and its island (module/region.h) have been
 *		   patched; offsets from the function's first byte
 * @name: of the function
 * @base: of its first byte in covtarget_text()
 * @jump: the conditional jump
 * @begin: the island, which begins with a jump
 * @second: the island's second jump, to which the short one leads
 */
struct island {
	const char *name;
	uint64_t base;
	uint64_t jump;
	uint64_t begin;
	uint64_t second;
};

/* island_of - of a function's first conditional jump, which must have one now */
struct island island_of(int fd, uint32_t target, const char *name);

/* The tests that need a file of their own. */
extern const struct test_group coexist_probes;

#endif /* SUITE_COEXIST_H */
