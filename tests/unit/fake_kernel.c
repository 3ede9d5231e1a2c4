// SPDX-License-Identifier: GPL-2.0-only
/*
 * fake_kernel.c - the calls of the contract, and the C library's that lead to
 * them. See fake_kernel.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifdef FAKE_PRELOAD
#include <dlfcn.h>
#define WRAP(name)	name
#define REAL(name)	((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#else
#define WRAP(name)	__wrap_##name
#define REAL(name)	__real_##name
int __real_open(const char *path, int flags, ...);
int __real_close(int fd);
int __real_ioctl(int fd, unsigned long command, ...);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
void *__real_mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset);
FILE *__real_fopen(const char *path, const char *mode);
DIR *__real_opendir(const char *path);
int __real_access(const char *path, int mode);
int __real_stat(const char *path, struct stat *status);
int __real_statfs(const char *path, struct statfs *fs);
int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
int __wrap_ioctl(int fd, unsigned long command, ...);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);
void *__wrap_mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset);
FILE *__wrap_fopen(const char *path, const char *mode);
DIR *__wrap_opendir(const char *path);
int __wrap_access(const char *path, int mode);
int __wrap_stat(const char *path, struct stat *status);
int __wrap_statfs(const char *path, struct statfs *fs);
#endif

#include "fake_kernel.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* By file descriptor: is it the control file, and whose coverage does it show? */
static bool is_control[1024];
static uint64_t views[ARRAY_SIZE(is_control)];

/* And by whom it was opened: a child of fork() has copies, and its close() is not the last one. */
static pid_t openers[ARRAY_SIZE(is_control)];

/* What COV_IOC_MAP was last asked for. */
static const struct fake_target *mapped;

static struct fake_kernel own;
static struct fake_kernel *kernel;

/* ---- state ------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t offset;
} members[] = {
#define MEMBER(m) { #m, offsetof(struct fake_settings, m) }
	MEMBER(abi_major), MEMBER(old), MEMBER(no_patching), MEMBER(slow),
	MEMBER(several), MEMBER(refusals_damage),
	MEMBER(map_damage), MEMBER(trace_damage), MEMBER(trace_chunks),
	MEMBER(trace_errors), MEMBER(odd_comm), MEMBER(mmap_errno),
	MEMBER(open_errno), MEMBER(fail_nr), MEMBER(fail_errno),
	MEMBER(fail_text), MEMBER(fail_after), MEMBER(fail_times), MEMBER(fail_signal), MEMBER(detach_errno), MEMBER(sites),
	MEMBER(arm_interrupted), MEMBER(arm_signal), MEMBER(changes), MEMBER(changes_after), MEMBER(state), MEMBER(damage),
	MEMBER(missed), MEMBER(lost), MEMBER(first_branch), MEMBER(new_pairs), MEMBER(records_damage),
	MEMBER(callers_lost), MEMBER(twins), MEMBER(cold_checks), MEMBER(not_debugfs),
	MEMBER(place_only), MEMBER(odd_checkpoint),
};

static void set_member(const char *assignment)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(members); i++) {
		size_t length = strlen(members[i].name);

		if (strncmp(assignment, members[i].name, length) || assignment[length] != '=')
			continue;
		*(uint32_t *)((char *)&kernel->settings + members[i].offset) =
			strtoul(assignment + length + 1, NULL, 0);
		return;
	}
	fprintf(stderr, "fake kernel: no setting '%s'\n", assignment);
	abort();
}

void fake_reset(void)
{
	struct fake_kernel *k = kernel ? kernel : &own;

	memset(k, 0, sizeof(*k));
	k->ready = 1;
	k->generation = 1;
	k->settings.abi_major = COV_ABI_MAJOR;
	k->settings.sites = 200;
	k->settings.state = COV_TARGET_LIVE;
}

struct fake_kernel *fake_kernel(void)
{
	const char *path = getenv("FAKE_KERNEL");
	char *set, *next;

	if (kernel)
		return kernel;
	kernel = &own;
	if (path) {
		int fd = REAL(open)(path, O_RDWR | O_CREAT, 0600);

		if (fd < 0 || ftruncate(fd, sizeof(*kernel)))
			abort();
		kernel = REAL(mmap)(NULL, sizeof(*kernel), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (kernel == MAP_FAILED)
			abort();
		REAL(close)(fd);
	}
	if (!kernel->ready)
		fake_reset();
	set = getenv("FAKE_KERNEL_SET") ? strdup(getenv("FAKE_KERNEL_SET")) : NULL;
	for (next = set; next && *next;) {
		char *assignment = strsep(&next, ",");

		set_member(assignment);
	}
	free(set);
	return kernel;
}

__attribute__((format(printf, 2, 3)))
static int refuse(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(kernel->error, sizeof(kernel->error), format, args);
	va_end(args);
	return -error;
}

static struct fake_target *find_target(uint32_t id)
{
	if (!id || id > FAKE_TARGETS || !kernel->targets[id - 1].used)
		return NULL;
	return &kernel->targets[id - 1];
}

/* ---- targets ----------------------------------------------------------- */

static struct fake_target *new_target(const char *module, int fd)
{
	struct cov_target_info *info;
	struct fake_target *target;
	uint32_t i, k;

	for (i = 0; i < FAKE_TARGETS && kernel->targets[i].used; i++)
		;
	if (i == FAKE_TARGETS)
		return NULL;
	target = &kernel->targets[i];
	memset(target, 0, sizeof(*target));
	target->used = 1;
	target->fd = fd;
	target->base = FAKE_BASE + (strcmp(module, "toy") ? FAKE_NEXT : 0);
	info = &target->info;
	*info = fake_shape;
	info->target = i + 1;
	strcpy(info->module, module);
	info->build_id_len = COV_BUILD_ID_LEN;
	for (k = 0; k < COV_BUILD_ID_LEN; k++)
		sscanf(FAKE_BUILD_ID + 2 * k, "%2hhx", &info->build_id[k]);
	info->text_base = target->base;
	info->text_size = FAKE_COLD + 0x100;
	info->sites = info->pending = kernel->settings.sites;
	return target;
}

