// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace.c - covstat trace: run a command and show what it did in the module, in order.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace.h"

/**
 * struct request - the command line
 * @modules: to attach for the run; none: what is attached already
 * @functions: patterns for them
 * @options: of the trace
 * @filter: which part of it is shown
 * @returns: see returns
 * @sample: number of the sample
 * @output: file for the tree, or NULL
 * @output_fd: of that file, once it is open
 */
struct request {
	struct string_list modules;
	struct string_list functions;
	struct cov_trace_options options;
	struct trace_filter filter;
	bool returns;
	uint64_t sample;
	const char *output;
	int output_fd;
};

/* ---- showing ----------------------------------------------------------- */

bool trace_losses(const struct cov_trace_handle *trace, struct cov_trace_losses *all)
{
	struct cov_trace_task_desc task = COV_INIT(task);
	unsigned int i, kind;

	all->size = sizeof(*all);
	if (cov_trace_losses(trace, all)) {
		fail("the trace cannot be read: %s", strerror(errno));
		return false;
	}
	for (i = 0; !cov_trace_task(trace, i, &task); i++)
		for (kind = 0; kind < COV_TRACE_KINDS; kind++)
			all->lost[kind] += task.lost[kind];
	return true;
}

static uint64_t first_time(const struct cov_trace_handle *trace)
{
	struct cov_trace_event event = COV_INIT(event);
	unsigned int i, n = cov_trace_tasks(trace);
	uint64_t first = 0;

	for (i = 0; i < n; i++) {
		uint64_t position = 0;

		if (!cov_trace_read(trace, i, &position, &event) &&
		    (!first || event.time < first))
			first = event.time;
	}
	return first;
}

/* "head[4242]"; a task may call itself anything, also what a terminal obeys. */
static void write_title(char *title, size_t size, const struct cov_trace_task_desc *task)
{
	snprintf(title, size, "%s[%" PRIu32 "]", task->comm, task->pid);
	make_printable(title);
}

int trace_end(const struct cov_trace_handle *trace, unsigned int task)
{
	struct cov_trace_task_desc desc = COV_INIT(desc);

	if (errno == ENODATA)
		return EXIT_OK;
	cov_trace_task(trace, task, &desc);
	return fail("the trace of task %" PRIu32 " is damaged; please report this", desc.pid);
}

/* A task's tree; its events go to the summary as well. */
static int show_task(const struct cov_trace_handle *trace, unsigned int i,
		     const struct trace_names *names, const struct trace_filter *filter,
		     struct trace_summary *summary, uint64_t begin)
{
	struct cov_trace_event event = COV_INIT(event);
	struct cov_trace_task_desc task = COV_INIT(task);
	struct trace_tree *tree;
	uint64_t position = 0;
	char title[32];
	int status;

	cov_trace_task(trace, i, &task);
	write_title(title, sizeof(title), &task);
	tree = trace_tree_new(stdout, title, names, filter, begin);
	trace_summary_task(summary);
	while (!cov_trace_read(trace, i, &position, &event)) {
		trace_tree_add(tree, &event);
		trace_summary_add(summary, &event);
	}
	status = trace_end(trace, i);
	trace_tree_end(tree);
	return status;
}

static void warn_of_losses(const struct cov_trace_losses *all)
{
	char events[GROUPED_LEN], returns[GROUPED_LEN], tasks[GROUPED_LEN];
	uint64_t sum = 0;
	unsigned int kind;

	for (kind = 0; kind < COV_TRACE_KINDS; kind++)
		if (kind != COV_TRACE_RETURN)
			sum += all->lost[kind];
	if (sum)
		warn("%s events did not fit; use a larger --size, or select fewer functions with --functions",
		     grouped(events, sum));
	if (all->lost[COV_TRACE_RETURN])
		warn("%s returns are missing: they did not fit (use a larger --size), too many tasks were inside one function, or ftrace cannot trace the function",
		     grouped(returns, all->lost[COV_TRACE_RETURN]));
	if (all->tasks)
		warn("%s tasks did not fit; use a larger --tasks", grouped(tasks, all->tasks));
}

