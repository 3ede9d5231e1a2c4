/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * address_set.h - a set of addresses in a module's text, 4 bytes each. It moves with the text: an
 * address is stored as its distance from the text's base. Pure.
 */
#ifndef LIVECOV_ADDRESS_SET_H
#define LIVECOV_ADDRESS_SET_H

#include "portable.h"

/**
 * struct address_set - the set
 * @offsets: from the base, sorted; modulo 4 GiB, in which all text lies
 * @count: how many
 */
struct address_set {
	u32 *offsets;
	u32 count;
};

/**
 * address_set_make - make a set
 * @set: the answer; free it with address_set_free()
 * @base: of the text that the addresses lie in and move with
 * @addresses: the first of them; any order
 * @stride: bytes from one to the next
 * @n: how many
 *
 * Sleeps. Return: 0 or -ENOMEM.
 */
int address_set_make(struct address_set *set, u64 base, const u64 *addresses, size_t stride,
		     u32 n);

/* address_set_free - free what address_set_make() allocated; a zeroed @set is fine */
void address_set_free(struct address_set *set);

/**
 * address_set_has - is an address in the set?
 * @set: the set
 * @base: where the text that the addresses move with is now
 * @address: the address, in the text as it lies now
 *
 * Takes no lock, does not sleep. A zeroed set is empty.
 */
bool address_set_has(const struct address_set *set, u64 base, u64 address);

#endif /* LIVECOV_ADDRESS_SET_H */
