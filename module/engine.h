/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * engine.h - what an engine is: a way to notice when execution passes a site.
 * probe.c has the one that uses kprobes, entry.c ftrace, breakpoint.c int3, detour.c jumps;
 * engine.c chooses among them. Every call may sleep, and the targets' lock is held, unless it
 * says otherwise.
 */
#ifndef LIVECOV_ENGINE_H
#define LIVECOV_ENGINE_H

#include "checkpoint.h"
#include "region.h"
#include "text_patch.h"

#define REARM_BATCH		2048	/* sites given to @rearm at most */
#define ENGINE_MAX_BYTES	REGION_MAX_LEN

/**
 * struct cov_engine - a way to arm sites
 * @id: COV_ENGINE_*
 * @why_unusable: returns why it cannot be used on this kernel, or NULL if it can; no lock. Itself
 *		  NULL: it always can
 * @arm: try @n PENDING sites of one target; each is ARMED afterwards and has its
 *	 @engine, or has its @error
 * @disarm: stop hits at @n ARMED or DISARMING sites, but keep what they need to be armed
 *	    again; also called by the disarm worker, without the targets' lock. Or NULL, of an
 *	    engine that takes neither one-shot sites nor those of manual checkpoints
 * @rearm: arm @n DISARMED sites again, whose state is ARMED already; those that failed
 *	   have their @error, and no @engine any more if nothing of them is left (engine entry)
 * @release: free everything of those sites of a target that are this engine's
 *	     and that a filter takes, and add what they had missed to the target; when
 *	     it returns no handler runs on them any more and the text is as it was. It
 *	     does not fail for want of memory; engine entry's functions may then go on
 *	     calling ftrace, for nothing, until there is some. Their states are the
 *	     caller's business.
 * @describe_undo: of an engine that patches text: a patch of a part of a site (patcher_describe())
 *		   from what the engine has put there to the original; returns false if the original
 *		   is there. Must not sleep. Or NULL
 * @missed: returns the hits at a site that the kernel says it skipped; or NULL
 * @original: tells which bytes the engine has changed as a part of the site (SITE_PARTS), and
 *	      what they were before; returns how many, at most ENGINE_MAX_BYTES
 */
struct cov_engine {
	u32 id;
	const char *(*why_unusable)(void);
	void (*arm)(struct cov_site **sites, u32 n);
	void (*disarm)(struct cov_site **sites, u32 n);
	void (*rearm)(struct cov_site **sites, u32 n);
	void (*release)(struct cov_target *target, site_filter filter);
	bool (*describe_undo)(const struct cov_site *site, struct text_patch *patch);
	u64 (*missed)(const struct cov_site *site);
	u32 (*original)(const struct cov_site *site, u32 part, unsigned long *address, u8 *bytes);
};

extern const struct cov_engine cov_engine_kprobe;
extern const struct cov_engine cov_engine_entry;
extern const struct cov_engine cov_engine_breakpoint;
extern const struct cov_engine cov_engine_detour;

#define COV_ENGINES	(COV_ENGINE_ENTRY + 1)

/* By COV_ENGINE_*; NULL for SITE_NO_ENGINE. */
extern const struct cov_engine *const cov_engines[COV_ENGINES];

/* engine_of - the engine that has armed @site, or NULL. Any context. */
static inline const struct cov_engine *engine_of(const struct cov_site *site)
{
	return cov_engines[site->engine];
}

/* engine_patches - does an engine patch text itself, and not through kprobes or ftrace? */
static inline bool engine_patches(const struct cov_engine *engine)
{
	return engine->describe_undo;
}

/**
 * engine_arm_fast - arm pending sites of one target by engines that arm all at once
 * @choice: engine_choice()
 * @sites: in and out: their order changes
 * @n: how many, at least 1
 *
 * The targets' lock is held, and the target is open; sleeps. Return: how many are left for
 * engine_arm_slow(), at the front of @sites; the others are ARMED or have been given to
 * checkpoints_refuse(). Or -ENOMEM, and nothing was done.
 */
int engine_arm_fast(u32 choice, struct cov_site **sites, u32 n);

/**
 * engine_arm_slow - arm sites by kprobes, or refuse them
 * @sites: PENDING; afterwards ARMED, or REFUSED with an @error
 * @n: how many; may be 0
 *
 * The targets' lock is held; sleeps, some 20 ms for each. No failure.
 */
void engine_arm_slow(struct cov_site **sites, u32 n);

/*
 * engine_choice - for engine_arm_fast(): where order counts, auto has no detours; manual
 * checkpoints have a choice of their own
 */
u32 engine_choice(const struct cov_target *target);

/* engine_breaks - may a target have breakpoints, or detours, which begin as one? Targets' lock. */
bool engine_breaks(const struct cov_target *target);

/* engine_breaks_anywhere - may any target have breakpoints? The targets' lock is held. */
bool engine_breaks_anywhere(void);

/*
 * engine_attached_breaks - may a target that is no manual checkpoint have breakpoints? The targets'
 * lock is held.
 */
bool engine_attached_breaks(void);

/**
 * engine_release - have every engine release the sites that a filter takes
 * @target: whose
 * @filter: true for the sites to release
 *
 * When it returns, no handler runs on them, nothing of them is in the disarm worker's queue, and
 * text is as it was except where another user's kprobe is placed on a patch (held.h), or ftrace had
 * no memory (@release). Their states are the caller's business. The targets' lock is held; sleeps:
 * up to seconds for such kprobes, but not for them while livecov is being unloaded (held_wait()),
 * when it waits for ftrace's memory. No failure.
 */
void engine_release(struct cov_target *target, site_filter filter);

/* engine_known - is @choice a COV_ENGINE_* that can be asked for, usable here or not? No lock. */
bool engine_known(u32 choice);

/* engines_usable - a mask: bit (1 << COV_ENGINE_*) of each that works here. No lock. */
u32 engines_usable(void);

/**
 * engines_init - try the engines out
 *
 * Called once, when livecov is loaded; without the targets' lock. Sleeps. No failure: engines
 * that cannot be used are named in the log, and others are taken.
 */
void engines_init(void);

/**
 * engines_exit - undo engines_init()
 *
 * No target is left; the targets' lock is not held. Sleeps. When it returns no handler runs any
 * more, and text is as it was.
 */
void engines_exit(void);

#endif /* LIVECOV_ENGINE_H */
