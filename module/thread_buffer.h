/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * thread_buffer.h - owns what one tracked task carries with it: its sample, the file that
 * registered it, the checkpoint it passed last. Slot i belongs to key i of the task registry, which
 * says whose it is. Pure and lock-free.
 */
#ifndef LIVECOV_THREAD_BUFFER_H
#define LIVECOV_THREAD_BUFFER_H

#include "caller_table.h"
#include "portable.h"

/*
 * A task's own updates meet only interrupts of the same task; each try that
 * fails is one such interrupt, complete, inside a window of a few instructions.
 */
#define THREAD_TRIES	8

/**
 * struct thread_slot - see the head of thread_buffer.c
 * @last: generation << 32 | checkpoint passed last, or CALLER_NONE
 * @sample: what thread_buffer_open() was given
 * @owner: what thread_buffer_open() was given
 *
 * trace.c binds a trace to slot and generation; it needs nothing here.
 */
struct thread_slot {
	u64 last;
	u64 sample;
	u64 owner;
} ____cacheline_aligned;

/**
 * struct thread_buffer - the slots
 * @slots: @nr_slots of them
 * @nr_slots: a power of two
 */
struct thread_buffer {
	struct thread_slot *slots;
	u32 nr_slots;
};

/**
 * struct thread_ref - one life of one slot, as a look-up found it
 * @sample: its sample
 * @owner: who registered it
 * @slot: index
 * @generation: the life; odd, and never seen again in this slot
 */
struct thread_ref {
	u64 sample;
	u64 owner;
	u32 slot;
	u32 generation;
};

/**
 * thread_buffer_init - make the slots, all closed
 * @buffer: its contents on entry do not matter
 * @nr_slots: a power of two
 *
 * Sleeps. Return: 0, -EINVAL, -ENOMEM.
 */
int thread_buffer_init(struct thread_buffer *buffer, u32 nr_slots);

/* thread_buffer_destroy - free the slots; no handler runs any more. A zeroed struct is fine. */
void thread_buffer_destroy(struct thread_buffer *buffer);

/**
 * thread_buffer_open - begin a life
 * @buffer: the slots
 * @slot: a closed slot, to which the caller has the sole right
 * @sample: what the task runs for
 * @owner: who registered it
 *
 * Takes no lock, does not sleep. thread_buffer_close() ends it.
 */
void thread_buffer_open(struct thread_buffer *buffer, u32 slot, u64 sample, u64 owner);

/**
 * thread_buffer_close - end a life
 * @buffer: the slots
 * @ref: the life
 *
 * Return: true for the one call that ended it, which thereby has the sole right
 * to the slot; false if the life was over.
 */
bool thread_buffer_close(struct thread_buffer *buffer, const struct thread_ref *ref);

/**
 * thread_buffer_read - what life is in a slot, and what it carries
 * @buffer: the slots
 * @slot: index
 * @ref: the answer, all of one life; unspecified if false is returned
 *
 * Safe in any context. Return: false if the slot is closed or was while we read.
 */
bool thread_buffer_read(const struct thread_buffer *buffer, u32 slot, struct thread_ref *ref);

/**
 * thread_buffer_alive - has this life not ended?
 * @buffer: the slots
 * @ref: the life
 *
 * Safe in any context.
 */
bool thread_buffer_alive(const struct thread_buffer *buffer, const struct thread_ref *ref);

/**
 * thread_buffer_enter - the task passes a checkpoint
 * @buffer: the slots
 * @ref: the task's life
 * @checkpoint: id, less than CALLER_NONE
 * @from: out: the checkpoint before, or CALLER_NONE
 *
 * Safe in any context, interrupted by itself. Return: 0; -ESTALE if the life has
 * ended: nothing was changed; -EBUSY after THREAD_TRIES interruptions: nothing
 * was changed, and it is the caller's to count.
 */
int thread_buffer_enter(struct thread_buffer *buffer, const struct thread_ref *ref,
			u32 checkpoint, u32 *from);

/**
 * thread_buffer_forget - no task passed a checkpoint of this range last
 * @buffer: the slots
 * @first: lowest id
 * @last: highest id
 *
 * For ids that will be given out again; see caller_table.c. No id of the range
 * may be entered any more; others may be entered meanwhile.
 */
void thread_buffer_forget(struct thread_buffer *buffer, u32 first, u32 last);

#endif /* LIVECOV_THREAD_BUFFER_H */
