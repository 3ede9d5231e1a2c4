// SPDX-License-Identifier: GPL-2.0-only
/*
 * flow_pack.c - see flow_pack.h. Owns the packed form.
 *
 * One byte string: the functions in order, each followed by its blocks. Numbers are LEB128
 * (7 bits a byte, lowest first); fields in brackets are left out if they have their usual value.
 *
 *	function  flags (FUNCTION_*), entry, address: relative to that of the previous moving
 *		  function, or as it is; size; [error]; number of blocks
 *	block	  end | flags << 3 | BLOCK_ODD; [ODD_*]; size; [gap]; [site]; [next[0]]; [next[1]]
 *	branch	  after its block: condition | length's code << 5 | BRANCH_ODD; [ODD_*]; [length];
 *		  [target]
 *
 * Usually a block begins where the one before it ended, has its site at its first byte, and
 * next[0], if it has one, is the block after it. next[1] is always there if the block's end has
 * it. Both are distances in blocks. A branch ends its block; usually it has 2 or 6 bytes, and
 * its target is where next[1] begins.
 *
 * A first pass counts bytes without writing them, so that the string is allocated with exactly
 * its length. Ways are not packed: they follow from the blocks.
 */
#include "flow_pack.h"

#define FUNCTION_SELECTED	(1U << 0)
#define FUNCTION_COLD		(1U << 1)
#define FUNCTION_RESERVED	(1U << 2)
#define FUNCTION_FAILED		(1U << 3)
#define FUNCTION_MOVES		(1U << 4)

#define BLOCK_END		0x07
#define BLOCK_FLAGS_SHIFT	3
#define BLOCK_FLAGS		0x0f
#define BLOCK_ODD		0x80
#define ODD_GAP			(1U << 0)
#define ODD_SITE		(1U << 1)
#define ODD_NEXT		(1U << 2)	/* next[0] */

#define BRANCH_CONDITION	0x1f
#define BRANCH_LENGTH_SHIFT	5
#define BRANCH_LENGTH		0x03
#define BRANCH_ODD		0x80
#define ODD_NARROW		(1U << 0)
#define ODD_TARGET		(1U << 1)
#define ODD_MOVES		(1U << 2)	/* the target is in the moving range */
#define ODD_RESERVED		(1U << 3)
#define ODD_CANARY		(1U << 4)

#define LENGTH_SHORT		0
#define LENGTH_NEAR		1
#define LENGTH_OTHER		2

static bool moves(const struct flow_moving *moving, u64 address)
{
	return address - moving->base < moving->size;
}

static u64 target_of(const struct flow_input *in, const struct flow *flow, u32 block)
{
	const struct flow_block *next = &flow->blocks[flow->blocks[block].next[1]];

	return in->functions[next->function].address + next->offset;
}

/* --- packing ------------------------------------------------------------------------------- */

/**
 * struct packer - state of flow_pack()
 * @in: what is packed
 * @flow: what is packed
 * @moving: which addresses move
 * @bytes: the output; NULL in the pass that only counts
 * @size: bytes so far
 * @branches: how many so far
 * @last: address of the previous moving function; at first the base of the range
 */
struct packer {
	const struct flow_input *in;
	const struct flow *flow;
	const struct flow_moving *moving;
	u8 *bytes;
	u32 size;
	u32 branches;
	u64 last;
};

static void put_byte(struct packer *p, u8 byte)
{
	if (p->bytes)
		p->bytes[p->size] = byte;
	p->size++;
}

static void put(struct packer *p, u64 number)
{
	for (; number > 0x7f; number >>= 7)
		put_byte(p, number | 0x80);
	put_byte(p, number);
}

/* 0 for none, else 1 + the zigzag code of the distance: short if it is near in either direction. */
static void put_next(struct packer *p, u32 block, u32 next)
{
	s64 distance = (s64)next - block;

	put(p, next == FLOW_NONE ? 0 : 1 + ((u64)distance << 1 ^ (u64)(distance >> 63)));
}

