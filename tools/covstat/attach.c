// SPDX-License-Identifier: GPL-2.0-only
/*
 * attach.c - covstat attach: measure a module until `covstat detach`.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "covstat.h"

/* ---- progress ---------------------------------------------------------- */

#define BAR_WIDTH 30

struct progress {
	const char *module;
	bool shown;	/* stderr is a terminal */
	bool drawn;
	struct timespec begin;
	/* Sites done when the first call had returned; the rest is slow. */
	unsigned int fast;
	double fast_seconds;
};

static double seconds_since(const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - begin->tv_sec) + (now.tv_nsec - begin->tv_nsec) / 1e9;
}

/* From the rate after the first call, because that call is all that the fast engines need. */
static double seconds_to_go(struct progress *progress, unsigned int done, unsigned int total)
{
	double elapsed = seconds_since(&progress->begin);

	if (!progress->fast) {
		progress->fast = done;
		progress->fast_seconds = elapsed;
	}
	if (done <= progress->fast)
		return 0;
	return (elapsed - progress->fast_seconds) / (done - progress->fast) * (total - done);
}

static void draw(struct progress *progress, unsigned int done, unsigned int total)
{
	int filled = total ? (int)((uint64_t)done * BAR_WIDTH / total) : BAR_WIDTH;
	double to_go = seconds_to_go(progress, done, total);
	char bar[BAR_WIDTH + 1];
	char rest[32] = "";
	char buffer[PERCENT_LEN];

	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', filled);
	bar[BAR_WIDTH] = '\0';
	if (to_go > 0)
		snprintf(rest, sizeof(rest), ", %.0f s to go", to_go);
	fprintf(stderr, "\rarming %s [%s] %u of %u sites (%s)%s\033[K", progress->module, bar,
		done, total, percent(buffer, done, total), rest);
	fflush(stderr);
	progress->drawn = true;
}

static int on_progress(unsigned int done, unsigned int total, void *data)
{
	struct progress *progress = data;

	if (progress->shown)
		draw(progress, done, total);
	return signals_stopped_by();
}

/* ---- the result -------------------------------------------------------- */

/* The description for errno 0 of struct cov_refusal_counts. */
#define SEVERAL_REASONS	"several other reasons"

/* Everything that is printed. */
struct answer {
	const char *module;
	unsigned int engine;	/* the one requested */
	bool paths;		/* they use no detours */
	unsigned int mode;
	struct cov_attach_result result;
	struct target_engines engines;
	bool refusals_known;	/* this livecov.ko reports them */
	struct cov_refusal_counts refusals;
	double seconds;
};

static void refusals_json(struct json_object *to, const struct answer *answer)
{
	const struct cov_refusal_counts *refusals = &answer->refusals;
	struct json_object *array;
	uint32_t i;

	if (!answer->refusals_known) {
		json_add_null(to, "refusals");
		return;
	}
	array = json_add_array(to, "refusals");
	for (i = 0; i < refusals->count; i++) {
		struct json_object *object = json_append_object(array);
		uint32_t error = refusals->errors[i];

		if (error) {
			json_add_number(object, "errno", error);
			json_add_string(object, "name", error_name(error));
			json_add_string(object, "reason", refusal_words(error));
		} else {
			json_add_null(object, "errno");
			json_add_null(object, "name");
			json_add_string(object, "reason", SEVERAL_REASONS);
		}
		json_add_number(object, "sites", refusals->sites[i]);
	}
}

static void print_json(const struct answer *answer)
{
	const struct cov_attach_result *result = &answer->result;
	struct json_object *document = json_document();

	json_add_string(document, "module", answer->module);
	json_add_number(document, "target", result->target);
	json_add_number(document, "functions", result->functions);
	json_add_number(document, "blocks", result->blocks);
	json_add_number(document, "branches", result->branches);
	json_add_number(document, "sites", result->sites);
	json_add_number(document, "armed", result->armed);
	json_add_number(document, "refused", result->refused);
	engines_json(document, &answer->engines);
	refusals_json(document, answer);
	json_add_number(document, "milliseconds", (uint64_t)(answer->seconds * 1e3));
	json_print(document);
}

