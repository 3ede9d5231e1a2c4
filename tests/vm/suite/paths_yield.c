// SPDX-License-Identifier: GPL-2.0-only
/*
 * paths_yield.c - several at one place: manual checkpoints have breakpoints as long as nobody needs
 * a kprobe there, or a kprobe that does not go with breakpoints; and sites that another user's
 * kprobe keeps their engine from.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "module/covlife.h"
#include "paths.h"

#define PROBE	"covyield"

static uint32_t add_to(int fd, const char *module, const char *name, const char *function,
		       uint64_t offset)
{
	struct cov_checkpoint_add add = {
		.levels = 1, .scope = COV_SCOPE_ALL, .offset = offset,
	};

	snprintf(add.module, sizeof(add.module), "%s", module);
	snprintf(add.name, sizeof(add.name), "%s", name);
	snprintf(add.function, sizeof(add.function), "%s", function);
	CALL(fd, COV_IOC_CHECKPOINT_ADD, &add);
	return add.target;
}

static uint32_t add_at(int fd, const char *name, const char *function, uint64_t offset)
{
	return add_to(fd, TARGET, name, function, offset);
}

/* Which of the two watches a checkpoint, and its function's entry if ftrace does not. */
static void expect_engine(int fd, uint32_t place, uint32_t engine)
{
	struct cov_engines engines = engines_of(fd, place);
	uint32_t other = engine == COV_ENGINE_KPROBE ? COV_ENGINE_BREAKPOINT : COV_ENGINE_KPROBE;

	EXPECT(engines.sites[engine] > 0);
	EXPECT_EQ(engines.sites[other], 0);
}

#define EXPECT_HITS(fd, place, n) EXPECT_EQ(place_of(fd, place).hits, n)

/* On a kernel that has them. */
static uint64_t turn_with_breakpoints(int fd)
{
	need_engine(fd, COV_ENGINE_BREAKPOINT);
	return offset_of_turn(fd);
}

/* --- checkpoints ---------------------------------------------------------------------- */

static void checkpoints_have_breakpoints_until_a_kprobe_must_not_be_beside_one(void)
{
	int fd = control_open();
	uint64_t turn = turn_with_breakpoints(fd);
	uint32_t place, fault, other;

	place = add_at(fd, "place", "covlife_work", turn);
	expect_engine(fd, place, COV_ENGINE_BREAKPOINT);
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, place, 1);
	fault = add_at(fd, "fault", "may_fault", MAY_FAULT_INSN);
	expect_engine(fd, fault, COV_ENGINE_KPROBE);
	expect_engine(fd, place, COV_ENGINE_KPROBE);
	other = add_at(fd, "other", "may_fault", MAY_FAULT_BEFORE);
	expect_engine(fd, other, COV_ENGINE_KPROBE);
	poke(COVLIFE_TASK, 2);
	EXPECT_HITS(fd, place, 2);
	del_checkpoint(fd, "fault");
	del_checkpoint(fd, "other");
	/* From here on there is no reason any more. */
	other = add_at(fd, "other", "may_fault", MAY_FAULT_BEFORE);
	expect_engine(fd, other, COV_ENGINE_BREAKPOINT);
	del_checkpoint(fd, "other");
	poke(COVLIFE_TASK, 2);
	EXPECT_HITS(fd, place, 3);
	del_checkpoint(fd, "place");
	expect_clean_text();
}

static void checkpoints_have_kprobes_beside_a_target_of_engine_kprobe(void)
{
	int fd = control_open();
	uint64_t turn = turn_with_breakpoints(fd);
	uint32_t place, off, target;
	struct cov_checkpoint_switch request = { .glob = "off" };

	place = add_at(fd, "place", "covlife_work", turn);
	off = add_at(fd, "off", "may_fault", MAY_FAULT_BEFORE);
	CALL(fd, COV_IOC_CHECKPOINT_SWITCH, &request);
	target = attach_with(fd, TARGET, "covlife_odd", COV_ENGINE_KPROBE, COV_MODE_EDGES,
			     COV_SCOPE_ALL);
	expect_engine(fd, place, COV_ENGINE_KPROBE);
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, place, 1);
	/* What is off stays off, and has a kprobe when it is switched on. */
	EXPECT(place_of(fd, off).flags & COV_FUNCTION_DISABLED);
	EXPECT_EQ(engines_of(fd, off).sites[COV_ENGINE_BREAKPOINT], 0);
	request.on = 1;
	CALL(fd, COV_IOC_CHECKPOINT_SWITCH, &request);
	expect_engine(fd, off, COV_ENGINE_KPROBE);
	del_checkpoint(fd, "off");
	with_id(fd, COV_IOC_DETACH, target);
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, place, 2);
	del_checkpoint(fd, "place");
	expect_clean_text();
}

