// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_insn_branch.c - the decoder, by tables of instructions; the conditions,
 * against the processor that runs the test; anything at all, for over-reads.
 *
 * The bytes that are decoded always end at a page that cannot be read.
 * tests/decoder/ compares with objdump instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "insn_branch.h"

#define ADDRESS		0xffffffffc0123456ULL	/* of every instruction here */
#define NO_TARGET	INT64_MIN

#define FLAG_CF		0x001
#define FLAG_PF		0x004
#define FLAG_AF		0x010
#define FLAG_ZF		0x040
#define FLAG_SF		0x080
#define FLAG_OF		0x800

/* An instruction; @to is where it goes to, counted from its first byte. */
struct valid {
	const char *name;
	u8 bytes[INSN_MAX_LEN];
	u8 length;
	u8 kind;
	u8 condition;
	bool narrow;
	s64 to;
};

struct invalid {
	const char *name;
	u8 bytes[20];
	u8 size;
};

#define BYTES(...)		{ __VA_ARGS__ }, sizeof((u8[]){ __VA_ARGS__ })

/* Rows of tables: what they are, in assembler, and their bytes. */
#define ROW(kind, name, ...)	{ name, BYTES(__VA_ARGS__), kind, 0, false, NO_TARGET }
#define OTHER(name, ...)	ROW(INSN_OTHER, name, __VA_ARGS__)
#define NOP(name, ...)		ROW(INSN_NOP, name, __VA_ARGS__)
#define JMP_IND(name, ...)	ROW(INSN_JMP_IND, name, __VA_ARGS__)
#define CALL_IND(name, ...)	ROW(INSN_CALL_IND, name, __VA_ARGS__)
#define RET(name, ...)		ROW(INSN_RET, name, __VA_ARGS__)
#define TRAP(name, ...)		ROW(INSN_TRAP, name, __VA_ARGS__)
#define INT3(name, ...)		ROW(INSN_INT3, name, __VA_ARGS__)
#define UNDEFINED(name, ...)	{ name, BYTES(__VA_ARGS__) }

/* Those that have a target; @to counts from their first byte. */
#define DIRECT(kind, name, to, ...)	{ name, BYTES(__VA_ARGS__), kind, 0, false, to }
#define JCC(name, condition, to, ...) \
	{ name, BYTES(__VA_ARGS__), INSN_JCC, condition, false, to }
#define COUNTING(name, condition, narrow, to, ...) \
	{ name, BYTES(__VA_ARGS__), INSN_JCC, condition, narrow, to }

static u8 *fence;	/* the first byte that cannot be read */

static int setup(void **state)
{
	long page = sysconf(_SC_PAGESIZE);
	u8 *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE))
		return -1;
	fence = pages + page;
	return 0;
}

static int decode_at(const u8 *bytes, size_t size, u64 address, struct insn_branch *insn)
{
	memcpy(fence - size, bytes, size);
	return insn_branch_decode(fence - size, size, address, insn);
}

static int decode(const u8 *bytes, size_t size, struct insn_branch *insn)
{
	return decode_at(bytes, size, ADDRESS, insn);
}

static bool same(const struct insn_branch *a, const struct insn_branch *b)
{
	return a->target == b->target && a->length == b->length && a->kind == b->kind &&
	       a->condition == b->condition && a->narrow == b->narrow &&
	       a->rip_disp == b->rip_disp && a->abs_disp == b->abs_disp &&
	       a->imm == b->imm && a->movable == b->movable;
}

static void expect(const char *name, const char *what, u64 wanted, u64 found)
{
	if (found == wanted)
		return;
	print_error("%s: %s should be %#llx, is %#llx\n", name, what,
		    (unsigned long long)wanted, (unsigned long long)found);
	fail();
}

static void check_valid(const struct valid *c)
{
	struct insn_branch insn;
	u8 longer[INSN_MAX_LEN + 4];
	size_t size;

	expect(c->name, "error", 0, decode(c->bytes, c->length, &insn));
	expect(c->name, "length", c->length, insn.length);
	expect(c->name, "kind", c->kind, insn.kind);
	expect(c->name, "condition", c->condition, insn.condition);
	expect(c->name, "narrow", c->narrow, insn.narrow);
	expect(c->name, "target", c->to == NO_TARGET ? 0 : ADDRESS + c->to, insn.target);

	for (size = 0; size < c->length; size++)
		expect(c->name, "error when truncated", -ENODATA, decode(c->bytes, size, &insn));

	/* What follows does not matter. */
	memset(longer, 0xff, sizeof(longer));
	memcpy(longer, c->bytes, c->length);
	expect(c->name, "error in its place", 0, decode(longer, sizeof(longer), &insn));
	expect(c->name, "length in its place", c->length, insn.length);
}

#define check_all_valid(cases)					\
do {								\
	size_t i_;						\
								\
	for (i_ = 0; i_ < ARRAY_SIZE(cases); i_++)		\
		check_valid(&(cases)[i_]);			\
} while (0)

/* Refused as soon as enough is there to know, and from then on. */
static void check_invalid(const struct invalid *c)
{
	struct insn_branch insn;
	size_t size;

	for (size = 0; size < c->size; size++)
		expect(c->name, "error when truncated", -ENODATA, decode(c->bytes, size, &insn));
	for (; size <= sizeof(c->bytes); size++)
		expect(c->name, "error", -EILSEQ, decode(c->bytes, size, &insn));
}

