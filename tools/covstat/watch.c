// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch.c - covstat watch: prints what is new, as it appears.
 *
 * First what has woken us is marked as known, then everything is read, so that whatever comes
 * later wakes us again. New pairs are found by their serial numbers; functions, blocks and
 * outcomes by comparing two snapshots.
 */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "covstat.h"

/* Not everything wakes us: detours do not detect first hits. */
#define LOOK_AGAIN_MS	1000

static const char function_kind[] = "function", block_kind[] = "block", outcome_kind[] = "outcome";

/* A place that was told in this look; @outcome: outcome_name()'s, NULL for other kinds. */
struct told {
	const char *kind;
	const char *outcome;
	uint64_t address;
};

/**
 * struct watch - what is being done
 * @left: lines still to print; UINT64_MAX for no limit
 * @printed: lines
 * @warned: that caller records were lost
 * @limited: there is a @deadline
 * @deadline: of CLOCK_MONOTONIC
 * @now: the latest snapshot
 * @names: of its functions, while it is looked at
 * @told: places printed for modules' own targets, as manual checkpoints may have the same ones
 * @nr_told: how many
 * @room: how many would fit
 */
struct watch {
	uint64_t left;
	uint64_t printed;
	bool warned;
	bool limited;
	struct timespec deadline;
	struct cov_snapshot *now;
	struct names *names;
	struct told *told;
	size_t nr_told;
	size_t room;
};

/* ---- one line ---------------------------------------------------------- */

/* May another line be printed? If so, it is counted. */
static bool next_line(struct watch *watch)
{
	if (!watch->left)
		return false;
	watch->left--;
	watch->printed++;
	return true;
}

/* If there is no memory for it, a place may be told twice. */
static void remember(struct watch *watch, const struct told *place)
{
	size_t room = watch->room ? 2 * watch->room : 64;
	struct told *more;

	if (watch->nr_told == watch->room) {
		more = realloc(watch->told, room * sizeof(*more));
		if (!more)
			return;
		watch->told = more;
		watch->room = room;
	}
	watch->told[watch->nr_told++] = *place;
}

static bool was_told(const struct watch *watch, const struct told *place)
{
	const struct told *told = watch->told;
	size_t i;

	for (i = 0; i < watch->nr_told; i++)
		if (told[i].address == place->address && told[i].kind == place->kind &&
		    told[i].outcome == place->outcome)
			return true;
	return false;
}

/* @place: is in function @function of target @t */
static void print_place(struct watch *watch, const struct told *place, unsigned int t,
			unsigned int function)
{
	struct cov_function_desc f = COV_INIT(f);
	struct cov_target_desc target = COV_INIT(target);
	const char *kind = place->kind, *outcome = place->outcome;
	struct json_object *line;
	char where[PLACE_LEN];
	uint64_t offset;

	if (!next_line(watch))
		return;
	cov_snapshot_target(watch->now, t, &target);
	cov_snapshot_function(watch->now, t, function, &f);
	offset = place->address - f.address;
	if (!settings.json) {
		printf("%-8s  %s:%s", kind, target.module, f.name);
		if (kind != function_kind)
			printf("+0x%" PRIx64, offset);
		printf("%s%s%s\n", twin_text(watch->names, t, function, offset, where),
		       outcome ? " " : "", outcome ? outcome : "");
		return;
	}
	line = json_document();
	json_add_string(line, "new", kind);
	json_add_string(line, "module", target.module);
	json_add_string(line, "function", f.name);
	json_add_address(line, "function_address", f.address);
	json_add_number(line, "function_offset", offset);
	if (outcome)
		json_add_bool(line, "taken", !strcmp(outcome, outcome_name(1)));
	json_print(line);
}

static void print_pair(struct watch *watch, const struct cov_record *record)
{
	const struct names *names = watch->names;
	const char *kind = record->from.kind == COV_END_ADDRESS ? "caller" : "path";
	char from[END_LEN], to[END_LEN];
	struct json_object *line;

	if (!next_line(watch))
		return;
	if (!settings.json) {
		printf("%-8s  %s -> %s\n", kind, end_text(names, &record->from, from),
		       end_text(names, &record->to, to));
		return;
	}
	line = json_document();
	json_add_string(line, "new", kind);
	json_add_record(line, names, record);
	json_print(line);
}

/* ---- calls that wait while another call has the kernel's lock ----------- */

/* The call was interrupted by a signal that does not end us, such as SIGCONT. */
static bool try_again(int ret)
{
	return ret == -EINTR && !signals_stopped_by();
}

/* Ctrl-C is the usual end of this command, and no error when it interrupts a call. */
static int failed(const struct cov *cov, int ret)
{
	return ret == -EINTR && signals_stopped_by() ? EXIT_OK : fail_cov(cov);
}

