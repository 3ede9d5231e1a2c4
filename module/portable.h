/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * portable.h - lets the pure files (insn_branch.c, text_map.c, flow_read.c, flow.c,
 * flow_plan.c, flow_pack.c, region_marks.c, region.c, stub.c, task_registry.c, thread_buffer.c,
 * caller_table.c, trace_area.c, address_set.c, cell_layout.h, cell_news.c, refusals.c,
 * memory_budget.c) be one source for the kernel and for the unit tests, which run them under
 * sanitizers.
 *
 * In the kernel it is little but includes. In user space it defines the few
 * names of the kernel that those files use, on the compiler's own atomics: each
 * has at least the ordering that Documentation/memory-barriers.txt promises.
 */
#ifndef LIVECOV_PORTABLE_H
#define LIVECOV_PORTABLE_H

#ifdef __KERNEL__

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/bsearch.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/vmalloc.h>

#include "alloc_array.h"

#define pure_alloc(n, size)	kvcalloc((n), (size), GFP_LARGE)
#define pure_free(p)		kvfree(p)

/* bsearch() with @cmp inlined: an indirect call costs more than a step. */
#define pure_search(key, base, n, size, cmp) \
	((typeof(base))__inline_bsearch((key), (base), (n), (size), (cmp)))

/* In long loops: lets other tasks run. */
#define pure_rest()		cond_resched()

/*
 * For what lasts: kmalloc() would round it up to a power of two. Zeroed; pure_free() it. NULL
 * without memory, of which the log says nothing.
 */
#define pure_alloc_lasting(size) \
	((size) < PAGE_SIZE ? kvzalloc((size), GFP_LARGE) : \
		__vmalloc((size), GFP_LARGE | __GFP_ZERO))

/*
 * Zeroed memory that begins a cache line. @n * @size must be a power of two
 * of at least a line: kmalloc() aligns those to their size, vmalloc() to a page.
 */
#define pure_alloc_lines(n, size)	pure_alloc((n), (size))

#else /* user space */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define pure_alloc(n, size)	calloc((n), (size))
#define pure_alloc_lasting(size) calloc(1, (size))
#define pure_free(p)		free(p)
#define pure_search(key, base, n, size, cmp) \
	((__typeof__(base))bsearch((key), (base), (n), (size), (cmp)))
#define pure_rest()		do { } while (0)

/* pure_alloc_lines - see the kernel's above */
static inline void *pure_alloc_lines(size_t n, size_t size)
{
	void *p;

	if (__builtin_mul_overflow(n, size, &size) || posix_memalign(&p, 64, size))
		return NULL;
	return memset(p, 0, size);
}

/* sort - the kernel's; @swap is not used */
static inline void sort(void *base, size_t num, size_t size,
			int (*cmp)(const void *, const void *),
			void (*swap)(void *, void *, int))
{
	(void)swap;
	qsort(base, num, size, cmp);
}

/* roundup_pow_of_two - the kernel's; 1 for 0 */
static inline unsigned long roundup_pow_of_two(unsigned long n)
{
	return n < 2 ? 1 : 1UL << (64 - __builtin_clzl(n - 1));
}

#define notrace
#define NOKPROBE_SYMBOL(fn)	extern int nokprobe_##fn
#ifndef __always_inline		/* glibc has the same */
#define __always_inline		inline __attribute__((always_inline))
#endif
#define ____cacheline_aligned	__attribute__((aligned(64)))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)

#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define smp_load_acquire(p)	__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE)

/* Like the kernel's: fully ordered, gives the value found. */
#define cmpxchg(p, old, new)						\
({									\
	__typeof__(*(p)) found_ = (old);				\
									\
	__atomic_compare_exchange_n((p), &found_, (new), false,		\
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
	found_;								\
})

/* Stores, and orders the store before every later load: xchg, as on x86 in the kernel. */
#define smp_store_mb(x, v)	((void)__atomic_exchange_n(&(x), (v), __ATOMIC_SEQ_CST))

typedef struct { long counter; } atomic_long_t;

#define atomic_long_read(v)	READ_ONCE((v)->counter)
#define atomic_long_read_acquire(v) smp_load_acquire(&(v)->counter)
#define atomic_long_set(v, i)	WRITE_ONCE((v)->counter, (i))
#define atomic_long_add(i, v)	((void)__atomic_fetch_add(&(v)->counter, (i), __ATOMIC_RELAXED))
#define atomic_long_sub(i, v)	((void)__atomic_fetch_sub(&(v)->counter, (i), __ATOMIC_RELAXED))
#define atomic_long_inc(v)	((void)__atomic_fetch_add(&(v)->counter, 1, __ATOMIC_RELAXED))
#define atomic_long_dec(v)	((void)__atomic_fetch_sub(&(v)->counter, 1, __ATOMIC_RELAXED))
#define atomic_long_inc_return(v)  __atomic_add_fetch(&(v)->counter, 1, __ATOMIC_SEQ_CST)
#define atomic_long_xchg(v, i)	__atomic_exchange_n(&(v)->counter, (i), __ATOMIC_SEQ_CST)
#define atomic_long_cmpxchg(v, old, new) cmpxchg(&(v)->counter, (old), (new))

/* totalram_pages - pages of memory in the machine; defined by the test */
unsigned long totalram_pages(void);

#endif

/* How many entries of a table to look at between two pure_rest(). */
#define TABLE_STRETCH	4096U

#endif /* LIVECOV_PORTABLE_H */
