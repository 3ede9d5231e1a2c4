// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctl.c - COV_CONTROL_PATH: copy in, validate, dispatch, copy out. No logic of
 * its own: what a call means is in the files that it dispatches to. Owns what
 * one open file has: an id that stands for it as an owner, and the last error.
 */
#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../include/cov_release.h"
#include "ioctl.h"
#include "query.h"
#include "target.h"
#include "tracking.h"

#define GLOBS_MAX	(64U << 10)
#define SECTIONS_MAX	64

/**
 * struct control - an open control file
 * @id: names it as an owner; never 0, never used twice
 * @lock: guards @error; a forked child shares the file
 * @error: the text of the last error
 */
struct control {
	u64 id;
	struct mutex lock;
	struct cov_error error;
};

/* --- what every struct has to be -------------------------------------------------- */

static bool terminated(const char *text, size_t size)
{
	return strnlen(text, size) < size;
}

static const struct cov_engine *engine_by_id(u32 id)
{
	/* One engine so far: auto is the best there is. */
	return id == COV_ENGINE_AUTO || id == COV_ENGINE_KPROBE ? &cov_engine_kprobe : NULL;
}

static int check_modes(u32 mode, u32 scope, u32 engine, struct cov_error *error)
{
	if (mode != COV_MODE_BLOCKS && mode != COV_MODE_EDGES)
		return cov_fail(error, -EOPNOTSUPP, "there is no mode %u", mode);
	if (scope != COV_SCOPE_TRACKED && scope != COV_SCOPE_ALL)
		return cov_fail(error, -EOPNOTSUPP, "there is no scope %u", scope);
	if (!engine_by_id(engine))
		return cov_fail(error, -EOPNOTSUPP, "there is no engine %u", engine);
	return 0;
}

static int check_attach(const struct cov_attach *arg, struct cov_error *error)
{
	if (!terminated(arg->module, sizeof(arg->module)) || !arg->module[0])
		return cov_fail(error, -EINVAL, "the module's name is empty or not terminated");
	if (arg->flags & ~COV_ATTACH_FUNCTIONS_ONLY)
		return cov_fail(error, -EINVAL, "unknown flags %#x", arg->flags);
	if (arg->pad)
		return cov_fail(error, -EINVAL, "the padding is not zero");
	if (!arg->levels)
		return cov_fail(error, -EINVAL, "the level mask is empty");
	if (arg->globs_len > GLOBS_MAX)
		return cov_fail(error, -E2BIG, "%u bytes of patterns are more than %u",
				arg->globs_len, GLOBS_MAX);
	if (arg->nr_sections > SECTIONS_MAX)
		return cov_fail(error, -E2BIG, "%u sections are more than %u",
				arg->nr_sections, SECTIONS_MAX);
	return check_modes(arg->mode, arg->scope, arg->engine, error);
}

/* NUL-terminated strings, none of them empty. */
static int check_globs(const char *globs, u32 len, struct cov_error *error)
{
	u32 i;

	if (len && globs[len - 1])
		return cov_fail(error, -EINVAL, "the last pattern is not terminated");
	for (i = 0; i < len; i++)
		if (!globs[i] && (!i || !globs[i - 1]))
			return cov_fail(error, -EINVAL, "a pattern is empty");
	return 0;
}

static int check_sections(const struct cov_section *sections, u32 n, struct cov_error *error)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (!terminated(sections[i].name, sizeof(sections[i].name)) || !sections[i].name[0])
			return cov_fail(error, -EINVAL, "a section's name is empty or not terminated");
	return 0;
}

/* An array from user space; NULL if it is empty. */
static int copy_array(void **array, u64 from, size_t size, struct cov_error *error)
{
	*array = NULL;
	if (!size)
		return 0;
	*array = vmemdup_user(u64_to_user_ptr(from), size);
	if (!IS_ERR(*array))
		return 0;
	return cov_fail(error, PTR_ERR(*array), "an array of %zu bytes at %#llx cannot be read",
			size, from);
}

/* --- the calls --------------------------------------------------------------------- */

static int do_version(struct control *control, void *data, struct cov_error *error)
{
	struct cov_version *arg = data;

	*arg = (struct cov_version){
		.abi_major = COV_ABI_MAJOR,
		.abi_minor = COV_ABI_MINOR,
		.modes = 1U << COV_MODE_BLOCKS | 1U << COV_MODE_EDGES,
		.scopes = 1U << COV_SCOPE_TRACKED | 1U << COV_SCOPE_ALL,
		.engines = 1U << COV_ENGINE_AUTO | 1U << COV_ENGINE_KPROBE,
	};
	strscpy(arg->release, COV_RELEASE, sizeof(arg->release));
	return 0;
}