/* Mark what has woken us as known, then read everything. After an error @watch is as before. */
static int mark_and_read(struct cov *cov, struct watch *watch, struct cov_news_counts *news)
{
	struct cov_snapshot *now = NULL;
	int ret;

	do {
		ret = cov_news(cov, news);
	} while (try_again(ret));
	if (ret)
		return ret;
	do {
		ret = cov_snapshot_take(cov, NULL, &now);
	} while (try_again(ret));
	if (!ret)
		watch->now = now;
	return ret;
}

/* ---- what is new ------------------------------------------------------- */

/* The same target in an earlier snapshot, COV_NONE if it was not there. */
static unsigned int earlier(const struct cov_snapshot *before, uint32_t target)
{
	struct cov_target_desc desc = COV_INIT(desc);
	unsigned int t;

	for (t = 0; !cov_snapshot_target(before, t, &desc); t++)
		if (desc.target == target)
			return t;
	return COV_NONE;
}

/* A target's index @now, and what it @was in the snapshot before, COV_NONE if it was not there. */
struct compared {
	const struct cov_snapshot *before;
	unsigned int was, now;
	const struct cov_target_desc *desc;
};

/* new_places() tells those of manual checkpoints last. */
static void tell(struct watch *watch, const struct compared *target, const char *kind,
		 unsigned int function, uint64_t offset, const char *outcome)
{
	struct told place = { kind, outcome, offset };
	struct cov_function_desc f = COV_INIT(f);

	if (cov_snapshot_function(watch->now, target->now, function, &f))
		return;
	place.address += f.address;
	if (!is_checkpoint(target->desc))
		remember(watch, &place);
	else if (was_told(watch, &place))
		return;
	print_place(watch, &place, target->now, function);
}

static void new_functions(struct watch *watch, const struct compared *target)
{
	struct cov_function_desc f = COV_INIT(f), old = COV_INIT(old);
	unsigned int i;

	for (i = 0; !cov_snapshot_function(watch->now, target->now, i, &f); i++) {
		bool known = !cov_snapshot_function(target->before, target->was, i, &old) &&
			     old.entered == COV_YES;

		if (f.parent == COV_NONE && f.entered == COV_YES && !known)
			tell(watch, target, function_kind, i, 0, NULL);
	}
}

static void new_blocks(struct watch *watch, const struct compared *target)
{
	struct cov_block_desc block = COV_INIT(block), old = COV_INIT(old);
	unsigned int i;

	for (i = 0; !cov_snapshot_block(watch->now, target->now, i, &block); i++) {
		bool known = !cov_snapshot_block(target->before, target->was, i, &old) &&
			     old.covered == COV_YES;

		if (block.covered == COV_YES && !known)
			tell(watch, target, block_kind, block.function, block.offset, NULL);
	}
}

static void new_outcomes(struct watch *watch, const struct compared *target)
{
	struct cov_branch_desc branch = COV_INIT(branch), old = COV_INIT(old);
	unsigned int i;

	for (i = 0; !cov_snapshot_branch(watch->now, target->now, i, &branch); i++) {
		bool known = !cov_snapshot_branch(target->before, target->was, i, &old);

		if (branch.taken == COV_YES && !(known && old.taken == COV_YES))
			tell(watch, target, outcome_kind, branch.function, branch.offset,
			     outcome_name(1));
		if (branch.fallthrough == COV_YES && !(known && old.fallthrough == COV_YES))
			tell(watch, target, outcome_kind, branch.function, branch.offset,
			     outcome_name(0));
	}
}

static void new_places_of(struct watch *watch, const struct cov_snapshot *before, bool checkpoints)
{
	struct cov_target_desc desc = COV_INIT(desc);
	struct compared target = { .before = before, .desc = &desc };

	for (; !cov_snapshot_target(watch->now, target.now, &desc); target.now++) {
		if (is_checkpoint(&desc) != checkpoints)
			continue;
		target.was = earlier(before, desc.target);
		new_functions(watch, &target);
		new_blocks(watch, &target);
		new_outcomes(watch, &target);
	}
}

/* What is new both in an attached module and in a manual checkpoint's function is told once. */
static void new_places(struct watch *watch, const struct cov_snapshot *before)
{
	watch->nr_told = 0;
	new_places_of(watch, before, false);
	new_places_of(watch, before, true);
}

static int new_pairs(struct cov *cov, struct watch *watch, const struct cov_news_counts *news)
{
	struct cov_record record = COV_INIT(record);
	struct cov_records *records;
	size_t i;
	int ret;

	do {
		ret = cov_new_pairs(cov, watch->now, news, &records);
	} while (try_again(ret));
	if (ret)
		return failed(cov, ret);
	for (i = 0; !cov_records_get(records, i, &record); i++)
		print_pair(watch, &record);
	/* Warn once: a table that is full stays full. */
	if (!watch->warned)
		warn_of_lost_records(cov_records_lost(records));
	watch->warned |= cov_records_lost(records);
	cov_records_free(records);
	return EXIT_OK;
}

