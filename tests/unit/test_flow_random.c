// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_flow_random.c - random programs against flow.c and flow_plan.c.
 *
 * Each round makes a random program of real machine code, runs it a few times in
 * a small simulator that follows the program's own list of instructions (so it
 * does not depend on what is tested), notes which instructions ran and what the
 * planned sites would have seen, and compares flow_propagate()'s answer to that.
 * The flows are packed and unpacked as well (flow_pack.c).
 *
 *	test_flow_random [SEED [ROUNDS]]
 *
 * A failure prints the seed of its round; SEED with ROUNDS 1 repeats it.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "chance.h"
#include "flow.h"
#include "flow_pack.h"

#define MAX_FUNCTIONS	10
#define MAX_INSNS	512
#define MAX_TEXT	8192
#define MAX_STEPS	2000
#define TEXT_BASE	0xffffffffc0400000ULL
#define TEXT_GAP	0x10000		/* between the two texts */
#define ELSEWHERE	0xffffffff81234560ULL	/* the core kernel, say */
#define NOBODY		(-1)

static u64 first_seed = 1;
static u32 rounds = 3000;
static u64 round_seed;

/* --- programs ------------------------------------------------------------------------------ */

enum kind {
	PLAIN, NOP, ENDBR, FENTRY,
	FAULT,			/* may go to .target */
	WARN,
	CALL,			/* to .target, or elsewhere if NOBODY */
	CALL_IND,
	STATIC_CALL,
	JCC,			/* to .target; elsewhere if NOBODY */
	RCXZ,			/* the same, short only */
	STATIC,
	STATIC_JCC,
	JMP, TAIL, STATIC_TAIL, RET, IND, BUG,	/* never to the next one */
	PAD,
};

struct insn {
	enum kind kind;
	int function;		/* or NOBODY: outside code */
	int target;		/* an instruction, or NOBODY */
	bool wide;		/* the longer one of two encodings */
	bool other;		/* the other one of two meanings that it may have now */
	bool jumped_to;
	u8 length;
	u8 bytes[10];
	u64 address;
};

struct part {
	int first;		/* its instructions */
	int end;
	int body;		/* behind the prologue */
	int entry;		/* where the entry site is */
	int parent;		/* of a cold part, else NOBODY */
	bool selected;
};

struct program {
	struct insn insns[MAX_INSNS];
	int nr_insns;
	struct part parts[MAX_FUNCTIONS];	/* functions, then outside code */
	int nr_functions;
	int nr_parts;
	u8 bytes[2][MAX_TEXT];
	u32 sizes[2];
	struct flow_text texts[2];
	struct flow_function functions[MAX_FUNCTIONS];
	struct flow_pair fixups[MAX_INSNS], labels[MAX_INSNS];
	struct flow_bug bugs[MAX_INSNS];
	u64 fentries[MAX_INSNS], static_calls[MAX_INSNS];
	struct flow_input in;
	bool tame;		/* functions go into each other only as gcc makes them do it */
};

static bool never_goes_on(enum kind kind)
{
	return kind >= JMP;
}

/* Does the kernel refuse a probe on it? A BUG may be in the bug table or not. */
static bool is_reserved(const struct insn *insn)
{
	switch (insn->kind) {
	case WARN: case STATIC: case STATIC_CALL: case STATIC_JCC: case STATIC_TAIL:
		return true;
	case BUG:
		return insn->other;
	default:
		return false;
	}
}

static struct insn *add_insn(struct program *p, int function, enum kind kind)
{
	struct insn *insn = &p->insns[p->nr_insns++];

	assert_true(p->nr_insns <= MAX_INSNS);
	*insn = (struct insn){
		.kind = kind,
		.function = function,
		.target = NOBODY,
		.wide = one_in(3),
		.other = one_in(2),
	};
	return insn;
}

static enum kind random_kind(void)
{
	static const enum kind usual[] = {
		PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, NOP,
		CALL, CALL, CALL_IND, FAULT,
		JCC, JCC, JCC, JCC, JCC, JCC, JMP, JMP, RET,
	};
	static const enum kind rare[] = {
		WARN, BUG, STATIC, STATIC_CALL, RCXZ, TAIL, IND, STATIC_TAIL, STATIC_JCC,
	};

	return one_in(6) ? rare[below(ARRAY_SIZE(rare))] : usual[below(ARRAY_SIZE(usual))];
}

static void add_prologue(struct program *p, int function, bool cold)
{
	struct part *part = &p->parts[function];

	part->first = p->nr_insns;
	part->entry = NOBODY;
	if (!cold && one_in(3))
		add_insn(p, function, ENDBR);
	if (!cold && !one_in(4)) {
		part->entry = p->nr_insns;
		add_insn(p, function, FENTRY);
	}
	part->body = p->nr_insns;
}

static void add_body(struct program *p, int function, u32 length)
{
	static const enum kind last[] = { JMP, TAIL, RET, RET, IND, BUG, CALL, STATIC_TAIL };

	while (length--) {
		enum kind kind = random_kind();

		add_insn(p, function, kind);
		if (never_goes_on(kind))
			while (one_in(3))
				add_insn(p, function, PAD);
	}
	/* Ends with what does not go on; a call there does not return. */
	add_insn(p, function, last[below(ARRAY_SIZE(last))]);
}

static void add_function(struct program *p, int parent)
{
	int function = p->nr_functions++;
	struct part *part = &p->parts[function];

	*part = (struct part){
		.parent = parent,
		.selected = parent == NOBODY ? !one_in(5) : p->parts[parent].selected,
	};
	add_prologue(p, function, parent != NOBODY);
	add_body(p, function, parent == NOBODY ? 2 + below(28) : 1 + below(8));
	if (part->entry == NOBODY)
		part->entry = part->first + (p->insns[part->first].kind == ENDBR);
	part->end = p->nr_insns;
}

