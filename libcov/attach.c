// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * attach.c - the life of a target: select, arm in groups, keep, reset, detach. May call
 * cov.c, sections.c and section_list.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/*
 * Number of sites that one COV_IOC_ARM arms with kprobes: a second or two of work, so
 * that progress is visible with few calls.
 */
#define ARM_GROUP	64

/*
 * For the first call: it arms all sites that the engines that patch text can take, and
 * shows, with as little kprobe work as possible, whether anything is left for kprobes.
 */
#define ARM_FIRST	1

/* The shell patterns as the kernel expects them: each one NUL-terminated. */
static int pack_globs(struct cov *cov, const char *const *functions, char **globs,
		      uint32_t *globs_len)
{
	size_t length = 0;
	size_t i;
	char *p;

	*globs = NULL;
	*globs_len = 0;
	if (!functions || !functions[0])
		return 0;
	for (i = 0; functions[i]; i++)
		length += strlen(functions[i]) + 1;
	if (length > UINT32_MAX)
		return cov_fail(cov, E2BIG, "too many function patterns");
	*globs = p = malloc(length);
	if (!p)
		return cov_fail(cov, ENOMEM, "no memory for the function patterns");
	for (i = 0; functions[i]; i++)
		p = stpcpy(p, functions[i]) + 1;
	*globs_len = length;
	return 0;
}

/* What livecov does not take is left out: struct cov_section_desc says what that means. */
static int pack_sections(struct cov *cov, const char *module, struct cov_section **packed,
			 uint32_t *count)
{
	struct section_list list = { 0 };
	unsigned int i;
	int ret;

	*packed = NULL;
	*count = 0;
	ret = cov_sections_of(cov, module, &list);
	if (!ret && list.count) {
		*packed = calloc(COV_ATTACH_SECTIONS_MAX, sizeof(**packed));
		ret = *packed ? 0 : -ENOMEM;
	}
	for (i = 0; !ret && i < list.count && *count < COV_ATTACH_SECTIONS_MAX; i++) {
		struct cov_section *to = &(*packed)[*count];

		if (strlen(list.entries[i].name) >= sizeof(to->name))
			continue;
		strcpy(to->name, list.entries[i].name);
		to->base = list.entries[i].base;
		to->size = list.entries[i].size;
		(*count)++;
	}
	cov_sections_free(&list);
	return ret ? cov_fail(cov, ENOMEM, "no memory for section names") : 0;
}

/* An older livecov.ko refuses newer modes and engines without saying that it is too old. */
static int check_version(struct cov *cov, const struct cov_attach_options *options)
{
	if (options->flags & COV_ATTACH_PATHS && cov->minor < 2)
		return cov_fail_older(cov, "records no paths");
	if (cov->minor < 2 && options->mode == COV_MODE_TRACE)
		return cov_fail_older(cov, "has no mode trace");
	if (cov->minor >= 1 ||
	    (options->mode <= COV_MODE_EDGES && options->engine <= COV_ENGINE_KPROBE))
		return 0;
	return cov_fail_older(cov, "has modes blocks and edges, and engine kprobe, alone");
}

/* COV_IOC_ATTACH: decode and select; nothing is patched yet. */
static int choose(struct cov *cov, const char *module,
		  const struct cov_attach_options *options, struct cov_attach *request)
{
	struct cov_section *sections = NULL;
	char *globs = NULL;
	int ret;

	memset(request, 0, sizeof(*request));
	ret = check_version(cov, options);
	if (!ret)
		ret = cov_module_name(cov, request->module, module);
	if (!ret)
		ret = pack_globs(cov, options->functions, &globs, &request->globs_len);
	if (!ret)
		ret = pack_sections(cov, request->module, &sections, &request->nr_sections);
	if (ret)
		goto out;
	request->globs = cov_ptr(globs);
	request->sections = cov_ptr(sections);
	request->levels = options->levels ? options->levels : COV_LEVEL(1);
	request->mode = options->mode ? options->mode : COV_MODE_EDGES;
	request->scope = options->scope ? options->scope : COV_SCOPE_ALL;
	request->engine = options->engine;
	request->flags = options->flags;
	ret = cov_call(cov, COV_IOC_ATTACH, request, "attach");
out:
	free(sections);
	free(globs);
	return ret;
}

static int report(struct cov *cov, const struct cov_attach_options *options,
		  const struct cov_arm *arm)
{
	if (!options->progress)
		return 0;
	if (!options->progress(arm->total - arm->pending, arm->total, options->data))
		return 0;
	return cov_fail(cov, ECANCELED, "attaching was given up after %u of %u sites; nothing is left attached",
			arm->total - arm->pending, arm->total);
}

