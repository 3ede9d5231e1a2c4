// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * records.c - caller records, and their ends. May call cov.c, snapshot_get.c and
 * symbols.c.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Records requested in one call. */
#define READ_GROUP	4096

/* A function of the snapshot, to be found by address. */
struct place {
	uint64_t address;
	uint64_t size;
	uint32_t t;
	uint32_t function;
};

struct cov_records {
	const struct cov_snapshot *snapshot;
	struct cov_caller *callers;
	size_t count, room;
	uint64_t lost;
	struct place *places;		/* all functions, by address */
	size_t nr_places;
	struct symbols *symbols;
};

typedef bool (*record_filter)(const struct cov_caller *caller);

/* ---- reading ----------------------------------------------------------- */

/* The target's index in the snapshot, which has them by ascending id; COV_NONE if absent. */
static uint32_t target_index(const struct cov_snapshot *snapshot, uint32_t target)
{
	uint32_t low = 0, high = snapshot->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (snapshot->targets[middle].info.target < target)
			low = middle + 1;
		else
			high = middle;
	}
	return low < snapshot->count && snapshot->targets[low].info.target == target ? low :
	       COV_NONE;
}

static uint64_t cells_of(const struct cov_target_info *info)
{
	return (uint64_t)info->functions + 2ULL * info->branches + info->blocks + 1;
}

/* What the getter relies on; a faulty kernel must not crash the program. */
static bool consistent(const struct cov_snapshot *snapshot, const struct cov_caller *caller)
{
	uint32_t from = target_index(snapshot, caller->from_target);
	uint32_t to = target_index(snapshot, caller->to_target);

	return (from == COV_NONE ||
		caller->from_cell < cells_of(&snapshot->targets[from].info)) &&
	       caller->to_cell < cells_of(&snapshot->targets[to].info);
}

static int keep(struct cov *cov, struct cov_records *records, const struct cov_caller *group,
		uint32_t count, record_filter filter)
{
	uint32_t i;

	if (records->room - records->count < count) {
		size_t room = 2 * records->room + count;
		struct cov_caller *grown = realloc(records->callers, room * sizeof(*grown));

		if (!grown)
			return cov_fail(cov, ENOMEM, "no memory for caller records");
		records->callers = grown;
		records->room = room;
	}
	for (i = 0; i < count; i++) {
		if (!filter(&group[i]) ||
		    target_index(records->snapshot, group[i].to_target) == COV_NONE)
			continue;
		if (!consistent(records->snapshot, &group[i]))
			return cov_fail(cov, EPROTO, "livecov gave records that contradict its tables; please report this");
		records->callers[records->count++] = group[i];
	}
	return 0;
}

static int read_all(struct cov *cov, struct cov_records *records, struct cov_callers request,
		    record_filter filter)
{
	struct cov_caller *group = malloc(READ_GROUP * sizeof(*group));
	int ret = group ? 0 : cov_fail(cov, ENOMEM, "no memory for caller records");

	request.buffer = cov_ptr(group);
	do {
		request.count = READ_GROUP;
		if (!ret)
			ret = cov_call_since(cov, 2, COV_IOC_CALLERS, &request,
					     "read caller records");
		if (!ret && request.count > READ_GROUP)
			ret = cov_fail(cov, EPROTO, "livecov gave more records than were wanted; please report this");
		if (!ret)
			ret = keep(cov, records, group, request.count, filter);
	} while (!ret && request.count);
	records->lost = request.lost;
	free(group);
	return ret;
}

static int compare_serials(const void *a, const void *b)
{
	const struct cov_caller *x = a, *y = b;

	return x->serial < y->serial ? -1 : x->serial > y->serial;
}

