// SPDX-License-Identifier: GPL-2.0-only
/*
 * engines_settle.c - scope tracked: what every running sample knows is watched no longer, and is
 * watched again before a task runs for a sample that does not know it. So what each of them
 * has passed is told exactly, whenever samples come, run and go.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engines.h"
#include "module/covlife.h"

/* The engines whose sites settle, and all that is possible. */
static const unsigned int settling[] = {
	COV_ENGINE_AUTO, COV_ENGINE_DETOUR, COV_ENGINE_BREAKPOINT, COV_ENGINE_ENTRY,
};

/* Ways through covlife_work(). */
enum way { ODD = 1, EVEN = 2, RARE = 4 };

#define LEAVE	0	/* an order to end */

static const unsigned long value_of[] = { [ODD] = 1, [EVEN] = 2, [RARE] = COVLIFE_RARE };

static uint32_t attach_tracked(int fd, unsigned int engine, unsigned int mode)
{
	return attach_with(fd, TARGET, "covlife_[wloe]*", engine, mode, COV_SCOPE_TRACKED);
}

static uint32_t settled(int fd, uint32_t target)
{
	return target_info(fd, target).disarmed;
}

/* @ways: of all calls that the sample's tasks have made; in mode edges, where branches are armed */
static void expect_ways(int fd, uint32_t target, uint64_t sample, unsigned int ways)
{
	struct work_counts counts;

	show(fd, sample);
	counts = work_counts(fd, target);
	EXPECT_EQ(counts.work, !!ways);
	EXPECT_EQ(counts.odd, !!(ways & ODD));
	EXPECT_EQ(counts.even, !!(ways & EVEN));
	EXPECT_EQ(counts.branch[0][0], !!(ways & (ODD | EVEN)));
	EXPECT_EQ(counts.branch[0][1], !!(ways & RARE));
	EXPECT_EQ(counts.branch[1][0] + counts.branch[1][1], !!(ways & ODD) + !!(ways & EVEN));
	show(fd, 0);
}

/* As above, by entries alone. */
static void expect_entries(int fd, uint32_t target, uint64_t sample, unsigned int ways)
{
	show(fd, sample);
	EXPECT_EQ(function_hits(fd, target, "covlife_work"), !!ways);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), !!(ways & ODD));
	EXPECT_EQ(function_hits(fd, target, "covlife_even"), !!(ways & EVEN));
	show(fd, 0);
}

static void expect_told(int fd, uint32_t target, unsigned int engine, unsigned int mode,
			uint64_t sample, unsigned int ways)
{
	if (engine == COV_ENGINE_ENTRY || mode == COV_MODE_BLOCKS)
		expect_entries(fd, target, sample, ways);
	else
		expect_ways(fd, target, sample, ways);
}

/* --- actors ------------------------------------------------------------------------------ */

/**
 * struct actor - a process that runs for a sample, and goes the ways that it is told
 * @sample: which
 * @orders: a byte for each call: the way; it is answered when the call has been made
 * @answers: likewise
 * @pid: the process
 */
struct actor {
	uint64_t sample;
	int orders[2], answers[2];
	pid_t pid;
};

static void actor_obey(const struct actor *actor)
{
	unsigned char way;

	while (read(actor->orders[0], &way, 1) == 1 && way != LEAVE) {
		poke(COVLIFE_TASK, value_of[way]);
		EXPECT_EQ(write(actor->answers[1], &way, 1), 1);
	}
}

static void actor_run(void *data)
{
	const struct actor *actor = data;
	int fd = control_open();
	unsigned char ready = 0;

	track_as(fd, actor->sample);
	EXPECT_EQ(write(actor->answers[1], &ready, 1), 1);
	actor_obey(actor);
}

static void await_answer(const struct actor *actor)
{
	unsigned char answer;

	EXPECT_EQ(read(actor->answers[0], &answer, 1), 1);
}

