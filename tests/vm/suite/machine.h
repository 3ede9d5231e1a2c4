/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machine.h - what the tests do to the machine around livecov: load and unload
 * modules, look at kernel text, run processes. May call harness.h; whatever
 * returns nothing fails the test when it does not work.
 */
#ifndef SUITE_MACHINE_H
#define SUITE_MACHINE_H

#include <stdint.h>
#include <sys/types.h>

#include "harness.h"

/* --- modules ------------------------------------------------------------------- */

/* The VM runner puts it into the project's directory, where the programs run. */
#define LIVECOV_FILE	"livecov.ko"

/* module_file - where run-suite has put one of the suite's own modules */
const char *module_file(const char *name);

/* try_load - load a .ko file; 0 or a positive errno */
int try_load(const char *file, const char *parameters);
void load(const char *file, const char *parameters);

/* try_unload - unload a module; 0 or a positive errno */
int try_unload(const char *name);
void unload(const char *name);

/* modprobe - load one of the kernel's own modules */
void modprobe(const char *name);

bool is_loaded(const char *name);

/* covlife_stays - is a task in covlife_stay(), or in the one with an island? */
bool covlife_stays(void);

#define TRACEFS		"/sys/kernel/tracing/"

/* kernel_preempts - can a task lose its CPU in the kernel without having asked for it? */
bool kernel_preempts(void);

/* --- files ----------------------------------------------------------------------- */

/* read_file - a file's beginning as a string; its length, -1 if it cannot be read */
ssize_t read_file(const char *path, char *buffer, size_t size);
void write_file(const char *path, const char *text);

/* kprobe_event - add a line to kprobe_events. Return: 0, or the errno of the kernel's refusal */
int kprobe_event(const char *line);

/* count_lines - lines of a file that contain a text */
unsigned int count_lines(const char *path, const char *text);

/* --- kernel text --------------------------------------------------------------------- */

#define TEXT_MAX	(1U << 16)
#define TEXT_SECTIONS	7

/**
 * struct text - a copy of kernel memory
 * @address: of its first byte
 * @size: bytes
 * @sections: of a module's text: where its other sections lay, 0 for those it has not; the last
 *	      is its per-CPU variable
 * @bytes: as they were
 */
struct text {
	uint64_t address;
	size_t size;
	uint64_t sections[TEXT_SECTIONS];
	unsigned char bytes[TEXT_MAX];
};

/* try_read_text - copy kernel memory as it is, breakpoints and all; 0 or -1 */
int try_read_text(struct text *text, uint64_t address, size_t size);

/* read_module_bytes - copy so much of a loaded module's .text, without asking livecov */
void read_module_bytes(struct text *text, const char *module, size_t size);

/* read_module_text - copy a loaded module's .text, without asking livecov */
void read_module_text(struct text *text, const char *module);

/* expect_text - the same memory holds the same bytes now */
void expect_text(const struct text *before);

/*
 * expect_same_text - two copies of one text. It may have been loaded to another
 * address in between, and its data to one of their own (since 6.4): operands then differ
 * by those distances, and nothing else.
 */
void expect_same_text(const struct text *before, const struct text *after);

/* --- memory --------------------------------------------------------------------------- */

/* before_hole - @size bytes, zeroed, that end where nothing is mapped */
void *before_hole(size_t size);

/* shared_memory - zeroed, and shared with the processes forked from here on */
void *shared_memory(size_t size);

/* need_fault_injection - skip the test where no allocation can be made to fail */
void need_fault_injection(void);

/* short_of_memory - after so many bytes each allocation that the calling task makes fails */
void short_of_memory(unsigned int bytes);

/* enough_memory - the end of that */
void enough_memory(void);

/* An address that only the kernel may use. */
#define KERNEL_ADDRESS	0xffff888000000000ULL

/* --- processes -------------------------------------------------------------------------- */

/* start - run a function in a child that dies with its parent */
pid_t start(void (*run)(void *), void *data);

/* finish - wait for such a child, whose function has to return */
void finish(pid_t pid);

/* end - kill a child and reap it */
void end(pid_t pid);

/* run_program - run a program, wait for it; its wait status */
int run_program(const char *const *argv);

#endif /* SUITE_MACHINE_H */
