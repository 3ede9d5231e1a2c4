// SPDX-License-Identifier: GPL-2.0-only
/*
 * fake_trace.c - COV_IOC_TRACE: a trace that is whole from the beginning, in a file without a
 * name. Two tasks: the first calls toy_main, twice, in a write() and in an ioctl(); its records
 * are in chunks 1 and 3. The second has an entry in chunk 2, and losses, and what put_twins() says
 * if there are twins; then as many chunks of branches as the settings say.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake_kernel.h"

#define CHUNKS		4
#define CHUNK_WORDS	(COV_TRACE_CHUNK / sizeof(uint64_t))
#define NS		UINT64_C(1000000)	/* of the first event; 1000 between two */

struct image {
	struct cov_trace_head head;
	struct cov_trace_task tasks[2];
	char pad[COV_TRACE_CHUNK - sizeof(struct cov_trace_head) -
		 2 * sizeof(struct cov_trace_task)];
	uint64_t chunks[][CHUNK_WORDS];
};

/* Where the next record goes. */
struct writer {
	struct image *image;
	uint32_t task;
	uint32_t chunk;
	uint32_t at;
	uint64_t now;
};

static void put(struct writer *w, struct cov_trace_record record, const uint64_t *values,
		uint32_t nr_values)
{
	uint64_t *to = &w->image->chunks[w->chunk][w->at];
	uint32_t words = sizeof(record) / sizeof(*to);

	w->now += 1000;
	if (w->image->head.flags & COV_TRACE_TIME)
		to[words++] = w->now;
	if (nr_values)
		memcpy(to + words, values, nr_values * sizeof(*to));
	record.words = words + nr_values;
	memcpy(to, &record, sizeof(record));
	w->at += record.words;
	w->image->chunks[w->chunk][0] = w->task + 1;
	w->image->tasks[w->task].recorded[record.kind]++;
}

static void put_arguments(struct writer *w, struct cov_trace_record record)
{
	static const uint64_t arguments[] = { 1, 2, 3, 4, 5, 0xffff888000000000 };

	put(w, record, arguments, w->image->head.flags & COV_TRACE_ARGS ? 6 : 0);
}

/* toy_main() in a system call, with what it returns. */
static void put_call(struct writer *w, uint32_t number, uint64_t value)
{
	struct cov_trace_record record = { .kind = COV_TRACE_SYSCALL, .index = number };

	if (w->image->head.flags & COV_TRACE_SYSCALLS)
		put_arguments(w, record);
	record = (struct cov_trace_record){ .kind = COV_TRACE_ENTRY, .index = 0, .target = 1,
					    .stack = 500 };
	put_arguments(w, record);
	record.kind = COV_TRACE_BRANCH;
	record.detail = 1;
	record.stack = 520;
	put(w, record, NULL, 0);
	record = (struct cov_trace_record){ .kind = COV_TRACE_RETURN, .index = 0, .target = 1,
					    .stack = 500 };
	put(w, record, &value, 1);
	record = (struct cov_trace_record){ .kind = COV_TRACE_SYSRET, .index = number };
	if (w->image->head.flags & COV_TRACE_SYSCALLS)
		put(w, record, &value, 1);
}

/*
 * toy_unused calls toy_stops and that toy_checks: two of one name. Then there is a branch, and a
 * return, of a toy_stops and of a toy_checks that have no entry.
 */
static void put_twins(struct writer *w)
{
	struct cov_trace_record record = { .kind = COV_TRACE_ENTRY, .index = FAKE_STOPS,
					   .target = 1, .stack = 200 };
	uint64_t value = 0;

	put_arguments(w, record);
	record.index = FAKE_STOPS + 1;
	record.stack = 300;
	put_arguments(w, record);
	record = (struct cov_trace_record){ .kind = COV_TRACE_BRANCH, .index = FAKE_STOPS_BRANCH,
					    .target = 1, .stack = 90 };
	put(w, record, NULL, 0);
	record = (struct cov_trace_record){ .kind = COV_TRACE_RETURN, .index = FAKE_STOPS + 1,
					    .target = 1, .stack = 80 };
	put(w, record, &value, 1);
}

