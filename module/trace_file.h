/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace_file.h - the descriptor that is a trace.
 */
#ifndef LIVECOV_TRACE_FILE_H
#define LIVECOV_TRACE_FILE_H

#include "errtext.h"

struct file;

/**
 * trace_file_make - open a trace, and a descriptor that nobody can see yet
 * @request: what was asked for; out: @length and @fd
 * @owner: whose tasks
 * @file: out: for trace_file_publish() or trace_file_drop()
 *
 * Return: 0, errors of trace_open(), -EINVAL, -EMFILE.
 */
int trace_file_make(struct cov_trace *request, u64 owner, struct file **file,
		    struct cov_error *error);

/* trace_file_publish - the caller of the call has been told: it is his */
void trace_file_publish(const struct cov_trace *request, struct file *file);

/* trace_file_drop - he could not be told */
void trace_file_drop(const struct cov_trace *request, struct file *file);

#endif /* LIVECOV_TRACE_FILE_H */
