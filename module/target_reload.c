// SPDX-License-Identifier: GPL-2.0-only
/*
 * target_reload.c - the module under a target is unloaded, and loaded again: the module notifier.
 * Owns the notifiers, and which module is just being loaded; target.h has the states.
 */
#include <linux/module.h>

#include "compat.h"
#include "held.h"
#include "returns.h"
#include "site_index.h"
#include "target_parts.h"

static bool init_site(const struct cov_site *site)
{
	return site->in_init;
}

/* Other text may come to lie where the init text was. */
static void forget_init(struct cov_image *image)
{
	image->init_gone = true;
	image->init = (struct compat_span){ };
	image->tails[1] = (struct compat_span){ };
}

/* The init function has returned: its text is about to be freed, its sites are not armed again. */
static void target_live(struct cov_target *target)
{
	forget_init(&target->image);
	/* Some of them may still have been waiting to be armed: these are GONE as well. */
	target_release_sites(target, init_site);
}

/*
 * What was not watched in this load has missed what ran in it, and must not vouch in the next: it
 * was refused, is held by another user's kprobe, or arming ended before its turn. Measuring begins
 * with arming; what is forgotten by a reset between the loads is missed by nobody.
 */
static void lapse_unwatched(struct cov_target *target)
{
	bool begun = target_pending(target) < target->cps.sites.count;
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	for_each_site(site, chunk, i, &target->cps)
		site->lapsed |= begun && !site->watched;
}

static void target_going(struct cov_target *target)
{
	lapse_unwatched(target);
	/* From here on its text is never executed: there is no need to wait for others' kprobes. */
	target->state = COV_TARGET_GONE;
	target_release_sites(target, target_any_site);
	returns_forget(target);
	site_index_drop(target);
	target->mod = NULL;
}

/* Relocate an address in the text that has moved. */
static void move(const struct compat_span *old, unsigned long delta, u64 *address)
{
	if (compat_span_has(old, *address))
		*address += delta;
}

static void move_addresses(struct cov_target *target, unsigned long delta)
{
	struct cov_image *image = &target->image;
	u32 i;

	target_shut(target);
	for (i = 0; i < target->nr_sections; i++)
		move(&image->core, delta, &target->sections[i].base);
	if (image->tails[0].base)
		image->tails[0].base += delta;
	image->core.base += delta;
	site_list_move(&target->cps.sites, image->core.base);
}

/* A fresh load may accept what an earlier one refused: everything is tried again. */
static void make_pending(struct cov_target *target)
{
	struct checkpoints *cps = &target->cps;
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	for_each_site(site, chunk, i, cps) {
		/* In the way of a branch's detour, before which it would be armed this time. */
		if (site->witness && site->state == COV_SITE_REFUSED)
			continue;
		/* The init function runs again, and is not watched. */
		if (site->in_init) {
			site->lapsed = true;
			continue;
		}
		/* A one-shot site that was hit has nothing more to tell. */
		if (site->one_shot && site_saw(site, 0)) {
			site->state = COV_SITE_DISARMED;
			continue;
		}
		site->error = 0;
		site->displaced = false;
		site->watched = false;
		if (site_is_off(site)) {
			site->state = COV_SITE_DISARMED;
			continue;
		}
		site->state = COV_SITE_PENDING;
		site->slow = false;
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
	struct cov_error error;

	target_new_generation(target);
	if (!same_build(target, mod)) {
		target->state = COV_TARGET_STALE;
		pr_notice("%s was loaded again from another build: earlier results are kept, the new one is not measured\n",
			  target->name);
		return;
	}
	target->mod = mod;
	target->state = COV_TARGET_LIVE;
	forget_init(&target->image);
	move_addresses(target, compat_core_text(mod).base - target->image.core.base);
	make_pending(target);
	/* Sites that replace those refused now will not have seen what runs until then. */
	target_set_all_tried(target);
	/* Ended by SIGKILL alone: another signal to modprobe must not leave half a measurement. */
	if (target_arm_some(target, U32_MAX, false, &error))
		pr_err("%s was loaded again, and not all of it is measured: %s\n", target->name,
		       error.text);
	target_end_arming(target);
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
			target_live(target);
		break;
	case MODULE_STATE_GOING:
		if (target->mod == mod)
			target_going(target);
		break;
	}
}

/* Under the targets' lock. */
static const struct module *coming;

bool target_is_coming(const struct cov_target *target)
{
	lockdep_assert_held(&cov_targets_lock);
	return target->mod && target->mod == coming;
}

/* Manual checkpoints, or the others. */
static void targets_event(bool manual, unsigned long event, struct module *mod)
{
	struct cov_target *target;

	list_for_each_entry(target, &cov_targets, link)
		if (!strcmp(target->name, mod->name) && manual == target_is_manual(target))
			target_event(target, event, mod);
}

static int module_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct module *mod = data;

	mutex_lock(&cov_targets_lock);
	coming = event == MODULE_STATE_COMING ? mod : NULL;
	/* Manual checkpoints first: engines that patch keep clear of the instructions they need. */
	targets_event(true, event, mod);
	targets_event(false, event, mod);
	coming = NULL;
	/* Patches that could not be removed are unmapped with the text that they are in. */
	if (event != MODULE_STATE_COMING)
		held_forget(compat_init_text(mod).base, compat_init_text(mod).size);
	if (event == MODULE_STATE_GOING)
		held_forget(compat_core_text(mod).base, compat_core_text(mod).size);
	mutex_unlock(&cov_targets_lock);
	return NOTIFY_OK;
}

static int module_comes(struct notifier_block *nb, unsigned long event, void *data)
{
	return event == MODULE_STATE_COMING ? module_event(nb, event, data) : NOTIFY_DONE;
}

static int module_or_init_goes(struct notifier_block *nb, unsigned long event, void *data)
{
	return event == MODULE_STATE_COMING ? NOTIFY_DONE : module_event(nb, event, data);
}

/*
 * Second lowest priority: when a module is loaded, kprobes, jump labels and static calls have
 * prepared it before we patch it.
 */
static struct notifier_block coming_notifier = {
	.notifier_call = module_comes,
	.priority = INT_MIN + 1,
};

/*
 * When its text goes, kprobes has marked its probes as gone and we unregister them, before
 * ftrace (INT_MIN) forgets the module's fentry sites. On kernels that get this wrong we
 * unregister them first of all.
 */
static struct notifier_block going_notifier = {
	.notifier_call = module_or_init_goes,
	.priority = COMPAT_KPROBES_LOSES_FTRACE ? INT_MAX : INT_MIN + 1,
};

int target_reload_init(void)
{
	int err = register_module_notifier(&coming_notifier);

	if (err)
		return err;
	err = register_module_notifier(&going_notifier);
	if (err)
		unregister_module_notifier(&coming_notifier);
	return err;
}

void target_reload_exit(void)
{
	unregister_module_notifier(&going_notifier);
	unregister_module_notifier(&coming_notifier);
}
