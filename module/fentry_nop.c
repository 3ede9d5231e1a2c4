// SPDX-License-Identifier: GPL-2.0-only
/*
 * fentry_nop.c - see fentry_nop.h. Owns nothing that changes.
 */
#include "compat.h"
#include "fentry_nop.h"
#include "ksym.h"

static const u8 usual[FENTRY_NOP_LEN] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };

const u8 *cov_fentry_nop = usual;

/* Kernels whose nops depend on the processor have a table of those chosen. */
void fentry_nop_init(void)
{
	const u8 * const **nops = COMPAT_NOPS ? ksym_address(COMPAT_NOPS) : NULL;

	if (nops)
		cov_fentry_nop = (*nops)[COMPAT_FENTRY_NOP];
}