static int show_tree(const struct cov_trace_handle *trace, const struct trace_names *names,
		     const struct request *request, const struct cov_trace_losses *losses)
{
	struct trace_summary *summary = trace_summary_new(names, &request->filter);
	uint64_t begin = request->options.flags & COV_TRACE_TIME ? first_time(trace) : 0;
	unsigned int i, n = cov_trace_tasks(trace);
	int status = EXIT_OK;

	for (i = 0; i < n; i++)
		if (show_task(trace, i, names, &request->filter, summary, begin) != EXIT_OK)
			status = EXIT_ERROR;
	trace_summary_print(summary);
	trace_summary_free(summary);
	warn_of_losses(losses);
	return status;
}

/* Read every event once more, only for the summary. */
static void summarize(const struct cov_trace_handle *trace, struct trace_summary *summary)
{
	struct cov_trace_event event = COV_INIT(event);
	unsigned int i, n = cov_trace_tasks(trace);

	for (i = 0; i < n; i++) {
		uint64_t position = 0;

		trace_summary_task(summary);
		while (!cov_trace_read(trace, i, &position, &event))
			trace_summary_add(summary, &event);
	}
}

static int show_json(const struct cov_trace_handle *trace, const struct trace_names *names,
		     const struct request *request, const struct cov_trace_losses *losses)
{
	struct trace_summary *summary = trace_summary_new(names, &request->filter);
	struct json_object *document = json_document(), *rest = json_new();
	int status;

	json_add_number(document, "sample", request->sample);
	json_begin_array(document, "tasks");
	status = trace_json_tasks(trace, names, &request->filter);
	trace_json_losses(rest, losses);
	summarize(trace, summary);
	trace_summary_json(summary, rest);
	trace_summary_free(summary);
	json_end_array(rest);
	putchar('\n');
	return status;
}

static int show(const struct cov_trace_handle *trace, const struct trace_names *names,
		const struct request *request)
{
	struct cov_trace_losses losses;

	if (!trace_losses(trace, &losses))
		return EXIT_ERROR;
	if (request->output && dup2(request->output_fd, STDOUT_FILENO) < 0)
		return fail("cannot write %s: %s", request->output, strerror(errno));
	if (settings.json)
		return show_json(trace, names, request, &losses);
	return show_tree(trace, names, request, &losses);
}

/* ---- running ----------------------------------------------------------- */

/*
 * Called before anything is run: a trace that cannot be written need not be recorded. What the
 * file holds stays until the command is about to start: a mistake must not cost an earlier trace.
 */
