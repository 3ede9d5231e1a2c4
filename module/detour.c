// SPDX-License-Identifier: GPL-2.0-only
/*
 * detour.c - engine detour: replaces a conditional jump by a near jump to a stub that evaluates
 * the condition again, writes the outcome to a cell, and continues: no trap. Likewise for
 * entries, after the fentry site, and for blocks that are to be noted more than once. Owns no
 * memory of its own; regions come from region.c, stubs from stub.c. May call patcher.c,
 * text_patch.c, arena.c, task_maps.c.
 *
 *	PENDING --> stub written, known to handlers --> int3 (arrivals go to the
 *	stub) --> no task is inside --> jump --> ARMED
 *	release: int3 --> old bytes --> unknown to handlers, RCU grace period over --> no task
 *	in the stub --> stub freed
 *
 * Once part of what a site can show is known, less of its patch is needed (settle.c):
 *
 *	NOT --> HALF --> FREE		(NOT --> FREE as well)
 *	 ^        |        |
 *	 +--------+--------+ reset
 *
 * Its stub stays until the release, so each step changes the region's bytes alone; only a step
 * from FREE puts a jump where tasks may be inside.
 */
#include <linux/kdebug.h>
#include <linux/kprobes.h>
#include <linux/uaccess.h>

#include "arena.h"
#include "detour.h"
#include "engine.h"
#include "foreign.h"
#include "held.h"
#include "patcher.h"
#include "site_index.h"
#include "site_stub.h"
#include "target.h"

#define TAKEN_NOT_ASKED	0xff	/* no stub is long enough for that offset */

/*
 * Where the region begins, relative to the site's address. A block's site may lie in the region
 * of its function's entry: then the entry is left to ftrace.
 */
static int region_offset(const struct cov_site *site, s8 *offset)
{
	const struct cov_target *target = site_target(site);
	const struct flow_function *function;

	if (site->region.why != REGION_OK)
		return -EOPNOTSUPP;
	if (site->kind == SITE_BRANCH) {
		*offset = -(s8)site->region.before;
		return 0;
	}
	if (site->one_shot)
		return -EOPNOTSUPP;
	if (site->kind == SITE_LEADER)
		return 0;
	function = &target->image.in.functions[checkpoints_index(site)];
	*offset = function->entry + MCOUNT_INSN_SIZE;
	return target->cps.leader[function->first_block] ? -EOPNOTSUPP : 0;
}

/* Describe the stub that was written. */
static int describe_made(const struct cov_site *site, struct stub *stub, struct stub_task *task)
{
	return site_stub_describe(site, &site->region, patcher_original_bytes(site),
				  site_stub(site), stub, task);
}

static int write_stub(struct cov_site *site)
{
	u8 code[REGION_MAX_LEN + STUB_MAX_LEN];
	u32 original = site->region.length;
	struct stub_task task;
	struct stub stub;
	unsigned long at;
	int len;

	at = arena_room(sizeof(code));
	if (!at)
		return -ENOSPC;
	len = site_stub_describe(site, &site->region, code, at + original, &stub,
				 &task);
	if (len)
		return len;
	if (copy_from_kernel_nofault(code, (void *)(unsigned long)stub.address, original))
		return -EFAULT;
	if (site_index_overlaps(stub.address, original) ||
	    foreign_is_near(stub.address, original) || held_covers(stub.address, original))
		return -EBUSY;
	len = stub_write(&stub, code + original);
	if (len < 0)
		return len;
	site->taken_at = TAKEN_NOT_ASKED;
	site->by_stub = true;
	patcher_make_stub(site, at, code, original, len);
	return 0;
}

static int make_stub(struct cov_site *site)
{
	int err = site_stub_take(site);

	if (err)
		return err;
	err = write_stub(site);
	if (err)
		site_stub_give(site);
	return err;
}

static int detour_prepare(struct cov_site *site)
{
	int err = patcher_may_patch(site) ? region_offset(site, &site->patch_offset) :
		-EOPNOTSUPP;

	err = err ?: make_stub(site);
	if (err)
		site->patch_offset = 0;
	return err;
}

