// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_abi.c - COV_IOC_TRACE by the letter of cov_ioctl.h, and what can be done to its
 * descriptor.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "trace.h"

static unsigned int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	EXPECT(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void trace_refuses_bad_arguments(void)
{
	int fd = control_open();
	unsigned int descriptors = open_descriptors();
	struct cov_trace request;

	request = trace_request(0, 1, 0);
	FAILS(fd, COV_IOC_TRACE, &request, EINVAL);
	request = trace_request(COV_TRACE_SIZE_MAX + 1, 1, 0);
	FAILS(fd, COV_IOC_TRACE, &request, EINVAL);
	request = trace_request(~0ULL, 1, 0);
	FAILS(fd, COV_IOC_TRACE, &request, EINVAL);
	request = trace_request(CHUNK, 0, 0);
	FAILS(fd, COV_IOC_TRACE, &request, EINVAL);
	request = trace_request(CHUNK, COV_TRACE_TASKS_MAX + 1, 0);
	FAILS(fd, COV_IOC_TRACE, &request, EINVAL);
	request = trace_request(CHUNK, ~0U, 0);
	FAILS(fd, COV_IOC_TRACE, &request, EINVAL);
	request = trace_request(CHUNK, 1, 1U << 3);
	FAILS(fd, COV_IOC_TRACE, &request, EINVAL);
	request = trace_request(CHUNK, 1, 1U << 31);
	FAILS(fd, COV_IOC_TRACE, &request, EINVAL);
	request = trace_request(CHUNK, 1, 0);
	request.pad = 1;
	FAILS(fd, COV_IOC_TRACE, &request, EINVAL);
	EXPECT_EQ(open_descriptors(), descriptors);
}

static void size_that_memory_does_not_have_is_enomem(void)
{
	struct cov_trace request = trace_request(COV_TRACE_SIZE_MAX, COV_TRACE_TASKS_MAX, 0);
	int fd = control_open();

	if (sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) > (2L << 30) + (128 << 20))
		skip_test("this machine has the memory");
	FAILS(fd, COV_IOC_TRACE, &request, ENOMEM);
}

/* None is half of the memory, and both are more. */
static void memory_that_another_trace_has_is_not_there(void)
{
	uint64_t third = sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 3;
	struct cov_trace request;
	int fd = control_open(), other = control_open();

	if (third > COV_TRACE_SIZE_MAX)
		skip_test("this machine has the memory");
	request = trace_request(third, 1, 0);
	CALL(fd, COV_IOC_TRACE, &request);
	close(request.fd);
	request = trace_request(third, 1, 0);
	CALL(fd, COV_IOC_TRACE, &request);
	FAILS(other, COV_IOC_TRACE, &request, ENOMEM);
}

/* A trace that takes all of the half of the memory; one page is for its head. */
static struct cov_trace largest_trace(void)
{
	return trace_request((sysconf(_SC_PHYS_PAGES) / 2 - 1) * CHUNK, 1, 0);
}

/* Traces and the maps of samples have one half of the memory, not a half each. */
static void samples_and_traces_share_memory(void)
{
	struct cov_register reg = { .sample = 1 };
	struct cov_trace request = largest_trace();
	int fd, other;

	if (request.size > COV_TRACE_SIZE_MAX)
		skip_test("this machine has the memory");
	/* No sample is left. */
	unload("livecov");
	load(LIVECOV_FILE, "");
	fd = control_open();
	other = control_open();
	attach_traced(other, TARGET, "covlife_work", 0);
	CALL(fd, COV_IOC_TRACE, &request);
	EXPECT_EQ(request.length / CHUNK, sysconf(_SC_PHYS_PAGES) / 2);
	FAILS(other, COV_IOC_REGISTER, &reg, ENOMEM);
	EXPECT(strstr(last_error(other), "memory"));
	close(request.fd);
	CALL(other, COV_IOC_REGISTER, &reg);
	request = largest_trace();
	FAILS(fd, COV_IOC_TRACE, &request, ENOMEM);
	/* Without targets of scope tracked samples have no maps. */
	close(other);
	CALL(fd, COV_IOC_TRACE, &request);
}

