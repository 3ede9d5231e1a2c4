/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libcov_fixture.h - what the tests of libcov share: a handle on the fake kernel
 * for each test, and a tree of files that stands for /sys and /proc. Included
 * after everything that CMocka wants included before it.
 */
#ifndef LIBCOV_FIXTURE_H
#define LIBCOV_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_kernel.h"
#include "internal.h"

/* The tree's own directory. */
extern char root[];

/* Group set-up and tear-down. */
int make_tree(void **state);
int remove_tree(void **state);

/* Set-up and tear-down of each test: *state is a struct cov. */
int each_setup(void **state);
int each_teardown(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, each_setup, each_teardown)

/* put - write a file of the tree; drop - remove a file or an empty directory */
void put(const char *path, const char *text);
void drop(const char *path);

/* put_build_id - the note of a module's build-id in sysfs; 0x01 is that of toy.ko */
void put_build_id(const char *module, unsigned char first);

/*
 * attached - attach toy by the defaults; counted - with an engine that counts;
 * attached_by - as is said; taken - a snapshot of it
 */
struct cov_attach_result attached(struct cov *cov);
struct cov_attach_result counted(struct cov *cov);
struct cov_attach_result attached_by(struct cov *cov, unsigned int mode, unsigned int scope,
				     unsigned int engine);
struct cov_snapshot *taken(struct cov *cov);

void assert_error_text(const char *text, const char *words);

/* A call fails with -error, errno and a text that contains the words. */
#define assert_error(call, error, words) do {				\
	errno = 0;							\
	assert_int_equal((call), -(error));				\
	assert_int_equal(errno, (error));				\
	assert_error_text(cov_last_error(*state), words);		\
} while (0)

#endif /* LIBCOV_FIXTURE_H */
