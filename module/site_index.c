// SPDX-License-Identifier: GPL-2.0-only
/*
 * site_index.c - see site_index.h. A module has one index for all targets in it, of which each
 * manual checkpoint is one. An index is an array of words, one for each part of a site's patch,
 * sorted into buckets of 64 bytes of text, and for each bucket the position of its first word: a
 * look-up reads one bucket and walks over the words of its sites, two on average.
 *
 *	indices --> index of ext4 --> index of brd --> NULL
 *	            bucket[0] .. bucket[size / 64]
 *	            word[0] .. word[count - 1]:	chunk | place in it / 8 | offset in its bucket
 *	            chunk[0] .. chunk[n - 1]
 *
 * So only the site with that address is read, and of it only @indexed. That is set once the
 * site's index is in the list and the one before is gone: a word never stands for an earlier
 * patch of a site that has another one now.
 *
 * An index in the list changes in one way: when a target goes, which must not need memory, its
 * chunks are replaced by a page of zeros, in which no site is @indexed; its words stay until the
 * module's index is built again. Writers hold the targets' lock; a reader is a handler with
 * preemption off, so an index taken out of the list, or a chunk, is freed after
 * synchronize_rcu(). smp_store_release() in rcu_assign_pointer() pairs with the dependency of
 * rcu_dereference(): a reader that sees an index sees its sites.
 */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "portable.h"
#include "shortcut.h"
#include "site_index.h"
#include "site_patch.h"
#include "target_list.h"

#define BUCKET_SHIFT	6
#define BUCKET_MASK	((1U << BUCKET_SHIFT) - 1)
#define PLACE_UNIT	8
#define PLACE_SHIFT	BUCKET_SHIFT
#define PLACE_BITS	(PAGE_SHIFT - ilog2(PLACE_UNIT))
#define CHUNK_SHIFT	(PLACE_SHIFT + PLACE_BITS)
#define CHUNKS_MAX	(1U << (32 - CHUNK_SHIFT))

/**
 * struct site_index - the index of one module
 * @next: in the list of all indices
 * @mod: the module
 * @base: address at which the first bucket begins
 * @size: of the text that the buckets cover, bytes
 * @count: of @words
 * @nr_chunks: of @chunks
 * @buckets: for each the position of its first word; one more, for the end
 * @words: one for each part of a site's patch, by bucket
 * @chunks: those of all sites; a page of zeros in place of those whose target is gone
 */
struct site_index {
	struct site_index __rcu *next;
	const struct module *mod;
	unsigned long base;
	unsigned long size;
	u32 count;
	u32 nr_chunks;
	u32 *buckets;
	u32 *words;
	struct site_chunk *chunks[];
};

static struct site_index __rcu *indices;

/* --- in a handler's context ---------------------------------------------- */

static __always_inline struct cov_site *site_of(const struct site_index *index, u32 word)
{
	u32 place = word / ((1U << PLACE_SHIFT) / PLACE_UNIT) & ~PAGE_MASK & -PLACE_UNIT;

	return (void *)READ_ONCE(index->chunks[word >> CHUNK_SHIFT]) + place;
}

static __always_inline struct cov_site *find_in(const struct site_index *index,
						unsigned long offset)
{
	const u32 *bucket = &index->buckets[offset >> BUCKET_SHIFT];
	const u32 *word = &index->words[bucket[0]], *end = &index->words[bucket[1]];

	for (; word < end; word++) {
		struct cov_site *site;

		if ((*word ^ offset) & BUCKET_MASK)
			continue;
		site = site_of(index, *word);
		if (READ_ONCE(site->indexed))
			return site;
	}
	return NULL;
}

struct cov_site * notrace site_index_find(unsigned long address)
{
	const struct site_index *index;

	/* _raw: a handler has preemption off, and must not call into lockdep. */
	for (index = rcu_dereference_raw(indices); index; index = rcu_dereference_raw(index->next))
		if (address - index->base < index->size) {
			struct cov_site *site = find_in(index, address - index->base);

			if (site)
				return site;
		}
	return NULL;
}
NOKPROBE_SYMBOL(site_index_find);

/* How many bytes have been patched from an address on, at which a part of the site's begins. */
static __always_inline u32 patched_from(const struct cov_site *site, unsigned long address)
{
	return site_part(site, site_part_at(site, address), &address);
}

