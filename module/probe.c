// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe.c - engine kprobe: a kprobe on each site. Owns struct site_probe.
 *
 * Two contexts, kept apart: the handlers below run in the kprobe's context, an int3 with
 * interrupts off or an ftrace callback, and do nothing but read the registers and call
 * cov_hit(); the rest may sleep.
 *
 * Why a kprobe and not a kretprobe on a function's entry: a kretprobe whose instances have run
 * out skips its entry handler too, so a function in which many tasks sleep would lose entries.
 * A kprobe is exact, and cheaper: at an fentry site a bare one takes 160 guest instructions a
 * hit, the other 392. (Including livecov's handler it is 304: README.md.)
 *
 * Probes must not be jump-optimised. The optimiser overwrites five bytes after looking for
 * jumps into them in the function alone: it does not see a .cold part jumping back. Conditional
 * jumps cannot be optimised, and fentry sites never are; any other probe gets a post_handler,
 * which forbids it (Documentation/trace/kprobes.rst, "Jump Optimization").
 */
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/text-patching.h>

#include "disarm.h"
#include "engine.h"
#include "fentry_nop.h"
#include "foreign.h"
#include "held.h"
#include "hit.h"
#include "insn_branch.h"
#include "patched.h"
#include "probe.h"
#include "site_index.h"
#include "site_insn.h"
#include "stepping.h"
#include "target_list.h"
#include "unloading.h"

#define DS_PREFIX	0x3e

/**
 * struct site_probe - a kprobe and its site
 * @kp: the kprobe
 * @site: NULL if the kernel failed to unregister the kprobe: its hits are ignored
 * @address: kprobes clears its own when it fails to unregister
 */
struct site_probe {
	struct kprobe kp;
	struct cov_site *site;
	kprobe_opcode_t *address;
};

static __always_inline struct site_probe *site_probe(struct kprobe *kp)
{
	return container_of(kp, struct site_probe, kp);
}

/* A kprobe on an fentry site is called by ftrace, any other from int3. */
static __always_inline enum hit_context probe_context(const struct kprobe *kp)
{
	return kp->flags & KPROBE_FLAG_FTRACE ? HIT_IN_CALLBACK : HIT_IN_TRAP;
}

/* --- in the kprobe's context ------------------------------------------- */

/* The site whose hit this is, or NULL. */
static __always_inline struct cov_site *hit_site(struct kprobe *kp)
{
	return hit_is_watched(probe_context(kp)) ? READ_ONCE(site_probe(kp)->site) : NULL;
}

static int notrace probe_entry(struct kprobe *kp, struct pt_regs *regs)
{
	struct cov_site *site = hit_site(kp);

	/* At a function's first instruction the return address is on top of the stack. */
	if (site)
		cov_hit(site, 0, *(unsigned long *)regs->sp, regs, probe_context(kp));
	return 0;
}
NOKPROBE_SYMBOL(probe_entry);

static int notrace probe_leader(struct kprobe *kp, struct pt_regs *regs)
{
	struct cov_site *site = hit_site(kp);

	if (site)
		cov_hit(site, 0, 0, regs, probe_context(kp));
	return 0;
}
NOKPROBE_SYMBOL(probe_leader);

static int notrace probe_branch(struct kprobe *kp, struct pt_regs *regs)
{
	struct cov_site *site = hit_site(kp);

	if (site)
		cov_hit(site, insn_branch_taken(site->condition, site->narrow, regs->flags,
						regs->cx), 0, regs, probe_context(kp));
	return 0;
}
NOKPROBE_SYMBOL(probe_branch);

/*
 * loop, loope and loopne are emulated here, and kprobes is told so by returning 1:
 * kprobe_emulate_loop() (arch/x86/kernel/kprobes/core.c, 5.13 to at least 6.12) tests rcx
 * before decrementing it, so that a loop never ends. It is an int3 probe, which the release
 * never leaves behind (probe_refuses(), probe_release()).
 */
static int notrace probe_loop(struct kprobe *kp, struct pt_regs *regs)
{
	struct cov_site *site = site_probe(kp)->site;

	cov_hit(site, branch_carry_out(site, regs), 0, regs, probe_context(kp));
	return 1;
}
NOKPROBE_SYMBOL(probe_loop);

static void notrace probe_keep_unoptimised(struct kprobe *kp, struct pt_regs *regs,
					   unsigned long flags)
{
}
NOKPROBE_SYMBOL(probe_keep_unoptimised);

/* --- sleeping ------------------------------------------------------------ */

unsigned long probe_place(const struct cov_site *site)
{
	unsigned long address = site_address(site);
	u8 text[ENDBR_LEN];

	lockdep_assert_held(&cov_targets_lock);
	if (site->engine == COV_ENGINE_KPROBE)
		return (unsigned long)site->probe->address;
	return !copy_from_kernel_nofault(text, (void *)address, ENDBR_LEN) && insn_was_endbr(text) ?
		address + ENDBR_LEN : address;
}

/*
 * Decode the instruction there, as it was before livecov patched it, but not behind another user's
 * int3; false on failure. All sites are looked at only if something of livecov's may be there.
 */
static bool insn_at(const struct cov_site *site, unsigned long address, struct insn_branch *insn)
{
	u8 text[INSN_MAX_LEN];
	u32 room = site_insn_read(address, text);

	if (!room)
		return false;
	if (site->engine == COV_ENGINE_KPROBE)
		text[0] = site->probe->kp.opcode;
	else if (text[0] == INT3_INSN_OPCODE || site_index_covers(address))
		text_restore(address, text, room);
	return !insn_branch_decode(text, room, address, insn);
}

static bool is_loop(const struct cov_site *site)
{
	struct insn_branch insn;

	return insn_at(site, probe_place(site), &insn) && insn.kind == INSN_JCC &&
	       condition_loops(insn.condition);
}

/* Only such a site may have a kprobe on a loop. */
static bool is_loop_branch(const struct cov_site *site)
{
	return site->kind == SITE_BRANCH && condition_loops(site->condition);
}

/* Is there a kprobe on the site's instruction, enabled or not, or would one have to make way? */
static bool is_taken(const struct cov_site *site)
{
	unsigned long address = site_address(site);
	const struct cov_site *other = site_index_covering(address);
	u8 byte;

	if (other)
		return is_loop_branch(other) && site_address(other) == address;
	return copy_from_kernel_nofault(&byte, (void *)address, 1) ||
	       byte == INT3_INSN_OPCODE || foreign_probe_on(address, 1);
}

/*
 * May a ds prefix become a lock prefix again? A kernel booted with one CPU has put it there, and
 * undoes that when a second one comes up, once, where it finds the ds (alternatives_smp_lock(),
 * arch/x86/kernel/alternative.c): under a probe it would find the int3, and the driver's atomic
 * operation would stay without a lock until it is loaded again.
 */
static bool awaits_lock(unsigned long address)
{
	u8 text[INSN_MAX_LEN];

	return num_online_cpus() == 1 && num_possible_cpus() > 1 &&
	       site_insn_read(address, text) && text[0] == DS_PREFIX;
}

static bool in_tail(const struct cov_site *site)
{
	const struct compat_span *tails = site_target(site)->image.tails;

	return compat_span_has(&tails[0], site_address(site)) ||
	       compat_span_has(&tails[1], site_address(site));
}

bool probe_may_stay_stepping(const struct cov_site *site)
{
	struct insn_branch insn;
	unsigned long address;

	lockdep_assert_held(&cov_targets_lock);
	if (site->at_fentry)
		return false;
	address = probe_place(site);
	/* Another user's int3 hides which instruction is stepped, and its length. */
	if (!insn_at(site, address, &insn) || insn.kind == INSN_INT3)
		insn.length = INSN_MAX_LEN;
	return site_insn_may_fault(site, address, insn.length);
}

static bool is_inside_held(unsigned long address)
{
	bool inside;

	rcu_read_lock();
	inside = held_inside(address);
	rcu_read_unlock();
	return inside;
}

/*
 * Places that kprobes would accept, but the kernel would not survive:
 *
 * - For every probe that is not on an fentry site, even one that may not be optimised,
 *   can_optimize() decodes to the end of the symbol, which for a text's last function is the
 *   end of the mapping. If an instruction straddles that, it reads an unmapped page.
 * - kprobes emulates loop wrongly (above). Only probe_loop() may be on one, and alone: a
 *   handler that returns 1 hides the probes after it, and vice versa; and the place is the
 *   kernel's to emulate whenever probe_loop() is gone or disabled. Behind another user's int3
 *   is_loop() does not recognise one: that user has the kernel emulate it anyway.
 * - awaits_lock().
 */
int probe_refuses(const struct cov_site *site)
{
	lockdep_assert_held(&cov_targets_lock);
	if (!site->at_fentry && in_tail(site))
		return -EFAULT;
	if ((probe_may_stay_stepping(site) && engine_breaks_anywhere()) ||
	    awaits_lock(site_address(site)))
		return -EOPNOTSUPP;
	if (is_loop_branch(site))
		return is_taken(site) ? -EBUSY : 0;
	return is_loop(site) ? -EOPNOTSUPP : 0;
}

static int arm_allowed(const struct cov_site *site)
{
	int err = probe_refuses(site);

	if (err)
		return err;
	/* Bytes of a detour, of another target's perhaps, or held: no instruction begins there. */
	return site_index_covers(site_address(site)) || is_inside_held(site_address(site)) ?
	       -EBUSY : 0;
}

/*
 * kprobes and ftrace can be switched off as a whole (debugfs kprobes/enabled, sysctl
 * kernel.ftrace_enabled); registering then still succeeds, but patches nothing. A live probe
 * shows as int3, one on an fentry site as ftrace's call or jump. Where it does not, the instruction
 * itself may be one of those.
 */
static bool probe_shows(const struct site_probe *probe)
{
	u8 byte;

	if (copy_from_kernel_nofault(&byte, probe->address, 1))
		return false;
	return byte == INT3_INSN_OPCODE ||
	       (probe->kp.flags & KPROBE_FLAG_FTRACE &&
		(byte == CALL_INSN_OPCODE || byte == JMP32_INSN_OPCODE));
}

/* Initialised anew for every registration: kprobes leaves its own state in the struct. */
static void probe_init(struct site_probe *probe, struct cov_site *site)
{
	static const kprobe_pre_handler_t handlers[] = {
		[SITE_ENTRY] = probe_entry,
		[SITE_LEADER] = probe_leader,
		[SITE_BRANCH] = probe_branch,
	};

	probe->site = site;
	probe->kp.addr = (kprobe_opcode_t *)site_address(site);
	probe->kp.pre_handler = handlers[site->kind];
	if (is_loop_branch(site))
		probe->kp.pre_handler = probe_loop;
	/* Never at fentry sites: kprobes would mix up its two ftrace_ops. */
	if (site->kind != SITE_BRANCH && !site->at_fentry)
		probe->kp.post_handler = probe_keep_unoptimised;
}

static int probe_register(struct site_probe *probe)
{
	struct cov_site *site = probe->site;
	int err = register_kprobe(&probe->kp);

	if (err)
		return err;
	probe->address = probe->kp.addr;
	/* A one-shot site may have been hit and disarmed since: then it did work. */
	if (!probe_shows(probe) && READ_ONCE(site->state) == COV_SITE_ARMED) {
		unregister_kprobe(&probe->kp);
		return -ESHUTDOWN;
	}
	return 0;
}

static int probe_arm_one(struct cov_site *site)
{
	struct site_probe *probe;
	int err = arm_allowed(site);

	if (err)
		return err;
	if (probe_may_stay_stepping(site)) {
		site_target(site)->steps = true;
		stepping_note();
	}
	probe = kzalloc(sizeof(*probe), GFP_KERNEL);
	if (!probe)
		return -ENOMEM;
	probe_init(probe, site);
	site->probe = probe;
	/* The disarm worker reads it. */
	site->engine = COV_ENGINE_KPROBE;
	/* Before it can be hit: the handler must find a one-shot site ARMED. */
	WRITE_ONCE(site->state, COV_SITE_ARMED);
	err = probe_register(probe);
	if (err) {
		cov_disarm_flush();
		site->probe = NULL;
		kfree(probe);
		return err;
	}
	site->watched = true;
	return 0;
}

static void probe_arm(struct cov_site **sites, u32 n)
{
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	for (i = 0; i < n; i++) {
		int err = probe_arm_one(sites[i]);

		if (err) {
			WRITE_ONCE(sites[i]->state, COV_SITE_PENDING);
			sites[i]->engine = SITE_NO_ENGINE;
		}
		sites[i]->error = -err;
		cond_resched();
	}
}

static void probe_disarm(struct cov_site **sites, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		struct site_probe *probe = sites[i]->probe;

		/* If it fails, hits continue, and hit_claim() rejects them. */
		disable_kprobe(&probe->kp);
		cond_resched();
	}
}