/* When it returns the process is registered. */
static void actor_start(struct actor *actor, uint64_t sample)
{
	actor->sample = sample;
	MUST(pipe2(actor->orders, O_CLOEXEC));
	MUST(pipe2(actor->answers, O_CLOEXEC));
	actor->pid = start(actor_run, actor);
	await_answer(actor);
}

static void go(const struct actor *actor, enum way way)
{
	unsigned char order = way;

	EXPECT_EQ(write(actor->orders[1], &order, 1), 1);
	await_answer(actor);
}

static void actor_finish(struct actor *actor)
{
	unsigned char leave = LEAVE;
	int i;

	EXPECT_EQ(write(actor->orders[1], &leave, 1), 1);
	finish(actor->pid);
	for (i = 0; i < 2; i++) {
		close(actor->orders[i]);
		close(actor->answers[i]);
	}
}

/* --- one after the other ------------------------------------------------------------------ */

static void settle_and_watch_again(unsigned int engine, unsigned int mode)
{
	struct actor first, second;
	uint32_t target;
	int fd = control_open();

	test_case("engine %s, mode %u", engine_name(engine), mode);
	target = attach_tracked(fd, engine, mode);
	actor_start(&first, 301);
	EXPECT_EQ(settled(fd, target), 0);
	go(&first, ODD);
	EVENTUALLY(settled(fd, target) > 0);
	expect_told(fd, target, engine, mode, 301, ODD);
	go(&first, EVEN);
	expect_told(fd, target, engine, mode, 301, ODD | EVEN);
	/* Everything is watched for it, and for both from now on: it knows nothing yet. */
	actor_start(&second, 302);
	EXPECT_EQ(settled(fd, target), 0);
	expect_told(fd, target, engine, mode, 302, 0);
	go(&second, EVEN);
	expect_told(fd, target, engine, mode, 302, EVEN);
	EVENTUALLY(settled(fd, target) > 0);
	go(&first, RARE);
	expect_told(fd, target, engine, mode, 301, ODD | EVEN | RARE);
	expect_told(fd, target, engine, mode, 302, EVEN);
	go(&second, ODD);
	expect_told(fd, target, engine, mode, 302, EVEN | ODD);
	actor_finish(&first);
	actor_finish(&second);
	with_id(fd, COV_IOC_DETACH, target);
	expect_clean_text();
	close(fd);
}

static void what_settles_is_watched_for_the_next_sample(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settling); i++) {
		settle_and_watch_again(settling[i], COV_MODE_EDGES);
		if (settling[i] != COV_ENGINE_ENTRY)
			settle_and_watch_again(settling[i], COV_MODE_BLOCKS);
	}
}

/* What it knows already need not be watched for it. */
static void sample_that_runs_again_finds_what_it_knows_settled(void)
{
	int fd = control_open();
	uint32_t target = attach_tracked(fd, COV_ENGINE_AUTO, COV_MODE_EDGES), before;
	struct actor actor;

	actor_start(&actor, 311);
	go(&actor, ODD);
	go(&actor, EVEN);
	EVENTUALLY(settled(fd, target) > 0);
	actor_finish(&actor);
	before = settled(fd, target);
	EXPECT(before > 0);
	actor_start(&actor, 311);
	EXPECT(settled(fd, target) >= before);
	go(&actor, RARE);
	expect_ways(fd, target, 311, ODD | EVEN | RARE);
	actor_finish(&actor);
	close(fd);
}

/* covt_if_else(): of its branch the outcome that @larger gives. */
static void pass_one_way(int device, int larger)
{
	EXPECT_EQ(covt(device, COVT_FN_if_else, 1 + larger, 2 - larger, 0), 2 - larger);
}

static void expect_ways_passed(int fd, uint32_t target, uint64_t sample, unsigned int ways)
{
	struct cov_branch branch;

	show(fd, sample);
	EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, target,
			     function_of(fd, target, "covt_if_else").first_branch, 1, &branch), 1);
	EXPECT_EQ((branch.taken == COV_YES) + (branch.not_taken == COV_YES), ways);
	show(fd, 0);
}

