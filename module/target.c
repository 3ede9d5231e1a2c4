// SPDX-License-Identifier: GPL-2.0-only
/*
 * target.c - a target's life cycle: attach, arm, detach; target.h has the states.
 */
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "alloc_array.h"
#include "engine.h"
#include "held.h"
#include "implied.h"
#include "probe.h"
#include "returns.h"
#include "settle.h"
#include "site_index.h"
#include "target_parts.h"
#include "tracking.h"

static u32 last_target_id;
static u64 last_generation;

/* --- attaching ------------------------------------------------------------- */

/* The one target that COV_IOC_ATTACH made for a module or for the core kernel. */
static struct cov_target *find_attached(const char *name)
{
	struct cov_target *target;

	list_for_each_entry(target, &cov_targets, link)
		if (!target_is_manual(target) && !strcmp(target->name, name))
			return target;
	return NULL;
}

/*
 * A loaded module by name, with a reference. find_module() is not exported, but each module has a
 * kobject in the same kset as ours; a reference to that keeps struct module valid (free_module()
 * waits for it in mod_kobject_put()).
 */
static struct module *get_module(const char *name, struct cov_error *error)
{
	struct kobject *kobj = kset_find_obj(THIS_MODULE->mkobj.kobj.kset, name);
	struct module *mod = kobj ? container_of(kobj, struct module_kobject, kobj)->mod : NULL;
	bool live = mod && try_module_get(mod);

	kobject_put(kobj);
	if (live)
		return mod;
	if (mod)
		cov_fail(error, -ENODEV, "module %.60s is unloading; load it again first", name);
	else if (kobj)
		cov_fail(error, -ENOENT, "%.60s is built into this kernel: only loaded modules can be attached, or single functions of %s",
			 name, COV_CORE_KERNEL);
	else
		cov_fail(error, -ENOENT, "no module %.60s is loaded; try: modprobe %.60s", name, name);
	return ERR_PTR(mod ? -ENODEV : -ENOENT);
}

void target_free(struct cov_target *target)
{
	lockdep_assert_held(&cov_targets_lock);
	returns_forget(target);
	target_shut(target);
	checkpoints_free(&target->cps);
	cov_image_free(&target->image);
	kvfree(target->sections);
	kfree(target);
}

struct cov_target *target_alloc(const struct target_request *request)
{
	struct cov_target *target;

	lockdep_assert_held(&cov_targets_lock);
	target = kzalloc(sizeof(*target), GFP_KERNEL);
	if (!target)
		return NULL;
	site_list_init(&target->cps.sites);
	strscpy(target->name, request->name, sizeof(target->name));
	strscpy(target->checkpoint, request->checkpoint, sizeof(target->checkpoint));
	target->offset = request->offset;
	target->owner = request->owner;
	target->scope = request->scope;
	target->flags = request->flags;
	target->levels = request->levels;
	target->engine = request->engine;
	target->state = COV_TARGET_LIVE;
	return target;
}

int target_read_image(struct cov_target *target, const struct image_choice *choice,
		      struct cov_error *error)
{
	struct module *mod;
	int err;

	lockdep_assert_held(&cov_targets_lock);
	if (!strcmp(target->name, THIS_MODULE->name))
		return cov_fail(error, -EPERM, "livecov does not measure itself");
	if (!strcmp(target->name, COV_CORE_KERNEL))
		return cov_image_of_core(choice, &target->image, error);
	mod = get_module(target->name, error);
	if (IS_ERR(mod))
		return PTR_ERR(mod);
	if (is_livepatch_module(mod)) {
		module_put(mod);
		return cov_fail(error, -EOPNOTSUPP, "%s is a live patch, whose text the kernel changes whenever a module that it patches is loaded or unloaded",
				target->name);
	}
	err = cov_image_of_module(mod, choice, &target->image, error);
	if (!err)
		target->mod = mod;
	/* A reference would block rmmod; the lock keeps @mod valid (target.h). */
	module_put(mod);
	return err;
}

