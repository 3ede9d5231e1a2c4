/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task_maps.h - which map do hits on this CPU go to? Kept up to date over context switches, so that
 * stubs and entries need not look a task up. Owns the per-CPU bases and the table of contexts that
 * stub.h describes.
 */
#ifndef LIVECOV_TASK_MAPS_H
#define LIVECOV_TASK_MAPS_H

#include <linux/percpu.h>
#include <linux/preempt.h>

#include "cells.h"
#include "compat.h"
#include "stub.h"

/**
 * struct task_maps - what stubs of scope tracked find on each CPU
 * @base: [0] of the running task's map of cells, or NULL; [1] of an interrupt's: always NULL
 * @nowhere: the middle of memory for notes that do not count: struct stub_task.nowhere
 */
struct task_maps {
	u8 *base[2];
	u8 *nowhere;
};

DECLARE_PER_CPU(struct task_maps, cov_task_maps);

/* A context is what bytes 1 and 2 of preempt_count say: softirqs, hard interrupts and NMIs. */
#define CONTEXT_SHIFT	8
#define CONTEXTS	(1U << 16)

/* By context: 0 for a task, 1 for an interrupt. Constant once made. */
extern u8 cov_contexts[CONTEXTS];

/*
 * Is a softirq on top of the running task that preempt_count does not tell of? On PREEMPT_RT that
 * counts no softirqs, and a task serves them itself, in local_bh_enable().
 */
static __always_inline bool serves_softirq_unseen(void)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT) && in_serving_softirq();
}

/**
 * cells_of_task - where a hit here and now is written, as stubs of STUB_TASK_* do it
 * @cells: the target's
 * @count: preempt_count of the code that was hit
 *
 * Any context with preemption off. Return: cell 0 of scope all's cells, or of those in the map of
 * the running task's sample; NULL if the hit does not count: no sample, or an interrupt's.
 */
static __always_inline u8 *cells_of_task(const struct cells *cells, u32 count)
{
	u8 *map;

	if (cells->base)
		return cells->base;
	map = cov_contexts[count >> CONTEXT_SHIFT & (CONTEXTS - 1)] || serves_softirq_unseen() ?
		NULL : raw_cpu_read(cov_task_maps.base[0]);
	return map ? map + cells->offset : NULL;
}

/**
 * task_maps_stub - where a stub finds all this
 * @task: out: all but @window and @middle
 *
 * Any context. Return: 0; -ERANGE: out of a stub's reach; -EOPNOTSUPP: under PREEMPT_RT.
 */
int task_maps_stub(struct stub_task *task);

/* task_maps_refresh - have every CPU look its task up again, and wait for that; interrupts on */
void task_maps_refresh(void);

/* task_maps_refresh_self - the calling task has been registered or unregistered. No lock. */
void task_maps_refresh_self(void);

/* task_maps_init - fill the tables in; called once, before task_maps_switch() and any stub */
void task_maps_init(void);

/**
 * task_maps_switch - this CPU goes on with another task
 * @prev: the task that still runs
 * @next: the one that will
 *
 * Called at each context switch, with interrupts off; takes no lock.
 */
void task_maps_switch(struct task_struct *prev, struct task_struct *next);

/* task_maps_exit - nothing calls task_maps_switch() any more, nor will anything of it be running */
void task_maps_exit(void);

#endif /* LIVECOV_TASK_MAPS_H */
