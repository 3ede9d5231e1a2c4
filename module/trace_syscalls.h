/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace_syscalls.h - system calls of traced tasks. Following them makes every system call of
 * the machine take the kernel's slow path, so it is done only while a trace wants it.
 */
#ifndef LIVECOV_TRACE_SYSCALLS_H
#define LIVECOV_TRACE_SYSCALLS_H

/**
 * trace_syscalls_get - one more trace wants system calls
 *
 * The traces' lock is held; sleeps. Undone by trace_syscalls_put(). Return: 0; errors of
 * tracepoints_follow().
 */
int trace_syscalls_get(void);

/**
 * trace_syscalls_put - one trace fewer wants them
 *
 * The traces' lock is held; sleeps. When the last one is gone and it returns, no probe runs any
 * more.
 */
void trace_syscalls_put(void);

#endif /* LIVECOV_TRACE_SYSCALLS_H */
