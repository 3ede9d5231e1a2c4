/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task_maps.h - which map does what runs on this CPU write to? Kept true over
 * context switches, so that stubs and entries need not look a task up. Owns the
 * per-CPU bases and the table of contexts that stub.h describes. May call
 * task_registry.c, samples.h, cells.h.
 */
#ifndef LIVECOV_TASK_MAPS_H
#define LIVECOV_TASK_MAPS_H

#include <linux/percpu.h>

#include "cells.h"
#include "compat.h"
#include "stub.h"

struct task_maps {
	u8 *base[2];	/* of the running task's sample, or NULL; [1]: an interrupt's, NULL */
	u8 *nowhere;	/* the middle of memory for notes of nobody's: stub.h, @nowhere */
};

DECLARE_PER_CPU(struct task_maps, cov_task_maps);
extern u8 cov_contexts[65536];

/*
 * Where a hit here and now is written: cell 0 of scope all's cells, or of those in the map
 * of the running task's sample. NULL if it does not count: no sample, or @count,
 * preempt_count of the code that was hit, is an interrupt's. As stubs of STUB_TASK_* do it.
 */
static __always_inline u8 *cells_of_task(const struct cells *cells, u32 count)
{
	u8 *map;

	if (cells->base)
		return cells->base;
	map = cov_contexts[count >> 8 & 0xffff] ? NULL : raw_cpu_read(cov_task_maps.base[0]);
	return map ? map + cells->offset : NULL;
}

/*
 * task_maps_stub - where a stub finds all this; -ERANGE if out of its reach, -EOPNOTSUPP
 * under PREEMPT_RT
 */
int task_maps_stub(struct stub_task *task);

/* task_maps_refresh - every CPU looks its task up again */
void task_maps_refresh(void);

/* task_maps_refresh_self - the calling task has been registered or unregistered */
void task_maps_refresh_self(void);

/* task_maps_init - make the table; task_maps_switch() is to be called at each switch */
void task_maps_init(void);

/* task_maps_switch - this CPU goes on with @next; preemption is off */
void task_maps_switch(struct task_struct *next);

#endif /* LIVECOV_TASK_MAPS_H */
