// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_region.c - the regions of known code, which is in test_region_asm.S with what
 * is expected of it; and of real code, the C library's and some modules': that nobody
 * goes into them, by another way of finding out.
 *
 *	test_region [FILE...]	says why jumps of modules have no region
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "elf_image.h"
#include "insn_branch.h"
#include "known_code.h"
#include "region.h"

/* Records of test_region_asm.S; it says what is in which. */
enum { R_REGION = KNOWN_OWN, R_ENTRY, R_BLOCK, R_ISLAND };

struct region_record {
	u64 of, from, to, why;
};

extern const u8 region_text_start[], region_text_end[];

#define MAX	KNOWN_MAX

struct region_list {
	const struct region_record *all[MAX];
	u32 n;
};

/* A case, and what is expected of it. */
static struct {
	struct known_code code;
	struct region_list jumps, entries, blocks, islands;
} test;

/* --- known code ---------------------------------------------------------------------------- */

static void add_record(const struct known_record *record)
{
	static struct region_list *const lists[] = {
		[R_REGION] = &test.jumps, [R_ENTRY] = &test.entries, [R_BLOCK] = &test.blocks,
		[R_ISLAND] = &test.islands,
	};
	struct region_list *list = record->kind >= KNOWN_OWN ? lists[record->kind] : NULL;

	if (list)
		list->all[list->n++] = (const void *)record->words;
}

/* Take a case in. Return: the record behind it. */
static const struct known_record *test_read(const struct known_record *first)
{
	static struct flow_text texts[2];
	const struct known_record *record;

	/* The second is another one, which comes first. */
	texts[0] = texts[1] = text_between(region_text_start, region_text_end);
	texts[1].base = 0x1000;
	memset(&test, 0, sizeof(test));
	for (record = first + 1; !known_code_ends(record); record++)
		add_record(record);
	return known_code_read(&test.code, first, texts);
}

static u64 branch_address(const struct flow_input *in, const struct flow *flow, u32 branch)
{
	const struct flow_branch *jcc = &flow->branches[branch];

	return in->functions[flow->blocks[jcc->block].function].address + jcc->offset;
}

static void expect(const char *what, u64 at, u64 wanted, u64 found)
{
	if (wanted == found)
		return;
	print_error("%s: text + %#llx: %s should be %llu, is %llu\n", test.code.name,
		    (unsigned long long)(at - (uintptr_t)region_text_start), what,
		    (unsigned long long)wanted, (unsigned long long)found);
	fail();
}

/* Of the region that begins at @start, if the test tells of one; else it has none. */
static void check_island(u64 of, u64 start, const struct region *region)
{
	u64 from = start, to = start;
	u32 i;

	for (i = 0; i < test.islands.n; i++)
		if (test.islands.all[i]->of == of) {
			from = test.islands.all[i]->from;
			to = test.islands.all[i]->to;
		}
	expect("island's length", of, to - from, region->island_length);
	expect("island", of, from, start + region->island);
}

static void check_region(const struct flow *flow, const struct region *regions,
			 const struct region_record *record)
{
	u64 at = record->of;
	const struct region *region;
	u32 i;

	for (i = 0; i < flow->nr_branches; i++)
		if (branch_address(&test.code.in, flow, i) == at)
			break;
	expect("known", at, true, i < flow->nr_branches);
	region = &regions[i];
	expect("why", at, record->why, region->why);
	expect("length", at, record->to - record->from, region->length);
	check_island(at, record->from, region);
	if (!region->length)
		return;
	expect("before", at, at - record->from, region->before);
	expect("inside", at, region->length > flow->branches[i].length, region->inside);
}

