// SPDX-License-Identifier: GPL-2.0-only
/*
 * breakpoint.c - engine breakpoint: int3 in place of an instruction, and the handler of every int3
 * that livecov places, including those of a detour that is being installed or removed. Owns the
 * notifier and the stubs of its sites.
 *
 * All bytes of the instruction become int3, although only the first is ever executed: whoever
 * decodes the function as it is in memory finds an instruction behind each of them, and is in step
 * again where the next one begins. kprobes does so to see whether an instruction begins where a
 * probe is to be placed (can_probe()); behind a lone int3 it would refuse some that do, and accept
 * some that do not, and corrupt these. On an int3 it places none.
 *
 * A conditional jump is redirected to a stub like a detour's, which notes the outcome. Where
 * more than a note is wanted (paths or a trace), the handler emulates the jump, from the flags.
 * It emulates a call as well, because the return address must be the original one. Any other
 * instruction is executed as a copy in the arena, which is followed by a jump back (stub.h): so
 * a one-shot site need not be single-stepped, and its bytes are restored later, together with
 * others, by the disarm worker. The few instructions that cannot be copied are left to kprobes.
 *
 *	PENDING --> bytes saved, copy made --> ARMED --> known to handlers --> int3s
 *	ARMED or DISARMING --> bytes restored, all CPUs synchronised --> DISARMED
 *	release: bytes restored --> unknown to handlers, RCU grace period over --> no task in a
 *	copy --> copy freed
 *
 * No task is ever inside: the bytes are those of a single instruction. An int3 that was fetched
 * before the bytes were restored is still recognised: the copy is executed, and the site ignores
 * or counts the hit according to its state.
 */
#include <linux/ftrace.h>
#include <linux/kdebug.h>
#include <linux/kprobes.h>
#include <linux/notifier.h>
#include <linux/uaccess.h>
#include <asm/text-patching.h>

#include "arena.h"
#include "breakpoint.h"
#include "engine.h"
#include "foreign.h"
#include "held.h"
#include "hit.h"
#include "patcher.h"
#include "quiesce.h"
#include "site_index.h"
#include "site_insn.h"
#include "site_patch.h"
#include "site_stub.h"
#include "stub.h"
#include "task_maps.h"
#include "text_patch.h"

/* --- in the trap's context ------------------------------------------------------- */

/* What a stub would write: no caller record, no look-up in the task registry. */
static __always_inline void write_cell(const struct cells *cells, struct cov_site *site,
				       u32 outcome)
{
	u8 *base = cells_of_task(cells, hit_preempt_count(HIT_IN_TRAP));

	if (!base || !hit_claim(site))
		return;
	cell_hit(cells, base, site->cell + outcome);
	if (site->one_shot) {
		cov_news_place();
		cov_disarm_later(site);
	}
}

/* At a function's first instruction the return address is on top of the stack. */
static __always_inline void breakpoint_note_hit(struct cov_site *site, u32 outcome,
						struct pt_regs *regs)
{
	const struct cov_target *target = site_target(site);

	if (target->flags & COV_ATTACH_PATHS) {
		cov_hit(site, outcome, site->kind == SITE_ENTRY ? *(unsigned long *)regs->sp : 0,
			regs, HIT_IN_TRAP);
		return;
	}
	if (unlikely(site->traced))
		trace_hit(site, outcome, regs, HIT_IN_TRAP);
	write_cell(&target->cps.cells, site, outcome);
}

/*
 * int3_emulate_call() takes other arguments on newer kernels, but does the same. An entry's
 * call may lie after the site's address (patch_offset()).
 */
static __always_inline void carry_out_call(const struct cov_site *site, struct pt_regs *regs)
{
	int3_emulate_push(regs, site_patch(site) + site->length);
	int3_emulate_jmp(regs, site_address(site) + site->length + site->displacement);
}

static void notrace breakpoint_hit(struct cov_site *site, struct pt_regs *regs)
{
	if (site->kind == SITE_BRANCH) {
		breakpoint_note_hit(site, branch_carry_out(site, regs), regs);
		return;
	}
	breakpoint_note_hit(site, 0, regs);
	if (site->calls)
		carry_out_call(site, regs);
	else
		regs->ip = site_stub(site);
}
NOKPROBE_SYMBOL(breakpoint_hit);

/* The site is gone already, and its patch is just being removed. */
static int notrace go_to_held_stub(struct pt_regs *regs)
{
	unsigned long stub = held_stub(regs->ip - 1);

	if (!stub)
		return NOTIFY_DONE;
	regs->ip = stub;
	return NOTIFY_STOP;
}
NOKPROBE_SYMBOL(go_to_held_stub);

/*
 * kprobes has looked first (do_int3()), so this int3 is not a kprobe's. It is entered like an
 * NMI: preemption is off, so freeing a site waits for this handler (RCU).
 */
