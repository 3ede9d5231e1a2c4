// SPDX-License-Identifier: GPL-2.0-only
/*
 * paths.c - caller records: who called, and what came before, exactly and counted.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "module/covlife.h"
#include "paths.h"

/* The engines that record. */
static const unsigned int recording[] = {
	COV_ENGINE_AUTO, COV_ENGINE_BREAKPOINT, COV_ENGINE_KPROBE,
};

void read_records(int fd, struct records *records, struct cov_callers request)
{
	memset(records, 0, sizeof(*records));
	do {
		request.buffer = (uintptr_t)&records->all[records->count];
		request.count = 3;
		EXPECT(records->count + request.count <= RECORDS_MAX);
		CALL(fd, COV_IOC_CALLERS, &request);
		records->count += request.count;
	} while (request.count);
	records->lost = request.lost;
}

void pairs_of(int fd, struct records *records, uint32_t target)
{
	read_records(fd, records, (struct cov_callers){ .target = target });
}

static uint32_t attach_flagged(int fd, unsigned int engine, unsigned int mode,
			       unsigned int scope, uint32_t flags)
{
	struct cov_attach request = attach_request(TARGET);

	need_engine(fd, engine);
	request.engine = engine;
	request.mode = mode;
	request.scope = scope;
	request.flags = flags;
	choose(&request, "covlife_[woe]*");
	attach(fd, &request);
	arm(fd, request.target);
	EXPECT_EQ(target_info(fd, request.target).attach_flags, flags);
	return request.target;
}

uint32_t attach_paths(int fd, unsigned int engine, unsigned int mode, unsigned int scope)
{
	return attach_flagged(fd, engine, mode, scope, COV_ATTACH_PATHS);
}

/* Which outcome of a branch was seen; its cell. */
static uint32_t outcome(const struct cov_target_info *info, uint32_t index,
			const struct cov_branch *branch)
{
	EXPECT(branch->taken_hits != branch->not_taken_hits);
	return info->functions + 2 * index + !!branch->taken_hits;
}

struct cov_branch turn_of_work(int fd, uint32_t target)
{
	struct cov_function work = function_of(fd, target, "covlife_work");
	struct cov_branch branch;

	EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, target, work.first_branch + 1, 1, &branch),
		  1);
	return branch;
}

uint64_t offset_of_turn(int fd)
{
	uint32_t target = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_COUNT,
				      COV_SCOPE_ALL);
	uint64_t offset = turn_of_work(fd, target).offset;

	with_id(fd, COV_IOC_DETACH, target);
	return offset;
}

struct way way_of(int fd, uint32_t target)
{
	struct cov_target_info info = target_info(fd, target);
	struct cov_function work, callee;
	struct way way;
	uint32_t value;

	way.work = find_function(fd, target, "covlife_work", &work);
	way.callee[0] = find_function(fd, target, "covlife_even", &callee);
	way.callee[1] = find_function(fd, target, "covlife_odd", &callee);
	for (value = 0; value < 2; value++) {
		struct cov_branch branches[2];

		poke(COVLIFE_TASK, value);
		EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, target, work.first_branch, 2,
				     branches), 2);
		way.common = outcome(&info, work.first_branch, &branches[0]);
		way.turn[value] = outcome(&info, work.first_branch + 1, &branches[1]);
		with_id(fd, COV_IOC_RESET, target);
	}
	EXPECT(way.turn[0] != way.turn[1]);
	return way;
}

uint64_t came(const struct records *records, uint32_t from, uint32_t to)
{
	uint32_t i;

	for (i = 0; i < records->count; i++) {
		const struct cov_caller *r = &records->all[i];

		if (!r->from_address && r->to_cell == to &&
		    (r->from_target ? r->from_cell : START) == from)
			return r->count;
	}
	return 0;
}

uint64_t called(const struct records *records, uint32_t to)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < records->count; i++)
		if (records->all[i].from_address && records->all[i].to_cell == to)
			sum += records->all[i].count;
	return sum;
}

