// SPDX-License-Identifier: GPL-2.0-only
/*
 * entry.c - engine entry: function entries through ftrace: one struct ftrace_ops with one
 * filter for all targets. It takes the entries that other engines leave: where one hit is
 * enough (modes edges and blocks, scope all) most get a breakpoint (breakpoint.c), elsewhere a
 * detour (detour.c). Owns the ops. May call ftrace, site_index.c, task_maps.h, cells.h.
 *
 * The callback runs in the function's own context and does what a stub does: it writes a cell;
 * only with COV_ATTACH_PATHS does it record the caller, and count.
 *
 *	PENDING --> known to handlers --> in the filter, ops registered --> ARMED
 *	seen, in modes edges and blocks: out of the filter --> DISARMED
 *	release: out of the filter --> unknown to handlers --> RCU grace period over
 *
 * The ops:
 *
 *	absent --first site--> registered --unloading, or no memory to empty the filter--> absent
 *
 * An empty filter means every function of the kernel, and on preemptible kernels unregistering
 * waits until every task has voluntarily given up its CPU (ftrace_shutdown(),
 * synchronize_rcu_tasks()): minutes if one loops in a system call. So the ops stays registered
 * when its last site goes, with a function of livecov's own in the filter. ftrace needs memory
 * to remove functions from the filter; without it they stay there, unknown to the callback,
 * until the last site goes; if there is still none then, the ops is unregistered.
 */
#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/uaccess.h>
#include <asm/text-patching.h>

#include "compat.h"
#include "engine.h"
#include "entry.h"
#include "fentry_nop.h"
#include "hit.h"
#include "insn_branch.h"
#include "site_index.h"
#include "target.h"
#include "task_maps.h"
#include "trace.h"

#if COMPAT_HAS_FTRACE_IPS

/* --- in the function's own context --------------------------------------------------- */

/*
 * Nothing here can be traced, so it cannot recurse. Preemption is off so that the result of
 * site_index_find() stays valid.
 */
static void notrace entry_callback(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops, struct ftrace_regs *regs)
{
	const struct cov_target *target;
	struct cov_site *site;
	u8 *base;

	preempt_disable_notrace();
	site = site_index_find(ip);
	target = site ? site_target(site) : NULL;
	if (site && target->flags & COV_ATTACH_PATHS) {
		cov_hit(site, 0, parent_ip, compat_arguments(regs), HIT_IN_CALLBACK);
	} else if (site) {
		base = cells_of_task(&target->cps.cells, preempt_count());
		if (base)
			cell_hit(&target->cps.cells, base, site->cell);
		if (unlikely(site->traced))
			trace_hit(site, 0, compat_arguments(regs), HIT_IN_CALLBACK);
	}
	preempt_enable_notrace();
}
NOKPROBE_SYMBOL(entry_callback);

static struct ftrace_ops ops = {
	.func = entry_callback,
};

static bool registered;
static u32 nr_armed;

/* livecov's own function in the filter. It is never called. */
static noinline void always_in_filter(void)
{
	barrier();
}

/* --- sleeping ---------------------------------------------------------------------------- */

/*
 * ftrace can be switched off as a whole (sysctl kernel.ftrace_enabled): then nothing is
 * patched. An int3: ftrace is just changing the site for another user.
 */
static bool shows(const struct cov_site *site)
{
	u8 byte;

	return !copy_from_kernel_nofault(&byte, (void *)site_patch(site), 1) &&
	       (byte == CALL_INSN_OPCODE || byte == INT3_INSN_OPCODE);
}

static u32 take(struct cov_site **sites, u32 n, unsigned long *ips)
{
	u32 i, taken = 0;

	for (i = 0; i < n; i++) {
		struct cov_site *site = sites[i];

		if (site->kind != SITE_ENTRY || !site->at_fentry)
			continue;
		/* site_init() has found the fentry site at one of the two. */
		site->patch_offset = cov_image_is_fentry(&site_target(site)->image,
							 site_address(site)) ? 0 : ENDBR_LEN;
		site->engine = COV_ENGINE_ENTRY;
		site->patched = site->stub_len = 0;
		site->error = 0;
		WRITE_ONCE(site->state, COV_SITE_ARMED);
		ips[taken++] = site_patch(site);
	}
	return taken;
}

static void drop(struct cov_site *site)
{
	WRITE_ONCE(site->indexed, false);
	site->engine = SITE_NO_ENGINE;
	site->patch_offset = 0;
}

static void give_up(struct cov_site *site, int err)
{
	drop(site);
	site->error = -err;
	WRITE_ONCE(site->state, COV_SITE_PENDING);
}

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