static uint32_t abi_minor(void)
{
	return kernel->settings.old ? kernel->settings.old - 1 : COV_ABI_MINOR;
}

static uint32_t usable_engines(void)
{
	uint32_t mask = 1U << COV_ENGINE_AUTO | 1U << COV_ENGINE_KPROBE;

	if (!abi_minor())
		return mask;
	mask |= 1U << COV_ENGINE_ENTRY;
	if (!kernel->settings.no_patching)
		mask |= 1U << COV_ENGINE_DETOUR | 1U << COV_ENGINE_BREAKPOINT;
	return mask;
}

/* Sites that are kprobes'. */
static uint32_t slow_sites(const struct cov_target_info *info)
{
	if (info->engine == COV_ENGINE_KPROBE)
		return info->sites;
	if (kernel->settings.no_patching)
		return info->sites - FAKE_ENTRIES;
	return kernel->settings.slow;
}

static int do_attach(int fd, struct cov_attach *a)
{
	struct fake_target *target;
	uint32_t i;

	if (strcmp(a->module, "toy") && strcmp(a->module, "toy_two") &&
	    strcmp(a->module, COV_CORE_KERNEL))
		return refuse(ENOENT, "no module %s is loaded; try: modprobe %s", a->module,
			      a->module);
	for (i = 0; i < FAKE_TARGETS; i++)
		if (kernel->targets[i].used && !kernel->targets[i].info.checkpoint[0] &&
		    !strcmp(kernel->targets[i].info.module, a->module))
			return refuse(EEXIST, "%s is attached already; covstat detach %s first",
				      a->module, a->module);
	if (!a->levels || a->pad || a->target)
		return refuse(EINVAL, "bad request");
	if (a->mode > COV_MODE_TRACE || !(usable_engines() & 1U << a->engine))
		return refuse(EOPNOTSUPP, "engine %u cannot be used on this kernel", a->engine);
	if (a->nr_sections > ARRAY_SIZE(target->sections))
		return refuse(E2BIG, "too many sections for the fake");
	target = new_target(a->module, fd);
	if (!target)
		return refuse(ENOSPC, "the fake is full");
	kernel->attaches++;
	kernel->last = *a;
	memset(kernel->globs, 0, sizeof(kernel->globs));
	if (a->globs_len)
		memcpy(kernel->globs, (void *)(uintptr_t)a->globs,
		       a->globs_len < sizeof(kernel->globs) ? a->globs_len :
							      sizeof(kernel->globs));
	if (a->nr_sections)
		memcpy(target->sections, (void *)(uintptr_t)a->sections,
		       a->nr_sections * sizeof(struct cov_section));
	target->info.sections = a->nr_sections;
	target->info.mode = a->mode;
	target->info.scope = a->scope;
	target->info.engine = abi_minor() ? a->engine : COV_ENGINE_KPROBE;
	target->info.levels = a->levels;
	target->info.attach_flags = a->flags;
	if (a->flags & COV_ATTACH_FUNCTIONS_ONLY)
		target->info.blocks = target->info.branches = 0;
	a->target = target->info.target;
	a->functions = fake_shape.functions;
	a->blocks = target->info.blocks;
	a->branches = target->info.branches;
	a->sites = target->info.sites;
	return 0;
}

/* Sites that one call arms: all that the fast engines have, and @max of the others. */
static uint32_t arm_count(const struct cov_target_info *info, uint32_t max)
{
	uint32_t slow = slow_sites(info) < info->pending ? slow_sites(info) : info->pending;
	uint32_t kprobes = max < slow ? max : slow;

	return info->pending - slow + kprobes;
}

/* The first site brings one more, as a refused one may in the kernel. */
static int do_arm(struct cov_arm *arm)
{
	struct fake_target *target = find_target(arm->target);
	struct cov_target_info *info;
	uint32_t count;

	if (!target)
		return refuse(ENOENT, "no target %u", arm->target);
	if (!arm->max)
		return refuse(EINVAL, "max is 0");
	kernel->arms++;
	if (arm->max > kernel->largest_arm)
		kernel->largest_arm = arm->max;
	if (kernel->settings.arm_signal)
		raise(kernel->settings.arm_signal);
	if (kernel->arms == kernel->settings.arm_interrupted)
		return -EINTR;
	info = &target->info;
	if (kernel->arms == 1) {
		info->sites++;
		info->pending++;
	}
	count = arm_count(info, arm->max);
	info->pending -= count;
	info->refused = info->sites - info->pending < FAKE_REFUSED ?
			info->sites - info->pending : FAKE_REFUSED;
	info->armed = info->sites - info->pending - info->refused;
	arm->pending = info->pending;
	arm->armed = info->armed;
	arm->refused = info->refused;
	arm->total = info->sites;
	return 0;
}

static bool has_sample(uint64_t sample)
{
	uint32_t i;

	for (i = 0; i < kernel->nr_samples; i++)
		if (kernel->samples[i] == sample)
			return true;
	return false;
}

/* May this target be looked at through this file? */
static int check_view(int fd, const struct fake_target *target)
{
	if (!views[fd])
		return 0;
	if (target->info.scope != COV_SCOPE_TRACKED)
		return refuse(EOPNOTSUPP, "%s is attached with scope all", target->info.module);
	if (!has_sample(views[fd]))
		return refuse(ENOENT, "there is no sample");
	return 0;
}

static int do_target(int fd, struct cov_target_info *request)
{
	uint32_t id = request->target;
	bool next = request->flags & COV_INFO_NEXT;
	struct fake_target *target;
	int ret;

	do {
		id += next;
		target = find_target(id);
	} while (next && !target && id < FAKE_TARGETS);
	if (!target)
		return refuse(ENOENT, "no target %u", request->target);
	ret = check_view(fd, target);
	if (ret)
		return ret;
	*request = target->info;
	request->state = kernel->settings.state;
	request->missed = kernel->settings.missed;
	request->generation = kernel->generation;
	return 0;
}

