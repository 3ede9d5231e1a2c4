// SPDX-License-Identifier: GPL-2.0-only
/*
 * target.c - a target's life: attached, armed, unloaded and loaded again,
 * detached. Owns the list of targets and its lock. target.h has the states.
 */
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "disarm.h"
#include "insn_branch.h"
#include "patched.h"
#include "target.h"
#include "tracking.h"

DEFINE_MUTEX(cov_targets_lock);
LIST_HEAD(cov_targets);

unsigned int cov_max_checkpoints = 1U << 20;

static u32 last_target_id;
static u64 last_generation;
static u32 next_checkpoint_id = 1;

/* --- looking up ---------------------------------------------------------- */

struct cov_target *target_next(u32 id)
{
	struct cov_target *target;

	list_for_each_entry(target, &cov_targets, link)
		if (target->id > id)
			return target;
	return NULL;
}

struct cov_target *target_find(u32 id)
{
	struct cov_target *target = id ? target_next(id - 1) : NULL;

	return target && target->id == id ? target : NULL;
}

struct cov_target *target_find_checkpoint(const char *name)
{
	struct cov_target *target;

	list_for_each_entry(target, &cov_targets, link)
		if (target->checkpoint[0] && !strcmp(target->checkpoint, name))
			return target;
	return NULL;
}

/* The one target that COV_IOC_ATTACH made for a module. */
static struct cov_target *find_attached(const char *name)
{
	struct cov_target *target;

	list_for_each_entry(target, &cov_targets, link)
		if (!target->checkpoint[0] && !strcmp(target->name, name))
			return target;
	return NULL;
}

/*
 * A loaded module by name, with a reference. find_module() is not exported, but
 * each module has a kobject in one kset with our own; a reference to that keeps
 * struct module (free_module() waits for it in mod_kobject_put()).
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

/* --- making ---------------------------------------------------------------- */

static void target_free(struct cov_target *target)
{
	checkpoints_free(&target->cps);
	cov_image_free(&target->image);
	kvfree(target->sections);
	kfree(target);
}

static struct cov_target *target_alloc(const struct target_request *request)
{
	struct cov_target *target = kzalloc(sizeof(*target), GFP_KERNEL);

	if (!target)
		return NULL;
	INIT_LIST_HEAD(&target->cps.batches);
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

static int read_image(struct cov_target *target, const struct target_request *request,
		      struct cov_error *error)
{
	struct module *mod;
	int err;

	if (!strcmp(request->name, COV_CORE_KERNEL))
		return cov_image_of_core(&request->choice, &target->image, error);
	mod = get_module(request->name, error);
	if (IS_ERR(mod))
		return PTR_ERR(mod);
	err = cov_image_of_module(mod, &request->choice, &target->image, error);
	if (!err)
		target->mod = mod;
	/* Without the reference rmmod works; the lock keeps @mod valid (target.h). */
	module_put(mod);
	return err;
}

u32 targets_checkpoints(void)
{
	struct cov_target *target;
	u32 n = 0;

	list_for_each_entry(target, &cov_targets, link)
		n += target->cps.count;
	return n;
}

static u32 checkpoints_room(void)
{
	u32 used = targets_checkpoints();

	return used < cov_max_checkpoints ? cov_max_checkpoints - used : 0;
}

/*
 * A range of ids for every site that the target could have. Ids are not used
 * again while caller records may name them: they start over with an empty list.
 */
static int take_ids(struct cov_target *target)
{
	u32 n = checkpoints_ids(&target->image);

	if (list_empty(&cov_targets)) {
		tracking_reset_callers();
		next_checkpoint_id = 1;
	}
	if (n > CALLER_NONE - next_checkpoint_id)
		return -ENOSPC;
	target->cps.first_id = next_checkpoint_id;
	next_checkpoint_id += n;
	return 0;
}

static int choose_sites(struct cov_target *target, bool edges, struct cov_error *error)
{
	int err = take_ids(target);

	if (err)
		return cov_fail(error, err, "checkpoint ids are used up; detach every target, then attach again");
	err = checkpoints_init(&target->cps, &target->image, edges, target->cps.first_id);
	if (!err)
		err = checkpoints_plan(target, checkpoints_room());
	if (err == -ENOSPC)
		return cov_fail(error, err, "the checkpoint table (%u) has no room for %s; choose fewer functions, or load livecov with a larger max_checkpoints",
				cov_max_checkpoints, target->name);
	if (err)
		return cov_fail(error, err, "not enough memory for the checkpoints of %s", target->name);
	return 0;
}

static void target_publish(struct cov_target *target, const struct target_request *request)
{
	target->id = ++last_target_id;
	target->generation = ++last_generation;
	target->sections = request->sections;
	target->nr_sections = request->nr_sections;
	list_add_tail(&target->link, &cov_targets);
}

int target_attach(const struct target_request *request, struct cov_target **out,
		  struct cov_error *error)
{
	struct cov_target *target = find_attached(request->name);
	int err;

