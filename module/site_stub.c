// SPDX-License-Identifier: GPL-2.0-only
/*
 * site_stub.c - see site_stub.h.
 */
#include <asm/cpufeature.h>

#include "site_patch.h"
#include "site_stub.h"
#include "target_list.h"
#include "task_maps.h"
#include "task_windows.h"

static int describe_cells(const struct cov_site *site, struct stub *stub,
			  struct stub_task *task)
{
	const struct cells *cells = &site_target(site)->cps.cells;
	unsigned long base = (unsigned long)cells->base + (cells->base ? 0 : cells->offset);
	u32 i;

	for (i = 0; i < 2; i++)
		stub->cell[i] = i < site_outcomes(site) ?
			base + cell_at(cells, site->cell + i) : STUB_NO_CELL;
	/* The first 64-bit CPUs lack lahf and sahf (CPUID 80000001H.ECX[0]). */
	if (cells->wide && !boot_cpu_has(X86_FEATURE_LAHF_LM))
		return -EOPNOTSUPP;
	if (cells->base) {
		stub->how = cells->wide ? STUB_COUNT : STUB_BYTE;
		return 0;
	}
	stub->how = cells->wide ? STUB_TASK_COUNT : STUB_TASK_BYTE;
	stub->task = task;
	task_window_find(stub->cell[0], task);
	return task_maps_stub(task);
}

bool site_stub_shares(const struct cov_site *site, u32 *offset)
{
	const struct cells *cells = &site_target(site)->cps.cells;

	*offset = cells->offset + cell_at(cells, site->cell);
	return !cells->base;
}

int site_stub_take(const struct cov_site *site)
{
	u32 offset;

	lockdep_assert_held(&cov_targets_lock);
	return site_stub_shares(site, &offset) ? task_window_take(offset) : 0;
}

void site_stub_give(const struct cov_site *site)
{
	u32 offset;

	lockdep_assert_held(&cov_targets_lock);
	if (site_stub_shares(site, &offset))
		task_window_give(offset);
}

int site_stub_describe(const struct cov_site *site, const struct region *region,
		       const u8 *text, unsigned long at, struct stub *stub,
		       struct stub_task *task)
{
	*stub = (struct stub){
		.text = text,
		.address = site_patch(site),
		.region = *region,
		.at = at,
	};
	return describe_cells(site, stub, task);
}