static int do_detach(const struct cov_target_id *id)
{
	struct fake_target *target = find_target(id->target);

	if (!target)
		return refuse(ENOENT, "no target %u", id->target);
	if (kernel->settings.detach_errno)
		return -(int)kernel->settings.detach_errno;
	target->used = 0;
	kernel->detaches++;
	return 0;
}

static int do_keep(const struct cov_target_id *id)
{
	struct fake_target *target = find_target(id->target);

	if (!target)
		return refuse(ENOENT, "no target %u", id->target);
	target->info.kept = 1;
	return 0;
}

static int do_reset(const struct cov_target_id *id)
{
	if (id->target && !find_target(id->target))
		return refuse(ENOENT, "no target %u", id->target);
	kernel->resets++;
	return 0;
}

/* ---- tables ------------------------------------------------------------ */

static uint32_t table_length(unsigned long command, const struct fake_target *target)
{
	switch (command) {
	case COV_IOC_FUNCTIONS:
		return target->info.functions;
	case COV_IOC_BLOCKS:
	case COV_IOC_EDGES:
		return target->info.blocks;
	case COV_IOC_BRANCHES:
	case COV_IOC_OUTCOMES:
		return target->info.branches;
	case COV_IOC_SECTIONS:
		return target->info.sections;
	default:
		return target->info.names_len;
	}
}

/* Spoil the first entry of a table. */
static void damage(unsigned long command, void *entry)
{
	const struct {
		unsigned long command;
		size_t offset;
	} places[] = {
		{ COV_IOC_FUNCTIONS, offsetof(struct cov_function, name) },
		{ COV_IOC_FUNCTIONS, offsetof(struct cov_function, parent) },
		{ COV_IOC_FUNCTIONS, offsetof(struct cov_function, first_block) },
		{ COV_IOC_FUNCTIONS, offsetof(struct cov_function, blocks) },
		{ COV_IOC_FUNCTIONS, offsetof(struct cov_function, first_branch) },
		{ COV_IOC_FUNCTIONS, offsetof(struct cov_function, branches) },
		{ COV_IOC_BLOCKS, offsetof(struct cov_block, function) },
		{ COV_IOC_BRANCHES, offsetof(struct cov_branch, function) },
		{ COV_IOC_BRANCHES, offsetof(struct cov_branch, block) },
		{ COV_IOC_EDGES, offsetof(struct cov_block_edges, next) },
		{ COV_IOC_EDGES, offsetof(struct cov_block_edges, jump) },
	};
	uint32_t which = kernel->settings.damage;

	if (which && which <= ARRAY_SIZE(places) && places[which - 1].command == command)
		*(uint32_t *)((char *)entry + places[which - 1].offset) = COV_NONE - 1;
}

static bool counted(const struct cov_target_info *info)
{
	return info->mode == COV_MODE_COUNT || info->attach_flags & COV_ATTACH_PATHS ||
	       (info->mode == COV_MODE_EDGES && info->engine == COV_ENGINE_KPROBE);
}

/* Everything together, 0, has run all that the tables say. */
static bool has_run(uint64_t sample, uint32_t function)
{
	if (sample < FAKE_SAMPLE(0) || sample > FAKE_SAMPLE(0xff))
		return !sample || !function;
	return (sample - FAKE_SAMPLE(0)) >> function & 1;
}

static bool has_jumped(uint64_t sample, uint32_t function)
{
	return has_run(sample, function) &&
	       (sample < FAKE_SAMPLE(0) || sample > FAKE_SAMPLE(0xff) ||
		!((sample - FAKE_SAMPLE(0)) & FAKE_FELL_THROUGH));
}

/* Without counts a hit is 1. */
static void as_seen(bool ran, __u64 *hits, const struct cov_target_info *info)
{
	if (*hits && !counted(info))
		*hits = 1;
	if (!ran)
		*hits = 0;
}

static void as_known(bool ran, uint8_t *known)
{
	if (!ran && *known == COV_YES)
		*known = COV_NO;
}

static void see_entry(unsigned long command, uint32_t index, void *entry,
		      const struct cov_target_info *info, uint64_t sample)
{
	if (command == COV_IOC_FUNCTIONS) {
		as_seen(has_run(sample, index), &((struct cov_function *)entry)->hits, info);
	} else if (command == COV_IOC_BLOCKS) {
		struct cov_block *block = entry;

		/* The cold part, which by the tables never ran. */
		if (sample && has_run(sample, FAKE_COLD_PART) && block->function == FAKE_COLD_PART)
			block->covered = COV_YES;
		as_known(has_run(sample, block->function), &block->covered);
	} else if (command == COV_IOC_BRANCHES) {
		struct cov_branch *branch = entry;

		as_known(has_jumped(sample, branch->function), &branch->taken);
		as_known(has_run(sample, branch->function), &branch->not_taken);
		as_seen(has_jumped(sample, branch->function), &branch->taken_hits, info);
		as_seen(has_run(sample, branch->function), &branch->not_taken_hits, info);
		branch->first_sample = kernel->settings.first_branch;
	}
}

/* A function, where it is among those that were read; else NULL. */
static struct cov_function *among(const struct cov_range *range, uint32_t function)
{
	struct cov_function *out = (struct cov_function *)(uintptr_t)range->buffer;

	if (function < range->first || function - range->first >= range->count)
		return NULL;
	return &out[function - range->first];
}

/* Functions of one name, in one target, or each in one of its own. */
static void make_twins(const struct cov_range *range, const struct cov_function *table)
{
	struct cov_function *first = among(range, FAKE_STOPS);
	struct cov_function *second = among(range, FAKE_CHECKS);
	bool apart = kernel->settings.twins == 2, even = range->target % 2 == 0;

	if (first && (!apart || even))
		first->name = table[FAKE_CHECKS].name;
	if (second && apart && even) {
		second->name = table[FAKE_STOPS].name;
		second->blocks = second->branches = 0;
	}
	if (first && apart && !even)
		first->blocks = first->branches = 0;
}

