// SPDX-License-Identifier: GPL-2.0-only
/*
 * stepping.c - see stepping.h. The state is the CPU's, and outlasts the kprobe; whatever kprobe the
 * CPU hits next ends it. So each CPU hits one of ours. One that is offline, and has been since it
 * got into that state, is not reached.
 */
#include <linux/cpu.h>
#include <linux/kprobes.h>
#include <linux/smp.h>

#include "stepping.h"

static bool noted;	/* since it was ended; targets' lock */
static atomic_t hits;

static notrace noinline void livecov_step(void *unused)
{
	barrier();
}

static int notrace count_hit(struct kprobe *kp, struct pt_regs *regs)
{
	atomic_inc(&hits);
	return 0;
}
NOKPROBE_SYMBOL(count_hit);

void stepping_note(void)
{
	noted = true;
}

bool stepping_end(void)
{
	static struct kprobe kp;

	if (!noted)
		return true;
	kp = (struct kprobe){
		.addr = (kprobe_opcode_t *)livecov_step,
		.pre_handler = count_hit,
	};
	if (register_kprobe(&kp))
		return false;
	atomic_set(&hits, 0);
	cpus_read_lock();
	on_each_cpu(livecov_step, NULL, 1);
	noted = atomic_read(&hits) < num_online_cpus();
	cpus_read_unlock();
	unregister_kprobe(&kp);
	return !noted;
}
