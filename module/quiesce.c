// SPDX-License-Identifier: GPL-2.0-only
/*
 * quiesce.c - see quiesce.h.
 *
 * An address is called inside if it is in what the caller is going to change: in the arena (stubs,
 * and the windows that they call), or in a region or an island after its first byte. A task, or an
 * interrupt on top of it, is inside if that is where it will continue. No call in the arena or in a
 * region would return inside (a call is a region's last instruction, and a stub pushes the original
 * return address), so only interrupts and exceptions return there: the address is then in the
 * registers saved on the stack, or, as long as nothing interrupts, in the instruction pointer.
 *
 * A task in the arena is not inside a region: a stub leads to a jump's target, or to what follows
 * its region, and neither is ever inside one. It matters that such a task is not waited for: while
 * a region's first byte is int3, a task that loops there spends most of its time in the handler,
 * with interrupts off; so it is interrupted where the handler returns to, in the stub, each time.
 *
 * In preemption models none and voluntary a task gives up its CPU only where it asks to, and no
 * code inside does: instructions that may sleep in a fault are not moved (they have a fixup).
 * So a task that is inside is on a CPU, and stays there until it has left. Each CPU is examined
 * in its timer interrupt, which knows the registers of what it interrupts (the interrupt of an
 * smp_call_function() does not before 6.9), and when it hits an int3 of ours: a task that loops
 * around a breakpoint is found in the breakpoint's stub each time, for the same reason as above.
 * (At a region's int3 the registers already point inside: there the timer tells.)
 *
 *	UNKNOWN --> in user mode, or on the task's own stack with no saved registers
 *	on it that are inside, nor its own; or in the task that waits --> OUT
 *
 * An interrupt is handled before what it interrupts continues, and a softirq that runs on a
 * stack of its own hides its task: that CPU remains UNKNOWN, and is examined again. OUT is
 * permanent, because nothing can enter any more, or it does not matter who does (quiesce.h); when
 * all CPUs are OUT, no task is inside that was when the looks began. A
 * CPU that comes up later starts outside.
 *
 * Whoever finds a CPU OUT clears its bit after looking, with a full barrier; so text that is
 * changed once the mask is found empty is changed after all looks. What earlier registers have left
 * in a part of the stack that nobody writes to may keep a CPU UNKNOWN as long as its task goes on;
 * after a while synchronize_rcu_tasks() decides, which waits for no idle task.
 *
 * Where tasks can be preempted in the kernel, one may be inside without a CPU:
 * synchronize_rcu_tasks() waits until each task has voluntarily given up its CPU, or was in
 * user mode. A task that loops in the kernel can make that last for minutes, which is why it is
 * not used everywhere. The model can be changed at run time (debugfs, sched/preempt): a task
 * that was preempted inside, and did not run between that change and our look, would be missed.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kprobes.h>
#include <linux/sched/task_stack.h>
#include <linux/smp.h>
#include <asm/irq_regs.h>
#include <asm/segment.h>

#include "arena.h"
#include "compat.h"
#include "held.h"
#include "quiesce.h"
#include "site_index.h"

static DEFINE_PER_CPU(struct hrtimer, look_timer);
static struct cpumask unknown;
static const struct task_struct *waiting;	/* for the looks; it is not inside */
static bool for_stubs;		/* what is inside: the arena, or regions */
static DEFINE_MUTEX(look_lock);

/* --- in the timer's interrupt, and in an int3's handler ----------------------------- */

static bool notrace is_inside(unsigned long address)
{
	if (READ_ONCE(for_stubs))
		return arena_has(address);
	return site_index_inside(address) || held_inside(address);
}
NOKPROBE_SYMBOL(is_inside);

/*
 * Registers are saved as rip, then cs. Other words may look like that by chance, or be left
 * over from earlier registers: then the next look decides, except for the task that waits,
 * whose stack would be the same at every look. KASAN would object to reading another frame's
 * stack.
 */
