// SPDX-License-Identifier: GPL-2.0-only
/*
 * disassembler.c - see disassembler.h.
 */
#include <dlfcn.h>

#include "covstat.h"
#include "disassembler.h"

#define TEXT_OF(x)	#x
#define SONAME(major)	"libcapstone.so." TEXT_OF(major)

static struct disassembler functions;

/* POSIX has dlsym() return functions as void *, which ISO C does not convert. */
static bool find(void *library, const char *name, void *function)
{
	*(void **)function = dlsym(library, name);
	return *(void **)function;
}

static bool load(void)
{
	void *library = dlopen(SONAME(CS_API_MAJOR), RTLD_NOW | RTLD_LOCAL);

	return library && find(library, "cs_open", &functions.open) &&
	       find(library, "cs_option", &functions.option) &&
	       find(library, "cs_disasm", &functions.disasm) &&
	       find(library, "cs_free", &functions.free) &&
	       find(library, "cs_close", &functions.close);
}

const struct disassembler *disassembler_load(void)
{
	static enum { NEW, LOADED, MISSING } state;

	if (state == NEW) {
		state = load() ? LOADED : MISSING;
		if (state == MISSING)
			warn("%s cannot be loaded, so conditions are shown without what sets their flags: install libcapstone",
				  SONAME(CS_API_MAJOR));
	}
	return state == LOADED ? &functions : NULL;
}
