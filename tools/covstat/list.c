// SPDX-License-Identifier: GPL-2.0-only
/*
 * list.c - covstat list: functions with their blocks and branch outcomes. The
 * totals are always the whole target's, whatever the filters show of it.
 */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "covstat.h"

bool list_shows(const struct list_filter *filter, const struct cov_function_desc *f)
{
	size_t i;

	if ((filter->hit && f->entered != COV_YES) || (filter->unhit && f->entered == COV_YES))
		return false;
	for (i = 0; i < filter->globs.count; i++)
		if (!fnmatch(filter->globs.items[i], f->name, 0))
			return true;
	return !filter->globs.count;
}

/* ---- the table --------------------------------------------------------- */

/**
 * struct list_view - the target that is shown, and how
 * @snapshot: what it is in
 * @t: its index
 * @target: what it is
 * @filter: which of its functions are shown
 * @names: what they are called
 * @lines: NULL where there is no debug information, and no column for it
 */
struct list_view {
	const struct cov_snapshot *snapshot;
	unsigned int t;
	struct cov_target_desc target;
	const struct list_filter *filter;
	struct names *names;
	struct cov_lines *lines;
};

/* Of one function. */
struct counts {
	uint64_t blocks, blocks_hit;
	uint64_t outcomes, outcomes_hit;
};

static struct counts count(const struct list_view *view, const struct cov_function_desc *f)
{
	struct counts n = { .blocks = f->blocks, .outcomes = 2 * (uint64_t)f->branches };
	struct cov_branch_desc branch = COV_INIT(branch);
	struct cov_block_desc block = COV_INIT(block);
	uint32_t i;

	for (i = 0; i < f->blocks; i++)
		if (!cov_snapshot_block(view->snapshot, view->t, f->first_block + i, &block))
			n.blocks_hit += block.covered == COV_YES;
	for (i = 0; i < f->branches; i++)
		if (!cov_snapshot_branch(view->snapshot, view->t, f->first_branch + i, &branch))
			n.outcomes_hit += (branch.taken == COV_YES) +
					  (branch.fallthrough == COV_YES);
	return n;
}

static void add_of(struct table *table, uint64_t n, uint64_t of)
{
	if (of)
		table_cell(table, COLOR_NONE, "%" PRIu64 " of %" PRIu64, n, of);
	else
		table_cell(table, COLOR_DIM, "-");
}

/* Where hits are not counted, any number above 0 only means that there was one. */
static void add_hits(struct table *table, const struct cov_target_desc *target,
		     const struct cov_function_desc *f)
{
	if (f->parent != COV_NONE)
		table_cell(table, COLOR_DIM, "cold");
	else if (f->state == COV_SITE_REFUSED)
		table_cell(table, COLOR_MIDDLING, "refused");
	else if (f->hits && !target->counted)
		table_cell(table, COLOR_NONE, "seen");
	else
		table_cell(table, COLOR_NONE, "%" PRIu64, f->hits);
}

/* @i: @f's index */
static void add_row(struct table *table, const struct list_view *view, unsigned int i,
		    const struct cov_function_desc *f)
{
	char buffer[PERCENT_LEN], name[PLACE_LEN];
	struct counts n = count(view, f);
	char *text;

	table_cell(table, f->entered == COV_NO ? COLOR_BAD : COLOR_NONE, "%s",
		   place_in_target(view->names, view->t, i, 0, name));
	add_hits(table, &view->target, f);
	add_of(table, n.blocks_hit, n.blocks);
	add_of(table, n.outcomes_hit, n.outcomes);
	table_cell(table, color_of(n.outcomes_hit, n.outcomes), "%s",
		   percent(buffer, n.outcomes_hit, n.outcomes));
	if (view->lines) {
		text = unhit_lines(view->snapshot, view->t, f, i, view->lines);
		table_cell(table, COLOR_NONE, "%s", text);
		free(text);
	}
	text = unhit_offsets(view->snapshot, view->t, f);
	table_cell(table, COLOR_NONE, "%s", text);
	free(text);
}

static void print_part(const char *what, uint64_t n, uint64_t of, uint64_t unknown)
{
	char buffer[PERCENT_LEN];

	printf("  %-16s %" PRIu64 " of %" PRIu64 "  %s%s%s", what, n, of, color_on(color_of(n, of)),
	       percent(buffer, n, of), color_off(color_of(n, of)));
	if (unknown)
		printf("  (%" PRIu64 " cannot be known)", unknown);
	putchar('\n');
}

/* Whatever may make the numbers too low is printed with them. */
static void print_doubts(const struct cov_totals *n)
{
	if (n->refused)
		printf("  %" PRIu64 " of %" PRIu64 " sites were refused by the kernel; they stay in the totals\n",
		       n->refused, n->sites);
	if (n->pending)
		printf("  %" PRIu64 " of %" PRIu64 " sites are not armed yet\n", n->pending, n->sites);
	if (n->missed)
		printf("  %" PRIu64 " hits were missed by the kernel's kprobes: numbers may be too low\n",
		       n->missed);
	if (n->lost)
		printf("  %" PRIu64 " tasks or caller records were lost: see `covstat status`\n", n->lost);
}

