// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_libcov.c - libcov against the fake kernel (fake_kernel.h), whose module
 * "toy" is described in toy.S and fake_tables.c. The library's files are linked
 * in, with open(), ioctl() and their like wrapped.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_kernel.h"
#include "internal.h"

#define OPTIMIZATION "/proc/sys/debug/kprobes-optimization"

static char root[] = "/tmp/test_libcov.XXXXXX";

/* ---- the tree that stands for /sys and /proc ---------------------------- */

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

static void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

static void drop(const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", root, path);
	assert_int_equal(remove(full), 0);
}

static char first_byte(const char *path)
{
	char full[512];
	char byte = 0;
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	file = fopen(full, "r");
	assert_non_null(file);
	assert_int_equal(fread(&byte, 1, 1, file), 1);
	fclose(file);
	return byte;
}

/* The note of toy's build-id, as sysfs has it. */
static void put_build_id(unsigned char first)
{
	unsigned char note[] = {
		4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0,
		first, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23,
		0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67,
	};

	put_bytes("/sys/module/toy/notes/.note.gnu.build-id", note, sizeof(note));
}

static int make_tree(void **state)
{
	(void)state;
	if (!mkdtemp(root) || setenv("FAKE_ROOT", root, 1))
		return -1;
	put("/sys/module/livecov/initstate", "live\n");
	put("/sys/module/toy/sections/.text", "0xffffffffc0a00000\n");
	put("/sys/module/toy/sections/.text.unlikely", "0xffffffffc0a02000\n");
	put("/sys/module/toy/sections/.data", "0xffffffffc0a03000\n");
	return 0;
}

static int remove_tree(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

static int each_setup(void **state)
{
	struct cov *cov;

	fake_kernel();
	fake_reset();
	put(OPTIMIZATION, "1\n");
	put_build_id(0x01);
	if (cov_open(&cov))
		return -1;
	*state = cov;
	return 0;
}

static int each_teardown(void **state)
{
	cov_close(*state);
	return 0;
}

static struct cov_attach_result attached(struct cov *cov)
{
	struct cov_attach_result result = COV_INIT(result);

	assert_int_equal(cov_attach(cov, "toy", NULL, &result), 0);
	return result;
}

static struct cov_snapshot *taken(struct cov *cov)
{
	struct cov_snapshot *snapshot;

	assert_int_equal(cov_snapshot_take(cov, "toy", &snapshot), 0);
	return snapshot;
}

#define assert_error(call, error, words) do {				\
	errno = 0;							\
	assert_int_equal((call), -(error));				\
	assert_int_equal(errno, (error));				\
	assert_error_text(cov_last_error(*state), words);		\
} while (0)

static void assert_error_text(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("'%s' does not say '%s'", text, words);
}

/* ---- opening ------------------------------------------------------------ */

static void open_fails_with(int error, const char *words)
{
	struct cov *cov = (struct cov *)1;

	fake_kernel()->settings.open_errno = error;
	errno = 0;
	assert_int_equal(cov_open(&cov), -error);
	assert_int_equal(errno, error);
	assert_null(cov);
	assert_error_text(cov_last_error(NULL), words);
}

static void open_says_what_is_missing(void **state)
{
	(void)state;
	open_fails_with(EACCES, "run as root (sudo covstat ...)");
	open_fails_with(EPERM, geteuid() ? "run as root" : "locked down");
	open_fails_with(EMFILE, "Too many open files");
	open_fails_with(ENOENT, "dmesg");
	drop("/sys/module/livecov/initstate");
	drop("/sys/module/livecov");
	open_fails_with(ENOENT, "insmod livecov.ko");
	put("/sys/module/livecov/initstate", "live\n");
	fake_kernel()->settings.not_debugfs = 1;
	open_fails_with(ENOENT, "mount -t debugfs none /sys/kernel/debug");
}

static void open_refuses_another_major_version(void **state)
{
	struct cov *cov;

	(void)state;
	fake_kernel()->settings.abi_major = 7;
	assert_int_equal(cov_open(&cov), -EPROTONOSUPPORT);
	assert_error_text(cov_last_error(NULL), "speaks version 7.0 and this libcov 1.0");
}

static void open_refuses_a_file_that_is_not_livecov(void **state)
{
	struct cov *cov;

	(void)state;
	fake_kernel()->settings.fail_nr = _IOC_NR(COV_IOC_VERSION);
	fake_kernel()->settings.fail_errno = ENOTTY;
	assert_int_equal(cov_open(&cov), -EPROTONOSUPPORT);
}

static void descriptor_is_closed_by_exec(void **state)
{
	struct cov *cov = *state;

	assert_true(fcntl(cov->fd, F_GETFD) & FD_CLOEXEC);
}

static void close_of_null_is_legal(void **state)
{
	(void)state;
	cov_close(NULL);
	cov_snapshot_free(NULL);
	cov_ranking_free(NULL);
	cov_lines_close(NULL);
}

/* ---- errors -------------------------------------------------------------- */

static void error_text_is_the_kernels_if_it_has_one(void **state)
{
	struct fake_settings *settings = &fake_kernel()->settings;

	settings->fail_nr = _IOC_NR(COV_IOC_RESET);
	settings->fail_errno = ENODEV;
	settings->fail_text = 1;
	assert_error(cov_reset(*state, 0), ENODEV, "the fake was told to fail");
}