/* The kernel would not survive both. */
static void checkpoint_that_may_fault_is_given_up_for_breakpoints(void)
{
	int fd = control_open();
	uint32_t fault, place, target;

	need_engine(fd, COV_ENGINE_BREAKPOINT);
	fault = add_at(fd, "fault", "may_fault", MAY_FAULT_INSN);
	place = add_at(fd, "place", "may_fault", MAY_FAULT_BEFORE);
	expect_engine(fd, fault, COV_ENGINE_KPROBE);
	target = attach_with(fd, TARGET, "covlife_odd", COV_ENGINE_AUTO, COV_MODE_EDGES,
			     COV_SCOPE_ALL);
	EXPECT_EQ(target_info(fd, fault).refused, 1);
	EXPECT_EQ(target_info(fd, place).refused, 0);
	with_id(fd, COV_IOC_DETACH, target);
	del_checkpoint(fd, "fault");
	del_checkpoint(fd, "place");
	expect_clean_text();
}

/*
 * In the kernel itself, of which livecov knows no more than its exception table. Each store to user
 * memory in this function has a fixup.
 */
static void instructions_of_the_kernel_that_may_fault_are_refused_beside_breakpoints(void)
{
	struct cov_checkpoint_add add = {
		.name = "core", .module = COV_CORE_KERNEL, .function = "filldir64", .levels = 1,
		.scope = COV_SCOPE_ALL,
	};
	unsigned int refused = 0, taken = 0;
	int fd = control_open();
	uint32_t target;

	need_engine(fd, COV_ENGINE_BREAKPOINT);
	target = attach_with(fd, TARGET, "covlife_odd", COV_ENGINE_AUTO, COV_MODE_EDGES,
			     COV_SCOPE_ALL);
	for (add.offset = 16; ; add.offset++) {
		if (!ioctl(fd, COV_IOC_CHECKPOINT_ADD, &add)) {
			del_checkpoint(fd, "core");
			taken++;
			continue;
		}
		if (errno == ERANGE)
			break;
		refused += errno == EOPNOTSUPP;
	}
	EXPECT(refused > 0 && taken > refused);
	with_id(fd, COV_IOC_DETACH, target);
}

#define FAULTS	"covt_fault_before"

/* A checkpoint on its instruction that may fault: the only one that has a kprobe. */
static uint32_t add_on_fault(int fd)
{
	struct cov_checkpoint_add add = {
		.name = "fault", .module = COEXIST_TARGET, .function = FAULTS, .levels = 1,
		.scope = COV_SCOPE_ALL,
	};

	for (add.offset = 1; ; add.offset++) {
		if (ioctl(fd, COV_IOC_CHECKPOINT_ADD, &add)) {
			EXPECT_EQ(errno, EILSEQ);
			continue;
		}
		if (engines_of(fd, add.target).sites[COV_ENGINE_KPROBE])
			return add.target;
		del_checkpoint(fd, "fault");
	}
}

/*
 * When it faults and is fixed up, the CPU stays in the kernel's stepping state, and does so when the
 * kprobe has gone; the next int3 that is not a kprobe's would be its last.
 */
static void breakpoint_after_a_fault_under_a_kprobe_does_no_harm(void)
{
	int fd = control_open(), device = covt_open();
	uint64_t turn = turn_with_breakpoints(fd);
	uint32_t fault = add_on_fault(fd), place;

	pin(0);
	EXPECT_EQ(covt(device, COVT_FN_fault_before, 1, 0, 0), -28);
	EXPECT_EQ(place_of(fd, fault).hits, 1);
	del_checkpoint(fd, "fault");
	place = add_at(fd, "place", "covlife_work", turn);
	expect_engine(fd, place, COV_ENGINE_BREAKPOINT);
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, place, 1);
	del_checkpoint(fd, "place");
}