uint32_t nr_paths(const struct records *records)
{
	uint32_t i, n = 0;

	for (i = 0; i < records->count; i++)
		n += !records->all[i].from_address;
	return n;
}

void poke_as_sample(void *values)
{
	int fd = control_open();
	unsigned long *value;

	track_as(fd, SAMPLE);
	for (value = values; *value; value++)
		poke(COVLIFE_TASK, *value);
}

/* --- exact ---------------------------------------------------------------------------- */

static void expect_two_odd_and_one_even(const struct records *records, const struct way *way)
{
	EXPECT_EQ(came(records, START, way->work), 1);
	EXPECT_EQ(came(records, way->work, way->common), 3);
	EXPECT_EQ(came(records, way->common, way->turn[1]), 2);
	EXPECT_EQ(came(records, way->common, way->turn[0]), 1);
	EXPECT_EQ(came(records, way->turn[1], way->callee[1]), 2);
	EXPECT_EQ(came(records, way->turn[0], way->callee[0]), 1);
	EXPECT_EQ(came(records, way->callee[1], way->work), 2);
	/* And nothing else. */
	EXPECT_EQ(nr_paths(records), 7);
	EXPECT_EQ(called(records, way->work), 3);
	EXPECT_EQ(called(records, way->callee[1]), 2);
	EXPECT_EQ(called(records, way->callee[0]), 1);
	EXPECT_EQ(records->lost, 0);
}

static void expect_samples(const struct records *records, uint32_t target)
{
	uint32_t i, k;

	for (i = 0; i < records->count; i++) {
		const struct cov_caller *r = &records->all[i];

		EXPECT_EQ(r->to_target, target);
		EXPECT_EQ(r->first_sample, SAMPLE);
		EXPECT_EQ(r->last_sample, SAMPLE);
		EXPECT(!r->from_address || r->from_address >> 31 == 0x1ffffffff);
		for (k = 0; k < i; k++)
			EXPECT(records->all[k].serial != r->serial);
	}
}

static void every_engine_and_mode_records_exactly_what_was_passed(void)
{
	static const unsigned int modes[] = { COV_MODE_EDGES, COV_MODE_COUNT };
	unsigned long values[] = { 1, 1, 2, 0 };
	int fd = control_open(), scope;
	struct records records;
	size_t i, m;

	for (i = 0; i < ARRAY_SIZE(recording); i++)
		for (m = 0; m < ARRAY_SIZE(modes); m++)
			for (scope = COV_SCOPE_TRACKED; scope <= COV_SCOPE_ALL; scope++) {
				struct work_counts counts;
				uint32_t target;
				struct way way;

				test_case("engine %s, mode %u, scope %d",
					  engine_name(recording[i]), modes[m], scope);
				track_as(fd, SAMPLE + 1);
				target = attach_paths(fd, recording[i], modes[m], scope);
				way = way_of(fd, target);
				CALL(fd, COV_IOC_UNREGISTER, NULL);
				finish(start(poke_as_sample, values));
				pairs_of(fd, &records, target);
				expect_two_odd_and_one_even(&records, &way);
				expect_samples(&records, target);
				/* Hits are counts, in mode edges as well. */
				counts = work_counts(fd, target);
				expect_work(&counts, 2, 1);
				with_id(fd, COV_IOC_DETACH, target);
				pairs_of(fd, &records, 0);
				EXPECT_EQ(records.count, 0);
			}
}

