// SPDX-License-Identifier: GPL-2.0-only
/*
 * engines_islands.c - short jumps whose detours go through an island (module/region.h): they
 * are counted exactly, who runs the island's own instructions runs all of them, and others
 * may want a byte of either.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engines.h"

#define PROBE	"covislands/sitting"

/* --- calls ------------------------------------------------------------------------------ */

/* What has been seen of a function's two jumps: not taken, taken. */
struct ways {
	uint64_t first[2], second[2];
};

static struct ways ways_of(int fd, uint32_t target, const char *name)
{
	struct cov_function function = function_of(fd, target, name);
	struct cov_branch branches[2];

	EXPECT_EQ(function.branches, 2);
	EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, target, function.first_branch, 2, branches), 2);
	return (struct ways){
		{ branches[0].not_taken_hits, branches[0].taken_hits },
		{ branches[1].not_taken_hits, branches[1].taken_hits },
	};
}

static void expect_ways(const struct ways *ways, uint64_t first_not, uint64_t first,
			uint64_t second_not, uint64_t second)
{
	EXPECT_EQ(ways->first[0], first_not);
	EXPECT_EQ(ways->first[1], first);
	EXPECT_EQ(ways->second[0], second_not);
	EXPECT_EQ(ways->second[1], second);
}

/* Through the island @rounds times, and once more through its jump. */
static void go_round(int device, uint64_t rounds)
{
	EXPECT_EQ(covt(device, COVT_FN_island, rounds, 5, 7), 26 + 10 * rounds);
}

/* Up to 255 times through the jump behind a call, and through its island. */
static void call_down(int device, uint64_t calls)
{
	EXPECT_EQ(covt(device, COVT_FN_after_call, 1, calls, 0),
		  1 + 10 * calls + calls * (calls + 1) / 2);
}

#define ROUNDS	6	/* in a call */

static void call_both(void *cpu)
{
	unsigned int i, n = rounds(400);
	int device = covt_open();

	pin(*(int *)cpu);
	for (i = 0; i < n; i++) {
		go_round(device, ROUNDS);
		call_down(device, ROUNDS);
		if (i % 16 == 0)
			sched_yield();
	}
}

/* From both CPUs. Return: how often each function is called in all. */
static uint64_t call_on_both_cpus(void)
{
	pid_t pids[2];
	int cpu;

	for (cpu = 0; cpu < 2; cpu++)
		pids[cpu] = start(call_both, &cpu);
	for (cpu = 0; cpu < 2; cpu++)
		finish(pids[cpu]);
	return 2 * rounds(400);
}

/* --- counts ------------------------------------------------------------------------------- */

static const char functions[] = "covt_island\0covt_after_call";

/* Both functions, whose jumps must all have detours. */
static uint32_t attach_islands(int fd, unsigned int engine, unsigned int mode, unsigned int scope)
{
	struct cov_attach request = attach_request(COEXIST_TARGET);
	struct cov_engines engines;
	uint32_t target;

	need_engine(fd, engine);
	close(covt_open());
	request.engine = engine;
	request.mode = mode;
	request.scope = scope;
	request.globs = (uintptr_t)functions;
	request.globs_len = sizeof(functions);
	target = attach(fd, &request);
	arm(fd, target);
	engines = engines_of(fd, target);
	EXPECT_EQ(target_info(fd, target).branches, 4);
	EXPECT(engines.sites[COV_ENGINE_DETOUR] >= 4);
	EXPECT_EQ(engines.why[COV_WHY_OTHER] + engines.why[COV_WHY_UNSURE] +
		  engines.why[COV_WHY_SHORT] + engines.why[COV_WHY_RESERVED], 0);
	return target;
}

/* The first jump of each has one. Under load it may have settled in mode edges, scope all. */
static void expect_islands(int fd, uint32_t target)
{
	island_of(fd, target, "covt_island");
	island_of(fd, target, "covt_after_call");
}

static void count_islands(unsigned int engine, unsigned int scope)
{
	int fd = control_open(), device = covt_open();
	uint32_t target;
	struct ways ways;
	uint64_t calls;

	test_case("engine %s, scope %u", engine_name(engine), scope);
	target = attach_islands(fd, engine, COV_MODE_COUNT, scope);
	expect_islands(fd, target);
	track_as(fd, 131);
	calls = call_on_both_cpus();
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	if (scope == COV_SCOPE_TRACKED)
		go_round(device, ROUNDS);
	ways = ways_of(fd, target, "covt_island");
	expect_ways(&ways, calls, ROUNDS * calls, calls, 2 * calls);
	/* It ends by its second jump, before the first one falls through. */
	ways = ways_of(fd, target, "covt_after_call");
	expect_ways(&ways, 0, ROUNDS * calls, calls, (ROUNDS - 1) * calls);
	EXPECT_EQ(target_info(fd, target).missed, 0);
	with_id(fd, COV_IOC_DETACH, target);
	close(device);
	close(fd);
}

