/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * cov_ioctl.h - the contract between livecov.ko and user space.
 *
 * All calls are ioctls on COV_CONTROL_PATH, a file that only root may open. Rules that
 * hold for every call:
 *
 *  - Members are fixed-width and naturally aligned; pointers are passed as __u64. A
 *    struct is never reinterpreted: a changed struct gets a new number.
 *  - Members named @pad (or @pad2) and unknown flag bits must be zero, else EINVAL.
 *  - Strings are NUL-terminated inside their array, else EINVAL.
 *  - An unknown command fails with ENOTTY, an unreadable or unwritable pointer with
 *    EFAULT. A signal while waiting for another call to finish gives EINTR.
 *  - The layout is the same for 32-bit and 64-bit callers.
 *  - A failed call changes nothing, except that sites armed by COV_IOC_ARM, COV_IOC_RESET,
 *    COV_IOC_CHECKPOINT_SWITCH or COV_IOC_OUTCOME_SWITCH before they failed stay armed, what
 *    was switched on stays on, what COV_IOC_RESET was to forget is forgotten, and sites of
 *    other targets that COV_IOC_CHECKPOINT_ADD had moved to kprobes stay there, with what
 *    struct cov_checkpoint_add says of them.
 *    COV_IOC_LAST_ERROR on the same file then returns a sentence that says what was wrong and
 *    what to do next.
 *  - Everything that a file has attached or registered is undone when its last descriptor
 *    is closed, unless COV_IOC_KEEP has made it permanent.
 *  - Addresses are kernel virtual addresses; the file is 0600 for that reason.
 */
#ifndef COV_IOCTL_H
#define COV_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define COV_CONTROL_PATH	"/sys/kernel/debug/livecov/control"

/* A different major is incompatible; a higher minor only adds. */
#define COV_ABI_MAJOR		1
#define COV_ABI_MINOR		7

#define COV_MODULE_LEN		64	/* MODULE_NAME_LEN is 56 on 64-bit */
#define COV_NAME_LEN		256	/* a checkpoint's or function's name */
#define COV_SECTION_LEN		32
#define COV_BUILD_ID_LEN	20	/* a SHA-1 build-id, the longest ld writes by default */
#define COV_ERROR_LEN		256
#define COV_RELEASE_LEN		64

/* The module name that stands for the kernel itself. */
#define COV_CORE_KERNEL		"vmlinux"

/* Index and id members use this for "none". */
#define COV_NONE		0xffffffffU

/* Modes: what is recorded. */
#define COV_MODE_BLOCKS		1	/* each block seen or not; one-shot in scope all */
#define COV_MODE_EDGES		2	/* both outcomes of each Jcc; every block with them */
#define COV_MODE_COUNT		3	/* the same, and how often each outcome and entry ran */
#define COV_MODE_TRACE		4	/* the same, and the order for each task: COV_IOC_TRACE */

/* Scopes: whose execution counts. */
#define COV_SCOPE_TRACKED	1	/* registered tasks, in task context */
#define COV_SCOPE_ALL		2	/* all that runs in the target, interrupts included */

/* Engines: what arms a site. */
#define COV_ENGINE_AUTO		0	/* the best that each site allows */
#define COV_ENGINE_KPROBE	1	/* a kprobe on each site; counts in mode edges, too */
#define COV_ENGINE_BREAKPOINT	2	/* int3; ftrace for entries seen repeatedly; else kprobes */
#define COV_ENGINE_DETOUR	3	/* a jump to a stub; else ftrace (entries); no others */
#define COV_ENGINE_ENTRY	4	/* entries only, through ftrace */
#define COV_ENGINES_MAX		8

/* Why a branch has no detour. */
#define COV_WHY_OTHER		0	/* another engine was requested, or see its errno */
#define COV_WHY_UNSURE		1	/* not every edge into its function is known */
#define COV_WHY_SHORT		2	/* too few movable instructions are near it */
#define COV_WHY_RESERVED	3	/* its bytes, or adjacent ones, belong to another user */
#define COV_WHYS_MAX		8

/* What is known about a block or an outcome. */
#define COV_NO			0	/* certainly did not run */
#define COV_YES			1
#define COV_UNKNOWN		2	/* a refused site or unknown flow hides it */

/* A site's state. */
#define COV_SITE_NONE		0	/* this place needs no site: it follows from others */
#define COV_SITE_PENDING	1	/* selected, not armed yet */
#define COV_SITE_ARMED		2
#define COV_SITE_DISARMED	3	/* has shown all it can; tracked: to all that run */
#define COV_SITE_REFUSED	4	/* see the corresponding errno */
#define COV_SITE_GONE		5	/* its text was unloaded */

/**
 * struct cov_version - version and features of livecov
 * @abi_major: COV_ABI_MAJOR of the module
 * @abi_minor: COV_ABI_MINOR of the module
 * @modes: bit (1 << COV_MODE_*) for each mode that works here
 * @scopes: bit (1 << COV_SCOPE_*)
 * @engines: bit (1 << COV_ENGINE_*)
 * @pad: 0
 * @release: livecov's own version
 */
struct cov_version {
	__u32 abi_major;
	__u32 abi_minor;
	__u32 modes;
	__u32 scopes;
	__u32 engines;
	__u32 pad;
	char release[COV_RELEASE_LEN];
};

/**
 * struct cov_error - the text of the last error on this file
 * @text: one sentence, empty when no call has failed yet
 */
struct cov_error {
	char text[COV_ERROR_LEN];
};

