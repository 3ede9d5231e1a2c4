// SPDX-License-Identifier: GPL-2.0-only
/*
 * libcov_fixture.c - see libcov_fixture.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcov_fixture.h"

char root[] = "/tmp/test_libcov.XXXXXX";

static void make_directories(char *path)
{
	char *slash;

	for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			fail_msg("mkdir %s: %s", path, strerror(errno));
		*slash = '/';
	}
}

static void put_bytes(const char *path, const void *bytes, size_t length)
{
	char full[512];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	make_directories(full);
	file = fopen(full, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

void drop(const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", root, path);
	assert_int_equal(remove(full), 0);
}

void put_build_id(const char *module, unsigned char first)
{
	char path[128];
	unsigned char note[] = {
		4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0,
		first, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23,
		0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67,
	};

	snprintf(path, sizeof(path), "/sys/module/%s/notes/.note.gnu.build-id", module);
	put_bytes(path, note, sizeof(note));
}

int make_tree(void **state)
{
	(void)state;
	if (!mkdtemp(root) || setenv("FAKE_ROOT", root, 1))
		return -1;
	put("/sys/module/livecov/initstate", "live\n");
	put("/sys/module/toy/initstate", "live\n");
	put("/sys/module/toy/sections/.text", "0xffffffffc0a00000\n");
	put("/sys/module/toy/sections/.text.unlikely", "0xffffffffc0a02000\n");
	put("/sys/module/toy/sections/.data", "0xffffffffc0a03000\n");
	return 0;
}

int remove_tree(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

int each_setup(void **state)
{
	struct cov *cov;

	fake_kernel();
	fake_reset();
	put_build_id("toy", 0x01);
	if (cov_open(&cov))
		return -1;
	*state = cov;
	return 0;
}

int each_teardown(void **state)
{
	cov_close(*state);
	return 0;
}

struct cov_attach_result attached(struct cov *cov)
{
	struct cov_attach_result result = COV_INIT(result);

	assert_int_equal(cov_attach(cov, "toy", NULL, &result), 0);
	return result;
}

struct cov_attach_result counted(struct cov *cov)
{
	return attached_by(cov, COV_MODE_EDGES, COV_SCOPE_ALL, COV_ENGINE_KPROBE);
}

struct cov_attach_result attached_by(struct cov *cov, unsigned int mode, unsigned int scope,
				     unsigned int engine)
{
	struct cov_attach_options options = COV_INIT(options);
	struct cov_attach_result result = COV_INIT(result);

	options.mode = mode;
	options.scope = scope;
	options.engine = engine;
	assert_int_equal(cov_attach(cov, "toy", &options, &result), 0);
	return result;
}

struct cov_snapshot *taken(struct cov *cov)
{
	struct cov_snapshot *snapshot;

	assert_int_equal(cov_snapshot_take(cov, "toy", &snapshot), 0);
	return snapshot;
}

void assert_error_text(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("'%s' does not say '%s'", text, words);
}
