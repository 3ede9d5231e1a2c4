// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace.c - see trace.h. trace_area.c writes the records; this file decides which task writes to
 * which trace, and until when.
 *
 * A trace belongs to an owner, the control file that asked for it, as tracked tasks do. A task
 * is bound to its owner's trace in a handler, at its first hit or, if the trace has system calls,
 * its first one: to an entry in the trace that no other task ever gets. So fork costs nothing, and
 * a task that does nothing that the trace records takes up no entry.
 *
 *	slot of the task registry                          trace of owner O
 *	  life G of task T, owner O   --- bind, once --->    entry n: (slot, G)
 *
 * A binding holds for one life of one slot, and names that life: a handler uses it only if its
 * look-up of the running task has found the same life. A stale binding does no harm. One that a
 * handler makes late, for a life that was ended while it ran, must not replace that of the
 * slot's next life: the handler has read what it replaces while its own life still went on, and
 * the cmpxchg() fails if that has changed.
 *
 *	listed -- RCU --> OPEN -- unlisted --> no task binds -- RCU --> slots forget it
 *	-- RCU --> freed
 *
 * Handlers run with preemption off, so an RCU grace period waits for them. A function's entry and
 * its kretprobe are two callbacks, in either order, in one stretch with preemption off. Returns are
 * awaited only in a trace that is OPEN (TRACE_OPEN): whoever awaits one then has counted its entry,
 * or will, in the same stretch. A trace is closed when the last reference to its file is dropped,
 * including those of mappings. The entry of a task that exits stays; a reader that dies closes the
 * file; neither waits for the other.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>

#include "alloc_array.h"
#include "checkpoint.h"
#include "memory_budget.h"
#include "target_list.h"
#include "trace.h"
#include "trace_area.h"
#include "trace_syscalls.h"
#include "tracking.h"

#define TRACES_MAX	16

/* In struct trace.flags, beside COV_TRACE_* */
#define TRACE_OPEN	(1U << 31)

/**
 * struct traced_task - one life of one slot, and its entry
 * @trace: where it writes
 * @slot: of the task registry
 * @generation: the life
 * @entry: index in @trace's area, and of this struct in @trace->tasks
 *
 * Never changes once a binding points to it.
 */
struct traced_task {
	struct trace *trace;
	u32 slot;
	u32 generation;
	u32 entry;
};

/**
 * struct trace - an open trace
 * @owner: whose tasks write to it
 * @flags: COV_TRACE_* and TRACE_OPEN
 * @serial: no other trace has it; not 0
 * @memory: what user space maps
 * @length: of that, bytes
 * @area: the layout of @memory
 * @tasks: one for each entry of @area
 */
struct trace {
	u64 owner;
	u32 flags;
	u32 serial;
	void *memory;
	size_t length;
	struct trace_area area;
	struct traced_task *tasks;
};

/**
 * struct binding - which trace a slot of the task registry is bound to
 * @task: the last life that was bound, or NULL
 * @refused: the last life for which there was no entry, and in which trace: refusal_of()
 */
struct binding {
	struct traced_task *task;
	u64 refused;
};

static DEFINE_MUTEX(traces_lock);		/* serialises opening and closing */
static struct trace *traces[TRACES_MAX];	/* read by handlers */
static u32 nr_traces;
static struct binding *bindings;		/* one for each slot, from the first trace on */

/* --- from handlers; preemption is off --------------------------------------------------- */

static __always_inline struct trace *trace_at(u32 i)
{
	/* Pairs with smp_store_release() in list_trace(). */
	return smp_load_acquire(&traces[i]);
}

static __always_inline struct trace *trace_of(u64 owner)
{
	u32 i;

	for (i = 0; i < TRACES_MAX; i++) {
		struct trace *trace = trace_at(i);

		if (trace && trace->owner == owner)
			return trace;
	}
	return NULL;
}

