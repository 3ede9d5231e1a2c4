// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * lines.c - source lines of a snapshot's functions. May call cov.c and
 * module_file.c.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct cov_lines {
	const struct snapshot_target *target;
	struct cov_module_file *file;	/* the snapshot's */
};

COV_PUBLIC int cov_lines_open(struct cov *cov, const struct cov_snapshot *snapshot,
			      unsigned int t, struct cov_lines **out)
{
	const struct cov_target_info *info;
	struct cov_build_id id = { 0 };
	struct cov_lines *lines;
	int ret;

	cov_begin(cov);
	*out = NULL;
	if (t >= snapshot->count)
		return cov_fail(cov, ERANGE, "the snapshot has no target %u", t);
	info = &snapshot->targets[t].info;
	lines = calloc(1, sizeof(*lines));
	if (!lines)
		return cov_fail(cov, ENOMEM, "no memory for source lines");
	lines->target = &snapshot->targets[t];
	id.length = info->build_id_len < sizeof(info->build_id) ?
		    info->build_id_len : sizeof(info->build_id);
	memcpy(id.bytes, info->build_id, id.length);
	ret = cov_module_files_lines(snapshot->files, cov, info->module, &id, &lines->file);
	if (ret) {
		free(lines);
		errno = -ret;
		return ret;
	}
	*out = lines;
	return 0;
}

COV_PUBLIC void cov_lines_close(struct cov_lines *lines)
{
	free(lines);
}

COV_PUBLIC int cov_lines_find(struct cov_lines *lines, unsigned int function,
			      uint64_t offset, const char **file, unsigned int *line)
{
	const struct snapshot_target *target = lines->target;
	const struct section *section;
	int error = ERANGE;

	if (function < target->info.functions) {
		section = &target->sections.entries[target->section_of[function]];
		offset += target->functions[function].address - section->base;
		if (cov_module_file_line(lines->file, section->name, offset, file, line))
			return 0;
		error = ENOENT;
	}
	return cov_set_errno(error);
}
