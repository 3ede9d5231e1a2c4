// SPDX-License-Identifier: GPL-2.0-only
/*
 * flow.c - finds the blocks and branches of a target's functions and the ways
 * between them. Pure. Owns what flow_build() allocates; may call insn_branch.c.
 *
 * Every byte of text gets some marks. First the tables are marked, then each
 * function is read from its first byte to its last (gcc puts no data into text)
 * and marks what it jumps to. Only when all have been read is it known where
 * blocks begin, and which functions could not be read: so the functions are
 * read again to check and count, and once more to fill in the answer (twice, if
 * that shows that some blocks had better be cut). Nothing here is worse than
 * O(n log n) in bytes, instructions or table entries.
 *
 * What makes the answer fit for exact conclusions is that a way into a block is
 * either in flow->ways or makes the block HIDDEN, and that code of which this
 * cannot be said is UNSURE.
 */
#include "flow.h"
#include "insn_branch.h"

#define MAX_TEXT	(256U << 20)
#define PATCHED_LEN	5U	/* of a fentry or static-call place */
#define MAX_PROLOGUE	16U	/* endbr64 and nops before a fentry place */

/* What is known of a byte of text. */
#define MARK_INSIDE	(1U << 0)	/* it is a function's */
#define MARK_START	(1U << 1)	/* an instruction begins here that may be jumped to */
#define MARK_LEADER	(1U << 2)	/* something goes here from elsewhere */
#define MARK_HIDDEN	(1U << 3)	/* and not, or not only, from the end of a block */
#define MARK_FAULT	(1U << 4)	/* the exception table names it */
#define MARK_LABEL	(1U << 5)	/* a static branch */
#define MARK_STATIC_CALL (1U << 6)
#define MARK_FENTRY	(1U << 7)
#define MARK_BUG	(1U << 8)
#define MARK_WARN	(1U << 9)	/* the BUG is a WARN */

/* An instruction must begin there, or the text has been misread. */
#define MARK_PLACES	(MARK_LABEL | MARK_STATIC_CALL | MARK_FENTRY | MARK_BUG)
/* register_kprobe() refuses these; a fentry place is the entry site's. */
#define MARK_RESERVED	MARK_PLACES

/* What is known of a function, beside its error. */
#define TRAIT_ENTERED	(1U << 0)	/* another function is seen to jump into it */
#define TRAIT_UNSURE	(1U << 1)	/* its blocks are FLOW_BLOCK_UNSURE */

/* A text, and where its marks are. */
struct span {
	u64 base;
	const u8 *bytes;
	u32 size;
	u32 first;
};

struct builder {
	struct flow_input *in;
	struct flow *flow;
	struct span *spans;		/* sorted by base */
	u16 *marks;			/* one for each byte, in the order of spans */
	struct flow_pair *labels;	/* sorted by from */
	u8 *traits;			/* one for each function */
	u8 *entries;			/* one for each function: find_entry() */
	u64 *outside;			/* leaders in no function, still to be followed */
	u32 nr_outside;
	u64 *targets;			/* one for each block: where its jump goes, or 0 */
	u32 *tails;			/* one for each block: struct scan.tail */
};

/* Where control goes from an instruction, given the tables. */
enum step_kind {
	STEP_ON,	/* to the next one */
	STEP_PAD,	/* to the next one, but behind a terminator it is padding */
	STEP_INT3,	/* padding, or somebody's breakpoint */
	STEP_CALL,	/* elsewhere, and perhaps back to the next one */
	STEP_TRAP,	/* perhaps to the next one: a ud2, and the bug table is not known */
	STEP_JCC,	/* this one and those below are terminators */
	STEP_STATIC,
	STEP_JMP,
	STEP_AWAY,
};

struct step {
	enum step_kind kind;
	u64 target;		/* where it goes if that is known, else 0 */
	struct insn_branch insn;
};

/* Reads instructions one after the other; offsets are the span's. */
struct walk {
	const struct span *span;
	u32 at;			/* the current one */
	u32 next;		/* the one behind it */
	u32 end;
	struct step step;
};

static bool is_terminator(enum step_kind kind)
{
	return kind >= STEP_JCC;
}

/* Does control never come to the instruction behind? */
static bool is_dead_end(enum step_kind kind)
{
	return kind == STEP_JMP || kind == STEP_AWAY;
}