/* A life may be refused by several traces, one after the other: each of them has lost a task. */
static __always_inline u64 refusal_of(const struct trace *trace, u32 generation)
{
	return (u64)trace->serial << 32 | generation;
}

/* Count the task once, even if a nested hit of the same task comes in between. */
static notrace void note_refused(struct trace *trace, struct binding *binding, u32 generation)
{
	u64 refusal = refusal_of(trace, generation);

	if (READ_ONCE(binding->refused) != refusal && xchg(&binding->refused, refusal) != refusal)
		trace_area_lose_task(&trace->area);
}
NOKPROBE_SYMBOL(note_refused);

/*
 * Bind the running task, at its first hit or system call. @former is what its slot was bound to, an
 * earlier life or NULL.
 *
 * An entry cannot be given back: one that was taken in vain stays, without records. That is so
 * where a nested hit of the same task was first, which takes a probe in what this calls; and where
 * the owner's file was closed meanwhile, and the slot is another task's by now: then no more tasks
 * come to this trace, and none misses the entry.
 */
static notrace struct traced_task *bind(struct trace *trace, const struct thread_ref *thread,
					struct traced_task *former)
{
	struct binding *binding = &bindings[thread->slot];
	struct traced_task *task, *found;
	int entry = trace_area_add_task(&trace->area, current->pid, current->tgid, current->comm);

	if (entry < 0) {
		note_refused(trace, binding, thread->generation);
		return NULL;
	}
	task = &trace->tasks[entry];
	*task = (struct traced_task){ trace, thread->slot, thread->generation, entry };
	/* A full barrier: a handler that finds @task sees its members. */
	while ((found = cmpxchg(&binding->task, former, task)) != former) {
		if (found)
			return found->generation == thread->generation ? found : NULL;
		/* Another trace was closed: unbind_all() has removed @former in between. */
		former = NULL;
	}
	return task;
}
NOKPROBE_SYMBOL(bind);

/*
 * The running task's slot, and what that is bound to: perhaps an earlier life, or NULL. Not a
 * later one, which bind() must not replace: the life goes on after the binding was read.
 */
static notrace bool find_self(struct thread_ref *thread, struct traced_task **bound)
{
	/* Pairs with smp_store_release() in list_trace(): if it is not 0, there are @bindings. */
	if (!smp_load_acquire(&nr_traces) || !atomic_long_read(&cov_tasks.count) ||
	    !task_registry_find(&cov_tasks, (unsigned long)current, thread))
		return false;
	/* Pairs with the cmpxchg() in bind(): its members are there. */
	*bound = smp_load_acquire(&bindings[thread->slot].task);
	return thread_buffer_alive(&cov_tasks.buffer, thread);
}
NOKPROBE_SYMBOL(find_self);

static __always_inline bool is_life_of(const struct traced_task *task,
				       const struct thread_ref *thread)
{
	return task && task->generation == thread->generation;
}

/*
 * The running task's entry, and the trace that it is in, if that one has all of @flags. NULL and
 * a trace: that trace has no entry left for it. No trace: there is nothing to record.
 */
static notrace struct traced_task *traced_self(u32 flags, struct trace **trace)
{
	struct thread_ref thread;
	struct traced_task *task;
	struct trace *wanted;
	bool bound;

	*trace = NULL;
	if (!find_self(&thread, &task))
		return NULL;
	bound = is_life_of(task, &thread);
	wanted = bound ? task->trace : trace_of(thread.owner);
	/* Checked before the task is bound, so that what is not recorded takes up no entry. */
	if (!wanted || (READ_ONCE(wanted->flags) & flags) != flags)
		return NULL;
	if (!bound)
		task = bind(wanted, &thread, task);
	/* A nested hit may have bound the task first, and to a newer trace. */
	*trace = task ? task->trace : wanted;
	return task;
}
NOKPROBE_SYMBOL(traced_self);

/**
 * struct record - a record that is being made
 * @as: its fixed part
 * @words: the whole record, in words
 * @count: of words
 */
