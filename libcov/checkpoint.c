// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * checkpoint.c - single places to watch. May call cov.c.
 */
#include <string.h>

#include "internal.h"

static int copy_name(struct cov *cov, char name[COV_NAME_LEN], const char *from,
		     const char *what)
{
	size_t length = from ? strlen(from) : 0;

	if (!length)
		return cov_fail(cov, EINVAL, "the %s is empty", what);
	if (length >= COV_NAME_LEN)
		return cov_fail(cov, ENAMETOOLONG, "a %s has at most %d characters", what,
				COV_NAME_LEN - 1);
	memcpy(name, from, length);
	return 0;
}

COV_PUBLIC int cov_checkpoint_add(struct cov *cov, const struct cov_checkpoint_options *options,
				  uint32_t *target)
{
	struct cov_checkpoint_options o;
	struct cov_checkpoint_add request;
	int ret;

	cov_begin(cov);
	ret = cov_take(&o, sizeof(o), options);
	if (ret)
		return cov_fail(cov, -ret, "struct cov_checkpoint_options: wrong size, or members that this libcov does not know");
	memset(&request, 0, sizeof(request));
	ret = copy_name(cov, request.name, o.name, "checkpoint's name");
	if (!ret)
		ret = copy_name(cov, request.function, o.function, "function's name");
	if (!ret && o.module)
		ret = cov_module_name(cov, request.module, o.module);
	if (ret)
		return ret;
	request.offset = o.offset;
	request.levels = o.levels ? o.levels : COV_LEVEL(1);
	request.scope = o.scope ? o.scope : COV_SCOPE_ALL;
	request.flags = o.automatic ? COV_CHECKPOINT_AUTO : 0;
	ret = cov_call(cov, COV_IOC_CHECKPOINT_ADD, &request, "add a checkpoint");
	if (!ret && target)
		*target = request.target;
	return ret;
}

COV_PUBLIC int checkpoint_add(struct cov *cov, const char *name, const char *function,
			      uint64_t offset, uint64_t level, int automatic)
{
	struct cov_checkpoint_options options = COV_INIT(options);
	const char *colon = function ? strchr(function, ':') : NULL;
	char module[COV_MODULE_LEN];

	if (colon) {
		size_t length = colon - function;

		if (length >= sizeof(module))
			return cov_fail(cov, ENAMETOOLONG, "module names have at most %d characters",
					COV_MODULE_LEN - 1);
		memcpy(module, function, length);
		module[length] = '\0';
		options.module = module;
		function = colon + 1;
	}
	options.name = name;
	options.function = function;
	options.offset = offset;
	options.levels = level;
	options.automatic = automatic;
	return cov_checkpoint_add(cov, &options, NULL);
}

COV_PUBLIC int checkpoint_del(struct cov *cov, const char *name)
{
	struct cov_checkpoint_del request;
	int ret;

	cov_begin(cov);
	memset(&request, 0, sizeof(request));
	ret = copy_name(cov, request.name, name, "checkpoint's name");
	if (ret)
		return ret;
	return cov_call(cov, COV_IOC_CHECKPOINT_DEL, &request, "delete a checkpoint");
}

/* The target that holds a checkpoint. */
static int find_checkpoint(struct cov *cov, const char *name, uint32_t *target)
{
	struct cov_target_info info = { 0 };
	char checked[COV_NAME_LEN] = "";
	int ret = copy_name(cov, checked, name, "checkpoint's name");

	while (!ret) {
		ret = cov_target_next(cov, info.target, &info);
		if (!ret && !strcmp(info.checkpoint, checked)) {
			*target = info.target;
			return 0;
		}
	}
	return ret == -ENOENT ? cov_fail(cov, ENOENT, "there is no checkpoint %.100s", checked) : ret;
}

COV_PUBLIC int checkpoint_restart(struct cov *cov, const char *name)
{
	struct cov_target_id id = { 0 };
	int ret;

	cov_begin(cov);
	ret = find_checkpoint(cov, name, &id.target);
	return ret ? ret : cov_call(cov, COV_IOC_RESET, &id, "restart a checkpoint");
}

COV_PUBLIC int cov_checkpoint_switch(struct cov *cov, const char *pattern, int on, int branches)
{
	struct cov_checkpoint_switch request;
	int ret;

	cov_begin(cov);
	memset(&request, 0, sizeof(request));
	ret = copy_name(cov, request.glob, pattern, "pattern");
	if (ret)
		return ret;
	request.on = !!on;
	request.flags = branches ? COV_CHECKPOINT_AUTO : 0;
	return cov_call_since(cov, 2, COV_IOC_CHECKPOINT_SWITCH, &request,
			      "switch checkpoints on or off");
}
