/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libcov.h - the library interface of livecov: attach to a loaded kernel module, register
 * tasks, read which functions, blocks and branch outcomes ran.
 *
 * Rules that hold for every call:
 *
 *  - Functions that return int return 0, or -errno with errno set accordingly;
 *    cov_last_error() then returns a sentence that says what was wrong and what to do
 *    next. The library never prints and never exits.
 *  - A struct that is shared by caller and library begins with @size, which the caller
 *    sets to its sizeof; COV_INIT() does so. The library never writes beyond that, so
 *    that a later version may add members.
 *  - A handle may be used from one thread at a time; several handles are
 *    independent. Snapshots and rankings are read-only once made.
 *  - Addresses are kernel virtual addresses; sizes and offsets are in bytes.
 */
#ifndef LIBCOV_H
#define LIBCOV_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LIBCOV_VERSION "0.1.0"

/*
 * The values are those of the kernel interface, under the same names: libcov's own files
 * include both headers, and the compiler tells of a difference.
 */

/* Modes: what is recorded. */
#define COV_MODE_BLOCKS		1	/* each block seen or not */
#define COV_MODE_EDGES		2	/* both outcomes of each branch; every block with them */
#define COV_MODE_COUNT		3	/* the same, and how often each outcome and entry ran */
#define COV_MODE_TRACE		4	/* the same, and the order: cov_trace_open() */

/* Scopes: whose execution counts. */
#define COV_SCOPE_TRACKED	1
#define COV_SCOPE_ALL		2

/* Engines: what arms a site. */
#define COV_ENGINE_AUTO		0	/* the best that each site allows */
#define COV_ENGINE_KPROBE	1	/* a kprobe on each site; counts in mode edges, too */
#define COV_ENGINE_BREAKPOINT	2	/* int3; ftrace for entries seen repeatedly; else kprobes */
#define COV_ENGINE_DETOUR	3	/* a jump to a stub; else ftrace (entries); no others */
#define COV_ENGINE_ENTRY	4	/* entries only, through ftrace */
#define COV_ENGINES_MAX		8

/* Why a branch has no detour. */
#define COV_WHY_OTHER		0	/* another engine requested, or the branch was refused */
#define COV_WHY_UNSURE		1	/* not every edge into its function is known */
#define COV_WHY_SHORT		2	/* too few movable instructions are near it */
#define COV_WHY_RESERVED	3	/* its bytes, or adjacent ones, belong to another user */
#define COV_WHYS_MAX		8

/* What is known about a block or an outcome. */
#define COV_NO			0
#define COV_YES			1
#define COV_UNKNOWN		2

/* Is an outcome of a manual checkpoint's branch counted? */
#define COV_OUTCOME_ON		0
#define COV_OUTCOME_OFF		1	/* until it is switched on */
#define COV_OUTCOME_DELETED	2	/* off until its checkpoint is deleted: nothing switches it on */

/* A site's state. */
#define COV_SITE_NONE		0
#define COV_SITE_PENDING	1
#define COV_SITE_ARMED		2
#define COV_SITE_DISARMED	3
#define COV_SITE_REFUSED	4
#define COV_SITE_GONE		5

/* A target's state. */
#define COV_TARGET_LIVE		1
#define COV_TARGET_GONE		2
#define COV_TARGET_STALE	3

/* Index members use this for "none". */
#define COV_NONE		0xffffffffU

/* The module name that stands for the kernel itself. */
#define COV_CORE_KERNEL		"vmlinux"

/* Levels are 1..64 and are passed as a mask. */
#define COV_LEVEL(n)		(UINT64_C(1) << ((n) - 1))
#define COV_LEVELS_ALL		(~UINT64_C(0))

/* Clears a shared struct and sets its size: struct cov_totals t = COV_INIT(t); */
#define COV_INIT(object)	{ .size = sizeof(object) }

struct cov;
struct cov_snapshot;
struct cov_ranking;
struct cov_lines;
struct cov_sample_table;
struct cov_places;
struct cov_trace_handle;

/* ---- the handle -------------------------------------------------------- */

/**
 * cov_open - connect to livecov
 * @cov: out: a handle; free it with cov_close()
 *
 * What is attached or registered through the handle is undone when the last copy of its
 * descriptor is closed, unless cov_keep() was called. A child of fork() shares it; exec
 * closes it. Errors: EACCES or EPERM no permission, or a locked-down kernel, ENOENT
 * livecov is not loaded or debugfs is not mounted, EPROTONOSUPPORT libcov and livecov
 * have incompatible versions, ENOMEM. As there is no handle after an error,
 * cov_last_error(NULL) returns the text, for the calling thread.
 */
int cov_open(struct cov **cov);

/**
 * cov_close - end the connection and free the handle
 * @cov: from cov_open(), or NULL
 */
void cov_close(struct cov *cov);

/**
 * cov_last_error - the message of the last call that failed
 * @cov: a handle, or NULL for the calling thread's last cov_open()
 *
 * Return: a sentence, empty if nothing has failed. It belongs to the handle and is valid
 * until the next call on it.
 */
const char *cov_last_error(const struct cov *cov);

/**
 * cov_add_module_dir - look for module files in one more directory
 * @cov: handle
 * @directory: searched for NAME.ko before /lib/modules; copied. It may be compressed: .gz,
 *	       .xz, and .zst if elfutils can read that (on Debian 12 it cannot)
 *
 * A module's file provides the sizes of its sections and, if it was built with debug
 * information, line numbers. It is used only if its build-id is the loaded module's. What a
 * handle has learnt of a module is kept until that is loaded again, or this is called.
 * Errors: EINVAL no directory, or an empty name, ENOMEM.
 */
int cov_add_module_dir(struct cov *cov, const char *directory);

/* ---- targets ----------------------------------------------------------- */

#define COV_ATTACH_FUNCTIONS_ONLY (1U << 0)	/* entries only, no blocks or branches */
#define COV_ATTACH_PATHS	(1U << 1)	/* record callers and paths: each jump is a trap */
#define COV_ATTACH_RETURNS	(1U << 2)	/* mode trace: returns too, 20 ms per function */

/**
 * struct cov_attach_options - what to measure, and how; zeroes are the defaults
 * @size: sizeof
 * @mode: COV_MODE_*; 0 is COV_MODE_EDGES
 * @scope: COV_SCOPE_*; 0 is COV_SCOPE_ALL
 * @engine: COV_ENGINE_*
 * @flags: COV_ATTACH_*
 * @levels: mask for the new checkpoints; 0 is level 1
 * @functions: NULL-terminated array of shell patterns: functions that match one are
 *	       selected. NULL selects all. For COV_CORE_KERNEL: exact names, at least one.
 * @progress: called before the first site and after each group of sites; a nonzero return
 *	      value cancels. May be NULL.
 * @data: for @progress
 */
struct cov_attach_options {
	size_t size;
	unsigned int mode;
	unsigned int scope;
	unsigned int engine;
	unsigned int flags;
	uint64_t levels;
	const char *const *functions;
	int (*progress)(unsigned int done, unsigned int total, void *data);
	void *data;
};

/**
 * struct cov_attach_result - what was attached
 * @size: sizeof
 * @target: its id, never 0
 * @functions: functions selected, cold parts included
 * @blocks: in them
 * @branches: conditional jumps in them
 * @sites: in total
 * @armed: of @sites
 * @refused: of @sites; cov_refusals() says why, the snapshot which
 */
struct cov_attach_result {
	size_t size;
	uint32_t target;
	uint32_t functions;
	uint32_t blocks;
	uint32_t branches;
	uint32_t sites;
	uint32_t armed;
	uint32_t refused;
};