/* It lies where detour.c puts it: behind the five bytes at the function's entry. */
static void check_entry(const struct region *regions, const struct region_record *record)
{
	u64 at = record->of;
	const struct region *region;
	u32 i;

	for (i = 0; i < test.code.in.nr_functions; i++)
		if (test.code.functions[i].address == at)
			break;
	expect("known", at, true, i < test.code.in.nr_functions);
	region = &regions[i];
	expect("entry's why", at, record->why, region->why);
	expect("entry's length", at, record->to - record->from, region->length);
	check_island(at, record->from, region);
	if (!region->length)
		return;
	expect("entry's place", at, record->from, at + test.code.functions[i].entry + 5);
	expect("entry's before", at, region->length, region->before);
}

static void check_block(const struct flow *flow, const struct region *regions,
			const struct region_record *record)
{
	u64 at = record->of;
	u32 i;

	for (i = 0; i < flow->nr_blocks; i++)
		if (test.code.functions[flow->blocks[i].function].address + flow->blocks[i].site == at)
			break;
	expect("known", at, true, i < flow->nr_blocks);
	expect("block's why", at, record->why, regions[i].why);
	expect("block's length", at, record->to - record->from, regions[i].length);
	expect("block's before", at, regions[i].length, regions[i].before);
	check_island(at, record->from, &regions[i]);
}

static void check_case(void)
{
	struct flow_input *in = &test.code.in;
	struct region branches[MAX], entries[MAX], blocks[MAX];
	struct region_table regions = { branches, entries, blocks };
	struct region_marks *marks;
	struct flow flow;
	u32 i;

	marks = region_marks_read(in, in->pointers, in->nr_pointers);
	assert_non_null(marks);

	assert_int_equal(flow_build(in, &flow), 0);
	for (i = 0; i < in->nr_functions; i++)
		expect("error", in->functions[i].address, test.code.records[i]->function.error,
		       in->functions[i].error);
	expect("jumps", (uintptr_t)region_text_start, test.jumps.n, flow.nr_branches);
	region_find(marks, &flow, &regions);
	region_marks_free(marks);
	for (i = 0; i < test.jumps.n; i++)
		check_region(&flow, branches, test.jumps.all[i]);
	for (i = 0; i < test.entries.n; i++)
		check_entry(entries, test.entries.all[i]);
	for (i = 0; i < test.blocks.n; i++)
		check_block(&flow, blocks, test.blocks.all[i]);
	flow_free(&flow);
}

static void known_jumps_get_their_regions(void **state)
{
	const struct known_record *record = known_records;
	u32 cases;

	(void)state;
	for (cases = 0; record->kind != KNOWN_END; cases++) {
		record = test_read(record);
		check_case();
	}
	assert_true(cases > 60);
}

/* --- real code ----------------------------------------------------------------------------- */

/* A program, and what region_find() makes of it. */
struct program {
	struct elf_image image;
	struct flow flow;
	struct region_table regions;
	u8 *owners;		/* for each byte of the image: regions that it is in */
	u8 *insides;		/* and those whose first it is not */
	u8 *entered;		/* it is the first of an entry's */
	u32 islands;
};

static void program_load(struct program *p, const char *path)
{
	struct flow_input *in = &p->image.in;

	assert_int_equal(elf_image_load(path, &p->image), 0);
	assert_int_equal(flow_build(in, &p->flow), 0);
	p->owners = calloc(p->image.size, 1);
	p->insides = calloc(p->image.size, 1);
	p->entered = calloc(p->image.size, 1);
	assert_true(p->owners && p->insides && p->entered);
	elf_image_regions(&p->image, &p->flow, &p->regions);
}

static void program_free(struct program *p)
{
	flow_free(&p->flow);
	elf_image_regions_free(&p->regions);
	free(p->owners);
	free(p->insides);
	free(p->entered);
	elf_image_free(&p->image);
}

static const u8 *bytes_at(const struct program *p, u64 address)
{
	return p->image.bytes + (address - (uintptr_t)p->image.bytes);
}

