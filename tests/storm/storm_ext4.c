// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm_ext4.c - a whole big module, attached and detached in both scopes while both CPUs work
 * with its files; after each detach every byte of its text is what it was.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storm.h"

#define EXT4	"ext4"
#define DISK	"/dev/ram0"
#define ROOT	"/tmp/storm"

/* --- files ------------------------------------------------------------------------------ */

static void must_run(const char *const *argv)
{
	int status = run_program(argv);

	if (status)
		FAIL("%s: status %#x", argv[0], status);
}

static void mount_ext4(void)
{
	static const char *const brd[] = {
		"/sbin/modprobe", "brd", "rd_nr=1", "rd_size=16384", NULL,
	};
	static const char *const mkfs[] = { "/sbin/mkfs.ext4", "-q", "-F", DISK, NULL };

	must_run(brd);
	modprobe(EXT4);
	if (!is_loaded(EXT4))
		skip_test("ext4 is part of this kernel, not a module");
	must_run(mkfs);
	if (mkdir(ROOT, 0700) && errno != EEXIST)
		FAIL("mkdir: %s", strerror(errno));
	MUST(mount(DISK, ROOT, EXT4, 0, NULL));
}

static void unmount_ext4(void)
{
	MUST(umount(ROOT));
	EVENTUALLY(try_unload(EXT4) == 0);
	EVENTUALLY(try_unload("brd") == 0);
}

static void write_and_read(const char *path)
{
	char written[3000], got[sizeof(written)];
	int fd = MUST(open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
	off_t at = any(8) * 5000;

	memset(written, 'a' + any(26), sizeof(written));
	EXPECT_EQ(pwrite(fd, written, sizeof(written), at), sizeof(written));
	if (any(3) == 0)
		MUST(fsync(fd));
	EXPECT_EQ(pread(fd, got, sizeof(got), at), sizeof(got));
	EXPECT(!memcmp(written, got, sizeof(got)));
	MUST(ftruncate(fd, any(60000)));
	close(fd);
}

static unsigned int count_entries(const char *path)
{
	DIR *directory = opendir(path);
	unsigned int n = 0;

	EXPECT(directory);
	while (readdir(directory))
		n++;
	closedir(directory);
	return n;
}

static void use_files(const char *directory)
{
	char file[64], other[64];

	snprintf(file, sizeof(file), "%s/file", directory);
	snprintf(other, sizeof(other), "%s/other", directory);
	MUST(mkdir(directory, 0700));
	EXPECT_EQ(mkdir(directory, 0700), -1);
	write_and_read(file);
	MUST(any(2) ? link(file, other) : symlink("file", other));
	EXPECT_EQ(count_entries(directory), 4);
	MUST(rename(other, file));
	EXPECT_EQ(rmdir(directory), -1);
	unlink(other);
	MUST(unlink(file));
	MUST(rmdir(directory));
}

struct user {
	int cpu;
	unsigned long *passes;
};

static void use_files_again_and_again(void *data)
{
	const struct user *self = data;
	char directory[32];

	pin(self->cpu);
	reseed(self->cpu);
	snprintf(directory, sizeof(directory), ROOT "/%d", self->cpu);
	while (storm_goes_on()) {
		use_files(directory);
		__atomic_fetch_add(self->passes, 1, __ATOMIC_SEQ_CST);
		usleep(any(1000));
	}
}

/* --- text ------------------------------------------------------------------------------- */

#define PARTS	32

static struct text *parts;
static unsigned int nr_parts;

/* livecov tells where it is; what is there is read without it. */
static void remember_text(int fd)
{
	struct cov_attach request = attach_request(EXT4);
	struct cov_target_info info;
	uint64_t done;

	attach(fd, &request);
	info = target_info(fd, request.target);
	with_id(fd, COV_IOC_DETACH, request.target);
	EXPECT(info.text_size > 0 && info.text_size <= (uint64_t)PARTS * TEXT_MAX);
	parts = calloc(PARTS, sizeof(*parts));
	EXPECT(parts);
	for (done = 0; done < info.text_size; done += TEXT_MAX) {
		uint64_t size = info.text_size - done;

		EXPECT(!try_read_text(&parts[nr_parts++], info.text_base + done,
				      size < TEXT_MAX ? size : TEXT_MAX));
	}
}

static void expect_text_of_ext4(void)
{
	unsigned int i;

	for (i = 0; i < nr_parts; i++)
		expect_text(&parts[i]);
}

/* --- the storm -------------------------------------------------------------------------- */

static void attach_ext4_for_a_while(int fd, unsigned int scope)
{
	static const unsigned int engines[] = {
		COV_ENGINE_AUTO, COV_ENGINE_AUTO, COV_ENGINE_DETOUR, COV_ENGINE_BREAKPOINT,
	};
	struct cov_attach request = attach_request(EXT4);

	request.engine = engines[any(ARRAY_SIZE(engines))];
	request.mode = COV_MODE_BLOCKS + any(3);
	request.scope = scope;
	test_case("engine %u, mode %u, scope %u", request.engine, request.mode, scope);
	attach(fd, &request);
	arm(fd, request.target);
	if (any(2))
		with_id(fd, COV_IOC_RESET, request.target);
	usleep(any(400) * 1000);
	/* Of use_files(), whoever's turn it is; they end with the storm. */
	EVENTUALLY(!storm_goes_on() || target_info(fd, request.target).functions_hit > 0);
	with_id(fd, COV_IOC_DETACH, request.target);
	expect_text_of_ext4();
}

static void ext4_is_attached_while_both_processors_use_it(void)
{
	struct user users[2];
	unsigned int round;
	pid_t pids[2];
	int fd, i;

	storm_begin(__func__);
	mount_ext4();
	fd = control_open();
	use_files(ROOT "/first");
	remember_text(fd);
	track_as(fd, 1);
	for (i = 0; i < 2; i++) {
		users[i] = (struct user){ i, shared_memory(sizeof(long)) };
		pids[i] = start(use_files_again_and_again, &users[i]);
	}
	CALL(fd, COV_IOC_UNREGISTER, NULL);
	for (round = 0; storm_goes_on(); round++)
		attach_ext4_for_a_while(fd, round % 2 ? COV_SCOPE_ALL : COV_SCOPE_TRACKED);
	test_case("%s", "");
	for (i = 0; i < 2; i++) {
		finish(pids[i]);
		EXPECT(*users[i].passes > 0);
	}
	EXPECT(round >= 2);
	expect_text_of_ext4();
	close(fd);
	unmount_ext4();
	storm_end();
}

static const struct test storms[] = {
	TEST(ext4_is_attached_while_both_processors_use_it),
};

const struct test_group storms_of_ext4 = TEST_GROUP(storms);