/* Assembler without a symbol, or the .fixup section of old kernels. */
static void add_outside(struct program *p)
{
	struct part *part = &p->parts[p->nr_parts++];

	*part = (struct part){ .first = p->nr_insns, .body = p->nr_insns, .parent = NOBODY };
	while (one_in(2))
		add_insn(p, NOBODY, one_in(3) ? JCC : PLAIN);
	add_insn(p, NOBODY, JMP);
	part->end = p->nr_insns;
}

/* --- where they go ------------------------------------------------------------------------- */

static int random_insn(const struct program *p, int part)
{
	const struct part *in = &p->parts[part];
	int insn;

	do {
		insn = in->body + (int)below(in->end - in->body);
	} while (p->insns[insn].kind == PAD);
	return insn;
}

static int random_function(const struct program *p)
{
	int function;

	do {
		function = below(p->nr_functions);
	} while (p->parts[function].parent != NOBODY);
	return function;
}

/* The other half of a function with a cold part, or itself. */
static int random_relative(const struct program *p, int function)
{
	int i, relative = function;

	if (p->parts[function].parent != NOBODY)
		return p->parts[function].parent;
	for (i = 0; i < p->nr_functions; i++)
		if (p->parts[i].parent == function && one_in(2))
			relative = i;
	return relative;
}

static int random_target(const struct program *p, const struct insn *from)
{
	if (from->function == NOBODY)
		return random_insn(p, below(p->nr_functions));
	if (one_in(4)) {
		int relative = random_relative(p, from->function);

		return p->parts[relative].parent != NOBODY && one_in(2) ?
			p->parts[relative].first : random_insn(p, relative);
	}
	if (one_in(20))
		return p->parts[random_function(p)].first;
	if (!p->tame && !p->parts[from->function].selected && one_in(6))
		return random_insn(p, below(p->nr_functions));
	if (!p->tame && one_in(30) && p->nr_parts > p->nr_functions)
		return p->parts[p->nr_functions].first;
	return random_insn(p, from->function);
}

static int random_call(const struct program *p)
{
	if (!p->tame && one_in(60))	/* into a function's middle */
		return random_insn(p, below(p->nr_functions));
	return one_in(2) ? p->parts[random_function(p)].first : NOBODY;
}

static int random_fixup(const struct program *p, const struct insn *from)
{
	if (one_in(3) && p->nr_parts > p->nr_functions)
		return p->parts[p->nr_functions + below(p->nr_parts - p->nr_functions)].first;
	return random_insn(p, one_in(3) ? random_relative(p, from->function) : from->function);
}

static void choose_targets(struct program *p)
{
	int i;

	for (i = 0; i < p->nr_insns; i++) {
		struct insn *insn = &p->insns[i];

		switch (insn->kind) {
		case JCC:
			if (insn->function != NOBODY && one_in(15))
				break;
			/* fall through */
		case RCXZ:
		case STATIC:
		case JMP:
			insn->target = random_target(p, insn);
			break;
		case TAIL:
			insn->target = one_in(2) ? p->parts[random_function(p)].first : NOBODY;
			break;
		case CALL:
			insn->target = random_call(p);
			break;
		case FAULT:
			insn->target = random_fixup(p, insn);
			break;
		default:
			break;
		}
		if (insn->target != NOBODY)
			p->insns[insn->target].jumped_to = true;
	}
}

/* --- bytes --------------------------------------------------------------------------------- */

static void put(struct insn *insn, const char *bytes, u8 length)
{
	memcpy(insn->bytes, bytes, length);
	insn->length = length;
}

/* An opcode and a displacement to be filled in. */
static void put_jump(struct insn *insn, const char *opcode, u8 length, bool wide)
{
	put(insn, opcode, length);
	insn->length += wide ? 4 : 1;
}

static void encode_simple(struct insn *insn)
{
	switch (insn->kind) {
	case PLAIN:
		if (insn->wide)
			put(insn, insn->other ? "\xb8\xcc\xcc\xeb\x90" : "\x48\x83\xc0\x01",
			    insn->other ? 5 : 4);
		else
			put(insn, insn->other ? "\x50" : "\x48\x89\xc3", insn->other ? 1 : 3);
		break;
	case NOP:
		put(insn, insn->wide ? "\x0f\x1f\x40\x00" : "\x90", insn->wide ? 4 : 1);
		break;
	case PAD:
		put(insn, insn->other ? "\xcc" : "\x66\x90", insn->other ? 1 : 2);
		break;
	case ENDBR:
		put(insn, "\xf3\x0f\x1e\xfa", 4);
		break;
	case FAULT:
		put(insn, "\x8b\x03", 2);
		break;
	case CALL_IND:
		put(insn, "\xff\xd0", 2);
		break;
	case IND:
		put(insn, "\xff\xe0", 2);
		break;
	case RET:
		put(insn, "\xc3", 1);
		break;
	default:	/* BUG, WARN */
		put(insn, "\x0f\x0b", 2);
	}
}

static void encode(struct insn *insn)
{
	switch (insn->kind) {
	case JCC:
		if (insn->target == NOBODY)
			insn->wide = true;
		put_jump(insn, insn->wide ? "\x0f\x84" : "\x75", insn->wide ? 2 : 1, insn->wide);
		break;
	case RCXZ:
		put_jump(insn, "\xe3", 1, false);
		break;
	case STATIC_JCC:
		put_jump(insn, "\x0f\x85", 2, true);
		break;
	case TAIL:
		put_jump(insn, "\xe9", 1, true);
		break;
	case JMP:
		put_jump(insn, insn->wide ? "\xe9" : "\xeb", 1, insn->wide);
		break;
	case CALL:
		put_jump(insn, "\xe8", 1, true);
		break;
	case STATIC:
		if (insn->other)
			put_jump(insn, insn->wide ? "\xe9" : "\xeb", 1, insn->wide);
		else
			put(insn, insn->wide ? "\x0f\x1f\x44\x00\x00" : "\x66\x90",
			    insn->wide ? 5 : 2);
		break;
	case FENTRY:
	case STATIC_CALL:
		if (insn->other)
			put_jump(insn, "\xe8", 1, true);
		else
			put(insn, "\x0f\x1f\x44\x00\x00", 5);
		break;
	case STATIC_TAIL:
		if (insn->other)
			put_jump(insn, "\xe9", 1, true);
		else
			put(insn, "\xc3\xcc\xcc\xcc\xcc", 5);
		break;
	default:
		encode_simple(insn);
	}
}

