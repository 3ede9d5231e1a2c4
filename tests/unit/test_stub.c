// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_stub.c - what stub.c refuses, what it says about itself, and that it stays in
 * its buffers, for every region of the C library and of modules.
 * What its stubs do is test_stub_run.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "elf_image.h"
#include "insn_branch.h"
#include "stub.h"

#define GIB	(1ULL << 30)
#define HERE	0x7000000000ULL
#define THERE	(HERE + 0x100000)
#define MODULE	0xffffffffc0000000ULL	/* a push can write its address */
#define CANARY	0xf4	/* behind what is written */
#define NO_CELLS { STUB_NO_CELL, STUB_NO_CELL }

static const struct stub_task task = { .preempt_count = 8, .bases = 16, .contexts = 0x1000 };

static int step(const u8 *text, u32 size, u64 address, u64 at, u8 *code)
{
	struct insn_branch insn;

	assert_int_equal(insn_branch_decode(text, size, address, &insn), 0);
	return stub_step(text, &insn, address, at, code);
}

static void what_cannot_be_moved_is_refused(void **state)
{
	static const struct {
		const char *name;
		u8 bytes[8];
		u8 length;
	} cases[] = {
		{ "call", { 0xe8, 0, 0, 0, 0 }, 5 }, { "call *%rax", { 0xff, 0xd0 }, 2 },
		{ "ud2", { 0x0f, 0x0b }, 2 }, { "int3", { 0xcc }, 1 },
		{ "int $0x80", { 0xcd, 0x80 }, 2 }, { "int1", { 0xf1 }, 1 },
		{ "sti", { 0xfb }, 1 }, { "hlt", { 0xf4 }, 1 }, { "popf", { 0x9d }, 1 },
		{ "mov %eax,%ss", { 0x8e, 0xd0 }, 2 }, { "mov %eax,%gs", { 0x8e, 0xe8 }, 2 },
		{ "pop %gs", { 0x0f, 0xa9 }, 2 }, { "swapgs", { 0x0f, 0x01, 0xf8 }, 3 },
		{ "wrgsbase %rax", { 0xf3, 0x48, 0x0f, 0xae, 0xd8 }, 5 },
		{ "wrmsr", { 0x0f, 0x30 }, 2 }, { "mov %rax,%cr3", { 0x0f, 0x22, 0xd8 }, 3 },
		{ "syscall", { 0x0f, 0x05 }, 2 }, { "sysenter", { 0x0f, 0x34 }, 2 },
		{ "xbegin", { 0xc7, 0xf8, 0, 0, 0, 0 }, 6 },
		{ "endbr64", { 0xf3, 0x0f, 0x1e, 0xfa }, 4 },
		{ "ds incl (%rax), a lock prefix once", { 0x3e, 0xff, 0x00 }, 3 },
		{ "mov 0(%eip),%eax", { 0x67, 0x8b, 0x05, 0, 0, 0, 0 }, 7 },
		{ "lgs (%rax),%eax", { 0x0f, 0xb5, 0x00 }, 3 },
	};
	u8 bytes[STUB_MAX_LEN], text[INSN_MAX_LEN + 2];
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct stub stub = {
			.text = text, .address = HERE, .at = THERE, .cell = NO_CELLS,
			.region = { .before = cases[i].length, .length = cases[i].length + 2 },
		};

		memcpy(text, cases[i].bytes, cases[i].length);
		memcpy(text + cases[i].length, "\x74\x10", 2);
		if (step(cases[i].bytes, cases[i].length, HERE, THERE, bytes) != -EOPNOTSUPP ||
		    stub_write(&stub, bytes) != -EOPNOTSUPP) {
			print_error("%s\n", cases[i].name);
			fail();
		}
	}
}