struct record {
	union {
		struct cov_trace_record as;
		u64 words[TRACE_MAX_WORDS];
	};
	u32 count;
};

static __always_inline void add_values(struct record *record, const u64 *values, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		record->words[record->count++] = values[i];
}

/* @record has its fixed part, without the length. What follows depends on the trace's flags. */
static notrace void write_record(struct trace *trace, struct traced_task *task,
				 struct record *record, const u64 *values, u32 nr_values)
{
	u32 kind = record->as.kind, before;
	u64 now;

	if (!task) {
		trace_area_lose_hit(&trace->area, kind);
		return;
	}
	if (!trace_area_begin(&trace->area, task->entry, kind))
		return;
	record->count = sizeof(record->as) / sizeof(u64);
	if (trace->flags & COV_TRACE_TIME) {
		before = hit_begin();
		now = ktime_get_mono_fast_ns();
		hit_end(before);
		add_values(record, &now, 1);
	}
	add_values(record, values, nr_values);
	record->as.words = record->count;
	trace_area_end(&trace->area, task->entry, kind, record->words, record->count);
}
NOKPROBE_SYMBOL(write_record);

static __always_inline u32 stack_in_use(const struct pt_regs *regs)
{
	return (unsigned long)task_stack_page(current) + THREAD_SIZE - regs->sp;
}

/* The index of an entry or a branch in its target's tables. */
static __always_inline u32 index_of(const struct cov_site *site)
{
	struct cell_layout layout = cov_image_layout(&site_target(site)->image);

	/* With constants cell_index() is inlined without its cases for other kinds. */
	if (site->kind == SITE_BRANCH)
		return cell_index(&layout, SITE_BRANCH, site->cell);
	return cell_index(&layout, SITE_ENTRY, site->cell);
}

static __always_inline void fill_hit(struct record *record, const struct cov_site *site,
				     u32 outcome, const struct pt_regs *regs)
{
	record->as.kind = site->kind == SITE_BRANCH ? COV_TRACE_BRANCH : COV_TRACE_ENTRY;
	record->as.detail = outcome;
	record->as.index = index_of(site);
	record->as.target = site_target(site)->id;
	record->as.stack = stack_in_use(regs);
}

/* A function's return counts as lost until trace_return_awaited() takes that back. */
static __always_inline void expect_return(struct trace *trace, struct traced_task *task)
{
	if (task)
		trace_area_lose(&trace->area, task->entry, COV_TRACE_RETURN, 1);
	else
		trace_area_lose_hit(&trace->area, COV_TRACE_RETURN);
}

notrace void trace_hit(const struct cov_site *site, u32 outcome, const struct pt_regs *regs,
		       enum hit_context context)
{
	struct record record = { };
	struct traced_task *task;
	struct trace *trace;
	u64 arguments[TRACE_ARGUMENTS];
	u32 i, n = 0;

	if (site->kind == SITE_LEADER || !hit_in_task(context))
		return;
	task = traced_self(0, &trace);
	if (!trace)
		return;
	fill_hit(&record, site, outcome, regs);
	if (site->kind == SITE_ENTRY && trace->flags & COV_TRACE_ARGS) {
		n = ARRAY_SIZE(arguments);
		for (i = 0; i < n; i++)
			arguments[i] = regs_get_kernel_argument((struct pt_regs *)regs, i);
	}
	write_record(trace, task, &record, arguments, n);
	if (site->kind == SITE_ENTRY && site_target(site)->flags & COV_ATTACH_RETURNS)
		expect_return(trace, task);
}
NOKPROBE_SYMBOL(trace_hit);

notrace bool trace_return_awaited(const struct pt_regs *regs, struct trace_call *call)
{
	struct traced_task *task;
	struct trace *trace;

	/* Its entry is not in the trace, either. */
	if (!hit_in_task(HIT_IN_CALLBACK) || hit_is_own(HIT_IN_CALLBACK))
		return false;
	task = traced_self(TRACE_OPEN, &trace);
	if (!task)
		return false;
	trace_area_lose(&trace->area, task->entry, COV_TRACE_RETURN, -1);
	*call = (struct trace_call){ stack_in_use(regs), trace->serial, task->entry };
	return true;
}
NOKPROBE_SYMBOL(trace_return_awaited);

