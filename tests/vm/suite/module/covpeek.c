// SPDX-License-Identifier: GPL-2.0-only
/*
 * covpeek.c - lets a test see kernel text as it is. Not every kernel has
 * /proc/kcore, and COV_IOC_TEXT hides what the test is looking for.
 */
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

static long covpeek_ioctl(struct file *file, unsigned int cmd, unsigned long user)
{
	struct covpeek request;

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