static int notrace breakpoint_notify(struct notifier_block *nb, unsigned long event,
				     void *data)
{
	struct die_args *args = data;
	struct cov_site *site;

	if (event != DIE_INT3 || user_mode(args->regs))
		return NOTIFY_DONE;
	site = site_index_find(args->regs->ip - 1);
	if (!site)
		return go_to_held_stub(args->regs);
	quiesce_look(args->regs);
	/* The site is a jump with a stub, or a detour that is just being made or removed. */
	if (likely(site->by_stub))
		args->regs->ip = site_part_code(site, site_part_at(site, args->regs->ip - 1));
	else
		breakpoint_hit(site, args->regs);
	return NOTIFY_STOP;
}
NOKPROBE_SYMBOL(breakpoint_notify);

/* After kprobes' own, which has INT_MAX; before any that would treat the int3 as a crash. */
static struct notifier_block notifier = {
	.notifier_call = breakpoint_notify,
	.priority = INT_MAX - 1,
};

/* --- sleeping ---------------------------------------------------------------------- */

/*
 * Where the instruction goes, if that is emulated: of calls call rel32 alone is. A jump out of the
 * module has another displacement once the module has moved.
 */
static void note_target(struct cov_site *site, const struct insn_branch *insn)
{
	site->calls = site->kind != SITE_BRANCH && insn->kind == INSN_CALL &&
		      insn->length == CALL_INSN_SIZE;
	if (!site->calls && site->kind != SITE_BRANCH)
		return;
	site->length = insn->length;
	site->displacement = insn->target - site_address(site) - insn->length;
}

/*
 * Does the first jump's detour need the byte? It takes precedence: ftrace can watch the
 * function's entry instead.
 */
static bool breakpoint_is_taken(const struct cov_target *target,
				const struct flow_function *function, u32 offset)
{
	const struct cov_site *jump = function->branches ?
		target->cps.branch[function->first_branch] : NULL;

	return jump && jump->region.why == REGION_OK &&
	       function->address + offset - (site_address(jump) - jump->region.before) <
	       jump->region.length;
}

/*
 * Does a jump lead to the byte behind the fentry site? It would be counted as an entry, and the
 * block that begins there may have a site of its own. Of a function that was not decoded, because
 * nothing but entries is wanted, nothing is known: few begin with a loop.
 */
static bool is_jumped_to(const struct cov_image *image, const struct flow_function *function,
			 u32 offset)
{
	return function->error ||
	       (function->blocks && image->flow.blocks[function->first_block].size <= offset);
}

/*
 * Where the int3 goes: not on an endbr64, at which an indirect call must land. -1 if the place
 * is not known, or if the kernel itself patches these bytes: it does not survive an int3 on a
 * static branch (arch_jump_entry_size()). kprobes has its own checks for those.
 */
static int patch_offset(const struct cov_site *site)
{
	const struct flow_function *function;
	u32 offset;

	if (site->kind != SITE_ENTRY)
		return 0;
	function = &site_target(site)->image.in.functions[checkpoints_index(site)];
	if (function->reserved || function->entry == FLOW_ENTRY_UNKNOWN)
		return -1;
	if (!site->at_fentry)
		return function->entry;
	/* A single trap is cheaper than an ftrace callback on each call. */
	offset = function->entry + MCOUNT_INSN_SIZE;
	if (!site->one_shot || offset >= function->size ||
	    is_jumped_to(&site_target(site)->image, function, offset) ||
	    breakpoint_is_taken(site_target(site), function, offset))
		return -1;
	return offset;
}

/* A stub can note an outcome, but do nothing else. */
static bool wants_a_note_alone(const struct cov_site *site)
{
	return site->kind == SITE_BRANCH && !site->traced && !site->one_shot &&
	       !(site_target(site)->flags & COV_ATTACH_PATHS);
}

/* A stub for the jump alone. Return: its length, or 0 if there can be none: the handler will do. */
static int write_jump_stub(const struct cov_site *site, const u8 *text, unsigned long at, u8 *code)
{
	const struct region alone = { .length = site->length };
	struct stub_task task;
	struct stub stub;
	int len;

	if (site_stub_describe(site, &alone, text, at, &stub, &task))
		return 0;
	len = stub_write(&stub, code);
	return len < 0 ? 0 : len;
}

/* Record whether a stub does everything for the site; if there is none, undo site_stub_take(). */
static void note_by_stub(struct cov_site *site, bool yes)
{
	if (site->by_stub && !yes)
		site_stub_give(site);
	site->by_stub = yes;
}

/* Write the code in which execution continues, if any is needed. Return: its length or -errno. */
static int breakpoint_write_code(struct cov_site *site, const u8 *text,
				 const struct insn_branch *insn, unsigned long at, u8 *code)
{
	int len = 0;

	if (site->by_stub) {
		len = write_jump_stub(site, text, at, code);
		note_by_stub(site, len);
	} else if (site->kind != SITE_BRANCH && !site->calls) {
		len = stub_step(text, insn, site_patch(site), at, code);
	}
	return len;
}

