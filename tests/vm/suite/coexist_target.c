// SPDX-License-Identifier: GPL-2.0-only
/*
 * coexist_target.c - see coexist.h.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "coexist.h"

int covt_open(void)
{
	if (!is_loaded(COEXIST_TARGET))
		modprobe(COEXIST_TARGET);
	return MUST(open(COVT_PATH, O_RDWR | O_CLOEXEC));
}

long long covt(int device, enum covt_function function, uint64_t a, uint64_t b, uint64_t c)
{
	struct covt_call call = { .func = function, .a = a, .b = b, .c = c };

	MUST(ioctl(device, COVT_IOC_CALL, &call));
	return call.result;
}

/* A line of tests/target/expected.py. */
struct expected {
	const char *name;
	enum covt_function function;
	uint64_t a, b, c;
	long long result;
};

#define WORD	0x1122334455667788LL
#define CASE(name, ...)	{ #name, COVT_FN_##name, __VA_ARGS__ }

static const struct expected expected[] = {
	CASE(rip_before, 5, 0, 0, 1), CASE(rip_after, 5, 5, 0, WORD + 1),
	CASE(rip_after, 3, 2, 0, WORD), CASE(rip_percpu, 0, 0, 0, 2),
	CASE(flags, 1, 2, 0, 0x9501), CASE(flags, 5, 5, 0, 0x4400),
	CASE(flags, 1ULL << 63, 1, 0, 0x81400), CASE(flags, -1, 1, 0, 0x8023),
	CASE(carry, -1, 2, 4, 6), CASE(carry, -1, 1, -1, 1), CASE(carry, 0, 0, 4, -4),
	CASE(into_before, 3, 10, 15, 15), CASE(into_after, 1, 2, 0, 14),
	CASE(into_after, 0, 0, 0, 10), CASE(body, 4, 7, 0, 40), CASE(spin, 5, 9, 0, 9),
	CASE(rcx_beside, 2, 3, 0, 0x3020f), CASE(rcx_beside, 1ULL << 32, 2, 1, 0x10209),
	CASE(fault_before, 0, 0, 0, 0x55667788), CASE(fault_before, 1, 0, 0, -28),
	CASE(fault_after, 2, 2, 0, WORD), CASE(fault_after, 2, 2, 1, -14),
	CASE(give_way, 4, 5, 0, 20), CASE(deep, 4, 0, 0, 10),
	CASE(from_cold, 1, 5, 0, 5), CASE(from_cold, 2, 5, 0, 10),
	CASE(after_call, 7, 3, 0, 43), CASE(after_call, 7, 0x101, 0, 274),
	CASE(island, 4, 5, 7, 66), CASE(island, 0, 5, 7, 26),
	CASE(goto_text, 1, 5, 0, 10), CASE(goto_text, 0, 5, 0, 5),
	CASE(goto_data, 0, 5, 0, 51), CASE(goto_data, 2, 5, 0, -1),
	CASE(warn_beside, 1, 5, 0, 6), CASE(warn_beside, 0, 0, 0, 0),
	CASE(if_else, 2, 1, 0, 1), CASE(compare_tree, 5000, 0, 0, 5000),
	CASE(cold, 4, 0, 1, 105), CASE(conditions, 1, 2, 0, 0),
	CASE(while_loop, 3, 0, 0, 7), CASE(loop_insns, 3, 1, 0, 7), CASE(recurse, 4, 0, 0, 10),
	CASE(tail_jcc, 3, 0, 0, 3), CASE(fixup, 1, 0, 0, -14),
	CASE(nested, 1, 1, 1, 2), CASE(jump_sizes, 1, 3, 0, 0), CASE(rcxz, 0, 0, 0, 3),
	CASE(ifs_10, 0xaaaaaaaaaaaaaaaaULL, 0, 0, 5), CASE(ifs_100, 0xaaaaaaaaaaaaaaaaULL, 0, 0, 50),
};

void exercise(int device)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct expected *e = &expected[i];
		long long result = covt(device, e->function, e->a, e->b, e->c);

		if (result != e->result)
			FAIL("%s(%#llx, %#llx, %#llx) gave %#llx, not %#llx", e->name,
			     (long long)e->a, (long long)e->b, (long long)e->c, result,
			     e->result);
	}
}

struct worker {
	int cpu;
	unsigned long *passes;
};

static void work(void *data)
{
	const struct worker *self = data;
	int device = covt_open();
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(self->cpu, &cpus);
	MUST(sched_setaffinity(0, sizeof(cpus), &cpus));
	for (;;) {
		exercise(device);
		__atomic_fetch_add(self->passes, 1, __ATOMIC_SEQ_CST);
	}
}

void workers_start(struct workers *w)
{
	unsigned int i;

	close(covt_open());
	w->passes = shared_memory(ARRAY_SIZE(w->pids) * sizeof(*w->passes));
	for (i = 0; i < ARRAY_SIZE(w->pids); i++) {
		struct worker self = { i, &w->passes[i] };

		w->pids[i] = start(work, &self);
	}
	workers_pass(w);
}

void workers_pass(const struct workers *w)
{
	unsigned long begun[ARRAY_SIZE(w->pids)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(w->pids); i++)
		begun[i] = __atomic_load_n(&w->passes[i], __ATOMIC_SEQ_CST);
	/* The first to end may have begun before. */
	for (i = 0; i < ARRAY_SIZE(w->pids); i++)
		EVENTUALLY(__atomic_load_n(&w->passes[i], __ATOMIC_SEQ_CST) >= begun[i] + 2);
}

void workers_stop(struct workers *w)
{
	unsigned int i;

	/* One that got a wrong result has failed the test and makes no more passes. */
	workers_pass(w);
	for (i = 0; i < ARRAY_SIZE(w->pids); i++)
		end(w->pids[i]);
}

uint32_t attach_covtarget(int fd, unsigned int engine)
{
	return attach_by(fd, COEXIST_TARGET, NULL, engine, COV_MODE_EDGES, COV_SCOPE_ALL);
}

void covtarget_text(struct text *text)
{
	/* Its last function that is exercised is far into it; data is on other pages. */
	read_module_bytes(text, COEXIST_TARGET, 6 * 4096);
}

bool is_text_of_covtarget(const struct text *text)
{
	static struct text now;

	covtarget_text(&now);
	return !memcmp(text->bytes, now.bytes, text->size);
}

struct island island_of(int fd, uint32_t target, const char *name)
{
	struct cov_function function = function_of(fd, target, name);
	struct island island = { .name = name };
	static struct text now;
	struct cov_branch branch;
	const unsigned char *jump;

	covtarget_text(&now);
	EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, target, function.first_branch, 1, &branch), 1);
	island.base = function.address - now.address;
	island.jump = branch.offset;
	jump = now.bytes + island.base + island.jump;
	EXPECT_EQ(jump[0], 0xeb);
	island.second = island.jump + 2 + (signed char)jump[1];
	island.begin = island.second - 5;
	EXPECT_EQ(now.bytes[island.base + island.begin], 0xe9);
	EXPECT_EQ(now.bytes[island.base + island.second], 0xe9);
	return island;
}
