// SPDX-License-Identifier: GPL-2.0-only
/*
 * abi_attach.c - what ATTACH, ARM, KEEP, DETACH, RESET and TARGET take and refuse.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi.h"
#include "module/covlife.h"


/* --- which module ---------------------------------------------------------------- */

static void attach_of_what_is_no_module_is_enoent(void)
{
	static const char *const names[] = {
		"no_such_module", "covlif", "covlife2", "../covlife", "cov*",
		/* The longest that the struct takes; the kernel's own limit is less. */
		"a23456789a123456789a123456789a123456789a123456789a123456789a123",
		/* In /sys/module, but part of the kernel. */
		"printk",
	};
	int fd = control_open();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct cov_attach request = attach_request(names[i]);

		test_case("%s", names[i]);
		FAILS(fd, COV_IOC_ATTACH, &request, ENOENT);
	}
}

static void attach_needs_a_terminated_module_name(void)
{
	struct cov_attach request = attach_request("");
	int fd = control_open();

	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
	memset(request.module, 'a', sizeof(request.module));
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
	/* Even if it is right as far as it goes. */
	memset(request.module, 0xff, sizeof(request.module));
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
}

static void attach_twice_is_eexist(void)
{
	struct cov_attach request = attach_request(TARGET);
	int one = control_open(), two = control_open();

	attach(one, &request);
	FAILS(one, COV_IOC_ATTACH, &request, EEXIST);
	choose(&request, "covlife_odd");
	FAILS(two, COV_IOC_ATTACH, &request, EEXIST);
	with_id(two, COV_IOC_DETACH, request.target);
	attach(two, &request);
}

static void attach_of_livecov_is_eperm(void)
{
	struct cov_attach request = attach_request("livecov");
	int fd = control_open();

	FAILS(fd, COV_IOC_ATTACH, &request, EPERM);
	choose(&request, "cov_image_free");
	FAILS(fd, COV_IOC_ATTACH, &request, EPERM);
}

/* --- the other members ------------------------------------------------------------- */

static void attach_refuses_unknown_flags_and_padding(void)
{
	struct cov_attach request = attach_request(TARGET);
	int fd = control_open(), bit;

	for (bit = 5; bit < 32; bit += 6) {
		request.flags = 1U << bit | COV_ATTACH_FUNCTIONS_ONLY;
		FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
	}
	request = attach_request(TARGET);
	request.pad = 1;
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
	request.pad = 1U << 31;
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
	request = attach_request(TARGET);
	request.levels = 0;
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
}

static void attach_with_what_is_not_there_is_eopnotsupp(void)
{
	static const uint32_t modes[] = { 0, COV_MODE_TRACE + 1, 6, 1U << 31, ~0U };
	static const uint32_t scopes[] = { 0, 3, 5, 1U << 31, ~0U };
	static const uint32_t engines[] = { 5, 7, COV_ENGINES_MAX, 1U << 31, ~0U };
	struct cov_attach request;
	int fd = control_open();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		request = attach_request(TARGET);
		request.mode = modes[i];
		FAILS(fd, COV_IOC_ATTACH, &request, EOPNOTSUPP);
	}
	for (i = 0; i < ARRAY_SIZE(scopes); i++) {
		request = attach_request(TARGET);
		request.scope = scopes[i];
		FAILS(fd, COV_IOC_ATTACH, &request, EOPNOTSUPP);
	}
	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		request = attach_request(TARGET);
		request.engine = engines[i];
		FAILS(fd, COV_IOC_ATTACH, &request, EOPNOTSUPP);
	}
}