static void pack_function(struct packer *p, const struct flow_function *function)
{
	bool moving = moves(p->moving, function->address);

	put_byte(p, (function->selected ? FUNCTION_SELECTED : 0) |
		    (function->cold ? FUNCTION_COLD : 0) |
		    (function->reserved ? FUNCTION_RESERVED : 0) |
		    (function->error ? FUNCTION_FAILED : 0) |
		    (moving ? FUNCTION_MOVES : 0));
	put_byte(p, function->entry);
	put(p, moving ? function->address - p->last : function->address);
	if (moving)
		p->last = function->address;
	put(p, function->size);
	if (function->error)
		put(p, function->error);
	put(p, function->blocks);
}

static u8 length_code(u8 length)
{
	if (length == 2)
		return LENGTH_SHORT;
	return length == 6 ? LENGTH_NEAR : LENGTH_OTHER;
}

static int pack_branch(struct packer *p, u32 index)
{
	const struct flow_block *block = &p->flow->blocks[index];
	const struct flow_branch *branch = &p->flow->branches[block->branch];
	u8 code = length_code(branch->length), odd = 0;

	if (branch->block != index || branch->condition > BRANCH_CONDITION ||
	    branch->offset + branch->length != block->offset + block->size)
		return -EINVAL;
	odd |= branch->narrow ? ODD_NARROW : 0;
	odd |= branch->reserved ? ODD_RESERVED : 0;
	odd |= branch->canary ? ODD_CANARY : 0;
	if (block->next[1] == FLOW_NONE || branch->target != target_of(p->in, p->flow, index))
		odd |= ODD_TARGET | (moves(p->moving, branch->target) ? ODD_MOVES : 0);

	put_byte(p, branch->condition | code << BRANCH_LENGTH_SHIFT | (odd ? BRANCH_ODD : 0));
	if (odd)
		put_byte(p, odd);
	if (code == LENGTH_OTHER)
		put_byte(p, branch->length);
	if (odd & ODD_TARGET)
		put(p, branch->target - (odd & ODD_MOVES ? p->moving->base : 0));
	return 0;
}

/* @expected: where the previous block ended. */
static int pack_block(struct packer *p, u32 index, u32 expected)
{
	const struct flow_block *block = &p->flow->blocks[index];
	bool has_branch = block->end == FLOW_END_JCC;
	u32 slots, slot;
	u8 odd = 0;

	if (block->end > FLOW_END_AWAY || block->flags > BLOCK_FLAGS ||
	    block->branch != (has_branch ? p->branches : FLOW_NONE) ||
	    p->branches + has_branch > p->flow->nr_branches)
		return -EINVAL;
	slots = flow_slots_out(block);
	for (slot = 0; slot < 2; slot++)
		if (block->next[slot] != FLOW_NONE && !(slots & 1U << slot))
			return -EINVAL;
	odd |= block->offset != expected ? ODD_GAP : 0;
	odd |= block->site != block->offset ? ODD_SITE : 0;
	odd |= slots & 1U << 0 && block->next[0] != index + 1 ? ODD_NEXT : 0;

	put_byte(p, block->end | block->flags << BLOCK_FLAGS_SHIFT | (odd ? BLOCK_ODD : 0));
	if (odd)
		put_byte(p, odd);
	put(p, block->size);
	if (odd & ODD_GAP)
		put(p, block->offset - expected);
	if (odd & ODD_SITE)
		put(p, block->site == FLOW_NONE ? 0 : 1 + (u64)(block->site - block->offset));
	if (odd & ODD_NEXT)
		put_next(p, index, block->next[0]);
	if (slots & 1U << 1)
		put_next(p, index, block->next[1]);
	p->branches += has_branch;
	return has_branch ? pack_branch(p, index) : 0;
}

static int pack_blocks(struct packer *p, u32 function, u32 first)
{
	const struct flow_function *f = &p->in->functions[function];
	u32 i, expected = 0;
	int err = 0;

	if (f->first_block != first || f->first_branch != p->branches ||
	    f->blocks > p->flow->nr_blocks - first)
		return -EINVAL;
	for (i = first; !err && i < first + f->blocks; i++) {
		const struct flow_block *block = &p->flow->blocks[i];

		err = block->function == function ? pack_block(p, i, expected) : -EINVAL;
		expected = block->offset + block->size;
	}
	if (!err && p->branches != f->first_branch + f->branches)
		err = -EINVAL;
	return err;
}