/*
 * While kprobes are switched off as a whole enable_kprobe() succeeds, but the probe stays disabled,
 * even after they have been switched on.
 */
static int probe_enable(struct site_probe *probe)
{
	int err = enable_kprobe(&probe->kp);

	if (err || probe_shows(probe) || READ_ONCE(probe->site->state) != COV_SITE_ARMED)
		return err;
	disable_kprobe(&probe->kp);
	return -ESHUTDOWN;
}

static void probe_rearm(struct cov_site **sites, u32 n)
{
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	for (i = 0; i < n; i++) {
		sites[i]->error = -probe_enable(sites[i]->probe);
		cond_resched();
	}
}

/*
 * Unregistering probes singly waits for a grace period each time; an array waits once. The
 * array is static: this must work when memory is short.
 */
#define RELEASE_BATCH	512

static u32 release_batch(struct kprobe **probes, struct site_cursor *cursor)
{
	struct cov_site *site;
	u32 found = 0;

	while (found < RELEASE_BATCH && (site = site_next(cursor)))
		probes[found++] = &site->probe->kp;
	return found;
}

/*
 * Without memory ftrace cannot change its filter, and unregister_kprobes() leaves the kprobe in
 * place; the only sign is that it clears the kprobe's address (kernel/kprobes.c,
 * unregister_kprobes()). The kprobe's memory must then never be freed, and our handlers must
 * stay. Trying again would make kprobes decrement its count twice.
 */
