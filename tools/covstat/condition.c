// SPDX-License-Identifier: GPL-2.0-only
/*
 * condition.c - what a conditional jump depends on, in assembly: the last instruction
 * before it that sets the flags, and the jump. If its own block has none, an earlier jump
 * has tested the same flags (a switch, a three-way comparison): go back through the blocks
 * that end with a jump and lead here if it is not taken.
 */
#include <stdlib.h>
#include <string.h>

#include "covstat.h"
#include "disassembler.h"

/* By struct cov_branch_desc.condition; for targets whose text is gone. */
static const char *jump_name(unsigned int condition)
{
	static const char *const names[] = {
		"jo", "jno", "jb", "jae", "je", "jne", "jbe", "ja",
		"js", "jns", "jp", "jnp", "jl", "jge", "jle", "jg",
		"loopne", "loope", "loop", "jrcxz",
	};

	return condition < ARRAY_SIZE(names) ? names[condition] : "j?";
}

static bool sets_flags(const cs_insn *insn)
{
	uint8_t i;

	if (!insn->detail)
		return false;
	for (i = 0; i < insn->detail->regs_write_count; i++)
		if (insn->detail->regs_write[i] == X86_REG_EFLAGS)
			return true;
	return false;
}

/* Number of blocks examined, including the jump's own. */
#define BLOCKS_BACK 4

/* The loop jumps test rcx, not the flags. */
static bool reads_flags(unsigned int condition)
{
	return condition < 0x12;
}

/* Returns true if @buffer has everything that is known. */
static bool describe(const cs_insn *insns, size_t count, unsigned int condition, char *buffer,
		     size_t size)
{
	const cs_insn *jump = &insns[count - 1];
	size_t i;

	snprintf(buffer, size, "%s", jump->mnemonic);
	if (!reads_flags(condition))
		return true;
	for (i = count - 1; i-- > 0;) {
		if (!sets_flags(&insns[i]))
			continue;
		snprintf(buffer, size, "%s %s; %s", insns[i].mnemonic, insns[i].op_str,
			 jump->mnemonic);
		return true;
	}
	return false;
}

static bool disassemble(const uint8_t *text, size_t length, uint64_t address,
			unsigned int condition, char *buffer, size_t size)
{
	const struct disassembler *capstone = disassembler_load();
	cs_insn *insns = NULL;
	bool done = false;
	size_t count;
	csh handle;

	if (!capstone)
		return true;
	if (capstone->open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK)
		return false;
	capstone->option(handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
	capstone->option(handle, CS_OPT_DETAIL, CS_OPT_ON);
	count = capstone->disasm(handle, text, length, address, 0, &insns);
	/* Disassembly that does not end with the jump has lost sync: its result is worthless. */
	if (count && insns[count - 1].address + insns[count - 1].size == address + length)
		done = describe(insns, count, condition, buffer, size);
	if (count)
		capstone->free(insns, count);
	capstone->close(&handle);
	return done;
}

/* Disassemble from @begin to the end of the jump, offsets in its function. */
static bool try_from(struct cov *cov, uint32_t target, uint64_t function, uint32_t begin,
		     const struct cov_branch_desc *branch, char *buffer, size_t size)
{
	uint32_t length = branch->offset + branch->length - begin;
	uint8_t *text = malloc(length);
	bool done;

	if (!text)
		return true;
	/* If this text is not available now, more of it will not be either. */
	done = cov_text(cov, target, function + begin, text, length) ||
	       disassemble(text, length, function + begin, branch->condition, buffer, size);
	free(text);
	return done;
}

void condition_text(struct cov *cov, const struct cov_snapshot *snapshot, unsigned int t,
		    unsigned int index, char *buffer, size_t size)
{
	struct cov_function_desc function = COV_INIT(function);
	struct cov_branch_desc branch = COV_INIT(branch);
	struct cov_target_desc target = COV_INIT(target);
	struct cov_block_desc block = COV_INIT(block);
	uint32_t begin = 0;
	unsigned int i;

	buffer[0] = '\0';
	if (cov_snapshot_target(snapshot, t, &target) ||
	    cov_snapshot_branch(snapshot, t, index, &branch) ||
	    cov_snapshot_function(snapshot, t, branch.function, &function))
		return;
	snprintf(buffer, size, "%s", jump_name(branch.condition));
	for (i = 0; i < BLOCKS_BACK && index >= function.first_branch + i; i++) {
		struct cov_branch_desc before = COV_INIT(before);

		if (cov_snapshot_branch(snapshot, t, index - i, &before) ||
		    cov_snapshot_block(snapshot, t, before.block, &block))
			return;
		/* Only if that block's jump falls through to the block after it. */
		if (i && block.offset + block.length != begin)
			return;
		begin = block.offset;
		if (try_from(cov, target.target, function.address, begin, &branch, buffer, size))
			return;
	}
}
