/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * site.h - a site: an instruction that is watched, its state, and the memory that the sites of a
 * target lie in. A big module has tens of thousands: 40 bytes each.
 */
#ifndef LIVECOV_SITE_H
#define LIVECOV_SITE_H

#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mm.h>

#include "cell_layout.h"
#include "errtext.h"
#include "region.h"

/*
 * A site's life. The ABI's COV_SITE_* and one more, in between:
 *
 *	           arm             first hit that counts        worker
 *	PENDING ----------> ARMED -----------------------> DISARMING ------> DISARMED
 *	   |                ^  |      (one-shot only)          |                |
 *	   | refused        |  |                               |                |
 *	   v                |  |        text unloaded          v                |
 *	REFUSED             |  +-----------------------------> GONE <-----------+
 *	                    +-- reset, or settle_undo.c ------------------ from DISARMED
 *
 * Sites begin as PENDING; in init text that has gone already, as GONE. Also:
 *
 *	ARMED -> DISARMED	settled, or a manual checkpoint switched off (settle.c,
 *				target_switch.c)
 *	ARMED -> PENDING	its engine could not arm it after all: the next one tries
 *	ARMED -> REFUSED	it could not be armed again (rearm.c, target_switch.c)
 *	any -> GONE -> PENDING	a kprobe takes its place (target_yield.c); DISARMED if it is off
 *	ARMED -> GONE -> REFUSED	it gives way to breakpoints (target_yield.c)
 *	REFUSED -> PENDING	tried again: nothing could take its place (target_yield.c), or what
 *				hindered it may be gone (target_reset.c, target_switch.c)
 *	REFUSED -> ARMED	its engine, which it has kept, tries again (rearm.c,
 *				target_switch.c)
 *	any -> PENDING, or DISARMED if it has seen what it needs to see, or is switched off:
 *				the same build was loaded again (target_reload.c)
 *
 * Under the targets' lock: every change but ARMED -> DISARMING, which a handler
 * makes with cmpxchg() (so that one hit alone hands the site to the worker), and
 * DISARMING -> DISARMED, which only the worker makes. Code that relies on no site
 * being DISARMING calls cov_disarm_flush() first (disarm.h).
 */
#define SITE_DISARMING	0x80

/*
 * How much of a detour is still needed (settle.c). Back to NOT by rearm.c, or with the
 * engine's release.
 */
enum site_settled {
	SITE_SETTLED_NOT,	/* both outcomes are noted */
	SITE_SETTLED_HALF,	/* falling through is known, and costs nothing any more */
	SITE_SETTLED_SHORTCUT,	/* one outcome is known, and costs less (shortcut.h) */
	SITE_SETTLED_FREE,	/* the original bytes are back; the site is DISARMED */
};

#define SITE_NO_ENGINE	0	/* COV_ENGINE_AUTO is none that arms */

struct cov_target;
struct entry_node;
struct site_probe;