/* The calling task is tracked for it from now on. */
static void go_on_as(int fd, uint64_t sample)
{
	EXPECT_EQ(ioctl(fd, COV_IOC_UNREGISTER), 0);
	track_as(fd, sample);
}

/*
 * What is known of a short jump is noted no more, by code of its own in the arena, and the other
 * outcome still is; so is all that the next sample passes.
 */
static void half_known_gets_a_shortcut(int fd, int device, int larger)
{
	uint32_t target = attach_with(fd, COEXIST_TARGET, "covt_if_else", COV_ENGINE_DETOUR,
				      COV_MODE_EDGES, COV_SCOPE_TRACKED);
	uint32_t bytes = engines_of(fd, target).stub_bytes;
	static struct text armed;

	covtarget_text(&armed);
	track_as(fd, 331 + larger);
	pass_one_way(device, larger);
	EVENTUALLY(!is_text_of_covtarget(&armed));
	EXPECT(engines_of(fd, target).stub_bytes > bytes);
	bytes = engines_of(fd, target).stub_bytes;
	pass_one_way(device, larger);
	expect_ways_passed(fd, target, 331 + larger, 1);
	/* Watched for the next sample, which passes it the same way first. */
	go_on_as(fd, 341 + larger);
	EXPECT(is_text_of_covtarget(&armed));
	pass_one_way(device, larger);
	expect_ways_passed(fd, target, 341 + larger, 1);
	EVENTUALLY(!is_text_of_covtarget(&armed));
	EXPECT_EQ(engines_of(fd, target).stub_bytes, bytes);
	pass_one_way(device, larger);
	pass_one_way(device, !larger);
	expect_ways_passed(fd, target, 341 + larger, 2);
	expect_ways_passed(fd, target, 331 + larger, 1);
	go_on_as(fd, 331 + larger);
	pass_one_way(device, !larger);
	expect_ways_passed(fd, target, 331 + larger, 2);
	EXPECT_EQ(ioctl(fd, COV_IOC_UNREGISTER), 0);
	with_id(fd, COV_IOC_DETACH, target);
}

static void short_jump_of_which_half_is_known_gets_a_shortcut(void)
{
	int fd = control_open(), device = covt_open(), larger;
	uint32_t other = attach_with(fd, TARGET, "covlife_work", COV_ENGINE_DETOUR, COV_MODE_EDGES,
				     COV_SCOPE_TRACKED);
	uint32_t before = engines_of(fd, other).stub_bytes;

	for (larger = 0; larger < 2; larger++) {
		test_case("%d", larger);
		half_known_gets_a_shortcut(fd, device, larger);
		EXPECT_EQ(engines_of(fd, other).stub_bytes, before);
	}
	close(fd);
}

/* Are a branch's own bytes as in @clean? */
static bool is_unpatched(const struct text *clean, const struct cov_function *function,
			 const struct cov_branch *branch)
{
	uint64_t at = function->address + branch->offset - clean->address;
	static struct text now;

	covtarget_text(&now);
	return !memcmp(clean->bytes + at, now.bytes + at, branch->size);
}

/*
 * Scope all: when one outcome of a short jump is known, the jump runs as it was, and where only the
 * other one leads there is a breakpoint, once.
 */
static void short_jump_of_which_half_is_known_gets_a_witness(void)
{
	int fd = control_open(), device = covt_open(), larger;
	struct cov_function function;
	static struct text clean;
	struct cov_branch branch;
	uint32_t target;

	covtarget_text(&clean);
	target = attach_with(fd, COEXIST_TARGET, "covt_if_else", COV_ENGINE_AUTO, COV_MODE_EDGES,
			     COV_SCOPE_ALL);
	function = function_of(fd, target, "covt_if_else");
	EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, target, function.first_branch, 1, &branch), 1);
	for (larger = 0; larger < 2; larger++) {
		test_case("%d", larger);
		EXPECT(!is_unpatched(&clean, &function, &branch));
		pass_one_way(device, larger);
		EVENTUALLY(is_unpatched(&clean, &function, &branch));
		EXPECT(!is_text_of_covtarget(&clean));
		pass_one_way(device, larger);
		expect_ways_passed(fd, target, 0, 1);
		pass_one_way(device, !larger);
		expect_ways_passed(fd, target, 0, 2);
		pass_one_way(device, !larger);
		EVENTUALLY(is_text_of_covtarget(&clean));
		with_id(fd, COV_IOC_RESET, target);
		EXPECT(!is_unpatched(&clean, &function, &branch));
	}
	with_id(fd, COV_IOC_DETACH, target);
	close(fd);
}