static void print_totals(const struct list_view *view, unsigned int shown)
{
	unsigned int functions = view->target.functions;
	struct cov_totals n = COV_INIT(n);

	cov_snapshot_totals(view->snapshot, view->t, &n);
	printf("%s, total", view->target.module);
	if (view->filter->sample)
		printf(" of sample %" PRIu64, view->filter->sample);
	if (shown != functions)
		printf(" (%u of %u functions and cold parts shown)", shown, functions);
	putchar('\n');
	print_part("functions", n.functions_hit, n.functions, n.functions_unknown);
	print_part("blocks", n.blocks_hit, n.blocks, n.blocks_unknown);
	print_part("branch outcomes", n.outcomes_hit, n.outcomes, n.outcomes_unknown);
	print_doubts(&n);
}

static void print_state(const struct cov_target_desc *target)
{
	char name[PLACE_LEN];

	snprintf(name, sizeof(name), "%s", target->checkpoint);
	if (name[0])
		printf("checkpoint %s at +0x%" PRIx64 "\n", make_printable(name),
		       target->checkpoint_offset);
	if (target->state == COV_TARGET_GONE)
		printf("%s has been unloaded: these are its results up to then\n", target->module);
	else if (target->state == COV_TARGET_STALE)
		printf("%s was reloaded from another build: these are the old build's results; run `covstat detach %s`\n",
		       target->module, target->module);
}

/* Printed instead of a table without rows. */
static void print_none(const char *module, const struct list_filter *filter)
{
	printf("no function of %s matches%s%s%s; `covstat list %s` lists them all\n", module,
	       filter->globs.count ? " --functions" : "", filter->hit ? " --hit" : "",
	       filter->unhit ? " --unhit" : "", module);
}

/* Returns how many functions are shown. */
static unsigned int print_functions(const struct list_view *view)
{
	struct cov_function_desc f = COV_INIT(f);
	struct table *table = table_new();
	unsigned int shown = 0;
	unsigned int i;

	table_column(table, "FUNCTION", 0);
	table_column(table, "HITS", COLUMN_RIGHT);
	table_column(table, "BLOCKS", COLUMN_RIGHT);
	table_column(table, "OUTCOMES", COLUMN_RIGHT);
	table_column(table, "", COLUMN_RIGHT);
	if (view->lines)
		table_column(table, "UNHIT LINES", 0);
	table_column(table, "UNHIT", COLUMN_LAST);
	for (i = 0; !cov_snapshot_function(view->snapshot, view->t, i, &f); i++) {
		if (!list_shows(view->filter, &f))
			continue;
		add_row(table, view, i, &f);
		shown++;
	}
	if (shown) {
		table_print(table);
	} else {
		table_free(table);
		print_none(view->target.module, view->filter);
	}
	return shown;
}

static void print_target(struct cov *cov, struct list_view *view)
{
	unsigned int shown;

	view->lines = open_lines(cov, view->snapshot, view->t);
	print_state(&view->target);
	shown = print_functions(view);
	cov_lines_close(view->lines);
	print_totals(view, shown);
}

static int list_human(struct cov *cov, const struct cov_snapshot *snapshot,
		      const struct list_filter *filter)
{
	struct list_view view = {
		.snapshot = snapshot,
		.target = COV_INIT(view.target),
		.filter = filter,
		.names = names_new(snapshot),
	};

	for (; !cov_snapshot_target(snapshot, view.t, &view.target); view.t++) {
		if (view.t)
			putchar('\n');
		print_target(cov, &view);
	}
	names_free(view.names);
	return EXIT_OK;
}

/* ---- the threshold ----------------------------------------------------- */

#define MILLI		1000	/* of a percent */
#define ALL_MILLI	(100 * MILLI)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* In thousandths of a percent, rounded up: rounding must not let a build pass. */
static bool parse_threshold(const char *text, uint64_t *milli)
{
	uint64_t unit = MILLI;
	bool more = false;

	if (!is_digit(*text))
		return false;
	for (*milli = 0; is_digit(*text) && *milli <= ALL_MILLI; text++)
		*milli = *milli * 10 + (*text - '0') * MILLI;
	if (*text == '.')
		for (text++; is_digit(*text); text++) {
			unit /= 10;
			*milli += (*text - '0') * unit;
			more |= !unit && *text != '0';
		}
	*milli += more;
	return !*text && *milli <= ALL_MILLI;
}

static int check_threshold(const struct cov_snapshot *snapshot, uint64_t milli)
{
	struct cov_totals n = COV_INIT(n);
	char buffer[PERCENT_LEN];

	cov_snapshot_totals(snapshot, COV_NONE, &n);
	if (n.outcomes && n.outcomes_hit * ALL_MILLI >= milli * n.outcomes)
		return EXIT_OK;
	fail("branch outcomes: %" PRIu64 " of %" PRIu64 " (%s) is below %" PRIu64 ".%03" PRIu64 "%%",
	     n.outcomes_hit, n.outcomes, percent(buffer, n.outcomes_hit, n.outcomes),
	     milli / MILLI, milli % MILLI);
	return EXIT_BELOW;
}

