// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_flow.c - control flow of known code: blocks, edges, plans and conclusions.
 * The code, and what is expected of it, is in test_flow_asm.S.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "flow.h"
#include "insn_branch.h"
#include "known_code.h"

/* Records of test_flow_asm.S; it says what is in which. */
enum { R_BLOCK = KNOWN_OWN, R_JCC };

struct block_record {
	u64 start, ends, end, next[2], flags, site, leader;
};

struct jcc_record {
	u64 start, condition, target, chosen, narrow, canary;
};

extern const u8 flow_text_start[], flow_text_end[], flow_cold_start[], flow_cold_end[];

#define MAX		KNOWN_MAX
#define MODE_EDGES	(1U << 0)	/* in block_record.leader */
#define MODE_BLOCKS	(1U << 1)
#define MODE_NEITHER	(1U << 2)

/* A case, as flow_build() gets it, and its expectations by the index they should have. */
struct test {
	struct known_code code;
	struct flow flow;
	const struct block_record *blocks[MAX];
	const struct jcc_record *branches[MAX];
	u32 nr_blocks, nr_branches;
	u32 branch_block[MAX];
	u8 plans[3][MAX];
	struct flow_plan plan;
};

static struct test test;

/* The case's blocks of function @index, and their branches, in the order of the file. */
static void expect_blocks_of(u32 index, const struct known_record *record)
{
	const struct flow_function *function = &test.code.functions[index];

	for (; !known_code_ends(record); record++) {
		if (record->words[0] - function->address >= function->size)
			continue;
		if (record->kind == R_BLOCK)
			test.blocks[test.nr_blocks++] = (const void *)record->words;
		if (record->kind == R_JCC) {
			test.branch_block[test.nr_branches] = test.nr_blocks - 1;
			test.branches[test.nr_branches++] = (const void *)record->words;
		}
	}
}

/* Take a case in. Return: the record behind it. */
static const struct known_record *test_read(const struct known_record *first)
{
	static struct flow_text texts[2];
	const struct known_record *behind;
	u32 i;

	texts[0] = text_between(flow_text_start, flow_text_end);
	texts[1] = text_between(flow_cold_start, flow_cold_end);
	memset(&test, 0, sizeof(test));
	test.plan = (struct flow_plan){ test.plans[0], test.plans[1], test.plans[2] };
	behind = known_code_read(&test.code, first, texts);
	for (i = 0; i < test.code.in.nr_functions; i++)
		expect_blocks_of(i, first + 1);
	return behind;
}

static void test_find(const char *name)
{
	const struct known_record *record = known_records;

	for (; record->kind != KNOWN_END; record++) {
		if (record->kind == KNOWN_CASE && !strcmp(record->test.name, name)) {
			test_read(record);
			assert_int_equal(flow_build(&test.code.in, &test.flow), 0);
			return;
		}
	}
	fail_msg("there is no case %s", name);
}

/* --- blocks -------------------------------------------------------------------------------- */

#define check(what, i, is, should)						\
do {										\
	u64 is_ = (is), should_ = (should);					\
										\
	if (is_ != should_)							\
		fail_msg("%s: %s %u: %#llx, should be %#llx", test.code.name, what, i, \
			 (unsigned long long)is_, (unsigned long long)should_);	\
} while (0)

/* The address of a block or, if there is none, 0. */
static u64 block_address(u32 block)
{
	const struct flow_block *b = &test.flow.blocks[block];

	return block == FLOW_NONE ? 0 : test.code.functions[b->function].address + b->offset;
}

static void check_functions(void)
{
	u32 i, blocks = 0, branches = 0;

	for (i = 0; i < test.code.in.nr_functions; i++) {
		const struct flow_function *function = &test.code.functions[i];

		check("error of function", i, function->error, test.code.records[i]->function.error);
		check("first block of function", i, function->first_block, blocks);
		check("first branch of function", i, function->first_branch, branches);
		blocks += function->blocks;
		branches += function->branches;
	}
	check("blocks of functions", i, blocks, test.flow.nr_blocks);
	check("branches of functions", i, branches, test.flow.nr_branches);
}