static bool has_displacement(const struct insn *insn)
{
	switch (insn->kind) {
	case JCC: case RCXZ: case STATIC_JCC: case TAIL: case JMP: case CALL:
		return true;
	case STATIC: case FENTRY: case STATIC_CALL: case STATIC_TAIL:
		return insn->other;
	default:
		return false;
	}
}

/* Fill in the displacement. Return: false if it does not fit. */
static bool resolve(const struct program *p, struct insn *insn)
{
	u64 to = insn->target == NOBODY ? ELSEWHERE : p->insns[insn->target].address;
	s64 displacement = to - (insn->address + insn->length);
	bool wide = insn->length > 4;
	int i, size = wide ? 4 : 1;

	if (!has_displacement(insn))
		return true;
	if (!wide && displacement != (s8)displacement)
		return false;
	for (i = 0; i < size; i++)
		insn->bytes[insn->length - size + i] = (u64)displacement >> (8 * i);
	return true;
}

/* One part behind the other, the later ones perhaps in the second text. */
static void lay_out(struct program *p, u64 layout_seed)
{
	u64 saved = chance_state;
	int part, i, text = 0;

	chance_seed(layout_seed);	/* the same each time */
	p->sizes[0] = p->sizes[1] = 0;
	for (part = 0; part < p->nr_parts; part++) {
		u32 padding = below(8);

		if (!text && one_in(3))
			text = 1;
		while (padding--)
			p->bytes[text][p->sizes[text]++] = "\xcc\x90\x00"[below(3)];
		for (i = p->parts[part].first; i < p->parts[part].end; i++) {
			p->insns[i].address = TEXT_BASE + text * TEXT_GAP + p->sizes[text];
			p->sizes[text] += p->insns[i].length;
			assert_true(p->sizes[text] < MAX_TEXT - 16);
		}
	}
	chance_state = saved;
}

static void assemble(struct program *p)
{
	u64 layout_seed = chance();
	bool again;
	int i;

	for (i = 0; i < p->nr_insns; i++)
		encode(&p->insns[i]);
	do {
		again = false;
		lay_out(p, layout_seed);
		for (i = 0; i < p->nr_insns; i++) {
			struct insn *insn = &p->insns[i];

			if (resolve(p, insn))
				continue;
			if (insn->kind == RCXZ)
				insn->kind = JCC;
			insn->wide = true;
			encode(insn);
			again = true;
		}
	} while (again);
	for (i = 0; i < p->nr_insns; i++) {
		u64 offset = p->insns[i].address - TEXT_BASE;

		memcpy(&p->bytes[offset / TEXT_GAP][offset % TEXT_GAP], p->insns[i].bytes,
		       p->insns[i].length);
	}
}

/* --- tables -------------------------------------------------------------------------------- */

static void describe_insn(struct program *p, const struct insn *insn)
{
	struct flow_input *in = &p->in;

	switch (insn->kind) {
	case FENTRY:
		p->fentries[in->nr_fentries++] = insn->address;
		break;
	case STATIC_CALL: case STATIC_TAIL: case STATIC_JCC:
		p->static_calls[in->nr_static_calls++] = insn->address;
		break;
	case STATIC:
		p->labels[in->nr_jump_labels++] = (struct flow_pair){
			insn->address, p->insns[insn->target].address
		};
		break;
	case FAULT:
		p->fixups[in->nr_fixups++] = (struct flow_pair){
			insn->address, p->insns[insn->target].address
		};
		break;
	case WARN:
		p->bugs[in->nr_bugs++] = (struct flow_bug){ insn->address, true };
		break;
	case BUG:
		if (insn->other)
			p->bugs[in->nr_bugs++] = (struct flow_bug){ insn->address, false };
		break;
	default:
		break;
	}
}

static void describe(struct program *p)
{
	int i;

	p->in = (struct flow_input){
		.texts = p->texts, .nr_texts = 2,
		.functions = p->functions, .nr_functions = p->nr_functions,
		.fixups = p->fixups, .jump_labels = p->labels, .bugs = p->bugs,
		.fentries = p->fentries, .static_calls = p->static_calls,
	};
	for (i = 0; i < 2; i++)		/* the second one first: any order is right */
		p->texts[!i] = (struct flow_text){
			TEXT_BASE + i * TEXT_GAP, p->bytes[i], p->sizes[i]
		};
	for (i = p->nr_insns; i--;)	/* tables are not sorted either */
		describe_insn(p, &p->insns[i]);
	for (i = 0; i < p->nr_functions; i++) {
		const struct part *part = &p->parts[i];
		const struct insn *last = &p->insns[part->end - 1];

		p->functions[i] = (struct flow_function){
			.address = p->insns[part->first].address,
			.size = last->address + last->length - p->insns[part->first].address,
			.selected = part->selected,
			.cold = part->parent != NOBODY,
		};
	}
}

static void make_program(struct program *p, bool tame)
{
	int i, functions = 1 + below(4);

	memset(p, 0, sizeof(*p));
	p->tame = tame;
	for (i = 0; i < functions; i++) {
		add_function(p, NOBODY);
		if (one_in(2))
			add_function(p, p->nr_functions - 1);
	}
	assert_true(p->nr_functions <= MAX_FUNCTIONS - 2);
	p->nr_parts = p->nr_functions;
	while (p->nr_parts < MAX_FUNCTIONS && one_in(3))
		add_outside(p);
	choose_targets(p);
	assemble(p);
	describe(p);
}

/* --- running it ---------------------------------------------------------------------------- */

struct truth {
	bool ran[MAX_INSNS];
	bool passed[2][MAX_INSNS];	/* of conditional jumps */
};

struct step {
	int insn;
	bool by_jump;		/* it came here otherwise than from the instruction before */
	int way;		/* of a conditional jump: 1 taken, 0 not, else -1 */
};