/* The running task's entry, if that is still where @call was recorded. */
static notrace struct traced_task *caller_self(const struct trace_call *call)
{
	struct thread_ref thread;
	struct traced_task *task;

	if (!find_self(&thread, &task) || !is_life_of(task, &thread) ||
	    task->trace->serial != call->trace || task->entry != call->task)
		return NULL;
	return task;
}
NOKPROBE_SYMBOL(caller_self);

/* Nothing is lost with a trace that is closed. */
static notrace void lose_return(const struct trace_call *call)
{
	u32 i;

	for (i = 0; i < TRACES_MAX; i++) {
		struct trace *trace = trace_at(i);

		if (trace && trace->serial == call->trace)
			trace_area_lose(&trace->area, call->task, COV_TRACE_RETURN, 1);
	}
}
NOKPROBE_SYMBOL(lose_return);

notrace void trace_return(const struct cov_site *site, u64 value, const struct trace_call *call)
{
	struct traced_task *task = caller_self(call);
	struct record record = { };

	if (!task) {
		lose_return(call);
		return;
	}
	record.as.kind = COV_TRACE_RETURN;
	record.as.index = index_of(site);
	record.as.target = site_target(site)->id;
	record.as.stack = call->stack;
	write_record(task->trace, task, &record, &value, 1);
}
NOKPROBE_SYMBOL(trace_return);

notrace void trace_syscall(u32 kind, u32 number, const u64 *values)
{
	struct record record = { };
	struct traced_task *task;
	struct trace *trace;
	u32 n = 1;

	task = traced_self(COV_TRACE_SYSCALLS, &trace);
	if (!trace)
		return;
	if (kind == COV_TRACE_SYSCALL)
		n = trace->flags & COV_TRACE_ARGS ? TRACE_ARGUMENTS : 0;
	record.as.kind = kind;
	record.as.detail = in_ia32_syscall();
	record.as.index = number;
	write_record(trace, task, &record, values, n);
}
NOKPROBE_SYMBOL(trace_syscall);

notrace void trace_name(void)
{
	struct thread_ref thread;
	struct traced_task *task;

	/* A task that is bound later gets its name then. */
	if (find_self(&thread, &task) && is_life_of(task, &thread))
		trace_area_rename(&task->trace->area, task->entry, current->pid, current->comm);
}
NOKPROBE_SYMBOL(trace_name);

/* --- from process context; may sleep ---------------------------------------------------- */

static void *take_memory(size_t length)
{
	void *memory;

	if (!memory_budget_take(length / PAGE_SIZE))
		return NULL;
	memory = __vmalloc(length, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN | __GFP_RETRY_MAYFAIL);
	if (!memory)
		memory_budget_give(length / PAGE_SIZE);
	return memory;
}

static void give_memory(void *memory, size_t length)
{
	if (!memory)
		return;
	vfree(memory);
	memory_budget_give(length / PAGE_SIZE);
}

static void trace_free(struct trace *trace)
{
	trace_area_destroy(&trace->area);
	kvfree(trace->tasks);
	give_memory(trace->memory, trace->length);
	kfree(trace);
}

static struct trace *trace_alloc(const struct cov_trace *request, u64 owner)
{
	static atomic_t serials;
	struct trace *trace = kzalloc(sizeof(*trace), GFP_KERNEL);

	if (!trace)
		return NULL;
	trace->owner = owner;
	trace->serial = atomic_inc_return(&serials);
	trace->flags = request->flags;
	trace->length = trace_area_length(request->size, request->tasks);
	trace->memory = take_memory(trace->length);
	trace->tasks = kvcalloc(request->tasks, sizeof(*trace->tasks), GFP_LARGE);
	if (!trace->memory || !trace->tasks ||
	    trace_area_init(&trace->area, trace->memory, request->size, request->tasks,
			    request->flags)) {
		trace_free(trace);
		return NULL;
	}
	return trace;
}