/**
 * struct cov_section - a named range of a target's text
 * @name: as in the ELF file, ".text", ".text.unlikely", ".init.text" ...
 * @base: address of its first byte in memory
 * @size: bytes; 0 if the caller does not know
 *
 * The kernel drops section names after loading; only sysfs has them. The caller of
 * COV_IOC_ATTACH passes them so that results which outlive the target still have names.
 */
struct cov_section {
	char name[COV_SECTION_LEN];
	__u64 base;
	__u64 size;
};

#define COV_ATTACH_FUNCTIONS_ONLY (1U << 0)	/* entries only, no blocks or branches */
#define COV_ATTACH_RETURNS	(1U << 2)	/* mode trace: returns too; since minor version 2 */

/*
 * Record callers and paths (COV_IOC_CALLERS), and count hits in every mode. There are no
 * detours, and nothing becomes cheaper once it was seen: each jump is a trap. EOPNOTSUPP
 * with COV_ENGINE_DETOUR. Since minor version 2.
 */
#define COV_ATTACH_PATHS	(1U << 1)

/* At most, else E2BIG. */
#define COV_ATTACH_GLOBS_MAX	(64U << 10)	/* bytes of patterns */
#define COV_ATTACH_PATTERNS_MAX	1024
#define COV_ATTACH_SECTIONS_MAX	64

/**
 * struct cov_attach - select what to measure (COV_IOC_ATTACH)
 * @module: a loaded module, or COV_CORE_KERNEL
 * @globs: address of @globs_len bytes: NUL-terminated shell patterns, of which a
 *	   function's name must match one. For COV_CORE_KERNEL each is an exact function
 *	   name and at least one is required.
 * @sections: address of @nr_sections struct cov_section, or 0
 * @levels: mask of levels 1..64 (bit 0 is level 1) that the checkpoints get;
 *	    not 0
 * @globs_len: bytes at @globs, at most COV_ATTACH_GLOBS_MAX, and COV_ATTACH_PATTERNS_MAX
 *	       patterns; 0 selects every function
 * @nr_sections: at most COV_ATTACH_SECTIONS_MAX
 * @mode: COV_MODE_*
 * @scope: COV_SCOPE_*
 * @engine: COV_ENGINE_*
 * @flags: COV_ATTACH_*
 * @target: out: the new target's id, never 0
 * @functions: out: functions selected
 * @blocks: out: blocks in them
 * @branches: out: conditional jumps in them
 * @sites: out: sites to arm
 * @pad: 0
 *
 * The text is decoded and the sites are selected; nothing is patched before COV_IOC_ARM.
 * Errors: ENOENT no such module or no function matches, EEXIST already attached, ENODEV
 * the module is being unloaded, EAGAIN its init function is just returning, EINTR a
 * signal, EPERM livecov itself or a locked-down kernel, ENOSPC checkpoint table full,
 * EOPNOTSUPP a mode, scope or engine that this livecov.ko does not support, E2BIG the
 * list is too long or there is too much text, EFAULT an array or the text cannot be read.
 */
struct cov_attach {
	char module[COV_MODULE_LEN];
	__u64 globs;
	__u64 sections;
	__u64 levels;
	__u32 globs_len;
	__u32 nr_sections;
	__u32 mode;
	__u32 scope;
	__u32 engine;
	__u32 flags;
	__u32 target;
	__u32 functions;
	__u32 blocks;
	__u32 branches;
	__u32 sites;
	__u32 pad;
};

/**
 * struct cov_arm - arm some of a target's pending sites (COV_IOC_ARM)
 * @target: target id
 * @max: how many to try in this call, at least 1; a signal ends it early: repeat the call
 *	 until @pending is 0
 * @pending: out: sites not yet tried; 0 means the target is armed
 * @armed: out: sites armed so far
 * @refused: out: sites refused so far
 * @total: out: sites in total; it may grow, because a refused site can be replaced by
 *	   others that give the same answer
 *
 * EPERM: the kernel has been locked down since the file was opened. Then COV_IOC_RESET fails like
 * this as well, and so does whatever is to be switched on; all else goes on, COV_IOC_DETACH too.
 */
struct cov_arm {
	__u32 target;
	__u32 max;
	__u32 pending;
	__u32 armed;
	__u32 refused;
	__u32 total;
};

/**
 * struct cov_target_id - identifies a target (COV_IOC_KEEP, _DETACH, _RESET)
 * @target: target id; for COV_IOC_RESET 0 means all
 * @pad: 0
 *
 * While a target's owner is arming it for the first time, a reset does not make its hits complete:
 * each site counts from when it is armed.
 */
struct cov_target_id {
	__u32 target;
	__u32 pad;
};

/* A target's state. */
#define COV_TARGET_LIVE		1	/* loaded and measured */
#define COV_TARGET_GONE		2	/* unloaded: results kept, armed again when it is loaded */
#define COV_TARGET_STALE	3	/* loaded again, another build: results kept, not armed */

#define COV_INFO_NEXT		(1U << 0)	/* the first target whose id is above @target */

