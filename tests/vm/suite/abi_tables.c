// SPDX-License-Identifier: GPL-2.0-only
/*
 * abi_tables.c - reading a target: FUNCTIONS, BLOCKS, BRANCHES, EDGES, OUTCOMES, SECTIONS,
 * NAMES and TEXT; what they refuse, and that their entries fit together.
 */
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "abi.h"
#include "module/covlife.h"

static const struct table {
	unsigned int cmd;
	size_t entry;
} tables[] = {
	{ COV_IOC_FUNCTIONS, sizeof(struct cov_function) },
	{ COV_IOC_BLOCKS, sizeof(struct cov_block) },
	{ COV_IOC_BRANCHES, sizeof(struct cov_branch) },
	{ COV_IOC_SECTIONS, sizeof(struct cov_section) },
	{ COV_IOC_NAMES, 1 },
	{ COV_IOC_EDGES, sizeof(struct cov_block_edges) },
	{ COV_IOC_OUTCOMES, sizeof(struct cov_outcomes) },
};

/* All of covlife, not armed, with two sections. */
static uint32_t attach_for_reading(int fd)
{
	static const struct cov_section sections[] = {
		{ ".text", 0x1000, 0x100 }, { ".exit.text", 0x2000, 0 },
	};
	struct cov_attach request = attach_request(TARGET);

	request.sections = (uintptr_t)sections;
	request.nr_sections = ARRAY_SIZE(sections);
	return attach(fd, &request);
}

static uint32_t table_length(const struct cov_target_info *info, const struct table *table)
{
	switch (table->cmd) {
	case COV_IOC_FUNCTIONS:
		return info->functions;
	case COV_IOC_BLOCKS:
	case COV_IOC_EDGES:
		return info->blocks;
	case COV_IOC_BRANCHES:
	case COV_IOC_OUTCOMES:
		return info->branches;
	case COV_IOC_SECTIONS:
		return info->sections;
	default:
		return info->names_len;
	}
}

#define for_each_table(table) \
	for (table = tables; table < tables + ARRAY_SIZE(tables); table++)

/* --- ranges ------------------------------------------------------------------------ */

static void range_refuses_bad_counts_padding_and_targets(void)
{
	const struct table *table;
	struct cov_range range;
	int fd = control_open();
	uint32_t target = attach_for_reading(fd);
	void *buffer = malloc(4096);

	for_each_table(table) {
		range = (struct cov_range){ .target = target, .buffer = (uintptr_t)buffer };
		FAILS(fd, table->cmd, &range, EINVAL);
		range.count = COV_RANGE_MAX + 1;
		FAILS(fd, table->cmd, &range, EINVAL);
		range.count = ~0U;
		FAILS(fd, table->cmd, &range, EINVAL);
		range.count = 1;
		range.pad = 1;
		FAILS(fd, table->cmd, &range, EINVAL);
		range.pad = 0;
		range.target = 0;
		FAILS(fd, table->cmd, &range, ENOENT);
		range.target = target + 1;
		FAILS(fd, table->cmd, &range, ENOENT);
	}
}

static void range_with_an_unwritable_buffer_is_efault(void)
{
	const struct table *table;
	int fd = control_open();
	uint32_t target = attach_for_reading(fd);
	struct cov_target_info info = target_info(fd, target);

	for_each_table(table) {
		uint32_t count = table_length(&info, table);
		struct cov_range range = { .target = target, .count = count };

		EXPECT(count >= 2);
		FAILS(fd, table->cmd, &range, EFAULT);
		range.buffer = KERNEL_ADDRESS;
		FAILS(fd, table->cmd, &range, EFAULT);
		range.buffer = -8ULL;
		FAILS(fd, table->cmd, &range, EFAULT);
		range.buffer = 1ULL << 63;
		FAILS(fd, table->cmd, &range, EFAULT);
		/* The last byte is missing. */
		range.buffer = (uintptr_t)before_hole(count * table->entry - 1);
		FAILS(fd, table->cmd, &range, EFAULT);
	}
}

