// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tables_threads.c - the lock-free tables under real threads, built twice:
 * with ThreadSanitizer, which reports any access that the tables' ordering
 * fails to order, and with ASan and UBSan at full speed.
 *
 * Plain memory (payload[], published) is written before a task or a reference
 * is published and read after it is found: that is what shows a missing release
 * or acquire. Nothing is timed, nobody sleeps; work is counted in rounds.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "task_registry.h"

#define THREADS		4

static u64 random_next(u64 *state)
{
	/* xorshift64, Marsaglia 2003 */
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A task's number: as the kernel's, far from 0 and aligned. */
static unsigned long task(unsigned long n)
{
	return 0xffff888004a40000UL + n * 0x26c0;
}

/* Errors are counted in the threads and asserted on after they have ended. */
static atomic_long_t errors;

static void expect(bool condition)
{
	if (!condition)
		atomic_long_inc(&errors);
}

static void run_threads(void *(*fn)(void *))
{
	pthread_t threads[THREADS];
	unsigned long i;

	atomic_long_set(&errors, 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, fn, (void *)i), 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_long_read(&errors), 0);
}

static struct task_registry reg;

static void assert_empty(void)
{
	u32 i;

	assert_int_equal(atomic_long_read(&reg.count), 0);
	for (i = 0; i < reg.buffer.nr_slots; i++)
		assert_int_equal(reg.keys[i], 0);
}

/*
 * Churn: each thread adds tasks of its own, new numbers all the time, lets them
 * have a child, looks up everyone's and deletes anyone's. A task's sample is its
 * family, two numbers; payload[] says the same in plain memory.
 */
#define CHURN_ROUNDS	20000
#define CHURN_TASKS	(2 * CHURN_ROUNDS * THREADS)
#define CHURN_RECENT	64

static u32 payload[CHURN_TASKS];
static u32 churn_at[THREADS];		/* round of each thread */
static pthread_mutex_t owner_lock = PTHREAD_MUTEX_INITIALIZER;

static unsigned long family_member(unsigned int thread, u32 round, unsigned int member)
{
	return 2 * ((unsigned long)round * THREADS + thread) + member;
}

static u64 family_sample(unsigned long n)
{
	return n / 2 + 1;
}

static unsigned long someone(u64 *random)
{
	unsigned int thread = random_next(random) % THREADS;
	u32 back = random_next(random) % CHURN_RECENT;
	u32 round = READ_ONCE(churn_at[thread]);

	return family_member(thread, round > back ? round - back : 0, random_next(random) % 2);
}

static void look_up(unsigned long n, u32 checkpoint)
{
	struct thread_ref ref;
	u32 from;
	int err;

	if (!task_registry_find(&reg, task(n), &ref))
		return;
	expect(ref.sample == family_sample(n));
	expect(ref.owner == 1 + n / 2 % THREADS);
	expect(payload[n] == (u32)family_sample(n));
	err = thread_buffer_enter(&reg.buffer, &ref, checkpoint, &from);
	expect(err == 0 || err == -ESTALE || err == -EBUSY);
}

static void *churn(void *arg)
{
	unsigned int thread = (unsigned long)arg;
	u64 random = 0x9e3779b97f4a7c15 + thread;
	u32 round;

	for (round = 0; round < CHURN_ROUNDS; round++) {
		unsigned long parent = family_member(thread, round, 0), child = parent + 1;
		int i;

		payload[parent] = payload[child] = family_sample(parent);
		expect(task_registry_add(&reg, task(parent), family_sample(parent),
					 1 + thread) >= 0);
		WRITE_ONCE(churn_at[thread], round);
		expect(task_registry_inherit(&reg, task(parent), task(child)) >= 0);
		for (i = 0; i < 4; i++)
			look_up(someone(&random), i);
		for (i = 0; i < 2; i++)
			task_registry_del(&reg, task(someone(&random)));
		if (round % 64 == 0) {
			pthread_mutex_lock(&owner_lock);
			task_registry_del_owner(&reg, 1 + thread, NULL);
			pthread_mutex_unlock(&owner_lock);
		}
	}
	return NULL;
}

static void churn_loses_and_mixes_nothing(void **state)
{
	u32 owner;

	(void)state;
	assert_int_equal(task_registry_init(&reg, THREADS * 256), 0);
	run_threads(churn);
	assert_int_equal(atomic_long_read(&reg.lost), 0);
	for (owner = 1; owner <= THREADS; owner++)
		task_registry_del_owner(&reg, owner, NULL);
	assert_empty();
	task_registry_destroy(&reg);
}

/*
 * Fork storm against the closing of the owner: all but one thread grow chains
 * of children from a root of theirs, the last one closes their owner.
 */
#define STORM_ROUNDS	1500
#define STORM_CHAIN	24

static pthread_barrier_t barrier;

static void grow_chain(unsigned int thread)
{
	unsigned long n = thread * (STORM_CHAIN + 1UL);
	int i;

	for (i = 0; i < STORM_CHAIN; i++, n++) {
		if (task_registry_inherit(&reg, task(n), task(n + 1)) != 1)
			return;
	}
}

