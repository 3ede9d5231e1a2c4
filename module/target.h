/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * target.h - targets and their life cycle.
 */
#ifndef LIVECOV_TARGET_H
#define LIVECOV_TARGET_H

#include "target_list.h"

/*
 * A target's life cycle, under cov_targets_lock:
 *
 *	            attach            MODULE_STATE_GOING
 *	(nothing) ---------> LIVE ---------------------------> GONE
 *	     ^                | ^    results kept, probes       |
 *	     |                | |    released                   | MODULE_STATE_COMING
 *	     |   detach, or   | +-------------------------------+ same build: armed again
 *	     +--- its file ---+                                 | ^
 *	     |    closed,     |                    another build v | the same one again: as above
 *	     +--- unless kept-+------------------------------ STALE
 *
 * No module reference is held between two calls, or rmmod of the target would fail. The lock
 * keeps @mod valid: a module's memory is freed only after our notifier has seen
 * MODULE_STATE_GOING, and the notifier takes the lock.
 */

/**
 * struct target_request - an attach that user space asked for, validated
 * @name: module or COV_CORE_KERNEL
 * @checkpoint: a manual checkpoint's name, or empty
 * @offset: its offset in the function, bytes
 * @by_address: @offset is an address
 * @choice: which functions; target_attach() sets its @passages
 * @sections: named ranges of text, kvmalloc()ed, owned by the target if one is made; or NULL
 * @nr_sections: how many
 * @owner: id of the file; 0 to keep the target when that is closed
 * @levels: level mask
 * @mode: COV_MODE_*
 * @scope: COV_SCOPE_*
 * @engine: COV_ENGINE_*
 * @flags: COV_ATTACH_*
 */
