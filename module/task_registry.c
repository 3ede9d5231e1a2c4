// SPDX-License-Identifier: GPL-2.0-only
/*
 * task_registry.c - which tasks are tracked (see task_registry.h). Calls
 * thread_buffer.c alone. task_registry_find() is called from probe handlers;
 * the others from tracepoints and system calls.
 *
 * A hash of buckets, each one cache line of keys. A task can be in two of them
 * and goes to the emptier one; nothing ever moves, nothing is ever chained, so
 * a look-up is at most 16 compares, and a deleted key leaves nothing behind.
 *
 * A key's life, and the life of the slot beside it (thread_buffer.c):
 *
 *		add: cmpxchg			 open, then publish
 *   +--------+		       +----------+			  +---------------+
 *   |	FREE  |--------------->| RESERVED |---------------------->|	   LIVE	  |
 *   | key 0  |		       |  key 1   |			  |   key = task  |
 *   | closed |		       |  closed  |			  |   slot open   |
 *   +--------+		       +----------+			  +---------------+
 *	 ^							     | close:
 *	 |	       release	 +------------+	     one winner	     |
 *	 +-----------------------|    DYING   |<---------------------+
 *				 | key = task |
 *				 |   closed   |
 *				 +------------+
 *
 * Who may write: FREE: the winner of the cmpxchg. RESERVED: its adder, which may also make it
 * FREE again. LIVE: the key no one, the slot by thread_buffer.c's rules. DYING: the one whose
 * thread_buffer_close() won. A deletion is thus decided on the generation, not on the key: a
 * task that leaves and comes back into the same slot cannot be deleted by a CPU that saw its
 * previous life.
 *
 * A task has at most one adder at a time, so at most one key of it is LIVE. A DYING one may
 * exist beside it; a look-up skips it.
 *
 * Is this slot's life that of my task? find loads the slot's generation G and what it carries,
 * then the key, then G again. G never recurs, so the slot was in life G all the time in
 * between; a key that is live in life G is that life's key, and the task's if equal. (The key
 * before G and not after would not do: it may belong to the previous life.) Deletions do the
 * same, with the cmpxchg of the close as the second look at G.
 *
 * Fork against the closing of the owner
 *
 *	inherit (task context)		    del_owner (callers exclude each other)
 *	i1 find parent: life G, owner O	    d1 closing = O, full barrier
 *	i2 publish child, full barrier	    d2 for each slot of O: delete it
 *	i3 closing == O? drop child	    d3 closing = 0, release
 *	i4 life G over?  drop child
 *
 *   Claim: after d3 no key of O stays live.
 *   - d2 looks at the child's slot after i2: d2 deletes the child.
 *   - d2 looked before i2. Then d1 is before i2, because each side stores, has a
 *     full barrier, and loads the other's [F]; i3 does not see a value from
 *     before d1. Either it sees O, or a value from d3 or later: then i4, which
 *     comes after i3 (acquire [G]), sees all that d2 did. d2 deleted the parent if
 *     it saw it live. It did not see it only if the parent itself was published
 *     behind d2's back; but then, by the same argument, the parent was dropped
 *     by its own fork's i3 or i4, before it ran and could fork. Either way life
 *     G is over, and i4 sees that.
 *   The order of i3 and i4 matters: were i4 first, it could find the parent live
 *   before d2 gets to it, and i3 then find d3 done. For the same reason a check of
 *   the parent alone would not do, nor would a scan in two rounds: children fork as
 *   well.
 *
 * For which samples do tasks run?
 *
 *	inherit (the parent's context)	    samples
 *	j1 publish child		    s1 N = added, acquire
 *	j2 added++, full barrier	    s2 for each slot: live? note its sample
 *	   ...				    s3 added == N?
 *	j3 the parent's end
 *
 *   Claim: if s3 says yes, the sample of each task that is live at s3 was noted.
 *   - The task was live at s1: it is noted if s2 finds it live, so it is.
 *   - It was forked after s1, by a task of the same sample. If s1 saw j2, then s2 sees j1 and notes
 *     the child. If neither s1 nor s3 saw j2, then s2 did not see j3, whose acquire would have
 *     shown it j2: it found the parent live, or, if that was itself forked after s1, the same
 *     holds for it and its parent. If s3 alone saw it, the answer is no.
 *   A parent that its owner drops ends without waiting for j2. Then the child is dropped as
 *   well, before it runs: see above.
 *
 * Memory ordering
 *   [E] A key is loaded with acquire. It pairs with the publication: a reader that sees the
 *	 task sees its slot open, and all that the adder wrote before. A key is freed with
 *	 release, which pairs with the cmpxchg of the next adder: it finds the slot closed, and
 *	 its stores come after that.
 *   [F] smp_store_mb() in publish and in del_owner, each followed by loads of
 *	 what the other stores.
 *   [G] @closing is loaded with acquire, and its zero stored with release.
 *   [H] @added is incremented with a full barrier on both sides, and loaded with acquire at s1;
 *	 at s3 the acquire loads of s2 come before.
 */
