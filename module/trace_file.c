// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_file.c - see trace_file.h. The trace lives as long as the file; a mapping holds a
 * reference to the file, and to each of its pages: nothing is ever freed under a reader.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "trace.h"
#include "trace_file.h"

#define FLAGS	(COV_TRACE_TIME | COV_TRACE_ARGS | COV_TRACE_SYSCALLS)

/* remap_vmalloc_range() needs memory of vmalloc_user(), which logs a failed allocation. */
static int map_pages(const struct trace *trace, struct vm_area_struct *vma)
{
	unsigned long i, n = vma_pages(vma), all = trace_length(trace) / PAGE_SIZE;
	int err = 0;

	if (vma->vm_pgoff > all || n > all - vma->vm_pgoff)
		return -EINVAL;
	for (i = 0; !err && i < n; i++)
		err = vm_insert_page(vma, vma->vm_start + i * PAGE_SIZE,
				     vmalloc_to_page(trace_memory(trace) +
						     (vma->vm_pgoff + i) * PAGE_SIZE));
	return err;
}

static int trace_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct trace *trace = file->private_data;

	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EACCES;
	compat_vma_only_read(vma);
	return map_pages(trace, vma);
}

static int trace_file_release(struct inode *inode, struct file *file)
{
	trace_close(file->private_data);
	return 0;
}

static const struct file_operations trace_fops = {
	.owner = THIS_MODULE,
	.mmap = trace_file_mmap,
	.release = trace_file_release,
	.llseek = noop_llseek,
};

static int check(const struct cov_trace *request, struct cov_error *error)
{
	if (!request->size || request->size > COV_TRACE_SIZE_MAX)
		return cov_fail(error, -EINVAL, "a size of %llu is not in 1..%llu", request->size,
				COV_TRACE_SIZE_MAX);
	if (!request->tasks || request->tasks > COV_TRACE_TASKS_MAX)
		return cov_fail(error, -EINVAL, "%u tasks are not in 1..%u", request->tasks,
				COV_TRACE_TASKS_MAX);
	if (request->flags & ~FLAGS)
		return cov_fail(error, -EINVAL, "unknown flags %#x", request->flags);
	return cov_check_padding(request->pad, error);
}

int trace_file_make(struct cov_trace *request, u64 owner, struct file **file,
		    struct cov_error *error)
{
	struct trace *trace;
	int err = check(request, error);

	if (err)
		return err;
	trace = trace_open(request, owner, error);
	if (IS_ERR(trace))
		return PTR_ERR(trace);
	request->length = trace_length(trace);
	*file = anon_inode_getfile("[livecov-trace]", &trace_fops, trace, O_RDONLY);
	if (IS_ERR(*file)) {
		trace_close(trace);
		return cov_fail(error, PTR_ERR(*file), "no file can be opened for the trace (errno %d)",
				-(int)PTR_ERR(*file));
	}
	request->fd = get_unused_fd_flags(O_RDONLY | O_CLOEXEC);
	if (request->fd >= 0)
		return 0;
	fput(*file);
	return cov_fail(error, request->fd, "there is no free descriptor");
}

void trace_file_publish(const struct cov_trace *request, struct file *file)
{
	fd_install(request->fd, file);
}

void trace_file_drop(const struct cov_trace *request, struct file *file)
{
	put_unused_fd(request->fd);
	fput(file);
}
