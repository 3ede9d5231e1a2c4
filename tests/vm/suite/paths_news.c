// SPDX-License-Identifier: GPL-2.0-only
/*
 * paths_news.c - what is new wakes whoever waits for it, and is told once.
 */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "module/covlife.h"
#include "paths.h"

static bool readable(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLIN };

	MUST(poll(&polled, 1, 0));
	return polled.revents & POLLIN;
}

static struct cov_news news_of(int fd)
{
	struct cov_news news;

	CALL(fd, COV_IOC_NEWS, &news);
	return news;
}

/* The pairs that were new between two looks. */
static void new_pairs(int fd, struct records *records)
{
	struct cov_news news = news_of(fd);

	memset(records, 0, sizeof(*records));
	if (news.pairs != news.pairs_since)
		read_records(fd, records, (struct cov_callers){
				     .since = news.pairs_since, .upto = news.pairs });
	EXPECT_EQ(records->count, news.pairs - news.pairs_since);
}

static void new_pair_is_told_once_and_a_known_one_never(void)
{
	int fd = control_open();
	struct records records;
	uint32_t target;
	struct way way;

	track_as(fd, 71);
	target = attach_paths(fd, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_TRACKED);
	way = way_of(fd, target);
	news_of(fd);
	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_TASK, 1);
	EXPECT(readable(fd));
	new_pairs(fd, &records);
	EXPECT(records.count > 0);
	EXPECT(!readable(fd));
	poke(COVLIFE_TASK, 1);
	EXPECT(!readable(fd));
	/* The same places in another order: work, common, even, work, common, odd. */
	poke(COVLIFE_TASK, 2);
	EXPECT(readable(fd));
	new_pairs(fd, &records);
	EXPECT_EQ(came(&records, way.common, way.turn[0]), 1);
	EXPECT_EQ(came(&records, way.turn[0], way.callee[0]), 1);
	EXPECT_EQ(called(&records, way.callee[0]), 1);
	EXPECT_EQ(records.count, 3);
	/* Every place is known by now, and still this way is new. */
	poke(COVLIFE_TASK, 1);
	EXPECT(readable(fd));
	new_pairs(fd, &records);
	EXPECT_EQ(came(&records, way.callee[0], way.work), 1);
	EXPECT_EQ(records.count, 1);
	/* After a reset everything is new again. */
	with_id(fd, COV_IOC_RESET, target);
	EXPECT(!readable(fd));
	poke(COVLIFE_TASK, 1);
	new_pairs(fd, &records);
	EXPECT_EQ(came(&records, way.work, way.common), 1);
}