static void another_branch_is_refused(void **state)
{
	/* jmp; je; ret */
	static const u8 text[] = { 0xeb, 0x00, 0x74, 0x10, 0xc3 };
	struct stub stub = {
		.text = text, .address = HERE, .at = THERE, .cell = NO_CELLS,
		.region = { .before = 2, .length = 4 },
	};
	u8 bytes[STUB_MAX_LEN];

	(void)state;
	assert_int_equal(stub_write(&stub, bytes), -EOPNOTSUPP);
	/* But a region may end with one. */
	stub.text = text + 2;
	stub.address += 2;
	stub.region = (struct region){ .before = 0, .length = 3 };
	assert_true(stub_write(&stub, bytes) > 0);
}

static void what_is_no_region_is_refused(void **state)
{
	static const u8 text[] = { 0x90, 0x90, 0x90, 0x74, 0x10, 0x48, 0x89, 0x06, 0x07 };
	static const struct region regions[] = {
		{ .before = 2, .length = 5 },	/* its jump is a nop */
		{ .before = 3, .length = 4 },	/* half a jump */
		{ .before = 3, .length = 7 },	/* half of what is behind it */
		{ .before = 3, .length = 9 },	/* what is behind is no instruction */
	};
	u8 bytes[STUB_MAX_LEN];
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(regions); i++) {
		struct stub stub = {
			.text = text, .address = HERE, .at = THERE, .cell = NO_CELLS, .region = regions[i],
		};

		assert_int_equal(stub_write(&stub, bytes), -EILSEQ);
	}
}

static void a_jump_in_a_passage_is_refused(void **state)
{
	static const u8 text[] = { 0x90, 0x90, 0x90, 0x74, 0x10 };
	struct stub stub = {
		.text = text, .address = HERE, .at = THERE, .cell = NO_CELLS,
		.region = { .before = sizeof(text), .length = sizeof(text) },
	};
	u8 bytes[STUB_MAX_LEN];

	(void)state;
	assert_int_equal(stub_write(&stub, bytes), -EOPNOTSUPP);
}

static void what_is_out_of_reach_is_refused(void **state)
{
	/* mov 0(%rip),%eax; je +0x7fffff00 */
	static const u8 text[] = { 0x8b, 0x05, 0, 0, 0, 0, 0x0f, 0x84, 0x00, 0xff, 0xff, 0x7f };
	const u64 here = HERE;
	const struct {
		u8 how;
		u64 at, cell, contexts;
		bool moved;		/* the region has the instruction before */
		int err;
	} cases[] = {
		{ STUB_BYTE, here + 0x1000, here, 0, true, 0 },
		{ STUB_BYTE, here + 3 * GIB, here + 3 * GIB, 0, true, -ERANGE },
		{ STUB_BYTE, here - 3 * GIB, here - 3 * GIB, 0, true, -ERANGE },
		/* The region's jump reaches, but the target or the operand is too far away. */
		{ STUB_BYTE, here - 0x1000, here, 0, true, -ERANGE },
		{ STUB_BYTE, here + 2 * GIB - 5, here, 0, true, -ERANGE },
		{ STUB_BYTE, here + GIB, here - GIB - 0x1000, 0, true, -ERANGE },
		{ STUB_BYTE, here + GIB, here - GIB + 0x1000, 0, true, 0 },
		{ STUB_COUNT, here + GIB, here - GIB - 0x1000, 0, true, -ERANGE },
		{ STUB_TASK_BYTE, here + GIB, 1, 0x7fffffff, true, 0 },
		{ STUB_TASK_BYTE, here + GIB, 1, 0xffffffffc0000000, true, 0 },
		{ STUB_TASK_BYTE, here + GIB, 1, 0x80000000, true, -ERANGE },
		{ STUB_TASK_BYTE, here + GIB, 0x80000000, 1, true, -ERANGE },
		{ STUB_TASK_COUNT, here + GIB, 0x80000000, 1, true, -ERANGE },
	};
	u8 bytes[STUB_MAX_LEN];
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct stub_task far_task = { .preempt_count = 8, .bases = 16 };
		struct stub stub = {
			.text = text, .address = here, .at = cases[i].at, .how = cases[i].how,
			.region = { .before = 6, .length = sizeof(text) },
			.task = &far_task, .cell = { cases[i].cell, cases[i].cell },
		};
		int err;

		far_task.contexts = cases[i].contexts;
		err = stub_write(&stub, bytes);
		if ((cases[i].err && err != cases[i].err) || (!cases[i].err && err <= 0)) {
			print_error("case %u: %d\n", i, err);
			fail();
		}
	}
	assert_int_equal(step(text, 6, here, here + 3 * GIB, bytes), -ERANGE);
	assert_int_equal(step(text + 6, 6, here + 6, here - 0x1000, bytes), -ERANGE);
}