static void short_jumps_with_islands_are_counted_exactly(void)
{
	static const unsigned int engines[] = { COV_ENGINE_DETOUR, COV_ENGINE_AUTO };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		count_islands(engines[i], COV_SCOPE_ALL);
		count_islands(engines[i], COV_SCOPE_TRACKED);
	}
}

/* In mode edges a number is no more than nonzero. */
static void expect_outcomes(int fd, uint32_t target, const char *name, bool first_not, bool first,
			    bool second_not, bool second)
{
	struct ways ways = ways_of(fd, target, name);

	EXPECT_EQ(ways.first[0] > 0, first_not);
	EXPECT_EQ(ways.first[1] > 0, first);
	EXPECT_EQ(ways.second[0] > 0, second_not);
	EXPECT_EQ(ways.second[1] > 0, second);
}

static void each_outcome_of_a_short_jump_with_an_island_is_seen(void)
{
	int fd = control_open(), device = covt_open(), scope;

	track_as(fd, 132);
	for (scope = COV_SCOPE_TRACKED; scope <= COV_SCOPE_ALL; scope++) {
		uint32_t target = attach_islands(fd, COV_ENGINE_DETOUR, COV_MODE_EDGES, scope);

		test_case("scope %d", scope);
		expect_islands(fd, target);
		expect_outcomes(fd, target, "covt_after_call", false, false, false, false);
		go_round(device, 0);
		expect_outcomes(fd, target, "covt_island", true, false, true, true);
		go_round(device, 1);
		expect_outcomes(fd, target, "covt_island", true, true, true, true);
		call_down(device, 1);
		expect_outcomes(fd, target, "covt_after_call", false, true, true, false);
		call_down(device, 0);
		expect_outcomes(fd, target, "covt_after_call", true, true, true, false);
		with_id(fd, COV_IOC_DETACH, target);
	}
}

/* --- settling ------------------------------------------------------------------------------- */

static struct text clean;

static bool has_byte_back(const struct island *island, uint64_t offset)
{
	static struct text now;

	covtarget_text(&now);
	return now.bytes[island->base + offset] == clean.bytes[island->base + offset];
}

/* The short jump goes when both ways are known; its island stays until the end. */
static void known_short_jump_runs_free_until_a_reset(void)
{
	int fd = control_open(), device = covt_open(), i;
	static struct text now;
	struct island island;
	uint32_t target;

	covtarget_text(&clean);
	target = attach_islands(fd, COV_ENGINE_DETOUR, COV_MODE_EDGES, COV_SCOPE_ALL);
	for (i = 0; i < 4; i++) {
		test_case("round %d", i);
		island = island_of(fd, target, "covt_island");
		go_round(device, i);
		expect_outcomes(fd, target, "covt_island", true, i > 0, true, true);
		go_round(device, 3);
		EVENTUALLY(has_byte_back(&island, island.jump));
		EXPECT(!has_byte_back(&island, island.begin));
		go_round(device, 3);
		expect_outcomes(fd, target, "covt_island", true, true, true, true);
		with_id(fd, COV_IOC_RESET, target);
		expect_outcomes(fd, target, "covt_island", false, false, false, false);
		EXPECT(!has_byte_back(&island, island.jump));
	}
	go_round(device, 3);
	EVENTUALLY(has_byte_back(&island, island.jump));
	with_id(fd, COV_IOC_DETACH, target);
	covtarget_text(&now);
	expect_same_text(&clean, &now);
	go_round(device, 3);
}

/* --- while both CPUs run there ---------------------------------------------------------------- */

struct caller {
	int cpu;
	unsigned long *calls;
};

static void call_for_ever(void *data)
{
	const struct caller *self = data;
	int device = covt_open();

	pin(self->cpu);
	for (;;) {
		go_round(device, 100);
		call_down(device, 100);
		__atomic_fetch_add(self->calls, 1, __ATOMIC_SEQ_CST);
		/* Whoever changes text waits for every task to be seen to rest. */
		usleep(1);
	}
}

struct callers {
	unsigned long *calls;
	pid_t pids[2];
};