static void conditional_jumps_have_condition_and_target(void **state)
{
	static const struct valid cases[] = {
		JCC("jo short", 0, 0x12, 0x70, 0x10),
		JCC("jne short, back", 5, 0, 0x75, 0xfe),
		JCC("jg short, farthest back", 15, -0x7e, 0x7f, 0x80),
		JCC("jg short, farthest on", 15, 0x81, 0x7f, 0x7f),
		JCC("je near", 4, 0x1234567e, 0x0f, 0x84, 0x78, 0x56, 0x34, 0x12),
		JCC("je near, back", 4, 0, 0x0f, 0x84, 0xfa, 0xff, 0xff, 0xff),
		JCC("jle near, farthest back", 14, -0x7ffffffaLL, 0x0f, 0x8e, 0, 0, 0, 0x80),
		JCC("je,pn short", 4, 4, 0x2e, 0x74, 0x01),
		JCC("je,pt short", 4, 4, 0x3e, 0x74, 0x01),
		JCC("bnd je short", 4, 4, 0xf2, 0x74, 0x01),
		JCC("repz je short", 4, 4, 0xf3, 0x74, 0x01),
		JCC("cs je near", 4, 8, 0x2e, 0x0f, 0x84, 1, 0, 0, 0),
		JCC("bnd je near", 4, 8, 0xf2, 0x0f, 0x84, 1, 0, 0, 0),
		JCC("rex.W je near", 4, 8, 0x48, 0x0f, 0x84, 1, 0, 0, 0),
		JCC("addr32 je short", 4, 4, 0x67, 0x74, 0x01),
		/* A 66 prefix is ignored, as Intel's CPUs do. */
		JCC("data16 je short", 4, 4, 0x66, 0x74, 0x01),
		JCC("data16 je near", 4, 8, 0x66, 0x0f, 0x84, 1, 0, 0, 0),
	};

	(void)state;
	check_all_valid(cases);
}

static void counting_jumps_are_conditional_jumps(void **state)
{
	static const struct valid cases[] = {
		COUNTING("loopne", INSN_COND_LOOPNE, false, 0, 0xe0, 0xfe),
		COUNTING("loope", INSN_COND_LOOPE, false, 7, 0xe1, 0x05),
		COUNTING("loop", INSN_COND_LOOP, false, 7, 0xe2, 0x05),
		COUNTING("jrcxz", INSN_COND_RCXZ, false, 7, 0xe3, 0x05),
		COUNTING("loopnel", INSN_COND_LOOPNE, true, 8, 0x67, 0xe0, 0x05),
		COUNTING("loopel", INSN_COND_LOOPE, true, 8, 0x67, 0xe1, 0x05),
		COUNTING("loopl", INSN_COND_LOOP, true, 8, 0x67, 0xe2, 0x05),
		COUNTING("jecxz", INSN_COND_RCXZ, true, 8, 0x67, 0xe3, 0x05),
		COUNTING("data16 loop", INSN_COND_LOOP, false, 8, 0x66, 0xe2, 0x05),
	};

	(void)state;
	check_all_valid(cases);
}

static void direct_jumps_and_calls_have_a_target(void **state)
{
	static const struct valid cases[] = {
		DIRECT(INSN_JMP, "jmp short", 7, 0xeb, 0x05),
		DIRECT(INSN_JMP, "jmp to itself", 0, 0xeb, 0xfe),
		DIRECT(INSN_JMP, "jmp near", 0x04030206, 0xe9, 0x01, 0x02, 0x03, 0x04),
		DIRECT(INSN_JMP, "cs jmp near", 7, 0x2e, 0xe9, 1, 0, 0, 0),
		DIRECT(INSN_JMP, "data16 jmp near", 7, 0x66, 0xe9, 1, 0, 0, 0),
		DIRECT(INSN_CALL, "call", 0, 0xe8, 0xfb, 0xff, 0xff, 0xff),
		DIRECT(INSN_CALL, "cs call", 7, 0x2e, 0xe8, 1, 0, 0, 0),
		DIRECT(INSN_CALL, "data16 rex.W call", 9, 0x66, 0x66, 0x48, 0xe8, 1, 0, 0, 0),
		/* The abort goes there: a leader, though the kind says nothing of it. */
		DIRECT(INSN_OTHER, "xbegin", 7, 0xc7, 0xf8, 1, 0, 0, 0),
		DIRECT(INSN_OTHER, "xbeginw", 0, 0x66, 0xc7, 0xf8, 0xfb, 0xff),
	};

	(void)state;
	check_all_valid(cases);
}

static void targets_wrap_at_the_end_of_the_address_space(void **state)
{
	static const u8 on[] = { 0xe9, 0x0b, 0, 0, 0 }, back[] = { 0xeb, 0xf0 };
	struct insn_branch insn;

	(void)state;
	assert_int_equal(decode_at(on, sizeof(on), 0xfffffffffffffff0ULL, &insn), 0);
	assert_int_equal(insn.target, 0);
	assert_int_equal(decode_at(back, sizeof(back), 2, &insn), 0);
	assert_int_equal(insn.target, 0xfffffffffffffff4ULL);
}

static void indirect_jumps_and_calls_have_no_target(void **state)
{
	static const struct valid cases[] = {
		CALL_IND("call *%rax", 0xff, 0xd0),
		CALL_IND("call *%r11", 0x41, 0xff, 0xd3),
		CALL_IND("call *0x12345678(%rip)", 0xff, 0x15, 0x78, 0x56, 0x34, 0x12),
		CALL_IND("lcall *(%rax)", 0xff, 0x18),
		JMP_IND("jmp *%rax", 0xff, 0xe0),
		JMP_IND("notrack jmp *%rax", 0x3e, 0xff, 0xe0),
		JMP_IND("jmp *table(,%rax,8)", 0xff, 0x24, 0xc5, 1, 2, 3, 4),
		JMP_IND("rex.W ljmp *8(%rsp)", 0x48, 0xff, 0x6c, 0x24, 0x08),
		OTHER("push (%rax), same opcode", 0xff, 0x30),
		OTHER("inc %eax, same opcode", 0xff, 0xc0),
	};

	(void)state;
	check_all_valid(cases);
}