/* The site whose patch holds @address, of those that begin at least @back bytes before it. */
static __always_inline struct cov_site *find_covering(unsigned long address, u32 back)
{
	for (; back < REGION_MAX_LEN; back++) {
		struct cov_site *site = site_index_find(address - back);

		if (site && back < patched_from(site, address - back))
			return site;
	}
	return NULL;
}

struct cov_site * notrace site_index_covering(unsigned long address)
{
	return find_covering(address, 0);
}
NOKPROBE_SYMBOL(site_index_covering);

bool notrace site_index_inside(unsigned long address)
{
	return find_covering(address, 1);
}
NOKPROBE_SYMBOL(site_index_inside);

/* @offset may lie before the index, by no more than the length of a patch. */
static bool overlaps_in(const struct site_index *index, long offset, u32 length)
{
	long first = max(offset + 1 - REGION_MAX_LEN, 0L) >> BUCKET_SHIFT;
	long end = (min(offset + length, (long)index->size) + BUCKET_MASK) >> BUCKET_SHIFT;

	for (; first < end; first++) {
		u32 i;

		for (i = index->buckets[first]; i < index->buckets[first + 1]; i++) {
			const struct cov_site *site = site_of(index, index->words[i]);
			long at = (first << BUCKET_SHIFT) + (index->words[i] & BUCKET_MASK);

			if (READ_ONCE(site->indexed) && at < offset + length &&
			    (at > offset || at + patched_from(site, index->base + at) > offset))
				return true;
		}
	}
	return false;
}

bool site_index_overlaps(unsigned long address, u32 length)
{
	const struct site_index *index;

	lockdep_assert_held(&cov_targets_lock);
	for (index = rcu_dereference_raw(indices); index; index = rcu_dereference_raw(index->next))
		if (address + length > index->base &&
		    address < index->base + index->size + REGION_MAX_LEN &&
		    overlaps_in(index, address - index->base, length))
			return true;
	return false;
}

struct cov_site *site_index_find_stub(unsigned long address)
{
	const struct site_index *index;
	u32 i;

	for (index = rcu_dereference_raw(indices); index; index = rcu_dereference_raw(index->next))
		for (i = 0; i < index->count; i++) {
			struct cov_site *site = site_of(index, index->words[i]);

			if (site->indexed && (address - site_stub(site) < site->stub_len ||
					      shortcut_origin(site, address)))
				return site;
		}
	return NULL;
}

/* --- sleeping -------------------------------------------------------------- */

static bool wants_index(const struct cov_site *site)
{
	return site->engine == COV_ENGINE_BREAKPOINT || site->engine == COV_ENGINE_DETOUR;
}

static void index_free(struct site_index *index)
{
	if (!index)
		return;
	pure_free(index->buckets);
	pure_free(index->words);
	kvfree(index);
}

static u32 words_wanted(const struct cov_site *site)
{
	return wants_index(site) ? site_parts(site) : 0;
}

/* A walk through the parts of patches that an index is to have: the part that it has come to. */
struct part {
	struct cov_site *site;
	unsigned long address;
	u32 chunk;
	u32 place;
	u32 next;	/* part of the site */
};

/* Return: is there another one? A walk begins with an empty @part. */
static bool next_part(const struct site_index *index, struct part *part)
{
	for (; part->chunk < index->nr_chunks; part->chunk++, part->place = 0) {
		struct site_chunk *chunk = index->chunks[part->chunk];

		for (; part->place < chunk->count; part->place++, part->next = 0) {
			part->site = &chunk->sites[part->place];
			if (part->next < words_wanted(part->site)) {
				site_part(part->site, part->next++, &part->address);
				return true;
			}
		}
		cond_resched();
	}
	return false;
}

/* Count the words, and find the range that they span. */
static void measure(struct site_index *index)
{
	unsigned long first = ULONG_MAX, last = 0;
	struct part part = { };

	while (next_part(index, &part)) {
		first = min(first, part.address);
		last = max(last, part.address);
		index->count++;
	}
	if (!index->count)
		return;
	index->base = round_down(first, 1UL << BUCKET_SHIFT);
	index->size = round_up(last + 1 - index->base, 1UL << BUCKET_SHIFT);
}

/* A target whose module has gone has no patches, and its module may come back elsewhere. */
static bool is_in(const struct cov_target *target, const struct module *mod)
{
	return target->mod == mod && target->state == COV_TARGET_LIVE;
}

static u32 count_chunks(const struct module *mod)
{
	const struct cov_target *target;
	u32 n = 0;

	list_for_each_entry(target, &cov_targets, link)
		if (is_in(target, mod))
			n += target->cps.sites.nr_chunks;
	return n;
}

