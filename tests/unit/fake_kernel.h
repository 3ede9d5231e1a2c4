/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_kernel.h - livecov's control file without a kernel, for tests of libcov
 * and covstat. It keeps the contract of cov_ioctl.h over the built-in module
 * "toy" (toy.S) and its twin "toy_two".
 *
 * Two builds of one source. Linked into a test with --wrap, its state is the
 * variable below. As a shared object for LD_PRELOAD, its state is a file named by
 * FAKE_KERNEL, shared by the processes that come one after the other, and
 * FAKE_KERNEL_SET="member=number,..." sets members of struct fake_settings.
 *
 * As a shared object it also gives uname() the release FAKE_RELEASE, if that is set.
 *
 * Paths under /sys, /proc, /lib/modules, /usr/lib/debug and /boot are looked for
 * below the directory in the environment variable FAKE_ROOT, and nowhere else.
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "cov_ioctl.h"

#define FAKE_TARGETS	4
#define FAKE_BRANCHES	10			/* of toy */
#define FAKE_BASE	UINT64_C(0xffffffffc0a00000)	/* toy's .text */
#define FAKE_COLD	UINT64_C(0x2000)		/* .text.unlikely lies that far behind */
#define FAKE_NEXT	UINT64_C(0x10000)		/* toy_two lies that far behind */
#define FAKE_BUILD_ID	"0123456789abcdef0123456789abcdef01234567"
#define FAKE_REFUSED	2				/* sites of a target */
#define FAKE_ENTRIES	6				/* of them, that ftrace takes */
#define FAKE_BREAKPOINTS 20				/* that no detour can have */
#define FAKE_UNSURE	4				/* why branches have none */
#define FAKE_SHORT	3
#define FAKE_RESERVED	1
#define FAKE_OTHER	2
#define FAKE_SAMPLES	400
/* A sample that has run the functions in the mask (others: function 0), */
#define FAKE_SAMPLE(functions) (UINT64_C(0x10000) + (functions))
#define FAKE_STOPS	4			/* toy_stops */
#define FAKE_STOPS_BRANCH 6			/* the branch in it */
#define FAKE_CHECKS	5			/* toy_checks */
#define FAKE_CHECKS_BLOCK 19			/* its first */
#define FAKE_COLD_PART	6			/* toy_main.cold */
#define FAKE_FELL_THROUGH 0x80			/* and has taken no jump */
#define FAKE_STUBS	12345				/* bytes */
#define FAKE_ODD_COMM	"t\303\266y\377\033[m\n\342\202"	/* the last one is cut off */
#define FAKE_ODD_NAME	"a\n\033[2J\302\233b"	/* that another program has given */
#define FAKE_CELLS	UINT64_C(0x8000001000)		/* offset for mmap() of sample 1's */

/**
 * struct fake_settings - how the kernel is to behave
 * @abi_major: of COV_IOC_VERSION
 * @old: 1: of minor version 0: engine kprobe alone, and no call that came later; 2: of 1, and so on
 * @no_patching: 1: engines detour and breakpoint cannot be used here
 * @open_errno: what open() of the control file fails with, 0 to succeed
 * @fail_nr: the number of the ioctl that fails, by _IOC_NR
 * @fail_errno: with what; 0: it does not
 * @fail_text: 1: COV_IOC_LAST_ERROR then has a sentence
 * @detach_errno: what COV_IOC_DETACH fails with, without a sentence; 0: it does not
 * @fail_after: calls of @fail_nr that succeed before
 * @fail_times: calls of it that fail then, 0: all
 * @fail_signal: a signal that the caller gets with each failure, or 0; where it is blocked, the
 *		 call succeeds
 * @sites: that COV_IOC_ATTACH promises
 * @slow: of them, how many the engines that patch text leave to kprobes
 * @several: sites refused for other reasons than those that COV_IOC_REFUSALS names, on top
 * @refusals_damage: 1: COV_IOC_REFUSALS has more entries than there may be
 * @map_damage: which number of COV_IOC_MAP is wrong, see damage_map(); 0: none
 * @trace_damage: which number of a trace is wrong, see fake_trace.c; 0: none
 * @trace_chunks: more of them in a trace, full of branches
 * @trace_errors: how many different errors toy_main has returned in a trace
 * @odd_comm: 1: a traced task is called FAKE_ODD_COMM
 * @mmap_errno: what mmap() fails with, 0: it does not
 * @arm_interrupted: COV_IOC_ARM number this (from 1) is interrupted
 * @arm_signal: a signal that the caller gets in the middle of each COV_IOC_ARM, or 0
 * @changes: tables that are read change their generation this often in between
 * @changes_after: tables that are read before they do
 * @state: COV_TARGET_* of every target
 * @damage: which member of the tables is out of range, see damage(); 0: none
 * @missed: hits
 * @lost: tasks
 * @first_branch: sample that came to each branch first
 * @new_pairs: of the pairs, how many are news at the first COV_IOC_NEWS
 * @records_damage: 1, 2: a record's from_cell, to_cell is out of range; 0: none
 * @callers_lost: records
 * @twins: 1: toy_stops is called toy_checks as well, and a trace has both; 2: targets of odd
 *	   id have the blocks of the second alone, and those of even id of the first, under the
 *	   second's name
 * @place_only: 1: a manual checkpoint has its function's blocks only with COV_CHECKPOINT_AUTO
 * @odd_checkpoint: 1: whatever a manual checkpoint is called, it is FAKE_ODD_NAME
 * @cold_checks: toy_checks is a cold part of the function of this number (from 1), which makes
 *		 toy's calls from there, and its first block has not run; 0: it is none
 * @not_debugfs: 1: /sys/kernel/debug is no debugfs
 */