struct run {
	struct step steps[MAX_STEPS];
	int nr_steps;
	int returns[16];
	int depth;
};

static bool is_jcc(enum kind kind)
{
	return kind == JCC || kind == RCXZ || kind == STATIC_JCC;
}

/* Code behind a dead end to which nobody jumps: an indirect jump may know of it. */
static int random_orphan(const struct program *p)
{
	int i = below(p->nr_insns), function = p->insns[i].function;

	if (function == NOBODY || !never_goes_on(p->insns[i].kind))
		return NOBODY;
	for (i++; i < p->parts[function].end; i++) {
		if (p->insns[i].jumped_to)
			return NOBODY;
		if (p->insns[i].kind != PAD && p->insns[i].kind != NOP)
			return i;
	}
	return NOBODY;
}

static int leave(struct run *run)
{
	return run->depth ? run->returns[--run->depth] : NOBODY;
}

static int call(const struct program *p, struct run *run, int insn, int target)
{
	bool last = insn + 1 == p->parts[p->insns[insn].function].end;

	if (one_in(8) || (last && target == NOBODY))
		return NOBODY;		/* never comes back; and so never ends what called */
	if (target == NOBODY)
		return insn + 1;
	if (last || run->depth == (int)ARRAY_SIZE(run->returns)) {
		run->depth = 0;		/* whoever returns from there is gone */
		return target;
	}
	run->returns[run->depth++] = insn + 1;
	return target;
}

/* Run one instruction. Return: the next one, NOBODY at the end. */
static int step(const struct program *p, struct run *run, int at)
{
	const struct insn *insn = &p->insns[at];
	struct step *now = &run->steps[run->nr_steps - 1];

	switch (insn->kind) {
	case FAULT:
		return one_in(4) ? insn->target : at + 1;
	case CALL:
		return call(p, run, at, insn->target);
	case CALL_IND:
		return call(p, run, at, one_in(2) ? NOBODY : p->parts[random_function(p)].first);
	case STATIC_CALL:
		return call(p, run, at, NOBODY);
	case JCC: case RCXZ: case STATIC_JCC:
		now->way = one_in(2);
		if (!now->way)
			return at + 1;
		return insn->target == NOBODY ? leave(run) : insn->target;
	case STATIC:
		return one_in(2) ? insn->target : at + 1;
	case JMP:
		return insn->target;
	case TAIL:
		return insn->target == NOBODY ? leave(run) : insn->target;
	case IND: {
		int orphan = one_in(2) ? random_orphan(p) : NOBODY;

		return orphan == NOBODY ? leave(run) : orphan;
	}
	case STATIC_TAIL: case RET:
		return leave(run);
	case BUG:
		run->depth = 0;
		return NOBODY;
	case PAD:
		fail_msg("the simulator ran into padding");
		return NOBODY;
	default:
		return at + 1;
	}
}

/* Return: false if it does not end; being in the midst of something, it says nothing. */
static bool run_program(const struct program *p, struct run *run, int at)
{
	int before = NOBODY;

	run->nr_steps = 0;
	run->depth = 0;
	while (at != NOBODY) {
		if (run->nr_steps == MAX_STEPS)
			return false;
		run->steps[run->nr_steps++] = (struct step){
			at, before == NOBODY || at != before + 1, -1
		};
		before = at;
		at = step(p, run, at);
	}
	return true;
}

static void add_run(const struct run *run, struct truth *truth)
{
	int i;

	for (i = 0; i < run->nr_steps; i++) {
		const struct step *step = &run->steps[i];

		truth->ran[step->insn] = true;
		if (step->way >= 0)
			truth->passed[step->way][step->insn] = true;
	}
}

/* --- what sites see ------------------------------------------------------------------------ */

struct experiment {
	struct program program;
	struct flow flow;
	struct flow_plan plan;
	struct flow_hits hits;
	struct flow_coverage coverage;
	struct run run;
	struct truth truth;
	u8 plans[3][MAX_INSNS];
	u8 seen[4][MAX_INSNS];
	u8 answers[3][MAX_INSNS];
};

static struct experiment experiment;

static int insn_at(const struct program *p, u64 address)
{
	int i;

	for (i = 0; i < p->nr_insns; i++)
		if (p->insns[i].address == address)
			return i;
	fail_msg("seed %" PRIu64 ": no instruction at %#" PRIx64, round_seed, address);
	return NOBODY;
}

static int insn_in(const struct experiment *e, u32 function, u32 offset)
{
	return insn_at(&e->program, e->program.functions[function].address + offset);
}

/*
 * The instruction that a block begins with. A jump behind a function's endbr64 is as good
 * as one to it.
 */
static int leader_insn(const struct experiment *e, u32 block)
{
	const struct flow_block *b = &e->flow.blocks[block];

	return b->flags & FLOW_BLOCK_ENTRY ? e->program.parts[b->function].entry :
					     insn_in(e, b->function, b->offset);
}

static int branch_insn(const struct experiment *e, u32 branch)
{
	const struct flow_branch *b = &e->flow.branches[branch];

	return insn_in(e, e->flow.blocks[b->block].function, b->offset);
}

static int leader_site(const struct experiment *e, u32 block)
{
	return insn_in(e, e->flow.blocks[block].function, e->flow.blocks[block].site);
}

/* The kernel's answer to a probe: by address, and always the same. */
static bool is_refused(const struct experiment *e, int insn, u32 refuse_in)
{
	u64 hash = (e->program.insns[insn].address ^ round_seed) * 0x9e3779b97f4a7c15ULL;

	return is_reserved(&e->program.insns[insn]) ||
	       (refuse_in && (hash >> 32) % refuse_in == 0);
}

static void refuse(u8 *site, bool refused)
{
	if (*site == FLOW_SITE_WANTED && refused)
		*site = FLOW_SITE_REFUSED;
}

