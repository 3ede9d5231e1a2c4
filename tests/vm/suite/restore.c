// SPDX-License-Identifier: GPL-2.0-only
/*
 * restore.c - the engines of engines.c: every byte comes back: after a detach under load, when the target goes
 * and comes again, when livecov goes; and what becomes of a byte that somebody else's
 * breakpoint does not let go.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engines.h"
#include "module/covlife.h"

#define PROBE	"covrestore/sitting"
#define KPROBES	"/sys/kernel/debug/kprobes/list"

/* --- detach ---------------------------------------------------------------------------- */

/* What COV_IOC_TEXT says is there. */
static void expect_originals(int fd, uint32_t target, const struct text *clean)
{
	static struct text told;
	struct cov_text request = {
		.target = target, .length = clean->size, .address = clean->address,
		.buffer = (uintptr_t)told.bytes,
	};
	struct cov_target_info info = target_info(fd, target);
	uint64_t end = info.text_base + info.text_size;

	if (request.address + request.length > end)
		request.length = end - request.address;
	CALL(fd, COV_IOC_TEXT, &request);
	EXPECT(!memcmp(told.bytes, clean->bytes, request.length));
}

static void text_comes_back_after_detach_under_load(void)
{
	static struct text clean, armed, now;
	int fd = control_open(), i, mode, scope;
	struct workers workers;

	need_engine(fd, COV_ENGINE_DETOUR);
	workers_start(&workers);
	covtarget_text(&clean);
	for (i = 0; i < NR_ENGINES_FAST; i++)
		for (mode = COV_MODE_BLOCKS; mode <= COV_MODE_COUNT; mode++)
			for (scope = COV_SCOPE_TRACKED; scope <= COV_SCOPE_ALL; scope++) {
				uint32_t target;

				/* One in two of them: each takes seconds under load. */
				if ((i + mode + scope) % 2)
					continue;
				test_case("engine %s, mode %d, scope %d",
					  engine_name(engines_all[i]), mode, scope);
				target = attach_with(fd, COEXIST_TARGET, NULL, engines_all[i], mode,
						     scope);
				covtarget_text(&armed);
				EXPECT(memcmp(clean.bytes, armed.bytes, clean.size));
				expect_originals(fd, target, &clean);
				workers_pass(&workers);
				with_id(fd, COV_IOC_DETACH, target);
				covtarget_text(&now);
				expect_same_text(&clean, &now);
			}
	workers_stop(&workers);
}

/* Not all of it was armed. */
static void half_armed_target_is_detached(void)
{
	static struct text clean, now;
	int fd = control_open(), i;

	close(covt_open());
	covtarget_text(&clean);
	for (i = 0; i < NR_ENGINES_FAST; i++) {
		struct cov_attach request = attach_request(COEXIST_TARGET);
		struct cov_arm some = { .max = 40 };

		need_engine(fd, engines_all[i]);
		test_case("engine %s", engine_name(engines_all[i]));
		request.engine = engines_all[i];
		some.target = attach(fd, &request);
		CALL(fd, COV_IOC_ARM, &some);
		CALL(fd, COV_IOC_ARM, &some);
		with_id(fd, COV_IOC_DETACH, some.target);
		covtarget_text(&now);
		expect_same_text(&clean, &now);
	}
}

/* --- the target goes ---------------------------------------------------------------------- */

static void armed_target_is_unloaded_and_loaded_again(void)
{
	int fd = control_open(), i, mode;

	for (i = 0; i < NR_ENGINES_ALL; i++)
		for (mode = COV_MODE_BLOCKS; mode <= COV_MODE_COUNT; mode++) {
			uint32_t target;

			test_case("engine %s, mode %d", engine_name(engines_all[i]), mode);
			target = attach_with(fd, TARGET, "covlife_[wloe]*", engines_all[i], mode,
					     COV_SCOPE_ALL);
			poke(COVLIFE_TASK, 1);
			unload(TARGET);
			EXPECT_EQ(target_info(fd, target).state, COV_TARGET_GONE);
			EXPECT_EQ(target_info(fd, target).armed, 0);
			EXPECT(function_hits(fd, target, "covlife_odd") >= 1);
			load(module_file(TARGET), "");
			EXPECT_EQ(target_info(fd, target).state, COV_TARGET_LIVE);
			poke(COVLIFE_TASK, 2);
			EXPECT(function_hits(fd, target, "covlife_even") >= 1);
			EXPECT(function_hits(fd, target, "covlife_odd") >= 1);
			with_id(fd, COV_IOC_DETACH, target);
			expect_clean_text();
		}
}