static void attach_keeps_what_it_was_given(void)
{
	struct cov_attach request = attach_request(TARGET);
	struct cov_function function;
	struct cov_target_info info;
	int fd = control_open();

	request.levels = 1ULL << 63 | 1ULL << 7;
	request.mode = COV_MODE_BLOCKS;
	request.scope = COV_SCOPE_TRACKED;
	request.engine = COV_ENGINE_KPROBE;
	request.flags = COV_ATTACH_FUNCTIONS_ONLY;
	memset(&info, 0, sizeof(info));
	attach(fd, &request);
	info = target_info(fd, request.target);
	EXPECT_EQ(info.target, request.target);
	EXPECT(!strcmp(info.module, TARGET));
	EXPECT(!info.checkpoint[0]);
	EXPECT_EQ(info.state, COV_TARGET_LIVE);
	EXPECT_EQ(info.levels, request.levels);
	EXPECT_EQ(info.mode, COV_MODE_BLOCKS);
	EXPECT_EQ(info.scope, COV_SCOPE_TRACKED);
	EXPECT_EQ(info.engine, COV_ENGINE_KPROBE);
	EXPECT_EQ(info.attach_flags, COV_ATTACH_FUNCTIONS_ONLY);
	EXPECT_EQ(info.kept, 0);
	EXPECT_EQ(info.build_id_len, COV_BUILD_ID_LEN);
	find_function(fd, request.target, "covlife_work", &function);
	EXPECT_EQ(function.levels, request.levels);
}

static void attach_of_functions_only_has_no_blocks(void)
{
	struct cov_attach request = attach_request(TARGET);
	int fd = control_open();

	request.flags = COV_ATTACH_FUNCTIONS_ONLY;
	attach(fd, &request);
	EXPECT(request.functions > 8);
	EXPECT_EQ(request.blocks, 0);
	EXPECT_EQ(request.branches, 0);
	EXPECT(request.sites <= request.functions);
	arm(fd, request.target);
	poke(COVLIFE_TASK, 4);
	EXPECT_EQ(function_hits(fd, request.target, "covlife_even"), 1);
	EXPECT_EQ(function_hits(fd, request.target, "covlife_odd"), 0);
}

/* --- patterns ------------------------------------------------------------------------- */

static void attach_takes_the_functions_that_match(void)
{
	static const char globs[] = "covlife_odd\0covlife_ev?n\0no_such_function\0errand_*";
	struct cov_attach request = attach_request(TARGET);
	struct cov_function function;
	int fd = control_open();

	request.globs = (uintptr_t)globs;
	request.globs_len = sizeof(globs);
	attach(fd, &request);
	EXPECT_EQ(request.functions, 6);
	find_function(fd, request.target, "covlife_odd", &function);
	find_function(fd, request.target, "covlife_even", &function);
	find_function(fd, request.target, "errand_softirq", &function);
}

/* Its function was not asked for. covtarget has one on every kernel, written in assembler. */
static void cold_part_may_be_attached_alone(void)
{
	struct cov_attach request = attach_request("covtarget");
	struct cov_function function;
	int fd = control_open();

	modprobe("covtarget");
	choose(&request, "covt_from_cold.cold");
	attach(fd, &request);
	EXPECT_EQ(request.functions, 1);
	EXPECT_EQ(read_table(fd, COV_IOC_FUNCTIONS, request.target, 0, 1, &function), 1);
	EXPECT(function.flags & COV_FUNCTION_COLD);
	EXPECT_EQ(function.parent, COV_NONE);
	close(fd);
	unload("covtarget");
}

static void attach_without_a_match_is_enoent(void)
{
	static const char *const globs[] = {
		"no_such_function", "covlife", "covlife_od", "_*", "[!a-z]*", "[", "\\", "COVLIFE_*",
	};
	struct cov_attach request = attach_request(TARGET);
	int fd = control_open();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(globs); i++) {
		test_case("%s", globs[i]);
		choose(&request, globs[i]);
		FAILS(fd, COV_IOC_ATTACH, &request, ENOENT);
	}
}

static void attach_needs_terminated_patterns_that_are_not_empty(void)
{
	struct cov_attach request = attach_request(TARGET);
	int fd = control_open();

	request.globs = (uintptr_t)"covlife_odd";
	request.globs_len = strlen("covlife_odd");
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
	request.globs_len = 1;
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
	choose(&request, "");
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
	request.globs = (uintptr_t)"\0covlife_odd";
	request.globs_len = sizeof("\0covlife_odd");
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
	request.globs = (uintptr_t)"covlife_odd\0\0covlife_even";
	request.globs_len = sizeof("covlife_odd\0\0covlife_even");
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
	request.globs = (uintptr_t)"covlife_odd\0";
	request.globs_len = sizeof("covlife_odd\0");
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
}