static int do_last_error(struct control *control, void *data, struct cov_error *error)
{
	mutex_lock(&control->lock);
	*(struct cov_error *)data = control->error;
	mutex_unlock(&control->lock);
	return 0;
}

static int do_status(struct control *control, void *data, struct cov_error *error)
{
	query_status(data);
	return 0;
}

static int do_target(struct control *control, void *data, struct cov_error *error)
{
	struct cov_target_info *arg = data;
	struct cov_target *target;

	if (arg->flags & ~COV_INFO_NEXT)
		return cov_fail(error, -EINVAL, "unknown flags %#x", arg->flags);
	target = arg->flags & COV_INFO_NEXT ? target_next(arg->target) : target_find(arg->target);
	if (!target)
		return cov_fail(error, -ENOENT, "there is no target %u%s", arg->target,
				arg->flags & COV_INFO_NEXT ? " or above" : "");
	return query_target(target, arg, error);
}

static int attach(struct control *control, struct cov_attach *arg, const char *globs,
		  struct cov_section *sections, struct cov_error *error)
{
	struct target_request request = {
		.name = arg->module,
		.checkpoint = "",
		.choice = {
			.globs = globs,
			.globs_len = arg->globs_len,
			.entries_only = arg->flags & COV_ATTACH_FUNCTIONS_ONLY,
		},
		.sections = sections,
		.nr_sections = arg->nr_sections,
		.owner = control->id,
		.levels = arg->levels,
		.mode = arg->mode,
		.scope = arg->scope,
		.engine = engine_by_id(arg->engine),
		.flags = arg->flags,
	};
	struct cov_target *target;
	int err;

	err = check_globs(globs, arg->globs_len, error) ?:
	      check_sections(sections, arg->nr_sections, error) ?:
	      target_attach(&request, &target, error);
	if (err)
		return err;
	arg->target = target->id;
	arg->functions = target->image.in.nr_functions;
	arg->blocks = target->image.flow.nr_blocks;
	arg->branches = target->image.flow.nr_branches;
	arg->sites = target->cps.count;
	return 0;
}

static int do_attach(struct control *control, void *data, struct cov_error *error)
{
	struct cov_attach *arg = data;
	void *globs = NULL, *sections = NULL;
	int err = check_attach(arg, error);

	if (!err)
		err = copy_array(&globs, arg->globs, arg->globs_len, error);
	if (err)
		return err;
	err = copy_array(&sections, arg->sections,
			 arg->nr_sections * sizeof(struct cov_section), error);
	if (!err) {
		err = attach(control, arg, globs, sections, error);
		/* A target that came to be has taken the sections over. */
		if (err)
			kvfree(sections);
	}
	kvfree(globs);
	return err;
}

static int find_target(u32 id, struct cov_target **target, struct cov_error *error)
{
	*target = target_find(id);
	return *target ? 0 : cov_fail(error, -ENOENT, "there is no target %u", id);
}

static int do_arm(struct control *control, void *data, struct cov_error *error)
{
	struct cov_arm *arg = data;
	struct cov_target_info info;
	struct cov_target *target;
	int err;

	if (!arg->max)
		return cov_fail(error, -EINVAL, "max is 0: nothing would be done");
	err = find_target(arg->target, &target, error) ?:
	      target_arm(target, arg->max, error);
	if (err)
		return err;
	query_sites(target, &info);
	arg->pending = info.pending;
	arg->armed = info.armed + info.disarmed;
	arg->refused = info.refused;
	arg->total = info.sites;
	return 0;
}

static int check_target_id(const struct cov_target_id *arg, struct cov_error *error)
{
	return arg->pad ? cov_fail(error, -EINVAL, "the padding is not zero") : 0;
}

static int do_keep(struct control *control, void *data, struct cov_error *error)
{
	struct cov_target_id *arg = data;
	struct cov_target *target;
	int err = check_target_id(arg, error) ?: find_target(arg->target, &target, error);

	if (!err)
		target->owner = 0;
	return err;
}

static int do_detach(struct control *control, void *data, struct cov_error *error)
{
	struct cov_target_id *arg = data;
	struct cov_target *target;
	int err = check_target_id(arg, error) ?: find_target(arg->target, &target, error);

	if (!err)
		target_detach(target);
	return err;
}

static int do_reset(struct control *control, void *data, struct cov_error *error)
{
	struct cov_target_id *arg = data;
	struct cov_target *target;
	int err = check_target_id(arg, error);

	if (err)
		return err;
	if (arg->target)
		return find_target(arg->target, &target, error) ?: target_reset(target, error);
	list_for_each_entry(target, &cov_targets, link)
		err = target_reset(target, error) ?: err;
	return err;
}

