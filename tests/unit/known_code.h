/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * known_code.h - code whose every place the assembler knows, in cases, and what a test
 * expects of it. Both are in the test's .S file: beside the code it has records made of
 * labels, which the test reads in order.
 *
 * case NAME [incomplete]	all up to the next one
 * function NAME [error=] [cold=1] [unselected=1]	up to end_function NAME; error= is the
 *	errno that flow_build() should give it
 * fixup FROM TO, static_branch TO, bug, warn, static_call	entries of the tables, for the
 *	instruction that follows; with _at, for the one at an address, given first
 * fentry	what ftrace owns, while nobody traces; fentry_at ADDRESS tells of other code
 * pointer TO	data names it
 * record KIND WORD...	what only the test knows of
 */
#ifndef UNIT_KNOWN_CODE_H
#define UNIT_KNOWN_CODE_H

/* Kinds of records. */
#define KNOWN_END		0
#define KNOWN_CASE		1
#define KNOWN_FUNCTION		2
#define KNOWN_FIXUP		3
#define KNOWN_LABEL		4
#define KNOWN_BUG		5
#define KNOWN_FENTRY		6
#define KNOWN_STATIC_CALL	7
#define KNOWN_POINTER		8
#define KNOWN_OWN		9	/* and above: the test's own */

#define KNOWN_WORDS		8	/* of a record, behind its kind */

#ifdef __ASSEMBLER__

#define EILSEQ	84

	.macro	record kind, a=0, b=0, c=0, d=0, e=0, f=0, g=0, h=0
	.pushsection .data.rel.known, "aw"
	.quad	\kind, \a, \b, \c, \d, \e, \f, \g, \h
	.popsection
	.endm

	.macro	case name, incomplete=0
	.pushsection .rodata.known, "a"
.Lname\@: .asciz "\name"
	.popsection
	record	KNOWN_CASE, .Lname\@, \incomplete
	.endm

	.macro	function name, error=0, cold=0, unselected=0
\name:
	record	KNOWN_FUNCTION, \name, \name\()_end, \error, \cold, \unselected
	.endm
	.macro	end_function name
\name\()_end:
	.endm

	.macro	fixup from, to
	record	KNOWN_FIXUP, \from, \to
	.endm
	.macro	static_branch_at from, to
	record	KNOWN_LABEL, \from, \to
	.endm
	.macro	bug_at address
	record	KNOWN_BUG, \address, 0
	.endm
	.macro	warn_at address
	record	KNOWN_BUG, \address, 1
	.endm
	.macro	fentry_at address
	record	KNOWN_FENTRY, \address
	.endm
	.macro	static_call_at address
	record	KNOWN_STATIC_CALL, \address
	.endm
	.macro	pointer to
	record	KNOWN_POINTER, \to
	.endm

	.macro	static_branch to
.Lplace\@:
	static_branch_at .Lplace\@, \to
	.endm
	.macro	bug
.Lplace\@:
	bug_at	.Lplace\@
	.endm
	.macro	warn
.Lplace\@:
	warn_at	.Lplace\@
	.endm
	.macro	static_call
.Lplace\@:
	static_call_at .Lplace\@
	.endm
	.macro	fentry
.Lplace\@:
	fentry_at .Lplace\@
	nop5
	.endm

	.macro	nop5
	.byte	0x0f, 0x1f, 0x44, 0x00, 0x00	/* gas would take 4 bytes for it */
	.endm

	.section .data.rel.known, "aw"
	.p2align 3
	.globl	known_records
	.hidden	known_records
known_records:

#else /* C */

#include "flow.h"

#define KNOWN_MAX	32	/* functions of a case, entries of each table */

/* Those of kinds from KNOWN_OWN on are the words alone. */
struct known_record {
	u64 kind;
	union {
		struct {
			const char *name;
			u64 incomplete;
		} test;
		struct {
			u64 start, end, error, cold, unselected;
		} function;
		struct flow_pair pair;
		struct {
			u64 address, warn;
		} place;
		u64 words[KNOWN_WORDS];
	};
};

extern const struct known_record known_records[];

/**
 * struct known_code - a case
 * @name: its name
 * @in: the code as flow_build() gets it; what it points to follows
 * @functions: by address, each with an error that flow_build() has to overwrite
 * @records: theirs
 * @fixups: in the order of the file, as are those behind it
 * @labels: of static branches
 * @bugs: and warnings
 * @fentries: places of ftrace's
 * @static_calls: where they are
 * @pointers: what data names
 */
struct known_code {
	const char *name;
	struct flow_input in;
	struct flow_function functions[KNOWN_MAX];
	const struct known_record *records[KNOWN_MAX];
	struct flow_pair fixups[KNOWN_MAX], labels[KNOWN_MAX];
	struct flow_bug bugs[KNOWN_MAX];
	u64 fentries[KNOWN_MAX], static_calls[KNOWN_MAX], pointers[KNOWN_MAX];
};

/*
 * known_code_read - take in a case, which @first begins; two texts have the code of all of
 * them: that of others is of no function
 *
 * Return: the record behind the case.
 */
const struct known_record *known_code_read(struct known_code *code,
					   const struct known_record *first,
					   const struct flow_text texts[2]);

/* text_between - code that lies where it runs, or would run */
static inline struct flow_text text_between(const u8 *start, const u8 *end)
{
	return (struct flow_text){ (uintptr_t)start, start, end - start };
}

/* known_code_ends - is there no more of the case? */
static inline bool known_code_ends(const struct known_record *record)
{
	return record->kind == KNOWN_CASE || record->kind == KNOWN_END;
}

#endif /* __ASSEMBLER__ */

#endif /* UNIT_KNOWN_CODE_H */