static int take_ids(struct cov_target *target)
{
	/* No handler runs: the moment to free the places of all pairs. */
	if (list_empty(&cov_targets))
		tracking_reset_callers();
	return cell_ids_take(&target->cps.ids, checkpoints_ids(&target->image));
}

int target_no_room(const struct cov_target *target, int err, struct cov_error *error)
{
	lockdep_assert_held(&cov_targets_lock);
	if (err == -ENOSPC)
		return cov_fail(error, err, "the checkpoint table (%u) or the memory for hits has no room for %s; choose fewer functions, detach another target, or load livecov with a larger max_checkpoints",
				cov_max_checkpoints, target->name);
	return cov_fail(error, err, "not enough memory for the checkpoints of %s; choose fewer functions, or try again when some is free",
			target->name);
}

int target_choose_sites(struct cov_target *target, u32 mode, struct cov_error *error)
{
	int err;

	lockdep_assert_held(&cov_targets_lock);
	err = take_ids(target);
	if (err)
		return cov_fail(error, err, "checkpoint ids are used up; detach every target, then attach again");
	err = checkpoints_init(target, mode);
	if (!err)
		err = target_open(target);
	if (!err) {
		err = checkpoints_plan(target, targets_room());
		cov_image_forget_regions(&target->image);
		target_close(target);
	}
	return err ? target_no_room(target, err, error) : 0;
}

void target_new_generation(struct cov_target *target)
{
	lockdep_assert_held(&cov_targets_lock);
	target->generation = ++last_generation;
}

void target_publish(struct cov_target *target, const struct target_request *request)
{
	lockdep_assert_held(&cov_targets_lock);
	target->id = ++last_target_id;
	target_new_generation(target);
	target->sections = request->sections;
	target->nr_sections = request->nr_sections;
	list_add_tail(&target->link, &cov_targets);
}

/*
 * May entries and blocks get detours? Not where they are one-shot, or need more than a stub does
 * (paths, mode trace, engine kprobe).
 */
static bool wants_passages(const struct target_request *request)
{
	return request->scope == COV_SCOPE_TRACKED || request->mode == COV_MODE_COUNT;
}

int target_attach(const struct target_request *request, struct cov_target **out,
		  struct cov_error *error)
{
	struct image_choice choice = request->choice;
	struct cov_target *target;
	int err;

	lockdep_assert_held(&cov_targets_lock);
	target = find_attached(request->name);
	if (target && target->state == COV_TARGET_STALE)
		return cov_fail(error, -EEXIST, "results of an earlier build of %s are still held; covstat detach %s drops them",
				request->name, request->name);
	if (target)
		return cov_fail(error, -EEXIST, "%s is attached already; covstat detach %s first",
				request->name, request->name);

	target = target_alloc(request);
	if (!target)
		return cov_fail(error, -ENOMEM, "not enough memory");
	choice.passages = wants_passages(request);
	err = target_read_image(target, &choice, error);
	if (!err)
		err = target_choose_sites(target, request->mode, error);
	if (err) {
		target_free(target);
		return err;
	}
	cov_image_close(&target->image);
	target->steps = request->engine == COV_ENGINE_KPROBE && !engine_attached_breaks();
	target_publish(target, request);
	if (target->steps)
		manual_yield_to_kprobes();
	else if (engine_breaks(target))
		targets_yield_to_breakpoints();
	*out = target;
	return 0;
}

/* --- arming ----------------------------------------------------------------- */

u32 target_pending(const struct cov_target *target)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i, n = 0;

	lockdep_assert_held(&cov_targets_lock);
	for_each_site(site, chunk, i, &target->cps)
		n += READ_ONCE(site->state) == COV_SITE_PENDING;
	return n;
}

/*
 * Others get the lock between those calls. In a target of which all sites had been tried, some are
 * PENDING because a call was killed.
 */
bool target_is_being_armed(const struct cov_target *target)
{
	lockdep_assert_held(&cov_targets_lock);
	return target->owner && !target->cps.was_all_tried && target_pending(target);
}

void target_set_all_tried(struct cov_target *target)
{
	lockdep_assert_held(&cov_targets_lock);
	target->cps.all_tried = target->cps.was_all_tried = true;
}

