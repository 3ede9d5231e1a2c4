// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe.c - engine kprobe: a kprobe on each site. Owns struct site_probe. May
 * call kprobes, hit.h and disarm.h.
 *
 * Two worlds, kept apart: the handlers below run in the kprobe's context, an
 * int3 with interrupts off or an ftrace callback, and do nothing but read the
 * registers and call cov_hit(); the rest sleeps.
 *
 * Why a kprobe and not a kretprobe on a function's entry: a kretprobe whose
 * instances have run out skips its entry handler too, so a function in which
 * many tasks sleep would lose entries. A kprobe is exact, and cheaper (160
 * against 392 guest instructions a hit at an fentry site).
 *
 * Probes must not be jump-optimised. The optimiser overwrites five bytes after
 * looking for jumps into them in the function alone: it does not see a .cold part
 * jumping back. Conditional jumps cannot be optimised, and ftrace's five bytes
 * are never; any other probe gets a post_handler, which forbids it
 * (Documentation/trace/kprobes.rst, "Jump Optimization").
 */
#include <linux/kprobes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "disarm.h"
#include "engine.h"
#include "hit.h"
#include "insn_branch.h"

struct site_probe {
	struct kprobe kp;
	struct cov_site *site;
};

static __always_inline struct site_probe *site_probe(struct kprobe *kp)
{
	return container_of(kp, struct site_probe, kp);
}

/* A kprobe on ftrace's five bytes is called by ftrace, any other from int3. */
static __always_inline enum hit_context probe_context(const struct kprobe *kp)
{
	return kp->flags & KPROBE_FLAG_FTRACE ? HIT_IN_CALLBACK : HIT_IN_TRAP;
}

/* --- in the kprobe's context ------------------------------------------- */

static int notrace probe_entry(struct kprobe *kp, struct pt_regs *regs)
{
	/* At a function's first instruction the return address is on top of the stack. */
	cov_hit(site_probe(kp)->site, 0, *(unsigned long *)regs->sp, probe_context(kp));
	return 0;
}
NOKPROBE_SYMBOL(probe_entry);

static int notrace probe_leader(struct kprobe *kp, struct pt_regs *regs)
{
	cov_hit(site_probe(kp)->site, 0, 0, probe_context(kp));
	return 0;
}
NOKPROBE_SYMBOL(probe_leader);

static int notrace probe_branch(struct kprobe *kp, struct pt_regs *regs)
{
	struct cov_site *site = site_probe(kp)->site;
	bool taken = insn_branch_taken(site->condition, site->narrow, regs->flags, regs->cx);

	cov_hit(site, taken, 0, probe_context(kp));
	return 0;
}
NOKPROBE_SYMBOL(probe_branch);

/*
 * loop, loope and loopne are carried out here, and kprobes is told so by returning
 * 1: kprobe_emulate_loop() (arch/x86/kernel/kprobes/core.c, 5.13 to at least 6.12)
 * looks at rcx before counting down, so that a loop never ends. Another probe at
 * the same place may not be called then; it would be lost in the loop otherwise.
 */
static int notrace probe_loop(struct kprobe *kp, struct pt_regs *regs)
{
	struct cov_site *site = site_probe(kp)->site;
	bool taken = insn_branch_taken(site->condition, site->narrow, regs->flags, regs->cx);

	cov_hit(site, taken, 0, probe_context(kp));
	/* A 32-bit result clears the upper half (SDM vol. 1, 3.4.1.1). */
	regs->cx = site->narrow ? (u32)(regs->cx - 1) : regs->cx - 1;
	regs->ip = site->address + site->length + (taken ? site->displacement : 0);
	return 1;
}
NOKPROBE_SYMBOL(probe_loop);

static void notrace probe_keep_unoptimised(struct kprobe *kp, struct pt_regs *regs,
					   unsigned long flags)
{
}
NOKPROBE_SYMBOL(probe_keep_unoptimised);

/* --- sleeping ------------------------------------------------------------ */