static void print_refusals(const struct answer *answer)
{
	const struct cov_refusal_counts *refusals = &answer->refusals;
	char buffer[GROUPED_LEN];
	uint32_t i;

	printf(", %s refused", grouped(buffer, answer->result.refused));
	for (i = 0; i < refusals->count; i++) {
		uint32_t error = refusals->errors[i];

		printf("%s%u ", i ? "; " : " (", refusals->sites[i]);
		if (error)
			printf("%s: %s", error_name(error), refusal_words(error));
		else
			fputs("for " SEVERAL_REASONS, stdout);
	}
	puts(refusals->count ? ")" : "");
}

static void print_summary(const struct answer *answer)
{
	const struct cov_attach_result *result = &answer->result;
	char functions[GROUPED_LEN], blocks[GROUPED_LEN], branches[GROUPED_LEN];
	char sites[GROUPED_LEN];

	printf("%s: %s functions, %s blocks, %s branches; attached in %.1f s\n", answer->module,
	       grouped(functions, result->functions), grouped(blocks, result->blocks),
	       grouped(branches, result->branches), answer->seconds);
	/* One-shot sites that were hit are disarmed by now, but the engines still count them. */
	printf("%s: %s sites armed", answer->module,
	       grouped(sites, answer->engines.known ? engines_sites(&answer->engines) :
						      result->armed));
	if (answer->engines.known) {
		fputs(" (", stdout);
		engines_print(&answer->engines);
		putchar(')');
	}
	print_refusals(answer);
	/* Paths and traces use no detours. */
	if (!answer->paths && answer->mode != COV_MODE_TRACE)
		engines_print_no_detour(answer->module, answer->engine, &answer->engines);
}

static void report(struct cov *cov, struct answer *answer)
{
	engines_of(cov, answer->result.target, &answer->engines);
	answer->refusals_known = !cov_refusals(cov, answer->result.target, &answer->refusals);
	if (settings.json)
		print_json(answer);
	else
		print_summary(answer);
}

/* ---- attaching --------------------------------------------------------- */

/* The exit code after a signal; else @status. */
static int exit_code(int status)
{
	int signal = signals_stopped_by();

	return signal ? 128 + signal : status;
}

/*
 * Arming takes minutes with kprobes. A signal must end it cleanly: the kernel returns early,
 * the progress callback cancels, libcov detaches. Returns an exit code.
 */
static int arm_with_progress(struct cov *cov, struct cov_attach_options *options,
			     struct answer *answer)
{
	struct progress progress = { .module = answer->module };
	int ret;

	progress.shown = isatty(STDERR_FILENO);
	clock_gettime(CLOCK_MONOTONIC, &progress.begin);
	options->progress = on_progress;
	options->data = &progress;
	ret = cov_attach(cov, answer->module, options, &answer->result);
	answer->seconds = seconds_since(&progress.begin);
	if (progress.drawn)
		fputs("\r\033[K", stderr);
	if (!ret)
		return EXIT_OK;
	fail_cov(cov);
	return exit_code(EXIT_ERROR);
}

/*
 * From here on the target outlives this process; until then a kill undoes everything, and so
 * does closing @cov after an error. The call may have to wait for another one's end, and a
 * signal interrupts that. Returns an exit code.
 */
static int keep(struct cov *cov, uint32_t target)
{
	int ret;

	do {
		ret = signals_stopped_by() ? -EINTR : cov_keep(cov, target);
	} while (ret == -EINTR && !signals_stopped_by());
	if (!ret)
		return EXIT_OK;
	if (ret != -EINTR)
		return fail_cov(cov);
	fail("attaching was interrupted; nothing is left attached");
	return exit_code(EXIT_ERROR);
}

static int attach(struct cov *cov, const char *module, struct cov_attach_options options)
{
	struct answer answer = {
		.module = module,
		.engine = options.engine,
		.paths = options.flags & COV_ATTACH_PATHS,
		.mode = options.mode,
		.result = COV_INIT(answer.result),
		.refusals = COV_INIT(answer.refusals),
	};
	int status;

	signals_catch();
	status = arm_with_progress(cov, &options, &answer);
	if (status == EXIT_OK)
		status = keep(cov, answer.result.target);
	if (status == EXIT_OK)
		report(cov, &answer);
	return status;
}

/* ---- the command line -------------------------------------------------- */

enum {
	OPT_MODE = OPT_OWN, OPT_SCOPE, OPT_ENGINE, OPT_FUNCTIONS, OPT_FUNCTIONS_ONLY, OPT_LEVEL,
	OPT_PATHS, OPT_RETURNS,
};

