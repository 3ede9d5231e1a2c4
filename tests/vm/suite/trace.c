// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace.c - mode trace: what is recorded, of whom, in what order, and that recorded and
 * lost together are all hits. The trace's life is in trace_life.c, the call in trace_abi.c.
 */
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module/covlife.h"
#include "trace.h"

/* covlife_work, _loop, _odd and _even. */
#define GLOB	"covlife_[wloe]*"
#define ROOM	4096

static struct seen seen[ROOM];

/* What covlife's functions are in its tables. */
struct places {
	uint32_t target, work, odd, even, first_branch;
};

static struct places places_of(int fd, uint32_t target)
{
	struct cov_function function;
	struct places places = { .target = target };

	places.odd = find_function(fd, target, "covlife_odd", &function);
	places.even = find_function(fd, target, "covlife_even", &function);
	places.work = find_function(fd, target, "covlife_work", &function);
	places.first_branch = function.first_branch;
	return places;
}

static void expect_record(const struct places *places, const struct seen *s, uint32_t kind,
			  uint32_t index, uint32_t detail)
{
	EXPECT_EQ(s->record.kind, kind);
	EXPECT_EQ(s->record.index, index);
	EXPECT_EQ(s->record.detail, detail);
	EXPECT_EQ(s->record.target, places->target);
}

/* covlife_work(@value), a value that is not rare: four records. */
static void expect_work(const struct places *p, const struct seen *s, unsigned long value)
{
	bool odd = value & 1;

	test_case("covlife_work(%lu)", value);
	expect_record(p, &s[0], COV_TRACE_ENTRY, p->work, 0);
	expect_record(p, &s[1], COV_TRACE_BRANCH, p->first_branch, 0);
	expect_record(p, &s[2], COV_TRACE_BRANCH, p->first_branch + 1, !odd);
	expect_record(p, &s[3], COV_TRACE_ENTRY, odd ? p->odd : p->even, 0);
	/* A jump at the end of covlife_work, or a call from it. */
	EXPECT(s[1].record.stack >= s[0].record.stack);
	EXPECT(s[3].record.stack >= s[0].record.stack);
	test_case("%s", "");
}

static void calls_are_recorded_in_order_with_both_outcomes(void)
{
	static const unsigned long values[] = { 1, 0, 2, 7, 7, 4 };
	int fd = control_open();
	struct places places = places_of(fd, attach_traced(fd, TARGET, GLOB, 0));
	struct opened trace = trace_start(fd, CHUNK, 1, 0);
	size_t i;

	track_as(fd, 1);
	EXPECT_EQ(trace_tasks(&trace), 0);
	for (i = 0; i < ARRAY_SIZE(values); i++)
		poke(COVLIFE_TASK, values[i]);
	EXPECT_EQ(trace_tasks(&trace), 1);
	EXPECT_EQ(trace_task(&trace, 0)->pid, getpid());
	EXPECT_EQ(trace_task(&trace, 0)->tgid, getpid());
	EXPECT(!strcmp(trace_task(&trace, 0)->comm, "trace"));
	EXPECT_EQ(trace_read(&trace, 0, seen, ROOM), 4 * ARRAY_SIZE(values));
	for (i = 0; i < ARRAY_SIZE(values); i++)
		expect_work(&places, &seen[4 * i], values[i]);
	expect_counts(&trace);
}

/* Nothing is ever known well enough to be left out. */
static void every_engine_records_the_same(void)
{
	static const unsigned int engines[] = {
		COV_ENGINE_AUTO, COV_ENGINE_BREAKPOINT, COV_ENGINE_KPROBE,
	};
	int fd = control_open(), device = MUST(open("/dev/covlife", O_RDWR));
	unsigned int scope, e, i;

	track_as(fd, 1);
	for (e = 0; e < ARRAY_SIZE(engines); e++)
		for (scope = COV_SCOPE_TRACKED; scope <= COV_SCOPE_ALL; scope++) {
			struct cov_attach request = attach_request(TARGET);
			struct places places;
			struct opened trace;

			request.mode = COV_MODE_TRACE;
			request.engine = engines[e];
			request.scope = scope;
			choose(&request, GLOB);
			attach(fd, &request);
			arm(fd, request.target);
			places = places_of(fd, request.target);
			trace = trace_start(fd, 16 * CHUNK, 1, 0);
			for (i = 0; i < 100; i++)
				MUST(ioctl(device, COVLIFE_TASK, i));
			EXPECT_EQ(trace_read(&trace, 0, seen, ROOM), 400);
			for (i = 0; i < 100; i++)
				expect_work(&places, &seen[4 * i], i);
			trace_stop(&trace);
			with_id(fd, COV_IOC_DETACH, request.target);
		}
}

