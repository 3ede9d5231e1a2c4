// SPDX-License-Identifier: GPL-2.0-only
/*
 * covlife.c - the module under measurement: runs one function in every kind of
 * context, stands still in its init or exit function until told to go on, fails
 * to load when told to. Its life is what matters; what its text looks like to
 * the decoder is tested elsewhere.
 */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kprobes.h>
#include <linux/linkage.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <asm/apic.h>
#include <asm/asm.h>
#include <asm/nmi.h>

#include "covlife.h"

MODULE_DESCRIPTION("livecov's tests: a module to be measured");
MODULE_LICENSE("GPL");

static bool stop_in_init, stop_in_exit, waiting, staying;
static int fail;

module_param(stop_in_init, bool, 0444);
MODULE_PARM_DESC(stop_in_init, "the init function waits for a write to go");
module_param(stop_in_exit, bool, 0444);
MODULE_PARM_DESC(stop_in_exit, "the exit function waits for a write to go");
module_param(waiting, bool, 0444);
MODULE_PARM_DESC(waiting, "one of them does: nothing happens before a write to go");
module_param(staying, bool, 0444);
MODULE_PARM_DESC(staying, "covlife_stay() or covlife_stay_island() is being called");
module_param(fail, int, 0444);
MODULE_PARM_DESC(fail, "errno that the init function ends with");

static DECLARE_COMPLETION(gate);

static int go_set(const char *value, const struct kernel_param *param)
{
	complete(&gate);
	return 0;
}

/* A test that was killed must not leave this behind. */
static int wait_for_go(void)
{
	WRITE_ONCE(waiting, true);
	return wait_for_completion_killable(&gate);
}

static const struct kernel_param_ops go_ops = { .set = go_set };
module_param_cb(go, &go_ops, NULL, 0200);

/* --- what is measured ------------------------------------------------------- */

/* Calls, so that no branch becomes a conditional move. */
static noinline unsigned long covlife_odd(unsigned long value)
{
	barrier();
	return value * 3 + 1;
}

static noinline unsigned long covlife_even(unsigned long value)
{
	barrier();
	return value / 2;
}

static noinline unsigned long covlife_forbidden(unsigned long value)
{
	barrier();
	return value & 1 ? value + 1 : covlife_even(value);
}
NOKPROBE_SYMBOL(covlife_forbidden);

static noinline unsigned long covlife_work(unsigned long value)
{
	if (unlikely(value == COVLIFE_RARE)) {
		pr_info("the rare way\n");
		return covlife_forbidden(value);
	}
	return value & 1 ? covlife_odd(value) : covlife_even(value);
}

static unsigned long calls_made;

static noinline void count_a_call(void)
{
	barrier();
	calls_made++;
}

/* Behind ftrace's place its first instruction is a call. */
static noinline void call_first(void)
{
	count_a_call();
	count_a_call();
}

static bool waiting;

static void end_waiting(struct work_struct *work)
{
	WRITE_ONCE(waiting, false);
}

/* Nobody waits for ever, even if a test fails. */
static DECLARE_DELAYED_WORK(waiting_ends, end_waiting);

/* No static call in covlife_wait(): bytes that the kernel itself patches are left alone. */
static noinline void let_others_run(void)
{
	cond_resched();
}

/* Behind ftrace's place the loop begins at once: nothing needs a register or the stack. */
static noinline void covlife_wait(void)
{
	do
		let_others_run();
	while (READ_ONCE(waiting));
}

static long wait_or_end(unsigned long how)
{
	if (how > 1)
		return READ_ONCE(waiting);
	cancel_delayed_work_sync(&waiting_ends);
	WRITE_ONCE(waiting, how);
	if (how) {
		schedule_delayed_work(&waiting_ends, 120 * HZ);
		covlife_wait();
	}
	return 0;
}

static noinline void covlife_loop(unsigned long times)
{
	unsigned long i;

	for (i = 0; i < times && !signal_pending(current); i++) {
		covlife_work(i);
		/* Where one host thread plays all CPUs, this lets the others go on. */
		cpu_relax();
		cond_resched();
	}
}

/*
 * An instruction that takes as long as one likes, between a test and the short jump that
 * goes by it: a detour of the jump takes all three.
 */
asmlinkage bool covlife_stay(void *memory, unsigned long unused, unsigned long unused_too,
			     unsigned long bytes);

asm("	.pushsection .text\n"
    "	.balign	16\n"
    "	.type	covlife_stay, @function\n"
    "covlife_stay:\n"
    "	xor	%eax, %eax\n"
    "	jmp	1f\n"
    "1:	test	%rcx, %rcx\n"
    "	rep	stosb\n"
    "	je	2f\n"
    "	mov	$1, %eax\n"
    "2:	" ASM_RET
    "	.size	covlife_stay, . - covlife_stay\n"
    "	.popsection\n");

