// SPDX-License-Identifier: GPL-2.0-only
/*
 * map.c - covstat map: a picture of what ran, and of what did not.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "map.h"

extern char **environ;

/* ---- Graphviz ---------------------------------------------------------- */

/* Start dot with a pipe from its output; its pid, or -1 with errno. */
static pid_t start_dot(FILE *in, int *out)
{
	char *const argv[] = { "dot", "-Tsvg", NULL };
	posix_spawn_file_actions_t actions;
	int ends[2], error;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fileno(in), STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	error = posix_spawnp(&pid, "dot", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	*out = ends[0];
	if (!error)
		return pid;
	close(ends[0]);
	errno = error;
	return -1;
}

/* Copy everything from a pipe and close it; false after a message. */
static bool read_all(int fd, FILE *to)
{
	char buffer[4096];
	ssize_t got;

	while ((got = read(fd, buffer, sizeof(buffer))) && (got > 0 || errno == EINTR))
		if (got > 0)
			fwrite(buffer, 1, got, to);
	if (got < 0)
		fail("cannot read what dot has drawn: %s", strerror(errno));
	close(fd);
	return !got;
}

static int end_dot(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("cannot wait for dot: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return fail("dot could not draw it; see its own message above");
	return EXIT_OK;
}

/* Have dot draw what is in a file. */
static int draw(FILE *in, FILE *svg)
{
	pid_t pid;
	bool all;
	int out;

	pid = start_dot(in, &out);
	if (pid < 0 && errno == ENOENT)
		return fail("the program `dot` is not installed; install Graphviz (sudo apt install graphviz), or use --format dot");
	if (pid < 0)
		return fail("cannot start dot: %s", strerror(errno));
	all = read_all(out, svg);
	return end_dot(pid) == EXIT_OK && all ? EXIT_OK : EXIT_ERROR;
}

/* dot does not notice a full disk, so its output is written here. */
static int write_file(const char *file, const char *text, size_t length)
{
	FILE *out;
	bool all;

	if (!strcmp(file, "-")) {
		fwrite(text, 1, length, stdout);
		return flush_stdout();
	}
	out = fopen(file, "we");
	if (!out)
		return fail("cannot write %s: %s", file, strerror(errno));
	all = fwrite(text, 1, length, out) == length;
	/* errno is that of fclose(), or else of fwrite(). */
	if (fclose(out) || !all)
		return fail("cannot write %s: %s", file, strerror(errno));
	return EXIT_OK;
}

static int write_svg(const struct map *map, const char *file)
{
	char *text = NULL;
	size_t length = 0;
	FILE *svg = open_memstream(&text, &length);
	FILE *in = tmpfile();
	int status = EXIT_ERROR;

	if (!svg || !in) {
		fail("no room for a picture: %s", strerror(errno));
	} else {
		map_print_dot(map, in);
		status = fflush(in) || ferror(in) || fseek(in, 0, SEEK_SET) ?
			 fail("no room for a picture: %s", strerror(errno)) : draw(in, svg);
	}
	if (in)
		fclose(in);
	if (svg && fclose(svg))
		status = fail("no memory for a picture");
	if (status == EXIT_OK)
		status = write_file(file, text, length);
	free(text);
	return status;
}

/* ---- the command line -------------------------------------------------- */

enum { FORMAT_TEXT, FORMAT_JSON, FORMAT_DOT };

static const struct choice format_choices[] = {
	{ "text", FORMAT_TEXT },
	{ "json", FORMAT_JSON },
	{ "dot", FORMAT_DOT },
	{ NULL, 0 }
};

/* What the options say. */
struct options {
	struct map_request request;
	unsigned int format;
	bool has_format;
	const char *svg;
};

static void set_title(struct map *map, const struct map_request *request)
{
	const struct place_name *f = &request->function;
	char function[PLACE_LEN];
	int length = snprintf(map->title, sizeof(map->title), "%s%s%s",
			      request->frontier ? "the frontier" :
			      f->function[0] ? "" :
			      request->paths ? "paths" : "functions and their callers",
			      request->frontier && f->function[0] ? " of " : "",
			      place_name_text(f, function));

	if (request->sample && (size_t)length < sizeof(map->title))
		snprintf(map->title + length, sizeof(map->title) - length,
			 ", sample %" PRIu64, request->sample);
}

static int build(struct map *map, struct cov *cov, const struct cov_snapshot *snapshot,
		 const struct map_request *request)
{
	set_title(map, request);
	if (request->frontier)
		return map_frontier(map, cov, snapshot, &request->function);
	if (request->function.function[0])
		return map_function(map, cov, snapshot, &request->function);
	if (request->paths)
		return map_paths(map, cov, snapshot, request->sample);
	return map_calls(map, cov, snapshot, request->sample);
}

/* Printed instead of a picture without nodes. */
static const char *none_text(const struct map_request *request)
{
	if (request->frontier)
		return "no branch that ran has a side that did not";
	if (request->paths)
		return "no paths were recorded; they are recorded for tracked tasks after `covstat attach MODULE --paths`";
	return "nothing of what is attached has run; run a test first";
}

static int print(const struct map *map, const struct options *options)
{
	bool drawn = options->svg || options->format == FORMAT_DOT;

	/* An empty drawing does not explain itself. */
	if (!map->nr_nodes && drawn)
		warn("%s", none_text(&options->request));
	if (options->svg)
		return write_svg(map, options->svg);
	switch (options->format) {
	case FORMAT_JSON:
		return map_print_json(map);
	case FORMAT_DOT:
		map_print_dot(map, stdout);
		return EXIT_OK;
	default:
		if (map->nr_nodes)
			map_print_text(map, stdout);
		else
			puts(none_text(&options->request));
		return EXIT_OK;
	}
}

/* The map's names belong to the snapshot. */
static int show_of(struct cov *cov, const struct cov_snapshot *snapshot,
		   const struct options *options)
{
	struct map map = { .names = names_new(snapshot) };
	int status;

	status = build(&map, cov, snapshot, &options->request);
	map_finish(&map);
	if (status == EXIT_OK)
		status = print(&map, options);
	warn_of_lost_records(map.lost);
	map_free(&map);
	names_free(map.names);
	return status;
}

static int show(struct cov *cov, const struct options *options)
{
	struct cov_snapshot *snapshot;
	char empty[EMPTY_LEN];
	int status;

	if (cov_view(cov, options->request.sample) || cov_snapshot_take(cov, NULL, &snapshot))
		return fail_cov(cov);
	if (cov_snapshot_targets(snapshot))
		status = show_of(cov, snapshot, options);
	else
		status = fail("%s", empty_text(snapshot, empty));
	cov_snapshot_free(snapshot);
	return status;
}

enum { OPT_FUNCTION = OPT_OWN, OPT_SAMPLE, OPT_FRONTIER, OPT_PATHS, OPT_FORMAT, OPT_SVG };

static const struct option longs[] = {
	{ "function", required_argument, NULL, OPT_FUNCTION },
	{ "sample", required_argument, NULL, OPT_SAMPLE },
	{ "frontier", no_argument, NULL, OPT_FRONTIER },
	{ "paths", no_argument, NULL, OPT_PATHS },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "svg", required_argument, NULL, OPT_SVG },
	LEVEL_OPTION,
	COMMON_OPTIONS
};

static int set_option(int c, void *data)
{
	struct options *options = data;

	switch (c) {
	case OPT_FUNCTION:
		if (parse_place(optarg, &options->request.function) &&
		    !options->request.function.has_offset)
			return EXIT_OK;
		return usage_error(&cmd_map, "--function takes [MODULE:]FUNCTION, not '%s'", optarg);
	case OPT_SAMPLE:
		return parse_sample(&cmd_map, optarg, &options->request.sample);
	case OPT_FRONTIER:
		options->request.frontier = true;
		return EXIT_OK;
	case OPT_PATHS:
		options->request.paths = true;
		return EXIT_OK;
	case OPT_FORMAT:
		options->has_format = true;
		return parse_choice(&cmd_map, "format", optarg, format_choices,
				    &options->format);
	default:
		options->svg = optarg;
		if (*optarg)
			return EXIT_OK;
		return usage_error(&cmd_map, "--svg takes a file's name, or - for the standard output");
	}
}

/* Options that exclude each other. */
static int check(const struct options *options)
{
	const struct map_request *request = &options->request;

	if (request->paths && (request->frontier || request->function.function[0]))
		return usage_error(&cmd_map, "--paths cannot be combined with --frontier or --function");
	if (options->svg && (settings.json || options->has_format))
		return usage_error(&cmd_map, "--svg cannot be combined with --json or --format");
	if (settings.json && options->has_format && options->format != FORMAT_JSON)
		return usage_error(&cmd_map, "--json cannot be combined with another --format");
	return EXIT_OK;
}

static int run_map(int argc, char **argv)
{
	struct options options = { .format = FORMAT_TEXT };
	struct cov *cov;
	int status;

	if (!take_options(&cmd_map, argc, argv, &options, &status))
		return status;
	status = check(&options);
	if (status == EXIT_OK)
		status = no_operands(&cmd_map, argc, argv);
	if (status != EXIT_OK)
		return status;
	if (settings.json)
		options.format = FORMAT_JSON;
	cov = open_cov();
	if (!cov)
		return EXIT_ERROR;
	status = show(cov, &options);
	cov_close(cov);
	return status;
}

const struct command cmd_map = {
	.name = "map",
	.purpose = "Draw a picture of what ran and what did not.",
	.usage = "[OPTION]...",
	.options =
	"      --function NAME    the blocks and branches of one function,\n"
	"                         [MODULE:]FUNCTION\n"
	"      --frontier         the branches that ran and have a side that did not, in\n"
	"                         all functions or the one given by --function\n"
	"      --paths            every pair of checkpoints that were passed one after\n"
	"                         the other, and how many these are\n"
	"      --sample ID        what this sample covered, in scope tracked\n"
	"      --format FORMAT    text, json or dot (default: text)\n"
	"      --svg FILE         write an SVG picture, using dot from Graphviz; - is the\n"
	"                         standard output\n"
	LEVEL_HELP,
	.notes =
	"Without the first three options: the functions that ran and their callers.\n"
	"Callers and paths need `covstat attach MODULE --paths`; --sample selects them\n"
	"by the first and the last sample that showed them.\n"
	"What is attached is drawn, and the functions of manual checkpoints that it does\n"
	"not have: their blocks and branches where added with --auto.\n"
	"Green ran, red did not, grey is not known; dashed edges were not taken.\n"
	TWIN_HELP,
	.example = "covstat map --function vivid_fop_release --svg release.svg",
	.shorts = "h",
	.longs = longs,
	.set_option = set_option,
	.run = run_map,
};
