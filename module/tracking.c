// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracking.c - owns what all handlers share: the two tables, and which CPU is just writing a hit
 * down (hit_context.h); and the tracepoints that keep the task registry up to date.
 *
 * A tracked task's children are tracked from before they first run: task_newtask, the last step
 * of copy_process(), which io_uring workers go through as well; they do not reach
 * sched_process_fork. A task is dropped not when it begins to exit but when its task_struct is
 * freed (sched_process_free): in between it closes its files, and what the driver does then is
 * part of the test. Before that the address cannot be used by another task.
 */
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "hit_context.h"
#include "quiesce.h"
#include "samples.h"
#include "targets_lock.h"
#include "task_maps.h"
#include "tracepoints.h"
#include "tracking.h"

DEFINE_PER_CPU(u32, hit_recording);

struct task_registry cov_tasks;
struct caller_table cov_callers;

unsigned int cov_max_tasks = 16384;
unsigned int cov_max_callers = 1U << 17;

static void tracking_fork(void *data, struct task_struct *child, compat_clone_flags clone_flags)
{
	task_registry_inherit(&cov_tasks, (unsigned long)current, (unsigned long)child);
}

static void tracking_free(void *data, struct task_struct *task)
{
	task_registry_del(&cov_tasks, (unsigned long)task);
}

/* In __schedule(), before the switch, interrupts off. */
static void notrace tracking_switch(void *data, bool preempt, struct task_struct *prev,
				    struct task_struct *next COMPAT_SWITCH_STATE)
{
	task_maps_switch(prev, next);
}

static struct followed followed[] = {
	{ .name = "task_newtask", .probe = tracking_fork },
	{ .name = "sched_process_free", .probe = tracking_free },
	/* A target's probe on the same tracepoint still runs on behalf of the old task. */
	{ .name = "sched_switch", .probe = tracking_switch, .last = true },
};

int tracking_init(void)
{
	int err;

	if (cov_max_tasks > TASKS_LIMIT || cov_max_callers > CALLERS_LIMIT) {
		pr_err("max_tasks may be %u at most, max_callers %u\n", TASKS_LIMIT, CALLERS_LIMIT);
		return -EINVAL;
	}
	task_maps_init();
	err = task_registry_init(&cov_tasks, cov_max_tasks);
	if (err)
		return err;
	err = caller_table_init(&cov_callers, cov_max_callers);
	if (err)
		goto err_tasks;
	err = tracepoints_follow(followed, ARRAY_SIZE(followed));
	if (err)
		goto err_callers;
	return 0;

err_callers:
	caller_table_destroy(&cov_callers);
err_tasks:
	task_registry_destroy(&cov_tasks);
	return err;
}

static int reserve_task(struct cov_error *error)
{
	int slot = task_registry_reserve(&cov_tasks, (unsigned long)current);

	switch (slot) {
	case -EEXIST:
		return cov_fail(error, slot, "this task is tracked already; unregister it first");
	case -ENOSPC:
		return cov_fail(error, slot, "the task table is full; load livecov with a larger max_tasks (now %u)",
				cov_max_tasks);
	default:
		return slot < 0 ? cov_fail(error, slot, "this task cannot be tracked") : slot;
	}
}

/* The task's room first: a sample that is made stays, and one that is found may change places. */
int tracking_prepare(u64 id, struct registration *registration, struct cov_error *error)
{
	int slot = reserve_task(error);
	struct cov_sample *sample;

	if (slot < 0)
		return slot;
	sample = sample_get_or_make(id);
	if (IS_ERR(sample)) {
		task_registry_unreserve(&cov_tasks, slot);
		if (sample == ERR_PTR(-ENOSPC))
			return cov_fail(error, -ENOSPC, "the table of samples is full; load livecov with a larger max_samples (now %u)",
					cov_max_samples);
		return cov_fail(error, PTR_ERR(sample), "not enough memory for another sample; try again when some is free");
	}
	*registration = (struct registration){ sample, slot };
	return 0;
}

void tracking_register(const struct registration *registration, u64 owner)
{
	lockdep_assert_held(&cov_targets_lock);
	registration->sample->ran = true;
	task_registry_fill(&cov_tasks, registration->slot, (unsigned long)current,
			   (unsigned long)registration->sample, owner);
	task_maps_refresh_self();
}

