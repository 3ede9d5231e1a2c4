/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * covstat.h - what covstat's files share. covstat uses livecov only through libcov.h.
 * stdout is data, stderr is diagnostics.
 */
#ifndef COVSTAT_H
#define COVSTAT_H

#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "libcov.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Exit codes; `run` passes on its command's instead. */
#define EXIT_OK		0
#define EXIT_ERROR	1	/* at run time */
#define EXIT_USAGE	2
#define EXIT_BELOW	3	/* a threshold was not reached */

#define FORMAT_VERSION	1	/* of the JSON output */

/**
 * struct command - a subcommand
 * @name: as typed
 * @purpose: one line
 * @usage: what follows the name
 * @options: lines of --help, without the common ones; may be empty
 * @notes: what else --help says; may be empty
 * @example: one line
 * @shorts: its short options, as getopt() takes them
 * @longs: its long options, COMMON_OPTIONS among them
 * @set_option: takes one of its own options, whose argument is optarg, into what take_options() was
 *		given; returns EXIT_OK or, after a message, EXIT_USAGE. NULL if it has none
 * @run: argv[0] is the subcommand's name; returns an exit code
 */
struct command {
	const char *name;
	const char *purpose;
	const char *usage;
	const char *options;
	const char *notes;
	const char *example;
	const char *shorts;
	const struct option *longs;
	int (*set_option)(int option, void *data);
	int (*run)(int argc, char **argv);
};

extern const struct command cmd_attach, cmd_detach, cmd_run, cmd_status, cmd_list,
	cmd_next, cmd_reset, cmd_doctor, cmd_checkpoint, cmd_samples, cmd_callers, cmd_map,
	cmd_watch, cmd_trace;

/* ---- messages.c ---- */

/* usage_error - say what was wrong on the command line; returns EXIT_USAGE */
__attribute__((format(printf, 2, 3)))
int usage_error(const struct command *command, const char *format, ...);

/* fail - say what went wrong; returns EXIT_ERROR */
__attribute__((format(printf, 1, 2)))
int fail(const char *format, ...);

/* warn - say something that changes neither what the command does nor its exit code */
__attribute__((format(printf, 1, 2)))
void warn(const char *format, ...);

/* fail_cov - fail(), with libcov's message */
int fail_cov(const struct cov *cov);

/*
 * flush_stdout - EXIT_OK if everything that was printed has been written, else EXIT_ERROR after
 * a message; at its end covstat does so itself
 */
int flush_stdout(void);

/* ---- memory.c: without memory, covstat ends after "no memory for WHAT" ---- */

/* sure - return @memory, unless it is NULL */
void *sure(void *memory, const char *what);

/*
 * grown - an array with room for one entry more than @count; a new one for NULL
 * @room: for how many entries there is, 0 for NULL
 * @size: of an entry, bytes
 */
void *grown(void *array, size_t count, size_t *room, size_t size, const char *what);

/* formatted - vasprintf(); free() it */
__attribute__((format(printf, 2, 0)))
char *formatted(const char *what, const char *format, va_list args);

/* ---- options.c: what all commands take, and the handle that they ask for ---- */

/* What the common options set. */
struct settings {
	bool json;
	uint64_t levels;	/* mask, 0 for all */
	int color;	/* 1 always, 0 never, -1 if stdout is a terminal */
	char **module_dirs;
	size_t nr_module_dirs;
};

extern struct settings settings;

/* Common options come last in every subcommand's table; their values are above any character. */
enum { OPT_JSON = 0x100, OPT_COLOR, OPT_MODULE_DIR, OPT_HELP, OPT_LEVELS, OPT_OWN };

#define COMMON_OPTIONS							\
	{ "json", no_argument, NULL, OPT_JSON },			\
	{ "color", required_argument, NULL, OPT_COLOR },		\
	{ "module-dir", required_argument, NULL, OPT_MODULE_DIR },	\
	{ "help", no_argument, NULL, OPT_HELP },			\
	{ NULL, 0, NULL, 0 }