/**
 * struct cov_target_info - a target's numbers (COV_IOC_TARGET)
 * @target: in: id; out: the id found
 * @flags: COV_INFO_*
 * @module: its name
 * @checkpoint: the checkpoint's name if the target was made by
 *		COV_IOC_CHECKPOINT_ADD, else empty
 * @build_id: the ELF build-id
 * @build_id_len: its length, 0 if there is none
 * @state: COV_TARGET_*
 * @mode: COV_MODE_*
 * @scope: COV_SCOPE_*
 * @engine: COV_ENGINE_* that was requested; COV_IOC_ENGINES reports those in use
 * @attach_flags: COV_ATTACH_*
 * @kept: 1 once COV_IOC_KEEP was called
 * @levels: mask
 * @text_base: address of its text in memory, the last one if it is gone
 * @text_size: bytes
 * @generation: changes whenever the tables below are rebuilt
 * @functions: entries for COV_IOC_FUNCTIONS
 * @blocks: entries for COV_IOC_BLOCKS, and for COV_IOC_EDGES
 * @branches: entries for COV_IOC_BRANCHES, and for COV_IOC_OUTCOMES
 * @sections: entries for COV_IOC_SECTIONS
 * @names_len: bytes for COV_IOC_NAMES
 * @sites: sites in total
 * @pending: sites not armed yet
 * @armed: sites armed now
 * @disarmed: sites that have shown everything they can
 * @refused: sites that could not be armed
 * @gone: sites whose text was unloaded
 * @functions_hit: entries hit
 * @blocks_hit: blocks certainly covered
 * @outcomes_hit: branch outcomes certainly seen, of 2 * @branches
 * @blocks_unknown: blocks about which nothing is known
 * @outcomes_unknown: outcomes about which nothing is known
 * @missed: hits that the kernel's kprobes skipped (nmissed)
 * @checkpoint_offset: struct cov_checkpoint_add's offset; entry 0 of
 *		       COV_IOC_FUNCTIONS then has that place's state and hits
 *
 * ENOENT: no such target, or with COV_INFO_NEXT none with a higher id.
 */
struct cov_target_info {
	__u32 target;
	__u32 flags;
	char module[COV_MODULE_LEN];
	char checkpoint[COV_NAME_LEN];
	__u8 build_id[COV_BUILD_ID_LEN];
	__u32 build_id_len;
	__u32 state;
	__u32 mode;
	__u32 scope;
	__u32 engine;
	__u32 attach_flags;
	__u32 kept;
	__u64 levels;
	__u64 text_base;
	__u64 text_size;
	__u64 generation;
	__u32 functions;
	__u32 blocks;
	__u32 branches;
	__u32 sections;
	__u32 names_len;
	__u32 sites;
	__u32 pending;
	__u32 armed;
	__u32 disarmed;
	__u32 refused;
	__u32 gone;
	__u32 functions_hit;
	__u32 blocks_hit;
	__u32 outcomes_hit;
	__u32 blocks_unknown;
	__u32 outcomes_unknown;
	__u64 missed;
	__u64 checkpoint_offset;
};

#define COV_FUNCTION_COLD	(1U << 0)	/* a .cold part; @parent is its function */
#define COV_FUNCTION_OPAQUE	(1U << 1)	/* could not be decoded: entry only */
#define COV_FUNCTION_DISABLED	(1U << 2)	/* COV_IOC_CHECKPOINT_SWITCH: it is off */
/* Minor 7: its entry was not watched all the time: that it has no hits says nothing. */
#define COV_FUNCTION_LAPSED	(1U << 3)

/**
 * struct cov_function - one entry of COV_IOC_FUNCTIONS
 * @address: of its first byte
 * @size: bytes
 * @name: offset of its NUL-terminated name in COV_IOC_NAMES' bytes
 * @parent: index of the function that a cold part belongs to, else COV_NONE
 * @flags: COV_FUNCTION_*
 * @first_block: index of its first block; its blocks are contiguous, ordered by address
 * @blocks: how many
 * @first_branch: index of its first branch; its branches are contiguous, ordered by
 *		  address
 * @branches: how many
 * @state: COV_SITE_* of its entry site; COV_SITE_NONE for a cold part
 * @error: errno (positive) why the entry was refused, else 0
 * @hits: entries; counted in modes count and trace, in mode edges by engine kprobe (but
 *	  not if engine auto chose it), and with COV_ATTACH_PATHS; else nonzero if there
 *	  were any
 * @first_sample: the sample that entered it first, 0 if none, untracked, or not recorded
 *		  by its engine
 * @levels: mask
 */
struct cov_function {
	__u64 address;
	__u32 size;
	__u32 name;
	__u32 parent;
	__u32 flags;
	__u32 first_block;
	__u32 blocks;
	__u32 first_branch;
	__u32 branches;
	__u32 state;
	__u32 error;
	__u64 hits;
	__u64 first_sample;
	__u64 levels;
};

/**
 * struct cov_block - one entry of COV_IOC_BLOCKS
 * @function: index of its function
 * @offset: of its first byte from its function's first byte
 * @size: bytes, to the end of its terminator
 * @covered: COV_NO, COV_YES, COV_UNKNOWN
 * @state: COV_SITE_* of its own site; COV_SITE_NONE if it follows from others
 * @error: errno (positive) why its site was refused, else 0; 255 for those above
 * @pad: 0
 */
struct cov_block {
	__u32 function;
	__u32 offset;
	__u32 size;
	__u8 covered;
	__u8 state;
	__u8 error;
	__u8 pad;
};

/**
 * struct cov_branch - one entry of COV_IOC_BRANCHES: a conditional jump
 * @target: address it jumps to when taken
 * @function: index of its function
 * @block: index of the block that it ends
 * @offset: of the jump from its function's first byte
 * @size: of the jump, bytes
 * @condition: low nibble of its opcode (0 o, 1 no, 2 b, ... f g; SDM vol. 2
 *	       appendix B.1.4.7), or 0x10 loopne, 0x11 loope, 0x12 loop, 0x13 jrcxz/jecxz
 * @taken: COV_NO, COV_YES, COV_UNKNOWN
 * @not_taken: the same
 * @state: COV_SITE_* of the site on the jump itself
 * @error: errno (positive) why that was refused, else 0
 * @taken_hits: how often it was taken; a count where @hits of functions are, else nonzero
 *		if it was
 * @not_taken_hits: how often it was not taken; the same
 * @first_sample: the sample that reached it first, 0 if none, untracked, or not recorded
 *		  by its engine
 */