/* Plan, have some sites refused, plan again, as the module does. */
static void plan_sites(struct experiment *e, bool edges, u32 refuse_in)
{
	u32 i;
	int err;

	memset(e->plans, 0, sizeof(e->plans));
	e->plan = (struct flow_plan){ e->plans[0], e->plans[1], e->plans[2] };
	while ((err = flow_plan(&e->program.in, &e->flow, edges, &e->plan)) > 0) {
		for (i = 0; i < e->program.in.nr_functions; i++)
			refuse(&e->plan.entry[i],
			       is_refused(e, e->program.parts[i].entry, refuse_in));
		for (i = 0; i < e->flow.nr_blocks; i++)
			if (e->plan.leader[i] == FLOW_SITE_WANTED)
				refuse(&e->plan.leader[i],
				       is_refused(e, leader_site(e, i), refuse_in));
		for (i = 0; i < e->flow.nr_branches; i++)
			refuse(&e->plan.branch[i], is_refused(e, branch_insn(e, i), refuse_in));
	}
	assert_int_equal(err, 0);
}

static void collect_hits(struct experiment *e)
{
	const struct truth *truth = &e->truth;
	u32 i;

	memset(e->seen, 0, sizeof(e->seen));
	e->hits = (struct flow_hits){ e->seen[0], e->seen[1], e->seen[2], e->seen[3] };
	for (i = 0; i < e->program.in.nr_functions; i++)
		e->seen[0][i] = e->plan.entry[i] == FLOW_SITE_WANTED &&
				truth->ran[e->program.parts[i].entry];
	for (i = 0; i < e->flow.nr_blocks; i++)
		e->seen[1][i] = e->plan.leader[i] == FLOW_SITE_WANTED &&
				truth->ran[leader_site(e, i)];
	for (i = 0; i < e->flow.nr_branches; i++) {
		if (e->plan.branch[i] != FLOW_SITE_WANTED)
			continue;
		e->seen[2][i] = truth->passed[1][branch_insn(e, i)];
		e->seen[3][i] = truth->passed[0][branch_insn(e, i)];
	}
}

/* --- the checks ---------------------------------------------------------------------------- */

struct tally {
	u64 blocks, blocks_unknown, outcomes, outcomes_unknown, sites;
};

/* The round at hand, for who has to find out what went wrong. */
static void print_experiment(void)
{
	static const char *const names[] = {
		"plain", "nop", "endbr", "fentry", "fault", "warn", "call", "call_ind",
		"static_call", "jcc", "rcxz", "static", "static_jcc", "jmp", "tail",
		"static_tail", "ret", "ind", "bug", "pad",
	};
	const struct experiment *e = &experiment;
	u32 i;
	int k;

	for (k = 0; k < e->program.nr_insns; k++) {
		const struct insn *insn = &e->program.insns[k];

		print_message("%3d: %#" PRIx64 " function %d %s to %d%s%s%s\n", k, insn->address,
			      insn->function, names[insn->kind], insn->target,
			      e->truth.ran[k] ? " ran" : "",
			      e->truth.passed[1][k] ? " taken" : "",
			      e->truth.passed[0][k] ? " not-taken" : "");
	}
	for (i = 0; i < e->flow.nr_blocks; i++) {
		const struct flow_block *b = &e->flow.blocks[i];

		print_message("block %u: at %d, site %d, next %d %d, end %u, flags %#x; ", i,
			      insn_in(e, b->function, b->offset),
			      b->site == FLOW_NONE ? NOBODY : insn_in(e, b->function, b->site),
			      (int)b->next[0], (int)b->next[1], b->end, b->flags);
		print_message("leader %u, hit %u, covered %u\n", e->plans[1][i], e->seen[1][i],
			      e->answers[0][i]);
	}
}

static void check_one(u8 answer, bool truth, bool may_be_unknown, const char *what, u64 address)
{
	if (answer == (truth ? FLOW_YES : FLOW_NO))
		return;
	if (answer == FLOW_UNKNOWN && may_be_unknown)
		return;
	print_experiment();
	fail_msg("seed %" PRIu64 ": %s at %#" PRIx64 " is %u, should be %u", round_seed, what,
		 address, answer, truth);
}

/*
 * @exact: no site was refused, so that a block may be unknown only where the plan itself
 *	   says so, because it begins with what the kernel does not give
 * @edges: outcomes have to be known, too
 */
static void check_coverage(struct experiment *e, bool exact, bool edges, struct tally *tally)
{
	u32 i;

	memset(e->answers, 0xff, sizeof(e->answers));
	e->coverage = (struct flow_coverage){ e->answers[0], e->answers[1], e->answers[2] };
	assert_int_equal(flow_propagate(&e->program.in, &e->flow, &e->plan, &e->hits,
					&e->coverage), 0);
	for (i = 0; i < e->flow.nr_blocks; i++) {
		int insn = leader_insn(e, i);

		check_one(e->coverage.block[i], e->truth.ran[insn],
			  !exact || (e->plan.leader[i] == FLOW_SITE_REFUSED &&
				     is_reserved(&e->program.insns[insn])), "block",
			  e->program.insns[insn].address);
		tally->blocks_unknown += e->coverage.block[i] == FLOW_UNKNOWN;
		tally->sites += e->plan.leader[i] == FLOW_SITE_WANTED;
	}
	for (i = 0; i < e->flow.nr_branches; i++) {
		int insn = branch_insn(e, i);
		bool refused = e->plan.branch[i] == FLOW_SITE_REFUSED;

		check_one(e->coverage.taken[i], e->truth.passed[1][insn],
			  !exact || !edges || refused, "taken", e->program.insns[insn].address);
		check_one(e->coverage.not_taken[i], e->truth.passed[0][insn],
			  !exact || !edges || refused, "not taken",
			  e->program.insns[insn].address);
		tally->outcomes_unknown += e->coverage.taken[i] == FLOW_UNKNOWN;
		tally->outcomes_unknown += e->coverage.not_taken[i] == FLOW_UNKNOWN;
		tally->sites += e->plan.branch[i] == FLOW_SITE_WANTED;
	}
	tally->blocks += e->flow.nr_blocks;
	tally->outcomes += 2 * e->flow.nr_branches;
}

