// SPDX-License-Identifier: GPL-2.0-only
/*
 * fake_tables.c - toy's functions, blocks and branches, and what of them "ran".
 * Addresses come from toy.S's labels, so that tables and bytes agree.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "fake_kernel.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

typedef const uint8_t label[];

extern label toy_text, toy_text_end, toy_cold, toy_cold_end;
extern label toy_main_end, toy_unused_end, toy_refused_end, toy_large_end, toy_stops_end,
	toy_checks_end;
extern label toy_b0, toy_b1, toy_b2, toy_b3, toy_b4, toy_b5, toy_b6, toy_b7, toy_b8, toy_b9,
	toy_b10, toy_b11, toy_b12, toy_b13, toy_b14, toy_b15, toy_b16, toy_b17, toy_b18,
	toy_b19, toy_b20, toy_b21, toy_b22, toy_b23, toy_b24, toy_b25, toy_b26, toy_c0;
extern label toy_j0, toy_j1, toy_j2, toy_j3, toy_j5, toy_j6, toy_j7, toy_j8, toy_j9;

/* Functions, by address; the cold part comes last. */
static const struct {
	const char *name;
	const uint8_t *begin, *end;
	uint32_t parent, state, error;
	uint64_t hits, first_sample, levels;
} functions[] = {
	{ "toy_main", toy_b0, toy_main_end, COV_NONE, COV_SITE_ARMED, 0, 7, 3, 1 },
	{ "toy_unused", toy_b9, toy_unused_end, COV_NONE, COV_SITE_ARMED, 0, 0, 0, 1 },
	{ "toy_refused", toy_b10, toy_refused_end, COV_NONE, COV_SITE_REFUSED, EINVAL, 0, 0, 1 },
	{ "toy_large", toy_b13, toy_large_end, COV_NONE, COV_SITE_DISARMED, 0, 0, 0, 2 },
	{ "toy_stops", toy_b16, toy_stops_end, COV_NONE, COV_SITE_ARMED, 0, 2, 0, 1 },
	{ "toy_checks", toy_b19, toy_checks_end, COV_NONE, COV_SITE_ARMED, 0, 1000, 0, 1 },
	{ "toy_main.cold", toy_c0, toy_cold_end, 0, COV_SITE_NONE, 0, 0, 0, 1 },
};

static const struct {
	uint32_t function;
	const uint8_t *begin, *end;
	uint8_t covered;
	uint32_t next, jump, flags;
} blocks[] = {
	{ 0, toy_b0, toy_b1, COV_YES, 1, 2, 0 },
	{ 0, toy_b1, toy_b2, COV_YES, 2, 27, 0 },
	{ 0, toy_b2, toy_b3, COV_YES, 3, 4, 0 },
	{ 0, toy_b3, toy_b4, COV_YES, COV_NONE, COV_NONE, 0 },
	{ 0, toy_b4, toy_b5, COV_NO, 5, 7, 0 },
	{ 0, toy_b5, toy_b6, COV_NO, COV_NONE, 1, 0 },
	{ 0, toy_b6, toy_b7, COV_NO, COV_NONE, COV_NONE, 0 },
	{ 0, toy_b7, toy_b8, COV_NO, COV_NONE, COV_NONE, 0 },
	{ 0, toy_b8, toy_main_end, COV_NO, COV_NONE, COV_NONE, 0 },
	{ 1, toy_b9, toy_unused_end, COV_NO, COV_NONE, COV_NONE, 0 },
	{ 2, toy_b10, toy_b11, COV_UNKNOWN, 11, 12, 0 },
	{ 2, toy_b11, toy_b12, COV_UNKNOWN, 12, COV_NONE, 0 },
	{ 2, toy_b12, toy_refused_end, COV_UNKNOWN, COV_NONE, COV_NONE, 0 },
	{ 3, toy_b13, toy_b14, COV_NO, 14, 15, 0 },
	{ 3, toy_b14, toy_b15, COV_NO, COV_NONE, COV_NONE, 0 },
	{ 3, toy_b15, toy_large_end, COV_NO, COV_NONE, COV_NONE, 0 },
	{ 4, toy_b16, toy_b17, COV_YES, 17, 18, 0 },
	{ 4, toy_b17, toy_b18, COV_NO, 18, COV_NONE, 0 },
	{ 4, toy_b18, toy_stops_end, COV_NO, COV_NONE, COV_NONE, 0 },
	{ 5, toy_b19, toy_b20, COV_YES, 20, 25, COV_EDGES_CANARY },
	{ 5, toy_b20, toy_b21, COV_YES, 21, 23, 0 },
	{ 5, toy_b21, toy_b22, COV_YES, 22, 24, 0 },
	{ 5, toy_b22, toy_b23, COV_YES, COV_NONE, COV_NONE, 0 },
	{ 5, toy_b23, toy_b24, COV_YES, COV_NONE, COV_NONE, 0 },
	{ 5, toy_b24, toy_b25, COV_NO, COV_NONE, COV_NONE, 0 },
	{ 5, toy_b25, toy_b26, COV_NO, 26, COV_NONE, 0 },
	{ 5, toy_b26, toy_checks_end, COV_NO, COV_NONE, COV_NONE, 0 },
	{ 6, toy_c0, toy_cold_end, COV_NO, COV_NONE, 3, 0 },
};

