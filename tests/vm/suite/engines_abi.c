// SPDX-License-Identifier: GPL-2.0-only
/*
 * engines_abi.c - ENGINES, REFUSALS, VIEW, SAMPLES, MAP and mmap() of the control file, asked
 * well and badly.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engines.h"
#include "module/covlife.h"

/* --- ENGINES ------------------------------------------------------------------------- */

/* Which engines may have armed something when one was asked for; bits. */
static unsigned int allowed(unsigned int engine)
{
	const unsigned int entry = 1U << COV_ENGINE_ENTRY, kprobe = 1U << COV_ENGINE_KPROBE;
	const unsigned int breakpoint = 1U << COV_ENGINE_BREAKPOINT;
	const unsigned int detour = 1U << COV_ENGINE_DETOUR;

	switch (engine) {
	case COV_ENGINE_KPROBE:
		return kprobe;
	case COV_ENGINE_BREAKPOINT:
		return breakpoint | entry | kprobe;
	case COV_ENGINE_DETOUR:
		return detour | entry;
	case COV_ENGINE_ENTRY:
		return entry;
	}
	return detour | breakpoint | entry | kprobe;
}

static void expect_sums(int fd, uint32_t target, unsigned int engine)
{
	struct cov_target_info info = target_info(fd, target);
	struct cov_engines engines = engines_of(fd, target);
	uint32_t i, sites = 0, without = 0;

	for (i = 0; i < COV_ENGINES_MAX; i++) {
		if (engines.sites[i])
			EXPECT(allowed(engine) & 1U << i);
		sites += engines.sites[i];
	}
	for (i = 0; i < COV_WHYS_MAX; i++)
		without += engines.why[i];
	EXPECT_EQ(info.pending, 0);
	EXPECT_EQ(sites, info.armed + info.disarmed);
	EXPECT_EQ(engines.sites[COV_ENGINE_DETOUR] + without, info.branches);
	EXPECT(engines.stub_bytes <= engines.stub_room);
	if (engines.sites[COV_ENGINE_DETOUR] + engines.sites[COV_ENGINE_BREAKPOINT])
		EXPECT(engines.stub_bytes > 0);
	if (allowed(engine) & 1U << COV_ENGINE_DETOUR)
		EXPECT(engines.sites[COV_ENGINE_DETOUR] > info.branches / 2);
}

static void engines_are_told_for_every_site(void)
{
	int fd = control_open(), i;

	close(covt_open());
	for (i = 0; i < NR_ENGINES_ALL; i++) {
		uint32_t target;

		test_case("%s", engine_name(engines_all[i]));
		target = attach_with(fd, COEXIST_TARGET, i == NR_ENGINES_FAST ? "covt_[a-e]*" : NULL,
				     engines_all[i], COV_MODE_EDGES, COV_SCOPE_ALL);
		expect_sums(fd, target, engines_all[i]);
		EXPECT_EQ(target_info(fd, target).engine, engines_all[i]);
		with_id(fd, COV_IOC_DETACH, target);
	}
}

/* An int3 passes these before it reaches livecov: another one there would not end. */
static void functions_on_the_way_of_an_int3_get_none(void)
{
	static const char *const names[] = { "__rcu_read_lock", "__rcu_read_unlock" };
	struct cov_engines engines;
	int fd = control_open();
	uint32_t target, i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		test_case("%s", names[i]);
		target = attach_with(fd, COV_CORE_KERNEL, names[i], COV_ENGINE_AUTO,
				     COV_MODE_EDGES, COV_SCOPE_ALL);
		poke(COVLIFE_TASK, 1);
		EXPECT(function_of(fd, target, names[i]).hits > 0);
		engines = engines_of(fd, target);
		EXPECT_EQ(engines.sites[COV_ENGINE_BREAKPOINT] + engines.sites[COV_ENGINE_DETOUR], 0);
		with_id(fd, COV_IOC_DETACH, target);
	}
}

/* RCU does not watch an idle CPU in it before 6.3; since then no probe is allowed there. */
static void idle_function_is_not_seen_while_rcu_does_not_watch(void)
{
	static const unsigned int engines[] = { COV_ENGINE_ENTRY, COV_ENGINE_KPROBE };
	struct cov_attach request = attach_request(COV_CORE_KERNEL);
	int fd = control_open();
	size_t i;

	choose(&request, "default_idle");
	request.flags = COV_ATTACH_FUNCTIONS_ONLY;
	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		test_case("%s", engine_name(engines[i]));
		need_engine(fd, engines[i]);
		/* lockdep reports what kprobes itself does there. */
		if (engines[i] == COV_ENGINE_KPROBE && !access("/proc/lockdep", F_OK))
			continue;
		request.engine = engines[i];
		if (ioctl(fd, COV_IOC_ATTACH, &request)) {
			EXPECT_EQ(errno, EINVAL);
			skip_test("this kernel takes no probe in default_idle");
		}
		EXPECT_EQ(arm(fd, request.target).armed, 1);
		/* One CPU at least idles meanwhile. */
		sleep(1);
		EXPECT_EQ(function_hits(fd, request.target, "default_idle"), 0);
		with_id(fd, COV_IOC_DETACH, request.target);
	}
}

