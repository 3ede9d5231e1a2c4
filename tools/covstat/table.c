// SPDX-License-Identifier: GPL-2.0-only
/*
 * table.c - human-readable columns. Widths are those of the widest cells; the last column
 * is truncated only on a terminal, at its edge, so that a pipe gets everything.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "covstat.h"

#define COLUMNS_MAX	12
#define GAP		2

struct cell {
	char *text;
	int color;
};

struct table {
	struct {
		const char *title;
		unsigned int flags;
		size_t width;
	} columns[COLUMNS_MAX];
	unsigned int nr_columns;
	struct cell *cells;
	size_t nr_cells;
	size_t room;
};

/* In UTF-8, as far as the next @characters go: their bytes, by those that begin one. */
static size_t bytes_of(const char *text, size_t characters)
{
	const char *at = text;

	while (*at && (characters || (*at & 0xc0) == 0x80))
		characters -= (*at++ & 0xc0) != 0x80;
	return at - text;
}

/* Columns on a terminal: characters, not bytes. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static bool colored(void)
{
	const char *no = getenv("NO_COLOR");

	if (settings.color >= 0)
		return settings.color;
	return isatty(STDOUT_FILENO) && !(no && *no);
}

const char *color_on(int color)
{
	static const char *const codes[] = {
		[COLOR_NONE] = "", [COLOR_GOOD] = "\033[32m", [COLOR_MIDDLING] = "\033[33m",
		[COLOR_BAD] = "\033[31m", [COLOR_DIM] = "\033[2m",
	};

	return colored() ? codes[color] : "";
}

const char *color_off(int color)
{
	return color != COLOR_NONE && colored() ? "\033[0m" : "";
}

int color_of(uint64_t n, uint64_t of)
{
	if (!of)
		return COLOR_DIM;
	if (n == of)
		return COLOR_GOOD;
	return n ? COLOR_MIDDLING : COLOR_BAD;
}

static const char what[] = "a table";

struct table *table_new(void)
{
	return sure(calloc(1, sizeof(struct table)), what);
}

void table_column(struct table *table, const char *title, unsigned int flags)
{
	table->columns[table->nr_columns].title = title;
	table->columns[table->nr_columns].flags = flags;
	table->columns[table->nr_columns].width = strlen(title);
	table->nr_columns++;
}

void table_cell(struct table *table, int color, const char *format, ...)
{
	unsigned int column = table->nr_cells % table->nr_columns;
	struct cell *cell;
	size_t width;
	va_list args;

	table->cells = grown(table->cells, table->nr_cells, &table->room, sizeof(*table->cells),
			     what);
	cell = &table->cells[table->nr_cells++];
	cell->color = color;
	va_start(args, format);
	cell->text = formatted(what, format, args);
	va_end(args);
	make_printable(cell->text);
	width = width_of(cell->text);
	if (width > table->columns[column].width)
		table->columns[column].width = width;
}

/* Columns of the terminal on stdout, 0 if it is not a terminal. */
static size_t terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return 0;
	return size.ws_col;
}

static void print_cut(const char *text, size_t at, size_t terminal)
{
	size_t room = terminal > at + 8 ? terminal - at - 1 : 8;

	if (!terminal || width_of(text) <= room)
		fputs(text, stdout);
	else
		printf("%.*s...", (int)bytes_of(text, room - 3), text);
}

static void print_cell(const struct table *table, unsigned int column, const char *text,
		       int color, size_t at, size_t terminal)
{
	unsigned int flags = table->columns[column].flags;
	/* printf()'s own widths are of bytes. */
	int pad = table->columns[column].width - width_of(text);

	fputs(color_on(color), stdout);
	if (flags & COLUMN_LAST)
		print_cut(text, at, terminal);
	else if (flags & COLUMN_RIGHT)
		printf("%*s%s", pad, "", text);
	else if (column + 1 < table->nr_columns)
		printf("%s%*s", text, pad, "");
	else
		fputs(text, stdout);
	fputs(color_off(color), stdout);
}

bool table_is_empty(const struct table *table)
{
	return !table->nr_cells;
}

void table_free(struct table *table)
{
	size_t i;

	for (i = 0; i < table->nr_cells; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table);
}

void table_print(struct table *table)
{
	size_t terminal = terminal_width();
	unsigned int column;
	size_t at = 0;
	size_t i;

	for (column = 0; column < table->nr_columns; column++) {
		print_cell(table, column, table->columns[column].title, COLOR_DIM, at, terminal);
		at += table->columns[column].width + GAP;
		if (column + 1 < table->nr_columns)
			printf("%*s", GAP, "");
	}
	putchar('\n');
	for (i = 0; i < table->nr_cells; i++) {
		column = i % table->nr_columns;
		if (!column)
			at = 0;
		print_cell(table, column, table->cells[i].text, table->cells[i].color, at,
			   terminal);
		at += table->columns[column].width + GAP;
		if (column + 1 < table->nr_columns)
			printf("%*s", GAP, "");
		else
			putchar('\n');
	}
	table_free(table);
}
