// SPDX-License-Identifier: GPL-2.0-only
/*
 * flow.c - finds the blocks and branches of a target's functions and the control flow between them.
 * Pure. Owns what flow_build() allocates.
 *
 * Every byte of text has marks. Those from the tables are set first (flow_read.c); then each
 * function is read from its first byte to its last (gcc puts no data into text), and what it
 * jumps to is marked. Only when all have been read is it known where blocks begin: so the
 * functions are read again, to check them and to make their blocks. Only then is it known which
 * could not be read: the functions that these jump into, or that jump into these, are made once
 * more, in place. To find them, those are read that cross into another one: few do. So are
 * functions made again in which some blocks turn out to be better split. Only the first
 * pass decodes every instruction: flow_read.c remembers those of which kind and length suffice,
 * three quarters. Nothing here is worse than O(n log n) in bytes, instructions or table
 * entries.
 *
 * The result allows exact conclusions because whatever enters a block is either in flow->edges
 * or makes the block HIDDEN, and code for which this cannot be guaranteed is UNSURE.
 */
#include "flow_read.h"

/* What is known of a function, beside its error. */
#define TRAIT_ENTERED	(1U << 0)	/* another function is seen to jump into it */
#define TRAIT_UNSURE	(1U << 1)	/* its blocks are FLOW_BLOCK_UNSURE */
#define TRAIT_INDIRECT	(1U << 2)	/* it has an indirect jump */
#define TRAIT_OUT	(1U << 3)	/* it has a jump out of the texts, perhaps to a thunk */
#define TRAIT_LEA	(1U << 4)	/* an operand in memory names an address inside it */
#define TRAIT_IMMEDIATE	(1U << 5)	/* an immediate does */
#define TRAIT_CUT	(1U << 6)	/* its blocks have been split since they were counted */
#define TRAIT_CROSSES	(1U << 7)	/* it goes into another function, not to its entry */

/* What was made of the functions. */
struct made {
	struct flow flow;
	u64 *targets;			/* one for each block: where its jump goes, or 0 */
	u32 *tails;			/* one for each block: struct scan.tail */
};

struct builder {
	struct flow_input *in;
	struct reader r;
	u8 *traits;			/* one for each function: TRAIT_* */
	u64 *outside;			/* leaders in no function, still to be followed */
	u32 nr_outside;
	u32 nr_leaders;			/* bytes marked LEADER */
	u32 nr_ends;			/* instructions that end a block whatever follows */
	u32 nr_jccs;
	struct made made;
};

/* Does flow_build() make blocks for it? */
static bool has_blocks(const struct flow_function *function)
{
	return function->selected && !function->error;
}

static int block_cmp(const void *key, const void *element)
{
	const struct flow_block *block = element;
	u32 offset = *(const u32 *)key;

	return offset < block->offset ? -1 : offset > block->offset;
}

static u32 block_at(const struct builder *b, u64 address)
{
	const struct flow_block *blocks = b->made.flow.blocks, *found;
	const struct flow_function *function;
	u32 index = reader_function(&b->r, address), offset;

	if (index == FLOW_NONE || !has_blocks(&b->in->functions[index]))
		return FLOW_NONE;
	function = &b->in->functions[index];
	offset = address - function->address;
	found = pure_search(&offset, blocks + function->first_block, function->blocks,
			    sizeof(*blocks), block_cmp);
	return found ? found - blocks : FLOW_NONE;
}

/* --- reading everything once --------------------------------------------------------------- */

/* Note that something goes to @address, a way in. */
static void mark_way_in(struct builder *b, u64 address, u16 marks)
{
	u16 *at = reader_marks(&b->r, address);

	if (!at)
		return;
	if (!(*at & (MARK_INSIDE | MARK_LEADER)))
		b->outside[b->nr_outside++] = address;
	b->nr_leaders += !(*at & MARK_LEADER);
	*at |= MARK_LEADER | marks;
}

static void mark_target(struct builder *b, u64 address, u16 marks)
{
	mark_way_in(b, reader_way_in(&b->r, address), marks);
}

/*
 * The function that what goes to *@to comes into, other than by its entry; or FLOW_NONE. Makes *@to
 * a way in. A cold part has no entry.
 */
