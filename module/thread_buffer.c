// SPDX-License-Identifier: GPL-2.0-only
/*
 * thread_buffer.c - what a tracked task carries (see thread_buffer.h). Called from probe handlers
 * where a function says "any context".
 *
 * A slot's life. G is the generation in the upper half of @last.
 *
 *		 open: by the one who claimed the registry's key
 *	 +----------+					  +-----------+
 *	 |  CLOSED  |------------------------------------>|    OPEN   |---+
 *	 |  G even  |		  G + 1			  |   G odd   |   | enter
 *	 +----------+<------------------------------------+-----------+<--+ same G
 *		 close: cmpxchg (G, last) -> (G + 1, none), one winner
 *
 * The right to a closed slot goes from the closer through the registry's key
 * (released free, then claimed) to the next opener, so open and everything
 * between close and open has a single writer.
 *
 * A reference is (slot, G). All that can be done through one is done by cmpxchg on a word that
 * holds G, or compares G: a handler that looked its task up, then lost the slot to another
 * task, changes nothing of the new life. G is 32 bits wide: to be mistaken, a handler would
 * have to stall between look-up and use for 2^31 lives of one slot.
 *
 * An interrupt in the middle of an update on the same CPU, that updates the
 * same slot, is an update that came first: the cmpxchg fails and is tried again.
 *
 * Memory ordering
 *   [B] @sample and @owner are stored with release after the slot was closed, and
 *	 loaded with acquire between two loads of G. A reader that saw a value of the
 *	 next life sees a later G in its second load.
 *   [C] @last is stored with release by open, after [B]; loaded with acquire.
 *	 A reader that sees G sees what was opened under it.
 *   [D] cmpxchg in close is fully ordered, and the stores [B] of the next life
 *	 come after it: first in the same CPU's order, then through the key.
 */
#include "thread_buffer.h"

static __always_inline u64 word_pack(u32 generation, u32 low)
{
	return (u64)generation << 32 | low;
}

static __always_inline u32 word_generation(u64 word)
{
	return word >> 32;
}

static __always_inline bool generation_open(u32 generation)
{
	return generation & 1;
}

int thread_buffer_init(struct thread_buffer *buffer, u32 nr_slots)
{
	memset(buffer, 0, sizeof(*buffer));
	if (!nr_slots || nr_slots & (nr_slots - 1))
		return -EINVAL;
	buffer->slots = pure_alloc_lines(nr_slots, sizeof(*buffer->slots));
	if (!buffer->slots)
		return -ENOMEM;
	buffer->nr_slots = nr_slots;
	return 0;
}

void thread_buffer_destroy(struct thread_buffer *buffer)
{
	pure_free(buffer->slots);
	memset(buffer, 0, sizeof(*buffer));
}

void thread_buffer_open(struct thread_buffer *buffer, u32 slot, u64 sample, u64 owner)
{
	struct thread_slot *s = &buffer->slots[slot];
	u32 generation = word_generation(READ_ONCE(s->last)) + 1;

	/* [B] pair with the acquires in thread_buffer_read(). */
	smp_store_release(&s->sample, sample);
	smp_store_release(&s->owner, owner);
	/* [C] pairs with the acquires of @last. */
	smp_store_release(&s->last, word_pack(generation, CALLER_NONE));
}

/*
 * Not bounded, but never called from a handler: a try fails only if the task
 * whose life it is has passed a checkpoint since the load.
 */
bool thread_buffer_close(struct thread_buffer *buffer, const struct thread_ref *ref)
{
	u64 *last = &buffer->slots[ref->slot].last;
	u64 closed = word_pack(ref->generation + 1, CALLER_NONE);
	u64 found = READ_ONCE(*last);

	while (word_generation(found) == ref->generation) {
		u64 expected = found;

		/* [D] pairs with the opener's load of the key, see task_registry.c. */
		found = cmpxchg(last, expected, closed);
		if (found == expected)
			return true;
	}
	return false;
}

notrace bool thread_buffer_read(const struct thread_buffer *buffer, u32 slot,
				struct thread_ref *ref)
{
	const struct thread_slot *s = &buffer->slots[slot];

	ref->slot = slot;
	/* [C] pairs with the release in thread_buffer_open(). */
	ref->generation = word_generation(smp_load_acquire(&s->last));
	if (!generation_open(ref->generation))
		return false;
	/* [B] pair with the releases there, and order the second load of G after them. */
	ref->sample = smp_load_acquire(&s->sample);
	ref->owner = smp_load_acquire(&s->owner);
	return thread_buffer_alive(buffer, ref);
}
NOKPROBE_SYMBOL(thread_buffer_read);

notrace bool thread_buffer_alive(const struct thread_buffer *buffer, const struct thread_ref *ref)
{
	/* [C] pairs with the release in thread_buffer_open(). */
	u64 last = smp_load_acquire(&buffer->slots[ref->slot].last);

	return word_generation(last) == ref->generation;
}
NOKPROBE_SYMBOL(thread_buffer_alive);

notrace int thread_buffer_enter(struct thread_buffer *buffer, const struct thread_ref *ref,
				u32 checkpoint, u32 *from)
{
	u64 *last = &buffer->slots[ref->slot].last;
	u64 wanted = word_pack(ref->generation, checkpoint);
	u64 found = READ_ONCE(*last);
	unsigned int try;

	for (try = 0; try < THREAD_TRIES; try++) {
		u64 expected = found;

		if (word_generation(expected) != ref->generation)
			return -ESTALE;
		found = cmpxchg(last, expected, wanted);
		if (found == expected) {
			*from = (u32)expected;
			return 0;
		}
	}
	return -EBUSY;
}
NOKPROBE_SYMBOL(thread_buffer_enter);

void thread_buffer_forget(struct thread_buffer *buffer, u32 first, u32 last)
{
	u32 slot;

	for (slot = 0; slot < buffer->nr_slots; slot++) {
		u64 *word = &buffer->slots[slot].last;
		u64 found = READ_ONCE(*word);

		if (!(slot % TABLE_STRETCH))
			pure_rest();
		/* A failed exchange means that a new id, or life, came instead: just as good. */
		if ((u32)found >= first && (u32)found <= last)
			cmpxchg(word, found, word_pack(word_generation(found), CALLER_NONE));
	}
}