static void range_needs_room_for_what_is_there_alone(void)
{
	const struct table *table;
	int fd = control_open();
	uint32_t target = attach_for_reading(fd);
	struct cov_target_info info = target_info(fd, target);

	for_each_table(table) {
		uint32_t count = table_length(&info, table);
		void *buffer = before_hole(count * table->entry);

		EXPECT_EQ(read_table(fd, table->cmd, target, 0, COV_RANGE_MAX, buffer), count);
	}
}

static void range_behind_the_table_is_empty(void)
{
	const struct table *table;
	int fd = control_open();
	uint32_t target = attach_for_reading(fd);
	struct cov_target_info info = target_info(fd, target);

	for_each_table(table) {
		uint32_t length = table_length(&info, table);
		char entry[256];

		/* Nothing is written, so the buffer need not even be there. */
		EXPECT_EQ(read_table(fd, table->cmd, target, length, 1, NULL), 0);
		EXPECT_EQ(read_table(fd, table->cmd, target, ~0U, COV_RANGE_MAX, NULL), 0);
		EXPECT_EQ(read_table(fd, table->cmd, target, length - 1, 2, entry), 1);
	}
}

static void range_read_piecewise_is_the_whole(void)
{
	const struct table *table;
	int fd = control_open();
	uint32_t target = attach_for_reading(fd), i;
	struct cov_target_info info = target_info(fd, target);

	for_each_table(table) {
		uint32_t count = table_length(&info, table);
		char *whole = malloc(count * table->entry);
		char *pieces = malloc(count * table->entry);

		EXPECT_EQ(read_table(fd, table->cmd, target, 0, count, whole), count);
		for (i = 0; i < count; i += 3)
			EXPECT_EQ(read_table(fd, table->cmd, target, i, 3,
					     memset(pieces + i * table->entry, 0x55,
						    (count - i < 3 ? count - i : 3) * table->entry)),
				  count - i < 3 ? count - i : 3);
		EXPECT(!memcmp(whole, pieces, count * table->entry));
		free(whole);
		free(pieces);
	}
}

static void range_tells_the_generation(void)
{
	struct cov_function function;
	struct cov_range range = { .count = 1, .buffer = (uintptr_t)&function };
	int fd = control_open();
	uint64_t generation;

	range.target = attach_for_reading(fd);
	generation = target_info(fd, range.target).generation;
	CALL(fd, COV_IOC_FUNCTIONS, &range);
	EXPECT_EQ(range.generation, generation);
	/* Hits and states are no change of the tables. */
	arm(fd, range.target);
	poke(COVLIFE_TASK, 1);
	with_id(fd, COV_IOC_RESET, range.target);
	range.count = 1;
	CALL(fd, COV_IOC_FUNCTIONS, &range);
	EXPECT_EQ(range.generation, generation);
	EXPECT_EQ(target_info(fd, range.target).generation, generation);
}

/* --- the entries ------------------------------------------------------------------------ */

/* A target's tables, read in one go. */
struct copy {
	struct cov_target_info info;
	struct cov_function *functions;
	struct cov_block *blocks;
	struct cov_branch *branches;
	struct cov_block_edges *edges;
	char *names;
};

static void read_copy(int fd, uint32_t target, struct copy *copy)
{
	copy->info = target_info(fd, target);
	copy->functions = calloc(copy->info.functions, sizeof(*copy->functions));
	copy->blocks = calloc(copy->info.blocks, sizeof(*copy->blocks));
	copy->branches = calloc(copy->info.branches, sizeof(*copy->branches));
	copy->edges = calloc(copy->info.blocks, sizeof(*copy->edges));
	copy->names = calloc(copy->info.names_len, 1);
	read_table(fd, COV_IOC_FUNCTIONS, target, 0, copy->info.functions, copy->functions);
	read_table(fd, COV_IOC_BLOCKS, target, 0, copy->info.blocks, copy->blocks);
	read_table(fd, COV_IOC_BRANCHES, target, 0, copy->info.branches, copy->branches);
	read_table(fd, COV_IOC_EDGES, target, 0, copy->info.blocks, copy->edges);
	read_table(fd, COV_IOC_NAMES, target, 0, copy->info.names_len, copy->names);
}

