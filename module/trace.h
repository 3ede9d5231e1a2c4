/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - what traced tasks do, in order: which task writes to which trace. Owns the list of
 * traces and the bindings of the task registry's slots.
 */
#ifndef LIVECOV_TRACE_H
#define LIVECOV_TRACE_H

#include <linux/ptrace.h>

#include "errtext.h"
#include "hit_context.h"

#define TRACE_ARGUMENTS	6	/* that are recorded of a function or a system call */

struct cov_site;
struct trace;

/* --- from handlers; preemption is off ------------------------------------------------- */

/**
 * trace_hit - execution has passed a site of a target of mode trace
 * @site: the site
 * @outcome: of a branch: 1 if it jumps; else 0
 * @regs: at the site: the stack pointer and, at an entry, the arguments
 * @context: how the engine was called
 *
 * Hits in interrupts, and hits of blocks, are not traced.
 */
void trace_hit(const struct cov_site *site, u32 outcome, const struct pt_regs *regs,
	       enum hit_context context);

/**
 * struct trace_call - a call whose return is awaited
 * @stack: bytes of the kernel stack in use at the function's entry
 * @trace: serial of the trace that has the entry
 * @task: index of the task's entry in it
 */
struct trace_call {
	u32 stack;
	u32 trace;
	u32 task;
};

/**
 * trace_return_awaited - the running task has entered a function, and its return will be seen
 * @regs: at the function's entry: the stack pointer
 * @call: out: for trace_return(); unchanged if it returns false
 *
 * Takes back the loss that trace_hit() has counted for the return. Return: false if the task is
 * not traced or found no entry in its trace, if that is only being opened, or if the function was
 * entered in an interrupt: then the return need not be seen.
 */
bool trace_return_awaited(const struct pt_regs *regs, struct trace_call *call);

/**
 * trace_return - a function has returned
 * @site: of its entry
 * @value: what it returned
 * @call: from trace_return_awaited()
 *
 * Recorded where the call was, or counted as lost there if the task does not write to that trace
 * any more.
 */
void trace_return(const struct cov_site *site, u64 value, const struct trace_call *call);

/**
 * trace_syscall - a system call of the running task begins or ends
 * @kind: COV_TRACE_SYSCALL or COV_TRACE_SYSRET
 * @number: of the call
 * @values: its TRACE_ARGUMENTS arguments, or its one result
 */
void trace_syscall(u32 kind, u32 number, const u64 *values);

/* trace_name - the running task has executed another program: record its new name and id */
void trace_name(void);

/* --- from process context; may sleep ---------------------------------------------------- */

/**
 * trace_open - make a trace for an owner's tasks
 * @request: validated: size in bytes, number of tasks, and flags
 * @owner: id of the file whose tasks are traced
 * @error: out: a sentence for the caller, after an error
 *
 * Takes the traces' lock; waits for an RCU grace period. Return: the trace, which trace_close()
 * frees; or as ERR_PTR() -EEXIST: the owner has one already; -ENOSPC: there are too many; -ENOMEM,
 * also if traces and samples would take more than their half of all memory (memory_budget.h);
 * errors of trace_syscalls_get().
 */
struct trace *trace_open(const struct cov_trace *request, u64 owner, struct cov_error *error);

/**
 * trace_close - free a trace and its memory
 * @trace: from trace_open(); nothing maps its memory any more
 *
 * Takes the traces' lock; waits for two RCU grace periods, and then no task writes to the trace.
 */
void trace_close(struct trace *trace);

/* trace_memory - the memory to map: from vmalloc(), whole pages; valid until trace_close() */
void *trace_memory(const struct trace *trace);

/* trace_length - length of trace_memory(), bytes */
size_t trace_length(const struct trace *trace);

/* trace_exit - free what all traces share; there is no trace, and no handler runs any more */
void trace_exit(void);

#endif /* LIVECOV_TRACE_H */