static int read_table(enum query_table table, struct cov_range *arg, struct cov_error *error)
{
	struct cov_target *target;

	if (arg->pad)
		return cov_fail(error, -EINVAL, "the padding is not zero");
	if (!arg->count || arg->count > COV_RANGE_MAX)
		return cov_fail(error, -EINVAL, "a count of %u is not in 1..%u", arg->count,
				COV_RANGE_MAX);
	return find_target(arg->target, &target, error) ?:
	       query_range(target, table, arg, error);
}

static int do_functions(struct control *control, void *data, struct cov_error *error)
{
	return read_table(QUERY_FUNCTIONS, data, error);
}

static int do_blocks(struct control *control, void *data, struct cov_error *error)
{
	return read_table(QUERY_BLOCKS, data, error);
}

static int do_branches(struct control *control, void *data, struct cov_error *error)
{
	return read_table(QUERY_BRANCHES, data, error);
}

static int do_sections(struct control *control, void *data, struct cov_error *error)
{
	return read_table(QUERY_SECTIONS, data, error);
}

static int do_names(struct control *control, void *data, struct cov_error *error)
{
	return read_table(QUERY_NAMES, data, error);
}

static int do_text(struct control *control, void *data, struct cov_error *error)
{
	struct cov_text *arg = data;
	struct cov_target *target;

	if (!arg->length || arg->length > COV_TEXT_MAX)
		return cov_fail(error, -EINVAL, "a length of %u is not in 1..%u", arg->length,
				COV_TEXT_MAX);
	return find_target(arg->target, &target, error) ?: query_text(target, arg, error);
}

static int do_register(struct control *control, void *data, struct cov_error *error)
{
	struct cov_register *arg = data;

	if (arg->flags || arg->pad)
		return cov_fail(error, -EINVAL, "unknown flags, or padding that is not zero");
	if (!arg->sample)
		return cov_fail(error, -EINVAL, "sample 0 means none; choose another id");
	return tracking_register(arg->sample, control->id, error);
}

static int do_unregister(struct control *control, void *data, struct cov_error *error)
{
	return tracking_unregister(error);
}

static int check_checkpoint(const struct cov_checkpoint_add *arg, struct cov_error *error)
{
	if (!terminated(arg->name, sizeof(arg->name)) || !arg->name[0])
		return cov_fail(error, -EINVAL, "the checkpoint's name is empty or not terminated");
	if (!terminated(arg->module, sizeof(arg->module)))
		return cov_fail(error, -EINVAL, "the module's name is not terminated");
	if (!terminated(arg->function, sizeof(arg->function)) || !arg->function[0])
		return cov_fail(error, -EINVAL, "the function's name is empty or not terminated");
	if (arg->flags & ~COV_CHECKPOINT_AUTO)
		return cov_fail(error, -EINVAL, "unknown flags %#x", arg->flags);
	if (arg->pad)
		return cov_fail(error, -EINVAL, "the padding is not zero");
	if (!arg->levels)
		return cov_fail(error, -EINVAL, "the level mask is empty");
	return check_modes(COV_MODE_EDGES, arg->scope, COV_ENGINE_AUTO, error);
}

static int do_checkpoint_add(struct control *control, void *data, struct cov_error *error)
{
	struct cov_checkpoint_add *arg = data;
	struct target_request request = {
		.name = arg->module,
		.checkpoint = arg->name,
		.offset = arg->offset,
		.choice = {
			.globs = arg->function,
			.globs_len = strnlen(arg->function, sizeof(arg->function)) + 1,
			.entries_only = !(arg->flags & COV_CHECKPOINT_AUTO),
		},
		.levels = arg->levels,
		.mode = COV_MODE_EDGES,
		.scope = arg->scope,
		.engine = engine_by_id(COV_ENGINE_AUTO),
	};
	struct cov_target *target;
	char owner[COV_MODULE_LEN];
	int err = check_checkpoint(arg, error);

	if (!err && !arg->module[0]) {
		err = cov_image_owner(arg->function, owner, error);
		request.name = owner;
	}
	err = err ?: target_attach_checkpoint(&request, &target, error);
	if (!err)
		arg->target = target->id;
	return err;
}

static int do_checkpoint_del(struct control *control, void *data, struct cov_error *error)
{
	struct cov_checkpoint_del *arg = data;
	struct cov_target *target;

	if (!terminated(arg->name, sizeof(arg->name)) || !arg->name[0])
		return cov_fail(error, -EINVAL, "the checkpoint's name is empty or not terminated");
	target = target_find_checkpoint(arg->name);
	if (!target)
		return cov_fail(error, -ENOENT, "there is no checkpoint %.100s", arg->name);
	target_detach(target);
	return 0;
}

