// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_summary.c - how often each function was called, and which errors it returned.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

struct error_count {
	unsigned int error;
	uint64_t count;
};

/**
 * struct function_sum - the sums of one function
 * @module: its name, a copy as the next
 * @function: its name
 * @text: what it is called beside others of that name
 * @address: of it
 * @id: struct trace_place's
 * @calls: entries
 * @returns: that were seen
 * @errors: that it returned, in the order of their first occurrence
 * @nr_errors: how many different ones
 */
struct function_sum {
	char *module;
	char *function;
	char *text;
	uint64_t address;
	uint64_t id;
	uint64_t calls;
	uint64_t returns;
	struct error_count *errors;
	unsigned int nr_errors;
	size_t room;
};

struct trace_summary {
	const struct trace_names *names;
	const struct trace_filter *filter;
	bool counts;	/* the task is where the filter wants it */
	struct function_sum *functions;
	unsigned int count;
	size_t room;
};

static const char what[] = "a trace";

struct trace_summary *trace_summary_new(const struct trace_names *names,
					const struct trace_filter *filter)
{
	struct trace_summary *summary = sure(calloc(1, sizeof(*summary)), what);

	summary->names = names;
	summary->filter = filter;
	trace_summary_task(summary);
	return summary;
}

void trace_summary_task(struct trace_summary *summary)
{
	summary->counts = !summary->filter->only;
}

static struct function_sum *sum_of(struct trace_summary *summary, const struct trace_place *place)
{
	const struct trace_names *names = summary->names;
	struct function_sum *sum;
	char text[PLACE_LEN];
	unsigned int i;

	for (i = 0; i < summary->count; i++)
		if (summary->functions[i].id == place->id)
			return &summary->functions[i];
	summary->functions = grown(summary->functions, summary->count, &summary->room,
				   sizeof(*sum), what);
	sum = &summary->functions[summary->count++];
	*sum = (struct function_sum){
		.module = sure(strdup(place->module), what),
		.function = sure(strdup(place->function), what),
		.text = sure(strdup(names->text(names->data, place, text)), what),
		.address = place->address,
		.id = place->id,
	};
	return sum;
}

static void count_error(struct function_sum *sum, unsigned int error)
{
	unsigned int i;

	for (i = 0; i < sum->nr_errors; i++)
		if (sum->errors[i].error == error) {
			sum->errors[i].count++;
			return;
		}
	sum->errors = grown(sum->errors, sum->nr_errors, &sum->room, sizeof(*sum->errors), what);
	sum->errors[sum->nr_errors++] = (struct error_count){ error, 1 };
}

void trace_summary_add(struct trace_summary *summary, const struct cov_trace_event *event)
{
	struct function_sum *sum;
	struct trace_place place;

	if (event->kind == COV_TRACE_SYSCALL || event->kind == COV_TRACE_SYSRET) {
		if (summary->filter->only)
			summary->counts = event->kind == COV_TRACE_SYSCALL && !event->compat &&
					  event->index == summary->filter->number;
		return;
	}
	if (event->kind == COV_TRACE_BRANCH || !summary->counts ||
	    !summary->names->place(summary->names->data, event, &place))
		return;
	sum = sum_of(summary, &place);
	if (event->kind == COV_TRACE_ENTRY) {
		sum->calls++;
		return;
	}
	sum->returns++;
	if (trace_left_with(event->value))
		count_error(sum, trace_left_with(event->value));
}

static bool has_returns(const struct trace_summary *summary)
{
	unsigned int i;

	for (i = 0; i < summary->count; i++)
		if (summary->functions[i].returns)
			return true;
	return false;
}

/* "-ENOTTY 2, -EINVAL 1", or "-"; free it */
static char *error_words(const struct function_sum *sum)
{
	char *words = NULL;
	size_t size;
	FILE *out = sure(open_memstream(&words, &size), "errors");
	unsigned int i;

	if (!sum->nr_errors)
		fputc('-', out);
	for (i = 0; i < sum->nr_errors; i++)
		fprintf(out, "%s-%s %" PRIu64, i ? ", " : "", error_name(sum->errors[i].error),
			sum->errors[i].count);
	if (fclose(out))
		exit(fail("no memory for errors"));
	return words;
}

static void print_returns(struct table *table, const struct function_sum *sum)
{
	char *errors = error_words(sum);
	char returns[GROUPED_LEN];

	table_cell(table, COLOR_NONE, "%s", grouped(returns, sum->returns));
	table_cell(table, sum->nr_errors ? COLOR_BAD : COLOR_NONE, "%s", errors);
	free(errors);
}

/* Names the filter's system call: others may well have called something. */
static void print_none(const struct trace_filter *filter)
{
	const char *name = syscall_name(filter->number);

	fputs("nothing that is attached was called", stdout);
	if (filter->only && name)
		printf(" in %s", name);
	else if (filter->only)
		printf(" in system call %" PRIu32, filter->number);
	putchar('\n');
}

void trace_summary_print(const struct trace_summary *summary)
{
	bool returns = has_returns(summary);
	char calls[GROUPED_LEN];
	struct table *table;
	unsigned int i;

	if (!summary->count) {
		print_none(summary->filter);
		return;
	}
	putchar('\n');
	table = table_new();
	table_column(table, "FUNCTION", 0);
	table_column(table, "CALLS", COLUMN_RIGHT);
	if (returns) {
		table_column(table, "RETURNED", COLUMN_RIGHT);
		table_column(table, "LEFT WITH", 0);
	}
	for (i = 0; i < summary->count; i++) {
		table_cell(table, COLOR_NONE, "%s", summary->functions[i].text);
		table_cell(table, COLOR_NONE, "%s", grouped(calls, summary->functions[i].calls));
		if (returns)
			print_returns(table, &summary->functions[i]);
	}
	table_print(table);
}

void trace_summary_json(const struct trace_summary *summary, struct json_object *to)
{
	struct json_object *array = json_add_array(to, "functions");
	unsigned int i, k;

	for (i = 0; i < summary->count; i++) {
		const struct function_sum *sum = &summary->functions[i];
		struct json_object *object = json_append_object(array), *errors;

		json_add_string(object, "module", sum->module);
		json_add_string(object, "function", sum->function);
		json_add_address(object, "function_address", sum->address);
		json_add_number(object, "calls", sum->calls);
		json_add_number(object, "returned", sum->returns);
		errors = json_add_object(object, "errors");
		for (k = 0; k < sum->nr_errors; k++)
			json_add_number(errors, error_name(sum->errors[k].error),
					sum->errors[k].count);
	}
}

void trace_summary_free(struct trace_summary *summary)
{
	unsigned int i;

	for (i = 0; i < summary->count; i++) {
		free(summary->functions[i].module);
		free(summary->functions[i].function);
		free(summary->functions[i].text);
		free(summary->functions[i].errors);
	}
	free(summary->functions);
	free(summary);
}
