/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * covtarget.h - how user space calls the functions of covtarget.ko, a module
 * with known branches for livecov's tests.
 */
#ifndef COVTARGET_H
#define COVTARGET_H

/* The argument with which covt_oops() reads a bad address: no number that a test comes across. */
#define COVT_OOPS	0x0bad0ddf

#ifndef __ASSEMBLER__

#include <linux/ioctl.h>
#include <linux/types.h>

#define COVT_PATH	"/dev/covtarget"

/*
 * Every function that can be called: covt_NAME(a, b, c) in the module, NAME for
 * covtarget-call, COVT_FN_NAME in struct covt_call. What each does with its
 * arguments is told where it is defined.
 */
#define COVT_FUNCTIONS(X)							\
	/* branch.c */								\
	X(if_else) X(nested) X(errors) X(compare_tree) X(cold) X(warn)		\
	X(warn_never) X(conditions) X(jump_sizes) X(rcxz) X(static_key)		\
	X(static_key_set)							\
	/* loop.c */								\
	X(for_loop) X(while_loop) X(do_loop) X(leave_loop) X(loop_insns)	\
	X(delay) X(recurse)							\
	/* call.c */								\
	X(leaf) X(chain) X(tail) X(tail_jcc) X(indirect) X(indirect_tail)	\
	X(inline_one) X(inline_two)						\
	/* fault.c */								\
	X(fixup) X(unsafe_get) X(get) X(copy)					\
	/* context.c */								\
	X(hardirq) X(softirq) X(work) X(wait) X(wait_jump) X(wait_reached)	\
	X(wake) X(thread_start) X(thread_stop)					\
	/* beside_asm.S */							\
	X(rip_before) X(rip_after) X(rip_percpu) X(flags) X(carry)		\
	X(into_before) X(into_after) X(body) X(spin) X(rcx_beside)		\
	X(fault_before) X(fault_after) X(wait_test) X(give_way) X(deep)		\
	X(from_cold) X(goto_text) X(after_call) X(oops)				\
	/* beside.c */								\
	X(goto_data) X(key_beside) X(key_beside_set) X(key_first) X(call_beside)	\
	X(call_beside_set) X(warn_beside) X(interrupted) X(island)		\
	/* generated.c */							\
	X(ifs_1) X(ifs_10) X(ifs_100) X(ifs_1000)

#define COVT_FN_MEMBER(name)	COVT_FN_##name,

enum covt_function {
	COVT_FUNCTIONS(COVT_FN_MEMBER)
	COVT_FN_COUNT
};

/**
 * struct covt_call - call a function (COVT_IOC_CALL)
 * @func: COVT_FN_*, else EINVAL
 * @pad: 0, else EINVAL
 * @a: its first argument
 * @b: its second
 * @c: its third
 * @result: out: what it returned
 */
struct covt_call {
	__u32 func;
	__u32 pad;
	__u64 a;
	__u64 b;
	__u64 c;
	__s64 result;
};

#define COVT_IOC_CALL	_IOWR(0xc6, 0x01, struct covt_call)

#endif /* __ASSEMBLER__ */

#endif /* COVTARGET_H */
