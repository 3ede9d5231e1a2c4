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

static const struct test tests[] = {
	TEST(text_is_not_changed_under_a_task_that_stands_in_it),
	TEST(stub_is_not_given_back_under_a_task_that_stands_in_it),
};

const struct test_group engines_inside = TEST_GROUP(tests);
