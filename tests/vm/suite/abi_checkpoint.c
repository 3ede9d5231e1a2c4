// SPDX-License-Identifier: GPL-2.0-only
/*
 * abi_checkpoint.c - CHECKPOINT_ADD and CHECKPOINT_DEL: what they take and refuse,
 * and that the place which was named is the one that is watched.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "abi.h"
#include "module/covlife.h"

static struct cov_checkpoint_add checkpoint(const char *name, const char *module,
					    const char *function, uint64_t offset)
{
	struct cov_checkpoint_add add = {
		.offset = offset, .levels = 1, .scope = COV_SCOPE_ALL,
	};

	snprintf(add.name, sizeof(add.name), "%s", name);
	snprintf(add.module, sizeof(add.module), "%s", module);
	snprintf(add.function, sizeof(add.function), "%s", function);
	return add;
}

static uint32_t add(int fd, struct cov_checkpoint_add *request)
{
	CALL(fd, COV_IOC_CHECKPOINT_ADD, request);
	EXPECT(request->target != 0);
	return request->target;
}

/* The offset of covlife_work's first conditional jump, and its size. */
static struct cov_branch branch_of_work(int fd)
{
	struct cov_attach request = attach_request(TARGET);
	struct cov_function function;
	struct cov_branch branch;

	choose(&request, "covlife_work");
	attach(fd, &request);
	find_function(fd, request.target, "covlife_work", &function);
	EXPECT(function.branches > 0);
	EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, request.target, function.first_branch, 1,
			     &branch), 1);
	with_id(fd, COV_IOC_DETACH, request.target);
	return branch;
}

static uint32_t size_of(int fd, const char *name)
{
	struct cov_attach request = attach_request(TARGET);
	struct cov_function function;

	choose(&request, name);
	attach(fd, &request);
	find_function(fd, request.target, name, &function);
	with_id(fd, COV_IOC_DETACH, request.target);
	return function.size;
}

/* --- refusals ------------------------------------------------------------------------ */

static void checkpoint_needs_terminated_names(void)
{
	struct cov_checkpoint_add request;
	struct cov_checkpoint_del none = { };
	int fd = control_open();

	request = checkpoint("", TARGET, "covlife_odd", 0);
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EINVAL);
	memset(request.name, 'x', sizeof(request.name));
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EINVAL);
	request = checkpoint("a\033[31m", TARGET, "covlife_odd", 0);
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EINVAL);
	request = checkpoint("a", TARGET, "covlife_odd", 0);
	memset(request.module, 'x', sizeof(request.module));
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EINVAL);
	request = checkpoint("a", TARGET, "", 0);
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EINVAL);
	memset(request.function, 'x', sizeof(request.function));
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EINVAL);

	FAILS(fd, COV_IOC_CHECKPOINT_DEL, &none, EINVAL);
	memset(none.name, 'x', sizeof(none.name));
	FAILS(fd, COV_IOC_CHECKPOINT_DEL, &none, EINVAL);
}

static void checkpoint_takes_the_longest_name(void)
{
	struct cov_checkpoint_add request = checkpoint("", TARGET, "covlife_odd", 0);
	struct cov_checkpoint_del gone = { };
	int fd = control_open();

	memset(request.name, 'x', sizeof(request.name) - 1);
	add(fd, &request);
	EXPECT(!strcmp(target_info(fd, request.target).checkpoint, request.name));
	/* A shorter name is another one. */
	memset(gone.name, 'x', sizeof(gone.name) - 2);
	FAILS(fd, COV_IOC_CHECKPOINT_DEL, &gone, ENOENT);
	del_checkpoint(fd, request.name);
}