static void interrupts_on_a_traced_task_are_not_recorded(void)
{
	static const unsigned int elsewhere[] = {
		COVLIFE_IRQ, COVLIFE_SOFTIRQ, COVLIFE_KTHREAD,
	};
	int fd = control_open();
	struct places places = places_of(fd, attach_traced(fd, TARGET, GLOB, 0));
	struct opened trace = trace_start(fd, CHUNK, 1, 0);
	size_t how;

	track_as(fd, 1);
	for (how = 0; how < ARRAY_SIZE(elsewhere); how++)
		poke(elsewhere[how], 1);
	EXPECT_EQ(trace_tasks(&trace), 0);
	poke(COVLIFE_TASK, 2);
	for (how = 0; how < ARRAY_SIZE(elsewhere); how++)
		poke(elsewhere[how], 1);
	EXPECT_EQ(trace_read(&trace, 0, seen, ROOM), 4);
	expect_work(&places, seen, 2);
}

/* --- of whom ------------------------------------------------------------------------------ */

static void poke_value(void *value)
{
	poke(COVLIFE_TASK, *(unsigned long *)value);
}

static void *poke_in_thread(void *value)
{
	poke_value(value);
	return (void *)syscall(SYS_gettid);
}

static void children_and_threads_have_entries_of_their_own(void)
{
	int fd = control_open();
	struct places places = places_of(fd, attach_traced(fd, TARGET, GLOB, 0));
	struct opened trace = trace_start(fd, 64 * CHUNK, 64, 0);
	unsigned long values[20];
	void *tids[20], *tid;
	pthread_t threads[20];
	pid_t pids[20];
	size_t i;

	track_as(fd, 1);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		values[i] = i;
		pids[i] = start(poke_value, &values[i]);
	}
	for (i = 0; i < ARRAY_SIZE(values); i++)
		EXPECT_EQ(pthread_create(&threads[i], NULL, poke_in_thread, &values[i]), 0);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		finish(pids[i]);
		pthread_join(threads[i], &tid);
		tids[i] = tid;
	}
	EXPECT_EQ(trace_tasks(&trace), 2 * ARRAY_SIZE(values));
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		uint32_t task = task_of(&trace, pids[i]);

		EXPECT_EQ(trace_task(&trace, task)->tgid, pids[i]);
		EXPECT_EQ(trace_read(&trace, task, seen, ROOM), 4);
		expect_work(&places, seen, values[i]);
		task = task_of(&trace, (pid_t)(long)tids[i]);
		EXPECT_EQ(trace_task(&trace, task)->tgid, getpid());
		EXPECT_EQ(trace_read(&trace, task, seen, ROOM), 4);
		expect_work(&places, seen, values[i]);
	}
}

/* Registered through another file, through none, and no more. */
static void tasks_of_other_files_are_not_recorded(void)
{
	int fd = control_open(), other = control_open();
	struct opened trace;
	unsigned long value = 1;

	attach_traced(fd, TARGET, GLOB, 0);
	trace = trace_start(fd, CHUNK, 8, 0);
	poke(COVLIFE_TASK, 1);
	track_as(other, 1);
	poke(COVLIFE_TASK, 1);
	finish(start(poke_value, &value));
	CALL(other, COV_IOC_UNREGISTER, NULL);
	track_as(fd, 1);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(trace_tasks(&trace), 0);
	EXPECT_EQ(trace_lost(&trace, COV_TRACE_ENTRY), 0);
}

