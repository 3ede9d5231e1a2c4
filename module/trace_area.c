// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_area.c - see trace_area.h; cov_ioctl.h has what the reader sees.
 *
 *	head | entry, entry, ... | chunk, chunk, ...
 *
 * Everything is allocated once and never freed, so a reader needs no lock and cannot disturb a
 * writer: what it sees may be a moment old, never torn.
 *
 * A task's states; only the task writes, so there is no other writer but an interrupt on top of
 * it:
 *
 *	          begin: cmpxchg(busy, 0, 1)	     end: record, then busy = 0
 *	  IDLE ------------------------------> BUSY ---------------------------> IDLE
 *	   ^                                     | no chunk is left, and the
 *	   |                                     | record does not fit
 *	   |              begin:                 v
 *	   +------------- lost++ ------------- FULL
 *
 * A begin that finds BUSY is nested: what the writer calls has reached a measured function. It is
 * counted as lost, so that recorded + lost remains the number of all begins. FULL is permanent:
 * until then these are the only gaps in a task's trace.
 *
 * Chunks are allocated first come, first served; next_chunk only rises, and a task asks for one
 * when it has filled the one before: so its chunks lie in the order of their use.
 *
 * Memory ordering
 *   [A] The first word of a record, which is zero until then, is stored with release
 *	 after its other words. A reader that loads it with acquire and finds it set
 *	 sees all of the record.
 *   [B] A chunk's word 0 is stored with release after everything in the task's chunk before. A
 *	 reader that finds a chunk of a task sees all its earlier ones and what is in them;
 *	 chunks that it has skipped before, it has to check once more.
 *   [C] A task's @pid is stored with release after its @tgid and its name, at first and
 *	 when it has executed a program. A reader that loads it with acquire and finds
 *	 it set sees a name, of that moment or a later one.
 */
#include "trace_area.h"

static size_t tasks_bytes(u32 tasks)
{
	size_t bytes = sizeof(struct cov_trace_head) + tasks * sizeof(struct cov_trace_task);

	return (bytes + COV_TRACE_CHUNK - 1) / COV_TRACE_CHUNK * COV_TRACE_CHUNK;
}

static u32 chunks_of(u64 size)
{
	return (size + COV_TRACE_CHUNK - 1) / COV_TRACE_CHUNK;
}

size_t trace_area_length(u64 size, u32 tasks)
{
	return tasks_bytes(tasks) + (size_t)chunks_of(size) * COV_TRACE_CHUNK;
}

int trace_area_init(struct trace_area *area, void *memory, u64 size, u32 tasks, u32 flags)
{
	u32 i;

	memset(area, 0, sizeof(*area));
	area->writers = pure_alloc(tasks, sizeof(*area->writers));
	if (!area->writers)
		return -ENOMEM;
	for (i = 0; i < tasks; i++)
		area->writers[i].chunk = TRACE_NO_CHUNK;
	area->max_tasks = tasks;
	area->nr_chunks = chunks_of(size);
	area->head = memory;
	area->tasks = memory + sizeof(*area->head);
	area->chunks = memory + tasks_bytes(tasks);
	*area->head = (struct cov_trace_head){
		.flags = flags,
		.tasks = tasks,
		.chunks = area->nr_chunks,
		.tasks_at = sizeof(*area->head),
		.chunks_at = tasks_bytes(tasks),
	};
	return 0;
}

void trace_area_destroy(struct trace_area *area)
{
	pure_free(area->writers);
	memset(area, 0, sizeof(*area));
}

/* Counters that are mapped: written here alone. */
static __always_inline atomic_long_t *counter(__u64 *of)
{
	return (atomic_long_t *)of;
}

/* Take the next of @max; once all are taken, the number does not rise without bound. */
static __always_inline long take(atomic_long_t *next, u32 max)
{
	long taken;

	if (atomic_long_read(next) >= max)
		return -1;
	taken = atomic_long_inc_return(next) - 1;
	return taken < max ? taken : -1;
}