static int pack_all(struct packer *p)
{
	u32 i, blocks = 0;
	int err = 0;

	p->size = p->branches = 0;
	p->last = p->moving->base;
	for (i = 0; !err && i < p->in->nr_functions; i++) {
		pure_rest();
		pack_function(p, &p->in->functions[i]);
		err = pack_blocks(p, i, blocks);
		blocks += p->in->functions[i].blocks;
	}
	if (!err && (blocks != p->flow->nr_blocks || p->branches != p->flow->nr_branches))
		err = -EINVAL;
	return err;
}

int flow_pack(const struct flow_input *in, const struct flow *flow,
	      const struct flow_moving *moving, struct flow_packed *packed)
{
	struct packer p = { .in = in, .flow = flow, .moving = moving };
	int err;

	*packed = (struct flow_packed){ 0 };
	err = pack_all(&p);
	if (err)
		return err;
	p.bytes = pure_alloc_lasting((size_t)p.size + 1);
	if (!p.bytes)
		return -ENOMEM;
	pack_all(&p);
	*packed = (struct flow_packed){
		p.bytes, p.size, in->nr_functions, flow->nr_blocks, flow->nr_branches,
	};
	return 0;
}

void flow_packed_free(struct flow_packed *packed)
{
	pure_free(packed->bytes);
	*packed = (struct flow_packed){ 0 };
}

/* --- unpacking ----------------------------------------------------------------------------- */

/**
 * struct unpacker - state of flow_unpack()
 * @at: the next byte
 * @end: just past the last one
 * @damaged: the input is not what flow_pack() makes
 * @moving: where the moving range is now
 * @functions: room for all of them
 * @flow: room for all blocks and branches; its counts are how many there are so far
 * @nr_blocks: how many blocks there have to be
 * @nr_branches: how many branches there have to be
 * @last: address of the previous moving function; at first the base of the range
 */
struct unpacker {
	const u8 *at;
	const u8 *end;
	bool damaged;
	const struct flow_moving *moving;
	struct flow_function *functions;
	struct flow *flow;
	u32 nr_blocks;
	u32 nr_branches;
	u64 last;
};

static u8 get_byte(struct unpacker *u)
{
	if (u->at < u->end)
		return *u->at++;
	u->damaged = true;
	return 0;
}

