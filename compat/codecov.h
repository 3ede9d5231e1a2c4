/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * codecov.h - the calls of the tool codecov, on livecov. A program written for them
 * compiles unchanged and links with -lcodecov.
 *
 * Every call returns -1 and sets errno if it fails, and may be made from any thread; the
 * first one opens livecov. A pointer that is NULL where nothing else is said is EFAULT. The
 * linker name of each call is codecov_NAME, so that libcov,
 * which has calls of the same names, can be linked into the same program. A source file
 * can include only one of the two headers.
 *
 * As in codecov, checkpoints are global to the machine: they outlive the program, and
 * those added by others are counted. What a registered task passes counts, and what its
 * children pass, until they register themselves. There may be any number of tasks,
 * callers and registered processes. Each place that a branch can lead to is a checkpoint
 * FUNCTION#OFFSET (decimal).
 */
#ifndef CODECOV_H
#define CODECOV_H

#ifdef LIBCOV_H
#error "codecov.h and libcov.h declare the same names: include one of them"
#endif

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <sys/user.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef PAGE_SIZE
#define PAGE_SIZE 4096
#endif

/* What cov_get_buffer() is usually given; any length will do. */
#define THREAD_BUFFER_SIZE	(PAGE_SIZE * 8)

/* What get_cp_status() returns: how often it was passed, its mask of levels, 1 if it is on. */
enum status_opt { STATUS_HIT, STATUS_LEVEL, STATUS_ENABLED };

#define CODECOV_CALL(name) __asm__("codecov_" #name)

/**
 * cov_register - register the calling task
 * @id: the sample that its hits belong to, 0 if that does not matter: then one of 64 numbers
 *	up to UINT64_MAX, by the thread's id, so that tasks at work together have different ones
 * @is_test_case: 0: it only queries and adds; what it passes does not count
 *
 * As in codecov, a registration outlasts exec. It belongs to an open file, whose descriptor the new
 * program inherits; so do other programs that the process or its children execute from now on, even
 * those that drop privileges: it lets them do what only root may. While one of them has it,
 * livecov.ko cannot be unloaded.
 *
 * Errors: EEXIST it is already registered, ENOSPC too many tasks, and the errors of
 * opening livecov (ENOENT: it is not loaded; EACCES).
 */
int cov_register(unsigned long id, int is_test_case) CODECOV_CALL(cov_register);

/* cov_unregister - unregister the calling task; its checkpoints stay. Return: 0 */
int cov_unregister(void) CODECOV_CALL(cov_unregister);

/* cov_check - forget tasks that have died; livecov does so by itself */
int cov_check(void) CODECOV_CALL(cov_check);

/**
 * checkpoint_add - watch a place, in a module or the kernel itself
 * @name: unique, among the names of branches too
 * @func: function, static ones too
 * @offset: of an instruction from the function's first byte
 * @level: mask of levels 1..64
 * @_auto: nonzero, and @offset is 0: the function's branches as well
 *
 * Errors: EEXIST @name in use, ENOENT no such function, ENOTUNIQ there are several
 * functions of that name, EILSEQ @offset is inside an instruction, ERANGE it is beyond
 * the function's end, EINVAL no probe is allowed there, ENAMETOOLONG, ENOSPC.
 */
int checkpoint_add(char *name, char *func, unsigned long offset, unsigned long level,
		   int _auto) CODECOV_CALL(checkpoint_add);

/*
 * checkpoint_del - delete a checkpoint and its branches, or that of a branch alone, which comes
 * back with its function's; it need not exist. Errors: ENOTTY that of a branch, and livecov.ko is
 * older than this library.
 */
int checkpoint_del(char *name) CODECOV_CALL(checkpoint_del);

/* checkpoint_restart - delete all checkpoints */
int checkpoint_restart(void) CODECOV_CALL(checkpoint_restart);