/* For commands that query what is attached; set for them like the common options. */
#define LEVEL_OPTION	{ "level", required_argument, NULL, OPT_LEVELS }
#define LEVEL_HELP							\
	"      --level N          only what has level N, 1 to 64; repeatable\n"

/*
 * take_options - take all options of a command line; abbreviations are refused
 * @data: what the command's set_option() gets
 * @status: out: EXIT_OK, or the exit code if false is returned
 *
 * Return: false if the command has to end, because of --help or after a message.
 */
bool take_options(const struct command *command, int argc, char **argv, void *data, int *status);

/* no_operands - EXIT_OK if the command line has no operands left, else EXIT_USAGE */
int no_operands(const struct command *command, int argc, char **argv);

/* open_cov - cov_open() and the module directories; NULL after a message */
struct cov *open_cov(void);

/* ---- parse.c: what is given on the command line ---- */

/* parse_number - a whole decimal number, or hexadecimal after 0x; or false */
bool parse_number(const char *text, uint64_t *value);

/*
 * The parts of [MODULE:]FUNCTION[+OFFSET][ (SECTION+OFFSET)], "" or 0 where one is missing. names.c
 * prints the last one where a module has several functions of that name.
 */
struct place_name {
	char module[64];
	char function[256];
	uint64_t offset;
	bool has_offset;
	char section[256];
	uint64_t section_offset;	/* of the place, not of the function's first byte */
};

#define TWIN_HELP							\
	"Of several functions of one name, give the one that is meant as it is printed,\n" \
	"quoted: 'init_one (.text+0x118)'.\n"

/* parse_place - parse such a string, or return false */
bool parse_place(const char *text, struct place_name *place);

/*
 * parse_pattern - of a shell pattern for MODULE:FUNCTION the one for the module's name as the kernel
 * has it, with '_' for '-', except in [...]; free() it
 */
char *parse_pattern(const char *text);

/* parse_level - add 1..64, as --level has it, to a mask; returns EXIT_OK or EXIT_USAGE */
int parse_level(const struct command *command, const char *given, uint64_t *levels);

struct choice;

/* parse_choice - an option's name to its value; returns EXIT_OK or EXIT_USAGE */
int parse_choice(const struct command *command, const char *option, const char *given,
		 const struct choice *choices, unsigned int *value);

/* A growing list of operands or option arguments, always NULL-terminated. */
struct string_list {
	const char **items;
	size_t count;
};

void string_list_add(struct string_list *list, const char *item);

/* ---- words.c: numbers and constants in words ---- */

/* A name and the value that libcov has for it; a list ends with a NULL name. */
struct choice {
	const char *name;
	unsigned int value;
};

extern const struct choice mode_choices[], scope_choices[], engine_choices[];

const char *mode_name(unsigned int mode);
const char *scope_name(unsigned int scope);
const char *engine_name(unsigned int engine);
const char *target_state_name(unsigned int state);

/*
 * outcome_name - "taken" or "fall-through", for people
 * outcome_json - "taken" or "fallthrough", as a value in JSON
 */
const char *outcome_name(unsigned int taken);
const char *outcome_json(unsigned int taken);

/* refusal_words - why a site was refused, in words; @error is positive */
const char *refusal_words(unsigned int error);

/* error_name - "EINVAL"; "errno 4095" for one that has no name */
const char *error_name(unsigned int error);

/*
 * make_printable - turn control characters of a name, which may be any bytes, into question marks:
 * they could control a terminal or break a line. Returns @text.
 */
char *make_printable(char *text);

/*
 * percent - "12.3%", rounded down, so that 100.0% means all; "n/a" if @of is 0.
 * The buffer is the caller's.
 */
#define PERCENT_LEN 16
const char *percent(char buffer[PERCENT_LEN], uint64_t n, uint64_t of);

/* grouped - "14,635"; the buffer is the caller's */
#define GROUPED_LEN 32
const char *grouped(char buffer[GROUPED_LEN], uint64_t n);

/* ---- signals.c ---- */