static u32 crossed_into(const struct builder *b, u64 *to)
{
	const struct flow_function *functions = b->in->functions;
	u32 into = reader_function(&b->r, *to);

	if (into == FLOW_NONE)
		return FLOW_NONE;
	*to = reader_entered(&b->r, into, *to);
	return *to == functions[into].address && !functions[into].cold ? FLOW_NONE : into;
}

/*
 * Jumps that end blocks are control-flow edges between blocks; any other jumps are sorted out
 * by relate(). A call into the middle of a function (or an xbegin) is no such edge.
 */
static void mark_step_target(struct builder *b, const struct flow_function *function,
			     const struct step *step)
{
	u32 index = function - b->in->functions, into;
	u64 to = step->target;

	if (!to)
		return;
	into = crossed_into(b, &to);
	if (into != FLOW_NONE && into != index)
		b->traits[index] |= TRAIT_CROSSES;
	mark_way_in(b, to, is_terminator(step->kind) ? 0 : MARK_HIDDEN);
}

/*
 * Does an operand name a place inside the function? The first byte does not count, nor does the
 * next instruction: that is the kernel's _THIS_IP_, which is printed or traced.
 */
static bool names_inside(const struct flow_function *function, u64 name, u64 behind)
{
	return name != behind && name - function->address - 1 < function->size - 1;
}

/* Does a block end with such an instruction, whatever follows it? */
static bool ends_block(enum step_kind kind)
{
	return is_terminator(kind) || kind == STEP_TRAP;
}

/* Has an instruction an operand that is long enough for an address? */
static bool may_name_place(const struct insn_branch *insn)
{
	return insn->rip_disp || insn->abs_disp || insn->imm >= sizeof(u32);
}

/* Which traits of a computed jump the current instruction of @walk has. */
static u8 jump_traits(const struct builder *b, const struct flow_function *function,
		      const struct walk *walk)
{
	const struct insn_branch *insn = &walk->step.insn;
	u64 at = walk->span->base + walk->at, names[INSN_NR_NAMES];
	u8 traits = insn->kind == INSN_JMP_IND ? TRAIT_INDIRECT : 0;

	if (walk->step.kind == STEP_JMP && !reader_span(&b->r, walk->step.target))
		traits |= TRAIT_OUT;
	if (!may_name_place(insn))
		return traits;
	insn_branch_names(walk->span->bytes + walk->at, at, insn, names);
	if (names_inside(function, names[INSN_BY_MEMORY], at + insn->length))
		traits |= TRAIT_LEA;
	if (names_inside(function, names[INSN_BY_IMMEDIATE], at + insn->length))
		traits |= TRAIT_IMMEDIATE;
	return traits;
}

/*
 * A computed jump without a table goes to more places than operands name. Assembler code makes
 * one from a lea, perhaps through a thunk, which from here is just a jump out of the texts. On CPUs
 * that need a return thunk returns look the same; what gcc then names by an immediate is a label
 * whose address is passed on to be printed.
 */
static bool has_computed_jump(u8 traits)
{
	return (traits & TRAIT_INDIRECT && traits & (TRAIT_LEA | TRAIT_IMMEDIATE)) ||
	       (traits & TRAIT_OUT && traits & TRAIT_LEA);
}

/*
 * Read a function, mark its instructions and what they go to. What lies before its entry site
 * counts as one instruction with it: nothing may jump in between.
 */
static int sweep_function(struct builder *b, const struct flow_function *function)
{
	u8 *traits = &b->traits[function - b->in->functions];
	struct walk walk;
	bool dead = false, called = false;
	u32 start, entry;
	int err = walk_function(&b->r, function, &walk);

	if (err)
		return err;
	walk.whole = true;
	start = walk.next;
	entry = start + b->r.entries[function - b->in->functions];
	while ((err = walk_next(&b->r, &walk)) > 0) {
		enum step_kind kind = walk.step.kind;

		if (walk.at == start || walk.at > entry)
			*walk_marks(&b->r, &walk) |= MARK_START;
		if (kind == STEP_INT3 && !dead)
			return -EBUSY;
		mark_step_target(b, function, &walk.step);
		*traits |= jump_traits(b, function, &walk);
		b->nr_ends += ends_block(kind);
		b->nr_jccs += kind == STEP_JCC;
		dead = is_dead_end(kind) || (dead && is_padding(kind));
		called = kind == STEP_CALL || kind == STEP_TRAP;
	}
	/* Assembler may fall through into its neighbour. A call at the end does not return. */
	if (!err && !dead && !called)
		mark_target(b, function->address + function->size, MARK_HIDDEN);
	return err;
}