static void checkpoint_refuses_flags_padding_levels_and_scopes(void)
{
	struct cov_checkpoint_add request;
	int fd = control_open(), bit;

	for (bit = 2; bit < 32; bit += 6) {
		request = checkpoint("a", TARGET, "covlife_odd", 0);
		request.flags = 1U << bit | COV_CHECKPOINT_AUTO;
		FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EINVAL);
	}
	request = checkpoint("a", TARGET, "covlife_odd", 0);
	request.pad = 1;
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EINVAL);
	request = checkpoint("a", TARGET, "covlife_odd", 0);
	request.levels = 0;
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EINVAL);
	request = checkpoint("a", TARGET, "covlife_odd", 0);
	request.scope = 0;
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EOPNOTSUPP);
	request.scope = 3;
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EOPNOTSUPP);
}

static void checkpoint_of_what_is_not_there_is_enoent(void)
{
	static const struct { const char *module, *function; } nowhere[] = {
		{ "no_such_module", "covlife_odd" },
		{ "printk", "covlife_odd" },
		{ TARGET, "no_such_function" },
		{ TARGET, "sched_setaffinity" },
		{ TARGET, "covlife_od" },
		/* A function is named, not matched. */
		{ TARGET, "covlife_od?" },
		{ TARGET, "covlife_odd*" },
		{ TARGET, "*_odd" },
		{ "", "no_such_function" },
		{ "", "covlife_od?" },
		{ COV_CORE_KERNEL, "no_such_function" },
		{ COV_CORE_KERNEL, "covlife_odd" },
		{ COV_CORE_KERNEL, "sched_setaffinit?" },
	};
	struct cov_checkpoint_del none = { .name = "a" };
	int fd = control_open();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		struct cov_checkpoint_add request =
			checkpoint("a", nowhere[i].module, nowhere[i].function, 0);

		test_case("module '%s', function %s", nowhere[i].module, nowhere[i].function);
		FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, ENOENT);
	}
	test_case("delete");
	FAILS(fd, COV_IOC_CHECKPOINT_DEL, &none, ENOENT);
}

static void checkpoint_behind_the_function_is_erange(void)
{
	int fd = control_open();
	uint32_t size = size_of(fd, "covlife_odd");
	const uint64_t offsets[] = {
		size, size + 1, 0xffffffff, 1ULL << 32, 1ULL << 63, ~0ULL,
		/* Would be in it if the sum were cut or wrapped. */
		(1ULL << 32) + 1, -1ULL << 32,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		struct cov_checkpoint_add request =
			checkpoint("a", TARGET, "covlife_odd", offsets[i]);

		test_case("offset %#llx", (unsigned long long)offsets[i]);
		FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, ERANGE);
	}
}

static void checkpoint_inside_an_instruction_is_eilseq(void)
{
	struct cov_checkpoint_add request = checkpoint("a", TARGET, "covlife_work", 1);
	int fd = control_open();
	struct cov_branch branch = branch_of_work(fd);
	uint8_t i;

	/* The first instruction is ftrace's or endbr64. */
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EILSEQ);
	for (i = 1; i < branch.size; i++) {
		request.offset = branch.offset + i;
		FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EILSEQ);
	}
	request = checkpoint("a", COV_CORE_KERNEL, "sched_setaffinity", 1);
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EILSEQ);
}

static void checkpoint_in_livecov_is_eperm(void)
{
	struct cov_checkpoint_add request;
	int fd = control_open();

	request = checkpoint("a", "livecov", "cov_image_free", 0);
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EPERM);
	request = checkpoint("a", "livecov", "no_such_function", 0);
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EPERM);
	request = checkpoint("a", "", "cov_image_free", 0);
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EPERM);
}

/* Addresses of the core kernel's functions of a name; returns how many. */
static size_t addresses_of(const char *name, uint64_t *addresses, size_t most)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[512], found[256];
	unsigned long long address;
	size_t count = 0;

	EXPECT(file != NULL);
	while (count < most && fgets(line, sizeof(line), file))
		if (!strchr(line, '[') && sscanf(line, "%llx %*c %255s", &address, found) == 2 &&
		    !strcmp(found, name))
			addresses[count++] = address;
	fclose(file);
	return count;
}