/* --- dispatch ------------------------------------------------------------------------ */

union argument {
	struct cov_version version;
	struct cov_error error;
	struct cov_status status;
	struct cov_target_info info;
	struct cov_attach attach;
	struct cov_arm arm;
	struct cov_target_id id;
	struct cov_range range;
	struct cov_text text;
	struct cov_register reg;
	struct cov_checkpoint_add add;
	struct cov_checkpoint_del del;
};

static const struct call {
	unsigned int cmd;
	int (*run)(struct control *control, void *data, struct cov_error *error);
	bool unlocked;	/* does not look at targets: must not wait behind an attach */
} calls[] = {
	{ COV_IOC_VERSION, do_version, true },
	{ COV_IOC_LAST_ERROR, do_last_error, true },
	{ COV_IOC_STATUS, do_status },
	{ COV_IOC_TARGET, do_target },
	{ COV_IOC_ATTACH, do_attach },
	{ COV_IOC_ARM, do_arm },
	{ COV_IOC_KEEP, do_keep },
	{ COV_IOC_DETACH, do_detach },
	{ COV_IOC_RESET, do_reset },
	{ COV_IOC_FUNCTIONS, do_functions },
	{ COV_IOC_BLOCKS, do_blocks },
	{ COV_IOC_BRANCHES, do_branches },
	{ COV_IOC_SECTIONS, do_sections },
	{ COV_IOC_NAMES, do_names },
	{ COV_IOC_TEXT, do_text },
	{ COV_IOC_REGISTER, do_register, true },
	{ COV_IOC_UNREGISTER, do_unregister, true },
	{ COV_IOC_CHECKPOINT_ADD, do_checkpoint_add },
	{ COV_IOC_CHECKPOINT_DEL, do_checkpoint_del },
};

static const struct call *find_call(unsigned int cmd)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].cmd == cmd)
			return &calls[i];
	return NULL;
}

static int run_call(const struct call *call, struct control *control, void *data,
		    struct cov_error *error)
{
	int err;

	if (call->unlocked)
		return call->run(control, data, error);
	if (mutex_lock_interruptible(&cov_targets_lock))
		return cov_fail(error, -EINTR, "interrupted while another call was at work");
	err = call->run(control, data, error);
	mutex_unlock(&cov_targets_lock);
	return err;
}

static long copy_and_run(const struct call *call, struct control *control,
			 void __user *user, struct cov_error *error)
{
	size_t size = _IOC_SIZE(call->cmd);
	union argument *arg = kzalloc(sizeof(*arg), GFP_KERNEL);
	long err;

	if (!arg)
		return cov_fail(error, -ENOMEM, "not enough memory");
	if (_IOC_DIR(call->cmd) & _IOC_WRITE && copy_from_user(arg, user, size))
		err = cov_fail(error, -EFAULT, "the argument cannot be read");
	else
		err = run_call(call, control, arg, error);
	if (!err && _IOC_DIR(call->cmd) & _IOC_READ && copy_to_user(user, arg, size))
		err = cov_fail(error, -EFAULT, "the answer cannot be written");
	kfree(arg);
	return err;
}

static long control_ioctl(struct file *file, unsigned int cmd, unsigned long user)
{
	struct control *control = file->private_data;
	const struct call *call = find_call(cmd);
	struct cov_error error = { };
	long err;

	err = call ? copy_and_run(call, control, (void __user *)user, &error) :
		     cov_fail(&error, -ENOTTY, "there is no call %#x; is livecov.ko older than its caller?", cmd);
	if (err) {
		mutex_lock(&control->lock);
		control->error = error;
		mutex_unlock(&control->lock);
	}
	return err;
}

static int control_open(struct inode *inode, struct file *file)
{
	static atomic64_t last_id;
	struct control *control = kzalloc(sizeof(*control), GFP_KERNEL);

	if (!control)
		return -ENOMEM;
	control->id = atomic64_inc_return(&last_id);
	mutex_init(&control->lock);
	file->private_data = control;
	return 0;
}

static int control_release(struct inode *inode, struct file *file)
{
	struct control *control = file->private_data;

	tracking_drop_owner(control->id);
	targets_detach_owner(control->id);
	kfree(control);
	return 0;
}

const struct file_operations cov_control_fops = {
	.owner = THIS_MODULE,
	.open = control_open,
	.release = control_release,
	.unlocked_ioctl = control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};
