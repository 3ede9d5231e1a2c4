// SPDX-License-Identifier: GPL-2.0-only
/*
 * entry.c - engine entry: function entries through ftrace: one struct ftrace_ops with one filter
 * for all targets. It takes the entries that other engines leave: where one hit is enough (modes
 * edges and blocks, scope all) most get a breakpoint (breakpoint.c), elsewhere a detour (detour.c).
 * Owns the ops.
 *
 * The callback runs in the function's own context and does what a stub does: it writes a cell (a
 * count, in modes count and trace), and in mode trace a record. Only with COV_ATTACH_PATHS does it
 * go through cov_hit(), which records the caller as well.
 *
 *	PENDING --> known to handlers --> ARMED --> in the filter, ops registered
 *	seen, in modes edges and blocks, or switched off: out of the filter --> DISARMED
 *	release: out of the filter --> unknown to handlers --> RCU grace period over
 *
 * Several sites may be at one address, of different targets: it leaves the filter with the last
 * of them that is ARMED.
 *
 * The ops:
 *
 *	absent --first site--> registered --unloading, or no memory to empty the filter--> absent
 *
 * An empty filter means every function of the kernel, and on preemptible kernels unregistering
 * waits until every task has voluntarily given up its CPU (ftrace_shutdown(),
 * synchronize_rcu_tasks()): minutes if one loops in a system call. So the ops stays registered
 * when its last site goes, with a function of livecov's own in the filter. ftrace needs memory
 * to remove functions from the filter; without it they stay there until it has some, which a
 * worker tries every second (filter_retry()); if there is none when the last site goes, the ops is
 * unregistered.
 */
#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include <asm/text-patching.h>

#include "alloc_array.h"
#include "compat.h"
#include "engine.h"
#include "entry.h"
#include "entry_table.h"
#include "fentry_nop.h"
#include "hit.h"
#include "insn_branch.h"
#include "target_list.h"
#include "task_maps.h"
#include "trace.h"

#if COMPAT_HAS_FTRACE_IPS

/* --- in the function's own context --------------------------------------------------- */

static __always_inline void entry_note_hit(struct cov_site *site, unsigned long parent_ip,
					   struct ftrace_regs *regs)
{
	const struct cov_target *target = site_target(site);
	u8 *base;

	if (target->flags & COV_ATTACH_PATHS) {
		cov_hit(site, 0, parent_ip, compat_arguments(regs), HIT_IN_CALLBACK);
		return;
	}
	/* livecov calls functions of the kernel, but of no module. */
	if (!target->mod && hit_is_own(HIT_IN_CALLBACK))
		return;
	base = cells_of_task(&target->cps.cells, preempt_count());
	if (base)
		cell_hit(&target->cps.cells, base, site->cell);
	if (unlikely(site->traced))
		trace_hit(site, 0, compat_arguments(regs), HIT_IN_CALLBACK);
}

/* Preemption is off so that the sites stay valid. */
static void notrace entry_callback(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops, struct ftrace_regs *regs)
{
	const struct entry_node *node;

	preempt_disable_notrace();
	if (hit_is_watched(HIT_IN_CALLBACK))
		for_each_entry_at(node, ip)
			entry_note_hit(node->site, parent_ip, regs);
	preempt_enable_notrace();
}
NOKPROBE_SYMBOL(entry_callback);

static struct ftrace_ops ops = {
	.func = entry_callback,
};

static bool registered;
static u32 nr_filtered;	/* sites that want their function in the filter */
static bool filter_dirty;	/* the filter holds functions that none wants */

/* livecov's own function in the filter. It is never called. */
static noinline void always_in_filter(void)
{
	barrier();
}

/* --- sleeping ---------------------------------------------------------------------------- */

/*
 * Not ftrace_free_filter(), which leaves dangling pointers in the ops (6.1). Without memory the
 * functions stay in the filter, of an ops that is not registered.
 */
