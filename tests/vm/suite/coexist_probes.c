// SPDX-License-Identifier: GPL-2.0-only
/*
 * coexist_probes.c - somebody's kprobes on instructions that livecov has patched, or
 * is about to, as kprobe_events sets them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
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
	char line[256];

	snprintf(line, sizeof(line), "p:" GROUP "/%s_%u " COEXIST_TARGET ":%s+%u\n", function,
		 offset, function, offset);
	return kprobe_event(line);
}

/*
 * Where their instructions begin, a bit for each byte, while nobody has changed the text: the
 * kernel takes a probe there, and refuses it elsewhere.
 */
static uint32_t beginnings[ARRAY_SIZE(functions)];

static unsigned int probe_first_bytes(unsigned int up_to)
{
	unsigned int i, offset, n = 0;

	for (i = 0; i < ARRAY_SIZE(functions); i++)
		for (offset = 0; offset < up_to; offset++)
			n += beginnings[i] >> offset & 1 && !try_probe(functions[i], offset);
	return n;
}

static void enable_probes(void)
{
	write_file(ENABLE, "1");
}

/* Return: how many. What is read behind the first buffer of the list has moved by then. */
static unsigned int remove_some_probes(void)
{
	FILE *list = fopen(EVENTS, "re");
	unsigned int n = 0;
	char line[128];

	while (list && fgets(line, sizeof(line), list)) {
		char command[160], *end = strchr(line, ' ');

		if (!end || strncmp(line + 1, ":" GROUP "/", strlen(":" GROUP "/")))
			continue;
		*end = '\0';
		snprintf(command, sizeof(command), "-%s\n", line + 1);
		EXPECT_EQ(kprobe_event(command), 0);
		n++;
	}
	if (list)
		fclose(list);
	return n;
}

static void remove_probes(void)
{
	if (!access(ENABLE, W_OK))
		write_file(ENABLE, "0");
	while (remove_some_probes())
		;
}

/* While nobody has changed the text. */
static void find_beginnings(void)
{
	unsigned int i, offset;

	for (i = 0; i < ARRAY_SIZE(functions); i++)
		for (offset = 0; offset < 8 * sizeof(beginnings[i]); offset++)
			if (!try_probe(functions[i], offset))
				beginnings[i] |= 1U << offset;
	remove_probes();
}

/* They were there first: livecov measures beside them, and leaves them alone. */
static void probes_are_there_before_livecov(void)
{
	int fd = control_open(), device = covt_open();
	static struct text clean, now;
	struct workers workers;
	uint32_t target;

	need_engine(fd, COV_ENGINE_DETOUR);
	find_beginnings();
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

/* What the kernel makes of each place in a function, while its text is not as in @clean. */
static void try_every_place(int fd, uint32_t target, unsigned int function,
			    const struct text *clean, unsigned int *between)
{
	static struct text now;
	unsigned int at, ours = 0;
	uint64_t base;

	covtarget_text(&now);
	base = function_of(fd, target, functions[function]).address - now.address;
	for (at = 0; at < 8 * sizeof(beginnings[function]); at++) {
		bool patched = clean->bytes[base + at] != now.bytes[base + at];
		bool begins = beginnings[function] >> at & 1;
		bool taken = !try_probe(functions[function], at);

		test_case("%s+%u", functions[function], at);
		/* A detour begins with a jump, which takes a probe. */
		EXPECT(begins || !taken);
		EXPECT(!begins || taken || patched);
		EXPECT(!taken || now.bytes[base + at] != 0xcc);
		ours += patched;
		*between += ours && taken && !patched;
	}
	EXPECT(ours > 0);
}

/*
 * The kernel finds where instructions begin by decoding text as it is. What livecov has put there
 * keeps it in step: between livecov's bytes it takes a probe where it did before, and nowhere else.
 */
static void probes_are_taken_between_our_bytes_as_without(void)
{
	static const unsigned int engines[] = { COV_ENGINE_BREAKPOINT, COV_ENGINE_DETOUR };
	int fd = control_open();
	static struct text clean, now;
	unsigned int i, k;

	need_engine(fd, COV_ENGINE_BREAKPOINT);
	close(covt_open());
	find_beginnings();
	covtarget_text(&clean);
	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		uint32_t target = attach_covtarget(fd, engines[i]);
		unsigned int between = 0;

		for (k = 0; k < ARRAY_SIZE(functions); k++)
			try_every_place(fd, target, k, &clean, &between);
		EXPECT(between > ARRAY_SIZE(functions));
		remove_probes();
		with_id(fd, COV_IOC_DETACH, target);
	}
	covtarget_text(&now);
	expect_same_text(&clean, &now);
}

/* The first instruction at or behind @from that is no single byte. */
static unsigned int long_instruction(uint32_t begins, unsigned int from)
{
	while (!(begins >> from & 1) || begins >> (from + 1) & 1)
		from++;
	return from;
}

/* A checkpoint on each place of a function; 0 or the errno for each. */
static void try_checkpoints(int fd, const char *function, int errors[32])
{
	unsigned int at;

	for (at = 0; at < 32; at++) {
		struct cov_checkpoint_add request = {
			.name = "place", .module = COEXIST_TARGET, .offset = at,
			.levels = 1, .scope = COV_SCOPE_ALL,
		};

		snprintf(request.function, sizeof(request.function), "%s", function);
		errors[at] = ioctl(fd, COV_IOC_CHECKPOINT_ADD, &request) ? errno : 0;
		if (!errors[at])
			del_checkpoint(fd, "place");
	}
}

/*
 * A probe's int3 hides where the instructions behind it begin. A checkpoint inside one would
 * corrupt it; one that is refused where one begins is missing.
 */
