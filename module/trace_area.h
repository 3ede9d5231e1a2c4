/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace_area.h - the memory of a trace, which user space maps read-only: who writes
 * where in it. Owns the layout beside cov_ioctl.h. Pure and lock-free. May call nothing.
 */
#ifndef LIVECOV_TRACE_AREA_H
#define LIVECOV_TRACE_AREA_H

#include "portable.h"
#include "../include/cov_ioctl.h"

#define TRACE_CHUNK_WORDS	(COV_TRACE_CHUNK / sizeof(u64))
#define TRACE_MAX_WORDS		(sizeof(struct cov_trace_record) / sizeof(u64) + 1 + 6)

/**
 * struct trace_writer - where a task writes next; only that task uses it
 * @busy: a record is being written
 * @full: something found no room
 * @chunk: index of its chunk, TRACE_NO_CHUNK at first
 * @used: words of that chunk
 */
struct trace_writer {
	u32 busy;
	bool full;
	u32 chunk;
	u32 used;
};

#define TRACE_NO_CHUNK	0xffffffffU

/**
 * struct trace_area - a trace's memory; see the head of trace_area.c
 * @head: its beginning
 * @tasks: entries, of which @next_task have been given out
 * @chunks: words, of which @next_chunk chunks have been given out
 * @writers: one for each entry; user space does not see them
 *
 * What bounds a write, @max_tasks, @nr_chunks, and what the writers hold, is never
 * read from the memory that is mapped.
 */
struct trace_area {
	struct cov_trace_head *head;
	struct cov_trace_task *tasks;
	u64 *chunks;
	struct trace_writer *writers;
	u32 max_tasks;
	u32 nr_chunks;
	atomic_long_t next_task;
	atomic_long_t next_chunk;
};

/* trace_area_length - how much memory is needed; both are within cov_ioctl.h's bounds */
size_t trace_area_length(u64 size, u32 tasks);

/**
 * trace_area_init - lay a trace out
 * @area: its contents on entry do not matter
 * @memory: trace_area_length() bytes, zeroed, 8-byte aligned; stays the caller's
 * @size: bytes for records
 * @tasks: entries
 * @flags: for the head
 *
 * Sleeps. Return: 0 or -ENOMEM.
 */
int trace_area_init(struct trace_area *area, void *memory, u64 size, u32 tasks, u32 flags);

/* trace_area_destroy - nobody writes any more. A zeroed struct is fine. */
void trace_area_destroy(struct trace_area *area);

/* trace_area_add_task - an entry for a task; its index, or -ENOSPC. Any context. */
int trace_area_add_task(struct trace_area *area, u32 pid, u32 tgid);

/* trace_area_name - what a task is called now: by the task itself */
void trace_area_name(struct trace_area *area, u32 task, const char *comm);

/**
 * trace_area_begin - a task has a record to write
 * @area: the trace
 * @task: the task's entry
 * @kind: COV_TRACE_ENTRY and so on
 *
 * Any context, by the task itself or an interrupt on top of it. Return: true: the caller
 * has to call trace_area_end(); false: there is no room, or the task is in the middle of
 * writing another one, and the record has been counted as lost.
 */
bool trace_area_begin(struct trace_area *area, u32 task, u32 kind);

/**
 * trace_area_end - write it
 * @area: the trace
 * @task: the task's entry
 * @kind: as before
 * @words: a struct cov_trace_record and what is behind it
 * @count: of words, at most TRACE_MAX_WORDS
 *
 * Return: false if there was no room, and it has been counted as lost.
 */
bool trace_area_end(struct trace_area *area, u32 task, u32 kind, const u64 *words, u32 count);

/* trace_area_lose - a task has lost a record that was never begun; or @by -1: it has not */
void trace_area_lose(struct trace_area *area, u32 task, u32 kind, long by);

/* trace_area_lose_hit - a hit of a task that found no entry */
void trace_area_lose_hit(struct trace_area *area, u32 kind);

/* trace_area_lose_task - such a task, once */
void trace_area_lose_task(struct trace_area *area);

#endif /* LIVECOV_TRACE_AREA_H */
