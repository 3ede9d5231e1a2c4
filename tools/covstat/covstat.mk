# SPDX-License-Identifier: GPL-2.0-only
#
# covstat: build/covstat. Included by the top-level Makefile after
# libcov/libcov.mk; all paths are from there. The run path is $ORIGIN for the
# build directory and $ORIGIN/../lib for an installation.

COVSTAT_SOURCES := main messages memory options parse attach detach run status list list_json next \
	reset doctor checkpoint samples samples_places samples_reaching samples_smallest callers map \
	map_build map_records map_print watch records trace trace_names trace_tree \
	trace_summary trace_json trace_syscalls engines condition disassembler unhit ranges words \
	signals functions names levels lines table json
COVSTAT_CFLAGS := -std=gnu11 -Wall -Wextra $(WERROR) -O2 -g -D_GNU_SOURCE -Ilibcov \
	-Ibuild/obj/covstat
COVSTAT_LIBS := -ljson-c

COVSTAT_OBJECTS := $(COVSTAT_SOURCES:%=build/obj/covstat/%.o)

.PHONY: covstat
covstat: build/covstat

# "[N] = "NAME"," for each system call that the kernel's header has.
build/obj/covstat/syscall_names.h: tools/covstat/covstat.mk
	@mkdir -p $(@D)
	@echo '#include <asm/unistd_64.h>' | $(CC) -E -dM -x c - | \
		sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$$/[\2] = "\1",/p' | \
		sort > $@.new
	@test -s $@.new && mv $@.new $@

build/obj/covstat/trace_syscalls.o: build/obj/covstat/syscall_names.h

build/obj/covstat/%.o: tools/covstat/%.c $(wildcard tools/covstat/*.h) libcov/libcov.h
	@mkdir -p $(@D)
	$(CC) $(COVSTAT_CFLAGS) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

build/covstat: $(COVSTAT_OBJECTS) build/libcov.so
	$(CC) $(LDFLAGS) -o $@ $(COVSTAT_OBJECTS) -Lbuild -lcov $(COVSTAT_LIBS) \
		'-Wl,-rpath,$$ORIGIN:$$ORIGIN/../lib'