/* The last one, with nothing behind it but int3s, and those only behind what goes for good. */
static bool is_end(const struct program *p, u64 at, u64 end, const struct insn_branch *insn)
{
	u64 behind = at + insn->length;

	if (!insn_branch_may_end(insn) || (insn->kind == INSN_CALL && behind < end))
		return false;
	for (; behind < end; behind++)
		if (*bytes_at(p, behind) != 0xcc)
			return false;
	return true;
}

/* Instructions that may be moved, one behind the other, and one jump. */
static void check_instructions(struct program *p, u32 branch, u64 start)
{
	const struct region *region = &p->regions.branches[branch];
	struct insn_branch insn;
	u32 at;

	assert_in_range(region->length, region->island_length ? REGION_SHORT_LEN : REGION_JUMP_LEN,
			REGION_MAX_LEN);
	for (at = 0; at < region->length; at += insn.length) {
		assert_int_equal(insn_branch_decode(bytes_at(p, start + at), INSN_MAX_LEN,
						    start + at, &insn), 0);
		if (at == region->before)
			assert_int_equal(insn.kind, INSN_JCC);
		else
			assert_true(insn_branch_is_plain(&insn) ||
				    is_end(p, start + at, start + region->length, &insn));
		if (insn_branch_may_end(&insn))
			insn.length = region->length - at;
	}
	assert_int_equal(at, region->length);
	assert_int_equal(region->inside, region->length != p->flow.branches[branch].length);
}

static void own(struct program *p, u64 address, u32 inside)
{
	u64 at = address - (uintptr_t)p->image.bytes;

	assert_int_equal(p->owners[at]++, 0);
	p->insides[at] += inside;
}

/*
 * Near enough for a short jump at the region, and long enough for two near jumps; nothing but
 * plain instructions.
 */
static void note_island(struct program *p, u64 start, const struct region *region)
{
	u64 island = start + region->island;
	struct insn_branch insn;
	u32 at;

	if (!region->island_length) {
		assert_int_equal(region->island, 0);
		return;
	}
	assert_in_range(region->length, REGION_SHORT_LEN, REGION_JUMP_LEN - 1);
	assert_in_range(region->island_length, REGION_ISLAND_LEN, REGION_MAX_LEN);
	assert_in_range(island + REGION_JUMP_LEN - (start + REGION_SHORT_LEN) + 128, 0, 255);
	for (at = 0; at < region->island_length; at += insn.length) {
		assert_int_equal(insn_branch_decode(bytes_at(p, island + at), INSN_MAX_LEN,
						    island + at, &insn), 0);
		assert_true(insn_branch_is_plain(&insn));
	}
	assert_int_equal(at, region->island_length);
	for (at = 0; at < region->island_length; at++)
		own(p, island + at, at > 0);
	p->islands++;
}

static bool is_fentry(const struct flow_input *in, u64 address)
{
	u32 i;

	for (i = 0; i < in->nr_fentries; i++)
		if (in->fentries[i] == address)
			return true;
	return false;
}

/* Instructions that may be moved, as few as will do. */
static void note_passage(struct program *p, u64 start, const struct region *region)
{
	struct insn_branch insn;
	u32 at, first = 0;

	assert_int_equal(!region->length, region->why != REGION_OK);
	if (!region->length)
		return;
	assert_int_equal(region->before, region->length);
	for (at = 0; at < (region->island_length ? REGION_SHORT_LEN : REGION_JUMP_LEN);
	     at += insn.length) {
		assert_int_equal(insn_branch_decode(bytes_at(p, start + at), INSN_MAX_LEN,
						    start + at, &insn), 0);
		assert_true(insn_branch_is_plain(&insn) ||
			    is_end(p, start + at, start + region->length, &insn));
		first = first ? first : insn.length;
		if (insn_branch_may_end(&insn))
			insn.length = region->length - at;
	}
	assert_int_equal(at, region->length);
	assert_int_equal(region->inside, first != region->length);
	for (at = 0; at < region->length; at++)
		own(p, start + at, at > 0);
	note_island(p, start, region);
}