/**
 * checkpoint_xstate - switch a checkpoint on or off; it need not exist
 * @name: its name, NULL for all
 * @len: of @name
 * @enable: 0 for off
 * @subpath: nonzero: its function's branches as well
 *
 * Errors: EINVAL the name is too long, ENOTTY it is a branch's, and livecov.ko is older than this
 * library.
 */
int checkpoint_xstate(char *name, size_t len, unsigned long enable,
		      unsigned long subpath) CODECOV_CALL(checkpoint_xstate);

/* checkpoint_xstate_all - switch all checkpoints, their branches too, on or off */
int checkpoint_xstate_all(unsigned long enable) CODECOV_CALL(checkpoint_xstate_all);

/* get_numhit, get_numtotal - how many checkpoints were passed; how many there are */
int get_numhit(unsigned long *num_hit) CODECOV_CALL(get_numhit);
int get_numtotal(unsigned long *num_total) CODECOV_CALL(get_numtotal);

/* get_coverage - the ratio of the two, 0 to 1; 0 if there are no checkpoints */
int get_coverage(double *percent) CODECOV_CALL(get_coverage);

/* cov_path_count - how many callers, and of branches predecessors, all checkpoints have */
int cov_path_count(unsigned long *count) CODECOV_CALL(cov_path_count);

/* get_cp_status - a checkpoint's status. Errors: ENOENT there is none, EINVAL @option */
int get_cp_status(char *name, enum status_opt option,
		  unsigned long *value) CODECOV_CALL(get_cp_status);

/**
 * get_next_unhit_func - name of a function's checkpoint that was not passed
 * @buf: out: its name
 * @len: of @buf; EINVAL if it is too small
 * @skip: how many to skip, in the order in which they were added
 * @level: 1..64: the level it must have
 *
 * Errors: ENOENT no more.
 */
int get_next_unhit_func(char *buf, size_t len, size_t skip,
			unsigned long level) CODECOV_CALL(get_next_unhit_func);

/* get_next_unhit_cp - the same, of branches' checkpoints too */
int get_next_unhit_cp(char *buf, size_t len, size_t skip,
		      unsigned long level) CODECOV_CALL(get_next_unhit_cp);

/**
 * get_path_map - the callers of each checkpoint, as NAME+CALLER(0xADDRESS)+...:NAME...:
 * @buf: out; may be NULL if it does not fit
 * @len: in: how much fits; out: how much there is, with the NUL at its end
 *
 * A caller without a name is NULL. Errors: EAGAIN it does not fit: call again with @len
 * bytes.
 */
int get_path_map(char *buf, size_t *len) CODECOV_CALL(get_path_map);

/*
 * output_path_map - print what get_path_map() returned on stderr, without the checkpoints that have
 * no callers; @buf, unless NULL, is modified
 */
void output_path_map(char *buf, size_t len) CODECOV_CALL(output_path_map);

/**
 * cov_get_buffer - which paths this task's sample was the first to take
 * @buffer: out: lines "NEW PATH: NAME" or "NEW PATH: NAME. CALLER_ADDR: 0xADDRESS"
 * @len: of @buffer; it gets whole lines, and a NUL if it fits
 *
 * Each line is returned once; those that do not fit are kept. Errors: ESRCH not
 * registered.
 */
int cov_get_buffer(char *buffer, size_t len) CODECOV_CALL(cov_get_buffer);

/* cov_buffer_print - the same to stderr; _pretty: callers, and indented what they called */
int cov_buffer_print(void) CODECOV_CALL(cov_buffer_print);
int cov_buffer_print_pretty(void) CODECOV_CALL(cov_buffer_print_pretty);

/* cov_buffer_clear - the same to nowhere */
int cov_buffer_clear(void) CODECOV_CALL(cov_buffer_clear);

/* cov_thread_effective - 1 if its sample took a new path since it registered, else 0 */
int cov_thread_effective(void) CODECOV_CALL(cov_thread_effective);

#ifdef __cplusplus
}
#endif

#endif /* CODECOV_H */
