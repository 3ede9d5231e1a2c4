// SPDX-License-Identifier: GPL-2.0-only
/*
 * loop.c - branches that are passed more than once, and recursion.
 */
#include "target.h"

covt_fn s64 covt_for_loop(u64 a, u64 b, u64 c)
{
	s64 sum = 0;
	u64 i;

	for (i = 0; i < a; i++) {
		covt_mark("body");
		sum += i;
	}
	covt_mark("end");
	return sum;
}

/* Steps until the Collatz sequence of @a, at least 1, is at 1. */
covt_fn s64 covt_while_loop(u64 a, u64 b, u64 c)
{
	s64 steps = 0;

	while (a > 1) {
		if (a & 1) {
			covt_mark("odd");
			a = 3 * a + 1;
		} else {
			covt_mark("even");
			a /= 2;
		}
		steps++;
	}
	covt_mark("end");
	return steps;
}

/* The body runs once at least. */
covt_fn s64 covt_do_loop(u64 a, u64 b, u64 c)
{
	s64 n = 0;

	do {
		covt_mark("body");
		n++;
	} while (n < a);
	covt_mark("end");
	return n;
}

/* Left in the middle, when @b comes by. */
covt_fn s64 covt_leave_loop(u64 a, u64 b, u64 c)
{
	s64 evens = 0;
	u64 i;

	for (i = 0; i < a; i++) {
		if (i == b) {
			covt_mark("break");
			break;
		}
		if (i & 1) {
			covt_mark("continue");
			continue;
		}
		covt_mark("even");
		evens++;
	}
	covt_mark("end");
	return evens;
}

/*
 * loop: @a rounds. loope goes on while @b is zero, loopne while it is not, both for
 * at most @a rounds. @a: at least 1. Returns all rounds: the kernel's kprobes, from
 * 5.13 on, go one too far when they emulate these (kprobe_emulate_loop()).
 */
covt_fn s64 covt_loop_insns(u64 a, u64 b, u64 c)
{
	s64 rounds = 0;
	u64 n = a;

	asm volatile("1: inc %[rounds]\n\t"
		     COVT_JUMP("loop") "loop 1b\n\t"
		     : [rounds] "+r" (rounds), "+c" (n) : : "cc");
	n = a;
	asm volatile("1: inc %[rounds]\n\t"
		     "test %[b], %[b]\n\t"
		     COVT_JUMP("loope") "loope 1b\n\t"
		     : [rounds] "+r" (rounds), "+c" (n) : [b] "r" (b) : "cc");
	n = a;
	asm volatile("1: inc %[rounds]\n\t"
		     "test %[b], %[b]\n\t"
		     COVT_JUMP("loopne") "loopne 1b\n\t"
		     : [rounds] "+r" (rounds), "+c" (n) : [b] "r" (b) : "cc");
	covt_mark("end");
	return rounds;
}

/* A block that is one jump, to itself. @a: at least 1. Returns what is left of it. */
covt_fn s64 covt_delay(u64 a, u64 b, u64 c)
{
	asm volatile("1:\n\t"
		     COVT_JUMP("delay") "loop 1b\n\t"
		     : "+c" (a));
	covt_mark("end");
	return a;
}

/* @a levels deep, at least 1; not a tail call, there is work left afterwards. */
covt_fn s64 covt_recurse(u64 a, u64 b, u64 c)
{
	s64 below;

	if (a <= 1) {
		covt_mark("bottom");
		return 1;
	}
	covt_mark("down");
	below = covt_recurse(a - 1, b, c);
	covt_mark("up");
	return below + a;
}