static void two_traces_take_their_own_tasks(void)
{
	int one = control_open(), two = control_open();
	struct places places = places_of(one, attach_traced(one, TARGET, GLOB, 0));
	struct opened first = trace_start(one, CHUNK, 8, 0);
	struct opened second = trace_start(two, CHUNK, 8, 0);

	track_as(one, 1);
	poke(COVLIFE_TASK, 1);
	CALL(one, COV_IOC_UNREGISTER, NULL);
	track_as(two, 2);
	poke(COVLIFE_TASK, 2);
	EXPECT_EQ(trace_read(&first, task_of(&first, getpid()), seen, ROOM), 4);
	expect_work(&places, seen, 1);
	EXPECT_EQ(trace_read(&second, task_of(&second, getpid()), seen, ROOM), 4);
	expect_work(&places, seen, 2);
}

/* --- all hits -------------------------------------------------------------------------------- */

#define THREADS	2	/* on each CPU */

static void *make_calls(void *rounds)
{
	int device = MUST(open("/dev/covlife", O_RDWR | O_CLOEXEC));
	unsigned long i;

	for (i = 0; i < *(unsigned long *)rounds; i++)
		MUST(ioctl(device, COVLIFE_LOOP, 10));
	close(device);
	return NULL;
}

struct work {
	int cpu;
	unsigned long rounds;
};