/* After see_entry(), for which each sample that ran a function ran all that may have run of it. */
static void make_cold(unsigned long command, const struct cov_range *range)
{
	struct cov_block *blocks = (struct cov_block *)(uintptr_t)range->buffer;
	struct cov_function *function;
	uint32_t i;

	function = command == COV_IOC_FUNCTIONS ? among(range, FAKE_CHECKS) : NULL;
	if (function) {
		function->parent = kernel->settings.cold_checks - 1;
		function->flags |= COV_FUNCTION_COLD;
		function->state = COV_SITE_NONE;
		function->hits = 0;
	}
	for (i = 0; command == COV_IOC_BLOCKS && i < range->count; i++)
		if (range->first + i == FAKE_CHECKS_BLOCK)
			blocks[i].covered = COV_NO;
}

/* A manual checkpoint's function has the checkpoint's. */
static void set_levels(const struct cov_range *range, const struct cov_target_info *info)
{
	struct cov_function *out = (struct cov_function *)(uintptr_t)range->buffer;
	uint32_t i;

	for (i = 0; info->checkpoint[0] && i < range->count; i++)
		out[i].levels = info->levels;
}

/* Copies at most 5 entries a call, so that readers have to come again. */
static int do_range(int fd, unsigned long command, struct cov_range *range)
{
	struct fake_target *target = find_target(range->target);
	uint32_t length, entry = sizeof(struct cov_section);
	const void *table;
	uint32_t limit = command == COV_IOC_NAMES ? 40 : 5;
	uint32_t i;
	int ret;

	if (!target)
		return refuse(ENOENT, "no target %u", range->target);
	ret = check_view(fd, target);
	if (ret)
		return ret;
	if (!range->count || range->count > COV_RANGE_MAX || range->pad)
		return refuse(EINVAL, "bad range");
	if (kernel->settings.changes_after) {
		kernel->settings.changes_after--;
	} else if (kernel->settings.changes) {
		kernel->settings.changes--;
		kernel->generation++;
	}
	length = table_length(command, target);
	table = fake_table(command, target->base,
			   target->info.attach_flags & COV_ATTACH_FUNCTIONS_ONLY, &entry);
	if (command == COV_IOC_SECTIONS)
		table = target->sections;
	if (command == COV_IOC_OUTCOMES) {
		table = target->outcomes;
		entry = sizeof(target->outcomes[0]);
	}
	if (range->first >= length)
		range->count = 0;
	else if (range->count > length - range->first)
		range->count = length - range->first;
	if (range->count > limit)
		range->count = limit;
	memcpy((void *)(uintptr_t)range->buffer, (const char *)table + range->first * entry,
	       (size_t)range->count * entry);
	for (i = 0; i < range->count; i++)
		see_entry(command, range->first + i,
			  (char *)(uintptr_t)range->buffer + (size_t)i * entry, &target->info,
			  views[fd]);
	if (command == COV_IOC_FUNCTIONS)
		set_levels(range, &target->info);
	if (command == COV_IOC_FUNCTIONS && kernel->settings.twins)
		make_twins(range, table);
	if (kernel->settings.cold_checks)
		make_cold(command, range);
	if (command == COV_IOC_FUNCTIONS && !range->first)
		((struct cov_function *)(uintptr_t)range->buffer)->flags |=
			(target->off ? COV_FUNCTION_DISABLED : 0) |
			(target->lapsed ? COV_FUNCTION_LAPSED : 0);
	if (range->count)
		damage(command, (void *)(uintptr_t)range->buffer);
	range->generation = kernel->generation;
	return 0;
}

static int do_text(const struct cov_text *text)
{
	struct fake_target *target = find_target(text->target);
	const uint8_t *bytes;

	if (!target)
		return refuse(ENOENT, "no target %u", text->target);
	if (kernel->settings.state != COV_TARGET_LIVE)
		return refuse(ENODEV, "%s is unloaded", target->info.module);
	bytes = text->length ? fake_text(text->address - target->base, text->length) : NULL;
	if (!bytes)
		return refuse(EINVAL, "not inside the text of %s", target->info.module);
	memcpy((void *)(uintptr_t)text->buffer, bytes, text->length);
	return 0;
}

/* ---- engines, samples, cells -------------------------------------------- */

static int do_engines(struct cov_engines *engines)
{
	const struct fake_target *target = find_target(engines->target);
	const struct cov_target_info *info;
	uint32_t id = engines->target;
	uint32_t rest;

	if (!target)
		return refuse(ENOENT, "no target %u", engines->target);
	if (engines->pad)
		return refuse(EINVAL, "the padding is not zero");
	info = &target->info;
	memset(engines, 0, sizeof(*engines));
	engines->target = id;
	rest = info->sites - info->pending - info->refused;
	if (info->engine == COV_ENGINE_KPROBE) {
		engines->sites[COV_ENGINE_KPROBE] = rest;
		engines->why[COV_WHY_OTHER] = info->branches;
		return 0;
	}
	engines->sites[COV_ENGINE_KPROBE] = slow_sites(info);
	engines->sites[COV_ENGINE_ENTRY] = FAKE_ENTRIES;
	engines->sites[COV_ENGINE_BREAKPOINT] = FAKE_BREAKPOINTS;
	engines->sites[COV_ENGINE_DETOUR] = rest - slow_sites(info) - FAKE_ENTRIES -
					    FAKE_BREAKPOINTS;
	engines->why[COV_WHY_UNSURE] = FAKE_UNSURE;
	engines->why[COV_WHY_SHORT] = FAKE_SHORT;
	engines->why[COV_WHY_RESERVED] = FAKE_RESERVED;
	engines->why[COV_WHY_OTHER] = FAKE_OTHER;
	engines->stub_bytes = FAKE_STUBS;
	engines->stub_room = 4 * FAKE_STUBS;
	return 0;
}