static bool is_padding(enum step_kind kind)
{
	return kind == STEP_PAD || kind == STEP_INT3;
}

/* --- addresses ----------------------------------------------------------------------------- */

static const struct span *span_at(const struct builder *b, u64 address)
{
	u32 low = 0, high = b->in->nr_texts;

	while (low < high) {
		u32 middle = low + (high - low) / 2;
		const struct span *span = &b->spans[middle];

		if (address - span->base < span->size)
			return span;
		if (address < span->base)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* The marks of the byte at @address, or NULL if that is not in the texts. */
static u16 *marks_at(const struct builder *b, u64 address)
{
	const struct span *span = span_at(b, address);

	return span ? &b->marks[span->first + (address - span->base)] : NULL;
}

static u32 function_at(const struct builder *b, u64 address)
{
	const struct flow_function *functions = b->in->functions;
	u32 low = 0, high = b->in->nr_functions;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (address - functions[middle].address < functions[middle].size)
			return middle;
		if (address < functions[middle].address)
			high = middle;
		else
			low = middle + 1;
	}
	return FLOW_NONE;
}

/* Does flow_build() make blocks of it? */
static bool has_blocks(const struct flow_function *function)
{
	return function->selected && !function->error;
}

/*
 * Where a jump or call to @address enters, as far as anybody can tell: who skips the
 * endbr64 of a function passes its entry site all the same.
 */
static u64 way_in(const struct builder *b, u64 address)
{
	u32 index = function_at(b, address);
	u64 start;

	if (index == FLOW_NONE)
		return address;
	start = b->in->functions[index].address;
	return address - start == b->entries[index] ? start : address;
}

static u32 block_at(const struct builder *b, u64 address)
{
	const struct flow_function *function;
	u32 index = function_at(b, address), low, high;

	if (index == FLOW_NONE || !has_blocks(&b->in->functions[index]))
		return FLOW_NONE;
	function = &b->in->functions[index];
	low = function->first_block;
	high = low + function->blocks;
	while (low < high) {
		u32 middle = low + (high - low) / 2;
		u32 offset = b->flow->blocks[middle].offset;

		if (offset == address - function->address)
			return middle;
		if (address - function->address < offset)
			high = middle;
		else
			low = middle + 1;
	}
	return FLOW_NONE;
}

static u64 label_target(const struct builder *b, u64 address)
{
	u32 low = 0, high = b->in->nr_jump_labels;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (b->labels[middle].from == address)
			return b->labels[middle].to;
		if (address < b->labels[middle].from)
			high = middle;
		else
			low = middle + 1;
	}
	return 0;
}

/* --- one instruction ----------------------------------------------------------------------- */

/* A static branch is a nop today or a jump, of 2 bytes or 5; either may change at any time. */
static int label_step(const struct builder *b, u64 address, struct step *step)
{
	if (step->insn.kind == INSN_INT3)
		return -EBUSY;
	if (step->insn.kind != INSN_NOP && step->insn.kind != INSN_JMP)
		return -EILSEQ;
	step->kind = STEP_STATIC;
	step->target = label_target(b, address);
	return 0;
}

/*
 * A static call is a call or, while it has no function, a nop or an xor; as a
 * tail call a jump or a return; from 6.3 on also a conditional jump, of 6 bytes.
 * Whom it calls may change: it has no target.
 */
static int static_call_step(struct step *step)
{
	switch (step->insn.kind) {
	case INSN_INT3:
		return -EBUSY;
	case INSN_JCC:
		step->kind = STEP_JCC;
		return 0;
	case INSN_JMP:
	case INSN_JMP_IND:
	case INSN_RET:
		step->kind = STEP_AWAY;
		break;
	default:
		step->kind = STEP_CALL;
	}
	step->insn.length = PATCHED_LEN;
	return 0;
}

static enum step_kind trap_kind(const struct builder *b, u16 marks)
{
	if (marks & MARK_WARN)
		return STEP_ON;
	return b->in->incomplete ? STEP_TRAP : STEP_AWAY;
}