static void callers_start(struct callers *callers)
{
	int cpu;

	callers->calls = shared_memory(2 * sizeof(*callers->calls));
	for (cpu = 0; cpu < 2; cpu++) {
		struct caller self = { cpu, &callers->calls[cpu] };

		callers->pids[cpu] = start(call_for_ever, &self);
	}
}

/* Each has made a call that began after this one. */
static void callers_pass(const struct callers *callers)
{
	unsigned long begun[2];
	int cpu;

	for (cpu = 0; cpu < 2; cpu++)
		begun[cpu] = __atomic_load_n(&callers->calls[cpu], __ATOMIC_SEQ_CST);
	for (cpu = 0; cpu < 2; cpu++)
		EVENTUALLY(__atomic_load_n(&callers->calls[cpu], __ATOMIC_SEQ_CST) >=
			   begun[cpu] + 2);
}

/* One with a wrong result has failed the test, and makes no more calls. */
static void callers_stop(struct callers *callers)
{
	int cpu;

	callers_pass(callers);
	for (cpu = 0; cpu < 2; cpu++)
		end(callers->pids[cpu]);
}

static void islands_come_and_go_under_load(void)
{
	int fd = control_open();
	struct callers callers;
	static struct text now;
	unsigned int i;

	close(covt_open());
	covtarget_text(&clean);
	callers_start(&callers);
	for (i = 0; i < rounds(24); i++) {
		uint32_t target;

		test_case("round %u", i);
		target = attach_islands(fd, COV_ENGINE_DETOUR, COV_MODE_COUNT - i % 2,
					i / 2 % 2 ? COV_SCOPE_TRACKED : COV_SCOPE_ALL);
		if (i % 3)
			callers_pass(&callers);
		if (i % 4 == 1)
			with_id(fd, COV_IOC_RESET, target);
		with_id(fd, COV_IOC_DETACH, target);
		covtarget_text(&now);
		expect_same_text(&clean, &now);
	}
	callers_stop(&callers);
}

/* The short jump settles and is put back, again and again, while its island stays. */
static void short_jumps_settle_and_return_under_load(void)
{
	int fd = control_open(), device = covt_open();
	struct callers callers;
	struct island island;
	static struct text now;
	uint32_t target;
	unsigned int i;

	covtarget_text(&clean);
	target = attach_islands(fd, COV_ENGINE_DETOUR, COV_MODE_EDGES, COV_SCOPE_ALL);
	island = island_of(fd, target, "covt_island");
	callers_start(&callers);
	for (i = 0; i < rounds(8); i++) {
		test_case("round %u", i);
		callers_pass(&callers);
		expect_outcomes(fd, target, "covt_island", true, true, true, true);
		expect_outcomes(fd, target, "covt_after_call", false, true, true, true);
		EVENTUALLY(has_byte_back(&island, island.jump));
		with_id(fd, COV_IOC_RESET, target);
	}
	callers_stop(&callers);
	with_id(fd, COV_IOC_DETACH, target);
	covtarget_text(&now);
	expect_same_text(&clean, &now);
	go_round(device, 3);
}

/* --- others --------------------------------------------------------------------------------- */

/* A probe that does not show in the text until it is switched on. */
static void set_probe(const char *function, uint64_t offset)
{
	char line[128];

	snprintf(line, sizeof(line), "p:" PROBE " " COEXIST_TARGET ":%s+%llu\n", function,
		 (unsigned long long)offset);
	EXPECT_EQ(kprobe_event(line), 0);
}

static void switch_probe(bool on)
{
	write_file(TRACEFS "events/" PROBE "/enable", on ? "1" : "0");
}

static void remove_probe(void)
{
	switch_probe(false);
	EXPECT_EQ(kprobe_event("-:" PROBE "\n"), 0);
}

/* How often the probe has fired; it is the only one. */
static unsigned long long probe_hits(void)
{
	unsigned long long hits, missed;
	char line[256], name[64];

	EXPECT(read_file(TRACEFS "kprobe_profile", line, sizeof(line)) > 0);
	EXPECT_EQ(sscanf(line, "%63s %llu %llu", name, &hits, &missed), 3);
	EXPECT(!strcmp(name, "sitting"));
	EXPECT_EQ(missed, 0);
	return hits;
}

/* A place of the island's, and how often it is passed in go_round(). */
struct place {
	const char *name;
	uint64_t offset;
	unsigned int passes;
};

#define ADD_LENGTH	3	/* add C, SUM, with which the island begins */

/* The length of lea 3(SUM), SUM, which comes next. */
static unsigned int lea_length(const struct island *island)
{
	return (clean.bytes[island->base + island->begin + ADD_LENGTH + 2] & 7) == 4 ? 5 : 4;
}

