// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - covtarget: a module with known branches, for livecov's tests. Owns
 * the device and hands its calls to the functions of the other files.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>

#include "target.h"

#define COVT_FN_ENTRY(name)	[COVT_FN_##name] = covt_##name,

static s64 (*const functions[COVT_FN_COUNT])(u64 a, u64 b, u64 c) = {
	COVT_FUNCTIONS(COVT_FN_ENTRY)
};

static covt_fn long covt_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct covt_call __user *user = (void __user *)arg;
	struct covt_call call;

	if (cmd != COVT_IOC_CALL)
		return -ENOTTY;
	if (copy_from_user(&call, user, sizeof(call)))
		return -EFAULT;
	if (call.func >= COVT_FN_COUNT || call.pad)
		return -EINVAL;
	call.func = array_index_nospec(call.func, COVT_FN_COUNT);
	call.result = functions[call.func](call.a, call.b, call.c);
	return put_user(call.result, &user->result) ? -EFAULT : 0;
}

/* A task that exits without closing still gets here, in its own context. */
static covt_fn int covt_release(struct inode *inode, struct file *file)
{
	covt_mark("release");
	return 0;
}

static const struct file_operations covt_fops = {
	.owner = THIS_MODULE,
	.release = covt_release,
	.unlocked_ioctl = covt_ioctl,
};

static struct miscdevice covt_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "covtarget",
	.fops = &covt_fops,
	.mode = 0600,
};

/* In .init.text: gone from memory by the time anybody can attach to the module. */
static int __init covt_init(void)
{
	covt_mark("init");
	return misc_register(&covt_device);
}

/* In .exit.text: there, and not run as long as the module is loaded. */
static void __exit covt_exit(void)
{
	covt_mark("exit");
	misc_deregister(&covt_device);
	covt_context_exit();
}

module_init(covt_init);
module_exit(covt_exit);

MODULE_DESCRIPTION("functions with known branches, for livecov's tests");
MODULE_LICENSE("GPL");