static const struct {
	uint32_t function, block;
	const uint8_t *at, *end, *target;
	uint8_t condition, taken, not_taken, state;
	uint32_t error;
	uint64_t taken_hits, not_taken_hits;
} branches[] = {
	{ 0, 0, toy_j0, toy_b1, toy_b2, 4, COV_YES, COV_YES, COV_SITE_ARMED, 0, 3, 4 },
	{ 0, 1, toy_j1, toy_b2, toy_c0, 7, COV_NO, COV_YES, COV_SITE_ARMED, 0, 0, 4 },
	{ 0, 2, toy_j2, toy_b3, toy_b4, 5, COV_NO, COV_YES, COV_SITE_ARMED, 0, 0, 7 },
	{ 0, 4, toy_j3, toy_b5, toy_b7, 8, COV_NO, COV_NO, COV_SITE_ARMED, 0, 0, 0 },
	{ 2, 10, toy_b10, toy_b11, toy_b12, 0x13, COV_UNKNOWN, COV_NO, COV_SITE_REFUSED,
	  EILSEQ, 0, 0 },
	{ 3, 13, toy_j5, toy_b14, toy_b15, 12, COV_NO, COV_NO, COV_SITE_ARMED, 0, 0, 0 },
	{ 4, 16, toy_j6, toy_b17, toy_b18, 4, COV_NO, COV_NO, COV_SITE_ARMED, 0, 0, 0 },
	{ 5, 19, toy_j7, toy_b20, toy_b25, 5, COV_NO, COV_YES, COV_SITE_ARMED, 0, 0, 1000 },
	{ 5, 20, toy_j8, toy_b21, toy_b23, 12, COV_YES, COV_YES, COV_SITE_ARMED, 0, 995, 5 },
	{ 5, 21, toy_j9, toy_b22, toy_b24, 4, COV_NO, COV_YES, COV_SITE_ARMED, 0, 0, 5 },
};

static const char names[] = "toy_main\0toy_unused\0toy_refused\0toy_large\0toy_stops\0"
			    "toy_checks\0toy_main.cold";

const struct cov_target_info fake_shape = {
	.functions = ARRAY_SIZE(functions),
	.blocks = ARRAY_SIZE(blocks),
	.branches = ARRAY_SIZE(branches),
	.names_len = sizeof(names),
	.functions_hit = 3,
	.blocks_hit = 10,
	.outcomes_hit = 8,
	.blocks_unknown = 3,
	.outcomes_unknown = 1,
};

static bool in_cold(const uint8_t *p)
{
	return p >= toy_cold && p < toy_cold_end;
}

/* Where a label lies in the fake's memory. */
static uint64_t address_of(const uint8_t *p, uint64_t base)
{
	return in_cold(p) ? base + FAKE_COLD + (p - toy_cold) : base + (p - toy_text);
}

static uint32_t name_of(uint32_t function)
{
	const char *p = names;

	while (strcmp(p, functions[function].name))
		p += strlen(p) + 1;
	return p - names;
}

static const void *make_functions(uint64_t base, bool entries_only)
{
	static struct cov_function out[ARRAY_SIZE(functions)];
	uint32_t i, k;

	memset(out, 0, sizeof(out));
	for (i = 0; i < ARRAY_SIZE(functions); i++) {
		out[i].address = address_of(functions[i].begin, base);
		out[i].size = functions[i].end - functions[i].begin;
		out[i].name = name_of(i);
		out[i].parent = functions[i].parent;
		out[i].flags = functions[i].parent == COV_NONE ? 0 : COV_FUNCTION_COLD;
		out[i].state = functions[i].state;
		out[i].error = functions[i].error;
		out[i].hits = functions[i].hits;
		out[i].first_sample = functions[i].first_sample;
		out[i].levels = functions[i].levels;
		for (k = entries_only ? 0 : ARRAY_SIZE(blocks); k-- > 0;)
			if (blocks[k].function == i) {
				out[i].first_block = k;
				out[i].blocks++;
			}
		for (k = entries_only ? 0 : ARRAY_SIZE(branches); k-- > 0;)
			if (branches[k].function == i) {
				out[i].first_branch = k;
				out[i].branches++;
			}
	}
	return out;
}

static const void *make_blocks(void)
{
	static struct cov_block out[ARRAY_SIZE(blocks)];
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		out[i] = (struct cov_block){
			.function = blocks[i].function,
			.offset = blocks[i].begin - functions[blocks[i].function].begin,
			.size = blocks[i].end - blocks[i].begin,
			.covered = blocks[i].covered,
		};
	return out;
}