static void detach_gives_back_the_stubs(void)
{
	static const unsigned int scopes[] = { COV_SCOPE_ALL, COV_SCOPE_TRACKED };
	int fd = control_open(), i;

	close(covt_open());
	for (i = 0; i < 2; i++) {
		uint32_t other, target, before;

		test_case("scope %u", scopes[i]);
		other = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES, scopes[i]);
		before = engines_of(fd, other).stub_bytes;
		target = attach_with(fd, COEXIST_TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES,
				     scopes[i]);
		EXPECT(engines_of(fd, other).stub_bytes > before);
		with_id(fd, COV_IOC_DETACH, target);
		EXPECT_EQ(engines_of(fd, other).stub_bytes, before);
		with_id(fd, COV_IOC_DETACH, other);
	}
}

/* As the kernel sees this CPU. */
static bool returns_by_thunk(void)
{
	char text[128] = "";
	int fd = open("/sys/devices/system/cpu/vulnerabilities/retbleed", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) < 0)
		FAIL("retbleed: %s", strerror(errno));
	close(fd);
	return strstr(text, "return thunk");
}

#define WITH_WINDOWS	48	/* bytes a site at most; without at least */

static void stubs_have_windows_unless_returns_go_by_a_thunk(void)
{
	int fd = control_open();
	struct cov_engines engines;
	uint32_t target, each;

	close(covt_open());
	target = attach_with(fd, COEXIST_TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES,
			     COV_SCOPE_TRACKED);
	engines = engines_of(fd, target);
	each = engines.stub_bytes / (engines.sites[COV_ENGINE_DETOUR] +
				     engines.sites[COV_ENGINE_BREAKPOINT]);
	if (returns_by_thunk())
		EXPECT(each >= WITH_WINDOWS);
	else
		EXPECT(each < WITH_WINDOWS);
}

static struct cov_engines engines_by_name(int fd, const char *glob)
{
	uint32_t target = attach_with(fd, COEXIST_TARGET, glob, COV_ENGINE_AUTO, COV_MODE_EDGES,
				      COV_SCOPE_TRACKED);
	struct cov_engines engines = engines_of(fd, target);

	with_id(fd, COV_IOC_DETACH, target);
	return engines;
}

/* Whatever else is chosen with it, a function's sites are where they are. */
static void functions_by_name_get_the_engines_they_get_among_others(void)
{
	struct cov_engines all, some, others;
	int fd = control_open(), i;

	close(covt_open());
	all = engines_by_name(fd, "covt_*");
	some = engines_by_name(fd, "covt_[a-l]*");
	others = engines_by_name(fd, "covt_[!a-l]*");
	for (i = 0; i < COV_ENGINES_MAX; i++)
		EXPECT_EQ(some.sites[i] + others.sites[i], all.sites[i]);
	EXPECT(some.sites[COV_ENGINE_DETOUR] && others.sites[COV_ENGINE_DETOUR]);
}

/* A call whose argument begins with a target's id and a word that must be 0. */
struct target_call {
	unsigned int cmd;
	const char *name;
};

static void target_call_fails(int fd, const struct target_call *call, uint32_t target,
			      uint32_t word, int err)
{
	uint32_t argument[64] = { target, word };	/* more than any of them has */

	call_fails(__FILE__, __LINE__, fd, call->cmd, call->name, argument, err);
}

static void expect_enoent_of_nothing(const struct target_call *call)
{
	int fd = control_open();
	uint32_t target;

	target_call_fails(fd, call, 0, 0, ENOENT);
	target_call_fails(fd, call, COV_NONE, 0, ENOENT);
	target = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	target_call_fails(fd, call, target, 1, EINVAL);
	target_call_fails(fd, call, target + 1, 0, ENOENT);
	with_id(fd, COV_IOC_DETACH, target);
	target_call_fails(fd, call, target, 0, ENOENT);
}

static void engines_of_nothing_is_enoent(void)
{
	static const struct target_call call = { COV_IOC_ENGINES, "COV_IOC_ENGINES" };

	expect_enoent_of_nothing(&call);
}

/* What it does not arm it does not claim to know. */
static void engine_entry_knows_entries_alone(void)
{
	int fd = control_open();
	struct cov_target_info info;
	struct cov_branch branch;
	uint32_t target;

	target = attach_with(fd, TARGET, "covlife_work", COV_ENGINE_ENTRY, COV_MODE_EDGES,
			     COV_SCOPE_ALL);
	poke(COVLIFE_TASK, 1);
	info = target_info(fd, target);
	EXPECT_EQ(info.functions_hit, 1);
	EXPECT_EQ(info.outcomes_unknown, 2 * info.branches);
	EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, target, 0, 1, &branch), 1);
	EXPECT_EQ(branch.state, COV_SITE_REFUSED);
	EXPECT(branch.error != 0);
}

/* By ftrace's own list, which has its places from the same table of the module's. */
static void engine_entry_has_every_function_that_ftrace_can_trace(void)
{
	int fd = control_open();
	uint32_t target, traceable;

	target = attach_with(fd, TARGET, NULL, COV_ENGINE_ENTRY, COV_MODE_EDGES, COV_SCOPE_ALL);
	traceable = count_lines(TRACEFS "available_filter_functions", "[" TARGET "]");
	EXPECT(traceable > 8);
	EXPECT_EQ(engines_of(fd, target).sites[COV_ENGINE_ENTRY], traceable);
}