static void error_text_is_our_own_if_the_kernel_has_none(void **state)
{
	struct fake_settings *settings = &fake_kernel()->settings;

	settings->fail_nr = _IOC_NR(COV_IOC_RESET);
	settings->fail_errno = ENOTTY;
	assert_error(cov_reset(*state, 0), ENOTTY, "load the livecov.ko");
	settings->fail_errno = ENOSPC;
	assert_error(cov_reset(*state, 0), ENOSPC, "larger");
}

static void success_forgets_the_last_error(void **state)
{
	assert_error(cov_detach(*state, 3), ENOENT, "no target 3");
	assert_int_equal(cov_reset(*state, 0), 0);
	assert_string_equal(cov_last_error(*state), "");
}

/* ---- attach -------------------------------------------------------------- */

static void attach_defaults_are_exact_branch_coverage_of_everything(void **state)
{
	struct cov_attach_result result = attached(*state);
	const struct cov_attach *last = &fake_kernel()->last;

	assert_int_equal(last->mode, COV_MODE_EDGES);
	assert_int_equal(last->scope, COV_SCOPE_ALL);
	assert_int_equal(last->engine, COV_ENGINE_AUTO);
	assert_int_equal(last->levels, 1);
	assert_int_equal(last->globs_len, 0);
	assert_int_equal(last->flags, 0);
	assert_int_equal(result.functions, fake_shape.functions);
	assert_int_equal(result.blocks, fake_shape.blocks);
	assert_int_equal(result.branches, fake_shape.branches);
	assert_int_equal(result.sites, 201);
	assert_int_equal(result.armed, 199);
	assert_int_equal(result.refused, 2);
}

static void attach_passes_the_options_on(void **state)
{
	const char *globs[] = { "toy_*", "x", NULL };
	struct cov_attach_options options = COV_INIT(options);
	const struct fake_kernel *kernel = fake_kernel();

	options.mode = COV_MODE_BLOCKS;
	options.scope = COV_SCOPE_TRACKED;
	options.engine = COV_ENGINE_KPROBE;
	options.flags = COV_ATTACH_FUNCTIONS_ONLY;
	options.levels = COV_LEVEL(64) | COV_LEVEL(2);
	options.functions = globs;
	assert_int_equal(cov_attach(*state, "toy", &options, NULL), 0);
	assert_int_equal(kernel->last.mode, COV_MODE_BLOCKS);
	assert_int_equal(kernel->last.scope, COV_SCOPE_TRACKED);
	assert_int_equal(kernel->last.engine, COV_ENGINE_KPROBE);
	assert_int_equal(kernel->last.flags, COV_ATTACH_FUNCTIONS_ONLY);
	assert_true(kernel->last.levels == UINT64_C(0x8000000000000002));
	assert_int_equal(kernel->last.globs_len, 8);
	assert_memory_equal(kernel->globs, "toy_*\0x\0", 8);
}

static void attach_takes_a_dash_for_an_underscore(void **state)
{
	uint32_t target;

	assert_int_equal(cov_attach(*state, "toy-two", NULL, NULL), 0);
	assert_string_equal(fake_kernel()->last.module, "toy_two");
	assert_int_equal(cov_find(*state, "toy-two", &target), 0);
	assert_error(cov_find(*state, "toy", &target), ENOENT, "covstat attach toy");
}

static void attach_hands_over_the_sections_of_code(void **state)
{
	const struct fake_target *target = &fake_kernel()->targets[0];

	attached(*state);
	assert_int_equal(fake_kernel()->last.nr_sections, 2);
	assert_string_equal(target->sections[0].name, ".text");
	assert_true(target->sections[0].base == FAKE_BASE);
	assert_int_equal(target->sections[0].size, 0);
	assert_string_equal(target->sections[1].name, ".text.unlikely");
	assert_true(target->sections[1].base == FAKE_BASE + FAKE_COLD);
}

static void section_sizes_come_from_the_modules_file(void **state)
{
	const struct fake_target *target = &fake_kernel()->targets[0];

	assert_int_equal(cov_add_module_dir(*state, "/nowhere"), 0);
	assert_int_equal(cov_add_module_dir(*state, TOY_DIRECTORY), 0);
	attached(*state);
	assert_int_equal(target->sections[0].size, 0x31);
	assert_int_equal(target->sections[1].size, 10);
}

static void section_sizes_do_not_come_from_another_builds_file(void **state)
{
	put_build_id(0x02);
	assert_int_equal(cov_add_module_dir(*state, TOY_DIRECTORY), 0);
	attached(*state);
	assert_int_equal(fake_kernel()->last.nr_sections, 2);
	assert_int_equal(fake_kernel()->targets[0].sections[0].size, 0);
}

static void modules_are_found_below_lib_modules(void **state)
{
	struct utsname system;
	char path[256], link[512];

	uname(&system);
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", system.release);
	put(path, "kernel/other.ko:\nextra/toy.ko: kernel/other.ko\n");
	snprintf(path, sizeof(path), "/lib/modules/%s/extra/x", system.release);
	put(path, "");
	snprintf(link, sizeof(link), "%s/lib/modules/%s/extra/toy.ko", root, system.release);
	assert_int_equal(symlink(TOY_DIRECTORY "/toy.ko", link), 0);
	attached(*state);
	assert_int_equal(fake_kernel()->targets[0].sections[0].size, 0x31);
	assert_int_equal(unlink(link), 0);
}

