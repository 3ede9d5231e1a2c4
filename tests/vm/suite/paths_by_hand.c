// SPDX-License-Identifier: GPL-2.0-only
/*
 * paths_by_hand.c - checkpoints by hand beside each other and beside attached targets:
 * their paths, and switching them off and on.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "module/covlife.h"
#include "paths.h"

static uint32_t add_to(int fd, const char *module, uint32_t scope, const char *name,
		       const char *function, uint64_t offset, uint32_t flags)
{
	struct cov_checkpoint_add add = {
		.levels = 1, .scope = scope, .offset = offset, .flags = flags,
	};

	snprintf(add.module, sizeof(add.module), "%s", module);
	snprintf(add.name, sizeof(add.name), "%s", name);
	snprintf(add.function, sizeof(add.function), "%s", function);
	CALL(fd, COV_IOC_CHECKPOINT_ADD, &add);
	return add.target;
}

static uint32_t add(int fd, const char *name, const char *function, uint64_t offset,
		    uint32_t flags)
{
	return add_to(fd, TARGET, COV_SCOPE_ALL, name, function, offset, flags);
}

/* More than livecov's text, less than what would reach another module's by chance. */
#define LIVECOV_TEXT	(1U << 17)

#define EXPECT_HITS(fd, target, n) EXPECT_EQ(place_of(fd, target).hits, n)

/* --- paths ---------------------------------------------------------------------------- */

static uint64_t came_between(const struct records *records, uint32_t from, uint32_t to)
{
	uint32_t i;

	for (i = 0; i < records->count; i++)
		if (!records->all[i].from_address && records->all[i].from_target == from &&
		    records->all[i].to_target == to)
			return records->all[i].count;
	return 0;
}

static void checkpoints_by_hand_have_paths_among_each_other(void)
{
	unsigned long values[] = { 1, 2, 1, 1, 0 };
	int fd = control_open();
	struct records records;
	uint32_t odd, even;

	odd = add(fd, "odd", "covlife_odd", 0, 0);
	even = add(fd, "even", "covlife_even", 0, 0);
	finish(start(poke_as_sample, values));
	read_records(fd, &records, (struct cov_callers){ .cursor = 0 });
	EXPECT_EQ(nr_paths(&records), 4);
	EXPECT_EQ(came_between(&records, 0, odd), 1);
	EXPECT_EQ(came_between(&records, odd, even), 1);
	EXPECT_EQ(came_between(&records, even, odd), 1);
	EXPECT_EQ(came_between(&records, odd, odd), 1);
	/* What names a checkpoint goes with it. */
	del_checkpoint(fd, "odd");
	read_records(fd, &records, (struct cov_callers){ .cursor = 0 });
	EXPECT_EQ(nr_paths(&records), 0);
	EXPECT_EQ(records.count, 1);
	del_checkpoint(fd, "even");
}

/* A pair keeps its place in the table: who comes again has to find it. */
static void targets_that_come_and_go_leave_room_for_others(void)
{
	struct records records;
	uint32_t target;
	int fd, i;

	unload("livecov");
	load(LIVECOV_FILE, "max_callers=64");
	fd = control_open();
	add(fd, "stays", "covlife_stay", 0, 0);
	track_as(fd, SAMPLE);
	for (i = 0; i < 40; i++) {
		test_case("time %d", i);
		target = attach_paths(fd, COV_ENGINE_AUTO, COV_MODE_EDGES, COV_SCOPE_ALL);
		poke(COVLIFE_TASK, 1);
		poke(COVLIFE_TASK, 2);
		pairs_of(fd, &records, target);
		EXPECT(records.count > 0);
		EXPECT_EQ(records.lost, 0);
		with_id(fd, COV_IOC_DETACH, target);
	}
	del_checkpoint(fd, "stays");
	close(fd);
	unload("livecov");
}

/* --- beside an attached target ----------------------------------------------------------- */