/* The last byte is always 0: a reader of a half-changed name still reads a string. */
notrace void trace_area_rename(struct trace_area *area, u32 task, u32 pid, const char *comm)
{
	char *name = area->tasks[task].comm;
	u32 i, end = sizeof(area->tasks[task].comm) - 1;

	for (i = 0; i < end && comm[i]; i++)
		WRITE_ONCE(name[i], comm[i]);
	for (; i < end; i++)
		WRITE_ONCE(name[i], 0);
	/* [C] pairs with the reader's load of @pid. */
	smp_store_release(&area->tasks[task].pid, pid);
}
NOKPROBE_SYMBOL(trace_area_rename);

notrace int trace_area_add_task(struct trace_area *area, u32 pid, u32 tgid, const char *comm)
{
	long task = take(&area->next_task, area->max_tasks);

	if (task < 0)
		return -ENOSPC;
	WRITE_ONCE(area->tasks[task].tgid, tgid);
	trace_area_rename(area, task, pid, comm);
	return task;
}
NOKPROBE_SYMBOL(trace_area_add_task);

notrace void trace_area_lose(struct trace_area *area, u32 task, u32 kind, long by)
{
	atomic_long_add(by, counter(&area->tasks[task].lost[kind]));
}
NOKPROBE_SYMBOL(trace_area_lose);

notrace void trace_area_lose_hit(struct trace_area *area, u32 kind)
{
	atomic_long_inc(counter(&area->head->lost[kind]));
}
NOKPROBE_SYMBOL(trace_area_lose_hit);

notrace void trace_area_lose_task(struct trace_area *area)
{
	atomic_long_inc(counter(&area->head->tasks_lost));
}
NOKPROBE_SYMBOL(trace_area_lose_task);

notrace bool trace_area_begin(struct trace_area *area, u32 task, u32 kind)
{
	struct trace_writer *writer = &area->writers[task];

	if (!READ_ONCE(writer->full) && !cmpxchg(&writer->busy, 0, 1))
		return true;
	trace_area_lose(area, task, kind, 1);
	return false;
}
NOKPROBE_SYMBOL(trace_area_begin);

/* Room for @count words in the task's chunk, or in a new one; NULL if none is left. */
static notrace u64 *reserve(struct trace_area *area, u32 task, u32 count)
{
	struct trace_writer *writer = &area->writers[task];
	u32 chunk = READ_ONCE(writer->chunk), used = READ_ONCE(writer->used);

	if (chunk == TRACE_NO_CHUNK || used + count > TRACE_CHUNK_WORDS) {
		long next = take(&area->next_chunk, area->nr_chunks);

		if (next < 0)
			return NULL;
		chunk = next;
		used = 1;
		WRITE_ONCE(writer->chunk, chunk);
		/* [B] pairs with the reader's look for a task's chunks. */
		smp_store_release(&area->chunks[(size_t)chunk * TRACE_CHUNK_WORDS], (u64)task + 1);
	}
	WRITE_ONCE(writer->used, used + count);
	return &area->chunks[(size_t)chunk * TRACE_CHUNK_WORDS + used];
}
NOKPROBE_SYMBOL(reserve);

notrace bool trace_area_end(struct trace_area *area, u32 task, u32 kind, const u64 *words,
			    u32 count)
{
	struct trace_writer *writer = &area->writers[task];
	u64 *at = reserve(area, task, count);
	u32 i;

	if (at) {
		for (i = 1; i < count; i++)
			WRITE_ONCE(at[i], words[i]);
		/* [A] pairs with the reader's load of a record's first word. */
		smp_store_release(at, words[0]);
		atomic_long_inc(counter(&area->tasks[task].recorded[kind]));
	} else {
		WRITE_ONCE(writer->full, true);
		trace_area_lose(area, task, kind, 1);
	}
	/* Pairs with the cmpxchg() in trace_area_begin(). */
	smp_store_release(&writer->busy, 0);
	return at;
}
NOKPROBE_SYMBOL(trace_area_end);