/*
 * Follow code that belongs to no function: the .fixup section of kernels before 5.16, assembler
 * code without symbols. It has no blocks, but leads into some. Only jump targets are read:
 * between functions there is padding of any kind.
 */
static void follow_outside(struct builder *b, u64 address)
{
	const struct text_span *span = reader_span(&b->r, address);
	struct walk walk = {
		.span = span,
		.next = address - span->base,
		.end = span->size,
	};

	while (walk_next(&b->r, &walk) > 0) {
		u16 *marks = walk_marks(&b->r, &walk);

		if (*marks & MARK_INSIDE) {
			mark_target(b, span->base + walk.at, MARK_HIDDEN);
			return;
		}
		if (*marks & MARK_START || walk.step.kind == STEP_INT3)
			return;
		*marks |= MARK_START;
		if (walk.step.target)
			mark_target(b, walk.step.target, MARK_HIDDEN);
		if (is_dead_end(walk.step.kind))
			return;
	}
}

/*
 * Code that gcc compiles has a fentry site, and no computed jump through a thunk: with thunks there
 * are no jump tables.
 */
static bool may_jump_by_table(const struct builder *b, u32 index)
{
	u64 entry = b->in->functions[index].address + b->r.entries[index];

	return b->traits[index] & TRAIT_INDIRECT ||
	       (b->traits[index] & TRAIT_OUT && !(*reader_marks(&b->r, entry) & MARK_FENTRY));
}

/* Has a function, or if @cold a cold part, an indirect jump? */
static bool any_indirect(const struct builder *b, bool cold)
{
	u32 i;

	for (i = 0; i < b->in->nr_functions; i++)
		if (b->traits[i] & TRAIT_INDIRECT && (!cold || b->in->functions[i].cold))
			return true;
	return false;
}

/*
 * A table of computed jumps names the instructions that they go to. So do other tables, those of
 * paravirt for example: these lead to superfluous block starts, at worst.
 */
static void mark_pointers(struct builder *b)
{
	/* A function's jump may have its table's places in its cold part, and vice versa. */
	bool into_cold = any_indirect(b, false), from_cold = any_indirect(b, true);
	u32 i;

	for (i = 0; i < b->in->nr_pointers; i++) {
		u64 address = b->in->pointers[i];
		u32 index = reader_function(&b->r, address);
		bool cold;

		if (index == FLOW_NONE || b->in->functions[index].error)
			continue;
		cold = b->in->functions[index].cold;
		if (address == b->in->functions[index].address && !cold)
			continue;
		if (*reader_marks(&b->r, address) & MARK_START &&
		    (from_cold || (into_cold && cold) || may_jump_by_table(b, index)))
			mark_target(b, address, MARK_HIDDEN);
	}
}

static void sweep(struct builder *b)
{
	u32 i;

	for (i = 0; i < b->in->nr_functions; i++)
		b->in->functions[i].error = -sweep_function(b, &b->in->functions[i]);
	for (i = 0; i < b->in->nr_fixups; i++)
		mark_target(b, b->in->fixups[i].to, MARK_HIDDEN);
	for (i = 0; i < b->in->nr_jump_labels; i++)
		mark_target(b, b->r.labels[i].to, 0);
	mark_pointers(b);
	while (b->nr_outside)
		follow_outside(b, b->outside[--b->nr_outside]);
}

/* --- from instructions to blocks ----------------------------------------------------------- */

/* A function being split into blocks; offsets are the function's. */
struct scan {
	struct builder *b;
	const struct flow_function *function;
	struct walk walk;
	u32 start;		/* of the function in its span */
	u32 entry;		/* the instruction that the entry site sits on */
	u32 blocks;		/* finished ones */
	u32 branches;
	bool unsure;		/* TRAIT_UNSURE */
	u16 first;		/* marks of the current instruction's first byte */
	u16 inside;		/* and of its other bytes */
	bool dead;		/* the instruction before was a dead end, or padding after one */
	bool open;		/* in a block: */
	bool seeking;		/* its site has not been found and may still be */
	u32 insns;		/* number of its instructions */
	u32 tail;		/* first place for a probe after the last that may stop */
	struct flow_block block;
};

