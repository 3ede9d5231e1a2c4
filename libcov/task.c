// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * task.c - tracking of tasks. May call cov.c.
 */
#include <string.h>

#include "internal.h"

COV_PUBLIC int cov_register(struct cov *cov, uint64_t id)
{
	struct cov_register request;

	cov_begin(cov);
	memset(&request, 0, sizeof(request));
	request.sample = id;
	return cov_call(cov, COV_IOC_REGISTER, &request, "register this task");
}

COV_PUBLIC int cov_unregister(struct cov *cov)
{
	cov_begin(cov);
	return cov_call(cov, COV_IOC_UNREGISTER, NULL, "unregister this task");
}
