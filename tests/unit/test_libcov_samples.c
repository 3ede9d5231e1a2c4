// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of libcov's tables of samples, on the fake kernel. What toy's functions have
 * to show is in fake_tables.c: toy_main 1 entry, 4 blocks and 4 outcomes (3 of them of
 * jumps not taken), toy_stops 1 entry and 1 block, toy_checks 1 entry, 5 blocks and 4
 * outcomes; of toy_refused 5 places are unknown to everybody.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcov_fixture.h"

#define MAIN	(1U << 0)
#define STOPS	(1U << 4)
#define CHECKS	(1U << 5)
#define COLD	(1U << FAKE_COLD_PART)
#define UNKNOWN	5	/* of toy_refused */

static void add_samples(struct cov *cov, const uint64_t *ids, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		assert_int_equal(cov_register(cov, ids[i]), 0);
}

static void attach_tracked(struct cov *cov)
{
	attached_by(cov, COV_MODE_EDGES, COV_SCOPE_TRACKED, COV_ENGINE_AUTO);
}

static struct cov_sample_table *table_of(struct cov *cov, const uint64_t *ids, size_t count)
{
	struct cov_sample_table *table;

	attach_tracked(cov);
	add_samples(cov, ids, count);
	assert_int_equal(cov_sample_table_take(cov, NULL, &table), 0);
	assert_int_equal(cov_sample_table_count(table), count);
	return table;
}

#define TABLE_OF(cov, ids)	table_of(cov, ids, ARRAY_SIZE(ids))

static struct cov_sample_desc sample(const struct cov_sample_table *table, unsigned int i)
{
	struct cov_sample_desc desc = COV_INIT(desc);

	assert_int_equal(cov_sample_table_get(table, i, &desc), 0);
	return desc;
}

#define assert_counts(n, f, b, o, u) do {	\
	assert_int_equal((n).functions, f);	\
	assert_int_equal((n).blocks, b);	\
	assert_int_equal((n).outcomes, o);	\
	assert_int_equal((n).unknown, u);	\
} while (0)

/* What of toy_refused is unknown of an earlier sample is unknown to be first. */
static void numbers_are_of_each_sample_and_beside_the_others(void **state)
{
	static const uint64_t ids[] = {
		FAKE_SAMPLE(MAIN | FAKE_FELL_THROUGH), FAKE_SAMPLE(MAIN),
		FAKE_SAMPLE(MAIN | STOPS | CHECKS), FAKE_SAMPLE(STOPS),
	};
	struct cov_sample_table *table = TABLE_OF(*state, ids);
	struct cov_sample_desc s;

	s = sample(table, 0);
	assert_true(s.id == ids[0]);
	assert_counts(s.covered, 1, 4, 3, UNKNOWN);
	assert_counts(s.first, 1, 4, 3, UNKNOWN);
	assert_counts(s.alone, 0, 0, 0, UNKNOWN);
	assert_int_equal(s.effective, 1);
	s = sample(table, 1);
	assert_counts(s.covered, 1, 4, 4, UNKNOWN);
	assert_counts(s.first, 0, 0, 1, UNKNOWN);
	assert_counts(s.alone, 0, 0, 0, UNKNOWN);
	assert_int_equal(s.effective, 1);
	s = sample(table, 2);
	assert_counts(s.covered, 3, 10, 8, UNKNOWN);
	assert_counts(s.first, 2, 6, 4, UNKNOWN);
	assert_counts(s.alone, 1, 5, 4, UNKNOWN);
	s = sample(table, 3);
	assert_counts(s.covered, 1, 1, 0, UNKNOWN);
	assert_counts(s.first, 0, 0, 0, UNKNOWN);
	assert_int_equal(s.effective, 0);
	cov_sample_table_free(table);
}

static void cold_parts_are_no_functions_of_their_own(void **state)
{
	static const uint64_t ids[] = { FAKE_SAMPLE(MAIN | COLD), FAKE_SAMPLE(MAIN) };
	struct cov_sample_table *table = TABLE_OF(*state, ids);

	assert_counts(sample(table, 0).covered, 1, 5, 4, UNKNOWN);
	assert_counts(sample(table, 0).alone, 0, 1, 0, UNKNOWN);
	cov_sample_table_free(table);
}