static void plain_step(const struct builder *b, u16 marks, struct step *step)
{
	static const u8 kinds[] = {
		[INSN_OTHER] = STEP_ON,		[INSN_NOP] = STEP_PAD,
		[INSN_JCC] = STEP_JCC,		[INSN_JMP] = STEP_JMP,
		[INSN_JMP_IND] = STEP_AWAY,	[INSN_CALL] = STEP_CALL,
		[INSN_CALL_IND] = STEP_CALL,	[INSN_RET] = STEP_AWAY,
		[INSN_INT3] = STEP_INT3,
	};

	step->target = step->insn.target;
	step->kind = step->insn.kind == INSN_TRAP ? trap_kind(b, marks) : kinds[step->insn.kind];
}

/* An optimised kprobe: what its five bytes and those behind them were cannot be read. */
static bool is_foreign_jump(const struct builder *b, const struct step *step)
{
	return step->kind == STEP_JMP && b->in->is_code && !span_at(b, step->target) &&
	       !b->in->is_code(step->target);
}

/* Decode the instruction at walk->at. */
static int decode_step(const struct builder *b, struct walk *walk)
{
	const struct span *span = walk->span;
	u16 marks = b->marks[span->first + walk->at];
	u64 address = span->base + walk->at;
	u32 room = walk->end - walk->at;
	struct step *step = &walk->step;
	int err = 0;

	*step = (struct step){ .kind = STEP_ON };
	if (marks & MARK_FENTRY)
		/* While ftrace is active it is a call, which always comes back. */
		step->insn.length = PATCHED_LEN;
	else if (insn_branch_decode(span->bytes + walk->at, room, address, &step->insn))
		err = -EILSEQ;
	else if (marks & MARK_LABEL)
		err = label_step(b, address, step);
	else if (marks & MARK_STATIC_CALL)
		err = static_call_step(step);
	else
		plain_step(b, marks, step);
	if (!err && is_foreign_jump(b, step))
		err = -EBUSY;
	return !err && step->insn.length > room ? -EILSEQ : err;
}

/* Go to the next instruction. Return: 1, 0 at the end, -EILSEQ, -EBUSY. */
static int walk_next(const struct builder *b, struct walk *walk)
{
	int err;

	walk->at = walk->next;
	if (walk->at >= walk->end)
		return 0;
	err = decode_step(b, walk);
	if (err)
		return err;
	walk->next = walk->at + walk->step.insn.length;
	return 1;
}

static int walk_function(const struct builder *b, const struct flow_function *function,
			 struct walk *walk)
{
	const struct span *span = span_at(b, function->address);
	u64 offset;

	if (!span)
		return -EFAULT;
	offset = function->address - span->base;
	if (!function->size || function->size > span->size - offset)
		return -EFAULT;
	walk->span = span;
	walk->next = offset;
	walk->end = offset + function->size;
	return 0;
}

static u16 *walk_marks(const struct builder *b, const struct walk *walk)
{
	return &b->marks[walk->span->first + walk->at];
}

/* --- reading everything once --------------------------------------------------------------- */

/* Note that something goes to @address. */
static void mark_target(struct builder *b, u64 address, u16 marks)
{
	u16 *at;

	address = way_in(b, address);
	at = marks_at(b, address);
	if (!at)
		return;
	if (!(*at & (MARK_INSIDE | MARK_LEADER)))
		b->outside[b->nr_outside++] = address;
	*at |= MARK_LEADER | marks;
}

/*
 * Jumps from blocks are ways between blocks; what other jumps there are is sorted
 * out by relate(). A call into a function's middle (or an xbegin) is none.
 */
static void mark_step_target(struct builder *b, const struct step *step)
{
	if (step->target)
		mark_target(b, step->target, is_terminator(step->kind) ? 0 : MARK_HIDDEN);
}

/*
 * Read a function, mark its instructions and what they go to. What lies before its
 * entry site counts as one instruction with it: nobody may jump between them.
 */
