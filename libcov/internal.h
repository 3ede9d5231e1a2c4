/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * internal.h - what libcov's own files share. The only place that includes both the
 * kernel interface and the public header. Layers, each may call those above it:
 *
 *	file.c			small files of sysfs and procfs
 *	section_list.c		lists of sections
 *	unit_list.c		source lines by compilation unit
 *	symbols.c		the kernel's symbols
 *	cov.c			the handle, errors, ioctl
 *	module_file.c		the module's ELF file, by build-id
 *	sections.c		sections of code by name
 *	attach.c task.c checkpoint.c	what changes livecov
 *	engines.c samples.c map.c news.c trace.c	what one call tells, or maps
 *	snapshot.c snapshot_get.c	the tables, and what is in them
 *	graph.c records.c	on a snapshot
 *	rank.c lines.c		on a snapshot
 *	known_sets.c		who covers what: bitmaps alone, calls nothing of ours
 *	sample_table.c		every sample's coverage
 *	sample_places.c		on that
 *	query.c			numbers, the next unhit place
 */
#ifndef LIBCOV_INTERNAL_H
#define LIBCOV_INTERNAL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cov_ioctl.h"
#include "known_sets.h"
#include "libcov.h"

#define COV_PUBLIC	__attribute__((visibility("default")))

/* What to do if livecov.ko has another version. */
#define COV_LOAD_OURS	"load the livecov.ko that was built with this libcov (livecov " LIBCOV_VERSION ")"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define BUILD_ID_MAX	64	/* of an ELF file; the kernel interface has COV_BUILD_ID_LEN */

/* A pointer as the kernel interface expects it. */
static inline __u64 cov_ptr(const void *p)
{
	return (__u64)(uintptr_t)p;
}

struct cov {
	int fd;
	uint32_t minor;			/* version of the module's interface */
	uint64_t view;			/* sample that queries are about, 0 for all */
	uint64_t levels;		/* that queries of all targets are about, 0 for all */
	char *module_dirs;		/* NUL-separated, ended by an empty one; or NULL */
	size_t module_dirs_len;		/* with the final NUL */
	struct symbols *symbols;	/* cov_symbols_get()'s, or NULL */
	char *modules;			/* that were loaded then, or NULL */
	struct known_sections *known;	/* cov_sections_loaded()'s */
	struct cov_target_info shown;	/* cov_next_target()'s: its strings are the caller's */
	char error[COV_ERROR_LEN * 6];	/* may name some twenty places */
};

/* ---- cov.c ---- */

/*
 * cov_fail - note an error; @cov may be NULL before there is a handle
 *
 * Return: -@error, with errno set to @error (positive).
 */
__attribute__((format(printf, 3, 4)))
int cov_fail(struct cov *cov, int error, const char *format, ...);

/*
 * cov_fail_older - EOPNOTSUPP: the livecov.ko that is loaded is older; @lacks what is wanted, as in
 * "has no mode trace"
 */
int cov_fail_older(struct cov *cov, const char *lacks);

/* cov_set_errno - like cov_fail(), where there is no handle that could note it: sets errno alone */
static inline int cov_set_errno(int error)
{
	errno = error;
	return -error;
}

/*
 * cov_call - one ioctl; @what is being tried, for the sentence that is built if
 * the kernel has none. Return: 0 or -errno, noted.
 */
int cov_call(struct cov *cov, unsigned long command, void *argument, const char *what);

/*
 * cov_call_since - cov_call() for a command that came with minor version @minor:
 * if it is missing, the message says which livecov.ko has it (ENOTTY)
 */
int cov_call_since(struct cov *cov, unsigned int minor, unsigned long command,
		   void *argument, const char *what);

/* cov_begin - to be called first by public functions: clear the last error */
void cov_begin(struct cov *cov);

/*
 * cov_give, cov_take - pass a struct that begins with its size_t size to the
 * caller, or get one from it into @ours, zero-filled. -EINVAL: no plausible size;
 * cov_take: -E2BIG: members that this library does not know are not zero.
 */
int cov_give(void *theirs, void *ours, size_t ours_size);
int cov_take(void *ours, size_t ours_size, const void *theirs);