/* All of a module are found in one index, in which the others stay. */
static void checkpoints_of_one_module_go_one_by_one(void)
{
	int fd = control_open();
	uint64_t turn = turn_with_breakpoints(fd);
	uint32_t work, before, after, target;

	before = add_at(fd, "before", "may_fault", MAY_FAULT_BEFORE);
	work = add_at(fd, "work", "covlife_work", turn);
	after = add_at(fd, "after", "across_pages", 0);
	expect_engine(fd, before, COV_ENGINE_BREAKPOINT);
	expect_engine(fd, after, COV_ENGINE_BREAKPOINT);
	/* The index is as it was when the second one goes. */
	del_checkpoint(fd, "before");
	del_checkpoint(fd, "after");
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, work, 1);
	target = attach_with(fd, TARGET, "covlife_odd", COV_ENGINE_BREAKPOINT, COV_MODE_COUNT,
			     COV_SCOPE_ALL);
	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, work, 3);
	EXPECT_EQ(function_of(fd, target, "covlife_odd").hits, 2);
	unload(TARGET);
	load(module_file(TARGET), "");
	with_id(fd, COV_IOC_DETACH, target);
	poke(COVLIFE_TASK, 2);
	/* The module's init function calls it, too. */
	EXPECT(place_of(fd, work).hits >= 4);
	del_checkpoint(fd, "work");
	expect_clean_text();
}

#define LOOPS	"covt_loop_insns"
#define CONDITION_LOOP	0x12

/* Its loop instruction, and how often a call passes that. */
static struct cov_branch find_loop(int fd, int device)
{
	struct cov_branch loop = { };
	struct cov_function function;
	uint32_t target, i;

	target = attach_with(fd, COEXIST_TARGET, LOOPS, COV_ENGINE_BREAKPOINT, COV_MODE_COUNT,
			     COV_SCOPE_ALL);
	EXPECT_EQ(covt(device, COVT_FN_loop_insns, 3, 1, 0), 7);
	function = function_of(fd, target, LOOPS);
	for (i = 0; i < function.branches && loop.condition != CONDITION_LOOP; i++)
		EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, target, function.first_branch + i, 1,
				     &loop), 1);
	EXPECT_EQ(loop.condition, CONDITION_LOOP);
	with_id(fd, COV_IOC_DETACH, target);
	return loop;
}

/* kprobes cannot: the kernel's own emulation of it would never end. */
static void checkpoint_on_a_loop_instruction_counts_each_round(void)
{
	int fd = control_open(), device = covt_open();
	struct cov_branch loop = find_loop(fd, device);
	uint32_t place = add_to(fd, COEXIST_TARGET, "loop", LOOPS, loop.offset);

	EXPECT_EQ(covt(device, COVT_FN_loop_insns, 3, 1, 0), 7);
	EXPECT(loop.taken_hits > 0);
	EXPECT_HITS(fd, place, loop.taken_hits + loop.not_taken_hits);
	del_checkpoint(fd, "loop");
	EXPECT_EQ(covt(device, COVT_FN_loop_insns, 3, 1, 0), 7);
}

/* The kernel carries them out as it does without livecov. */
static void expect_rounds(int device)
{
	EXPECT_EQ(covt(device, COVT_FN_loop_insns, 3, 1, 0), 7);
}

static void expect_no_checkpoint_on(int fd, const struct cov_branch *loop, uint32_t flags)
{
	struct cov_checkpoint_add add = {
		.name = "loop", .module = COEXIST_TARGET, .function = LOOPS, .levels = 1,
		.scope = COV_SCOPE_ALL, .offset = loop->offset, .flags = flags,
	};

	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &add, EOPNOTSUPP);
}

