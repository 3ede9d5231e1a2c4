// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory.c - allocations that cannot fail: without memory covstat ends, and says what it was for.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

void *sure(void *memory, const char *what)
{
	if (!memory)
		exit(fail("no memory for %s", what));
	return memory;
}

void *grown(void *array, size_t count, size_t *room, size_t size, const char *what)
{
	if (count < *room)
		return array;
	*room = *room ? 2 * *room : 64;
	return sure(realloc(array, *room * size), what);
}

char *formatted(const char *what, const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		exit(fail("no memory for %s", what));
	return text;
}
