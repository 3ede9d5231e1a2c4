// SPDX-License-Identifier: GPL-2.0-only
/*
 * context.c - code of the target that runs elsewhere than in the task that asked
 * for it: on top of it, in an interrupt; in another task; or much later.
 */
#include <linux/bottom_half.h>
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/sched/task.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "target.h"

/* One asks at a time, and gets what was made of his @a. */
static DEFINE_MUTEX(lock);
static u64 argument;
static s64 answer;

/* The same three times: each context has a function of its own. */

static covt_fn void covt_in_hardirq(struct irq_work *work)
{
	if (argument) {
		covt_mark("nonzero");
		answer = 1;
	} else {
		covt_mark("zero");
		answer = 2;
	}
}

static covt_fn void covt_in_softirq(struct tasklet_struct *tasklet)
{
	if (argument) {
		covt_mark("nonzero");
		answer = 1;
	} else {
		covt_mark("zero");
		answer = 2;
	}
}

static covt_fn void covt_in_work(struct work_struct *work)
{
	if (argument) {
		covt_mark("nonzero");
		answer = 1;
	} else {
		covt_mark("zero");
		answer = 2;
	}
}

static struct irq_work covt_irq_work = IRQ_WORK_INIT_HARD(covt_in_hardirq);
static DECLARE_TASKLET(covt_tasklet, covt_in_softirq);
static DECLARE_WORK(covt_work_item, covt_in_work);

/* The interrupt comes at once, while this task is current. */
covt_fn s64 covt_hardirq(u64 a, u64 b, u64 c)
{
	s64 result;

	covt_mark("start");
	mutex_lock(&lock);
	argument = a;
	irq_work_queue(&covt_irq_work);
	irq_work_sync(&covt_irq_work);
	result = answer;
	mutex_unlock(&lock);
	covt_mark("end");
	return result;
}

/* Enabling bottom halves runs those that are pending, on top of this task. */
covt_fn s64 covt_softirq(u64 a, u64 b, u64 c)
{
	s64 result;

	covt_mark("start");
	mutex_lock(&lock);
	argument = a;
	local_bh_disable();
	tasklet_schedule(&covt_tasklet);
	local_bh_enable();
	tasklet_unlock_wait(&covt_tasklet);
	result = answer;
	mutex_unlock(&lock);
	covt_mark("end");
	return result;
}

covt_fn s64 covt_work(u64 a, u64 b, u64 c)
{
	s64 result;

	covt_mark("start");
	mutex_lock(&lock);
	argument = a;
	schedule_work(&covt_work_item);
	flush_work(&covt_work_item);
	result = answer;
	mutex_unlock(&lock);
	covt_mark("end");
	return result;
}

/*
 * Sleeping in the middle of a block: whoever looks meanwhile must not find
 * covered what comes after the call. One sleeper at a time, which returns @value.
 */
static DECLARE_COMPLETION(reached);
static DECLARE_COMPLETION(woken);

noinline s64 covt_sleep(s64 value)
{
	/* A wake-up that found nobody is forgotten, and so is that we were here. */
	reinit_completion(&woken);
	complete(&reached);
	wait_for_completion_interruptible(&woken);
	reinit_completion(&reached);
	return value;
}

/* The block with the call goes on into the loop's head. @a: rounds, at least 1 */
covt_fn s64 covt_wait(u64 a, u64 b, u64 c)
{
	s64 n = 0;

	covt_mark("before");
	covt_sleep(0);
	do {
		covt_mark("loop");
		n++;
	} while (n < a);
	covt_mark("end");
	return n;
}

/* The block with the call ends with a jump or falls to where others come to as well. */
covt_fn s64 covt_wait_jump(u64 a, u64 b, u64 c)
{
	s64 result = 1;

	if (a) {
		covt_mark("sleeps");
		covt_sleep(0);
	} else {
		covt_mark("does_not");
		result = 2;
	}
	covt_mark("join");
	return result;
}

/* Returns when somebody sleeps in covt_sleep(). */
covt_fn s64 covt_wait_reached(u64 a, u64 b, u64 c)
{
	return wait_for_completion_interruptible(&reached);
}

covt_fn s64 covt_wake(u64 a, u64 b, u64 c)
{
	complete(&woken);
	return 0;
}

static covt_fn int covt_thread(void *unused)
{
	s64 n = 0;

	covt_mark("before");
	covt_sleep(0);
	do {
		covt_mark("loop");
		n++;
	} while (n < 3);
	covt_mark("end");
	return 0;
}

static struct task_struct *thread;

/* Returns when the thread sleeps. */
covt_fn s64 covt_thread_start(u64 a, u64 b, u64 c)
{
	struct task_struct *task;
	s64 err = -EBUSY;

	mutex_lock(&lock);
	if (!thread) {
		task = kthread_create(covt_thread, NULL, "covtarget");
		err = PTR_ERR_OR_ZERO(task);
		if (!err) {
			/* It may be through before it is stopped. */
			thread = get_task_struct(task);
			wake_up_process(task);
			wait_for_completion(&reached);
		}
	}
	mutex_unlock(&lock);
	return err;
}

/* Returns when the thread is through. */
covt_fn s64 covt_thread_stop(u64 a, u64 b, u64 c)
{
	s64 err = -ESRCH;

	mutex_lock(&lock);
	if (thread) {
		complete(&woken);
		err = kthread_stop(thread);
		put_task_struct(thread);
		thread = NULL;
	}
	mutex_unlock(&lock);
	return err;
}

void covt_context_exit(void)
{
	covt_thread_stop(0, 0, 0);
	tasklet_kill(&covt_tasklet);
}
