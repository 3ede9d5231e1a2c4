// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm.c - livecov under everything at once, for as long as one likes: attached and
 * detached while both CPUs run the target, others patch the same text, the target goes
 * and comes, tracked tasks fork. After each storm the machine is as it was.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storm.h"
#include "../vm/suite/module/covlife.h"

/* --- attach and detach ----------------------------------------------------------------- */

static void quarrel(void *number)
{
	int fd = control_open();

	reseed(*(int *)number);
	while (storm_goes_on()) {
		struct cov_target_info info = { .flags = COV_INFO_NEXT };
		struct cov_attach request = any_attach(COEXIST_TARGET);
		struct cov_target_id id = { 0 };

		/* The other has it most of the time. */
		if (!try_call(fd, COV_IOC_ATTACH, &request))
			try_arm(fd, request.target);
		if (!try_call(fd, COV_IOC_TARGET, &info))
			id.target = info.target;
		try_call(fd, any(4) ? COV_IOC_RESET : COV_IOC_DETACH, &id);
		close(fd);
		fd = control_open();
	}
	close(fd);
}

static void attach_and_detach_while_both_processors_run_it(void)
{
	struct callers callers, testers;
	pid_t other;

	storm_begin(__func__);
	testers_start(&testers);
	callers_start(&callers);
	other = start(attach_again_and_again, TARGET);
	attach_again_and_again(COEXIST_TARGET);
	finish(other);
	callers_finish(&callers);
	EXPECT(testers_finish(&testers) > 0);
	storm_end();
}

/* Two that want the same one, and reset what is the other's. */
static void two_quarrel_about_one_target(void)
{
	struct callers testers;
	pid_t pids[2];
	int i;

	storm_begin(__func__);
	testers_start(&testers);
	for (i = 0; i < 2; i++)
		pids[i] = start(quarrel, &i);
	for (i = 0; i < 2; i++)
		finish(pids[i]);
	EXPECT(testers_finish(&testers) > 0);
	storm_end();
}

/* --- others who patch ----------------------------------------------------------------------- */

static void others_patch_the_same_text(void)
{
	struct callers testers;
	int fd, device;

	storm_begin(__func__);
	fd = control_open();
	device = covt_open();
	testers_start(&testers);
	while (storm_goes_on()) {
		struct cov_attach request = any_attach(COEXIST_TARGET);
		unsigned int i, n = any(8);

		for (i = any(3); i; i--)
			patch_something(device);
		attach(fd, &request);
		arm(fd, request.target);
		for (i = 0; i < n; i++)
			patch_something(device);
		if (any(2))
			usleep(200 * 1000);
		reset_beside_others(fd, request.target);
		ask_everything(fd, request.target);
		remove_probes();
		with_id(fd, COV_IOC_DETACH, request.target);
	}
	patch_no_more(device);
	EXPECT(testers_finish(&testers) > 0);
	close(device);
	close(fd);
	storm_end();
}

/* --- counts ------------------------------------------------------------------------------------ */

/* Others patch these functions too, and livecov patches others, while they are counted. */
static unsigned long patch_around(void *device)
{
	if (any(2))
		patch_something(*(int *)device);
	else
		attach_for_a_moment(COEXIST_TARGET);
	return 0;
}

static void no_count_is_lost_while_others_patch(void)
{
	int device;

	storm_begin(__func__);
	device = covt_open();
	while (storm_goes_on()) {
		count_for_a_while(patch_around, &device);
		remove_probes();
	}
	patch_no_more(device);
	close(device);
	storm_end();
}

/* --- the target goes and comes ------------------------------------------------------------------- */

static void use_while_there(void *number)
{
	reseed(*(int *)number);
	while (storm_goes_on()) {
		int device = open(COVT_PATH, O_RDWR | O_CLOEXEC);

		if (device >= 0) {
			exercise(device);
			close(device);
		}
		usleep(any(20) * 1000);
	}
}

static void attach_while_there(void *unused)
{
	int fd = control_open();

	(void)unused;
	reseed('a');
	while (storm_goes_on()) {
		struct cov_attach request = any_attach(COEXIST_TARGET);

		if (try_call(fd, COV_IOC_ATTACH, &request))
			continue;
		try_arm(fd, request.target);
		usleep(any(1000) * 1000);
		target_info(fd, request.target);
		with_id(fd, COV_IOC_RESET, request.target);
		with_id(fd, COV_IOC_DETACH, request.target);
	}
	close(fd);
}