static void returns_lead_away(void **state)
{
	static const struct valid cases[] = {
		RET("ret", 0xc3),
		RET("repz ret", 0xf3, 0xc3),
		RET("bnd ret", 0xf2, 0xc3),
		RET("data16 ret", 0x66, 0xc3),
		RET("ret $8", 0xc2, 0x08, 0x00),
		RET("lret", 0xcb),
		RET("lretq $8", 0x48, 0xca, 0x08, 0x00),
		RET("iret", 0xcf),
		RET("iretq", 0x48, 0xcf),
		RET("sysretl", 0x0f, 0x07),
		RET("sysretq", 0x48, 0x0f, 0x07),
		RET("sysexit", 0x0f, 0x35),
		RET("rsm", 0x0f, 0xaa),
		RET("erets", 0xf2, 0x0f, 0x01, 0xca),
		RET("eretu", 0xf3, 0x0f, 0x01, 0xca),
		OTHER("clac, same opcode", 0x0f, 0x01, 0xca),
		RET("uiret", 0xf3, 0x0f, 0x01, 0xec),
	};

	(void)state;
	check_all_valid(cases);
}

static void traps_and_breakpoints_are_told_from_other_interrupts(void **state)
{
	static const struct valid cases[] = {
		TRAP("ud2", 0x0f, 0x0b),
		TRAP("ud1 0x10(%rcx),%eax", 0x0f, 0xb9, 0x41, 0x10),
		TRAP("addr32 ud1 (UBSan's)", 0x67, 0x0f, 0xb9, 0x40, 0x0c),
		TRAP("ud0 %eax,%eax", 0x0f, 0xff, 0xc0),
		INT3("int3", 0xcc),
		OTHER("int1", 0xf1),
		OTHER("int $3, long", 0xcd, 0x03),
		OTHER("int $0x80", 0xcd, 0x80),
		OTHER("syscall", 0x0f, 0x05),
		OTHER("sysenter", 0x0f, 0x34),
		OTHER("hlt", 0xf4),
	};

	(void)state;
	check_all_valid(cases);
}

static void padding_is_nop(void **state)
{
	static const struct valid cases[] = {
		NOP("nop", 0x90),
		NOP("xchg %ax,%ax", 0x66, 0x90),
		NOP("rex.W nop", 0x48, 0x90),
		NOP("nopl (%rax)", 0x0f, 0x1f, 0x00),
		NOP("nopl 0(%rax)", 0x0f, 0x1f, 0x40, 0),
		NOP("nopl 0(%rax,%rax,1)", 0x0f, 0x1f, 0x44, 0, 0),
		NOP("ds nopl 0(%rax), a jump label", 0x3e, 0x0f, 0x1f, 0x40, 0),
		NOP("nopw 0(%rax,%rax,1)", 0x66, 0x0f, 0x1f, 0x44, 0, 0),
		NOP("nopl 0x0(%rax)", 0x0f, 0x1f, 0x80, 0, 0, 0, 0),
		NOP("nopl 0x0(%rax,%rax,1)", 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0),
		NOP("cs nopw 0x0(%rax,%rax,1)", 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0),
		NOP("longest nopw",
		    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0),
	};

	(void)state;
	check_all_valid(cases);
}

/* They do little or nothing, but nobody pads with them. */
static void look_alikes_of_nop_are_not_nop(void **state)
{
	static const struct valid cases[] = {
		OTHER("pause", 0xf3, 0x90),
		OTHER("xchg %rax,%r8", 0x49, 0x90),
		OTHER("lock nop", 0xf0, 0x90),
		OTHER("endbr64", 0xf3, 0x0f, 0x1e, 0xfa),
		OTHER("endbr32", 0xf3, 0x0f, 0x1e, 0xfb),
		OTHER("0F 1F /1", 0x0f, 0x1f, 0x08),
		OTHER("prefetcht0 (%rax)", 0x0f, 0x18, 0x08),
		OTHER("prefetchw (%rax)", 0x0f, 0x0d, 0x08),
		OTHER("mov %edi,%edi", 0x89, 0xff),
		OTHER("lea 0(%rsi),%rsi", 0x48, 0x8d, 0x76, 0x00),
		OTHER("xchg %eax,%eax, clears the upper half", 0x87, 0xc0),
	};

	(void)state;
	check_all_valid(cases);
}

static void modrm_sib_and_displacement_are_counted(void **state)
{
	static const struct valid cases[] = {
		OTHER("mov %rax,%rbx", 0x48, 0x89, 0xc3),
		OTHER("mov (%rax),%eax", 0x8b, 0x00),
		OTHER("mov x(%rip),%eax", 0x8b, 0x05, 1, 2, 3, 4),
		OTHER("mov (%rsp),%eax", 0x8b, 0x04, 0x24),
		OTHER("mov 0(%rbp),%eax", 0x8b, 0x45, 0),
		OTHER("mov x(%rbp),%eax", 0x8b, 0x85, 1, 2, 3, 4),
		OTHER("mov 0(%r13),%eax: rm is 5 whatever REX says", 0x41, 0x8b, 0x45, 0),
		OTHER("mov (%r12),%eax: a SIB whatever REX says", 0x41, 0x8b, 0x04, 0x24),
		OTHER("mov x,%eax: a SIB without base", 0x8b, 0x04, 0x25, 1, 2, 3, 4),
		OTHER("mov x(,%rax,8),%eax", 0x8b, 0x04, 0xc5, 1, 2, 3, 4),
		OTHER("mov 0(%rbp,%rax,8),%eax: SIB.base 5, mod 1", 0x8b, 0x44, 0xc5, 0),
		OTHER("mov x(%rbp,%rax,8),%eax: SIB.base 5, mod 2", 0x8b, 0x84, 0xc5, 1, 2, 3, 4),
		OTHER("mov x(,%rax,8),%rax with REX.B", 0x49, 0x8b, 0x04, 0xc5, 1, 2, 3, 4),
		OTHER("mov (%esp),%eax: 67 changes no ModRM", 0x67, 0x8b, 0x04, 0x24),
		OTHER("mov x(%eip),%eax", 0x67, 0x8b, 0x05, 1, 2, 3, 4),
		OTHER("mov %cr0,%rax", 0x0f, 0x20, 0xc0),
		OTHER("mov %cr0,%rbp, mod is ignored", 0x0f, 0x20, 0x45),
		OTHER("mov %rsp,%dr0, rm 4 is no SIB", 0x0f, 0x23, 0x04),
		OTHER("mov %gs:0x28,%rax", 0x65, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0),
	};

	(void)state;
	check_all_valid(cases);
}