static void core_kernel_functions_have_a_section_from_kallsyms(void **state)
{
	const char *globs[] = { "toy_main", NULL };
	struct cov_attach_options options = COV_INIT(options);
	const struct fake_target *target = &fake_kernel()->targets[0];

	put("/proc/kallsyms",
	    "0000000000000000 A fixed_percpu_data\nffffffff81000000 T _stext\n"
	    "ffffffff81000040 T x\nffffffff82000000 T _etext\nffffffff83000000 T y\t[m]\n");
	options.functions = globs;
	assert_int_equal(cov_attach(*state, COV_CORE_KERNEL, &options, NULL), 0);
	assert_int_equal(fake_kernel()->last.nr_sections, 1);
	assert_string_equal(target->sections[0].name, ".text");
	assert_true(target->sections[0].base == UINT64_C(0xffffffff81000000));
	assert_int_equal(target->sections[0].size, 0x1000000);
}

/* Filled by the progress callback. */
struct progress {
	unsigned int calls, done, total, stop_at;
	bool backwards;
};

static int on_progress(unsigned int done, unsigned int total, void *data)
{
	struct progress *progress = data;

	progress->backwards |= done < progress->done || done > total;
	progress->calls++;
	progress->done = done;
	progress->total = total;
	return progress->stop_at == progress->calls;
}

static void attach_reports_progress_group_by_group(void **state)
{
	struct cov_attach_options options = COV_INIT(options);
	struct progress progress = { 0 };

	options.progress = on_progress;
	options.data = &progress;
	assert_int_equal(cov_attach(*state, "toy", &options, NULL), 0);
	assert_int_equal(fake_kernel()->largest_arm, 64);
	assert_int_equal(fake_kernel()->arms, 4);
	assert_int_equal(progress.calls, 5);
	assert_false(progress.backwards);
	assert_int_equal(progress.done, 201);
	assert_int_equal(progress.total, 201);
}

static void assert_nothing_is_attached(struct cov *cov)
{
	struct cov_summary summary = COV_INIT(summary);

	assert_int_equal(first_byte(OPTIMIZATION), '1');
	assert_int_equal(fake_kernel()->detaches, fake_kernel()->attaches);
	assert_int_equal(cov_status(cov, &summary), 0);
	assert_int_equal(summary.targets, 0);
}

static void attach_given_up_leaves_nothing(void **state)
{
	struct cov_attach_options options = COV_INIT(options);
	struct progress progress = { .stop_at = 3 };

	options.progress = on_progress;
	options.data = &progress;
	assert_error(cov_attach(*state, "toy", &options, NULL), ECANCELED, "128 of 201");
	assert_int_equal(fake_kernel()->attaches, 1);
	assert_nothing_is_attached(*state);
}

static void attach_interrupted_leaves_nothing(void **state)
{
	fake_kernel()->settings.arm_interrupted = 2;
	assert_error(cov_attach(*state, "toy", NULL, NULL), EINTR, "interrupted");
	assert_int_equal(fake_kernel()->attaches, 1);
	assert_nothing_is_attached(*state);
}

static void attach_failing_half_way_leaves_nothing_and_tells_why(void **state)
{
	struct fake_settings *settings = &fake_kernel()->settings;

	settings->fail_nr = _IOC_NR(COV_IOC_ARM);
	settings->fail_errno = ENOSPC;
	settings->fail_text = 1;
	settings->fail_after = 2;
	assert_error(cov_attach(*state, "toy", NULL, NULL), ENOSPC, "told to fail");
	assert_int_equal(fake_kernel()->arms, 2);
	assert_nothing_is_attached(*state);
}

static void kprobes_optimization_is_off_only_while_arming(void **state)
{
	attached(*state);
	assert_int_equal(fake_kernel()->optimization_off, 1);
	assert_int_equal(first_byte(OPTIMIZATION), '1');
}

static void kprobes_optimization_found_off_stays_off(void **state)
{
	put(OPTIMIZATION, "0\n");
	attached(*state);
	assert_int_equal(first_byte(OPTIMIZATION), '0');
}

static void kernels_without_kprobes_optimization_are_served(void **state)
{
	drop(OPTIMIZATION);
	attached(*state);
}

static void second_attach_is_refused_in_the_kernels_words(void **state)
{
	attached(*state);
	assert_error(cov_attach(*state, "toy", NULL, NULL), EEXIST, "covstat detach toy");
	assert_int_equal(fake_kernel()->detaches, 0);
}

static void attach_refuses_bad_names(void **state)
{
	char name[COV_MODULE_LEN + 1];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_error(cov_attach(*state, "", NULL, NULL), EINVAL, "lsmod");
	assert_error(cov_attach(*state, name, NULL, NULL), ENAMETOOLONG, "63");
	assert_error(cov_attach(*state, "nosuch", NULL, NULL), ENOENT, "modprobe nosuch");
}

static void targets_go_with_the_handle_unless_kept(void **state)
{
	struct cov_attach_result result;
	struct cov *other;
	uint32_t target;

	assert_int_equal(cov_open(&other), 0);
	attached(other);
	assert_int_equal(cov_find(*state, "toy", &target), 0);
	cov_close(other);
	assert_error(cov_find(*state, "toy", &target), ENOENT, "not attached");

	assert_int_equal(cov_open(&other), 0);
	result = attached(other);
	assert_int_equal(cov_keep(other, result.target), 0);
	cov_close(other);
	assert_int_equal(cov_find(*state, "toy", &target), 0);
	assert_int_equal(cov_detach(*state, target), 0);
	assert_error(cov_detach(*state, target), ENOENT, "no target");
}

