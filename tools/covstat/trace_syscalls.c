// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_syscalls.c - system calls by name; the table is generated from the kernel's own
 * header when covstat is built.
 */
#include <stddef.h>
#include <string.h>

#include "trace.h"

static const char *const names[] = {
#include "syscall_names.h"
};

/* Numbers of x32's calls have this bit as well. */
#define X32_BIT		UINT32_C(0x40000000)
#define NUMBERS_END	1024

const char *syscall_name(uint32_t number)
{
	return number < ARRAY_SIZE(names) ? names[number] : NULL;
}

bool parse_syscall(const char *text, uint32_t *number)
{
	uint64_t value;

	for (*number = 0; *number < ARRAY_SIZE(names); ++*number)
		if (names[*number] && !strcmp(names[*number], text))
			return true;
	if (!parse_number(text, &value) || (value & ~(uint64_t)X32_BIT) >= NUMBERS_END)
		return false;
	*number = value;
	return true;
}