static void add_beside(unsigned int engine)
{
	struct work_counts counts;
	uint32_t target, at[3], other, refused, unknown;
	int fd = control_open();
	struct cov_branch turn;

	test_case("engine %s", engine_name(engine));
	target = attach_with(fd, TARGET, NULL, engine, COV_MODE_COUNT, COV_SCOPE_ALL);
	refused = target_info(fd, target).refused;
	unknown = target_info(fd, target).outcomes_unknown;
	turn = turn_of_work(fd, target);
	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_TASK, 1);
	at[0] = add(fd, "turn", "covlife_work", turn.offset, COV_CHECKPOINT_AUTO);
	at[1] = add(fd, "again", "covlife_work", turn.offset, 0);
	at[2] = add(fd, "work", "covlife_work", 0, 0);
	other = add(fd, "odd", "covlife_odd", 0, 0);
	/* Between two probes even may have been passed unseen: nobody says that it was not. */
	if (engine == COV_ENGINE_KPROBE)
		EXPECT_EQ(target_info(fd, target).outcomes_unknown, unknown);
	else
		EXPECT(target_info(fd, target).outcomes_unknown > unknown);
	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_TASK, 2);
	poke(COVLIFE_TASK, 2);
	EXPECT_HITS(fd, at[0], 3);
	EXPECT_HITS(fd, at[1], 3);
	EXPECT_HITS(fd, at[2], 3);
	EXPECT_HITS(fd, other, 1);
	EXPECT_EQ(target_info(fd, at[0]).outcomes_hit, 3);
	/* Nothing that was counted before was lost, and nothing since. */
	counts = work_counts(fd, target);
	expect_work(&counts, 3, 2);
	EXPECT_EQ(target_info(fd, target).refused, refused);
	del_checkpoint(fd, "turn");
	del_checkpoint(fd, "work");
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, at[1], 4);
	EXPECT_HITS(fd, other, 2);
	counts = work_counts(fd, target);
	expect_work(&counts, 4, 2);
	with_id(fd, COV_IOC_RESET, target);
	EXPECT_EQ(target_info(fd, target).outcomes_unknown, unknown);
	with_id(fd, COV_IOC_DETACH, target);
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, at[1], 5);
	del_checkpoint(fd, "again");
	del_checkpoint(fd, "odd");
	expect_clean_text();
	close(fd);
}

static void checkpoints_by_hand_go_where_detours_and_breakpoints_are(void)
{
	add_beside(COV_ENGINE_AUTO);
	add_beside(COV_ENGINE_BREAKPOINT);
	add_beside(COV_ENGINE_DETOUR);
	add_beside(COV_ENGINE_KPROBE);
}

/* A checkpoint on it; without memory after so many bytes. 0 or the errno. */
static int add_short_of_memory(int fd, uint64_t turn, unsigned int bytes)
{
	struct cov_checkpoint_add add = {
		.name = "turn", .module = TARGET, .function = "covlife_work", .levels = 1,
		.scope = COV_SCOPE_ALL, .offset = turn,
	};
	int err;

	short_of_memory(bytes);
	err = ioctl(fd, COV_IOC_CHECKPOINT_ADD, &add) ? errno : 0;
	enough_memory();
	if (!err)
		del_checkpoint(fd, "turn");
	return err;
}

/* Of two outcomes one was seen, and nobody says that the other was not. */
static bool is_in_doubt(const struct cov_branch *branch)
{
	return branch->taken + branch->not_taken == COV_YES + COV_UNKNOWN;
}

/*
 * The same beside a detour there, which is watched afterwards, by whatever it is. Return: has it
 * given way? @vain: how often that was in vain.
 */
static bool gives_way(int fd, uint64_t turn, unsigned int bytes, unsigned int *vain)
{
	/* Not where the jump leads to: from the entries there it would follow how it went. */
	uint32_t target = attach_with(fd, TARGET, "covlife_work", COV_ENGINE_DETOUR,
				      COV_MODE_COUNT, COV_SCOPE_ALL);
	struct cov_branch branch;
	int err;

	test_case("%u bytes", bytes);
	poke(COVLIFE_TASK, 1);
	EXPECT(!is_in_doubt((struct cov_branch[]){ turn_of_work(fd, target) }));
	err = add_short_of_memory(fd, turn, bytes);
	EXPECT(!err || err == ENOMEM);
	*vain += turn_of_work(fd, target).state == COV_SITE_REFUSED;
	EVENTUALLY(turn_of_work(fd, target).state == COV_SITE_ARMED);
	branch = turn_of_work(fd, target);
	poke(COVLIFE_TASK, 2);
	EXPECT_EQ(turn_of_work(fd, target).taken_hits, 1);
	EXPECT_EQ(turn_of_work(fd, target).not_taken_hits, 1);
	with_id(fd, COV_IOC_DETACH, target);
	expect_clean_text();
	return is_in_doubt(&branch);
}

