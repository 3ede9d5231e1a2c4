// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_stub_run.c - stubs do what the code did whose place they take. Regions and their
 * stubs are run by the processor from the same registers, flags and memory, and have
 * to end in the same, at the same place or with the same fault, and note the right
 * outcome in the right cell. The regions are every kind of conditional jump, random
 * code, and those of real code: the C library's and modules'.
 *
 *	test_stub_run [SEED [ROUNDS]]
 *
 * Not for AddressSanitizer: random code would write to its shadow memory. The bytes
 * that stub.c writes to and reads are fenced by test_stub.c.
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "chance.h"
#include "elf_image.h"
#include "insn_branch.h"
#include "stepper.h"
#include "stub.h"

#define PAGE		4096U
#define GUARD		(1U << 20)
#define SCRATCH_SIZE	(2 * PAGE)
#define STUB_CANARY	0xf4	/* behind a stub */
#define WINDOW		(2 * STUB_MAX_LEN)	/* where it lies, from the stub's first byte */
#define SHORTCUT	(4 * STUB_MAX_LEN)	/* likewise */
#define HOWS		6	/* STUB_*, and those of STUB_TASK_* through a window */
#define MIDDLE		(SCRATCH_SIZE / 2)	/* registers point hereabouts, */
#define STACK		(SCRATCH_SIZE / 8)	/* but for rsp */

/* In the page that gs points to. */
#define PREEMPT_COUNT	0x30
#define BASES		0x100
#define NOWHERE		0x200

/* In the page of cells. */
#define CELL(outcome)	(0x40 + 0x80 * (outcome))
#define MAP(context)	(0x400 + 0x400 * (context))	/* bases[] of STUB_TASK_* */
#define NOBODYS		(0xc70 + STUB_NOWHERE)		/* what NOWHERE points to */

/* Where nothing else is for 2 GiB on either side: gs is used with any offset. */
#define GS_BASE		0x200000000000ULL

/* All below 2 GiB, but @gs; those marked ! are compared. */
static struct {
	u8 *text;
	u8 *stub;
	u8 *scratch;	/* ! what registers point to */
	u8 *gs;		/* ! */
	u8 *cells;	/* ! */
	u8 *contexts;
} memory;

static struct stub_task task = {
	.preempt_count = PREEMPT_COUNT, .bases = BASES, .nowhere = NOWHERE,
};
static u64 first_seed = 1;
static u32 rounds = 6000;

/* --- memory -------------------------------------------------------------------------------- */

