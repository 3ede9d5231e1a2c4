// SPDX-License-Identifier: GPL-2.0-only
/*
 * call.c - how control goes from function to function.
 */
#include <linux/kernel.h>
#include <linux/nospec.h>

#include "target.h"

covt_fn s64 covt_leaf(u64 a, u64 b, u64 c)
{
	covt_mark("leaf");
	return a + b + c;
}

/* Two that nobody calls from outside. */
static covt_fn s64 covt_chain_end(u64 a)
{
	if (a & 1) {
		covt_mark("odd");
		return 1;
	}
	covt_mark("even");
	return 2;
}

static covt_fn s64 covt_chain_link(u64 a)
{
	s64 result;

	covt_mark("start");
	result = covt_chain_end(a);
	if (result == 1) {
		covt_mark("one");
		result = 10;
	}
	covt_mark("end");
	return result;
}

covt_fn s64 covt_chain(u64 a, u64 b, u64 c)
{
	covt_mark("start");
	if (!a) {
		covt_mark("no_call");
		return 0;
	}
	return covt_chain_link(a) + 1;
}

covt_fn s64 covt_tail_target(u64 a, u64 b, u64 c)
{
	if (a > 10) {
		covt_mark("big");
		return 1000;
	}
	covt_mark("small");
	return a;
}

/* The call at the end becomes a jump. */
covt_fn s64 covt_tail(u64 a, u64 b, u64 c)
{
	covt_mark("start");
	if (b) {
		covt_mark("return");
		return -1;
	}
	return covt_tail_target(a, b, c);
}

static covt_fn s64 covt_op_add(u64 a)
{
	covt_mark("add");
	return a + 1;
}

static covt_fn s64 covt_op_double(u64 a)
{
	covt_mark("double");
	return a * 2;
}

static s64 (*const ops[])(u64 a) = { covt_op_add, covt_op_double };

/* A call through a pointer, with work left after it. @a: 0 or 1. */
covt_fn s64 covt_indirect(u64 a, u64 b, u64 c)
{
	s64 result;

	a = array_index_nospec(a & 1, ARRAY_SIZE(ops));
	covt_mark("before");
	result = ops[a](b);
	covt_mark("after");
	return result + 100;
}

/* The same as the last thing: a jump whose target is not in the code. */
covt_fn s64 covt_indirect_tail(u64 a, u64 b, u64 c)
{
	a = array_index_nospec(a & 1, ARRAY_SIZE(ops));
	covt_mark("start");
	return ops[a](b);
}

/* Its branch is in its callers, once in each. */
static __always_inline s64 covt_helper(u64 a)
{
	if (a > 5) {
		covt_mark("helper_big");
		return 1;
	}
	covt_mark("helper_small");
	return 2;
}

covt_fn s64 covt_inline_one(u64 a, u64 b, u64 c)
{
	covt_mark("start");
	return covt_helper(a);
}

covt_fn s64 covt_inline_two(u64 a, u64 b, u64 c)
{
	s64 result = covt_helper(a);

	covt_mark("end");
	return -result;
}
