/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * life.h - the files that the program life is made of.
 */
#ifndef SUITE_LIFE_H
#define SUITE_LIFE_H

#include "control.h"

extern const struct test_group life_init;	/* targets in their init and exit functions */

#endif /* SUITE_LIFE_H */