static void filter_empty(void)
{
	ftrace_set_filter(&ops, NULL, 0, 1);
}

/* Remove everything from the filter but livecov's own function. */
static int filter_reset(void)
{
	unsigned long own = (unsigned long)always_in_filter;

	return ftrace_set_filter_ips(&ops, &own, 1, 0, 1);
}

static void unregister(void)
{
	if (!registered)
		return;
	/* It fails only where ftrace has shut itself down: then the callback is never called. */
	unregister_ftrace_function(&ops);
	registered = false;
	filter_empty();
}

/* No site wants a function any more. */
static void leave(void)
{
	if (registered && filter_reset())
		unregister();
	filter_dirty = false;
}

/* The first of the sites at an address that wants its function in the filter, or NULL. */
static const struct cov_site *wanted_by(unsigned long ip)
{
	const struct entry_node *node;

	for_each_entry_at(node, ip)
		if (node->site->filtered)
			return node->site;
	return NULL;
}

/* Set the whole filter anew: to the functions that the sites want. */
static int filter_rebuild(void)
{
	unsigned long *ips = kvmalloc_array(nr_filtered + 1, sizeof(*ips), GFP_LARGE);
	const struct entry_node *node;
	u32 i, n = 0;
	int err;

	if (!ips)
		return -ENOMEM;
	ips[n++] = (unsigned long)always_in_filter;
	for (i = 0; i < ARRAY_SIZE(entry_table); i++)
		hlist_for_each_entry(node, &entry_table[i], link)
			if (node->site == wanted_by(node->ip))
				ips[n++] = node->ip;
	err = ftrace_set_filter_ips(&ops, ips, n, 0, 1);
	filter_dirty = err;
	kvfree(ips);
	return err;
}

static void filter_retry(struct work_struct *work);
static DECLARE_DELAYED_WORK(retry_work, filter_retry);

static void filter_retry_later(void)
{
	queue_delayed_work(system_long_wq, &retry_work, HZ);
}

static void filter_retry(struct work_struct *work)
{
	mutex_lock(&cov_targets_lock);
	if (filter_dirty && filter_rebuild() == -ENOMEM)
		filter_retry_later();
	mutex_unlock(&cov_targets_lock);
}

static int filter_change(unsigned long *ips, u32 n, bool remove)
{
	if (!n)
		return 0;
	return filter_dirty ? filter_rebuild() : ftrace_set_filter_ips(&ops, ips, n, remove, 0);
}

/* Have the function of one site in the filter. If that fails, the site does not want it. */
static int filter_add_one(struct cov_site *site)
{
	unsigned long ip = site->entry->ip;
	bool there = wanted_by(ip);
	int err;

	site->filtered = true;
	nr_filtered++;
	err = there ? 0 : filter_change(&ip, 1, false);
	if (err) {
		site->filtered = false;
		nr_filtered--;
	}
	return err;
}

/*
 * ftrace takes all or none, and did not know one of them: what looks like its call may be another
 * (core_fentry()). That one is left out.
 */
static int filter_add_known(struct cov_site **sites, u32 n)
{
	int err = 0;
	u32 i;

	for (i = 0; i < n; i++)
		sites[i]->filtered = false;
	nr_filtered -= n;
	for (i = 0; i < n && (!err || err == -EINVAL); i++)
		err = filter_add_one(sites[i]);
	return err == -EINVAL ? 0 : err;
}

/*
 * Have functions in the filter. A kernel (6.1) may hold a function twice if it is added twice, and
 * then it stays when it is removed: only the first site that wants it adds it.
 */
static int filter_add(struct cov_site **sites, u32 n, unsigned long *ips)
{
	int err = registered ? 0 : filter_reset();
	u32 i, added = 0;

	for (i = 0; i < n; i++) {
		if (!wanted_by(sites[i]->entry->ip))
			ips[added++] = sites[i]->entry->ip;
		sites[i]->filtered = true;
	}
	nr_filtered += n;
	err = err ?: filter_change(ips, added, false);
	if (err == -EINVAL)
		err = filter_add_known(sites, n);
	if (registered)
		return err;
	err = err ?: register_ftrace_function(&ops);
	registered = !err;
	if (err)
		filter_empty();
	return err;
}

