// SPDX-License-Identifier: GPL-2.0-only
/*
 * stub.c - generates the code that a detour jumps to. Pure. Owns nothing.
 *
 *		instructions before the conditional jump
 *		jcc 1f
 *		note of [0]
 *		instructions after the conditional jump
 *		jmp to the end of the region, or what the region ends with
 *	1:	note of [1]
 *		jmp target
 *
 * What the notes of both outcomes begin with, if anything, goes before the jcc.
 *
 * For a passage, in which there is no conditional jump:
 *
 *		the region's instructions
 *		note of [0]
 *		jmp to the end of the region, or what the region ends with
 *
 * A shortcut, when one outcome need not be noted any more:
 *
 *		instructions before the conditional jump
 *		jcc to the same place in the stub, or its opposite: with the other outcome
 *		as the stub goes on with the outcome that is known
 *
 * A region may end with a jump, a return or a call. The call's return address is the original
 * one, so that neither a return nor a stack trace involves the stub:
 *
 *		push $end of the region		sign-extended: the kernel's text is in the
 *		jmp target			upper 2 GiB
 *
 * Encodings are from the SDM (Intel 64 and IA-32 Architectures Software
 * Developer's Manual), volume 2.
 */
#include "stub.h"
#include "insn_branch.h"

#define INT3		0xcc
#define JCC_SHORT_LEN	2
#define JCC_NEAR_LEN	6
#define JCC_NEAR_OPCODE_LEN	2
#define JCC_REACH	127	/* of a short jump, forward */

/**
 * struct writer - a stub being written
 * @code: its bytes
 * @size: how many there are
 * @at: address of code[0]
 * @has_base: rcx already holds the base that a note needs; its own value is on the stack
 * @err: the first error; what is written afterwards means nothing
 */
struct writer {
	u8 *code;
	u32 size;
	u64 at;
	bool has_base;
	int err;
};

static void fail(struct writer *w, int err)
{
	if (!w->err)
		w->err = err;
}

static void put(struct writer *w, const void *bytes, u32 size)
{
	if (size > STUB_MAX_LEN - w->size) {
		fail(w, -EILSEQ);
		return;
	}
	memcpy(w->code + w->size, bytes, size);
	w->size += size;
}

#define PUT(w, ...)							\
do {									\
	static const u8 bytes_[] = { __VA_ARGS__ };			\
									\
	put(w, bytes_, sizeof(bytes_));					\
} while (0)

/* 32 bits that the CPU sign-extends. */
static void put_s32(struct writer *w, u64 value)
{
	s32 field = (s32)value;

	if ((u64)(s64)field != value)
		fail(w, -ERANGE);
	put(w, &field, sizeof(field));
}

/* A displacement to @address, @behind bytes before the end of its instruction. */
static void put_rel32(struct writer *w, u64 address, u32 behind)
{
	put_s32(w, address - (w->at + w->size + sizeof(s32) + behind));
}

static void put_jump(struct writer *w, u64 target)
{
	PUT(w, 0xe9);
	put_rel32(w, target, 0);
}

/* Copy an instruction of @bytes that lies at @address. */
static void put_moved(struct writer *w, const u8 *bytes, u64 address,
		      const struct insn_branch *insn)
{
	u64 names[INSN_NR_NAMES];
	u32 disp = insn->rip_disp;

	if (!disp) {
		put(w, bytes, insn->length);
		return;
	}
	insn_branch_names(bytes, address, insn, names);
	put(w, bytes, disp);
	put_rel32(w, names[INSN_BY_MEMORY], insn->length - disp - sizeof(s32));
	put(w, bytes + disp + sizeof(s32), insn->length - disp - sizeof(s32));
}

/* Nothing but int3s that are never executed. */
static bool is_fill(const u8 *bytes, u32 size)
{
	return !size || (bytes[0] == INT3 && !memcmp(bytes, bytes + 1, size - 1));
}

/* May a region of @size bytes end with the instruction at @bytes? */
static bool is_end(const u8 *bytes, u32 size, const struct insn_branch *insn)
{
	if (insn->kind == INSN_CALL)
		return insn->length == size;
	return insn_branch_may_end(insn) && is_fill(bytes + insn->length, size - insn->length);
}

/*
 * Copy instructions, as long as control goes on to the next one. Return: the offset in @bytes
 * of what the region ends with; @size if control goes on after them.
 */
