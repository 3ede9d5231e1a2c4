/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * elf_image.h - a module or a library from a file, placed and relocated, as
 * flow_build() gets it. May call libelf, and CMocka's skip().
 */
#ifndef LIVECOV_TEST_ELF_IMAGE_H
#define LIVECOV_TEST_ELF_IMAGE_H

#include "flow.h"

#define ELF_IMAGE_TEXTS	4

/**
 * struct elf_image - what was loaded
 * @bytes: the image, below 2 GiB; may be written and executed
 * @size: its bytes
 * @texts: in it
 * @in: all of flow_build()'s input; it is this struct's
 * @pointers: into the texts, from the data
 * @nr_pointers: how many
 * @red_zone: its code may use the 128 bytes below rsp
 */
struct elf_image {
	u8 *bytes;
	size_t size;
	struct flow_text texts[ELF_IMAGE_TEXTS];
	struct flow_input in;
	u64 *pointers;
	u32 nr_pointers;
	bool red_zone;
};

/*
 * elf_image_load - read a .ko (whose undefined symbols then lie in an unreadable
 * page) or a library (which is not relocated). Return: 0 or -errno, -ENOEXEC for
 * anything else.
 */
int elf_image_load(const char *path, struct elf_image *image);
void elf_image_free(struct elf_image *image);

struct flow;
struct region_table;

/* elf_image_regions - what region_find() makes of it; for elf_image_regions_free() */
void elf_image_regions(const struct elf_image *image, const struct flow *flow,
		       struct region_table *regions);
void elf_image_regions_free(struct region_table *regions);

/*
 * elf_image_module - the path of a module of the kernel 6.1 that tests/vm/kernel has
 * fetched, in a static buffer; if it has not, the running test is skipped
 */
const char *elf_image_module(const char *name);

/* One of CMocka's tests for a module, whose name it is called by and gets as its state. */
#define MODULE_TEST(module, test)	{ #module "_" #test, test, NULL, NULL, (char *)#module }

/* elf_image_libc - the path of the C library that runs the test */
const char *elf_image_libc(void);

#endif /* LIVECOV_TEST_ELF_IMAGE_H */