static void functions_are_whole_and_in_order(void)
{
	uint32_t i, blocks = 0, branches = 0;
	int fd = control_open();
	struct copy copy;

	read_copy(fd, attach_for_reading(fd), &copy);
	EXPECT_EQ(copy.names[copy.info.names_len - 1], '\0');
	for (i = 0; i < copy.info.functions; i++) {
		const struct cov_function *function = &copy.functions[i];
		uint64_t end = function->address + function->size;

		EXPECT(function->name < copy.info.names_len);
		EXPECT(copy.names[function->name]);
		EXPECT(function->size > 0);
		EXPECT(function->address >= copy.info.text_base);
		EXPECT(end <= copy.info.text_base + copy.info.text_size);
		EXPECT(i + 1 == copy.info.functions || end <= copy.functions[i + 1].address);
		EXPECT_EQ(!!(function->flags & COV_FUNCTION_COLD), function->parent != COV_NONE);
		EXPECT(function->parent == COV_NONE || function->parent < copy.info.functions);
		EXPECT_EQ(function->first_block, blocks);
		EXPECT_EQ(function->first_branch, branches);
		blocks += function->blocks;
		branches += function->branches;
		EXPECT_EQ(function->hits, 0);
		EXPECT_EQ(function->first_sample, 0);
	}
	EXPECT_EQ(blocks, copy.info.blocks);
	EXPECT_EQ(branches, copy.info.branches);
}

/* What has not run: NO where that is watched, and never YES. */
static void expect_not_covered(const struct cov_function *function, uint8_t covered)
{
	if (function->state == COV_SITE_REFUSED && covered == COV_UNKNOWN)
		return;
	EXPECT_EQ(covered, COV_NO);
}

static void blocks_lie_in_their_functions(void)
{
	int fd = control_open();
	uint32_t target = attach_for_reading(fd);
	struct copy copy;
	uint32_t f, i;

	arm(fd, target);
	read_copy(fd, target, &copy);
	for (f = 0; f < copy.info.functions; f++) {
		const struct cov_function *function = &copy.functions[f];
		uint32_t end = 0;

		test_case("%s", copy.names + function->name);
		for (i = function->first_block; i < function->first_block + function->blocks; i++) {
			EXPECT_EQ(copy.blocks[i].function, f);
			EXPECT(copy.blocks[i].offset >= end);
			EXPECT(copy.blocks[i].size > 0);
			end = copy.blocks[i].offset + copy.blocks[i].size;
			EXPECT(end <= function->size);
			expect_not_covered(function, copy.blocks[i].covered);
			EXPECT_EQ(copy.blocks[i].pad, 0);
		}
	}
}

static void branches_end_their_blocks(void)
{
	int fd = control_open();
	uint32_t target = attach_for_reading(fd), i;
	struct copy copy;

	arm(fd, target);
	read_copy(fd, target, &copy);
	EXPECT(copy.info.branches > 5);
	for (i = 0; i < copy.info.branches; i++) {
		const struct cov_branch *branch = &copy.branches[i];
		const struct cov_block *block = &copy.blocks[branch->block];
		const struct cov_function *function = &copy.functions[branch->function];

		test_case("%s+%#x", copy.names + function->name, branch->offset);
		EXPECT(branch->block < copy.info.blocks);
		EXPECT_EQ(branch->function, block->function);
		EXPECT_EQ(branch->offset + branch->size, block->offset + block->size);
		EXPECT(branch->size >= 2 && branch->size <= 15);
		EXPECT(branch->condition <= 0x13);
		EXPECT(branch->target >= copy.info.text_base);
		EXPECT(branch->target < copy.info.text_base + copy.info.text_size);
		expect_not_covered(function, branch->taken);
		expect_not_covered(function, branch->not_taken);
		EXPECT_EQ(branch->taken_hits + branch->not_taken_hits, 0);
	}
}

static uint64_t block_address(const struct copy *copy, uint32_t block)
{
	EXPECT(block < copy->info.blocks);
	return copy->functions[copy->blocks[block].function].address + copy->blocks[block].offset;
}