/*
 * signals_catch - make SIGINT, SIGTERM and SIGHUP request termination, unless they are
 * ignored: `nohup covstat watch &` continues. Blocking calls then fail with EINTR.
 */
void signals_catch(void);

/* signals_stopped_by - the signal that requested it, 0 if none has */
int signals_stopped_by(void);

/* is_checkpoint - is this a manual checkpoint's target? Else it is a module's own. */
static inline bool is_checkpoint(const struct cov_target_desc *target)
{
	return target->checkpoint[0];
}

/* ---- functions.c ---- */

/*
 * find_function - the one function of that name in attached modules or, if they have none, among
 * the functions of manual checkpoints that have their blocks. False after a message if there is
 * none, or if there are several: the message says what to give for each.
 * @attached: what the targets of the snapshot are, for the message: "attached"
 * @t: out: its target's index
 * @function: out: its index
 */
bool find_function(const struct cov_snapshot *snapshot, const struct place_name *name,
		   const char *attached, unsigned int *t, unsigned int *function);

/* ---- names.c: the opposite, so that no two functions look the same ---- */

struct names;

/* names_new - for the functions of a snapshot, which must live as long; names_free() it */
struct names *names_new(const struct cov_snapshot *snapshot);
void names_free(struct names *names);

/* names_snapshot - whose they are */
const struct cov_snapshot *names_snapshot(const struct names *names);

/* names_of_modules - is the snapshot of several modules? Then names are MODULE:FUNCTION. */
bool names_of_modules(const struct names *names);

/*
 * place_text - "vivid_open+0x1b", "vivid:vivid_open+0x1b", "init_one+0x1b (.text+0x118)" where
 * the module has several of that name, "vivid_open+0x1b (checkpoint opened)"; the buffer is
 * the caller's
 * place_as_given - the same without the checkpoint, as parse_place() takes it
 * place_in_target - the same without the module, for output that is about one target
 * twin_text - only the " (.text+0x118)" of it, or ""
 */
#define PLACE_LEN 1024
const char *place_text(const struct names *names, unsigned int t, unsigned int function,
		       uint64_t offset, char buffer[PLACE_LEN]);
const char *place_as_given(const struct names *names, unsigned int t, unsigned int function,
			   uint64_t offset, char buffer[PLACE_LEN]);
const char *place_in_target(const struct names *names, unsigned int t, unsigned int function,
			    uint64_t offset, char buffer[PLACE_LEN]);
const char *twin_text(const struct names *names, unsigned int t, unsigned int function,
		      uint64_t offset, char buffer[PLACE_LEN]);

/* place_name_text - what parse_place() was given, with its numbers as they are printed above */
const char *place_name_text(const struct place_name *name, char buffer[PLACE_LEN]);

/* ---- levels.c ---- */

/* levels_text - a mask of levels as "1,3,64"; the buffer is the caller's, as below */
#define LEVELS_LEN 256
const char *levels_text(char buffer[LEVELS_LEN], uint64_t levels);

/*
 * no_level_text - that nothing has one of these levels, and what to do
 * empty_text - why a snapshot of all is empty: nothing is attached, or nothing has such a level
 */
#define EMPTY_LEN (LEVELS_LEN + 128)
const char *no_level_text(char buffer[EMPTY_LEN], uint64_t levels);
const char *empty_text(const struct cov_snapshot *snapshot, char buffer[EMPTY_LEN]);

/* ---- lines.c ---- */

/*
 * open_lines - cov_lines_open(), or NULL if there are no lines; with --module-dir a warning says
 * why
 */
struct cov_lines *open_lines(struct cov *cov, const struct cov_snapshot *snapshot,
			     unsigned int t);

/* ---- table.c: human-readable columns ---- */

struct table;

#define COLUMN_RIGHT	(1U << 0)	/* flush right */
#define COLUMN_LAST	(1U << 1)	/* cut at the terminal's edge */

struct table *table_new(void);
void table_column(struct table *table, const char *title, unsigned int flags);