/* A detour gives way to a checkpoint, and its kprobe finds no memory, nor does the checkpoint's. */
static void what_gave_way_in_vain_is_armed_again(void)
{
	unsigned int low = 0, high = 1 << 26, bytes, vain = 0;
	int fd = control_open();
	uint64_t turn = offset_of_turn(fd);

	need_fault_injection();
	EXPECT(gives_way(fd, turn, high, &vain));
	/* With how much memory does it come to that? */
	while (high - low > 64) {
		bytes = low + (high - low) / 2;
		if (gives_way(fd, turn, bytes, &vain))
			high = bytes;
		else
			low = bytes;
	}
	for (bytes = high; bytes < high + 1024; bytes += 64)
		EXPECT(gives_way(fd, turn, bytes, &vain));
	EXPECT(vain > 0);
	write_file("/sys/kernel/debug/failslab/probability", "0");
}

static void a_target_may_be_attached_beside_checkpoints_by_hand(void)
{
	struct work_counts counts;
	int fd = control_open();
	uint32_t target, turn;

	turn = add(fd, "turn", "covlife_work", offset_of_turn(fd), COV_CHECKPOINT_AUTO);
	target = attach_with(fd, TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_COUNT, COV_SCOPE_ALL);
	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_TASK, 2);
	EXPECT_HITS(fd, turn, 2);
	counts = work_counts(fd, target);
	expect_work(&counts, 1, 1);
	del_checkpoint(fd, "turn");
}

/* --- off and on ----------------------------------------------------------------------------- */

static void switch_all(int fd, const char *glob, uint32_t on, uint32_t flags)
{
	struct cov_checkpoint_switch request = { .on = on, .flags = flags };

	snprintf(request.glob, sizeof(request.glob), "%s", glob);
	CALL(fd, COV_IOC_CHECKPOINT_SWITCH, &request);
}

static bool is_off(int fd, uint32_t target)
{
	return place_of(fd, target).flags & COV_FUNCTION_DISABLED;
}

static bool has_lapsed(int fd, uint32_t target)
{
	return place_of(fd, target).flags & COV_FUNCTION_LAPSED;
}

/* What ran meanwhile was seen by nobody: that it has no hits is no answer. */
static void what_was_off_has_lapsed_until_it_is_reset(void)
{
	int fd = control_open();
	uint32_t odd = add(fd, "odd", "covlife_odd", 0, 0);

	EXPECT(!has_lapsed(fd, odd));
	switch_all(fd, "odd", 0, 0);
	poke(COVLIFE_TASK, 1);
	switch_all(fd, "odd", 1, 0);
	EXPECT_HITS(fd, odd, 0);
	EXPECT_EQ(place_of(fd, odd).state, COV_SITE_ARMED);
	EXPECT(has_lapsed(fd, odd));
	with_id(fd, COV_IOC_RESET, odd);
	EXPECT(!has_lapsed(fd, odd));
	del_checkpoint(fd, "odd");
}

static void checkpoints_are_switched_singly_by_pattern_or_all(void)
{
	int fd = control_open();
	uint32_t odd, even, work;

	odd = add(fd, "a odd", "covlife_odd", 0, 0);
	even = add(fd, "a even", "covlife_even", 0, 0);
	work = add(fd, "b work", "covlife_work", 0, 0);
	switch_all(fd, "a odd", 0, 0);
	EXPECT(is_off(fd, odd) && !is_off(fd, even) && !is_off(fd, work));
	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_TASK, 2);
	EXPECT_HITS(fd, odd, 0);
	EXPECT_HITS(fd, even, 1);
	EXPECT_HITS(fd, work, 2);
	switch_all(fd, "a *", 0, 0);
	switch_all(fd, "a odd", 1, 0);
	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_TASK, 2);
	EXPECT_HITS(fd, odd, 1);
	EXPECT_HITS(fd, even, 1);
	switch_all(fd, "*", 0, 0);
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, odd, 1);
	EXPECT_HITS(fd, work, 4);
	/* Twice is as good as once. */
	switch_all(fd, "*", 0, 0);
	switch_all(fd, "*", 1, 0);
	switch_all(fd, "*", 1, 0);
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, odd, 2);
	EXPECT_HITS(fd, work, 5);
	del_checkpoint(fd, "a odd");
	del_checkpoint(fd, "a even");
	del_checkpoint(fd, "b work");
}