/* Of a target's refused sites the tables have one with each errno. */
static int do_refusals(struct cov_refusals *refusals)
{
	static const uint32_t errors[FAKE_REFUSED] = { EINVAL, EILSEQ };
	const struct fake_target *target = find_target(refusals->target);
	uint32_t id = refusals->target;

	if (!target)
		return refuse(ENOENT, "no target %u", id);
	if (refusals->count)
		return refuse(EINVAL, "the count is not zero");
	*refusals = (struct cov_refusals){ .target = id };
	while (refusals->count < target->info.refused) {
		refusals->of[refusals->count].error = errors[refusals->count];
		refusals->of[refusals->count++].sites = 1;
	}
	if (kernel->settings.several)
		refusals->of[refusals->count++].sites = kernel->settings.several;
	if (kernel->settings.refusals_damage)
		refusals->count = COV_REFUSALS_MAX + 1;
	return 0;
}

/* At most 3 a call. */
static int do_samples(struct cov_samples *list)
{
	uint64_t *ids = (uint64_t *)(uintptr_t)list->buffer;
	uint32_t n;

	if (!list->count || list->count > COV_RANGE_MAX)
		return refuse(EINVAL, "bad count");
	for (n = 0; n < 3 && n < list->count && list->first + n < kernel->nr_samples; n++)
		ids[n] = kernel->samples[list->first + n];
	list->count = n;
	return 0;
}

/* Spoil one of the numbers. */
static void damage_map(struct cov_map *map)
{
	switch (kernel->settings.map_damage) {
	case 1:
		map->cell_size = 3;
		break;
	case 2:
		map->length = 0;
		break;
	case 3:
		map->cells = map->length + 1;
		break;
	case 4:
		map->functions = map->cells + 1;
		break;
	case 5:
		map->branches = map->cells + 1;
		break;
	case 6:
		map->blocks = map->cells + 1;
		break;
	}
}

static int do_map(struct cov_map *map)
{
	const struct fake_target *target = find_target(map->target);
	const struct cov_target_info *info;

	if (!target)
		return refuse(ENOENT, "no target %u", map->target);
	info = &target->info;
	if ((info->scope == COV_SCOPE_TRACKED) != !!map->sample)
		return refuse(EINVAL, map->sample ? "scope all has one map" :
						    "a map belongs to a sample");
	if (map->sample && !has_sample(map->sample))
		return refuse(ENOENT, "there is no sample");
	map->offset = FAKE_CELLS;
	map->length = 4096;
	map->cell_size = info->mode == COV_MODE_COUNT ? 8 : 1;
	map->functions = 0;
	map->branches = info->functions;
	map->blocks = map->branches + 2 * info->branches;
	map->cells = map->blocks + info->blocks;
	mapped = target;
	damage_map(map);
	return 0;
}

/* ---- caller records ------------------------------------------------------ */

static bool is_wanted(const struct cov_callers *request, const struct cov_caller *caller)
{
	return caller->serial > request->since &&
	       (!request->upto || caller->serial <= request->upto) &&
	       (!request->target || request->target == caller->to_target);
}

static void damage_caller(struct cov_caller *caller)
{
	if (kernel->settings.records_damage == 1 && caller->from_target)
		caller->from_cell = COV_NONE - 1;
	if (kernel->settings.records_damage == 2)
		caller->to_cell = COV_NONE - 1;
}

static void call_from_cold(uint64_t base, struct cov_caller *caller)
{
	const struct cov_function *functions;
	uint32_t entry;

	functions = fake_table(COV_IOC_FUNCTIONS, base, false, &entry);
	if (caller->from_address - base < functions[0].size)
		caller->from_address += functions[FAKE_CHECKS].address - base;
}

/* At most 3 a call. The cursor is the target's index, and the record's in the lower bytes. */
static int do_callers(struct cov_callers *request)
{
	struct cov_caller *out = (struct cov_caller *)(uintptr_t)request->buffer;
	uint32_t n = 0;

	if (!request->count || request->count > COV_RANGE_MAX)
		return refuse(EINVAL, "bad count");
	if (request->target && !find_target(request->target))
		return refuse(ENOENT, "no target %u", request->target);
	while (n < 3 && n < request->count && request->cursor >> 16 < FAKE_TARGETS) {
		const struct fake_target *target = &kernel->targets[request->cursor >> 16];

		if (!target->used || !(target->info.attach_flags & COV_ATTACH_PATHS) ||
		    !fake_caller(request->cursor & 0xffff, target->info.target, target->base,
				 &out[n])) {
			request->cursor = ((request->cursor >> 16) + 1) << 16;
			continue;
		}
		request->cursor++;
		if (kernel->settings.cold_checks)
			call_from_cold(target->base, &out[n]);
		damage_caller(&out[n]);
		n += is_wanted(request, &out[n]);
	}
	request->count = n;
	request->lost = kernel->settings.callers_lost;
	return 0;
}

/* All pairs but the last @new_pairs are known at first. */
static int do_news(struct cov_news *news)
{
	struct cov_caller unused;
	uint32_t pairs = 0;

	while (fake_caller(pairs, 0, 0, &unused))
		pairs++;
	*news = (struct cov_news){ .pairs_since = kernel->pairs_seen, .pairs = pairs };
	if (!kernel->pairs_seen)
		news->pairs = pairs - kernel->settings.new_pairs;
	kernel->pairs_seen = news->pairs;
	return 0;
}

#ifndef FAKE_PRELOAD
static void write_cell(void *base, const struct cov_target_info *info, uint32_t i, uint64_t hits)
{
	if (info->mode == COV_MODE_COUNT)
		((uint64_t *)base)[i] = hits;
	else
		((uint8_t *)base)[i] = !!hits;
}

