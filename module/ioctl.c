// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctl.c - COV_CONTROL_PATH: copy in, validate (ioctl_check.c), dispatch, copy out. What a call
 * means is decided in the files that it dispatches to, with two exceptions, which are about the
 * targets' lock: do_arm() releases it now and then, so that others get it, and do_register() holds
 * it from when every site watches for the sample until the task is tracked. Owns the state of an
 * open file, such as the id that names it as an owner, and the last error.
 */
#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../include/cov_release.h"
#include "alloc_array.h"
#include "callers.h"
#include "control_map.h"
#include "engine.h"
#include "ioctl.h"
#include "ioctl_check.h"
#include "news.h"
#include "query.h"
#include "returns.h"
#include "samples.h"
#include "settle.h"
#include "target.h"
#include "trace_file.h"
#include "tracking.h"

/*
 * Kprobes and kretprobes to arm before the lock is released for a moment: loading any module waits
 * for it. The engines that patch text arm all of their sites in the first step.
 */
#define ARM_MAX		256

/**
 * struct control - an open control file
 * @id: names it as an owner; never 0, never used twice
 * @registered: a task was registered through it
 * @attached: a target was attached through it
 * @view: the sample that its queries are about, or 0 for all
 * @seen: what its reader has been told of (COV_IOC_NEWS)
 * @lock: protects @error, and changes of @seen; a forked child shares the file
 * @error: the text of the last error
 */
struct control {
	u64 id;
	bool registered;
	bool attached;
	u64 view;
	struct news_seen seen;
	struct mutex lock;
	struct cov_error error;
};

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
	struct cov_engines engines;
	struct cov_refusals refusals;
	struct cov_view view;
	struct cov_samples samples;
	struct cov_map map;
	struct cov_callers callers;
	struct cov_news news;
	struct cov_checkpoint_switch toggle;
	struct cov_outcome_switch outcome;
	struct cov_trace trace;
};

struct request;

/**
 * struct call - how an ioctl is carried out
 * @cmd: its number
 * @prepare: validates, and reads more of user memory, before the lock is taken; or NULL
 * @run: does the work
 * @undo: undoes what @run did if the answer cannot be copied out. Called without the lock; or NULL
 * @publish: makes the result visible once the answer has been copied out; or NULL
 * @unlocked: call @run without the lock: it does not use targets, and must not wait for an
 *	      attach; or it takes the lock itself
 * @table: for do_table()
 * @buffer: offset in the argument of the user address for what @run puts into @answer
 */
struct call {
	unsigned int cmd;
	int (*prepare)(struct request *req);
	int (*run)(struct request *req);
	void (*undo)(struct request *req);
	void (*publish)(struct request *req);
	bool unlocked;
	enum query_table table;
	size_t buffer;
};

/**
 * struct request - an ioctl that is being carried out
 * @call: which
 * @arg: copied in, and copied out again if the ioctl's direction says so
 * @error: why it failed
 * @control: the file that it was called on
 * @globs: COV_IOC_ATTACH: patterns
 * @sections: COV_IOC_ATTACH: named ranges of text
 * @answer: an array for user space
 * @file: COV_IOC_TRACE: the file of the new descriptor
 */
struct request {
	const struct call *call;
	union argument arg;
	struct cov_error error;
	struct control *control;
	char *globs;
	struct cov_section *sections;
	struct query_answer answer;
	struct file *file;
};

/* --- before a call ------------------------------------------------------------------ */

/*
 * The kernel may be locked down after livecov was loaded and this file opened: then no call patches
 * text for what is not being measured, as debugfs would not open the file any more. What was armed
 * before stays, and goes on being measured, across settling, the module's unloading and a
 * checkpoint that it gave way to; restoring text always works.
 */
static int check_lockdown(struct cov_error *error)
{
	if (security_locked_down(LOCKDOWN_DEBUGFS))
		return cov_fail(error, -EPERM, "the kernel has been locked down: nothing more is attached or armed (see /sys/kernel/security/lockdown)");
	return 0;
}