/*
 * xas_load() begins with a call, which looks like ftrace's (image_core.c). That ftrace does not
 * know it must cost no other function its entry.
 */
static void function_unknown_to_ftrace_costs_no_other_its_entry(void)
{
	struct cov_attach request = attach_request(COV_CORE_KERNEL);
	static const char names[] = "xas_load\0vfs_read";
	int fd = control_open();
	unsigned int error, state;

	need_engine(fd, COV_ENGINE_ENTRY);
	if (count_lines(TRACEFS "available_filter_functions", "xas_load\n"))
		skip_test("ftrace knows xas_load() here");
	request.engine = COV_ENGINE_ENTRY;
	request.flags = COV_ATTACH_FUNCTIONS_ONLY;
	request.globs = (uintptr_t)names;
	request.globs_len = sizeof(names);
	attach(fd, &request);
	arm(fd, request.target);
	/* Whoever reads something has it disarmed. */
	state = function_of(fd, request.target, "vfs_read").state;
	EXPECT(state == COV_SITE_ARMED || state == COV_SITE_DISARMED);
	EXPECT_EQ(function_of(fd, request.target, "xas_load").state, COV_SITE_REFUSED);
	/* ftrace was asked, or it does not look like ftrace's here (6.12). */
	error = function_of(fd, request.target, "xas_load").error;
	EXPECT(error == EINVAL || error == EOPNOTSUPP);
	read_file("/proc/version", (char[64]){ }, 64);
	EXPECT(function_hits(fd, request.target, "vfs_read") > 0);
	with_id(fd, COV_IOC_DETACH, request.target);
}

/* --- REFUSALS ------------------------------------------------------------------------ */

#define ERRNOS	256	/* struct cov_block has no room for more */
#define ROOM	(1U << 14)

static void count_refused(uint32_t *by_errno, uint32_t state, uint32_t error)
{
	if (state != COV_SITE_REFUSED)
		return;
	EXPECT(error > 0 && error < ERRNOS);
	by_errno[error]++;
}

/* One by one, as the tables have them. */
static void count_in_tables(int fd, uint32_t target, uint32_t *by_errno)
{
	static struct cov_function functions[ROOM];
	static struct cov_block blocks[ROOM];
	static struct cov_branch branches[ROOM];
	uint32_t i, n;

	n = read_table(fd, COV_IOC_FUNCTIONS, target, 0, ROOM, functions);
	for (i = 0; i < n; i++)
		count_refused(by_errno, functions[i].state, functions[i].error);
	n = read_table(fd, COV_IOC_BLOCKS, target, 0, ROOM, blocks);
	for (i = 0; i < n; i++)
		count_refused(by_errno, blocks[i].state, blocks[i].error);
	n = read_table(fd, COV_IOC_BRANCHES, target, 0, ROOM, branches);
	for (i = 0; i < n; i++)
		count_refused(by_errno, branches[i].state, branches[i].error);
}

/* How many errnos there are. */
static uint32_t expect_refusals(int fd, uint32_t target)
{
	struct cov_refusals refusals = { .target = target };
	uint32_t i, sum = 0, by_errno[ERRNOS] = { 0 };

	CALL(fd, COV_IOC_REFUSALS, &refusals);
	count_in_tables(fd, target, by_errno);
	EXPECT_EQ(refusals.target, target);
	EXPECT(refusals.count <= COV_REFUSALS_MAX);
	for (i = 0; i < COV_REFUSALS_MAX; i++) {
		const struct cov_refusal *of = &refusals.of[i];

		EXPECT(of->error < ERRNOS);
		EXPECT_EQ(of->error > 0, i < refusals.count);
		EXPECT_EQ(of->sites > 0, i < refusals.count);
		EXPECT_EQ(of->sites, by_errno[of->error]);
		EXPECT(!i || of->sites <= of[-1].sites);
		sum += of->sites;
	}
	EXPECT_EQ(sum, target_info(fd, target).refused);
	return refusals.count;
}

static void refusals_are_those_of_the_tables(void)
{
	static const uint32_t modes[] = { COV_MODE_BLOCKS, COV_MODE_EDGES };
	uint32_t target, most = 0, count;
	int fd = control_open(), i;
	size_t m;

	close(covt_open());
	for (i = 0; i < NR_ENGINES_ALL; i++)
		for (m = 0; m < ARRAY_SIZE(modes); m++) {
			test_case("%s, mode %u", engine_name(engines_all[i]), modes[m]);
			target = attach_with(fd, COEXIST_TARGET,
					     i == NR_ENGINES_FAST ? "covt_[a-e]*" : NULL,
					     engines_all[i], modes[m], COV_SCOPE_ALL);
			count = expect_refusals(fd, target);
			most = count > most ? count : most;
			with_id(fd, COV_IOC_DETACH, target);
		}
	/* Engine entry has its own for what is no entry. */
	EXPECT(most > 1);
}

static void refusals_name_what_the_kernel_forbids(void)
{
	struct cov_refusals refusals = { .count = 0 };
	int fd = control_open();

	refusals.target = attach_with(fd, TARGET, "covlife_forbidden", COV_ENGINE_AUTO,
				      COV_MODE_EDGES, COV_SCOPE_ALL);
	expect_refusals(fd, refusals.target);
	CALL(fd, COV_IOC_REFUSALS, &refusals);
	EXPECT_EQ(refusals.count, 1);
	EXPECT_EQ(refusals.of[0].error, EINVAL);
}

