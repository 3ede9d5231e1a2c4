// SPDX-License-Identifier: GPL-2.0-only
/*
 * detour.c - engine detour: replaces a conditional jump by a near jump to a stub that evaluates the
 * condition again, writes the outcome to a cell, and continues: no trap. Likewise for entries,
 * after the fentry site, and for blocks that are to be noted more than once. Owns no memory of its
 * own; regions come from region.c, stubs from stub.c.
 *
 *	PENDING --> stub written --> ARMED --> known to handlers --> int3 (arrivals go to the
 *	stub) --> no task is inside --> jump
 *	release: int3 --> old bytes --> unknown to handlers, RCU grace period over --> no task
 *	in the stub --> stub freed
 *
 * A region that is too short for a near jump gets a short one, to the second jump of its island
 * (region.h). The two are installed and removed in one change of text, and the island's bytes
 * change only while both first bytes are int3 and no task is inside the island: so the short jump
 * never leads to anything but that second jump.
 *
 * Once part of what a site can show is known, less of its patch is needed (settle.c):
 *
 *	NOT --> HALF or SHORTCUT --> FREE	(NOT --> FREE as well)
 *	 ^             |               |
 *	 +-------------+---------------+ reset, or a sample begins that does not know it
 *
 * Its stub and its shortcut stay until the release, so each step changes the region's bytes alone;
 * only a step from FREE puts a jump where tasks may be inside.
 */
#include <linux/ftrace.h>
#include <linux/uaccess.h>

#include "arena.h"
#include "arena_store.h"
#include "detour.h"
#include "engine.h"
#include "foreign.h"
#include "held.h"
#include "patcher.h"
#include "shortcut.h"
#include "site_index.h"
#include "site_patch.h"
#include "site_stub.h"
#include "target_list.h"

/* No stub is long enough for these offsets. */
#define TAKEN_NOT_ASKED	0xff
#define TAKEN_NOWHERE	0xfe

static_assert(STUB_MAX_LEN < TAKEN_NOWHERE);
/* What fits into struct cov_site's @stub_len. */
static_assert(2 * STUB_MAX_LEN + REGION_MAX_LEN < 1 << 9 && REGION_MAX_LEN < 1 << 6);

/*
 * A task that passes a site while its bytes change takes a trap: the fewer sites at once, the fewer
 * traps.
 */
#define SETTLE_TOGETHER	16

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
	return site_stub_describe(site, &site->region, patcher_original_bytes(site, 0),
				  site_stub(site), stub, task);
}

/* Read bytes that no other site, kprobe or held patch has. */
static int read_original(unsigned long address, u32 length, u8 *bytes)
{
	if (copy_from_kernel_nofault(bytes, (void *)address, length))
		return -EFAULT;
	if (site_index_overlaps(address, length) || foreign_is_near(address, length) ||
	    held_covers(address, length))
		return -EBUSY;
	return 0;
}

/* Where an island's own instructions are carried out: nothing is noted there. */
static struct stub describe_copy(const struct cov_site *site, const u8 *text, unsigned long at)
{
	u8 length = site->region.island_length;

	return (struct stub){
		.text = text,
		.address = site_island(site),
		.region = { .before = length, .length = length },
		.at = at,
		.how = STUB_BYTE,
		.cell = { STUB_NO_CELL, STUB_NO_CELL },
	};
}

/*
 * Write the copy of the island's instructions to @code, which will lie at @at, and their original
 * bytes after it. Return: how many bytes, or -errno.
 */
static int write_island(const struct cov_site *site, unsigned long at, u8 *code)
{
	u8 text[REGION_MAX_LEN];
	struct stub copy = describe_copy(site, text, at);
	int len = read_original(copy.address, copy.region.length, text);

	len = len ?: stub_write(&copy, code);
	if (len < 0)
		return len;
	memcpy(code + len, text, copy.region.length);
	return len + copy.region.length;
}

/* Write the stub to @code, after the @original bytes that it stands for. Return: as above. */
static int detour_write_code(const struct cov_site *site, unsigned long at, u8 *code, u32 original)
{
	struct stub_task task;
	struct stub stub;
	int len;

	len = site_stub_describe(site, &site->region, code, at + original, &stub, &task);
	len = len ?: read_original(stub.address, original, code);
	return len ?: stub_write(&stub, code + original);
}

static int detour_write_stub(struct cov_site *site)
{
	u8 code[2 * (REGION_MAX_LEN + STUB_MAX_LEN)];
	u32 original = site->region.length;
	unsigned long at = arena_room(sizeof(code));
	int len = at ? detour_write_code(site, at, code, original) : -ENOSPC, more = 0;

	if (len >= 0 && site->region.island_length)
		more = write_island(site, at + original + len, code + original + len);
	if (len < 0 || more < 0)
		return min(len, more);
	site->taken_at = more ? len : TAKEN_NOT_ASKED;
	site->island = more;
	site->by_stub = true;
	patcher_make_stub(site, at, code, original, len + more);
	return 0;
}

