/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * cov_release.h - the version of module, library and command: they are released
 * together. What may talk to what is decided by COV_ABI_MAJOR, not by this.
 */
#ifndef COV_RELEASE_H
#define COV_RELEASE_H

#define COV_RELEASE "0.1.0"

#endif /* COV_RELEASE_H */