/* Once more: mark, read, print. */
static int look(struct cov *cov, struct watch *watch)
{
	struct cov_news_counts news = COV_INIT(news);
	struct cov_snapshot *before = watch->now;
	int status;
	int ret;

	ret = mark_and_read(cov, watch, &news);
	if (ret)
		return failed(cov, ret);
	watch->names = names_new(watch->now);
	new_places(watch, before);
	cov_snapshot_free(before);
	status = new_pairs(cov, watch, &news);
	names_free(watch->names);
	return status == EXIT_OK ? flush_stdout() : status;
}

/* ---- waiting ----------------------------------------------------------- */

static void set_deadline(struct watch *watch, uint64_t seconds)
{
	watch->limited = true;
	clock_gettime(CLOCK_MONOTONIC, &watch->deadline);
	watch->deadline.tv_sec += seconds;
}

/* How long to wait at most; 0 at the end. */
static int milliseconds_left(const struct watch *watch)
{
	struct timespec now;
	int64_t left;

	if (!watch->limited)
		return LOOK_AGAIN_MS;
	clock_gettime(CLOCK_MONOTONIC, &now);
	left = (watch->deadline.tv_sec - now.tv_sec) * 1000LL +
	       (watch->deadline.tv_nsec - now.tv_nsec) / 1000000;
	if (left < 0)
		return 0;
	return left < LOOK_AGAIN_MS ? left : LOOK_AGAIN_MS;
}

/* Return: an exit code. */
static int watch_new(struct cov *cov, struct watch *watch)
{
	struct pollfd polled = { .fd = cov_fd(cov), .events = POLLIN };
	struct cov_news_counts news = COV_INIT(news);
	int status = EXIT_OK;
	int wait = 1;
	int ret;

	ret = mark_and_read(cov, watch, &news);
	if (ret)
		status = failed(cov, ret);
	while (!ret && status == EXIT_OK && wait && !signals_stopped_by() && watch->left) {
		wait = milliseconds_left(watch);
		if (poll(&polled, 1, wait) < 0 && errno != EINTR)
			return fail("cannot wait for livecov: %s", strerror(errno));
		status = look(cov, watch);
	}
	if (status != EXIT_OK)
		return status;
	return watch->printed ? EXIT_OK : EXIT_BELOW;
}

/* ---- the command line -------------------------------------------------- */

enum { OPT_NEW = OPT_OWN, OPT_COUNT, OPT_TIMEOUT };

static const struct option longs[] = {
	{ "new", no_argument, NULL, OPT_NEW },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	LEVEL_OPTION,
	COMMON_OPTIONS
};

static int set_option(int c, void *data)
{
	struct watch *watch = data;
	uint64_t number;

	switch (c) {
	case OPT_NEW:
		return EXIT_OK;
	case OPT_COUNT:
		if (!parse_number(optarg, &watch->left) || !watch->left)
			return usage_error(&cmd_watch, "--count takes a number above 0, not '%s'",
					   optarg);
		return EXIT_OK;
	default:
		if (!parse_number(optarg, &number) || number > INT_MAX)
			return usage_error(&cmd_watch, "--timeout takes seconds, not '%s'", optarg);
		set_deadline(watch, number);
		return EXIT_OK;
	}
}

static int run_watch(int argc, char **argv)
{
	struct watch watch = { .left = UINT64_MAX };
	struct cov *cov;
	int status;

	if (!take_options(&cmd_watch, argc, argv, &watch, &status))
		return status;
	status = no_operands(&cmd_watch, argc, argv);
	if (status != EXIT_OK)
		return status;
	cov = open_cov();
	if (!cov)
		return EXIT_ERROR;
	signals_catch();
	/* Only a warning: what is attached later is watched as well. */
	warn_if_idle(cov, "new");
	status = watch_new(cov, &watch);
	cov_snapshot_free(watch.now);
	free(watch.told);
	cov_close(cov);
	return status;
}

const struct command cmd_watch = {
	.name = "watch",
	.purpose = "Print what is reached for the first time, as it is reached.",
	.usage = "[--new] [OPTION]...",
	.options =
	"      --new              functions, blocks, outcomes, callers and paths that\n"
	"                         are new, one line each (the default)\n"
	"      --count N          end after N lines\n"
	"      --timeout SECONDS  end after that time\n"
	LEVEL_HELP,
	.notes =
	"Runs until Ctrl-C, --count or --timeout. The exit status is 3 if nothing was\n"
	"new. With --json each line is a document. Callers and paths need\n"
	"`covstat attach MODULE --paths`.\n",
	.example = "covstat watch --new --timeout 60",
	.shorts = "h",
	.longs = longs,
	.set_option = set_option,
	.run = run_watch,
};