static void refusals_of_nothing_are_enoent(void)
{
	static const struct target_call call = { COV_IOC_REFUSALS, "COV_IOC_REFUSALS" };

	expect_enoent_of_nothing(&call);
}

/* --- VIEW and SAMPLES ---------------------------------------------------------------------- */

static void views_fail(int fd, uint32_t target, int err)
{
	struct cov_target_info info = { .target = target };
	static unsigned char room[4096];
	static const unsigned int cmds[] = {
		COV_IOC_FUNCTIONS, COV_IOC_BLOCKS, COV_IOC_BRANCHES,
	};
	size_t i;

	FAILS(fd, COV_IOC_TARGET, &info, err);
	info = (struct cov_target_info){ .flags = COV_INFO_NEXT };
	FAILS(fd, COV_IOC_TARGET, &info, err);
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		struct cov_range range = {
			.target = target, .count = 1, .buffer = (uintptr_t)room,
		};

		FAILS(fd, cmds[i], &range, err);
	}
}

static void view_of_an_unknown_sample_is_enoent(void)
{
	int fd = control_open();
	struct cov_block_edges edges;
	uint32_t target;
	char name;

	target = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES,
			     COV_SCOPE_TRACKED);
	show(fd, 0xdeadULL << 32);
	views_fail(fd, target, ENOENT);
	show(fd, ~0ULL);
	views_fail(fd, target, ENOENT);
	/* The others do not look at it. */
	EXPECT_EQ(read_table(fd, COV_IOC_NAMES, target, 0, 1, &name), 1);
	EXPECT_EQ(read_table(fd, COV_IOC_EDGES, target, 0, 1, &edges), 1);
	engines_of(fd, target);
	show(fd, 0);
	target_info(fd, target);
}

static void view_in_scope_all_is_eopnotsupp(void)
{
	int fd = control_open();
	uint32_t target;

	track_as(fd, 11);
	target = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	show(fd, 11);
	views_fail(fd, target, EOPNOTSUPP);
	show(fd, 0);
	target_info(fd, target);
}

static void view_belongs_to_its_file(void)
{
	int fd = control_open(), other = control_open(), copy;
	uint32_t target;

	target = attach_with(fd, TARGET, "covlife_work", COV_ENGINE_AUTO, COV_MODE_EDGES,
			     COV_SCOPE_TRACKED);
	track_as(fd, 21);
	poke(COVLIFE_TASK, 1);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	track_as(fd, 22);
	copy = MUST(dup(fd));
	show(fd, 22);
	EXPECT_EQ(function_hits(copy, target, "covlife_work"), 0);
	EXPECT_EQ(function_hits(other, target, "covlife_work"), 1);
	show(copy, 21);
	EXPECT_EQ(function_hits(fd, target, "covlife_work"), 1);
	EXPECT_EQ(target_info(fd, target).outcomes_hit, 2);
	show(fd, 22);
	EXPECT_EQ(target_info(fd, target).outcomes_hit, 0);
	EXPECT_EQ(target_info(fd, target).blocks_hit, 0);
}

/* How many ids came. */
static uint32_t list_samples(int fd, uint32_t first, uint32_t count, uint64_t *ids)
{
	struct cov_samples samples = {
		.first = first, .count = count, .buffer = (uintptr_t)ids,
	};

	CALL(fd, COV_IOC_SAMPLES, &samples);
	EXPECT(samples.count <= count);
	return samples.count;
}

static void samples_come_in_the_order_of_registration(void)
{
	static const uint64_t wanted[] = { 3, ~0ULL, 1, 1ULL << 40 };
	uint64_t ids[8], *at_the_end = before_hole(4 * sizeof(*at_the_end));
	size_t i, n = ARRAY_SIZE(wanted);
	int fd;

	fresh_livecov();
	fd = control_open();
	EXPECT_EQ(list_samples(fd, 0, 8, ids), 0);
	for (i = 0; i < 2 * n; i++) {
		/* The second time they are known. */
		track_as(fd, wanted[i % n]);
		CALL(fd, COV_IOC_UNREGISTER, NULL);
	}
	EXPECT_EQ(list_samples(fd, 0, 8, ids), n);
	EXPECT(!memcmp(ids, wanted, sizeof(wanted)));
	EXPECT_EQ(list_samples(fd, 0, 4, at_the_end), 4);
	EXPECT(!memcmp(at_the_end, wanted, sizeof(wanted)));
	EXPECT_EQ(list_samples(fd, 1, 2, ids), 2);
	EXPECT_EQ(ids[1], wanted[2]);
	EXPECT_EQ(list_samples(fd, 4, 8, ids), 0);
	EXPECT_EQ(list_samples(fd, ~0U, COV_RANGE_MAX, ids), 0);
	EXPECT_EQ(list_samples(fd, 2, COV_RANGE_MAX, ids), 2);
}

