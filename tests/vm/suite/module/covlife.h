/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * covlife.h - what the test modules do when asked, for their users.
 */
#ifndef COVLIFE_H
#define COVLIFE_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * /dev/covlife: call covlife_work(argument) once, in a context of choice. When
 * the ioctl returns, the call has been made.
 */
#define COVLIFE_TASK		_IO('L', 1)	/* in the caller's own */
#define COVLIFE_IRQ		_IO('L', 2)	/* an interrupt on top of the caller */
#define COVLIFE_SOFTIRQ		_IO('L', 3)	/* a soft interrupt on top of it */
#define COVLIFE_KTHREAD		_IO('L', 4)	/* a kernel thread */
/* covlife_work(0), covlife_work(1) ... covlife_work(argument - 1), in the caller's own */
#define COVLIFE_LOOP		_IO('L', 5)

/* stand in covlife_stay() for as long as it takes to write to so many MiB of memory */
#define COVLIFE_STAY		_IO('L', 6)

/* covlife_work(argument) in an NMI, on a processor that the caller is not on, if there is one */
#define COVLIFE_NMI		_IO('L', 7)

/* call_first(), which makes two calls; the answer is how many were made */
#define COVLIFE_CALL_FIRST	_IO('L', 8)

/* the same in covlife_stay_island(), in the island of a short jump's detour */
#define COVLIFE_STAY_ISLAND	_IO('L', 9)

/*
 * sleep so many times, with a preempt notifier that calls covlife_work(1) whenever the caller gives up
 * its CPU; the answer is how often that was
 */
#define COVLIFE_SLEEP		_IO('L', 10)

/*
 * covlife_wait(): 1 waits there, in a loop at the function's very beginning, for two minutes; 0 ends
 * that; the answer to 2 is whether somebody waits
 */
#define COVLIFE_WAIT		_IO('L', 11)

/* covlife_work() takes its rarest way, which lies in covlife_work.cold. */
#define COVLIFE_RARE		0x5eed

/* Offsets in across_pages() and may_fault(). */
#define ACROSS_PAGES_LOOP	1
#define MAY_FAULT_BEFORE	2
#define MAY_FAULT_INSN		4

/**
 * struct covpeek - read kernel memory (COVPEEK_READ on /dev/covpeek)
 * @address: of the first byte
 * @buffer: where to
 * @length: bytes, at most 64 KiB
 */
struct covpeek {
	__u64 address;
	__u64 buffer;
	__u64 length;
};

#define COVPEEK_READ		_IOW('L', 16, struct covpeek)

/*
 * leave the CPU as an oops of a task does in a function that livecov calls to record a hit of the
 * task, but that the caller lives on
 */
#define COVPEEK_OOPS		_IO('L', 17)

#endif /* COVLIFE_H */