/* Where its own jumps would still reach, as it ends later than it begins. */
static void a_stub_that_its_region_cannot_reach_is_refused(void **state)
{
	static const u8 text[] = { 0x90, 0x90, 0x90, 0x74, 0x10 };
	struct stub stub = {
		.text = text, .address = HERE, .at = HERE + REGION_JUMP_LEN - 2 * GIB,
		.region = { .before = 3, .length = sizeof(text) },
	};
	u8 bytes[STUB_MAX_LEN];

	(void)state;
	stub.cell[0] = stub.cell[1] = stub.at + 0x1000;
	assert_true(stub_write(&stub, bytes) > 0);
	stub.at--;
	assert_int_equal(stub_write(&stub, bytes), -ERANGE);
}

/* One jump at @bytes, which will lie at @address. */
static void expect_jump(const u8 *bytes, u32 length, u64 address, u64 target)
{
	struct insn_branch insn;

	assert_int_equal(insn_branch_decode(bytes, length, address, &insn), 0);
	assert_int_equal(insn.kind, INSN_JMP);
	assert_int_equal(insn.target, target);
}

static void expect_int3s(const u8 *bytes, u32 from, u32 to)
{
	for (; from < to; from++)
		assert_int_equal(bytes[from], 0xcc);
}

static void a_region_gets_a_jump_and_int3s(void **state)
{
	u8 bytes[REGION_MAX_LEN + 1];
	u32 length;

	(void)state;
	for (length = REGION_JUMP_LEN; length <= REGION_MAX_LEN; length++) {
		memset(bytes, CANARY, sizeof(bytes));
		stub_jump(HERE, length, THERE, bytes);
		expect_jump(bytes, length, HERE, THERE);
		expect_int3s(bytes, REGION_JUMP_LEN, length);
		assert_int_equal(bytes[length], CANARY);
	}
}

static void a_short_region_gets_a_jump_to_its_islands_second_one(void **state)
{
	struct region region = { .island_length = REGION_ISLAND_LEN };
	u8 bytes[REGION_JUMP_LEN];
	u32 length;
	s32 island;

	(void)state;
	for (length = REGION_SHORT_LEN; length < REGION_JUMP_LEN; length++)
		for (island = -128; island <= 124; island++) {
			memset(bytes, CANARY, sizeof(bytes));
			region.length = length;
			region.island = island;
			stub_short_jump(&region, bytes);
			expect_jump(bytes, length, HERE, HERE + island + REGION_JUMP_LEN);
			expect_int3s(bytes, REGION_SHORT_LEN, length);
			assert_int_equal(bytes[length], CANARY);
		}
}

static void an_island_gets_two_jumps_and_int3s(void **state)
{
	const u64 copy = THERE + 0x100, stub = THERE;
	u8 bytes[REGION_MAX_LEN + 1];
	u32 length;

	(void)state;
	for (length = REGION_ISLAND_LEN; length <= REGION_MAX_LEN; length++) {
		memset(bytes, CANARY, sizeof(bytes));
		stub_island(HERE, length, copy, stub, bytes);
		expect_jump(bytes, length, HERE, copy);
		expect_jump(bytes + REGION_JUMP_LEN, length - REGION_JUMP_LEN,
			    HERE + REGION_JUMP_LEN, stub);
		expect_int3s(bytes, REGION_ISLAND_LEN, length);
		assert_int_equal(bytes[length], CANARY);
	}
}

