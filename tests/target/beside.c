// SPDX-License-Identifier: GPL-2.0-only
/*
 * beside.c - what stands beside conditional jumps and only C makes: addresses of
 * labels in data, static branches and calls, warnings; and code that runs in an
 * interrupt while a task is in the middle of it. Results are told in expected.py.
 */
#include <linux/bug.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/jump_label.h>
#include <linux/mutex.h>
#include <linux/objtool.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/static_call.h>
#include <linux/timer.h>

#include "compat.h"
#include "target.h"

DEFINE_PER_CPU(u32, covt_percpu_five) = 5;

/* For covt_give_way(): another task may run here, if there is one. */
noinline void covt_reschedule(void)
{
	schedule();
}

/*
 * Jumps to labels whose addresses are in data alone. To one of them control falls
 * as well. @a: 0 to 2. Returns 10 * @b + 1, @b + 1 or -1; twice that if @b is negative.
 */
covt_fn s64 covt_goto_data(u64 a, u64 b, u64 c)
{
	static void *labels[] = { &&times_ten, &&plus_one, &&minus_one };
	s64 result = b;

	goto *labels[a % ARRAY_SIZE(labels)];
times_ten:
	covt_mark("times_ten");
	result *= 10;
plus_one:
	covt_mark("plus_one");
	result++;
	goto out;
minus_one:
	covt_mark("minus_one");
	result = -1;
out:
	asm goto("test %[b], %[b]\n\t"
		 COVT_JUMP("negative") "js %l[negative]"
		 : : [b] "r" (b) : "cc" : negative);
	return result;
negative:
	return 2 * result;
}
STACK_FRAME_NON_STANDARD(covt_goto_data);

static DEFINE_STATIC_KEY_FALSE(covt_beside_key);

/* Jumps right before and right behind a static branch. Returns 1 or 2 if @a, + 4 if @b. */
covt_fn s64 covt_key_beside(u64 a, u64 b, u64 c)
{
	s64 result = 0;

	asm goto("test %[a], %[a]\n\t"
		 COVT_JUMP("before") "jz %l[behind]"
		 : : [a] "r" (a) : "cc" : behind);
	if (static_branch_unlikely(&covt_beside_key)) {
		covt_mark("on");
		result = 1;
	} else {
		covt_mark("off");
		result = 2;
	}
behind:
	asm goto("test %[b], %[b]\n\t"
		 COVT_JUMP("behind") "jz %l[out]"
		 : : [b] "r" (b) : "cc" : out);
	result += 4;
out:
	return result;
}

covt_fn s64 covt_key_beside_set(u64 a, u64 b, u64 c)
{
	if (a)
		static_branch_enable(&covt_beside_key);
	else
		static_branch_disable(&covt_beside_key);
	return 0;
}

/* A static branch right behind the function's fentry site. */
covt_fn s64 covt_key_first(u64 a, u64 b, u64 c)
{
	if (static_branch_unlikely(&covt_beside_key)) {
		covt_mark("on");
		return 1;
	}
	covt_mark("off");
	return 2;
}

static covt_fn s64 covt_call_double(u64 a)
{
	covt_mark("double");
	return a * 2;
}

static covt_fn s64 covt_call_negate(u64 a)
{
	covt_mark("negate");
	return -a;
}

DEFINE_STATIC_CALL(covt_static, covt_call_double);

/* A static call with jumps beside it. Returns 0 if @a is 0, else what it gives, + 1 if @b. */
covt_fn s64 covt_call_beside(u64 a, u64 b, u64 c)
{
	s64 result;

	asm goto("test %[a], %[a]\n\t"
		 COVT_JUMP("before") "jz %l[nothing]"
		 : : [a] "r" (a) : "cc" : nothing);
	result = static_call(covt_static)(a);
	asm goto("test %[b], %[b]\n\t"
		 COVT_JUMP("behind") "jz %l[out]"
		 : : [b] "r" (b) : "cc" : out);
	result++;
out:
	return result;
nothing:
	return 0;
}

