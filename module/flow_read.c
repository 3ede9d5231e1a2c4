// SPDX-License-Identifier: GPL-2.0-only
/*
 * flow_read.c - see flow_read.h.
 */
#include "flow_read.h"

#define MAX_PROLOGUE	16U	/* endbr64 and nops before an fentry site */

/* --- addresses ----------------------------------------------------------------------------- */

const struct text_span *reader_span(const struct reader *r, u64 address)
{
	return text_map_find(&r->texts, address);
}

u16 *reader_marks(const struct reader *r, u64 address)
{
	const struct text_span *span = reader_span(r, address);

	return span ? &r->marks[span->first + (address - span->base)] : NULL;
}

/* An address and a function: is it before, in or after it? */
static int function_cmp(const void *key, const void *element)
{
	const struct flow_function *function = element;
	u64 address = *(const u64 *)key;

	if (address - function->address < function->size)
		return 0;
	return address < function->address ? -1 : 1;
}

u32 reader_function(const struct reader *r, u64 address)
{
	const struct flow_function *functions = r->in->functions, *found;
	u32 n = r->in->nr_functions;

	if (!n || address < functions[0].address ||
	    address > functions[n - 1].address + functions[n - 1].size)
		return FLOW_NONE;
	if (!function_cmp(&address, &functions[r->near]))
		return r->near;
	found = pure_search(&address, functions, n, sizeof(*functions), function_cmp);
	return found ? found - functions : FLOW_NONE;
}

u64 reader_entered(const struct reader *r, u32 index, u64 address)
{
	u64 start = r->in->functions[index].address;

	return address - start == r->entries[index] ? start : address;
}

u64 reader_way_in(const struct reader *r, u64 address)
{
	u32 index = reader_function(r, address);

	return index == FLOW_NONE ? address : reader_entered(r, index, address);
}