/* Where one of others' probes may have been: on an instruction of the island, or on the jump. */
static void find_places(int fd, struct place places[4], struct island *island)
{
	uint32_t target;

	target = attach_islands(fd, COV_ENGINE_DETOUR, COV_MODE_COUNT, COV_SCOPE_ALL);
	*island = island_of(fd, target, "covt_island");
	with_id(fd, COV_IOC_DETACH, target);
	places[0] = (struct place){ "the island's first", island->begin, ROUNDS };
	places[1] = (struct place){
		"the island's second", island->begin + ADD_LENGTH, ROUNDS,
	};
	places[2] = (struct place){
		"the island's last", island->begin + ADD_LENGTH + lea_length(island), ROUNDS,
	};
	places[3] = (struct place){ "the jump", island->jump, ROUNDS + 1 };
}

static void expect_round_is_counted(int fd, uint32_t target, int device)
{
	struct ways before = ways_of(fd, target, "covt_island"), after;

	go_round(device, ROUNDS);
	after = ways_of(fd, target, "covt_island");
	EXPECT_EQ(after.first[0] - before.first[0], 1);
	EXPECT_EQ(after.first[1] - before.first[1], ROUNDS);
	EXPECT_EQ(after.second[0] - before.second[0], 1);
	EXPECT_EQ(after.second[1] - before.second[1], 2);
}

/* It was there first: the jump gets no detour, and both see what they should. */
static void island_with_a_probe_is_left_alone(void)
{
	int fd = control_open(), device = covt_open();
	static struct text now;
	struct place places[4];
	struct island island;
	uint32_t target;
	size_t i;

	covtarget_text(&clean);
	find_places(fd, places, &island);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		test_case("a probe on %s", places[i].name);
		set_probe("covt_island", places[i].offset);
		target = attach_with(fd, COEXIST_TARGET, "covt_island", COV_ENGINE_AUTO,
				     COV_MODE_COUNT, COV_SCOPE_ALL);
		EXPECT(engines_of(fd, target).why[COV_WHY_OTHER] >= 1);
		expect_round_is_counted(fd, target, device);
		EXPECT(has_byte_back(&island, island.begin));
		EXPECT(has_byte_back(&island, island.second));
		switch_probe(true);
		expect_round_is_counted(fd, target, device);
		EXPECT_EQ(probe_hits(), places[i].passes);
		with_id(fd, COV_IOC_DETACH, target);
		go_round(device, ROUNDS);
		EXPECT_EQ(probe_hits(), 2 * places[i].passes);
		remove_probe();
		covtarget_text(&now);
		expect_same_text(&clean, &now);
	}
}

static bool is_clean(void)
{
	static struct text now;

	covtarget_text(&now);
	return !memcmp(clean.bytes, now.bytes, clean.size);
}

static void sit_on(int device, const struct island *island, const struct place *place)
{
	struct callers callers;
	int fd = control_open();
	uint32_t target;

	test_case("a probe on %s", place->name);
	target = attach_islands(fd, COV_ENGINE_DETOUR, COV_MODE_COUNT, COV_SCOPE_ALL);
	set_probe("covt_island", place->offset);
	switch_probe(true);
	expect_round_is_counted(fd, target, device);
	EXPECT_EQ(probe_hits(), place->passes);
	callers_start(&callers);
	with_id(fd, COV_IOC_DETACH, target);
	callers_pass(&callers);
	EXPECT(!has_byte_back(island, island->jump + 1));
	EXPECT(!has_byte_back(island, island->second));
	target = attach_with(fd, COEXIST_TARGET, "covt_island", COV_ENGINE_AUTO, COV_MODE_COUNT,
			     COV_SCOPE_ALL);
	callers_pass(&callers);
	EXPECT(ways_of(fd, target, "covt_island").second[0] > 0);
	with_id(fd, COV_IOC_DETACH, target);
	callers_pass(&callers);
	callers_stop(&callers);
	go_round(device, ROUNDS);
	remove_probe();
	EVENTUALLY(is_clean());
	go_round(device, ROUNDS);
	close(fd);
}

/*
 * It came later. Its copy is a jump of ours, which goes on working until it has gone: the short
 * jump and its island stay together.
 */
static void island_with_a_probe_stays_until_that_has_gone(void)
{
	int fd = control_open(), device = covt_open();
	struct place places[4];
	struct island island;

	covtarget_text(&clean);
	find_places(fd, places, &island);
	close(fd);
	places[1] = (struct place){ "the island's second jump", island.second, ROUNDS + 1 };
	sit_on(device, &island, &places[0]);
	sit_on(device, &island, &places[1]);
	sit_on(device, &island, &places[3]);
	EVENTUALLY(try_unload("livecov") == 0);
}