/* cov_take_options - cov_take(), its error noted; @what they are, "struct X" */
int cov_take_options(struct cov *cov, void *ours, size_t ours_size, const void *theirs,
		     const char *what);

/* cov_module_name - copy a module's name, '-' turned to '_'; -ENAMETOOLONG, -EINVAL */
int cov_module_name(struct cov *cov, char name[COV_MODULE_LEN], const char *module);

/* cov_target_info - one target's numbers, in the handle's view */
int cov_target_info(struct cov *cov, uint32_t target, struct cov_target_info *info);

/*
 * cov_target_next - the numbers of the first target with an id above @target, regardless
 * of the view: for finding targets. -ENOENT: no more.
 */
int cov_target_next(struct cov *cov, uint32_t target, struct cov_target_info *info);

/* cov_is_checkpoint - is this a manual checkpoint's target? Else it is a module's own. */
static inline bool cov_is_checkpoint(const struct cov_target_info *info)
{
	return info->checkpoint[0];
}

/* cov_set_view - COV_IOC_VIEW; cov->view stays */
int cov_set_view(struct cov *cov, uint64_t sample);

/* ---- file.c ---- */

/*
 * cov_read_file - read at most @size - 1 bytes of a file and NUL-terminate them
 *
 * Return: bytes read or -errno; nothing is noted.
 */
long cov_read_file(const char *path, void *buffer, size_t size);

/*
 * cov_module_instance - a number that changes each time a module is loaded: the inode of
 * its directory in sysfs. 0: it is not loaded.
 */
uint64_t cov_module_instance(const char *module);

/* ---- unit_list.c ---- */

struct Dwfl_Module;

/* The code of a module's compilation units. */
struct unit_list;

/* cov_units_new - of @module, which has to outlive them; cov_units_free() them. NULL: no memory */
struct unit_list *cov_units_new(struct Dwfl_Module *module);

/* cov_units_free - @units may be NULL */
void cov_units_free(struct unit_list *units);

/* cov_units_line - the line of the byte at @address, which is one of libdwfl's, or false */
bool cov_units_line(const struct unit_list *units, uint64_t address, const char **source,
		    int *number);

/* ---- module_file.c ---- */

struct cov_build_id {
	uint8_t bytes[BUILD_ID_MAX];
	uint32_t length;
};

struct cov_module_file;

/*
 * cov_module_file_open - find a module's ELF file
 *
 * Return: NULL if there is none with that build-id; nothing is noted.
 */
struct cov_module_file *cov_module_file_open(struct cov *cov, const char *module,
					     const struct cov_build_id *id);

void cov_module_file_close(struct cov_module_file *file);

/* Files with line numbers, and those that were not found; from any thread. */
struct module_files;

/* cov_module_files_new - an empty set, or NULL. cov_module_files_free - @files may be NULL */
struct module_files *cov_module_files_new(void);
void cov_module_files_free(struct module_files *files);

/*
 * cov_module_files_lines - find one that has line numbers, or a separate debug file
 * @file: out; belongs to @files
 *
 * Looks for it only once. Return: 0, -ENOMEM or -ENOENT, noted, with the reason if a directory was
 * added to look in.
 */
int cov_module_files_lines(struct module_files *files, struct cov *cov, const char *module,
			   const struct cov_build_id *id, struct cov_module_file **file);

/*
 * cov_module_file_section - the section called @name
 * @size: out, may be NULL
 * @executable: out, may be NULL
 *
 * Return: true if it has one.
 */
bool cov_module_file_section(const struct cov_module_file *file, const char *name,
			     uint64_t *size, bool *executable);

/* cov_module_file_line - the line of the byte at @offset in section @name, or false */
bool cov_module_file_line(struct cov_module_file *file, const char *name, uint64_t offset,
			  const char **source, unsigned int *line);

/* ---- section_list.c ---- */

/* A section of code. */
struct section {
	char *name;
	uint64_t base;
	uint64_t size;		/* 0 if not known */
};

/* Ordered by base. */
struct section_list {
	struct section *entries;
	unsigned int count;
};

