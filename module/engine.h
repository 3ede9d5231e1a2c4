/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * engine.h - what an engine is: a way to notice when execution passes a site.
 * probe.c has the one on kprobes, entry.c that on ftrace, breakpoint.c that on
 * int3, detour.c that on jumps; engine.c chooses among them. Every call sleeps, and is
 * made under the targets' lock unless it says otherwise.
 */
#ifndef LIVECOV_ENGINE_H
#define LIVECOV_ENGINE_H

#include "checkpoint.h"
#include "region.h"

#define REARM_BATCH		256	/* sites given to @rearm at most */
#define ENGINE_MAX_BYTES	REGION_MAX_LEN

/**
 * struct cov_engine - a way to arm sites
 * @id: COV_ENGINE_*
 * @usable: NULL, or why it cannot be used on this kernel
 * @arm: try @n PENDING sites of one target; each is ARMED afterwards and has its
 *	 @engine, or has its @error
 * @disarm: stop hits at @n ARMED or DISARMING sites, but keep what arming cost;
 *	    called by the disarm worker without the targets' lock
 * @rearm: arm @n DISARMED sites again, whose state is ARMED already; those that failed
 *	   have their @error
 * @release: give back everything of those sites of a target that are this engine's
 *	     and that a filter takes, and add what they had missed to the target; when
 *	     it returns no handler runs on them any more and the text is as it was. It
 *	     allocates nothing. Their states are the caller's business.
 * @missed: hits at a site that the kernel says it skipped; or NULL
 * @original: which bytes the engine has changed, and what they were before; how
 *	      many, at most ENGINE_MAX_BYTES
 */
struct cov_engine {
	u32 id;
	const char *(*usable)(void);
	void (*arm)(struct cov_site **sites, u32 n);
	void (*disarm)(struct cov_site **sites, u32 n);
	void (*rearm)(struct cov_site **sites, u32 n);
	void (*release)(struct cov_target *target, site_filter filter);
	u64 (*missed)(const struct cov_site *site);
	u32 (*original)(const struct cov_site *site, unsigned long *address, u8 *bytes);
};

extern const struct cov_engine cov_engine_kprobe;
extern const struct cov_engine cov_engine_entry;
extern const struct cov_engine cov_engine_breakpoint;
extern const struct cov_engine cov_engine_detour;

#define COV_ENGINES	(COV_ENGINE_ENTRY + 1)

/* By COV_ENGINE_*; there is none that is SITE_NO_ENGINE. */
extern const struct cov_engine *const cov_engines[COV_ENGINES];

/* The engine that has armed a site, or NULL. */
static inline const struct cov_engine *engine_of(const struct cov_site *site)
{
	return cov_engines[site->engine];
}

/**
 * engine_arm_fast - arm pending sites of one target, as far as it goes all at once
 * @choice: COV_ENGINE_* that was asked for
 * @sites: in and out: their order changes
 * @n: how many, at least 1
 *
 * Return: how many are left for engine_arm_slow(), at the front of @sites; the others are
 * ARMED or have been given to checkpoints_refuse(). Or -ENOMEM, and nothing was done.
 */
int engine_arm_fast(u32 choice, struct cov_site **sites, u32 n);

/* engine_arm_slow - arm those by kprobes, or refuse them; some 20 ms each */
void engine_arm_slow(struct cov_site **sites, u32 n);

/* engine_choice - COV_ENGINE_* for a target's sites: where order counts, auto has no detours */
u32 engine_choice(const struct cov_target *target);

/* engine_release - have every engine let go of the sites that a filter takes */
void engine_release(struct cov_target *target, site_filter filter);

/* engine_known - is it an engine that can be asked for? */
bool engine_known(u32 choice);

/* engines_usable - bit (1 << COV_ENGINE_*) of each that works here */
u32 engines_usable(void);

/* engines_init - try them out; what cannot be used is said in the log. No failure. */
void engines_init(void);
void engines_exit(void);

#endif /* LIVECOV_ENGINE_H */
