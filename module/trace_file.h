/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace_file.h - the descriptor that is a trace.
 */
#ifndef LIVECOV_TRACE_FILE_H
#define LIVECOV_TRACE_FILE_H

#include "errtext.h"

struct file;

/**
 * trace_file_make - open a trace, and a descriptor that is not installed yet
 * @request: what was asked for; out: @length in bytes and @fd
 * @owner: id of the file whose tasks are traced
 * @file: out: for trace_file_publish() or trace_file_drop(), one of which must follow
 * @error: out: a sentence for the caller, after an error
 *
 * Sleeps; takes the traces' lock. Return: 0; errors of trace_open(); -EINVAL: a size, number of
 * tasks, flag or padding that is not allowed; -EMFILE, -ENFILE and -ENOMEM: no more descriptors
 * or files. After an error nothing is left open.
 */
int trace_file_make(struct cov_trace *request, u64 owner, struct file **file,
		    struct cov_error *error);

/**
 * trace_file_publish - install the descriptor: the calling process has been told of it
 * @request: as trace_file_make() left it
 * @file: from trace_file_make(); the descriptor's from now on, which closes the trace
 */
void trace_file_publish(const struct cov_trace *request, struct file *file);

/**
 * trace_file_drop - the process could not be told: free the descriptor, and close the trace
 * @request: as trace_file_make() left it
 * @file: from trace_file_make(); not used any more
 */
void trace_file_drop(const struct cov_trace *request, struct file *file);

#endif /* LIVECOV_TRACE_FILE_H */
