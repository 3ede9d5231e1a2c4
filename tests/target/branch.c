// SPDX-License-Identifier: GPL-2.0-only
/*
 * branch.c - branches without loops: every shape a compiler makes of if, goto
 * and switch, and by hand those that it seldom makes.
 */
#include <linux/bug.h>
#include <linux/jump_label.h>

#include "target.h"

covt_fn s64 covt_if_else(u64 a, u64 b, u64 c)
{
	s64 result;

	if (a > b) {
		covt_mark("greater");
		result = 1;
	} else {
		covt_mark("not_greater");
		result = 2;
	}
	covt_mark("end");
	return result;
}

/* Conditions that are left as soon as they are known. */
covt_fn s64 covt_nested(u64 a, u64 b, u64 c)
{
	s64 result = 0;

	if (a && (b || c)) {
		covt_mark("a_and_one");
		result = 1;
		if (b && c) {
			covt_mark("all");
			result = 2;
		}
	} else if (!a && !b && !c) {
		covt_mark("none");
		result = 3;
	}
	covt_mark("end");
	return result;
}

/* The kernel's way out: errors share their exits. @a: the step that fails, from 1. */
covt_fn s64 covt_errors(u64 a, u64 b, u64 c)
{
	s64 err;

	covt_mark("start");
	err = -EPERM;
	if (a == 1)
		goto out;
	covt_mark("first");
	err = -ENOMEM;
	if (a == 2)
		goto undo_first;
	covt_mark("second");
	err = -EBUSY;
	if (a == 3)
		goto undo_second;
	covt_mark("third");
	return 0;

undo_second:
	covt_mark("undo_second");
undo_first:
	covt_mark("undo_first");
out:
	covt_mark("out");
	return err;
}

/* Without jump tables, as kernels with retpolines are built: a tree of compares. */
covt_fn s64 covt_compare_tree(u64 a, u64 b, u64 c)
{
	s64 result = 0;

	switch (a) {
	case 0:
		covt_mark("case_0");
		break;
	case 1:
		covt_mark("case_1");
		result = 10;
		fallthrough;
	case 2:
		covt_mark("case_2");
		result += 20;
		break;
	case 3:
	case 4:
	case 5:
		covt_mark("case_3_to_5");
		result = 30;
		break;
	case 6:
		covt_mark("case_6");
		return -1;
	case 100:
		covt_mark("case_100");
		result = 100;
		break;
	case 5000:
		covt_mark("case_5000");
		result = 5000;
		break;
	default:
		covt_mark("default");
		result = -2;
	}
	covt_mark("end");
	return result;
}

static noinline __noclone __cold s64 covt_cold_callee(u64 a)
{
	covt_mark("callee");
	return a + 1;
}

/*
 * The path through a cold function is cold itself: the compiler moves it to
 * another section, as covt_cold.cold, from where it jumps back into the middle.
 */
covt_fn s64 covt_cold(u64 a, u64 b, u64 c)
{
	s64 result = 0;

	covt_mark("start");
	if (unlikely(a)) {
		/* The compiler trusts a call to be cold if nothing volatile is before it. */
		result = covt_cold_callee(a);
		covt_mark("cold");
		if (b) {
			covt_mark("cold_return");
			return -result;
		}
	}
	covt_mark("middle");
	if (c) {
		covt_mark("c");
		result += 100;
	}
	return result;
}

/* Warns if @a is 0xdead, which a kernel with panic_on_warn does not survive. */
covt_fn s64 covt_warn(u64 a, u64 b, u64 c)
{
	covt_mark("start");
	if (WARN_ON(a == 0xdead)) {
		covt_mark("warned");
		return 1;
	}
	covt_mark("end");
	return 0;
}

