/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load.h - the files that the program load is made of.
 */
#ifndef SUITE_LOAD_H
#define SUITE_LOAD_H

#include "control.h"

extern const struct test_group load_oneshot;	/* sites that disarm themselves */

#endif /* SUITE_LOAD_H */
