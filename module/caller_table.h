/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * caller_table.h - owns the caller records: for each pair (from, to) of checkpoints how often it
 * was seen, and the first and the last sample that showed it. Pure and lock-free.
 */
#ifndef LIVECOV_CALLER_TABLE_H
#define LIVECOV_CALLER_TABLE_H

#include "portable.h"

/*
 * One end of a pair is 32 bits wide:
 *
 *   bit 31 clear   a checkpoint's id, 0 .. CALLER_NONE - 1
 *   CALLER_NONE    no checkpoint: the first one that a task reaches
 *   bit 31 set     the low half of an address in the kernel's or a module's
 *		    text, which lie in the top 2 GB; only as @from
 */
#define CALLER_NONE	0x7fffffffU
#define CALLER_ADDRESS	0x80000000U

#define CALLER_PROBES	32		/* cells looked at before a record is lost */
#define CALLERS_LIMIT	(1U << 24)	/* records that a table may be made for */

/**
 * struct caller_cell - one pair; its states are at the head of caller_table.c
 * @key: which pair, 0 if the cell is free
 * @first_sample: the first sample that showed the pair, 0 if none is known
 * @last_sample: the last one, 0 if none is known
 * @serial: number of the pair in the order in which pairs were new, 0 if not yet known
 * @count: passages; 0: the pair has no record
 */
struct caller_cell {
	u64 key;
	u64 first_sample;
	u64 last_sample;
	u64 serial;
	atomic_long_t count;
};

/* What became of a record. */
enum caller_fate {
	CALLER_LOST,	/* no cell; counted */
	CALLER_KNOWN,	/* counted with its like */
	CALLER_NEW,	/* the first of its pair */
};

/**
 * struct caller_table - see the head of caller_table.c
 * @cells: @mask + 1 of them, a power of two
 * @mask: see @cells
 * @records: pairs whose count is not 0
 * @claimed: cells with a key, the cleared ones among them
 * @lost: records for which there was no cell
 * @serial: pairs that have been new, ever; the number of the last one
 */
struct caller_table {
	struct caller_cell *cells;
	u32 mask;
	atomic_long_t records;
	atomic_long_t claimed;
	atomic_long_t lost;
	atomic_long_t serial;
};

/**
 * struct caller_record - what a reader gets
 * @count: how often, not 0
 * @first_sample: the first sample that showed the pair, 0 if none is known
 * @last_sample: the last one, 0 if none is known
 * @serial: number of the pair in the order in which pairs were new; 0 while that is
 *	    being decided
 * @from: checkpoint id, address half, or CALLER_NONE
 * @to: checkpoint id
 */
struct caller_record {
	u64 count;
	u64 first_sample;
	u64 last_sample;
	u64 serial;
	u32 from;
	u32 to;
};

/* caller_from_address - @address as an @from; CALLER_NONE if it lies outside the top 2 GB */
static __always_inline u32 caller_from_address(u64 address)
{
	return address >> 31 == (1ULL << 33) - 1 ? (u32)address : CALLER_NONE;
}

/* caller_is_address - is an @from half an address, and no checkpoint's id? */
static __always_inline bool caller_is_address(u32 from)
{
	return from & CALLER_ADDRESS;
}

/* caller_address - the whole address of an @from for which caller_is_address() holds */
static __always_inline u64 caller_address(u32 from)
{
	return 0xffffffffULL << 32 | from;
}

/**
 * caller_table_init - make an empty table
 * @table: the table; its contents on entry do not matter
 * @max_records: how many it has to hold, 1 .. CALLERS_LIMIT; at least twice as many cells are
 *		 made, so that probing stays short
 *
 * Sleeps. Return: 0, -EINVAL, -ENOMEM.
 */
int caller_table_init(struct caller_table *table, u32 max_records);

/* caller_table_size - how many records it can hold at most: a cell each */
static inline u32 caller_table_size(const struct caller_table *table)
{
	return table->mask + 1;
}

/* caller_table_destroy - free the cells; no handler runs any more. A zeroed @table is fine. */
void caller_table_destroy(struct caller_table *table);

/**
 * caller_table_record - count one passage
 * @table: the table
 * @from: checkpoint id, caller_from_address(), or CALLER_NONE
 * @to: checkpoint id
 * @sample: of the task that passed, or 0
 *
 * Safe in any context, also when interrupted by itself; looks at CALLER_PROBES cells at most.
 *
 * Return: what became of the record; CALLER_LOST has been counted in @table->lost.
 */
enum caller_fate caller_table_record(struct caller_table *table, u32 from, u32 to, u64 sample);

/**
 * caller_table_next - read the records one by one, in no particular order
 * @table: the table
 * @cursor: 0 before the first call
 * @record: the answer; unspecified at the end
 *
 * May run concurrently with handlers that record: a pair that is there throughout is
 * returned exactly once. Sleeps. Return: true, or false at the end.
 */
bool caller_table_next(const struct caller_table *table, u32 *cursor,
		       struct caller_record *record);

/**
 * caller_table_forget - drop every record with a checkpoint of a range
 * @table: the table
 * @first: lowest id
 * @last: highest id; @first 0 and @last CALLER_NONE drop all records
 *
 * May run concurrently with handlers that record other ids. Callers exclude each other. Sleeps.
 * Return: records dropped.
 */
u32 caller_table_forget(struct caller_table *table, u32 first, u32 last);

/**
 * caller_table_reset - empty the table, cells and @lost included; @serial goes on
 * @table: the table
 *
 * No handler may run: only while no target is attached. Sleeps.
 */
void caller_table_reset(struct caller_table *table);

#endif /* LIVECOV_CALLER_TABLE_H */
