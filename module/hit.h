/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hit.h - execution has passed a site: does it count, and what is recorded?
 * Runs in whatever context the site was hit in, as NMIs do: no lock, no
 * allocation, no loop without a bound, and of livecov nothing that can be probed or
 * traced. The cost does not grow with checkpoints, tasks or callers.
 */
#ifndef LIVECOV_HIT_H
#define LIVECOV_HIT_H

#include <asm/text-patching.h>

#include "checkpoint.h"
#include "compat.h"
#include "disarm.h"
#include "hit_context.h"
#include "insn_branch.h"
#include "news.h"
#include "samples.h"
#include "target_list.h"
#include "trace.h"
#include "tracking.h"

/**
 * hit_claim - may this hit be counted?
 * @site: the site
 *
 * A one-shot site counts once: the cmpxchg() names the one hit that does, and hands the site to
 * the disarm worker: the caller calls cov_disarm_later(). It is a full barrier; target_reset()
 * relies on the state changing before the cell.
 */
static __always_inline bool hit_claim(struct cov_site *site)
{
	return !site->one_shot ||
	       (READ_ONCE(site->state) == COV_SITE_ARMED &&
		cmpxchg(&site->state, COV_SITE_ARMED, SITE_DISARMING) == COV_SITE_ARMED);
}

/**
 * hit_came_from - the running task has come to a checkpoint; which one was before it?
 * @thread: the task
 * @to: id of the checkpoint
 * @from: out: id of the one before, or CALLER_NONE
 *
 * Return: false if that cannot be told; a record lost by it is counted.
 */
static __always_inline bool hit_came_from(const struct thread_ref *thread, u32 to, u32 *from)
{
	int err = thread_buffer_enter(&cov_tasks.buffer, thread, to, from);

	if (err == -EBUSY)
		atomic_long_inc(&cov_callers.lost);
	return !err;
}

/* hit_pair - record a pair, and wake waiters for news if it is new */
static __always_inline void hit_pair(u32 from, u32 to, u64 sample)
{
	if (caller_table_record(&cov_callers, from, to, sample) == CALLER_NEW)
		cov_news_pair();
}

/**
 * hit_record - record where execution came from
 * @target: the site's
 * @site: the site
 * @outcome: of a branch: 1 if it jumps; else 0
 * @caller: return address at a function's entry; else 0
 * @thread: the task, if it is tracked; else NULL
 *
 * From a function's caller if known, else the task's last checkpoint; with COV_ATTACH_PATHS
 * both. In records each cell is a checkpoint of its own, so that the outcomes of a branch are
 * told apart.
 */
static __always_inline void hit_record(const struct cov_target *target,
				       const struct cov_site *site, unsigned int outcome,
				       unsigned long caller, const struct thread_ref *thread)
{
	u32 to = target->cps.ids.first + site->cell + outcome;
	u32 by = caller ? caller_from_address(caller) : CALLER_NONE;
	u64 sample = thread ? thread_sample(thread)->id : 0;
	u32 from;
	bool came = thread && hit_came_from(thread, to, &from);

	if (by != CALLER_NONE)
		hit_pair(by, to, sample);
	if (came && (by == CALLER_NONE || target->flags & COV_ATTACH_PATHS))
		hit_pair(from, to, sample);
}

/**
 * hit_cells - cell 0 of the set of cells that a hit is written to
 * @cells: the target's
 * @thread: the task; may be NULL in scope all
 *
 * Return: the target's own in scope all, else in the map of the task's sample; NULL if it has
 * none.
 */
static __always_inline u8 *hit_cells(const struct cells *cells, const struct thread_ref *thread)
{
	u8 *map;

	if (cells->base)
		return cells->base;
	/* Pairs with smp_store_release() in sample_grow(). */
	map = READ_ONCE(thread_sample(thread)->map);
	return map ? map + cells->offset : NULL;
}

