// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * trace.c - reading a trace while it is being written, or afterwards. May call cov.c.
 *
 * cov_ioctl.h has the layout and module/trace_area.c the order of the writes: the first
 * word of a record is written last; a task's next chunk comes after all of its previous
 * ones. So a record whose first word is present is complete, and the reader may leave a
 * chunk once the task's next chunk is present and the place where the chunk seemed to end
 * was checked again.
 *
 * A position is the index of a chunk << 16 | a word in it; word 0 precedes the records.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define DEFAULT_BYTES	(UINT64_C(16) << 20)
#define DEFAULT_TASKS	4096

#define CHUNK_WORDS	(COV_TRACE_CHUNK / sizeof(uint64_t))
#define RECORD_WORDS	(sizeof(struct cov_trace_record) / sizeof(uint64_t))

/**
 * struct cov_trace_handle - a trace
 * @fd: its descriptor
 * @length: of the mapping
 * @head: the mapping
 * @tasks: in it
 * @nr_tasks: how many of them; read only once, so that it cannot change
 * @chunks: in it, words
 * @nr_chunks: how many of those
 * @flags: COV_TRACE_*
 */
struct cov_trace_handle {
	int fd;
	size_t length;
	const struct cov_trace_head *head;
	const struct cov_trace_task *tasks;
	uint32_t nr_tasks;
	const uint64_t *chunks;
	uint32_t nr_chunks;
	uint32_t flags;
};

/* ---- opening ----------------------------------------------------------- */

static bool inside(uint64_t at, uint64_t count, uint64_t size, uint64_t length)
{
	return at % sizeof(uint64_t) == 0 && at <= length && count <= (length - at) / size;
}

static int find_parts(struct cov *cov, struct cov_trace_handle *trace)
{
	const struct cov_trace_head *head = trace->head;

	if (trace->length < sizeof(*head) ||
	    !inside(head->tasks_at, head->tasks, sizeof(*trace->tasks), trace->length) ||
	    !inside(head->chunks_at, head->chunks, COV_TRACE_CHUNK, trace->length))
		return cov_fail(cov, EPROTO, "livecov gave a trace that contradicts itself; please report this");
	trace->tasks = (const void *)((const char *)head + head->tasks_at);
	trace->nr_tasks = head->tasks;
	trace->chunks = (const void *)((const char *)head + head->chunks_at);
	trace->nr_chunks = head->chunks;
	trace->flags = head->flags;
	return 0;
}

static int map(struct cov *cov, struct cov_trace_handle *trace)
{
	void *base = mmap(NULL, trace->length, PROT_READ, MAP_SHARED, trace->fd, 0);

	if (base == MAP_FAILED)
		return cov_fail(cov, errno, "cannot map a trace: %s", strerror(errno));
	trace->head = base;
	return find_parts(cov, trace);
}

static int open_trace(struct cov *cov, const struct cov_trace_options *options,
		      struct cov_trace_handle *trace)
{
	struct cov_trace request = {
		.size = options->bytes ? options->bytes : DEFAULT_BYTES,
		.tasks = options->tasks ? options->tasks : DEFAULT_TASKS,
		.flags = options->flags,
	};
	int ret = cov_call_since(cov, 2, COV_IOC_TRACE, &request, "open a trace");

	if (ret)
		return ret;
	trace->fd = request.fd;
	trace->length = request.length;
	return map(cov, trace);
}

COV_PUBLIC void cov_trace_close(struct cov_trace_handle *trace)
{
	if (!trace)
		return;
	if (trace->head)
		munmap((void *)trace->head, trace->length);
	if (trace->fd >= 0)
		close(trace->fd);
	free(trace);
}

COV_PUBLIC int cov_trace_open(struct cov *cov, const struct cov_trace_options *options,
			      struct cov_trace_handle **out)
{
	static const struct cov_trace_options defaults = COV_INIT(defaults);
	struct cov_trace_handle *trace;
	struct cov_trace_options o;
	int ret;

	cov_begin(cov);
	*out = NULL;
	ret = cov_take_options(cov, &o, sizeof(o), options ? options : &defaults,
			       "struct cov_trace_options");
	if (ret)
		return ret;
	trace = calloc(1, sizeof(*trace));
	if (!trace)
		return cov_fail(cov, ENOMEM, "no memory for a trace");
	trace->fd = -1;
	ret = open_trace(cov, &o, trace);
	if (ret) {
		cov_trace_close(trace);
		errno = -ret;
		return ret;
	}
	*out = trace;
	return 0;
}

/* ---- reading ----------------------------------------------------------- */

COV_PUBLIC int cov_trace_losses(const struct cov_trace_handle *trace,
				struct cov_trace_losses *losses)
{
	struct cov_trace_losses ours = { .tasks = trace->head->tasks_lost };

	memcpy(ours.lost, trace->head->lost, sizeof(ours.lost));
	return cov_give(losses, &ours, sizeof(ours));
}

static uint32_t task_pid(const struct cov_trace_handle *trace, unsigned int task)
{
	return __atomic_load_n(&trace->tasks[task].pid, __ATOMIC_ACQUIRE);
}