static void checkpoint_where_probes_are_forbidden_is_einval(void)
{
	struct cov_checkpoint_add request;
	int fd = control_open();
	uint64_t address;

	request = checkpoint("a", TARGET, "covlife_forbidden", 0);
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EINVAL);
	request = checkpoint("a", "", "covlife_forbidden", 0);
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EINVAL);
	request = checkpoint("a", COV_CORE_KERNEL, "exc_int3", 0);
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EINVAL);
	request = checkpoint("a", "", "exc_int3", 0);
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EINVAL);
	/* This one ftrace could watch. */
	request = checkpoint("a", COV_CORE_KERNEL, "atomic_notifier_call_chain", 0);
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EINVAL);
	EXPECT_EQ(addresses_of(request.function, &address, 1), 1);
	request.offset = address;
	request.flags = COV_CHECKPOINT_ADDRESS;
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EINVAL);
}

/*
 * Under a kprobe the kernel's own emulation of it would never end. While there is a target of engine
 * kprobe, no checkpoint has a breakpoint.
 */
static void checkpoint_on_a_loop_instruction_for_kprobes_is_eopnotsupp(void)
{
	uint32_t target;
	struct cov_checkpoint_add request = checkpoint("a", TARGET, "across_pages",
						       ACROSS_PAGES_LOOP);
	int fd = control_open();

	target = attach_by(fd, TARGET, "covlife_odd", COV_ENGINE_KPROBE, COV_MODE_EDGES,
			   COV_SCOPE_ALL);
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EOPNOTSUPP);
	request.offset = 0;
	add(fd, &request);
	del_checkpoint(fd, "a");
	with_id(fd, COV_IOC_DETACH, target);
}

static void checkpoint_beside_breakpoints_is_refused_only_on_what_may_fault(void)
{
	struct cov_checkpoint_add request = checkpoint("a", TARGET, "may_fault", MAY_FAULT_INSN);
	int fd = control_open();
	uint32_t target;

	add(fd, &request);
	del_checkpoint(fd, "a");
	need_engine(fd, COV_ENGINE_BREAKPOINT);
	target = attach_by(fd, TARGET, "covlife_odd", COV_ENGINE_BREAKPOINT, COV_MODE_EDGES,
			   COV_SCOPE_ALL);
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EOPNOTSUPP);
	request.offset = MAY_FAULT_BEFORE;
	add(fd, &request);
	del_checkpoint(fd, "a");
	with_id(fd, COV_IOC_DETACH, target);
}

static void checkpoint_with_a_name_in_use_is_eexist(void)
{
	struct cov_checkpoint_add request = checkpoint("a", TARGET, "covlife_odd", 0);
	int one = control_open(), two = control_open();

	add(one, &request);
	FAILS(one, COV_IOC_CHECKPOINT_ADD, &request, EEXIST);
	request = checkpoint("a", TARGET, "covlife_even", 0);
	FAILS(two, COV_IOC_CHECKPOINT_ADD, &request, EEXIST);
	del_checkpoint(two, "a");
	add(two, &request);
	del_checkpoint(one, "a");
}

static void checkpoint_whose_answer_cannot_be_written_adds_nothing(void)
{
	struct cov_checkpoint_add request = checkpoint("a", TARGET, "covlife_odd", 0);
	void *map = shared_memory(4096);
	int fd = control_open();

	memcpy(map, &request, sizeof(request));
	MUST(mprotect(map, 4096, PROT_READ));
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, map, EFAULT);
}

/* --- what is watched ---------------------------------------------------------------------- */