static void read_marks(struct scan *scan)
{
	const u16 *marks = walk_marks(&scan->b->r, &scan->walk);
	u32 i;

	scan->first = marks[0];
	scan->inside = 0;
	for (i = 1; i < scan->walk.step.insn.length; i++)
		scan->inside |= marks[i];
}

/* HIDDEN is set once it is known which functions have blocks: link_blocks(). */
static void open_block(struct scan *scan)
{
	u32 offset = scan->walk.at - scan->start;

	scan->block = (struct flow_block){
		.function = scan->function - scan->b->in->functions,
		.offset = offset,
		.site = FLOW_NONE,
		.next = { FLOW_NONE, FLOW_NONE },
		.branch = FLOW_NONE,
	};
	if (!offset && !scan->function->cold)
		scan->block.flags = FLOW_BLOCK_ENTRY;
	scan->insns = 0;
	scan->tail = FLOW_NONE;
	scan->open = true;
	scan->seeking = true;
}

/* May an indirect jump land on it? Not if it is no longer there. */
static bool is_landing(const struct walk *walk)
{
	return walk->step.insn.length == ENDBR_LEN &&
	       insn_is_endbr(walk->span->bytes + walk->at);
}

/* Take the current instruction into the block. */
static void add_step(struct scan *scan)
{
	const struct step *step = &scan->walk.step;
	u32 offset = scan->walk.at - scan->start;
	bool is_entry = scan->block.flags & FLOW_BLOCK_ENTRY && offset <= scan->entry;
	bool reserved = scan->first & MARK_RESERVED || is_landing(&scan->walk);
	bool stops = false;

	scan->insns++;
	if (scan->seeking && !is_entry && !reserved) {
		scan->block.site = offset;
		scan->seeking = false;
	}
	if (!is_terminator(step->kind))
		stops = step->kind == STEP_CALL || step->kind == STEP_TRAP || scan->unsure ||
			(scan->first | scan->inside) & MARK_FAULT;
	else if (step->kind == STEP_JMP)
		stops = scan->b->in->incomplete;	/* perhaps a static branch */
	if (stops) {
		scan->block.flags |= FLOW_BLOCK_STOPS;
		scan->seeking = false;
		scan->tail = FLOW_NONE;
	} else if (scan->tail == FLOW_NONE && !reserved) {
		scan->tail = offset;
	}
}

/*
 * The stack protector compares its canary, sub %gs:40,%reg or sub
 * %gs:__stack_chk_guard(%rip),%reg, and jumps to a call that never returns: no test gets there, and
 * the code next to that call does not follow it. @jump is preceded by @before bytes of its block.
 */
static bool checks_canary(const u8 *jump, u32 before)
{
	static const u8 disp32[] = { 0x25, 40, 0, 0, 0 };

	if (before >= 9 && jump[-9] == 0x65 && (jump[-8] & 0xf8) == 0x48 && jump[-7] == 0x2b &&
	    (jump[-6] & 0xc7) == 0x04 && !memcmp(jump - 5, disp32, sizeof(disp32)))
		return true;
	return before >= 8 && jump[-8] == 0x65 && (jump[-7] & 0xf8) == 0x48 && jump[-6] == 0x2b &&
	       (jump[-5] & 0xc7) == 0x05;
}

static void put_branch(struct scan *scan)
{
	const struct step *step = &scan->walk.step;
	u32 index = scan->function->first_branch + scan->branches;
	u32 offset = scan->walk.at - scan->start;

	scan->block.branch = index;
	scan->b->made.flow.branches[index] = (struct flow_branch){
		.target = step->insn.target,
		.block = scan->function->first_block + scan->blocks,
		.offset = offset,
		.length = step->insn.length,
		.condition = step->insn.condition,
		.narrow = step->insn.narrow,
		.reserved = scan->first & MARK_RESERVED,
		.canary = checks_canary(scan->walk.span->bytes + scan->walk.at,
					offset - scan->block.offset),
	};
}

