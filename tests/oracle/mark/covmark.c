// SPDX-License-Identifier: GPL-2.0-only
/*
 * covmark.c - marks in a log of executed code.
 *
 * Owns one module parameter, write-only to root:
 *
 *	echo NAME >/sys/module/covmark/parameters/pass
 *
 * runs the function covmark_NAME, which does nothing but be executed. Whoever
 * logs what the machine executes finds the function's address there, and with it
 * where in the log the write happened. May call nothing of livecov.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

/*
 * Each function stores a value of its own: without a difference the compiler
 * would make them one, and without the store it would drop the calls.
 */
static unsigned int last_mark;

#define DEFINE_MARK(name, number)				\
static noinline notrace void covmark_##name(void)		\
{								\
	WRITE_ONCE(last_mark, number);				\
}

DEFINE_MARK(quiet, 1)
DEFINE_MARK(start, 2)
DEFINE_MARK(stop, 3)
DEFINE_MARK(end, 4)

static const struct {
	const char *name;
	void (*pass)(void);
} marks[] = {
	{ "quiet", covmark_quiet },
	{ "start", covmark_start },
	{ "stop", covmark_stop },
	{ "end", covmark_end },
};

static int pass_mark(const char *name, const struct kernel_param *param)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(marks); i++) {
		if (sysfs_streq(name, marks[i].name)) {
			marks[i].pass();
			return 0;
		}
	}
	pr_err("no such mark\n");
	return -EINVAL;
}

static const struct kernel_param_ops pass_ops = { .set = pass_mark };

module_param_cb(pass, &pass_ops, NULL, 0200);
MODULE_PARM_DESC(pass, "quiet, start, stop, end: run the function of that name");

MODULE_DESCRIPTION("marks in a log of executed code, for livecov's tests");
MODULE_LICENSE("GPL");