/**
 * cov_attach - measure a loaded module
 * @cov: handle
 * @module: its name ('-' and '_' are the same), or COV_CORE_KERNEL
 * @options: or NULL for the defaults
 * @result: out, may be NULL
 *
 * Returns when all sites are armed or refused. After any error, nothing is left attached.
 * Engines that patch text arm all their sites in one step, well under a second; kprobes
 * are armed in groups, and take 10 to 50 ms each. livecov.ko itself prevents kprobe
 * optimisation for as long as it is loaded; the sysctl debug.kprobes-optimization says afterwards
 * what was written to it last.
 *
 * Errors: ENOENT no such module or function, EEXIST already attached, ENODEV it is being
 * unloaded, EAGAIN its init function is just returning, EPERM livecov itself or a
 * locked-down kernel, ENOSPC checkpoint table full, EOPNOTSUPP a mode, scope or engine
 * that livecov does not support here, E2BIG too many patterns, EINVAL a bad option,
 * ECANCELED @progress cancelled, EINTR a signal, ENOMEM.
 */
int cov_attach(struct cov *cov, const char *module,
	       const struct cov_attach_options *options,
	       struct cov_attach_result *result);

/**
 * cov_find - find the target that cov_attach() made of a module
 * @cov: handle
 * @module: its name
 * @target: out: its id
 *
 * Errors: ENOENT not attached.
 */
int cov_find(struct cov *cov, const char *module, uint32_t *target);

/**
 * cov_keep - let a target outlive this handle
 * @cov: handle
 * @target: id
 *
 * It then stays until cov_detach(). Errors: ENOENT.
 */
int cov_keep(struct cov *cov, uint32_t target);

/**
 * cov_detach - restore a target's text and forget its results
 * @cov: handle
 * @target: id
 *
 * Errors: ENOENT.
 */
int cov_detach(struct cov *cov, uint32_t target);

/**
 * cov_reset - forget what was hit; sites that were disarmed are armed again
 * @cov: handle
 * @target: id, 0 for all
 *
 * Errors: ENOENT, EPERM the kernel was locked down since the handle was opened, EINTR for all
 * targets; EBUSY, ENOMEM, ENOSPC, ESHUTDOWN, EINVAL and EOPNOTSUPP some sites that were watched are
 * not any more: cov_last_error() says why. All is forgotten nevertheless.
 */
int cov_reset(struct cov *cov, uint32_t target);

/**
 * struct cov_engine_counts - what armed a target's sites
 * @size: sizeof
 * @sites: sites armed by each engine, indexed by COV_ENGINE_*; [COV_ENGINE_AUTO] is 0
 * @why: branches without a detour, indexed by COV_WHY_*
 * @stub_bytes: bytes of text that stubs of all targets occupy
 * @stub_room: bytes of text available for them
 */
struct cov_engine_counts {
	size_t size;
	uint32_t sites[COV_ENGINES_MAX];
	uint32_t why[COV_WHYS_MAX];
	uint32_t stub_bytes;
	uint32_t stub_room;
};

/**
 * cov_engines - which engines arm a target's sites
 * @cov: handle
 * @target: id
 * @counts: out
 *
 * Errors: ENOENT no such target, ENOTTY this livecov.ko is too old for this call.
 */
int cov_engines(struct cov *cov, uint32_t target, struct cov_engine_counts *counts);

#define COV_REFUSALS_MAX	8

/**
 * struct cov_refusal_counts - why a target's sites were refused
 * @size: sizeof
 * @count: number of entries in @errors and @sites
 * @errors: an errno (positive) each; 0, only as the last one: several errnos that have no
 *	    entry of their own
 * @sites: how many were refused for that; in descending order, except for error 0
 */
struct cov_refusal_counts {
	size_t size;
	uint32_t count;
	uint32_t errors[COV_REFUSALS_MAX];
	uint32_t sites[COV_REFUSALS_MAX];
};

/**
 * cov_refusals - why sites of a target could not be armed
 * @cov: handle
 * @target: id
 * @counts: out
 *
 * A summary that needs no snapshot; a snapshot has the errno of each site. Errors: ENOENT
 * no such target, EPROTO livecov contradicts itself, ENOTTY this livecov.ko is too old
 * for this call.
 */
int cov_refusals(struct cov *cov, uint32_t target, struct cov_refusal_counts *counts);

/* ---- tasks ------------------------------------------------------------- */

/**
 * cov_register - track the calling task and its later children
 * @cov: handle
 * @id: the sample, one test case, that its hits belong to; not 0
 *
 * Tracking ends with cov_unregister(), with the task, or with the handle. Errors: EEXIST
 * already tracked, ENOSPC table full, EINVAL @id is 0.
 */
int cov_register(struct cov *cov, uint64_t id);

/**
 * cov_unregister - stop tracking the calling task
 * @cov: handle
 *
 * Children that are already tracked stay tracked. Errors: ESRCH it is not tracked.
 */
int cov_unregister(struct cov *cov);

/**
 * cov_samples - list the samples that tasks were registered for
 * @cov: handle
 * @first: how many to skip, in the order in which they were registered
 * @ids: out: the next ones
 * @count: in: how many fit at @ids, not 0; out: how many there were, 0 at the end
 *
 * A sample is kept until livecov is unloaded. Errors: EINVAL, ENOMEM, ENOTTY this
 * livecov.ko is too old for this call.
 */
int cov_samples(struct cov *cov, uint32_t first, uint64_t *ids, uint32_t *count);

/**
 * cov_view - restrict queries to what a single sample has covered
 * @cov: handle
 * @sample: its id, or 0 for everything, the initial state
 *
 * Later snapshots, counts and next unhit places of this handle, and of those that share
 * its descriptor through fork(), are about that sample. Only scope tracked distinguishes
 * samples: for a target with scope all, those calls fail with EOPNOTSUPP; for all
 * targets, they leave out such targets, and fail if there is no other. Errors: ENOENT no
 * such sample, ENOMEM, ENOTTY this livecov.ko is too old for this call.
 */
int cov_view(struct cov *cov, uint64_t sample);

/* ---- manual checkpoints ------------------------------------------------ */

/**
 * struct cov_checkpoint_options - a place to watch
 * @size: sizeof
 * @name: unique, not empty, without control characters
 * @module: loaded module, COV_CORE_KERNEL, or NULL to search all modules
 * @function: in it
 * @offset: of an instruction from the function's first byte
 * @levels: mask; 0 is level 1
 * @scope: COV_SCOPE_*; 0 is COV_SCOPE_ALL
 * @automatic: nonzero: the function's branches as well
 * @section: NULL, or to tell functions of one name apart: the section of code that the place
 *	     is in; then @module is needed, and @offset is 0 or has to be the same place
 * @section_offset: of the place from the section's first byte
 */
struct cov_checkpoint_options {
	size_t size;
	const char *name;
	const char *module;
	const char *function;
	uint64_t offset;
	uint64_t levels;
	unsigned int scope;
	int automatic;
	const char *section;
	uint64_t section_offset;
};

/**
 * cov_checkpoint_add - watch one place
 * @cov: handle
 * @options: where and how
 * @target: out: id of the target that holds it; may be NULL
 *
 * Where /proc/kallsyms hides addresses (sysctl kernel.kptr_restrict is 2), the first of several
 * functions of a name is taken without a module, or in the core kernel.
 *
 * It is armed when the call returns and stays until checkpoint_del(). Errors:
 * EEXIST @name in use, ENOENT no such module, section or function, ENOTUNIQ several
 * functions of that name, in the module or without one anywhere (the message says where
 * they are, some twenty at most), ENODEV the module is being unloaded, EAGAIN its init
 * function is just returning, EILSEQ the offset is inside an instruction, EBUSY a debugger's
 * breakpoint hides where the instructions begin, ERANGE it is beyond the function's end,
 * EPERM livecov itself or a locked-down kernel, EINVAL the kernel forbids a probe there or a
 * bad option, such as a name with control characters, EOPNOTSUPP an instruction that may
 * fault, while another target may have breakpoints, a loop instruction that can have no
 * breakpoint (cov_ioctl.h), or sections with an older livecov.ko, ENAMETOOLONG, ENOSPC table
 * full, EINTR a signal, ENOMEM.
 */