/* Does ftrace own the first instruction? Its nop, or its call while tracing is on. */
static bool starts_with_fentry(unsigned long address)
{
	static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	static const u8 nop5[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
	u8 text[sizeof(endbr64) + sizeof(nop5)], *p = text;

	if (copy_from_kernel_nofault(text, (void *)address, sizeof(text)))
		return false;
	if (!memcmp(p, endbr64, sizeof(endbr64)))
		p += sizeof(endbr64);
	return !memcmp(p, nop5, sizeof(nop5)) || *p == 0xe8;
}

static bool is_loop(const struct cov_site *site)
{
	return site->kind == SITE_BRANCH && site->condition >= INSN_COND_LOOPNE &&
	       site->condition <= INSN_COND_LOOP;
}

/* Built anew for every registration: kprobes leaves its own marks in the struct. */
static void probe_init(struct site_probe *probe, struct cov_site *site)
{
	static const kprobe_pre_handler_t handlers[] = {
		[SITE_ENTRY] = probe_entry,
		[SITE_LEADER] = probe_leader,
		[SITE_BRANCH] = probe_branch,
	};

	probe->site = site;
	probe->kp.addr = (kprobe_opcode_t *)site->address;
	probe->kp.pre_handler = is_loop(site) ? probe_loop : handlers[site->kind];
	if (site->kind == SITE_LEADER ||
	    (site->kind == SITE_ENTRY && !starts_with_fentry(site->address)))
		probe->kp.post_handler = probe_keep_unoptimised;
}

static int probe_arm_one(struct cov_site *site)
{
	struct site_probe *probe = kzalloc(sizeof(*probe), GFP_KERNEL);
	int err;

	if (!probe)
		return -ENOMEM;
	probe_init(probe, site);
	site->engine_data = probe;
	/* Before it can be hit: a one-shot site must find itself ARMED. */
	WRITE_ONCE(site->state, COV_SITE_ARMED);
	err = register_kprobe(&probe->kp);
	if (err) {
		site->engine_data = NULL;
		kfree(probe);
	}
	return err;
}

static void probe_arm(struct cov_site **sites, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		int err = probe_arm_one(sites[i]);

		if (err)
			checkpoints_refuse(sites[i], err);
	}
}

static void probe_disarm(struct cov_site *site)
{
	struct site_probe *probe = site->engine_data;

	/* Fails only if the text is gone or going: then there is nothing to stop. */
	disable_kprobe(&probe->kp);
}

static int probe_rearm(struct cov_site *site)
{
	struct site_probe *probe = site->engine_data;

	/* Disarmed before its module was loaded again: it has no probe since. */
	return probe ? enable_kprobe(&probe->kp) : probe_arm_one(site);
}

/*
 * Unregistering singly waits for a grace period each time; an array waits once.
 * The array is static: this must work when memory is short.
 */
#define RELEASE_BATCH	512

static u32 release_batch(struct kprobe **probes, struct cov_site **sites, u32 n, u32 *done)
{
	u32 found = 0;

	for (; *done < n && found < RELEASE_BATCH; ++*done)
		if (sites[*done]->engine_data)
			probes[found++] = &((struct site_probe *)sites[*done]->engine_data)->kp;
	return found;
}

static void probe_release(struct cov_site **sites, u32 n)
{
	static struct kprobe *probes[RELEASE_BATCH];	/* under the targets' lock */
	u32 done = 0, found, i;

	while ((found = release_batch(probes, sites, n, &done))) {
		unregister_kprobes(probes, found);
		/* No handler runs on them now; the worker may still hold some. */
		cov_disarm_flush();
		for (i = 0; i < found; i++) {
			struct site_probe *probe = site_probe(probes[i]);

			probe->site->engine_data = NULL;
			kfree(probe);
		}
	}
}

static u64 probe_missed(const struct cov_site *site)
{
	const struct site_probe *probe = site->engine_data;

	return probe ? READ_ONCE(probe->kp.nmissed) : 0;
}

static bool probe_original(const struct cov_site *site, u8 *byte)
{
	const struct site_probe *probe = site->engine_data;

	if (!probe || probe->kp.flags & KPROBE_FLAG_FTRACE)
		return false;
	*byte = probe->kp.opcode;
	return true;
}

const struct cov_engine cov_engine_kprobe = {
	.id = COV_ENGINE_KPROBE,
	.arm = probe_arm,
	.disarm = probe_disarm,
	.rearm = probe_rearm,
	.release = probe_release,
	.missed = probe_missed,
	.original = probe_original,
};