static int make_bindings(void)
{
	if (!bindings)
		bindings = kvcalloc(cov_tasks.buffer.nr_slots, sizeof(*bindings), GFP_LARGE);
	return bindings ? 0 : -ENOMEM;
}

static int follow_syscalls(struct cov_error *error)
{
	int err = trace_syscalls_get();

	switch (err) {
	case 0:
		return 0;
	case -ENOENT:
		return cov_fail(error, err, "this kernel has no tracepoints of system calls, or does not let modules use them");
	case -ENOMEM:
		return cov_fail(error, err, "not enough memory to follow system calls");
	default:
		return cov_fail(error, err, "the tracepoints of system calls cannot be used (errno %d)",
				-err);
	}
}

static int list_trace(struct trace *trace, struct cov_error *error)
{
	int i, at = -1, err;

	for (i = 0; i < TRACES_MAX; i++) {
		if (!traces[i])
			at = i;
		else if (traces[i]->owner == trace->owner)
			return cov_fail(error, -EEXIST, "this file has a trace already; close that first");
	}
	if (at < 0)
		return cov_fail(error, -ENOSPC, "there are %u traces already; close one", TRACES_MAX);
	err = make_bindings();
	if (err)
		return cov_fail(error, err, "not enough memory for the table of traced tasks");
	if (trace->flags & COV_TRACE_SYSCALLS)
		err = follow_syscalls(error);
	if (err)
		return err;
	/* Pairs with smp_load_acquire() in trace_at(). */
	smp_store_release(&traces[at], trace);
	/* Pairs with smp_load_acquire() in find_self(). */
	smp_store_release(&nr_traces, nr_traces + 1);
	return 0;
}

struct trace *trace_open(const struct cov_trace *request, u64 owner, struct cov_error *error)
{
	struct trace *trace = trace_alloc(request, owner);
	int err;

	if (!trace) {
		cov_fail(error, -ENOMEM, "not enough memory for a trace of %llu bytes and %u tasks",
			 request->size, request->tasks);
		return ERR_PTR(-ENOMEM);
	}
	mutex_lock(&traces_lock);
	err = list_trace(trace, error);
	mutex_unlock(&traces_lock);
	if (err) {
		trace_free(trace);
		return ERR_PTR(err);
	}
	/* Expedited: whoever opens it waits to begin what is to be traced. */
	synchronize_rcu_expedited();
	WRITE_ONCE(trace->flags, trace->flags | TRACE_OPEN);
	return trace;
}

static void unlist(struct trace *trace)
{
	int i;

	for (i = 0; i < TRACES_MAX; i++)
		if (traces[i] == trace)
			WRITE_ONCE(traces[i], NULL);
	WRITE_ONCE(nr_traces, nr_traces - 1);
}

static void unbind_all(struct trace *trace)
{
	u32 i;

	for (i = 0; i < trace->area.max_tasks; i++) {
		struct traced_task *task = &trace->tasks[i];

		if (task->trace)
			cmpxchg(&bindings[task->slot].task, task, NULL);
	}
}

void trace_close(struct trace *trace)
{
	mutex_lock(&traces_lock);
	unlist(trace);
	if (trace->flags & COV_TRACE_SYSCALLS)
		trace_syscalls_put();
	/* Under the lock: the owner's next trace must find no task bound to this one. */
	synchronize_rcu();
	unbind_all(trace);
	mutex_unlock(&traces_lock);
	synchronize_rcu();
	trace_free(trace);
}

void *trace_memory(const struct trace *trace)
{
	return trace->memory;
}

size_t trace_length(const struct trace *trace)
{
	return trace->length;
}

void trace_exit(void)
{
	kvfree(bindings);
	bindings = NULL;
}