static void branches_are_switched_only_if_asked_for(void)
{
	int fd = control_open();
	uint32_t work = add(fd, "work", "covlife_work", 0, COV_CHECKPOINT_AUTO);

	switch_all(fd, "work", 0, 0);
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, work, 0);
	EXPECT_EQ(target_info(fd, work).outcomes_hit, 2);
	switch_all(fd, "work", 0, COV_CHECKPOINT_AUTO);
	poke(COVLIFE_TASK, 2);
	EXPECT_EQ(target_info(fd, work).outcomes_hit, 2);
	switch_all(fd, "work", 1, COV_CHECKPOINT_AUTO);
	poke(COVLIFE_TASK, 2);
	EXPECT_HITS(fd, work, 1);
	EXPECT_EQ(target_info(fd, work).outcomes_hit, 3);
	del_checkpoint(fd, "work");
}

/* Does covlife_work() call ftrace? Not what livecov says: what lies in memory. */
static bool work_calls_ftrace(uint64_t address)
{
	static const unsigned char endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	static struct text text;
	unsigned int i;

	EXPECT_EQ(try_read_text(&text, address, 16), 0);
	i = memcmp(text.bytes, endbr, sizeof(endbr)) ? 0 : sizeof(endbr);
	return text.bytes[i] == 0xe8;
}

/* One ftrace_ops has the function for all of them, until the last does not want it any more. */
static void several_may_watch_one_entry(void)
{
	struct work_counts counts;
	uint32_t target, at[3];
	int fd = control_open();
	uint64_t work;

	need_engine(fd, COV_ENGINE_ENTRY);
	/* Another function stays in the filter throughout. */
	add(fd, "odd", "covlife_odd", 0, 0);
	at[0] = add(fd, "one", "covlife_work", 0, 0);
	EXPECT_EQ(engines_of(fd, at[0]).sites[COV_ENGINE_ENTRY], 1);
	work = function_of(fd, at[0], "covlife_work").address;
	target = attach_with(fd, TARGET, NULL, COV_ENGINE_ENTRY, COV_MODE_COUNT, COV_SCOPE_ALL);
	at[1] = add(fd, "two", "covlife_work", 0, 0);
	at[2] = add(fd, "three", "covlife_work", 0, 0);
	poke(COVLIFE_TASK, 1);
	switch_all(fd, "one", 0, 0);
	poke(COVLIFE_TASK, 1);
	del_checkpoint(fd, "two");
	poke(COVLIFE_TASK, 2);
	switch_all(fd, "one", 1, 0);
	with_id(fd, COV_IOC_RESET, at[2]);
	poke(COVLIFE_TASK, 2);
	EXPECT_HITS(fd, at[0], 2);
	EXPECT_HITS(fd, at[2], 1);
	counts = work_counts(fd, target);
	EXPECT_EQ(counts.work, 4);
	with_id(fd, COV_IOC_DETACH, target);
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, at[0], 3);
	EXPECT_HITS(fd, at[2], 2);
	del_checkpoint(fd, "one");
	EXPECT(work_calls_ftrace(work));
	switch_all(fd, "three", 0, 0);
	EXPECT(!work_calls_ftrace(work));
	poke(COVLIFE_TASK, 1);
	switch_all(fd, "three", 1, 0);
	EXPECT(work_calls_ftrace(work));
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, at[2], 3);
	del_checkpoint(fd, "three");
	EXPECT(!work_calls_ftrace(work));
	del_checkpoint(fd, "odd");
	expect_clean_text();
}