/* The block ends before @end, an offset in the span; its jump goes to @target, or 0. */
static void close_block(struct scan *scan, u8 kind, u32 end, u64 target)
{
	u32 index = scan->function->first_block + scan->blocks;
	struct flow_block *block = &scan->block;
	bool last = end == scan->walk.end;

	block->size = end - scan->start - block->offset;
	block->end = kind == FLOW_END_FALL && last ? FLOW_END_AWAY : kind;
	/* After anything but a dead end the next block follows immediately. */
	if (!last && kind != FLOW_END_JMP && kind != FLOW_END_AWAY)
		block->next[0] = index + 1;
	/* Unknown code may jump in between two instructions. */
	if (scan->unsure && scan->insns > 1)
		block->flags |= FLOW_BLOCK_UNSURE | FLOW_BLOCK_STOPS;
	if (scan->function->selected) {
		if (kind == FLOW_END_JCC)
			put_branch(scan);
		scan->b->made.flow.blocks[index] = *block;
		scan->b->made.targets[index] = target;
		scan->b->made.tails[index] = scan->tail;
	}
	scan->branches += kind == FLOW_END_JCC;
	scan->blocks++;
	scan->open = false;
}

/*
 * If anything jumps into the middle of the instruction, it is not what it seems. (None of the
 * bytes inside is a START: functions do not overlap.)
 */
static bool is_misread(const struct scan *scan)
{
	return (scan->first & MARK_LEADER && !(scan->first & MARK_START)) ||
	       scan->inside & (MARK_LEADER | MARK_PLACES);
}

static int scan_step(struct scan *scan)
{
	static const u8 ends[] = {
		[STEP_TRAP] = FLOW_END_FALL,	[STEP_JCC] = FLOW_END_JCC,
		[STEP_STATIC] = FLOW_END_STATIC, [STEP_JMP] = FLOW_END_JMP,
		[STEP_AWAY] = FLOW_END_AWAY,
	};
	const struct walk *walk = &scan->walk;
	enum step_kind kind = walk->step.kind;
	bool leader;

	read_marks(scan);
	if (is_misread(scan))
		return -EILSEQ;
	leader = scan->first & MARK_LEADER;
	if (scan->open && leader)
		close_block(scan, FLOW_END_FALL, walk->at, 0);
	if (!scan->open) {
		if (scan->dead && !leader && is_padding(kind))
			return 0;
		open_block(scan);
	}
	/* Control may reach it, so it is not padding. */
	if (kind == STEP_INT3)
		return -EBUSY;
	add_step(scan);
	if (ends_block(kind))
		close_block(scan, ends[kind], walk->next,
			    is_terminator(kind) ? walk->step.target : 0);
	scan->dead = is_dead_end(kind);
	return 0;
}

/*
 * Split a function into blocks, from @function's first_block and first_branch on. One that is
 * not selected is only checked.
 */
static int scan_function(struct builder *b, struct flow_function *function)
{
	struct scan scan = {
		.b = b,
		.function = function,
		.unsure = b->traits[function - b->in->functions] & TRAIT_UNSURE,
	};
	int err = walk_function(&b->r, function, &scan.walk);

	if (err)
		return err;
	scan.start = scan.walk.next;
	scan.entry = b->r.entries[function - b->in->functions];
	while ((err = walk_next(&b->r, &scan.walk)) > 0) {
		err = scan_step(&scan);
		if (err)
			return err;
	}
	if (err)
		return err;
	if (scan.open)
		close_block(&scan, FLOW_END_AWAY, scan.walk.end, 0);
	if (function->selected) {
		function->blocks = scan.blocks;
		function->branches = scan.branches;
	}
	return 0;
}

static void make_blocks(struct builder *b)
{
	struct flow *flow = &b->made.flow;
	u32 i;

	for (i = 0; i < b->in->nr_functions; i++) {
		struct flow_function *function = &b->in->functions[i];

		function->first_block = flow->nr_blocks;
		function->first_branch = flow->nr_branches;
		function->blocks = 0;
		function->branches = 0;
		if (!function->error)
			function->error = -scan_function(b, function);
		flow->nr_blocks += function->blocks;
		flow->nr_branches += function->branches;
		pure_rest();
	}
}

/* Remake functions that have become UNSURE: as many blocks, but with other flags and sites. */
static void make_unsure_again(struct builder *b)
{
	u32 i;

	for (i = 0; i < b->in->nr_functions; i++)
		if (b->traits[i] & TRAIT_UNSURE && has_blocks(&b->in->functions[i]))
			scan_function(b, &b->in->functions[i]);
}

