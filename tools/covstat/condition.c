// SPDX-License-Identifier: GPL-2.0-only
/*
 * condition.c - what a conditional jump decides on, in assembler: the last
 * instruction before it, in the same block, that sets the flags, and the jump.
 */
#include <capstone/capstone.h>
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

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

/* The counting jumps look at rcx, not at flags. */
static bool reads_flags(unsigned int condition)
{
	return condition < 0x12;
}

static void describe(const cs_insn *insns, size_t count, const struct cov_branch_desc *branch,
		     char *buffer, size_t size)
{
	const cs_insn *jump = &insns[count - 1];
	size_t i;

	if (reads_flags(branch->condition))
		for (i = count - 1; i-- > 0;)
			if (sets_flags(&insns[i])) {
				snprintf(buffer, size, "%s %s; %s", insns[i].mnemonic,
					 insns[i].op_str, jump->mnemonic);
				return;
			}
	snprintf(buffer, size, "%s", jump->mnemonic);
}

static void disassemble(const uint8_t *text, size_t length, uint64_t address,
			const struct cov_branch_desc *branch, char *buffer, size_t size)
{
	cs_insn *insns = NULL;
	size_t count;
	csh handle;

	if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK)
		return;
	cs_option(handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
	cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
	count = cs_disasm(handle, text, length, address, 0, &insns);
	/* If it went astray before the jump, what it found is not the condition. */
	if (count && insns[count - 1].address + insns[count - 1].size == address + length)
		describe(insns, count, branch, buffer, size);
	if (count)
		cs_free(insns, count);
	cs_close(&handle);
}

void condition_text(struct cov *cov, const struct cov_snapshot *snapshot, unsigned int t,
		    const struct cov_branch_desc *branch, char *buffer, size_t size)
{
	struct cov_function_desc function = COV_INIT(function);
	struct cov_target_desc target = COV_INIT(target);
	struct cov_block_desc block = COV_INIT(block);
	uint64_t address;
	uint8_t *text;

	snprintf(buffer, size, "%s", jump_name(branch->condition));
	if (cov_snapshot_target(snapshot, t, &target) ||
	    cov_snapshot_function(snapshot, t, branch->function, &function) ||
	    cov_snapshot_block(snapshot, t, branch->block, &block))
		return;
	text = malloc(block.length);
	if (!text)
		return;
	address = function.address + block.offset;
	if (!cov_text(cov, target.target, address, text, block.length))
		disassemble(text, block.length, address, branch, buffer, size);
	free(text);
}
