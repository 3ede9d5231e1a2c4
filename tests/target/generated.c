// SPDX-License-Identifier: GPL-2.0-only
/*
 * generated.c - functions with 1, 10, 100 and 1000 conditional jumps. Jump and
 * mark 1000 + n belong to bit n % 64 of @a: set means taken. Each function
 * returns how many were.
 */
#include "target.h"

#define IF_1(n)								\
	asm goto("bt %[bit], %[word]\n\t"				\
		 COVT_JUMP(#n) "jc %l[set_" #n "]"				\
		 : : [word] "r" (a), [bit] "i" ((n - 1000) % 64)	\
		 : "cc" : set_##n);					\
	goto next_##n;							\
set_##n:								\
	covt_mark(#n);							\
	result++;							\
next_##n:

#define IF_10(n)	IF_1(n##0) IF_1(n##1) IF_1(n##2) IF_1(n##3) IF_1(n##4) \
			IF_1(n##5) IF_1(n##6) IF_1(n##7) IF_1(n##8) IF_1(n##9)
#define IF_100(n)	IF_10(n##0) IF_10(n##1) IF_10(n##2) IF_10(n##3) IF_10(n##4) \
			IF_10(n##5) IF_10(n##6) IF_10(n##7) IF_10(n##8) IF_10(n##9)
#define IF_1000(n)	IF_100(n##0) IF_100(n##1) IF_100(n##2) IF_100(n##3) IF_100(n##4) \
			IF_100(n##5) IF_100(n##6) IF_100(n##7) IF_100(n##8) IF_100(n##9)

#define DEFINE_IFS(name, ifs)				\
covt_fn s64 covt_##name(u64 a, u64 b, u64 c)		\
{							\
	s64 result = 0;					\
							\
	ifs						\
	covt_mark("end");				\
	return result;					\
}

DEFINE_IFS(ifs_1, IF_1(1000))
DEFINE_IFS(ifs_10, IF_10(100))
DEFINE_IFS(ifs_100, IF_100(10))
DEFINE_IFS(ifs_1000, IF_1000(1))
