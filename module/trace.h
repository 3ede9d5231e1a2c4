/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - what traced tasks do, in order: which task writes to which trace. Owns the
 * list of traces and each slot's binding. May call task_registry.c, trace_area.c.
 */
#ifndef LIVECOV_TRACE_H
#define LIVECOV_TRACE_H

#include <linux/ptrace.h>

#include "errtext.h"
#include "hit_context.h"

struct cov_site;
struct trace;

/* --- from handlers; preemption is off ------------------------------------------------- */

/**
 * trace_hit - execution has passed a site of a target of mode trace
 * @site: the site
 * @outcome: of a branch
 * @regs: at the site: the stack pointer and, at an entry, the arguments
 * @context: how the engine was called
 */
void trace_hit(const struct cov_site *site, u32 outcome, const struct pt_regs *regs,
	       enum hit_context context);

/**
 * trace_return_awaited - the running task has entered a function, and its return will be seen
 * @stack: out: for trace_return()
 *
 * Return: false if it is not traced: nobody wants to see it.
 */
bool trace_return_awaited(const struct pt_regs *regs, u32 *stack);

/* trace_return - it has returned; @stack is what trace_return_awaited() gave */
void trace_return(const struct cov_site *site, u64 value, u32 stack);

/* trace_syscall - a system call begins: @values has its arguments; or ends: its value */
void trace_syscall(u32 kind, u32 number, const u64 *values);

/* trace_name - the running task has executed a program */
void trace_name(void);

/* --- sleeping --------------------------------------------------------------------------- */

/* trace_open - make a trace for @owner's tasks; -EEXIST, -ENOSPC, -ENOMEM as ERR_PTR */
struct trace *trace_open(const struct cov_trace *request, u64 owner, struct cov_error *error);

/* trace_close - when it returns no task writes to it, and it is gone */
void trace_close(struct trace *trace);

/* trace_memory - what can be mapped, vmalloc()'s, in whole pages */
void *trace_memory(const struct trace *trace);

/* trace_length - bytes of it */
size_t trace_length(const struct trace *trace);

/* trace_exit - there is no trace any more */
void trace_exit(void);

#endif /* LIVECOV_TRACE_H */