struct target_request {
	const char *name;
	const char *checkpoint;
	u64 offset;
	bool by_address;
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
 * target_open - unpack a target's control flow, and index its sites by what they watch
 * @target: its @image.in and @image.flow, and of its @cps @plan, @entry, @leader and @branch,
 *	    are there until target_close()
 *
 * May be nested. Costs nothing if the target was closed a short time ago.
 *
 * Return: 0 or -ENOMEM; then it is not open.
 */
int __must_check target_open(struct cov_target *target);

/**
 * target_close - undo a target_open() that returned 0
 * @target: as given to it
 *
 * What it made is freed by a worker, once the target has not been open for a quarter of a second.
 */
void target_close(struct cov_target *target);

/**
 * target_attach - make a target of a module or of functions of the kernel; nothing is patched yet
 * @request: what was asked for; its @sections belong to the target if 0 is returned
 * @out: if 0 is returned: the target, listed, with PENDING sites; target_detach() frees it
 * @error: out: a sentence for the caller, after an error
 *
 * Return: 0; -EEXIST: attached already; -EPERM: livecov itself; -ENOENT: no such module, or none
 * of its functions matches; -ENODEV: the module is unloading; -ENOSPC: no room for its sites,
 * cells or ids; -ENOMEM; other errors of cov_image_of_module() and cov_image_of_core(). After an
 * error no target is left.
 */
int target_attach(const struct target_request *request, struct cov_target **out,
		  struct cov_error *error);

/**
 * target_attach_checkpoint - make a target of one place, a manual checkpoint, and arm it
 * @place: what was asked for, validated
 * @out: if 0 is returned: the target, listed and armed; target_detach() frees it
 * @error: out: a sentence for the caller, after an error
 *
 * Patches of other targets on the same bytes are removed, and their sites armed by kprobes.
 *
 * Return: 0; -EEXIST: there is a checkpoint of that name; -EPERM: livecov itself; -ENOTUNIQ:
 * several functions of that name; -ENOENT: none of them at that address; -ERANGE: the offset is
 * outside the function; -EILSEQ: it is inside an instruction, or those before it cannot be decoded;
 * -EINTR: a signal; the errno with which kprobes refuses the place; else errors of target_attach(),
 * target_arm() and cov_image_owner(). After an error no target is left, but the other targets'
 * sites stay with kprobes, or, where there was none to be had, are armed once more.
 */
int target_attach_checkpoint(const struct cov_checkpoint_add *place, struct cov_target **out,
			     struct cov_error *error);

/**
 * target_arm - arm pending sites, and plan again for those that are refused
 * @target: whose
 * @max: how many kprobes and kretprobes to try at most, as these are slow; the other engines arm
 *	 all of their sites
 * @error: out: a sentence for the caller, after an error
 *
 * Return: 0, also after a signal (then some sites are still pending); -ENODEV: the module is
 * unloading or unloaded; -ENOMEM; -ENOSPC: no room for the sites of a new plan. What is armed
 * stays armed.
 */
int target_arm(struct cov_target *target, u32 max, struct cov_error *error);

/* target_pending - how many sites are PENDING; planning again may add some */
u32 target_pending(const struct cov_target *target);

/**
 * target_detach - release all sites, take a target off the list, and free it
 * @target: not used any more; it must not be open
 *
 * When it returns, no handler uses it, text is as it was except where another user's kprobe sits
 * on a patch (held.h), and caller records that name it are dropped. May wait as long as
 * engine_release(). No failure.
 */
void target_detach(struct cov_target *target);

/**
 * target_reset - clear a target's hits and caller records, and rearm what is not armed
 * @target: whose
 * @error: out: a sentence for the caller, after an error
 *
 * May run concurrently with handlers; hits meanwhile are kept or lost. SIGKILL is the only signal
 * that ends it early, with sites pending; what they have not shown is unknown from then on, as they
 * are passed unseen until they are armed. Sites that are switched off stay disarmed.
 *
 * Return: 0, also if the module is unloading or unloaded; the errno of a site that could not be
 * rearmed, which is REFUSED then; -ENOMEM and -ENOSPC as target_arm(). The hits are cleared in
 * any case.
 */
int target_reset(struct cov_target *target, struct cov_error *error);

/**
 * targets_reset - target_reset() of all targets
 * @error: out: a sentence for the caller, after an error
 *
 * All are tried, unless the task is killed meanwhile. The caller records are dropped in any case,
 * all together: one grace period. Return: 0; -EINTR: killed; or the last error of target_reset().
 */
int targets_reset(struct cov_error *error);

/**
 * target_checkpoint_site - the site of a manual checkpoint
 * @target: that of a manual checkpoint
 *
 * Return: the site; NULL if the checkpoint's function has no entry site.
 */
const struct cov_site *target_checkpoint_site(const struct cov_target *target);

/**
 * targets_switch - switch manual checkpoints on or off
 * @glob: of their names
 * @on: true to arm them, false to disarm them
 * @branches: the other sites of their functions as well, where there are any
 * @error: out: a sentence for the caller, after an error
 *
 * All are tried. Return: 0; -ENOENT if no checkpoint matches; else why one could not be armed
 * again.
 */
int targets_switch(const char *glob, bool on, bool branches, struct cov_error *error);

/**
 * target_switch_outcomes - switch what leads to one place
 * @target: of a manual checkpoint; another one is refused
 * @address: of an instruction: the outcomes of the target's branches that lead there
 * @to: COV_OUTCOME_*
 * @error: out: a sentence for the caller, after an error
 *
 * All are tried. Return: 0; -EINVAL: no manual checkpoint's; -ENOENT: none leads there; else why
 * one could not be armed again.
 */
int target_switch_outcomes(struct cov_target *target, u64 address, u32 to,
			   struct cov_error *error);

/* target_missed - how many hits the engines have missed since the target was made */
u64 target_missed(const struct cov_target *target);

/**
 * targets_detach_owner - a file was closed: detach the targets that it attached and did not keep
 * @owner: id of the file
 *
 * Takes cov_targets_lock itself; sleeps.
 */
void targets_detach_owner(u64 owner);

/**
 * targets_init - register the module notifiers
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
