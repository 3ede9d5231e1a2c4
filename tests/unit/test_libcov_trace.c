// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_libcov_trace.c - libcov's traces, over the one of fake_trace.c.
 */
#include "libcov_fixture.h"

static struct cov_trace_handle *opened(struct cov *cov, uint32_t flags)
{
	struct cov_trace_options options = COV_INIT(options);
	struct cov_trace_handle *trace;

	options.flags = flags;
	assert_int_equal(cov_trace_open(cov, &options, &trace), 0);
	return trace;
}

static void open_passes_on_what_is_asked_for(void **state)
{
	struct cov_trace_options options = COV_INIT(options);
	struct cov_trace_handle *trace;

	assert_int_equal(cov_trace_open(*state, NULL, &trace), 0);
	assert_int_equal(fake_kernel()->trace.size, 16 << 20);
	assert_int_equal(fake_kernel()->trace.tasks, 4096);
	assert_int_equal(fake_kernel()->trace.flags, 0);
	cov_trace_close(trace);
	options.bytes = 4097;
	options.tasks = 7;
	options.flags = COV_TRACE_TIME | COV_TRACE_SYSCALLS;
	assert_int_equal(cov_trace_open(*state, &options, &trace), 0);
	assert_int_equal(fake_kernel()->trace.size, 4097);
	assert_int_equal(fake_kernel()->trace.tasks, 7);
	assert_int_equal(fake_kernel()->trace.flags, COV_TRACE_TIME | COV_TRACE_SYSCALLS);
	cov_trace_close(trace);
	cov_trace_close(NULL);
}

static void open_fails_with_a_reason(void **state)
{
	struct cov_trace_options options = COV_INIT(options);
	struct cov_trace_handle *trace = (void *)1;

	options.flags = 1U << 9;
	assert_error(cov_trace_open(*state, &options, &trace), EINVAL, "bad request");
	assert_null(trace);
	options.size = 1;
	assert_error(cov_trace_open(*state, &options, &trace), EINVAL, "cov_trace_options");
	fake_kernel()->settings.fail_nr = _IOC_NR(COV_IOC_TRACE);
	fake_kernel()->settings.fail_errno = ENOSPC;
	fake_kernel()->settings.fail_text = 1;
	assert_error(cov_trace_open(*state, NULL, &trace), ENOSPC, "told to fail");
}

static void trace_that_contradicts_itself_is_refused(void **state)
{
	struct cov_trace_handle *trace;
	uint32_t damage;

	for (damage = 1; damage <= 5; damage++) {
		fake_kernel()->settings.trace_damage = damage;
		assert_error(cov_trace_open(*state, NULL, &trace), EPROTO, "contradicts itself");
	}
}

static void tasks_have_names_and_numbers(void **state)
{
	struct cov_trace_handle *trace = opened(*state, 0);
	struct cov_trace_task_desc task = COV_INIT(task);
	struct cov_trace_losses losses = COV_INIT(losses);

	assert_int_equal(cov_trace_tasks(trace), 2);
	assert_int_equal(cov_trace_task(trace, 1, &task), 0);
	assert_int_equal(task.pid, 4243);
	assert_int_equal(task.tgid, 4242);
	assert_string_equal(task.comm, "toyer-2");
	assert_int_equal(task.recorded[COV_TRACE_ENTRY], 1);
	assert_int_equal(task.lost[COV_TRACE_BRANCH], 5);
	assert_int_equal(cov_trace_task(trace, 2, &task), -ERANGE);
	assert_int_equal(cov_trace_task(trace, ~0U, &task), -ERANGE);
	task.size = 0;
	assert_int_equal(cov_trace_task(trace, 0, &task), -EINVAL);
	assert_int_equal(cov_trace_losses(trace, &losses), 0);
	assert_int_equal(losses.tasks, 3);
	assert_int_equal(losses.lost[COV_TRACE_ENTRY], 4);
	cov_trace_close(trace);
}