static void reset_watches_everything_again(void)
{
	int fd = control_open(), i;
	uint32_t target = attach_tracked(fd, COV_ENGINE_AUTO, COV_MODE_EDGES);
	struct actor actor;

	actor_start(&actor, 321);
	for (i = 0; i < 3; i++) {
		go(&actor, ODD);
		EVENTUALLY(settled(fd, target) > 0);
		with_id(fd, COV_IOC_RESET, target);
		EXPECT_EQ(settled(fd, target), 0);
		expect_ways(fd, target, 321, 0);
		go(&actor, EVEN);
		expect_ways(fd, target, 321, EVEN);
		with_id(fd, COV_IOC_RESET, target);
	}
	actor_finish(&actor);
	close(fd);
}

/* --- side by side ------------------------------------------------------------------------- */

/*
 * An outcome that nobody has passed is not watched at its branch, if a hit where it leads will
 * tell. It then tells of the sample that passes there, and of no other: neither of one that
 * runs beside it, nor of one that comes later, nor when it has gone at once.
 */
static void what_a_hit_implies_is_its_samples_alone(void)
{
	int fd = control_open();
	uint32_t target = attach_tracked(fd, COV_ENGINE_DETOUR, COV_MODE_EDGES);
	struct actor one, other;

	actor_start(&one, 331);
	actor_start(&other, 332);
	go(&one, ODD);
	go(&other, ODD);
	EVENTUALLY(settled(fd, target) > 0);
	go(&one, EVEN);
	actor_finish(&one);
	expect_ways(fd, target, 331, ODD | EVEN);
	expect_ways(fd, target, 332, ODD);
	actor_start(&one, 333);
	go(&one, EVEN);
	expect_ways(fd, target, 333, EVEN);
	expect_ways(fd, target, 332, ODD);
	actor_finish(&one);
	actor_finish(&other);
	close(fd);
}

/* A task that has hit nothing: nothing is known to all. */
static void sample_that_knows_nothing_keeps_everything_watched(void)
{
	int fd = control_open();
	uint32_t target = attach_tracked(fd, COV_ENGINE_AUTO, COV_MODE_EDGES);
	struct actor busy, idle;

	actor_start(&busy, 341);
	go(&busy, ODD);
	EVENTUALLY(settled(fd, target) > 0);
	actor_start(&idle, 342);
	go(&busy, EVEN);
	/* Several passes of the worker. */
	usleep(300000);
	EXPECT_EQ(settled(fd, target), 0);
	actor_finish(&idle);
	/* It runs no longer: nobody waits for what it would see. */
	EVENTUALLY(settled(fd, target) > 0);
	expect_ways(fd, target, 341, ODD | EVEN);
	expect_ways(fd, target, 342, 0);
	actor_finish(&busy);
	close(fd);
}

/* The child of a task that has gone runs for its sample: nothing that it does not know settles. */
static void child_is_served_when_its_parent_has_gone(void)
{
	int fd = control_open(), ends[2];
	uint32_t target = attach_tracked(fd, COV_ENGINE_AUTO, COV_MODE_EDGES);
	struct actor other;
	pid_t parent;
	char byte;

	MUST(pipe2(ends, O_CLOEXEC));
	parent = MUST(fork());
	if (!parent) {
		int own = control_open();

		track_as(own, 351);
		if (MUST(fork()))
			_exit(0);
		/* Until the test says so. */
		if (read(ends[0], &byte, 1) == 1)
			poke(COVLIFE_TASK, 1);
		_exit(0);
	}
	finish(parent);
	actor_start(&other, 352);
	go(&other, EVEN);
	usleep(300000);
	EXPECT_EQ(settled(fd, target), 0);
	EXPECT_EQ(write(ends[1], "", 1), 1);
	EVENTUALLY((show(fd, 351), function_hits(fd, target, "covlife_odd")));
	expect_ways(fd, target, 351, ODD);
	expect_ways(fd, target, 352, EVEN);
	actor_finish(&other);
	close(ends[0]);
	close(ends[1]);
	close(fd);
}