static void checkpoint_counts_entries_and_outlives_its_file(void)
{
	struct cov_checkpoint_add request = checkpoint("entry", TARGET, "covlife_odd", 0);
	struct cov_target_info info;
	struct cov_function place;
	int fd = control_open();

	request.levels = 1ULL << 40;
	add(fd, &request);
	info = target_info(fd, request.target);
	EXPECT(!strcmp(info.checkpoint, "entry"));
	EXPECT(!strcmp(info.module, TARGET));
	EXPECT_EQ(info.kept, 1);
	EXPECT_EQ(info.pending, 0);
	EXPECT_EQ(info.levels, request.levels);
	EXPECT_EQ(place_of(fd, request.target).state, COV_SITE_ARMED);
	close(fd);

	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_TASK, 2);
	poke(COVLIFE_TASK, 3);
	fd = control_open();
	place = place_of(fd, request.target);
	EXPECT_EQ(place.hits, 2);
	EXPECT_EQ(place.levels, request.levels);
	with_id(fd, COV_IOC_RESET, request.target);
	EXPECT_EQ(place_of(fd, request.target).hits, 0);
	del_checkpoint(fd, "entry");
	expect_clean_text();
}

static void checkpoint_counts_at_an_offset(void)
{
	struct cov_checkpoint_add request = checkpoint("way", TARGET, "covlife_work", 0);
	int fd = control_open(), i;
	struct cov_branch branch = branch_of_work(fd);
	struct cov_function place;

	/* The first instruction behind the first jump: reached unless it jumps. */
	request.offset = branch.offset + branch.size;
	add(fd, &request);
	EXPECT_EQ(target_info(fd, request.target).checkpoint_offset, request.offset);
	for (i = 0; i < 10; i++)
		poke(COVLIFE_TASK, i);
	poke(COVLIFE_TASK, COVLIFE_RARE);
	place = place_of(fd, request.target);
	/* Which way gcc has laid out is its business; it is one of the two. */
	EXPECT(place.hits == 10 || place.hits == 1);
	del_checkpoint(fd, "way");
	expect_clean_text();
}

static void checkpoint_is_its_functions_entry_0_beside_a_cold_part(void)
{
	struct cov_checkpoint_add request = checkpoint("work", TARGET, "covlife_work", 0);
	struct cov_function place;
	int fd = control_open();
	char names[256];

	add(fd, &request);
	place = place_of(fd, request.target);
	read_table(fd, COV_IOC_NAMES, request.target, 0, sizeof(names), names);
	EXPECT(!strcmp(names + place.name, "covlife_work"));
	EXPECT(!(place.flags & COV_FUNCTION_COLD));
	del_checkpoint(fd, "work");
}

static void checkpoint_auto_takes_the_branches(void)
{
	struct cov_checkpoint_add request = checkpoint("auto", TARGET, "covlife_work", 0);
	struct cov_target_info info;
	int fd = control_open();

	add(fd, &request);
	EXPECT_EQ(target_info(fd, request.target).branches, 0);
	del_checkpoint(fd, "auto");
	request.flags = COV_CHECKPOINT_AUTO;
	add(fd, &request);
	info = target_info(fd, request.target);
	EXPECT(info.branches >= 2);
	EXPECT_EQ(info.pending, 0);
	EXPECT_EQ(info.outcomes_hit, 0);
	poke(COVLIFE_TASK, 1);
	info = target_info(fd, request.target);
	EXPECT_EQ(info.outcomes_hit, 2);
	poke(COVLIFE_TASK, 2);
	EXPECT_EQ(target_info(fd, request.target).outcomes_hit, 3);
	del_checkpoint(fd, "auto");
}

static void checkpoint_finds_the_module_of_a_function(void)
{
	struct cov_checkpoint_add request = checkpoint("found", "", "covlife_even", 0);
	int fd = control_open();

	add(fd, &request);
	EXPECT(!strcmp(target_info(fd, request.target).module, TARGET));
	poke(COVLIFE_TASK, 2);
	EXPECT_EQ(place_of(fd, request.target).hits, 1);
	del_checkpoint(fd, "found");
}

