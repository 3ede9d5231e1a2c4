// SPDX-License-Identifier: GPL-2.0-only
/*
 * parse.c - what is given on the command line: numbers, places, levels, choices, lists.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

bool parse_number(const char *text, uint64_t *value)
{
	bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *end;

	if (text[0] < '0' || text[0] > '9')	/* no sign, no space */
		return false;
	errno = 0;
	/* Never octal: scripts pad decimal numbers with zeroes. */
	*value = strtoull(text, &end, hexadecimal ? 16 : 10);
	return !errno && !*end;
}

/* In module names '-' and '_' are the same; the kernel has the latter. */
static void copy_module(char *to, const char *from, size_t length)
{
	for (; length--; from++)
		*to++ = *from == '-' ? '_' : *from;
}

char *parse_pattern(const char *text)
{
	char *pattern = sure(strdup(text), "a pattern");
	unsigned int depth = 0;
	char *at;

	for (at = pattern; *at; at++) {
		if (*at == ':' && !depth)
			return pattern;
		if (*at == '[')
			depth++;
		else if (*at == ']' && depth)
			depth--;
		else if (!depth)
			copy_module(at, at, 1);
	}
	/* It names no module. */
	return strcpy(pattern, text);
}

/* [MODULE:]FUNCTION[+OFFSET] */
static bool parse_function(const char *text, struct place_name *place)
{
	const char *colon = strchr(text, ':');
	const char *begin = colon ? colon + 1 : text;
	const char *plus = strchrnul(begin, '+');
	size_t module = colon ? (size_t)(colon - text) : 0;
	size_t function = plus - begin;

	if (module >= sizeof(place->module) || function >= sizeof(place->function) ||
	    !function || (colon && !module))
		return false;
	copy_module(place->module, text, module);
	memcpy(place->function, begin, function);
	place->has_offset = *plus;
	return !*plus || parse_number(plus + 1, &place->offset);
}

/* SECTION+OFFSET) */
static bool parse_section(const char *text, struct place_name *place)
{
	const char *plus = strrchr(text, '+');
	size_t section = plus ? plus - text : 0;
	size_t digits = plus ? strcspn(plus + 1, ")") : 0;
	char offset[32] = "";

	if (!section || section >= sizeof(place->section) || digits >= sizeof(offset) ||
	    strcmp(plus + 1 + digits, ")"))
		return false;
	memcpy(place->section, text, section);
	memcpy(offset, plus + 1, digits);
	return parse_number(offset, &place->section_offset);
}

bool parse_place(const char *text, struct place_name *place)
{
	const char *section = strstr(text, " (");
	size_t length = section ? (size_t)(section - text) : strlen(text);
	char function[PLACE_LEN] = "";

	memset(place, 0, sizeof(*place));
	if (length >= sizeof(function))
		return false;
	memcpy(function, text, length);
	return parse_function(function, place) &&
	       (!section || parse_section(section + strlen(" ("), place));
}

int parse_level(const struct command *command, const char *given, uint64_t *levels)
{
	uint64_t level;

	if (!parse_number(given, &level) || level < 1 || level > 64)
		return usage_error(command, "--level takes 1 to 64, not '%s'", given);
	*levels |= COV_LEVEL(level);
	return EXIT_OK;
}

static void append_choice(char *names, size_t size, const char *name)
{
	size_t length = strlen(names);

	snprintf(names + length, size - length, "%s%s", length ? " or " : "", name);
}

int parse_choice(const struct command *command, const char *option, const char *given,
		 const struct choice *choices, unsigned int *value)
{
	const struct choice *choice;
	char names[128] = "";

	for (choice = choices; choice->name; choice++) {
		if (!strcmp(given, choice->name)) {
			*value = choice->value;
			return EXIT_OK;
		}
		append_choice(names, sizeof(names), choice->name);
	}
	return usage_error(command, "--%s takes %s, not '%s'", option, names, given);
}

void string_list_add(struct string_list *list, const char *item)
{
	const char **items = sure(realloc(list->items, (list->count + 2) * sizeof(*items)),
				  "a list");

	items[list->count++] = item;
	items[list->count] = NULL;
	list->items = items;
}