/**
 * struct cov_site - an instruction that is watched
 * @probe: engine kprobe's, from arming to release
 * @entry: engine entry's, likewise
 * @room: the other engines': of its code, in ARENA_UNITs from the arena's beginning: the original
 *	  bytes lie there, and then its stub
 * @shortcut: likewise, engine detour's: of its shortcut (shortcut.h), and one more; 0 for none
 * @shortcut_knows: OUTCOME_*: which outcome that does not note
 * @stub_len: bytes of the stub; with an island that includes the copy of the island's instructions
 *	      and, at the end, their original bytes
 * @patch_length: how many bytes they change at the site
 * @taken_at: engine detour's: where a jump that is taken goes in its stub (stub_taken()); with an
 *	      island, where the copy of the island's instructions begins
 * @offset: of the instruction, from the base of its target's text
 * @displacement: SITE_BRANCH: from the jump's end to where it goes; a call's likewise
 * @cell: what it sees: the first of its cells (cell_layout.h), which tells as well which of the
 *	  target's functions, branches or blocks it is
 * @implied_by: the first cell of another site, whose hit implies one of the branch's outcomes; 0,
 *		which is an entry's, if there is none. SITE_SETTLED_FREE: nothing else tells that
 *		outcome; 0 if both are known
 * @implied_outcome: OUTCOME_*: which outcome that is
 * @error: errno (positive) why it was refused
 * @region: what a detour may take
 * @state: COV_SITE_* or SITE_DISARMING
 * @kind: enum site_kind
 * @engine: COV_ENGINE_* of what has armed it, or SITE_NO_ENGINE
 * @settled: enum site_settled
 * @condition: SITE_BRANCH: struct insn_branch's
 * @length: SITE_BRANCH: of the jump, bytes; a call's likewise
 * @patch_offset: where its patch begins, from its address: a detour's region before its jump or
 *		  after the fentry site, or the instruction after an endbr64
 * @indexed: handlers find it by its address (site_index.h)
 * @off: outcomes that are switched off, and which of these for good (target_switch.c, SITE_OFF()):
 *	 while all are off, it is not armed again
 * @one_shot: the first hit that counts says all
 * @narrow: SITE_BRANCH: struct insn_branch's
 * @at_fentry: the instruction is an fentry site
 * @watched: it has been armed since the hits were last forgotten, or until all that it sees was
 *	     known
 * @lapsed: except for some time: that it was not hit says nothing (site_vouches())
 * @witness: not one of the plan's sites: it exists for its hit to imply an outcome (settle.c)
 * @in_init: lies in text that is freed when the module's init function has returned
 * @traced: mode trace: hits are recorded in order as well
 * @calls: SITE_LEADER, SITE_ENTRY: the instruction is a call; engine breakpoint's
 * @by_stub: the stub does all that there is to do, recording included: after a hit the handler
 *	     continues there
 * @forbidden: no engine of ours may patch its function, or its bytes
 * @kprobed: another user's kprobe is placed on its patched bytes: they stay
 * @island: its region's island is patched as well, or is about to be
 * @slow: PENDING: only kprobes can arm it
 * @filtered: engine entry's: it wants its function in ftrace's filter
 * @displaced: yielded to a kprobe (target_yield.c), and nothing watches it now: REFUSED, and tried
 *	       again; or, only while target_yield.c is at work, about to be released
 *
 * Handlers write @state alone, as above, and so does the worker. Everything else is
 * written under the targets' lock; what changes while handlers may read it, @indexed and
 * @off, has a byte of its own. @shortcut and @shortcut_knows have not, but no handler reads them,
 * and what the handlers read beside them is overwritten with what it is.
 */
struct cov_site {
	union {
		struct site_probe *probe;
		struct entry_node *entry;
		struct {
			u64 room : 20;
			u64 patch_length : 6;
			u64 stub_len : 9;
			u64 taken_at : 8;
			u64 shortcut : 20;
			u64 shortcut_knows : 1;
		};
	};
	s32 offset;
	s32 displacement;
	u32 cell;
	u32 implied_by : 31;
	u32 implied_outcome : 1;
	u16 error;
	struct region region;
	u8 state;
	u8 kind : 4;
	u8 length : 4;
	u8 engine;
	u8 settled;
	u8 condition;
	s8 patch_offset;
	bool indexed;
	u8 off;
	bool one_shot : 1;
	bool narrow : 1;
	bool at_fentry : 1;
	bool watched : 1;
	bool witness : 1;
	bool in_init : 1;
	bool traced : 1;
	bool calls : 1;
	bool by_stub : 1;
	bool forbidden : 1;
	bool kprobed : 1;
	bool slow : 1;
	bool island : 1;
	bool lapsed : 1;
	bool filtered : 1;
	bool displaced : 1;
};

static_assert(sizeof(struct region) == 4 && sizeof(struct cov_site) == 40);

/* site_vouches - if the site was not hit, does that mean that it was not passed? */
static inline bool site_vouches(const struct cov_site *site)
{
	return site->watched && !site->lapsed;
}

/**
 * struct site_chunk - a page of sites, at a multiple of its size: a site finds its head
 * @link: in struct site_list.chunks
 * @target: that the sites belong to
 * @base: of the target's text, where it lies now
 * @node: in the list of chunks with sites to disarm (disarm.c)
 * @queued: 1 if it is in that list, else 0
 * @count: sites in use
 * @sites: SITES_IN_CHUNK of them
 */
struct site_chunk {
	struct list_head link;
	struct cov_target *target;
	unsigned long base;
	struct llist_node node;
	u32 queued;
	u32 count;
	struct cov_site sites[];
};

#define SITES_IN_CHUNK	((PAGE_SIZE - sizeof(struct site_chunk)) / sizeof(struct cov_site))

/* site_chunk - the page that a site lies in. Any context. */
static __always_inline struct site_chunk *site_chunk(const struct cov_site *site)
{
	return (struct site_chunk *)((unsigned long)site & PAGE_MASK);
}

/* site_target - the target that a site belongs to. Any context. */
static __always_inline struct cov_target *site_target(const struct cov_site *site)
{
	return site_chunk(site)->target;
}

/* site_address - address of a site's instruction, in the text as it lies now. Any context. */
static __always_inline unsigned long site_address(const struct cov_site *site)
{
	return site_chunk(site)->base + site->offset;
}

