// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_libcov_records.c - libcov's caller records, news and control flow against the
 * fake kernel, as test_libcov.c does with the rest.
 */
#include <poll.h>
#include <string.h>

#include "libcov_fixture.h"

#define KALLSYMS								\
	"ffffffff81200100 T after_it\n"						\
	"ffffffff81200000 T do_dentry_open\n"					\
	"ffffffff81200041 d not_a_function\n"					\
	"ffffffff81201000 t helper_open\t[other_mod]\n"				\
	"ffffffff81201200 t helper_end\t[other_mod]\n"

static uint32_t recorded(struct cov *cov)
{
	struct cov_attach_options options = COV_INIT(options);
	struct cov_attach_result result = COV_INIT(result);

	options.flags = COV_ATTACH_PATHS;
	assert_int_equal(cov_attach(cov, "toy", &options, &result), 0);
	assert_int_equal(fake_kernel()->last.flags, COV_ATTACH_PATHS);
	return result.target;
}

static struct cov_record record(const struct cov_records *records, size_t i)
{
	struct cov_record out = COV_INIT(out);

	assert_int_equal(cov_records_get(records, i, &out), 0);
	return out;
}

static void callers_have_names_from_inside_and_outside(void **state)
{
	struct cov_records *records;
	struct cov_snapshot *snapshot;
	struct cov_record r;

	recorded(*state);
	put("/proc/kallsyms", KALLSYMS);
	snapshot = taken(*state);
	fake_kernel()->settings.callers_lost = 9;
	assert_int_equal(cov_callers(*state, snapshot, &records), 0);
	assert_int_equal(cov_records_count(records), 4);
	assert_int_equal(cov_records_lost(records), 9);
	r = record(records, 0);
	assert_int_equal(r.from.kind, COV_END_ADDRESS);
	assert_int_equal(r.from.address, FAKE_OUTSIDE);
	assert_string_equal(r.from.symbol, "do_dentry_open");
	assert_string_equal(r.from.module, "vmlinux");
	assert_int_equal(r.from.offset, 0x42);
	assert_int_equal(r.from.t, COV_NONE);
	assert_int_equal(r.to.kind, COV_END_FUNCTION);
	assert_string_equal(r.to.symbol, "toy_main");
	assert_int_equal(r.to.address, FAKE_BASE);
	assert_int_equal(r.count, 5);
	assert_int_equal(r.first_sample, 3);
	assert_int_equal(r.last_sample, 4);
	/* From inside: the snapshot knows. */
	r = record(records, 1);
	assert_int_equal(r.from.kind, COV_END_ADDRESS);
	assert_string_equal(r.from.symbol, "toy_main");
	assert_string_equal(r.from.module, "toy");
	assert_int_equal(r.from.offset, 5);
	assert_int_equal(r.from.function, 0);
	assert_int_equal(r.from.t, 0);
	r = record(records, 2);
	assert_string_equal(r.from.symbol, "helper_open");
	assert_string_equal(r.from.module, "other_mod");
	assert_int_equal(r.from.offset, 0x42);
	cov_records_free(records);
	cov_snapshot_free(snapshot);
	drop("/proc/kallsyms");
}

/* Without the right to read them all addresses are 0; or the file is not there. */
static void callers_without_symbols_are_addresses(void **state)
{
	static const char *const texts[] = {
		NULL, "", "0000000000000000 T do_dentry_open\n", "ffffffff81", "rubbish\n",
		"ffffffff81300000 T behind_it\n",
	};
	struct cov_snapshot *snapshot;
	struct cov_records *records;
	size_t i;

	recorded(*state);
	snapshot = taken(*state);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i])
			put("/proc/kallsyms", texts[i]);
		assert_int_equal(cov_callers(*state, snapshot, &records), 0);
		assert_null(record(records, 0).from.symbol);
		assert_null(record(records, 0).from.module);
		assert_int_equal(record(records, 0).from.address, FAKE_OUTSIDE);
		assert_string_equal(record(records, 1).from.symbol, "toy_main");
		cov_records_free(records);
	}
	cov_snapshot_free(snapshot);
	drop("/proc/kallsyms");
}