/* A trace leaves room for the map of one of two samples: neither gets one, and the room stays. */
static void attach_without_memory_for_all_samples_takes_none(void)
{
	struct cov_trace request = largest_trace(), largest = request;
	struct cov_attach attach = attach_request(TARGET);
	struct cov_register reg = { .sample = 1 };
	int fd, others[2], i;

	if (request.size > COV_TRACE_SIZE_MAX)
		skip_test("this machine has the memory");
	/* No sample is left. */
	unload("livecov");
	load(LIVECOV_FILE, "");
	fd = control_open();
	for (i = 0; i < 2; i++) {
		others[i] = control_open();
		CALL(others[i], COV_IOC_REGISTER, &reg);
		CALL(others[i], COV_IOC_UNREGISTER, NULL);
		reg.sample++;
	}
	request.size -= CHUNK;
	CALL(fd, COV_IOC_TRACE, &request);
	attach.scope = COV_SCOPE_TRACKED;
	FAILS(others[0], COV_IOC_ATTACH, &attach, ENOMEM);
	close(request.fd);
	CALL(fd, COV_IOC_TRACE, &largest);
}

#define DEBUGFS		"/sys/kernel/debug/"
#define FAIL_NTH	"/proc/thread-self/fail-nth"

/* COV_IOC_TRACE with system calls, its @nth allocation failing; @err: its errno. Was there one? */
static bool nth_allocation_fails(int fd, int fail_nth, int nth, int *err)
{
	struct cov_trace request = trace_request(CHUNK, 1, COV_TRACE_SYSCALLS);
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", nth);

	MUST(pwrite(fail_nth, text, length, 0));
	*err = ioctl(fd, COV_IOC_TRACE, &request) ? errno : 0;
	memset(text, 0, sizeof(text));
	/* If there was none, it may be these that fail. */
	while (pread(fail_nth, text, sizeof(text) - 1, 0) < 0)
		;
	while (pwrite(fail_nth, "0", 1, 0) < 0)
		;
	if (!*err)
		close(request.fd);
	return atoi(text) == 0;
}

static void failed_allocation_is_reported_as_a_lack_of_memory(void)
{
	static const char *const verbose[] = {
		DEBUGFS "failslab/verbose", DEBUGFS "fail_page_alloc/verbose",
		DEBUGFS "fail_usercopy/verbose",
	};
	int fd = control_open(), fail_nth, nth, err, failed = 0;
	size_t i;

	if (access(DEBUGFS "failslab/ignore-gfp-wait", W_OK) || access(FAIL_NTH, W_OK))
		skip_test("this kernel has no fault injection");
	write_file(DEBUGFS "failslab/ignore-gfp-wait", "N");
	for (i = 0; i < ARRAY_SIZE(verbose); i++)
		if (!access(verbose[i], W_OK))
			write_file(verbose[i], "0");
	fail_nth = MUST(open(FAIL_NTH, O_RDWR | O_CLOEXEC));
	for (nth = 1; nth < 100 && nth_allocation_fails(fd, fail_nth, nth, &err); nth++) {
		test_case("allocation %d: %s", nth, last_error(fd));
		/* User copies are made to fail as well. */
		EXPECT(!err || err == ENOMEM || err == EFAULT);
		failed += err == ENOMEM;
		EXPECT(!strstr(last_error(fd), "tracepoint"));
	}
	test_case("%s", "");
	/* The trace, its tasks, its writers; and the probes of three tracepoints. */
	EXPECT(failed >= 6);
	close(fail_nth);
}

static void trace_is_one_for_each_file_and_sixteen_in_all(void)
{
	struct cov_trace request = trace_request(CHUNK, 1, 0);
	int fds[16], control, i;

	for (i = 0; i < 16; i++) {
		fds[i] = control_open();
		CALL(fds[i], COV_IOC_TRACE, &request);
		FAILS(fds[i], COV_IOC_TRACE, &request, EEXIST);
	}
	control = control_open();
	FAILS(control, COV_IOC_TRACE, &request, ENOSPC);
}

