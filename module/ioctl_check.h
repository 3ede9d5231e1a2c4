/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioctl_check.h - are the arguments of a call valid, as far as they themselves tell? They have been
 * copied in. No call takes a lock or sleeps.
 */
#ifndef LIVECOV_IOCTL_CHECK_H
#define LIVECOV_IOCTL_CHECK_H

#include "../include/cov_ioctl.h"
#include "errtext.h"

/**
 * ioctl_check_string - a string must be terminated, and not empty
 * @text: the array that it is in
 * @size: of the array, bytes
 * @what: what the string is, for the message
 * @error: out: a sentence for the caller, after an error
 *
 * Return: 0 or -EINVAL.
 */
int ioctl_check_string(const char *text, size_t size, const char *what, struct cov_error *error);

/**
 * ioctl_check_flags - no unknown flags
 * @given: the flags
 * @known: those that there are
 * @error: out: a sentence for the caller, after an error
 *
 * Return: 0 or -EINVAL.
 */
int ioctl_check_flags(u32 given, u32 known, struct cov_error *error);

/* ioctl_check_count - the number of elements that user space asks for. Return: 0 or -EINVAL. */
int ioctl_check_count(u32 count, struct cov_error *error);

/* ioctl_check_arm - the argument of COV_IOC_ARM. Return: 0 or -EINVAL. */
int ioctl_check_arm(const struct cov_arm *arg, struct cov_error *error);

/* ioctl_check_text - the argument of COV_IOC_TEXT. Return: 0 or -EINVAL. */
int ioctl_check_text(const struct cov_text *arg, struct cov_error *error);

/* ioctl_check_refusals - the argument of COV_IOC_REFUSALS. Return: 0 or -EINVAL. */
int ioctl_check_refusals(const struct cov_refusals *arg, struct cov_error *error);

/* ioctl_check_register - the argument of COV_IOC_REGISTER. Return: 0 or -EINVAL. */
int ioctl_check_register(const struct cov_register *arg, struct cov_error *error);

/* ioctl_check_checkpoint_switch - that of COV_IOC_CHECKPOINT_SWITCH. Return: 0 or -EINVAL. */
int ioctl_check_checkpoint_switch(const struct cov_checkpoint_switch *arg, struct cov_error *error);

/* ioctl_check_outcome_switch - the argument of COV_IOC_OUTCOME_SWITCH. Return: 0 or -EINVAL. */
int ioctl_check_outcome_switch(const struct cov_outcome_switch *arg, struct cov_error *error);

/**
 * ioctl_check_attach - the argument of COV_IOC_ATTACH, but for what it points to
 * @arg: the argument
 * @error: out: a sentence for the caller, after an error
 *
 * Return: 0; -EINVAL; -E2BIG: too many patterns or sections; -EOPNOTSUPP: a mode, scope or engine
 * that does not exist, or cannot be had here or together.
 */
int ioctl_check_attach(const struct cov_attach *arg, struct cov_error *error);

/**
 * ioctl_check_globs - patterns, which have to be terminated, none of them empty
 * @globs: one after the other
 * @len: of all of them, bytes; may be 0
 * @error: out: a sentence for the caller, after an error
 *
 * Return: 0; -EINVAL; -E2BIG: too many.
 */
int ioctl_check_globs(const char *globs, u32 len, struct cov_error *error);

/* ioctl_check_sections - @n named ranges of text, all with a name. Return: 0 or -EINVAL. */
int ioctl_check_sections(const struct cov_section *sections, u32 n, struct cov_error *error);

/**
 * ioctl_check_checkpoint - the argument of COV_IOC_CHECKPOINT_ADD
 * @arg: the argument
 * @error: out: a sentence for the caller, after an error
 *
 * Return: 0; -EINVAL; -EOPNOTSUPP: there is no such scope.
 */
int ioctl_check_checkpoint(const struct cov_checkpoint_add *arg, struct cov_error *error);

#endif /* LIVECOV_IOCTL_CHECK_H */
