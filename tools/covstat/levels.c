// SPDX-License-Identifier: GPL-2.0-only
/*
 * levels.c - levels in words, and what to say where --level leaves nothing.
 */
#include <stdio.h>

#include "covstat.h"

const char *levels_text(char buffer[LEVELS_LEN], uint64_t levels)
{
	size_t at = 0;
	int level;

	buffer[0] = '\0';
	for (level = 1; level <= 64; level++)
		if (levels & COV_LEVEL(level))
			at += snprintf(buffer + at, LEVELS_LEN - at, "%s%d", at ? "," : "", level);
	return buffer;
}

const char *no_level_text(char buffer[EMPTY_LEN], uint64_t levels)
{
	char text[LEVELS_LEN];

	snprintf(buffer, EMPTY_LEN,
		 "nothing that is attached has level %s; leave out --level, or give the level with `covstat attach MODULE --level N`",
		 levels_text(text, levels));
	return buffer;
}

const char *empty_text(const struct cov_snapshot *snapshot, char buffer[EMPTY_LEN])
{
	if (cov_snapshot_left_out(snapshot))
		return no_level_text(buffer, settings.levels);
	return "nothing is attached; run `covstat attach MODULE`";
}
