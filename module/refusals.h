/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * refusals.h - refused sites, counted by errno in the struct of cov_ioctl.h. Pure. Calls
 * nothing.
 */
#ifndef LIVECOV_REFUSALS_H
#define LIVECOV_REFUSALS_H

#include "portable.h"
#include "../include/cov_ioctl.h"

/**
 * refusals_add - count sites that were refused for one reason
 * @refusals: at first all 0 but its target; kept in order of falling numbers. Errnos that find no
 *	      entry of their own share the last one, with errno 0
 * @error: errno (positive)
 * @sites: how many; 0 changes nothing
 */
void refusals_add(struct cov_refusals *refusals, u32 error, u32 sites);

#endif /* LIVECOV_REFUSALS_H */
