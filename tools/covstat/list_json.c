// SPDX-License-Identifier: GPL-2.0-only
/*
 * list_json.c - the document of covstat list --json. Other programs read it:
 * members are only ever added. Offsets are from the first byte of the function's
 * section; null is what cannot be known. An entry's "hits" may be 1 for any number
 * above 0 where "counted" is false; branches have null instead.
 */
#include <json-c/json.h>
#include <string.h>

#include "covstat.h"

/* The position in the snapshot, and the base of offsets. */
struct place {
	const struct cov_snapshot *snapshot;
	unsigned int t;
	uint64_t section_base;
	bool counted;
};

static const char *entry_state(unsigned int state)
{
	switch (state) {
	case COV_SITE_ARMED:
		return "armed";
	case COV_SITE_REFUSED:
		return "refused";
	case COV_SITE_GONE:
		return "gone";
	default:	/* has done its work, waits to be armed, or is not needed */
		return "disarmed";
	}
}

static const char *site_state(unsigned int state)
{
	static const char *const names[] = {
		[COV_SITE_NONE] = "none", [COV_SITE_PENDING] = "pending",
		[COV_SITE_ARMED] = "armed", [COV_SITE_DISARMED] = "disarmed",
		[COV_SITE_REFUSED] = "refused", [COV_SITE_GONE] = "gone",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

static void add_block(struct json_object *array, const struct place *place, unsigned int i,
		      uint64_t function_offset)
{
	struct cov_block_desc block = COV_INIT(block);
	struct json_object *object;

	if (cov_snapshot_block(place->snapshot, place->t, i, &block))
		return;
	object = json_append_object(array);
	json_add_number(object, "offset", function_offset + block.offset);
	json_add_number(object, "size", block.length);
	json_add_known(object, "covered", block.covered);
	if (block.state == COV_SITE_REFUSED)
		json_add_number(object, "errno", block.error);
}

static void add_count(struct json_object *object, const struct place *place, const char *key,
		      uint64_t count)
{
	if (place->counted)
		json_add_number(object, key, count);
	else
		json_add_null(object, key);
}

static void add_branch(struct json_object *array, const struct place *place, unsigned int i,
		       uint64_t function_offset)
{
	struct cov_branch_desc branch = COV_INIT(branch);
	struct json_object *object;

	if (cov_snapshot_branch(place->snapshot, place->t, i, &branch))
		return;
	object = json_append_object(array);
	json_add_number(object, "offset", function_offset + branch.offset);
	json_add_number(object, "size", branch.length);
	json_add_known(object, "taken", branch.taken);
	json_add_known(object, "fallthrough", branch.fallthrough);
	/* A target in another section is at a negative offset or beyond the section's end. */
	json_add_signed(object, "target", (int64_t)(branch.target - place->section_base));
	add_count(object, place, "taken_count", branch.taken_hits);
	add_count(object, place, "fallthrough_count", branch.fallthrough_hits);
	json_add_number(object, "condition", branch.condition);
	json_add_number(object, "first_sample", branch.first_sample);
	json_add_string(object, "state", site_state(branch.state));
	if (branch.state == COV_SITE_REFUSED)
		json_add_number(object, "errno", branch.error);
}

static void add_entry(struct json_object *object, const struct cov_function_desc *f)
{
	struct json_object *entry = json_add_object(object, "entry");

	json_add_string(entry, "state", entry_state(f->state));
	json_add_number(entry, "errno", f->error);
	json_add_number(entry, "hits", f->hits);
	json_add_known(entry, "covered", f->entered);
	json_add_number(entry, "first_sample", f->first_sample);
	json_add_string(entry, "site", site_state(f->state));
}

static void add_function(struct json_object *array, const struct place *target,
			 const struct cov_function_desc *f)
{
	struct json_object *object = json_append_object(array);
	struct cov_section_desc section = COV_INIT(section);
	struct place place = *target;
	struct json_object *list;
	unsigned int i;

	cov_snapshot_section(place.snapshot, place.t, f->section, &section);
	place.section_base = section.base;
	json_add_string(object, "name", f->name);
	json_add_string(object, "section", section.name);
	json_add_number(object, "offset", f->offset);
	json_add_number(object, "size", f->length);
	if (f->parent != COV_NONE) {
		struct cov_function_desc parent = COV_INIT(parent);
		struct cov_section_desc its_section = COV_INIT(its_section);

		cov_snapshot_function(place.snapshot, place.t, f->parent, &parent);
		cov_snapshot_section(place.snapshot, place.t, parent.section, &its_section);
		json_add_string(object, "parent", parent.name);
		json_add_string(object, "parent_section", its_section.name);
		json_add_number(object, "parent_offset", parent.offset);
	}
	json_add_bool(object, "cold", f->parent != COV_NONE);
	json_add_bool(object, "opaque", f->opaque);
	json_add_number(object, "levels", f->levels);
	add_entry(object, f);
	list = json_add_array(object, "blocks");
	for (i = 0; i < f->blocks; i++)
		add_block(list, &place, f->first_block + i, f->offset);
	list = json_add_array(object, "branches");
	for (i = 0; i < f->branches; i++)
		add_branch(list, &place, f->first_branch + i, f->offset);
}

static void add_sections(struct json_object *object, const struct place *place)
{
	struct json_object *array = json_add_array(object, "sections");
	struct cov_section_desc section = COV_INIT(section);
	unsigned int i;

	for (i = 0; !cov_snapshot_section(place->snapshot, place->t, i, &section); i++) {
		struct json_object *entry = json_append_object(array);

		json_add_string(entry, "name", section.name);
		json_add_address(entry, "base", section.base);
		json_add_number(entry, "size", section.length);
	}
}

static void add_build_id(struct json_object *object, const struct cov_target_desc *target)
{
	char text[2 * 64 + 1] = "";
	uint32_t i;

	for (i = 0; i < target->build_id_len && i < 64; i++)
		sprintf(text + 2 * i, "%02x", target->build_id[i]);
	if (text[0])
		json_add_string(object, "build_id", text);
	else
		json_add_null(object, "build_id");
}

static void add_target(struct json_object *array, const struct place *place,
		       const struct cov_target_desc *target, const struct list_filter *filter)
{
	struct cov_function_desc function = COV_INIT(function);
	struct json_object *object = json_append_object(array);
	struct cov_totals totals = COV_INIT(totals);
	struct json_object *functions;
	unsigned int i;

	json_add_string(object, "module", target->module);
	if (is_checkpoint(target)) {
		json_add_string(object, "checkpoint", target->checkpoint);
		json_add_number(object, "checkpoint_offset", target->checkpoint_offset);
	}
	add_build_id(object, target);
	json_add_address(object, "text_base", target->text_base);
	json_add_number(object, "text_size", target->text_size);
	json_add_string(object, "state", target_state_name(target->state));
	json_add_string(object, "mode", mode_name(target->mode));
	json_add_string(object, "scope", scope_name(target->scope));
	json_add_string(object, "engine", engine_name(target->engine));
	json_add_bool(object, "counted", target->counted);
	json_add_bool(object, "functions_only", target->flags & COV_ATTACH_FUNCTIONS_ONLY);
	add_sections(object, place);
	cov_snapshot_totals(place->snapshot, place->t, &totals);
	json_add_totals(json_add_object(object, "totals"), &totals);
	functions = json_add_array(object, "functions");
	for (i = 0; !cov_snapshot_function(place->snapshot, place->t, i, &function); i++)
		if (list_shows(filter, &function))
			add_function(functions, place, &function);
}

int list_json(const struct cov_snapshot *snapshot, const struct list_filter *filter)
{
	struct cov_target_desc target = COV_INIT(target);
	struct json_object *document = json_document();
	struct json_object *targets = json_add_array(document, "targets");
	struct json_object *checkpoints = json_add_array(document, "checkpoints");
	struct place place = { .snapshot = snapshot };
	struct cov_totals totals = COV_INIT(totals);

	json_add_sample(document, filter->sample);
	for (; !cov_snapshot_target(snapshot, place.t, &target); place.t++) {
		place.counted = target.counted;
		add_target(is_checkpoint(&target) ? checkpoints : targets, &place, &target, filter);
	}
	cov_snapshot_totals(snapshot, COV_NONE, &totals);
	json_add_number(document, "missed", totals.missed);
	json_add_number(document, "refused", totals.refused);
	json_add_number(document, "lost", totals.lost);
	return json_print(document);
}