static u32 put_all_moved(struct writer *w, const u8 *bytes, u32 size, u64 address)
{
	struct insn_branch insn;
	u32 at;

	for (at = 0; at < size; at += insn.length) {
		if (insn_branch_decode(bytes + at, size - at, address + at, &insn)) {
			fail(w, -EILSEQ);
			return size;
		}
		if (is_end(bytes + at, size - at, &insn))
			return at;
		if (!insn_branch_is_plain(&insn))
			fail(w, -EOPNOTSUPP);
		put_moved(w, bytes + at, address + at, &insn);
	}
	return size;
}

/* How the region ends: with the @size bytes that lie at @address, or by going on there if 0. */
static void put_end(struct writer *w, const u8 *bytes, u32 size, u64 address)
{
	struct insn_branch insn;

	if (!size) {
		put_jump(w, address);
		return;
	}
	if (insn_branch_decode(bytes, size, address, &insn)) {
		fail(w, -EILSEQ);
		return;
	}
	if (insn.kind == INSN_RET) {
		put(w, bytes, insn.length);
		return;
	}
	if (insn.kind == INSN_CALL) {
		PUT(w, 0x68);			/* push $imm32 */
		put_s32(w, address + size);
	}
	put_jump(w, insn.target);
}

static bool is_counting(const struct insn_branch *jcc)
{
	return jcc->condition >= INSN_COND_LOOPNE;
}

/* The conditional jump, with a short displacement. Return: what end_short_jcc() needs. */
static u32 put_short_jcc(struct writer *w, const struct insn_branch *jcc)
{
	u8 short_jcc[JCC_SHORT_LEN] = { 0x70 | jcc->condition };

	if (is_counting(jcc))
		short_jcc[0] = 0xe0 + (jcc->condition - INSN_COND_LOOPNE);
	if (jcc->narrow)
		PUT(w, 0x67);
	put(w, short_jcc, sizeof(short_jcc));
	return w->size;
}

/* The jump that put_short_jcc() has put goes to here. */
static void end_short_jcc(struct writer *w, u32 behind)
{
	if (w->size - behind > JCC_REACH)
		fail(w, -ERANGE);
	else
		w->code[behind - 1] = w->size - behind;
}

/* The conditional jump to its target; loop and jrcxz have only a short form. */
static void put_near_jcc(struct writer *w, const struct insn_branch *jcc)
{
	u8 near_jcc[] = { 0x0f, 0x80 | jcc->condition };

	put(w, near_jcc, sizeof(near_jcc));
	put_rel32(w, jcc->target, 0);
}

/* --- notes --------------------------------------------------------------------------------- */

/* Save the flags that conditions test in rax, whose own value goes to the stack. */
static void put_keep_flags(struct writer *w)
{
	PUT(w, 0x50);			/* push %rax */
	PUT(w, 0x9f);			/* lahf */
	PUT(w, 0x0f, 0x90, 0xc0);	/* seto %al */
}

/* 1 + 127 overflows, 0 + 127 does not. */
static void put_restore_flags(struct writer *w)
{
	PUT(w, 0x04, 0x7f);		/* add $127,%al */
	PUT(w, 0x9e);			/* sahf */
	PUT(w, 0x58);			/* pop %rax */
}

static void put_byte(struct writer *w, u64 cell)
{
	PUT(w, 0xc6, 0x05);		/* movb $1,cell(%rip) */
	put_rel32(w, cell, 1);
	PUT(w, 1);
}

static void put_count(struct writer *w, u64 cell)
{
	put_keep_flags(w);
	PUT(w, 0xf0, 0x48, 0xff, 0x05);	/* lock incq cell(%rip) */
	put_rel32(w, cell, 0);
	put_restore_flags(w);
}

static bool is_per_task(const struct stub *stub)
{
	return stub->how == STUB_TASK_BYTE || stub->how == STUB_TASK_COUNT;
}

/* The base of the running task's map, or 0, into rcx. */
static void put_load_base(struct writer *w, const struct stub_task *task)
{
	PUT(w, 0x65, 0x0f, 0xb7, 0x0c, 0x25);	/* movzwl %gs:preempt_count+1,%ecx */
	put_s32(w, task->preempt_count + 1);
	PUT(w, 0x0f, 0xb6, 0x89);	/* movzbl contexts(%rcx),%ecx */
	put_s32(w, task->contexts);
	PUT(w, 0x65, 0x48, 0x8b, 0x0c, 0xcd);	/* mov %gs:bases(,%rcx,8),%rcx */
	put_s32(w, task->bases);
}

