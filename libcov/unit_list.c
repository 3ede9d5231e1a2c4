// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * unit_list.c - source lines by what each compilation unit says of its own code. libdwfl
 * looks for an address in .debug_aranges alone (before elfutils 0.191). gcc and gas write
 * that section, clang and rustc do not, and a module may be linked from objects of both.
 * Calls nothing else of libcov.
 */
#include <elfutils/libdwfl.h>
#include <stdlib.h>

#include "internal.h"

/* Code of a unit: [@begin, @end). */
struct unit_range {
	Dwarf_Addr begin, end;
	Dwarf_Die *unit;	/* the module's */
};

/* Ordered by begin; code belongs to one unit. */
struct unit_list {
	struct unit_range *ranges;
	size_t count, room;
	Dwarf_Addr bias;	/* libdwfl's addresses are higher than those of the ranges */
};

static bool add_range(struct unit_list *units, const struct unit_range *range)
{
	struct unit_range *ranges = units->ranges;

	if (units->count == units->room) {
		units->room = units->room ? 2 * units->room : 64;
		ranges = reallocarray(ranges, units->room, sizeof(*ranges));
		if (!ranges)
			return false;
		units->ranges = ranges;
	}
	ranges[units->count++] = *range;
	return true;
}

static bool add_unit(struct unit_list *units, Dwarf_Die *unit)
{
	struct unit_range range = { .unit = unit };
	Dwarf_Addr base;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(unit, at, &base, &range.begin, &range.end)) > 0)
		if (range.begin < range.end && !add_range(units, &range))
			return false;
	return true;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct unit_range *x = a, *y = b;

	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

struct unit_list *cov_units_new(struct Dwfl_Module *module)
{
	struct unit_list *units = calloc(1, sizeof(*units));
	Dwarf_Die *unit = NULL;

	while (units && (unit = dwfl_module_nextcu(module, unit, &units->bias)))
		if (!add_unit(units, unit)) {
			cov_units_free(units);
			return NULL;
		}
	if (units && units->count)
		qsort(units->ranges, units->count, sizeof(*units->ranges), compare_ranges);
	return units;
}

void cov_units_free(struct unit_list *units)
{
	if (units)
		free(units->ranges);
	free(units);
}

static Dwarf_Die *unit_at(const struct unit_list *units, Dwarf_Addr address)
{
	size_t low = 0, high = units->count;

	/* Up to @low they begin at the address or below. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (units->ranges[middle].begin <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address < units->ranges[low - 1].end ? units->ranges[low - 1].unit : NULL;
}

bool cov_units_line(const struct unit_list *units, uint64_t address, const char **source,
		    int *number)
{
	Dwarf_Die *unit = unit_at(units, address - units->bias);
	Dwarf_Line *line = unit ? dwarf_getsrc_die(unit, address - units->bias) : NULL;

	if (!line || dwarf_lineno(line, number))
		return false;
	*source = dwarf_linesrc(line, NULL, NULL);
	return true;
}
