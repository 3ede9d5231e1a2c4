// SPDX-License-Identifier: GPL-2.0-only
/*
 * ranges.c - numbers in ascending order, human-readable: adjacent ones as a range.
 */
#include <inttypes.h>

#include "covstat.h"

void ranges_flush(struct ranges *ranges)
{
	const char *format = ranges->base == 16 ? "0x%" PRIx64 : "%" PRIu64;

	if (!ranges->open)
		return;
	ranges->open = false;
	if (ftell(ranges->out))
		fputc(',', ranges->out);
	fprintf(ranges->out, format, ranges->first);
	if (ranges->last == ranges->first)
		return;
	fputc('-', ranges->out);
	fprintf(ranges->out, format, ranges->last);
}

void ranges_add(struct ranges *ranges, uint64_t first, uint64_t last)
{
	if (ranges->open && first == ranges->last + 1) {
		ranges->last = last;
		return;
	}
	ranges_flush(ranges);
	ranges->first = first;
	ranges->last = last;
	ranges->open = true;
}