/* Beside the handler that carries it out, which the kernel's emulation would outlast. */
static void checkpoint_on_a_loop_instruction_is_refused_beside_a_target(void)
{
	static const unsigned int engines[] = { COV_ENGINE_KPROBE, COV_ENGINE_AUTO };
	int fd = control_open(), device = covt_open();
	struct cov_branch loop = find_loop(fd, device);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		uint32_t target = attach_with(fd, COEXIST_TARGET, LOOPS, engines[i],
					      COV_MODE_COUNT, COV_SCOPE_ALL);
		struct cov_engines before = engines_of(fd, target);
		struct cov_engines after;

		test_case("engine %s", engine_name(engines[i]));
		expect_no_checkpoint_on(fd, &loop, 0);
		after = engines_of(fd, target);
		EXPECT(!memcmp(before.sites, after.sites, sizeof(after.sites)));
		EXPECT_EQ(target_info(fd, target).outcomes_unknown, 0);
		expect_rounds(device);
		with_id(fd, COV_IOC_DETACH, target);
		expect_rounds(device);
	}
}

/* Its own branch there would be its neighbour, and could be switched off alone. */
static void checkpoint_with_branches_is_refused_on_a_loop_instruction(void)
{
	int fd = control_open(), device = covt_open();
	struct cov_branch loop = find_loop(fd, device);

	expect_no_checkpoint_on(fd, &loop, COV_CHECKPOINT_AUTO);
	expect_rounds(device);
}

/* It is there first: it gives way, and is back when the target has gone. */
static void checkpoint_on_a_loop_instruction_gives_way_to_a_target(void)
{
	static const unsigned int engines[] = { COV_ENGINE_KPROBE, COV_ENGINE_AUTO };
	int fd = control_open(), device = covt_open();
	struct cov_branch loop = find_loop(fd, device);
	uint32_t place = add_to(fd, COEXIST_TARGET, "loop", LOOPS, loop.offset);
	uint64_t rounds = loop.taken_hits + loop.not_taken_hits;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		uint64_t hits = place_of(fd, place).hits;
		uint32_t target = attach_with(fd, COEXIST_TARGET, LOOPS, engines[i],
					      COV_MODE_COUNT, COV_SCOPE_ALL);

		test_case("engine %s", engine_name(engines[i]));
		EXPECT_EQ(place_of(fd, place).state, COV_SITE_REFUSED);
		EXPECT_EQ(place_of(fd, place).error, EOPNOTSUPP);
		expect_rounds(device);
		with_id(fd, COV_IOC_DETACH, target);
		EXPECT_EQ(place_of(fd, place).state, COV_SITE_ARMED);
		expect_rounds(device);
		EXPECT_HITS(fd, place, hits + rounds);
	}
	del_checkpoint(fd, "loop");
	expect_rounds(device);
}

/* What is off stays where it is: its handler would hide behind the other one. */
static void branch_on_a_loop_instruction_has_one_handler(void)
{
	struct cov_checkpoint_add add = {
		.name = "loops", .module = COEXIST_TARGET, .function = LOOPS, .levels = 1,
		.scope = COV_SCOPE_ALL, .flags = COV_CHECKPOINT_AUTO,
	};
	struct cov_checkpoint_switch request = { .glob = "loops", .flags = COV_CHECKPOINT_AUTO };
	int fd = control_open(), device = covt_open();
	struct cov_branch loop = find_loop(fd, device);
	struct cov_function function;
	uint32_t target, odd, i;

	odd = attach_with(fd, TARGET, "covlife_odd", COV_ENGINE_KPROBE, COV_MODE_EDGES,
			  COV_SCOPE_ALL);
	CALL(fd, COV_IOC_CHECKPOINT_ADD, &add);
	CALL(fd, COV_IOC_CHECKPOINT_SWITCH, &request);
	target = attach_with(fd, COEXIST_TARGET, LOOPS, COV_ENGINE_KPROBE, COV_MODE_COUNT,
			     COV_SCOPE_ALL);
	function = function_of(fd, target, LOOPS);
	for (i = 0; i < function.branches; i++) {
		struct cov_branch branch;

		EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, target, function.first_branch + i, 1,
				     &branch), 1);
		if (branch.offset == loop.offset)
			EXPECT_EQ(branch.error, EBUSY);
	}
	request.on = 1;
	CALL(fd, COV_IOC_CHECKPOINT_SWITCH, &request);
	expect_rounds(device);
	with_id(fd, COV_IOC_DETACH, target);
	expect_rounds(device);
	del_checkpoint(fd, "loops");
	with_id(fd, COV_IOC_DETACH, odd);
	expect_rounds(device);
}