/* Which block begins at, and which one has, each instruction. */
static void map_blocks(const struct experiment *e, bool begins[MAX_INSNS],
		       bool inside[MAX_INSNS])
{
	u32 i;
	int k;

	memset(begins, 0, MAX_INSNS);
	memset(inside, 0, MAX_INSNS);
	for (i = 0; i < e->flow.nr_blocks; i++) {
		const struct flow_block *block = &e->flow.blocks[i];
		u64 first = e->program.functions[block->function].address + block->offset;

		begins[insn_in(e, block->function, block->offset)] = true;
		begins[leader_insn(e, i)] = true;
		for (k = 0; k < e->program.nr_insns; k++)
			if (e->program.insns[k].address - first < block->size) {
				assert_false(inside[k]);
				inside[k] = true;
			}
	}
}

/*
 * The blocks are blocks: whatever ran in a selected function lies in one, and nothing
 * jumped into the middle of one (a call that returns does not count) or left it there.
 */
static void check_run_keeps_to_blocks(const struct experiment *e, const struct run *run)
{
	static bool begins[MAX_INSNS], inside[MAX_INSNS];
	const struct program *p = &e->program;
	int i;

	map_blocks(e, begins, inside);
	for (i = 0; i < run->nr_steps; i++) {
		int insn = run->steps[i].insn, function = p->insns[insn].function;
		bool returned = insn && p->insns[insn - 1].function == function &&
				(p->insns[insn - 1].kind == CALL ||
				 p->insns[insn - 1].kind == CALL_IND);

		if (function == NOBODY || !p->parts[function].selected)
			continue;
		if (!inside[insn] || (run->steps[i].by_jump && !returned && !begins[insn])) {
			print_experiment();
			fail_msg("seed %" PRIu64 ": no block at %#" PRIx64, round_seed,
				 p->insns[insn].address);
		}
		if (is_jcc(p->insns[insn].kind) && !run->steps[i].way && !begins[insn + 1])
			fail_msg("seed %" PRIu64 ": no block behind %#" PRIx64, round_seed,
				 p->insns[insn].address);
	}
}

/* The kernel must find its own bytes where a breakpoint of an entry would be. */
static void check_reserved(const struct experiment *e)
{
	int i;

	if (e->program.in.incomplete)
		return;
	for (i = 0; i < e->program.nr_functions; i++) {
		const struct part *part = &e->program.parts[i];
		const struct insn *insn = &e->program.insns[part->entry];

		if (part->parent == NOBODY && !e->program.functions[i].error &&
		    e->program.functions[i].reserved != is_reserved(insn + (insn->kind == FENTRY)))
			fail_msg("seed %" PRIu64 ": function %d: reserved is %u", round_seed, i,
				 e->program.functions[i].reserved);
	}
}

static void build(struct experiment *e)
{
	assert_int_equal(flow_build(&e->program.in, &e->flow), 0);
	assert_true(e->flow.nr_blocks <= MAX_INSNS && e->flow.nr_branches <= MAX_INSNS);
	check_reserved(e);
}

static void no_function_may_fail(const struct experiment *e)
{
	int i;

	for (i = 0; i < e->program.nr_functions; i++)
		if (e->program.functions[i].error)
			fail_msg("seed %" PRIu64 ": function %d: errno %u", round_seed, i,
				 e->program.functions[i].error);
}

static void run_some(struct experiment *e, bool check_blocks)
{
	int runs = below(8);

	memset(&e->truth, 0, sizeof(e->truth));
	while (runs--) {
		int first = e->program.parts[random_function(&e->program)].first;

		if (!run_program(&e->program, &e->run, first))
			continue;
		add_run(&e->run, &e->truth);
		if (check_blocks)
			check_run_keeps_to_blocks(e, &e->run);
	}
}

static void begin_round(u32 round, bool tame)
{
	round_seed = first_seed + round;
	chance_seed(round_seed);
	make_program(&experiment.program, tame);
}

static void print_tally(const char *what, const struct tally *tally)
{
	print_message("%s: %" PRIu64 " blocks (%" PRIu64 " unknown), %" PRIu64
		      " outcomes (%" PRIu64 " unknown), %" PRIu64 " sites but entries\n", what,
		      tally->blocks, tally->blocks_unknown, tally->outcomes,
		      tally->outcomes_unknown, tally->sites);
}

static void check_rounds(const char *what, bool edges, u32 refuse_in)
{
	struct experiment *e = &experiment;
	struct tally tally = { 0 };
	u32 round;

	for (round = 0; round < rounds; round++) {
		begin_round(round, false);
		build(e);
		no_function_may_fail(e);
		plan_sites(e, edges, refuse_in);
		run_some(e, true);
		collect_hits(e);
		check_coverage(e, !refuse_in, edges, &tally);
		flow_free(&e->flow);
	}
	print_tally(what, &tally);
	/* The tests above may not pass by nothing being known. */
	assert_true(tally.blocks > 10 * rounds);
	if (!refuse_in)
		assert_true(tally.blocks_unknown * 10 < tally.blocks);
}

static void edges_are_exact(void **state)
{
	(void)state;
	check_rounds("edges", true, 0);
}

static void blocks_are_exact(void **state)
{
	(void)state;
	check_rounds("blocks", false, 0);
}

static void edges_are_never_wrong_with_refused_sites(void **state)
{
	(void)state;
	check_rounds("edges, 1 in 10 refused", true, 10);
	check_rounds("edges, 1 in 2 refused", true, 2);
}

static void blocks_are_never_wrong_with_refused_sites(void **state)
{
	(void)state;
	check_rounds("blocks, 1 in 10 refused", false, 10);
	check_rounds("blocks, 1 in 2 refused", false, 2);
}

/* Of the core kernel there is the text alone. */
static void unknown_tables_make_nothing_wrong(void **state)
{
	struct experiment *e = &experiment;
	struct tally tally = { 0 };
	u32 round;

	(void)state;
	for (round = 0; round < 2 * rounds; round++) {
		struct flow_input *in = &e->program.in;

		begin_round(round, false);
		in->incomplete = true;
		in->nr_fixups = in->nr_jump_labels = in->nr_bugs = 0;
		in->nr_fentries = in->nr_static_calls = 0;
		build(e);
		plan_sites(e, round % 2, one_in(2) ? 0 : 5);
		run_some(e, false);
		collect_hits(e);
		check_coverage(e, false, round % 2, &tally);
		flow_free(&e->flow);
	}
	print_tally("no tables", &tally);
	assert_true(tally.blocks_unknown * 4 < tally.blocks);
}

