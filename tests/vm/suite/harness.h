/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * harness.h - runs tests one by one, each in a process of its own, and reports
 * them as 'ok NAME', 'not ok NAME - WHY' or 'skip NAME - WHY'. Knows nothing of
 * livecov.
 *
 * A test fails by the first expectation that does not hold, in its own process
 * or in any that it has forked. Whatever it has left running is killed.
 */
#ifndef SUITE_HARNESS_H
#define SUITE_HARNESS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/**
 * struct test - one test
 * @name: what it shows
 * @run: shows it
 */
struct test {
	const char *name;
	void (*run)(void);
};

#define TEST(function)	{ #function, function }

/* An array of tests, and its end. */
struct test_group {
	const struct test *tests;
	size_t count;
};

#define TEST_GROUP(array)	{ array, sizeof(array) / sizeof((array)[0]) }

/**
 * struct harness - a program of tests
 * @groups: what to run, in this order
 * @nr_groups: how many
 * @before: called in the test's process first; may be NULL
 * @after: called after each test in the main process: expects that nothing was
 *	   left behind; may be NULL
 * @repair: called in the main process when a test has failed; may be NULL
 */
struct harness {
	const struct test_group *groups;
	size_t nr_groups;
	void (*before)(void);
	void (*after)(void);
	void (*repair)(void);
};

/**
 * harness_main - the program
 * @harness: what it runs
 * @argc: main()'s
 * @argv: main()'s: names of tests, all if there are none, or --after NAME for
 *	  those that come behind one
 *
 * Return: the exit status: 0 if no test failed, 1 if one did, 2 for wrong usage.
 */
int harness_main(const struct harness *harness, int argc, char **argv);

/* fail_test - the running test has failed, for this reason */
void fail_test(const char *file, int line, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* skip_test - the running test cannot be run here, for this reason */
void skip_test(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* test_case - what the test is at, for the reason of a failure; "" for nothing */
void test_case(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define FAIL(...)	fail_test(__FILE__, __LINE__, __VA_ARGS__)

#define EXPECT(condition)						\
do {									\
	if (!(condition))						\
		FAIL("expected: %s", #condition);			\
} while (0)

/* Integers of any type; both sides are shown. */
#define EXPECT_EQ(left, right)						\
do {									\
	long long left_ = (long long)(left), right_ = (long long)(right); \
									\
	if (left_ != right_)						\
		FAIL("%s is %lld (%#llx), expected %s: %lld (%#llx)", #left, left_, \
		     left_, #right, right_, right_);			\
} while (0)

/* A system call or the like that must not return -1. */
#define MUST(call)							\
({									\
	__typeof__(call) must_ = (call);				\
									\
	if ((long)must_ == -1)						\
		FAIL("%s: %s", #call, strerror(errno));			\
	must_;								\
})

/*
 * Wait for something that somebody else brings about. Patience only bounds how
 * long a test that fails takes: what is waited for is a state, not time.
 */
#define EVENTUALLY(condition)						\
do {									\
	unsigned int round_ = 0;					\
									\
	while (!(condition))						\
		if (!patience(round_++))				\
			FAIL("never came: %s", #condition);		\
} while (0)

bool patience(unsigned int round);

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#endif /* SUITE_HARNESS_H */