/* --- another user's kprobe -------------------------------------------------------------- */

static void set_probe(uint64_t offset)
{
	char line[128];

	snprintf(line, sizeof(line), "p:" PROBE "/turn " TARGET ":covlife_work+%llu\n",
		 (unsigned long long)offset);
	EXPECT_EQ(kprobe_event(line), 0);
	write_file(TRACEFS "events/" PROBE "/enable", "1");
}

static void remove_probe(void)
{
	write_file(TRACEFS "events/" PROBE "/enable", "0");
	EXPECT_EQ(kprobe_event("-:" PROBE "/turn\n"), 0);
}

/* It came while the checkpoint was off. */
static uint32_t place_off_beneath_a_kprobe(int fd)
{
	struct cov_checkpoint_switch request = { .glob = "place" };
	uint64_t turn = turn_with_breakpoints(fd);
	uint32_t place = add_at(fd, "place", "covlife_work", turn);

	CALL(fd, COV_IOC_CHECKPOINT_SWITCH, &request);
	set_probe(turn);
	return place;
}

static void checkpoint_is_switched_on_beside_a_kprobe(void)
{
	struct cov_checkpoint_switch request = { .glob = "place", .on = 1 };
	int fd = control_open();
	uint32_t place = place_off_beneath_a_kprobe(fd);

	CALL(fd, COV_IOC_CHECKPOINT_SWITCH, &request);
	expect_engine(fd, place, COV_ENGINE_KPROBE);
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, place, 1);
	remove_probe();
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, place, 2);
	del_checkpoint(fd, "place");
	expect_clean_text();
}

/* It came when all was known of the branch, and its bytes were as they had been. */
static void branch_is_reset_beside_a_kprobe(void)
{
	static const unsigned int engines[] = { COV_ENGINE_BREAKPOINT, COV_ENGINE_AUTO };
	int fd = control_open();
	uint64_t turn = turn_with_breakpoints(fd);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		uint32_t target = attach_with(fd, TARGET, "covlife_[woe]*", engines[i],
					      COV_MODE_EDGES, COV_SCOPE_ALL);

		test_case("engine %s", engine_name(engines[i]));
		poke(COVLIFE_TASK, 1);
		poke(COVLIFE_TASK, 2);
		EVENTUALLY(turn_of_work(fd, target).state == COV_SITE_DISARMED);
		set_probe(turn);
		with_id(fd, COV_IOC_RESET, target);
		EXPECT_EQ(turn_of_work(fd, target).state, COV_SITE_ARMED);
		EXPECT_EQ(turn_of_work(fd, target).taken, COV_NO);
		poke(COVLIFE_TASK, 2);
		EXPECT(turn_of_work(fd, target).taken != turn_of_work(fd, target).not_taken);
		EXPECT_EQ(target_info(fd, target).outcomes_unknown, 0);
		with_id(fd, COV_IOC_DETACH, target);
		remove_probe();
		expect_clean_text();
	}
}

/* enable_kprobe() does nothing then, but says that it has. */
static void reset_knows_when_kprobes_are_switched_off(void)
{
	struct cov_target_info info;
	struct cov_target_id id;
	int fd = control_open();
	uint32_t hit;

	id.target = attach_armed(fd, TARGET, "covlife_[woe]*", COV_MODE_BLOCKS, COV_SCOPE_ALL);
	id.pad = 0;
	poke(COVLIFE_TASK, 1);
	hit = target_info(fd, id.target).blocks_hit;
	EXPECT(hit > 0);
	EVENTUALLY(target_info(fd, id.target).disarmed > 0);
	write_file("/sys/kernel/debug/kprobes/enabled", "0");
	EXPECT(ioctl(fd, COV_IOC_RESET, &id) && errno == ESHUTDOWN);
	write_file("/sys/kernel/debug/kprobes/enabled", "1");
	poke(COVLIFE_TASK, 1);
	info = target_info(fd, id.target);
	EXPECT(info.blocks_hit + info.blocks_unknown >= hit);
	with_id(fd, COV_IOC_RESET, id.target);
	EXPECT_EQ(target_info(fd, id.target).blocks_hit, 0);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(target_info(fd, id.target).blocks_hit, hit);
	with_id(fd, COV_IOC_DETACH, id.target);
	expect_clean_text();
}