/* Who has hit something was before who has not. */
static void sample_that_has_hit_nothing_begins_when_it_is_registered_again(void)
{
	static const uint64_t registered[] = { 31, 32, 31 };
	uint64_t ids[2];
	uint32_t target;
	size_t i;
	int fd;

	fresh_livecov();
	fd = control_open();
	target = attach_with(fd, TARGET, "covlife_work", COV_ENGINE_AUTO, COV_MODE_EDGES,
			     COV_SCOPE_TRACKED);
	for (i = 0; i < ARRAY_SIZE(registered); i++) {
		track_as(fd, registered[i]);
		if (i)
			poke(COVLIFE_TASK, 1);
		CALL(fd, COV_IOC_UNREGISTER, NULL);
	}
	EXPECT_EQ(list_samples(fd, 0, 2, ids), 2);
	EXPECT_EQ(ids[0], 32);
	/* Both have hit something now. */
	track_as(fd, 32);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	EXPECT_EQ(list_samples(fd, 0, 2, ids), 2);
	EXPECT_EQ(ids[0], 32);
	with_id(fd, COV_IOC_RESET, target);
	track_as(fd, 32);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	EXPECT_EQ(list_samples(fd, 0, 2, ids), 2);
	EXPECT_EQ(ids[0], 31);
}

/* While another target keeps the samples' memory. */
static void what_was_hit_in_a_detached_target_counts_no_more(void)
{
	uint64_t ids[2];
	uint32_t target;
	int fd;

	close(covt_open());
	fresh_livecov();
	fd = control_open();
	attach_with(fd, COEXIST_TARGET, "covt_on_timer", COV_ENGINE_AUTO, COV_MODE_EDGES,
		    COV_SCOPE_TRACKED);
	target = attach_with(fd, TARGET, "covlife_work", COV_ENGINE_AUTO, COV_MODE_EDGES,
			     COV_SCOPE_TRACKED);
	track_as(fd, 33);
	poke(COVLIFE_TASK, 1);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	track_as(fd, 34);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	with_id(fd, COV_IOC_DETACH, target);
	track_as(fd, 33);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	EXPECT_EQ(list_samples(fd, 0, 2, ids), 2);
	EXPECT_EQ(ids[0], 34);
}

static void samples_refuses_wrong_counts_and_buffers(void)
{
	struct cov_samples samples = { .count = 0 };
	int fd = control_open();
	uint64_t id;

	track_as(fd, 5);
	samples.buffer = (uintptr_t)&id;
	FAILS(fd, COV_IOC_SAMPLES, &samples, EINVAL);
	samples.count = COV_RANGE_MAX + 1;
	FAILS(fd, COV_IOC_SAMPLES, &samples, EINVAL);
	samples.count = ~0U;
	FAILS(fd, COV_IOC_SAMPLES, &samples, EINVAL);
	samples = (struct cov_samples){ .count = 1, .buffer = KERNEL_ADDRESS };
	FAILS(fd, COV_IOC_SAMPLES, &samples, EFAULT);
	samples.buffer = 0;
	FAILS(fd, COV_IOC_SAMPLES, &samples, EFAULT);
	samples.buffer = (uintptr_t)before_hole(sizeof(id)) + 1;
	FAILS(fd, COV_IOC_SAMPLES, &samples, EFAULT);
}

/* --- MAP and mmap() ------------------------------------------------------------------------- */

static struct cov_map map_of(int fd, uint32_t target, uint64_t sample)
{
	struct cov_map map = { .target = target, .sample = sample };

	CALL(fd, COV_IOC_MAP, &map);
	return map;
}

static const volatile void *mapped(int fd, const struct cov_map *map)
{
	void *cells = mmap(NULL, map->length, PROT_READ, MAP_SHARED, fd, map->offset);

	EXPECT(cells != MAP_FAILED);
	return cells;
}

static uint64_t cell(const struct cov_map *map, const volatile void *cells, uint32_t i)
{
	EXPECT(i < map->cells);
	return map->cell_size == 8 ? ((const volatile uint64_t *)cells)[i] :
				     ((const volatile uint8_t *)cells)[i];
}

/* A system call as a 32-bit program makes it; @last is its sixth argument. */
static long call_32(long number, long second, long third, long fourth, long fifth, long last)
{
	asm volatile("xchg %%rbp, %q1\n\tint $0x80\n\txchg %%rbp, %q1" : "+a"(number), "+r"(last) :
		     "b"(0), "c"(second), "d"(third), "S"(fourth), "D"(fifth) :
		     "memory", "r8", "r9", "r10", "r11");
	return number;
}

static void make_32_bit_call(void *unused)
{
	enum { GETPID = 20 };

	(void)unused;
	EXPECT_EQ(call_32(GETPID, 0, 0, 0, 0, 0), getpid());
}