static void attach_takes_64_kib_of_patterns_and_no_more(void)
{
	struct cov_attach request = attach_request(TARGET);
	char *globs = before_hole(COV_ATTACH_GLOBS_MAX + 1);
	int fd = control_open();

	memset(globs, 'a', COV_ATTACH_GLOBS_MAX);
	memcpy(globs, "covlife_odd", sizeof("covlife_odd"));
	request.globs = (uintptr_t)globs;
	request.globs_len = COV_ATTACH_GLOBS_MAX + 1;
	FAILS(fd, COV_IOC_ATTACH, &request, E2BIG);
	request.globs_len = ~0U;
	FAILS(fd, COV_IOC_ATTACH, &request, E2BIG);
	request.globs_len = COV_ATTACH_GLOBS_MAX;
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
	globs[COV_ATTACH_GLOBS_MAX - 1] = '\0';
	attach(fd, &request);
	EXPECT_EQ(request.functions, 1);
}

static void attach_takes_1024_patterns_and_no_more(void)
{
	static char globs[2 * (COV_ATTACH_PATTERNS_MAX + 1)];
	struct cov_attach request = attach_request(TARGET);
	int fd = control_open(), i;

	for (i = 0; i < COV_ATTACH_PATTERNS_MAX; i++)
		globs[2 * i] = 'x';
	globs[2 * COV_ATTACH_PATTERNS_MAX] = '*';
	request.globs = (uintptr_t)globs;
	request.globs_len = 2 * (COV_ATTACH_PATTERNS_MAX + 1);
	FAILS(fd, COV_IOC_ATTACH, &request, E2BIG);
	request.globs += 2;
	request.globs_len -= 2;
	attach(fd, &request);
}

static void attach_with_unreadable_patterns_is_efault(void)
{
	struct cov_attach request = attach_request(TARGET);
	int fd = control_open();

	request.globs_len = 8192;
	request.globs = 0;
	FAILS(fd, COV_IOC_ATTACH, &request, EFAULT);
	request.globs = KERNEL_ADDRESS;
	FAILS(fd, COV_IOC_ATTACH, &request, EFAULT);
	request.globs = 1ULL << 63;
	FAILS(fd, COV_IOC_ATTACH, &request, EFAULT);
	request.globs = -4096ULL;
	FAILS(fd, COV_IOC_ATTACH, &request, EFAULT);
	/* Only the first half is there, then all but the last byte. */
	request.globs = (uintptr_t)before_hole(4096);
	FAILS(fd, COV_IOC_ATTACH, &request, EFAULT);
	request.globs = (uintptr_t)before_hole(8191);
	FAILS(fd, COV_IOC_ATTACH, &request, EFAULT);
}

/* --- sections ------------------------------------------------------------------------------ */

static void attach_keeps_the_sections(void)
{
	struct cov_section sections[COV_ATTACH_SECTIONS_MAX] = { };
	struct cov_section back[COV_ATTACH_SECTIONS_MAX + 1];
	struct cov_attach request = attach_request(TARGET);
	int fd = control_open();
	uint32_t i;

	for (i = 0; i < COV_ATTACH_SECTIONS_MAX; i++) {
		snprintf(sections[i].name, sizeof(sections[i].name), ".text.%u", i);
		sections[i].base = 0x1000ULL * i;
		sections[i].size = i;
	}
	memset(sections[3].name, 'x', sizeof(sections[3].name) - 1);
	request.sections = (uintptr_t)sections;
	request.nr_sections = COV_ATTACH_SECTIONS_MAX;
	attach(fd, &request);
	EXPECT_EQ(target_info(fd, request.target).sections, COV_ATTACH_SECTIONS_MAX);
	EXPECT_EQ(read_table(fd, COV_IOC_SECTIONS, request.target, 0, COV_ATTACH_SECTIONS_MAX + 1,
			     back), COV_ATTACH_SECTIONS_MAX);
	EXPECT(!memcmp(sections, back, sizeof(sections)));
}