/* On its entry, which ftrace does not know, livecov has a breakpoint: kprobes takes none there. */
static void checkpoint_finds_the_module_of_a_function_that_has_a_breakpoint(void)
{
	struct cov_checkpoint_add request = checkpoint("found", "", "covlife_stay", 0);
	int fd = control_open();
	uint32_t target;

	need_engine(fd, COV_ENGINE_BREAKPOINT);
	target = attach_by(fd, TARGET, "covlife_stay", COV_ENGINE_BREAKPOINT, COV_MODE_EDGES,
			   COV_SCOPE_TRACKED);
	add(fd, &request);
	EXPECT(!strcmp(target_info(fd, request.target).module, TARGET));
	del_checkpoint(fd, "found");
	request.flags = COV_CHECKPOINT_ADDRESS;
	request.offset = function_of(fd, target, "covlife_stay").address;
	add(fd, &request);
	EXPECT(!strcmp(target_info(fd, request.target).module, TARGET));
	del_checkpoint(fd, "found");
	with_id(fd, COV_IOC_DETACH, target);
}

static void checkpoint_in_the_kernel_itself_counts(void)
{
	static const char *const modules[] = { COV_CORE_KERNEL, "" };
	char buffer[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modules); i++) {
		struct cov_checkpoint_add request =
			checkpoint("core", modules[i], "sched_getaffinity", 0);
		int fd = control_open();

		request.scope = COV_SCOPE_TRACKED;
		add(fd, &request);
		EXPECT(!strcmp(target_info(fd, request.target).module, COV_CORE_KERNEL));
		CALL(fd, COV_IOC_REGISTER, (&(struct cov_register){ .sample = 9 }));
		MUST(syscall(SYS_sched_getaffinity, 0, sizeof(buffer), buffer));
		CALL(fd, COV_IOC_UNREGISTER, NULL);
		MUST(syscall(SYS_sched_getaffinity, 0, sizeof(buffer), buffer));
		EXPECT_EQ(place_of(fd, request.target).hits, 1);
		EXPECT_EQ(place_of(fd, request.target).first_sample, 9);
		del_checkpoint(fd, "core");
		close(fd);
	}
}

/* Of all that are called type_show, one serves /sys/class/net/lo/type. */
static void checkpoint_by_address_tells_functions_of_one_name_apart(void)
{
	struct cov_checkpoint_add request = checkpoint("type", COV_CORE_KERNEL, "type_show", 0);
	uint64_t addresses[64];
	size_t i, count = addresses_of("type_show", addresses, ARRAY_SIZE(addresses));
	struct cov_checkpoint_add added[64];
	int fd = control_open();
	uint64_t hits = 0;
	char text[16];

	EXPECT(count > 1);
	request.flags = COV_CHECKPOINT_ADDRESS;
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, ENOENT);
	request.offset = addresses[0] - 1;
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, ENOENT);
	for (i = 0; i < count; i++) {
		added[i] = checkpoint("", i & 1 ? COV_CORE_KERNEL : "", "type_show", addresses[i]);
		snprintf(added[i].name, sizeof(added[i].name), "type%zu", i);
		added[i].flags = COV_CHECKPOINT_ADDRESS;
		add(fd, &added[i]);
		EXPECT_EQ(place_of(fd, added[i].target).address, addresses[i]);
		EXPECT_EQ(target_info(fd, added[i].target).checkpoint_offset, 0);
	}
	read_file("/sys/class/net/lo/type", text, sizeof(text));
	for (i = 0; i < count; i++) {
		hits += place_of(fd, added[i].target).hits;
		del_checkpoint(fd, added[i].name);
	}
	EXPECT_EQ(hits, 1);
}

static void checkpoint_by_address_is_in_the_function_that_was_named(void)
{
	struct cov_checkpoint_add request = checkpoint("work", TARGET, "covlife_work", 0);
	int fd = control_open();
	struct cov_branch branch = branch_of_work(fd);
	uint64_t work;

	add(fd, &request);
	work = place_of(fd, request.target).address;
	del_checkpoint(fd, "work");
	request.flags = COV_CHECKPOINT_ADDRESS;
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, ENOENT);
	request.offset = work - 1;
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, ENOENT);
	request.offset = work + size_of(fd, "covlife_work");
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, ENOENT);
	request.offset = work + branch.offset + 1;
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &request, EILSEQ);
	request.offset = work + branch.offset;
	add(fd, &request);
	EXPECT_EQ(target_info(fd, request.target).checkpoint_offset, branch.offset);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(place_of(fd, request.target).hits, 1);
	del_checkpoint(fd, "work");
	expect_clean_text();
}