/* table_cell - the next cell, by row; @color is COLOR_* */
__attribute__((format(printf, 3, 4)))
void table_cell(struct table *table, int color, const char *format, ...);

/* table_print - print to stdout and free */
void table_print(struct table *table);

/* table_is_empty - has it no rows? Its heading alone says nothing to a reader. */
bool table_is_empty(const struct table *table);

/* table_free - free without printing */
void table_free(struct table *table);

enum { COLOR_NONE, COLOR_GOOD, COLOR_MIDDLING, COLOR_BAD, COLOR_DIM };

/* color_on, color_off - escape sequences, empty if stdout shows no colour */
const char *color_on(int color);
const char *color_off(int color);

/* color_of - by the fraction of a total that was reached */
int color_of(uint64_t n, uint64_t of);

/* ---- json.c ---- */

struct json_object;

struct json_object *json_new(void);		/* an object without members */
struct json_object *json_document(void);	/* with its format_version */
void json_add_string(struct json_object *to, const char *key, const char *value);
void json_add_number(struct json_object *to, const char *key, uint64_t value);

/*
 * json_add_address - the number, and the same as a string, KEY_hex: jq before 1.7 and JavaScript
 * keep numbers as doubles, which cannot tell addresses apart that are close together
 * json_add_no_address - both are null
 */
void json_add_address(struct json_object *to, const char *key, uint64_t address);
void json_add_no_address(struct json_object *to, const char *key);

void json_add_signed(struct json_object *to, const char *key, int64_t value);
void json_add_bool(struct json_object *to, const char *key, bool value);
void json_add_null(struct json_object *to, const char *key);

/* json_add_known - true, false, or null for COV_UNKNOWN */
void json_add_known(struct json_object *to, const char *key, unsigned int known);

struct json_object *json_add_array(struct json_object *to, const char *key);
struct json_object *json_add_object(struct json_object *to, const char *key);
struct json_object *json_append_object(struct json_object *array);
void json_append_number(struct json_object *array, uint64_t value);
void json_append_string(struct json_object *array, const char *value);

/* json_add_totals - struct cov_totals, member by member */
void json_add_totals(struct json_object *to, const struct cov_totals *totals);

/* json_print - print to stdout and free; returns an exit code */
int json_print(struct json_object *document);

/*
 * An object with an array that is too long to be kept is printed in pieces, each freed at once:
 *
 * json_begin_array - the members of @first, at least one, and the beginning of the array @key
 * json_put_element - an element; @before: how many there were before it
 * json_separate - the comma, if any, before an element that is begun with json_begin_array()
 * json_end_array - the end of the array, the members of @rest (or NULL), and the object's end
 */
void json_begin_array(struct json_object *first, const char *key);
void json_put_element(uint64_t before, struct json_object *element);
void json_separate(uint64_t before);
void json_end_array(struct json_object *rest);

/* ---- engines.c ---- */

/* What armed a target's sites, if this livecov.ko reports it. */
struct target_engines {
	bool known;
	struct cov_engine_counts counts;
};

/* engines_of - query it; returns @known */
bool engines_of(struct cov *cov, uint32_t target, struct target_engines *engines);

/* engines_sites - how many sites they have together */
uint64_t engines_sites(const struct target_engines *engines);

/* engines_print - "11,690 detour, 2,004 entry, 270 breakpoint, 0 kprobe" */
void engines_print(const struct target_engines *engines);

/*
 * engines_print_no_detour - a line that says why branches have no detour; nothing if all
 * have one, or if @engine, the one requested, makes none
 */
void engines_print_no_detour(const char *module, unsigned int engine,
			     const struct target_engines *engines);

/* engines_json - members "engines" and "no_detour", null where not known */
void engines_json(struct json_object *to, const struct target_engines *engines);

/* ---- run.c ---- */

/*
 * run_tracked - run a command as a sample; returns the exit status to pass on
 * @wait_status: out: waitpid()'s, or -1 if it was not run
 */
int run_tracked(struct cov *cov, uint64_t sample, char **command, int *wait_status);

