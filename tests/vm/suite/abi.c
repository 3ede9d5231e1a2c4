// SPDX-License-Identifier: GPL-2.0-only
/*
 * abi.c - the rules of cov_ioctl.h that hold for every call, and the calls on a
 * file as a whole: VERSION, LAST_ERROR, STATUS, REGISTER, UNREGISTER; who may
 * open the file and what closing it undoes. The other calls are in abi_*.c.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi.h"
#include "module/covlife.h"

/* Every call there is; tests/unit/test_storm.py compares this with cov_ioctl.h. */
static const struct {
	unsigned int cmd;
	const char *name;
} calls[] = {
#define NAMED(cmd)	{ cmd, #cmd }
	NAMED(COV_IOC_VERSION), NAMED(COV_IOC_LAST_ERROR), NAMED(COV_IOC_STATUS),
	NAMED(COV_IOC_TARGET), NAMED(COV_IOC_ATTACH), NAMED(COV_IOC_ARM),
	NAMED(COV_IOC_KEEP), NAMED(COV_IOC_DETACH), NAMED(COV_IOC_RESET),
	NAMED(COV_IOC_FUNCTIONS), NAMED(COV_IOC_BLOCKS), NAMED(COV_IOC_BRANCHES),
	NAMED(COV_IOC_SECTIONS), NAMED(COV_IOC_NAMES), NAMED(COV_IOC_TEXT),
	NAMED(COV_IOC_ENGINES), NAMED(COV_IOC_VIEW), NAMED(COV_IOC_SAMPLES), NAMED(COV_IOC_MAP),
	NAMED(COV_IOC_TRACE), NAMED(COV_IOC_REFUSALS), NAMED(COV_IOC_EDGES),
	NAMED(COV_IOC_OUTCOMES), NAMED(COV_IOC_OUTCOME_SWITCH),
	NAMED(COV_IOC_REGISTER), NAMED(COV_IOC_UNREGISTER),
	NAMED(COV_IOC_CHECKPOINT_ADD), NAMED(COV_IOC_CHECKPOINT_DEL),
	NAMED(COV_IOC_CHECKPOINT_SWITCH), NAMED(COV_IOC_CALLERS), NAMED(COV_IOC_NEWS),
#undef NAMED
};

#define CALL_FAILS_AS(i, cmd, fd, arg, err) \
	call_fails(__FILE__, __LINE__, fd, cmd, calls[i].name, arg, err)

/* Room for any argument, zeroed. */
static void *any_argument(void)
{
	static char room[8192];

	memset(room, 0, sizeof(room));
	return room;
}

/* --- every call -------------------------------------------------------------------- */

static void unknown_call_is_enotty(void)
{
	int fd = control_open();

	FAILS(fd, _IO(COV_IOC_MAGIC, 0xff), NULL, ENOTTY);
	FAILS(fd, _IOWR(COV_IOC_MAGIC, 0x7f, struct cov_attach), any_argument(), ENOTTY);
	FAILS(fd, _IOR('x', 0x00, struct cov_version), any_argument(), ENOTTY);
	FAILS(fd, 0, NULL, ENOTTY);
	FAILS(fd, ~0U, any_argument(), ENOTTY);
}

static void wrong_size_is_enotty(void)
{
	int fd = control_open();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		unsigned int cmd = calls[i].cmd, size = _IOC_SIZE(cmd);

		CALL_FAILS_AS(i, _IOC(_IOC_DIR(cmd), COV_IOC_MAGIC, _IOC_NR(cmd), size + 8), fd,
			      any_argument(), ENOTTY);
		if (size)
			CALL_FAILS_AS(i, _IOC(_IOC_DIR(cmd), COV_IOC_MAGIC, _IOC_NR(cmd), size - 8),
				      fd, any_argument(), ENOTTY);
	}
}

static void wrong_direction_is_enotty(void)
{
	int fd = control_open();
	unsigned int dir;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		for (dir = 0; dir <= (_IOC_READ | _IOC_WRITE); dir++) {
			unsigned int cmd = calls[i].cmd;

			if (dir != _IOC_DIR(cmd))
				CALL_FAILS_AS(i, _IOC(dir, COV_IOC_MAGIC, _IOC_NR(cmd),
						      _IOC_SIZE(cmd)), fd, any_argument(), ENOTTY);
		}
}

