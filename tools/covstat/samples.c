// SPDX-License-Identifier: GPL-2.0-only
/*
 * samples.c - covstat samples: the list of samples and what each has covered; its other
 * queries are in samples_*.c. Also what commands with --sample share.
 */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#include "covstat.h"

#define GROUP	256

int parse_sample(const struct command *command, const char *given, uint64_t *sample)
{
	if (parse_number(given, sample) && *sample)
		return EXIT_OK;
	return usage_error(command, "a sample is a number above 0, not '%s'", given);
}

void json_add_sample(struct json_object *to, uint64_t sample)
{
	if (sample)
		json_add_number(to, "sample", sample);
	else
		json_add_null(to, "sample");
}

/* ---- the list ------------------------------------------------------------ */

static void json_add_counts(struct json_object *to, const char *key,
			    const struct cov_place_counts *n)
{
	struct json_object *object = json_add_object(to, key);

	json_add_number(object, "functions", n->functions);
	json_add_number(object, "blocks", n->blocks);
	json_add_number(object, "outcomes", n->outcomes);
	json_add_number(object, "unknown", n->unknown);
}

static void table_json(const struct cov_sample_table *samples)
{
	struct cov_sample_desc sample = COV_INIT(sample);
	struct json_object *document = json_document();
	struct json_object *array = json_add_array(document, "samples");
	struct json_object *object;
	unsigned int i;

	for (i = 0; !cov_sample_table_get(samples, i, &sample); i++) {
		object = json_append_object(array);
		json_add_number(object, "sample", sample.id);
		json_add_counts(object, "covered", &sample.covered);
		json_add_counts(object, "first", &sample.first);
		json_add_counts(object, "alone", &sample.alone);
		if (sample.paths_recorded)
			json_add_number(object, "first_paths", sample.first_paths);
		else
			json_add_null(object, "first_paths");
		json_add_bool(object, "effective", sample.effective);
	}
	json_print(document);
}

static void add_counts(struct table *table, const struct cov_place_counts *n)
{
	table_cell(table, COLOR_NONE, "%" PRIu64 "/%" PRIu64 "/%" PRIu64, n->functions, n->blocks,
		   n->outcomes);
}

static bool paths_are_recorded(const struct cov_sample_table *samples)
{
	struct cov_sample_desc sample = COV_INIT(sample);

	return !cov_sample_table_get(samples, 0, &sample) && sample.paths_recorded;
}

static void table_human(const struct cov_sample_table *samples)
{
	struct cov_sample_desc sample = COV_INIT(sample);
	bool paths = paths_are_recorded(samples);
	struct table *table = table_new();
	unsigned int i;

	table_column(table, "SAMPLE", COLUMN_RIGHT);
	table_column(table, "COVERED", COLUMN_RIGHT);
	table_column(table, "FIRST", COLUMN_RIGHT);
	table_column(table, "ALONE", COLUMN_RIGHT);
	table_column(table, "EFFECTIVE", 0);
	if (paths)
		table_column(table, "PATHS", COLUMN_RIGHT);
	for (i = 0; !cov_sample_table_get(samples, i, &sample); i++) {
		table_cell(table, COLOR_NONE, "%" PRIu64, sample.id);
		add_counts(table, &sample.covered);
		add_counts(table, &sample.first);
		add_counts(table, &sample.alone);
		table_cell(table, sample.effective ? COLOR_GOOD : COLOR_DIM,
			   sample.effective ? "yes" : "no");
		if (paths)
			table_cell(table, COLOR_NONE, "%" PRIu64, sample.first_paths);
	}
	table_print(table);
}

static int no_samples(void)
{
	puts("there are no samples; run `covstat run --sample ID -- COMMAND`");
	return EXIT_OK;
}

static int list(const struct cov_sample_table *samples)
{
	if (settings.json)
		table_json(samples);
	else if (!cov_sample_table_count(samples))
		return no_samples();
	else
		table_human(samples);
	return EXIT_OK;
}

/* ---- only their ids, where no target distinguishes samples ------------------ */

static void show_id(uint64_t id, struct json_object *array, struct table *table)
{
	if (array)
		json_add_number(json_append_object(array), "sample", id);
	else
		table_cell(table, COLOR_NONE, "%" PRIu64, id);
}

