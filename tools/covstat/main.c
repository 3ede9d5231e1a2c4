// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - covstat's table of subcommands, its common options and messages.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "covstat.h"

struct settings settings = { .color = -1 };

static const struct command *const commands[] = {
	&cmd_attach, &cmd_run, &cmd_list, &cmd_next, &cmd_status, &cmd_reset,
	&cmd_detach, &cmd_checkpoint, &cmd_samples, &cmd_callers, &cmd_map, &cmd_watch,
	&cmd_trace, &cmd_doctor,
};

/* ---- messages ---------------------------------------------------------- */

static void message(const char *format, va_list args)
{
	fflush(stdout);
	fputs("covstat: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

int fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(format, args);
	va_end(args);
	return EXIT_ERROR;
}

int fail_cov(const struct cov *cov)
{
	int error = errno;
	const char *text = cov_last_error(cov);

	return fail("%s", text[0] ? text : strerror(error));
}

int usage_error(const struct command *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(format, args);
	va_end(args);
	if (command)
		fprintf(stderr, "usage: covstat %s %s\nTry 'covstat %s --help'.\n",
			command->name, command->usage, command->name);
	else
		fputs("usage: covstat COMMAND [OPTION]...\nTry 'covstat --help'.\n", stderr);
	return EXIT_USAGE;
}

int flush_stdout(void)
{
	static bool told;

	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_OK;
	if (!told)
		fail("cannot write the output: %s", errno ? strerror(errno) : "write error");
	told = true;
	return EXIT_ERROR;
}

static void out_of_memory(void)
{
	fail("no memory");
	exit(EXIT_ERROR);
}

/* ---- options ----------------------------------------------------------- */

static void command_help(const struct command *command)
{
	printf("Usage: covstat %s %s\n%s\n\nOptions:\n%s"
	       "      --json             print JSON\n"
	       "      --color WHEN       auto, always or never (default: auto)\n"
	       "      --module-dir DIR   look for module files in DIR first; repeatable\n"
	       "  -h, --help             print this\n"
	       "%s%s\nExample:\n  %s\n",
	       command->name, command->usage, command->purpose, command->options,
	       command->notes[0] ? "\n" : "", command->notes, command->example);
}

static bool parse_color(const char *when)
{
	if (!strcmp(when, "always"))
		settings.color = 1;
	else if (!strcmp(when, "never"))
		settings.color = 0;
	else if (!strcmp(when, "auto"))
		settings.color = -1;
	else
		return false;
	return true;
}

static void add_module_dir(char *dir)
{
	char **dirs;

	dirs = realloc(settings.module_dirs, (settings.nr_module_dirs + 1) * sizeof(*dirs));
	if (!dirs)
		out_of_memory();
	dirs[settings.nr_module_dirs++] = dir;
	settings.module_dirs = dirs;
}

int next_option(const struct command *command, int argc, char **argv, const char *shorts,
		const struct option *longs)
{
	for (;;) {
		int c = getopt_long(argc, argv, shorts, longs, NULL);

		switch (c) {
		case OPT_JSON:
			settings.json = true;
			break;
		case OPT_COLOR:
			if (!parse_color(optarg)) {
				usage_error(command, "--color takes auto, always or never, not '%s'",
					    optarg);
				return OPTIONS_BAD;
			}
			break;
		case OPT_LEVELS:
			if (parse_level(command, optarg, &settings.levels) != EXIT_OK)
				return OPTIONS_BAD;
			break;
		case OPT_MODULE_DIR:
			add_module_dir(optarg);
			break;
		case OPT_HELP:
		case 'h':
			command_help(command);
			return OPTIONS_HELP;
		case '?':
			/* getopt has printed what was wrong. */
			fprintf(stderr, "usage: covstat %s %s\nTry 'covstat %s --help'.\n",
				command->name, command->usage, command->name);
			return OPTIONS_BAD;
		default:
			return c;
		}
	}
}

int options_exit(int option)
{
	return option == OPTIONS_HELP ? EXIT_OK : EXIT_USAGE;
}

int no_operands(const struct command *command, int argc, char **argv)
{
	if (optind == argc)
		return EXIT_OK;
	return usage_error(command, "unexpected operand '%s'", argv[optind]);
}

struct cov *open_cov(void)
{
	struct cov *cov;
	size_t i;

	if (cov_open(&cov)) {
		fail_cov(NULL);
		return NULL;
	}
	cov_levels(cov, settings.levels);
	for (i = 0; i < settings.nr_module_dirs; i++) {
		if (cov_add_module_dir(cov, settings.module_dirs[i])) {
			fail_cov(cov);
			cov_close(cov);
			return NULL;
		}
	}
	return cov;
}

bool parse_number(const char *text, uint64_t *value)
{
	bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *end;

	if (text[0] < '0' || text[0] > '9')	/* no sign, no space */
		return false;
	errno = 0;
	/* Scripts pad numbers with zeroes: nobody means octal ones. */
	*value = strtoull(text, &end, hexadecimal ? 16 : 10);
	return !errno && !*end;
}

/* In module names '-' and '_' are the same; the kernel has the latter. */
static void copy_module(char *to, const char *from, size_t length)
{
	for (; length--; from++)
		*to++ = *from == '-' ? '_' : *from;
}

/* [MODULE:]FUNCTION[+OFFSET] */
static bool parse_function(const char *text, struct place_name *place)
{
	const char *colon = strchr(text, ':');
	const char *begin = colon ? colon + 1 : text;
	const char *plus = strchrnul(begin, '+');
	size_t module = colon ? (size_t)(colon - text) : 0;
	size_t function = plus - begin;

	if (module >= sizeof(place->module) || function >= sizeof(place->function) ||
	    !function || (colon && !module))
		return false;
	copy_module(place->module, text, module);
	memcpy(place->function, begin, function);
	place->has_offset = *plus;
	return !*plus || parse_number(plus + 1, &place->offset);
}

/* SECTION+OFFSET) */
static bool parse_section(const char *text, struct place_name *place)
{
	const char *plus = strrchr(text, '+');
	size_t section = plus ? plus - text : 0;
	size_t digits = plus ? strcspn(plus + 1, ")") : 0;
	char offset[32] = "";

	if (!section || section >= sizeof(place->section) || digits >= sizeof(offset) ||
	    strcmp(plus + 1 + digits, ")"))
		return false;
	memcpy(place->section, text, section);
	memcpy(offset, plus + 1, digits);
	return parse_number(offset, &place->section_offset);
}

bool parse_place(const char *text, struct place_name *place)
{
	const char *section = strstr(text, " (");
	size_t length = section ? (size_t)(section - text) : strlen(text);
	char function[PLACE_LEN] = "";

	memset(place, 0, sizeof(*place));
	if (length >= sizeof(function))
		return false;
	memcpy(function, text, length);
	return parse_function(function, place) &&
	       (!section || parse_section(section + strlen(" ("), place));
}

int parse_level(const struct command *command, const char *given, uint64_t *levels)
{
	uint64_t level;

	if (!parse_number(given, &level) || level < 1 || level > 64)
		return usage_error(command, "--level takes 1 to 64, not '%s'", given);
	*levels |= COV_LEVEL(level);
	return EXIT_OK;
}

int parse_choice(const struct command *command, const char *option, const char *given,
		 const struct choice *choices, unsigned int *value)
{
	const struct choice *choice;
	char names[64] = "";
	char *at = names;

	for (choice = choices; choice->name; choice++) {
		if (!strcmp(given, choice->name)) {
			*value = choice->value;
			return EXIT_OK;
		}
		at += sprintf(at, "%s%s", at == names ? "" : " or ", choice->name);
	}
	return usage_error(command, "--%s takes %s, not '%s'", option, names, given);
}

void string_list_add(struct string_list *list, const char *item)
{
	const char **items = realloc(list->items, (list->count + 2) * sizeof(*items));

	if (!items)
		out_of_memory();
	items[list->count++] = item;
	items[list->count] = NULL;
	list->items = items;
}

/* ---- main -------------------------------------------------------------- */

static int help(void)
{
	size_t i;

	puts("Usage: covstat COMMAND [OPTION]...\n"
	     "Coverage of a loaded kernel module, nothing recompiled.\n\n"
	     "Commands:");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-12s %s\n", commands[i]->name, commands[i]->purpose);
	puts("\n  -V, --version   print the version\n"
	     "  -h, --help      print this; for more see 'covstat COMMAND --help'\n\n"
	     "Exit status: 0 ok, 1 an error, 2 wrong usage, 3 below --fail-under;\n"
	     "'covstat run' and 'covstat trace' pass on their command's status.");
	return EXIT_OK;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	char name[64];

	/* getopt begins its messages with argv[0]. */
	snprintf(name, sizeof(name), "covstat %s", command->name);
	argv[0] = name;
	return command->run(argc, argv);
}

/* NULL, after a message, if there is none of that name. */
static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(name, commands[i]->name))
			return commands[i];
	usage_error(NULL, "'%s' is not a command", name);
	return NULL;
}

