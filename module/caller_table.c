// SPDX-License-Identifier: GPL-2.0-only
/*
 * caller_table.c - the caller records (see caller_table.h). caller_table_record() is called from
 * probe handlers, the rest from anywhere that may loop over the table.
 *
 * A cell's life
 *
 *		    record: cmpxchg 0 -> key
 *	 +---------+			      +-----------------+
 *	 |  FREE   |------------------------->|	    PRESENT	|<--+
 *	 | key 0   |			      |	 key, count > 0 |   |
 *	 +---------+			      +-----------------+   |
 *	      ^					       |	    | record of the
 *	      |			  forget: count = 0,   |	    | same pair
 *	      |			  the rest = 0	       v	    |
 *	      |				      +-----------------+   |
 *	      +-------------------------------|	    CLEARED	|---+
 *		reset, no handler runs	      |	 key, count 0	|
 *					      +-----------------+
 *
 * One pair, one cell. While handlers run a key is written once, by cmpxchg on FREE, and never
 * changes. All records of a pair probe the same cells in the same order and take the first that
 * is FREE or theirs; a cell that one of them skipped as taken stays taken, so two of them
 * cannot end at different cells. This is why a CLEARED cell keeps its key: were it free for
 * other pairs, a pair could claim it while it also has, or is about to claim, a cell further
 * on.
 *
 * The price is that a CLEARED cell serves its own pair alone until the reset. Ids may be reused
 * at once: a pair found in a CLEARED cell begins with count 0 and no sample, as in a fresh one,
 * and is new again.
 *
 * Before the ids of a detached target are reused, in this order:
 *   1. its sites are disarmed, and every handler on them has returned;
 *   2. thread_buffer_forget(): no task has one of the ids as its last checkpoint;
 *   3. all handlers of other sites that ran during 2. have returned, because one may
 *	have taken such an id as @from just before;
 *   4. caller_table_forget(): no handler can record the range from now on.
 *
 * Memory ordering. @key is published by a fully ordered cmpxchg and read on its own: nothing
 * else in the cell depends on having been written before it (a fresh cell is all zero, and was
 * so before the table was published to handlers). @first_sample is written before the first
 * count by the same handler, and the count by a fully ordered increment [A]; a reader that sees
 * the count [A] sees that sample, unless a reset has called caller_table_forget() meanwhile: a
 * pair that is recorded while it is being forgotten may have a count and no sample. @records is
 * exact because only the increment that yields 1 adds to it, and only the exchange that removes
 * a nonzero count subtracts from it.
 *
 * @serial is drawn and stored after the count [A]: for a moment a reader may see a pair with
 * none. A reader that wants every pair up to a serial waits for the handlers that were running
 * when it read that serial (news.c). @last_sample is a plain store: of two concurrent handlers
 * either may be the last.
 */
#include "caller_table.h"

/* Marks a key as used, whatever the ids; @to is an id, in which this bit is clear. */
#define KEY_USED	0x80000000ULL

static __always_inline u64 key_pack(u32 from, u32 to)
{
	return (u64)from << 32 | KEY_USED | to;
}

static __always_inline u32 key_from(u64 key)
{
	return key >> 32;
}

static __always_inline u32 key_to(u64 key)
{
	return (u32)(key & ~KEY_USED);
}

/* Fibonacci hashing: the upper bits of the product depend on every bit of @key. */
static __always_inline u32 key_hash(u64 key)
{
	return ((key ^ key >> 32) * 0x9e3779b97f4a7c15ULL) >> 32;
}

int caller_table_init(struct caller_table *table, u32 max_records)
{
	unsigned long cells;

	memset(table, 0, sizeof(*table));
	if (!max_records || max_records > CALLERS_LIMIT)
		return -EINVAL;
	cells = roundup_pow_of_two(2UL * max_records);
	table->cells = pure_alloc(cells, sizeof(*table->cells));
	if (!table->cells)
		return -ENOMEM;
	table->mask = cells - 1;
	return 0;
}

void caller_table_destroy(struct caller_table *table)
{
	pure_free(table->cells);
	memset(table, 0, sizeof(*table));
}