/* Returns of toy_main with so many different errors. */
static void put_errors(struct writer *w, uint32_t errors)
{
	struct cov_trace_record record = { .kind = COV_TRACE_RETURN, .index = 0, .target = 1,
					   .stack = 80 };
	uint64_t value;

	for (; errors; errors--) {
		value = -(uint64_t)errors;
		put(w, record, &value, 1);
	}
}

static void fill_chunk(struct writer *w, uint32_t chunk)
{
	struct cov_trace_record record = { .kind = COV_TRACE_BRANCH, .target = 1, .stack = 100 };
	uint32_t largest = sizeof(record) / sizeof(uint64_t) + 1;

	w->chunk = chunk;
	for (w->at = 1; w->at + largest <= CHUNK_WORDS;)
		put(w, record, NULL, 0);
}

static void fill(struct image *image, uint32_t flags, const struct fake_settings *settings)
{
	struct cov_trace_record record = { .kind = COV_TRACE_ENTRY, .index = 1, .target = 1,
					   .stack = 100 };
	struct writer w = { .image = image, .task = 0, .chunk = 1, .at = 1, .now = NS };
	uint32_t i;

	image->head = (struct cov_trace_head){
		.flags = flags,
		.tasks = 2,
		.chunks = CHUNKS + settings->trace_chunks,
		.tasks_at = offsetof(struct image, tasks),
		.chunks_at = offsetof(struct image, chunks),
		.tasks_lost = 3,
		.lost = { [COV_TRACE_ENTRY] = 4 },
	};
	image->tasks[0] = (struct cov_trace_task){ .pid = 4242, .tgid = 4242, .comm = "toyer" };
	if (settings->odd_comm)
		strcpy(image->tasks[0].comm, FAKE_ODD_COMM);
	image->tasks[1] = (struct cov_trace_task){ .pid = 4243, .tgid = 4242, .comm = "toyer-2" };
	put_call(&w, 1, 0);
	w.chunk = 3;
	w.at = 1;
	put_call(&w, 16, (uint64_t)-EINVAL);
	w.task = 1;
	w.chunk = 2;
	w.at = 1;
	put_arguments(&w, record);
	if (settings->twins)
		put_twins(&w);
	put_errors(&w, settings->trace_errors);
	for (i = 0; i < settings->trace_chunks; i++)
		fill_chunk(&w, CHUNKS + i);
	image->tasks[1].lost[COV_TRACE_BRANCH] = 5;
	image->tasks[1].lost[COV_TRACE_RETURN] = 1;
}

/* Spoil one of the numbers. */
static void damage(struct image *image, size_t size, uint32_t which)
{
	struct cov_trace_record *record = (void *)&image->chunks[1][1];

	switch (which) {
	case 1:
		image->head.tasks_at = size;
		break;
	case 2:
		image->head.tasks = 1U << 30;
		break;
	case 3:
		image->head.chunks_at = COV_TRACE_CHUNK + 8;
		break;
	case 4:
		image->head.chunks = ~0U;
		break;
	case 5:
		image->head.chunks_at = 1;
		break;
	case 6:
		record->kind = 9;
		break;
	case 7:
		record->words = 0;
		break;
	case 8:
		record->words = 200;
		break;
	}
}

int fake_trace(struct cov_trace *request, const struct fake_settings *settings)
{
	size_t size = offsetof(struct image, chunks) +
		      (size_t)(CHUNKS + settings->trace_chunks) * COV_TRACE_CHUNK;
	struct image *image = calloc(1, size);
	int fd = memfd_create("fake trace", MFD_CLOEXEC);

	if (!image || fd < 0)
		abort();
	fill(image, request->flags, settings);
	damage(image, size, settings->trace_damage);
	if (write(fd, image, size) != (ssize_t)size)
		abort();
	free(image);
	request->fd = fd;
	request->length = size;
	return 0;
}
