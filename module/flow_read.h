/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flow_read.h - a target's text as flow.c reads it: marks that say what is known of each byte, and
 * where control goes from each instruction, given the target's tables. Pure. flow_read.c owns the
 * marks and sets those that follow from the tables; flow.c adds what it finds.
 */
#ifndef LIVECOV_FLOW_READ_H
#define LIVECOV_FLOW_READ_H

#include "flow.h"
#include "insn_branch.h"
#include "text_map.h"

/* What is known of a byte of text. */
#define MARK_INSIDE	(1U << 0)	/* it belongs to a function */
#define MARK_START	(1U << 1)	/* an instruction begins here that may be jumped to */
#define MARK_LEADER	(1U << 2)	/* control comes here from elsewhere */
#define MARK_HIDDEN	(1U << 3)	/* and not, or not only, from the end of a block */
#define MARK_FAULT	(1U << 4)	/* the exception table names it */
#define MARK_LABEL	(1U << 5)	/* a static branch */
#define MARK_STATIC_CALL (1U << 6)
#define MARK_FENTRY	(1U << 7)	/* an fentry site */
#define MARK_BUG	(1U << 8)	/* a ud2 of the bug table */
#define MARK_WARN	(1U << 9)	/* the BUG is a WARN */

/* An instruction must begin there, or the text has been misread. */
#define MARK_PLACES	(MARK_LABEL | MARK_STATIC_CALL | MARK_FENTRY | MARK_BUG)
/* Where register_kprobe() refuses, and fentry sites, which belong to entry sites. */
#define MARK_RESERVED	MARK_PLACES

/**
 * struct reader - texts, and what is known of their bytes
 * @in: the target
 * @texts: its texts
 * @marks: MARK_*, one for each byte of @texts
 * @plain: one for each byte: plain_of() if an instruction begins there that has been decoded,
 *	   and of which only the kind and length matter; else 0
 * @labels: the target's static branches, sorted by @from
 * @entries: one for each function: offset of its entry site's instruction from its first byte
 * @near: index of the function that is being walked; looked at first, as most jumps stay in it
 */
struct reader {
	struct flow_input *in;
	struct text_map texts;
	u16 *marks;
	u8 *plain;
	struct flow_pair *labels;
	u8 *entries;
	u32 near;
};

/* Where control goes from an instruction, given the tables. */
enum step_kind {
	STEP_ON,	/* to the next one */
	STEP_PAD,	/* to the next one, but after a dead end it is padding */
	STEP_INT3,	/* padding, or another user's breakpoint */
	STEP_CALL,	/* elsewhere, and perhaps back to the next one */
	STEP_TRAP,	/* perhaps to the next one: a ud2, and the bug table is not known */
	STEP_JCC,	/* this one and those below are terminators */
	STEP_STATIC,	/* a static branch: to the next one or to its target */
	STEP_JMP,	/* to its target */
	STEP_AWAY,	/* elsewhere for good: a return, an indirect jump, a BUG */
};

/**
 * struct step - an instruction, and where control goes from it
 * @kind: enum step_kind
 * @target: address that it jumps or calls to, if that is known; else 0
 * @insn: the instruction, as far as walk_next() decodes it
 */
struct step {
	enum step_kind kind;
	u64 target;
	struct insn_branch insn;
};

/**
 * plain_of - kind and length (1 to INSN_MAX_LEN) of an instruction in a byte of struct reader.plain
 * @step: a decoded instruction
 *
 * It stays valid: neither the tables nor the copy of the text change while it is read.
 *
 * Return: the byte; 0 if more than these matters: it has a target or is a conditional jump.
 */
static inline u8 plain_of(const struct step *step)
{
	return step->target || step->kind == STEP_JCC ? 0 : step->kind << 4 | step->insn.length;
}

/* plain_kind - the kind in plain_of()'s byte */
static inline enum step_kind plain_kind(u8 plain)
{
	return plain >> 4;
}

/* plain_length - the length in plain_of()'s byte, bytes */
static inline u32 plain_length(u8 plain)
{
	return plain & 0x0f;
}