int cov_checkpoint_add(struct cov *cov, const struct cov_checkpoint_options *options,
		       uint32_t *target);

/**
 * checkpoint_add - watch one place, in any scope
 * @cov: handle
 * @name: unique
 * @function: FUNCTION or MODULE:FUNCTION
 * @offset: of an instruction from the function's first byte
 * @level: mask; 0 is level 1
 * @automatic: nonzero: the function's branches as well
 *
 * The short form of cov_checkpoint_add(); the same errors.
 */
int checkpoint_add(struct cov *cov, const char *name, const char *function,
		   uint64_t offset, uint64_t level, int automatic);

/**
 * checkpoint_del - delete a checkpoint
 * @cov: handle
 * @name: its name
 *
 * Errors: ENOENT there is none.
 */
int checkpoint_del(struct cov *cov, const char *name);

/**
 * checkpoint_restart - forget what a checkpoint has counted, and its paths
 * @cov: handle
 * @name: its name
 *
 * Other checkpoints are not affected; one that is switched off stays off. Errors: those of
 * cov_reset().
 */
int checkpoint_restart(struct cov *cov, const char *name);

/**
 * cov_checkpoint_switch - switch checkpoints off and on
 * @cov: handle
 * @pattern: shell pattern for their names; "*" matches all
 * @on: nonzero, or 0 for off
 * @branches: nonzero: their functions' branches as well, where they were added with
 *	      @automatic; else only the places
 *
 * One that is off counts nothing, and stays off across checkpoint_restart() and the
 * unloading of its module. What it had counted is kept. Errors: ENOENT none matches,
 * ENOTTY this livecov.ko is too old for this call; those of cov_reset(), of one that cannot be
 * armed again.
 */
int cov_checkpoint_switch(struct cov *cov, const char *pattern, int on, int branches);

/**
 * cov_outcome_switch - switch off what leads to one place, or on
 * @cov: handle
 * @target: id of a manual checkpoint's target, which was added with @automatic
 * @address: of an instruction: every outcome of the checkpoint's branches that leads there
 * @to: COV_OUTCOME_*
 *
 * As cov_checkpoint_switch(), which switches the same outcomes with all others. About a branch of
 * which one outcome is off, nothing follows from what it does not show: COV_UNKNOWN. Errors:
 * ENOENT no such target, or none leads there, EINVAL the target is no manual checkpoint's or @to
 * is none of them, ENOTTY this livecov.ko is too old for this call.
 */
int cov_outcome_switch(struct cov *cov, uint32_t target, uint64_t address, unsigned int to);

/**
 * cov_levels - restrict queries to some levels
 * @cov: handle
 * @levels: mask; 0 for all, the initial state
 *
 * Later snapshots of all targets, and everything derived from them or counted over all
 * targets, leave out targets and manual checkpoints that have none of these levels; where
 * nothing is left, cov_sample_table_take() and the next unhit places say so (ENOENT), a
 * snapshot is empty (cov_snapshot_left_out()). What is requested by name or id is not left
 * out.
 */
void cov_levels(struct cov *cov, uint64_t levels);

/* ---- numbers ----------------------------------------------------------- */

/**
 * struct cov_totals - coverage in numbers
 * @size: sizeof
 * @functions: without cold parts, which belong to their functions
 * @functions_hit: entered
 * @functions_unknown: whose entry could not be watched
 * @blocks: basic blocks
 * @blocks_hit: certainly ran
 * @blocks_unknown: about which nothing is known
 * @outcomes: two for each conditional jump
 * @outcomes_hit: certainly seen
 * @outcomes_unknown: about which nothing is known
 * @sites: patched places in total
 * @pending: of @sites: not armed yet
 * @armed: of @sites
 * @disarmed: of @sites: have shown everything they can
 * @refused: of @sites: could not be armed
 * @gone: of @sites: their text was unloaded
 * @missed: hits that the kernel's kprobes skipped
 * @lost: tasks and caller records that did not fit into livecov's tables; always for
 *	  livecov as a whole
 *
 * @*_hit + @*_unknown never exceed the total; the rest certainly did not run.
 */
struct cov_totals {
	size_t size;
	uint64_t functions, functions_hit, functions_unknown;
	uint64_t blocks, blocks_hit, blocks_unknown;
	uint64_t outcomes, outcomes_hit, outcomes_unknown;
	uint64_t sites, pending, armed, disarmed, refused, gone;
	uint64_t missed;
	uint64_t lost;
};

/**
 * cov_counts - coverage of one target, or the sum of all
 * @cov: handle
 * @target: id, 0 for the sum of all, as cov_snapshot_totals() makes it
 * @totals: out
 *
 * Errors: ENOENT no such target, EAGAIN it kept changing, ENOMEM.
 */
int cov_counts(struct cov *cov, uint32_t target, struct cov_totals *totals);

/**
 * struct cov_summary - livecov as a whole
 * @size: sizeof
 * @abi_major: of the module
 * @abi_minor: of the module
 * @modes: bit (1 << COV_MODE_*) for each one that works here
 * @scopes: bit (1 << COV_SCOPE_*)
 * @engines: bit (1 << COV_ENGINE_*)
 * @release: livecov's own version
 * @targets: attached
 * @checkpoints: in use
 * @checkpoints_max: size of that table
 * @tasks: tracked now
 * @tasks_max: size of that table
 * @callers: caller records
 * @callers_max: size of that table: at least twice the module's parameter max_callers
 * @tasks_lost: could not be followed because the table was full
 * @callers_lost: dropped because the table was full
 * @missed: hits that the kernel's kprobes skipped, all targets
 * @refused: sites refused, all targets
 */
struct cov_summary {
	size_t size;
	uint32_t abi_major, abi_minor;
	uint32_t modes, scopes, engines;
	char release[64];
	uint32_t targets;
	uint32_t checkpoints, checkpoints_max;
	uint32_t tasks, tasks_max;
	uint32_t callers, callers_max;
	uint64_t tasks_lost, callers_lost;
	uint64_t missed, refused;
};

/**
 * cov_status - livecov's versions, tables and losses
 * @cov: handle
 * @summary: out
 */
int cov_status(struct cov *cov, struct cov_summary *summary);

/* ---- snapshots: everything at one moment ------------------------------- */

/**
 * cov_snapshot_take - read targets with all their tables
 * @cov: handle
 * @module: a module's name: only its target; NULL: all, including the targets of manual
 *	    checkpoints
 * @snapshot: out; free it with cov_snapshot_free()
 *
 * Errors: ENOENT @module is not attached, EAGAIN it kept changing, ENOMEM.
 */
int cov_snapshot_take(struct cov *cov, const char *module,
		      struct cov_snapshot **snapshot);

/**
 * cov_snapshot_free - free a snapshot and all strings got from it
 * @snapshot: or NULL
 */
void cov_snapshot_free(struct cov_snapshot *snapshot);

/**
 * struct cov_target_desc - one target, of a snapshot or by itself
 * @size: sizeof
 * @target: its id
 * @state: COV_TARGET_*
 * @module: its name
 * @checkpoint: the manual checkpoint's name, else empty
 * @checkpoint_offset: of the manual checkpoint from its function's first byte;
 *		       the function's @state, @hits and @entered are then its
 * @build_id: bytes
 * @build_id_len: how many, 0 if it has none
 * @mode: COV_MODE_*
 * @scope: COV_SCOPE_*
 * @engine: COV_ENGINE_* that was requested; cov_engines() reports those in use
 * @flags: COV_ATTACH_*
 * @kept: 1 after cov_keep()
 * @levels: mask
 * @text_base: address, the last one if it is gone
 * @text_size: bytes
 * @sections: how many sections of code
 * @functions: how many, cold parts included
 * @blocks: how many
 * @branches: how many
 * @counted: 1: hits of its functions and branches are counts; 0: they may be 1 for any
 *	     number above 0. Counts are kept in modes count and trace, with
 *	     COV_ATTACH_PATHS, and, by engine kprobe, in mode edges; in mode edges the
 *	     other engines only record that there was a hit.
 */
