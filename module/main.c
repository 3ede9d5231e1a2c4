// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - loading and unloading: parameters, the control file, and the ladder
 * that brings the parts up and takes them down in reverse.
 */
#include <linux/debugfs.h>
#include <linux/module.h>

#include "../include/cov_release.h"
#include "engine.h"
#include "fentry_nop.h"
#include "image.h"
#include "ioctl.h"
#include "news.h"
#include "oops.h"
#include "samples.h"
#include "target.h"
#include "trace.h"
#include "tracking.h"

MODULE_DESCRIPTION("Coverage of loaded kernel modules on stock kernels");
MODULE_LICENSE("GPL");
MODULE_VERSION(COV_RELEASE);

module_param_named(max_checkpoints, cov_max_checkpoints, uint, 0444);
MODULE_PARM_DESC(max_checkpoints, "checkpoints of all targets together (default 1048576)");
module_param_named(max_tasks, cov_max_tasks, uint, 0444);
MODULE_PARM_DESC(max_tasks, "tasks tracked at once (default 16384)");
module_param_named(max_samples, cov_max_samples, uint, 0444);
MODULE_PARM_DESC(max_samples, "different samples (default 65536)");
module_param_named(max_callers, cov_max_callers, uint, 0444);
MODULE_PARM_DESC(max_callers, "caller records that have to fit (default 131072)");

static struct dentry *debugfs_dir;

static int control_init(void)
{
	struct dentry *file;

	debugfs_dir = debugfs_create_dir("livecov", NULL);
	if (IS_ERR(debugfs_dir))
		return PTR_ERR(debugfs_dir);
	/*
	 * Unsafe only for files that outlive their module: an open one pins livecov. The safe
	 * kind does not forward mmap() (fs/debugfs/file.c, full_proxy_fops).
	 */
	file = debugfs_create_file_unsafe("control", 0600, debugfs_dir, NULL, &cov_control_fops);
	if (IS_ERR(file)) {
		debugfs_remove_recursive(debugfs_dir);
		return PTR_ERR(file);
	}
	return 0;
}

static int __init livecov_init(void)
{
	int err;

	fentry_nop_init();
	cov_image_core_init();
	err = tracking_init();
	if (err)
		return err;
	engines_init();
	err = oops_init();
	if (err)
		goto err_engines;
	err = targets_init();
	if (err)
		goto err_oops;
	err = control_init();
	if (err) {
		pr_err("no control file in debugfs (errno %d): this kernel has debugfs switched off\n", -err);
		goto err_targets;
	}
	return 0;

err_targets:
	targets_exit();
err_oops:
	oops_exit();
err_engines:
	engines_exit();
	tracking_exit();
	return err;
}

/*
 * No control file is open now: an open one holds a reference to the module. news_exit() and
 * trace_exit() have no counterpart in livecov_init(): one waits for an irq_work that is defined
 * statically, the other frees what the first trace has allocated.
 */
static void __exit livecov_exit(void)
{
	debugfs_remove_recursive(debugfs_dir);
	targets_exit();
	oops_exit();
	engines_exit();
	news_exit();
	trace_exit();
	tracking_exit();
}

module_init(livecov_init);
module_exit(livecov_exit);
