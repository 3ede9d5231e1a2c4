// SPDX-License-Identifier: GPL-2.0-only
/*
 * killed.c - a client that is killed, or that closes its files, in the middle of any call
 * leaves nothing behind but what was to stay; --kmemleak then looks for its memory.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engines.h"
#include "module/covlife.h"

#define SAMPLE	91
#define GLOB	"covlife_[woe]*"

/**
 * struct client - one that makes calls until it is killed
 * @random: its seed
 * @fd: its control file
 * @target: that it has attached, or 0
 * @calls: how many it has made; shared with whoever kills it
 */
struct client {
	unsigned int random;
	int fd;
	uint32_t target;
	unsigned long *calls;
};

static unsigned int chance(struct client *client, unsigned int n)
{
	return rand_r(&client->random) % n;
}

/* Not CALL: what goes before may have been refused, as its right is. */
static int try_call(struct client *client, unsigned int cmd, void *argument)
{
	return ioctl(client->fd, cmd, argument);
}

static void open_again(struct client *client)
{
	close(client->fd);
	client->fd = control_open();
	client->target = 0;
}

static void attach_something(struct client *client)
{
	static const uint32_t modes[] = { COV_MODE_EDGES, COV_MODE_COUNT, COV_MODE_TRACE };
	struct cov_attach request = attach_request(TARGET);
	struct cov_arm arm = { .max = UINT32_MAX };

	request.mode = modes[chance(client, ARRAY_SIZE(modes))];
	request.scope = COV_SCOPE_TRACKED;
	request.engine = COV_ENGINE_AUTO;
	request.flags = chance(client, 2) ? COV_ATTACH_PATHS : 0;
	if (request.mode == COV_MODE_TRACE && chance(client, 4) == 0)
		request.flags |= COV_ATTACH_RETURNS;
	choose(&request, GLOB);
	if (try_call(client, COV_IOC_ATTACH, &request))
		return;
	client->target = arm.target = request.target;
	try_call(client, COV_IOC_ARM, &arm);
}

static void detach(struct client *client)
{
	struct cov_target_id id = { .target = client->target };

	try_call(client, chance(client, 2) ? COV_IOC_DETACH : COV_IOC_RESET, &id);
}

static void pass(struct client *client)
{
	struct cov_register reg = { .sample = SAMPLE + chance(client, 3) };

	if (try_call(client, COV_IOC_REGISTER, &reg))
		try_call(client, COV_IOC_UNREGISTER, NULL);
	poke(COVLIFE_TASK, chance(client, 5));
}

static void trace(struct client *client)
{
	struct cov_trace request = {
		.size = COV_TRACE_CHUNK << chance(client, 6),
		.tasks = 1 + chance(client, 64),
		.flags = chance(client, 8),
	};

	if (try_call(client, COV_IOC_TRACE, &request))
		return;
	/* What is mapped stays to the end, or until the trace is closed with it. */
	mmap(NULL, request.length, PROT_READ, MAP_SHARED, request.fd, 0);
	poke(COVLIFE_TASK, 1);
	if (chance(client, 2))
		close(request.fd);
}

static void look_at_samples(struct client *client)
{
	struct cov_view view = { .sample = chance(client, 2) * (SAMPLE + chance(client, 3)) };
	uint64_t ids[8];
	struct cov_samples samples = { .count = ARRAY_SIZE(ids), .buffer = (uintptr_t)ids };

	try_call(client, COV_IOC_VIEW, &view);
	try_call(client, COV_IOC_SAMPLES, &samples);
}

static void map_cells(struct client *client)
{
	struct cov_map map = { .target = client->target, .sample = SAMPLE };

	if (!try_call(client, COV_IOC_MAP, &map))
		mmap(NULL, map.length, PROT_READ, MAP_SHARED, client->fd, map.offset);
}