/* Copy an array from user space. @array is NULL if that is empty or cannot be read. */
static int copy_array(void **array, u64 from, size_t size, struct cov_error *error)
{
	void *copy = size ? vmemdup_user(u64_to_user_ptr(from), size) : NULL;

	*array = IS_ERR(copy) ? NULL : copy;
	if (!IS_ERR(copy))
		return 0;
	return cov_fail(error, PTR_ERR(copy), "an array of %zu bytes at %#llx cannot be read",
			size, from);
}

/* --- the calls --------------------------------------------------------------------- */

static int do_version(struct request *req)
{
	struct cov_version *arg = &req->arg.version;

	*arg = (struct cov_version){
		.abi_major = COV_ABI_MAJOR,
		.abi_minor = COV_ABI_MINOR,
		.modes = 1U << COV_MODE_BLOCKS | 1U << COV_MODE_EDGES | 1U << COV_MODE_COUNT |
			 1U << COV_MODE_TRACE,
		.scopes = 1U << COV_SCOPE_TRACKED | 1U << COV_SCOPE_ALL,
		.engines = engines_usable(),
	};
	strscpy(arg->release, COV_RELEASE, sizeof(arg->release));
	return 0;
}

static int do_last_error(struct request *req)
{
	mutex_lock(&req->control->lock);
	req->arg.error = req->control->error;
	mutex_unlock(&req->control->lock);
	return 0;
}

static int do_status(struct request *req)
{
	query_status(&req->arg.status);
	return 0;
}

static int prepare_target(struct request *req)
{
	return ioctl_check_flags(req->arg.info.flags, COV_INFO_NEXT, &req->error);
}

static int do_target(struct request *req)
{
	struct cov_target_info *arg = &req->arg.info;
	struct cov_target *target;

	target = arg->flags & COV_INFO_NEXT ? target_next(arg->target) : target_find(arg->target);
	if (!target)
		return cov_fail(&req->error, -ENOENT, "there is no target %u%s", arg->target,
				arg->flags & COV_INFO_NEXT ? " or above" : "");
	return query_target(target, arg, READ_ONCE(req->control->view), &req->error);
}

static int do_attach(struct request *req)
{
	struct cov_attach *arg = &req->arg.attach;
	struct target_request request = {
		.name = arg->module,
		.checkpoint = "",
		.choice = {
			.globs = req->globs,
			.globs_len = arg->globs_len,
			.entries_only = arg->flags & COV_ATTACH_FUNCTIONS_ONLY,
		},
		.sections = req->sections,
		.nr_sections = arg->nr_sections,
		.owner = req->control->id,
		.levels = arg->levels,
		.mode = arg->mode,
		.scope = arg->scope,
		.engine = arg->engine,
		.flags = arg->flags,
	};
	struct cov_target *target;
	int err;

	WRITE_ONCE(req->control->attached, true);
	err = target_attach(&request, &target, &req->error);
	if (err)
		return err;
	req->sections = NULL;	/* the target has taken them over */
	arg->target = target->id;
	arg->functions = target->image.in.nr_functions;
	arg->blocks = target->image.flow.nr_blocks;
	arg->branches = target->image.flow.nr_branches;
	arg->sites = query_sites(target).total;
	return 0;
}

/* Reading user memory may take long (page faults): not under the lock, which others wait for. */
static int prepare_attach(struct request *req)
{
	struct cov_attach *arg = &req->arg.attach;

	return ioctl_check_attach(arg, &req->error) ?:
	       check_lockdown(&req->error) ?:
	       copy_array((void **)&req->globs, arg->globs, arg->globs_len, &req->error) ?:
	       ioctl_check_globs(req->globs, arg->globs_len, &req->error) ?:
	       copy_array((void **)&req->sections, arg->sections,
			  arg->nr_sections * sizeof(struct cov_section), &req->error) ?:
	       ioctl_check_sections(req->sections, arg->nr_sections, &req->error);
}

/* The answer could not be copied out, so the caller does not know the target's id. */
static void detach_unknown(u32 id)
{
	struct cov_target *target;

	mutex_lock(&cov_targets_lock);
	target = target_find(id);
	if (target)
		target_detach(target);
	mutex_unlock(&cov_targets_lock);
}

static void undo_attach(struct request *req)
{
	detach_unknown(req->arg.attach.target);
}

