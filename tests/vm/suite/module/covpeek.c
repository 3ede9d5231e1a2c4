// SPDX-License-Identifier: GPL-2.0-only
/*
 * covpeek.c - lets a test see kernel text as it is. Not every kernel has
 * /proc/kcore, and COV_IOC_TEXT hides what the test is looking for. And lets it have an oops that
 * does not end the virtual machine.
 */
#include <linux/kdebug.h>
#include <linux/kprobes.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "covlife.h"

MODULE_DESCRIPTION("livecov's tests: reads kernel text");
MODULE_LICENSE("GPL");

static long peek(const struct covpeek *request)
{
	void *bytes;
	long err;

	if (!request->length || request->length > SZ_64K)
		return -EINVAL;
	bytes = kvmalloc(request->length, GFP_KERNEL);
	if (!bytes)
		return -ENOMEM;
	err = copy_from_kernel_nofault(bytes, (void *)(unsigned long)request->address,
				       request->length);
	if (!err && copy_to_user(u64_to_user_ptr(request->buffer), bytes, request->length))
		err = -EFAULT;
	kvfree(bytes);
	return err;
}

/* Nothing but an instruction that a kernel with one processor takes the lock prefix from. */
static __used noinline void covpeek_locked(void)
{
	static atomic_t counter;

	atomic_inc(&counter);
}

/* --- an oops ------------------------------------------------------------------------------ */

/* Not exported; nor may notify_die() be probed. */
static void *find_symbol(const char *name)
{
	unsigned long (*lookup)(const char *name);
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };

	if (register_kprobe(&probe))
		return NULL;
	lookup = (void *)probe.addr;
	unregister_kprobe(&probe);
	return (void *)lookup(name);
}

/* hit_recording as hit_begin() leaves it for a task (module/hit_context.h). */
static long oops(void)
{
	u32 __percpu *recording = (u32 __percpu *)find_symbol("livecov:hit_recording");
	int (*notify)(enum die_val value, const char *text, struct pt_regs *regs, long err,
		      int trap, int sig) = find_symbol("notify_die");
	struct pt_regs regs = { };

	if (!recording || !notify)
		return -ENOENT;
	local_irq_disable();
	this_cpu_write(*recording, 1);
	notify(DIE_OOPS, "Oops", &regs, 0, 0, 0);
	local_irq_enable();
	return 0;
}

static long covpeek_ioctl(struct file *file, unsigned int cmd, unsigned long user)
{
	struct covpeek request;

	if (cmd == COVPEEK_OOPS)
		return oops();
	if (cmd != COVPEEK_READ)
		return -ENOTTY;
	if (copy_from_user(&request, (void __user *)user, sizeof(request)))
		return -EFAULT;
	return peek(&request);
}

static const struct file_operations covpeek_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = covpeek_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice covpeek_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "covpeek",
	.fops = &covpeek_fops,
};
module_misc_device(covpeek_device);