static void count_goes_on_when_the_target_is_loaded_again(void)
{
	int fd = control_open(), i;
	struct work_counts before, after;
	uint32_t target;

	target = attach_with(fd, TARGET, "covlife_[wloe]*", COV_ENGINE_AUTO, COV_MODE_COUNT,
			     COV_SCOPE_ALL);
	poke(COVLIFE_LOOP, 100);
	before = work_counts(fd, target);
	expect_work(&before, 50, 50);
	for (i = 1; i < 4; i++) {
		unload(TARGET);
		load(module_file(TARGET), "");
		before = work_counts(fd, target);
		poke(COVLIFE_LOOP, 100);
		after = work_counts(fd, target);
		EXPECT_EQ(after.odd - before.odd, 50);
		EXPECT_EQ(after.even - before.even, 50);
		EXPECT_EQ(after.work - before.work, 100);
	}
}

/* --- livecov goes ---------------------------------------------------------------------------- */

static void livecov_cannot_go_while_a_file_is_open(void)
{
	int fd = control_open(), i;

	for (i = 0; i < NR_ENGINES_FAST; i++) {
		uint32_t target;

		test_case("engine %s", engine_name(engines_all[i]));
		target = attach_with(fd, TARGET, NULL, engines_all[i], COV_MODE_EDGES,
				     COV_SCOPE_ALL);
		EXPECT_EQ(try_unload("livecov"), EWOULDBLOCK);
		poke(COVLIFE_LOOP, 10);
		EXPECT(target_info(fd, target).functions_hit > 0);
		with_id(fd, COV_IOC_DETACH, target);
	}
}

static void livecov_gives_every_byte_back_when_it_goes(void)
{
	static struct text clean, now;
	struct workers workers;
	int i;

	workers_start(&workers);
	covtarget_text(&clean);
	for (i = 0; i < NR_ENGINES_FAST; i++) {
		/* Each mode, each scope at least once. */
		unsigned int mode = COV_MODE_BLOCKS + i % 3;
		unsigned int scope = i % 2 ? COV_SCOPE_TRACKED : COV_SCOPE_ALL;
		int fd = control_open();

		test_case("engine %s, mode %u", engine_name(engines_all[i]), mode);
		with_id(fd, COV_IOC_KEEP, attach_with(fd, TARGET, NULL, engines_all[i], mode,
						      scope));
		with_id(fd, COV_IOC_KEEP, attach_with(fd, COEXIST_TARGET, NULL, engines_all[i],
						      mode, scope));
		close(fd);
		workers_pass(&workers);
		unload("livecov");
		expect_clean_text();
		covtarget_text(&now);
		expect_same_text(&clean, &now);
		workers_pass(&workers);
		load(LIVECOV_FILE, "");
	}
	workers_stop(&workers);
}

/* --- somebody sits on it ------------------------------------------------------------------------ */

static void probe_if_else(uint64_t offset)
{
	char line[128];

	snprintf(line, sizeof(line), "p:" PROBE " " COEXIST_TARGET ":covt_if_else+%llu\n",
		 (unsigned long long)offset);
	EXPECT_EQ(kprobe_event(line), 0);
}

/* How many bytes behind the function's first its first jump of ours begins. */
static uint64_t first_detour(int fd, uint32_t target, const char *name, const struct text *clean)
{
	struct cov_function function = function_of(fd, target, name);
	static struct text now;
	uint64_t i, base = function.address - clean->address;

	covtarget_text(&now);
	/* Past the call of ftrace, which may stand behind an endbr64. */
	for (i = clean->bytes[base] == 0xf3 ? 9 : 5; i < function.size; i++)
		if (now.bytes[base + i] != clean->bytes[base + i])
			return i;
	FAIL("%s has no jump of ours", name);
}

/*
 * Attach covtarget, and have the kprobe on the jump of covt_if_else()'s first detour. @clean: out:
 * the text before. Return: the target.
 */
static uint32_t attach_under_probe(int fd, uint32_t mode, struct text *clean)
{
	uint32_t target;

	covtarget_text(clean);
	target = attach_with(fd, COEXIST_TARGET, NULL, COV_ENGINE_DETOUR, mode, COV_SCOPE_ALL);
	probe_if_else(first_detour(fd, target, "covt_if_else", clean));
	return target;
}

/*
 * livecov waits a while, gives back the rest, leaves this one with what it needs, and
 * stays loaded for it until it can be given back as well.
 */