u32 detour_origin(const struct cov_site *site, u32 offset)
{
	struct stub_task task;
	struct stub stub;

	if (describe_made(site, &stub, &task))
		return 0;
	return stub_origin(&stub, offset);
}

/* The bytes that belong at the site in a settled state. */
static bool settled_bytes(const struct cov_site *site, u8 settled, u8 *bytes)
{
	struct stub_task task;
	struct stub stub;

	switch (settled) {
	case SITE_SETTLED_FREE:
		memcpy(bytes, patcher_original_bytes(site), site->patched);
		return true;
	case SITE_SETTLED_HALF:
		if (describe_made(site, &stub, &task))
			return false;
		stub_half(&stub, site->taken_at, bytes);
		return true;
	default:
		stub_jump(site_patch(site), site->patched, site_stub(site), bytes);
		return true;
	}
}

static bool describe_arm(void *context, u32 i, struct text_patch *patch)
{
	struct cov_site **sites = context;

	if (sites[i]->engine != COV_ENGINE_DETOUR)
		return false;
	patcher_describe(sites[i], patch);
	return settled_bytes(sites[i], SITE_SETTLED_NOT, patch->to);
}

static void detour_arm(struct cov_site **sites, u32 n)
{
	patcher_arm(&cov_engine_detour, sites, n, detour_prepare, describe_arm);
}

/*
 * From the bytes that should be there to those wanted. A task may be inside only if the former
 * are the original ones.
 */
static bool describe_settle(void *context, u32 i, struct text_patch *patch)
{
	const struct detour_settling *settling = context;
	const struct cov_site *site = settling->sites[i];

	if (settling->to[i] == site->settled)
		return false;
	patcher_describe(site, patch);
	patch->inside &= site->settled == SITE_SETTLED_FREE;
	return settled_bytes(site, site->settled, patch->from) &&
	       settled_bytes(site, settling->to[i], patch->to);
}

static void refuse_settle(void *context, u32 i, int err)
{
	struct detour_settling *settling = context;

	/* Another user's breakpoint is there: the site stays as it is. */
	settling->to[i] = settling->sites[i]->settled;
	settling->sites[i]->error = -err;
}

/* Finding out takes as long as making the stub did, so it is done once. */
bool detour_can_half(struct cov_site *site)
{
	struct stub_task task;
	struct stub stub;

	if (site->taken_at == TAKEN_NOT_ASKED)
		site->taken_at = describe_made(site, &stub, &task) ?
			0 : stub_taken(&stub);
	return site->taken_at;
}

void detour_settle(struct detour_settling *settling)
{
	struct text_job job = { settling->count, describe_settle, refuse_settle, settling };
	u32 i;

	text_patch(&job);
	for (i = 0; i < settling->count; i++)
		settling->sites[i]->settled = settling->to[i];
}

/* Reset: the sites' state is ARMED again already. */
static void detour_rearm(struct cov_site **sites, u32 n)
{
	static u8 to[REARM_BATCH];	/* all SITE_SETTLED_NOT, except refusals; targets' lock */
	struct detour_settling settling = { sites, to, n };
	u32 i;

	memset(to, SITE_SETTLED_NOT, sizeof(to));
	for (i = 0; i < n; i++) {
		sites[i]->error = 0;
		sites[i]->implied_by = 0;
	}
	detour_settle(&settling);
}

static bool describe_undo(const struct cov_site *site, struct text_patch *patch)
{
	if (site->settled == SITE_SETTLED_FREE)
		return false;
	patcher_describe(site, patch);
	patch->inside = false;
	return settled_bytes(site, site->settled, patch->from);
}

static void detour_release(struct cov_target *target, site_filter filter)
{
	patcher_release(&cov_engine_detour, target, filter, describe_undo);
}

const struct cov_engine cov_engine_detour = {
	.id = COV_ENGINE_DETOUR,
	.usable = text_patch_unusable,
	.arm = detour_arm,
	.rearm = detour_rearm,
	.release = detour_release,
	.original = patcher_original,
};
