/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * target.h - targets and their life. May call images, checkpoints, engines.
 */
#ifndef LIVECOV_TARGET_H
#define LIVECOV_TARGET_H

#include <linux/mutex.h>

#include "checkpoint.h"
#include "engine.h"
#include "settle.h"

/*
 * A target's life, under cov_targets_lock:
 *
 *	            attach            MODULE_STATE_GOING
 *	(nothing) ---------> LIVE ---------------------------> GONE
 *	     ^                | ^    results kept, probes       |
 *	     |                | |    released                   | MODULE_STATE_COMING
 *	     |   detach, or   | +-------------------------------+ same build: armed again
 *	     +--- its file ---+                                 |
 *	     |    closed,     |                                 v another build
 *	     +--- unless kept-+------------------------------ STALE
 *
 * No module reference is held between two calls, or rmmod of the target would
 * fail. What keeps @mod valid is the lock: a module's memory goes away only after
 * our notifier has seen MODULE_STATE_GOING, and that waits for the lock.
 */

struct return_probe;

/**
 * struct target_returns - of a target with COV_ATTACH_RETURNS; returns.c's
 * @probes: one for each function, NULL where there is none; NULL before the first
 * @next: index of the first function that was not looked at yet
 */
struct target_returns {
	struct return_probe **probes;
	u32 next;
};

/**
 * struct cov_target - a module, the kernel, or one place in them, under measurement
 * @link: in the list of all targets, by rising id
 * @id: never used twice
 * @name: the module's, or COV_CORE_KERNEL
 * @checkpoint: the checkpoint's name if it was added by hand, else empty
 * @offset: the checkpoint's offset in its function, bytes
 * @place: index of the checkpoint's function
 * @owner: id of the file that undoes it when closed, 0 once it is kept
 * @mod: while LIVE; NULL for the core kernel
 * @state: COV_TARGET_*
 * @scope: COV_SCOPE_*; read by handlers, never changes
 * @flags: COV_ATTACH_*
 * @levels: mask of all its checkpoints
 * @generation: changes when addresses change
 * @missed: hits that probes released since had missed
 * @engine: COV_ENGINE_* that was asked for
 * @image: what it is made of
 * @cps: its sites
 * @returns: its functions' returns
 * @settling: settle.c's
 * @sections: named ranges of its text, from user space; kvfree()d with the target
 * @nr_sections: how many
 */
struct cov_target {
	struct list_head link;
	u32 id;
	char name[COV_MODULE_LEN];
	char checkpoint[COV_NAME_LEN];
	u64 offset;
	u32 place;
	u64 owner;
	struct module *mod;
	u32 state;
	u32 scope;
	u32 flags;
	u64 levels;
	u64 generation;
	u64 missed;
	u32 engine;
	struct cov_image image;
	struct checkpoints cps;
	struct target_returns returns;
	struct settling settling;
	struct cov_section *sections;
	u32 nr_sections;
};

/* The targets' lock, and the list of targets, by rising id, which it protects. */
extern struct mutex cov_targets_lock;
extern struct list_head cov_targets;

/* Module parameter: how many sites all targets may have together. */
extern unsigned int cov_max_checkpoints;

/**
 * struct target_request - an attach that user space asked for, validated
 * @name: module or COV_CORE_KERNEL
 * @checkpoint: name of a checkpoint added by hand, or empty
 * @offset: its offset in the function, bytes
 * @choice: which functions; target_attach() sets its @passages
 * @sections: named ranges of text, kvmalloc()ed, taken over by the target if one is made; or NULL
 * @nr_sections: how many
 * @owner: id of the file, 0 to keep
 * @levels: mask
 * @mode: COV_MODE_*
 * @scope: COV_SCOPE_*
 * @engine: COV_ENGINE_*
 * @flags: COV_ATTACH_*
 */
struct target_request {
	const char *name;
	const char *checkpoint;
	u64 offset;
	struct image_choice choice;
	struct cov_section *sections;
	u32 nr_sections;
	u64 owner;
	u64 levels;
	u32 mode;
	u32 scope;
	u32 engine;
	u32 flags;
};

/* cov_targets_lock is held for all calls below unless they say otherwise, and they sleep. */

/**
 * target_open - have the target's control flow, and which site stands for what of it
 * @target: its @image.in, @image.flow, and of @cps @plan, @entry, @leader and @branch
 *	    are there until target_close(). May be nested. One that was closed a short time ago
 *	    is open at once.
 *
 * Return: 0 or -ENOMEM; then it is not open.
 */
int target_open(struct cov_target *target);

/**
 * target_close - the end of a target_open() that returned 0
 * @target: as given to it
 *
 * What it made is freed by a worker a quarter of a second later, if the target is not open then.
 */
void target_close(struct cov_target *target);

/**
 * target_attach - make a target of a module or of functions of the kernel; nothing is patched yet
 * @request: what was asked for; its @sections are the target's if 0 is returned
 * @target: out, if 0 is returned: the target, listed, with PENDING sites; target_detach() frees it
 * @error: out: a sentence for the caller, after an error
 *
 * Return: 0; -EEXIST: attached already; -EPERM: livecov itself; -ENOENT: no such module, or none
 * of its functions matches; -ENODEV: the module is unloading; -ENOSPC: no room for its sites,
 * cells or ids; -ENOMEM; other errors of cov_image_of_module() and cov_image_of_core(). After an
 * error no target was made.
 */