static void paths_tell_outcomes_apart(void **state)
{
	struct cov_snapshot *snapshot;
	struct cov_records *records;
	struct cov_record r;

	recorded(*state);
	snapshot = taken(*state);
	assert_int_equal(cov_paths(*state, snapshot, &records), 0);
	assert_int_equal(cov_records_count(records), 6);
	r = record(records, 0);
	assert_int_equal(r.from.kind, COV_END_START);
	assert_int_equal(r.to.kind, COV_END_FUNCTION);
	assert_int_equal(r.to.function, 0);
	r = record(records, 1);
	assert_int_equal(r.from.kind, COV_END_FUNCTION);
	assert_int_equal(r.to.kind, COV_END_OUTCOME);
	assert_int_equal(r.to.index, 0);
	assert_int_equal(r.to.taken, 1);
	assert_int_equal(r.to.function, 0);
	assert_int_equal(r.to.address, FAKE_BASE + r.to.offset);
	r = record(records, 2);
	assert_int_equal(r.to.index, 2);
	assert_int_equal(r.to.taken, 0);
	r = record(records, 4);
	assert_int_equal(r.to.index, 0);
	assert_int_equal(r.to.taken, 0);
	assert_int_equal(r.first_sample, 4);
	errno = 0;
	assert_int_equal(cov_records_get(records, 6, &r), -ERANGE);
	r.size = 0;
	assert_int_equal(cov_records_get(records, 0, &r), -EINVAL);
	cov_records_free(records);
	cov_records_free(NULL);
	cov_snapshot_free(snapshot);
}

static void records_that_contradict_the_tables_are_refused(void **state)
{
	struct cov_snapshot *snapshot;
	struct cov_records *records;

	recorded(*state);
	snapshot = taken(*state);
	fake_kernel()->settings.records_damage = 1;
	assert_int_equal(cov_callers(*state, snapshot, &records), 0);
	cov_records_free(records);
	assert_error(cov_paths(*state, snapshot, &records), EPROTO, "contradict");
	fake_kernel()->settings.records_damage = 2;
	assert_error(cov_callers(*state, snapshot, &records), EPROTO, "contradict");
	fake_kernel()->settings.records_damage = 0;
	fake_kernel()->settings.fail_nr = 0x50;
	fake_kernel()->settings.fail_errno = ENOMEM;
	assert_error(cov_paths(*state, snapshot, &records), ENOMEM, "caller records");
	assert_null(records);
	cov_snapshot_free(snapshot);
}

static void targets_without_the_flag_have_no_records(void **state)
{
	struct cov_snapshot *snapshot;
	struct cov_records *records;

	attached(*state);
	snapshot = taken(*state);
	assert_int_equal(cov_paths(*state, snapshot, &records), 0);
	assert_int_equal(cov_records_count(records), 0);
	cov_records_free(records);
	cov_snapshot_free(snapshot);
}

static void news_are_told_once(void **state)
{
	struct pollfd polled = { .fd = cov_fd(*state), .events = POLLIN };
	struct cov_news_counts counts = COV_INIT(counts);
	struct cov_snapshot *snapshot;
	struct cov_records *records;

	recorded(*state);
	fake_kernel()->settings.new_pairs = 3;
	assert_int_equal(cov_news(*state, &counts), 0);
	assert_int_equal(counts.pairs, 7);
	assert_int_equal(poll(&polled, 1, 0), 1);
	assert_int_equal(cov_news(*state, &counts), 0);
	assert_int_equal(counts.pairs_since, 7);
	assert_int_equal(counts.pairs, 10);
	assert_int_equal(poll(&polled, 1, 0), 0);
	snapshot = taken(*state);
	assert_int_equal(cov_new_pairs(*state, snapshot, &counts, &records), 0);
	assert_int_equal(cov_records_count(records), 3);
	assert_int_equal(record(records, 0).serial, 8);
	assert_int_equal(record(records, 0).from.index, 0);
	assert_int_equal(record(records, 1).from.kind, COV_END_ADDRESS);
	assert_int_equal(record(records, 2).serial, 10);
	cov_records_free(records);
	/* Nothing in between is nothing, also before the first pair. */
	counts.pairs_since = counts.pairs;
	assert_int_equal(cov_new_pairs(*state, snapshot, &counts, &records), 0);
	assert_int_equal(cov_records_count(records), 0);
	cov_records_free(records);
	counts.pairs_since = counts.pairs = 0;
	assert_int_equal(cov_new_pairs(*state, snapshot, &counts, &records), 0);
	assert_int_equal(cov_records_count(records), 0);
	cov_records_free(records);
	counts.size = 1;
	assert_error(cov_new_pairs(*state, snapshot, &counts, &records), EINVAL, "size");
	cov_snapshot_free(snapshot);
}

static void new_pairs_are_those_of_some_counts(void **state)
{
	struct cov_snapshot *snapshot;
	struct cov_records *records;

	recorded(*state);
	snapshot = taken(*state);
	assert_error(cov_new_pairs(*state, snapshot, NULL, &records), EINVAL, "cov_news_counts");
	assert_error(cov_news(*state, NULL), EINVAL, "size");
	cov_snapshot_free(snapshot);
}

static void an_older_livecov_says_what_it_lacks(void **state)
{
	struct cov_attach_options options = COV_INIT(options);
	struct cov_news_counts counts = COV_INIT(counts);
	struct cov_snapshot *snapshot;
	struct cov_records *records;
	struct cov *old;

	attached(*state);
	snapshot = taken(*state);
	fake_kernel()->settings.old = 1;
	assert_int_equal(cov_open(&old), 0);
	options.flags = COV_ATTACH_PATHS;
	assert_int_equal(cov_attach(old, "toy_two", &options, NULL), -EOPNOTSUPP);
	assert_error_text(cov_last_error(old), "records no paths");
	assert_int_equal(cov_paths(old, snapshot, &records), -ENOTTY);
	assert_int_equal(cov_news(old, &counts), -ENOTTY);
	cov_close(old);
	cov_snapshot_free(snapshot);
}

