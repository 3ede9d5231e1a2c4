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
 * ksym_find_all - find functions of the kernel or of a module
 * @names: NUL-terminated names, one after the other; of several functions of one name the first
 *	   that kallsyms has is found
 * @n: how many
 * @ksyms: the answers, one for each name; unspecified after an error
 * @error: out: a sentence for the caller, after an error
 *
 * Sleeps; takes kprobes' mutex. With a single wait for a grace period. Return: 0; of the first
 * name that fails: -ENOENT, or what register_kprobe() returns for a function in which probes are
 * forbidden, -EINVAL; -EINTR: a signal; -ENOMEM.
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
 * ksym_owner - the module of a function
 * @name: its name; of several functions of one name the first that kallsyms has
 * @address: of any of its bytes, which tells it from others of that name; or 0
 * @module: out: the module's name, empty for the kernel itself; unspecified after an error
 * @error: out: a sentence for the caller, after an error
 *
 * Sleeps; takes kprobes' mutex. No probe needs to be possible in it: kprobes refuses a breakpoint
 * that livecov has there itself. Return: 0; -ENOENT: there is none, or it has another name.
 */
int ksym_owner(const char *name, unsigned long address, char module[COV_MODULE_LEN],
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