static int find_target(u32 id, struct cov_target **target, struct cov_error *error)
{
	*target = target_find(id);
	return *target ? 0 : cov_fail(error, -ENOENT, "there is no target %u", id);
}

static int lock_targets(struct cov_error *error)
{
	if (mutex_lock_interruptible(&cov_targets_lock))
		return cov_fail(error, -EINTR, "interrupted while waiting for another call");
	return 0;
}

static int arm_some(struct request *req, u32 max)
{
	struct cov_arm *arg = &req->arg.arm;
	struct site_counts sites;
	struct cov_target *target;
	int err = find_target(arg->target, &target, &req->error) ?:
		  target_arm(target, max, &req->error);

	if (err)
		return err;
	sites = query_sites(target);
	arg->pending = sites.pending + returns_left(target);
	arg->armed = sites.armed + sites.disarmed;
	arg->refused = sites.refused;
	arg->total = sites.total + returns_left(target);
	return 0;
}

static int prepare_arm(struct request *req)
{
	return ioctl_check_arm(&req->arg.arm, &req->error);
}

/* Releases the lock after each ARM_MAX: the target may be gone when it is taken again. */
static int do_arm(struct request *req)
{
	struct cov_arm *arg = &req->arg.arm;
	u32 left = arg->max;
	int err = check_lockdown(&req->error);

	if (err)
		return err;
	do {
		u32 max = min_t(u32, left, ARM_MAX);

		err = lock_targets(&req->error);
		if (err)
			return err;
		err = arm_some(req, max);
		mutex_unlock(&cov_targets_lock);
		left -= max;
	} while (!err && left && arg->pending && !signal_pending(current));
	return err;
}

static int prepare_id(struct request *req)
{
	return cov_check_padding(req->arg.id.pad, &req->error);
}

static int do_keep(struct request *req)
{
	struct cov_target_id *arg = &req->arg.id;
	struct cov_target *target;
	int err = find_target(arg->target, &target, &req->error);

	if (!err)
		target->owner = 0;
	return err;
}

static int do_detach(struct request *req)
{
	struct cov_target_id *arg = &req->arg.id;
	struct cov_target *target;
	int err = find_target(arg->target, &target, &req->error);

	if (!err)
		target_detach(target);
	return err;
}

static int do_reset(struct request *req)
{
	struct cov_target_id *arg = &req->arg.id;
	struct cov_target *target;
	int err = check_lockdown(&req->error);

	if (err)
		return err;
	if (!arg->target)
		return targets_reset(&req->error);
	return find_target(arg->target, &target, &req->error) ?:
	       target_reset(target, &req->error);
}

static int prepare_table(struct request *req)
{
	return cov_check_padding(req->arg.range.pad, &req->error) ?:
	       ioctl_check_count(req->arg.range.count, &req->error);
}

static int do_table(struct request *req)
{
	struct cov_range *arg = &req->arg.range;
	struct cov_error *error = &req->error;
	struct cov_target *target;

	return find_target(arg->target, &target, error) ?:
	       query_range(target, req->call->table, arg, READ_ONCE(req->control->view),
			   &req->answer, error);
}

static int prepare_text(struct request *req)
{
	return ioctl_check_text(&req->arg.text, &req->error);
}

static int do_text(struct request *req)
{
	struct cov_text *arg = &req->arg.text;
	struct cov_target *target;

	return find_target(arg->target, &target, &req->error) ?:
	       query_text(target, arg, &req->answer, &req->error);
}

static int prepare_engines(struct request *req)
{
	return cov_check_padding(req->arg.engines.pad, &req->error);
}

static int do_engines(struct request *req)
{
	struct cov_engines *arg = &req->arg.engines;
	struct cov_target *target;
	int err = find_target(arg->target, &target, &req->error);

	if (!err)
		query_engines(target, arg);
	return err;
}

static int prepare_refusals(struct request *req)
{
	return ioctl_check_refusals(&req->arg.refusals, &req->error);
}

static int do_refusals(struct request *req)
{
	struct cov_refusals *arg = &req->arg.refusals;
	struct cov_target *target;
	int err = find_target(arg->target, &target, &req->error);

	if (!err)
		query_refusals(target, arg);
	return err;
}