static void check_block(u32 i)
{
	const struct flow_block *block = &test.flow.blocks[i];
	const struct block_record *record = test.blocks[i];
	u64 start = block_address(i);
	u64 function = test.code.functions[block->function].address;

	check("start of block", i, start, record->start);
	check("size of block", i, block->size, record->ends - record->start);
	check("end of block", i, block->end, record->end);
	check("block behind", i, block_address(block->next[0]), record->next[0]);
	check("block jumped to from", i, block_address(block->next[1]), record->next[1]);
	check("flags of block", i, block->flags, record->flags);
	check("site of block", i, block->site == FLOW_NONE ? 0 : function + block->site,
	      record->site);
	if (block->end != FLOW_END_JCC)
		check("branch of block", i, block->branch, FLOW_NONE);
}

static bool is_static_call(u64 address)
{
	u32 i;

	for (i = 0; i < test.code.in.nr_static_calls; i++)
		if (test.code.static_calls[i] == address)
			return true;
	return false;
}

static void check_branch(u32 i)
{
	const struct flow_branch *branch = &test.flow.branches[i];
	const struct flow_block *block = &test.flow.blocks[branch->block];
	const struct jcc_record *record = test.branches[i];
	u64 start = test.code.functions[block->function].address + branch->offset;

	check("start of branch", i, start, record->start);
	check("length of branch", i, branch->length,
	      block_address(branch->block) + block->size - start);
	check("condition of branch", i, branch->condition, record->condition);
	check("narrow of branch", i, branch->narrow, record->narrow);
	check("canary of branch", i, branch->canary, record->canary);
	check("reserved of branch", i, branch->reserved, is_static_call(start));
	check("target of branch", i, branch->target, record->target);
	check("block of branch", i, branch->block, test.branch_block[i]);
	check("branch of its block", i, block->branch, i);
}

/* first_edge and edges say the same as next[], the other way round. */
static void check_edges(void)
{
	const struct flow *flow = &test.flow;
	u32 i, k, found = 0, nexts = 0;

	for (i = 0; i < flow->nr_blocks; i++) {
		for (k = flow->first_edge[i]; k < flow->first_edge[i + 1]; k++) {
			const struct flow_edge *edge = &flow->edges[k];

			check("edge into", i, flow->blocks[edge->block].next[edge->slot], i);
			found++;
		}
		nexts += flow->blocks[i].next[0] != FLOW_NONE;
		nexts += flow->blocks[i].next[1] != FLOW_NONE;
	}
	check("edges", i, found, nexts);
}

static void every_shape_has_its_blocks(void **state)
{
	const struct known_record *record = known_records;
	u32 cases, i;

	(void)state;
	for (cases = 0; record->kind != KNOWN_END; cases++) {
		record = test_read(record);
		assert_int_equal(flow_build(&test.code.in, &test.flow), 0);
		check_functions();
		check("number of blocks", 0, test.flow.nr_blocks, test.nr_blocks);
		check("number of branches", 0, test.flow.nr_branches, test.nr_branches);
		for (i = 0; i < test.nr_blocks; i++)
			check_block(i);
		for (i = 0; i < test.nr_branches; i++)
			check_branch(i);
		check_edges();
		flow_free(&test.flow);
	}
	assert_true(cases > 50);
}

/* --- plans --------------------------------------------------------------------------------- */

static u32 wanted(const u8 *sites, u32 n)
{
	u32 count = 0;

	while (n--)
		count += sites[n] == FLOW_SITE_WANTED;
	return count;
}

static u8 expected_leader(u32 block, u32 mode)
{
	u64 leader = test.blocks[block]->leader;

	if (leader & MODE_NEITHER)
		return FLOW_SITE_REFUSED;
	return leader & mode ? FLOW_SITE_WANTED : FLOW_SITE_UNUSED;
}