/* Across chunks that another task's lies between. */
static void events_come_in_order(void **state)
{
	static const uint32_t kinds[] = {
		COV_TRACE_SYSCALL, COV_TRACE_ENTRY, COV_TRACE_BRANCH, COV_TRACE_RETURN,
		COV_TRACE_SYSRET,
	};
	static const uint32_t flags[] = {
		COV_TRACE_SYSCALLS,
		COV_TRACE_SYSCALLS | COV_TRACE_TIME,
		COV_TRACE_SYSCALLS | COV_TRACE_ARGS,
		COV_TRACE_SYSCALLS | COV_TRACE_ARGS | COV_TRACE_TIME,
	};
	size_t f, i;

	for (f = 0; f < ARRAY_SIZE(flags); f++) {
		struct cov_trace_handle *trace = opened(*state, flags[f]);
		struct cov_trace_event event = COV_INIT(event);
		uint64_t position = 0;

		for (i = 0; i < 10; i++) {
			bool arguments = flags[f] & COV_TRACE_ARGS && i % 5 < 2;

			assert_int_equal(cov_trace_read(trace, 0, &position, &event), 0);
			assert_int_equal(event.kind, kinds[i % 5]);
			assert_int_equal(event.time,
					 flags[f] & COV_TRACE_TIME ? 1000000 + (i + 1) * 1000 : 0);
			assert_int_equal(event.nr_args, arguments ? 6 : 0);
			if (arguments)
				assert_int_equal(event.args[5], 0xffff888000000000);
			assert_int_equal(event.taken, i % 5 == 2);
			assert_int_equal(event.target, i % 5 % 4 ? 1 : 0);
			if (i % 5 >= 3)
				assert_int_equal(event.value, i < 5 ? 0 : (uint64_t)-EINVAL);
		}
		assert_int_equal(cov_trace_read(trace, 0, &position, &event), -ENODATA);
		assert_int_equal(cov_trace_read(trace, 0, &position, &event), -ENODATA);
		position = 0;
		assert_int_equal(cov_trace_read(trace, 1, &position, &event), 0);
		assert_int_equal(event.index, 1);
		assert_int_equal(event.stack, 100);
		assert_int_equal(cov_trace_read(trace, 1, &position, &event), -ENODATA);
		cov_trace_close(trace);
	}
}

static void position_out_of_range_is_refused(void **state)
{
	struct cov_trace_handle *trace = opened(*state, 0);
	struct cov_trace_event event = COV_INIT(event);
	uint64_t position = ~UINT64_C(0);

	assert_int_equal(cov_trace_read(trace, 0, &position, &event), -ERANGE);
	position = 5 << 16;
	assert_int_equal(cov_trace_read(trace, 0, &position, &event), -ERANGE);
	position = 513;
	assert_int_equal(cov_trace_read(trace, 0, &position, &event), -ERANGE);
	position = 512;
	assert_int_equal(cov_trace_read(trace, 1, &position, &event), 0);
	position = 0;
	assert_int_equal(cov_trace_read(trace, 2, &position, &event), -ERANGE);
	event.size = 0;
	assert_int_equal(cov_trace_read(trace, 0, &position, &event), -EINVAL);
	cov_trace_close(trace);
}

static void event_that_contradicts_itself_is_refused(void **state)
{
	struct cov_trace_event event = COV_INIT(event);
	uint32_t damage;

	for (damage = 6; damage <= 8; damage++) {
		struct cov_trace_handle *trace;
		uint64_t position = 0;

		fake_kernel()->settings.trace_damage = damage;
		trace = opened(*state, COV_TRACE_SYSCALLS);
		assert_int_equal(cov_trace_read(trace, 0, &position, &event), -EPROTO);
		assert_int_equal(position, 0);
		cov_trace_close(trace);
	}
}

static void older_livecov_is_named(void **state)
{
	struct cov_trace_handle *trace;
	struct cov_attach_options options = COV_INIT(options);

	cov_close(*state);
	fake_kernel()->settings.old = 2;
	assert_int_equal(cov_open((struct cov **)state), 0);
	assert_error(cov_trace_open(*state, NULL, &trace), ENOTTY, "speaks version 1.1 and this needs 1.2");
	options.mode = COV_MODE_TRACE;
	assert_error(cov_attach(*state, "toy", &options, NULL), EOPNOTSUPP, "no mode trace");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_passes_on_what_is_asked_for),
		TEST(open_fails_with_a_reason),
		TEST(trace_that_contradicts_itself_is_refused),
		TEST(tasks_have_names_and_numbers),
		TEST(events_come_in_order),
		TEST(position_out_of_range_is_refused),
		TEST(event_that_contradicts_itself_is_refused),
		TEST(older_livecov_is_named),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