static int do_view(struct request *req)
{
	WRITE_ONCE(req->control->view, req->arg.view.sample);
	return 0;
}

static int prepare_samples(struct request *req)
{
	return ioctl_check_count(req->arg.samples.count, &req->error);
}

static int do_samples(struct request *req)
{
	struct cov_samples *arg = &req->arg.samples;

	req->answer.bytes = kvcalloc(arg->count, sizeof(u64), GFP_LARGE);
	if (!req->answer.bytes)
		return cov_fail(&req->error, -ENOMEM, "not enough memory for %u ids", arg->count);
	arg->count = samples_list(arg->first, arg->count, req->answer.bytes);
	req->answer.size = arg->count * sizeof(u64);
	return 0;
}

static int prepare_map(struct request *req)
{
	return cov_check_padding(req->arg.map.pad | req->arg.map.pad2, &req->error);
}

static int do_map(struct request *req)
{
	struct cov_map *arg = &req->arg.map;
	struct cov_target *target;

	return find_target(arg->target, &target, &req->error) ?:
	       control_map_describe(target, arg, &req->error);
}

static int prepare_callers(struct request *req)
{
	return ioctl_check_count(req->arg.callers.count, &req->error);
}

static int do_callers(struct request *req)
{
	return callers_read(&req->arg.callers, &req->answer, &req->error);
}

static int do_news(struct request *req)
{
	mutex_lock(&req->control->lock);
	news_take(&req->control->seen, &req->arg.news);
	mutex_unlock(&req->control->lock);
	return 0;
}

/* The answer could not be copied out: it is still news. */
static void undo_news(struct request *req)
{
	mutex_lock(&req->control->lock);
	news_give_back(&req->control->seen, &req->arg.news);
	mutex_unlock(&req->control->lock);
}

static int do_trace(struct request *req)
{
	return trace_file_make(&req->arg.trace, req->control->id, &req->file, &req->error);
}

static void publish_trace(struct request *req)
{
	trace_file_publish(&req->arg.trace, req->file);
}

static void undo_trace(struct request *req)
{
	trace_file_drop(&req->arg.trace, req->file);
}

static int prepare_register(struct request *req)
{
	return ioctl_check_register(&req->arg.reg, &req->error);
}

static int do_register(struct request *req)
{
	struct cov_register *arg = &req->arg.reg;
	struct registration registration;
	int err;

	WRITE_ONCE(req->control->registered, true);
	/* No signal but SIGKILL ends it: it never did, and callers do not expect it. */
	if (mutex_lock_killable(&cov_targets_lock))
		return cov_fail(&req->error, -EINTR, "killed");
	err = tracking_prepare(arg->sample, &registration, &req->error);
	if (!err) {
		settle_undo_for(registration.sample);
		tracking_register(&registration, req->control->id);
	}
	mutex_unlock(&cov_targets_lock);
	return err;
}

static int do_unregister(struct request *req)
{
	return tracking_unregister(&req->error);
}

static int prepare_checkpoint_add(struct request *req)
{
	return ioctl_check_checkpoint(&req->arg.add, &req->error);
}

static int do_checkpoint_add(struct request *req)
{
	struct cov_checkpoint_add *arg = &req->arg.add;
	struct cov_target *target;
	int err = check_lockdown(&req->error) ?:
		  target_attach_checkpoint(arg, &target, &req->error);

	if (!err)
		arg->target = target->id;
	return err;
}

static void undo_checkpoint_add(struct request *req)
{
	detach_unknown(req->arg.add.target);
}

static int prepare_checkpoint_del(struct request *req)
{
	struct cov_checkpoint_del *arg = &req->arg.del;

	return ioctl_check_string(arg->name, sizeof(arg->name), "the checkpoint's name",
				  &req->error);
}

static int do_checkpoint_del(struct request *req)
{
	struct cov_checkpoint_del *arg = &req->arg.del;
	struct cov_target *target;

	target = target_find_checkpoint(arg->name);
	if (!target)
		return cov_fail(&req->error, -ENOENT, "there is no checkpoint %.100s; `covstat checkpoint list` shows which there are",
				arg->name);
	target_detach(target);
	return 0;
}

