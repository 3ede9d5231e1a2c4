// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_json.c - a trace as JSON, an event at a time: as a json_object, an event needs a hundred
 * times the memory that it needs in the trace.
 */
#include <json-c/json.h>

#include "trace.h"

static const char *const kinds[COV_TRACE_KINDS] = {
	[COV_TRACE_ENTRY] = "entry",
	[COV_TRACE_RETURN] = "return",
	[COV_TRACE_BRANCH] = "branch",
	[COV_TRACE_SYSCALL] = "syscall",
	[COV_TRACE_SYSRET] = "sysret",
};

static void add_counts(struct json_object *to, const char *key, const uint64_t *counts)
{
	struct json_object *object = json_add_object(to, key);
	unsigned int i;

	for (i = 0; i < COV_TRACE_KINDS; i++)
		if (kinds[i])
			json_add_number(object, kinds[i], counts[i]);
}

static void add_syscall(struct json_object *to, const struct cov_trace_event *event)
{
	const char *name = event->compat ? NULL : syscall_name(event->index);

	if (name)
		json_add_string(to, "syscall", name);
	else
		json_add_null(to, "syscall");
	json_add_number(to, "number", event->index);
	json_add_bool(to, "compat", event->compat);
}

static void add_place(struct json_object *to, const struct cov_trace_event *event,
		      const struct trace_names *names)
{
	struct trace_place place = { 0 };

	json_add_number(to, "target", event->target);
	json_add_number(to, "stack", event->stack);
	if (!names->place(names->data, event, &place)) {
		json_add_null(to, "module");
		json_add_null(to, "function");
		json_add_no_address(to, "function_address");
		return;
	}
	json_add_string(to, "module", place.module);
	json_add_string(to, "function", place.function);
	json_add_address(to, "function_address", place.address);
	if (event->kind != COV_TRACE_BRANCH)
		return;
	json_add_signed(to, "function_offset", place.part + place.offset - place.address);
	json_add_number(to, "offset", place.offset);
	json_add_bool(to, "cold", place.cold);
	json_add_bool(to, "taken", event->taken);
}

static void add_value(struct json_object *to, const struct cov_trace_event *event)
{
	unsigned int error = trace_left_with(event->value);

	json_add_number(to, "value", event->value);
	if (error)
		json_add_string(to, "error", error_name(error));
	else
		json_add_null(to, "error");
}

static struct json_object *event_json(const struct cov_trace_event *event,
				      const struct trace_names *names)
{
	struct json_object *object = json_new(), *args;
	uint32_t i;

	json_add_string(object, "kind", kinds[event->kind]);
	if (event->time)
		json_add_number(object, "ns", event->time);
	if (event->kind == COV_TRACE_SYSCALL || event->kind == COV_TRACE_SYSRET)
		add_syscall(object, event);
	else
		add_place(object, event, names);
	if (event->kind == COV_TRACE_RETURN || event->kind == COV_TRACE_SYSRET)
		add_value(object, event);
	if (!event->nr_args)
		return object;
	args = json_add_array(object, "args");
	for (i = 0; i < event->nr_args; i++)
		json_append_number(args, event->args[i]);
	return object;
}

static int put_events(const struct cov_trace_handle *trace, unsigned int task,
		      const struct trace_names *names, const struct trace_filter *filter)
{
	struct cov_trace_event event = COV_INIT(event);
	bool counts = !filter->only;
	uint64_t position = 0, before = 0;

	while (!cov_trace_read(trace, task, &position, &event)) {
		if (filter->only && event.kind == COV_TRACE_SYSCALL)
			counts = !event.compat && event.index == filter->number;
		if (counts)
			json_put_element(before++, event_json(&event, names));
		if (filter->only && event.kind == COV_TRACE_SYSRET)
			counts = false;
	}
	return trace_end(trace, task);
}

static struct json_object *task_json(const struct cov_trace_handle *trace, unsigned int i)
{
	struct cov_trace_task_desc task = COV_INIT(task);
	struct json_object *object = json_new();

	cov_trace_task(trace, i, &task);
	json_add_number(object, "pid", task.pid);
	json_add_number(object, "tgid", task.tgid);
	json_add_string(object, "comm", task.comm);
	add_counts(object, "recorded", task.recorded);
	add_counts(object, "lost", task.lost);
	return object;
}

int trace_json_tasks(const struct cov_trace_handle *trace, const struct trace_names *names,
		     const struct trace_filter *filter)
{
	unsigned int i, n = cov_trace_tasks(trace);
	int status = EXIT_OK;

	for (i = 0; i < n; i++) {
		json_separate(i);
		json_begin_array(task_json(trace, i), "events");
		if (put_events(trace, i, names, filter) != EXIT_OK)
			status = EXIT_ERROR;
		json_end_array(NULL);
	}
	return status;
}

void trace_json_losses(struct json_object *to, const struct cov_trace_losses *all)
{
	json_add_number(to, "tasks_lost", all->tasks);
	add_counts(to, "lost", all->lost);
}