/* cov_sections_add - add one; 0 or -ENOMEM */
int cov_sections_add(struct section_list *list, const char *name, uint64_t base,
		     uint64_t size);

/* cov_sections_find - index of the one that @address lies in, or COV_NONE */
unsigned int cov_sections_find(const struct section_list *list, uint64_t address);

/* cov_sections_copy - to a list that is empty, and is so again after -ENOMEM; 0 or that */
int cov_sections_copy(struct section_list *to, const struct section_list *from);

void cov_sections_free(struct section_list *list);

/* For each module the sections of the last instance that was asked for; NULL at first. */
struct known_sections;

/* cov_sections_keep - keep a copy of a @list that cov_sections_recall() lacks; 0 or -ENOMEM */
int cov_sections_keep(struct known_sections **all, const char *module, uint64_t instance,
		      const struct cov_build_id *id, const struct section_list *list);

/*
 * cov_sections_recall - what was kept for that instance and build-id of a module; what was kept
 * for another one is freed
 *
 * Return: valid until the next of these calls, or NULL if there is none.
 */
const struct section_list *cov_sections_recall(struct known_sections **all, const char *module,
					       uint64_t instance, const struct cov_build_id *id);

/* cov_sections_forget - free all */
void cov_sections_forget(struct known_sections **all);

/* ---- sections.c ---- */

/*
 * cov_sections_loaded - sections of code of a loaded module, from sysfs
 * @id: its build-id, or NULL to ask sysfs for that too
 * @list: out
 *
 * The handle keeps them until the module is loaded again: finding and reading its file takes
 * longer than the rest of a snapshot of a manual checkpoint. The list is empty if sysfs does not
 * have the module. Return: 0 or -ENOMEM, not noted.
 */
int cov_sections_loaded(struct cov *cov, const char *module,
			const struct cov_build_id *id, struct section_list *list);

/* cov_sections_of - the same, also for COV_CORE_KERNEL, which is one section */
int cov_sections_of(struct cov *cov, const char *module, struct section_list *list);

/* ---- symbols.c ---- */

struct symbols;

/*
 * cov_symbols_get - what /proc/kallsyms lists now; the handle keeps it until modules come or go,
 * because reading it takes a tenth of a second
 *
 * Return: the symbols, none if addresses are hidden; cov_symbols_free() them. NULL: out of memory.
 */
struct symbols *cov_symbols_get(struct cov *cov);

/* cov_symbols_free - give them back; the last one who does frees them; @symbols may be NULL */
void cov_symbols_free(struct symbols *symbols);

/* cov_symbols_core - where the kernel's own code lies; false if that is not known */
bool cov_symbols_core(const struct symbols *symbols, uint64_t *start, uint64_t *end);

/*
 * cov_symbols_find - the function that the byte at @address is in
 * @module: out: its module's name, "vmlinux" for the kernel itself
 * @offset: out: of @address from its first byte
 *
 * Return: its name, or NULL if none is known.
 */
const char *cov_symbols_find(const struct symbols *symbols, uint64_t address,
			     const char **module, uint64_t *offset);

/*
 * cov_symbols_next - the first function of that name in @module, or if NULL in any, above @after
 *
 * Return: its address, or 0 if there is none.
 */
uint64_t cov_symbols_next(const struct symbols *symbols, const char *module, const char *name,
			  uint64_t after);

/* ---- snapshot.c ---- */

/**
 * struct snapshot_target - a target's tables; what was covered is that in the handle's view
 * @info: its numbers, among them how many entries each table has
 * @functions: with cold parts
 * @blocks: of all functions
 * @branches: of all functions
 * @edges: one for each block; NULL: livecov.ko is older
 * @outcomes: which are switched on, one for each branch; NULL: all are
 * @names: the functions' names, NUL-terminated one after the other
 * @sections: of code; has at least one after place_functions()
 * @section_of: index into @sections, one for each function
 */
struct snapshot_target {
	struct cov_target_info info;
	struct cov_function *functions;
	struct cov_block *blocks;
	struct cov_branch *branches;
	struct cov_block_edges *edges;
	struct cov_outcomes *outcomes;
	char *names;
	struct section_list sections;
	uint32_t *section_of;
};