static void make_calls_in_threads(void *data)
{
	struct work *work = data;
	pthread_t threads[THREADS];
	int i;

	pin(work->cpu);
	for (i = 0; i < THREADS; i++)
		EXPECT_EQ(pthread_create(&threads[i], NULL, make_calls, &work->rounds), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* What the sample's cells have counted, beside the trace. */
static void cell_sums(int fd, uint32_t target, uint64_t *entries, uint64_t *outcomes)
{
	static struct cov_function functions[1 << 12];
	static struct cov_branch branches[1 << 15];
	uint32_t n;

	*entries = *outcomes = 0;
	n = read_table(fd, COV_IOC_FUNCTIONS, target, 0, ARRAY_SIZE(functions), functions);
	while (n--)
		*entries += functions[n].hits;
	n = read_table(fd, COV_IOC_BRANCHES, target, 0, ARRAY_SIZE(branches), branches);
	while (n--)
		*outcomes += branches[n].taken_hits + branches[n].not_taken_hits;
}

static void expect_all_hits(int fd, uint32_t target, const struct opened *trace)
{
	uint64_t entries, outcomes;

	cell_sums(fd, target, &entries, &outcomes);
	EXPECT(entries > 0 && outcomes > 0);
	EXPECT_EQ(trace_recorded(trace, COV_TRACE_ENTRY) + trace_lost(trace, COV_TRACE_ENTRY),
		  entries);
	EXPECT_EQ(trace_recorded(trace, COV_TRACE_BRANCH) + trace_lost(trace, COV_TRACE_BRANCH),
		  outcomes);
	expect_counts(trace);
}

static void fill(uint64_t size, uint32_t tasks, uint32_t flags)
{
	struct work work = { .rounds = rounds(100) };
	int fd = control_open();
	uint32_t target = attach_traced(fd, TARGET, NULL, 0);
	struct opened trace = trace_start(fd, size, tasks, flags);
	pid_t pids[2];

	track_as(fd, 1);
	for (work.cpu = 0; work.cpu < 2; work.cpu++)
		pids[work.cpu] = start(make_calls_in_threads, &work);
	for (work.cpu = 0; work.cpu < 2; work.cpu++)
		finish(pids[work.cpu]);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	/* Two entries in each of ten calls, and the ioctl's and the loop's. */
	EXPECT(trace_recorded(&trace, COV_TRACE_ENTRY) + trace_lost(&trace, COV_TRACE_ENTRY) >=
	       2ULL * THREADS * work.rounds * 22);
	expect_all_hits(fd, target, &trace);
	if (size < 64 * CHUNK)
		EXPECT(trace_lost(&trace, COV_TRACE_ENTRY) > 0);
	trace_stop(&trace);
	close(fd);
}

static void recorded_and_lost_are_all_hits(void)
{
	fill(8 << 20, 64, 0);
	fill(3 * CHUNK, 64, 0);
	fill(1, 64, COV_TRACE_TIME | COV_TRACE_ARGS);
}

/* A file system's life, by a shell and the many processes that it starts. */
static void ext4_in_a_megabyte_is_recorded_or_lost_to_the_last_hit(void)
{
	static const char *const argv[] = {
		"/bin/sh", "-ec",
		"cd /tmp; truncate -s 32M trace.img; mkfs.ext4 -q -F trace.img; mkdir -p trace.mnt\n"
		"mount -o loop trace.img trace.mnt\n"
		"i=0; while [ $i -lt 60 ]; do echo $i >trace.mnt/$i; i=$((i + 1)); done\n"
		"cat trace.mnt/[0-9]* >/dev/null; mkdir trace.mnt/d; mv trace.mnt/1* trace.mnt/d\n"
		"rm trace.mnt/2*; ls -lR trace.mnt >/dev/null; sync; umount trace.mnt\n"
		"rm -r trace.img trace.mnt\n", NULL,
	};
	int fd = control_open();
	struct opened trace;
	uint32_t target;
	pid_t pid;

	modprobe("loop");
	modprobe("ext4");
	if (!is_loaded("ext4"))
		skip_test("this kernel has ext4 built in");
	target = attach_traced(fd, "ext4", NULL, 0);
	trace = trace_start(fd, 1 << 20, 4096, 0);
	track_as(fd, 1);
	EXPECT_EQ(run_program(argv), 0);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	/* Whoever was left behind has ended. */
	while ((pid = waitpid(-1, NULL, 0)) > 0)
		;
	EVENTUALLY(livecov_status(fd).tasks == 0);
	expect_all_hits(fd, target, &trace);
	EXPECT(trace_lost(&trace, COV_TRACE_BRANCH) > 0);
	EXPECT(trace_tasks(&trace) > 3);
}

static void hits_of_tasks_beyond_the_limit_are_lost_and_counted(void)
{
	int fd = control_open();
	unsigned long value = 1;
	struct opened trace;
	int i;

	attach_traced(fd, TARGET, GLOB, 0);
	trace = trace_start(fd, 64 * CHUNK, 3, 0);
	track_as(fd, 1);
	for (i = 0; i < 10; i++)
		finish(start(poke_value, &value));
	EXPECT_EQ(trace_tasks(&trace), 3);
	EXPECT_EQ(trace.head->tasks_lost, 7);
	EXPECT_EQ(trace.head->lost[COV_TRACE_ENTRY], 14);
	EXPECT_EQ(trace.head->lost[COV_TRACE_BRANCH], 14);
	EXPECT_EQ(trace_recorded(&trace, COV_TRACE_ENTRY), 6);
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	trace_stop(&trace);
	close(fd);
	fill(8 << 20, 1, 0);
}

static void what_comes_behind_the_first_loss_is_lost(void)
{
	int fd = control_open();
	struct opened trace;
	uint32_t n;

	attach_traced(fd, TARGET, GLOB, 0);
	trace = trace_start(fd, CHUNK, 2, COV_TRACE_ARGS);
	track_as(fd, 1);
	poke(COVLIFE_LOOP, 1000);
	n = trace_read(&trace, 0, seen, ROOM);
	poke(COVLIFE_TASK, 1);
	EXPECT_EQ(trace_read(&trace, 0, seen, ROOM), n);
	EXPECT(trace_lost(&trace, COV_TRACE_ENTRY) > 1900);
}

/* --- more on request ------------------------------------------------------------------------------ */

static void time_rises(void)
{
	int fd = control_open();
	struct opened trace;
	struct timespec before, after;
	uint64_t last;
	uint32_t i, n;

	attach_traced(fd, TARGET, GLOB, 0);
	trace = trace_start(fd, 16 * CHUNK, 1, COV_TRACE_TIME);
	track_as(fd, 1);
	clock_gettime(CLOCK_MONOTONIC, &before);
	poke(COVLIFE_LOOP, 50);
	clock_gettime(CLOCK_MONOTONIC, &after);
	n = trace_read(&trace, 0, seen, ROOM);
	EXPECT(n > 200);
	last = before.tv_sec * 1000000000ULL + before.tv_nsec;
	for (i = 0; i < n; i++) {
		EXPECT(seen[i].values[0] >= last);
		last = seen[i].values[0];
	}
	EXPECT(last <= after.tv_sec * 1000000000ULL + after.tv_nsec);
}

static void arguments_are_those_of_the_call(void)
{
	int fd = control_open();
	struct opened trace;

	attach_traced(fd, TARGET, "covlife_[oe]*", 0);
	trace = trace_start(fd, CHUNK, 1, COV_TRACE_ARGS | COV_TRACE_TIME);
	track_as(fd, 1);
	poke(COVLIFE_TASK, 0x123456789abcdef1);
	poke(COVLIFE_TASK, 42);
	EXPECT_EQ(trace_read(&trace, 0, seen, ROOM), 2);
	EXPECT_EQ(seen[0].values[1], 0x123456789abcdef1);
	EXPECT_EQ(seen[1].values[1], 42);
}

static void returns_have_their_values_and_their_entries_stack(void)
{
	int fd = control_open(), device = covt_open();
	struct cov_function function;
	struct opened trace;
	uint32_t target, recurse, i;

	target = attach_traced(fd, COEXIST_TARGET, "covt_recurse", COV_ATTACH_RETURNS);
	recurse = find_function(fd, target, "covt_recurse", &function);
	trace = trace_start(fd, CHUNK, 1, 0);
	track_as(fd, 1);
	EXPECT_EQ(covt(device, COVT_FN_recurse, 4, 0, 0), 10);
	/* In: an entry and a branch, four times. Out: 1, 3, 6, 10. */
	EXPECT_EQ(trace_read(&trace, 0, seen, ROOM), 12);
	for (i = 0; i < 4; i++) {
		static const uint64_t values[] = { 1, 3, 6, 10 };
		const struct seen *in = &seen[2 * (3 - i)], *out = &seen[8 + i];

		EXPECT_EQ(in->record.kind, COV_TRACE_ENTRY);
		EXPECT_EQ(in->record.index, recurse);
		EXPECT_EQ(out->record.kind, COV_TRACE_RETURN);
		EXPECT_EQ(out->record.index, recurse);
		EXPECT_EQ(out->record.stack, in->record.stack);
		EXPECT_EQ(out->values[0], values[i]);
		if (i)
			EXPECT(in->record.stack < seen[2 * (4 - i)].record.stack);
	}
	EXPECT_EQ(trace_lost(&trace, COV_TRACE_RETURN), 0);
}

/* Deeper than there are instances of its kretprobe. */
static void returns_without_an_instance_are_counted_as_lost(void)
{
	int fd = control_open(), device = covt_open();
	struct opened trace;
	uint64_t recorded;

	attach_traced(fd, COEXIST_TARGET, "covt_recurse", COV_ATTACH_RETURNS);
	trace = trace_start(fd, 8 * CHUNK, 1, 0);
	track_as(fd, 1);
	EXPECT_EQ(covt(device, COVT_FN_recurse, 100, 0, 0), 5050);
	recorded = trace_recorded(&trace, COV_TRACE_RETURN);
	EXPECT_EQ(trace_recorded(&trace, COV_TRACE_ENTRY), 100);
	EXPECT(recorded >= 64 && recorded < 100);
	EXPECT_EQ(recorded + trace_lost(&trace, COV_TRACE_RETURN), 100);
	EXPECT_EQ(covt(device, COVT_FN_recurse, 10, 0, 0), 55);
	EXPECT_EQ(trace_recorded(&trace, COV_TRACE_RETURN), recorded + 10);
	expect_counts(&trace);
}

/* The system calls of a traced task, and what they lead to, in order. */
static void system_calls_surround_what_they_do(void)
{
	int fd = control_open(), device = MUST(open("/dev/covlife", O_RDWR));
	struct places places = places_of(fd, attach_traced(fd, TARGET, GLOB, 0));
	struct opened trace = trace_start(fd, 4 * CHUNK, 1,
					  COV_TRACE_SYSCALLS | COV_TRACE_ARGS);
	uint32_t i = 0, n;

	track_as(fd, 1);
	MUST(ioctl(device, COVLIFE_TASK, 6));
	EXPECT_EQ(ioctl(device, 0, 0x77), -1);
	n = trace_read(&trace, 0, seen, ROOM);
	/* The end of the call that registered. */
	EXPECT_EQ(seen[i].record.kind, COV_TRACE_SYSRET);
	EXPECT_EQ(seen[i++].values[0], 0);
	EXPECT_EQ(n, i + 8);
	EXPECT_EQ(seen[i].record.kind, COV_TRACE_SYSCALL);
	EXPECT_EQ(seen[i].record.index, SYS_ioctl);
	EXPECT_EQ(seen[i].record.detail, 0);
	EXPECT_EQ(seen[i].values[0], device);
	EXPECT_EQ(seen[i].values[1], COVLIFE_TASK);
	EXPECT_EQ(seen[i++].values[2], 6);
	expect_work(&places, &seen[i], 6);
	i += 4;
	EXPECT_EQ(seen[i].record.kind, COV_TRACE_SYSRET);
	EXPECT_EQ(seen[i].record.index, SYS_ioctl);
	EXPECT_EQ(seen[i++].values[0], 0);
	EXPECT_EQ(seen[i].record.kind, COV_TRACE_SYSCALL);
	EXPECT_EQ(seen[i++].values[2], 0x77);
	EXPECT_EQ(seen[i].record.kind, COV_TRACE_SYSRET);
	EXPECT_EQ((int64_t)seen[i].values[0], -ENOTTY);
}

/* Tracepoints call for every traced task as soon as one trace has system calls. */
static void system_calls_that_a_trace_does_not_record_take_no_entry(void)
{
	static const char *const argv[] = { "/bin/true", NULL };
	int fd = control_open(), other = control_open();
	struct places places = places_of(fd, attach_traced(fd, TARGET, GLOB, 0));
	struct opened trace = trace_start(fd, 4 * CHUNK, 1, 0);

	trace_start(other, CHUNK, 1, COV_TRACE_SYSCALLS);
	track_as(fd, 1);
	EXPECT_EQ(run_program(argv), 0);
	EXPECT_EQ(trace_tasks(&trace), 0);
	EXPECT_EQ(trace.head->tasks_lost, 0);
	poke(COVLIFE_TASK, 6);
	EXPECT_EQ(trace_tasks(&trace), 1);
	EXPECT_EQ(trace_task(&trace, 0)->pid, getpid());
	EXPECT_EQ(trace_read(&trace, 0, seen, ROOM), 4);
	expect_work(&places, seen, 6);
	EXPECT_EQ(trace.head->tasks_lost, 0);
}

static void program_that_is_executed_gives_its_name(void)
{
	const char *const argv[] = { "/proc/self/exe", "--poke", NULL };
	int fd = control_open(), i, named = 0;
	struct opened trace;

	attach_traced(fd, TARGET, GLOB, 0);
	trace = trace_start(fd, 64 * CHUNK, 8, COV_TRACE_SYSCALLS);
	track_as(fd, 1);
	EXPECT_EQ(run_program(argv), 0);
	for (i = 0; i < (int)trace_tasks(&trace); i++)
		named += !strcmp(trace_task(&trace, i)->comm, "exe");
	EXPECT_EQ(named, 1);
}

static void *execute_poke(void *unused)
{
	execl("/proc/self/exe", "trace", "--poke", NULL);
	return unused;
}

static void execute_from_a_thread(void *unused)
{
	pthread_t thread;

	(void)unused;
	EXPECT_EQ(pthread_create(&thread, NULL, execute_poke, NULL), 0);
	pthread_join(thread, NULL);
	FAIL("nothing was executed");
}

/* The thread becomes the leader: with its id. */
static void thread_that_executes_a_program_gives_its_new_id(void)
{
	int fd = control_open(), i, named = 0;
	struct opened trace;
	pid_t pid;

	attach_traced(fd, TARGET, GLOB, 0);
	trace = trace_start(fd, 64 * CHUNK, 8, COV_TRACE_SYSCALLS);
	track_as(fd, 1);
	pid = start(execute_from_a_thread, NULL);
	finish(pid);
	for (i = 0; i < (int)trace_tasks(&trace); i++) {
		if (strcmp(trace_task(&trace, i)->comm, "exe"))
			continue;
		EXPECT_EQ(trace_task(&trace, i)->pid, pid);
		EXPECT_EQ(trace_task(&trace, i)->tgid, pid);
		named++;
	}
	EXPECT_EQ(named, 1);
}

/*
 * write_32_bit_program - an executable file of one instruction after the other: it makes its
 * exit system call, the 32-bit one, and so passes nothing that is measured
 */
static void write_32_bit_program(const char *path)
{
	static const unsigned char code[] = {
		0xb8, 1, 0, 0, 0,	/* mov $__NR_exit, %eax */
		0x31, 0xdb,		/* xor %ebx, %ebx */
		0xcd, 0x80,		/* int $0x80 */
	};
	enum { BASE = 0x8048000, HEADERS = sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr) };
	const Elf32_Ehdr head = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_version = EV_CURRENT,
		.e_entry = BASE + HEADERS,
		.e_phoff = sizeof(head),
		.e_ehsize = sizeof(head),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 1,
	};
	const Elf32_Phdr segment = {
		.p_type = PT_LOAD,
		.p_vaddr = BASE,
		.p_filesz = HEADERS + sizeof(code),
		.p_memsz = HEADERS + sizeof(code),
		.p_flags = PF_R | PF_X,
		.p_align = 4096,
	};
	int fd = MUST(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755));

	MUST(write(fd, &head, sizeof(head)));
	MUST(write(fd, &segment, sizeof(segment)));
	MUST(write(fd, code, sizeof(code)));
	close(fd);
}