static void several_checkpoints_watch_one_place(void)
{
	struct cov_checkpoint_add one = checkpoint("one", TARGET, "covlife_odd", 0);
	struct cov_checkpoint_add two = checkpoint("two", TARGET, "covlife_odd", 0);
	int fd = control_open();
	uint32_t target;

	add(fd, &one);
	add(fd, &two);
	target = attach_armed(fd, TARGET, "covlife_odd", COV_MODE_EDGES, COV_SCOPE_ALL);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(place_of(fd, one.target).hits, 1);
	EXPECT_EQ(place_of(fd, two.target).hits, 1);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 1);
	del_checkpoint(fd, "one");
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(place_of(fd, two.target).hits, 2);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 2);
	with_id(fd, COV_IOC_DETACH, target);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(place_of(fd, two.target).hits, 3);
	del_checkpoint(fd, "two");
	expect_clean_text();
}

/* Grace periods, each up to tens of milliseconds: their number must not be that of the targets. */
static void reset_of_all_checkpoints_waits_for_handlers_once(void)
{
	struct cov_attach request = attach_request(COV_CORE_KERNEL);
	struct cov_checkpoint_add request_of;
	int fd = control_open(), i;
	char name[16];

	request.scope = COV_SCOPE_TRACKED;
	request.mode = COV_MODE_COUNT;
	choose(&request, "synchronize_rcu");
	attach(fd, &request);
	arm(fd, request.target);
	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "reset %d", i);
		request_of = checkpoint(name, TARGET, i % 2 ? "covlife_odd" : "covlife_even", 0);
		add(fd, &request_of);
	}
	poke(COVLIFE_TASK, 1);
	track_as(fd, 1);
	with_id(fd, COV_IOC_RESET, 0);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	EXPECT_EQ(function_hits(fd, request.target, "synchronize_rcu"), 1);
	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "reset %d", i);
		del_checkpoint(fd, name);
	}
}

static const struct test tests[] = {
	TEST(checkpoint_needs_terminated_names),
	TEST(checkpoint_takes_the_longest_name),
	TEST(checkpoint_refuses_flags_padding_levels_and_scopes),
	TEST(checkpoint_of_what_is_not_there_is_enoent),
	TEST(checkpoint_behind_the_function_is_erange),
	TEST(checkpoint_inside_an_instruction_is_eilseq),
	TEST(checkpoint_in_livecov_is_eperm),
	TEST(checkpoint_where_probes_are_forbidden_is_einval),
	TEST(checkpoint_on_a_loop_instruction_for_kprobes_is_eopnotsupp),
	TEST(checkpoint_beside_breakpoints_is_refused_only_on_what_may_fault),
	TEST(checkpoint_with_a_name_in_use_is_eexist),
	TEST(checkpoint_whose_answer_cannot_be_written_adds_nothing),
	TEST(checkpoint_counts_entries_and_outlives_its_file),
	TEST(checkpoint_counts_at_an_offset),
	TEST(checkpoint_is_its_functions_entry_0_beside_a_cold_part),
	TEST(checkpoint_auto_takes_the_branches),
	TEST(checkpoint_finds_the_module_of_a_function),
	TEST(checkpoint_finds_the_module_of_a_function_that_has_a_breakpoint),
	TEST(checkpoint_in_the_kernel_itself_counts),
	TEST(checkpoint_by_address_tells_functions_of_one_name_apart),
	TEST(checkpoint_by_address_is_in_the_function_that_was_named),
	TEST(several_checkpoints_watch_one_place),
	TEST(reset_of_all_checkpoints_waits_for_handlers_once),
};

const struct test_group abi_checkpoint = TEST_GROUP(tests);