#include "task_registry.h"

#define KEY_FREE	0UL
#define KEY_RESERVED	1UL

#define TASK_CHOICES	(2 * TASK_BUCKET_KEYS)

static __always_inline bool key_live(unsigned long key)
{
	return key > KEY_RESERVED;
}

/* The two buckets of a task, as indices of their first keys. Never the same. */
struct task_buckets {
	u32 first[2];
};

static __always_inline struct task_buckets task_buckets(const struct task_registry *reg,
							unsigned long task)
{
	struct task_buckets b;
	u64 hash = task;

	/* MurmurHash3's mixing: both halves depend on all bits of the address. */
	hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdULL;
	hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53ULL;
	b.first[0] = (u32)hash & reg->mask;
	b.first[1] = (u32)(hash >> 32) & reg->mask;
	if (b.first[0] == b.first[1])
		b.first[1] ^= 1;
	b.first[0] *= TASK_BUCKET_KEYS;
	b.first[1] *= TASK_BUCKET_KEYS;
	return b;
}

/* The n-th place of a task, n < TASK_CHOICES. */
static __always_inline u32 bucket_slot(const struct task_buckets *b, unsigned int n)
{
	return b->first[n / TASK_BUCKET_KEYS] + n % TASK_BUCKET_KEYS;
}

int task_registry_init(struct task_registry *reg, u32 max_tasks)
{
	unsigned long buckets;
	int err;

	memset(reg, 0, sizeof(*reg));
	if (!max_tasks || max_tasks > TASKS_LIMIT)
		return -EINVAL;
	buckets = roundup_pow_of_two(2UL * max_tasks) / TASK_BUCKET_KEYS;
	if (buckets < 2)
		buckets = 2;
	reg->mask = buckets - 1;
	reg->max_tasks = max_tasks;
	reg->keys = pure_alloc_lines(buckets, TASK_BUCKET_KEYS * sizeof(*reg->keys));
	if (!reg->keys)
		return -ENOMEM;
	err = thread_buffer_init(&reg->buffer, buckets * TASK_BUCKET_KEYS);
	if (err) {
		pure_free(reg->keys);
		reg->keys = NULL;
	}
	return err;
}

void task_registry_destroy(struct task_registry *reg)
{
	thread_buffer_destroy(&reg->buffer);
	pure_free(reg->keys);
	memset(reg, 0, sizeof(*reg));
}

notrace bool task_registry_find(const struct task_registry *reg, unsigned long task,
				struct thread_ref *ref)
{
	struct task_buckets b = task_buckets(reg, task);
	unsigned int n;

	if (!key_live(task))
		return false;
	for (n = 0; n < TASK_CHOICES; n++) {
		u32 slot = bucket_slot(&b, n);

		if (READ_ONCE(reg->keys[slot]) != task)
			continue;
		if (!thread_buffer_read(&reg->buffer, slot, ref))
			continue;
		/* [E] pairs with task_publish(). */
		if (smp_load_acquire(&reg->keys[slot]) == task &&
		    thread_buffer_alive(&reg->buffer, ref))
			return true;
	}
	return false;
}
NOKPROBE_SYMBOL(task_registry_find);

static unsigned int bucket_free(const struct task_registry *reg, u32 first)
{
	unsigned int i, free = 0;

	for (i = 0; i < TASK_BUCKET_KEYS; i++)
		free += READ_ONCE(reg->keys[first + i]) == KEY_FREE;
	return free;
}

/* Reserve a key for @task. Return: its index or -ENOSPC. */
static int task_reserve(struct task_registry *reg, unsigned long task)
{
	struct task_buckets b = task_buckets(reg, task);
	unsigned int n;

	if (bucket_free(reg, b.first[1]) > bucket_free(reg, b.first[0])) {
		u32 fuller = b.first[0];

		b.first[0] = b.first[1];
		b.first[1] = fuller;
	}
	for (n = 0; n < TASK_CHOICES; n++) {
		unsigned long *key = &reg->keys[bucket_slot(&b, n)];

		/* [E] pairs with the release in task_end(). */
		if (READ_ONCE(*key) == KEY_FREE && cmpxchg(key, KEY_FREE, KEY_RESERVED) == KEY_FREE)
			return key - reg->keys;
	}
	return -ENOSPC;
}

static void task_publish(struct task_registry *reg, u32 slot, unsigned long task)
{
	atomic_long_inc(&reg->count);
	/*
	 * [E] pairs with the acquire loads of keys: x86's smp_store_mb() is xchg(), which orders
	 * the stores before it as well; [F] the barrier after it with the one in
	 * task_registry_del_owner(), for task_registry_inherit().
	 */
	smp_store_mb(reg->keys[slot], task);
}