/* What an attempt in vain leaves behind is REFUSED: the next one must not take it for armed. */
static void expect_switched_on_at_last(int fd, uint32_t place, const char *control)
{
	struct cov_checkpoint_switch request = { .glob = "place", .on = 1 };
	unsigned int i;

	write_file(control, "0");
	for (i = 0; i < 2; i++) {
		EXPECT(ioctl(fd, COV_IOC_CHECKPOINT_SWITCH, &request) && errno == ESHUTDOWN);
		EXPECT_EQ(place_of(fd, place).state, COV_SITE_REFUSED);
	}
	write_file(control, "1");
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, place, 0);
	CALL(fd, COV_IOC_CHECKPOINT_SWITCH, &request);
	EXPECT_EQ(place_of(fd, place).state, COV_SITE_ARMED);
	poke(COVLIFE_TASK, 1);
	EXPECT_HITS(fd, place, 1);
}

static void entry_is_switched_on_after_ftrace_was_off(void)
{
	struct cov_checkpoint_switch request = { .glob = "place" };
	int fd = control_open();
	uint32_t place;

	need_engine(fd, COV_ENGINE_ENTRY);
	place = add_at(fd, "place", "covlife_work", 0);
	CALL(fd, COV_IOC_CHECKPOINT_SWITCH, &request);
	expect_switched_on_at_last(fd, place, "/proc/sys/kernel/ftrace_enabled");
	del_checkpoint(fd, "place");
	expect_clean_text();
}

/* Another user's kprobe takes the place of its breakpoint, and needs no kprobes to be on. */
static void place_is_switched_on_after_kprobes_were_off(void)
{
	int fd = control_open();
	uint32_t place = place_off_beneath_a_kprobe(fd);

	expect_switched_on_at_last(fd, place, "/sys/kernel/debug/kprobes/enabled");
	remove_probe();
	del_checkpoint(fd, "place");
	expect_clean_text();
}

/* Whether it was passed until then nobody knows. */
static void branch_that_was_refused_is_unknown_when_it_is_switched_on(void)
{
	struct cov_checkpoint_add add = {
		.name = "work", .module = TARGET, .function = "covlife_work", .levels = 1,
		.scope = COV_SCOPE_ALL, .flags = COV_CHECKPOINT_AUTO,
	};
	struct cov_checkpoint_switch request = {
		.glob = "work", .on = 1, .flags = COV_CHECKPOINT_AUTO,
	};
	int fd = control_open();
	uint64_t turn = turn_with_breakpoints(fd);

	set_probe(turn);
	write_file("/sys/kernel/debug/kprobes/enabled", "0");
	CALL(fd, COV_IOC_CHECKPOINT_ADD, &add);
	EXPECT_EQ(turn_of_work(fd, add.target).state, COV_SITE_REFUSED);
	poke(COVLIFE_TASK, 2);
	write_file("/sys/kernel/debug/kprobes/enabled", "1");
	remove_probe();
	CALL(fd, COV_IOC_CHECKPOINT_SWITCH, &request);
	EXPECT_EQ(turn_of_work(fd, add.target).state, COV_SITE_ARMED);
	poke(COVLIFE_TASK, 1);
	EXPECT(turn_of_work(fd, add.target).taken != COV_NO);
	EXPECT(turn_of_work(fd, add.target).not_taken != COV_NO);
	del_checkpoint(fd, "work");
	expect_clean_text();
}

#define MANY	"covt_[l-r]*"
#define BLOCKS_MAX	1024

/* With kprobes switched off: every site is refused. */
static uint32_t attach_refused(int fd)
{
	uint32_t target;

	write_file("/sys/kernel/debug/kprobes/enabled", "0");
	target = attach_by(fd, COEXIST_TARGET, MANY, COV_ENGINE_KPROBE, COV_MODE_EDGES,
			   COV_SCOPE_ALL);
	write_file("/sys/kernel/debug/kprobes/enabled", "1");
	EXPECT_EQ(target_info(fd, target).armed, 0);
	return target;
}