static void register_and_die(void *sample)
{
	track_as(control_open(), *(uint64_t *)sample);
}

static void register_and_die_again_and_again(void *sample)
{
	for (;;)
		finish(start(register_and_die, sample));
}

/* One file is closed after the other, each while the last one's tasks are still waited for. */
static void settling_goes_on_while_files_are_closed_all_the_time(void)
{
	int fd = control_open(), i;
	uint32_t target = attach_tracked(fd, COV_ENGINE_AUTO, COV_MODE_EDGES);
	uint64_t sample = 361;
	struct actor actor;
	pid_t others[8];

	actor_start(&actor, sample);
	for (i = 0; i < 8; i++)
		others[i] = start(register_and_die_again_and_again, &sample);
	go(&actor, ODD);
	EVENTUALLY(settled(fd, target) > 0);
	go(&actor, EVEN);
	for (i = 0; i < 8; i++) {
		MUST(kill(others[i], SIGKILL));
		MUST(waitpid(others[i], NULL, 0));
	}
	expect_ways(fd, target, sample, ODD | EVEN);
	actor_finish(&actor);
	close(fd);
}

/* --- beside others ------------------------------------------------------------------------- */

static void expect_not_denied(int fd, uint32_t target, uint64_t sample)
{
	struct cov_function work;
	struct cov_branch branches[2];
	int i;

	show(fd, sample);
	work = function_of(fd, target, "covlife_work");
	read_table(fd, COV_IOC_BRANCHES, target, work.first_branch, 2, branches);
	for (i = 0; i < 2; i++) {
		EXPECT(branches[i].taken != COV_NO);
		EXPECT(branches[i].not_taken != COV_NO);
	}
	show(fd, 0);
}

/*
 * A site's own bytes are back, and somebody puts a kprobe there. For the next sample it is armed
 * in another way, or its answers are unknown: what is passed is never denied.
 */
static void probe_on_what_has_settled_makes_no_answer_wrong(void)
{
	int fd = control_open();
	uint32_t target = attach_tracked(fd, COV_ENGINE_DETOUR, COV_MODE_EDGES);
	struct cov_function work = function_of(fd, target, "covlife_work");
	struct cov_branch branch;
	struct actor before, after;
	char line[100];

	if (kernel_preempts())
		skip_test("on a kernel that preempts, a detour of several instructions stays");
	actor_start(&before, 371);
	go(&before, ODD);
	go(&before, EVEN);
	/* The second one, of which both outcomes are known. */
	EVENTUALLY((read_table(fd, COV_IOC_BRANCHES, target, work.first_branch + 1, 1, &branch),
		    branch.state == COV_SITE_DISARMED));
	snprintf(line, sizeof(line), "p:settled covlife_work+%u\n", branch.offset);
	EXPECT_EQ(kprobe_event(line), 0);
	actor_start(&after, 372);
	go(&after, EVEN);
	go(&after, ODD);
	go(&after, RARE);
	expect_not_denied(fd, target, 372);
	go(&before, RARE);
	expect_not_denied(fd, target, 371);
	EXPECT_EQ(kprobe_event("-:settled\n"), 0);
	actor_finish(&before);
	actor_finish(&after);
	with_id(fd, COV_IOC_DETACH, target);
	expect_clean_text();
	close(fd);
}

/* --- under load ----------------------------------------------------------------------------- */

/**
 * struct crowd - processes that run for one sample after the other
 * @engine: by which the target is armed
 * @target: its id
 * @first: the first of its samples
 * @cpu: where it runs
 * @rounds: how many samples
 * @saw_settled: in how many of them some site was settled
 */
