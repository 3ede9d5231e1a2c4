// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_tree.c - a task's events as an indented tree. Depends on nothing of livecov but
 * the events; prints them as they come.
 *
 * Who called whom follows from the stack: a callee has more of it in use than its caller.
 * So an entry ends all functions that had as much or more, and a branch those that had
 * more. Two entries with the same stack use are one after the other, or the second is a
 * tail call of the first: where returns are seen, these can be distinguished, because in
 * a tail call the first has not returned.
 *
 * A line is a function's name and the outcomes of its branches, up to the next call; its
 * return joins the line if nothing was called. A system call is shown when something
 * happens in it, or if it was requested by name: those in which nothing happened, and
 * that ended in the same way, on one line.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "trace.h"

#define INDENT	2

/* A function that has been entered and not left. */
struct frame {
	uint64_t id;
	uint32_t stack;
	bool returns;
};

/**
 * struct trace_tree - where the printing is
 * @out: where to
 * @title: goes before the first line, and is NULL then
 * @names: of places
 * @filter: what is shown
 * @begin: time that is shown as 0; 0: none is shown
 * @frames: functions that the task is in, outermost first
 * @depth: how many
 * @room: for how many there is memory
 * @in_syscall: a system call has begun; its functions are one level deeper
 * @announced: its line was printed
 * @syscall: its beginning
 * @open: the last line continues
 * @heading: and begins with the innermost function's name, or the system call's
 * @outcomes: on that line
 * @again: how often the last item of the line was repeated
 * @last: that item: an outcome, or a system call in which nothing happened
 */
struct trace_tree {
	FILE *out;
	const char *title;
	const struct trace_names *names;
	const struct trace_filter *filter;
	uint64_t begin;
	struct frame *frames;
	unsigned int depth;
	size_t room;
	bool in_syscall;
	bool announced;
	struct cov_trace_event syscall;
	bool open;
	bool heading;
	unsigned int outcomes;
	unsigned int again;
	char last[64];
};

unsigned int trace_left_with(uint64_t value)
{
	/* The upper half of an int is undefined: zeroes, or copies of its sign. */
	int64_t number = value >> 32 ? (int64_t)value : (int32_t)value;

	return number < 0 && number >= -4095 ? -number : 0;
}

struct trace_tree *trace_tree_new(FILE *out, const char *title,
				  const struct trace_names *names,
				  const struct trace_filter *filter, uint64_t begin)
{
	struct trace_tree *tree = sure(calloc(1, sizeof(*tree)), "a trace");

	tree->out = out;
	tree->title = title;
	tree->names = names;
	tree->filter = filter;
	tree->begin = begin;
	return tree;
}

/* ---- lines ------------------------------------------------------------- */

static void end_again(struct trace_tree *tree)
{
	if (tree->again)
		fprintf(tree->out, " x%u", tree->again + 1);
	tree->again = 0;
	tree->last[0] = '\0';
}

/* Does the line end with the same item? Then that item's count grows. */
static bool is_again(struct trace_tree *tree, const char *what)
{
	if (!tree->open || strcmp(what, tree->last))
		return false;
	tree->again++;
	return true;
}

static void end_line(struct trace_tree *tree)
{
	end_again(tree);
	if (tree->open)
		fputc('\n', tree->out);
	tree->open = tree->heading = false;
	tree->outcomes = 0;
}

static void begin_line(struct trace_tree *tree, const struct cov_trace_event *event,
		       unsigned int level, bool heading)
{
	end_line(tree);
	if (tree->title)
		fprintf(tree->out, "%s\n", tree->title);
	tree->title = NULL;
	if (tree->begin)
		fprintf(tree->out, "%12.3f us  ", (double)(int64_t)(event->time - tree->begin) / 1e3);
	fprintf(tree->out, "%*s", INDENT * (int)(level + 1), "");
	tree->open = true;
	tree->heading = heading;
}

static void put_arguments(struct trace_tree *tree, const struct cov_trace_event *event)
{
	uint32_t i;

	if (!event->nr_args || !tree->filter->args)
		return;
	for (i = 0; i < event->nr_args; i++)
		fprintf(tree->out, "%s%#" PRIx64, i ? ", " : "(", event->args[i]);
	fputc(')', tree->out);
}

