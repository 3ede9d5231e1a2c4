// SPDX-License-Identifier: GPL-2.0-only
/*
 * unhit.c - which parts of a function did not run, human-readable: ranges of offsets, and
 * source lines where there is debug information.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

static FILE *open_text(char **text, size_t *length)
{
	return sure(open_memstream(text, length), "the unhit column");
}

char *unhit_offsets(const struct cov_snapshot *snapshot, unsigned int t,
		    const struct cov_function_desc *f)
{
	struct cov_block_desc block = COV_INIT(block);
	struct ranges ranges = { .base = 16 };
	bool unknown = false;
	size_t length;
	char *text;
	uint32_t i;

	ranges.out = open_text(&text, &length);
	for (i = 0; i < f->blocks; i++) {
		if (cov_snapshot_block(snapshot, t, f->first_block + i, &block))
			break;
		unknown |= block.covered == COV_UNKNOWN;
		if (block.covered == COV_NO && block.length)
			ranges_add(&ranges, block.offset, (uint64_t)block.offset + block.length - 1);
	}
	ranges_flush(&ranges);
	if (unknown)
		fputs(ftell(ranges.out) ? ",?" : "?", ranges.out);
	if (!f->blocks && f->entered == COV_NO)
		fputs("entry", ranges.out);
	fclose(ranges.out);
	return text;
}

/* ---- lines ------------------------------------------------------------- */

struct line_list {
	unsigned int *numbers;
	size_t count, room;
};

static void add_line(struct line_list *list, unsigned int number)
{
	/* Adjacent instructions mostly belong to one line. */
	if (list->count && list->numbers[list->count - 1] == number)
		return;
	list->numbers = grown(list->numbers, list->count, &list->room, sizeof(*list->numbers),
			      "source lines");
	list->numbers[list->count++] = number;
}

static int compare_lines(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return x < y ? -1 : x > y;
}

/* Only lines of @home: what was inlined from other files would be confusing. */
static void add_block_lines(struct line_list *list, struct cov_lines *lines,
			    const struct cov_block_desc *block, const char *home)
{
	unsigned int line;
	const char *file;
	uint32_t at;

	/* Byte by byte, without decoding: all bytes of an instruction are of the same line. */
	for (at = block->offset; at < block->offset + block->length; at++)
		if (!cov_lines_find(lines, block->function, at, &file, &line) &&
		    !strcmp(file, home))
			add_line(list, line);
}

static void print_lines(FILE *out, struct line_list *list, const char *home)
{
	const char *slash = strrchr(home, '/');
	struct ranges ranges = { .out = out, .base = 10 };
	size_t i;

	if (!list->count)
		return;
	qsort(list->numbers, list->count, sizeof(*list->numbers), compare_lines);
	for (i = 0; i < list->count; i++)
		if (!i || list->numbers[i] != list->numbers[i - 1])
			ranges_add(&ranges, list->numbers[i], list->numbers[i]);
	ranges_flush(&ranges);
	fprintf(out, " (%s)", slash ? slash + 1 : home);
}

char *unhit_lines(const struct cov_snapshot *snapshot, unsigned int t,
		  const struct cov_function_desc *f, unsigned int function,
		  struct cov_lines *lines)
{
	struct cov_block_desc block = COV_INIT(block);
	struct line_list list = { 0 };
	const char *home;
	unsigned int line;
	size_t length;
	char *text;
	uint32_t i;
	FILE *out;

	out = open_text(&text, &length);
	if (!cov_lines_find(lines, function, 0, &home, &line)) {
		for (i = 0; i < f->blocks; i++)
			if (!cov_snapshot_block(snapshot, t, f->first_block + i, &block) &&
			    block.covered == COV_NO)
				add_block_lines(&list, lines, &block, home);
		print_lines(out, &list, home);
	}
	fclose(out);
	free(list.numbers);
	return text;
}
