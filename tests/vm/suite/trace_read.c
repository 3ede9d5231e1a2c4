// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_read.c - see trace.h.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "trace.h"

#define CHUNK_WORDS	(CHUNK / sizeof(uint64_t))

struct cov_trace trace_request(uint64_t size, uint32_t tasks, uint32_t flags)
{
	return (struct cov_trace){ .size = size, .tasks = tasks, .flags = flags, .fd = -1 };
}

struct opened trace_start(int control, uint64_t size, uint32_t tasks, uint32_t flags)
{
	struct cov_trace request = trace_request(size, tasks, flags);
	void *base;

	CALL(control, COV_IOC_TRACE, &request);
	EXPECT(request.fd >= 0);
	base = mmap(NULL, request.length, PROT_READ, MAP_SHARED, request.fd, 0);
	EXPECT(base != MAP_FAILED);
	return (struct opened){ request.fd, request.length, base };
}

void trace_stop(struct opened *trace)
{
	MUST(munmap((void *)trace->head, trace->length));
	MUST(close(trace->fd));
}

uint32_t attach_traced(int control, const char *module, const char *glob, uint32_t flags)
{
	struct cov_attach request = attach_request(module);

	request.mode = COV_MODE_TRACE;
	request.scope = COV_SCOPE_TRACKED;
	request.engine = COV_ENGINE_AUTO;
	request.flags = flags;
	if (glob)
		choose(&request, glob);
	attach(control, &request);
	arm(control, request.target);
	return request.target;
}

/* --- tasks ---------------------------------------------------------------------------- */

const struct cov_trace_task *trace_task(const struct opened *trace, uint32_t task)
{
	const void *tasks = (const char *)trace->head + trace->head->tasks_at;

	return (const struct cov_trace_task *)tasks + task;
}

uint32_t trace_tasks(const struct opened *trace)
{
	uint32_t i;

	for (i = 0; i < trace->head->tasks; i++)
		if (!__atomic_load_n(&trace_task(trace, i)->pid, __ATOMIC_ACQUIRE))
			break;
	return i;
}

uint32_t task_of(const struct opened *trace, pid_t pid)
{
	uint32_t i, found = COV_NONE, n = trace_tasks(trace);

	for (i = 0; i < n; i++)
		if (trace_task(trace, i)->pid == (uint32_t)pid) {
			EXPECT_EQ(found, COV_NONE);
			found = i;
		}
	EXPECT(found != COV_NONE);
	return found;
}

/* --- records ------------------------------------------------------------------------------ */

/* How many values go with a record: one of the few numbers that there can be. */
static void expect_whole(const struct opened *trace, const struct seen *seen)
{
	uint32_t time = trace->head->flags & COV_TRACE_TIME ? 1 : 0;
	uint32_t arguments = trace->head->flags & COV_TRACE_ARGS ? 6 : 0;

	EXPECT_EQ(seen->record.pad, 0);
	switch (seen->record.kind) {
	case COV_TRACE_ENTRY:
	case COV_TRACE_SYSCALL:
		EXPECT_EQ(seen->nr_values, time + arguments);
		break;
	case COV_TRACE_RETURN:
	case COV_TRACE_SYSRET:
		EXPECT_EQ(seen->nr_values, time + 1);
		break;
	case COV_TRACE_BRANCH:
		EXPECT(seen->record.detail <= 1);
		EXPECT_EQ(seen->nr_values, time);
		break;
	default:
		FAIL("a record of kind %u", seen->record.kind);
	}
	EXPECT(!seen->record.target == (seen->record.kind >= COV_TRACE_SYSCALL));
}

/* One record; its words, 0 if there is none yet. */
static uint32_t read_record(const uint64_t *at, uint32_t room, struct seen *seen)
{
	uint64_t first = __atomic_load_n(at, __ATOMIC_ACQUIRE);
	uint32_t words;

	if (!first)
		return 0;
	memcpy(&seen->record, &first, sizeof(first));
	words = seen->record.words;
	EXPECT(words >= 2 && words <= 9 && words <= room);
	memcpy((uint64_t *)&seen->record + 1, at + 1, sizeof(*at));
	seen->nr_values = words - 2;
	memcpy(seen->values, at + 2, seen->nr_values * sizeof(*at));
	return words;
}

static const uint64_t *chunk_at(const struct opened *trace, uint32_t chunk)
{
	const void *chunks = (const char *)trace->head + trace->head->chunks_at;

	return (const uint64_t *)chunks + chunk * CHUNK_WORDS;
}

static bool owns(const struct opened *trace, uint32_t task, uint32_t chunk)
{
	return __atomic_load_n(chunk_at(trace, chunk), __ATOMIC_ACQUIRE) == task + 1ULL;
}

/* Behind the task's last chunk so far: those before that one can be seen, and are whole. */
static uint32_t end_of_chunks(const struct opened *trace, uint32_t task)
{
	uint32_t chunk = trace->head->chunks;

	while (chunk && !owns(trace, task, chunk - 1))
		chunk--;
	return chunk;
}

uint32_t trace_read(const struct opened *trace, uint32_t task, struct seen *seen, uint32_t max)
{
	uint32_t i, at, words, n = 0, end = end_of_chunks(trace, task);

	for (i = 0; i < end; i++) {
		const uint64_t *chunk = chunk_at(trace, i);

		if (!owns(trace, task, i))
			continue;
		for (at = 1; at < CHUNK_WORDS && n < max; at += words, n++) {
			words = read_record(chunk + at, CHUNK_WORDS - at, &seen[n]);
			if (!words)
				break;
			expect_whole(trace, &seen[n]);
		}
	}
	return n;
}

uint64_t trace_recorded(const struct opened *trace, uint32_t kind)
{
	uint32_t i, n = trace_tasks(trace);
	uint64_t sum = 0;

	for (i = 0; i < n; i++)
		sum += trace_task(trace, i)->recorded[kind];
	return sum;
}

uint64_t trace_lost(const struct opened *trace, uint32_t kind)
{
	uint64_t sum = trace->head->lost[kind];
	uint32_t i, n = trace_tasks(trace);

	for (i = 0; i < n; i++)
		sum += trace_task(trace, i)->lost[kind];
	return sum;
}

void expect_counts(const struct opened *trace)
{
	static struct seen seen[1 << 16];
	uint32_t i, k, n, tasks = trace_tasks(trace);

	for (i = 0; i < tasks; i++) {
		uint64_t counts[COV_TRACE_KINDS] = { 0 };

		n = trace_read(trace, i, seen, ARRAY_SIZE(seen));
		EXPECT(n < ARRAY_SIZE(seen));
		while (n)
			counts[seen[--n].record.kind]++;
		for (k = 0; k < COV_TRACE_KINDS; k++) {
			test_case("kind %u of task %u", k, i);
			EXPECT_EQ(counts[k], trace_task(trace, i)->recorded[k]);
		}
	}
	test_case("%s", "");
}
