/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace_area.h - the memory of a trace, which user space maps read-only: which task writes where.
 * Owns the layout, as cov_ioctl.h describes it. Pure and lock-free.
 */
#ifndef LIVECOV_TRACE_AREA_H
#define LIVECOV_TRACE_AREA_H

#include "portable.h"
#include "../include/cov_ioctl.h"

#define TRACE_CHUNK_WORDS	(COV_TRACE_CHUNK / sizeof(u64))
#define TRACE_MAX_WORDS		(sizeof(struct cov_trace_record) / sizeof(u64) + 1 + 6)

/**
 * struct trace_writer - where a task writes next; only that task uses it
 * @busy: 1 while a record is being written, else 0
 * @full: a record found no room: there are no more of this task's
 * @chunk: index of its chunk, TRACE_NO_CHUNK at first
 * @used: words of that chunk that are written or taken
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
 * @tasks: @max_tasks entries, of which @next_task have been given out
 * @chunks: the words of @nr_chunks chunks, of which @next_chunk have been given out
 * @writers: one for each entry; user space does not see them
 * @max_tasks: how many entries there are
 * @nr_chunks: how many chunks there are
 * @next_task: index of the next entry to give out; @max_tasks or more: none is left
 * @next_chunk: index of the next chunk to give out; @nr_chunks or more: none is left
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

/**
 * trace_area_length - how much memory a trace takes
 * @size: bytes for records, 1..COV_TRACE_SIZE_MAX
 * @tasks: entries, 1..COV_TRACE_TASKS_MAX
 *
 * Return: bytes, a multiple of COV_TRACE_CHUNK.
 */
size_t trace_area_length(u64 size, u32 tasks);

/**
 * trace_area_init - lay a trace out
 * @area: its contents on entry do not matter
 * @memory: trace_area_length() bytes, zeroed, 8-byte aligned; stays the caller's
 * @size: bytes for records, as given to trace_area_length()
 * @tasks: entries, as given to trace_area_length()
 * @flags: COV_TRACE_*, for the head
 *
 * Sleeps. Undone by trace_area_destroy(). Return: 0 or -ENOMEM.
 */
int trace_area_init(struct trace_area *area, void *memory, u64 size, u32 tasks, u32 flags);

/* trace_area_destroy - free all but the memory; no writer is left. A zeroed @area is fine. */
void trace_area_destroy(struct trace_area *area);

/**
 * trace_area_add_task - allocate an entry for a task
 * @area: the trace
 * @pid: of the thread
 * @tgid: of the process
 * @comm: the thread's name; is cut off at its end
 *
 * Any context, no lock. Entries are never freed. Return: its index, or -ENOSPC.
 */
int trace_area_add_task(struct trace_area *area, u32 pid, u32 tgid, const char *comm);

/**
 * trace_area_rename - note what a task is called now
 * @area: the trace
 * @task: the task's entry
 * @pid: of the thread, which may have changed as well
 * @comm: its name; is cut off at its end
 *
 * By the task itself or an interrupt on top of it. Any context, no lock.
 */
void trace_area_rename(struct trace_area *area, u32 task, u32 pid, const char *comm);

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
 * trace_area_end - write the record that was begun
 * @area: the trace
 * @task: the task's entry
 * @kind: as given to trace_area_begin()
 * @words: a struct cov_trace_record and what follows it
 * @count: of words, at most TRACE_MAX_WORDS
 *
 * Any context, after a trace_area_begin() that returned true.
 *
 * Return: false if there was no room, and it has been counted as lost.
 */
bool trace_area_end(struct trace_area *area, u32 task, u32 kind, const u64 *words, u32 count);

/**
 * trace_area_lose - count records of a task as lost that were never begun
 * @area: the trace
 * @task: the task's entry
 * @kind: COV_TRACE_ENTRY and so on
 * @by: how many; -1 takes one back
 *
 * Any context, no lock.
 */
void trace_area_lose(struct trace_area *area, u32 task, u32 kind, long by);

/* trace_area_lose_hit - count a record of a task that found no entry as lost. Any context. */
void trace_area_lose_hit(struct trace_area *area, u32 kind);

/* trace_area_lose_task - count a task that found no entry; once for each. Any context. */
void trace_area_lose_task(struct trace_area *area);

#endif /* LIVECOV_TRACE_AREA_H */