static uint32_t find(const struct cov_sample_table *table, uint64_t id)
{
	unsigned int i = 99;

	assert_int_equal(cov_sample_table_find(table, id, &i), 0);
	return i;
}

/* The fake's toy_main was entered by sample 3 first. */
static void who_entered_first_is_who_livecov_has_noted(void **state)
{
	static const uint64_t ids[] = { 7, 3 };
	struct cov_sample_table *table = TABLE_OF(*state, ids);

	assert_counts(sample(table, find(table, 7)).first, 0, 4, 4, UNKNOWN);
	assert_counts(sample(table, find(table, 3)).first, 1, 0, 0, UNKNOWN);
	assert_int_equal(sample(table, 1).effective, 1);
	cov_sample_table_free(table);
}

/* It came to every branch first, and took none: so the jumps not taken were its. */
static void who_saw_one_outcome_and_came_first_was_first_to_see_it(void **state)
{
	const uint64_t ids[] = { 7, FAKE_SAMPLE(MAIN | FAKE_FELL_THROUGH) };
	struct cov_sample_table *table;

	fake_kernel()->settings.first_branch = ids[1];
	table = TABLE_OF(*state, ids);
	assert_counts(sample(table, 0).first, 1, 4, 1, UNKNOWN);
	assert_counts(sample(table, 1).first, 0, 0, 3, UNKNOWN);
	cov_sample_table_free(table);
}

/* Of the branch that it saw both ways, which was first is not known: the order stands. */
static void who_saw_both_outcomes_may_have_been_first_with_either(void **state)
{
	static const uint64_t ids[] = { FAKE_SAMPLE(MAIN | FAKE_FELL_THROUGH), 7 };
	struct cov_sample_table *table;

	fake_kernel()->settings.first_branch = 7;
	table = TABLE_OF(*state, ids);
	/* toy_j0 fell through: kept; toy_j1 and toy_j2: sample 7 saw nothing else of them. */
	assert_counts(sample(table, 0).first, 1, 4, 1, UNKNOWN);
	assert_counts(sample(table, 1).first, 0, 0, 3, UNKNOWN);
	cov_sample_table_free(table);
}

/* ---- places ------------------------------------------------------------------ */

/* "f0 b0 b1 o0- o0+": kind, index, outcome, and ? for what is unknown. */
static void assert_places(struct cov_places *places, const char *expected)
{
	struct cov_place place = COV_INIT(place);
	char text[512] = "";
	size_t i;

	for (i = 0; !cov_places_get(places, i, &place); i++) {
		char *end = text + strlen(text);

		end += sprintf(end, "%s%c%u", i ? " " : "", " fbo"[place.kind], place.index);
		if (place.kind == COV_PLACE_OUTCOME)
			end += sprintf(end, "%c", place.taken ? '+' : '-');
		if (place.known == COV_UNKNOWN)
			strcpy(end, "?");
	}
	assert_int_equal(i, cov_places_count(places));
	assert_string_equal(text, expected);
	cov_places_free(places);
}

#define REFUSED	"f2? b10? b11? b12? o4+?"

static void places_come_by_function(void **state)
{
	static const uint64_t ids[] = {
		FAKE_SAMPLE(MAIN | FAKE_FELL_THROUGH), FAKE_SAMPLE(MAIN | STOPS),
		FAKE_SAMPLE(CHECKS),
	};
	struct cov_sample_table *table = TABLE_OF(*state, ids);
	struct cov_places *places;

	assert_int_equal(cov_sample_places(table, 0, COV_SAMPLE_COVERED, &places), 0);
	assert_places(places, "f0 b0 b1 b2 b3 o0- o1- o2- " REFUSED);
	assert_int_equal(cov_sample_places(table, 1, COV_SAMPLE_ALONE, &places), 0);
	assert_places(places, "o0+ " REFUSED " f4 b16");
	assert_int_equal(cov_sample_places(table, 2, COV_SAMPLE_FIRST, &places), 0);
	assert_places(places, REFUSED " f5 b19 b20 b21 b22 b23 o7- o8- o8+ o9-");
	assert_int_equal(cov_sample_difference(table, 1, 0, &places), 0);
	assert_places(places, "o0+ " REFUSED " f4 b16");
	assert_int_equal(cov_sample_difference(table, 0, 1, &places), 0);
	assert_places(places, REFUSED);
	assert_int_equal(cov_sample_difference(table, 0, 0, &places), 0);
	assert_places(places, "");
	cov_sample_table_free(table);
}

