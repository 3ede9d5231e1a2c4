// SPDX-License-Identifier: GPL-2.0-only
/*
 * words.c - numbers and constants in words.
 */
#include <errno.h>
#include <string.h>

#include "covstat.h"

const struct choice mode_choices[] = {
	{ "blocks", COV_MODE_BLOCKS },
	{ "edges", COV_MODE_EDGES },
	{ "count", COV_MODE_COUNT },
	{ "trace", COV_MODE_TRACE },
	{ NULL, 0 }
};

const struct choice scope_choices[] = {
	{ "tracked", COV_SCOPE_TRACKED },
	{ "all", COV_SCOPE_ALL },
	{ NULL, 0 }
};

const struct choice engine_choices[] = {
	{ "auto", COV_ENGINE_AUTO },
	{ "kprobe", COV_ENGINE_KPROBE },
	{ "breakpoint", COV_ENGINE_BREAKPOINT },
	{ "detour", COV_ENGINE_DETOUR },
	{ "entry", COV_ENGINE_ENTRY },
	{ NULL, 0 }
};

static const char *choice_name(const struct choice *choices, unsigned int value)
{
	for (; choices->name; choices++)
		if (choices->value == value)
			return choices->name;
	return "unknown";
}

const char *mode_name(unsigned int mode)
{
	return choice_name(mode_choices, mode);
}

const char *scope_name(unsigned int scope)
{
	return choice_name(scope_choices, scope);
}

const char *engine_name(unsigned int engine)
{
	return choice_name(engine_choices, engine);
}

const char *outcome_name(unsigned int taken)
{
	return taken ? "taken" : "fall-through";
}

const char *outcome_json(unsigned int taken)
{
	return taken ? "taken" : "fallthrough";
}

const char *target_state_name(unsigned int state)
{
	switch (state) {
	case COV_TARGET_LIVE:
		return "live";
	case COV_TARGET_GONE:
		return "gone";
	case COV_TARGET_STALE:
		return "stale";
	default:
		return "unknown";
	}
}

const char *refusal_words(unsigned int error)
{
	switch (error) {
	case EINVAL:
		return "the kernel forbids a probe there";
	case EILSEQ:
		return "the kernel's decoder finds no instruction boundary there";
	case EBUSY:
		return "the bytes belong to another user";
	case ENOMEM:
		return "the kernel was out of memory";
	case ENOENT:
	case EADDRNOTAVAIL:
		return "the text is no longer in memory";
	case EOPNOTSUPP:
		return "the engine cannot probe that instruction";
	case EFAULT:
		return "at the end of the text: this kernel's kprobes would read past it";
	case ESHUTDOWN:
		return "ftrace or kprobes are switched off: see sysctl kernel.ftrace_enabled and kprobes/enabled in debugfs";
	case EPERM:
	case EACCES:
		return "the kernel does not permit it";
	default:
		return strerror(error);
	}
}

const char *error_name(unsigned int error)
{
	static char unnamed[32];
	const char *name = strerrorname_np(error);

	if (name)
		return name;
	snprintf(unnamed, sizeof(unnamed), "errno %u", error);
	return unnamed;
}

char *make_printable(char *text)
{
	unsigned char *at;

	for (at = (unsigned char *)text; *at; at++)
		if (*at < 0x20 || *at == 0x7f) {
			*at = '?';
		} else if (*at == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f) {
			/* Of C1, in UTF-8. */
			*at++ = '?';
			*at = '?';
		}
	return text;
}

const char *percent(char buffer[PERCENT_LEN], uint64_t n, uint64_t of)
{
	uint64_t tenths;

	if (!of)
		return "n/a";
	tenths = n * 1000 / of;
	snprintf(buffer, PERCENT_LEN, "%u.%u%%", (unsigned int)(tenths / 10),
		 (unsigned int)(tenths % 10));
	return buffer;
}

const char *grouped(char buffer[GROUPED_LEN], uint64_t n)
{
	char *at = buffer + GROUPED_LEN - 1;
	unsigned int digits = 0;

	*at = '\0';
	do {
		if (digits && !(digits % 3))
			*--at = ',';
		*--at = '0' + n % 10;
		digits++;
		n /= 10;
	} while (n);
	return at;
}