static void target_goes_and_comes_while_attached(void)
{
	pid_t users[2], attacher;
	unsigned int unloads = 0;
	int i;

	storm_begin(__func__);
	for (i = 0; i < 2; i++)
		users[i] = start(use_while_there, &i);
	attacher = start(attach_while_there, NULL);
	while (storm_goes_on()) {
		usleep(any(700) * 1000);
		if (try_unload(COEXIST_TARGET))
			continue;
		unloads++;
		usleep(any(50) * 1000);
		modprobe(COEXIST_TARGET);
	}
	for (i = 0; i < 2; i++)
		finish(users[i]);
	finish(attacher);
	EXPECT(unloads > 0);
	storm_end();
}

/* --- forks ------------------------------------------------------------------------------------------- */

struct family {
	uint64_t sample;
	unsigned long value;	/* of covlife_work() */
	unsigned long *calls;
};

/* Children that call, and children whose children do. */
static void be_fruitful(void *data)
{
	const struct family *self = data;
	int fd = control_open(), device = MUST(open("/dev/covlife", O_RDWR | O_CLOEXEC));
	struct cov_register reg = { .sample = self->sample };

	reseed(self->sample);
	CALL(fd, COV_IOC_REGISTER, &reg);
	while (storm_goes_on()) {
		pid_t pid = any(2) ? vfork() : fork();

		if (pid < 0)
			continue;
		if (!pid) {
			ioctl(device, COVLIFE_TASK, self->value);
			_exit(0);
		}
		MUST(waitpid(pid, NULL, 0));
		++*self->calls;
	}
	CALL(fd, COV_IOC_UNREGISTER, NULL);
}

static void expect_family(int fd, uint32_t target, const struct family *family)
{
	struct cov_view view = { .sample = family->sample };

	CALL(fd, COV_IOC_VIEW, &view);
	test_case("sample %llu", (unsigned long long)family->sample);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"),
		  family->value & 1 ? *family->calls : 0);
	EXPECT_EQ(function_hits(fd, target, "covlife_even"),
		  family->value & 1 ? 0 : *family->calls);
	view.sample = 0;
	CALL(fd, COV_IOC_VIEW, &view);
}

#define FAMILIES	4

static void tracked_tasks_fork_and_every_call_is_theirs(void)
{
	struct family families[FAMILIES];
	pid_t pids[FAMILIES];
	uint32_t target;
	int fd, i;

	storm_begin(__func__);
	fd = control_open();
	target = attach_counting(fd, COV_ENGINE_AUTO, COV_SCOPE_TRACKED);
	for (i = 0; i < FAMILIES; i++) {
		families[i] = (struct family){ 1 + i, 1 + i, shared_memory(sizeof(long)) };
		pids[i] = start(be_fruitful, &families[i]);
	}
	/* The samples' maps grow meanwhile. */
	while (storm_goes_on()) {
		attach_for_a_moment(COEXIST_TARGET);
		usleep(any(300) * 1000);
	}
	for (i = 0; i < FAMILIES; i++)
		finish(pids[i]);
	EXPECT_EQ(livecov_status(fd).tasks_lost, 0);
	for (i = 0; i < FAMILIES; i++)
		expect_family(fd, target, &families[i]);
	close(fd);
	storm_end();
}

static const struct test storms[] = {
	TEST(attach_and_detach_while_both_processors_run_it),
	TEST(two_quarrel_about_one_target),
	TEST(others_patch_the_same_text),
	TEST(no_count_is_lost_while_others_patch),
	TEST(target_goes_and_comes_while_attached),
	TEST(tracked_tasks_fork_and_every_call_is_theirs),
};

int main(int argc, char **argv)
{
	const struct test_group groups[] = {
		TEST_GROUP(storms), storms_of_edges, storms_of_ext4, storms_of_machine,
		storms_of_calls, storms_of_covstat, storms_of_failures,
	};

	return suite_main(groups, ARRAY_SIZE(groups), argc, argv);
}
