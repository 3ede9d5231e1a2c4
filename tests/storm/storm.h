/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * storm.h - what the storms share: how long, at random from which seed, and what has to be
 * true when one has passed. Built on the suite's harness; see tests/vm/suite.
 */
#ifndef STORM_H
#define STORM_H

#include "../vm/suite/coexist.h"

/* storm_begin - covtarget is loaded; its text is what it will have to be at the end */
void storm_begin(const char *name);

/* storm_goes_on - until the storm's time is up; LIVECOV_STORM_SECONDS for each */
bool storm_goes_on(void);

/*
 * storm_end - nobody is attached or tracked, the text of covtarget is what it was, and what
 * a clean load gives, livecov can be unloaded, and the kernel has said nothing
 */
void storm_end(void);

/* --- at random; LIVECOV_STORM_SEED decides ---------------------------------------------- */

/* any - 0 .. n - 1 */
unsigned int any(unsigned int n);

/* reseed - a child's own order */
void reseed(unsigned int number);

/*
 * any_attach - a request for some mode, scope, engine and flags; all functions of a module, but
 * only few where each would take a probe of the kernel's
 */
struct cov_attach any_attach(const char *module);

/* try_call - 0 or a positive errno */
int try_call(int fd, unsigned int cmd, void *arg);

/* try_arm - until nothing is pending, or not even that far; 0 or a positive errno */
int try_arm(int fd, uint32_t target);

/* ask_everything - at any moment, all of it can be told */
void ask_everything(int fd, uint32_t target);

/* reset_beside_others - a site that somebody else's kprobe occupies cannot be armed again */
void reset_beside_others(int fd, uint32_t target);

/* attach_for_a_moment - somehow, and not always to the end */
void attach_for_a_moment(const char *module);

/* attach_again_and_again - for start(): to the module of that name until the storm is over */
void attach_again_and_again(void *module);

/* detach_all - checkpoints added by hand as well */
void detach_all(int fd);

/* --- covlife at work ------------------------------------------------------------------------- */

/**
 * struct callers - two processes, one on each CPU, that call covlife_work(), odd and even
 *		    arguments alike, and rest in between
 * @calls: what each has made
 * @stop: not 0: they shall end
 * @pids: the processes
 */
struct callers {
	unsigned long *calls;
	unsigned int *stop;
	pid_t pids[2];
};

void callers_start(struct callers *callers);

/* callers_finish - how many calls they have made */
unsigned long callers_finish(const struct callers *callers);

/* attach_counting - covlife_work() and what it calls, in mode count, armed; the target's id */
uint32_t attach_counting(int fd, unsigned int engine, unsigned int scope);

/*
 * count_for_a_while - tracked callers' calls, in mode count, by some engine in some scope: every
 * one is counted whatever @disturb does, again and again. That returns how many more there were
 * outside tasks' own context.
 */
void count_for_a_while(unsigned long (*disturb)(void *context), void *context);

/*
 * The same for covtarget: every result is right, and they rest. Started as callers are;
 * what testers_finish() counts are rounds.
 */
void testers_start(struct callers *testers);
unsigned long testers_finish(const struct callers *testers);

/* --- others who patch ----------------------------------------------------------------------- */

/*
 * patch_something - one step at random: ftrace, a kprobe, a static key or call. Called by the
 * process that calls storm_end(), which then knows what livecov may have to say.
 */
void patch_something(int device);

/* patch_no_more - and nobody else's patches are left */
void patch_no_more(int device);

/* remove_probes - a byte of livecov's on which one sits could not be given back */
void remove_probes(void);

/* The storms that need a file of their own. */
extern const struct test_group storms_of_edges, storms_of_ext4, storms_of_machine,
	storms_of_calls, storms_of_covstat, storms_of_failures;

#endif /* STORM_H */