struct cov_branch {
	__u64 target;
	__u32 function;
	__u32 block;
	__u32 offset;
	__u8 size;
	__u8 condition;
	__u8 taken;
	__u8 not_taken;
	__u32 state;
	__u32 error;
	__u64 taken_hits;
	__u64 not_taken_hits;
	__u64 first_sample;
};

#define COV_EDGES_CANARY	(1U << 0)	/* its branch is the stack protector's check */

/**
 * struct cov_block_edges - one entry of COV_IOC_EDGES: where the block of that index leads
 * @next: index of the block behind it, if control may go on there; else COV_NONE
 * @jump: index of the block that its last instruction may jump to; COV_NONE if it does not
 *	  jump, or leaves the target's blocks, or it is not known where to
 * @flags: COV_EDGES_*
 * @pad: 0
 *
 * Where it ends in a conditional jump, @next is where that falls through to and @jump its
 * destination. A static branch has both, too. With COV_EDGES_CANARY nothing is behind @jump but a
 * call that does not return. They are known as well when the module is unloaded. Since minor
 * version 5.
 */
struct cov_block_edges {
	__u32 next;
	__u32 jump;
	__u32 flags;
	__u32 pad;
};

/**
 * struct cov_range - read a range of one of a target's tables
 *	   (COV_IOC_FUNCTIONS, _BLOCKS, _BRANCHES, _SECTIONS, _NAMES, _EDGES, _OUTCOMES)
 * @target: target id
 * @first: index of the first entry wanted; for _NAMES a byte offset
 * @buffer: address for the entries
 * @count: in: how many fit, 1..COV_RANGE_MAX; out: how many were written, 0 at
 *	   the end of the table
 * @pad: 0
 * @generation: out: struct cov_target_info's; if it changes between two calls, the reader
 *		has to start again
 */
struct cov_range {
	__u32 target;
	__u32 first;
	__u64 buffer;
	__u32 count;
	__u32 pad;
	__u64 generation;
};

#define COV_RANGE_MAX		(1U << 20)

/**
 * struct cov_text - read a target's text as it was before livecov patched it
 * @target: target id; it must be live, else ENODEV
 * @length: bytes, 1..COV_TEXT_MAX; all within the target's text, else EINVAL
 * @address: of the first byte
 * @buffer: address for the bytes
 */
struct cov_text {
	__u32 target;
	__u32 length;
	__u64 address;
	__u64 buffer;
};

#define COV_TEXT_MAX		(1U << 16)

/**
 * struct cov_status - livecov as a whole (COV_IOC_STATUS)
 * @targets: attached targets
 * @checkpoints: checkpoints in use
 * @checkpoints_max: size of that table (parameter max_checkpoints)
 * @tasks: tasks tracked now, including those that have exited and not been reaped
 * @tasks_max: size of that table (parameter max_tasks)
 * @callers: caller records
 * @callers_max: size of that table: at least twice the parameter max_callers, so that as many as
 *		 that are found room quickly
 * @pad: 0
 * @tasks_lost: tasks that could not be followed because the table was full
 * @callers_lost: caller records dropped because the table was full
 * @missed: sum of struct cov_target_info.missed
 * @refused: sites refused, all targets
 */
struct cov_status {
	__u32 targets;
	__u32 checkpoints;
	__u32 checkpoints_max;
	__u32 tasks;
	__u32 tasks_max;
	__u32 callers;
	__u32 callers_max;
	__u32 pad;
	__u64 tasks_lost;
	__u64 callers_lost;
	__u64 missed;
	__u64 refused;
};

/**
 * struct cov_register - track the calling task (COV_IOC_REGISTER)
 * @sample: an id for the test case, not 0
 * @flags: 0
 * @pad: 0
 *
 * Children and threads that the task creates later are tracked under the same sample.
 * Tracking ends with COV_IOC_UNREGISTER, with the task, or when the file is closed (for
 * every task that is tracked through it). EEXIST: already tracked. ENOSPC: table full.
 * ENOMEM: also if all samples and traces would together take more than half of the memory.
 * ESRCH: COV_IOC_UNREGISTER of a task that is not tracked.
 */
struct cov_register {
	__u64 sample;
	__u32 flags;
	__u32 pad;
};

#define COV_CHECKPOINT_AUTO	(1U << 0)	/* its function's branches as well */
/* Minor 4: @offset is the place's address; it tells functions of one name apart. */
#define COV_CHECKPOINT_ADDRESS	(1U << 1)

/**
 * struct cov_checkpoint_add - watch one place (COV_IOC_CHECKPOINT_ADD)
 * @name: the checkpoint's name, unique, not empty, without control characters
 * @module: a loaded module, COV_CORE_KERNEL, or empty to search modules
 * @function: function in it
 * @offset: of an instruction from the function's first byte, or its address
 * @levels: mask, not 0
 * @scope: COV_SCOPE_*
 * @flags: COV_CHECKPOINT_*
 * @target: out: id of the target that holds it
 * @pad: 0
 *
 * It is armed when the call returns, and kept until it is deleted: by ftrace, a breakpoint or
 * a kprobe. If another target has patched the bytes, they are restored, and kprobes serve both;
 * what the other's site had not seen by then is COV_UNKNOWN until it is hit or COV_IOC_RESET.
 * EEXIST name in use, ENOENT no such module or function, or none at that address, ENOTUNIQ
 * the module has several functions of that name, ENODEV it is being unloaded, EAGAIN its
 * init function is just returning, EILSEQ @offset is inside an instruction, EBUSY a
 * debugger's breakpoint before @offset hides where the instructions begin, ERANGE @offset
 * is beyond the function's end, EPERM livecov itself or a locked-down kernel, EINVAL the
 * kernel forbids a probe there, EOPNOTSUPP an instruction that may fault, while another
 * target may have breakpoints (the kernel would not survive the combination), or a loop
 * instruction that can have no breakpoint, as kprobes would carry it out wrongly: another
 * target or, with COV_CHECKPOINT_AUTO, the checkpoint's own branch has it, or it is the
 * kernel's own. EINTR a signal, ENOSPC table full.
 */