/* The cells of the target that COV_IOC_MAP was last asked for, blocks left at 0. */
static void write_cells(void *base)
{
	const struct cov_target_info *info = &mapped->info;
	const struct cov_function *functions;
	const struct cov_branch *branches;
	uint32_t i, entry;

	functions = fake_table(COV_IOC_FUNCTIONS, mapped->base, false, &entry);
	for (i = 0; i < info->functions; i++)
		write_cell(base, info, i, functions[i].hits);
	branches = fake_table(COV_IOC_BRANCHES, mapped->base, false, &entry);
	for (i = 0; i < info->branches; i++) {
		uint32_t at = info->functions + 2 * i;

		write_cell(base, info, at, branches[i].not_taken_hits);
		write_cell(base, info, at + 1, branches[i].taken_hits);
	}
}

void *__wrap_mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
	void *base;

	if (fd < 0 || fd >= (int)ARRAY_SIZE(is_control) || !is_control[fd])
		return __real_mmap(at, length, protection, flags, fd, offset);
	errno = kernel->settings.mmap_errno;
	if (!errno && (protection != PROT_READ || !(flags & MAP_SHARED)))
		errno = EACCES;
	if (!errno && ((uint64_t)offset != FAKE_CELLS || length != 4096))
		errno = ENXIO;
	if (errno)
		return MAP_FAILED;
	base = __real_mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	if (base == MAP_FAILED)
		abort();
	write_cells(base);
	mprotect(base, length, PROT_READ);
	return base;
}
#endif

/* ---- the rest ---------------------------------------------------------- */

static int do_checkpoint_add(int fd, struct cov_checkpoint_add *add)
{
	struct fake_target *target;

	if (add->module[0] && strcmp(add->module, "toy") && strcmp(add->module, COV_CORE_KERNEL))
		return refuse(ENOENT, "no module %s is loaded", add->module);
	if (!strcmp(add->function, "toy_checks") && !(add->flags & COV_CHECKPOINT_ADDRESS))
		return refuse(ENOTUNIQ, "toy has 2 functions toy_checks");
	if (strcmp(add->function, "toy_main") && strcmp(add->function, "toy_checks"))
		return refuse(ENOENT, "no function %s", add->function);
	target = new_target(strcmp(add->module, COV_CORE_KERNEL) ? "toy" : COV_CORE_KERNEL, fd);
	if (!target)
		return refuse(ENOSPC, "the fake is full");
	target->info.pending = 0;
	target->info.kept = 1;
	target->info.mode = COV_MODE_EDGES;
	target->info.scope = add->scope;
	target->info.engine = COV_ENGINE_AUTO;
	target->info.attach_flags = COV_ATTACH_PATHS;
	if (kernel->settings.place_only && !(add->flags & COV_CHECKPOINT_AUTO)) {
		target->info.blocks = target->info.branches = 0;
		target->info.attach_flags = COV_ATTACH_FUNCTIONS_ONLY;
	}
	target->info.levels = add->levels;
	target->info.checkpoint_offset = add->flags & COV_CHECKPOINT_ADDRESS ? 0 : add->offset;
	strcpy(target->info.checkpoint, kernel->settings.odd_checkpoint ? FAKE_ODD_NAME : add->name);
	kernel->checkpoint = *add;
	add->target = target->info.target;
	return 0;
}

static int do_checkpoint_del(const struct cov_checkpoint_del *del)
{
	uint32_t i;

	kernel->deleted = *del;
	for (i = 0; i < FAKE_TARGETS; i++)
		if (kernel->targets[i].used &&
		    !strcmp(kernel->targets[i].info.checkpoint, del->name)) {
			kernel->targets[i].used = 0;
			return 0;
		}
	return refuse(ENOENT, "there is no checkpoint %s; `covstat checkpoint list` shows which there are",
		      del->name);
}

static void switch_one(uint8_t *outcome, uint32_t to)
{
	if (*outcome != COV_OUTCOME_DELETED)
		*outcome = to;
}

static int do_checkpoint_switch(const struct cov_checkpoint_switch *request)
{
	uint32_t to = request->on ? COV_OUTCOME_ON : COV_OUTCOME_OFF;
	uint32_t i, b, n = 0;

	kernel->switched = *request;
	for (i = 0; i < FAKE_TARGETS; i++) {
		struct fake_target *target = &kernel->targets[i];

		if (!target->used || !target->info.checkpoint[0] ||
		    fnmatch(request->glob, target->info.checkpoint, 0))
			continue;
		target->off = !request->on;
		target->lapsed |= target->off;
		for (b = 0; b < FAKE_BRANCHES && request->flags & COV_CHECKPOINT_AUTO; b++) {
			switch_one(&target->outcomes[b].not_taken, to);
			switch_one(&target->outcomes[b].taken, to);
		}
		n++;
	}
	return n ? 0 : refuse(ENOENT, "there is no checkpoint %s; `covstat checkpoint list` shows which there are",
		      request->glob);
}

static int do_outcome_switch(const struct cov_outcome_switch *request)
{
	struct fake_target *target = find_target(request->target);
	const struct cov_function *functions;
	const struct cov_branch *branches;
	uint32_t i, entry, n = 0;

	if (!target)
		return refuse(ENOENT, "no target %u", request->target);
	if (!target->info.checkpoint[0] || request->to > COV_OUTCOME_DELETED)
		return refuse(EINVAL, "no single checkpoint");
	functions = fake_table(COV_IOC_FUNCTIONS, target->base, false, &entry);
	branches = fake_table(COV_IOC_BRANCHES, target->base, false, &entry);
	for (i = 0; i < target->info.branches; i++) {
		const struct cov_branch *b = &branches[i];
		uint64_t behind = functions[b->function].address + b->offset + b->size;

		if (behind == request->address)
			switch_one(&target->outcomes[i].not_taken, request->to);
		if (b->target == request->address)
			switch_one(&target->outcomes[i].taken, request->to);
		n += behind == request->address || b->target == request->address;
	}
	return n ? 0 : refuse(ENOENT, "no branch leads there");
}