static int sweep_function(struct builder *b, const struct flow_function *function)
{
	struct walk walk;
	bool dead = false, called = false;
	u32 start, entry;
	int err = walk_function(b, function, &walk);

	if (err)
		return err;
	start = walk.next;
	entry = start + b->entries[function - b->in->functions];
	while ((err = walk_next(b, &walk)) > 0) {
		enum step_kind kind = walk.step.kind;

		if (walk.at == start || walk.at > entry)
			*walk_marks(b, &walk) |= MARK_START;
		if (kind == STEP_INT3 && !dead)
			return -EBUSY;
		mark_step_target(b, &walk.step);
		dead = is_dead_end(kind) || (dead && is_padding(kind));
		called = kind == STEP_CALL || kind == STEP_TRAP;
	}
	/* Assembler may fall into its neighbour. A call at the end does not return. */
	if (!err && !dead && !called)
		mark_target(b, function->address + function->size, MARK_HIDDEN);
	return err;
}

/*
 * Follow code that belongs to no function: the .fixup section of kernels before
 * 5.16, assembler without symbols. It has no blocks, but leads into some. Only what
 * is jumped to is read: between functions lies padding of any kind.
 */
static void follow_outside(struct builder *b, u64 address)
{
	const struct span *span = span_at(b, address);
	struct walk walk = {
		.span = span,
		.next = address - span->base,
		.end = span->size,
	};

	while (walk_next(b, &walk) > 0) {
		u16 *marks = walk_marks(b, &walk);

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

static void sweep(struct builder *b)
{
	u32 i;

	for (i = 0; i < b->in->nr_functions; i++)
		b->in->functions[i].error = -sweep_function(b, &b->in->functions[i]);
	for (i = 0; i < b->in->nr_fixups; i++)
		mark_target(b, b->in->fixups[i].to, MARK_HIDDEN);
	for (i = 0; i < b->in->nr_jump_labels; i++)
		mark_target(b, b->labels[i].to, 0);
	while (b->nr_outside)
		follow_outside(b, b->outside[--b->nr_outside]);
}

/* --- from instructions to blocks ----------------------------------------------------------- */

/* A function being cut into blocks; offsets are the function's. */
struct scan {
	struct builder *b;
	const struct flow_function *function;
	struct walk walk;
	u32 start;		/* of the function in its span */
	u32 entry;		/* the instruction that the entry site sits on */
	u32 blocks;		/* finished ones */
	u32 branches;
	bool fill;		/* into b->flow, else only count and check */
	bool unsure;		/* TRAIT_UNSURE */
	bool dead;		/* the instruction before was a dead end, or padding behind one */
	bool open;		/* in a block: */
	bool seeking;		/* its site has not been found and may still be */
	u32 insns;		/* it has so many */
	u32 tail;		/* what a probe could see of its last part that cannot stop */
	struct flow_block block;
};

static void open_block(struct scan *scan)
{
	u32 offset = scan->walk.at - scan->start;
	u16 marks = *walk_marks(scan->b, &scan->walk);

	scan->block = (struct flow_block){
		.function = scan->function - scan->b->in->functions,
		.offset = offset,
		.site = FLOW_NONE,
		.next = { FLOW_NONE, FLOW_NONE },
		.branch = FLOW_NONE,
	};
	if (!offset && !scan->function->cold)
		scan->block.flags = FLOW_BLOCK_ENTRY;
	else if (marks & MARK_HIDDEN || scan->unsure)
		scan->block.flags = FLOW_BLOCK_HIDDEN;
	scan->insns = 0;
	scan->tail = FLOW_NONE;
	scan->open = true;
	scan->seeking = true;
}

static bool may_fault(const struct scan *scan)
{
	const u16 *marks = walk_marks(scan->b, &scan->walk);
	u32 i;

	for (i = 0; i < scan->walk.step.insn.length; i++)
		if (marks[i] & MARK_FAULT)
			return true;
	return false;
}

/* Take the current instruction into the block. */
static void add_step(struct scan *scan)
{
	const struct step *step = &scan->walk.step;
	u32 offset = scan->walk.at - scan->start;
	bool is_entry = scan->block.flags & FLOW_BLOCK_ENTRY && offset <= scan->entry;
	bool reserved = *walk_marks(scan->b, &scan->walk) & MARK_RESERVED;
	bool stops = false;

	scan->insns++;
	if (scan->seeking && !is_entry && !reserved) {
		scan->block.site = offset;
		scan->seeking = false;
	}
	if (!is_terminator(step->kind))
		stops = step->kind == STEP_CALL || step->kind == STEP_TRAP ||
			may_fault(scan) || scan->unsure;
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

static void put_branch(struct scan *scan)
{
	const struct step *step = &scan->walk.step;
	u32 index = scan->function->first_branch + scan->branches;

	scan->block.branch = index;
	scan->b->flow->branches[index] = (struct flow_branch){
		.target = step->insn.target,
		.block = scan->function->first_block + scan->blocks,
		.offset = scan->walk.at - scan->start,
		.length = step->insn.length,
		.condition = step->insn.condition,
		.narrow = step->insn.narrow,
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
	/* Behind whatever is no dead end the next block begins at once. */
	if (!last && kind != FLOW_END_JMP && kind != FLOW_END_AWAY)
		block->next[0] = index + 1;
	/* Between two instructions somebody unknown may jump in. */
	if (scan->unsure && scan->insns > 1)
		block->flags |= FLOW_BLOCK_UNSURE | FLOW_BLOCK_STOPS;
	if (scan->fill) {
		if (kind == FLOW_END_JCC)
			put_branch(scan);
		scan->b->flow->blocks[index] = *block;
		scan->b->targets[index] = target;
		scan->b->tails[index] = scan->tail;
	}
	scan->branches += kind == FLOW_END_JCC;
	scan->blocks++;
	scan->open = false;
}

/* If anybody goes into the middle of the instruction, it is not what it seems. */
static bool is_misread(const struct scan *scan)
{
	const u16 *marks = walk_marks(scan->b, &scan->walk);
	u32 i;

	for (i = 0; i < scan->walk.step.insn.length; i++) {
		if (marks[i] & MARK_LEADER && !(marks[i] & MARK_START))
			return true;
		if (i && marks[i] & MARK_PLACES)
			return true;
	}
	return false;
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
	bool leader = *walk_marks(scan->b, walk) & MARK_LEADER;

	if (is_misread(scan))
		return -EILSEQ;
	if (scan->open && leader)
		close_block(scan, FLOW_END_FALL, walk->at, 0);
	if (!scan->open) {
		if (scan->dead && !leader && is_padding(kind))
			return 0;
		open_block(scan);
	}
	/* Control may come here, so it is no padding. */
	if (kind == STEP_INT3)
		return -EBUSY;
	add_step(scan);
	if (is_terminator(kind) || kind == STEP_TRAP)
		close_block(scan, ends[kind], walk->next,
			    is_terminator(kind) ? walk->step.target : 0);
	scan->dead = is_dead_end(kind);
	return 0;
}

/* Cut a function into blocks; those of an unselected one are only checked. */
static int scan_function(struct builder *b, struct flow_function *function, bool fill)
{
	struct scan scan = {
		.b = b,
		.function = function,
		.fill = fill,
		.unsure = b->traits[function - b->in->functions] & TRAIT_UNSURE,
	};
	int err = walk_function(b, function, &scan.walk);

	if (err)
		return err;
	scan.start = scan.walk.next;
	scan.entry = b->entries[function - b->in->functions];
	while ((err = walk_next(b, &scan.walk)) > 0) {
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

/* Find out which functions can be cut into blocks, and into how many. */
static void check_and_count(struct builder *b)
{
	struct flow *flow = b->flow;
	u32 i;

	for (i = 0; i < b->in->nr_functions; i++) {
		struct flow_function *function = &b->in->functions[i];

		function->first_block = flow->nr_blocks;
		function->first_branch = flow->nr_branches;
		function->blocks = 0;
		function->branches = 0;
		if (!function->error)
			function->error = -scan_function(b, function, false);
		flow->nr_blocks += function->blocks;
		flow->nr_branches += function->branches;
	}
}

/* --- functions that jump into each other --------------------------------------------------- */

/*
 * The function with index @from, or FLOW_NONE, goes to @to. If that is another function,
 * but not its entry, gcc has made one of them as a cold part of the other; then what is
 * not known of the one is not known of the other.
 */
static void relate(struct builder *b, u32 from, u64 to)
{
	const struct flow_function *functions = b->in->functions;
	u32 into = function_at(b, to);

	to = way_in(b, to);
	if (from == FLOW_NONE || into == FLOW_NONE || from == into)
		return;
	if (to == functions[into].address && !functions[into].cold)
		return;
	if (functions[from].error)
		b->traits[into] |= TRAIT_UNSURE;
	else
		b->traits[into] |= TRAIT_ENTERED;
	if (functions[into].error)
		b->traits[from] |= TRAIT_UNSURE;
	if (!has_blocks(&functions[from]))
		*marks_at(b, to) |= MARK_HIDDEN;
}

/*
 * Where a function cannot be read, go on a byte further: a jump wrongly made out there
 * costs some sites, one not made out may cost the truth.
 */
static void relate_by_jumps(struct builder *b, u32 index)
{
	struct walk walk;
	int err;

	if (walk_function(b, &b->in->functions[index], &walk))
		return;
	while ((err = walk_next(b, &walk)) != 0) {
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
		relate(b, function_at(b, in->fixups[i].from), in->fixups[i].to);
	for (i = 0; i < in->nr_jump_labels; i++) {
		const u16 *from = marks_at(b, b->labels[i].from);
		u16 *to = marks_at(b, b->labels[i].to);

		relate(b, function_at(b, b->labels[i].from), b->labels[i].to);
		/* Not the end of a block: nobody has read as far as there. */
		if (to && !(from && *from & MARK_START && *from & MARK_INSIDE))
			*to |= MARK_HIDDEN;
	}
}

/*
 * Functions whose ways in are not all known. A failed function's jumps are not, and
 * lead into its cold part or its parent. Those are found by their own jumps; except
 * for a cold part that is entered from its failed parent alone and never goes back: but
 * then nobody else is seen to enter it.
 */
static void find_unsure(struct builder *b)
{
	const struct flow_input *in = b->in;
	u32 i;

	for (i = 0; i < in->nr_functions; i++)
		relate_by_jumps(b, i);
	relate_by_tables(b);
	for (i = 0; i < in->nr_functions; i++)
		if (in->incomplete ||
		    (in->functions[i].cold && !(b->traits[i] & TRAIT_ENTERED)))
			b->traits[i] |= TRAIT_UNSURE;
}

/* --- ways ---------------------------------------------------------------------------------- */

static void link_blocks(struct builder *b)
{
	u32 i;

	for (i = 0; i < b->flow->nr_blocks; i++) {
		struct flow_block *block = &b->flow->blocks[i];

		if (b->targets[i])
			block->next[1] = block_at(b, way_in(b, b->targets[i]));
		/* As far as is known it may be a static call, and go elsewhere tomorrow. */
		if (b->in->incomplete && block->next[1] != FLOW_NONE &&
		    b->flow->blocks[block->next[1]].function != block->function)
			block->next[1] = FLOW_NONE;
		if (block->end == FLOW_END_JMP && block->next[1] == FLOW_NONE)
			block->end = FLOW_END_AWAY;
	}
}

/* The blocks' ways in, sorted by block: count them, then put each into its place. */
static int collect_ways(struct flow *flow)
{
	u32 i, slot, sum = 0;

	flow->first_way = pure_alloc((size_t)flow->nr_blocks + 1, sizeof(*flow->first_way));
	if (!flow->first_way)
		return -ENOMEM;
	for (i = 0; i < flow->nr_blocks; i++)
		for (slot = 0; slot < 2; slot++)
			if (flow->blocks[i].next[slot] != FLOW_NONE)
				flow->first_way[flow->blocks[i].next[slot]]++;
	for (i = 0; i <= flow->nr_blocks; i++) {
		sum += flow->first_way[i];
		flow->first_way[i] = sum;	/* the end, for now */
	}
	flow->ways = pure_alloc((size_t)sum + 1, sizeof(*flow->ways));
	if (!flow->ways)
		return -ENOMEM;
	for (i = 0; i < flow->nr_blocks; i++)
		for (slot = 0; slot < 2; slot++)
			if (flow->blocks[i].next[slot] != FLOW_NONE)
				flow->ways[--flow->first_way[flow->blocks[i].next[slot]]] =
					(struct flow_way){ i, slot };
	return 0;
}

/*
 * Code to which no known way leads from a function's entry must have one that is not
 * known, or it is dead; and then any of its blocks may be where that leads.
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
		if (flow->blocks[i].flags & (FLOW_BLOCK_ENTRY | FLOW_BLOCK_HIDDEN)) {
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

/*
 * Some blocks offer no place for a site: a static branch alone, or a static call to begin
 * with. They are known by their ways in, but for those from blocks that may stop. There
 * it helps to cut off what follows the last call: that is a block which cannot stop.
 * Return: whether there is anything to cut.
 */
static bool cut_tails(struct builder *b)
{
	const struct flow *flow = b->flow;
	bool cut = false;
	u32 i, k;

	for (i = 0; i < flow->nr_blocks; i++) {
		if (flow->blocks[i].site != FLOW_NONE ||
		    flow->blocks[i].flags & (FLOW_BLOCK_ENTRY | FLOW_BLOCK_HIDDEN))
			continue;
		for (k = flow->first_way[i]; k < flow->first_way[i + 1]; k++) {
			u32 from = flow->ways[k].block;
			const struct flow_block *block = &flow->blocks[from];

			if (!(block->flags & FLOW_BLOCK_STOPS) || b->tails[from] == FLOW_NONE ||
			    (block->end != FLOW_END_FALL && block->end != FLOW_END_JMP))
				continue;
			mark_target(b, b->in->functions[block->function].address +
				    b->tails[from], 0);
			cut = true;
		}
	}
	return cut;
}

/* --- setting up ---------------------------------------------------------------------------- */

static int span_cmp(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->base < y->base ? -1 : x->base > y->base;
}

static int pair_cmp(const void *a, const void *b)
{
	const struct flow_pair *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static int lay_out_marks(struct builder *b)
{
	const struct flow_input *in = b->in;
	u32 i, total = 0;

	b->spans = pure_alloc((size_t)in->nr_texts + 1, sizeof(*b->spans));
	if (!b->spans)
		return -ENOMEM;
	for (i = 0; i < in->nr_texts; i++)
		b->spans[i] = (struct span){
			.base = in->texts[i].base,
			.bytes = in->texts[i].bytes,
			.size = in->texts[i].size,
		};
	sort(b->spans, in->nr_texts, sizeof(*b->spans), span_cmp, NULL);
	for (i = 0; i < in->nr_texts; i++) {
		if (b->spans[i].size > MAX_TEXT - total)
			return -E2BIG;
		b->spans[i].first = total;
		total += b->spans[i].size;
	}
	b->marks = pure_alloc((size_t)total + 1, sizeof(*b->marks));
	return b->marks ? 0 : -ENOMEM;
}

static void mark_place(struct builder *b, u64 address, u16 marks)
{
	u16 *at = marks_at(b, address);

	if (at)
		*at |= marks;
}

static void mark_tables(struct builder *b)
{
	const struct flow_input *in = b->in;
	u32 i;

	for (i = 0; i < in->nr_fixups; i++)
		mark_place(b, in->fixups[i].from, MARK_FAULT);
	for (i = 0; i < in->nr_jump_labels; i++)
		mark_place(b, in->jump_labels[i].from, MARK_LABEL);
	for (i = 0; i < in->nr_bugs; i++)
		mark_place(b, in->bugs[i].address,
			   MARK_BUG | (in->bugs[i].warn ? MARK_WARN : 0));
	for (i = 0; i < in->nr_fentries; i++)
		mark_place(b, in->fentries[i], MARK_FENTRY);
	for (i = 0; i < in->nr_static_calls; i++)
		mark_place(b, in->static_calls[i], MARK_STATIC_CALL);
}

/*
 * Where a function's entry site sits, from its first byte: on the place that ftrace owns
 * or, where there is none, on the first instruction, but behind an endbr64 (see the
 * kernel's arch_adjust_kprobe_addr()).
 */
static u8 find_entry(const struct builder *b, const struct walk *body)
{
	static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	u32 i, size = body->end - body->next;

	for (i = 0; i <= MAX_PROLOGUE && i < size; i++)
		if (b->marks[body->span->first + body->next + i] & MARK_FENTRY)
			return i;
	if (size > sizeof(endbr64) &&
	    !memcmp(body->span->bytes + body->next, endbr64, sizeof(endbr64)))
		return sizeof(endbr64);
	return 0;
}

static void set_entry(struct builder *b, u32 index, const struct walk *body)
{
	struct flow_function *function = &b->in->functions[index];
	u16 marks;

	b->entries[index] = find_entry(b, body);
	marks = b->marks[body->span->first + body->next + b->entries[index]];
	function->entry = b->entries[index];
	function->reserved = marks & MARK_RESERVED & ~MARK_FENTRY;
}

/* Mark what belongs to functions; each byte that does not may be in b->outside once. */
static int mark_functions(struct builder *b)
{
	const struct flow_input *in = b->in;
	const struct span *last = in->nr_texts ? &b->spans[in->nr_texts - 1] : NULL;
	u32 total = last ? last->first + last->size : 0, others = 0, i;

	for (i = 0; i < in->nr_functions; i++) {
		struct walk walk;

		if (walk_function(b, &in->functions[i], &walk))
			continue;
		if (!in->functions[i].cold)
			set_entry(b, i, &walk);
		for (; walk.next < walk.end; walk.next++)
			b->marks[walk.span->first + walk.next] |= MARK_INSIDE;
	}
	for (i = 0; i < total; i++)
		others += !(b->marks[i] & MARK_INSIDE);
	b->outside = pure_alloc((size_t)others + 1, sizeof(*b->outside));
	return b->outside ? 0 : -ENOMEM;
}

static int builder_init(struct builder *b)
{
	const struct flow_input *in = b->in;
	int err = lay_out_marks(b);

	if (err)
		return err;
	b->labels = pure_alloc((size_t)in->nr_jump_labels + 1, sizeof(*b->labels));
	b->traits = pure_alloc((size_t)in->nr_functions + 1, sizeof(*b->traits));
	b->entries = pure_alloc((size_t)in->nr_functions + 1, sizeof(*b->entries));
	if (!b->labels || !b->traits || !b->entries)
		return -ENOMEM;
	if (in->nr_jump_labels)
		memcpy(b->labels, in->jump_labels, in->nr_jump_labels * sizeof(*b->labels));
	sort(b->labels, in->nr_jump_labels, sizeof(*b->labels), pair_cmp, NULL);
	mark_tables(b);
	return mark_functions(b);
}

static void builder_free(struct builder *b)
{
	pure_free(b->spans);
	pure_free(b->marks);
	pure_free(b->labels);
	pure_free(b->traits);
	pure_free(b->entries);
	pure_free(b->outside);
	pure_free(b->targets);
	pure_free(b->tails);
}

/* Errors, counts and traits are known: make the blocks. */
static int fill_flow(struct builder *b)
{
	struct flow *flow = b->flow;
	int err;
	u32 i;

	flow->blocks = pure_alloc((size_t)flow->nr_blocks + 1, sizeof(*flow->blocks));
	flow->branches = pure_alloc((size_t)flow->nr_branches + 1, sizeof(*flow->branches));
	b->targets = pure_alloc((size_t)flow->nr_blocks + 1, sizeof(*b->targets));
	b->tails = pure_alloc((size_t)flow->nr_blocks + 1, sizeof(*b->tails));
	if (!flow->blocks || !flow->branches || !b->targets || !b->tails)
		return -ENOMEM;
	for (i = 0; i < b->in->nr_functions; i++)
		if (has_blocks(&b->in->functions[i]))
			scan_function(b, &b->in->functions[i], true);
	link_blocks(b);
	err = collect_ways(flow);
	return err ? err : find_orphans(flow);
}

/* As if nothing had been counted and filled. */
static void clear_flow(struct builder *b)
{
	flow_free(b->flow);
	pure_free(b->targets);
	pure_free(b->tails);
	b->targets = NULL;
	b->tails = NULL;
}

int flow_build(struct flow_input *in, struct flow *flow)
{
	struct builder b = { .in = in, .flow = flow };
	int err;

	*flow = (struct flow){ 0 };
	err = builder_init(&b);
	if (!err) {
		sweep(&b);
		check_and_count(&b);
		find_unsure(&b);
		err = fill_flow(&b);
	}
	if (!err && cut_tails(&b)) {
		clear_flow(&b);
		check_and_count(&b);
		err = fill_flow(&b);
	}
	builder_free(&b);
	if (err)
		flow_free(flow);
	return err;
}

void flow_free(struct flow *flow)
{
	pure_free(flow->blocks);
	pure_free(flow->branches);
	pure_free(flow->first_way);
	pure_free(flow->ways);
	*flow = (struct flow){ 0 };
}