int tracking_unregister(struct cov_error *error)
{
	int err = task_registry_del(&cov_tasks, (unsigned long)current);

	task_maps_refresh_self();
	return err ? cov_fail(error, err, "this task is not tracked") : 0;
}

/*
 * A task that is dropped while it is in a target goes on writing to its sample's cells until its
 * CPU has heard of it, and the stub or handler that had begun has ended. Until then its sample
 * counts as running. Whoever closes a file does not wait for that: most close it when their tasks
 * have ended.
 *
 *	tracking_drop_owner()		drop_work			tracking_samples()
 *	tasks leave the registry,					reads the registry
 *	their samples note @drops	takes @drops			adds samples that left
 *	CPUs hear of it			waits for stubs and handlers	   after @waited
 *					@waited is what it took
 *
 * @drops and @waited change under drop_lock, and it is held over each column but the wait: who
 * misses a dropped task in the registry finds its sample by @left, or comes after its last write.
 * Where no task was found there is nothing to wait for: one that is being forked has a parent that
 * would have been found, and has not run (task_registry.c).
 */
static DEFINE_MUTEX(drop_lock);
static unsigned long drops, waited;

static void wait_for_dropped(struct work_struct *work)
{
	unsigned long begun;

	mutex_lock(&drop_lock);
	begun = drops;
	mutex_unlock(&drop_lock);
	synchronize_rcu();	/* handlers */
	text_quiesce_stubs();
	mutex_lock(&drop_lock);
	waited = begun;
	mutex_unlock(&drop_lock);
}

static DECLARE_WORK(drop_work, wait_for_dropped);

static void note_left(u64 sample)
{
	sample_of_number(sample)->left = drops + 1;
}

void tracking_drop_owner(u64 owner)
{
	mutex_lock(&drop_lock);
	if (task_registry_del_owner(&cov_tasks, owner, note_left)) {
		drops++;
		task_maps_refresh();
		queue_work(system_long_wq, &drop_work);
	}
	mutex_unlock(&drop_lock);
}

/* Samples of @max at most, @n so far. */
struct sample_list {
	struct cov_sample **samples;
	int n;
	u32 max;
};

static void add_if_leaving(struct cov_sample *sample, void *context)
{
	struct sample_list *list = context;
	int i;

	if (list->n < 0 || sample->left <= waited)
		return;
	for (i = 0; i < list->n; i++)
		if (list->samples[i] == sample)
			return;
	if ((u32)list->n == list->max)
		list->n = -EAGAIN;	/* it will soon have left */
	else
		list->samples[list->n++] = sample;
}

/* Where tasks fork all the time, some look will fall between two of them. */
#define SAMPLES_TRIES	3

int tracking_samples(struct cov_sample **samples, u32 max)
{
	struct sample_list list = { samples, 0, max };
	u32 tries = 0;

	lockdep_assert_held(&cov_targets_lock);
	BUILD_BUG_ON(sizeof(*samples) != sizeof(u64));
	mutex_lock(&drop_lock);
	do {
		list.n = atomic_long_read(&cov_tasks.count) ?
			task_registry_samples(&cov_tasks, (u64 *)samples, max) : 0;
	} while (list.n == -EAGAIN && ++tries < SAMPLES_TRIES);
	if (waited < drops)
		samples_each(0, add_if_leaving, &list);
	mutex_unlock(&drop_lock);
	return list.n;
}

void tracking_forget_callers(u32 first, u32 last)
{
	lockdep_assert_held(&cov_targets_lock);
	thread_buffer_forget(&cov_tasks.buffer, first, last);
	synchronize_rcu();	/* step 3 of caller_table.c's four */
	caller_table_forget(&cov_callers, first, last);
}

void tracking_reset_callers(void)
{
	lockdep_assert_held(&cov_targets_lock);
	caller_table_reset(&cov_callers);
	thread_buffer_forget(&cov_tasks.buffer, 0, CALLER_NONE - 1);
}

void tracking_exit(void)
{
	flush_work(&drop_work);
	tracepoints_unfollow(followed, ARRAY_SIZE(followed));
	task_maps_exit();
	caller_table_destroy(&cov_callers);
	task_registry_destroy(&cov_tasks);
	samples_exit();
}
