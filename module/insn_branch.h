/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * insn_branch.h - decode one x86-64 instruction as far as coverage needs it: its length, where
 * control goes from it, and what stands in the way of carrying it out at another address. Pure:
 * bytes in, struct or -errno out.
 */
#ifndef LIVECOV_INSN_BRANCH_H
#define LIVECOV_INSN_BRANCH_H

#include "portable.h"

#define INSN_MAX_LEN	15	/* SDM vol. 2, 2.3.11 */
#define ENDBR_LEN	4	/* endbr64, and the nop that a kernel seals one with */

/*
 * Where control goes from an instruction. Padding is what assemblers pad 64-bit
 * code with, 90 and 0F 1F /0 under any prefixes: endbr64, pause and mov %edi,%edi
 * have other purposes.
 */
#define INSN_OTHER	0	/* to the next one */
#define INSN_NOP	1	/* to the next one, and nothing happened: fits as padding */
#define INSN_JCC	2	/* @target or the next: Jcc, loop*, j*cxz */
#define INSN_JMP	3	/* @target */
#define INSN_JMP_IND	4	/* unknown */
#define INSN_CALL	5	/* @target, and perhaps back to the next */
#define INSN_CALL_IND	6	/* unknown, and perhaps back to the next */
#define INSN_RET	7	/* away: ret, retf, iret, sysret, sysexit */
#define INSN_TRAP	8	/* ud0, ud1, ud2: into the handler, which may return after it */
#define INSN_INT3	9	/* a breakpoint, or padding after a return */

/* Conditions above the 16 of Jcc; struct cov_branch documents them. */
#define INSN_COND_LOOPNE	0x10
#define INSN_COND_LOOPE		0x11
#define INSN_COND_LOOP		0x12
#define INSN_COND_RCXZ		0x13

/**
 * struct insn_branch - one decoded instruction
 * @target: address that a direct jump or call goes to, or that an aborted
 *	    xbegin (INSN_OTHER) goes on at, else 0
 * @length: bytes, 1..INSN_MAX_LEN
 * @kind: INSN_*
 * @condition: for INSN_JCC: low nibble of the opcode, or INSN_COND_*
 * @narrow: for INSN_COND_*: an address-size prefix makes it count in ecx
 * @rip_disp: where in it the 32-bit displacement of a rip-relative operand is, or 0
 * @abs_disp: where in it a 32-bit displacement without a base register is, or 0
 * @imm: bytes of its immediate, the last ones; 0 for direct branches
 * @movable: a copy elsewhere, with the displacement at @rip_disp adjusted, does
 *	     the same. Not so direct branches and calls of any kind, traps, what the
 *	     CPU or the kernel looks at where it stands, what shields the instruction
 *	     after it from interrupts, and what changes gs, which stubs look at.
 */
struct insn_branch {
	u64 target;
	u8 length;
	u8 kind;
	u8 condition;
	bool narrow;
	u8 rip_disp;
	u8 abs_disp;
	u8 imm;
	bool movable;
};

/**
 * insn_branch_decode - decode the instruction at @bytes
 * @bytes: the text
 * @size: how many bytes may be read
 * @address: where bytes[0] is in memory; targets are relative to it
 * @insn: the answer; unspecified on error
 *
 * 64-bit mode only. Return: 0; -ENODATA if the instruction goes on beyond
 * @size; -EILSEQ if these bytes are no instruction, whatever follows them. That
 * an instruction is decoded does not promise that it runs: see insn_branch.c.
 */
int insn_branch_decode(const u8 *bytes, size_t size, u64 address,
		       struct insn_branch *insn);

/* insn_is_endbr - are these ENDBR_LEN bytes an endbr64, where indirect calls may arrive? */
static inline bool insn_is_endbr(const u8 *bytes)
{
	static const u8 endbr64[ENDBR_LEN] = { 0xf3, 0x0f, 0x1e, 0xfa };

	return !memcmp(bytes, endbr64, ENDBR_LEN);
}

/*
 * insn_was_endbr - are these ENDBR_LEN bytes one, or what the kernel has sealed one with, where no
 * indirect call arrives? gen_endbr_poison() in arch/x86/include/asm/ibt.h: nopw (%rax), in newer
 * kernels nopl -42(%rax). kprobes takes either for an endbr64 (arch_adjust_kprobe_addr()).
 */
static inline bool insn_was_endbr(const u8 *bytes)
{
	static const u8 seals[][ENDBR_LEN] = {
		{ 0x66, 0x0f, 0x1f, 0x00 }, { 0x0f, 0x1f, 0x40, 0xd6 },
	};

	return insn_is_endbr(bytes) || !memcmp(bytes, seals[0], ENDBR_LEN) ||
	       !memcmp(bytes, seals[1], ENDBR_LEN);
}

/* insn_branch_is_plain - does it go on to the next one, and may a copy elsewhere replace it? */
static inline bool insn_branch_is_plain(const struct insn_branch *insn)
{
	return insn->movable && (insn->kind == INSN_OTHER || insn->kind == INSN_NOP);
}

/**
 * insn_branch_may_end - may an instruction be carried out elsewhere as the last one of several?
 * @insn: the instruction
 *
 * True for what leaves by itself: a jump, a return, and a call, once its return address, the
 * original's, has been pushed.
 */
static inline bool insn_branch_may_end(const struct insn_branch *insn)
{
	return insn->kind == INSN_JMP || insn->kind == INSN_CALL ||
	       (insn->kind == INSN_RET && insn->movable);
}

/* What insn_branch_names() finds: by which operand. */
#define INSN_BY_MEMORY		0	/* rip-relative, or a displacement without a base */
#define INSN_BY_IMMEDIATE	1	/* of 4 bytes, sign-extended, or of 8 */
#define INSN_NR_NAMES		2

/**
 * insn_branch_names - what addresses do an instruction's operands name?
 * @bytes: as given to insn_branch_decode()
 * @address: as given to insn_branch_decode()
 * @insn: its answer
 * @names: out: by INSN_BY_*; 0 where there is none. Immediates of other purposes
 *	   are among them.
 *
 * The target of a direct branch is none of them.
 */
void insn_branch_names(const u8 *bytes, u64 address, const struct insn_branch *insn,
		       u64 names[INSN_NR_NAMES]);

/**
 * insn_branch_taken - which way does a conditional jump go?
 * @condition: struct insn_branch's
 * @narrow: struct insn_branch's
 * @flags: RFLAGS before the jump
 * @rcx: RCX before the jump; loop* look at it decremented
 *
 * Safe in any context. Who decides a loop* in the CPU's place must also store
 * the decremented RCX (ECX, zero-extended, if @narrow); no jump changes flags.
 * Return: true if it jumps.
 */
bool insn_branch_taken(u8 condition, bool narrow, u64 flags, u64 rcx);

#endif /* LIVECOV_INSN_BRANCH_H */