/* Behind ftrace's place; nobody goes even to the first byte from elsewhere. */
static void note_entries(struct program *p)
{
	const struct flow_function *function;
	u32 i, n = 0;

	for (i = 0; i < p->image.in.nr_functions; i++) {
		function = &p->image.in.functions[i];
		note_passage(p, function->address + function->entry + 5, &p->regions.entries[i]);
		if (!p->regions.entries[i].length)
			continue;
		assert_true(is_fentry(&p->image.in, function->address + function->entry));
		p->entered[function->address + function->entry + 5 -
			   (uintptr_t)p->image.bytes] = 1;
		n++;
	}
	print_message("    %u of %u entries\n", n, p->image.in.nr_fentries);
	assert_true(n >= p->image.in.nr_fentries / 2);
}

static void note_blocks(struct program *p)
{
	const struct flow_block *block;
	u32 i, n = 0;

	for (i = 0; i < p->flow.nr_blocks; i++) {
		block = &p->flow.blocks[i];
		note_passage(p, p->image.in.functions[block->function].address + block->site,
			     &p->regions.blocks[i]);
		n += !!p->regions.blocks[i].length;
	}
	print_message("    %u of %u blocks\n", n, p->flow.nr_blocks);
	assert_true(n >= p->flow.nr_blocks / 4);
}

static void note_owners(struct program *p)
{
	u32 i, k;

	for (i = 0; i < p->flow.nr_branches; i++) {
		u64 start = branch_address(&p->image.in, &p->flow, i) - p->regions.branches[i].before;

		assert_int_equal(!p->regions.branches[i].length, p->regions.branches[i].why != REGION_OK);
		if (!p->regions.branches[i].length)
			continue;
		check_instructions(p, i, start);
		for (k = 0; k < p->regions.branches[i].length; k++)
			own(p, start + k, k > 0);
		note_island(p, start, &p->regions.branches[i]);
	}
}

static bool is_inside(const struct program *p, u64 address)
{
	u64 at = address - (uintptr_t)p->image.bytes;

	return at < p->image.size && p->insides[at];
}

/* Is it where everybody who enters a function comes, and nobody else may? */
static bool is_entered(const struct program *p, u64 address)
{
	u64 at = address - (uintptr_t)p->image.bytes;

	return at < p->image.size && p->entered[at];
}

static bool is_owned(const struct program *p, u64 address)
{
	u64 at = address - (uintptr_t)p->image.bytes;

	return at < p->image.size && p->owners[at];
}

/* Whom does a function's code go to, and what does it name? */
static void check_function(const struct program *p, const struct flow_function *function)
{
	u64 at = function->address, end = at + function->size, names[INSN_NR_NAMES];
	struct insn_branch insn;

	if (function->error)
		return;
	for (; at < end; at += insn.length) {
		if (insn_branch_decode(bytes_at(p, at), INSN_MAX_LEN, at, &insn))
			break;
		assert_false(is_inside(p, insn.target) || is_entered(p, insn.target));
		if (insn.kind == INSN_CALL || insn.kind == INSN_CALL_IND || insn.kind == INSN_TRAP)
			assert_false(is_inside(p, at + insn.length));
		if (insn.kind == INSN_CALL_IND || insn.kind == INSN_TRAP)
			assert_false(is_owned(p, at));
		insn_branch_names(bytes_at(p, at), at, &insn, names);
		assert_false(is_inside(p, names[INSN_BY_MEMORY]));
		assert_false(is_inside(p, names[INSN_BY_IMMEDIATE]));
	}
}