/* ---- structs of another size ---------------------------------------------- */

static void older_programs_get_what_they_know(void **state)
{
	struct cov_attach_result result;

	memset(&result, 0xaa, sizeof(result));
	result.size = offsetof(struct cov_attach_result, blocks);
	assert_int_equal(cov_attach(*state, "toy", NULL, &result), 0);
	assert_int_equal(result.size, offsetof(struct cov_attach_result, blocks));
	assert_int_equal(result.functions, fake_shape.functions);
	assert_int_equal(result.blocks, 0xaaaaaaaa);
}

static void newer_programs_get_zeroes_for_what_we_do_not_know(void **state)
{
	struct {
		struct cov_attach_result ours;
		uint64_t newer;
	} result;

	memset(&result, 0xaa, sizeof(result));
	result.ours.size = sizeof(result);
	assert_int_equal(cov_attach(*state, "toy", NULL, &result.ours), 0);
	assert_int_equal(result.ours.size, sizeof(result));
	assert_int_equal(result.ours.refused, 2);
	assert_int_equal(result.newer, 0);
}

static void options_that_we_do_not_know_are_refused(void **state)
{
	struct {
		struct cov_attach_options ours;
		uint64_t newer;
	} options;

	memset(&options, 0, sizeof(options));
	assert_error(cov_attach(*state, "toy", &options.ours, NULL), EINVAL, "size");
	options.ours.size = sizeof(options);
	options.newer = 1;
	assert_error(cov_attach(*state, "toy", &options.ours, NULL), E2BIG, "size");
	assert_int_equal(fake_kernel()->attaches, 0);
	options.newer = 0;
	assert_int_equal(cov_attach(*state, "toy", &options.ours, NULL), 0);
}

static void results_without_a_size_are_refused_before_anything_happens(void **state)
{
	struct cov_attach_result result = { 0 };
	struct cov_totals totals = { 0 };

	assert_error(cov_attach(*state, "toy", NULL, &result), EINVAL, "size");
	assert_int_equal(fake_kernel()->attaches, 0);
	assert_error(cov_counts(*state, 0, &totals), EINVAL, "size");
}

/* ---- tasks and checkpoints -------------------------------------------------- */

static void register_tracks_the_caller(void **state)
{
	assert_error(cov_unregister(*state), ENOENT, "not tracked");
	assert_int_equal(cov_register(*state, UINT64_C(0x123456789)), 0);
	assert_true(fake_kernel()->sample == UINT64_C(0x123456789));
	assert_int_equal(fake_kernel()->registered_pid, getpid());
	assert_int_equal(cov_unregister(*state), 0);
	assert_error(cov_register(*state, 0), EINVAL, "from 1");
}

static void checkpoint_add_passes_everything_on(void **state)
{
	const struct cov_checkpoint_add *last = &fake_kernel()->checkpoint;

	assert_int_equal(checkpoint_add(*state, "cp", "toy:toy_main", 7, 0, 1), 0);
	assert_string_equal(last->name, "cp");
	assert_string_equal(last->module, "toy");
	assert_string_equal(last->function, "toy_main");
	assert_int_equal(last->offset, 7);
	assert_int_equal(last->levels, 1);
	assert_int_equal(last->scope, COV_SCOPE_ALL);
	assert_int_equal(last->flags, COV_CHECKPOINT_AUTO);
	assert_int_equal(checkpoint_add(*state, "cp2", "toy_main", 0, COV_LEVEL(3), 0), 0);
	assert_string_equal(last->module, "");
	assert_int_equal(last->levels, 4);
	assert_int_equal(last->flags, 0);
	assert_int_equal(checkpoint_del(*state, "cp"), 0);
	assert_error(checkpoint_del(*state, "cp"), ENOENT, "no checkpoint cp");
}

static void checkpoint_add_refuses_bad_names(void **state)
{
	char name[COV_NAME_LEN + 1];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_error(checkpoint_add(*state, "", "toy_main", 0, 0, 0), EINVAL, "empty");
	assert_error(checkpoint_add(*state, NULL, "toy_main", 0, 0, 0), EINVAL, "empty");
	assert_error(checkpoint_add(*state, name, "toy_main", 0, 0, 0), ENAMETOOLONG, "255");
	assert_error(checkpoint_add(*state, "cp", name, 0, 0, 0), ENAMETOOLONG, "255");
	assert_error(checkpoint_add(*state, "cp", NULL, 0, 0, 0), EINVAL, "empty");
	memset(name, 'm', COV_MODULE_LEN);
	strcpy(name + COV_MODULE_LEN, ":f");
	assert_error(checkpoint_add(*state, "cp", name, 0, 0, 0), ENAMETOOLONG, "63");
	assert_error(checkpoint_add(*state, "cp", "nosuch", 0, 0, 0), ENOENT, "nosuch");
}

/* ---- snapshots --------------------------------------------------------------- */

