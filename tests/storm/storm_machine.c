// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm_machine.c - what the machine does to livecov: processors go and come, NMIs come in
 * the middle of everything, memory is short.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "storm.h"
#include "../vm/suite/module/covlife.h"

/* --- processors ---------------------------------------------------------------------------- */

#define ONLINE	"/sys/devices/system/cpu/cpu1/online"

static void processor_goes_and_comes(void *unused)
{
	(void)unused;
	reseed('p');
	while (storm_goes_on()) {
		write_file(ONLINE, "0");
		usleep(any(300) * 1000);
		write_file(ONLINE, "1");
		usleep(any(300) * 1000);
	}
}

static void need_second_processor(void)
{
	if (access(ONLINE, W_OK))
		skip_test("processor 1 cannot be switched off");
}

static void a_processor_goes_and_comes_while_attached(void)
{
	struct callers callers, testers;
	pid_t other, processor;

	need_second_processor();
	storm_begin(__func__);
	testers_start(&testers);
	callers_start(&callers);
	processor = start(processor_goes_and_comes, NULL);
	other = start(attach_again_and_again, TARGET);
	attach_again_and_again(COEXIST_TARGET);
	finish(other);
	finish(processor);
	callers_finish(&callers);
	EXPECT(testers_finish(&testers) > 0);
	storm_end();
}

/* --- counts ---------------------------------------------------------------------------------- */

static void no_count_is_lost_while(const char *name, unsigned long (*disturb)(void *unused))
{
	storm_begin(name);
	while (storm_goes_on())
		count_for_a_while(disturb, NULL);
	storm_end();
}

static unsigned long switch_processor(void *unused)
{
	(void)unused;
	write_file(ONLINE, any(2) ? "0" : "1");
	return 0;
}

static void no_count_is_lost_while_a_processor_goes_and_comes(void)
{
	need_second_processor();
	no_count_is_lost_while(__func__, switch_processor);
	write_file(ONLINE, "1");
}

/* --- NMIs -------------------------------------------------------------------------------------- */

#define NMIS	200	/* even: half of them odd */

/* Each runs covlife_work() wherever the other processor is just then. */
static unsigned long send_nmis(void *unused)
{
	int device = MUST(open("/dev/covlife", O_RDWR | O_CLOEXEC));
	unsigned long i;

	(void)unused;
	for (i = 0; i < NMIS; i++)
		MUST(ioctl(device, COVLIFE_NMI, i));
	close(device);
	return NMIS;
}

static void nmis_come_again_and_again(void *unused)
{
	(void)unused;
	while (storm_goes_on())
		send_nmis(NULL);
}

static void nmis_come_while_text_is_patched(void)
{
	struct callers testers;
	pid_t nmis;

	storm_begin(__func__);
	testers_start(&testers);
	nmis = start(nmis_come_again_and_again, NULL);
	while (storm_goes_on())
		attach_for_a_moment(any(2) ? TARGET : COEXIST_TARGET);
	finish(nmis);
	EXPECT(testers_finish(&testers) > 0);
	storm_end();
}

static void no_count_is_lost_while_nmis_come(void)
{
	no_count_is_lost_while(__func__, send_nmis);
}

/* --- memory -------------------------------------------------------------------------------------- */

#define CHUNK		(4UL << 20)
#define LEFT_KB		(64UL << 10)	/* below this somebody would be killed */

static unsigned long available_kb(void)
{
	static char text[4096];
	const char *line;

	EXPECT(read_file("/proc/meminfo", text, sizeof(text)) > 0);
	line = strstr(text, "MemAvailable:");
	return line ? strtoul(line + strlen("MemAvailable:"), NULL, 10) : 0;
}

static void take_all_memory(void *unused)
{
	(void)unused;
	reseed('m');
	write_file("/proc/self/oom_score_adj", "1000");
	while (storm_goes_on()) {
		char *chunks = NULL, *chunk;

		while (storm_goes_on() && available_kb() > LEFT_KB) {
			chunk = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (chunk == MAP_FAILED)
				break;
			memset(chunk, 1, CHUNK);
			*(char **)chunk = chunks;
			chunks = chunk;
		}
		usleep(any(500) * 1000);
		while ((chunk = chunks)) {
			chunks = *(char **)chunk;
			munmap(chunk, CHUNK);
		}
		write_file("/proc/sys/vm/drop_caches", "3");
	}
}

static void memory_is_short_while_attached(void)
{
	struct callers testers;
	pid_t taker;

	storm_begin(__func__);
	testers_start(&testers);
	taker = start(take_all_memory, NULL);
	attach_again_and_again(COEXIST_TARGET);
	finish(taker);
	EXPECT(testers_finish(&testers) > 0);
	storm_end();
}

static const struct test storms[] = {
	TEST(a_processor_goes_and_comes_while_attached),
	TEST(no_count_is_lost_while_a_processor_goes_and_comes),
	TEST(nmis_come_while_text_is_patched),
	TEST(no_count_is_lost_while_nmis_come),
	TEST(memory_is_short_while_attached),
};

const struct test_group storms_of_machine = TEST_GROUP(storms);