static void immediates_follow_operand_and_address_size(void **state)
{
	static const struct valid cases[] = {
		OTHER("add $1,%al", 0x04, 1),
		OTHER("add $1,%eax", 0x05, 1, 2, 3, 4),
		OTHER("add $1,%ax", 0x66, 0x05, 1, 2),
		OTHER("add $1,%rax", 0x48, 0x05, 1, 2, 3, 4),
		OTHER("add $1,%rax, 66 yields to REX.W", 0x66, 0x48, 0x05, 1, 2, 3, 4),
		OTHER("REX before 66 does not count", 0x48, 0x66, 0x05, 1, 2),
		OTHER("mov $1,%eax", 0xb8, 1, 2, 3, 4),
		OTHER("mov $1,%ax", 0x66, 0xb8, 1, 2),
		OTHER("movabs $1,%rax", 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8),
		OTHER("movabs, 66 yields to REX.W", 0x66, 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8),
		OTHER("movabs x,%eax", 0xa1, 1, 2, 3, 4, 5, 6, 7, 8),
		OTHER("movabs x,%ax", 0x66, 0xa1, 1, 2, 3, 4, 5, 6, 7, 8),
		OTHER("addr32 mov x,%eax", 0x67, 0xa1, 1, 2, 3, 4),
		OTHER("addr32 mov %al,x", 0x67, 0xa2, 1, 2, 3, 4),
		OTHER("push $1", 0x6a, 1),
		OTHER("push $0x1234567", 0x68, 1, 2, 3, 4),
		OTHER("pushw $1", 0x66, 0x68, 1, 2),
		OTHER("imul $1,(%rax),%eax", 0x69, 0, 1, 2, 3, 4),
		OTHER("imul $1,(%rax),%ax", 0x66, 0x69, 0, 1, 2),
		OTHER("imul $1,(%rax),%eax, short", 0x6b, 0, 1),
		OTHER("enter $0x10,$1", 0xc8, 0x10, 0, 1),
		OTHER("movl $1,0(%rax)", 0xc7, 0x40, 0, 1, 2, 3, 4),
		OTHER("movw $1,0(%rax)", 0x66, 0xc7, 0x40, 0, 1, 2),
		OTHER("in $0x60,%al", 0xe4, 0x60),
		OTHER("xabort $1", 0xc6, 0xf8, 1),
		OTHER("bt $1,%eax", 0x0f, 0xba, 0xe0, 1),
		OTHER("shld $1,%eax,%ebx", 0x0f, 0xa4, 0xc3, 1),
		OTHER("shrd %cl,%eax,%ebx", 0x0f, 0xad, 0xc3),
	};

	(void)state;
	check_all_valid(cases);
}

static void group_3_has_an_immediate_for_test_alone(void **state)
{
	static const struct valid cases[] = {
		OTHER("testb $1,(%rax)", 0xf6, 0x00, 1),
		OTHER("testb $1,(%rax), the alias", 0xf6, 0x08, 1),
		OTHER("notb (%rax)", 0xf6, 0x10),
		OTHER("testl $1,(%rax)", 0xf7, 0x00, 1, 2, 3, 4),
		OTHER("testl $1,(%rax), the alias", 0xf7, 0x08, 1, 2, 3, 4),
		OTHER("testw $1,(%rax)", 0x66, 0xf7, 0x00, 1, 2),
		OTHER("testq $1,(%rax)", 0x48, 0xf7, 0x00, 1, 2, 3, 4),
		OTHER("neg %eax", 0xf7, 0xd8),
		OTHER("div %rcx", 0x48, 0xf7, 0xf1),
		OTHER("idivl x(%rip)", 0xf7, 0x3d, 1, 2, 3, 4),
	};

	(void)state;
	check_all_valid(cases);
}