void target_note_all_tried(struct cov_target *target)
{
	lockdep_assert_held(&cov_targets_lock);
	if (!target_pending(target))
		target_set_all_tried(target);
}

void target_end_arming(struct cov_target *target)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	target_set_all_tried(target);
	for_each_site(site, chunk, i, &target->cps)
		site->lapsed |= READ_ONCE(site->state) == COV_SITE_PENDING;
}

/* Collect up to @max PENDING sites: those that only kprobes can arm (@slow), or the others. */
static u32 take_pending(const struct cov_target *target, bool slow, struct cov_site **sites,
			u32 max)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i, n = 0;

	for_each_site(site, chunk, i, &target->cps) {
		if (site->state != COV_SITE_PENDING || site->slow != slow)
			continue;
		if (n == max)
			return n;
		sites[n++] = site;
	}
	return n;
}

/* All in one call: the engines patch text in steps, and each step waits for every CPU. */
static int arm_fast(struct cov_target *target)
{
	u32 n = target_pending(target);
	struct cov_site **sites = n ? kvmalloc_array(n, sizeof(*sites), GFP_LARGE) : NULL;
	int i, left = 0;

	if (!n)
		return 0;
	if (!sites)
		return -ENOMEM;
	manual_choose_steps(target);
	n = take_pending(target, false, sites, n);
	if (n)
		left = engine_arm_fast(engine_choice(target), sites, n);
	for (i = 0; i < left; i++)
		sites[i]->slow = true;
	kvfree(sites);
	return min(left, 0);
}

static const char *why_not_armed(u32 error)
{
	switch (error) {
	case EBUSY:
		return "remove other users' probes there";
	case ESHUTDOWN:
		return "switch probes on: /sys/kernel/debug/kprobes/enabled, sysctl kernel.ftrace_enabled";
	case ENOMEM:
		return "there is too little memory";
	default:
		return "the kernel takes no probe there";
	}
}

int renewed_check(const struct renewed *renewed, struct cov_error *error)
{
	const struct cov_site *refused = NULL;
	u32 i, n = 0;

	lockdep_assert_held(&cov_targets_lock);
	for (i = 0; i < renewed->n; i++)
		if (renewed->sites[i]->state == COV_SITE_REFUSED) {
			refused = renewed->sites[i];
			n++;
		}
	if (!refused)
		return 0;
	return cov_fail(error, -(int)refused->error, "%u sites of %s could not be armed again (errno %u: %s)",
			n, site_target(refused)->name, refused->error,
			why_not_armed(refused->error));
}

bool target_is_going(const struct cov_target *target)
{
	return target->state != COV_TARGET_LIVE ||
	       (target->mod && READ_ONCE(target->mod->state) == MODULE_STATE_GOING);
}

/* How many probes to register between two checks for signals and of the module's state. */
#define ARM_CHUNK	16

static u32 arm_slow(struct cov_target *target, u32 max)
{
	struct cov_site *chunk[ARM_CHUNK];
	u32 i, n = take_pending(target, true, chunk, min_t(u32, max, ARM_CHUNK));
	bool yielded = false;

	/* Nothing is moved for one that will be refused nevertheless. */
	for (i = 0; i < n; i++)
		if (!probe_refuses(chunk[i]))
			yielded |= target_make_way(chunk[i]);
	engine_arm_slow(chunk, n);
	/* The probes that others made way for may have been refused: try those again. */
	if (yielded)
		targets_arm_displaced();
	return n;
}

/* Plan other sites in place of those that were refused. */
static int plan_again(struct cov_target *target)
{
	struct checkpoints *cps = &target->cps;
	u32 i, n = 0, old = cps->sites.count;
	struct site_chunk *chunk;
	struct cov_site *site;
	int err = checkpoints_plan(target, targets_room());

	for_each_site(site, chunk, i, cps)
		site->lapsed |= cps->all_tried && n++ >= old;
	return err;
}

/*
 * One step. Subtracts from @max the kprobes and kretprobes that were tried. Once no site is
 * PENDING, there may be new ones.
 */