static void each_file_has_its_own_news(void)
{
	int fd = control_open(), before = control_open(), after;
	uint32_t target;

	target = attach_paths(fd, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	poke(COVLIFE_TASK, 1);
	after = control_open();
	EXPECT(readable(fd));
	EXPECT(readable(before));
	EXPECT(!readable(after));
	news_of(fd);
	EXPECT(!readable(fd));
	EXPECT(readable(before));
	with_id(fd, COV_IOC_DETACH, target);
	EXPECT(readable(before));
}

/* Outcomes of tasks that nobody tracks make no pair; one-shot breakpoints neither. */
static void new_places_are_news_without_pairs(void)
{
	int fd = control_open();
	struct cov_news news;
	uint32_t target;

	target = attach_paths(fd, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	poke(COVLIFE_TASK, 1);
	news = news_of(fd);
	/* Entries of work and odd, two outcomes. */
	EXPECT_EQ(news.places - news.places_since, 4);
	EXPECT_EQ(news.pairs - news.pairs_since, 2);
	poke(COVLIFE_TASK, 3);
	EXPECT(!readable(fd));
	with_id(fd, COV_IOC_DETACH, target);
	attach_with(fd, TARGET, "covlife_odd", COV_ENGINE_BREAKPOINT, COV_MODE_BLOCKS,
		    COV_SCOPE_ALL);
	EXPECT(!readable(fd));
	poke(COVLIFE_TASK, 3);
	news = news_of(fd);
	EXPECT_EQ(news.pairs, news.pairs_since);
	EXPECT(news.places > news.places_since);
}

/* --- waiting --------------------------------------------------------------------------- */

static void wait_for_news(void *pipe_in)
{
	struct pollfd polled = { .fd = control_open(), .events = POLLIN };

	MUST(write(*(int *)pipe_in, "", 1));
	EXPECT_EQ(MUST(poll(&polled, 1, -1)), 1);
	EXPECT_EQ(polled.revents, POLLIN);
	EXPECT(news_of(polled.fd).places > 0);
}

static bool sleeps(pid_t pid)
{
	char path[64], wchan[64];

	snprintf(path, sizeof(path), "/proc/%d/wchan", pid);
	return read_file(path, wchan, sizeof(wchan)) > 0 && strstr(wchan, "poll");
}

pid_t start_waiter(void)
{
	int ready[2];
	pid_t waiter;
	char byte;

	MUST(pipe(ready));
	waiter = start(wait_for_news, &ready[1]);
	EXPECT_EQ(MUST(read(ready[0], &byte, 1)), 1);
	EVENTUALLY(sleeps(waiter));
	close(ready[0]);
	close(ready[1]);
	return waiter;
}

static void wake_from(unsigned int how)
{
	int fd = control_open();
	uint32_t target;
	pid_t waiter;

	test_case("context %u", how);
	target = attach_paths(fd, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	waiter = start_waiter();
	poke(how, 1);
	finish(waiter);
	with_id(fd, COV_IOC_DETACH, target);
}

static void poll_wakes_for_news_from_any_context(void)
{
	wake_from(COVLIFE_TASK);
	wake_from(COVLIFE_IRQ);
	wake_from(COVLIFE_SOFTIRQ);
	wake_from(COVLIFE_KTHREAD);
}

static void undelivered_news_stay_news(void)
{
	int fd = control_open();

	attach_paths(fd, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	poke(COVLIFE_TASK, 1);
	FAILS(fd, COV_IOC_NEWS, (void *)KERNEL_ADDRESS, EFAULT);
	FAILS(fd, COV_IOC_NEWS, before_hole(sizeof(struct cov_news) - 8), EFAULT);
	EXPECT(readable(fd));
	EXPECT(news_of(fd).places > 0);
	EXPECT(!readable(fd));
}

/* Somebody who polls a file for ever, and how often the poll has returned. */
struct poller {
	int fd;
	unsigned long *returns;
};

static void poll_for_ever(void *data)
{
	struct poller *poller = data;
	struct pollfd polled = { .fd = poller->fd, .events = POLLIN };

	for (;;) {
		EXPECT_EQ(MUST(poll(&polled, 1, -1)), 1);
		__atomic_add_fetch(poller->returns, 1, __ATOMIC_SEQ_CST);
	}
}

/* While the call waits for handlers, what it is about to tell counts as told. */
static void undelivered_news_wake_who_slept_meanwhile(void)
{
	struct poller poller = { control_open(), shared_memory(sizeof(long)) };
	unsigned int i;
	pid_t pid;

	attach_paths(poller.fd, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	poke(COVLIFE_TASK, 1);
	pid = start(poll_for_ever, &poller);
	EVENTUALLY(__atomic_load_n(poller.returns, __ATOMIC_SEQ_CST));
	for (i = 0; i < 5; i++) {
		unsigned long before;

		FAILS(poller.fd, COV_IOC_NEWS, (void *)KERNEL_ADDRESS, EFAULT);
		before = __atomic_load_n(poller.returns, __ATOMIC_SEQ_CST);
		EVENTUALLY(__atomic_load_n(poller.returns, __ATOMIC_SEQ_CST) > before);
	}
	end(pid);
}

static const struct test tests[] = {
	TEST(new_pair_is_told_once_and_a_known_one_never),
	TEST(each_file_has_its_own_news),
	TEST(new_places_are_news_without_pairs),
	TEST(poll_wakes_for_news_from_any_context),
	TEST(undelivered_news_stay_news),
	TEST(undelivered_news_wake_who_slept_meanwhile),
};

const struct test_group paths_news = TEST_GROUP(tests);