/* The other two kinds of warning, on conditions that do not come true. */
covt_fn s64 covt_warn_never(u64 a, u64 b, u64 c)
{
	u64 never_zero = a | 1;

	OPTIMIZER_HIDE_VAR(never_zero);
	covt_mark("start");
	if (WARN_ON_ONCE(!never_zero))
		covt_mark("warned_once");
	covt_mark("middle");
	if (WARN(never_zero == 2, "%llu is even\n", never_zero))
		covt_mark("warned");
	covt_mark("end");
	return 0;
}

#define COVT_CONDITION(cc)					\
	asm volatile("cmp %[b], %[a]\n\t"			\
		     COVT_JUMP(#cc) "j" #cc " 1f\n\t"		\
		     "nop\n"					\
		     "1:"					\
		     : : [a] "r" (a), [b] "r" (b) : "cc")

/* All sixteen conditions, on the flags that cmp leaves behind for a - b. */
covt_fn s64 covt_conditions(u64 a, u64 b, u64 c)
{
	COVT_CONDITION(o);
	COVT_CONDITION(no);
	COVT_CONDITION(b);
	COVT_CONDITION(ae);
	COVT_CONDITION(e);
	COVT_CONDITION(ne);
	COVT_CONDITION(be);
	COVT_CONDITION(a);
	COVT_CONDITION(s);
	COVT_CONDITION(ns);
	COVT_CONDITION(p);
	COVT_CONDITION(np);
	COVT_CONDITION(l);
	COVT_CONDITION(ge);
	COVT_CONDITION(le);
	COVT_CONDITION(g);
	return 0;
}

/*
 * Two bytes or six, forwards and backwards. @a: zero takes the jumps forwards;
 * @b: how often to pass the bodies of the loops, at least 1.
 */
covt_fn s64 covt_jump_sizes(u64 a, u64 b, u64 c)
{
	u64 n = b ?: 1;
	u64 m = n;

	asm volatile("test %[a], %[a]\n\t"
		     COVT_JUMP("short") "jz 1f\n\t"
		     "nop\n"
		     "1: test %[a], %[a]\n\t"
		     COVT_JUMP("near") "jz 2f\n\t"
		     ".fill 200, 1, 0x90\n"
		     "2:\n\t"
		     : : [a] "r" (a) : "cc");
	asm volatile("1: dec %[n]\n\t"
		     COVT_JUMP("short_back") "jnz 1b\n"
		     "2: dec %[m]\n\t"
		     ".fill 200, 1, 0x90\n\t"
		     COVT_JUMP("near_back") "jnz 2b\n\t"
		     : [n] "+r" (n), [m] "+r" (m) : : "cc");
	covt_mark("end");
	return n + m;
}

/* The jumps that look at a register: all of it (rcxz), its lower half (ecxz). */
covt_fn s64 covt_rcxz(u64 a, u64 b, u64 c)
{
	s64 result = 0;

	asm goto(COVT_JUMP("rcxz") "jrcxz 1f\n\t"
		 "jmp %l[rcx_is_not]\n"
		 "1:"
		 : : "c" (a) : : rcx_is_not);
	covt_mark("rcx_is_zero");
	result = 1;
rcx_is_not:
	asm goto(COVT_JUMP("ecxz") "jecxz 1f\n\t"
		 "jmp %l[ecx_is_not]\n"
		 "1:"
		 : : "c" (a) : : ecx_is_not);
	covt_mark("ecx_is_zero");
	result += 2;
ecx_is_not:
	covt_mark("end");
	return result;
}

static DEFINE_STATIC_KEY_FALSE(covt_key);

/* A branch that is a nop or a jmp, and no Jcc: whichever the key makes of it. */
covt_fn s64 covt_static_key(u64 a, u64 b, u64 c)
{
	s64 result;

	covt_mark("start");
	if (static_branch_unlikely(&covt_key)) {
		covt_mark("on");
		result = 1;
	} else {
		covt_mark("off");
		result = 2;
	}
	covt_mark("end");
	return result;
}

covt_fn s64 covt_static_key_set(u64 a, u64 b, u64 c)
{
	if (a)
		static_branch_enable(&covt_key);
	else
		static_branch_disable(&covt_key);
	return 0;
}
