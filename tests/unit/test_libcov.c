// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_libcov.c - libcov's handle, errors, attaching, tasks and checkpoints
 * against the fake kernel (fake_kernel.h), whose module "toy" is described in
 * toy.S and fake_tables.c. The library's files are linked in, with open(),
 * ioctl() and their like wrapped.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "libcov_fixture.h"

#define STRING_OF(macro)	STRING(macro)
#define STRING(text)		#text
#define MINOR			STRING_OF(COV_ABI_MINOR)

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
	assert_error_text(cov_last_error(NULL), "speaks version 7." MINOR " and this libcov 1." MINOR);
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

static void attach_leaves_out_the_sections_that_livecov_does_not_take(void **state)
{
	char path[128];
	int i;

	put("/sys/module/toy/sections/.text.a_name_of_thirty_two_bytes", "0xffffffffc0a10000\n");
	attached(*state);
	assert_int_equal(fake_kernel()->last.nr_sections, 2);
	for (i = 0; i < COV_ATTACH_SECTIONS_MAX + 2; i++) {
		snprintf(path, sizeof(path), "/sys/module/toy_two/sections/.text.%d", i);
		put(path, "0xffffffffc0a10000\n");
	}
	assert_int_equal(cov_attach(*state, "toy_two", NULL, NULL), 0);
	assert_int_equal(fake_kernel()->last.nr_sections, COV_ATTACH_SECTIONS_MAX);
	while (i--) {
		snprintf(path, sizeof(path), "/sys/module/toy_two/sections/.text.%d", i);
		drop(path);
	}
	drop("/sys/module/toy_two/sections");
	drop("/sys/module/toy/sections/.text.a_name_of_thirty_two_bytes");
}

static void section_sizes_come_from_the_modules_file(void **state)
{
	const struct fake_target *target = &fake_kernel()->targets[0];

	assert_int_equal(cov_add_module_dir(*state, "/nowhere"), 0);
	assert_int_equal(cov_add_module_dir(*state, TOY_DIRECTORY), 0);
	attached(*state);
	assert_int_equal(target->sections[0].size, 0x56);
	assert_int_equal(target->sections[1].size, 11);
}

/* As of a script's variable that is not set. */
static void an_empty_directory_is_refused_and_hides_none(void **state)
{
	assert_int_equal(cov_add_module_dir(*state, "/nowhere"), 0);
	assert_error(cov_add_module_dir(*state, ""), EINVAL, "give the one");
	assert_int_equal(cov_add_module_dir(*state, TOY_DIRECTORY), 0);
	attached(*state);
	assert_int_equal(fake_kernel()->targets[0].sections[0].size, 0x56);
}

static void a_modules_file_may_have_dashes_in_its_name(void **state)
{
	char link[512];

	put("/sys/module/toy_two/sections/.text", "0xffffffffc0a10000\n");
	put_build_id("toy_two", 0x01);
	put("/modules/x", "");
	snprintf(link, sizeof(link), "%s/modules/toy-two.ko", root);
	assert_int_equal(symlink(TOY_DIRECTORY "/toy.ko", link), 0);
	*strrchr(link, '/') = '\0';
	assert_int_equal(cov_add_module_dir(*state, link), 0);
	assert_int_equal(cov_attach(*state, "toy_two", NULL, NULL), 0);
	assert_int_equal(fake_kernel()->targets[0].sections[0].size, 0x56);
	drop("/sys/module/toy_two/sections/.text");
	drop("/sys/module/toy_two/sections");
}