static void program_of_32_bits_gives_its_name_too(void)
{
	const char *const argv[] = { "/tmp/cov32", NULL };
	int fd = control_open(), i, named = 0;
	struct opened trace;

	write_32_bit_program(argv[0]);
	if (run_program(argv))
		skip_test("this kernel runs no 32-bit programs");
	attach_traced(fd, TARGET, GLOB, 0);
	trace = trace_start(fd, 64 * CHUNK, 8, COV_TRACE_SYSCALLS);
	track_as(fd, 1);
	EXPECT_EQ(run_program(argv), 0);
	for (i = 0; i < (int)trace_tasks(&trace); i++)
		named += !strcmp(trace_task(&trace, i)->comm, "cov32");
	EXPECT_EQ(named, 1);
}

/* --- beside ---------------------------------------------------------------------------------------- */

static void coverage_is_counted_as_in_mode_count(void)
{
	int fd = control_open();
	uint32_t target = attach_traced(fd, TARGET, GLOB, 0);
	struct cov_target_info info;

	track_as(fd, 1);
	poke(COVLIFE_TASK, 1);
	poke(COVLIFE_TASK, 3);
	poke(COVLIFE_TASK, 2);
	EXPECT_EQ(function_hits(fd, target, "covlife_work"), 3);
	EXPECT_EQ(function_hits(fd, target, "covlife_odd"), 2);
	info = target_info(fd, target);
	EXPECT_EQ(info.mode, COV_MODE_TRACE);
	EXPECT_EQ(info.functions_hit, 3);
	EXPECT_EQ(info.outcomes_hit, 3);
	EXPECT_EQ(info.disarmed, 0);
}

