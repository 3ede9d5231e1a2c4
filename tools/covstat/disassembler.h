/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * disassembler.h - libcapstone, loaded when it is first needed: its tables take 80,000
 * relocations, which was three quarters of what `covstat --version` executed.
 */
#ifndef COVSTAT_DISASSEMBLER_H
#define COVSTAT_DISASSEMBLER_H

#include <capstone/capstone.h>
#include <stdbool.h>

/**
 * struct disassembler - the functions of libcapstone that covstat uses, each as it is
 *			 documented there
 */
struct disassembler {
	__typeof__(cs_open) *open;
	__typeof__(cs_option) *option;
	__typeof__(cs_disasm) *disasm;
	__typeof__(cs_free) *free;
	__typeof__(cs_close) *close;
};

/*
 * disassembler_load - the library's functions; NULL if it is not there, which is said on stderr
 * the first time. They stay loaded.
 */
const struct disassembler *disassembler_load(void);

#endif /* COVSTAT_DISASSEMBLER_H */