/* Take the functions of @sites out, unless other sites want them. Overwrites @ips. */
static void filter_remove(struct cov_site **sites, u32 n, unsigned long *ips)
{
	u32 i, removed = 0, before = nr_filtered;

	for (i = 0; i < n; i++) {
		if (!sites[i]->filtered)
			continue;
		sites[i]->filtered = false;
		nr_filtered--;
		if (!wanted_by(sites[i]->entry->ip))
			ips[removed++] = sites[i]->entry->ip;
	}
	if (before && !nr_filtered) {
		leave();
	} else if (filter_change(ips, removed, true)) {
		filter_dirty = true;
		filter_retry_later();
	}
}

/*
 * ftrace can be switched off as a whole (sysctl kernel.ftrace_enabled): then nothing is
 * patched. An int3: ftrace is just changing the site for another user.
 */
static bool shows(const struct cov_site *site)
{
	u8 byte;

	return site->filtered &&
	       !copy_from_kernel_nofault(&byte, (void *)site->entry->ip, 1) &&
	       (byte == CALL_INSN_OPCODE || byte == INT3_INSN_OPCODE);
}

/*
 * Where kprobes are forbidden ftrace is not. But a manual checkpoint there is an error, as it is
 * in the kernel's own functions (ksym_find_all()): kprobes will say so.
 */
static bool is_allowed(const struct cov_site *site)
{
	return site->kind == SITE_ENTRY && site->at_fentry &&
	       !(site->forbidden && target_is_manual(site_target(site)));
}

/* Return: can ftrace watch the site, and do handlers know it? */
static bool entry_prepare(struct cov_site *site)
{
	unsigned long ip = site_address(site);

	if (!is_allowed(site))
		return false;
	/* site_init() has found the fentry site at one of the two. */
	if (!cov_image_is_fentry(&site_target(site)->image, ip))
		ip += ENDBR_LEN;
	if (entry_table_add(site, ip)) {
		site->error = ENOMEM;
		return false;
	}
	site->engine = COV_ENGINE_ENTRY;
	site->error = 0;
	WRITE_ONCE(site->state, COV_SITE_ARMED);
	return true;
}

/* Hide the sites from handlers, wait for those that may have found them, free the nodes. */
static void entry_forget(struct cov_site **sites, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		entry_table_remove(sites[i]);
	synchronize_rcu();
	for (i = 0; i < n; i++) {
		entry_table_free(sites[i]);
		sites[i]->engine = SITE_NO_ENGINE;
	}
}

/* Move the sites that handlers know now to the front. Return: how many. */
static u32 entry_prepare_all(struct cov_site **sites, u32 n)
{
	u32 i, ready = 0;

	for (i = 0; i < n; i++)
		if (entry_prepare(sites[i])) {
			swap(sites[ready], sites[i]);
			ready++;
		}
	return ready;
}

/*
 * Have ftrace call back for sites that handlers know. Those for which it does not are forgotten,
 * and have their @error. Return: how many it does it for; they are at the front.
 */
static u32 watch(struct cov_site **sites, u32 n, unsigned long *ips)
{
	int err = filter_add(sites, n, ips);
	u32 i, done = err ? 0 : sites_to_front(sites, n, shows);

	for (i = 0; i < done; i++) {
		sites[i]->watched = true;
		sites[i]->error = 0;
	}
	for (; i < n; i++) {
		/* Left out by filter_add_known(): not a function that ftrace knows. */
		bool unknown = !err && !sites[i]->filtered;

		if (unknown)
			sites[i]->at_fentry = false;
		sites[i]->error = err ? -err : unknown ? EINVAL : ESHUTDOWN;
	}
	if (done < n) {
		filter_remove(sites + done, n - done, ips);
		entry_forget(sites + done, n - done);
	}
	return done;
}

