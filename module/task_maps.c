// SPDX-License-Identifier: GPL-2.0-only
/*
 * task_maps.c - see task_maps.h.
 *
 * What an interrupt does on top of a tracked task is not counted as that task's. preempt_count
 * tells which of them is running (include/linux/preempt.h): byte 1 counts softirqs, in steps of
 * two for disabled sections and with its lowest bit while one is served; byte 2 has hard
 * interrupts in its low nibble and NMIs in its high one. Both bytes together index
 * cov_contexts, which is 0 for a task. It is a table so that no flag is changed. On PREEMPT_RT
 * softirqs are counted with the task that serves them (cells_of_task()).
 *
 * A task that reads base[0] reads its own. It is written for the next task in __schedule(), with
 * interrupts off, by the last probe on the tracepoint. If the previous task has preempt notifiers
 * (kvm's virtual CPUs), these are still going to run on its behalf, and may be a target's: then an
 * interrupt that the CPU sends itself writes it. That comes when the next task turns interrupts on
 * (finish_task_switch()), before any other code of its own and before its own notifiers.
 *
 *	trace_sched_switch()  prev's notifiers  stack switch  interrupts on  next's notifiers
 *	     base = next's					  | (no notifiers)
 *	     ...........................................base = next's | (prev has some)
 *
 * A stub that has read its base and is preempted keeps it in a register.
 */
#include <linux/irq_work.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "hit_context.h"
#include "samples.h"
#include "task_maps.h"
#include "tracking.h"

DEFINE_PER_CPU(struct task_maps, cov_task_maps);
static DEFINE_PER_CPU_ALIGNED(u8, nobodys[STUB_NOWHERE_SIZE]);
u8 cov_contexts[CONTEXTS];

static bool is_interrupt(u32 context)
{
	u32 count = context << CONTEXT_SHIFT;

	return count & (NMI_MASK | HARDIRQ_MASK) || count & SOFTIRQ_OFFSET;
}

static notrace u8 *map_of(struct task_struct *task)
{
	struct thread_ref thread;

	/* Every context switch comes here: it costs little as long as no task is tracked. */
	if (!atomic_long_read(&cov_tasks.count) ||
	    !task_registry_find(&cov_tasks, (unsigned long)task, &thread))
		return NULL;
	/* Pairs with smp_store_release() in sample_grow(). */
	return READ_ONCE(thread_sample(&thread)->map);
}

static notrace void set_base(struct task_struct *task)
{
	raw_cpu_write(cov_task_maps.base[0], map_of(task));
}

static void after_switch(struct irq_work *work)
{
	set_base(current);
}

static DEFINE_PER_CPU(struct irq_work, switch_work);

void task_maps_init(void)
{
	int cpu;
	u32 i;

	/* The table is indexed by all of them. */
	BUILD_BUG_ON((NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET) &
		     ~((CONTEXTS - 1UL) << CONTEXT_SHIFT));
	for (i = 0; i < ARRAY_SIZE(cov_contexts); i++)
		cov_contexts[i] = is_interrupt(i);
	for_each_possible_cpu(cpu) {
		per_cpu(cov_task_maps, cpu).nowhere = per_cpu(nobodys, cpu) + STUB_NOWHERE;
		/* Here: the module loader does not relocate what per-CPU data begin with. */
		per_cpu(switch_work, cpu) = IRQ_WORK_INIT_HARD(after_switch);
	}
}

void notrace task_maps_switch(struct task_struct *prev, struct task_struct *next)
{
	u32 before;

	if (likely(!compat_has_preempt_notifiers(prev)) ||
	    raw_cpu_read(cov_task_maps.base[0]) == map_of(next)) {
		set_base(next);
		return;
	}
	before = hit_begin();	/* this call is none of @prev's */
	irq_work_queue(this_cpu_ptr(&switch_work));
	hit_end(before);
}

void task_maps_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		irq_work_sync(per_cpu_ptr(&switch_work, cpu));
}

static void refresh_cpu(void *unused)
{
	set_base(current);
}

void task_maps_refresh(void)
{
	on_each_cpu(refresh_cpu, NULL, 1);
}

void task_maps_refresh_self(void)
{
	unsigned long flags;

	/* Against refresh_cpu(): what was looked up last must be written last. */
	local_irq_save(flags);
	set_base(current);
	local_irq_restore(flags);
}

static bool reaches(u64 value)
{
	return (s64)value == (s32)value;
}

int task_maps_stub(struct stub_task *task)
{
	task->preempt_count = (unsigned long)&COMPAT_PREEMPT_COUNT;
	task->bases = (unsigned long)&cov_task_maps.base;
	task->nowhere = (unsigned long)&cov_task_maps.nowhere;
	task->contexts = (unsigned long)cov_contexts;
	/* On PREEMPT_RT softirqs are not in preempt_count. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return -EOPNOTSUPP;
	return reaches(task->preempt_count) && reaches(task->bases) &&
	       reaches(task->nowhere) && reaches(task->contexts) ? 0 : -ERANGE;
}