/* What put_task_note() needs in rcx, whose own value goes to the stack. */
static void put_base(struct writer *w, const struct stub_task *task)
{
	PUT(w, 0x51);			/* push %rcx */
	if (task->window) {
		PUT(w, 0xe8);		/* call window */
		put_rel32(w, task->window, 0);
	} else {
		put_load_base(w, task);
	}
	w->has_base = true;
}

/* The operand that is the cell: the ModRM byte, whose reg field is @reg, and what follows. */
static void put_task_cell(struct writer *w, const struct stub_task *task, u8 reg, u64 cell)
{
	u64 offset = cell - (task->window ? task->middle : 0);
	u8 modrm = 0x80 | reg << 3 | 1;	/* offset(%rcx), 32 bits of it */
	s8 near = (s8)offset;

	if ((u64)(s64)near == offset) {
		modrm -= 0x40;		/* 8 bits */
		put(w, &modrm, sizeof(modrm));
		put(w, &near, sizeof(near));
	} else {
		put(w, &modrm, sizeof(modrm));
		put_s32(w, offset);
	}
}

static void put_task_byte(struct writer *w, const struct stub_task *task, u64 cell)
{
	if (task->window) {
		PUT(w, 0x88);		/* mov %cl,cell */
		put_task_cell(w, task, 1, cell);
	} else {
		PUT(w, 0xc6);		/* movb $1,cell */
		put_task_cell(w, task, 0, cell);
		PUT(w, 1);
	}
}

static void put_task_count(struct writer *w, const struct stub_task *task, u64 cell)
{
	put_keep_flags(w);
	PUT(w, 0xf0, 0x48, 0xff);	/* lock incq cell */
	put_task_cell(w, task, 0, cell);
	put_restore_flags(w);
}

static const struct insn_branch jrcxz = { .condition = INSN_COND_RCXZ };

/* With the base in rcx, which is restored. */
static void put_task_note(struct writer *w, const struct stub *stub, u64 cell)
{
	bool may_be_0 = !stub->task->window;
	u32 no_base = 0;

	if (cell != STUB_NO_CELL) {
		if (may_be_0)
			no_base = put_short_jcc(w, &jrcxz);
		if (stub->how == STUB_TASK_BYTE)
			put_task_byte(w, stub->task, cell);
		else
			put_task_count(w, stub->task, cell);
		if (may_be_0)
			end_short_jcc(w, no_base);
	}
	PUT(w, 0x59);			/* pop %rcx */
}

static void put_note(struct writer *w, const struct stub *stub, u64 cell)
{
	if (cell == STUB_NO_CELL && !w->has_base)
		return;
	switch (stub->how) {
	case STUB_BYTE:
		put_byte(w, cell);
		break;
	case STUB_COUNT:
		put_count(w, cell);
		break;
	default:
		if (!w->has_base)
			put_base(w, stub->task);
		put_task_note(w, stub, cell);
	}
}

int stub_write_window(const struct stub_task *task, u64 at, u8 *code)
{
	struct writer w = { .code = code, .at = at };
	u32 no_base;

	put_load_base(&w, task);
	no_base = put_short_jcc(&w, &jrcxz);
	PUT(&w, 0x48, 0x8d, 0x89);		/* lea middle(%rcx),%rcx */
	put_s32(&w, task->middle);
	PUT(&w, 0xc3, INT3);			/* ret; the int3 stops speculation */
	end_short_jcc(&w, no_base);
	PUT(&w, 0x65, 0x48, 0x8b, 0x0c, 0x25);	/* mov %gs:nowhere,%rcx */
	put_s32(&w, task->nowhere);
	PUT(&w, 0xc3, INT3);
	return w.err ? w.err : (int)w.size;
}

/* --- stubs --------------------------------------------------------------------------------- */

static int decode_jcc(const struct stub *stub, struct insn_branch *jcc)
{
	const struct region *region = &stub->region;

	if (region->before >= region->length ||
	    insn_branch_decode(stub->text + region->before, region->length - region->before,
			       stub->address + region->before, jcc) ||
	    jcc->kind != INSN_JCC)
		return -EILSEQ;
	return 0;
}

/* Where parts of a stub begin, from its first byte, and of its region. */
struct parts {
	u32 after;	/* the instructions that followed the jump */
	u32 taken;	/* where a taken jump goes, 0 if not into the stub */
	u32 end;	/* in the region: what it ends with; its length if nothing special */
};

