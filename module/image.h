/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * image.h - what a target is made of: its functions and their names, its text decoded into blocks
 * and branches, its build-id. Read once from the loaded module; afterwards independent of it. Knows
 * no sites.
 */
#ifndef LIVECOV_IMAGE_H
#define LIVECOV_IMAGE_H

#include "address_set.h"
#include "cell_layout.h"
#include "compat.h"
#include "errtext.h"
#include "flow.h"
#include "flow_pack.h"
#include "region.h"

/**
 * struct image_label - what flow.c need not know of a function
 * @name: offset in struct cov_image.names
 * @parent: index of a cold part's function; its own if it is none
 * @forbidden: no breakpoint may be placed in it
 * @in_init: it lies in text that goes when the module's init function has returned
 */
struct image_label {
	u32 name;
	u32 parent : 30;
	u32 forbidden : 1;
	u32 in_init : 1;
};

/**
 * struct cov_image - a target's selected functions, decoded
 * @core: text that stays as long as the module is loaded; of the core kernel the range from the
 *	  first function to the last
 * @init: text that is freed when the module's init function has returned; empty once it has
 * @init_gone: it has returned
 * @tails: of @core and @init the end from their last function on, if the kernel
 *	   must not be made to decode it (probe.c); else empty
 * @fentries: addresses of fentry sites
 * @faults: instructions that the exception table names
 * @reserved: for a manual checkpoint: instructions that the kernel changes, or decodes when they
 *	      trap: static branches, static calls, the bug table's; else empty
 * @packed: functions, blocks and branches
 * @openings: how many cov_image_open() have not been closed
 * @in: while it is open: the flow analysis' input, but of its tables @functions alone;
 *	@nr_functions and @incomplete always
 * @flow: while it is open: blocks and branches; how many there are always
 * @regions: what a detour may take, until cov_image_forget_regions()
 * @labels: one for each of @in.functions
 * @names: the functions' NUL-terminated names, one after the other
 * @names_len: bytes of them
 * @build_id: the ELF build-id
 * @build_id_len: its length in bytes, 0 if the module has none
 */
struct cov_image {
	struct compat_span core;
	struct compat_span init;
	bool init_gone;
	struct compat_span tails[2];
	struct address_set fentries;
	struct address_set faults;
	struct address_set reserved;
	struct flow_packed packed;
	u32 openings;
	struct flow_input in;
	struct flow flow;
	struct region_table regions;
	struct image_label *labels;
	char *names;
	u32 names_len;
	u8 build_id[COV_BUILD_ID_LEN];
	u32 build_id_len;
};

/**
 * struct image_choice - which functions, and how much of them
 * @globs: NUL-terminated patterns, one after the other; exact names for the
 *	   core kernel
 * @globs_len: bytes, 0 for all functions
 * @address: the core kernel's function of that name that holds it; 0: the first one
 * @exact: they are names and no patterns, as they always are for the core kernel
 * @entries_only: do not decode: no blocks, no branches
 * @passages: entries and blocks may want detours, not jumps alone
 * @one_place: for a manual checkpoint, on any instruction: the image knows which are @reserved
 */
struct image_choice {
	const char *globs;
	u32 globs_len;
	unsigned long address;
	bool exact;
	bool entries_only;
	bool passages;
	bool one_place;
};

/**
 * cov_image_of_module - read a loaded module
 * @mod: the module, with a reference held; COMING or LIVE
 * @choice: what is wanted of it
 * @image: the answer, open; free it with cov_image_free(). After an error nothing is left in it
 * @error: out: a sentence for the caller, after an error
 *
 * Sleeps; the targets' lock is held, because text that livecov has patched is
 * read as it was before. Return: 0; -ENOENT: no function matches; -EAGAIN: the module's
 * init function is just returning; -EFAULT: its text cannot be read; -E2BIG: it has too much
 * text; -EINTR: a signal; -ENOMEM.
 */
int cov_image_of_module(struct module *mod, const struct image_choice *choice,
			struct cov_image *image, struct cov_error *error);

