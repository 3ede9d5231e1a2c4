/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * region_marks.h - what region_find() needs to know of each byte of the texts. Pure. Owns struct
 * region_marks.
 */
#ifndef LIVECOV_REGION_MARKS_H
#define LIVECOV_REGION_MARKS_H

#include "flow.h"
#include "text_map.h"

/* What is known of a byte of text. */
#define REGION_MARK_START	(1U << 0)	/* an instruction begins here */
#define REGION_MARK_PLAIN	(1U << 1)	/* and it can be relocated */
#define REGION_MARK_ENTERED	(1U << 2)	/* control may come here from elsewhere */
#define REGION_MARK_HELD	(1U << 3)	/* it belongs to another user, or may fault */
#define REGION_MARK_TAKEN	(1U << 4)	/* it is a region's */
#define REGION_MARK_FENTRY	(1U << 5)	/* it is the first byte of an fentry site */
#define REGION_MARK_LAST	(1U << 6)	/* the instruction may be a region's last one */
#define REGION_MARK_FILL	(1U << 7)	/* an int3 after a jump or return: never executed */

/**
 * struct region_marks - the texts, read
 * @in: as given to region_marks_read()
 * @texts: its texts, to be looked up by address
 * @marks: REGION_MARK_*, one for each byte of the texts
 */
struct region_marks {
	const struct flow_input *in;
	struct text_map texts;
	u8 *marks;
};

/**
 * region_marks_read - read the texts, and mark in them what does not depend on blocks
 * @in: as given to flow_build(), with all its tables; in use until region_marks_free()
 * @pointers: addresses in the texts that data names: it is not known what jumps there
 * @nr_pointers: how many, any order
 *
 * May run concurrently with flow_build(): it reads nothing of @in that is written there. Sleeps.
 * Return: for region_find(), once; free it with region_marks_free(). NULL without memory,
 * or for more text than flow_build() takes.
 */
struct region_marks *region_marks_read(const struct flow_input *in,
				       const u64 *pointers, u32 nr_pointers);

/* region_marks_free - free what region_marks_read() returned; NULL is fine */
void region_marks_free(struct region_marks *m);

#endif /* LIVECOV_REGION_MARKS_H */