/* End a life whose key was seen live during it. Return: true if it was ours to end. */
static bool task_end(struct task_registry *reg, const struct thread_ref *ref)
{
	if (!thread_buffer_close(&reg->buffer, ref))
		return false;
	atomic_long_dec(&reg->count);
	/* [E] pairs with the cmpxchg in task_reserve(). */
	smp_store_release(&reg->keys[ref->slot], KEY_FREE);
	return true;
}

int task_registry_reserve(struct task_registry *reg, unsigned long task)
{
	struct thread_ref present;
	int slot;

	if (!key_live(task))
		return -EINVAL;
	if (task_registry_find(reg, task, &present))
		return -EEXIST;
	/* A bound on memory in use, not an invariant: concurrent adders may exceed it. */
	slot = atomic_long_read(&reg->count) < reg->max_tasks ? task_reserve(reg, task) : -ENOSPC;
	if (slot < 0)
		atomic_long_inc(&reg->lost);
	return slot;
}

void task_registry_unreserve(struct task_registry *reg, u32 slot)
{
	/* [E] pairs with the cmpxchg in task_reserve(). */
	smp_store_release(&reg->keys[slot], KEY_FREE);
}

void task_registry_fill(struct task_registry *reg, u32 slot, unsigned long task, u64 sample,
			u64 owner)
{
	thread_buffer_open(&reg->buffer, slot, sample, owner);
	task_publish(reg, slot, task);
	/* [H] pairs with task_registry_samples(). */
	atomic_long_inc_return(&reg->added);
}

int task_registry_add(struct task_registry *reg, unsigned long task, u64 sample, u64 owner)
{
	int slot = owner ? task_registry_reserve(reg, task) : -EINVAL;

	if (slot >= 0)
		task_registry_fill(reg, slot, task, sample, owner);
	return slot;
}

int task_registry_del(struct task_registry *reg, unsigned long task)
{
	struct thread_ref ref;

	if (!task_registry_find(reg, task, &ref) || !task_end(reg, &ref))
		return -ESRCH;
	return 0;
}

int task_registry_inherit(struct task_registry *reg, unsigned long parent, unsigned long child)
{
	struct thread_ref from;
	int slot;

	if (!task_registry_find(reg, parent, &from))
		return 0;
	slot = task_registry_add(reg, child, from.sample, from.owner);
	if (slot < 0)
		return slot;
	/*
	 * i3, then i4 of the head comment. [G] pairs with the release in
	 * task_registry_del_owner(), and orders the look at the parent after it.
	 */
	if (smp_load_acquire(&reg->closing) != from.owner &&
	    thread_buffer_alive(&reg->buffer, &from))
		return 1;
	task_registry_del(reg, child);
	return 0;
}

u32 task_registry_del_owner(struct task_registry *reg, u64 owner, void (*dropped)(u64 sample))
{
	u32 n = 0;
	u32 slot;

	/* [F] pairs with the barrier in task_publish(). */
	smp_store_mb(reg->closing, owner);
	for (slot = 0; slot < reg->buffer.nr_slots; slot++) {
		struct thread_ref ref;

		if (!(slot % TABLE_STRETCH))
			pure_rest();
		if (!thread_buffer_read(&reg->buffer, slot, &ref) || ref.owner != owner)
			continue;
		/*
		 * [E] pairs with task_publish(). A key that is only reserved is left to
		 * the inherit that is about to publish it: it will see @closing.
		 */
		if (!key_live(smp_load_acquire(&reg->keys[slot])) || !task_end(reg, &ref))
			continue;
		n++;
		if (dropped)
			dropped(ref.sample);
	}
	/* [G] pairs with the acquire in task_registry_inherit(). */
	smp_store_release(&reg->closing, 0);
	return n;
}

/* Note a sample once. Return: how many there are now, or -E2BIG. */
static int note_sample(u64 *samples, int n, u32 max, u64 sample)
{
	int i;

	for (i = 0; i < n; i++)
		if (samples[i] == sample)
			return n;
	if ((u32)n == max)
		return -E2BIG;
	samples[n] = sample;
	return n + 1;
}

int task_registry_samples(const struct task_registry *reg, u64 *samples, u32 max)
{
	/* [H] pairs with task_registry_fill(). */
	long added = atomic_long_read_acquire(&reg->added);
	int n = 0;
	u32 slot;

	for (slot = 0; n >= 0 && slot < reg->buffer.nr_slots; slot++) {
		struct thread_ref ref;

		if (!(slot % TABLE_STRETCH))
			pure_rest();
		/* [E] pairs with task_publish() and task_end(). */
		if (key_live(smp_load_acquire(&reg->keys[slot])) &&
		    thread_buffer_read(&reg->buffer, slot, &ref))
			n = note_sample(samples, n, max, ref.sample);
	}
	if (n >= 0 && atomic_long_read(&reg->added) != added)
		return -EAGAIN;
	return n;
}
