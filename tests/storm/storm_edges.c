// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm_edges.c - in mode edges patches go as soon as they have nothing left to tell, while
 * others patch the same text: what calls imply is reported, each outcome of it, and no other.
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storm.h"

#define ALTERNATING	0xaaaaaaaaaaaaaaaaULL

/* Calls that take different ways. Nobody else makes any of these functions run. */
static const struct input {
	enum covt_function function;
	uint64_t a, b, c;
} inputs[] = {
	{ COVT_FN_if_else, 2, 1, 0 }, { COVT_FN_if_else, 1, 2, 0 },
	{ COVT_FN_flags, 1, 2, 0 }, { COVT_FN_flags, 5, 5, 0 }, { COVT_FN_flags, -1, 1, 0 },
	{ COVT_FN_into_before, 3, 10, 15 }, { COVT_FN_into_after, 1, 2, 0 },
	{ COVT_FN_into_after, 0, 0, 0 }, { COVT_FN_body, 4, 7, 0 },
	{ COVT_FN_island, 4, 5, 7 }, { COVT_FN_island, 0, 5, 7 },
	{ COVT_FN_nested, 1, 1, 1 }, { COVT_FN_nested, 1, 0, 1 }, { COVT_FN_nested, 0, 0, 0 },
	{ COVT_FN_while_loop, 3, 0, 0 }, { COVT_FN_while_loop, 0, 0, 0 },
	{ COVT_FN_compare_tree, 5000, 0, 0 }, { COVT_FN_compare_tree, 3, 0, 0 },
	{ COVT_FN_conditions, 1, 2, 0 }, { COVT_FN_conditions, 0, 0, 0 },
	{ COVT_FN_rcxz, 0, 0, 0 }, { COVT_FN_rcxz, 1, 0, 0 },
	{ COVT_FN_ifs_10, ALTERNATING, 0, 0 }, { COVT_FN_ifs_10, ~ALTERNATING, 0, 0 },
	{ COVT_FN_ifs_100, ALTERNATING, 0, 0 }, { COVT_FN_ifs_100, 0, 0, 0 },
};

static const char globs[] =
	"covt_if_else\0covt_flags\0covt_into_before\0covt_into_after\0covt_body\0covt_island\0"
	"covt_nested\0covt_while_loop\0covt_compare_tree\0covt_conditions\0covt_rcxz\0"
	"covt_ifs_10\0covt_ifs_100";

#define BRANCHES_MAX	512

/**
 * struct seen - what is reported of the functions above
 * @count: of their branches
 * @branches: each of them
 */
struct seen {
	uint32_t count;
	struct cov_branch branches[BRANCHES_MAX];
};

static uint32_t attach_inputs(int fd, unsigned int engine, unsigned int mode,
			      unsigned int scope)
{
	struct cov_attach request = attach_request(COEXIST_TARGET);

	request.engine = engine;
	request.mode = mode;
	request.scope = scope;
	request.globs = (uintptr_t)globs;
	request.globs_len = sizeof(globs);
	attach(fd, &request);
	arm(fd, request.target);
	return request.target;
}

static void read_seen(int fd, uint32_t target, struct seen *seen)
{
	seen->count = target_info(fd, target).branches;
	EXPECT(seen->count > 0 && seen->count <= BRANCHES_MAX);
	EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, target, 0, seen->count, seen->branches),
		  seen->count);
}

static void call_those_of(uint32_t chosen)
{
	int device = covt_open();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(inputs); i++)
		if (chosen & 1U << i)
			covt(device, inputs[i].function, inputs[i].a, inputs[i].b, inputs[i].c);
	close(device);
}

/* In peace: what an engine tells of those calls. */
static void what_is_told(int fd, uint32_t chosen, unsigned int engine, unsigned int mode,
			 unsigned int scope, struct seen *seen)
{
	uint32_t target = attach_inputs(fd, engine, mode, scope);

	track_as(fd, 1);
	call_those_of(chosen);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	read_seen(fd, target, seen);
	with_id(fd, COV_IOC_DETACH, target);
}

/* Nothing settles in mode count, and no branch is left out. */
static void what_they_imply(int fd, uint32_t chosen, struct seen *seen)
{
	what_is_told(fd, chosen, COV_ENGINE_BREAKPOINT, COV_MODE_COUNT, COV_SCOPE_ALL, seen);
}

/* What is unknown in peace may be so, and is right if it is not. */
static bool is_right(unsigned int got, unsigned int in_peace, unsigned int want)
{
	return got == want || (got == COV_UNKNOWN && in_peace == COV_UNKNOWN);
}