static void look_at_records(struct client *client)
{
	struct pollfd polled = { .fd = client->fd, .events = POLLIN };
	struct cov_engines engines = { .target = client->target };
	struct cov_refusals refusals = { .target = client->target };
	struct cov_caller room[16];
	struct cov_callers callers = { .buffer = (uintptr_t)room, .count = ARRAY_SIZE(room) };
	struct cov_news news;

	poll(&polled, 1, chance(client, 3));
	try_call(client, COV_IOC_NEWS, &news);
	try_call(client, COV_IOC_CALLERS, &callers);
	try_call(client, COV_IOC_ENGINES, &engines);
	try_call(client, COV_IOC_REFUSALS, &refusals);
}

#define BY_HAND	"killed"

static void watch_by_hand(struct client *client)
{
	struct cov_checkpoint_switch off = { .glob = BY_HAND, .flags = COV_CHECKPOINT_AUTO };
	struct cov_checkpoint_del del = { .name = BY_HAND };
	struct cov_checkpoint_add add = {
		.name = BY_HAND,
		.module = TARGET,
		.function = "covlife_work",
		.levels = 1,
		.scope = COV_SCOPE_TRACKED,
		.flags = COV_CHECKPOINT_AUTO,
	};

	switch (chance(client, 3)) {
	case 0:
		try_call(client, COV_IOC_CHECKPOINT_ADD, &add);
		return;
	case 1:
		off.on = chance(client, 2);
		try_call(client, COV_IOC_CHECKPOINT_SWITCH, &off);
		return;
	default:
		try_call(client, COV_IOC_CHECKPOINT_DEL, &del);
	}
}

static void make_calls(void *data)
{
	static void (*const calls[])(struct client *) = {
		attach_something, detach, pass, pass, trace, look_at_samples, map_cells,
		look_at_records, watch_by_hand, open_again,
	};
	struct client client = *(struct client *)data;

	client.fd = control_open();
	for (;;) {
		calls[chance(&client, ARRAY_SIZE(calls))](&client);
		__atomic_add_fetch(client.calls, 1, __ATOMIC_SEQ_CST);
	}
}

/* Checkpoints by hand are made to outlive their maker. */
static void expect_nothing_left(int fd)
{
	struct cov_checkpoint_del del = { .name = BY_HAND };
	struct cov_status status;

	EVENTUALLY(livecov_status(fd).tasks == 0);
	ioctl(fd, COV_IOC_CHECKPOINT_DEL, &del);
	status = livecov_status(fd);
	EXPECT_EQ(status.targets, 0);
	EXPECT_EQ(status.checkpoints, 0);
	EXPECT_EQ(status.tasks_lost, 0);
	expect_clean_text();
}

static void client_killed_in_any_call_leaves_nothing(void)
{
	struct client client = { .calls = shared_memory(sizeof(*client.calls)) };
	int fd = control_open();
	unsigned int i;

	for (i = 0; i < rounds(60); i++) {
		unsigned long before = *client.calls;
		pid_t pid;

		test_case("client %u", i);
		client.random = i;
		pid = start(make_calls, &client);
		/* At first in the middle of the first calls, then after ever more of them. */
		EVENTUALLY(__atomic_load_n(client.calls, __ATOMIC_SEQ_CST) >= before + i);
		usleep(i * 7919 % 5000);
		end(pid);
		expect_nothing_left(fd);
	}
}

static void clients_killed_beside_each_other_leave_nothing(void)
{
	struct client client = { .calls = shared_memory(sizeof(*client.calls)) };
	int fd = control_open();
	unsigned int i, k;
	pid_t pids[4];

	for (i = 0; i < rounds(15); i++) {
		test_case("round %u", i);
		for (k = 0; k < ARRAY_SIZE(pids); k++) {
			client.random = 1000 * i + k;
			pids[k] = start(make_calls, &client);
		}
		usleep(100000 + i * 7919 % 50000);
		for (k = 0; k < ARRAY_SIZE(pids); k++)
			end(pids[k]);
		expect_nothing_left(fd);
	}
}

static const struct test tests[] = {
	TEST(client_killed_in_any_call_leaves_nothing),
	TEST(clients_killed_beside_each_other_leave_nothing),
};

int main(int argc, char **argv)
{
	const struct test_group groups[] = { TEST_GROUP(tests) };

	return suite_main(groups, ARRAY_SIZE(groups), argc, argv);
}
