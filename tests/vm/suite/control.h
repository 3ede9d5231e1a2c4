/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * control.h - raw calls on livecov's control file, and what every failed call
 * owes its caller. Written against cov_ioctl.h; uses neither libcov nor anything
 * of the module's. May call machine.h.
 */
#ifndef SUITE_CONTROL_H
#define SUITE_CONTROL_H

#include <cov_ioctl.h>

#include "machine.h"

/* The module that is measured in most tests. */
#define TARGET		"covlife"

/* control_open - a new open control file */
int control_open(void);

/* CALL - a call that must succeed */
#define CALL(fd, cmd, arg)	call_must(__FILE__, __LINE__, fd, cmd, #cmd, arg)

/*
 * FAILS - a call that must fail with an errno, leave a sentence of its own in
 * COV_IOC_LAST_ERROR, and change nothing: no target, no number of one, no task,
 * no byte of the target's text.
 */
#define FAILS(fd, cmd, arg, err) call_fails(__FILE__, __LINE__, fd, cmd, #cmd, arg, err)

void call_must(const char *file, int line, int fd, unsigned int cmd, const char *name,
	       void *arg);
void call_fails(const char *file, int line, int fd, unsigned int cmd, const char *name,
		void *arg, int err);

/* last_error - the text, in a static buffer */
const char *last_error(int fd);

/* --- attaching ----------------------------------------------------------------- */

/* attach_request - every function of a module: mode edges, scope all, level 1 */
struct cov_attach attach_request(const char *module);

/* choose - one pattern for the request; it keeps the pointer */
void choose(struct cov_attach *request, const char *glob);

/* attach - the request as it is; the target's id */
uint32_t attach(int fd, struct cov_attach *request);

/* arm - until nothing is pending */
struct cov_arm arm(int fd, uint32_t target);

/* track_as - register the calling task */
void track_as(int fd, uint64_t sample);

/* pin - the calling task runs on this CPU alone */
void pin(int cpu);

/* del_checkpoint - delete one that was added by hand */
void del_checkpoint(int fd, const char *name);

/* place_of - what entry 0 of such a checkpoint's target says */
struct cov_function place_of(int fd, uint32_t target);

/* need_engine - the test is about an engine, COV_ENGINE_*: skip it where livecov cannot have it */
void need_engine(int fd, unsigned int engine);

/* attach_by - and armed; @glob NULL for every function */
uint32_t attach_by(int fd, const char *module, const char *glob, uint32_t engine,
		   uint32_t mode, uint32_t scope);

/* attach_armed - by engine kprobe */
uint32_t attach_armed(int fd, const char *module, const char *glob, uint32_t mode,
		      uint32_t scope);

/* with_id - KEEP, DETACH or RESET, which must succeed */
#define with_id(fd, cmd, id)						\
do {									\
	struct cov_target_id id_ = { .target = (id) };			\
									\
	CALL(fd, cmd, &id_);						\
} while (0)

/* --- asking ----------------------------------------------------------------------- */

struct cov_target_info target_info(int fd, uint32_t target);
struct cov_status livecov_status(int fd);

/* read_table - @count entries of a table from @first on; how many came */
uint32_t read_table(int fd, unsigned int cmd, uint32_t target, uint32_t first,
		    uint32_t count, void *entries);

/* find_function - by name, cold parts aside; its index. It must be there. */
uint32_t find_function(int fd, uint32_t target, const char *name,
		       struct cov_function *function);

/* function_of - what find_function() finds */
struct cov_function function_of(int fd, uint32_t target, const char *name);

/* function_hits - entries of a function so far */
uint64_t function_hits(int fd, uint32_t target, const char *name);

/* --- the module that is measured ----------------------------------------------------- */

/* poke - have covlife_work(value) called: COVLIFE_* */
void poke(unsigned int how, unsigned long value);

/**
 * struct hammer - two processes, one on each CPU, that run covlife_work() for ever
 * @shared: one count of passes for each; a pass takes both ways through it
 * @pids: the processes
 */
struct hammer {
	unsigned long *shared;
	pid_t pids[2];
};

void hammer_start(struct hammer *hammer);
void hammer_stop(struct hammer *hammer);

/* hammer_pass - wait until each has made a pass that began after this call */
void hammer_pass(const struct hammer *hammer);

/* rounds - how often to do something: fewer times where the kernel checks itself */
unsigned int rounds(unsigned int n);

/* --- around every test ------------------------------------------------------------------ */

/* expect_clean_text - covlife's text is as it was when the test began */
void expect_clean_text(void);

/*
 * suite_main - a program of tests. Before each one livecov, with its default
 * parameters, covlife and covpeek are loaded. After each one no target is
 * attached, no task is tracked, and covlife's text is as it was.
 */
int suite_main(const struct test_group *groups, size_t nr_groups, int argc, char **argv);

#endif /* SUITE_CONTROL_H */