static void expect_efault(size_t i, int fd, void *arg)
{
	/* It cannot tell of itself into the same memory. */
	if (calls[i].cmd != COV_IOC_LAST_ERROR)
		CALL_FAILS_AS(i, calls[i].cmd, fd, arg, EFAULT);
	else if (ioctl(fd, calls[i].cmd, arg) != -1 || errno != EFAULT)
		FAIL("%s into bad memory: not EFAULT", calls[i].name);
}

static void unreadable_argument_is_efault(void)
{
	int fd = control_open();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		size_t size = _IOC_SIZE(calls[i].cmd);

		if (!size)
			continue;
		expect_efault(i, fd, NULL);
		expect_efault(i, fd, (void *)KERNEL_ADDRESS);
		expect_efault(i, fd, (void *)(1ULL << 63));
		expect_efault(i, fd, (void *)-8ULL);
		/* All of it is there but the last eight bytes. */
		expect_efault(i, fd, before_hole(size - 8));
	}
}

static void argument_that_ends_with_its_page_is_enough(void)
{
	struct cov_version *version = before_hole(sizeof(*version));
	int fd = control_open();

	CALL(fd, COV_IOC_VERSION, version);
	EXPECT_EQ(version->abi_major, COV_ABI_MAJOR);
}

/* --- VERSION, LAST_ERROR, STATUS --------------------------------------------------------- */

static void version_tells_what_there_is(void)
{
	struct cov_version version;
	int fd = control_open();

	memset(&version, 0x55, sizeof(version));
	CALL(fd, COV_IOC_VERSION, &version);
	EXPECT_EQ(version.abi_major, COV_ABI_MAJOR);
	EXPECT_EQ(version.abi_minor, COV_ABI_MINOR);
	EXPECT(version.modes & 1U << COV_MODE_BLOCKS);
	EXPECT(version.modes & 1U << COV_MODE_EDGES);
	EXPECT(version.scopes & 1U << COV_SCOPE_TRACKED);
	EXPECT(version.scopes & 1U << COV_SCOPE_ALL);
	EXPECT(version.engines & 1U << COV_ENGINE_AUTO);
	EXPECT(version.engines & 1U << COV_ENGINE_KPROBE);
	EXPECT_EQ(version.pad, 0);
	EXPECT(version.release[0]);
	EXPECT(memchr(version.release, '\0', sizeof(version.release)));
}

static void last_error_is_empty_before_the_first_failure(void)
{
	EXPECT_EQ(last_error(control_open())[0], '\0');
}

static void last_error_belongs_to_its_file(void)
{
	struct cov_register bad = { .sample = 0 };
	int one = control_open(), two = control_open();

	FAILS(one, COV_IOC_REGISTER, &bad, EINVAL);
	EXPECT(last_error(one)[0]);
	EXPECT_EQ(last_error(two)[0], '\0');
}

static void last_error_outlives_success(void)
{
	struct cov_register bad = { .sample = 0 };
	int fd = control_open();
	char text[COV_ERROR_LEN];

	FAILS(fd, COV_IOC_REGISTER, &bad, EINVAL);
	strcpy(text, last_error(fd));
	livecov_status(fd);
	EXPECT(!strcmp(text, last_error(fd)));
}

static void status_counts_what_is_attached_and_tracked(void)
{
	struct cov_attach request = attach_request(TARGET);
	struct cov_register reg = { .sample = 7 };
	int fd = control_open();
	struct cov_status status = livecov_status(fd);

	EXPECT_EQ(status.targets, 0);
	EXPECT_EQ(status.checkpoints, 0);
	EXPECT_EQ(status.checkpoints_max, 1U << 20);
	EXPECT_EQ(status.tasks, 0);
	EXPECT_EQ(status.tasks_max, 16384);
	EXPECT_EQ(status.callers_max, 2 * 131072);
	EXPECT_EQ(status.pad, 0);
	EXPECT_EQ(status.refused, 0);

	choose(&request, "covlife_*");
	attach(fd, &request);
	CALL(fd, COV_IOC_REGISTER, &reg);
	status = livecov_status(fd);
	EXPECT_EQ(status.targets, 1);
	EXPECT_EQ(status.checkpoints, request.sites);
	EXPECT_EQ(status.tasks, 1);

	arm(fd, request.target);
	poke(COVLIFE_TASK, 1);
	status = livecov_status(fd);
	EXPECT(status.callers > 0);
	/* covlife_forbidden */
	EXPECT(status.refused > 0);
	EXPECT_EQ(status.refused, target_info(fd, request.target).refused);

	with_id(fd, COV_IOC_DETACH, request.target);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	status = livecov_status(fd);
	EXPECT_EQ(status.targets, 0);
	EXPECT_EQ(status.checkpoints, 0);
	EXPECT_EQ(status.tasks, 0);
	EXPECT_EQ(status.refused, 0);
}