static int arm_step(struct cov_target *target, u32 *max)
{
	int err = arm_fast(target);

	if (!err)
		*max -= arm_slow(target, *max);
	if (!err && !target_pending(target) && target->cps.refusals)
		err = plan_again(target);
	if (!err && !target_pending(target))
		*max -= returns_arm(target, min_t(u32, *max, ARM_CHUNK));
	return err;
}

static int arm_open(struct cov_target *target, u32 max, bool interruptible,
		    struct cov_error *error)
{
	int err;

	while (max && !(interruptible ? signal_pending(current) : fatal_signal_pending(current))) {
		err = arm_step(target, &max);
		if (err)
			return target_no_room(target, err, error);
		target_note_all_tried(target);
		if (!(target_pending(target) || returns_left(target)) ||
		    target_is_going(target)) {
			settle_start();
			break;
		}
		cond_resched();
	}
	return 0;
}

int target_arm_some(struct cov_target *target, u32 max, bool interruptible,
		    struct cov_error *error)
{
	int err;

	lockdep_assert_held(&cov_targets_lock);
	if (target_is_going(target))
		return cov_fail(error, -ENODEV, "%s is unloaded; what it had shown until then is kept",
				target->name);
	err = target_open(target);
	if (err)
		return target_no_room(target, err, error);
	err = arm_open(target, max, interruptible, error);
	target_close(target);
	return err;
}

int target_arm(struct cov_target *target, u32 max, struct cov_error *error)
{
	return target_arm_some(target, max, true, error);
}

/* --- releasing --------------------------------------------------------------- */

u64 target_missed(const struct cov_target *target)
{
	struct cov_site *site;
	struct site_chunk *chunk;
	u64 missed = target->missed;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	for_each_site(site, chunk, i, &target->cps)
		if (site->engine && engine_of(site)->missed)
			missed += engine_of(site)->missed(site);
	return missed;
}

bool target_any_site(const struct cov_site *site)
{
	return true;
}

void target_release_sites(struct cov_target *target, site_filter filter)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	implied_note_all(target, 0);
	settle_forget(target);
	returns_release(target, filter);
	engine_release(target, filter);
	/* The engines have flushed the disarm worker: no state changes concurrently. */
	for_each_site(site, chunk, i, &target->cps)
		if (filter(site) && site->state != COV_SITE_REFUSED)
			WRITE_ONCE(site->state, COV_SITE_GONE);
}

void target_forget_callers(const struct cov_target *target)
{
	const struct cell_ids *ids = &target->cps.ids;

	tracking_forget_callers(ids->first, ids->first + ids->count - 1);
}

static void target_drop(struct cov_target *target)
{
	site_index_drop(target);
	list_del(&target->link);
	target_free(target);
}

void target_detach(struct cov_target *target)
{
	lockdep_assert_held(&cov_targets_lock);
	target_release_sites(target, target_any_site);
	target_forget_callers(target);
	target_drop(target);
	/* Sites that gave way to this target, and could not be armed by another engine. */
	targets_arm_displaced();
}

void targets_detach_owner(u64 owner)
{
	struct cov_target *target, *next;

	mutex_lock(&cov_targets_lock);
	list_for_each_entry_safe(target, next, &cov_targets, link)
		if (target->owner == owner)
			target_detach(target);
	mutex_unlock(&cov_targets_lock);
}

int targets_init(void)
{
	return target_reload_init();
}

/*
 * Caller records that name a target stay: no file is open that could read them, no target is made
 * that could reuse its ids, and a grace period for each would add up.
 */
static void detach_all(void)
{
	struct cov_target *target, *next;

	mutex_lock(&cov_targets_lock);
	list_for_each_entry_safe(target, next, &cov_targets, link) {
		target_release_sites(target, target_any_site);
		target_drop(target);
	}
	mutex_unlock(&cov_targets_lock);
}

/*
 * Jumps of ours that other users' kprobes are on stay, and are waited for without the lock. The
 * module that they are in may be unloaded meanwhile: its notifier, which takes the lock, ends the
 * wait for them.
 */
void targets_exit(void)
{
	detach_all();
	held_wait();
	target_reload_exit();
	settle_stop();
	target_yield_exit();
	target_open_exit();
}
