// SPDX-License-Identifier: GPL-2.0-only
/*
 * patcher.c - see patcher.h. breakpoint.c and detour.c have the states.
 *
 * A kprobe registered on bytes of ours has a copy of our jump, and will restore our byte when
 * it is unregistered (foreign.c). Its removal is awaited for a while. If it stays, so does the
 * patch, with all that the patch needs: held.c keeps it until the kprobe is gone.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "arena.h"
#include "arena_store.h"
#include "disarm.h"
#include "foreign.h"
#include "held.h"
#include "patcher.h"
#include "quiesce.h"
#include "shortcut.h"
#include "site_index.h"
#include "site_patch.h"
#include "site_stub.h"
#include "target_list.h"
#include "unloading.h"

#define WAIT_OUT_MS	2000

void patcher_make_stub(struct cov_site *site, unsigned long at, const u8 *bytes,
		       u32 original, u32 len)
{
	lockdep_assert_held(&cov_targets_lock);
	arena_store(at, bytes, original + len);
	site->patch_length = original;
	site->stub_len = len;
	site->room = arena_unit(at);
	site->shortcut = site->shortcut_knows = 0;
}

static void forget_stub(struct cov_site *site)
{
	site->room = site->stub_len = site->taken_at = 0;
	site->shortcut = site->shortcut_knows = 0;
	site->engine = SITE_NO_ENGINE;
	site->patch_length = 0;
	site->settled = SITE_SETTLED_NOT;
	site->kprobed = false;
	site->by_stub = false;
	site->implied_by = 0;
	site->patch_offset = 0;
	site->island = false;
}

static void drop_stub(struct cov_site *site)
{
	unsigned long at;
	u32 more = shortcut_room(site, &at);

	if (more)
		arena_give(at, more);
	arena_give(site_room(site), site->patch_length + site->stub_len);
	if (site->by_stub)
		site_stub_give(site);
	forget_stub(site);
}

bool patcher_describe(const struct cov_site *site, struct text_patch *patch)
{
	if (patch->part >= site_parts(site))
		return false;
	patch->length = site_part(site, patch->part, &patch->address);
	patch->inside = patch->length > 1 && (patch->part || site->region.inside);
	memcpy(patch->from, patcher_original_bytes(site, patch->part), patch->length);
	memcpy(patch->to, patch->from, patch->length);
	return true;
}

bool patcher_may_patch(const struct cov_site *site)
{
	return !site->forbidden;
}

/* --- arming ----------------------------------------------------------------------- */

static void refuse_arm(void *context, u32 i, int err)
{
	struct cov_site **sites = context;

	sites[i]->engine = SITE_NO_ENGINE;
	sites[i]->error = -err;
}

static u32 patcher_prepare_all(const struct cov_engine *engine, struct cov_site **sites, u32 n,
			       int (*prepare)(struct cov_site *site))
{
	u32 i, ready = 0;

	for (i = 0; i < n; i++) {
		int err = prepare(sites[i]);

		if (err) {
			sites[i]->error = -err;
			continue;
		}
		sites[i]->error = 0;
		sites[i]->engine = engine->id;
		/* Before it can be hit: the handler must find a one-shot site ARMED. */
		WRITE_ONCE(sites[i]->state, COV_SITE_ARMED);
		ready++;
		cond_resched();
	}
	arena_store_flush();
	return ready;
}

static bool was_refused(const struct cov_site *site)
{
	return !site->engine && site->indexed;
}

/* Drop sites whose bytes turned out to be another user's. No task has entered their stubs. */
static void drop_refused(struct cov_site **sites, u32 n)
{
	bool any = false;
	u32 i;

	for (i = 0; i < n; i++)
		any |= was_refused(sites[i]);
	if (!any)
		return;
	for (i = 0; i < n; i++)
		if (was_refused(sites[i]))
			WRITE_ONCE(sites[i]->state, COV_SITE_PENDING);
	for (i = 0; i < n; i++)
		if (was_refused(sites[i])) {
			WRITE_ONCE(sites[i]->indexed, false);
			drop_stub(sites[i]);
		}
	synchronize_rcu();
}

/* No handler can find them yet. */
static void patcher_forget(const struct cov_engine *engine, struct cov_site **sites, u32 n, int err)
{
	u32 i;

	for (i = 0; i < n; i++) {
		if (sites[i]->engine != engine->id)
			continue;
		refuse_arm(sites, i, err);
		WRITE_ONCE(sites[i]->state, COV_SITE_PENDING);
		drop_stub(sites[i]);
	}
}

void patcher_arm(const struct cov_engine *engine, struct cov_site **sites, u32 n,
		 int (*prepare)(struct cov_site *site),
		 bool (*describe)(void *context, u32 i, struct text_patch *patch))
{
	struct text_job job = { n, describe, refuse_arm, sites, SITE_PARTS };
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	if (!patcher_prepare_all(engine, sites, n, prepare))
		return;
	if (site_index_build(site_target(sites[0]))) {
		patcher_forget(engine, sites, n, -ENOMEM);
		return;
	}
	text_patch(&job);
	drop_refused(sites, n);
	for (i = 0; i < n; i++)
		if (sites[i]->engine == engine->id)
			sites[i]->watched = true;
}

/* --- giving back -------------------------------------------------------------------- */

/* The patches of a release: the cursor returns the sites in the same order at each step. */
struct undoing {
	struct site_cursor cursor;
	struct cov_site *site;
	const struct cov_engine *engine;
};