static void with_paths_hits_are_counts(void **state)
{
	struct cov_target_desc target = COV_INIT(target);
	struct cov_snapshot *snapshot;

	recorded(*state);
	snapshot = taken(*state);
	assert_int_equal(cov_snapshot_target(snapshot, 0, &target), 0);
	assert_int_equal(target.counted, 1);
	cov_snapshot_free(snapshot);
}

static void unloaded_modules_have_their_flow(void **state)
{
	struct cov_snapshot *snapshot;
	unsigned int behind, jump;
	struct cov_flow *flow;

	attached(*state);
	fake_kernel()->settings.state = COV_TARGET_GONE;
	snapshot = taken(*state);
	assert_int_equal(cov_flow_open(*state, snapshot, 0, COV_NONE, &flow), 0);
	/* A jump, and a return. */
	assert_int_equal(cov_flow_next(flow, 5, &behind, &jump), 0);
	assert_int_equal(behind, COV_NONE);
	assert_int_equal(jump, 1);
	assert_int_equal(cov_flow_next(flow, 7, &behind, &jump), 0);
	assert_int_equal(behind, COV_NONE);
	assert_int_equal(jump, COV_NONE);
	cov_flow_close(flow);
	cov_snapshot_free(snapshot);
}

static void an_older_livecov_tells_no_flow(void **state)
{
	struct cov_snapshot *snapshot;
	struct cov_flow *flow;
	struct cov *old;

	attached(*state);
	fake_kernel()->settings.old = 5;
	assert_int_equal(cov_open(&old), 0);
	snapshot = taken(old);
	state = (void **)&old;
	assert_error(cov_flow_open(old, snapshot, 0, 0, &flow), EOPNOTSUPP,
		     "does not tell where blocks lead");
	assert_null(flow);
	cov_snapshot_free(snapshot);
	cov_close(old);
}

/* As toy.S has it: branch 0 ends block 0 and goes to 2, branch 1 to the cold part. */
static void flow_leads_from_block_to_block(void **state)
{
	struct cov_snapshot *snapshot;
	unsigned int behind, jump;
	struct cov_flow *flow;

	attached(*state);
	snapshot = taken(*state);
	assert_int_equal(cov_flow_open(*state, snapshot, 0, 0, &flow), 0);
	assert_int_equal(cov_flow_next(flow, 0, &behind, &jump), 0);
	assert_int_equal(behind, 1);
	assert_int_equal(jump, 2);
	assert_int_equal(cov_flow_next(flow, 1, &behind, &jump), 0);
	assert_int_equal(jump, 27);
	/* The cold part jumps back to block 3; it goes with its function. */
	assert_int_equal(cov_flow_next(flow, 27, &behind, &jump), 0);
	assert_int_equal(behind, COV_NONE);
	assert_int_equal(jump, 3);
	/* Another function's were not asked for. */
	assert_int_equal(cov_flow_next(flow, 20, &behind, &jump), 0);
	assert_int_equal(behind, COV_NONE);
	assert_int_equal(cov_flow_next(flow, 28, &behind, &jump), -ERANGE);
	cov_flow_close(flow);
	assert_int_equal(cov_flow_open(*state, snapshot, 0, COV_NONE, &flow), 0);
	assert_int_equal(cov_flow_next(flow, 20, &behind, &jump), 0);
	assert_int_equal(behind, 21);
	assert_int_equal(jump, 23);
	cov_flow_close(flow);
	cov_flow_close(NULL);
	assert_error(cov_flow_open(*state, snapshot, 0, 7, &flow), ERANGE, "no such function");
	assert_error(cov_flow_open(*state, snapshot, 1, 0, &flow), ERANGE, "no such function");
	cov_snapshot_free(snapshot);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(callers_have_names_from_inside_and_outside),
		TEST(callers_without_symbols_are_addresses),
		TEST(paths_tell_outcomes_apart),
		TEST(records_that_contradict_the_tables_are_refused),
		TEST(targets_without_the_flag_have_no_records),
		TEST(news_are_told_once),
		TEST(new_pairs_are_those_of_some_counts),
		TEST(an_older_livecov_says_what_it_lacks),
		TEST(with_paths_hits_are_counts),
		TEST(flow_leads_from_block_to_block),
		TEST(unloaded_modules_have_their_flow),
		TEST(an_older_livecov_tells_no_flow),
	};

	return cmocka_run_group_tests_name("libcov, records", tests, make_tree, remove_tree);
}