/* mov; inc; add 8(%rip): where each is carried out, nothing being noted */
static void places_in_a_copy_have_an_origin(void **state)
{
	static const u8 text[] = {
		0x48, 0x89, 0xc8, 0x48, 0xff, 0xc0, 0x48, 0x03, 0x05, 8, 0, 0, 0,
	};
	struct stub copy = {
		.text = text, .address = HERE, .at = THERE, .how = STUB_BYTE, .cell = NO_CELLS,
		.region = { .before = sizeof(text), .length = sizeof(text) },
	};
	u8 bytes[STUB_MAX_LEN];
	u32 i;

	(void)state;
	assert_int_equal(stub_write(&copy, bytes), sizeof(text) + REGION_JUMP_LEN);
	for (i = 0; i < sizeof(text); i++)
		assert_int_equal(stub_origin(&copy, i), i);
	expect_jump(bytes + sizeof(text), REGION_JUMP_LEN, THERE + sizeof(text),
		    HERE + sizeof(text));
	assert_int_equal(stub_origin(&copy, sizeof(text)), sizeof(text));
}

/* test; je; mov; inc, and what has which length in its stub */
static void places_in_a_stub_have_an_origin(void **state)
{
	static const u8 text[] = {
		0x85, 0xc0, 0x74, 0x20, 0x48, 0x89, 0xc8, 0x48, 0xff, 0xc0,
	};
	struct stub stub = {
		.text = text, .address = HERE, .at = THERE, .how = STUB_BYTE,
		.region = { .before = 2, .length = sizeof(text) },
		.cell = { THERE + 0x1000, THERE + 0x1001 },
	};
	/* test, je, movb, mov, inc, jmp, movb, jmp */
	static const u8 starts[] = { 0, 2, 4, 11, 14, 17, 22, 29, 34 };
	static const u8 origins[] = { 0, 2, 2, 4, 7, 2, 2, 2 };
	u8 bytes[STUB_MAX_LEN];
	u32 i;

	(void)state;
	assert_int_equal(stub_write(&stub, bytes), starts[ARRAY_SIZE(origins)]);
	for (i = 0; i < ARRAY_SIZE(origins); i++)
		assert_int_equal(stub_origin(&stub, starts[i]), origins[i]);
	stub.cell[0] = STUB_NO_CELL;
	assert_int_equal(stub_origin(&stub, 4), 4);
	assert_int_equal(stub_origin(&stub, 7), 7);
	assert_int_equal(stub_origin(&stub, 10), 2);
}

static void a_call_at_the_end_has_an_origin(void **state)
{
	/* inc %eax; call +0x100 */
	static const u8 text[] = { 0xff, 0xc0, 0xe8, 0x00, 0x01, 0, 0 };
	struct stub stub = {
		.text = text, .address = MODULE, .at = MODULE + 0x1000,
		.region = { .before = sizeof(text), .length = sizeof(text) },
		.cell = { MODULE + 0x2000, STUB_NO_CELL },
	};
	/* inc, movb, push, jmp */
	static const u8 starts[] = { 0, 2, 9, 14, 19 };
	static const u8 origins[] = { 0, 2, 2, 2 };
	u8 bytes[STUB_MAX_LEN];
	s32 back;
	u32 i;

	(void)state;
	assert_int_equal(stub_write(&stub, bytes), starts[ARRAY_SIZE(origins)]);
	for (i = 0; i < ARRAY_SIZE(origins); i++)
		assert_int_equal(stub_origin(&stub, starts[i]), origins[i]);
	assert_int_equal(bytes[9], 0x68);
	memcpy(&back, bytes + 10, sizeof(back));
	assert_true((u64)back == stub.address + sizeof(text));
	/* Where a push cannot write the return address there is no call. */
	stub.address = HERE;
	stub.at = THERE;
	stub.cell[0] = THERE;
	assert_int_equal(stub_write(&stub, bytes), -ERANGE);
}