static void sit_on_second_jump(int fd, uint32_t *target)
{
	struct island island;

	*target = attach_islands(fd, COV_ENGINE_DETOUR, COV_MODE_COUNT, COV_SCOPE_ALL);
	island = island_of(fd, *target, "covt_island");
	set_probe("covt_island", island.second);
	switch_probe(true);
}

/* The target goes with the probe, the short jump and the island in it, and comes clean. */
static void target_takes_an_island_with_a_probe_with_it(void)
{
	int fd = control_open(), device = covt_open();
	static struct text now;
	uint32_t target;

	covtarget_text(&clean);
	sit_on_second_jump(fd, &target);
	with_id(fd, COV_IOC_DETACH, target);
	go_round(device, ROUNDS);
	EXPECT(!is_clean());
	close(fd);
	switch_probe(false);
	close(device);
	EVENTUALLY(try_unload(COEXIST_TARGET) == 0);
	remove_probe();
	device = covt_open();
	covtarget_text(&now);
	expect_same_text(&clean, &now);
	go_round(device, ROUNDS);
	EVENTUALLY(try_unload("livecov") == 0);
}

static void unload_livecov(void *unused)
{
	(void)unused;
	unload("livecov");
}

/* It cannot leave the two for later then. */
static void livecov_waits_for_a_probe_on_an_island_when_it_goes(void)
{
	int fd = control_open(), device = covt_open();
	uint32_t target;
	bool stays;
	pid_t going;
	int i;

	covtarget_text(&clean);
	sit_on_second_jump(fd, &target);
	with_id(fd, COV_IOC_KEEP, target);
	close(fd);
	going = start(unload_livecov, NULL);
	/* For longer than it would wait otherwise. */
	for (i = 0; i < 30; i++) {
		usleep(100 * 1000);
		go_round(device, ROUNDS);
	}
	stays = !access("/sys/module/livecov", F_OK) && !is_clean();
	/* First of all: nothing could end it otherwise. */
	remove_probe();
	finish(going);
	EXPECT(stays);
	EXPECT(is_clean());
	go_round(device, ROUNDS);
}

static uint32_t add_checkpoint(int fd, uint64_t offset)
{
	struct cov_checkpoint_add add = {
		.name = "inside", .module = COEXIST_TARGET, .function = "covt_island",
		.levels = 1, .scope = COV_SCOPE_ALL, .offset = offset,
	};

	CALL(fd, COV_IOC_CHECKPOINT_ADD, &add);
	return add.target;
}

/* The island gives way, and nothing that was counted is lost. */
static void checkpoint_by_hand_takes_an_islands_place(void)
{
	int fd = control_open(), device = covt_open();
	struct place places[4];
	static struct text now;
	struct island island;
	struct ways ways;
	size_t i;

	covtarget_text(&clean);
	find_places(fd, places, &island);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		uint32_t target, place;

		test_case("on %s", places[i].name);
		target = attach_islands(fd, COV_ENGINE_AUTO, COV_MODE_COUNT, COV_SCOPE_ALL);
		go_round(device, ROUNDS);
		place = add_checkpoint(fd, places[i].offset);
		expect_round_is_counted(fd, target, device);
		EXPECT_EQ(place_of(fd, place).hits, places[i].passes);
		ways = ways_of(fd, target, "covt_island");
		expect_ways(&ways, 2, 2 * ROUNDS, 2, 4);
		del_checkpoint(fd, "inside");
		expect_round_is_counted(fd, target, device);
		with_id(fd, COV_IOC_DETACH, target);
		covtarget_text(&now);
		expect_same_text(&clean, &now);
	}
}

static const struct test tests[] = {
	TEST(short_jumps_with_islands_are_counted_exactly),
	TEST(each_outcome_of_a_short_jump_with_an_island_is_seen),
	TEST(known_short_jump_runs_free_until_a_reset),
	TEST(islands_come_and_go_under_load),
	TEST(short_jumps_settle_and_return_under_load),
	TEST(island_with_a_probe_is_left_alone),
	TEST(island_with_a_probe_stays_until_that_has_gone),
	TEST(target_takes_an_island_with_a_probe_with_it),
	TEST(livecov_waits_for_a_probe_on_an_island_when_it_goes),
	TEST(checkpoint_by_hand_takes_an_islands_place),
};

const struct test_group engines_islands = TEST_GROUP(tests);