static int do_trace(struct cov_trace *request)
{
	if (!request->size || !request->tasks || request->pad || request->flags > 7)
		return refuse(EINVAL, "bad request");
	kernel->traces++;
	kernel->trace = *request;
	return fake_trace(request, &kernel->settings);
}

/* A child of a tracked task is tracked, until another task is. */
static bool is_tracked_by_birth(void)
{
	return kernel->tracked && kernel->tracked == getppid();
}

static int do_register(int fd, const struct cov_register *request)
{
	/* A task that registers once more makes another sample: tests' short way to have many. */
	if (is_tracked_by_birth())
		return refuse(EEXIST, "this task is already tracked");
	if (!request->sample || request->flags || request->pad)
		return refuse(EINVAL, "sample 0 means none; number samples from 1");
	kernel->registers++;
	if (!has_sample(request->sample)) {
		if (kernel->nr_samples == FAKE_SAMPLES)
			return refuse(ENOSPC, "the fake is full");
		kernel->samples[kernel->nr_samples++] = request->sample;
	}
	kernel->sample = request->sample;
	kernel->registered_pid = getpid();
	kernel->tracked = gettid();
	kernel->tracked_fd = fd;
	return 0;
}

static int do_unregister(void)
{
	if (kernel->tracked != gettid() && !is_tracked_by_birth())
		return refuse(ESRCH, "this task is not tracked");
	kernel->tracked = 0;
	return 0;
}

static int do_version(struct cov_version *version)
{
	*version = (struct cov_version){
		.abi_major = kernel->settings.abi_major,
		.abi_minor = abi_minor(),
		.modes = 1U << COV_MODE_BLOCKS | 1U << COV_MODE_EDGES |
			 (abi_minor() < 1 ? 0 : 1U << COV_MODE_COUNT) |
			 (abi_minor() < 2 ? 0 : 1U << COV_MODE_TRACE),
		.scopes = 1U << COV_SCOPE_TRACKED | 1U << COV_SCOPE_ALL,
		.engines = usable_engines(),
		.release = "fake",
	};
	return 0;
}

static int do_status(struct cov_status *status)
{
	uint32_t i;

	*status = (struct cov_status){
		.checkpoints_max = 1000,
		.tasks_max = 100,
		.callers_max = 10,
		.tasks_lost = kernel->settings.lost,
		.callers_lost = kernel->settings.callers_lost,
	};
	for (i = 0; i < FAKE_TARGETS; i++) {
		const struct cov_target_info *info = &kernel->targets[i].info;

		if (!kernel->targets[i].used)
			continue;
		status->targets++;
		status->checkpoints += info->sites;
		status->refused += info->refused;
		status->missed += kernel->settings.missed;
	}
	return 0;
}

static int do_last_error(struct cov_error *error)
{
	memcpy(error->text, kernel->error, sizeof(error->text));
	return 0;
}

/* What came with minor versions 1 to 6. */
static int dispatch_newer(int fd, unsigned long command, void *argument)
{
	switch (command) {
	case COV_IOC_ENGINES:
		return do_engines(argument);
	case COV_IOC_VIEW:
		views[fd] = ((struct cov_view *)argument)->sample;
		return 0;
	case COV_IOC_SAMPLES:
		return do_samples(argument);
	case COV_IOC_MAP:
		return do_map(argument);
	case COV_IOC_CALLERS:
		return do_callers(argument);
	case COV_IOC_NEWS:
		return do_news(argument);
	case COV_IOC_CHECKPOINT_SWITCH:
		return do_checkpoint_switch(argument);
	case COV_IOC_TRACE:
		return abi_minor() < 2 ? -ENOTTY : do_trace(argument);
	case COV_IOC_REFUSALS:
		return abi_minor() < 3 ? -ENOTTY : do_refusals(argument);
	case COV_IOC_EDGES:
		return abi_minor() < 5 ? -ENOTTY : do_range(fd, command, argument);
	case COV_IOC_OUTCOMES:
		return abi_minor() < 6 ? -ENOTTY : do_range(fd, command, argument);
	case COV_IOC_OUTCOME_SWITCH:
		return abi_minor() < 6 ? -ENOTTY : do_outcome_switch(argument);
	default:
		return -ENOTTY;
	}
}

static int dispatch(int fd, unsigned long command, void *argument)
{
	switch (command) {
	case COV_IOC_VERSION:
		return do_version(argument);
	case COV_IOC_STATUS:
		return do_status(argument);
	case COV_IOC_TARGET:
		return do_target(fd, argument);
	case COV_IOC_ATTACH:
		return do_attach(fd, argument);
	case COV_IOC_ARM:
		return do_arm(argument);
	case COV_IOC_KEEP:
		return do_keep(argument);
	case COV_IOC_DETACH:
		return do_detach(argument);
	case COV_IOC_RESET:
		return do_reset(argument);
	case COV_IOC_FUNCTIONS:
	case COV_IOC_BLOCKS:
	case COV_IOC_BRANCHES:
	case COV_IOC_SECTIONS:
	case COV_IOC_NAMES:
		return do_range(fd, command, argument);
	case COV_IOC_TEXT:
		return do_text(argument);
	case COV_IOC_REGISTER:
		return do_register(fd, argument);
	case COV_IOC_UNREGISTER:
		return do_unregister();
	case COV_IOC_CHECKPOINT_ADD:
		return do_checkpoint_add(fd, argument);
	case COV_IOC_CHECKPOINT_DEL:
		return do_checkpoint_del(argument);
	default:
		return abi_minor() < 1 ? -ENOTTY : dispatch_newer(fd, command, argument);
	}
}

/* Has a signal come through to the caller, and is not left pending? */
static bool signalled(int number)
{
	sigset_t mask;

	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	raise(number);
	return !sigismember(&mask, number);
}

