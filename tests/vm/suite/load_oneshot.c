// SPDX-License-Identifier: GPL-2.0-only
/*
 * load_oneshot.c - mode blocks: a site disarms itself after the first hit that
 * counts, and RESET arms it again. load.c does the same while others run.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "load.h"
#include "module/covlife.h"

#define KPROBES_LIST	"/sys/kernel/debug/kprobes/list"

static bool text_is_clean(const struct text *clean)
{
	static struct text now;

	EXPECT_EQ(try_read_text(&now, clean->address, clean->size), 0);
	return !memcmp(now.bytes, clean->bytes, clean->size);
}

static void site_is_disarmed_by_its_first_hit(void)
{
	int fd = control_open(), i;
	uint32_t target = attach_armed(fd, TARGET, "covlife_*", COV_MODE_BLOCKS, COV_SCOPE_ALL);
	struct cov_target_info info = target_info(fd, target);

	EXPECT_EQ(info.disarmed, 0);
	EXPECT_EQ(function_of(fd, target, "covlife_odd").state, COV_SITE_ARMED);
	for (i = 0; i < 5; i++)
		poke(COVLIFE_TASK, 1);
	EXPECT_EQ(function_of(fd, target, "covlife_odd").state, COV_SITE_DISARMED);
	EXPECT_EQ(function_of(fd, target, "covlife_odd").hits, 1);
	EXPECT_EQ(function_of(fd, target, "covlife_even").state, COV_SITE_ARMED);
	EXPECT_EQ(function_of(fd, target, "covlife_even").hits, 0);
	info = target_info(fd, target);
	EXPECT(info.disarmed > 0);
	EXPECT(info.blocks_hit > 0);
}

static void disarmed_site_leaves_no_trap(void)
{
	int fd = control_open();
	static struct text clean;
	uint32_t target;

	read_module_text(&clean, TARGET);
	target = attach_armed(fd, TARGET, "covlife_odd", COV_MODE_BLOCKS, COV_SCOPE_ALL);
	EXPECT(!text_is_clean(&clean));
	poke(COVLIFE_TASK, 1);
	EVENTUALLY(text_is_clean(&clean));
	EVENTUALLY(count_lines(KPROBES_LIST, "[DISABLED]") == 1);
	with_id(fd, COV_IOC_RESET, target);
	EXPECT(!text_is_clean(&clean));
	EXPECT_EQ(count_lines(KPROBES_LIST, "[DISABLED]"), 0);
}

static void reset_arms_disarmed_sites_again(void)
{
	int fd = control_open(), i;
	uint32_t target = attach_armed(fd, TARGET, "covlife_*", COV_MODE_BLOCKS, COV_SCOPE_ALL);
	uint32_t armed = target_info(fd, target).armed;

	for (i = 0; i < 10; i++) {
		poke(COVLIFE_LOOP, 2);
		EXPECT_EQ(function_of(fd, target, "covlife_odd").hits, 1);
		EXPECT_EQ(function_of(fd, target, "covlife_odd").state, COV_SITE_DISARMED);
		with_id(fd, COV_IOC_RESET, i % 2 ? target : 0);
		EXPECT_EQ(function_of(fd, target, "covlife_odd").hits, 0);
		EXPECT_EQ(target_info(fd, target).blocks_hit, 0);
		EXPECT_EQ(target_info(fd, target).armed, armed);
	}
}

static uint32_t outcomes_and_blocks(int fd, uint32_t target, uint64_t sample)
{
	struct cov_view view = { .sample = sample };
	struct cov_target_info info;

	CALL(fd, COV_IOC_VIEW, &view);
	info = target_info(fd, target);
	view.sample = 0;
	CALL(fd, COV_IOC_VIEW, &view);
	return info.outcomes_hit + info.blocks_hit;
}

static void pass_as(int fd, uint64_t sample)
{
	struct cov_register reg = { .sample = sample };

	CALL(fd, COV_IOC_REGISTER, &reg);
	poke(COVLIFE_TASK, 1);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
}

static void site_of_scope_tracked_stays_for_the_next_sample(void)
{
	static const unsigned int modes[] = { COV_MODE_BLOCKS, COV_MODE_EDGES };
	int fd = control_open();
	uint32_t target;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		target = attach_armed(fd, TARGET, "covlife_*", modes[i], COV_SCOPE_TRACKED);
		poke(COVLIFE_TASK, 1);
		EXPECT_EQ(function_of(fd, target, "covlife_odd").hits, 0);
		pass_as(fd, 5);
		pass_as(fd, 6);
		EXPECT_EQ(target_info(fd, target).disarmed, 0);
		EXPECT(outcomes_and_blocks(fd, target, 5) > 0);
		EXPECT_EQ(outcomes_and_blocks(fd, target, 6), outcomes_and_blocks(fd, target, 5));
		EXPECT_EQ(function_of(fd, target, "covlife_odd").first_sample, 5);
		with_id(fd, COV_IOC_DETACH, target);
	}
}

static void disarming_one_target_leaves_another_armed(void)
{
	struct cov_checkpoint_add add = {
		.name = "beside", .module = TARGET, .function = "covlife_odd",
		.levels = 1, .scope = COV_SCOPE_ALL,
	};
	struct cov_checkpoint_del del = { .name = "beside" };
	int fd = control_open(), i;
	uint32_t target;

	target = attach_armed(fd, TARGET, "covlife_odd", COV_MODE_BLOCKS, COV_SCOPE_ALL);
	CALL(fd, COV_IOC_CHECKPOINT_ADD, &add);
	for (i = 1; i <= 5; i++) {
		poke(COVLIFE_TASK, 1);
		EXPECT_EQ(function_of(fd, add.target, "covlife_odd").hits, i);
	}
	EXPECT_EQ(function_of(fd, target, "covlife_odd").hits, 1);
	EVENTUALLY(count_lines(KPROBES_LIST, "[DISABLED]") == 1);
	with_id(fd, COV_IOC_RESET, target);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(function_of(fd, target, "covlife_odd").hits, 1);
	CALL(fd, COV_IOC_CHECKPOINT_DEL, &del);
}

static void unloaded_target_with_disarmed_sites_is_reset(void)
{
	int fd = control_open();
	uint32_t target;

	target = attach_armed(fd, TARGET, "covlife_odd", COV_MODE_BLOCKS, COV_SCOPE_ALL);
	poke(COVLIFE_TASK, 1);
	unload(TARGET);
	EXPECT_EQ(function_of(fd, target, "covlife_odd").hits, 1);
	with_id(fd, COV_IOC_RESET, target);
	EXPECT_EQ(function_of(fd, target, "covlife_odd").hits, 0);
	EXPECT_EQ(function_of(fd, target, "covlife_odd").state, COV_SITE_GONE);
	load(module_file(TARGET), "");
	/* Hit anew, by its init function. */
	EXPECT_EQ(function_of(fd, target, "covlife_odd").hits, 1);
}