/* site_outcomes - how many cells a site has: a branch one for each OUTCOME_* */
static __always_inline u32 site_outcomes(const struct cov_site *site)
{
	return site->kind == SITE_BRANCH ? 2 : 1;
}

/* Bits of @off: an outcome is off; it is off for good, which is set in addition. */
#define SITE_OFF(outcome)	(1U << (outcome))
#define SITE_DELETED_SHIFT	2
#define SITE_DELETED(outcome)	(SITE_OFF(outcome) << SITE_DELETED_SHIFT)
#define SITE_OFF_ALL		(SITE_OFF(OUTCOME_NOT_TAKEN) | SITE_OFF(OUTCOME_TAKEN))

/* site_is_off - was all that it sees switched off? */
static inline bool site_is_off(const struct cov_site *site)
{
	return !((SITE_OFF(site_outcomes(site)) - 1) & ~site->off);
}

/**
 * site_state - the state of a site that user space sees
 * @site: the site, or NULL
 *
 * Return: COV_SITE_*: DISARMING counts as disarmed, as the worker will get to it; COV_SITE_NONE
 * for NULL.
 */
static inline u8 site_state(const struct cov_site *site)
{
	u8 state = site ? READ_ONCE(site->state) : COV_SITE_NONE;

	return state == SITE_DISARMING ? COV_SITE_DISARMED : state;
}

/**
 * struct site_list - all sites of a target
 * @chunks: their memory: it grows, but no site ever moves
 * @filling: the first chunk with room, or the last one; NULL if there is none
 * @nr_chunks: how many chunks
 * @count: sites
 * @room: sites that there is memory for already
 */
struct site_list {
	struct list_head chunks;
	struct site_chunk *filling;
	u32 nr_chunks;
	u32 count;
	u32 room;
};

/* site_list_init - make an empty list; its contents on entry do not matter */
static inline void site_list_init(struct site_list *list)
{
	*list = (struct site_list){ .chunks = LIST_HEAD_INIT(list->chunks) };
}

/* site_list_free - free all sites, and leave the list empty; no handler and no worker uses any */
void site_list_free(struct site_list *list);

/**
 * site_list_reserve - have memory for some more sites
 * @list: the target's
 * @target: whose sites they will be
 * @base: of its text
 * @n: how many site_list_add() may follow
 *
 * The targets' lock is held; sleeps. Return: 0 or -ENOMEM; what was allocated until then is kept.
 */
int site_list_reserve(struct site_list *list, struct cov_target *target, unsigned long base,
		      u32 n);

/**
 * site_list_add - add a site
 * @list: the target's; has memory for it (site_list_reserve())
 *
 * The targets' lock is held. Return: the site, all zero. It is freed with the list.
 */
struct cov_site *site_list_add(struct site_list *list);

/**
 * site_list_move - the target's text lies elsewhere now
 * @list: the target's; no handler uses its sites
 * @base: of the text
 *
 * The targets' lock is held.
 */
void site_list_move(struct site_list *list, unsigned long base);

/**
 * for_each_site - walk all sites of a target
 * @site: struct cov_site *: the current one
 * @chunk: struct site_chunk *: the one that it lies in
 * @i: u32
 * @cps: struct checkpoints *: the target's
 *
 * The targets' lock is held. Two loops: break leaves only the inner one.
 */
#define for_each_site(site, chunk, i, cps)				\
	list_for_each_entry(chunk, &(cps)->sites.chunks, link)		\
		for (i = 0; i < (chunk)->count && ((site) = &(chunk)->sites[i], true); i++)

/* Takes some sites of a target, for what is done to these alone. Must not sleep. */
typedef bool (*site_filter)(const struct cov_site *site);

/**
 * sites_to_front - move the sites that a filter takes to the front
 * @sites: in and out: their order changes
 * @n: how many
 * @filter: true for those that go to the front
 *
 * The targets' lock is held; does not sleep. Return: how many it takes.
 */
u32 sites_to_front(struct cov_site **sites, u32 n, site_filter filter);

/**
 * struct site_cursor - a walk through those sites of a target that an engine has
 * @target: whose
 * @engine: COV_ENGINE_*: its sites alone
 * @filter: and of these those that it takes
 * @chunk: where the walk is, NULL before the first site
 * @index: of the next site in @chunk
 */
struct site_cursor {
	struct cov_target *target;
	u32 engine;
	site_filter filter;
	struct site_chunk *chunk;
	u32 index;
};

/**
 * site_next - the next site of a walk
 * @cursor: the walk; it begins at the first site if its @chunk is NULL
 *
 * The targets' lock is held; does not sleep. Return: the site; NULL at the end, after which the
 * walk starts again.
 */
struct cov_site *site_next(struct site_cursor *cursor);

#endif /* LIVECOV_SITE_H */