static void attach_refuses_bad_sections(void)
{
	struct cov_section sections[2] = { { .name = ".text" }, { .name = ".exit.text" } };
	struct cov_attach request = attach_request(TARGET);
	int fd = control_open();

	request.sections = (uintptr_t)sections;
	request.nr_sections = COV_ATTACH_SECTIONS_MAX + 1;
	FAILS(fd, COV_IOC_ATTACH, &request, E2BIG);
	request.nr_sections = ~0U;
	FAILS(fd, COV_IOC_ATTACH, &request, E2BIG);
	request.nr_sections = 2;
	memset(sections[1].name, 'x', sizeof(sections[1].name));
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
	sections[1].name[0] = '\0';
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
	request.sections = 0;
	FAILS(fd, COV_IOC_ATTACH, &request, EFAULT);
	request.sections = KERNEL_ADDRESS;
	FAILS(fd, COV_IOC_ATTACH, &request, EFAULT);
	request.sections = (uintptr_t)before_hole(2 * sizeof(*sections) - 1);
	FAILS(fd, COV_IOC_ATTACH, &request, EFAULT);
}

/* --- the kernel itself ------------------------------------------------------------------------ */

static void core_kernel_is_attached_by_exact_names(void)
{
	static const char names[] = "sched_setaffinity\0sched_getaffinity";
	struct cov_attach request = attach_request(COV_CORE_KERNEL);
	struct cov_function function;
	int fd = control_open();

	request.globs = (uintptr_t)names;
	request.globs_len = sizeof(names);
	attach(fd, &request);
	EXPECT_EQ(request.functions, 2);
	EXPECT(request.blocks > 2);
	find_function(fd, request.target, "sched_setaffinity", &function);
	find_function(fd, request.target, "sched_getaffinity", &function);
}

static void core_kernel_refuses_what_is_no_function_of_its_own(void)
{
	static const char *const names[] = {
		"no_such_function", "sched_setaffinit?", "sched_setaffinity*", "covlife_odd",
	};
	struct cov_attach request = attach_request(COV_CORE_KERNEL);
	int fd = control_open();
	size_t i;

	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		test_case("%s", names[i]);
		choose(&request, names[i]);
		FAILS(fd, COV_IOC_ATTACH, &request, ENOENT);
	}
	test_case("a good and a bad name");
	/* One good name does not make up for a bad one. */
	request.globs = (uintptr_t)"sched_setaffinity\0no_such_function";
	request.globs_len = sizeof("sched_setaffinity\0no_such_function");
	FAILS(fd, COV_IOC_ATTACH, &request, ENOENT);
}

static void core_kernel_refuses_a_blacklisted_function(void)
{
	struct cov_attach request = attach_request(COV_CORE_KERNEL);
	int fd = control_open();

	EXPECT(count_lines("/sys/kernel/debug/kprobes/blacklist", "\texc_int3\n") == 1);
	choose(&request, "exc_int3");
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
}

/* Names of @n of the kernel's functions, one after the other; how many bytes. */
static uint32_t core_names(char *names, unsigned int n)
{
	FILE *list = fopen(TRACEFS "available_filter_functions", "re");
	char line[256], *end = names;

	EXPECT(list);
	while (n && fgets(line, sizeof(line), list))
		if (!strncmp(line, "__x64_sys_", strlen("__x64_sys_"))) {
			end = stpcpy(end, strtok(line, " \n")) + 1;
			n--;
		}
	fclose(list);
	EXPECT_EQ(n, 0);
	return end - names;
}

/* The targets' lock is held meanwhile, and a thousand names may be given. */
static void core_kernel_names_are_looked_for_in_one_grace_period(void)
{
	static char names[100 * 256];
	struct cov_attach request = attach_request(COV_CORE_KERNEL);
	int fd = control_open();
	unsigned int waits;

	request.globs = (uintptr_t)names;
	request.globs_len = core_names(names, 100);
	request.flags = COV_ATTACH_FUNCTIONS_ONLY;
	write_file(TRACEFS "set_ftrace_filter", "synchronize_rcu");
	write_file(TRACEFS "current_tracer", "function");
	attach(fd, &request);
	/* That, or unregister_kprobes(). */
	waits = count_lines(TRACEFS "trace", "<-unregister_kprobe");
	write_file(TRACEFS "current_tracer", "nop");
	write_file(TRACEFS "set_ftrace_filter", "");
	EXPECT_EQ(request.functions, 100);
	EXPECT_EQ(waits, 1);
}

