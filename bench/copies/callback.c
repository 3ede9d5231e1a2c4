// SPDX-License-Identifier: GPL-2.0-only
/*
 * callback.c - what compiled-in coverage calls. Linked into each copy of a driver
 * that was compiled with it, and itself compiled without.
 *
 * Parameters of the module: bench_on switches recording on where a callback
 * records (trace-pc), bench_seen tells how much was recorded.
 */
#include <linux/hardirq.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#ifdef BENCH_TRACE_PC

/* As syzkaller asks for it: 2 MiB. It wraps, so that each hit pays for its store. */
#define AREA_WORDS	(1U << 18)

static unsigned long area[AREA_WORDS];
static unsigned int mode;
module_param_named(bench_on, mode, uint, 0600);

void __sanitizer_cov_trace_pc(void);

/* What kernel/kcov.c does, but that its mode and area are not the task's. */
notrace void __sanitizer_cov_trace_pc(void)
{
	unsigned long pos;

	if (!in_task())
		return;
	if (READ_ONCE(mode) != 1)
		return;
	barrier();
	pos = READ_ONCE(area[0]) + 1;
	WRITE_ONCE(area[0], pos);
	barrier();
	area[1 + pos % (AREA_WORDS - 1)] = (unsigned long)__builtin_return_address(0);
}

static int seen_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%lu\n", area[0]);
}

#endif

#ifdef BENCH_INLINE

/* From merge.lds: one byte for each instrumented edge. */
extern u8 bench_cells_start[], bench_cells_end[];

static int seen_get(char *buffer, const struct kernel_param *kp)
{
	size_t i, seen = 0, cells = bench_cells_end - bench_cells_start;

	for (i = 0; i < cells; i++)
		seen += bench_cells_start[i] != 0;
	return sysfs_emit(buffer, "%zu of %zu\n", seen, cells);
}

#endif

static const struct kernel_param_ops seen_ops = { .get = seen_get };
module_param_cb(bench_seen, &seen_ops, NULL, 0400);