static void check_tables(const struct program *p)
{
	const struct flow_input *in = &p->image.in;
	u32 i, k;

	for (i = 0; i < in->nr_fixups; i++)
		assert_false(is_owned(p, in->fixups[i].from) || is_inside(p, in->fixups[i].to));
	for (i = 0; i < in->nr_jump_labels; i++)
		assert_false(is_owned(p, in->jump_labels[i].from) ||
			     is_inside(p, in->jump_labels[i].to));
	for (i = 0; i < in->nr_bugs; i++)
		assert_false(is_owned(p, in->bugs[i].address) ||
			     is_inside(p, in->bugs[i].address + 2));
	for (k = 0; k < 5; k++) {
		for (i = 0; i < in->nr_fentries; i++)
			assert_false(is_owned(p, in->fentries[i] + k));
		for (i = 0; i < in->nr_static_calls; i++)
			assert_false(is_owned(p, in->static_calls[i] + k));
	}
	for (i = 0; i < p->image.nr_pointers; i++)
		assert_false(is_inside(p, p->image.pointers[i]));
}

/* Every block begins outside of regions, or where one does; but for those it may run into. */
static void check_blocks(const struct program *p)
{
	u32 i;

	for (i = 0; i < p->flow.nr_blocks; i++) {
		const struct flow_block *block = &p->flow.blocks[i];
		u64 at = p->image.in.functions[block->function].address + block->offset;
		u32 edges = p->flow.first_edge[i + 1] - p->flow.first_edge[i];

		if (!is_inside(p, at))
			continue;
		assert_int_equal(edges, 1);
		assert_int_equal(p->flow.edges[p->flow.first_edge[i]].block, i - 1);
		assert_int_equal(p->flow.edges[p->flow.first_edge[i]].slot, 0);
		assert_false(block->flags & (FLOW_BLOCK_ENTRY | FLOW_BLOCK_HIDDEN));
	}
}

/* How many jumps have a region, in 1/100 of a per cent; says it, and why others have none. */
static u32 share(const struct program *p, const char *path)
{
	u32 alone = 0, before = 0, behind = 0, island = 0, why[4] = { 0 };
	u32 all = p->flow.nr_branches, i;

	for (i = 0; i < all; i++) {
		const struct region *region = &p->regions.branches[i];
		u32 length = p->flow.branches[i].length;

		why[region->why]++;
		if (!region->length)
			continue;
		if (region->island_length)
			island++;
		else if (!region->inside)
			alone++;
		else if (region->before + length < region->length)
			behind++;
		else
			before++;
	}
	print_message("    %s: %u jumps: alone %u, with those before %u, behind %u, "
		      "with an island %u; none: unsure %u, short %u, reserved %u; %.2f %%\n",
		      strrchr(path, '/') + 1, all, alone, before, behind, island,
		      why[REGION_UNSURE], why[REGION_SHORT], why[REGION_RESERVED],
		      100.0 * why[REGION_OK] / (all ? all : 1));
	return all ? 10000ULL * why[REGION_OK] / all : 0;
}

static u32 check_program(const char *path)
{
	struct program p = { 0 };
	u32 i, found;

	program_load(&p, path);
	note_owners(&p);
	note_entries(&p);
	note_blocks(&p);
	for (i = 0; i < p.image.in.nr_functions; i++)
		check_function(&p, &p.image.in.functions[i]);
	check_tables(&p);
	check_blocks(&p);
	found = share(&p, path);
	program_free(&p);
	return found;
}

static void the_c_librarys_regions_are_entered_by_nobody(void **state)
{
	(void)state;
	assert_non_null(elf_image_libc());
	assert_true(check_program(elf_image_libc()) > 9500);
}

static void regions_are_entered_by_nobody(void **state)
{
	assert_true(check_program(elf_image_module(*state)) >= 9700);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_jumps_get_their_regions),
		cmocka_unit_test(the_c_librarys_regions_are_entered_by_nobody),
		MODULE_TEST(ext4, regions_are_entered_by_nobody),
		MODULE_TEST(btrfs, regions_are_entered_by_nobody),
		MODULE_TEST(xfs, regions_are_entered_by_nobody),
		MODULE_TEST(vivid, regions_are_entered_by_nobody),
	};

	if (argc < 2)
		return cmocka_run_group_tests(tests, NULL, NULL);
	while (*++argv)
		check_program(*argv);
	return 0;
}
