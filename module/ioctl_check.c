// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctl_check.c - see ioctl_check.h. Owns nothing.
 */
#include <linux/ctype.h>
#include <linux/string.h>

#include "engine.h"
#include "ioctl_check.h"
#include "text_patch.h"

static bool terminated(const char *text, size_t size)
{
	return strnlen(text, size) < size;
}

int ioctl_check_string(const char *text, size_t size, const char *what, struct cov_error *error)
{
	if (!terminated(text, size) || !text[0])
		return cov_fail(error, -EINVAL, "%s is empty or not terminated", what);
	return 0;
}

/* A name that is going to be printed: no control characters, which terminals act upon. */
static int check_name(const char *text, size_t size, const char *what, struct cov_error *error)
{
	if (ioctl_check_string(text, size, what, error))
		return -EINVAL;
	for (; *text; text++)
		if (iscntrl(*text))
			return cov_fail(error, -EINVAL, "%s has a control character", what);
	return 0;
}

int ioctl_check_flags(u32 given, u32 known, struct cov_error *error)
{
	if (given & ~known)
		return cov_fail(error, -EINVAL, "unknown flags %#x", given & ~known);
	return 0;
}

int ioctl_check_count(u32 count, struct cov_error *error)
{
	if (!count || count > COV_RANGE_MAX)
		return cov_fail(error, -EINVAL, "a count of %u is not in 1..%u", count,
				COV_RANGE_MAX);
	return 0;
}

int ioctl_check_arm(const struct cov_arm *arg, struct cov_error *error)
{
	if (!arg->max)
		return cov_fail(error, -EINVAL, "max is 0: nothing would be done");
	return 0;
}

int ioctl_check_text(const struct cov_text *arg, struct cov_error *error)
{
	if (!arg->length || arg->length > COV_TEXT_MAX)
		return cov_fail(error, -EINVAL, "a length of %u is not in 1..%u", arg->length,
				COV_TEXT_MAX);
	return 0;
}

int ioctl_check_refusals(const struct cov_refusals *arg, struct cov_error *error)
{
	if (arg->count)
		return cov_fail(error, -EINVAL, "the count is not zero");
	return 0;
}

int ioctl_check_register(const struct cov_register *arg, struct cov_error *error)
{
	if (ioctl_check_flags(arg->flags, 0, error) || cov_check_padding(arg->pad, error))
		return -EINVAL;
	if (!arg->sample)
		return cov_fail(error, -EINVAL, "sample 0 means none; choose another id");
	return 0;
}

int ioctl_check_checkpoint_switch(const struct cov_checkpoint_switch *arg, struct cov_error *error)
{
	if (ioctl_check_string(arg->glob, sizeof(arg->glob), "the pattern", error) ||
	    ioctl_check_flags(arg->flags, COV_CHECKPOINT_AUTO, error))
		return -EINVAL;
	if (arg->on > 1)
		return cov_fail(error, -EINVAL, "on is 0 or 1, not %u", arg->on);
	return 0;
}

int ioctl_check_outcome_switch(const struct cov_outcome_switch *arg, struct cov_error *error)
{
	if (arg->to > COV_OUTCOME_DELETED)
		return cov_fail(error, -EINVAL, "an outcome is switched to 0..%u, not %u",
				COV_OUTCOME_DELETED, arg->to);
	return 0;
}

static int check_modes(u32 mode, u32 scope, u32 engine, struct cov_error *error)
{
	if (mode < COV_MODE_BLOCKS || mode > COV_MODE_TRACE)
		return cov_fail(error, -EOPNOTSUPP, "there is no mode %u", mode);
	if (scope != COV_SCOPE_TRACKED && scope != COV_SCOPE_ALL)
		return cov_fail(error, -EOPNOTSUPP, "there is no scope %u", scope);
	if (!engine_known(engine))
		return cov_fail(error, -EOPNOTSUPP, "there is no engine %u", engine);
	if (mode == COV_MODE_TRACE && engine == COV_ENGINE_DETOUR)
		return cov_fail(error, -EOPNOTSUPP, "detours do not record the order of hits: mode trace takes engine auto");
	if (!(engines_usable() & 1U << engine))
		return cov_fail(error, -EOPNOTSUPP, "engine %u cannot be used on this kernel: %s; auto takes what there is",
				engine, text_patch_unusable() ?: "too old");
	return 0;
}

int ioctl_check_attach(const struct cov_attach *arg, struct cov_error *error)
{
	if (ioctl_check_string(arg->module, sizeof(arg->module), "the module's name", error) ||
	    ioctl_check_flags(arg->flags, COV_ATTACH_FUNCTIONS_ONLY | COV_ATTACH_PATHS |
			      COV_ATTACH_RETURNS, error))
		return -EINVAL;
	if (arg->flags & COV_ATTACH_PATHS && arg->engine == COV_ENGINE_DETOUR)
		return cov_fail(error, -EOPNOTSUPP, "detours record no callers and paths; engine auto takes others for them");
	if (arg->flags & COV_ATTACH_RETURNS && arg->mode != COV_MODE_TRACE)
		return cov_fail(error, -EINVAL, "returns are recorded in mode trace only");
	if (cov_check_padding(arg->pad, error))
		return -EINVAL;
	if (!arg->levels)
		return cov_fail(error, -EINVAL, "the level mask is empty");
	if (arg->globs_len > COV_ATTACH_GLOBS_MAX)
		return cov_fail(error, -E2BIG, "%u bytes of patterns are more than %u",
				arg->globs_len, COV_ATTACH_GLOBS_MAX);
	if (arg->nr_sections > COV_ATTACH_SECTIONS_MAX)
		return cov_fail(error, -E2BIG, "%u sections are more than %u",
				arg->nr_sections, COV_ATTACH_SECTIONS_MAX);
	return check_modes(arg->mode, arg->scope, arg->engine, error);
}

int ioctl_check_globs(const char *globs, u32 len, struct cov_error *error)
{
	u32 i, patterns = 0;

	if (len && globs[len - 1])
		return cov_fail(error, -EINVAL, "the last pattern is not terminated");
	for (i = 0; i < len; i++) {
		if (!globs[i] && (!i || !globs[i - 1]))
			return cov_fail(error, -EINVAL, "a pattern is empty");
		patterns += !globs[i];
	}
	if (patterns > COV_ATTACH_PATTERNS_MAX)
		return cov_fail(error, -E2BIG, "%u patterns are more than %u", patterns,
				COV_ATTACH_PATTERNS_MAX);
	return 0;
}

int ioctl_check_sections(const struct cov_section *sections, u32 n, struct cov_error *error)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (ioctl_check_string(sections[i].name, sizeof(sections[i].name),
				       "a section's name", error))
			return -EINVAL;
	return 0;
}

int ioctl_check_checkpoint(const struct cov_checkpoint_add *arg, struct cov_error *error)
{
	if (!terminated(arg->module, sizeof(arg->module)))
		return cov_fail(error, -EINVAL, "the module's name is not terminated");
	if (check_name(arg->name, sizeof(arg->name), "the checkpoint's name", error) ||
	    ioctl_check_string(arg->function, sizeof(arg->function), "the function's name", error) ||
	    ioctl_check_flags(arg->flags, COV_CHECKPOINT_AUTO | COV_CHECKPOINT_ADDRESS, error))
		return -EINVAL;
	if (cov_check_padding(arg->pad, error))
		return -EINVAL;
	if (!arg->levels)
		return cov_fail(error, -EINVAL, "the level mask is empty");
	return check_modes(COV_MODE_EDGES, arg->scope, COV_ENGINE_AUTO, error);
}