/* --- the answer --------------------------------------------------------------------------------- */

/* Memory that can be read, but takes no answer. */
static void *read_only(const void *arg, size_t size)
{
	void *map = shared_memory(4096);

	memcpy(map, arg, size);
	MUST(mprotect(map, 4096, PROT_READ));
	return map;
}

static void attach_whose_answer_cannot_be_written_attaches_nothing(void)
{
	struct cov_attach request = attach_request(TARGET);
	int fd = control_open();

	FAILS(fd, COV_IOC_ATTACH, read_only(&request, sizeof(request)), EFAULT);
}

static void attach_patches_nothing(void)
{
	struct cov_attach request = attach_request(TARGET);
	struct cov_target_info info;
	int fd = control_open();

	attach(fd, &request);
	expect_clean_text();
	info = target_info(fd, request.target);
	EXPECT_EQ(info.sites, request.sites);
	EXPECT_EQ(info.pending, request.sites);
	EXPECT_EQ(info.armed, 0);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(function_hits(fd, request.target, "covlife_odd"), 0);
}

static void ids_are_not_used_again(void)
{
	struct cov_attach request = attach_request(TARGET);
	uint32_t target, last = 0;
	int fd = control_open(), i;

	choose(&request, "covlife_odd");
	for (i = 0; i < 5; i++) {
		target = attach(fd, &request);
		EXPECT(target > last);
		last = target;
		with_id(fd, COV_IOC_DETACH, target);
	}
}

/* --- ARM -------------------------------------------------------------------------------------------- */

static void arm_refuses_max_0_and_unknown_targets(void)
{
	struct cov_attach request = attach_request(TARGET);
	struct cov_arm arm = { .max = 1 };
	int fd = control_open();

	attach(fd, &request);
	FAILS(fd, COV_IOC_ARM, &arm, ENOENT);
	arm.target = ~0U;
	FAILS(fd, COV_IOC_ARM, &arm, ENOENT);
	arm = (struct cov_arm){ .target = request.target };
	FAILS(fd, COV_IOC_ARM, &arm, EINVAL);
	with_id(fd, COV_IOC_DETACH, request.target);
	arm.max = 1;
	FAILS(fd, COV_IOC_ARM, &arm, ENOENT);
}

static void arm_tries_at_most_max_sites(void)
{
	struct cov_attach request = attach_request(TARGET);
	struct cov_target_info info;
	int fd = control_open();
	uint32_t pending;
	struct cov_arm arm;

	choose(&request, "covlife_*");
	attach(fd, &request);
	for (pending = request.sites; pending; pending = arm.pending) {
		arm = (struct cov_arm){ .target = request.target, .max = 3 };
		CALL(fd, COV_IOC_ARM, &arm);
		EXPECT_EQ(arm.pending + arm.armed + arm.refused, arm.total);
		/* Sites that stand in for refused ones may come on top. */
		EXPECT(arm.pending >= (pending > 3 ? pending - 3 : 0));
		EXPECT(arm.pending < pending || arm.total > request.sites);
		info = target_info(fd, request.target);
		EXPECT_EQ(info.pending, arm.pending);
		EXPECT_EQ(info.armed + info.disarmed, arm.armed);
		EXPECT_EQ(info.refused, arm.refused);
		EXPECT_EQ(info.sites, arm.total);
	}
	CALL(fd, COV_IOC_ARM, &arm);
	EXPECT_EQ(arm.pending, 0);
}

/* That may take minutes, and whoever waits for the lock would wait as long. */
static void reset_leaves_arming_to_who_has_begun_it(void)
{
	struct cov_attach request = attach_request(TARGET);
	int fd = control_open(), other = control_open();
	struct cov_arm begun;

	choose(&request, "covlife_*");
	request.engine = COV_ENGINE_KPROBE;
	attach(fd, &request);
	begun = (struct cov_arm){ .target = request.target, .max = 3 };
	CALL(fd, COV_IOC_ARM, &begun);
	EXPECT(begun.pending > 0);
	with_id(other, COV_IOC_RESET, request.target);
	EXPECT_EQ(target_info(fd, request.target).pending, begun.pending);
	EXPECT_EQ(target_info(fd, request.target).armed, begun.armed);
	arm(fd, request.target);
	EXPECT_EQ(target_info(fd, request.target).pending, 0);
}