struct cov_checkpoint_add {
	char name[COV_NAME_LEN];
	char module[COV_MODULE_LEN];
	char function[COV_NAME_LEN];
	__u64 offset;
	__u64 levels;
	__u32 scope;
	__u32 flags;
	__u32 target;
	__u32 pad;
};

/**
 * struct cov_checkpoint_del - delete a checkpoint (COV_IOC_CHECKPOINT_DEL)
 * @name: its name; ENOENT if there is none
 */
struct cov_checkpoint_del {
	char name[COV_NAME_LEN];
};

/**
 * struct cov_checkpoint_switch - switch checkpoints off and on (COV_IOC_CHECKPOINT_SWITCH)
 * @glob: shell pattern for their names; "*" matches all
 * @on: 1, or 0 for off
 * @flags: COV_CHECKPOINT_AUTO: their functions' branches as well, where they have them;
 *	   else only the places
 *
 * One that is off counts nothing, and stays off across COV_IOC_RESET and the unloading of
 * its module. What it had counted is kept. ENOENT: none matches; EPERM: to be switched on in a
 * locked-down kernel; ENOMEM, ENOSPC or the kernel's error: some could not be armed again, the
 * others are. Those are tried again when they are switched on once more. Since minor version 2.
 */
struct cov_checkpoint_switch {
	char glob[COV_NAME_LEN];
	__u32 on;
	__u32 flags;
};

/* Is an outcome of a manual checkpoint's branch counted? */
#define COV_OUTCOME_ON		0
#define COV_OUTCOME_OFF		1	/* until it is switched on */
#define COV_OUTCOME_DELETED	2	/* until its checkpoint is deleted, come what may */

/**
 * struct cov_outcome_switch - switch off what leads to one place (COV_IOC_OUTCOME_SWITCH)
 * @target: target id, of a manual checkpoint with COV_CHECKPOINT_AUTO
 * @to: COV_OUTCOME_*
 * @address: of an instruction: every outcome of the checkpoint's branches that leads there
 *
 * As COV_IOC_CHECKPOINT_SWITCH, which switches the same outcomes with all others. About a branch
 * of which one outcome is off, nothing follows from what it does not show: see COV_UNKNOWN.
 * ENOENT: no such target, or no outcome leads there; EINVAL: the target is no manual checkpoint, or
 * @to is none of them; and the errors of COV_IOC_CHECKPOINT_SWITCH. Since minor version 6.
 */
struct cov_outcome_switch {
	__u32 target;
	__u32 to;
	__u64 address;
};

/**
 * struct cov_outcomes - one entry of COV_IOC_OUTCOMES: what of the branch of that index is counted
 * @not_taken: COV_OUTCOME_*
 * @taken: the same
 *
 * Since minor version 6.
 */
struct cov_outcomes {
	__u8 not_taken;
	__u8 taken;
};

/**
 * struct cov_engines - what armed a target's sites (COV_IOC_ENGINES)
 * @target: target id
 * @pad: 0
 * @sites: out: sites armed by each engine, indexed by COV_ENGINE_*
 * @why: out: branches without a detour, indexed by COV_WHY_*
 * @stub_bytes: out: bytes of text that stubs of all targets occupy
 * @stub_room: out: bytes of text available for them
 *
 * Since minor version 1.
 */
struct cov_engines {
	__u32 target;
	__u32 pad;
	__u32 sites[COV_ENGINES_MAX];
	__u32 why[COV_WHYS_MAX];
	__u32 stub_bytes;
	__u32 stub_room;
};

#define COV_REFUSALS_MAX	8

/**
 * struct cov_refusal - how many sites were refused for one reason
 * @error: errno (positive), or 0 for several: see struct cov_refusals
 * @sites: how many
 */
struct cov_refusal {
	__u32 error;
	__u32 sites;
};

/**
 * struct cov_refusals - why sites could not be armed (COV_IOC_REFUSALS)
 * @target: target id
 * @count: in: 0; out: entries of @of
 * @of: out: by errno, largest number of sites first; unused entries are 0
 *
 * Their sum is struct cov_target_info's @refused. If there are more errnos than entries,
 * the last entry is for those that have no entry of their own; its @error is 0, and it
 * may have more sites than those before it. ENOENT: no such target; EINVAL: @count is not
 * 0. Since minor version 3.
 */
struct cov_refusals {
	__u32 target;
	__u32 count;
	struct cov_refusal of[COV_REFUSALS_MAX];
};

/**
 * struct cov_view - whose coverage this file shows (COV_IOC_VIEW)
 * @sample: a sample, or 0 for everything; subsequent COV_IOC_TARGET, _FUNCTIONS, _BLOCKS
 *	    and _BRANCHES on this file report only this sample
 *
 * They fail with ENOENT if there is no such sample, and with EOPNOTSUPP for a target with
 * scope all, in which samples are not distinguished. Since minor version 1.
 */
struct cov_view {
	__u64 sample;
};

/**
 * struct cov_samples - list the samples (COV_IOC_SAMPLES)
 * @first: index of the first one wanted, in order of registration; one that had hit nothing when it
 *	   was registered again, or nothing since the last reset or detach, goes to the end
 * @count: in: how many fit, 1..COV_RANGE_MAX; out: how many were written
 * @buffer: address for their ids, __u64 each
 *
 * Since minor version 1.
 */