/* An entry that has been seen leaves the filter, in mode edges; what else watches it stays. */
static void a_seen_entry_stays_watched_by_others(void)
{
	uint32_t target, work, even;
	int fd = control_open();
	uint64_t address;

	need_engine(fd, COV_ENGINE_ENTRY);
	target = attach_with(fd, TARGET, NULL, COV_ENGINE_ENTRY, COV_MODE_EDGES, COV_SCOPE_ALL);
	even = add(fd, "even", "covlife_even", 0, 0);
	work = add(fd, "work", "covlife_work", 0, 0);
	address = function_of(fd, work, "covlife_work").address;
	poke(COVLIFE_TASK, 1);
	EVENTUALLY(function_of(fd, target, "covlife_work").state == COV_SITE_DISARMED);
	EXPECT(work_calls_ftrace(address));
	poke(COVLIFE_TASK, 2);
	EXPECT_HITS(fd, work, 2);
	EXPECT_HITS(fd, even, 1);
	switch_all(fd, "work", 0, 0);
	EXPECT(!work_calls_ftrace(address));
	with_id(fd, COV_IOC_RESET, target);
	EXPECT(work_calls_ftrace(address));
	unload(TARGET);
	load(module_file(TARGET), "");
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, work, 2);
	EXPECT(function_of(fd, target, "covlife_work").hits > 0);
	switch_all(fd, "work", 1, 0);
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, work, 3);
	with_id(fd, COV_IOC_DETACH, target);
	poke(COVLIFE_TASK, 2);
	EXPECT_HITS(fd, work, 4);
	/* The module's init function calls it, too. */
	EXPECT(place_of(fd, even).hits >= 2);
	del_checkpoint(fd, "work");
	del_checkpoint(fd, "even");
	expect_clean_text();
}

/* Calls of @target from livecov's own text. */
static uint64_t own_calls(int fd, uint32_t target)
{
	static struct records records;
	static struct text text;
	uint64_t calls = 0;
	uint32_t i;

	read_module_bytes(&text, "livecov", 1);
	pairs_of(fd, &records, target);
	for (i = 0; i < records.count; i++)
		if (records.all[i].from_address - text.address < LIVECOV_TEXT)
			calls += records.all[i].count;
	return calls;
}

static void poke_and_wake(int fd, uint32_t wake)
{
	pid_t waiter = start_waiter();

	poke(COVLIFE_TASK, 1);
	finish(waiter);
	EXPECT_EQ(own_calls(fd, wake), 0);
}

/*
 * To write down what is new wakes the waiter, through a function of the kernel's. Whoever writes
 * it down: ftrace's callback, a kprobe's handler, engine breakpoint's.
 */
static void what_livecov_calls_itself_is_no_hit(void)
{
	int fd = control_open();
	uint64_t turn = offset_of_turn(fd);
	uint32_t wake;

	wake = add_to(fd, COV_CORE_KERNEL, COV_SCOPE_ALL, "wake", "irq_work_queue", 0, 0);
	add(fd, "odd", "covlife_odd", 0, 0);
	poke_and_wake(fd, wake);
	del_checkpoint(fd, "odd");
	add(fd, "turn", "covlife_work", turn, 0);
	poke_and_wake(fd, wake);
	del_checkpoint(fd, "turn");
	attach_with(fd, TARGET, NULL, COV_ENGINE_BREAKPOINT, COV_MODE_BLOCKS, COV_SCOPE_ALL);
	poke_and_wake(fd, wake);
	EXPECT_EQ(place_of(fd, wake).state, COV_SITE_ARMED);
	del_checkpoint(fd, "wake");
}

/* What it had called was no hit; what the CPU does without the task that oopsed is. */
static void hits_are_seen_after_an_oops_while_one_was_recorded(void)
{
	int fd = control_open(), peek = MUST(open("/dev/covpeek", O_RDONLY | O_CLOEXEC));
	uint32_t odd = add(fd, "odd", "covlife_odd", 0, 0);

	pin(1);
	poke(COVLIFE_TASK, 1);
	MUST(ioctl(peek, COVPEEK_OOPS));
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, odd, 2);
	del_checkpoint(fd, "odd");
	close(peek);
}

static void off_stays_off_through_reset_and_reload(void)
{
	int fd = control_open();
	uint32_t odd = add(fd, "odd", "covlife_odd", 0, 0);
	uint32_t even = add(fd, "even", "covlife_even", 0, 0);

	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_TASK, 2);
	switch_all(fd, "odd", 0, 0);
	/* One checkpoint starts over, the other goes on. */
	with_id(fd, COV_IOC_RESET, odd);
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, odd, 0);
	EXPECT_HITS(fd, even, 1);
	unload(TARGET);
	EXPECT(is_off(fd, odd));
	/* Off, but to be armed when it comes. */
	switch_all(fd, "even", 0, 0);
	switch_all(fd, "even", 1, 0);
	load(module_file(TARGET), "");
	EXPECT(is_off(fd, odd));
	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_TASK, 2);
	EXPECT_HITS(fd, odd, 0);
	EXPECT(place_of(fd, even).hits >= 2);
	switch_all(fd, "odd", 1, 0);
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, odd, 1);
	EXPECT_EQ(place_of(fd, odd).state, COV_SITE_ARMED);
	del_checkpoint(fd, "odd");
	del_checkpoint(fd, "even");
}