/* Copy the region's instructions from byte @from on. Return: the offset of what it ends with. */
static u32 put_rest(struct writer *w, const struct stub *stub, u32 from)
{
	return from + put_all_moved(w, stub->text + from, stub->region.length - from,
				    stub->address + from);
}

static void put_region_end(struct writer *w, const struct stub *stub, u32 end)
{
	put_end(w, stub->text + end, stub->region.length - end, stub->address + end);
}

/* Where control continues when the jump falls through. */
static void put_fall_through(struct writer *w, const struct stub *stub,
			     const struct insn_branch *jcc, struct parts *parts)
{
	put_note(w, stub, stub->cell[0]);
	parts->after = w->size;
	parts->end = put_rest(w, stub, stub->region.before + jcc->length);
	put_region_end(w, stub, parts->end);
}

/* May what both notes begin with go before the jump? The jump must not test rcx. */
static bool may_share_base(const struct stub *stub, const struct insn_branch *jcc)
{
	return is_per_task(stub) && !is_counting(jcc) &&
	       (stub->cell[0] != STUB_NO_CELL || stub->cell[1] != STUB_NO_CELL);
}

static int write_stub(const struct stub *stub, const struct insn_branch *jcc, u8 *code,
		      struct parts *parts)
{
	struct writer w = { .code = code, .at = stub->at };
	bool shared = may_share_base(stub, jcc);
	u32 taken;

	if (put_all_moved(&w, stub->text, stub->region.before, stub->address) < stub->region.before)
		fail(&w, -EOPNOTSUPP);
	if (shared)
		put_base(&w, stub->task);
	if (stub->cell[1] == STUB_NO_CELL && !is_counting(jcc) && !shared) {
		put_near_jcc(&w, jcc);
		put_fall_through(&w, stub, jcc, parts);
		parts->taken = 0;
	} else {
		taken = put_short_jcc(&w, jcc);
		put_fall_through(&w, stub, jcc, parts);
		parts->taken = w.size;
		end_short_jcc(&w, taken);
		w.has_base = shared;
		put_note(&w, stub, stub->cell[1]);
		put_jump(&w, jcc->target);
	}
	return w.err ? w.err : (int)w.size;
}

static bool is_passage(const struct stub *stub)
{
	return stub->region.before == stub->region.length;
}

static int write_passage(const struct stub *stub, u8 *code, struct parts *parts)
{
	struct writer w = { .code = code, .at = stub->at };

	parts->end = put_rest(&w, stub, 0);
	put_note(&w, stub, stub->cell[0]);
	put_region_end(&w, stub, parts->end);
	return w.err ? w.err : (int)w.size;
}

int stub_write(const struct stub *stub, u8 *code)
{
	u8 jump[REGION_JUMP_LEN];
	struct writer detour = { .code = jump, .at = stub->address };
	struct insn_branch jcc;
	struct parts parts;
	int err;

	put_jump(&detour, stub->at);	/* to see whether it reaches */
	if (detour.err)
		return detour.err;
	if (is_passage(stub))
		return write_passage(stub, code, &parts);
	err = decode_jcc(stub, &jcc);
	return err ? err : write_stub(stub, &jcc, code, &parts);
}

/*
 * The rest of the region is never executed. kprobes accepts no probe on an int3
 * (arch_prepare_kprobe()), and a decoder that reads through the text stays in sync.
 */
void stub_jump(u64 address, u32 length, u64 stub, u8 *bytes)
{
	struct writer w = { .code = bytes, .at = address };

	put_jump(&w, stub);
	memset(bytes + w.size, INT3, length - w.size);
}

void stub_short_jump(const struct region *region, u8 *bytes)
{
	memset(bytes, INT3, region->length);
	bytes[0] = 0xeb;
	bytes[1] = region->island + REGION_JUMP_LEN - REGION_SHORT_LEN;
}

void stub_island(u64 address, u32 length, u64 copy, u64 stub, u8 *bytes)
{
	stub_jump(address, REGION_JUMP_LEN, copy, bytes);
	stub_jump(address + REGION_JUMP_LEN, length - REGION_JUMP_LEN, stub,
		  bytes + REGION_JUMP_LEN);
}

/* One with prefixes is longer, or has another opcode in front. */
static bool is_near_jcc(const u8 *text, u32 length)
{
	return length == JCC_NEAR_LEN && text[0] == 0x0f && (text[1] & 0xf0) == 0x80;
}