static void expect_seen(const struct seen *expected, const struct seen *in_peace,
			const struct seen *seen)
{
	uint32_t i;

	EXPECT_EQ(seen->count, expected->count);
	for (i = 0; i < seen->count; i++) {
		const struct cov_branch *want = &expected->branches[i];
		const struct cov_branch *peace = &in_peace->branches[i];
		const struct cov_branch *got = &seen->branches[i];

		EXPECT_EQ(got->offset, want->offset);
		if (!is_right(got->taken, peace->taken, want->taken) ||
		    !is_right(got->not_taken, peace->not_taken, want->not_taken))
			FAIL("function %u, branch at +%#x: taken %u, expected %u, not taken %u, expected %u, state %u, error %u",
			     got->function, got->offset, got->taken, want->taken,
			     got->not_taken, want->not_taken, got->state, got->error);
	}
}

/* A branch that has no room for a detour is refused; the other engines leave none out. */
static void expect_known(unsigned int engine, const struct seen *in_peace)
{
	uint32_t i;

	for (i = 0; engine != COV_ENGINE_DETOUR && i < in_peace->count; i++)
		EXPECT(in_peace->branches[i].taken != COV_UNKNOWN &&
		       in_peace->branches[i].not_taken != COV_UNKNOWN);
}

/* --- callers --------------------------------------------------------------------------- */

struct caller {
	int cpu;
	uint32_t chosen;
	unsigned long *passes;
	unsigned int *stop;
};

static void call_again_and_again(void *data)
{
	const struct caller *self = data;

	pin(self->cpu);
	reseed(self->cpu);
	while (!__atomic_load_n(self->stop, __ATOMIC_SEQ_CST)) {
		call_those_of(self->chosen);
		__atomic_fetch_add(self->passes, 1, __ATOMIC_SEQ_CST);
		usleep(any(3000));
	}
}

static void start_callers(struct callers *callers, uint32_t chosen)
{
	int i;

	callers->calls = shared_memory(2 * sizeof(*callers->calls));
	callers->stop = shared_memory(sizeof(*callers->stop));
	for (i = 0; i < 2; i++) {
		struct caller self = { i, chosen, &callers->calls[i], callers->stop };

		callers->pids[i] = start(call_again_and_again, &self);
	}
}

/* Each makes a pass that begins after this call. */
static void wait_for_a_pass(const struct callers *callers)
{
	unsigned long begun[2];
	int i;

	for (i = 0; i < 2; i++)
		begun[i] = __atomic_load_n(&callers->calls[i], __ATOMIC_SEQ_CST);
	for (i = 0; i < 2; i++)
		EVENTUALLY(__atomic_load_n(&callers->calls[i], __ATOMIC_SEQ_CST) >= begun[i] + 2);
}

/* --- the storm -------------------------------------------------------------------------- */

/* Some of it begins anew while others patch, and everything has to be seen again. */
static void disturb(int fd, uint32_t target, int device, const struct callers *callers)
{
	unsigned int n = 3 + any(8);

	while (n--) {
		if (any(2))
			patch_something(device);
		else
			attach_for_a_moment(TARGET);
		if (any(6) == 0)
			with_id(fd, COV_IOC_RESET, target);
		/* What has been seen settles within a tenth of a second, entries in one. */
		usleep(any(4) ? any(150) * 1000 : any(1500) * 1000);
	}
	wait_for_a_pass(callers);
}

static void see_edges_for_a_while(int device)
{
	static const unsigned int engines[] = {
		COV_ENGINE_AUTO, COV_ENGINE_AUTO, COV_ENGINE_DETOUR, COV_ENGINE_BREAKPOINT,
	};
	unsigned int engine = engines[any(ARRAY_SIZE(engines))];
	unsigned int scope = any(4) ? COV_SCOPE_ALL : COV_SCOPE_TRACKED;
	uint32_t chosen = any(~0U) & ((1ULL << ARRAY_SIZE(inputs)) - 1), target;
	static struct seen expected, in_peace, seen;
	struct callers callers;
	int fd = control_open();

	test_case("engine %u, scope %u, inputs %#x", engine, scope, chosen);
	what_they_imply(fd, chosen, &expected);
	what_is_told(fd, chosen, engine, COV_MODE_EDGES, scope, &in_peace);
	expect_known(engine, &in_peace);
	target = attach_inputs(fd, engine, COV_MODE_EDGES, scope);
	track_as(fd, 1);
	start_callers(&callers, chosen);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	disturb(fd, target, device, &callers);
	__atomic_store_n(callers.stop, 1, __ATOMIC_SEQ_CST);
	finish(callers.pids[0]);
	finish(callers.pids[1]);
	read_seen(fd, target, &seen);
	expect_seen(&expected, &in_peace, &seen);
	remove_probes();
	with_id(fd, COV_IOC_DETACH, target);
	close(fd);
}

static void no_outcome_is_lost_or_invented_while_others_patch(void)
{
	int device;

	storm_begin(__func__);
	device = covt_open();
	do
		see_edges_for_a_while(device);
	while (storm_goes_on());
	patch_no_more(device);
	close(device);
	storm_end();
}