int target_attach(const struct target_request *request, struct cov_target **target,
		  struct cov_error *error);

/**
 * target_attach_checkpoint - make a target of one place, and arm it
 * @place: what was asked for, validated
 * @target: out, if 0 is returned: the target, listed and armed; target_detach() frees it
 * @error: out: a sentence for the caller, after an error
 *
 * Patches of other targets on the place's bytes are removed, and their sites given to kprobes.
 *
 * Return: 0; -EEXIST: there is a checkpoint of that name; -EPERM: livecov itself; -ENOTUNIQ:
 * several functions of that name; -ERANGE: the offset is outside the function; -EILSEQ: it is
 * inside an instruction, or those before cannot be decoded; -EINTR: a signal; the errno with which
 * kprobes refuses the place; else errors of target_attach() and target_arm(). After an error there
 * is no target, but the others' sites stay with kprobes.
 */
int target_attach_checkpoint(const struct cov_checkpoint_add *place, struct cov_target **target,
			     struct cov_error *error);

/**
 * target_arm - arm pending sites, and plan again for those that are refused
 * @target: whose
 * @max: how many kprobes and kretprobes to try at most, which are slow; the engines that are fast
 *	 arm all of theirs
 * @error: out: a sentence for the caller, after an error
 *
 * Return: 0, also after a signal (there are still some pending then); -ENODEV: the module is
 * unloading or unloaded; -ENOMEM; -ENOSPC: no room for the sites of a new plan. What was armed
 * stays so.
 */
int target_arm(struct cov_target *target, u32 max, struct cov_error *error);

/* target_pending - how many sites are not armed yet; planning again may add some */
u32 target_pending(const struct cov_target *target);

/**
 * target_detach - release all sites, take a target off the list, and free it
 * @target: not used any more; it must not be open
 *
 * When it returns, no handler uses it, text is as it was except where somebody else's kprobe sits
 * on a patch (held.h), and caller records that name it are dropped. May wait as long as
 * engine_release(). No failure.
 */
void target_detach(struct cov_target *target);

/**
 * target_reset - forget a target's hits and caller records, and arm again what is not armed
 * @target: whose
 * @error: out: a sentence for the caller, after an error
 *
 * May run concurrently with handlers; hits meanwhile are kept or lost. Of signals SIGKILL alone
 * ends it early, with sites pending.
 *
 * Return: 0, also if the module is unloading or unloaded; the errno of a site that could not be
 * armed again, which is REFUSED then; -ENOMEM and -ENOSPC as target_arm(). The hits are forgotten
 * in any case.
 */
int target_reset(struct cov_target *target, struct cov_error *error);

/**
 * targets_reset - target_reset() of all targets
 * @error: out: a sentence for the caller, after an error
 *
 * All are tried. Return: 0, or the last error of target_reset().
 */
int targets_reset(struct cov_error *error);

/**
 * target_find - look a target up by its id
 * @id: any
 *
 * Return: the target, valid while the lock is held; NULL if there is none.
 */
struct cov_target *target_find(u32 id);

/**
 * target_next - the target with the lowest id above a given one
 * @id: any; 0 for the first target
 *
 * Return: the target, valid while the lock is held; NULL if there is none.
 */
struct cov_target *target_next(u32 id);

/**
 * target_find_checkpoint - look up the target of a checkpoint by hand
 * @name: of the checkpoint
 *
 * Return: the target, valid while the lock is held; NULL if there is none.
 */
struct cov_target *target_find_checkpoint(const char *name);

/**
 * target_place - the site of a checkpoint that was added by hand
 * @target: such a target
 *
 * Return: the site; NULL if the checkpoint's function has no entry site.
 */
const struct cov_site *target_place(const struct cov_target *target);

/**
 * targets_switch - switch checkpoints that were added by hand on or off
 * @glob: of their names
 * @on: true to arm them, false to disarm them
 * @branches: the function's other sites as well, of those that have them
 * @error: out: a sentence for the caller, after an error
 *
 * Return: 0; -ENOENT if no checkpoint matches; why one could not be armed again, when all have
 * been tried.
 */
int targets_switch(const char *glob, bool on, bool branches, struct cov_error *error);

/* targets_checkpoints - how many sites all targets have together, in whatever state */
u32 targets_checkpoints(void);

/* target_missed - hits that engines skipped, since the target was made */
u64 target_missed(const struct cov_target *target);

/**
 * targets_detach_owner - a file was closed: detach the targets that it attached and did not keep
 * @owner: id of the file
 *
 * Takes cov_targets_lock itself; sleeps.
 */
void targets_detach_owner(u64 owner);

/* targets_detach_all - detach all targets. Takes cov_targets_lock itself; sleeps. */
void targets_detach_all(void);

/**
 * targets_init - follow modules as they come and go
 *
 * Called once, when livecov is loaded; without cov_targets_lock. Sleeps. Return: 0 or -errno of
 * register_module_notifier().
 */
int targets_init(void);

/**
 * targets_exit - undo targets_init(), detach all targets, and stop the workers
 *
 * No file is open. Takes cov_targets_lock itself; sleeps. No failure.
 */
void targets_exit(void);

#endif /* LIVECOV_TARGET_H */
