/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * target_parts.h - the steps of a target's life cycle, shared by the target files.
 * cov_targets_lock is held for all of them unless they say otherwise, and they sleep.
 */
#ifndef LIVECOV_TARGET_PARTS_H
#define LIVECOV_TARGET_PARTS_H

#include "rearm.h"
#include "target.h"

/**
 * target_alloc - allocate a target, without an image
 * @request: what was asked for
 *
 * Return: the target, on no list; target_free() it. NULL without memory.
 */
struct cov_target *target_alloc(const struct target_request *request);

/**
 * target_shut - free at once what target_open() made
 * @target: what that was made from changes, or the target is freed; nothing is done while it is
 *	    open
 */
void target_shut(struct cov_target *target);

/* target_open_exit - stop the worker that shuts targets; no target is left. Without the lock. */
void target_open_exit(void);

/* target_free - free a target that is on no list and has nothing armed */
void target_free(struct cov_target *target);

/**
 * target_read_image - find the module, or the core kernel's functions, and read them
 * @target: its @image, and @mod for a module, are set
 * @choice: which functions
 * @error: out: a sentence for the caller, after an error
 *
 * No reference to the module is kept. Return: 0; -EPERM: it is livecov; -ENOENT: no such module;
 * -ENODEV: it is unloading; errors of cov_image_of_module() and cov_image_of_core().
 */
int target_read_image(struct cov_target *target, const struct image_choice *choice,
		      struct cov_error *error);

/**
 * target_choose_sites - allocate ids and cells for a target's image, and plan its sites, which
 * take over the image's regions
 * @target: has its image, and no sites yet
 * @mode: COV_MODE_*
 * @error: out: a sentence for the caller, after an error
 *
 * Return: 0; -ENOSPC: no room for ids, cells or sites; -ENOMEM. After an error the caller calls
 * target_free().
 */
int target_choose_sites(struct cov_target *target, u32 mode, struct cov_error *error);

/**
 * target_no_room - report why sites could not be made
 * @target: whose
 * @err: -ENOSPC or -ENOMEM
 * @error: out: a sentence for the caller
 *
 * Return: @err.
 */
int target_no_room(const struct cov_target *target, int err, struct cov_error *error);

/**
 * target_publish - give a target an id and a generation, and put it on the list
 * @target: complete, with planned sites
 * @request: its @sections belong to the target from now on
 */
void target_publish(struct cov_target *target, const struct target_request *request);

/* target_new_generation - a new generation: addresses have changed */
void target_new_generation(struct cov_target *target);

/**
 * target_arm_some - target_arm(), interruptible or killable
 * @target: whose sites
 * @max: how many kprobes and kretprobes to try at most
 * @interruptible: any signal ends it early; else SIGKILL alone
 * @error: out: a sentence for the caller, after an error
 *
 * Return: as target_arm().
 */
int target_arm_some(struct cov_target *target, u32 max, bool interruptible,
		    struct cov_error *error);

/* target_is_coming - is its module just being loaded, and has run nothing yet? */
bool target_is_coming(const struct cov_target *target);

/* target_is_going - is its module unloading or unloaded? Asserts no lock. */
bool target_is_going(const struct cov_target *target);

/* target_any_site - a site_filter that takes all sites */
bool target_any_site(const struct cov_site *site);

/**
 * target_release_sites - have the engines and returns.c release some sites
 * @target: whose
 * @filter: true for the sites to release; they are GONE afterwards unless they were refused
 *
 * When it returns, no handler runs on them, and text is as it was, with the exception and the wait
 * of engine_release(). Works without memory: undoing must not fail.
 */
void target_release_sites(struct cov_target *target, site_filter filter);

/* site_text_is_gone - does it lie in init text that was freed? */
static inline bool site_text_is_gone(const struct cov_site *site)
{
	return site->in_init && site_target(site)->image.init_gone;
}

/*
 * site_was_hindered - was it refused for a reason that may be gone: another user, too little
 * memory, probes off? Not a witness, without which a branch merely costs more.
 */