struct crowd {
	unsigned int engine;
	uint32_t target;
	uint64_t first;
	int cpu;
	unsigned int rounds;
	unsigned int *saw_settled;
};

static void go_all(int device, unsigned int ways)
{
	unsigned int way;

	for (way = ODD; way <= RARE; way <<= 1)
		if (ways & way)
			MUST(ioctl(device, COVLIFE_TASK, value_of[way]));
}

/* The same again and again, so that it settles while the task runs; then perhaps something new. */
static void run_for_sample(const struct crowd *crowd, int fd, int device, uint64_t sample,
			   unsigned int ways, unsigned int last)
{
	bool saw = false;
	unsigned int i;

	track_as(fd, sample);
	for (i = 0; i < 1000 && !saw; i++) {
		go_all(device, ways);
		saw = settled(fd, crowd->target);
		usleep(500);
	}
	go_all(device, last);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	/* What follows is nobody's. */
	go_all(device, ODD | EVEN | RARE);
	*crowd->saw_settled += saw;
}

static void crowd_run(void *data)
{
	const struct crowd *crowd = data;
	int fd = control_open(), device = MUST(open("/dev/covlife", O_RDWR | O_CLOEXEC));
	unsigned int i;

	pin(crowd->cpu);
	srand(crowd->first);
	for (i = 1; i <= crowd->rounds; i++) {
		/* In the end both outcomes of a branch: what is known then needs no other site. */
		unsigned int ways = i == crowd->rounds ? ODD | EVEN : 1 + rand() % 3;
		unsigned int last = 1U << rand() % 3;
		uint64_t sample = crowd->first + i;

		run_for_sample(crowd, fd, device, sample, ways, last);
		expect_told(fd, crowd->target, crowd->engine, COV_MODE_EDGES, sample, ways | last);
	}
}

static void crowds_are_told_exactly(unsigned int engine)
{
	unsigned int *saw_settled = shared_memory(2 * sizeof(*saw_settled)), i;
	int fd = control_open();
	struct crowd crowds[2];
	pid_t pids[2];

	test_case("engine %s", engine_name(engine));
	for (i = 0; i < 2; i++)
		crowds[i] = (struct crowd){
			.engine = engine, .first = 1000 * (i + 1) + 100 * engine, .cpu = i,
			.rounds = rounds(20), .saw_settled = &saw_settled[i],
		};
	crowds[0].target = crowds[1].target = attach_tracked(fd, engine, COV_MODE_EDGES);
	for (i = 0; i < 2; i++)
		pids[i] = start(crowd_run, &crowds[i]);
	for (i = 0; i < 2; i++)
		finish(pids[i]);
	EXPECT(saw_settled[0] + saw_settled[1] > 0);
	with_id(fd, COV_IOC_DETACH, crowds[0].target);
	expect_clean_text();
	close(fd);
}

static void samples_come_and_go_while_sites_settle(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settling); i++)
		/* Entries of ftrace's settle only when nothing is new for long. */
		if (settling[i] != COV_ENGINE_ENTRY)
			crowds_are_told_exactly(settling[i]);
}

static const struct test tests[] = {
	TEST(what_settles_is_watched_for_the_next_sample),
	TEST(sample_that_runs_again_finds_what_it_knows_settled),
	TEST(short_jump_of_which_half_is_known_gets_a_shortcut),
	TEST(short_jump_of_which_half_is_known_gets_a_witness),
	TEST(reset_watches_everything_again),
	TEST(what_a_hit_implies_is_its_samples_alone),
	TEST(sample_that_knows_nothing_keeps_everything_watched),
	TEST(child_is_served_when_its_parent_has_gone),
	TEST(settling_goes_on_while_files_are_closed_all_the_time),
	TEST(probe_on_what_has_settled_makes_no_answer_wrong),
	TEST(samples_come_and_go_while_sites_settle),
};

const struct test_group engines_settle = TEST_GROUP(tests);
