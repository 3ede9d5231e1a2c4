/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioctl.h - the control file's operations (include/cov_ioctl.h).
 */
#ifndef LIVECOV_IOCTL_H
#define LIVECOV_IOCTL_H

#include <linux/fs.h>

extern const struct file_operations cov_control_fops;

#endif /* LIVECOV_IOCTL_H */