/* Tasks take entries in order, so the first unused one ends the list. */
COV_PUBLIC unsigned int cov_trace_tasks(const struct cov_trace_handle *trace)
{
	unsigned int low = 0, high = trace->nr_tasks;

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;

		if (task_pid(trace, middle))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* An entry adds a lost return, which awaiting it takes back, for a moment perhaps too early. */
static uint64_t not_below_0(uint64_t lost)
{
	return (int64_t)lost < 0 ? 0 : lost;
}

COV_PUBLIC int cov_trace_task(const struct cov_trace_handle *trace, unsigned int task,
			      struct cov_trace_task_desc *out)
{
	struct cov_trace_task_desc ours = COV_INIT(ours);
	const struct cov_trace_task *from;
	unsigned int kind;

	if (task >= trace->nr_tasks || !task_pid(trace, task))
		return cov_set_errno(ERANGE);
	from = &trace->tasks[task];
	ours.pid = task_pid(trace, task);
	ours.tgid = from->tgid;
	memcpy(ours.comm, from->comm, sizeof(ours.comm));
	ours.comm[sizeof(ours.comm) - 1] = '\0';
	memcpy(ours.recorded, from->recorded, sizeof(ours.recorded));
	for (kind = 0; kind < COV_TRACE_KINDS; kind++)
		ours.lost[kind] = not_below_0(from->lost[kind]);
	return cov_give(out, &ours, sizeof(ours));
}

/* A word that the task may just be writing. */
static uint64_t word(const struct cov_trace_handle *trace, uint64_t chunk, uint32_t at)
{
	return at < CHUNK_WORDS ?
	       __atomic_load_n(&trace->chunks[chunk * CHUNK_WORDS + at], __ATOMIC_ACQUIRE) : 0;
}

static uint64_t search_chunk(const struct cov_trace_handle *trace, uint64_t chunk,
			     unsigned int task)
{
	while (chunk < trace->nr_chunks && word(trace, chunk, 0) != task + UINT64_C(1))
		chunk++;
	return chunk;
}

/* The task's first chunk from @chunk on; nr_chunks if it has none. */
static uint64_t chunk_of(const struct cov_trace_handle *trace, uint64_t chunk, unsigned int task)
{
	uint64_t found = search_chunk(trace, chunk, task);

	/* The task may have taken an earlier one while we searched; by now it is visible. */
	return found < trace->nr_chunks ? search_chunk(trace, chunk, task) : found;
}

/* Where the next record is: false if there is none yet. */
static bool find_record(const struct cov_trace_handle *trace, unsigned int task,
			uint64_t *chunk, uint32_t *at)
{
	uint64_t next;

	if (!*at)
		*chunk = chunk_of(trace, *chunk, task);
	if (*chunk >= trace->nr_chunks)
		return false;
	if (!*at)
		*at = 1;
	if (word(trace, *chunk, *at))
		return true;
	next = chunk_of(trace, *chunk + 1, task);
	if (next >= trace->nr_chunks)
		return false;
	/* If a record has been written since, this was not the chunk's end. */
	if (word(trace, *chunk, *at))
		return true;
	*chunk = next;
	*at = 1;
	return word(trace, next, 1);
}

/* How many values a record of this kind has besides the time; -1: there is no such kind. */
static int values_of(const struct cov_trace_handle *trace, const struct cov_trace_record *record)
{
	switch (record->kind) {
	case COV_TRACE_ENTRY:
	case COV_TRACE_SYSCALL:
		return trace->flags & COV_TRACE_ARGS ? 6 : 0;
	case COV_TRACE_RETURN:
	case COV_TRACE_SYSRET:
		return 1;
	case COV_TRACE_BRANCH:
		return 0;
	default:
		return -1;
	}
}

/* One record into an event; its words, or -EPROTO. */
static int read_record(const struct cov_trace_handle *trace, const uint64_t *words, uint32_t room,
		       struct cov_trace_event *event)
{
	bool timed = trace->flags & COV_TRACE_TIME;
	struct cov_trace_record record;
	int values;

	if (room < RECORD_WORDS)
		return -EPROTO;
	memcpy(&record, words, sizeof(record));
	values = values_of(trace, &record);
	if (values < 0 || record.words > room ||
	    record.words != RECORD_WORDS + timed + (uint32_t)values)
		return -EPROTO;
	words += RECORD_WORDS;
	event->kind = record.kind;
	event->taken = record.kind == COV_TRACE_BRANCH && record.detail;
	event->compat = record.kind != COV_TRACE_BRANCH && record.detail;
	event->target = record.target;
	event->index = record.index;
	event->stack = record.stack;
	if (timed)
		event->time = *words++;
	if (values == 1)
		event->value = *words;
	event->nr_args = values == 1 ? 0 : values;
	memcpy(event->args, words, event->nr_args * sizeof(*words));
	return record.words;
}

COV_PUBLIC int cov_trace_read(const struct cov_trace_handle *trace, unsigned int task,
			      uint64_t *position, struct cov_trace_event *out)
{
	struct cov_trace_event event = COV_INIT(event);
	uint64_t chunk = *position >> 16;
	uint32_t at = *position & 0xffff;
	int words;

	if (task >= trace->nr_tasks || chunk > trace->nr_chunks || at > CHUNK_WORDS)
		return cov_set_errno(ERANGE);
	if (!find_record(trace, task, &chunk, &at))
		return cov_set_errno(ENODATA);
	words = read_record(trace, &trace->chunks[chunk * CHUNK_WORDS + at], CHUNK_WORDS - at,
			    &event);
	if (words < 0)
		return cov_set_errno(EPROTO);
	*position = chunk << 16 | (at + words);
	return cov_give(out, &event, sizeof(event));
}