static void answer_that_cannot_be_delivered_leaves_nothing(void)
{
	struct cov_trace wanted = trace_request(CHUNK, 1, COV_TRACE_SYSCALLS), *request;
	int fd = control_open(), i;
	unsigned int descriptors;

	request = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT(request != MAP_FAILED);
	*request = wanted;
	MUST(mprotect(request, 4096, PROT_READ));
	descriptors = open_descriptors();
	for (i = 0; i < 20; i++)
		FAILS(fd, COV_IOC_TRACE, request, EFAULT);
	EXPECT_EQ(open_descriptors(), descriptors);
	CALL(fd, COV_IOC_TRACE, &wanted);
}

static void no_free_descriptor_is_emfile(void)
{
	struct cov_trace request = trace_request(CHUNK, 1, COV_TRACE_SYSCALLS);
	struct rlimit few, old;
	int fd = control_open(), dup_fd, err;

	MUST(getrlimit(RLIMIT_NOFILE, &old));
	dup_fd = MUST(dup(fd));
	few = (struct rlimit){ dup_fd, old.rlim_max };
	MUST(close(dup_fd));
	MUST(setrlimit(RLIMIT_NOFILE, &few));
	err = ioctl(fd, COV_IOC_TRACE, &request) ? errno : 0;
	MUST(setrlimit(RLIMIT_NOFILE, &old));
	EXPECT_EQ(err, EMFILE);
	CALL(fd, COV_IOC_TRACE, &request);
}

static void descriptor_is_closed_on_exec(void)
{
	int fd = control_open();
	struct opened trace = trace_start(fd, CHUNK, 1, 0);

	EXPECT_EQ(MUST(fcntl(trace.fd, F_GETFD)), FD_CLOEXEC);
}

/* --- mapping --------------------------------------------------------------------------- */

static void map_fails(int fd, size_t length, int protection, int flags, off_t offset, int err)
{
	test_case("length %zu, protection %d, flags %d, offset %lld", length, protection, flags,
		  (long long)offset);
	EXPECT(mmap(NULL, length, protection, flags, fd, offset) == MAP_FAILED);
	EXPECT_EQ(errno, err);
	test_case("%s", "");
}

static void mapping_can_only_be_read(void)
{
	int control = control_open();
	struct opened trace = trace_start(control, 4 * CHUNK, 1, 0);
	void *copy;

	map_fails(trace.fd, CHUNK, PROT_READ | PROT_WRITE, MAP_SHARED, 0, EACCES);
	map_fails(trace.fd, CHUNK, PROT_WRITE, MAP_SHARED, 0, EACCES);
	map_fails(trace.fd, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0, EACCES);
	EXPECT_EQ(mprotect((void *)trace.head, CHUNK, PROT_READ | PROT_WRITE), -1);
	EXPECT_EQ(errno, EACCES);
	copy = mmap(NULL, CHUNK, PROT_READ, MAP_PRIVATE, trace.fd, 0);
	if (copy != MAP_FAILED) {
		EXPECT_EQ(mprotect(copy, CHUNK, PROT_READ | PROT_WRITE), -1);
		EXPECT_EQ(errno, EACCES);
	}
	EXPECT_EQ(write(trace.fd, "", 1), -1);
	EXPECT_EQ(ftruncate(trace.fd, 0), -1);
}

static void force_write(void *head)
{
	int memory = open("/proc/self/mem", O_RDWR);

	/* The debugger's way past protections does not lead into what is shared. */
	EXPECT(pwrite(memory, "x", 1, (off_t)(uintptr_t)head) != 1);
}

static void mapping_cannot_be_written_by_force(void)
{
	int control = control_open();
	struct opened trace = trace_start(control, CHUNK, 1, 0);
	struct cov_trace_head before = *trace.head;

	force_write((void *)trace.head);
	EXPECT(!memcmp(&before, trace.head, sizeof(before)));
}

