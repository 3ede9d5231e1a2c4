// SPDX-License-Identifier: GPL-2.0-only
/*
 * records.c - the ends of caller records as text and as JSON.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#include "covstat.h"

const char *end_kind(const struct cov_end *end)
{
	static const char *const kinds[] = {
		[COV_END_START] = "start", [COV_END_ADDRESS] = "caller",
		[COV_END_FUNCTION] = "function", [COV_END_OUTCOME] = "outcome",
		[COV_END_BLOCK] = "block", [COV_END_CHECKPOINT] = "checkpoint",
		[COV_END_OTHER] = "other",
	};

	return end->kind < ARRAY_SIZE(kinds) ? kinds[end->kind] : "unknown";
}

/* "vivid_open+0x1b", "do_dentry_open+0x42", "0xffffffff81200042" */
static void put_end(const struct cov_end *end, char *buffer, size_t size)
{
	if (!end->symbol)
		snprintf(buffer, size, "0x%" PRIx64, end->address);
	else if (!end->offset)
		snprintf(buffer, size, "%s", end->symbol);
	else
		snprintf(buffer, size, "%s+0x%" PRIx64, end->symbol, end->offset);
}

const char *end_text(const struct cov_snapshot *snapshot, const struct cov_end *end,
		     char buffer[END_LEN])
{
	struct cov_target_desc target = COV_INIT(target);
	size_t length;

	put_end(end, buffer, END_LEN - 32);
	length = strlen(buffer);
	switch (end->kind) {
	case COV_END_START:
		return "(start)";
	case COV_END_OTHER:
		return "(another target)";
	case COV_END_OUTCOME:
		strcpy(buffer + length, end->taken ? " taken" : " not taken");
		break;
	case COV_END_BLOCK:
		strcpy(buffer + length, " block");
		break;
	case COV_END_CHECKPOINT:
		if (!cov_snapshot_target(snapshot, end->t, &target) && target.checkpoint[0])
			snprintf(buffer, END_LEN, "%s", target.checkpoint);
		break;
	}
	return buffer;
}

void json_add_end(struct json_object *to, const char *key,
		  const struct cov_snapshot *snapshot, const struct cov_end *end)
{
	struct json_object *object = json_add_object(to, key);
	char buffer[END_LEN];

	json_add_string(object, "kind", end_kind(end));
	json_add_string(object, "text", end_text(snapshot, end, buffer));
	if (end->module)
		json_add_string(object, "module", end->module);
	else
		json_add_null(object, "module");
	if (end->symbol)
		json_add_string(object, "function", end->symbol);
	else
		json_add_null(object, "function");
	json_add_number(object, "function_offset", end->offset);
	json_add_number(object, "address", end->address);
	if (end->kind == COV_END_OUTCOME)
		json_add_bool(object, "taken", end->taken);
}

void json_add_record(struct json_object *to, const struct cov_snapshot *snapshot,
		     const struct cov_record *record)
{
	json_add_end(to, "from", snapshot, &record->from);
	json_add_end(to, "to", snapshot, &record->to);
	json_add_number(to, "count", record->count);
	json_add_number(to, "first_sample", record->first_sample);
	json_add_number(to, "last_sample", record->last_sample);
}
