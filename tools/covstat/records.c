// SPDX-License-Identifier: GPL-2.0-only
/*
 * records.c - the ends of caller records as text and as JSON; and that some were lost.
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

/* "do_dentry_open+0x42", "0xffffffff81200042": of what is not in the snapshot. */
static void put_outside(const struct names *names, const struct cov_end *end, char buffer[END_LEN])
{
	const char *module = names_of_modules(names) ? end->module : NULL;
	char plus[32] = "";

	if (!end->symbol) {
		snprintf(buffer, END_LEN, "0x%" PRIx64, end->address);
		return;
	}
	if (end->offset)
		snprintf(plus, sizeof(plus), "+0x%" PRIx64, end->offset);
	snprintf(buffer, END_LEN, "%s%s%s%s", module ? module : "", module ? ":" : "", end->symbol,
		 plus);
}

const char *end_text(const struct names *names, const struct cov_end *end, char buffer[END_LEN])
{
	struct cov_target_desc target = COV_INIT(target);

	if (end->function != COV_NONE)
		place_text(names, end->t, end->function, end->offset, buffer);
	else
		put_outside(names, end, buffer);
	switch (end->kind) {
	case COV_END_START:
		return "(start)";
	case COV_END_OTHER:
		return "(another target)";
	case COV_END_OUTCOME:
		strcat(strcat(buffer, " "), outcome_name(end->taken));
		break;
	case COV_END_BLOCK:
		strcat(buffer, " block");
		break;
	case COV_END_CHECKPOINT:
		if (!cov_snapshot_target(names_snapshot(names), end->t, &target) &&
		    is_checkpoint(&target))
			snprintf(buffer, END_LEN, "%s", target.checkpoint);
		break;
	}
	return buffer;
}

static void json_add_end(struct json_object *to, const char *key, const struct names *names,
			 const struct cov_end *end)
{
	struct json_object *object = json_add_object(to, key);
	char buffer[END_LEN];

	json_add_string(object, "kind", end_kind(end));
	json_add_string(object, "text", end_text(names, end, buffer));
	if (end->module)
		json_add_string(object, "module", end->module);
	else
		json_add_null(object, "module");
	if (end->symbol)
		json_add_string(object, "function", end->symbol);
	else
		json_add_null(object, "function");
	json_add_number(object, "function_offset", end->offset);
	json_add_address(object, "address", end->address);
	if (end->kind == COV_END_OUTCOME)
		json_add_bool(object, "taken", end->taken);
}

void json_add_record(struct json_object *to, const struct names *names,
		     const struct cov_record *record)
{
	json_add_end(to, "from", names, &record->from);
	json_add_end(to, "to", names, &record->to);
	json_add_number(to, "count", record->count);
	json_add_number(to, "first_sample", record->first_sample);
	json_add_number(to, "last_sample", record->last_sample);
}

void warn_of_lost_records(uint64_t lost)
{
	if (lost)
		warn("%" PRIu64 " caller records were lost: load livecov with a larger max_callers", lost);
}