static int arm_group(struct cov *cov, const struct cov_attach_options *options,
		     struct cov_arm *arm, uint32_t max)
{
	int ret;

	arm->max = max;
	ret = cov_call(cov, COV_IOC_ARM, arm, "arm sites");
	return ret ? ret : report(cov, options, arm);
}

static int arm_all(struct cov *cov, const struct cov_attach_options *options,
		   struct cov_arm *arm)
{
	int ret = report(cov, options, arm);

	if (!ret && arm->pending && options->engine != COV_ENGINE_KPROBE)
		ret = arm_group(cov, options, arm, ARM_FIRST);
	while (!ret && arm->pending)
		ret = arm_group(cov, options, arm, ARM_GROUP);
	return ret;
}

static int detach(struct cov *cov, uint32_t target)
{
	struct cov_target_id id = { .target = target };

	return cov_call(cov, COV_IOC_DETACH, &id, "detach");
}

/*
 * Runs after an error, and keeps its message for the caller. EINTR: a signal came while we waited
 * for the kernel's lock, so nothing has been detached yet.
 */
static void undo(struct cov *cov, uint32_t target)
{
	char text[sizeof(cov->error)];

	memcpy(text, cov->error, sizeof(text));
	while (detach(cov, target) == -EINTR)
		;
	memcpy(cov->error, text, sizeof(text));
}

static int attach(struct cov *cov, const char *module,
		  const struct cov_attach_options *options, struct cov_attach_result *result)
{
	struct cov_attach request;
	struct cov_arm arm;
	int ret;

	ret = choose(cov, module, options, &request);
	if (ret)
		return ret;
	memset(&arm, 0, sizeof(arm));
	arm.target = request.target;
	arm.pending = arm.total = request.sites;

	ret = arm_all(cov, options, &arm);
	if (ret) {
		undo(cov, request.target);
		return ret;
	}

	result->target = request.target;
	result->functions = request.functions;
	result->blocks = request.blocks;
	result->branches = request.branches;
	result->sites = arm.total;
	result->armed = arm.armed;
	result->refused = arm.refused;
	return 0;
}

COV_PUBLIC int cov_attach(struct cov *cov, const char *module,
			  const struct cov_attach_options *options,
			  struct cov_attach_result *result)
{
	static const struct cov_attach_options defaults = COV_INIT(defaults);
	struct cov_attach_result ours = COV_INIT(ours);
	struct cov_attach_options o;
	int ret;

	cov_begin(cov);
	ret = cov_take_options(cov, &o, sizeof(o), options ? options : &defaults,
			       "struct cov_attach_options");
	if (ret)
		return ret;
	if (result && result->size <= sizeof(size_t))
		return cov_fail(cov, EINVAL, "struct cov_attach_result: set its size");
	ret = attach(cov, module, &o, &ours);
	if (ret) {
		errno = -ret;
		return ret;
	}
	return result ? cov_give(result, &ours, sizeof(ours)) : 0;
}

COV_PUBLIC int cov_find(struct cov *cov, const char *module, uint32_t *target)
{
	struct cov_target_info info;
	char name[COV_MODULE_LEN];
	int ret;

	cov_begin(cov);
	ret = cov_module_name(cov, name, module);
	if (ret)
		return ret;
	for (info.target = 0;;) {
		ret = cov_target_next(cov, info.target, &info);
		if (ret == -ENOENT)
			return cov_fail(cov, ENOENT, "%s is not attached; `covstat attach %s` does that, `covstat status` shows what is",
					name, name);
		if (ret)
			return ret;
		if (!cov_is_checkpoint(&info) && !strcmp(info.module, name))
			break;
	}
	*target = info.target;
	return 0;
}

COV_PUBLIC int cov_keep(struct cov *cov, uint32_t target)
{
	struct cov_target_id id = { .target = target };

	cov_begin(cov);
	return cov_call(cov, COV_IOC_KEEP, &id, "make a target permanent");
}

COV_PUBLIC int cov_detach(struct cov *cov, uint32_t target)
{
	cov_begin(cov);
	return detach(cov, target);
}

COV_PUBLIC int cov_reset(struct cov *cov, uint32_t target)
{
	struct cov_target_id id = { .target = target };

	cov_begin(cov);
	return cov_call(cov, COV_IOC_RESET, &id, "reset");
}
