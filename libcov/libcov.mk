# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libcov: build/libcov.so.1 (and the symlink libcov.so), build/libcov.a,
# build/libcov.pc. Included by the top-level Makefile; all paths are from there.

LIBCOV_VERSION := $(shell sed -n 's/^.define LIBCOV_VERSION "\(.*\)"/\1/p' libcov/libcov.h)
LIBCOV_PREFIX ?= $(if $(PREFIX),$(PREFIX),/usr/local)

LIBCOV_SOURCES := cov file module_file sections attach task checkpoint snapshot \
	rank query lines
LIBCOV_HEADERS := libcov/libcov.h libcov/internal.h include/cov_ioctl.h
LIBCOV_CFLAGS := -std=gnu11 -Wall -Wextra -Werror -O2 -g -D_GNU_SOURCE -Iinclude -Ilibcov \
	-fvisibility=hidden
LIBCOV_LIBS := -ldw -lelf

LIBCOV_OBJECTS := $(LIBCOV_SOURCES:%=build/obj/libcov/%.o)

.PHONY: libcov
libcov: build/libcov.so build/libcov.a build/libcov.pc

build/obj/libcov/%.o: libcov/%.c $(LIBCOV_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(LIBCOV_CFLAGS) $(CFLAGS) -fPIC -c -o $@ $<

build/libcov.so.1: $(LIBCOV_OBJECTS) libcov/libcov.map
	$(CC) -shared -Wl,-soname,libcov.so.1 -Wl,--version-script=libcov/libcov.map \
		-Wl,-z,defs $(LDFLAGS) -o $@ $(LIBCOV_OBJECTS) $(LIBCOV_LIBS)

build/libcov.so: build/libcov.so.1
	ln -sf libcov.so.1 $@

build/libcov.a: $(LIBCOV_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $(LIBCOV_OBJECTS)

build/libcov.pc: libcov/libcov.pc.in libcov/libcov.h
	@mkdir -p $(@D)
	sed -e 's|@PREFIX@|$(LIBCOV_PREFIX)|' -e 's|@VERSION@|$(LIBCOV_VERSION)|' $< > $@
