/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task_registry.h - owns the answer to "is this task tracked, and for which sample?". A task is a
 * number here: its struct task_struct's address. Pure and lock-free.
 */
#ifndef LIVECOV_TASK_REGISTRY_H
#define LIVECOV_TASK_REGISTRY_H

#include "portable.h"
#include "thread_buffer.h"

#define TASK_BUCKET_KEYS	8	/* one cache line */
#define TASKS_LIMIT		(1U << 22)	/* that a registry may be made for */

/**
 * struct task_registry - see the head of task_registry.c
 * @keys: TASK_BUCKET_KEYS * (@mask + 1) of them
 * @mask: buckets - 1, a power of two less one
 * @max_tasks: how many may be tracked; fewer than there are keys
 * @buffer: slot i goes with keys[i]
 * @closing: the owner whose tasks are being dropped, or 0
 * @count: tasks tracked
 * @added: how many ever were
 * @lost: tasks for which there was no key
 */
struct task_registry {
	unsigned long *keys;
	u32 mask;
	u32 max_tasks;
	struct thread_buffer buffer;
	u64 closing;
	atomic_long_t count;
	atomic_long_t added;
	atomic_long_t lost;
};

/**
 * task_registry_init - make an empty registry
 * @reg: its contents on entry do not matter
 * @max_tasks: how many it has to hold, 1 .. TASKS_LIMIT; there are at least twice
 *	       as many keys, at which the odds of -ENOSPC are below 1 in 10^9
 *
 * Sleeps. Return: 0, -EINVAL, -ENOMEM.
 */
int task_registry_init(struct task_registry *reg, u32 max_tasks);

/* task_registry_destroy - free it; it is no longer in use. A zeroed @reg is fine. Sleeps. */
void task_registry_destroy(struct task_registry *reg);

/**
 * task_registry_find - is a task tracked, and what does it carry?
 * @reg: the registry
 * @task: the task, or any number
 * @ref: the answer, all of one life of @task; unspecified if false is returned
 *
 * Safe in any context; two cache lines of keys and one slot. What @ref holds was
 * true at one moment during the call; thread_buffer_enter() checks it again.
 * Return: false if it is not tracked.
 */
bool task_registry_find(const struct task_registry *reg, unsigned long task,
			struct thread_ref *ref);

/**
 * task_registry_add - track a task
 * @reg: the registry
 * @task: the task; only itself, or its parent before it first runs, may add it
 * @sample: what it runs for
 * @owner: who wants it, not 0; not while task_registry_del_owner() drops @owner
 *
 * Any context that cannot interrupt itself; takes no lock. Return: its slot; -EINVAL: not a task
 * or an owner; -EEXIST: tracked already; -ENOSPC: no room, counted in @reg->lost.
 */
int task_registry_add(struct task_registry *reg, unsigned long task, u64 sample, u64 owner);

/**
 * task_registry_reserve - room for a task that is going to be tracked
 * @reg: the registry
 * @task: as for task_registry_add(), of which this is the part that may fail
 *
 * Undone by task_registry_unreserve(); nothing finds the task before task_registry_fill(). Return:
 * its slot; errors of task_registry_add().
 */
int task_registry_reserve(struct task_registry *reg, unsigned long task);

/* task_registry_unreserve - the task that @slot was reserved for is not going to be tracked */
void task_registry_unreserve(struct task_registry *reg, u32 slot);

/**
 * task_registry_fill - track a task for which there is room
 * @reg: the registry
 * @slot: that task_registry_reserve() has returned for it
 * @task: the task
 * @sample: what it runs for
 * @owner: as for task_registry_add()
 */
void task_registry_fill(struct task_registry *reg, u32 slot, unsigned long task, u64 sample,
			u64 owner);

/**
 * task_registry_del - forget a task
 * @reg: the registry
 * @task: the task
 *
 * For a task's end use sched_process_free: at sched_process_exit it still has
 * its files to close, and the driver's release() is part of what it tests.
 *
 * Return: 0; -ESRCH: not tracked, or just forgotten by another caller.
 */
int task_registry_del(struct task_registry *reg, unsigned long task);

/**
 * task_registry_inherit - a tracked task has forked
 * @reg: the registry
 * @parent: the task that forks
 * @child: its child, which has not run yet
 *
 * The child gets its parent's sample and owner. Return: 1: the child is tracked;
 * 0: the parent is not, or has just been dropped by its owner; else as
 * task_registry_add().
 */
int task_registry_inherit(struct task_registry *reg, unsigned long parent, unsigned long child);

/**
 * task_registry_del_owner - forget all tasks of an owner
 * @reg: the registry
 * @owner: the owner
 * @dropped: called with the sample of each task that is forgotten here; or NULL
 *
 * When it returns no task of this owner is tracked. One that was being forked meanwhile may be in
 * the registry until its fork ends: it is forgotten before it first runs, without @dropped. Looks
 * at every key. Callers exclude each other. Return: tasks forgotten here.
 */
u32 task_registry_del_owner(struct task_registry *reg, u64 owner, void (*dropped)(u64 sample));

/**
 * task_registry_samples - for which samples are tasks tracked?
 * @reg: the registry
 * @samples: out: each of them once, in no order; room for @max
 * @max: how many at most
 *
 * No task may be added meanwhile but by task_registry_inherit(): then all that run are among
 * them when it returns, and those that begin later by inheriting. One whose last task has just gone
 * may be among them as well. Looks at every key; sleeps. Return: how many; -E2BIG: more than
 * @max; -EAGAIN: a task has forked meanwhile, so that one may have been missed.
 */
int task_registry_samples(const struct task_registry *reg, u64 *samples, u32 max);

#endif /* LIVECOV_TASK_REGISTRY_H */