static int pair_cmp(const void *a, const void *b)
{
	const struct flow_pair *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static u64 label_target(const struct reader *r, u64 address)
{
	const struct flow_pair key = { .from = address };
	const struct flow_pair *label = pure_search(&key, r->labels, r->in->nr_jump_labels,
						    sizeof(*r->labels), pair_cmp);

	return label ? label->to : 0;
}

/* --- one instruction ----------------------------------------------------------------------- */

/* A static branch is at present a nop or a jump, of 2 or 5 bytes; either may change at any time. */
static int label_step(const struct reader *r, u64 address, struct step *step)
{
	if (step->insn.kind == INSN_INT3)
		return -EBUSY;
	if (step->insn.kind != INSN_NOP && step->insn.kind != INSN_JMP)
		return -EILSEQ;
	step->kind = STEP_STATIC;
	step->target = label_target(r, address);
	return 0;
}

/*
 * A static call is a call or, while it has no function, a nop or an xor; as a tail call a jump
 * or a return; from 6.3 on also a conditional jump, of 6 bytes. What it calls may change, so it
 * has no target.
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
	step->insn.length = FLOW_PATCHED_LEN;
	return 0;
}

static enum step_kind trap_kind(const struct reader *r, u16 marks)
{
	if (marks & MARK_WARN)
		return STEP_ON;
	return r->in->incomplete ? STEP_TRAP : STEP_AWAY;
}

static void plain_step(const struct reader *r, u16 marks, struct step *step)
{
	static const u8 kinds[] = {
		[INSN_OTHER] = STEP_ON,		[INSN_NOP] = STEP_PAD,
		[INSN_JCC] = STEP_JCC,		[INSN_JMP] = STEP_JMP,
		[INSN_JMP_IND] = STEP_AWAY,	[INSN_CALL] = STEP_CALL,
		[INSN_CALL_IND] = STEP_CALL,	[INSN_RET] = STEP_AWAY,
		[INSN_INT3] = STEP_INT3,
	};

	step->target = step->insn.target;
	step->kind = step->insn.kind == INSN_TRAP ? trap_kind(r, marks) : kinds[step->insn.kind];
}

/*
 * The jump of an optimised kprobe: neither the five bytes that it has replaced nor those after
 * them can be decoded.
 */
static bool is_foreign_jump(const struct reader *r, const struct step *step)
{
	return step->kind == STEP_JMP && r->in->is_code && !reader_span(r, step->target) &&
	       !r->in->is_code(step->target);
}

int walk_decode(const struct reader *r, struct walk *walk)
{
	const struct text_span *span = walk->span;
	u16 marks = r->marks[span->first + walk->at];
	u64 address = span->base + walk->at;
	u32 room = walk->end - walk->at;
	struct step *step = &walk->step;
	int err = 0;

	*step = (struct step){ .kind = STEP_ON };
	if (marks & MARK_FENTRY)
		/* While ftrace is active it is a call, which always comes back. */
		step->insn.length = FLOW_PATCHED_LEN;
	else if (insn_branch_decode(span->bytes + walk->at, room, address, &step->insn))
		err = -EILSEQ;
	else if (marks & MARK_LABEL)
		err = label_step(r, address, step);
	else if (marks & MARK_STATIC_CALL)
		err = static_call_step(step);
	else
		plain_step(r, marks, step);
	if (!err && is_foreign_jump(r, step))
		err = -EBUSY;
	if (err)
		return err;
	r->plain[span->first + walk->at] = plain_of(step);
	walk->next = walk->at + step->insn.length;
	return step->insn.length > room ? -EILSEQ : 1;
}

int walk_function(struct reader *r, const struct flow_function *function,
		  struct walk *walk)
{
	const struct text_span *span = reader_span(r, function->address);
	u64 offset;

	if (!span)
		return -EFAULT;
	offset = function->address - span->base;
	if (!function->size || function->size > span->size - offset)
		return -EFAULT;
	r->near = function - r->in->functions;
	walk->span = span;
	walk->next = offset;
	walk->end = offset + function->size;
	walk->whole = false;
	return 0;
}

/* --- setting up ---------------------------------------------------------------------------- */

static int lay_out_marks(struct reader *r)
{
	int err = text_map_init(&r->texts, r->in->texts, r->in->nr_texts);

	if (err)
		return err;
	r->marks = pure_alloc((size_t)r->texts.nr_bytes + 1, sizeof(*r->marks));
	r->plain = pure_alloc((size_t)r->texts.nr_bytes + 1, sizeof(*r->plain));
	return r->marks && r->plain ? 0 : -ENOMEM;
}

static void mark_place(struct reader *r, u64 address, u16 marks)
{
	u16 *at = reader_marks(r, address);

	if (at)
		*at |= marks;
}

static void mark_tables(struct reader *r)
{
	const struct flow_input *in = r->in;
	u32 i;

	for (i = 0; i < in->nr_fixups; i++)
		mark_place(r, in->fixups[i].from, MARK_FAULT);
	for (i = 0; i < in->nr_jump_labels; i++)
		mark_place(r, in->jump_labels[i].from, MARK_LABEL);
	for (i = 0; i < in->nr_bugs; i++)
		mark_place(r, in->bugs[i].address,
			   MARK_BUG | (in->bugs[i].warn ? MARK_WARN : 0));
	for (i = 0; i < in->nr_fentries; i++)
		mark_place(r, in->fentries[i], MARK_FENTRY);
	for (i = 0; i < in->nr_static_calls; i++)
		mark_place(r, in->static_calls[i], MARK_STATIC_CALL);
}

/*
 * Offset of a function's entry site from its first byte: the fentry site or, where there is
 * none, the first instruction, but after an endbr64 (see the kernel's
 * arch_adjust_kprobe_addr()).
 */
static u8 find_entry(const struct reader *r, const struct walk *body)
{
	u32 i, size = body->end - body->next;

	for (i = 0; i <= MAX_PROLOGUE && i < size; i++)
		if (r->marks[body->span->first + body->next + i] & MARK_FENTRY)
			return i;
	return size > ENDBR_LEN && insn_is_endbr(body->span->bytes + body->next) ? ENDBR_LEN : 0;
}

/* Marks of the byte that a breakpoint of the entry would be on: after the fentry site, if any. */
static u16 entry_marks(const struct reader *r, const struct walk *body, u8 entry)
{
	const u16 *marks = &r->marks[body->span->first + body->next];
	u32 at = entry;

	if (marks[at] & MARK_FENTRY)
		at += FLOW_PATCHED_LEN;
	return at < body->end - body->next ? marks[at] : 0;
}

static void set_entry(struct reader *r, u32 index, const struct walk *body)
{
	struct flow_function *function = &r->in->functions[index];

	r->entries[index] = find_entry(r, body);
	function->entry = r->entries[index];
	function->reserved = entry_marks(r, body, function->entry) & MARK_RESERVED;
}

static void mark_functions(struct reader *r)
{
	const struct flow_input *in = r->in;
	u32 i;

	for (i = 0; i < in->nr_functions; i++) {
		struct walk walk;

		pure_rest();
		if (walk_function(r, &in->functions[i], &walk))
			continue;
		if (!in->functions[i].cold)
			set_entry(r, i, &walk);
		for (; walk.next < walk.end; walk.next++)
			r->marks[walk.span->first + walk.next] |= MARK_INSIDE;
	}
}

int reader_init(struct reader *r)
{
	const struct flow_input *in = r->in;
	int err = lay_out_marks(r);

	if (err)
		return err;
	r->labels = pure_alloc((size_t)in->nr_jump_labels + 1, sizeof(*r->labels));
	r->entries = pure_alloc((size_t)in->nr_functions + 1, sizeof(*r->entries));
	if (!r->labels || !r->entries)
		return -ENOMEM;
	if (in->nr_jump_labels)
		memcpy(r->labels, in->jump_labels, in->nr_jump_labels * sizeof(*r->labels));
	sort(r->labels, in->nr_jump_labels, sizeof(*r->labels), pair_cmp, NULL);
	mark_tables(r);
	mark_functions(r);
	return 0;
}

void reader_free(struct reader *r)
{
	text_map_free(&r->texts);
	pure_free(r->marks);
	pure_free(r->plain);
	pure_free(r->labels);
	pure_free(r->entries);
}
