// SPDX-License-Identifier: GPL-2.0-only
/*
 * engines_work.c - see engines.h.
 */
#include <unistd.h>

#include "engines.h"

const unsigned int engines_all[NR_ENGINES_ALL] = {
	COV_ENGINE_AUTO, COV_ENGINE_DETOUR, COV_ENGINE_BREAKPOINT, COV_ENGINE_ENTRY,
	COV_ENGINE_KPROBE,
};

const char *engine_name(unsigned int engine)
{
	static const char *const names[] = {
		"auto", "kprobe", "breakpoint", "detour", "entry",
	};

	return engine < ARRAY_SIZE(names) ? names[engine] : "?";
}

uint32_t attach_with(int fd, const char *module, const char *glob, unsigned int engine,
		     unsigned int mode, unsigned int scope)
{
	need_engine(fd, engine);
	return attach_by(fd, module, glob, engine, mode, scope);
}

struct cov_engines engines_of(int fd, uint32_t target)
{
	struct cov_engines engines = { .target = target };

	CALL(fd, COV_IOC_ENGINES, &engines);
	EXPECT_EQ(engines.target, target);
	return engines;
}

void show(int fd, uint64_t sample)
{
	struct cov_view view = { .sample = sample };

	CALL(fd, COV_IOC_VIEW, &view);
}

struct work_counts work_counts(int fd, uint32_t target)
{
	struct cov_function work = function_of(fd, target, "covlife_work");
	struct cov_branch branches[2];
	struct work_counts counts = {
		.work = work.hits,
		.odd = function_hits(fd, target, "covlife_odd"),
		.even = function_hits(fd, target, "covlife_even"),
	};
	int i;

	EXPECT_EQ(work.branches, 2);
	EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, target, work.first_branch, 2, branches), 2);
	for (i = 0; i < 2; i++) {
		counts.branch[i][0] = branches[i].not_taken_hits;
		counts.branch[i][1] = branches[i].taken_hits;
	}
	return counts;
}

void expect_work(const struct work_counts *counts, uint64_t odd, uint64_t even)
{
	EXPECT_EQ(counts->work, odd + even);
	EXPECT_EQ(counts->odd, odd);
	EXPECT_EQ(counts->even, even);
	EXPECT_EQ(counts->branch[0][0], odd + even);
	EXPECT_EQ(counts->branch[0][1], 0);
	EXPECT_EQ(counts->branch[1][0] + counts->branch[1][1], odd + even);
	/* Which of them jumps is the compiler's choice. */
	EXPECT(counts->branch[1][0] == odd || counts->branch[1][1] == odd);
}

void fresh_livecov(void)
{
	unload("livecov");
	load(LIVECOV_FILE, "");
}