static void check_plan(bool edges)
{
	u32 i, mode = edges ? MODE_EDGES : MODE_BLOCKS;
	int chosen = flow_plan(&test.code.in, &test.flow, edges, &test.plan);

	for (i = 0; i < test.code.in.nr_functions; i++)
		check("entry site", i, test.plan.entry[i],
		      test.code.functions[i].selected && !test.code.functions[i].cold);
	for (i = 0; i < test.nr_blocks; i++)
		check(edges ? "leader, edges" : "leader, blocks", i, test.plan.leader[i],
		      expected_leader(i, mode));
	for (i = 0; i < test.nr_branches; i++)
		check(edges ? "branch, edges" : "branch, blocks", i, test.plan.branch[i],
		      edges || test.branches[i]->chosen);
	check("sites chosen", 0, chosen,
	      wanted(test.plan.entry, MAX) + wanted(test.plan.leader, MAX) +
	      wanted(test.plan.branch, MAX));
	check("chosen again", 0, flow_plan(&test.code.in, &test.flow, edges, &test.plan), 0);
}

static void every_shape_has_its_sites(void **state)
{
	const struct known_record *record = known_records;

	(void)state;
	while (record->kind != KNOWN_END) {
		record = test_read(record);
		assert_int_equal(flow_build(&test.code.in, &test.flow), 0);
		check_plan(true);
		memset(test.plans, 0, sizeof(test.plans));
		check_plan(false);
		flow_free(&test.flow);
	}
}

/* --- conclusions --------------------------------------------------------------------------- */

/* What was hit, and what should follow; one character for each block and outcome. */
struct hits {
	u8 entry[MAX], leader[MAX], taken[MAX], not_taken[MAX];
};

static void check_string(const char *what, const u8 *is, const char *should)
{
	u32 i;

	for (i = 0; should[i]; i++)
		if ("NY?"[is[i]] != should[i])
			fail_msg("%s: %s: %u is %c, should be %s", test.code.name, what, i,
				 "NY?"[is[i]], should);
}

/* "Y" ran, "N" did not, "?" unknown; outcomes as pairs: taken, not taken. */
static void check_coverage(const struct hits *hits, const char *blocks, const char *taken,
			   const char *not_taken)
{
	struct flow_hits h = { hits->entry, hits->leader, hits->taken, hits->not_taken };
	u8 answers[3][MAX];
	struct flow_coverage coverage = { answers[0], answers[1], answers[2] };

	memset(answers, 0xff, sizeof(answers));
	assert_int_equal(flow_propagate(&test.code.in, &test.flow, &test.plan, &h, &coverage), 0);
	assert_int_equal(strlen(blocks), test.flow.nr_blocks);
	assert_int_equal(strlen(taken), test.flow.nr_branches);
	assert_int_equal(strlen(not_taken), test.flow.nr_branches);
	check_string("blocks", coverage.block, blocks);
	check_string("taken", coverage.taken, taken);
	check_string("not taken", coverage.not_taken, not_taken);
}

static void plan(bool edges)
{
	assert_true(flow_plan(&test.code.in, &test.flow, edges, &test.plan) >= 0);
}

static void untouched_code_is_all_no(void **state)
{
	struct hits hits = { 0 };

	(void)state;
	test_find("shared_error_exit");
	plan(true);
	check_coverage(&hits, "NNNN", "NN", "NN");
	memset(test.plans, 0, sizeof(test.plans));
	plan(false);
	check_coverage(&hits, "NNNN", "NN", "NN");
	flow_free(&test.flow);
}

static void null_hits_are_no_hits(void **state)
{
	struct flow_hits none = { 0 };
	u8 answers[3][MAX];
	struct flow_coverage coverage = { answers[0], answers[1], answers[2] };

	(void)state;
	test_find("if_else");
	plan(true);
	assert_int_equal(flow_propagate(&test.code.in, &test.flow, &test.plan, &none, &coverage), 0);
	check_string("blocks", coverage.block, "NNNN");
	check_string("taken", coverage.taken, "N");
	flow_free(&test.flow);
}

static void outcomes_tell_of_blocks(void **state)
{
	struct hits hits = { .entry = { 1 }, .not_taken = { 1 } };

	(void)state;
	test_find("if_else");
	plan(true);
	check_coverage(&hits, "YYNY", "N", "Y");
	hits.taken[0] = 1;
	check_coverage(&hits, "YYYY", "Y", "Y");
	flow_free(&test.flow);
}

