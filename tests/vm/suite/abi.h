/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * abi.h - the files that the program abi is made of.
 */
#ifndef SUITE_ABI_H
#define SUITE_ABI_H

#include "control.h"

extern const struct test_group abi_attach;	/* ATTACH, ARM, KEEP, DETACH, RESET, TARGET */
extern const struct test_group abi_tables;	/* FUNCTIONS .. TEXT */
extern const struct test_group abi_checkpoint;	/* CHECKPOINT_ADD, CHECKPOINT_DEL */
extern const struct test_group abi_limits;	/* full tables */

#endif /* SUITE_ABI_H */
