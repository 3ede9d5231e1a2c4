// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_syscalls.c - see trace_syscalls.h. Owns the tracepoints' probes.
 *
 * From 6.13 on the tracepoints of system calls call their probes with preemption on.
 */
#include <linux/kprobes.h>
#include <linux/preempt.h>
#include <asm/syscall.h>

#include "trace.h"
#include "trace_syscalls.h"
#include "tracepoints.h"

static void notrace syscall_begins(void *data, struct pt_regs *regs, long number)
{
	unsigned long arguments[TRACE_ARGUMENTS];
	u64 values[TRACE_ARGUMENTS];
	u32 i;

	syscall_get_arguments(current, regs, arguments);
	for (i = 0; i < ARRAY_SIZE(values); i++)
		values[i] = arguments[i];
	preempt_disable_notrace();
	trace_syscall(COV_TRACE_SYSCALL, number, values);
	preempt_enable_notrace();
}
NOKPROBE_SYMBOL(syscall_begins);

static void notrace syscall_ends(void *data, struct pt_regs *regs, long value)
{
	u64 result = value;

	preempt_disable_notrace();
	trace_syscall(COV_TRACE_SYSRET, syscall_get_nr(current, regs), &result);
	preempt_enable_notrace();
}
NOKPROBE_SYMBOL(syscall_ends);

/*
 * The task's name has changed by now. The exit of the system call cannot tell: its number is
 * the new program's, and so is its ABI, perhaps 32-bit.
 */
static void notrace program_begins(void *data, struct task_struct *task, pid_t old_pid,
				   struct linux_binprm *program)
{
	/* Newer kernels call tracepoints with preemption on (from 7.0 on, by SRCU). */
	preempt_disable_notrace();
	trace_name();
	preempt_enable_notrace();
}
NOKPROBE_SYMBOL(program_begins);

static struct followed followed[] = {
	{ .name = "sys_enter", .probe = syscall_begins },
	{ .name = "sys_exit", .probe = syscall_ends },
	{ .name = "sched_process_exec", .probe = program_begins },
};

static u32 users;

int trace_syscalls_get(void)
{
	int err = users ? 0 : tracepoints_follow(followed, ARRAY_SIZE(followed));

	if (!err)
		users++;
	return err;
}

void trace_syscalls_put(void)
{
	if (!--users)
		tracepoints_unfollow(followed, ARRAY_SIZE(followed));
}