static void snapshot_has_every_entry_of_the_tables(void **state)
{
	struct cov_function_desc f = COV_INIT(f);
	struct cov_branch_desc branch = COV_INIT(branch);
	struct cov_block_desc block = COV_INIT(block);
	struct cov_target_desc target = COV_INIT(target);
	struct cov_snapshot *snapshot;

	attached(*state);
	snapshot = taken(*state);
	assert_int_equal(cov_snapshot_targets(snapshot), 1);
	assert_int_equal(cov_snapshot_target(snapshot, 0, &target), 0);
	assert_string_equal(target.module, "toy");
	assert_string_equal(target.checkpoint, "");
	assert_int_equal(target.build_id_len, 20);
	assert_int_equal(target.build_id[1], 0x23);
	assert_int_equal(target.functions, 5);
	assert_int_equal(target.sections, 2);

	assert_int_equal(cov_snapshot_function(snapshot, 0, 4, &f), 0);
	assert_string_equal(f.name, "toy_main.cold");
	assert_int_equal(f.parent, 0);
	assert_int_equal(f.entered, COV_NO);
	assert_int_equal(cov_snapshot_function(snapshot, 0, 0, &f), 0);
	assert_string_equal(f.name, "toy_main");
	assert_int_equal(f.parent, COV_NONE);
	assert_int_equal(f.entered, COV_YES);
	assert_int_equal(f.hits, 7);
	assert_int_equal(cov_snapshot_function(snapshot, 0, 2, &f), 0);
	assert_int_equal(f.entered, COV_UNKNOWN);
	assert_int_equal(f.error, EINVAL);

	assert_int_equal(cov_snapshot_block(snapshot, 0, 15, &block), 0);
	assert_int_equal(block.function, 4);
	assert_int_equal(block.length, 10);
	assert_int_equal(cov_snapshot_branch(snapshot, 0, 0, &branch), 0);
	assert_int_equal(branch.taken, COV_YES);
	assert_int_equal(branch.taken_hits, 3);
	assert_int_equal(branch.fallthrough_hits, 4);
	assert_int_equal(cov_snapshot_branch(snapshot, 0, 4, &branch), 0);
	assert_int_equal(branch.condition, 0x13);
	assert_int_equal(branch.fallthrough, COV_UNKNOWN);
	cov_snapshot_free(snapshot);
}

static void getters_refuse_indices_behind_the_end(void **state)
{
	struct cov_function_desc f = COV_INIT(f);
	struct cov_section_desc s = COV_INIT(s);
	struct cov_target_desc t = COV_INIT(t);
	struct cov_branch_desc b = COV_INIT(b);
	struct cov_block_desc k = COV_INIT(k);
	struct cov_snapshot *snapshot;

	attached(*state);
	snapshot = taken(*state);
	assert_int_equal(cov_snapshot_target(snapshot, 1, &t), -ERANGE);
	assert_int_equal(cov_snapshot_section(snapshot, 0, 2, &s), -ERANGE);
	assert_int_equal(cov_snapshot_function(snapshot, 0, 5, &f), -ERANGE);
	assert_int_equal(cov_snapshot_function(snapshot, 1, 0, &f), -ERANGE);
	assert_int_equal(cov_snapshot_block(snapshot, 0, 16, &k), -ERANGE);
	assert_int_equal(cov_snapshot_branch(snapshot, 0, 6, &b), -ERANGE);
	assert_int_equal(errno, ERANGE);
	f.size = 0;
	assert_int_equal(cov_snapshot_function(snapshot, 0, 0, &f), -EINVAL);
	cov_snapshot_free(snapshot);
}

static void assert_place(const struct cov_snapshot *snapshot, unsigned int i,
			 const char *name, uint64_t offset)
{
	struct cov_function_desc f = COV_INIT(f);
	struct cov_section_desc section = COV_INIT(section);

	assert_int_equal(cov_snapshot_function(snapshot, 0, i, &f), 0);
	assert_int_equal(cov_snapshot_section(snapshot, 0, f.section, &section), 0);
	assert_string_equal(section.name, name);
	assert_int_equal(f.offset, offset);
}

static void functions_lie_in_their_sections(void **state)
{
	struct cov_section_desc section = COV_INIT(section);
	struct cov_snapshot *snapshot;

	attached(*state);
	snapshot = taken(*state);
	assert_place(snapshot, 0, ".text", 0);
	assert_place(snapshot, 1, ".text", 0x22);
	assert_place(snapshot, 4, ".text.unlikely", 0);
	/* No file: they reach to the ends of their last functions. */
	assert_int_equal(cov_snapshot_section(snapshot, 0, 0, &section), 0);
	assert_int_equal(section.length, 0x31);
	assert_int_equal(cov_snapshot_section(snapshot, 0, 1, &section), 0);
	assert_int_equal(section.length, 10);
	cov_snapshot_free(snapshot);
}

static void sections_of_a_gone_target_are_those_told_at_attach(void **state)
{
	struct cov_snapshot *snapshot;

	attached(*state);
	fake_kernel()->settings.state = COV_TARGET_GONE;
	put("/sys/module/toy/sections/.text", "0xffffffffc0f00000\n");
	snapshot = taken(*state);
	assert_place(snapshot, 1, ".text", 0x22);
	assert_place(snapshot, 4, ".text.unlikely", 0);
	cov_snapshot_free(snapshot);
	put("/sys/module/toy/sections/.text", "0xffffffffc0a00000\n");
}

static void without_names_all_is_text(void **state)
{
	struct cov_snapshot *snapshot;

	assert_int_equal(cov_attach(*state, "toy_two", NULL, NULL), 0);
	assert_int_equal(cov_snapshot_take(*state, "toy_two", &snapshot), 0);
	assert_place(snapshot, 1, ".text", 0x22);
	assert_place(snapshot, 4, ".text", FAKE_COLD);
	cov_snapshot_free(snapshot);
}