static int filter_add(unsigned long *ips, u32 n)
{
	int err = registered ? 0 : filter_reset();

	err = err ?: ftrace_set_filter_ips(&ops, ips, n, 0, 0);
	if (registered)
		return err;
	err = err ?: register_ftrace_function(&ops);
	registered = !err;
	if (err)
		filter_empty();
	return err;
}

/* The last sites go. */
static void leave(void)
{
	if (registered && filter_reset())
		unregister();
}

static void settle_arm(struct cov_site **sites, u32 n, int err)
{
	u32 i;

	for (i = 0; i < n; i++) {
		if (sites[i]->engine != COV_ENGINE_ENTRY)
			continue;
		if (!err && shows(sites[i])) {
			sites[i]->watched = true;
			nr_armed++;
		} else {
			give_up(sites[i], err ?: -ESHUTDOWN);
		}
	}
}

static void entry_arm(struct cov_site **sites, u32 n)
{
	unsigned long *ips = kvmalloc_array(n, sizeof(*ips), GFP_KERNEL);
	u32 taken;
	int err;

	if (!ips)
		return;
	taken = take(sites, n, ips);
	if (taken) {
		err = site_index_build(site_target(sites[0])) ?: filter_add(ips, taken);
		settle_arm(sites, n, err);
		/* ftrace is switched off: no site was patched. */
		if (!nr_armed)
			leave();
	}
	kvfree(ips);
}

static bool in_filter(const struct cov_site *site)
{
	return site->state == COV_SITE_ARMED;
}

#define REMOVE_BATCH	256

static void filter_remove(struct site_cursor cursor)
{
	static unsigned long ips[REMOVE_BATCH];		/* under the targets' lock */
	struct cov_site *site;
	u32 n = 0;

	while ((site = site_next(&cursor))) {
		if (!in_filter(site))
			continue;
		ips[n++] = site_patch(site);
		if (n == REMOVE_BATCH) {
			ftrace_set_filter_ips(&ops, ips, n, 1, 0);
			n = 0;
		}
	}
	if (n)
		ftrace_set_filter_ips(&ops, ips, n, 1, 0);
}

/* Seen once, in modes edges and blocks: the function runs unpatched from now on. */
void entry_settle(struct cov_site **sites, unsigned long *ips, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		ips[i] = site_patch(sites[i]);
		WRITE_ONCE(sites[i]->state, COV_SITE_DISARMED);
	}
	nr_armed -= n;
	if (nr_armed)
		ftrace_set_filter_ips(&ops, ips, n, 1, 0);
	else
		leave();
}

static void entry_rearm(struct cov_site **sites, u32 n)
{
	static unsigned long ips[REARM_BATCH];		/* under the targets' lock */
	int err;
	u32 i;

	for (i = 0; i < n; i++)
		ips[i] = site_patch(sites[i]);
	err = filter_add(ips, n);
	for (i = 0; i < n; i++)
		sites[i]->error = -err;
	if (!err)
		nr_armed += n;
}

static void entry_release(struct cov_target *target, site_filter filter)
{
	struct site_cursor cursor = { target, COV_ENGINE_ENTRY, filter };
	struct cov_site *site;
	u32 sites = 0, n = 0;

	while ((site = site_next(&cursor))) {
		sites++;
		n += in_filter(site);
	}
	/* Nothing to wait for. */
	if (!sites)
		return;
	nr_armed -= n;
	if (n && nr_armed)
		filter_remove(cursor);
	else if (n)
		leave();
	while ((site = site_next(&cursor)))
		drop(site);
	synchronize_rcu();
}

static const char *entry_usable(void)
{
	return NULL;
}

void entry_exit(void)
{
	unregister();
	ftrace_free_filter(&ops);
}

#else

static void entry_arm(struct cov_site **sites, u32 n)
{
}

static void entry_rearm(struct cov_site **sites, u32 n)
{
}

void entry_settle(struct cov_site **sites, unsigned long *ips, u32 n)
{
}

static void entry_release(struct cov_target *target, site_filter filter)
{
}

static const char *entry_usable(void)
{
	return "this kernel has no ftrace that modules can filter by address (before 5.18)";
}

void entry_exit(void)
{
}

#endif

/* The bytes are ftrace's: the original is its nop. */
static u32 entry_original(const struct cov_site *site, u32 part, unsigned long *address, u8 *bytes)
{
	if (part)
		return 0;
	*address = site_patch(site);
	memcpy(bytes, cov_fentry_nop, FENTRY_NOP_LEN);
	return FENTRY_NOP_LEN;
}

const struct cov_engine cov_engine_entry = {
	.id = COV_ENGINE_ENTRY,
	.usable = entry_usable,
	.arm = entry_arm,
	.rearm = entry_rearm,
	.release = entry_release,
	.original = entry_original,
};