static void paths_leave_detours_out(void)
{
	int fd = control_open();
	uint32_t target;

	need_engine(fd, COV_ENGINE_DETOUR);
	target = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	EXPECT(engines_of(fd, target).sites[COV_ENGINE_DETOUR] > 0);
	with_id(fd, COV_IOC_DETACH, target);
	target = attach_paths(fd, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	EXPECT_EQ(engines_of(fd, target).sites[COV_ENGINE_DETOUR], 0);
	EXPECT(engines_of(fd, target).sites[COV_ENGINE_BREAKPOINT] > 0);
	EXPECT(engines_of(fd, target).sites[COV_ENGINE_ENTRY] > 0);
}

static void without_the_flag_fast_engines_record_nothing(void)
{
	static const unsigned int fast[] = {
		COV_ENGINE_AUTO, COV_ENGINE_BREAKPOINT, COV_ENGINE_DETOUR,
	};
	int fd = control_open();
	struct records records;
	size_t i;

	/* Where there are kprobes alone, they are what auto takes: they always record callers. */
	need_engine(fd, COV_ENGINE_DETOUR);
	track_as(fd, SAMPLE);
	for (i = 0; i < ARRAY_SIZE(fast); i++) {
		uint32_t target = attach_with(fd, TARGET, "covlife_[woe]*", fast[i],
					      COV_MODE_COUNT, COV_SCOPE_TRACKED);

		poke(COVLIFE_TASK, 1);
		EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 1);
		pairs_of(fd, &records, 0);
		EXPECT_EQ(records.count, 0);
		with_id(fd, COV_IOC_DETACH, target);
	}
}

/* --- whose ---------------------------------------------------------------------------- */