static void probe_that_stays_keeps_our_jump_until_it_goes(void)
{
	static struct text clean, now;
	int fd = control_open(), device = covt_open();
	struct workers workers;
	uint32_t target;

	need_engine(fd, COV_ENGINE_DETOUR);
	workers_start(&workers);
	target = attach_under_probe(fd, COV_MODE_COUNT, &clean);
	write_file(TRACEFS "events/" PROBE "/enable", "1");
	workers_pass(&workers);
	with_id(fd, COV_IOC_DETACH, target);
	workers_pass(&workers);
	covtarget_text(&now);
	EXPECT(memcmp(clean.bytes, now.bytes, clean.size));
	/* Others come to the same text all the same. */
	target = attach_with(fd, COEXIST_TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES,
			     COV_SCOPE_ALL);
	workers_pass(&workers);
	with_id(fd, COV_IOC_DETACH, target);
	close(fd);
	EXPECT_EQ(try_unload("livecov"), EWOULDBLOCK);
	write_file(TRACEFS "events/" PROBE "/enable", "0");
	EXPECT_EQ(kprobe_event("-:" PROBE "\n"), 0);
	EVENTUALLY(is_text_of_covtarget(&clean));
	workers_pass(&workers);
	workers_stop(&workers);
	EVENTUALLY(try_unload("livecov") == 0);
	exercise(device);
}

/* Which bytes the jump at @at has, told apart from others. */
static uint32_t jump_at(uint64_t at)
{
	static struct text now;
	uint32_t displacement;

	covtarget_text(&now);
	memcpy(&displacement, now.bytes + at + 1, sizeof(displacement));
	return displacement;
}

/*
 * The kprobe's copy of our jump leads to code that was made later than the stub, and that goes on
 * in the stub: both stay.
 */
static void probe_that_stays_keeps_the_code_of_a_settled_jump(void)
{
	static struct text clean;
	int fd = control_open(), device = covt_open(), i;
	uint32_t target, armed;
	uint64_t offset, at;

	need_engine(fd, COV_ENGINE_DETOUR);
	covtarget_text(&clean);
	target = attach_with(fd, COEXIST_TARGET, "covt_if_else", COV_ENGINE_DETOUR, COV_MODE_EDGES,
			     COV_SCOPE_TRACKED);
	offset = first_detour(fd, target, "covt_if_else", &clean);
	at = function_of(fd, target, "covt_if_else").address + offset - clean.address;
	armed = jump_at(at);
	track_as(fd, 1);
	EXPECT_EQ(covt(device, COVT_FN_if_else, 1, 2, 0), 2);
	EVENTUALLY(jump_at(at) != armed);
	probe_if_else(offset);
	write_file(TRACEFS "events/" PROBE "/enable", "1");
	with_id(fd, COV_IOC_DETACH, target);
	/* Takes what room there is. */
	target = attach_with(fd, COEXIST_TARGET, NULL, COV_ENGINE_AUTO, COV_MODE_EDGES,
			     COV_SCOPE_TRACKED);
	for (i = 0; i < 100; i++)
		exercise(device);
	with_id(fd, COV_IOC_DETACH, target);
	close(fd);
	EXPECT_EQ(try_unload("livecov"), EWOULDBLOCK);
	exercise(device);
	write_file(TRACEFS "events/" PROBE "/enable", "0");
	EXPECT_EQ(kprobe_event("-:" PROBE "\n"), 0);
	EVENTUALLY(is_text_of_covtarget(&clean));
	exercise(device);
	EVENTUALLY(try_unload("livecov") == 0);
}

/* The target goes with all that is in it, and comes clean. */
static void target_takes_a_probe_that_stays_with_it(void)
{
	static struct text clean, now;
	int fd = control_open(), device = covt_open();
	uint32_t target;

	need_engine(fd, COV_ENGINE_DETOUR);
	target = attach_under_probe(fd, COV_MODE_COUNT, &clean);
	write_file(TRACEFS "events/" PROBE "/enable", "1");
	with_id(fd, COV_IOC_DETACH, target);
	close(fd);
	/* An event that is enabled keeps its module loaded, once it was hit or not. */
	write_file(TRACEFS "events/" PROBE "/enable", "0");
	close(device);
	EVENTUALLY(try_unload(COEXIST_TARGET) == 0);
	EXPECT_EQ(kprobe_event("-:" PROBE "\n"), 0);
	device = covt_open();
	covtarget_text(&now);
	expect_same_text(&clean, &now);
	exercise(device);
	EVENTUALLY(try_unload("livecov") == 0);
}

static bool is_byte_of_covtarget(const struct text *clean, uint64_t at)
{
	static struct text now;

	covtarget_text(&now);
	return now.bytes[at] == clean->bytes[at];
}

