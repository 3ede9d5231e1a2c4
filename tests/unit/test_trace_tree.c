// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_trace_tree.c - what covstat's tree makes of events; no kernel, no libcov.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#undef fail		/* covstat has a function of that name */
#include "../../tools/covstat/trace.h"

/* What trace_tree.c wants of covstat. */
int fail(const char *format, ...)
{
	(void)format;
	abort();
}

const char *syscall_name(uint32_t number)
{
	return number == 16 ? "ioctl" : number == 1 ? "write" : NULL;
}

#define F	0
#define G	1
#define H	2
#define TWIN	3	/* and 4 */

/*
 * Functions 'f', 'g', 'h' and two called 'i'; branch N * 100 + OFFSET is function N's; from 50 on
 * its cold part's.
 */
static bool find_place(void *data, const struct cov_trace_event *event, struct trace_place *place)
{
	static const char *const names[] = { "f", "g", "h", "i", "i" };
	uint32_t function = event->index;

	(void)data;
	if (event->kind == COV_TRACE_BRANCH) {
		function = event->index / 100;
		place->cold = event->index % 100 >= 50;
		place->offset = event->index % 50;
	}
	if (function >= ARRAY_SIZE(names))
		return false;
	place->function = names[function];
	place->id = function + 1;
	return true;
}

static const char *find_text(void *data, const struct trace_place *place, char buffer[PLACE_LEN])
{
	(void)data;
	if (place->id <= TWIN)
		return place->function;
	snprintf(buffer, PLACE_LEN, "%s (.text+%" PRIu64 ")", place->function, place->id);
	return buffer;
}

static bool with_returns;

static bool has_returns(void *data, uint32_t target)
{
	(void)data;
	(void)target;
	return with_returns;
}


#define ENTRY(function, used)	{ .kind = COV_TRACE_ENTRY, .index = function, .stack = used }
#define RETURN(function, used, v) \
	{ .kind = COV_TRACE_RETURN, .index = function, .stack = used, .value = v }
#define BRANCH(function, used, at, t) \
	{ .kind = COV_TRACE_BRANCH, .index = (function) * 100 + (at), .stack = used, .taken = t }
#define SYSCALL(n)		{ .kind = COV_TRACE_SYSCALL, .index = n }
#define SYSRET(n, v)		{ .kind = COV_TRACE_SYSRET, .index = n, .value = v }

static char *text_of(const struct cov_trace_event *events, size_t n,
		     const struct trace_filter *filter, uint64_t begin)
{
	static const struct trace_names names = { find_place, find_text, has_returns, NULL };
	struct trace_tree *tree;
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	tree = trace_tree_new(out, "dd[1]", &names, filter, begin);
	for (i = 0; i < n; i++)
		trace_tree_add(tree, &events[i]);
	trace_tree_end(tree);
	fclose(out);
	return text;
}

static void expect_tree(const struct cov_trace_event *events, size_t n,
			const struct trace_filter *filter, const char *wanted)
{
	char *text = text_of(events, n, filter, 0);

	assert_string_equal(text, wanted);
	free(text);
}

#define EXPECT_TREE(wanted, ...)						\
do {										\
	const struct cov_trace_event events_[] = { __VA_ARGS__ };		\
	const struct trace_filter none_ = { .only = false };			\
										\
	expect_tree(events_, ARRAY_SIZE(events_), &none_, wanted);		\
} while (0)

static int without(void **state)
{
	(void)state;
	with_returns = false;
	return 0;
}

static int with(void **state)
{
	(void)state;
	with_returns = true;
	return 0;
}

static void callee_is_deeper_and_what_follows_is_not(void **state)
{
	(void)state;
	EXPECT_TREE("dd[1]\n"
		    "  f  +0x1 taken, +0x2 fall-through\n"
		    "    g\n"
		    "      h  +0x3 fall-through\n"
		    "    g  +0x4 taken\n"
		    "    +0x5 taken\n"
		    "  h\n",
		    ENTRY(F, 100), BRANCH(F, 120, 1, 1), BRANCH(F, 120, 2, 0),
		    ENTRY(G, 128), ENTRY(H, 200), BRANCH(H, 200, 3, 0),
		    ENTRY(G, 128), BRANCH(G, 140, 4, 1),
		    BRANCH(F, 120, 5, 1), ENTRY(H, 96));
}

static void repeated_outcomes_are_counted(void **state)
{
	(void)state;
	EXPECT_TREE("dd[1]\n"
		    "  f  +0x1 taken x3, +0x1 fall-through, +0x2 taken x2, cold+0x2 taken\n"
		    "    g\n"
		    "    +0x2 taken\n",
		    ENTRY(F, 100), BRANCH(F, 120, 1, 1), BRANCH(F, 120, 1, 1), BRANCH(F, 120, 1, 1),
		    BRANCH(F, 120, 1, 0), BRANCH(F, 120, 2, 1), BRANCH(F, 120, 2, 1),
		    BRANCH(F, 120, 52, 1), ENTRY(G, 128), BRANCH(F, 120, 2, 1));
}

