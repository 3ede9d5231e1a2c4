/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * target_list.h - the targets that there are, and the lock that protects them.
 */
#ifndef LIVECOV_TARGET_LIST_H
#define LIVECOV_TARGET_LIST_H

#include <linux/list.h>

#include "checkpoint.h"
#include "settle.h"
#include "targets_lock.h"

struct return_probe;

/**
 * struct target_returns - kretprobes of a target with COV_ATTACH_RETURNS; owned by returns.c
 * @probes: one for each function, NULL where there is none; NULL before the first
 * @next: index of the first function that has not been tried yet
 */
struct target_returns {
	struct return_probe **probes;
	u32 next;
};

/**
 * struct cov_target - a module, functions of the core kernel, or one place in either, under
 *		       measurement
 * @link: in the list of all targets, in ascending order of @id
 * @id: never used twice
 * @name: the module's, or COV_CORE_KERNEL
 * @checkpoint: a manual checkpoint's name; else empty
 * @offset: a manual checkpoint's offset in its function, bytes
 * @function: index of a manual checkpoint's function
 * @owner: id of the file whose closing detaches it; 0 if it is kept
 * @mod: while LIVE; NULL for the core kernel
 * @state: COV_TARGET_*
 * @scope: COV_SCOPE_*; read by handlers, never changes
 * @flags: COV_ATTACH_*
 * @levels: level mask of all its checkpoints
 * @generation: changes when addresses change
 * @missed: hits that were missed by probes which have been released
 * @engine: COV_ENGINE_* that was asked for
 * @steps: it may have kprobes on instructions that may fault (target_yield.c)
 * @image: its functions, decoded
 * @cps: its sites and cells
 * @returns: its functions' kretprobes
 * @settling: owned by settle.c
 * @sections: named ranges of its text, from user space; kvfree()d with the target
 * @nr_sections: how many
 */
struct cov_target {
	struct list_head link;
	u32 id;
	char name[COV_MODULE_LEN];
	char checkpoint[COV_NAME_LEN];
	u64 offset;
	u32 function;
	u64 owner;
	struct module *mod;
	u32 state;
	u32 scope;
	u32 flags;
	u64 levels;
	u64 generation;
	u64 missed;
	u32 engine;
	bool steps;
	struct cov_image image;
	struct checkpoints cps;
	struct target_returns returns;
	struct settling settling;
	struct cov_section *sections;
	u32 nr_sections;
};

/* target_is_manual - is it a manual checkpoint's? Needs no lock: that never changes. */
static inline bool target_is_manual(const struct cov_target *target)
{
	return target->checkpoint[0];
}

/* All targets, in ascending order of id. */
extern struct list_head cov_targets;

/* Module parameter max_checkpoints: how many sites all targets may have together. */
extern unsigned int cov_max_checkpoints;

/* cov_targets_lock is held for all calls below. */

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
 * target_find_checkpoint - look up the target of a manual checkpoint
 * @name: of the checkpoint
 *
 * Return: the target, valid while the lock is held; NULL if there is none.
 */
struct cov_target *target_find_checkpoint(const char *name);

/* targets_sites - how many sites all targets have together, whatever their state */
u32 targets_sites(void);

/* targets_room - how many more sites cov_max_checkpoints allows */
u32 targets_room(void);

#endif /* LIVECOV_TARGET_LIST_H */