/**
 * struct cov_snapshot - see libcov.h
 * @targets: in the order of their ids
 * @count: how many
 * @left_out: how many more there are that have none of the handle's levels
 * @files: modules' files with line numbers, opened for cov_lines_open()
 * @lost: tasks and caller records that livecov had no room for
 */
struct cov_snapshot {
	struct snapshot_target *targets;
	unsigned int count;
	unsigned int left_out;
	struct module_files *files;
	uint64_t lost;
};

/*
 * cov_fail_levels - ENOENT: there are targets, but cov_levels() leaves none of them; @which:
 * "nothing", or which of them, as in "nothing with scope tracked"
 */
int cov_fail_levels(struct cov *cov, const char *which);

/* cov_snapshot_id - a snapshot of the one target with that id */
int cov_snapshot_id(struct cov *cov, uint32_t target, struct cov_snapshot **snapshot);

/*
 * cov_snapshot_by_sample - a snapshot of what distinguishes samples: attached targets of
 * scope tracked. @target: id of one, or 0 for all. -EOPNOTSUPP: scope all; -ENOENT: none.
 */
int cov_snapshot_by_sample(struct cov *cov, uint32_t target, struct cov_snapshot **snapshot);

/* An internal error, never noted: the tables were rebuilt between two calls. */
#define COV_CHANGED	(-ESTALE)

/* How often to retry because of it, and the error after that. */
#define COV_READ_TRIES	32
int cov_fail_changing(struct cov *cov);

/* cov_snapshot_reread - read what was covered again, in the current view; COV_CHANGED */
int cov_snapshot_reread(struct cov *cov, struct snapshot_target *target);

/* ---- snapshot_get.c ---- */

/* cov_checkpoint_place - index of the function that a manual checkpoint lies in, or COV_NONE */
uint32_t cov_checkpoint_place(const struct snapshot_target *target);

/* cov_function_entered - COV_NO, COV_YES or COV_UNKNOWN */
unsigned int cov_function_entered(const struct snapshot_target *target,
				  const struct cov_function *function);

/* cov_target_give - pass a target's numbers to the caller; -EINVAL: no plausible size */
int cov_target_give(const struct cov_target_info *info, uint32_t sections,
		    struct cov_target_desc *out);

/* cov_is_counted - are its hits exact? If not, 1 may stand for any number above 0. */
bool cov_is_counted(const struct cov_target_info *info);

/* ---- samples.c ---- */

/* cov_samples_all - ids of all samples, in order; free() them */
int cov_samples_all(struct cov *cov, uint64_t **ids, uint32_t *count);

/* ---- sample_table.c ---- */

enum { KIND_FUNCTION, KIND_BLOCK, KIND_OUTCOME, NR_KINDS };

/**
 * struct cov_sample_table - see libcov.h
 * @snapshot: the targets
 * @ids: the samples
 * @samples: what cov_sample_table_get() returns for them
 * @count: how many
 * @sets: a row for each sample, a bit for each place
 * @first_word: where the bits of a kind begin; [NR_KINDS] is the end
 * @first_bit: of the kinds of each target: function 0, block 0, and the fall-through of
 *	   branch 0, followed by its other outcome
 */
struct cov_sample_table {
	struct cov_snapshot *snapshot;
	uint64_t *ids;
	struct cov_sample_desc *samples;
	uint32_t count;
	struct known_sets sets;
	uint32_t first_word[NR_KINDS + 1];
	uint32_t (*first_bit)[NR_KINDS];
};

/* cov_sample_earlier - all samples before @sample, added up; 0 or -ENOMEM */
int cov_sample_earlier(const struct cov_sample_table *table, uint32_t sample,
		       struct known_set *earlier);

/* ---- graph.c ---- */

/* cov_graph_check - 0; -EOPNOTSUPP, noted: livecov.ko is older and gave no @edges */
int cov_graph_check(struct cov *cov, const struct snapshot_target *target);

#endif /* LIBCOV_INTERNAL_H */
