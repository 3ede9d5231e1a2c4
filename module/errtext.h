/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * errtext.h - a failed call's sentence travels beside its errno, from the place
 * that knows what was wrong up to COV_IOC_LAST_ERROR. Owns nothing.
 */
#ifndef LIVECOV_ERRTEXT_H
#define LIVECOV_ERRTEXT_H

#include <linux/kernel.h>

#include "../include/cov_ioctl.h"

/**
 * cov_fail - say what was wrong
 * @error: a struct cov_error *: where the sentence goes, cut off at its end
 * @err: negative errno
 * @fmt: the sentence as for printf(): what was wrong, and what to do next; a string literal, or
 *	 a choice between two: the compiler checks the arguments
 *
 * Return: @err, so that a caller can write "return cov_fail(...)".
 */
#define cov_fail(error, err, fmt, ...)					\
({									\
	snprintf((error)->text, sizeof((error)->text), fmt, ##__VA_ARGS__); \
	(err);								\
})

/**
 * cov_check_padding - is padding zero, as the contract wants it?
 * @pad: all of it, or'ed together
 * @error: where the sentence goes
 *
 * Return: 0 or -EINVAL.
 */
static inline int cov_check_padding(u32 pad, struct cov_error *error)
{
	return pad ? cov_fail(error, -EINVAL, "the padding is not zero") : 0;
}

#endif /* LIVECOV_ERRTEXT_H */
