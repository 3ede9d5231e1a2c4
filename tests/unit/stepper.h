/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stepper.h - runs machine code, one instruction at a time, from given registers
 * until it leaves or faults; nothing it does to registers reaches the test. One
 * thread only; it owns SIGTRAP, SIGSEGV, SIGBUS, SIGILL and SIGFPE.
 */
#ifndef LIVECOV_TEST_STEPPER_H
#define LIVECOV_TEST_STEPPER_H

#include "portable.h"

/* As the machine numbers them. */
#define STEPPER_RAX	0
#define STEPPER_RCX	1
#define STEPPER_RSP	4
#define STEPPER_REGS	16

#define STEPPER_FLAGS	0xcd5	/* CF PF AF ZF SF DF OF */

struct stepper_state {
	u64 regs[STEPPER_REGS];
	u64 flags;
};

/**
 * struct stepper_run - what to run, and what became of it
 * @start: first instruction
 * @from: it has left when it is outside of @from ...
 * @to: ... to before here
 * @by: it may come here once on its way, outside of that; 0 for none
 * @watch: when an instruction here has gone anywhere but to the next one, it has
 *	   left as well; 0 for none
 * @watch_next: the one behind it
 * @state: in: registers and flags at @start; out: those at the end
 * @rip: out: where it has gone or faulted
 * @signal: out: 0 if it has left, else why not
 * @fault: out: the address that a signal came with
 * @watched: out: it has come to @watch
 * @watch_rsp: out: rsp there
 * @jumped: out: it has left from @watch
 * @endless: out: it was given up: after too many steps, or with an rsp that cannot be returned to
 */
struct stepper_run {
	u64 start, from, to, by, watch, watch_next;
	struct stepper_state state;
	u64 rip, fault, watch_rsp;
	int signal;
	bool watched;
	bool jumped;
	bool endless;
};

int stepper_init(void);
void stepper_do(struct stepper_run *run);

#endif /* LIVECOV_TEST_STEPPER_H */