struct of_file {
	int fd;
	uint32_t target;
};

static void reset_it(void *data)
{
	struct of_file *it = data;

	with_id(it->fd, COV_IOC_RESET, it->target);
}

/* A target of which a reset, which was killed after a while, has armed the smaller part alone. */
static uint32_t attach_half(int fd)
{
	unsigned int delay_us = 200000, round = 0;

	for (;;) {
		struct of_file it = { fd, attach_refused(fd) };
		struct cov_target_info info;
		pid_t pid = start(reset_it, &it);

		usleep(delay_us);
		end(pid);
		info = target_info(fd, it.target);
		/* Some of the larger part will be passed. */
		if (info.armed && info.pending > info.armed)
			return it.target;
		delay_us = info.armed ? delay_us / 2 : delay_us + delay_us / 2;
		with_id(fd, COV_IOC_DETACH, it.target);
		EXPECT(++round < 20);
	}
}

static unsigned int blocks_of(int fd, uint32_t target, struct cov_block *blocks)
{
	unsigned int n = target_info(fd, target).blocks;

	EXPECT(n < BLOCKS_MAX);
	EXPECT_EQ(read_table(fd, COV_IOC_BLOCKS, target, 0, n, blocks), n);
	return n;
}

/* What ran before the rest of it was armed is not known not to have run. */
static void reset_that_is_killed_leaves_unknown_what_it_has_not_armed(void)
{
	static struct cov_block seen[BLOCKS_MAX], told[BLOCKS_MAX];
	int fd = control_open(), device = covt_open();
	unsigned int i, n, unknown = 0;
	uint32_t target;

	target = attach_by(fd, COEXIST_TARGET, MANY, COV_ENGINE_AUTO, COV_MODE_EDGES,
			   COV_SCOPE_ALL);
	exercise(device);
	n = blocks_of(fd, target, seen);
	with_id(fd, COV_IOC_DETACH, target);

	target = attach_half(fd);
	exercise(device);
	arm(fd, target);
	EXPECT_EQ(target_info(fd, target).pending, 0);
	EXPECT_EQ(blocks_of(fd, target, told), n);
	for (i = 0; i < n; i++) {
		if (seen[i].covered != COV_YES)
			continue;
		test_case("function %u, block at %#x", told[i].function, told[i].offset);
		EXPECT(told[i].covered != COV_NO);
		unknown += told[i].covered == COV_UNKNOWN;
	}
	test_case("all blocks");
	EXPECT(unknown > 0);
	with_id(fd, COV_IOC_RESET, target);
	exercise(device);
	EXPECT_EQ(target_info(fd, target).blocks_unknown, 0);
	with_id(fd, COV_IOC_DETACH, target);
}

static const struct test tests[] = {
	TEST(checkpoints_have_breakpoints_until_a_kprobe_must_not_be_beside_one),
	TEST(checkpoints_have_kprobes_beside_a_target_of_engine_kprobe),
	TEST(checkpoint_that_may_fault_is_given_up_for_breakpoints),
	TEST(breakpoint_after_a_fault_under_a_kprobe_does_no_harm),
	TEST(instructions_of_the_kernel_that_may_fault_are_refused_beside_breakpoints),
	TEST(checkpoints_of_one_module_go_one_by_one),
	TEST(checkpoint_on_a_loop_instruction_counts_each_round),
	TEST(checkpoint_on_a_loop_instruction_is_refused_beside_a_target),
	TEST(checkpoint_with_branches_is_refused_on_a_loop_instruction),
	TEST(checkpoint_on_a_loop_instruction_gives_way_to_a_target),
	TEST(branch_on_a_loop_instruction_has_one_handler),
	TEST(checkpoint_is_switched_on_beside_a_kprobe),
	TEST(entry_is_switched_on_after_ftrace_was_off),
	TEST(place_is_switched_on_after_kprobes_were_off),
	TEST(branch_that_was_refused_is_unknown_when_it_is_switched_on),
	TEST(branch_is_reset_beside_a_kprobe),
	TEST(reset_knows_when_kprobes_are_switched_off),
	TEST(reset_that_is_killed_leaves_unknown_what_it_has_not_armed),
};

const struct test_group paths_yield = TEST_GROUP(tests);