/* A branch goes to the block after it, or to its target. */
static void edges_of_a_branch_are_its_sides(void)
{
	int fd = control_open();
	struct copy copy;
	uint32_t i;

	read_copy(fd, attach_for_reading(fd), &copy);
	for (i = 0; i < copy.info.branches; i++) {
		const struct cov_branch *branch = &copy.branches[i];
		const struct cov_block_edges *edges = &copy.edges[branch->block];

		EXPECT_EQ(edges->next, branch->block + 1);
		EXPECT_EQ(block_address(&copy, edges->next),
			  block_address(&copy, branch->block) + copy.blocks[branch->block].size);
		EXPECT_EQ(block_address(&copy, edges->jump), branch->target);
	}
	for (i = 0; i < copy.info.blocks; i++) {
		EXPECT(copy.edges[i].next == COV_NONE || copy.edges[i].next == i + 1);
		EXPECT(copy.edges[i].jump == COV_NONE || copy.edges[i].jump < copy.info.blocks);
		EXPECT(!(copy.edges[i].flags & ~COV_EDGES_CANARY));
		EXPECT_EQ(copy.edges[i].pad, 0);
	}
}

static void edges_stay_when_the_module_is_unloaded(void)
{
	int fd = control_open();
	uint32_t target = attach_for_reading(fd);
	struct copy before, gone, again;
	size_t size;

	arm(fd, target);
	read_copy(fd, target, &before);
	size = before.info.blocks * sizeof(*before.edges);
	unload(TARGET);
	read_copy(fd, target, &gone);
	EXPECT_EQ(gone.info.state, COV_TARGET_GONE);
	EXPECT(!memcmp(before.edges, gone.edges, size));
	load(module_file(TARGET), "");
	read_copy(fd, target, &again);
	EXPECT_EQ(again.info.state, COV_TARGET_LIVE);
	EXPECT(!memcmp(before.edges, again.edges, size));
}

/* No site that is not armed can say that nothing ran. */
static void what_is_not_watched_is_unknown(void)
{
	int fd = control_open();
	uint32_t target = attach_for_reading(fd);
	struct cov_target_info info = target_info(fd, target);

	EXPECT_EQ(info.blocks_unknown, info.blocks);
	EXPECT_EQ(info.outcomes_unknown, 2 * info.branches);
	EXPECT_EQ(info.blocks_hit + info.outcomes_hit + info.functions_hit, 0);
}

/* --- TEXT ------------------------------------------------------------------------------------ */

static void text_refuses_bad_lengths_and_targets(void)
{
	int fd = control_open();
	uint32_t target = attach_for_reading(fd);
	uint64_t base = target_info(fd, target).text_base;
	static char buffer[COV_TEXT_MAX + 1];
	struct cov_text text = { .target = target, .address = base, .buffer = (uintptr_t)buffer };

	FAILS(fd, COV_IOC_TEXT, &text, EINVAL);
	text.length = COV_TEXT_MAX + 1;
	FAILS(fd, COV_IOC_TEXT, &text, EINVAL);
	text.length = ~0U;
	FAILS(fd, COV_IOC_TEXT, &text, EINVAL);
	text.length = 1;
	text.target = 0;
	FAILS(fd, COV_IOC_TEXT, &text, ENOENT);
	text.target = target + 1;
	FAILS(fd, COV_IOC_TEXT, &text, ENOENT);
}

static void text_gives_nothing_but_the_targets_text(void)
{
	int fd = control_open();
	uint32_t target = attach_for_reading(fd);
	struct cov_target_info info = target_info(fd, target);
	const uint64_t end = info.text_base + info.text_size;
	const struct { uint64_t address; uint32_t length; } outside[] = {
		{ 0, 1 }, { 1, 1 }, { info.text_base - 1, 1 }, { info.text_base - 1, 2 },
		{ end, 1 }, { end - 1, 2 }, { info.text_base, info.text_size + 1 },
		{ info.text_base + 1, info.text_size }, { ~0ULL, 1 }, { -16ULL, 16 },
		{ -16ULL, 17 }, { 1ULL << 63, 1 }, { KERNEL_ADDRESS, 1 },
		{ info.text_base - COV_TEXT_MAX, COV_TEXT_MAX }, { (uintptr_t)&info, 1 },
	};
	static char buffer[COV_TEXT_MAX];
	size_t i;

	EXPECT(info.text_size < COV_TEXT_MAX);
	for (i = 0; i < ARRAY_SIZE(outside); i++) {
		struct cov_text text = {
			.target = target,
			.length = outside[i].length,
			.address = outside[i].address,
			.buffer = (uintptr_t)buffer,
		};

		test_case("%u bytes at %#llx", outside[i].length,
			  (unsigned long long)outside[i].address);
		FAILS(fd, COV_IOC_TEXT, &text, EINVAL);
	}
}