static void tables_built_anew_while_read_are_read_again(void **state)
{
	struct cov_totals totals = COV_INIT(totals);
	struct cov_snapshot *snapshot;

	attached(*state);
	fake_kernel()->settings.changes = 17;
	snapshot = taken(*state);
	assert_int_equal(fake_kernel()->settings.changes, 0);
	assert_int_equal(cov_snapshot_totals(snapshot, 0, &totals), 0);
	assert_int_equal(totals.blocks, 16);
	cov_snapshot_free(snapshot);
}

static void tables_that_never_rest_are_given_up(void **state)
{
	struct cov_snapshot *snapshot;

	attached(*state);
	fake_kernel()->settings.changes = UINT32_MAX;
	assert_error(cov_snapshot_take(*state, "toy", &snapshot), EAGAIN, "keeps changing");
	assert_null(snapshot);
}

static void tables_that_contradict_each_other_are_refused(void **state)
{
	struct cov_snapshot *snapshot;

	attached(*state);
	fake_kernel()->settings.damage = 1;
	assert_error(cov_snapshot_take(*state, "toy", &snapshot), EPROTO, "contradict");
}

static void snapshot_of_all_has_modules_and_checkpoints(void **state)
{
	struct cov_target_desc target = COV_INIT(target);
	struct cov_totals sum = COV_INIT(sum);
	struct cov_snapshot *snapshot;

	attached(*state);
	assert_int_equal(cov_attach(*state, "toy_two", NULL, NULL), 0);
	assert_int_equal(checkpoint_add(*state, "cp", "toy:toy_main", 0, 0, 0), 0);
	assert_int_equal(cov_snapshot_take(*state, NULL, &snapshot), 0);
	assert_int_equal(cov_snapshot_targets(snapshot), 3);
	assert_int_equal(cov_snapshot_target(snapshot, 2, &target), 0);
	assert_string_equal(target.checkpoint, "cp");
	/* What the checkpoint watches is in toy already. */
	assert_int_equal(cov_snapshot_totals(snapshot, COV_NONE, &sum), 0);
	assert_int_equal(sum.blocks, 32);
	assert_int_equal(sum.functions, 8);
	assert_int_equal(cov_snapshot_totals(snapshot, 2, &sum), 0);
	assert_int_equal(sum.blocks, 16);
	assert_int_equal(cov_snapshot_totals(snapshot, 3, &sum), -ERANGE);
	cov_snapshot_free(snapshot);
}

static void a_checkpoint_is_not_its_modules_target(void **state)
{
	uint32_t target;

	assert_int_equal(checkpoint_add(*state, "cp", "toy:toy_main", 0, 0, 0), 0);
	assert_error(cov_find(*state, "toy", &target), ENOENT, "not attached");
}

/* ---- numbers ------------------------------------------------------------------ */

static void counts_are_exact(void **state)
{
	struct cov_totals n = COV_INIT(n);
	struct cov_attach_result result = attached(*state);

	fake_kernel()->settings.missed = 9;
	fake_kernel()->settings.lost = 4;
	assert_int_equal(cov_counts(*state, result.target, &n), 0);
	assert_int_equal(n.functions, 4);	/* the cold part is no function of its own */
	assert_int_equal(n.functions_hit, 1);
	assert_int_equal(n.functions_unknown, 1);
	assert_int_equal(n.blocks, 16);
	assert_int_equal(n.blocks_hit, 4);
	assert_int_equal(n.blocks_unknown, 3);
	assert_int_equal(n.outcomes, 12);
	assert_int_equal(n.outcomes_hit, 4);
	assert_int_equal(n.outcomes_unknown, 2);
	assert_int_equal(n.sites, 201);
	assert_int_equal(n.armed, 199);
	assert_int_equal(n.refused, 2);
	assert_int_equal(n.pending, 0);
	assert_int_equal(n.missed, 9);
	assert_int_equal(n.lost, 4);
	assert_error(cov_counts(*state, 4, &n), ENOENT, "no target 4");
	assert_int_equal(cov_counts(*state, 0, &n), 0);
	assert_int_equal(n.outcomes_hit, 4);
}

static void counts_of_nothing_are_zero(void **state)
{
	struct cov_totals n = COV_INIT(n);

	assert_int_equal(cov_counts(*state, 0, &n), 0);
	assert_int_equal(n.functions + n.blocks + n.outcomes, 0);
}

static void status_tells_versions_and_tables(void **state)
{
	struct cov_summary s = COV_INIT(s);

	attached(*state);
	assert_int_equal(cov_status(*state, &s), 0);
	assert_int_equal(s.abi_major, 1);
	assert_string_equal(s.release, "fake");
	assert_int_equal(s.targets, 1);
	assert_int_equal(s.checkpoints, 201);
	assert_int_equal(s.checkpoints_max, 1000);
	assert_int_equal(s.tasks_max, 100);
	assert_int_equal(s.callers_max, 10);
	assert_int_equal(s.engines, 3);
	assert_int_equal(s.refused, 2);
}

static void text_is_read_in_the_original(void **state)
{
	struct cov_attach_result result = attached(*state);
	uint8_t bytes[4];

	assert_int_equal(cov_text(*state, result.target, FAKE_BASE, bytes, 4), 0);
	assert_memory_equal(bytes, "\x85\xff\x74\x09", 4);
	assert_error(cov_text(*state, result.target, FAKE_BASE, bytes, 0), EINVAL, "no bytes");
	assert_error(cov_text(*state, result.target, 0, bytes, 1), EINVAL, "not inside");
}

/* ---- ranking -------------------------------------------------------------------- */