/* --- functions that jump into each other --------------------------------------------------- */

/*
 * The function with index @from, or FLOW_NONE, jumps to @to. If that is in another function,
 * but not its entry, gcc has made one of them as a cold part of the other; then what is unknown
 * of the one is unknown of the other.
 */
static void relate(struct builder *b, u32 from, u64 to)
{
	const struct flow_function *functions = b->in->functions;
	u32 into = crossed_into(b, &to);

	if (from == FLOW_NONE || into == FLOW_NONE || from == into)
		return;
	if (functions[from].error)
		b->traits[into] |= TRAIT_UNSURE;
	else
		b->traits[into] |= TRAIT_ENTERED;
	if (functions[into].error)
		b->traits[from] |= TRAIT_UNSURE;
	if (!has_blocks(&functions[from]))
		*reader_marks(&b->r, to) |= MARK_HIDDEN;
}

/*
 * Where a function cannot be read, continue at the next byte: a jump that is seen there by
 * mistake costs some sites, one that is missed may make results wrong.
 */
static void relate_by_jumps(struct builder *b, u32 index)
{
	struct walk walk;
	int err;

	if (walk_function(&b->r, &b->in->functions[index], &walk))
		return;
	while ((err = walk_next(&b->r, &walk)) != 0) {
		if (err < 0)
			walk.next = walk.at + 1;
		else if (walk.step.target)
			relate(b, index, walk.step.target);
	}
}

static void relate_by_tables(struct builder *b)
{
	const struct flow_input *in = b->in;
	u32 i;

	for (i = 0; i < in->nr_fixups; i++)
		relate(b, reader_function(&b->r, in->fixups[i].from), in->fixups[i].to);
	for (i = 0; i < in->nr_jump_labels; i++) {
		const u16 *from = reader_marks(&b->r, b->r.labels[i].from);
		u16 *to = reader_marks(&b->r, b->r.labels[i].to);

		relate(b, reader_function(&b->r, b->r.labels[i].from), b->r.labels[i].to);
		/* Not the end of a block: the function was not read that far. */
		if (to && !(from && *from & MARK_START && *from & MARK_INSIDE))
			*to |= MARK_HIDDEN;
	}
}

/*
 * Find the functions that may be entered from unknown places, such as those with a computed
 * jump. The jumps of a function that could not be read are not known, and lead into its cold
 * part or its parent. Those are found by their own jumps; except for a cold part that is
 * entered only from such a parent and never jumps back: but nothing else is seen to enter that
 * one.
 */
static void find_unsure(struct builder *b)
{
	const struct flow_input *in = b->in;
	u32 i;

	for (i = 0; i < in->nr_functions; i++)
		if (in->functions[i].error || b->traits[i] & TRAIT_CROSSES) {
			relate_by_jumps(b, i);
			pure_rest();
		}
	relate_by_tables(b);
	for (i = 0; i < in->nr_functions; i++) {
		if (in->incomplete || has_computed_jump(b->traits[i]) ||
		    (in->functions[i].cold && !(b->traits[i] & TRAIT_ENTERED)))
			b->traits[i] |= TRAIT_UNSURE;
		in->functions[i].unsure = b->traits[i] & TRAIT_UNSURE;
	}
}

/* --- edges --------------------------------------------------------------------------------- */

/* Sorted by block: count them, then put each into its place. */
int flow_collect_edges(struct flow *flow)
{
	u32 i, slot, sum = 0;

	flow->first_edge = pure_alloc((size_t)flow->nr_blocks + 1, sizeof(*flow->first_edge));
	if (!flow->first_edge)
		return -ENOMEM;
	for (i = 0; i < flow->nr_blocks; i++)
		for (slot = 0; slot < 2; slot++)
			if (flow->blocks[i].next[slot] != FLOW_NONE)
				flow->first_edge[flow->blocks[i].next[slot]]++;
	for (i = 0; i <= flow->nr_blocks; i++) {
		sum += flow->first_edge[i];
		flow->first_edge[i] = sum;	/* the end, for now */
	}
	flow->edges = pure_alloc((size_t)sum + 1, sizeof(*flow->edges));
	if (!flow->edges)
		return -ENOMEM;
	for (i = 0; i < flow->nr_blocks; i++)
		for (slot = 0; slot < 2; slot++)
			if (flow->blocks[i].next[slot] != FLOW_NONE)
				flow->edges[--flow->first_edge[flow->blocks[i].next[slot]]] =
					(struct flow_edge){ i, slot };
	return 0;
}