static bool has_32_bit_calls(void)
{
	pid_t pid = MUST(fork());
	int status;

	if (!pid) {
		make_32_bit_call(NULL);
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	return !status;
}

/* The offset that mmap2() takes is 32 bits of pages. */
static void map_of_the_hundredth_sample_is_in_reach_of_32_bit_programs(void)
{
	enum { MMAP2 = 192, SAMPLES = 100 };
	int fd = control_open();
	uint32_t target = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES,
				      COV_SCOPE_TRACKED);
	struct cov_function function;
	uint32_t work = find_function(fd, target, "covlife_work", &function), i;
	struct cov_map map;
	long cells;

	for (i = 1; i < SAMPLES; i++) {
		track_as(fd, i);
		CALL(fd, COV_IOC_UNREGISTER, NULL);
	}
	track_as(fd, SAMPLES);
	poke(COVLIFE_TASK, 1);
	map = map_of(fd, target, SAMPLES);
	EXPECT(map.offset >> 12 <= UINT32_MAX);
	if (!has_32_bit_calls())
		skip_test("this kernel has no system calls of 32-bit programs");
	cells = call_32(MMAP2, map.length, PROT_READ, MAP_SHARED, fd, map.offset >> 12);
	EXPECT(cells > 0);
	EXPECT_EQ(cell(&map, (void *)cells, map.functions + work), 1);
	map = map_of(fd, target, SAMPLES - 1);
	cells = call_32(MMAP2, map.length, PROT_READ, MAP_SHARED, fd, map.offset >> 12);
	EXPECT(cells > 0);
	EXPECT_EQ(cell(&map, (void *)cells, map.functions + work), 0);
}

static void map_call_refuses_nonsense(void)
{
	int fd = control_open();
	uint32_t all, tracked;
	struct cov_map map = { .target = 0 };

	close(covt_open());
	all = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	tracked = attach_with(fd, COEXIST_TARGET, "covt_if*", COV_ENGINE_AUTO, COV_MODE_EDGES,
			      COV_SCOPE_TRACKED);
	track_as(fd, 31);
	FAILS(fd, COV_IOC_MAP, &map, ENOENT);
	map = (struct cov_map){ .target = all, .pad = 1 };
	FAILS(fd, COV_IOC_MAP, &map, EINVAL);
	map = (struct cov_map){ .target = all, .pad2 = 1 };
	FAILS(fd, COV_IOC_MAP, &map, EINVAL);
	map = (struct cov_map){ .target = all, .sample = 31 };
	FAILS(fd, COV_IOC_MAP, &map, EINVAL);
	map = (struct cov_map){ .target = tracked };
	FAILS(fd, COV_IOC_MAP, &map, EINVAL);
	map = (struct cov_map){ .target = tracked, .sample = 0xdeadULL << 40 };
	FAILS(fd, COV_IOC_MAP, &map, ENOENT);
	map_of(fd, tracked, 31);
	map_of(fd, all, 0);
}

static void expect_layout(int fd, uint32_t target, uint64_t sample, uint32_t mode)
{
	struct cov_map map = map_of(fd, target, sample);
	struct cov_target_info info = target_info(fd, target);

	EXPECT_EQ(map.pad, 0);
	EXPECT_EQ(map.pad2, 0);
	EXPECT_EQ(map.cell_size, mode == COV_MODE_COUNT ? 8 : 1);
	EXPECT_EQ(map.offset % 4096, 0);
	EXPECT_EQ(map.length % 4096, 0);
	EXPECT(map.length >= map.cells * map.cell_size);
	EXPECT(map.cells <= map.length / map.cell_size);
	EXPECT(map.functions + info.functions <= map.cells);
	EXPECT(map.branches + 2 * info.branches <= map.cells);
	EXPECT(map.blocks + info.blocks <= map.cells);
	EXPECT(map.branches >= map.functions + info.functions);
	EXPECT(map.blocks >= map.branches + 2 * info.branches);
	munmap((void *)mapped(fd, &map), map.length);
}

static void map_describes_its_layout(void)
{
	static const uint32_t modes[] = { COV_MODE_BLOCKS, COV_MODE_EDGES, COV_MODE_COUNT };
	int fd = control_open(), scope;
	size_t i;

	track_as(fd, 32);
	for (i = 0; i < ARRAY_SIZE(modes); i++)
		for (scope = COV_SCOPE_TRACKED; scope <= COV_SCOPE_ALL; scope++) {
			uint32_t target;

			test_case("mode %u, scope %d", modes[i], scope);
			target = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, modes[i], scope);
			expect_layout(fd, target, scope == COV_SCOPE_ALL ? 0 : 32, modes[i]);
			with_id(fd, COV_IOC_DETACH, target);
		}
}

static void mmap_fails(int fd, size_t length, int prot, int flags, uint64_t offset, int err)
{
	void *cells = mmap(NULL, length, prot, flags, fd, offset);

	EXPECT(cells == MAP_FAILED);
	EXPECT_EQ(errno, err);
}

static void mapping_is_for_reading_alone(void)
{
	int fd = control_open();
	struct cov_map map;
	uint32_t target;
	void *cells;

	target = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	map = map_of(fd, target, 0);
	mmap_fails(fd, map.length, PROT_WRITE, MAP_SHARED, map.offset, EACCES);
	mmap_fails(fd, map.length, PROT_READ | PROT_WRITE, MAP_SHARED, map.offset, EACCES);
	mmap_fails(fd, map.length, PROT_READ | PROT_WRITE, MAP_PRIVATE, map.offset, EACCES);
	cells = (void *)mapped(fd, &map);
	EXPECT_EQ(mprotect(cells, map.length, PROT_READ | PROT_WRITE), -1);
	EXPECT_EQ(errno, EACCES);
	/* Nor behind its back. */
	EXPECT_EQ(pread(fd, cells, 1, 0), -1);
	cells = mmap(NULL, map.length, PROT_READ, MAP_PRIVATE, fd, map.offset);
	if (cells != MAP_FAILED) {
		EXPECT_EQ(mprotect(cells, map.length, PROT_READ | PROT_WRITE), -1);
		EXPECT_EQ(errno, EACCES);
	}
}

