// SPDX-License-Identifier: GPL-2.0-only
/*
 * optimiser.c - see optimiser.h. Owns kprobes' permission to optimise while livecov is loaded.
 *
 * It is withdrawn as by kprobes' own sysctl, debug.kprobes-optimization, except that kprobes
 * already optimised stay so: they show in the text, and their functions are left alone
 * (foreign_is_code()).
 *
 * Whoever writes 1 to that sysctl has every kprobe optimised at once, those beside armed detours
 * as well. So the function that carries it out has a kretprobe of livecov's, which has the kernel
 * check and store what is written in a variable of livecov's: to the kernel nothing has changed.
 * What was written last holds when livecov has gone; what is read is the kernel's own, which is 0.
 *
 *	permitted --loaded--> withdrawn, @wanted 1 --unloaded--> as @wanted says
 *
 * A write that the kretprobe misses (all kprobes are switched off; it could not be placed; livecov
 * is just being unloaded) is undone before text is changed the next time. The kernel's optimiser
 * works five ticks after a write at the earliest, under the mutex that is held then.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sysctl.h>
#include <linux/workqueue.h>

#include "ksym.h"
#include "optimiser.h"
#include "unloading.h"

static bool *permitted;		/* the kernel's; NULL: it has no optimiser */
static int wanted;		/* what @permitted is to be afterwards */
static bool watched;		/* @probe is registered */

/* What the kernel reads of a table when a number is written. */
static struct ctl_table table = {
	.procname = "kprobes-optimization",
	.data = &wanted,
	.maxlen = sizeof(wanted),
	.mode = 0644,
	.extra1 = SYSCTL_ZERO,
	.extra2 = SYSCTL_ONE,
};

static void say_so(struct work_struct *work)
{
	pr_notice("kprobes are not optimised while livecov is loaded: the optimiser does not see the jumps that detours hide; afterwards debug.kprobes-optimization is %d\n",
		  READ_ONCE(wanted));
}

static DECLARE_WORK(say_so_later, say_so);

/* --- in the kretprobe's context ----------------------------------------------------------- */

/* (table, write, ...). 1: no instance is wanted. livecov stays until the function has returned. */
static int notrace write_begins(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	if (!(int)regs->si || !try_module_get(THIS_MODULE))
		return 1;
	regs->di = (unsigned long)&table;
	return 0;
}
NOKPROBE_SYMBOL(write_begins);

static int notrace write_ended(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	if (!regs_return_value(regs))
		schedule_work(&say_so_later);
	module_put(THIS_MODULE);
	return 0;
}
NOKPROBE_SYMBOL(write_ended);

/* --- sleeping --------------------------------------------------------------------------------- */

static struct kretprobe probe = {
	.kp.symbol_name = "proc_kprobes_optimization_handler",
	.entry_handler = write_begins,
	.handler = write_ended,
};

void optimiser_withdraw(void)
{
	if (!permitted || !READ_ONCE(*permitted))
		return;
	WRITE_ONCE(*permitted, false);
	WRITE_ONCE(wanted, 1);
	say_so(NULL);
}

void optimiser_init(void)
{
	int err;

	permitted = ksym_address("kprobes_allow_optimization");
	if (!permitted)
		return;
	wanted = READ_ONCE(*permitted);
	WRITE_ONCE(*permitted, false);
	err = register_kretprobe(&probe);
	if (err)
		pr_notice("debug.kprobes-optimization is not watched (errno %d): do not write to it while livecov is loaded\n",
			  -err);
	watched = !err;
}

/* ftrace may lack the memory to give the function back; the probe's text is about to go. */
static void unwatch(void)
{
	unloading_disable(&probe.kp);
	unregister_kretprobe(&probe);
}

void optimiser_exit(void)
{
	if (watched)
		unwatch();
	cancel_work_sync(&say_so_later);
	/* A write of 1 that was missed is left as it is. */
	if (permitted && wanted)
		WRITE_ONCE(*permitted, true);
}