/**
 * cov_image_of_core - read functions of the kernel itself
 * @choice: exact names; at least one
 * @image: the answer, open; free it with cov_image_free(). After an error nothing is left in it
 * @error: out: a sentence for the caller, after an error
 *
 * Sleeps; the targets' lock is held. Of several functions of one name it takes the first that
 * kallsyms has, unless an address tells which. Return: 0; -ENOENT: no such function, or it is a
 * module's; -EINVAL: no names, or the kernel forbids probes in it; -EFAULT, -E2BIG, -EINTR,
 * -ENOMEM as cov_image_of_module().
 */
int cov_image_of_core(const struct image_choice *choice, struct cov_image *image,
		      struct cov_error *error);

/* cov_image_core_init - find the kernel's exception table. Once, when livecov is loaded. Sleeps. */
void cov_image_core_init(void);

/**
 * cov_image_free - free all that an image has, open or not, and zero it
 * @image: the image; a zeroed one is fine
 *
 * The targets' lock is held; sleeps. No failure.
 */
void cov_image_free(struct cov_image *image);

/**
 * cov_image_forget_regions - free the regions: the sites have copies, and later sites get none
 * @image: the image
 *
 * The targets' lock is held; sleeps. No failure.
 */
void cov_image_forget_regions(struct cov_image *image);

/**
 * cov_image_open - unpack the control flow
 * @image: its @in and @flow are there until cov_image_close(). May be nested.
 *
 * The targets' lock is held; sleeps. Return: 0 or -ENOMEM.
 */
int cov_image_open(struct cov_image *image);

/**
 * cov_image_close - free what cov_image_open() has unpacked, if it was the last one
 * @image: as given to cov_image_open(), or just made
 *
 * The targets' lock is held; sleeps.
 */
void cov_image_close(struct cov_image *image);

/**
 * cov_image_build_id - a loaded module's build-id
 * @mod: the module; it must not be freed meanwhile
 * @id: out: COV_BUILD_ID_LEN bytes; unchanged if it has none
 *
 * Does not sleep. Return: its length in bytes, 0 if it has none.
 */
u32 cov_image_build_id(const struct module *mod, u8 id[COV_BUILD_ID_LEN]);

/**
 * cov_image_owner - which module does a function belong to?
 * @function: its name
 * @address: of one of its bytes, or 0
 * @module: out: the module's name, or COV_CORE_KERNEL
 * @error: out: a sentence for the caller, after an error
 *
 * Of several functions of one name it finds, without an address, the first that kallsyms has,
 * the kernel's own before a module's. Whether it may be probed is not asked. Sleeps. Return: 0,
 * -ENOENT no such function, or not there.
 */
int cov_image_owner(const char *function, unsigned long address, char module[COV_MODULE_LEN],
		    struct cov_error *error);

/* cov_image_may_fault - does the exception table name the instruction at @address? */
static inline bool cov_image_may_fault(const struct cov_image *image, u64 address)
{
	return address_set_has(&image->faults, image->core.base, address);
}

/* cov_image_is_fentry - is there an fentry site at @address? */
static inline bool cov_image_is_fentry(const struct cov_image *image, u64 address)
{
	return address_set_has(&image->fentries, image->core.base, address);
}

/* cov_image_is_reserved - is there a manual checkpoint at an instruction that is the kernel's? */
static inline bool cov_image_is_reserved(const struct cov_image *image, u64 address)
{
	return address_set_has(&image->reserved, image->core.base, address);
}

/* cov_image_layout - of the cells of what is made of it; any context */
static __always_inline struct cell_layout cov_image_layout(const struct cov_image *image)
{
	return (struct cell_layout){
		.functions = image->in.nr_functions,
		.branches = image->flow.nr_branches,
		.blocks = image->flow.nr_blocks,
	};
}

/* cov_image_name - name of the function with index @function; valid as long as the image */
static inline const char *cov_image_name(const struct cov_image *image, u32 function)
{
	return image->names + image->labels[function].name;
}

#endif /* LIVECOV_IMAGE_H */