static unsigned int covers(const struct cov_sample_table *table, unsigned int i,
			   unsigned int kind, unsigned int index, unsigned int taken)
{
	struct cov_place place = COV_INIT(place);
	unsigned int known = 99;

	place.kind = kind;
	place.index = index;
	place.taken = taken;
	assert_int_equal(cov_sample_covers(table, i, &place, &known), 0);
	return known;
}

static void who_covers_a_place(void **state)
{
	static const uint64_t ids[] = { FAKE_SAMPLE(MAIN | FAKE_FELL_THROUGH), FAKE_SAMPLE(STOPS) };
	struct cov_sample_table *table = TABLE_OF(*state, ids);

	assert_int_equal(covers(table, 0, COV_PLACE_FUNCTION, 0, 0), COV_YES);
	assert_int_equal(covers(table, 1, COV_PLACE_FUNCTION, 0, 0), COV_NO);
	assert_int_equal(covers(table, 1, COV_PLACE_FUNCTION, 2, 0), COV_UNKNOWN);
	assert_int_equal(covers(table, 1, COV_PLACE_BLOCK, 16, 0), COV_YES);
	assert_int_equal(covers(table, 0, COV_PLACE_BLOCK, 16, 0), COV_NO);
	assert_int_equal(covers(table, 0, COV_PLACE_OUTCOME, 0, 0), COV_YES);
	assert_int_equal(covers(table, 0, COV_PLACE_OUTCOME, 0, 1), COV_NO);
	cov_sample_table_free(table);
}

static void a_small_set_has_the_coverage_of_all(void **state)
{
	static const uint64_t ids[] = {
		FAKE_SAMPLE(MAIN), FAKE_SAMPLE(STOPS), FAKE_SAMPLE(MAIN | STOPS),
		FAKE_SAMPLE(CHECKS),
	};
	struct cov_sample_table *table = TABLE_OF(*state, ids);
	struct cov_smallest smallest = COV_INIT(smallest);
	unsigned int samples[4];

	assert_int_equal(cov_sample_smallest(table, samples, &smallest), 0);
	assert_int_equal(smallest.count, 2);
	assert_int_equal(smallest.essential, 1);
	assert_int_equal(smallest.at_least, 2);
	assert_int_equal(samples[0], 3);
	assert_int_equal(samples[1], 2);
	cov_sample_table_free(table);
}

static void no_samples_are_a_table_all_the_same(void **state)
{
	struct cov_smallest smallest = COV_INIT(smallest);
	struct cov_sample_table *table;
	unsigned int samples[1];

	attach_tracked(*state);
	assert_int_equal(cov_sample_table_take(*state, "toy", &table), 0);
	assert_int_equal(cov_sample_table_count(table), 0);
	assert_int_equal(cov_sample_smallest(table, samples, &smallest), 0);
	assert_int_equal(smallest.count, 0);
	cov_sample_table_free(table);
	cov_sample_table_free(NULL);
	cov_places_free(NULL);
}

/* ---- targets --------------------------------------------------------------------- */

static void places_belong_to_their_targets(void **state)
{
	struct cov_attach_options tracked = COV_INIT(tracked);
	struct cov_place place = COV_INIT(place);
	struct cov_target_desc target = COV_INIT(target);
	const uint64_t ids[] = { FAKE_SAMPLE(STOPS) };
	struct cov_sample_table *table;
	struct cov_places *places;

	tracked.scope = COV_SCOPE_TRACKED;
	assert_int_equal(cov_attach(*state, "toy_two", &tracked, NULL), 0);
	table = TABLE_OF(*state, ids);
	assert_counts(sample(table, 0).covered, 2, 2, 0, 2 * UNKNOWN);
	assert_int_equal(cov_sample_places(table, 0, COV_SAMPLE_COVERED, &places), 0);
	assert_int_equal(cov_places_count(places), 4 + 2 * UNKNOWN);
	assert_int_equal(cov_places_get(places, cov_places_count(places) - 1, &place), 0);
	assert_int_equal(place.target_index, 1);
	assert_int_equal(place.function, 4);
	assert_int_equal(place.index, 16);
	assert_int_equal(cov_snapshot_target(cov_sample_table_snapshot(table), 1, &target), 0);
	assert_string_equal(target.module, "toy");
	cov_places_free(places);
	cov_sample_table_free(table);
	assert_int_equal(cov_sample_table_take(*state, "toy_two", &table), 0);
	assert_counts(sample(table, 0).covered, 1, 1, 0, UNKNOWN);
	cov_sample_table_free(table);
}