/* By something that is alive, and not misread because the poisoned one comes before it. */
static bool is_surely_jumped_to(const struct program *p, int at)
{
	int i;

	for (i = 0; i < at; i++)
		if (p->insns[i].target == at && p->insns[i].function != NOBODY)
			return true;
	return false;
}

static bool can_be_poisoned(const struct program *p, int at)
{
	const struct insn *insn = &p->insns[at];
	int first;

	if (insn->function == NOBODY || insn->kind == PAD ||
	    insn->kind == FENTRY || insn->kind == NOP)
		return false;
	/* Behind a dead end a breakpoint cannot be told from padding, unless it is jumped to. */
	first = p->parts[insn->function].first;
	while (at > first && !is_surely_jumped_to(p, at) && p->insns[at - 1].kind == NOP)
		at--;
	return at == first || is_surely_jumped_to(p, at) || !never_goes_on(p->insns[at - 1].kind);
}

/* Somebody else's breakpoint, or a byte that is no instruction. Return: the function. */
static int poison(struct program *p, u8 byte)
{
	int at, tries = 1000;
	u64 offset;

	do {
		at = below(p->nr_insns);
		if (!tries--)
			return NOBODY;
	} while (!can_be_poisoned(p, at));
	offset = p->insns[at].address - TEXT_BASE;
	p->bytes[offset / TEXT_GAP][offset % TEXT_GAP] = byte;
	return p->insns[at].function;
}

static void unreadable_functions_make_no_other_wrong(void **state)
{
	struct experiment *e = &experiment;
	struct tally tally = { 0 };
	u32 round;

	(void)state;
	for (round = 0; round < 2 * rounds; round++) {
		u8 byte = round % 2 ? 0xcc : 0x06;
		int function;

		begin_round(round, true);
		function = poison(&e->program, byte);
		if (function == NOBODY)
			continue;
		build(e);
		if (!e->program.functions[function].error) {
			print_experiment();
			fail_msg("seed %" PRIu64 ": not noticed", round_seed);
		}
		assert_int_equal(e->program.functions[function].blocks, 0);
		plan_sites(e, one_in(2), one_in(2) ? 0 : 5);
		run_some(e, false);
		collect_hits(e);
		check_coverage(e, false, false, &tally);
		flow_free(&e->flow);
	}
	print_tally("one function unreadable", &tally);
	assert_true(tally.blocks > rounds);
}

/* --- packing ------------------------------------------------------------------------------- */

/* The first of the two texts moves, the second one does not. */
static const struct flow_moving at_home = { TEXT_BASE, MAX_TEXT };
static const struct flow_moving elsewhere = { TEXT_BASE + 0x12345000, MAX_TEXT };

static void check_functions(const struct flow_function *a, const struct flow_function *b, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		assert_int_equal(a[i].address, b[i].address);
		assert_int_equal(a[i].size, b[i].size);
		assert_int_equal(a[i].selected, b[i].selected);
		assert_int_equal(a[i].cold, b[i].cold);
		assert_int_equal(a[i].reserved, b[i].reserved);
		assert_int_equal(a[i].entry, b[i].entry);
		assert_int_equal(a[i].error, b[i].error);
		assert_int_equal(a[i].first_block, b[i].first_block);
		assert_int_equal(a[i].blocks, b[i].blocks);
		assert_int_equal(a[i].first_branch, b[i].first_branch);
		assert_int_equal(a[i].branches, b[i].branches);
	}
}

static void check_blocks(const struct flow *a, const struct flow *b)
{
	u32 i;

	assert_int_equal(a->nr_blocks, b->nr_blocks);
	for (i = 0; i < a->nr_blocks; i++) {
		const struct flow_block *one = &a->blocks[i], *other = &b->blocks[i];

		assert_int_equal(one->function, other->function);
		assert_int_equal(one->offset, other->offset);
		assert_int_equal(one->size, other->size);
		assert_int_equal(one->site, other->site);
		assert_int_equal(one->next[0], other->next[0]);
		assert_int_equal(one->next[1], other->next[1]);
		assert_int_equal(one->branch, other->branch);
		assert_int_equal(one->end, other->end);
		assert_int_equal(one->flags, other->flags);
	}
}

static void check_branches(const struct flow *a, const struct flow *b)
{
	u32 i;

	assert_int_equal(a->nr_branches, b->nr_branches);
	for (i = 0; i < a->nr_branches; i++) {
		const struct flow_branch *one = &a->branches[i], *other = &b->branches[i];

		assert_int_equal(one->target, other->target);
		assert_int_equal(one->block, other->block);
		assert_int_equal(one->offset, other->offset);
		assert_int_equal(one->length, other->length);
		assert_int_equal(one->condition, other->condition);
		assert_int_equal(one->narrow, other->narrow);
		assert_int_equal(one->reserved, other->reserved);
		assert_int_equal(one->canary, other->canary);
	}
}

static void check_edges(const struct flow *a, const struct flow *b)
{
	assert_memory_equal(a->first_edge, b->first_edge, (a->nr_blocks + 1) * sizeof(u32));
	if (a->first_edge[a->nr_blocks])
		assert_memory_equal(a->edges, b->edges,
				    a->first_edge[a->nr_blocks] * sizeof(struct flow_edge));
}

static u64 moved(u64 address)
{
	return address - at_home.base < at_home.size ?
		address - at_home.base + elsewhere.base : address;
}

/* The same flow, with what lies in the first text where that is now. */
static void move_flow(struct program *p, struct flow *flow)
{
	u32 i;

	for (i = 0; i < p->in.nr_functions; i++)
		p->functions[i].address = moved(p->functions[i].address);
	for (i = 0; i < flow->nr_branches; i++)
		flow->branches[i].target = moved(flow->branches[i].target);
}

