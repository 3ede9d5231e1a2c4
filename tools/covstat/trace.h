/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - what covstat trace's files share: a trace's places by name, and the output
 * formats.
 */
#ifndef COVSTAT_TRACE_H
#define COVSTAT_TRACE_H

#include "covstat.h"

struct json_object;

/**
 * struct trace_place - where an event happened
 * @module: its name
 * @function: its name; a cold part has its function's
 * @address: of that function
 * @id: the same for all events of one function, and only for those; 0 is not used
 * @offset: of a branch, from the first byte of the function (or of its cold part)
 * @cold: it is in the cold part
 * @part: address that @offset is from: @address, or the cold part's
 */
struct trace_place {
	const char *module;
	const char *function;
	uint64_t address;
	uint64_t id;
	uint64_t offset;
	bool cold;
	uint64_t part;
};

/**
 * struct trace_names - from events to places
 * @place: where an entry, return or branch was; false if that is no longer known
 * @text: of such a place, what its function is called beside others of that name; the buffer is
 *	  the caller's
 * @returns: are returns of this target's functions seen?
 * @data: for them
 */
struct trace_names {
	bool (*place)(void *data, const struct cov_trace_event *event, struct trace_place *place);
	const char *(*text)(void *data, const struct trace_place *place, char buffer[PLACE_LEN]);
	bool (*returns)(void *data, uint32_t target);
	void *data;
};

/**
 * struct trace_filter - what is shown of a trace
 * @only: only events of one kind of system call
 * @number: which
 * @args: arguments, where events have them; else of ioctl() the request alone
 */
struct trace_filter {
	bool only;
	uint32_t number;
	bool args;
};

/* trace_left_with - the errno, positive, if a value is an error; else 0 */
unsigned int trace_left_with(uint64_t value);

/* ---- trace_syscalls.c ---- */

/* syscall_name - "openat"; NULL if it has none */
const char *syscall_name(uint32_t number);

/*
 * parse_syscall - a name or a number, or false: a newer kernel may have calls that have no name
 * here, but none has numbers far above those that have one
 */
bool parse_syscall(const char *text, uint32_t *number);

/* ---- trace_tree.c: a task's events as an indented tree ---- */

struct trace_tree;

/**
 * trace_tree_new - begin with a task
 * @out: where to
 * @title: a line before the first one, if there is any; like the others it must live as long
 * @names: of places
 * @filter: what is shown
 * @begin: if not 0, times are shown from this one on
 */
struct trace_tree *trace_tree_new(FILE *out, const char *title,
				  const struct trace_names *names,
				  const struct trace_filter *filter, uint64_t begin);

/* trace_tree_add - the task's next event */
void trace_tree_add(struct trace_tree *tree, const struct cov_trace_event *event);

/* trace_tree_end - no more events; frees it */
void trace_tree_end(struct trace_tree *tree);

/* ---- trace_summary.c: which errors did each function return? ---- */

struct trace_summary;

struct trace_summary *trace_summary_new(const struct trace_names *names,
					const struct trace_filter *filter);

/* trace_summary_task - the following events belong to another task */
void trace_summary_task(struct trace_summary *summary);
void trace_summary_add(struct trace_summary *summary, const struct cov_trace_event *event);

/* trace_summary_print - a table of the functions that were called */
void trace_summary_print(const struct trace_summary *summary);
void trace_summary_json(const struct trace_summary *summary, struct json_object *to);
void trace_summary_free(struct trace_summary *summary);

/* ---- trace_names.c: places by name, from the targets' tables ---- */

struct trace_tables;

/*
 * trace_tables_take - the tables of all targets of mode trace; NULL after a message
 * @names: out: based on these tables, and valid as long as they are
 */
struct trace_tables *trace_tables_take(struct cov *cov, struct trace_names *names);

/* trace_tables_count - how many targets of mode trace; of them, how many have returns */
unsigned int trace_tables_count(const struct trace_tables *tables, unsigned int *with_returns);
void trace_tables_free(struct trace_tables *tables);

/* ---- trace_json.c ---- */

/* trace_json_tasks - print the elements of "tasks": every task's events; returns an exit code */
int trace_json_tasks(const struct cov_trace_handle *trace, const struct trace_names *names,
		     const struct trace_filter *filter);

/* trace_json_losses - member "lost": what did not fit, of all tasks; and "tasks_lost" */
void trace_json_losses(struct json_object *to, const struct cov_trace_losses *all);

/* ---- trace.c ---- */

/* trace_losses - of all tasks, those without an entry included; false after a message */
bool trace_losses(const struct cov_trace_handle *trace, struct cov_trace_losses *all);

/*
 * trace_end - to be called at once when cov_trace_read() has failed: EXIT_OK if the task has no
 * more events, EXIT_ERROR after a message if its trace is damaged
 */
int trace_end(const struct cov_trace_handle *trace, unsigned int task);

#endif /* COVSTAT_TRACE_H */