static int prepare_checkpoint_switch(struct request *req)
{
	return ioctl_check_checkpoint_switch(&req->arg.toggle, &req->error);
}

static int do_checkpoint_switch(struct request *req)
{
	struct cov_checkpoint_switch *arg = &req->arg.toggle;
	int err = arg->on ? check_lockdown(&req->error) : 0;

	return err ?: targets_switch(arg->glob, arg->on, arg->flags & COV_CHECKPOINT_AUTO,
				     &req->error);
}

static int prepare_outcome_switch(struct request *req)
{
	return ioctl_check_outcome_switch(&req->arg.outcome, &req->error);
}

static int do_outcome_switch(struct request *req)
{
	struct cov_outcome_switch *arg = &req->arg.outcome;
	struct cov_target *target;
	int err = arg->to == COV_OUTCOME_ON ? check_lockdown(&req->error) : 0;

	return err ?:
	       find_target(arg->target, &target, &req->error) ?:
	       target_switch_outcomes(target, arg->address, arg->to, &req->error);
}

/* --- dispatch ------------------------------------------------------------------------ */

#define TABLE(number, which)	\
	{ number, .prepare = prepare_table, .run = do_table, .table = which,		\
	  .buffer = offsetof(struct cov_range, buffer) }

static const struct call calls[] = {
	{ COV_IOC_VERSION, .run = do_version, .unlocked = true },
	{ COV_IOC_LAST_ERROR, .run = do_last_error, .unlocked = true },
	{ COV_IOC_STATUS, .run = do_status },
	{ COV_IOC_TARGET, .prepare = prepare_target, .run = do_target },
	{ COV_IOC_ATTACH, .prepare = prepare_attach, .run = do_attach, .undo = undo_attach },
	{ COV_IOC_ARM, .prepare = prepare_arm, .run = do_arm, .unlocked = true },
	{ COV_IOC_KEEP, .prepare = prepare_id, .run = do_keep },
	{ COV_IOC_DETACH, .prepare = prepare_id, .run = do_detach },
	{ COV_IOC_RESET, .prepare = prepare_id, .run = do_reset },
	TABLE(COV_IOC_FUNCTIONS, QUERY_FUNCTIONS),
	TABLE(COV_IOC_BLOCKS, QUERY_BLOCKS),
	TABLE(COV_IOC_BRANCHES, QUERY_BRANCHES),
	TABLE(COV_IOC_SECTIONS, QUERY_SECTIONS),
	TABLE(COV_IOC_NAMES, QUERY_NAMES),
	TABLE(COV_IOC_EDGES, QUERY_EDGES),
	TABLE(COV_IOC_OUTCOMES, QUERY_OUTCOMES),
	{ COV_IOC_TEXT, .prepare = prepare_text, .run = do_text,
	  .buffer = offsetof(struct cov_text, buffer) },
	{ COV_IOC_ENGINES, .prepare = prepare_engines, .run = do_engines },
	{ COV_IOC_REFUSALS, .prepare = prepare_refusals, .run = do_refusals },
	{ COV_IOC_VIEW, .run = do_view, .unlocked = true },
	{ COV_IOC_SAMPLES, .prepare = prepare_samples, .run = do_samples, .unlocked = true,
	  .buffer = offsetof(struct cov_samples, buffer) },
	{ COV_IOC_MAP, .prepare = prepare_map, .run = do_map },
	{ COV_IOC_CALLERS, .prepare = prepare_callers, .run = do_callers,
	  .buffer = offsetof(struct cov_callers, buffer) },
	{ COV_IOC_NEWS, .run = do_news, .undo = undo_news, .unlocked = true },
	{ COV_IOC_TRACE, .run = do_trace, .undo = undo_trace, .publish = publish_trace,
	  .unlocked = true },
	{ COV_IOC_REGISTER, .prepare = prepare_register, .run = do_register, .unlocked = true },
	{ COV_IOC_UNREGISTER, .run = do_unregister, .unlocked = true },
	{ COV_IOC_CHECKPOINT_ADD, .prepare = prepare_checkpoint_add, .run = do_checkpoint_add,
	  .undo = undo_checkpoint_add },
	{ COV_IOC_CHECKPOINT_DEL, .prepare = prepare_checkpoint_del, .run = do_checkpoint_del },
	{ COV_IOC_CHECKPOINT_SWITCH, .prepare = prepare_checkpoint_switch,
	  .run = do_checkpoint_switch },
	{ COV_IOC_OUTCOME_SWITCH, .prepare = prepare_outcome_switch, .run = do_outcome_switch },
};