/* "help list" is "list --help". */
static int help_on(const char *name)
{
	const struct command *command = find_command(name);
	char option[] = "--help";
	char *argv[] = { NULL, option, NULL };

	return command ? run_command(command, 2, argv) : EXIT_USAGE;
}

static int run(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2)
		return usage_error(NULL, "no command given");
	if (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version")) {
		puts("covstat " LIBCOV_VERSION);
		return EXIT_OK;
	}
	if (!strcmp(argv[1], "help") && argc > 2)
		return help_on(argv[2]);
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
		return help();
	command = find_command(argv[1]);
	return command ? run_command(command, argc - 1, argv + 1) : EXIT_USAGE;
}

/* A full disk must not look like success. */
static int close_stdout(int status)
{
	if (flush_stdout() == EXIT_OK) {
		if (!fclose(stdout))
			return status;
		fail("cannot write the output: %s", strerror(errno));
	}
	return status == EXIT_OK || status == EXIT_BELOW ? EXIT_ERROR : status;
}

int main(int argc, char **argv)
{
	int status;

	/*
	 * Ignored signals are inherited, and an ignored SIGCHLD leaves no status to wait for.
	 * The commands that are run get the default as well, as from timeout(1).
	 */
	signal(SIGCHLD, SIG_DFL);
	status = run(argc, argv);
	free(settings.module_dirs);
	return close_stdout(status);
}