/* What stub_origin() says of a stub's last instruction. */
static u32 last_origin(const struct stub *stub)
{
	const struct region *region = &stub->region;
	struct insn_branch insn;
	u32 at;

	if (region->before < region->length)
		return region->before;
	for (at = 0; at < region->length; at += insn.length) {
		assert_int_equal(insn_branch_decode(stub->text + at, region->length - at,
						    stub->address + at, &insn), 0);
		if (insn_branch_may_end(&insn))
			break;
	}
	return at;
}

/* Bytes of a stub whose two cells are at @offset. */
static int length_through_window(struct stub *stub, struct stub_task *task, u32 offset, u8 *bytes)
{
	task->middle = stub_middle(offset);
	stub->cell[0] = offset;
	stub->cell[1] = offset + 1;
	return stub_write(stub, bytes);
}

/* Where a hit that does not count is written: into the memory for that, and a count aligned. */
static void check_nowhere(u32 offset, u32 middle)
{
	u32 at = STUB_NOWHERE + offset - middle;

	assert_in_range(at, 0, STUB_NOWHERE_SIZE - 2 * sizeof(u64));
	if (offset % sizeof(u64) == 0)
		assert_int_equal(at % sizeof(u64), 0);
}

/* Nearly all with displacements of one byte, and all within the reach that is told. */
static void a_window_serves_its_cells(void **state)
{
	static const u8 text[] = { 0x90, 0x90, 0x90, 0x74, 0x10 };
	struct stub_task near = { .preempt_count = 8, .bases = 16, .nowhere = 32, .contexts = 64,
				  .window = THERE + 0x1000 };
	struct stub stub = {
		.text = text, .address = HERE, .at = THERE, .how = STUB_TASK_BYTE, .task = &near,
		.region = { .before = 3, .length = sizeof(text) },
	};
	u8 code[STUB_MAX_LEN];
	int shortest = length_through_window(&stub, &near, 0, code);
	u32 offset, longer = 0;

	(void)state;
	for (offset = 0; offset < 3 * STUB_WINDOW; offset++) {
		int length = length_through_window(&stub, &near, offset, code);

		assert_in_range(length, shortest, shortest + 6);
		longer += length > shortest;
		assert_int_equal(near.middle % 256, 1);
		assert_true(offset + 8 + sizeof(u64) <= near.middle + STUB_WINDOW_REACH);
		assert_true(offset + STUB_WINDOW_REACH >= near.middle);
		check_nowhere(offset, near.middle);
	}
	assert_in_range(longer, 1, 6);
	assert_true(stub_write_window(&near, near.window, code) > 0);
	near.nowhere = 0x80000000;
	assert_int_equal(stub_write_window(&near, near.window, code), -ERANGE);
	/* Too far to be called. */
	near.window = THERE + 2 * GIB + 0x1000;
	assert_int_equal(stub_write(&stub, code), -ERANGE);
}

/* The bytes that replace a region, and its island if it has one. */
static void write_jumps(const struct stub *stub)
{
	u8 *jump = malloc(stub->region.length), *island = malloc(stub->region.island_length);

	assert_true(jump && island);
	if (stub->region.island_length) {
		stub_short_jump(&stub->region, jump);
		stub_island(stub->address + stub->region.island, stub->region.island_length,
			    stub->at + STUB_MAX_LEN, stub->at, island);
	} else {
		stub_jump(stub->address, stub->region.length, stub->at, jump);
	}
	free(jump);
	free(island);
}

/* What a stub does last when the jump falls through. */
static u32 last_fallen_origin(const struct stub *stub)
{
	const struct region *region = &stub->region;
	struct insn_branch insn;
	u32 at;

	for (at = region->before; at < region->length; at += insn.length) {
		assert_int_equal(insn_branch_decode(stub->text + at, region->length - at,
						    stub->address + at, &insn), 0);
		if (insn_branch_may_end(&insn))
			return at;
	}
	return region->before;
}