static void mapping_lies_inside_the_trace(void)
{
	int control = control_open();
	struct opened trace = trace_start(control, 4 * CHUNK, 1, 0);
	void *end;

	map_fails(trace.fd, trace.length + CHUNK, PROT_READ, MAP_SHARED, 0, EINVAL);
	map_fails(trace.fd, 1UL << 40, PROT_READ, MAP_SHARED, 0, EINVAL);
	map_fails(trace.fd, CHUNK, PROT_READ, MAP_SHARED, trace.length, EINVAL);
	map_fails(trace.fd, 2 * CHUNK, PROT_READ, MAP_SHARED, trace.length - CHUNK, EINVAL);
	map_fails(trace.fd, CHUNK, PROT_READ, MAP_SHARED, 1LL << 40, EINVAL);
	map_fails(trace.fd, CHUNK, PROT_READ, MAP_SHARED, 1, EINVAL);
	end = mmap(NULL, CHUNK, PROT_READ, MAP_SHARED, trace.fd, trace.length - CHUNK);
	EXPECT(end != MAP_FAILED);
	EXPECT(!memcmp(end, (const char *)trace.head + trace.length - CHUNK, CHUNK));
	EXPECT(mremap(end, CHUNK, 2 * CHUNK, MREMAP_MAYMOVE) == MAP_FAILED);
}

static void head_tells_the_layout(void)
{
	int control = control_open();
	struct opened trace = trace_start(control, 4 * CHUNK + 1, 5, COV_TRACE_TIME);
	const struct cov_trace_head *head = trace.head;

	EXPECT_EQ(head->flags, COV_TRACE_TIME);
	EXPECT_EQ(head->tasks, 5);
	EXPECT_EQ(head->chunks, 5);
	EXPECT_EQ(head->pad, 0);
	EXPECT(head->tasks_at >= sizeof(*head));
	EXPECT(head->chunks_at >= head->tasks_at + 5 * sizeof(struct cov_trace_task));
	EXPECT_EQ(head->chunks_at % CHUNK, 0);
	EXPECT_EQ(head->chunks_at + 5 * CHUNK, trace.length);
	EXPECT_EQ(head->tasks_lost, 0);
}

/* --- attaching ----------------------------------------------------------------------------- */

static void mode_trace_takes_no_detours_and_other_modes_no_returns(void)
{
	struct cov_attach request = attach_request(TARGET);
	int fd = control_open();

	request.mode = COV_MODE_TRACE;
	request.engine = COV_ENGINE_DETOUR;
	FAILS(fd, COV_IOC_ATTACH, &request, EOPNOTSUPP);
	request.mode = COV_MODE_TRACE + 1;
	request.engine = COV_ENGINE_AUTO;
	FAILS(fd, COV_IOC_ATTACH, &request, EOPNOTSUPP);
	request.mode = COV_MODE_COUNT;
	request.flags = COV_ATTACH_RETURNS;
	FAILS(fd, COV_IOC_ATTACH, &request, EINVAL);
}

static const struct test tests[] = {
	TEST(trace_refuses_bad_arguments),
	TEST(size_that_memory_does_not_have_is_enomem),
	TEST(memory_that_another_trace_has_is_not_there),
	TEST(samples_and_traces_share_memory),
	TEST(attach_without_memory_for_all_samples_takes_none),
	TEST(failed_allocation_is_reported_as_a_lack_of_memory),
	TEST(trace_is_one_for_each_file_and_sixteen_in_all),
	TEST(answer_that_cannot_be_delivered_leaves_nothing),
	TEST(no_free_descriptor_is_emfile),
	TEST(descriptor_is_closed_on_exec),
	TEST(mapping_can_only_be_read),
	TEST(mapping_cannot_be_written_by_force),
	TEST(mapping_lies_inside_the_trace),
	TEST(head_tells_the_layout),
	TEST(mode_trace_takes_no_detours_and_other_modes_no_returns),
};

const struct test_group trace_abi = TEST_GROUP(tests);