static void recursion_is_told_apart_by_the_stack(void **state)
{
	(void)state;
	EXPECT_TREE("dd[1]\n"
		    "  f  +0x1 fall-through\n"
		    "    f  +0x1 taken\n"
		    "    +0x2 taken\n",
		    ENTRY(F, 100), BRANCH(F, 120, 1, 0), ENTRY(F, 128), BRANCH(F, 148, 1, 1),
		    BRANCH(F, 120, 2, 1));
}

static void return_joins_the_line_of_a_function_that_calls_none(void **state)
{
	(void)state;
	EXPECT_TREE("dd[1]\n"
		    "  f  +0x1 fall-through\n"
		    "    g  +0x2 taken  returned 7\n"
		    "    h  returned 0xffff888000000000\n"
		    "    +0x3 fall-through\n"
		    "  f  left with -EINVAL\n",
		    ENTRY(F, 100), BRANCH(F, 120, 1, 0), ENTRY(G, 128), BRANCH(G, 140, 2, 1),
		    RETURN(G, 128, 7), ENTRY(H, 128), RETURN(H, 128, 0xffff888000000000),
		    BRANCH(F, 120, 3, 0), RETURN(F, 100, -EINVAL));
}

static void jump_to_another_function_nests_where_returns_are_seen(void **state)
{
	(void)state;
	EXPECT_TREE("dd[1]\n"
		    "  f\n"
		    "    g  returned 1\n"
		    "  f  returned 1\n"
		    "  h  returned 2\n",
		    ENTRY(F, 100), ENTRY(G, 100), RETURN(G, 100, 1), RETURN(F, 100, 1),
		    ENTRY(H, 100), RETURN(H, 100, 2));
}

static void lost_return_does_not_swallow_what_comes_later(void **state)
{
	(void)state;
	EXPECT_TREE("dd[1]\n"
		    "  f\n"
		    "    g\n"
		    "    +0x1 taken\n"
		    "  f  returned 0\n"
		    "  h  returned 0\n",
		    ENTRY(F, 100), ENTRY(G, 128), BRANCH(F, 110, 1, 1), RETURN(F, 100, 0),
		    ENTRY(H, 100), RETURN(H, 100, 0));
}

static void branch_of_a_function_that_was_entered_before_has_a_line(void **state)
{
	(void)state;
	EXPECT_TREE("dd[1]\n"
		    "  g (entry not seen)  +0x1 taken, +0x2 fall-through\n"
		    "    f\n"
		    "    +0x3 taken\n"
		    "  h  returned 3\n",
		    BRANCH(G, 100, 1, 1), BRANCH(G, 100, 2, 0), ENTRY(F, 128),
		    BRANCH(G, 100, 3, 1), RETURN(H, 90, 3));
}

static void functions_of_one_name_are_told_apart(void **state)
{
	(void)state;
	EXPECT_TREE("dd[1]\n"
		    "  i (.text+4)\n"
		    "    i (.text+5)  returned 1\n"
		    "  i (.text+4)  returned 2\n"
		    "  i (.text+5) (entry not seen)  +0x1 taken\n",
		    ENTRY(TWIN, 100), ENTRY(TWIN + 1, 128), RETURN(TWIN + 1, 128, 1),
		    RETURN(TWIN, 100, 2), BRANCH(TWIN + 1, 100, 1, 1));
}

static void place_that_nobody_knows_is_a_question_mark(void **state)
{
	(void)state;
	EXPECT_TREE("dd[1]\n  ?\n", ENTRY(77, 100));
}

static void system_calls_are_shown_if_something_happens_in_them(void **state)
{
	(void)state;
	EXPECT_TREE("dd[1]\n"
		    "  write\n"
		    "    f  +0x1 taken\n"
		    "  write  returned 4096\n"
		    "  system call 999\n"
		    "    g\n"
		    "  system call 999  left with -ENOTTY\n"
		    "  h\n",
		    SYSRET(16, 0), SYSCALL(16), SYSRET(16, 0),
		    SYSCALL(1), ENTRY(F, 100), BRANCH(F, 100, 1, 1), SYSRET(1, 4096),
		    SYSCALL(999), ENTRY(G, 100), SYSRET(999, -ENOTTY), ENTRY(H, 100));
}

static void nothing_to_show_prints_nothing(void **state)
{
	(void)state;
	EXPECT_TREE("", SYSCALL(16), SYSRET(16, 0));
}

static void system_call_that_is_named_is_shown_alone_and_always(void **state)
{
	static const struct trace_filter filter = { .only = true, .number = 16 };
	static const struct cov_trace_event events[] = {
		SYSCALL(1), ENTRY(F, 100), SYSRET(1, 4096),
		SYSCALL(16), SYSRET(16, 0),
		ENTRY(G, 100),
		{ .kind = COV_TRACE_SYSCALL, .index = 16, .compat = 1 },
		ENTRY(G, 100),
		{ .kind = COV_TRACE_SYSRET, .index = 16, .compat = 1 },
		SYSCALL(16), ENTRY(H, 100), SYSRET(16, -ENXIO), SYSRET(1, 0),
	};

	(void)state;
	expect_tree(events, ARRAY_SIZE(events), &filter,
		    "dd[1]\n"
		    "  ioctl  returned 0\n"
		    "  ioctl\n"
		    "    h\n"
		    "  ioctl  left with -ENXIO\n");
}