/* Of every conditional jump that does not count, where tasks have their own cells. */
static void write_shortcuts(const struct stub *stub, u8 *code)
{
	struct stub shortcut = *stub;
	struct insn_branch jcc;
	bool can = stub->how >= STUB_TASK_BYTE && stub->region.before < stub->region.length;
	int known, length;

	shortcut.at += STUB_MAX_LEN;
	if (can) {
		assert_int_equal(insn_branch_decode(stub->text + stub->region.before,
						    stub->region.length - stub->region.before,
						    stub->address + stub->region.before, &jcc), 0);
		can = jcc.condition < INSN_COND_LOOPNE;
	}
	for (known = 0; known < 2; known++) {
		length = stub_shortcut(&shortcut, stub->at, known, code);
		if (!can) {
			assert_int_equal(length, -EOPNOTSUPP);
			continue;
		}
		assert_in_range(length, 1, STUB_MAX_LEN);
		assert_int_equal(stub_shortcut_origin(&shortcut, known, length - 1),
				 known ? stub->region.before : last_fallen_origin(stub));
	}
}

/* Buffers of exactly the size that is promised. */
static void write_all_kinds(struct stub *stub)
{
	u8 *text = malloc(stub->region.length), *code = malloc(STUB_MAX_LEN);
	struct stub_task near = *stub->task;
	u8 how;

	assert_true(text && code);
	near.window = stub->at + 0x100;
	near.middle = stub_middle(0x1000);
	memcpy(text, stub->text, stub->region.length);
	stub->text = text;
	for (how = STUB_BYTE; how <= STUB_TASK_COUNT + 2; how++) {
		int length;

		/* The last two are those of tasks once more, through a window. */
		stub->how = how > STUB_TASK_COUNT ? how - 2 : how;
		stub->task = how > STUB_TASK_COUNT ? &near : &task;
		stub->cell[0] = how < STUB_TASK_BYTE ? stub->at + 0x1000 : 0x1000;
		stub->cell[1] = stub->cell[0] + 8;
		length = stub_write(stub, code);
		assert_in_range(length, 1, STUB_MAX_LEN);
		assert_int_equal(stub_origin(stub, length - 1), last_origin(stub));
		write_shortcuts(stub, code);
	}
	write_jumps(stub);
	free(text);
	free(code);
}

/* The stubs of a region that begins at @address. Return: how many regions that was. */
static u32 write_region(const struct elf_image *image, u64 address, const struct region *region)
{
	struct stub stub = {
		.text = (const u8 *)(uintptr_t)address, .address = address, .region = *region,
		.at = (uintptr_t)image->bytes + image->size, .task = &task,
	};

	if (!region->length)
		return 0;
	write_all_kinds(&stub);
	return 1;
}

static void write_regions_of(const char *path)
{
	struct region_table regions;
	u32 branches = 0, entries = 0, blocks = 0, i;
	struct elf_image image;
	struct flow flow;

	assert_int_equal(elf_image_load(path, &image), 0);
	assert_int_equal(flow_build(&image.in, &flow), 0);
	elf_image_regions(&image, &flow, &regions);
	for (i = 0; i < flow.nr_branches; i++) {
		const struct flow_branch *jcc = &flow.branches[i];
		u32 function = flow.blocks[jcc->block].function;

		branches += write_region(&image, image.in.functions[function].address +
					 jcc->offset - regions.branches[i].before,
					 &regions.branches[i]);
	}
	for (i = 0; i < image.in.nr_functions; i++)
		entries += write_region(&image, image.in.functions[i].address +
					image.in.functions[i].entry + 5, &regions.entries[i]);
	for (i = 0; i < flow.nr_blocks; i++)
		blocks += write_region(&image,
				       image.in.functions[flow.blocks[i].function].address +
				       flow.blocks[i].site, &regions.blocks[i]);
	assert_true(branches && blocks);
	/* The C library's functions have no place of ftrace's. */
	assert_int_equal(!entries, !image.in.nr_fentries);
	elf_image_regions_free(&regions);
	flow_free(&flow);
	elf_image_free(&image);
}