struct cov_samples {
	__u32 first;
	__u32 count;
	__u64 buffer;
};

/**
 * struct cov_map - where a target's cells can be mapped (COV_IOC_MAP)
 * @target: target id
 * @pad: 0
 * @sample: in scope tracked: which sample's; else 0
 * @offset: out: for mmap() of this file, read-only; below 1 << 44, in reach of 32-bit
 *	    programs, for the first 262,143 samples
 * @length: out: for mmap(), bytes, whole pages
 * @cell_size: out: 1 (0 or 1) or, where hits are counted, 8 (a count)
 * @functions: out: index of the first function's entry cell; the entry cells are
 *	       contiguous
 * @branches: out: index of the first branch's cells, two each: not taken, taken
 * @blocks: out: index of the first block's cell; only blocks with a site of their own are
 *	    written
 * @cells: out: number of cells
 * @pad2: 0
 *
 * What is mapped is what all engines write while they run. What follows from other sites
 * appears only in the tables. An outcome that another site's hit implies may appear in the
 * mapping only after a table has been read. The mapping stays valid after a detach; its
 * contents are then undefined. Its pages are then in no count of what samples and traces may
 * take together: unmap it. Since minor version 1.
 */
struct cov_map {
	__u32 target;
	__u32 pad;
	__u64 sample;
	__u64 offset;
	__u64 length;
	__u32 cell_size;
	__u32 functions;
	__u32 branches;
	__u32 blocks;
	__u32 cells;
	__u32 pad2;
};

/**
 * struct cov_caller - a pair of consecutive checkpoints, or a caller
 * @from_address: a return address: the caller of the function @to; or 0
 * @from_target: else the target of the checkpoint that the same task had passed before,
 *		 or 0 if @to was its first one
 * @from_cell: its cell
 * @to_target: the target of the checkpoint that was passed; never 0
 * @to_cell: its cell
 * @count: how often, not 0
 * @first_sample: the sample that showed the pair first, 0 if none or not known
 * @last_sample: the sample that showed it last, 0 if none or not known
 * @serial: pairs are numbered in the order in which they first occurred
 *
 * A checkpoint is anything that can be observed in a target, identified by its cell
 * (struct cov_map): first the functions' entries, then two for each branch, not taken and
 * taken, then the blocks, and last the place of a manual checkpoint.
 *
 * What came before is known for tracked tasks in task context. The caller is known in
 * every context that counts.
 */
struct cov_caller {
	__u64 from_address;
	__u32 from_target;
	__u32 from_cell;
	__u32 to_target;
	__u32 to_cell;
	__u64 count;
	__u64 first_sample;
	__u64 last_sample;
	__u64 serial;
};

/**
 * struct cov_callers - read caller records (COV_IOC_CALLERS)
 * @cursor: in: 0 to begin, else what the last call returned; out: where to continue
 * @since: only pairs with a serial above this
 * @upto: and not above this one; 0: no limit
 * @buffer: address for struct cov_caller
 * @target: only pairs that lead to this target; 0: all
 * @count: in: how many fit, 1..COV_RANGE_MAX; out: how many were written, 0 at the end
 * @lost: out: records that did not fit into the table (parameter max_callers)
 *
 * Recorded for targets with COV_ATTACH_PATHS, for manual checkpoints and, either a
 * function's caller or else what came before, by engine kprobe. A pair that exists
 * throughout the calls is returned exactly once, in no particular order. ENOENT: no such
 * target; EINVAL: a cursor that livecov did not return. Since minor version 2.
 */
struct cov_callers {
	__u64 cursor;
	__u64 since;
	__u64 upto;
	__u64 buffer;
	__u32 target;
	__u32 count;
	__u64 lost;
};

/**
 * struct cov_news - what is new since the last call on this file (COV_IOC_NEWS)
 * @pairs_since: serial of the last pair that the file knew of
 * @pairs: serial of the last pair that exists; the file now knows of it, and
 *	   COV_IOC_CALLERS with these two as @since and @upto returns the new ones
 * @places_since: the same for places: entries, outcomes and blocks that were passed for
 *		  the first time since they were armed or reset; COV_IOC_FUNCTIONS and the other
 *		  tables show which
 * @places: the current number
 *
 * poll() finds the file readable (POLLIN) while there is news. A file's knowledge starts
 * at open(), and is shared by all its descriptors. Detours, entries armed through ftrace,
 * and jumps with a permanent breakpoint do not detect first hits, unless attached with
 * COV_ATTACH_PATHS: what they see is only in the tables. Since minor version 2.
 */
struct cov_news {
	__u64 pairs_since;
	__u64 pairs;
	__u64 places_since;
	__u64 places;
};

/*
 * Kinds of trace records. Records are written by the task that they describe, in the
 * order in which it passed the places. What an interrupt does on top of the task is not
 * recorded.
 */
#define COV_TRACE_ENTRY		1	/* a function was entered */
#define COV_TRACE_RETURN	2	/* and left; for targets with COV_ATTACH_RETURNS */
#define COV_TRACE_BRANCH	3	/* a conditional jump: @detail is 1 if it was taken */
#define COV_TRACE_SYSCALL	4	/* a system call begins: @detail is 1 if a 32-bit one */
#define COV_TRACE_SYSRET	5	/* and ends; the same */
#define COV_TRACE_KINDS		8

#define COV_TRACE_TIME		(1U << 0)	/* records have the time */
#define COV_TRACE_ARGS		(1U << 1)	/* entries and system calls have their arguments */
#define COV_TRACE_SYSCALLS	(1U << 2)	/* system calls are recorded */