/* The attached target's detours have taken its bytes when the module came. */
static void what_was_off_is_switched_on_beside_an_attached_target(void)
{
	int fd = control_open();
	struct work_counts before, after;
	uint32_t target, work;

	need_engine(fd, COV_ENGINE_DETOUR);
	target = attach_with(fd, TARGET, NULL, COV_ENGINE_DETOUR, COV_MODE_COUNT, COV_SCOPE_ALL);
	work = add(fd, "work", "covlife_work", 0, COV_CHECKPOINT_AUTO);
	switch_all(fd, "work", 0, COV_CHECKPOINT_AUTO);
	unload(TARGET);
	load(module_file(TARGET), "");
	EXPECT_EQ(turn_of_work(fd, target).state, COV_SITE_ARMED);
	before = work_counts(fd, target);
	switch_all(fd, "work", 1, COV_CHECKPOINT_AUTO);
	EXPECT_EQ(turn_of_work(fd, work).state, COV_SITE_ARMED);
	EXPECT_EQ(turn_of_work(fd, target).state, COV_SITE_ARMED);
	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_TASK, 2);
	EXPECT_HITS(fd, work, 2);
	EXPECT_EQ(turn_of_work(fd, work).taken_hits, 1);
	after = work_counts(fd, target);
	EXPECT_EQ(after.odd - before.odd, 1);
	EXPECT_EQ(after.even - before.even, 1);
	del_checkpoint(fd, "work");
}

/* Nothing says that what ran while it was off did not run, before a reset while it is on. */
static void what_runs_while_a_checkpoint_is_off_is_unknown(void)
{
	int fd = control_open();
	uint32_t work = add(fd, "work", "covlife_work", 0, COV_CHECKPOINT_AUTO);

	EXPECT_EQ(turn_of_work(fd, work).taken, COV_NO);
	EXPECT_EQ(turn_of_work(fd, work).not_taken, COV_NO);
	switch_all(fd, "work", 0, COV_CHECKPOINT_AUTO);
	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_TASK, 2);
	EXPECT_EQ(turn_of_work(fd, work).taken, COV_UNKNOWN);
	switch_all(fd, "work", 1, COV_CHECKPOINT_AUTO);
	EXPECT_EQ(turn_of_work(fd, work).taken, COV_UNKNOWN);
	EXPECT_EQ(turn_of_work(fd, work).not_taken, COV_UNKNOWN);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(turn_of_work(fd, work).taken + turn_of_work(fd, work).not_taken,
		  COV_YES + COV_UNKNOWN);
	with_id(fd, COV_IOC_RESET, work);
	EXPECT_EQ(turn_of_work(fd, work).taken, COV_NO);
	EXPECT_EQ(turn_of_work(fd, work).not_taken, COV_NO);
	/* It is off when everything starts over. */
	switch_all(fd, "work", 0, COV_CHECKPOINT_AUTO);
	with_id(fd, COV_IOC_RESET, work);
	poke(COVLIFE_TASK, 2);
	switch_all(fd, "work", 1, COV_CHECKPOINT_AUTO);
	EXPECT_EQ(turn_of_work(fd, work).taken, COV_UNKNOWN);
	/* It was off when its module came, and is armed later. */
	switch_all(fd, "work", 0, COV_CHECKPOINT_AUTO);
	unload(TARGET);
	load(module_file(TARGET), "");
	poke(COVLIFE_TASK, 2);
	switch_all(fd, "work", 1, COV_CHECKPOINT_AUTO);
	EXPECT_EQ(turn_of_work(fd, work).taken, COV_UNKNOWN);
	del_checkpoint(fd, "work");
}

/* --- one side of a branch ------------------------------------------------------------------- */

/* Where the turn leads to; it has no other way there. */
static uint64_t behind_turn(int fd, uint32_t target, bool taken)
{
	struct cov_function work = function_of(fd, target, "covlife_work");
	struct cov_branch turn = turn_of_work(fd, target);

	return taken ? turn.target : work.address + turn.offset + turn.size;
}