/* Small numbers are numbers, others addresses or flags. */
static void put_value(struct trace_tree *tree, uint64_t value)
{
	unsigned int error = trace_left_with(value);

	if (error)
		fprintf(tree->out, "  left with -%s", error_name(error));
	else if (value < 1 << 20)
		fprintf(tree->out, "  returned %" PRIu64, value);
	else
		fprintf(tree->out, "  returned %#" PRIx64, value);
}

/* ---- frames ------------------------------------------------------------ */

/* How deep a function's line lies if @depth functions are around it. */
static unsigned int level(const struct trace_tree *tree, unsigned int depth)
{
	return depth + tree->in_syscall;
}

static void push(struct trace_tree *tree, uint64_t id, const struct cov_trace_event *event)
{
	tree->frames = grown(tree->frames, tree->depth, &tree->room, sizeof(*tree->frames),
			     "a trace");
	tree->frames[tree->depth++] = (struct frame){
		id, event->stack, tree->names->returns(tree->names->data, event->target),
	};
}

/* Leave functions down to @depth; the last line no longer belongs to any of them. */
static void leave(struct trace_tree *tree, unsigned int depth)
{
	if (tree->depth <= depth)
		return;
	end_line(tree);
	tree->depth = depth;
}

/* How many functions are still executing when one is entered. */
static unsigned int around_entry(const struct trace_tree *tree, uint32_t stack)
{
	unsigned int depth = tree->depth;

	while (depth && (tree->frames[depth - 1].stack > stack ||
			 (tree->frames[depth - 1].stack == stack &&
			  !tree->frames[depth - 1].returns)))
		depth--;
	return depth;
}

/* How deep the innermost call of a function is that may be at this point; 0: there is none. */
static unsigned int frame_of(const struct trace_tree *tree, uint64_t id, uint32_t stack)
{
	unsigned int depth = tree->depth;

	while (depth && !(tree->frames[depth - 1].id == id && tree->frames[depth - 1].stack <= stack))
		depth--;
	return depth;
}

/* ---- events ------------------------------------------------------------ */

/* The place of an event, or one that says that it is unknown. */
static struct trace_place place_of(struct trace_tree *tree, const struct cov_trace_event *event)
{
	struct trace_place place = { .function = "?" };

	if (!tree->names->place(tree->names->data, event, &place))
		place = (struct trace_place){ .function = "?" };
	return place;
}

static void put_function(struct trace_tree *tree, const struct trace_place *place)
{
	char text[PLACE_LEN];

	fputs(place->id ? tree->names->text(tree->names->data, place, text) : place->function,
	      tree->out);
}

static void add_entry(struct trace_tree *tree, const struct cov_trace_event *event)
{
	struct trace_place place = place_of(tree, event);

	leave(tree, around_entry(tree, event->stack));
	begin_line(tree, event, level(tree, tree->depth), true);
	put_function(tree, &place);
	put_arguments(tree, event);
	push(tree, place.id, event);
}

/* The function was entered before the trace began, or its entry could not be armed. */
static void enter_unseen(struct trace_tree *tree, const struct cov_trace_event *event,
			 const struct trace_place *place)
{
	leave(tree, around_entry(tree, event->stack));
	begin_line(tree, event, level(tree, tree->depth), true);
	put_function(tree, place);
	fputs(" (entry not seen)", tree->out);
	push(tree, place->id, event);
}

static void add_branch(struct trace_tree *tree, const struct cov_trace_event *event)
{
	struct trace_place place = place_of(tree, event);
	unsigned int depth = frame_of(tree, place.id, event->stack);
	char outcome[sizeof(tree->last)];

	if (depth)
		leave(tree, depth);
	else
		enter_unseen(tree, event, &place);
	snprintf(outcome, sizeof(outcome), "%s+%#" PRIx64 " %s", place.cold ? "cold" : "",
		 place.offset, outcome_name(event->taken));
	if (is_again(tree, outcome))
		return;
	end_again(tree);
	if (!tree->open)
		begin_line(tree, event, level(tree, tree->depth), false);
	else
		fputs(tree->outcomes ? ", " : "  ", tree->out);
	fputs(outcome, tree->out);
	strcpy(tree->last, outcome);
	tree->outcomes++;
}

