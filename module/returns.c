// SPDX-License-Identifier: GPL-2.0-only
/*
 * returns.c - see returns.h: a kretprobe on each function's entry. Owns struct return_probe.
 *
 * A kretprobe has a fixed number of instances, one for each task that is in the function. When
 * they have run out, an entry is silently skipped; so is one that kprobes misses. That is why
 * each entry counts its return as lost beforehand, and trace_return_awaited() undoes that: the
 * number of lost returns is exact, whatever the reason. Tasks that are not traced take no
 * instance.
 *
 * Armed last of all: engines that patch text keep clear of kprobes.
 */
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "compat.h"
#include "portable.h"
#include "returns.h"
#include "target_list.h"
#include "trace.h"
#include "unloading.h"

/* Traced tasks asleep in one function, or levels of its recursion, at once. */
#define INSTANCES	64

/**
 * struct return_probe - a function's kretprobe
 * @rp: the kretprobe; an instance's data is what trace_return() wants
 * @site: of the function's entry; NULL if the kernel failed to unregister the probe
 * @address: kprobes clears its own when it fails to unregister
 */
struct return_probe {
	struct kretprobe rp;
	struct cov_site *site;
	kprobe_opcode_t *address;
};

/* --- in the kretprobe's context ----------------------------------------------------------- */

static __always_inline struct return_probe *probe_of(struct kretprobe *rp)
{
	return container_of(rp, struct return_probe, rp);
}

static int notrace function_entered(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct kretprobe *rp = compat_kretprobe_of(instance);

	/* 1: no instance is wanted. */
	return !rp || !READ_ONCE(probe_of(rp)->site) ||
	       !trace_return_awaited(regs, (struct trace_call *)instance->data);
}
NOKPROBE_SYMBOL(function_entered);

static int notrace function_left(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct kretprobe *rp = compat_kretprobe_of(instance);
	struct cov_site *site = rp ? READ_ONCE(probe_of(rp)->site) : NULL;

	if (site)
		trace_return(site, regs_return_value(regs),
			     (const struct trace_call *)instance->data);
	return 0;
}
NOKPROBE_SYMBOL(function_left);

/* --- sleeping --------------------------------------------------------------------------------- */

static bool wants_returns(const struct cov_target *target)
{
	return target->flags & COV_ATTACH_RETURNS && target->state == COV_TARGET_LIVE;
}

u32 returns_left(const struct cov_target *target)
{
	lockdep_assert_held(&cov_targets_lock);
	return wants_returns(target) ? target->image.in.nr_functions - target->returns.next : 0;
}

static struct return_probe *arm_one(struct cov_site *site)
{
	struct return_probe *probe = kzalloc(sizeof(*probe), GFP_KERNEL);

	if (!probe)
		return NULL;
	probe->site = site;
	probe->rp.kp.addr = (kprobe_opcode_t *)site_address(site);
	probe->rp.entry_handler = function_entered;
	probe->rp.handler = function_left;
	probe->rp.data_size = sizeof(struct trace_call);
	probe->rp.maxactive = INSTANCES;
	if (register_kretprobe(&probe->rp)) {
		kfree(probe);
		return NULL;
	}
	probe->address = probe->rp.kp.addr;
	return probe;
}

static bool can_be_seen(const struct cov_site *site)
{
	return site && site->at_fentry && site->state == COV_SITE_ARMED;
}

u32 returns_arm(struct cov_target *target, u32 max)
{
	struct target_returns *returns = &target->returns;
	u32 functions = target->image.in.nr_functions, tried = 0;

	lockdep_assert_held(&cov_targets_lock);
	if (!returns_left(target))
		return 0;
	if (!returns->probes)
		returns->probes = pure_alloc_lasting(functions * sizeof(*returns->probes));
	/* Without memory the returns are lost, and counted. */
	for (; returns->next < functions && tried < max; returns->next++) {
		struct cov_site *site = target->cps.entry[returns->next];

		if (!returns->probes || !can_be_seen(site))
			continue;
		returns->probes[returns->next] = arm_one(site);
		tried++;
		cond_resched();
	}
	return tried;
}

#define RELEASE_BATCH	256

static u32 next_batch(struct cov_target *target, site_filter filter, struct kretprobe **batch)
{
	struct return_probe **probes = target->returns.probes;
	u32 i, n = 0;

	for (i = 0; i < target->image.in.nr_functions && n < RELEASE_BATCH; i++)
		if (probes[i] && filter(probes[i]->site)) {
			batch[n++] = &probes[i]->rp;
			probes[i] = NULL;
		}
	return n;
}

/*
 * Without memory ftrace may fail to release an fentry site (probe_abandon() in probe.c).
 * Unregistering the probe then would free its instances, which the handler goes on taking: it
 * stays registered, without a site.
 */
static void returns_abandon(struct return_probe *probe)
{
	pr_err("the kernel did not take back its return probe at %pS: livecov stays loaded\n",
	       probe->address);
	WRITE_ONCE(probe->site, NULL);
	__module_get(THIS_MODULE);
	synchronize_rcu();
}

static int disable(struct kretprobe *rp)
{
	return livecov_is_unloading() ? unloading_disable(&rp->kp) : disable_kretprobe(rp);
}

/* Move those that can be unregistered to the front; return how many. A disabled one can. */
static u32 disable_each(struct kretprobe **batch, u32 n)
{
	u32 i, disabled = 0;

	for (i = 0; i < n; i++)
		if (disable(batch[i]))
			returns_abandon(probe_of(batch[i]));
		else
			batch[disabled++] = batch[i];
	return disabled;
}

void returns_release(struct cov_target *target, site_filter filter)
{
	static struct kretprobe *batch[RELEASE_BATCH];	/* under the targets' lock */
	u32 i, n;

	lockdep_assert_held(&cov_targets_lock);
	if (!target->returns.probes)
		return;
	while ((n = next_batch(target, filter, batch))) {
		n = disable_each(batch, n);
		unregister_kretprobes(batch, n);
		for (i = 0; i < n; i++)
			kfree(probe_of(batch[i]));
	}
}

void returns_forget(struct cov_target *target)
{
	lockdep_assert_held(&cov_targets_lock);
	kvfree(target->returns.probes);
	target->returns = (struct target_returns){ };
}