/*
 * A one-shot site has been hit and its byte given back, and then somebody puts a kprobe there:
 * its byte is not livecov's, which neither waits for it nor stays loaded for it.
 */
static void probe_on_a_byte_given_back_is_nothing_to_wait_for(void)
{
	static struct text clean, now;
	int fd = control_open(), device = covt_open();
	uint64_t offset, at;
	uint32_t target;

	need_engine(fd, COV_ENGINE_BREAKPOINT);
	covtarget_text(&clean);
	target = attach_with(fd, COEXIST_TARGET, "covt_if_else", COV_ENGINE_BREAKPOINT,
			     COV_MODE_BLOCKS, COV_SCOPE_ALL);
	offset = first_detour(fd, target, "covt_if_else", &clean);
	at = function_of(fd, target, "covt_if_else").address + offset - clean.address;
	exercise(device);
	EVENTUALLY(is_byte_of_covtarget(&clean, at));
	probe_if_else(offset);
	write_file(TRACEFS "events/" PROBE "/enable", "1");
	exercise(device);
	with_id(fd, COV_IOC_DETACH, target);
	exercise(device);
	close(fd);
	EXPECT_EQ(try_unload("livecov"), 0);
	exercise(device);
	write_file(TRACEFS "events/" PROBE "/enable", "0");
	EXPECT_EQ(kprobe_event("-:" PROBE "\n"), 0);
	covtarget_text(&now);
	expect_same_text(&clean, &now);
	exercise(device);
}

static uint8_t first_branch_state(int fd, uint32_t target, const char *name)
{
	struct cov_branch branch;

	EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, target,
			     function_of(fd, target, name).first_branch, 1, &branch), 1);
	EXPECT_EQ(branch.taken + branch.not_taken, 2 * COV_YES);
	return branch.state;
}

/* Both outcomes are known, but the kprobe keeps our jump: no longer than it is there. */
static void branch_is_settled_once_a_probe_on_it_has_gone(void)
{
	static struct text clean, now;
	int fd = control_open(), device = covt_open();
	uint32_t target;

	need_engine(fd, COV_ENGINE_DETOUR);
	target = attach_under_probe(fd, COV_MODE_EDGES, &clean);
	EXPECT_EQ(covt(device, COVT_FN_if_else, 1, 2, 0), 2);
	EXPECT_EQ(covt(device, COVT_FN_if_else, 2, 1, 0), 1);
	exercise(device);
	/* What settles this one has looked at the other, which was exercised before it. */
	EVENTUALLY(first_branch_state(fd, target, "covt_island") == COV_SITE_DISARMED);
	EXPECT_EQ(first_branch_state(fd, target, "covt_if_else"), COV_SITE_ARMED);
	EXPECT_EQ(kprobe_event("-:" PROBE "\n"), 0);
	EVENTUALLY(first_branch_state(fd, target, "covt_if_else") == COV_SITE_DISARMED);
	exercise(device);
	with_id(fd, COV_IOC_DETACH, target);
	covtarget_text(&now);
	expect_same_text(&clean, &now);
}

static bool is_going(const char *module)
{
	char path[64], state[16] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", module);
	file = fopen(path, "re");
	if (!file)
		return false;
	EXPECT(fgets(state, sizeof(state), file));
	fclose(file);
	return !strcmp(state, "going\n");
}

/*
 * livecov is being unloaded and waits for somebody's kprobe on a jump of it. The target, with the
 * kprobe in it, goes: nothing is left to wait for.
 */
static void target_goes_while_livecov_waits_for_a_probe_in_it(void)
{
	static struct text clean, now;
	int fd = control_open(), device = covt_open();
	uint32_t target;
	pid_t pid;

	need_engine(fd, COV_ENGINE_DETOUR);
	target = attach_under_probe(fd, COV_MODE_COUNT, &clean);
	with_id(fd, COV_IOC_KEEP, target);
	exercise(device);
	close(device);
	close(fd);
	pid = MUST(fork());
	if (!pid)
		_exit(try_unload("livecov"));
	EVENTUALLY(is_going("livecov"));
	sleep(1);
	EXPECT(is_going("livecov"));
	EVENTUALLY(try_unload(COEXIST_TARGET) == 0);
	finish(pid);
	EXPECT_EQ(kprobe_event("-:" PROBE "\n"), 0);
	device = covt_open();
	covtarget_text(&now);
	expect_same_text(&clean, &now);
	exercise(device);
}

#define BRANCHES	40

