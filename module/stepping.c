// SPDX-License-Identifier: GPL-2.0-only
/*
 * stepping.c - see stepping.h. The state is the CPU's, and outlasts the kprobe; whatever kprobe the
 * CPU hits next ends it. So each CPU hits one of ours. One that is offline, and has been since it
 * got into that state, is not reached.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/smp.h>

#include "stepping.h"
#include "targets_lock.h"

/*
 * A CPU that is in another user's kprobe, or in an ftrace callback that stands for one, misses
 * ours: so it is asked again.
 */
#define TRIES		50
#define PAUSE_US	1000

static bool noted;	/* since it was ended; targets' lock */
static struct cpumask missing;

static notrace noinline void livecov_step(void *unused)
{
	barrier();
}

static int notrace note_stepped(struct kprobe *kp, struct pt_regs *regs)
{
	cpumask_clear_cpu(raw_smp_processor_id(), &missing);
	return 0;
}
NOKPROBE_SYMBOL(note_stepped);

void stepping_note(void)
{
	lockdep_assert_held(&cov_targets_lock);
	noted = true;
}

bool stepping_end(void)
{
	static struct kprobe kp;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	if (!noted)
		return true;
	kp = (struct kprobe){
		.addr = (kprobe_opcode_t *)livecov_step,
		.pre_handler = note_stepped,
	};
	if (register_kprobe(&kp))
		return false;
	cpus_read_lock();
	cpumask_copy(&missing, cpu_online_mask);
	for (i = 0; i < TRIES && !cpumask_empty(&missing); i++) {
		if (i)
			usleep_range(PAUSE_US, 2 * PAUSE_US);
		on_each_cpu_mask(&missing, livecov_step, NULL, true);
	}
	noted = !cpumask_empty(&missing);
	cpus_read_unlock();
	unregister_kprobe(&kp);
	return !noted;
}