/*
 * Such an instruction in the middle of what can be moved near a short jump that nothing can go
 * along with. There is no other jump for which livecov would wait. The island begins before it: a
 * task that stands at an island's first byte goes on in the copy.
 */
asmlinkage bool covlife_stay_island(void *memory, unsigned long unused, unsigned long unused_too,
				    unsigned long bytes);

asm("	.pushsection .text\n"
    "	.balign	16\n"
    "	.type	covlife_stay_island, @function\n"
    "covlife_stay_island:\n"
    "	xor	%eax, %eax\n"
    "	jmp	1f\n"
    "1:	test	%rcx, %rcx\n"
    "	lea	8(%rcx), %rdx\n"
    "	rep	stosb\n"
    "	lea	8(%rdx), %rdx\n"
    "	lea	8(%rdx), %rdx\n"
    "	jmp	2f\n"
    "2:	je	3f\n"
    "	sti\n"			/* they are on; but it cannot be moved */
    "	mov	$1, %eax\n"
    "3:	" ASM_RET
    "	.size	covlife_stay_island, . - covlife_stay_island\n"
    "	.popsection\n");

/*
 * For probes alone, nobody calls them. A loop instruction of which the second byte lies on the
 * next page: in a section of its own, because the tests look at .text's first page.
 */
asm("	.pushsection .across_pages, \"ax\"\n"
    "	.balign	4096\n"
    "	.skip	4094, 0xcc\n"
    "	.type	across_pages, @function\n"
    "across_pages:\n"
    "	nop\n"
    "1:	loop	1b\n"
    "	" ASM_RET
    "	.size	across_pages, . - across_pages\n"
    "	.balign	16, 0xcc\n"
    "	.popsection\n");

/* Instructions in front of one that may fault. */
asm("	.pushsection .text\n"
    "	.type	may_fault, @function\n"
    "may_fault:\n"
    "	xor	%eax, %eax\n"
    "	inc	%eax\n"
    "1:	mov	(%rdi), %rax\n"
    "2:	" ASM_RET
    "	.size	may_fault, . - may_fault\n"
    "	.popsection\n"
    _ASM_EXTABLE(1b, 2b));

static int stay(unsigned long mib, bool in_island)
{
	void *memory = vmalloc(mib * SZ_1M);
	bool stayed;

	if (!memory)
		return -ENOMEM;
	WRITE_ONCE(staying, true);
	stayed = in_island ? covlife_stay_island(memory, 0, 0, mib * SZ_1M) :
			     covlife_stay(memory, 0, 0, mib * SZ_1M);
	WRITE_ONCE(staying, false);
	vfree(memory);
	return stayed ? 0 : -EIO;
}

/* --- contexts ------------------------------------------------------------------ */

/* One call on its way to its context; lives on the caller's stack. */
struct errand {
	unsigned long value;
	bool done;
	struct irq_work irq;
	struct tasklet_struct softirq;
	struct work_struct kthread;
};

static void errand_irq(struct irq_work *irq)
{
	covlife_work(container_of(irq, struct errand, irq)->value);
}

static void errand_softirq(struct tasklet_struct *softirq)
{
	covlife_work(container_of(softirq, struct errand, softirq)->value);
}

static void errand_kthread(struct work_struct *work)
{
	covlife_work(container_of(work, struct errand, kthread)->value);
}

static void run_in_irq(struct errand *errand)
{
	init_irq_work(&errand->irq, errand_irq);
	/* An interrupt to ourselves: it is taken here, on top of this task. */
	irq_work_queue(&errand->irq);
	irq_work_sync(&errand->irq);
}

static void run_in_softirq(struct errand *errand)
{
	tasklet_setup(&errand->softirq, errand_softirq);
	local_bh_disable();
	tasklet_schedule(&errand->softirq);
	local_bh_enable();	/* runs it, if the softirq daemon has not been woken */
	tasklet_kill(&errand->softirq);
}

static void run_in_kthread(struct errand *errand)
{
	INIT_WORK_ONSTACK(&errand->kthread, errand_kthread);
	schedule_work(&errand->kthread);
	flush_work(&errand->kthread);
	destroy_work_on_stack(&errand->kthread);
}

/* The one that is on its way; who sends one waits until it has come. */
static struct errand *nmi_errand;
static DEFINE_MUTEX(nmi_lock);

static int errand_nmi(unsigned int type, struct pt_regs *regs)
{
	struct errand *errand = xchg(&nmi_errand, NULL);

	if (!errand)
		return NMI_DONE;
	covlife_work(errand->value);
	/* Pairs with smp_load_acquire() in run_in_nmi(). */
	smp_store_release(&errand->done, true);
	return NMI_HANDLED;
}

