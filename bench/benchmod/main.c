// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - benchmod: calls a shape many times and tells how long that took.
 *
 * Write "SHAPE CALLS ROUNDS ARGUMENT FLIP" to the parameter run: CALLS calls, with
 * FLIP xored into the argument after each, ROUNDS times over. Read from it the
 * shortest round's length in ticks of the time stamp counter. It all happens in
 * the task that writes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <asm/msr.h>

#include "shapes.h"

static const struct shape {
	const char *name;
	void (*call)(unsigned long argument);
} shapes[] = {
	{ "none", bench_none },
	{ "near", bench_near },
	{ "short", bench_short },
	{ "tight", bench_tight },
	{ "spin", bench_spin },
	{ "entry", bench_entry },
	{ "c", bench_c },
	{ "pairs", bench_pairs },
};

void bench_pairs(unsigned long argument)
{
	int i, k;

	for (i = 0; i < BENCH_PAIRED; i++)
		for (k = 0; k < BENCH_PAIRED; k++) {
			bench_places[i](argument);
			bench_places[k](argument);
		}
}

static u64 shortest;

static u64 one_round(void (*call)(unsigned long), u32 calls, unsigned long argument,
		     unsigned long flip)
{
	u64 begin = rdtsc_ordered();

	while (calls--) {
		call(argument);
		argument ^= flip;
	}
	return rdtsc_ordered() - begin;
}

static const struct shape *shape_named(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++)
		if (!strcmp(shapes[i].name, name))
			return &shapes[i];
	return NULL;
}

static int run_set(const char *text, const struct kernel_param *kp)
{
	unsigned long argument, flip;
	const struct shape *shape;
	u32 calls, rounds;
	char name[16];

	if (sscanf(text, "%15s %u %u %li %li", name, &calls, &rounds, &argument, &flip) != 5)
		return -EINVAL;
	shape = shape_named(name);
	if (!shape)
		return -ENOENT;
	shortest = U64_MAX;
	while (rounds--) {
		shortest = min(shortest, one_round(shape->call, calls, argument, flip));
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int run_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%llu\n", shortest);
}

static const struct kernel_param_ops run_ops = { .set = run_set, .get = run_get };
module_param_cb(run, &run_ops, NULL, 0600);
MODULE_PARM_DESC(run, "SHAPE CALLS ROUNDS ARGUMENT FLIP; read: ticks of the shortest round");

static int __init bench_init(void)
{
	return 0;
}

static void __exit bench_exit(void)
{
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("known instructions in a loop, for livecov's benchmarks");
MODULE_LICENSE("GPL");