struct cov_target_desc {
	size_t size;
	uint32_t target;
	uint32_t state;
	const char *module;
	const char *checkpoint;
	uint64_t checkpoint_offset;
	const uint8_t *build_id;
	uint32_t build_id_len;
	uint32_t mode;
	uint32_t scope;
	uint32_t engine;
	uint32_t flags;
	uint32_t kept;
	uint64_t levels;
	uint64_t text_base;
	uint64_t text_size;
	uint32_t sections;
	uint32_t functions;
	uint32_t blocks;
	uint32_t branches;
	uint32_t counted;
};

/**
 * struct cov_checkpoint_desc - a manual checkpoint's status
 * @size: sizeof
 * @target: id of the target that holds it
 * @name: its name
 * @module: the module's name
 * @function: the function's name
 * @offset: from the function's first byte
 * @address: of the instruction
 * @levels: mask
 * @enabled: 1, or 0 if it was switched off
 * @hit: 1 if it was passed
 * @hits: how often
 * @first_sample: the one that passed it first, 0 if none or not known
 * @state: COV_SITE_*; COV_SITE_DISARMED while it is off
 * @error: errno (positive) why it was refused when its module was loaded again, else 0
 * @target_state: COV_TARGET_* of its module
 * @branches: number of branches of its function that are watched with it
 */
struct cov_checkpoint_desc {
	size_t size;
	const char *name;
	const char *module;
	const char *function;
	uint64_t offset;
	uint64_t address;
	uint64_t levels;
	uint64_t hits;
	uint64_t first_sample;
	uint32_t target;
	uint32_t enabled;
	uint32_t hit;
	uint32_t state;
	uint32_t error;
	uint32_t target_state;
	uint32_t branches;
};

/**
 * struct cov_section_desc - a section of code
 * @size: sizeof
 * @name: as in the ELF file
 * @base: address of its first byte
 * @length: bytes; where the module's file was not found, up to the end of its
 *	    last function
 *
 * Of a module that is unloaded livecov knows those which cov_attach() has told it: 64 at
 * most, with names of at most 31 bytes. A function in another one is described as in a
 * ".text" that begins where the target's text does.
 */
struct cov_section_desc {
	size_t size;
	const char *name;
	uint64_t base;
	uint64_t length;
};

/**
 * struct cov_function_desc - a function, or a cold part of one
 * @size: sizeof
 * @name: symbol
 * @address: of its first byte
 * @offset: of its first byte from its section's
 * @length: bytes
 * @section: index
 * @parent: index of the function that a cold part belongs to, else COV_NONE
 * @opaque: 1 if it could not be decoded: only its entry is known
 * @first_block: index of its first block; its blocks are contiguous, ordered by address
 * @blocks: how many
 * @first_branch: index of its first branch; its branches are contiguous, ordered by
 *		  address
 * @branches: how many
 * @state: COV_SITE_* of its entry
 * @error: errno (positive) why that was refused, else 0
 * @entered: COV_NO, COV_YES, COV_UNKNOWN; a cold part is entered by a jump
 * @hits: entries; a count if struct cov_target_desc's @counted is 1
 * @first_sample: the one that entered it first, 0 if none or not recorded
 * @levels: mask
 */
struct cov_function_desc {
	size_t size;
	const char *name;
	uint64_t address;
	uint64_t offset;
	uint32_t length;
	uint32_t section;
	uint32_t parent;
	uint32_t opaque;
	uint32_t first_block;
	uint32_t blocks;
	uint32_t first_branch;
	uint32_t branches;
	uint32_t state;
	uint32_t error;
	uint32_t entered;
	uint64_t hits;
	uint64_t first_sample;
	uint64_t levels;
};

/**
 * struct cov_block_desc - straight-line code from a leader to its terminator
 * @size: sizeof
 * @function: index
 * @offset: of its first byte from its function's
 * @length: bytes
 * @covered: COV_NO, COV_YES, COV_UNKNOWN
 * @state: COV_SITE_* of its own site; COV_SITE_NONE if it follows from others
 * @error: errno (positive) why that was refused, else 0; 255 for those above
 */
struct cov_block_desc {
	size_t size;
	uint32_t function;
	uint32_t offset;
	uint32_t length;
	uint32_t covered;
	uint32_t state;
	uint32_t error;
};

/**
 * struct cov_branch_desc - a conditional jump
 * @size: sizeof
 * @target: address it jumps to when taken
 * @function: index
 * @block: index of the block that it ends
 * @offset: of the jump from its function's first byte
 * @length: of the jump, bytes
 * @condition: low nibble of its opcode, or 0x10 loopne, 0x11 loope, 0x12 loop,
 *	       0x13 jrcxz/jecxz
 * @taken: COV_NO, COV_YES, COV_UNKNOWN
 * @fallthrough: the same
 * @state: COV_SITE_* of the site on the jump itself
 * @error: errno (positive) why that was refused, else 0
 * @taken_hits: how often it was taken; a count if struct cov_target_desc's @counted is 1
 * @fallthrough_hits: how often it was not taken; the same
 * @first_sample: the one that reached it first, 0 if none or not recorded
 * @taken_switch: COV_OUTCOME_*: is it counted? COV_OUTCOME_ON in what is no manual checkpoint
 * @fallthrough_switch: the same
 */
struct cov_branch_desc {
	size_t size;
	uint64_t target;
	uint32_t function;
	uint32_t block;
	uint32_t offset;
	uint32_t length;
	uint32_t condition;
	uint32_t taken;
	uint32_t fallthrough;
	uint32_t state;
	uint32_t error;
	uint64_t taken_hits;
	uint64_t fallthrough_hits;
	uint64_t first_sample;
	uint32_t taken_switch;
	uint32_t fallthrough_switch;
};

/**
 * cov_snapshot_targets - how many targets a snapshot has
 * @snapshot: from cov_snapshot_take()
 */
unsigned int cov_snapshot_targets(const struct cov_snapshot *snapshot);

/**
 * cov_next_target - describe one target after the other, without a snapshot
 * @cov: handle
 * @after: id of the one before, which may be detached by now; 0 for the first
 * @out: out: the target with the lowest id above; its strings belong to the handle and are valid
 *	 until this is called again
 *
 * Reads no tables, so that it is fast and works where cov_snapshot_take() fails because one
 * target keeps changing, or memory is short. Describes every target, those of manual checkpoints
 * included, whatever cov_view() and cov_levels() select; its @sections are those that livecov was
 * told. Errors: ENOENT no more, EINVAL.
 */
int cov_next_target(struct cov *cov, uint32_t after, struct cov_target_desc *out);

/**
 * cov_snapshot_left_out - how many targets a snapshot would have without cov_levels()
 * @snapshot: from cov_snapshot_take()
 *
 * Return: those that it has not, because they have none of the levels: a snapshot without
 * targets does not mean that nothing is attached.
 */
unsigned int cov_snapshot_left_out(const struct cov_snapshot *snapshot);

/**
 * cov_snapshot_target - describe a target
 * @snapshot: from cov_snapshot_take()
 * @t: its index in the snapshot
 * @out: out; strings belong to the snapshot
 *
 * Errors: ERANGE no such index, EINVAL @out has no size. As they have no handle, this and
 * the getters below do not change cov_last_error().
 */
