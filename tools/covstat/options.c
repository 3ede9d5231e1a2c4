// SPDX-License-Identifier: GPL-2.0-only
/*
 * options.c - the options that all commands share, and the handle that they ask for.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "covstat.h"

/* Returned by next_option(). */
#define OPTIONS_END	(-1)
#define OPTIONS_HELP	(-2)
#define OPTIONS_BAD	(-3)

struct settings settings = { .color = -1 };

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
	char **dirs = settings.module_dirs;

	dirs = sure(realloc(dirs, (settings.nr_module_dirs + 1) * sizeof(*dirs)), "the options");
	dirs[settings.nr_module_dirs++] = dir;
	settings.module_dirs = dirs;
}

/* The word that getopt_long() has taken for a long option; its argument may be the next word. */
static const char *as_given(char **argv)
{
	return optarg && optarg == argv[optind - 1] ? argv[optind - 2] : argv[optind - 1];
}

/*
 * getopt_long() accepts an abbreviation that fits only one option. It would take --module for
 * --module-dir and swallow the module's name, and `covstat reset --module toy` would reset
 * everything.
 */
static bool is_in_full(const struct command *command, const char *given, const char *name)
{
	int length = strcspn(given + 2, "=");

	if (length == (int)strlen(name))
		return true;
	if (!strcmp(name, "module-dir") && strstr(command->usage, "MODULE"))
		usage_error(command, "'%.*s' is not an option, and --module-dir is for files; name a module without an option",
			    length + 2, given);
	else
		usage_error(command, "'%.*s' is not an option; give --%s in full",
			    length + 2, given, name);
	return false;
}

/* getopt_long() that handles the common options itself, and takes no abbreviations. */
static int next_option(const struct command *command, int argc, char **argv)
{
	for (;;) {
		int index = -1;
		int c = getopt_long(argc, argv, command->shorts, command->longs, &index);

		if (c != '?' && index >= 0 &&
		    !is_in_full(command, as_given(argv), command->longs[index].name))
			return OPTIONS_BAD;
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
			if (!optarg[0]) {
				usage_error(command, "--module-dir takes a directory, not ''; the current one is '.'");
				return OPTIONS_BAD;
			}
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

bool take_options(const struct command *command, int argc, char **argv, void *data, int *status)
{
	int c;

	*status = EXIT_OK;
	while ((c = next_option(command, argc, argv)) >= 0) {
		*status = command->set_option(c, data);
		if (*status != EXIT_OK)
			return false;
	}
	if (c == OPTIONS_BAD)
		*status = EXIT_USAGE;
	return c == OPTIONS_END;
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