/* Make the copy in which execution continues, and save the original bytes in front of it. */
static int make_copy(struct cov_site *site, const u8 *text, const struct insn_branch *insn)
{
	u8 code[INSN_MAX_LEN + STUB_MAX_LEN];
	unsigned long at = arena_room(sizeof(code));
	int len;

	if (!at)
		return -ENOSPC;
	len = breakpoint_write_code(site, text, insn, at + insn->length, code + insn->length);
	if (len < 0)
		return len;
	memcpy(code, text, insn->length);
	patcher_make_stub(site, at, code, insn->length, len);
	return 0;
}

static int breakpoint_prepare(struct cov_site *site)
{
	int err, offset = patch_offset(site);
	unsigned long address = site_address(site) + offset;
	struct insn_branch insn;
	u8 text[INSN_MAX_LEN];
	u32 room;

	if (offset < 0 || !patcher_may_patch(site))
		return -EOPNOTSUPP;
	room = site_insn_read(address, text);
	if (!room)
		return -EFAULT;
	if (text[0] == INT3_INSN_OPCODE)
		return -EBUSY;
	if (insn_branch_decode(text, room, address, &insn))
		return -EOPNOTSUPP;
	if (site_index_overlaps(address, insn.length) || foreign_is_near(address, insn.length) ||
	    held_covers(address, insn.length))
		return -EBUSY;
	/* No fixup would be found for a fault in the copy. */
	if (site_insn_may_fault(site, address, insn.length))
		return -EOPNOTSUPP;
	note_target(site, &insn);
	site->patch_offset = offset;
	site->by_stub = wants_a_note_alone(site) && !site_stub_take(site);
	err = make_copy(site, text, &insn);
	if (err) {
		site->patch_offset = 0;
		note_by_stub(site, false);
	}
	return err;
}

/* A patch of the site's instruction that changes nothing; as patcher_describe(). */
static bool breakpoint_describe(const struct cov_site *site, struct text_patch *patch)
{
	if (!patcher_describe(site, patch))
		return false;
	patch->inside = false;
	return true;
}

static bool describe_do(const struct cov_site *site, struct text_patch *patch)
{
	if (!breakpoint_describe(site, patch))
		return false;
	memset(patch->to, INT3_INSN_OPCODE, patch->length);
	return true;
}

/*
 * From int3s back to the original bytes. An int3 on a disarmed site may belong to a kprobe that
 * was registered since: then there is nothing to undo.
 */
static bool breakpoint_describe_undo(const struct cov_site *site, struct text_patch *patch)
{
	u8 now;

	if (!breakpoint_describe(site, patch))
		return false;
	memset(patch->from, INT3_INSN_OPCODE, patch->length);
	if (copy_from_kernel_nofault(&now, (void *)patch->address, 1) || now != INT3_INSN_OPCODE)
		return false;
	return READ_ONCE(site->state) != COV_SITE_DISARMED || !foreign_probe_on(patch->address, 1);
}

static bool breakpoint_describe_arm(void *context, u32 i, struct text_patch *patch)
{
	struct cov_site **sites = context;

	return sites[i]->engine == COV_ENGINE_BREAKPOINT && describe_do(sites[i], patch);
}

static void breakpoint_arm(struct cov_site **sites, u32 n)
{
	patcher_arm(&cov_engine_breakpoint, sites, n, breakpoint_prepare, breakpoint_describe_arm);
}

/* A one-shot site's bytes may have been restored already, or be int3s again. */
static bool describe_disarm(void *context, u32 i, struct text_patch *patch)
{
	struct cov_site **sites = context;

	return breakpoint_describe_undo(sites[i], patch);
}

static void ignore_refusal(void *context, u32 i, int err)
{
}

static void breakpoint_disarm(struct cov_site **sites, u32 n)
{
	struct text_job job = { n, describe_disarm, ignore_refusal, sites };

	text_patch(&job);
}

static bool describe_rearm(void *context, u32 i, struct text_patch *patch)
{
	struct cov_site **sites = context;

	return !sites[i]->error && describe_do(sites[i], patch);
}

static void refuse_rearm(void *context, u32 i, int err)
{
	struct cov_site **sites = context;

	sites[i]->error = -err;
}

static void breakpoint_rearm(struct cov_site **sites, u32 n)
{
	struct text_job job = { n, describe_rearm, refuse_rearm, sites };

	lockdep_assert_held(&cov_targets_lock);
	text_patch(&job);
}

static void breakpoint_release(struct cov_target *target, site_filter filter)
{
	patcher_release(&cov_engine_breakpoint, target, filter);
}

int breakpoint_init(void)
{
	return register_die_notifier(&notifier);
}

void breakpoint_exit(void)
{
	unregister_die_notifier(&notifier);
}

const struct cov_engine cov_engine_breakpoint = {
	.id = COV_ENGINE_BREAKPOINT,
	.why_unusable = text_patch_unusable,
	.arm = breakpoint_arm,
	.disarm = breakpoint_disarm,
	.rearm = breakpoint_rearm,
	.release = breakpoint_release,
	.describe_undo = breakpoint_describe_undo,
	.original = patcher_original,
};
