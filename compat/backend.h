/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * backend.h - libcov as codecov.c needs it: libcov.h itself clashes with the names in
 * codecov.h.
 *
 * Functions return 0 or -errno. There is one hidden handle. It is opened by the first
 * call, serves one call at a time, and stays open until the process ends; its file stays
 * open over exec, too.
 */
#ifndef CODECOV_BACKEND_H
#define CODECOV_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct backend_point - a checkpoint: one that was added, or a place a branch leads to
 * @name: its own, or FUNCTION#OFFSET
 * @branch: it belongs to a branch
 * @enabled: it is on
 * @t: index of its target in the snapshot
 * @target: its id
 * @address: of its instruction
 * @offset: of the instruction from its function's first byte
 * @levels: mask
 * @hits: how often it was passed
 */
struct backend_point {
	char name[288];
	bool branch;
	bool enabled;
	uint32_t t;
	uint32_t target;
	uint64_t address;
	uint64_t offset;
	uint64_t levels;
	uint64_t hits;
};

/**
 * struct backend_caller - where a point was reached from
 * @point: its index
 * @symbol: name of the function it came from, or NULL
 * @address: of the instruction; 0 if nothing came before
 * @sample: the first sample that took this path
 * @serial: callers are numbered in the order in which they first occurred
 */
struct backend_caller {
	size_t point;
	const char *symbol;
	uint64_t address;
	uint64_t sample;
	uint64_t serial;
};

/**
 * struct backend_view - all checkpoints at one moment
 * @points: in the order in which they were added
 * @nr_points: how many
 * @callers: in the order in which they first occurred
 * @nr_callers: how many
 * @last_serial: of the last caller that exists
 * @snapshot: what the strings belong to
 * @records: likewise
 */
struct backend_view {
	struct backend_point *points;
	size_t nr_points;
	struct backend_caller *callers;
	size_t nr_callers;
	uint64_t last_serial;
	struct cov_snapshot *snapshot;
	struct cov_records *records;
};

/* backend_check - open livecov, unless it is open already */
int backend_check(void);

/* backend_register - track the calling task, replacing what it inherited */
int backend_register(uint64_t sample);
int backend_unregister(void);

int backend_add(const char *name, const char *function, uint64_t offset, uint64_t levels,
		bool branches);
int backend_del(const char *name);

/* backend_switch - by the checkpoint's exact name, or all for NULL */
int backend_switch(const char *name, bool on, bool branches);

/* What to do with a branch's point; one that is deleted does not come back. */
enum backend_change { BACKEND_ON, BACKEND_OFF, BACKEND_DELETE };

/* backend_change - change a branch's point; no error if it does not exist any more */
int backend_change(const struct backend_point *point, enum backend_change change);

/* backend_view - read all checkpoints, their callers too if wanted; then backend_free() */
int backend_view(struct backend_view *view, bool callers);
void backend_free(struct backend_view *view);

/* backend_last_serial - of the last caller that exists */
int backend_last_serial(uint64_t *serial);

#endif /* CODECOV_BACKEND_H */
