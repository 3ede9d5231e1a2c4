/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ksym.h - functions by name, of the kernel and of all modules; variables of the kernel.
 */
#ifndef LIVECOV_KSYM_H
#define LIVECOV_KSYM_H

#include "errtext.h"

/**
 * struct ksym - a function as kallsyms knows it
 * @address: of its first byte
 * @size: bytes
 * @module: name of its module; empty for the kernel itself
 */
struct ksym {
	unsigned long address;
	unsigned long size;
	char module[COV_MODULE_LEN];
};

/**
 * ksym_find - find a function of the kernel or of a module
 * @name: its name; of several functions of one name the first that kallsyms has
 * @ksym: the answer; unspecified after an error
 * @error: out: a sentence for the caller, after an error
 *
 * Sleeps; takes kprobes' mutex. Return: 0; -ENOENT; or what register_kprobe() returns for a
 * function in which probes are forbidden, -EINVAL.
 */
int ksym_find(const char *name, struct ksym *ksym, struct cov_error *error);

/**
 * ksym_find_all - ksym_find() of many names, with a single wait for a grace period
 * @names: NUL-terminated names, one after the other
 * @n: how many
 * @ksyms: the answers, one for each name; unspecified after an error
 * @error: out: a sentence for the caller, after an error
 *
 * Sleeps; takes kprobes' mutex. Return: 0; what ksym_find() returns for the first name that it
 * fails for; -EINTR: a signal; -ENOMEM.
 */
int ksym_find_all(const char *names, u32 n, struct ksym *ksyms, struct cov_error *error);

/**
 * ksym_at - the function that holds an address
 * @address: of any of its bytes
 * @name: what it must be called
 * @ksym: the answer; unspecified after an error
 * @error: out: a sentence for the caller, after an error
 *
 * Sleeps; takes kprobes' mutex. Return: 0; -ENOENT: there is none, or it has another name; or what
 * register_kprobe() returns for a function in which probes are forbidden.
 */
int ksym_at(unsigned long address, const char *name, struct ksym *ksym,
	    struct cov_error *error);

/**
 * ksym_address - address of a function or variable of the kernel's, exported or not
 * @name: its name
 *
 * Sleeps; takes kprobes' mutex. Return: the address; NULL if there is none, or
 * kallsyms_lookup_name() cannot be found.
 */
void *ksym_address(const char *name);

#endif /* LIVECOV_KSYM_H */