static void mmap_of_what_is_not_there_is_enxio(void)
{
	int fd = control_open();
	struct cov_map map, sample;
	uint32_t all, tracked;

	close(covt_open());
	all = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	tracked = attach_with(fd, COEXIST_TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES,
			      COV_SCOPE_TRACKED);
	track_as(fd, 41);
	map = map_of(fd, all, 0);
	sample = map_of(fd, tracked, 41);
	EXPECT(sample.offset != map.offset);
	/* Behind the end of all cells; half behind it; of a sample that is not there. */
	mmap_fails(fd, 4096, PROT_READ, MAP_SHARED, 1ULL << 38, ENXIO);
	mmap_fails(fd, 1ULL << 32, PROT_READ, MAP_SHARED, map.offset, ENXIO);
	mmap_fails(fd, sample.length + (1ULL << 30), PROT_READ, MAP_SHARED, sample.offset, ENXIO);
	mmap_fails(fd, 4096, PROT_READ, MAP_SHARED, sample.offset | 1ULL << 61, ENXIO);
	mmap_fails(fd, 4096, PROT_READ, MAP_SHARED, 1ULL << 62, ENXIO);
	mmap_fails(fd, 4096, PROT_READ, MAP_SHARED, map.offset + 1, EINVAL);
}

/* "> control" takes its pages out of every mapping. */
static void mapping_survives_that_the_file_is_truncated(void)
{
	int fd = control_open();
	struct cov_function function;
	const volatile void *cells;
	struct cov_map map;
	uint32_t target, work;

	target = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_COUNT, COV_SCOPE_ALL);
	map = map_of(fd, target, 0);
	cells = mapped(fd, &map);
	work = find_function(fd, target, "covlife_work", &function);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(cell(&map, cells, map.functions + work), 1);
	close(MUST(open(COV_CONTROL_PATH, O_RDWR | O_TRUNC | O_CLOEXEC)));
	EXPECT_EQ(cell(&map, cells, map.functions + work), 1);
}

static void mapping_does_not_grow(void)
{
	int fd = control_open();
	struct cov_map map;
	void *cells;

	map = map_of(fd, attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES,
				     COV_SCOPE_ALL), 0);
	cells = (void *)mapped(fd, &map);
	EXPECT(mremap(cells, map.length, map.length + 4096, MREMAP_MAYMOVE) == MAP_FAILED);
	EXPECT_EQ(errno, EFAULT);
}

static void expect_cells_like_tables(int fd, uint32_t target, const struct cov_map *map,
				     const volatile void *cells)
{
	struct cov_target_info info = target_info(fd, target);
	struct cov_function function;
	struct cov_branch branch;
	uint32_t i;

	for (i = 0; i < info.functions; i++) {
		read_table(fd, COV_IOC_FUNCTIONS, target, i, 1, &function);
		if (function.state != COV_SITE_NONE && function.state != COV_SITE_REFUSED)
			EXPECT_EQ(cell(map, cells, map->functions + i), function.hits);
	}
	for (i = 0; i < info.branches; i++) {
		read_table(fd, COV_IOC_BRANCHES, target, i, 1, &branch);
		EXPECT_EQ(cell(map, cells, map->branches + 2 * i), branch.not_taken_hits);
		EXPECT_EQ(cell(map, cells, map->branches + 2 * i + 1), branch.taken_hits);
	}
}

static void mapping_shows_what_the_tables_show(void)
{
	static const uint32_t modes[] = { COV_MODE_EDGES, COV_MODE_COUNT };
	int fd = control_open(), scope;
	size_t i;

	track_as(fd, 51);
	for (i = 0; i < ARRAY_SIZE(modes); i++)
		for (scope = COV_SCOPE_TRACKED; scope <= COV_SCOPE_ALL; scope++) {
			uint64_t sample = scope == COV_SCOPE_TRACKED ? 51 : 0;
			const volatile void *cells;
			struct cov_map map;
			uint32_t target;

			test_case("mode %u, scope %d", modes[i], scope);
			target = attach_with(fd, TARGET, "covlife_[lweo]*", COV_ENGINE_DETOUR,
					     modes[i], scope);
			map = map_of(fd, target, sample);
			cells = mapped(fd, &map);
			expect_cells_like_tables(fd, target, &map, cells);
			poke(COVLIFE_LOOP, 10);
			EXPECT(target_info(fd, target).outcomes_hit > 0);
			expect_cells_like_tables(fd, target, &map, cells);
			with_id(fd, COV_IOC_RESET, target);
			expect_cells_like_tables(fd, target, &map, cells);
			munmap((void *)cells, map.length);
			with_id(fd, COV_IOC_DETACH, target);
		}
}

static void read_all(const volatile char *cells, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		(void)cells[i];
}

