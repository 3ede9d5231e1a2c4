// SPDX-License-Identifier: GPL-2.0-only
/*
 * coexist_probes.c - somebody's kprobes on instructions that livecov has patched, or
 * is about to, as kprobe_events sets them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "coexist.h"

#define EVENTS	TRACEFS "kprobe_events"
#define GROUP	"covcoexist"
#define ENABLE	TRACEFS "events/" GROUP "/enable"

/*
 * kprobe_events takes none that ftrace does not know: no assembler. And none with a
 * loop instruction: the kernel's own emulation of those is wrong.
 */
static const char *const functions[] = {
	"covt_if_else", "covt_nested", "covt_compare_tree", "covt_conditions", "covt_jump_sizes",
	"covt_rcxz", "covt_while_loop", "covt_leave_loop", "covt_ifs_10", "covt_warn_beside",
};

/* A probe on one place; 0 or the errno with which the kernel refuses it. */
static int try_probe(const char *function, unsigned int offset)
{
	int fd = MUST(open(EVENTS, O_WRONLY | O_APPEND | O_CLOEXEC)), err;
	char line[256];

	snprintf(line, sizeof(line), "p:" GROUP "/%s_%u " COEXIST_TARGET ":%s+%u\n", function,
		 offset, function, offset);
	err = write(fd, line, strlen(line)) < 0 ? errno : 0;
	close(fd);
	return err;
}

static unsigned int probe_first_bytes(unsigned int up_to)
{
	unsigned int i, offset, n = 0;

	/* Where an instruction begins the kernel takes it, elsewhere it refuses. */
	for (i = 0; i < ARRAY_SIZE(functions); i++)
		for (offset = 0; offset < up_to; offset++)
			n += !try_probe(functions[i], offset);
	return n;
}

static void enable_probes(void)
{
	write_file(ENABLE, "1");
}

static void remove_probes(void)
{
	char line[128];
	FILE *list;
	int fd;

	if (!access(ENABLE, W_OK))
		write_file(ENABLE, "0");
	list = fopen(EVENTS, "re");
	while (list && fgets(line, sizeof(line), list)) {
		char command[160], *end = strchr(line, ' ');

		if (!end || strncmp(line + 1, ":" GROUP "/", strlen(":" GROUP "/")))
			continue;
		*end = '\0';
		snprintf(command, sizeof(command), "-%s\n", line + 1);
		fd = MUST(open(EVENTS, O_WRONLY | O_APPEND | O_CLOEXEC));
		MUST(write(fd, command, strlen(command)));
		close(fd);
	}
	if (list)
		fclose(list);
}

/* They were there first: livecov measures beside them, and leaves them alone. */
static void probes_are_there_before_livecov(void)
{
	int fd = control_open(), device = covt_open();
	static struct text clean, now;
	struct workers workers;
	uint32_t target;

	need_engine(fd, COV_ENGINE_DETOUR);
	covtarget_text(&clean);
	EXPECT(probe_first_bytes(24) > ARRAY_SIZE(functions));
	enable_probes();
	workers_start(&workers);
	target = attach_covtarget(fd, COV_ENGINE_AUTO);
	workers_pass(&workers);
	exercise(device);
	with_id(fd, COV_IOC_DETACH, target);
	workers_pass(&workers);
	remove_probes();
	workers_stop(&workers);
	covtarget_text(&now);
	expect_same_text(&clean, &now);
}

/* They come and go while livecov measures. */
static void probes_come_and_go_while_armed(void)
{
	int fd = control_open();
	static struct text clean, now;
	struct workers workers;
	unsigned int i;

	need_engine(fd, COV_ENGINE_DETOUR);
	workers_start(&workers);
	covtarget_text(&clean);
	for (i = 0; i < rounds(4); i++) {
		uint32_t target = attach_covtarget(fd, i % 2 ? COV_ENGINE_BREAKPOINT :
						   COV_ENGINE_DETOUR);

		EXPECT(probe_first_bytes(16) > 0);
		enable_probes();
		workers_pass(&workers);
		remove_probes();
		workers_pass(&workers);
		with_id(fd, COV_IOC_DETACH, target);
	}
	workers_stop(&workers);
	covtarget_text(&now);
	expect_same_text(&clean, &now);
}

static void detach(void *data)
{
	const uint32_t *target = data;
	int fd = control_open();

	with_id(fd, COV_IOC_DETACH, *target);
}

static bool is_clean(const struct text *clean)
{
	static struct text now;

	covtarget_text(&now);
	return !memcmp(clean->bytes, now.bytes, clean->size);
}

/*
 * One sits on a byte of livecov's when that is to be given back. livecov may wait
 * for it, or leave the byte until it has gone; but it gives it back then.
 */
static void probe_sits_on_our_byte_while_detaching(void)
{
	int fd = control_open(), device = covt_open();
	static struct text clean;
	struct workers workers;
	uint32_t target;
	pid_t child;

	need_engine(fd, COV_ENGINE_DETOUR);
	covtarget_text(&clean);
	workers_start(&workers);
	target = attach_covtarget(fd, COV_ENGINE_DETOUR);
	with_id(fd, COV_IOC_KEEP, target);
	EXPECT(probe_first_bytes(16) > 0);
	enable_probes();
	workers_pass(&workers);
	child = start(detach, &target);
	/* It has begun, at least, when the workers have passed. */
	workers_pass(&workers);
	exercise(device);
	remove_probes();
	finish(child);
	workers_stop(&workers);
	EVENTUALLY(is_clean(&clean));
	exercise(device);
}

static const struct test tests[] = {
	TEST(probes_are_there_before_livecov),
	TEST(probes_come_and_go_while_armed),
	TEST(probe_sits_on_our_byte_while_detaching),
};

const struct test_group coexist_probes = TEST_GROUP(tests);