static const struct test tests[] = {
	TEST(calls_are_recorded_in_order_with_both_outcomes),
	TEST(every_engine_records_the_same),
	TEST(interrupts_on_a_traced_task_are_not_recorded),
	TEST(children_and_threads_have_entries_of_their_own),
	TEST(tasks_of_other_files_are_not_recorded),
	TEST(two_traces_take_their_own_tasks),
	TEST(recorded_and_lost_are_all_hits),
	TEST(ext4_in_a_megabyte_is_recorded_or_lost_to_the_last_hit),
	TEST(hits_of_tasks_beyond_the_limit_are_lost_and_counted),
	TEST(what_comes_behind_the_first_loss_is_lost),
	TEST(time_rises),
	TEST(arguments_are_those_of_the_call),
	TEST(returns_have_their_values_and_their_entries_stack),
	TEST(returns_without_an_instance_are_counted_as_lost),
	TEST(system_calls_surround_what_they_do),
	TEST(system_calls_that_a_trace_does_not_record_take_no_entry),
	TEST(program_that_is_executed_gives_its_name),
	TEST(thread_that_executes_a_program_gives_its_new_id),
	TEST(program_of_32_bits_gives_its_name_too),
	TEST(coverage_is_counted_as_in_mode_count),
};

/* What program_that_is_executed_gives_its_name() runs. */
static int poke_and_exit(void)
{
	poke(COVLIFE_TASK, 1);
	return 0;
}

int main(int argc, char **argv)
{
	const struct test_group groups[] = { TEST_GROUP(tests), trace_life, trace_abi };

	if (argc == 2 && !strcmp(argv[1], "--poke"))
		return poke_and_exit();
	return suite_main(groups, ARRAY_SIZE(groups), argc, argv);
}