static void vector_and_crypto_instructions_have_their_lengths(void **state)
{
	static const struct valid cases[] = {
		OTHER("movaps %xmm0,%xmm1", 0x0f, 0x28, 0xc8),
		OTHER("pshufd $1,%xmm0,%xmm1", 0x66, 0x0f, 0x70, 0xc8, 1),
		OTHER("psrldq $8,%xmm1", 0x66, 0x0f, 0x73, 0xd9, 8),
		OTHER("emms", 0x0f, 0x77),
		OTHER("pshufb x(%rip),%xmm0", 0x66, 0x0f, 0x38, 0x00, 0x05, 1, 2, 3, 4),
		OTHER("crc32q (%rdi),%rax", 0xf2, 0x48, 0x0f, 0x38, 0xf1, 0x07),
		OTHER("aesenc %xmm1,%xmm0", 0x66, 0x0f, 0x38, 0xdc, 0xc1),
		OTHER("sha256rnds2 %xmm0,%xmm1,%xmm2", 0x0f, 0x38, 0xcb, 0xd1),
		OTHER("pclmulqdq $0x11,%xmm1,%xmm0", 0x66, 0x0f, 0x3a, 0x44, 0xc1, 0x11),
		OTHER("palignr $8,x(%rip),%xmm0", 0x66, 0x0f, 0x3a, 0x0f, 0x05, 1, 2, 3, 4, 8),
		OTHER("vzeroupper", 0xc5, 0xf8, 0x77),
		OTHER("vmovdqu x(%rip),%ymm0", 0xc5, 0xfe, 0x6f, 0x05, 1, 2, 3, 4),
		OTHER("vpshufd $1,%xmm0,%xmm1", 0xc5, 0xf9, 0x70, 0xc8, 1),
		OTHER("vpslldq $8,%xmm0,%xmm1", 0xc5, 0xf1, 0x73, 0xf8, 8),
		OTHER("vzeroupper, long form", 0xc4, 0xe1, 0x78, 0x77),
		OTHER("vpshufb %xmm1,%xmm2,%xmm3", 0xc4, 0xe2, 0x69, 0x00, 0xd9),
		OTHER("rorx $1,%eax,%ebx", 0xc4, 0xe3, 0x7b, 0xf0, 0xd8, 1),
		OTHER("mulx (%rax),%rbx,%rcx", 0xc4, 0xe2, 0xe3, 0xf6, 0x08),
		OTHER("fs vmovdqu (%eax),%ymm0: segment and 67 may stand before VEX",
		      0x64, 0x67, 0xc5, 0xfe, 0x6f, 0x00),
		OTHER("vmovdqu64 0x40(%rax),%zmm0", 0x62, 0xf1, 0xfe, 0x48, 0x6f, 0x40, 0x01),
		OTHER("vprold $7,%zmm0,%zmm1", 0x62, 0xf1, 0x75, 0x48, 0x72, 0xc8, 7),
		OTHER("vpternlogd $1,%zmm0,%zmm1,%zmm2", 0x62, 0xf3, 0x75, 0x48, 0x25, 0xd0, 1),
		OTHER("vpermi2d %zmm0,%zmm1,%zmm2", 0x62, 0xf2, 0x75, 0x48, 0x76, 0xd0),
		OTHER("vaddph %zmm0,%zmm1,%zmm2", 0x62, 0xf5, 0x74, 0x48, 0x58, 0xd0),
		OTHER("vprotd $7,%xmm0,%xmm1 (XOP)", 0x8f, 0xe8, 0x78, 0xc2, 0xc8, 7),
		OTHER("vprotd %xmm0,%xmm1,%xmm2 (XOP)", 0x8f, 0xe9, 0x78, 0x92, 0xd1),
		OTHER("bextr $1,%eax,%ebx (XOP)", 0x8f, 0xea, 0x78, 0x10, 0xd8, 1, 0, 0, 0),
		OTHER("pop (%rax), not XOP", 0x8f, 0x00),
		OTHER("pop x(%rsp), not XOP", 0x8f, 0x84, 0x24, 1, 2, 3, 4),
		OTHER("xcrypt-ecb (PadLock)", 0xf3, 0x0f, 0xa7, 0xc8),
		OTHER("xsha256 (PadLock)", 0xf3, 0x0f, 0xa6, 0xd0),
		OTHER("pfadd %mm0,%mm1", 0x0f, 0x0f, 0xc8, 0x9e),
		OTHER("vmread %rax,(%rbx)", 0x0f, 0x78, 0x03),
		OTHER("extrq $1,$2,%xmm0", 0x66, 0x0f, 0x78, 0xc0, 1, 2),
		OTHER("insertq $1,$2,%xmm0,%xmm1", 0xf2, 0x0f, 0x78, 0xc8, 1, 2),
		OTHER("fwait is an instruction", 0x9b),
		OTHER("fninit", 0xdb, 0xe3),
		OTHER("rdrand %rax", 0x48, 0x0f, 0xc7, 0xf0),
		OTHER("lock cmpxchg16b (%rsi)", 0xf0, 0x48, 0x0f, 0xc7, 0x0e),
		OTHER("xsaves (%rdi)", 0x48, 0x0f, 0xc7, 0x2f),
		OTHER("stac", 0x0f, 0x01, 0xcb),
		OTHER("wrpkru", 0x0f, 0x01, 0xef),
	};

	(void)state;
	check_all_valid(cases);
}