static void add_return(struct trace_tree *tree, const struct cov_trace_event *event)
{
	struct trace_place place = place_of(tree, event);
	unsigned int depth = frame_of(tree, place.id, event->stack);

	leave(tree, depth ? depth : around_entry(tree, event->stack));
	end_again(tree);
	if (!depth || !tree->heading) {
		begin_line(tree, event, level(tree, depth ? depth - 1 : tree->depth), true);
		put_function(tree, &place);
	}
	put_value(tree, event->value);
	end_line(tree);
	if (depth)
		tree->depth = depth - 1;
}

/* ---- system calls ------------------------------------------------------ */

/* An ioctl's request, which tells a driver's many calls apart; 0 for other system calls. */
static uint64_t request_of(const struct cov_trace_event *event)
{
	return !event->compat && event->index == SYS_ioctl && event->nr_args ? event->args[1] : 0;
}

static void put_syscall(struct trace_tree *tree, const struct cov_trace_event *event)
{
	const char *name = event->compat ? NULL : syscall_name(event->index);

	begin_line(tree, event, 0, true);
	if (name)
		fputs(name, tree->out);
	else
		fprintf(tree->out, "%ssystem call %" PRIu32, event->compat ? "32-bit " : "",
			event->index);
	if (request_of(event) && !tree->filter->args)
		fprintf(tree->out, " %#" PRIx64, request_of(event));
	put_arguments(tree, event);
}

/* Print the system call's line, because something happens in it. */
static void announce(struct trace_tree *tree)
{
	if (!tree->in_syscall || tree->announced)
		return;
	put_syscall(tree, &tree->syscall);
	tree->announced = true;
}

/* A requested one is shown even if it has not ended. */
static void end_unfinished(struct trace_tree *tree)
{
	if (tree->filter->only)
		announce(tree);
}

static void begin_syscall(struct trace_tree *tree, const struct cov_trace_event *event)
{
	end_unfinished(tree);
	leave(tree, 0);
	tree->in_syscall = true;
	tree->announced = false;
	tree->syscall = *event;
}

/* One in which nothing has happened. With times or arguments no two are the same. */
static void add_empty_syscall(struct trace_tree *tree, uint64_t value)
{
	bool differ = tree->begin || tree->filter->args;
	char what[sizeof(tree->last)];

	snprintf(what, sizeof(what), "%" PRIu32 " %#" PRIx64 " %#" PRIx64, tree->syscall.index,
		 request_of(&tree->syscall), value);
	if (!differ && is_again(tree, what))
		return;
	put_syscall(tree, &tree->syscall);
	put_value(tree, value);
	if (!differ)
		strcpy(tree->last, what);
}

static void end_syscall(struct trace_tree *tree, const struct cov_trace_event *event)
{
	leave(tree, 0);
	if (tree->filter->only && !tree->announced) {
		add_empty_syscall(tree, event->value);
		tree->in_syscall = false;
		return;
	}
	if (tree->announced) {
		if (!tree->heading)
			put_syscall(tree, &(struct cov_trace_event){
				.index = event->index, .compat = event->compat,
				.time = event->time });
		put_value(tree, event->value);
	}
	end_line(tree);
	tree->in_syscall = tree->announced = false;
}

/* If the filter names a system call, only what happens in it is shown. */
static bool shown(const struct trace_tree *tree, const struct cov_trace_event *event)
{
	if (!tree->filter->only)
		return true;
	if (event->kind == COV_TRACE_SYSCALL)
		return !event->compat && event->index == tree->filter->number;
	return tree->in_syscall;
}

void trace_tree_add(struct trace_tree *tree, const struct cov_trace_event *event)
{
	if (!shown(tree, event))
		return;
	if (event->kind == COV_TRACE_SYSCALL) {
		begin_syscall(tree, event);
		return;
	}
	if (event->kind == COV_TRACE_SYSRET) {
		end_syscall(tree, event);
		return;
	}
	announce(tree);
	if (event->kind == COV_TRACE_ENTRY)
		add_entry(tree, event);
	else if (event->kind == COV_TRACE_BRANCH)
		add_branch(tree, event);
	else if (event->kind == COV_TRACE_RETURN)
		add_return(tree, event);
}

void trace_tree_end(struct trace_tree *tree)
{
	end_unfinished(tree);
	end_line(tree);
	free(tree->frames);
	free(tree);
}