static const void *make_edges(void)
{
	static struct cov_block_edges out[ARRAY_SIZE(blocks)];
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		out[i] = (struct cov_block_edges){
			.next = blocks[i].next,
			.jump = blocks[i].jump,
			.flags = blocks[i].flags,
		};
	return out;
}

static const void *make_branches(uint64_t base)
{
	static struct cov_branch out[ARRAY_SIZE(branches)];
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(branches); i++)
		out[i] = (struct cov_branch){
			.target = address_of(branches[i].target, base),
			.function = branches[i].function,
			.block = branches[i].block,
			.offset = branches[i].at - functions[branches[i].function].begin,
			.size = branches[i].end - branches[i].at,
			.condition = branches[i].condition,
			.taken = branches[i].taken,
			.not_taken = branches[i].not_taken,
			.state = branches[i].state,
			.error = branches[i].error,
			.taken_hits = branches[i].taken_hits,
			.not_taken_hits = branches[i].not_taken_hits,
		};
	return out;
}

const void *fake_table(unsigned long command, uint64_t base, bool entries_only,
		       uint32_t *entry)
{
	switch (command) {
	case COV_IOC_FUNCTIONS:
		*entry = sizeof(struct cov_function);
		return make_functions(base, entries_only);
	case COV_IOC_BLOCKS:
		*entry = sizeof(struct cov_block);
		return make_blocks();
	case COV_IOC_EDGES:
		*entry = sizeof(struct cov_block_edges);
		return make_edges();
	case COV_IOC_BRANCHES:
		*entry = sizeof(struct cov_branch);
		return make_branches(base);
	case COV_IOC_NAMES:
		*entry = 1;
		return names;
	default:
		return NULL;
	}
}

/*
 * toy_main was called by two, and called toy_checks and toy_stops. What task 3 passed:
 * toy_main, its first branch taken, its third not taken, toy_checks; task 4 the same but
 * that it fell through first.
 */
bool fake_caller(uint32_t i, uint32_t target, uint64_t base, struct cov_caller *caller)
{
	enum { FUNCTIONS = ARRAY_SIZE(functions) };
	static const struct {
		uint64_t from_address;
		uint32_t from, to;	/* cells; COV_NONE is the start */
		uint64_t count, first, last;
	} pairs[] = {
		{ FAKE_OUTSIDE, 0, 0, 5, 3, 4 },
		{ 0, COV_NONE, 0, 2, 3, 4 },
		{ 0, 0, FUNCTIONS + 1, 3, 3, 3 },
		{ 0, FUNCTIONS + 1, FUNCTIONS + 4, 3, 3, 3 },
		{ 1, 0, 5, 1000, 3, 4 },
		{ 0, FUNCTIONS + 4, 5, 1000, 3, 4 },
		{ 0, 0, FUNCTIONS, 4, 4, 4 },
		{ 0, FUNCTIONS, FUNCTIONS + 4, 4, 4, 4 },
		{ FAKE_OUTSIDE + 0x1000, 0, 0, 2, 0, 0 },
		{ 1, 0, 4, 2, 4, 4 },
	};

	if (i >= ARRAY_SIZE(pairs))
		return false;
	*caller = (struct cov_caller){
		.from_address = pairs[i].from_address == 1 ? base + 5 : pairs[i].from_address,
		.to_target = target,
		.to_cell = pairs[i].to,
		.count = pairs[i].count,
		.first_sample = pairs[i].first,
		.last_sample = pairs[i].last,
		.serial = i + 1,
	};
	if (!caller->from_address && pairs[i].from != COV_NONE) {
		caller->from_target = target;
		caller->from_cell = pairs[i].from;
	}
	return true;
}

/*
 * The jumps between the two sections were linked for where they lie in this
 * program: give their displacements as they would be in the fake's memory.
 */
static void relocate(uint8_t *copy, const uint8_t *from, uint32_t length)
{
	const uint8_t *jump = toy_j1;	/* 0f 87 rel32, to toy_c0 */
	const uint8_t *back = toy_c0 + 6;	/* e9 rel32, to toy_b3 */
	int32_t value;

	if (from <= jump && from + length >= jump + 6) {
		value = address_of(toy_c0, 0) - address_of(jump + 6, 0);
		memcpy(copy + (jump - from) + 2, &value, sizeof(value));
	}
	if (from <= back && from + length >= back + 5) {
		value = address_of(toy_b3, 0) - (address_of(back, 0) + 5);
		memcpy(copy + (back - from) + 1, &value, sizeof(value));
	}
}

const uint8_t *fake_text(uint64_t offset, uint32_t length)
{
	static uint8_t copy[4096];
	uint64_t size = toy_text_end - toy_text;
	const uint8_t *from = toy_text;

	if (offset >= FAKE_COLD) {
		offset -= FAKE_COLD;
		size = toy_cold_end - toy_cold;
		from = toy_cold;
	}
	if (offset > size || length > size - offset || length > sizeof(copy))
		return NULL;
	memcpy(copy, from + offset, length);
	relocate(copy, from + offset, length);
	return copy;
}