#define COV_TRACE_SIZE_MAX	(1ULL << 30)
#define COV_TRACE_TASKS_MAX	65536

/**
 * struct cov_trace - record what tasks do in targets of mode trace (COV_IOC_TRACE)
 * @size: bytes for records, 1..COV_TRACE_SIZE_MAX; rounded up to whole chunks
 * @length: out: how much of @fd can be mapped, bytes
 * @tasks: how many tasks can be traced, 1..COV_TRACE_TASKS_MAX
 * @flags: COV_TRACE_TIME and so on
 * @fd: out: a descriptor that is the trace
 * @pad: 0
 *
 * The trace covers the tasks that this control file has registered or will register, and
 * their descendants, from the first place they pass. Map @fd read-only from offset 0,
 * where there is a struct cov_trace_head. The memory is filled once: what does not fit is
 * counted as lost, and so is everything that this task does later. The trace ends when
 * @fd was closed and unmapped for the last time. EEXIST: the file already has a trace.
 * ENOSPC: too many traces. ENOMEM: also if all traces, and what samples hold for targets
 * of scope tracked, would together take more than half of the memory. Since minor version 2.
 */
struct cov_trace {
	__u64 size;
	__u64 length;
	__u32 tasks;
	__u32 flags;
	__s32 fd;
	__u32 pad;
};

/**
 * struct cov_trace_head - at the beginning of a trace
 * @flags: struct cov_trace's
 * @tasks: entries of struct cov_trace_task
 * @chunks: number of chunks, COV_TRACE_CHUNK bytes each
 * @pad: 0
 * @tasks_at: offset of the first entry
 * @chunks_at: offset of the first chunk
 * @tasks_lost: tasks for which there was no entry left
 * @lost: hits of those tasks, by COV_TRACE_ENTRY and so on
 */
struct cov_trace_head {
	__u32 flags;
	__u32 tasks;
	__u32 chunks;
	__u32 pad;
	__u64 tasks_at;
	__u64 chunks_at;
	__u64 tasks_lost;
	__u64 lost[COV_TRACE_KINDS];
};

/**
 * struct cov_trace_task - a traced task
 * @pid: the thread's pid in the initial namespace; 0: entry not used yet. A thread that
 *	 executes a program becomes its process's leader: where system calls are recorded,
 *	 its entry then has @tgid here, as that of the former leader may have
 * @tgid: its process's pid
 * @comm: its name when it passed the first place or, where system calls are recorded,
 *	  since it last executed a program
 * @recorded: number of records, by kind
 * @lost: number of records that are missing, by kind; COV_TRACE_RETURN: not counting
 *	  functions that are still running, or were when their target was detached
 */
struct cov_trace_task {
	__u32 pid;
	__u32 tgid;
	char comm[16];
	__u64 recorded[COV_TRACE_KINDS];
	__u64 lost[COV_TRACE_KINDS];
};

/*
 * A chunk belongs to one task: word 0 is the index of the task's entry plus 1, or 0 if
 * the chunk is still unused. Records follow, until one that begins with a zero. A task's
 * chunks are in memory order.
 */
#define COV_TRACE_CHUNK		4096

/**
 * struct cov_trace_record - what a task did
 * @kind: COV_TRACE_ENTRY and so on; written last, and 0 until then
 * @detail: see the kinds
 * @words: size of the whole record in 64-bit words
 * @pad: 0
 * @index: of the function, in COV_IOC_FUNCTIONS; of the branch, in COV_IOC_BRANCHES;
 *	   or the system call's number, ~0 at the end of rt_sigreturn(), which has none then
 * @target: target id; 0 for a system call
 * @stack: bytes of its kernel stack that were in use: a callee has more than its caller.
 *	   A return has the same value as its entry.
 *
 * It is followed by, 64 bits each: with COV_TRACE_TIME, CLOCK_MONOTONIC in ns; then for a
 * return or COV_TRACE_SYSRET the value; or, with COV_TRACE_ARGS, for an entry or
 * COV_TRACE_SYSCALL the six arguments (for arguments that a function does not have,
 * whatever the registers held).
 */
struct cov_trace_record {
	__u8 kind;
	__u8 detail;
	__u8 words;
	__u8 pad;
	__u32 index;
	__u32 target;
	__u32 stack;
};

#define COV_IOC_MAGIC		0xc5