static void a_call_that_does_not_return_ends_it(void **state)
{
	struct hits hits = { .entry = { 1 }, .not_taken = { 1, 0 } };

	(void)state;
	test_find("shared_error_exit");
	plan(true);
	check_coverage(&hits, "YYNN", "NN", "YN");
	hits.taken[1] = 1;
	check_coverage(&hits, "YYNY", "NY", "YN");
	flow_free(&test.flow);
}

/* The join was reached, and only its leader knows: the branch went the other way. */
static void a_join_behind_a_call_has_its_own_site(void **state)
{
	struct hits hits = { .entry = { 1 }, .not_taken = { 1 } };

	(void)state;
	test_find("call_before_a_join");
	plan(true);
	check_coverage(&hits, "YYN", "N", "Y");
	hits.leader[2] = 1;
	check_coverage(&hits, "YYY", "N", "Y");
	flow_free(&test.flow);
}

static void mode_blocks_infers_what_outcomes_it_can(void **state)
{
	struct hits hits = { .entry = { 1 }, .leader = { 0, 1, 0, 0 } };

	(void)state;
	test_find("if_else");
	plan(false);
	check_coverage(&hits, "YYNY", "N", "Y");
	hits.leader[2] = 1;
	check_coverage(&hits, "YYYY", "Y", "Y");
	flow_free(&test.flow);

	/* The exit was reached; from b0, from b1, or from both? */
	hits = (struct hits){ .entry = { 1 }, .leader = { 0, 1, 1, 1 } };
	test_find("shared_error_exit");
	plan(false);
	check_coverage(&hits, "YYYY", "??", "YY");
	/* b1 was not, so it was from b0; nothing else is left. */
	hits.leader[1] = hits.leader[2] = 0;
	check_coverage(&hits, "YNNY", "YN", "NN");
	flow_free(&test.flow);
}

/* One way is not ours; that it was taken follows from the other not having been. */
static void what_is_left_of_two_outcomes_is_inferred(void **state)
{
	struct hits hits = { .entry = { 1 } };

	(void)state;
	test_find("conditional_tail_calls");
	plan(false);
	check_coverage(&hits, "YNNN", "YN", "NN");
	hits.leader[1] = hits.leader[2] = 1;
	check_coverage(&hits, "YYYN", "?N", "YY");
	flow_free(&test.flow);
}

static void a_block_is_told_by_those_behind_it(void **state)
{
	struct hits hits = { .entry = { 1 } };

	(void)state;
	test_find("switch_as_compare_tree");
	plan(false);
	hits.leader[5] = 1;		/* sw5, behind sw1 */
	check_coverage(&hits, "YYNNNYN", "NYN", "YNN");
	flow_free(&test.flow);
}

static void a_refused_branch_is_replaced_by_leaders(void **state)
{
	struct hits hits = { .entry = { 1 }, .leader = { 0, 0, 1, 0 } };

	(void)state;
	test_find("if_else");
	plan(true);
	test.plan.branch[0] = FLOW_SITE_REFUSED;
	assert_int_equal(flow_plan(&test.code.in, &test.flow, true, &test.plan), 2);
	assert_int_equal(test.plan.leader[1], FLOW_SITE_WANTED);
	assert_int_equal(test.plan.leader[2], FLOW_SITE_WANTED);
	assert_int_equal(test.plan.branch[0], FLOW_SITE_REFUSED);
	check_coverage(&hits, "YNYY", "Y", "N");
	flow_free(&test.flow);
}

static void a_refused_entry_is_replaced_by_the_next_instruction(void **state)
{
	struct hits hits = { .leader = { 1, 0, 1 } };

	(void)state;
	test_find("call_before_a_join");
	plan(false);
	test.plan.entry[0] = FLOW_SITE_REFUSED;
	assert_int_equal(flow_plan(&test.code.in, &test.flow, false, &test.plan), 1);
	assert_int_equal(test.plan.leader[0], FLOW_SITE_WANTED);
	check_coverage(&hits, "YNY", "Y", "N");
	flow_free(&test.flow);
}

