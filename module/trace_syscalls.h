/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace_syscalls.h - system calls of traced tasks. Following them makes every system call of
 * the machine take the kernel's slow way, so it is done only while a trace wants it.
 */
#ifndef LIVECOV_TRACE_SYSCALLS_H
#define LIVECOV_TRACE_SYSCALLS_H

/* trace_syscalls_get - one more trace wants them; 0 or -errno. Callers exclude each other. */
int trace_syscalls_get(void);
void trace_syscalls_put(void);

#endif /* LIVECOV_TRACE_SYSCALLS_H */