struct place {
	const char *function;
	uint32_t kind;
	uint64_t offset;
	uint32_t behind;
	uint64_t other_hits;
};

static void assert_ranking(struct cov *cov, uint64_t levels, unsigned int flags,
			   const struct place *places, size_t count)
{
	struct cov_snapshot *snapshot = taken(cov);
	struct cov_unhit behind = COV_INIT(behind);
	struct cov_ranking *ranking;
	size_t i;

	assert_int_equal(cov_rank(cov, snapshot, levels, flags, &ranking), 0);
	cov_snapshot_free(snapshot);	/* a ranking stands alone */
	assert_int_equal(cov_ranking_count(ranking), count);
	for (i = 0; i < count; i++) {
		struct cov_unhit unhit = COV_INIT(unhit);

		assert_int_equal(cov_ranking_get(ranking, i, &unhit), 0);
		assert_string_equal(unhit.function_name, places[i].function);
		assert_string_equal(unhit.module, "toy");
		assert_int_equal(unhit.kind, places[i].kind);
		assert_int_equal(unhit.offset, places[i].offset);
		assert_int_equal(unhit.behind, places[i].behind);
		assert_int_equal(unhit.other_hits, places[i].other_hits);
	}
	assert_int_equal(cov_ranking_get(ranking, count, &behind), -ERANGE);
	cov_ranking_free(ranking);
}

static void ranking_puts_the_frontier_first_by_what_lies_behind(void **state)
{
	static const struct place places[] = {
		{ "toy_main", COV_UNHIT_OUTCOME, 0x14, 3, 7 },
		{ "toy_main", COV_UNHIT_OUTCOME, 0x07, 1, 4 },
		{ "toy_large", COV_UNHIT_FUNCTION, 0, 3, 0 },
		{ "toy_unused", COV_UNHIT_FUNCTION, 0, 1, 0 },
	};

	attached(*state);
	assert_ranking(*state, 0, 0, places, ARRAY_SIZE(places));
}

static void ranking_without_text_takes_the_next_block_to_follow(void **state)
{
	static const struct place places[] = {
		{ "toy_main", COV_UNHIT_OUTCOME, 0x14, 4, 7 },
		{ "toy_main", COV_UNHIT_OUTCOME, 0x07, 1, 4 },
		{ "toy_large", COV_UNHIT_FUNCTION, 0, 3, 0 },
		{ "toy_unused", COV_UNHIT_FUNCTION, 0, 1, 0 },
	};

	attached(*state);
	fake_kernel()->settings.state = COV_TARGET_GONE;
	assert_ranking(*state, 0, 0, places, ARRAY_SIZE(places));
}

static void ranking_can_be_of_functions_or_of_a_level(void **state)
{
	static const struct place functions[] = {
		{ "toy_large", COV_UNHIT_FUNCTION, 0, 3, 0 },
		{ "toy_unused", COV_UNHIT_FUNCTION, 0, 1, 0 },
	};
	struct cov_ranking *ranking;
	struct cov_snapshot *snapshot;

	attached(*state);
	assert_ranking(*state, 0, COV_RANK_FUNCTIONS_ONLY, functions, 2);
	assert_ranking(*state, COV_LEVEL(2), 0, functions, 1);
	assert_ranking(*state, COV_LEVEL(1), COV_RANK_FUNCTIONS_ONLY, functions + 1, 1);
	assert_ranking(*state, COV_LEVEL(64), 0, NULL, 0);
	snapshot = taken(*state);
	assert_error(cov_rank(*state, snapshot, 0, 2, &ranking), EINVAL, "flag");
	cov_snapshot_free(snapshot);
}

static void next_unhit_walks_the_ranking(void **state)
{
	struct cov_unhit unhit = COV_INIT(unhit);

	assert_error(cov_next_unhit_function(*state, 0, 0, &unhit), ENOENT, "nothing more");
	attached(*state);
	assert_int_equal(cov_next_unhit_checkpoint(*state, 0, 0, &unhit), 0);
	assert_int_equal(unhit.taken, 1);
	assert_int_equal(unhit.branch, 2);
	assert_int_equal(unhit.condition, 5);
	assert_true(unhit.address == FAKE_BASE + 0x14);
	assert_int_equal(cov_next_unhit_checkpoint(*state, 2, 0, &unhit), 0);
	assert_string_equal(unhit.function_name, "toy_large");
	assert_int_equal(cov_next_unhit_function(*state, 1, 0, &unhit), 0);
	assert_string_equal(unhit.function_name, "toy_unused");
	assert_int_equal(unhit.branch, COV_NONE);
	assert_int_equal(cov_next_unhit_function(*state, 0, COV_LEVEL(1), &unhit), 0);
	assert_string_equal(unhit.function_name, "toy_unused");
	assert_error(cov_next_unhit_checkpoint(*state, 4, 0, &unhit), ENOENT, "nothing more");
}

/* ---- lines ------------------------------------------------------------------------ */

/* The number of the line of toy.S that holds @text. */
static unsigned int line_of(const char *text)
{
	FILE *file = fopen(TOY_SOURCE, "r");
	unsigned int number = 0;
	char line[256];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		number++;
		if (strstr(line, text)) {
			fclose(file);
			return number;
		}
	}
	fail_msg("toy.S has no '%s'", text);
	return 0;
}

