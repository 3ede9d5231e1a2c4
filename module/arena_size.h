/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arena_size.h - how much text is set aside for stubs; C and assembler read it.
 * 29,000 sites (btrfs, mode edges) take 0.9 MB in scope all, 1.0 MB in scope tracked, and there
 * some 0.03 MB more for shortcuts.
 */
#ifndef LIVECOV_ARENA_SIZE_H
#define LIVECOV_ARENA_SIZE_H

#ifndef ARENA_SIZE
#define ARENA_SIZE	0x400000
#endif

#endif /* LIVECOV_ARENA_SIZE_H */
