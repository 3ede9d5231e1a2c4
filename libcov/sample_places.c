// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sample_places.c - queries about samples: which places, which samples cover one, which
 * small set of samples is enough. Works on a struct cov_sample_table; owns struct
 * cov_places. May call cov.c, sample_table.c and known_sets.c.
 */
#include <stdlib.h>

#include "internal.h"

struct cov_places {
	struct cov_place *entries;
	size_t count;
	size_t room;
};

COV_PUBLIC void cov_places_free(struct cov_places *places)
{
	if (!places)
		return;
	free(places->entries);
	free(places);
}

/* ---- from bits to places -------------------------------------------------- */

static uint32_t bit_of(const struct cov_sample_table *table, const struct cov_place *place)
{
	const uint32_t *first_bit = table->first_bit[place->target_index];

	switch (place->kind) {
	case COV_PLACE_FUNCTION:
		return first_bit[KIND_FUNCTION] + place->index;
	case COV_PLACE_BLOCK:
		return first_bit[KIND_BLOCK] + place->index;
	default:
		return first_bit[KIND_OUTCOME] + 2 * place->index + place->taken;
	}
}

/* The list, and the data it is built from. */
struct listing {
	const struct cov_sample_table *table;
	const struct known_set *set;
	struct cov_places *places;
};