static int open_output(struct request *request)
{
	if (!request->output)
		return EXIT_OK;
	request->output_fd = open(request->output, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (request->output_fd < 0)
		return fail("cannot write %s: %s; the command was not run", request->output,
			    strerror(errno));
	return EXIT_OK;
}

/* EINVAL: it is no regular file, and holds nothing. */
static int empty_output(const struct request *request)
{
	if (request->output && ftruncate(request->output_fd, 0) && errno != EINVAL)
		return fail("cannot empty %s: %s; the command was not run", request->output,
			    strerror(errno));
	return EXIT_OK;
}

/* '-' and '_' are the same. */
static bool same_module(const char *x, const char *y)
{
	for (; *x && *y; x++, y++)
		if (*x != *y && !(strchr("-_", *x) && strchr("-_", *y)))
			return false;
	return *x == *y;
}

/* Has the @i-th module been named before? */
static bool is_repeated(const struct string_list *modules, size_t i)
{
	size_t earlier;

	for (earlier = 0; earlier < i; earlier++)
		if (same_module(modules->items[earlier], modules->items[i]))
			return true;
	return false;
}

/* Without cov_keep(): the targets end with the handle, however this process ends. */
static int attach_modules(struct cov *cov, const struct request *request)
{
	struct cov_attach_options options = COV_INIT(options);
	size_t i;

	options.mode = COV_MODE_TRACE;
	options.scope = COV_SCOPE_TRACKED;
	options.functions = request->functions.items;
	options.flags = request->returns ? COV_ATTACH_RETURNS : 0;
	for (i = 0; i < request->modules.count; i++)
		if (!is_repeated(&request->modules, i) &&
		    cov_attach(cov, request->modules.items[i], &options, NULL))
			return fail_cov(cov);
	return EXIT_OK;
}

static int check_targets(const struct trace_tables *tables, const struct request *request)
{
	unsigned int with_returns, count = trace_tables_count(tables, &with_returns);

	if (!count)
		return fail("nothing is attached in mode trace; name a module with --module, or run `covstat attach MODULE --mode trace` first");
	if (request->returns && !with_returns)
		return fail("what is attached does not record returns; attach it with --returns, or name the module with --module");
	return EXIT_OK;
}

static int run_traced(struct cov *cov, const struct trace_tables *tables,
		      const struct trace_names *names, const struct request *request,
		      char **command)
{
	struct cov_trace_handle *trace;
	int status = check_targets(tables, request), shown = EXIT_OK, ended;

	if (status != EXIT_OK)
		return status;
	if (cov_trace_open(cov, &request->options, &trace))
		return fail_cov(cov);
	status = empty_output(request);
	if (status == EXIT_OK) {
		status = run_tracked(cov, request->sample, command, &ended);
		shown = ended < 0 ? EXIT_OK : show(trace, names, request);
	}
	cov_trace_close(trace);
	return shown == EXIT_OK ? status : shown;
}

static int trace(const struct request *request, char **command)
{
	struct cov *cov = open_cov();
	struct trace_tables *tables;
	struct trace_names names;
	int status;

	if (!cov)
		return EXIT_ERROR;
	status = attach_modules(cov, request);
	if (status == EXIT_OK) {
		tables = trace_tables_take(cov, &names);
		status = EXIT_ERROR;
		if (tables) {
			status = run_traced(cov, tables, &names, request, command);
			trace_tables_free(tables);
		}
	}
	cov_close(cov);
	return status;
}

/* ---- the command line -------------------------------------------------- */

enum { OPT_MODULE = OPT_OWN, OPT_FUNCTIONS, OPT_RET, OPT_TIME, OPT_ARGS, OPT_SYSCALL, OPT_SIZE,
       OPT_TASKS, OPT_SAMPLE, OPT_OUTPUT };

static const struct option longs[] = {
	{ "module", required_argument, NULL, OPT_MODULE },
	{ "functions", required_argument, NULL, OPT_FUNCTIONS },
	{ "ret", no_argument, NULL, OPT_RET },
	{ "time", no_argument, NULL, OPT_TIME },
	{ "args", no_argument, NULL, OPT_ARGS },
	{ "syscall", required_argument, NULL, OPT_SYSCALL },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "tasks", required_argument, NULL, OPT_TASKS },
	{ "sample", required_argument, NULL, OPT_SAMPLE },
	{ "output", required_argument, NULL, OPT_OUTPUT },
	COMMON_OPTIONS
};

static int set_size(struct request *request)
{
	uint64_t megabytes;

	if (!parse_number(optarg, &megabytes) || !megabytes || megabytes > 1024)
		return usage_error(&cmd_trace, "--size takes 1 to 1024 megabytes, not '%s'", optarg);
	request->options.bytes = megabytes << 20;
	return EXIT_OK;
}

static int set_tasks(struct request *request)
{
	uint64_t tasks;

	if (!parse_number(optarg, &tasks) || !tasks || tasks > 65536)
		return usage_error(&cmd_trace, "--tasks takes 1 to 65536, not '%s'", optarg);
	request->options.tasks = tasks;
	return EXIT_OK;
}

