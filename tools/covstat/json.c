// SPDX-License-Identifier: GPL-2.0-only
/*
 * json.c - thin helpers over json-c: a key and a value in one call. Without memory covstat ends,
 * rather than leave a hole in the output.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

static const char what[] = "the JSON output";

static void add(struct json_object *to, const char *key, struct json_object *value)
{
	if (json_object_object_add(to, key, value))
		exit(fail("no memory for %s", what));
}

/* ---- strings ----------------------------------------------------------- */

#define REPLACEMENT	"\xef\xbf\xbd"	/* U+FFFD */

/* Bytes of the character that @text begins with; 0 if that is not UTF-8. */
static size_t character_length(const char *text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = *text;
	size_t i, length = first < 0x80 ? 1 : first >> 5 == 0x06 ? 2 : first >> 4 == 0x0e ? 3 :
			   first >> 3 == 0x1e ? 4 : 0;
	uint32_t value = length < 2 ? first : first & (0x7f >> length);

	for (i = 1; i < length; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (text[i] & 0x3f);
	}
	if (!length || value < least[length] || value > 0x10ffff || value >> 11 == 0x1b)
		return 0;
	return length;
}

static bool is_utf8(const char *text)
{
	size_t length;

	for (; *text; text += length) {
		length = character_length(text);
		if (!length)
			return false;
	}
	return true;
}

/* A copy in which each byte that is not UTF-8 has become U+FFFD; free() it. */
static char *repaired(const char *text)
{
	char *repaired = sure(malloc(strlen(text) * strlen(REPLACEMENT) + 1), what), *to = repaired;
	size_t length;

	for (; *text; text += length ? length : 1) {
		length = character_length(text);
		to = length ? mempcpy(to, text, length) : stpcpy(to, REPLACEMENT);
	}
	*to = '\0';
	return repaired;
}

/* Names of tasks, checkpoints and files are bytes, but JSON has to be UTF-8. */
static struct json_object *string_json(const char *text)
{
	char *valid = is_utf8(text) ? NULL : repaired(text);
	struct json_object *object = sure(json_object_new_string(valid ? valid : text), what);

	free(valid);
	return object;
}

/* ---- values ------------------------------------------------------------ */

struct json_object *json_new(void)
{
	return sure(json_object_new_object(), what);
}

struct json_object *json_document(void)
{
	struct json_object *document = json_new();

	json_add_number(document, "format_version", FORMAT_VERSION);
	return document;
}

void json_add_string(struct json_object *to, const char *key, const char *value)
{
	add(to, key, string_json(value));
}

void json_add_number(struct json_object *to, const char *key, uint64_t value)
{
	add(to, key, sure(json_object_new_uint64(value), what));
}

#define KEY_LEN	64

static void hex_key(char hex[KEY_LEN], const char *key)
{
	snprintf(hex, KEY_LEN, "%s_hex", key);
}

void json_add_address(struct json_object *to, const char *key, uint64_t address)
{
	char hex[KEY_LEN], text[2 + 16 + 1];

	hex_key(hex, key);
	snprintf(text, sizeof(text), "0x%" PRIx64, address);
	json_add_number(to, key, address);
	json_add_string(to, hex, text);
}

void json_add_no_address(struct json_object *to, const char *key)
{
	char hex[KEY_LEN];

	hex_key(hex, key);
	json_add_null(to, key);
	json_add_null(to, hex);
}

void json_add_signed(struct json_object *to, const char *key, int64_t value)
{
	add(to, key, sure(json_object_new_int64(value), what));
}

void json_add_bool(struct json_object *to, const char *key, bool value)
{
	add(to, key, sure(json_object_new_boolean(value), what));
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
	struct json_object *array = sure(json_object_new_array(), what);

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
		exit(fail("no memory for %s", what));
}

struct json_object *json_append_object(struct json_object *array)
{
	struct json_object *object = json_new();

	append(array, object);
	return object;
}

void json_append_number(struct json_object *array, uint64_t value)
{
	append(array, sure(json_object_new_uint64(value), what));
}

void json_append_string(struct json_object *array, const char *value)
{
	append(array, string_json(value));
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
		exit(fail("no memory for %s", what));
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
