// SPDX-License-Identifier: GPL-2.0-only
/*
 * detour.c - engine detour: a near jump in a conditional jump's place, to a stub that
 * decides the outcome again, writes it to a cell, and goes on: no trap. Owns no
 * memory of its own; regions come from region.c, stubs from stub.c. May call
 * patcher.c, text_patch.c, arena.c, task_maps.c.
 *
 *	PENDING --> stub written, known to handlers --> int3 (arrivals go to the
 *	stub) --> no task stands inside --> jump --> ARMED
 *	release: int3 --> old bytes --> unknown to handlers, RCU has passed --> no task
 *	in the stub --> stub given back
 *
 * A site is never disarmed alone: it costs what a compiler's own instrumentation would.
 */
#include <linux/kdebug.h>
#include <linux/kprobes.h>
#include <linux/uaccess.h>

#include "arena.h"
#include "engine.h"
#include "patcher.h"
#include "site_index.h"
#include "stub.h"
#include "target.h"
#include "task_maps.h"

/* Where and how the stub writes an outcome down. */
static int describe_cells(const struct cov_site *site, struct stub *stub,
			  struct stub_task *task)
{
	const struct cells *cells = &site->target->cps.cells;
	unsigned long base = (unsigned long)cells->base + (cells->base ? 0 : cells->offset);
	u32 i;

	for (i = 0; i < 2; i++)
		stub->cell[i] = base + cell_at(cells, site->cell + i);
	if (cells->base) {
		stub->how = cells->wide ? STUB_COUNT : STUB_BYTE;
		return 0;
	}
	stub->how = cells->wide ? STUB_TASK_COUNT : STUB_TASK_BYTE;
	stub->task = task;
	return task_maps_stub(task);
}

static int detour_prepare(struct cov_site *site)
{
	u8 code[REGION_MAX_LEN + STUB_MAX_LEN];
	struct stub_task task;
	struct stub stub = {
		.text = code,
		.address = site->address - site->region.before,
		.region = site->region,
	};
	unsigned long at;
	int len;

	if (site->kind != SITE_BRANCH || site->region.why != REGION_OK)
		return -EOPNOTSUPP;
	at = arena_room(sizeof(code));
	if (!at)
		return -ENOSPC;
	if (copy_from_kernel_nofault(code, (void *)(unsigned long)stub.address,
				     site->region.length))
		return -EFAULT;
	stub.at = at + site->region.length;
	len = describe_cells(site, &stub, &task) ?:
	      stub_write(&stub, code + site->region.length);
	if (len < 0)
		return len;
	site->patch_offset = -(s8)site->region.before;
	patcher_make_stub(site, at, code, site->region.length, len);
	return 0;
}

static bool describe_arm(void *context, u32 i, struct text_patch *patch)
{
	struct cov_site **sites = context;
	struct stub stub;

	if (sites[i]->engine != &cov_engine_detour)
		return false;
	patcher_describe(sites[i], patch);
	stub = (struct stub){
		.address = patch->address,
		.region = sites[i]->region,
		.at = (unsigned long)sites[i]->engine_data,
	};
	stub_jump(&stub, patch->to);
	return true;
}

static void detour_arm(struct cov_site **sites, u32 n)
{
	patcher_arm(&cov_engine_detour, sites, n, detour_prepare, describe_arm);
}

static void detour_release(struct cov_target *target, site_filter filter)
{
	patcher_release(&cov_engine_detour, target, filter);
}

const struct cov_engine cov_engine_detour = {
	.id = COV_ENGINE_DETOUR,
	.usable = text_patch_unusable,
	.arm = detour_arm,
	.release = detour_release,
	.original = patcher_original,
};