static void probe_abandon(struct site_probe *probe)
{
	pr_err("the kernel did not take back its probe at %pS: livecov stays loaded\n",
	       probe->address);
	probe->kp.addr = probe->address;
	WRITE_ONCE(probe->site, NULL);
	__module_get(THIS_MODULE);
}

/* While livecov is being unloaded: until ftrace has the memory to let go of each of them. */
static void disarm_all(struct kprobe **probes, u32 n)
{
	while (n--)
		unloading_disable(probes[n]);
}

static void probe_release(struct cov_target *target, site_filter filter)
{
	static struct kprobe *probes[RELEASE_BATCH];	/* under the targets' lock */
	struct site_cursor cursor = { target, COV_ENGINE_KPROBE, filter };
	u32 found, i;

	lockdep_assert_held(&cov_targets_lock);
	/* A site that has been released has no engine: the cursor may start again. */
	while ((found = release_batch(probes, &cursor))) {
		bool abandoned = false;

		if (livecov_is_unloading())
			disarm_all(probes, found);
		unregister_kprobes(probes, found);
		/* No handler runs on them now; the worker may still hold some. */
		cov_disarm_flush();
		for (i = 0; i < found; i++) {
			struct site_probe *probe = site_probe(probes[i]);
			struct cov_site *site = probe->site;

			site_target(site)->missed += probe->kp.nmissed;
			site->probe = NULL;
			site->engine = SITE_NO_ENGINE;
			if (probe->kp.addr) {
				kfree(probe);
			} else {
				probe_abandon(probe);
				abandoned = true;
			}
		}
		if (abandoned)
			synchronize_rcu();	/* handlers that still saw the site */
	}
}

static u64 probe_missed(const struct cov_site *site)
{
	const struct site_probe *probe = site->probe;

	return probe ? READ_ONCE(probe->kp.nmissed) : 0;
}

static u32 probe_original(const struct cov_site *site, u32 part, unsigned long *address, u8 *bytes)
{
	const struct site_probe *probe = site->probe;

	if (!probe || part)
		return 0;
	/* Not the site's: kprobes puts an entry's probe after the endbr64. */
	*address = (unsigned long)probe->address;
	if (probe->kp.flags & KPROBE_FLAG_FTRACE) {
		memcpy(bytes, cov_fentry_nop, FENTRY_NOP_LEN);
		return FENTRY_NOP_LEN;
	}
	bytes[0] = probe->kp.opcode;
	return 1;
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