/*
 * Code that no known path reaches from a function's entry is either dead or entered in an
 * unknown edge, and then any of its blocks may be the one that is entered.
 */
static int find_orphans(struct flow *flow)
{
	u32 *stack = pure_alloc((size_t)flow->nr_blocks + 1, sizeof(*stack));
	u8 *reached = pure_alloc((size_t)flow->nr_blocks + 1, sizeof(*reached));
	u32 i, slot, depth = 0;

	if (!stack || !reached) {
		pure_free(stack);
		pure_free(reached);
		return -ENOMEM;
	}
	for (i = 0; i < flow->nr_blocks; i++)
		if (flow_enters_unseen(&flow->blocks[i])) {
			reached[i] = 1;
			stack[depth++] = i;
		}
	while (depth) {
		const struct flow_block *block = &flow->blocks[stack[--depth]];

		for (slot = 0; slot < 2; slot++) {
			u32 next = block->next[slot];

			if (next != FLOW_NONE && !reached[next]) {
				reached[next] = 1;
				stack[depth++] = next;
			}
		}
	}
	for (i = 0; i < flow->nr_blocks; i++)
		if (!reached[i])
			flow->blocks[i].flags |= FLOW_BLOCK_HIDDEN;
	pure_free(stack);
	pure_free(reached);
	return 0;
}

static void link_block(struct builder *b, u32 index)
{
	struct flow_block *block = &b->made.flow.blocks[index];
	bool unsure = b->traits[block->function] & TRAIT_UNSURE;
	u64 address = b->in->functions[block->function].address + block->offset;

	b->r.near = block->function;
	if (!(block->flags & FLOW_BLOCK_ENTRY) &&
	    (unsure || *reader_marks(&b->r, address) & MARK_HIDDEN))
		block->flags |= FLOW_BLOCK_HIDDEN;
	if (b->made.targets[index])
		block->next[1] = block_at(b, reader_way_in(&b->r, b->made.targets[index]));
	/* For all that is known it may be a static call, whose target can change at any time. */
	if (b->in->incomplete && block->next[1] != FLOW_NONE &&
	    b->made.flow.blocks[block->next[1]].function != block->function)
		block->next[1] = FLOW_NONE;
	if (block->end == FLOW_END_JMP && block->next[1] == FLOW_NONE)
		block->end = FLOW_END_AWAY;
}

/* Link the blocks, and find those that may be entered otherwise. */
static int link_blocks(struct builder *b)
{
	u32 i;
	int err;

	for (i = 0; i < b->made.flow.nr_blocks; i++)
		link_block(b, i);
	err = flow_collect_edges(&b->made.flow);
	return err ?: find_orphans(&b->made.flow);
}

/*
 * Some blocks offer no place for a site: a static branch alone, or a static call at the
 * beginning. They follow from their predecessors, except from those that may stop. There it
 * helps to split off what follows the last call: that is a block which cannot stop. Return:
 * whether there is anything to split.
 */
static bool cut_tails(struct builder *b)
{
	const struct flow *flow = &b->made.flow;
	bool cut = false;
	u32 i, k;

	for (i = 0; i < flow->nr_blocks; i++) {
		if (flow->blocks[i].site != FLOW_NONE || flow_enters_unseen(&flow->blocks[i]))
			continue;
		for (k = flow->first_edge[i]; k < flow->first_edge[i + 1]; k++) {
			u32 from = flow->edges[k].block;
			const struct flow_block *block = &flow->blocks[from];

			if (!(block->flags & FLOW_BLOCK_STOPS) || b->made.tails[from] == FLOW_NONE ||
			    (block->end != FLOW_END_FALL && block->end != FLOW_END_JMP))
				continue;
			mark_target(b, b->in->functions[block->function].address +
				    b->made.tails[from], 0);
			b->traits[block->function] |= TRAIT_CUT;
			cut = true;
		}
	}
	return cut;
}

/* --- setting up ---------------------------------------------------------------------------- */

