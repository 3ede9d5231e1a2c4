// SPDX-License-Identifier: GPL-2.0-only
/*
 * json.c - thin helpers over json-c: a key and a value in one call; running out of memory
 * exits instead of leaving a hole in the output.
 */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

static struct json_object *sure(struct json_object *object)
{
	if (!object)
		exit(fail("no memory for the JSON output"));
	return object;
}

static void add(struct json_object *to, const char *key, struct json_object *value)
{
	if (json_object_object_add(to, key, value))
		exit(fail("no memory for the JSON output"));
}

struct json_object *json_new(void)
{
	return sure(json_object_new_object());
}

struct json_object *json_document(void)
{
	struct json_object *document = json_new();

	json_add_number(document, "format_version", FORMAT_VERSION);
	return document;
}

void json_add_string(struct json_object *to, const char *key, const char *value)
{
	add(to, key, sure(json_object_new_string(value)));
}

void json_add_number(struct json_object *to, const char *key, uint64_t value)
{
	add(to, key, sure(json_object_new_uint64(value)));
}

void json_add_signed(struct json_object *to, const char *key, int64_t value)
{
	add(to, key, sure(json_object_new_int64(value)));
}

void json_add_bool(struct json_object *to, const char *key, bool value)
{
	add(to, key, sure(json_object_new_boolean(value)));
}

void json_add_null(struct json_object *to, const char *key)
{
	add(to, key, NULL);
}

void json_add_known(struct json_object *to, const char *key, unsigned int known)
{
	if (known == COV_YES || known == COV_NO)
		json_add_bool(to, key, known == COV_YES);
	else
		json_add_null(to, key);
}

struct json_object *json_add_array(struct json_object *to, const char *key)
{
	struct json_object *array = sure(json_object_new_array());

	add(to, key, array);
	return array;
}

struct json_object *json_add_object(struct json_object *to, const char *key)
{
	struct json_object *object = json_new();

	add(to, key, object);
	return object;
}

static void append(struct json_object *array, struct json_object *value)
{
	if (json_object_array_add(array, value))
		exit(fail("no memory for the JSON output"));
}

struct json_object *json_append_object(struct json_object *array)
{
	struct json_object *object = json_new();

	append(array, object);
	return object;
}

void json_append_number(struct json_object *array, uint64_t value)
{
	append(array, sure(json_object_new_uint64(value)));
}

void json_append_string(struct json_object *array, const char *value)
{
	append(array, sure(json_object_new_string(value)));
}

void json_add_totals(struct json_object *to, const struct cov_totals *totals)
{
	const struct {
		const char *key;
		uint64_t value;
	} members[] = {
		{ "functions", totals->functions },
		{ "functions_hit", totals->functions_hit },
		{ "functions_unknown", totals->functions_unknown },
		{ "blocks", totals->blocks },
		{ "blocks_hit", totals->blocks_hit },
		{ "blocks_unknown", totals->blocks_unknown },
		{ "outcomes", totals->outcomes },
		{ "outcomes_hit", totals->outcomes_hit },
		{ "outcomes_unknown", totals->outcomes_unknown },
		{ "sites", totals->sites },
		{ "pending", totals->pending },
		{ "armed", totals->armed },
		{ "disarmed", totals->disarmed },
		{ "refused", totals->refused },
		{ "gone", totals->gone },
		{ "missed", totals->missed },
		{ "lost", totals->lost },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(members); i++)
		json_add_number(to, members[i].key, members[i].value);
}

/* ---- printing ---------------------------------------------------------- */

static const char *text_of(struct json_object *object)
{
	const char *text;

	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		exit(fail("no memory for the JSON output"));
	return text;
}

int json_print(struct json_object *document)
{
	puts(text_of(document));
	json_object_put(document);
	return EXIT_OK;
}

void json_begin_array(struct json_object *first, const char *key)
{
	const char *text = text_of(first);

	/* All but the closing brace. */
	printf("%.*s,\"%s\":[", (int)strlen(text) - 1, text, key);
	json_object_put(first);
}

void json_put_element(uint64_t before, struct json_object *element)
{
	json_separate(before);
	fputs(text_of(element), stdout);
	json_object_put(element);
}

void json_separate(uint64_t before)
{
	if (before)
		putchar(',');
}

void json_end_array(struct json_object *rest)
{
	putchar(']');
	if (!rest) {
		putchar('}');
		return;
	}
	/* All but the opening brace. */
	printf(",%s", text_of(rest) + 1);
	json_object_put(rest);
}