static void assert_line(struct cov_lines *lines, unsigned int function, uint64_t offset,
			const char *text)
{
	unsigned int line = 0;
	const char *file = "";

	assert_int_equal(cov_lines_find(lines, function, offset, &file, &line), 0);
	assert_error_text(file, "toy.S");
	assert_int_equal(line, line_of(text));
}

static void lines_are_those_of_the_modules_file(void **state)
{
	struct cov_snapshot *snapshot;
	struct cov_lines *lines;
	unsigned int line;
	const char *file;

	attached(*state);
	snapshot = taken(*state);
	assert_error(cov_lines_open(*state, snapshot, 0, &lines), ENOENT, "-dbg");
	assert_null(lines);
	assert_int_equal(cov_add_module_dir(*state, TOY_DIRECTORY), 0);
	assert_int_equal(cov_lines_open(*state, snapshot, 0, &lines), 0);
	assert_line(lines, 0, 0x07, "ja\ttoy_c0");
	assert_line(lines, 0, 0x14, "jne\ttoy_b4");
	assert_line(lines, 3, 0x03, "jl\ttoy_b14");
	/* Relocation: it lies in a section of its own. */
	assert_line(lines, 4, 0x00, "mov\t$-22");
	assert_int_equal(cov_lines_find(lines, 5, 0, &file, &line), -ERANGE);
	assert_int_equal(cov_lines_find(lines, 3, 0x1000, &file, &line), -ENOENT);
	cov_lines_close(lines);
	assert_error(cov_lines_open(*state, snapshot, 1, &lines), ERANGE, "no target 1");
	cov_snapshot_free(snapshot);
}

static void lines_are_found_in_a_separate_debug_file(void **state)
{
	struct cov_snapshot *snapshot;
	struct cov_lines *lines;
	char link[512];

	attached(*state);
	snapshot = taken(*state);
	put("/usr/lib/debug/.build-id/01/x", "");
	snprintf(link, sizeof(link), "%s/usr/lib/debug/.build-id/01/%s.debug", root,
		 FAKE_BUILD_ID + 2);
	assert_int_equal(symlink(TOY_DIRECTORY "/toy.ko", link), 0);
	assert_int_equal(cov_lines_open(*state, snapshot, 0, &lines), 0);
	assert_line(lines, 0, 0x14, "jne\ttoy_b4");
	cov_lines_close(lines);
	unlink(link);
	cov_snapshot_free(snapshot);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, each_setup, each_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(open_says_what_is_missing),
		TEST(open_refuses_another_major_version),
		TEST(open_refuses_a_file_that_is_not_livecov),
		TEST(descriptor_is_closed_by_exec),
		TEST(close_of_null_is_legal),
		TEST(error_text_is_the_kernels_if_it_has_one),
		TEST(error_text_is_our_own_if_the_kernel_has_none),
		TEST(success_forgets_the_last_error),
		TEST(attach_defaults_are_exact_branch_coverage_of_everything),
		TEST(attach_passes_the_options_on),
		TEST(attach_takes_a_dash_for_an_underscore),
		TEST(attach_hands_over_the_sections_of_code),
		TEST(section_sizes_come_from_the_modules_file),
		TEST(section_sizes_do_not_come_from_another_builds_file),
		TEST(modules_are_found_below_lib_modules),
		TEST(core_kernel_functions_have_a_section_from_kallsyms),
		TEST(attach_reports_progress_group_by_group),
		TEST(attach_given_up_leaves_nothing),
		TEST(attach_interrupted_leaves_nothing),
		TEST(attach_failing_half_way_leaves_nothing_and_tells_why),
		TEST(kprobes_optimization_is_off_only_while_arming),
		TEST(kprobes_optimization_found_off_stays_off),
		TEST(kernels_without_kprobes_optimization_are_served),
		TEST(second_attach_is_refused_in_the_kernels_words),
		TEST(attach_refuses_bad_names),
		TEST(targets_go_with_the_handle_unless_kept),
		TEST(older_programs_get_what_they_know),
		TEST(newer_programs_get_zeroes_for_what_we_do_not_know),
		TEST(options_that_we_do_not_know_are_refused),
		TEST(results_without_a_size_are_refused_before_anything_happens),
		TEST(register_tracks_the_caller),
		TEST(checkpoint_add_passes_everything_on),
		TEST(checkpoint_add_refuses_bad_names),
		TEST(snapshot_has_every_entry_of_the_tables),
		TEST(getters_refuse_indices_behind_the_end),
		TEST(functions_lie_in_their_sections),
		TEST(sections_of_a_gone_target_are_those_told_at_attach),
		TEST(without_names_all_is_text),
		TEST(tables_built_anew_while_read_are_read_again),
		TEST(tables_that_never_rest_are_given_up),
		TEST(tables_that_contradict_each_other_are_refused),
		TEST(snapshot_of_all_has_modules_and_checkpoints),
		TEST(a_checkpoint_is_not_its_modules_target),
		TEST(counts_are_exact),
		TEST(counts_of_nothing_are_zero),
		TEST(status_tells_versions_and_tables),
		TEST(text_is_read_in_the_original),
		TEST(ranking_puts_the_frontier_first_by_what_lies_behind),
		TEST(ranking_without_text_takes_the_next_block_to_follow),
		TEST(ranking_can_be_of_functions_or_of_a_level),
		TEST(next_unhit_walks_the_ranking),
		TEST(lines_are_those_of_the_modules_file),
		TEST(lines_are_found_in_a_separate_debug_file),
	};

	return cmocka_run_group_tests_name("libcov", tests, make_tree, remove_tree);
}