static long run_in_nmi(struct errand *errand)
{
	unsigned int cpu;

	mutex_lock(&nmi_lock);
	cpus_read_lock();
	preempt_disable();
	cpu = cpumask_any_but(cpu_online_mask, smp_processor_id());
	if (cpu >= nr_cpu_ids)
		cpu = smp_processor_id();
	WRITE_ONCE(nmi_errand, errand);
	apic->send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
	preempt_enable();
	/* Pairs with smp_store_release() in errand_nmi(). */
	while (!smp_load_acquire(&errand->done)) {
		cpu_relax();
		cond_resched();
	}
	cpus_read_unlock();
	mutex_unlock(&nmi_lock);
	return 0;
}

#ifdef CONFIG_PREEMPT_NOTIFIERS

/* On the stack of the task that sleeps. */
struct sleeper {
	struct preempt_notifier notifier;
	long left;
};

static void sleeper_comes(struct preempt_notifier *notifier, int cpu)
{
}

/* After the tracepoint of the switch; this is still the task that goes. */
static void sleeper_goes(struct preempt_notifier *notifier, struct task_struct *next)
{
	container_of(notifier, struct sleeper, notifier)->left++;
	covlife_work(1);
}

static struct preempt_ops sleeper_ops = {
	.sched_in = sleeper_comes,
	.sched_out = sleeper_goes,
};

static long sleep_notified(unsigned long times)
{
	struct sleeper sleeper = { };

	preempt_notifier_init(&sleeper.notifier, &sleeper_ops);
	preempt_notifier_inc();
	preempt_disable();
	preempt_notifier_register(&sleeper.notifier);
	preempt_enable();
	while (times-- && !signal_pending(current))
		schedule_timeout_interruptible(1);
	preempt_disable();
	preempt_notifier_unregister(&sleeper.notifier);
	preempt_enable();
	preempt_notifier_dec();
	return sleeper.left;
}

#else

static long sleep_notified(unsigned long times)
{
	return -EOPNOTSUPP;
}

#endif

static long covlife_ioctl(struct file *file, unsigned int cmd, unsigned long value)
{
	struct errand errand = { .value = value };

	switch (cmd) {
	case COVLIFE_TASK:
		covlife_work(value);
		return 0;
	case COVLIFE_IRQ:
		run_in_irq(&errand);
		return 0;
	case COVLIFE_SOFTIRQ:
		run_in_softirq(&errand);
		return 0;
	case COVLIFE_KTHREAD:
		run_in_kthread(&errand);
		return 0;
	case COVLIFE_LOOP:
		covlife_loop(value);
		return 0;
	case COVLIFE_STAY:
		return stay(value, false);
	case COVLIFE_STAY_ISLAND:
		return stay(value, true);
	case COVLIFE_NMI:
		return run_in_nmi(&errand);
	case COVLIFE_CALL_FIRST:
		calls_made = 0;
		call_first();
		return calls_made;
	case COVLIFE_SLEEP:
		return sleep_notified(value);
	case COVLIFE_WAIT:
		return wait_or_end(value);
	}
	return -ENOTTY;
}

static int covlife_release(struct inode *inode, struct file *file)
{
	barrier();
	return 0;
}

static const struct file_operations covlife_fops = {
	.owner = THIS_MODULE,
	.release = covlife_release,
	.unlocked_ioctl = covlife_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice covlife_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "covlife",
	.fops = &covlife_fops,
};

/* --- life ---------------------------------------------------------------------- */

/* In text that goes when the module is live. */
static noinline __noclone int __init covlife_after_gate(unsigned long value)
{
	int err = covlife_work(value) ? 0 : -EINVAL;

	if (fail) {
		barrier();	/* a jump, not a conditional move */
		err = fail;
	}
	return err;
}

static int __init covlife_init(void)
{
	int err;

	if (stop_in_init && wait_for_go())
		return -EINTR;
	err = covlife_after_gate(1) ?: register_nmi_handler(NMI_LOCAL, errand_nmi, 0, "covlife");
	if (err)
		return err;
	err = misc_register(&covlife_device);
	if (err)
		unregister_nmi_handler(NMI_LOCAL, "covlife");
	return err;
}

static void __exit covlife_exit(void)
{
	misc_deregister(&covlife_device);
	cancel_delayed_work_sync(&waiting_ends);
	unregister_nmi_handler(NMI_LOCAL, "covlife");
	if (stop_in_exit)
		wait_for_go();
	covlife_work(2);
}

module_init(covlife_init);
module_exit(covlife_exit);

/*
 * The last function of the text: livecov refuses it a kprobe where the kernel would not survive
 * that (probe_refuses() in probe.c). covlife_exit() is to be measured, so it is not that one.
 */
asm(".pushsection .exit.text, 1, \"ax\", @progbits\n"
    ".type last_of_text, @function\n"
    "last_of_text: ud2\n"
    ".size last_of_text, . - last_of_text\n"
    ".popsection");