static const struct option longs[] = {
	{ "mode", required_argument, NULL, OPT_MODE },
	{ "scope", required_argument, NULL, OPT_SCOPE },
	{ "engine", required_argument, NULL, OPT_ENGINE },
	{ "functions", required_argument, NULL, OPT_FUNCTIONS },
	{ "functions-only", no_argument, NULL, OPT_FUNCTIONS_ONLY },
	{ "level", required_argument, NULL, OPT_LEVEL },
	{ "paths", no_argument, NULL, OPT_PATHS },
	{ "returns", no_argument, NULL, OPT_RETURNS },
	COMMON_OPTIONS
};

/* What the options say. */
struct request {
	struct cov_attach_options options;
	struct string_list functions;
};

static int set_option(int c, void *data)
{
	struct request *request = data;
	struct cov_attach_options *options = &request->options;

	switch (c) {
	case OPT_MODE:
		return parse_choice(&cmd_attach, "mode", optarg, mode_choices, &options->mode);
	case OPT_SCOPE:
		return parse_choice(&cmd_attach, "scope", optarg, scope_choices,
				    &options->scope);
	case OPT_ENGINE:
		return parse_choice(&cmd_attach, "engine", optarg, engine_choices,
				    &options->engine);
	case OPT_FUNCTIONS:
		string_list_add(&request->functions, optarg);
		return EXIT_OK;
	case OPT_FUNCTIONS_ONLY:
		options->flags |= COV_ATTACH_FUNCTIONS_ONLY;
		return EXIT_OK;
	case OPT_PATHS:
		options->flags |= COV_ATTACH_PATHS;
		return EXIT_OK;
	case OPT_RETURNS:
		options->flags |= COV_ATTACH_RETURNS;
		return EXIT_OK;
	default:	/* OPT_LEVEL */
		return parse_level(&cmd_attach, optarg, &options->levels);
	}
}

static int run_attach(int argc, char **argv)
{
	struct request request = { .options = COV_INIT(request.options) };
	struct cov *cov;
	int status;

	if (!take_options(&cmd_attach, argc, argv, &request, &status))
		goto out;
	if (argc - optind != 1) {
		status = usage_error(&cmd_attach, "give the name of one module");
		goto out;
	}
	request.options.functions = request.functions.items;
	status = EXIT_ERROR;
	cov = open_cov();
	if (cov)
		status = attach(cov, argv[optind], request.options);
	cov_close(cov);
out:
	free(request.functions.items);
	return status;
}

const struct command cmd_attach = {
	.name = "attach",
	.purpose = "Measure a loaded module until it is detached.",
	.usage = "MODULE [OPTION]...",
	.options =
	"      --mode MODE        edges: both outcomes of each conditional jump, and\n"
	"                         with them every block; count: the same, and how often;\n"
	"                         blocks: only the blocks, each until it was seen;\n"
	"                         trace: as count, and in order, for `covstat trace`\n"
	"                         (default: edges)\n"
	"      --scope SCOPE      all: everything that runs in the module; tracked: only\n"
	"                         the tasks under `covstat run` or cov_register(), each\n"
	"                         sample separately (default: all)\n"
	"      --engine ENGINE    what arms a site (default: auto, for each site the\n"
	"                         first of these that can: detour, breakpoint, entry,\n"
	"                         kprobe).\n"
	"                         detour: a jump to a stub, as cheap as compiled-in\n"
	"                         coverage, with ftrace for entries that have no room\n"
	"                         for one; breakpoint: a trap; kprobe: works on any\n"
	"                         kernel, takes 10 to 50 ms per site to attach, and\n"
	"                         counts in mode edges too; entry: function entries only\n"
	"      --functions GLOB   only functions whose names match, with their cold\n"
	"                         parts; repeatable\n"
	"      --functions-only   function entries only, no blocks or branches\n"
	"      --returns          in mode trace: record returns too; attaching takes\n"
	"                         about 20 ms more per function\n"
	"      --level N          give the checkpoints level N, 1 to 64; repeatable\n"
	"                         (default: 1)\n"
	"      --paths            record callers and paths, and count hits; each jump is\n"
	"                         a trap. For the commands callers, map and watch\n",
	.notes =
	"MODULE may be vmlinux: then functions of the core kernel are selected with\n"
	"--functions. If attach is interrupted (Ctrl-C, exit status 130) or killed while\n"
	"it works, nothing stays attached.\n",
	.example = "covstat attach vivid --functions 'vivid_vid_*'",
	.shorts = "h",
	.longs = longs,
	.set_option = set_option,
	.run = run_attach,
};