static void callers_of_untracked_code_are_known_but_no_paths(void)
{
	static const unsigned int everywhere[] = {
		COVLIFE_TASK, COVLIFE_IRQ, COVLIFE_SOFTIRQ, COVLIFE_KTHREAD,
	};
	int fd = control_open();
	struct records records;
	uint32_t target;
	struct way way;
	size_t i;

	target = attach_paths(fd, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	way = way_of(fd, target);
	for (i = 0; i < ARRAY_SIZE(everywhere); i++)
		poke(everywhere[i], 1);
	pairs_of(fd, &records, target);
	EXPECT_EQ(called(&records, way.work), ARRAY_SIZE(everywhere));
	EXPECT_EQ(called(&records, way.callee[1]), ARRAY_SIZE(everywhere));
	EXPECT_EQ(nr_paths(&records), 0);
	for (i = 0; i < records.count; i++)
		EXPECT_EQ(records.all[i].first_sample, 0);
	/* Four contexts, four callers. */
	for (i = 0; i < records.count; i++)
		if (records.all[i].to_cell == way.work)
			EXPECT_EQ(records.all[i].count, 1);
}

static void scope_tracked_records_task_context_alone(void)
{
	int fd = control_open();
	struct records records;
	uint32_t target;

	target = attach_paths(fd, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_TRACKED);
	track_as(fd, SAMPLE);
	poke(COVLIFE_IRQ, 1);
	poke(COVLIFE_SOFTIRQ, 1);
	poke(COVLIFE_KTHREAD, 1);
	pairs_of(fd, &records, target);
	EXPECT_EQ(records.count, 0);
	poke(COVLIFE_TASK, 1);
	pairs_of(fd, &records, target);
	EXPECT_EQ(nr_paths(&records), 4);
}

/* --- under load ------------------------------------------------------------------------- */

#define CALLS	(2 * rounds(10000))

static void make_calls(void *cpu)
{
	int device = MUST(open("/dev/covlife", O_RDWR | O_CLOEXEC));

	pin(*(int *)cpu);
	MUST(ioctl(device, COVLIFE_LOOP, CALLS));
	close(device);
}

static void records_are_exact_on_both_cpus(void)
{
	const uint64_t calls = 2ULL * CALLS;
	int fd = control_open(), cpu;
	struct records records;
	uint32_t target;
	struct way way;
	pid_t pids[2];

	track_as(fd, SAMPLE);
	target = attach_paths(fd, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	way = way_of(fd, target);
	for (cpu = 0; cpu < 2; cpu++)
		pids[cpu] = start(make_calls, &cpu);
	for (cpu = 0; cpu < 2; cpu++)
		finish(pids[cpu]);
	pairs_of(fd, &records, target);
	EXPECT_EQ(called(&records, way.work), calls);
	EXPECT_EQ(came(&records, way.work, way.common), calls);
	EXPECT_EQ(came(&records, way.turn[0], way.callee[0]), calls / 2);
	EXPECT_EQ(came(&records, way.turn[1], way.callee[1]), calls / 2);
	/* Each process begins with 0, and ends with an odd number. */
	EXPECT_EQ(came(&records, START, way.work), 2);
	EXPECT_EQ(came(&records, way.callee[0], way.work), calls / 2);
	EXPECT_EQ(came(&records, way.callee[1], way.work), calls / 2 - 2);
	EXPECT_EQ(records.lost, 0);
}

/* Four checkpoints a call, of which two are entries and have a caller as well. */
static void full_table_counts_what_it_loses(void)
{
	int fd, i, n = 10;
	struct records records;
	uint64_t sum = 0;
	uint32_t target;

	unload("livecov");
	load(LIVECOV_FILE, "max_callers=1");
	fd = control_open();
	track_as(fd, SAMPLE);
	target = attach_paths(fd, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_TRACKED);
	for (i = 0; i < n; i++)
		poke(COVLIFE_TASK, i);
	pairs_of(fd, &records, target);
	EXPECT(records.count >= 1 && records.count <= 2);
	for (i = 0; i < (int)records.count; i++)
		sum += records.all[i].count;
	EXPECT(records.lost > 0);
	EXPECT_EQ(sum + records.lost, 6 * n);
	EXPECT_EQ(livecov_status(fd).callers_lost, records.lost);
	close(fd);
	unload("livecov");
}

/* --- beside return probes, which put the kernel's trampoline where callers are read ---------- */

/*
 * The caller of the function that covlife_work() ends in: with a jump, so that it returns
 * to where covlife_work() would.
 */
static uint64_t caller_of_odd(int fd, uint32_t target)
{
	struct cov_function odd;
	struct records records;
	uint64_t caller = 0;
	uint32_t i, cell;

	with_id(fd, COV_IOC_RESET, target);
	poke(COVLIFE_TASK, 1);
	pairs_of(fd, &records, target);
	cell = find_function(fd, target, "covlife_odd", &odd);
	EXPECT_EQ(called(&records, cell), 1);
	for (i = 0; i < records.count; i++)
		if (records.all[i].to_cell == cell && records.all[i].from_address)
			caller = records.all[i].from_address;
	return caller;
}

static uint64_t caller_without_return_probes(int fd)
{
	uint32_t target = attach_paths(fd, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	uint64_t caller = caller_of_odd(fd, target);

	with_id(fd, COV_IOC_DETACH, target);
	return caller;
}

static void returns_of_a_trace_leave_its_callers_as_they_are(void)
{
	struct cov_trace trace = { .size = COV_TRACE_CHUNK, .tasks = 1 };
	int fd = control_open();
	uint64_t caller = caller_without_return_probes(fd);
	size_t i;

	track_as(fd, SAMPLE);
	CALL(fd, COV_IOC_TRACE, &trace);
	for (i = 0; i < ARRAY_SIZE(recording); i++) {
		uint32_t target = attach_flagged(fd, recording[i], COV_MODE_TRACE,
						 COV_SCOPE_TRACKED,
						 COV_ATTACH_PATHS | COV_ATTACH_RETURNS);

		test_case("engine %s", engine_name(recording[i]));
		EXPECT_EQ(caller_of_odd(fd, target), caller);
		with_id(fd, COV_IOC_DETACH, target);
	}
}

/* Two on one function, of which one finds what the other has put there; and one before it. */
static void probe_returns(void)
{
	EXPECT_EQ(kprobe_event("r:covpaths/work covlife:covlife_work\n"), 0);
	EXPECT_EQ(kprobe_event("r:covpaths/odd covlife:covlife_odd\n"), 0);
	EXPECT_EQ(kprobe_event("r:covpaths/odd_too covlife:covlife_odd\n"), 0);
	write_file(TRACEFS "events/covpaths/enable", "1");
}

static void probe_no_returns(void)
{
	write_file(TRACEFS "events/covpaths/enable", "0");
	EXPECT_EQ(kprobe_event("-:covpaths/work\n"), 0);
	EXPECT_EQ(kprobe_event("-:covpaths/odd\n"), 0);
	EXPECT_EQ(kprobe_event("-:covpaths/odd_too\n"), 0);
}

static void return_probes_of_others_leave_callers_as_they_are(void)
{
	int fd = control_open();
	uint64_t caller = caller_without_return_probes(fd);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(recording); i++) {
		uint32_t target = attach_paths(fd, recording[i], COV_MODE_EDGES, COV_SCOPE_ALL);

		test_case("engine %s", engine_name(recording[i]));
		probe_returns();
		EXPECT_EQ(caller_of_odd(fd, target), caller);
		probe_no_returns();
		with_id(fd, COV_IOC_DETACH, target);
	}
}

/* --- hostile arguments --------------------------------------------------------------------- */

static void bad_callers_arguments_are_refused(void)
{
	struct cov_caller room[4];
	const struct cov_callers good = { .buffer = (uintptr_t)room, .count = 4 };
	struct cov_callers bad;
	int fd = control_open();
	uint32_t target;

	track_as(fd, SAMPLE);
	target = attach_paths(fd, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	poke(COVLIFE_TASK, 1);
	bad = good;
	bad.count = 0;
	FAILS(fd, COV_IOC_CALLERS, &bad, EINVAL);
	bad.count = COV_RANGE_MAX + 1;
	FAILS(fd, COV_IOC_CALLERS, &bad, EINVAL);
	bad = good;
	bad.cursor = 1ULL << 32;
	FAILS(fd, COV_IOC_CALLERS, &bad, EINVAL);
	bad = good;
	bad.target = target + 1;
	FAILS(fd, COV_IOC_CALLERS, &bad, ENOENT);
	bad = good;
	bad.buffer = KERNEL_ADDRESS;
	FAILS(fd, COV_IOC_CALLERS, &bad, EFAULT);
	FAILS(fd, COV_IOC_CALLERS, before_hole(sizeof(bad) - 8), EFAULT);
	/* Any other cursor is one, if only that of the end. */
	bad = good;
	bad.cursor = UINT32_MAX;
	CALL(fd, COV_IOC_CALLERS, &bad);
	EXPECT_EQ(bad.count, 0);
	/* More room than there are records. */
	bad = good;
	bad.count = COV_RANGE_MAX;
	bad.target = target;
	bad.buffer = (uintptr_t)shared_memory(RECORDS_MAX * sizeof(struct cov_caller));
	CALL(fd, COV_IOC_CALLERS, &bad);
	EXPECT(bad.count > 4);
}

static void bad_flags_and_engines_are_refused(void)
{
	struct cov_attach request = attach_request(TARGET);
	int fd = control_open();

	request.flags = 1U << 31 | COV_ATTACH_PATHS;
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
	need_engine(fd, COV_ENGINE_DETOUR);
	request.flags = COV_ATTACH_PATHS;
	request.engine = COV_ENGINE_DETOUR;
	FAILS(fd, COV_IOC_ATTACH, &request, EOPNOTSUPP);
}

static const struct test tests[] = {
	TEST(every_engine_and_mode_records_exactly_what_was_passed),
	TEST(paths_leave_detours_out),
	TEST(without_the_flag_fast_engines_record_nothing),
	TEST(callers_of_untracked_code_are_known_but_no_paths),
	TEST(scope_tracked_records_task_context_alone),
	TEST(records_are_exact_on_both_cpus),
	TEST(full_table_counts_what_it_loses),
	TEST(returns_of_a_trace_leave_its_callers_as_they_are),
	TEST(return_probes_of_others_leave_callers_as_they_are),
	TEST(bad_callers_arguments_are_refused),
	TEST(bad_flags_and_engines_are_refused),
};

int main(int argc, char **argv)
{
	const struct test_group groups[] = {
		TEST_GROUP(tests), paths_news, paths_by_hand, paths_yield,
	};

	return suite_main(groups, ARRAY_SIZE(groups), argc, argv);
}