static void mapping_stays_after_detach(void)
{
	int fd = control_open(), scope;

	track_as(fd, 61);
	for (scope = COV_SCOPE_TRACKED; scope <= COV_SCOPE_ALL; scope++) {
		uint64_t sample = scope == COV_SCOPE_TRACKED ? 61 : 0;
		const volatile void *cells;
		struct cov_map map;
		uint32_t target;

		target = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES, scope);
		map = map_of(fd, target, sample);
		cells = mapped(fd, &map);
		poke(COVLIFE_LOOP, 10);
		with_id(fd, COV_IOC_DETACH, target);
		read_all(cells, map.length);
		/* Somebody else's now, or nobody's. */
		target = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_COUNT, scope);
		poke(COVLIFE_LOOP, 10);
		read_all(cells, map.length);
		with_id(fd, COV_IOC_DETACH, target);
		munmap((void *)cells, map.length);
	}
}

static void mapping_keeps_livecov_loaded(void)
{
	const volatile void *cells;
	int fd = control_open();
	struct cov_map map;
	uint32_t target;

	target = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	map = map_of(fd, target, 0);
	cells = mapped(fd, &map);
	close(fd);
	EXPECT_EQ(try_unload("livecov"), EWOULDBLOCK);
	poke(COVLIFE_LOOP, 10);
	read_all(cells, map.length);
	munmap((void *)cells, map.length);
	unload("livecov");
	expect_clean_text();
}

/* Through a forked child's copy of the file and of the mapping as well. */
static void mapped_counts_only_grow(void)
{
	const volatile void *cells;
	struct hammer hammer;
	uint64_t last[64] = { }, sum = 0;
	int fd = control_open(), round;
	struct cov_map map;
	uint32_t target, i;
	pid_t child;

	target = attach_with(fd, TARGET, NULL, COV_ENGINE_DETOUR, COV_MODE_COUNT, COV_SCOPE_ALL);
	map = map_of(fd, target, 0);
	cells = mapped(fd, &map);
	hammer_start(&hammer);
	child = MUST(fork());
	for (round = 0; round < 200; round++)
		for (i = 0; i < map.cells && i < ARRAY_SIZE(last); i++) {
			uint64_t now = cell(&map, cells, i);

			EXPECT(now >= last[i]);
			sum += now - last[i];
			last[i] = now;
			usleep(0);
		}
	if (!child)
		_exit(0);
	finish(child);
	hammer_stop(&hammer);
	EXPECT(sum > 0);
	expect_cells_like_tables(fd, target, &map, cells);
}

static void use_file_of_the_parent(void *fd)
{
	struct cov_target_info info = { .flags = COV_INFO_NEXT };
	struct cov_map map;

	CALL(*(int *)fd, COV_IOC_TARGET, &info);
	map = map_of(*(int *)fd, info.target, 0);
	read_all(mapped(*(int *)fd, &map), map.length);
	engines_of(*(int *)fd, info.target);
}

static void copies_of_the_file_are_the_file(void)
{
	int fd = control_open(), copy, other = control_open();
	uint32_t target;

	target = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
	copy = MUST(dup(fd));
	finish(start(use_file_of_the_parent, &fd));
	close(fd);
	engines_of(copy, target);
	use_file_of_the_parent(&copy);
	close(copy);
	/* That of its mappings is open; the last of them goes with this test. */
	EXPECT_EQ(livecov_status(other).targets, 1);
	with_id(other, COV_IOC_DETACH, target);
}

static const struct test tests[] = {
	TEST(engines_are_told_for_every_site),
	TEST(functions_on_the_way_of_an_int3_get_none),
	TEST(idle_function_is_not_seen_while_rcu_does_not_watch),
	TEST(detach_gives_back_the_stubs),
	TEST(stubs_have_windows_unless_returns_go_by_a_thunk),
	TEST(functions_by_name_get_the_engines_they_get_among_others),
	TEST(engines_of_nothing_is_enoent),
	TEST(engine_entry_knows_entries_alone),
	TEST(engine_entry_has_every_function_that_ftrace_can_trace),
	TEST(function_unknown_to_ftrace_costs_no_other_its_entry),
	TEST(refusals_are_those_of_the_tables),
	TEST(refusals_name_what_the_kernel_forbids),
	TEST(refusals_of_nothing_are_enoent),
	TEST(view_of_an_unknown_sample_is_enoent),
	TEST(view_in_scope_all_is_eopnotsupp),
	TEST(view_belongs_to_its_file),
	TEST(samples_come_in_the_order_of_registration),
	TEST(sample_that_has_hit_nothing_begins_when_it_is_registered_again),
	TEST(what_was_hit_in_a_detached_target_counts_no_more),
	TEST(samples_refuses_wrong_counts_and_buffers),
	TEST(map_call_refuses_nonsense),
	TEST(map_of_the_hundredth_sample_is_in_reach_of_32_bit_programs),
	TEST(map_describes_its_layout),
	TEST(mapping_is_for_reading_alone),
	TEST(mmap_of_what_is_not_there_is_enxio),
	TEST(mapping_survives_that_the_file_is_truncated),
	TEST(mapping_does_not_grow),
	TEST(mapping_shows_what_the_tables_show),
	TEST(mapping_stays_after_detach),
	TEST(mapping_keeps_livecov_loaded),
	TEST(mapped_counts_only_grow),
	TEST(copies_of_the_file_are_the_file),
};

const struct test_group engines_abi = TEST_GROUP(tests);
