// SPDX-License-Identifier: GPL-2.0-only
/*
 * text_selftest.c - before any target's text is touched, a function of our own gets a detour, is
 * run both ways, and has its bytes restored. Runs at load, when nothing else of livecov patches.
 */
#include <linux/linkage.h>
#include <linux/string.h>

#include "arena.h"
#include "compat.h"
#include "stub.h"
#include "text_patch.h"
#include "text_selftest.h"

#define SEVEN_BEFORE	4	/* cmp $7, %rdi */
#define SEVEN_LENGTH	6	/* and the je after it */

/* Is it seven? A region as detours take them: an instruction, and a short jump. */
unsigned long livecov_is_seven(unsigned long number);
extern const u8 livecov_is_seven_region[];

asm("	.pushsection .text\n"
    "	.balign	16\n"
    "	.globl	livecov_is_seven\n"
    "	.type	livecov_is_seven, @function\n"
    "livecov_is_seven:\n"
    "	xor	%eax, %eax\n"
    "livecov_is_seven_region:\n"
    "	" COMPAT_NOENDBR "\n"
    "	.byte	0x48, 0x83, 0xff, 0x07\n"
    "	je	1f\n"
    "	" ASM_RET
    "1:	mov	$1, %eax\n"
    "	" ASM_RET
    "	.size	livecov_is_seven, . - livecov_is_seven\n"
    "	.popsection\n");

static u8 cells[2];

static bool selftest_describe(void *context, u32 i, struct text_patch *patch)
{
	*patch = *(const struct text_patch *)context;
	return true;
}

static void selftest_refused(void *context, u32 i, int err)
{
	((struct text_patch *)context)->length = 0;
}

static bool apply(struct text_patch *patch)
{
	struct text_job job = { 1, selftest_describe, selftest_refused, patch };

	text_patch(&job);
	return patch->length;
}

/* Reverse the patch. */
static void swap_bytes(struct text_patch *patch)
{
	u8 bytes[REGION_MAX_LEN];

	memcpy(bytes, patch->from, sizeof(bytes));
	memcpy(patch->from, patch->to, sizeof(bytes));
	memcpy(patch->to, bytes, sizeof(bytes));
	patch->inside = false;
}

static const char *try_both_ways(void)
{
	if (livecov_is_seven(8) != 0 || cells[0] != 1 || cells[1] != 0)
		return "a detour went wrong in the self-test, falling through";
	if (livecov_is_seven(7) != 1 || cells[1] != 1)
		return "a detour went wrong in the self-test, jumping";
	return NULL;
}

static const char *try_detour(unsigned long at)
{
	u8 code[STUB_MAX_LEN];
	struct text_patch patch = {
		.address = (unsigned long)livecov_is_seven_region,
		.length = SEVEN_LENGTH,
		.inside = true,
	};
	struct stub stub = {
		.text = patch.from,
		.address = patch.address,
		.region = { .before = SEVEN_BEFORE, .length = SEVEN_LENGTH, .inside = true },
		.at = at,
		.how = STUB_BYTE,
		.cell = { (unsigned long)&cells[0], (unsigned long)&cells[1] },
	};
	const char *failure;
	int len;

	memcpy(patch.from, livecov_is_seven_region, SEVEN_LENGTH);
	len = stub_write(&stub, code);
	if (len < 0)
		return "no stub could be made in the self-test";
	text_write(at, code, len);
	stub_jump(stub.address, stub.region.length, stub.at, patch.to);
	if (!apply(&patch))
		return "text did not hold still in the self-test";
	failure = try_both_ways();
	swap_bytes(&patch);
	if (!apply(&patch) || memcmp(livecov_is_seven_region, patch.to, SEVEN_LENGTH))
		return "text was not restored in the self-test";
	return failure;
}

const char *text_selftest(void)
{
	unsigned long at = arena_room(STUB_MAX_LEN);
	const char *failure = try_detour(at);

	if (!failure && (livecov_is_seven(7) != 1 || livecov_is_seven(8) != 0))
		return "restored text went wrong in the self-test";
	return failure;
}