#define COV_IOC_VERSION		_IOR(COV_IOC_MAGIC, 0x00, struct cov_version)
#define COV_IOC_LAST_ERROR	_IOR(COV_IOC_MAGIC, 0x01, struct cov_error)
#define COV_IOC_STATUS		_IOR(COV_IOC_MAGIC, 0x02, struct cov_status)
#define COV_IOC_TARGET		_IOWR(COV_IOC_MAGIC, 0x03, struct cov_target_info)
#define COV_IOC_ATTACH		_IOWR(COV_IOC_MAGIC, 0x10, struct cov_attach)
#define COV_IOC_ARM		_IOWR(COV_IOC_MAGIC, 0x11, struct cov_arm)
#define COV_IOC_KEEP		_IOW(COV_IOC_MAGIC, 0x12, struct cov_target_id)
#define COV_IOC_DETACH		_IOW(COV_IOC_MAGIC, 0x13, struct cov_target_id)
#define COV_IOC_RESET		_IOW(COV_IOC_MAGIC, 0x14, struct cov_target_id)
#define COV_IOC_FUNCTIONS	_IOWR(COV_IOC_MAGIC, 0x20, struct cov_range)
#define COV_IOC_BLOCKS		_IOWR(COV_IOC_MAGIC, 0x21, struct cov_range)
#define COV_IOC_BRANCHES	_IOWR(COV_IOC_MAGIC, 0x22, struct cov_range)
#define COV_IOC_SECTIONS	_IOWR(COV_IOC_MAGIC, 0x23, struct cov_range)
#define COV_IOC_NAMES		_IOWR(COV_IOC_MAGIC, 0x24, struct cov_range)
#define COV_IOC_TEXT		_IOW(COV_IOC_MAGIC, 0x25, struct cov_text)
#define COV_IOC_ENGINES		_IOWR(COV_IOC_MAGIC, 0x26, struct cov_engines)
#define COV_IOC_VIEW		_IOW(COV_IOC_MAGIC, 0x27, struct cov_view)
#define COV_IOC_SAMPLES		_IOWR(COV_IOC_MAGIC, 0x28, struct cov_samples)
#define COV_IOC_MAP		_IOWR(COV_IOC_MAGIC, 0x29, struct cov_map)
#define COV_IOC_TRACE		_IOWR(COV_IOC_MAGIC, 0x2a, struct cov_trace)
#define COV_IOC_REFUSALS	_IOWR(COV_IOC_MAGIC, 0x2b, struct cov_refusals)
#define COV_IOC_EDGES		_IOWR(COV_IOC_MAGIC, 0x2c, struct cov_range)
#define COV_IOC_OUTCOMES	_IOWR(COV_IOC_MAGIC, 0x2d, struct cov_range)
#define COV_IOC_REGISTER	_IOW(COV_IOC_MAGIC, 0x30, struct cov_register)
#define COV_IOC_UNREGISTER	_IO(COV_IOC_MAGIC, 0x31)
#define COV_IOC_CHECKPOINT_ADD	_IOWR(COV_IOC_MAGIC, 0x40, struct cov_checkpoint_add)
#define COV_IOC_CHECKPOINT_DEL	_IOW(COV_IOC_MAGIC, 0x41, struct cov_checkpoint_del)
#define COV_IOC_CHECKPOINT_SWITCH _IOW(COV_IOC_MAGIC, 0x42, struct cov_checkpoint_switch)
#define COV_IOC_OUTCOME_SWITCH	_IOW(COV_IOC_MAGIC, 0x43, struct cov_outcome_switch)
#define COV_IOC_CALLERS		_IOWR(COV_IOC_MAGIC, 0x50, struct cov_callers)
#define COV_IOC_NEWS		_IOR(COV_IOC_MAGIC, 0x51, struct cov_news)

/*
 * A change of size or offset is a change of the contract and needs a new number. The
 * offsets are in tests/unit/contract.txt.
 */
#if defined(__KERNEL__) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L)
_Static_assert(sizeof(struct cov_version) == 88, "struct cov_version");
_Static_assert(sizeof(struct cov_error) == 256, "struct cov_error");
_Static_assert(sizeof(struct cov_section) == 48, "struct cov_section");
_Static_assert(sizeof(struct cov_attach) == 136, "struct cov_attach");
_Static_assert(sizeof(struct cov_arm) == 24, "struct cov_arm");
_Static_assert(sizeof(struct cov_target_id) == 8, "struct cov_target_id");
_Static_assert(sizeof(struct cov_target_info) == 488, "struct cov_target_info");
_Static_assert(sizeof(struct cov_function) == 72, "struct cov_function");
_Static_assert(sizeof(struct cov_block) == 16, "struct cov_block");
_Static_assert(sizeof(struct cov_branch) == 56, "struct cov_branch");
_Static_assert(sizeof(struct cov_block_edges) == 16, "struct cov_block_edges");
_Static_assert(sizeof(struct cov_range) == 32, "struct cov_range");
_Static_assert(sizeof(struct cov_text) == 24, "struct cov_text");
_Static_assert(sizeof(struct cov_status) == 64, "struct cov_status");
_Static_assert(sizeof(struct cov_register) == 16, "struct cov_register");
_Static_assert(sizeof(struct cov_checkpoint_add) == 608, "struct cov_checkpoint_add");
_Static_assert(sizeof(struct cov_checkpoint_del) == 256, "struct cov_checkpoint_del");
_Static_assert(sizeof(struct cov_checkpoint_switch) == 264, "struct cov_checkpoint_switch");
_Static_assert(sizeof(struct cov_outcome_switch) == 16, "struct cov_outcome_switch");
_Static_assert(sizeof(struct cov_outcomes) == 2, "struct cov_outcomes");
_Static_assert(sizeof(struct cov_engines) == 80, "struct cov_engines");
_Static_assert(sizeof(struct cov_refusal) == 8, "struct cov_refusal");
_Static_assert(sizeof(struct cov_refusals) == 72, "struct cov_refusals");
_Static_assert(sizeof(struct cov_view) == 8, "struct cov_view");
_Static_assert(sizeof(struct cov_samples) == 16, "struct cov_samples");
_Static_assert(sizeof(struct cov_map) == 56, "struct cov_map");
_Static_assert(sizeof(struct cov_caller) == 56, "struct cov_caller");
_Static_assert(sizeof(struct cov_callers) == 48, "struct cov_callers");
_Static_assert(sizeof(struct cov_news) == 32, "struct cov_news");
_Static_assert(sizeof(struct cov_trace) == 32, "struct cov_trace");
_Static_assert(sizeof(struct cov_trace_head) == 104, "struct cov_trace_head");
_Static_assert(sizeof(struct cov_trace_task) == 152, "struct cov_trace_task");
_Static_assert(sizeof(struct cov_trace_record) == 16, "struct cov_trace_record");
#endif

#endif /* COV_IOCTL_H */