static bool describe_release(void *context, u32 i, struct text_patch *patch)
{
	struct undoing *undoing = context;

	if (!patch->part) {
		if (!i)
			undoing->cursor.chunk = NULL;
		undoing->site = site_next(&undoing->cursor);
	}
	return !undoing->site->kprobed && undoing->engine->describe_undo(undoing->site, patch);
}

/* A kprobe came between the last check and the patch: treat it as if it had been seen. */
static void patcher_note_refused(void *context, u32 i, int err)
{
	struct undoing *undoing = context;

	undoing->site->kprobed = true;
}

static u32 count_sites(struct site_cursor cursor)
{
	u32 n = 0;

	while (site_next(&cursor))
		n++;
	return n;
}

/* What is left to undo of a site, in @patches. Return: how many. */
static u32 describe_parts(const struct cov_engine *engine, const struct cov_site *site,
			  struct text_patch patches[SITE_PARTS])
{
	u32 part, n = 0;

	for (part = 0; part < SITE_PARTS; part++) {
		patches[n].part = part;
		n += engine->describe_undo(site, &patches[n]);
	}
	return n;
}

/* Is there another user's kprobe on bytes of ours? One on original bytes does not matter. */
static bool is_kprobed(const struct cov_engine *engine, const struct cov_site *site)
{
	struct text_patch patches[SITE_PARTS];
	u32 n = describe_parts(engine, site, patches);

	while (n--)
		if (foreign_probe_on(patches[n].address, patches[n].length))
			return true;
	return false;
}

/* Find out which sites are @kprobed. Return: how many. */
static u32 mark_kprobed(const struct cov_engine *engine, const struct site_cursor *start)
{
	struct site_cursor cursor = *start;
	struct cov_site *site;
	u32 n = 0;

	while ((site = site_next(&cursor)))
		site->kprobed = false;
	foreign_mark();
	cursor = *start;
	while ((site = site_next(&cursor))) {
		site->kprobed = site->kprobed && is_kprobed(engine, site);
		n += site->kprobed;
	}
	return n;
}

/*
 * Wait a while for the kprobes on our patches to go. While livecov is being unloaded held_wait()
 * does that, without the targets' lock.
 */
static void wait_out(const struct undoing *undoing)
{
	u32 waited = 0, n;

	while ((n = mark_kprobed(undoing->engine, &undoing->cursor)) &&
	       !livecov_is_unloading() && waited < WAIT_OUT_MS)
		foreign_wait(&waited, n);
}

/* Leaves the cursor before the first site. */
static void patcher_restore(struct undoing *undoing, struct text_job *job)
{
	text_patch(job);
	undoing->cursor.chunk = NULL;
}

/* held.c owns its patch and stub from now on; without memory they stay for good, unowned. */
static void patcher_abandon(struct cov_site *site, const struct text_patch *patches, u32 n)
{
	pr_warn("another user's kprobe is on our jump at %pS: it stays until that has gone, and so does livecov\n",
		(void *)site_patch(site));
	if (!held_take(site, patches, n)) {
		pr_err("no memory to keep track of it: it stays for good; reload its module before attaching to it again\n");
		__module_get(THIS_MODULE);
		site_target(site)->cps.abandoned = true;
	}
	WRITE_ONCE(site->indexed, false);
	site->engine = SITE_NO_ENGINE;
}

static void abandon_kprobed(struct undoing *undoing)
{
	struct site_cursor cursor = undoing->cursor;
	struct text_patch patches[SITE_PARTS];
	struct cov_site *site;
	u32 n;

	while ((site = site_next(&cursor))) {
		n = site->kprobed ? describe_parts(undoing->engine, site, patches) : 0;
		if (n)
			patcher_abandon(site, patches, n);
	}
}

static void hide_from_handlers(struct site_cursor cursor)
{
	struct cov_site *site;

	while ((site = site_next(&cursor)))
		WRITE_ONCE(site->indexed, false);
	synchronize_rcu();
	cov_disarm_flush();
}

/* No handler looks at them any more: clear their state before the sites are used again. */
static void forget_abandoned(struct site_cursor cursor)
{
	struct cov_site *site;

	cursor.engine = SITE_NO_ENGINE;
	while ((site = site_next(&cursor)))
		if (site->kprobed)
			forget_stub(site);
}

static void drop_stubs(struct site_cursor cursor)
{
	struct cov_site *site;

	text_quiesce_stubs();
	while ((site = site_next(&cursor)))
		drop_stub(site);
}

void patcher_release(const struct cov_engine *engine, struct cov_target *target,
		     site_filter filter)
{
	struct undoing undoing = { { target, engine->id, filter }, NULL, engine };
	struct text_job job = { .describe = describe_release, .refused = patcher_note_refused,
				.context = &undoing, .parts = SITE_PARTS };

	lockdep_assert_held(&cov_targets_lock);
	job.count = count_sites(undoing.cursor);
	if (!job.count)
		return;
	if (target->state == COV_TARGET_LIVE) {
		wait_out(&undoing);
		patcher_restore(&undoing, &job);
		abandon_kprobed(&undoing);
	} else {
		/* kprobes has marked its probes as gone: their text is about to be freed. */
		patcher_restore(&undoing, &job);
	}
	hide_from_handlers(undoing.cursor);
	forget_abandoned(undoing.cursor);
	drop_stubs(undoing.cursor);
}

u32 patcher_original(const struct cov_site *site, u32 part, unsigned long *address, u8 *bytes)
{
	u32 length = site_part(site, part, address);

	memcpy(bytes, patcher_original_bytes(site, part), length);
	return length;
}