/* --- REGISTER, UNREGISTER ------------------------------------------------------------------ */

static void register_refuses_sample_0_flags_and_padding(void)
{
	struct cov_register reg = { .sample = 0 };
	int fd = control_open();

	FAILS(fd, COV_IOC_REGISTER, &reg, EINVAL);
	reg = (struct cov_register){ .sample = 1, .flags = 1 };
	FAILS(fd, COV_IOC_REGISTER, &reg, EINVAL);
	reg = (struct cov_register){ .sample = 1, .flags = 1U << 31 };
	FAILS(fd, COV_IOC_REGISTER, &reg, EINVAL);
	reg = (struct cov_register){ .sample = 1, .pad = 1 };
	FAILS(fd, COV_IOC_REGISTER, &reg, EINVAL);
}

static void register_twice_is_eexist(void)
{
	struct cov_register reg = { .sample = ~0ULL };
	int one = control_open(), two = control_open();
	static uint64_t ids[64];
	struct cov_samples samples = { .buffer = (uintptr_t)ids };

	CALL(one, COV_IOC_REGISTER, &reg);
	FAILS(one, COV_IOC_REGISTER, &reg, EEXIST);
	reg.sample = 0xeee;
	FAILS(two, COV_IOC_REGISTER, &reg, EEXIST);
	/* There is no such sample for that. */
	samples.count = ARRAY_SIZE(ids);
	CALL(one, COV_IOC_SAMPLES, &samples);
	while (samples.count--)
		EXPECT(ids[samples.count] != 0xeee);
	CALL(one, COV_IOC_UNREGISTER, NULL);
	CALL(two, COV_IOC_REGISTER, &reg);
}

static void unregister_of_an_untracked_task_is_esrch(void)
{
	struct cov_register reg = { .sample = 1 };
	int fd = control_open();

	FAILS(fd, COV_IOC_UNREGISTER, NULL, ESRCH);
	CALL(fd, COV_IOC_REGISTER, &reg);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	FAILS(fd, COV_IOC_UNREGISTER, NULL, ESRCH);
}

/* --- the file ---------------------------------------------------------------------------------- */

static void nobody_but_root_opens_the_file(void)
{
	MUST(setgid(65534));
	MUST(setuid(65534));
	EXPECT_EQ(open(COV_CONTROL_PATH, O_RDWR), -1);
	EXPECT_EQ(errno, EACCES);
	EXPECT_EQ(open(COV_CONTROL_PATH, O_RDONLY), -1);
	EXPECT_EQ(errno, EACCES);
}

static void close_detaches_and_untracks(void)
{
	struct cov_register reg = { .sample = 1 };
	int fd = control_open(), other = control_open();

	attach_armed(fd, TARGET, "covlife_work", COV_MODE_EDGES, COV_SCOPE_ALL);
	CALL(fd, COV_IOC_REGISTER, &reg);
	close(fd);
	EXPECT_EQ(livecov_status(other).targets, 0);
	EXPECT_EQ(livecov_status(other).tasks, 0);
	FAILS(other, COV_IOC_UNREGISTER, NULL, ESRCH);
	expect_clean_text();
}

static void close_leaves_what_other_files_have_attached(void)
{
	int one = control_open(), two = control_open();
	struct cov_register reg = { .sample = 1 };
	uint32_t target;

	target = attach_armed(one, TARGET, "covlife_odd", COV_MODE_EDGES, COV_SCOPE_ALL);
	CALL(one, COV_IOC_REGISTER, &reg);
	close(two);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(function_hits(one, target, "covlife_odd"), 1);
	EXPECT_EQ(livecov_status(one).tasks, 1);
}

