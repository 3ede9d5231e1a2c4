// SPDX-License-Identifier: GPL-2.0-only
/*
 * stepper.c - the trap flag makes the CPU come back after each instruction; the
 * signal handler then sees all registers, and sets them. Owns the signals named
 * in stepper.h. Calls nothing of the project's.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "stepper.h"

#define TRAP_FLAG	0x100
#define OTHER_FLAGS	0x202		/* the one that is always set, and interrupts */
#define MAX_STEPS	500
#define MAX_FP		16384
#define FP_SIZE		464		/* of the frame's floating-point state: its size */
#define FP_MAGIC	0x46505853
#define STACK_SIZE	(256 * 1024)

static const int general[STEPPER_REGS] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

static struct {
	struct stepper_run *run;	/* NULL while none is going on */
	u64 last;			/* the instruction that has just run */
	u32 steps;
	gregset_t saved;		/* the test's own */
	u8 saved_fp[MAX_FP];
	u8 first_fp[MAX_FP];		/* what every run begins with */
	bool has_first_fp;
	bool begins;
} stepper;

static u32 fp_size(const ucontext_t *context)
{
	const u8 *fp = (const u8 *)context->uc_mcontext.fpregs;
	u32 software[2];

	memcpy(software, fp + FP_SIZE, sizeof(software));
	if (software[0] != FP_MAGIC)
		return sizeof(*context->uc_mcontext.fpregs);
	return software[1] < MAX_FP ? software[1] : MAX_FP;
}

static void begin(ucontext_t *context)
{
	greg_t *regs = context->uc_mcontext.gregs;
	void *fp = context->uc_mcontext.fpregs;
	const struct stepper_run *run = stepper.run;
	u32 i;

	memcpy(stepper.saved, regs, sizeof(stepper.saved));
	memcpy(stepper.saved_fp, fp, fp_size(context));
	if (!stepper.has_first_fp)
		memcpy(stepper.first_fp, fp, fp_size(context));
	stepper.has_first_fp = true;
	memcpy(fp, stepper.first_fp, fp_size(context));
	for (i = 0; i < STEPPER_REGS; i++)
		regs[general[i]] = run->state.regs[i];
	regs[REG_EFL] = (run->state.flags & STEPPER_FLAGS) | OTHER_FLAGS | TRAP_FLAG;
	regs[REG_RIP] = run->start;
	stepper.last = run->start;
	stepper.steps = 0;
	stepper.begins = false;
}

static void finish(ucontext_t *context)
{
	greg_t *regs = context->uc_mcontext.gregs;
	struct stepper_run *run = stepper.run;
	u32 i;

	for (i = 0; i < STEPPER_REGS; i++)
		run->state.regs[i] = regs[general[i]];
	run->state.flags = regs[REG_EFL] & STEPPER_FLAGS;
	run->rip = regs[REG_RIP];
	memcpy(regs, stepper.saved, sizeof(stepper.saved));
	memcpy(context->uc_mcontext.fpregs, stepper.saved_fp, fp_size(context));
	stepper.run = NULL;
}

static void watch(struct stepper_run *run, u64 rip, u64 rsp)
{
	if (rip != run->watch)
		return;
	run->watched = true;
	run->watch_rsp = rsp;
}

static bool has_left(struct stepper_run *run, u64 rip)
{
	bool goes_by = run->by && rip == run->by;

	if (goes_by)
		run->by = 0;
	return !goes_by && (rip < run->from || rip >= run->to);
}

/*
 * Can the kernel return to a task with this rsp? Processors of AMD's fault in iret if it is not
 * canonical, before the task executes anything.
 */
static bool is_stack_pointer(u64 rsp)
{
	return (u64)((s64)(rsp << 16) >> 16) == rsp;
}

/* After an instruction. */
static void step(ucontext_t *context)
{
	const greg_t *regs = context->uc_mcontext.gregs;
	struct stepper_run *run = stepper.run;
	u64 rip = regs[REG_RIP], last = stepper.last;

	stepper.last = rip;
	run->endless = ++stepper.steps > MAX_STEPS || !is_stack_pointer(regs[REG_RSP]);
	run->jumped = run->watch && last == run->watch && rip != run->watch_next;
	if (run->endless || run->jumped || has_left(run, rip))
		finish(context);
	else
		watch(run, rip, regs[REG_RSP]);
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
	if (!stepper.run)
		abort();
	if (stepper.begins) {
		begin(context);
	} else if (signal == SIGTRAP) {
		step(context);
	} else {
		stepper.run->signal = signal;
		stepper.run->fault = (uintptr_t)info->si_addr;
		/* That of an undefined instruction or a division is where it stands. */
		if (signal != SIGSEGV && signal != SIGBUS)
			stepper.run->fault = 0;
		finish(context);
	}
}

int stepper_init(void)
{
	stack_t stack = { .ss_size = STACK_SIZE };

	stack.ss_sp = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL) ? -errno : 0;
}

/* At each run: CMocka takes some of them away at the beginning of each test. */
static void take_signals(void)
{
	static const int signals[] = { SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE };
	struct sigaction action = {
		.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK,
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], &action, NULL))
			abort();
}

void stepper_do(struct stepper_run *run)
{
	run->rip = run->fault = run->watch_rsp = 0;
	run->signal = 0;
	run->endless = run->jumped = run->watched = false;
	watch(run, run->start, run->state.regs[STEPPER_RSP]);
	take_signals();
	stepper.run = run;
	stepper.begins = true;
	__asm__ volatile("int3" : : : "memory");
}
