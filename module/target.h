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
 *	     |                | |    given back                 | MODULE_STATE_COMING
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
 * @probes: one for each function, NULL where there is none
 * @next: the first function that was not tried yet
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
 * @offset: the checkpoint's offset
 * @place: the checkpoint's function
 * @owner: id of the file that undoes it when closed, 0 once it is kept
 * @mod: while LIVE; NULL for the core kernel
 * @state: COV_TARGET_*
 * @scope: COV_SCOPE_*; read by handlers, never changes
 * @flags: COV_ATTACH_*
 * @levels: mask of all its checkpoints
 * @generation: changes when addresses change
 * @missed: hits that probes given back since had missed
 * @engine: COV_ENGINE_* that was asked for
 * @image: what it is made of
 * @cps: its sites
 * @returns: and its functions' returns
 * @settling: settle.c's
 * @sections: names of stretches of its text, from user space
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

extern struct mutex cov_targets_lock;
extern struct list_head cov_targets;
extern unsigned int cov_max_checkpoints;

/**
 * struct target_request - an attach that user space asked for, validated
 * @name: module, COV_CORE_KERNEL, or (checkpoints only) empty
 * @checkpoint: name of a checkpoint added by hand, or empty
 * @offset: its offset
 * @choice: functions
 * @sections: named text, taken over by a target that comes to be
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

/* All below: cov_targets_lock is held, and they sleep. */

/**
 * target_open - have the target's control flow, and which site stands for what of it
 * @target: its @image.in, @image.flow, and of @cps @plan, @entry, @leader and @branch
 *	    are there until target_close(). May be nested. One that was closed a short time ago
 *	    is open at once.
 *
 * Return: 0 or -ENOMEM.
 */
int target_open(struct cov_target *target);
void target_close(struct cov_target *target);

/* target_attach - make a target; nothing is patched yet. *target on success */
int target_attach(const struct target_request *request, struct cov_target **target,
		  struct cov_error *error);

/* target_attach_checkpoint - make a target of one place, and arm it */
int target_attach_checkpoint(const struct target_request *request,
			     struct cov_target **target, struct cov_error *error);

/**
 * target_arm - try up to @max pending sites
 *
 * Return: 0, also after a signal (there are still some pending then); -ENODEV
 * if the module is unloading; -ENOMEM, -ENOSPC.
 */
int target_arm(struct cov_target *target, u32 max, struct cov_error *error);

/* target_pending - how many sites are not armed yet; replanning may add some */
u32 target_pending(const struct cov_target *target);

void target_detach(struct cov_target *target);
int target_reset(struct cov_target *target, struct cov_error *error);

struct cov_target *target_find(u32 id);
struct cov_target *target_next(u32 id);
struct cov_target *target_find_checkpoint(const char *name);

/* target_place - the site of a checkpoint that was added by hand; NULL if it needs none */
const struct cov_site *target_place(const struct cov_target *target);

/**
 * targets_switch - switch checkpoints that were added by hand on or off
 * @glob: of their names
 * @on: or off
 * @branches: the function's branches as well, of those that have them
 *
 * Return: 0; -ENOENT if no checkpoint matches; why one could not be armed again, when all have
 * been tried.
 */
int targets_switch(const char *glob, bool on, bool branches, struct cov_error *error);

/* targets_checkpoints - sites in use, all targets */
u32 targets_checkpoints(void);

/* target_missed - hits that engines skipped, all time */
u64 target_missed(const struct cov_target *target);

/* targets_detach_owner - a file was closed */
void targets_detach_owner(u64 owner);
void targets_detach_all(void);

/* Takes the lock itself. */
int targets_init(void);
void targets_exit(void);

#endif /* LIVECOV_TARGET_H */