static void only_scope_tracked_has_tables(void **state)
{
	struct cov_attach_options tracked = COV_INIT(tracked);
	struct cov_sample_table *table;

	assert_error(cov_sample_table_take(*state, NULL, &table), ENOENT, "nothing is attached");
	assert_null(table);
	assert_error(cov_sample_table_take(*state, "toy", &table), ENOENT, "covstat attach toy");
	attached(*state);
	assert_error(cov_sample_table_take(*state, NULL, &table), EOPNOTSUPP, "scope all");
	assert_error(cov_sample_table_take(*state, "toy", &table), EOPNOTSUPP, "scope all");
	tracked.scope = COV_SCOPE_TRACKED;
	assert_int_equal(cov_attach(*state, "toy_two", &tracked, NULL), 0);
	assert_int_equal(cov_sample_table_take(*state, NULL, &table), 0);
	assert_int_equal(cov_snapshot_targets(cov_sample_table_snapshot(table)), 1);
	cov_sample_table_free(table);
}

static void a_table_has_what_has_a_level(void **state)
{
	struct cov_attach_options tracked = COV_INIT(tracked);
	struct cov_sample_table *table;

	attached(*state);
	cov_levels(*state, COV_LEVEL(7));
	assert_error(cov_sample_table_take(*state, NULL, &table), EOPNOTSUPP, "scope all");
	tracked.scope = COV_SCOPE_TRACKED;
	tracked.levels = COV_LEVEL(5);
	assert_int_equal(cov_attach(*state, "toy_two", &tracked, NULL), 0);
	assert_error(cov_sample_table_take(*state, NULL, &table), ENOENT,
		     "nothing with scope tracked that is attached has a level that was asked for");
	assert_null(table);
	cov_levels(*state, COV_LEVEL(5) | COV_LEVEL(7));
	assert_int_equal(cov_sample_table_take(*state, NULL, &table), 0);
	assert_int_equal(cov_snapshot_targets(cov_sample_table_snapshot(table)), 1);
	cov_sample_table_free(table);
}

/* Their functions may be an attached module's, and would count twice. */
static void single_checkpoints_are_not_in_the_table(void **state)
{
	struct cov_checkpoint_options options = COV_INIT(options);
	struct cov_sample_table *table;

	options.name = "here";
	options.function = "toy_main";
	options.scope = COV_SCOPE_TRACKED;
	assert_int_equal(cov_checkpoint_add(*state, &options, NULL), 0);
	assert_error(cov_sample_table_take(*state, NULL, &table), ENOENT, "nothing is attached");
	attach_tracked(*state);
	assert_int_equal(cov_sample_table_take(*state, NULL, &table), 0);
	assert_int_equal(cov_snapshot_targets(cov_sample_table_snapshot(table)), 1);
	cov_sample_table_free(table);
}

/* ---- reading ------------------------------------------------------------------------ */

/* Of one target: asked for the sum of all, libcov sets the view itself. */
static uint64_t outcomes_hit(struct cov *cov)
{
	struct cov_totals n = COV_INIT(n);

	assert_int_equal(cov_counts(cov, 1, &n), 0);
	return n.outcomes_hit;
}

/* Whatever read fails. */
static void fail_to_take(struct cov *cov, uint32_t after)
{
	struct fake_settings *settings = &fake_kernel()->settings;
	struct cov_sample_table *table;

	settings->fail_nr = _IOC_NR(COV_IOC_BLOCKS);
	settings->fail_errno = ENOMEM;
	settings->fail_after = after;
	if (!cov_sample_table_take(cov, NULL, &table))
		cov_sample_table_free(table);
	settings->fail_errno = 0;
}

