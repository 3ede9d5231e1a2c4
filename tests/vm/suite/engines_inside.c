// SPDX-License-Identifier: GPL-2.0-only
/*
 * engines_inside.c - a task stands for seconds where text is about to change, or in a stub
 * that is about to be given back: livecov waits for it.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engines.h"
#include "module/covlife.h"

#define STAY_MIB	256

/* Where one can stand: between a test and its jump, and in the middle of an island. */
struct place {
	const char *function;
	unsigned int how;
};

static const struct place places[] = {
	{ "covlife_stay", COVLIFE_STAY },
	{ "covlife_stay_island", COVLIFE_STAY_ISLAND },
};

static void stay(void *how)
{
	pin(1);
	poke(*(const unsigned int *)how, STAY_MIB);
}

/* Somebody stands there from now on, for a second and more. */
static pid_t stay_elsewhere(const struct place *place)
{
	unsigned int how = place->how;
	pid_t stayer;

	pin(0);
	stayer = start(stay, &how);
	EVENTUALLY(covlife_stays());
	/* From there it is a few instructions. */
	usleep(100 * 1000);
	EXPECT(covlife_stays());
	return stayer;
}

static uint32_t attach_there(int fd, const struct place *place)
{
	uint32_t target = attach_with(fd, TARGET, place->function, COV_ENGINE_AUTO, COV_MODE_COUNT,
				      COV_SCOPE_ALL);

	EXPECT_EQ(target_info(fd, target).branches, 1);
	EXPECT_EQ(engines_of(fd, target).sites[COV_ENGINE_DETOUR], 1);
	return target;
}

static void change_under_a_task(const struct place *place)
{
	int fd = control_open();
	pid_t stayer = stay_elsewhere(place);
	uint32_t target = attach_there(fd, place);

	EXPECT(!covlife_stays());
	finish(stayer);
	/* It had passed the region's or the island's first byte, and the entry, before. */
	EXPECT_EQ(function_hits(fd, target, place->function), 0);
	poke(place->how, 1);
	EXPECT_EQ(function_hits(fd, target, place->function), 1);
	with_id(fd, COV_IOC_DETACH, target);
	expect_clean_text();
	close(fd);
}

static void text_is_not_changed_under_a_task_that_stands_in_it(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		test_case("%s", places[i].function);
		change_under_a_task(&places[i]);
	}
}

static void stub_is_not_given_back_under_a_task_that_stands_in_it(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		int fd = control_open();
		uint32_t target = attach_there(fd, &places[i]);
		pid_t stayer;

		test_case("%s", places[i].function);
		stayer = stay_elsewhere(&places[i]);
		with_id(fd, COV_IOC_DETACH, target);
		EXPECT(!covlife_stays());
		finish(stayer);
		expect_clean_text();
		close(fd);
	}
}

/* --- in a loop, at a function's beginning ------------------------------------------------ */

static void wait_there(void *unused)
{
	(void)unused;
	poke(COVLIFE_WAIT, 1);
}

static bool somebody_waits(void)
{
	int device = MUST(open("/dev/covlife", O_RDWR | O_CLOEXEC));
	bool waits = MUST(ioctl(device, COVLIFE_WAIT, 2));

	close(device);
	return waits;
}

/* On a kernel that preempts, a change of text waits for all tasks that do not sleep (quiesce.c). */
static void need_looks(void)
{
	if (kernel_preempts())
		skip_test("on a kernel that preempts, a change of text waits until the loop ends");
}

/* It has begun to loop, and loops until it is told to end. */
static pid_t begin_to_wait(void)
{
	pid_t child = start(wait_there, NULL);

	EVENTUALLY(somebody_waits());
	return child;
}

static void end_waiting(pid_t child)
{
	EXPECT(somebody_waits());
	poke(COVLIFE_WAIT, 0);
	finish(child);
}

/* Whoever jumps to where the loop begins does not enter the function. */
static void jump_back_is_no_entry(int fd, uint32_t target)
{
	struct cov_function function;
	struct cov_block first;

	EVENTUALLY(target_info(fd, target).blocks_hit > 0);
	function = function_of(fd, target, "covlife_wait");
	EXPECT_EQ(function.hits, 0);
	EXPECT_EQ(read_table(fd, COV_IOC_BLOCKS, target, function.first_block, 1, &first), 1);
	EXPECT(first.covered != COV_YES);
}

static void wait_and_attach(int fd, uint32_t mode)
{
	uint32_t target;
	pid_t child;

	test_case("mode %u", mode);
	child = begin_to_wait();
	target = attach_with(fd, TARGET, "covlife_wait", COV_ENGINE_AUTO, mode, COV_SCOPE_ALL);
	jump_back_is_no_entry(fd, target);
	with_id(fd, COV_IOC_RESET, target);
	jump_back_is_no_entry(fd, target);
	end_waiting(child);
	child = start(wait_there, NULL);
	EVENTUALLY(function_hits(fd, target, "covlife_wait") == 1);
	end_waiting(child);
	with_id(fd, COV_IOC_DETACH, target);
}

static void loop_at_the_beginning_is_not_entered_by_its_jump(void)
{
	int fd = control_open();

	need_looks();
	need_engine(fd, COV_ENGINE_BREAKPOINT);
	wait_and_attach(fd, COV_MODE_EDGES);
	wait_and_attach(fd, COV_MODE_BLOCKS);
	close(fd);
}

/*
 * The jump has settled each time that it is put back. From the first change of text on, the task is
 * in the int3's handler, or where that leads to, most of the time.
 */
static void reset_does_not_wait_until_a_loop_ends(void)
{
	int fd = control_open();
	unsigned int i;
	uint32_t target;
	pid_t child;

	need_looks();
	child = begin_to_wait();
	target = attach_with(fd, TARGET, "covlife_wait", COV_ENGINE_AUTO, COV_MODE_EDGES,
			     COV_SCOPE_ALL);
	for (i = 0; i < 10; i++) {
		EVENTUALLY(target_info(fd, target).disarmed > 0);
		with_id(fd, COV_IOC_RESET, target);
		EVENTUALLY(target_info(fd, target).blocks_hit > 0);
	}
	end_waiting(child);
	with_id(fd, COV_IOC_DETACH, target);
	close(fd);
}

/* Another target's stubs are given back; the loop's is not. */
static void detach_does_not_wait_until_a_loop_around_a_breakpoint_ends(void)
{
	int fd = control_open();
	uint32_t target, other;
	pid_t child;

	need_looks();
	child = begin_to_wait();
	target = attach_with(fd, TARGET, "covlife_wait", COV_ENGINE_BREAKPOINT, COV_MODE_COUNT,
			     COV_SCOPE_ALL);
	EVENTUALLY(target_info(fd, target).blocks_hit > 0);
	other = attach_with(fd, "covpeek", NULL, COV_ENGINE_AUTO, COV_MODE_COUNT, COV_SCOPE_ALL);
	with_id(fd, COV_IOC_DETACH, other);
	end_waiting(child);
	with_id(fd, COV_IOC_DETACH, target);
	close(fd);
}

static const struct test tests[] = {
	TEST(text_is_not_changed_under_a_task_that_stands_in_it),
	TEST(stub_is_not_given_back_under_a_task_that_stands_in_it),
	TEST(loop_at_the_beginning_is_not_entered_by_its_jump),
	TEST(reset_does_not_wait_until_a_loop_ends),
	TEST(detach_does_not_wait_until_a_loop_around_a_breakpoint_ends),
};

const struct test_group engines_inside = TEST_GROUP(tests);
