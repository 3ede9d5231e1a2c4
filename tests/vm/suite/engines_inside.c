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

#define STAYER		"covlife_stay"
#define STAY_MIB	256

static bool is_staying(void)
{
	char answer[4];

	return read_file("/sys/module/" TARGET "/parameters/staying", answer, sizeof(answer)) > 0 &&
	       answer[0] == 'Y';
}

static void stay(void *unused)
{
	(void)unused;
	pin(1);
	poke(COVLIFE_STAY, STAY_MIB);
}

/* Somebody stands there from now on, for a second and more. */
static pid_t stay_elsewhere(void)
{
	pid_t stayer;

	pin(0);
	stayer = start(stay, NULL);
	EVENTUALLY(is_staying());
	/* From there it is a few instructions. */
	usleep(100 * 1000);
	EXPECT(is_staying());
	return stayer;
}

static void expect_detour(int fd, uint32_t target)
{
	EXPECT_EQ(engines_of(fd, target).sites[COV_ENGINE_DETOUR], 1);
}

static void region_is_not_changed_under_a_task_that_stands_in_it(void)
{
	int fd = control_open();
	pid_t stayer = stay_elsewhere();
	uint32_t target = attach_with(fd, TARGET, STAYER, COV_ENGINE_AUTO, COV_MODE_COUNT,
				      COV_SCOPE_ALL);

	expect_detour(fd, target);
	EXPECT(!is_staying());
	finish(stayer);
	/* It had passed the region's first byte before. */
	EXPECT_EQ(function_hits(fd, target, STAYER), 0);
	poke(COVLIFE_STAY, 1);
	with_id(fd, COV_IOC_DETACH, target);
	expect_clean_text();
}

static void stub_is_not_given_back_under_a_task_that_stands_in_it(void)
{
	int fd = control_open();
	uint32_t target = attach_with(fd, TARGET, STAYER, COV_ENGINE_AUTO, COV_MODE_COUNT,
				      COV_SCOPE_ALL);
	pid_t stayer;

	expect_detour(fd, target);
	stayer = stay_elsewhere();
	with_id(fd, COV_IOC_DETACH, target);
	EXPECT(!is_staying());
	finish(stayer);
	expect_clean_text();
}

static const struct test tests[] = {
	TEST(region_is_not_changed_under_a_task_that_stands_in_it),
	TEST(stub_is_not_given_back_under_a_task_that_stands_in_it),
};

const struct test_group engines_inside = TEST_GROUP(tests);