/* Each is refused at its last byte; before it, it could still be another. */
static void undefined_opcodes_are_refused(void **state)
{
	static const struct invalid cases[] = {
		UNDEFINED("push %es", 0x06), UNDEFINED("pop %es", 0x07),
		UNDEFINED("push %cs", 0x0e), UNDEFINED("push %ss", 0x16),
		UNDEFINED("pop %ss", 0x17), UNDEFINED("push %ds", 0x1e),
		UNDEFINED("pop %ds", 0x1f), UNDEFINED("daa", 0x27),
		UNDEFINED("das", 0x2f), UNDEFINED("aaa", 0x37),
		UNDEFINED("aas", 0x3f), UNDEFINED("pusha", 0x60),
		UNDEFINED("popa", 0x61), UNDEFINED("82", 0x82),
		UNDEFINED("lcall $..", 0x9a), UNDEFINED("into", 0xce),
		UNDEFINED("aam", 0xd4), UNDEFINED("aad", 0xd5),
		UNDEFINED("salc", 0xd6), UNDEFINED("ljmp $..", 0xea),
		UNDEFINED("0F 04", 0x0f, 0x04), UNDEFINED("0F 0A", 0x0f, 0x0a),
		UNDEFINED("0F 0C", 0x0f, 0x0c), UNDEFINED("0F 24", 0x0f, 0x24),
		UNDEFINED("0F 27", 0x0f, 0x27), UNDEFINED("0F 36", 0x0f, 0x36),
		UNDEFINED("0F 39", 0x0f, 0x39), UNDEFINED("0F 3F", 0x0f, 0x3f),
		UNDEFINED("0F 7A", 0x0f, 0x7a), UNDEFINED("0F 7B", 0x0f, 0x7b),
		UNDEFINED("prefixed", 0x66, 0xf3, 0x48, 0x06),
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_invalid(&cases[i]);
}

static void undefined_members_of_groups_are_refused(void **state)
{
	static const struct invalid cases[] = {
		UNDEFINED("8F /4", 0x8f, 4 << 3), UNDEFINED("C6 /1", 0xc6, 1 << 3),
		UNDEFINED("C7 /7 memory", 0xc7, 7 << 3), UNDEFINED("FE /2", 0xfe, 2 << 3),
		UNDEFINED("FF /7", 0xff, 7 << 3), UNDEFINED("FF /7 register", 0xff, 0xf8),
		UNDEFINED("lcall of a register", 0xff, 0xd8),
		UNDEFINED("ljmp of a register", 0xff, 0xe8),
		UNDEFINED("0F 00 /7", 0x0f, 0x00, 7 << 3),
		UNDEFINED("0F 71 of memory", 0x0f, 0x71, 2 << 3),
		UNDEFINED("0F 72 /0", 0x0f, 0x72, 0xc0),
		UNDEFINED("0F 73 /4", 0x0f, 0x73, 0xe0),
		UNDEFINED("0F A6 of memory", 0x0f, 0xa6, 0x00),
		UNDEFINED("0F BA /3", 0x0f, 0xba, 3 << 3),
		UNDEFINED("0F C7 /0", 0x0f, 0xc7, 0 << 3),
		UNDEFINED("0F C7 /1 register", 0x0f, 0xc7, 0xc8),
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_invalid(&cases[i]);
}

static void vex_is_refused_where_it_cannot_be(void **state)
{
	static const struct invalid cases[] = {
		UNDEFINED("66 C5", 0x66, 0xc5), UNDEFINED("F2 C4", 0xf2, 0xc4),
		UNDEFINED("F3 62", 0xf3, 0x62), UNDEFINED("LOCK C5", 0xf0, 0xc5),
		UNDEFINED("REX C4", 0x40, 0xc4), UNDEFINED("REX.W 62", 0x48, 0x62),
		UNDEFINED("VEX map 0", 0xc4, 0xe0), UNDEFINED("VEX map 4", 0xc4, 0xe4),
		UNDEFINED("VEX map 8", 0xc4, 0xe8), UNDEFINED("VEX map 31", 0xc4, 0xff),
		UNDEFINED("EVEX map 0", 0x62, 0xf0), UNDEFINED("EVEX map 4", 0x62, 0xf4),
		UNDEFINED("EVEX reserved bit", 0x62, 0xf9), UNDEFINED("XOP map 11", 0x8f, 0xeb),
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_invalid(&cases[i]);
}

static void more_than_15_bytes_are_refused(void **state)
{
	/* gs addr32 lock addq $imm32, disp32(%rax,%rcx,8) */
	static const struct valid longest =
		OTHER("15 bytes", 0x65, 0x67, 0xf0, 0x48, 0x81, 0x84, 0xc8, 1, 2, 3, 4, 1, 2, 3, 4);
	struct invalid too_long = { "16 bytes", { 0x66 }, 12 };
	struct invalid prefixes = { "15 prefixes", { 0 }, INSN_MAX_LEN };

	(void)state;
	check_valid(&longest);
	/* With one more byte it is too long as soon as an immediate is due. */
	memcpy(too_long.bytes + 1, longest.bytes, longest.length);
	memset(prefixes.bytes, 0x66, INSN_MAX_LEN);
	prefixes.bytes[INSN_MAX_LEN] = 0x90;
	check_invalid(&too_long);
	/* That an opcode is to come is known behind the last prefix only. */
	check_invalid(&prefixes);
}

static void operands_name_addresses(void **state)
{
	static const struct {
		const char *name;
		u8 bytes[INSN_MAX_LEN];
		u8 length;
		u64 by[INSN_NR_NAMES];	/* of memory counted from the instruction's end */
		bool absolute;
	} cases[] = {
		{ "lea 0x10(%rip),%rax", BYTES(0x48, 0x8d, 0x05, 0x10, 0, 0, 0), { 0x10, 0 }, false },
		{ "movq $-2,-8(%rip)",
		  BYTES(0x48, 0xc7, 0x05, 0xf8, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff),
		  { -8, -2 }, false },
		{ "movb $1,8(%rip): no address in a byte",
		  BYTES(0xc6, 0x05, 8, 0, 0, 0, 1), { 8, 0 }, false },
		{ "jmp *0x20(%rip)", BYTES(0xff, 0x25, 0x20, 0, 0, 0), { 0x20, 0 }, false },
		{ "pshufb 4(%rip),%xmm0", BYTES(0x66, 0x0f, 0x38, 0, 0x05, 4, 0, 0, 0), { 4, 0 }, false },
		{ "vmovdqu 4(%rip),%ymm0", BYTES(0xc5, 0xfe, 0x6f, 0x05, 4, 0, 0, 0), { 4, 0 }, false },
		{ "mov $0xffffffffc0000000,%rax",
		  BYTES(0x48, 0xc7, 0xc0, 0, 0, 0, 0xc0), { 0, 0xffffffffc0000000 }, true },
		{ "push $0xffffffffc0000000",
		  BYTES(0x68, 0, 0, 0, 0xc0), { 0, 0xffffffffc0000000 }, true },
		{ "movabs $0x1122334455667788,%rax",
		  BYTES(0x48, 0xb8, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11),
		  { 0, 0x1122334455667788 }, true },
		{ "jmp *0xffffffff80001000(,%rax,8)",
		  BYTES(0xff, 0x24, 0xc5, 0, 0x10, 0, 0x80), { 0xffffffff80001000, 0 }, true },
		{ "mov %gs:0x28,%rax",
		  BYTES(0x65, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0), { 0x28, 0 }, true },
		{ "mov 0x10(%rbp),%rax", BYTES(0x48, 0x8b, 0x85, 0x10, 0, 0, 0), { 0, 0 }, true },
		{ "je: a target is no name", BYTES(0x0f, 0x84, 1, 0, 0, 0), { 0, 0 }, true },
		{ "call: neither", BYTES(0xe8, 1, 0, 0, 0), { 0, 0 }, true },
		{ "xbegin: neither", BYTES(0xc7, 0xf8, 1, 0, 0, 0), { 0, 0 }, true },
	};
	struct insn_branch insn;
	u64 names[INSN_NR_NAMES];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 memory = cases[i].by[INSN_BY_MEMORY];

		if (!cases[i].absolute)
			memory += ADDRESS + cases[i].length;
		expect(cases[i].name, "error", 0, decode(cases[i].bytes, cases[i].length, &insn));
		insn_branch_names(fence - cases[i].length, ADDRESS, &insn, names);
		expect(cases[i].name, "by memory", memory, names[INSN_BY_MEMORY]);
		expect(cases[i].name, "by immediate", cases[i].by[INSN_BY_IMMEDIATE],
		       names[INSN_BY_IMMEDIATE]);
	}
}

/* What cannot be moved is in test_stub.c. */
static void most_instructions_can_be_moved(void **state)
{
	static const struct valid cases[] = {
		OTHER("mov (%rdi),%rax", 0x48, 0x8b, 0x07), OTHER("push %rbp", 0x55),
		OTHER("rep stos", 0xf3, 0x48, 0xab), OTHER("lock incl (%rax)", 0xf0, 0xff, 0x00),
		OTHER("cli", 0xfa), OTHER("pushf", 0x9c), OTHER("stac", 0x0f, 0x01, 0xcb),
		OTHER("clac", 0x0f, 0x01, 0xca), OTHER("lfence", 0x0f, 0xae, 0xe8),
		OTHER("rdtsc", 0x0f, 0x31), OTHER("rdpkru", 0x0f, 0x01, 0xee),
		OTHER("vzeroupper", 0xc5, 0xf8, 0x77), OTHER("pause", 0xf3, 0x90),
		NOP("nop", 0x90), NOP("nopl 0(%rax)", 0x0f, 0x1f, 0x40, 0),
		OTHER("mov x(%rip),%eax", 0x8b, 0x05, 1, 2, 3, 4),
	};
	struct insn_branch insn;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		expect(cases[i].name, "error", 0, decode(cases[i].bytes, cases[i].length, &insn));
		expect(cases[i].name, "plain", true, insn_branch_is_plain(&insn));
	}
}

static void what_a_result_says_is_consistent(const struct insn_branch *insn)
{
	bool direct = insn->kind == INSN_JCC || insn->kind == INSN_JMP || insn->kind == INSN_CALL;

	assert_in_range(insn->length, 1, INSN_MAX_LEN);
	assert_in_range(insn->kind, INSN_OTHER, INSN_INT3);
	assert_in_range(insn->condition, 0, INSN_COND_RCXZ);
	assert_true(insn->kind == INSN_JCC || !insn->condition);
	assert_true(insn->condition >= INSN_COND_LOOPNE || !insn->narrow);
	assert_true(direct || insn->kind == INSN_OTHER || !insn->target);
	assert_false(insn->movable && (direct || insn->target));
	assert_false(insn->rip_disp && insn->abs_disp);
	assert_true(insn->rip_disp + insn->abs_disp + insn->imm <= insn->length);
}

/*
 * For any bytes: -ENODATA up to some size, and from there on one answer, which
 * is an error or an instruction of exactly that size.
 */
static void check_any(const u8 *bytes, size_t max)
{
	struct insn_branch first, insn;
	size_t size = 0;
	int err, again;

	do {
		err = decode(bytes, size, &first);
	} while (err == -ENODATA && size++ < max);
	assert_true(err == 0 || err == -EILSEQ);
	if (!err) {
		what_a_result_says_is_consistent(&first);
		assert_int_equal(first.length, size);
	}
	for (; size <= max; size++) {
		again = decode(bytes, size, &insn);
		assert_int_equal(again, err);
		assert_true(err || same(&insn, &first));
	}
}

static void every_two_byte_start_with_many_tails_is_decided_once(void **state)
{
	static const u8 tails[] = { 0x00, 0x05, 0x25, 0x44, 0x66, 0x90, 0xc5, 0xff };
	u8 bytes[16];
	unsigned int start, i;

	(void)state;
	for (start = 0; start < 65536; start++) {
		for (i = 0; i < ARRAY_SIZE(tails); i++) {
			memset(bytes, tails[i], sizeof(bytes));
			bytes[0] = start;
			bytes[1] = start >> 8;
			check_any(bytes, sizeof(bytes));
		}
	}
}

static void random_bytes_are_decided_once(void **state)
{
	u64 seed = 0x6c697665636f7601ULL, x = seed;
	unsigned int round, i;
	u8 bytes[24];

	(void)state;
	print_message("    seed %#llx\n", (unsigned long long)seed);
	for (round = 0; round < 300000; round++) {
		for (i = 0; i < sizeof(bytes); i++) {
			/* xorshift64* */
			x ^= x >> 12;
			x ^= x << 25;
			x ^= x >> 27;
			bytes[i] = x * 0x2545f4914f6cdd1dULL >> 56;
		}
		check_any(bytes, sizeof(bytes));
	}
}

/*
 * A function that the processor runs: it loads RFLAGS and RCX from its arguments
 * and executes a conditional jump. Returns 1 if that jumped.
 */
static u8 *runner;

static int setup_runner(void **state)
{
	(void)state;
	runner = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE | PROT_EXEC,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return runner == MAP_FAILED ? -1 : 0;
}

/* @jump must jump over the 6 bytes behind it. */
static bool really_taken(const u8 *jump, size_t length, u64 flags, u64 rcx)
{
	static const u8 load[] = {
		0x57,			/* push %rdi */
		0x48, 0x89, 0xf1,	/* mov %rsi,%rcx */
		0x9d,			/* popf */
	};
	static const u8 answer[] = {
		0xb8, 0, 0, 0, 0, 0xc3,	/* mov $0,%eax; ret */
		0xb8, 1, 0, 0, 0, 0xc3,	/* mov $1,%eax; ret */
	};
	int (*run)(u64 flags, u64 rcx) = (int (*)(u64, u64))(uintptr_t)runner;

	memcpy(runner, load, sizeof(load));
	memcpy(runner + sizeof(load), jump, length);
	memcpy(runner + sizeof(load) + length, answer, sizeof(answer));
	return run(flags, rcx);
}

static void check_outcome(const u8 *jump, size_t length, u64 flags, u64 rcx)
{
	/* Everything that a condition must not look at. */
	const u64 others = ~(u64)(FLAG_CF | FLAG_PF | FLAG_ZF | FLAG_SF | FLAG_OF);
	struct insn_branch insn;
	bool taken = really_taken(jump, length, flags, rcx);
	u8 condition;

	assert_int_equal(decode(jump, length, &insn), 0);
	assert_int_equal(insn.kind, INSN_JCC);
	assert_int_equal(insn.target, ADDRESS + length + 6);
	condition = insn.condition;
	assert_int_equal(insn_branch_taken(condition, insn.narrow, flags, rcx), taken);
	assert_int_equal(insn_branch_taken(condition, insn.narrow, flags | others, rcx), taken);
}

/* The @n-th combination of the flags that conditions look at. */
static u64 flag_combination(unsigned int n)
{
	static const u64 flags[] = { FLAG_CF, FLAG_PF, FLAG_ZF, FLAG_SF, FLAG_OF };
	u64 combination = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		combination |= n >> i & 1 ? flags[i] : 0;
	return combination;
}

#define FLAG_COMBINATIONS	32

static void conditions_agree_with_the_processor(void **state)
{
	unsigned int condition, n;

	(void)state;
	for (condition = 0; condition < 16; condition++) {
		for (n = 0; n < FLAG_COMBINATIONS; n++) {
			u8 near_jump[] = { 0x0f, 0x80 | condition, 6, 0, 0, 0 };
			u8 short_jump[] = { 0x70 | condition, 6 };
			u64 flags = flag_combination(n);

			check_outcome(short_jump, sizeof(short_jump), flags, n);
			check_outcome(near_jump, sizeof(near_jump), flags | FLAG_AF, n);
		}
	}
}

static void counting_jumps_agree_with_the_processor(void **state)
{
	static const u64 counts[] = {
		0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x100000001,
		0x100000002, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffff00000000,
		0xffffffff00000001, 0xfffffffffffffffe, 0xffffffffffffffff,
	};
	unsigned int opcode, n;
	size_t i;

	(void)state;
	for (opcode = 0xe0; opcode <= 0xe3; opcode++) {
		for (n = 0; n < FLAG_COMBINATIONS; n++) {
			for (i = 0; i < ARRAY_SIZE(counts); i++) {
				u8 wide[] = { opcode, 6 }, narrow[] = { 0x67, opcode, 6 };
				u64 flags = flag_combination(n);

				check_outcome(wide, sizeof(wide), flags, counts[i]);
				check_outcome(narrow, sizeof(narrow), flags, counts[i]);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest decoding[] = {
		cmocka_unit_test(conditional_jumps_have_condition_and_target),
		cmocka_unit_test(counting_jumps_are_conditional_jumps),
		cmocka_unit_test(direct_jumps_and_calls_have_a_target),
		cmocka_unit_test(targets_wrap_at_the_end_of_the_address_space),
		cmocka_unit_test(indirect_jumps_and_calls_have_no_target),
		cmocka_unit_test(returns_lead_away),
		cmocka_unit_test(traps_and_breakpoints_are_told_from_other_interrupts),
		cmocka_unit_test(padding_is_nop),
		cmocka_unit_test(look_alikes_of_nop_are_not_nop),
		cmocka_unit_test(modrm_sib_and_displacement_are_counted),
		cmocka_unit_test(immediates_follow_operand_and_address_size),
		cmocka_unit_test(group_3_has_an_immediate_for_test_alone),
		cmocka_unit_test(vector_and_crypto_instructions_have_their_lengths),
		cmocka_unit_test(undefined_opcodes_are_refused),
		cmocka_unit_test(undefined_members_of_groups_are_refused),
		cmocka_unit_test(vex_is_refused_where_it_cannot_be),
		cmocka_unit_test(more_than_15_bytes_are_refused),
		cmocka_unit_test(operands_name_addresses),
		cmocka_unit_test(most_instructions_can_be_moved),
		cmocka_unit_test(every_two_byte_start_with_many_tails_is_decided_once),
		cmocka_unit_test(random_bytes_are_decided_once),
	};
	const struct CMUnitTest conditions[] = {
		cmocka_unit_test(conditions_agree_with_the_processor),
		cmocka_unit_test(counting_jumps_agree_with_the_processor),
	};
	int failed = cmocka_run_group_tests(decoding, setup, NULL);

	return failed + cmocka_run_group_tests(conditions, setup_runner, NULL);
}