	if (target && target->state == COV_TARGET_STALE)
		return cov_fail(error, -EEXIST, "results of an earlier build of %s are still held; covstat detach %s drops them",
				request->name, request->name);
	if (target)
		return cov_fail(error, -EEXIST, "%s is attached already; covstat detach %s first",
				request->name, request->name);
	if (!strcmp(request->name, THIS_MODULE->name))
		return cov_fail(error, -EPERM, "livecov does not measure itself");

	target = target_alloc(request);
	if (!target)
		return cov_fail(error, -ENOMEM, "not enough memory");
	err = read_image(target, request, error);
	if (!err)
		err = choose_sites(target, request->mode == COV_MODE_EDGES, error);
	if (err) {
		target_free(target);
		return err;
	}
	target_publish(target, request);
	*out = target;
	return 0;
}

/* --- arming ----------------------------------------------------------------- */

/* Sites armed between two looks at signals and at the module's state. */
#define ARM_CHUNK	16

u32 target_pending(const struct cov_target *target)
{
	const struct llist_node *node;
	u32 n = 0;

	for (node = target->cps.pending.first; node; node = node->next)
		n++;
	return n;
}

static u32 take_pending(struct checkpoints *cps, struct cov_site **sites, u32 max)
{
	u32 n = 0;

	while (n < max && cps->pending.first) {
		sites[n] = llist_entry(cps->pending.first, struct cov_site, node);
		cps->pending.first = cps->pending.first->next;
		n++;
	}
	return n;
}

static bool is_going(const struct cov_target *target)
{
	return target->state != COV_TARGET_LIVE ||
	       (target->mod && READ_ONCE(target->mod->state) == MODULE_STATE_GOING);
}

static int arm_some(struct cov_target *target, u32 max, bool interruptible,
		    struct cov_error *error)
{
	struct cov_site *chunk[ARM_CHUNK];
	struct checkpoints *cps = &target->cps;
	u32 n;
	int err;

