// SPDX-License-Identifier: GPL-2.0-only
/*
 * engines.c - what armed a target's sites, and why branches have no detour: as text and
 * as JSON.
 */
#include <json-c/json.h>
#include <string.h>

#include "covstat.h"

/* The fastest first; the words follow a number of branches. */
static const struct {
	const char *key;
	unsigned int why;
	const char *words;
} reasons[] = {
	{ "unsure", COV_WHY_UNSURE, "in functions that may have unknown edges into them" },
	{ "short", COV_WHY_SHORT, "with too few movable instructions next to them" },
	{ "reserved", COV_WHY_RESERVED, "whose bytes or adjacent ones belong to another user" },
	{ "other", COV_WHY_OTHER, "for other reasons" },
};

static const unsigned int shown[] = {
	COV_ENGINE_DETOUR, COV_ENGINE_ENTRY, COV_ENGINE_BREAKPOINT, COV_ENGINE_KPROBE,
};

bool engines_of(struct cov *cov, uint32_t target, struct target_engines *engines)
{
	engines->counts = (struct cov_engine_counts)COV_INIT(engines->counts);
	engines->known = !cov_engines(cov, target, &engines->counts);
	return engines->known;
}

uint64_t engines_sites(const struct target_engines *engines)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shown); i++)
		sum += engines->counts.sites[shown[i]];
	return sum;
}

void engines_print(const struct target_engines *engines)
{
	char buffer[GROUPED_LEN];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shown); i++)
		printf("%s%s %s", i ? ", " : "", grouped(buffer, engines->counts.sites[shown[i]]),
		       engine_name(shown[i]));
}

void engines_print_no_detour(const char *module, unsigned int engine,
			     const struct target_engines *engines)
{
	char buffer[GROUPED_LEN];
	uint64_t all = 0;
	const char *gap = ": ";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		all += engines->counts.why[reasons[i].why];
	/* Whoever requested another engine knows that there are no detours. */
	if (!engines->known || !all ||
	    (engine != COV_ENGINE_AUTO && engine != COV_ENGINE_DETOUR))
		return;
	printf("%s: %s branch%s without a detour", module, grouped(buffer, all),
	       all == 1 ? "" : "es");
	for (i = 0; i < ARRAY_SIZE(reasons); i++) {
		uint32_t count = engines->counts.why[reasons[i].why];

		if (!count)
			continue;
		printf("%s%s %s", gap, grouped(buffer, count), reasons[i].words);
		gap = ", ";
	}
	putchar('\n');
}

void engines_json(struct json_object *to, const struct target_engines *engines)
{
	struct json_object *object;
	size_t i;

	if (!engines->known) {
		json_add_null(to, "engines");
		json_add_null(to, "no_detour");
		return;
	}
	object = json_add_object(to, "engines");
	for (i = 0; i < ARRAY_SIZE(shown); i++)
		json_add_number(object, engine_name(shown[i]), engines->counts.sites[shown[i]]);
	object = json_add_object(to, "no_detour");
	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		json_add_number(object, reasons[i].key, engines->counts.why[reasons[i].why]);
}