/**
 * hit_is_news - a cell has its first hit, in scope tracked its sample's: is it anybody's first?
 * @cps: the target's
 * @cell: which
 */
static __always_inline bool hit_is_news(const struct checkpoints *cps, u32 cell)
{
	if (!cps->passed)
		return true;
	return !READ_ONCE(cps->passed[cell]) && !xchg(&cps->passed[cell], 1);
}

/**
 * hit_note - write a hit down, and the sample of a site's first one
 * @cps: the target's
 * @site: the site
 * @outcome: of a branch: 1 if it jumps; else 0
 * @thread: the task, if it is tracked; else NULL, in scope all only
 */
static __always_inline void hit_note(const struct checkpoints *cps,
				     const struct cov_site *site, unsigned int outcome,
				     const struct thread_ref *thread)
{
	u8 *base = hit_cells(&cps->cells, thread);

	if (base && cell_hit_first(&cps->cells, base, site->cell + outcome) &&
	    hit_is_news(cps, site->cell + outcome))
		cov_news_place();
	if (thread && cps->first_samples && !READ_ONCE(cps->first_samples[site->cell]))
		cmpxchg(&cps->first_samples[site->cell], 0, thread_sample(thread)->id);
}

/* hit_tell - what there is to tell of a hit: to the sample, the trace, the caller table */
static __always_inline void hit_tell(struct cov_site *site, unsigned int outcome,
				     unsigned long caller, const struct pt_regs *regs,
				     enum hit_context context)
{
	const struct cov_target *target = site_target(site);
	struct thread_ref thread;
	bool tracked = atomic_long_read(&cov_tasks.count) && hit_in_task(context) &&
		       task_registry_find(&cov_tasks, (unsigned long)current, &thread);

	if (unlikely(site->traced))
		trace_hit(site, outcome, regs, context);
	if (target->scope == COV_SCOPE_TRACKED && !tracked)
		return;
	if (!hit_claim(site))
		return;
	hit_note(&target->cps, site, outcome, tracked ? &thread : NULL);
	if (caller)
		caller = compat_return_address(caller, regs->sp);
	hit_record(target, site, outcome, caller, tracked ? &thread : NULL);
	if (site->one_shot)
		cov_disarm_later(site);
}

/**
 * cov_hit - execution has passed a site
 * @site: the site
 * @outcome: of a branch: 1 if it jumps
 * @caller: what lies on top of the stack, at a function's entry; else 0
 * @regs: at the site
 * @context: how the engine was called
 *
 * With preemption off.
 */
static __always_inline void cov_hit(struct cov_site *site, unsigned int outcome,
				    unsigned long caller, const struct pt_regs *regs,
				    enum hit_context context)
{
	if (!(READ_ONCE(site->off) & SITE_OFF(outcome)) && !hit_is_own(context))
		hit_tell(site, outcome, caller, regs, context);
}

/* condition_loops - does a jump with this condition count in rcx? */
static __always_inline bool condition_loops(u8 condition)
{
	return condition >= INSN_COND_LOOPNE && condition <= INSN_COND_LOOP;
}

/**
 * branch_carry_out - emulate a conditional jump that an int3 has replaced
 * @site: the jump's
 * @regs: those after the int3; out: those after the jump
 *
 * Return: true if it jumps.
 */
static __always_inline bool branch_carry_out(const struct cov_site *site, struct pt_regs *regs)
{
	bool taken = insn_branch_taken(site->condition, site->narrow, regs->flags, regs->cx);

	/* A 32-bit result clears the upper half (SDM vol. 1, 3.4.1.1). */
	if (condition_loops(site->condition))
		regs->cx = site->narrow ? (u32)(regs->cx - 1) : regs->cx - 1;
	regs->ip += site->length - INT3_INSN_SIZE + (taken ? site->displacement : 0);
	return taken;
}

#endif /* LIVECOV_HIT_H */