static const struct call *find_call(unsigned int cmd)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].cmd == cmd)
			return &calls[i];
	return NULL;
}

static int run_call(struct request *req)
{
	const struct call *call = req->call;
	int err;

	if (call->unlocked)
		return call->run(req);
	err = lock_targets(&req->error);
	if (err)
		return err;
	err = call->run(req);
	mutex_unlock(&cov_targets_lock);
	return err;
}

/* The user address that the array of an answer goes to. */
static u64 answer_buffer(const struct request *req)
{
	return *(const u64 *)((const u8 *)&req->arg + req->call->buffer);
}

static int deliver(struct request *req, void __user *user)
{
	unsigned int cmd = req->call->cmd;
	u64 to = answer_buffer(req);

	if (req->answer.bytes &&
	    copy_to_user(u64_to_user_ptr(to), req->answer.bytes, req->answer.size))
		return cov_fail(&req->error, -EFAULT, "the buffer at %#llx cannot be written", to);
	if (_IOC_DIR(cmd) & _IOC_READ && copy_to_user(user, &req->arg, _IOC_SIZE(cmd)))
		return cov_fail(&req->error, -EFAULT, "the answer cannot be written");
	return 0;
}

static int carry_out(struct request *req, void __user *user)
{
	const struct call *call = req->call;
	int err = 0;

	if (_IOC_DIR(call->cmd) & _IOC_WRITE &&
	    copy_from_user(&req->arg, user, _IOC_SIZE(call->cmd)))
		return cov_fail(&req->error, -EFAULT, "the argument cannot be read");
	if (call->prepare)
		err = call->prepare(req);
	err = err ?: run_call(req);
	if (err)
		return err;
	err = deliver(req, user);
	if (err && call->undo)
		call->undo(req);
	if (!err && call->publish)
		call->publish(req);
	return err;
}

static void keep_error(struct control *control, const struct cov_error *error)
{
	mutex_lock(&control->lock);
	control->error = *error;
	mutex_unlock(&control->lock);
}

static long control_ioctl(struct file *file, unsigned int cmd, unsigned long user)
{
	struct control *control = file->private_data;
	const struct call *call = find_call(cmd);
	struct request *req = kzalloc(sizeof(*req), GFP_KERNEL);
	int err;

	if (!req)
		return -ENOMEM;
	req->control = control;
	req->call = call;
	err = call ? carry_out(req, (void __user *)user) :
		     cov_fail(&req->error, -ENOTTY, "there is no call %#x; is livecov.ko older than its caller?", cmd);
	if (err)
		keep_error(control, &req->error);
	kvfree(req->globs);
	kvfree(req->sections);
	kvfree(req->answer.bytes);
	kfree(req);
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
	news_begin(&control->seen);
	file->private_data = control;
	return 0;
}

/* Closing a file that only ran a test must not wait for the targets' lock. */
static int control_release(struct inode *inode, struct file *file)
{
	struct control *control = file->private_data;

	if (control->registered)
		tracking_drop_owner(control->id);
	if (control->attached)
		targets_detach_owner(control->id);
	kfree(control);
	return 0;
}

static __poll_t control_poll(struct file *file, poll_table *wait)
{
	struct control *control = file->private_data;

	return news_poll(file, wait, &control->seen);
}

const struct file_operations cov_control_fops = {
	.owner = THIS_MODULE,
	.open = control_open,
	.release = control_release,
	.unlocked_ioctl = control_ioctl,
	/* The structs have the same layout for 32-bit programs: addresses are u64. */
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = control_map_mmap,
	.poll = control_poll,
	.llseek = noop_llseek,
};