int cov_snapshot_target(const struct cov_snapshot *snapshot, unsigned int t,
			struct cov_target_desc *out);

/**
 * cov_snapshot_checkpoint - a manual checkpoint's status
 * @snapshot: from cov_snapshot_take()
 * @t: its target's index in the snapshot
 * @out: out; strings belong to the snapshot
 *
 * Errors: ENOENT that target is a whole module, and as cov_snapshot_target().
 */
int cov_snapshot_checkpoint(const struct cov_snapshot *snapshot, unsigned int t,
			    struct cov_checkpoint_desc *out);

/**
 * cov_snapshot_section - describe a section of code
 * @snapshot: from cov_snapshot_take()
 * @t: the target's index in the snapshot
 * @i: its index, 0 is the lowest in memory
 * @out: out; strings belong to the snapshot
 *
 * Errors: as cov_snapshot_target().
 */
int cov_snapshot_section(const struct cov_snapshot *snapshot, unsigned int t,
			 unsigned int i, struct cov_section_desc *out);

/**
 * cov_snapshot_function - describe a function
 * @snapshot: from cov_snapshot_take()
 * @t: the target's index in the snapshot
 * @i: its index
 * @out: out; strings belong to the snapshot
 *
 * Errors: as cov_snapshot_target().
 */
int cov_snapshot_function(const struct cov_snapshot *snapshot, unsigned int t,
			  unsigned int i, struct cov_function_desc *out);

/**
 * cov_snapshot_block - describe a block
 * @snapshot: from cov_snapshot_take()
 * @t: the target's index in the snapshot
 * @i: its index
 * @out: out; strings belong to the snapshot
 *
 * Errors: as cov_snapshot_target().
 */
int cov_snapshot_block(const struct cov_snapshot *snapshot, unsigned int t,
		       unsigned int i, struct cov_block_desc *out);

/**
 * cov_snapshot_branch - describe a conditional jump
 * @snapshot: from cov_snapshot_take()
 * @t: the target's index in the snapshot
 * @i: its index
 * @out: out; strings belong to the snapshot
 *
 * Errors: as cov_snapshot_target().
 */
int cov_snapshot_branch(const struct cov_snapshot *snapshot, unsigned int t,
			unsigned int i, struct cov_branch_desc *out);

/**
 * cov_snapshot_totals - add up a target's tables
 * @snapshot: from cov_snapshot_take()
 * @t: index, or COV_NONE for the sum of all
 * @totals: out
 *
 * Manual checkpoints contribute only their sites, refused sites and misses to the sum:
 * their functions may be in an attached module and must not count twice.
 *
 * Errors: ERANGE, EINVAL.
 */
int cov_snapshot_totals(const struct cov_snapshot *snapshot, unsigned int t,
			struct cov_totals *totals);

/**
 * cov_text - read a target's text as it was before livecov patched it
 * @cov: handle
 * @target: id
 * @address: of the first byte
 * @buffer: for the bytes
 * @length: how many
 *
 * Errors: ENODEV it is not loaded now, EINVAL not all within its text, ENOENT.
 */
int cov_text(struct cov *cov, uint32_t target, uint64_t address, void *buffer,
	     size_t length);

/* ---- cells: coverage as it is written ---------------------------------- */

/**
 * struct cov_mapping - a target's cells, mapped for reading
 * @size: sizeof
 * @base: address of cell 0
 * @length: size of the mapping in bytes
 * @cell_size: 1: uint8_t, 0 or 1; 8: uint64_t, a count (where hits are counted)
 * @cells: number of cells
 * @functions: index of the entry cell of function 0; the entry cells are contiguous, in
 *	       the order of the snapshot's functions
 * @branches: index of the cells of branch 0: two each, not taken and taken
 * @blocks: index of the cell of block 0; only blocks with a site of their own, whose
 *	    state is not COV_SITE_NONE, are written
 */
struct cov_mapping {
	size_t size;
	const void *base;
	size_t length;
	uint32_t cell_size;
	uint32_t cells;
	uint32_t functions;
	uint32_t branches;
	uint32_t blocks;
};

/**
 * cov_map - map what the engines write while the target runs
 * @cov: handle
 * @target: id
 * @sample: which sample's, for a target with scope tracked; 0 with scope all
 * @mapping: out; release it with cov_unmap()
 *
 * Reading it needs no call. A cell may be written at any moment; read it once. All engines
 * write them; what follows from other sites is only in the tables: a snapshot has everything.
 * The mapping outlives the handle; its contents are undefined after the target was detached
 * or loaded again.
 *
 * Errors: ENOENT no such target or sample, EINVAL @sample does not match the target's
 * scope, EPROTO livecov contradicts itself, ENOMEM, ENOTTY this livecov.ko is too old for
 * this call.
 */
int cov_map(struct cov *cov, uint32_t target, uint64_t sample,
	    struct cov_mapping *mapping);

/**
 * cov_unmap - release a mapping
 * @mapping: from cov_map(), or NULL; its @base is NULL then
 */
void cov_unmap(struct cov_mapping *mapping);

/* ---- samples beside each other ------------------------------------------ */

/**
 * cov_sample_table_take - read what each sample has covered
 * @cov: handle
 * @module: a module's name: only its target; NULL: all that are attached with scope
 *	    tracked, the only scope that distinguishes samples
 * @table: out; free it with cov_sample_table_free()
 *
 * Each sample's tables are read once, in the order of the samples' registration, by which
 * they are numbered here; samples that are registered meanwhile are left out. For samples
 * that are still running, every answer is as of the moment when it was read. The handle's
 * view is preserved. Errors: ENOENT @module is not attached, or nothing is, or nothing that
 * is has one of the levels of cov_levels(), EOPNOTSUPP
 * scope all, EAGAIN it kept changing, ENOMEM, ENOTTY this livecov.ko is too old for this
 * call.
 */
int cov_sample_table_take(struct cov *cov, const char *module,
			  struct cov_sample_table **table);

/**
 * cov_sample_table_free - free a table and its snapshot
 * @table: or NULL
 */
void cov_sample_table_free(struct cov_sample_table *table);

/**
 * cov_sample_table_snapshot - the targets of a table
 * @table: from cov_sample_table_take()
 *
 * Return: a snapshot of what all samples together have covered. It belongs to the table.
 */
const struct cov_snapshot *cov_sample_table_snapshot(const struct cov_sample_table *table);

/**
 * cov_sample_table_count - how many samples
 * @table: from cov_sample_table_take()
 */
unsigned int cov_sample_table_count(const struct cov_sample_table *table);

/**
 * cov_sample_table_find - a sample's number
 * @table: from cov_sample_table_take()
 * @id: its id
 * @sample: out
 *
 * Errors: ENOENT no such sample. As they have no handle, this and the calls below do not
 * change cov_last_error().
 */
int cov_sample_table_find(const struct cov_sample_table *table, uint64_t id,
			  unsigned int *sample);

/**
 * struct cov_place_counts - how many places
 * @functions: without cold parts
 * @blocks: basic blocks
 * @outcomes: of branches
 * @unknown: places of all three kinds for which it is unknown; not included in the others
 *
 * This struct never grows.
 */
struct cov_place_counts {
	uint64_t functions, blocks, outcomes;
	uint64_t unknown;
};

/**
 * struct cov_sample_desc - one sample
 * @size: sizeof
 * @id: given to cov_register()
 * @effective: 1 if it certainly was the first to cover something, or to take a path
 * @covered: what it has covered
 * @alone: what it has covered and no other sample has
 * @first: what it was the first to cover
 * @paths_recorded: 1 if a target of the table has COV_ATTACH_PATHS
 * @first_paths: the paths of those targets (see cov_paths()) that it was the first to take
 *
 * Which sample was first is determined by the order of registration: of two samples that
 * ran concurrently, the one registered first counts as first, whichever actually got
 * there first, and what a sample covers when it runs again counts as covered in its
 * first run. A sample that had hit nothing when it was registered again begins with
 * that, and so does one that has hit nothing since the last reset or detach. The actual
 * first one is known, and then counts, where engine kprobe recorded it (struct
 * cov_function_desc and struct cov_branch_desc, @first_sample): for entries, and for an
 * outcome of a branch if the sample that reached the branch first has seen only that
 * outcome. Of paths the actual first one is always known.
 */