static void checkpoints_are_placed_behind_probes_as_without(void)
{
	static struct text clean, now;
	int without[32], beside[32];
	int fd = control_open();
	unsigned int i, at;

	close(covt_open());
	find_beginnings();
	covtarget_text(&clean);
	for (i = 0; i < 4; i++) {
		/* Behind what ftrace has for itself, where a probe is none of int3. */
		unsigned int probed = long_instruction(beginnings[i], 9);

		try_checkpoints(fd, functions[i], without);
		EXPECT_EQ(try_probe(functions[i], probed), 0);
		enable_probes();
		try_checkpoints(fd, functions[i], beside);
		remove_probes();
		for (at = 0; at < 32; at++) {
			test_case("%s+%u, probe at %u", functions[i], at, probed);
			if (without[at] != ERANGE)
				EXPECT_EQ(!without[at], beginnings[i] >> at & 1);
			EXPECT_EQ(beside[at], without[at]);
		}
	}
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
	find_beginnings();
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
	find_beginnings();
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

/* Until it is ended. */
static void set_and_remove_probes(void *unused)
{
	(void)unused;
	for (;;) {
		probe_first_bytes(24);
		enable_probes();
		remove_probes();
	}
}

/* What has been passed has settled meanwhile; it is put back, but where there is a probe now. */
static void reset_beside_probes(int fd, uint32_t target)
{
	struct cov_target_id id = { .target = target };

	if (ioctl(fd, COV_IOC_RESET, &id))
		EXPECT(errno == EBUSY);
}

/*
 * livecov looks where kprobes are, and then changes text; they copy an instruction, and then
 * change it. Whatever comes in between must not be missed by either.
 */
static void probes_come_and_go_while_text_is_changed(void)
{
	int fd = control_open(), device = covt_open();
	static struct text clean;
	struct workers workers;
	unsigned int i, k;
	pid_t child;

	need_engine(fd, COV_ENGINE_DETOUR);
	find_beginnings();
	covtarget_text(&clean);
	workers_start(&workers);
	child = start(set_and_remove_probes, NULL);
	for (i = 0; i < rounds(6); i++) {
		uint32_t target = attach_covtarget(fd, i % 2 ? COV_ENGINE_AUTO : COV_ENGINE_DETOUR);

		for (k = 0; k < 5; k++) {
			workers_pass(&workers);
			reset_beside_probes(fd, target);
		}
		with_id(fd, COV_IOC_DETACH, target);
	}
	end(child);
	remove_probes();
	workers_stop(&workers);
	EVENTUALLY(is_clean(&clean));
	exercise(device);
}

/* --- kprobes' optimiser --------------------------------------------------------------- */

#define OPTIMISATION	"/proc/sys/debug/kprobes-optimization"
#define PROBES		"/sys/kernel/debug/kprobes/list"
/* The optimiser works a few jiffies after it was told, and then waits for tasks. */
#define OPTIMISER_US	2000000

static char optimisation(void)
{
	char value[8];

	EXPECT(read_file(OPTIMISATION, value, sizeof(value)) > 0);
	return value[0];
}

static void need_optimiser(void)
{
	if (access(OPTIMISATION, W_OK))
		skip_test("this kernel does not optimise kprobes");
}

static void expect_none_optimised(void)
{
	usleep(OPTIMISER_US);
	EXPECT_EQ(count_lines(PROBES, "[OPTIMIZED]"), 0);
	EXPECT_EQ(optimisation(), '0');
}

/*
 * An optimised kprobe's jump is five bytes long, and a detour may hide that somebody jumps into
 * them: nothing is optimised, whatever the administrator writes, before livecov has gone.
 */
static void no_probe_is_optimised_when_the_sysctl_says_so(void)
{
	int fd = control_open(), device = covt_open();
	struct workers workers;
	uint32_t target;

	need_optimiser();
	need_engine(fd, COV_ENGINE_DETOUR);
	find_beginnings();
	target = attach_covtarget(fd, COV_ENGINE_DETOUR);
	EXPECT(probe_first_bytes(24) > ARRAY_SIZE(functions));
	enable_probes();
	workers_start(&workers);
	write_file(OPTIMISATION, "1");
	expect_none_optimised();
	write_file(OPTIMISATION, "0");
	write_file(OPTIMISATION, "1");
	expect_none_optimised();
	workers_pass(&workers);
	exercise(device);
	remove_probes();
	workers_stop(&workers);
	with_id(fd, COV_IOC_DETACH, target);
}

/* What was written last is what holds afterwards. */
static void the_sysctl_says_afterwards_what_was_written_last(void)
{
	static const char *const written[] = { "0", "1" };
	size_t i;

	need_optimiser();
	for (i = 0; i < ARRAY_SIZE(written); i++) {
		test_case("%s", written[i]);
		write_file(OPTIMISATION, "1");
		write_file(OPTIMISATION, written[i]);
		EXPECT_EQ(optimisation(), '0');
		unload("livecov");
		EXPECT_EQ(optimisation(), written[i][0]);
		load(LIVECOV_FILE, "");
		EXPECT_EQ(optimisation(), '0');
	}
	unload("livecov");
	EXPECT_EQ(optimisation(), '1');
}

static const struct test tests[] = {
	TEST(no_probe_is_optimised_when_the_sysctl_says_so),
	TEST(the_sysctl_says_afterwards_what_was_written_last),
	TEST(probes_are_there_before_livecov),
	TEST(probes_are_taken_between_our_bytes_as_without),
	TEST(checkpoints_are_placed_behind_probes_as_without),
	TEST(probes_come_and_go_while_armed),
	TEST(probe_sits_on_our_byte_while_detaching),
	TEST(probes_come_and_go_while_text_is_changed),
};

const struct test_group coexist_probes = TEST_GROUP(tests);