static void the_c_librarys_regions_can_all_be_moved(void **state)
{
	(void)state;
	write_regions_of(elf_image_libc());
}

static void regions_can_all_be_moved(void **state)
{
	write_regions_of(elf_image_module(*state));
}

/* A near jump that is a region by itself can lead to the note of its being taken. */
static void jump_alone_goes_straight_to_its_taken_way(void **state)
{
	static const u8 text[] = { 0x0f, 0x84, 0x10, 0, 0, 0 };	/* je */
	struct stub stub = {
		.text = text, .address = HERE, .at = THERE, .how = STUB_BYTE,
		.region = { .length = sizeof(text) },
		.cell = { THERE + 0x1000, THERE + 0x1001 },
	};
	u8 code[STUB_MAX_LEN], half[sizeof(text)];
	int taken = stub_taken(&stub);
	s32 to;

	(void)state;
	assert_in_range(taken, 1, stub_write(&stub, code) - 1);
	memcpy(half, text, sizeof(half));
	stub_half(HERE, THERE + taken, half);
	assert_memory_equal(half, text, 2);
	memcpy(&to, half + 2, sizeof(to));
	assert_int_equal(HERE + sizeof(half) + to, THERE + taken);
	/* movb $1, cell[1](%rip) */
	assert_memory_equal(code + taken, "\xc6\x05", 2);
	memcpy(&to, code + taken + 2, sizeof(to));
	assert_int_equal(THERE + taken + 7 + to, stub.cell[1]);
}

static void no_other_region_does(void **state)
{
	static const u8 neighbour[] = { 0x85, 0xc0, 0x0f, 0x84, 0x10, 0, 0, 0 };
	static const u8 counting[] = { 0x67, 0xe2, 0x10, 0x90, 0x90 };
	static const u8 hinted[] = { 0x3e, 0x0f, 0x84, 0x10, 0, 0, 0 };
	struct stub stub = {
		.text = neighbour, .address = HERE, .at = THERE, .how = STUB_BYTE,
		.region = { .before = 2, .length = sizeof(neighbour) },
		.cell = { THERE + 0x1000, THERE + 0x1001 },
	};

	(void)state;
	assert_int_equal(stub_taken(&stub), -EOPNOTSUPP);
	stub.text = counting;
	stub.region = (struct region){ .length = 3 };
	assert_int_equal(stub_taken(&stub), -EOPNOTSUPP);
	stub.text = hinted;
	stub.region.length = sizeof(hinted);
	assert_int_equal(stub_taken(&stub), -EOPNOTSUPP);
	/* There is no note to go to. */
	stub.text = neighbour + 2;
	stub.region.length = 6;
	stub.cell[1] = STUB_NO_CELL;
	assert_int_equal(stub_taken(&stub), -EOPNOTSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_moved_is_refused),
		cmocka_unit_test(another_branch_is_refused),
		cmocka_unit_test(what_is_no_region_is_refused),
		cmocka_unit_test(a_jump_in_a_passage_is_refused),
		cmocka_unit_test(what_is_out_of_reach_is_refused),
		cmocka_unit_test(a_stub_that_its_region_cannot_reach_is_refused),
		cmocka_unit_test(a_region_gets_a_jump_and_int3s),
		cmocka_unit_test(a_short_region_gets_a_jump_to_its_islands_second_one),
		cmocka_unit_test(an_island_gets_two_jumps_and_int3s),
		cmocka_unit_test(places_in_a_copy_have_an_origin),
		cmocka_unit_test(places_in_a_stub_have_an_origin),
		cmocka_unit_test(a_call_at_the_end_has_an_origin),
		cmocka_unit_test(a_window_serves_its_cells),
		cmocka_unit_test(the_c_librarys_regions_can_all_be_moved),
		MODULE_TEST(ext4, regions_can_all_be_moved),
		MODULE_TEST(vivid, regions_can_all_be_moved),
		cmocka_unit_test(jump_alone_goes_straight_to_its_taken_way),
		cmocka_unit_test(no_other_region_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