struct cov_sample_desc {
	size_t size;
	uint64_t id;
	uint32_t effective;
	struct cov_place_counts covered;
	struct cov_place_counts alone;
	struct cov_place_counts first;
	uint32_t paths_recorded;
	uint64_t first_paths;
};

/**
 * cov_sample_table_get - describe a sample
 * @table: from cov_sample_table_take()
 * @sample: its number, 0 was registered first
 * @out: out
 *
 * Errors: ERANGE no such number, EINVAL @out has no size.
 */
int cov_sample_table_get(const struct cov_sample_table *table, unsigned int sample,
			 struct cov_sample_desc *out);

#define COV_PLACE_FUNCTION	1	/* that it was entered */
#define COV_PLACE_BLOCK		2
#define COV_PLACE_OUTCOME	3	/* one of a branch */

/**
 * struct cov_place - something that can be covered; nothing in it to free
 * @size: sizeof
 * @kind: COV_PLACE_*
 * @target_index: its target's index in the table's snapshot
 * @function: index of the function that it is, or belongs to
 * @index: of the function, block or branch
 * @taken: for COV_PLACE_OUTCOME: 1 the jump was taken, 0 it fell through
 * @known: COV_YES or COV_UNKNOWN
 */
struct cov_place {
	size_t size;
	uint32_t kind;
	uint32_t target_index;
	uint32_t function;
	uint32_t index;
	uint32_t taken;
	uint32_t known;
};

#define COV_SAMPLE_COVERED	1	/* struct cov_sample_desc's @covered */
#define COV_SAMPLE_ALONE	2	/* ... @alone */
#define COV_SAMPLE_FIRST	3	/* ... @first */

/**
 * cov_sample_places - which places a sample has covered
 * @table: from cov_sample_table_take()
 * @sample: its number
 * @which: COV_SAMPLE_*
 * @places: out: in the order of the tables, each function's entry, then its blocks and
 *	    outcomes; free it with cov_places_free()
 *
 * Errors: ERANGE, EINVAL a bad @which, ENOMEM.
 */
int cov_sample_places(const struct cov_sample_table *table, unsigned int sample,
		      unsigned int which, struct cov_places **places);

/**
 * cov_sample_difference - which places one sample has covered and another has not
 * @table: from cov_sample_table_take()
 * @sample: the one
 * @without: the other; if it is the same, there are none
 * @places: out; free it with cov_places_free()
 *
 * Errors: ERANGE, ENOMEM.
 */
int cov_sample_difference(const struct cov_sample_table *table, unsigned int sample,
			  unsigned int without, struct cov_places **places);

/**
 * cov_places_free - free a list of places
 * @places: or NULL
 */
void cov_places_free(struct cov_places *places);

/**
 * cov_places_count - how many places
 * @places: the list
 */
size_t cov_places_count(const struct cov_places *places);

/**
 * cov_places_get - one of them
 * @places: the list
 * @i: its index
 * @out: out
 *
 * Errors: ERANGE, EINVAL.
 */
int cov_places_get(const struct cov_places *places, size_t i, struct cov_place *out);

/**
 * cov_sample_covers - has a sample covered a place?
 * @table: from cov_sample_table_take()
 * @sample: its number
 * @place: which; @function and @known are ignored
 * @known: out: COV_NO, COV_YES, COV_UNKNOWN; a cold part counts as never entered
 *
 * This is cheap: to find out which samples reach a place, ask for each of them. Errors:
 * ERANGE no such sample or place, EINVAL.
 */
int cov_sample_covers(const struct cov_sample_table *table, unsigned int sample,
		      const struct cov_place *place, unsigned int *known);

/**
 * struct cov_smallest - what is known about a small set of samples
 * @size: sizeof
 * @count: samples in it
 * @essential: how many of them, at the front, have each covered something that no other
 *	       sample certainly has
 * @at_least: no set with the same coverage has fewer; if this equals @count, none is
 *	      smaller
 */
struct cov_smallest {
	size_t size;
	uint32_t count;
	uint32_t essential;
	uint32_t at_least;
};

/**
 * cov_sample_smallest - a small set of samples with the coverage of all
 * @table: from cov_sample_table_take()
 * @samples: out: their numbers; room for cov_sample_table_count()
 * @out: out
 *
 * Everything that any sample has certainly covered, one of the set has covered; none of
 * the set can be left out. Finding a smallest set is hard, so the choice is greedy: the
 * essential samples come first, then always the one that adds most. The result has at
 * most 1 + 1/2 + ... + 1/n times the minimum number of samples, n being the largest
 * number of places that a sample has covered; @out has more. Errors: EINVAL, ENOMEM.
 */
int cov_sample_smallest(const struct cov_sample_table *table, unsigned int *samples,
			struct cov_smallest *out);

/* ---- callers and paths -------------------------------------------------- */

struct cov_records;

/* What one end of a record is. */
#define COV_END_START		0	/* nothing before it: a task's first checkpoint */
#define COV_END_ADDRESS		1	/* code that called: a return address */
#define COV_END_FUNCTION	2	/* a function's entry */
#define COV_END_OUTCOME		3	/* a branch, and which way it went */
#define COV_END_BLOCK		4	/* a block with a site of its own */
#define COV_END_CHECKPOINT	5	/* the place of a manual checkpoint */
#define COV_END_OTHER		6	/* part of a target that is not in the snapshot */

/**
 * struct cov_end - where a record begins or leads to
 * @kind: COV_END_*
 * @t: its target's index in the snapshot; COV_NONE for COV_END_START, COV_END_ADDRESS
 *     and COV_END_OTHER
 * @function: index in that target, also of a COV_END_ADDRESS whose @t is known; else
 *	      COV_NONE
 * @index: of the branch or the block, else COV_NONE
 * @taken: COV_END_OUTCOME: 1 if it jumped
 * @address: of the instruction; COV_END_ADDRESS: of the one after the call. 0 if there is
 *	     none
 * @offset: of @address from @symbol
 * @module: name, or NULL if it is not known
 * @symbol: the function's name, or NULL
 *
 * Strings belong to the records or to the snapshot from which they were made.
 */
struct cov_end {
	uint32_t kind;
	uint32_t t;
	uint32_t function;
	uint32_t index;
	uint32_t taken;
	uint64_t address;
	uint64_t offset;
	const char *module;
	const char *symbol;
};

/**
 * struct cov_record - a pair of places that were passed one after the other
 * @size: sizeof
 * @from: the caller, or the checkpoint that the same task had passed before
 * @to: the checkpoint that was passed
 * @count: how often
 * @first_sample: the one that showed it first, 0 if none or not known
 * @last_sample: the one that showed it last, 0 if none or not known
 * @serial: pairs are numbered in the order in which they first occurred
 */
struct cov_record {
	size_t size;
	struct cov_end from;
	struct cov_end to;
	uint64_t count;
	uint64_t first_sample;
	uint64_t last_sample;
	uint64_t serial;
};

/**
 * cov_callers - who called each function
 * @cov: handle
 * @snapshot: whose targets; it must live as long as the records
 * @records: out: with @from of COV_END_ADDRESS; free it with cov_records_free()
 *
 * Recorded for targets with COV_ATTACH_PATHS, by engine kprobe, and for manual
 * checkpoints on entries. Callers outside the snapshot get their names from
 * /proc/kallsyms. Errors: ENOTTY this livecov.ko is too old for this call, ENOMEM,
 * EPROTO livecov contradicts the snapshot.
 */