static void refused_sites_stay_in_the_total(void)
{
	struct cov_attach request = attach_request(TARGET);
	struct cov_function function;
	struct cov_target_info info;
	int fd = control_open();
	struct cov_arm armed;

	request.globs = (uintptr_t)"covlife_forbidden\0covlife_odd";
	request.globs_len = sizeof("covlife_forbidden\0covlife_odd");
	attach(fd, &request);
	armed = arm(fd, request.target);
	EXPECT(armed.refused > 0);
	EXPECT_EQ(armed.armed, 1);
	find_function(fd, request.target, "covlife_forbidden", &function);
	EXPECT_EQ(function.state, COV_SITE_REFUSED);
	EXPECT_EQ(function.error, EINVAL);
	EXPECT(function.blocks > 1);
	info = target_info(fd, request.target);
	EXPECT_EQ(info.functions, 2);
	EXPECT_EQ(info.blocks_unknown, function.blocks);
	EXPECT_EQ(info.outcomes_unknown, 2 * function.branches);
}

/* --- KEEP, DETACH, RESET, TARGET ------------------------------------------------------------------------ */

static void calls_on_a_target_refuse_unknown_ids_and_padding(void)
{
	static const unsigned int cmds[] = { COV_IOC_KEEP, COV_IOC_DETACH, COV_IOC_RESET };
	static const uint32_t ids[] = { 0, 1U << 31, ~0U };
	struct cov_attach request = attach_request(TARGET);
	int fd = control_open();
	size_t i, k;

	attach(fd, &request);
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		struct cov_target_id id = { .target = request.target, .pad = 1 };

		FAILS(fd, cmds[i], &id, EINVAL);
		id.pad = 1U << 31;
		FAILS(fd, cmds[i], &id, EINVAL);
		for (k = 0; k < ARRAY_SIZE(ids); k++) {
			id = (struct cov_target_id){ .target = ids[k] };
			/* RESET of 0 means all. */
			if (ids[k] || cmds[i] != COV_IOC_RESET)
				FAILS(fd, cmds[i], &id, ENOENT);
		}
	}
}

static void calls_on_a_detached_target_are_enoent(void)
{
	struct cov_attach request = attach_request(TARGET);
	struct cov_target_info info = { };
	struct cov_range range = { .count = 1, .buffer = (uintptr_t)&info };
	struct cov_text text = { .length = 1, .buffer = (uintptr_t)&info };
	struct cov_target_id id = { };
	int fd = control_open();

	attach(fd, &request);
	with_id(fd, COV_IOC_DETACH, request.target);
	info.target = range.target = text.target = id.target = request.target;
	FAILS(fd, COV_IOC_KEEP, &id, ENOENT);
	FAILS(fd, COV_IOC_DETACH, &id, ENOENT);
	FAILS(fd, COV_IOC_RESET, &id, ENOENT);
	FAILS(fd, COV_IOC_TARGET, &info, ENOENT);
	FAILS(fd, COV_IOC_FUNCTIONS, &range, ENOENT);
	FAILS(fd, COV_IOC_BLOCKS, &range, ENOENT);
	FAILS(fd, COV_IOC_BRANCHES, &range, ENOENT);
	FAILS(fd, COV_IOC_SECTIONS, &range, ENOENT);
	FAILS(fd, COV_IOC_NAMES, &range, ENOENT);
	FAILS(fd, COV_IOC_TEXT, &text, ENOENT);
}

static void reset_of_all_works_without_targets(void)
{
	with_id(control_open(), COV_IOC_RESET, 0);
}

static void reset_forgets_hits_of_one_target_or_all(void)
{
	int fd = control_open(), other = control_open();
	uint32_t target;

	target = attach_armed(fd, TARGET, "covlife_odd", COV_MODE_EDGES, COV_SCOPE_ALL);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(target_info(fd, target).functions_hit, 1);
	with_id(other, COV_IOC_RESET, target);
	EXPECT_EQ(target_info(fd, target).functions_hit, 0);
	EXPECT_EQ(target_info(fd, target).blocks_hit, 0);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 1);
	with_id(other, COV_IOC_RESET, 0);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 0);
}

