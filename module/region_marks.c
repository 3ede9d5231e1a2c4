// SPDX-License-Identifier: GPL-2.0-only
/*
 * region_marks.c - see region_marks.h.
 *
 * Jumping into the middle of a region crashes the kernel. So the blocks alone are not relied on:
 * the texts are decoded once more as a whole, functions without blocks and the bytes between
 * functions included, and every address that a branch leads to or an operand names is marked, even
 * where that is most likely chance. A mark where control never arrives costs a region at worst.
 * After a call or a trap nothing has to be marked: neither can be relocated, so what follows can
 * only be a region's first byte.
 *
 * Decoding needs no blocks, so it can run while they are made.
 */
#include "insn_branch.h"
#include "region_marks.h"

/* --- addresses ----------------------------------------------------------------------------- */

/* Mark @length bytes, as far as they are in one text. */
static void mark(struct region_marks *m, u64 address, u32 length, u8 marks)
{
	const struct text_span *span = text_map_find(&m->texts, address);
	u32 at;

	if (!span)
		return;
	for (at = address - span->base; length && at < span->size; at++, length--)
		m->marks[span->first + at] |= marks;
}

/* The first function that begins at or after @address. */
static u32 function_from(const struct flow_input *in, u64 address)
{
	u32 low = 0, high = in->nr_functions;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (in->functions[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* --- reading the texts --------------------------------------------------------------------- */

static void mark_named(struct region_marks *m, const u64 *pointers, u32 nr_pointers)
{
	const struct flow_input *in = m->in;
	u32 i;

	for (i = 0; i < in->nr_fixups; i++) {
		mark(m, in->fixups[i].from, 1, REGION_MARK_HELD);
		mark(m, in->fixups[i].to, 1, REGION_MARK_ENTERED);
	}
	for (i = 0; i < in->nr_jump_labels; i++) {
		mark(m, in->jump_labels[i].from, 1, REGION_MARK_HELD);
		mark(m, in->jump_labels[i].to, 1, REGION_MARK_ENTERED);
	}
	for (i = 0; i < in->nr_bugs; i++)
		mark(m, in->bugs[i].address, 1, REGION_MARK_HELD);
	for (i = 0; i < in->nr_fentries; i++) {
		mark(m, in->fentries[i], FLOW_PATCHED_LEN, REGION_MARK_HELD);
		mark(m, in->fentries[i], 1, REGION_MARK_FENTRY);
	}
	for (i = 0; i < in->nr_static_calls; i++)
		mark(m, in->static_calls[i], FLOW_PATCHED_LEN, REGION_MARK_HELD);
	for (i = 0; i < nr_pointers; i++)
		mark(m, pointers[i], 1, REGION_MARK_ENTERED);
}

/* Goes through the instructions of a text, beginning anew at each function. */
struct sweep {
	const struct text_span *text;
	u8 *marks;		/* of its bytes */
	u32 at;			/* in the text */
	u32 limit;		/* where the next function begins, or the text ends */
	u32 function;		/* the one at @limit, or after it */
	bool left;		/* before @at: a jump or a return, and at most int3s after it */
};

static void begin_function(struct region_marks *m, struct sweep *sweep)
{
	const struct flow_function *functions = m->in->functions;
	const struct text_span *text = sweep->text;
	u64 here = text->base + sweep->at;
	u32 next = sweep->function;

	while (next < m->in->nr_functions && functions[next].address <= here)
		next++;
	sweep->function = next;
	sweep->left = false;
	sweep->limit = text->size;
	if (next < m->in->nr_functions && functions[next].address - text->base < text->size)
		sweep->limit = functions[next].address - text->base;
}

static void read_insn(struct region_marks *m, struct sweep *sweep, const struct insn_branch *insn)
{
	const u8 *bytes = sweep->text->bytes + sweep->at;
	u64 address = sweep->text->base + sweep->at, names[INSN_NR_NAMES];

	sweep->marks[sweep->at] |= REGION_MARK_START;
	if (insn->kind == INSN_INT3 && sweep->left)
		sweep->marks[sweep->at] |= REGION_MARK_FILL;
	else
		sweep->left = insn->kind == INSN_JMP || insn->kind == INSN_RET;
	if (insn_branch_is_plain(insn))
		sweep->marks[sweep->at] |= REGION_MARK_PLAIN;
	else if (insn->target)
		mark(m, insn->target, 1, REGION_MARK_ENTERED);
	if (insn_branch_may_end(insn))
		sweep->marks[sweep->at] |= REGION_MARK_LAST;
	if (!insn->rip_disp && !insn->abs_disp && insn->imm < 4)
		return;
	insn_branch_names(bytes, address, insn, names);
	mark(m, names[INSN_BY_MEMORY], 1, REGION_MARK_ENTERED);
	mark(m, names[INSN_BY_IMMEDIATE], 1, REGION_MARK_ENTERED);
}

/* Where bytes cannot be decoded, continue at the next one: see the head of this file. */
static void read_text(struct region_marks *m, const struct text_span *text)
{
	struct sweep sweep = {
		.text = text,
		.marks = m->marks + text->first,
		.function = function_from(m->in, text->base),
	};
	struct insn_branch insn;

	while (sweep.at < text->size) {
		if (sweep.at == sweep.limit || !sweep.limit) {
			begin_function(m, &sweep);
			pure_rest();
		}
		if (insn_branch_decode(text->bytes + sweep.at, sweep.limit - sweep.at,
				       text->base + sweep.at, &insn)) {
			sweep.at++;
			continue;
		}
		read_insn(m, &sweep, &insn);
		sweep.at += insn.length;
	}
}

/* --- setting up ---------------------------------------------------------------------------- */

/* Return: 0, -ENOMEM, -E2BIG. */
static int set_up(struct region_marks *m)
{
	int err = text_map_init(&m->texts, m->in->texts, m->in->nr_texts);

	if (err)
		return err;
	m->marks = pure_alloc((size_t)m->texts.nr_bytes + 1, sizeof(*m->marks));
	return m->marks ? 0 : -ENOMEM;
}

struct region_marks *region_marks_read(const struct flow_input *in,
				       const u64 *pointers, u32 nr_pointers)
{
	struct region_marks *m = pure_alloc(1, sizeof(*m));
	u32 i;

	if (!m)
		return NULL;
	m->in = in;
	if (set_up(m)) {
		region_marks_free(m);
		return NULL;
	}
	mark_named(m, pointers, nr_pointers);
	for (i = 0; i < in->nr_texts; i++)
		read_text(m, &m->texts.spans[i]);
	return m;
}

void region_marks_free(struct region_marks *m)
{
	if (!m)
		return;
	text_map_free(&m->texts);
	pure_free(m->marks);
	pure_free(m);
}