int stub_taken(const struct stub *stub)
{
	struct insn_branch jcc;
	struct parts parts = { };
	u8 code[STUB_MAX_LEN];

	if (stub->region.before || !is_near_jcc(stub->text, stub->region.length))
		return -EOPNOTSUPP;
	/* What it does for the task comes first: the stub evaluates the condition once more. */
	if (!is_per_task(stub) && (decode_jcc(stub, &jcc) ||
				   write_stub(stub, &jcc, code, &parts) < 0 || !parts.taken))
		return -EOPNOTSUPP;
	return parts.taken;
}

void stub_half(u64 address, u64 into, u8 *bytes)
{
	struct writer w = { .code = bytes, .at = address, .size = JCC_NEAR_OPCODE_LEN };

	put_rel32(&w, into, 0);
}

static int write_shortcut(const struct stub *stub, u64 whole, u32 known, u8 *code,
			  struct parts *parts)
{
	struct writer w = { .code = code, .at = stub->at };
	const struct region *region = &stub->region;
	struct insn_branch jcc, to_stub;

	if (is_passage(stub) || !is_per_task(stub))
		return -EOPNOTSUPP;
	if (decode_jcc(stub, &jcc))
		return -EILSEQ;
	if (is_counting(&jcc))
		return -EOPNOTSUPP;
	put_all_moved(&w, stub->text, region->before, stub->address);
	to_stub = jcc;
	to_stub.target = whole + w.size;
	/* Conditions come in pairs of opposites (SDM vol. 1, app. B). */
	to_stub.condition ^= known;
	put_near_jcc(&w, &to_stub);
	*parts = (struct parts){ .after = w.size, .end = region->before + jcc.length };
	if (known) {
		put_jump(&w, jcc.target);
	} else {
		parts->end = put_rest(&w, stub, parts->end);
		put_region_end(&w, stub, parts->end);
	}
	return w.err ? w.err : (int)w.size;
}

int stub_shortcut(const struct stub *stub, u64 whole, u32 known, u8 *code)
{
	struct parts parts;

	return write_shortcut(stub, whole, known, code, &parts);
}

/* A conditional jump that notes nothing. */
static void put_plain_jcc(struct writer *w, const struct insn_branch *jcc, u64 next)
{
	u32 taken;

	if (!is_counting(jcc)) {
		put_near_jcc(w, jcc);
		put_jump(w, next);
		return;
	}
	taken = put_short_jcc(w, jcc);
	put_jump(w, next);
	end_short_jcc(w, taken);
	put_jump(w, jcc->target);
}

int stub_step(const u8 *text, const struct insn_branch *insn, u64 address, u64 at, u8 *code)
{
	struct writer w = { .code = code, .at = at };

	if (insn->kind == INSN_JCC) {
		put_plain_jcc(&w, insn, address + insn->length);
	} else if (insn->kind == INSN_JMP) {
		put_jump(&w, insn->target);
	} else if (insn->movable) {
		put_moved(&w, text, address, insn);
		put_jump(&w, address + insn->length);
	} else {
		return -EOPNOTSUPP;
	}
	return w.err ? w.err : (int)w.size;
}

/* For what follows the conditional jump; the jump itself for what was added. */
static u32 origin_behind(const struct stub *stub, const struct insn_branch *jcc,
			 const struct parts *parts, u32 offset)
{
	u32 at = stub->region.before + jcc->length + (offset - parts->after);

	if (offset < parts->after || (parts->taken && offset >= parts->taken))
		return stub->region.before;
	if (at < parts->end)
		return at;
	return parts->end < stub->region.length ? parts->end : stub->region.before;
}

u32 stub_origin(const struct stub *stub, u32 offset)
{
	struct insn_branch jcc;
	struct parts parts;
	u8 code[STUB_MAX_LEN];

	if (is_passage(stub) && write_passage(stub, code, &parts) < 0)
		return 0;
	if (is_passage(stub))
		return offset < parts.end ? offset : parts.end;
	if (offset < stub->region.before)
		return offset;
	if (decode_jcc(stub, &jcc) || write_stub(stub, &jcc, code, &parts) < 0)
		return stub->region.before;
	return origin_behind(stub, &jcc, &parts, offset);
}

u32 stub_shortcut_origin(const struct stub *stub, u32 known, u32 offset)
{
	struct insn_branch jcc;
	struct parts parts;
	u8 code[STUB_MAX_LEN];

	if (offset < stub->region.before)
		return offset;
	if (known || decode_jcc(stub, &jcc) ||
	    write_shortcut(stub, stub->at, known, code, &parts) < 0)
		return stub->region.before;
	return origin_behind(stub, &jcc, &parts, offset);
}