static void the_view_stays_as_it_was(void **state)
{
	const uint64_t ids[] = { 7, FAKE_SAMPLE(STOPS) };
	struct cov_totals all = COV_INIT(all);
	struct cov_sample_table *table;
	uint32_t after;

	attach_tracked(*state);
	add_samples(*state, ids, 2);
	for (after = 0; after < 30; after++) {
		fail_to_take(*state, after);
		assert_int_equal(outcomes_hit(*state), 8);
	}
	assert_int_equal(cov_view(*state, 7), 0);
	assert_int_equal(cov_sample_table_take(*state, NULL, &table), 0);
	assert_int_equal(outcomes_hit(*state), 4);
	/* The snapshot is of all, all the same. */
	assert_int_equal(cov_snapshot_totals(cov_sample_table_snapshot(table), 0, &all), 0);
	assert_int_equal(all.outcomes_hit, 8);
	cov_sample_table_free(table);
	for (after = 0; after < 30; after++) {
		fail_to_take(*state, after);
		assert_int_equal(outcomes_hit(*state), 4);
	}
}

static void tables_that_change_are_read_again(void **state)
{
	const uint64_t ids[] = { 7, FAKE_SAMPLE(STOPS) };
	struct fake_settings *settings = &fake_kernel()->settings;
	struct cov_sample_table *table;
	uint32_t after;

	attach_tracked(*state);
	add_samples(*state, ids, 2);
	for (after = 0; after < 60; after++) {
		settings->changes = 2;
		settings->changes_after = after;
		assert_int_equal(cov_sample_table_take(*state, NULL, &table), 0);
		assert_counts(sample(table, 0).covered, 1, 4, 4, UNKNOWN);
		assert_counts(sample(table, 1).covered, 1, 1, 0, UNKNOWN);
		cov_sample_table_free(table);
	}
	settings->changes = 100000;
	settings->changes_after = 20;
	assert_error(cov_sample_table_take(*state, NULL, &table), EAGAIN, "keeps changing");
	assert_null(table);
}

static void bad_tables_and_old_modules_are_told(void **state)
{
	struct cov_sample_table *table;
	struct cov *old;

	attach_tracked(*state);
	add_samples(*state, &(uint64_t){ 7 }, 1);
	fake_kernel()->settings.damage = 3;
	assert_error(cov_sample_table_take(*state, NULL, &table), EPROTO, "contradict");
	fake_kernel()->settings.damage = 0;
	fake_kernel()->settings.old = 1;
	assert_int_equal(cov_open(&old), 0);
	assert_int_equal(cov_sample_table_take(old, NULL, &table), -ENOTTY);
	assert_error_text(cov_last_error(old),
			  "load the livecov.ko that was built with this libcov");
	cov_close(old);
}

static uint32_t attach_with_paths(struct cov *cov)
{
	struct cov_attach_options options = COV_INIT(options);
	struct cov_attach_result result = COV_INIT(result);

	options.scope = COV_SCOPE_TRACKED;
	options.flags = COV_ATTACH_PATHS;
	assert_int_equal(cov_attach(cov, "toy", &options, &result), 0);
	return result.target;
}

static struct cov_sample_table *table_again(struct cov *cov)
{
	struct cov_sample_table *table;

	assert_int_equal(cov_sample_table_take(cov, NULL, &table), 0);
	return table;
}

/* 3 and 4 have run toy_main alone. Of its 6 paths 3 took 4 first, and 4 the others. */
static void a_sample_that_took_a_new_path_is_effective(void **state)
{
	static const uint64_t ids[] = { 3, 4, 5 };
	static const uint64_t paths[] = { 4, 2, 0 };
	uint32_t target = attach_with_paths(*state);
	struct cov_sample_table *table;
	unsigned int i;

	add_samples(*state, ids, 3);
	table = table_again(*state);
	for (i = 0; i < 3; i++) {
		struct cov_sample_desc s = sample(table, i);

		assert_counts(s.first, !i, i ? 0 : 4, i ? 0 : 4, UNKNOWN);
		assert_int_equal(s.paths_recorded, 1);
		assert_int_equal(s.first_paths, paths[i]);
		assert_int_equal(s.effective, paths[i] > 0);
	}
	cov_sample_table_free(table);
	assert_int_equal(cov_detach(*state, target), 0);
	attach_tracked(*state);
	table = table_again(*state);
	assert_int_equal(sample(table, 0).effective, 1);
	assert_int_equal(sample(table, 1).effective, 0);
	assert_int_equal(sample(table, 1).paths_recorded, 0);
	assert_int_equal(sample(table, 1).first_paths, 0);
	cov_sample_table_free(table);
}

