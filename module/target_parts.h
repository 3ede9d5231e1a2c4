/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * target_parts.h - the steps of a target's life, shared by the target files.
 * cov_targets_lock is held for all of them.
 */
#ifndef LIVECOV_TARGET_PARTS_H
#define LIVECOV_TARGET_PARTS_H

#include "target.h"

/* target_alloc - a target with what was asked for, and nothing read yet; NULL: no memory */
struct cov_target *target_alloc(const struct target_request *request);

/*
 * target_shut - free what target_open() made, now, if nobody has it open: what it was made of
 * changes, or the target goes
 */
void target_shut(struct cov_target *target);

/* target_open_exit - nobody is left who could shut one; without the lock */
void target_open_exit(void);

/* target_free - free a target that is on no list and has nothing armed */
void target_free(struct cov_target *target);

/* target_abort - the same, and its ids are given back if they were the last ones taken */
void target_abort(struct cov_target *target);

/* target_read_image - find the module and read it; errors of cov_image_of_*(), -ENODEV */
int target_read_image(struct cov_target *target, const struct target_request *request,
		      struct cov_error *error);

/* target_choose_sites - ids and sites for the image; -ENOSPC, -ENOMEM */
int target_choose_sites(struct cov_target *target, u32 mode, struct cov_error *error);

/* targets_room - how many more checkpoints there may be */
u32 targets_room(void);

/* target_no_room - say why sites could not be made: @err is -ENOSPC or -ENOMEM; @err */
int target_no_room(const struct cov_target *target, int err, struct cov_error *error);

/* target_publish - give it an id and put it on the list */
void target_publish(struct cov_target *target, const struct target_request *request);

/* target_renew - a new generation: addresses have changed */
void target_renew(struct cov_target *target);

/* target_arm_some - target_arm(), or the same ended by nothing but SIGKILL */
int target_arm_some(struct cov_target *target, u32 max, bool interruptible,
		    struct cov_error *error);

/* target_is_going - its module is unloading or unloaded */
bool target_is_going(const struct cov_target *target);

bool target_any_site(const struct cov_site *site);

/**
 * target_release_sites - have the engine let go of some sites
 * @target: whose
 * @filter: takes the sites; they are GONE afterwards unless they were refused
 *
 * Allocates nothing: a way out must not fail.
 */
void target_release_sites(struct cov_target *target, site_filter filter);

/* target_forget_callers - drop the caller records of all its checkpoints */
void target_forget_callers(const struct cov_target *target);

int target_reload_init(void);
void target_reload_exit(void);

#endif /* LIVECOV_TARGET_PARTS_H */