static void another_file_sees_and_may_detach_a_target(void)
{
	int one = control_open(), two = control_open();
	struct cov_target_id id;
	uint32_t target;

	target = attach_armed(one, TARGET, "covlife_odd", COV_MODE_EDGES, COV_SCOPE_ALL);
	EXPECT_EQ(target_info(two, target).armed, target_info(one, target).armed);
	with_id(two, COV_IOC_DETACH, target);
	id = (struct cov_target_id){ .target = target };
	FAILS(one, COV_IOC_DETACH, &id, ENOENT);
	expect_clean_text();
}

static void keep_outlives_the_file(void)
{
	int fd = control_open();
	uint32_t target;

	target = attach_armed(fd, TARGET, "covlife_odd", COV_MODE_EDGES, COV_SCOPE_ALL);
	EXPECT_EQ(target_info(fd, target).kept, 0);
	with_id(fd, COV_IOC_KEEP, target);
	with_id(fd, COV_IOC_KEEP, target);
	EXPECT_EQ(target_info(fd, target).kept, 1);
	close(fd);
	poke(COVLIFE_TASK, 1);
	fd = control_open();
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 1);
	with_id(fd, COV_IOC_DETACH, target);
}

static void close_in_a_child(void *fd)
{
	close(*(int *)fd);
}

static void attach_in_a_child(void *fd)
{
	attach_armed(*(int *)fd, TARGET, "covlife_odd", COV_MODE_EDGES, COV_SCOPE_ALL);
}

static void forked_child_shares_the_file(void)
{
	int fd = control_open(), other = control_open();

	finish(start(attach_in_a_child, &fd));
	EXPECT_EQ(livecov_status(fd).targets, 1);
	finish(start(close_in_a_child, &fd));
	EXPECT_EQ(livecov_status(fd).targets, 1);
	close(fd);
	EXPECT_EQ(livecov_status(other).targets, 0);
}

static void duplicate_descriptor_keeps_the_file_open(void)
{
	int fd = control_open(), duplicate = MUST(dup(fd));

	attach_armed(fd, TARGET, "covlife_odd", COV_MODE_EDGES, COV_SCOPE_ALL);
	close(fd);
	EXPECT_EQ(livecov_status(duplicate).targets, 1);
}

static void attach_and_die(void *unused)
{
	struct cov_register reg = { .sample = 1 };
	int fd = control_open();

	(void)unused;
	attach_armed(fd, TARGET, "covlife_work", COV_MODE_EDGES, COV_SCOPE_ALL);
	CALL(fd, COV_IOC_REGISTER, &reg);
}

static void exit_without_close_detaches_and_untracks(void)
{
	int fd = control_open();

	finish(start(attach_and_die, NULL));
	EXPECT_EQ(livecov_status(fd).targets, 0);
	EXPECT_EQ(livecov_status(fd).tasks, 0);
	expect_clean_text();
}

static const struct test tests[] = {
	TEST(unknown_call_is_enotty),
	TEST(wrong_size_is_enotty),
	TEST(wrong_direction_is_enotty),
	TEST(unreadable_argument_is_efault),
	TEST(argument_that_ends_with_its_page_is_enough),
	TEST(version_tells_what_there_is),
	TEST(last_error_is_empty_before_the_first_failure),
	TEST(last_error_belongs_to_its_file),
	TEST(last_error_outlives_success),
	TEST(status_counts_what_is_attached_and_tracked),
	TEST(register_refuses_sample_0_flags_and_padding),
	TEST(register_twice_is_eexist),
	TEST(unregister_of_an_untracked_task_is_esrch),
	TEST(nobody_but_root_opens_the_file),
	TEST(close_detaches_and_untracks),
	TEST(close_leaves_what_other_files_have_attached),
	TEST(another_file_sees_and_may_detach_a_target),
	TEST(keep_outlives_the_file),
	TEST(forked_child_shares_the_file),
	TEST(duplicate_descriptor_keeps_the_file_open),
	TEST(exit_without_close_detaches_and_untracks),
};

int main(int argc, char **argv)
{
	const struct test_group groups[] = {
		TEST_GROUP(tests), abi_attach, abi_tables, abi_checkpoint, abi_limits,
	};

	return suite_main(groups, ARRAY_SIZE(groups), argc, argv);
}