/*
 * A random program's flow, packed; some of its functions cannot be read. It has no stack protector,
 * so any of its branches is made to check one.
 */
static void pack_round(u32 round, struct flow_packed *packed)
{
	struct experiment *e = &experiment;
	u32 i;

	begin_round(round, one_in(2));
	if (round % 4 == 0)
		poison(&e->program, 0xcc);
	build(e);
	for (i = 0; i < e->flow.nr_branches; i++)
		e->flow.branches[i].canary = one_in(8);
	assert_int_equal(flow_pack(&e->program.in, &e->flow, &at_home, packed), 0);
}

static void a_packed_flow_is_the_same_again(void **state)
{
	struct experiment *e = &experiment;
	u64 blocks = 0, bytes = 0;
	u32 round, moves;

	(void)state;
	for (round = 0; round < 2 * rounds; round++) {
		struct flow_packed packed;

		pack_round(round, &packed);
		for (moves = 0; moves < 2; moves++) {
			struct flow_input in = { 0 };
			struct flow flow;

			if (moves)
				move_flow(&e->program, &e->flow);
			assert_int_equal(flow_unpack(&packed, moves ? &elsewhere : &at_home, &in,
						     &flow), 0);
			assert_int_equal(in.nr_functions, e->program.in.nr_functions);
			check_functions(in.functions, e->program.functions, in.nr_functions);
			check_blocks(&flow, &e->flow);
			check_branches(&flow, &e->flow);
			check_edges(&flow, &e->flow);
			free(in.functions);
			flow_free(&flow);
		}
		blocks += e->flow.nr_blocks;
		bytes += packed.size;
		flow_packed_free(&packed);
		flow_free(&e->flow);
	}
	print_message("%.1f bytes a block\n", (double)bytes / blocks);
	/* Short functions, and few of their jumps as compilers make them. */
	assert_true(bytes < 8 * blocks);
}

/* What is wrong with it, if anything, has to be noticed; here is only seen to it that it ends. */
static void unpack_damaged(const struct flow_packed *packed)
{
	struct flow_input in = { 0 };
	struct flow flow;
	int err = flow_unpack(packed, &at_home, &in, &flow);

	if (!err) {
		free(in.functions);
		flow_free(&flow);
		return;
	}
	assert_int_equal(err, -EILSEQ);
	assert_null(in.functions);
	assert_null(flow.blocks);
}

static void a_damaged_packing_does_no_harm(void **state)
{
	u32 round, i;

	(void)state;
	for (round = 0; round < rounds / 4; round++) {
		struct flow_packed packed, damaged;
		u8 *copy;

		pack_round(round, &packed);
		damaged = packed;
		/* Of its own, so that a byte too many is noticed. */
		copy = damaged.bytes = malloc(packed.size + 1);
		for (i = 0; i < 50; i++) {
			damaged.size = one_in(4) ? below(packed.size + 1) : packed.size;
			damaged.bytes = copy + packed.size - damaged.size + 1;
			memcpy(damaged.bytes, packed.bytes, damaged.size);
			if (damaged.size && !one_in(4))
				damaged.bytes[below(damaged.size)] = below(256);
			unpack_damaged(&damaged);
		}
		damaged.bytes = copy + 1;
		damaged.size = packed.size;
		memcpy(damaged.bytes, packed.bytes, packed.size);
		for (i = 0; i < 3; i++) {
			damaged.nr_functions = packed.nr_functions + below(3) - 1;
			damaged.nr_blocks = packed.nr_blocks + below(3) - 1;
			damaged.nr_branches = packed.nr_branches + below(3) - 1;
			if (packed.nr_functions && packed.nr_blocks && packed.nr_branches)
				unpack_damaged(&damaged);
		}
		free(copy);
		flow_packed_free(&packed);
		flow_free(&experiment.flow);
	}
}

/* One function of one block, with an end that leads to the block behind it. */
static void an_edge_to_no_block_is_damage(void **state)
{
	static u8 falls[] = { 1, 0, 0, 5, 1, FLOW_END_FALL, 5 };
	static u8 jumps[] = { 1, 0, 0, 5, 1, FLOW_END_JMP, 5, 3 };
	static const struct flow_packed packed[] = {
		{ falls, sizeof(falls), 1, 1, 0 }, { jumps, sizeof(jumps), 1, 1, 0 },
	};
	struct flow_input in = { 0 };
	struct flow flow;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(packed); i++)
		assert_int_equal(flow_unpack(&packed[i], &at_home, &in, &flow), -EILSEQ);
}

static void what_is_no_flow_is_not_packed(void **state)
{
	struct experiment *e = &experiment;
	struct flow_packed packed;
	u32 round, tried = 0;

	(void)state;
	for (round = 0; round < 20; round++) {
		begin_round(round, true);
		build(e);
		if (e->flow.nr_branches > 1) {
			e->flow.branches[1].block = e->flow.branches[0].block;
			assert_int_equal(flow_pack(&e->program.in, &e->flow, &at_home, &packed),
					 -EINVAL);
			tried++;
		}
		flow_free(&e->flow);
	}
	assert_true(tried);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_are_exact),
		cmocka_unit_test(blocks_are_exact),
		cmocka_unit_test(edges_are_never_wrong_with_refused_sites),
		cmocka_unit_test(blocks_are_never_wrong_with_refused_sites),
		cmocka_unit_test(unknown_tables_make_nothing_wrong),
		cmocka_unit_test(unreadable_functions_make_no_other_wrong),
		cmocka_unit_test(a_packed_flow_is_the_same_again),
		cmocka_unit_test(a_damaged_packing_does_no_harm),
		cmocka_unit_test(an_edge_to_no_block_is_damage),
		cmocka_unit_test(what_is_no_flow_is_not_packed),
	};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 0);
	if (argc > 2)
		rounds = strtoul(argv[2], NULL, 0);
	printf("seed %" PRIu64 ", %u rounds\n", first_seed, rounds);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