static u8 *map_low(size_t size, int protection)
{
	u8 *bytes = mmap(NULL, size + 2 * GUARD, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (bytes == MAP_FAILED || mprotect(bytes + GUARD, size, protection))
		return NULL;
	return bytes + GUARD;
}

static int setup(void **state)
{
	const int data = PROT_READ | PROT_WRITE, code = data | PROT_EXEC;
	u32 i;

	(void)state;
	memory.text = map_low(PAGE, code);
	memory.stub = map_low(PAGE, code);
	memory.scratch = map_low(SCRATCH_SIZE, data);
	memory.gs = mmap((void *)GS_BASE, PAGE, data, MAP_PRIVATE | MAP_ANONYMOUS |
			 MAP_FIXED_NOREPLACE, -1, 0);
	memory.cells = map_low(PAGE, data);
	memory.contexts = map_low(65536, data);
	if (!memory.text || !memory.stub || !memory.scratch ||
	    !memory.cells || !memory.contexts || memory.gs == MAP_FAILED)
		return -1;
	for (i = 1; i < 65536; i++)
		memory.contexts[i] = 1;
	task.contexts = (uintptr_t)memory.contexts;
	if (syscall(SYS_arch_prctl, ARCH_SET_GS, memory.gs))
		return -1;
	return stepper_init();
}

/* What is compared, one behind the other. */
#define IMAGE_SIZE	(SCRATCH_SIZE + 2 * PAGE)

static void save_memory(u8 *image)
{
	memcpy(image, memory.scratch, SCRATCH_SIZE);
	memcpy(image + SCRATCH_SIZE, memory.gs, PAGE);
	memcpy(image + SCRATCH_SIZE + PAGE, memory.cells, PAGE);
}

static void restore_memory(const u8 *image)
{
	memcpy(memory.scratch, image, SCRATCH_SIZE);
	memcpy(memory.gs, image + SCRATCH_SIZE, PAGE);
	memcpy(memory.cells, image + SCRATCH_SIZE + PAGE, PAGE);
}

/* --- one comparison ------------------------------------------------------------------------ */

/* How a stub is reached: not at all, or through bytes written over the region or the island. */
enum way {
	DIRECTLY,
	BY_JUMP,
	BY_SHORT_JUMP,	/* and the island's second one */
	BY_ISLAND,	/* the region is the island, the stub the copy of its instructions */
	BY_HALF,	/* the region is a jump into the stub, that is taken as the original is */
	BY_SHORTCUT,	/* the region is a jump to a shortcut */
};

/**
 * struct trial - a region, and how to run it
 * @stub: what is made; @stub.text is where the region really is, at @stub.address
 * @way: how it is reached
 * @known: BY_SHORTCUT: which outcome the shortcut does not note
 * @state: registers and flags to begin with
 * @preempt_count: for STUB_TASK_*
 * @bases: for STUB_TASK_*: each may be 0
 */
struct trial {
	struct stub stub;
	enum way way;
	u32 known;
	struct stepper_state state;
	u32 preempt_count;
	u64 bases[2];
};

/* How a trial came out. */
struct outcome {
	struct stepper_run run;
	u8 image[IMAGE_SIZE];
};

static struct outcome original, copied;
static u8 initial[IMAGE_SIZE];

static struct {
	u32 left[2], faults, endless;
} tally;

static void explain(const struct trial *trial, const char *what)
{
	const struct region *region = &trial->stub.region;
	u32 i;

	print_error("%s; seed %" PRIu64 ", how %u, before %u, length %u, cells %" PRIx64 " %" PRIx64
		    "\nregion:", what, first_seed, trial->stub.how, region->before,
		    region->length, trial->stub.cell[0], trial->stub.cell[1]);
	for (i = 0; i < region->length; i++)
		print_error(" %02x", trial->stub.text[i]);
	print_error("\nstub:");
	for (i = 0; i < STUB_MAX_LEN && memory.stub[i] != STUB_CANARY; i++)
		print_error(" %02x", memory.stub[i]);
	for (i = 0; i < STEPPER_REGS; i++)
		print_error("%s%" PRIx64 " -> %" PRIx64 " / %" PRIx64, i % 4 ? "  " : "\n",
			    trial->state.regs[i], original.run.state.regs[i],
			    copied.run.state.regs[i]);
	print_error("\nflags %" PRIx64 " -> %" PRIx64 " / %" PRIx64 "; rip %" PRIx64 " / %" PRIx64
		    "; signal %d / %d\n", trial->state.flags, original.run.state.flags,
		    copied.run.state.flags, original.run.rip, copied.run.rip,
		    original.run.signal, copied.run.signal);
	fail();
}

#define check(trial, condition)						\
do {									\
	if (!(condition))						\
		explain(trial, #condition);				\
} while (0)

/* There is no conditional jump: it is passed by whoever comes to its end. */
static bool is_passage(const struct stub *stub)
{
	return stub->region.before == stub->region.length;
}

/* Where the jump, return or call is that a region ends with; 0 if it has none. */
static u64 end_of(const struct stub *stub)
{
	u32 at, length = stub->region.length;
	struct insn_branch insn;

	for (at = 0; at < length; at += insn.length) {
		assert_int_equal(insn_branch_decode(stub->text + at, length - at,
						    stub->address + at, &insn), 0);
		if (insn_branch_may_end(&insn))
			return stub->address + at;
	}
	return 0;
}

static u64 jcc_of(const struct stub *stub, struct insn_branch *jcc)
{
	u64 at = stub->address + stub->region.before;

	assert_int_equal(insn_branch_decode(stub->text + stub->region.before,
					    stub->region.length - stub->region.before, at, jcc), 0);
	assert_int_equal(jcc->kind, INSN_JCC);
	return at;
}

static void run_original(const struct trial *trial)
{
	const struct stub *stub = &trial->stub;
	struct insn_branch jcc;

	original.run = (struct stepper_run){
		.start = stub->address,
		.from = stub->address, .to = stub->address + stub->region.length,
		.state = trial->state,
	};
	if (is_passage(stub)) {
		original.run.watch = end_of(stub);
	} else {
		original.run.watch = jcc_of(stub, &jcc);
		original.run.watch_next = original.run.watch + jcc.length;
	}
	restore_memory(initial);
	stepper_do(&original.run);
	save_memory(original.image);
}

static void run_copy(const struct trial *trial, u32 length)
{
	const struct stub *stub = &trial->stub;

	copied.run = (struct stepper_run){
		.start = trial->way ? stub->address : stub->at,
		.from = stub->at, .to = stub->at + length,
		.state = trial->state,
	};
	if (trial->way == BY_SHORT_JUMP)
		copied.run.by = stub->address + stub->region.island + REGION_JUMP_LEN;
	restore_memory(initial);
	stepper_do(&copied.run);
	save_memory(copied.image);
}

static bool is_per_task(const struct stub *stub)
{
	return stub->how == STUB_TASK_BYTE || stub->how == STUB_TASK_COUNT;
}

/* Where in an image a cell is noted, or 0. */
static u32 noted_at(const struct trial *trial, u32 outcome)
{
	u64 address = trial->stub.cell[outcome];
	u32 context = trial->preempt_count & 0xffff00 ? 1 : 0;

	if (address == STUB_NO_CELL || (trial->way == BY_HALF && !outcome) ||
	    (trial->way == BY_SHORTCUT && outcome == trial->known))
		return 0;
	if (is_per_task(&trial->stub)) {
		if (!trial->bases[context] && !task.window)
			return 0;
		address += trial->bases[context] ?:
			(uintptr_t)memory.cells + NOBODYS - task.middle;
	}
	return SCRATCH_SIZE + PAGE + (address - (uintptr_t)memory.cells);
}

/* What the notes should have made of memory that the original has left so. */
static void expect_note(const struct trial *trial, u32 outcome, u8 *image)
{
	u32 at = noted_at(trial, outcome);
	u64 count;

	if (!at)
		return;
	if (trial->stub.how == STUB_BYTE || trial->stub.how == STUB_TASK_BYTE) {
		image[at] = 1;
		return;
	}
	memcpy(&count, image + at, sizeof(count));
	count++;
	memcpy(image + at, &count, sizeof(count));
}

/* What a stub has pushed stays below rsp; nobody in the kernel looks there. */
static void forget_pushed(u64 rsp, u8 *image)
{
	memset(image + (rsp - 16 - (uintptr_t)memory.scratch), 0, 16);
}

/* The kernel's rsp always points to stack; random code's may not. */
static bool is_stack(u64 rsp)
{
	return rsp - 16 - (uintptr_t)memory.scratch <= SCRATCH_SIZE - 16;
}

/* A jump to where it falls through to: nobody can tell which way it went. */
static bool is_undecided(const struct stub *stub)
{
	struct insn_branch jcc;
	u64 at;

	if (is_passage(stub))
		return false;
	at = jcc_of(stub, &jcc);
	return jcc.target == at + jcc.length;
}

/* Where in the region is it, when the copy has stopped at @rip? */
static u32 origin_of(const struct trial *trial, u64 rip)
{
	u64 offset = rip - trial->stub.at;

	if (trial->way == BY_SHORTCUT && offset >= SHORTCUT)
		return stub_shortcut_origin(&trial->stub, trial->known, offset - SHORTCUT);
	return stub_origin(&trial->stub, offset);
}

static void compare(const struct trial *trial)
{
	const struct stub *stub = &trial->stub;
	const struct stepper_run *a = &original.run, *b = &copied.run;
	bool passed = a->watched || (is_passage(stub) && !a->signal);
	bool taken = a->jumped && !is_passage(stub), on = passed && !taken;
	u64 rsp = a->watched ? a->watch_rsp : a->state.regs[STEPPER_RSP];

	if (stub->how != STUB_BYTE && passed && !is_stack(rsp))
		return;
	check(trial, !memcmp(&a->state, &b->state, sizeof(a->state)));
	check(trial, a->signal == b->signal && a->fault == b->fault);
	if (a->signal && trial->way != BY_JUMP)
		check(trial, origin_of(trial, b->rip) == a->rip - stub->address);
	else if (!a->signal)
		check(trial, a->rip == b->rip);
	if (is_undecided(stub))
		return;
	if (on)
		expect_note(trial, 0, original.image);
	if (taken)
		expect_note(trial, 1, original.image);
	if (stub->how != STUB_BYTE && passed) {
		forget_pushed(rsp, original.image);
		forget_pushed(rsp, copied.image);
	}
	check(trial, !memcmp(original.image, copied.image, sizeof(original.image)));
	tally.left[taken]++;
	tally.faults += a->signal != 0;
}

static void lay_out_gs(const struct trial *trial)
{
	u64 nowhere = (uintptr_t)memory.cells + NOBODYS;

	memcpy(memory.gs + PREEMPT_COUNT, &trial->preempt_count, sizeof(trial->preempt_count));
	memcpy(memory.gs + BASES, trial->bases, sizeof(trial->bases));
	memcpy(memory.gs + NOWHERE, &nowhere, sizeof(nowhere));
}

/* Behind the stub. Return: where they end together, the stub being @length long. */
static u32 write_window(u32 length)
{
	u8 *window = memory.stub + WINDOW;
	int more;

	if (!task.window)
		return length;
	memset(window, STUB_CANARY, STUB_MAX_LEN + 1);
	more = stub_write_window(&task, (uintptr_t)window, window);
	assert_in_range(more, 1, STUB_MAX_LEN);
	assert_int_equal(window[more], STUB_CANARY);
	return WINDOW + more;
}

/* Behind the window. Return: where they end together, the others ending at @length. */
static u32 write_shortcut(const struct trial *trial, u32 length)
{
	u8 *shortcut = memory.stub + SHORTCUT;
	struct stub stub = trial->stub;
	int more;

	if (trial->way != BY_SHORTCUT)
		return length;
	memset(shortcut, STUB_CANARY, STUB_MAX_LEN + 1);
	stub.at = (uintptr_t)shortcut;
	more = stub_shortcut(&stub, trial->stub.at, trial->known, shortcut);
	assert_in_range(more, 1, STUB_MAX_LEN);
	assert_int_equal(shortcut[more], STUB_CANARY);
	return SHORTCUT + more;
}

/* Nobody comes there. */
#define NOWHERE_CODE	((uintptr_t)memory.stub + PAGE / 2)

/* Write over what is in memory.text; into @kept what was there. */
static void put_jumps(struct trial *trial, u8 *kept)
{
	const struct region *region = &trial->stub.region;
	u8 *text = (u8 *)(uintptr_t)trial->stub.address;
	u64 island = trial->stub.address + region->island;

	memcpy(kept, memory.text, PAGE);
	trial->stub.text = kept + (text - memory.text);
	switch (trial->way) {
	case BY_JUMP:
		stub_jump(trial->stub.address, region->length, trial->stub.at, text);
		break;
	case BY_SHORT_JUMP:
		stub_short_jump(region, text);
		stub_island(island, region->island_length, NOWHERE_CODE, trial->stub.at,
			    text + region->island);
		break;
	case BY_ISLAND:
		stub_island(trial->stub.address, region->length, trial->stub.at, NOWHERE_CODE,
			    text);
		break;
	case BY_HALF:
		stub_half(trial->stub.address, trial->stub.at + stub_taken(&trial->stub), text);
		break;
	case BY_SHORTCUT:
		stub_jump(trial->stub.address, region->length, trial->stub.at + SHORTCUT, text);
		break;
	case DIRECTLY:
		break;
	}
}

static void try(struct trial *trial)
{
	static u8 kept[PAGE];
	int length;

	lay_out_gs(trial);
	save_memory(initial);
	memset(memory.stub, STUB_CANARY, STUB_MAX_LEN + 1);
	length = stub_write(&trial->stub, memory.stub);
	check(trial, length > 0 && length <= STUB_MAX_LEN && memory.stub[length] == STUB_CANARY);
	run_original(trial);
	if (original.run.endless) {
		tally.endless++;
		return;
	}
	if (trial->way)
		put_jumps(trial, kept);
	run_copy(trial, write_shortcut(trial, write_window(length)));
	compare(trial);
	if (trial->way)
		memcpy(memory.text, kept, PAGE);
}

/* --- states -------------------------------------------------------------------------------- */

static u64 random_value(void)
{
	static const u64 corners[] = { 0, 1, 2, 0xffffffff, 0x80000000, 1ULL << 32, 1ULL << 63, -1 };

	switch (below(6)) {
	case 0:
		return corners[below(ARRAY_SIZE(corners))];
	case 1:
		return below(40);
	case 2:
		return chance() << 32 ^ chance();
	default:
		return (uintptr_t)memory.scratch + MIDDLE + 8 * (s64)(s32)below(64) - 256;
	}
}

static u64 random_flags(void)
{
	u64 flags = chance() & STEPPER_FLAGS;

	return one_in(6) ? flags : flags & ~0x400ULL;	/* DF */
}

/* The @n-th combination of flags, but for DF. */
static u64 flags_of(u32 n)
{
	static const u16 flags[] = { 0x1, 0x4, 0x10, 0x40, 0x80, 0x800 };
	u64 combination = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		combination |= n >> i & 1 ? flags[i] : 0;
	return combination;
}

#define FLAG_COMBINATIONS	64

static void random_state(struct trial *trial)
{
	u32 i;

	for (i = 0; i < STEPPER_REGS; i++)
		trial->state.regs[i] = random_value();
	trial->state.regs[STEPPER_RSP] = (uintptr_t)memory.scratch + STACK + 8 * below(16);
	trial->state.flags = random_flags();
	for (i = 0; i < SCRATCH_SIZE; i += 8) {
		u64 value = one_in(3) ? random_value() : chance();

		memcpy(memory.scratch + i, &value, sizeof(value));
	}
}

/* @omit: a bit for each outcome. */
static void choose_cells(struct trial *trial, u8 how, u32 omit)
{
	bool per_task = how >= STUB_TASK_BYTE, through_window = how > STUB_TASK_COUNT;
	u32 outcome, at = through_window ? 8 * below(80) : 0;

	trial->stub.how = through_window ? how - 2 : how;
	trial->stub.task = &task;
	task.window = through_window ? (uintptr_t)memory.stub + WINDOW : 0;
	task.middle = stub_middle(at);
	for (outcome = 0; outcome < 2; outcome++) {
		/* The first cell of a map is one like the others. */
		trial->stub.cell[outcome] = per_task ? at + 16 * outcome :
			(uintptr_t)memory.cells + CELL(outcome);
		if (omit >> outcome & 1)
			trial->stub.cell[outcome] = STUB_NO_CELL;
	}
}

/* @context: what the CPU does, as in preempt_count; @no_base: a bit for each entry. */
static void choose_task(struct trial *trial, u32 context, u32 no_base)
{
	u32 i;

	trial->preempt_count = context | (u32)chance() << 24 | below(256);
	for (i = 0; i < 2; i++)
		trial->bases[i] = no_base >> i & 1 ? 0 : (uintptr_t)memory.cells + MAP(i);
}

static const u32 contexts[] = { 0, 0, 0x100, 0x200, 0xff00, 0x10000, 0x100000, 0xff0000 };

static void choose_random(struct trial *trial)
{
	random_state(trial);
	choose_cells(trial, below(HOWS), one_in(4) ? below(4) : 0);
	choose_task(trial, contexts[below(ARRAY_SIZE(contexts))], one_in(4) ? below(4) : 0);
}

/* --- code ---------------------------------------------------------------------------------- */

/* A region being put together in memory.text. */
static struct {
	u8 *start;
	u32 before;
	u32 size;
} code;

static void code_begin(u32 offset)
{
	memset(memory.text, 0xcc, PAGE);
	code.start = memory.text + offset;
	code.before = code.size = 0;
}

static void code_add(const void *bytes, u32 size)
{
	memcpy(code.start + code.size, bytes, size);
	code.size += size;
}

#define CODE(...)							\
do {									\
	static const u8 bytes_[] = { __VA_ARGS__ };			\
									\
	code_add(bytes_, sizeof(bytes_));				\
} while (0)

/* The conditional jump, @opcode or 0F @opcode, to @target from the region's first byte. */
static void code_jcc(const u8 *opcode, u32 size, s32 target)
{
	bool near = opcode[0] == 0x0f || (size > 1 && opcode[1] == 0x0f);
	s32 displacement = target - (s32)(code.size + size + (near ? 4 : 1));

	code.before = code.size;
	code_add(opcode, size);
	code_add(&displacement, near ? 4 : 1);
}

static void code_end(struct trial *trial)
{
	trial->way = BY_JUMP;
	trial->stub.text = code.start;
	trial->stub.address = (uintptr_t)code.start;
	trial->stub.at = (uintptr_t)memory.stub;
	trial->stub.region = (struct region){
		.before = code.before, .length = code.size, .inside = true, .why = REGION_OK,
	};
}

/* --- every kind of jump -------------------------------------------------------------------- */

static void try_all_notes(struct trial *trial)
{
	u32 how, omit, n;

	for (how = 0; how < HOWS; how++) {
		for (omit = 0; omit < 4; omit++) {
			for (n = 0; n < FLAG_COMBINATIONS; n++) {
				random_state(trial);
				choose_cells(trial, how, omit);
				choose_task(trial, contexts[n % ARRAY_SIZE(contexts)], below(4));
				trial->state.flags = flags_of(n);
				code_end(trial);
				try(trial);
			}
		}
	}
}

static void every_condition_short_and_near(void **state)
{
	struct trial trial = { 0 };
	u8 condition;

	(void)state;
	chance_seed(first_seed);
	for (condition = 0; condition < 16; condition++) {
		u8 near_jcc[] = { 0x0f, 0x80 | condition }, short_jcc[] = { 0x70 | condition };

		code_begin(100);
		code_jcc(near_jcc, sizeof(near_jcc), 0x300);
		try_all_notes(&trial);
		code_begin(100);
		CODE(0x48, 0x8d, 0x40, 0x01);			/* lea 1(%rax),%rax */
		code_jcc(short_jcc, sizeof(short_jcc), 0x40);
		try_all_notes(&trial);
	}
}

/* Return: whether it can. */
static bool try_half(struct trial *trial, u32 how)
{
	u32 n;

	for (n = 0; n < FLAG_COMBINATIONS; n++) {
		random_state(trial);
		choose_cells(trial, how, 0);
		choose_task(trial, contexts[n % ARRAY_SIZE(contexts)], below(4));
		trial->state.flags = flags_of(n);
		code_end(trial);
		trial->way = BY_HALF;
		if (stub_taken(&trial->stub) < 0)
			return false;
		try(trial);
	}
	return true;
}

/* What is left of a longer jump behind a shorter one must not be executed (kvm_intel has such). */
static void jump_that_notes_only_its_being_taken_does_the_same(void **state)
{
	static const u8 prefixes[] = { 0, 0x2e, 0x3e, 0xf2 };
	struct trial trial = { 0 };
	u32 i, how, n;

	(void)state;
	chance_seed(first_seed);
	for (n = 0; n < 16 * HOWS; n++) {
		how = n % HOWS;
		for (i = 0; i < ARRAY_SIZE(prefixes); i++) {
			u8 jcc[] = { prefixes[i], 0x0f, 0x80 | n / HOWS };

			code_begin(100);
			code_jcc(jcc + !prefixes[i], sizeof(jcc) - !prefixes[i], 0x300);
			if (!prefixes[i])
				assert_true(try_half(&trial, how));
			else
				try_half(&trial, how);
		}
	}
}

static void try_shortcuts(struct trial *trial)
{
	u32 how, n;

	for (how = STUB_TASK_BYTE; how < HOWS; how++) {
		for (n = 0; n < 2 * FLAG_COMBINATIONS; n++) {
			random_state(trial);
			choose_cells(trial, how, 0);
			choose_task(trial, contexts[n % ARRAY_SIZE(contexts)], below(4));
			trial->state.flags = flags_of(n / 2);
			code_end(trial);
			trial->way = BY_SHORTCUT;
			trial->known = n % 2;
			try(trial);
		}
	}
}

static void shortcut_notes_the_other_outcome_and_does_the_same(void **state)
{
	struct trial trial = { 0 };
	u8 condition;

	(void)state;
	chance_seed(first_seed + 4);
	for (condition = 0; condition < 16; condition++) {
		u8 near_jcc[] = { 0x3e, 0x0f, 0x80 | condition }, short_jcc[] = { 0x70 | condition };

		code_begin(100);
		code_jcc(near_jcc, sizeof(near_jcc), 0x300);
		try_shortcuts(&trial);
		code_begin(100);
		CODE(0x48, 0x8d, 0x40, 0x01);			/* lea 1(%rax),%rax */
		code_jcc(short_jcc, sizeof(short_jcc), 0x40);
		CODE(0x8d, 0x04, 0x41);				/* lea (%rcx,%rax,2),%eax */
		try_shortcuts(&trial);
	}
}

static void every_counting_jump_before_and_behind(void **state)
{
	static const u64 counts[] = {
		0, 1, 2, 0xffffffff, 0x100000000, 0x100000001, 0x100000002, -1,
	};
	struct trial trial = { 0 };
	u32 opcode, narrow, count, how, omit;

	(void)state;
	chance_seed(first_seed + 1);
	for (opcode = 0xe0; opcode <= 0xe3; opcode++)
	for (narrow = 0; narrow < 2; narrow++)
	for (count = 0; count < ARRAY_SIZE(counts); count++)
	for (how = 0; how < HOWS; how++)
	for (omit = 0; omit < 4; omit++) {
		u8 jcc[] = { 0x67, opcode };

		random_state(&trial);
		choose_cells(&trial, how, omit);
		choose_task(&trial, contexts[below(ARRAY_SIZE(contexts))], 0);
		trial.state.regs[STEPPER_RCX] = counts[count];
		code_begin(64);
		CODE(0x48, 0x89, 0xc8);				/* mov %rcx,%rax */
		code_jcc(jcc + !narrow, 1 + narrow, narrow ? 0x30 : -0x30);
		CODE(0x48, 0x89, 0xca);				/* mov %rcx,%rdx */
		code_end(&trial);
		try(&trial);
	}
}

static void a_jump_to_its_own_region_is_left(void **state)
{
	static const u8 jne[] = { 0x75 }, loop[] = { 0xe2 };
	struct trial trial = { 0 };

	(void)state;
	chance_seed(first_seed + 2);
	code_begin(32);
	CODE(0x48, 0xff, 0xc8);					/* dec %rax */
	code_jcc(jne, 1, 0);
	try_all_notes(&trial);
	code_begin(32);
	CODE(0x48, 0x01, 0xc8);					/* add %rcx,%rax */
	code_jcc(loop, 1, 0);
	try_all_notes(&trial);
}

static void operands_relative_to_rip_keep_their_place(void **state)
{
	static const u8 je[] = { 0x74 };
	struct trial trial = { 0 };
	s32 to_scratch;

	(void)state;
	chance_seed(first_seed + 3);
	/* addq $0x12345678, scratch(%rip); je; movb $5, scratch(%rip); lea scratch(%rip),%rsi */
	code_begin(16);
	CODE(0x48, 0x81, 0x05);
	to_scratch = memory.scratch + 16 - (code.start + code.size + 8);
	code_add(&to_scratch, 4);
	CODE(0x78, 0x56, 0x34, 0x12);
	code_jcc(je, 1, 0x60);
	CODE(0xc6, 0x05);
	to_scratch = memory.scratch + 32 - (code.start + code.size + 5);
	code_add(&to_scratch, 4);
	CODE(0x05, 0x48, 0x8d, 0x35);
	to_scratch = memory.scratch + 64 - (code.start + code.size + 4);
	code_add(&to_scratch, 4);
	try_all_notes(&trial);
}

/* --- random code --------------------------------------------------------------------------- */

/*
 * What would tell different things at each run, takes the floor away under the test
 * (PKRU, MXCSR, what fs points to), or tells where it stands (the x87's last
 * instruction; flags with the stepper's own).
 */
static bool is_repeatable(const u8 *bytes, const struct insn_branch *insn)
{
	u32 i;

	for (i = 0; i + 1 < insn->length; i++) {
		if (bytes[i] == 0x64)
			return false;
		if (bytes[i] != 0x0f)
			continue;
		switch (bytes[i + 1]) {
		case 0x01: case 0x31: case 0x33: case 0xa2: case 0xae: case 0xc7:
			return false;
		}
	}
	for (i = 0; i < insn->length; i++)
		if ((bytes[i] & 0xf8) == 0xd8 || bytes[i] == 0x9b || bytes[i] == 0x64)
			return false;
	return true;
}

/* Anything that can be moved, most of it undefined or faulting. */
static u32 random_bytes(u8 *bytes)
{
	static const u8 starts[] = { 0x48, 0x4c, 0x66, 0x0f, 0xf3, 0x65, 0x41, 0x8b, 0x89 };
	struct insn_branch insn;
	u32 i;

	do {
		for (i = 0; i < INSN_MAX_LEN; i++)
			bytes[i] = chance();
		if (one_in(2))
			bytes[0] = starts[below(ARRAY_SIZE(starts))];
	} while (insn_branch_decode(bytes, INSN_MAX_LEN, 0, &insn) ||
		 !insn_branch_is_plain(&insn) || !is_repeatable(bytes, &insn) ||
		 insn.rip_disp /* out of reach */);
	return insn.length;
}

/* An instruction that will mostly not fault, with random registers. */
static u32 random_usual(u8 *bytes, u64 address)
{
	static const u8 alu[] = { 0x01, 0x03, 0x11, 0x19, 0x21, 0x29, 0x31, 0x39, 0x85, 0x89, 0x8b };
	static const u8 plain[][4] = {
		{ 1, 0x50 }, { 1, 0x53 }, { 1, 0x58 }, { 1, 0x5d }, { 1, 0xf8 }, { 1, 0xf9 },
		{ 1, 0x98 }, { 1, 0xa4 }, { 1, 0xaa }, { 1, 0xac }, { 2, 0xf3, 0xa4 },
		{ 2, 0xf3, 0xaa }, { 1, 0x9c }, { 1, 0x9f }, { 1, 0x9e }, { 1, 0x90 },
		{ 2, 0xff, 0x30 }, { 3, 0x0f, 0x94, 0xc1 }, { 3, 0x0f, 0xab, 0xc8 },
		{ 2, 0xd1, 0xe0 }, { 2, 0xf7, 0xd8 }, { 2, 0xf7, 0xe1 }, { 2, 0xf7, 0xf1 },
	};
	u32 kind = below(6), n;
	s32 value = (uintptr_t)memory.scratch + below(SCRATCH_SIZE - 8) - address - 7;

	switch (kind) {
	case 0:			/* register to register */
	case 1:			/* and memory, mod 1 */
		bytes[0] = 0x48 | below(2);
		bytes[1] = alu[below(ARRAY_SIZE(alu))];
		bytes[2] = (kind ? 0x40 : 0xc0) | below(8) << 3 | below(8);
		bytes[3] = 0x24;	/* SIB, or the displacement */
		bytes[4] = 0x10;
		return kind ? ((bytes[2] & 7) == 4 ? 5 : 4) : 3;
	case 2:			/* relative to rip */
		bytes[0] = 0x48;
		bytes[1] = one_in(3) ? 0x8d : alu[below(ARRAY_SIZE(alu))];
		bytes[2] = 0x05 | below(8) << 3;
		memcpy(bytes + 3, &value, sizeof(value));
		return 7;
	case 3:			/* of gs */
		memcpy(bytes, "\x65\x48\x8b\x04\x25", 5);
		bytes[3] |= below(8) << 3;
		value = 8 * below(500);
		memcpy(bytes + 5, &value, sizeof(value));
		return 9;
	default:
		n = below(ARRAY_SIZE(plain));
		memcpy(bytes, plain[n] + 1, plain[n][0]);
		return plain[n][0];
	}
}

static void add_random_insns(u32 max, bool wild)
{
	u8 bytes[INSN_MAX_LEN];
	u32 room, length;

	while (max-- && one_in(2) + one_in(3)) {
		u64 address = (uintptr_t)code.start + code.size;

		length = wild && one_in(3) ? random_bytes(bytes) : random_usual(bytes, address);
		room = 20 - code.size + code.before;
		if (length > room || code.size + length > REGION_MAX_LEN - 8)
			return;
		code_add(bytes, length);
	}
}

static void add_random_jcc(void)
{
	u8 near_jcc[] = { 0x0f, 0x80 | below(16) }, short_jcc[] = { 0x70 | below(16) };
	u8 counting[] = { 0x67, 0xe0 | below(4) };
	s32 near_by = one_in(4) ? 0 : (s32)below(80) - 30;

	if (near_by > 0)
		near_by += 32;
	switch (below(4)) {
	case 0:
		code_jcc(near_jcc, sizeof(near_jcc), one_in(2) ? near_by : (s32)chance() >> 3);
		break;
	case 1:
		if (one_in(2))
			code_jcc(counting, sizeof(counting), near_by);
		else
			code_jcc(counting + 1, 1, near_by);
		break;
	default:
		code_jcc(short_jcc, sizeof(short_jcc), near_by);
	}
}

/* Away from the region for good; to its end at the nearest. */
static void add_random_end(void)
{
	u8 end[] = { one_in(2) ? 0xe8 : 0xe9, 0, 0, 0, 0 };
	s32 target = one_in(3) ? 0 : (s32)chance() >> 3 | 0x100;

	memcpy(end + 1, &target, sizeof(target));
	switch (below(5)) {
	case 0:
		CODE(0xc3);
		break;
	case 1:
		CODE(0xeb, 0x40);
		break;
	case 2:
		CODE(0xc3, 0xcc, 0xcc, 0xcc, 0xcc);
		break;
	default:
		code_add(end, sizeof(end));
	}
}

static void random_code(bool wild)
{
	do {
		code_begin(200 + below(64));
		add_random_insns(4, wild);
		add_random_jcc();
		add_random_insns(3, wild);
		if (one_in(3) && code.size + 5 <= REGION_MAX_LEN)
			add_random_end();
	} while (code.size < REGION_JUMP_LEN);
}

/* Of @tried regions enough went each way, and enough stopped. */
static void expect_variety(u32 tried)
{
	print_message("    seed %" PRIu64 ": %u fell through, %u jumped, %u faults, %u endless\n",
		      first_seed, tally.left[0], tally.left[1], tally.faults, tally.endless);
	if (rounds < 100)
		return;
	assert_true(tally.left[0] > tried / 5 && tally.left[1] > tried / 5);
	assert_true(tally.faults > tried / 50);
}

static void random_regions_do_the_same(void **state)
{
	struct trial trial = { 0 };
	u32 round;

	(void)state;
	memset(&tally, 0, sizeof(tally));
	for (round = 0; round < rounds; round++) {
		chance_seed(first_seed + round);
		random_code(round % 2);
		choose_random(&trial);
		code_end(&trial);
		try(&trial);
	}
	expect_variety(rounds);
}

static void random_shortcuts_do_the_same(void **state)
{
	struct trial trial = { 0 };
	u8 unused[STUB_MAX_LEN];
	u32 round, tried = 0;

	(void)state;
	memset(&tally, 0, sizeof(tally));
	for (round = 0; round < rounds; round++) {
		chance_seed(first_seed + round);
		random_code(round % 2);
		choose_random(&trial);
		code_end(&trial);
		trial.way = BY_SHORTCUT;
		trial.known = below(2);
		if (stub_shortcut(&trial.stub, trial.stub.at, trial.known, unused) < 0)
			continue;
		try(&trial);
		tried++;
	}
	expect_variety(tried);
	if (rounds >= 100)
		assert_true(tried > rounds / 3);
}

static void random_passages_do_the_same(void **state)
{
	struct trial trial = { 0 };
	u32 round;

	(void)state;
	memset(&tally, 0, sizeof(tally));
	for (round = 0; round < rounds; round++) {
		chance_seed(first_seed + round);
		do {
			code_begin(200 + below(64));
			add_random_insns(4, round % 2);
			if (one_in(2))
				add_random_end();
		} while (code.size < REGION_JUMP_LEN);
		code.before = code.size;
		choose_random(&trial);
		code_end(&trial);
		try(&trial);
	}
	print_message("    seed %" PRIu64 ": %u passed or stopped, %u faults, %u endless\n",
		      first_seed, tally.left[0], tally.faults, tally.endless);
	assert_int_equal(tally.left[1], 0);
	if (rounds >= 100)
		assert_true(tally.left[0] - tally.faults > rounds / 5);
}

/* --- islands --------------------------------------------------------------------------------- */

/* A jump alone, or a passage, that a short jump has room for but no near one. */
static void random_short_code(bool wild)
{
	do {
		code_begin(400 + below(64));
		if (one_in(2)) {
			add_random_jcc();
		} else {
			add_random_insns(3, wild);
			if (one_in(3))
				CODE(0xc3, 0xcc);
			code.before = code.size;
		}
	} while (code.size < REGION_SHORT_LEN || code.size >= REGION_JUMP_LEN);
}

/* As far from the region as a short jump at its beginning reaches. Return: its length. */
static u32 random_island(s32 offset, bool wild)
{
	u8 *to = code.start + offset;
	u32 size, length;

	for (size = 0; size < REGION_ISLAND_LEN; size += length)
		length = wild && one_in(3) ? random_bytes(to + size) :
					     random_usual(to + size, (uintptr_t)to + size);
	/* What the generators have written too much. */
	memset(to + size, 0xcc, INSN_MAX_LEN);
	return size;
}

/* Behind the region at the nearest, or in front of it. */
static s32 random_offset(void)
{
	const s32 room = 2 * REGION_MAX_LEN + INSN_MAX_LEN;

	switch (below(4)) {
	case 0:
		return -128;
	case 1:
		return REGION_SHORT_LEN + 127 - REGION_JUMP_LEN;
	case 2:
		return -128 + (s32)below(128 - room);
	default:
		return REGION_JUMP_LEN + (s32)below(120);
	}
}

static void try_by_short_jump(s32 offset, u32 length)
{
	struct trial trial = { 0 };

	choose_random(&trial);
	code_end(&trial);
	trial.way = BY_SHORT_JUMP;
	trial.stub.region.island = offset;
	trial.stub.region.island_length = length;
	try(&trial);
}

static void try_by_island(s32 offset, u32 length)
{
	struct trial trial = { 0 };

	choose_random(&trial);
	choose_cells(&trial, STUB_BYTE, 3);
	code_end(&trial);
	trial.way = BY_ISLAND;
	trial.stub.text += offset;
	trial.stub.address += offset;
	trial.stub.region = (struct region){ .before = length, .length = length };
	try(&trial);
}

static void random_islands_do_the_same(void **state)
{
	u32 round, length;
	s32 offset;

	(void)state;
	memset(&tally, 0, sizeof(tally));
	for (round = 0; round < rounds; round++) {
		chance_seed(first_seed + round);
		random_short_code(round % 2);
		offset = random_offset();
		length = random_island(offset, round % 2);
		try_by_short_jump(offset, length);
		try_by_island(offset, length);
	}
	print_message("    seed %" PRIu64 ": %u fell through or passed, %u jumped, %u faults, "
		      "%u endless\n", first_seed, tally.left[0], tally.left[1], tally.faults,
		      tally.endless);
	if (rounds < 100)
		return;
	assert_true(tally.left[0] - tally.faults > rounds / 2 && tally.left[1] > rounds / 6);
	assert_true(tally.faults > rounds / 50);
}

/* --- real code ----------------------------------------------------------------------------- */

static bool is_usable(const u8 *text, const struct region *region)
{
	struct insn_branch insn;
	u32 at;

	if (!region->length)
		return false;
	for (at = 0; at < region->length; at += insn.length) {
		if (insn_branch_decode(text + at, region->length - at, 0, &insn) ||
		    (at != region->before && !is_repeatable(text + at, &insn)))
			return false;
		/* The original would go on in its region, the copy has left. */
		if (insn_branch_may_end(&insn))
			return insn.target >= region->length;
	}
	return true;
}

/* Code that uses what lies below rsp may find there what a stub has pushed. */
static void choose_how(const struct elf_image *image, struct trial *trial)
{
	choose_random(trial);
	if (image->red_zone)
		choose_cells(trial, STUB_BYTE, below(4));
}

static void try_image(const struct elf_image *image, const struct flow *flow,
		      const struct region *regions)
{
	u32 tried = 0, i;

	for (i = 0; i < rounds; i++) {
		u32 n = below(flow->nr_branches);
		const struct flow_branch *jcc = &flow->branches[n];
		u64 address = image->in.functions[flow->blocks[jcc->block].function].address +
			      jcc->offset - regions[n].before;
		struct trial trial = { .stub = {
			.text = (const u8 *)(uintptr_t)address, .address = address,
			.region = regions[n], .at = (uintptr_t)memory.stub,
		} };

		if (!is_usable(trial.stub.text, &regions[n]))
			continue;
		choose_how(image, &trial);
		try(&trial);
		tried++;
	}
	assert_true(tried > rounds / 2);
}

static void real_regions_do_the_same(const char *path)
{
	struct region_table regions;
	struct elf_image image;
	struct flow flow;

	memset(&tally, 0, sizeof(tally));
	chance_seed(first_seed + rounds);
	assert_int_equal(elf_image_load(path, &image), 0);
	assert_int_equal(flow_build(&image.in, &flow), 0);
	elf_image_regions(&image, &flow, &regions);
	/* It is run by everybody who touches it by chance, but not changed. */
	assert_int_equal(mprotect(image.bytes, image.size, PROT_READ | PROT_EXEC), 0);
	try_image(&image, &flow, regions.branches);
	print_message("    %s: %u fell through, %u jumped, %u faults, %u endless\n",
		      strrchr(path, '/') + 1, tally.left[0], tally.left[1], tally.faults,
		      tally.endless);
	flow_free(&flow);
	elf_image_regions_free(&regions);
	elf_image_free(&image);
}

static void the_c_librarys_regions_do_the_same(void **state)
{
	(void)state;
	assert_non_null(elf_image_libc());
	real_regions_do_the_same(elf_image_libc());
}

static void regions_do_the_same(void **state)
{
	real_regions_do_the_same(elf_image_module(*state));
}

/* --- one instruction ----------------------------------------------------------------------- */

/* Run the instruction in memory.text, and its copy. */
static void try_step(u32 length)
{
	u64 address = (uintptr_t)code.start, at = (uintptr_t)memory.stub;
	struct trial trial = { .stub = { .text = code.start, .region.length = length } };
	struct insn_branch insn;
	int size;

	random_state(&trial);
	save_memory(initial);
	memset(memory.stub, STUB_CANARY, STUB_MAX_LEN + 1);
	check(&trial, !insn_branch_decode(code.start, length, address, &insn));
	size = stub_step(code.start, &insn, address, at, memory.stub);
	check(&trial, size > 0 && memory.stub[size] == STUB_CANARY);
	original.run = (struct stepper_run){
		.start = address, .from = address, .to = address + 1, .state = trial.state,
	};
	stepper_do(&original.run);
	save_memory(original.image);
	restore_memory(initial);
	copied.run = (struct stepper_run){
		.start = at, .from = at, .to = at + size, .state = trial.state,
	};
	if (original.run.endless)
		return;
	stepper_do(&copied.run);
	save_memory(copied.image);
	check(&trial, !memcmp(&original.run.state, &copied.run.state, sizeof(trial.state)));
	check(&trial, original.run.signal == copied.run.signal &&
		      original.run.fault == copied.run.fault);
	check(&trial, original.run.signal ? copied.run.rip == at :
		      original.run.rip == copied.run.rip);
	check(&trial, !memcmp(original.image, copied.image, sizeof(original.image)));
}

static void add_random_insn(void)
{
	u8 bytes[INSN_MAX_LEN];

	code_add(bytes, one_in(3) ? random_bytes(bytes) :
				    random_usual(bytes, (uintptr_t)code.start));
}

/* One to itself would be taken for an instruction that has not ended yet. */
static bool goes_to_itself(void)
{
	u64 address = (uintptr_t)code.start;
	struct insn_branch insn;

	return !insn_branch_decode(code.start, code.size, address, &insn) &&
	       insn.target == address;
}

static void random_instructions_step_alike(void **state)
{
	u32 round;

	(void)state;
	for (round = 0; round < rounds / 2; round++) {
		chance_seed(first_seed + round);
		code_begin(200);
		if (one_in(4))
			add_random_jcc();
		else
			add_random_insn();
		if (!goes_to_itself())
			try_step(code.size);
	}
}

static void jumps_and_returns_step_to_where_they_go(void **state)
{
	static const struct {
		u8 bytes[8];
		u8 length;
	} cases[] = {
		{ { 0xeb, 0x10 }, 2 },
		{ { 0xe9, 0x10, 0xff, 0xff, 0xff }, 5 },
		{ { 0xff, 0xe0 }, 2 },				/* jmp *%rax */
		{ { 0x41, 0xff, 0x63, 0x08 }, 4 },		/* jmp *8(%r11) */
		{ { 0xff, 0x24, 0x24 }, 3 },			/* jmp *(%rsp) */
		{ { 0xc3 }, 1 },
		{ { 0xc2, 0x10, 0x00 }, 3 },
	};
	u32 i, round;
	s32 to_scratch;

	(void)state;
	for (round = 0; round < 50; round++) {
		chance_seed(first_seed + round);
		for (i = 0; i < ARRAY_SIZE(cases); i++) {
			code_begin(400);
			code_add(cases[i].bytes, cases[i].length);
			try_step(cases[i].length);
		}
		code_begin(400);
		CODE(0xff, 0x25);				/* jmp *scratch(%rip) */
		to_scratch = memory.scratch - (code.start + 6);
		code_add(&to_scratch, 4);
		try_step(6);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_condition_short_and_near),
		cmocka_unit_test(jump_that_notes_only_its_being_taken_does_the_same),
		cmocka_unit_test(every_counting_jump_before_and_behind),
		cmocka_unit_test(a_jump_to_its_own_region_is_left),
		cmocka_unit_test(operands_relative_to_rip_keep_their_place),
		cmocka_unit_test(shortcut_notes_the_other_outcome_and_does_the_same),
		cmocka_unit_test(random_regions_do_the_same),
		cmocka_unit_test(random_shortcuts_do_the_same),
		cmocka_unit_test(random_passages_do_the_same),
		cmocka_unit_test(random_islands_do_the_same),
		cmocka_unit_test(the_c_librarys_regions_do_the_same),
		MODULE_TEST(ext4, regions_do_the_same),
		MODULE_TEST(btrfs, regions_do_the_same),
		cmocka_unit_test(random_instructions_step_alike),
		cmocka_unit_test(jumps_and_returns_step_to_where_they_go),
	};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 0);
	if (argc > 2)
		rounds = strtoul(argv[2], NULL, 0);
	return cmocka_run_group_tests(tests, setup, NULL);
}