/* ---- the command line -------------------------------------------------- */

enum { OPT_HIT = OPT_OWN, OPT_UNHIT, OPT_FUNCTIONS, OPT_FAIL_UNDER, OPT_SAMPLE };

static const struct option longs[] = {
	{ "hit", no_argument, NULL, OPT_HIT },
	{ "unhit", no_argument, NULL, OPT_UNHIT },
	{ "functions", required_argument, NULL, OPT_FUNCTIONS },
	{ "fail-under", required_argument, NULL, OPT_FAIL_UNDER },
	{ "sample", required_argument, NULL, OPT_SAMPLE },
	LEVEL_OPTION,
	COMMON_OPTIONS
};

/* A module that is named is in the snapshot even if it has none of the levels of --level. */
static int check_levels(const struct cov_snapshot *snapshot)
{
	struct cov_target_desc target = COV_INIT(target);
	char has[LEVELS_LEN], wanted[LEVELS_LEN];

	cov_snapshot_target(snapshot, 0, &target);
	if (!settings.levels || target.levels & settings.levels)
		return EXIT_OK;
	return fail("%s has level %s and not %s; leave out --level, or attach it anew with `covstat attach %s --level N`",
		    target.module, levels_text(has, target.levels),
		    levels_text(wanted, settings.levels), target.module);
}

static int show(const struct cov_snapshot *snapshot, struct cov *cov,
		const struct list_filter *filter, uint64_t threshold)
{
	int status = settings.json ? list_json(snapshot, filter) :
				     list_human(cov, snapshot, filter);
	char empty[EMPTY_LEN];

	if (!cov_snapshot_targets(snapshot))
		status = fail("%s", empty_text(snapshot, empty));
	return threshold ? check_threshold(snapshot, threshold) : status;
}

static int list(const char *module, const struct list_filter *filter, uint64_t threshold)
{
	struct cov_snapshot *snapshot;
	struct cov *cov;
	int status;

	cov = open_cov();
	if (!cov)
		return EXIT_ERROR;
	if ((filter->sample && cov_view(cov, filter->sample)) ||
	    cov_snapshot_take(cov, module, &snapshot)) {
		status = fail_cov(cov);
		goto out;
	}
	status = module ? check_levels(snapshot) : EXIT_OK;
	if (status == EXIT_OK)
		status = show(snapshot, cov, filter, threshold);
	cov_snapshot_free(snapshot);
out:
	cov_close(cov);
	return status;
}

/* What the options say. */
struct request {
	struct list_filter filter;
	uint64_t threshold;
};

static int set_option(int c, void *data)
{
	struct request *request = data;

	switch (c) {
	case OPT_HIT:
		request->filter.hit = true;
		return EXIT_OK;
	case OPT_UNHIT:
		request->filter.unhit = true;
		return EXIT_OK;
	case OPT_FUNCTIONS:
		string_list_add(&request->filter.globs, optarg);
		return EXIT_OK;
	case OPT_SAMPLE:
		return parse_sample(&cmd_list, optarg, &request->filter.sample);
	default:
		if (parse_threshold(optarg, &request->threshold))
			return EXIT_OK;
		return usage_error(&cmd_list, "--fail-under takes a percentage from 0 to 100, not '%s'",
				   optarg);
	}
}

static int run_list(int argc, char **argv)
{
	struct request request = { 0 };
	struct list_filter *filter = &request.filter;
	int status;

	if (!take_options(&cmd_list, argc, argv, &request, &status))
		goto out;
	if (filter->hit && filter->unhit)
		status = usage_error(&cmd_list, "--hit and --unhit cannot be combined");
	else if (argc - optind > 1)
		status = usage_error(&cmd_list, "give the name of one module, or none");
	else
		status = list(optind < argc ? argv[optind] : NULL, filter, request.threshold);
out:
	free(filter->globs.items);
	return status;
}

const struct command cmd_list = {
	.name = "list",
	.purpose = "Print functions, blocks and branch outcomes, hit and unhit.",
	.usage = "[MODULE] [OPTION]...",
	.options =
	"      --hit              only functions that were entered\n"
	"      --unhit            only functions that are not known to have been entered\n"
	"      --functions GLOB   only functions whose names match; repeatable\n"
	"      --fail-under PERCENT\n"
	"                         exit with status 3 if fewer branch outcomes were seen\n"
	"      --sample ID        only what that sample has covered, with scope tracked\n"
	LEVEL_HELP,
	.notes =
	"HITS is how often a function was entered, or 'seen' where that is not counted:\n"
	"attach with --mode count, --paths or --engine kprobe for counts. UNHIT has offsets\n"
	"from the function's first byte, and '?' if nothing is known about some of its code.\n"
	"UNHIT LINES, where there is debug information, are lines with code that did not\n"
	"run. The totals are the whole module's, whatever is shown.\n",
	.example = "covstat list vivid --unhit",
	.shorts = "h",
	.longs = longs,
	.set_option = set_option,
	.run = run_list,
};