/* In mode blocks the leader of b1 can be had from the branch before it. */
static void a_refused_leader_is_replaced_by_branches(void **state)
{
	struct hits hits = { .entry = { 1 }, .not_taken = { 1 } };

	(void)state;
	test_find("if_else");
	plan(false);
	test.plan.leader[1] = FLOW_SITE_REFUSED;
	assert_int_equal(flow_plan(&test.code.in, &test.flow, false, &test.plan), 1);
	assert_int_equal(test.plan.branch[0], FLOW_SITE_WANTED);
	check_coverage(&hits, "YYNY", "N", "Y");
	flow_free(&test.flow);
}

/* Or from its own. */
static void a_refused_leader_is_replaced_by_its_own_branch(void **state)
{
	struct hits hits = { .entry = { 1 }, .taken = { 1 } };

	(void)state;
	test_find("loop");
	plan(false);
	test.plan.leader[1] = FLOW_SITE_REFUSED;
	assert_int_equal(flow_plan(&test.code.in, &test.flow, false, &test.plan), 1);
	assert_int_equal(test.plan.branch[0], FLOW_SITE_WANTED);
	check_coverage(&hits, "YYN", "Y", "N");
	flow_free(&test.flow);
}

/* The place of a leader is that of its branch: what refuses one refuses both. */
static void one_place_is_not_tried_twice(void **state)
{
	(void)state;
	test_find("near_and_short_jumps");
	plan(true);
	test.plan.branch[1] = FLOW_SITE_REFUSED;	/* all of b1 */
	test.plan.branch[0] = FLOW_SITE_REFUSED;
	assert_true(flow_plan(&test.code.in, &test.flow, true, &test.plan) > 0);
	assert_int_not_equal(test.plan.leader[1], FLOW_SITE_WANTED);
	flow_free(&test.flow);
}

static void what_cannot_be_known_is_unknown(void **state)
{
	struct hits hits = { .entry = { 1 }, .not_taken = { 1 } };

	(void)state;
	test_find("call_before_a_join");
	plan(true);
	test.plan.leader[2] = FLOW_SITE_REFUSED;
	assert_int_equal(flow_plan(&test.code.in, &test.flow, true, &test.plan), 0);
	check_coverage(&hits, "YY?", "N", "Y");
	hits.taken[0] = 1;
	check_coverage(&hits, "YYY", "Y", "Y");
	/* But what was never entered did not run. */
	hits = (struct hits){ 0 };
	check_coverage(&hits, "NNN", "N", "N");
	flow_free(&test.flow);
}

/* cf2 cannot be told but by its entry. */
static void a_leader_without_a_place_is_refused(void **state)
{
	(void)state;
	test_find("entry_is_a_call");
	plan(true);
	assert_int_equal(test.plan.leader[0], FLOW_SITE_UNUSED);
	test.plan.entry[0] = FLOW_SITE_REFUSED;
	assert_int_equal(flow_plan(&test.code.in, &test.flow, true, &test.plan), 0);
	assert_int_equal(test.plan.leader[0], FLOW_SITE_REFUSED);
	flow_free(&test.flow);
}

/* Entered, and still on its way to the branch: no outcome may be made up. */
static void a_passage_under_way_makes_nothing_up(void **state)
{
	struct hits hits = { .entry = { 1 } };

	(void)state;
	test_find("if_else");
	plan(true);
	check_coverage(&hits, "YNNN", "N", "N");
	memset(test.plans, 0, sizeof(test.plans));
	plan(false);
	check_coverage(&hits, "YNNN", "N", "N");
	flow_free(&test.flow);
}

/* Where the middle of a block may be entered, its end tells nothing of its leader. */
static void unsure_blocks_are_told_by_their_leaders_alone(void **state)
{
	struct hits hits = { .taken = { 1 } };

	(void)state;
	test_find("cold_part_that_nobody_enters");
	plan(true);
	check_coverage(&hits, "NNY", "Y", "N");
	hits.leader[0] = 1;
	check_coverage(&hits, "YNY", "Y", "N");
	flow_free(&test.flow);
}

/* --- bad input ----------------------------------------------------------------------------- */