/* Add the place if the set has it. */
static int list_place(const struct listing *listing, struct cov_place place)
{
	struct cov_places *places = listing->places;

	place.size = sizeof(place);
	place.known = known_set_get(listing->set, bit_of(listing->table, &place));
	if (place.known == COV_NO)
		return 0;
	if (places->count == places->room) {
		size_t room = places->room ? 2 * places->room : 256;
		struct cov_place *grown = realloc(places->entries, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		places->entries = grown;
		places->room = room;
	}
	places->entries[places->count++] = place;
	return 0;
}

static int list_function(const struct listing *listing, unsigned int t, uint32_t function)
{
	const struct cov_function *f =
		&listing->table->snapshot->targets[t].functions[function];
	struct cov_place place = { .target_index = t, .function = function, .index = function };
	uint32_t i;
	int ret;

	place.kind = COV_PLACE_FUNCTION;
	ret = list_place(listing, place);
	place.kind = COV_PLACE_BLOCK;
	for (i = 0; !ret && i < f->blocks; i++) {
		place.index = f->first_block + i;
		ret = list_place(listing, place);
	}
	place.kind = COV_PLACE_OUTCOME;
	for (i = 0; !ret && i < 2 * f->branches; i++) {
		place.index = f->first_branch + i / 2;
		place.taken = i % 2;
		ret = list_place(listing, place);
	}
	return ret;
}

static int list_set(const struct cov_sample_table *table, const struct known_set *set,
		    struct cov_places **places)
{
	struct listing listing = { .table = table, .set = set };
	unsigned int t;
	uint32_t i;
	int ret = 0;

	listing.places = calloc(1, sizeof(*listing.places));
	if (!listing.places)
		return -ENOMEM;
	for (t = 0; t < table->snapshot->count; t++)
		for (i = 0; !ret && i < table->snapshot->targets[t].info.functions; i++)
			ret = list_function(&listing, t, i);
	if (ret)
		cov_places_free(listing.places);
	else
		*places = listing.places;
	return ret;
}

/* ---- which places ----------------------------------------------------------- */

static int first_of(const struct cov_sample_table *table, unsigned int sample,
		    struct known_set *set)
{
	struct known_set earlier;

	if (cov_sample_earlier(table, sample, &earlier))
		return -ENOMEM;
	known_sets_first(&table->sets, sample, &earlier, set);
	known_set_free(&earlier);
	return 0;
}

static int work_out(const struct cov_sample_table *table, unsigned int sample,
		    unsigned int which, struct known_set *set)
{
	struct known_set row = known_sets_row(&table->sets, sample);

	switch (which) {
	case COV_SAMPLE_COVERED:
		known_set_add(set, &row, table->sets.words);
		return 0;
	case COV_SAMPLE_ALONE:
		known_sets_alone(&table->sets, sample, set);
		return 0;
	case COV_SAMPLE_FIRST:
		return first_of(table, sample, set);
	default:
		return -EINVAL;
	}
}

COV_PUBLIC int cov_sample_places(const struct cov_sample_table *table, unsigned int sample,
				 unsigned int which, struct cov_places **places)
{
	struct known_set set;
	int ret;

	*places = NULL;
	if (sample >= table->count)
		return cov_set_errno(ERANGE);
	if (known_set_init(&set, table->sets.words))
		return cov_set_errno(ENOMEM);
	ret = work_out(table, sample, which, &set);
	if (!ret)
		ret = list_set(table, &set, places);
	known_set_free(&set);
	return ret ? cov_set_errno(-ret) : 0;
}

COV_PUBLIC int cov_sample_difference(const struct cov_sample_table *table, unsigned int sample,
				     unsigned int without, struct cov_places **places)
{
	struct known_set set, one, other;
	int ret;

	*places = NULL;
	if (sample >= table->count || without >= table->count)
		return cov_set_errno(ERANGE);
	if (known_set_init(&set, table->sets.words))
		return cov_set_errno(ENOMEM);
	one = known_sets_row(&table->sets, sample);
	other = known_sets_row(&table->sets, without);
	/* What may be covered by one may be missing in another, but not in itself. */
	if (sample != without)
		known_set_minus(&set, &one, &other, table->sets.words);
	ret = list_set(table, &set, places);
	known_set_free(&set);
	return ret ? cov_set_errno(-ret) : 0;
}

COV_PUBLIC size_t cov_places_count(const struct cov_places *places)
{
	return places->count;
}

COV_PUBLIC int cov_places_get(const struct cov_places *places, size_t i, struct cov_place *out)
{
	struct cov_place place;

	if (i >= places->count)
		return cov_set_errno(ERANGE);
	place = places->entries[i];
	return cov_give(out, &place, sizeof(place));
}

/* ---- which samples cover a place ---------------------------------------------- */

static int check_place(const struct cov_sample_table *table, const struct cov_place *place)
{
	const struct cov_target_info *info;

	if (place->target_index >= table->snapshot->count)
		return -ERANGE;
	info = &table->snapshot->targets[place->target_index].info;
	switch (place->kind) {
	case COV_PLACE_FUNCTION:
		return place->index < info->functions ? 0 : -ERANGE;
	case COV_PLACE_BLOCK:
		return place->index < info->blocks ? 0 : -ERANGE;
	case COV_PLACE_OUTCOME:
		return place->index < info->branches && place->taken < 2 ? 0 : -ERANGE;
	default:
		return -EINVAL;
	}
}

COV_PUBLIC int cov_sample_covers(const struct cov_sample_table *table, unsigned int sample,
				 const struct cov_place *theirs, unsigned int *known)
{
	struct cov_place place;
	struct known_set row;
	int ret;

	if (sample >= table->count)
		return cov_set_errno(ERANGE);
	ret = cov_take(&place, sizeof(place), theirs) ? -EINVAL : check_place(table, &place);
	if (ret)
		return cov_set_errno(-ret);
	row = known_sets_row(&table->sets, sample);
	*known = known_set_get(&row, bit_of(table, &place));
	return 0;
}

/* ---- which samples are enough ------------------------------------------------- */

COV_PUBLIC int cov_sample_smallest(const struct cov_sample_table *table, unsigned int *samples,
				   struct cov_smallest *out)
{
	struct known_cover cover = { .rows = samples };
	struct cov_smallest ours;

	if (!samples && table->count)
		return cov_set_errno(EINVAL);
	if (known_cover(&table->sets, &cover))
		return cov_set_errno(ENOMEM);
	ours = (struct cov_smallest){
		.count = cover.count,
		.essential = cover.essential,
		.at_least = cover.at_least,
	};
	return cov_give(out, &ours, sizeof(ours));
}