static int builder_init(struct builder *b)
{
	u32 others = 0, i;
	int err = reader_init(&b->r);

	if (err)
		return err;
	for (i = 0; i < b->r.texts.nr_bytes; i++)
		others += !(b->r.marks[i] & MARK_INSIDE);
	/* Each byte outside all functions may be there once. */
	b->outside = pure_alloc((size_t)others + 1, sizeof(*b->outside));
	b->traits = pure_alloc((size_t)b->in->nr_functions + 1, sizeof(*b->traits));
	return b->outside && b->traits ? 0 : -ENOMEM;
}

static void made_free(struct made *made)
{
	flow_free(&made->flow);
	pure_free(made->targets);
	pure_free(made->tails);
}

static void builder_free(struct builder *b)
{
	reader_free(&b->r);
	pure_free(b->traits);
	pure_free(b->outside);
	made_free(&b->made);
}

/*
 * Room for all that can be made of the functions: each block begins a function, or begins at a
 * leader, or after an instruction that ends a block.
 */
static int alloc_made(struct builder *b)
{
	size_t blocks = (size_t)b->in->nr_functions + b->nr_leaders + b->nr_ends;
	struct made *made = &b->made;
	struct flow *flow = &made->flow;

	flow->blocks = pure_alloc(blocks + 1, sizeof(*flow->blocks));
	flow->branches = pure_alloc((size_t)b->nr_jccs + 1, sizeof(*flow->branches));
	made->targets = pure_alloc(blocks + 1, sizeof(*made->targets));
	made->tails = pure_alloc(blocks + 1, sizeof(*made->tails));
	return flow->blocks && flow->branches && made->targets && made->tails ? 0 : -ENOMEM;
}

/* Copy a function whose blocks have only been renumbered; @at: the first of them in @before. */
static void copy_function(struct builder *b, u32 index, const struct made *before, u32 at)
{
	const struct flow_function *function = &b->in->functions[index];
	u32 to = function->first_block, branch = function->first_branch, i;

	for (i = 0; i < function->blocks; i++, at++, to++) {
		struct flow_block *block = &b->made.flow.blocks[to];

		*block = before->flow.blocks[at];
		if (block->next[0] != FLOW_NONE)
			block->next[0] = to + 1;
		block->next[1] = FLOW_NONE;	/* until link_blocks() */
		b->made.targets[to] = before->targets[at];
		b->made.tails[to] = before->tails[at];
		if (block->branch == FLOW_NONE)
			continue;
		b->made.flow.branches[branch] = before->flow.branches[block->branch];
		b->made.flow.branches[branch].block = to;
		block->branch = branch++;
	}
}

/* Split tails off, if that helps: then there are more blocks. */
static int refine(struct builder *b)
{
	struct flow *flow = &b->made.flow;
	struct made before;
	u32 i;
	int err;

	if (!cut_tails(b))
		return 0;
	before = b->made;
	b->made = (struct made){ };
	err = alloc_made(b);
	for (i = 0; !err && i < b->in->nr_functions; i++) {
		struct flow_function *function = &b->in->functions[i];
		u32 at = function->first_block;

		function->first_block = flow->nr_blocks;
		function->first_branch = flow->nr_branches;
		if (b->traits[i] & TRAIT_CUT)
			scan_function(b, function);
		else
			copy_function(b, i, &before, at);
		flow->nr_blocks += function->blocks;
		flow->nr_branches += function->branches;
		pure_rest();
	}
	made_free(&before);
	return err ?: link_blocks(b);
}

static int build(struct builder *b)
{
	int err;

	sweep(b);
	err = alloc_made(b);
	if (err)
		return err;
	make_blocks(b);
	find_unsure(b);
	make_unsure_again(b);
	return link_blocks(b) ?: refine(b);
}

int flow_build(struct flow_input *in, struct flow *flow)
{
	struct builder b = { .in = in, .r.in = in };
	int err;

	err = builder_init(&b) ?: build(&b);
	*flow = (struct flow){ };
	if (!err) {
		*flow = b.made.flow;
		b.made.flow = (struct flow){ };
	}
	builder_free(&b);
	return err;
}

void flow_free(struct flow *flow)
{
	pure_free(flow->blocks);
	pure_free(flow->branches);
	pure_free(flow->first_edge);
	pure_free(flow->edges);
	*flow = (struct flow){ };
}