/* --- samples ---------------------------------------------------------------------------- */

/**
 * struct sampler - a process that runs for one sample after the other
 * @number: its own
 * @target: in mode edges, scope tracked
 * @implied: for each input, what its call implies
 * @samples: out: how many it has run for
 */
struct sampler {
	int number;
	uint32_t target;
	const struct seen *implied;
	unsigned long *samples;
};

/* In peace: what any of the calls implies. */
static void join_seen(struct seen *all, const struct seen *one)
{
	uint32_t i;

	all->count = one->count;
	for (i = 0; i < one->count; i++) {
		all->branches[i].offset = one->branches[i].offset;
		all->branches[i].taken |= one->branches[i].taken == COV_YES;
		all->branches[i].not_taken |= one->branches[i].not_taken == COV_YES;
	}
}

static void call_and_rest(uint32_t chosen, unsigned int times)
{
	while (times--) {
		call_those_of(chosen);
		usleep(any(30) * 1000);
	}
}

/* By the task itself, or by a child that outlives it or does not. */
static void run_for_sample(uint64_t sample, uint32_t chosen)
{
	int fd = control_open();
	pid_t pid;

	track_as(fd, sample);
	if (any(2)) {
		call_and_rest(chosen, 1 + any(6));
	} else {
		pid = MUST(fork());
		if (!pid) {
			call_and_rest(chosen, 1 + any(6));
			_exit(0);
		}
		if (any(2))
			CALL(fd, COV_IOC_UNREGISTER, NULL);
		finish(pid);
	}
	close(fd);
	/* That of nobody. */
	call_those_of(~0U);
}

/*
 * A site that is armed again for a sample that begins may meet somebody else's kprobe: then its
 * answers are unknown. Never wrong.
 */
static void expect_sample(int fd, const struct sampler *self, uint64_t sample, uint32_t chosen)
{
	static struct seen expected, seen;
	struct cov_view view = { .sample = sample };
	uint32_t i;

	memset(&expected, 0, sizeof(expected));
	for (i = 0; i < ARRAY_SIZE(inputs); i++)
		if (chosen & 1U << i)
			join_seen(&expected, &self->implied[i]);
	CALL(fd, COV_IOC_VIEW, &view);
	read_seen(fd, self->target, &seen);
	for (i = 0; chosen && i < seen.count; i++) {
		const struct cov_branch *want = &expected.branches[i], *got = &seen.branches[i];

		if ((got->taken != COV_UNKNOWN && got->taken != want->taken) ||
		    (got->not_taken != COV_UNKNOWN && got->not_taken != want->not_taken))
			FAIL("sample %#llx, inputs %#x, function %u, branch at +%#x: taken %u, expected %u, not taken %u, expected %u",
			     (unsigned long long)sample, chosen, got->function, got->offset,
			     got->taken, want->taken, got->not_taken, want->not_taken);
	}
}

static void run_for_samples(void *data)
{
	const struct sampler *self = data;
	int fd = control_open();

	reseed(self->number);
	while (storm_goes_on()) {
		uint64_t sample = 1000000 * (self->number + 1) + ++*self->samples;
		uint32_t chosen = any(~0U) & ((1ULL << ARRAY_SIZE(inputs)) - 1);

		run_for_sample(sample, chosen);
		expect_sample(fd, self, sample, chosen);
	}
	close(fd);
}

#define SAMPLERS	3

static void samples_are_told_their_own_while_sites_come_and_go(void)
{
	static struct seen implied[ARRAY_SIZE(inputs)];
	struct sampler samplers[SAMPLERS];
	pid_t pids[SAMPLERS];
	uint32_t target;
	int fd, device, i;

	storm_begin(__func__);
	fd = control_open();
	device = covt_open();
	for (i = 0; i < (int)ARRAY_SIZE(inputs); i++)
		what_they_imply(fd, 1U << i, &implied[i]);
	target = attach_inputs(fd, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_TRACKED);
	for (i = 0; i < SAMPLERS; i++) {
		samplers[i] = (struct sampler){
			i, target, implied, shared_memory(sizeof(long)),
		};
		pids[i] = start(run_for_samples, &samplers[i]);
	}
	while (storm_goes_on()) {
		if (any(3))
			attach_for_a_moment(TARGET);
		else
			patch_something(device);
		usleep(any(500) * 1000);
	}
	for (i = 0; i < SAMPLERS; i++) {
		finish(pids[i]);
		EXPECT(*samplers[i].samples > 0);
	}
	patch_no_more(device);
	close(device);
	close(fd);
	storm_end();
}

static const struct test storms[] = {
	TEST(no_outcome_is_lost_or_invented_while_others_patch),
	TEST(samples_are_told_their_own_while_sites_come_and_go),
};

const struct test_group storms_of_edges = TEST_GROUP(storms);