/*
 * The cell of @key, claimed if need be; NULL if all its places are taken. Triangular steps:
 * where keys cluster, the next probe leaves the cluster.
 */
static __always_inline struct caller_cell *cell_claim(struct caller_table *table, u64 key)
{
	u32 at = key_hash(key);
	u32 step;

	for (step = 0; step < CALLER_PROBES; at += ++step) {
		struct caller_cell *cell = &table->cells[at & table->mask];
		u64 found = READ_ONCE(cell->key);

		if (!found) {
			found = cmpxchg(&cell->key, 0, key);
			if (!found) {
				atomic_long_inc(&table->claimed);
				return cell;
			}
		}
		if (found == key)
			return cell;
	}
	return NULL;
}

notrace enum caller_fate caller_table_record(struct caller_table *table, u32 from, u32 to,
					     u64 sample)
{
	struct caller_cell *cell = cell_claim(table, key_pack(from, to));

	if (unlikely(!cell)) {
		atomic_long_inc(&table->lost);
		return CALLER_LOST;
	}
	/* Read first: a locked instruction on a hot cache line only where it can succeed. */
	if (sample && !READ_ONCE(cell->first_sample))
		cmpxchg(&cell->first_sample, 0, sample);
	if (sample && READ_ONCE(cell->last_sample) != sample)
		WRITE_ONCE(cell->last_sample, sample);
	/* [A] fully ordered: pairs with the acquire in caller_table_next(). */
	if (atomic_long_inc_return(&cell->count) != 1)
		return CALLER_KNOWN;
	atomic_long_inc(&table->records);
	WRITE_ONCE(cell->serial, atomic_long_inc_return(&table->serial));
	return CALLER_NEW;
}
NOKPROBE_SYMBOL(caller_table_record);

/* In loops over all cells, of which there may be 2^25. */
static void rest_at(u32 cell)
{
	if (!(cell % TABLE_STRETCH))
		pure_rest();
}

bool caller_table_next(const struct caller_table *table, u32 *cursor,
		       struct caller_record *record)
{
	for (; *cursor <= table->mask; rest_at(*cursor)) {
		const struct caller_cell *cell = &table->cells[(*cursor)++];
		/* [A] pairs with the increment in caller_table_record(). */
		long count = atomic_long_read_acquire(&cell->count);
		u64 key;

		if (!count)
			continue;
		key = READ_ONCE(cell->key);
		record->count = count;
		record->first_sample = READ_ONCE(cell->first_sample);
		record->last_sample = READ_ONCE(cell->last_sample);
		record->serial = READ_ONCE(cell->serial);
		record->from = key_from(key);
		record->to = key_to(key);
		return true;
	}
	return false;
}

/* Addresses are above all ids, so they are in no range. */
static bool id_in_range(u32 id, u32 first, u32 last)
{
	return id >= first && id <= last;
}

u32 caller_table_forget(struct caller_table *table, u32 first, u32 last)
{
	u32 dropped = 0;
	u32 i;

	for (i = 0; i <= table->mask; i++) {
		struct caller_cell *cell = &table->cells[i];
		u64 key = READ_ONCE(cell->key);

		rest_at(i);
		if (!key)
			continue;
		if (!id_in_range(key_from(key), first, last) &&
		    !id_in_range(key_to(key), first, last))
			continue;
		/* Before the count: the pair's next record draws a serial after that. */
		WRITE_ONCE(cell->first_sample, 0);
		WRITE_ONCE(cell->last_sample, 0);
		WRITE_ONCE(cell->serial, 0);
		if (atomic_long_xchg(&cell->count, 0)) {
			atomic_long_dec(&table->records);
			dropped++;
		}
	}
	return dropped;
}

static void clear_cells(struct caller_table *table)
{
	u32 i;

	for (i = 0; i <= table->mask; i++) {
		table->cells[i] = (struct caller_cell){ };
		rest_at(i);
	}
}

void caller_table_reset(struct caller_table *table)
{
	/* A cell that was not claimed since the last reset is FREE: usually all are. */
	if (table->cells && atomic_long_read(&table->claimed))
		clear_cells(table);
	atomic_long_set(&table->records, 0);
	atomic_long_set(&table->claimed, 0);
	atomic_long_set(&table->lost, 0);
}