static void note_chunks(struct site_index *index)
{
	const struct cov_target *target;
	struct site_chunk *chunk;

	list_for_each_entry(target, &cov_targets, link) {
		if (!is_in(target, index->mod))
			continue;
		list_for_each_entry(chunk, &target->cps.sites.chunks, link)
			index->chunks[index->nr_chunks++] = chunk;
	}
}

static struct site_index *index_alloc(const struct module *mod)
{
	u32 nr_chunks = count_chunks(mod);
	struct site_index *index;

	BUILD_BUG_ON(offsetof(struct site_chunk, sites) % PLACE_UNIT ||
		     sizeof(struct cov_site) % PLACE_UNIT);
	if (nr_chunks > CHUNKS_MAX)
		return NULL;
	index = pure_alloc_lasting(struct_size(index, chunks, nr_chunks));
	if (!index)
		return NULL;
	index->mod = mod;
	note_chunks(index);
	measure(index);
	index->buckets = pure_alloc_lasting(((index->size >> BUCKET_SHIFT) + 2) * sizeof(u32));
	index->words = pure_alloc_lasting(((size_t)index->count + 1) * sizeof(u32));
	if (!index->buckets || !index->words) {
		index_free(index);
		return NULL;
	}
	return index;
}

static u32 word_of(const struct site_index *index, const struct part *part)
{
	return part->chunk << CHUNK_SHIFT | offset_in_page(part->site) / PLACE_UNIT << PLACE_SHIFT |
	       ((part->address - index->base) & BUCKET_MASK);
}

static u32 bucket_of(const struct site_index *index, const struct part *part)
{
	return (part->address - index->base) >> BUCKET_SHIFT;
}

/*
 * A counting sort. Words are counted two buckets further on, so that after the sums
 * bucket + 1 says where its words begin, and, when they are all in, where they end.
 */
static void index_fill(struct site_index *index)
{
	u32 *next = index->buckets + 1, i, nr = index->size >> BUCKET_SHIFT;
	struct part part = { };

	while (next_part(index, &part))
		if (bucket_of(index, &part) + 1 < nr)
			next[bucket_of(index, &part) + 1]++;
	for (i = 1; i < nr; i++)
		next[i] += next[i - 1];
	part = (struct part){ };
	while (next_part(index, &part))
		index->words[next[bucket_of(index, &part)]++] = word_of(index, &part);
}

/* What an __rcu pointer holds, for those that change it. */
#define locked(pointer)	rcu_dereference_protected(pointer, lockdep_is_held(&cov_targets_lock))

/* Where the list refers to the index of a module, or to its end. */
static struct site_index __rcu **find_link(const struct module *mod)
{
	struct site_index __rcu **link = &indices;
	struct site_index *index;

	while ((index = locked(*link)) && index->mod != mod)
		link = &index->next;
	return link;
}

/* Replace the index that the list has of @mod by @index, which may be NULL. */
static void replace(const struct module *mod, struct site_index *index)
{
	struct site_index __rcu **link = find_link(mod);
	struct site_index *old = locked(*link);

	if (index)
		RCU_INIT_POINTER(index->next, old ? locked(old->next) : NULL);
	if (index)
		rcu_assign_pointer(*link, index);
	else if (old)
		rcu_assign_pointer(*link, locked(old->next));
	/* Attaching waits here once for each engine, so do not wait for the ticks of all CPUs. */
	if (old)
		synchronize_rcu_expedited();
	index_free(old);
}

int site_index_build(struct cov_target *target)
{
	struct site_index *index;
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	index = index_alloc(target->mod);
	if (!index)
		return -ENOMEM;
	index_fill(index);
	replace(target->mod, index);
	for_each_site(site, chunk, i, &target->cps)
		if (wants_index(site))
			WRITE_ONCE(site->indexed, true);
	return 0;
}

void site_index_drop(struct cov_target *target)
{
	struct site_chunk *nothing = page_address(ZERO_PAGE(0));
	bool ours = false, others = false;
	struct site_index *index;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	index = locked(*find_link(target->mod));
	for (i = 0; index && i < index->nr_chunks; i++) {
		if (index->chunks[i] == nothing)
			continue;
		if (index->chunks[i]->target != target) {
			others = true;
			continue;
		}
		WRITE_ONCE(index->chunks[i], nothing);
		ours = true;
	}
	if (ours && others)
		synchronize_rcu_expedited();
	else if (ours)
		replace(target->mod, NULL);
}