struct fake_settings {
	uint32_t abi_major;
	uint32_t old;
	uint32_t no_patching;
	uint32_t open_errno;
	uint32_t fail_nr;
	uint32_t fail_errno;
	uint32_t fail_text;
	uint32_t fail_after;
	uint32_t fail_times;
	uint32_t fail_signal;
	uint32_t detach_errno;
	uint32_t sites;
	uint32_t slow;
	uint32_t several;
	uint32_t refusals_damage;
	uint32_t map_damage;
	uint32_t trace_damage;
	uint32_t trace_chunks;
	uint32_t trace_errors;
	uint32_t odd_comm;
	uint32_t mmap_errno;
	uint32_t arm_interrupted;
	uint32_t arm_signal;
	uint32_t changes;
	uint32_t changes_after;
	uint32_t state;
	uint32_t damage;
	uint32_t missed;
	uint32_t lost;
	uint32_t first_branch;
	uint32_t new_pairs;
	uint32_t records_damage;
	uint32_t callers_lost;
	uint32_t twins;
	uint32_t cold_checks;
	uint32_t not_debugfs;
	uint32_t place_only;
	uint32_t odd_checkpoint;
};

struct fake_target {
	struct cov_target_info info;
	struct cov_section sections[COV_ATTACH_SECTIONS_MAX];
	uint64_t base;
	uint32_t used;
	uint32_t off;		/* a checkpoint that was switched off */
	uint32_t lapsed;	/* at any time since its hits were forgotten */
	struct cov_outcomes outcomes[FAKE_BRANCHES];	/* and of its branches */
	int32_t fd;		/* that attached it */
};

/**
 * struct fake_kernel - all of its state; no pointers, it may lie in a file
 * @ready: the settings have their defaults
 * @settings: see there
 * @targets: attached ones; ids are index + 1
 * @error: of COV_IOC_LAST_ERROR
 * @generation: of all tables
 * @arms: calls of COV_IOC_ARM
 * @largest_arm: largest max of one
 * @attaches: calls of COV_IOC_ATTACH that succeeded
 * @detaches: calls of COV_IOC_DETACH that succeeded
 * @resets: calls of COV_IOC_RESET that succeeded
 * @registers: calls of COV_IOC_REGISTER that succeeded
 * @traces: calls of COV_IOC_TRACE that succeeded
 * @trace: of the last one
 * @sample: of the last one
 * @registered_pid: who made it
 * @tracked: thread id of the task that is tracked, 0 if none is
 * @tracked_fd: by which file; closing that ends it
 * @nr_samples: registered ones
 * @samples: their ids
 * @pairs_seen: serial of the last pair that a reader knows of
 * @last: request of the last COV_IOC_ATTACH
 * @globs: its patterns
 * @checkpoint: of the last COV_IOC_CHECKPOINT_ADD
 * @deleted: of the last COV_IOC_CHECKPOINT_DEL
 * @switched: the last COV_IOC_CHECKPOINT_SWITCH
 * @opens: files and directories that were opened, without the control file
 */
struct fake_kernel {
	uint32_t ready;
	struct fake_settings settings;
	struct fake_target targets[FAKE_TARGETS];
	char error[COV_ERROR_LEN];
	uint64_t generation;
	uint32_t arms;
	uint32_t largest_arm;
	uint32_t attaches;
	uint32_t detaches;
	uint32_t resets;
	uint32_t registers;
	uint32_t traces;
	struct cov_trace trace;
	uint64_t sample;
	int32_t registered_pid;
	int32_t tracked;
	int32_t tracked_fd;
	uint32_t nr_samples;
	uint64_t samples[FAKE_SAMPLES];
	uint64_t pairs_seen;
	struct cov_attach last;
	char globs[256];
	struct cov_checkpoint_add checkpoint;
	struct cov_checkpoint_del deleted;
	struct cov_checkpoint_switch switched;
	uint32_t opens;
};

/* fake_kernel - its state; never NULL */
struct fake_kernel *fake_kernel(void);

/* fake_reset - begin anew, with the default settings */
void fake_reset(void);

/* fake_tables.c */

/* How long toy's tables are. */
extern const struct cov_target_info fake_shape;

/*
 * fake_table - one of toy's tables as COV_IOC_FUNCTIONS and its like return it
 * @command: the ioctl
 * @base: address of .text
 * @entries_only: functions have no blocks and branches
 * @entry: out: bytes of an entry
 *
 * Return: the table; it is valid until the next call. NULL for another command.
 */
const void *fake_table(unsigned long command, uint64_t base, bool entries_only,
		       uint32_t *entry);

/*
 * fake_caller - the records of a target with COV_ATTACH_PATHS: serials from 1 on
 *
 * Return: false behind the last one.
 */
bool fake_caller(uint32_t i, uint32_t target, uint64_t base, struct cov_caller *caller);

/* Callers that only /proc/kallsyms can name. */
#define FAKE_OUTSIDE	UINT64_C(0xffffffff81200042)

/* fake_text - the bytes at @offset from .text's base, or NULL if not all are toy's */
const uint8_t *fake_text(uint64_t offset, uint32_t length);

/* fake_trace.c */

/* fake_trace - COV_IOC_TRACE: a trace as the settings want it; 0 */
int fake_trace(struct cov_trace *request, const struct fake_settings *settings);

#endif /* FAKE_KERNEL_H */
