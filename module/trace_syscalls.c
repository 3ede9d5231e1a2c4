// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_syscalls.c - see trace_syscalls.h. Owns the tracepoints' probes. May call
 * trace.c, tracepoints.c.
 *
 * From 6.13 on these two tracepoints call their probes with preemption on.
 */
#include <linux/kprobes.h>
#include <linux/preempt.h>
#include <asm/syscall.h>
#include <asm/unistd.h>

#include "trace.h"
#include "trace_syscalls.h"
#include "tracepoints.h"

static void notrace syscall_begins(void *data, struct pt_regs *regs, long number)
{
	unsigned long arguments[6];
	u64 values[6];
	u32 i;

	syscall_get_arguments(current, regs, arguments);
	for (i = 0; i < ARRAY_SIZE(values); i++)
		values[i] = arguments[i];
	preempt_disable_notrace();
	trace_syscall(COV_TRACE_SYSCALL, number, values);
	preempt_enable_notrace();
}
NOKPROBE_SYMBOL(syscall_begins);

static bool executes(u32 number)
{
	return !in_ia32_syscall() && (number == __NR_execve || number == __NR_execveat);
}

static void notrace syscall_ends(void *data, struct pt_regs *regs, long value)
{
	u32 number = syscall_get_nr(current, regs);
	u64 result = value;

	preempt_disable_notrace();
	trace_syscall(COV_TRACE_SYSRET, number, &result);
	if (!value && executes(number))
		trace_name();
	preempt_enable_notrace();
}
NOKPROBE_SYMBOL(syscall_ends);

static struct followed followed[] = {
	{ .name = "sys_enter", .probe = syscall_begins },
	{ .name = "sys_exit", .probe = syscall_ends },
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
