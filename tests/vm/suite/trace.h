/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - what the tests of mode trace share: a trace that is mapped, and what is in it,
 * read by the letter of cov_ioctl.h. May call control.h.
 */
#ifndef SUITE_TRACE_H
#define SUITE_TRACE_H

#include "coexist.h"

/**
 * struct opened - a trace
 * @fd: the descriptor
 * @length: of what is mapped
 * @head: its beginning
 */
struct opened {
	int fd;
	size_t length;
	const struct cov_trace_head *head;
};

#define CHUNK	COV_TRACE_CHUNK

/* trace_request - a trace of @size bytes for @tasks tasks */
struct cov_trace trace_request(uint64_t size, uint32_t tasks, uint32_t flags);

/* trace_start - open and map one for the tasks of a control file */
struct opened trace_start(int control, uint64_t size, uint32_t tasks, uint32_t flags);

/* trace_stop - unmap and close it */
void trace_stop(struct opened *trace);

/* attach_traced - in mode trace, scope tracked, engine auto; every function or those of a glob */
uint32_t attach_traced(int control, const char *module, const char *glob, uint32_t flags);

void track_as(int control, uint64_t sample);

/* trace_tasks - how many tasks have an entry */
uint32_t trace_tasks(const struct opened *trace);

const struct cov_trace_task *trace_task(const struct opened *trace, uint32_t task);

/* task_of - the entry of a thread; it must be there, once */
uint32_t task_of(const struct opened *trace, pid_t pid);

/* A record and what is behind it. */
struct seen {
	struct cov_trace_record record;
	uint64_t values[7];
	uint32_t nr_values;
};

/*
 * trace_read - the records of a task, in order; how many, at most @max. Each is checked to be a
 * whole one.
 */
uint32_t trace_read(const struct opened *trace, uint32_t task, struct seen *seen, uint32_t max);

/* trace_sum - recorded or lost, of all tasks, of one kind; the head's included */
uint64_t trace_recorded(const struct opened *trace, uint32_t kind);
uint64_t trace_lost(const struct opened *trace, uint32_t kind);

/* expect_counts - each task has as many records of each kind as it says; quiet now */
void expect_counts(const struct opened *trace);

extern const struct test_group trace_abi, trace_life;

#endif /* SUITE_TRACE_H */