#define IOCTL(request) \
	{ .kind = COV_TRACE_SYSCALL, .index = 16, .nr_args = 6, .args = { 3, request } }

static void system_calls_that_did_nothing_are_one_line_in_a_row(void **state)
{
	static const struct trace_filter filter = { .only = true, .number = 16 };
	static const struct trace_filter args = { .only = true, .number = 16, .args = true };
	static const struct cov_trace_event events[] = {
		IOCTL(0x5401), SYSRET(16, 0), IOCTL(0x5401), SYSRET(16, 0),
		IOCTL(0x5401), SYSRET(16, -ENOTTY), IOCTL(0x5402), SYSRET(16, -ENOTTY),
		IOCTL(0x5402), ENTRY(F, 100), SYSRET(16, -ENOTTY), IOCTL(0x5402), SYSRET(16, -ENOTTY),
		IOCTL(0x5403),
	};

	(void)state;
	expect_tree(events, ARRAY_SIZE(events), &filter,
		    "dd[1]\n"
		    "  ioctl 0x5401  returned 0 x2\n"
		    "  ioctl 0x5401  left with -ENOTTY\n"
		    "  ioctl 0x5402  left with -ENOTTY\n"
		    "  ioctl 0x5402\n"
		    "    f\n"
		    "  ioctl  left with -ENOTTY\n"
		    "  ioctl 0x5402  left with -ENOTTY\n"
		    "  ioctl 0x5403\n");
	/* Each with its arguments. */
	expect_tree(events, 4, &args,
		    "dd[1]\n"
		    "  ioctl(0x3, 0x5401, 0, 0, 0, 0)  returned 0\n"
		    "  ioctl(0x3, 0x5401, 0, 0, 0, 0)  returned 0\n");
}

static void arguments_and_times_are_shown(void **state)
{
	static const struct trace_filter args = { .args = true };
	static const struct cov_trace_event events[] = {
		{ .kind = COV_TRACE_ENTRY, .index = F, .stack = 100, .time = 5000,
		  .nr_args = 6, .args = { 1, 0x20, 0, 4, 5, ~0ULL } },
		{ .kind = COV_TRACE_ENTRY, .index = G, .stack = 128, .time = 7500 },
	};
	char *text = text_of(events, ARRAY_SIZE(events), &args, 1000);

	(void)state;
	assert_string_equal(text,
			    "dd[1]\n"
			    "       4.000 us    f(0x1, 0x20, 0, 0x4, 0x5, 0xffffffffffffffff)\n"
			    "       6.500 us      g\n");
	free(text);
}

static void errors_are_those_of_an_int_or_a_long(void **state)
{
	(void)state;
	assert_int_equal(trace_left_with((uint64_t)-EINVAL), EINVAL);
	assert_int_equal(trace_left_with((uint32_t)-EINVAL), EINVAL);
	assert_int_equal(trace_left_with((uint64_t)-4095), 4095);
	assert_int_equal(trace_left_with((uint64_t)-4096), 0);
	assert_int_equal(trace_left_with((uint32_t)-4096), 0);
	assert_int_equal(trace_left_with(0), 0);
	assert_int_equal(trace_left_with(22), 0);
	assert_int_equal(trace_left_with(0xffff888000000000), 0);
	assert_int_equal(trace_left_with(0x1ffffffeaULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(callee_is_deeper_and_what_follows_is_not, without),
		cmocka_unit_test_setup(repeated_outcomes_are_counted, without),
		cmocka_unit_test_setup(recursion_is_told_apart_by_the_stack, without),
		cmocka_unit_test_setup(return_joins_the_line_of_a_function_that_calls_none, with),
		cmocka_unit_test_setup(jump_to_another_function_nests_where_returns_are_seen, with),
		cmocka_unit_test_setup(lost_return_does_not_swallow_what_comes_later, with),
		cmocka_unit_test_setup(branch_of_a_function_that_was_entered_before_has_a_line, with),
		cmocka_unit_test_setup(functions_of_one_name_are_told_apart, with),
		cmocka_unit_test_setup(place_that_nobody_knows_is_a_question_mark, without),
		cmocka_unit_test_setup(system_calls_are_shown_if_something_happens_in_them, without),
		cmocka_unit_test_setup(nothing_to_show_prints_nothing, without),
		cmocka_unit_test_setup(system_call_that_is_named_is_shown_alone_and_always, without),
		cmocka_unit_test_setup(system_calls_that_did_nothing_are_one_line_in_a_row, without),
		cmocka_unit_test_setup(arguments_and_times_are_shown, without),
		cmocka_unit_test(errors_are_those_of_an_int_or_a_long),
	};

	return cmocka_run_group_tests_name("trace_tree", tests, NULL, NULL);
}