/* Returns how many, or -1 on an error. */
static int64_t show_ids(struct cov *cov, struct json_object *array, struct table *table)
{
	uint64_t ids[GROUP];
	uint32_t shown = 0;
	uint32_t count, i;

	do {
		count = GROUP;
		if (cov_samples(cov, shown, ids, &count))
			return -1;
		for (i = 0; i < count; i++)
			show_id(ids[i], array, table);
		shown += count;
	} while (count);
	return shown;
}

static int ids_json(struct cov *cov)
{
	struct json_object *document = json_document();
	int64_t shown = show_ids(cov, json_add_array(document, "samples"), NULL);

	if (shown >= 0)
		return json_print(document);
	json_object_put(document);
	return fail_cov(cov);
}

static int ids_human(struct cov *cov)
{
	struct table *table = table_new();
	int64_t shown;

	table_column(table, "SAMPLE", COLUMN_RIGHT);
	shown = show_ids(cov, NULL, table);
	if (shown > 0) {
		table_print(table);
		return EXIT_OK;
	}
	table_free(table);
	return shown < 0 ? fail_cov(cov) : no_samples();
}

/* ---- the command line -------------------------------------------------------- */

enum { OPT_ALONE = OPT_OWN, OPT_FIRST, OPT_COMPARE, OPT_REACHING, OPT_OUTCOME, OPT_SMALLEST };

static const struct option longs[] = {
	{ "alone", required_argument, NULL, OPT_ALONE },
	{ "first", required_argument, NULL, OPT_FIRST },
	{ "compare", required_argument, NULL, OPT_COMPARE },
	{ "reaching", required_argument, NULL, OPT_REACHING },
	{ "outcome", required_argument, NULL, OPT_OUTCOME },
	{ "smallest", no_argument, NULL, OPT_SMALLEST },
	LEVEL_OPTION,
	COMMON_OPTIONS
};

/**
 * struct request - the query
 * @question: OPT_*, 0 for the list
 * @places: for OPT_ALONE, OPT_FIRST and OPT_COMPARE
 * @place: for OPT_REACHING
 * @outcome: of it, or NULL
 */
struct request {
	int question;
	struct places_request places;
	struct place_name place;
	const char *outcome;
};

static int set_question(int c, struct request *request)
{
	if (request->question)
		return usage_error(&cmd_samples, "give only one of --alone, --first, --compare, --reaching and --smallest");
	request->question = c;
	switch (c) {
	case OPT_ALONE:
		request->places.which = COV_SAMPLE_ALONE;
		return parse_sample(&cmd_samples, optarg, &request->places.sample);
	case OPT_FIRST:
		request->places.which = COV_SAMPLE_FIRST;
		return parse_sample(&cmd_samples, optarg, &request->places.sample);
	case OPT_COMPARE:
		return parse_sample(&cmd_samples, optarg, &request->places.sample);
	case OPT_REACHING:
		if (!parse_place(optarg, &request->place))
			return usage_error(&cmd_samples, "'%s' is not [MODULE:]FUNCTION[+OFFSET]",
					   optarg);
	}
	return EXIT_OK;
}

/* Also as JSON and Python have it, and as earlier versions printed it. */
static const struct choice outcome_choices[] = {
	{ "taken", 1 },
	{ "fall-through", 0 },
	{ "fallthrough", 0 },
	{ "not taken", 0 },
	{ "not-taken", 0 },
	{ NULL, 0 }
};

static int set_option(int c, void *data)
{
	struct request *request = data;
	unsigned int taken;

	if (c != OPT_OUTCOME)
		return set_question(c, request);
	if (parse_choice(&cmd_samples, "outcome", optarg, outcome_choices, &taken) != EXIT_OK)
		return EXIT_USAGE;
	request->outcome = outcome_name(taken);
	return EXIT_OK;
}

/* --compare is followed by a second sample. */
static int check(struct request *request, int argc, char **argv)
{
	if (request->outcome && !request->place.has_offset)
		return usage_error(&cmd_samples,
				   "--outcome needs --reaching FUNCTION+OFFSET, a jump's offset");
	if (request->question != OPT_COMPARE)
		return no_operands(&cmd_samples, argc, argv);
	if (argc - optind != 1)
		return usage_error(&cmd_samples, "--compare takes two samples");
	return parse_sample(&cmd_samples, argv[optind], &request->places.without);
}