/* The failure that the settings ask for, or 0. */
static int injected(unsigned long command)
{
	struct fake_settings *settings = &kernel->settings;
	int error = settings->fail_errno;

	if (!settings->fail_errno || _IOC_NR(command) != settings->fail_nr)
		return 0;
	if (settings->fail_after) {
		settings->fail_after--;
		return 0;
	}
	if (settings->fail_signal && !signalled(settings->fail_signal))
		return 0;
	if (settings->fail_times && !--settings->fail_times)
		settings->fail_errno = 0;
	if (settings->fail_text)
		return refuse(error, "the fake was told to fail");
	return -error;
}

static int fake_ioctl(int fd, unsigned long command, void *argument)
{
	int ret;

	if (command == COV_IOC_LAST_ERROR)
		return do_last_error(argument);
	kernel->error[0] = '\0';
	ret = injected(command);
	return ret ? ret : dispatch(fd, command, argument);
}

/* ---- the C library ----------------------------------------------------- */

/* Where a path of the system lies in the test's own tree. */
static const char *redirected(const char *path, char buffer[PATH_MAX])
{
	static const char *const trees[] = {
		"/sys/", "/proc/sys/", "/proc/kallsyms", "/proc/modules", "/lib/modules/",
		"/usr/lib/debug/", "/boot/",
	};
	const char *root = getenv("FAKE_ROOT");
	size_t i;

	for (i = 0; root && i < ARRAY_SIZE(trees); i++)
		if (!strncmp(path, trees[i], strlen(trees[i]))) {
			snprintf(buffer, PATH_MAX, "%s%s", root, path);
			return buffer;
		}
	return path;
}

/* The same, of what is being opened. */
static const char *opened(const char *path, char buffer[PATH_MAX])
{
	fake_kernel()->opens++;
	return redirected(path, buffer);
}

static int open_control(int flags)
{
	int fd;

	fake_kernel();
	if (kernel->settings.open_errno) {
		errno = kernel->settings.open_errno;
		return -1;
	}
	fd = REAL(open)("/dev/null", flags);
	if (fd >= 0 && fd < (int)ARRAY_SIZE(is_control)) {
		is_control[fd] = true;
		openers[fd] = getpid();
		views[fd] = 0;
	}
	return fd;
}

int WRAP(open)(const char *path, int flags, ...)
{
	char buffer[PATH_MAX];
	mode_t mode = 0;
	va_list args;

	if (!strcmp(path, COV_CONTROL_PATH))
		return open_control(flags);
	va_start(args, flags);
	if (flags & O_CREAT)
		mode = va_arg(args, mode_t);
	va_end(args);
	return REAL(open)(opened(path, buffer), flags, mode);
}

/* What was attached or registered through the file goes with it, unless it is kept. */
int WRAP(close)(int fd)
{
	bool last;
	uint32_t i;

	if (fd >= 0 && fd < (int)ARRAY_SIZE(is_control) && is_control[fd]) {
		is_control[fd] = false;
		last = openers[fd] == getpid();
		if (last && kernel->tracked_fd == fd && kernel->tracked)
			kernel->tracked = 0;
		for (i = 0; last && i < FAKE_TARGETS; i++)
			if (kernel->targets[i].used && !kernel->targets[i].info.kept &&
			    kernel->targets[i].fd == fd)
				kernel->targets[i].used = 0;
	}
	return REAL(close)(fd);
}

int WRAP(ioctl)(int fd, unsigned long command, ...)
{
	void *argument;
	va_list args;
	int ret;

	va_start(args, command);
	argument = va_arg(args, void *);
	va_end(args);
	if (fd < 0 || fd >= (int)ARRAY_SIZE(is_control) || !is_control[fd])
		return REAL(ioctl)(fd, command, argument);
	ret = fake_ioctl(fd, command, argument);
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

static bool has_news(void)
{
	struct cov_news news;
	uint64_t seen = kernel->pairs_seen;

	do_news(&news);
	kernel->pairs_seen = seen;
	return news.pairs != seen;
}

/*
 * Of one file: readable as long as there are pairs that nobody knows of. Not inlined,
 * because the C library declares that poll() only writes to @fds.
 */
__attribute__((noinline))
static int fake_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	if (count != 1 || fds->fd < 0 || fds->fd >= (int)ARRAY_SIZE(is_control) ||
	    !is_control[fds->fd])
		return REAL(poll)(fds, count, timeout);
	if (!has_news())
		return REAL(poll)(NULL, 0, timeout);
	fds->revents = POLLIN;
	return 1;
}

int WRAP(poll)(struct pollfd *fds, nfds_t count, int timeout)
{
	return fake_poll(fds, count, timeout);
}

FILE *WRAP(fopen)(const char *path, const char *mode)
{
	char buffer[PATH_MAX];

	return REAL(fopen)(opened(path, buffer), mode);
}

DIR *WRAP(opendir)(const char *path)
{
	char buffer[PATH_MAX];

	return REAL(opendir)(opened(path, buffer));
}

int WRAP(access)(const char *path, int mode)
{
	char buffer[PATH_MAX];

	return REAL(access)(redirected(path, buffer), mode);
}

int WRAP(stat)(const char *path, struct stat *status)
{
	char buffer[PATH_MAX];

	return REAL(stat)(redirected(path, buffer), status);
}

int WRAP(statfs)(const char *path, struct statfs *fs)
{
	if (strcmp(path, "/sys/kernel/debug"))
		return REAL(statfs)(path, fs);
	memset(fs, 0, sizeof(*fs));
	fs->f_type = fake_kernel()->settings.not_debugfs ? SYSFS_MAGIC : DEBUGFS_MAGIC;
	return 0;
}

#ifdef FAKE_PRELOAD
int uname(struct utsname *system)
{
	const char *release = getenv("FAKE_RELEASE");
	int ret = REAL(uname)(system);

	if (!ret && release)
		snprintf(system->release, sizeof(system->release), "%s", release);
	return ret;
}
#endif
