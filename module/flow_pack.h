/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flow_pack.h - control flow, packed while it is not in use: 3 to 4 bytes a block instead of 60.
 * Pure.
 */
#ifndef LIVECOV_FLOW_PACK_H
#define LIVECOV_FLOW_PACK_H

#include "flow.h"

/**
 * struct flow_moving - the range of addresses that may have been relocated at the next unpacking
 * @base: where it begins now
 * @size: bytes
 *
 * Addresses in it are packed relative to @base, all others as they are.
 */
struct flow_moving {
	u64 base;
	u64 size;
};

/**
 * struct flow_packed - functions, blocks and branches, packed
 * @bytes: see the head of flow_pack.c
 * @size: bytes of it
 * @nr_functions: how many functions it holds
 * @nr_blocks: how many blocks it holds
 * @nr_branches: how many branches it holds
 */
struct flow_packed {
	u8 *bytes;
	u32 size;
	u32 nr_functions;
	u32 nr_blocks;
	u32 nr_branches;
};

/**
 * flow_pack - pack what flow_build() has found
 * @in: as given to flow_build(); its functions are packed, nothing else of it
 * @flow: its answer
 * @moving: which addresses move
 * @packed: the answer; free it with flow_packed_free()
 *
 * Sleeps. Return: 0; -ENOMEM; -EINVAL if @flow is not as flow_build() makes it.
 */
int flow_pack(const struct flow_input *in, const struct flow *flow,
	      const struct flow_moving *moving, struct flow_packed *packed);

/**
 * flow_unpack - restore what went into flow_pack()
 * @packed: flow_pack()'s answer
 * @moving: where the moving range is now
 * @in: out: @functions (without their @unsure) and @nr_functions; pure_free() the former
 * @flow: out; free it with flow_free()
 *
 * Sleeps. Return: 0; -ENOMEM; -EILSEQ if @packed was damaged, which does no other harm.
 */
int flow_unpack(const struct flow_packed *packed, const struct flow_moving *moving,
		struct flow_input *in, struct flow *flow);

/* flow_packed_free - free what flow_pack() allocated; a zeroed struct is fine */
void flow_packed_free(struct flow_packed *packed);

#endif /* LIVECOV_FLOW_PACK_H */