static void functions_outside_the_texts_fail_alone(void **state)
{
	static const u8 bytes[] = { 0x75, 0x01, 0x90, 0xc3, 0xc3 };
	struct flow_text text = { 0x1000, bytes, sizeof(bytes) };
	struct flow_function functions[] = {
		{ .address = 0xff0, .size = 8, .selected = true },
		{ .address = 0x1000, .size = 4, .selected = true },
		{ .address = 0x1004, .size = 0, .selected = true },
		{ .address = 0x1004, .size = 2, .selected = true },
		{ .address = 0x2000, .size = 0xffffffff, .selected = true },
	};
	struct flow_input in = {
		.texts = &text, .nr_texts = 1,
		.functions = functions, .nr_functions = ARRAY_SIZE(functions),
	};
	struct flow flow;

	(void)state;
	assert_int_equal(flow_build(&in, &flow), 0);
	assert_int_equal(functions[0].error, EFAULT);
	assert_int_equal(functions[1].error, 0);
	assert_int_equal(functions[1].blocks, 3);
	assert_int_equal(functions[2].error, EFAULT);
	assert_int_equal(functions[3].error, EFAULT);
	assert_int_equal(functions[4].error, EFAULT);
	assert_int_equal(flow.nr_blocks, 3);
	flow_free(&flow);
}

static void nothing_at_all_is_fine(void **state)
{
	struct flow_input in = { 0 };
	struct flow flow;
	struct flow_plan none = { 0 };
	struct flow_hits hits = { 0 };
	struct flow_coverage coverage = { 0 };

	(void)state;
	assert_int_equal(flow_build(&in, &flow), 0);
	assert_int_equal(flow.nr_blocks, 0);
	assert_int_equal(flow_plan(&in, &flow, true, &none), 0);
	assert_int_equal(flow_propagate(&in, &flow, &none, &hits, &coverage), 0);
	flow_free(&flow);
	flow_free(&flow);
	/* As after an attach of entries only: there was no flow_build(). */
	assert_int_equal(flow_plan(&in, &flow, false, &none), 0);
	assert_int_equal(flow_propagate(&in, &flow, &none, &hits, &coverage), 0);
}

static void too_much_text_is_refused(void **state)
{
	struct flow_text texts[] = {
		{ 0x1000, NULL, 200U << 20 },
		{ 1ULL << 40, NULL, 57U << 20 },
	};
	struct flow_input in = { .texts = texts, .nr_texts = 2 };
	struct flow flow;

	(void)state;
	assert_int_equal(flow_build(&in, &flow), -E2BIG);
	assert_null(flow.blocks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape_has_its_blocks),
		cmocka_unit_test(every_shape_has_its_sites),
		cmocka_unit_test(untouched_code_is_all_no),
		cmocka_unit_test(null_hits_are_no_hits),
		cmocka_unit_test(outcomes_tell_of_blocks),
		cmocka_unit_test(a_call_that_does_not_return_ends_it),
		cmocka_unit_test(a_join_behind_a_call_has_its_own_site),
		cmocka_unit_test(mode_blocks_infers_what_outcomes_it_can),
		cmocka_unit_test(what_is_left_of_two_outcomes_is_inferred),
		cmocka_unit_test(a_block_is_told_by_those_behind_it),
		cmocka_unit_test(a_refused_branch_is_replaced_by_leaders),
		cmocka_unit_test(a_refused_entry_is_replaced_by_the_next_instruction),
		cmocka_unit_test(a_refused_leader_is_replaced_by_branches),
		cmocka_unit_test(a_refused_leader_is_replaced_by_its_own_branch),
		cmocka_unit_test(one_place_is_not_tried_twice),
		cmocka_unit_test(what_cannot_be_known_is_unknown),
		cmocka_unit_test(a_leader_without_a_place_is_refused),
		cmocka_unit_test(a_passage_under_way_makes_nothing_up),
		cmocka_unit_test(unsure_blocks_are_told_by_their_leaders_alone),
		cmocka_unit_test(functions_outside_the_texts_fail_alone),
		cmocka_unit_test(nothing_at_all_is_fine),
		cmocka_unit_test(too_much_text_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