/* ---- names of return addresses ------------------------------------------ */

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static int list_places(struct cov *cov, struct cov_records *records)
{
	const struct cov_snapshot *snapshot = records->snapshot;
	size_t n = 0;
	uint32_t t, i;

	for (t = 0; t < snapshot->count; t++)
		n += snapshot->targets[t].info.functions;
	records->places = calloc(n + 1, sizeof(*records->places));
	if (!records->places)
		return cov_fail(cov, ENOMEM, "no memory for functions' addresses");
	for (t = 0; t < snapshot->count; t++) {
		const struct snapshot_target *target = &snapshot->targets[t];

		/* A manual checkpoint's function may be an attached target's: once is enough. */
		if (cov_is_checkpoint(&target->info))
			continue;
		for (i = 0; i < target->info.functions; i++)
			records->places[records->nr_places++] = (struct place){
				target->functions[i].address, target->functions[i].size, t, i,
			};
	}
	qsort(records->places, records->nr_places, sizeof(*records->places), compare_places);
	return 0;
}

static const struct place *find_place(const struct cov_records *records, uint64_t address)
{
	size_t low = 0, high = records->nr_places;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (records->places[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - records->places[low - 1].address >= records->places[low - 1].size)
		return NULL;
	return &records->places[low - 1];
}

/* Reading all symbols may be slow: only if there is an address to look up. */
static int name_addresses(struct cov *cov, struct cov_records *records)
{
	size_t i;
	int ret = list_places(cov, records);

	for (i = 0; !ret && !records->symbols && i < records->count; i++) {
		uint64_t address = records->callers[i].from_address;

		if (!address || find_place(records, address - 1))
			continue;
		records->symbols = cov_symbols_get(cov);
		if (!records->symbols)
			ret = cov_fail(cov, ENOMEM, "no memory for the kernel's symbols");
	}
	return ret;
}

/* ---- requests ------------------------------------------------------------ */

static int take(struct cov *cov, const struct cov_snapshot *snapshot,
		const struct cov_callers *request, record_filter filter, struct cov_records **out)
{
	struct cov_records *records = calloc(1, sizeof(*records));
	int ret;

	cov_begin(cov);
	*out = NULL;
	if (!records)
		return cov_fail(cov, ENOMEM, "no memory for caller records");
	records->snapshot = snapshot;
	ret = read_all(cov, records, *request, filter);
	if (!ret)
		ret = name_addresses(cov, records);
	if (ret) {
		cov_records_free(records);
		errno = -ret;
		return ret;
	}
	if (records->count)
		qsort(records->callers, records->count, sizeof(*records->callers),
		      compare_serials);
	*out = records;
	return 0;
}

/* For one target, livecov filters the records. */
static struct cov_callers request_for(const struct cov_snapshot *snapshot)
{
	return (struct cov_callers){
		.target = snapshot->count == 1 ? snapshot->targets[0].info.target : 0,
	};
}

static bool is_call(const struct cov_caller *caller)
{
	return caller->from_address;
}

static bool is_path(const struct cov_caller *caller)
{
	return !caller->from_address;
}

static bool is_any(const struct cov_caller *caller)
{
	(void)caller;
	return true;
}

COV_PUBLIC int cov_callers(struct cov *cov, const struct cov_snapshot *snapshot,
			   struct cov_records **records)
{
	struct cov_callers request = request_for(snapshot);

	return take(cov, snapshot, &request, is_call, records);
}

COV_PUBLIC int cov_paths(struct cov *cov, const struct cov_snapshot *snapshot,
			 struct cov_records **records)
{
	struct cov_callers request = request_for(snapshot);

	return take(cov, snapshot, &request, is_path, records);
}

COV_PUBLIC int cov_new_pairs(struct cov *cov, const struct cov_snapshot *snapshot,
			     const struct cov_news_counts *counts, struct cov_records **records)
{
	struct cov_callers request = request_for(snapshot);
	struct cov_news_counts ours;
	int ret;

	cov_begin(cov);
	ret = cov_take_options(cov, &ours, sizeof(ours), counts, "struct cov_news_counts");
	if (ret)
		return ret;
	/* Without pairs there are none to ask for, and @upto 0 would mean no limit. */
	request.since = ours.pairs ? ours.pairs_since : UINT64_MAX;
	request.upto = ours.pairs;
	return take(cov, snapshot, &request, is_any, records);
}

/* ---- access -------------------------------------------------------------- */

COV_PUBLIC void cov_records_free(struct cov_records *records)
{
	if (!records)
		return;
	free(records->callers);
	free(records->places);
	cov_symbols_free(records->symbols);
	free(records);
}

COV_PUBLIC size_t cov_records_count(const struct cov_records *records)
{
	return records->count;
}

COV_PUBLIC uint64_t cov_records_lost(const struct cov_records *records)
{
	return records->lost;
}

static void set_function(struct cov_end *end, const struct cov_records *records, uint32_t t,
			 uint32_t function, uint64_t offset)
{
	const struct snapshot_target *target = &records->snapshot->targets[t];

	end->t = t;
	end->function = function;
	end->offset = offset;
	end->address = target->functions[function].address + offset;
	end->module = target->info.module;
	end->symbol = target->names + target->functions[function].name;
}

/* A return address. The call that it follows may be the last instruction of its function. */
static void set_address(struct cov_end *end, const struct cov_records *records,
			uint64_t address)
{
	const struct place *place = find_place(records, address - 1);

	end->kind = COV_END_ADDRESS;
	end->address = address;
	if (place) {
		set_function(end, records, place->t, place->function, address - place->address);
	} else if (records->symbols) {
		end->symbol = cov_symbols_find(records->symbols, address - 1, &end->module,
					       &end->offset);
		end->offset += !!end->symbol;
	}
}

/* The place of a manual checkpoint. */
static void set_checkpoint(struct cov_end *end, const struct cov_records *records, uint32_t t)
{
	const struct snapshot_target *target = &records->snapshot->targets[t];
	uint32_t function = cov_checkpoint_place(target);

	end->kind = COV_END_CHECKPOINT;
	end->t = t;
	end->module = target->info.module;
	if (function != COV_NONE)
		set_function(end, records, t, function, target->info.checkpoint_offset);
}

/* The order of the cells is that of struct cov_map. */
static void set_cell(struct cov_end *end, const struct cov_records *records, uint32_t t,
		     uint32_t cell)
{
	const struct snapshot_target *target = &records->snapshot->targets[t];
	const struct cov_target_info *info = &target->info;
	uint64_t outcomes = 2ULL * info->branches;

	if (cell < info->functions) {
		end->kind = COV_END_FUNCTION;
		set_function(end, records, t, cell, 0);
		return;
	}
	cell -= info->functions;
	if (cell < outcomes) {
		const struct cov_branch *branch = &target->branches[cell / 2];

		end->kind = COV_END_OUTCOME;
		end->index = cell / 2;
		end->taken = cell % 2;
		set_function(end, records, t, branch->function, branch->offset);
		return;
	}
	cell -= outcomes;
	if (cell < info->blocks) {
		end->kind = COV_END_BLOCK;
		end->index = cell;
		set_function(end, records, t, target->blocks[cell].function,
			     target->blocks[cell].offset);
		return;
	}
	set_checkpoint(end, records, t);
}

COV_PUBLIC int cov_records_get(const struct cov_records *records, size_t i,
			       struct cov_record *out)
{
	const struct cov_end nowhere = {
		.t = COV_NONE, .function = COV_NONE, .index = COV_NONE,
	};
	struct cov_record record = { .from = nowhere, .to = nowhere };
	const struct cov_caller *caller;
	uint32_t t;

	if (i >= records->count)
		return cov_set_errno(ERANGE);
	caller = &records->callers[i];
	record.count = caller->count;
	record.first_sample = caller->first_sample;
	record.last_sample = caller->last_sample;
	record.serial = caller->serial;
	t = target_index(records->snapshot, caller->from_target);
	if (caller->from_address)
		set_address(&record.from, records, caller->from_address);
	else if (t != COV_NONE)
		set_cell(&record.from, records, t, caller->from_cell);
	else
		record.from.kind = caller->from_target ? COV_END_OTHER : COV_END_START;
	set_cell(&record.to, records, target_index(records->snapshot, caller->to_target),
		 caller->to_cell);
	return cov_give(out, &record, sizeof(record));
}
