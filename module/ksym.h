/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ksym.h - functions by name, of the kernel and of all modules; variables of the kernel.
 */
#ifndef LIVECOV_KSYM_H
#define LIVECOV_KSYM_H

#include "errtext.h"

/* A function as kallsyms knows it. */
struct ksym {
	unsigned long address;
	unsigned long size;
	char module[COV_MODULE_LEN];	/* empty for the kernel itself */
};

/**
 * ksym_find - find a function
 * @name: its name
 * @ksym: the answer
 * @error: a sentence for the caller
 *
 * Sleeps. Return: 0, -ENOENT, or what kprobes says of a function that it forbids.
 */
int ksym_find(const char *name, struct ksym *ksym, struct cov_error *error);

/**
 * ksym_address - where the kernel has a function or variable of its own, exported or not
 * @name: its name
 *
 * Sleeps. Return: NULL if there is none, or the kernel does not let us ask.
 */
void *ksym_address(const char *name);

#endif /* LIVECOV_KSYM_H */