static void switch_side(int fd, uint32_t target, bool taken, uint32_t to)
{
	struct cov_outcome_switch request = {
		.target = target, .to = to, .address = behind_turn(fd, target, taken),
	};

	CALL(fd, COV_IOC_OUTCOME_SWITCH, &request);
}

static void expect_sides(int fd, uint32_t target, unsigned int not_taken, unsigned int taken)
{
	uint32_t turn = function_of(fd, target, "covlife_work").first_branch + 1;
	struct cov_outcomes sides;

	EXPECT_EQ(read_table(fd, COV_IOC_OUTCOMES, target, turn, 1, &sides), 1);
	EXPECT_EQ(sides.not_taken, not_taken);
	EXPECT_EQ(sides.taken, taken);
}

/* Go both ways once. */
static void expect_turns(int fd, uint32_t target, uint64_t not_taken, uint64_t taken)
{
	struct cov_branch turn;

	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_TASK, 2);
	turn = turn_of_work(fd, target);
	EXPECT_EQ(turn.not_taken_hits, not_taken);
	EXPECT_EQ(turn.taken_hits, taken);
}

static void one_side_of_a_branch_is_switched_alone(void)
{
	int fd = control_open();
	uint32_t work = add(fd, "work", "covlife_work", 0, COV_CHECKPOINT_AUTO);

	expect_turns(fd, work, 1, 1);
	switch_side(fd, work, true, COV_OUTCOME_OFF);
	expect_sides(fd, work, COV_OUTCOME_ON, COV_OUTCOME_OFF);
	EXPECT_EQ(turn_of_work(fd, work).state, COV_SITE_ARMED);
	expect_turns(fd, work, 2, 1);
	EXPECT_HITS(fd, work, 4);
	/* Without both, nothing is armed. */
	switch_side(fd, work, false, COV_OUTCOME_OFF);
	EXPECT_EQ(turn_of_work(fd, work).state, COV_SITE_DISARMED);
	expect_turns(fd, work, 2, 1);
	switch_side(fd, work, true, COV_OUTCOME_ON);
	EXPECT_EQ(turn_of_work(fd, work).state, COV_SITE_ARMED);
	expect_turns(fd, work, 2, 2);
	/* With all others. */
	switch_all(fd, "work", 1, 0);
	expect_sides(fd, work, COV_OUTCOME_OFF, COV_OUTCOME_ON);
	switch_all(fd, "work", 1, COV_CHECKPOINT_AUTO);
	expect_turns(fd, work, 3, 3);
	switch_all(fd, "work", 0, COV_CHECKPOINT_AUTO);
	expect_sides(fd, work, COV_OUTCOME_OFF, COV_OUTCOME_OFF);
	expect_turns(fd, work, 3, 3);
	EXPECT(is_off(fd, work));
	del_checkpoint(fd, "work");
	expect_clean_text();
}

static void a_side_that_is_deleted_stays_off(void)
{
	int fd = control_open();
	uint32_t work = add(fd, "work", "covlife_work", 0, COV_CHECKPOINT_AUTO);

	switch_side(fd, work, true, COV_OUTCOME_DELETED);
	switch_side(fd, work, true, COV_OUTCOME_ON);
	switch_all(fd, "work", 0, COV_CHECKPOINT_AUTO);
	switch_all(fd, "work", 1, COV_CHECKPOINT_AUTO);
	expect_sides(fd, work, COV_OUTCOME_ON, COV_OUTCOME_DELETED);
	expect_turns(fd, work, 1, 0);
	EXPECT_EQ(turn_of_work(fd, work).taken, COV_UNKNOWN);
	with_id(fd, COV_IOC_RESET, work);
	expect_turns(fd, work, 1, 0);
	EXPECT_EQ(turn_of_work(fd, work).taken, COV_UNKNOWN);
	unload(TARGET);
	load(module_file(TARGET), "");
	/* Its init function has come by. */
	with_id(fd, COV_IOC_RESET, work);
	expect_turns(fd, work, 1, 0);
	switch_side(fd, work, false, COV_OUTCOME_DELETED);
	EXPECT_EQ(turn_of_work(fd, work).state, COV_SITE_DISARMED);
	switch_all(fd, "*", 1, COV_CHECKPOINT_AUTO);
	EXPECT_EQ(turn_of_work(fd, work).state, COV_SITE_DISARMED);
	unload(TARGET);
	load(module_file(TARGET), "");
	expect_turns(fd, work, 1, 0);
	del_checkpoint(fd, "work");
}