int cov_callers(struct cov *cov, const struct cov_snapshot *snapshot,
		struct cov_records **records);

/**
 * cov_paths - which checkpoint came before each
 * @cov: handle
 * @snapshot: whose targets; it must live as long as the records
 * @records: out: all records that cov_callers() does not return; free it with
 *	     cov_records_free()
 *
 * For tracked tasks, in task context. The number of records is the number of paths,
 * counted as pairs. Errors: as cov_callers().
 */
int cov_paths(struct cov *cov, const struct cov_snapshot *snapshot,
	      struct cov_records **records);

/**
 * struct cov_news_counts - how much is new since the handle's last cov_news()
 * @size: sizeof
 * @pairs_since: serial of the last pair that the handle knew of
 * @pairs: serial of the last pair that exists
 * @places_since: number of entries, outcomes and blocks that had been passed for the
 *		  first time
 * @places: the current number
 */
struct cov_news_counts {
	size_t size;
	uint64_t pairs_since;
	uint64_t pairs;
	uint64_t places_since;
	uint64_t places;
};

/**
 * cov_news - report what is new, and mark it as known
 * @cov: handle
 * @counts: out
 *
 * A handle's knowledge starts at cov_open(). poll() finds cov_fd() readable while there
 * is more. Detours, entries armed through ftrace, and jumps with a permanent breakpoint
 * do not detect first hits, unless attached with COV_ATTACH_PATHS: compare snapshots.
 * Errors: ENOTTY this livecov.ko is too old for this call.
 */
int cov_news(struct cov *cov, struct cov_news_counts *counts);

/**
 * cov_new_pairs - the pairs, callers and paths, that were new between two calls of
 * cov_news()
 * @cov: handle
 * @snapshot: of all targets; it must live as long as the records
 * @counts: from cov_news()
 * @records: out; free it with cov_records_free()
 *
 * Errors: as cov_callers().
 */
int cov_new_pairs(struct cov *cov, const struct cov_snapshot *snapshot,
		  const struct cov_news_counts *counts, struct cov_records **records);

/**
 * cov_fd - the handle's descriptor, for poll() with POLLIN; the handle keeps it
 * @cov: handle
 */
int cov_fd(const struct cov *cov);

/**
 * cov_records_free - free records and the strings that belong to them
 * @records: or NULL
 */
void cov_records_free(struct cov_records *records);

/**
 * cov_records_count - how many
 * @records: from cov_callers() and its like
 */
size_t cov_records_count(const struct cov_records *records);

/**
 * cov_records_lost - how many times a record did not fit, all targets
 * @records: from cov_callers() and its like
 */
uint64_t cov_records_lost(const struct cov_records *records);

/**
 * cov_records_get - one of them
 * @records: from cov_callers() and its like
 * @i: 0 is the one that occurred first
 * @out: out
 *
 * Errors: ERANGE, EINVAL.
 */
int cov_records_get(const struct cov_records *records, size_t i, struct cov_record *out);

/* ---- control flow ------------------------------------------------------- */

struct cov_flow;

/**
 * cov_flow_open - the control flow between blocks, also while their module is unloaded
 * @cov: handle
 * @snapshot: from cov_snapshot_take(); it must live as long as @flow
 * @t: index
 * @function: index: it and its cold parts; COV_NONE for all
 * @flow: out; free it with cov_flow_close()
 *
 * A static branch may lead to either of two blocks; where a computed jump leads is not known.
 * Errors: ERANGE, ENOMEM, EOPNOTSUPP livecov.ko is older.
 */
int cov_flow_open(struct cov *cov, const struct cov_snapshot *snapshot, unsigned int t,
		  unsigned int function, struct cov_flow **flow);

/**
 * cov_flow_close - free it
 * @flow: or NULL
 */
void cov_flow_close(struct cov_flow *flow);

/**
 * cov_flow_next - where a block leads
 * @flow: from cov_flow_open()
 * @block: index
 * @behind: out: the block that follows if no jump is taken, or COV_NONE
 * @jump: out: the block that its jump goes to, or COV_NONE if there is none or it leaves
 *	  the target's blocks
 *
 * Errors: ERANGE.
 */
int cov_flow_next(const struct cov_flow *flow, unsigned int block, unsigned int *behind,
		  unsigned int *jump);

/* ---- traces: what each task did, in order -------------------------------- */

/* Kinds of events; also indices of arrays of numbers. */
#define COV_TRACE_ENTRY		1	/* a function was entered */
#define COV_TRACE_RETURN	2	/* and left; for targets with COV_ATTACH_RETURNS */
#define COV_TRACE_BRANCH	3	/* a conditional jump */
#define COV_TRACE_SYSCALL	4	/* a system call begins */
#define COV_TRACE_SYSRET	5	/* and ends */
#define COV_TRACE_KINDS		8

#define COV_TRACE_TIME		(1U << 0)	/* events have the time */
#define COV_TRACE_ARGS		(1U << 1)	/* entries and system calls have their arguments */
#define COV_TRACE_SYSCALLS	(1U << 2)	/* system calls are recorded */

/**
 * struct cov_trace_options - how much to record; zeroes are the defaults
 * @size: sizeof
 * @bytes: memory for events, at most 1 GiB; 0 is 16 MiB
 * @tasks: how many tasks can be traced, at most 65536; 0 is 4096
 * @flags: COV_TRACE_TIME and so on
 */
struct cov_trace_options {
	size_t size;
	uint64_t bytes;
	uint32_t tasks;
	uint32_t flags;
};

/**
 * cov_trace_open - record what this handle's tasks do in targets of mode trace
 * @cov: handle
 * @options: or NULL for the defaults
 * @trace: out: free it with cov_trace_close(); it outlives @cov
 *
 * The trace covers tasks that are or will be registered through @cov, and their
 * descendants, but not what interrupts do on top of them. The memory is filled once: what
 * does not fit is counted as lost. Errors: EEXIST @cov already has a trace, ENOSPC too
 * many traces, EINVAL, ENOMEM, EPROTO livecov contradicts itself, ENOTTY this livecov.ko
 * is too old for this call.
 */
int cov_trace_open(struct cov *cov, const struct cov_trace_options *options,
		   struct cov_trace_handle **trace);

/**
 * cov_trace_close - end a trace and free it
 * @trace: from cov_trace_open(), or NULL
 */
void cov_trace_close(struct cov_trace_handle *trace);

/**
 * struct cov_trace_losses - what a trace has no entry for
 * @size: sizeof
 * @tasks: number of tasks beyond struct cov_trace_options' @tasks
 * @lost: their events, by kind
 */
struct cov_trace_losses {
	size_t size;
	uint64_t tasks;
	uint64_t lost[COV_TRACE_KINDS];
};

/**
 * cov_trace_losses - tasks that have no entry, and their events
 * @trace: from cov_trace_open()
 * @losses: out
 *
 * Errors: EINVAL. As they have no handle, this and the calls below do not change
 * cov_last_error().
 */
int cov_trace_losses(const struct cov_trace_handle *trace, struct cov_trace_losses *losses);

/**
 * cov_trace_tasks - how many tasks have passed a traced place so far
 * @trace: from cov_trace_open()
 */
unsigned int cov_trace_tasks(const struct cov_trace_handle *trace);

/**
 * struct cov_trace_task_desc - a traced task, that is a thread
 * @size: sizeof
 * @pid: its pid (the thread's)
 * @tgid: its process's pid
 * @comm: its name when it passed the first place or, where system calls are recorded,
 *	  since it last executed a program
 * @recorded: number of its events, by kind
 * @lost: number of events that did not fit; COV_TRACE_RETURN: also those for which the
 *	  kernel had no kretprobe instance
 */