static int answer(const struct cov_sample_table *samples, const struct request *request)
{
	switch (request->question) {
	case OPT_ALONE:
	case OPT_FIRST:
	case OPT_COMPARE:
		return samples_places(samples, &request->places);
	case OPT_REACHING:
		return samples_reaching(samples, &request->place, request->outcome);
	case OPT_SMALLEST:
		if (!settings.json && !cov_sample_table_count(samples))
			return no_samples();
		return samples_smallest(samples);
	default:
		return list(samples);
	}
}

/* Where records were lost, the sample that took a path first may not be known. */
static void warn_of_lost_paths(struct cov *cov, const struct cov_sample_table *samples)
{
	struct cov_summary summary = COV_INIT(summary);

	if (paths_are_recorded(samples) && !cov_status(cov, &summary))
		warn_of_lost_records(summary.callers_lost);
}

static int ask(struct cov *cov, const struct request *request)
{
	struct cov_sample_table *samples;
	int status, ret;

	ret = cov_sample_table_take(cov, NULL, &samples);
	/* Not with --level, because mere ids cannot be selected by level. */
	if (!request->question && !settings.levels && (ret == -ENOENT || ret == -EOPNOTSUPP))
		return settings.json ? ids_json(cov) : ids_human(cov);
	if (ret)
		return fail_cov(cov);
	status = answer(samples, request);
	warn_of_lost_paths(cov, samples);
	cov_sample_table_free(samples);
	return status;
}

static int run_samples(int argc, char **argv)
{
	struct request request = { 0 };
	struct cov *cov;
	int status;

	if (!take_options(&cmd_samples, argc, argv, &request, &status))
		return status;
	status = check(&request, argc, argv);
	if (status != EXIT_OK)
		return status;
	cov = open_cov();
	if (!cov)
		return EXIT_ERROR;
	status = ask(cov, &request);
	cov_close(cov);
	return status;
}

const struct command cmd_samples = {
	.name = "samples",
	.purpose = "Print what each sample (test case) has covered, or compare them.",
	.usage = "[--alone ID | --first ID | --compare A B | --reaching PLACE | --smallest]"
		 " [OPTION]...",
	.options =
	"      --alone ID         what that sample has covered and no other has;\n"
	"                         covstat samples --alone 7\n"
	"      --first ID         what that sample was the first to cover;\n"
	"                         covstat samples --first 7\n"
	"      --compare A B      what sample A has covered and sample B has not;\n"
	"                         covstat samples --compare 7 8\n"
	"      --reaching [MODULE:]FUNCTION[+OFFSET]\n"
	"                         which samples reach a function, or the block that\n"
	"                         contains an offset;\n"
	"                         covstat samples --reaching vivid_fop_release\n"
	"      --outcome OUTCOME  with --reaching for a conditional jump, at exactly its\n"
	"                         offset: which samples saw it taken or fall-through\n"
	"                         (also given as fallthrough or not-taken);\n"
	"                         covstat samples --reaching foo+0x6e --outcome taken\n"
	"      --smallest         a small set of samples that covers what all cover;\n"
	"                         covstat samples --smallest\n"
	LEVEL_HELP,
	.notes =
	"Samples come in the order in which they were registered, by `covstat run\n"
	"--sample` or cov_register(). Without scope tracked only their ids are known.\n"
	"COVERED, FIRST and ALONE are functions/blocks/branch outcomes, as far as they\n"
	"are certain; a sample is EFFECTIVE if it was the first to cover something or,\n"
	"in targets attached with --paths, to take a path: PATHS is how many it took\n"
	"first. CODE and OUTCOMES have offsets from the function's first byte.\n"
	"Of the samples that have covered a place, the one registered first counts as\n"
	"first; if they ran concurrently, another one may actually have got there first,\n"
	"and what a sample covers when it runs again counts as covered in its first run.\n"
	"The actual first one is known, and then counts, with --paths, and for functions\n"
	"and branches armed by engine kprobe. Manual checkpoints are left out here:\n"
	"`covstat list --sample ID` has theirs.\n"
	"--reaching also lists the samples for which the answer is unknown.\n"
	TWIN_HELP
	"--smallest takes the samples that cover what no other does, then always the one\n"
	"that adds most. None of them can be left out; if it is certain that no smaller\n"
	"set exists, the output says so.\n",
	.example = "covstat samples --compare 7 8",
	.shorts = "h",
	.longs = longs,
	.set_option = set_option,
	.run = run_samples,
};