static void bad_switches_of_sides_are_refused(void)
{
	struct cov_outcome_switch request = { .to = COV_OUTCOME_OFF };
	int fd = control_open();
	uint32_t work = add(fd, "work", "covlife_work", 0, COV_CHECKPOINT_AUTO);

	request.address = behind_turn(fd, work, true);
	FAILS(fd, COV_IOC_OUTCOME_SWITCH, &request, ENOENT);
	request.target = attach_armed(fd, TARGET, NULL, COV_MODE_EDGES, COV_SCOPE_ALL);
	FAILS(fd, COV_IOC_OUTCOME_SWITCH, &request, EINVAL);
	request.target = work;
	request.to = COV_OUTCOME_DELETED + 1;
	FAILS(fd, COV_IOC_OUTCOME_SWITCH, &request, EINVAL);
	request.to = COV_OUTCOME_OFF;
	request.address = function_of(fd, work, "covlife_work").address;
	FAILS(fd, COV_IOC_OUTCOME_SWITCH, &request, ENOENT);
	request.target = add(fd, "place", "covlife_work", 0, 0);
	FAILS(fd, COV_IOC_OUTCOME_SWITCH, &request, ENOENT);
	expect_sides(fd, work, COV_OUTCOME_ON, COV_OUTCOME_ON);
	del_checkpoint(fd, "place");
	del_checkpoint(fd, "work");
}

static void bad_switches_are_refused(void)
{
	struct cov_checkpoint_switch request = { .glob = "nosuch*", .on = 1 };
	int fd = control_open();

	FAILS(fd, COV_IOC_CHECKPOINT_SWITCH, &request, ENOENT);
	/* Attached modules are no checkpoints by hand. */
	attach_armed(fd, TARGET, NULL, COV_MODE_EDGES, COV_SCOPE_ALL);
	strcpy(request.glob, "*");
	FAILS(fd, COV_IOC_CHECKPOINT_SWITCH, &request, ENOENT);
	request.on = 2;
	FAILS(fd, COV_IOC_CHECKPOINT_SWITCH, &request, EINVAL);
	request.on = 1;
	request.flags = 2;
	FAILS(fd, COV_IOC_CHECKPOINT_SWITCH, &request, EINVAL);
	request.flags = 0;
	request.glob[0] = '\0';
	FAILS(fd, COV_IOC_CHECKPOINT_SWITCH, &request, EINVAL);
	memset(request.glob, '*', sizeof(request.glob));
	FAILS(fd, COV_IOC_CHECKPOINT_SWITCH, &request, EINVAL);
	FAILS(fd, COV_IOC_CHECKPOINT_SWITCH, before_hole(sizeof(request) - 8), EFAULT);
}

static const struct test tests[] = {
	TEST(checkpoints_by_hand_have_paths_among_each_other),
	TEST(targets_that_come_and_go_leave_room_for_others),
	TEST(checkpoints_by_hand_go_where_detours_and_breakpoints_are),
	TEST(what_gave_way_in_vain_is_armed_again),
	TEST(a_target_may_be_attached_beside_checkpoints_by_hand),
	TEST(checkpoints_are_switched_singly_by_pattern_or_all),
	TEST(what_was_off_has_lapsed_until_it_is_reset),
	TEST(branches_are_switched_only_if_asked_for),
	TEST(several_may_watch_one_entry),
	TEST(a_seen_entry_stays_watched_by_others),
	TEST(what_livecov_calls_itself_is_no_hit),
	TEST(hits_are_seen_after_an_oops_while_one_was_recorded),
	TEST(off_stays_off_through_reset_and_reload),
	TEST(what_was_off_is_switched_on_beside_an_attached_target),
	TEST(what_runs_while_a_checkpoint_is_off_is_unknown),
	TEST(bad_switches_are_refused),
	TEST(one_side_of_a_branch_is_switched_alone),
	TEST(a_side_that_is_deleted_stays_off),
	TEST(bad_switches_of_sides_are_refused),
};

const struct test_group paths_by_hand = TEST_GROUP(tests);