struct cov_trace_task_desc {
	size_t size;
	uint32_t pid;
	uint32_t tgid;
	char comm[16];
	uint64_t recorded[COV_TRACE_KINDS];
	uint64_t lost[COV_TRACE_KINDS];
};

/**
 * cov_trace_task - describe a task
 * @trace: from cov_trace_open()
 * @task: its index
 * @out: out
 *
 * Errors: ERANGE no such index, EINVAL @out has no size.
 */
int cov_trace_task(const struct cov_trace_handle *trace, unsigned int task,
		   struct cov_trace_task_desc *out);

/**
 * struct cov_trace_event - what a task did
 * @size: sizeof
 * @kind: COV_TRACE_ENTRY and so on
 * @taken: of a branch: 1 if it was taken
 * @compat: of a system call: 1 if it is a 32-bit one, with numbers of its own
 * @target: target id
 * @index: of the function, or of the branch, in the target's tables; or the system call's
 *	   number
 * @stack: bytes of its kernel stack that were in use: a callee has more than its caller;
 *	   a function reached by a tail call has the same. A return has the same value as
 *	   its entry.
 * @time: CLOCK_MONOTONIC, ns; 0 without COV_TRACE_TIME
 * @value: of a return or the end of a system call
 * @nr_args: how many arguments an entry or the beginning of a system call has: 0 or 6
 * @args: what the registers held; a function may have fewer arguments
 */
struct cov_trace_event {
	size_t size;
	uint32_t kind;
	uint32_t taken;
	uint32_t compat;
	uint32_t target;
	uint32_t index;
	uint32_t stack;
	uint64_t time;
	uint64_t value;
	uint32_t nr_args;
	uint64_t args[6];
};

/**
 * cov_trace_read - read a task's next event
 * @trace: from cov_trace_open()
 * @task: its index
 * @position: where the reader is: initially 0, updated by each call
 * @event: out
 *
 * May be called while the task is writing. Errors: ENODATA no more events yet, ERANGE no
 * such task or position, EINVAL @event has no size, EPROTO an inconsistent event.
 */
int cov_trace_read(const struct cov_trace_handle *trace, unsigned int task,
		   uint64_t *position, struct cov_trace_event *event);

/* ---- what to reach next ------------------------------------------------ */

#define COV_UNHIT_FUNCTION	1	/* a function that was not entered */
#define COV_UNHIT_OUTCOME	2	/* a side never taken of a branch that was reached */

/**
 * struct cov_unhit - a place that no test has reached; nothing in it to free
 * @size: sizeof
 * @kind: COV_UNHIT_*
 * @target: its target's id
 * @target_index: its target's index in the snapshot
 * @function: index
 * @branch: index, COV_NONE for COV_UNHIT_FUNCTION
 * @taken: for COV_UNHIT_OUTCOME: 1 if the jump was never taken, 0 if it never
 *	   fell through
 * @behind: number of blocks that did not run and are reachable through here, within the
 *	    function and its cold parts, without passing a block that did run
 * @condition: struct cov_branch_desc's
 * @address: of the jump or of the function
 * @offset: of the jump from its function's first byte; of a manual checkpoint
 *	    from its function's; else 0
 * @other_hits: how often the other side ran, 0 if not known: see struct cov_target_desc's
 *		@counted
 * @levels: the function's
 * @module: name
 * @function_name: symbol
 */
struct cov_unhit {
	size_t size;
	uint32_t kind;
	uint32_t target;
	uint32_t target_index;
	uint32_t function;
	uint32_t branch;
	uint32_t taken;
	uint32_t behind;
	uint32_t condition;
	uint64_t address;
	uint64_t offset;
	uint64_t other_hits;
	uint64_t levels;
	char module[64];
	char function_name[256];
};

#define COV_RANK_FUNCTIONS_ONLY	(1U << 0)

/**
 * cov_rank - order what was not reached, the most rewarding first
 * @cov: handle
 * @snapshot: what to rank
 * @levels: mask; functions that have one of these levels; 0 is any
 * @flags: COV_RANK_*
 * @ranking: out; free it with cov_ranking_free()
 *
 * The unhit sides of branches that were reached come first: ordered by the amount of code
 * after them that did not run, then, where that is counted, by how often their other side
 * ran. They are followed by the functions that were not entered, the largest first.
 * A place that a manual checkpoint and the module's own target both have is listed once, as the
 * latter's.
 *
 * A call is taken to return, and a computed jump to lead nowhere: so the count of blocks may
 * be slightly off, the order hardly. Nothing is taken to follow the check of a stack
 * protector. The list of places itself is exact. Errors: EINVAL a bad flag, ENOMEM, EOPNOTSUPP
 * livecov.ko is older (not with COV_RANK_FUNCTIONS_ONLY).
 */
int cov_rank(struct cov *cov, const struct cov_snapshot *snapshot,
	     uint64_t levels, unsigned int flags, struct cov_ranking **ranking);

/**
 * cov_ranking_free - free a ranking
 * @ranking: or NULL
 */
void cov_ranking_free(struct cov_ranking *ranking);

/**
 * cov_ranking_count - how many places
 * @ranking: from cov_rank()
 */
size_t cov_ranking_count(const struct cov_ranking *ranking);

/**
 * cov_ranking_get - one of them
 * @ranking: from cov_rank()
 * @i: 0 is the most rewarding
 * @out: out
 *
 * Errors: ERANGE, EINVAL.
 */
int cov_ranking_get(const struct cov_ranking *ranking, size_t i,
		    struct cov_unhit *out);

/**
 * cov_next_unhit_function - a function that was not entered
 * @cov: handle
 * @skip: how many to pass over
 * @level: mask; 0 is any
 * @out: out
 *
 * Takes a snapshot each time: to walk many, use cov_rank(). Errors: ENOENT no
 * more, nothing is attached, or no function has one of the levels; cov_last_error()
 * tells which; and cov_snapshot_take()'s.
 */
int cov_next_unhit_function(struct cov *cov, unsigned int skip, uint64_t level,
			    struct cov_unhit *out);

/**
 * cov_next_unhit_checkpoint - the next place worth reaching, of either kind
 * @cov: handle
 * @skip: how many to pass over
 * @level: mask; 0 is any
 * @out: out
 *
 * As cov_next_unhit_function().
 */
int cov_next_unhit_checkpoint(struct cov *cov, unsigned int skip, uint64_t level,
			      struct cov_unhit *out);

/* ---- source lines ------------------------------------------------------ */

/**
 * cov_lines_open - find a target's debug information
 * @cov: handle
 * @snapshot: from cov_snapshot_take(); it must live as long as @lines
 * @t: index
 * @lines: out; free it with cov_lines_close()
 *
 * Looks at the module's file and at the separate debug files under
 * /usr/lib/debug; once for each module of a snapshot, which keeps the file. Errors: ENOENT none
 * with that build-id (the message says what is wrong with the file in a directory of
 * cov_add_module_dir()), ERANGE, ENOMEM.
 */
int cov_lines_open(struct cov *cov, const struct cov_snapshot *snapshot,
		   unsigned int t, struct cov_lines **lines);

/**
 * cov_lines_close - free what cov_lines_open() found
 * @lines: or NULL
 */
void cov_lines_close(struct cov_lines *lines);

/**
 * cov_lines_find - the source line of an instruction
 * @lines: from cov_lines_open()
 * @function: index of the function that it is in
 * @offset: from that function's first byte
 * @file: out: path as the compiler was given it; belongs to @lines
 * @line: out: number, from 1
 *
 * Errors: ENOENT no line is known, ERANGE.
 */
int cov_lines_find(struct cov_lines *lines, unsigned int function,
		   uint64_t offset, const char **file, unsigned int *line);

#ifdef __cplusplus
}
#endif

#endif /* LIBCOV_H */