static int set_syscall(struct request *request)
{
	if (request->filter.only)
		return usage_error(&cmd_trace, "--syscall may be given once");
	request->filter.only = true;
	if (!parse_syscall(optarg, &request->filter.number))
		return usage_error(&cmd_trace, "there is no system call '%s'", optarg);
	/* Which of its many requests it is can be seen from an argument. */
	if (request->filter.number == SYS_ioctl)
		request->options.flags |= COV_TRACE_ARGS;
	return EXIT_OK;
}

static int set_option(int c, void *data)
{
	struct request *request = data;

	switch (c) {
	case OPT_MODULE:
		string_list_add(&request->modules, optarg);
		return EXIT_OK;
	case OPT_FUNCTIONS:
		string_list_add(&request->functions, optarg);
		return EXIT_OK;
	case OPT_RET:
		request->returns = true;
		return EXIT_OK;
	case OPT_TIME:
		request->options.flags |= COV_TRACE_TIME;
		return EXIT_OK;
	case OPT_ARGS:
		request->options.flags |= COV_TRACE_ARGS;
		request->filter.args = true;
		return EXIT_OK;
	case OPT_SYSCALL:
		return set_syscall(request);
	case OPT_SIZE:
		return set_size(request);
	case OPT_TASKS:
		return set_tasks(request);
	case OPT_SAMPLE:
		return parse_sample(&cmd_trace, optarg, &request->sample);
	default:
		request->output = optarg;
		return EXIT_OK;
	}
}

static int check_request(const struct request *request, bool has_command)
{
	if (!has_command)
		return usage_error(&cmd_trace, "no command to run");
	if (request->functions.count && !request->modules.count)
		return usage_error(&cmd_trace, "--functions needs --module");
	return EXIT_OK;
}

static int run_trace(int argc, char **argv)
{
	struct request request = {
		.options = COV_INIT(request.options),
		.sample = 1,
	};
	int status;

	request.options.flags = COV_TRACE_SYSCALLS;
	if (take_options(&cmd_trace, argc, argv, &request, &status)) {
		status = check_request(&request, optind < argc);
		if (status == EXIT_OK)
			status = open_output(&request);
		if (status == EXIT_OK)
			status = trace(&request, argv + optind);
	}
	free(request.modules.items);
	free(request.functions.items);
	return status;
}

const struct command cmd_trace = {
	.name = "trace",
	.purpose = "Run a command and show its path through the module.",
	.usage = "[OPTION]... [--] COMMAND [ARGUMENT]...",
	.options =
	"      --module NAME      attach this module for the run; repeatable (default:\n"
	"                         what is attached in mode trace)\n"
	"      --functions GLOB   of these modules, only functions that match;\n"
	"                         repeatable\n"
	"      --ret              what functions return; attaching takes about 20 ms\n"
	"                         more for each\n"
	"      --args             the six registers that may hold arguments\n"
	"      --time             microseconds since the first event\n"
	"      --syscall NAME     only what happens in system calls of this name, or\n"
	"                         number; for ioctl with each one's request\n"
	"      --size MB          memory for the trace (default: 16)\n"
	"      --tasks N          tasks that may be traced (default: 4096)\n"
	"      --output FILE      write the tree there, so that it is not mixed with the\n"
	"                         command's own output\n"
	"      --sample ID        the number of the sample, above 0 (default: 1)\n",
	.notes =
	"For each task: a tree of the system calls in which something ran, the functions\n"
	"in them and, after a function's name, its conditional jumps by their offsets,\n"
	"taken or not, in order; then which errors each function returned. What\n"
	"interrupts do is not shown. A value from -4095 to -1, of 64 or 32 bits, is\n"
	"taken for an error; for a function that returns void, the value is whatever the\n"
	"return register held. With --syscall, calls that did not reach the module are\n"
	"shown as well, identical consecutive ones on one line.\n"
	"The exit status is the command's, as for `covstat run`, or 1 if the trace is\n"
	"damaged.\n",
	.example = "covstat trace --module brd --ret -- head -c 1 /dev/ram0",
	/* '+': options after the command's name belong to the command. */
	.shorts = "+h",
	.longs = longs,
	.set_option = set_option,
	.run = run_trace,
};