/* warn_if_idle - if nothing is attached, warn that nothing will be @what: "recorded" */
void warn_if_idle(struct cov *cov, const char *what);

/* ---- samples.c, samples_places.c, samples_reaching.c, samples_smallest.c ---- */

/* parse_sample - the argument of --sample; returns EXIT_OK or EXIT_USAGE */
int parse_sample(const struct command *command, const char *given, uint64_t *sample);

/* json_add_sample - member "sample", null for 0, which is everything */
void json_add_sample(struct json_object *to, uint64_t sample);

/* What samples --alone, --first and --compare request. */
struct places_request {
	unsigned int which;	/* COV_SAMPLE_*, 0 to compare */
	uint64_t sample;
	uint64_t without;	/* the one to compare with */
};

/* samples_places - show the places; returns an exit code, as the others do */
int samples_places(const struct cov_sample_table *table, const struct places_request *request);

/* samples_reaching - samples --reaching; @outcome: outcome_name()'s, or NULL */
int samples_reaching(const struct cov_sample_table *table, const struct place_name *name,
		     const char *outcome);

/* samples_smallest - samples --smallest */
int samples_smallest(const struct cov_sample_table *table);

/* json_add_place - members that identify a place */
void json_add_place(struct json_object *to, const struct cov_snapshot *snapshot,
		    const struct cov_place *place);

/* ---- records.c ---- */

/*
 * end_text - "vivid_open+0x1b taken", "do_dentry_open+0x42", "(start)"; the buffer is the
 * caller's
 */
#define END_LEN (PLACE_LEN + 32)
const char *end_text(const struct names *names, const struct cov_end *end, char buffer[END_LEN]);

/* end_kind - "caller", "function", ... */
const char *end_kind(const struct cov_end *end);

/* json_add_record - a record, member by member */
void json_add_record(struct json_object *to, const struct names *names,
		     const struct cov_record *record);

/* warn_of_lost_records - a line on stderr if there are any: what is shown may be incomplete */
void warn_of_lost_records(uint64_t lost);

/* ---- list_json.c ---- */

/* What `list` shows. */
struct list_filter {
	bool hit;
	bool unhit;
	uint64_t sample;	/* whose coverage, 0 for everything */
	struct string_list globs;
};

bool list_shows(const struct list_filter *filter, const struct cov_function_desc *f);
int list_json(const struct cov_snapshot *snapshot, const struct list_filter *filter);

/* ---- ranges.c ---- */

/* Numbers as "3-5,9", in @base 10 or 16; all members but @out and @base start as zero. */
struct ranges {
	FILE *out;
	int base;
	uint64_t first, last;
	bool open;
};

/* ranges_add - in ascending order; ranges that touch become one */
void ranges_add(struct ranges *ranges, uint64_t first, uint64_t last);

/* ranges_flush - to be called at the end */
void ranges_flush(struct ranges *ranges);

/* ---- unhit.c ---- */

/*
 * unhit_offsets - "0x12-0x40,0x77": code that did not run, by offsets from the
 * function's first byte, each range including its last byte; followed by "?" if there is
 * code about which nothing is known; "entry" if only that is known. free() it.
 */
char *unhit_offsets(const struct cov_snapshot *snapshot, unsigned int t,
		    const struct cov_function_desc *f);

/*
 * unhit_lines - "12-15,20 (driver.c)": lines that have code which did not run;
 * empty if none are known. free() it.
 * @function: @f's index
 */
char *unhit_lines(const struct cov_snapshot *snapshot, unsigned int t,
		  const struct cov_function_desc *f, unsigned int function,
		  struct cov_lines *lines);

/* ---- condition.c ---- */

/*
 * condition_text - a branch's condition in assembly: "test %eax,%eax; jne"
 * @branch: its index
 *
 * As much as is known: only the jump if the text cannot be read or nothing near it sets
 * the flags.
 */
void condition_text(struct cov *cov, const struct cov_snapshot *snapshot, unsigned int t,
		    unsigned int branch, char *buffer, size_t size);

#endif /* COVSTAT_H */