static void text_into_an_unwritable_buffer_is_efault(void)
{
	int fd = control_open();
	uint32_t target = attach_for_reading(fd);
	struct cov_text text = { .target = target, .length = 64 };

	text.address = target_info(fd, target).text_base;
	FAILS(fd, COV_IOC_TEXT, &text, EFAULT);
	text.buffer = KERNEL_ADDRESS;
	FAILS(fd, COV_IOC_TEXT, &text, EFAULT);
	text.buffer = (uintptr_t)before_hole(63);
	FAILS(fd, COV_IOC_TEXT, &text, EFAULT);
}

/* All of a target's text, as livecov gives it and as it is. */
static void read_both_texts(int fd, uint32_t target, struct text *told, struct text *real)
{
	struct cov_target_info info = target_info(fd, target);
	struct cov_text text = {
		.target = target,
		.length = info.text_size,
		.address = info.text_base,
		.buffer = (uintptr_t)told->bytes,
	};

	CALL(fd, COV_IOC_TEXT, &text);
	told->address = info.text_base;
	told->size = info.text_size;
	EXPECT_EQ(try_read_text(real, info.text_base, info.text_size), 0);
}

static void text_is_told_as_it_is_without_livecov(void)
{
	static struct text clean, told, real;
	struct cov_attach request = attach_request(TARGET);
	int fd = control_open();

	attach(fd, &request);
	read_both_texts(fd, request.target, &told, &clean);
	expect_same_text(&clean, &told);
	arm(fd, request.target);
	read_both_texts(fd, request.target, &told, &real);
	/* It is patched, which does not show. */
	EXPECT(memcmp(real.bytes, clean.bytes, clean.size));
	expect_same_text(&clean, &told);
	with_id(fd, COV_IOC_DETACH, request.target);
	expect_text(&clean);
}

static void text_hides_the_probes_of_every_target(void)
{
	static struct text clean, told, real;
	struct cov_attach request = attach_request(TARGET);
	struct cov_checkpoint_add add = {
		.name = "beside", .module = TARGET, .function = "covlife_work",
		.levels = 1, .scope = COV_SCOPE_ALL, .flags = COV_CHECKPOINT_AUTO,
	};
	struct cov_checkpoint_del del = { .name = "beside" };
	int fd = control_open();

	attach(fd, &request);
	read_both_texts(fd, request.target, &told, &clean);
	CALL(fd, COV_IOC_CHECKPOINT_ADD, &add);
	read_both_texts(fd, request.target, &told, &real);
	EXPECT(memcmp(real.bytes, clean.bytes, clean.size));
	expect_same_text(&clean, &told);
	arm(fd, request.target);
	read_both_texts(fd, request.target, &told, &real);
	expect_same_text(&clean, &told);
	CALL(fd, COV_IOC_CHECKPOINT_DEL, &del);
	read_both_texts(fd, request.target, &told, &real);
	expect_same_text(&clean, &told);
}

static const struct test tests[] = {
	TEST(range_refuses_bad_counts_padding_and_targets),
	TEST(range_with_an_unwritable_buffer_is_efault),
	TEST(range_needs_room_for_what_is_there_alone),
	TEST(range_behind_the_table_is_empty),
	TEST(range_read_piecewise_is_the_whole),
	TEST(range_tells_the_generation),
	TEST(functions_are_whole_and_in_order),
	TEST(blocks_lie_in_their_functions),
	TEST(branches_end_their_blocks),
	TEST(edges_of_a_branch_are_its_sides),
	TEST(edges_stay_when_the_module_is_unloaded),
	TEST(what_is_not_watched_is_unknown),
	TEST(text_refuses_bad_lengths_and_targets),
	TEST(text_gives_nothing_but_the_targets_text),
	TEST(text_into_an_unwritable_buffer_is_efault),
	TEST(text_is_told_as_it_is_without_livecov),
	TEST(text_hides_the_probes_of_every_target),
};

const struct test_group abi_tables = TEST_GROUP(tests);
