// SPDX-License-Identifier: GPL-2.0-only
/*
 * fault.c - code that is left at an instruction which faults, for a fix-up that
 * no jump leads to.
 */
#include <linux/uaccess.h>
#include <asm/asm.h>

#include "target.h"

/* The page of the error pointers: never mapped. */
#define COVT_UNMAPPED	((const u64 *)-4096L)

static const u64 covt_mapped = 5;

/* Reads memory of the kernel: @a is 0 for a good pointer, else for a bad one. */
covt_fn s64 covt_fixup(u64 a, u64 b, u64 c)
{
	const u64 *p = a ? COVT_UNMAPPED : &covt_mapped;

	covt_mark("start");
	asm goto("1: cmpq $5, (%[p])\n\t"
		 COVT_JUMP("differs") "jne %l[differs]\n\t"
		 _ASM_EXTABLE(1b, %l[fault])
		 : : [p] "r" (p) : "cc", "memory" : fault, differs);
	covt_mark("same");
	return 0;
differs:
	covt_mark("differs");
	return 1;
fault:
	covt_mark("fault");
	return -EFAULT;
}

/*
 * Reads memory of the user with the access inlined. What follows a good one in
 * the same block can have no mark: a block is covered if its beginning ran.
 * @a: the address
 */
covt_fn s64 covt_unsafe_get(u64 a, u64 b, u64 c)
{
	const u64 __user *p = (const u64 __user *)a;
	u64 value;

	if (!user_read_access_begin(p, sizeof(*p))) {
		covt_mark("not_user");
		return -EACCES;
	}
	unsafe_get_user(value, p, fault);
	user_read_access_end();
	if (value & 1)
		covt_mark("odd");
	else
		covt_mark("even");
	return value;
fault:
	user_read_access_end();
	covt_mark("fault");
	return -EFAULT;
}

/* The fault and its fix-up are in the core kernel. @a: the address */
covt_fn s64 covt_get(u64 a, u64 b, u64 c)
{
	u64 value;

	if (get_user(value, (const u64 __user *)a)) {
		covt_mark("fault");
		return -EFAULT;
	}
	covt_mark("read");
	return value;
}

covt_fn s64 covt_copy(u64 a, u64 b, u64 c)
{
	u64 value[2];

	if (copy_from_user(value, (const void __user *)a, sizeof(value))) {
		covt_mark("fault");
		return -EFAULT;
	}
	covt_mark("read");
	return value[0] + value[1];
}