static notrace __no_sanitize_address bool returns_inside(unsigned long sp, unsigned long end)
{
	const unsigned long *word = (const unsigned long *)ALIGN(sp, sizeof(*word));

	for (; (unsigned long)(word + 2) <= end; word++)
		if ((u16)READ_ONCE_NOCHECK(word[1]) == __KERNEL_CS &&
		    is_inside(READ_ONCE_NOCHECK(word[0])))
			return true;
	return false;
}
NOKPROBE_SYMBOL(returns_inside);

static bool notrace is_out(const struct pt_regs *regs)
{
	unsigned long stack = (unsigned long)task_stack_page(current);

	if (!regs)
		return false;
	if (user_mode((struct pt_regs *)regs))
		return true;
	if (regs->sp - stack >= THREAD_SIZE || is_inside(regs->ip))
		return false;
	return current == READ_ONCE(waiting) || !returns_inside(regs->sp, stack + THREAD_SIZE);
}
NOKPROBE_SYMBOL(is_out);

void notrace quiesce_look(const struct pt_regs *regs)
{
	if (likely(!cpumask_test_cpu(raw_smp_processor_id(), &unknown)))
		return;
	smp_rmb();	/* pairs with the smp_wmb() in look_until_out(): what is inside */
	if (!is_out(regs))
		return;
	smp_mb__before_atomic();	/* pairs with the smp_mb() in look_until_out() */
	cpumask_clear_cpu(raw_smp_processor_id(), &unknown);
}
NOKPROBE_SYMBOL(quiesce_look);

static enum hrtimer_restart look(struct hrtimer *timer)
{
	quiesce_look(get_irq_regs());
	return HRTIMER_NORESTART;
}

/* Runs in the interrupt of an smp_call_function(); the timer's interrupt comes after that. */
static void start_look(void *unused)
{
	hrtimer_start(this_cpu_ptr(&look_timer), 0, HRTIMER_MODE_REL_PINNED_HARD);
}

/* --- sleeping ------------------------------------------------------------------------- */

#define LOOKS		2000
#define PAUSE_MIN_US	50
#define PAUSE_MAX_US	1000

/* Return: are all CPUs out? */
static bool look_until_out(bool stubs)
{
	u32 i, pause = PAUSE_MIN_US;
	unsigned int cpu;
	bool out;

	for_each_possible_cpu(cpu)
		compat_hrtimer_setup(per_cpu_ptr(&look_timer, cpu), look, CLOCK_MONOTONIC,
				     HRTIMER_MODE_REL_PINNED_HARD);
	WRITE_ONCE(for_stubs, stubs);
	WRITE_ONCE(waiting, current);
	smp_wmb();	/* pairs with the smp_rmb() in quiesce_look() */
	cpumask_copy(&unknown, cpu_online_mask);
	for (i = 0; i < LOOKS && !cpumask_empty(&unknown); i++) {
		on_each_cpu_mask(&unknown, start_look, NULL, true);
		usleep_range(pause, 2 * pause);
		pause = min_t(u32, 2 * pause, PAUSE_MAX_US);
	}
	/* A callback that has not returned yet would return into a module that is gone. */
	for_each_online_cpu(cpu)
		hrtimer_cancel(per_cpu_ptr(&look_timer, cpu));
	WRITE_ONCE(waiting, NULL);
	out = cpumask_empty(&unknown);
	/* An int3's handler that still looks is over before synchronize_rcu_tasks() returns. */
	cpumask_clear(&unknown);
	smp_mb();	/* pairs with that of quiesce_look(): text changes after all looks */
	return out;
}

static void wait_until_out(bool stubs)
{
	mutex_lock(&look_lock);
	if (compat_preempts() || !look_until_out(stubs))
		compat_synchronize_rcu_tasks();
	mutex_unlock(&look_lock);
}

void text_quiesce_regions(void)
{
	wait_until_out(false);
}

void text_quiesce_stubs(void)
{
	cpus_read_lock();
	wait_until_out(true);
	cpus_read_unlock();
}
