/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arena_size.h - how much text is set aside for stubs; C and assembler read it.
 * 29,000 jumps (btrfs) take 1.2 MiB in scope all, 2.7 MiB in scope tracked.
 */
#ifndef LIVECOV_ARENA_SIZE_H
#define LIVECOV_ARENA_SIZE_H

#ifndef ARENA_SIZE
#define ARENA_SIZE	0x400000
#endif

#endif /* LIVECOV_ARENA_SIZE_H */