/**
 * struct walk - reads instructions one after the other; offsets are relative to the span
 * @span: the text
 * @at: offset of the current instruction
 * @next: offset of the one after it
 * @end: offset of the function's end
 * @whole: decode each instruction, so that all of @step.insn is set
 * @step: the current instruction
 */
struct walk {
	const struct text_span *span;
	u32 at;
	u32 next;
	u32 end;
	bool whole;
	struct step step;
};

/* is_terminator - does an instruction of this kind end its block? */
static inline bool is_terminator(enum step_kind kind)
{
	return kind >= STEP_JCC;
}

/* is_dead_end - does control never reach the instruction after one of this kind? */
static inline bool is_dead_end(enum step_kind kind)
{
	return kind == STEP_JMP || kind == STEP_AWAY;
}

/* is_padding - is an instruction of this kind padding, after one that is a dead end? */
static inline bool is_padding(enum step_kind kind)
{
	return kind == STEP_PAD || kind == STEP_INT3;
}

/**
 * reader_init - allocate the marks, and mark what the tables name and what is in functions
 * @r: in: @in, the rest zeroed; out: the rest; reader_free() it, also after an error
 *
 * Fills in struct flow_function's @entry and @reserved. Sleeps. Return: 0, -ENOMEM, -E2BIG.
 */
int reader_init(struct reader *r);

/* reader_free - free what reader_init() allocated, but not @r->in */
void reader_free(struct reader *r);

/* reader_marks - the marks of the byte at @address, or NULL if that is not in the texts */
u16 *reader_marks(const struct reader *r, u64 address);

/* reader_span - the text that holds @address, or NULL */
const struct text_span *reader_span(const struct reader *r, u64 address);

/* reader_function - index of the function that holds @address, or FLOW_NONE */
u32 reader_function(const struct reader *r, u64 address);

/**
 * reader_way_in - where a jump or call to an address enters a function
 * @r: the texts
 * @address: where it goes
 *
 * Return: @address; the function's first byte if @address is the entry site's instruction: what
 * skips an endbr64 passes the entry site all the same.
 */
u64 reader_way_in(const struct reader *r, u64 address);

/* reader_entered - reader_way_in() for an @address that lies in the function with index @index */
u64 reader_entered(const struct reader *r, u32 index, u64 address);

/**
 * walk_function - begin to walk through a function
 * @r: the texts
 * @function: one of @r->in's
 * @walk: the answer: before the function's first instruction, @whole is false
 *
 * Return: 0; -EFAULT: the function is not in the texts.
 */
int walk_function(struct reader *r, const struct flow_function *function,
		  struct walk *walk);

/* walk_decode - walk_next() where there is an instruction and it has to be decoded; same errors */
int walk_decode(const struct reader *r, struct walk *walk);

/**
 * walk_next - go to the next instruction
 * @r: the texts
 * @walk: from walk_function()
 *
 * Unless @walk is whole, only the length of @step.insn is set for a plain_of() instruction that
 * was decoded before: functions are read several times, and most instructions are plain.
 *
 * Return: 1; 0 at the end; -EILSEQ: the bytes there are not a valid instruction, or it extends
 * beyond the end; -EBUSY: another user's jump hides it, or a breakpoint on a static branch or
 * static call. Any other breakpoint is a STEP_INT3.
 */
static inline int walk_next(const struct reader *r, struct walk *walk)
{
	u8 plain;

	walk->at = walk->next;
	if (walk->at >= walk->end)
		return 0;
	plain = walk->whole ? 0 : r->plain[walk->span->first + walk->at];
	if (!plain || plain_length(plain) > walk->end - walk->at)
		return walk_decode(r, walk);
	walk->step.kind = plain_kind(plain);
	walk->step.target = 0;
	walk->step.insn.length = plain_length(plain);
	walk->next += plain_length(plain);
	return 1;
}

/* walk_marks - the marks of the current instruction's bytes */
static inline u16 *walk_marks(const struct reader *r, const struct walk *walk)
{
	return &r->marks[walk->span->first + walk->at];
}

#endif /* LIVECOV_FLOW_READ_H */