static void paths_that_cannot_be_read_are_told(void **state)
{
	struct cov_sample_table *table;

	attach_with_paths(*state);
	add_samples(*state, &(uint64_t){ 3 }, 1);
	fake_kernel()->settings.records_damage = 2;
	assert_error(cov_sample_table_take(*state, NULL, &table), EPROTO, "contradict");
	assert_null(table);
}

static void bad_arguments_are_refused(void **state)
{
	const uint64_t ids[] = { 7 };
	struct cov_sample_table *table = TABLE_OF(*state, ids);
	struct cov_sample_desc desc = COV_INIT(desc);
	struct cov_smallest smallest = { .size = 0 };
	struct cov_place place = COV_INIT(place);
	struct cov_places *places;
	unsigned int known, i;

	assert_int_equal(cov_sample_table_get(table, 1, &desc), -ERANGE);
	desc.size = 0;
	assert_int_equal(cov_sample_table_get(table, 0, &desc), -EINVAL);
	assert_int_equal(cov_sample_table_find(table, 8, &i), -ENOENT);
	assert_int_equal(cov_sample_places(table, 1, COV_SAMPLE_ALONE, &places), -ERANGE);
	assert_int_equal(cov_sample_places(table, 0, 0, &places), -EINVAL);
	assert_int_equal(cov_sample_places(table, 0, COV_SAMPLE_FIRST + 1, &places), -EINVAL);
	assert_null(places);
	assert_int_equal(cov_sample_difference(table, 0, 1, &places), -ERANGE);
	assert_int_equal(cov_sample_difference(table, 1, 0, &places), -ERANGE);
	assert_int_equal(cov_sample_smallest(table, &i, &smallest), -EINVAL);
	assert_int_equal(cov_sample_covers(table, 0, &place, &known), -EINVAL);
	assert_int_equal(cov_sample_covers(table, 0, NULL, &known), -EINVAL);
	smallest.size = sizeof(smallest);
	assert_int_equal(cov_sample_smallest(table, NULL, &smallest), -EINVAL);
	place.kind = COV_PLACE_OUTCOME;
	place.taken = 2;
	assert_int_equal(cov_sample_covers(table, 0, &place, &known), -ERANGE);
	for (place.kind = COV_PLACE_FUNCTION; place.kind <= COV_PLACE_OUTCOME; place.kind++) {
		place.taken = 0;
		place.index = place.kind == COV_PLACE_FUNCTION ? fake_shape.functions :
			      place.kind == COV_PLACE_BLOCK ? fake_shape.blocks :
							      fake_shape.branches;
		assert_int_equal(cov_sample_covers(table, 0, &place, &known), -ERANGE);
		place.index--;
		assert_int_equal(cov_sample_covers(table, 0, &place, &known), 0);
		place.target_index = 1;
		assert_int_equal(cov_sample_covers(table, 0, &place, &known), -ERANGE);
		place.target_index = 0;
	}
	cov_sample_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(numbers_are_of_each_sample_and_beside_the_others),
		TEST(cold_parts_are_no_functions_of_their_own),
		TEST(who_entered_first_is_who_livecov_has_noted),
		TEST(who_saw_one_outcome_and_came_first_was_first_to_see_it),
		TEST(who_saw_both_outcomes_may_have_been_first_with_either),
		TEST(places_come_by_function),
		TEST(who_covers_a_place),
		TEST(a_small_set_has_the_coverage_of_all),
		TEST(no_samples_are_a_table_all_the_same),
		TEST(places_belong_to_their_targets),
		TEST(only_scope_tracked_has_tables),
		TEST(a_table_has_what_has_a_level),
		TEST(single_checkpoints_are_not_in_the_table),
		TEST(the_view_stays_as_it_was),
		TEST(tables_that_change_are_read_again),
		TEST(bad_tables_and_old_modules_are_told),
		TEST(a_sample_that_took_a_new_path_is_effective),
		TEST(paths_that_cannot_be_read_are_told),
		TEST(bad_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
