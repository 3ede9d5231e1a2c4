// SPDX-License-Identifier: GPL-2.0-only
/*
 * engines.c - the engines that change text themselves: detour, breakpoint, entry, and
 * auto, which has them all. What they share with engine kprobe is tested elsewhere, and
 * that every byte comes back in restore.c.
 */
#include "engines.h"

int main(int argc, char **argv)
{
	const struct test_group groups[] = {
		engines_abi, engines_counts, engines_inside, engines_islands, engines_settle,
	};

	return suite_main(groups, ARRAY_SIZE(groups), argc, argv);
}