static void site_hit_before_unloading_is_not_armed_again_until_reset(void)
{
	int fd = control_open();
	uint32_t target;

	target = attach_armed(fd, TARGET, "covlife_[oe][dv]*", COV_MODE_BLOCKS, COV_SCOPE_ALL);
	poke(COVLIFE_TASK, 1);
	unload(TARGET);
	load(module_file(TARGET), "");
	EXPECT_EQ(function_of(fd, target, "covlife_odd").state, COV_SITE_DISARMED);
	EXPECT_EQ(function_of(fd, target, "covlife_odd").hits, 1);
	with_id(fd, COV_IOC_RESET, target);
	EXPECT_EQ(function_of(fd, target, "covlife_odd").state, COV_SITE_ARMED);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(function_of(fd, target, "covlife_odd").hits, 1);
}

static void unloaded_livecov_forgets_targets_that_are_gone(void)
{
	int fd = control_open();
	uint32_t target;

	target = attach_armed(fd, TARGET, "covlife_odd", COV_MODE_BLOCKS, COV_SCOPE_ALL);
	poke(COVLIFE_TASK, 1);
	with_id(fd, COV_IOC_KEEP, target);
	close(fd);
	unload(TARGET);
	unload("livecov");
	load(module_file(TARGET), "");
}

static const struct test tests[] = {
	TEST(site_is_disarmed_by_its_first_hit),
	TEST(disarmed_site_leaves_no_trap),
	TEST(reset_arms_disarmed_sites_again),
	TEST(site_of_scope_tracked_stays_for_the_next_sample),
	TEST(disarming_one_target_leaves_another_armed),
	TEST(unloaded_target_with_disarmed_sites_is_reset),
	TEST(unloaded_livecov_forgets_targets_that_are_gone),
	TEST(site_hit_before_unloading_is_not_armed_again_until_reset),
};

const struct test_group load_oneshot = TEST_GROUP(tests);