static void section_sizes_do_not_come_from_another_builds_file(void **state)
{
	put_build_id("toy", 0x02);
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
	assert_int_equal(fake_kernel()->targets[0].sections[0].size, 0x56);
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

static void assert_nothing_is_attached(struct cov *cov)
{
	struct cov_summary summary = COV_INIT(summary);

	assert_int_equal(fake_kernel()->detaches, fake_kernel()->attaches);
	assert_int_equal(cov_status(cov, &summary), 0);
	assert_int_equal(summary.targets, 0);
}

static void attach_reports_progress_group_by_group(void **state)
{
	struct cov_attach_options options = COV_INIT(options);
	struct progress progress = { 0 };

	options.engine = COV_ENGINE_KPROBE;
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

static void engines_that_patch_text_take_one_call(void **state)
{
	struct cov_attach_options options = COV_INIT(options);
	struct progress progress = { 0 };

	options.progress = on_progress;
	options.data = &progress;
	assert_int_equal(cov_attach(*state, "toy", &options, NULL), 0);
	assert_int_equal(fake_kernel()->arms, 1);
	assert_int_equal(progress.calls, 2);
	assert_int_equal(progress.done, 201);
	assert_int_equal(progress.total, 201);
}

static void what_they_leave_goes_to_kprobes_group_by_group(void **state)
{
	struct cov_attach_options options = COV_INIT(options);
	struct progress progress = { 0 };

	fake_kernel()->settings.slow = 100;
	options.progress = on_progress;
	options.data = &progress;
	assert_int_equal(cov_attach(*state, "toy", &options, NULL), 0);
	/* All that is fast and one kprobe, 64, 35. */
	assert_int_equal(fake_kernel()->arms, 3);
	assert_int_equal(fake_kernel()->largest_arm, 64);
	assert_int_equal(progress.calls, 4);
	assert_false(progress.backwards);
	assert_int_equal(progress.done, 201);
}

static void attach_given_up_behind_the_last_site_leaves_nothing(void **state)
{
	struct cov_attach_options options = COV_INIT(options);
	struct progress progress = { .stop_at = 2 };

	options.progress = on_progress;
	options.data = &progress;
	assert_error(cov_attach(*state, "toy", &options, NULL), ECANCELED, "201 of 201");
	assert_int_equal(fake_kernel()->attaches, 1);
	assert_nothing_is_attached(*state);
}

static void attach_given_up_leaves_nothing(void **state)
{
	struct cov_attach_options options = COV_INIT(options);
	struct progress progress = { .stop_at = 3 };

	options.engine = COV_ENGINE_KPROBE;
	options.progress = on_progress;
	options.data = &progress;
	assert_error(cov_attach(*state, "toy", &options, NULL), ECANCELED, "128 of 201");
	assert_int_equal(fake_kernel()->attaches, 1);
	assert_nothing_is_attached(*state);
}

static void attach_interrupted_leaves_nothing(void **state)
{
	fake_kernel()->settings.arm_interrupted = 2;
	fake_kernel()->settings.slow = 100;
	assert_error(cov_attach(*state, "toy", NULL, NULL), EINTR, "interrupted");
	assert_int_equal(fake_kernel()->attaches, 1);
	assert_nothing_is_attached(*state);
}

static void attach_interrupted_twice_leaves_nothing(void **state)
{
	struct fake_settings *settings = &fake_kernel()->settings;

	settings->arm_interrupted = 1;
	settings->fail_nr = _IOC_NR(COV_IOC_DETACH);
	settings->fail_errno = EINTR;
	settings->fail_times = 1;
	assert_error(cov_attach(*state, "toy", NULL, NULL), EINTR, "arm sites: interrupted");
	assert_nothing_is_attached(*state);
}

static void attach_failing_half_way_leaves_nothing_and_tells_why(void **state)
{
	struct fake_settings *settings = &fake_kernel()->settings;

	settings->fail_nr = _IOC_NR(COV_IOC_ARM);
	settings->fail_errno = ENOSPC;
	settings->fail_text = 1;
	settings->fail_after = 2;
	settings->slow = 100;
	assert_error(cov_attach(*state, "toy", NULL, NULL), ENOSPC, "told to fail");
	assert_int_equal(fake_kernel()->arms, 2);
	assert_nothing_is_attached(*state);
}

static void attach_failing_tells_why_even_if_detaching_fails_too(void **state)
{
	struct fake_settings *settings = &fake_kernel()->settings;

	settings->fail_nr = _IOC_NR(COV_IOC_ARM);
	settings->fail_errno = ENOSPC;
	settings->fail_text = 1;
	settings->detach_errno = EIO;
	assert_error(cov_attach(*state, "toy", NULL, NULL), ENOSPC, "told to fail");
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

/* ---- engines --------------------------------------------------------------- */

static void mode_count_and_every_engine_are_passed_on(void **state)
{
	unsigned int engine;

	for (engine = COV_ENGINE_AUTO; engine <= COV_ENGINE_ENTRY; engine++) {
		struct cov_attach_result result = attached_by(*state, COV_MODE_COUNT,
							      COV_SCOPE_ALL, engine);

		assert_int_equal(fake_kernel()->last.mode, COV_MODE_COUNT);
		assert_int_equal(fake_kernel()->last.engine, engine);
		assert_int_equal(cov_detach(*state, result.target), 0);
	}
}

static void engines_tell_what_armed_the_sites(void **state)
{
	struct cov_engine_counts counts = COV_INIT(counts);
	struct cov_attach_result result;

	fake_kernel()->settings.slow = 3;
	result = attached(*state);
	assert_int_equal(cov_engines(*state, result.target, &counts), 0);
	assert_int_equal(counts.sites[COV_ENGINE_AUTO], 0);
	assert_int_equal(counts.sites[COV_ENGINE_KPROBE], 3);
	assert_int_equal(counts.sites[COV_ENGINE_BREAKPOINT], FAKE_BREAKPOINTS);
	assert_int_equal(counts.sites[COV_ENGINE_ENTRY], FAKE_ENTRIES);
	assert_int_equal(counts.sites[COV_ENGINE_DETOUR], 199 - 3 - FAKE_BREAKPOINTS - FAKE_ENTRIES);
	assert_int_equal(counts.why[COV_WHY_UNSURE], FAKE_UNSURE);
	assert_int_equal(counts.why[COV_WHY_SHORT], FAKE_SHORT);
	assert_int_equal(counts.why[COV_WHY_RESERVED], FAKE_RESERVED);
	assert_int_equal(counts.why[COV_WHY_OTHER], FAKE_OTHER);
	assert_int_equal(counts.stub_bytes, FAKE_STUBS);
	assert_int_equal(counts.stub_room, 4 * FAKE_STUBS);
}

static void engines_of_nothing_are_an_error(void **state)
{
	struct cov_engine_counts counts = COV_INIT(counts);
	struct cov_attach_result result;

	assert_error(cov_engines(*state, 3, &counts), ENOENT, "no target 3");
	result = attached(*state);
	counts.size = 0;
	assert_error(cov_engines(*state, result.target, &counts), EINVAL, "size");
}

static void refusals_tell_why_sites_were_refused(void **state)
{
	struct cov_refusal_counts counts = COV_INIT(counts);
	struct cov_attach_result result = attached(*state);

	assert_int_equal(cov_refusals(*state, result.target, &counts), 0);
	assert_int_equal(counts.count, 2);
	assert_int_equal(counts.errors[0], EINVAL);
	assert_int_equal(counts.sites[0], 1);
	assert_int_equal(counts.errors[1], EILSEQ);
	assert_int_equal(counts.sites[1], 1);
	assert_int_equal(counts.sites[0] + counts.sites[1], result.refused);
	assert_int_equal(counts.errors[2], 0);
	fake_kernel()->settings.several = 9;
	assert_int_equal(cov_refusals(*state, result.target, &counts), 0);
	assert_int_equal(counts.count, 3);
	assert_int_equal(counts.errors[2], 0);
	assert_int_equal(counts.sites[2], 9);
}

static void refusals_of_nothing_are_an_error(void **state)
{
	struct cov_refusal_counts counts = COV_INIT(counts);
	struct cov_attach_result result;

	assert_error(cov_refusals(*state, 3, &counts), ENOENT, "no target 3");
	result = attached(*state);
	counts.size = 0;
	assert_error(cov_refusals(*state, result.target, &counts), EINVAL, "size");
	counts.size = sizeof(counts);
	fake_kernel()->settings.refusals_damage = 1;
	assert_error(cov_refusals(*state, result.target, &counts), EPROTO, "report this");
}

static void engines_that_do_not_work_here_are_refused_in_the_kernels_words(void **state)
{
	struct cov_attach_options options = COV_INIT(options);

	fake_kernel()->settings.no_patching = 1;
	options.engine = COV_ENGINE_DETOUR;
	assert_error(cov_attach(*state, "toy", &options, NULL), EOPNOTSUPP,
		     "engine 3 cannot be used");
}

/* ---- an older livecov.ko ---------------------------------------------------- */

#define OLDER "speaks version 1.0 and this needs 1.1; load the livecov.ko that was built with"

static void older_kernels_name_the_module_that_is_needed(void **state)
{
	struct cov_engine_counts counts = COV_INIT(counts);
	struct cov_mapping mapping = COV_INIT(mapping);
	uint64_t ids[4];
	uint32_t count = 4;
	struct cov *old;

	fake_kernel()->settings.old = 1;
	assert_int_equal(cov_open(&old), 0);
	state = (void **)&old;
	attached(old);
	assert_error(cov_engines(old, 1, &counts), ENOTTY, OLDER);
	assert_error(cov_samples(old, 0, ids, &count), ENOTTY, OLDER);
	assert_error(cov_view(old, 7), ENOTTY, OLDER);
	assert_error(cov_map(old, 1, 0, &mapping), ENOTTY, OLDER);
	assert_error_text(cov_last_error(old), "livecov " LIBCOV_VERSION);
	assert_int_equal(cov_view(old, 0), 0);
	cov_close(old);
}

static void each_newer_call_names_its_own_version(void **state)
{
	struct cov_refusal_counts counts = COV_INIT(counts);
	struct cov_engine_counts engines = COV_INIT(engines);
	struct cov *old;

	fake_kernel()->settings.old = 3;
	assert_int_equal(cov_open(&old), 0);
	state = (void **)&old;
	attached(old);
	assert_int_equal(cov_engines(old, 1, &engines), 0);
	assert_error(cov_refusals(old, 1, &counts), ENOTTY,
		     "speaks version 1.2 and this needs 1.3");
	cov_close(old);
}

static void older_kernels_are_not_asked_for_what_they_do_not_have(void **state)
{
	struct cov_attach_options options = COV_INIT(options);
	struct cov *old;

	fake_kernel()->settings.old = 1;
	assert_int_equal(cov_open(&old), 0);
	state = (void **)&old;
	options.mode = COV_MODE_COUNT;
	assert_error(cov_attach(old, "toy", &options, NULL), EOPNOTSUPP, "speaks version 1.0");
	options.mode = COV_MODE_BLOCKS;
	options.engine = COV_ENGINE_DETOUR;
	assert_error(cov_attach(old, "toy", &options, NULL), EOPNOTSUPP, "speaks version 1.0");
	assert_int_equal(fake_kernel()->attaches, 0);
	options.engine = COV_ENGINE_KPROBE;
	assert_int_equal(cov_attach(old, "toy", &options, NULL), 0);
	cov_close(old);
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
	assert_error(cov_attach(*state, "toy", &options.ours, NULL), EINVAL,
		     "struct cov_attach_options: wrong size");
	options.ours.size = sizeof(options);
	options.newer = 1;
	assert_error(cov_attach(*state, "toy", &options.ours, NULL), E2BIG,
		     "struct cov_attach_options: wrong size, or members");
	assert_int_equal(fake_kernel()->attaches, 0);
	options.newer = 0;
	assert_int_equal(cov_attach(*state, "toy", &options.ours, NULL), 0);
}

static void what_a_call_cannot_do_without_is_not_null(void **state)
{
	uint32_t count = 1;
	uint64_t id;

	assert_error(cov_checkpoint_add(*state, NULL, NULL), EINVAL, "cov_checkpoint_options");
	assert_error(cov_add_module_dir(*state, NULL), EINVAL, "no directory");
	assert_error(cov_samples(*state, 0, NULL, &count), EINVAL, "no room");
	assert_error(cov_samples(*state, 0, &id, NULL), EINVAL, "no room");
	assert_error(cov_counts(*state, 0, NULL), EINVAL, "size");
	assert_error(cov_status(*state, NULL), EINVAL, "size");
}

static void results_without_a_size_are_refused_before_anything_happens(void **state)
{
	struct cov_attach_result result = { 0 };
	struct cov_totals totals = { 0 };

	assert_error(cov_attach(*state, "toy", NULL, &result), EINVAL, "size");
	assert_int_equal(fake_kernel()->attaches, 0);
	assert_error(cov_counts(*state, 0, &totals), EINVAL, "size");
}

/* ---- samples --------------------------------------------------------------- */

static void samples_are_listed_in_the_order_of_registration(void **state)
{
	uint64_t ids[4] = { 0 };
	uint32_t count = 4;

	assert_int_equal(cov_samples(*state, 0, ids, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(cov_register(*state, 9), 0);
	assert_int_equal(cov_register(*state, UINT64_MAX), 0);
	assert_int_equal(cov_register(*state, 9), 0);
	assert_int_equal(cov_register(*state, 2), 0);
	assert_int_equal(cov_register(*state, 5), 0);
	count = 2;
	assert_int_equal(cov_samples(*state, 0, ids, &count), 0);
	assert_int_equal(count, 2);
	assert_true(ids[0] == 9 && ids[1] == UINT64_MAX && !ids[2]);
	count = 4;
	assert_int_equal(cov_samples(*state, 2, ids, &count), 0);
	assert_int_equal(count, 2);
	assert_true(ids[0] == 2 && ids[1] == 5);
	/* More than the kernel takes at once. */
	count = UINT32_MAX;
	assert_int_equal(cov_samples(*state, 4, ids, &count), 0);
	assert_int_equal(count, 0);
	assert_error(cov_samples(*state, 0, ids, &count), EINVAL, "no room");
}

static void a_view_of_no_sample_is_refused_and_changes_nothing(void **state)
{
	struct cov *cov = *state;
	uint64_t id;

	for (id = 1; id <= 10; id++)
		assert_int_equal(cov_register(*state, id), 0);
	assert_error(cov_view(*state, 11), ENOENT, "no sample 11; `covstat samples`");
	assert_int_equal(cov->view, 0);
	assert_int_equal(cov_view(*state, 10), 0);
	assert_error(cov_view(*state, 11), ENOENT, "no sample 11");
	assert_int_equal(cov->view, 10);
	fake_kernel()->settings.fail_nr = _IOC_NR(COV_IOC_VIEW);
	fake_kernel()->settings.fail_errno = ENOMEM;
	assert_error(cov_view(*state, 0), ENOMEM, "no memory");
	assert_int_equal(cov->view, 10);
	fake_kernel()->settings.fail_errno = 0;
	assert_int_equal(cov_view(*state, 0), 0);
	assert_int_equal(cov->view, 0);
}

/* ---- tasks and checkpoints -------------------------------------------------- */

static void register_tracks_the_caller(void **state)
{
	assert_error(cov_unregister(*state), ESRCH, "not tracked");
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

static struct cov_checkpoint_options place_in(const char *section, uint64_t offset)
{
	struct cov_checkpoint_options options = COV_INIT(options);

	options.name = "cp";
	options.module = "toy";
	options.function = "toy_checks";
	options.section = section;
	options.section_offset = offset;
	return options;
}

static void checkpoint_in_a_section_is_passed_on_as_an_address(void **state)
{
	const struct cov_checkpoint_add *last = &fake_kernel()->checkpoint;
	struct cov_checkpoint_options options = place_in(".text", 0x3b);

	options.automatic = 1;
	assert_int_equal(cov_checkpoint_add(*state, &options, NULL), 0);
	assert_int_equal(last->offset, FAKE_BASE + 0x3b);
	assert_int_equal(last->flags, COV_CHECKPOINT_AUTO | COV_CHECKPOINT_ADDRESS);
	options = place_in(".text.nosuch", 0);
	assert_error(cov_checkpoint_add(*state, &options, NULL), ENOENT,
		     "no section of code .text.nosuch");
	options = place_in(".text", 0x3b);
	options.module = NULL;
	assert_error(cov_checkpoint_add(*state, &options, NULL), EINVAL, "name the module");
}

static void checkpoint_in_the_core_kernels_text_is_passed_on_as_an_address(void **state)
{
	struct cov_checkpoint_options options = place_in(".text", 0x40);

	put("/proc/kallsyms", "ffffffff81000000 T _stext\nffffffff82000000 T _etext\n");
	options.module = COV_CORE_KERNEL;
	assert_int_equal(cov_checkpoint_add(*state, &options, NULL), 0);
	assert_string_equal(fake_kernel()->checkpoint.module, COV_CORE_KERNEL);
	assert_true(fake_kernel()->checkpoint.offset == UINT64_C(0xffffffff81000040));
	drop("/proc/kallsyms");
}

static void an_older_livecov_takes_no_sections(void **state)
{
	struct cov_checkpoint_options options = place_in(".text", 0x3b);

	struct cov *old;

	fake_kernel()->settings.old = 4;
	assert_int_equal(cov_open(&old), 0);
	state = (void **)&old;
	assert_error(cov_checkpoint_add(old, &options, NULL), EOPNOTSUPP, "speaks version 1.3");
	options.section = NULL;
	options.function = "toy_main";
	assert_int_equal(cov_checkpoint_add(old, &options, NULL), 0);
	cov_close(old);
}

/* Two in toy, which the fake has to know; one each in toy_two and in the core kernel. */
static const char twins[] =
	"ffffffff81000000 T _stext\nffffffff81000040 t toy_checks\nffffffff81000050 t toy_main\n"
	"ffffffff82000000 T _etext\nffffffffc0a0003b t toy_checks\t[toy]\n"
	"ffffffffc0a00039 t toy_check\t[toy]\nffffffffc0b00035 t toy_checks\t[toy_two]\n"
	"ffffffffc0a00033 t toy_checks\t[toy]\n";

static void checkpoint_in_one_of_several_functions_is_told_which_there_are(void **state)
{
	struct cov_checkpoint_options options = place_in(NULL, 0);

	assert_true(FAKE_BASE == UINT64_C(0xffffffffc0a00000));
	put("/proc/kallsyms", twins);
	assert_error(cov_checkpoint_add(*state, &options, NULL), ENOTUNIQ,
		     "there are 2 functions toy_checks; say which: 'toy:toy_checks (.text+0x33)', 'toy:toy_checks (.text+0x3b)'");
	drop("/proc/kallsyms");
	assert_error(cov_checkpoint_add(*state, &options, NULL), ENOTUNIQ,
		     "toy has 2 functions toy_checks");
}

/* Without a module, or in the core kernel, livecov would take the first. */
static void checkpoint_in_the_first_function_of_a_name_is_not_taken_for_the_one_meant(void **state)
{
	struct cov_checkpoint_options options = place_in(NULL, 0);

	put("/proc/kallsyms", twins);
	options.module = NULL;
	assert_error(cov_checkpoint_add(*state, &options, NULL), ENOTUNIQ,
		     "there are 4 functions toy_checks; say which: 'vmlinux:toy_checks (.text+0x40)', 'toy:");
	options.module = COV_CORE_KERNEL;
	options.function = "toy_main";
	assert_int_equal(cov_checkpoint_add(*state, &options, NULL), 0);
	put("/proc/kallsyms", "ffffffff81000000 T _stext\nffffffff81000040 t toy_main\n"
	    "ffffffff81000050 t toy_main\nffffffff82000000 T _etext\nffffffffc0a00033 t toy_main\t[toy]\n");
	assert_error(cov_checkpoint_add(*state, &options, NULL), ENOTUNIQ,
		     "there are 2 functions toy_main; say which: 'vmlinux:toy_main (.text+0x40)', 'vmlinux:toy_main (.text+0x50)'");
	options.module = "toy";
	options.name = "other";
	assert_int_equal(cov_checkpoint_add(*state, &options, NULL), 0);
	drop("/proc/kallsyms");
}

/* Neither what the core kernel has freed nor livecov's own functions can be meant. */
static void functions_that_cannot_be_watched_are_not_counted(void **state)
{
	struct cov_checkpoint_options options = place_in(NULL, 0);

	put("/proc/kallsyms", "ffffffff81000000 T _stext\nffffffff82000000 T _etext\n"
	    "ffffffff83000040 t toy_main\nffffffffc0a00033 t toy_main\t[toy]\n"
	    "ffffffffc0c00010 t toy_main\t[livecov]\n");
	options.module = NULL;
	options.function = "toy_main";
	assert_int_equal(cov_checkpoint_add(*state, &options, NULL), 0);
	assert_string_equal(fake_kernel()->checkpoint.module, "toy");
	drop("/proc/kallsyms");
}

static void places_have_the_offset_that_was_asked_for(void **state)
{
	struct cov_checkpoint_options options = place_in(NULL, 0);

	put("/proc/kallsyms", twins);
	options.offset = 4;
	assert_error(cov_checkpoint_add(*state, &options, NULL), ENOTUNIQ,
		     "'toy:toy_checks+0x4 (.text+0x37)', 'toy:toy_checks+0x4 (.text+0x3f)'");
	options.section = ".text";
	options.section_offset = 0x3f;
	assert_int_equal(cov_checkpoint_add(*state, &options, NULL), 0);
	assert_int_equal(fake_kernel()->checkpoint.offset, FAKE_BASE + 0x3f);
	options.section_offset = 0x3e;
	assert_error(cov_checkpoint_add(*state, &options, NULL), EINVAL,
		     "toy_checks+0x4 is not at .text+0x3e");
	drop("/proc/kallsyms");
}

/* How many places the last error names, and how many more it says there are. */
static unsigned int named(const struct cov *cov)
{
	const char *at = cov_last_error(cov);
	unsigned int n = 0;

	for (; (at = strstr(at, "'toy:")); at++)
		n++;
	return n;
}

static unsigned int more(const struct cov *cov)
{
	const char *at = strstr(cov_last_error(cov), ", and ");

	return at ? strtoul(at + strlen(", and "), NULL, 10) : 0;
}

static void as_many_places_are_named_as_there_is_room_for(void **state)
{
	struct cov_checkpoint_options options = place_in(NULL, 0);
	char symbols[4096];
	size_t length = 0;
	unsigned int i;

	for (i = 0; i < 50; i++)
		length += snprintf(symbols + length, sizeof(symbols) - length,
				   "%lx t toy_checks\t[toy]\n", FAKE_BASE + i);
	put("/proc/kallsyms", symbols);
	assert_error(cov_checkpoint_add(*state, &options, NULL), ENOTUNIQ,
		     "there are 50 functions toy_checks; say which: 'toy:toy_checks (.text+0x0)', ");
	assert_int_equal(named(*state) + more(*state), 50);
	assert_true(named(*state) > 17 && more(*state) > 0);
	assert_error_text(cov_last_error(*state), " more: see /proc/kallsyms");
	/* Of all there is nothing more to say. */
	for (length = 0, i = 0; i < 17; i++)
		length += snprintf(symbols + length, sizeof(symbols) - length,
				   "%lx t toy_checks\t[toy]\n", FAKE_BASE + i);
	put("/proc/kallsyms", symbols);
	assert_error(cov_checkpoint_add(*state, &options, NULL), ENOTUNIQ, "(.text+0x10)'");
	assert_int_equal(named(*state), 17);
	assert_null(strstr(cov_last_error(*state), "more"));
	drop("/proc/kallsyms");
}

/* However little room the places leave. */
static void that_more_places_exist_is_said_whatever_their_length(void **state)
{
	struct cov_checkpoint_options options = place_in(NULL, 0);
	char symbols[16384], name[101];
	size_t length, chars;
	unsigned int i;

	options.function = name;
	options.module = NULL;
	for (chars = 1; chars < sizeof(name); chars++) {
		memset(name, 'f', chars);
		name[chars] = '\0';
		for (length = 0, i = 0; i < 100; i++)
			length += snprintf(symbols + length, sizeof(symbols) - length,
					   "%lx t %s\t[toy]\n", FAKE_BASE + i, name);
		put("/proc/kallsyms", symbols);
		assert_error(cov_checkpoint_add(*state, &options, NULL), ENOTUNIQ, " more: see /proc/kallsyms");
		assert_int_equal(named(*state) + more(*state), 100);
	}
	drop("/proc/kallsyms");
}

/* What the handle learns: there is one function of that name. */
static struct cov_checkpoint_options add_the_only_toy_main(struct cov *cov)
{
	struct cov_checkpoint_options options = place_in(NULL, 0);

	options.module = NULL;
	options.function = "toy_main";
	put("/proc/modules", "toy 16384 0 - Live 0xffffffffc0a00000\n");
	put("/proc/kallsyms", "ffffffffc0a00033 t toy_main\t[toy]\n");
	assert_int_equal(cov_checkpoint_add(cov, &options, NULL), 0);
	return options;
}

static void symbols_are_read_again_when_modules_have_come(void **state)
{
	struct cov_checkpoint_options options = add_the_only_toy_main(*state);

	put("/proc/kallsyms", "ffffffffc0a00033 t toy_main\t[toy]\n"
	    "ffffffffc0b00033 t toy_main\t[toy_two]\n");
	put("/proc/modules", "toy_two 16384 0 - Live 0xffffffffc0b00000\n"
	    "toy 16384 0 - Live 0xffffffffc0a00000\n");
	assert_error(cov_checkpoint_add(*state, &options, NULL), ENOTUNIQ, "there are 2 functions");
	drop("/proc/kallsyms");
	assert_error(cov_checkpoint_add(*state, &options, NULL), ENOTUNIQ, "there are 2 functions");
	drop("/proc/modules");
	assert_int_equal(cov_checkpoint_add(*state, &options, NULL), 0);
}

/* ---- what a handle keeps ---------------------------------------------------- */

static void add_three(struct cov *cov)
{
	assert_int_equal(checkpoint_add(cov, "one", "toy:toy_main", 0, 0, 1), 0);
	assert_int_equal(checkpoint_add(cov, "two", "toy:toy_main", 4, 0, 0), 0);
	assert_int_equal(checkpoint_add(cov, "three", "toy:toy_main", 7, 0, 0), 0);
}

/* The first section of the last target, and what was opened to learn of it. */
static struct section first_section(struct cov *cov, uint32_t *opens)
{
	struct cov_snapshot *snapshot;
	struct section section;

	fake_kernel()->opens = 0;
	assert_int_equal(cov_snapshot_take(cov, NULL, &snapshot), 0);
	*opens = fake_kernel()->opens;
	section = snapshot->targets[snapshot->count - 1].sections.entries[0];
	section.name = NULL;
	cov_snapshot_free(snapshot);
	return section;
}

static void move(const char *from, const char *to)
{
	char full[2][512];

	snprintf(full[0], sizeof(full[0]), "%s%s", root, from);
	snprintf(full[1], sizeof(full[1]), "%s%s", root, to);
	assert_int_equal(rename(full[0], full[1]), 0);
}

static void a_modules_sections_are_read_once_for_all_checkpoints(void **state)
{
	uint32_t for_one, for_three, again;

	assert_int_equal(cov_add_module_dir(*state, TOY_DIRECTORY), 0);
	assert_int_equal(checkpoint_add(*state, "cp", "toy:toy_main", 0, 0, 1), 0);
	assert_int_equal(first_section(*state, &for_one).size, 0x56);
	assert_int_equal(first_section(*state, &again).size, 0x56);
	assert_true(for_one > 0);
	assert_int_equal(again, 0);
	/* What was not found there may be here. */
	assert_int_equal(cov_add_module_dir(*state, TOY_DIRECTORY), 0);
	add_three(*state);
	assert_int_equal(first_section(*state, &for_three).size, 0x56);
	assert_int_equal(for_three, for_one);
}

static void a_directory_that_is_added_has_what_was_not_found(void **state)
{
	uint32_t opens;

	add_three(*state);
	first_section(*state, &opens);
	assert_int_equal(cov_add_module_dir(*state, TOY_DIRECTORY), 0);
	assert_int_equal(first_section(*state, &opens).size, 0x56);
	assert_true(opens > 0);
	/* Not what was learnt of another build. */
	put_build_id("toy", 0x02);
	attached(*state);
	assert_int_equal(fake_kernel()->targets[3].sections[0].size, 0);
}

static void sections_are_read_again_when_a_module_was_loaded_again(void **state)
{
	uint32_t opens;

	add_three(*state);
	assert_true(first_section(*state, &opens).base == FAKE_BASE);
	move("/sys/module/toy", "/sys/module/old");
	assert_int_equal(checkpoint_del(*state, "three"), 0);
	put("/sys/module/toy/initstate", "live\n");
	put("/sys/module/toy/sections/.text", "0xffffffffc09ff000\n");
	assert_true(first_section(*state, &opens).base == FAKE_BASE - 0x1000);
	drop("/sys/module/toy/sections/.text");
	drop("/sys/module/toy/sections");
	drop("/sys/module/toy/initstate");
	drop("/sys/module/toy");
	/* And not when it is not loaded: then the target's text stands for them. */
	assert_true(first_section(*state, &opens).base == FAKE_BASE);
	assert_int_equal(opens, 0);
	move("/sys/module/old", "/sys/module/toy");
}

static void sections_of_a_module_that_is_being_loaded_are_not_kept(void **state)
{
	uint32_t opens;

	put("/sys/module/toy/initstate", "coming\n");
	drop("/sys/module/toy/sections/.text.unlikely");
	add_three(*state);
	assert_true(first_section(*state, &opens).base == FAKE_BASE);
	put("/sys/module/toy/initstate", "live\n");
	put("/sys/module/toy/sections/.text.unlikely", "0xffffffffc0a02000\n");
	attached(*state);
	assert_int_equal(fake_kernel()->last.nr_sections, 2);
}

/* How often a module is in use changes all the time. */
static void the_kernels_symbols_are_read_once_for_all_checkpoints(void **state)
{
	put("/proc/modules", "toy 16384 0 - Live 0xffffffffc0a00000\n");
	put("/proc/kallsyms", "ffffffff81000000 T _stext\nffffffff81000050 t toy_main\n"
	    "ffffffff82000000 D _etext\n");
	assert_int_equal(checkpoint_add(*state, "one", "vmlinux:toy_main", 0, 0, 0), 0);
	put("/proc/modules", "toy 16384 3 other,another, Live 0xffffffffc0a00000\n");
	fake_kernel()->opens = 0;
	assert_int_equal(checkpoint_add(*state, "two", "vmlinux:toy_main", 0, 0, 0), 0);
	assert_true(fake_kernel()->opens > 0);
	/* Nothing but /proc/modules, for the function and for the section it is in. */
	assert_true(fake_kernel()->opens <= 2);
	drop("/proc/kallsyms");
	assert_int_equal(checkpoint_add(*state, "three", "vmlinux:toy_main", 0, 0, 0), 0);
	drop("/proc/modules");
}

/* Another build may have the same size and address. */
static void symbols_are_read_again_when_a_module_was_loaded_again(void **state)
{
	struct cov_checkpoint_options options = add_the_only_toy_main(*state);

	put("/proc/kallsyms", "ffffffffc0a00033 t toy_main\t[toy]\n"
	    "ffffffffc0a00043 t toy_main\t[toy]\n");
	move("/sys/module/toy", "/sys/module/old");
	put("/sys/module/toy/initstate", "live\n");
	assert_error(cov_checkpoint_add(*state, &options, NULL), ENOTUNIQ, "there are 2 functions");
	drop("/sys/module/toy/initstate");
	drop("/sys/module/toy");
	move("/sys/module/old", "/sys/module/toy");
	drop("/proc/kallsyms");
	drop("/proc/modules");
}

/* Its strings have gone with the snapshot. */
static struct cov_checkpoint_desc status_of(struct cov *cov, unsigned int t)
{
	struct cov_checkpoint_desc desc = COV_INIT(desc);
	struct cov_snapshot *snapshot;

	assert_int_equal(cov_snapshot_take(cov, NULL, &snapshot), 0);
	assert_int_equal(cov_snapshot_checkpoint(snapshot, t, &desc), 0);
	cov_snapshot_free(snapshot);
	return desc;
}

static void checkpoint_status_tells_what_became_of_it(void **state)
{
	struct cov_checkpoint_desc desc = COV_INIT(desc);
	struct cov_snapshot *snapshot;

	attached(*state);
	assert_int_equal(checkpoint_add(*state, "cp", "toy_main", 7, COV_LEVEL(9), 0), 0);
	assert_int_equal(cov_snapshot_take(*state, NULL, &snapshot), 0);
	assert_int_equal(cov_snapshot_checkpoint(snapshot, 0, &desc), -ENOENT);
	assert_int_equal(cov_snapshot_checkpoint(snapshot, 2, &desc), -ERANGE);
	assert_int_equal(cov_snapshot_checkpoint(snapshot, 1, &desc), 0);
	assert_string_equal(desc.name, "cp");
	assert_string_equal(desc.module, "toy");
	assert_string_equal(desc.function, "toy_main");
	assert_int_equal(desc.offset, 7);
	assert_int_equal(desc.address, FAKE_BASE + 7);
	assert_int_equal(desc.levels, COV_LEVEL(9));
	assert_int_equal(desc.hits, 7);
	assert_int_equal(desc.hit, 1);
	assert_int_equal(desc.enabled, 1);
	assert_int_equal(desc.state, COV_SITE_ARMED);
	cov_snapshot_free(snapshot);
}

static void checkpoints_are_switched_and_restarted(void **state)
{
	assert_error(cov_checkpoint_switch(*state, "*", 0, 0), ENOENT, "no checkpoint");
	assert_error(cov_checkpoint_switch(*state, "", 0, 0), EINVAL, "empty");
	assert_int_equal(checkpoint_add(*state, "cp", "toy_main", 0, 0, 0), 0);
	assert_int_equal(cov_checkpoint_switch(*state, "c?", 0, 1), 0);
	assert_string_equal(fake_kernel()->switched.glob, "c?");
	assert_int_equal(fake_kernel()->switched.on, 0);
	assert_int_equal(fake_kernel()->switched.flags, COV_CHECKPOINT_AUTO);
	assert_int_equal(status_of(*state, 0).enabled, 0);
	assert_int_equal(cov_checkpoint_switch(*state, "cp", 5, 0), 0);
	assert_int_equal(fake_kernel()->switched.on, 1);
	assert_int_equal(fake_kernel()->switched.flags, 0);
	assert_int_equal(status_of(*state, 0).enabled, 1);
	assert_int_equal(checkpoint_restart(*state, "cp"), 0);
	assert_int_equal(fake_kernel()->resets, 1);
	assert_error(checkpoint_restart(*state, "c?"), ENOENT, "no checkpoint c?");
	assert_error(checkpoint_restart(*state, NULL), EINVAL, "empty");
	assert_int_equal(fake_kernel()->resets, 1);
}

/* Where the first branch of toy_main leads to when it is taken, and what becomes of it. */
static struct cov_branch_desc first_branch(struct cov *cov)
{
	struct cov_branch_desc branch = COV_INIT(branch);
	struct cov_snapshot *snapshot;

	assert_int_equal(cov_snapshot_take(cov, NULL, &snapshot), 0);
	assert_int_equal(cov_snapshot_branch(snapshot, 0, 0, &branch), 0);
	cov_snapshot_free(snapshot);
	return branch;
}

static void outcomes_of_a_checkpoint_are_switched_by_where_they_lead(void **state)
{
	struct cov_checkpoint_options options = COV_INIT(options);
	uint32_t target;
	uint64_t to;

	options.name = "cp";
	options.function = "toy_main";
	options.automatic = 1;
	assert_int_equal(cov_checkpoint_add(*state, &options, &target), 0);
	to = first_branch(*state).target;
	assert_int_equal(first_branch(*state).taken_switch, COV_OUTCOME_ON);
	assert_int_equal(cov_outcome_switch(*state, target, to, COV_OUTCOME_OFF), 0);
	assert_int_equal(first_branch(*state).taken_switch, COV_OUTCOME_OFF);
	assert_int_equal(first_branch(*state).fallthrough_switch, COV_OUTCOME_ON);
	assert_int_equal(cov_outcome_switch(*state, target, to, COV_OUTCOME_DELETED), 0);
	assert_int_equal(cov_outcome_switch(*state, target, to, COV_OUTCOME_ON), 0);
	assert_int_equal(first_branch(*state).taken_switch, COV_OUTCOME_DELETED);
	assert_error(cov_outcome_switch(*state, target, 1, COV_OUTCOME_ON), ENOENT, "leads there");
	assert_error(cov_outcome_switch(*state, target + 1, to, COV_OUTCOME_ON), ENOENT, "target");
	assert_error(cov_outcome_switch(*state, target, to, 3), EINVAL, "");
}

static void an_older_livecov_switches_no_outcomes(void **state)
{
	struct cov *old;

	(void)state;
	fake_kernel()->settings.old = 6;
	assert_int_equal(cov_open(&old), 0);
	assert_int_equal(checkpoint_add(old, "cp", "toy_main", 0, 0, 1), 0);
	assert_int_equal(first_branch(old).taken_switch, COV_OUTCOME_ON);
	assert_int_equal(cov_outcome_switch(old, 1, FAKE_BASE, COV_OUTCOME_OFF), -ENOTTY);
	assert_error_text(cov_last_error(old), "speaks version 1.5 and this needs 1.6");
	cov_close(old);
}

static void levels_leave_targets_out_of_all(void **state)
{
	struct cov_totals all = COV_INIT(all), some = COV_INIT(some);
	struct cov_unhit next = COV_INIT(next);
	struct cov_snapshot *snapshot;

	attached(*state);
	assert_int_equal(checkpoint_add(*state, "cp", "toy_main", 0, COV_LEVEL(3), 0), 0);
	assert_int_equal(cov_counts(*state, 0, &all), 0);
	cov_levels(*state, COV_LEVEL(3) | COV_LEVEL(4));
	assert_int_equal(cov_snapshot_take(*state, NULL, &snapshot), 0);
	assert_int_equal(cov_snapshot_targets(snapshot), 1);
	assert_int_equal(cov_snapshot_left_out(snapshot), 1);
	cov_snapshot_free(snapshot);
	assert_int_equal(status_of(*state, 0).levels, COV_LEVEL(3));
	assert_int_equal(cov_counts(*state, 0, &some), 0);
	assert_true(all.functions > 0 && !some.functions);
	/* What is asked for by name is there. */
	snapshot = taken(*state);
	assert_int_equal(cov_snapshot_left_out(snapshot), 0);
	cov_snapshot_free(snapshot);
	cov_levels(*state, COV_LEVEL(5));
	assert_int_equal(cov_snapshot_take(*state, NULL, &snapshot), 0);
	assert_int_equal(cov_snapshot_targets(snapshot), 0);
	assert_int_equal(cov_snapshot_left_out(snapshot), 2);
	cov_snapshot_free(snapshot);
	assert_error(cov_next_unhit_checkpoint(*state, 0, 0, &next), ENOENT,
		     "nothing that is attached has a level that was asked for");
	cov_levels(*state, 0);
	assert_int_equal(status_of(*state, 1).levels, COV_LEVEL(3));
}

static void checkpoint_add_refuses_bad_names(void **state)
{
	/* The last one is an escape as well, in UTF-8. */
	static const char *const controls[] = {
		"a\n", "\033[2J", "\t", "\177", "b\001c", "\302\233",
	};
	char name[COV_NAME_LEN + 1];
	size_t i;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_error(checkpoint_add(*state, "", "toy_main", 0, 0, 0), EINVAL, "empty");
	assert_error(checkpoint_add(*state, NULL, "toy_main", 0, 0, 0), EINVAL, "empty");
	assert_error(checkpoint_add(*state, name, "toy_main", 0, 0, 0), ENAMETOOLONG, "255");
	for (i = 0; i < ARRAY_SIZE(controls); i++)
		assert_error(checkpoint_add(*state, controls[i], "toy_main", 0, 0, 0), EINVAL,
			     "control character");
	assert_int_equal(checkpoint_add(*state, "\303\244 \302\240 \200", "toy_main", 0, 0, 0), 0);
	assert_error(checkpoint_add(*state, "cp", name, 0, 0, 0), ENAMETOOLONG, "255");
	assert_error(checkpoint_add(*state, "cp", NULL, 0, 0, 0), EINVAL, "empty");
	memset(name, 'm', COV_MODULE_LEN);
	strcpy(name + COV_MODULE_LEN, ":f");
	assert_error(checkpoint_add(*state, "cp", name, 0, 0, 0), ENAMETOOLONG, "63");
	assert_error(checkpoint_add(*state, "cp", "nosuch", 0, 0, 0), ENOENT, "nosuch");
}

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
		TEST(attach_leaves_out_the_sections_that_livecov_does_not_take),
		TEST(section_sizes_come_from_the_modules_file),
		TEST(an_empty_directory_is_refused_and_hides_none),
		TEST(a_modules_file_may_have_dashes_in_its_name),
		TEST(section_sizes_do_not_come_from_another_builds_file),
		TEST(modules_are_found_below_lib_modules),
		TEST(core_kernel_functions_have_a_section_from_kallsyms),
		TEST(attach_reports_progress_group_by_group),
		TEST(engines_that_patch_text_take_one_call),
		TEST(what_they_leave_goes_to_kprobes_group_by_group),
		TEST(attach_given_up_behind_the_last_site_leaves_nothing),
		TEST(attach_given_up_leaves_nothing),
		TEST(attach_interrupted_leaves_nothing),
		TEST(attach_interrupted_twice_leaves_nothing),
		TEST(attach_failing_half_way_leaves_nothing_and_tells_why),
		TEST(attach_failing_tells_why_even_if_detaching_fails_too),
		TEST(second_attach_is_refused_in_the_kernels_words),
		TEST(attach_refuses_bad_names),
		TEST(targets_go_with_the_handle_unless_kept),
		TEST(mode_count_and_every_engine_are_passed_on),
		TEST(engines_tell_what_armed_the_sites),
		TEST(engines_of_nothing_are_an_error),
		TEST(refusals_tell_why_sites_were_refused),
		TEST(refusals_of_nothing_are_an_error),
		TEST(engines_that_do_not_work_here_are_refused_in_the_kernels_words),
		TEST(older_kernels_name_the_module_that_is_needed),
		TEST(each_newer_call_names_its_own_version),
		TEST(older_kernels_are_not_asked_for_what_they_do_not_have),
		TEST(older_programs_get_what_they_know),
		TEST(newer_programs_get_zeroes_for_what_we_do_not_know),
		TEST(options_that_we_do_not_know_are_refused),
		TEST(what_a_call_cannot_do_without_is_not_null),
		TEST(results_without_a_size_are_refused_before_anything_happens),
		TEST(samples_are_listed_in_the_order_of_registration),
		TEST(a_view_of_no_sample_is_refused_and_changes_nothing),
		TEST(register_tracks_the_caller),
		TEST(checkpoint_add_passes_everything_on),
		TEST(checkpoint_in_a_section_is_passed_on_as_an_address),
		TEST(checkpoint_in_the_core_kernels_text_is_passed_on_as_an_address),
		TEST(an_older_livecov_takes_no_sections),
		TEST(checkpoint_in_one_of_several_functions_is_told_which_there_are),
		TEST(checkpoint_in_the_first_function_of_a_name_is_not_taken_for_the_one_meant),
		TEST(functions_that_cannot_be_watched_are_not_counted),
		TEST(places_have_the_offset_that_was_asked_for),
		TEST(as_many_places_are_named_as_there_is_room_for),
		TEST(that_more_places_exist_is_said_whatever_their_length),
		TEST(symbols_are_read_again_when_modules_have_come),
		TEST(a_modules_sections_are_read_once_for_all_checkpoints),
		TEST(a_directory_that_is_added_has_what_was_not_found),
		TEST(sections_are_read_again_when_a_module_was_loaded_again),
		TEST(sections_of_a_module_that_is_being_loaded_are_not_kept),
		TEST(the_kernels_symbols_are_read_once_for_all_checkpoints),
		TEST(symbols_are_read_again_when_a_module_was_loaded_again),
		TEST(checkpoint_status_tells_what_became_of_it),
		TEST(checkpoints_are_switched_and_restarted),
		TEST(outcomes_of_a_checkpoint_are_switched_by_where_they_lead),
		TEST(an_older_livecov_switches_no_outcomes),
		TEST(levels_leave_targets_out_of_all),
		TEST(checkpoint_add_refuses_bad_names),
	};

	return cmocka_run_group_tests_name("libcov", tests, make_tree, remove_tree);
}