static int make_stub(struct cov_site *site)
{
	int err = site_stub_take(site);

	if (err)
		return err;
	err = detour_write_stub(site);
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

unsigned long detour_origin(const struct cov_site *site, u32 offset)
{
	struct stub_task task;
	struct stub stub;

	if (site->island && offset >= site->taken_at) {
		stub = describe_copy(site, patcher_original_bytes(site, 1),
				     site_part_code(site, 1));
		offset -= site->taken_at;
	} else if (describe_made(site, &stub, &task)) {
		return site_patch(site);
	}
	return stub.address + stub_origin(&stub, offset);
}

/* The jump that replaces the region, or the two that replace its island. */
static void armed_bytes(const struct cov_site *site, u32 part, u8 *bytes)
{
	if (part)
		stub_island(site_island(site), site->region.island_length,
			    site_part_code(site, part), site_stub(site), bytes);
	else if (site->island)
		stub_short_jump(&site->region, bytes);
	else
		stub_jump(site_patch(site), site->patch_length, site_stub(site), bytes);
}

/* The bytes that belong at the site in a settled state. */
static void settled_bytes(const struct cov_site *site, u8 settled, u8 *bytes)
{
	memcpy(bytes, patcher_original_bytes(site, 0), site->patch_length);
	switch (settled) {
	case SITE_SETTLED_NOT:
		armed_bytes(site, 0, bytes);
		break;
	case SITE_SETTLED_HALF:
		stub_half(site_patch(site), site_stub(site) + site->taken_at, bytes);
		break;
	case SITE_SETTLED_SHORTCUT:
		stub_jump(site_patch(site), site->patch_length, shortcut_address(site), bytes);
		break;
	}
}

static bool detour_describe_arm(void *context, u32 i, struct text_patch *patch)
{
	struct cov_site **sites = context;

	if (sites[i]->engine != COV_ENGINE_DETOUR || !patcher_describe(sites[i], patch))
		return false;
	armed_bytes(sites[i], patch->part, patch->to);
	return true;
}

static void detour_arm(struct cov_site **sites, u32 n)
{
	patcher_arm(&cov_engine_detour, sites, n, detour_prepare, detour_describe_arm);
}

/*
 * From the bytes that should be there to those wanted. A task may be inside only if the former
 * are the original ones. An island stays as it is until the release: a few tasks pay for it.
 */
static bool describe_settle(void *context, u32 i, struct text_patch *patch)
{
	const struct detour_settling *settling = context;
	const struct cov_site *site = settling->sites[i];

	if (settling->to[i] == site->settled || !patcher_describe(site, patch))
		return false;
	patch->inside &= site->settled == SITE_SETTLED_FREE;
	settled_bytes(site, site->settled, patch->from);
	settled_bytes(site, settling->to[i], patch->to);
	return true;
}

static void refuse_settle(void *context, u32 i, int err)
{
	struct detour_settling *settling = context;

	/* Another user's breakpoint is there: the site stays as it is. */
	settling->to[i] = settling->sites[i]->settled;
	settling->sites[i]->error = -err;
}

/* Finding out takes as long as making the stub did, so it is done once. */
static bool can_half(struct cov_site *site)
{
	struct stub_task task;
	struct stub stub;
	int taken;

	if (site->taken_at == TAKEN_NOT_ASKED) {
		taken = describe_made(site, &stub, &task) ?: stub_taken(&stub);
		site->taken_at = taken < 0 ? TAKEN_NOWHERE : taken;
	}
	return site->taken_at != TAKEN_NOWHERE;
}

u8 detour_in_part(struct cov_site *site, u32 known)
{
	lockdep_assert_held(&cov_targets_lock);
	if (site->island)
		return SITE_SETTLED_NOT;
	if (known == OUTCOME_NOT_TAKEN && can_half(site))
		return SITE_SETTLED_HALF;
	return shortcut_make(site, known) ? SITE_SETTLED_SHORTCUT : SITE_SETTLED_NOT;
}

static void settle_together(struct detour_settling *settling)
{
	struct text_job job = { settling->count, describe_settle, refuse_settle, settling };
	u32 i;

	text_patch(&job);
	for (i = 0; i < settling->count; i++)
		settling->sites[i]->settled = settling->to[i];
}

void detour_settle(struct detour_settling *settling)
{
	u32 i, n;

	lockdep_assert_held(&cov_targets_lock);
	arena_store_flush();
	for (i = 0; i < settling->count; i += n) {
		n = min_t(u32, settling->count - i, SETTLE_TOGETHER);
		settle_together(&(struct detour_settling){ settling->sites + i, settling->to + i,
							   n });
	}
}

/*
 * The sites' state is ARMED again already. All in one change: on some kernels it is a long wait
 * until no task is inside (quiesce.h).
 */
static void detour_rearm(struct cov_site **sites, u32 n)
{
	static u8 to[REARM_BATCH];	/* all SITE_SETTLED_NOT, except refusals; targets' lock */
	u32 i;

	memset(to, SITE_SETTLED_NOT, sizeof(to));
	for (i = 0; i < n; i++)
		sites[i]->error = 0;
	settle_together(&(struct detour_settling){ sites, to, n });
}

/*
 * A jump is the only instruction in its region, and no task is inside. A task that came through
 * the short jump may be about to execute the second jump of its island.
 */
static bool detour_describe_undo(const struct cov_site *site, struct text_patch *patch)
{
	if (!patcher_describe(site, patch))
		return false;
	if (patch->part) {
		armed_bytes(site, patch->part, patch->from);
		return true;
	}
	patch->inside = false;
	settled_bytes(site, site->settled, patch->from);
	return site->settled != SITE_SETTLED_FREE;
}

static void detour_release(struct cov_target *target, site_filter filter)
{
	patcher_release(&cov_engine_detour, target, filter);
}

const struct cov_engine cov_engine_detour = {
	.id = COV_ENGINE_DETOUR,
	.why_unusable = text_patch_unusable,
	.arm = detour_arm,
	.rearm = detour_rearm,
	.release = detour_release,
	.describe_undo = detour_describe_undo,
	.original = patcher_original,
};