	if (is_going(target))
		return cov_fail(error, -ENODEV, "%s is unloaded; what it had shown until then is kept",
				target->name);
	while (max && !(interruptible && signal_pending(current))) {
		n = take_pending(cps, chunk, min_t(u32, max, ARM_CHUNK));
		target->engine->arm(chunk, n);
		max -= n;
		/* Other sites may give the answers that the refused ones would have. */
		if (llist_empty(&cps->pending) && cps->refusals) {
			err = checkpoints_plan(target, checkpoints_room());
			if (err)
				return cov_fail(error, err, "no room for the sites that stand in for refused ones");
		}
		if (llist_empty(&cps->pending) || is_going(target))
			break;
		cond_resched();
	}
	return 0;
}

int target_arm(struct cov_target *target, u32 max, struct cov_error *error)
{
	return arm_some(target, max, true, error);
}

/* --- giving back ------------------------------------------------------------- */

u64 target_missed(const struct cov_target *target)
{
	struct cov_site *site;
	struct site_batch *batch;
	u64 missed = target->missed;
	u32 i;

	for_each_site(site, batch, i, &target->cps)
		missed += target->engine->missed(site);
	return missed;
}

typedef bool (*site_filter)(const struct cov_site *site);

static bool any_site(const struct cov_site *site)
{
	return true;
}

static bool init_site(const struct cov_site *site)
{
	return site->in_init;
}

/*
 * Have the engine let go of the sites that @filter takes; they are GONE unless
 * refused. Allocates nothing: a way out must not fail.
 */
static void release_sites(struct cov_target *target, site_filter filter)
{
	static struct cov_site *chunk[512];	/* under cov_targets_lock */
	struct site_batch *batch;
	struct cov_site *site;
	u32 i, k, n = 0;

	for_each_site(site, batch, i, &target->cps) {
		if (!filter(site))
			continue;
		target->missed += target->engine->missed(site);
		chunk[n++] = site;
		if (n == ARRAY_SIZE(chunk)) {
			target->engine->release(chunk, n);
			n = 0;
		}
	}
	target->engine->release(chunk, n);
	/* The engine has flushed the disarm worker: states change here alone. */
	for_each_site(site, batch, k, &target->cps)
		if (filter(site) && site->state != COV_SITE_REFUSED)
			WRITE_ONCE(site->state, COV_SITE_GONE);
}

static void forget_callers(const struct cov_target *target)
{
	u32 first = target->cps.first_id;

	tracking_forget_callers(first, first + checkpoints_ids(&target->image) - 1);
}

void target_detach(struct cov_target *target)
{
	release_sites(target, any_site);
	forget_callers(target);
	list_del(&target->link);
	target_free(target);
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

void targets_detach_all(void)
{
	struct cov_target *target, *next;

	mutex_lock(&cov_targets_lock);
	list_for_each_entry_safe(target, next, &cov_targets, link)
		target_detach(target);
	mutex_unlock(&cov_targets_lock);
}

/* --- resetting --------------------------------------------------------------- */

static void forget_hits(struct cov_site *site)
{
	atomic_long_set(&site->hits[0], 0);
	atomic_long_set(&site->hits[1], 0);
	WRITE_ONCE(site->first_sample, 0);
}

/*
 * A one-shot site must end up either ARMED with no hits, or on its way to
 * DISARMED with one. A handler makes it DISARMING before it counts, with
 * cmpxchg(), a full barrier: so if the site is still ARMED after the hits were
 * cleared, any count comes later than the clearing. If it is not, the worker
 * will have it, and then it starts again.
 */
static int reset_site(struct cov_target *target, struct cov_site *site)
{
	for (;;) {
		u32 state = READ_ONCE(site->state);

		if (state == SITE_DISARMING) {
			cov_disarm_flush();
			cond_resched();
			continue;
		}
		forget_hits(site);
		if (state == COV_SITE_DISARMED) {
			WRITE_ONCE(site->state, COV_SITE_ARMED);
			return target->engine->rearm(site);
		}
		smp_mb();	/* the clearing before the look; pairs with hit_claim()'s cmpxchg() */
		if (READ_ONCE(site->state) == state)
			return 0;
	}
}

int target_reset(struct cov_target *target, struct cov_error *error)
{
	struct site_batch *batch;
	struct cov_site *site;
	u32 i, failed = 0;
	int err = 0;

	for_each_site(site, batch, i, &target->cps) {
		int ret = reset_site(target, site);

		if (ret) {
			checkpoints_refuse(site, ret);
			err = ret;
			failed++;
		}
	}
	forget_callers(target);
	if (err && !is_going(target))
		return cov_fail(error, err, "%u sites of %s could not be armed again", failed,
				target->name);
	return 0;
}

/* --- checkpoints by hand ------------------------------------------------------- */

/*
 * One place is a target with one function. Another target may watch the same
 * function: kprobes takes several probes at one address.
 */
static int check_place(const struct cov_target *target, u64 offset, struct cov_error *error)
{
	const struct flow_function *function = &target->image.in.functions[target->place];
	const char *name = cov_image_name(&target->image, target->place);
	struct insn_branch insn;
	u8 text[INSN_MAX_LEN];
	u64 at = 0;

	if (offset >= function->size)
		return cov_fail(error, -ERANGE, "offset %#llx is behind the end of %.100s, which has %#x bytes",
				offset, name, function->size);
	while (at < offset) {
		unsigned long address = function->address + at;
		u32 room = min_t(u64, sizeof(text), function->size - at);

		if (copy_from_kernel_nofault(text, (void *)address, room))
			return cov_fail(error, -EFAULT, "the text of %.100s cannot be read", name);
		cov_patched_undo(address, text, room);
		if (insn_branch_decode(text, room, address, &insn))
			return cov_fail(error, -EILSEQ, "%.100s cannot be decoded at offset %#llx", name, at);
		at += insn.length;
	}
	if (at > offset)
		return cov_fail(error, -EILSEQ, "offset %#llx is inside an instruction of %.100s; the next one starts at %#llx",
				offset, name, at);
	return 0;
}

/* The glob that names a function also takes its cold part: find the function itself. */
static int find_place(struct cov_target *target, struct cov_error *error)
{
	const struct flow_input *in = &target->image.in;
	u32 i, n = 0;

	for (i = 0; i < in->nr_functions; i++)
		if (!in->functions[i].cold && !n++)
			target->place = i;
	if (n == 1)
		return 0;
	return cov_fail(error, -ENOTUNIQ, "%s has %u functions %.100s; a checkpoint needs one",
			target->name, n, cov_image_name(&target->image, target->place));
}

/* The site at the checkpoint's own place, beside those that the plan has chosen. */
static int add_place(struct cov_target *target, struct cov_error *error)
{
	unsigned long address = target->image.in.functions[target->place].address;

	if (target->offset && checkpoints_add_manual(target, address + target->offset))
		return cov_fail(error, -ENOMEM, "not enough memory for the checkpoint");
	return 0;
}

const struct cov_site *target_place(const struct cov_target *target)
{
	return target->cps.manual ?: target->cps.entry[target->place];
}

static int arm_place(struct cov_target *target, struct cov_error *error)
{
	const struct cov_site *place = target_place(target);
	int err;

	do {
		err = target_arm(target, U32_MAX, error);
		if (!err && signal_pending(current))
			err = cov_fail(error, -EINTR, "interrupted");
	} while (!err && target_pending(target));
	if (!err && place && site_state(place) == COV_SITE_REFUSED)
		err = cov_fail(error, -(int)place->error,
			       "the kernel forbids a probe at %.100s+%#llx (errno %u): blacklisted, or bytes that belong to ftrace, a static branch or a WARN",
			       cov_image_name(&target->image, target->place), target->offset,
			       place->error);
	return err;
}

static int make_checkpoint(struct cov_target *target, const struct target_request *request,
			   struct cov_error *error)
{
	return read_image(target, request, error) ?:
	       find_place(target, error) ?:
	       check_place(target, request->offset, error) ?:
	       choose_sites(target, true, error) ?:
	       add_place(target, error);
}

int target_attach_checkpoint(const struct target_request *request, struct cov_target **out,
			     struct cov_error *error)
{
	struct cov_target *target;
	int err;

	if (target_find_checkpoint(request->checkpoint))
		return cov_fail(error, -EEXIST, "there is a checkpoint %.100s already; delete it first",
				request->checkpoint);
	if (!strcmp(request->name, THIS_MODULE->name))
		return cov_fail(error, -EPERM, "livecov does not measure itself");
	target = target_alloc(request);
	if (!target)
		return cov_fail(error, -ENOMEM, "not enough memory");
	err = make_checkpoint(target, request, error);
	if (err) {
		target_free(target);
		return err;
	}
	target_publish(target, request);
	err = arm_place(target, error);
	if (err) {
		target_detach(target);
		return err;
	}
	*out = target;
	return 0;
}

/* --- the module comes and goes --------------------------------------------------- */

static void target_going(struct cov_target *target)
{
	release_sites(target, any_site);
	init_llist_head(&target->cps.pending);
	target->mod = NULL;
	target->state = COV_TARGET_GONE;
}

static void move_addresses(struct cov_target *target, unsigned long delta)
{
	struct cov_image *image = &target->image;
	struct site_batch *batch;
	struct cov_site *site;
	u32 i;

	image->core.base += delta;
	for (i = 0; i < image->in.nr_functions; i++)
		image->in.functions[i].address += delta;
	for (i = 0; i < image->flow.nr_branches; i++)
		image->flow.branches[i].target += delta;
	for (i = 0; i < target->nr_sections; i++)
		target->sections[i].base += delta;
	for_each_site(site, batch, i, &target->cps)
		site->address += delta;
}

/* A fresh load may take what an earlier one refused: everything is tried again. */
static void make_pending(struct cov_target *target)
{
	struct checkpoints *cps = &target->cps;
	struct site_batch *batch;
	struct cov_site *site;
	u32 i;

	for_each_site(site, batch, i, cps) {
		if (site->in_init)
			continue;
		/* What a one-shot site has seen, it need not see again. */
		if (site->one_shot && site_was_hit(site)) {
			site->state = COV_SITE_DISARMED;
			continue;
		}
		checkpoints_forgive(site);
		site->state = COV_SITE_PENDING;
		llist_add(&site->node, &cps->pending);
	}
}

static bool same_build(const struct cov_target *target, const struct module *mod)
{
	u8 id[COV_BUILD_ID_LEN];
	u32 len = cov_image_build_id(mod, id);

	return len && len == target->image.build_id_len &&
	       !memcmp(id, target->image.build_id, len) &&
	       compat_core_text(mod).size == target->image.core.size;
}

/* The module is in memory, its text final, its init function not called yet. */
static void target_coming(struct cov_target *target, struct module *mod)
{
	struct cov_error ignored;

	target->generation = ++last_generation;
	if (!same_build(target, mod)) {
		target->state = COV_TARGET_STALE;
		pr_notice("%s was loaded again from another build: earlier results are kept, the new one is not measured\n",
			  target->name);
		return;
	}
	target->mod = mod;
	target->state = COV_TARGET_LIVE;
	target->image.init = (struct compat_span){ };
	move_addresses(target, compat_core_text(mod).base - target->image.core.base);
	make_pending(target);
	/* Not interruptible: a signal to modprobe must not leave half a measurement. */
	arm_some(target, U32_MAX, false, &ignored);
}

static void target_event(struct cov_target *target, unsigned long event, struct module *mod)
{
	switch (event) {
	case MODULE_STATE_COMING:
		if (target->state != COV_TARGET_LIVE)
			target_coming(target, mod);
		break;
	case MODULE_STATE_LIVE:
		if (target->mod == mod)
			release_sites(target, init_site);
		break;
	case MODULE_STATE_GOING:
		if (target->mod == mod)
			target_going(target);
		break;
	}
}

static int module_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct module *mod = data;
	struct cov_target *target;

	mutex_lock(&cov_targets_lock);
	list_for_each_entry(target, &cov_targets, link)
		if (!strcmp(target->name, mod->name))
			target_event(target, event, mod);
	mutex_unlock(&cov_targets_lock);
	return NOTIFY_OK;
}

/*
 * Lowest priority: when a module comes, kprobes, jump labels and static calls
 * have prepared it before we patch it; when it goes, kprobes has written off its
 * probes and we collect them.
 */
static struct notifier_block module_notifier = {
	.notifier_call = module_event,
	.priority = INT_MIN,
};

int targets_init(void)
{
	return register_module_notifier(&module_notifier);
}

void targets_exit(void)
{
	unregister_module_notifier(&module_notifier);
	targets_detach_all();
}

/* --- text as it was ----------------------------------------------------------------- */

void cov_patched_undo(unsigned long base, u8 *bytes, unsigned int size)
{
	struct cov_target *target;
	struct site_batch *batch;
	struct cov_site *site;
	u32 i;

	list_for_each_entry(target, &cov_targets, link)
		for_each_site(site, batch, i, &target->cps) {
			u8 byte;

			if (site->address - base < size && target->engine->original(site, &byte))
				bytes[site->address - base] = byte;
		}
}