static u64 get(struct unpacker *u)
{
	u64 number = 0;
	u32 shift = 0;
	u8 byte;

	do {
		byte = get_byte(u);
		if (shift > 63) {
			u->damaged = true;
			return 0;
		}
		number |= (u64)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return number;
}

static u32 get_next(struct unpacker *u, u32 block)
{
	u64 code = get(u), next;

	if (!code)
		return FLOW_NONE;
	code--;
	next = block + (code >> 1 ^ -(code & 1));
	if (next < u->nr_blocks)
		return next;
	u->damaged = true;
	return FLOW_NONE;
}

static void unpack_function(struct unpacker *u, struct flow_function *function)
{
	u8 flags = get_byte(u);

	function->selected = flags & FUNCTION_SELECTED;
	function->cold = flags & FUNCTION_COLD;
	function->reserved = flags & FUNCTION_RESERVED;
	function->entry = get_byte(u);
	function->address = get(u);
	if (flags & FUNCTION_MOVES)
		function->address = u->last += function->address;
	function->size = get(u);
	function->error = flags & FUNCTION_FAILED ? get(u) : 0;
	function->blocks = get(u);
	function->first_block = u->flow->nr_blocks;
	function->first_branch = u->flow->nr_branches;
}

/* A target that is left out stays 0 until all blocks are there (unpack_all()). */
static void unpack_branch(struct unpacker *u, u32 index)
{
	static const u8 lengths[] = { [LENGTH_SHORT] = 2, [LENGTH_NEAR] = 6 };
	const struct flow_block *block = &u->flow->blocks[index];
	struct flow_branch *branch = &u->flow->branches[block->branch];
	u8 head = get_byte(u), code = head >> BRANCH_LENGTH_SHIFT & BRANCH_LENGTH;
	u8 odd = head & BRANCH_ODD ? get_byte(u) : 0;

	branch->block = index;
	branch->condition = head & BRANCH_CONDITION;
	branch->narrow = odd & ODD_NARROW;
	branch->reserved = odd & ODD_RESERVED;
	branch->canary = odd & ODD_CANARY;
	branch->length = code < LENGTH_OTHER ? lengths[code] : get_byte(u);
	branch->offset = block->offset + block->size - branch->length;
	if (odd & ODD_TARGET)
		branch->target = get(u) + (odd & ODD_MOVES ? u->moving->base : 0);
	else
		u->damaged |= block->next[1] == FLOW_NONE;
}

static void unpack_block(struct unpacker *u, u32 function, u32 expected)
{
	u32 index = u->flow->nr_blocks++, slots;
	struct flow_block *block = &u->flow->blocks[index];
	u8 head = get_byte(u), odd = head & BLOCK_ODD ? get_byte(u) : 0;
	u64 site;

	block->function = function;
	block->end = head & BLOCK_END;
	block->flags = head >> BLOCK_FLAGS_SHIFT & BLOCK_FLAGS;
	block->size = get(u);
	block->offset = expected + (odd & ODD_GAP ? get(u) : 0);
	site = odd & ODD_SITE ? get(u) : 1;
	block->site = site ? block->offset + site - 1 : FLOW_NONE;
	block->branch = block->next[0] = block->next[1] = FLOW_NONE;
	if (block->end > FLOW_END_AWAY) {
		u->damaged = true;
		return;
	}
	slots = flow_slots_out(block);
	if (slots & 1U << 0)
		block->next[0] = odd & ODD_NEXT ? get_next(u, index) : index + 1;
	if (slots & 1U << 1)
		block->next[1] = get_next(u, index);
	u->damaged |= block->next[0] != FLOW_NONE && block->next[0] >= u->nr_blocks;
	if (block->end != FLOW_END_JCC)
		return;
	if (u->flow->nr_branches == u->nr_branches) {
		u->damaged = true;
		return;
	}
	block->branch = u->flow->nr_branches++;
	unpack_branch(u, index);
}

static void unpack_blocks(struct unpacker *u, u32 index)
{
	struct flow_function *function = &u->functions[index];
	u32 i, expected = 0;

	if (function->blocks > u->nr_blocks - function->first_block) {
		u->damaged = true;
		return;
	}
	for (i = 0; !u->damaged && i < function->blocks; i++) {
		const struct flow_block *block = &u->flow->blocks[u->flow->nr_blocks];

		unpack_block(u, index, expected);
		expected = block->offset + block->size;
	}
	function->branches = u->flow->nr_branches - function->first_branch;
}

static int unpack_all(struct unpacker *u, struct flow_input *in)
{
	struct flow *flow = u->flow;
	u32 i;

	for (i = 0; !u->damaged && i < in->nr_functions; i++) {
		unpack_function(u, &u->functions[i]);
		unpack_blocks(u, i);
		pure_rest();
	}
	if (u->damaged || u->at != u->end || flow->nr_blocks != u->nr_blocks ||
	    flow->nr_branches != u->nr_branches)
		return -EILSEQ;
	for (i = 0; i < flow->nr_branches; i++) {
		struct flow_branch *branch = &flow->branches[i];

		if (!branch->target && flow->blocks[branch->block].next[1] != FLOW_NONE)
			branch->target = target_of(in, flow, branch->block);
	}
	return flow_collect_edges(flow);
}

int flow_unpack(const struct flow_packed *packed, const struct flow_moving *moving,
		struct flow_input *in, struct flow *flow)
{
	struct unpacker u = {
		.at = packed->bytes,
		.end = packed->bytes + packed->size,
		.moving = moving,
		.flow = flow,
		.nr_blocks = packed->nr_blocks,
		.nr_branches = packed->nr_branches,
		.last = moving->base,
	};
	int err = -ENOMEM;

	*flow = (struct flow){ 0 };
	in->nr_functions = packed->nr_functions;
	in->functions = pure_alloc((size_t)in->nr_functions + 1, sizeof(*in->functions));
	flow->blocks = pure_alloc((size_t)u.nr_blocks + 1, sizeof(*flow->blocks));
	flow->branches = pure_alloc((size_t)u.nr_branches + 1, sizeof(*flow->branches));
	u.functions = in->functions;
	if (in->functions && flow->blocks && flow->branches)
		err = unpack_all(&u, in);
	if (!err)
		return 0;
	pure_free(in->functions);
	in->functions = NULL;
	flow_free(flow);
	return err;
}