covt_fn s64 covt_call_beside_set(u64 a, u64 b, u64 c)
{
	static_call_update(covt_static, a ? covt_call_negate : covt_call_double);
	return 0;
}

/*
 * A warning beside jumps. It warns as if it had done so before, so that there is
 * no word in the log and no panic; execution goes on behind its ud2. Warns if @a is
 * not 0. Returns @b, + 1 if it is not 0.
 */
covt_fn s64 covt_warn_beside(u64 a, u64 b, u64 c)
{
	asm goto("test %[a], %[a]\n\t"
		 COVT_JUMP("quiet") "jz %l[quiet]"
		 : : [a] "r" (a) : "cc" : quiet);
	covt_warn_flags(BUGFLAG_ONCE | BUGFLAG_DONE);
quiet:
	asm goto("test %[b], %[b]\n\t"
		 COVT_JUMP("zero") "jz %l[zero]"
		 : : [b] "r" (b) : "cc" : zero);
	b++;
zero:
	return b;
}

/*
 * A short jump that others come to, as they do to what is behind it: nothing can go along with
 * it. What can be moved is the body of its loop, all ten bytes of it but the nop. Returns
 * @b + @a * (@c + 3) + 3 * @c.
 */
covt_fn s64 covt_island(u64 a, u64 b, u64 c)
{
	s64 sum = b;

	asm volatile("test %[a], %[a]\n\t"
		     "jmp 2f\n"
		     "1:\tnop\n\t"
		     "add %[c], %[sum]\n\t"
		     "lea 3(%[sum]), %[sum]\n\t"
		     "dec %[a]\n"
		     "2:\t" COVT_JUMP("more") "jnz 1b\n"
		     /* Three times: the parity of 1 and 2 is odd. */
		     "3:\tadd %[c], %[sum]\n\t"
		     "inc %[a]\n\t"
		     COVT_JUMP("odd") "jnp 3b"
		     : [a] "+r" (a), [sum] "+r" (sum) : [c] "r" (c) : "cc");
	return sum;
}

/*
 * The same code in a task and in an interrupt on top of it, which go different ways
 * in it. Whoever counts tracked tasks alone must see the task's ways alone.
 */
#define COVT_PERIOD	ms_to_ktime(1)
#define COVT_PATIENCE	(20 * HZ)
#define COVT_ROUNDS	20	/* in which to be interrupted */

static DEFINE_MUTEX(interrupted);
static struct hrtimer covt_timer;
static u64 fired, wanted;
static s64 wrong;

static covt_fn enum hrtimer_restart covt_on_timer(struct hrtimer *timer)
{
	covt_mark("fired");
	if (covt_crossed(0, COVT_ROUNDS, 0) != COVT_ROUNDS)
		wrong++;
	WRITE_ONCE(fired, fired + 1);
	hrtimer_forward_now(timer, COVT_PERIOD);
	return fired < wanted ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

static void covt_timer_prepare(enum hrtimer_mode mode)
{
	covt_hrtimer_setup(&covt_timer, covt_on_timer, mode);
}

/*
 * @a: 0 for interrupts, else softirqs; @b: how many. Returns how often a result was
 * wrong, or -ETIMEDOUT if they did not come.
 */
covt_fn s64 covt_interrupted(u64 a, u64 b, u64 c)
{
	enum hrtimer_mode mode = a ? HRTIMER_MODE_REL_PINNED_SOFT : HRTIMER_MODE_REL_PINNED_HARD;
	unsigned long end = jiffies + COVT_PATIENCE;
	s64 result;

	mutex_lock(&interrupted);
	fired = 0;
	wanted = b;
	wrong = 0;
	covt_timer_prepare(mode);
	hrtimer_start(&covt_timer, COVT_PERIOD, mode);
	do {
		covt_mark("crosses");
		if (covt_crossed(1, COVT_ROUNDS, 0) != 2 * COVT_ROUNDS)
			wrong++;
		cond_resched();
	} while (READ_ONCE(fired) < b && time_before(jiffies, end));
	hrtimer_cancel(&covt_timer);
	result = fired < b ? -ETIMEDOUT : wrong;
	mutex_unlock(&interrupted);
	return result;
}