static inline bool site_was_hindered(const struct cov_site *site)
{
	return site->state == COV_SITE_REFUSED && !site_text_is_gone(site) && !site->witness &&
	       (site->displaced || site->error == EBUSY || site->error == ENOMEM ||
		site->error == ESHUTDOWN);
}

/**
 * renewed_check - has any engine armed them?
 * @renewed: sites of one target
 * @error: out: a sentence for the caller, after an error
 *
 * Return: 0; the errno of one that is REFUSED.
 */
int renewed_check(const struct renewed *renewed, struct cov_error *error);

/**
 * target_make_way - take another target's patch from bytes that a kprobe needs
 * @site: PENDING; kprobes are about to arm it
 *
 * A kprobe watches that target's site from now on; its hits stay. If there is no memory for the
 * kprobe, the site is REFUSED, and a worker tries again. Works as target_release_sites(). Return:
 * was there such a patch?
 */
bool target_make_way(const struct cov_site *site);

/**
 * target_change_engine - a site could not be armed again: release it, for another engine to try
 * @site: its engine's rearm() has failed; PENDING afterwards
 *
 * Works as target_release_sites(). Return: false if some of its patch is still there, or its engine
 * was the last one: nothing was done.
 */
bool target_change_engine(struct cov_site *site);

/**
 * target_change_engines - target_change_engine() for each site that could not be armed again
 * @target: whose
 */
void target_change_engines(struct cov_target *target);

/**
 * site_lapse - a site was not watched for a time: that it was not hit says nothing until a reset
 * @site: the site; the same goes for outcomes that its hit would imply
 */
void site_lapse(struct cov_site *site);

/*
 * target_is_being_armed - is its owner still arming it? COV_IOC_ARM arms a limited number of
 * kprobes per call; later calls arm the rest.
 */
bool target_is_being_armed(const struct cov_target *target);

/* target_set_all_tried - all sites have been tried: those that are added later miss hits */
void target_set_all_tried(struct cov_target *target);

/* target_note_all_tried - sites were armed: if none is PENDING any more, all have been tried */
void target_note_all_tried(struct cov_target *target);

/*
 * target_end_arming - arming has ended, perhaps early: sites that are still PENDING, and those
 * that a later plan adds, miss hits from now on, even if they are armed later
 */
void target_end_arming(struct cov_target *target);

/*
 * targets_arm_displaced - try again to arm the sites that gave way to a kprobe and were then
 * REFUSED. Cannot fail.
 */
void targets_arm_displaced(void);

/* target_yield_exit - stop the worker that retries displaced sites; no target is left. No lock. */
void target_yield_exit(void);

/**
 * manual_yield_to_kprobes - have kprobes watch what manual checkpoints have breakpoints on
 *
 * The list has a target that @steps. Does with each such site what target_make_way() does.
 */
void manual_yield_to_kprobes(void);

/**
 * manual_choose_steps - decide whether a manual checkpoint needs a kprobe that cannot coexist
 * with breakpoints
 * @target: the checkpoint's; its PENDING sites are about to be armed
 *
 * If so, and no attached target may have breakpoints, sets @steps and moves the other checkpoints
 * to kprobes.
 */
void manual_choose_steps(struct cov_target *target);

/**
 * targets_yield_to_breakpoints - give up the kprobes that cannot coexist with breakpoints
 *
 * A target that may have breakpoints is in the list. Works as target_release_sites(). No failure.
 */
void targets_yield_to_breakpoints(void);

/* target_forget_callers - drop the caller records of all its checkpoints */
void target_forget_callers(const struct cov_target *target);

/**
 * target_reload_init - register the module notifiers, which follow targets across rmmod and insmod
 *
 * Without the lock, which they take. Return: 0 or -errno; then none is registered.
 */
int target_reload_init(void);

/* target_reload_exit - unregister them. Without the lock; sleeps until none of them runs. */
void target_reload_exit(void);

#endif /* LIVECOV_TARGET_PARTS_H */