static void *storm(void *arg)
{
	unsigned int thread = (unsigned long)arg;
	u64 round;

	for (round = 1; round <= STORM_ROUNDS; round++) {
		if (thread)
			expect(task_registry_add(&reg, task(thread * (STORM_CHAIN + 1UL)), thread,
						 round) >= 0);
		pthread_barrier_wait(&barrier);
		if (thread)
			grow_chain(thread);
		else
			task_registry_del_owner(&reg, round, NULL);
		pthread_barrier_wait(&barrier);
		if (!thread)
			expect(atomic_long_read(&reg.count) == 0);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void closing_owner_outruns_a_fork_storm(void **state)
{
	(void)state;
	assert_int_equal(task_registry_init(&reg, THREADS * STORM_CHAIN * 2), 0);
	assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
	run_threads(storm);
	pthread_barrier_destroy(&barrier);
	assert_empty();
	task_registry_destroy(&reg);
}

/*
 * A slot changes hands all the time. Its owner, thread 0, passes checkpoints and
 * checks that it alone does; before it closes, it gives its reference away, and
 * the others go on to use it, mostly too late.
 */
#define STALE_LIVES	30000
#define STALE_PASSES	4

static struct thread_buffer buffer;
static u64 given_away;		/* a reference's generation; 0 none yet */
static u32 published[STALE_LIVES + 1];
static bool owner_done;

static void own_slot(void)
{
	u32 life, pass;

	for (life = 0; life < STALE_LIVES; life++) {
		struct thread_ref ref;
		u32 before = CALLER_NONE;

		thread_buffer_open(&buffer, 0, life, 1);
		expect(thread_buffer_read(&buffer, 0, &ref) && ref.sample == life);
		for (pass = 0; pass < STALE_PASSES; pass++) {
			u32 from = 0;

			expect(thread_buffer_enter(&buffer, &ref, pass, &from) == 0);
			expect(from == before);
			before = pass;
		}
		expect((u32)READ_ONCE(buffer.slots[0].last) == STALE_PASSES - 1);
		published[ref.generation / 2] = life;
		smp_store_release(&given_away, ref.generation);
		expect(thread_buffer_close(&buffer, &ref));
	}
	smp_store_release(&owner_done, true);
}

static void use_stale_references(void)
{
	while (!smp_load_acquire(&owner_done)) {
		struct thread_ref ref = { .slot = 0 };
		u32 from;
		int err;

		ref.generation = smp_load_acquire(&given_away);
		if (!ref.generation)
			continue;
		expect(published[ref.generation / 2] == ref.generation / 2);
		err = thread_buffer_enter(&buffer, &ref, 1000, &from);
		expect(err == 0 || err == -ESTALE || err == -EBUSY);
		if (thread_buffer_read(&buffer, 0, &ref))
			expect(ref.sample == ref.generation / 2);
	}
}

static void *stale(void *arg)
{
	if (arg)
		use_stale_references();
	else
		own_slot();
	return NULL;
}

static void stale_references_spare_the_next_life(void **state)
{
	(void)state;
	assert_int_equal(thread_buffer_init(&buffer, 1), 0);
	given_away = 0;
	owner_done = false;
	run_threads(stale);
	thread_buffer_destroy(&buffer);
}

/*
 * Caller records: every thread records the same pairs, more than fit in the
 * second test; one in 64 steps it also reads the table or forgets a range that
 * nobody records.
 */
#define RECORDS		100000

static struct caller_table table;
static u32 pairs;

static void *record(void *arg)
{
	unsigned long thread = (unsigned long)arg;
	u64 random = 0x2545f4914f6cdd1d + thread;
	u32 i;

	for (i = 0; i < RECORDS; i++) {
		u32 pair = random_next(&random) % pairs;

		caller_table_record(&table, pair, pair / 2, thread + 1);
		if (i % 64 == 0) {
			struct caller_record r;
			u32 cursor = random_next(&random) % (table.mask + 1);

			if (caller_table_next(&table, &cursor, &r))
				expect(r.count && r.to == r.from / 2 && r.from < pairs &&
				       r.first_sample && r.first_sample <= THREADS);
		}
		if (!thread && i % 4096 == 0)
			caller_table_forget(&table, pairs, pairs + 100);
	}
	return NULL;
}

static u64 sum_of_counts(void)
{
	static bool seen[1 << 16];
	struct caller_record r;
	u32 cursor = 0;
	u64 sum = 0;

	memset(seen, 0, sizeof(seen));
	while (caller_table_next(&table, &cursor, &r)) {
		assert_true(r.from < pairs);
		assert_false(seen[r.from]);
		seen[r.from] = true;
		sum += r.count;
	}
	return sum;
}

static void every_record_is_counted_once(void **state)
{
	(void)state;
	pairs = 500;
	assert_int_equal(caller_table_init(&table, 512), 0);
	run_threads(record);
	assert_int_equal(sum_of_counts(), (u64)THREADS * RECORDS);
	assert_int_equal(atomic_long_read(&table.records), pairs);
	assert_int_equal(atomic_long_read(&table.claimed), pairs);
	assert_int_equal(atomic_long_read(&table.lost), 0);
	caller_table_destroy(&table);
}

static void every_record_is_counted_or_counted_as_lost(void **state)
{
	(void)state;
	pairs = 5000;
	assert_int_equal(caller_table_init(&table, 512), 0);
	run_threads(record);
	assert_true(atomic_long_read(&table.lost) > 0);
	assert_int_equal(sum_of_counts() + atomic_long_read(&table.lost),
			 (u64)THREADS * RECORDS);
	caller_table_destroy(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(churn_loses_and_mixes_nothing),
		cmocka_unit_test(closing_owner_outruns_a_fork_storm),
		cmocka_unit_test(stale_references_spare_the_next_life),
		cmocka_unit_test(every_record_is_counted_once),
		cmocka_unit_test(every_record_is_counted_or_counted_as_lost),
	};

	return cmocka_run_group_tests_name("tables_threads", tests, NULL, NULL);
}