static void target_refuses_unknown_flags_and_ids(void)
{
	struct cov_target_info info = { };
	struct cov_attach request = attach_request(TARGET);
	int fd = control_open(), bit;

	FAILS(fd, COV_IOC_TARGET, &info, ENOENT);
	info.flags = COV_INFO_NEXT;
	FAILS(fd, COV_IOC_TARGET, &info, ENOENT);
	choose(&request, "covlife_odd");
	attach(fd, &request);
	for (bit = 5; bit < 32; bit += 6) {
		info = (struct cov_target_info){ .flags = 1U << bit, .target = request.target };
		FAILS(fd, COV_IOC_TARGET, &info, EINVAL);
	}
	info = (struct cov_target_info){ .target = 0 };
	FAILS(fd, COV_IOC_TARGET, &info, ENOENT);
	info = (struct cov_target_info){ .target = request.target + 1 };
	FAILS(fd, COV_IOC_TARGET, &info, ENOENT);
	info = (struct cov_target_info){ .target = ~0U, .flags = COV_INFO_NEXT };
	FAILS(fd, COV_IOC_TARGET, &info, ENOENT);
	info = (struct cov_target_info){ .target = request.target, .flags = COV_INFO_NEXT };
	FAILS(fd, COV_IOC_TARGET, &info, ENOENT);
}

static void target_next_walks_all_targets(void)
{
	struct cov_attach core = attach_request(COV_CORE_KERNEL), module = attach_request(TARGET);
	struct cov_target_info info = { .flags = COV_INFO_NEXT };
	int fd = control_open();

	choose(&core, "sched_setaffinity");
	attach(fd, &core);
	attach(fd, &module);
	CALL(fd, COV_IOC_TARGET, &info);
	EXPECT_EQ(info.target, core.target);
	info.flags = COV_INFO_NEXT;
	CALL(fd, COV_IOC_TARGET, &info);
	EXPECT_EQ(info.target, module.target);
	info.flags = COV_INFO_NEXT;
	FAILS(fd, COV_IOC_TARGET, &info, ENOENT);
}

static const struct test tests[] = {
	TEST(attach_of_what_is_no_module_is_enoent),
	TEST(attach_needs_a_terminated_module_name),
	TEST(attach_twice_is_eexist),
	TEST(attach_of_livecov_is_eperm),
	TEST(attach_refuses_unknown_flags_and_padding),
	TEST(attach_with_what_is_not_there_is_eopnotsupp),
	TEST(attach_keeps_what_it_was_given),
	TEST(attach_of_functions_only_has_no_blocks),
	TEST(attach_takes_the_functions_that_match),
	TEST(cold_part_may_be_attached_alone),
	TEST(attach_without_a_match_is_enoent),
	TEST(attach_needs_terminated_patterns_that_are_not_empty),
	TEST(attach_takes_64_kib_of_patterns_and_no_more),
	TEST(attach_takes_1024_patterns_and_no_more),
	TEST(attach_with_unreadable_patterns_is_efault),
	TEST(attach_keeps_the_sections),
	TEST(attach_refuses_bad_sections),
	TEST(core_kernel_is_attached_by_exact_names),
	TEST(core_kernel_refuses_what_is_no_function_of_its_own),
	TEST(core_kernel_refuses_a_blacklisted_function),
	TEST(core_kernel_names_are_looked_for_in_one_grace_period),
	TEST(attach_whose_answer_cannot_be_written_attaches_nothing),
	TEST(attach_patches_nothing),
	TEST(ids_are_not_used_again),
	TEST(arm_refuses_max_0_and_unknown_targets),
	TEST(arm_tries_at_most_max_sites),
	TEST(reset_leaves_arming_to_who_has_begun_it),
	TEST(refused_sites_stay_in_the_total),
	TEST(calls_on_a_target_refuse_unknown_ids_and_padding),
	TEST(calls_on_a_detached_target_are_enoent),
	TEST(reset_of_all_works_without_targets),
	TEST(reset_forgets_hits_of_one_target_or_all),
	TEST(target_refuses_unknown_flags_and_ids),
	TEST(target_next_walks_all_targets),
};

const struct test_group abi_attach = TEST_GROUP(tests);