/* A disabled kprobe on each of some branches, which livecov leaves to kprobes then; or none. */
static void probe_branches(int fd, bool on)
{
	struct cov_branch branches[BRANCHES];
	uint32_t target = attach_with(fd, COEXIST_TARGET, "covt_ifs_100", COV_ENGINE_ENTRY,
				      COV_MODE_EDGES, COV_SCOPE_ALL);
	char line[128];
	int i;

	EXPECT_EQ(read_table(fd, COV_IOC_BRANCHES, target, 0, BRANCHES, branches), BRANCHES);
	with_id(fd, COV_IOC_DETACH, target);
	for (i = 0; i < BRANCHES; i++) {
		if (on)
			snprintf(line, sizeof(line), "p:covrestore/b%d %s:covt_ifs_100+%u\n", i,
				 COEXIST_TARGET, branches[i].offset);
		else
			snprintf(line, sizeof(line), "-:covrestore/b%d\n", i);
		EXPECT_EQ(kprobe_event(line), 0);
	}
}

static void reload_target(void *unused)
{
	(void)unused;
	unload(TARGET);
	load(module_file(TARGET), "");
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	MUST(waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT));
	return info.si_pid == pid;
}

/*
 * Attach, unload livecov in a child, and put a kprobe on a jump of it once it has begun to release
 * what it has. Return: the child; 0 if the jump, and so livecov, had gone by then.
 */
static pid_t probe_while_going(const struct text *clean)
{
	int fd = control_open();
	uint32_t target = attach_with(fd, COEXIST_TARGET, "covt_if*", COV_ENGINE_AUTO,
				      COV_MODE_COUNT, COV_SCOPE_ALL);
	uint64_t offset = first_detour(fd, target, "covt_if_else", clean);
	uint64_t at = function_of(fd, target, "covt_if_else").address + offset - clean->address;
	unsigned int disabled = count_lines(KPROBES, "[DISABLED]");
	pid_t going;

	with_id(fd, COV_IOC_KEEP, target);
	close(fd);
	going = MUST(fork());
	if (!going)
		_exit(try_unload("livecov"));
	EVENTUALLY(count_lines(KPROBES, "[DISABLED]") > disabled || has_ended(going));
	probe_if_else(offset);
	if (!is_byte_of_covtarget(clean, at))
		return going;
	EXPECT_EQ(kprobe_event("-:" PROBE "\n"), 0);
	finish(going);
	return 0;
}

/*
 * livecov is being unloaded, and has seen no kprobe on its jumps, when one comes. While livecov
 * waits for it other modules come and go.
 */
static void probe_that_comes_while_livecov_goes_holds_up_nobody_else(void)
{
	static struct text clean, now;
	int fd = control_open(), device = covt_open();
	pid_t going, reloading;
	int i;

	need_engine(fd, COV_ENGINE_DETOUR);
	covtarget_text(&clean);
	probe_branches(fd, true);
	close(fd);
	for (i = 0; !(going = probe_while_going(&clean)); i++) {
		EXPECT(i < 20);
		load(LIVECOV_FILE, "");
	}
	reloading = start(reload_target, NULL);
	EVENTUALLY(has_ended(reloading));
	finish(reloading);
	EXPECT(is_going("livecov"));
	EXPECT_EQ(kprobe_event("-:" PROBE "\n"), 0);
	finish(going);
	load(LIVECOV_FILE, "");
	fd = control_open();
	probe_branches(fd, false);
	close(fd);
	covtarget_text(&now);
	expect_same_text(&clean, &now);
	exercise(device);
}

static const struct test tests[] = {
	TEST(text_comes_back_after_detach_under_load),
	TEST(half_armed_target_is_detached),
	TEST(armed_target_is_unloaded_and_loaded_again),
	TEST(count_goes_on_when_the_target_is_loaded_again),
	TEST(livecov_cannot_go_while_a_file_is_open),
	TEST(livecov_gives_every_byte_back_when_it_goes),
	TEST(probe_that_stays_keeps_our_jump_until_it_goes),
	TEST(probe_that_stays_keeps_the_code_of_a_settled_jump),
	TEST(target_takes_a_probe_that_stays_with_it),
	TEST(target_goes_while_livecov_waits_for_a_probe_in_it),
	TEST(probe_that_comes_while_livecov_goes_holds_up_nobody_else),
	TEST(probe_on_a_byte_given_back_is_nothing_to_wait_for),
	TEST(branch_is_settled_once_a_probe_on_it_has_gone),
};

int main(int argc, char **argv)
{
	const struct test_group groups[] = { TEST_GROUP(tests) };

	return suite_main(groups, ARRAY_SIZE(groups), argc, argv);
}