static void entry_arm(struct cov_site **sites, u32 n)
{
	unsigned long *ips;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	ips = kvmalloc_array(n, sizeof(*ips), GFP_LARGE);
	for (i = 0; !ips && i < n; i++)
		if (is_allowed(sites[i]))
			sites[i]->error = ENOMEM;
	n = ips ? entry_prepare_all(sites, n) : 0;
	for (i = n ? watch(sites, n, ips) : 0; i < n; i++)
		WRITE_ONCE(sites[i]->state, COV_SITE_PENDING);
	kvfree(ips);
}

/* Seen, in modes edges and blocks: until it is armed again the function runs unpatched. */
void entry_settle(struct cov_site **sites, unsigned long *ips, u32 n)
{
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	filter_remove(sites, n, ips);
	for (i = 0; i < n; i++)
		WRITE_ONCE(sites[i]->state, COV_SITE_DISARMED);
}

/* Only for target_switch.c: the disarm worker never has a site of this engine. */
static void entry_disarm(struct cov_site **sites, u32 n)
{
	unsigned long ip;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	for (i = 0; i < n; i++)
		filter_remove(&sites[i], 1, &ip);
}

static void entry_rearm(struct cov_site **sites, u32 n)
{
	static unsigned long ips[REARM_BATCH];		/* under the targets' lock */

	lockdep_assert_held(&cov_targets_lock);
	watch(sites, n, ips);
}

#define RELEASE_BATCH	512

static void entry_release(struct cov_target *target, site_filter filter)
{
	static struct cov_site *sites[RELEASE_BATCH];	/* under the targets' lock */
	static unsigned long ips[RELEASE_BATCH];
	struct site_cursor cursor = { target, COV_ENGINE_ENTRY, filter };
	u32 n;

	lockdep_assert_held(&cov_targets_lock);
	/* A site that was forgotten has no engine: the cursor may start again. */
	do {
		cursor.chunk = NULL;
		for (n = 0; n < RELEASE_BATCH && (sites[n] = site_next(&cursor)); n++)
			;
		if (n) {
			filter_remove(sites, n, ips);
			entry_forget(sites, n);
		}
	} while (n == RELEASE_BATCH);
}

static const char *entry_why_unusable(void)
{
	return NULL;
}

void entry_exit(void)
{
	cancel_delayed_work_sync(&retry_work);
	unregister();
	ftrace_free_filter(&ops);
}

/* The bytes are ftrace's: the original is its nop. */
static u32 entry_original(const struct cov_site *site, u32 part, unsigned long *address, u8 *bytes)
{
	if (part)
		return 0;
	*address = site->entry->ip;
	memcpy(bytes, cov_fentry_nop, FENTRY_NOP_LEN);
	return FENTRY_NOP_LEN;
}

const struct cov_engine cov_engine_entry = {
	.id = COV_ENGINE_ENTRY,
	.why_unusable = entry_why_unusable,
	.arm = entry_arm,
	.disarm = entry_disarm,
	.rearm = entry_rearm,
	.release = entry_release,
	.original = entry_original,
};

#else

static void entry_release(struct cov_target *target, site_filter filter)
{
}

static const char *entry_why_unusable(void)
{
	return "engine entry needs Linux 5.18 and CONFIG_DYNAMIC_FTRACE_WITH_REGS";
}

/* An engine that is not usable is given no sites. */
const struct cov_engine cov_engine_entry = {
	.id = COV_ENGINE_ENTRY,
	.why_unusable = entry_why_unusable,
	.release = entry_release,
};

void entry_settle(struct cov_site **sites, unsigned long *ips, u32 n)
{
}

void entry_exit(void)
{
}

#endif /* COMPAT_HAS_FTRACE_IPS */
